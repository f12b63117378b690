"""Pictures as HTML: the values drawn are the values given, the text is escaped, and nonsense is refused."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from course_lib.plotting import chart, show_chart, show_numbers, show_row

ALT = "A small square that stands in for a picture"
NASTY = "<script>alert(1)</script> \"quoted\" & 'quoted' text"
SMALL = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def drawn(figure):
    """The pictures inside the page, decoded."""
    sources = re.findall(r'src="data:image/webp;base64,([^"]+)"', figure.html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(s))).convert("RGB")) for s in sources]


def parsed(figure):
    """The page as a tree: it must be well formed, and no text may have become an element."""
    html = re.sub(r"(<img [^>]*[^/])>", r"\1/>", figure._repr_html_())
    tree = ElementTree.fromstring(f"<div>{html}</div>")
    assert "script" not in {element.tag for element in tree.iter()}
    return tree


# ---- rows


def test_uint8_float_and_bool_are_drawn_as_they_are():
    colour = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    pictures = drawn(show_row([SMALL, colour, SMALL / 255, colour / np.float32(255), SMALL > 99], alt=ALT))
    assert (pictures[0] == SMALL[..., None]).all() and (pictures[1] == colour).all()
    assert (pictures[2] == pictures[0]).all() and (pictures[3] == colour).all()
    assert (pictures[4] == (SMALL > 99)[..., None] * 255).all()


def test_a_signed_field_is_blue_below_and_red_above_white_zero():
    figure = show_row([np.array([[-8, 0, 4.0]])], alt=ALT)
    negative, zero, positive = drawn(figure)[0][0].astype(int)
    assert negative[2] > negative[0] + 50 and positive[0] > positive[2] + 50 and zero.min() > 240
    assert "−8 to 8" in figure.html  # symmetric about zero


def test_a_field_without_negatives_grows_brighter_to_its_maximum():
    figure = show_row([np.array([[0, 5, 10]], np.int32)], alt=ALT)
    levels = drawn(figure)[0][0].sum(axis=-1).astype(int)
    assert levels[0] < levels[1] - 50 < levels[2] - 100 and "0 to 10" in figure.html


@pytest.mark.parametrize(
    "odd", [[[np.nan, 1.0], [np.inf, -3]], [[np.nan] * 2] * 2, [[0, 0], [0, 0]], [[2**64 - 1, 0]], [[1e308, -1e308]]]
)
def test_odd_fields_are_drawn_without_a_warning(odd):
    with np.errstate(all="raise"):
        assert drawn(show_row([np.array(odd)], alt=ALT))[0].shape[:2] == np.shape(odd)


def test_captions_and_alt_text_are_text():
    figure = show_row([SMALL, SMALL], [NASTY, "second"], alt=NASTY)
    tree = parsed(figure)
    assert [img.get("alt") for img in tree.iter("img")] == [NASTY, "second (2 of 2 in this row)"]
    assert [d.text for d in tree.iter("div") if d.get("class") == "course-caption"] == [NASTY, "second"]
    assert show_row([SMALL], alt=ALT).html != show_row([SMALL], ["a"], alt=ALT).html


def test_the_figure_prints_as_its_alt_text_in_one_line():
    figure = show_row([SMALL], alt=f"{ALT}\n  over two lines")
    assert repr(figure) == f"Figure: {ALT} over two lines" and figure._repr_html_().startswith("<style>")


def test_zoom_sets_the_size_on_the_screen():
    size = re.compile(r'width="(\d+)" height="(\d+)"')
    assert size.findall(show_row([SMALL], alt=ALT, zoom=3).html) == [("12", "9")]
    assert size.findall(show_row([SMALL], alt=ALT).html) == [("180", "135")]
    assert "pixelated" in show_row([SMALL], alt=ALT, zoom=2).html
    assert "pixelated" not in show_row([SMALL], alt=ALT, zoom=1).html


@pytest.mark.large
def test_a_photograph_is_smaller_than_its_pixels_and_looks_the_same():
    ramp = np.add.outer(np.arange(200), np.arange(300)) % 200 + 20
    photo = np.rint(ramp + np.random.default_rng(0).normal(0, 3, ramp.shape)).astype(np.uint8)
    figure = show_row([photo], alt=ALT)
    assert len(figure.html) < photo.size * 4 / 3 / 1.5  # base64 makes 4 of 3
    assert abs(drawn(figure)[0][..., 0].astype(int) - photo).mean() < 4  # quality 90


@pytest.mark.parametrize("show", [show_row, show_numbers])
@pytest.mark.parametrize(
    ("pictures", "error", "message"),
    [
        (SMALL, TypeError, r"pass a list of at least one array, also for a single one: \[image\]; got ndarray"),
        ([], TypeError, "pass a list of at least one array"),
        (None, TypeError, "got NoneType"),
        ([np.zeros(3)], ValueError, r"must be \(H, W\) or \(H, W, 3\) of real numbers"),
        ([np.zeros((2, 2, 4))], ValueError, r"got \(2, 2, 4\)"),
        ([np.zeros((0, 2))], ValueError, r"got \(0, 2\)"),
        ([np.zeros((20000, 3))], ValueError, "sides of 1..16383"),
        ([np.zeros((2, 2), complex)], ValueError, "got .* complex128"),
        ([np.full((2, 2, 3), 99.0)], ValueError, "colour picture must be uint8 or float in 0..1; got float64 in 0..99"),
        ([np.full((2, 2, 3), 99)], ValueError, "colour picture must be uint8 or float in 0..1; got int64"),
        ([np.ma.masked_array(SMALL)], TypeError, "masked array"),
        ([None], TypeError, "got NoneType"),
        (["a.png"], TypeError, "got str"),
    ],
)
def test_what_cannot_be_drawn_is_refused(show, pictures, error, message):
    with pytest.raises(error, match=f"{show.__name__}: .*{message}"):
        show(pictures, alt=ALT)


@pytest.mark.parametrize("show", [show_row, show_numbers])
def test_bad_captions_and_alt_texts_are_refused(show):
    for captions in ("ab", [1, 2], {"a", "b"}, 5, [None, "a"]):
        with pytest.raises(TypeError, match="`captions` must be a list of str"):
            show([SMALL, SMALL], captions, alt=ALT)
    with pytest.raises(ValueError, match="2 pictures need 2 captions; got 1"):
        show([SMALL, SMALL], ["a"], alt=ALT)
    for alt in (None, 5, "short", " " * 40, b"x" * 40):
        with pytest.raises(ValueError, match="`alt` must say in words what the figure shows"):
            show([SMALL], alt=alt)


@pytest.mark.parametrize(("zoom", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError), (True, TypeError)])
def test_a_bad_zoom_is_refused(zoom, error):
    with pytest.raises(error, match="show_row: `zoom` must be"):
        show_row([SMALL], alt=ALT, zoom=zoom)


# ---- tables of numbers


def test_a_table_holds_the_numbers_with_x_across_and_y_down():
    tree = parsed(show_numbers([np.array([[1, -2, 3], [4, 5, 6]]), np.array([[0.125, 1e-7]])], ["a", NASTY], alt=ALT))
    rows = [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]
    assert rows == [["y\\x", "0", "1", "2"], ["0", "1", "−2", "3"], ["1", "4", "5", "6"], ["y\\x", "0", "1"],
                    ["0", "0.125", "1e−07"]]  # fmt: skip
    labels = [d.get("aria-label") for d in tree.iter("div") if d.get("aria-label")]
    assert labels == ["a", NASTY]


def test_marked_cells_are_framed_in_tables_of_their_shape():
    marked = np.array([[True, False], [False, False]])
    figure = show_numbers([np.eye(2), np.eye(3)], alt=ALT, marked=marked)
    cells = list(parsed(figure).iter("td"))
    assert [k for k, cell in enumerate(cells) if cell.get("class") == "course-marked"] == [0]  # of 4 and 9 cells
    assert "course-marked" not in show_numbers([np.eye(2)], alt=ALT).html
    with pytest.raises(ValueError, match=r"`marked` must have the shape of an array; got \(2, 2\)"):
        show_numbers([np.eye(3)], alt=ALT, marked=marked)
    with pytest.raises(TypeError, match="`marked` must be bool"):
        show_numbers([np.eye(2)], alt=ALT, marked=np.eye(2))


def test_text_on_a_cell_contrasts_with_it():
    html = show_numbers([np.array([[0, 255]], np.uint8)], alt=ALT).html
    assert "rgb(0,0,0);color:#fff" in html and "rgb(255,255,255);color:#000" in html


def test_large_and_coloured_arrays_are_no_tables():
    for array in (np.zeros((17, 2)), np.zeros((2, 17)), np.zeros((2, 2, 3))):
        with pytest.raises(ValueError, match="at most 16 x 16; got"):
            show_numbers([array], alt=ALT)


# ---- charts


def line_chart(**options):
    figure, axes = chart(NASTY, "x in pixels", "y < 3", **options)
    axes.plot([1, 2, 3], [1, 4, 9], label="squares")
    axes.legend()
    return figure


def test_a_chart_is_svg_in_the_colour_of_the_page():
    figure = show_chart(line_chart(), alt=NASTY)
    svg = next(element for element in parsed(figure).iter() if element.tag.endswith("svg"))
    assert svg.get("role") == "img" and svg.get("aria-label") == NASTY
    assert "currentColor" in figure.html and "#010203" not in figure.html and "#000000" not in figure.html
    text = ["".join(element.itertext()).strip() for element in svg.iter() if element.tag.endswith("text")]
    assert {NASTY, "x in pixels", "y < 3", "squares"} <= set(text)


def test_the_same_chart_is_the_same_text_and_its_size_is_used():
    first, again = (show_chart(line_chart(), alt=ALT).html for _ in range(2))
    larger = show_chart(line_chart(size=(9, 4)), alt=ALT).html
    (w, h), (wider, higher) = (map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', s).groups()) for s in (first, larger))
    assert first == again and w < wider and h < higher


def test_the_data_of_a_chart_stand_behind_a_fold():
    figure = show_chart(line_chart(), alt=ALT, data={NASTY: [1, 2], "b": np.array([0.25, 1 / 3])})
    rows = [["".join(cell.itertext()) for cell in row] for row in parsed(figure).iter("tr")]
    assert rows == [[NASTY, "b"], ["1", "0.25"], ["2", "0.3333"]]
    assert "<details" not in show_chart(line_chart(), alt=ALT).html


def test_colours_and_line_styles_differ_together():
    _, axes = chart("t", "x", "y")
    lines = [axes.plot([0, 1])[0] for _ in range(6)]
    assert len({line.get_color() for line in lines}) == 6
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 6  # get_linestyle() calls all dashes "--"


@pytest.mark.parametrize("size", [(0, 3), (-1, 2), (1e9, 3), (float("nan"), 1), (1, 2, 3), "ab", None, (True, 3)])
def test_a_bad_size_is_refused(size):
    with pytest.raises((ValueError, TypeError), match="chart: `size` must"):
        chart("t", "x", "y", size=size)


def test_what_is_no_chart_is_refused():
    with pytest.raises(TypeError, match="`figure` must be a matplotlib Figure; got NoneType"):
        show_chart(None, alt=ALT)
    with pytest.raises(ValueError, match="`alt` must say in words"):
        show_chart(Figure(), alt="")
    for data in ([1, 2], "abc", {"a": 5}, {"a": iter([1])}, {"a": [1], "b": [1, 2]}):
        with pytest.raises(ValueError, match="`data` must map the name of each column to a list, .* equally long"):
            show_chart(Figure(), alt=ALT, data=data)
