r"""Drawing on pictures: regions in colours with their outlines and numbers.

Notebook: notebooks/03-edges-to-regions.ipynb
"""

import cv2
import numpy as np
from matplotlib.colors import to_rgba_array

from course_lib import checks
from course_lib.boundaries.components import region_statistics
from course_lib.images import to_uint8
from course_lib.plotting import COLORS

_PALETTE = np.rint(255 * to_rgba_array(COLORS)[:, :3]).astype(np.uint8)


def paint_labels(labels: np.ndarray, image: np.ndarray | None = None, *, numbers: bool = False) -> np.ndarray:
    """Regions in six colours that any colour vision tells apart, divided by white lines.

    Parameters
    ----------
    labels : (H, W) integers >= 0
        0 shows the image, or black.
    image : (H, W) or (H, W, 3), uint8 0..255 or float 0..1, optional
        Mixed half and half with the colours.
    numbers : bool
        Write the number of each region at its centroid.

    Returns
    -------
    painted : (H, W, 3) uint8 RGB
        A white line lies on the pixels that have another region to the right or below.

    Raises
    ------
    TypeError, ValueError
        No labels, or an image of another size.

    >>> paint_labels(np.array([[0, 1], [0, 1]]))[0].tolist()
    [[255, 255, 255], [0, 114, 178]]

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    labels = checks.labels("paint_labels", labels)
    painted = _PALETTE[(labels - 1) % len(_PALETTE)]
    under = np.zeros_like(painted)
    if image is not None:
        image = to_uint8(checks.any_image("paint_labels", image))
        checks.same_shape("paint_labels", labels=labels, image=image[..., 0] if image.ndim == 3 else image)
        under = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
        painted = painted // 2 + under // 2
    painted = np.where(labels[..., None] > 0, painted, under)
    painted[:, :-1][labels[:, :-1] != labels[:, 1:]] = 255
    painted[:-1][labels[:-1] != labels[1:]] = 255
    if numbers:
        centers = region_statistics(labels).centroid_xy
        for k in np.flatnonzero(np.isfinite(centers[:, 0])):
            _write(painted, str(k + 1), centers[k])
    return painted


def _write(picture, text, center_xy):
    """White on a black outline, so that it can be read on any ground."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.45
    (width, height), _ = cv2.getTextSize(text, font, scale, 1)
    x, y = round(center_xy[0] - width / 2), round(center_xy[1] + height / 2)
    for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1), (0, 0)):
        color = (0, 0, 0) if dx else (255, 255, 255)
        cv2.putText(picture, text, (x + dx, y + dy), font, scale, color, 1, cv2.LINE_AA)
