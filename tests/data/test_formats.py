"""Readers undo writers that stand here, and answer any other bytes with one sentence."""

import io
import struct

import cv2
import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.data import formats
from course_lib.data.formats import read_calibration, read_ground_truth, read_idx, read_pfm

IDX_CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
READERS = [read_idx, read_pfm, read_ground_truth]


def idx(array):
    head = bytes([0, 0, IDX_CODES[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def pfm(array, *, scale=-1.0):
    kind, order = ("PF" if array.ndim == 3 else "Pf"), ("<f4" if scale < 0 else ">f4")
    return f"{kind}\n{array.shape[1]} {array.shape[0]}\n{scale:g}\n".encode() + array[::-1].astype(order).tobytes()


def mat(people, **options):
    """As Berkeley's files are: a cell with one struct a person."""
    cell = np.empty((1, len(people)), object)
    for k, (segmentation, boundaries) in enumerate(people):
        cell[0, k] = {"Segmentation": segmentation, "Boundaries": boundaries}
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"groundTruth": cell}, do_compression=True, **options)
    return stream.getvalue()


CALIBRATION = """cam0=[3979.911 0 1244.772; 0 3979.911 1019.507; 0 0 1]
cam1=[3979.911 0 1369.115; 0 3979.911 1019.507; 0 0 1]
doffs=124.343
baseline=193.001
width=2964
height=2000
ndisp=280
isint=0
vmin=31
vmax=257
dyavg=0.918
dymax=1.516
"""


# ---- IDX

ARRAYS = hnp.arrays(st.sampled_from(sorted(IDX_CODES)), hnp.array_shapes(max_dims=4, max_side=5))


@given(ARRAYS)
def test_idx_is_read_as_it_was_written(array):
    values = read_idx(idx(array))
    assert values.dtype == array.dtype and values.dtype.isnative and values.shape == array.shape
    assert values.tobytes() == array.tobytes() and values.flags.writeable


def test_the_header_of_mnist_is_the_one_that_is_known():
    """The first 16 bytes of train-images-idx3-ubyte: magic number 2051, 60,000 pictures of 28 x 28."""
    head = struct.pack(">IIII", 2051, 60_000, 28, 28)
    images = read_idx(head + b"\7" + bytes(60_000 * 784 - 1))
    assert images.shape == (60_000, 28, 28) and images[0, 0, 0] == 7 and images.sum() == 7
    assert head == idx(np.zeros((60_000, 28, 28), np.uint8))[:16]


def test_idx_numbers_are_big_endian():
    assert read_idx(bytes([0, 0, 11, 1, 0, 0, 0, 2, 1, 0, 255, 254])).tolist() == [256, -2]


@given(ARRAYS, st.data())
def test_idx_with_bytes_too_few_or_too_many_is_refused(array, data):
    good = idx(array)
    cut = data.draw(st.integers(0, len(good) - 1))
    for bad in (good[:cut], good + b"\0", good + good):
        with pytest.raises(ValueError, match="^read_idx: `data` [^\n]*$"):
            read_idx(bad)


@pytest.mark.parametrize(("data", "message"), [
    (b"", r"must begin with 0, 0, a number type \(8, 9, 11..14\) and a rank \(1..8\); got \[\]"),
    (b"\x1f\x8b\x08\x00", r"got \[31, 139, 8, 0\]. A file that ends in .gz is unpacked first"),
    (bytes([0, 0, 10, 1, 0, 0, 0, 0]), "number type"), (bytes([0, 0, 8, 0]), "rank"), (bytes([0, 0, 8, 9]), "rank"),
    (bytes([0, 0, 8, 2, 0, 0, 0]), "ends inside its header, after 7 of 12 bytes"),
    (struct.pack(">IIII", 2051, 2**31, 2**31, 2**31), f"{2**93} bytes, and 0 bytes follow"),
    (struct.pack(">IIII", 2051, 0, 2**31, 2**31), "0 bytes, and 0 bytes follow"),
])  # fmt: skip
def test_what_is_not_idx_is_refused_before_any_memory_is_taken(data, message):
    with pytest.raises(ValueError, match="read_idx: `data` .*" + message):
        read_idx(data)


# ---- PFM

FLOATS = hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 5)) |
                    st.tuples(st.integers(1, 4), st.integers(1, 4), st.just(3)))  # fmt: skip


