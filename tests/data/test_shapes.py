"""Shape scenes: areas in closed form, ids that agree with pictures, what is in front, colours without meaning."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from course_lib.data import shapes as module
from course_lib.data.shapes import NAMES, shapes

THUMBNAIL = Path(__file__).parent / "thumbnails" / "shapes.png"


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def scenes():
    return shapes(150, rng=rng(1))


def instances_of(scenes):
    """(scene, number, class, mask) of every shape."""
    for k, (classes, instances) in enumerate(zip(scenes.classes, scenes.instances, strict=True)):
        for number in range(1, instances.max() + 1):
            mask = instances == number
            kinds = np.unique(classes[mask])
            assert len(kinds) == 1, "a shape has one class"
            yield k, number, int(kinds[0]), mask


# ---- one shape alone


@pytest.mark.parametrize("kind", range(1, 5))
def test_a_shape_has_the_area_of_its_corners(kind):
    y, x = np.mgrid[:400, :400]
    for seed in range(5):
        distance = module._distance(kind, np.array([199.3, 201.1]), 150.0, x, y, rng(seed))
        random = rng(seed)
        random.uniform()
        p = random.random()
        R2, half, apex = 150.0**2, np.pi / 4 * (0.5 + 0.5 * p), 0.7 + 0.6 * p
        area = {"disk": np.pi * R2 * 0.85**2, "rectangle": 2 * R2 * np.sin(2 * half),
                "triangle": R2 * (np.sin(np.pi - np.pi / 3 * apex) + np.sin(2 * np.pi / 3 * apex) / 2),
                "star": 5 * R2 * (0.38 + 0.14 * p) * np.sin(np.pi / 5)}[NAMES[kind]]  # fmt: skip
        assert (distance < 0).sum() == pytest.approx(area, rel=0.005)


@pytest.mark.parametrize("kind", range(1, 5))
def test_a_window_holds_the_whole_shape_and_its_edge(kind):
    for seed in range(20):
        center = rng(seed).uniform(0.1, 0.9, 2) * 64
        window, x, y = module._window(center, 14.0, 64)
        yy, xx = np.mgrid[:64, :64]
        part = module._distance(kind, center, 14.0, x, y, rng(seed))
        whole = module._distance(kind, center, 14.0, xx, yy, rng(seed))
        assert np.array_equal(whole[window], part)
        whole[window] = np.inf
        assert whole.min() >= 0.5  # nothing of its coverage is outside


def test_the_noise_is_smooth_and_the_weights_add_up_to_one():
    for cells in module.SCALES:
        B = module._weights(cells, 64)
        np.testing.assert_allclose(B.sum(axis=1), 1, atol=1e-12)
        assert B.shape == (64, cells + 1) and (B >= 0).all() and B[0, 0] == B[0].max() and B[-1, -1] == B[-1].max()
    everywhere = (slice(None), slice(None))
    coarse, fine = (module._noise(cells, 64, everywhere, rng(0)) for cells in (3, 12))
    assert np.abs(np.diff(coarse, axis=1)).mean() < np.abs(np.diff(fine, axis=1)).mean()


# ---- scenes


def test_shapes_types_and_numbers(scenes):
    assert scenes.images.shape == (150, 64, 64, 3) and scenes.images.dtype == np.uint8
    for ids in (scenes.classes, scenes.instances):
        assert ids.shape == (150, 64, 64) and ids.dtype == np.int32 and ids.min() == 0
    assert np.unique(scenes.classes).tolist() == [0, 1, 2, 3, 4] and len(NAMES) == 5
    assert np.array_equal(scenes.classes > 0, scenes.instances > 0)
    counts = scenes.instances.max(axis=(1, 2))
    assert sorted(set(counts)) == [2, 3, 4, 5, 6]
    ground = (scenes.classes == 0).mean()
    assert 0.6 < ground < 0.9
    share = np.bincount([kind for *_, kind, _ in instances_of(scenes)])[1:] / counts.sum()
    assert np.abs(share - 0.25).max() < 0.08  # four standard deviations of about 600 draws


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(24, 50))
def test_every_shape_keeps_visible_pixels_and_numbers_have_no_gap(seed, size):
    scene = shapes(1, size=size, rng=rng(seed))
    area = np.bincount(scene.instances.ravel())[1:]
    assert 2 <= len(area) <= 6 and area.min() >= module.MIN_VISIBLE * size**2


def test_later_shapes_are_in_front():
    """The sign of each distance, painted in order, is the truth; the other order is not."""
    wrong = 0
    for seed in range(30):
        C, S = np.zeros((2, 64, 64), np.int32)
        outlines = module._arrange(C, S, 64, rng(seed))
        forward, backward = np.zeros((2, 64, 64), np.int32)
        for number, (window, distance) in enumerate(outlines, start=1):
            forward[window][distance < 0] = number
            backward[window] = np.where((distance < 0) & (backward[window] == 0), number, backward[window])
        assert np.array_equal(forward, S)
        wrong += not np.array_equal(backward, S)
    assert wrong > 15  # most scenes overlap somewhere


def test_at_a_crossing_the_picture_shows_the_colour_of_the_shape_in_front(monkeypatch):
    """Without texture, light and noise, the pixels inside a shape have the one colour of its number.

    But for a few: a star's tip is thinner than a pixel, and tints what no centre belongs to it.
    """
    for name, value in (("TEXTURE", (0, 0)), ("LIGHT", 0), ("NOISE", (0, 0))):
        monkeypatch.setattr(module, name, value)
    flat = shapes(40, rng=rng(2))
    cross = ndimage.generate_binary_structure(2, 2)
    other, all_inside = 0, 0
    for k, _, _, mask in instances_of(flat):
        colors = flat.images[k][ndimage.binary_erosion(mask, cross)].astype(int)
        other += (np.abs(colors - np.median(colors, axis=0)).max(axis=1) > 0).sum() if len(colors) else 0
        all_inside += len(colors)
    assert other < 0.003 * all_inside and all_inside > 10000
    for image, instances in zip(flat.images, flat.instances, strict=True):
        colors = [np.median(image[instances == j], axis=0) for j in range(instances.max() + 1)]
        apart = np.abs(np.subtract.outer(range(len(colors)), range(len(colors)))) > 0
        distances = np.linalg.norm(np.array(colors)[:, None] - np.array(colors)[None], axis=-1)
        assert distances[apart].min() > 15
        nearest = np.linalg.norm(image[..., None, :] - np.array(colors), axis=-1).argmin(axis=-1)
        assert (nearest == instances).mean() > 0.97  # but for blends, which may look like a third colour


def test_the_picture_changes_where_the_numbers_change(scenes):
    at_edges, elsewhere = [], []
    for image, instances in zip(scenes.images, scenes.instances, strict=True):
        step = np.abs(np.diff(image.astype(int), axis=1)).sum(axis=2)
        edge = np.diff(instances, axis=1) != 0
        near = ndimage.binary_dilation(edge, iterations=3)
        at_edges.append(np.median(step[edge]))
        elsewhere.append(np.median(step[~near]))
    assert np.median(at_edges) > 6 * np.median(elsewhere)
    assert np.mean(np.array(at_edges) > np.array(elsewhere)) > 0.98


def test_edges_are_blended(monkeypatch):
    """With hard edges there would be two colours beside each other; here a third of the edge pixels is between."""
    for name, value in (("TEXTURE", (0, 0)), ("LIGHT", 0), ("NOISE", (0, 0)), ("COUNT", (2, 2))):
        monkeypatch.setattr(module, name, value)
    flat = shapes(20, rng=rng(3))
    for image, instances in zip(flat.images, flat.instances, strict=True):
        colors = np.array([np.median(image[instances == j], axis=0) for j in range(3)])
        off = np.abs(image[..., None, :] - colors).max(axis=-1).min(axis=-1) > 3
        edge = ndimage.grey_dilation(instances, 3) != ndimage.grey_erosion(instances, 3)
        assert off[edge].mean() > 0.25 and off[~edge].mean() < 0.003  # a tip may be thinner than a pixel


def test_colours_do_not_tell_the_class(scenes):
    """A classifier that sees each shape's colours alone, without their places, is as good as chance."""
    features, kinds = [], []
    for k, _, kind, mask in instances_of(scenes):
        pixels = scenes.images[k][mask] / 255.0
        features.append([*pixels.mean(axis=0), *np.quantile(pixels, [0.1, 0.5, 0.9], axis=0).ravel()])
        kinds.append(kind)
    score = cross_val_score(LogisticRegression(max_iter=1000), features, kinds, cv=5).mean()
    assert 0.15 < score < 0.35  # chance is 1/4; five standard deviations of 600 guesses are 0.09


