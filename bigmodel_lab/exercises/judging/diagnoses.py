"""What is wrong with an answer whose mistake nobody listed: general diagnoses.

`explain` tries the rules in turn on the results of all cases. Each states a fact that
holds in every one of them, and what to look for; marks and counts, which are too few
bits to prove a cause, get facts alone. If no rule fits, the smallest case is shown.
"""

from collections.abc import Callable
from itertools import permutations

import numpy as np

from bigmodel_lab.exercises.judging import causes, facts, shapes, what_if
from bigmodel_lab.exercises.judging.outcomes import Outcomes, all_agree
from bigmodel_lab.exercises.judging.words import (
    LISTED,
    agree,
    call,
    entry,
    is_whole,
    parts,
    short,
    size,
    slack,
    strict,
)


def explain(
    given: list,
    expected: list,
    draws: list[dict],
    tolerance: float = 1e-4,
    right: Callable | None = None,
) -> str:
    """Say in a sentence or two how the results of an answer differ from the right ones.

    `draws` holds the arguments of each case by name, empty for a value; `right` gives
    the right result for other arguments.
    """
    whole = bool(draws[0]) and is_whole(expected)
    tolerance = strict(expected, tolerance) if draws[0] else tolerance
    outcomes = Outcomes(given, expected, draws, tolerance, right)
    if all(isinstance(value, tuple) for value in expected):
        return what_if.rule(outcomes) or _explain_parts(outcomes)
    if all(isinstance(value, str) for value in expected):
        return shapes.text(outcomes)
    rules = [shapes.no_numbers, shapes.value] if not draws[0] else [shapes.no_numbers]
    if outcomes.has_other_shape():
        rules += [shapes.shape, what_if.rule, shapes.other_shape]
    else:
        rules += facts.RULES
        rules += [causes.factor] if whole else causes.RULES
        rules += [what_if.rule]
    sentences = (rule(outcomes) for rule in rules)
    return next(filter(None, sentences), None) or _smallest_case(outcomes)


def _explain_parts(outcomes):
    """Explain what is wrong with the first wrong one of several results."""
    count, tolerance = len(outcomes.expected[0]), outcomes.tolerance
    found = [parts(result, count) for result in outcomes.given]
    if None in found:
        stranger = outcomes.given[found.index(None)]
        return f"It should return {count} things, not {short(stranger, 0)}."
    ours, right = (list(zip(*rows, strict=True)) for rows in (found, outcomes.expected))
    if _in_another_order(ours, right, tolerance):
        return "The results are right, but in another order than asked for."
    wrong = [
        k
        for k, (one, other) in enumerate(zip(ours, right, strict=True))
        if not all_agree(one, other, tolerance)
    ]
    k = wrong[0] if wrong else 0
    others = ""
    if len(wrong) == 1:
        others = " (the other is right)" if count == 2 else " (the others are right)"

    def part(**arguments):
        return outcomes.right(**arguments)[k]

    sentence = explain(
        list(ours[k]),
        list(right[k]),
        outcomes.draws,
        tolerance,
        part if outcomes.right else None,
    )
    return f"Result {k + 1} of {count}{others}: {sentence}"


def _in_another_order(ours, right, tolerance):
    """Tell whether the results are right, but in another order."""
    if len(right) > 4:
        return False
    return any(
        all(
            all_agree(ours[i], other, tolerance)
            for i, other in zip(order, right, strict=True)
        )
        for order in permutations(range(len(right)))
    )


def _smallest_case(outcomes):
    """Show the smallest case that is wrong: what it returns and what is right."""
    allowed, draws = slack(outcomes.expected, outcomes.tolerance), outcomes.draws
    pairs = zip(outcomes.given, outcomes.expected, strict=True)
    wrong = [
        k
        for k, (one, other) in enumerate(pairs)
        if not agree(one, other, outcomes.tolerance, allowed)
    ]
    k = min(wrong, key=lambda k: size(draws[k]))
    a, b = outcomes.a[k], outcomes.b[k]
    result, expected = outcomes.given[k], outcomes.expected[k]
    arguments = call(draws[k])
    names = f" for {arguments}" if arguments else ""
    one, other = short(result), short(expected)
    if not a.ndim or (a.size <= LISTED and one != other):
        return f"It returns {one} where {other} is right{names}."
    differing = ~np.isclose(a, b, rtol=outcomes.tolerance, atol=allowed)
    index = tuple(np.argwhere(differing)[0].tolist())
    one, other = entry(result, index), entry(expected, index)
    return (
        f"At {list(index)} it returns {one} where {other} is right{names}. "
        f"{differing.sum():,} of {differing.size:,} values differ."
    )
