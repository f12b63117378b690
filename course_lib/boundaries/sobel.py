r"""The Sobel operator: the derivative of an image, smoothed across its direction.

Notebook: notebooks/02-canny.ipynb
Reference: I. Sobel, G. Feldman, "A 3x3 isotropic gradient operator for image processing", talk at the
Stanford Artificial Intelligence Project (1968); history in I. Sobel, doi 10.13140/RG.2.1.1912.4965 (2014).

| notation | code     | shape  | meaning                                                  |
|----------|----------|--------|----------------------------------------------------------|
| I        | image    | (H, W) | grey value                                               |
| gx, gy   | gx, gy   | (H, W) | 8 times the derivative along x (right) and y (down)      |
| s, d     | smooth, differ | (W + 2,) | [1 2 1] and [-1 0 1] applied down the columns       |
"""

import numpy as np
from numba import njit

from course_lib import checks

ONE, TWO = np.int16(1), np.int16(2)  # typed: without the JIT, 2 * uint8 would wrap at 256


def sobel(image: np.ndarray, *, border: str = "reflect") -> tuple[np.ndarray, np.ndarray]:
    r"""Correlate with the two 3x3 Sobel kernels (Eq. sobel).

    gx = [[-1 0 1], [-2 0 2], [-1 0 1]] star I,   gy = its transpose star I.

    Parameters
    ----------
    image : (H, W), uint8 0..255 or a float field of any range
    border : "reflect" (as ``cv2.Sobel``) or "replicate" (as inside ``cv2.Canny``)

    Returns
    -------
    gx, gy : (H, W) int16 from uint8, -1020..1020; the dtype of `image` from float
        gx > 0 where the image grows brighter to the right, gy > 0 where it does downwards.
        Not normalised: a ramp of slope 1 gives 8. From uint8 equal to
        ``cv2.Sobel(image, cv2.CV_16S, 1, 0)`` and ``(..., 0, 1)`` in every pixel.

    Raises
    ------
    TypeError, ValueError
        Wrong rank, dtype, NaN or border rule.

    >>> gx, gy = sobel(np.array([[0, 1, 2]] * 3, np.uint8))
    >>> gx.tolist(), bool((gy == 0).all())
    ([[0, 8, 0], [0, 8, 0], [0, 8, 0]], True)

    Notebook: notebooks/02-canny.ipynb
    """
    image = checks.field("sobel", image, dtypes=checks.IMAGE_DTYPES)
    checks.choice("sobel", "border", border, ("reflect", "replicate"))
    number = np.int16 if image.dtype == np.uint8 else image.dtype.type
    gx, gy = np.empty(image.shape, number), np.empty(image.shape, number)
    _sobel_kernel(image, border == "reflect", gx, gy)
    return gx, gy


@njit(cache=True)
def _sobel_kernel(I, reflect, gx, gy):
    """Separable: each row is first combined with its neighbours above and below, then along x."""
    H, W = I.shape
    smooth, differ = np.empty(W + 2, gx.dtype), np.empty(W + 2, gx.dtype)
    left, right = (min(2, W), max(W - 1, 1)) if reflect else (1, W)  # entries that stand in for x = -1 and x = W
    for y in range(H):
        above, below = y - 1, y + 1
        if y == 0:
            above = min(1, H - 1) if reflect else 0
        if y == H - 1:
            below = max(H - 2, 0) if reflect else H - 1
        a, b, c = I[above], I[y], I[below]
        for x in range(W):
            smooth[x + 1] = ONE * a[x] + TWO * b[x] + ONE * c[x]
            differ[x + 1] = ONE * c[x] - ONE * a[x]
        smooth[0], differ[0] = smooth[left], differ[left]
        smooth[W + 1], differ[W + 1] = smooth[right], differ[right]
        gx_row, gy_row = gx[y], gy[y]
        for x in range(W):
            gx_row[x] = smooth[x + 2] - smooth[x]  # Eq. sobel
            gy_row[x] = differ[x] + TWO * differ[x + 1] + differ[x + 2]
