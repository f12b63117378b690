"""Run the notebooks, two at a time, into the cache that the book's build reads, and measure what each one costs.

    python book/_ext/execute_notebooks.py                            # what is not in the cache yet
    python book/_ext/execute_notebooks.py notebooks/02-canny.ipynb   # only this one
    python book/_ext/execute_notebooks.py --write                    # and write counts and text outputs back
    python book/_ext/execute_notebooks.py --force                    # run again what is in the cache

Why not leave it to Jupyter Book? It runs one notebook after another and measures nothing, and a committed notebook
needs execution counts and text outputs for nbval to check. The build then finds each one in the cache and runs none.

`_build/notebook_times.json` holds the CPU seconds of each kernel. Machines differ, so a fixed loop is timed before and
after each notebook; `normalised_cpu_s` is what a machine that needs NOMINAL_S for that loop would have taken.
"""

import argparse
import copy
import hashlib
import json
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import nbformat
import numpy as np
from library_key import ROOT, cache_folder, library_key, prepare_kernels

TIMES = ROOT / "_build" / "notebook_times.json"
NOMINAL_S = 0.36  # CPU seconds of calibration_loop on the machine the budgets were set on
CELL_TIMEOUT_S = 300
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}


def calibration_loop() -> float:
    """CPU seconds of a fixed piece of work, half Python and half NumPy, as notebooks are."""
    start = time.process_time()
    total = 0
    for i in range(3_600_000):
        total += (i * i) & 1023
    rng = np.random.default_rng(0)
    a = rng.random((512, 512))
    for _ in range(120):
        a = np.sqrt(a * a[::-1] + 0.25) - 0.25 * a.T
    assert total > 0 and np.isfinite(a).all()
    return time.process_time() - start


def code_hash(notebook) -> str:
    """Hash of what is executed. Prose and outputs may change without a new run."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()[:16]


def read_notebook(path: Path, *, for_writing: bool):
    """The notebook as it is or, for writing, with the metadata that is committed: the same on every machine.

    The cache knows a notebook by its code and its kernelspec. So what is stored must carry the metadata that the file
    has when the book is built, or the build would not find it.
    """
    notebook = nbformat.read(path, as_version=4)
    if not for_writing:
        return notebook
    made_anew = ("widgets", "kernelspec", "language_info")
    kept = {key: value for key, value in notebook.metadata.items() if key not in made_anew}
    notebook.metadata = nbformat.from_dict({**kept, "kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO})
    for number, cell in enumerate(notebook.cells):
        cell["id"] = cell.get("id") or f"cell-{number:02d}"
        for key in ("execution", "collapsed", "ExecuteTime", "scrolled"):
            cell.metadata.pop(key, None)
        if "hide-input" in cell.metadata.get("tags", []):  # folded in the book, so in JupyterLab too
            cell.metadata["jupyter"] = {"source_hidden": True}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def text_only(notebook):
    """A copy whose outputs are text: printed lines, text/plain, and the message of an expected error.

    Pictures and HTML are made again by every run; a traceback holds the paths of the machine.
    """
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        if cell.cell_type != "code":
            continue
        outputs = []
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stdout":
                outputs.append(output)
            elif output.output_type in ("execute_result", "display_data") and "text/plain" in output.data:
                output.data = nbformat.from_dict({"text/plain": output.data["text/plain"]})
                output.metadata = nbformat.from_dict({})
                outputs.append(output)
            elif output.output_type == "error":
                output.traceback = []
                outputs.append(output)
        cell.outputs = outputs
    return result


def failed_cell(notebook) -> int:
    """Index of the cell that stopped the run: the last with an error, or else the first that did not finish."""
    code = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    with_error = [i for i, cell in code if any(output.output_type == "error" for output in cell.outputs)]
    unfinished = [i for i, cell in code if not cell.execution_count]
    return (with_error[-1:] or unfinished[:1] or [code[-1][0]])[0]


def children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def execute(path: str, for_writing: bool) -> dict:
    """Run one notebook in a process of its own; the kernel is that process's only child, so its CPU time is known."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = read_notebook(Path(path), for_writing=for_writing)
    before = calibration_loop()
    cpu, wall = children_cpu_s(), time.perf_counter()
    client = NotebookClient(notebook, timeout=CELL_TIMEOUT_S, kernel_name="python3", record_timing=False,
                            coalesce_streams=True, extra_arguments=["--log-level=40"],  # errors only
                            resources={"metadata": {"path": str(Path(path).parent)}})
    error = None
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        number = failed_cell(notebook)
        error = {"cell": number, "source": notebook.cells[number].source, "message": str(failure)}
    cpu, wall = children_cpu_s() - cpu, time.perf_counter() - wall
    calibration = (before + calibration_loop()) / 2
    return {"notebook": notebook, "error": error, "cpu_s": round(cpu, 2), "wall_s": round(wall, 2),
            "calibration_s": round(calibration, 4), "normalised_cpu_s": round(cpu * NOMINAL_S / calibration, 2)}


