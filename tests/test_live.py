"""Live figures: what Python writes; the page's functions beside the library's; the figures in Chromium, from disk."""

import base64
import contextlib
import html
import io
import json
import re
from pathlib import Path

import measured  # of book/_ext
import numpy as np
import pytest
from PIL import Image

from course_lib.boundaries.canny import canny, gradient
from course_lib.boundaries.components import label, region_statistics
from course_lib.boundaries.contours import contour_area, contour_length, find_contours
from course_lib.boundaries.regions import otsu
from course_lib.boundaries.sobel import sobel
from course_lib.data.samples import load
from course_lib.drawing import paint_labels
from course_lib.filters import correlate, gaussian_blur
from course_lib.images import read, to_gray
from course_lib.live import FILES, live_canny, live_lens, live_regions
from tests import test_book

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "course_lib" / "web"
SOBEL_X = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
ALT = "A live figure of random pixels."
RNG = np.random.default_rng(4)
NOISE = RNG.integers(0, 256, (9, 12)).astype(np.uint8)

# ---- what Python writes ------------------------------------------------------------------------------------------


def lens(**changed):
    options = {"pictures": {"noise": NOISE}, "kernels": {"x": SOBEL_X}, "at_xy": (3, 2), "alt": ALT} | changed
    return live_lens(options.pop("pictures"), options.pop("kernels"), **options)


def canny_figure(**changed):
    options = {"pictures": {"noise": NOISE}, "low": 100, "high": 200, "alt": ALT} | changed
    return live_canny(options.pop("pictures"), **options)


def regions(**changed):
    options = {"pictures": {"noise": NOISE}, "alt": ALT} | changed
    return live_regions(options.pop("pictures"), **options)


browser = test_book.browser  # the fixture
each_figure = pytest.mark.parametrize("make", [lens, canny_figure, regions])


def written(figure) -> dict:
    """The settings as the script finds them in the page."""
    return json.loads(html.unescape(re.search(r'data-live="([^"]*)"', figure._repr_html_())[1]))


@each_figure
def test_the_script_gets_the_picture_without_loss(make):
    source = written(make())["pictures"]["noise"]
    decoded = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
    assert (np.asarray(decoded.convert("RGB")) == NOISE[..., None]).all()


@each_figure
def test_without_javascript_there_is_a_drawn_figure_with_its_text(make):
    text = make()._repr_html_()
    assert f'role="group" aria-label="{ALT}"' in text and f'alt="{ALT}"' in text
    assert repr(make()) == f"Live figure: {ALT}"


