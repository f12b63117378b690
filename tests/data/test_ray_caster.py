"""The ray caster: closed forms for balls, planes and shadows, a NumPy twin, OpenCV, one edge to a grey level."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.rendering import numpy_render, same_view
from course_lib.data import ray_caster, scenes, textures
from course_lib.data.ray_caster import AMBIENT, BACKGROUND, GAMMA, first_hits, render
from course_lib.data.surfaces import Parallelogram, Scene, Sphere, box
from course_lib.depth.camera import back_project, look_at, pinhole, pixel_rays, project

WHITE = textures.paint(np.full((1, 1), 255, np.uint8))
GRAY = textures.paint(np.full((1, 1), 100, np.uint8))
FLOOR = Parallelogram((-50, 0, 60), (100, 0, 0), (0, 0, -120), WHITE, 1)
TILTED = look_at((0.3, -1.4, -2.0), (0.1, -0.5, 1.0))


def grid(camera):
    return np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1).astype(float)


def points_of(view, mask):
    return back_project(view.camera, grid(view.camera)[mask], view.depth[mask])


# ---- balls


@pytest.mark.equation("ray-sphere")
@settings(max_examples=25)
@given(st.floats(-2, 2), st.floats(-1.5, 1.5), st.floats(2.5, 8), st.floats(0.1, 2))
def test_a_ball_is_seen_where_its_outline_is_and_as_deep_as_the_closed_form_says(x, y, z, r):
    """Its outline is the conic (d . c)^2 = d^2 (c^2 - r^2), where the ray touches."""
    camera, c = pinhole(24, 18, field_of_view_deg=70), np.array([x, y, z])
    view = render(Scene((Sphere((x, y, z), r, WHITE, 4),)), camera)
    d = pixel_rays(camera, grid(camera))
    dc, dd = d @ c, (d * d).sum(-1)
    discriminant = dc**2 - dd * (c @ c - r**2)
    clear = np.abs(discriminant) > 1e-9
    inside = discriminant > 0
    assert ((view.instances == 4) == inside)[clear].all() and (view.surfaces == inside - 1)[clear].all()
    inside &= clear
    expected = (dc - np.sqrt(np.maximum(discriminant, 0))) / dd
    np.testing.assert_allclose(view.depth[inside], expected[inside], rtol=1e-9)
    np.testing.assert_allclose(view.normals[inside], (expected[..., None] * d - c)[inside] / r, atol=1e-7)
    assert np.isinf(view.depth[~inside & clear]).all() and (view.normals[~inside & clear] == 0).all()


def test_a_ball_behind_the_camera_is_not_seen():
    assert (render(Scene((Sphere((0, 0, -5), 1.0, WHITE, 1),)), pinhole(8, 8)).instances == 0).all()


# ---- planes


@pytest.mark.equation("ray-plane")
def test_the_floor_is_as_deep_as_its_height_and_ends_at_the_horizon():
    camera = pinhole(40, 30, cam_from_world=look_at((0, -1.5, 0), (0, -1.5, 1)))
    floor = Parallelogram((-1e6, 0, 1e6), (2e6, 0, 0), (0, 0, -2e6), WHITE, 3)
    view = render(Scene((floor,)), camera)
    below = np.arange(30) - camera.K[1, 2]  # of the horizon: 14.5
    assert ((view.instances == 3) == (below > 0)[:, None]).all()
    np.testing.assert_allclose(view.depth[15:], np.tile(camera.K[1, 1] * 1.5 / below[15:, None], 40), rtol=1e-9)
    np.testing.assert_allclose(view.normals[15:], np.tile([0, -1.0, 0], (15, 40, 1)), atol=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_a_parallelogram_covers_the_pixels_whose_centres_lie_in_its_projected_outline(seed):
    rng = np.random.default_rng(seed)
    corner, u, v = rng.uniform((-1, -1, 4), (1, 1, 6)), rng.uniform(-2, 2, 3), rng.uniform(-2, 2, 3)
    camera = pinhole(32, 24, field_of_view_deg=75)
    outline, _ = project(camera, np.array([corner, corner + u, corner + u + v, corner + v]))
    view = render(Scene((Parallelogram(tuple(corner), tuple(u), tuple(v), WHITE, 1),)), camera)
    edges = np.roll(outline, -1, axis=0) - outline
    to = grid(camera)[..., None, :] - outline
    side = edges[:, 0] * to[..., 1] - edges[:, 1] * to[..., 0]  # of each of the four lines: convex, so one sign inside
    inside = (side > 0).all(-1) | (side < 0).all(-1)
    clear = (np.abs(side) > 1e-6).all(-1)
    assert ((view.instances == 1) == inside)[clear].all()
    distance = np.array([cv2.pointPolygonTest(outline.astype(np.float32), tuple(map(float, p)), True)
                         for p in grid(camera).reshape(-1, 2)]).reshape(24, 32)
    assert ((view.instances == 1) == (distance > 0))[np.abs(distance) > 0.01].all()


def test_the_nearer_of_two_is_seen_whatever_their_order():
    near = Parallelogram((-1, -1, 3), (2, 0, 0), (0, 2, 0), WHITE, 1)
    far = Parallelogram((-9, -9, 5), (18, 0, 0), (0, 18, 0), GRAY, 2)
    for surfaces in ((near, far), (far, near)):
        view = render(Scene(surfaces), pinhole(16, 16))
        assert (view.depth[8, 8], view.instances[8, 8]) == (3, 1) and (view.depth[0, 0], view.instances[0, 0]) == (5, 2)
        assert surfaces[view.surfaces[8, 8]] is near


@pytest.mark.large
def test_normals_are_those_of_the_depth_map():
    """Inside a surface the cross product of the steps to the right and down, towards the camera."""
    camera = scenes.reference_camera(160, 120)
    view = render(scenes.reference_room(textured=False), camera)
    X = back_project(camera, grid(camera), view.depth) @ camera.cam_from_world[:3, :3].T
    right, down = X[1:-1, 2:] - X[1:-1, :-2], X[2:, 1:-1] - X[:-2, 1:-1]
    n = np.cross(down, right)
    n /= np.linalg.norm(n, axis=-1, keepdims=True)
    s = view.surfaces
    inner = (s[1:-1, 2:] == s[1:-1, :-2]) & (s[2:, 1:-1] == s[:-2, 1:-1]) & (s[1:-1, 1:-1] == s[1:-1, 2:]) \
        & (s[1:-1, 1:-1] == s[2:, 1:-1])
    flat = np.array([isinstance(surface, Parallelogram) for surface in scenes.reference_room().surfaces])[s[1:-1, 1:-1]]
    agreement = (n * view.normals[1:-1, 1:-1]).sum(-1)
    assert (inner & flat).mean() > 0.7 and (1 - agreement[inner & flat]).max() < 1e-9
    assert (inner & ~flat).mean() > 0.01 and np.median(agreement[inner & ~flat]) > 0.999
    np.testing.assert_allclose(np.linalg.norm(view.normals, axis=-1), 1, atol=1e-12)
    rays = pixel_rays(camera, grid(camera)) @ camera.cam_from_world[:3, :3].T
    assert ((view.normals * rays).sum(-1) < 0).all()


def test_first_hits_counts_in_lengths_of_the_direction():
    rays = np.array([[[0, 1, 0], [0, 4, 0], [0, -1, 0], [1, 0, 0.0]]])
    z, surfaces, normals = first_hits(Scene((FLOOR,)), (0, -2, 0), rays)
    assert normals.tolist() == [[[0, -1, 0], [0, -1, 0], [0, 0, 0], [0, 0, 0]]]
    assert z.tolist() == [[2, 0.5, np.inf, np.inf]] and surfaces.tolist() == [[0, 0, -1, -1]]


# ---- light


def gray_of(light):
    return round(255 * light ** (1 / GAMMA))


def test_without_a_lamp_the_colour_is_the_textures_and_the_background_is_light_grey():
    square = Parallelogram((-1, -1, 3), (2, 0, 0), (0, 2, 0), GRAY, 1)
    view = render(Scene((square,)), pinhole(16, 16))
    assert view.rgb[8, 8].tolist() == [100] * 3 and view.rgb[0, 0].tolist() == [gray_of(BACKGROUND)] * 3


@pytest.mark.equation("lambert")
@pytest.mark.parametrize("lamp", [(0, -3, 0), (2, -1, 1), (-4, -0.5, 3)])
def test_the_lamp_adds_the_cosine_and_the_rest_comes_from_everywhere(lamp):
    camera = pinhole(9, 9, field_of_view_deg=2, cam_from_world=look_at((0, -2, -2), (0, 0, 0)))
    floor = Parallelogram((-5, 0, 5), (10, 0, 0), (0, 0, -10), WHITE, 1)
    cosine = -lamp[1] / np.linalg.norm(lamp)
    expected = gray_of(AMBIENT + (1 - AMBIENT) * cosine)
    assert render(Scene((floor,), lamp_xyz=lamp), camera).rgb[4, 4].tolist() == [expected] * 3
    under = (lamp[0], 1.0, lamp[2])  # the lamp is on the other side
    assert render(Scene((floor,), lamp_xyz=under), camera).rgb[4, 4].tolist() == [gray_of(AMBIENT)] * 3


@pytest.mark.large
def test_the_shadow_of_a_ball_on_the_floor_is_the_ellipse_of_the_lamps_tangents():
    lamp, c, r = np.array([-1.0, -4.0, 0.5]), np.array([0.4, -1.2, 1.5]), 0.5
    camera = pinhole(160, 120, cam_from_world=look_at((0.2, -2.5, -2), (0.6, 0, 1.6)))
    view = render(Scene((FLOOR, Sphere(tuple(c), r, WHITE, 2)), lamp_xyz=tuple(lamp)), camera)
    floor = cv2.erode((view.instances == 1).astype(np.uint8), np.ones((3, 3))) > 0  # all four rays meet the floor
    q = points_of(view, floor)
    d = lamp - q  # the segment from the floor to the lamp, q + s d
    s = np.clip(((c - q) * d).sum(-1) / (d * d).sum(-1), 0, 1)
    nearest = np.linalg.norm(q + s[:, None] * d - c, axis=-1)
    cosine = -lamp[1] / np.linalg.norm(d, axis=-1)
    lit = 255 * (AMBIENT + (1 - AMBIENT) * cosine) ** (1 / GAMMA)
    gray = view.rgb[floor][:, 0].astype(float)
    outside, inside = nearest > r + 0.06, nearest < r - 0.06  # in between, a pixel's four rays may differ
    assert inside.sum() > 500 and outside.sum() > 5000
    assert np.abs(gray - lit)[outside].max() < 1.5 and np.abs(gray - gray_of(AMBIENT))[inside].max() < 1.5


def test_what_lies_beyond_the_lamp_throws_no_shadow():
    camera = pinhole(5, 5, field_of_view_deg=2, cam_from_world=look_at((0, -1, -3), (0, 0, 0)))
    lid = Parallelogram((-3, -2, -3), (6, 0, 0), (0, 0, 6), WHITE, 2)
    lit, dark = (render(Scene((FLOOR, lid), lamp_xyz=(0, y, 0)), camera).rgb[2, 2, 0] for y in (-1.9, -2.1))
    assert lit == 255 and dark == gray_of(AMBIENT)


def test_an_edge_at_a_third_of_a_pixel_gives_the_mean_of_four_rays_in_light():
    """Two of the four rays of the pixel meet white, two black: half of the light, which is not half of 255."""
    camera = pinhole(9, 9, field_of_view_deg=90)
    black = textures.paint(np.zeros((1, 1), np.uint8))
    for x, light in ((-0.4, 1), (-0.1, 0.5), (0.1, 0.5), (0.4, 0)):  # the edge, in pixels from the middle one
        edge = x / camera.K[0, 0]  # at depth 1
        white = Parallelogram((edge, -9, 1), (20, 0, 0), (0, 18, 0), WHITE, 1)
        dark = Parallelogram((edge, -9, 1), (-20, 0, 0), (0, 18, 0), black, 2)
        view = render(Scene((white, dark)), camera)
        assert view.rgb[4].max(axis=-1).tolist() == [0] * 4 + [gray_of(light)] + [255] * 4
        assert view.instances[4, 4] == (1 if x < 0 else 2)  # the centre's ray decides alone


@pytest.mark.parametrize("y", [-2.4, -2.599, -2.6 + 1e-7, -2.6])
def test_a_lamp_on_the_ceiling_lights_the_room(y):
    camera = pinhole(16, 12, field_of_view_deg=40, cam_from_world=look_at((0, -2, 0), (0, 0, 2)))
    room = Scene((*scenes._walls((WHITE,) * 6), Parallelogram((-1, -2.3, 3), (2, 0, 0), (0, 0, 1), WHITE, 7)),
                 lamp_xyz=(-0.6, y, 1.6))
    assert render(room, camera).rgb.min() > gray_of(AMBIENT) + 20


@pytest.mark.filterwarnings("error")
def test_a_lamp_in_the_place_that_it_lights_lights_it_not():
    camera = pinhole(1, 1, cam_from_world=look_at((0, 0, 0), (0, 0, 1)))
    x, y = ray_caster.SUBPIXELS[0] / camera.K[0, 0] * 2
    for z in (2, 2 - 1e-6):  # on the wall, and where the rays to the lamp begin
        wall = Parallelogram((-9, -9, 2), (18, 0, 0), (0, 18, 0), WHITE, 1)
        view = render(Scene((wall, Sphere((0, 0, -5), 1, WHITE, 2)), lamp_xyz=(x, y, z)), camera)
        assert view.rgb.min() >= gray_of(AMBIENT) - 1


# ---- textures


def test_texels_are_seen_at_their_places_between_them_the_light_is_bilinear():
    """Two texels over two metres: their centres at a quarter and three quarters; beyond, the border's colour."""
    texture = textures.paint(np.array([[100, 200]], np.uint8))
    square = Parallelogram((-1, -0.5, 1), (2, 0, 0), (0, 1, 0), texture, 1)
    for x, share in ((-0.9, 0), (-0.5, 0), (-0.25, 0.25), (0, 0.5), (0.5, 1), (0.9, 1)):
        camera = pinhole(1, 1, field_of_view_deg=0.1, cam_from_world=look_at((x, 0, 0), (x, 0, 1)))
        expected = 255 * ((1 - share) * (100 / 255) ** GAMMA + share * (200 / 255) ** GAMMA) ** (1 / GAMMA)
        assert abs(render(Scene((square,)), camera).rgb[0, 0, 0] - expected) <= 0.6, x


