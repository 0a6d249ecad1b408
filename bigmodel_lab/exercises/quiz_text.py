"""Quizzes as Markdown, in the folder quizzes/: read into what jupyterquiz takes.

    ## The question

    - [ ] A wrong answer
      > What is said to who chooses it.
    - [x] The right answer
      > What is said then.

Where all answers are numbers, one is typed in; `otherwise` stands for any other.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "quizzes"
_QUESTION = re.compile(r"^## (.+?)\n\n(.+?)(?=^## |\Z)", re.M | re.S)
_ANSWER = re.compile(r"^- \[( |x)\] (.+?)\n  > (.+?)(?=^- |\Z)", re.M | re.S)


def questions(chapter: str) -> list[dict]:
    """Return the questions of a chapter's quiz in jupyterquiz's form."""
    return parse((FOLDER / f"{chapter}.md").read_text(encoding="utf-8"))


def parse(text: str) -> list[dict]:
    """Return the questions that a Markdown text holds, in jupyterquiz's form."""
    return [
        {"question": _line(question), **_answers(body)}
        for question, body in _QUESTION.findall(text)
    ]


def _answers(body):
    """Return the type of a question and its answers."""
    found = [(mark == "x", _line(a), _line(f)) for mark, a, f in _ANSWER.findall(body)]
    if all(answer == "otherwise" or _is_number(answer) for _, answer, _ in found):
        return {"type": "numeric", "answers": [_number(*one) for one in found]}
    answers = [
        {"answer": answer, "correct": right, "feedback": feedback}
        for right, answer, feedback in found
    ]
    return {"type": "multiple_choice", "answers": answers}


def _number(right, answer, feedback):
    """Return an answer that is typed in; the default for `otherwise`."""
    if answer == "otherwise":
        return {"type": "default", "feedback": feedback}
    value = float(answer) if "." in answer else int(answer)
    return {"type": "value", "value": value, "correct": right, "feedback": feedback}


def _is_number(text):
    """Tell whether a text is a number."""
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _line(text):
    """Return a wrapped paragraph as one line."""
    lines = (line.removeprefix("  > ").strip() for line in text.strip().split("\n"))
    return " ".join(lines)
