"""`{notebook-times}`, `{site-sizes}`, `{locked-versions}`: what a build costs, as tables of book/measured.md.

No number of that page is typed: the times come from _build/notebook_times.json, the sizes from the files, the versions
from requirements.lock. The sizes of the pages are known when all are written, so they are filled in at the end.
The budgets stand here, once; the tests that keep them import them.
"""

import json
import re
import tomllib
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

NOTEBOOK_CPU_S, TOTAL_CPU_S, SLACK = 120, 1800, 1.5  # a test fails at SLACK times the budget: machines are not alike
PAGE_BYTES = 3_000_000
WIDGET_BYTES = 60_000

TIMES = "_build/notebook_times.json"
SIZES = re.compile(r"(<!-- page sizes -->).*?(<!-- end of page sizes -->)", re.S)


def table(caption: str, head: list[str], rows: list[list[str]]) -> str:
    """HTML in which the first cell of a row is its heading. What is passed is text, not HTML."""
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(f'<tr><th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
                    + "</tr>" for first, *rest in rows)
    return (f'<div class="course-scroll" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}">'
            f'<table class="table course-measured"><caption>{escape(caption)}</caption>'
            f"<thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table></div>")


def kilobytes(count: int) -> str:
    return f"{count / 1000:,.0f} kB"


def widget_files(root: Path) -> list[Path]:
    """All code of ours that runs in the reader's browser."""
    return sorted([*(root / "course_lib/web").glob("*.js"), *(root / "book/_static").glob("*.js")])


def times_html(root: Path) -> str:
    path = root / TIMES
    if not path.exists():
        return "<p>The notebooks of this build were not timed: <code>make book</code> does that.</p>"
    entries = json.loads(path.read_text("utf-8"))["notebooks"].items()
    spent = {Path(name).stem: entry["normalised_cpu_s"] for name, entry in entries}
    rows = [[name, f"{seconds:.1f}", str(NOTEBOOK_CPU_S)] for name, seconds in spent.items()]
    rows.append(["all", f"{sum(spent.values()):.1f}", str(TOTAL_CPU_S)])
    caption = f"CPU seconds of each notebook; a test fails at {SLACK} times the budget"
    return table(caption, ["Notebook", "Spent", "Budget"], rows)


def widgets_html(root: Path) -> str:
    sizes = [(path.relative_to(root).as_posix(), path.stat().st_size) for path in widget_files(root)]
    rows = [[name, kilobytes(size), ""] for name, size in sizes]
    rows.append(["all", kilobytes(sum(size for _, size in sizes)), kilobytes(WIDGET_BYTES)])
    return table("Our code that runs in your browser", ["File", "Size", "Limit"], rows)


def pages_html(site: Path) -> str:
    """Chapters one by one, the other pages by their largest, and everything that the folder holds."""
    files = [path for path in sorted(site.rglob("*")) if path.is_file()]
    sizes = {path.relative_to(site).as_posix(): path.stat().st_size for path in files}
    chapters = {name: size for name, size in sizes.items() if re.fullmatch(r"notebooks/[^/]+\.html", name)}
    others = {name: size for name, size in sizes.items()
              if name.endswith(".html") and name not in chapters and not name.startswith("_static/")}
    limit = kilobytes(PAGE_BYTES)
    rows = [[name, kilobytes(size), limit] for name, size in chapters.items()]
    rows.append([f"the largest of the other {len(others)} pages", kilobytes(max(others.values(), default=0)), limit])
    rows.append(["the whole site, with fonts, styles and MathJax", kilobytes(sum(sizes.values())), ""])
    return table("Size of the pages, pictures included", ["Page", "Size", "Limit"], rows)


def versions_html(root: Path) -> str:
    lines = (root / "requirements.lock").read_text("utf-8").splitlines()
    locked = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"The library and the notebooks": project["dependencies"],
              "The book": project["optional-dependencies"]["book"],
              "The tests": project["optional-dependencies"]["dev"]}  # fmt: skip
    oldest = project["requires-python"].removeprefix(">=")
    html = f"<p>{escape(lines[0].lstrip('# '))} Python {oldest} or newer will do.</p>"
    for caption, wanted in groups.items():
        names = sorted(re.match(r"[\w.-]+", requirement)[0].lower() for requirement in wanted)
        html += table(f"{caption}: locked versions", ["Package", "Version"], [[name, locked[name]] for name in names])
    return html


class Measured(SphinxDirective):
    has_content = False

    def run(self):
        root = Path(self.env.srcdir)
        html = {"notebook-times": lambda: times_html(root), "locked-versions": lambda: versions_html(root),
                "site-sizes": lambda: "<!-- page sizes --><!-- end of page sizes -->" + widgets_html(root)}[self.name]()
        return [nodes.raw("", html, format="html")]


def fill_in_sizes(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    page = Path(app.outdir, "book/measured.html")
    text = page.read_text("utf-8")
    page.write_text(SIZES.sub(lambda found: found[1] + pages_html(Path(app.outdir)) + found[2], text), "utf-8")


def always_reread(app, env, added, changed, removed):
    """Its numbers change with files that are no pages."""
    return ["book/measured"] if "book/measured" in env.found_docs else []


def setup(app):
    for name in ("notebook-times", "site-sizes", "locked-versions"):
        app.add_directive(name, Measured)
    app.connect("env-get-outdated", always_reread)
    app.connect("build-finished", fill_in_sizes, priority=950)  # after everything that changes pages
    return {"parallel_read_safe": True, "parallel_write_safe": True}
