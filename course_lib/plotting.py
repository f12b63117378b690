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
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from course_lib import checks, figure_checks

# Okabe and Ito's colours, distinguishable with any colour vision; line styles differ as well.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_INK = "#010203"  # stands for "the page's text colour" until the SVG is written
_STYLE = """<style>
.course-row{display:grid;gap:1rem;align-items:start}
.course-tables{display:flex;flex-wrap:wrap;gap:.8rem;align-items:flex-start}
.course-picture{max-width:100%;margin:0}
.course-picture img{display:block;width:100%;height:auto}
.course-caption{font-size:.9em;margin-block-start:.3em}
.course-numbers{overflow-x:auto}
.course-numbers table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:12px;margin:0}
.course-numbers td{min-width:24px;padding:4px 2px;text-align:center;border:1px solid #8886}
.course-numbers th{padding:2px 4px;font-weight:400;text-align:center;background:none}
.course-numbers td.course-marked{outline:3px solid #D55E00;outline-offset:-3px;font-weight:700}
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
        return f"Figure: {' '.join(self.alt.split())}"


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
    pictures = figure_checks.pictures("show_row", pictures)
    captions = figure_checks.captions("show_row", captions, len(pictures))
    figure_checks.alt("show_row", alt)
    zoom = math.ceil(180 / max(p.shape[1] for p in pictures)) if zoom is None else zoom
    checks.whole("show_row", "zoom", zoom, low=1)
    items = []
    for k, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        pixels, value_range = _pixels(picture)
        text = " ".join(t for t in (html.escape(caption), f"<small>({value_range})</small>" * bool(value_range)) if t)
        name = alt if k == 0 else f"{caption or 'picture'} ({k + 1} of {len(pictures)} in this row)"
        items.append(f'<div class="course-picture" style="max-width:{picture.shape[1] * zoom}px">'
                     f'{_img(pixels, name, zoom)}<div class="course-caption">{text}</div></div>')
    narrowest = "9rem" if len(pictures) > 3 else "12rem"  # on a phone: two beside each other, or one
    width = f"min(100%,max({narrowest},25% - 1rem))"  # and on a wide screen at most four
    columns = f"grid-template-columns:repeat(auto-fit,minmax({width},1fr))"
    return Pictures(f'<div class="course-row" style="{columns}">{"".join(items)}</div>', alt)


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
    arrays = figure_checks.pictures("show_numbers", arrays)
    captions = figure_checks.captions("show_numbers", captions, len(arrays))
    figure_checks.alt("show_numbers", alt)
    if marked is not None:
        marked = checks.mask("show_numbers", marked, name="marked")
        if all(marked.shape != a.shape for a in arrays):
            raise ValueError(f"show_numbers: `marked` must have the shape of an array; got {marked.shape}.")
    items = []
    for array, caption in zip(arrays, captions, strict=True):
        if array.ndim != 2 or max(array.shape) > 16:
            raise ValueError(f"show_numbers: an array must be (H, W) of at most 16 x 16; got {array.shape}. "
                             "Show a part of it, or the whole with show_row.")
        marks = marked if marked is not None and marked.shape == array.shape else np.zeros(array.shape, bool)
        items.append(f'<div class="course-picture"><div class="course-numbers" tabindex="0" role="group" '
                     f'aria-label="{html.escape(caption or alt, quote=True)}">{_table(array, marks)}</div>'
                     f'<div class="course-caption">{html.escape(caption)}</div></div>')
    return Pictures(f'<div class="course-tables">{"".join(items)}</div>', alt)


def chart(title: str, xlabel: str, ylabel: str, *, size: tuple[float, float] = (5.6, 3.3)):
    """An empty chart in the style of the course: title, labels with units, grid; colours and line styles cycle.

    Parameters
    ----------
    title, xlabel, ylabel : str, the labels with their units;  size : (width, height) in inches

    Returns
    -------
    figure, axes : matplotlib Figure and Axes, to be drawn on and passed to `show_chart`
    """
    if not isinstance(size, (list, tuple)) or len(size) != 2:
        raise ValueError(f"chart: `size` must be (width, height) in inches; got {size!r}.")
    width, height = (checks.number("chart", "size", side, low=0.5, high=100) for side in size)
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.set_prop_cycle(color=COLORS, linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1))])
    axes.set_title(textwrap.fill(title, 60), loc="left", fontsize=11)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.grid(alpha=0.25, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def show_chart(figure: Figure, *, alt: str, data: Mapping[str, Sequence] | None = None) -> Pictures:
    """A matplotlib figure as inline SVG whose black is the page's text colour; its data behind a fold.

    Parameters
    ----------
    figure : matplotlib Figure
    alt : str
    data : mapping of column name to values, optional, shown as a table that the reader can open
    """
    figure_checks.alt("show_chart", alt)
    if not isinstance(figure, Figure):
        raise TypeError(f"show_chart: `figure` must be a matplotlib Figure; got {type(figure).__name__}.")
    if data is not None and not (isinstance(data, Mapping) and all(hasattr(c, "__len__") for c in data.values())
                                 and len({len(c) for c in data.values()}) <= 1):
        raise ValueError("show_chart: `data` must map the name of each column to a list, all of them equally long.")
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
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)  # the page sets the size
    style = f"width:100%;max-width:{figure.get_figwidth() * 120:.0f}px;height:auto"
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt, quote=True)}" style="{style}"', 1)
    return Pictures(svg + _data_table(data), alt)


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
            linear = [(c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in (r, g, b)]
            luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
            ink = "#000" if luminance > 0.179 else "#fff"  # whichever has the higher contrast, by WCAG 2
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
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in data)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(v)}</td>" for v in row) + "</tr>"
                   for row in zip(*columns, strict=True))
    return (f'<details class="course-data"><summary>The data of this chart</summary>'
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>")
