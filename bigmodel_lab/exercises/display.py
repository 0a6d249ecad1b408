"""What a learner is shown: feedback, hints, solutions and quizzes.

Each displays itself as the last expression of a cell, and is plain text in a script.
"""

import html
import random
from dataclasses import dataclass, field

from IPython import get_ipython
from IPython.display import display
from IPython.utils.capture import capture_output

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE, RED

_HEADS = {
    "correct": ("✔ Correct.", GREEN),
    "not attempted": ("○ Not attempted yet.", GRAY),
    "no data": ("○ Not checked: the data are missing.", GRAY),
    "wrong": ("✘ Not yet.", ORANGE),
    "error": ("⚠ Your code stops with an error.", ORANGE),
}
_QUIZ_COLORS = {
    "--jq-multiple-choice-bg": BLUE,
    "--jq-numeric-bg": BLUE,
    "--jq-incorrect-color": RED,
}
_RUN = "Run this cell for the quiz of {count} questions."
# Without this, jupyterquiz loads another MathJax from the network, for no formulas.
_NO_MATHJAX = "if (window.MathJax) MathJax.typeset ??= () => {};"
# jupyterquiz does not tell a screen reader which question a field answers, or whether
# the answer was right; and it drops a decimal comma, so that 20,0 would be 200.
_QUIZ_NAMES = """for (const quiz of document.querySelectorAll(".Quiz")) {
  const question = quiz.querySelector("[id^=quizQn]").id;
  quiz.setAttribute("role", "group");
  for (const named of [quiz, ...quiz.querySelectorAll(".Input-text")])
    named.setAttribute("aria-labelledby", question);
  for (const field of quiz.querySelectorAll(".Input-text"))
    field.addEventListener("keydown", (event) => {
      if (event.key !== ",") return;
      event.preventDefault();
      field.setRangeText(".", field.selectionStart, field.selectionEnd, "end");
    });
  quiz.querySelector(".Feedback").setAttribute("role", "status");
}"""


def in_notebook() -> bool:
    """Tell whether a kernel runs this, which has a page to show things on."""
    return getattr(get_ipython(), "kernel", None) is not None


@dataclass(frozen=True)
class Feedback:
    """What a check says: the outcome, the reason, the misconception recognized.

    `outcome` is "correct", "not attempted", "no data", "wrong" or "error". `exercise`
    is the name of the one that was checked: then it has buttons in a notebook.
    """

    outcome: str
    message: str = ""
    misconception: str | None = None
    exercise: str | None = field(default=None, compare=False)

    def __repr__(self) -> str:
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

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Return the feedback with its buttons; in a script and elsewhere, nothing."""
        if self.exercise is None or not in_notebook():
            return {}
        from bigmodel_lab.exercises.buttons import with_buttons

        bundle = with_buttons(self)._repr_mimebundle_()
        return bundle | {"text/plain": repr(self), "text/html": self._repr_html_()}


@dataclass(frozen=True)
class Hint:
    """One of an exercise's hints, in Markdown."""

    number: int
    count: int
    text: str

    def __repr__(self) -> str:
        """Return the hint as plain text."""
        return f"Hint {self.number} of {self.count}. {self.text}"

    def _repr_markdown_(self):
        """Return the hint for the notebook."""
        return f"**Hint {self.number} of {self.count}.** {self.text}"


@dataclass(frozen=True)
class Solution:
    """The code of an exercise's solution."""

    code: str

    def __repr__(self) -> str:
        """Return the code itself."""
        return self.code

    def _repr_markdown_(self):
        """Return the code for the notebook, highlighted."""
        return f"```python\n{self.code}```"


@dataclass(frozen=True)
class Quiz:
    """A chapter's self-check quiz; `questions` are what jupyterquiz takes."""

    chapter: str
    questions: list[dict]

    def __repr__(self) -> str:
        """Return the questions and the answers to choose from as plain text."""
        lines = []
        for number, question in enumerate(self.questions, start=1):
            lines.append(f"{number}. {question['question']}")
            if question["type"] == "multiple_choice":
                lines += [f"   - {choice['answer']}" for choice in question["answers"]]
        return "\n".join(lines)

    def _ipython_display_(self):
        """Show the questions as buttons and fields; works offline."""
        from jupyterquiz import display_quiz

        state = random.getstate()
        random.seed(self.chapter)  # jupyterquiz draws the ids of its page elements
        try:
            with capture_output() as made:
                display_quiz(
                    self.questions,
                    shuffle_answers=False,
                    max_width=800,
                    colors=_QUIZ_COLORS,
                )
        finally:
            random.setstate(state)
        _run(_NO_MATHJAX, _RUN.format(count=len(self.questions)))
        for output in made.outputs:
            display(output.data | {"text/plain": ""}, raw=True)
        _run(_QUIZ_NAMES)


def _run(script, instead=""):
    """Run a script on the page; show `instead` where none runs, as on GitHub."""
    bundle = {"application/javascript": script, "text/plain": instead}
    display(bundle, raw=True)
