"""Tables without names: how many people look alike, and who is found all the same.

D3 §3, "data sharing", and its R(D). Sweeney (2002), *k-anonymity: a model for
protecting privacy*; Machanavajjhala and others (2007), *l-diversity*.
"""

from collections.abc import Sequence

import pandas as pd
from numpy.typing import ArrayLike

from bigmodel_lab.from_scratch._checks_sharing import (
    check_columns,
    check_one_kind,
    check_secret,
    check_whole,
    check_whole_numbers,
)


def crowd(table: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return for each row how many rows have the same values in `columns`.

    The row itself counts: a crowd of 1 is a person alone. `columns` are what others may
    know, too (the quasi-identifiers), in a list. The result has the table's index.

    Raises
    ------
    ValueError
        If the table has no rows, there are no columns, one is not in the table, or has
        missing values.
    """
    check_columns(table, columns)
    # observed: of categories, only the combinations that are there.
    alike = table.groupby(list(columns), observed=True)
    return alike[columns[0]].transform("size").rename("crowd")


def k_anonymity(table: pd.DataFrame, columns: Sequence[str]) -> int:
    """Return k: everybody in the table has the values of at least k people, or more.

    The errors are those of `crowd`.
    """
    # A chain is as strong as its weakest link: one person alone, and k is 1.
    return int(crowd(table, columns).min())


def l_diversity(table: pd.DataFrame, columns: Sequence[str], secret: str) -> int:
    """Return l: in every crowd, `secret` has at least l different values.

    Where l is 1, whoever finds the crowd knows the secret without finding the person
    (the homogeneity attack). A missing secret is a value of its own. Raises ValueError
    as `crowd` does, and if the secret is not in the table, or is one of the columns.
    """
    check_columns(table, columns)
    check_secret(table, columns, secret)
    alike = table.groupby(list(columns), observed=True)
    return int(alike[secret].nunique(dropna=False).min())


def bands(values: pd.Series | ArrayLike, width: int) -> pd.Series:
    """Return whole numbers as bands of `width`, as in "20–29": text, for `columns`.

    A series keeps its index. Raises ValueError if a number is missing or not whole, or
    the width is not a whole number of at least 1.
    """
    values = pd.Series(values)
    check_whole_numbers(values)
    check_whole("width", width)
    # 23 // 10 is 2: the third band of ten, which begins at 20.
    first = (values // width * width).astype(int)
    return first.astype(str) + "–" + (first + width - 1).astype(str)


def keep_crowds(table: pd.DataFrame, columns: Sequence[str], k: int) -> pd.DataFrame:
    """Return the rows whose crowd is at least k; the others are suppressed.

    The index stays. The errors are those of `crowd`, and ValueError for a k below 1.
    """
    check_whole("k", k)
    # A crowd goes or stays as a whole, so that none gets smaller by this.
    return table[crowd(table, columns) >= k]


def link(
    register: pd.DataFrame, table: pd.DataFrame, columns: Sequence[str]
) -> pd.DataFrame:
    """Return who of a register, with names, is found in a table without names.

    Found is who has the values of exactly one row in `columns`, which both must have.
    The result has a row for each: `register` and `table` are their indices. Raises
    ValueError as `crowd` does, of both, and if a column is text in one of them only.
    """
    for frame in (register, table):
        check_columns(frame, columns)
    check_one_kind(register, table, columns)
    # The columns get numbers for names, so that none is called "register".
    columns, keys = list(columns), list(range(len(columns)))
    people = register[columns].set_axis(keys, axis=1).assign(register=register.index)
    # Only who is alone can be meant: in a crowd of two it may be either.
    alone = table[crowd(table, columns) == 1]
    rows = alone[columns].set_axis(keys, axis=1).assign(table=alone.index)
    return people.merge(rows, on=keys)[["register", "table"]]
