"""Canny: drawn truths, properties of each stage, slow twins, cv2.Canny, and bad arguments."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from course_lib.boundaries.canny import LARGEST_NORM, canny, gradient, hysteresis, non_maximum_suppression
from course_lib.data.samples import SAMPLES, load
from course_lib.filters import gaussian_blur
from course_lib.images import to_gray

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)
IMAGES = hnp.arrays(np.uint8, SHAPES)
NORMS = ["l1", "l2"]
EIGHT = np.ones((3, 3))


def opencv(image, low, high, norm):
    return cv2.Canny(image, low, high, L2gradient=norm == "l2") > 0


def drawn(inside, size=48, finer=8):
    """The share of each pixel where inside(x, y) holds, as grey 40..200."""
    at = (np.arange(size * finer) + 0.5) / finer - 0.5
    share = inside(at[None], at[:, None]).reshape(size, finer, size, finer).mean(axis=(1, 3))
    return np.rint(40 + 160 * share).astype(np.uint8)


# ---- truths


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("a", "b"), [(1, 0), (0, 1), (1, 1), (1, -1)], ids=["0", "90", "45", "135 degrees"])
def test_an_edge_in_each_direction_is_one_pixel_thick_and_in_its_place(a, b, sign):
    y, x = np.mgrid[-7:8, -7:8]
    d = a * x + b * y  # 0 on the edge, negative on one side: no ties, so that the answer is unique
    image = (100 + 90 * sign * np.sign(d)).astype(np.uint8)
    inner = np.s_[1:-1, 1:-1]
    for norm in NORMS:
        assert (canny(image, 100, 300, norm=norm)[inner] == (d == 0)[inner]).all()


def test_of_two_equal_columns_or_rows_the_first_is_kept_and_of_two_equal_diagonal_neighbours_neither():
    y, x = np.mgrid[:8, :8]
    assert canny((x > 3) * np.uint8(200), 100, 300).sum(axis=0).tolist() == [0, 0, 0, 8, 0, 0, 0, 0]
    assert canny((y > 3) * np.uint8(200), 100, 300).sum(axis=1).tolist() == [0, 0, 0, 8, 0, 0, 0, 0]
    one, M = np.ones((4, 4)), np.array([[1, 0, 0, 0], [0, 5, 0, 0], [0, 0, 5, 0], [0, 0, 0, 1.0]])
    assert not non_maximum_suppression(one, one, M)[1:3, 1:3].any()  # 45 degrees, right and down
    assert not non_maximum_suppression(one, -one, M[:, ::-1])[1:3, 1:3].any()  # right and up


@pytest.mark.large
@pytest.mark.parametrize("radii", [(15,), (9, 19)], ids=["disk", "ring"])
def test_disk_and_ring_edges_lie_on_their_circles(radii):
    cx, cy = 23.3, 24.1
    image = drawn(lambda x, y: np.sum([np.hypot(x - cx, y - cy) < r for r in radii], axis=0) == 1)
    edges = canny(image, 150, 300)
    y, x = np.nonzero(edges)
    off = np.abs(np.hypot(x - cx, y - cy)[:, None] - np.array(radii))  # (N, circles)
    assert off.min(axis=1).max() < 1.0  # a pixel is at most 1/sqrt(2) from where the circle crosses its row or column
    for r in radii:
        t = np.linspace(0, 2 * np.pi, 400, endpoint=False)
        gap = np.hypot(x[:, None] - cx - r * np.cos(t), y[:, None] - cy - r * np.sin(t)).min(axis=0)
        assert gap.max() < 1.5  # nowhere is more than one pixel missing
        count = (off[:, radii.index(r)] < 1.5).sum()  # an 8-connected circle has 4 sqrt(2) r to 8 r pixels
        assert 4 * math.sqrt(2) * r - 8 < count < 8 * r, count


@pytest.mark.equation("canny-bound")
def test_the_largest_norms_are_attained_by_black_and_white_patches():
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    patches = np.insert(bits, 4, 0, axis=1).reshape(256, 3, 3).astype(np.uint8)  # the centre has no weight
    for norm, largest in (("l1", 1530), ("l2", 255**2 * 20)):
        attained = max(int(gradient(patch * np.uint8(255), norm=norm)[2][1, 1]) for patch in patches)
        assert attained == largest
        in_units = math.sqrt(largest) if norm == "l2" else largest
        assert LARGEST_NORM[norm] * 255 == pytest.approx(in_units, rel=1e-15)
        assert not canny(patches[0], 0, LARGEST_NORM[norm] * 255, norm=norm).any()
        with pytest.raises(ValueError, match=f"No gradient of a uint8 image has an {norm.upper()} norm above"):
            canny(patches[0], 0, in_units + 0.1, norm=norm)


@pytest.mark.equation("canny-magnitude")
@given(IMAGES)
def test_the_magnitude_is_the_norm_of_the_gradient(image):
    gx, gy, l1 = gradient(image)
    _, _, l2 = gradient(image, norm="l2")
    wide_x, wide_y = gx.astype(int), gy.astype(int)
    assert (l1 == abs(wide_x) + abs(wide_y)).all() and (l2 == wide_x**2 + wide_y**2).all()
    assert gx.dtype == np.int16 and l2.dtype == np.int32


@pytest.mark.parametrize("value", [0, 77, 255])
def test_a_flat_image_has_no_edges(value):
    assert not canny(np.full((5, 6), value, np.uint8), 0, 0).any()


def test_sigma_blurs_first():
    image = np.random.default_rng(0).integers(0, 256, (14, 14), np.uint8)
    blurred = canny(image, 60, 120, sigma=1.0)
    gx, gy, M = gradient(gaussian_blur(image.astype(np.float32), 1.0))  # not rounded to whole grey levels
    assert (blurred == hysteresis(M, non_maximum_suppression(gx, gy, M), 60, 120)).all()
    assert (blurred != canny(image, 60, 120)).any() and (blurred != canny(image, 60, 120, sigma=2.0)).any()


@pytest.mark.parametrize("change", [{"low": 10}, {"high": 700}, {"norm": "l2"}, {"sigma": 0.8}])
def test_every_parameter_changes_the_edges(change):
    image = np.random.default_rng(1).integers(0, 256, (14, 14), np.uint8)
    before = {"low": 300, "high": 500}
    assert (canny(image, **before) != canny(image, **before | change)).any()


# ---- each stage against its slow twin


@pytest.mark.equation("canny-suppression")
@given(IMAGES, st.sampled_from(NORMS))
def test_suppression_equals_the_angle_in_floating_point(image, norm):
    gx, gy, M = gradient(image, norm=norm)
    maxima = non_maximum_suppression(gx, gy, M)
    P = np.pad(M, 1)  # the magnitude counts as 0 outside
    angle = np.degrees(np.arctan2(gy, gx)) % 180
    for y, x in np.argwhere((M > 0) & (abs(angle % 45 - 22.5) > 0.01)):  # 0.01: where the integer test rounds
        dx, dy = [(1, 0), (1, 1), (0, 1), (1, -1)][round(angle[y, x] / 45) % 4]
        before, after = P[y + 1 - dy, x + 1 - dx], P[y + 1 + dy, x + 1 + dx]
        kept = M[y, x] > before and (M[y, x] > after if dx and dy else M[y, x] >= after)
        assert maxima[y, x] == kept, (y, x)
    assert not maxima[M == 0].any()


@pytest.mark.equation("canny-suppression")
def test_every_boundary_between_two_directions_is_at_22_5_degrees_modulo_45():
    for degrees in np.arange(0.05, 360, 0.1):  # 3600 directions, none within 0.05 degrees of a boundary
        gx, gy = (np.full((3, 3), f(math.radians(degrees)) * 1000) for f in (math.cos, math.sin))
        dx, dy = [(1, 0), (1, 1), (0, 1), (1, -1)][round(degrees / 45) % 4]
        M = np.full((3, 3), 9.0)
        M[1, 1], M[1 + dy, 1 + dx], M[1 - dy, 1 - dx] = 2, 1, 1  # the largest along its own direction only
        assert non_maximum_suppression(gx, gy, M)[1, 1], degrees


@pytest.mark.parametrize(("gx", "gy", "along_x"), [(169, 70, True), (408, 169, False), (70, 169, False)])
def test_the_nearest_small_fractions_to_tan_22_5_fall_on_their_sides(gx, gy, along_x):
    assert (gy < gx * math.tan(math.pi / 8)) == along_x  # 70/169 is 1.2e-5 below the tangent, 169/408 is 2e-6 above
    field = np.ones((3, 3), np.int16)
    M = np.array([[9, 9, 9], [1, 2, 1], [9, 9, 9]])  # a maximum along x only
    assert non_maximum_suppression(field * gx, field * gy, M.astype(np.int16))[1, 1] == along_x


def test_suppression_is_exact_at_the_ends_of_int16():
    gx = np.full((3, 3), -(2**15), np.int16)
    M = np.array([[9, 9, 9], [1, 2, 1], [9, 9, 9]], np.int32)
    assert non_maximum_suppression(gx, gx * 0, M)[1, 1]
    assert not non_maximum_suppression(gx * 0, gx, M)[1, 1]


@pytest.mark.equation("canny-hysteresis")
@given(
    hnp.arrays(np.int16, SHAPES, elements=st.integers(0, 9)),
    st.randoms(use_true_random=False),
    st.floats(-1, 10),
    st.floats(-1, 10),
)
def test_hysteresis_equals_labelled_components(M, random, a, b):
    low, high = sorted([a, b])
    maxima = np.array([random.random() < 0.7 for _ in range(M.size)]).reshape(M.shape)
    weak = maxima & (M > low)
    labels, _ = ndimage.label(weak, structure=EIGHT)
    expected = weak & np.isin(labels, labels[maxima & (M > high)])
    for dtype in (np.uint8, np.int16, np.int32, np.float32, np.float64):
        assert (hysteresis(M.astype(dtype), maxima, low, high) == expected).all()


@given(IMAGES, st.lists(st.floats(0, 1100), min_size=3, max_size=3), st.sampled_from(NORMS))
def test_edges_shrink_with_each_threshold_and_are_maxima(image, thresholds, norm):
    t0, t1, t2 = sorted(thresholds)
    loose, tight, tighter = (canny(image, *t, norm=norm) for t in ((t0, t1), (t0, t2), (t1, t2)))
    assert (tight <= loose).all() and (tighter <= tight).all()
    gx, gy, M = gradient(image, norm=norm)
    maxima = non_maximum_suppression(gx, gy, M)
    assert (loose <= maxima).all()
    once = M > (t1 * t1 if norm == "l2" else t1)
    assert (canny(image, t1, t1, norm=norm) == maxima & once).all()  # one threshold: no hysteresis


@given(st.integers(0, 10**6), st.sampled_from(NORMS))
def test_turning_and_mirroring_the_image_does_so_with_its_edges(seed, norm):
    image = np.random.default_rng(seed).random((9, 8))  # random floats have no ties, which are kept on one side
    edges = canny(image, 0.5, 1.5, norm=norm)
    for other in (lambda a: a[::-1, ::-1], lambda a: a.T, lambda a: a[:, ::-1], lambda a: np.rot90(a)):
        assert (canny(other(image), 0.5, 1.5, norm=norm) == other(edges)).all()
    assert (canny(1 - image, 0.5, 1.5, norm=norm) == edges).mean() > 0.98  # 1 - v is rounded, so nearly


def test_above_drops_what_is_not_above_it():
    gx, gy, M = gradient(np.random.default_rng(3).integers(0, 256, (9, 9), np.uint8))
    everything = non_maximum_suppression(gx, gy, M)
    assert (non_maximum_suppression(gx, gy, M, above=400.7) == everything & (M > 400)).all()
    assert 0 < (everything & (M > 400)).sum() < everything.sum()
    for m in M[everything]:  # "above" leaves out what is equal
        assert (non_maximum_suppression(gx, gy, M, above=m) == everything & (M > m)).all()


# ---- OpenCV


@pytest.mark.parametrize("norm", NORMS)
def test_equals_opencv_on_random_sizes_and_thresholds(norm):
    rng = np.random.default_rng(4)
    shapes = [(1, 1), (1, 2), (2, 1), (1, 15), (15, 1), (2, 2)] + [tuple(rng.integers(1, 15, 2)) for _ in range(200)]
    for k, shape in enumerate(shapes):
        image = rng.integers(0, 256, shape, np.uint8)
        image = [image, image // 128 * 255, np.sort(image, axis=1), gaussian_blur(image, 1.0)][k % 4]
        low, high = sorted(rng.uniform(0, [300, 1140][k % 2], 2))
        for a, b in ((low, high), (int(low), int(high)), (0, high), (low, low)):
            assert (canny(image, a, b, norm=norm) == opencv(image, a, b, norm)).all(), (k, shape, a, b)


@pytest.fixture
def opencv_itself():
    """With one thread cv2.Canny hands over to Intel's IPP, which rounds t * t to float32 where OpenCV floors it."""
    used = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    yield
    cv2.ipp.setUseIPP(used)


