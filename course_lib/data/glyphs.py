r"""Digits and letters in many fonts, jittered: small labelled pictures for networks, without end or download.

Each character of each font is a signed distance field, computed from its outline. A picture looks into that field
through a random map (turn, shear, stretch, shift, a smooth bend), moves the outline by a random thickness, and turns
distance into ink. All jitter is bounded, so that no 6 becomes a 9.

Notebook: notebooks/24-known-answers.ipynb
References: P. Y. Simard, D. Steinkraus, J. C. Platt, "Best practices for convolutional neural networks applied to
visual document analysis", ICDAR 2003, 958-963, doi 10.1109/ICDAR.2003.1227801 (why one bends digits); T. W. Sederberg,
S. R. Parry, "Free-form deformation of solid geometric models", SIGGRAPH 1986, 151-160, doi 10.1145/15922.15903.

| notation | code               | shape           | meaning                                                    |
|----------|--------------------|-----------------|------------------------------------------------------------|
| d        | distance_field     | (64, 64)        | distance to the outline in field pixels, negative inside   |
| M        | field_from_picture | (2, 3)          | affine map: M (x, y, 1) is the point of the field seen at (x, y) |
| w        | wx, wy             | (size, size)    | displacement B G B^T in picture pixels                     |
| G        | control            | (2, 4, 4)       | the coarse grid that w is made of, for x and for y         |
| B        | B                  | (size, 4)       | weights of the four rows (or columns) of G at each pixel   |
| r        | thickness          |                 | how far the outline moves outward, picture pixels          |
"""

import functools
import math
import string
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numba import njit

from course_lib import checks
from course_lib.data.distance_fields import coverage, polygon_distance

CLASSES = {"digits": string.digits, "letters": string.ascii_uppercase}
FIELD = 64  # side of a distance field: 40 rows of glyph, and room to all sides for thickness and maps
HEIGHT, WIDTH = 40, 42  # a glyph fills one of the two, whichever it reaches first
PLAIN, SANS, SANS_BOLD, TYPEWRITER = (0x30, 0x41), (0x1D7E2, 0x1D5A0), (0x1D7EC, 0x1D5D4), (0x1D7F6, 0x1D670)
# Style -> file, and the code points of its 0 and its A (STIX has three more alphabets among its mathematical symbols).
_STYLES = {
    "DejaVu Sans": ("DejaVuSans", PLAIN), "DejaVu Serif Bold": ("DejaVuSerif-Bold", PLAIN),
    "DejaVu Mono Oblique": ("DejaVuSansMono-Oblique", PLAIN), "STIX": ("STIXGeneral", PLAIN),
    "Computer Modern Sans": ("cmss10", PLAIN), "DejaVu Sans Bold": ("DejaVuSans-Bold", PLAIN),
    "DejaVu Serif Italic": ("DejaVuSerif-Italic", PLAIN), "STIX Bold": ("STIXGeneralBol", PLAIN),
    "DejaVu Mono": ("DejaVuSansMono", PLAIN), "STIX Typewriter": ("STIXGeneral", TYPEWRITER),
    "Computer Modern": ("cmr10", PLAIN), "DejaVu Sans Oblique": ("DejaVuSans-Oblique", PLAIN),
    "STIX Bold Italic": ("STIXGeneralBolIta", PLAIN), "DejaVu Mono Bold Oblique": ("DejaVuSansMono-BoldOblique", PLAIN),
    "STIX Sans Bold": ("STIXGeneral", SANS_BOLD), "Computer Modern Italic": ("cmti10", PLAIN),
    "DejaVu Serif": ("DejaVuSerif", PLAIN), "DejaVu Sans Bold Oblique": ("DejaVuSans-BoldOblique", PLAIN),
    "STIX Sans": ("STIXGeneral", SANS), "Computer Modern Bold": ("cmb10", PLAIN),
    "DejaVu Mono Bold": ("DejaVuSansMono-Bold", PLAIN), "STIX Italic": ("STIXGeneralItalic", PLAIN),
    "Computer Modern Typewriter": ("cmtt10", PLAIN), "DejaVu Serif Bold Italic": ("DejaVuSerif-BoldItalic", PLAIN),
}
FONTS = tuple(_STYLES)  # all kinds are in FONTS[:16] and in FONTS[16:]: train on one, test on both

