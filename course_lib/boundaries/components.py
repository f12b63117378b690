r"""Connected components: which True pixels belong together, and how large, where and how long each region is.

Notebook: notebooks/03-edges-to-regions.ipynb
References: A. Rosenfeld, J. L. Pfaltz, "Sequential operations in digital picture processing", Journal of the ACM
13(4), 471-494 (1966), doi 10.1145/321356.321357 (two passes, with a table of pairs); K. Wu, E. Otoo, K. Suzuki,
"Optimizing two-pass connected-component labeling algorithms", Pattern Analysis and Applications 12, 117-135 (2009),
doi 10.1007/s10044-008-0109-y (the forest, and the order in which neighbours are asked).

| notation   | code         | shape        | meaning                                                |
|------------|--------------|--------------|--------------------------------------------------------|
| S          | mask         | (H, W)       | True inside                                            |
| L          | labels       | (H, W)       | 0 outside, 1..n in the regions                         |
| p          | parent       | (provisional labels + 1,) | a forest: p[i] <= i, equality at roots    |
| A          | area         | (n,)         | pixels of a region                                     |
| c          | centroid_xy  | (n, 2)       | mean of its pixel centres                              |
| C          | covariance   | (n, 2, 2)    | mean of (x - c)(x - c)^T, the second central moments   |
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from course_lib import checks


def label(mask: np.ndarray, *, connectivity: int = 8) -> tuple[np.ndarray, int]:
    r"""Number the connected components of a mask, by two passes and a union-find forest (Eq. union-find).

    The first pass gives each pixel the number of a neighbour that has one already, or a new one, and
    notes which numbers meet. The second replaces every number by that of its set.

    Parameters
    ----------
    mask : (H, W) bool
    connectivity : 8 (neighbours share an edge or a corner) or 4 (an edge)

    Returns
    -------
    labels : (H, W) int32
        0 outside; 1..count in the order in which a scan, row by row, meets the regions. Equal to
        ``scipy.ndimage.label`` (with ``structure=np.ones((3, 3))`` for 8). OpenCV's default algorithm
        numbers 8-connected regions in another order; its ``cv2.CCL_SAUF`` does not.
    count : int, the number of regions, without the background

    Raises
    ------
    TypeError, ValueError
        Not a mask, or another connectivity.

    >>> diagonal = np.eye(3, dtype=bool)
    >>> label(diagonal)[1], label(diagonal, connectivity=4)[1]
    (1, 3)

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    mask = checks.mask("label", mask)
    corners = checks.choice("label", "connectivity", connectivity, (8, 4)) == 8
    H, W = mask.shape
    labels = np.empty((H, W), np.int32)
    most = ((H + 1) // 2) * ((W + 1) // 2) if corners else (H * W + 1) // 2
    parent = np.empty(most + 1, np.int32)  # every second pixel of every second row, or a chessboard
    provisional = _first_pass(mask, labels, parent, corners)
    count = _flatten(parent, provisional)
    _second_pass(labels, parent)
    return labels, count


@dataclass(frozen=True)
class RegionStatistics:
    """Row k - 1 of each array describes label k: `area`, `box_xywh`, `centroid_xy`, `covariance`."""

    area: np.ndarray  # (n,) int64, pixels
    box_xywh: np.ndarray  # (n, 4) int64: left, top, width, height
    centroid_xy: np.ndarray  # (n, 2) float64
    covariance: np.ndarray  # (n, 2, 2) float64, px^2


def region_statistics(labels: np.ndarray) -> RegionStatistics:
    r"""Area, box, centroid and second central moments of every region (Eq. region-moments).

    Parameters
    ----------
    labels : (H, W) integers >= 0
        0 is not counted.

    Returns
    -------
    statistics : RegionStatistics
        One row for each of 1..labels.max(). A number that no pixel has: area 0, box 0, the rest NaN.
        The eigenvalues of a covariance are the mean squared extents along the region's two axes: a
        filled ellipse with semi-axes a and b has a^2/4 and b^2/4. OpenCV's
        ``connectedComponentsWithStats`` has the first three, for the background too.

    Raises
    ------
    TypeError, ValueError
        No labels, or a number so large that the table of all numbers would not fit.

    >>> region_statistics(np.array([[1, 1, 0], [0, 0, 2]])).centroid_xy.tolist()
    [[0.5, 0.0], [2.0, 1.0]]
    """
    labels = checks.labels("region_statistics", labels)
    n = int(labels.max())
    if n > max(labels.size, 2**20):
        raise ValueError(f"region_statistics: `labels` goes up to {n}; a row for each number would fill the memory. "
                         "Renumber first: np.unique(labels, return_inverse=True)[1].reshape(labels.shape).")
    area, box = np.zeros(n, np.int64), np.zeros((n, 4), np.int64)
    centroid, covariance = np.zeros((n, 2)), np.zeros((n, 2, 2))
    _statistics_kernel(labels, area, box, centroid, covariance)
    return RegionStatistics(area, box, centroid, covariance)


@njit(cache=True)
def _find(parent, i):
    """The root of i; every number on the way is hung below it (path compression)."""
    root = i
    while parent[root] < root:
        root = parent[root]
    while parent[i] > root:
        parent[i], i = root, parent[i]  # in this order: the right side is read first, then parent[i] is written
    return root


@njit(cache=True)
def _union(parent, i, j):
    """Join the sets of i and j: the larger root is hung below the smaller, which is returned."""
    i, j = _find(parent, i), _find(parent, j)
    if i > j:
        i, j = j, i
    parent[j] = i  # Eq. union-find
    return i


@njit(cache=True)
def _first_pass(mask, labels, parent, corners):
    """Above the pixel a b c, to its left d. With corners all touch b: where b has a number, they are in its set."""
    H, W = mask.shape
    up, n = np.zeros(W, np.int32), np.int32(0)
    for y in range(H):
        inside, out = mask[y], labels[y]
        d = np.int32(0)
        for x in range(W):
            b = up[x]
            if not inside[x]:
                d = np.int32(0)
            elif b > 0:
                d = b if corners or d == 0 or d == b else _union(parent, b, d)
            else:
                a = up[x - 1] if corners and x > 0 else np.int32(0)
                c = up[x + 1] if corners and x + 1 < W else np.int32(0)
                if c > 0:
                    before = a if a > 0 else d
                    d = _union(parent, c, before) if before > 0 and before != c else c
                elif a > 0:
                    d = a
                elif d == 0:
                    n += np.int32(1)
                    parent[n] = n
                    d = n
            out[x] = d
        up = out
    return n


@njit(cache=True)
def _flatten(parent, n):
    """Roots become 1, 2, ...; as p[i] <= i, the entry of a parent is final before its children ask for it."""
    parent[0] = 0
    count = 0
    for i in range(1, n + 1):
        if parent[i] < i:
            parent[i] = parent[parent[i]]
        else:
            count += 1
            parent[i] = count
    return count


@njit(cache=True)
def _second_pass(labels, parent):
    H, W = labels.shape
    for y in range(H):
        row = labels[y]
        for x in range(W):
            row[x] = parent[np.uint32(row[x])]  # unsigned: no question whether the index counts from the end


@njit(cache=True)
def _statistics_kernel(labels, area, box, centroid, covariance):
    """Two sweeps: sums first, then squares of the distances from the centroid (one sweep would cancel digits)."""
    H, W = labels.shape
    for y in range(H):
        for x in range(W):
            k = labels[y, x] - 1
            if k < 0:
                continue
            if area[k] == 0:
                box[k, 0], box[k, 1], box[k, 2], box[k, 3] = x, y, x, y
            area[k] += 1
            box[k, 0], box[k, 2], box[k, 3] = min(box[k, 0], x), max(box[k, 2], x), y
            centroid[k, 0] += x
            centroid[k, 1] += y
    for k in range(area.size):
        if area[k] > 0:
            centroid[k] /= area[k]
            box[k, 2] += 1 - box[k, 0]
            box[k, 3] += 1 - box[k, 1]
        else:
            centroid[k] = np.nan
    for y in range(H):
        for x in range(W):
            k = labels[y, x] - 1
            if k >= 0:
                u, v = x - centroid[k, 0], y - centroid[k, 1]
                covariance[k, 0, 0] += u * u
                covariance[k, 0, 1] += u * v
                covariance[k, 1, 1] += v * v
    for k in range(area.size):
        covariance[k, 1, 0] = covariance[k, 0, 1]
        covariance[k] /= area[k] if area[k] > 0 else np.nan  # Eq. region-moments
