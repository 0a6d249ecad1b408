"""Progress bars: shown while something takes time, gone afterwards."""

import os

import nbformat
import pytest
from nbclient import NotebookClient

from bigmodel_lab.progress import progress_bar

WAITS = """
import time

from bigmodel_lab.progress import progress_bar

with progress_bar(total=4, delay=0.1) as bar:
    for step in range(4):
        time.sleep(0.2)
        bar.update()
        assert bar.handle is not None or step < 1
        if {interrupted} and step == 2:
            raise KeyboardInterrupt
"""


@pytest.mark.parametrize("interrupted", [False, True])
def test_nothing_is_left_of_a_bar_in_a_notebook(interrupted):
    cell = nbformat.v4.new_code_cell(WAITS.format(interrupted=interrupted))
    nb = nbformat.v4.new_notebook(cells=[cell])
    client = NotebookClient(nb, allow_errors=True, store_widget_state=False)
    environment = {k: v for k, v in os.environ.items() if k != "TQDM_DISABLE"}
    client.execute(env=environment)
    kinds = [output.output_type for output in cell.outputs]
    assert kinds == ["display_data", *(["error"] if interrupted else [])]
    assert cell.outputs[0].data == {}
    if interrupted:
        assert cell.outputs[1].ename == "KeyboardInterrupt"


def test_in_a_terminal_the_line_is_cleared(capsys):
    with progress_bar(total=3) as bar:
        bar.update(3)
    parts = capsys.readouterr().err.split("\r")
    assert any("0/3" in part for part in parts)
    assert parts[-1].strip() == parts[-2].strip() == ""
