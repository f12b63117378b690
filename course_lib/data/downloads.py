r"""Real data sets, downloaded when a chapter first asks for them: MNIST, Fashion-MNIST, BSDS500, Middlebury 2014.

What is fetched, from where, under which terms and whom to cite stands in course_lib.data.data_sets. The files come
through course_lib.data.fetching, which checks the SHA-256 of each at every use, and are read in memory: nothing is
unpacked to disk. Set the environment variable COURSE_DATA to choose the folder.

| function       | gives                                                  | download                |
|----------------|--------------------------------------------------------|-------------------------|
| mnist          | handwritten digits, (N, 28, 28), and their classes     | 10 MB + 2 MB            |
| fashion_mnist  | the same with clothes                                  | 26 MB + 4 MB            |
| bsds500        | photographs with the outlines that people drew         | 71 MB                   |
| middlebury2014 | stereo pairs with measured disparities                 | about 95 MB a scene     |
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from course_lib import checks
from course_lib.data import archives, formats
from course_lib.data.data_sets import DATA_SETS
from course_lib.data.fetching import fetch

_MOST_BYTES = 2**27  # no member of these archives is larger when unpacked


def mnist(split: str) -> tuple[np.ndarray, np.ndarray]:
    r"""MNIST: handwritten digits and which digit each is.

    Parameters
    ----------
    split : "train" (60,000 digits) or "test" (10,000, written by other people)

    Returns
    -------
    images : (N, 28, 28) uint8, 0 paper .. 255 ink
    classes : (N,) int64, 0..9

    Raises
    ------
    ValueError
        Another split.
    course_lib.data.fetching.DownloadError
        An OSError: the files could not be fetched.
    """
    return _images_and_classes("mnist", split)


def fashion_mnist(split: str) -> tuple[np.ndarray, np.ndarray]:
    r"""Fashion-MNIST: photographs of clothes, in the form of MNIST.

    Parameters
    ----------
    split : "train" (60,000 pictures) or "test" (10,000)

    Returns
    -------
    images : (N, 28, 28) uint8, 0 background .. 255
    classes : (N,) int64, 0..9
        T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.

    Raises
    ------
    ValueError
        Another split.
    course_lib.data.fetching.DownloadError
        An OSError: the files could not be fetched.
    """
    return _images_and_classes("fashion_mnist", split)


@dataclass(frozen=True, eq=False)
class AnnotatedPicture:
    """A photograph of BSDS500 and what each of several people drew into it."""

    name: str  # its number in Berkeley's data set
    image: np.ndarray  # (H, W, 3) uint8
    segmentations: tuple[np.ndarray, ...]  # one a person: (H, W) int32, regions 1..n
    boundaries: tuple[np.ndarray, ...]  # one a person: (H, W) bool


class AnnotatedPictures(Sequence):
    """The pictures of one split, in the order of their numbers; each is decoded when it is asked for."""

    def __init__(self, members: dict[str, tuple[bytes, bytes]]):
        checks.instance("AnnotatedPictures", "members", members, dict, remedy="Call bsds500.")
        self._members = members  # name: JPEG and MATLAB file as they stand in the archive, < 71 MB for all 500
        self.names = tuple(sorted(members, key=int))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, i):
        if isinstance(i, slice):
            return AnnotatedPictures({name: self._members[name] for name in self.names[i]})
        photograph, drawings = self._members[self.names[i]]
        return AnnotatedPicture(self.names[i], _rgb(photograph), *formats.read_ground_truth(drawings))


def bsds500(split: str) -> AnnotatedPictures:
    r"""BSDS500: 500 photographs of 321 x 481 pixels, upright or lying, with the outlines that people drew.

    Parameters
    ----------
    split : "train" (200 pictures), "val" (100) or "test" (200)

    Returns
    -------
    pictures : AnnotatedPictures
        A sequence: ``len``, ``pictures[3]``, ``for picture in pictures``. Only the picture in use is decoded. One pass
        through the archive collects the files of the split, still compressed; nothing is unpacked to disk.

    Raises
    ------
    ValueError
        Another split.
    course_lib.data.fetching.DownloadError
        An OSError: the archive could not be fetched.
    """
    checks.choice("bsds500", "split", split, ("train", "val", "test"))
    kinds = {"images": "jpg", "groundTruth": "mat"}
    pattern = "|".join(rf"BSR/BSDS500/data/{kind}/{split}/[0-9]{{1,9}}\.{end}" for kind, end in kinds.items())
    members = archives.read_tgz(fetch(DATA_SETS["bsds500"].files["all"]), pattern, most=_MOST_BYTES)
    photographs, drawings = ({re.split(r"[/.]", name)[-2]: data for name, data in members.items() if name.endswith(end)}
                             for end in kinds.values())
    if not photographs or photographs.keys() != drawings.keys():
        raise ValueError(f"bsds500: the archive must have a drawing for each photograph of {split!r}; got "
                         f"{len(photographs)} photographs and {len(drawings)} drawings.")
    return AnnotatedPictures({name: (photographs[name], drawings[name]) for name in photographs})


@dataclass(frozen=True, eq=False)
class StereoScene:
    """A rectified pair: left[y, x] and right[y, x - disparity_left[y, x]] show the same point."""

    left: np.ndarray  # (H, W, 3) uint8
    right: np.ndarray  # (H, W, 3) uint8
    disparity_left: np.ndarray  # (H, W) float32, px, at the left picture's pixels; NaN where it is not known
    disparity_right: np.ndarray  # (H, W) float32, px: right[y, x] and left[y, x + disparity_right[y, x]]
    focal_px: float
    center_left_xy: tuple[float, float]  # principal point of the left camera; the right one's x is doffs_px larger
    doffs_px: float
    baseline_m: float  # depth in metres is baseline_m * focal_px / (disparity + doffs_px)


def middlebury2014(scene: str) -> StereoScene:
    r"""A scene of Middlebury 2014 at full size, about 2900 x 2000 pixels, with perfect rectification.

    Parameters
    ----------
    scene : "Adirondack", "Jadeplant", "Motorcycle", "Piano", "Pipes", "Playroom", "Playtable", "Recycle", "Shelves" or
        "Vintage"; the bundled ``load("motorcycle_left")`` is Motorcycle at a quarter of the size.

    Returns
    -------
    pair : StereoScene

    Raises
    ------
    ValueError
        Another scene.
    course_lib.data.fetching.DownloadError
        An OSError: the archive could not be fetched.
    """
    files = DATA_SETS["middlebury2014"].files
    path = fetch(files[checks.choice("middlebury2014", "scene", scene, tuple(files))])
    names = tuple(f"{scene}-perfect/{name}" for name in ("im0.png", "im1.png", "disp0.pfm", "disp1.pfm", "calib.txt"))
    im0, im1, disp0, disp1, calib = archives.read_zip(path, names, most=_MOST_BYTES).values()
    left, right, disparity_left, disparity_right = _rgb(im0), _rgb(im1), _disparity(disp0), _disparity(disp1)
    c = formats.read_calibration(calib.decode("ascii", "replace"))
    shapes = {left.shape[:2], right.shape[:2], disparity_left.shape, disparity_right.shape, (c.height, c.width)}
    if len(shapes) > 1:
        raise ValueError(f"middlebury2014: the files of {scene} must have one size; got {sorted(shapes)}.")
    (f, _, cx), (_, _, cy), _ = c.camera_left.tolist()
    return StereoScene(left, right, disparity_left, disparity_right, f, (cx, cy), c.doffs_px, c.baseline_m)


def _images_and_classes(function, split):
    checks.choice(function, "split", split, ("train", "test"))
    files = DATA_SETS[function].files
    images, classes = (formats.read_idx(archives.read_gzip(fetch(files[f"{split} {kind}"]), most=_MOST_BYTES))
                       for kind in ("images", "classes"))
    if images.ndim != 3 or classes.shape != images.shape[:1] or {images.dtype.str, classes.dtype.str} != {"|u1"}:
        raise ValueError(f"{function}: the files must hold as many bytes of classes as there are pictures; got shapes "
                         f"{images.shape} and {classes.shape}.")
    return images, classes.astype(np.int64)


def _disparity(data):
    d = formats.read_pfm(data)
    return np.where(np.isfinite(d), d, np.float32(np.nan))  # the file has infinity


def _rgb(data):
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))
