"""A diagnosis by asking what is right for other arguments.

If a wrong result is the right one with two arguments exchanged, or with one left out,
that says where to look. It is a fact, whatever the learner's code does.
"""

import copy
import warnings
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import torch

from bigmodel_lab.exercises.judging.outcomes import Outcomes
from bigmodel_lab.exercises.judging.words import agree, as_array, parts, size, slack

_LEADS = {
    1: "Your result is the right one for ",
    -1: "Your result is minus the one for ",
}
LARGE = 10_000  # numbers: to try everything on more would take seconds
_SIGN = (lambda x: -x, "-{name}: a + for a -?")
_CHANGES = (
    (lambda x: 0 * x, "{name} = 0: is it left out?"),
    (lambda x: 0 * x + 1, "{name} = 1: is it left out?"),
    (lambda x: 1 / x, "1 / {name}: divided where it multiplies, or the reverse?"),
    (lambda x: x**2, "the square of {name}."),
    (lambda x: abs(x) ** 0.5, "the root of {name}."),
    (lambda x: abs(x), "|{name}|: has a negative number lost its sign?"),
    (lambda x: x + 1, "{name} + 1: one too many?"),
    (lambda x: x - 1, "{name} - 1: one too few?"),
    (lambda x: 1 - x, "1 - {name} in place of {name}."),
    (lambda x: 2 * x, "2 * {name}."),
    (lambda x: x / 2, "{name} / 2."),
)
_ROWS = (
    (slice(1, None), "the arguments without their first row: is it left out?"),
    (slice(None, -1), "the arguments without their last row: is it left out?"),
    (slice(None, 1), "the first row alone."),
    (slice(-1, None), "the last row alone."),
)
_ROWS_FOR_COLUMNS = (
    "Your result is right for rows and columns exchanged: is axis 0 meant, or axis 1?"
)
_SUMMARIES = {
    "sum": np.sum,
    "largest": np.max,
    "smallest": np.min,
    "median": np.median,
}


def rule(outcomes: Outcomes) -> str | None:
    """Say for which other arguments the result would be right, if for any."""
    draw = outcomes.draws[0]
    if outcomes.right is None or not draw or not _many(outcomes) or size(draw) > LARGE:
        return None
    if outcomes.tiny():
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for change, words in _changes(draw):
            if sign := _sign(outcomes, change, words):
                return _LEADS[sign] + words
        return _rows_for_columns(outcomes) or _summary(outcomes)


def _many(outcomes):
    """Tell whether the right results differ between the cases."""
    return len({repr(value) for value in outcomes.expected}) > 2


def _changes(draw) -> Iterator[tuple[Callable, str]]:
    """Yield changes of the arguments, and what to say of each."""
    for one, other in combinations(draw, 2):
        if _alike(draw[one], draw[other]):

            def exchange(draw, one=one, other=other):
                return draw | {one: draw[other], other: draw[one]}

            yield exchange, f"{one} and {other} exchanged."
    # In y - x the sign of x is wrong more often: the last argument comes first.
    signs = [(name, *_SIGN) for name in reversed(draw)]
    others = [(name, *change) for name in draw for change in _CHANGES]
    for name, change, words in signs + others:
        if _numeric(draw[name]):

            def alter(draw, name=name, change=change):
                return draw | {name: change(draw[name])}

            yield alter, words.format(name=name)
    rows = _with_rows(draw)
    for part, words in _ROWS if rows else ():

        def cut(draw, part=part):
            return draw | {name: draw[name][part] for name in rows}

        yield cut, words


def _sign(outcomes, change, words):
    """Return 1 if all results are right for changed arguments, -1 if minus them is.

    Minus is only tried where an argument is left out: a step for a weight.
    """
    signs = {1, -1} if "left out" in words else {1}
    for draw, result in zip(outcomes.draws, outcomes.given, strict=True):
        other = _right(outcomes, change, draw)
        if other is None:
            return None
        # Beside a right result of 10^18, anything may pass for 0.
        allowed = slack([other], outcomes.tolerance)
        for sign in list(signs):
            value = other if sign == 1 else _minus(other)
            if not agree(result, value, outcomes.tolerance, allowed):
                signs.remove(sign)
        if not signs:
            return None
    return max(signs)


def _minus(value):
    """Return minus an array or number; None for what has no minus."""
    array = None if isinstance(value, tuple) else as_array(value)
    return None if array is None else -array


def _right(outcomes, change, draw):
    """Return what is right for changed arguments, or None if they cannot be."""
    try:
        return outcomes.right(**change(copy.deepcopy(draw)))
    except Exception:  # a count of -3, a learning rate of 0
        return None


def _rows_for_columns(outcomes):
    """Say that the result is right if rows and columns of all tables are exchanged."""

    def exchange(draw):
        return {
            name: value.T if getattr(value, "ndim", 0) == 2 else value
            for name, value in draw.items()
        }

    if not any(getattr(value, "ndim", 0) == 2 for value in outcomes.draws[0].values()):
        return None
    others = [_right(outcomes, exchange, draw) for draw in outcomes.draws]
    arrays = [as_array(other) for other in others]
    if any(array is None for array in arrays):
        return None
    if outcomes.equal(arrays) or outcomes.equal([array.T for array in arrays]):
        return _ROWS_FOR_COLUMNS
    return None


def _summary(outcomes):
    """Say that the result is a sum or so of what is right for each row alone."""
    rows = _with_rows(outcomes.draws[0])
    if not rows or parts(outcomes.expected[0], 2) is not None:
        return None
    by_row = []
    for draw in outcomes.draws:
        count = len(draw[rows[0]])
        alone = [
            _right(
                outcomes,
                lambda d, k=k: d | {name: d[name][k : k + 1] for name in rows},
                draw,
            )
            for k in range(count)
        ]
        arrays = [as_array(value) for value in alone]
        if any(array is None or array.ndim for array in arrays):
            return None
        by_row.append(arrays)
    for name, summary in _SUMMARIES.items():
        if outcomes.equal([summary(values) for values in by_row]):
            return f"Your result is the {name} of what is right for each row alone."
    return None


def _with_rows(draw):
    """Return the names of the arguments that have the rows: all arrays, one length."""
    names = [n for n, v in draw.items() if _numeric(v) and getattr(v, "ndim", 0)]
    lengths = {len(draw[name]) for name in names}
    return names if len(lengths) == 1 and lengths.pop() >= 3 else []


def _numeric(value):
    """Return whether a value can be calculated with: a number, array or tensor."""
    return isinstance(value, (int, float, np.number, np.ndarray, torch.Tensor))


def _alike(one, other):
    """Tell whether two arguments may be mistaken for each other."""
    if not (_numeric(one) and _numeric(other)):
        return False
    return np.shape(one) == np.shape(other)
