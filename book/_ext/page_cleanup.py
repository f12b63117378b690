"""Remove from each page what it does not need, and mend what a screen reader would stumble over.

Jupyter Book always loads `sphinx_thebe`, whose script names a CDN and complains in the console when the page has no
thebe button; some scripts are named twice. The theme's sidebar is no landmark, it repeats the title as a second h1 in a
block for paper, and docutils gives the entries of a bibliography a role that the standard has since withdrawn.
While the repository's address in _config.yml is the placeholder, the buttons that lead there are left out.
tests/test_book.py checks every page for all of these.
"""

import re
from pathlib import Path

MENDED = [
    (r'id="pst-primary-sidebar" class=', 'id="pst-primary-sidebar" role="region" aria-label="Sidebar" class='),
    (r' role="doc-biblioentry"', ' role="listitem"'),
    (r'(<div id="jb-print-docs-body" class="onlyprint">\s*)<h1>.*?</h1>', r"\1"),
    (r"<h2> Contents </h2>", '<p class="h2">Contents</p>'),
]


def _identity(entry) -> str:
    """The file's name without its checksum; an inline script has no file, its text stands for it."""
    file_name = str(getattr(entry, "filename", entry) or "").split("?")[0]
    return file_name or str(getattr(entry, "attributes", {}).get("body", ""))


def drop_duplicates_and_thebe(app, pagename, templatename, context, doctree):
    for key in ["script_files", "css_files"]:
        seen, kept = set(), []
        for entry in context.get(key, []):
            identity = _identity(entry)
            if "thebe" in identity.lower() or identity in seen:
                continue
            seen.add(identity)
            kept.append(entry)
        context[key] = kept


def is_placeholder(address: str) -> bool:
    return "/OWNER/" in address


def drop_dead_buttons(app, config):
    options = config.html_theme_options
    if is_placeholder(options.get("repository_url", "")):
        options["launch_buttons"] = {}
        for name in ("use_repository_button", "use_edit_page_button", "use_issues_button"):
            options[name] = False


def mend_pages(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text("utf-8")
        mended = text
        for old, new in MENDED:
            mended = re.sub(old, new, mended, flags=re.S)
        if mended != text:
            page.write_text(mended, "utf-8")


def setup(app):
    app.connect("config-inited", drop_dead_buttons)
    app.connect("html-page-context", drop_duplicates_and_thebe, priority=900)
    app.connect("build-finished", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
