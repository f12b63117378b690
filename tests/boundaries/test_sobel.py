"""The Sobel operator: ramps, signs, symmetries, the textbook's loop, and cv2.Sobel."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.boundaries.sobel import sobel

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8)
IMAGES = hnp.arrays(np.uint8, SHAPES)
BORDERS = {"reflect": cv2.BORDER_REFLECT_101, "replicate": cv2.BORDER_REPLICATE}


def naive_sobel(image, border):
    """The sum of nine products, pixel by pixel, on Python numbers."""
    K = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    mode = {"reflect": "reflect", "replicate": "edge"}[border]
    P = np.pad(image, 1, mode=mode).tolist()
    H, W = image.shape
    gx, gy = np.zeros((H, W)), np.zeros((H, W))
    for y in range(H):
        for x in range(W):
            gx[y, x] = sum(K[i][j] * P[y + i][x + j] for i in range(3) for j in range(3))
            gy[y, x] = sum(K[j][i] * P[y + i][x + j] for i in range(3) for j in range(3))
    return gx, gy


@pytest.mark.equation("sobel")
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_a_ramp_of_slope_one_gives_eight_along_it_and_zero_across(dtype):
    y, x = np.mgrid[:5, :6].astype(dtype)
    for image, along, across in [(x, 0, 1), (y, 1, 0)]:
        g = sobel(image)
        assert (g[along][1:-1, 1:-1] == 8).all() and (g[across] == 0).all()


def test_the_sign_is_positive_where_brightness_grows_right_and_down():
    step = np.zeros((5, 6), np.uint8)
    step[:, 3:] = 100
    gx, gy = sobel(step)
    assert gx[2].tolist() == [0, 0, 400, 400, 0, 0] and (gy == 0).all()
    gx, gy = sobel(np.ascontiguousarray(step.T))
    assert gy[:, 2].tolist() == [0, 0, 400, 400, 0, 0] and (gx == 0).all()


@given(IMAGES, st.sampled_from(sorted(BORDERS)))
def test_equals_the_textbook_loop(image, border):
    for ours, theirs in zip(sobel(image, border=border), naive_sobel(image, border), strict=True):
        assert ours.dtype == np.int16 and (ours == theirs).all()


@pytest.mark.parametrize("border", BORDERS)
def test_equals_opencv_in_every_pixel(border):
    rng = np.random.default_rng(0)
    for shape in [(1, 1), (1, 2), (2, 1), (1, 17), (17, 1), (2, 2), (3, 3), (13, 21)]:
        for image in (rng.integers(0, 256, shape, np.uint8), rng.integers(0, 2, shape, np.uint8) * np.uint8(255)):
            for ours, (dx, dy) in zip(sobel(image, border=border), [(1, 0), (0, 1)], strict=True):
                theirs = cv2.Sobel(image, cv2.CV_16S, dx, dy, borderType=BORDERS[border])
                assert (ours == theirs).all(), (shape, dx, dy)
            real = image / np.float32(255)
            for ours, (dx, dy) in zip(sobel(real, border=border), [(1, 0), (0, 1)], strict=True):
                theirs = cv2.Sobel(real, cv2.CV_32F, dx, dy, borderType=BORDERS[border])
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6)  # 8 float32 roundings of numbers below 4


@given(SHAPES.flatmap(lambda s: st.tuples(*[hnp.arrays(np.float64, s, elements=st.integers(-99, 99))] * 2)))
def test_is_linear_and_exchanges_its_parts_with_the_axes(pair):
    a, b = pair  # whole numbers, so that float64 is exact
    (ax, ay), (bx, by), (sx, sy) = sobel(a), sobel(b), sobel(2 * a - 3 * b)
    assert (sx == 2 * ax - 3 * bx).all() and (sy == 2 * ay - 3 * by).all()
    tx, ty = sobel(np.ascontiguousarray(a.T))
    assert (tx == ay.T).all() and (ty == ax.T).all()


@given(IMAGES)
def test_a_negative_flips_the_sign_and_half_a_turn_too(image):
    gx, gy = sobel(image)
    for other in (sobel(255 - image), [g[::-1, ::-1] for g in sobel(image[::-1, ::-1])]):
        assert (other[0] == -gx).all() and (other[1] == -gy).all()


def test_a_shifted_image_has_a_shifted_gradient():
    image = np.random.default_rng(1).integers(0, 256, (9, 11), np.uint8)
    for whole, part in zip(sobel(image), sobel(image[2:, 3:]), strict=True):
        assert (whole[3:-1, 4:-1] == part[1:-1, 1:-1]).all()


def test_border_changes_the_border_and_nothing_else():
    image = np.random.default_rng(2).integers(0, 256, (6, 7), np.uint8)
    for reflect, replicate in zip(sobel(image), sobel(image, border="replicate"), strict=True):
        assert (reflect != replicate).any() and (reflect[1:-1, 1:-1] == replicate[1:-1, 1:-1]).all()


def test_the_extremes_of_uint8_do_not_overflow():
    gx, gy = sobel(np.repeat(np.array([[0, 255, 255]], np.uint8), 3, axis=0))
    assert gx.tolist() == [[0, 1020, 0]] * 3 and (gy == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_dtype_and_may_have_any_range(dtype):
    gx, gy = sobel(np.array([[-500, 0, 500]] * 3, dtype))
    assert gx.dtype == gy.dtype == dtype and gx[1].tolist() == [0, 4000, 0]


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((3, 3, 3), np.uint8), ValueError, r"sobel: `image` must be \(H, W\); got .*images.to_gray first"),
        (np.zeros((3, 3), np.int16), TypeError, "must be uint8 or .* got int16: use image.astype"),
        (np.zeros((3, 3), bool), TypeError, "got bool: a mask becomes an image"),
        (np.array([[0, np.nan]]), ValueError, "NaN or infinity in 1 places"),
    ],
)
def test_bad_images_are_refused(image, error, message):
    with pytest.raises(error, match=message):
        sobel(image)


def test_an_unknown_border_is_refused():
    with pytest.raises(ValueError, match="`border` must be 'reflect' or 'replicate'; got 'zero'"):
        sobel(np.zeros((3, 3)), border="zero")
