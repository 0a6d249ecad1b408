"""Chapter 05 in the browser: draw a digit, load samples, the panel, exercises."""

import re

import pytest
from labdriver import DIGITS, Canvas
from playwright.sync_api import expect

NOTEBOOK = "05_mnist.ipynb"
EPOCH = """def train_epoch(model, optimizer, images, labels, batch_size):
    losses = []
    for start in range(0, len(images), batch_size):
        logits = model(images[start : start + batch_size])
        loss = F.cross_entropy(logits, labels[start : start + batch_size])
        {before}
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


lab.check("mnist.train_epoch", train_epoch)
"""


@pytest.fixture
def canvas(notebook):
    """Return the chapter's canvas, cleared."""
    canvas = Canvas(notebook)
    canvas.clear.click()
    expect(canvas.answer).to_contain_text("Draw a digit")
    return canvas


@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_drawn_with_the_mouse_is_read(notebook, canvas, digit):
    canvas.draw(DIGITS[digit])
    expect(canvas.answer).to_contain_text(f"Most probable: {digit}, with ")
    expect(canvas.best).to_have_text(re.compile(rf"^{digit}\s*\d+\.\d%$"))
    expect(canvas.pictures).to_have_count(4)  # seen, decided, two layers' maps
    notebook.picture(f"mnist_{digit}", canvas.box)


def test_a_worst_error_is_loaded_as_a_sample(notebook, canvas):
    notebook.execute("canvas.load(19)")
    canvas.sample.click()
    same = "print(torch.allclose(canvas.image, X_test[worst[0]].cpu(), atol=1e-5))"
    notebook.wait_for(same, "True")
    expect(canvas.best).to_have_count(1)


def test_the_panel_trains_the_cnn(notebook, panel):
    for batch_size in ("64", "256"):
        panel.part("batch-size").locator("select").select_option(batch_size)
        assert "Finished" in panel.run(epochs=1)
    expect(panel.rows.last).to_contain_text("256")
    notebook.picture("mnist_panel", panel.box)


def test_the_panel_says_when_the_network_does_not_learn(panel):
    assert "Finished" in panel.run(epochs=1, learning_rate=0.1)
    expect(panel.rows.last).to_contain_text(re.compile(r"2\.[23]\d*"))  # log 10


@pytest.mark.parametrize(
    ("before", "feedback"),
    [("optimizer.zero_grad()", "Correct"), ("pass", "add up")],
)
def test_exercise_answers(notebook, before, feedback):
    output = notebook.answer("train_epoch", EPOCH.format(before=before))
    expect(output).to_contain_text(feedback)
