"""`{symptoms}`: the questions that people ask, by chapter, each with its section and the threads it comes from.

A question is a box in a notebook: a Markdown cell tagged `question-N` that holds, under a heading, the box `What
people ask` with links to the threads. The directive lists them all, so that a reader who has a symptom but no word for
it finds the section, also without JavaScript. The titles of the threads stand in book/threads.yml; what else people
asked about a section, in our words, in book/asked.yml.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

TITLES = "book/threads.yml"
ASKED = "book/asked.yml"
BOX = re.compile(r"(?ms)^(`{3,})\{admonition\} What people ask\n(.*?)^\1")
HEADING = re.compile(r"(?m)^#{2,3} (.+)$")
THREAD = re.compile(r"https://github\.com/([^/\s)]+/[^/\s)]+)/(?:issues|pull)/([0-9]+)")


@dataclass(frozen=True)
class Question:
    page: str  # such as notebooks/02-canny
    tag: str  # such as question-8
    heading: str  # as the notebook has it, in Markdown
    threads: dict[str, str]  # opencv/opencv#5913 -> its address

    @property
    def target(self) -> str:
        return target(self.page, self.heading)


def target(page: str, heading: str) -> str:
    """The address of a section, as a link of MyST has it."""
    words = re.sub(r"\$.*?\$", "", heading).lower().replace(" ", "-")
    slug = re.sub(r"[^\w-]", "", words)  # as MyST makes it; another one would be a warning of the build
    return f"/{page}.ipynb#{slug}"


def titles(root: Path) -> dict[str, str]:
    """opencv/opencv#5913 -> the title of that thread."""
    return yaml.safe_load((root / TITLES).read_text("utf-8")) or {}


def asked(root: Path) -> dict[str, dict[str, str]]:
    """notebooks/02-canny#the-scale -> {scipy/scipy#8913: what was asked there, in our words, ...}."""
    return yaml.safe_load((root / ASKED).read_text("utf-8")) or {}


def chapters(root: Path) -> dict[Path, dict]:
    return {path: json.loads(path.read_text("utf-8")) for path in sorted((root / "notebooks").glob("[0-9]*.ipynb"))}


def questions_of(page: str, cells: list[dict]) -> list[Question]:
    found = []
    for cell in cells:
        source = "".join(cell["source"])
        tags = [tag for tag in cell["metadata"].get("tags", []) if tag.startswith("question-")]
        for box in BOX.finditer(source) if cell["cell_type"] == "markdown" else []:
            headings = HEADING.findall(source[: box.start()])
            if not (tags and headings):
                raise ValueError(f"{page}.ipynb: a box `What people ask` needs a tag question-N and a heading above.")
            threads = {f"{thread[1]}#{thread[2]}": thread[0] for thread in THREAD.finditer(box[2])}
            found.append(Question(page, tags[0], headings[-1], threads))
    return found


def other_lines(page: str, notebook: dict, sections: dict[str, dict[str, str]]) -> list[str]:
    """What was asked about all sections of a chapter, folded, as MyST lines."""
    prose = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    headings = {f"{page}#{nodes.make_id(heading)}": heading for heading in HEADING.findall(prose)}
    lines = ["`````{dropdown} In other words: what people asked that this chapter's sections treat", "",
             "{.course-asked}"]
    for section, threads in sections.items():
        if not section.startswith(f"{page}#"):
            continue
        if section not in headings:
            raise ValueError(f"{ASKED}: there is no section {section}.")
        lines += [f"- [{headings[section]}]({target(page, headings[section])})", ""]
        for thread, text in threads.items():
            repository, number = thread.split("#")
            name = f"{repository.split('/')[1]} #{number}"
            lines.append(f"  - [{name}](https://github.com/{repository}/issues/{number}): {literal(text)}")
        lines.append("")
    return [*lines, "`````", ""]


def literal(text: str) -> str:
    """The text as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>$#|~^-])", r"\\\1", text)


def chapter_lines(title: str, number: int, questions: list[Question], known: dict[str, str]) -> list[str]:
    """One chapter of the page, as MyST lines."""
    lines = [f"## Chapter {number}: {title}", "", "{.course-symptoms}"]
    for question in questions:
        lines += [f"- [{question.heading}]({question.target})", ""]
        for thread, address in question.threads.items():
            name = thread.split("/")[1].replace("#", " #")
            lines += [f"  - [{name}]({address})" + (f": {known[thread]}" if thread in known else "")]
        lines.append("")
    return lines


class Symptoms(SphinxDirective):
    has_content = False

    def run(self):
        root = Path(self.env.srcdir)
        known = titles(root)
        text: list[str] = []
        for path, notebook in chapters(root).items():
            try:
                questions = questions_of(f"notebooks/{path.stem}", notebook["cells"])
                others = other_lines(f"notebooks/{path.stem}", notebook, asked(root))
            except ValueError as error:
                raise self.error(str(error)) from error
            if questions:
                title = re.search(r"(?m)^# (.+)$", "".join(notebook["cells"][0]["source"]))[1]
                text += chapter_lines(title, int(path.stem[:2]), questions, known)
                text += others
        lines = StringList(text, "book/_ext/symptoms.py")
        container = nodes.container()
        self.state.nested_parse(lines, self.content_offset, container, match_titles=True)
        return container.children


def reread(app, env, added, changed, removed):
    return ["book/symptoms"] if "book/symptoms" in env.found_docs else []


def setup(app):
    app.add_directive("symptoms", Symptoms)
    app.connect("env-get-outdated", reread)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
