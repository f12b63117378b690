"""Painted labels: colours, lines, numbers and mixing, pixel by pixel; bad arguments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from course_lib.drawing import paint_labels
from course_lib.plotting import COLORS

WHITE = [255] * 3
RGB = [[int(color[k:k + 2], 16) for k in (1, 3, 5)] for color in COLORS]
LABELS = hnp.arrays(
    np.int32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.sampled_from([0, 0, 1, 2, 6, 7, 300])
)


def lines(labels):
    """Pixels whose right or lower neighbour has another label, one by one."""
    H, W = labels.shape
    return np.array([[any(v < H and u < W and labels[v, u] != labels[y, x] for v, u in ((y + 1, x), (y, x + 1)))
                      for x in range(W)] for y in range(H)])  # fmt: skip


# ---- truths


def test_colours_and_lines_of_a_row():
    painted = paint_labels(np.array([[0, 0, 1, 1, 2, 2]]))
    assert painted.tolist() == [[[0, 0, 0], WHITE, [0, 0x72, 0xB2], WHITE, [0xD5, 0x5E, 0], [0xD5, 0x5E, 0]]]
    assert painted.dtype == np.uint8
    assert paint_labels(np.array([[0, 0, 1, 1, 2, 2]]).T).tolist() == np.swapaxes(painted, 0, 1).tolist()


def test_regions_1_to_6_have_six_colours_and_the_seventh_that_of_the_first():
    painted = [paint_labels(np.full((1, 1), k))[0, 0].tolist() for k in (*range(8), 2**31 - 1)]
    assert painted == [[0, 0, 0], *RGB, RGB[0], RGB[(2**31 - 2) % 6]] and len(set(map(tuple, painted[1:7]))) == 6


def test_regions_of_one_colour_that_touch_are_divided_by_a_line():
    labels = np.repeat([[1, 7]], 3, axis=1)
    assert paint_labels(labels)[0].tolist() == [RGB[0], RGB[0], WHITE, RGB[0], RGB[0], RGB[0]]


def test_an_image_is_mixed_half_and_half_and_shines_through_the_background():
    labels, rgb = np.array([[1, 1, 0, 0]]), np.array([[[255, 100, 0], [0, 0, 0], [9, 9, 9], [10, 20, 31]]], np.uint8)
    painted = paint_labels(labels, rgb)[0].tolist()
    assert painted == [[127, 57 + 50, 89], WHITE, [9, 9, 9], [10, 20, 31]]  # half of (0, 114, 178), rounded down
    grey = np.array([[255, 0, 9, 31]], np.uint8)
    expected = [[127, 57 + 127, 89 + 127], WHITE, [9] * 3, [31] * 3]
    assert paint_labels(labels, grey)[0].tolist() == expected
    for dtype in (np.float32, np.float64):
        assert paint_labels(labels, (grey / 255).astype(dtype))[0].tolist() == expected
        assert paint_labels(labels, (rgb / 255).astype(dtype))[0].tolist() == painted


# ---- properties


@given(LABELS, st.sampled_from(["none", "grey", "colour", "float"]))
def test_every_pixel_is_a_line_or_its_regions_colour_or_the_ground(labels, kind):
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, labels.shape).astype(np.uint8)
    image = {"none": None, "grey": grey, "colour": rng.permuted(np.stack([grey] * 3, -1), axis=-1),
             "float": grey.astype(np.float64) / 255}[kind]  # fmt: skip
    under = np.zeros((*labels.shape, 3), np.uint8) if image is None else image if kind == "colour" else \
        np.stack([grey] * 3, axis=-1)
    kept = [None if a is None else a.copy() for a in (labels, image)]
    painted = paint_labels(labels, image)
    white = lines(labels)
    for y, x in np.ndindex(labels.shape):
        k = labels[y, x]
        flat = under[y, x] if k == 0 else [c // 2 + int(u) // 2 if image is not None else c
                                           for c, u in zip(RGB[(k - 1) % 6], under[y, x], strict=True)]  # fmt: skip
        assert painted[y, x].tolist() == (WHITE if white[y, x] else list(flat)), (y, x)
    assert (labels == kept[0]).all() and (image is None or (image == kept[1]).all())
    assert painted.shape == (*labels.shape, 3) and painted.dtype == np.uint8 and painted.flags.writeable
    assert image is None or not np.shares_memory(painted, image)


# ---- numbers


def test_a_number_is_written_white_on_a_black_outline_at_each_centroid_and_only_there():
    labels = np.zeros((60, 120), np.int32)
    labels[10:50, 10:50], labels[10:50, 60:110] = 1, 5
    plain, written = paint_labels(labels), paint_labels(labels, numbers=True)
    assert (paint_labels(labels, numbers=False) == plain).all()
    changed = (plain != written).any(axis=2)
    assert not changed[labels == 0].any()
    for k, center_x in ((1, 29.5), (5, 84.5)):
        y, x = np.nonzero(changed & (labels == k))
        assert abs((x.min() + x.max()) / 2 - center_x) <= 2 and abs((y.min() + y.max()) / 2 - 29.5) <= 2
        assert 5 <= np.ptp(x) < 16 and 7 <= np.ptp(y) < 18
        white = (written.min(axis=2) > 200) & (labels == k) & changed
        around = ndimage.binary_dilation(white, np.ones((3, 3))) & ~white
        assert white.sum() > 8
        assert np.mean(written.max(axis=2)[around] < 100) > 0.4  # the rest is grey: strokes end between pixels


def test_the_digits_are_those_of_the_label():
    def digits(k):
        labels = np.zeros((40, 60), np.int32)
        labels[1:39, 1:59] = k
        return paint_labels(labels, np.zeros((40, 60, 3), np.uint8), numbers=True) - paint_labels(labels, labels * 0.0)

    one, seven = digits(1), digits(7)  # of one colour
    assert (one != seven).any() and (one == digits(1)).all()
    widths = [np.ptp(np.nonzero(digits(k).any(axis=2))[1]) for k in (8, 9, 10, 99, 100)]
    assert widths[1] - 2 <= widths[0] <= widths[1] + 2 < widths[2] - 2 <= widths[3] < widths[4] - 4


def test_numbers_that_no_pixel_has_and_places_at_the_border_are_no_trouble():
    labels = np.zeros((5, 5), np.int32)
    assert (paint_labels(labels, numbers=True) == 0).all()
    labels[0, 0], labels[4, 4] = 40, 2000
    assert paint_labels(labels, numbers=True).shape == (5, 5, 3)


# ---- odd and bad arguments


def test_odd_but_good_arrays_give_the_same_picture():
    rng = np.random.default_rng(1)
    labels, image = rng.integers(0, 9, (12, 14)), rng.random((12, 14, 3))
    part = np.s_[::-2, 1::3]
    expected = paint_labels(labels[part].copy(), image[part].copy(), numbers=True)
    locked = image[part].copy()
    locked.setflags(write=False)
    for kind in (np.uint8, ">i2", np.uint64, np.int32):
        for picture in (image[part], np.asfortranarray(locked), locked, locked.astype(">f8")):
            assert (paint_labels(labels[part].astype(kind), picture, numbers=True) == expected).all()
    assert paint_labels(labels, locked.repeat(2, 0).repeat(4, 1)[:12, :14]).any() and not locked.flags.writeable


LABEL, IMAGE = np.eye(3, 4, dtype=np.int32), np.zeros((3, 4), np.uint8)


@pytest.mark.parametrize(
    ("labels", "image", "error", "message"),
    [
        (LABEL[0], None, ValueError, r"`labels` must be \(H, W\); got \(4,\)"),
        (LABEL[:0], None, ValueError, "has no pixels"),
        (LABEL * 1.0, None, TypeError, "`labels` must be whole numbers.*got float64"),
        (LABEL > 0, None, TypeError, r"got bool: number the regions of a mask first: label\(labels\)\[0\]"),
        (-LABEL, None, ValueError, r"`labels` must lie in 0..2\^31 - 1; got -1..0"),
        (np.ma.masked_array(LABEL), None, TypeError, "masked array"),
        ("labels", None, TypeError, "got str"),
        (LABEL, IMAGE.T, ValueError, r"one shape; got `labels` \(3, 4\), `image` \(4, 3\)"),
        (LABEL, np.zeros((4, 3, 3)), ValueError, r"one shape; got `labels` \(3, 4\), `image` \(4, 3\)"),
        (LABEL, np.zeros((3, 4, 4)), ValueError, "Drop the alpha channel"),
        (LABEL, IMAGE + 255.0, ValueError, "`image` must lie in 0..1; got 255..255. Divide by 255 first"),
        (LABEL, np.full((3, 4), np.nan), ValueError, "NaN or infinity in 12 places"),
        (LABEL, IMAGE > 0, TypeError, "`image` must be .*; got bool"),
        (LABEL, LABEL, TypeError, "`image` must be .*; got int32"),
        (LABEL, np.ma.masked_array(IMAGE), TypeError, "masked array"),
    ],
)
def test_bad_arguments_are_refused(labels, image, error, message):
    with pytest.raises(error, match=message) as caught:
        paint_labels(labels, image)
    assert str(caught.value).startswith("paint_labels: ") and "\n" not in str(caught.value)
