r"""The watershed: a height map is flooded from markers, and each pixel belongs to the water that arrives first.

Notebook: notebooks/03-edges-to-regions.ipynb
References: L. Vincent, P. Soille, "Watersheds in digital spaces: an efficient algorithm based on immersion
simulations", IEEE TPAMI 13(6), 583-598 (1991), doi 10.1109/34.87344; F. Meyer, "Topographic distance and watershed
lines", Signal Processing 38, 113-125 (1994), doi 10.1016/0165-1684(94)90060-4 (a finer definition of the lines).

| notation | code    | shape  | meaning                                                            |
|----------|---------|--------|--------------------------------------------------------------------|
| h        | height  | (H, W) | height of the ground: a gradient magnitude, minus a distance, ...  |
| M        | markers | (H, W) | 0, or the number of the lake that starts here                      |
| L        | labels  | (H, W) | the lake that each pixel belongs to in the end                     |
"""

import numpy as np
from numba import njit

from course_lib import checks


def watershed(height: np.ndarray, markers: np.ndarray, *, mask: np.ndarray | None = None) -> np.ndarray:
    r"""Flood a height map from its markers: every pixel gets the number of one of them (Eq. pass-height).

    All markers enter a queue. Again and again the lowest pixel leaves it, of equal ones the one that
    entered first, and those of its four neighbours that have no number get its number and enter: at
    their height, or at that of the water where this is higher. Four neighbours, not eight: a closed
    edge that is 8-connected must hold the water.

    Parameters
    ----------
    height : (H, W) field, any range
    markers : (H, W) integers >= 0, 0 where nothing is known
    mask : (H, W) bool, optional
        Water stays inside; default: everywhere.

    Returns
    -------
    labels : (H, W) int32
        0 only outside `mask`, and where no path leads to a marker. The highest point on the way from
        a pixel to its marker, both included, is the lowest possible: the pass height. Equal to
        ``skimage.segmentation.watershed`` if no two marker pixels have the same height; of those that
        have, its heap may take another first. ``cv2.watershed`` finds heights itself, from a colour
        image, and marks lines by -1.

    Raises
    ------
    TypeError, ValueError
        Different shapes, NaN, markers that are no labels.

    >>> watershed(np.array([[0, 1, 5, 2, 0]], np.uint8), np.array([[1, 0, 0, 0, 2]])).tolist()
    [[1, 1, 1, 2, 2]]

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    height = checks.field("watershed", height, name="height")
    labels = checks.labels("watershed", markers, name="markers")
    outside = None if mask is None else ~checks.mask("watershed", mask)
    checks.same_shape("watershed", height=height, markers=labels, **({} if outside is None else {"mask": outside}))
    lakes = np.full((height.shape[0] + 2, height.shape[1] + 2), -1, np.int32)  # -1: no water goes there
    lakes[1:-1, 1:-1] = labels
    if outside is not None:
        lakes[1:-1, 1:-1][outside] = -1
    level, count = _levels(height)
    _flood_kernel(level.ravel(), count, lakes.ravel(), lakes.shape[1])
    return np.maximum(lakes[1:-1, 1:-1], 0)


def _levels(height):
    """Heights as numbers 0..count - 1 of queues, in a frame: the same order, the same ties."""
    H, W = height.shape
    low, high = height.min().item(), height.max().item()
    if height.dtype.kind in "iu" and high - low < 2**16:
        level, count = np.zeros((H + 2, W + 2), np.uint16), high - low + 1
        level[1:-1, 1:-1] = height.astype(np.int32) - low
    else:
        values, rank = np.unique(height, return_inverse=True)
        level, count = np.zeros((H + 2, W + 2), np.int32), len(values)
        level[1:-1, 1:-1] = rank.reshape(H, W)
    return level, count


@njit(cache=True)
def _flood_kernel(level, count, L, w):
    """The queue of the present level, first in, first out, and a place for each pixel that waits for a higher one.

    No pixel enters twice, so a level needs no more places than it has pixels, and those of all levels fill one array:
    `waiting`, in which the places of level k begin at first[k] and are taken up to end[k].
    """
    pixels = np.zeros(count, np.int64)
    for p in range(L.size):
        pixels[level[p]] += 1
    end = np.cumsum(pixels) - pixels
    first = end.copy()
    waiting, queue = np.empty(L.size, np.int32), np.empty(L.size, np.int32)
    for p in range(L.size):
        if L[p] > 0:
            waiting[end[level[p]]] = p
            end[level[p]] += 1
    for k in range(count):
        i, n = 0, 0
        for j in range(first[k], end[k]):
            queue[n] = waiting[j]
            n += 1
        while i < n:
            p = queue[i]
            i += 1
            for q in (p - w, p - 1, p + 1, p + w):
                if L[q] == 0:
                    L[q] = L[p]  # Eq. pass-height: p left the queues before all other neighbours of q
                    m = level[q]
                    queue[n] = q  # (written in any case: this saves the processor a guess)
                    if m > k:
                        waiting[end[m]] = q
                        end[m] += 1
                    else:  # behind a pass the water falls, and stays at the height of the pass
                        n += 1
