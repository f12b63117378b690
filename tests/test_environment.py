"""The files that describe the environment agree, the commands exist, and kernels stay in their files."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {"help", "book", "pdf", "test", "check", "lab", "serve", "bench", "lock", "notebooks", "clean"}
SEVEN = {"jupyterlab", "nbval", "matplotlib", "ipywidgets", "opencv-python", "torch", "jupyter-book"}
THROUGH_PIP = {"torch", "opencv-python", "sphinx-mathjax-offline", "playwright", "axe-playwright-python"}


def requirements(lines) -> dict[str, Requirement]:
    found = [Requirement(line) for line in lines]
    assert found
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def declared() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    return requirements(project["dependencies"] + extras["book"] + extras["dev"])


def locked() -> dict[str, Version]:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pins}


def code_files() -> dict[str, str]:
    """Path -> source of every Python file and of every notebook's code, the environment left out."""
    found = {}
    for folder in ["course_lib", "tests", "benchmarks", "book"]:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found[path.relative_to(ROOT).as_posix()] = path.read_text("utf-8")
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        found[path.relative_to(ROOT).as_posix()] = re.sub(r"(?m)^\s*[%!?].*$|^.*\?$", "", code)
    return found


def imported_names(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return names


# ---- pyproject.toml, requirements.lock, environment.yml


def test_conda_environment_asks_for_what_pyproject_asks_for():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    from_pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    from_conda = [entry for entry in entries if isinstance(entry, str)]
    conda = requirements(entry for entry in from_conda if entry != "pip")
    python = conda.pop("python")
    assert set(requirements(from_pip)) == THROUGH_PIP
    assert not set(conda) & THROUGH_PIP

    said = {name: str(r.specifier) for name, r in (conda | requirements(from_pip)).items()}
    assert said == {name: str(r.specifier) for name, r in declared().items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert str(python.specifier) == project["requires-python"]


def test_locked_versions_satisfy_pyproject():
    pins = locked()
    for name, requirement in declared().items():
        assert name in pins, f"{name} is not in requirements.lock: run `make lock`"
        assert pins[name] in requirement.specifier, f"{requirement} does not hold for {pins[name]}"


def test_the_seven_packages_of_the_course_are_declared():
    assert set(declared()) >= SEVEN


def test_lock_holds_names_and_versions_only():
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line), line
        assert "://" not in line
    assert not [name for name in locked() if name.startswith(("nvidia", "torchvision"))]


def test_installed_versions_are_the_locked_ones():
    """Up to the local part: torch 2.13.0+cpu is torch 2.13.0."""
    installed = {name: Version(importlib.metadata.version(name)) for name in locked()}
    assert {name: Version(version.public) for name, version in installed.items()} == locked()


def test_nothing_imports_torchvision():
    for path, source in code_files().items():
        assert not any(name.split(".")[0] == "torchvision" for name in imported_names(source)), path


def test_every_import_is_declared():
    """In the library, its tests and its benchmarks; a Sphinx extension may import what comes with Sphinx."""
    providers = importlib.metadata.packages_distributions()
    names = set(declared()) | {"course-lib"}
    ours = {path.stem for path in (ROOT / "book" / "_ext").glob("*.py")}
    ours |= {"course_lib", "benchmarks", "book", "tests", "conftest"}
    for path, source in code_files().items():
        allowed = names | ({"sphinx", "docutils", "pybtex"} if path.startswith("book/") else set())
        for name in imported_names(source):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in ours:
                continue
            from_packages = {canonicalize_name(provider) for provider in providers.get(top, [])}
            assert from_packages & allowed, f"{path} imports {top}, which pyproject.toml does not declare"


# ---- the commands


def run_make(*arguments: str, folder: Path, path: str | None = None) -> subprocess.CompletedProcess:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    if path is not None:
        kept["PATH"] = path
    make = shutil.which("make")
    assert make, "make is not installed"
    return subprocess.run(
        [make, *arguments],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


@pytest.fixture
def bare_machine(tmp_path):
    """A folder that holds the Makefile, and a PATH with neither Python nor git nor Chromium on it."""
    for name in ["Makefile", "pyproject.toml", "requirements.lock"]:
        shutil.copy(ROOT / name, tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ["bash", "awk", "sed", "tr", "env", "ls", "mktemp", "rm", "touch"]:
        (tools / tool).symlink_to(shutil.which(tool))
    return tmp_path


def add_tool(folder: Path, name: str, text: str) -> None:
    tool = folder / "bin" / name
    tool.write_text(f"#!{shutil.which('bash')}\n{text}\n")
    tool.chmod(0o755)


def sentence(result: subprocess.CompletedProcess) -> str:
    """What make said on standard error, which must be one line besides make's own."""
    assert result.returncode != 0, result.stdout
    lines = [line for line in result.stderr.splitlines() if not re.match(r"make(\[\d+\])?: ", line)]
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_help_lists_the_commands():
    listed = re.findall(r"(?m)^  (\w+) ", run_make("help", folder=ROOT).stdout)
    assert set(listed) == COMMANDS and len(listed) == len(COMMANDS)


def test_help_is_what_make_alone_does():
    assert run_make(folder=ROOT).stdout == run_make("help", folder=ROOT).stdout


def test_readme_and_contributing_name_commands_that_exist():
    named = set(re.findall(r"`make (\w+)", (ROOT / "README.md").read_text("utf-8")))
    assert named == COMMANDS
    assert set(re.findall(r"`make (\w+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))) <= COMMANDS


def test_readme_leads_to_files_that_exist():
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert "book/_static/what-you-will-make.jpg" in targets
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_readme_calls_those_chapters_ready_that_the_book_has():
    ready = re.findall(r"\((notebooks/\S+)\.ipynb\) \| ready", (ROOT / "README.md").read_text("utf-8"))
    contents = (ROOT / "book" / "_toc.yml").read_text("utf-8")
    assert ready and ready == re.findall(r"file: (notebooks/\S+)", contents)


def test_missing_python_is_said_in_one_sentence(bare_machine):
    result = run_make("book", folder=bare_machine, path=str(bare_machine / "bin"))
    assert "needs Python 3.11 or newer" in sentence(result)
    assert "apt-get install python3 python3-venv" in sentence(result)


def test_an_old_python_is_as_good_as_none(bare_machine):
    add_tool(bare_machine, "python3", "exit 1")  # the answer of 3.10 when asked whether it is 3.11
    result = run_make("book", folder=bare_machine, path=str(bare_machine / "bin"))
    assert "needs Python 3.11 or newer" in sentence(result)


def test_missing_venv_module_is_said_in_one_sentence(bare_machine):
    add_tool(bare_machine, "python3", '[[ "$*" != *ensurepip* ]]')
    result = run_make("check", folder=bare_machine, path=str(bare_machine / "bin"))
    assert "apt-get install python3-venv" in sentence(result)


def test_missing_git_is_said_in_one_sentence(bare_machine):
    result = run_make("test", folder=bare_machine, path=str(bare_machine / "bin"))
    assert sentence(result) == "make test needs git: on Debian or Ubuntu `apt-get install git`."


def test_missing_chromium_is_said_before_anything_is_installed(bare_machine):
    add_tool(bare_machine, "git", "exit 0")
    result = run_make("test", "CHROMIUM=", folder=bare_machine, path=str(bare_machine / "bin"))
    assert sentence(result) == (
        "make test needs Chromium for the browser tests: on Debian or Ubuntu `apt-get install chromium`."
    )


@pytest.mark.parametrize("command", ["serve", "pdf"])
def test_without_a_site_it_says_what_to_do(bare_machine, command):
    result = run_make(command, folder=bare_machine, path=str(bare_machine / "bin"))
    assert sentence(result) == f"make {command} needs the site: run `make book` first."


def test_ci_runs_make_test_and_nothing_weaker():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text("utf-8").splitlines()
    assert "set -euo pipefail" in lines
    assert lines[-1] == "exec make test </dev/null"
    assert not re.search(r"\|\| true|make check|CI_SKIP", script.read_text("utf-8"))


def test_what_is_built_is_ignored_by_git(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    built = [".venv/x", "_build/html/index.html", ".cache/numba/x", "course_lib/__pycache__/x"]
    built += ["course_lib.egg-info/x", "notebooks/.ipynb_checkpoints/x", "node_modules/x"]
    built += [".hypothesis/x", "book/api/modules/x.md"]
    kept = ["course_lib/images.py", "notebooks/01-images.ipynb", "book/_static/x.png", "requirements.lock"]
    answer = subprocess.run(
        ["git", "check-ignore", *built, *kept], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == built


# ---- what pytest and nbval do here


def cell(source: str, text: str, html: str) -> dict:
    output = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    output["data"] = {"text/plain": text, "text/html": html}
    rest = {"cell_type": "code", "execution_count": 1, "metadata": {}, "id": text}
    return rest | {"source": source, "outputs": [output]}


@pytest.mark.slow
def test_nbval_compares_text_and_leaves_html(tmp_path):
    methods = "def __repr__(self): return 'right'\n    def _repr_html_(self): return 'new'"
    shows = f"class Shown:\n    {methods}\nShown()"
    cells = [cell(shows, "right", "old"), cell(shows, "wrong", "new")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
    (tmp_path / "two.ipynb").write_text(json.dumps(notebook))
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "--nbval",
         "--nbval-current-env", tmp_path / "two.ipynb"], cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert "1 failed, 1 passed" in result.stdout, result.stdout + result.stderr
    assert "two.ipynb::Cell 1" in result.stdout and "two.ipynb::Cell 0\n" not in result.stdout


def test_a_skipped_test_fails_a_run_that_forbids_skips(tmp_path):
    (tmp_path / "test_one.py").write_text("import pytest\n\ndef test_one():\n    pytest.skip('no browser')\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", tmp_path]
    allowed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    forbidden = subprocess.run([*command, "--no-skip"], cwd=ROOT, capture_output=True, text=True)
    assert allowed.returncode == 0, allowed.stdout + allowed.stderr
    assert forbidden.returncode == 1, forbidden.stdout + forbidden.stderr
    assert "1 skipped, so this run fails" in forbidden.stdout


@pytest.mark.parametrize(
    ("printed", "compared"),
    [
        ("<Shown at 0x7f3a5c0d2e10>", "<Shown at ADDRESS>"),
        ("took 12.5 ms, again 8 µs", "took TIME, again TIME"),
        ("Wall time: 1.2 s", "TIME"),
        ("1.2 s ± 30 ms per loop (mean of 7)", "TIME"),
        ("sigma 2.0, 5 strong edges, 0x1F, 3 s", "sigma 2.0, 5 strong edges, 0x1F, 3 s"),
    ],
)
def test_nbval_replaces_addresses_and_timings_and_no_other_number(printed, compared):
    from nbval.plugin import get_sanitize_patterns

    for pattern, replacement in get_sanitize_patterns((ROOT / "tests" / "sanitize.cfg").read_text("utf-8")):
        printed = re.sub(pattern, replacement, printed)
    assert printed == compared


# ---- the kernel rule: numba's cache does not see an edit in a function that another file calls


def shared_privates(source: str) -> list[str]:
    """Names starting with `_` that this source takes from a module of course_lib."""
    tree = ast.parse(source)
    taken, modules = [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("course_lib")):
            taken += [alias.name for alias in node.names if alias.name.startswith("_")]
            modules |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias for alias in node.names if alias.name.startswith("course_lib")]
            modules |= {alias.asname or alias.name for alias in names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr):
            owner = ast.unparse(node.value)
            taken += [f"{owner}.{node.attr}"] if owner in modules else []
    return taken


def public_kernels(source: str) -> list[str]:
    """Functions under a numba decorator whose name does not start with `_`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            decorators = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
            if re.search(r"\b(njit|jit|vectorize|guvectorize|stencil)\b", decorators):
                found.append(node.name)
    return found


@pytest.mark.parametrize(
    ("source", "shared"),
    [
        ("from course_lib.filters import _kernel", ["_kernel"]),
        ("from .filters import _kernel as k", ["_kernel"]),
        ("from course_lib import filters\nfilters._kernel(1)", ["filters._kernel"]),
        ("import course_lib.filters as f\nf._kernel(1)", ["f._kernel"]),
        ("from course_lib.filters import gaussian_blur\nself._x = 1", []),
    ],
)
def test_the_rule_sees_a_shared_kernel(source, shared):
    assert shared_privates(source) == shared


def test_the_rule_sees_a_public_kernel():
    assert public_kernels("@njit(cache=True)\ndef blur(I): pass") == ["blur"]
    assert public_kernels("@numba.jit\ndef blur(I): pass") == ["blur"]
    assert public_kernels("@njit(cache=True)\ndef _blur(I): pass\ndef blur(I): pass") == []


def test_kernels_stay_in_their_files():
    sources = {path: text for path, text in code_files().items() if path.startswith("course_lib/")}
    assert sources
    for path, source in sources.items():
        assert shared_privates(source) == [], f"{path} takes private names from another module"
        assert public_kernels(source) == [], f"{path} has a kernel with a public name"
