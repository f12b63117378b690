"""Filters: impulses, ramps, semigroups, the textbook's loops, OpenCV and SciPy, and bad arguments."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage, signal

from course_lib.filters import BORDERS, convolve, correlate, gaussian_blur, gaussian_kernel, pad, sample_bilinear

SCIPY = {"reflect": "mirror", "replicate": "nearest", "zero": "constant"}
OPENCV = {"reflect": cv2.BORDER_REFLECT_101, "replicate": cv2.BORDER_REPLICATE, "zero": cv2.BORDER_CONSTANT}
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7)
WHOLE = st.integers(-50, 50)  # whole numbers, so that sums of products are exact in float64
FIELDS = hnp.arrays(np.float64, SHAPES, elements=WHOLE)
KERNELS = st.tuples(*[st.sampled_from([1, 3, 5])] * 2).flatmap(lambda s: hnp.arrays(np.float64, s, elements=WHOLE))
BORDER = st.sampled_from(BORDERS)


def at(image, y, x, border):
    """I(x, y), also outside the image."""
    H, W = image.shape
    if border == "zero":
        return image[y, x] if 0 <= y < H and 0 <= x < W else 0
    if border == "replicate":
        return image[min(max(y, 0), H - 1), min(max(x, 0), W - 1)]

    def fold(i, n):
        i = abs(i) % max(2 * n - 2, 1)
        return i if i < n else 2 * n - 2 - i

    return image[fold(y, H), fold(x, W)]


def naive_correlate(image, k, border):
    a, b = k.shape[0] // 2, k.shape[1] // 2
    out = np.zeros(image.shape)
    for y, x in np.ndindex(image.shape):
        out[y, x] = sum(k[i + a, j + b] * at(image, y + i, x + j, border)
                        for i in range(-a, a + 1) for j in range(-b, b + 1))  # fmt: skip
    return out


# ---- correlation and convolution


@pytest.mark.equation("correlation")
@pytest.mark.equation("convolution")
def test_an_impulse_gives_the_kernel_by_convolution_and_the_turned_kernel_by_correlation():
    k = np.arange(1.0, 16).reshape(3, 5)
    impulse = np.zeros((7, 9))
    impulse[3, 4] = 1
    assert (convolve(impulse, k)[2:5, 2:7] == k).all()
    assert (correlate(impulse, k)[2:5, 2:7] == k[::-1, ::-1]).all()


@pytest.mark.equation("correlation")
@given(FIELDS, KERNELS, BORDER)
def test_correlation_and_convolution_equal_the_textbook_loop(image, k, border):
    assert (correlate(image, k, border=border) == naive_correlate(image, k, border)).all()
    assert (convolve(image, k, border=border) == naive_correlate(image, k[::-1, ::-1], border)).all()


@given(FIELDS, KERNELS, KERNELS, BORDER)
def test_correlation_is_linear_in_image_and_kernel(image, k, other, border):
    ours = correlate(image, k, border=border)
    assert (correlate(3 * image, -2 * k, border=border) == -6 * ours).all()
    big = np.zeros((5, 5))  # both kernels, centred
    for part in (k, other):
        a, b = part.shape
        big[(5 - a) // 2:(5 + a) // 2, (5 - b) // 2:(5 + b) // 2] += part  # fmt: skip
    assert (correlate(image, big, border=border) == ours + correlate(image, other, border=border)).all()


@pytest.mark.parametrize("border", BORDERS)
def test_correlation_equals_scipy_and_opencv(border):
    rng = np.random.default_rng(0)
    for shape, size in [((1, 1), (3, 3)), ((1, 9), (5, 3)), ((8, 1), (3, 5)), ((9, 11), (5, 7)), ((12, 5), (1, 3))]:
        image, k = rng.normal(size=shape), rng.normal(size=size)
        tolerance = 1e-12  # 35 products of size 1..10, each rounded at 1e-16: sums in another order
        ours = correlate(image, k, border=border)
        np.testing.assert_allclose(ours, ndimage.correlate(image, k, mode=SCIPY[border]), rtol=0, atol=tolerance)
        theirs = cv2.filter2D(image, -1, k, borderType=OPENCV[border])
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
        theirs = ndimage.convolve(image, k, mode=SCIPY[border])
        np.testing.assert_allclose(convolve(image, k, border=border), theirs, rtol=0, atol=tolerance)


def test_convolution_is_associative_away_from_the_border():
    rng = np.random.default_rng(1)
    image, f, g = rng.normal(size=(12, 12)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    twice, once = convolve(convolve(image, f), g), convolve(image, signal.convolve2d(f, g))
    np.testing.assert_allclose(twice[2:-2, 2:-2], once[2:-2, 2:-2], rtol=0, atol=1e-12)  # rounding of sums
    wrong = correlate(image, signal.convolve2d(f, g))
    assert abs(correlate(correlate(image, f), g) - wrong)[2:-2, 2:-2].max() < 1e-12  # so turned twice it agrees too
    assert abs(correlate(correlate(image, f), g) - twice).max() > 1e-3


def test_kernels_larger_than_the_image_fold_more_than_once():
    image, k = np.array([[1.0, 2.0]]), np.ones((1, 9))
    assert correlate(image, k).tolist() == [[13, 14]]  # 1 2 1 2 [1 2] 1 2 1 2: five 1 and four 2, then the reverse
    assert correlate(image, k, border="replicate").tolist() == [[13, 14]]
    assert correlate(image, k, border="zero").tolist() == [[3, 3]]


def test_the_result_keeps_float32_and_makes_everything_else_float64():
    k = [[0, 1, 0]]
    for dtype in (np.uint8, np.int16, np.int32, np.float32, np.float64):
        out = correlate(np.full((2, 2), 7, dtype), k)
        assert out.dtype == (np.float32 if dtype == np.float32 else np.float64) and (out == 7).all()


def test_bad_arguments_of_the_correlations_are_refused():
    for function in (correlate, convolve):
        name = function.__name__
        with pytest.raises(ValueError, match=f"{name}: `kernel` must be .* odd"):
            function(np.eye(3), np.ones((2, 2)))
        with pytest.raises(ValueError, match=f"{name}: `border` must be 'reflect' or .* or 'zero'; got 'wrap'"):
            function(np.eye(3), [[1]], border="wrap")
        with pytest.raises(ValueError, match=f"{name}: `image` must be"):
            function(np.zeros((3, 3, 3)), [[1]])


@given(FIELDS, st.integers(0, 4), st.integers(0, 4), BORDER)
def test_pad_continues_by_the_border_rule(image, rows, columns, border):
    out = pad(image, rows, columns, border=border)
    assert out.shape == (image.shape[0] + 2 * rows, image.shape[1] + 2 * columns)
    for y, x in np.ndindex(out.shape):
        assert out[y, x] == at(image, y - rows, x - columns, border)
    assert (pad(np.dstack([image] * 3), rows, columns, border=border) == out[..., None]).all()


BAD_WIDTHS = [(-1, ValueError), (2**31, ValueError), (2.0, TypeError), (True, TypeError)]


@pytest.mark.parametrize(("rows", "error"), BAD_WIDTHS)
def test_bad_widths_of_pad_are_refused(rows, error):
    with pytest.raises(error, match="pad: `rows` must be"):
        pad(np.eye(2), rows, 0)
    with pytest.raises(error, match="pad: `columns` must be"):
        pad(np.eye(2), 0, rows)


# ---- the Gaussian


@pytest.mark.equation("gaussian-taps")
@pytest.mark.parametrize("sigma", [0.3, 0.6, 1, 1.1, 2.5, 7])
def test_the_taps_are_a_gaussian_of_this_sigma_with_sum_one(sigma):
    taps = gaussian_kernel(sigma)
    r = len(taps) // 2
    x = np.arange(-r, r + 1)
    assert taps.sum() == pytest.approx(1, abs=1e-15) and (taps == taps[::-1]).all()
    np.testing.assert_allclose(taps[r] / taps, np.exp(x**2 / (2 * sigma**2)), rtol=1e-12)  # e^8 times rounding
    assert 4 * sigma - 0.5 <= r <= 4 * sigma + 1
    if sigma >= 1:  # the variance that 4 sigma keep is 0.9989 of the whole
        assert 0.995 < math.sqrt((taps * x**2).sum()) / sigma < 1.001


def test_radius_sets_the_length_and_default_is_opencvs():
    assert len(gaussian_kernel(1, 7)) == 15 and gaussian_kernel(3, 0).tolist() == [1]
    assert [len(gaussian_kernel(s)) for s in (0.1, 0.6, 1.1, 2)] == [3, 7, 11, 17]
    np.testing.assert_allclose(gaussian_kernel(1.5, 4), cv2.getGaussianKernel(9, 1.5)[:, 0], rtol=1e-14)
    for sigma in (1e-320, 1e-200, 1e-9):
        assert gaussian_kernel(sigma, 2).tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("sigma", [0, -1, math.nan, math.inf, 1e300, 1e5 + 1])
def test_sigmas_that_are_no_width_are_refused(sigma):
    with pytest.raises(ValueError, match="gaussian_kernel: `sigma` must"):
        gaussian_kernel(sigma)
    with pytest.raises(ValueError, match="gaussian_blur: `sigma` must"):
        gaussian_blur(np.eye(3), sigma)


def test_other_bad_arguments_of_the_gaussian_are_refused():
    with pytest.raises(TypeError, match=r"`radius` must be a whole number \(int\); got 2.5"):
        gaussian_kernel(1, 2.5)
    with pytest.raises(ValueError, match=r"in \(0, 20\]; got 21. A Gaussian wider than the picture leaves only"):
        gaussian_blur(np.zeros((20, 3)), 21)
    with pytest.raises(TypeError, match="gaussian_blur: `image` must be uint8 or .* got int32: use image.astype"):
        gaussian_blur(np.zeros((3, 3), np.int32), 1)


@pytest.mark.equation("separability")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sigma", [0.5, 1.1, 2])
def test_the_blur_is_the_convolution_with_the_outer_product_of_the_taps(sigma, dtype):
    image = np.random.default_rng(2).normal(size=(9, 12)).astype(dtype)
    g = gaussian_kernel(sigma)
    blurred = gaussian_blur(image, sigma)
    assert blurred.dtype == dtype
    tolerance = 20 * np.finfo(dtype).eps  # two sums of 17 terms below 4
    np.testing.assert_allclose(blurred, convolve(image, np.outer(g, g)), rtol=0, atol=tolerance)


def test_blurring_twice_adds_the_squares_of_sigma():
    image = np.random.default_rng(3).random((40, 40))
    twice, once = gaussian_blur(gaussian_blur(image, 1.5), 2.0), gaussian_blur(image, 2.5)
    inner = np.s_[11:-11, 11:-11]
    off = abs(twice - once)[inner].max()
    assert 0 < off < 2e-4  # the tails beyond 4 sigma, 6e-5 of the mass for each of three blurs; sampling adds 1e-8
    assert abs(gaussian_blur(image, 2.2) - once)[inner].max() > 3e-3  # so another sigma is told apart


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_a_constant_stays_and_a_blur_treats_both_axes_alike(dtype):
    assert (abs(gaussian_blur(np.full((4, 9), 1, dtype), 1.7) - 1.0) < 1e-6).all()
    image = (np.random.default_rng(4).random((9, 6)) * 255).astype(dtype)
    tolerance = 0 if dtype == np.uint8 else 255 * 20 * np.finfo(dtype).eps  # other order of sums
    off = gaussian_blur(image.T, 1.3).astype(float) - gaussian_blur(image, 1.3).T
    assert abs(off).max() <= (1 if dtype == np.uint8 else tolerance)  # uint8: rows are exact, so at most a rounding


def test_uint8_equals_opencv_in_every_pixel():
    rng = np.random.default_rng(5)
    sizes = [(1, 1), (1, 2), (2, 1), (1, 13), (13, 1), (2, 2), (5, 9), (13, 11)]
    for sigma in [0.01, 0.16, 1 / 6, 0.17, 0.3, 0.5, 0.8, 1, 1.2, 1.5, 2, 2.7, 3.3, 5, *rng.uniform(0.05, 6, 12)]:
        for shape in sizes:
            image = rng.integers(0, 256, shape, np.uint8)
            theirs = cv2.GaussianBlur(image, (0, 0), sigma)
            assert (gaussian_blur(image, sigma) == theirs).all(), (shape, sigma)
    white = np.full((9, 9), 255, np.uint8)
    assert (gaussian_blur(white, 2) == 255).all()


@pytest.mark.large
@pytest.mark.parametrize("sigma", [0.7, 1.4, 4.1, 11, 25])
def test_uint8_colour_equals_opencv_on_a_large_image(sigma):
    image = np.random.default_rng(6).integers(0, 256, (120, 171, 3), np.uint8)
    assert (gaussian_blur(image, sigma) == cv2.GaussianBlur(image, (0, 0), sigma)).all()


@pytest.mark.parametrize("sigma", [0.1, 0.125, 0.6, 0.85, 1, 1.1, 2.1, 3.7])
def test_floats_equal_opencv_and_scipy_up_to_rounding(sigma):
    image = np.random.default_rng(7).random((12, 15))
    ours = gaussian_blur(image, sigma)
    np.testing.assert_allclose(ours, cv2.GaussianBlur(image, (0, 0), sigma), rtol=0, atol=1e-14)  # sums of 31 terms
    r = len(gaussian_kernel(sigma)) // 2
    theirs = ndimage.gaussian_filter(image, sigma, mode="mirror", radius=r)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)
    single = gaussian_blur(image.astype(np.float32), sigma)
    np.testing.assert_allclose(single, ours, rtol=0, atol=1e-6)  # sums of 31 terms in float32


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_sigma_changes_the_blur_and_colours_are_blurred_one_by_one(dtype):
    image = (np.random.default_rng(8).random((9, 9, 3)) * 200).astype(dtype)
    one = gaussian_blur(image, 1.0)
    assert (one != gaussian_blur(image, 1.5)).any() and one.shape == image.shape
    for k in range(3):
        assert (one[..., k] == gaussian_blur(image[..., k], 1.0)).all()
    assert (gaussian_blur(image, np.uint8(1)) == one).all()


# ---- sampling


@pytest.mark.equation("bilinear")
def test_sampling_takes_x_before_y_and_is_exact_on_planes():
    y, x = np.mgrid[:4, :6].astype(float)
    assert sample_bilinear(10 * x + y, [4.5, 1.25]) == 46.25  # an exchange of x and y would be outside
    saddle = x * y  # bilinear in each cell, so exact too
    points = np.random.default_rng(9).uniform(0, [5, 3], (50, 2))
    np.testing.assert_allclose(sample_bilinear(saddle, points), points.prod(axis=1), rtol=1e-13, atol=1e-14)


def test_sampling_equals_scipy_and_opencv():
    rng = np.random.default_rng(10)
    image, points = rng.normal(size=(5, 8)), rng.uniform(0, [7, 4], (200, 2))
    ours = sample_bilinear(image, points)
    theirs = ndimage.map_coordinates(image, points.T[::-1], order=1)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)  # four products, rounded


def test_grid_points_return_the_pixels_up_to_the_border():
    image = np.random.default_rng(11).integers(-99, 99, (3, 4)).astype(np.int32)
    y, x = np.mgrid[:3, :4]
    assert (sample_bilinear(image, np.stack([x, y], axis=-1)) == image).all()
    assert sample_bilinear(image[:1, :1], [0, 0]) == image[0, 0]


@pytest.mark.parametrize("point", [(-1e-9, 0), (3 + 1e-9, 0), (0, -1e-9), (0, 2 + 1e-9), (1e300, 0)])
def test_points_outside_get_nan_or_what_is_asked_for(point):
    image = np.ones((3, 4))
    assert np.isnan(sample_bilinear(image, point)) and sample_bilinear(image, point, outside=np.uint8(7)) == 7
    assert np.isnan(sample_bilinear(image, point, outside=np.float32("nan")))
    assert sample_bilinear(image, point, outside=-math.inf) == -math.inf


def test_shapes_of_points_and_colours_are_kept():
    image = np.dstack([np.eye(3), 2 * np.eye(3), 3 * np.eye(3)])
    assert sample_bilinear(image, np.zeros((4, 5, 2))).shape == (4, 5, 3)
    assert sample_bilinear(image, np.zeros((0, 2))).shape == (0, 3)
    assert sample_bilinear(image, [1, 1]).tolist() == [1, 2, 3]
    assert sample_bilinear(image[..., 0], np.zeros((4, 5, 2))).shape == (4, 5)


@pytest.mark.parametrize("outside", ["5", None, True, 1j, np.array(5)])
def test_bad_arguments_of_sampling_are_refused(outside):
    with pytest.raises(TypeError, match="sample_bilinear: `outside` must be a number"):
        sample_bilinear(np.eye(2), [0, 0], outside=outside)
    with pytest.raises(ValueError, match="sample_bilinear: `points_xy`"):
        sample_bilinear(np.eye(2), [[0, math.nan]])
