"""The scenes: what stands where, which way pictures hang, cameras, and a thumbnail of each.

`PYTHONPATH=. python tests/data/test_scenes.py` paints the thumbnails anew, after a change of a scene that is meant.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib.data import scenes, small_rooms, street, textures
from course_lib.data.ray_caster import render
from course_lib.data.surfaces import Scene, Sphere
from course_lib.depth.camera import look_at, pinhole, project

THUMBNAILS = Path(__file__).parent / "thumbnails"
RED, GREEN, BLUE = np.eye(3) * 255
CORNERS = textures.paint(np.kron([[RED, GREEN], [BLUE, [255] * 3]], np.ones((64, 64, 1))).astype(np.uint8))


def rng(seed=0):
    return np.random.default_rng(seed)


def objects(scene, first=7):
    """{instance: its surfaces} of what is no wall."""
    return {k: [s for s in scene.surfaces if s.instance == k]
            for k in sorted({s.instance for s in scene.surfaces}) if k >= first}


def corners(surface):
    p, u, v = (np.array(e) for e in (surface.corner, surface.edge_u, surface.edge_v))
    return np.array([p + a * u + b * v for a in (0, 1) for b in (0, 1)])


def footprint(surfaces):
    """(n, 2) x, z: the corners of a box, or 64 points of a ball's circle."""
    if isinstance(surfaces[0], Sphere):
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        x, _, z = surfaces[0].center
        return np.stack([x + surfaces[0].radius * np.cos(angle), z + surfaces[0].radius * np.sin(angle)], axis=-1)
    return np.concatenate([corners(s) for s in surfaces])[:, [0, 2]]


def apart(p, q):
    """Do the convex hulls of two sets of points keep clear? Then an axis separates them; 720 are asked."""
    angle = np.linspace(0, np.pi, 720, endpoint=False)
    axes = np.stack([np.cos(angle), np.sin(angle)])
    a, b = p @ axes, q @ axes
    return bool(((a.max(0) < b.min(0)) | (b.max(0) < a.min(0))).any())


def lowest(surfaces):
    return max(s.center[1] + s.radius if isinstance(s, Sphere) else corners(s)[:, 1].max() for s in surfaces)


# ---- rooms


def test_a_wrong_overlap_would_be_seen():
    square = np.array([[0, 0], [1, 0], [0, 1], [1, 1.0]])
    assert apart(square, np.add(square, (1.01, 0))) and not apart(square, np.add(square, (0.99, 0.99)))


@pytest.mark.parametrize("seed", range(4))
def test_the_objects_of_a_random_room_stand_on_the_floor_in_the_room_and_apart(seed):
    room = scenes.random_room(rng(seed), objects=9)
    things = objects(room)
    assert list(things) == list(range(7, 7 + len(things))) and 5 <= len(things) <= 9
    w, h, d = scenes.ROOM_XYZ
    for thing in things.values():
        assert lowest(thing) == pytest.approx(0, abs=1e-9)
        x, z = footprint(thing).T
        assert x.min() > -w / 2 and x.max() < w / 2 and z.min() > 0 and z.max() < scenes.FRONT_Z + d
    for a, b in itertools.combinations(things.values(), 2):
        assert apart(footprint(a), footprint(b))
    assert -h < room.lamp_xyz[1] < 0


def test_a_random_room_comes_from_its_generator_and_has_as_many_objects_as_asked_for():
    one, two, other = (scenes.random_room(rng(seed), objects=3) for seed in (1, 1, 2))
    assert [s.geometry().tolist() for s in one.surfaces] == [s.geometry().tolist() for s in two.surfaces]
    assert one.lamp_xyz == two.lamp_xyz != other.lamp_xyz
    assert len(objects(one)) == 3 and not objects(scenes.random_room(rng(), objects=0))


def test_in_the_reference_room_every_instance_is_what_the_docstring_says():
    room = scenes.reference_room()
    walls = {k: corners(s[0]) for k, s in objects(room, first=1).items() if k <= 6}
    w, h, d = scenes.ROOM_XYZ
    back, front = scenes.FRONT_Z + d, scenes.FRONT_Z
    for k, axis, value in ((1, 1, 0), (2, 2, back), (3, 0, -w / 2), (4, 0, w / 2), (5, 1, -h), (6, 2, front)):
        np.testing.assert_allclose(walls[k][:, axis], value, atol=1e-12)
    assert sorted(objects(room, first=1)) == list(range(1, 19))
    assert {k for k, s in objects(room).items() if isinstance(s[0], Sphere)} == {11, 12, 13}
    assert [s.instance for s in scenes.reference_room(textured=False).surfaces] == [s.instance for s in room.surfaces]


