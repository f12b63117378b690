"""The built site in _build/html, read as files and opened in Chromium from disk, as a reader with a USB stick opens it.

Each page is visited once; what was seen is kept, and every test below looks at one aspect of it. At the end the same
checks meet a page made of faults, so that a check which cannot fail is noticed.
"""

import contextlib
import functools
import importlib
import json
import re
import types
from collections import Counter
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import equations  # of book/_ext, as the next
import make_pdf
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
MISSING = "build the site first: make book"

# What axe may say. Nothing of ours: the sidebar of the theme folds with a <summary> that holds an icon only.
ALLOWED = {"summary-name"}
RAW_TEX = r"\\[(\[]|\\(frac|sqrt|sum|int|sigma|nabla|begin|lvert|mathbb)\b|\$\$"
RAW_MYST = r"`{3}|:{3}\{|\{(eq|numref|doc|ref|term|cite|cite:t|cite:p|prf:ref)\}`?"

pytestmark = pytest.mark.browser


def name_of(page: Path | None) -> str:
    return page.relative_to(SITE).as_posix() if page else "site"


# index.html only sends the reader on to book/index.html; a test of its own follows it.
PAGES = sorted(page for page in SITE.rglob("*.html") if "_static" not in page.parts and page != SITE / "index.html")
each_page = pytest.mark.parametrize("page", PAGES or [None], ids=name_of)


@pytest.fixture(autouse=True)
def the_site_is_built():
    if not PAGES:
        pytest.fail(MISSING, pytrace=False)


def chromium() -> str:
    try:
        return make_pdf.chromium("the browser tests need")
    except ValueError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=make_pdf.FLAGS)
        yield browser
        browser.close()


def is_local(address: str) -> bool:
    return urlsplit(address).scheme in ("file", "data", "blob")