def test_equals_opencv_at_thresholds_that_are_magnitudes(opencv_itself):
    rng = np.random.default_rng(5)
    for _ in range(150):
        image = rng.integers(0, 256, (7, 7), np.uint8)
        for norm, M in (("l1", gradient(image)[2]), ("l2", np.sqrt(gradient(image, norm="l2")[2]))):
            t = float(M[M > 0].ravel()[rng.integers((M > 0).sum())])
            for low in (t / 2, t):
                assert (canny(image, low, t, norm=norm) == opencv(image, low, t, norm)).all()
    image = np.zeros((5, 5), np.uint8)
    image[2, 3], image[3, 3] = 125, 5  # at the centre gx = 255, gy = 5
    t = math.sqrt(255**2 + 5**2)  # t * t is 65049.99999999999, which is floored; t ** 2 is 65050.0 in the usual libm
    assert canny(image, t, t, norm="l2")[2, 2] and opencv(image, t, t, "l2")[2, 2]


@pytest.mark.large
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", SAMPLES)
def test_equals_opencv_on_every_bundled_picture(name, norm):
    image = to_gray(load(name))
    for low, high in ((10, 30), (100.5, 250.25)):
        edges = canny(image, low, high, norm=norm)
        assert (edges == opencv(image, low, high, norm)).all()
        assert edges.mean() < 0.5 and (edges.any() or low > 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("norm", NORMS)
def test_float_edges_equal_uint8_edges_when_the_scale_is_a_power_of_two(norm, dtype):
    rng = np.random.default_rng(6)
    for _ in range(40):  # dividing by 256 and not by 255 rounds nothing, so that equal magnitudes stay equal
        image = rng.integers(0, 256, (9, 10), np.uint8)
        low, high = sorted(rng.uniform(0, 1100, 2))
        scaled = canny(image.astype(dtype) / 256, low / 256, high / 256, norm=norm)
        assert (scaled == canny(image, low, high, norm=norm)).all()


@pytest.mark.large
def test_float_edges_are_nearly_uint8_edges_when_the_scale_is_255():
    image = load("coins")
    same = canny(image / 255, 100.5 / 255, 200.5 / 255) == canny(image, 100.5, 200.5)
    assert 0.98 < same.mean() < 1  # k / 255 is rounded, which breaks ties between neighbours; thresholds touch none


# ---- odd and bad arguments


def test_odd_but_good_arrays_give_the_same_edges():
    rng = np.random.default_rng(7)
    wide = rng.integers(0, 256, (20, 24), np.uint8)
    part = wide[::-2, 1::3]
    expected = canny(part.copy(), 100, 300)
    locked = part.copy()
    locked.setflags(write=False)
    for image in (part, np.asfortranarray(part), locked):
        assert (canny(image, 100, 300) == expected).all()
    real = part.astype(np.float64) / 256
    for dtype in (">f8", ">f4", "<f4"):
        assert (canny(real.astype(dtype), 100 / 256, 300 / 256) == expected).all()


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.float16, np.float32, np.float64])
def test_numpy_numbers_are_thresholds_like_any_other(kind):
    image = np.random.default_rng(8).integers(0, 256, (9, 9), np.uint8)
    for norm in NORMS:  # uint8(100) ** 2 is 16 and int8(100) ** 2 is 16 too
        assert (canny(image, kind(50), kind(100), norm=norm) == canny(image, 50, 100, norm=norm)).all()


