"""Distances: closed forms of square and disk, rings, the eikonal equation, OpenCV, and areas counted by brute force."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.data.distance_fields import coverage, disk_distance, polygon_distance

BOX = [[-4.0, -2.0], [4.0, -2.0], [4.0, 2.0], [-4.0, 2.0]]
Y, X = np.mgrid[-9:9:37j, -9:9:37j]
STAR = [[0, -7], [2, -2], [7, -2], [3, 1], [5, 6], [0, 3], [-5, 6], [-3, 1], [-7, -2], [-2, -2]]
COORDINATE = st.integers(-6, 6).map(float)
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=6)


def box_distance(x, y, a=4.0, b=2.0):
    """The closed form: outside the distance to the rectangle, inside that to the nearest side."""
    u, v = np.abs(x) - a, np.abs(y) - b
    return np.hypot(np.maximum(u, 0), np.maximum(v, 0)) + np.minimum(np.maximum(u, v), 0)


def turned(points, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray(points) @ np.array([[c, s], [-s, c]])


def naive_distance(loops, px, py):
    """Sample every edge densely; count turns of the loops round the point by their angles."""
    nearest, turns = np.inf, 0.0
    for loop in loops:
        for a, b in zip(loop, loop[1:] + loop[:1], strict=True):
            t = np.linspace(0, 1, 2001)
            edge = np.outer(1 - t, a) + np.outer(t, b) - [px, py]
            nearest = min(nearest, np.hypot(*edge.T).min())
            angle = np.arctan2(edge[:, 1], edge[:, 0])
            turns += np.sum((np.diff(angle) + np.pi) % (2 * np.pi) - np.pi)
    return -nearest if round(turns / (2 * np.pi)) != 0 else nearest


def covered_share(inside, n=64):
    """Exact areas of the pixels at 0..8, 0..8 up to 1 / n: which of n x n points in each are inside."""
    sub = (np.arange(9 * n) + 0.5) / n - 0.5
    return inside(sub[None, :], sub[:, None]).reshape(9, n, 9, n).mean(axis=(1, 3))


# ---- distances


@pytest.mark.equation("polygon-distance")
@pytest.mark.parametrize("degrees", [0, 30, 45, 160])
@pytest.mark.parametrize("order", [1, -1])
def test_a_rectangle_has_its_closed_form_in_every_turn_and_sense(degrees, order):
    x, y = turned(np.stack([X, Y], axis=-1), -degrees).transpose(2, 0, 1)
    distance = polygon_distance([turned(BOX, degrees)[::order]], X, Y)
    np.testing.assert_allclose(distance, box_distance(x, y), atol=1e-12)
    assert distance[18, 18] == pytest.approx(-2) and distance.dtype == np.float64


@pytest.mark.equation("polygon-distance")
@given(st.lists(POINTS, min_size=1, max_size=2), st.floats(-6, 6), st.floats(-6, 6))
def test_equals_dense_samples_and_turns_counted_by_angles(loops, px, py):
    distance = float(polygon_distance(loops, np.array(px), np.array(py)))
    expected = naive_distance(loops, px, py)
    assert abs(abs(distance) - abs(expected)) < 0.01  # samples of an edge of up to 17 px lie 0.0085 apart
    if abs(distance) > 0.02:
        assert np.sign(distance) == np.sign(expected)


def test_equals_opencv_with_the_opposite_sign():
    theirs = [[-cv2.pointPolygonTest(np.array(STAR, np.float32), (float(x), float(y)), True)
               for x, y in zip(*rows, strict=True)] for rows in zip(X, Y, strict=True)]
    np.testing.assert_allclose(polygon_distance([STAR], X, Y), theirs, atol=1e-6)  # it computes in float32


def test_a_polygon_of_many_corners_is_a_disk():
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    circle = 5 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + [1, -2]
    sagitta = 5 * (1 - np.cos(np.pi / 720))
    np.testing.assert_allclose(polygon_distance([circle], X, Y), disk_distance([1, -2], 5, X, Y), atol=sagitta + 1e-12)


def test_a_hole_is_a_loop_of_the_other_sense_and_one_of_the_same_sense_is_none():
    inner = np.array(BOX) / 2
    ring, filled = polygon_distance([BOX, inner[::-1]], X, Y), polygon_distance([BOX, inner], X, Y)
    inside = (np.abs(X) < 4) & (np.abs(Y) < 2)
    hole = (np.abs(X) < 2) & (np.abs(Y) < 1)
    assert ((ring < 0) == (inside & ~((np.abs(X) <= 2) & (np.abs(Y) <= 1)))).all()
    assert (ring[hole] > 0).all() and (filled[hole] < 0).all() and (np.abs(ring) == np.abs(filled)).all()


def test_loops_apart_are_a_union_whose_distance_outside_is_the_minimum():
    left, right = np.array(BOX) / 2 - [5, 0], np.array(BOX) / 2 + [5, 1]
    both = polygon_distance([left, right], X, Y)
    assert np.array_equal(both, np.minimum(polygon_distance([left], X, Y), polygon_distance([right], X, Y)))


def test_an_offset_grows_a_disk_and_rounds_a_box():
    assert np.allclose(disk_distance([0, 0], 3, X, Y) - 1.5, disk_distance([0, 0], 4.5, X, Y))
    y, x = np.mgrid[-9:9:720j, -9:9:720j] * 719 / 720  # centres of cells of 1/40, none on the outline
    area = (polygon_distance([BOX], x, y) - 2 < 0).sum() / 40**2
    assert area == pytest.approx(8 * 4 + 2 * (8 + 4) * 2 + np.pi * 4, rel=2e-3)  # Steiner: A + P r + pi r^2


@pytest.mark.equation("eikonal")
def test_the_gradient_has_length_one_away_from_the_medial_axis():
    h = 1e-5
    for distance in (lambda x, y: polygon_distance([STAR], x, y), lambda x, y: disk_distance([1, 2], 3, x, y)):
        x, y = X + 0.123, Y + 0.0456
        dx = (distance(x + h, y) - distance(x - h, y)) / (2 * h)
        dy = (distance(x, y + h) - distance(x, y - h)) / (2 * h)
        assert np.mean(np.abs(np.hypot(dx, dy) - 1) < 1e-6) > 0.99
        assert np.hypot(dx, dy).max() < 1 + 1e-6


def test_a_grid_and_its_open_form_give_the_same_and_integers_are_pixels():
    y, x = np.ogrid[:7, :9]
    Y2, X2 = np.mgrid[:7, :9]
    assert np.array_equal(polygon_distance([STAR], x, y), polygon_distance([STAR], X2, Y2))
    assert disk_distance((4, 3), 2, x, y).shape == (7, 9) and disk_distance((4, 3), 2, x, y)[3, 4] == -2
    assert disk_distance((4, 3), 2, x, y)[3, 8] == 2 and disk_distance((4, 3), 2, x, y)[0, 4] == 1


def test_a_loop_of_one_point_or_of_equal_points_is_a_point():
    for loop in ([[1, 1]], [[1, 1]] * 3):
        assert polygon_distance([loop], np.array([4.0, 1.0]), np.array([5.0, 1.0])).tolist() == [5, 0]


def test_the_farthest_numbers_that_are_taken_give_finite_distances_without_a_warning():
    far = 0.99e12
    assert polygon_distance([np.sign(BOX) * far], np.array([0.0]), np.array([0.0])) == -far
    assert np.isfinite(polygon_distance([BOX], np.float32([far, -far]), np.float32([far, far]))).all()
    assert disk_distance((far, 0), far, np.array([-far]), np.array([0.0])) == far


# ---- coverage


@pytest.mark.parametrize(("degrees", "bound"), [(0, 1 / 128), (90, 1 / 128), (20, 0.03), (45, 0.045), (-60, 0.04)])
def test_coverage_of_a_half_plane_is_its_exact_area(degrees, bound):
    """Brute force counts up to 1/128; an oblique edge cuts corners that the ramp does not know: 0.043 at 45 degrees."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    for offset in (3.0, 3.3, 4.5):
        exact = covered_share(lambda x, y, k=offset: c * x + s * y < k)
        y, x = np.ogrid[:9, :9]
        assert np.abs(coverage(c * x + s * y - offset) - exact).max() <= bound