@each_figure
def test_scripts_come_along_only_in_jupyterlab(make, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert "<script" not in make()._repr_html_()
    monkeypatch.setenv("JPY_SESSION_NAME", "notebook")
    text = make()._repr_html_()
    assert all((WEB / name).read_text("utf-8") in text for name in FILES)


@pytest.mark.parametrize(("make", "changed"), [
    (lens, {"at_xy": (4, 2)}), (lens, {"at_xy": (3, 3)}), (lens, {"kernels": {"x": SOBEL_X.T}}),
    (canny_figure, {"low": 95}), (canny_figure, {"high": 205}), (canny_figure, {"norm": "l2"}),
    (canny_figure, {"sigma": 1.0}), (regions, {"inside": "darker"}),
    *((make, {"pictures": {"other": NOISE[::-1].copy()}}) for make in (lens, canny_figure, regions)),
    *((make, {"pictures": {"other": NOISE}}) for make in (lens, canny_figure, regions)),
])  # fmt: skip
def test_every_parameter_changes_the_figure(make, changed):
    assert written(make(**changed)) != written(make())
    if "norm" in changed or "sigma" in changed or "inside" in changed:
        assert make(**changed).drawn.html != make().drawn.html


def test_a_kernel_is_shown_in_whole_numbers():
    kernels = {"binomial": np.outer([1, 2, 1], [1, 2, 1]) / 16, "mean": np.full((3, 3), 1 / 9), "x": SOBEL_X}
    assert written(lens(kernels=kernels))["kernels"] == {
        "binomial": {"weights": [1, 2, 1, 2, 4, 2, 1, 2, 1], "divisor": 16},
        "mean": {"weights": [1] * 9, "divisor": 9},
        "x": {"weights": [-1, 0, 1, -2, 0, 2, -1, 0, 1], "divisor": 1},
    }


@pytest.mark.parametrize(("make", "changed", "error", "sentence"), [
    *((make, {"pictures": p}, e, s) for make in (lens, canny_figure, regions) for p, e, s in [
        ({}, TypeError, "must be a mapping of name to picture"),
        ([NOISE], TypeError, "must be a mapping of name to picture"),
        ({"float": NOISE / 255}, ValueError, "must be uint8"),
        ({"colour": np.zeros((4, 4, 3), np.uint8)}, ValueError, "to_gray"),
        ({"large": np.zeros((1025, 4), np.uint8)}, ValueError, "at most 1024"),
    ]),
    *((make, {"alt": ""}, ValueError, "alt") for make in (lens, canny_figure, regions)),
    (lens, {"kernels": {}}, TypeError, "`kernels` must be a mapping"),
    (lens, {"kernels": {"five": np.ones((5, 5))}}, ValueError, r"must be \(3, 3\)"),
    (lens, {"kernels": {"pi": np.full((3, 3), np.pi)}}, ValueError, "multiples of 1/d"),
    (lens, {"at_xy": (12, 2)}, ValueError, "outside a picture of 12 columns and 9 rows"),
    (lens, {"at_xy": (-1, 2)}, ValueError, "at least 0"),
    (lens, {"at_xy": 3}, ValueError, r"must be \(x, y\)"),
    (canny_figure, {"low": 102}, ValueError, "multiples of 5"),
    (canny_figure, {"high": 1005}, ValueError, "multiples of 5 up to 1000"),
    (canny_figure, {"low": 300}, ValueError, "must not exceed"),
    (canny_figure, {"sigma": 4}, ValueError, "sigma"),
    (canny_figure, {"sigma": 1.25}, ValueError, "must be a step of its slider, such as 1.4; got 1.25"),
    (canny_figure, {"norm": "l3"}, ValueError, "norm"),
    (regions, {"inside": "edges"}, ValueError, "inside"),
])  # fmt: skip
def test_bad_input_gets_a_sentence(make, changed, error, sentence):
    with pytest.raises(error, match=sentence):
        make(**changed)


def test_all_widget_code_of_the_book_is_small():
    assert 20_000 < sum(file.stat().st_size for file in measured.widget_files(ROOT)) <= measured.WIDGET_BYTES


@pytest.mark.browser
def test_figures_that_bring_their_own_scripts_do_not_disturb_each_other(browser, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "notebook")
    with contextlib.closing(browser.new_page()) as tab:
        tab.set_content("".join(make()._repr_html_() for make in (lens, canny_figure, regions)))
        tab.locator(".course-live code").nth(2).wait_for()
        assert tab.locator("fieldset").count() == tab.locator("fieldset input:checked").count() == 6


# ---- the page's functions and the library's ----------------------------------------------------------------------

COUNT = 1000


def random_pictures():
    """Noise, blurred noise, two levels, few levels and ramps, from 1 x 1 to 40 x 40."""
    rng = np.random.default_rng(1)
    for n in range(COUNT):
        H, W = rng.integers(1, 41, 2)
        image = rng.integers(0, 256, (H, W)).astype(np.uint8)
        if n % 5 == 1:
            image = gaussian_blur(image, 1.2)
        elif n % 5 == 2:
            image = np.where(rng.random((H, W)) < rng.random(), 230, 20).astype(np.uint8)
        elif n % 5 == 3:
            image = (image // 64) * 80
        elif n % 5 == 4:
            image = np.clip(rng.uniform(-9, 9) * np.arange(W) + rng.uniform(-9, 9) * np.arange(H)[:, None]
                            + rng.integers(0, 3, (H, W)), 0, 255).astype(np.uint8)  # fmt: skip
        magnitudes = np.sqrt(gradient(image, norm="l2")[2].ravel()) if n % 2 else gradient(image)[2].ravel()
        low, high = sorted(rng.choice(magnitudes, 2))  # thresholds that some pixel meets exactly
        yield image, float(low) / (1 + n % 3), min(float(high), 1140.0)


IN_THE_PAGE = """(text) => JSON.stringify(JSON.parse(text).map(([width, height, data, low, high]) => {
  const B = window.courseBoundaries, image = { width, height, data: Uint8Array.from(data) };
  const mask = image.data.map((v) => v > B.otsu(image)), edges = B.canny(image, low, high);
  const { gx, gy } = B.sobel(image), l1 = B.gradient(image, "l1"), l2 = B.gradient(image, "l2");
  const found = { gx, gy, l1: l1.magnitude, l2: l2.magnitude, edges, edgesL2: B.canny(image, low, high, "l2"), mask,
    label8: B.label(mask, width, height, 8).labels, label4: B.label(mask, width, height, 4).labels,
    blurred: B.gaussianBlur(image, 0.1 + (low % 30) / 10).data };
  const arrays = Object.fromEntries(Object.entries(found).map(([name, a]) => [name, Array.from(a)]));
  const borders = [mask, edges].map((m) => B.findContours(m, width, height));
  const regions = B.label(edges, width, height);
  const plain = ({ contours, hierarchy }) => ({ contours: contours.map((c) => Array.from(c)), hierarchy });
  return { arrays, borders: borders.map(plain),
    laplacian: Array.from(B.correlate(image, [0, 1, 0, 1, -4, 1, 0, 1, 0], 7)),
    measures: borders[0].contours.map(B.measure),
    regions: B.regionStatistics(regions.labels, regions.count, width) };
}))"""  # as text: a hundred times faster than values that Playwright takes apart one by one


def in_the_library(image, low, high):
    mask, (gx, gy), edges = image > otsu(image), sobel(image), canny(image, low, high)
    arrays = {"gx": gx, "gy": gy, "l1": gradient(image)[2], "l2": gradient(image, norm="l2")[2], "edges": edges,
              "edgesL2": canny(image, low, high, norm="l2"), "mask": mask, "label8": label(mask)[0],
              "label4": label(mask, connectivity=4)[0], "blurred": gaussian_blur(image, 0.1 + (low % 30) / 10)}
    return arrays, [find_contours(mask), find_contours(edges)]


@pytest.fixture(scope="module")
def both(browser):
    """For every random picture: what the page computes, and what the library does."""
    tab = browser.new_page()
    tab.add_script_tag(path=WEB / "boundaries.js")
    pictures = list(random_pictures())
    sent = [[image.shape[1], image.shape[0], image.ravel().tolist(), low, high]
            for image, low, high in pictures]
    answers = json.loads(tab.evaluate(IN_THE_PAGE, json.dumps(sent)))
    tab.close()
    return [(image, answer, *in_the_library(image, low, high))
            for (image, low, high), answer in zip(pictures, answers, strict=True)]


@pytest.mark.browser
@pytest.mark.parametrize("name", ["gx", "gy", "l1", "l2", "edges", "edgesL2", "mask", "label8", "label4", "blurred"])
def test_no_pixel_of_a_thousand_pictures_differs(both, name):
    differing = sum(int((np.reshape(page["arrays"][name], image.shape) != library[name]).sum())
                    for image, page, library, _ in both)
    assert (len(both), differing) == (COUNT, 0)
    assert sum(len(np.unique(library[name])) > 1 for _, _, library, _ in both) > COUNT / 2  # not a thousand blanks


@pytest.mark.browser
def test_contours_and_their_tree_are_the_same(both):
    several = 0
    for _, page, _, borders in both:
        for answer, (contours, hierarchy) in zip(page["borders"], borders, strict=True):
            assert [c.ravel().tolist() for c in contours] == answer["contours"]
            assert hierarchy.tolist() == answer["hierarchy"]
            several += hierarchy.size > 0 and (hierarchy[:, 3] >= 0).any()
    assert several > COUNT / 2


@pytest.mark.browser
def test_measures_are_the_same(both):
    for image, page, library, ((contours, _), _) in both:
        assert [m["area"] for m in page["measures"]] == [contour_area(c) for c in contours]
        assert np.allclose([m["length"] for m in page["measures"]], [contour_length(c) for c in contours], rtol=1e-12)
        truth = region_statistics(label(library["edges"])[0])
        assert [r["area"] for r in page["regions"]] == truth.area.tolist()
        boxes = [[r["left"], r["top"], r["right"] - r["left"] + 1, r["bottom"] - r["top"] + 1] for r in page["regions"]]
        assert boxes == truth.box_xywh.tolist()
        assert [[r["x"], r["y"]] for r in page["regions"]] == truth.centroid_xy.tolist()
        laplacian = correlate(image.astype(float), [[0, 1, 0], [1, -4, 1], [0, 1, 0]]) / 7
        assert page["laplacian"] == laplacian.ravel().tolist()


# ---- the figures in the built pages, from disk, on a telephone with the network off ------------------------------

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@contextlib.contextmanager
def live(browser, chapter: str, number: int = 0, **options):
    """A tab and its live figure; nothing is asked of the network, no socket is opened, no error is logged."""
    page = test_book.SITE / "notebooks" / f"{chapter}.html"
    if not page.is_file():
        pytest.fail(test_book.MISSING, pytrace=False)
    with test_book.opened(browser, page, settle=False, **PHONE | options) as tab:
        tab.on("websocket", lambda socket: tab.asked.append(socket.url))
        figure = tab.locator(".course-live").nth(number)
        figure.scroll_into_view_if_needed()
        figure.locator("code").wait_for()
        yield tab, figure
        assert (tab.asked, tab.errors) == ([], [])


def pixels(address: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))


def canvas(figure, name: str) -> np.ndarray:
    """The RGB pixels of the canvas whose text begins with the name."""
    png = figure.locator(f'canvas[aria-label^="{name}"]').evaluate("(canvas) => canvas.toDataURL('image/png')")
    return pixels(png)[..., :3]


def slide(figure, name: str, value) -> None:
    figure.get_by_role("slider", name=name).fill(str(value))


@pytest.mark.browser
def test_the_edges_in_the_page_are_those_of_the_library(browser):
    coins = load("coins")
    with live(browser, "02-canny", 1) as (_, figure):
        for low, high, sigma, norm in [(100, 200, 0, "l1"), (60, 260, 1.4, "l1"), (60, 260, 1.4, "l2")]:
            slide(figure, "high", high), slide(figure, "low", low), slide(figure, "σ of the blur", sigma)
            figure.get_by_label(norm.upper()).check()
            image = gaussian_blur(coins, sigma) if sigma else coins
            truth = canny(image, low, high, norm=norm)
            assert (canvas(figure, "Edges of") == 255 * truth[..., None]).all()
            assert f"{truth.sum():,} edge pixels" in figure.inner_text()
            line = figure.locator("code").inner_text()
            called = eval(line, {"canny": canny, "gaussian_blur": gaussian_blur, "image": coins})
            assert (called == truth).all()  # what the reader is told to write gives what is seen


@pytest.mark.browser
def test_every_stage_can_be_seen(browser):
    gx, gy, magnitude = gradient(load("coins"))
    with live(browser, "02-canny", 1) as (_, figure):
        seen = {}
        for stage in ("picture", "gx", "gy", "magnitude", "maxima"):
            figure.get_by_label(stage, exact=True).check(force=True)
            seen[stage] = canvas(figure, stage).astype(int)
    assert (seen["picture"] == load("coins")[..., None]).all()
    for stage, field in (("gx", gx), ("gy", gy)):  # red where positive, blue where negative
        redder = seen[stage][..., 0] - seen[stage][..., 2]
        assert (redder[field > 50] > 0).all() and (redder[field < -50] < 0).all()
    assert np.corrcoef(seen["magnitude"].sum(axis=2).ravel(), magnitude.ravel())[0, 1] > 0.9
    edges = canny(load("coins"), 100, 200)
    assert (seen["maxima"][edges].sum(axis=1) > 0).all() and (seen["maxima"][magnitude <= 100] == 0).all()


@pytest.mark.browser
def test_the_low_threshold_stays_below_the_high_one(browser):
    with live(browser, "02-canny", 1) as (_, figure):
        slide(figure, "low", 400)
        assert "canny(image, 400, 400)" in figure.inner_text()
        slide(figure, "high", 150)
        assert "canny(image, 150, 150)" in figure.inner_text()


@pytest.mark.browser
def test_the_lens_shows_nine_products_by_keyboard_and_by_touch(browser):
    coins = load("coins")
    with live(browser, "02-canny", 0) as (tab, figure):
        slider = figure.get_by_role("slider", name="x", exact=True)
        slider.focus()
        slider.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == "85"
        check_lens(figure, coins, SOBEL_X, 85, 123)
        picture = figure.locator("canvas").first
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        tab.touchscreen.tap(box["x"] + 0.501 * box["width"], box["y"] + 0.501 * box["height"])
        check_lens(figure, coins, SOBEL_X, int(0.501 * 384), int(0.501 * 303))
        figure.get_by_role("slider", name="y", exact=True).press("End")
        check_lens(figure, coins, SOBEL_X, int(0.501 * 384), 302)  # at the border the picture is mirrored
        figure.get_by_label("Sobel y").check()
        check_lens(figure, coins, SOBEL_X.T, int(0.501 * 384), 302)


def check_lens(figure, image, kernel, x, y):
    patch = np.pad(image.astype(int), 1, mode="reflect")[y:y + 3, x:x + 3]
    cells = [text.replace("−", "-").replace(",", "") for text in figure.locator("td").all_inner_texts()]
    assert cells == [f"{w} · {v} = {w * v}" for w, v in zip(kernel.ravel(), patch.ravel(), strict=True)]
    total = int((kernel * patch).sum())
    sentence = figure.locator("p[aria-live]").inner_text().replace("−", "-").replace(",", "")
    assert sentence.startswith(f"At x = {x} y = {y}: ") and sentence.endswith(f"= {total}.")
    line = figure.locator("code").inner_text()
    assert eval(line, {"correlate": correlate, "np": np, "image": image}) == total


@pytest.mark.browser
def test_a_kernel_of_fractions_is_divided_at_the_end(browser):
    coins = load("coins")
    with live(browser, "01-images") as (_, figure):
        line = figure.locator("code").inner_text()
        value = eval(line, {"correlate": correlate, "np": np, "image": coins})
        assert f"divided by 16: {value:.2f}".rstrip("0") in figure.inner_text()


@pytest.mark.browser
def test_regions_and_contours_in_the_page_are_those_of_the_library(browser):
    coins = load("coins")
    with live(browser, "03-edges-to-regions") as (tab, figure):
        check_regions(figure, coins, coins > otsu(coins), 8)
        slide(figure, "threshold", 140)
        check_regions(figure, coins, coins > 140, 8)
        figure.get_by_label("not brighter").check()
        check_regions(figure, coins, coins <= 140, 8)
        figure.get_by_label("an edge of Canny's").check()
        assert not figure.get_by_role("slider", name="threshold").is_visible()
        check_regions(figure, coins, canny(coins, 100, 200), 8, lines=False)
        figure.get_by_label("4", exact=True).check()
        check_regions(figure, coins, canny(coins, 100, 200), 4, lines=False)
        assert "Contours join by 8 neighbours" in figure.inner_text()
        figure.get_by_label("brighter than").check()
        figure.get_by_role("button", name="Otsu").click()
        figure.get_by_label("8", exact=True).check()
        view = figure.locator('canvas[aria-label^="Regions"]')
        view.scroll_into_view_if_needed()
        box = view.bounding_box()
        tab.touchscreen.tap(box["x"] + 100 / 384 * box["width"], box["y"] + 123 / 303 * box["height"])
        check_one(figure, coins > otsu(coins), 100, 123)
        slide(figure, "threshold", otsu(coins) + 1)  # other numbers, the same coin
        check_one(figure, coins > otsu(coins) + 1, 100, 123)
        number = figure.get_by_label("Region number")
        for text, answer in [("", "There are regions 1 to"), ("0", "There are regions 1 to"), ("1", "Region 1: area")]:
            number.fill(text)
            assert answer in figure.inner_text() and "Region 81" not in figure.inner_text()


def check_regions(figure, image, inside, connectivity, *, lines=True):
    labels, count = label(inside, connectivity=connectivity)
    contours, _ = find_contours(inside)
    text = figure.inner_text().replace(",", "")
    assert f"{inside.sum()} pixels inside" in text and f"in {count} regions; {len(contours)} contours: " in text
    smallest = int(region_statistics(labels).area.argmin())
    figure.get_by_label("Region number").fill(str(smallest + 1))  # it is shown in full colour, in a frame
    drawn = canvas(figure, "Regions of")
    painted = paint_labels(labels, image)
    if not lines:  # regions one pixel wide would be nothing but dividing lines: each pixel as if it were alone
        alone = np.repeat(np.repeat(labels, 2, axis=0), 2, axis=1)
        painted = paint_labels(alone, np.repeat(np.repeat(image, 2, axis=0), 2, axis=1))[::2, ::2]
    x, y, w, h = region_statistics(labels).box_xywh[smallest]
    away = np.ones(image.shape, bool)
    away[max(y - 4, 0):y + h + 4, max(x - 4, 0):x + w + 4] = False
    assert (drawn[away] == painted[away]).all() and away.sum() > 1000
    figure.get_by_label("contours", exact=True).check(force=True)
    bright = canvas(figure, "contours").astype(int)
    colored = (bright[..., 0] != bright[..., 1]) | (bright[..., 1] != bright[..., 2])
    walked = np.zeros(image.shape, bool)
    for contour in contours:
        walked[contour[:, 1], contour[:, 0]] = True
    assert (walked | ~colored).all() and colored.sum() > walked.sum() / 2  # those of holes are dotted


def check_one(figure, inside, x, y):
    labels, _ = label(inside)
    k = labels[y, x]
    statistics = region_statistics(labels)
    left, top, width, height = statistics.box_xywh[k - 1]
    text = figure.inner_text().replace(",", "")
    assert f"Region {k}: area {statistics.area[k - 1]} px box {width} × {height} at ({left} {top})" in text
    own = [c for c in find_contours(inside)[0] if labels[c[0, 1], c[0, 0]] == k]
    outer = max(own, key=contour_area)
    assert f"polygon of area {contour_area(outer):g} px²; {len(own) - 1} hole" in text
    assert float(re.search(r"length ([\d.]+) px", text)[1]) == pytest.approx(contour_length(outer), abs=0.006)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A transparent PNG, a JPEG that a camera turned, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("photographs")
    rgba = np.random.default_rng(2).integers(0, 256, (60, 90, 4)).astype(np.uint8)
    rgba[:, 45:, 3] = 255
    rgba[:, :45, 3] = 0
    Image.fromarray(rgba).save(folder / "transparent.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn
    Image.fromarray(gaussian_blur(rgba[..., :3].copy(), 3.0)).save(folder / "turned.jpg", exif=exif, quality=95)
    (folder / "notes.txt").write_text("not a picture")
    Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (1200, 6))).save(folder / "large.png")
    Image.fromarray(rgba[:1, :1, :3].repeat(3000, axis=0).repeat(30, axis=1)).save(folder / "tall.png")
    return folder


