"""What sharing refuses, tables and federated learning, and what to do instead."""

import math

import numpy as np
from pandas.api.types import is_numeric_dtype

# -- tables ----------------------------------------------------------------------------


def check_columns(table, columns):
    """Raise ValueError unless the table has rows, and these columns without gaps."""
    if isinstance(columns, str):
        raise ValueError(f"Give the columns in a list: [{columns!r}], not {columns!r}.")
    if not len(columns):
        raise ValueError(
            "Give at least one column: without any, all rows are one crowd."
        )
    for column in columns:
        _check_column(table, column)
    if table.empty:
        raise ValueError(
            f"The table has no rows, only the columns {_listed(table.columns)}: did a "
            f"filter take everything?"
        )
    gaps = table[list(columns)].isna().sum()
    if gaps.any():
        counts = ", ".join(f"{n} in {name!r}" for name, n in gaps[gaps > 0].items())
        first = gaps.idxmax()
        raise ValueError(
            f"There are missing values ({counts}), and nobody knows whether they are "
            f"alike: fill them with a value of their own, as in "
            f"table.fillna({{{first!r}: 'unknown'}}), or drop these rows with "
            f"table.dropna(subset={list(columns)})."
        )


def _check_column(table, column):
    """Raise ValueError if the table has no such column."""
    if column not in table.columns:
        raise ValueError(
            f"The table has no column {column!r}; it has {_listed(table.columns)}."
        )


def _listed(names):
    """Return names, one after the other, as text."""
    return ", ".join(map(repr, names)) or "none"


def check_secret(table, columns, secret):
    """Raise ValueError unless the secret is another column of the table."""
    _check_column(table, secret)
    if secret in columns:
        raise ValueError(
            f"The secret {secret!r} is among the columns that others know: leave it "
            f"out of {list(columns)}."
        )


def check_one_kind(register, table, columns):
    """Raise ValueError if a column has numbers in one table and none in the other."""
    for column in columns:
        kinds = register[column].dtype, table[column].dtype
        if is_numeric_dtype(kinds[0]) != is_numeric_dtype(kinds[1]):
            raise ValueError(
                f"The column {column!r} is {kinds[0]} in the register and {kinds[1]} "
                f"in the table, so that nothing matches: change both in the same way, "
                f"for example with bands()."
            )


def check_whole(name, value):
    """Raise ValueError unless a count is a whole number of at least 1."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or value % 1 or not 1 <= value < math.inf:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")


def check_whole_numbers(values):
    """Raise ValueError unless a series has whole numbers only, and no gaps."""
    if not is_numeric_dtype(values.dtype):
        raise ValueError(
            f"Bands are of whole numbers, got {values.iloc[:1].tolist()}: turn the "
            f"values into numbers first, for example with pandas.to_numeric."
        )
    if missing := int(values.isna().sum()):
        raise ValueError(
            f"{missing} of the {len(values)} values are missing, and belong to no "
            f"band: drop them first, or fill them with a number of their own."
        )
    if (values % 1 != 0).any():
        odd = values[values % 1 != 0].iloc[0]
        raise ValueError(
            f"Bands are of whole numbers, got {odd}: round the values first, as in "
            f"values.round()."
        )
