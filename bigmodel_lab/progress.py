"""The progress bar of a training, which leaves nothing behind.

tqdm's own bar in a notebook closes its widget and leaves the output that showed it:
after a reload JupyterLab says "Error displaying widget: model not found" there.
"""

from IPython.display import display
from tqdm.auto import tqdm
from tqdm.notebook import tqdm_notebook


class _NotebookBar(tqdm_notebook):
    """tqdm's bar, whose output is emptied when it closes."""

    handle = None

    def display(self, *args, check_delay=True, **kwargs):
        super().display(*args, check_delay=False, **kwargs)
        if check_delay and self.handle is None:
            self.handle = display(self.container, display_id=True)

    def close(self):
        super().close()
        if self.handle is not None:
            self.handle.update({}, raw=True)
            self.handle = None


def progress_bar(**options):
    """Return a tqdm bar for a notebook or a terminal, gone once it is closed."""
    kind = _NotebookBar if issubclass(tqdm, tqdm_notebook) else tqdm
    if kind is _NotebookBar:
        options["display"] = False  # not before the delay
    return kind(leave=False, **options)
