"""The street: what is where, the sky is open, disparities of a pair, textures that do not repeat, bad arguments."""

import numpy as np
import pytest

from course_lib.data import scenes
from course_lib.data.ray_caster import render
from course_lib.data.street import CLASSES, KERB_M, ROAD_M, Street, class_map, street, street_camera
from course_lib.data.surfaces import Sphere
from course_lib.depth.camera import back_project, project


@pytest.fixture(scope="module")
def first():
    return street(np.random.default_rng(0))


@pytest.fixture(scope="module")
def view(first):
    return render(first.scene, street_camera(160, 80))


def lowest(surfaces):
    """y points down: the largest."""
    return max(s.center[1] + s.radius if isinstance(s, Sphere) else
               s.corner[1] + max(s.edge_u[1], 0) + max(s.edge_v[1], 0) for s in surfaces)


def shapes(street):
    return [s.geometry().tolist() for s in street.scene.surfaces]


def test_every_instance_has_a_class_and_every_class_an_instance(first):
    used = {s.instance for s in first.scene.surfaces}
    assert used == set(range(1, len(first.classes))) and set(first.classes) == set(CLASSES)
    assert first.classes[:4] == ("sky", "road", "pavement", "pavement") and first.classes.count("sky") == 1
    for name, least in (("building", 10), ("car", 4), ("post", 6)):
        assert first.classes.count(name) >= least


def test_a_street_comes_from_its_generator_alone(first):
    again, other = (street(np.random.default_rng(seed)) for seed in (0, 1))
    assert again.classes == first.classes
    assert shapes(again) == shapes(first) != shapes(other)
    assert (again.scene.surfaces[0].texture.levels[0] == first.scene.surfaces[0].texture.levels[0]).all()


def test_things_stand_on_the_road_or_on_the_pavement(first):
    for k, name in enumerate(first.classes):
        thing = [s for s in first.scene.surfaces if s.instance == k]
        if name in ("car", "building") and len(thing) > 1:
            assert lowest(thing) == pytest.approx(0, abs=1e-9)
        if name == "post":
            assert lowest(thing) == pytest.approx(-KERB_M)
            assert all(abs(s.corner[0]) > ROAD_M / 2 for s in thing)


@pytest.mark.large
def test_classes_are_where_their_names_say(first, view):
    classes = class_map(first, view.instances)
    points = np.stack(np.meshgrid(np.arange(160), np.arange(80)), axis=-1)
    seen = view.instances > 0
    assert (classes[~seen] == 0).all() and np.isinf(view.depth[~seen]).all() and (classes[seen] > 0).all()
    X = back_project(view.camera, points[seen], view.depth[seen])
    c = classes[seen]
    np.testing.assert_allclose(X[c == CLASSES.index("road")][:, 1], 0, atol=1e-9)
    pavement = X[c == CLASSES.index("pavement")]
    assert (np.abs(pavement[:, 0]) >= ROAD_M / 2 - 1e-9).all()
    assert pavement[:, 1].min() == pytest.approx(-KERB_M) and (pavement[:, 1] < 1e-9).all()
    assert (np.abs(X[c == CLASSES.index("car")][:, 0]) < ROAD_M / 2).all()
    assert (np.bincount(classes.ravel(), minlength=6) > [300, 2000, 500, 4000, 300, 50]).all()
    assert (classes[:5, 75:85] == 0).all() and (classes[-3:, 60:100] == 1).all()  # sky above, road below


@pytest.mark.slow
@pytest.mark.large
@pytest.mark.parametrize("seed", range(4))
def test_the_disparities_of_a_pair_lie_between_2_and_64_pixels(seed):
    scene = street(np.random.default_rng(seed)).scene
    left, right = scenes.stereo_pair(street_camera(640, 320), 0.4)
    depth = render(scene, left).depth
    seen = np.isfinite(depth)
    disparity = left.K[0, 0] * 0.4 / depth[seen]
    assert 2 < disparity.min() < 3 and 40 < disparity.max() < 64
    y, x = np.argwhere(seen)[::997].T
    X = back_project(left, np.stack([x, y], axis=-1), depth[y, x])
    np.testing.assert_allclose(x - project(right, X)[0][:, 0], left.K[0, 0] * 0.4 / depth[y, x], atol=1e-9)
    assert 0.03 < (~seen).mean() < 0.2


