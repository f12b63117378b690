"""The book as one PDF: of three real pages, because the whole takes minutes, and of two made for what those lack."""

import re
from pathlib import Path

import make_pdf  # of book/_ext
import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
PAGES = [("", "book/index"), ("II Segmentation", "notebooks/02-canny"), ("Back", "book/glossary")]

pytestmark = [pytest.mark.browser, pytest.mark.built]


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    make_pdf.make_pdf(SITE, target, PAGES)
    return target


@pytest.fixture(scope="module")
def pdf(printed) -> PdfReader:
    return PdfReader(printed)


@pytest.fixture(scope="module")
def texts(pdf) -> list[str]:
    return [page.extract_text() for page in pdf.pages]


def squeezed(text: str) -> str:
    """Without white space and hyphens: lines are broken elsewhere on paper."""
    return re.sub(r"[\s\N{SOFT HYPHEN}-]", "", text)


def bookmarks(reader, items=None, depth: int = 0) -> list[tuple[int, str, int]]:
    """(depth, title, page from 1) of every line of the outline."""
    found = []
    for item in reader.outline if items is None else items:
        if isinstance(item, list):
            found += bookmarks(reader, item, depth + 1)
        else:
            found.append((depth, item.title, reader.get_destination_page_number(item) + 1))
    return found


def headings(page: str) -> list[str]:
    soup = BeautifulSoup((SITE / f"{page}.html").read_text("utf-8"), "html.parser")
    for mark in soup.select("a.headerlink"):
        mark.decompose()
    return [tag.get_text().strip() for tag in soup.select("article section > h1, article section > h2")]


def addresses(reader) -> list[str]:
    links = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    return [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]


def structure(reader) -> list:
    """Every element of the tags."""
    found, waiting = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        element = waiting.pop().get_object()
        if hasattr(element, "get"):
            found.append(element)
            below = element.get("/K", [])
            waiting += below if isinstance(below, list) else [below] if hasattr(below, "get_object") else []
    return found


def test_outline_has_parts_chapters_and_sections(pdf):
    wanted = []
    for part, page in PAGES:
        chapter, *sections = headings(page)
        wanted += [(0, part)] * bool(part) + [(bool(part), chapter)] + [(bool(part) + 1, title) for title in sections]
    assert [(depth, title) for depth, title, _ in bookmarks(pdf)] == wanted and len(wanted) > 15


def test_bookmarks_and_contents_name_the_page_of_their_heading(pdf, texts):
    marks = bookmarks(pdf)
    first = marks[0][2]
    contents = squeezed("".join(texts[1:first - 1]))
    for _, title, page in marks:
        assert squeezed(title) in squeezed(texts[page - 1]), title
        assert squeezed(f"{title}{page}") in contents
    assert len({page for _, _, page in marks}) > 10


def test_every_page_has_its_number(texts):
    assert [text.split("\n")[0] for text in texts] == [str(k + 1) for k in range(len(texts))]


def test_title_page_names_title_authors_and_licence(texts):
    assert squeezed("Segmentation and Generation of Images: the Mathematics, in Python") in squeezed(texts[0])
    assert "The course's authors" in texts[0] and "CC BY 4.0" in texts[0]
    assert not re.search(r"\b20\d\d\b", texts[0])


def test_folds_are_open(texts):
    soup = BeautifulSoup((SITE / "notebooks/02-canny.html").read_text("utf-8"), "html.parser")
    folded = soup.select("div.solution p, div.hint p, details > div p, details td, details.course-source pre")
    lines = [squeezed(line) for tag in folded if not tag.select(".math, a") for line in tag.get_text().split("\n")]
    whole = squeezed("".join(re.sub(r"^\d+\n", "", text) for text in texts))
    missing = [line for line in lines if line not in whole]
    assert len(lines) > 400 and missing == []


def test_no_path_of_this_machine_is_in_it(printed, pdf):
    assert addresses(pdf) and all(address.startswith("https://") for address in addresses(pdf))
    assert not re.search(rb"file:/|" + re.escape(str(ROOT)).encode(), printed.read_bytes())


