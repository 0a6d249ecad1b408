"""A training's bar in the browser: seen while it runs, and nothing left of it."""

from labdriver import Notebook, serve

NAME = "bar.ipynb"
CELLS = [
    """
import time

from bigmodel_lab.progress import progress_bar

with progress_bar(total=20, delay=0.2) as bar:
    for _ in range(20):
        time.sleep(0.1)
        bar.update()
print("trained")
"""
]


def test_nothing_is_left_of_a_bar_after_a_reload(browser, lab):
    serve(lab, NAME, CELLS)
    notebook = Notebook(browser, lab, NAME)
    notebook.run_cell(notebook.locator(".jp-CodeCell").first)
    notebook.locator(".jp-OutputArea .progress").wait_for()
    notebook.locator(".jp-OutputArea", has_text="trained").first.wait_for()
    assert notebook.locator(".jp-OutputArea .progress").count() == 0
    notebook.page.keyboard.press("Control+s")
    notebook.page.locator(".jp-mod-dirty").wait_for(state="detached")
    reopened = Notebook(browser, lab, NAME)
    output = reopened.locator(".jp-OutputArea", has_text="trained").first
    output.wait_for()
    assert output.text_content().strip() == "trained"
    for page in (notebook, reopened):
        page.close()
        assert page.page_errors == []