def test_houses_stand_on_the_pavement_without_a_gap_and_their_windows_face_the_street(first):
    pavement = min(s.corner[0] + min(s.edge_u[0], 0) for s in first.scene.surfaces if s.instance == 2)
    for k, name in enumerate(first.classes):
        house = [s for s in first.scene.surfaces if s.instance == k]
        if name == "building" and len(house) == 4:
            middles = [abs(s.corner[0] + (s.edge_u[0] + s.edge_v[0]) / 2) for s in house]
            front = house[int(np.argmin(middles))]
            assert ROAD_M / 2 + 1 < min(middles) <= -pavement + 1e-9
            assert sum(s.texture is front.texture for s in house) == 1  # the three other walls share one


def test_the_camera_stands_on_the_right_lane_1_3_m_high_and_is_level():
    camera = street_camera(640, 320)
    assert camera.center == pytest.approx([1.6, -1.3, 0]) and (camera.width, camera.height) == (640, 320)
    assert camera.cam_from_world[2, 1] == pytest.approx(0) and camera.cam_from_world[2, 2] > 0.99
    assert street_camera(480, 240).K[0, 0] == pytest.approx(0.75 * camera.K[0, 0])


def test_lanes_are_marked_white_on_dark_asphalt_with_dashes_in_the_middle(first):
    road = first.scene.surfaces[0].texture.levels[0].mean(axis=-1)
    width = road.shape[1]
    middle, edge, lane = road[:, width // 2], road[:, int(0.3 / ROAD_M * width)], road[:, width // 4]
    assert lane.mean() < 110 and edge.mean() > 170
    assert 0.4 < (middle > 140).mean() < 0.6


def test_windows_of_a_house_are_not_alike(first):
    """The largest correlation of a front with itself, shifted by more than half a metre, is far from one."""
    for k in (4, 5, 6):
        front = max((s for s in first.scene.surfaces if s.instance == k), key=lambda s: s.texture.levels[0].size)
        gray = front.texture.levels[1].mean(axis=-1)
        gray = gray - gray.mean()
        spectrum = np.abs(np.fft.rfft2(gray, [2 * side for side in gray.shape])) ** 2  # zeros around: no wrapping
        correlation = np.fft.irfft2(spectrum, [2 * side for side in gray.shape])
        y, x = (np.abs(np.fft.fftfreq(2 * side) * 2 * side) for side in gray.shape)
        far = np.hypot(y[:, None], x[None]) > 10
        assert (correlation / correlation[0, 0])[far].max() < 0.9


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: street(0), TypeError, "street: `rng` must be a Generator; got int"),
    (lambda: street_camera(0, 5), ValueError, "`width` must be at least 1"),
    (lambda: Street(None, ("sky",)), TypeError, "Street: `scene` must be a Scene; got NoneType"),
    (lambda: Street(street(np.random.default_rng(0)).scene, ("sky", "tree")), ValueError,
     "Street: `classes` must be 'sky' or .* or 'post'; got 'tree'"),
    (lambda: Street(street(np.random.default_rng(0)).scene, "sky"), TypeError, "Street: `classes` must be a tuple"),
    (lambda: class_map("street", np.zeros((2, 2), int)), TypeError, "class_map: `street` must be a Street"),
])  # fmt: skip
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_instances_of_another_street_are_refused(first):
    small = Street(first.scene, ("sky", "road"))
    assert class_map(small, np.array([[0, 1]])).tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="class_map: `instances` must be below 2, .* Give the view of this street"):
        class_map(small, np.array([[0, 2]]))
    with pytest.raises(ValueError, match=r"must lie in 0..2\^31 - 1"):
        class_map(small, np.array([[-1]]))
