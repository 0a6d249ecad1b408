"""How an answer's results leave the sandbox, and become points outside of it.

In the sandbox there are no solutions: `hand_over` calls the answer with arguments that
it finds in a file, and hands over what the answer returns. Outside, `receive` reads
that and `mark` compares. What comes out of the sandbox is data, never code.
"""

import json
import os
import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
from IPython.display import display

from bigmodel_lab.exercises import IN_SANDBOX, Feedback, find
from bigmodel_lab.exercises.judging.judge import Exercise, attempt, refusal
from bigmodel_lab.exercises.judging.words import Words, as_array, in_words

MIME = "application/vnd.bigmodel-lab.results+json"
DRAWS = 10  # random inputs per exercise
LONGEST = 10_000  # characters of a text that is handed over


def score(name: str, answer: Callable, points: float, seed: int) -> float:
    """Return the points of an answer: the hidden test of an assignment.

    In the sandbox, which has no solutions, `hand_over` stands in its place.
    """
    exercise, drawn = find(name), cases(name, seed)
    results = _results(answer, exercise.parameters, [a for a, _ in drawn])
    earned, feedback = mark(exercise, drawn, results, points)
    display(feedback)
    return earned


def cases(name: str, seed: int) -> list[tuple]:
    """Return the (arguments, right result) pairs on which an exercise is graded."""
    rng = np.random.default_rng([seed, crc32(name.encode())])
    return find(name).cases(rng, DRAWS)


def mark(
    exercise: Exercise, cases: list[tuple], results: list | Feedback, points: float
) -> tuple[float, Feedback]:
    """Return (score, Feedback): `points` times the share of right results.

    `results` is a list, or the `Feedback` on an answer that has none.
    """
    if isinstance(results, Feedback):
        return 0.0, results
    if len(results) != len(cases):  # a forged package may hold fewer or more
        return 0.0, Feedback(
            "error", f"{len(results)} results for {len(cases)} inputs."
        )
    feedback = exercise.compare(results, cases)
    share = 1.0 if feedback.outcome == "correct" else exercise.share(results, cases)
    return round(points * share, 2), feedback


def arguments(name: str, cases: list[tuple]) -> tuple[str, bytes]:
    """Return the name and content of the file with an exercise's arguments.

    The right results are not in it: it goes into the sandbox.
    """
    draws = [arguments for arguments, _ in cases]
    return f"{name}.pickle", pickle.dumps((find(name).parameters, draws))


def hand_over(name: str, answer: Callable) -> None:
    """Show the answer's results in a form that `receive` reads; inside the sandbox."""
    file = Path(os.environ[IN_SANDBOX]) / f"{name}.pickle"
    parameters, draws = pickle.loads(file.read_bytes())
    results = _results(answer, parameters, draws)
    if isinstance(results, Feedback):
        package = {"outcome": results.outcome, "message": results.message}
    else:
        package = {"results": [_pack(result) for result in results]}
    display({MIME: json.dumps(package)}, raw=True)


def receive(text: str) -> list | Feedback:
    """Return the results that were handed over, or a `Feedback`; ValueError if neither.

    The sender is not to be trusted: it can say that an answer fails, not that it is
    right.
    """
    try:
        package = json.loads(text)
        if "results" in package:
            return [_unpack(packed) for packed in package["results"]]
        if package["outcome"] not in ("not attempted", "wrong", "error"):
            raise ValueError(package["outcome"])
        return Feedback(package["outcome"], str(package["message"])[:2000])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"These are not results: {error!r}") from None


def _results(answer, parameters, draws):
    """Return the results of an answer, or the `Feedback` if it has none."""
    return refusal(answer, parameters) or attempt(answer, draws)


def _pack(value):
    """Return a result as JSON: numbers, texts, lists, arrays; others in words."""
    if value is None or value is ...:
        return None
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return {"text": value[:LONGEST]}
    if isinstance(value, list):
        return [_pack(entry) for entry in value]
    if isinstance(value, tuple):
        return {"tuple": [_pack(entry) for entry in value]}
    array = as_array(value)
    if array is None:
        return {"described": in_words(value)}
    data = b64encode(array.astype("<f8").tobytes()).decode()
    return {"shape": array.shape, "data": data}


def _unpack(packed):
    """Return what `_pack` packed; a tensor becomes an array."""
    if isinstance(packed, list):
        return [_unpack(entry) for entry in packed]
    if not isinstance(packed, dict):
        return packed
    if "tuple" in packed:
        return tuple(map(_unpack, packed["tuple"]))
    if "text" in packed:
        return str(packed["text"])[:LONGEST]
    if "described" in packed:
        return Words(str(packed["described"])[:200])
    return np.frombuffer(b64decode(packed["data"]), "<f8").reshape(packed["shape"])
