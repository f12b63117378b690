"""Parallelograms, spheres, boxes, scenes: their geometry by hand, which way a picture hangs, bad arguments."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib.data.ray_caster import render
from course_lib.data.surfaces import Parallelogram, Scene, Sphere, box
from course_lib.data.textures import paint
from course_lib.depth.camera import look_at, pinhole

WHITE = paint(np.full((2, 2), 255, np.uint8))
RED, GREEN, BLUE = np.eye(3) * 255
CORNERS = paint(np.kron([[RED, GREEN], [BLUE, [255] * 3]], np.ones((8, 8, 1))).astype(np.uint8))
VECTORS = st.tuples(*[st.floats(-3, 3)] * 3).map(np.array)
SQUARE = dict(corner=(0, 0, 2), edge_u=(1, 0, 0), edge_v=(0, 1, 0), texture=WHITE, instance=1)


def seen_corners(rgb, mask):
    """The strongest colour at the upper left, upper right, lower left, lower right of what is seen: R, G, B, W."""
    y, x = np.nonzero(mask)
    names = []
    for v in (0.25, 0.75):
        for u in (0.25, 0.75):
            pixel = rgb[round(y.min() + v * np.ptp(y)), round(x.min() + u * np.ptp(x))].astype(int)
            names.append("W" if pixel.min() > 0.8 * pixel.max() else "RGB"[pixel.argmax()])
    return "".join(names)


# ---- geometry


@given(VECTORS, VECTORS, VECTORS, st.floats(-1, 2), st.floats(-1, 2))
def test_the_dual_edges_give_back_the_place_on_a_parallelogram(p, u, v, a, b):
    assume(np.linalg.norm(np.cross(u, v)) > 0.05)
    corner, n, u_dual, v_dual = Parallelogram(tuple(p), tuple(u), tuple(v), WHITE, 1).geometry()
    q = p + a * u + b * v
    assert u_dual @ (q - corner) == pytest.approx(a, abs=1e-7) and v_dual @ (q - corner) == pytest.approx(b, abs=1e-7)
    assert abs(n @ u) + abs(n @ v) < 1e-9 and np.linalg.det([u, v, n]) > 0


def test_sides_are_lengths_and_a_sphere_is_as_long_as_its_equator():
    assert Parallelogram((0, 0, 0), (3, 4, 0), (0, 0, 2), WHITE, 1).sides() == (5, 2)
    ball = Sphere((1, 2, 3), 0.5, WHITE, 1)
    assert ball.sides() == pytest.approx((np.pi, np.pi / 2))
    assert ball.geometry()[:2].tolist() == [[1, 2, 3], [0.5, 0, 0]]


def test_a_box_has_its_six_faces_around_its_centre_and_its_sizes():
    faces = box((1, 2, 3), (2, 4, 6), 30, (WHITE,), 5)
    centers = np.array([np.array(f.corner) + (np.array(f.edge_u) + f.edge_v) / 2 for f in faces])
    np.testing.assert_allclose(centers.mean(0), [1, 2, 3])
    np.testing.assert_allclose(np.linalg.norm(centers - [1, 2, 3], axis=1), [3, 1, 3, 1, 2, 2])
    assert {f.instance for f in faces} == {5}
    corners = np.array([np.array(f.corner) + a * np.array(f.edge_u) + b * np.array(f.edge_v)
                        for f in faces for a in (0, 1) for b in (0, 1)])
    assert len(np.unique(corners.round(9), axis=0)) == 8  # each shared by three faces: the box is closed
    np.testing.assert_allclose(np.linalg.norm(corners - [1, 2, 3], axis=1), np.sqrt(1 + 4 + 9))


def test_the_front_of_a_box_turns_to_its_own_left():
    """Towards +x: to the right of one who stands before it and looks along z."""
    front = box((0, 0, 0), (1, 1, 1), 20, (WHITE,), 1)[0]
    center = np.array(front.corner) + (np.array(front.edge_u) + front.edge_v) / 2
    np.testing.assert_allclose(center, 0.5 * np.array([np.sin(np.radians(20)), 0, -np.cos(np.radians(20))]), atol=1e-12)


# ---- pictures hang upright and are not mirrored


@pytest.mark.parametrize(("face", "eye"), [(0, (0, 0, -4)), (1, (4, 0, 0)), (2, (0, 0, 4)), (3, (-4, 0, 0))])
def test_on_the_four_sides_of_a_box_a_picture_is_upright_and_not_mirrored_and_each_side_has_its_own(face, eye):
    textures = [WHITE] * 6
    textures[face] = CORNERS
    camera = pinhole(24, 24, field_of_view_deg=30, cam_from_world=look_at(eye, (0, 0, 0)))
    view = render(Scene(box((0, 0, 0), (1, 1, 1), 0, tuple(textures), 1)), camera)
    assert seen_corners(view.rgb, view.surfaces == face) == "RGBW"


@pytest.mark.parametrize(("face", "y"), [(4, -4), (5, 4)])
def test_the_lid_and_the_bottom_of_a_box_have_the_fifth_and_sixth_picture_its_lower_edge_at_the_front_or_top(face, y):
    textures = [WHITE] * 6
    textures[face] = CORNERS
    camera = pinhole(24, 24, field_of_view_deg=30, cam_from_world=look_at((0, y, -0.01), (0, 0, 0)))
    view = render(Scene(box((0, 0, 0), (1, 1, 1), 0, tuple(textures), 1)), camera)
    assert seen_corners(view.rgb, view.surfaces == face) == "RGBW"


def test_on_a_ball_the_picture_is_upright():
    poles = paint(np.repeat([[[255, 0, 0]], [[0, 255, 0]]], 8, axis=1).astype(np.uint8))
    view = render(Scene((Sphere((0, 0, 5), 1.0, poles, 1),)), pinhole(24, 24, field_of_view_deg=30))
    assert view.rgb[7, 12].argmax() == 0 and view.rgb[17, 12].argmax() == 1


@pytest.mark.parametrize("eye", [(0, 0, -5), (0, 0, 5), (5, 0, 0), (-5, 0, 0)])
def test_on_a_ball_the_picture_is_not_mirrored(eye):
    """Four columns, red, green, blue, white: from each side one sees two, the right one follows the left one."""
    columns = paint(np.array([[RED, GREEN, BLUE, [255] * 3]]).repeat(4, axis=1).repeat(4, axis=0).astype(np.uint8))
    camera = pinhole(24, 24, field_of_view_deg=30, cam_from_world=look_at(eye, (0, 0, 0)))
    view = render(Scene((Sphere((0, 0, 0), 1.0, columns, 1),)), camera)
    left, *_, right = seen_corners(view.rgb, view.instances == 1)[:2]
    assert left + right in ("RG", "GB", "BW", "WR")


# ---- bad arguments


@pytest.mark.parametrize(("change", "error", "message"), [
    (dict(edge_v=(2, 0, 0)), ValueError, "Parallelogram: `edge_u` and `edge_v` must span an area"),
    (dict(edge_u=(0, 0, 0)), ValueError, "must span an area"),
    (dict(edge_u=(1e-7, 0, 0)), ValueError, "must span an area and be at least 1e-06 m long"),
    (dict(edge_v=(0, 1e80, 0)), ValueError, r"Parallelogram: `edge_v` must lie in -1e\+07..1e\+07"),
    (dict(corner=(0, 0, -1e8)), ValueError, "Parallelogram: `corner` must lie in"),
    (dict(corner=(0, 0)), ValueError, r"Parallelogram: `corner` must be of shape \(3,\)"),
    (dict(corner=(0, 0, np.nan)), ValueError, "holds NaN or infinity"),
    (dict(texture=np.zeros((2, 2))), TypeError, "must be a Texture; got ndarray. Make one with textures.paint"),
    (dict(instance=0), ValueError, "Parallelogram: `instance` must be at least 1"),
])  # fmt: skip
def test_what_is_no_parallelogram_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        Parallelogram(**SQUARE | change)


@pytest.mark.parametrize(("change", "error", "message"), [
    (dict(radius=0), ValueError, r"Sphere: `radius` must lie in \[1e-06, 1e\+07\]"),
    (dict(radius=1e-9), ValueError, "Sphere: `radius` must lie in"),
    (dict(radius=1e9), ValueError, "Sphere: `radius` must lie in"),
    (dict(center=(0, 1e8, 0)), ValueError, "Sphere: `center` must lie in"),
    (dict(radius="1"), TypeError, "Sphere: `radius` must be a number"),
    (dict(center=(0, 0, 0, 1)), ValueError, "Sphere: `center` must be of shape"),
    (dict(texture=None), TypeError, "Sphere: `texture` must be a Texture"),
    (dict(instance=1.0), TypeError, "Sphere: `instance` must be a whole number"),
])  # fmt: skip
def test_what_is_no_sphere_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        Sphere(**dict(center=(0, 0, 0), radius=1.0, texture=WHITE, instance=1) | change)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: box((0, 0, 0), (1, 0, 1), 0, (WHITE,), 1), ValueError, "box: `size` must be above zero"),
    (lambda: box((0, 0, 0), (1, 1, 1), 0, (WHITE,) * 2, 1), ValueError, "one for all faces or six; got 2"),
    (lambda: box((0, 0, 0), (1, 1, 1), 0, WHITE, 1), ValueError, "one for all faces or six; got Texture"),
    (lambda: box((0, 0, 0), (1, 1, 1), 0, None, 1), ValueError, "one for all faces or six; got NoneType"),
    (lambda: box((0, 0, 0), (1, 1, 1), 0, dict(front=WHITE), 1), ValueError, "faces or six; got dict"),
    (lambda: box((0, 0, 0), (1, 1, 1e200), 0, (WHITE,), 1), ValueError, "box: `size` must lie in"),
    (lambda: box((1e200, 0, 0), (1, 1, 1), 0, (WHITE,), 1), ValueError, "box: `center` must lie in"),
    (lambda: Scene((Parallelogram(**SQUARE),), lamp_xyz=(0, 1e9, 0)), ValueError, "Scene: `lamp_xyz` must lie in"),
    (lambda: box((0, 0, 0), (1, 1, 1), np.inf, (WHITE,), 1), ValueError, "box: `turn_deg` must be finite"),
    (lambda: box((0, 0), (1, 1, 1), 0, (WHITE,), 1), ValueError, "box: `center` must be of shape"),
    (lambda: Scene(()), ValueError, "Scene: `surfaces` must be a tuple of at least one"),
    (lambda: Scene((WHITE,)), TypeError, "must hold Parallelograms and Spheres; got Texture"),
    (lambda: Scene((Parallelogram(**SQUARE),), lamp_xyz=(0, 1)), ValueError, "Scene: `lamp_xyz` must be of shape"),
])  # fmt: skip
def test_what_is_no_box_and_no_scene_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_what_the_caller_changes_later_changes_no_scene():
    u, center, lamp = np.array([1.0, 0, 0]), np.array([0.0, 0, 3]), np.array([0.0, -1, 0])
    surfaces = [Parallelogram(**SQUARE | dict(edge_u=u, instance=np.uint8(7))), Sphere(center, 1, WHITE, 2)]
    scene = Scene(surfaces, lamp_xyz=lamp)
    u[:], center[:], lamp[:] = 5, 5, 5
    surfaces.clear()
    square, ball = scene.surfaces
    assert (square.edge_u, ball.center, scene.lamp_xyz) == ((1, 0, 0), (0, 0, 3), (0, -1, 0))
    assert type(square.instance) is int and type(ball.radius) is float


def test_what_a_scene_gives_to_the_kernels_is_locked():
    scene = Scene((Parallelogram(**SQUARE),))
    for array in (*scene.shapes, *scene.paint):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_surfaces_and_scenes_are_keys_and_equal_to_themselves_only():
    things = (Parallelogram(**SQUARE), Sphere((0, 0, 3), 1, WHITE, 2), Scene((Parallelogram(**SQUARE),)))
    for thing in (*things, render(things[2], pinhole(2, 2))):
        assert thing == thing and thing != dataclasses.replace(thing) and {thing: 1}[thing] == 1


def test_a_picture_used_twice_is_stored_once():
    square = Parallelogram(**SQUARE | dict(texture=CORNERS))
    two = Scene((square, dataclasses.replace(square, instance=2)))
    texels, pyramids, density = two.paint
    assert len(texels) == sum(level.shape[0] * level.shape[1] for level in CORNERS.levels)
    assert (pyramids[0] == pyramids[1]).all() and density.tolist() == [16, 16]
