r"""Signed distance fields: how far every point is from a shape's outline, and how much of a pixel the shape covers.

**The distance is in pixels, negative inside the shape and positive outside.** The union of two shapes is then the
minimum of their distances, and d - r is a shape whose outline has moved outward by r.

Notebook: notebooks/24-known-answers.ipynb
Reference: S. F. Frisken, R. N. Perry, A. P. Rockwood, T. R. Jones, "Adaptively sampled distance fields: a general
representation of shape for computer graphics", SIGGRAPH 2000, 249-254, doi 10.1145/344779.344899.

| notation | code             | shape       | meaning                                              |
|----------|------------------|-------------|------------------------------------------------------|
| p        | x, y             | broadcast   | the points that ask, x right, y down                 |
| a, b     | ax, ay, bx, by   |             | start and end of one straight edge of the outline    |
| t        | t                | like p      | where on the edge the nearest point lies, 0 at a, 1 at b |
| w        | winding          | like p      | how often the loops turn round p; inside is w != 0   |
| d        | distance         | like p      | signed distance; its gradient has length 1 nearly everywhere |
| s        | softness         |             | width of the smooth edge, in pixels                  |
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from course_lib import checks

FAR = 1e12  # pixels: no number is larger, so that no square is infinite


def polygon_distance(points_xy_loops: Sequence, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    r"""Exact signed distance to a polygon with one or several loops (Eq. polygon-distance), NEGATIVE INSIDE.

    To the edge from a to b: d = |p - a - t (b - a)| with t = (p - a).(b - a) / |b - a|^2, clipped to
    0..1; to the polygon: the least of these. Its sign is that of the non-zero rule: inside is where
    the loops wind round the point, so a hole is a loop of the other sense of rotation. Where loops overlap,
    edges inside the shape count too: the sign is right, the distance inside may be too small.

    Parameters
    ----------
    points_xy_loops : sequence of (k, 2) arrays, pixels
        Each loop closes by itself; k >= 1.
    x, y : arrays of shapes that broadcast, pixels
        ``y, x = np.ogrid[:H, :W]`` asks at the centres of all pixels.

    Returns
    -------
    distance : float64 of the broadcast shape, pixels
        Negative inside, positive outside. cv2.pointPolygonTest has the opposite sign.

    Raises
    ------
    TypeError, ValueError
        No loops, loops that are not (k, 2), x and y that do not broadcast, a number beyond 1e12 pixels or not finite.

    >>> square = [[0, 0], [4, 0], [4, 4], [0, 4]]
    >>> polygon_distance([square], np.array([2.0, 7.0]), np.array([1.0, 8.0])).tolist()
    [-1.0, 5.0]
    """
    loops = _loops("polygon_distance", points_xy_loops)
    x, y = _coordinates("polygon_distance", x, y)
    shape = np.broadcast_shapes(x.shape, y.shape)
    nearest, winding = np.full(shape, np.inf), np.zeros(shape, np.int64)
    for loop in loops:
        for (ax, ay), (bx, by) in zip(loop, np.roll(loop, -1, axis=0), strict=True):
            px, py, ex, ey = x - ax, y - ay, bx - ax, by - ay
            t = np.clip((px * ex + py * ey) / (ex * ex + ey * ey or 1.0), 0, 1)  # a = b is one point: t = 0
            np.minimum(nearest, (px - t * ex) ** 2 + (py - t * ey) ** 2, out=nearest)  # Eq. polygon-distance
            crosses = (ay <= y) != (by <= y)  # the edge meets the horizontal line through p ...
            winding += np.sign(ey).astype(int) * (crosses & ((ex * py > ey * px) == (ey > 0)))  # ... to the right of p
    return np.where(winding != 0, -1.0, 1.0) * np.sqrt(nearest)


def disk_distance(center_xy: Sequence, radius: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    r"""Exact signed distance to a disk: |p - c| - r, NEGATIVE INSIDE.

    Parameters
    ----------
    center_xy : (2,), pixels
    radius : float > 0, pixels
    x, y : arrays of shapes that broadcast, pixels

    Returns
    -------
    distance : float64 of the broadcast shape, pixels
        Negative inside, positive outside.

    Raises
    ------
    TypeError, ValueError
        A centre that is not (2,), no radius, x and y that do not broadcast, a number beyond 1e12 pixels or not finite.

    >>> disk_distance([3, 4], 2.0, np.array([0.0, 3.0]), np.array([0.0, 4.0])).tolist()
    [3.0, -2.0]
    """
    cx, cy = _real("disk_distance", "center_xy", checks.matrix("disk_distance", "center_xy", center_xy, (2,)))
    radius = checks.number("disk_distance", "radius", radius, low=0, high=FAR, strict=True)
    x, y = _coordinates("disk_distance", x, y)
    return np.hypot(x - cx, y - cy) - radius


def coverage(distance: np.ndarray, *, softness: float | None = None) -> np.ndarray:
    r"""How much of a pixel a shape covers, from the distance of the pixel's centre (Eq. coverage).

    Parameters
    ----------
    distance : array of any shape, pixels, negative inside
    softness : None, or s >= 1e-6, pixels
        None: the covered share of a square pixel, a ramp clip(1/2 - d, 0, 1). It is exact where the
        edge is straight and parallel to the pixel's sides, and off by at most 0.043 where it is oblique.
        A number: the sigmoid 1 / (1 + exp(d / s)), which has derivatives everywhere. With s = 1/4 it is
        as steep as the ramp at the edge.

    Returns
    -------
    share : array like `distance`, 0..1
        float32 where `distance` is float32, else float64. 1 inside, 0 outside, 1/2 on the outline.

    Raises
    ------
    TypeError, ValueError
        Distances that are no real numbers within 1e12 pixels, or a softness below 1e-6.

    >>> coverage(np.array([-2.0, -0.25, 0.0, 0.5])).tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    distance = _real("coverage", "distance", distance)
    if softness is None:
        return np.clip(0.5 - distance, 0, 1)
    softness = checks.number("coverage", "softness", softness, low=1e-6)
    return expit(-distance / softness)  # Eq. coverage