# The jitter: each is drawn uniformly between two bounds.
ROTATION_DEG = (-12, 12)  # a 6 needs 180 degrees to become a 9; beyond about 20 a 1 and a 7 come close
SHEAR = (-0.15, 0.15)  # an upright font leans nearly as an italic does, and an italic stands up
STRETCH = (0.85, 1.1)  # of width and height each
FILL = 0.66  # height of a glyph without stretch, in shares of the picture: 18.5 of 28 pixels (MNIST: 20)
SHIFT = (-0.055, 0.055)  # in shares of the picture: a pixel of 16. It is what a linear classifier finds hardest
THICKNESS = (0.0, 0.03)  # in shares of the picture, up to half a pixel of 16. Below 0 hairlines would be lost
BEND = (-0.08, 0.08)  # of a control point, in shares of the picture; the mean of 16 moves a stroke much less
SOFTNESS = 0.25  # pixels: as steep at the outline as the exact coverage
MOST_PIXELS, MOST_SIDE, FAR = 1e8, 4096, 1e6  # of a call, 0.4 GB; of a picture; in a field, a map or a thickness


def glyphs(n: int, *, size: int = 16, classes: str = "digits", fonts: tuple[str, ...] = FONTS,
           rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    r"""Draw `n` random characters and say which they are.

    Parameters
    ----------
    n : int >= 0, with n * size^2 at most 1e8
    size : int, 8..4096, side of each picture in pixels
    classes : "digits" (10 classes) or "letters" (26, upper case)
    fonts : tuple of names in ``FONTS``; leave some out, and they are fonts never seen
    rng : np.random.Generator
        Each picture takes the same number of random numbers: the pictures of ``glyphs(10)`` are the
        first ten of ``glyphs(20)`` from a generator with the same seed.

    Returns
    -------
    images : (n, size, size) float32, ink 1 on ground 0
    labels : (n,) int64, 0..9 or 0..25
        Class and font are drawn independently, all with the same probability.

    Raises
    ------
    TypeError, ValueError
        A negative number, more pixels than stated, other classes, unknown or no fonts, no generator.

    >>> images, labels = glyphs(100, rng=np.random.default_rng(0))
    >>> images.shape, labels.shape, bool(images.min() >= 0) and bool(images.max() <= 1)
    ((100, 16, 16), (100,), True)
    """
    n = checks.whole("glyphs", "n", n, low=0)
    size = checks.whole("glyphs", "size", size, low=8, high=MOST_SIDE)
    checks.number("glyphs", "n * size^2", n * size**2, low=0, high=MOST_PIXELS, why="Ask for fewer at a time.")
    alphabet = CLASSES[checks.choice("glyphs", "classes", classes, tuple(CLASSES))]
    bank = _bank(_fonts("glyphs", fonts), alphabet)  # (fonts, classes, 64, 64)
    u = checks.generator("glyphs", rng).random((n, 9 + 32))  # a row for each picture
    font, labels = (u[:, 0] * len(bank)).astype(np.int64), (u[:, 1] * len(alphabet)).astype(np.int64)
    maps = _random_maps(u[:, 2:8], size)
    r = _between(THICKNESS, u[:, 8]) * size
    control = _between(BEND, u[:, 9:].reshape(n, 2, 4, 4)) * size
    distance = np.empty((n, size, size), np.float32)
    _look_kernel(bank, font, labels, maps, control, _bernstein(size), r, distance)
    return coverage(distance, softness=SOFTNESS), labels


def render_glyph(distance_field: np.ndarray, field_from_picture: np.ndarray, *, thickness: float = 0.0,
                 size: int = 16) -> np.ndarray:
    r"""One picture of a shape: look at its distance field through an affine map, move the outline, cover pixels.

    At the pixel (x, y) the distance is d(M (x, y, 1)) / sqrt(|det M|) - r: a field pixel is 1 / sqrt(|det M|) picture
    pixels long, and less r grows the shape by r. (Where M stretches one direction more, this is a mean.) The ink is
    the coverage of that distance.

    Parameters
    ----------
    distance_field : (H, W) float, field pixels, negative inside, such as ``distance_field("STIX", "5")``
        Bilinear between its pixels; beyond its border it goes on with the value at the border.
    field_from_picture : (2, 3), the map M: x before y, pixel centres at integers on both sides
    thickness : float, r in picture pixels
    size : int, 1..4096, side of the picture in pixels

    Returns
    -------
    image : (size, size) float32, ink 1 on ground 0

    Raises
    ------
    TypeError, ValueError
        Arguments of other kinds or shapes, numbers beyond 1e6, or a map that is (nearly) not invertible.

    >>> five = distance_field("STIX", "5")
    >>> thin, thick = (render_glyph(five, 4 * np.eye(2, 3), thickness=r) for r in (0, 1))
    >>> bool(thick.sum() > thin.sum()), thin.shape
    (True, (16, 16))
    """
    field = _read_only(checks.field("render_glyph", distance_field, name="distance_field").astype(np.float32))
    M = checks.matrix("render_glyph", "field_from_picture", field_from_picture, (2, 3), most=FAR)
    thickness = checks.number("render_glyph", "thickness", thickness, low=-FAR, high=FAR)
    size = checks.whole("render_glyph", "size", size, low=1, high=MOST_SIDE)
    if np.abs(field).max() > FAR:
        raise ValueError(f"render_glyph: `distance_field` must lie in -1e6..1e6; got {field.min():g}..{field.max():g}.")
    if min(field.shape) < 2:
        raise ValueError(f"render_glyph: `distance_field` must have at least 2 x 2 pixels; got {field.shape}.")
    if abs(np.linalg.det(M[:, :2])) < 1e-6:
        raise ValueError("render_glyph: `field_from_picture` must be invertible; its determinant is nearly 0.")
    one, straight = np.zeros(1, np.int64), np.zeros((1, 2, 4, 4))
    distance = np.empty((1, size, size), np.float32)
    _look_kernel(field[None, None], one, one, M[None], straight, _bernstein(size), np.array([thickness]), distance)
    return coverage(distance[0], softness=SOFTNESS)


def distance_field(font: str, character: str) -> np.ndarray:
    r"""The signed distance field of one character, in the middle of 64 x 64 field pixels.

    Parameters
    ----------
    font : str, a name in ``FONTS``
    character : str, one of 0..9 or A..Z

    Returns
    -------
    distance : (64, 64) float32, field pixels, negative inside; read-only, because it is kept
        The character is 40 field pixels high or 42 wide, and touches that box.

    Raises
    ------
    ValueError
        Another font or character.

    >>> one = distance_field("DejaVu Sans", "1")
    >>> one.shape, bool(one.min() < 0 < one.max())
    ((64, 64), True)
    """
    checks.choice("distance_field", "font", font, FONTS)
    checks.choice("distance_field", "character", character, tuple(string.digits + string.ascii_uppercase))
    return _field(font, character)


@functools.cache
def _field(font, character):
    file, (zero, a) = _STYLES[font]
    code = zero + int(character) if character in string.digits else a + ord(character) - ord("A")
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{file}.ttf")
    outline = TextPath((0, 0), chr(code), size=400, prop=FontProperties(fname=path))  # large, so that curves are fine
    loops = [np.multiply(loop, [1, -1]) for loop in outline.to_polygons()]  # fonts have y upward
    corners = np.concatenate(loops)
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = min([WIDTH, HEIGHT] / (high - low))
    y, x = np.ogrid[:FIELD, :FIELD]
    distance = polygon_distance([(FIELD - 1) / 2 + scale * (p - (low + high) / 2) for p in loops], x, y)
    return _read_only(distance.astype(np.float32))


@functools.cache
def _bank(fonts, alphabet):
    return _read_only(np.stack([[_field(font, character) for character in alphabet] for font in fonts]))


def _read_only(array):
    array.setflags(write=False)
    return array


def _fonts(function, fonts):
    if not isinstance(fonts, (tuple, list)) or len(fonts) == 0:
        raise TypeError(f"{function}: `fonts` must be a tuple of at least one name; got {fonts!r}. "
                        "Take some of course_lib.data.glyphs.FONTS.")
    return tuple(checks.choice(function, "fonts", font, FONTS) for font in fonts)


def _between(bounds, u):
    return bounds[0] + (bounds[1] - bounds[0]) * u


def _random_maps(u, size):
    """(n, 2, 3) float64: the field seen from the picture, the inverse of turn @ shear @ stretch about the centre."""
    angle, shear = np.radians(_between(ROTATION_DEG, u[:, 0])), _between(SHEAR, u[:, 1])
    shift = _between(SHIFT, u[:, 4:6]) * size
    c, s, one, zero = np.cos(angle), np.sin(angle), np.ones(len(u)), np.zeros(len(u))
    turn = np.array([[c, -s], [s, c]]).transpose(2, 0, 1)
    lean = np.array([[one, shear], [zero, one]]).transpose(2, 0, 1)
    stretch = _between(STRETCH, u[:, 2:4])[:, None, :] * (FILL * size / HEIGHT)
    linear = np.linalg.inv(turn @ lean * stretch)  # stretch scales the columns
    center = linear @ ((size - 1) / 2 + shift)[:, :, None]
    return np.concatenate([linear, (FIELD - 1) / 2 - center], axis=2)


def _bernstein(size):
    """(size, 4): the four cubic Bernstein polynomials at the pixels; each row adds up to 1."""
    t, k = (np.arange(size)[:, None] + 0.5) / size, np.arange(4)
    return np.array([1, 3, 3, 1]) * t**k * (1 - t) ** (3 - k)


@njit(cache=True)
def _look_kernel(bank, font, labels, maps, control, B, thickness, distance):
    """distance[i, y, x] = d(M (x + wx, y + wy, 1)) / sqrt(|det M|) - r, d bilinear and constant beyond its border."""
    H, W = bank.shape[2:]
    for i in range(len(distance)):
        d, M = bank[font[i], labels[i]], maps[i]
        wx, wy = B @ control[i, 0] @ B.T, B @ control[i, 1] @ B.T  # a free-form deformation
        scale = 1 / math.sqrt(abs(M[0, 0] * M[1, 1] - M[0, 1] * M[1, 0]))  # picture pixels in a field pixel
        for y in range(distance.shape[1]):
            for x in range(distance.shape[2]):
                px, py = x + wx[y, x], y + wy[y, x]
                u = min(max(M[0, 0] * px + M[0, 1] * py + M[0, 2], 0.0), W - 1.0)
                v = min(max(M[1, 0] * px + M[1, 1] * py + M[1, 2], 0.0), H - 1.0)
                u0, v0 = min(int(u), W - 2), min(int(v), H - 2)
                fu, fv = u - u0, v - v0
                top = (1 - fu) * d[v0, u0] + fu * d[v0, u0 + 1]
                bottom = (1 - fu) * d[v0 + 1, u0] + fu * d[v0 + 1, u0 + 1]
                distance[i, y, x] = ((1 - fv) * top + fv * bottom) * scale - thickness[i]
