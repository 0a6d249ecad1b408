"""What is wrong with an answer whose mistake nobody listed: general diagnoses.

`explain` tries the rules in turn on the results of all cases. Each states a fact that
holds in every one of them, and what to look for; marks and counts, which are too few
bits to prove more, get nothing but facts. If no rule fits, the smallest case is shown.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from bigmodel_lab.exercises.words import (
    EXACT,
    LISTED,
    agree,
    as_array,
    call,
    entry,
    in_words,
    is_whole,
    parts,
    shape_error,
    short,
    size,
    slack,
)

MANY = 3  # values that are different: by chance, no rule holds for so many


@dataclass(frozen=True)
class Results:
    """The results of an answer in all cases, the right ones, and the arguments.

    `a` and `b` are the results and the right ones as arrays, None where they have no
    numbers.
    """

    given: list
    expected: list
    draws: list[dict]
    tolerance: float

    def __post_init__(self):
        """Make the arrays, once."""
        object.__setattr__(self, "a", [as_array(value) for value in self.given])
        object.__setattr__(self, "b", [as_array(value) for value in self.expected])

    def are(self, change: Callable) -> bool:
        """Tell whether `change(right result)` is the result in every case."""
        with np.errstate(all="ignore"):
            return self.equal([change(b) for b in self.b])

    def equal(self, others: list) -> bool:
        """Tell whether the results are the others, one for each case."""
        if any(other is None for other in others):
            return False
        allowed = slack(others, self.tolerance)
        return all(
            agree(a, other, self.tolerance, allowed)
            for a, other in zip(self.given, others, strict=True)
        )

    def arguments(self) -> Iterator[tuple[str, list]]:
        """Yield each argument's name, and its values in all cases as arrays."""
        for name in self.draws[0]:
            yield name, [as_array(draw[name]) for draw in self.draws]

    def lengths(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield in words, and for all cases, the sizes of the arguments."""
        for name, arrays in self.arguments():
            if any(a is None or a.ndim == 0 for a in arrays):
                continue
            if all(a.ndim == 1 for a in arrays):
                yield f"the length of {name}", np.array([len(a) for a in arrays])
                continue
            for axis in range(min(a.ndim for a in arrays)):
                sizes = np.array([a.shape[axis] for a in arrays])
                yield f"the size of {name} along dimension {axis}", sizes
            yield f"how many numbers {name} holds", np.array([a.size for a in arrays])


def explain(
    given: list, expected: list, draws: list[dict], tolerance: float = 1e-4
) -> str:
    """Say in a sentence or two how the results of an answer differ from the right ones.

    `draws` holds the arguments of each case by name; empty for a value.
    """
    if is_whole(expected) and draws[0]:
        tolerance = min(tolerance, EXACT)
    if all(isinstance(value, tuple) for value in expected):
        return _explain_parts(given, expected, draws, tolerance)
    results = Results(given, expected, draws, tolerance)
    rules = (
        _no_numbers,
        *((_value,) if not draws[0] else ()),
        _shape,
        _nan,
        *(_FACTS if is_whole(expected) else _FACTS + _CAUSES),
    )
    return next(filter(None, (rule(results) for rule in rules)), None) or _case(results)


def _explain_parts(given, expected, draws, tolerance):
    """Explain what is wrong with the first wrong one of several results."""
    count = len(expected[0])
    found = [parts(result, count) for result in given]
    if None in found:
        stranger = given[found.index(None)]
        return f"It should return {count} things, not {short(stranger)}."
    columns = list(zip(*found, strict=True))
    right = list(zip(*expected, strict=True))
    if sentence := _in_another_order(columns, right, tolerance):
        return sentence
    for k, (column, other) in enumerate(zip(columns, right, strict=True)):
        if not _all_agree(column, other, tolerance):
            sentence = explain(list(column), list(other), draws, tolerance)
            return f"{_place(k, columns, right, tolerance)}: {sentence}"
    return _case(Results(given, expected, draws, tolerance))


def _place(k, columns, right, tolerance):
    """Say which result is meant, and whether the others are right."""
    place = f"Result {k + 1} of {len(right)}"
    others = [i for i in range(len(right)) if i != k]
    if all(_all_agree(columns[i], right[i], tolerance) for i in others):
        return f"{place} (the other{'s are' if len(others) > 1 else ' is'} right)"
    return place


def _in_another_order(columns, right, tolerance):
    """Say that the results are right, but in another order."""
    if len(right) > 4:
        return None
    for order in permutations(range(len(right))):
        moved = [columns[i] for i in order]
        if order != tuple(range(len(right))) and all(
            _all_agree(one, other, tolerance)
            for one, other in zip(moved, right, strict=True)
        ):
            return "The results are right, but in another order than asked for."
    return None


def _all_agree(given, expected, tolerance):
    """Tell whether all results agree with the right ones."""
    allowed = slack(expected, tolerance)
    return all(
        agree(a, b, tolerance, allowed) for a, b in zip(given, expected, strict=True)
    )


# -- what has no numbers, or another shape ---------------------------------------------


def _no_numbers(results):
    """Say what a result is that has no numbers."""
    for value, a, b in zip(results.given, results.a, results.b, strict=True):
        if a is None:
            return f"It should return numbers, not {in_words(value)}."
        if b is None:
            return f"It should return lists of different lengths, not {short(value)}."
    return None


def _value(results):
    """Say whether a value that was asked for is too small or too large."""
    (a,), (b,) = results.a, results.b
    if a.shape != b.shape:
        return shape_error(results.given[0], results.expected[0])
    if a.ndim or not np.isfinite(a):
        return None
    close = {"rtol": max(results.tolerance, 1e-4), "atol": 0}
    if b and np.isclose(a, -b, **close):
        return f"{float(a):.4g} has the wrong sign."
    for power in (1, 2, 3, -1, -2, -3):
        if b and np.isclose(a, b * 10.0**power, **close):
            return f"{float(a):.4g} has the right digits: where is the decimal point?"
    return f"{float(a):.4g} is too {'small' if a < b else 'large'}."


def _shape(results):
    """Say what is wrong with the shape, if it differs in any case."""
    pairs = list(zip(results.a, results.b, strict=True))
    if all(a.shape == b.shape for a, b in pairs):
        return None
    a, b = next((a, b) for a, b in pairs if a.shape != b.shape)
    if results.equal([b.T for b in results.b]):
        return "Your result is transposed: its rows are the columns asked for."
    flat = [a.ravel() if a.size == b.size else None for a, b in pairs]
    right = [b.ravel() for b in results.b]
    if None not in [None if f is None else 1 for f in flat] and _all_agree(
        flat, right, results.tolerance
    ):
        return f"The numbers are right; their shape should be {b.shape}, not {a.shape}."
    if all(b.ndim == 0 for b in results.b):
        return _one_number(results, a)
    if all(a.ndim == 0 for a in results.a):
        return _several_numbers(results, b)
    return f"The result should have shape {b.shape}, not {a.shape}."


def _one_number(results, a):
    """Say what is missing where one number is asked for."""
    for name in ("mean", "sum", "max", "min"):
        if _all_agree(
            [getattr(a, name)() if a.size else None for a in results.a],
            results.expected,
            results.tolerance,
        ):
            return (
                f"One number is asked for, and yours are {a.size}: take their {name}."
            )
    size = " × ".join(map(str, a.shape))
    return f"One number is asked for, not {size}: is a .mean() or a .sum() missing?"


def _several_numbers(results, b):
    """Say what is too much where several numbers are asked for."""
    for name in ("mean", "sum", "max", "min"):
        if results.are(lambda b, name=name: getattr(b, name)()):
            return (
                f"You took the {name} over everything. The result should have shape "
                f"{b.shape}, a number for each."
            )
    return f"The result should have shape {b.shape}; yours is a single number."


def _nan(results):
    """Say that a result holds NaN or infinity where the right one has none."""
    for a, b in zip(results.a, results.b, strict=True):
        if (np.isnan(a) & ~np.isnan(b)).any():
            return (
                "The result holds NaN: look for 0/0, log(0) or the root of a negative."
            )
        if (np.isinf(a) & ~np.isinf(b)).any() and _on_small(results) is None:
            return (
                "The result holds infinity: look for a number / 0, log(0), large exp."
            )
    return None


# -- facts, for marks and counts, too --------------------------------------------------


def _unchanged(results):
    """Say that an argument came back as it was."""
    for name, arrays in results.arguments():
        if results.equal(arrays):
            return f"This is {name} as it came in: nothing has changed it."
    return None


def _always_the_same(results):
    """Say that the result does not depend on the arguments."""
    first = results.a[0]
    same = all(a.shape == first.shape and np.array_equal(a, first) for a in results.a)
    different = len({b.tobytes() for b in results.b}) >= MANY
    if same and different:
        return (
            f"It returns {short(first)} whatever the arguments are: is a number typed "
            "in, or a variable of the notebook used, where an argument belongs?"
        )
    return None


def _opposite(results):
    """Say that a mask is the opposite."""
    marks = all(set(np.unique(b)) <= {0, 1} for b in results.b)
    if marks and _varied(results) and results.are(lambda b: 1 - b):
        return "Every mark is the opposite of the right one."
    return None


def _offset(results):
    """Say by how much every value is too large or too small."""
    differences = np.concatenate(
        [(a - b).ravel() for a, b in zip(results.a, results.b, strict=True)]
    )
    finite = differences[np.isfinite(differences)]
    if not finite.size or not _varied(results):
        return None
    by = float(np.median(finite))
    if by and results.are(lambda b: b + by):
        too = "large" if by > 0 else "small"
        return f"Every value is {abs(by):.4g} too {too}, in every case."
    return None


def _shifted(results):
    """Say that the values are moved by one position along a dimension."""
    if not all(b.ndim and b.size > MANY for b in results.b) or not _varied(results):
        return None
    for axis in range(results.b[0].ndim):
        if any(b.shape[axis] < 3 for b in results.b):
            continue
        for step, word in ((1, "late"), (-1, "early")):
            if all(
                _moved(a, b, axis, step, results.tolerance)
                for a, b in zip(results.a, results.b, strict=True)
            ):
                along = "" if results.b[0].ndim == 1 else f" along dimension {axis}"
                return f"Every value comes one place too {word}{along}."
    return None


def _moved(a, b, axis, step, tolerance):
    """Tell whether `a` is `b`, one place on; what enters at the end may be anything."""
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    ours, right = (a[1:], b[:-1]) if step == 1 else (a[:-1], b[1:])
    return np.allclose(ours, right, tolerance, slack([b], tolerance))


def _ordered(results):
    """Say that the values are the right ones in another order."""
    if not all(b.ndim and len(np.unique(b)) >= MANY for b in results.b):
        return None
    if results.are(lambda b: b[::-1]):
        return "The values are right, but from last to first."
    if results.b[0].ndim == 2 and all(len(set(b.shape)) == 1 for b in results.b):
        if results.are(lambda b: b.T):
            return "Your result is transposed: its rows are the columns asked for."
    in_order = [np.sort(a, axis=None) for a in results.a]
    right = [np.sort(b, axis=None) for b in results.b]
    if _all_agree(in_order, right, results.tolerance):
        return "The values are right, but in another order."
    return None


def _in_part(results):
    """Say that all is right but the first or the last entry or row."""
    if not all(b.ndim and b.shape[0] >= MANY for b in results.b):
        return None
    kind = "value" if results.b[0].ndim == 1 else "row"
    for which, rest in (("first", slice(1, None)), ("last", slice(None, -1))):
        ours = [a[rest] for a in results.a]
        right = [b[rest] for b in results.b]
        if _all_agree(ours, right, results.tolerance):
            return f"All is right but the {which} {kind}."
    return None


def _on_small(results):
    """Say that it is right where the numbers are small, and wrong where large."""
    allowed = slack(results.b, results.tolerance)
    good = [
        agree(a, b, results.tolerance, allowed)
        for a, b in zip(results.a, results.b, strict=True)
    ]
    largest = [
        max((abs(a).max() for a in map(as_array, draw.values()) if _some(a)), default=0)
        for draw in results.draws
    ]
    right = [x for x, is_good in zip(largest, good, strict=True) if is_good]
    wrong = [x for x, is_good in zip(largest, good, strict=True) if not is_good]
    if right and wrong and min(wrong) > 5 * max(right):
        return (
            f"It is right where the numbers are small, up to {max(right):.3g}, and "
            f"wrong where they go up to {min(wrong):.3g}: does something overflow?"
        )
    return None


def _some(array):
    """Tell whether an argument is an array with numbers."""
    return array is not None and array.size > 0


# -- causes ----------------------------------------------------------------------------


def _factor(results):
    """Say that every value is off by the same factor, and what the factor may be."""
    factors = [_ratio(a, b) for a, b in zip(results.a, results.b, strict=True)]
    if None in factors or not _varied(results):
        return None
    if all(np.isclose(f, 1, results.tolerance, 0) for f in factors):
        return None
    if sentence := _n_minus_1(factors, results) or _times_length(factors, results):
        return sentence
    if np.allclose(factors, factors[0], min(max(results.tolerance, 1e-9), 1e-4), 0):
        return _constant_factor(factors[0])
    return None


def _ratio(a, b):
    """Return the one factor between two arrays, or None."""
    known = np.isfinite(a) & np.isfinite(b) & (abs(b) > 1e-6 * abs(b).max(initial=0))
    if not known.any():
        return None
    ratios = a[known] / b[known]
    factor = np.median(ratios)
    if not np.isfinite(factor) or abs(factor) < 1e-9:
        return None
    return float(factor) if np.allclose(a, factor * b, 1e-4, 1e-7) else None


def _constant_factor(factor):
    """Say what a factor that is the same in all cases may come from."""
    if np.isclose(factor, -1, 1e-4):
        return "The sign is wrong: every value is -1 times the right one."
    known = {2: "a 2 too many", 0.5: "a 2 missing", 100: "per cent for a share"}
    known |= {0.01: "a share for per cent"}
    hint = next((h for f, h in known.items() if np.isclose(abs(factor), f, 1e-4)), "")
    sign = " and the sign" if factor < 0 else ""
    may_be = f" ({hint}?)" if hint else ""
    return (
        f"Every value is {factor:.6g} times the expected one, in every case: a factor"
        f"{sign} is off{may_be}."
    )


def _n_minus_1(factors, results):
    """Say that the factors are those between dividing by N and by N - 1."""
    for _, n in results.lengths():
        if (n < 2).any() or len(set(factors)) < 1:
            continue
        bessel = n / (n - 1)
        for expected in (bessel, bessel**0.5):
            if np.allclose(factors, expected, 1e-5, 0):
                return (
                    "Dividing by N - 1 gives this, as std() and var() do in PyTorch "
                    "and pandas; here it is N (NumPy's way; correction=0 in PyTorch)."
                )
            if np.allclose(factors, 1 / expected, 1e-5, 0):
                return (
                    "Dividing by N gives this, as NumPy's std() and var() do; here it "
                    "is N - 1 (ddof=1 in NumPy)."
                )
    return None


def _times_length(factors, results):
    """Say that the factor is a size of the arguments."""
    for words, n in results.lengths():
        if (n < 2).any():
            continue
        if np.allclose(factors, n, 1e-4, 0):
            return (
                f"Every value is {_each(n)} times the right one, and that is {words}: "
                "is a sum taken for a mean?"
            )
        if np.allclose(factors, 1 / n, 1e-4, 0):
            return (
                f"Every value is the right one divided by {_each(n)}, and that is "
                f"{words}: is a mean taken for a sum, or divided twice?"
            )
    return None


def _each(n):
    """Return a size, or the sizes of the first cases if they differ."""
    return f"{n[0]}" if len(set(n)) == 1 else f"{n[0]}, {n[1]}, …"


def _function(results):
    """Say that the result is a simple function of the right one."""
    if not _varied(results):
        return None
    for change, sentence in _FUNCTIONS:
        if results.are(change) and not results.are(lambda b: b):
            return sentence
    return None


def _positive_root(b):
    return np.sqrt(b) if (b >= 0).all() else np.full_like(b, np.inf)


_FUNCTIONS = (
    (np.square, "It is the square of the right result: is a root missing?"),
    (_positive_root, "It is the root of the right result: is a square missing?"),
    (lambda b: 1 / b, "It is 1 divided by the right result: upside down."),
    (lambda b: 1 - b, "It is 1 minus the right result: the share of the others."),
    (np.abs, "The sizes are right, but negative numbers have lost their sign."),
    (np.exp, "It is exp of the right result: a log is missing."),
    (np.log, "It is the logarithm of the right result."),
    (np.log10, "It is the logarithm to the base 10 of the right result."),
)


def _rounded(results):
    """Say that the values are the right ones, rounded."""
    if all(np.array_equal(b, np.round(b)) for b in results.b) or not _varied(results):
        return None
    for digits in range(5):
        if all(
            np.allclose(a, np.round(b, digits), 0, 1e-9)
            for a, b in zip(results.a, results.b, strict=True)
        ):
            return (
                f"The values are rounded to {digits} digits: return them as they are."
            )
    if results.are(np.floor) or results.are(np.trunc):
        return "The fractions are cut off: is there a // or an int() too many?"
    return None


def _straight_line(results):
    """Say that each case's values lie on a straight line over the right ones."""
    slopes = []
    for a, b in zip(results.a, results.b, strict=True):
        if b.size < 5 or len(np.unique(b)) < 4 or not np.isfinite(a).all():
            return None
        slope, shift = np.polyfit(b.ravel(), a.ravel(), 1)
        scale = 1e-4 * (abs(a).max() + abs(b).max())
        if abs(slope) < 1e-6 or abs(slope * b + shift - a).max() > scale:
            return None
        slopes.append(slope)
    if np.allclose(slopes, 1, 1e-4):
        return (
            "In each case every value is off by the same number: look at what you add."
        )
    return (
        "In each case the values are right up to a factor and a number added: look at "
        "what you subtract and what you divide by."
    )


def _varied(results):
    """Tell whether the right values are many enough for a rule to be no chance."""
    values = np.concatenate([b.ravel() for b in results.b])
    return len(np.unique(values[np.isfinite(values)].round(12))) >= MANY


_FACTS = (
    _unchanged,
    _always_the_same,
    _opposite,
    _on_small,
    _ordered,
    _offset,
    _shifted,
    _in_part,
)
_CAUSES = (_factor, _function, _rounded, _straight_line)


# -- the smallest case -----------------------------------------------------------------


def _case(results):
    """Show the smallest case that is wrong: what it returns and what is right."""
    allowed = slack(results.expected, results.tolerance)
    wrong = [
        k
        for k, (a, b) in enumerate(zip(results.given, results.expected, strict=True))
        if not agree(a, b, results.tolerance, allowed)
    ]
    k = min(wrong, key=lambda k: size(results.draws[k]))
    a, b = results.a[k], results.b[k]
    result, expected = results.given[k], results.expected[k]
    arguments = call(results.draws[k])
    names = f" for {arguments}" if arguments else ""
    one, other = short(result), short(expected)
    if not a.ndim or (a.size <= LISTED and one != other):
        return f"It returns {one} where {other} is right{names}."
    differing = ~np.isclose(a, b, rtol=results.tolerance, atol=allowed)
    index = tuple(np.argwhere(differing)[0].tolist())
    one, other = entry(result, index), entry(expected, index)
    count = (
        f" {differing.sum()} of {differing.size} values differ." if a.size > 1 else ""
    )
    return f"At {list(index)} it returns {one} where {other} is right{names}.{count}"
