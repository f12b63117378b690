"""course_lib.filters beside OpenCV and SciPy: the Gaussian on uint8 and on float32."""

from functools import partial

import cv2
import numpy as np
from scipy import ndimage

from benchmarks import pictures
from benchmarks.timing import Case, Peer
from course_lib import images
from course_lib.filters import gaussian_blur

SIGMAS = (1, 2, 5)
AIM = {1: None, 2: 1.3, 5: 1.3}  # for uint8 beside OpenCV


def cases():
    for dtype in ("uint8", "float32"):
        for sigma in SIGMAS:
            for size in pictures.SIZES:
                image = pictures.camera(size)
                if dtype == "float32":
                    image = images.to_float(image)
                yield Case(f"Gaussian blur, {dtype}, sigma {sigma}", pictures.CAMERA, size, "filters.gaussian_blur",
                           partial(gaussian_blur, image, sigma), peers(image, sigma))


def peers(image, sigma):
    """SciPy is given the same border and the same window. On uint8 it rounds down after each of its two passes."""
    exact = image.dtype == np.uint8
    radius = round(6 * sigma + 1) // 2 if exact else round(4 * sigma)
    return (
        Peer("cv2.GaussianBlur", partial(cv2.GaussianBlur, image, (0, 0), sigma),
             *((equal, "equal in every pixel") if exact else (partial(within, 1e-5), "equal up to rounding")),
             AIM[sigma] if exact else None),
        Peer("scipy.ndimage.gaussian_filter",
             partial(ndimage.gaussian_filter, image, sigma, mode="mirror", radius=radius),
             *((partial(within, 3), "within 3 grey levels: it rounds down twice") if exact else
               (partial(within, 1e-5), "equal up to rounding"))),
    )


def equal(ours, theirs):
    return np.array_equal(ours, theirs)


def within(tolerance, ours, theirs):
    return bool(np.abs(ours.astype(np.float64) - theirs).max() <= tolerance)
