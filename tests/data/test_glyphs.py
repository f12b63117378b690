"""Glyphs: fonts that hold what they should, the map by hand, a twin in plain NumPy, ink, and what classifiers reach."""

import string
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.ft2font import FT2Font
from PIL import Image
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

from course_lib.data import glyphs as module
from course_lib.data.distance_fields import coverage
from course_lib.data.glyphs import CLASSES, FONTS, SOFTNESS, distance_field, glyphs, render_glyph
from course_lib.filters import sample_bilinear

THUMBNAIL = Path(__file__).parent / "thumbnails" / "glyphs.png"
PLAIN_MAP = np.array([[4, 0, 1.5], [0, 4, 1.5]])  # 16 pixels see 64: the centre 7.5 sees 31.5
EVERY = string.digits + string.ascii_uppercase


def rng(seed=0):
    return np.random.default_rng(seed)


def square_field(half=20.0):
    """Distance to a square in the middle, by its closed form."""
    y, x = np.mgrid[:64, :64] - 31.5
    u, v = np.abs(x) - half, np.abs(y) - half
    return np.hypot(np.maximum(u, 0), np.maximum(v, 0)) + np.minimum(np.maximum(u, v), 0)


def trained_linear(images, labels):
    """Logistic regression to its optimum, on one thread: sklearn would spread 256 x 10 weights over all of them."""
    torch.set_num_threads(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 10))
    nn.init.zeros_(model[1].weight)
    nn.init.zeros_(model[1].bias)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=100, line_search_fn="strong_wolfe")
    images, labels = torch.from_numpy(images), torch.from_numpy(labels)

    def loss():
        optimizer.zero_grad()
        value = F.cross_entropy(model(images), labels) + 1e-4 * (model[1].weight ** 2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    return model


def accuracy(model, images, labels):
    with torch.no_grad():
        return float((model(torch.from_numpy(images)).argmax(1) == torch.from_numpy(labels)).float().mean())


# ---- the fields


@pytest.mark.parametrize("font", FONTS)
def test_a_style_has_every_character_and_they_differ(font):
    file, (zero, a) = module._STYLES[font]
    known = FT2Font(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{file}.ttf")).get_charmap()
    assert all(zero + k in known for k in range(10)) and all(a + k in known for k in range(26))
    fields = np.stack([distance_field(font, c) for c in "0123456789AHIQ"])
    apart = np.abs(fields[:, None] - fields[None]).mean(axis=(2, 3)) + 9 * np.eye(len(fields))
    assert apart.min() > 0.2


def test_no_two_styles_draw_the_same_digits():
    bank = np.stack([[distance_field(font, c) for c in "2357"] for font in FONTS])
    apart = np.abs(bank[:, None] - bank[None]).mean(axis=(2, 3, 4)) + 9 * np.eye(len(FONTS))
    assert apart.min() > 0.1 and len(FONTS) == len(set(FONTS)) == 24


@pytest.mark.parametrize(("character", "holes"), list(zip("0468ABDPQ1235CEX", [1, 1, 1, 2, 1, 2] + [1] * 3 + [0] * 7,
                                                          strict=True)))
def test_a_character_is_one_piece_with_its_holes(character, holes):
    """In an upright font without a stroke in its zero. The non-zero rule makes the inner loops holes."""
    inside = distance_field("DejaVu Serif", character) < 0
    assert ndimage.label(inside)[1] == 1
    assert ndimage.label(~inside)[1] - 1 == holes


@pytest.mark.parametrize("font", ["DejaVu Sans", "STIX Typewriter", "Computer Modern Italic"])
def test_a_field_holds_distances_of_a_character_that_fills_its_box(font):
    for character in EVERY:
        field = distance_field(font, character)
        assert field.shape == (64, 64) and field.dtype == np.float32 and not field.flags.writeable
        rows, columns = np.nonzero(field < 0)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert max(height / 40, width / 42) == pytest.approx(1, abs=0.05)
        assert abs(rows.min() + rows.max() - 63) <= 2 and abs(columns.min() + columns.max() - 63) <= 2
        slope = np.hypot(*np.gradient(field)[::-1])
        assert np.quantile(np.abs(slope - 1), 0.8) < 0.1  # eikonal, but for the ridges between strokes


def test_characters_stand_upright_and_are_not_mirrored():
    for font in FONTS:
        inside = distance_field(font, "L") < 0
        assert inside[45:].sum() > 1.2 * inside[:19].sum()  # the foot of the L is below
        seven, p = distance_field(font, "7") < 0, distance_field(font, "P") < 0
        assert seven[:20].sum() > 1.5 * seven[44:].sum()
        columns = np.nonzero(p[:32].any(axis=0))[0]
        assert columns.max() > np.nonzero(p[40:].any(axis=0))[0].mean() + 5  # the bowl of the P is on the right


# ---- drawing


def test_a_drawn_square_is_where_the_map_says_and_covers_its_area():
    image = render_glyph(square_field(), PLAIN_MAP)
    assert image.shape == (16, 16) and image.dtype == np.float32
    assert image.sum() == pytest.approx(10 * 10, rel=0.02)  # 40 field pixels are 10 picture pixels
    moved = render_glyph(square_field(), PLAIN_MAP - [[0, 0, 8], [0, 0, 4]])  # sees 2 px further left
    np.testing.assert_allclose(moved[3:15, 4:16], image[2:14, 2:14], atol=1e-5)
    large = render_glyph(square_field(), np.eye(2, 3), size=64)
    assert large.shape == (64, 64) and large.sum() == pytest.approx(1600, rel=0.01)


@pytest.mark.parametrize("r", [-1.0, 0.5, 2.0])
def test_thickness_moves_the_outline_by_so_many_picture_pixels(r):
    area = render_glyph(square_field(), PLAIN_MAP, thickness=r).sum()
    expected = 100 + 40 * r + np.pi * r * r if r > 0 else (10 + 2 * r) ** 2
    assert area == pytest.approx(expected, rel=0.03)


@settings(max_examples=25)
@given(st.sampled_from(FONTS), st.sampled_from(EVERY), st.floats(-0.4, 1.5), st.floats(0.01, 0.5))
def test_ink_grows_with_thickness_in_every_pixel(font, character, r, more):
    field = distance_field(font, character)
    thin, thick = render_glyph(field, PLAIN_MAP, thickness=r), render_glyph(field, PLAIN_MAP, thickness=r + more)
    assert (thick >= thin).all() and thick.sum() > thin.sum()


def test_drawing_equals_bilinear_samples_of_the_field():
    field, c, s = distance_field("STIX", "5"), np.cos(0.2), np.sin(0.2)
    M = np.array([[3.0 * c, -2.5 * s, 12], [3.0 * s, 2.5 * c, 7]])
    y, x = np.mgrid[:16, :16]
    seen = np.clip(np.stack([x, y, np.ones_like(x)], axis=-1) @ M.T, 0, 63)
    distance = sample_bilinear(field, seen) / np.sqrt(3.0 * 2.5) - 0.3
    expected = coverage(distance, softness=SOFTNESS)
    np.testing.assert_allclose(render_glyph(field, M, thickness=0.3), expected, atol=1e-5)


def test_glyphs_equal_a_twin_in_plain_numpy():
    """Every random number is spent by hand: label, font, map, thickness, bend."""
    images, labels = glyphs(6, size=20, rng=rng(5))
    y, x = np.mgrid[:20, :20]
    t = (np.arange(20) + 0.5) / 20
    B = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    for u, image, label in zip(rng(5).random((6, 41)), images, labels, strict=True):
        assert label == int(10 * u[1])
        def between(bounds, value):
            return bounds[0] + value * (bounds[1] - bounds[0])
        angle, shear = np.radians(between(module.ROTATION_DEG, u[2])), between(module.SHEAR, u[3])
        stretch = between(module.STRETCH, u[4:6]) * 20 * module.FILL / 40
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        picture_from_field = np.array(turn) @ [[1, shear], [0, 1]] @ np.diag(stretch)
        G = between(module.BEND, u[9:].reshape(2, 4, 4)) * 20
        p = np.stack([x + B @ G[0] @ B.T, y + B @ G[1] @ B.T], axis=-1) - 9.5 - 20 * between(module.SHIFT, u[6:8])
        seen = np.clip(p @ np.linalg.inv(picture_from_field).T + 31.5, 0, 63)
        field = distance_field(FONTS[int(24 * u[0])], str(label))
        distance = sample_bilinear(field, seen) * np.sqrt(np.linalg.det(picture_from_field))
        expected = coverage(distance - 20 * between(module.THICKNESS, u[8]), softness=SOFTNESS)
        np.testing.assert_allclose(image, expected, atol=1e-5)


# ---- glyphs


@pytest.mark.parametrize(("classes", "count"), [("digits", 10), ("letters", 26)])
def test_shapes_ranges_and_equal_shares_of_the_classes(classes, count):
    images, labels = glyphs(2600, size=8, classes=classes, rng=rng(1))
    assert images.shape == (2600, 8, 8) and images.dtype == np.float32 and labels.dtype == np.int64
    assert images.min() >= 0 and images.max() <= 1
    share = np.bincount(labels, minlength=count) / 2600
    assert len(share) == count == len(CLASSES[classes])
    assert np.abs(share - 1 / count).max() < 4 * np.sqrt(1 / count / 2600)  # four standard deviations


def test_the_same_seed_gives_the_same_and_ten_are_the_first_of_twenty():
    ten, twenty, other = glyphs(10, rng=rng(3)), glyphs(20, rng=rng(3)), glyphs(10, rng=rng(4))
    assert np.array_equal(ten[0], twenty[0][:10]) and np.array_equal(ten[1], twenty[1][:10])
    assert (ten[0] != other[0]).any() and glyphs(0, rng=rng())[0].shape == (0, 16, 16)


def test_fonts_that_are_left_out_are_not_drawn():
    images, labels = glyphs(40, fonts=("STIX",), rng=rng(6))
    others, same = glyphs(40, fonts=FONTS[1:3], rng=rng(6))
    assert (labels == same).all() and (np.abs(images - others).max(axis=(1, 2)) > 0.1).all()
    assert np.array_equal(glyphs(40, fonts=["STIX"], rng=rng(6))[0], images)


@pytest.mark.parametrize("name", ["ROTATION_DEG", "SHEAR", "STRETCH", "SHIFT", "THICKNESS", "BEND"])
def test_every_jitter_changes_the_pictures(name, monkeypatch):
    before = glyphs(20, rng=rng(7))[0]
    middle = sum(getattr(module, name)) / 2
    monkeypatch.setattr(module, name, (middle, middle))
    assert np.abs(glyphs(20, rng=rng(7))[0] - before).max() > 0.2


@pytest.mark.large
@pytest.mark.parametrize("size", [16, 28])
@pytest.mark.parametrize("classes", list(CLASSES))
def test_glyphs_stay_inside_and_have_ink(classes, size):
    images, _ = glyphs(1000, size=size, classes=classes, rng=rng(8))
    frame = images.copy()
    frame[:, 1:-1, 1:-1] = 0
    assert (frame.sum(axis=(1, 2)) > 0.05 * images.sum(axis=(1, 2))).mean() < 0.01
    share = images.mean(axis=(1, 2))
    assert 0.03 < share.min() and share.max() < 0.5 and (images.max(axis=(1, 2)) > 0.6).all()


def test_pictures_of_both_sizes_show_the_same():
    small, large = glyphs(50, size=16, rng=rng(9))[0], glyphs(50, size=32, rng=rng(9))[0]
    halved = large.reshape(50, 16, 2, 16, 2).mean(axis=(2, 4))
    assert np.abs(halved - small).mean() < 0.02 and np.abs(halved[:, ::-1] - small).mean() > 0.1


def test_the_pictures_are_those_of_the_thumbnail_within_one_grey_level():
    digits, letters = glyphs(20, rng=rng(10))[0], glyphs(20, classes="letters", rng=rng(11))[0]
    sheet = np.concatenate([*digits.reshape(2, 10, 16, 16), *letters.reshape(2, 10, 16, 16)], axis=1)
    sheet = np.concatenate(list(255 * sheet), axis=1)
    assert np.abs(np.asarray(Image.open(THUMBNAIL)) - sheet).max() <= 1.5  # one, and half of it from rounding


# ---- what classifiers reach


@pytest.mark.large
def test_a_linear_classifier_reads_digits_but_not_all():
    """About 96.5 % of fresh pictures, 95.5 % of fonts never seen: it cannot follow a stroke that moves by a pixel."""
    model = trained_linear(*glyphs(10000, rng=rng(1)))
    assert 0.955 < accuracy(model, *glyphs(4000, rng=rng(2))) < 0.975
    model = trained_linear(*glyphs(10000, fonts=FONTS[:16], rng=rng(1)))
    assert 0.94 < accuracy(model, *glyphs(4000, fonts=FONTS[16:], rng=rng(2))) < 0.97


@pytest.mark.slow
@pytest.mark.large
def test_a_small_convolutional_network_reads_nearly_all_digits():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Unflatten(1, (1, 16)), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                            nn.Flatten(), nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 10))  # fmt: skip
    steps, random = 1000, rng(12)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(steps):
        images, labels = map(torch.from_numpy, glyphs(128, rng=random))
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    assert accuracy(network, *glyphs(10000, rng=rng(13))) > 0.997  # about 0.9995


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_largest_numbers_that_are_taken_give_ink_between_0_and_1(sign):
    large = 1e6 * sign
    for M in ([[large, 0, large], [0, large, -large]], [[1e-3, 0, large], [0, 1e-3, large]]):
        image = render_glyph(np.array([[large, -large], [-large, large]]), M, thickness=large, size=5)
        assert image.min() >= 0 and image.max() <= 1


