r"""Contours: the borders of a mask and which lies inside which, by the border following of Suzuki and Abe.

Notebook: notebooks/03-edges-to-regions.ipynb
Reference: S. Suzuki, K. Abe, "Topological structural analysis of digitized binary images by border following",
Computer Vision, Graphics, and Image Processing 30, 32-46 (1985), doi 10.1016/0734-189X(85)90016-7.

| notation | code      | shape          | meaning                                                               |
|----------|-----------|----------------|-----------------------------------------------------------------------|
| f        | S, L      | (H + 2, W + 2) | the mask in a frame of zeros, and the number of the border on a pixel; |
|          |           |                | the paper keeps both in one array, its f = 1 is S = 1, L = 0 here      |
| NBD      | n         | scalar         | number of the border that is being followed; 1 is the frame            |
| LNBD     | last      | scalar         | number of the border met last                                          |
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from course_lib import checks

# Counter-clockwise as seen on the screen, from east: E NE N NW W SW S SE.
DX = np.array([1, 1, 0, -1, -1, -1, 0, 1], np.int64)
DY = np.array([0, -1, -1, -1, 0, 1, 1, 1], np.int64)
EAST, WEST = 0, 4


def find_contours(mask: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    r"""All borders of a mask, outer borders and holes, and the tree that they form.

    An outer border is a closed walk over the pixels of an 8-connected region that share a side with the
    ground around it; a hole's border is such a walk over the pixels of the region *around* the hole,
    which is 4-connected. Beyond the picture everything is ground.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    contours : list of (N, 2) int32, x before y
        Every pixel of the walk, once each time it is passed; the last is a neighbour of the first. All
        are parts of one array: copy a contour to keep it alone.
        Outer borders run counter-clockwise on the screen, holes clockwise.
    hierarchy : (number of contours, 4) int32
        Next and previous contour with the same parent, first child, parent; -1 where there is none.
        Outer borders and holes alternate on the way down the tree.

    Equal to ``cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)`` in points, order and
    hierarchy, but for its additional axis; nothing found gives ``[]`` and (0, 4), not None.

    Raises
    ------
    TypeError, ValueError
        Not a mask.

    >>> ring = np.ones((3, 3), bool); ring[1, 1] = False
    >>> contours, hierarchy = find_contours(ring)
    >>> [len(c) for c in contours], hierarchy.tolist()
    ([8, 4], [[-1, -1, 1, -1], [-1, -1, -1, 0]])

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    S = np.pad(checks.mask("find_contours", mask), 1)
    changes = np.flatnonzero(S.ravel()[1:] != S.ravel()[:-1])  # a run starts after an even one, ends at an odd one
    sides = len(changes) + np.count_nonzero(S[1:] != S[:-1])  # between inside and outside; each visit to a pixel
    points = np.empty((sides, 2), np.int32)  # passes at least one side, and no other visit passes the same
    starts, parent = np.zeros((2, len(changes) + 3), np.int64)  # by the paper's numbers: 1 is the frame, borders from 2
    n = _borders_kernel(S, np.zeros(S.shape, np.int32), changes, points, starts, parent)
    order, hierarchy = _tree_kernel(parent[2:n + 1] - 2)
    starts = starts[2:n + 2].tolist()
    return [points[starts[k]:starts[k + 1]] for k in order.tolist()], hierarchy


def contour_area(contour: np.ndarray) -> float:
    r"""The area of the polygon through the points of a contour, by Green's theorem (Eq. shoelace).

    A = |sum_k (x_k y_{k+1} - x_{k+1} y_k)| / 2, the last point followed by the first: the polygon runs
    through pixel *centres*, so a w x h box of pixels has (w - 1)(h - 1). Equal to ``cv2.contourArea``.

    Parameters
    ----------
    contour : (N, 2), x before y

    >>> contour_area(np.array([[0, 0], [0, 2], [3, 2], [3, 0]]))
    6.0
    """
    x, y = _points("contour_area", contour).T
    x, y = x - x[0], y - y[0]  # an area does not depend on the origin, its rounding does
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)  # Eq. shoelace


def contour_length(contour: np.ndarray) -> float:
    r"""The length of the closed polygon through the points of a contour.

    ``cv2.arcLength(contour, True)`` computes the same in float32.

    Parameters
    ----------
    contour : (N, 2), x before y

    >>> contour_length(np.array([[0, 0], [0, 2], [3, 2], [3, 0]]))
    10.0
    """
    points = _points("contour_length", contour)
    steps = np.diff(points, axis=0, append=points[:1])
    return float(np.hypot(*steps.T).sum())


