"""How an answer is judged: against a solution, misconceptions and random inputs."""

import copy
import dis
import inspect
import linecache
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bigmodel_lab.datasets.fetching import DataUnavailable
from bigmodel_lab.exercises.display import Feedback
from bigmodel_lab.exercises.words import agree, as_array, difference

CASES = 5  # random inputs per check
_NOTHING = "It returns nothing: is a `return` missing?"


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
        Relative tolerance of the comparison.
    """

    solution: Callable
    inputs: Callable | None = None
    hints: list[str] = field(default_factory=list)
    tolerance: float = 1e-4
    misconceptions: list[Misconception] = field(default_factory=list)

    def misconception(
        self, answer: Callable | None = None, *, sign: Callable | None = None
    ) -> Callable:
        """Add a wrong answer, whose docstring is the help: a decorator.

        `sign` is what a `Scored` exercise recognizes it by.
        """

        def add(answer):
            text = " ".join(inspect.getdoc(answer).split())
            self.misconceptions.append(
                Misconception(answer.__name__, answer, text, sign)
            )
            return answer

        return add(answer) if answer else add

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
            cases = self.cases(np.random.default_rng())
        except DataUnavailable as error:  # the answer's own would be an "error"
            return Feedback("no data", str(error))
        if self.inputs is None:
            return self.compare([answer], cases)
        results = attempt(answer, [arguments for arguments, _ in cases])
        if isinstance(results, Feedback):
            return results
        return self.compare(results, cases)

    def compare(self, results: list, cases: list[tuple]) -> Feedback:
        """Judge an answer by its results for the `cases`; return the `Feedback`."""
        if self.inputs and all(result is None or result is ... for result in results):
            return Feedback("wrong", _NOTHING)
        pairs = list(zip(results, cases, strict=True))
        differing = [
            (result, expected, arguments)
            for result, (arguments, expected) in pairs
            if not agree(result, expected, self.tolerance)
        ]
        if not differing:
            return Feedback("correct")
        for wrong in self.misconceptions:
            if all(
                agree(result, wrong.answer(*copy.deepcopy(arguments)), self.tolerance)
                for result, (arguments, _) in pairs
            ):
                return Feedback("wrong", wrong.help, wrong.name)
        result, expected, arguments = differing[0]
        sentence = difference(result, expected, arguments or None, self.tolerance)
        return Feedback("wrong", sentence)

    def share(self, results: list, cases: list[tuple]) -> float:
        """Return the share of right results, 0 to 1; each part of a tuple counts."""
        shares = []
        for result, (_, expected) in zip(results, cases, strict=True):
            if not isinstance(expected, tuple):
                result, expected = (result,), (expected,)
            elif not isinstance(result, (tuple, list)) or len(result) != len(expected):
                result = (None,) * len(expected)
            right = map(agree, result, expected, [self.tolerance] * len(expected))
            shares.append(np.mean(list(right)))
        return float(np.mean(shares))


@dataclass(eq=False)
class Scored(Exercise):
    """An exercise that many answers solve: judged by accuracy on data they never saw.

    `inputs(rng)` returns the arguments and, after them, the labels that the answer must
    predict, in an array (N,).

    Parameters
    ----------
    bar : float
        The accuracy required, from 0 to 1.
    """

    bar: float = 0.8

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
            return Feedback("wrong", f"{difference(result, labels)} {must}.")
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


def refusal(answer: object, parameters: list[str] | None) -> Feedback | None:
    """Return the `Feedback` on an answer that cannot be tried, or None if it can.

    It must be a function that takes `parameters`; where these are None, any value.
    """
    if answer is ... or answer is None:
        return Feedback("not attempted")
    if parameters is None:
        return None
    if not callable(answer):
        return Feedback("wrong", f"Give the function itself, not {answer!r}.")
    try:
        inspect.signature(answer).bind(*parameters)
    except TypeError:
        return Feedback("wrong", f"The function must take {', '.join(parameters)}.")
    except ValueError:  # some built-in functions do not say what they take
        return None
    return Feedback("not attempted") if _is_stub(answer) else None


def attempt(answer: Callable, draws: list[tuple]) -> list | Feedback:
    """Return what `answer` gives for each tuple of arguments; on an error, `Feedback`.

    Needs no solution: this part of a check runs where a learner's code runs.
    """
    results = []
    for arguments in draws:
        try:
            results.append(answer(*copy.deepcopy(arguments)))
        except (Exception, SystemExit) as error:
            return Feedback("error", _error_with_line(error, answer))
    return results


def exercise(**options: object) -> Callable:
    """Make an `Exercise` out of its solution: a decorator."""
    return lambda solution: Exercise(solution, **options)


def scored(**options: object) -> Callable:
    """Make a `Scored` exercise out of its solution: a decorator."""
    return lambda solution: Scored(solution, **options)


def _is_stub(function):
    """Tell whether a function's body does nothing: `...`, `pass` or a docstring."""
    idle = {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "NOP"}
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    steps = list(dis.get_instructions(code))
    constants = {i.argval for i in steps if i.opname.endswith("CONST")}
    return {i.opname for i in steps} <= idle and constants <= {None, ...}


def _error_with_line(error, function):
    """Return the error and the line of the learner's code that raised it."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if f.filename == file
    ]
    message = f"{type(error).__name__}: {error}"
    if not frames:
        return message
    line = frames[-1].line or linecache.getline(file, frames[-1].lineno).strip()
    return f"{message}\nin line {frames[-1].lineno}: {line}"
