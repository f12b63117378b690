"""Each contract lets the right arrays through, in one memory layout, and puts the others into one sentence."""

import math
from functools import partial

import numpy as np
import PIL.Image
import pytest
import torch

from course_lib import checks

U8, F32 = np.zeros((3, 4), np.uint8), np.zeros((3, 4), np.float32)
any_field = partial(checks.field, ranks=(2, 3))
ARRAY_CHECKS = [checks.gray_image, checks.any_image, checks.field, any_field]


@pytest.mark.parametrize("check", ARRAY_CHECKS)
@pytest.mark.parametrize("dtype", ["u1", "<f4", ">f4", "<f8", ">f8"])
def test_a_good_array_comes_back_native_contiguous_writeable_and_equal(check, dtype):
    base = (np.arange(48).reshape(6, 8) / (1 if dtype == "u1" else 64)).astype(dtype)
    locked = base.copy()
    locked.setflags(write=False)
    views = [base, base[::-1, ::-2], base[1::2], np.asfortranarray(base), locked, np.broadcast_to(base[0], (3, 8))]
    for view in views:
        out = check("f", view)
        assert (out == view).all() and out.dtype == view.dtype.newbyteorder("=")
        assert out.flags.c_contiguous and out.flags.writeable and out.flags.aligned and type(out) is np.ndarray


def test_a_native_array_is_not_copied():
    assert np.shares_memory(checks.gray_image("f", U8), U8)


def test_lists_tensors_matrices_and_pillow_images_are_arrays_too():
    assert checks.gray_image("f", [[0.0, 1.0]]).tolist() == [[0, 1]]
    assert checks.gray_image("f", torch.tensor([[0, 7]], dtype=torch.uint8)).tolist() == [[0, 7]]
    assert checks.any_image("f", PIL.Image.new("RGB", (2, 1), (1, 2, 3))).tolist() == [[[1, 2, 3], [1, 2, 3]]]
    assert checks.gray_image("f", PIL.Image.new("L", (2, 1), 9)).tolist() == [[9, 9]]


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros(3), ValueError, r"must be \(H, W\); got \(3,\)"),
        (np.zeros((3, 4, 3)), ValueError, r"got \(3, 4, 3\). Convert it with course_lib.images.to_gray first"),
        (np.zeros((3, 4, 4)), ValueError, r"got \(3, 4, 4\). Drop the alpha channel first: image\[..., :3\]"),
        (np.zeros((3, 4, 1)), ValueError, r"got \(3, 4, 1\). Drop the last axis first: image\[..., 0\]"),
        (np.zeros((3, 5, 4, 2)), ValueError, "Pass one picture of the batch at a time"),
        (np.zeros((3, 5, 7)), ValueError, "Channels come last here: np.moveaxis"),
        (np.zeros((0, 4)), ValueError, r"has no pixels; got \(0, 4\)"),
        (np.float32(3), ValueError, r"must be \(H, W\); got \(\)"),
        (U8 > 0, TypeError, "got bool: a mask becomes an image by mask.astype"),
        (U8.astype(np.uint16), TypeError, "got uint16: a 16-bit image becomes float by .*65535"),
        (U8.astype(np.int64), TypeError, "got int64: if its values are 0..255, use image.astype"),
        ([[0, 1]], TypeError, "got int64"),
        (F32.astype(np.float16), TypeError, r"got float16: use image.astype\(np.float32\)"),
        (F32.astype(np.complex64), TypeError, "got complex64: take its real part or its absolute value"),
        (F32 + 255, ValueError, "float `image` must lie in 0..1; got 255..255. Divide by 255 first"),
        (F32 - 3, ValueError, "got -3..-3. It looks like a field, not an image"),
        (F32 + 300, ValueError, "got 300..300. It looks like a field"),
        (F32 + 1.0001, ValueError, "must lie in 0..1"),
        (F32 * np.nan, ValueError, "NaN or infinity in 12 places; fill them first"),
        (np.array([[0, np.inf]]), ValueError, "NaN or infinity in 1 places"),
        (np.array([[None, 1]]), TypeError, "must be a NumPy array of numbers; got ndarray of dtype object"),
        ([[1], [1, 2]], TypeError, "must be a NumPy array; got list that cannot become one"),
        (torch.zeros(2, 2, requires_grad=True), TypeError, r"got Tensor .* image.detach\(\)"),
        (torch.zeros(2, 2, dtype=torch.bfloat16), TypeError, r"got Tensor .* image.detach\(\).cpu\(\).float\(\)"),
        (np.ma.masked_array(F32), TypeError, r"masked array, whose mask would be lost; .*image.filled"),
        ([np.ma.masked_array([0.0, 1])], TypeError, "masked array, whose mask would be lost"),
        (PIL.Image.new("P", (2, 2)), TypeError, r'Pillow image of mode P, .*image.convert\("RGB"\)'),
        (PIL.Image.new("HSV", (2, 2)), TypeError, "Pillow image of mode HSV"),
        ("coins.png", TypeError, "got str of dtype"),
        (None, TypeError, "got NoneType of dtype object"),
        (len, TypeError, "got builtin_function_or_method of dtype object"),
    ],
)
def test_what_is_no_grey_image_is_refused_in_one_sentence(image, error, message):
    with pytest.raises(error, match=message) as caught:
        checks.gray_image("name", image)
    assert str(caught.value).startswith("name: ") and "\n" not in str(caught.value)


