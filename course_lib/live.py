r"""Live figures: the computation itself runs in the page, on a bundled picture or on the reader's own photograph.

Notebooks: notebooks/01-images.ipynb (lens), 02-canny.ipynb (lens, canny), 03-edges-to-regions.ipynb (regions)

Each function draws its figure with this library, for a reader without JavaScript; where JavaScript runs, the same
functions in course_lib/web replace the drawing and compute it anew for every move of a slider. They give the
same numbers in every pixel. Nothing is sent anywhere.
"""

import base64
import html
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from math import lcm

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgba_array
from PIL import Image

from course_lib import checks, figure_checks
from course_lib.boundaries.canny import canny, gradient, non_maximum_suppression
from course_lib.boundaries.components import label
from course_lib.boundaries.regions import otsu
from course_lib.drawing import paint_labels
from course_lib.filters import correlate, gaussian_blur
from course_lib.plotting import COLORS, Pictures, show_row

FILES = ("live.css", "boundaries.js", "live.js")
LARGEST = 1024  # pixels of a side: every move of a slider computes the picture anew


@dataclass(frozen=True)
class LiveFigure:
    """What the functions of this module return: a drawn figure, and what the script needs to make it live."""

    drawn: Pictures
    settings: dict

    def _repr_html_(self) -> str:
        settings, alt = (html.escape(text, quote=True) for text in (json.dumps(self.settings), self.drawn.alt))
        whole = Pictures(f'<div class="course-live" role="group" aria-label="{alt}" data-live="{settings}">'
                         f"{self.drawn.html}</div>", self.drawn.alt)
        files = ""
        if os.environ.get("JPY_SESSION_NAME"):  # in JupyterLab; a page of the book loads the files once, by itself
            files = "<style>{}</style><script>{}</script><script>{}</script>".format(*map(_web, FILES))
        return whole._repr_html_() + files

    def __repr__(self) -> str:
        return f"Live figure: {' '.join(self.drawn.alt.split())}"


def live_lens(pictures: Mapping[str, np.ndarray], kernels: Mapping[str, np.ndarray], *, at_xy: tuple[int, int],
              alt: str) -> LiveFigure:
    """The arithmetic lens: point at a pixel, and see the nine products of a 3x3 correlation and their sum.

    Parameters
    ----------
    pictures : mapping of name to (H, W) uint8; the first is shown at the start
    kernels : mapping of name to (3, 3) weights, multiples of a fraction 1/d with d up to 1000
        The products are shown in whole numbers, and the sum is divided by d.
    at_xy : (x, y), the pixel looked at first
    alt : str

    Raises
    ------
    TypeError, ValueError
        A picture that is not grey uint8, a kernel of another size, a pixel outside.

    Notebook: notebooks/01-images.ipynb
    """
    pictures = _pictures("live_lens", pictures)
    figure_checks.alt("live_lens", alt)
    if not isinstance(kernels, Mapping) or not kernels:
        raise TypeError("live_lens: `kernels` must be a mapping of name to (3, 3) weights.")
    fractions = {str(name): _as_fractions(weights) for name, weights in kernels.items()}
    image, weights = next(iter(pictures.values())), next(iter(kernels.values()))
    if not isinstance(at_xy, (tuple, list)) or len(at_xy) != 2:
        raise ValueError(f"live_lens: `at_xy` must be (x, y); got {at_xy!r}.")
    x, y = (checks.whole("live_lens", "at_xy", v, low=0) for v in at_xy)
    if x >= image.shape[1] or y >= image.shape[0]:
        raise ValueError(f"live_lens: `at_xy` = ({x}, {y}) lies outside a picture of {image.shape[1]} columns and "
                         f"{image.shape[0]} rows.")
    result = correlate(image, weights)
    if result.min() >= 0 and result.max() <= 255:
        result = np.rint(result).astype(np.uint8)
    drawn = show_row([image, result], ["picture", f"correlated with {next(iter(fractions))}"], alt=alt)
    return _figure("lens", pictures, drawn, kernels=fractions, x=x, y=y)


