r"""The contracts of the library, and the one place where a broken contract is put into words.

Every public function passes its arguments through a check before any arithmetic. A check returns the argument as a
native, C-contiguous, writeable array that a compiled kernel can take, or raises ``TypeError`` (wrong kind of thing) or
``ValueError`` (wrong shape, range or size) with one sentence: function, parameter, expected, got, remedy.

| word  | shape                 | dtype                | range                          |
|-------|-----------------------|----------------------|--------------------------------|
| image | (H, W) or (H, W, 3)   | uint8                | 0..255                         |
|       |                       | float32, float64     | 0..1                           |
| field | (H, W)                | the above and int16, int32 | any finite number        |
| mask  | (H, W)                | bool                 | True inside                    |
| labels| (H, W)                | int32                | 0 background, 1..n regions     |

Notebook: notebooks/01-images.ipynb and the page "Conventions".
"""

import math

import numpy as np

IMAGE_DTYPES = ("uint8", "float32", "float64")
FIELD_DTYPES = ("uint8", "int16", "int32", "float32", "float64")
FLOAT_SLACK = 1e-5  # rounding may carry a blurred float image this far outside 0..1


def gray_image(function: str, image, *, name: str = "image") -> np.ndarray:
    """Return `image` if it is grey, (H, W), uint8 or float in 0..1; else raise."""
    return _image(function, name, image, ranks=(2,))


def any_image(function: str, image, *, name: str = "image") -> np.ndarray:
    """Return `image` if it is grey (H, W) or colour (H, W, 3), uint8 or float in 0..1; else raise."""
    return _image(function, name, image, ranks=(2, 3))


def field(function: str, values, *, name: str = "image", dtypes: tuple = FIELD_DTYPES,
          ranks: tuple = (2,)) -> np.ndarray:
    """Return `values` if it is (H, W), or colour where `ranks` has a 3, finite and one of `dtypes`; else raise."""
    values = _of_rank(function, name, values, ranks)
    _check_dtype(function, name, values, dtypes)
    _check_finite(function, name, values)
    return _for_kernel(values)


def mask(function: str, values, *, name: str = "mask") -> np.ndarray:
    """Return `values` if it is an (H, W) array of bool; else raise."""
    values = _of_rank(function, name, values, ranks=(2,))
    if values.dtype != bool:
        raise TypeError(f"{function}: `{name}` must be bool, True inside; got {values.dtype}. "
                        f"Say which values are inside, for example {name} > 0.")
    return _for_kernel(values)


def labels(function: str, values, *, name: str = "labels") -> np.ndarray:
    """Return `values` as int32 (H, W) if they are whole numbers >= 0, 0 for the background; else raise."""
    values = _of_rank(function, name, values, ranks=(2,))
    if values.dtype.kind not in "iu":
        remedy = f"number the regions of a mask first: label({name})[0]" if values.dtype == bool else \
            f"{name}.astype(np.int32) if they are whole numbers"
        raise TypeError(f"{function}: `{name}` must be whole numbers, 0 for the background; got {values.dtype}: "
                        f"{remedy}.")
    if int(values.min()) < 0 or int(values.max()) >= 2**31:
        raise ValueError(f"{function}: `{name}` must lie in 0..2^31 - 1; got {values.min()}..{values.max()}. "
                         "Give what belongs to no region the number 0.")
    return _for_kernel(values.astype(np.int32, copy=False))


def same_shape(function: str, **arrays: np.ndarray) -> None:
    """Raise unless all named arrays have one shape."""
    shapes = {name: a.shape for name, a in arrays.items()}
    if len(set(shapes.values())) > 1:
        listing = ", ".join(f"`{name}` {shape}" for name, shape in shapes.items())
        raise ValueError(f"{function}: the arrays must have one shape; got {listing}.")


def points(function: str, values, *, name: str = "points_xy", axes: str = "xy") -> np.ndarray:
    """Return `values` as float64 (..., 2) or, where `axes` is "xyz", (..., 3), all finite; else raise."""
    values, order = _reals(function, name, values), "x before y" + " before z" * ("z" in axes)
    if values.ndim == 0 or values.shape[-1] != len(axes):
        raise ValueError(f"{function}: `{name}` must be (..., {len(axes)}), {order}; got {values.shape}.")
    if not np.isfinite(values).all():
        raise ValueError(f"{function}: `{name}` holds NaN or infinity; drop those points first.")
    return values


