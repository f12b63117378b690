"""The index of the site's own search: every section of every page, as one classic script that works from file://.

Sphinx's search wants all words on one page and leads to pages. People type a symptom, half of whose words the book does
not use, and want the paragraph that settles it. So the unit here is the section (also an exercise, a glossary entry, a
function of the library, a reference), words that the book lacks are ignored, and sections are ranked by BM25F
(Robertson and Zaragoza, 2009): a word counts by its rarity and by the field it stands in.

What depends on the book alone is computed here and written to _static/sections.js; book/_static/search.js adds up the
words of a query. Both cut a text into words in the same way (tests/test_search.py compares them on the whole book).
"""

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString
from search_words import FIRST, NOISE, terms, words
from symptoms import THREAD, asked, titles

OUT = "_static/sections.js"
NOT_INDEXED = {"book/symptoms"}  # a list of headings that stand elsewhere: it would answer everything, at one remove

# The fields of a section: what a word counts in each, and how far it counts less where the field is long (0 to 1).
# `asked` are the titles of the threads that a question box cites, and the questions of book/asked.yml; `box` is the
# words of such a box and the titles of other boxes; `aside` is code, its output, what a picture shows and how a formula
# reads; `above` the headings around the section.
WEIGHTS = {"heading": 3.5, "asked": 2.5, "box": 2.0, "text": 1.0, "aside": 0.6, "above": 1.2}
LENGTH = {"heading": 0.3, "asked": 0.3, "box": 0.3, "text": 0.4, "aside": 0.6, "above": 0.0}
EXCERPT = 700  # characters of each section that are kept for showing
SATURATION = 1.2  # of repeated words
KIND = {"question": 1.15, "chapter": 1.0, "glossary": 0.8, "book": 0.6, "library": 0.6}


# ---- the sections of a page ------------------------------------------------------------------------------------------

@dataclass
class Section:
    anchor: str
    title: str
    above: list[str]  # the titles of the page and of the sections that hold this one
    question: bool = False  # of the kind that stands on the page of symptoms
    texts: dict[str, list[str]] = field(default_factory=lambda: {"asked": [], "box": [], "text": [], "aside": []})

    def text(self, name: str) -> str:
        return " ".join("".join(self.texts[name]).split())


SKIPPED = ("script, style, svg, summary, .headerlink, .viewcode-link, .course-source, .course-data, .course-scroll, "
           ".solution, .hint, .eqno, .toctree-wrapper")
GREEK = re.compile(r"\\(var)?(alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi"
                   r"|chi|psi|omega)(?![a-z])", re.I)
SIGNS = {r"\times": "×", r"\cdot": "·", r"\le": "≤", r"\ge": "≥", r"\ne": "≠", r"\approx": "≈", r"\to": "→",
         r"\in": "∈", r"\lvert": "|", r"\rvert": "|", r"\pm": "±", r"\sqrt": "√", r"\infty": "∞", r"\star": "⋆",
         r"\partial": "∂"}


def greek(match) -> str:
    size = "CAPITAL" if match[2][0].isupper() else "SMALL"
    return unicodedata.lookup(f"GREEK {size} LETTER {match[2].upper().replace('LAMBDA', 'LAMDA')}")


def plain(tex: str) -> str:
    r"""A short formula as text: `\(g_x \ge 2\sigma\)` becomes `g_x ≥ 2σ`."""
    tex = GREEK.sub(greek, tex.replace(r"\(", "").replace(r"\)", ""))
    tex = re.sub(r"\\[a-z]+", lambda command: SIGNS.get(command[0], " "), tex, flags=re.I)
    return re.sub(r"[{}$\\]", "", tex)


def heading_of(element):
    return element.find(re.compile("^h[1-6]$"), recursive=False)


def name_of(element) -> str:
    for number in element.select(".section-number, .headerlink"):
        number.extract()
    return " ".join(element.get_text().split())


