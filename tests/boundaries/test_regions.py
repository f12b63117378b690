"""Otsu's threshold by its definition and by two references; edges with gaps of each width; bad arguments."""

import itertools
from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import filters
from skimage.draw import line

from course_lib.boundaries.regions import otsu, regions_from_edges
from course_lib.data.samples import SAMPLES, load
from course_lib.images import to_gray

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8)
IMAGES = hnp.arrays(np.uint8, SHAPES) | hnp.arrays(np.uint8, SHAPES, elements=st.integers(90, 95))
EDGES = hnp.arrays(bool, SHAPES, elements=st.sampled_from([False, False, True]))


def variances(image, t):
    """Within and between the classes <= t and > t, as exact fractions of the definition."""
    values = [Fraction(v) for v in image.ravel().tolist()]
    mean, within, between = sum(values) / len(values), Fraction(0), Fraction(0)
    for group in ([v for v in values if v <= t], [v for v in values if v > t]):
        if group:
            mu = sum(group) / len(group)
            within += sum((v - mu) ** 2 for v in group) / len(values)
            between += (mu - mean) ** 2 * len(group) / len(values)
    return within, between


# ---- otsu: truths


@pytest.mark.equation("otsu")
@pytest.mark.parametrize(
    ("values", "threshold"),
    [
        ([10, 12, 11, 200, 10, 205], 12),
        ([7, 7, 9], 7),  # two values: the lower one
        ([3, 3, 3], 3),  # one value: nothing is above it
        ([0, 1, 2], 0),  # 0 and 1 are equally good: the lower one
        ([0, 0, 0, 0, 4, 8], 0),  # w_0 w_1 (mu_1 - mu_0)^2 = 4/6 2/6 6^2 = 8 against 5/6 1/6 7.2^2 = 7.2
        ([0, 4, 8, 8, 8, 8], 4),
        ([-30000, -29000, 30000], -29000),
    ],
)
def test_thresholds_computed_by_hand(values, threshold):
    for dtype in ("u1",) * (min(values) >= 0) + ("i2", "i4", "f4", "f8"):
        t = otsu(np.array([values], dtype))
        assert t == threshold and type(t) is (float if dtype[0] == "f" else int)
        assert otsu(np.array([values], dtype).T) == t


def test_a_float_threshold_is_one_of_the_values_and_not_the_edge_of_a_bin():
    image = np.array([[0.1, 0.1 + 1e-9, 0.1 + 2e-9, 0.9]])  # 256 bins would throw three of them together
    assert otsu(image) == 0.1 + 2e-9 and otsu(image[:, :3]) in image[0, :2]
    assert otsu(np.array([[0.1, 0.7]], np.float32)) == float(np.float32(0.1))


def test_otsu_leaves_the_image_alone():
    image = np.random.default_rng(0).integers(0, 9, (4, 5)).astype(np.int16)
    before = image.copy()
    otsu(image)
    assert (image == before).all()


# ---- otsu: the definition, its identity, two references


@pytest.mark.equation("otsu")
@pytest.mark.equation("otsu-identity")
@given(IMAGES)
def test_the_threshold_is_the_lowest_of_the_best_and_the_two_variances_add_up(image):
    values = np.unique(image).tolist()
    scores = [variances(image, t) for t in values]
    total = variances(image, -1)[0]
    assert all(within + between == total for within, between in scores)
    assert float(total) == pytest.approx(image.var(), abs=1e-9)
    best = values[int(np.argmax([between for _, between in scores]))]
    assert otsu(image) == best == values[int(np.argmin([within for within, _ in scores]))]
    for dtype in (np.int16, np.int32, np.float32, np.float64):
        assert otsu(image.astype(dtype)) == best