@given(FLOATS, st.sampled_from([-1.0, 1.0, -0.003922, 2.5]))
def test_pfm_is_read_as_it_was_written(array, scale):
    values = read_pfm(pfm(array, scale=scale))
    assert values.dtype == np.float32 and values.dtype.isnative and values.shape == array.shape
    np.testing.assert_array_equal(values, array)  # NaN equals NaN here
    assert values.flags.writeable and values.flags.c_contiguous


def test_the_last_row_of_a_pfm_comes_first_and_the_sign_of_the_scale_is_the_byte_order():
    rows = np.array([[1, 2], [3, np.inf]], np.float32)
    assert pfm(rows).endswith(struct.pack("<4f", 3, np.inf, 1, 2))
    assert pfm(rows, scale=1).endswith(struct.pack(">4f", 3, np.inf, 1, 2))
    assert read_pfm(pfm(rows)).tolist() == read_pfm(pfm(rows, scale=1)).tolist() == rows.tolist()


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_opencv_reads_and_writes_the_same_pfm(shape, tmp_path):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    path = tmp_path / "a.pfm"
    cv2.imwrite(str(path), values)
    read = read_pfm(path.read_bytes())
    np.testing.assert_array_equal(read[..., ::-1] if len(shape) == 3 else read, values)  # OpenCV holds BGR
    path.write_bytes(pfm(values))
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read[..., ::-1] if len(shape) == 3 else read, values)


@given(FLOATS, st.data())
def test_pfm_with_bytes_too_few_or_too_many_is_refused(array, data):
    good = pfm(array)
    cut = data.draw(st.integers(0, len(good) - 1))
    for bad in (good[:cut], good + b"\0", good + good):
        with pytest.raises(ValueError, match="^read_pfm: `data` [^\n]*$"):
            read_pfm(bad)


@pytest.mark.parametrize("head", [
    b"", b"P5\n1 1\n-1\n", b"Pf\n-1 1\n-1\n", b"Pf\n1 -1\n-1\n", b"Pf\n0 1\n-1\n", b"Pf\n1 1\n0\n", b"Pf\n1 1\n1e999\n",
    b"Pf\n1 1\nnan\n", b"Pf\n1.0 1\n-1\n", b"Pf\n2147483648 2147483648\n-1\n", b"Pf\n1 1\n-1", b"pf\n1 1\n-1\n",
    b"Pf\n" + b"9" * 5000 + b" 1\n-1\n", b"PF\n1 1\n-1\n", b"Pf\n999999999 999999999\n-1\n",
])  # fmt: skip
def test_what_is_not_pfm_is_refused_before_any_memory_is_taken(head):
    with pytest.raises(ValueError, match="^read_pfm: `data` [^\n]*$") as caught:
        read_pfm(head + b"\0\0\0\0")
    assert len(str(caught.value)) < 250


# ---- calib.txt


def test_the_calibration_of_the_motorcycle():
    c = read_calibration(CALIBRATION)
    assert c.camera_left.tolist() == [[3979.911, 0, 1244.772], [0, 3979.911, 1019.507], [0, 0, 1]]
    assert c.camera_right[0, 2] == 1369.115 and (c.width, c.height) == (2964, 2000)
    assert c.doffs_px == 124.343 and c.baseline_m == pytest.approx(0.193001, rel=1e-15)


def test_the_order_of_lines_windows_line_ends_and_blanks_do_not_matter():
    lines = [line.replace("=", " = ") for line in CALIBRATION.splitlines()]
    assert repr(read_calibration("\r\n".join(reversed(lines)))) == repr(read_calibration(CALIBRATION))
    assert repr(read_calibration("\n\n \n" + "\n\n".join(lines) + "\n\n")) == repr(read_calibration(CALIBRATION))


