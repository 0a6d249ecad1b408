"""Exercises: `check` an answer, ask for a `hint` or the `solution`, take the `quiz`.

One module a chapter holds its exercises, their solutions, the misconceptions that the
checks recognize, and the quiz. `core.py` is how an answer is judged.
"""

import ast
import difflib
import inspect
import os
import pkgutil
import random
import textwrap
from collections import Counter
from importlib import import_module

from IPython.display import Javascript, Markdown, display

from bigmodel_lab.colors import BLUE, RED
from bigmodel_lab.exercises.core import HANDOVER, Exercise, Feedback

__all__ = ["Feedback", "all_exercises", "check", "hint", "quiz", "solution"]

_hints_given = Counter()
_QUIZ_COLORS = {
    "--jq-multiple-choice-bg": BLUE,
    "--jq-numeric-bg": BLUE,
    "--jq-incorrect-color": RED,
}
# jupyterquiz says to a screen reader neither which question a field answers nor whether
# the answer was right.
_QUIZ_NAMES = """for (const quiz of document.querySelectorAll(".Quiz")) {
  const question = quiz.querySelector("[id^=quizQn]").id;
  quiz.setAttribute("role", "group");
  for (const named of [quiz, ...quiz.querySelectorAll(".Input-text")])
    named.setAttribute("aria-labelledby", question);
  quiz.querySelector(".Feedback").setAttribute("role", "status");
}"""


def all_exercises():
    """Return every exercise by its full name, as in "house_prices.rmse"."""
    return {name: one for chapter in chapters() for name, one in _of(chapter).items()}


def _of(chapter):
    """Return the exercises of one chapter by their full names."""
    return {
        f"{chapter}.{name}": value
        for name, value in vars(_module(chapter)).items()
        if isinstance(value, Exercise)
    }


def check(name, answer):
    """Judge `answer`, a function or a value, and return the `Feedback`.

    Raises
    ------
    ValueError
        If there is no exercise called `name`.
    """
    if HANDOVER in os.environ:  # no solutions here; the hidden test comes next
        return Feedback("not attempted")
    return find(name).judge(answer)


def hint(name):
    """Return the next hint of the exercise `name`; after the last, the last again."""
    if HANDOVER in os.environ:  # hints are for work at home
        return None
    hints = find(name).hints
    number = min(_hints_given[name] + 1, len(hints))
    _hints_given[name] = number
    return Markdown(f"**Hint {number} of {len(hints)}.** {hints[number - 1]}")


def solution(name):
    """Return the solution of the exercise `name` as code to read."""
    if HANDOVER in os.environ:
        return None
    return Markdown(f"```python\n{code(name)}```")


def code(name):
    """Return the text of the solution of the exercise `name`, without its decorator."""
    source = textwrap.dedent(inspect.getsource(find(name).solution))
    first = ast.parse(source).body[0].lineno - 1  # ast counts no decorator
    return "".join(source.splitlines(keepends=True)[first:])


def quiz(chapter):
    """Show the self-check quiz of `chapter`, as in "house_prices"; works offline."""
    from jupyterquiz import display_quiz

    if chapter not in chapters():
        raise ValueError(_unknown("quiz", chapter, chapters()))
    state = random.getstate()
    random.seed(chapter)  # jupyterquiz draws the ids of its page elements
    # Without this, jupyterquiz loads another MathJax from the network, for no formulas.
    display(Javascript("if (window.MathJax) MathJax.typeset ??= () => {};"))
    try:
        display_quiz(
            _module(chapter).QUIZ,
            shuffle_answers=False,
            max_width=800,
            colors=_QUIZ_COLORS,
        )
        display(Javascript(_QUIZ_NAMES))
    finally:
        random.setstate(state)


def chapters():
    """Return the names of the chapter modules."""
    return [m.name for m in pkgutil.iter_modules(__path__) if m.name != "core"]


def _module(chapter):
    """Return the module of `chapter`."""
    return import_module(f"{__name__}.{chapter}")


def find(name):
    """Return the exercise called `name`; only its own chapter is imported for it."""
    chapter = name.partition(".")[0]
    if chapter not in chapters():
        raise ValueError(_unknown("chapter", chapter, chapters()))
    exercises = _of(chapter)
    if name not in exercises:
        raise ValueError(_unknown("exercise", name, exercises))
    return exercises[name]


def _unknown(kind, name, known):
    """Say that `name` is unknown, with the nearest names."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.3) or list(known)
    return f"There is no {kind} {name!r}; did you mean {' or '.join(near)}?"