def test_what_is_kept_between_calls_cannot_be_changed():
    bank = module._bank(("STIX",), "0123456789")
    five = distance_field("STIX", "5")
    assert distance_field("STIX", "5") is five and (bank[0, 5] == five).all()
    for kept in (bank, five):
        with pytest.raises(ValueError, match="read-only"):
            kept[:] = 0


# ---- bad arguments


@pytest.mark.parametrize(("arguments", "error", "message"), [
    (dict(n=-1), ValueError, "glyphs: `n` must be at least 0"),
    (dict(n=2.0), TypeError, "glyphs: `n` must be a whole number"),
    (dict(size=7), ValueError, "glyphs: `size` must be at least 8"),
    (dict(size=4097), ValueError, "glyphs: `size` must be at least 8 and at most 4096; got 4097"),
    (dict(n=10**9), ValueError, r"glyphs: `n \* size\^2` must lie in \[0, 1e\+08\]; got 2.56e\+11. Ask for fewer"),
    (dict(classes="both"), ValueError, "glyphs: `classes` must be 'digits' or 'letters'; got 'both'"),
    (dict(fonts=()), TypeError, "glyphs: `fonts` must be a tuple of at least one name"),
    (dict(fonts="STIX"), TypeError, "glyphs: `fonts` must be a tuple of at least one name; got 'STIX'"),
    (dict(fonts=("Arial",)), ValueError, "glyphs: `fonts` must be 'DejaVu Sans' or .*; got 'Arial'"),
    (dict(rng=3), TypeError, "glyphs: `rng` must be a Generator; got int"),
])  # fmt: skip
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        glyphs(**{"n": 2, "rng": rng()} | arguments)


