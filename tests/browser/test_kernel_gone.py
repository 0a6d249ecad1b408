"""Each widget says so when its kernel has been restarted or shut down."""

import pytest
from labdriver import Notebook, serve
from playwright.sync_api import expect
from test_accessibility import CELLS, DRAWING, EXPLORER, PANEL, TEXT

NOTEBOOK = "kernel_gone.ipynb"
SENTENCE = "The kernel behind this is gone"
ACTION = "window.jupyterapp.shell.currentWidget.sessionContext.{}()"
# What each widget asks the kernel with.
ASKING = {
    PANEL: ".lab-train",
    EXPLORER: ".lab-place .noUi-handle",
    DRAWING: "canvas.lab-paper",
    TEXT: "textarea",
}


@pytest.fixture(params=["restartKernel", "shutdown"])
def gone(request, browser, lab):
    """Open the four widgets, train once, then let the kernel go."""
    serve(lab, NOTEBOOK, CELLS[:-1])
    notebook = Notebook(browser, lab, NOTEBOOK)
    notebook.run_all()
    panel = notebook.locator(PANEL)
    panel.locator(".lab-train").click()
    expect(panel.get_by_role("status")).to_contain_text("Finished")
    expect(panel.get_by_text("Copy as code")).to_be_visible()  # what comes last
    notebook.page.evaluate(ACTION.format(request.param))
    yield notebook
    notebook.close()
    assert notebook.page_errors == []


def test_a_widget_without_its_kernel_says_so_and_takes_nothing(gone):
    for widget, asking in ASKING.items():
        box = gone.locator(widget)
        expect(box.get_by_role("status")).to_contain_text(SENTENCE)
        assert box.locator(asking).evaluate("e => e.closest('[inert]') !== null")
    panel = gone.locator(PANEL)
    panel.locator(".lab-train").click(force=True)  # as a learner would
    expect(panel.get_by_role("status")).to_contain_text(SENTENCE)
    panel.get_by_text("Copy as code").click()  # it needs no kernel
    expect(panel.get_by_text("Copied")).to_be_visible()
    gone.picture("kernel_gone", panel)


def test_a_chapter_reopened_after_its_kernel_was_culled_says_what_to_do(browser, lab):
    serve(lab, NOTEBOOK, CELLS[:-1])
    notebook = Notebook(browser, lab, NOTEBOOK)
    notebook.run_all()
    notebook.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    notebook.close()  # and with it the kernel, as a hub does
    notebook = Notebook(browser, lab, NOTEBOOK)
    try:
        lost = notebook.locator(".jp-OutputArea-output.jupyter-widgets")
        expect(lost).to_have_count(len(ASKING))
        said = "e => getComputedStyle(e, '::after').content"
        assert all(SENTENCE in each.evaluate(said) for each in lost.all())
        expect(lost.first).to_have_css("font-size", "0px")  # the words it replaces
        shown = "e => getComputedStyle(e, '::after').opacity === '1'"
        notebook.page.wait_for_function(shown, arg=lost.first.element_handle())
        notebook.picture("kernel_culled", lost.first)
        notebook.run_all()
        assert notebook.locator(".lab-train").is_visible()
    finally:
        notebook.close()
    assert notebook.page_errors == []
