"""Remove from each page what it does not need and what would log an error.

Jupyter Book always loads `sphinx_thebe`, whose script is put into every page twice and complains in the console when
the page has no thebe button. The theme also names some files twice. A page with no error in its console is one of the
things that tests/test_book.py checks.
"""


def _identity(entry) -> str:
    """The file's name without its checksum; an inline script has no file, its text stands for it."""
    file_name = str(getattr(entry, "filename", entry) or "").split("?")[0]
    return file_name or str(getattr(entry, "attributes", {}).get("body", ""))


def drop_duplicates_and_thebe(app, pagename, templatename, context, doctree):
    for key in ["script_files", "css_files"]:
        seen, kept = set(), []
        for entry in context.get(key, []):
            identity = _identity(entry)
            if "thebe" in identity or identity in seen:
                continue
            seen.add(identity)
            kept.append(entry)
        context[key] = kept


def setup(app):
    app.connect("html-page-context", drop_duplicates_and_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
