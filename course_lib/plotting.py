r"""Pictures, tables of numbers, charts and sliders for the notebooks and the web book.

Notebook: every one; introduced in notebooks/01-images.ipynb

Each function returns a `Pictures` object, which JupyterLab and the book show as HTML and which prints
as its own alt text. Pictures sit beside each other on a wide screen and below each other on a phone;
text takes the page's colour, so that light and dark mode both work. Nothing is fetched from anywhere.

How an array is shown (its values are never changed, only drawn):

| array                          | drawn as                                            |
|--------------------------------|-----------------------------------------------------|
| uint8, or float within 0..1    | grey or RGB as it is                                |
| bool                           | True white, False black                             |
| any other, no negative values  | magma, 0 to its maximum, range in the caption       |
| any other, with negatives      | blue through white to red, symmetric about 0, range |
"""

import base64
import html
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from course_lib import checks

# Okabe and Ito's colours, distinguishable with any colour vision; line styles differ as well.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_INK = "#010203"  # stands for "the page's text colour" until the SVG is written
_STYLE = """<style>
.course-row{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start}
.course-picture{max-width:100%;margin:0}
.course-picture img{display:block;width:100%;height:auto}
.course-caption{font-size:.9em;margin-block-start:.3em}
.course-numbers{overflow-x:auto}
.course-numbers table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.8em;margin:0}
.course-numbers td{min-width:2.1em;padding:.3em .35em;text-align:center;border:1px solid #8886}
.course-numbers th{padding:.2em .35em;font-weight:400;text-align:center;background:none}
.course-numbers td.course-marked{outline:3px solid #D55E00;outline-offset:-3px;font-weight:700}
.course-figure svg{width:100%;height:auto}
.course-slider{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;margin-block-start:.6rem}
.course-slider input{flex:1 1 10rem;max-width:30rem}
.course-frame-label{display:none}
@media print{.course-slider{display:none}.course-frame.course-print[hidden]{display:block!important}
.course-frame-label{display:block}}
</style>"""


@dataclass(frozen=True)
class Pictures:
    """What the functions of this module return: HTML for the page, alt text for everything else."""

    html: str
    alt: str

    def _repr_html_(self) -> str:
        return f'{_STYLE}<div class="course-figure">{self.html}</div>'

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"


def show_row(pictures: Sequence[np.ndarray], captions: Sequence[str] | None = None, *, alt: str,
             zoom: int | None = None) -> Pictures:
    """A row of pictures, sharp at any size, with captions below.

    Parameters
    ----------
    pictures : sequence of (H, W) or (H, W, 3) arrays
        Drawn as the table in the module's docstring says.
    captions : sequence of str, optional
        One for each picture.
    alt : str
        What the figure shows, for a reader who does not see it.
    zoom : int, optional
        Screen pixels for each image pixel; default: whatever makes the widest at least 180 wide.

    Raises
    ------
    ValueError
        Captions and pictures differ in number, or an array is not a picture.
    """
    pictures = [_as_picture("show_row", p) for p in pictures]
    captions = _as_captions("show_row", captions, len(pictures))
    _check_alt("show_row", alt)
    zoom = zoom or max(1, math.ceil(180 / max(p.shape[1] for p in pictures)))
    items = []
    for k, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        pixels, value_range = _pixels(picture)
        text = " ".join(t for t in (html.escape(caption), f"<small>({value_range})</small>" * bool(value_range)) if t)
        name = alt if k == 0 else f"{caption or 'picture'} ({k + 1} of {len(pictures)} in this row)"
        share = f"flex:1 1 calc({100 / len(pictures):.4g}% - 1rem);max-width:{picture.shape[1] * zoom}px"
        items.append(f'<div class="course-picture" style="{share};min-width:min(100%,12rem)">'
                     f'{_img(pixels, name, zoom)}<div class="course-caption">{text}</div></div>')
    return Pictures(f'<div class="course-row">{"".join(items)}</div>', alt)


def show_numbers(arrays: Sequence[np.ndarray], captions: Sequence[str] | None = None, *, alt: str,
                 marked: np.ndarray | None = None) -> Pictures:
    """Small arrays as tables of their numbers, coloured by value, with x to the right and y down.

    Parameters
    ----------
    arrays : sequence of (H, W) arrays, at most 16 x 16 each
    captions : sequence of str, optional
    alt : str
    marked : (H, W) bool, optional
        Cells to frame in every table of this shape.
    """
    arrays = [_as_picture("show_numbers", a) for a in arrays]
    captions = _as_captions("show_numbers", captions, len(arrays))
    _check_alt("show_numbers", alt)
    items = []
    for array, caption in zip(arrays, captions, strict=True):
        if array.ndim != 2 or max(array.shape) > 16:
            raise ValueError(f"show_numbers: an array must be (H, W) of at most 16 x 16; got {array.shape}. "
                             "Show a part of it, or the whole with show_row.")
        marks = marked if marked is not None and marked.shape == array.shape else np.zeros(array.shape, bool)
        items.append(f'<div class="course-picture"><div class="course-numbers" tabindex="0" role="group" '
                     f'aria-label="{html.escape(caption or alt, quote=True)}">{_table(array, marks)}</div>'
                     f'<div class="course-caption">{html.escape(caption)}</div></div>')
    return Pictures(f'<div class="course-row">{"".join(items)}</div>', alt)


