r"""The Canny edge detector: gradient, non-maximum suppression, hysteresis.

Notebook: notebooks/02-canny.ipynb
Reference: J. Canny, "A computational approach to edge detection", IEEE Transactions on Pattern Analysis
and Machine Intelligence 8(6), 679-698 (1986), doi 10.1109/TPAMI.1986.4767851.

| notation | code       | shape  | meaning                                                            |
|----------|------------|--------|--------------------------------------------------------------------|
| I        | image      | (H, W) | grey value                                                         |
| gx, gy   | gx, gy     | (H, W) | Sobel derivatives, 8 times dI/dx and dI/dy                         |
| M        | magnitude  | (H, W) | L1: abs(gx) + abs(gy); L2: gx^2 + gy^2, the *square* of the length |
| N        | maxima     | (H, W) | True where M is a maximum across the edge                          |
| E        | edges      | (H, W) | True on the edges                                                  |
"""

import math

import numpy as np
from numba import njit

from course_lib import checks, filters
from course_lib.boundaries.sobel import sobel

NORMS = ("l1", "l2")
# The largest norm that a 3x3 patch with values in 0..1 can have, attained by black and white patches:
# gx + gy = 2 (I_e + I_s + I_se) - 2 (I_w + I_n + I_nw) <= 6, and (gx, gy) = (4, 2) has length sqrt(20).
LARGEST_NORM = {"l1": 6.0, "l2": math.sqrt(20.0)}  # Eq. canny-bound
ONE, TG22, ONE_Q15 = np.int64(1), np.int64(13573), np.int64(1 << 15)  # 1, tan(22.5 deg), 1 in units of 2^-15 (OpenCV)


def canny(image: np.ndarray, low: float, high: float, *, norm: str = "l1", sigma: float | None = None) -> np.ndarray:
    r"""Edges of an image, one pixel wide.

    Parameters
    ----------
    image : (H, W), uint8 0..255 or float 0..1
    low, high : float, 0 <= low <= high, in the units of the norm of the *unnormalised* Sobel gradient
        Attainable up to 1530 (L1) and 1140.4 (L2) for uint8, 6 and 4.47 for float: the thresholds
        of a float image are those of the uint8 one divided by 255.
    norm : "l1" (abs(gx) + abs(gy), OpenCV's default) or "l2" (the Euclidean length)
    sigma : float > 0, pixels, optional
        Blur with a Gaussian first, as Canny's paper does; OpenCV's function does not. The blurred
        image is kept as float: rounded to whole grey levels, a wide blur has steps of its own.

    Returns
    -------
    edges : (H, W) bool
        From uint8, without `sigma`, equal to ``cv2.Canny(image, low, high, L2gradient=(norm == "l2")) > 0``
        in every pixel; only Intel's IPP, which OpenCV's wheels may use, rounds an L2 threshold otherwise
        where a magnitude equals it (``cv2.ipp.setUseIPP(False)`` turns it off). scikit-image's ``canny``
        blurs, interpolates and scales: not comparable by pixel.

    Raises
    ------
    TypeError, ValueError
        Wrong rank, dtype, range, NaN; low > high; a threshold above any attainable gradient.

    >>> step = np.zeros((5, 6), np.uint8); step[:, 3:] = 100
    >>> canny(step, 100, 200).sum(axis=0).tolist()
    [0, 0, 5, 0, 0, 0]

    Notebook: notebooks/02-canny.ipynb
    """
    image = checks.gray_image("canny", image)
    low, high = _check_thresholds("canny", image.dtype, low, high, norm)
    if sigma is not None:
        image = filters.gaussian_blur(image.astype(np.result_type(image, np.float32)), sigma)
    gx, gy, magnitude = gradient(image, norm=norm)
    if norm == "l2":
        low, high = low * low, high * high  # M is a square, so its thresholds are too; ** 2 may round otherwise
    maxima = non_maximum_suppression(gx, gy, magnitude, above=low)
    return hysteresis(magnitude, maxima, low, high)


