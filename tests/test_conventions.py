"""What the page "Conventions" states is what the library does."""

import re
from pathlib import Path

import numpy as np
import pytest

from course_lib import checks
from course_lib.boundaries.canny import canny
from course_lib.boundaries.components import label
from course_lib.boundaries.sobel import sobel
from course_lib.data.distance_fields import disk_distance
from course_lib.data.ground_truth import disparity
from course_lib.data.ray_caster import render
from course_lib.data.surfaces import Scene, Sphere
from course_lib.data.textures import paint
from course_lib.depth.camera import pinhole, project
from course_lib.filters import BORDERS, convolve, correlate, pad, sample_bilinear
from course_lib.images import LUMA_WEIGHTS, to_float, to_gray

PAGE = (Path(__file__).resolve().parents[1] / "book" / "conventions.md").read_text("utf-8")


def row(name):
    """The cells of the one row of the page's tables that begins with this name."""
    (line,) = re.findall(rf"(?m)^\| *{re.escape(name)} *\|.*$", PAGE)
    return [cell.strip() for cell in re.split(r"(?<!`)\|(?!`)| \| ", line.strip("| "))]


@pytest.mark.parametrize(("what", "check"), [("grey image", checks.gray_image), ("colour image", checks.any_image)])
def test_images_are_uint8_or_floats_in_0_to_1(what, check):
    if what == "grey image":
        assert row(what)[1:4] == ["`(H, W)`", "`uint8`", "0..255"] and "`float32`, `float64` in 0..1" in row(what)[4]
        assert set(checks.IMAGE_DTYPES) == {"uint8", "float32", "float64"}
    else:
        assert row(what)[1] == "`(H, W, 3)`" and "red, green, blue" in row(what)[4]
    shape = (2, 2) if what == "grey image" else (2, 2, 3)
    check("f", np.full(shape, 255, np.uint8))
    check("f", np.ones(shape, np.float32))
    with pytest.raises(ValueError, match="0..1"):
        check("f", np.full(shape, 255.0))


def test_a_field_may_be_negative_and_a_mask_is_bool():
    assert row("field")[1:4] == ["`(H, W)`", "integers or floats", "finite"]
    assert checks.field("f", np.array([[-5]], np.int32)) == -5 and checks.field("f", np.array([[-5.0]])) == -5
    assert row("mask")[1:3] == ["`(H, W)`", "`bool`"] and row("mask")[4] == "`True` is inside"
    assert canny(np.zeros((3, 3)), 0, 0).dtype == checks.mask("f", np.ones((1, 1), bool)).dtype == bool


def test_labels_are_int32_with_background_0():
    assert row("labels")[2] == "`int32`" and "0 is background" in row("labels")[4]
    assert row("labels")[1] == "`(H, W)`" and checks.labels("f", np.eye(2, dtype=np.uint8)).dtype == np.int32
    labels, count = label(np.eye(3, dtype=bool), connectivity=4)
    assert labels.dtype == np.int32 and labels.tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 3]] and count == 3


def test_thresholds_count_grey_levels_and_nothing_is_rescaled():
    assert "**never rescales**" in PAGE and "255 times smaller" in PAGE and "`float32` stays `float32`" in PAGE
    grey = np.random.default_rng(0).integers(0, 256, (9, 9), np.uint8)
    assert sobel(to_float(grey))[0].dtype == np.float32
    gx, real = sobel(grey)[0], sobel(to_float(grey))[0]
    np.testing.assert_allclose(real * 255, gx, rtol=0, atol=1e-3)  # float32: 8 roundings of numbers below 1020


def test_grey_has_the_weights_of_the_page():
    assert r"Y = 0.299\,R + 0.587\,G + 0.114\,B" in PAGE and LUMA_WEIGHTS == (0.299, 0.587, 0.114)
    red_green_blue = to_gray(np.eye(3)[None])[0]
    assert red_green_blue.tolist() == [0.299, 0.587, 0.114]


def test_x_goes_right_and_y_down_in_points():
    assert "first $x$ (to the right), then $y$ (down)" in row("`points_xy`")[1]
    image = np.arange(12.0).reshape(3, 4)
    assert "value at $(x, y) = (c, r)$" in row("pixel centre")[1]
    assert all(sample_bilinear(image, [c, r]) == image[r, c] for r in range(3) for c in range(4))


def test_gradients_grow_to_the_right_and_downward_and_a_ramp_gives_8():
    assert "**to the right**" in row("$g_x$")[1] and "**downward**" in row("$g_y$")[1]
    y, x = np.mgrid[:5, :5].astype(np.uint8)
    assert sobel(x)[0][2, 2] == 8 == sobel(y)[1][2, 2] and "gives 8" in row("Sobel")[1]
    assert sobel(x)[1][2, 2] == 0 == sobel(y)[0][2, 2]


def test_correlation_and_convolution_are_those_of_the_page():
    assert "I(x + i, y + j)" in row("`correlate`")[1] and "I(x - i, y - j)" in row("`convolve`")[1]
    rng = np.random.default_rng(1)
    I, k = rng.integers(-9, 9, (7, 7)).astype(float), rng.integers(-9, 9, (3, 3)).astype(float)
    i = j = range(-1, 2)
    plus = sum(I[3 + b, 2 + a] * k[b + 1, a + 1] for a in i for b in j)
    minus = sum(I[3 - b, 2 - a] * k[b + 1, a + 1] for a in i for b in j)
    assert correlate(I, k)[3, 2] == plus and convolve(I, k)[3, 2] == minus and plus != minus


@pytest.mark.parametrize("border", BORDERS)
def test_borders_are_continued_as_the_page_draws_them(border):
    drawing = re.search(rf'border="{border}"`[^\n]*`(\w \w) \[(\w \w \w)\] (\w \w)`', PAGE)
    padded = pad(np.array([[1.0, 2, 3]]), 0, 2, border=border)[0]
    letters = "".join("?abc"[int(v)] if v else "0" for v in padded)
    if border == "zero":
        assert letters == "00abc00" and "zero beyond the edge" in PAGE
    else:
        assert drawing, f"the page draws no row for {border}"
        assert letters == "".join(drawing.groups()).replace(" ", "")


def test_where_nothing_is_seen_depth_is_infinite_and_normals_look_at_the_camera():
    assert "depth is infinite, disparity 0, instance 0" in row("nothing is seen")[1]
    ball = Sphere((0, 0, 3), 1, paint(np.zeros((1, 1), np.uint8)), 1)
    view = render(Scene((ball,)), pinhole(9, 9))
    assert view.depth[0, 0] == np.inf and disparity(view, 0.1)[0, 0] == 0 == view.instances[0, 0]
    assert (view.normals[0, 0] == 0).all()
    assert "on the side of the camera" in row("normals")[1] and view.normals[4, 4].tolist() == [0, 0, -1]


def test_a_signed_distance_is_negative_inside():
    assert row("signed distance")[1] == "pixels, negative inside a shape"
    assert disk_distance([0, 0], 2.0, np.array([0.0, 5.0]), np.array([0.0, 0.0])).tolist() == [-2, 3]


def test_cameras_look_along_z_with_x_to_the_right_and_y_down():
    assert row("camera axes")[1].startswith("$x$ right, $y$ down, $z$ forward; depth is $z$, not the distance")
    points_xy, depth = project(pinhole(100, 100), np.array([[0.5, 0, 2], [0, 0.5, 2], [0, 0, -1]]))
    assert points_xy[0, 0] > 49.5 == points_xy[0, 1] and points_xy[1, 1] > 49.5 and depth.tolist() == [2, 2, -1]