@pytest.mark.parametrize(("radius", "bound"), [(1.5, 0.12), (3.7, 0.06)])
def test_coverage_of_a_disk_is_nearly_its_exact_area(radius, bound):
    exact = covered_share(lambda x, y: np.hypot(x - 4.2, y - 3.9) < radius)
    y, x = np.ogrid[:9, :9]
    ours = coverage(disk_distance((4.2, 3.9), radius, x, y))
    assert np.abs(ours - exact).max() < bound
    assert ours.sum() == pytest.approx(np.pi * (radius**2 + 1 / 12), rel=0.02)  # the ramp's integral over the plane


@pytest.mark.equation("coverage")
def test_the_sigmoid_is_one_half_on_the_outline_and_as_steep_as_said():
    d = np.linspace(-3, 3, 601)
    for s in (0.1, 0.25, 1.0):
        share = coverage(d, softness=s)
        np.testing.assert_allclose(share, 1 / (1 + np.exp(d / s)), rtol=1e-12)
        np.testing.assert_allclose(share + share[::-1], 1, atol=1e-12)
        assert (np.diff(share) < 0).all() and share[300] == 0.5
        assert (coverage(np.array(1e-6), softness=s) - 0.5) / 1e-6 == pytest.approx(-1 / (4 * s), rel=1e-4)
    assert np.abs(coverage(d, softness=0.25) - coverage(d)).max() == pytest.approx(1 / (1 + np.e**2), rel=1e-3)


