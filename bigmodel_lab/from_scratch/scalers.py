"""Four ways to bring columns to one scale, each a shift and a scale to learn."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bigmodel_lab.from_scratch._checks import check_columns, check_spread
from bigmodel_lab.from_scratch.cleaning import to_matrix

Table = pd.DataFrame | ArrayLike


class Scaler(NamedTuple):
    """What was learned from some rows: every column x becomes (x - shift) / scale.

    `shift` and `scale` have shape (d,), in the units of their columns; `columns` are
    the names of these, None if they had none.
    """

    shift: np.ndarray
    scale: np.ndarray
    columns: list | None = None

    def transform(self, X: Table) -> Table:
        """Return X (N, d) scaled; its rows need not be those learned from.

        Raises
        ------
        ValueError
            If X has another number of columns, or their names or order differ.
        """
        check_columns(X, self.columns, len(self.shift))
        # (N, d) and (d,): every row is shifted and scaled by the same d numbers. They
        # come from the training rows, whatever rows X has: no peek at the test rows.
        return (X - self.shift) / self.scale

    def inverse(self, Z: Table) -> Table:
        """Return Z (N, d) in the columns' own units; errors as in `transform`."""
        check_columns(Z, self.columns, len(self.shift))
        return Z * self.scale + self.shift


def min_max(X: Table) -> Scaler:
    """Learn to map the smallest value of each column to 0 and the largest to 1.

    Parameters
    ----------
    X : pandas.DataFrame or array-like of shape (N, d)
        The rows to learn from: the training part. Missing values are ignored.

    Returns
    -------
    Scaler

    Raises
    ------
    ValueError
        As in `cleaning.to_matrix`, or if a column has no spread; the message names it.
    """
    low, high = _range(X)
    # x = low becomes 0 / (high - low) = 0, and x = high becomes 1.
    return _scaler(X, low, high - low)


def symmetric(X: Table) -> Scaler:
    """Learn to map the smallest value of each column to -1 and the largest to 1.

    Parameters, result and errors as in `min_max`.
    """
    low, high = _range(X)
    # The middle of the range becomes 0, and half its width becomes 1.
    return _scaler(X, (low + high) / 2, (high - low) / 2)


def standard(X: Table) -> Scaler:
    """Learn to give each column mean 0 and standard deviation 1.

    Parameters, result and errors as in `min_max`.
    """
    columns, (low, high) = to_matrix(X), _range(X)
    # The mean of 0.1, 0.1, 0.1 is rounded, so their deviation comes out as 1e-17.
    # Multiplying by False, which counts as 0, makes it the 0 that it is.
    spread = np.nanstd(columns, 0) * (low < high)  # (d,)
    return _scaler(X, np.nanmean(columns, 0), spread)


def robust(X: Table) -> Scaler:
    """Learn to give each column median 0 and interquartile range 1.

    Parameters, result and errors as in `min_max`.
    """
    # One outlier can move a mean or a range as far as it likes; the quartiles of many
    # values hardly move.
    lower, median, upper = np.nanquantile(to_matrix(X), [0.25, 0.5, 0.75], axis=0)
    return _scaler(X, median, upper - lower)


def _range(X):
    """Return the smallest and the largest value of each column, (d,) each."""
    columns = to_matrix(X)
    return np.nanmin(columns, 0), np.nanmax(columns, 0)


def _scaler(X, shift, scale):
    """Return the scaler of X's columns; ValueError names those without a spread."""
    names = list(X.columns) if hasattr(X, "columns") else None
    check_spread(scale, names)
    return Scaler(shift, scale, names)
