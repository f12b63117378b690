"""One hash that changes when the library, the locked environment or the measured speeds change.

The execution cache of Jupyter Book looks at the cells of a notebook only. After an edit in `course_lib`, or after a new
`make bench`, whose results a chapter draws, it would hand out the old numbers and exit with 0. So the cache folder
carries this hash in its name: another library, another folder.
"""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def library_key(root: Path = ROOT) -> str:
    """Twelve hex digits from the text of every file of course_lib, of the results of benchmarks, and of the lock."""
    digest = hashlib.sha256()
    read = [*sorted((root / "course_lib").rglob("*.py")), *sorted((root / "benchmarks/results").glob("*.json"))]
    for path in [*read, root / "requirements.lock"]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def cache_folder(root: Path = ROOT) -> Path:
    """Where executed notebooks of the present library are kept."""
    return root / "_build" / ".jupyter_cache" / library_key(root)


def prepare_kernels(root: Path = ROOT) -> None:
    """Set the environment that every kernel inherits: one thread, and a compiled-code cache of this library only.

    One thread makes CPU seconds comparable and trainings repeatable. A numba cache keyed by the library is needed
    because numba does not notice an edit in a kernel that another file calls.
    """
    for name in ["OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM", "NUMEXPR"]:
        os.environ[f"{name}_NUM_THREADS"] = "1"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(root / ".cache" / "numba" / library_key(root)))
    os.environ.pop("JPY_SESSION_NAME", None)  # a run for the book is no open notebook: no live widgets in its outputs
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # otherwise the kernel warns about frozen modules
