r"""One figure with sliders that works in JupyterLab and in a static page with no kernel and no network.

Notebook: notebooks/01-images.ipynb

`explore` computes the figure for every listed value and puts all of them into the page; the sliders
choose which one is seen. In JupyterLab, where a kernel is at hand, the same cell offers continuous
ipywidgets controls that call the function anew. Printed on paper, three of the figures stand below
each other.
"""

import html
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from course_lib.plotting import Pictures

MOST_FRAMES = 60  # a page should stay light on a phone
SCALARS = (str, bool, int, float, np.generic)

# Reads the positions of all sliders of the figure, shows the frame they name, and says the value.
_ON_INPUT = """
var figure = this.closest('.course-explore'), index = 0;
figure.querySelectorAll('input[type=range]').forEach(function (slider) {
  index = index * (Number(slider.max) + 1) + Number(slider.value);
  var text = JSON.parse(slider.dataset.values)[slider.value];
  slider.setAttribute('aria-valuetext', text);
  figure.querySelector('output[data-of=' + slider.name + ']').textContent = text;
});
figure.querySelectorAll('.course-frame').forEach(function (frame, k) { frame.hidden = k !== index; });
"""


@dataclass(frozen=True)
class FrameSlider:
    """Precomputed frames and the sliders that choose among them; `explore` makes one."""

    function: Callable[..., Pictures]
    values: Mapping[str, Sequence]
    start: Mapping[str, int]  # index of the first value shown, for each slider
    frames: tuple[Pictures, ...]  # in the order of itertools.product over the values

    def _repr_html_(self) -> str:
        shown = 0
        for name, listed in self.values.items():
            shown = shown * len(listed) + self.start[name]
        labels = [", ".join(f"{name} = {_text(v)}" for name, v in zip(self.values, combination, strict=True))
                  for combination in itertools.product(*self.values.values())]
        printed = {0, len(self.frames) // 2, len(self.frames) - 1}
        frames = "".join(
            f'<div class="course-frame{" course-print" * (k in printed)}"{" hidden" * (k != shown)}>'
            f'<p class="course-frame-label">{html.escape(label)}</p>{frame.html}</div>'
            for k, (frame, label) in enumerate(zip(self.frames, labels, strict=True)))
        sliders = "".join(self._slider(name) for name in self.values)
        whole = Pictures(f'<div class="course-explore">{frames}<div class="course-slider">{sliders}</div></div>', "")
        return whole._repr_html_()

    def _slider(self, name):
        texts = [_text(v) for v in self.values[name]]
        now = self.start[name]
        listed, label = html.escape(json.dumps(texts), quote=True), html.escape(name.replace("_", " "))
        return (f'<label>{label} <input type="range" name="{name}" min="0" max="{len(texts) - 1}" '
                f'step="1" value="{now}" data-values="{listed}" aria-valuetext="{html.escape(texts[now])}" '
                f'oninput="{html.escape(_ON_INPUT.strip(), quote=True)}" onkeydown="event.stopPropagation()">'
                f'</label> <output data-of="{name}">{html.escape(texts[now])}</output>')

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        if os.environ.get("JPY_SESSION_NAME"):  # set by Jupyter's server for a notebook that somebody has open
            bundle.update(self.controls()._repr_mimebundle_())
        return bundle

    def controls(self):
        """The same figure as ipywidgets with continuous sliders, for a live kernel."""
        import ipywidgets as widgets

        sliders = {}
        for name, listed in self.values.items():
            now = listed[self.start[name]]
            steps = set(np.diff(sorted(listed)).tolist()) if all(type(v) is int for v in listed) else set()
            if len(steps) == 1:  # only the rungs of the ladder: 4 between 3, 5, 7 may be no size of a kernel
                sliders[name] = widgets.IntSlider(now, min(listed), max(listed), steps.pop(), description=name)
            elif len(listed) > 1 and any(isinstance(v, float) for v in listed) \
                    and all(type(v) is not bool and isinstance(v, (int, float)) for v in listed):
                step = (max(listed) - min(listed)) / 100
                sliders[name] = widgets.FloatSlider(now, min=min(listed), max=max(listed), step=step, description=name)
            else:
                sliders[name] = widgets.SelectionSlider(options=list(listed), value=now, description=name)
            sliders[name].continuous_update = False
        picture = widgets.HTML()

        def show(_=None):
            picture.value = self.function(**{n: s.value for n, s in sliders.items()})._repr_html_()

        for slider in sliders.values():
            slider.observe(show, names="value")
        show()
        return widgets.VBox([*sliders.values(), picture])

    def __repr__(self) -> str:
        ranges = "; ".join(f"{name} from {_text(v[0])} to {_text(v[-1])} in {len(v)} steps"
                           for name, v in self.values.items())
        return f"Slider: {ranges}. First and last frame: {self.frames[0].alt} | {self.frames[-1].alt}"


def explore(function: Callable[..., Pictures], *, start: Mapping[str, object] | None = None,
            **values: Sequence) -> FrameSlider:
    """A figure with one slider for each named list of values.

    Parameters
    ----------
    function : callable
        Called with one value of each list by keyword; returns what `show_row`, `show_numbers` or
        `show_chart` return. Its alt text may, and should, name the value.
    start : mapping of name to value, optional
        What is shown first; default: the first value of each list.
    **values : sequences
        At most 60 combinations in all: every one is computed and stored in the page.

    Raises
    ------
    ValueError
        No values, too many combinations, or a start that is not in its list.
    TypeError
        The function returns something else than a figure.

    Notebook: notebooks/01-images.ipynb
    """
    values = {name: _as_values(name, listed) for name, listed in values.items()}
    count = math.prod(len(listed) for listed in values.values())
    if not values or count > MOST_FRAMES:
        raise ValueError(f"explore: between 1 and {MOST_FRAMES} combinations of values can be shown; "
                         f"got {count if values else 0}. List fewer values.")
    start = {} if start is None else start
    if not isinstance(start, Mapping):
        raise TypeError(f"explore: `start` must be a mapping of name to value; got {type(start).__name__}.")
    if not callable(function):
        raise TypeError(f"explore: `function` must be a function that makes a figure; got {type(function).__name__}.")
    positions = dict.fromkeys(values, 0)
    for name, value in start.items():
        if name not in values or not isinstance(value, SCALARS) or value not in values[name]:
            raise ValueError(f"explore: `start` names {name} = {value!r}, which is not among the values.")
        positions[name] = values[name].index(value)
    frames = []
    for combination in itertools.product(*values.values()):
        frame = function(**dict(zip(values, combination, strict=True)))
        if not isinstance(frame, Pictures):
            raise TypeError(f"explore: the function must return a figure of course_lib.plotting, such as "
                            f"show_row([...], alt=...); got {type(frame).__name__}.")
        frames.append(frame)
    return FrameSlider(function, values, positions, tuple(frames))


def _as_values(name, listed):
    if isinstance(listed, (str, Mapping, Set)) or not isinstance(listed, Iterable):
        raise TypeError(f"explore: `{name}` must be a list of values; got {type(listed).__name__}.")
    values = list(itertools.islice(listed, MOST_FRAMES + 1))  # an endless or huge iterable is too many, not a hang
    if not values or not name.isidentifier():
        raise ValueError(f"explore: `{name}` must be a name with values; list what the slider should show.")
    if not all(isinstance(v, SCALARS) for v in values) or len({_text(v) for v in values}) < len(values):
        raise ValueError(f"explore: the values of `{name}` must be numbers or words that read differently; "
                         f"got {', '.join(map(_text, values))}. Let the function look up what they stand for.")
    return values


def _text(value) -> str:
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)
