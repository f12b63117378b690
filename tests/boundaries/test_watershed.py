"""The watershed: hand-made maps, pass heights by their definition, scikit-image, and bad arguments."""

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import segmentation

from course_lib.boundaries.sobel import sobel
from course_lib.boundaries.watershed import watershed
from course_lib.data.samples import load

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8)


@st.composite
def maps(draw):
    """Heights with many ties, markers of several pixels, and a mask or none."""
    shape = draw(SHAPES)
    height = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 6)))
    markers = draw(hnp.arrays(np.int32, shape, elements=st.sampled_from([0] * 6 + [1, 2, 2, 40])))
    mask = draw(hnp.arrays(bool, shape, elements=st.sampled_from([True, True, True, False])))
    return height, markers, mask if draw(st.booleans()) else None


def pass_heights(height, sources, inside):
    """The definition, Eq. pass-height, by Dijkstra: the smallest possible highest point of a path to a source."""
    H, W = height.shape
    lowest = np.full(height.shape, np.inf)
    queue = [(float(height[y, x]), y, x) for y, x in np.argwhere(sources & inside).tolist()]
    heapq.heapify(queue)
    while queue:
        top, y, x = heapq.heappop(queue)
        if lowest[y, x] == np.inf:
            lowest[y, x] = top
            for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if 0 <= v < H and 0 <= u < W and inside[v, u]:
                    heapq.heappush(queue, (max(top, float(height[v, u])), v, u))
    return lowest


def assert_each_pixel_has_a_marker_of_lowest_pass(height, markers, mask, labels):
    """The way lies inside the pixel's own region, so this asserts too that a region is 4-connected to its marker."""
    inside = np.ones(height.shape, bool) if mask is None else mask
    lowest = pass_heights(height, markers > 0, inside)
    within = np.full(height.shape, np.inf)
    for k in np.unique(labels[labels > 0]):
        within = np.where(labels == k, pass_heights(height, markers == k, inside & (labels == k)), within)
    np.testing.assert_array_equal(within, lowest)
    np.testing.assert_array_equal(labels > 0, np.isfinite(lowest))  # 0 outside the mask and beyond all ways only
    np.testing.assert_array_equal(labels[inside & (markers > 0)], markers[inside & (markers > 0)])


# ---- truths


@pytest.mark.parametrize(
    ("height", "markers", "expected"),
    [
        ([0, 1, 5, 2, 0], [1, 0, 0, 0, 2], [1, 1, 1, 2, 2]),  # the ridge goes to the water that reaches it first
        ([0, 2, 5, 1, 0], [1, 0, 0, 0, 2], [1, 1, 2, 2, 2]),
        ([0, 9, 0, 3, 0], [1, 0, 0, 0, 2], [1, 1, 2, 2, 2]),  # the basin without a marker fills over the lower pass
        ([0, 3, 0, 9, 0], [1, 0, 0, 0, 2], [1, 1, 1, 2, 2]),  # the same from the other side
        ([7, 0, 0, 0, 8], [1, 0, 0, 0, 2], [1, 1, 1, 1, 2]),  # a marker on a hill begins when the water is there
        ([8, 0, 0, 0, 7], [1, 0, 0, 0, 2], [1, 2, 2, 2, 2]),
        ([4, 4, 4, 4, 4, 4, 4], [0, 5, 0, 0, 0, 0, 3], [5, 5, 5, 5, 3, 3, 3]),  # flat: the nearer one, then the first
        ([0, 5, 0, 0, 0, 5, 0], [1, 0, 0, 0, 0, 0, 2], [1, 1, 1, 1, 2, 2, 2]),  # two equal passes: half each
        ([0, 0, 9, 0], [7, 0, 0, 0], [7, 7, 7, 7]),
        ([3, 1, 2], [0, 0, 0], [0, 0, 0]),  # no water
        ([3, 1, 2], [4, 6, 5], [4, 6, 5]),  # nothing left to flood
    ],
)
@pytest.mark.equation("pass-height")
def test_water_in_a_valley_counted_by_hand(height, markers, expected):
    height, markers = np.array([height], np.uint8), np.array([markers])
    for h, m, turn in ((height, markers, lambda a: a), (height.T, markers.T, lambda a: a.T)):
        labels = watershed(h, m)
        assert turn(labels).tolist() == [expected] and labels.dtype == np.int32