@given(IMAGES, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_a_brighter_or_more_contrasted_image_has_the_same_classes(image, gain, offset):
    changed = gain * image + offset
    inside = changed > otsu(changed)
    t = np.unique(image[~inside])[-1]
    assert (inside == (image > t)).all()
    _, between = variances(image, int(t))
    assert between >= variances(image, otsu(image))[1] * (1 - Fraction(1, 10**9))  # ties may be broken by rounding
    exact = 4.0 * image - 1024  # nothing is rounded
    assert otsu(exact) == 4 * otsu(image) - 1024 and otsu(exact.astype(np.int16)) == 4 * otsu(image) - 1024


def test_an_offset_far_beyond_the_contrast_does_not_move_the_threshold():
    rng = np.random.default_rng(4)
    image = np.round(np.r_[rng.normal(1, 0.1, 20000), rng.normal(2, 0.1, 20000)].reshape(200, 200), 3)
    for offset in (1e6, 1e10, 1e12):  # at 1e12 two neighbouring doubles are 1e-4 apart
        assert otsu(image + offset) - offset == pytest.approx(otsu(image), abs=2e-4)


@given(IMAGES)
def test_the_negative_has_as_good_a_threshold(image):
    assert variances(255 - image, otsu(255 - image)) == variances(image, otsu(image))


@given(IMAGES)
def test_a_small_image_has_as_good_a_threshold_as_in_opencv_and_scikit_image(image):
    best = variances(image, otsu(image))[1]
    theirs = int(cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)[0]), int(filters.threshold_otsu(image))
    if len(np.unique(image)) > 1:
        for t in theirs:
            assert 0 <= best - variances(image, t)[1] <= best / 10**6  # a tie, which they break by rounding


@pytest.mark.equation("otsu")
@pytest.mark.parametrize("name", SAMPLES)
def test_equals_opencv_and_scikit_image_on_every_bundled_picture(name):
    image = to_gray(load(name))
    t = otsu(image)
    assert t == cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)[0] == filters.threshold_otsu(image)
    assert otsu(image.astype(np.float64)) == t and image.min() <= t < image.max()


# ---- edges with gaps


def square(missing, side=17, corner=False):
    """A square of edge pixels around the middle of 33 x 33; `missing` of its left side are taken out."""
    edges = np.zeros((33, 33), bool)
    edges[8:8 + side, [8, 7 + side]] = edges[[8, 7 + side], 8:8 + side] = True
    first = 9 if corner else 8 + (side - missing) // 2
    edges[first:first + missing, 8] = False
    return edges


@pytest.mark.equation("gap")
@pytest.mark.parametrize("missing", range(7))
@pytest.mark.parametrize("gap", range(7))
def test_a_gap_is_closed_exactly_if_the_disk_is_too_wide_for_it(gap, missing):
    for turn in (np.array, np.transpose, np.flipud, np.fliplr):
        edges = turn(square(missing))
        labels, count = regions_from_edges(edges, gap=gap)
        widest = (missing + 1) // 2  # the pixel in the middle of the gap has this distance to the next edge pixel
        closed = missing == 0 or (gap > 0 and 2 * widest**2 <= (gap + 1) ** 2 + 1)
        assert closed or missing > gap  # so what may be missing is closed
        assert count == labels.max() == (2 if closed else 1)
        assert regions_from_edges(turn(square(missing, corner=True)), gap=gap)[1] == count
        if closed:
            inside = turn(np.pad(np.ones((15, 15), bool), 9))
            assert len(np.unique(labels[inside])) == 1 == len(np.unique(labels[~inside & ~square(0)]))
            assert labels[16, 16] != labels[0, 0]


def test_every_pixel_of_a_closed_outline_belongs_to_one_side():
    labels, _ = regions_from_edges(square(3))
    assert set(np.unique(labels)) == {1, 2} and labels[0, 0] == 1 and labels[16, 16] == 2
    assert not (ndimage.label(labels == 1)[1] > 1 or ndimage.label(labels == 2)[1] > 1)
    assert 15 * 15 <= (labels == 2).sum() <= 17 * 17


