"""Textures: the means of the pyramid, the slope of the noise, no pattern that repeats, bad arguments."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.data import samples, scenes, textures

RGB = np.array([0.8, 0.6, 0.3])
PATTERNS = {
    "plaster": lambda rng: textures.plaster(rng, RGB, size=128),
    "bricks": lambda rng: textures.bricks(rng, shape=(128, 256), rows=10),
    "pebbles": lambda rng: textures.pebbles(rng, size=128, count=60),
    "planks": lambda rng: textures.planks(rng, size=128, boards=4),
}


def rng(seed=0):
    return np.random.default_rng(seed)


def second_peak(image, apart):
    """The largest autocorrelation of the grey picture, -1..1, of shifts (around the border) of `apart` texels or more.

    Rows of bricks and boards lie at equal steps and are no repeats: every row and column is first centred.
    """
    values = image.mean(axis=-1) if image.ndim == 3 else image.astype(float)
    values = values - values.mean(0, keepdims=True)
    values -= values.mean(1, keepdims=True)
    correlation = np.fft.irfft2(np.abs(np.fft.rfft2(values)) ** 2, s=values.shape)
    y, x = (np.abs(np.fft.fftfreq(side) * side) for side in values.shape)
    return (correlation / correlation[0, 0])[np.hypot(y[:, None], x[None]) >= apart].max()


# ---- the pyramid


@given(hnp.arrays(np.uint8, st.tuples(st.sampled_from([1, 2, 4, 8]), st.sampled_from([1, 2, 8, 16]), st.just(3))))
def test_each_level_holds_the_mean_light_of_2_by_2_texels_of_the_one_before(image):
    levels = textures.paint(image).levels
    assert (levels[0] == image).all() and min(levels[-1].shape[:2]) == 1
    for fine, coarse in pairwise(levels):
        h, w = coarse.shape[:2]
        light = textures.LIGHT[fine]
        means = light.reshape(h, 2, w, 2, 3).mean((1, 3))
        if fine is levels[0]:
            assert np.abs(coarse - 255 * means ** (1 / textures.GAMMA)).max() <= 0.5 + 1e-9
        else:  # rounded twice: the levels are made of the light before it was rounded
            assert np.abs(textures.LIGHT[coarse] - means).max() < 0.01


@pytest.mark.parametrize("shape", [(5, 9), (7, 7), (300, 451)])
def test_odd_sides_keep_the_mean(shape):
    image = rng().integers(0, 255, (*shape, 3), dtype=np.uint8)
    levels = textures.paint(image).levels
    for fine, coarse in pairwise(levels):
        assert coarse.shape[:2] == (fine.shape[0] // 2, fine.shape[1] // 2)
        light = [textures.LIGHT[level].mean((0, 1)) for level in (coarse, fine)]
        np.testing.assert_allclose(*light, atol=0.005)


def test_grey_and_float_pictures_become_three_channels_of_uint8():
    gray = rng().random((4, 4))
    level = textures.paint(gray).levels[0]
    assert level.dtype == np.uint8 and (level == level[..., :1]).all()
    assert np.abs(level[..., 0] - 255 * gray).max() <= 0.5
    assert (textures.photograph("coffee").levels[0] == samples.load("coffee")).all()


# ---- noise


@pytest.mark.equation("power-law")
@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.6, 2.0])
@pytest.mark.parametrize("shape", [(128, 128), (64, 256), (101, 77)])
def test_the_amplitude_of_noise_falls_with_the_frequency_to_the_exponent(exponent, shape):
    f = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None])
    noises = [textures.power_law_noise(rng(k), shape, exponent=exponent) for k in range(12)]
    power = sum(np.abs(np.fft.fft2(values)) ** 2 for values in noises)
    ring = (f > 0.02) & (f < 0.5)
    slope = np.polyfit(np.log(f[ring]), np.log(power[ring]) / 2, 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.04)


def test_noise_has_mean_0_and_deviation_1():
    for shape in ((1, 2), (9, 16), (33, 20)):
        values = textures.power_law_noise(rng(), shape, exponent=1.3)
        assert values.shape == shape and abs(values.mean()) < 1e-12 and values.std() == pytest.approx(1)
    assert textures.power_law_noise(rng(), (1, 1)).tolist() == [[0]]


def test_white_noise_is_the_generators_without_its_mean():
    white = rng(5).standard_normal((9, 16))
    found = textures.power_law_noise(rng(5), (9, 16), exponent=0)
    np.testing.assert_allclose(found, (white - white.mean()) / white.std())


# ---- patterns


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_comes_from_its_generator_alone(name):
    first, again, other = (PATTERNS[name](rng(seed)).levels[0] for seed in (1, 1, 2))
    assert (first == again).all() and np.abs(first.astype(int) - other).mean() > 3


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_repeats(name):
    for seed in range(3):
        assert second_peak(PATTERNS[name](rng(seed)).levels[0], apart=16) < 0.6


def test_the_checkerboard_and_the_warning_room_do_repeat():
    assert second_peak(textures.checkerboard(8, size=128).levels[0], apart=16) > 0.99
    wall = scenes.repeating_room().surfaces[1].texture.levels[0]
    assert second_peak(wall, apart=16) > 0.99
    assert (wall[:64] == wall[64:128]).all() and (wall[:, :64] == wall[:, 64:128]).all()


def test_the_checkerboard_begins_white_and_its_squares_are_equal():
    image = textures.checkerboard(3, size=12).levels[0][..., 0]
    assert image[::4, ::4].tolist() == [[255, 0, 255], [0, 255, 0], [255, 0, 255]]
    assert (image == np.kron(image[::4, ::4], np.ones((4, 4)))).all()
    assert textures.checkerboard(2, size=20).levels[0].shape == (20, 20, 3)


def test_bricks_lie_in_as_many_layers_as_asked_for():
    for rows in (5, 12):
        image = textures.bricks(rng(), shape=(240, 240), rows=rows).levels[0].astype(float)
        blueness = (image[..., 2] / image[..., 0]).mean(axis=1)  # mortar is grey, bricks are red
        spectrum = np.abs(np.fft.rfft(blueness - blueness.mean()))
        assert spectrum.argmax() in (rows, 2 * rows) and spectrum[rows] > 5 * np.median(spectrum)


def test_planks_lie_side_by_side_with_dark_joints_and_their_grain_runs_along_x():
    image = textures.planks(rng(), size=240, boards=4).levels[0].mean(axis=-1)
    rows = image.mean(axis=1)
    joints = np.arange(0, 241, 60)
    assert (rows[joints[:-1]] < 0.7 * np.median(rows)).all() and (rows[joints[1:] - 1] < 0.7 * np.median(rows)).all()
    assert np.abs(np.diff(image, axis=1)).mean() < np.abs(np.diff(image, axis=0)).mean()


def test_more_pebbles_are_smaller():
    few, many = (textures.pebbles(rng(), size=128, count=n).levels[0].mean(axis=-1) for n in (20, 200))
    assert np.abs(np.diff(many, axis=1)).mean() > 1.3 * np.abs(np.diff(few, axis=1)).mean()


def test_plaster_has_its_colour_and_its_contrast():
    for contrast in (0.02, 0.1):
        image = textures.plaster(rng(), RGB, size=64, contrast=contrast).levels[0] / 255
        np.testing.assert_allclose(image.mean((0, 1)), RGB, atol=0.01)
        assert image[..., 2].std() / image[..., 2].mean() == pytest.approx(contrast, rel=0.05)
        assert image.shape == (64, 64, 3)


def test_a_texture_keeps_copies_that_nobody_can_change():
    picture = np.zeros((2, 2, 3), np.uint8)
    for texture in (textures.Texture([picture]), textures.paint(picture)):
        picture[:] = 9
        assert isinstance(texture.levels, tuple) and texture.levels[0].max() == 0
        with pytest.raises(ValueError, match="read-only"):
            texture.levels[0][:] = 9
        assert texture == texture and texture != textures.Texture(texture.levels) and {texture: 1}[texture] == 1
        picture[:] = 0


# ---- bad arguments


@pytest.mark.parametrize("levels", [
    (), None, 5, np.zeros((1, 2, 2, 3), np.uint8), (None,), (np.zeros((2, 2), np.uint8),),
    (np.zeros((2, 2, 4), np.uint8),), (np.zeros((0, 2, 3), np.uint8),), (np.zeros((4, 4, 3)),),
    (np.full((4, 4, 3), 2**40),), (np.zeros((2, 2, 3), np.uint8), np.zeros((1, 1, 3), np.int8)),
])  # fmt: skip
def test_levels_are_pictures_of_uint8(levels):
    with pytest.raises(ValueError, match="Texture: `levels` must be a tuple of one or more pictures, .* with textures"):
        textures.Texture(levels)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: textures.paint(np.full((2, 2), 7.0)), ValueError, "paint: a float `image` must lie in 0..1"),
    (lambda: textures.paint(np.zeros((0, 2))), ValueError, "paint: `image` has no pixels"),
    (lambda: textures.photograph("dog"), ValueError, "`name` must be"),
    (lambda: textures.power_law_noise(0, (4, 4)), TypeError, "noise: `rng` must be a Generator; got int"),
    (lambda: textures.power_law_noise(rng(), (0, 4)), ValueError, "noise: `shape` must be at least 1"),
    (lambda: textures.power_law_noise(rng(), (4, 4), exponent=-1), ValueError, "noise: `exponent` must lie in"),
    (lambda: textures.plaster(None, RGB), TypeError, "plaster: `rng` must be a Generator"),
    (lambda: textures.power_law_noise(rng(), 4), ValueError, "noise: `shape` must be two whole numbers"),
    (lambda: textures.power_law_noise(rng(), (4, 5000)), ValueError, "noise: `shape` must be .* at most 4096"),
    (lambda: textures.plaster(rng(), RGB * 255), ValueError, "plaster: `rgb` must lie in 0..1; .* Divide .* by 255"),
    (lambda: textures.plaster(rng(), -RGB), ValueError, "plaster: `rgb` must lie in 0..1"),
    (lambda: textures.plaster(rng(), 0.5), ValueError, r"plaster: `rgb` must be of shape \(3,\)"),
    (lambda: textures.plaster(rng(), np.ones((8, 8, 3)) / 2), ValueError, "plaster: `rgb` must be of shape"),
    (lambda: textures.plaster(rng(), "red"), TypeError, "plaster: `rgb` must be a NumPy array of numbers"),
    (lambda: textures.plaster(rng(), RGB, size=10**6), ValueError, "plaster: `size` must be .* at most 4096"),
    (lambda: textures.bricks(rng(), shape=64), ValueError, "bricks: `shape` must be two whole numbers"),
    (lambda: textures.bricks(rng(), shape=(8, 5000)), ValueError, "bricks: `shape` must be .* at most 4096"),
    (lambda: textures.bricks(rng(), shape=(9, 8), rows=10), ValueError, "bricks: `rows` must be .* at most 9; got 10"),
    (lambda: textures.pebbles(rng(), size=5000), ValueError, "pebbles: `size` must be .* at most 4096"),
    (lambda: textures.pebbles(rng(), size=8, count=65), ValueError, "pebbles: `count` must be .* at most 64; got 65"),
    (lambda: textures.planks(rng(), size=5000), ValueError, "planks: `size` must be .* at most 4096"),
    (lambda: textures.planks(rng(), size=8, boards=9), ValueError, "planks: `boards` must be .* at most 8; got 9"),
    (lambda: textures.checkerboard(3, size=8), ValueError, "`size` must be a multiple of `squares`, 3; got 8"),
    (lambda: textures.checkerboard(3, size=10**6), ValueError, "checkerboard: `size` must be .* at most 4096"),
    (lambda: textures.checkerboard(10**6), ValueError, "checkerboard: `squares` must be .* at most 4096"),
    (lambda: textures.plaster(rng(), RGB, contrast=2), ValueError, "plaster: `contrast` must lie in"),
    (lambda: textures.bricks(rng(), rows=0), ValueError, "bricks: `rows` must be at least 1"),
    (lambda: textures.bricks(rng(), shape=(4, 64)), ValueError, "bricks: `shape` must be at least 8"),
    (lambda: textures.pebbles(rng(), count=1), ValueError, "pebbles: `count` must be at least 2"),
    (lambda: textures.planks(rng(), size=64.0), TypeError, "planks: `size` must be a whole number"),
    (lambda: textures.checkerboard(0), ValueError, "checkerboard: `squares` must be at least 1"),
    (lambda: textures.checkerboard(8, size=4), ValueError, "checkerboard: `size` must be at least 8"),
])  # fmt: skip
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
