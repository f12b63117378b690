"""Small rooms: answers belong to pictures, a room depends on its generator alone, the mean map can be beaten."""

import itertools

import numpy as np
import pytest

from course_lib.data import small_rooms as module
from course_lib.data.ray_caster import render
from course_lib.data.small_rooms import CLASSES, small_room, small_rooms
from course_lib.data.surfaces import Sphere
from course_lib.depth.camera import back_project

FIELDS = ("images", "depth", "normals", "classes", "instances")
KIND = {name: k for k, name in enumerate(CLASSES)}


def rng(seed=0):
    return np.random.default_rng(seed)


def world(camera, depth):
    points = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1)
    return back_project(camera, points, depth)


# ---- what a batch holds


def test_shapes_kinds_and_ranges():
    rooms = small_rooms(2, size=(6, 9), rng=rng())
    shapes = [getattr(rooms, name).shape for name in FIELDS]
    assert shapes == [(2, 6, 9, 3), (2, 6, 9), (2, 6, 9, 3), (2, 6, 9), (2, 6, 9)]
    assert [getattr(rooms, name).dtype.name for name in FIELDS] == ["uint8", "float32", "float32", "int32", "int32"]
    assert np.isfinite(rooms.depth).all() and rooms.depth.min() > 0.3 and rooms.depth.max() < 12
    np.testing.assert_allclose(np.linalg.norm(rooms.normals, axis=-1), 1, atol=1e-6)
    assert rooms.instances.min() >= 1 and 1 <= rooms.classes.min() and rooms.classes.max() <= 5


def test_three_rooms_are_the_first_three_of_five_and_a_second_call_goes_on():
    five, three = small_rooms(5, size=(4, 5), rng=rng(1)), small_rooms(3, size=(4, 5), rng=rng(1))
    used = rng(1)
    parts = [small_rooms(n, size=(4, 5), rng=used) for n in (3, 2)]
    for name in FIELDS:
        whole = getattr(five, name)
        assert (whole[:3] == getattr(three, name)).all()
        assert (whole == np.concatenate([getattr(part, name) for part in parts])).all()
    assert len(np.unique(five.depth[:, 2, 2])) == 5
    assert (small_rooms(1, size=(4, 5), rng=rng(2)).images != five.images[:1]).any()


def test_a_batch_holds_the_views_of_its_rooms():
    rooms = small_rooms(3, size=(6, 8), rng=rng(4))
    for k, seed in enumerate(rng(4).integers(2**63, size=3)):
        scene, camera, class_of = small_room(rng(seed), size=(6, 8))
        view = render(scene, camera)
        assert (rooms.images[k] == view.rgb).all() and (rooms.instances[k] == view.instances).all()
        assert (rooms.depth[k] == view.depth.astype(np.float32)).all()
        assert (rooms.normals[k] == view.normals.astype(np.float32)).all()
        assert (rooms.classes[k] == class_of[view.instances]).all()


def test_the_state_of_the_generator_decides_however_it_was_set():
    """A generator that has jumped ahead has the seed sequence of one that has not; a used one draws other rooms."""
    first, again = (small_rooms(1, size=(4, 5), rng=np.random.Generator(np.random.PCG64(0).jumped())) for _ in range(2))
    assert (first.images == again.images).all() and (first.depth == again.depth).all()
    used = rng(0)
    used.random(7)
    for other in (rng(0), used):
        assert (small_rooms(1, size=(4, 5), rng=other).images != first.images).any()
    assert (small_rooms(1, size=(4, 5), rng=used).images != small_rooms(1, size=(4, 5), rng=rng(0)).images).any()


def test_no_rooms_are_an_empty_batch():
    rooms = small_rooms(0, size=(4, 5), rng=rng())
    assert [getattr(rooms, name).shape for name in FIELDS] == [(0, 4, 5, 3), (0, 4, 5), (0, 4, 5, 3), (0, 4, 5),
                                                               (0, 4, 5)]


def test_batches_are_compared_as_the_objects_they_are():
    rooms, twin = small_rooms(1, size=(4, 5), rng=rng()), small_rooms(1, size=(4, 5), rng=rng())
    assert rooms == rooms and rooms != twin and len({rooms, twin}) == 2


# ---- the answers, in space


@pytest.mark.large
def test_each_class_is_where_its_name_says():
    for child in rng(5).spawn(20):
        scene, camera, class_of = small_room(child)
        view = render(scene, camera)
        X, classes = world(camera, view.depth), class_of[view.instances]
        n = view.normals @ camera.cam_from_world[:3, :3]  # in the world
        heights = [np.unique(X[classes == KIND[name]][:, 1].round(6)) for name in ("floor", "ceiling")]
        assert heights[0].tolist() in ([], [0]) and len(heights[1]) <= 1 and (heights[1] < -module.EYE_M).all()
        np.testing.assert_allclose(n[classes == KIND["floor"]], [[0, -1, 0]] * (classes == 1).sum(), atol=1e-9)
        np.testing.assert_allclose(n[classes == KIND["ceiling"]], [[0, 1, 0]] * (classes == 3).sum(), atol=1e-9)
        assert np.abs(n[classes == KIND["wall"]][:, 1]).max() < 1e-9
        for k in np.unique(view.instances[view.instances > 6]):
            (surface, *_) = [s for s in scene.surfaces if s.instance == k]
            assert class_of[k] == KIND["ball" if isinstance(surface, Sphere) else "box"]
            assert X[view.instances == k][:, 1].max() < 1e-9  # above the floor