@pytest.mark.parametrize("value", ["1" * 10**5 + " ;", "1" * 10**5, "1" * 10**5 + "e", "1." + "1" * 10**5 + " ;"])
def test_many_digits_are_refused_at_once(value):
    """With two ways to match a digit this took minutes: the time grew as the square of their number."""
    with pytest.raises(ValueError, match="must have a line cam0="):
        read_calibration(f"cam0=[{value}")
    with pytest.raises(ValueError, match="must have a line doffs="):
        read_calibration(CALIBRATION.replace("doffs=124.343", f"doffs={value}"))


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("-7.", -7), (".5", 0.5), ("+1.25e1", 12.5), ("5E-1", 0.5)])
def test_numbers_are_read_in_every_form(text, number):
    right = CALIBRATION.replace("1369.115", str(1244.772 + number))
    assert read_calibration(right.replace("doffs=124.343", f"doffs={text}")).doffs_px == number


def test_calibrations_are_compared_as_the_objects_they_are():
    c, twin = read_calibration(CALIBRATION), read_calibration(CALIBRATION)
    assert c == c and c != twin and len({c, twin}) == 2


@pytest.mark.parametrize(("old", "new", "message"), [
    ("doffs=124.343\n", "", "must have a line doffs=<number>; got None"),
    ("baseline=193.001", "baseline=", "must have a line baseline=<number>; got ''"),
    ("baseline=193.001", "baseline=\u0661\u0669\u0663", "must have a line baseline=<number>"),  # Arabic digits
    ("cam0=[3979.911 0", "cam0=[3979.911 \u0660", "a line cam0="),
    ("baseline=193.001", "baseline=1e999", "must have a line baseline=<number>"),
    ("baseline=193.001", "baseline=-193", "baseline, width and height must be greater than 0"),
    ("width=2964", "width=2964.5", "the latter two whole"),
    ("height=2000", "height=1e12", "greater than 0"),
    ("doffs=124.343", "doffs=-124.343", "got a move of 124.343 and doffs -124.343"),
    ("ndisp=280", "width=2964", "two lines for 'width'"),
    ("cam0=[3979.911 0", "cam0=[3979.911", r"a line cam0=\[f 0 cx; 0 f cy; 0 0 1\]; got '\["),
    ("cam1=[3979.911 0", "cam1=[3979.911 1", r"a line cam1="),
    ("cam1=[3979.911 0", "cam1=[NaN 0", r"a line cam1="),
    ("; 0 3979.911 1019.507; 0 0 1]\ncam1", "; 0 3979.911 1018; 0 0 1]\ncam1", "must be one camera"),
    ("3979.911", "-3979.911", "must be one camera"),
])  # fmt: skip
def test_a_calibration_that_cannot_be_is_refused(old, new, message):
    assert old in CALIBRATION
    with pytest.raises(ValueError, match="^read_calibration: [^\n]*" + message):
        read_calibration(CALIBRATION.replace(old, new))


@given(st.text() | st.lists(st.sampled_from(CALIBRATION.splitlines()), max_size=12).map("\n".join))
def test_any_text_gives_a_calibration_or_one_sentence(text):
    try:
        assert read_calibration(text).baseline_m == pytest.approx(0.193001)
    except ValueError as error:
        assert str(error).startswith("read_calibration: ") and "\n" not in str(error)


# ---- groundTruth

TWO_HALVES = np.repeat([[1, 1, 2, 2]], 3, axis=0)
LINE = TWO_HALVES == np.array([9, 9, 2, 9])


@given(st.data())
def test_ground_truth_is_read_as_it_was_written(data):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=6))
    people = data.draw(st.lists(st.tuples(hnp.arrays(np.uint16, shape, elements=st.integers(0, 60_000)),
                                          hnp.arrays(bool, shape)), min_size=1, max_size=4))  # fmt: skip
    segmentations, boundaries = read_ground_truth(mat([(s, b.astype(np.uint8)) for s, b in people]))
    assert len(segmentations) == len(boundaries) == len(people)
    for (s, b), labels, line in zip(people, segmentations, boundaries, strict=True):
        assert labels.dtype == np.int32 and (labels == s).all() and line.dtype == bool and (line == b).all()
        assert labels.flags.c_contiguous and line.flags.c_contiguous and labels.flags.writeable


