r"""Textures: photographs and random patterns for the rendered scenes. None is ever tiled.

Notebook: notebooks/24-known-answers.ipynb
References: L. Williams, "Pyramidal parametrics", SIGGRAPH (1983), 1-11, doi 10.1145/800059.801126 (the pyramid);
S. Worley, "A cellular texture basis function", SIGGRAPH (1996), 291-294, doi 10.1145/237170.237267 (the pebbles);
D. J. Field, "Relations between the statistics of natural images and the response properties of cortical cells",
Journal of the Optical Society of America A 4(12), 2379-2394 (1987), doi 10.1364/JOSAA.4.002379 (1/f noise).

Two far places of a tiled texture look the same. Matches between them are wrong and agree with each other, so
that no method finds out: every pattern here is random over its whole area.

| notation | code     | shape        | meaning                                                       |
|----------|----------|--------------|---------------------------------------------------------------|
| f        | f        | (H, W/2 + 1) | frequency, cycles per texel                                   |
| F1, F2   | near     | (H, W, 2)    | distance to the nearest and to the second nearest of n points |
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from course_lib import checks, images
from course_lib.data import samples

GAMMA = 2.2  # grey level = 255 light^(1 / gamma), nearly as in sRGB
MOST = 4096  # texels a side of a pattern: then it fits in memory several times


@dataclass(frozen=True, eq=False)
class Texture:
    """A picture and its pyramid: (H, W, 3) uint8, then half as large at each step, down to a side of one."""

    levels: tuple[np.ndarray, ...]

    def __post_init__(self):
        levels = self.levels if isinstance(self.levels, (tuple, list)) else ()
        if not levels or not all(isinstance(a, np.ndarray) and a.dtype == np.uint8 and a.ndim == 3 and a.size
                                 and a.shape[2] == 3 for a in levels):
            raise ValueError("Texture: `levels` must be a tuple of one or more pictures, (H, W, 3) uint8. "
                             "Make it with textures.paint.")
        levels = tuple(np.array(level, order="C") for level in levels)
        for level in levels:
            level.setflags(write=False)  # scenes share their textures
        object.__setattr__(self, "levels", levels)


def paint(image: np.ndarray) -> Texture:
    """A texture of this picture: each level holds the mean *light* of 2 x 2 texels of the one before.

    Parameters
    ----------
    image : (H, W) or (H, W, 3), uint8 0..255 or float 0..1

    >>> [level.shape[:2] for level in paint(np.zeros((8, 4), np.uint8)).levels]
    [(8, 4), (4, 2), (2, 1)]
    """
    image = images.to_uint8(checks.any_image("paint", image))
    levels = [image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)]
    light = LIGHT[levels[0]]
    while min(light.shape[:2]) > 1:
        height, width = light.shape[:2]
        light = cv2.resize(light, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        levels.append(np.rint(255 * light ** (1 / GAMMA)).astype(np.uint8))
    return Texture(tuple(levels))


def photograph(name: str) -> Texture:
    """A texture of a bundled picture.

    Parameters
    ----------
    name : str, a key of course_lib.data.samples.SAMPLES
    """
    return paint(samples.load(name))


def power_law_noise(rng: np.random.Generator, shape: tuple[int, int], *, exponent: float = 1.0) -> np.ndarray:
    r"""Random clouds whose waves of frequency f have the amplitude 1 / f^exponent  (Eq. power-law).

    Natural pictures have about exponent 1, so this is noise that looks the same at every scale.

    Parameters
    ----------
    rng : numpy Generator
    shape : (H, W), sides of 1 to 4096
    exponent : float >= 0; 0 is white noise, 2 a few soft blots

    Returns
    -------
    values : (H, W) float64, mean 0, standard deviation 1 (0 where there is one pixel)

    >>> bool(abs(power_law_noise(np.random.default_rng(0), (32, 32)).std() - 1) < 1e-9)
    True
    """
    checks.generator("power_law_noise", rng)
    height, width = checks.size("power_law_noise", "shape", shape, high=MOST)
    exponent = checks.number("power_law_noise", "exponent", exponent, low=0, high=10)
    f = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    f[0, 0] = 1
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / f**exponent  # Eq. power-law
    spectrum[0, 0] = 0  # no mean
    values = np.fft.irfft2(spectrum, s=(height, width))
    return values / (values.std() or 1.0)


def plaster(rng: np.random.Generator, rgb, *, size: int = 512, contrast: float = 0.12) -> Texture:
    """A wall of one colour with clouds of 1/f noise.

    Parameters
    ----------
    rng : numpy Generator
    rgb : three floats 0..1
    size : int, texels a side, 1 to 4096
    contrast : float >= 0, standard deviation of the brightness, relative
    """
    checks.generator("plaster", rng)
    rgb = checks.matrix("plaster", "rgb", rgb, (3,))
    if rgb.min() < 0 or rgb.max() > 1:
        raise ValueError(f"plaster: `rgb` must lie in 0..1; got {rgb.tolist()}. Divide grey levels by 255.")
    size = checks.whole("plaster", "size", size, low=1, high=MOST)
    clouds = power_law_noise(rng, (size, size))
    contrast = checks.number("plaster", "contrast", contrast, low=0, high=1)
    return _colored(rgb * (1 + contrast * clouds)[..., None])


def bricks(rng: np.random.Generator, *, shape: tuple[int, int] = (512, 1024), rows: int = 20) -> Texture:
    """A wall of bricks in layers, each brick of its own colour, with joints of mortar.

    Parameters
    ----------
    rng : numpy Generator
    shape : (H, W), texels, sides of 8 to 4096
    rows : int in 1..H, layers of bricks; a brick is three times as long as high
    """
    checks.generator("bricks", rng)
    height, width = checks.size("bricks", "shape", shape, low=8, high=MOST)
    rows = checks.whole("bricks", "rows", rows, low=1, high=height)
    y, x = (np.mgrid[:height, :width] + 0.5) * rows / height  # in heights of a brick
    wobble = 0.04 * power_law_noise(rng, (height, width), exponent=1.5)
    layer = np.floor(y).astype(int)
    along = x / 3 + rng.random(rows)[layer] + wobble / 3
    column = np.floor(along).astype(int) + 1  # the wobble may reach below 0
    joint = np.minimum(np.minimum(y % 1, 1 - y % 1) + wobble / 2, 3 * np.minimum(along % 1, 1 - along % 1))
    bricks = (rows, int(column.max()) + 1)
    shade = CLAY[rng.integers(len(CLAY), size=bricks)] * rng.uniform(0.72, 1.12, (*bricks, 1))
    color = shade[layer, column] * (1 + 0.10 * power_law_noise(rng, (height, width), exponent=0.7))[..., None]
    sand = 1 + 0.06 * power_law_noise(rng, (height, width), exponent=0.5)
    mortar = np.array([0.80, 0.77, 0.71]) * sand[..., None]
    solid = np.clip((joint - 0.045) / 0.03, 0, 1)[..., None]
    return _colored(mortar + solid * (color - mortar))


def pebbles(rng: np.random.Generator, *, size: int = 1024, count: int = 1100) -> Texture:
    """A ground of pebbles: cells around random points, dark where two are equally near.

    Parameters
    ----------
    rng : numpy Generator
    size : int, texels a side, 8 to 4096
    count : int in 2..size^2, pebbles
    """
    checks.generator("pebbles", rng)
    size = checks.whole("pebbles", "size", size, low=8, high=MOST)
    count = checks.whole("pebbles", "count", count, low=2, high=size**2)
    points = rng.random((count, 2)) * size
    wobble = 2.0 * np.array([power_law_noise(rng, (size, size)) for _ in range(2)])
    texels = np.moveaxis(np.mgrid[:size, :size] + wobble, 0, -1)
    near, owner = cKDTree(points).query(texels, k=2)  # F1, F2, and whose they are
    gap = (near[..., 1] - near[..., 0]) / (size / np.sqrt(count))  # 0 between two pebbles
    dome = np.clip(gap / 0.35, 0, 1) ** 0.5
    color = STONE[rng.integers(len(STONE), size=count)] * rng.uniform(0.7, 1.15, (count, 1))
    grain = 1 + 0.08 * power_law_noise(rng, (size, size), exponent=0.6)
    return _colored(color[owner[..., 0]] * (0.25 + 0.75 * dome * grain)[..., None])


def planks(rng: np.random.Generator, *, size: int = 512, boards: int = 5) -> Texture:
    """Boards of wood side by side, their grain along x.

    Parameters
    ----------
    rng : numpy Generator
    size : int, texels a side, 8 to 4096
    boards : int in 1..size
    """
    checks.generator("planks", rng)
    size = checks.whole("planks", "size", size, low=8, high=MOST)
    boards = checks.whole("planks", "boards", boards, low=1, high=size)
    y = (np.arange(size) + 0.5)[:, None] * boards / size
    board = np.floor(y).astype(int)
    bend = 2.5 * power_law_noise(rng, (size, size), exponent=2.0) + 9 * rng.random(boards)[board]
    grain = np.sin(2 * np.pi * (3 * y + bend)) + 0.7 * power_law_noise(rng, (size, size), exponent=0.8)
    tone = rng.uniform(0.75, 1.1, boards)[board] * (1 + 0.09 * grain)
    edge = np.clip(np.minimum(y % 1, 1 - y % 1) / 0.03, 0.35, 1)
    return _colored(np.array([0.72, 0.52, 0.33]) * (tone * edge)[..., None])


def checkerboard(squares: int, *, size: int = 512) -> Texture:
    """Black and white squares, the upper left one white: the one pattern here that repeats, for calibration.

    Parameters
    ----------
    squares : int, along each side
    size : int, texels a side, a multiple of `squares`, up to 4096
    """
    squares = checks.whole("checkerboard", "squares", squares, low=1, high=MOST)
    size = checks.whole("checkerboard", "size", size, low=squares, high=MOST)
    if size % squares:
        raise ValueError(f"checkerboard: `size` must be a multiple of `squares`, {squares}; got {size}.")
    side = size // squares
    y, x = np.mgrid[:squares, :squares]
    return paint(np.kron(((x + y) % 2 == 0).astype(np.uint8) * 255, np.ones((side, side), np.uint8)))


LIGHT = (np.arange(256) / 255) ** GAMMA  # of the grey levels
CLAY = np.array([[0.70, 0.36, 0.25], [0.62, 0.30, 0.22], [0.77, 0.46, 0.30], [0.55, 0.29, 0.25], [0.80, 0.55, 0.38]])
STONE = np.array([[0.62, 0.60, 0.56], [0.72, 0.68, 0.60], [0.50, 0.52, 0.54], [0.60, 0.52, 0.44], [0.78, 0.76, 0.72]])


def _colored(values):
    return paint(np.clip(values, 0, 1))