def test_in_the_reference_room_everything_stands_on_something_or_hangs_on_a_wall():
    supports = {8: -1.0, 11: -0.62, 14: -0.62}  # on the crate, on the bench
    for k, thing in objects(scenes.reference_room()).items():
        if k < 15 or k == 18:
            assert lowest(thing) == pytest.approx(supports.get(k, 0), abs=1e-9), k
        else:
            w, _, d = scenes.ROOM_XYZ
            x, z = footprint(thing).T
            off = min(np.abs(x + w / 2).max(), np.abs(x - w / 2).max(), np.abs(z - scenes.FRONT_Z - d).max())
            assert 0 < off < 0.02


def test_the_plain_room_has_the_same_shapes_in_one_colour_each():
    plain, room = scenes.reference_room(textured=False), scenes.reference_room()
    for a, b in zip(plain.surfaces, room.surfaces, strict=True):
        assert (a.geometry() == b.geometry()).all() and a.texture.levels[0].shape == (1, 1, 3)
    colors = {k: {tuple(s.texture.levels[0][0, 0]) for s in thing} for k, thing in objects(plain, first=1).items()}
    assert all(len(c) == 1 for c in colors.values()) and len({min(c) for c in colors.values()}) == 18


def test_there_is_one_reference_room_and_it_is_made_once():
    assert scenes.reference_room(textured=True) is scenes.reference_room()
    assert scenes.reference_room(textured=False) is scenes.reference_room(textured=False)
    assert scenes.reference_room(textured=False).lamp_xyz == scenes.reference_room().lamp_xyz


@pytest.mark.parametrize(("wall", "towards"), [
    (1, (0, 1, 0.01)), (2, (0, 0, 1)), (3, (-1, 0, 0)), (4, (1, 0, 0)), (5, (0, -1, 0.01)), (6, (0, 0, -1)),
])  # fmt: skip
def test_on_each_wall_a_picture_is_upright_and_not_mirrored(wall, towards):
    """Floor and ceiling: as one sees them who looks along z and bends the head."""
    _, h, d = scenes.ROOM_XYZ
    middle = np.array([0, -h / 2, scenes.FRONT_Z + d / 2])
    camera = pinhole(16, 16, field_of_view_deg=30, cam_from_world=look_at(middle, middle + towards))
    view = render(Scene(scenes._walls((CORNERS,) * 6)), camera)
    assert (view.instances == wall).all()
    (r, g), (b, white) = view.rgb[4::8, 4::8].astype(int)
    assert (r.argmax(), g.argmax(), b.argmax(), white.min() > 250) == (0, 1, 2, True)
    assert max(r[1:].max(), g[[0, 2]].max(), b[:2].max()) < 50


def test_the_warning_room_is_tiled_with_one_patch_and_the_reference_room_is_not():
    crates = objects(scenes.repeating_room())
    assert list(crates) == [7, 8] and all(lowest(c) == pytest.approx(0) for c in crates.values())
    crate = crates[7][0].texture.levels[0]
    assert (crate[:64, :64] == crate[64:128, 128:192]).all() and crate.shape == (192, 192, 3)


# ---- cameras


def test_the_camera_of_the_reference_room_sees_its_middle_and_its_size_is_asked_for():
    camera = scenes.reference_camera()
    assert (camera.width, camera.height) == (320, 240)
    small = scenes.reference_camera(64, 48)
    np.testing.assert_allclose((small.K[0, 0] / 64, small.width), (camera.K[0, 0] / 320, 64))
    (x, y), _ = project(camera, np.array([0.05, -0.95, 3.4]))
    np.testing.assert_allclose([x, y], [159.5, 119.5], atol=1e-9)


