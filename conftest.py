"""pytest for the whole repository: what nbval compares, and a switch that makes skipped tests fail."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--no-skip", action="store_true", help="the run fails when a test was skipped")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """nbval compares text, not the HTML beside it: notebooks are committed with their text outputs only."""
    collectors = yield
    for collector in collectors:
        if hasattr(collector, "skip_compare"):
            collector.skip_compare += ("text/html",)
    return collectors


@pytest.hookimpl(tryfirst=True)  # before `-m` selects
def pytest_collection_modifyitems(items):
    """All of test_book.py reads the built site."""
    for item in items:
        if item.path.name == "test_book.py":
            item.add_marker("built")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput") or not session.config.getoption("--no-skip"):
        return
    skipped = session.config.pluginmanager.getplugin("terminalreporter").stats.get("skipped", [])
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and config.getoption("--no-skip"):
        terminalreporter.write_line(f"--no-skip: {len(skipped)} skipped, so this run fails", red=True)
