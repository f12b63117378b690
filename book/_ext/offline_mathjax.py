"""Bring MathJax into the built site, so that formulas are drawn without a network.

By default the page asks a CDN for MathJax; a reader on a train would see raw TeX. The one file that is needed lies in
the package `sphinx-mathjax-offline`. It is copied at build time and never committed. The package's own Sphinx extension
is not used: it copies 9 MB where 2 MB are enough. `mathjax_path` in _config.yml names the copy.
"""

import importlib.metadata
import shutil
from pathlib import Path

from sphinx.errors import ExtensionError

PACKAGE = "sphinx-mathjax-offline"
MATHJAX = "static/mathjax/tex-svg.js"


def find_mathjax() -> Path:
    for file in importlib.metadata.files(PACKAGE) or []:
        if file.as_posix().endswith(MATHJAX):
            return Path(file.locate())
    raise ExtensionError(f"{MATHJAX} is not in the package {PACKAGE}. Install requirements.lock again.")


def copy_mathjax(app, exception):
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir) / "_static" / app.config.mathjax_path
        source = find_mathjax()
        if not target.exists() or target.stat().st_size != source.stat().st_size:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def setup(app):
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