def open_cache():
    from jupyter_cache import get_cache

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return get_cache(folder)


def cached_copy(cache, notebook):
    """The executed notebook of the cache, or None."""
    try:
        _, merged = cache.merge_match_into_notebook(copy.deepcopy(notebook))
    except KeyError:
        return None
    return merged


def store(cache, path: Path, notebook, seconds: float) -> None:
    from jupyter_cache.base import CacheBundleIn

    cache.add_nb_to_project(str(path))
    cache.cache_notebook_bundle(CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds}),
                                check_validity=False, overwrite=True)


def read_times() -> dict:
    times = json.loads(TIMES.read_text("utf-8")) if TIMES.exists() else {}
    if times.get("library") != library_key():
        times = {"notebooks": {}}
    return {"library": library_key(), "nominal_calibration_s": NOMINAL_S, "notebooks": times["notebooks"]}


def report_failure(name: str, error: dict) -> None:
    rule = "-" * 100
    where = f"{name}: cell {error['cell']} (counted from 0) failed"
    print("\n".join(["", rule, where, rule, error["source"], rule, error["message"]]), file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: every notebook in notebooks/")
    parser.add_argument("--write", action="store_true", help="write counts and text outputs into the notebooks")
    parser.add_argument("--force", action="store_true", help="run also what the cache has")
    parser.add_argument("--jobs", type=int, default=2, help="how many notebooks at a time (2)")
    options = parser.parse_args()
    paths = [path.resolve() for path in options.notebooks] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        parser.error(f"no such notebook: {', '.join(missing)}")
    if any(ROOT not in path.parents for path in paths):
        parser.error(f"only notebooks inside {ROOT} can be cached for the book")

    prepare_kernels()
    cache, times, failed = open_cache(), read_times(), []
    executed, to_run = {}, []
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        notebook = read_notebook(path, for_writing=options.write)
        known = times["notebooks"].get(name, {}).get("code") == code_hash(notebook)
        found = cached_copy(cache, notebook) if known and not options.force else None
        if found is None:
            to_run.append(path)
        else:
            executed[path] = found
            print(f"  {name}: in the cache", flush=True)

    with ProcessPoolExecutor(max_workers=options.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for path in to_run:
            print(f"  {path.relative_to(ROOT).as_posix()}: waiting", flush=True)
        running = {pool.submit(execute, str(path), options.write): path for path in to_run}
        for done in as_completed(running):
            path = running[done]
            name = path.relative_to(ROOT).as_posix()
            result = done.result()
            if result["error"]:
                failed.append(name)
                report_failure(name, result["error"])
                continue
            executed[path] = result["notebook"]
            store(cache, path, result["notebook"], result["wall_s"])
            measured = ("cpu_s", "normalised_cpu_s", "wall_s", "calibration_s")
            times["notebooks"][name] = {"code": code_hash(result["notebook"]), **{key: result[key] for key in measured}}
            print(f"  {name}: {result['wall_s']:.0f} s, {result['cpu_s']:.0f} CPU seconds, "
                  f"{result['normalised_cpu_s']:.0f} on the nominal machine", flush=True)

    present = {path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("*.ipynb")}
    times["notebooks"] = {name: entry for name, entry in sorted(times["notebooks"].items()) if name in present}
    TIMES.parent.mkdir(parents=True, exist_ok=True)
    TIMES.write_text(json.dumps(times, indent=1) + "\n", "utf-8")

    if options.write:
        for path, notebook in executed.items():
            text = nbformat.writes(text_only(notebook), version=4).rstrip("\n") + "\n"
            if path.read_text("utf-8") != text:
                path.write_text(text, "utf-8")
                print(f"  {path.relative_to(ROOT).as_posix()}: written", flush=True)
    if failed:
        print(f"\n{len(failed)} of {len(paths)} notebooks failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
