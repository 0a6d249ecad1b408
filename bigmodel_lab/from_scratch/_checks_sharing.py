"""What sharing refuses, tables and federated learning, and what to do instead."""

import math

import numpy as np
from pandas.api.types import is_numeric_dtype

from bigmodel_lab.from_scratch._checks import check_whole

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


# -- federated learning ----------------------------------------------------------------


def check_states(states):
    """Raise ValueError unless there are states, with the same names and shapes."""
    if not len(states):
        raise ValueError("There are no clients: give a state dict for each.")
    first, *others = states
    for client, state in enumerate(others, 1):
        if odd := first.keys() ^ state.keys():
            name = min(odd)
            has, lacks = (0, client) if name in first else (client, 0)
            raise ValueError(
                f"Client {has} has {name!r} and client {lacks} has not: all must "
                f"train copies of one network."
            )
        for name in first:
            shapes = tuple(first[name].shape), tuple(state[name].shape)
            if shapes[0] != shapes[1]:
                raise ValueError(
                    f"{name!r} of client {client} has the shape {shapes[1]}, that of "
                    f"client 0 {shapes[0]}: all must train copies of one network."
                )


def check_sizes(sizes, clients):
    """Raise ValueError unless each client has a size above 0."""
    if len(sizes) != clients:
        raise ValueError(
            f"There are {clients} states and {len(sizes)} sizes: give for each client "
            f"how many samples it has."
        )
    for client, size in enumerate(sizes):
        if not 0 < size < math.inf:
            raise ValueError(
                f"Client {client} has {size} samples: leave out who has none."
            )


def check_parts(samples, clients, per_client=1):
    """Raise ValueError unless every client can get at least one sample in each part."""
    check_whole("clients", clients)
    if clients * per_client > samples:
        raise ValueError(
            f"{clients} clients need {clients * per_client} samples or more, and there "
            f"are {samples}: take fewer clients, so that none is without data."
        )


def check_step(step):
    """Raise ValueError unless a step is a finite number above 0."""
    if not 0 < step < math.inf:
        raise ValueError(f"step must be a finite number above 0, got {step}.")


def check_fits(steps, step):
    """Raise ValueError if a number of steps is not from -2^31 to below 2^31."""
    wrong = steps[~((steps >= -(2**31)) & (steps < 2**31))]  # NaN is wrong, too
    if wrong.size:
        raise ValueError(
            f"{wrong[0] * step:g} does not fit: with steps of {step:g}, 32 bits hold "
            f"numbers from {-(2**31) * step:g} to {(2**31 - 1) * step:g}; take larger "
            f"steps, or clip the update."
        )


def check_client(whole, client, clients):
    """Raise ValueError unless a client is one of so many, and its numbers are whole."""
    check_whole("clients", clients)
    if client not in range(clients):
        raise ValueError(
            f"client must be a number from 0 to {clients - 1}, got {client}."
        )
    kind = getattr(whole, "dtype", type(whole).__name__)
    if kind != np.uint32 or whole.ndim != 1:
        raise ValueError(
            f"Only whole numbers of 32 bits in a row, (P,) uint32, can be masked, got "
            f"{kind} {getattr(whole, 'shape', '')}: give those of to_whole()."
        )


def check_dropped(dropped, clients):
    """Raise ValueError if a client that dropped out is none of so many."""
    check_whole("clients", clients)
    for client in dropped:
        if client not in range(clients):
            raise ValueError(
                f"There is no client {client}: {clients} are numbered from 0 to "
                f"{clients - 1}."
            )
