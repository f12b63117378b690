"""The API pages: one for each module of course_lib, made from the files, so that no module can be forgotten.

Before Sphinx reads its sources, a stub is written into book/api/modules/ for every module (git ignores them). The
directive `{course-modules}` lists them with the first line of each docstring, read with `ast`, so it imports nothing.

Docstrings are written to be read in a terminal, where `|gx|` and `x*` mean themselves. To reStructuredText they are
markup, so they are escaped; the legend of a module, drawn with pipes, becomes a table.
"""

import ast
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

PAGES = "book/api/modules"


def public_modules(root: Path) -> dict[str, str]:
    """Dotted name -> first line of the docstring, for every module and subpackage of course_lib."""
    found = {}
    for path in sorted((root / "course_lib").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if any(part.startswith("_") for part in parts):
            continue
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        found[".".join(parts)] = docstring.strip().split("\n")[0]
    return found


def is_package(root: Path, name: str) -> bool:
    return (root / name.replace(".", "/")).is_dir()


def page_text(name: str) -> str:
    path = name.replace(".", "/") + ".py"
    return f"""# {name}

```{{eval-rst}}
.. automodule:: {name}
   :members:
```

## The whole file

````{{dropdown}} {path}
:class-container: course-source

```{{literalinclude}} ../../../{path}
:language: python
:linenos:
```
````
"""


def write_pages(app):
    root = Path(app.srcdir)
    folder = root / PAGES
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{name}.md": page_text(name) for name in public_modules(root) if not is_package(root, name)}
    for old in set(path.name for path in folder.glob("*.md")) - set(wanted):
        (folder / old).unlink()
    for file_name, text in wanted.items():
        path = folder / file_name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def reread_index(app, env, added, changed, removed):
    return ["book/api/index"] if "book/api/index" in env.found_docs else []


class CourseModules(SphinxDirective):
    """A table for each subpackage, and the hidden toctree that makes the pages part of the book."""

    has_content = False

    def run(self):
        root = Path(self.env.srcdir)
        modules = public_modules(root)
        groups: dict[str, list[str]] = {}
        for name in modules:
            if not is_package(root, name):
                groups.setdefault(name.rpartition(".")[0], []).append(name)
        lines = []
        for package, names in sorted(groups.items()):
            lines += ["", f"## {package}", ""]
            if package != "course_lib" and modules.get(package):
                lines += [modules[package], ""]
            lines += ["| module | what it holds |", "|:--|:--|"]
            for name in names:
                meaning = modules[name].replace("|", r"\|")
                lines.append(f"| [`{name.rpartition('.')[2]}`](/{PAGES}/{name}.md) | {meaning} |")
        lines += ["", "```{toctree}", ":hidden:", ""]
        lines += [f"{name} </{PAGES}/{name}>" for names in groups.values() for name in names]
        lines += ["```"]
        container = nodes.container()
        text = StringList(lines, "book/_ext/api_pages.py")
        self.state.nested_parse(text, self.content_offset, container, match_titles=True)
        return container.children


def escape_rst(line: str) -> str:
    """Escape what reStructuredText would read as markup, outside ``literals``, `names` and *emphasis*."""
    pieces = re.split(r"(``.+?``|`[^`]+`|(?<![\w*])\*\w[\w ]*\*(?![\w*]))", line)
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(r"([|*\\])", r"\\\1", pieces[i])
        pieces[i] = re.sub(r"(\w)_(?=\W|$)", r"\1\\_", pieces[i])
    return "".join(pieces)


def module_docstring(app, text: str) -> list[str]:
    """A module's docstring block by block: a legend in pipes becomes a table, an indented block stays as it is."""
    lines = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        rows = block.split("\n")
        if all(row.startswith("|") for row in rows):
            cells = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows]
            cells = [row for row in cells if not all(set(cell) <= set("-: ") and cell for cell in row)]
            width = max(map(len, cells))
            lines += [".. list-table::", "   :header-rows: 1", ""]
            for row in cells:
                padded = [*row, *[""] * (width - len(row))]
                for i, cell in enumerate(padded):
                    lines.append(f"   {'  ' if i else '* '}- {escape_rst(cell)}".rstrip())
        elif any(row.startswith(("  ", "\t")) for row in rows):
            lines += [".. code-block:: text", "", *("   " + row for row in rows)]
        else:
            lines += [link_notebooks(app, row) for row in rows]
        lines.append("")
    return lines


def link_notebooks(app, line: str) -> str:
    """`notebooks/02-canny.ipynb` becomes a link where the chapter exists."""

    def link(match):
        return f":doc:`/{match[1]}`" if match[1] in app.env.found_docs else match[0]

    return re.sub(r"(notebooks/[\w-]+)(?:\.ipynb)?", link, escape_rst(line))


def prepare_docstring(app, what, name, obj, options, lines):
    if what == "module":
        lines[:] = module_docstring(app, "\n".join(lines))
        return
    prepared, literal = [], False
    if ">>>" in "".join(lines):  # an example needs a heading of its own, or it is read as part of the section before it
        first = next(i for i, line in enumerate(lines) if line.startswith(">>>"))
        lines[first:first] = ["Examples", "--------"]
    for line in lines:
        if line.lstrip().startswith((">>>", "...")):
            literal = True
        elif not line.strip():
            literal = False
        if line.startswith("Notebook:"):
            prepared += ["", "", link_notebooks(app, line)]  # two empty lines end napoleon's section before it
        elif literal or line.startswith((" " * 8, "\t")):
            prepared.append(line)
        else:
            prepared.append(escape_rst(line))
    lines[:] = prepared


def setup(app):
    app.connect("builder-inited", write_pages, priority=100)
    app.connect("env-get-outdated", reread_index)
    app.connect("autodoc-process-docstring", prepare_docstring, priority=100)
    app.add_directive("course-modules", CourseModules)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
