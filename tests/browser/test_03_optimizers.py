"""Chapter 03 in the browser: the path that is steered, the race, an exercise."""

import pytest
from labdriver import Explorer
from playwright.sync_api import expect

NOTEBOOK = "03_optimizers.ipynb"
RACERS = 6
EXERCISE = """def minibatch_gradient(X, y, theta, rows):
    X, y = X[rows], y[rows]
    return {answer}


lab.check("optimizers.minibatch_gradient", minibatch_gradient)
"""


@pytest.fixture(scope="module")
def path(notebook):
    return Explorer(notebook, "up to which learning rate does the path arrive")


def test_arrow_keys_steer_the_learning_rate_over_the_bound(path):
    before = path.picture()
    path.press("learning-rate", "ArrowRight", times=8)  # 0.063
    expect(path.answer).to_contain_text("It has arrived")
    path.press("learning-rate", "ArrowRight")  # 0.079: the bound is 0.08
    expect(path.answer).to_contain_text("It is not there yet")
    below = path.changes(before)
    path.press("learning-rate", "ArrowRight")  # 0.1
    expect(path.answer).to_contain_text("It has flown off")
    path.changes(below)


def test_momentum_makes_the_same_learning_rate_arrive(notebook, path):
    path.press("momentum", "ArrowRight", times=25)
    expect(path.answer).to_contain_text("It has arrived")
    notebook.picture("path", path.box)
    path.press("momentum", "Home")
    expect(path.answer).to_contain_text("It has flown off")


def test_the_start_can_be_dragged(notebook, path):
    path.press("learning-rate", "ArrowLeft", times=2)
    expect(path.answer).to_contain_text("It has arrived")
    before, a, b = path.picture(), path.readout("a"), path.readout("b")
    path.drag(right=60, down=40)
    path.changes(before)
    assert path.moves("a", a) > a
    assert path.moves("b", b) < b
    notebook.wait_until_idle()  # all that was drawn on the way


def test_play_draws_the_path_step_by_step(path):
    path.press("steps", "Home")
    expect(path.answer).to_contain_text("After 0 steps")
    before = path.picture()
    buttons = path.box.locator(".lab-play button")
    play, stop = buttons.nth(0), buttons.nth(1)
    play.click()
    path.changes(before)
    path.page.wait_for_timeout(500)
    play.click()  # pause
    steps = path.readout("steps")
    assert 0 < steps < 100
    expect(path.answer).to_contain_text(f"After {steps:.0f} steps")
    stop.click()
    expect(path.answer).to_contain_text("After 0 steps")
    path.press("steps", "End")


@pytest.mark.parametrize("surface", ["bowl", "Rosenbrock", "saddle", "ravine"])
@pytest.mark.parametrize("optimizer", ["Nesterov", "Adam", "gradient descent"])
def test_every_landscape_is_walked_by_every_optimizer(path, surface, optimizer):
    path.choose("surface", surface)
    path.choose("optimizer", optimizer)
    expect(path.answer).to_contain_text("the loss is")
    assert not any("NaN" in line or "e+" in line for line in path.picture())


def race(panel):
    """Press Train and wait for the end."""
    panel.train.click()
    expect(panel.stop).to_be_enabled()
    expect(panel.train).to_be_enabled()


def test_the_race_runs_all_optimizers_at_once(panel):
    race(panel)
    expect(panel.rows).to_have_count(RACERS)
    expect(panel.status).to_contain_text("Lowest loss first")
    expect(panel.curves).to_have_count(2 * RACERS)
    colors = panel.curves.evaluate_all("paths => paths.map(p => p.style.stroke)")
    assert len(set(colors)) == RACERS
    panel.notebook.picture("race", panel.box)


def test_a_second_race_replaces_the_curves_and_keeps_the_table(panel):
    panel.set("epochs", 1)
    race(panel)
    first = panel.shape()
    panel.set("times", 10)
    race(panel)
    expect(panel.rows).to_have_count(2 * RACERS)
    expect(panel.curves).to_have_count(2 * RACERS)
    assert panel.shape() != first


def test_stop_ends_the_race_for_all(panel):
    panel.start_long_run()
    expect(panel.status).to_contain_text("leads")
    panel.stop.click()
    expect(panel.status).to_contain_text("Stopped")
    expect(panel.rows).to_have_count(RACERS)
    for row in panel.rows.all():
        expect(row).to_contain_text("stopped")


@pytest.mark.parametrize(
    ("answer", "feedback"),
    [
        ("2 / len(rows) * X.T @ (y - X @ theta)", "the sign printed in D0 §4.3"),
        ("X.T @ (X @ theta - y)", "D1 §4.2"),
        ("2 / len(rows) * X.T @ (X @ theta - y)", "Correct"),
    ],
)
def test_exercise_answers(notebook, answer, feedback):
    output = notebook.answer("minibatch_gradient", EXERCISE.format(answer=answer))
    expect(output).to_contain_text(feedback)