def test_bad_drawings_are_refused():
    field = square_field()
    with pytest.raises(ValueError, match=r"render_glyph: `field_from_picture` must be of shape \(2, 3\); got \(2, 2\)"):
        render_glyph(field, np.eye(2))
    with pytest.raises(ValueError, match="render_glyph: `field_from_picture` must be invertible"):
        render_glyph(field, np.ones((2, 3)))
    with pytest.raises(ValueError, match="render_glyph: `distance_field` holds NaN"):
        render_glyph(field * np.nan, PLAIN_MAP)
    with pytest.raises(ValueError, match=r"at least 2 x 2 pixels; got \(1, 64\)"):
        render_glyph(field[:1], PLAIN_MAP)
    with pytest.raises(ValueError, match="render_glyph: `size` must be at least 1"):
        render_glyph(field, PLAIN_MAP, size=0)
    with pytest.raises(ValueError, match="render_glyph: `size` must be at least 1 and at most 4096; got 1000000"):
        render_glyph(field, PLAIN_MAP, size=10**6)
    with pytest.raises(ValueError, match=r"`field_from_picture` must lie in -1e\+06..1e\+06; got \[\[1.7e\+308"):
        render_glyph(np.ones((2, 2)), [[1.7e308, -1.7e308, 0], [1e-300, 1e-300, 0]], size=5)  # once read beyond
    with pytest.raises(ValueError, match="`distance_field` must lie in -1e6..1e6"):
        render_glyph(1e7 * field, PLAIN_MAP)
    with pytest.raises(ValueError, match=r"render_glyph: `thickness` must lie in \[-1e\+06, 1e\+06\]; got 1e\+300"):
        render_glyph(field, PLAIN_MAP, thickness=1e300)
    with pytest.raises(TypeError, match="render_glyph: `thickness` must be a number"):
        render_glyph(field, PLAIN_MAP, thickness="thin")
    for font, character in (("Arial", "1"), ("STIX", "a"), ("STIX", "10"), ("STIX", 1), (["STIX"], "5"), ("STIX", {})):
        with pytest.raises(ValueError, match="distance_field: `(font|character)` must be"):
            distance_field(font, character)