def matrix(function: str, name: str, values, shape: tuple[int, ...], *, most: float = math.inf) -> np.ndarray:
    """Return `values` as float64 of exactly this shape, all finite and in -most..most; else raise."""
    values = _reals(function, name, values)
    if values.shape != shape:
        raise ValueError(f"{function}: `{name}` must be of shape {shape}; got {values.shape}.")
    _check_finite(function, name, values)
    if np.abs(values).max(initial=0) > most:
        raise ValueError(f"{function}: `{name}` must lie in {-most:g}..{most:g}; got {values.tolist()}.")
    return values


def kernel(function: str, values, *, name: str = "kernel") -> np.ndarray:
    """Return `values` as float64 (2a+1, 2b+1), finite; else raise."""
    values = _reals(function, name, values, kinds="biuf")
    if values.ndim != 2 or values.shape[0] % 2 == 0 or values.shape[1] % 2 == 0:
        raise ValueError(f"{function}: `{name}` must be (H, W), odd in both directions, so that it has a centre; "
                         f"got {values.shape}. Pad it with a row or column of zeros.")
    _check_finite(function, name, values)
    return values


def number(function: str, name: str, value, *, low: float = -math.inf, high: float = math.inf,
           strict: bool = False, why: str = "") -> float:
    """Return `value` as float if it is a finite real number in low..high (low excluded if `strict`); else raise.

    The float matters: np.uint8(100) ** 2 would be 16, and np.float32(0.1) is compared as what it is.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{function}: `{name}` must be a number; got {type(value).__name__}.")
    try:
        value = float(value)
    except OverflowError:  # an int of more than 308 digits
        value = math.inf if value > 0 else -math.inf
    too_low = value <= low if strict else value < low
    if not math.isfinite(value) or too_low or value > high:
        if not math.isfinite(value):
            wanted = "be finite"
        elif math.isinf(high):
            wanted = f"be {'greater than' if strict else 'at least'} {low:g}"
        else:
            wanted = f"lie in {'(' if strict else '['}{low:g}, {high:g}]"
        raise ValueError(f"{function}: `{name}` must {wanted}; got {value:g}.{' ' + why if why else ''}")
    return value


def whole(function: str, name: str, value, *, low: int, high: int = 2**31 - 1) -> int:
    """Return `value` as int if it is a whole number in low..high, small enough for a size; else raise."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        got = f"{value:g}" if isinstance(value, (float, np.floating)) else type(value).__name__
        raise TypeError(f"{function}: `{name}` must be a whole number (int); got {got}.")
    value = int(value)
    if not low <= value <= high:
        limit = f"at most {high}" if high < 2**31 - 1 else "below 2^31"
        got = str(value) if -2**63 <= value < 2**63 else "a number beyond 64 bits"
        raise ValueError(f"{function}: `{name}` must be at least {low} and {limit}; got {got}.")
    return value


def size(function: str, name: str, value, *, low: int = 1, high: int = 2**31 - 1) -> tuple[int, ...]:
    """Return `value` as (height, width) if it is two whole numbers in low..high; else raise."""
    if not isinstance(value, (tuple, list, np.ndarray)) or np.shape(value) != (2,):
        raise ValueError(f"{function}: `{name}` must be two whole numbers, (height, width); got {value!r:.60}.")
    return tuple(whole(function, name, side, low=low, high=high) for side in value)


def choice(function: str, name: str, value, options: tuple):
    """Return `value` if it is one of `options`; else raise."""
    if not isinstance(value, (str, int, np.integer)) or value not in options:
        listing = " or ".join(repr(o) for o in options)
        raise ValueError(f"{function}: `{name}` must be {listing}; got {value!r}.")
    return value


def instance(function: str, name: str, value, kind: type, *, remedy: str = ""):
    """Return `value` if it is of this class; else raise."""
    if not isinstance(value, kind):
        got = type(value).__name__ if type(value).__name__ != kind.__name__ else f"{type(value)}, a namesake"
        raise TypeError(f"{function}: `{name}` must be a {kind.__name__}; got {got}."
                        f"{' ' + remedy if remedy else ''}")
    return value


def generator(function: str, rng) -> np.random.Generator:
    """Return `rng` if it is a NumPy generator, so that nothing depends on a global state; else raise."""
    return instance(function, "rng", rng, np.random.Generator, remedy="Pass np.random.default_rng(0), say.")


