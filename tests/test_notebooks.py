"""The habits of a notebook, and the time that each may take.

Every check is a function from a notebook to a list of complaints. The same functions are run on a notebook made of
faults, so that a check which cannot fail is noticed.
"""

import ast
import functools
import importlib.util
import json
import re
import statistics
from pathlib import Path

import nbformat
import pytest
from equations import DISPLAY  # of book/_ext
from measured import NOTEBOOK_CPU_S, SLACK, TOTAL_CPU_S

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TIMES = ROOT / "_build" / "notebook_times.json"

LINES, LINES_HIDDEN, MEDIAN_LINES = 25, 40, 6
WORDS = (2500, 4500)
MINUTES_OFF = 5
ALT_CHARACTERS = 30
FIGURE_CALLS = {"show_row", "show_numbers", "show_chart"}  # explore shows what its function returns
HOLLOW = r"\b(simply|just|obviously|trivially|easily|delve|crucial|leverage)\b"


# ---- reading ----------------------------------------------------------------------------------------------------

def read(path: Path):
    return nbformat.read(path, as_version=4)


def cells(notebook, kind: str):
    return [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == kind]


def tags(cell) -> set[str]:
    return set(cell.metadata.get("tags", []))


def tree(cell) -> ast.Module:
    """The syntax tree of a code cell; lines for IPython (%magic, !shell, name?) count as comments."""
    lines = ["#" + line if re.match(r"\s*[%!?]|.*\?\s*$", line) else line for line in cell.source.split("\n")]
    return ast.parse("\n".join(lines))


def without_code(text: str) -> str:
    """Markdown without fenced code and mathematics and without the marks and options of directives, prose kept."""
    kept, fences = [], []  # fences: (mark, whether its content is prose)
    for line in text.split("\n"):
        mark = re.match(r"\s*(`{3,}|:{3,})\s*(.*)$", line)
        if mark and fences and mark[1][0] == fences[-1][0][0] and len(mark[1]) >= len(fences[-1][0]) and not mark[2]:
            fences.pop()
        elif mark and (not fences or fences[-1][1]):
            name, title = re.match(r"(\{[\w:-]+\})?(.*)$", mark[2]).groups()
            is_prose = bool(name) and name not in ("{math}", "{literalinclude}", "{code-block}", "{raw}", "{code}")
            fences.append((mark[1], is_prose))
            kept.append(title if is_prose else "")
        elif (not fences or fences[-1][1]) and not re.match(r":[\w-]+:", line):
            kept.append(line)
    return "\n".join(kept)