def gradient(image: np.ndarray, *, norm: str = "l1") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Sobel derivatives and the gradient magnitude (Eq. canny-magnitude); border "replicate".

    Parameters
    ----------
    image : (H, W), uint8 0..255 or a float field of any range
    norm : "l1" or "l2"

    Returns
    -------
    gx, gy : (H, W) int16 from uint8, else the dtype of `image`
    magnitude : (H, W) int16 (l1) or int32 (l2) from uint8, else the dtype of `image`
        "l1": abs(gx) + abs(gy). "l2": gx^2 + gy^2, the *squared* length, exact in integers;
        compare it with squared thresholds or take np.sqrt.
    """
    checks.choice("gradient", "norm", norm, NORMS)
    gx, gy = sobel(image, border="replicate")
    magnitude = np.empty(gx.shape, np.int32 if norm == "l2" and gx.dtype == np.int16 else gx.dtype)
    _magnitude_kernel(gx, gy, norm == "l2", magnitude)
    return gx, gy, magnitude


def non_maximum_suppression(gx: np.ndarray, gy: np.ndarray, magnitude: np.ndarray, *,
                            above: float = 0) -> np.ndarray:
    r"""Keep a pixel only if its magnitude is largest across the edge (Eq. canny-suppression).

    The gradient's direction is rounded to 0, 45, 90 or 135 degrees, and the pixel is compared with its
    two neighbours in that direction; outside the image the magnitude counts as 0. Of two equal
    neighbours along x or y the first is kept; along a diagonal neither is, as in OpenCV.

    Parameters
    ----------
    gx, gy, magnitude : (H, W), as `gradient` returns them
    above : float
        Pixels whose magnitude is not above it are dropped unseen (saves time; 0 drops flat pixels).

    Returns
    -------
    maxima : (H, W) bool
    """
    gx, gy, magnitude = (checks.field("non_maximum_suppression", a, name=n)
                         for a, n in ((gx, "gx"), (gy, "gy"), (magnitude, "magnitude")))
    checks.same_shape("non_maximum_suppression", gx=gx, gy=gy, magnitude=magnitude)
    above = _threshold("non_maximum_suppression", "above", above, magnitude)
    maxima = np.zeros(magnitude.shape, np.bool_)
    _suppression_kernel(gx, gy, magnitude, above, maxima)
    return maxima


def hysteresis(magnitude: np.ndarray, maxima: np.ndarray, low: float, high: float) -> np.ndarray:
    r"""Maxima above `low` that are 8-connected, through such maxima, to one above `high` (Eq. canny-hysteresis).

    Parameters
    ----------
    magnitude : (H, W) field;  maxima : (H, W) bool
    low, high : float, low <= high, in the units of `magnitude`; both comparisons are strict

    Returns
    -------
    edges : (H, W) bool
    """
    magnitude = checks.field("hysteresis", magnitude, name="magnitude")
    maxima = checks.mask("hysteresis", maxima, name="maxima")
    checks.same_shape("hysteresis", magnitude=magnitude, maxima=maxima)
    low, high = (_threshold("hysteresis", n, t, magnitude) for n, t in (("low", low), ("high", high)))
    if low > high:
        raise ValueError(f"hysteresis: `low` must not exceed `high`; got {low:g} > {high:g}. Exchange them.")
    state = np.zeros((magnitude.shape[0] + 2, magnitude.shape[1] + 2), np.uint8)
    _hysteresis_kernel(magnitude, maxima, low, high, state)
    return state[1:-1, 1:-1] == 2


def _check_thresholds(function, dtype, low, high, norm):
    checks.choice(function, "norm", norm, NORMS)
    largest = LARGEST_NORM[norm] * (255 if dtype == np.uint8 else 1)
    units = (f"No gradient of a {dtype.name} image has an {norm.upper()} norm above {largest:.6g}"
             + ("." if dtype == np.uint8 else ": divide a threshold meant for uint8 by 255."))
    low = checks.number(function, "low", low, low=0)
    high = checks.number(function, "high", high, low=0, high=largest, why=units)
    if low > high:
        raise ValueError(f"{function}: `low` must not exceed `high`; got {low:g} > {high:g}. Exchange them.")
    return low, high


def _threshold(function, name, value, magnitude):
    """The threshold in the magnitude's kind of number. For integers m, m > t exactly if m > floor(t)."""
    value = checks.number(function, name, value)
    if magnitude.dtype.kind == "f":
        return np.float64(value)
    return np.int32(np.clip(math.floor(value), -2**31, 2**31 - 1))


