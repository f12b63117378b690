r"""Small rooms in batches, for networks that learn depth, normals and masks in a minute.

Notebook: notebooks/24-known-answers.ipynb

One picture tells depth because the camera is always 1.5 m above the floor and looks nearly level: where a thing
meets the floor says how far away it is. With a camera of any height a minute of training gives no more than the mean.

| notation | code      | shape        | meaning                                                        |
|----------|-----------|--------------|----------------------------------------------------------------|
| r        | radius    | scalar       | half the diagonal of an object's footprint, metres             |
|          | bearing, distance | scalars | where an object stands, seen from the camera: angle and metres |
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from course_lib import checks
from course_lib.data import textures
from course_lib.data.ray_caster import render
from course_lib.data.surfaces import Parallelogram, Scene, Sphere, box
from course_lib.data.textures import Texture
from course_lib.depth.camera import Camera, look_at, pinhole

CLASSES = ("nothing", "floor", "wall", "ceiling", "box", "ball")  # their numbers are the places in this row
EYE_M = 1.5  # height of the camera above the floor
FIELD_OF_VIEW_DEG = 90.0
PITCH_DEG = 6.0  # the camera looks up or down by at most this
ROOM_M = ((5.5, 8.0), (2.4, 2.9), (5.5, 8.0))  # from .. to: width, height, length of a room
AHEAD_M = 3.0  # the point so far ahead is in the room
STAND = (0.32, 0.68)  # where in the room the camera stands, a share of its width and length
OBJECTS = (2, 5)
DISTANCE_M = (1.6, 6.0)  # of an object
TEXELS, POOL = 64, 240  # a side of a texture; how many there are
MOST_PIXELS, MOST_SIDE = 1e8, 4096  # of a call, 3 GB; of a picture


@dataclass(frozen=True, eq=False)
class SmallRooms:
    """Pictures of n rooms and the exact answers.

    images : (n, H, W, 3) uint8;  depth : (n, H, W) float32, metres, finite: a room is closed
    normals : (n, H, W, 3) float32, camera coordinates, length one, towards the camera
    classes : (n, H, W) int32, places in CLASSES
    instances : (n, H, W) int32; 1 floor, 2 to 5 walls, 6 ceiling, from 7 on boxes and balls
    """

    images: np.ndarray
    depth: np.ndarray
    normals: np.ndarray
    classes: np.ndarray
    instances: np.ndarray


def small_rooms(n: int, *, size: tuple[int, int] = (48, 64), rng: np.random.Generator) -> SmallRooms:
    r"""Pictures of `n` random rooms with boxes and balls, with depth, normals, classes and instances.

    Room k comes from a generator of its own, whose seed is the k-th number that `rng` draws: three rooms are the
    first three of five, and a second call with the same `rng` goes on where the first has stopped.

    Parameters
    ----------
    n : int >= 0, rooms, with n * H * W at most 1e8
    size : (H, W), pixels, 1..4096
    rng : numpy Generator

    Returns
    -------
    rooms : SmallRooms

    Raises
    ------
    TypeError, ValueError
        `n` below zero, `size` no pair of sides in 1..4096, more pixels than stated, or `rng` is no generator.

    >>> small_rooms(2, size=(6, 8), rng=np.random.default_rng(0)).images.shape
    (2, 6, 8, 3)

    Notebook: notebooks/24-known-answers.ipynb
    """
    n = checks.whole("small_rooms", "n", n, low=0)
    height, width = checks.size("small_rooms", "size", size, high=MOST_SIDE)
    checks.number("small_rooms", "n * H * W", n * height * width, low=0, high=MOST_PIXELS, why="Ask for fewer rooms.")
    checks.generator("small_rooms", rng)
    images, normals = np.empty((n, height, width, 3), np.uint8), np.empty((n, height, width, 3), np.float32)
    depth = np.empty((n, height, width), np.float32)
    classes, instances = (np.empty((n, height, width), np.int32) for _ in range(2))
    for k, seed in enumerate(rng.integers(2**63, size=n)):
        scene, camera, class_of = small_room(np.random.default_rng(seed), size=size)
        view = render(scene, camera)
        images[k], depth[k], normals[k], instances[k] = view.rgb, view.depth, view.normals, view.instances
        classes[k] = class_of[view.instances]
    return SmallRooms(images, depth, normals, classes, instances)


def small_room(rng: np.random.Generator, *, size: tuple[int, int] = (48, 64)) -> tuple[Scene, Camera, np.ndarray]:
    """One of these rooms as a scene, and the camera in it.

    Parameters
    ----------
    rng : numpy Generator
    size : (H, W) of the picture, pixels, 1..4096

    Returns
    -------
    scene : Scene
    camera : Camera, at x = z = 0
    class_of : (instances + 1,) int32, the class of each instance; [0] is 0

    >>> scene, camera, class_of = small_room(np.random.default_rng(0))
    >>> class_of[:7].tolist()
    [0, 1, 2, 2, 2, 2, 3]
    """
    checks.generator("small_room", rng)
    height, width = checks.size("small_room", "size", size, high=MOST_SIDE)
    extent = np.array([rng.uniform(*span) for span in ROOM_M])
    low, yaw = _standpoint(rng, extent)
    high = low + extent
    ahead = (math.sin(yaw), math.tan(math.radians(rng.uniform(-PITCH_DEG, PITCH_DEG))), math.cos(yaw))
    eye = np.array([0, -EYE_M, 0])
    camera = pinhole(width, height, field_of_view_deg=FIELD_OF_VIEW_DEG, cam_from_world=look_at(eye, eye + ahead))
    surfaces, class_of = _shell(rng, low, high), [0, 1, 2, 2, 2, 2, 3]
    for x, z, radius in _places(rng, low, high, yaw):
        thing = _thing(rng, x, z, radius, len(class_of))
        surfaces += thing
        class_of.append(CLASSES.index("ball" if isinstance(thing[0], Sphere) else "box"))
    lamp = low + extent * [rng.uniform(0.2, 0.8), 0.06, rng.uniform(0.2, 0.8)]
    return Scene(tuple(surfaces), lamp_xyz=tuple(lamp)), camera, np.array(class_of, np.int32)


def _standpoint(rng, extent):
    """The room's least corner, seen from where the camera stands, x = z = 0, and where it looks: no wall is close."""
    while True:
        low = -extent * [rng.uniform(*STAND), 1, rng.uniform(*STAND)]
        yaw = rng.uniform(-math.pi, math.pi)
        x, _, z = AHEAD_M * np.array([math.sin(yaw), 0, math.cos(yaw)])
        if low[0] < x < low[0] + extent[0] and low[2] < z < low[2] + extent[2]:
            return low, yaw


