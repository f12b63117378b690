r"""Pictures in and out: read a photograph, make it grey, change its range on purpose.

Notebook: notebooks/01-images.ipynb
References: ITU-R Recommendation BT.601-7 (2011), section 2.5.1 (the luma weights).

| notation | code        | shape     | meaning                              |
|----------|-------------|-----------|--------------------------------------|
| I        | image       | (H, W)    | grey value                           |
| R, G, B  | image[..., k] | (H, W)  | red, green, blue, in that order      |
| Y        | to_gray     | (H, W)    | luma, the weighted mean of the three |

An image is uint8 in 0..255 or float in 0..1. These functions are the only ones that change a range.
"""

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from course_lib import checks

LUMA_WEIGHTS = (0.299, 0.587, 0.114)  # of R, G, B: the eye is most sensitive to green
_LUMA_BITS = 15  # OpenCV's integer weights are multiples of 2^-15
_LUMA_INTEGERS = (9798, 19235, 3735)  # 0.114 * 2^15 = 3735.6 is rounded down, so that the three add up to 2^15


def read(path, *, max_side: int | None = None) -> np.ndarray:
    r"""Read a photograph as an RGB array, upright and without transparency.

    Parameters
    ----------
    path : str or Path
        Any format that Pillow reads (JPEG, PNG, WebP, TIFF ...).
    max_side : int, optional
        Shrink the picture so that its longer side has at most this many pixels (area average,
        which removes most of what would alias). Telephones take 4000 x 3000; the chapters like 800.

    Returns
    -------
    image : (H, W, 3) uint8, 0..255, RGB
        Turned as the camera's EXIF orientation says; transparent pixels are laid on white;
        16-bit greys are divided by 257, so that 65535 becomes 255.

    Raises
    ------
    FileNotFoundError, ValueError
        There is no such file, or it is not a picture, or it ends too early.

    Notebook: notebooks/01-images.ipynb
    """
    if max_side is not None:
        max_side = checks.whole("read", "max_side", max_side, low=1)
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"read: `path` must be a str or Path; got {type(path).__name__}.")
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"read: there is no file {path}; the working folder is {Path.cwd()}.")
    try:
        with Image.open(path) as file:
            file.load()
            picture = _as_rgb(ImageOps.exif_transpose(file))
    except Exception as error:  # what a damaged file makes Pillow raise is open-ended: EOFError, zlib.error ...
        raise ValueError(f"read: {path} is not a picture that can be read ({error}).") from error
    if max_side is not None and max(picture.size) > max_side:
        scale = max_side / max(picture.size)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BOX)
    return np.array(picture)


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):  # more than 8 bits, which Pillow's convert would clip at 255
        gray = np.asarray(picture)
        if gray.dtype.kind == "f" or gray.min() < 0 or gray.max() > 65535:
            raise ValueError("its 32-bit numbers have no known range: open it with Pillow and scale them yourself")
        picture = Image.fromarray(np.rint(gray / 257).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def to_gray(image: np.ndarray) -> np.ndarray:
    r"""Luma of a colour image, Y = 0.299 R + 0.587 G + 0.114 B (Eq. luma).

    Parameters
    ----------
    image : (H, W, 3) uint8 0..255 or float 0..1, RGB; a grey (H, W) image comes back unchanged

    Returns
    -------
    gray : (H, W), the dtype and range of `image`
        For uint8 the weights are multiples of 2^-15 and the sum is rounded, equal to
        ``cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)`` in every pixel.

    Notes
    -----
    The weights belong to gamma-encoded values as files hold them: the result is *luma*, not the
    linear-light luminance. It is what OpenCV, JPEG and standard-definition television do; the weights
    of scikit-image's ``rgb2gray``, .2125, .7154, .0721, are close to BT.709's, so the two differ by
    up to 13 % of the range.

    >>> int(to_gray(np.full((1, 1, 3), 200, np.uint8))[0, 0])
    200

    Notebook: notebooks/01-images.ipynb
    """
    image = checks.any_image("to_gray", image)
    if image.ndim == 2:
        return image
    if image.dtype == np.uint8:
        R, G, B = (image[..., k].astype(np.int32) for k in range(3))
        r, g, b = _LUMA_INTEGERS
        return ((r * R + g * G + b * B + (1 << (_LUMA_BITS - 1))) >> _LUMA_BITS).astype(np.uint8)  # Eq. luma
    r, g, b = (image.dtype.type(weight) for weight in LUMA_WEIGHTS)
    return r * image[..., 0] + g * image[..., 1] + b * image[..., 2]  # Eq. luma


def to_float(image: np.ndarray) -> np.ndarray:
    r"""The image as float in 0..1: uint8 is divided by 255 (float32); a float image comes back unchanged.

    Parameters
    ----------
    image : (H, W) or (H, W, 3), uint8 0..255 or float 0..1

    >>> to_float(np.array([[0, 255]], np.uint8)).tolist()
    [[0.0, 1.0]]
    """
    image = checks.any_image("to_float", image)
    return image.astype(np.float32) / np.float32(255) if image.dtype == np.uint8 else image


def to_uint8(image: np.ndarray) -> np.ndarray:
    r"""The image as uint8 in 0..255: round(255 I), ties to even (Eq. quantisation); uint8 comes back unchanged.

    Parameters
    ----------
    image : (H, W) or (H, W, 3), uint8 0..255 or float 0..1

    >>> bool((to_uint8(to_float(np.arange(256, dtype=np.uint8)[None])) == np.arange(256)).all())
    True
    """
    image = checks.any_image("to_uint8", image)
    if image.dtype == np.uint8:
        return image
    return np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)  # Eq. quantisation