def test_the_same_seed_gives_the_same_and_three_are_the_first_of_nine():
    three, nine, other = shapes(3, rng=rng(4)), shapes(9, rng=rng(4)), shapes(3, rng=rng(5))
    for name in ("images", "classes", "instances"):
        assert np.array_equal(getattr(three, name), getattr(nine, name)[:3])
        assert (getattr(three, name) != getattr(other, name)).any()
    assert shapes(0, size=30, rng=rng()).images.shape == (0, 30, 30, 3)


def test_scenes_are_compared_as_the_objects_they_are():
    scenes, twin = shapes(1, size=24, rng=rng()), shapes(1, size=24, rng=rng())
    assert scenes == scenes and scenes != twin and len({scenes, twin}) == 2


def test_what_is_kept_between_calls_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        module._weights(3, 24)[0] = 0


@pytest.mark.parametrize("size", [32, 96])
def test_size_scales_the_scene(size):
    small = shapes(60, size=size, rng=rng(6))
    assert small.images.shape == (60, size, size, 3)
    area = np.mean([mask.mean() for *_, mask in instances_of(small)])
    assert 0.03 < area < 0.08


@pytest.mark.parametrize("name", ["TEXTURE", "LIGHT", "NOISE", "SHADE", "STRIPES", "RADIUS", "MARGIN"])
def test_every_constant_changes_the_pictures(name, monkeypatch):
    before, value = shapes(4, rng=rng(7)).images, getattr(module, name)
    monkeypatch.setattr(module, name, tuple(v * 1.2 for v in value) if isinstance(value, tuple) else value * 1.5)
    assert (shapes(4, rng=rng(7)).images != before).any()


