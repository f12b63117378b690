"""course_lib.data.ray_caster beside the same picture in NumPy, all pixels at once; and what the course can wait for.

The NumPy twin finds where a ray meets a parallelogram by Cramer's rule and triple products, without the dual edges of
ours, sends the rays for shadows from the lamp, and looks up textures as ours does: the tests compare all of a view.
"""

from functools import partial

import numpy as np

from benchmarks.timing import CLOCK, Case, Peer, row
from course_lib.data import ray_caster, scenes
from course_lib.data.ray_caster import AMBIENT, BACKGROUND, GAMMA, SUBPIXELS, render
from course_lib.data.small_rooms import small_rooms
from course_lib.data.street import street, street_camera
from course_lib.data.surfaces import Scene, Sphere, View
from course_lib.depth.camera import Camera, pixel_rays

SIZES = {160: 120, 320: 240, 640: 480}  # width: height
PICTURE = "the reference room, size = width"
TASK, OURS, TURNS = "Ray casting, colours, depth, normals and ids", "ray_caster.render", 9
ROOMS = 32  # in a batch
STREET_SIZES, STREET_PICTURE = {80: 40, 160: 80, 320: 160}, "a street of some 200 surfaces, size = width"
ROOM_TASK, ROOM_OURS, ROOM_PICTURE = "A small room and its picture", "small_rooms.small_rooms", "random, size = height"
BUDGET_TASK = "Ray casting, beside the time that it may take"
BUDGETS = [(BUDGET_TASK, 320, OURS, "budget of 400 ms", 400), (BUDGET_TASK, 640, OURS, "budget of 1500 ms", 1500),
           (ROOM_TASK, 48, ROOM_OURS, "budget of 8 ms a room", 8),
           (ROOM_TASK, 64, ROOM_OURS, "budget of 8 ms a room", 8)]  # task, size, ours, peer, milliseconds


def cases():
    for width, height in SIZES.items():
        yield case(TASK, PICTURE, scenes.reference_room(), scenes.reference_camera(width, height))
    avenue = street(np.random.default_rng(0)).scene
    for width, height in STREET_SIZES.items():
        yield case(f"{TASK}, of a street", STREET_PICTURE, avenue, street_camera(width, height))


def case(task, picture, scene, camera):
    return Case(task, picture, camera.width, OURS, partial(render, scene, camera), (
        Peer("NumPy, all pixels at once", partial(numpy_render, scene, camera), same_view,
             "depth, normals up to rounding, the same surfaces and colours in 99.9 % of the pixels"),))


def rows():
    """Rows of speed.json: what a call takes of the time that it may take."""
    for task, size, ours, name, budget_ms in BUDGETS:
        if task == BUDGET_TASK:
            picture, calls = PICTURE, 1
            call = partial(render, scenes.reference_room(), scenes.reference_camera(size, SIZES[size]))
        else:
            picture, calls = ROOM_PICTURE, ROOMS
            call = partial(small_rooms, ROOMS, size=(size, 64), rng=np.random.default_rng(0))
        call()  # compiles, paints
        peer = Peer(name, call, lambda a, b: True, "none: a bound on the time", 1.0)
        times = [_seconds(call) / calls for _ in range(TURNS)]
        yield row(Case(task, picture, size, ours, call, (peer,)), peer, times, [1e-3 * budget_ms] * TURNS)


def same_view(ours: View, theirs: View) -> bool:
    """Where both see the same surface, and that is nearly everywhere, they say the same of it."""
    same = ours.surfaces == theirs.surfaces
    seen = same & (ours.surfaces >= 0)
    return bool(same.mean() >= 0.999 and (ours.instances == theirs.instances)[same].all()
                and np.allclose(ours.depth[seen], theirs.depth[seen], rtol=1e-9)
                and np.abs(ours.normals - theirs.normals)[seen].max(initial=0) < 1e-6
                and (np.abs(ours.rgb.astype(int) - theirs.rgb) <= 1).mean() >= 0.999)


def numpy_render(scene: Scene, camera: Camera) -> View:
    y, x = np.mgrid[:camera.height, :camera.width].astype(float)
    centers = np.stack([x, y], axis=-1)
    rays = pixel_rays(camera, centers)
    depth, surfaces = hits(scene, camera.center, rays)[:2]
    points = camera.center + np.where(np.isfinite(depth), depth, 0)[..., None] * rays
    normals = normals_at(scene, camera.center, points, surfaces) @ camera.cam_from_world[:3, :3].T
    light = np.mean([shade(scene, camera, pixel_rays(camera, centers + offset)) for offset in SUBPIXELS], axis=0)
    rgb = np.rint(255 * light ** (1 / GAMMA)).astype(np.uint8)
    instances = np.array([0, *(s.instance for s in scene.surfaces)])[surfaces + 1]
    return View(rgb, depth, normals, instances, surfaces, camera)