IMAGE = np.zeros((4, 4), np.uint8)


@pytest.mark.parametrize(
    ("low", "high", "options", "error", "message"),
    [
        (2, 1, {}, ValueError, "`low` must not exceed `high`; got 2 > 1. Exchange them"),
        (-1, 1, {}, ValueError, "`low` must be at least 0; got -1"),
        (math.nan, 1, {}, ValueError, "`low` must be finite; got nan"),
        (1, math.inf, {}, ValueError, "`high` must be finite; got inf"),
        (1, 10**400, {}, ValueError, "`high` must be finite; got inf"),
        (1, 1531, {}, ValueError, "No gradient of a uint8 image has an L1 norm above 1530"),
        (1, 1141, {"norm": "l2"}, ValueError, "L2 norm above 1140.39"),
        (True, 1, {}, TypeError, "`low` must be a number; got bool"),
        (1, "2", {}, TypeError, "`high` must be a number; got str"),
        (None, 1, {}, TypeError, "`low` must be a number; got NoneType"),
        (1, 2, {"norm": "L1"}, ValueError, "`norm` must be 'l1' or 'l2'; got 'L1'"),
        (1, 2, {"norm": None}, ValueError, "`norm` must be 'l1' or 'l2'; got None"),
        (1, 2, {"sigma": 0}, ValueError, "`sigma` must lie in"),
        (1, 2, {"sigma": True}, TypeError, "`sigma` must be a number; got bool"),
    ],
)
def test_bad_arguments_of_canny_are_refused(low, high, options, error, message):
    with pytest.raises(error, match=message):
        canny(IMAGE, low, high, **options)