@pytest.mark.browser
def test_a_photograph_of_the_reader_is_computed_and_goes_nowhere(browser, photographs):
    with live(browser, "02-canny", 1) as (tab, figure):
        chooser = figure.locator("input[type=file]")
        chooser.set_input_files(photographs / "transparent.png")
        figure.get_by_text("90 × 60").wait_for()
        image = to_gray(read(photographs / "transparent.png"))
        assert (canvas(figure, "picture of your photograph") == image[..., None]).all()
        assert (canvas(figure, "Edges of") == 255 * canny(image, 100, 200)[..., None]).all()

        chooser.set_input_files(photographs / "turned.jpg")
        figure.get_by_text("60 × 90").wait_for()  # upright, as the camera meant it
        image = to_gray(read(photographs / "turned.jpg"))
        drawn = canvas(figure, "picture of your photograph")[..., 0].astype(int)
        assert np.abs(drawn - image).mean() < 1.5  # two decoders of JPEG round differently

        chooser.set_input_files(photographs / "notes.txt")
        figure.get_by_text("notes.txt is not a picture that this browser can show").wait_for()
        assert (canvas(figure, "picture of your photograph")[..., 0] == drawn).all()  # the one before is still there

        chooser.set_input_files(photographs / "large.png")
        figure.get_by_text("512 × 400").wait_for()
        assert figure.get_by_text("notes.txt").count() == 0

        other = tab.locator(".course-live").nth(0)  # the lens offers it too, and changes with it
        other.get_by_role("combobox").select_option("your photograph")
        assert "512 by 400 pixels" in other.locator("canvas").first.get_attribute("aria-label")
        chooser.set_input_files(photographs / "transparent.png")
        other.locator("canvas[aria-label*='90 by 60 pixels']").wait_for()

        chooser.set_input_files(photographs / "tall.png")
        figure.get_by_text("5 × 512").wait_for()
        assert figure.bounding_box()["height"] < 3000


