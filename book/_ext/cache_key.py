"""Point the execution cache at a folder named after the library's hash (why: see library_key.py)."""

import re
from pathlib import Path

from library_key import cache_folder, prepare_kernels


def set_cache_folder(app, config):
    root = Path(app.srcdir)
    config.nb_execution_cache_path = str(cache_folder(root))
    # A failing cell must fail the build, whether or not warnings are errors.
    config.nb_execution_raise_on_error = True
    prepare_kernels(root)


def reread_all_notebooks(app, env, added, changed, removed):
    """Sphinx would not re-read a notebook whose own file is unchanged; after a library edit it has to."""
    key = Path(app.config.nb_execution_cache_path).name
    if not re.fullmatch(r"[0-9a-f]{12}", key) or getattr(env, "course_library_key", None) == key:
        return []
    env.course_library_key = key
    return [name for name in env.found_docs if name.startswith("notebooks/")]


def setup(app):
    app.connect("config-inited", set_cache_folder)
    app.connect("env-get-outdated", reread_all_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
