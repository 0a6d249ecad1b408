"""General diagnoses: what is said of a wrong answer whose mistake nobody listed."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from bigmodel_lab import exercises
from bigmodel_lab.exercises.judging.judge import Exercise

pytestmark = pytest.mark.usefixtures("same_draws")


def rows(rng):
    """Return two columns of numbers, whose length differs from case to case."""
    n = int(rng.integers(6, 20))
    return rng.normal(size=n), rng.normal(size=n)


def table(rng):
    """Return a table (n, 3) of positive numbers."""
    return (rng.uniform(1, 9, (int(rng.integers(6, 12)), 3)),)


MSE = Exercise(lambda p, t: ((p - t) ** 2).mean(), inputs=rows)
VARIANCE = Exercise(lambda p, t: p.var(), inputs=rows)
DIFFERENCES = Exercise(lambda p, t: p - t, inputs=rows)
MEANS = Exercise(lambda X: X.mean(0), inputs=table)
CENTERED = Exercise(lambda X: (X - X.mean(0)) / X.std(0), inputs=table)
POSITIVE = Exercise(lambda p, t: p > 0, inputs=rows)
RANKS = Exercise(lambda p, t: np.argsort(p), inputs=rows)
BOTH = Exercise(lambda p, t: (p.mean(), p.std()), inputs=rows)
SHARE = Exercise(
    lambda done, of, step: step * done / of,
    inputs=lambda rng: (int(rng.integers(1, 50)), int(rng.integers(60, 99)), 0.5),
)
LARGE = Exercise(
    lambda n, t: 6 * n * t,
    inputs=lambda rng: tuple(rng.integers(10, 90, 2) * [1e8, 1e9]),
)


def sizes(rng):
    """Return small numbers in most cases, in one of them large ones."""
    sizes.calls += 1
    return (rng.uniform(1, 2, 4) * (1000 if sizes.calls % 3 == 0 else 1),)


sizes.calls = 0
EXP = Exercise(lambda x: x - np.log(np.exp(x - x.max()).sum()) - x.max(), inputs=sizes)


def overflows(x):
    with np.errstate(all="ignore"):
        return x - np.log(np.exp(x).sum())


@pytest.mark.parametrize(
    ("one", "answer", "says"),
    [
        # shapes
        (MSE, lambda p, t: (p - t) ** 2, "their mean is right"),
        (MSE, lambda p, t: p - t, "is a .mean() or a .sum() missing?"),
        (MEANS, lambda X: X, "is right"),
        (MEANS, lambda X: X.mean(), "This is the mean of the 3 numbers"),
        (MEANS, lambda X: np.ones(4), "shape (3,), not (4,)"),
        (CENTERED, lambda X: ((X - X.mean(0)) / X.std(0)).T, "transposed"),
        (DIFFERENCES, lambda p, t: (p - t)[:, None], "The numbers are right; their sh"),
        # facts
        (DIFFERENCES, lambda p, t: t, "This is t as it came in"),
        (DIFFERENCES, lambda p, t: 0 * p, "Every value is 0"),
        (MSE, lambda p, t: 1.25, "It returns 1.25 whatever the arguments are"),
        (POSITIVE, lambda p, t: p <= 0, "Every mark is the opposite"),
        (DIFFERENCES, lambda p, t: (p - t)[::-1], "from last to first"),
        (DIFFERENCES, lambda p, t: np.sort(p - t), "right, but in another order"),
        (RANKS, lambda p, t: np.argsort(p) + 1, "Every value is 1 too large"),
        (DIFFERENCES, lambda p, t: p - t - 0.5, "Every value is 0.5 too small"),
        (DIFFERENCES, lambda p, t: np.roll(p - t, 1), "one place too late"),
        (DIFFERENCES, lambda p, t: np.roll(p - t, -1), "one place too early"),
        (DIFFERENCES, lambda p, t: np.append(p[:-1] - t[:-1], 9), "but the last value"),
        (DIFFERENCES, lambda p, t: np.append(9, p[1:] - t[1:]), "but the first value"),
        (DIFFERENCES, lambda p, t: p + np.nan, "holds NaN: look for"),
        (EXP, overflows, "right where the numbers are small, up to "),
        # causes
        (MSE, lambda p, t: 3 * ((p - t) ** 2).mean(), "3 times the right one"),
        (MSE, lambda p, t: -((p - t) ** 2).mean(), "The sign is wrong"),
        (MSE, lambda p, t: ((p - t) ** 2).mean() / 2, "(is a half too many?)"),
        (MSE, lambda p, t: ((p - t) ** 2).sum(), "that is the length of p: is a sum"),
        (MSE, lambda p, t: ((p - t) ** 2).mean() / len(p), "divided twice?"),
        (MSE, lambda p, t: ((p - t) ** 2).mean() ** 0.5, "is a square missing?"),
        (MSE, lambda p, t: ((p - t) ** 2).mean() ** 2, "is a root missing?"),
        (MSE, lambda p, t: 1 / ((p - t) ** 2).mean(), "upside down"),
        (MSE, lambda p, t: 1 - ((p - t) ** 2).mean(), "1 minus the right"),
        (MSE, lambda p, t: np.log(((p - t) ** 2).mean()), "the logarithm of"),
        (MSE, lambda p, t: round(((p - t) ** 2).mean(), 2), "rounded to 2 digits"),
        (VARIANCE, lambda p, t: p.var(ddof=1), "between N and N - 1"),
        (CENTERED, lambda X: (X - X.mean(0)) / X.std(0, ddof=1), "between N and N - 1"),
        (DIFFERENCES, lambda p, t: abs(p - t), "lost their sign"),
        (DIFFERENCES, lambda p, t: np.maximum(p - t, 0), "yours is 0: a ReLU"),
        (CENTERED, lambda X: X - X.mean(0), "In each column every value is off by"),
        (CENTERED, lambda X: X / X.std(0), "In each column a number is added"),
        (CENTERED, lambda X: (X - X.min(0)) / X.max(0), "up to a factor and a number"),
        # for other arguments
        (DIFFERENCES, lambda p, t: p + t, "for -t: a + for a -?"),
        (DIFFERENCES, lambda p, t: p - t**2, "for the square of t"),
        (MSE, lambda p, t: (p**2).mean(), "for t = 0: is it left out?"),
        (MSE, lambda p, t: ((p - t)[1:] ** 2).mean(), "without their first row"),
        (MSE, lambda p, t: ((p - t) ** 2).max(), "the largest of what is right for"),
        (MEANS, lambda X: X.mean(1), "rows and columns exchanged"),
        (
            CENTERED,
            lambda X: ((X.T - X.mean(1)) / X.std(1)).T,
            "rows and columns exchanged",
        ),
        (SHARE, lambda done, of, step: step * of / done, "done and of exchanged"),
        (SHARE, lambda done, of, step: done / of, "2 times"),
        (SHARE, lambda done, of, step: step * (done + 1) / of, "for done + 1: one too"),
        # several results
        (BOTH, lambda p, t: (p.std(), p.mean()), "right, but in another order"),
        (BOTH, lambda p, t: (p.mean(), p.var()), "2 of 2 (the other is right): It is"),
        (BOTH, lambda p, t: p.mean(), "It should return 2 things, not"),
    ],
)
def test_what_holds_in_every_case_is_said(one, answer, says):
    for _ in range(3):
        feedback = one.judge(answer)
        assert feedback.outcome == "wrong"
        assert says in feedback.message


@pytest.mark.parametrize(
    ("one", "answer"),
    [
        (MSE, lambda p, t: (p**2 - t**2).mean()),
        (MSE, lambda p, t: p.mean() + 1.5 * t.std()),
        (DIFFERENCES, lambda p, t: p - t + 0.1 * p * t),
        (CENTERED, lambda X: np.sin(X)),
        (POSITIVE, lambda p, t: p > 0.4),
        (SHARE, lambda done, of, step: done % 7),
        (LARGE, lambda n, t: n / t),  # nearly 0 beside what is right
        (LARGE, lambda n, t: 1 / n),  # as near to 0 as 1 / right
    ],
)
def test_where_no_rule_holds_a_case_is_shown_and_no_cause_named(one, answer):
    for _ in range(10):
        message = one.judge(answer).message
        assert " is right for " in message
        assert "?" not in message


def test_the_smallest_case_is_shown_on_one_line():
    lengths = iter([50, 3, 20, 7, 30])

    def inputs(rng):
        n = next(lengths)
        return rng.normal(size=n), rng.normal(size=n)

    one = Exercise(lambda p, t: (p * t).sum(), inputs=inputs)
    message = one.judge(lambda p, t: p.sum() * t.sum() + 0.3).message
    arguments = message.partition(" for ")[2]
    assert arguments.count(",") == 5  # 3 numbers each
    assert len(arguments) <= 101


def test_a_factor_that_n_and_n_minus_1_could_only_be_by_chance_is_a_factor():
    """3 / 2 has nothing to do with the three features."""
    one = Exercise(
        lambda X, theta: X @ theta,
        inputs=lambda rng: (rng.normal(size=(9, 3)), rng.normal(size=3)),
    )
    message = one.judge(lambda X, theta: 1.5 * X @ theta).message
    assert message.startswith("Every value is 1.5 times the right one")


def test_a_solution_that_fails_for_other_arguments_stops_no_check():
    def solution(count):
        return sum(1 / k for k in range(1, count + 1)) / [0, 1][count > 1]

    one = Exercise(solution, inputs=lambda rng: (int(rng.integers(2, 50)),))
    message = one.judge(lambda count: count % 5 + 0.123).message
    assert " is right for count=" in message


TEXT = Exercise(
    lambda words, mark: mark.join(words) + "\n",
    inputs=lambda rng: (rng.permutation(["moon", "月", "fern"]).tolist(), "-"),
)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda words, mark: words, "A text is asked for, not list \"['"),
        (lambda words, mark: 3, "A text is asked for, not 3."),
        (lambda words, mark: mark, "It begins with '-' where '"),
        (lambda words, mark: "", "It is empty where '"),
        (lambda words, mark: mark.join(words), "Then your text ends, where '\\n' sh"),
        (lambda words, mark: words[0][:1], "The first character is right. Then your"),
        (
            lambda words, mark: mark.join(words) + "\n\n",
            "The first 12 characters are right. Then it should end, but yours goes on "
            "with '\\n'.",
        ),
        (lambda words, mark: " ".join(words) + "\n", " right. Then comes ' "),
    ],
)
def test_of_a_text_is_said_from_where_on_it_is_wrong(answer, says):
    for _ in range(3):
        assert says in TEXT.judge(answer).message


def test_a_text_in_numpys_type_is_the_same_text():
    def answer(words, mark):
        return np.str_(mark.join(words) + "\n")

    assert TEXT.judge(answer).outcome == "correct"


def unlisted():
    """Yield the answers of wrong_answers.txt: exercise, expression, what is said."""
    path = Path(__file__).with_name("wrong_answers.txt")
    name = ""
    for line in path.read_text().split("\n\n", 1)[1].splitlines():
        if " -> " in line:
            yield name, *map(str.strip, line.split(" -> "))
        elif not line.startswith("#"):
            name = line


UNLISTED = list(unlisted())


@pytest.mark.parametrize(("name", "expression", "says"), UNLISTED)
def test_an_answer_that_nobody_listed_gets_a_sentence_that_helps(
    name, expression, says
):
    one = exercises.find(name)

    def answer(*arguments):
        scope = {"np": np, "torch": torch, "math": math, "F": torch.nn.functional}
        scope |= zip(one.parameters, arguments, strict=True)
        return eval(expression, scope | {"right": one.solution(*arguments)})

    for _ in range(3):
        feedback = one.judge(answer)
        assert feedback.outcome == "wrong"
        if says == "-":  # a case, and nothing that may be false
            assert re.search(r" is right for |should have shape", feedback.message), (
                feedback.message
            )
            assert "?" not in feedback.message
        else:
            assert says == feedback.misconception or says in feedback.message


def test_two_thirds_of_what_nobody_listed_get_a_sentence_that_helps():
    assert len(UNLISTED) >= 150
    helped = sum(says != "-" for *_, says in UNLISTED)
    assert helped / len(UNLISTED) > 2 / 3