def prose(notebook) -> str:
    """The words of the Markdown cells: without code, formulas and addresses."""
    text = without_code("\n\n".join(cell.source for _, cell in cells(notebook, "markdown")))
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`", " x ", text, flags=re.S)
    return re.sub(r"\]\([^)]*\)", "]", text)


@functools.cache
def library_names() -> frozenset[str]:
    """Public functions and classes of course_lib, read from the files without importing them."""
    names = set()
    for path in (ROOT / "course_lib").rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                names.add(node.name)
    return frozenset(names)


# ---- the habits -------------------------------------------------------------------------------------------------

def every_code_cell_was_run(notebook):
    return [f"cell {i} has no execution count" for i, cell in cells(notebook, "code")
            if cell.source.strip() and not cell.execution_count]


def counts_rise_from_one(notebook):
    counts = [cell.execution_count for _, cell in cells(notebook, "code") if cell.source.strip()]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"the counts are {counts}: run it from a fresh kernel"]


def outputs_are_text(notebook):
    complaints = []
    for i, cell in cells(notebook, "code"):
        for output in cell.outputs:
            if output.output_type == "stream":
                text = output.text
                if output.name != "stdout":
                    complaints.append(f"cell {i} keeps what was written to {output.name}")
            elif output.output_type == "error":
                text = ""
                if "raises-exception" not in tags(cell):
                    complaints.append(f"cell {i} keeps an error")
            else:
                text = output.data.get("text/plain", "")
                kinds = sorted(set(output.data) - {"text/plain"})
                if kinds:
                    complaints.append(f"cell {i} keeps {', '.join(kinds)}")
            if re.search(r"\bat 0x[0-9a-f]{6}", text):
                complaints.append(f"cell {i} prints an address of memory, another one in every run")
    return complaints


def cells_are_short(notebook):
    complaints = []
    for i, cell in cells(notebook, "code"):
        limit = LINES_HIDDEN if "hide-input" in tags(cell) else LINES
        count = len(cell.source.strip().split("\n"))
        if count > limit:
            complaints.append(f"cell {i} has {count} lines, more than {limit}")
    return complaints


def median_cell_is_short(notebook):
    counts = [len(cell.source.strip().split("\n")) for _, cell in cells(notebook, "code") if cell.source.strip()]
    median = statistics.median(counts) if counts else 0
    return [f"the median code cell has {median} lines, more than {MEDIAN_LINES}"] if median > MEDIAN_LINES else []


def text_length(node, known) -> int:
    """Number of fixed characters of an alt text: a string, an f-string, a sum, a function's result, or a name."""
    if isinstance(node, ast.Constant):
        return len(node.value) if isinstance(node.value, str) else 0
    if isinstance(node, ast.JoinedStr):
        return sum(text_length(part, known) for part in node.values)
    if isinstance(node, ast.BinOp):
        return text_length(node.left, known) + text_length(node.right, known)
    if isinstance(node, ast.Lambda):
        return text_length(node.body, known)
    if isinstance(node, ast.IfExp):
        return min(text_length(node.body, known), text_length(node.orelse, known))
    if isinstance(node, ast.FunctionDef):
        returned = [part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value]
        return min((text_length(value, known) for value in returned), default=0)
    if isinstance(node, ast.Call):  # a function of the notebook that makes the text
        return text_length(node.func, known)
    if isinstance(node, ast.Name) and node.id in known:
        return text_length(known[node.id], {name: value for name, value in known.items() if name != node.id})
    return 0


def figures_have_alt_text(notebook):
    known, complaints = {}, []
    for i, cell in cells(notebook, "code"):
        for node in ast.walk(tree(cell)):
            if isinstance(node, ast.FunctionDef):
                known[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                known[node.targets[0].id] = node.value
        for node in ast.walk(tree(cell)):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in FIGURE_CALLS:
                alt = [keyword.value for keyword in node.keywords if keyword.arg == "alt"]
                length = text_length(alt[0], known) if alt else 0
                if length < ALT_CHARACTERS:
                    complaints.append(f"cell {i}: {name} has alt text of {length} characters, not {ALT_CHARACTERS}")
    return complaints


def charts_have_their_data(notebook):
    return [f"cell {i}: show_chart without data=, the numbers behind the fold" for i, cell in cells(notebook, "code")
            for node in ast.walk(tree(cell))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "show_chart"
            and not any(keyword.arg == "data" for keyword in node.keywords)]


def nothing_of_the_library_is_redefined(notebook):
    complaints, imported = [], set()
    for i, cell in cells(notebook, "code"):
        for node in ast.walk(tree(cell)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_lib"):
                imported |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in library_names():
                complaints.append(f"cell {i} defines {node.name}, which the library has")
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in imported:
                complaints.append(f"cell {i} gives the name {node.id}, imported from the library, another meaning")
    return complaints


def headings(notebook) -> list[tuple[int, str]]:
    found = []
    for _, cell in cells(notebook, "markdown"):
        text = without_code(cell.source)
        found += [(len(marks), title) for marks, title in re.findall(r"^(#{1,6})\s+(.+)$", text, flags=re.M)]
    return found


def one_title_and_no_skipped_heading(notebook):
    levels = [level for level, _ in headings(notebook)]
    titled = levels.count(1) == 1 and levels[0] == 1
    complaints = [] if titled else [f"{levels.count(1)} headings of level 1, or another one before it"]
    for (before, _), (level, title) in zip(headings(notebook), headings(notebook)[1:], strict=False):
        if level > before + 1:
            complaints.append(f"'{title}' has level {level} after level {before}")
    return complaints


def exercises_have_solutions(notebook):
    text = "\n".join(cell.source for _, cell in cells(notebook, "markdown"))
    blocks = re.findall(r"\{exercise\}[^\n]*\n((?::[\w-]+:.*\n)*)", text)
    labels = [match[1] for options in blocks if (match := re.search(r":label:\s*(\S+)", options))]
    solved = set(re.findall(r"\{solution\}\s*(\S+)", text))
    complaints = ["an exercise has no label"] if len(labels) < len(blocks) else []
    complaints += [f"exercise {label} has no solution" for label in labels if label not in solved]
    return complaints + ([] if blocks else ["there are no exercises"])


def no_window_is_opened(notebook):
    complaints = [f"cell {i} calls cv2.imshow" for i, cell in cells(notebook, "code")
                  if "imshow" in re.findall(r"cv2\.(\w+)", cell.source)]
    complaints += [f"cell {i} mentions cv2.imshow outside a 'find the bug'" for i, cell in cells(notebook, "markdown")
                   if "cv2.imshow" in cell.source and "find the bug" not in cell.source.lower()]
    return complaints


def the_environment_is_left_alone(notebook):
    return [f"cell {i} uses {word}" for i, cell in cells(notebook, "code")
            for word in ("sys.path", "torchvision", "pip install", "os.chdir") if word in cell.source]


def there_is_a_cell_of_parameters(notebook):
    count = sum("parameters" in tags(cell) for _, cell in cells(notebook, "code"))
    return [] if count == 1 else [f"{count} cells are tagged 'parameters'"]


def imports_come_first_one_a_line(notebook):
    _, first = cells(notebook, "code")[0]
    statements = tree(first).body
    complaints = [f"line {node.lineno} of the first code cell is not an import" for node in statements
                  if not isinstance(node, ast.Import | ast.ImportFrom)]
    complaints += [f"line {node.lineno} of the first code cell imports several modules" for node in statements
                   if isinstance(node, ast.Import) and len(node.names) > 1]
    lines = [node.lineno for node in statements]
    return complaints + ([] if len(set(lines)) == len(lines) else ["two imports share a line"])


def word_count(notebook) -> int:
    return len(re.findall(r"[^\W\d_][\w'’-]*", prose(notebook)))


def minutes_to_read(notebook) -> float:
    """One for 220 words, one for a displayed equation, one for 20 lines of code that are not folded."""
    text = "\n\n".join(cell.source for _, cell in cells(notebook, "markdown"))
    lines = sum(len(cell.source.strip().split("\n")) for _, cell in cells(notebook, "code")
                if "hide-input" not in tags(cell))
    return word_count(notebook) / 220 + len(DISPLAY.findall(text)) + lines / 20


def head_says_time_and_difficulty(notebook):
    head = notebook.cells[0].source
    times = re.search(r"\nTime\n: (\d+) minutes to read, about (\d+) with the code, (\d+) with the exercises\.\n", head)
    graded = re.search(r"\nDifficulty\n: [123] of 3\. [A-Z].*\.\n", head)
    complaints = [] if graded else ["no difficulty at the head, or no reason for it"]
    if not times:
        return [*complaints, "no minutes to read, with the code and with the exercises at the head"]
    read, with_code, with_exercises = map(int, times.groups())
    if abs(read - minutes_to_read(notebook)) > MINUTES_OFF:
        complaints.append(f"{read} minutes to read are said, {minutes_to_read(notebook):.0f} are counted")
    return complaints + ([] if read < with_code < with_exercises else ["the three times do not grow"])


def length_is_right(notebook):
    count = word_count(notebook)
    return [] if WORDS[0] <= count <= WORDS[1] else [f"{count} words, not between {WORDS[0]} and {WORDS[1]}"]


def words_are_plain(notebook):
    return [f"'{word}' says nothing" for word in re.findall(HOLLOW, prose(notebook), flags=re.I)]


def kernel_is_named_the_same_everywhere(notebook):
    return [] if notebook.metadata.get("kernelspec", {}).get("name") == "python3" else ["the kernel is not python3"]


HABITS = [
    every_code_cell_was_run, counts_rise_from_one, outputs_are_text, cells_are_short, median_cell_is_short,
    figures_have_alt_text, charts_have_their_data, nothing_of_the_library_is_redefined,
    one_title_and_no_skipped_heading, exercises_have_solutions, no_window_is_opened, the_environment_is_left_alone,
    there_is_a_cell_of_parameters, imports_come_first_one_a_line, length_is_right, words_are_plain,
    head_says_time_and_difficulty, kernel_is_named_the_same_everywhere,
]  # fmt: skip


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
def test_habit(path, habit):
    assert habit(read(path)) == []


def test_labels_are_unique_in_the_whole_book():
    labels = []
    for path in NOTEBOOKS:
        text = "\n".join(cell.source for _, cell in cells(read(path), "markdown"))
        labels += re.findall(r"^:label:\s*(\S+)", text, flags=re.M)
    assert sorted(labels) == sorted(set(labels))


@pytest.mark.parametrize("path", sorted((ROOT / "book").glob("*.md")), ids=lambda path: path.stem)
def test_pages_use_plain_words(path):
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(path.read_text("utf-8"))])
    assert words_are_plain(page) == []


# ---- the checks themselves ----------------------------------------------------------------------------------------

def code(source, *, count=None, tags=(), outputs=()):
    cell = nbformat.v4.new_code_cell(source, execution_count=count, outputs=list(outputs))
    cell.metadata["tags"] = list(tags)
    return cell


def write(tmp_path, *parts):
    notebook = nbformat.v4.new_notebook(cells=list(parts))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    return read(path)


@pytest.fixture
def bad_notebook(tmp_path):
    """Each fault that a habit names, at least once."""
    markdown = nbformat.v4.new_markdown_cell
    html = nbformat.v4.new_output("display_data", data={"text/plain": "x", "text/html": "<b>x</b>"})
    notebook = write(
        tmp_path,
        markdown("# One\n\n### Skipped\n\n# Two\n\nSimply obvious. Use cv2.imshow here."),
        code("import numpy as np, os; import sys\nsys.path.append('..')", count=7),
        code("\n".join(["x = 1"] * 30)),
        code("\n".join(["x = 1"] * 41), count=2, tags=["hide-input"]),
        code("from course_lib.filters import convolve\nconvolve = 3\ndef gaussian_blur(image): return image", count=4),
        code("alt = 'short'\nshow_row([image], alt=alt)", count=3, outputs=[html]),
        code("cv2.imshow('a', image)\nshow_chart(figure)", count=5,
             outputs=[nbformat.v4.new_output("stream", name="stderr", text="careful")]),
        markdown("```{math}\n:label: no-such-equation\nx = 1\n```\n\n```{exercise}\n:label: ex-none\nWhy?\n```"),
    )
    notebook.metadata["kernelspec"]["name"] = "my-kernel"
    return notebook


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
def test_every_check_finds_its_fault(habit, bad_notebook):
    if habit is median_cell_is_short:
        bad_notebook.cells = [cell for cell in bad_notebook.cells if len(cell.source.split("\n")) > 20]
    assert habit(bad_notebook) != []


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
def test_no_check_complains_without_a_fault(habit, tmp_path):
    markdown = nbformat.v4.new_markdown_cell
    words = "an edge is a place where brightness changes " * 400
    notebook = write(
        tmp_path,
        markdown("# One\n\nTime\n: 15 minutes to read, about 20 with the code, 30 with the exercises.\n\n"
                 "Difficulty\n: 1 of 3. It is short.\n"),
        markdown("## Two\n\n### Three\n\n## Four\n\n" + words),
        code("import numpy as np\nfrom course_lib.filters import convolve", count=1),
        code("size = 7", count=2, tags=["parameters"]),
        markdown("```{math}\n:label: my-own\nx = 1\n```"),
        code("x = 1  # Eq. my-own\nprint(x)", count=3, outputs=[nbformat.v4.new_output("stream", text="1\n")]),
        code("def describe(sigma):\n    return f'The photograph of a camera man, smoothed with {sigma}'", count=4),
        code("def draw(sigma):\n    return show_row([x], alt=describe(sigma))\nexplore(draw, sigma=[1, 2])", count=5),
        code("show_row([x], alt='The photograph of a camera man ' 'and its edges')", count=6),
        markdown("Find the bug in `cv2.imshow(image)`.\n\n```{exercise}\n:label: ex-a\nWhy?\n```\n\n"
                 "```{solution} ex-a\n:class: dropdown\nBecause.\n```"),
    )  # fmt: skip
    assert habit(notebook) == []


def test_minutes_grow_with_words_equations_and_code_and_may_not_drift(tmp_path):
    markdown = nbformat.v4.new_markdown_cell
    head = "# One\n\nTime\n: {} minutes to read, about {} with the code, 50 with the exercises.\n\n" \
           "Difficulty\n: 2 of 3. It is long.\n"
    parts = [markdown("word " * 2200), markdown("$$\na\n$$\n\n```{math}\n:label: b-c\nb\n```"), code("x = 1\n" * 60),
             code("x = 1\n" * 30, tags=["hide-input"])]

    def notebook(read, with_code=40, rest=parts):
        return write(tmp_path, markdown(head.format(read, with_code)), *rest)

    whole = minutes_to_read(notebook(15))
    assert [round(whole - minutes_to_read(notebook(15, rest=parts[:k] + parts[k + 1:])), 1) for k in range(4)] \
        == [10.0, 2.0, 3.0, 0.0]
    assert [head_says_time_and_difficulty(notebook(round(whole) + k)) == [] for k in (-6, -4, 4, 6)] \
        == [False, True, True, False]
    assert head_says_time_and_difficulty(notebook(15, with_code=15)) == ["the three times do not grow"]
    unreasoned = write(tmp_path, markdown(head.format(15, 40).replace(" It is long.", "")), *parts)
    assert len(head_says_time_and_difficulty(unreasoned)) == 1


def test_words_are_counted_in_boxes_and_not_in_code():
    text = "one two\n```{admonition} three\n:class: note\nfour\n```\nfive\n```python\ncode\n```\nsix\n" \
           "````{dropdown} seven\n```{literalinclude} file\n:pyobject: x\n```\neight\n````\n" \
           "```{math}\n:label: a\nx = 1\n```\nnine $x$ `y`"
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    assert re.findall(r"[a-z]{3,}", prose(page)) == "one two three four five six seven eight nine".split()


# ---- time ---------------------------------------------------------------------------------------------------------

def over_budget(times: dict) -> list[str]:
    spent = {name: entry["normalised_cpu_s"] for name, entry in times["notebooks"].items()}
    complaints = [f"{name} takes {seconds:.0f} CPU seconds, the budget is {NOTEBOOK_CPU_S}"
                  for name, seconds in spent.items() if seconds > SLACK * NOTEBOOK_CPU_S]
    if sum(spent.values()) > SLACK * TOTAL_CPU_S:
        complaints.append(f"all together take {sum(spent.values()):.0f} CPU seconds, the budget is {TOTAL_CPU_S}")
    return complaints


def execution_module(monkeypatch):
    """book/_ext/execute_notebooks.py, which knows how notebooks and the library are hashed."""
    folder = ROOT / "book" / "_ext"
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location("execute_notebooks", folder / "execute_notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.built
def test_notebooks_keep_their_time(monkeypatch):
    assert TIMES.exists(), "measure the notebooks first: make book"
    times = json.loads(TIMES.read_text("utf-8"))
    module = execution_module(monkeypatch)
    assert times["library"] == module.library_key(), "the library changed after the notebooks were run: make book"
    for path in NOTEBOOKS:
        entry = times["notebooks"].get(f"notebooks/{path.name}")
        assert entry, f"{path.name} was not measured: make book"
        assert entry["code"] == module.code_hash(read(path)), f"{path.name} changed after it was run: make book"
        assert 0 < entry["normalised_cpu_s"]
    assert over_budget(times) == []


def test_the_budget_can_be_exceeded():
    within = {"notebooks": {f"{i}": {"normalised_cpu_s": 119.0} for i in range(15)}}
    assert over_budget(within) == []
    assert len(over_budget({"notebooks": {"long": {"normalised_cpu_s": 181.0}}})) == 1
    assert len(over_budget({"notebooks": {f"{i}": {"normalised_cpu_s": 119.0} for i in range(23)}})) == 1


def test_code_hash_sees_code_and_not_prose(monkeypatch):
    module = execution_module(monkeypatch)
    one = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("a"), nbformat.v4.new_code_cell("x = 1")])
    two = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("b"), nbformat.v4.new_code_cell("x = 1")])
    three = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("a"), nbformat.v4.new_code_cell("x = 2")])
    assert module.code_hash(one) == module.code_hash(two) != module.code_hash(three)


def test_text_only_keeps_what_was_printed_and_drops_pictures(monkeypatch):
    module = execution_module(monkeypatch)
    new_output = nbformat.v4.new_output
    outputs = [
        new_output("stream", name="stdout", text="1\n"),
        new_output("stream", name="stderr", text="careful\n"),
        new_output("display_data", data={"image/png": "xxxx"}),
        new_output("execute_result", data={"text/plain": "A ring.", "text/html": "<img>"}, execution_count=1),
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", execution_count=1, outputs=outputs)])
    kept = module.text_only(notebook).cells[0].outputs
    assert [(output.output_type, output.get("text") or dict(output.data)) for output in kept] == [
        ("stream", "1\n"), ("execute_result", {"text/plain": "A ring."})]  # fmt: skip
    assert len(notebook.cells[0].outputs) == 4


def test_library_key_changes_with_the_library(tmp_path, monkeypatch):
    module = execution_module(monkeypatch)
    (tmp_path / "course_lib").mkdir()
    (tmp_path / "course_lib" / "a.py").write_text("x = 1\n")
    (tmp_path / "requirements.lock").write_text("numpy==2.4.6\n")
    first = module.library_key(tmp_path)
    assert module.library_key(tmp_path) == first
    (tmp_path / "course_lib" / "a.py").write_text("x = 2\n")
    second = module.library_key(tmp_path)
    (tmp_path / "requirements.lock").write_text("numpy==2.4.7\n")
    assert len({first, second, module.library_key(tmp_path)}) == 3