def test_the_cameras_of_an_arc_go_from_left_to_right_at_one_distance_and_look_at_one_point():
    around = np.array([0.2, -0.5, 3.0])
    cameras = scenes.camera_arc(5, 60, 40, around=around, radius_m=2.0, angle_deg=80)
    eyes = np.array([c.center for c in cameras])
    np.testing.assert_allclose(np.hypot(*(eyes - around)[:, [0, 2]].T), 2.0)
    assert (np.diff(eyes[:, 0]) > 0).all() and np.ptp(eyes[:, 1]) < 1e-12
    angles = np.degrees(np.arctan2(*(eyes - around)[:, [0, 2]].T * [[1], [-1]]))
    np.testing.assert_allclose(angles, [-40, -20, 0, 20, 40], atol=1e-9)
    for camera in cameras:
        np.testing.assert_allclose(project(camera, around)[0], [29.5, 19.5], atol=1e-9)
        assert (camera.width, camera.height) == (60, 40)
    (alone,) = scenes.camera_arc(1, around=around)
    assert alone.center[0] == pytest.approx(0.2)


def test_the_right_camera_of_a_pair_stands_to_the_right_and_rows_correspond():
    left, right = scenes.stereo_pair(scenes.reference_camera(), 0.25)
    R = left.cam_from_world[:3, :3]
    np.testing.assert_allclose(R @ (right.center - left.center), [0.25, 0, 0], atol=1e-12)
    X = rng().uniform((-1, -2, 1), (1, 0, 4), (20, 3))
    (a, z), (b, z_right) = project(left, X), project(right, X)
    np.testing.assert_allclose(a[:, 1], b[:, 1], atol=1e-9)
    np.testing.assert_allclose(z, z_right)
    np.testing.assert_allclose(a[:, 0] - b[:, 0], left.K[0, 0] * 0.25 / z)


# ---- pictures


def picture(name):
    camera = scenes.reference_camera(160, 120)
    if name == "small_rooms":
        images = small_rooms.small_rooms(4, size=(60, 80), rng=rng()).images
        return np.concatenate([np.concatenate(images[:2], axis=1), np.concatenate(images[2:], axis=1)])
    if name == "street":
        return render(street.street(rng()).scene, street.street_camera(160, 120)).rgb
    scene = {"reference": scenes.reference_room, "plain": lambda: scenes.reference_room(textured=False),
             "repeating": scenes.repeating_room, "random": lambda: scenes.random_room(rng())}[name]()
    return render(scene, camera).rgb


def thumbnail(name):
    """(30, 40, 3): the means of 4 x 4 pixels."""
    return picture(name).reshape(30, 4, 40, 4, 3).mean((1, 3))


NAMES = ("reference", "plain", "repeating", "random", "small_rooms", "street")


@pytest.mark.slow
@pytest.mark.large
@pytest.mark.parametrize("name", NAMES)
def test_a_scene_looks_as_it_always_has(name):
    held = np.asarray(Image.open(THUMBNAILS / f"{name}.png"))
    assert held.shape == (30, 40, 3) and np.abs(thumbnail(name) - held).max() <= 1.5  # one level, and its rounding


# ---- bad arguments


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: scenes.random_room(0), TypeError, "random_room: `rng` must be a Generator"),
    (lambda: scenes.random_room(rng(), objects=13), ValueError, "`objects` must be .*12; got 13"),
    (lambda: scenes.random_room(rng(), objects=-1), ValueError, "random_room: `objects` must be at least 0"),
    (lambda: scenes.camera_arc(0), ValueError, "camera_arc: `count` must be at least 1"),
    (lambda: scenes.camera_arc(10**9), ValueError, "camera_arc: `count` must be at least 1 and at most 10000"),
    (lambda: scenes.reference_room(textured="no"), TypeError, "reference_room: `textured` must be a bool; got str"),
    (lambda: scenes.reference_room(textured=[]), TypeError, "reference_room: `textured` must be a bool; got list"),
    (lambda: scenes.camera_arc(2, around=(0, 0)), ValueError, "camera_arc: `around` must be of shape"),
    (lambda: scenes.camera_arc(2, radius_m=0), ValueError, "camera_arc: `radius_m` must be greater than 0"),
    (lambda: scenes.camera_arc(2, angle_deg=400), ValueError, "camera_arc: `angle_deg` must lie in"),
    (lambda: scenes.stereo_pair("left", 0.1), TypeError, "stereo_pair: `left` must be a Camera"),
    (lambda: scenes.stereo_pair(scenes.reference_camera(), 0), ValueError, "`baseline_m` must be greater than 0"),
    (lambda: scenes.reference_camera(0, 5), ValueError, "`width` must be at least 1"),
])  # fmt: skip
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()



if __name__ == "__main__":
    THUMBNAILS.mkdir(exist_ok=True)
    for name in NAMES:
        Image.fromarray(np.rint(thumbnail(name)).astype(np.uint8)).save(THUMBNAILS / f"{name}.png")
