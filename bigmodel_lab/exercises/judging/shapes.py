"""Diagnoses of results that are no numbers, or have another shape; and of a value."""

from itertools import product

import numpy as np

from bigmodel_lab.exercises.judging.outcomes import Outcomes, all_agree
from bigmodel_lab.exercises.judging.words import in_words, shape_error, short

SHOWN = 20  # characters of a text that a message shows
SUMMARIES = {"mean": "mean", "sum": "sum", "max": "maximum", "min": "minimum"}


def no_numbers(outcomes: Outcomes) -> str | None:
    """Say what a result is that has no numbers."""
    pairs = zip(outcomes.given, outcomes.a, outcomes.b, strict=True)
    for value, a, b in pairs:
        if a is None:
            return shape_error(value, b)
        if b is None:
            return f"It should return lists of different lengths, not {short(value)}."
    return None


def text(outcomes: Outcomes) -> str:
    """Say from where on a text is not the right one, in the shortest wrong case."""
    pairs = list(zip(outcomes.given, outcomes.expected, strict=True))
    for given, _ in pairs:
        if not isinstance(given, str):
            return f"A text is asked for, not {in_words(given)}."
    wrong = [pair for pair in pairs if pair[0] != pair[1]]
    given, right = min(wrong, key=lambda pair: len(pair[1]))
    k = max(k for k in range(len(right) + 1) if given.startswith(right[:k]))
    ours, others = (f"{rest[k : k + SHOWN]!r}" for rest in (given, right))
    if not given:
        return f"It is empty where {others} is right."
    if not k:
        return f"It begins with {ours} where {others} is right."
    first = f"first {k} characters are" if k > 1 else "first character is"
    lead = f"The {first} right. Then"
    if k == len(given):
        return f"{lead} your text ends, where {others} should come."
    if k == len(right):
        return f"{lead} it should end, but yours goes on with {ours}."
    return f"{lead} comes {ours} where {others} is right."


def value(outcomes: Outcomes) -> str | None:
    """Say whether a value that was asked for is too small or too large."""
    (a,), (b,) = outcomes.a, outcomes.b
    if b.ndim == 0 and a.ndim:
        return f"One number is asked for, not {short(a)}."
    if a.ndim or not np.isfinite(a):
        return None
    close = {"rtol": max(outcomes.tolerance, 1e-4), "atol": 0}
    if b and np.isclose(a, -b, **close):
        return f"{float(a):.4g} has the wrong sign."
    for power in (1, 2, 3, -1, -2, -3):
        if b and np.isclose(a, b * 10.0**power, **close):
            return f"{float(a):.4g} has the right digits: where is the decimal point?"
    return f"{float(a):.4g} is too {'small' if a < b else 'large'}."


def shape(outcomes: Outcomes) -> str | None:
    """Say what makes the shape another one, if that can be told."""
    pairs = list(zip(outcomes.a, outcomes.b, strict=True))
    a, b = _differing(outcomes)
    if b.ndim > 1 and outcomes.are(np.transpose):
        return "Your result is transposed: its rows are the columns asked for."
    if all(a.size == b.size for a, b in pairs) and all_agree(
        [a.ravel() for a, _ in pairs], [b.ravel() for _, b in pairs], outcomes.tolerance
    ):
        return f"The numbers are right; their shape should be {b.shape}, not {a.shape}."
    if all(b.ndim == 0 for _, b in pairs):
        return _one_number(outcomes, a)
    if all(a.ndim == 0 for a, _ in pairs):
        return _several_numbers(outcomes, b)
    return _along_a_dimension(outcomes)


def other_shape(outcomes: Outcomes) -> str:
    """Say which shape is asked for."""
    return shape_error(*_differing(outcomes))


def _differing(outcomes):
    """Return a result and the right one that have different shapes."""
    pairs = zip(outcomes.a, outcomes.b, strict=True)
    return next((a, b) for a, b in pairs if a.shape != b.shape)


def _along_a_dimension(outcomes):
    """Say that a mean or a sum along a dimension is missing, or one too many."""
    if not all(a.size for a in outcomes.a):
        return None
    for name, axis in product(SUMMARIES, range(3)):

        def taken(array, name=name, axis=axis):
            return getattr(array, name)(axis) if array.ndim > axis else None

        if outcomes.are(taken):
            return f"This is the {name} along dimension {axis} of what is right."
        shorter = [taken(a) for a in outcomes.a]
        if all(x is not None for x in shorter) and all_agree(
            shorter, outcomes.expected, outcomes.tolerance
        ):
            shape = outcomes.a[0].shape
            return f"The shape is {shape}: the {name} along dimension {axis} is right."
    return None


def _one_number(outcomes, a):
    """Say what is missing where one number is asked for."""
    for name, words in SUMMARIES.items():
        taken = [getattr(a, name)() if a.size else np.nan for a in outcomes.a]
        if all_agree(taken, outcomes.expected, outcomes.tolerance):
            return f"One number is asked for, not {a.size}: their {words} is right."
    count = " × ".join(map(str, a.shape))
    return f"One number is asked for, not {count}: is a .mean() or a .sum() missing?"


def _several_numbers(outcomes, b):
    """Say what is too much where several numbers are asked for."""
    count = " × ".join(map(str, b.shape))
    for name, words in SUMMARIES.items():
        if outcomes.are(lambda b, name=name: getattr(b, name)()):
            return f"This is the {words} of the {count} numbers that are asked for."
    return f"An array of shape {b.shape} is asked for, not a single number."
