"""The whole book as one PDF, from the built site: `make pdf`, or python book/_ext/make_pdf.py

Chromium opens each page of _toc.yml; what it shows, with every fold open, goes into one document, which is printed. It
is one document because the browser then makes the tags for screen readers, the links between chapters and the page
numbers; PDFs merged afterwards lose the first two. It is printed twice: the first print says on which page each section
begins, the second has these numbers in its table of contents. A link that leads out of the book, such as one to a page
of the library, stays as text, so that no path of this machine gets into the file.
"""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Fit

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SETTLE_MS = 500  # for figures that a script draws


@dataclass(frozen=True)
class Heading:
    level: int  # 0 is a part, 1 a chapter, 2 a section
    title: str
    target: str  # its id in the printed document


# In the tab of a page: opens what is folded, drops what only a screen needs, puts the page's prefix before every id,
# and returns the page as HTML, with its headings. A canvas would be copied empty: a picture takes its place.
COLLECT = """([prefix, prefixes]) => {
  const article = document.querySelector('article.bd-article');
  const each = (selector, change) => article.querySelectorAll(selector).forEach(change);
  each('script, .headerlink, .copybtn, .toggle-button, .course-slider input', (e) => e.remove());
  each('details', (e) => { e.open = true; });
  each('.toggle-hidden', (e) => e.classList.remove('toggle-hidden'));
  each('[tabindex]', (e) => e.removeAttribute('tabindex'));
  each('canvas', (e) => {
    const picture = new Image(e.clientWidth);
    picture.src = e.toDataURL();
    picture.alt = e.getAttribute('aria-label') || '';
    picture.className = e.className;
    e.replaceWith(picture);
  });
  // Print drops what only screen readers get, so each drawn formula is described: by its sentence, or else by its TeX.
  for (const formula of window.MathJax ? MathJax.startup.document.math : []) {
    const spoken = formula.typesetRoot.closest('[role=math]');
    const drawing = formula.typesetRoot.querySelector('svg');
    drawing.setAttribute('role', 'img');
    drawing.setAttribute('aria-label', spoken ? spoken.getAttribute('aria-label') : formula.math);
    for (let e = drawing; e !== article; e = e.parentElement) e.removeAttribute('aria-hidden');
    if (spoken) spoken.removeAttribute('role');
  }
  each('img', (e) => { e.src = e.src; e.loading = 'eager'; });
  each('[id]', (e) => { if (!e.ownerSVGElement) e.id = prefix + e.id; });  // a drawing refers to its own ids
  for (const name of ['for', 'aria-labelledby', 'aria-describedby'])
    each(`[${name}]`, (e) => e.setAttribute(name, prefix + e.getAttribute(name)));
  each('a[href]', (e) => {
    const url = new URL(e.href);
    const page = prefixes[decodeURIComponent(url.pathname)];
    if (url.protocol !== 'file:') return;
    if (page) e.setAttribute('href', '#' + page + (decodeURIComponent(url.hash.slice(1)) || 'top'));
    else e.replaceWith(...e.childNodes);
  });
  article.id = prefix + 'top';
  const headings = [...article.querySelectorAll('section > h1, section > h2')].map((e, k) => {
    e.id = `${prefix}heading-${k}`;
    return [Number(e.localName[1]), e.textContent.trim(), e.id];
  });
  const formulas = document.querySelectorAll('style[id^=MJX], #MJX-SVG-global-cache');
  return [[...formulas, article].map((e) => e.outerHTML).join(''), headings];
}"""

FILL_IN = """(numbers) => document.querySelectorAll('.pdf-contents a').forEach((e) => {
  e.querySelector('.pdf-number').textContent = numbers[e.getAttribute('href').slice(1)];
})"""

# The rest is the print style of the site, at the end of book/_static/course.css.
STYLE = """
@page { @bottom-center { content: counter(page); font: 9pt sans-serif; color: #444; } }
body { margin: 0; background: white; }
.pdf-page { break-before: page; }
.pdf-part { margin-block: 0 2rem; font-size: 12pt; color: #444; }
.pdf-title { padding-block-start: 60mm; }
.bd-main .bd-content .bd-article .pdf-title h1 { font-size: 28pt; margin-block-end: 12mm; }
.pdf-title p { font-size: 12pt; }
.pdf-contents p { margin: 0; }
.pdf-contents a { display: flex; gap: 1em; justify-content: space-between; color: black; text-decoration: none; }
.pdf-level-0 { padding-block-start: 1.2em; font-weight: 600; }
.pdf-level-1 { padding-block-start: 0.5em; font-weight: 600; }
.pdf-level-2 { padding-inline-start: 1.6em; }
"""


def book_pages(root: Path) -> list[tuple[str, str]]:
    """(part, page) for every page of _toc.yml, in its order; the first page belongs to no part."""
    toc = yaml.safe_load((root / "book/_toc.yml").read_text("utf-8"))
    return [("", toc["root"]), *((" ".join(part["caption"].split()), chapter["file"])
                                 for part in toc["parts"] for chapter in part["chapters"])]


def pdf_path(root: Path) -> Path:
    title = yaml.safe_load((root / "book/_config.yml").read_text("utf-8"))["sphinx"]["config"]["html_title"]
    return root / "_build/pdf" / (re.sub("[^a-z0-9]+", "-", title.lower()) + ".pdf")