def test_a_fine_pattern_far_away_is_its_mean_and_does_not_flicker():
    board = textures.checkerboard(64, size=64)
    square = Parallelogram((-2, -2, 60), (4, 0, 0), (0, 4, 0), board, 1)
    view = render(Scene((square,)), pinhole(16, 16, field_of_view_deg=10))
    seen = view.rgb[view.instances == 1]
    assert len(seen) > 20 and seen.min() >= 165 and seen.max() <= 205  # half of the light is 186


# ---- the twin, and OpenCV


@pytest.mark.slow
@pytest.mark.large
@pytest.mark.parametrize("seed", [0, 1])
def test_a_random_room_equals_the_numpy_twin(seed):
    room = scenes.random_room(np.random.default_rng(seed))
    camera = scenes.camera_arc(3, 120, 90)[seed]
    ours, twin = render(room, camera), numpy_render(room, camera)
    assert same_view(ours, twin)
    assert ours.rgb.dtype == np.uint8 and ours.instances.dtype == ours.surfaces.dtype == np.int32


@pytest.mark.parametrize("lamp", [None, (-1.0, -3.0, 0.0)])
def test_a_tiny_picture_equals_the_numpy_twin(lamp):
    pattern = textures.paint(np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8))
    crate = box((-0.4, -0.3, 1.2), (0.6, 0.6, 0.6), 25, (pattern,), 2)
    surfaces = (FLOOR, *crate, Sphere((0.5, -0.4, 1), 0.4, pattern, 3))
    camera = pinhole(20, 15, cam_from_world=TILTED)
    ours, twin = render(Scene(surfaces, lamp_xyz=lamp), camera), numpy_render(Scene(surfaces, lamp_xyz=lamp), camera)
    assert same_view(ours, twin) and set(np.unique(ours.instances)) == {0, 1, 2, 3}


