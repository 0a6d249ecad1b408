"""Chapter 02 in the browser: one prediction, the landscape, the panel, an exercise."""

import pytest
from labdriver import Explorer
from playwright.sync_api import expect

NOTEBOOK = "02_losses.ipynb"
EXERCISE = """def hidden_delta(delta, W, z):
    return {answer}


lab.check("losses.hidden_delta", hidden_delta)
"""


@pytest.fixture(scope="module")
def prediction(notebook):
    return Explorer(notebook, "where is the squared error steepest")


@pytest.fixture(scope="module")
def landscape(notebook):
    return Explorer(notebook, "Follow the arrow")


def test_arrow_keys_move_the_prediction(prediction):
    prediction.choose("loss", "cross-entropy")
    expect(prediction.answer).to_contain_text("gradient -0.500")
    before = prediction.picture()
    prediction.press("logit", "ArrowLeft", times=10)
    expect(prediction.answer).to_contain_text("gradient -0.731")
    prediction.changes(before)
    assert prediction.readout("logit") == -1


def test_the_other_target_turns_the_slope(prediction):
    before = prediction.picture()
    prediction.choose("target", "0")
    expect(prediction.answer).to_contain_text("gradient +")
    prediction.changes(before)
    prediction.choose("target", "1")
    expect(prediction.answer).to_contain_text("gradient -")


def test_squared_error_is_flat_where_it_is_most_wrong(prediction):
    prediction.choose("loss", "squared error")
    prediction.press("logit", "Home")
    expect(prediction.answer).to_contain_text("loss 0.987, gradient -0.013")


def test_the_prediction_can_be_dragged(notebook, prediction):
    prediction.press("logit", "Home")
    before, logit = prediction.picture(), prediction.readout("logit")
    prediction.drag(right=100, down=0)
    prediction.changes(before)
    assert prediction.moves("logit", logit) > logit
    notebook.picture("prediction", prediction.box)


def test_the_one_sided_loss_has_another_landscape(notebook, landscape):
    before = landscape.picture()
    landscape.choose("loss", "one-sided (D2 §4.2.2)")
    landscape.changes(before)
    notebook.picture("one_sided", landscape.box)
    landscape.choose("loss", "cross-entropy")


def test_arrow_keys_move_the_model(landscape):
    expect(landscape.answer).to_contain_text("loss 1.9")
    before = landscape.picture()
    landscape.press("w", "ArrowRight", times=10)
    landscape.press("b", "ArrowLeft", times=10)
    expect(landscape.answer).not_to_contain_text("loss 1.9")
    landscape.changes(before)


def test_the_model_can_be_dragged(notebook, landscape):
    before, w, b = landscape.picture(), landscape.readout("w"), landscape.readout("b")
    landscape.drag(right=60, down=60)
    landscape.changes(before)
    assert landscape.moves("w", w) > w
    assert landscape.moves("b", b) < b
    notebook.picture("landscape", landscape.box)


def test_the_panel_trains_with_both_losses(panel):
    for loss in ("cross-entropy", "squared error"):
        panel.part("loss").locator("select").select_option(loss)
        assert "Finished" in panel.run(epochs=2)
    expect(panel.rows.last).to_contain_text("squared error")
    assert len({panel.shape(curve) for curve in range(4)}) == 4


@pytest.mark.parametrize(
    ("answer", "feedback"),
    [
        ("delta @ W", "the formula of D3 §4"),
        ("(delta @ W) * (z < 0)", "reversed"),
        ("(delta @ W) * (z > 0)", "Correct"),
    ],
)
def test_exercise_answers(notebook, answer, feedback):
    output = notebook.answer("hidden_delta", EXERCISE.format(answer=answer))
    expect(output).to_contain_text(feedback)