def _loops(function, points_xy_loops):
    if not isinstance(points_xy_loops, (list, tuple)):
        raise TypeError(f"{function}: `points_xy_loops` must be a list of (k, 2) loops; "
                        f"got {type(points_xy_loops).__name__}. Put brackets round a single loop: [loop].")
    if len(points_xy_loops) == 0:
        raise ValueError(f"{function}: `points_xy_loops` must have at least one (k, 2) loop; got an empty list. "
                         "No shape has no distance; leave the call out.")
    loops = [_real(function, "points_xy_loops", checks.points(function, loop, name="points_xy_loops"))
             for loop in points_xy_loops]
    for loop in loops:
        if loop.ndim != 2 or len(loop) == 0:
            raise ValueError(f"{function}: every loop of `points_xy_loops` must be (k, 2), k >= 1; got {loop.shape}. "
                             "Put brackets round a single loop: [loop].")
    return loops


def _coordinates(function, x, y):
    x, y = (_real(function, name, values) for name, values in (("x", x), ("y", y)))
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        raise ValueError(f"{function}: `x` and `y` must broadcast; got {x.shape} and {y.shape}. "
                         "Take both from np.mgrid or np.ogrid.") from None
    return x, y


def _real(function, name, values):
    """As float64, or float32 where it is that; all within FAR."""
    values = checks.array(function, name, values)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"{function}: `{name}` must hold real numbers; got dtype {values.dtype}.")
    if not np.isfinite(values).all():
        raise ValueError(f"{function}: `{name}` holds NaN or infinity.")
    if values.size and (values.min() < -FAR or values.max() > FAR):
        raise ValueError(f"{function}: `{name}` must lie in -1e12..1e12; got {values.min():g}..{values.max():g}.")
    return values if values.dtype == np.float32 else values.astype(np.float64)
