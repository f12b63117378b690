"""course_lib.boundaries beside OpenCV, SciPy and scikit-image: Sobel and Canny on uint8."""

from functools import partial

import cv2
import numpy as np
from scipy import ndimage
from skimage import feature

from benchmarks import pictures
from benchmarks.timing import Case, Peer
from course_lib.boundaries.canny import canny
from course_lib.boundaries.sobel import sobel

LOW, HIGH = 50, 150  # of 1530, the largest L1 norm of a gradient
PICTURES = {"camera": (pictures.CAMERA, pictures.camera), "grass": (pictures.GRASS, pictures.grass)}


def cases():
    for size in pictures.SIZES:
        yield sobel_case(size)
    for norm in ("l1", "l2"):
        for name in PICTURES:
            for size in pictures.SIZES:
                yield canny_case(norm, name, size)
    for name in PICTURES:
        for size in pictures.SIZES:
            yield blurred_canny_case(name, size)


def sobel_case(size):
    image = pictures.camera(size)
    return Case("Sobel, uint8, both derivatives", pictures.CAMERA, size, "boundaries.sobel.sobel",
                partial(sobel, image), (
        Peer("cv2.Sobel, twice", lambda: (cv2.Sobel(image, cv2.CV_16S, 1, 0), cv2.Sobel(image, cv2.CV_16S, 0, 1)),
             equal_pair, "equal in every pixel", aim=0.6),
        Peer("scipy.ndimage.sobel, twice",
             lambda: tuple(ndimage.sobel(image, axis, output=np.int16, mode="mirror") for axis in (1, 0)),
             equal_pair, "equal in every pixel"),
    ))


def canny_case(norm, name, size):
    picture, make = PICTURES[name]
    image = make(size)
    return Case(f"Canny, uint8, {norm.upper()} norm, {name}", picture, size, "boundaries.canny.canny",
                partial(canny, image, LOW, HIGH, norm=norm), (
        Peer("cv2.Canny", partial(cv2.Canny, image, LOW, HIGH, L2gradient=norm == "l2"),
             lambda ours, theirs: np.array_equal(ours, theirs > 0), "equal in every pixel", aim=1.3),
    ))


def blurred_canny_case(name, size):
    """scikit-image's function is another algorithm: it blurs, and interpolates in the suppression. Ours blurs too."""
    picture, make = PICTURES[name]
    image = make(size)
    return Case(f"Canny, uint8, L2 norm, blurred with sigma 1, {name}", picture, size, "boundaries.canny.canny",
                partial(canny, image, LOW, HIGH, norm="l2", sigma=1.0), (
        Peer("skimage.feature.canny", partial(feature.canny, image, 1.0, LOW, HIGH), alike,
             "another algorithm, which blurs in floating point and interpolates the gradient between pixels: more than "
             "four in five edge pixels of either lie within a pixel of one of the other"),
    ))


def equal_pair(ours, theirs):
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def alike(ours, theirs):
    """Four in five edge pixels of either have one of the other on the spot or among their eight neighbours."""
    near = [ndimage.binary_dilation(edges, np.ones((3, 3))) for edges in (ours, theirs)]
    return min(near[1][ours].mean(), near[0][theirs].mean()) >= 0.8
