"""Contours: walks derived by hand, Pick's theorem, the mask comes back, slow twins, OpenCV, bad arguments."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from course_lib.boundaries.canny import canny
from course_lib.boundaries.components import label
from course_lib.boundaries.contours import contour_area, contour_length, fill_contours, find_contours
from course_lib.boundaries.regions import otsu
from course_lib.data.samples import load

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))
CROSS, EIGHT = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]), np.ones((3, 3))


def drawn(text):
    return np.array([[letter == "#" for letter in line] for line in text.split()])


def rings(n):
    """Square rings inside each other, as far as there is room."""
    y, x = np.mgrid[:n, :n]
    return np.minimum(np.minimum(x, y), n - 1 - np.maximum(x, y)) % 2 == 0


def random_masks(number, side, seed):
    """All densities, from noise to smooth shapes."""
    rng = np.random.default_rng(seed)
    for k in range(number):
        field = rng.random(rng.integers(1, side, 2))
        if k % 4 == 3:
            field = ndimage.gaussian_filter(field, 1)
        yield field < np.quantile(field, (k % 23) / 22)


def signed_area(contour):
    """Positive where the walk runs clockwise on the screen, as y points down."""
    x, y = contour.T.astype(int)
    return (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2


def steps_of(contour):
    return 0 if len(contour) == 1 else len(contour)


def depths(hierarchy):
    depth = []
    for *_, parent in hierarchy.tolist():
        depth.append(0 if parent < 0 else depth[parent] + 1)  # a parent precedes its children
    return depth


def set_of(contour):
    return set(map(tuple, contour.tolist()))


def assert_equals_opencv(mask):
    contours, hierarchy = find_contours(mask)
    expected, tree = cv2.findContours(mask.astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)
    assert len(contours) == len(expected)
    for contour, other in zip(contours, expected, strict=True):
        assert contour.tolist() == other[:, 0].tolist() and contour.dtype == other.dtype == np.int32
    assert hierarchy.dtype == np.int32 and hierarchy.shape == (len(contours), 4)
    assert (hierarchy == (np.empty((0, 4)) if tree is None else tree[0])).all()


# ---- truths


def test_the_borders_of_a_ring_of_eight_pixels_are_those_that_a_hand_follows():
    contours, hierarchy = find_contours(drawn("### #.# ###"))
    outer, hole = (contour.tolist() for contour in contours)
    assert outer == [[0, 0], [0, 1], [0, 2], [1, 2], [2, 2], [2, 1], [2, 0], [1, 0]]  # down first
    assert hole == [[0, 1], [1, 0], [2, 1], [1, 2]]  # from the pixel left of the hole, past its corners
    assert hierarchy.tolist() == [[-1, -1, 1, -1], [-1, -1, -1, 0]]
    assert contour_area(contours[0]) == 4 and contour_area(contours[1]) == 2
    assert contour_length(contours[0]) == 8
    assert contour_length(contours[1]) == pytest.approx(4 * math.sqrt(2), rel=1e-15)


@pytest.mark.parametrize(("picture", "walk"), [
    ("#", [[0, 0]]),
    ("###", [[0, 0], [1, 0], [2, 0], [1, 0]]),  # there and back
    ("# # #", [[0, 0], [0, 1], [0, 2], [0, 1]]),
    ("..# .#. #..", [[2, 0], [1, 1], [0, 2], [1, 1]]),
    ("#.# .#. #.#", [[0, 0], [1, 1], [0, 2], [1, 1], [2, 2], [1, 1], [2, 0], [1, 1]]),  # passes the centre four times
    ("## ##", [[0, 0], [0, 1], [1, 1], [1, 0]]),
])  # fmt: skip
def test_thin_shapes_are_walked_on_both_sides(picture, walk):
    contours, hierarchy = find_contours(drawn(picture))
    assert [contour.tolist() for contour in contours] == [walk] and hierarchy.tolist() == [[-1] * 4]


def test_a_mask_without_pixels_inside_has_no_contours_and_a_full_one_has_its_frame():
    contours, hierarchy = find_contours(np.zeros((3, 4), bool))
    assert contours == [] and hierarchy.shape == (0, 4) and hierarchy.dtype == np.int32
    assert not fill_contours([], (3, 4)).any() and fill_contours([], (3, 4)).shape == (3, 4)
    (frame,), _ = find_contours(np.ones((3, 4), bool))
    assert len(frame) == 10 and contour_area(frame) == 6


@pytest.mark.equation("shoelace")
def test_a_box_of_200_by_250_pixels_measures_49551():
    mask = np.zeros((260, 210), bool)
    mask[4:254, 5:205] = True
    (box,), _ = find_contours(mask)
    assert mask.sum() == 50000 and len(box) == 896
    assert contour_area(box) == 199 * 249 == 49551 and contour_length(box) == 896
    assert contour_area(box) + len(box) / 2 + 1 == 50000


@pytest.mark.equation("shoelace")
def test_area_and_length_of_polygons_that_are_known():
    triangle = np.array([[0, 0], [4, 0], [0, 3]])
    for points in (triangle, triangle[::-1], triangle.tolist(), triangle.astype(np.uint8), triangle - 7.25):
        assert contour_area(points) == 6 and contour_length(points) == 12
    star = np.array([[0, 0], [1, 3], [4, 4], [1, 5], [0, 8], [-1, 5], [-4, 4], [-1, 3]])  # a square and four tips
    assert contour_area(star) == 4 + 4 * 3 and contour_length(star) == pytest.approx(8 * math.sqrt(10), rel=1e-15)
    assert contour_area(star + 2.0**40) == 16  # products of 2^80 would keep no digit of it
    for points in ([[3, 4]], [[0, 0], [3, 4]]):
        assert contour_area(points) == 0 and contour_length(points) == 10 * (len(points) - 1)
    assert type(contour_area(star)) is type(contour_length(star)) is float


def test_rings_in_rings_are_a_chain_that_alternates():
    contours, hierarchy = find_contours(rings(19))
    n = len(contours)
    assert n == 10  # five rings, the innermost a ring of 3 x 3
    assert hierarchy.tolist() == [[-1, -1, k + 1 if k + 1 < n else -1, k - 1] for k in range(n)]
    assert [signed_area(c) > 0 for c in contours] == [k % 2 == 1 for k in range(n)]


def test_of_siblings_the_newest_comes_first():
    contours, hierarchy = find_contours(drawn("###### #.##.# ###### ...... #.####"))
    assert [c[0].tolist() for c in contours] == [[2, 4], [0, 4], [0, 0], [3, 1], [0, 1]]
    assert hierarchy.tolist() == [[1, -1, -1, -1], [2, 0, -1, -1], [-1, 1, 3, -1], [4, -1, -1, 2], [-1, 3, -1, 2]]


# ---- properties


@pytest.mark.equation("parity")
@given(MASKS)
def test_the_contours_of_a_mask_give_it_back(mask):
    assert (fill_contours(find_contours(mask)[0], mask.shape) == mask).all()


@pytest.mark.equation("parity")
@given(MASKS)
def test_the_outermost_borders_alone_give_the_mask_without_its_holes(mask):
    contours, hierarchy = find_contours(mask)
    outermost = [c for c, (*_, parent) in zip(contours, hierarchy, strict=True) if parent == -1]
    assert (fill_contours(outermost, mask.shape) == ndimage.binary_fill_holes(mask)).all()


@pytest.mark.equation("parity")
def test_all_outer_borders_of_a_region_inside_a_hole_are_not_the_mask_without_its_holes():
    mask = np.pad(np.pad(np.ones((3, 3), bool), 1), 1, constant_values=True)
    contours, hierarchy = find_contours(mask)
    assert depths(hierarchy) == [0, 1, 2]
    filled = fill_contours([contours[0], contours[2]], mask.shape)
    assert np.argwhere(~filled).tolist() == [[3, 3]]  # inside two borders, on neither


@given(MASKS)
def test_walks_are_closed_and_outer_borders_and_holes_turn_in_opposite_ways(mask):
    contours, hierarchy = find_contours(mask)
    for contour, depth in zip(contours, depths(hierarchy), strict=True):
        step = np.abs(np.roll(contour, -1, axis=0) - contour).max(axis=1)
        assert (step == (len(contour) > 1)).all()
        assert signed_area(contour) > 0 if depth % 2 else signed_area(contour) <= 0
        assert contour_area(contour) == abs(signed_area(contour))


@given(MASKS)
def test_there_is_an_outer_border_for_each_region_and_an_inner_one_for_each_hole(mask):
    depth = np.array(depths(find_contours(mask)[1]), int)
    assert (depth % 2 == 0).sum() == label(mask)[1]
    assert (depth % 2 == 1).sum() == label(~np.pad(mask, 1), connectivity=4)[1] - 1


@pytest.mark.equation("pick")
@given(MASKS)
def test_pick_counts_the_pixels_of_each_border_and_of_the_mask(mask):
    contours, hierarchy = find_contours(mask)
    S = np.pad(mask, 1)
    regions, outsides = label(S)[0], label(~S, connectivity=4)[0]
    total = 0
    for contour, depth in zip(contours, depths(hierarchy), strict=True):
        A, N = contour_area(contour), steps_of(contour)
        x, y = contour[0] + 1
        if depth % 2 == 0:
            enclosed = ndimage.binary_fill_holes(regions == regions[y, x])
            assert enclosed.sum() == A + N / 2 + 1
            total += A + N / 2 + 1
        else:
            hole = ndimage.binary_fill_holes(outsides == outsides[y, x + 1], structure=EIGHT)
            assert hole.sum() == A - N / 2 + 1
            total -= A - N / 2 + 1
    assert total == mask.sum()


# ---- slow twins


@given(MASKS)
def test_a_border_has_exactly_the_pixels_of_a_region_beside_one_part_of_the_outside(mask):
    """Every pair of an 8-connected region and a 4-connected outside part that touch along a side is one border."""
    S = np.pad(mask, 1)
    regions, n = label(S)
    outsides, m = label(~S, connectivity=4)
    expected = []
    for r in range(1, n + 1):
        for o in range(1, m + 1):
            y, x = np.nonzero((regions == r) & ndimage.binary_dilation(outsides == o, CROSS))
            if len(y):
                expected.append({*zip(x - 1, y - 1, strict=True)})
    assert sorted(map(sorted, expected)) == sorted(sorted(set_of(c)) for c in find_contours(mask)[0])


@pytest.mark.equation("parity")
@given(MASKS, st.randoms(use_true_random=False))
def test_filling_any_of_the_contours_equals_the_turns_that_a_pixel_sees(mask, random):
    contours = [c for c in find_contours(mask)[0] if random.random() < 0.6]
    expected = np.zeros(mask.shape, bool)
    for y, x in np.ndindex(mask.shape):
        if any((x, y) in set_of(c) for c in contours):
            expected[y, x] = True
            continue
        for c in contours:  # how often the direction from the pixel to the walker turns round
            z = (c[:, 0] - x) + 1j * (c[:, 1] - y)
            turns = np.angle(np.roll(z, -1) / z).sum() / (2 * math.pi)
            assert min(abs(turns), abs(abs(turns) - 1)) < 1e-9
            expected[y, x] ^= abs(turns) > 0.5
    assert (fill_contours(contours, mask.shape) == expected).all()


# ---- OpenCV


def test_equals_opencv_on_random_masks():
    for mask in random_masks(300, 14, seed=0):
        assert_equals_opencv(mask)


def test_filling_any_of_the_contours_equals_opencv():
    rng = np.random.default_rng(1)
    for mask in random_masks(100, 14, seed=2):
        contours = [c for c in find_contours(mask)[0] if rng.random() < 0.6]
        expected = cv2.drawContours(np.zeros(mask.shape, np.uint8), contours, -1, 1, cv2.FILLED)
        assert (fill_contours(contours, mask.shape) == (expected > 0)).all()


def test_area_and_length_equal_opencv():
    for mask in random_masks(60, 14, seed=3):
        for contour in find_contours(mask)[0]:
            assert contour_area(contour) == cv2.contourArea(contour)
            # OpenCV takes the root of each step in float32
            assert contour_length(contour) == pytest.approx(cv2.arcLength(contour, True), rel=6e-8)
    polygon = np.random.default_rng(4).integers(-1000, 1000, (50, 2)).astype(np.int32)
    assert contour_area(polygon) == cv2.contourArea(polygon) > 0
    assert contour_length(polygon) == pytest.approx(cv2.arcLength(polygon, True), rel=6e-8)


@pytest.mark.large
@pytest.mark.parametrize("name", ["coins", "edges", "camera", "rings", "spiral", "noise", "dots", "line", "column"])
def test_equals_opencv_on_large_masks_and_the_mask_comes_back(name):
    coins, rng = load("coins"), np.random.default_rng(5)
    y, x = np.mgrid[-150:151, -160:161]
    mask = {
        "coins": lambda: coins > otsu(coins),
        "edges": lambda: canny(coins, 100, 200),
        "camera": lambda: load("camera") > 100,
        "rings": lambda: rings(301),
        "spiral": lambda: (np.hypot(x, y) - 8 * np.arctan2(y, x) / math.pi) % 16 < 8,
        "noise": lambda: rng.random((300, 200)) < 0.55,
        "dots": lambda: (x % 2 == 0) & (y % 2 == 0),
        "line": lambda: rng.random((1, 40000)) < 0.5,
        "column": lambda: rng.random((40000, 1)) < 0.5,
    }[name]()
    assert_equals_opencv(mask)
    contours, hierarchy = find_contours(mask)
    assert (fill_contours(contours, mask.shape) == mask).all() and not mask.all() and mask.any()
    sign = np.where(np.array(depths(hierarchy)) % 2 == 0, 1, -1)
    A, N = np.array([contour_area(c) for c in contours]), np.array([steps_of(c) for c in contours])
    assert (sign * A + N / 2 + sign).sum() == mask.sum()  # Pick


# ---- odd and bad arguments


def test_odd_but_good_arrays_give_the_same():
    wide = np.random.default_rng(6).random((20, 24)) < 0.5
    part = wide[::-2, 1::3]
    locked = part.copy()
    locked.setflags(write=False)
    contours, hierarchy = find_contours(part.copy())
    for mask in (part, np.asfortranarray(part), locked):
        again, tree = find_contours(mask)
        assert (tree == hierarchy).all()
        assert [c.tolist() for c in again] == [c.tolist() for c in contours]
    for walks in ([c.astype(">i8") for c in contours], tuple(c.tolist() for c in contours),
                  (c.astype(np.uint8) for c in contours), [np.asfortranarray(c * 1.0) for c in contours]):  # fmt: skip
        assert (fill_contours(walks, list(part.shape)) == part).all()


def test_the_shape_is_rows_then_columns_and_may_be_larger():
    walk = [np.array([[0, 0], [1, 0], [2, 0], [1, 0]])]
    assert fill_contours(walk, (1, 3)).all() and fill_contours(walk, (2, 4)).sum() == 3
    with pytest.raises(ValueError, match="1 columns; got x in 0..2, y in 0..0. Are x and y, or H and W, exchanged"):
        fill_contours(walk, (3, 1))


@pytest.mark.parametrize(("mask", "error", "message"), [
    (np.zeros((3, 3), np.uint8), TypeError, "find_contours: `mask` must be bool, True inside; got uint8"),
    (np.zeros((3, 3, 1), bool), ValueError, r"must be \(H, W\); got \(3, 3, 1\). Drop the last axis"),
    (np.zeros((0, 3), bool), ValueError, r"`mask` has no pixels; got \(0, 3\)"),
    (np.zeros(3, bool), ValueError, r"must be \(H, W\); got \(3,\)"),
    ("mask", TypeError, "must be a NumPy array of numbers; got str"),
])  # fmt: skip
def test_what_is_not_a_mask_is_refused(mask, error, message):
    with pytest.raises(error, match=message):
        find_contours(mask)


@pytest.mark.parametrize("function", [contour_area, contour_length, lambda c: fill_contours([c], (9, 9))])
@pytest.mark.parametrize(("contour", "error", "message"), [
    (np.zeros((4, 1, 2), int), ValueError, r"must be \(N, 2\), .*; got \(4, 1, 2\). OpenCV's .* by contour\[:, 0\]"),
    (np.zeros((0, 2)), ValueError, r"must be \(N, 2\), x before y, at least one point; got \(0, 2\)"),
    (np.zeros((2, 3)), ValueError, r"x before y; got \(2, 3\)"),
    ([1, 2], ValueError, r"must be \(N, 2\), x before y, at least one point; got \(2,\)"),
    ([[0, math.nan]], ValueError, "holds NaN or infinity"),
    ([[0, math.inf]], ValueError, "holds NaN or infinity"),
    ([[True, False]], TypeError, "must hold real numbers; got dtype bool"),
    ("contour", TypeError, "must be a NumPy array of numbers; got str"),
])  # fmt: skip
def test_what_is_not_a_contour_is_refused(function, contour, error, message):
    with pytest.raises(error, match=message):
        function(contour)


@pytest.mark.parametrize(("points", "message"), [
    ([[0, 0], [0, 4]], "points must lie in a picture of 4 rows and 5 columns; got x in 0..0, y in 0..4"),
    ([[5, 3]], "got x in 5..5, y in 3..3"),
    ([[-1, 0]], "got x in -1..-1"),
    ([[0, 0], [0, -1]], "y in -1..0"),
    ([[0, 0], [2, 0]], "closed walk from neighbour to neighbour; got a step of 2"),
    ([[0, 0], [0, 1], [0, 2]], "got a step of 2. Pass contours as find_contours returns them"),  # not closed
])  # fmt: skip
def test_points_outside_and_long_steps_are_refused(points, message):
    with pytest.raises(ValueError, match=f"fill_contours: .*{message}"):
        fill_contours([np.array(points)], (4, 5))
    corners = [np.array([[x, y]]) for x in (0, 4) for y in (0, 3)]
    assert fill_contours(corners, (4, 5)).sum() == 4  # these lie inside, and no step leads from one to the next
    with pytest.raises(ValueError):
        fill_contours([*corners, np.array(points)], (4, 5))


@pytest.mark.parametrize("points", [[[0.5, 0.5]], [[-0.5, 0.0]], [[1.5, 1.0], [1.5, 1.5]], [[0.0, 2.9]]])
def test_points_between_the_pixels_are_refused(points):
    with pytest.raises(ValueError, match="fill_contours: .*whole"):
        fill_contours([np.array(points)], (4, 5))


@pytest.mark.parametrize(("shape", "error", "message"), [
    ((3,), ValueError, r"fill_contours: `shape` must be \(H, W\), such as mask.shape; got \(3,\)"),
    ((3, 3, 3), ValueError, r"must be \(H, W\)"),
    (3, ValueError, "got 3"),
    (None, ValueError, "got None"),
    ("33", ValueError, "got '33'"),
    ((0, 3), ValueError, "`shape` must be at least 1 and below"),
    ((3, -1), ValueError, "got -1"),
    ((3.0, 3), TypeError, "must be a whole number .*; got 3"),
    ((3, True), TypeError, "got bool"),
])  # fmt: skip
def test_what_is_not_a_shape_is_refused(shape, error, message):
    with pytest.raises(error, match=message):
        fill_contours([], shape)
