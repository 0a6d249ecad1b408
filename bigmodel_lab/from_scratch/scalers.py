"""Four ways to bring columns to one scale, each a shift and a scale to learn."""

from typing import NamedTuple

import numpy as np

from bigmodel_lab.from_scratch.cleaning import numbers


class Scaler(NamedTuple):
    """What was learned from some rows: every column x becomes (x - shift) / scale.

    `shift` and `scale` have shape (d,), in the units of their columns; `columns` are
    the names of these, None if they had none.
    """

    shift: np.ndarray
    scale: np.ndarray
    columns: list | None = None

    def transform(self, X):
        """Return X (N, d), which may hold other rows than were learned from, scaled.

        Raises
        ------
        ValueError
            If X has another number of columns, or other names or another order of them.
        """
        return (self._checked(X) - self.shift) / self.scale

    def inverse(self, Z):
        """Return Z (N, d) in the columns' own units."""
        return self._checked(Z) * self.scale + self.shift

    def _checked(self, X):
        """Return X if it has the columns that the scaler was fitted on."""
        names = list(getattr(X, "columns", self.columns or []))
        if self.columns is not None and names != self.columns:
            raise ValueError(
                f"The scaler was fitted on the columns {self.columns}, this has "
                f"{names}: give the same columns in the same order."
            )
        if np.shape(X)[1:] != np.shape(self.shift):
            raise ValueError(
                f"The scaler was fitted on columns (N, {len(self.shift)}), this has "
                f"shape {np.shape(X)}: give the same columns."
            )
        return X


def min_max(X):
    """Learn to map the smallest value of each column to 0 and the largest to 1.

    Parameters
    ----------
    X : pandas.DataFrame or array-like of shape (N, d)
        The rows to learn from: the training part. Missing values are passed over.

    Returns
    -------
    Scaler

    Raises
    ------
    ValueError
        As `cleaning.numbers` does, or if a column has no spread; with its name.
    """
    low, high = _range(X)
    return _scaler(X, low, high - low)


def symmetric(X):
    """Learn to map the smallest value of each column to -1 and the largest to 1.

    Parameters, result and errors as in `min_max`.
    """
    low, high = _range(X)
    return _scaler(X, (low + high) / 2, (high - low) / 2)


def standard(X):
    """Learn to give each column mean 0 and standard deviation 1.

    Parameters, result and errors as in `min_max`.
    """
    columns, (low, high) = numbers(X), _range(X)
    spread = np.nanstd(columns, 0) * (low < high)  # 0.1, 0.1, 0.1 rounds to 1e-17
    return _scaler(X, np.nanmean(columns, 0), spread)


def robust(X):
    """Learn to give each column median 0 and interquartile range 1.

    Parameters, result and errors as in `min_max`.
    """
    lower, median, upper = np.nanquantile(numbers(X), [0.25, 0.5, 0.75], axis=0)
    return _scaler(X, median, upper - lower)


def _range(X):
    """Return the smallest and the largest value of each column, (d,) each."""
    columns = numbers(X)
    return np.nanmin(columns, 0), np.nanmax(columns, 0)


def _scaler(X, shift, scale):
    """Return the scaler; ValueError names the columns that have no spread."""
    names = list(X.columns) if hasattr(X, "columns") else None
    named = zip(names or range(len(scale)), scale, strict=True)
    flat = [name for name, width in named if not width > 0]
    if flat:
        raise ValueError(
            f"Column {', '.join(map(repr, flat))} has no spread to divide by: all its "
            f"values, or the middle half of them, are the same. Leave it out, or take "
            f"a scaler that looks at other values."
        )
    return Scaler(shift, scale, names)
