r"""A rendered street: asphalt with lane marks, pavements behind kerbs, house fronts with windows, cars, posts, sky.

Notebook: notebooks/24-known-answers.ipynb

The camera stands on the right lane, 1.3 m above the road, and looks along the street. With a second one 0.4 m to its
right, at a width of 640 pixels, the disparities reach from 2 pixels, the house at the far end, to 55, the road below.

| notation | code   | shape   | meaning                                                            |
|----------|--------|---------|--------------------------------------------------------------------|
| x, y, z  |        |         | metres; the middle of the road is x = 0, its surface y = 0         |
| side     | side   | +-1     | the right or the left of the street                                |
"""

import math
from dataclasses import dataclass

import numpy as np

from course_lib import checks
from course_lib.data import textures
from course_lib.data.surfaces import Parallelogram, Scene, Sphere, box
from course_lib.data.textures import Texture
from course_lib.depth.camera import Camera, look_at, pinhole

CLASSES = ("sky", "road", "pavement", "building", "car", "post")  # their numbers are the places in this row
ROAD_M, PAVEMENT_M, KERB_M = 7.0, 2.6, 0.13  # width, width, height
NEAR_Z, FAR_Z = -6.0, 74.0  # where the street begins and ends
EYE_XYZ = (1.6, -1.3, 0.0)
LAMP_XYZ = (-2.0, -34.0, -14.0)  # a sun that is near enough to light both sides
PAINTS = np.array([[0.75, 0.12, 0.10], [0.12, 0.25, 0.55], [0.85, 0.85, 0.83], [0.90, 0.70, 0.15], [0.20, 0.42, 0.30],
                   [0.55, 0.57, 0.60]])


@dataclass(frozen=True, eq=False)
class Street:
    """A street and what its instances are: classes[k] is the name of instance k, one of CLASSES; classes[0] the sky."""

    scene: Scene
    classes: tuple[str, ...]

    def __post_init__(self):
        checks.instance("Street", "scene", self.scene, Scene)
        for name in checks.instance("Street", "classes", self.classes, tuple):
            checks.choice("Street", "classes", name, CLASSES)


def street(rng: np.random.Generator) -> Street:
    """A random street.

    Parameters
    ----------
    rng : numpy Generator

    Returns
    -------
    street : Street
        Instances: 1 road, 2 and 3 pavements with their kerbs, then houses, cars and posts, each its own number.

    >>> street(np.random.default_rng(0)).classes[:5]
    ('sky', 'road', 'pavement', 'pavement', 'building')

    Notebook: notebooks/24-known-answers.ipynb
    """
    checks.generator("street", rng)
    parts = [("road", _road), ("pavement", _pavement(-1)), ("pavement", _pavement(1))]
    parts += [("building", house) for side in (-1, 1) for house in _houses(rng, side)]
    parts += [("building", _end), *(("car", car) for car in _cars(rng)), *(("post", post) for post in _posts(rng))]
    surfaces: list = []
    for instance, (_, build) in enumerate(parts, start=1):
        surfaces += build(rng, instance)
    return Street(Scene(tuple(surfaces), lamp_xyz=LAMP_XYZ), ("sky", *(name for name, _ in parts)))


def street_camera(width: int = 640, height: int = 320) -> Camera:
    """The camera on the right lane, 70 degrees wide, level.

    Parameters
    ----------
    width, height : int, pixels
    """
    x, y, z = EYE_XYZ
    return pinhole(width, height, field_of_view_deg=70, cam_from_world=look_at(EYE_XYZ, (x - 1.0, y, z + 30)))


def class_map(street: Street, instances: np.ndarray) -> np.ndarray:
    """The class of every pixel.

    Parameters
    ----------
    street : Street
    instances : (H, W) int32, as `render` gives them for street.scene

    Returns
    -------
    classes : (H, W) int32, places in CLASSES: 0 sky, 1 road, 2 pavement, 3 building, 4 car, 5 post

    Raises
    ------
    TypeError, ValueError
        `street` is no Street, or a pixel has an instance that the street has not.
    """
    checks.instance("class_map", "street", street, Street)
    instances = checks.labels("class_map", instances, name="instances")
    if instances.max() >= len(street.classes):
        raise ValueError(f"class_map: `instances` must be below {len(street.classes)}, the number of this street's; "
                         f"got {instances.max()}. Give the view of this street.")
    return np.array([CLASSES.index(name) for name in street.classes], np.int32)[instances]