def test_coverage_far_away_is_nothing_or_all_without_a_warning():
    far = np.array([-1e12, 1e12], np.float32) * np.float32(0.99)
    assert coverage(far).tolist() == [1, 0] and coverage(far, softness=1e-6).tolist() == [1, 0]
    assert coverage(far).dtype == coverage(far, softness=1.0).dtype == np.float32
    assert coverage(np.array([0, 1])).dtype == np.float64


# ---- bad arguments


@pytest.mark.parametrize(("loops", "x", "error", "message"), [
    (np.array(BOX), X, TypeError, r"polygon_distance: `points_xy_loops` must be a list .* got ndarray. Put brackets"),
    ([], X, ValueError, r"at least one \(k, 2\) loop; got an empty list. No shape has no distance; leave the call out"),
    ([np.array(BOX) * 1e200], X, ValueError, r"`points_xy_loops` must lie in -1e12..1e12; got -4e\+200..4e\+200"),
    ([BOX], X * 1e200, ValueError, r"`x` must lie in -1e12..1e12; got -9e\+200..9e\+200"),
    (BOX, X, ValueError, r"every loop of `points_xy_loops` must be \(k, 2\), k >= 1; got \(2,\). Put brackets"),
    ([np.zeros((0, 2))], X, ValueError, r"got \(0, 2\)"),
    ([np.zeros((4, 3))], X, ValueError, r"must be \(..., 2\), x before y; got \(4, 3\)"),
    ([[[0, np.nan]]], X, ValueError, "holds NaN"),
    ([BOX], X[:5], ValueError, r"`x` and `y` must broadcast; got \(5, 37\) and \(37, 37\). Take both"),
    ([BOX], np.full(X.shape, np.inf), ValueError, "`x` holds NaN or infinity"),
    ([BOX], X > 0, TypeError, "`x` must hold real numbers; got dtype bool"),
    ([BOX], None, TypeError, "`x` must be a NumPy array of numbers"),
])  # fmt: skip
def test_what_has_no_distance_is_refused(loops, x, error, message):
    with pytest.raises(error, match=message):
        polygon_distance(loops, x, Y)


def test_bad_disks_and_coverages_are_refused():
    with pytest.raises(ValueError, match=r"disk_distance: `radius` must lie in \(0, 1e\+12\]; got 0"):
        disk_distance((0, 0), 0, X, Y)
    with pytest.raises(ValueError, match=r"disk_distance: `center_xy` must be of shape \(2,\); got \(3,\)"):
        disk_distance((0, 0, 1), 1, X, Y)
    with pytest.raises(ValueError, match="disk_distance: `y` holds NaN"):
        disk_distance((0, 0), 1, X, Y * np.nan)
    with pytest.raises(ValueError, match="disk_distance: `center_xy` must lie in -1e12..1e12"):
        disk_distance((0, 1e308), 1, X, Y)
    with pytest.raises(ValueError, match="disk_distance: `radius` must lie in"):
        disk_distance((0, 0), 1e308, X, Y)
    for softness in (0, 5e-324):
        with pytest.raises(ValueError, match="coverage: `softness` must be at least 1e-06"):
            coverage(X, softness=softness)
    with pytest.raises(ValueError, match="coverage: `distance` must lie in -1e12..1e12"):
        coverage(np.array([1e308]))
    with pytest.raises(ValueError, match="coverage: `distance` holds NaN"):
        coverage(np.array([np.nan]))
