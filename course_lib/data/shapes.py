r"""Scenes of disks, rectangles, triangles and stars that overlap, with the class and the number of every pixel.

A scene is painted from back to front. Each shape is a signed distance field: its sign decides, exactly and at the
pixel's centre, to whom the pixel belongs, and its coverage blends the colours at the edge. Colours and textures know
nothing of the class, so that only the outline tells a disk from a star.

Notebook: notebooks/24-known-answers.ipynb
Reference: T. Porter, T. Duff, "Compositing digital images", Computer Graphics 18(3), 253-259 (1984),
doi 10.1145/964965.808606 (the operator "over").

| notation | code           | shape     | meaning                                                  |
|----------|----------------|-----------|----------------------------------------------------------|
| d        | distance       | (H, W)    | signed distance to a shape, pixels, negative inside      |
| alpha    | alpha          | (H, W)    | coverage of the pixel by the shape, 0..1                 |
| c        | paint          | (H, W, 3) | colour with texture, 0..1                                |
| S        | instances      | (H, W)    | 0 ground, 1..k from back to front                        |
| B, G     | weights, waves |           | noise of one scale: a coarse random grid, made smooth    |
"""

import functools
from dataclasses import dataclass

import numpy as np

from course_lib import checks
from course_lib.data.distance_fields import coverage, disk_distance, polygon_distance

NAMES = ("ground", "disk", "rectangle", "triangle", "star")  # NAMES[class]
COUNT = (2, 6)  # shapes of a scene
RADIUS = (0.12, 0.26)  # of the circle round a shape, in shares of the picture: six of them overlap, two leave ground
MARGIN = 0.1  # centres keep this share of the picture from its border; a shape may still be cut by it
MIN_VISIBLE = 0.01  # share of the picture that stays visible of every shape: 41 of 64 x 64 pixels
ATTEMPTS = 40  # draws of shapes for a scene; more than two of three are accepted
PALETTE = np.array([  # sand, rust, moss, teal, navy, plum, rose, ochre, sky, cream, slate, brick
    (222, 199, 158), (199, 98, 58), (116, 138, 76), (44, 132, 128), (42, 66, 112), (112, 66, 120),
    (222, 138, 148), (226, 168, 62), (122, 176, 208), (234, 222, 196), (92, 104, 116), (150, 52, 52),
]) / 255  # fmt: skip
SHADE = 0.06  # a colour of the palette is lighter or darker by up to this
TEXTURE = (0.02, 0.09)  # amplitude of noise or stripes, in grey values 0..1: visible, and weaker than most edges
SCALES = (3, 6, 12)  # cells of the noise grids across the picture
STRIPES = (0.06, 0.16)  # wavelength of stripes, in shares of the picture
LIGHT = 0.15  # the illumination goes from 1 - LIGHT to 1 + LIGHT between two opposite corners at most
NOISE = (0.0, 0.02)  # standard deviation of the noise of the sensor, in grey values 0..1
MOST_PIXELS, MOST_SIDE = 1e8, 4096  # of a call, 1 GB; of a scene


@dataclass(frozen=True, eq=False)
class ShapeScenes:
    """`images` and the truth about them: `classes` (what), `instances` (which one)."""

    images: np.ndarray  # (n, H, W, 3) uint8
    classes: np.ndarray  # (n, H, W) int32: 0 ground, 1 disk, 2 rectangle, 3 triangle, 4 star
    instances: np.ndarray  # (n, H, W) int32: 0 ground, 1..k from back to front


def shapes(n: int, *, size: int = 64, rng: np.random.Generator) -> ShapeScenes:
    r"""Paint `n` scenes of two to six shapes, and say what every pixel shows.

    Parameters
    ----------
    n : int >= 0, with n * size^2 at most 1e8
    size : int, 24..4096, H = W in pixels
    rng : np.random.Generator
        Scene after scene takes from it: ``shapes(3)`` are the first three of ``shapes(9)`` from a
        generator with the same seed.

    Returns
    -------
    scenes : ShapeScenes
        `images` (n, H, W, 3) uint8; `classes` and `instances` (n, H, W) int32, 0 for the ground.
        A pixel belongs to the front-most shape that its centre lies in. Of each shape at least 1 % of
        the picture is visible, and its number is one of 1..k without a gap.

    Raises
    ------
    TypeError, ValueError
        A negative number, a size below 24, more pixels than stated, no generator.

    >>> scenes = shapes(2, size=32, rng=np.random.default_rng(0))
    >>> scenes.images.shape, bool(((scenes.classes > 0) == (scenes.instances > 0)).all())
    ((2, 32, 32, 3), True)
    """
    n = checks.whole("shapes", "n", n, low=0)
    size = checks.whole("shapes", "size", size, low=24, high=MOST_SIDE)
    checks.number("shapes", "n * size^2", n * size**2, low=0, high=MOST_PIXELS, why="Ask for fewer at a time.")
    rng = checks.generator("shapes", rng)
    images = np.empty((n, size, size, 3), np.uint8)
    classes, instances = np.zeros((2, n, size, size), np.int32)
    for image, C, S in zip(images, classes, instances, strict=True):
        outlines = _arrange(C, S, size, rng)
        colors = rng.permutation(PALETTE)[: len(outlines) + 1] + rng.uniform(-SHADE, SHADE, (len(outlines) + 1, 1))
        canvas = np.empty((size, size, 3))
        canvas[...] = _paint(colors[0], size, (slice(None), slice(None)), rng)
        for (window, distance), color in zip(outlines, colors[1:], strict=True):
            alpha = coverage(distance)[..., None]
            behind = canvas[window]
            behind += alpha * (_paint(color, size, window, rng) - behind)  # the operator "over"
        image[...] = _expose(canvas, rng)
    return ShapeScenes(images, classes, instances)