@pytest.mark.browser
def test_of_two_pictures_the_one_asked_for_last_is_shown(browser):
    with live(browser, "02-canny", 1) as (tab, figure):
        tab.evaluate("""() => {
          const decode = Image.prototype.decode;  // the first picture takes its time
          let first = true;
          Image.prototype.decode = async function () {
            if (first) { first = false; await new Promise((done) => setTimeout(done, 1000)); }
            return decode.call(this);
          };
        }""")
        select = figure.get_by_role("combobox")
        select.select_option("coffee")
        select.select_option("coins")
        tab.wait_for_timeout(1500)
        assert figure.locator('canvas[aria-label="picture of coins"]').count() == 1
        select.select_option("coffee")
        figure.locator('canvas[aria-label="picture of coffee"]').wait_for()


@pytest.mark.browser
def test_a_picture_that_cannot_be_decoded_leaves_the_drawn_figure(browser, tmp_path):
    page = tmp_path / "page.html"
    scripts = "".join(f"<script>{(WEB / name).read_text('utf-8')}</script>" for name in FILES if name.endswith(".js"))
    page.write_text(re.sub("data:image/webp;base64,[^&]{9}", "data:image/webp;base64,", lens()._repr_html_()) + scripts)
    with test_book.opened(browser, page, settle=False) as tab:
        tab.wait_for_timeout(500)
        assert tab.locator(".course-live img").count() == 2 and tab.locator("canvas").count() == 0
        assert all("INVALID_URL" in error for error in tab.errors)  # the browser's own word, and no unhandled error


