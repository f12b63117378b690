"""Edges, correspondences and disparities of a rendered view, against closed forms and the pictures themselves."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from course_lib.data.ground_truth import correspondences, disparity, true_edges
from course_lib.data.ray_caster import first_hits, render
from course_lib.data.scenes import camera_arc, random_room, reference_camera, reference_room, stereo_pair
from course_lib.data.surfaces import Parallelogram, Scene, Sphere, box
from course_lib.data.textures import paint
from course_lib.depth.camera import back_project, look_at, pinhole, pixel_rays, project
from course_lib.filters import sample_bilinear
from course_lib.images import to_gray

GRAY = paint(np.full((1, 1), 128, np.uint8))
FLOOR = Parallelogram((-5, 0, 8), (10, 0, 0), (0, 0, -9), GRAY, 1)
WALL = Parallelogram((-5, -5, 4), (10, 0, 0), (0, 5, 0), GRAY, 2)
CAMERA = pinhole(64, 48, field_of_view_deg=60, cam_from_world=look_at((0.1, -1.5, 0), (0, -0.5, 3)))
ROOM = reference_room()
VIEW = render(ROOM, reference_camera(16, 12))


@cache
def large_view():
    return render(ROOM, reference_camera(160, 120))


def view_of(*surfaces, camera=CAMERA):
    scene = Scene(surfaces)
    return scene, render(scene, camera)


def grid(camera):
    y, x = np.mgrid[:camera.height, :camera.width]
    return np.stack([x, y], axis=-1)


def neighbours(a):
    """Right and lower neighbours: (slice of one, slice of the other)."""
    return (np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])


def test_a_ball_before_a_wall_has_a_depth_edge_on_its_outline_and_no_crease():
    center, radius = np.array([0.2, -1.2, 2.5]), 0.5
    scene, view = view_of(FLOOR, WALL, Sphere(tuple(center), radius, GRAY, 3))
    d = pixel_rays(CAMERA, grid(CAMERA))
    e = CAMERA.center - center
    h, a, k = d @ e, (d * d).sum(-1), e @ e - radius**2
    ball = h * h > a * k  # the discriminant of |e + z d| = r
    edges = true_edges(scene, view)
    expected = np.zeros(ball.shape, bool)
    for p, q in neighbours(ball):
        expected[p] |= ball[p] & ~ball[q]  # the ball is the nearer one
        expected[q] |= ball[q] & ~ball[p]
    assert 40 < expected.sum() and np.array_equal(edges.depth, expected)
    assert not (edges.crease & ball).any() and np.array_equal(edges.instance & ball, expected)


def test_floor_and_wall_meet_in_a_crease_where_the_projection_says():
    scene, view = view_of(FLOOR, WALL)
    edges = true_edges(scene, view)
    assert not edges.depth.any() and edges.crease.sum() >= 64
    rows, columns = np.nonzero(edges.crease)
    line, _ = project(CAMERA, np.stack([np.linspace(-4, 4, 400), np.zeros(400), np.full(400, 4.0)], axis=1))
    off = np.abs(rows - np.interp(columns, line[:, 0], line[:, 1]))
    assert (off <= 1).all() and set(columns) == set(range(64))
    assert np.array_equal(edges.crease, edges.instance)


@pytest.mark.parametrize(("lift", "kind"), [(0.0, "crease"), (0.15, "depth")])
def test_a_box_on_the_floor_meets_it_and_a_lifted_one_stands_before_it(lift, kind):
    scene, view = view_of(FLOOR, WALL, *box((0, -0.4 - lift, 2.4), (0.8, 0.8, 0.8), 0, (GRAY,), 3))
    edges = true_edges(scene, view)
    bottom, _ = project(CAMERA, np.array([[-0.3, -lift, 2.0], [0.3, -lift, 2.0]]))
    columns = np.arange(int(bottom[0, 0]) + 1, int(bottom[1, 0]))
    row = np.interp(columns, bottom[:, 0], bottom[:, 1])
    near = np.stack([getattr(edges, kind)[np.rint(row + k).astype(int), columns] for k in (-1, 0, 1)])
    assert near.any(axis=0).all()
    other = edges.depth if kind == "crease" else edges.crease
    assert not other[np.rint(row).astype(int), columns].any()


def test_a_poster_one_centimetre_before_a_wall_has_depth_edges_all_around():
    scene, view = view_of(Parallelogram((-0.5, -1.5, 3.99), (1, 0, 0), (0, 0.8, 0), GRAY, 3), WALL, FLOOR)
    edges = true_edges(scene, view)
    poster = view.instances == 3
    border = np.zeros_like(poster)
    for p, q in neighbours(poster):
        border[p] |= poster[p] & ~poster[q]
        border[q] |= poster[q] & ~poster[p]
    assert border.sum() > 20 and np.array_equal(edges.depth, border)
    assert not (edges.crease & poster).any()


def test_two_halves_of_one_wall_have_an_instance_border_only():
    halves = [Parallelogram((-5 + 5 * k, -5, 4), (5, 0, 0), (0, 9, 0), GRAY, 1 + k) for k in (0, 1)]
    scene, view = view_of(*halves)
    edges = true_edges(scene, view)
    assert edges.instance.sum() >= 48 and not (edges.depth | edges.crease).any()


def test_a_table_seen_nearly_from_its_height_ends_before_the_wall():
    """Its plane, prolonged, would cross the wall within the same pixel; the table does not."""
    table = Parallelogram((-9, 0.05, 6), (18, 0, 0), (0, 0, -5.9), GRAY, 1)
    wall = Parallelogram((-99, -99, 8), (198, 0, 0), (0, 198, 0), GRAY, 2)
    scene, view = view_of(table, wall, camera=pinhole(40, 30))
    edges = true_edges(scene, view)
    assert edges.depth.sum() >= 40 and not edges.crease.any()


def test_a_floor_that_ends_before_the_sky_is_a_depth_edge():
    scene, view = view_of(Parallelogram((-1e5, 1, 1e4), (2e5, 0, 0), (0, 0, -1e4), GRAY, 1), camera=pinhole(40, 30))
    edges = true_edges(scene, view)
    assert edges.depth.sum() == 40 and not edges.crease.any()


def test_within_one_surface_there_is_no_edge_however_steep_it_is():
    steep = Parallelogram((-0.3, -9, 0.3), (0.3, 0, 40), (0, 18, 0), GRAY, 1)
    scene, view = view_of(steep, camera=pinhole(40, 30))
    seen = view.instances == 1
    assert seen.sum() > 300 and np.ptp(view.depth[seen]) > 1
    edges = true_edges(scene, view)
    inside = seen.copy()
    for p, q in neighbours(seen):
        inside[p] &= seen[q]
        inside[q] &= seen[p]
    assert not (edges.depth | edges.crease | edges.instance)[inside].any()


@pytest.mark.large
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_in_the_rooms_every_instance_border_is_a_depth_edge_or_a_crease(seed):
    room = ROOM if seed is None else random_room(np.random.default_rng(seed))
    view = render(room, reference_camera(160, 120))
    edges = true_edges(room, view)
    assert edges.instance.sum() > 500 and not (edges.instance & ~(edges.depth | edges.crease)).any()
    assert (edges.crease & ~edges.instance).sum() > 20  # edges of a box belong to one instance


@pytest.mark.large
def test_of_two_neighbours_one_is_marked_so_that_lines_are_thin():
    VIEW = large_view()
    edges = true_edges(ROOM, VIEW)
    marked = edges.depth | edges.crease
    pairs, both = 0, 0
    for p, q in neighbours(marked):
        differ = VIEW.surfaces[p] != VIEW.surfaces[q]
        assert (marked[p] | marked[q])[differ].all()  # no two surfaces of the room lie in one plane
        pairs, both = pairs + differ.sum(), both + (differ & marked[p] & marked[q]).sum()
    assert pairs > 1000 and both < 0.2 * pairs  # both of a pair: at steps of a slanted line


@pytest.mark.large
@pytest.mark.parametrize("k", [0, 2])
def test_a_visible_point_is_what_the_other_camera_sees_there(k):
    VIEW = large_view()
    other = camera_arc(3, 160, 120)[k]
    points, visible = correspondences(ROOM, VIEW, other)
    X = back_project(VIEW.camera, grid(VIEW.camera), VIEW.depth)
    _, depth = project(other, X)
    assert 0.3 < visible.mean() < 0.99
    z, surfaces, _ = first_hits(ROOM, other.center, pixel_rays(other, np.where(visible[..., None], points, 0.0)))
    assert np.allclose(z[visible], depth[visible], rtol=1e-9)
    assert (surfaces == VIEW.surfaces)[visible].mean() > 0.999  # on an edge between two faces either may be met
    hidden = ~visible & (points > -0.5).all(-1) & (points < [159.5, 119.5]).all(-1)
    z, _, _ = first_hits(ROOM, other.center, pixel_rays(other, np.where(hidden[..., None], points, 0.0)))
    assert hidden.sum() > 100 and (z[hidden] < depth[hidden]).all()  # something stands before it


@pytest.mark.large
def test_there_and_back_is_the_same_pixel():
    VIEW = large_view()
    other = camera_arc(2, 160, 120)[1]
    points, visible = correspondences(ROOM, VIEW, other)
    _, depth = project(other, back_project(VIEW.camera, grid(VIEW.camera), VIEW.depth))
    back, _ = project(VIEW.camera, back_project(other, points[visible], depth[visible]))
    assert np.abs(back - grid(VIEW.camera)[visible]).max() < 1e-9


@pytest.mark.large
def test_the_other_picture_agrees_best_at_the_correspondence_to_a_fraction_of_a_pixel():
    camera = reference_camera(320, 240)
    view, right = render(ROOM, camera), stereo_pair(camera, 0.12)[1]
    left_gray, right_gray = to_gray(view.rgb).astype(float), to_gray(render(ROOM, right).rgb).astype(float)
    points, visible = correspondences(ROOM, view, right)
    inner = visible & (points >= 1).all(-1) & (points <= [318, 238]).all(-1)
    points, truth = points[inner], left_gray[inner]

    def difference(dx, dy):
        return np.abs(sample_bilinear(right_gray, points + np.array([dx, dy])) - truth).mean()

    exact = difference(0, 0)
    assert all(exact < 0.9 * difference(dx, dy) for dx, dy in [(0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)])


@pytest.mark.large
@pytest.mark.equation("disparity")
def test_disparity_is_the_difference_of_x_and_f_b_over_z():
    VIEW = large_view()
    left, right = stereo_pair(VIEW.camera, 0.2)
    points, _ = correspondences(ROOM, VIEW, right)
    d = disparity(VIEW, 0.2)
    assert np.abs(grid(left)[..., 0] - points[..., 0] - d).max() < 1e-9 and d.min() > 0
    assert np.abs(points[..., 1] - grid(left)[..., 1]).max() < 1e-9
    assert np.allclose(d * VIEW.depth, left.K[0, 0] * 0.2) and np.allclose(disparity(VIEW, 0.4), 2 * d)


def test_what_a_ball_hides_is_what_the_segment_to_it_crosses():
    center, radius = np.array([0.0, -1.0, 2.0]), 0.4
    scene, view = view_of(WALL, Sphere(tuple(center), radius, GRAY, 2))
    other = pinhole(200, 150, field_of_view_deg=110, cam_from_world=look_at((1.5, -1.5, 0), (0, -1, 4)))
    points, visible = correspondences(scene, view, other)
    wall = view.surfaces == 0
    X = back_project(CAMERA, grid(CAMERA)[wall], view.depth[wall])
    along = X - other.center
    t = ((center - other.center) * along).sum(-1) / (along * along).sum(-1)
    distance = np.linalg.norm(other.center + t[:, None] * along - center, axis=-1)
    inside = (points[wall] >= -0.5).all(-1) & (points[wall] < [199.5, 149.5]).all(-1)
    assert np.array_equal(visible[wall], inside & (distance > radius)) and (inside & (distance < radius)).sum() > 20


def test_a_pixel_that_sees_nothing_has_no_edge_but_at_its_border_no_match_and_no_disparity():
    scene, view = view_of(Sphere((0, -0.5, 3), 0.5, GRAY, 1))
    nothing = view.surfaces < 0
    points, visible = correspondences(scene, view, stereo_pair(CAMERA, 0.1)[1])
    assert np.isnan(points[nothing]).all() and not visible[nothing].any() and visible.sum() > 50
    edges = true_edges(scene, view)
    assert edges.depth.sum() > 20 and not (edges.depth | edges.crease | edges.instance)[nothing].any()
    assert (disparity(view, 0.1)[nothing] == 0).all()


def test_a_point_behind_the_other_camera_has_no_place_in_its_picture():
    scene, view = view_of(WALL)
    away = pinhole(64, 48, cam_from_world=look_at((0, -1, 6), (0, -1, 9)))
    points, visible = correspondences(scene, view, away)
    assert np.isnan(points).all() and not visible.any()


@pytest.mark.parametrize(("call", "text"), [
    (lambda: true_edges(VIEW, VIEW), "true_edges: `scene` must be a Scene; got View"),
    (lambda: true_edges(ROOM, VIEW.rgb), "true_edges: `view` must be a View; got ndarray"),
    (lambda: correspondences(None, VIEW, CAMERA), "correspondences: `scene` must be a Scene; got NoneType"),
    (lambda: correspondences(ROOM, ROOM, CAMERA), "correspondences: `view` must be a View; got Scene"),
    (lambda: correspondences(ROOM, VIEW, VIEW), "correspondences: `other` must be a Camera; got View"),
    (lambda: disparity(VIEW.depth, 0.1), "disparity: `view` must be a View; got ndarray"),
    (lambda: disparity(VIEW, "1"), "disparity: `baseline_m` must be a number; got str"),
])
def test_the_wrong_kind_of_thing_is_named(call, text):
    with pytest.raises(TypeError, match=text):
        call()


def test_a_camera_that_stands_on_a_seen_point_sees_it_not():
    scene, view = view_of(WALL, Sphere((0, -1, 2), 0.3, GRAY, 2))
    X = back_project(CAMERA, np.array([20.0, 10.0]), view.depth[10, 20])
    points, visible = correspondences(scene, view, pinhole(64, 48, cam_from_world=look_at(X, X + np.array([0, 0, 1]))))
    assert not visible[10, 20] and np.isnan(points[10, 20]).all()


@pytest.mark.parametrize("other", [
    lambda: (Scene(ROOM.surfaces[:3]), VIEW),  # fewer surfaces
    lambda: (Scene(ROOM.surfaces[::-1]), VIEW),  # as many
    lambda: (Scene((replace(ROOM.surfaces[0], instance=9), *ROOM.surfaces[1:])), VIEW),  # other numbers
    lambda: (Scene((replace(ROOM.surfaces[0], corner=(-2.4, 0.1, 4.5)), *ROOM.surfaces[1:])), VIEW),  # deeper
    lambda: (ROOM, replace(VIEW, camera=pinhole(20, 20))),
    lambda: (ROOM, replace(VIEW, camera=reference_camera(16, 13))),
    lambda: (ROOM, replace(VIEW, depth=VIEW.depth[:-1])),
])  # fmt: skip
def test_a_view_of_another_scene_is_refused(other):
    scene, view = other()
    for name, call in (("true_edges", true_edges), ("correspondences", lambda s, v: correspondences(s, v, CAMERA))):
        with pytest.raises(ValueError, match=f"{name}: `view` must be a view of `scene`, .* Render this scene"):
            call(scene, view)


@pytest.mark.parametrize("baseline", [0, -0.1, 1e308, np.nan, np.inf])
def test_a_baseline_is_above_zero(baseline):
    with pytest.raises(ValueError, match="disparity: `baseline_m` must "):
        disparity(VIEW, baseline)
