"""How an answer is judged: against a solution, known mistakes and random inputs."""

import copy
import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from bigmodel_lab.datasets.fetching import DataUnavailable
from bigmodel_lab.exercises.display import Feedback
from bigmodel_lab.exercises.judging.attempt import attempt, refusal, same_chance
from bigmodel_lab.exercises.judging.diagnoses import explain
from bigmodel_lab.exercises.judging.outcomes import all_agree
from bigmodel_lab.exercises.judging.words import (
    agree,
    as_array,
    is_whole,
    parts,
    shape_error,
    slack,
    strict,
)

CASES = 5  # random inputs per check
_NOTHING = "It returns nothing: is a `return` missing?"
# A few marks or counts cannot prove what somebody did.
_GIVES_THIS = "Your result is what this mistake would give: "


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that learners give, and the sentence that helps against it.

    It is recognized by its results; in a `Scored` exercise, where
    `sign(labels, predictions)` is true.
    """

    name: str
    answer: Callable
    help: str
    sign: Callable | None = None


@dataclass(eq=False)
class Exercise:
    """An exercise: `solution`, random `inputs` for it, ordered `hints`.

    Parameters
    ----------
    solution : callable
        The right answer. In an exercise that asks for a value (`inputs` is None), it
        takes no arguments and returns the right value.
    inputs : callable or None
        `inputs(rng)` -> tuple of arguments, new ones at every check.
    hints : list of str
        From a nudge to nearly the answer.
    tolerance : float
        Relative tolerance of the comparison; 0 for counts that must be exact.
    also : list of callable
        Other right answers that give other results, as a standard deviation with N - 1.
    tables : list of callable
        Each returns what known mistakes give for its arguments, by name.
    help : dict
        The sentence that helps against each mistake, by name, in the order of trial.
    answers_in : tuple of str
        Data files in which the answers could be looked up.
    """

    solution: Callable
    inputs: Callable | None = None
    hints: list[str] = field(default_factory=list)
    tolerance: float = 1e-4
    also: list[Callable] = field(default_factory=list)
    tables: list[Callable] = field(default_factory=list)
    help: dict[str, str] = field(default_factory=dict)
    answers_in: tuple[str, ...] = ()

    def accepts(self, answer: Callable) -> Callable:
        """Add another right answer: a decorator."""
        self.also.append(answer)
        return answer

    def mistakes(self, table: Callable) -> Callable:
        """Add a table of mistakes: a decorator.

        `table(*arguments)` returns what each of them gives, by name; its docstring has
        the sentence that helps after each name and a colon.
        """
        for name, text in re.findall(
            r"(?ms)^(\w+): (.*?)(?=^\w+: |\Z)", inspect.getdoc(table)
        ):
            self.help[name] = " ".join(text.split())
        self.tables.append(table)
        return table

    def misconception(self, answer: Callable) -> Callable:
        """Add one wrong answer, whose docstring is the help: a decorator.

        For one that changes its arguments, which a table of mistakes would share.
        """
        self.help[answer.__name__] = " ".join(inspect.getdoc(answer).split())
        self.tables.append(lambda *arguments: {answer.__name__: answer(*arguments)})
        return answer

    @property
    def misconceptions(self) -> list[Misconception]:
        """Return the known mistakes, each as an answer of its own."""

        def answer(name):
            return lambda *arguments: self.mistaken(arguments)[name]

        return [Misconception(n, answer(n), text) for n, text in self.help.items()]

    def mistaken(self, arguments: tuple) -> dict[str, object]:
        """Return what each known mistake gives for the arguments, by name."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # log(0) may be the mistake
            given = {}
            for table in self.tables:
                given |= table(*copy.deepcopy(arguments))
        return given

    @property
    def parameters(self) -> list[str] | None:
        """Return the parameters' names; None for an exercise that asks for a value."""
        return self.inputs and list(inspect.signature(self.solution).parameters)

    def cases(self, rng: np.random.Generator, count: int = CASES) -> list[tuple]:
        """Return random (arguments, right result) pairs; for a value, a single one."""
        draws = [self.inputs(rng) for _ in range(count)] if self.inputs else [()]
        return [(a, self.solution(*copy.deepcopy(a))) for a in draws]

    def judge(self, answer: object) -> Feedback:
        """Judge a learner's answer and return the `Feedback`."""
        if feedback := refusal(answer, self.parameters):
            return feedback
        try:
            cases = self.cases(self.rng())
        except DataUnavailable as error:  # the answer's own would be an "error"
            return Feedback("no data", str(error))
        if self.inputs is None:
            return self.compare([answer], cases)
        results = attempt(answer, [arguments for arguments, _ in cases])
        if isinstance(results, Feedback):
            return results
        return self.compare(results, cases)

    def rng(self) -> np.random.Generator:
        """Return the generator of a check's inputs: other ones every time."""
        return np.random.default_rng()

    def compare(self, results: list, cases: list[tuple]) -> Feedback:
        """Judge an answer by its results for the `cases`; return the `Feedback`."""
        if self.inputs and all(result is None or result is ... for result in results):
            return Feedback("wrong", _NOTHING)
        draws, expected = map(list, zip(*cases, strict=True))
        if any(self._same(results, right) for right in self._right(cases)):
            return Feedback("correct")
        tables = [self.mistaken(arguments) for arguments in draws]
        for name, text in self.help.items():
            if self._same(results, [table[name] for table in tables]):
                lead = _GIVES_THIS if self.inputs and is_whole(expected) else ""
                return Feedback("wrong", lead + text, name)
        draws = [dict(zip(self.parameters or (), a, strict=True)) for a in draws]
        right = None if len(draws) == 1 else self.solution
        return Feedback(
            "wrong", explain(results, expected, draws, self.tolerance, right)
        )

    def share(self, results: list, cases: list[tuple]) -> float:
        """Return the share of right results, 0 to 1; each part of a tuple counts."""
        return max(self._share(results, right) for right in self._right(cases))

    def _right(self, cases: list[tuple]) -> Iterator[list]:
        """Yield the right results for the cases, then those of `also`."""
        yield [expected for _, expected in cases]
        for answer in self.also:
            yield [answer(*copy.deepcopy(arguments)) for arguments, _ in cases]

    def _allowed(self, expected):
        """Return the tolerance for results that should be the expected ones."""
        return strict(expected, self.tolerance) if self.inputs else self.tolerance

    def _same(self, results, others):
        """Tell whether all results agree with the others."""
        return all_agree(results, others, self._allowed(others))

    def _share(self, results, right):
        """Return the share of results, or of their parts, that agree with `right`."""
        tolerance, shares = self._allowed(right), []
        allowed = slack(right, tolerance)
        for result, expected in zip(results, right, strict=True):
            if not isinstance(expected, tuple):
                shares.append(agree(result, expected, tolerance, allowed))
                continue
            given = parts(result, len(expected)) or (None,) * len(expected)
            agreeing = [
                agree(one, other, tolerance, s)
                for one, other, s in zip(given, expected, allowed, strict=True)
            ]
            shares.append(np.mean(agreeing))
        return float(np.mean(shares))