@pytest.mark.equation("gap")
def test_a_gap_in_a_diagonal_edge_is_closed_exactly_if_no_more_than_gap_pixels_are_missing():
    for missing in range(6):
        edges = np.eye(31, dtype=bool)
        edges[range(13, 13 + missing), range(13, 13 + missing)] = False
        for turned in (edges, edges[::-1], edges[:, ::-1], edges[::-1, ::-1]):
            counts = [regions_from_edges(turned, gap=gap)[1] for gap in range(6)]
            assert counts == [1] * missing + [2] * (6 - missing)


@pytest.mark.large
def test_a_line_of_any_slope_with_a_gap_divides_the_picture_in_two():
    for rise in range(25):
        rows, columns = line(24 - rise, 0, 24 + rise, 48)
        for missing, first in itertools.product(range(1, 7), (22, 23, 24)):
            edges = np.zeros((49, 49), bool)
            edges[rows, columns] = True
            edges[rows[first:first + missing], columns[first:first + missing]] = False
            for turned in (edges, edges.T, edges[::-1]):
                labels, count = regions_from_edges(turned, gap=missing)
                assert count == 2 and np.abs(np.bincount(labels.ravel())[1:] - 49 * 49 / 2).max() < 60


@pytest.mark.parametrize("gap", [0, 1, 3, 100])
def test_without_edges_there_is_one_region_and_with_nothing_else_none(gap):
    none = np.zeros((4, 5), bool)
    labels, count = regions_from_edges(none, gap=gap)
    assert (labels == 1).all() and count == 1 and labels.dtype == np.int32
    labels, count = regions_from_edges(~none, gap=gap)
    assert not labels.any() and count == 0 and labels.dtype == np.int32


@given(EDGES)
def test_gap_0_gives_the_components_of_what_is_no_edge(edges):
    labels, count = regions_from_edges(edges, gap=0)
    expected, n = ndimage.label(~edges)  # four neighbours
    assert count == n and (labels[~edges] == expected[~edges]).all()
    assert labels.all() or edges.all()


@given(EDGES, st.integers(0, 5))
def test_regions_are_numbered_connected_and_begin_where_the_disk_has_room(edges, gap):
    labels, count = regions_from_edges(edges, gap=gap)
    assert set(np.unique(labels)) - {0} == set(range(1, count + 1))
    assert all(ndimage.label(labels == k)[1] == 1 for k in range(1, count + 1))
    assert (labels > 0).all() if count else (labels == 0).all()
    y, x = np.nonzero(edges)
    if len(y):  # the distance to the nearest edge pixel, pixel by pixel
        v, u = np.mgrid[:edges.shape[0], :edges.shape[1]]
        squared = ((v[..., None] - y) ** 2 + (u[..., None] - x) ** 2).min(axis=-1)
        room = 2 * squared > (gap + 1) ** 2 + 1 if gap else squared > 0
        expected, n = ndimage.label(room, np.ones((3, 3)) if gap else None)
        assert count == n and (labels[room] == expected[room]).all()


def test_a_narrow_neck_is_cut_where_it_is_narrowest():
    edges = np.ones((15, 29), bool)
    edges[2:13, 2:13] = edges[2:13, 16:27] = False  # two rooms
    edges[6:9, 13:16] = False  # and a passage of 3 x 3 between them
    edges[6:9, 14] = [True, False, True]  # whose middle is one pixel wide
    assert [regions_from_edges(edges, gap=g)[1] for g in (0, 1, 2, 3, 6, 7, 8, 99)] == [1] + [2] * 5 + [0, 0]
    labels, _ = regions_from_edges(edges, gap=3)
    assert (labels[2:13, 2:14] == 1).all() and (labels[2:13, 15:27] == 2).all()


def test_what_is_narrower_than_the_disk_has_no_region_of_its_own():
    edges = square(0, side=5)  # 3 x 3 pixels inside, the middle one 2 away from the edge
    assert [regions_from_edges(edges, gap=g)[1] for g in range(6)] == [2, 2, 1, 1, 1, 1]
    assert (regions_from_edges(edges, gap=2)[0] == 1).all()
    corner = np.arange(12).reshape(2, 6) == 0  # the opposite pixel is sqrt(26) away, whose square is not quite 26
    assert [regions_from_edges(corner, gap=g)[1] for g in (5, 6, 7)] == [1, 1, 0]


