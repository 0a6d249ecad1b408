"""Quizzes as Markdown: read into what jupyterquiz takes, and all of them are read."""

import re

import pytest

from bigmodel_lab.exercises import quiz_text

TEXT = """\
## How many steps
are that?

- [x] 20
  > Yes: 4 batches
  > an epoch.
- [ ] -1.5
  > No.
- [ ] otherwise
  > Round up.

## Which of these?

- [ ] The first, in
      two lines
  > No: a > b.
- [x] 7 of them
  > Yes.
"""


def test_a_quiz_is_read():
    numeric, choice = quiz_text.parse(TEXT)
    assert numeric == {
        "question": "How many steps are that?",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 20,
                "correct": True,
                "feedback": "Yes: 4 batches an epoch.",
            },
            {"type": "value", "value": -1.5, "correct": False, "feedback": "No."},
            {"type": "default", "feedback": "Round up."},
        ],
    }
    assert choice == {
        "question": "Which of these?",
        "type": "multiple_choice",
        "answers": [
            {
                "answer": "The first, in two lines",
                "correct": False,
                "feedback": "No: a > b.",
            },
            {"answer": "7 of them", "correct": True, "feedback": "Yes."},
        ],
    }


@pytest.mark.parametrize(
    "path", sorted(quiz_text.FOLDER.iterdir()), ids=lambda p: p.stem
)
def test_every_question_and_answer_of_a_quiz_is_read(path):
    text = path.read_text()
    questions = quiz_text.questions(path.stem)
    assert len(questions) == len(re.findall(r"^## ", text, re.M))
    answers = sum(len(question["answers"]) for question in questions)
    assert answers == len(re.findall(r"^- \[", text, re.M))
    assert answers == len(
        re.findall(r"^- \[[ x]\] .*\n(?:      .*\n)*  > ", text, re.M)
    )
    read = " ".join(a["feedback"] for q in questions for a in q["answers"])
    assert "[ ]" not in read
    assert "##" not in read