def test_the_camera_has_one_height_and_one_angle_and_a_small_pitch():
    poses = [small_room(child)[1] for child in rng(6).spawn(40)]
    assert {round(c.center[1], 9) for c in poses} == {-1.5} and len({c.K.tobytes() for c in poses}) == 1
    forward = np.array([c.cam_from_world[2, :3] for c in poses])
    pitch = np.degrees(np.arcsin(forward[:, 1]))
    assert np.abs(pitch).max() <= 6 and pitch.min() < -3 and pitch.max() > 3
    yaw = np.degrees(np.arctan2(forward[:, 0], forward[:, 2]))
    assert np.histogram(yaw, 4, (-180, 180))[0].min() >= 3


def test_two_to_five_things_stand_on_the_floor_in_the_room_apart():
    counts, kinds = [], []
    for child in rng(7).spawn(40):
        scene, _, class_of = small_room(child)
        floor = scene.surfaces[0]
        low, high = np.sort([floor.corner, np.sum([floor.corner, floor.edge_u, floor.edge_v], axis=0)], axis=0)
        circles = []
        for k in range(7, len(class_of)):
            thing = [s for s in scene.surfaces if s.instance == k]
            if isinstance(thing[0], Sphere):
                (x, y, z), r = thing[0].center, thing[0].radius
                assert y == -r
            else:
                corners = np.array([np.array(s.corner) + a * np.array(s.edge_u) + b * np.array(s.edge_v)
                                    for s in thing for a in (0, 1) for b in (0, 1)])
                x, _, z = (corners.min(0) + corners.max(0)) / 2
                r = np.hypot(*(corners - [x, 0, z])[:, [0, 2]].T).max()
                assert corners[:, 1].max() == pytest.approx(0, abs=1e-12)
            assert low[0] < x - r and x + r < high[0] and low[2] < z - r and z + r < high[2]
            assert np.hypot(x, z) > r + 0.4  # clear of the camera
            circles.append((x, z, r))
            kinds.append(class_of[k])
        for (x, z, r), (a, b, s) in itertools.combinations(circles, 2):
            assert np.hypot(x - a, z - b) > r + s - 1e-9
        counts.append(len(circles))
    assert set(counts) == {2, 3, 4, 5} and set(kinds) == {KIND["box"], KIND["ball"]}


@pytest.mark.slow
@pytest.mark.large
@pytest.mark.parametrize(("size", "map_error", "constant_error"), [((48, 64), 0.187, 0.274), ((64, 64), 0.168, 0.314)])
def test_the_mean_depth_map_is_a_guess_that_can_be_beaten(size, map_error, constant_error):
    train, test = (small_rooms(300, size=size, rng=rng(seed)).depth for seed in (0, 1))
    absolute_relative = [(np.abs(c - test) / test).mean() for c in np.linspace(1, 4, 61)]
    assert (np.abs(train.mean(0) - test) / test).mean() == pytest.approx(map_error, abs=0.015)
    assert min(absolute_relative) == pytest.approx(constant_error, abs=0.02)


# ---- bad arguments


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: small_rooms(-1, rng=rng()), ValueError, "small_rooms: `n` must be at least 0"),
    (lambda: small_rooms(1, size=(0, 4), rng=rng()), ValueError, "small_rooms: `size` must be at least 1"),
    (lambda: small_rooms(1, size=(4, 4.5), rng=rng()), TypeError, "small_rooms: `size` must be a whole number"),
    (lambda: small_rooms(1, rng=0), TypeError, "small_rooms: `rng` must be a Generator; got int"),
    *((lambda call=call, size=size: call(size), ValueError, "`size` must be two whole numbers, .height, width.; got ")
      for size in (48, (48,), (4, 4, 3), None, "48")
      for call in (lambda size: small_rooms(1, size=size, rng=rng()), lambda size: small_room(rng(), size=size))),
    (lambda: small_rooms(10**9, rng=rng()), ValueError,
     r"small_rooms: `n \* H \* W` must lie in \[0, 1e\+08\]; got 3.072e\+12. Ask for fewer rooms."),
    (lambda: small_rooms(0, size=(10**6, 4), rng=rng()), ValueError, "`size` must be at least 1 and at most 4096"),
    (lambda: small_room(rng(), size=(4, 10**6)), ValueError, "small_room: `size` must be at least 1 and at most 4096"),
    (lambda: small_room(None), TypeError, "small_room: `rng` must be a Generator"),
    (lambda: small_room(rng(), size=(4, -1)), ValueError, "small_room: `size` must be at least 1"),
])  # fmt: skip
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