def test_links_between_chapters_stay_links(pdf, texts):
    """From the chapter to the glossary: the page that a link leads to holds the term's word."""
    glossary = bookmarks(pdf)[-1][2]
    places = pdf.named_destinations
    terms = [name for name in places if "term-" in name]
    assert len(terms) >= 10
    for name in terms:
        page = pdf.get_destination_page_number(places[name]) + 1
        assert page >= glossary
        words = re.findall(r"\w+", name.split("term-")[1])
        assert all(word.lower() in texts[page - 1].lower() for word in words), name


def test_it_is_tagged_and_has_a_language_and_a_title(pdf):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en" and root["/PageMode"] == "/UseOutlines"
    assert pdf.metadata.title.startswith("Segmentation and Generation")
    assert pdf.metadata.author == "The course's authors"
    elements = structure(pdf)
    kinds = {element.get("/S") for element in elements}
    assert {"/H1", "/H2", "/P", "/Table", "/TH", "/Link", "/Figure"} <= kinds
    described = " ".join(" ".join(element["/Alt"].split()) for element in elements if "/Alt" in element)
    soup = BeautifulSoup((SITE / "notebooks/02-canny.html").read_text("utf-8"), "html.parser")
    wanted = [tag["aria-label"] for tag in soup.select("[role=math]")]  # equations, and the first picture of each row
    pictures = soup.select("article .cell_output .course-row > :first-child img")
    still = [img for img in pictures if not img.find_parent(class_=["course-frame", "course-live"])]
    wanted += [" ".join(img["alt"].split()) for img in still] + ["with a cross at x = ", "white on black: "]  # live
    assert len(wanted) > 20 and [text for text in wanted if text not in described] == []


# ---- what the three pages lack -------------------------------------------------------------------------------------

MADE = """<!doctype html><html lang="en"><head><title>x</title></head><body><article class="bd-article"><section id="a">
<h1>{title}<a class="headerlink" href="#a">#</a></h1><p>{body}</p></section></article></body></html>"""
CANVAS = """<details><summary>Fold</summary>inner words</details><canvas width="40" height="30" aria-label="A red box">
</canvas><script>const pen = document.querySelector('canvas').getContext('2d');
pen.fillStyle = '#f00'; pen.fillRect(0, 0, 40, 30);</script><a href="../other.html">outside</a>
<a href="../two.html#a">next chapter</a>"""


def test_canvas_prints_and_links_that_lead_out_become_text(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "index.html").write_text(MADE.format(title="One", body=CANVAS), "utf-8")
    (tmp_path / "two.html").write_text(MADE.format(title="Two", body="nothing"), "utf-8")
    (tmp_path / "other.html").write_text(MADE.format(title="Other", body="left out"), "utf-8")
    make_pdf.make_pdf(tmp_path, tmp_path / "made.pdf", [("", "book/index"), ("Part", "two")])
    made = PdfReader(tmp_path / "made.pdf")
    assert bookmarks(made) == [(0, "One", 3), (0, "Part", 4), (1, "Two", 4)]
    page = made.pages[2]
    assert "inner words" in page.extract_text() and "outside" in page.extract_text()
    picture = page.images[0].image.convert("RGB")
    assert picture.size == (40, 30) and picture.getpixel((20, 15)) == (255, 0, 0)
    assert len(page["/Annots"]) == 1 and addresses(made) == []
    assert "A red box" in [element.get("/Alt") for element in structure(made)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "made.pdf", "other.html", "two.html"]


def test_a_missing_page_is_said_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="book/index.html is not there: run `make book` first"):
        make_pdf.make_pdf(tmp_path, tmp_path / "x.pdf", [("", "book/index")])


def test_the_whole_book_is_meant():
    pages = make_pdf.book_pages(ROOT)
    assert pages[0] == ("", "book/index") and ("II Segmentation", "notebooks/02-canny") in pages
    assert {f"notebooks/{path.stem}" for path in (ROOT / "notebooks").glob("*.ipynb")} <= {page for _, page in pages}
    assert make_pdf.pdf_path(ROOT) == ROOT / "_build/pdf/segmentation-and-generation-of-images.pdf"
