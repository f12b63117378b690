r"""The formula sheet, and what a screen reader says in place of a formula.

A numbered equation of a chapter has a label; the line of code that computes it carries `# Eq. <label>`, the test that
proves it `@pytest.mark.equation("<label>")`; and book/equations.yml has one sentence that says how it reads. The
directive `{formula-sheet}` lists all four for every label; tests/test_equations.py fails where one is missing or stale.

In the finished pages each display equation is wrapped into an element of role "math" whose name is its sentence. What
MathJax draws inside is hidden from screen readers: what it would say is wrong for our subject.
"""

import ast
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

SENTENCES = "book/equations.yml"
NAMES = {"gaussian": "Gaussian", "snr": "SNR", "iou": "IoU", "f": "F", "rand": "Rand"}  # within a heading
DISPLAY = re.compile(r"(?ms)^(`{3,})\{math\}\n(?::label: (?P<name>[\w-]+)\n)?(?P<body>.*?)^\1"
                     r"|\$\$(?P<tex>.*?)\$\$(?: \((?P<label>[\w-]+)\))?")
CODE_LINE = re.compile(r"(?m)^ *(\S.*?) *# Eq\. ([\w-]+)")
DRAWN = re.compile(r'(?s)(<div class="math notranslate nohighlight"(?: id="equation-([\w-]+)")?[^>]*>\s*'
                   r'(?:<span class="eqno">.*?</span>)?)(\\\[.*?\\\])(\s*</div>)')
NAMED = re.compile(r'(?s)<div role="math" aria-label="[^"]*"><div aria-hidden="true">(.*?)</div></div>')


@dataclass(frozen=True)
class Equation:
    """A display equation as it stands in a chapter; without a number its label is empty."""

    label: str
    tex: str
    page: str  # such as notebooks/02-canny


@dataclass(frozen=True)
class Place:
    """A line of code that computes an equation, or a test that proves it."""

    file: str
    name: str  # of the function, or of the chapter's cell
    text: str


def normal(tex: str) -> str:
    """TeX as one line, without what Sphinx wraps around it."""
    return " ".join(re.sub(r"\\(begin|end)\{split\}", "", tex).split())


def cells(path: Path, kind: str) -> list[str]:
    notebook = json.loads(path.read_text("utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def chapters(root: Path) -> list[Path]:
    return sorted((root / "notebooks").glob("[0-9]*.ipynb"))


def equations(root: Path) -> list[Equation]:
    """All display equations, in the order of the book."""
    texts = [(f"notebooks/{path.stem}", "\n\n".join(cells(path, "markdown"))) for path in chapters(root)]
    texts += [(f"book/{path.stem}", path.read_text("utf-8")) for path in sorted((root / "book").glob("*.md"))]
    return [Equation(found["name"] or found["label"] or "", normal(found["body"] or found["tex"] or ""), page)
            for page, text in texts for found in DISPLAY.finditer(text)]


def sentences(root: Path) -> dict[str, str]:
    """Label, or the TeX of an equation without a number -> how it reads."""
    read = yaml.safe_load((root / SENTENCES).read_text("utf-8"))
    without_number = {normal(entry["tex"]): entry["reads"] for entry in read.pop("unnumbered", [])}
    return read | without_number


def code_lines(root: Path) -> dict[str, list[Place]]:
    """Label -> the lines that carry `# Eq. label`, those of the library first."""
    found: dict[str, list[Place]] = {}
    for path in sorted((root / "course_lib").rglob("*.py")):
        source = path.read_text("utf-8")
        functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
        for match in CODE_LINE.finditer(source):
            line = source.count("\n", 0, match.start()) + 1
            inside = [f.name for f in functions if f.lineno <= line <= (f.end_lineno or line)]
            place = Place(path.relative_to(root).as_posix(), inside[-1] if inside else "", match[1])
            found.setdefault(match[2], []).append(place)
    for path in chapters(root):
        for source in cells(path, "code"):
            for match in CODE_LINE.finditer(source):
                found.setdefault(match[2], []).append(Place(f"notebooks/{path.name}", "", match[1]))
    return found


def tests(root: Path) -> dict[str, list[Place]]:
    """Label -> the tests that carry its mark."""
    found: dict[str, list[Place]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for mark in getattr(node, "decorator_list", []):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.equation":
                    place = Place(path.relative_to(root).as_posix(), getattr(node, "name", ""), "")
                    found.setdefault(ast.literal_eval(mark.args[0]), []).append(place)
    return found


def heading(label: str) -> str:
    words = [NAMES.get(word, word) for word in label.split("-")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def entry(equation: Equation, sentence: str, lines: list[Place], proofs: list[Place]) -> list[str]:
    """One equation of the sheet, as MyST lines."""
    computed = []
    for place in lines:
        module = place.file.removesuffix(".py").replace("/", ".")
        link = (f"[{place.file}](/notebooks/{Path(place.file).name})" if place.file.endswith(".ipynb")
                else f"{{py:mod}}`{module}`" + f", `{place.name}`" * bool(place.name))
        computed += [f"{link}: ``{place.text}``", ""]
    proved = []
    for place in proofs:
        proved += [f"`````{{dropdown}} {place.name} ({place.file})", ":class-container: course-source", "",
                   f"```{{literalinclude}} /{place.file}", f":pyobject: {place.name}", "```", "`````", ""]
    return [f"({equation.label}-on-the-sheet)=", f"### {heading(equation.label)}", "",
            f"{{eq}}`{equation.label}`", "", "$$", equation.tex, "$$", "",
            f"**Reads as.** {sentence}", "", "**Computed by**", "", *computed, "**Proved by**", "", *proved]


class FormulaSheet(SphinxDirective):
    """Every numbered equation with its sentence, the lines that compute it and the tests that prove it."""

    has_content = False

    def run(self):
        root = Path(self.env.srcdir)
        reads, lines, proofs = sentences(root), code_lines(root), tests(root)
        text: list[str] = []
        page = ""
        for equation in equations(root):
            if equation.label:
                if equation.page != page:
                    page = equation.page
                    text += [f"## Chapter {int(Path(page).stem[:2])}", "", f"{{doc}}`/{page}`", ""]
                text += entry(equation, reads.get(equation.label, ""), lines.get(equation.label, []),
                              proofs.get(equation.label, []))
        container = nodes.container()
        self.state.nested_parse(StringList(text, "book/_ext/equations.py"), self.content_offset, container,
                                match_titles=True)
        return container.children


def speak(page: str, reads: dict[str, str], labels: dict[str, str]) -> str:
    """The page with a name on every display equation, in place of one from an earlier build.

    `labels` finds the label of a TeX text.
    """

    def named(match):
        tex = normal(html.unescape(match[3])[2:-2])
        sentence = reads.get(match[2] or labels.get(tex, tex))
        if sentence is None:
            return match[0]
        return (f'{match[1]}<div role="math" aria-label="{html.escape(sentence, quote=True)}">'
                f'<div aria-hidden="true">{match[3]}</div></div>{match[4]}')

    return DRAWN.sub(named, NAMED.sub(r"\1", page))


def name_equations(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    root = Path(app.srcdir)
    reads, labels = sentences(root), {e.tex: e.label for e in equations(root) if e.label}
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text("utf-8")
        spoken = speak(text, reads, labels)
        if spoken != text:
            path.write_text(spoken, "utf-8")


def reread_sheet(app, env, added, changed, removed):
    return ["book/equations"] if "book/equations" in env.found_docs else []


def setup(app):
    app.add_directive("formula-sheet", FormulaSheet)
    app.connect("env-get-outdated", reread_sheet)
    app.connect("build-finished", name_equations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
