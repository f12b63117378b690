"""Components: drawn truths, the worst cases of union-find, a flood fill, SciPy, OpenCV, scikit-image, bad arguments."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import measure

from course_lib.boundaries.canny import canny
from course_lib.boundaries.components import _find, _first_pass, label, region_statistics
from course_lib.boundaries.regions import otsu
from course_lib.data.samples import load

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=10)
MASKS = hnp.arrays(bool, SHAPES)
LABELS = hnp.arrays(np.int32, SHAPES, elements=st.integers(0, 5))
STRUCTURE = {4: np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]), 8: np.ones((3, 3))}


def drawn(text):
    return np.array([[letter == "#" for letter in line] for line in text.split()])


def spiral(n):
    """A path one pixel wide that winds inward, with gaps one pixel wide."""
    mask, (y, x), (dy, dx) = np.zeros((n + 4, n + 4), bool), (2, 2), (0, 1)
    while not mask[y, x]:
        mask[y, x] = True
        if mask[y + 2 * dy, x + 2 * dx] or not (2 <= y + dy < n + 2 and 2 <= x + dx < n + 2):
            dy, dx = dx, -dy
        if mask[y + 2 * dy, x + 2 * dx]:
            break
        y, x = y + dy, x + dx
    return mask[2:-2, 2:-2]


def shapes_that_strain_the_forest(n):
    """Many numbers that meet late, in long chains, in both orders."""
    y, x = np.mgrid[:n, :n]
    comb, stairs = (x % 2 == 0) | (y == n - 1), ((x % 2 == 0) & (y >= x)) | (y == n - 1)
    nested = (np.abs(x - n // 2) % 2 == 0) & (np.abs(x - n // 2) <= y)  # U in U in U, upside down and open
    nested |= (np.abs(x - n // 2) <= y) & (y % 4 == 3)
    bricks = (x % 4 == y % 4) | ((x + y) % 4 == 0)  # W next to W
    teeth = (y % (x % 5 + 2) == 0) | (x % 3 == 0)
    masks = [comb, stairs, nested, bricks, teeth, spiral(n), (x + y) % 2 == 0, y % 2 + x % 2 == 0, x >= 0, x < 0]
    turned = [np.rot90(mask, k) for mask in masks for k in range(4)]
    return turned + [part for mask in turned for part in (mask[:, ::-1], mask[:1], mask[:, :1])]


def flood_fill(mask, connectivity):
    """From each pixel that has no number yet, in the order of a scan, walk to everything that can be reached."""
    steps = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if connectivity == 8 or abs(dy) + abs(dx) == 1]
    labels, count = np.zeros(mask.shape, int), 0
    for start in map(tuple, np.argwhere(mask)):
        if labels[start] == 0:
            count += 1
            waiting = [start]
            while waiting:
                y, x = waiting.pop()
                if 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x] and labels[y, x] == 0:
                    labels[y, x] = count
                    waiting += [(y + dy, x + dx) for dy, dx in steps]
    return labels, count


def assert_same_partition(a, b):
    pairs = set(zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))
    assert len(pairs) == len({k for k, _ in pairs}) == len({k for _, k in pairs})


def assert_labels(mask, connectivity):
    labels, count = label(mask, connectivity=connectivity)
    expected, n = ndimage.label(mask, structure=STRUCTURE[connectivity])
    assert (labels == expected).all() and count == n and type(count) is int
    assert labels.dtype == np.int32 and labels.shape == mask.shape
    kind = dict(connectivity=connectivity, ltype=cv2.CV_32S)
    n, expected = cv2.connectedComponentsWithAlgorithm(mask.astype(np.uint8), ccltype=cv2.CCL_SAUF, **kind)
    assert (labels == expected).all() and count == n - 1  # OpenCV counts the background
    n, other = cv2.connectedComponentsWithAlgorithm(mask.astype(np.uint8), ccltype=cv2.CCL_DEFAULT, **kind)
    assert_same_partition(labels, other)
    assert count == n - 1 and ((labels == 0) == (other == 0)).all()


# ---- truths


@pytest.mark.parametrize(("picture", "four", "eight"), [
    ("#", 1, 1), (".", 0, 0), ("#.#.#", 3, 3), ("#.. .#. ..#", 3, 1), ("..# .#. #..", 3, 1), (".#. #.# .#.", 4, 1),
    ("#...# .#.#. ..#..", 5, 1), ("#.#.# #.#.# #####", 1, 1), ("##.## ..#.. ##.##", 5, 1), ("#.# ... #.#", 4, 4),
])  # fmt: skip
def test_drawn_shapes_have_as_many_parts_as_one_counts(picture, four, eight):
    mask = drawn(picture)
    assert (label(mask, connectivity=4)[1], label(mask)[1]) == (four, eight)


def test_numbers_follow_the_scan_and_the_background_is_0():
    labels, count = label(drawn("..#.# #.#.. #...#"))
    assert labels.tolist() == [[0, 0, 1, 0, 2], [3, 0, 1, 0, 0], [3, 0, 0, 0, 4]] and count == 4


@pytest.mark.equation("union-find")
@pytest.mark.parametrize("connectivity", [4, 8])
def test_every_number_of_the_first_pass_has_a_parent_that_is_not_larger_and_a_root_that_is_its_set(connectivity):
    for mask in shapes_that_strain_the_forest(9):
        provisional, parent = np.empty(mask.shape, np.int32), np.zeros(mask.size + 1, np.int32)
        n = _first_pass(mask, provisional, parent, connectivity == 8)
        assert (parent[: n + 1] <= np.arange(n + 1)).all()
        roots = np.array([_find(parent, i) for i in range(n + 1)])
        assert (parent[: n + 1] == roots).all()  # finding has hung each one below its root
        assert_same_partition(roots[provisional], flood_fill(mask, connectivity)[0])


def test_the_first_pass_never_needs_more_numbers_than_a_chessboard_or_every_second_pixel():
    for H in range(1, 8):
        for W in range(1, 8):
            y, x = np.mgrid[:H, :W]  # these masks attain the size that label gives its forest
            assert label((x + y) % 2 == 0, connectivity=4)[1] == (H * W + 1) // 2
            assert label((x % 2 == 0) & (y % 2 == 0))[1] == -(-H // 2) * -(-W // 2)


def test_a_chain_of_numbers_is_shortened_by_finding():
    parent = np.array([0, 1, 1, 2, 3, 4], np.int32)
    assert _find(parent, 4) == 1 and parent.tolist() == [0, 1, 1, 1, 1, 4]


# ---- properties and the naive twin


@pytest.mark.equation("union-find")
@given(MASKS, st.sampled_from([4, 8]))
def test_labels_equal_a_flood_fill(mask, connectivity):
    expected, n = flood_fill(mask, connectivity)
    labels, count = label(mask, connectivity=connectivity)
    assert (labels == expected).all() and count == n


@pytest.mark.equation("euler-number")
@given(MASKS)
def test_components_minus_holes_are_counted_by_windows_of_two_by_two_pixels(mask):
    S = np.pad(mask, 1)
    four = np.stack([S[:-1, :-1], S[:-1, 1:], S[1:, :-1], S[1:, 1:]]).astype(int)
    ones = four.sum(axis=0)
    Q1, Q3, QD = (ones == 1).sum(), (ones == 3).sum(), ((ones == 2) & (four[0] == four[3])).sum()
    for connectivity, sign in ((8, -1), (4, 1)):
        holes = label(~S, connectivity=12 - connectivity)[1] - 1  # without the outside
        assert label(mask, connectivity=connectivity)[1] - holes == (Q1 - Q3 + sign * 2 * QD) / 4


# ---- SciPy and OpenCV


@pytest.mark.parametrize("connectivity", [4, 8])
def test_equals_scipy_and_opencv_on_what_strains_the_forest(connectivity):
    for mask in shapes_that_strain_the_forest(11):
        assert_labels(mask, connectivity)


@pytest.mark.parametrize("connectivity", [4, 8])
def test_equals_scipy_and_opencv_on_random_masks(connectivity):
    rng = np.random.default_rng(0)
    for k in range(200):
        assert_labels(rng.random(rng.integers(1, 16, 2)) < (k % 19 + 0.5) / 19, connectivity)


@pytest.mark.large
@pytest.mark.parametrize("connectivity", [4, 8])
def test_equals_scipy_and_opencv_on_large_masks_and_pictures(connectivity):
    rng = np.random.default_rng(1)
    coins = load("coins")
    for mask in [rng.random((300, 301)) < p for p in (0.1, 0.4, 0.5, 0.59, 0.7, 0.9)] + [
        coins > otsu(coins), coins <= otsu(coins), canny(coins, 100, 200), load("camera") > 100,
        *shapes_that_strain_the_forest(201), rng.random((1, 10**6)) < 0.5, rng.random((10**6, 1)) < 0.5,
    ]:  # fmt: skip
        assert_labels(mask, connectivity)


# ---- statistics


@pytest.mark.equation("region-moments")
@given(LABELS)
def test_statistics_are_sums_over_the_pixels_of_each_region(labels):
    s = region_statistics(labels)
    n = labels.max()
    assert [a.shape for a in (s.area, s.box_xywh, s.centroid_xy, s.covariance)] == [(n,), (n, 4), (n, 2), (n, 2, 2)]
    assert s.area.dtype == s.box_xywh.dtype == np.int64
    for k in range(n):
        xy = np.argwhere(labels == k + 1)[:, ::-1]
        if len(xy) == 0:
            assert s.area[k] == 0 and not s.box_xywh[k].any()
            assert np.isnan(s.centroid_xy[k]).all() and np.isnan(s.covariance[k]).all()
            continue
        assert s.area[k] == len(xy)
        assert s.box_xywh[k].tolist() == [*xy.min(axis=0), *(xy.max(axis=0) - xy.min(axis=0) + 1)]
        np.testing.assert_allclose(s.centroid_xy[k], xy.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(s.covariance[k], np.cov(xy.T, bias=True), rtol=1e-12, atol=1e-14)


def test_numbers_that_no_pixel_has_get_rows_and_no_number_at_all_gives_none():
    s = region_statistics(np.array([[0, 3, 3]]))
    assert s.area.tolist() == [0, 0, 2] and s.box_xywh.tolist() == [[0] * 4, [0] * 4, [1, 0, 2, 1]]
    assert np.isnan(s.covariance[:2]).all() and s.covariance[2].tolist() == [[0.25, 0], [0, 0]]
    empty = region_statistics(np.zeros((2, 3), int))
    assert empty.area.shape == (0,) and empty.covariance.shape == (0, 2, 2) and empty.box_xywh.shape == (0, 4)


@pytest.mark.equation("region-moments")
@pytest.mark.parametrize("angle", [0, 30, -60, 90])
def test_the_moments_of_an_ellipse_are_a_quarter_of_its_squared_axes(angle):
    a, b, t = 27.0, 12.0, np.radians(angle)
    y, x = np.mgrid[:60, :62].astype(float)
    u, v = (x - 30.3) * np.cos(t) + (y - 29.4) * np.sin(t), (y - 29.4) * np.cos(t) - (x - 30.3) * np.sin(t)
    s = region_statistics(((u / a) ** 2 + (v / b) ** 2 <= 1).astype(int))
    axis = np.array([np.cos(t), np.sin(t)])  # x right, y down
    expected = np.outer(axis, axis) * (a * a - b * b) / 4 + np.eye(2) * b * b / 4
    # A rim pixel is in or out as its centre is: about 130 errors of up to half a pixel, that mostly cancel.
    np.testing.assert_allclose(s.covariance[0], expected, rtol=0, atol=0.01 * a * a / 4)
    np.testing.assert_allclose(s.centroid_xy[0], [30.3, 29.4], rtol=0, atol=0.1)
    assert abs(s.area[0] / (np.pi * a * b) - 1) < 0.01


@pytest.mark.equation("region-moments")
def test_a_region_far_from_the_origin_keeps_its_digits():
    far = np.zeros((4, 20000), int)
    far[0, 0], far[0, -3:-1], far[2, -1] = 1, 2, 2
    s = region_statistics(far)
    x, y = [Fraction(c) for c in (19997, 19998, 19999)], [Fraction(c) for c in (0, 0, 2)]
    cx, cy = sum(x) / 3, sum(y) / 3
    exact = [sum((p - cp) * (q - cq) for p, q in zip(P, Q, strict=True)) / 3
             for P, cp in ((x, cx), (y, cy)) for Q, cq in ((x, cx), (y, cy))]  # fmt: skip
    # The rounding of a centroid near 2e4 is 4e-12; E[x^2] - E[x]^2 would round numbers of 4e8, by 6e-8.
    np.testing.assert_allclose(s.covariance[1].ravel(), [float(e) for e in exact], rtol=0, atol=2e-11)
    assert s.box_xywh.tolist() == [[0, 0, 1, 1], [19997, 0, 3, 3]]


@pytest.mark.large
def test_statistics_equal_scikit_image_and_opencv():
    coins = load("coins")
    for mask in (coins > otsu(coins), np.random.default_rng(2).random((80, 90)) < 0.4):
        labels, count = label(mask)
        s = region_statistics(labels)
        n, numbers, rows, centroids = cv2.connectedComponentsWithStatsWithAlgorithm(
            mask.astype(np.uint8), 8, cv2.CV_32S, cv2.CCL_SAUF)  # fmt: skip
        assert n == count + 1 > 50 and (numbers == labels).all()
        assert (rows[1:, :4] == s.box_xywh).all() and (rows[1:, 4] == s.area).all()
        np.testing.assert_allclose(s.centroid_xy, centroids[1:], rtol=1e-14)
        for k, region in enumerate(measure.regionprops(labels)):
            assert region.area == s.area[k]
            top, left, bottom, right = region.bbox
            assert s.box_xywh[k].tolist() == [left, top, right - left, bottom - top]
            np.testing.assert_allclose(s.centroid_xy[k], region.centroid[::-1], rtol=1e-12)
            mu = region.moments_central / region.area  # [r, c]
            np.testing.assert_allclose(s.covariance[k], [[mu[0, 2], mu[1, 1]], [mu[1, 1], mu[2, 0]]], atol=1e-8)
            axes = np.linalg.eigvalsh(s.covariance[k])[::-1]  # mean squares about the other axis: the same two numbers
            np.testing.assert_allclose(region.inertia_tensor_eigvals, axes, atol=1e-8)


# ---- odd and bad arguments


def test_odd_but_good_arrays_give_the_same():
    rng = np.random.default_rng(3)
    wide = rng.random((20, 24)) < 0.5
    part = wide[::-2, 1::3]
    locked = part.copy()
    locked.setflags(write=False)
    expected, count = label(part.copy())
    for mask in (part, np.asfortranarray(part), locked):
        assert (label(mask)[0] == expected).all() and label(mask, connectivity=np.int64(8))[1] == count
    assert not np.shares_memory(expected, part) and (wide[::-2, 1::3] == part).all()
    area = region_statistics(expected).area.tolist()
    locked = expected.copy()
    locked.setflags(write=False)
    for labels in (np.asfortranarray(expected), expected[::-1, ::-1][::-1, ::-1], locked):
        assert region_statistics(labels).area.tolist() == area
    for dtype in (np.uint8, np.int64, np.uint64, ">i4", ">u8", "<i2"):
        assert region_statistics(expected.astype(dtype)).area.tolist() == area


MASK = np.zeros((3, 4), bool)


@pytest.mark.parametrize(("mask", "error", "message"), [
    (MASK.astype(np.uint8), TypeError, "label: `mask` must be bool, True inside; got uint8. Say which values"),
    (MASK.astype(float), TypeError, "got float64"),
    (MASK[0], ValueError, r"label: `mask` must be \(H, W\); got \(4,\)"),
    (np.zeros((3, 4, 3), bool), ValueError, r"must be \(H, W\); got \(3, 4, 3\)"),
    (MASK[:0], ValueError, r"label: `mask` has no pixels; got \(0, 4\)"),
    ([["a", "b"]], TypeError, "must be a NumPy array of numbers; got list of dtype <U1"),
    (None, TypeError, "got NoneType"),
])  # fmt: skip
def test_what_is_not_a_mask_is_refused(mask, error, message):
    with pytest.raises(error, match=message):
        label(mask)


@pytest.mark.parametrize("connectivity", [6, 0, -8, True, "8", None, 8.0, (8,), np.array([4, 8]), np.float64(4)])
def test_other_connectivities_are_refused(connectivity):
    with pytest.raises(ValueError, match="label: `connectivity` must be 8 or 4; got"):
        label(MASK, connectivity=connectivity)


@pytest.mark.parametrize(("labels", "error", "message"), [
    (np.array([[0, -1]]), ValueError, r"`labels` must lie in 0..2\^31 - 1; got -1..0. Give what belongs to no region"),
    (np.array([[2**31]]), ValueError, "got 2147483648..2147483648"),
    (np.array([[2**63]], np.uint64), ValueError, "got 9223372036854775808"),
    (np.array([[1.0]]), TypeError, "must be whole numbers, 0 for the background; got float64: labels.astype"),
    (MASK, TypeError, "got bool: number the regions of a mask first"),
    (np.zeros((2, 0), int), ValueError, "has no pixels"),
    (np.zeros(3, int), ValueError, r"must be \(H, W\); got \(3,\)"),
    ("labels", TypeError, "region_statistics: `labels` must be a NumPy array of numbers; got str"),
])  # fmt: skip
def test_what_are_not_labels_is_refused(labels, error, message):
    with pytest.raises(error, match=message):
        region_statistics(labels)


def test_a_number_beyond_any_table_is_refused_and_a_crop_of_many_regions_is_not():
    with pytest.raises(ValueError, match="region_statistics: `labels` goes up to 2147483647; .* Renumber first"):
        region_statistics(np.array([[0, 2**31 - 1]]))
    assert region_statistics(np.array([[0, 2**20]])).area.sum() == 1
