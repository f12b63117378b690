"""The table of the bundled pictures agrees with their files."""

import ast
import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from scipy import ndimage
from sklearn.datasets import load_digits

from course_lib.data.samples import SAMPLES, digits, faces, load, motorcycle_disparity

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
FOLDERS = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}
LEFT_OUT = {
    "skimage/data/chessboard_RGB.png": "the checkerboard again, three equal channels",
    "skimage/data/logo.png": "a logo",
    "skimage/data/multipage.tif": "pages of nothing, for tests of a file reader",
    "skimage/data/multipage_rgb.tif": "pages of nothing, for tests of a file reader",
    "skimage/data/no_time_for_that_tiny.gif": "an animation",
    "matplotlib/mpl-data/sample_data/Minduka_Present_Blue_Pack.png": "an icon of 128 pixels",
    "matplotlib/mpl-data/sample_data/logo2.png": "a logo",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_table_says_what_the_file_holds(name):
    sample = SAMPLES[name]
    image = load(name)
    assert sample.name == name and image.shape == sample.shape and image.dtype == np.uint8
    assert image.flags.writeable and image.flags.c_contiguous and image.max() - image.min() > 50
    assert all([sample.subject, sample.origin, sample.license, sample.package])
    assert resources.files(sample.package).joinpath(sample.file).is_file()


@pytest.mark.parametrize("name", ["coins", "cat"])
def test_each_load_is_a_new_array(name):
    image = load(name)
    before = image[0, 0].copy()
    image[:] = 0
    assert (load(name)[0, 0] == before).all() and (before != 0).any()


def test_the_package_holds_both_grey_and_colour_and_no_file_twice():
    assert {len(s.shape) for s in SAMPLES.values()} == {2, 3}
    assert len({(s.package, s.file) for s in SAMPLES.values()}) == len(SAMPLES) >= 20
    assert (load("coins") != load("camera")[:303, :384]).any()


def test_grey_pictures_are_those_whose_channels_are_equal():
    for name, sample in SAMPLES.items():
        image = load(name)
        if len(sample.shape) == 3:
            assert (image[..., 0] != image[..., 2]).any(), name


@pytest.mark.parametrize("name", ["coin", "", None, 3, ["coins"], "Coins"])
def test_an_unknown_name_gives_one_sentence_with_the_names(name):
    with pytest.raises(ValueError, match="load: `name` must be 'astronaut' or .*'coins'.*; got") as caught:
        load(name)
    assert "\n" not in str(caught.value)


def test_every_bundled_picture_is_in_the_table_or_left_out_for_a_reason():
    there = {f"{package}/{folder}/{file.name}" for package, folder in FOLDERS.items()
             for file in resources.files(package).joinpath(folder).iterdir()
             if file.name.endswith((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".webp", ".bmp"))}  # fmt: skip
    listed = {f"{sample.package}/{sample.file}" for sample in SAMPLES.values()}
    assert listed | set(LEFT_OUT) == there and not listed & set(LEFT_OUT) and all(LEFT_OUT.values())


def test_the_table_says_which_chapters_load_a_picture():
    used = {name: [] for name in SAMPLES}
    for notebook in NOTEBOOKS:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        lines = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "code").splitlines()
        code = "\n".join("pass" if line.startswith(("%", "!", "?")) or line.endswith("?") else line for line in lines)
        calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
        names = {call.args[0].value for call in calls if isinstance(call.func, ast.Name) and call.func.id == "load"
                 and call.args and isinstance(call.args[0], ast.Constant)}  # fmt: skip
        for name in sorted(names):
            used[name].append(notebook.stem)
    assert {name: list(sample.chapters) for name, sample in SAMPLES.items()} == used
    assert sum(map(len, used.values())) >= 16


def test_grey_levels_of_the_phantom_are_few_and_those_of_the_wheel_are_many():
    assert len(np.unique(load("phantom"))) < 10 and len(np.unique(load("colorwheel").reshape(-1, 3), axis=0)) > 10_000


# ---- the arrays


def mean_difference(picture, other, x):
    """Between picture[y, x0] and other[y, x[y, x0]], where that lies inside."""
    y = np.arange(len(x))[:, None] + np.zeros_like(x)
    inside = (x >= 0) & (x <= other.shape[1] - 1)  # False where x is NaN
    there = [ndimage.map_coordinates(other[..., k].astype(float), (y[inside], x[inside]), order=1) for k in range(3)]
    return np.abs(np.stack(there, axis=-1) - picture[inside]).mean()


def test_the_disparity_leads_from_the_left_picture_to_the_right_one():
    left, right, d = load("motorcycle_left"), load("motorcycle_right"), motorcycle_disparity().astype(float)
    x = np.arange(d.shape[1]) + np.zeros_like(d)
    found = mean_difference(left, right, x - d)
    assert found < 8  # of 255, occlusions included
    for wrong in (x + d, x - d + 1, x - d - 1, x + 0 * d):
        assert mean_difference(left, right, wrong) > 1.4 * found
    assert mean_difference(right, left, x + d) > 1.4 * found  # it belongs to the pixels of the left picture


def test_the_disparity_is_what_scikit_image_has_with_nan_for_infinity():
    d, theirs = motorcycle_disparity(), skimage.data.stereo_motorcycle()[2]
    assert d.dtype == np.float32 and d.shape == theirs.shape == load("motorcycle_left").shape[:2]
    known = np.isfinite(theirs)
    assert (d[known] == theirs[known]).all() and np.isnan(d[~known]).all() and 0.05 < (~known).mean() < 0.1
    assert 7 <= d[known].min() and d[known].max() <= 60


def test_the_nearest_point_of_the_motorcycle_is_two_metres_away():
    depth_m = 0.193001 * 994.978 / (motorcycle_disparity() + 31.086)
    assert 2 < np.nanmin(depth_m) < 2.2 and 5 < np.nanmax(depth_m) < 5.1


def test_digits_are_those_of_scikit_learn_divided_by_16():
    images, classes = digits()
    theirs = load_digits()
    assert images.dtype == np.float32 and classes.dtype == np.int64 and images.shape == (1797, 8, 8)
    assert (images * 16 == theirs.images).all() and (classes == theirs.target).all()
    assert images.min() == 0 and images.max() == 1 and set(classes.tolist()) == set(range(10))


def test_faces_come_first_and_look_like_their_mean_while_the_others_do_not():
    images, classes = faces()
    assert images.dtype == np.float32 and images.shape == (200, 25, 25) and 0 <= images.min() < images.max() <= 1
    assert classes.dtype == np.int64 and classes.tolist() == [1] * 100 + [0] * 100
    assert (images == skimage.data.lfw_subset().astype(np.float32)).all()
    mean = images[:100:2].mean(axis=0).ravel()
    likeness = np.array([np.corrcoef(mean, image.ravel())[0, 1] for image in images])
    assert np.median(likeness[1:100:2]) > 0.5 > likeness[100:].max() and np.median(likeness[100:]) < 0


@pytest.mark.parametrize("arrays", [motorcycle_disparity, digits, faces])
def test_each_call_gives_new_arrays(arrays):
    first = np.atleast_1d(arrays()[0]).copy()
    arrays()[0][:] = -1
    np.testing.assert_array_equal(np.atleast_1d(arrays()[0]), first)
