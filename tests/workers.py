"""A pytest plugin (see pyproject.toml): the tests run on as many workers as pay.

A file's tests stay together, since they share a notebook's kernel or a graded class; so
do all browser tests, which share a JupyterLab and measure times.
"""

import os
from pathlib import Path

import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

from bigmodel_lab.device import granted_cores, set_threads

MEMORY = 4e9  # bytes a worker may take: a kernel, a JupyterLab and its browser


def pytest_configure(config):
    """Give each worker and its kernels one thread: another worker has the other core.

    A chapter measures how many pay when it begins, and cannot know what begins later.
    """
    if hasattr(config, "workerinput"):
        os.environ.setdefault("BIGMODEL_LAB_THREADS", "1")
        set_threads()


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config):
    """Return how many workers to start: none for a single file, else one a core."""
    files = {argument.partition("::")[0] for argument in config.args}
    if len(files) == 1 and Path(files.pop()).is_file():
        return 0
    return min(granted_cores(), int(psutil.virtual_memory().available // MEMORY))


class ByFile(LoadScopeScheduling):
    """Hands out the tests file by file, and those in tests/browser all at once."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return "browser" if file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config, log):
    """Let the tests be handed out as above."""
    return ByFile(config, log)