def chromium(wanted_by: str = "make pdf needs") -> str:
    """The path of an installed Chromium or Chrome; what CHROMIUM names comes first."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        if name and (path := shutil.which(name)):
            return path
    raise ValueError(f"{wanted_by} Chromium: on Debian or Ubuntu `apt-get install chromium`.")


def open_page(browser, path: Path):
    tab = browser.new_page(reduced_motion="reduce")
    tab.goto(path.as_uri(), wait_until="load")
    tab.evaluate("() => window.MathJax ? MathJax.startup.promise.then(() => null) : null")
    tab.wait_for_timeout(SETTLE_MS)
    return tab


def collect(browser, site: Path, pages: list[tuple[str, str]]) -> tuple[str, list[Heading]]:
    """The pages as HTML, one after another, and the headings of all of them."""
    paths = [(site / f"{page}.html").resolve() for _, page in pages]
    prefixes = {unquote(urlsplit(path.as_uri()).path): f"p{k}-" for k, path in enumerate(paths)}
    body, outline, part_before = "", [], ""
    for (part, _), path, prefix in zip(pages, paths, prefixes.values(), strict=True):
        tab = open_page(browser, path)
        text, headings = tab.evaluate(COLLECT, [prefix, prefixes])
        tab.close()
        opening = ""
        if part != part_before:
            outline.append(Heading(0, part, f"{prefix}part"))
            opening = f'<p class="pdf-part" id="{prefix}part">{escape(part)}</p>'
        body += f'<div class="pdf-page">{opening}{text}</div>'
        outline += [Heading(*heading) for heading in headings]
        part_before = part
    return body, outline


def authors(citation: dict) -> str:
    return ", ".join(author["name"] for author in citation["authors"])


def front_matter(citation: dict, copyright_line: str, outline: list[Heading]) -> str:
    """Title page and table of contents; the numbers of the pages are filled in after the first print."""
    licence = copyright_line.split(". ", 1)[1]  # without the year
    lines = "".join(f'<p class="pdf-level-{h.level}"><a href="#{h.target}"><span>{escape(h.title)}</span>'
                    f'<span class="pdf-number">000</span></a></p>' for h in outline)
    return (f'<div class="pdf-title"><h1>{escape(citation["title"])}</h1><p>{escape(authors(citation))}</p>'
            f'<p>{escape(licence)}.</p></div>'
            f'<div class="pdf-page pdf-contents"><h2>Contents</h2>{lines}</div>')


def document(site: Path, title: str, body: str) -> str:
    """The head of the site's pages, without scripts, around everything."""
    sheets = re.findall(r'<link[^>]*href="\.\./(_static/[^"?]+\.css)', (site / "book/index.html").read_text("utf-8"))
    links = "".join(f'<link rel="stylesheet" href="{(site / sheet).as_uri()}">' for sheet in sheets)
    return (f'<!doctype html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">'
            f"<title>{escape(title)}</title>{links}<style>{STYLE}</style></head>"
            f'<body><main class="bd-main"><div class="bd-content"><div class="bd-article-container bd-article">{body}'
            f"</div></div></main></body></html>")


def printed(tab) -> PdfReader:
    return PdfReader(BytesIO(tab.pdf(prefer_css_page_size=True, print_background=True, tagged=True)))


def page_numbers(reader: PdfReader, outline: list[Heading]) -> dict[str, int]:
    """The page, counted from 1, on which each heading stands."""
    places = reader.named_destinations
    return {heading.target: reader.get_destination_page_number(places["/" + heading.target]) + 1 for heading in outline}


def with_outline(reader: PdfReader, outline: list[Heading], citation: dict) -> PdfWriter:
    """Bookmarks for parts, chapters and sections. What the browser wrote stays as it is; they are appended to it."""
    writer = PdfWriter(reader.stream, incremental=True)
    numbers = page_numbers(reader, outline)
    above: list = [None, None, None]  # the last bookmark of each level
    for heading in outline:
        parent = next((mark for mark in reversed(above[:heading.level]) if mark is not None), None)
        mark = writer.add_outline_item(
            title=heading.title, page_number=numbers[heading.target] - 1, parent=parent, is_open=heading.level == 0,
            fit=Fit.xyz(top=reader.named_destinations["/" + heading.target].top))
        above[heading.level:] = [mark] + [None] * (2 - heading.level)
    writer.page_mode = "/UseOutlines"
    writer.metadata = {"/Title": citation["title"], "/Author": authors(citation)}
    return writer


def make_pdf(site: Path, target: Path, pages: list[tuple[str, str]], root: Path = ROOT) -> None:
    for _, page in pages:
        if not (site / f"{page}.html").exists():
            raise ValueError(f"make pdf needs the built site, and {page}.html is not there: run `make book` first.")
    citation = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
    config = yaml.safe_load((root / "book/_config.yml").read_text("utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    source = target.with_suffix(".html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        body, outline = collect(browser, site, pages)
        body = front_matter(citation, config["copyright"], outline) + body
        source.write_text(document(site, citation["title"], body), "utf-8")
        tab = browser.new_page()
        tab.goto(source.resolve().as_uri(), wait_until="load", timeout=0)  # a long book takes its time
        numbers = page_numbers(printed(tab), outline)
        tab.evaluate(FILL_IN, numbers)
        reader = printed(tab)
        browser.close()
    source.unlink()
    if page_numbers(reader, outline) != numbers:
        raise ValueError("make pdf: the numbers in the table of contents moved the pages that they name.")
    with_outline(reader, outline, citation).write(target)
    print(f"{target.name}: {len(reader.pages)} pages, {target.stat().st_size / 1e6:.1f} MB, in {target.parent}")


if __name__ == "__main__":
    try:
        make_pdf(ROOT / "_build/html", pdf_path(ROOT), book_pages(ROOT))
    except ValueError as error:
        sys.exit(str(error))
