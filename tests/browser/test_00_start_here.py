"""Chapter 00 in the browser: the toy's panel and a first exercise."""

import pytest
from labdriver import Explorer
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


def test_the_panel_calls_a_flat_curve_done_or_stuck(panel):
    status = panel.run(learning_rate=0.01, epochs=10)
    assert "either done, as low as the noise in the data allows, or stuck" in status


def test_the_line_turns_into_the_points(notebook):
    line = Explorer(notebook, "When does the line stop moving?")
    expect(line.answer).to_contain_text("weight -1.29")
    before = line.picture()
    line.press("step", "End")
    expect(line.answer).to_contain_text("weight 2.8")
    line.changes(before)
    notebook.picture("line", line.box)


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
    field.fill("")
    field.type("20,0")  # a decimal comma
    field.press("Enter")
    expect(question.locator(".Feedback")).to_contain_text("Yes")


def test_a_hint_is_a_button_away_and_what_is_solved_is_shown(notebook, exercise):
    notebook.write_cell(exercise, EXERCISE.format(answer="weight"))
    notebook.run_cell(exercise)
    area = exercise.locator(".jp-OutputArea")
    area.locator("button", has_text="Hint 1 of 3").click()
    expect(area).to_contain_text("The gradient points uphill")
    area.locator("button", has_text="Hint 2 of 3").click()
    expect(area).to_contain_text("it multiplies the gradient")
    notebook.write_cell(exercise, EXERCISE.format(answer=RIGHT))
    notebook.run_cell(exercise)
    area.locator("button", has_text="Our solution").click()
    expect(area).to_contain_text("return weight - learning_rate * gradient")
    last = notebook.locator(".jp-CodeCell", has_text='lab.solved("start_here")').last
    notebook.run_cell(last)
    expect(last.locator(".jp-OutputArea")).to_contain_text("✔ gradient_step")
    area.locator("button", has_text="Start over").click()
    expect(area).to_contain_text("This is how the cell began")
    notebook.run_cell(last)
    expect(last.locator(".jp-OutputArea")).to_contain_text("○ gradient_step")
