"""A pytest plugin (see pyproject.toml): the environment of the notebooks' kernels."""

import os

import pytest
from nbval.plugin import IPyNbCell


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Turn progress bars off in notebooks, as `refresh` does: no two are the same."""
    if isinstance(item, IPyNbCell):
        os.environ["TQDM_DISABLE"] = "1"
    else:
        os.environ.pop("TQDM_DISABLE", None)
