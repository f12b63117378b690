r"""Four file formats of data sets, read by hand: IDX (MNIST), PFM and calib.txt (Middlebury), groundTruth (BSDS500).

References: the IDX description on Y. LeCun's MNIST page; P. Debevec, "PFM portable float map" (the sign of the scale is
the byte order); D. Scharstein et al., "High-resolution stereo datasets with subpixel-accurate ground truth",
GCPR 2014, doi 10.1007/978-3-319-11752-2_3 (calib.txt; infinity in a PFM is "not known").

| bytes of a file      | IDX                        | PFM                                         |
|----------------------|----------------------------|---------------------------------------------|
| what it is           | 0 0, type, rank            | "Pf" grey, "PF" colour                      |
| how large            | rank sizes, 4 bytes each   | "width height", decimal digits              |
| byte order           | big-endian                 | scale < 0 little-endian, > 0 big-endian     |
| order of the rows    | first row first            | last row first                              |

Pure functions on bytes. A header is believed only if the bytes behind it are exactly as many as it promises, so
damaged input costs a ``ValueError`` of one sentence and no memory. gzip and archives are undone before, by
course_lib.data.archives.
"""

import io
import math
import re
import zlib
from dataclasses import dataclass

import numpy as np

from course_lib import checks

_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_BYTES = 2**27  # of one unpacked MATLAB variable; BSDS500's have about 2^21
_MOST_SIZES = 8  # of an IDX array; MNIST has three
_NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"  # one way to match: no text takes long
_PFM_HEADER = re.compile(rb"(P[Ff])\s(\d{1,9})\s(\d{1,9})\s(" + _NUMBER.encode() + rb")\s")