def test_rounding_may_leave_the_range_by_a_hair():
    assert checks.gray_image("f", F32 + np.float32(1 + 9e-6)) is not None  # below the slack of 1e-5, above above it
    with pytest.raises(ValueError, match="must lie in 0..1"):
        checks.gray_image("f", F32 - np.float32(2e-5))


def test_colour_is_taken_where_it_is_allowed():
    colour = np.zeros((3, 4, 3))
    for check in (checks.any_image, any_field):
        assert check("f", colour).shape == colour.shape
        for shape in [(3, 4, 4), (3, 4, 2), (3, 8, 9), (2, 3, 4, 3)]:
            with pytest.raises(ValueError, match=r"\(H, W\) or \(H, W, 3\)"):
                check("f", np.zeros(shape))
    with pytest.raises(ValueError, match="to_gray"):
        checks.field("f", colour)


def test_a_field_has_any_finite_range_and_an_image_has_not():
    for dtype in checks.FIELD_DTYPES:
        assert checks.field("f", np.full((2, 2), 100, dtype)).dtype == dtype
    assert checks.field("f", [[-1e300, 1e300]]).min() == -1e300
    with pytest.raises(TypeError, match="got bool"):
        checks.field("f", U8 > 0)
    with pytest.raises(ValueError, match="infinity"):
        any_field("f", [[math.inf]])
    with pytest.raises(TypeError, match="must be uint8; got float64"):
        checks.field("f", [[1.0]], dtypes=("uint8",))


def test_a_mask_is_bool_and_nothing_else():
    assert checks.mask("f", np.eye(2, dtype=bool)[::-1]).flags.c_contiguous
    with pytest.raises(TypeError, match="f: `truth` must be bool, True inside; got uint8.* truth > 0"):
        checks.mask("f", U8, name="truth")
    with pytest.raises(ValueError, match=r"must be \(H, W\)"):
        checks.mask("f", np.zeros(3, bool))


@pytest.mark.parametrize("dtype", ["u1", "i1", ">u2", "<i4", ">i4", "u4", "i8", ">u8"])
def test_labels_become_int32_whatever_whole_numbers_they_were(dtype):
    base = (np.arange(48).reshape(6, 8) % 100).astype(dtype)
    locked = base.copy()
    locked.setflags(write=False)
    for view in (base, base[::-1, ::-2], np.asfortranarray(base), locked, np.broadcast_to(base[0], (3, 8))):
        out = checks.labels("f", view)
        assert (out == view).all() and out.dtype == np.int32
        assert out.flags.c_contiguous and out.flags.writeable and out.flags.aligned
    assert checks.labels("f", [[0, 2**31 - 1]]).tolist() == [[0, 2**31 - 1]]
    native = np.zeros((2, 3), np.int32)
    assert np.shares_memory(checks.labels("f", native), native)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (np.zeros(3, int), ValueError, r"`seeds` must be \(H, W\); got \(3,\)"),
        (np.zeros((3, 4, 3), int), ValueError, r"`seeds` must be \(H, W\); got \(3, 4, 3\)"),
        (np.zeros((0, 4), int), ValueError, "`seeds` has no pixels"),
        (F32, TypeError, r"must be whole numbers, 0 for the background; got float32: seeds.astype\(np.int32\) if they"),
        (F32 * np.nan, TypeError, "got float32"),
        (U8 > 0, TypeError, r"got bool: number the regions of a mask first: label\(seeds\)\[0\]"),
        (F32.astype(np.complex64), TypeError, "got complex64"),
        (np.full((1, 2), -1), ValueError, r"must lie in 0..2\^31 - 1; got -1..-1. Give what belongs to no region"),
        (np.full((1, 2), -128, np.int8), ValueError, "got -128..-128"),
        (np.array([[0, 2**31]], np.uint32), ValueError, "got 0..2147483648"),
        (np.array([[7, 2**63]], np.uint64), ValueError, "got 7..9223372036854775808"),
        (np.array([[0, 2**32]]), ValueError, "got 0..4294967296"),  # as int32 it would be 0
        (np.ma.masked_array(U8), TypeError, "`seeds` is a masked array"),
        ([["a"]], TypeError, "must be a NumPy array of numbers; got list of dtype <U1"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_what_is_no_label_image_is_refused_in_one_sentence(labels, error, message):
    with pytest.raises(error, match=message) as caught:
        checks.labels("name", labels, name="seeds")
    assert str(caught.value).startswith("name: ") and "\n" not in str(caught.value)


def test_shapes_are_compared():
    checks.same_shape("f", a=U8, b=F32)
    with pytest.raises(ValueError, match=r"one shape; got `a` \(3, 4\), `b` \(4, 3\)"):
        checks.same_shape("f", a=U8, b=F32.T)


@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        ([1, 2, 3], ValueError, r"must be \(..., 2\), x before y; got \(3,\)"),
        (5, ValueError, r"got \(\)"),
        ([[math.nan, 0]], ValueError, "holds NaN or infinity; drop those points first"),
        ([[True, False]], TypeError, "real numbers; got dtype bool"),
        ([1j, 2], TypeError, "real numbers; got dtype complex128"),
        ("ab", TypeError, "got str"),
    ],
)
def test_bad_points_are_refused(points, error, message):
    with pytest.raises(error, match=message):
        checks.points("f", points)


