"""course_lib.data.glyphs and course_lib.data.shapes beside what one would otherwise write with Pillow or OpenCV."""

from functools import partial
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from skimage.draw import random_shapes

from benchmarks.timing import Case, Peer
from course_lib.data.glyphs import glyphs
from course_lib.data.shapes import shapes

FONTS = {"DejaVu Sans": "DejaVuSans", "DejaVu Serif Bold": "DejaVuSerif-Bold", "DejaVu Mono": "DejaVuSansMono",
         "STIX": "STIXGeneral"}  # style -> file, for both
GLYPHS, GLYPH_SIZES = 100, (16, 28)
SCENES, SCENE_SIZES = 32, (32, 64, 128)
LARGE = 64  # pixels: the size at which Pillow draws, before the picture is turned, moved and made small


def cases():
    for size in GLYPH_SIZES:
        yield glyphs_case(size)
    for size in SCENE_SIZES:
        yield shapes_case(size)


def glyphs_case(size):
    return Case(f"Glyphs, {GLYPHS} pictures", f"random digits of {len(FONTS)} fonts", size, "data.glyphs.glyphs",
                partial(our_glyphs, size), (
        Peer("Pillow and scipy.ndimage.affine_transform", partial(pillow_glyphs, size), same_digits,
             "digits alike: the mean pictures of the classes correlate by more than 0.8, and the ink is equal "
             "within a fifth; without the bend", aim=0.5),
    ))


def shapes_case(size):
    return Case(f"Scenes of shapes, {SCENES} pictures", "two to six random shapes", size, "data.shapes.shapes",
                partial(our_shapes, size), (
        Peer("cv2.fillPoly and cv2.circle", partial(opencv_shapes, size), same_scenes,
             "arrays of the same kinds, as many shapes, and of each class the same share of the pixels within 0.04; "
             "flat colours, hard edges, and nobody looks whether a shape is hidden"),
        Peer("skimage.draw.random_shapes", partial(scikit_image_shapes, size),
             lambda ours, theirs: ours.images.shape == theirs.shape and ours.images.dtype == theirs.dtype,
             "arrays of the same kind; flat colours, hard edges, no stars, and boxes in place of a truth for each "
             "pixel"),
    ))


def our_glyphs(size):
    return glyphs(GLYPHS, size=size, fonts=tuple(FONTS), rng=np.random.default_rng(0))


def pillow_glyphs(size):
    """(100, size, size) and (100,): drawn large, then turned, stretched and shifted by linear interpolation."""
    rng = np.random.default_rng(1)
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    fonts = [ImageFont.truetype(folder / f"{file}.ttf", 54) for file in FONTS.values()]  # about 40 pixels high
    images, labels = np.empty((GLYPHS, size, size), np.float32), rng.integers(0, 10, GLYPHS)
    for image, label in zip(images, labels, strict=True):
        large = Image.new("L", (LARGE, LARGE))
        font = fonts[rng.integers(len(fonts))]
        ImageDraw.Draw(large).text((LARGE / 2, LARGE / 2), str(label), fill=255, font=font, anchor="mm",
                                   stroke_width=rng.integers(3))
        angle, zoom = np.radians(rng.uniform(-12, 12)), 40 / (0.66 * size) / rng.uniform(0.85, 1.1, 2)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * zoom[:, None]
        shift = (LARGE - 1) / 2 - turn @ ((size - 1) / 2 + rng.uniform(-0.055, 0.055, 2) * size)
        smooth = ndimage.gaussian_filter(np.asarray(large, np.float32) / 255, zoom.mean() / 2)  # against aliasing
        image[...] = ndimage.affine_transform(smooth, turn, shift, (size, size), order=1)
    return images, labels


def same_digits(ours, theirs):
    (a, labels), (b, their_labels) = ours, theirs
    if a.shape != b.shape or a.dtype != b.dtype or abs(a.mean() / b.mean() - 1) > 0.2:
        return False
    return all(np.corrcoef(a[labels == k].mean(axis=0).ravel(), b[their_labels == k].mean(axis=0).ravel())[0, 1] > 0.8
               for k in range(10))


def our_shapes(size):
    return shapes(SCENES, size=size, rng=np.random.default_rng(0))


def opencv_shapes(size):
    """images, classes, instances: the same four kinds, of about the same sizes, drawn into all three."""
    rng = np.random.default_rng(1)
    images = np.empty((SCENES, size, size, 3), np.uint8)
    classes, instances = np.zeros((2, SCENES, size, size), np.int32)
    for image, C, S in zip(images, classes, instances, strict=True):
        image[...] = rng.integers(40, 230, 3)
        for number in range(1, rng.integers(2, 7) + 1):
            kind, color = int(rng.integers(1, 5)), rng.integers(40, 230, 3).tolist()
            center, radius = rng.uniform(0.1, 0.9, 2) * size, rng.uniform(0.12, 0.26) * size
            if kind == 1:
                for target, value in ((image, color), (C, kind), (S, number)):
                    cv2.circle(target, np.intp(center).tolist(), round(0.85 * radius), value, -1)
                continue
            angles = {2: np.array([0.6, np.pi - 0.6, np.pi + 0.6, -0.6]), 3: np.arange(3) * 2 * np.pi / 3,
                      4: np.arange(10) * np.pi / 5}[kind] + rng.uniform(0, 2 * np.pi)  # fmt: skip
            radii = radius * (np.where(np.arange(10) % 2, 0.45, 1.0) if kind == 4 else 1.0)
            corners = np.stack([center[0] + radii * np.cos(angles), center[1] + radii * np.sin(angles)], axis=1)
            for target, value in ((image, color), (C, kind), (S, number)):
                cv2.fillPoly(target, [np.int32(corners.round())], value)
    return images, classes, instances


def same_scenes(ours, theirs):
    _, classes, instances = theirs
    kinds = [(a.shape, a.dtype) for a in (ours.images, ours.classes, ours.instances)]
    shares = [np.bincount(c.ravel(), minlength=5) / c.size for c in (ours.classes, classes)]
    return (kinds == [(a.shape, a.dtype) for a in theirs] and 2 <= instances.max() <= 6
            and bool(np.abs(shares[0] - shares[1])[1:].max() < 0.04))


def scikit_image_shapes(size):
    """(32, size, size, 3) uint8."""
    rng = np.random.default_rng(1)
    return np.stack([random_shapes((size, size), 6, min_shapes=2, min_size=size // 5, max_size=size // 2,
                                   allow_overlap=True, rng=rng)[0] for _ in range(SCENES)])