def read_idx(data: bytes) -> np.ndarray:
    r"""The array in an IDX file.

    Parameters
    ----------
    data : bytes
        The whole file, gzip undone.

    Returns
    -------
    values : array of the shape and number type that the file names, native byte order, new and writeable
        uint8, int8, int16, int32, float32 or float64; 1 to 8 sizes, none of them 0. MNIST: (N, 28, 28) or (N,) uint8.

    Raises
    ------
    TypeError, ValueError
        Not bytes; not IDX; more or fewer bytes than the header promises.

    >>> read_idx(bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9])).tolist()
    [[7, 8, 9]]
    """
    data = _bytes("read_idx", data)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_TYPES or not 1 <= data[3] <= _MOST_SIZES:
        raise ValueError("read_idx: `data` must begin with 0, 0, a number type (8, 9, 11..14) and a rank (1..8); got "
                         f"{list(data[:4])}. A file that ends in .gz is unpacked first.")
    dtype, rank = np.dtype(_IDX_TYPES[data[2]]), data[3]
    start = 4 + 4 * rank
    if len(data) < start:
        raise ValueError(f"read_idx: `data` ends inside its header, after {len(data)} of {start} bytes.")
    shape = tuple(int.from_bytes(data[k : k + 4], "big") for k in range(4, start, 4))
    _check_length("read_idx", shape, dtype.itemsize, len(data) - start)
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def read_pfm(data: bytes) -> np.ndarray:
    r"""The numbers in a PFM file, first row on top.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    values : (H, W) or (H, W, 3) float32
        As they stand in the file, infinity and NaN included; the size of the scale is ignored, as Middlebury asks.

    Raises
    ------
    TypeError, ValueError
        Not bytes; not PFM; more or fewer bytes than the header promises.

    >>> read_pfm(b"Pf\n1 2\n-1\n" + np.array([5, 6], "<f4").tobytes()).tolist()
    [[6.0], [5.0]]
    """
    data = _bytes("read_pfm", data)
    header = _PFM_HEADER.match(data)
    scale = float(header[4]) if header else 0.0
    if header is None or scale == 0 or not math.isfinite(scale):
        raise ValueError('read_pfm: `data` must begin with "Pf" or "PF", a width, a height and a scale that is finite '
                         f"and not 0; got {data[:24]!r}.")
    width, height = int(header[2]), int(header[3])
    shape = (height, width, 3) if header[1] == b"PF" else (height, width)
    _check_length("read_pfm", shape, 4, len(data) - header.end())
    values = np.frombuffer(data, "<f4" if scale < 0 else ">f4", offset=header.end()).reshape(shape)
    return values[::-1].astype(np.float32)  # the file begins with the lowest row


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a Middlebury calib.txt says of a rectified pair; depth is baseline_m * focal_px / (disparity + doffs_px)."""

    camera_left: np.ndarray  # (3, 3) float64, px: focal length and principal point
    camera_right: np.ndarray  # (3, 3) float64, px
    doffs_px: float  # x of the right principal point minus x of the left one
    baseline_m: float  # the file has millimetres
    width: int
    height: int


def read_calibration(text: str) -> Calibration:
    r"""The cameras of a Middlebury 2014 scene, from its calib.txt.

    Parameters
    ----------
    text : str
        Lines ``name=value``: cam0, cam1, doffs, baseline (mm), width and height are needed, others are passed over.

    Returns
    -------
    calibration : Calibration
        Lengths in px, the baseline in m.

    Raises
    ------
    TypeError, ValueError
        Not text; an entry is missing, stands there twice or cannot be; the cameras are not a rectified pair.

    >>> cameras = "cam0=[9 0 4; 0 9 3; 0 0 1]\ncam1=[9 0 5; 0 9 3; 0 0 1]\n"
    >>> read_calibration(cameras + "doffs=1\nbaseline=200\nwidth=8\nheight=6").baseline_m
    0.2
    """
    checks.instance("read_calibration", "text", text, str, remedy="Decode the bytes first: data.decode().")
    entries: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, _, value = (part.strip() for part in line.partition("="))
        if name in entries:
            raise ValueError(f"read_calibration: `text` has two lines for {name[:40]!r}.")
        entries[name] = value
    left, right = _camera(entries, "cam0"), _camera(entries, "cam1")
    doffs, baseline = _entry(entries, "doffs"), _entry(entries, "baseline")
    width, height = _entry(entries, "width"), _entry(entries, "height")
    if baseline <= 0 or min(width, height) < 1 or width % 1 or height % 1 or max(width, height) >= 2**31:
        raise ValueError(f"read_calibration: baseline, width and height must be greater than 0, and the latter two "
                         f"whole; got {baseline:g}, {width:g}, {height:g}.")
    focal, shift = left[0, 0], right[0, 2] - left[0, 2]
    same = focal > 0 and np.array_equal(left[:, :2], right[:, :2]) and left[1, 2] == right[1, 2]
    if not same or abs(shift - doffs) > 0.01:  # the file rounds to 0.001 px
        raise ValueError("read_calibration: cam0 and cam1 must be one camera with its principal point moved by doffs "
                         f"along x, as in a rectified pair; got a move of {shift:g} and doffs {doffs:g}.")
    return Calibration(left, right, doffs, baseline / 1000, int(width), int(height))


def read_ground_truth(data: bytes) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    r"""What people drew into one picture of BSDS500, from its groundTruth file (MATLAB, version 5).

    Parameters
    ----------
    data : bytes
        The whole .mat file.

    Returns
    -------
    segmentations : tuple of (H, W) int32
        One a person: regions 1..n; 0, should it occur, is in none.
    boundaries : tuple of (H, W) bool
        The same in the same order: True on the thin line between regions.

    Raises
    ------
    TypeError, ValueError
        Not bytes; not such a file, or damaged. Nothing in the bytes is run, but SciPy's reader trusts them: give it
        files of an archive whose checksum was right.
    """
    data = _bytes("read_ground_truth", data)
    if not data.startswith(b"MATLAB 5.0 MAT-file"):
        raise ValueError(f"read_ground_truth: `data` must be a MATLAB file of version 5; it begins with {data[:24]!r}.")
    if not _is_intact(data):
        raise ValueError("read_ground_truth: `data` is damaged: it must be compressed variables with right checksums.")
    from scipy.io import loadmat  # here: whoever reads digits does not wait for it

    try:
        people = loadmat(io.BytesIO(data), variable_names=["groundTruth"])["groundTruth"]
        drawn = [(one["Segmentation"][0, 0], one["Boundaries"][0, 0]) for one in people.ravel()]
    except Exception as error:  # what damaged bytes make SciPy raise is open-ended
        raise ValueError("read_ground_truth: `data` holds no groundTruth with Segmentation and Boundaries that can be "
                         f"read ({type(error).__name__}).") from error
    arrays = [np.asarray(array) for pair in drawn for array in pair]
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 2 or not all(array.dtype.kind in "bui" for array in arrays):
        raise ValueError("read_ground_truth: `data` must hold label maps and boundaries of whole numbers and of one "
                         f"shape (H, W); got {len(drawn)} people and the shapes {sorted(shapes)[:4]}.")
    if not all(labels.size and 0 <= labels.min() and labels.max() < 2**31 for labels, _ in drawn):
        raise ValueError("read_ground_truth: the regions in `data` must be numbered in 0..2^31 - 1.")
    return (tuple(np.ascontiguousarray(labels, np.int32) for labels, _ in drawn),
            tuple(np.ascontiguousarray(line > 0) for _, line in drawn))


def _bytes(function, data):
    return checks.instance(function, "data", data, bytes, remedy="Read the file with pathlib.Path(path).read_bytes().")


def _check_length(function, shape, itemsize, got):
    expected = itemsize * math.prod(shape)  # Python's integers: 2^31 x 2^31 does not overflow
    if expected == 0 or expected != got:
        raise ValueError(f"{function}: `data` promises an array of shape {shape}, {expected} bytes, and "
                         f"{got} bytes follow its header. Fetch the file again.")


def _is_intact(mat) -> bool:
    """Whether behind the 128 bytes of header stand compressed variables only, each with its right Adler-32.

    SciPy's reader can crash where a size is damaged.
    """
    order, start = mat[126:128], 128
    while order in (b"IM", b"MI") and start + 8 <= len(mat):
        kind, size = np.frombuffer(mat, "<u4" if order == b"IM" else ">u4", 2, start).tolist()
        stream = zlib.decompressobj()
        try:
            stream.decompress(mat[start + 8 : start + 8 + size], _MOST_BYTES)
        except zlib.error:
            return False
        if kind != 15 or not stream.eof:  # 15: miCOMPRESSED
            return False
        start += 8 + size
    return 128 < start == len(mat)


def _entry(entries, name) -> float:
    if not re.fullmatch(_NUMBER, entries.get(name, "")) or not math.isfinite(float(entries[name])):
        raise ValueError(f"read_calibration: `text` must have a line {name}=<number>; got {entries.get(name)!r:.40}.")
    return float(entries[name])


def _camera(entries, name) -> np.ndarray:
    row = rf"({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})\s*"
    found = re.fullmatch(rf"\[\s*{row};\s*{row};\s*{row}\]", entries.get(name, ""))
    camera = np.array(found.groups(), np.float64).reshape(3, 3) if found else np.full((3, 3), np.nan)
    f = camera[0, 0]
    if not np.isfinite(camera).all() or (camera[:, :2] != [[f, 0], [0, f], [0, 0]]).any() or camera[2, 2] != 1:
        raise ValueError(f"read_calibration: `text` must have a line {name}=[f 0 cx; 0 f cy; 0 0 1]; "
                         f"got {entries.get(name)!r:.60}.")
    return camera
