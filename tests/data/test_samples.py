"""The table of the bundled pictures agrees with their files."""

from importlib import resources

import numpy as np
import pytest

from course_lib.data.samples import SAMPLES, load


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