def _shell(rng, low, high) -> list:
    """Floor 1, walls 2 to 5, ceiling 6."""
    (x, y, z), (w, h, d) = low, high - low
    planes = (((x, 0, z + d), (w, 0, 0), (0, 0, -d)),
              ((x, y, z + d), (w, 0, 0), (0, h, 0)), ((x + w, y, z + d), (0, 0, -d), (0, h, 0)),
              ((x + w, y, z), (-w, 0, 0), (0, h, 0)), ((x, y, z), (0, 0, d), (0, h, 0)),
              ((x, y, z), (w, 0, 0), (0, 0, d)))
    return [Parallelogram(*plane, _paint(rng), k) for k, plane in enumerate(planes, start=1)]


def _places(rng, low, high, yaw):
    """(x, z, r) of the objects: circles in the room, in sight, that keep clear of each other and of the camera."""
    taken: list[tuple[float, float, float]] = []
    count, radius = rng.integers(OBJECTS[0], OBJECTS[1] + 1), rng.uniform(0.2, 0.6)
    while len(taken) < count:
        bearing = yaw + math.radians(FIELD_OF_VIEW_DEG) * rng.uniform(-0.5, 0.5)
        distance = rng.uniform(*DISTANCE_M)
        x, z = distance * math.sin(bearing), distance * math.cos(bearing)
        inside = low[0] + radius < x < high[0] - radius and low[2] + radius < z < high[2] - radius
        if inside and distance > radius + 0.5 and all(math.hypot(x - a, z - b) > radius + r for a, b, r in taken):
            taken.append((x, z, radius))
            radius = rng.uniform(0.2, 0.6)
        else:
            radius *= 0.97  # a smaller one will find a place
    return taken


def _thing(rng, x, z, radius, instance):
    """A ball or a turned box within a circle of the floor."""
    if rng.random() < 0.4:
        return (Sphere((x, -radius, z), radius, _paint(rng), instance),)
    side = rng.uniform(0.35, 0.94)  # half width : radius
    w, d, h = 2 * radius * side, 2 * radius * math.sqrt(1 - side**2), rng.uniform(0.2, 1.4)
    return box((x, -h / 2, z), (w, h, d), rng.uniform(-45, 45), (_paint(rng),), instance)[:5]  # no face on the floor


def _paint(rng) -> Texture:
    return _pool()[rng.integers(POOL)]


@cache
def _pool() -> tuple[Texture, ...]:
    """Clouds, wood, pebbles and plain paint in random colours; the same ones in every run."""
    rng = np.random.default_rng(24)
    patterns = [textures.power_law_noise(rng, (TEXELS, TEXELS), exponent=e) for e in (0.5, 1.0, 1.0, 1.5, 2.0)]
    for texture in (textures.planks(rng, size=TEXELS, boards=5), textures.bricks(rng, shape=(TEXELS, TEXELS), rows=8),
                    textures.pebbles(rng, size=TEXELS, count=60)):
        gray = texture.levels[0].mean(axis=-1)
        patterns.append((gray - gray.mean()) / gray.std())
    patterns += [np.zeros((TEXELS, TEXELS))] * 2  # plain
    tints = rng.uniform(0.25, 0.95, (POOL, 3))
    contrasts = rng.uniform(0.08, 0.3, POOL)
    return tuple(textures.paint(np.clip((1 + contrast * patterns[k % len(patterns)])[..., None] * tint, 0, 1))
                 for k, (tint, contrast) in enumerate(zip(tints, contrasts, strict=True)))
