"""Tables as they come: what is missing, what no model can take, what is strange."""

import numpy as np
import pandas as pd


def gaps(frame):
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
    _check_not_empty(frame)
    missing = frame.isna().sum()
    table = pd.DataFrame({"missing": missing, "share": missing / len(frame)})
    return table[missing > 0].sort_values("missing", ascending=False, kind="stable")


def numbers(table):
    """Return a table's columns as float64 numbers (N, d); NaN where a value misses.

    Parameters
    ----------
    table : pandas.DataFrame or array-like of shape (N, d) or (N,)

    Raises
    ------
    ValueError
        If there are no rows or columns, or if a column is not of numbers, has infinite
        values or nothing but gaps; the message names the columns.
    """
    if isinstance(table, pd.Series):
        table = table.to_frame()
    elif not isinstance(table, pd.DataFrame):
        table = pd.DataFrame(np.asarray(table))
    _check_not_empty(table)
    _refuse(
        table.columns[[not pd.api.types.is_numeric_dtype(t) for t in table.dtypes]],
        "does not hold numbers: encode its categories, or leave it out",
    )
    values = table.to_numpy(float, na_value=np.nan)
    _refuse(
        table.columns[np.isinf(values).any(axis=0)],
        "holds infinite values: find the division by zero or the logarithm of 0",
    )
    _refuse(
        table.columns[np.isnan(values).all(axis=0)],
        "is missing in every row: leave it out",
    )
    return values


def iqr_distance(values):
    """Return how far each value lies outside the middle half, in widths of that half.

    0 between the quartiles; Tukey's rule (1977, *Exploratory Data Analysis*, §2C) calls
    what is above 1.5 an outlier.

    Parameters
    ----------
    values : array-like of shape (N,)
        A column of numbers; where it is NaN, so is the distance.

    Raises
    ------
    ValueError
        As in `numbers`; or if there are several columns, or the quartiles are equal.
    """
    columns = numbers(values)  # (N, 1)
    if columns.shape[1] != 1:
        raise ValueError(
            f"Give one column, not {columns.shape[1]}: each has its quartiles."
        )
    column = columns[:, 0]  # (N,)
    lower, upper = np.nanquantile(column, [0.25, 0.75])
    if lower == upper:
        raise ValueError(
            f"Half of the values and more are {lower:g}: the quartiles are equal, and "
            f"no distance can be measured in them."
        )
    return np.maximum(0, np.maximum(lower - column, column - upper)) / (upper - lower)


def _check_not_empty(frame):
    """Raise ValueError if there is nothing in the frame."""
    if 0 in frame.shape:
        raise ValueError(
            f"The table is empty: it has {frame.shape[0]} rows and {frame.shape[1]} "
            f"columns. Did a filter or dropna() take everything?"
        )


def _refuse(columns, reason):
    """Raise ValueError if there are such columns, with their names."""
    if len(columns):
        names = ", ".join(repr(name) for name in columns[:5])
        more = f" and {len(columns) - 5} more" if len(columns) > 5 else ""
        raise ValueError(f"Column {names}{more} {reason}.")