@pytest.mark.parametrize(("people", "message"), [
    ([], "0 people"),
    ([(TWO_HALVES, LINE), (TWO_HALVES[:2], LINE)], r"one shape \(H, W\); got 2 people and the shapes \[\(2, 4\), "),
    ([(TWO_HALVES.astype(float), LINE)], "whole numbers"),
    ([(np.array([["abcd"]]), LINE)], "whole numbers|can be read"),
    ([(TWO_HALVES - 2, LINE)], r"must be numbered in 0..2\^31 - 1"),
    ([(TWO_HALVES + 2**31, LINE)], r"must be numbered in 0..2\^31 - 1"),
    ([(np.zeros((0, 0), np.uint16), np.zeros((0, 0), bool))], "numbered in 0|one shape"),
    ([(TWO_HALVES[..., None] + np.zeros((1, 1, 2), int), LINE)], "one shape"),
])  # fmt: skip
def test_drawings_that_do_not_fit_are_refused(people, message):
    with pytest.raises(ValueError, match="^read_ground_truth: [^\n]*(" + message + ")"):
        read_ground_truth(mat(people))


def test_other_matlab_files_are_refused():
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"other": TWO_HALVES, "groundTruth": TWO_HALVES}, do_compression=True)
    with pytest.raises(ValueError, match="holds no groundTruth with Segmentation and Boundaries that can be read"):
        read_ground_truth(stream.getvalue())
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"groundTruth": TWO_HALVES}, format="4")
    for data in (stream.getvalue(), b"\x89HDF\r\n\x1a\n", b""):
        with pytest.raises(ValueError, match="`data` must be a MATLAB file of version 5; it begins with"):
            read_ground_truth(data)


def test_a_drawing_cut_anywhere_is_refused():
    data = mat([(TWO_HALVES, LINE)] * 2)
    for n in range(len(data)):
        with pytest.raises(ValueError, match="^read_ground_truth: [^\n]*$"):
            read_ground_truth(data[:n])


def test_a_drawing_with_one_wrong_byte_is_refused_or_read_right():
    """SciPy alone was seen to crash the process on such files. A few bits of header and deflate mean nothing."""
    data, read = mat([(TWO_HALVES, LINE)] * 2), set()
    for k in range(len(data)):
        for byte in {0, 127, 255, data[k] ^ 1, data[k] ^ 128} - {data[k]}:
            try:
                segmentations, boundaries = read_ground_truth(data[:k] + bytes([byte]) + data[k + 1 :])
            except ValueError as error:
                assert str(error).startswith("read_ground_truth: `data` ") and "\n" not in str(error)
                continue
            read.add(k)
            assert all((s == TWO_HALVES).all() for s in segmentations) and all((b == LINE).all() for b in boundaries)
    assert set(range(19, 124)) <= read and len(read) < 115 < len(data) / 2


def test_only_whole_compressed_variables_of_a_bounded_size_go_to_scipy(monkeypatch):
    data = mat([(TWO_HALVES, LINE)])
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"groundTruth": TWO_HALVES}, do_compression=False)
    assert formats._is_intact(data) and data[128] == 15
    for bad in (data[:128], data + b"\0", data[:-1], data[:128] + b"\x0e" + data[129:], stream.getvalue()):
        assert not formats._is_intact(bad)
    monkeypatch.setattr(formats, "_MOST_BYTES", 100)
    assert not formats._is_intact(data)


# ---- any bytes


@pytest.mark.parametrize("reader", READERS)
@given(st.data())
def test_any_bytes_give_an_array_or_one_sentence(reader, data):
    starts = {read_idx: [b"", b"\0\0\x08\1", b"\0\0\x0d\2\0\0\0\1"], read_pfm: [b"", b"Pf\n", b"PF\n1 1\n-1\n"],
              read_ground_truth: [b"", b"MATLAB 5.0 MAT-file" + bytes(105) + b"\0\1IM"]}[reader]  # fmt: skip
    content = data.draw(st.sampled_from(starts)) + data.draw(st.binary(max_size=64))
    try:
        assert reader(content) is not None
    except ValueError as error:
        assert str(error).startswith(f"{reader.__name__}: `data` ") and "\n" not in str(error)
        assert len(str(error)) < 400


@pytest.mark.parametrize("reader", [*READERS, read_calibration])
@pytest.mark.parametrize("wrong", [None, 3, np.zeros(3, np.uint8), bytearray(b"\0\0")])
def test_what_is_neither_bytes_nor_text_is_refused(reader, wrong):
    with pytest.raises(TypeError, match=f"{reader.__name__}: `(data|text)` must be a (bytes|str); got "):
        reader(wrong)