def chart(title: str, xlabel: str, ylabel: str, *, size: tuple[float, float] = (7.0, 3.6)):
    """An empty chart in the style of the course: title, labels with units, grid; colours and line styles cycle.

    Returns
    -------
    figure, axes : matplotlib Figure and Axes, to be drawn on and passed to `show_chart`
    """
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_prop_cycle(color=COLORS, linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1))])
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.grid(alpha=0.25, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def show_chart(figure: Figure, *, alt: str, data: Mapping[str, Sequence] | None = None) -> Pictures:
    """A matplotlib figure as inline SVG whose black is the page's text colour; its data behind a fold.

    Parameters
    ----------
    figure : matplotlib Figure
    alt : str
    data : mapping of column name to values, optional
        The numbers of the chart, shown as a table that the reader can open.
    """
    _check_alt("show_chart", alt)
    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.tick_params(colors=_INK)
        for spine in axes.spines.values():
            spine.set_edgecolor(_INK)
        if (legend := axes.get_legend()) is not None:
            legend.get_frame().set_alpha(0)
    for text in figure.findobj(Text):
        if text.get_color() in ("black", "k", "#000000"):
            text.set_color(_INK)
    stream = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "course"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg"):].replace(_INK, "currentColor")
    width_px = figure.get_figwidth() * 96
    label = html.escape(alt, quote=True)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{label}" style="max-width:{width_px:.0f}px"', 1)
    return Pictures(svg + _data_table(data), alt)


def _as_picture(function, picture):
    picture = np.asarray(picture)
    if picture.size == 0 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3) \
            or picture.dtype.kind not in "buif":
        raise ValueError(f"{function}: a picture must be (H, W) or (H, W, 3) of numbers; got {picture.shape} "
                         f"{picture.dtype}. Pass a list of arrays, also for a single one: [image].")
    return picture


def _as_captions(function, captions, n):
    if n == 0:
        raise ValueError(f"{function}: there is nothing to show; pass at least one array.")
    captions = [""] * n if captions is None else list(captions)
    if len(captions) != n:
        raise ValueError(f"{function}: {n} pictures need {n} captions; got {len(captions)}.")
    return captions


def _check_alt(function, alt):
    if not isinstance(alt, str) or len(alt.strip()) < 20:
        raise ValueError(f"{function}: `alt` must say in words what the figure shows; got {alt!r}.")


def _pixels(picture):
    """The picture as uint8 to be drawn, and the range of its values where colours stand for them."""
    if picture.dtype == bool:
        return picture.astype(np.uint8) * 255, ""
    if picture.dtype == np.uint8:
        return picture, ""
    finite = np.where(np.isfinite(picture), picture, 0).astype(np.float64)
    low, high = finite.min(), finite.max()
    if picture.dtype.kind == "f" and low >= -checks.FLOAT_SLACK and high <= 1 + checks.FLOAT_SLACK:
        return np.rint(np.clip(finite, 0, 1) * 255).astype(np.uint8), ""
    largest = max(abs(low), abs(high))
    if low < 0:
        colors, span = colormaps["RdBu_r"]((finite / largest + 1) / 2), f"−{largest:.4g} to {largest:.4g}"
    else:
        colors, span = colormaps["magma"](finite / (largest or 1)), f"0 to {largest:.4g}"
    return np.rint(colors[..., :3] * 255).astype(np.uint8), span


def _img(pixels, name, zoom):
    """An <img> with its WebP inside: lossless for drawings and small arrays, quality 90 for photographs."""
    few = len(np.unique(pixels.reshape(-1, *pixels.shape[2:])[::7], axis=0)) <= 64 or pixels.size < 128 * 128
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", lossless=bool(few), quality=90, method=4)
    source = base64.b64encode(stream.getvalue()).decode()
    sharp = "image-rendering:pixelated;" if zoom > 1 else ""
    h, w = pixels.shape[0] * zoom, pixels.shape[1] * zoom
    return (f'<img src="data:image/webp;base64,{source}" alt="{html.escape(name, quote=True)}" '
            f'width="{w}" height="{h}" style="{sharp}width:100%;height:auto">')


def _table(array, marks):
    colors, _ = _pixels(array)
    colors = np.repeat(colors[..., None], 3, axis=2) if colors.ndim == 2 else colors
    head = "".join(f'<th scope="col">{x}</th>' for x in range(array.shape[1]))
    rows = [f"<tr><th scope='row'><small>y\\x</small></th>{head}</tr>"]
    for y, row in enumerate(array):
        cells = []
        for x, value in enumerate(row):
            r, g, b = (int(c) for c in colors[y, x])
            ink = "#000" if 0.299 * r + 0.587 * g + 0.114 * b > 127 else "#fff"
            text = f"{int(value)}" if array.dtype.kind in "bui" else f"{value:.3g}"
            css = ' class="course-marked"' * bool(marks[y, x])
            cells.append(f'<td{css} style="background:rgb({r},{g},{b});color:{ink}">{text.replace("-", "−")}</td>')
        rows.append(f'<tr><th scope="row">{y}</th>{"".join(cells)}</tr>')
    return f"<table>{''.join(rows)}</table>"


def _data_table(data):
    if not data:
        return ""
    columns = [[f"{v:.4g}" if isinstance(v, (float, np.floating)) else str(v) for v in values]
               for values in data.values()]
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in data)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(v)}</td>" for v in row) + "</tr>"
                   for row in zip(*columns, strict=True))
    return (f'<details class="course-data"><summary>The data of this chart</summary>'
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>")
