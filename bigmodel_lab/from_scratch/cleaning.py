"""Tables as they come: what is missing, what no model can take, what is strange."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bigmodel_lab.from_scratch._checks import (
    check_finite,
    check_not_empty,
    check_numeric,
    check_one_column,
    check_quartiles,
)


def gaps(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns with missing values: how many, and their share of the rows.

    Parameters
    ----------
    frame : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        A row for each column with gaps, the emptiest first: missing (int), share
        (float, 0 to 1).

    Raises
    ------
    ValueError
        If the frame has no rows or no columns.
    """
    check_not_empty(frame)
    # isna() marks each missing cell with True, and a sum counts True as 1.
    missing = frame.isna().sum()
    table = pd.DataFrame({"missing": missing, "share": missing / len(frame)})
    # A stable sort leaves equally empty columns in the frame's own order.
    return table[missing > 0].sort_values("missing", ascending=False, kind="stable")


def to_matrix(table: pd.DataFrame | pd.Series | ArrayLike) -> np.ndarray:
    """Return a table as a matrix (N, d) of float64, with NaN where a value is missing.

    Parameters
    ----------
    table : pandas.DataFrame or array-like of shape (N, d) or (N,)

    Raises
    ------
    ValueError
        If there are no rows or columns, or if a column does not hold numbers, has
        infinite values or nothing but gaps; the message names the columns.
    """
    # Whatever comes in becomes a frame: its columns have names, for the messages.
    if isinstance(table, pd.Series):
        table = table.to_frame()
    elif not isinstance(table, pd.DataFrame):
        table = pd.DataFrame(np.asarray(table))
    check_numeric(table)
    # True becomes 1, and pandas's own sign for a gap, NA, becomes NaN.
    matrix = table.to_numpy(float, na_value=np.nan)  # (N, d)
    check_finite(matrix, table.columns)
    return matrix


def iqr_distance(values: pd.Series | ArrayLike) -> np.ndarray:
    """Return how far each value lies outside the middle half, in widths of that half.

    0 between the quartiles; Tukey's rule (1977, *Exploratory Data Analysis*, §2C) calls
    what is above 1.5 an outlier.

    Parameters
    ----------
    values : array-like of shape (N,)
        A column of numbers; where it is NaN, so is the distance.

    Returns
    -------
    numpy.ndarray
        (N,), float64.

    Raises
    ------
    ValueError
        As in `to_matrix`; or if there are several columns, or the quartiles are equal.
    """
    matrix = to_matrix(values)  # (N, 1)
    check_one_column(matrix)
    column = matrix[:, 0]  # (N,)
    # A quarter of the values lies below the lower quartile, a quarter above the upper
    # one. Unlike a mean, they hardly notice how extreme the outliers are.
    lower, upper = np.nanquantile(column, [0.25, 0.75])
    check_quartiles(lower, upper)
    # At most one of the two differences is positive: below the middle half the first,
    # above it the second, inside it neither.
    outside = np.maximum(0, np.maximum(lower - column, column - upper))
    return outside / (upper - lower)