@pytest.mark.slow
@pytest.mark.large
def test_opencv_calibrates_the_camera_from_pictures_of_a_checkerboard():
    """8 x 8 squares, 7 x 7 inner corners, six views of a board whose pixels are exact: K comes back."""
    squares, size = 8, 0.8
    board = Parallelogram((0, 0, 0), (size, 0, 0), (0, size, 0), textures.checkerboard(squares, size=1024), 1)
    x, y = np.meshgrid(np.arange(1, squares), np.arange(1, squares))
    on_board = (np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3) * size / squares)
    objects, images = [], []
    for eye in ((0.4, 0.4, -1.1), (0, 0.2, -1), (0.9, 0.3, -0.95), (0.3, -0.2, -1), (0.6, 1, -1), (1, 0.9, -1)):
        camera = pinhole(480, 360, field_of_view_deg=60, cam_from_world=look_at(eye, (0.4, 0.4, 0)))
        gray = cv2.cvtColor(render(Scene((board,)), camera).rgb, cv2.COLOR_RGB2GRAY)
        found, corners = cv2.findChessboardCornersSB(gray, (squares - 1, squares - 1), flags=cv2.CALIB_CB_ACCURACY)
        assert found
        truth, _ = project(camera, on_board)
        match = np.linalg.norm(corners.reshape(-1, 1, 2) - truth, axis=-1).argmin(axis=1)  # OpenCV may begin elsewhere
        assert sorted(match) == list(range(49))
        assert np.linalg.norm(corners.reshape(-1, 2) - truth[match], axis=-1).max() < 0.25
        objects.append(on_board[match].astype(np.float32))
        images.append(corners.reshape(-1, 1, 2))
    rms, K, distortion, *_ = cv2.calibrateCamera(objects, images, (480, 360), None, None)
    print(rms, K, distortion)
    np.testing.assert_allclose([K[0, 0], K[1, 1]], camera.K[0, 0], rtol=0.003)
    np.testing.assert_allclose(K[:2, 2], camera.K[:2, 2], atol=0.5)
    assert rms < 0.1 and np.abs(distortion.ravel()[:4]).max() < 0.05


