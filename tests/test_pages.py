"""The style sheets know no left and right, so that a page may be read from either side."""

import re
from pathlib import Path

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


@pytest.mark.parametrize("path", sorted((ROOT / "book" / "_static").glob("*.css")), ids=lambda path: path.name)
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