def _arrange(C, S, size, rng):
    """Fill the classes C and the instances S; return of each shape, from back to front, (window, distances in it).

    A shape that would leave less than MIN_VISIBLE of itself or of one behind it is drawn anew.
    """
    count, least = rng.integers(COUNT[0], COUNT[1] + 1), MIN_VISIBLE * size * size
    outlines: list[tuple] = []
    for _ in range(ATTEMPTS):
        kind = int(rng.integers(1, len(NAMES)))
        radius = rng.uniform(*RADIUS) * size
        center = rng.uniform(MARGIN, 1 - MARGIN, 2) * size - 0.5
        window, x, y = _window(center, radius, size)
        distance = _distance(kind, center, radius, x, y, rng)
        seen = S.copy()
        seen[window][distance < 0] = len(outlines) + 1
        if np.bincount(seen.ravel(), minlength=len(outlines) + 2)[1:].min() < least:
            continue
        S[...] = seen
        C[window][distance < 0] = kind
        outlines.append((window, distance))
        if len(outlines) == count:
            break
    return outlines


def _window(center, radius, size):
    """The part of the picture that a shape can touch, as slices and as coordinates; one pixel more for its edge."""
    low = np.maximum(np.floor(center - radius - 1), 0).astype(int)
    high = np.minimum(np.ceil(center + radius + 2), size).astype(int)
    window = slice(low[1], high[1]), slice(low[0], high[0])
    return window, np.arange(low[0], high[0])[None, :], np.arange(low[1], high[1])[:, None]


def _distance(kind, center, radius, x, y, rng):
    """Signed distance to a random shape of this class; all its corners lie on or in the circle of this radius."""
    turn = rng.uniform(0, 2 * np.pi)
    proportion = rng.random()
    if NAMES[kind] == "disk":
        return disk_distance(center, radius * 0.85, x, y)  # about as large as the others
    if NAMES[kind] == "rectangle":
        half = np.pi / 4 * (0.5 + 0.5 * proportion)  # half the angle between its diagonals: up to a square
        angles, radii = np.array([half, np.pi - half, np.pi + half, -half]), np.ones(4)
    elif NAMES[kind] == "triangle":
        apex = 0.7 + 0.6 * proportion  # 1: all sides equal
        angles, radii = np.array([0, np.pi - np.pi / 3 * apex, np.pi + np.pi / 3 * apex]), np.ones(3)
    else:
        angles, radii = np.arange(10) * np.pi / 5, np.where(np.arange(10) % 2, 0.38 + 0.14 * proportion, 1.0)
    corners = center + radius * radii[:, None] * np.stack([np.cos(angles + turn), np.sin(angles + turn)], axis=1)
    return polygon_distance([corners], x, y)


def _paint(color, size, window, rng):
    """(h, w, 3): a colour with a texture, noise of several scales or stripes."""
    amplitude = rng.uniform(*TEXTURE)
    if rng.random() < 0.5:
        texture = np.sum([_noise(cells, size, window, rng) for cells in SCALES], axis=0)
    else:
        rows, columns = np.arange(size)[window[0]][:, None], np.arange(size)[window[1]][None, :]
        turn, phase = rng.uniform(0, 2 * np.pi, 2)
        frequency = 2 * np.pi / (rng.uniform(*STRIPES) * size)
        texture = np.sin(frequency * (np.cos(turn) * columns + np.sin(turn) * rows) + phase)
    return color + amplitude * texture[..., None]


def _noise(cells, size, window, rng):
    """(h, w) noise of one scale, B G B^T: the amplitude falls with the scale, as it does in what one photographs."""
    B = _weights(cells, size)
    return B[window[0]] @ (SCALES[0] / cells * rng.standard_normal((cells + 1, cells + 1))) @ B[window[1]].T


@functools.cache
def _weights(cells, size):
    """(size, cells + 1): how much each grid line counts at each pixel; cosines lead smoothly from line to line."""
    t = (np.arange(size) + 0.5) / size * cells
    away = np.abs(t[:, None] - np.arange(cells + 1))
    B = np.where(away < 1, 0.5 + 0.5 * np.cos(np.pi * away), 0)
    B.setflags(write=False)  # it is kept
    return B


def _expose(canvas, rng):
    """(H, W, 3) uint8: an illumination that changes over the picture, and the noise of a sensor."""
    size = len(canvas)
    slope = rng.uniform(-LIGHT / 2, LIGHT / 2, 2)
    t = np.linspace(-1, 1, size)
    light = 1 + slope[0] * t[None, :] + slope[1] * t[:, None]
    noise = rng.uniform(*NOISE) * rng.standard_normal(canvas.shape, np.float32)
    return np.clip(255 * (canvas * light[..., None] + noise) + 0.5, 0, 255).astype(np.uint8)