def fill_contours(contours: Sequence[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    r"""The pixels on the contours or inside an odd number of them (Eq. parity).

    Going right along a row, each contour that is crossed changes inside into outside or back. Of all
    contours of a mask this gives the mask itself, exactly; of the outermost alone (no parent), the mask
    without its holes. A step between two rows counts for the upper one, so that none counts twice.

    Parameters
    ----------
    contours : sequence of (N, 2) integers, x before y
        Closed walks from neighbour to neighbour, as `find_contours` returns them.
    shape : (H, W) of the mask

    Returns
    -------
    mask : (H, W) bool

    Raises
    ------
    ValueError
        A point outside the shape, or a step longer than to one of the eight neighbours.
    """
    H, W = (checks.whole("fill_contours", "shape", side, low=1) for side in _pair(shape))
    mask, crossings = np.zeros((H, W), bool), np.zeros((H, W), np.int32)
    if contours is None or isinstance(contours, (int, float)):
        raise TypeError(f"fill_contours: `contours` must be a list of contours; got {contours!r}.")
    walks = [_points("fill_contours", contour, name="contours") for contour in contours]
    if not walks:
        return mask
    p = np.concatenate(walks)
    ends = np.cumsum([len(walk) for walk in walks])
    after = np.arange(1, len(p) + 1)
    after[ends - 1] = np.append(0, ends[:-1])  # the last point of a walk is followed by its first
    _check_walks(p, p[after], H, W)
    p = p.astype(np.int64)
    q = p[after]
    upper = np.where(p[:, 1:] < q[:, 1:], p, q)[p[:, 1] != q[:, 1]]  # the upper end of each step between rows
    np.add.at(crossings, (upper[:, 1], upper[:, 0]), 1)
    mask |= np.cumsum(crossings, axis=1) % 2 == 1  # Eq. parity
    mask[p[:, 1], p[:, 0]] = True
    return mask


def _points(function, contour, name="contour"):
    points = checks.points(function, contour, name=name)
    if points.ndim != 2 or len(points) == 0:
        raise ValueError(f"{function}: `{name}` must be (N, 2), x before y, at least one point; got {points.shape}. "
                         "OpenCV's (N, 1, 2) becomes that by contour[:, 0].")
    return points


def _pair(shape):
    if not isinstance(shape, (tuple, list)) or len(shape) != 2:
        raise ValueError(f"fill_contours: `shape` must be (H, W), such as mask.shape; got {shape!r}.")
    return shape


def _check_walks(p, q, H, W):
    between = (p != np.rint(p)).any(axis=1)
    if between.any():
        raise ValueError("fill_contours: `contours` must hold whole numbers, the pixels of a walk; got "
                         f"{p[between][0].tolist()}.")
    (left, top), (right, bottom) = p.min(axis=0), p.max(axis=0)
    if min(left, top) < 0 or right >= W or bottom >= H:
        raise ValueError(f"fill_contours: the points must lie in a picture of {H} rows and {W} columns; got x in "
                         f"{left:g}..{right:g}, y in {top:g}..{bottom:g}. Are x and y, or H and W, exchanged?")
    if np.abs(q - p).max() > 1:
        raise ValueError("fill_contours: a contour must be a closed walk from neighbour to neighbour; got a step of "
                         f"{np.abs(q - p).max():g}. Pass contours as find_contours returns them.")


@njit(cache=True)
def _borders_kernel(S, L, changes, points, starts, parent):
    """Algorithm 1 of the paper: a border can start only where a run starts (outer) or ends (hole).

    Fills `points`, border after border, where each starts in it, and each one's parent; returns the last number.
    """
    S, L, w = S.ravel(), L.ravel(), S.shape[1]
    step = np.concatenate((DY, DY)) * w + np.concatenate((DX, DX))
    hole = np.ones(parent.size, np.bool_)  # the frame counts as a hole
    n, last, used = 1, 1, 0
    for k in range(changes.size):
        is_hole = k % 2 == 1
        p = changes[k] if is_hole else changes[k] + 1
        if L[p] == 0 or (is_hole and L[p] > 0):
            n += 1
            hole[n] = is_hole
            parent[n] = last if hole[last] != is_hole else parent[last]  # Table 1
            starts[n] = used
            used = _follow(S, L, step, p, p % w - 1, p // w - 1, EAST if is_hole else WEST, n, points, used)
        last = abs(L[p])  # the paper's LNBD may lie inside the run, but all numbers of a run lead to the same parent;
    starts[n + 1] = used  # nor does a new row need a new LNBD: what was last in a row is an outermost border
    return n


@njit(cache=True)
def _follow(S, L, step, start, x, y, d, n, points, used):
    """Follow border number n from `start`, whose neighbour in direction d is outside (steps 3.1 to 3.5)."""
    outside = d
    d = (d + 7) & 7
    while not S[start + step[d]] and d != outside:  # 3.1: clockwise to the first neighbour inside
        d = (d + 7) & 7
    here, end, single = start, start + step[d], d == outside
    while True:
        points[used, 0], points[used, 1] = x, y
        used += 1
        d += 1
        while not S[here + step[d]] and not single:  # 3.3: counter-clockwise to the next neighbour inside
            d += 1
        if d > EAST + 8 or single:  # 3.4: east was asked and is outside, so no hole starts here any more
            L[here] = -n
        elif L[here] == 0:
            L[here] = n
        d &= 7
        after = here + step[d]
        if single or (after == start and here == end):  # 3.5: about to repeat the first step
            return used
        here, x, y = after, x + DX[d], y + DY[d]
        d = (d + 4) & 7  # the direction in which we came from


@njit(cache=True)
def _tree_kernel(parent):
    """The walk down the tree, newest of the siblings first, as OpenCV numbers the contours."""
    n = len(parent)
    child, sibling = np.full(n + 1, -1, np.int32), np.empty(n, np.int32)  # child[n] is the frame's
    for k in range(n):
        above = parent[k] if parent[k] >= 0 else n
        sibling[k], child[above] = child[above], k
    order, place = np.empty(n, np.int32), np.full(n + 1, -1, np.int32)
    hierarchy = np.full((n, 4), -1, np.int32)
    k, m = child[n], 0
    while k >= 0:
        order[m], place[k] = k, m
        hierarchy[m, 3] = place[parent[k]] if parent[k] >= 0 else -1
        m += 1
        after = child[k]
        while after < 0 and k >= 0:  # no child: the next sibling, or that of the parent, or of its parent ...
            after, k = sibling[k], parent[k]
        k = after
    for m in range(n):
        k = order[m]
        if sibling[k] >= 0:
            hierarchy[m, 0] = place[sibling[k]]
            hierarchy[place[sibling[k]], 1] = m
        if child[k] >= 0:
            hierarchy[m, 2] = place[child[k]]
    return order, hierarchy
