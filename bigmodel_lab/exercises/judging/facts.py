"""Diagnoses that state facts: for marks and counts, too, which can prove no cause."""

import numpy as np
import torch

from bigmodel_lab.exercises.judging.outcomes import MANY, Outcomes, all_agree
from bigmodel_lab.exercises.judging.words import agree, as_array, short, slack

_NAN = "The result holds NaN: look for 0/0, log(0) or the root of a negative."
_NAN_GIVEN = (
    "The result holds NaN, as an argument does, where there should be a number."
)


def not_finite(outcomes: Outcomes) -> str | None:
    """Say that a result holds NaN or infinity where the right one has none."""
    pairs = list(zip(outcomes.a, outcomes.b, strict=True))
    if any((np.isnan(a) & ~np.isnan(b)).any() for a, b in pairs):
        given = any(a is not None and np.isnan(a).any() for a in _arrays(outcomes))
        sentence = _NAN_GIVEN if given else _NAN
    elif any((np.isinf(a) & ~np.isinf(b)).any() for a, b in pairs):
        sentence = "The result holds infinity: look for a division by 0, log(0) or exp."
    else:
        return None
    where = right_on_small(outcomes)
    return f"{sentence} {where}" if where else sentence


def _arrays(outcomes):
    """Yield all arguments of all cases as arrays."""
    for _, arrays in outcomes.arguments():
        yield from arrays


def coarse(outcomes: Outcomes) -> str | None:
    """Say that numbers of 16 bits are right as far as they go."""
    kinds = {getattr(value, "dtype", None) for value in outcomes.given}
    short_kinds = {torch.float16, torch.bfloat16, np.dtype("float16")}
    if kinds <= short_kinds and all_agree(outcomes.a, outcomes.b, 0.02):
        return "Right to two or three digits, as far as 16 bits go: take float32."
    return None


def unchanged(outcomes: Outcomes) -> str | None:
    """Say that an argument came back as it was."""
    for name, arrays in outcomes.arguments():
        if outcomes.equal(arrays):
            return f"This is {name} as it came in: nothing has changed it."
    return None


def always_the_same(outcomes: Outcomes) -> str | None:
    """Say that the result does not depend on the arguments."""
    first = outcomes.a[0]
    if first.ndim and all(not a.any() for a in outcomes.a):
        return "Every value is 0, in every case."
    same = all(a.shape == first.shape and (a == first).all() for a in outcomes.a)
    if same and len({b.tobytes() for b in outcomes.b}) >= MANY:
        return (
            f"It returns {short(first)} whatever the arguments are: is a number typed "
            "in, or a variable of the notebook used, where an argument belongs?"
        )
    return None


def opposite(outcomes: Outcomes) -> str | None:
    """Say that a mask is the opposite."""
    marks = all(set(np.unique(b)) <= {0, 1} for b in outcomes.b)
    both = len(np.unique(np.concatenate([b.ravel() for b in outcomes.b]))) == 2
    if marks and both and outcomes.are(lambda b: 1 - b):
        return "Every mark is the opposite of the right one."
    return None


def right_on_small(outcomes: Outcomes) -> str | None:
    """Say that it is right where the numbers are small, and wrong where large."""
    allowed = slack(outcomes.b, outcomes.tolerance)
    right, wrong = [], []
    for a, b, draw in zip(outcomes.a, outcomes.b, outcomes.draws, strict=True):
        arrays = [x for x in map(as_array, draw.values()) if x is not None and x.size]
        largest = max((abs(x).max() for x in arrays), default=0)
        good = agree(a, b, outcomes.tolerance, allowed)
        (right if good else wrong).append(largest)
    if right and wrong and min(wrong) > 5 * max(right):
        return (
            f"It is right where the numbers are small, up to {max(right):.3g}, and "
            f"wrong where they go up to {min(wrong):.3g}."
        )
    return None


def ordered(outcomes: Outcomes) -> str | None:
    """Say that the values are the right ones in another order."""
    if not all(b.ndim and b.size > MANY for b in outcomes.b):
        return None
    if outcomes.b[0].ndim > 1 and outcomes.are(np.transpose):
        return "Your result is transposed: its rows are the columns asked for."
    for axis in range(outcomes.b[0].ndim):
        if outcomes.are(lambda b, axis=axis: np.flip(b, axis)):
            along = "" if outcomes.b[0].ndim == 1 else f" along dimension {axis}"
            return f"The values are right, but from last to first{along}."
    ours, right = ([np.sort(x, axis=None) for x in y] for y in (outcomes.a, outcomes.b))
    different = min(len(np.unique(b)) for b in outcomes.b)
    if different >= MANY and all_agree(ours, right, outcomes.tolerance):
        return "The values are right, but in another order."
    return None


def offset(outcomes: Outcomes) -> str | None:
    """Say by how much every value is too large or too small."""
    pairs = zip(outcomes.a, outcomes.b, strict=True)
    differences = np.concatenate([(a - b).ravel() for a, b in pairs])
    finite = differences[np.isfinite(differences)]
    if not finite.size or not outcomes.varied():
        return None
    by = float(np.median(finite))
    if by and outcomes.are(lambda b: b + by):
        too = "large" if by > 0 else "small"
        return f"Every value is {abs(by):.4g} too {too}, in every case."
    return None


def shifted(outcomes: Outcomes) -> str | None:
    """Say that the values are moved by one place along a dimension."""
    if not all(b.ndim and b.size > MANY for b in outcomes.b) or not outcomes.varied():
        return None
    for axis in range(outcomes.b[0].ndim):
        if any(b.shape[axis] <= MANY for b in outcomes.b):
            continue
        ours, right = (
            [np.moveaxis(x, axis, 0) for x in y] for y in (outcomes.a, outcomes.b)
        )
        along = "" if outcomes.b[0].ndim == 1 else f" along dimension {axis}"
        # What enters at the end may be anything.
        for late, early, word in ((ours, right, "late"), (right, ours, "early")):
            if all_agree(
                [x[1:] for x in late], [x[:-1] for x in early], outcomes.tolerance
            ):
                return f"Every value comes one place too {word}{along}."
    return None


def in_part(outcomes: Outcomes) -> str | None:
    """Say that all is right but the first or the last value or row."""
    if not all(b.ndim and b.shape[0] >= MANY for b in outcomes.b):
        return None
    for which, rest, place in (
        ("first", slice(1, None), 0),
        ("last", slice(None, -1), -1),
    ):
        ours, right = ([x[rest] for x in y] for y in (outcomes.a, outcomes.b))
        if all_agree(ours, right, outcomes.tolerance):
            one, other = _first_differing(outcomes, place)
            kind = "row" if one.ndim else "value"
            where = f"{short(one)} where {short(other)} is right"
            return f"All is right but the {which} {kind}: {where}."
    return None


def _first_differing(outcomes, place):
    """Return the value or row at a place, and the right one, where they differ."""
    for a, b in zip(outcomes.a, outcomes.b, strict=True):
        if not all_agree([a[place]], [b[place]], outcomes.tolerance):
            return a[place], b[place]
    return outcomes.a[0][place], outcomes.b[0][place]


RULES = (
    coarse,
    unchanged,
    not_finite,
    always_the_same,
    opposite,
    right_on_small,
    shifted,
    ordered,
    offset,
    in_part,
)
