"""The two other ways to run the kernels do what their names say: bounds are checked, and the JIT can be off."""

import os
import subprocess
import sys

import pytest

READS_BEYOND_THE_END = """
import numpy as np
from numba import njit

@njit(cache=True)
def read(a, i):
    return a[i]

print(read(np.arange(3), 3) is not None)
"""


def run(folder, program=READS_BEYOND_THE_END, **mode):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    script = folder / "program.py"
    script.write_text(program)
    return subprocess.run([sys.executable, script], env=kept | {"NUMBA_CACHE_DIR": str(folder / "cache")} | mode,
                          capture_output=True, text=True)  # fmt: skip


def test_bounds_checking_sees_a_read_beyond_the_end(tmp_path):
    checked = run(tmp_path, NUMBA_BOUNDSCHECK="1")
    assert checked.returncode == 1 and "IndexError: index is out of bounds" in checked.stderr
    assert (tmp_path / "cache").is_dir()


def test_without_bounds_checking_the_same_read_is_silent_so_the_mode_is_needed(tmp_path):
    plain = run(tmp_path)
    assert plain.returncode == 0 and plain.stdout.strip() == "True", plain.stderr


@pytest.mark.parametrize(("value", "compiled"), [("0", "True"), ("1", "False")])
def test_disabling_the_jit_leaves_plain_python(tmp_path, value, compiled):
    program = "from course_lib.boundaries import canny\nprint(hasattr(canny._hysteresis_kernel, 'signatures'))"
    result = run(tmp_path, program, NUMBA_DISABLE_JIT=value)
    assert result.stdout.strip() == compiled, result.stderr