def array(function: str, name: str, values) -> np.ndarray:
    """Return `values` as an array of numbers of any kind and rank; else raise."""
    parts = values if isinstance(values, (list, tuple)) else [values]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise TypeError(f"{function}: `{name}` is a masked array, whose mask would be lost; "
                        f"fill it first with {name}.filled(...).")
    mode = getattr(values, "mode", None)
    if isinstance(mode, str) and mode in ("P", "PA", "HSV", "LAB", "YCbCr", "CMYK"):  # a Pillow image
        raise TypeError(f"{function}: `{name}` is a Pillow image of mode {mode}, whose numbers are not grey values or "
                        f'RGB; convert it first with {name}.convert("RGB").')
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists, objects that refuse
        remedy = f" Use {name}.detach().cpu().float().numpy()." if hasattr(values, "detach") else ""
        raise TypeError(f"{function}: `{name}` must be a NumPy array; got {type(values).__name__} "
                        f"that cannot become one.{remedy}") from error
    if array.dtype.kind in "OUSVMm":
        raise TypeError(f"{function}: `{name}` must be a NumPy array of numbers; got "
                        f"{type(values).__name__} of dtype {array.dtype}.")
    return array


def _reals(function, name, values, kinds="iuf"):
    """Real numbers as a new float64 array in C order; what float64 cannot hold becomes infinity."""
    values = array(function, name, values)
    if values.dtype.kind not in kinds:
        raise TypeError(f"{function}: `{name}` must hold real numbers; got dtype {values.dtype}.")
    with np.errstate(over="ignore"):
        return values.astype(np.float64, order="C")


def _of_rank(function, name, values, ranks):
    image, remedy = array(function, name, values), ""
    if image.ndim == 3 and image.shape[2] == 3 and 3 not in ranks:
        remedy = " Convert it with course_lib.images.to_gray first."
    elif image.ndim == 3 and image.shape[2] == 4:
        remedy = " Drop the alpha channel first: image[..., :3]."
    elif image.ndim == 3 and image.shape[2] == 1:
        remedy = " Drop the last axis first: image[..., 0]."
    elif image.ndim == 3 and image.shape[0] in (1, 3):
        remedy = " Channels come last here: np.moveaxis(image, 0, -1)."
    elif image.ndim == 4:
        remedy = " Pass one picture of the batch at a time."
    if image.ndim not in ranks or (image.ndim == 3 and image.shape[2] != 3):
        shapes = "(H, W) or (H, W, 3)" if 3 in ranks else "(H, W)"
        raise ValueError(f"{function}: `{name}` must be {shapes}; got {image.shape}.{remedy}")
    if image.size == 0:
        raise ValueError(f"{function}: `{name}` has no pixels; got {image.shape}. "
                         "Check the slice or the file that it came from.")
    return image


def _check_dtype(function, name, image, allowed):
    if image.dtype.name in allowed:
        return
    remedy = {"bool": "a mask becomes an image by mask.astype(np.uint8) * 255",
              "uint16": "a 16-bit image becomes float by image.astype(np.float32) / 65535",
              **dict.fromkeys(("float16", "int16"), "use image.astype(np.float32)"),
              "int32": "use image.astype(np.float32), or np.uint8 if its values are 0..255",
              **dict.fromkeys(("complex64", "complex128"), "take its real part or its absolute value"),
              }.get(image.dtype.name, "if its values are 0..255, use image.astype(np.uint8)")
    raise TypeError(f"{function}: `{name}` must be {' or '.join(allowed)}; got {image.dtype.name}: {remedy}.")


def _check_finite(function, name, image):
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        bad = int(image.size - np.isfinite(image).sum())
        raise ValueError(f"{function}: `{name}` holds NaN or infinity in {bad} places; "
                         "fill them first, for example with np.nan_to_num.")


def _image(function, name, image, ranks):
    image = _of_rank(function, name, image, ranks)
    _check_dtype(function, name, image, IMAGE_DTYPES)
    _check_finite(function, name, image)
    if image.dtype.kind == "f":
        low, high = float(image.min()), float(image.max())
        if low < -FLOAT_SLACK or high > 1 + FLOAT_SLACK:
            remedy = ("Divide by 255 first." if low >= 0 and high <= 255 else
                      "It looks like a field, not an image: scale it to 0..1 in the way you mean.")
            raise ValueError(f"{function}: a float `{name}` must lie in 0..1; got {low:g}..{high:g}. {remedy}")
    return _for_kernel(image)


def _for_kernel(image):
    """Native byte order, C-contiguous, writeable: one memory layout, so one compilation."""
    return np.require(image, dtype=image.dtype.newbyteorder("="), requirements=("C", "A", "W"))