@njit(cache=True)
def _magnitude_kernel(gx, gy, squared, M):
    H, W = gx.shape
    one = M.dtype.type(1)
    for y in range(H):
        a, b, out = gx[y], gy[y], M[y]
        if squared:
            for x in range(W):
                out[x] = a[x] * (one * a[x]) + b[x] * (one * b[x])  # Eq. canny-magnitude (L2, squared)
        else:
            for x in range(W):
                out[x] = abs(a[x]) + abs(b[x])  # Eq. canny-magnitude (L1)


@njit(cache=True)
def _suppression_kernel(gx, gy, M, above, maxima):
    """Three rows of M, each framed by zeros, slide down the image: pixel x is entry x + 1 of `row`."""
    H, W = gx.shape
    up, row, down = np.zeros(W + 2, M.dtype), np.zeros(W + 2, M.dtype), np.zeros(W + 2, M.dtype)
    down[1:W + 1] = M[0]
    for y in range(H):
        up, row, down = row, down, up
        if y + 1 < H:
            below = M[y + 1]
            for x in range(W):  # numba's slice assignment is slower
                down[x + 1] = below[x]
        else:
            down[:] = 0
        gx_row, gy_row, out = gx[y], gy[y], maxima[y]
        for x in range(W):
            m = row[x + 1]
            if m <= above:
                continue
            ax, ay = abs(gx_row[x] * ONE), abs(gy_row[x] * ONE)  # 64 bits: abs(-32768) is no int16
            if ay * ONE_Q15 < ax * TG22:  # Eq. canny-suppression: below 22.5 degrees, compare left and right
                out[x] = (m > row[x]) & (m >= row[x + 2])
            elif ay * ONE_Q15 > ax * (TG22 + 2 * ONE_Q15):  # above 67.5 degrees, compare up and down
                out[x] = (m > up[x + 1]) & (m >= down[x + 1])
            elif (gx_row[x] < 0) == (gy_row[x] < 0):  # the gradient points right-down or left-up
                out[x] = (m > up[x]) & (m > down[x + 2])
            else:  # right-up or left-down
                out[x] = (m > up[x + 2]) & (m > down[x])


@njit(cache=True)
def _hysteresis_kernel(M, maxima, low, high, state):
    """state, framed by zeros, becomes 0 none, 1 weak, 2 edge; edges grow from the strong maxima with a stack."""
    H, W = M.shape
    for y in range(H):
        row, m, n = state[y + 1], M[y], maxima[y]
        for x in range(W):
            row[x + 1] = n[x] & (m[x] > low)
        for x in range(W):
            row[x + 1] += n[x] & (m[x] > high)
    S, w = state.ravel(), W + 2
    stack, top = np.empty(np.count_nonzero(S), np.int64), 0  # each pixel is pushed at most once
    for p in range(S.size):
        if S[p] == 2:
            stack[top] = p
            top += 1
    while top > 0:
        top -= 1
        p = stack[top]
        for q in (p - w - 1, p - w, p - w + 1, p - 1, p + 1, p + w - 1, p + w, p + w + 1):
            if S[q] == 1:  # Eq. canny-hysteresis: weak, and next to an edge
                S[q] = 2
                stack[top] = q
                top += 1