def _road(rng, instance):
    length = FAR_Z - NEAR_Z
    return [Parallelogram((-ROAD_M / 2, 0, FAR_Z), (ROAD_M, 0, 0), (0, 0, -length), _asphalt(rng, length), instance)]


def _pavement(side):
    """The slabs, and the kerb's edge towards the road."""
    def build(rng, instance):
        length, inner = FAR_Z - NEAR_Z, side * ROAD_M / 2
        slabs, stone = _slabs(rng, length), textures.plaster(rng, np.array([0.66, 0.65, 0.62]), size=256)
        return [Parallelogram((inner, -KERB_M, FAR_Z), (side * PAVEMENT_M, 0, 0), (0, 0, -length), slabs, instance),
                Parallelogram((inner, -KERB_M, FAR_Z), (0, 0, -length), (0, KERB_M, 0), stone, instance)]
    return build


def _houses(rng, side):
    """Fronts side by side, of many widths and heights, some a little nearer to the road."""
    z = NEAR_Z
    while z < FAR_Z:
        width = min(rng.uniform(7, 13), FAR_Z + 2 - z)
        yield _house(side, z + width / 2, width, rng.uniform(6.5, 13), rng.uniform(0, 0.5))
        z += width


def _house(side, z, width, height, forward):
    def build(rng, instance):
        x = side * (ROAD_M / 2 + PAVEMENT_M - forward + 3)
        front, wall = _facade(rng, width, height), _plaster(rng)
        walls = (wall, wall, wall, front) if side > 0 else (wall, front, wall, wall)
        return box((x, -height / 2, z), (6, height, width), 0, (*walls, wall, wall), instance)[:4]  # no roof is seen
    return build


def _end(rng, instance):
    """The house that closes the street."""
    width, height = ROAD_M + 2 * PAVEMENT_M + 2, 8.0
    return [Parallelogram((-width / 2, -height, FAR_Z), (width, 0, 0), (0, height, 0), _facade(rng, width, height),
                          instance)]


def _cars(rng):
    """Parked on the left, driving on the right: gaps are longer than a car."""
    for x, z, gap in ((-2.55, 7.0, (1, 7)), (2.3, 13.0, (9, 16))):
        z += rng.uniform(0, 4)
        while z < 0.6 * FAR_Z:
            yield _car(x + rng.uniform(-0.1, 0.1), z, rng.uniform(-2, 2))
            z += 4.4 + rng.uniform(*gap)


def _car(x, z, turn_deg):
    """A body, a cabin with dark glass, four wheels."""
    def build(rng, instance):
        paint = textures.plaster(rng, PAINTS[rng.integers(len(PAINTS))], size=64, contrast=0.05)
        glass = textures.paint(_window_light(rng, (32, 64), (0.10, 0.13, 0.16)))
        rubber = textures.plaster(rng, np.array([0.07, 0.07, 0.07]), size=32)
        along = np.array([-math.sin(math.radians(turn_deg)), 0, math.cos(math.radians(turn_deg))])
        across = np.array([along[2], 0, -along[0]])
        foot, up = np.array([x, 0, z]), np.array([0, -1, 0])
        wheels = [Sphere(tuple(foot + a * across + b * along + 0.31 * up), 0.31, rubber, instance)
                  for a in (-0.62, 0.62) for b in (-1.3, 1.3)]
        return [*box(foot + 0.60 * up, (1.75, 0.62, 4.2), turn_deg, (paint,), instance)[:5],
                *box(foot - 0.25 * along + 1.16 * up, (1.5, 0.5, 2.1), turn_deg, (glass,) * 4 + (paint,) * 2,
                     instance)[:5], *wheels]
    return build


def _posts(rng):
    """Thin posts along both kerbs, between the near cars and the far houses."""
    for side in (-1, 1):
        z = rng.uniform(3.5, 6)
        while z < 0.7 * FAR_Z:
            yield _post(side * (ROAD_M / 2 + 0.35), z, rng.uniform(2.4, 4.5))
            z += rng.uniform(8, 14)


