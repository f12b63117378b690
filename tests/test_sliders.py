"""Sliders: every combination is a frame, the first one seen is the start, and the controls of a kernel agree."""

import itertools
import json
import re
import xml.etree.ElementTree as ElementTree

import ipywidgets
import numpy as np
import pytest

from course_lib.plotting import show_row
from course_lib.sliders import MOST_FRAMES, explore


def figure(**values):
    text = ", ".join(f"{name} is {value}" for name, value in values.items())
    return show_row([np.zeros((2, 2), np.uint8)], alt=f"Two by two pixels where {text}")


def parsed(slider):
    html = re.sub(r"(<(?:img|input) [^>]*[^/])>", r"\1/>", slider._repr_html_()).replace(" hidden>", ' hidden="">')
    tree = ElementTree.fromstring(f"<div>{html}</div>")
    assert "script" not in {element.tag for element in tree.iter()}
    return tree


def frames(tree):
    return [e for e in tree.iter("div") if "course-frame" in e.get("class", "").split()]


def test_every_combination_is_a_frame_in_the_order_of_the_sliders():
    slider = explore(figure, a=[1, 2], b=["x", "y", "z"])
    alts = [f"Two by two pixels where a is {a}, b is {b}" for a, b in itertools.product([1, 2], "xyz")]
    assert [frame.alt for frame in slider.frames] == alts
    tree = parsed(slider)
    assert [e.get("alt") for e in tree.iter("img")] == alts
    labels = ["".join(p.itertext()) for p in tree.iter("p")]
    assert labels[0] == "a = 1, b = x" and labels[5] == "a = 2, b = z"


@pytest.mark.parametrize(("start", "shown"), [(None, 0), ({"b": "y"}, 1), ({"a": 2}, 3), ({"a": 2, "b": "z"}, 5)])
def test_start_chooses_the_one_frame_seen_first(start, shown):
    slider = explore(figure, start=start, a=[1, 2], b=["x", "y", "z"])
    tree = parsed(slider)
    assert [k for k, frame in enumerate(frames(tree)) if frame.get("hidden") is None] == [shown]
    inputs = {e.get("name"): e for e in tree.iter("input")}
    assert int(inputs["a"].get("value")) * 3 + int(inputs["b"].get("value")) == shown
    for name, listed in (("a", ["1", "2"]), ("b", ["x", "y", "z"])):
        assert json.loads(inputs[name].get("data-values")) == listed and inputs[name].get("max") == str(len(listed) - 1)
        assert inputs[name].get("aria-valuetext") == listed[int(inputs[name].get("value"))]


def test_three_frames_are_printed_on_paper():
    tree = parsed(explore(figure, v=range(9)))
    assert [k for k, frame in enumerate(frames(tree)) if "course-print" in frame.get("class")] == [0, 4, 8]


def test_the_slider_prints_as_one_line_with_its_ends():
    text = repr(explore(figure, sigma=[0.5, 1.0, 2.25]))
    assert text.startswith("Slider: sigma from 0.5 to 2.25 in 3 steps.") and "\n" not in text
    assert "sigma is 0.5" in text and "sigma is 2.25" in text


def test_values_are_written_so_that_they_differ():
    for listed, written in (
        ([1000000, 1234567], ["1000000", "1234567"]),
        ([True, False], ["True", "False"]),
        (np.float32([0.1, 0.25]), ["0.1", "0.25"]),
        (np.arange(2), ["0", "1"]),
        ([2.0, 2.5], ["2", "2.5"]),
        (["<script>", 'a"b'], ["<script>", 'a"b']),
        ((k * k for k in range(3)), ["0", "1", "4"]),
    ):
        inputs = list(parsed(explore(figure, v=listed)).iter("input"))
        assert json.loads(inputs[0].get("data-values")) == written


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({}, ValueError, f"between 1 and {MOST_FRAMES} combinations .* got 0"),
        ({"v": range(61)}, ValueError, "got 61. List fewer values"),
        ({"v": range(10**15)}, ValueError, "got 61. List fewer values"),
        ({"v": itertools.count()}, ValueError, "got 61. List fewer values"),
        ({"a": range(8), "b": range(8)}, ValueError, "got 64"),
        ({"v": []}, ValueError, "`v` must be a name with values"),
        ({'a"b': [1]}, ValueError, "must be a name with values"),
        ({"v": 5}, TypeError, "`v` must be a list of values; got int"),
        ({"v": None}, TypeError, "got NoneType"),
        ({"v": "abc"}, TypeError, "got str"),
        ({"v": {1, 2}}, TypeError, "got set"),
        ({"v": {1: 2}}, TypeError, "got dict"),
        ({"v": [1, 1]}, ValueError, "numbers or words that read differently; got 1, 1"),
        ({"v": [1, 1.0]}, ValueError, "that read differently"),
        ({"v": [np.eye(2)]}, ValueError, "numbers or words"),
        ({"v": [None, 1]}, ValueError, "numbers or words"),
    ],
)
def test_bad_values_are_refused(values, error, message):
    with pytest.raises(error, match=f"explore: .*{message}"):
        explore(figure, **values)


def test_sixty_frames_are_not_too_many():
    assert len(explore(figure, a=range(6), b=range(10)).frames) == 60


@pytest.mark.parametrize("start", [{"v": 9}, {"w": 1}, {"v": None}, {"v": np.eye(2)}])
def test_a_start_that_is_not_listed_is_refused(start):
    with pytest.raises(ValueError, match="(?s)explore: `start` names . = .* which is not among the values"):
        explore(figure, start=start, v=[1, 2])


def test_other_bad_arguments_are_refused():
    for start in (3, "v", [("v", 1)], 0, []):
        with pytest.raises(TypeError, match="`start` must be a mapping of name to value"):
            explore(figure, start=start, v=[1])
    with pytest.raises(TypeError, match="`function` must be a function that makes a figure; got int"):
        explore(5, v=[1])
    with pytest.raises(TypeError, match="must return a figure of course_lib.plotting, .* got int"):
        explore(lambda v: v, v=[1])


# ---- with a kernel


@pytest.mark.parametrize(
    ("listed", "kind", "step"),
    [
        ([1, 2, 3], ipywidgets.IntSlider, 1),
        ([3, 5, 7], ipywidgets.IntSlider, 2),
        ([1, 2, 10], ipywidgets.SelectionSlider, None),
        ([1.0, 2, 4.0], ipywidgets.FloatSlider, 0.03),
        (["a", "b"], ipywidgets.SelectionSlider, None),
        ([True, False], ipywidgets.SelectionSlider, None),
        ([3], ipywidgets.SelectionSlider, None),
        ([0.5], ipywidgets.SelectionSlider, None),
    ],
)
def test_a_kernel_offers_only_values_that_make_sense(listed, kind, step):
    slider, picture = explore(figure, start={"v": listed[-1]}, v=listed).controls().children
    assert type(slider) is kind and slider.value == listed[-1] and f"v is {listed[-1]}" in picture.value
    if step:
        assert (slider.min, slider.max) == (listed[0], listed[-1]) and slider.step == pytest.approx(step)
    slider.value = listed[0]
    assert f"v is {listed[0]}" in picture.value


def test_the_controls_are_offered_only_where_somebody_has_the_notebook_open(monkeypatch):
    slider = explore(figure, v=[1, 2])
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert set(slider._repr_mimebundle_()) == {"text/plain", "text/html"}
    monkeypatch.setenv("JPY_SESSION_NAME", "open.ipynb")
    bundle = slider._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle and bundle["text/html"] == slider._repr_html_()
