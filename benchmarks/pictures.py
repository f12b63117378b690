"""The pictures that are timed: two photographs, at every size, grown in two ways, and a mask of each.

"camera" is *resized*: the same scene with more pixels, as a better camera gives it. The larger, the smoother from pixel
to pixel, and the fewer edges in a thousand pixels. "grass" is *continued*: the same texture, more of it, so that what
is found in a thousand pixels stays the same. How a method grows with the picture lies between the two.

The *busy* mask is half of the grass, in shreds with holes; the *sparse* one is the edges of the camera, thin lines.
"""

import cv2
import numpy as np

from course_lib.data import samples

SIZES = (256, 512, 1024, 2048)
CAMERA = "camera, resized"
GRASS = "grass, continued by mirror images"
BUSY = f"{GRASS}, where it is brighter than its mean"
SPARSE = f"{CAMERA}, its edges by cv2.Canny(image, 50, 150)"


def camera(size: int) -> np.ndarray:
    """(size, size) uint8."""
    image = samples.load("camera")
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if size < len(image) else cv2.INTER_LINEAR)


def grass(size: int) -> np.ndarray:
    """(size, size) uint8."""
    image = samples.load("grass")[:size, :size]
    return np.pad(image, (0, size - len(image)), mode="symmetric")


def busy_mask(size: int) -> np.ndarray:
    """(size, size) bool."""
    image = grass(size)
    return image > image.mean()


def sparse_mask(size: int) -> np.ndarray:
    """(size, size) bool."""
    return cv2.Canny(camera(size), 50, 150) > 0
