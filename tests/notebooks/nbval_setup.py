"""A pytest plugin (see pyproject.toml): the environment of the notebooks' kernels."""

import os

# As in bigmodel_lab.notebooks.execute: a progress bar is never twice the same.
os.environ["TQDM_DISABLE"] = "1"