# ---- the other ways to run it, and bad arguments


@pytest.mark.slow
def test_the_kernels_run_as_plain_python_too(tmp_path):
    program = ("import numpy as np; from course_lib.data import ray_caster as r, small_rooms as s; "
               "v = s.small_rooms(1, size=(3, 4), rng=np.random.default_rng(0)); "
               "print(hasattr(r._cast, 'signatures'), v.depth.tobytes().hex(), v.images.tobytes().hex())")
    out = []
    for mode in "01":
        env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                             env=env | {"NUMBA_DISABLE_JIT": mode, "NUMBA_CACHE_DIR": str(tmp_path)})
        out.append(run.stdout.split())
    assert [o[0] for o in out] == ["True", "False"]
    depth = [np.frombuffer(bytes.fromhex(o[1]), np.float32) for o in out]
    images = [np.frombuffer(bytes.fromhex(o[2]), np.uint8).astype(int) for o in out]
    np.testing.assert_allclose(*depth, rtol=1e-6)
    assert np.abs(images[0] - images[1]).max() <= 1


def test_a_closed_box_has_no_gap_at_its_seams():
    """From its middle the rays of the four corner pixels meet the edges between its sides, lid and bottom."""
    inside = Scene(box((0, 0, 0), (0.3, 0.3, 0.3), 0, (WHITE,), 1))
    corners = pinhole(5, 5, field_of_view_deg=2 * np.degrees(np.arctan(5 / 4)))
    assert np.isfinite(render(inside, corners).depth).all()
    x = np.linspace(-0.15, 0.15, 41)  # along all edges of a turned box, seen from a place inside
    for turn in (0, 20, 33):
        edges = np.array([np.roll([t, a, b], k) for t in x for a in (-0.15, 0.15) for b in (-0.15, 0.15)
                          for k in range(3)])
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        points = edges @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) + (1, 2, 3)
        room = Scene(box((1, 2, 3), (0.3, 0.3, 0.3), turn, (WHITE,), 1))
        z, _, _ = first_hits(room, (1.03, 2.01, 2.96), (points - (1.03, 2.01, 2.96))[None])
        np.testing.assert_allclose(z, 1, rtol=1e-9)


