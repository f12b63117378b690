"""Reading every kind of file that a student may have, and changing a range on purpose."""

import io
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from course_lib.images import LUMA_WEIGHTS, read, to_float, to_gray, to_uint8

L_SHAPE = np.zeros((6, 4, 3), np.uint8)  # white on black, lower left: no rotation or mirror image equals it
L_SHAPE[1:5, 1] = L_SHAPE[4, 1:3] = 255
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)


def saved(folder, picture, name="picture.png", **options):
    path = folder / name
    picture.save(path, **options)
    return path


# ---- reading


def test_a_png_comes_back_as_it_was_in_the_order_red_green_blue(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    path = saved(tmp_path, Image.fromarray(image))
    for name in (path, str(path)):
        out = read(name)
        assert (out == image).all() and out.dtype == np.uint8 and out.flags.writeable
    assert (cv2.imread(str(path))[..., ::-1] == out).all()


def test_grey_and_black_and_white_files_become_three_equal_channels(tmp_path):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert (read(saved(tmp_path, Image.fromarray(grey))) == grey[..., None]).all()
    assert (read(saved(tmp_path, Image.fromarray(grey > 5))) == (grey > 5)[..., None] * 255).all()


def test_transparency_is_laid_on_white(tmp_path):
    rgba = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 51]]], np.uint8)  # 51 / 255 is one fifth
    assert read(saved(tmp_path, Image.fromarray(rgba))).tolist() == [[[255, 0, 0], [255, 255, 255], [204, 204, 204]]]
    grey = Image.fromarray(np.array([[[9, 255], [9, 0]]], np.uint8), "LA")
    assert read(saved(tmp_path, grey))[0, :, 0].tolist() == [9, 255]
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert read(saved(tmp_path, palette)).tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert read(saved(tmp_path, palette, transparency=1)).tolist() == [[[10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize("name", ["deep.png", "deep.tif", "deep.pgm"])
def test_sixteen_bits_are_divided_by_257(tmp_path, name):
    deep = np.array([[0, 128, 129, 257, 32768, 65535]], np.uint16)
    assert read(saved(tmp_path, Image.fromarray(deep), name))[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]


def test_numbers_of_unknown_range_are_refused(tmp_path):
    for array in (np.array([[0, 70000]], np.int32), np.array([[-1, 5]], np.int32), np.array([[0.0, 1.0]], np.float32)):
        with pytest.raises(ValueError, match="32-bit numbers have no known range: open it with Pillow"):
            read(saved(tmp_path, Image.fromarray(array), "x.tif"))


def test_a_cmyk_jpeg_becomes_rgb(tmp_path):
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    out = read(saved(tmp_path, red, "red.jpg", quality=95))
    assert (abs(out.astype(int) - [255, 0, 0]) <= 3).all()  # JPEG is not exact


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_orientation_is_undone(tmp_path, orientation):
    turn = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
            5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, 1),
            7: lambda a: np.rot90(a, 2).transpose(1, 0, 2), 8: lambda a: np.rot90(a, 3)}[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turn(L_SHAPE)))  # as a camera held so would store it
    assert (read(saved(tmp_path, stored, exif=exif)) == L_SHAPE).all()


def test_max_side_shrinks_by_the_mean_and_never_enlarges(tmp_path):
    image = np.zeros((4, 8, 3), np.uint8)
    image[:, ::2] = 200
    path = saved(tmp_path, Image.fromarray(image))
    assert read(path, max_side=4).shape == (2, 4, 3) and (read(path, max_side=4) == 100).all()
    assert read(path, max_side=8).shape == read(path, max_side=900).shape == read(path).shape == (4, 8, 3)
    assert read(saved(tmp_path, Image.new("L", (1000, 1))), max_side=np.int64(10)).shape == (1, 10, 3)
    assert read(saved(tmp_path, Image.new("L", (3, 500))), max_side=1).shape == (1, 1, 3)


def test_what_is_no_picture_is_refused_in_one_sentence(tmp_path):
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)).save(stream, "PNG")
    (tmp_path / "half.png").write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    for name in ("text.png", "half.png", "empty.png"):
        with pytest.raises(ValueError, match=rf"read: .*{name} is not a picture that can be read \(") as caught:
            read(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path, kind):
    rng = np.random.default_rng(1)
    stream = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (8, 9, 3), np.uint8)).save(stream, kind)
    for k in range(60):
        damaged = np.frombuffer(stream.getvalue(), np.uint8).copy()
        damaged[rng.integers(0, min(len(damaged), [60, 10**9][k % 2]), 3)] = rng.integers(0, 256, 3)
        (tmp_path / "damaged").write_bytes(damaged[: rng.integers(1, len(damaged)) if k % 3 == 0 else None].tobytes())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of some damage and reads on
                out = read(tmp_path / "damaged")
            assert out.ndim == 3 and out.shape[2] == 3 and out.dtype == np.uint8
        except ValueError as error:
            assert str(error).startswith("read: ")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "nothing.png", tmp_path, "", "http://localhost/a.png", "a\0b"):
        with pytest.raises(FileNotFoundError, match="read: there is no file .*; the working folder is "):
            read(path)


