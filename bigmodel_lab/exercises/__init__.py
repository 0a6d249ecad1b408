"""Exercises: `check` an answer, ask for a `hint` or the `solution`, take the `quiz`.

Each chapter has one module with its exercises, their solutions and the mistakes that
the checks recognize, and a quiz in the folder quizzes/. How an answer is judged lies in
judging/; `display.py` is what learners are shown.
"""

import ast
import difflib
import inspect
import os
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from types import ModuleType

from bigmodel_lab.exercises import quiz_text, record
from bigmodel_lab.exercises.display import (
    Feedback,
    Hint,
    Quiz,
    Solution,
    in_notebook,
)
from bigmodel_lab.exercises.judging.judge import Exercise
from bigmodel_lab.exercises.record import Solved

__all__ = [
    "Feedback",
    "all_exercises",
    "check",
    "hint",
    "quiz",
    "solution",
    "solved",
    "start_over",
]

# What a learner's kernel sees of this folder while it is graded.
SEEN_IN_SANDBOX = (
    "__init__.py",
    "display.py",
    "judging",
    "quiz_text.py",
    "record.py",
)
# Set in the sandbox, where there are no solutions, to the folder of the arguments.
IN_SANDBOX = "BIGMODEL_LAB_HANDOVER"

_hints_given = Counter()


def in_sandbox() -> bool:
    """Tell whether a learner's notebook is being graded in this process."""
    return IN_SANDBOX in os.environ


def check(name: str, answer: object) -> Feedback:
    """Judge `answer`, a function or a value, and return the `Feedback`.

    Raises
    ------
    ValueError
        If there is no exercise called `name`.
    """
    if in_sandbox():  # the hidden test comes next
        return Feedback("not attempted")
    feedback = replace(find(name).judge(answer), exercise=name)
    if in_notebook() and (trouble := record.note(name, feedback.outcome)):
        feedback = replace(feedback, message=f"{feedback.message}\n{trouble}".strip())
    return feedback


def next_hint(name: str) -> tuple[int, int]:
    """Return the number of the next hint of an exercise, and how many there are."""
    count = len(find(name).hints)
    return min(_hints_given[name] + 1, count), count


def hint(name: str) -> Hint | None:
    """Return the next hint of the exercise `name`; after the last, the last again."""
    if in_sandbox():
        return None
    number, count = next_hint(name)
    _hints_given[name] = number
    return Hint(number, count, find(name).hints[number - 1])


def solution(name: str) -> Solution | None:
    """Return the solution of the exercise `name` as code to read."""
    return None if in_sandbox() else Solution(code(name))


def start_over(name: str) -> Solution:
    """Forget the tries of the exercise `name` and its hints; return its empty cell."""
    variable = name.partition(".")[2]
    stub = f"{variable} = ...\n"
    if find(name).inputs:
        text = code(name)
        docstring_end = ast.parse(text).body[0].body[0].end_lineno
        stub = "".join(text.splitlines(keepends=True)[:docstring_end]) + "    ...\n\n"
    _hints_given.pop(name, None)
    record.forget(name)
    return Solution(f'{stub}\nlab.check("{name}", {variable})\n')


def solved(chapter: str) -> Solved:
    """Return which exercises of `chapter` are solved, a line that displays itself."""
    if chapter not in chapters():
        raise ValueError(_unknown("chapter", chapter, chapters()))
    known, trouble = record.read()
    names = list(_of(chapter))
    done = [name for name in names if known.get(name, {}).get("solved")]
    short = [[name.partition(".")[2] for name in which] for which in (names, done)]
    return Solved(*short, trouble)


def quiz(chapter: str) -> Quiz:
    """Return the self-check quiz of `chapter`, as in "house_prices"."""
    if chapter not in chapters():
        raise ValueError(_unknown("quiz", chapter, chapters()))
    return Quiz(chapter, quiz_text.questions(chapter))


def code(name: str) -> str:
    """Return the text of the solution of the exercise `name`, without its decorator."""
    source = textwrap.dedent(inspect.getsource(find(name).solution))
    first = ast.parse(source).body[0].lineno - 1  # ast does not count the decorator
    return "".join(source.splitlines(keepends=True)[first:])


def chapters() -> list[str]:
    """Return the names of the chapter modules: each has a quiz."""
    return sorted(path.stem for path in quiz_text.FOLDER.glob("*.md"))


def all_exercises() -> dict[str, Exercise]:
    """Return every exercise by its full name, as in "house_prices.rmse"."""
    return {name: one for chapter in chapters() for name, one in _of(chapter).items()}


def find(name: str) -> Exercise:
    """Return the exercise called `name`; only its own chapter is imported for it."""
    chapter = name.partition(".")[0]
    if chapter not in chapters():
        raise ValueError(_unknown("chapter", chapter, chapters()))
    exercises = _of(chapter)
    if name not in exercises:
        raise ValueError(_unknown("exercise", name, exercises))
    return exercises[name]


def _module(chapter: str) -> ModuleType:
    """Return the module of `chapter`."""
    return import_module(f"{__name__}.{chapter}")


def _of(chapter: str) -> dict[str, Exercise]:
    """Return the exercises of one chapter by their full names."""
    return {
        f"{chapter}.{name}": value
        for name, value in vars(_module(chapter)).items()
        if isinstance(value, Exercise)
    }


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that `name` is unknown, with the nearest names."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.3) or list(known)
    return f"There is no {kind} {name!r}; did you mean {' or '.join(near)}?"