def live_canny(pictures: Mapping[str, np.ndarray], *, low: int, high: int, norm: str = "l1", sigma: float = 0,
               alt: str) -> LiveFigure:
    """Canny's detector stage by stage: derivatives, magnitude, maxima, edges, with both thresholds on sliders.

    Parameters
    ----------
    pictures : mapping of name to (H, W) uint8; the first is shown at the start
    low, high : int, 0 <= low <= high <= 1000, multiples of 5 (the steps of the sliders)
    norm : "l1" or "l2"
    sigma : 0 (no blur), 0.1, ..., 3.0, pixels
        The blurred picture is rounded to uint8, as by ``cv2.GaussianBlur``; ``canny(..., sigma=)`` keeps it as float.
    alt : str

    Raises
    ------
    TypeError, ValueError
        A picture that is not grey uint8, or a threshold that no slider shows.

    Notebook: notebooks/02-canny.ipynb
    """
    pictures = _pictures("live_canny", pictures)
    figure_checks.alt("live_canny", alt)
    low, high = (checks.whole("live_canny", n, t, low=0) for n, t in (("low", low), ("high", high)))
    if low % 5 or high % 5 or high > 1000:
        raise ValueError(f"live_canny: `low` and `high` must be multiples of 5 up to 1000; got {low} and {high}.")
    sigma = checks.number("live_canny", "sigma", sigma, low=0, high=3)
    if sigma != round(sigma, 1):
        raise ValueError(f"live_canny: `sigma` must be a step of its slider, such as 1.4; got {sigma:g}.")
    image = next(iter(pictures.values()))
    blurred = gaussian_blur(image, sigma) if sigma else image
    edges = canny(blurred, low, high, norm=norm)
    gx, gy, magnitude = gradient(blurred, norm=norm)
    length = np.sqrt(magnitude) if norm == "l2" else magnitude
    maxima = non_maximum_suppression(gx, gy, magnitude, above=low * low if norm == "l2" else low)
    drawn = show_row([blurred, gx, gy, length, maxima, edges],
                     ["picture", "gx", "gy", "magnitude", f"maxima above {low}", "edges"], alt=alt)
    return _figure("canny", pictures, drawn, low=low, high=high, norm=norm, sigma=sigma)


def live_regions(pictures: Mapping[str, np.ndarray], *, inside: str = "brighter", alt: str) -> LiveFigure:
    """From a mask to numbered regions and their contours, with the threshold on a slider (Otsu's at the start).

    Parameters
    ----------
    pictures : mapping of name to (H, W) uint8; the first is shown at the start
    inside : "brighter" or "darker" than the threshold
    alt : str

    Raises
    ------
    TypeError, ValueError
        A picture that is not grey uint8, or another word for the inside.

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    pictures = _pictures("live_regions", pictures)
    figure_checks.alt("live_regions", alt)
    checks.choice("live_regions", "inside", inside, ("brighter", "darker"))
    image = next(iter(pictures.values()))
    mask = (image > otsu(image)) == (inside == "brighter")
    drawn = show_row([image, mask, paint_labels(label(mask)[0], image)], ["picture", "mask", "regions"], alt=alt)
    palette = np.rint(255 * to_rgba_array(COLORS)[:, :3]).astype(int).tolist()
    return _figure("regions", pictures, drawn, inside=inside, palette=palette)


def _figure(kind, pictures, drawn, **settings):
    tables = {name: base64.b64encode(colormaps[of](np.arange(256), bytes=True)[:, :3].tobytes()).decode()
              for name, of in (("magma", "magma"), ("signed", "RdBu_r"))}
    sources = {name: _lossless(image) for name, image in pictures.items()}
    return LiveFigure(drawn, {"kind": kind, "pictures": sources, **tables, **settings})


def _pictures(function, pictures):
    if not isinstance(pictures, Mapping) or not pictures:
        raise TypeError(f'{function}: `pictures` must be a mapping of name to picture, such as {{"coins": coins}}.')
    checked = {}
    for name, image in pictures.items():
        image = checks.gray_image(function, image)
        if image.dtype != np.uint8 or max(image.shape) > LARGEST:
            raise ValueError(f"{function}: the picture {name!r} must be uint8 with sides of at most {LARGEST}; "
                             f"got {image.dtype.name} of shape {image.shape}. Use to_uint8, or shrink it.")
        checked[str(name)] = image
    return checked


def _as_fractions(weights):
    weights = checks.kernel("live_lens", weights)
    if weights.shape != (3, 3):
        raise ValueError(f"live_lens: a kernel must be (3, 3), nine weights; got {weights.shape}.")
    divisor = lcm(*(Fraction(w).limit_denominator(1000).denominator for w in weights.ravel()))
    whole = np.rint(weights * divisor)
    if divisor > 1000 or not np.allclose(whole / divisor, weights, rtol=1e-12, atol=0):
        raise ValueError("live_lens: the weights of a kernel must be multiples of 1/d with one d up to 1000, so that "
                         f"the products are whole numbers; got {weights.ravel().tolist()}.")
    return {"weights": whole.astype(int).ravel().tolist(), "divisor": divisor}


def _lossless(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "WEBP", lossless=True, method=6)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()


def _web(name):
    return (resources.files("course_lib") / "web" / name).read_text("utf-8")
