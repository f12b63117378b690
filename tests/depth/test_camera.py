"""The pinhole camera: OpenCV's projection, round trips, closed forms, bad arguments."""

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib.depth.camera import Camera, back_project, look_at, pinhole, pixel_rays, project

LENGTHS = st.floats(-5, 5)
POINTS = st.tuples(LENGTHS, LENGTHS, LENGTHS).map(np.array)
K = np.array([[300.0, 2.0, 150.0], [0, 280.0, 110.0], [0, 0, 1]])


def pose(eye, target):
    assume(np.hypot(*(target - eye)[[0, 2]]) > 0.1)
    return look_at(eye, target)


# ---- the picture and its angle


@pytest.mark.equation("focal-length")
@pytest.mark.parametrize("angle", [20, 60, 90, 140])
def test_the_borders_of_the_picture_are_seen_under_half_the_angle(angle):
    camera = pinhole(200, 120, field_of_view_deg=angle)
    for x in (-0.5, 199.5):
        ray = pixel_rays(camera, np.array([x, 59.5]))
        assert np.degrees(np.arctan2(abs(ray[0]), ray[2])) == pytest.approx(angle / 2)
        assert np.sign(ray[0]) == np.sign(x)
    assert camera.K[0, 0] == camera.K[1, 1] and camera.K[:2, 2].tolist() == [99.5, 59.5]


def test_known_focal_length():
    assert pinhole(200, 50, field_of_view_deg=90).K[0, 0] == pytest.approx(100)
    assert pinhole(200, 50).K[0, 0] == pytest.approx(100 * np.sqrt(3))  # 60 degrees


# ---- the pose


@given(POINTS, POINTS)
def test_the_pose_is_a_rotation_level_and_upright_and_has_the_target_in_the_middle(eye, target):
    T = pose(eye, target)
    R = T[:3, :3]
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(R) == pytest.approx(1)
    assert abs(R[0, 1]) < 1e-12 and R[1, 1] > 0  # x is level; what is below in the world is below in the picture
    camera = pinhole(101, 81, cam_from_world=T)
    points_xy, depth = project(camera, target)
    np.testing.assert_allclose(points_xy, [50, 40], atol=1e-9)
    assert depth == pytest.approx(np.linalg.norm(target - eye))
    np.testing.assert_allclose(camera.center, eye, atol=1e-9)


def test_right_is_right_and_down_is_down():
    camera = pinhole(100, 100, cam_from_world=look_at([3, -1, 2], [3, -1, 9]))
    (x, y), _ = project(camera, np.array([3.5, -0.8, 5]))
    assert x > 49.5 and y > 49.5
    from_behind = pinhole(100, 100, cam_from_world=look_at([3, -1, 9], [3, -1, 2]))
    (x, y), _ = project(from_behind, np.array([3.5, -0.8, 5]))
    assert x < 49.5 and y > 49.5


# ---- projection


@pytest.mark.equation("pinhole-projection")
@given(POINTS, POINTS, st.lists(POINTS, min_size=1, max_size=5))
def test_projection_equals_opencv(eye, target, points):
    T, points = pose(eye, target), np.array(points)
    shear_free = K * [[1, 0, 1], [1, 1, 1], [1, 1, 1]]  # OpenCV's camera has no shear
    camera = Camera(shear_free, T, 300, 220)
    ours, depth = project(camera, points)
    in_camera = points @ T[:3, :3].T + T[:3, 3]
    np.testing.assert_allclose(depth, in_camera[:, 2], atol=1e-12)
    front = depth > 0.05
    assert np.isnan(ours[depth <= 0]).all()
    if front.any():
        theirs, _ = cv2.projectPoints(points[front], cv2.Rodrigues(T[:3, :3])[0], T[:3, 3], shear_free, None)
        np.testing.assert_allclose(ours[front], theirs[:, 0], rtol=1e-7, atol=1e-5)  # Rodrigues and back: 1e-9 rad


@pytest.mark.equation("pixel-ray")
@pytest.mark.equation("back-projection")
@given(POINTS, POINTS, st.tuples(st.floats(-50, 350), st.floats(-50, 270)), st.floats(0.1, 50))
def test_back_projection_and_projection_are_inverse(eye, target, xy, z):
    camera = Camera(K, pose(eye, target), 300, 220)
    X = back_project(camera, np.array(xy), np.array(z))
    points_xy, depth = project(camera, X)
    np.testing.assert_allclose(points_xy, xy, atol=1e-7)
    assert depth == pytest.approx(z)
    ray = pixel_rays(camera, np.array(xy))
    np.testing.assert_allclose(X, camera.center + z * ray, atol=1e-9)
    assert (camera.cam_from_world[:3, :3] @ ray)[2] == pytest.approx(1)  # depth, not distance


def test_shapes_are_kept_and_shear_is_used():
    camera = Camera(K, np.eye(4), 300, 220)
    points = np.random.default_rng(0).uniform(1, 2, (4, 5, 3))
    points_xy, depth = project(camera, points)
    assert points_xy.shape == (4, 5, 2) and depth.shape == (4, 5)
    np.testing.assert_allclose(back_project(camera, points_xy, depth), points, atol=1e-12)
    (x, y), _ = project(camera, np.array([0, 1.0, 2]))
    assert (x, y) == (151, 250)  # 150 + 2 / 2, 110 + 280 / 2


def test_behind_the_camera_there_is_a_depth_but_no_pixel():
    points_xy, depth = project(pinhole(5, 5), np.array([[0, 0, -2.0], [0, 0, 0]]))
    assert np.isnan(points_xy).all() and depth.tolist() == [-2, 0]