@contextlib.contextmanager
def opened(browser, page: Path, *, settle: bool = True, **options):
    """A tab that shows `page` from disk, the network off; `tab.asked` and `tab.errors` are what it should not do."""
    options = {"viewport": {"width": 1280, "height": 1000}, "reduced_motion": "reduce", "offline": True, **options}
    context = browser.new_context(**options)
    tab = context.new_page()
    tab.asked, tab.errors = [], []
    tab.on("request", lambda request: tab.asked.append(request.url) if not is_local(request.url) else None)
    tab.on("console", lambda message: tab.errors.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.goto(page.resolve().as_uri(), wait_until="load")
    if settle and options.get("java_script_enabled", True):
        tab.evaluate("() => window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => null) : null")
    yield tab
    context.close()


def accessibility(tab) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    # Without preload=False axe fetches the style sheets, which a browser refuses on file://.
    found = Axe().run(tab, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [f"{violation['id']}: {node['html'][:160]}" for violation in found if violation["id"] not in ALLOWED
            for node in violation["nodes"][:3]]


READ_TEXT = """() => {
  const article = (document.querySelector('article') || document.body).cloneNode(true);
  article.querySelectorAll('script, style, code, pre, mjx-container').forEach((e) => e.remove());
  return article.textContent;
}"""
UNTYPESET = """() => [...document.querySelectorAll('.math')].filter((e) => !e.querySelector('mjx-container'))
  .concat([...document.querySelectorAll('[data-mjx-error], mjx-merror')]).map((e) => e.textContent.slice(0, 80))"""


SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"
OPEN_FOLDS = """() => {
  document.querySelectorAll('details').forEach((fold) => { fold.open = true; });
  document.querySelectorAll('.toggle-hidden').forEach((box) => box.classList.remove('toggle-hidden'));
}"""


@functools.cache
def visit(browser, page: Path) -> dict:
    """Everything that is to be known about a page, from one visit in two widths and two modes."""
    with opened(browser, page) as tab:
        seen = {"wide light": accessibility(tab)}
        seen["sideways at 1280"] = tab.evaluate(SIDEWAYS)
        seen["text"] = tab.evaluate(READ_TEXT)
        seen["untypeset"] = tab.evaluate(UNTYPESET)
        seen["formulas"] = tab.evaluate("document.querySelectorAll('mjx-container').length")
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        tab.evaluate(OPEN_FOLDS)
        tab.wait_for_timeout(400)  # the theme waits for the end of a change of size
        seen["narrow dark"] = accessibility(tab)
        seen["sideways at 390"] = tab.evaluate(SIDEWAYS)
        tab.set_viewport_size({"width": 320, "height": 256})  # 1280 x 1024 at 400 %
        seen["sideways at 320"] = tab.evaluate(SIDEWAYS)
        tab.evaluate("document.documentElement.dir = 'rtl'")
        seen["sideways from right to left"] = tab.evaluate(SIDEWAYS)
        tab.evaluate("document.documentElement.dir = 'ltr'")
        tab.emulate_media(media="print")
        tab.set_viewport_size({"width": 665, "height": 1000})  # A4 without its margins; one wide box shrinks every page
        seen["sideways on paper"] = tab.evaluate(SIDEWAYS)
        seen["asked"], seen["errors"] = tab.asked, tab.errors
    return seen


@functools.cache
def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


# ---- what a page asks for, says and looks like -------------------------------------------------------------------

@each_page
def test_nothing_outside_the_site_is_asked_for(browser, page):
    assert visit(browser, page)["asked"] == []


@each_page
def test_console_is_silent(browser, page):
    assert visit(browser, page)["errors"] == []


def sideways(seen: dict) -> list[str]:
    return [where for where, scrolls in seen.items() if where.startswith("sideways") and scrolls]


@each_page
def test_no_page_scrolls_sideways(browser, page):
    assert sideways(visit(browser, page)) == []


def spoken(tab) -> Counter:
    """The names that the accessibility tree holds for formulas, as a screen reader on this page gets them."""
    tree = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
    return Counter(node["name"]["value"] for node in tree if node["role"]["value"] == "math" and not node["ignored"])


@each_page
def test_every_display_equation_is_spoken_as_its_sentence(browser, page):
    displayed = len(soup(page).select("div.math.notranslate"))
    reads = equations.sentences(ROOT)
    in_chapters = [e for e in equations.equations(ROOT) if e.page == name_of(page).removesuffix(".html")
                   or (name_of(page) == "book/equations.html" and e.label)]  # the sheet has the numbered ones of all
    wanted = Counter(reads[e.label or e.tex] for e in in_chapters)
    assert displayed == wanted.total()
    if displayed:
        with opened(browser, page) as tab:
            heard = spoken(tab)
        assert {sentence: n for sentence, n in heard.items() if sentence in wanted} == wanted


@each_page
def test_axe_finds_nothing_in_light_and_dark(browser, page):
    assert visit(browser, page)["wide light"] + visit(browser, page)["narrow dark"] == []


@each_page
def test_formulas_are_typeset(browser, page):
    seen = visit(browser, page)
    assert seen["untypeset"] == []
    assert re.findall(RAW_TEX, seen["text"]) == []


def test_chapters_have_formulas(browser):
    for page in SITE.glob("notebooks/*.html"):
        assert visit(browser, page)["formulas"] >= 10, page.name


@each_page
def test_no_markup_is_left(browser, page):
    assert re.findall(RAW_MYST, visit(browser, page)["text"]) == []


# ---- what stands in the files ------------------------------------------------------------------------------------

def heading_faults(page: Path) -> list[str]:
    levels = [int(tag.name[1]) for tag in soup(page).find_all(re.compile("^h[1-6]$"))]
    faults = [] if levels.count(1) == 1 else [f"{levels.count(1)} headings of level 1"]
    return faults + [f"level {b} after {a}" for a, b in pairwise(levels) if b > a + 1]


def picture_faults(page: Path) -> list[str]:
    faults = [f"no alt text: {str(img)[:120]}" for img in soup(page).find_all("img") if not img.get("alt", "").strip()]
    for svg in soup(page).find_all("svg"):
        named = svg.get("aria-label", "").strip() or svg.get("aria-labelledby", "").strip()
        if svg.get("aria-hidden") != "true" and not (svg.get("role") == "img" and named):
            faults.append(f"no role or label: {str(svg)[:120]}")
    return faults


@functools.cache
def anchors(page: Path) -> frozenset[str]:
    tags = soup(page).find_all(lambda tag: tag.get("id") or tag.get("name"))
    return frozenset(tag.get("id") or tag.get("name") for tag in tags)


def link_faults(page: Path) -> list[str]:
    """Links to files or anchors that are not there, and resources that are not of the site."""
    faults = []
    for tag, attribute in [("a", "href"), ("link", "href"), ("script", "src"), ("img", "src"), ("source", "src")]:
        for element in soup(page).find_all(tag, attrs={attribute: True}):
            address = element[attribute]
            parts = urlsplit(address)
            if parts.scheme in ("data", "mailto"):
                continue
            if parts.scheme or parts.netloc:
                if tag != "a" and element.get("rel") not in (["canonical"], ["author"]):
                    faults.append(f"<{tag}> from outside: {address}")
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                faults.append(f"no such file: {address}")
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in anchors(target):
                faults.append(f"no such anchor: {address}")
    return faults


@each_page
def test_one_title_and_no_skipped_heading(page):
    assert heading_faults(page) == []


@each_page
def test_pictures_have_alt_text(page):
    assert picture_faults(page) == []


@each_page
def test_links_lead_somewhere(page):
    assert link_faults(page) == []


@each_page
def test_no_path_of_this_machine_is_published(page):
    assert str(ROOT) not in page.read_text("utf-8")


def test_the_first_page_leads_to_the_book(browser):
    with opened(browser, SITE / "index.html", settle=False) as tab:
        tab.wait_for_url("**/book/index.html")
        assert tab.errors == []


def test_every_notebook_is_in_the_site():
    built = {page.stem for page in SITE.glob("notebooks/*.html")}
    assert built == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


# ---- what a reader does ------------------------------------------------------------------------------------------

SLIDERS = ".course-slider input[type=range]"
STATE = """(slider) => {
  const figure = slider.closest('.course-figure');
  return [slider.value, slider.getAttribute('aria-valuetext'),
          [...figure.querySelectorAll('.course-frame')].findIndex((frame) => frame.offsetHeight > 0)];
}"""


CHAPTERS = [page for page in PAGES if page.parent == SITE / "notebooks"]
each_chapter = pytest.mark.parametrize("page", CHAPTERS or [None], ids=name_of)


def test_chapters_have_sliders():
    assert all(soup(page).select(SLIDERS) for page in CHAPTERS)


@each_chapter
def test_sliders_move_by_keyboard_and_by_mouse(browser, page):
    with opened(browser, page) as tab:
        for slider in tab.locator(SLIDERS).all():
            slider.scroll_into_view_if_needed()
            slider.focus()
            slider.press("Home")
            first = slider.evaluate(STATE)
            slider.press("ArrowRight")
            by_keyboard = slider.evaluate(STATE)
            box = slider.bounding_box()
            tab.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
            by_mouse = slider.evaluate(STATE)
            assert first[0] == "0" and by_keyboard[0] == "1"
            assert by_mouse[0] == slider.get_attribute("max")
            for one, other in [(first, by_keyboard), (first, by_mouse)]:
                assert one[1] != other[1] and one[2] != other[2] and other[2] >= 0
        assert (tab.asked, tab.errors) == ([], [])


SEEN_WITHOUT_JAVASCRIPT = """() => [
  [...document.querySelectorAll('article .admonition > :not(.admonition-title)')]
    .filter((box) => box.textContent.trim() && box.offsetHeight === 0 && !box.closest('details:not([open])'))
    .map((box) => box.textContent.slice(0, 80)),
  [...document.querySelectorAll('.course-explore')]
    .map((figure) => [...figure.querySelectorAll('.course-frame')].filter((frame) => frame.offsetHeight > 0).length)]"""


@each_chapter
def test_text_is_complete_without_javascript(browser, page):
    with opened(browser, page, java_script_enabled=False) as tab:
        hidden, frames = tab.evaluate(SEEN_WITHOUT_JAVASCRIPT)
    assert hidden == []
    assert all(count == 1 for count in frames)


def test_search_finds_hysteresis_from_disk(browser):
    with opened(browser, SITE / "search.html") as tab:
        box = tab.locator("input[name=q]:visible").first
        box.fill("hysteresis")
        box.press("Enter")
        tab.wait_for_selector("#search-results li a", timeout=10_000)
        tab.wait_for_timeout(500)
        found = [link.get_attribute("href") for link in tab.locator("#search-results li a").all()]
        assert any("02-canny" in address for address in found)
        assert any("glossary" in address for address in found)
        assert (tab.asked, tab.errors) == ([], [])


def test_paper_has_the_title_and_three_frames_but_no_solutions(browser):
    with opened(browser, SITE / "notebooks" / "02-canny.html") as tab:
        tab.emulate_media(media="print")
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")  # on which a script of the theme would open the folds
        assert tab.evaluate("document.documentElement.dataset.theme") == "light"
        assert tab.locator("article h1").first.is_visible()
        frames = tab.locator(".course-explore").first.locator(".course-frame")
        visible = [frames.nth(k).is_visible() for k in range(frames.count())]
        assert visible[0] and visible[-1] and 3 <= sum(visible) <= 4  # first, middle, last, and the one on the screen
        solutions = tab.locator("div.solution > section, div.solution > .section")
        assert solutions.count() >= 5
        assert not any(solutions.nth(k).is_visible() for k in range(solutions.count()))


def loose_text(tag) -> str:
    """The tag's text that is neither code nor a block of code."""
    return "".join(text for text in tag.find_all(string=True) if not text.find_parent(["code", "pre"]))


def test_examples_on_the_library_pages_are_code():
    library = [page for page in PAGES if "modules" in page.parts and "api" in page.parts]
    assert library
    for page in library:
        assert ">>>" not in loose_text(soup(page).find("article")), page.name


def test_no_table_cell_shows_its_markup():
    cells = [(page.name, cell) for page in PAGES for cell in soup(page).select("article td")]
    assert cells
    assert [(name, cell.get_text()) for name, cell in cells if "`" in loose_text(cell)] == []


def test_buttons_to_the_repository_wait_for_its_address(extension):
    cleanup = extension("page_cleanup")
    for address, buttons in [("https://github.com/OWNER/REPOSITORY", False), ("https://github.com/a/b", True)]:
        options = {"repository_url": address, "use_repository_button": True, "use_edit_page_button": True,
                   "use_issues_button": True, "launch_buttons": {"binderhub_url": "https://mybinder.org"}}
        cleanup.drop_dead_buttons(None, types.SimpleNamespace(html_theme_options=options))
        assert options["use_repository_button"] is buttons and bool(options["launch_buttons"]) is buttons


# ---- the library's pages and the local extensions ------------------------------------------------------------------

@pytest.fixture
def extension(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    return importlib.import_module


def test_every_public_name_of_the_library_has_its_place(extension):
    import ast

    api = extension("api_pages")
    names = [name for name in api.public_modules(ROOT) if not api.is_package(ROOT, name)]
    assert len(names) >= 8
    for name in names:
        page = SITE / "book" / "api" / "modules" / f"{name}.html"
        assert page.is_file(), f"{name} has no page: make book"
        tree = ast.parse((ROOT / (name.replace(".", "/") + ".py")).read_text("utf-8"))
        public = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
                  and not node.name.startswith("_") and ast.get_docstring(node)]
        assert {f"{name}.{entry}" for entry in public} <= anchors(page)


def test_docstrings_survive_restructuredtext(extension):
    api = extension("api_pages")
    assert api.escape_rst("|gx| + 2 * x_ is *luma*") == r"\|gx\| + 2 \* x\_ is *luma*"
    assert api.escape_rst("``|y|`` and `a_`") == "``|y|`` and `a_`"


def test_speed_table_says_what_is_missing(extension, tmp_path):
    table = extension("speed_table")
    with pytest.raises(ValueError, match="run `make bench` first"):
        table.read_results(tmp_path / "speed.json")
    row = {"task": "t", "ours": "f", "peer": "OpenCV", "size": 512}
    row |= {"ours_ms": 2.0, "peer_ms": 1.0, "ratio": 2.0, "aim": 1.3}
    (tmp_path / "speed.json").write_text(json.dumps({"rows": [{"task": "t"}]}))
    with pytest.raises(ValueError, match="row 0 lacks ours, peer"):
        table.read_results(tmp_path / "speed.json")
    (tmp_path / "speed.json").write_text(json.dumps({"rows": [row]}))
    assert table.read_results(tmp_path / "speed.json")["rows"] == [row]
    assert "above the aim" in table.table_html("t", [row])
    assert "above the aim" not in table.table_html("t", [{**row, "ratio": 1.3}])


def test_every_measured_task_is_on_the_page():
    results = json.loads((ROOT / "benchmarks" / "results" / "speed.json").read_text("utf-8"))
    page = soup(SITE / "book" / "measured.html")
    tasks = {row["task"] for row in results["rows"]}
    assert tasks <= {caption.get_text().rpartition(", by ")[0] for caption in page.find_all("caption")}
    assert len(page.select("table.course-speed tbody tr")) == len(results["rows"])


# ---- the checks themselves -----------------------------------------------------------------------------------------

BAD = r"""<!doctype html><html lang="en"><head><title>Bad</title></head><body><article>
<h1>One</h1><h3>Skipped</h3>
<img src="https://example.org/a.png"><svg width="9" height="9"></svg>
<a href="nowhere.html">a</a><a href="#nothing">b</a>
<p class="math">\(\frac{1}{2}\)</p><p>{numref}`fig-a`</p>
<div style="width: 2000px">wide</div>
<p style="color: #ccc; background: #fff">faint</p><script>console.error("careful")</script></article></body></html>"""


def test_every_check_finds_its_fault(browser, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text(BAD, "utf-8")
    seen = visit(browser, page)
    assert set(seen["asked"]) == {"https://example.org/a.png"}
    assert any("careful" in error for error in seen["errors"])
    assert len(sideways(seen)) == 5
    assert any("color-contrast" in fault for fault in seen["wide light"])
    assert any("color-contrast" in fault for fault in seen["narrow dark"])
    assert len(seen["untypeset"]) == 1 and re.findall(RAW_TEX, seen["text"]) and re.findall(RAW_MYST, seen["text"])
    assert heading_faults(page) == ["level 3 after 1"]
    assert len(picture_faults(page)) == 2
    assert len(link_faults(page)) == 3