def test_points_become_float64_of_any_leading_shape():
    assert checks.points("f", [[1, 2]]).dtype == np.float64 and checks.points("f", np.zeros((0, 2))).size == 0
    assert checks.points("f", np.zeros((4, 5, 2), np.float16)).shape == (4, 5, 2)


@pytest.mark.parametrize("value", [3, 3.0, np.uint8(3), np.float32(3), np.int64(3), np.float16(3)])
def test_a_number_becomes_a_python_float(value):
    out = checks.number("f", "x", value, low=3, high=3)
    assert type(out) is float and out == 3


@pytest.mark.parametrize("value", [True, np.True_, "3", None, 1j, [3], np.array(3), torch.tensor(3.0)])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match="f: `x` must be a number; got"):
        checks.number("f", "x", value)
    with pytest.raises(TypeError, match="f: `x` must be a whole number"):
        checks.whole("f", "x", value, low=0)


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        (math.nan, {}, "must be finite; got nan"),
        (-math.inf, {"low": 0}, "must be finite; got -inf"),
        (10**400, {}, "must be finite; got inf"),
        (-(10**400), {}, "must be finite; got -inf"),
        (-1, {"low": 0}, "must be at least 0; got -1"),
        (0, {"low": 0, "strict": True}, "must be greater than 0; got 0"),
        (2, {"low": 0, "high": 1}, r"must lie in \[0, 1\]; got 2."),
        (0, {"low": 0, "high": 1, "strict": True, "why": "Because."}, r"must lie in \(0, 1\]; got 0. Because."),
    ],
)
def test_numbers_outside_their_limits_are_refused(value, limits, message):
    with pytest.raises(ValueError, match=message):
        checks.number("f", "x", value, **limits)


def test_a_whole_number_is_not_rounded_from_a_fraction():
    assert type(checks.whole("f", "n", np.uint8(7), low=7)) is int
    with pytest.raises(TypeError, match=r"whole number \(int\); got 2.5"):
        checks.whole("f", "n", 2.5, low=0)
    for value in (-1, 2**31, 10**400):
        with pytest.raises(ValueError, match="`n` must be at least 0 and below 2\\^31; got"):
            checks.whole("f", "n", value, low=0)


def test_a_whole_number_may_have_a_limit_which_the_sentence_names():
    assert checks.whole("f", "n", 5, low=1, high=5) == 5
    with pytest.raises(ValueError, match="f: `n` must be at least 1 and at most 5; got 6"):
        checks.whole("f", "n", 6, low=1, high=5)


def test_a_size_is_height_and_width():
    for good in ((3, 4), [3, 4], np.array([3, 4])):
        assert checks.size("f", "shape", good) == (3, 4)
    for bad in (4, None, (4,), (3, 4, 3), "ab", {3: 4}):
        with pytest.raises(ValueError, match=r"f: `shape` must be two whole numbers, \(height, width\); got"):
            checks.size("f", "shape", bad)
    with pytest.raises(ValueError, match="f: `shape` must be at least 2 and at most 9; got 10"):
        checks.size("f", "shape", (2, 10), low=2, high=9)
    with pytest.raises(TypeError, match="f: `shape` must be a whole number"):
        checks.size("f", "shape", (2, 2.5))


