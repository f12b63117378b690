"""Draws book/_static/what-you-will-make.jpg, the picture of the README: python book/_ext/make_picture.py"""

from pathlib import Path

import numpy as np
from PIL import Image

from course_lib.boundaries.canny import canny, gradient
from course_lib.boundaries.components import region_statistics
from course_lib.boundaries.regions import regions_from_edges
from course_lib.data.samples import load
from course_lib.drawing import paint_labels
from course_lib.images import to_gray

CANVAS, INK = (246, 247, 249), np.array([20, 99, 92])


def strip(picture, low, high, sigma, gap):
    """The picture, its gradient, its edges and its regions beside each other, as one RGB array."""
    gray = to_gray(picture)
    colour = picture if picture.ndim == 3 else np.repeat(gray[..., None], 3, axis=2)
    M = np.clip(gradient(gray)[2] / 600, 0, 1)[..., None]
    edges = canny(gray, low, high, sigma=sigma)
    regions, _ = regions_from_edges(edges, gap=gap)
    area = region_statistics(regions).area
    regions[(area < 60)[regions - 1] | (regions == area.argmax() + 1)] = 0  # fragments, and the ground
    panels = [colour, 255 - M * (255 - INK), np.where(edges[..., None], INK, 255), paint_labels(regions, colour)]
    space = np.broadcast_to(CANVAS, (gray.shape[0], 12, 3))
    return np.rint(np.concatenate([a for panel in panels for a in (panel, space)][:-1], axis=1)).astype(np.uint8)


rows = [strip(load("coins"), 50, 150, 2.0, 1), strip(load("cat")[:, 34:418], 40, 90, 2.0, 5)]
gap = np.broadcast_to(np.uint8(CANVAS), (12, rows[0].shape[1], 3))
picture = Image.fromarray(np.concatenate([rows[0], gap, rows[1]]))
picture.save(Path(__file__).parents[1] / "_static" / "what-you-will-make.jpg", quality=88, optimize=True)
