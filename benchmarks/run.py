"""Run every benchmark of this folder, write results/speed.json and print the table.

A file of this folder holds benchmarks if it has a function `cases()` that yields `timing.Case`s, or, for what does not
run in this process, `rows()`. To add one for a subpackage of the library, add a file; nothing has to be registered.

`python benchmarks/run.py Canny` runs the tasks whose name contains the word and prints their table, and writes no file.
"""

import importlib
import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results" / "speed.json"
PACKAGES = {"NumPy": "numpy", "SciPy": "scipy", "OpenCV": "opencv-python", "scikit-image": "scikit-image",
            "numba": "numba"}
# Read by NumPy's BLAS, OpenCV and numba when they are loaded, so they are set before any of them is.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                     "OPENCV_FOR_THREADS_NUM", "NUMBA_NUM_THREADS")}


def main(words: list[str]) -> None:
    os.environ.update(ONE_THREAD)
    # Started as a script, Python looks for modules in this folder, where `filters` and `timing` are ours and not
    # anybody else's: the repository takes its place.
    sys.path[:] = [str(FOLDER.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != FOLDER)]
    timing = importlib.import_module("benchmarks.timing")
    importlib.import_module("cv2").setNumThreads(1)
    cases = [case for case in all_cases() if all(word.lower() in case.task.lower() for word in words)]
    rows = []
    for number, case in enumerate(cases, start=1):
        print(f"[{number:2d}/{len(cases)}] {case.task}, {case.size} pixels", file=sys.stderr, flush=True)
        rows += timing.measure(case)
    rows += [row for row in other_rows() if all(word.lower() in row["task"].lower() for word in words)]
    print(table(rows))
    if not words:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n", "utf-8")
        print(f"\nWritten to {RESULTS.relative_to(FOLDER.parent)}, which the page \"What is measured\" shows.")


def all_cases():
    """The cases of every file of this folder that has any."""
    for module in modules():
        yield from getattr(module, "cases", list)()


def other_rows():
    """The rows of every file that measures by itself, what does not run in this process."""
    for module in modules():
        yield from getattr(module, "rows", list)()


def modules():
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem not in ("__init__", "run"):
            yield importlib.import_module(f"benchmarks.{path.stem}")


def machine() -> dict[str, str | int]:
    """What the times depend on: the processor and the versions. No name of a host, no path."""
    facts = {"processor": processor(), "cores": os.cpu_count() or 1, "system": platform.system(),
             "Python": platform.python_version()}
    return facts | {name: metadata.version(package) for name, package in PACKAGES.items()}


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")  # Linux; elsewhere platform knows it
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def table(rows: list[dict]) -> str:
    lines, task = [], None
    for row in rows:
        if row["task"] != task:
            task = row["task"]
            lines += ["", f"{task}, by {row['ours']}",
                      f"  {'peer':46s} {'size':>5s} {'ours ms':>9s} {'peer ms':>9s} {'ratio':>6s}  middle half  aim"]
        low, high = row["ratio_quartiles"]
        aim = "" if row["aim"] is None else f"{row['aim']:g}" + (" missed" if row["ratio"] > row["aim"] else "")
        lines.append(f"  {row['peer']:46s} {row['size']:5d} {row['ours_ms']:9.3f} {row['peer_ms']:9.3f} "
                     f"{row['ratio']:6.2f}  {low:.2f}-{high:.2f}    {aim}".rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