@pytest.mark.browser
def test_every_canvas_has_a_name_or_is_hidden_from_screen_readers(browser):
    with live(browser, "03-edges-to-regions") as (tab, figure):
        tree = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
        roles = [node["role"]["value"] for node in tree if not node["ignored"]]
        assert "Canvas" not in roles and figure.locator("canvas").count() == 5


@pytest.mark.browser
@pytest.mark.parametrize("chapter", ["01-images", "02-canny", "03-edges-to-regions"])
def test_without_javascript_the_drawn_figure_is_seen(browser, chapter):
    page = test_book.SITE / "notebooks" / f"{chapter}.html"
    with test_book.opened(browser, page, java_script_enabled=False, **PHONE) as tab:
        figures = tab.locator(".course-live")
        assert figures.count() >= 1
        for figure in figures.all():
            assert figure.locator("img").first.is_visible() and figure.locator("canvas").count() == 0


@pytest.mark.browser
def test_every_control_is_reached_by_the_tab_key(browser):
    with live(browser, "02-canny", 1, viewport={"width": 1280, "height": 900}, has_touch=False) as (tab, figure):
        reached, wanted = set(), figure.locator("select, input[type=range], input[type=file]").count()
        figure.get_by_role("combobox").focus()
        for _ in range(wanted + 3):
            reached.add(tab.evaluate("[...document.querySelectorAll('.course-live input, .course-live select')]"
                                     ".indexOf(document.activeElement)"))
            tab.keyboard.press("Tab")
        assert len(reached - {-1}) >= wanted + 2  # and one radio button of each group