def sections_of(html: str, known: dict[str, str]) -> list[Section]:
    """The sections of a finished page, in its order; the first is the page itself."""
    found = re.search(r"(?s)<article.*</article>", html)
    page = BeautifulSoup(re.sub(r'src="data:[^"]*"', "", found[0] if found else ""), "html.parser")
    for element in page.select(SKIPPED):
        element.extract()
    for formula in page.select("[role=math]"):  # it has a sentence, which is more like a query than its TeX
        formula.name, formula.string = "pre", f" {formula['aria-label']} "
    for formula in page.select("span.math"):
        formula.replace_with(plain(formula.get_text()))
    sections: list[Section] = []

    def begin(anchor, title, above):
        sections.append(Section(anchor, title, above))
        return sections[-1]

    def inside(section):
        return [*section.above, section.title] if section.title else []

    def read(element, section, name):
        for child in element.children:
            if isinstance(child, NavigableString):
                section.texts[name].append(str(child))
                continue
            classes = child.get("class") or []
            heading = heading_of(child) if child.name == "section" else None
            if heading and child.get("id"):
                part = begin(child["id"], name_of(heading), inside(section))
                heading.extract()
                read(child, part, "text")
            elif "exercise" in classes and child.get("id"):
                title = child.find(class_="admonition-title").extract()
                read(child, begin(child["id"], name_of(title), inside(section)), "text")
            elif child.name == "dt" and child.get("id"):  # a function of the library, or a word of the glossary
                title = child.find(class_="sig-name") or child
                part = begin(child["id"], name_of(title), inside(section))
                if child is not title:
                    part.texts["aside"].append(child.get_text())
                if explained := child.find_next_sibling("dd"):
                    read(explained, part, "text")
                    explained.clear()
            elif "citation" in classes and child.get("id"):
                label = child.find(class_="label").extract()
                read(child, begin(child["id"], name_of(label).strip("[]"), inside(section)), "text")
            elif child.name == "img":
                section.texts["aside"].append(f" {child.get('alt', '')} ")
            elif "admonition-title" in classes:
                if " " in (title := name_of(child)) and title != "What people ask":  # not "Hint", "Predict", "Warning"
                    section.texts["box"].append(f"{title}. ")
            elif "question" in classes:
                section.question |= bool(THREAD.search(str(child)))
                threads = [f"{owner}#{number}" for owner, number in THREAD.findall(str(child))]
                section.texts["asked"] += [f"{known[thread]}. " for thread in threads if thread in known]
                read(child, section, "box")
            else:
                read(child, section, "aside" if child.name == "pre" or "course-figure" in classes else name)
            if child.name in ("p", "li", "div", "dd", "td", "th", "pre", "figcaption"):
                section.texts[name].append(" ")

    if article := page.find("article"):
        read(article, Section("", "", []), "text")
    return [section for section in sections if section is sections[0] or any(map(section.text, section.texts))]


def excerpt(section: Section) -> str:
    """The beginning of a section, from which search.js takes the sentence that fits the query best."""
    text = f"{section.text('box')} {section.text('text')}".strip()
    return text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + " …"


# ---- the index -------------------------------------------------------------------------------------------------------

def kind(page: str, section: Section) -> str:
    if section.question:
        return "question"
    if page.startswith("notebooks/"):
        return "chapter"
    return "library" if page.startswith("book/api") else "glossary" if page == "book/glossary" else "book"


def index_of(pages: dict[str, str], known: dict[str, str], asked: dict[str, dict[str, str]] | None = None) -> dict:
    """{page such as book/glossary: its HTML} -> what search.js needs.

    `terms` holds for each stem pairs of a section's number and the word's weight there, up to 114: BM25F's saturated
    sum over the fields, times how much this kind of section is preferred. What begins with = is a whole title.
    """
    found = [(page, section) for page, html in pages.items() for section in sections_of(html, known)]
    for page, section in found:
        section.texts["asked"] += [f"{title}. " for title in (asked or {}).get(f"{page}#{section.anchor}", {}).values()]
    fields = []
    for _, section in found:
        counts = {name: Counter(terms(section.text(name))) for name in section.texts}
        counts["heading"] = Counter(terms(section.title))
        counts["above"] = Counter(set(terms(" ".join(section.above))))
        fields.append(counts)
    mean = {name: max(1.0, sum(counts[name].total() for counts in fields) / len(fields)) for name in WEIGHTS}
    postings: dict[str, list[int]] = {}
    for number, ((page, section), counts) in enumerate(zip(found, fields, strict=True)):
        sums: Counter = Counter()
        for name, weight in WEIGHTS.items():
            longer = 1 - LENGTH[name] + LENGTH[name] * counts[name].total() / mean[name]
            for term, count in counts[name].items():
                sums[term] += weight * count / longer
        for term, total in sums.items():
            share = KIND[kind(page, section)] * total / (SATURATION + total)
            postings.setdefault(term, []).extend([number, max(1, round(99 * share))])
        by_name = {" ".join(words(title)) for title in [section.title, *section.texts["asked"]]} - {""}
        for title in sorted(by_name):
            postings.setdefault(f"={title}", []).extend([number, round(99 * KIND[kind(page, section)])])
    names = list(pages)
    page_titles = {page: section.title for page, section in reversed(found)}  # of a page's first section
    return {
        "pages": [[f"{page}.html", page_titles[page]] for page in names],
        "sections": [[names.index(page), section.anchor, section.title, excerpt(section)] for page, section in found],
        "terms": dict(sorted(postings.items())),
        "same": dict(sorted(FIRST.items())),
        "noise": sorted(NOISE),
    }


def script(index: dict) -> str:
    return f"var COURSE_SECTIONS = {json.dumps(index, ensure_ascii=False, separators=(',', ':'))};\n"


def write_index(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = {name: (out / f"{name}.html").read_text("utf-8") for name in sorted(app.env.found_docs - NOT_INDEXED)}
    root = Path(app.srcdir)
    (out / OUT).write_text(script(index_of(pages, titles(root), asked(root))), "utf-8")


def setup(app):
    app.connect("build-finished", write_index, priority=900)  # after the pages have been mended
    return {"parallel_read_safe": True, "parallel_write_safe": True}
