r"""The rendered rooms of the course: the reference room, random rooms, one with repeats; and their cameras.

Notebook: notebooks/24-known-answers.ipynb

Axes of the world: x right, y down, z forward, metres. A floor lies at y = 0, so what stands on it has y < 0.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from matplotlib.colors import hsv_to_rgb

from course_lib import checks
from course_lib.data import textures
from course_lib.data.surfaces import Parallelogram, Scene, Sphere, box
from course_lib.data.textures import photograph
from course_lib.depth.camera import Camera, look_at, pinhole

ROOM_XYZ = (4.8, 2.6, 5.7)  # width, height, length of a room, metres
FRONT_Z = -1.2  # where it begins
CRATE_PICTURES = ("astronaut", "brick", "camera", "cat", "cell", "coffee", "coins", "flower", "grass", "gravel", "page",
                  "text", "tissue", "china", "hopper", "motorcycle_left")  # none is dark: dark faces have no features


def reference_room(*, textured: bool = True) -> Scene:
    """The scene of the course: a room with crates, a bench, balls and posters, always the same.

    Parameters
    ----------
    textured : bool
        False: the same room with every surface in one plain colour, for what textures would disturb.

    Returns
    -------
    room : Scene
        Instances: 1 floor, 2 back wall, 3 left wall, 4 right wall, 5 ceiling, 6 wall behind the camera, then objects.

    >>> len({s.instance for s in reference_room(textured=False).surfaces})
    18
    """
    checks.instance("reference_room", "textured", textured, bool)
    return _reference_room() if textured else _plain(_reference_room())


@cache
def _reference_room() -> Scene:
    """One room for all who ask: its textures take a second to paint."""
    rng = np.random.default_rng(1)
    walls = (textures.pebbles(rng), textures.bricks(rng), textures.plaster(rng, np.array([0.88, 0.80, 0.62])),
             textures.plaster(rng, np.array([0.55, 0.72, 0.74])), textures.planks(rng, size=1024, boards=11),
             textures.plaster(rng, np.array([0.8, 0.8, 0.8])))
    balls = [_marble(rng, a, b) for a, b in (((0.95, 0.93, 0.85), (0.75, 0.25, 0.15)),
                                             ((0.90, 0.85, 0.45), (0.15, 0.35, 0.60)),
                                             ((0.90, 0.90, 0.90), (0.20, 0.45, 0.25)))]
    surfaces = (
        *_walls(walls),
        *box((-1.35, -0.50, 3.60), (1.0, 1.0, 1.0), 24, _faces("astronaut", "coins", "page", "grass", "gravel"), 7),
        *box((-1.30, -1.30, 3.65), (0.6, 0.6, 0.6), -14, _faces("cat", "camera", "cell", "brick", "clock"), 8),
        *box((0.05, -0.26, 2.75), (0.52, 0.52, 0.52), 38, _faces("tissue", "flower", "hubble", "horse", "text"), 9),
        *_bench((1.30, 0, 3.55), rng, 10),
        Sphere((1.00, -0.84, 3.50), 0.22, balls[0], 11),
        Sphere((-0.42, -0.30, 2.05), 0.30, balls[1], 12),
        Sphere((0.95, -0.16, 2.45), 0.16, balls[2], 13),
        *box((1.62, -0.82, 3.62), (0.36, 0.4, 0.3), -20, _faces("coffee", "retina", "rocket", "colorwheel", "moon"),
             14),
        Parallelogram((-2.39, -2.1, 2.85), (0, 0, 1.35), (0, 0.9, 0), photograph("china"), 15),
        Parallelogram((2.39, -2.15, 4.3), (0, 0, -1.5), (0, 1.0, 0), photograph("motorcycle_left"), 16),
        Parallelogram((0.0, -2.2, 4.49), (0.9, 0, 0), (0, 1.05, 0), photograph("hopper"), 17),
        *box((-0.55, -1.3, 4.2), (0.16, 2.6, 0.16), 45, _boards(rng, 1), 18),
    )
    return Scene(surfaces, lamp_xyz=(-0.6, -2.45, 1.6))


def reference_camera(width: int = 320, height: int = 240) -> Camera:
    """The camera from which the book shows the reference room.

    Parameters
    ----------
    width, height : int, pixels
    """
    return pinhole(width, height, field_of_view_deg=62, cam_from_world=look_at((0.25, -1.5, -0.7), (0.05, -0.95, 3.4)))


@cache
def repeating_room() -> Scene:
    """A room to be warned by: walls, floor and crates are tiled with one small patch, again and again.

    Each place has many twins that look alike, and the twins lie at equal steps, so that wrong matches of
    neighbouring places agree with each other.

    Returns
    -------
    room : Scene, instances as in `reference_room`; 7 and 8 are crates
    """
    rng = np.random.default_rng(3)
    patch = np.clip(0.55 + 0.2 * textures.power_law_noise(rng, (64, 64), exponent=0.8), 0, 1)
    tiled = [textures.paint(np.tile(patch, reps)) for reps in ((8, 16), (3, 3))]
    surfaces = (*_walls((tiled[0],) * 6),
                *box((-0.7, -0.5, 3.2), (1.0, 1.0, 1.0), 20, (tiled[1],), 7),
                *box((0.9, -0.35, 2.6), (0.7, 0.7, 0.7), -15, (tiled[1],), 8))
    return Scene(surfaces, lamp_xyz=(-0.6, -2.45, 1.6))


def random_room(rng: np.random.Generator, *, objects: int = 7) -> Scene:
    """A room like the reference room with other walls, and crates and balls at random places, none inside another.

    Two faces of each crate have a photograph, as long as there are some, the others plaster and wood.

    Parameters
    ----------
    rng : numpy Generator
    objects : int in 0..12

    Returns
    -------
    room : Scene, instances 1 to 6 as in `reference_room`, then the objects that found a place
    """
    checks.generator("random_room", rng)
    objects = checks.whole("random_room", "objects", objects, low=0, high=12)  # then the floor is full
    tints = rng.uniform(0.5, 0.95, (4, 3))
    walls = (textures.pebbles(rng, size=512, count=int(rng.integers(500, 1500))),
             textures.bricks(rng, shape=(256, 512), rows=int(rng.integers(12, 22))),
             *(textures.plaster(rng, tint, size=256) for tint in tints))
    names = iter(rng.permutation(CRATE_PICTURES))
    surfaces: list = list(_walls(walls))
    taken: list[tuple[float, float, float]] = []  # x, z, size
    for _ in range(40 * objects):
        if len(taken) == objects:
            break
        size = rng.uniform(0.3, 0.9)
        x, z = rng.uniform(-1.9 + size / 2, 1.9 - size / 2), rng.uniform(1.8, 4.0 - size / 2)
        if any(np.hypot(x - a, z - b) < 0.75 * (size + s) for a, b, s in taken):
            continue  # half diagonals do not meet: 0.71 of the side
        taken.append((x, z, size))
        instance = 6 + len(taken)
        if rng.random() < 0.35:
            ball = _marble(rng, rng.uniform(0.6, 1, 3), rng.uniform(0, 0.6, 3))
            surfaces.append(Sphere((x, -size / 2, z), size / 2, ball, instance))
        else:
            front, left = (photograph(name) if name else textures.planks(rng, size=256, boards=3)
                           for name in (next(names, ""), next(names, "")))
            right, back, bottom = (textures.plaster(rng, rng.uniform(0.4, 0.9, 3), size=256) for _ in range(3))
            faces = (front, right, back, left, textures.planks(rng, size=256, boards=4), bottom)
            height = size * rng.uniform(0.6, 1.6)
            surfaces += box((x, -height / 2, z), (size, height, size), rng.uniform(-45, 45), faces, instance)
    return Scene(tuple(surfaces), lamp_xyz=(rng.uniform(-1.5, 1.5), -2.45, rng.uniform(0.5, 2.5)))


def camera_arc(count: int, width: int = 320, height: int = 240, *, around=(0.0, -0.7, 3.4), radius_m: float = 3.2,
               angle_deg: float = 50.0) -> list[Camera]:
    """Cameras on an arc that all look at one point, from left to right, as one walks around a scene.

    Parameters
    ----------
    count : int in 1..10000
    width, height : int, pixels
    around : (3,), the point looked at, metres
    radius_m : float > 0
    angle_deg : float in (0, 360], of the whole arc

    >>> len(camera_arc(5))
    5
    """
    count = checks.whole("camera_arc", "count", count, low=1, high=10_000)
    center = checks.matrix("camera_arc", "around", around, (3,))
    radius = checks.number("camera_arc", "radius_m", radius_m, low=0, strict=True)
    half = np.radians(checks.number("camera_arc", "angle_deg", angle_deg, low=0, high=360, strict=True)) / 2
    angles = np.linspace(-half, half, count) if count > 1 else [0.0]
    eyes = [center + np.array([radius * np.sin(a), -0.7, -radius * np.cos(a)]) for a in angles]
    return [pinhole(width, height, field_of_view_deg=68, cam_from_world=look_at(eye, center)) for eye in eyes]


def stereo_pair(left: Camera, baseline_m: float) -> tuple[Camera, Camera]:
    """This camera and a second one to its right, turned alike: the rows of both pictures correspond.

    Parameters
    ----------
    left : Camera
    baseline_m : float > 0, metres

    Returns
    -------
    left, right : Camera
        The disparity of a point at depth z is x_left - x_right: see ground_truth.disparity.
    """
    checks.instance("stereo_pair", "left", left, Camera)
    B = checks.number("stereo_pair", "baseline_m", baseline_m, low=0, strict=True)
    right_from_left = np.eye(4)
    right_from_left[0, 3] = -B
    return left, Camera(left.K, right_from_left @ left.cam_from_world, left.width, left.height)


def _walls(paints):
    """Floor, back, left, right, ceiling, front: each picture upright and not mirrored, seen from inside."""
    (w, h, d), z0 = ROOM_XYZ, FRONT_Z
    floor, back, left, right, ceiling, front = paints
    return (Parallelogram((-w / 2, 0, z0 + d), (w, 0, 0), (0, 0, -d), floor, 1),
            Parallelogram((-w / 2, -h, z0 + d), (w, 0, 0), (0, h, 0), back, 2),
            Parallelogram((-w / 2, -h, z0), (0, 0, d), (0, h, 0), left, 3),
            Parallelogram((w / 2, -h, z0 + d), (0, 0, -d), (0, h, 0), right, 4),
            Parallelogram((-w / 2, -h, z0), (w, 0, 0), (0, 0, d), ceiling, 5),
            Parallelogram((w / 2, -h, z0), (-w, 0, 0), (0, h, 0), front, 6))


def _faces(front, right, back, left, top):
    """One photograph for each face but the bottom, which nobody sees."""
    return tuple(photograph(name) for name in (front, right, back, left, top, "gravel"))


def _bench(foot, rng, instance):
    x, y, z = foot
    return (*box((x, y - 0.58, z), (1.3, 0.08, 0.6), 0, _boards(rng, 4), instance),
            *box((x - 0.55, y - 0.27, z), (0.08, 0.54, 0.5), 0, _boards(rng, 1), instance),
            *box((x + 0.55, y - 0.27, z), (0.08, 0.54, 0.5), 0, _boards(rng, 1), instance))


def _boards(rng, boards):
    """Six faces of wood, no two of them alike."""
    return tuple(textures.planks(rng, size=256, boards=boards) for _ in range(6))


def _marble(rng, light, dark):
    """Two colours in bands that clouds bend."""
    bend = textures.power_law_noise(rng, (256, 512), exponent=1.6)
    y = np.linspace(0, 1, 256)[:, None]
    share = 0.5 + 0.5 * np.tanh(2.5 * np.sin(2 * np.pi * (3 * y + 0.45 * bend)))
    grain = 1 + 0.06 * textures.power_law_noise(rng, (256, 512), exponent=0.7)
    color = (np.array(dark) + share[..., None] * (np.array(light) - np.array(dark))) * grain[..., None]
    return textures.paint(np.clip(color, 0, 1))


@cache
def _plain(room):
    """Every instance in one colour; neighbours in number are far apart in hue (steps of the golden ratio)."""
    hues = {s.instance: s.instance * 0.6180339887 % 1 for s in room.surfaces}
    colors = {k: hsv_to_rgb((hue, 0.5, (0.9, 0.65, 0.45)[k % 3])) for k, hue in hues.items()}
    flat = {k: textures.paint(color[None, None]) for k, color in colors.items()}
    return replace(room, surfaces=tuple(replace(s, texture=flat[s.instance]) for s in room.surfaces))
