"""A learner's answer, called: what it returns, or what stopped it.

Nothing here needs a solution: this part of a check runs where a learner's code runs.
"""

import copy
import dis
import inspect
import io
import linecache
import random
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import contextmanager, redirect_stdout

import numpy as np
import torch

from bigmodel_lab.exercises.display import Feedback

PRINTED = 2000  # characters that an answer may print in a check
_MORE = "\n… {count:,} more characters were printed, and are not shown.\n"
_ARE_TENSORS = (
    "\nThe arguments are PyTorch tensors, and as NumPy arrays they fail too: write "
    "x.mean() or torch.mean(x) instead of np.mean(x)."
)
_ARE_ARRAYS = "\nThe arguments are NumPy arrays, and as PyTorch tensors they fail too."


def refusal(answer: object, parameters: list[str] | None) -> Feedback | None:
    """Return the `Feedback` on an answer that cannot be tried, or None if it can.

    It must be a function that takes `parameters`; where these are None, any value.
    """
    if answer is ... or answer is None:
        return Feedback("not attempted")
    if parameters is None:
        return None
    if not callable(answer):
        return Feedback("wrong", f"Give the function itself, not {_shown(answer)}.")
    try:
        inspect.signature(answer).bind(*parameters)
    except TypeError:
        return Feedback("wrong", f"The function must take {', '.join(parameters)}.")
    except ValueError:  # some built-in functions do not say what they take
        return None
    return Feedback("not attempted") if _is_stub(answer) else None


def attempt(answer: Callable, draws: list[tuple]) -> list | Feedback:
    """Return what `answer` gives for each tuple of arguments; on an error, `Feedback`.

    Where tensors stop it, as they stop np.mean, it may have arrays, and the other way
    around.
    """
    with _printing_little(), warnings.catch_warnings():
        # What NumPy says to PyTorch is no news for a learner.
        warnings.filterwarnings("ignore", "__array", DeprecationWarning)
        results = _results(answer, draws)
        if not isinstance(results, Feedback):
            return results
        for kind, convert, note in (
            (torch.Tensor, _array, _ARE_TENSORS),
            (np.ndarray, _tensor, _ARE_ARRAYS),
        ):
            if any(_holds(kind, arguments) for arguments in draws):
                others = [_converted(a, kind, convert) for a in draws]
                again = _results(answer, others)
                if not isinstance(again, Feedback):
                    return again
                if results.message.startswith(("TypeError", "AttributeError")):
                    results = Feedback("error", results.message + note)
                break
    return results


def _results(answer, draws):
    """Return what an answer gives for each draw, or the `Feedback` on its error."""
    results = []
    for arguments in draws:
        try:
            results.append(answer(*copy.deepcopy(arguments)))
        except (Exception, SystemExit) as error:
            return Feedback("error", _error_with_line(error, answer))
    return results


def _holds(kind, value):
    """Tell whether a value of this kind is among arguments, or in their lists."""
    if isinstance(value, (tuple, list)):
        return any(_holds(kind, entry) for entry in value)
    return isinstance(value, kind)


def _converted(value, kind, convert):
    """Return arguments with everything of a kind converted."""
    if isinstance(value, (tuple, list)):
        return type(value)(_converted(entry, kind, convert) for entry in value)
    return convert(value) if isinstance(value, kind) else value


def _array(tensor):
    """Return a tensor as an array of its own."""
    return tensor.detach().cpu().numpy().copy()


def _tensor(array):
    """Return an array as a tensor of its own; one of words stays as it is."""
    return torch.from_numpy(array.copy()) if array.dtype.kind in "biuf" else array


class _Few(io.TextIOBase):
    """A stream that lets the first PRINTED characters through and counts the rest."""

    def __init__(self, stream):
        self.stream, self.count = stream, 0

    def writable(self):
        """Return True, as a stream that is written to does."""
        return True

    def write(self, text):
        """Write what is left of the allowance."""
        self.stream.write(text[: max(0, PRINTED - self.count)])
        self.count += len(text)
        return len(text)


@contextmanager
def _printing_little():
    """Show the beginning of what is printed inside the block, and say what is not."""
    few = _Few(sys.stdout)
    try:
        with redirect_stdout(few):
            yield
    finally:
        if few.count > PRINTED:
            few.stream.write(_MORE.format(count=few.count - PRINTED))


@contextmanager
def same_chance():
    """Seed all generators inside the block; the learner's own states come back."""
    numpys, pythons = np.random.get_state(), random.getstate()
    with torch.random.fork_rng():
        try:
            torch.manual_seed(0)
            np.random.seed(0)
            random.seed(0)
            yield
        finally:
            np.random.set_state(numpys)
            random.setstate(pythons)


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
    message = f"{type(error).__name__}: {_shown(error, str)}"
    if not frames:
        return message
    line = frames[-1].line or linecache.getline(file, frames[-1].lineno).strip()
    return f"{message}\nin line {frames[-1].lineno}: {line}"


def _shown(value, text=repr):
    """Return a value in at most 200 characters, also where its own repr fails."""
    try:
        return text(value)[:200]
    except Exception:
        return f"an object of the type {type(value).__name__}"
