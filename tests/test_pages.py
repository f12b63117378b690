"""Styles know no left and right, so that a page may be read from either side; pages keep their size, and say it."""

import json
import re
from pathlib import Path

import measured  # of book/_ext
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"

PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:scroll-)?(?:margin|padding|border)-(?:left|right)\b[\w-]*|border-(?:top|bottom)-(?:left|right)-radius"
    r"|(?:left|right)(?=\s*:)|(?:text-align|float|clear)\s*:\s*(?:left|right))")
FOUR = re.compile(r"(?<![\w-])(margin|padding|inset|border-(?:width|style|color|radius))\s*:\s*([^;}!]+)")


def directions(css: str) -> list[str]:
    """What in this CSS says left or right, or gives the two sides different values."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    found = [match[0] for match in PHYSICAL.finditer(css)]
    for name, text in FOUR.findall(css):
        values = re.findall(r"(?:[^\s(]|\([^)]*\))+", text)
        unequal = len(values) == 4 and values[1] != values[3]
        if name == "border-radius":  # its values are corners: the first two must be equal, and the last two
            unequal = len(values) > 1 and (len(values) < 4 or values[0] != values[1] or values[2] != values[3])
        found += [f"{name}: {text.strip()}"] * unequal
    return found


SHEETS = [*(ROOT / "book" / "_static").glob("*.css"), *(ROOT / "course_lib" / "web").glob("*.css")]


@pytest.mark.parametrize("path", sorted(SHEETS), ids=lambda path: path.name)
def test_style_sheets_use_logical_directions(path):
    assert directions(path.read_text("utf-8")) == []


@pytest.mark.built
def test_what_our_code_writes_into_pages_uses_logical_directions():
    seen = 0
    for page in [*SITE.glob("notebooks/*.html"), *SITE.glob("book/*.html")]:
        soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        styles = [tag.get_text() for tag in soup.select("article style")]
        ours = soup.select("[class*=course-], [class*=course-] *")
        styles += [tag["style"] for tag in ours if tag.get("style") and not tag.find_parent("svg")]
        seen += len(styles)
        assert [found for style in styles for found in directions(style)] == [], page.name
    assert seen > 100


@pytest.mark.parametrize("css", [
    "a { margin-left: 1px }", "a{padding-right:1px}", "a{border-left-color:red}", "p{text-align: right}",
    "p{float:left}", "p{left:0}", "p{ right : 0 }",
    "p{border-top-left-radius:2px}", "p{margin: 1px 2px 3px 4px}", "p{inset:0 1px 0 0}",
    "p{border-radius: 0 4px 4px 0}", "p{border-radius:4px 0}",
])  # fmt: skip
def test_the_check_sees_a_direction(css):
    assert len(directions(css)) == 1


def test_the_check_lets_logical_directions_pass():
    assert directions("""/* left: */ a.left-hand { margin-inline: 1px 2px; inset-inline-start: 0; text-align: start }
      p { margin: 0 auto calc(1px + 2px) auto; padding: 1px 2px; border-radius: 4px 4px 0 0; --right-now: 1 }""") == []


# ---- what is measured ------------------------------------------------------------------------------------------------


def cells(html: str, caption: str) -> list[list[str]]:
    """The rows of the table with this caption."""
    tables = BeautifulSoup(html, "html.parser").find_all("table", class_="course-measured")
    found = [table for table in tables if table.caption.get_text().startswith(caption)]
    assert len(found) == 1, caption
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in found[0].tbody.find_all("tr")]


@pytest.mark.built
def test_pages_keep_within_their_size_and_the_book_says_it():
    html = (SITE / "book" / "measured.html").read_text("utf-8")
    rows = {name: (size, limit) for name, size, limit in cells(html, "Size of the pages")}
    chapters = sorted(SITE.glob("notebooks/*.html"))
    assert chapters
    for page in chapters:
        size = page.stat().st_size
        assert size <= measured.PAGE_BYTES
        assert rows[f"notebooks/{page.name}"] == (measured.kilobytes(size), measured.kilobytes(measured.PAGE_BYTES))
    assert len(rows) == len(chapters) + 2
    assert all(page.stat().st_size <= measured.PAGE_BYTES for page in SITE.rglob("*.html"))


@pytest.mark.built
def test_the_book_says_what_notebooks_cost_and_which_versions_were_used():
    html = (SITE / "book" / "measured.html").read_text("utf-8")
    times = json.loads((ROOT / measured.TIMES).read_text("utf-8"))["notebooks"]
    wanted = [[Path(name).stem, f"{entry['normalised_cpu_s']:.1f}", str(measured.NOTEBOOK_CPU_S)]
              for name, entry in times.items()]
    assert cells(html, "CPU seconds")[:-1] == wanted
    lock = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    for caption in ("The library", "The book", "The tests"):
        rows = cells(html, caption)
        assert len(rows) > 8 and all("==".join(row) in lock for row in rows)
    assert "Linux x86-64 with CPython 3.11" in html


def test_sizes_are_filled_in_and_again(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01-a.html").write_bytes(b"x" * 1_499_000)
    (tmp_path / "b.html").write_bytes(b"x" * 2_000)
    html = measured.pages_html(tmp_path)
    assert cells(html, "Size of the pages") == [["notebooks/01-a.html", "1,499 kB", "3,000 kB"],
                                                ["the largest of the other 1 pages", "2 kB", "3,000 kB"],
                                                ["the whole site, with fonts, styles and MathJax", "1,501 kB", ""]]
    page = f"a<!-- page sizes -->{html}<!-- end of page sizes -->b"
    assert measured.SIZES.sub(lambda found: found[1] + "new" + found[2], page) \
        == "a<!-- page sizes -->new<!-- end of page sizes -->b"


def test_a_build_without_times_says_so(tmp_path):
    assert "were not timed" in measured.times_html(tmp_path)