@pytest.mark.parametrize("path", [None, 3, b"x.png", io.BytesIO(), ["x.png"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(TypeError, match="read: `path` must be a str or Path; got"):
        read(path)


@pytest.mark.parametrize(("side", "error"), [(0, ValueError), (2.5, TypeError), (True, TypeError), ("9", TypeError)])
def test_a_bad_max_side_is_refused(side, error):
    with pytest.raises(error, match="read: `max_side` must be"):
        read("x.png", max_side=side)


def test_a_picture_too_large_to_be_meant_is_refused(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.new("L", (50, 50)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ValueError, match="is not a picture that can be read .*decompression bomb"):
        read(path)


# ---- grey


@pytest.mark.equation("luma")
def test_pure_colours_have_their_weights():
    pure = np.eye(3)[None]
    assert to_gray(pure)[0].tolist() == list(LUMA_WEIGHTS) == [0.299, 0.587, 0.114]
    assert to_gray(pure.astype(np.uint8) * np.uint8(255))[0].tolist() == [76, 150, 29]


@pytest.mark.equation("luma")
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))))
def test_grey_equals_opencv_in_every_pixel(image):
    assert (to_gray(image) == cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)).all()
    exact = image @ np.array(LUMA_WEIGHTS)
    assert abs(to_gray(image) - exact).max() <= 0.51  # rounding to a whole number, and weights rounded to 2^-15
    for dtype, tolerance in ((np.float32, 2e-7), (np.float64, 3e-16)):  # three roundings of numbers below 1
        grey = to_gray((image / 255).astype(dtype))
        assert grey.dtype == dtype and abs(grey - exact / 255).max() <= tolerance


@pytest.mark.large
def test_grey_equals_opencv_for_every_third_colour():
    k = np.arange(0, 256, 3, dtype=np.uint8)
    image = np.stack(np.meshgrid(k, k, k), axis=-1).reshape(len(k), -1, 3)
    assert (to_gray(image) == cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)).all()


def test_grey_of_equal_channels_is_that_grey_and_a_grey_image_stays():
    k = np.arange(256, dtype=np.uint8)[None]
    assert (to_gray(np.dstack([k] * 3)) == k).all() and (to_gray(k) == k).all()


# ---- ranges


def test_uint8_to_float_and_back_is_the_identity():
    k = np.arange(256, dtype=np.uint8)[None]
    real = to_float(k)
    assert real.dtype == np.float32 and real.min() == 0 and real.max() == 1 and (to_uint8(real) == k).all()
    assert (to_uint8(real.astype(np.float64)) == k).all() and (to_uint8(k) == k).all()
    assert to_float(real) is not None and (to_float(real) == real).all() and to_float(k / 255).dtype == np.float64


@pytest.mark.equation("quantisation")
@given(hnp.arrays(np.float64, SHAPES, elements=st.floats(0, 1)))
def test_quantisation_is_off_by_half_a_step_at_most(image):
    assert abs(to_uint8(image) / 255 - image).max() <= 0.5 / 255 + 1e-15


@pytest.mark.equation("quantisation")
def test_ties_go_to_even_and_a_hair_beyond_the_range_is_clipped():
    assert to_uint8(np.array([[0.5, 1.5, 2.5]]) / 255).tolist() == [[0, 2, 2]]
    assert to_uint8(np.array([[-9e-6, 1 + 9e-6]])).tolist() == [[0, 255]]


@pytest.mark.parametrize("function", [to_gray, to_float, to_uint8])
def test_images_of_another_kind_are_refused(function):
    name = function.__name__
    for bad, error, message in (
        (np.zeros((2, 2, 4), np.uint8), ValueError, "Drop the alpha channel"),
        (np.zeros((2, 2), np.uint16), TypeError, "got uint16"),
        (np.full((2, 2, 3), 200.0), ValueError, "must lie in 0..1; got 200..200. Divide by 255 first"),
    ):
        with pytest.raises(error, match=f"{name}: .*{message}"):
            function(bad)
