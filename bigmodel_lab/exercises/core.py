"""How an answer is judged: against a solution, misconceptions and random inputs."""

import copy
import dis
import html
import inspect
import linecache
import traceback
from dataclasses import dataclass, field

import numpy as np
import torch

from bigmodel_lab.colors import GRAY, GREEN, ORANGE
from bigmodel_lab.datasets.fetching import DataUnavailable

HANDOVER = "BIGMODEL_LAB_HANDOVER"  # set where answers run away from the solutions
CASES = 5  # random inputs per check
LISTED = 8  # entries of an array that a message shows
NOTCHES = 10 ** (np.arange(-50, 11) / 10)  # where the panels' learning rate can stand
_NOTHING = "It returns nothing: is a `return` missing?"
_HEADS = {
    "correct": ("✔ Correct.", GREEN),
    "not attempted": ("○ Not attempted yet.", GRAY),
    "no data": ("○ Not checked: the data are missing.", GRAY),
    "wrong": ("✘ Not yet.", ORANGE),
    "error": ("⚠ Your code stops with an error.", ORANGE),
}


@dataclass(frozen=True)
class Feedback:
    """What a check says: the outcome, the reason, the misconception recognized.

    `outcome` is "correct", "not attempted", "no data", "wrong" or "error".
    """

    outcome: str
    message: str = ""
    misconception: str | None = None

    def __repr__(self):
        """Return the feedback as plain text."""
        return f"{_HEADS[self.outcome][0]} {self.message}".strip()

    def _repr_html_(self):
        """Return the feedback for the notebook; line breaks are kept."""
        head, color = _HEADS[self.outcome]
        return (
            f'<div role="status" style="border-left: 4px solid {color}; '
            f'padding: 4px 12px; white-space: pre-wrap"><b>{head}</b> '
            f"{html.escape(self.message)}</div>"
        )


@dataclass(eq=False)
class Exercise:
    """An exercise: `solution`, random `inputs` for it, ordered `hints`.

    Parameters
    ----------
    solution : callable
        The right answer; of a value exercise (`inputs` is None), called without
        arguments it returns the right value.
    inputs : callable or None
        `inputs(rng)` -> tuple of arguments, new ones at every check.
    hints : list of str
        From a nudge to nearly the answer.
    tolerance : float
        Relative tolerance of the comparison.
    """

    solution: callable
    inputs: callable = None
    hints: list = field(default_factory=list)
    tolerance: float = 1e-4
    misconceptions: list = field(default_factory=list)

    def misconception(self, function):
        """Add a wrong answer that learners give; its docstring is what helps them."""
        self.misconceptions.append(function)
        return function

    @property
    def parameters(self):
        """Return the parameters' names; None for an exercise that asks for a value."""
        return self.inputs and list(inspect.signature(self.solution).parameters)

    def cases(self, rng, count=CASES):
        """Return random (arguments, right result) pairs; of a value, a single one."""
        draws = [self.inputs(rng) for _ in range(count)] if self.inputs else [()]
        return [(a, self.solution(*copy.deepcopy(a))) for a in draws]

    def judge(self, answer):
        """Judge a learner's answer and return the `Feedback`."""
        if said := refusal(answer, self.parameters):
            return said
        try:
            cases = self.cases(np.random.default_rng())
        except DataUnavailable as error:  # the check's own: an answer's is an "error"
            return Feedback("no data", str(error))
        if self.inputs is None:
            return self.compare([answer], cases)
        results = attempt(answer, [arguments for arguments, _ in cases])
        if isinstance(results, Feedback):
            return results
        return self.compare(results, cases)

    def compare(self, results, cases):
        """Judge an answer by its results for the `cases`; return the `Feedback`."""
        if self.inputs and all(result is None or result is ... for result in results):
            return Feedback("wrong", _NOTHING)
        pairs = list(zip(results, cases, strict=True))
        differing = [
            (result, expected, arguments)
            for result, (arguments, expected) in pairs
            if not _agree(result, expected, self.tolerance)
        ]
        if not differing:
            return Feedback("correct")
        for function in self.misconceptions:
            if all(
                _agree(result, function(*copy.deepcopy(arguments)), self.tolerance)
                for result, (arguments, _) in pairs
            ):
                return Feedback("wrong", _help(function), function.__name__)
        result, expected, arguments = differing[0]
        said = _describe(result, expected, arguments or None, self.tolerance)
        return Feedback("wrong", said)

    def share(self, results, cases):
        """Return the share of right results, 0 to 1; each part of a tuple counts."""
        shares = []
        for result, (_, expected) in zip(results, cases, strict=True):
            parts = expected if isinstance(expected, tuple) else (expected,)
            have = result if isinstance(expected, tuple) else (result,)
            if not isinstance(have, (tuple, list)) or len(have) != len(parts):
                have = (None,) * len(parts)
            shares.append(
                np.mean(list(map(_agree, have, parts, [self.tolerance] * len(parts))))
            )
        return float(np.mean(shares))


