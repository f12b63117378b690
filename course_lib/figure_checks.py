r"""The contracts of figures: pictures that can be drawn, captions, alt text.

As in `course_lib.checks`, a broken contract is one sentence: function, parameter, expected, got, remedy.

Notebook: every one, through course_lib.plotting
"""

import numpy as np

from course_lib import checks


def pictures(function: str, values) -> list[np.ndarray]:
    """Return a list or tuple of arrays that can be drawn: (H, W) of any real numbers or colour; else raise."""
    if not isinstance(values, (list, tuple)) or len(values) == 0:
        raise TypeError(f"{function}: pass a list of at least one array, also for a single one: [image]; "
                        f"got {type(values).__name__}.")
    arrays = [checks.array(function, "picture", value) for value in values]
    for a in arrays:
        colour = a.ndim == 3 and a.shape[2] == 3
        if a.size == 0 or not (a.ndim == 2 or colour) or a.dtype.kind not in "buif" or max(a.shape) > 16383:
            raise ValueError(f"{function}: a picture must be (H, W) or (H, W, 3) of real numbers, with sides of "
                             f"1..16383; got {a.shape} {a.dtype}. Pass a list of arrays, also for a single one.")
        if colour and a.dtype not in (np.uint8, np.bool_):
            finite = a[np.isfinite(a)]
            low, high = float(finite.min(initial=0)), float(finite.max(initial=0))
            if a.dtype.kind != "f" or not -checks.FLOAT_SLACK <= low <= high <= 1 + checks.FLOAT_SLACK:
                raise ValueError(f"{function}: a colour picture must be uint8 or float in 0..1; got {a.dtype} in "
                                 f"{low:g}..{high:g}. Show its channels one by one, or scale it.")
    return arrays


def captions(function: str, values, n: int) -> list[str]:
    """Return `values` as a list of `n` str, all empty if it is None; else raise."""
    if values is None:
        return [""] * n
    if not isinstance(values, (list, tuple)) or not all(isinstance(text, str) for text in values):
        raise TypeError(f"{function}: `captions` must be a list of str, one for each picture; got {values!r}.")
    if len(values) != n:
        raise ValueError(f"{function}: {n} pictures need {n} captions; got {len(values)}.")
    return list(values)


def alt(function: str, text) -> None:
    """Raise unless `text` can stand for a picture."""
    if not isinstance(text, str) or len(text.strip()) < 20:
        raise ValueError(f"{function}: `alt` must say in words what the figure shows; got {text!r}.")
