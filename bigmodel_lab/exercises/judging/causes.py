"""Diagnoses of numbers by their relation to the right ones: factor, root, rounding."""

import numpy as np

from bigmodel_lab.exercises.judging.outcomes import Outcomes

_N_OR_LESS = (
    "Your values are off by what lies between N and N - 1: std() and var() divide by N "
    "in NumPy, by N - 1 in PyTorch and pandas (correction=0 and ddof=0 make it N)."
)
_HINTS = {
    2.0: " (twice too much?)",
    0.5: " (is a half too many?)",
    100.0: " (per cent, where a share is asked for?)",
    0.01: " (a share, where per cent is asked for?)",
}


def factor(outcomes: Outcomes) -> str | None:
    """Say that every value is off by the same factor, and what the factor may be."""
    pairs = zip(outcomes.a, outcomes.b, strict=True)
    factors = [_ratio(a, b) for a, b in pairs]
    if None in factors or not outcomes.varied():
        return None
    if sentence := _n_minus_1(factors, outcomes) or _times_length(factors, outcomes):
        return sentence
    strict = min(max(outcomes.tolerance, 1e-9), 1e-4)
    if np.allclose(factors, factors[0], strict, 0):
        return _constant(factors[0])
    return None


def share(outcomes: Outcomes) -> str | None:
    """Say that a share is off by the factor between N and N - 1: 1 minus it is."""
    pairs = zip(outcomes.a, outcomes.b, strict=True)
    factors = [_ratio(1 - a, 1 - b) for a, b in pairs]
    if None in factors or not outcomes.varied():
        return None
    return _n_minus_1(factors, outcomes)


def _ratio(a, b):
    """Return the one factor between two arrays, or None."""
    known = np.isfinite(a) & np.isfinite(b) & (abs(b) > 1e-6 * abs(b).max(initial=0))
    if not known.any():
        return None
    ratio = np.median(a[known] / b[known])
    if not np.isfinite(ratio) or abs(ratio) < 1e-9:
        return None
    return float(ratio) if np.allclose(a, ratio * b, 1e-4, 1e-7) else None


def _constant(factor):
    """Say what a factor that is the same in all cases may come from."""
    if np.isclose(factor, -1, 1e-4):
        return "The sign is wrong: every value is -1 times the right one."
    hint = next((h for f, h in _HINTS.items() if np.isclose(factor, f, 1e-4)), "")
    sign = " and a sign are" if factor < 0 else " is"
    return (
        f"Every value is {factor:.6g} times the right one, in every case: a factor"
        f"{sign} off{hint}."
    )


def _n_minus_1(factors, outcomes):
    """Say that the factors are those between dividing by N and by N - 1."""
    for _, n in outcomes.lengths():
        if (n < 5).any():  # 3 / 2 may be anything
            continue
        bessel = n / (n - 1)
        for expected in (bessel, 1 / bessel, bessel**0.5, bessel**-0.5):
            if np.allclose(factors, expected, 1e-5, 0):
                return _N_OR_LESS
    return None


def _times_length(factors, outcomes):
    """Say that the factor is a size of the arguments."""
    for words, n in outcomes.lengths():
        if (n < 3).any():
            continue
        sizes = f"{n[0]}" if len(set(n)) == 1 else f"{n[0]}, {n[1]}, …"
        if np.allclose(factors, n, 1e-4, 0):
            return (
                f"Every value is {sizes} times the right one, and that is {words}: is "
                "a sum taken for a mean?"
            )
        if np.allclose(factors, 1 / n, 1e-4, 0):
            return (
                f"Every value is the right one divided by {sizes}, and that is "
                f"{words}: is a mean taken for a sum, or divided twice?"
            )
    return None


def function(outcomes: Outcomes) -> str | None:
    """Say that the result is a simple function of the right one."""
    if outcomes.varied() and not outcomes.tiny():
        for change, sentence in _FUNCTIONS:
            if outcomes.are(change):
                return sentence
    return None


def _not_negative(b):
    """Return 0 for negative numbers."""
    return np.maximum(b, 0)


_FUNCTIONS = (
    (np.square, "It is the square of the right result: is a root missing?"),
    (np.sqrt, "It is the root of the right result: is a square missing?"),
    (np.reciprocal, "It is 1 divided by the right result: upside down."),
    (lambda b: 1 - b, "It is 1 minus the right result."),
    (_not_negative, "Where the right value is negative, yours is 0: a ReLU, a clamp?"),
    (np.abs, "The sizes are right, but negative numbers have lost their sign."),
    (np.exp, "It is exp of the right result: is a log missing?"),
    (np.log, "It is the logarithm of the right result."),
    (np.log10, "It is the logarithm to the base 10 of the right result."),
)


def rounded(outcomes: Outcomes) -> str | None:
    """Say that the values are the right ones, rounded or cut off."""
    pairs = list(zip(outcomes.a, outcomes.b, strict=True))
    if not outcomes.varied() or all(np.array_equal(b, np.round(b)) for _, b in pairs):
        return None
    for digits in range(5):
        if all(np.allclose(a, np.round(b, digits), 0, 1e-9) for a, b in pairs):
            return f"The values are rounded to {digits} digits: return them unrounded."
    if outcomes.are(np.floor) or outcomes.are(np.trunc):
        return "The fractions are cut off: is there a // or an int() too many?"
    return None


def straight_line(outcomes: Outcomes) -> str | None:
    """Say that the values lie on straight lines over the right ones.

    One line in each case, or one in each column.
    """
    pairs = list(zip(outcomes.a, outcomes.b, strict=True))
    lines = [_line(a, b) for a, b in pairs]
    where = "In each case"
    if None in lines and all(b.ndim == 2 for _, b in pairs):
        columns = [x for a, b in pairs for x in zip(a.T, b.T, strict=True)]
        lines = [_line(a, b) for a, b in columns]
        where = "In each column"
    if None in lines:
        return None
    slopes, shifts = np.transpose(lines)
    if np.allclose(slopes, 1, 1e-4):
        return f"{where} a number is added to every value: look at what you subtract."
    if np.allclose(shifts, 0, atol=1e-4):
        return f"{where} every value is off by a factor: look at what you divide by."
    return (
        f"{where} the values are right up to a factor and a number added: look at what "
        "you subtract and what you divide by."
    )


def _line(a, b):
    """Return slope and shift of a straight line of `a` over `b`, or None."""
    if b.size < 5 or len(np.unique(b)) < 4 or not np.isfinite(b).all():
        return None
    slope, shift = np.polyfit(b.ravel(), a.ravel(), 1)
    scale = 1e-4 * (abs(a).max() + abs(b).max())
    if abs(slope) < 1e-6 or abs(slope * b + shift - a).max() > scale:
        return None
    return slope, shift / max(abs(a).max(), 1e-12)


RULES = (factor, share, function, rounded, straight_line)