@dataclass(eq=False)
class Scored(Exercise):
    """An exercise that many answers solve: judged by accuracy on data they never saw.

    `inputs(rng)` returns the arguments and, after them, the labels that the answer must
    predict, in an array (N,). A misconception is known by what it predicts.

    Parameters
    ----------
    bar : float
        The accuracy asked for, from 0 to 1.
    """

    bar: float = 0.8
    signs: list = field(default_factory=list)

    def misconception(self, sign):
        """Add a wrong answer for which `sign(labels, predictions)` is true."""

        def add(function):
            self.signs.append(sign)
            return Exercise.misconception(self, function)

        return add

    def cases(self, rng, count=1):
        """Return a single (arguments, labels) pair: a draw of the data."""
        *arguments, labels = self.inputs(rng)
        return [(tuple(arguments), labels)]

    def compare(self, results, cases):
        """Judge an answer by what it predicts for a single draw of the data."""
        ((result,), ((_, labels),)) = results, cases
        if result is None or result is ...:
            return Feedback("wrong", _NOTHING)
        must = f"Every prediction must be {' or '.join(map(str, np.unique(labels)))}"
        predictions = as_array(result)
        if predictions is None or predictions.shape != labels.shape:
            return Feedback("wrong", f"{_describe(result, labels)} {must}.")
        strange = predictions[~np.isin(predictions, labels)]
        if strange.size:
            return Feedback("wrong", f"{must}, but one is {strange[0].item()!r}.")
        return self._compare_labels(labels, predictions)

    def share(self, results, cases):
        """Return how far it is on the way from the commonest label to `bar`, 0 to 1."""
        ((result,), ((_, labels),)) = results, cases
        predictions = as_array(result)
        if predictions is None or predictions.shape != labels.shape:
            return 0.0
        guess = np.unique(labels, return_counts=True)[1].max() / len(labels)
        share = (np.mean(predictions == labels) - guess) / (self.bar - guess)
        return float(np.clip(share, 0, 1))

    def _compare_labels(self, labels, predictions):
        """Compare predictions (N,) with the labels (N,)."""
        accuracy = np.mean(predictions == labels)
        said = f"Its accuracy is {accuracy:.3f} on {len(labels):,} new cases"
        if accuracy >= self.bar:
            return Feedback("correct", f"{said}.")
        said = f"{said}; {self.bar:.2f} is asked for."
        for sign, function in zip(self.signs, self.misconceptions, strict=True):
            if sign(labels, predictions):
                return Feedback("wrong", f"{said} {_help(function)}", function.__name__)
        return Feedback("wrong", said)


def refusal(answer, parameters):
    """Return the `Feedback` on an answer that cannot be tried, or None if it can.

    It must be a function of as many `parameters`; any value, where these are None.
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
    except ValueError:  # a built-in one does not say what it takes
        return None
    return Feedback("not attempted") if _is_stub(answer) else None


def attempt(answer, draws):
    """Return what `answer` gives for each tuple of arguments; on an error, `Feedback`.

    Needs no solution: this much of a check runs where a learner's code runs.
    """
    results = []
    for arguments in draws:
        try:
            results.append(answer(*copy.deepcopy(arguments)))
        except (Exception, SystemExit) as error:
            return Feedback("error", _where(error, answer))
    return results


def exercise(**options):
    """Make an `Exercise` out of its solution: a decorator."""
    return lambda solution: Exercise(solution, **options)


def scored(**options):
    """Make a `Scored` exercise out of its solution: a decorator."""
    return lambda solution: Scored(solution, **options)


class Described(str):
    """What stands for a result that is no number: what `in_words` said of it."""


def _help(misconception):
    """Return the sentence that helps against a misconception: its docstring."""
    return " ".join(inspect.getdoc(misconception).split())


def _is_stub(function):
    """Tell whether a function's body does nothing: `...`, `pass` or a docstring."""
    idle = {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "NOP"}
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    steps = list(dis.get_instructions(code))
    constants = {i.argval for i in steps if i.opname.endswith("CONST")}
    return {i.opname for i in steps} <= idle and constants <= {None, ...}