def _post(x, z, height):
    def build(rng, instance):
        gray = textures.plaster(rng, rng.uniform(0.25, 0.5) * np.ones(3), size=64)
        return box((x, -KERB_M - height / 2, z), (0.12, height, 0.12), 0, (gray,), instance)[:4]
    return build


def _asphalt(rng, length, per_m=48) -> Texture:
    """Dark 1/f grain with bright stones, worn white lines: two along the edges, dashes in the middle."""
    y, x = np.mgrid[:int(length * per_m), :int(ROAD_M * per_m)] / per_m
    clouds, grit = (textures.power_law_noise(rng, y.shape, exponent=e) for e in (1.0, 0.2))
    gray = 0.36 + 0.035 * (clouds + grit)
    edges = np.abs(np.abs(x - ROAD_M / 2) - (ROAD_M / 2 - 0.3)) < 0.06
    dashes = (np.abs(x - ROAD_M / 2) < 0.07) & (y % 6 < 3)
    wear = 0.8 + 0.15 * textures.power_law_noise(rng, y.shape, exponent=0.6)
    return textures.paint(np.clip(np.where(edges | dashes, np.minimum(wear, 0.95), gray), 0, 1))


def _slabs(rng, length, per_m=40) -> Texture:
    """Slabs of stone, half a metre wide, each row shifted, each slab of its own tone."""
    y, x = np.mgrid[:int(length * per_m), :int(PAVEMENT_M * per_m)] / per_m
    row = (y / 0.5).astype(int)
    along = x / 0.65 + rng.random(row.max() + 1)[row]
    tone = rng.uniform(0.52, 0.74, (row.max() + 1, int(along.max()) + 1))[row, along.astype(int)]
    joint = np.minimum(0.5 * (y / 0.5 % 1), 0.65 * (along % 1)) < 0.03
    grain = 1 + 0.07 * textures.power_law_noise(rng, y.shape, exponent=0.7)
    return textures.paint(np.clip(np.where(joint, 0.35, tone) * grain, 0, 1))


def _facade(rng, width, height, per_m=40) -> Texture:
    """A wall of plaster or brick with storeys of windows, no two alike."""
    shape = (int(height * per_m), int(width * per_m))
    if rng.random() < 0.35:
        wall = textures.bricks(rng, shape=shape, rows=int(height / 0.16)).levels[0] / 255
    else:
        wall = _pale(rng) * (1 + 0.07 * textures.power_law_noise(rng, shape))[..., None]
    columns, storeys = int(width / rng.uniform(1.7, 2.5)), int(height / rng.uniform(2.5, 3.0))
    frame, glass = np.full(3, rng.uniform(0.6, 0.95)), rng.uniform(0.10, 0.22) * np.array([0.9, 1.0, 1.1])
    w, h = (int(share * per_m) for share in (rng.uniform(0.8, 1.2), rng.uniform(1.2, 1.6)))  # of a window, texels
    for storey in range(storeys):
        for column in range(columns):
            top = int((storey + 0.5) * shape[0] / storeys - h / 2)
            left = int((column + 0.5) * shape[1] / columns - w / 2)
            wall[top - 4:top + h + 4, left - 4:left + w + 4] = frame
            pane = _window_light(rng, (h, w), glass)
            pane[h // 3:h // 3 + 3] = pane[:, w // 2 - 1:w // 2 + 2] = frame  # the bars
            wall[top:top + h, left:left + w] = pane
    return textures.paint(np.clip(wall, 0, 1))


def _window_light(rng, shape, rgb):
    """Dark glass with a reflection of the sky, brighter above, and sometimes a curtain."""
    y = np.linspace(1, 0, shape[0])[:, None]
    cloud = 0.05 * textures.power_law_noise(rng, shape, exponent=1.5) + rng.uniform(0.1, 0.35) * y
    curtain = (np.arange(shape[1]) < rng.integers(0, shape[1] // 2)) * rng.uniform(0, 0.3)
    return np.clip(np.asarray(rgb) + (cloud + curtain)[..., None], 0, 1)


def _plaster(rng) -> Texture:
    return textures.plaster(rng, _pale(rng), size=256)


def _pale(rng):
    """The colour of a house: of one brightness or another, with a little of a hue."""
    return rng.uniform(0.6, 0.88) * (1 + 0.13 * rng.uniform(-1, 1, 3))