def test_uint8_thresholds_for_a_float_image_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match="float64 image has an L1 norm above 6: divide a threshold meant for uint8"):
        canny(np.zeros((4, 4)), 50, 150)


def test_bad_arguments_of_the_stages_are_refused():
    F = np.zeros((3, 3))
    with pytest.raises(ValueError, match="`low` must not exceed `high`"):
        hysteresis(F, F > 0, 2, 1)
    with pytest.raises(TypeError, match="hysteresis: `maxima` must be bool"):
        hysteresis(F, F, 1, 2)
    with pytest.raises(ValueError, match="must have one shape"):
        hysteresis(F, np.zeros((3, 4), bool), 1, 2)
    with pytest.raises(ValueError, match="must have one shape"):
        non_maximum_suppression(F, F, np.zeros((4, 3)))
    with pytest.raises(ValueError, match="`above` must be finite"):
        non_maximum_suppression(F, F, F, above=math.nan)
    with pytest.raises(ValueError, match="gradient: `norm` must be"):
        gradient(F, norm="l3")
    with pytest.raises(ValueError, match="`image` must be"):
        gradient(np.zeros((3, 3, 3)))


@settings(max_examples=30)
@given(st.floats(-1e300, 1e300))
def test_a_threshold_beyond_the_integers_is_above_or_below_all_of_them(t):
    M = np.array([[0, 2**31 - 1]], np.int32)
    assert hysteresis(M, M >= 0, t, t).tolist() == [[t < 0, t < 2**31 - 1]]