@pytest.mark.parametrize("value", ["Reflect", "", None, 0, ["reflect"], b"reflect"])
def test_a_choice_is_one_of_the_options(value):
    assert checks.choice("f", "border", "zero", ("reflect", "zero")) == "zero"
    with pytest.raises(ValueError, match="f: `border` must be 'reflect' or 'zero'; got"):
        checks.choice("f", "border", value, ("reflect", "zero"))


def test_a_kernel_becomes_float64_and_has_a_centre():
    for good in ([[1]], np.ones((1, 5), bool), np.ones((3, 3), np.float32)[::-1], np.ones((3, 1), ">i2")):
        out = checks.kernel("f", good)
        assert out.dtype == np.float64 and out.flags.c_contiguous and (out == 1).all()


@pytest.mark.parametrize(
    ("kernel", "error", "message"),
    [
        (np.ones((2, 3)), ValueError, r"odd in both directions, so that it has a centre; got \(2, 3\)"),
        (np.ones((3, 4)), ValueError, "odd in both directions"),
        (np.ones(3), ValueError, r"must be \(H, W\), odd"),
        (np.ones((0, 3)), ValueError, r"got \(0, 3\)"),
        ([[math.nan]], ValueError, "NaN or infinity in 1 places"),
        ([[1j]], TypeError, "real numbers; got dtype complex128"),
        ([[10**30]], TypeError, "dtype object"),
        ([[1], [1, 2]], TypeError, "cannot become one"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_bad_kernels_are_refused(kernel, error, message):
    with pytest.raises(error, match=message):
        checks.kernel("f", kernel)


def test_points_in_space_have_three_coordinates():
    assert checks.points("f", np.zeros((4, 3)), name="points_xyz", axes="xyz").shape == (4, 3)
    with pytest.raises(ValueError, match=r"f: `p` must be \(..., 3\), x before y before z; got \(4, 2\)"):
        checks.points("f", np.zeros((4, 2)), name="p", axes="xyz")


@pytest.mark.parametrize(("values", "error", "text"), [
    (np.eye(2), ValueError, r"`K` must be of shape \(3, 3\); got \(2, 2\)"),
    ([["a"]], TypeError, "`K` must be a NumPy array of numbers"),
    (np.eye(3) * 1j, TypeError, "`K` must hold real numbers; got dtype complex128"),
    (np.diag([1, 1, np.nan]), ValueError, "`K` holds NaN or infinity in 1 places"),
])
def test_a_matrix_has_one_shape_and_finite_numbers(values, error, text):
    with pytest.raises(error, match=f"f: {text}"):
        checks.matrix("f", "K", values, (3, 3))
    assert checks.matrix("f", "K", [[1, 0], [0, 1]], (2, 2)).dtype == np.float64


@pytest.mark.parametrize("rng", [0, None, np.random.RandomState(0), np.random, "0"])
def test_randomness_is_a_generator(rng):
    with pytest.raises(TypeError, match=r"f: `rng` must be a Generator; got .* Pass np.random.default_rng\(0\), say"):
        checks.generator("f", rng)
    assert checks.generator("f", np.random.default_rng(0)).random() < 1


def test_a_generator_of_torch_is_called_by_its_full_name():
    with pytest.raises(TypeError, match="must be a Generator; got <class 'torch._C.Generator'>, a namesake"):
        checks.generator("f", torch.Generator())


@pytest.mark.filterwarnings("error")
def test_points_and_matrices_are_contiguous_copies_and_what_float64_cannot_hold_is_refused():
    huge = np.full((2, 2), np.finfo(np.longdouble).max)
    for check in (checks.points, lambda f, a: checks.matrix(f, "a", a, (2, 2)),
                  lambda f, a: checks.kernel(f, a[:1, :1])):
        for layout in (np.asfortranarray, np.ascontiguousarray):
            a = layout(np.arange(4.0).reshape(2, 2))
            out = check("f", a)
            assert out.flags.c_contiguous and out.flags.writeable and not np.shares_memory(out, a)
        if np.finfo(np.longdouble).max > np.finfo(np.float64).max:  # not on every machine
            with pytest.raises(ValueError, match="holds NaN or infinity"):
                check("f", huge)


def test_a_matrix_may_have_a_limit():
    assert checks.matrix("f", "a", [-2, 2], (2,), most=2).tolist() == [-2, 2]
    for value in (-2.1, 2.1):
        with pytest.raises(ValueError, match=r"f: `a` must lie in -2..2; got \[0.0, -?2.1\]"):
            checks.matrix("f", "a", [0, value], (2,), most=2)