def hits(scene, o, d):
    """(z, surface, a, b) of the first hit of each ray o + z d; o is (3,), d is (H, W, 3)."""
    z, surface = np.full(d.shape[:-1], np.inf), np.full(d.shape[:-1], -1)
    a, b = np.zeros(z.shape), np.zeros(z.shape)
    for i, s in enumerate(scene.surfaces):
        with np.errstate(divide="ignore", invalid="ignore"):
            z_i, a_i, b_i = (_sphere if isinstance(s, Sphere) else _parallelogram)(s, o, d)
        first = (z_i > ray_caster.NEAR) & (z_i < z)  # False for NaN
        z, surface = np.where(first, z_i, z), np.where(first, i, surface)
        a, b = np.where(first, a_i, a), np.where(first, b_i, b)
    return z, surface, a, b


def _sphere(s, o, d):
    e = o - np.array(s.center)
    h, dd = (e * d).sum(-1), (d * d).sum(-1)
    z = (-h - np.sqrt(h**2 - dd * ((e * e).sum(-1) - s.radius**2))) / dd
    x, y, w = np.moveaxis((e + z[..., None] * d) / s.radius, -1, 0)
    return z, np.arctan2(x, -w) / (2 * np.pi) + 0.5, np.arcsin(np.clip(y, -1, 1)) / np.pi + 0.5


def _parallelogram(s, o, d):
    """a u + b v - z d = o - p by Cramer's rule: the triple products of d with v x u, v x e and e x u."""
    u, v, e = np.array(s.edge_u), np.array(s.edge_v), o - np.array(s.corner)
    eu = np.cross(e, u)
    determinant = d @ np.cross(v, u)
    a, b, z = d @ np.cross(v, e) / determinant, d @ eu / determinant, eu @ v / determinant
    return np.where((a >= 0) & (a <= 1) & (b >= 0) & (b <= 1), z, np.nan), a, b


def normals_at(scene, o, points, surfaces):
    normals = np.zeros(points.shape)
    for i, s in enumerate(scene.surfaces):
        here = surfaces == i
        n = points[here] - s.center if isinstance(s, Sphere) else np.cross(s.edge_u, s.edge_v) + 0 * points[here]
        n = n / np.linalg.norm(n, axis=-1, keepdims=True)
        normals[here] = n * np.sign((n * (o - points[here])).sum(-1, keepdims=True))
    return normals


def shade(scene, camera, rays):
    """(H, W, 3) linear light."""
    z, surfaces, a, b = hits(scene, camera.center, rays)
    points = camera.center + np.where(surfaces >= 0, z, 0)[..., None] * rays
    n = normals_at(scene, camera.center, points, surfaces)
    brightness = np.ones(z.shape)
    if scene.lamp_xyz is not None:
        lamp = np.array(scene.lamp_xyz)
        l = lamp - points
        cosine = (n * l).sum(-1) / np.linalg.norm(l, axis=-1)
        dark = (cosine <= 0) | (hits(scene, lamp, points + 1e-6 * n - lamp)[0] < 1)  # from the lamp: the point is at 1
        brightness = AMBIENT + (1 - AMBIENT) * np.where(dark, 0, cosine)
    slant = np.maximum(np.abs((n * rays).sum(-1)) / np.linalg.norm(rays, axis=-1), 0.05)
    light = np.full(rays.shape, BACKGROUND)
    for i, s in enumerate(scene.surfaces):
        here = surfaces == i
        levels = s.texture.levels
        density = np.sqrt(np.prod(levels[0].shape[:2]) / np.prod(s.sides()))
        level = np.log2(np.maximum(z[here] / camera.K[0, 0] * density / np.sqrt(slant[here]), 1))
        level = np.minimum(level, len(levels) - 1)
        fine = level.astype(int)
        color = np.zeros((here.sum(), 3))
        for k, picture in enumerate(levels):
            weight = np.where(fine == k, 1 - (level - fine), np.where(fine + 1 == k, level - fine, 0))
            some = weight > 0
            color[some] += weight[some, None] * _bilinear(picture, a[here][some], b[here][some])
        light[here] = brightness[here][:, None] * color
    return light


def _bilinear(picture, a, b):
    h, w = picture.shape[:2]
    x, y = np.clip(a * w - 0.5, 0, w - 1), np.clip(b * h - 0.5, 0, h - 1)
    x0, y0 = x.astype(int), y.astype(int)
    x1, y1 = np.minimum(x0 + 1, w - 1), np.minimum(y0 + 1, h - 1)
    s, t = (x - x0)[:, None], (y - y0)[:, None]
    p = (np.arange(256) / 255) ** GAMMA
    return ((1 - s) * (1 - t) * p[picture[y0, x0]] + s * (1 - t) * p[picture[y0, x1]]
            + (1 - s) * t * p[picture[y1, x0]] + s * t * p[picture[y1, x1]])


def _seconds(call):
    start = CLOCK()
    call()
    return CLOCK() - start
