"""Run a notebook's cells in the sandbox: what comes out is the same with outputs.

It knows nothing of points or of nbgrader, and needs nothing on disk: so it may run on
another machine, too.
"""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output

from bigmodel_lab.classroom.kernel import SandboxedKernel
from bigmodel_lab.classroom.sandbox import Limits


def run(
    text: str,
    arguments: Mapping[int, tuple[str, bytes]],
    limits: Limits,
    walls: bool = True,
    hidden: Sequence[str] = (),
) -> tuple[str, str]:
    """Return a notebook with its outputs, and why its run was ended early, or "".

    Parameters
    ----------
    text : str
        The notebook, as in a file.
    arguments : dict
        Number of a cell -> (name, content) of the file with arguments that it needs; no
        other cell can read it.
    limits : Limits
        What the run may use.
    walls : bool
        False runs it as yourself.
    hidden : sequence of str
        Cached data files that it must not see.
    """
    nb = nbformat.reads(text, as_version=4)
    with _scratch() as folder:
        kernel = SandboxedKernel(
            folder=folder, limits=limits, walls=walls, hidden=tuple(hidden)
        )
        client = Client(
            nb,
            km=kernel,
            timeout=int(limits.cell_seconds),
            allow_errors=True,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": "CellTimeoutError", "evalue": ""},
            raise_on_iopub_timeout=True,
            on_cell_executed=_note_timeout,
        )
        client.reset_execution_trackers()
        with client.setup_kernel(cleanup_kc=True):
            for number, cell in enumerate(nb.cells):
                if number not in arguments:
                    client.run_cell(cell, number)
                    continue
                name, content = arguments[number]
                file = folder / "arguments" / name
                file.write_bytes(content)
                client.run_cell(cell, number)
                file.unlink()
        return nbformat.writes(nb), client.ended


class Client(NotebookClient):
    """nbclient's runner of cells, for a kernel that is not to be trusted.

    `ended` says why the run was ended early, or is empty.
    """

    ended = ""
    printed = 0

    def run_cell(self, cell, number):
        """Run a cell; once the kernel has ended, say so instead."""
        if not self.ended:
            try:
                self.execute_cell(cell, number, store_history=True)
                return
            except DeadKernelError:
                why = self.km.stopped or "the program ended itself or crashed"
            except CellTimeoutError:  # raised where an interrupt changes nothing
                why = f"it ran on after {self.timeout} s, though interrupted"
            except Exception:  # messages that no kernel sends by itself
                why = "the program broke its connection to the grader"
                self.km.stop(why)
            self.ended = f"{why}, in the cell `{cell.source.strip().splitlines()[0]}`"
        if cell.cell_type == "code":
            said = f"The run was stopped: {self.ended}."
            cell.outputs = [
                new_output("error", ename="Stopped", evalue=said, traceback=[said])
            ]

    def process_message(self, msg, cell, cell_index):
        """Take a message; stop a kernel that never ends printing."""
        self.printed += len(str(msg["content"]))
        if "metadata" in msg["content"]:
            msg["content"]["metadata"] = {}  # sizes of pictures, written unquoted
        if self.printed > self.km.limits.output:
            self.km.stop("it printed without end")
            return None
        return super().process_message(msg, cell, cell_index)

    def handle_comm_msg(self, outs, msg, cell_index):
        """Ignore messages to widgets: nobody looks at them here."""


def _note_timeout(cell, execute_reply, **_):
    """Add to a cell's outputs that it was interrupted."""
    if execute_reply["content"].get("ename") == "CellTimeoutError":
        cell.outputs.append(new_output("error", ename="CellTimeoutError"))


@contextmanager
def _scratch():
    """Make a folder for a kernel's sockets and arguments, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lab"))
    for name in ("arguments", "sockets"):
        (folder / name).mkdir()
    try:
        yield folder
    finally:
        # Python's own rmtree gives up on a folder that is thousands deep.
        subprocess.run(["/bin/rm", "-rf", "--", folder], stderr=subprocess.DEVNULL)