def _where(error, function):
    """Return the error with the learner's line in which it arose."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if f.filename == file
    ]
    message = f"{type(error).__name__}: {error}"
    if not frames:
        return message
    line = frames[-1].line or linecache.getline(file, frames[-1].lineno).strip()
    return f"{message}\nin line {frames[-1].lineno}: {line}"


def as_array(value):
    """Return a number, tensor or array-like as a NumPy array; None if it is neither."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    elif isinstance(value, (tuple, list)):  # NumPy takes no tensor that has a gradient
        value = [v.detach().cpu() if isinstance(v, torch.Tensor) else v for v in value]
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array.astype(float) if array.dtype.kind in "biuf" else None


def _agree(result, expected, tolerance):
    """Tell whether two results are the same: tuples, ragged lists, arrays, numbers."""
    a, b = as_array(result), as_array(expected)
    if isinstance(expected, tuple) or (isinstance(expected, list) and b is None):
        return (
            isinstance(result, (tuple, list))
            and len(result) == len(expected)
            and all(map(_agree, result, expected, [tolerance] * len(expected)))
        )
    if a is None or b is None:
        return type(result) is type(expected) and np.array_equal(result, expected)
    # A misconception may give NaN, as log(0) does: it must be recognized too.
    return a.shape == b.shape and np.allclose(
        a, b, rtol=tolerance, atol=1e-7, equal_nan=True
    )


def _describe(result, expected, arguments=None, tolerance=1e-4):
    """Say how a result that no misconception explains differs from the expected one.

    The tolerance is the one by which the two were found to differ.
    """
    if isinstance(expected, tuple):
        if not isinstance(result, (tuple, list)) or len(result) != len(expected):
            return f"It should return {len(expected)} things, not {_short(result)}."
        for k, (one, other) in enumerate(zip(result, expected, strict=True), start=1):
            if not _agree(one, other, tolerance):
                said = _describe(one, other, tolerance=tolerance)
                return f"Result {k} of {len(expected)}: {said}"
    a, b = as_array(result), as_array(expected)
    if a is None:
        return f"It should return numbers, not {in_words(result)}."
    if b is None:
        return f"It should return lists of different lengths, not {_short(result)}."
    if a.shape != b.shape:
        return f"The result should have shape {b.shape}, not {a.shape}."
    if np.isnan(a).any():
        return "The result holds NaN: look for 0/0, log(0) or the root of a negative."
    if arguments is None and a.ndim == 0:
        side = "small" if a < b else "large"
        return f"{float(a):.4g} is too {side}."
    with np.errstate(all="ignore"):
        ratio = (a / b).ravel()
    strict = min(tolerance, 1e-4)
    if a.size > 1 and np.isfinite(ratio[0]) and np.allclose(ratio, ratio[0], strict, 0):
        return (
            f"Every value is {ratio[0]:.6g} times the expected one: a factor or a sign "
            f"is off."
        )
    names = "" if arguments is None else f" for {', '.join(map(_short, arguments))}"
    one, other = _short(result), _short(expected)
    if a.ndim and (a.size > LISTED or one == other):
        differing = np.argwhere(~np.isclose(a, b, rtol=tolerance, atol=1e-7))
        place = tuple(differing[0].tolist())
        one, other = _entry(result, place), _entry(expected, place)
        return f"At {list(place)} it returns {one} where {other} is right{names}."
    return f"It returns {one} where {other} is right{names}."


def in_words(value):
    """Say what a result is that is no array of numbers."""
    if isinstance(value, Described):
        return str(value)
    if hasattr(value, "toarray"):
        return "a sparse matrix: call .toarray()"
    try:
        entries = list(np.asarray(value).flat)
    except (ValueError, TypeError):
        entries = [value]
    if any(isinstance(entry, (list, np.ndarray)) for entry in entries):
        return "rows of different length"
    if len(entries) > 1 and any(entry is None for entry in entries):
        return "an array with None inside"
    return _short(value)


def _entry(value, place):
    """Return one entry of a result in a few characters; of a mask, True or False."""
    entry = as_array(value)[place]
    mask = str(getattr(value, "dtype", "")).endswith("bool")  # NumPy's and torch's
    return str(bool(entry)) if mask else f"{entry:.6g}"


def _short(value):
    """Return a value in a few characters."""
    array = as_array(value)
    if array is None:
        kind, text = type(value).__name__, str(value)
        return kind if "\n" in text else f"{kind} {text[:60]!r}"  # a model has lines
    if array.ndim > 2:
        return f"an array of shape {array.shape}"
    if array.ndim == 0:
        return f"{float(array):.6g}"
    text = np.array2string(
        array, precision=4, threshold=LISTED, edgeitems=2, separator=", "
    )
    return " ".join(text.split())