def test_a_closed_edge_that_is_8_connected_holds_the_water():
    y, x = np.mgrid[-6:7, -6:7]
    wall = abs(x) + abs(y) == 4  # a diamond: its pixels touch at corners only
    markers = np.zeros(wall.shape, int)
    markers[0, 0], markers[6, 6 + 3] = 1, 2  # the inner lake starts at the wall, so that it would leak at once
    labels = watershed(wall * np.uint8(9), markers)
    assert (labels[abs(x) + abs(y) < 4] == 2).all() and (labels[abs(x) + abs(y) > 4] == 1).all()
    markers[6, 6 + 3] = 0
    assert (watershed(wall * np.uint8(9), markers) == 1).all()  # one lake alone runs over
    assert (watershed(wall * np.uint8(9), markers, mask=~wall) == (abs(x) + abs(y) > 4)).all()  # a mask does not


@given(st.integers(0, 10**6))
def test_on_flat_ground_each_pixel_belongs_to_a_marker_with_the_shortest_way(seed):
    rng = np.random.default_rng(seed)
    markers = rng.integers(1, 9, (7, 9)) * (rng.random((7, 9)) < 0.1)
    labels = watershed(np.full(markers.shape, 3.5), markers)
    ways = np.stack([ndimage.distance_transform_cdt(markers != k, "taxicab") for k in np.unique(labels)])
    of = np.searchsorted(np.unique(labels), labels)
    assert (np.take_along_axis(ways, of[None], 0)[0] == ways.min(axis=0)).all()


# ---- properties and the definition


@pytest.mark.equation("pass-height")
@given(maps(), st.sampled_from(["u1", "i2", "i4", "f4", "f8"]))
def test_each_pixel_has_a_marker_with_the_lowest_possible_highest_point(drawn, dtype):
    height, markers, mask = drawn
    scale, low = {"u1": (1, 0), "i2": (9000, -30000), "i4": (7 * 10**8, -(2**31))}.get(dtype, (0.3, -1))
    height = (height * float(scale) + low).astype(dtype)
    labels = watershed(height, markers, mask=mask)
    assert_each_pixel_has_a_marker_of_lowest_pass(height, markers, mask, labels)
    assert labels.dtype == np.int32


@given(maps())
def test_only_the_order_of_the_heights_counts(drawn):
    height, markers, mask = drawn
    labels = watershed(height, markers, mask=mask)
    h = height.astype(np.int64)
    for other in (
        (h - 5).astype(np.int16),
        (h * 10922 - 2**15).astype(np.int16),  # nearly all of int16
        (h * 10922 + (h == 6) * 4).astype(np.int32),  # a range of 2^16: too large by one for a queue for each height
        (h * 715827882 - 2**31).astype(np.int32),  # nearly all of int32
        h.astype(np.float32) / 7,
        np.exp(h) - 400,
        (h - 3.0) ** 3 * 1e300,
        np.where(h == 0, -0.0, h * 5e-324),  # the smallest numbers there are
    ):
        assert (watershed(other, markers, mask=mask) == labels).all()


def test_zero_and_minus_zero_are_one_height():
    height = np.array([[-0.0, 0.0, -0.0, 0.0, -0.0]])
    assert watershed(height, np.array([[1, 0, 0, 0, 2]])).tolist() == [[1, 1, 1, 2, 2]]


