"""What is remembered of solved exercises, and the buttons under a feedback."""

import json
import re
import stat

import pytest

import bigmodel_lab as lab
from bigmodel_lab import exercises
from bigmodel_lab.exercises import buttons, display, record

NAME = "start_here.gradient_step"
SOLUTION = exercises.find(NAME).solution


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Work in an empty folder, as in a notebook, with no hints given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exercises, "in_notebook", lambda: True)
    monkeypatch.setattr(display, "in_notebook", lambda: True)
    exercises._hints_given.clear()


def test_tries_and_solved_exercises_are_remembered(tmp_path):
    assert repr(lab.solved("start_here")).startswith("0 of 5 exercises solved: ○ ")
    lab.check(NAME, lambda weight, gradient, learning_rate: weight)
    lab.check(NAME, lambda weight, gradient, learning_rate: 1 / 0)
    lab.check(NAME, ...)  # no try
    assert record.read() == ({NAME: {"tries": 2, "solved": None}}, "")
    lab.check(NAME, SOLUTION)
    lab.check(NAME, lambda weight, gradient, learning_rate: weight)  # stays solved
    kept = json.loads((tmp_path / record.FILE).read_text())
    assert kept[NAME]["tries"] == 4
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", kept[NAME]["solved"])
    assert lab.solved("start_here").done == ["gradient_step"]
    assert repr(lab.solved("start_here")).startswith(
        "1 of 5 exercises solved: ✔ gradient_step ○ "
    )
    assert "✔ gradient_step" in lab.solved("start_here")._repr_html_()
    assert [path.name for path in tmp_path.iterdir()] == [record.FILE]


def test_only_one_exercise_starts_over():
    other = "start_here.line_loss"
    lab.check(NAME, SOLUTION)
    lab.check(other, exercises.find(other).solution)
    first = lab.hint(NAME)
    lab.hint(NAME)
    stub = lab.start_over(NAME).code
    assert lab.solved("start_here").done == ["line_loss"]
    assert lab.hint(NAME) == first
    scope = {"lab": lab}
    exec(stub.replace("lab.check", "said = lab.check"), scope)
    assert scope["said"].outcome == "not attempted"
    assert lab.start_over("start_here.first_diverging_notch").code == (
        "first_diverging_notch = ...\n\n"
        'lab.check("start_here.first_diverging_notch", first_diverging_notch)\n'
    )


@pytest.mark.parametrize(
    "content", ["", "[1]", '{"a": 1}', '{"a": {"tries": "x"}}', "\0"]
)
def test_a_record_that_cannot_be_read_is_kept(tmp_path, content):
    (tmp_path / record.FILE).write_text(content)
    feedback = lab.check(NAME, SOLUTION)
    assert feedback.outcome == "correct"
    assert "could not be read: it is kept as" in feedback.message
    (kept,) = tmp_path.glob("exercises_solved.*.json")
    assert kept.read_text() == content
    assert lab.solved("start_here").done == ["gradient_step"]  # the new one has begun
    lab.check(NAME, SOLUTION)  # from now on as usual
    assert lab.solved("start_here").done == ["gradient_step"]


def test_a_folder_that_cannot_be_written_to_stops_no_check(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("read-only")

    monkeypatch.setattr(record.Path, "write_text", refuse)
    feedback = lab.check(NAME, SOLUTION)
    assert feedback.outcome == "correct"
    assert "nothing is remembered: read-only" in feedback.message


def test_a_full_disk_leaves_the_record_as_it_was(tmp_path, monkeypatch):
    lab.check(NAME, SOLUTION)
    before = (tmp_path / record.FILE).read_text()

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(record.os, "replace", full)
    assert "no space left" in lab.check("start_here.line_loss", 1).message
    assert (tmp_path / record.FILE).read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == [record.FILE]


def test_others_may_read_the_record(tmp_path):
    """As any file of the notebook's folder: nbgrader copies it under another user."""
    lab.check(NAME, SOLUTION)
    assert stat.S_IMODE((tmp_path / record.FILE).stat().st_mode) & stat.S_IRGRP


def test_in_a_script_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(exercises, "in_notebook", lambda: False)
    lab.check(NAME, SOLUTION)
    assert not list(tmp_path.iterdir())


def test_an_unknown_chapter_is_named():
    with pytest.raises(ValueError, match=r"'start'; did you mean start_here"):
        lab.solved("start")


# -- the buttons -----------------------------------------------------------------------


def parts(feedback):
    """Return the buttons of a feedback by their words, and what they show below."""
    _, row, shown = buttons.with_buttons(feedback).children
    return {button.description: button for button in row.children}, shown


def texts(shown):
    """Return what is shown below the buttons."""
    return [child.value for child in shown.children]


def test_each_press_gives_the_next_hint():
    found, shown = parts(lab.check(NAME, ...))
    (button,) = found.values()
    for number in (1, 2, 3):
        assert button.description == f"Hint {number} of 3"
        assert not button.disabled
        button.click()
        assert len(texts(shown)) == number
    assert button.disabled
    assert "<strong>Hint 1 of 3.</strong> The gradient points uphill" in texts(shown)[0]
    assert "<code>weight - learning_rate * gradient</code>" in texts(shown)[2]
    found, _ = parts(lab.check(NAME, ...))  # checked again: the last one again
    assert list(found) == ["Hint 3 of 3"]


def test_a_wrong_answer_may_start_over():
    lab.check(NAME, SOLUTION)
    found, shown = parts(lab.check(NAME, lambda *_: 1))
    assert list(found) == ["Hint 1 of 3", "Start over"]
    found["Start over"].click()
    (text,) = texts(shown)
    assert "def gradient_step(weight, gradient, learning_rate):" in text
    assert record.read() == ({}, "")


def test_a_right_answer_may_be_compared_with_ours():
    found, shown = parts(lab.check(NAME, SOLUTION))
    assert list(found) == ["Our solution", "Start over"]
    found["Our solution"].click()
    (text,) = texts(shown)
    assert "return weight - learning_rate * gradient" in text


def test_a_feedback_shows_its_buttons_only_in_a_notebook(monkeypatch):
    feedback = lab.check(NAME, ...)
    bundle = feedback._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "○ Not attempted yet."
    assert bundle["text/html"] == feedback._repr_html_()
    assert exercises.find(NAME).judge(...)._repr_mimebundle_() == {}  # graded: no name
    monkeypatch.setattr(display, "in_notebook", lambda: False)
    assert feedback._repr_mimebundle_() == {}
