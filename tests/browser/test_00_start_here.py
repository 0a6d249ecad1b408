"""Chapter 00 in the browser: the toy's panel and a first exercise."""

import pytest
from playwright.sync_api import expect

NOTEBOOK = "00_start_here.ipynb"
RIGHT = "weight - learning_rate * gradient"
EXERCISE = """def gradient_step(weight, gradient, learning_rate):
    return {answer}


lab.check("start_here.gradient_step", gradient_step)
"""


@pytest.fixture
def exercise(notebook):
    """Return the cell of exercise 1."""
    return notebook.locator(".jp-CodeCell", has_text="def gradient_step")


def test_toy_trains_to_the_end(panel):
    status = panel.run(epochs=5)
    assert status.startswith("Run 1: Finished.")
    expect(panel.rows).to_contain_text("finished")
    assert panel.shape().startswith("M")


def test_toy_stops(panel):
    panel.start_long_run()
    panel.stop.click()
    expect(panel.status).to_contain_text("Stopped")
    expect(panel.rows).to_contain_text("stopped")


@pytest.mark.parametrize(
    ("answer", "feedback"),
    [
        ("...", "Not attempted yet"),
        (RIGHT, "Correct"),
        ("weight + learning_rate * gradient", "wrong direction"),
        ("weight - learning_rate * gradent", "name 'gradent' is not defined"),
    ],
)
def test_exercise_answers(notebook, exercise, answer, feedback):
    notebook.write_cell(exercise, EXERCISE.format(answer=answer))
    notebook.run_cell(exercise)
    expect(exercise.locator(".jp-OutputArea")).to_contain_text(feedback)
    notebook.picture(f"exercise_{feedback.split()[0].lower()}", exercise)


def test_quiz_takes_a_number(notebook):
    question = notebook.locator(".Quiz", has_text="how many steps?")
    field = question.locator("input.Input-text")
    field.fill("15")
    field.press("Enter")
    expect(question.locator(".Feedback")).to_contain_text("smaller batch")
    field.fill("20")
    field.press("Enter")
    expect(question.locator(".Feedback")).to_contain_text("Yes")
