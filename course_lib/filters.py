r"""Linear filters: correlation, convolution, the Gaussian, and bilinear sampling.

Notebook: notebooks/01-images.ipynb
References: R. Szeliski, Computer Vision: Algorithms and Applications, 2nd ed. (2022), sections 3.2 and 3.5.

| notation | code    | shape          | meaning                                          |
|----------|---------|----------------|--------------------------------------------------|
| I        | image   | (H, W)         | grey value                                       |
| k        | kernel  | (2a+1, 2b+1)   | weights, centre at index (a, b)                  |
| sigma    | sigma   | scalar, pixels | standard deviation of the Gaussian               |
| g        | taps    | (2r+1,)        | samples of the Gaussian, sum 1                   |

Border rules, for a row a b c d: "reflect" c b | a b c d | c b (the border pixel is not repeated;
OpenCV's BORDER_REFLECT_101), "replicate" a a | a b c d | d d, "zero" 0 0 | a b c d | 0 0.
"""

import math

import numpy as np
from numba import njit

from course_lib import checks

BORDERS = ("reflect", "replicate", "zero")
_PAD_MODE = {"reflect": "reflect", "replicate": "edge", "zero": "constant"}


def pad(image: np.ndarray, rows: int, columns: int, *, border: str = "reflect") -> np.ndarray:
    """Continue a field beyond its border by `rows` and `columns` on each side, by one of the border rules.

    Parameters
    ----------
    image : (H, W) or (H, W, 3), any range
    rows, columns : int >= 0
    border : "reflect", "replicate" or "zero"

    Returns
    -------
    padded : (H + 2 rows, W + 2 columns) or with a trailing 3, dtype of `image`

    >>> pad(np.array([[1., 2., 3.]]), 0, 2).tolist()
    [[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]]
    """
    image = checks.field("pad", image, ranks=(2, 3))
    checks.choice("pad", "border", border, BORDERS)
    both = [(n, n) for n in (checks.whole("pad", "rows", rows, low=0), checks.whole("pad", "columns", columns, low=0))]
    return np.pad(image, [*both, (0, 0)][:image.ndim], mode=_PAD_MODE[border])  # type: ignore[call-overload]


def correlate(image: np.ndarray, kernel: np.ndarray, *, border: str = "reflect") -> np.ndarray:
    r"""Slide the kernel over the image and sum the products (Eq. correlation).

    (k star I)(x, y) = sum_{i, j} k(i, j) I(x + i, y + j): the kernel is *not* flipped.

    Parameters
    ----------
    image : (H, W) field, any range
    kernel : (2a+1, 2b+1), finite, odd in both directions
    border : "reflect", "replicate" or "zero"

    Returns
    -------
    result : (H, W) float64 (float32 if `image` is float32)
        Nothing is normalised or clipped. Equal to ``cv2.filter2D`` up to rounding.

    >>> correlate(np.array([[0., 1., 4.]]), [[-1, 0, 1]], border="replicate").tolist()
    [[1.0, 4.0, 3.0]]

    Notebook: notebooks/01-images.ipynb
    """
    return _correlate("correlate", image, kernel, border, flip=False)


def convolve(image: np.ndarray, kernel: np.ndarray, *, border: str = "reflect") -> np.ndarray:
    r"""Correlate with the kernel turned by 180 degrees (Eq. convolution).

    (k * I)(x, y) = sum_{i, j} k(i, j) I(x - i, y - j): away from the border commutative and
    associative, which correlation is not. Parameters, result and border rules are those of `correlate`.

    >>> convolve(np.array([[0., 1., 4.]]), [[-1, 0, 1]], border="replicate").tolist()
    [[-1.0, -4.0, -3.0]]
    """
    return _correlate("convolve", image, kernel, border, flip=True)


