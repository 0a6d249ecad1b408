"""Fixtures: Chromium, one JupyterLab for all tests, one notebook run for a module."""

import os
import shutil
from pathlib import Path

import pytest
from labdriver import Notebook, Panel, chromium, find_chromium, jupyterlab, serve
from playwright.sync_api import expect

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Serve a copy of the notebooks; the tracked files never change."""
    root = tmp_path_factory.mktemp("lab")
    for path in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, root)
    with jupyterlab(root, tmp_path_factory.mktemp("home")) as running:
        yield running


# Not for the session: an event loop runs as long as Playwright, and nbclient wants one.
@pytest.fixture(scope="module")
def browser():
    executable = find_chromium()
    if executable is None:
        message = "no Chromium found: install it or set BIGMODEL_LAB_CHROMIUM"
        if os.environ.get("BIGMODEL_LAB_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with chromium(executable) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(browser, lab, request):
    """Open the notebook that the test module names (or holds), and run all its cells.

    No cell may fail, no figure be without alt text; and whatever the tests do then, the
    page may raise no error and ask nobody but the server.
    """
    if hasattr(request.module, "CELLS"):
        serve(lab, request.module.NOTEBOOK, request.module.CELLS)
    notebook = Notebook(browser, lab, request.module.NOTEBOOK)
    try:
        notebook.run_all()
        assert notebook.error_outputs() == []
        figures = notebook.locator(".jp-OutputArea img").all()
        assert figures
        assert all(len(figure.get_attribute("alt").strip()) > 20 for figure in figures)
        yield notebook
    finally:
        notebook.close()
    assert notebook.page_errors == []
    assert notebook.foreign_requests == []


@pytest.fixture(scope="module")
def chapter_panel(notebook):
    return Panel(notebook)


@pytest.fixture
def panel(chapter_panel):
    """Return the chapter's panel as it was when the notebook had just run."""
    chapter_panel.notebook.set_width(1400)
    chapter_panel.reset()
    return chapter_panel