def test_a_place_that_is_no_number_lies_on_no_parallelogram():
    """As of edges whose n . n overflows: scenes refuse them, and the kernel does not read beyond a texture either."""
    geometry = np.array([[[0, 0, 2], [0, 0, 1], [np.nan] * 3, [np.nan] * 3]], float)
    z, surfaces, _ = ray_caster._cast(np.zeros(3), np.ones((1, 1, 3)), np.array([False]), geometry)
    assert np.isinf(z).all() and (surfaces == -1).all()


@pytest.mark.filterwarnings("error")
def test_small_and_far_balls_do_not_divide_by_zero():
    camera = pinhole(3, 3, field_of_view_deg=1)
    for radius in (1e-6, 1.0):
        for z in (1e-5, 1.0, 1e7):
            view = render(Scene((Sphere((0, 0, z), radius, WHITE, 1),), lamp_xyz=(0, 0, z)), camera)
            assert np.isfinite(view.normals).all() and not np.isnan(view.depth).any()


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: render(Scene((FLOOR,)), pinhole(10**6, 10**6)), ValueError, "at most 16777216; got 1000000000000"),
    *((lambda d=d: first_hits(Scene((FLOOR, Sphere((0, 0, 3), 1, WHITE, 1))), (0, 0, 0), d), ValueError,
       r"first_hits: `directions` must be \(H, W, 3\), none of them 0; got")
      for d in ((0, 0, 1), np.ones((4, 3)), np.ones((2, 2, 2, 3)), np.zeros((1, 1, 3)), np.full((1, 1, 3), 1e-200))),
    (lambda: first_hits(Scene((FLOOR,)), (0, 1e9, 0), np.ones((1, 1, 3))), ValueError, "`origin` must lie in"),
    (lambda: render("room", pinhole(4, 4)), TypeError, "render: `scene` must be a Scene; got str"),
    (lambda: render(Scene((FLOOR,)), np.eye(3)), TypeError, "render: `camera` must be a Camera; got ndarray"),
    (lambda: first_hits(FLOOR, (0, 0, 0), np.ones((1, 1, 3))), TypeError, "first_hits: `scene` must be a Scene"),
    (lambda: first_hits(Scene((FLOOR,)), (0, 0), np.ones((1, 1, 3))), ValueError, "`origin` must be of shape"),
    (lambda: first_hits(Scene((FLOOR,)), (0, 0, 0), np.ones((1, 1, 2))), ValueError, "`directions` must be"),
])  # fmt: skip
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_levels_of_light_are_those_of_the_gamma():
    np.testing.assert_allclose(255 * ray_caster.LIGHT ** (1 / 2.2), np.arange(256), atol=1e-9)