def test_the_pictures_are_those_of_the_thumbnail_within_one_grey_level():
    scenes = shapes(12, size=40, rng=rng(8))
    ids = np.repeat((40 * scenes.classes + 8 * scenes.instances)[..., None], 3, axis=3).astype(np.uint8)
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in (*scenes.images.reshape(2, 6, 40, 40, 3),
                                                                          *ids.reshape(2, 6, 40, 40, 3))])
    kept = np.asarray(Image.open(THUMBNAIL)).astype(int)
    assert np.abs(kept[:80] - sheet[:80]).max() <= 1 and (kept[80:] == sheet[80:]).all()


@pytest.mark.parametrize(("arguments", "error", "message"), [
    (dict(n=-1), ValueError, "shapes: `n` must be at least 0"),
    (dict(n="3"), TypeError, "shapes: `n` must be a whole number"),
    (dict(size=23), ValueError, "shapes: `size` must be at least 24"),
    (dict(size=4097), ValueError, "shapes: `size` must be at least 24 and at most 4096; got 4097"),
    (dict(n=10**9), ValueError, r"shapes: `n \* size\^2` must lie in \[0, 1e\+08\]; got 4.096e\+12. Ask for fewer"),
    (dict(n=0, size=10**9), ValueError, "shapes: `size` must be at least 24 and at most 4096"),
    (dict(size=(64, 64)), TypeError, "shapes: `size` must be a whole number"),
    (dict(rng=None), TypeError, "shapes: `rng` must be a Generator; got NoneType"),
])  # fmt: skip
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        shapes(**{"n": 2, "rng": rng()} | arguments)