# ---- bad arguments

MIRROR = np.diag([-1.0, 1, 1, 1])


@pytest.mark.parametrize(("change", "error", "message"), [
    (dict(K=np.eye(4)), ValueError, r"Camera: `K` must be of shape \(3, 3\); got \(4, 4\)"),
    (dict(K=-np.eye(3)), ValueError, "Camera: `K` must be .* with fx, fy >= 1e-6"),
    (dict(K=np.diag([1e-320, 1, 1])), ValueError, "Camera: `K` must be .* with fx, fy >= 1e-6"),
    (dict(K=np.diag([1, 1e13, 1])), ValueError, r"Camera: `K` must lie in -1e\+12..1e\+12"),
    (dict(cam_from_world=np.eye(4) + np.diag([2e7, 0, 0], k=1)), ValueError, "Camera: `cam_from_world` must lie in"),
    (dict(cam_from_world=np.diag([1 + 1e-6] * 3 + [1])), ValueError, r"R R\^T = 1, up to 1e-6"),
    (dict(K=np.eye(3)[[1, 0, 2]]), ValueError, "Camera: `K` must be"),
    (dict(cam_from_world=MIRROR), ValueError, "a rotation and a translation, .* Build it with look_at"),
    (dict(cam_from_world=2 * np.eye(4)), ValueError, "det R = 1"),
    (dict(cam_from_world=np.eye(3)), ValueError, r"of shape \(4, 4\)"),
    (dict(width=0), ValueError, "Camera: `width` must be at least 1"),
    (dict(height=2.5), TypeError, "Camera: `height` must be a whole number"),
])  # fmt: skip
def test_what_is_no_camera_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        Camera(**dict(K=np.eye(3), cam_from_world=np.eye(4), width=4, height=3) | change)


def test_a_rotation_of_seven_digits_is_one():
    R = look_at((0, 0, 0), (1, 2, 3))[:3, :3]
    camera = Camera(np.eye(3), np.block([[R.round(7), np.zeros((3, 1))], [0, 0, 0, 1]]), 4, 3)
    assert np.array_equal(camera.cam_from_world[:3, :3], R.round(7)) and not np.array_equal(R, R.round(7))


def test_a_camera_keeps_copies_that_nobody_can_change():
    K, T = np.eye(3), np.eye(4)
    camera = Camera(K, T, 4, 3)
    K[0, 0], T[0, 3] = -8, 1
    assert camera.K[0, 0] == 1 and camera.center.tolist() == [0, 0, 0]
    for array in (camera.K, camera.cam_from_world):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 2


def test_cameras_are_keys_and_equal_to_themselves_only():
    camera = pinhole(4, 3)
    assert camera == camera and camera != dataclasses.replace(camera) and {camera: 1}[camera] == 1


@pytest.mark.filterwarnings("error")
def test_what_is_not_a_nanometre_before_the_eye_has_no_pixel():
    points_xy, depth = project(pinhole(5, 5), np.array([[1, 0, 1e-310], [1, 0, 1e-10], [0, 0, 1e-8]]))
    assert np.isnan(points_xy[:2]).all() and points_xy[2].tolist() == [2, 2]
    assert depth.tolist() == [1e-310, 1e-10, 1e-8]


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: look_at([0, 0, 0], [1e200, 1, 1e200]), ValueError, "look_at: `target` must lie in"),
    (lambda: look_at([1e8, 0, 0], [0, 0, 0]), ValueError, "look_at: `eye` must lie in"),
    (lambda: pinhole(5, 5, field_of_view_deg=1e-320), ValueError, "pinhole: `field_of_view_deg` must lie in"),
    (lambda: pinhole(0, 5), ValueError, "pinhole: `width` must be at least 1"),
    (lambda: pinhole(5, 5, field_of_view_deg=0), ValueError, "pinhole: `field_of_view_deg` must lie in"),
    (lambda: pinhole(5, 5, field_of_view_deg=180), ValueError, "`field_of_view_deg` must lie in"),
    (lambda: look_at([0, 0, 0], [0, 3, 0]), ValueError, "nor straight above or below it; .* Move it a little aside"),
    (lambda: look_at([1, 2, 3], [1, 2, 3]), ValueError, "look_at: `target` must not be `eye`"),
    (lambda: look_at([0, 0], [0, 3, 0]), ValueError, r"look_at: `eye` must be of shape \(3,\)"),
    (lambda: project("camera", np.zeros(3)), TypeError, "project: `camera` must be a Camera; got str"),
    (lambda: project(pinhole(5, 5), np.zeros(2)), ValueError, r"`points_xyz` must be \(..., 3\)"),
    (lambda: project(pinhole(5, 5), np.full(3, np.nan)), ValueError, "holds NaN or infinity"),
    (lambda: pixel_rays(pinhole(5, 5), np.zeros(3)), ValueError, r"must be \(..., 2\)"),
    (lambda: pixel_rays(np.eye(3), np.zeros(2)), TypeError, "pixel_rays: `camera` must be a Camera"),
    (lambda: back_project(pinhole(5, 5), np.zeros((4, 2)), np.ones(3)), ValueError, r"one number for each point, \(4,"),
    (lambda: back_project(pinhole(5, 5), np.zeros(2), np.inf), ValueError, "must be finite and above zero"),
    (lambda: back_project(pinhole(5, 5), np.zeros(2), -1.0), ValueError, "must be finite and above zero"),
])  # fmt: skip
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
