"""The library can be found: the index is complete, paths import, `??` fits a screen, equations lead to their lines."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib

PACKAGE = Path(course_lib.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {".".join(("course_lib", *f.relative_to(PACKAGE).with_suffix("").parts)): f
           for f in FILES if f.stem != "__init__"}  # fmt: skip
LISTED = re.findall(r"(?m)^(course_lib\.[\w.]+) {2,}\S", course_lib.__doc__)


def functions(name):
    """The public functions that this module defines."""
    module = importlib.import_module(name)
    for attribute, value in vars(module).items():
        if inspect.isfunction(value) and value.__module__ == name and not attribute.startswith("_"):
            yield value


ALL = [(name, f) for name in MODULES for f in functions(name)]
EVERY_FUNCTION = pytest.mark.parametrize(("name", "function"), ALL, ids=lambda v: getattr(v, "__name__", v))


def test_the_index_lists_exactly_the_modules_and_every_path_imports():
    assert sorted(LISTED) == sorted(MODULES)
    for name in LISTED:
        assert importlib.import_module(name).__doc__.strip(), name


def test_the_index_shows_an_import_that_works():
    (line,) = re.findall(r"from course_lib\S* import \w+", course_lib.__doc__)
    namespace = {}
    exec(line, namespace)
    assert callable(namespace["canny"])


@pytest.mark.parametrize("file", [f for f in FILES if f.stem == "__init__"], ids=lambda f: f.parent.name)
def test_an_init_holds_a_docstring_only(file):
    (statement,) = ast.parse(file.read_text("utf-8")).body
    assert isinstance(statement, ast.Expr) and isinstance(statement.value.value, str)


@EVERY_FUNCTION
def test_every_function_says_what_it_takes_and_returns(name, function):
    doc = inspect.getdoc(function)
    assert doc and doc[0].isupper() and doc.splitlines()[0].endswith("."), doc
    if name.endswith("checks"):
        return  # one sentence each; the module has the table
    if "those of `correlate`" not in doc:
        explained = re.findall(r"(?m)(?:^|; +)([\w*, ]+)(?: :|$)", doc.partition("Parameters\n---")[2])
        explained = set(re.findall(r"\w+", " ".join(explained)))
        assert set(inspect.signature(function).parameters) <= explained, f"{function.__name__} explains {explained}"


@EVERY_FUNCTION
def test_a_function_fits_a_screen(name, function):
    lines = inspect.getsource(function).splitlines()
    assert 2 <= len(lines) <= 60 and len((function.__doc__ or "").splitlines()) <= 40


@pytest.mark.parametrize("name", MODULES)
def test_a_module_tells_one_story(name):
    assert len(MODULES[name].read_text("utf-8").splitlines()) <= 260


def test_every_equation_named_in_a_docstring_stands_at_a_line_of_code():
    named = 0
    for name, file in MODULES.items():
        source = file.read_text("utf-8")
        texts = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(source))
                 if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))]  # fmt: skip
        labels = set(re.findall(r"\(Eq\. ([\w-]+)\)", " ".join(texts)))
        at_code = set(re.findall(r"(?m)^ *[^\s#].*# Eq\. ([\w-]+)", source))
        assert labels <= at_code, f"{name}: {labels - at_code} has no line of code"
        named += len(labels)
    assert named >= 12


def test_a_classical_chapter_does_not_wait_for_torch():
    program = "import sys, course_lib.boundaries.canny, course_lib.data.samples; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