def gaussian_kernel(sigma: float, radius: int | None = None) -> np.ndarray:
    r"""Samples of the Gaussian at -radius..radius, scaled to sum 1 (Eq. gaussian-taps).

    Parameters
    ----------
    sigma : float in (0, 1e5], pixels
    radius : int, default round(8 sigma + 1) // 2 as OpenCV: about 4 sigma, beyond which lies 6e-5 of the mass

    Returns
    -------
    taps : (2 radius + 1,) float64

    >>> gaussian_kernel(1.0).shape
    (9,)
    """
    sigma = max(checks.number("gaussian_kernel", "sigma", sigma, low=0, high=1e5, strict=True), 1e-100)  # square > 0
    radius = round(8 * sigma + 1) // 2 if radius is None else checks.whole("gaussian_kernel", "radius", radius, low=0)
    x = np.arange(-radius, radius + 1)
    g = np.exp(-(x ** 2) / (2.0 * sigma ** 2))
    return g / g.sum()  # Eq. gaussian-taps


def gaussian_blur(image: np.ndarray, sigma: float) -> np.ndarray:
    r"""Convolve with a Gaussian, rows then columns (Eq. separability); border "reflect".

    Parameters
    ----------
    image : (H, W) or (H, W, 3), uint8 0..255 or a float field of any range
    sigma : float > 0, pixels

    Returns
    -------
    blurred : shape and dtype of `image`
        For uint8 equal to ``cv2.GaussianBlur(image, (0, 0), sigma)`` in every pixel: taps are
        multiples of 1/256, the window is 3 sigma wide on each side, and one rounding comes at the
        end. For floats the window is 4 sigma wide, as OpenCV's, and the results agree to rounding.

    Raises
    ------
    TypeError, ValueError
        Wrong rank, dtype, NaN, or a sigma that is not a positive number.

    >>> bool((gaussian_blur(np.full((5, 5), 7, np.uint8), 2.0) == 7).all())
    True

    Notebook: notebooks/01-images.ipynb
    """
    image = checks.field("gaussian_blur", image, dtypes=checks.IMAGE_DTYPES, ranks=(2, 3))
    sigma = checks.number("gaussian_blur", "sigma", sigma, low=0, high=max(*image.shape[:2], 16), strict=True,
                  why="A Gaussian wider than the picture leaves only its mean.")
    if image.ndim == 3:
        return np.stack([gaussian_blur(image[..., k], sigma) for k in range(3)], axis=-1)
    if image.dtype == np.uint8:
        kernel, taps = _blur_kernel_q8, _gaussian_taps_q8(sigma)
    else:
        kernel, taps = _blur_kernel_float, gaussian_kernel(sigma).astype(image.dtype)
    r, result = len(taps) // 2, np.empty_like(image)
    kernel(np.pad(image.astype(taps.dtype, copy=False), r, mode="reflect"), taps[r:], result)  # Eq. separability
    return result


def sample_bilinear(image: np.ndarray, points_xy: np.ndarray, *, outside: float = math.nan) -> np.ndarray:
    r"""The image's value between pixels, by the weighted mean of the four around (Eq. bilinear).

    Parameters
    ----------
    image : (H, W) or (H, W, 3), any range
    points_xy : (..., 2), x before y, pixel centres at integers
    outside : float, the value for points outside [0, W-1] x [0, H-1]

    Returns
    -------
    values : (...) or (..., 3) float64

    >>> float(sample_bilinear(np.array([[0., 10.], [20., 30.]]), [0.5, 0.5]))
    15.0

    Notebook: notebooks/01-images.ipynb
    """
    image = checks.field("sample_bilinear", image, ranks=(2, 3))
    points = checks.points("sample_bilinear", points_xy)
    if not (isinstance(outside, (float, np.floating)) and not math.isfinite(outside)):
        outside = checks.number("sample_bilinear", "outside", outside)
    (H, W), x, y = image.shape[:2], points[..., 0], points[..., 1]
    inside = (x >= 0) & (x <= W - 1) & (y >= 0) & (y <= H - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, W - 1), np.minimum(y0 + 1, H - 1)  # on the last column the weight of x1 is 0
    u, v = x - x0, y - y0
    if image.ndim == 3:
        u, v, inside = u[..., None], v[..., None], inside[..., None]
    I = image.astype(np.float64)
    top, bottom = ((1 - u) * I[row, x0] + u * I[row, x1] for row in (y0, y1))
    return np.where(inside, (1 - v) * top + v * bottom, outside)  # Eq. bilinear