def test_the_gap_is_3_unless_it_is_given():
    edges = np.random.default_rng(2).random((40, 40)) < 0.05
    default, *others = (regions_from_edges(edges, **g)[0] for g in ({}, {"gap": 2}, {"gap": 4}, {"gap": 3}))
    assert [(labels == default).all() for labels in others] == [False, False, True]


def test_the_regions_of_a_turned_edge_map_are_turned():
    edges = square(2)
    labels, _ = regions_from_edges(edges)
    for turn in (np.flipud, np.fliplr, np.transpose, np.rot90):
        turned = regions_from_edges(turn(edges))[0]
        assert (turned == turn(labels))[turn(~square(0))].all()  # edge pixels go to the side that is first in line


# ---- odd and bad arguments


def test_odd_but_good_arrays_give_the_same_answers():
    rng = np.random.default_rng(1)
    wide = rng.integers(0, 256, (16, 18)).astype(np.int16)
    part = wide[::-2, 1::2]
    locked = part.copy()
    locked.setflags(write=False)
    for image in (part, np.asfortranarray(part), locked, part.astype(">i2"), part.astype(">f8")):
        assert otsu(image) == otsu(part.astype(np.uint8))
        edges, expected = image > 230, regions_from_edges(part.copy() > 230, gap=1)[0]
        assert (regions_from_edges(edges, gap=np.int64(1))[0] == expected).all()


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((3, 4, 3)), ValueError, "to_gray"),
        (np.zeros(3), ValueError, r"otsu: `image` must be \(H, W\); got \(3,\)"),
        (np.zeros((0, 3)), ValueError, "has no pixels"),
        (np.eye(3) > 0, TypeError, "got bool"),
        (np.eye(3, dtype=np.int64), TypeError, "got int64"),
        (np.full((3, 4), np.nan), ValueError, "holds NaN or infinity in 12 places"),
        (np.ma.masked_array(np.eye(3)), TypeError, "masked array"),
        ("coins", TypeError, "got str"),
    ],
)
def test_bad_images_are_refused_by_otsu(image, error, message):
    with pytest.raises(error, match=message) as caught:
        otsu(image)
    assert str(caught.value).startswith("otsu: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"edges": np.eye(3)}, TypeError, "`edges` must be bool, True inside; got float64.* edges > 0"),
        ({"edges": np.eye(3, dtype=np.uint8)}, TypeError, "`edges` must be bool"),
        ({"edges": np.zeros(3, bool)}, ValueError, r"`edges` must be \(H, W\); got \(3,\)"),
        ({"edges": np.zeros((3, 0), bool)}, ValueError, "has no pixels"),
        ({"edges": np.ma.masked_array(np.eye(3) > 0)}, TypeError, "masked array"),
        ({"edges": "edges"}, TypeError, "got str"),
        ({"gap": -1}, ValueError, "`gap` must be at least 0 .*; got -1"),
        ({"gap": 2**31}, ValueError, "below 2.31; got 2147483648"),
        ({"gap": 2.5}, TypeError, r"`gap` must be a whole number \(int\); got 2.5"),
        ({"gap": 3.0}, TypeError, r"`gap` must be a whole number \(int\); got 3"),
        ({"gap": True}, TypeError, "`gap` must be a whole number .*; got bool"),
        ({"gap": None}, TypeError, "got NoneType"),
        ({"gap": "3"}, TypeError, "got str"),
    ],
)
def test_bad_arguments_are_refused_by_regions_from_edges(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        regions_from_edges(**{"edges": np.eye(3) > 0} | arguments)
    assert str(caught.value).startswith("regions_from_edges: ") and "\n" not in str(caught.value)