@pytest.mark.parametrize("high", [2**16 - 1, 2**16, 2**31 - 1])
def test_a_range_beyond_16_bits_does_not_wrap_around(high):
    height = np.array([[0, high, 0, high // 2, 0]], np.int32)
    assert watershed(height, np.array([[1, 0, 0, 0, 2]])).tolist() == [[1, 1, 2, 2, 2]]
    assert watershed(height - 7, np.array([[1, 0, 0, 0, 2]])).tolist() == [[1, 1, 2, 2, 2]]


@given(maps())
def test_other_names_of_the_markers_are_other_names_of_the_regions(drawn):
    height, markers, mask = drawn
    names = np.zeros(41, np.int64)
    names[[1, 2, 40]] = 7, 2**31 - 1, 3
    labels = watershed(height, markers, mask=mask)
    assert (watershed(height, names[markers], mask=mask) == names[labels]).all()
    assert (watershed(height, labels, mask=mask) == labels).all()  # nothing is left to flood


def test_every_argument_changes_the_regions():
    rng = np.random.default_rng(0)
    height, markers = rng.integers(0, 9, (8, 8)).astype(np.uint8), np.zeros((8, 8), int)
    markers[0, 0], markers[7, 7] = 1, 2
    labels = watershed(height, markers)
    assert (watershed(height[::-1], markers) != labels).any() and (watershed(height, markers.T * 3) != labels).any()
    mask = np.ones((8, 8), bool)
    assert (watershed(height, markers, mask=mask) == labels).all()
    mask[:3, 1:] = False
    walled = watershed(height, markers, mask=mask)
    assert not walled[~mask].any() and walled[mask].all()
    mask[3, 0] = False  # the first marker is cut off
    assert (watershed(height, markers, mask=mask) == np.where(mask, np.where(np.mgrid[:8, :8][0] < 3, 1, 2), 0)).all()


def test_nothing_given_is_changed():
    height, markers = np.arange(12, dtype=np.int32).reshape(3, 4), np.eye(3, 4, dtype=np.int32)
    mask = markers == 0
    copies = height.copy(), markers.copy(), mask.copy()
    labels = watershed(height, markers, mask=mask)
    for a, b in zip((height, markers, mask), copies, strict=True):
        assert (a == b).all() and not np.shares_memory(labels, a)
    assert labels.flags.c_contiguous and labels.flags.writeable


# ---- scikit-image


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4", "f8"])
def test_equals_scikit_image_where_all_heights_differ(dtype):
    rng = np.random.default_rng(1)
    for k in range(60):
        shape = [(1, 13), (13, 1), (1, 1)][k] if k < 3 else tuple(rng.integers(2, 16, 2))
        shape = (17, 18) if k == 3 and dtype != "u1" else shape  # more than 256 heights
        height = (rng.permutation(shape[0] * shape[1]).reshape(shape) * (1 if dtype == "u1" else 117)).astype(dtype)
        if dtype == "i4":
            height *= 70000
        markers = rng.integers(1, 6, shape) * (rng.random(shape) < 0.08)
        mask = rng.random(shape) < 0.85 if k % 2 else None
        reference = segmentation.watershed(height, markers, mask=mask) if markers.any() else markers
        assert (watershed(height, markers, mask=mask) == reference).all(), (k, shape)


@pytest.mark.large
def test_equals_scikit_image_with_more_heights_than_16_bits_can_count():
    rng = np.random.default_rng(4)
    height = rng.permutation(300 * 300).reshape(300, 300).astype(np.int32)
    markers = rng.integers(1, 99, height.shape) * (rng.random(height.shape) < 0.001)
    for h in (height, height / 3):
        assert (watershed(h, markers) == segmentation.watershed(h, markers)).all()


@given(st.integers(0, 10**6))
def test_equals_scikit_image_where_no_two_marker_pixels_are_equally_high(seed):
    rng = np.random.default_rng(seed)  # all other heights may be equal
    height, markers = rng.integers(0, 8, (8, 9)).astype(np.uint8), np.zeros((8, 9), int)
    for h in rng.permutation(8)[:5]:
        places = np.argwhere(height == h)
        if len(places):
            markers[tuple(rng.choice(places))] = rng.integers(1, 4)
    assert (watershed(height, markers) == segmentation.watershed(height, markers)).all()


def test_of_two_equally_high_markers_the_first_in_reading_order_begins_and_not_so_in_scikit_image():
    height, markers = np.array([[0, 4, 6, 6, 6, 2, 6]], np.uint8), np.array([[0, 0, 0, 1, 3, 0, 2]])
    assert watershed(height, markers).tolist() == [[1, 1, 1, 1, 3, 3, 2]]
    assert segmentation.watershed(height, markers).tolist() == [[1, 1, 1, 1, 3, 2, 2]]  # its heap mixes equal ones


@pytest.mark.equation("pass-height")
@given(maps())
def test_has_the_pass_heights_of_scikit_image(drawn):
    height, markers, mask = drawn
    if markers.any() and (mask is None or mask.any()):
        assert_each_pixel_has_a_marker_of_lowest_pass(
            height, markers, mask, segmentation.watershed(height, markers, mask=mask))


@pytest.mark.large
def test_has_the_pass_heights_of_scikit_image_on_the_coins():
    gx, gy = (g.astype(np.int32) for g in sobel(load("coins")))
    height, rng = gx * gx + gy * gy, np.random.default_rng(2)
    assert np.ptp(height) > 2**16
    markers = np.zeros(height.shape, np.int32)
    markers.flat[rng.choice(height.size, 60, replace=False)] = np.arange(1, 61)
    ours, theirs = watershed(height, markers), segmentation.watershed(height, markers)
    assert_each_pixel_has_a_marker_of_lowest_pass(height, markers, None, ours)
    assert_each_pixel_has_a_marker_of_lowest_pass(height, markers, None, theirs)
    assert (ours == theirs).mean() > 0.98  # equal markers begin in another order there
    assert (watershed(np.sqrt(height), markers) == ours).all()  # the magnitude itself, in floating point


# ---- odd and bad arguments


def test_odd_but_good_arrays_give_the_same_regions():
    rng = np.random.default_rng(3)
    height, markers = rng.integers(0, 99, (18, 20)).astype(np.int16), rng.integers(0, 30, (18, 20)) // 28
    mask = rng.random((18, 20)) < 0.8
    part = np.s_[::-2, 1::3]
    h, m, inside = (a[part].copy() for a in (height, markers, mask))
    expected = watershed(h, m, mask=inside)
    locked = h.copy()
    locked.setflags(write=False)
    for image in (height[part], np.asfortranarray(h), locked, h.astype(">i2"), h.astype(">i4"), h.astype(">f4")):
        assert (watershed(image, markers[part], mask=mask[part]) == expected).all()
    for kind in (np.uint8, np.int8, np.uint16, np.uint32, np.uint64, ">i4", ">u8"):
        assert (watershed(h, m.astype(kind), mask=np.asfortranarray(inside)) == expected).all()


HEIGHT, MARKERS = np.zeros((3, 4), np.uint8), np.eye(3, 4, dtype=np.int32)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"height": HEIGHT[0]}, ValueError, r"`height` must be \(H, W\); got \(4,\)"),
        ({"height": np.zeros((3, 4, 3))}, ValueError, "to_gray"),
        ({"height": HEIGHT[:0]}, ValueError, r"`height` has no pixels; got \(0, 4\)"),
        ({"height": HEIGHT > 0}, TypeError, "`height` must be .*; got bool"),
        ({"height": HEIGHT.astype(np.int64)}, TypeError, "`height` must be .*; got int64"),
        ({"height": np.full((3, 4), np.nan)}, ValueError, "holds NaN or infinity in 12 places"),
        ({"height": np.full((3, 4), -np.inf)}, ValueError, "holds NaN or infinity in 12 places"),
        ({"height": np.ma.masked_array(HEIGHT)}, TypeError, "`height` is a masked array"),
        ({"height": "coins"}, TypeError, "`height` must be a NumPy array of numbers; got str"),
        ({"markers": MARKERS[0]}, ValueError, r"`markers` must be \(H, W\); got \(4,\)"),
        ({"markers": MARKERS * 1.0}, TypeError, r"`markers` must be whole numbers.*got float64: markers.astype"),
        ({"markers": MARKERS > 0}, TypeError, r"`markers` .*got bool: number the regions of a mask first: label\(mark"),
        ({"markers": -MARKERS}, ValueError, r"`markers` must lie in 0..2\^31 - 1; got -1..0"),
        ({"markers": MARKERS.astype(np.uint64) << 31}, ValueError, "got 0..2147483648"),
        ({"markers": np.ma.masked_array(MARKERS)}, TypeError, "`markers` is a masked array"),
        ({"markers": None}, TypeError, "`markers` must be a NumPy array of numbers; got NoneType"),
        ({"markers": MARKERS.T}, ValueError, r"one shape; got `height` \(3, 4\), `markers` \(4, 3\)\."),
        ({"mask": HEIGHT}, TypeError, "`mask` must be bool, True inside; got uint8"),
        ({"mask": False}, ValueError, r"`mask` must be \(H, W\); got \(\)"),
        ({"mask": HEIGHT.T == 0}, ValueError, r"`markers` \(3, 4\), `mask` \(4, 3\)"),
        ({"mask": np.ma.masked_array(HEIGHT == 0)}, TypeError, "`mask` is a masked array"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        watershed(**{"height": HEIGHT, "markers": MARKERS} | arguments)
    assert str(caught.value).startswith("watershed: ") and "\n" not in str(caught.value)