def _correlate(function, image, kernel, border, flip):
    image, k = checks.field(function, image), checks.kernel(function, kernel)
    checks.choice(function, "border", border, BORDERS)
    if flip:
        k = np.ascontiguousarray(k[::-1, ::-1])  # Eq. convolution
    padded = pad(image.astype(np.float64), k.shape[0] // 2, k.shape[1] // 2, border=border)
    result = np.zeros(image.shape)
    _correlate_kernel(padded, k, result)
    return result.astype(np.float32) if image.dtype == np.float32 else result


def _gaussian_taps_q8(sigma):
    """The taps times 256 as integers that add up to 256: each tap's rounding error goes to the next one."""
    radius = round(6 * sigma + 1) // 2  # OpenCV: a window of round(6 sigma + 1) pixels, made odd
    g = 256 * gaussian_kernel(sigma, radius)
    taps, error = np.zeros(2 * radius + 1, np.uint16), 0.0
    for i in range(radius):
        taps[i] = taps[-1 - i] = round(g[i] + error)
        error += g[i] - taps[i]
    taps[radius] = 256 - taps.sum()
    return taps


@njit(cache=True)
def _correlate_kernel(padded, k, result):
    H, W = result.shape
    for y in range(H):
        out = result[y]
        for i in range(k.shape[0]):
            for j in range(k.shape[1]):
                weight, row = k[i, j], padded[y + i, j:j + W]
                for x in range(W):
                    out[x] += weight * row[x]  # Eq. correlation


@njit(cache=True)
def _blur_kernel_q8(padded, taps, result):
    """taps[0] is the centre. Rows give 8.8 fixed point (255 * 256 fits uint16), columns 16.16."""
    (H, W), r = result.shape, taps.size - 1
    rows, sums = np.empty((H + 2 * r, W), np.uint16), np.empty(W, np.uint32)
    for y in range(H + 2 * r):
        _weighted_sum_of_shifts(padded[y], taps, r, rows[y])
    for y in range(H):
        for x in range(W):
            sums[x] = np.uint32(taps[0]) * np.uint32(rows[y + r, x]) + np.uint32(32768)  # half, for rounding
        for k in range(1, r + 1):
            tap, above, below = np.uint32(taps[k]), rows[y + r - k], rows[y + r + k]
            for x in range(W):
                sums[x] += tap * (np.uint32(above[x]) + np.uint32(below[x]))
        for x in range(W):
            result[y, x] = sums[x] >> np.uint32(16)


@njit(cache=True)
def _weighted_sum_of_shifts(row, taps, r, out):
    """out(x) = taps(0) row(x) + sum_k taps(k) (row(x - k) + row(x + k)): a symmetric 1-D convolution."""
    W, centre = out.size, row[r:r + out.size]
    for x in range(W):
        out[x] = taps[0] * centre[x]
    for k in range(1, r + 1):
        tap, left, right = taps[k], row[r - k:r - k + W], row[r + k:r + k + W]
        for x in range(W):
            out[x] += tap * (left[x] + right[x])


@njit(cache=True)
def _blur_kernel_float(padded, taps, result):
    (H, W), r = result.shape, taps.size - 1
    rows = np.empty((H + 2 * r, W), result.dtype)
    for y in range(H + 2 * r):
        _weighted_sum_of_shifts(padded[y], taps, r, rows[y])
    for y in range(H):
        out, centre = result[y], rows[y + r]
        for x in range(W):
            out[x] = taps[0] * centre[x]
        for k in range(1, r + 1):
            tap, above, below = taps[k], rows[y + r - k], rows[y + r + k]
            for x in range(W):
                out[x] += tap * (above[x] + below[x])