@dataclass(eq=False)
class Scored(Exercise):
    """An exercise that many answers solve: judged by accuracy on data they never saw.

    `inputs(rng)` returns the arguments and, after them, the labels that the answer must
    predict, in an array (N,). A check draws the same ones every time: the same model is
    not right today and wrong tomorrow.

    Parameters
    ----------
    bar : float
        The accuracy required, from 0 to 1.
    signs : dict
        What recognizes each mistake, by name: `sign(labels, predictions)` -> bool.
    """

    bar: float = 0.8
    signs: dict[str, Callable] = field(default_factory=dict)
    answers: dict[str, Callable] = field(default_factory=dict)

    def misconception(self, sign: Callable) -> Callable:
        """Add a wrong answer, whose docstring is the help: a decorator."""

        def add(answer):
            name = answer.__name__
            self.help[name] = " ".join(inspect.getdoc(answer).split())
            self.signs[name], self.answers[name] = sign, answer
            return answer

        return add

    @property
    def misconceptions(self) -> list[Misconception]:
        """Return the known mistakes, each as an answer of its own."""
        return [
            Misconception(name, self.answers[name], text, self.signs[name])
            for name, text in self.help.items()
        ]

    def judge(self, answer: object) -> Feedback:
        """Judge a learner's answer, whose own chance is the same every time, too."""
        with same_chance():
            return super().judge(answer)

    def rng(self) -> np.random.Generator:
        """Return the generator of a check's data: the same ones every time."""
        return np.random.default_rng(0)

    def cases(self, rng: np.random.Generator, count: int = 1) -> list[tuple]:
        """Return a single (arguments, labels) pair: one draw of the data."""
        *arguments, labels = self.inputs(rng)
        return [(tuple(arguments), labels)]

    def compare(self, results: list, cases: list[tuple]) -> Feedback:
        """Judge an answer by what it predicts for a single draw of the data."""
        ((result,), ((_, labels),)) = results, cases
        if result is None or result is ...:
            return Feedback("wrong", _NOTHING)
        must = f"Every prediction must be {' or '.join(map(str, np.unique(labels)))}"
        predictions = as_array(result)
        if predictions is None or predictions.shape != labels.shape:
            return Feedback("wrong", f"{shape_error(result, labels)} {must}.")
        strange = predictions[~np.isin(predictions, labels)]
        if strange.size:
            return Feedback("wrong", f"{must}, but one is {strange[0].item()!r}.")
        accuracy = np.mean(predictions == labels)
        score = f"Its accuracy is {accuracy:.3f} on {len(labels):,} new cases"
        if accuracy >= self.bar:
            return Feedback("correct", f"{score}.")
        score = f"{score}; {self.bar:.2f} is required."
        for wrong in self.misconceptions:
            if wrong.sign(labels, predictions):
                return Feedback("wrong", f"{score} {wrong.help}", wrong.name)
        return Feedback("wrong", score)

    def share(self, results: list, cases: list[tuple]) -> float:
        """Return how far it got from always guessing the commonest label to `bar`."""
        ((result,), ((_, labels),)) = results, cases
        predictions = as_array(result)
        if predictions is None or predictions.shape != labels.shape:
            return 0.0
        guess = np.unique(labels, return_counts=True)[1].max() / len(labels)
        share = (np.mean(predictions == labels) - guess) / (self.bar - guess)
        return float(np.clip(share, 0, 1))


def exercise(**options: object) -> Callable:
    """Make an `Exercise` out of its solution: a decorator."""
    return lambda solution: Exercise(solution, **options)


def scored(**options: object) -> Callable:
    """Make a `Scored` exercise out of its solution: a decorator."""
    return lambda solution: Scored(solution, **options)
