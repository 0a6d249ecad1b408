"""The canvas to draw a digit on, in a notebook made for it."""

import re

import pytest
from labdriver import DIGITS, Canvas
from playwright.sync_api import expect

NOTEBOOK = "drawing.ipynb"
CELLS = [
    """import torch
from torch import nn

import bigmodel_lab as lab

lab.start_chapter("drawing", version=lab.__version__)
X, y, X_test, y_test = lab.datasets.mnist()
model = nn.Sequential(
    nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(),
    nn.Conv2d(8, 16, 5, stride=2), nn.ReLU(),
    nn.Flatten(), nn.Linear(256, 10),
)
training = lab.Training(
    model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), 0.003),
    train=(X, y), epochs=6, batch_size=64, seed=0,
).finish()""",
    'canvas = lab.DigitCanvas(model, X_test[:20], "Which digit does it see?")\ncanvas',
    "canvas.load(0)",
]


@pytest.fixture
def canvas(notebook):
    """Return the canvas, cleared."""
    canvas = Canvas(notebook)
    canvas.clear.click()
    expect(canvas.answer).to_contain_text("Draw a digit")
    expect(canvas.pictures).to_have_count(0)
    canvas.wait_for_ink(0)
    return canvas


def python_ink(notebook):
    """Return how many pixels are inked as Python keeps it."""
    return float(notebook.execute("print(canvas.ink.sum())"))


@pytest.mark.parametrize(
    ("digit", "pen"),
    [(0, "mouse"), (1, "mouse"), (7, "mouse"), (4, "mouse"), (4, "finger")],
)
def test_a_drawn_digit_is_recognized(notebook, canvas, digit, pen):
    (canvas.draw if pen == "mouse" else canvas.touch)(DIGITS[digit])
    expect(canvas.answer).to_contain_text(f"Most probable: {digit}, with ")
    expect(canvas.best).to_have_text(re.compile(rf"^{digit}\s*\d+\.\d%$"))
    expect(canvas.pictures).to_have_count(4)  # seen, decided, two layers' maps
    assert all(len(image.get_attribute("alt")) > 20 for image in canvas.pictures.all())
    notebook.wait_for("print(canvas.pen_down)", "False")
    canvas.wait_for_ink(python_ink(notebook))
    notebook.picture(f"drawing_{digit}_{pen}", canvas.box)


def test_it_answers_while_the_pen_moves(canvas):
    start, corner, end = canvas.on_page(DIGITS[7][0])
    mouse = canvas.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move(*corner)
    expect(canvas.best).to_have_count(1)
    canvas.page.wait_for_timeout(500)  # by now it has answered for the last time
    mouse.move(*end)
    expect(canvas.answer).to_contain_text("Most probable: 7")
    mouse.up()


def test_a_mouse_that_leaves_lifts_the_pen(notebook, canvas):
    inside, outside = canvas.on_page([(140, 140), (140, -30)])
    mouse = canvas.page.mouse
    mouse.move(*inside)
    mouse.down()
    mouse.move(*outside, steps=5)
    mouse.up()
    notebook.wait_for("print(bool(canvas.ink.any()), canvas.pen_down)", "True False")
    before = python_ink(notebook)
    mouse.move(*inside, steps=5)
    assert python_ink(notebook) == before


def test_samples_follow_each_other_by_the_keyboard(notebook, canvas):
    notebook.execute("canvas.load(19)")
    for k in range(3):
        canvas.sample.focus()
        canvas.page.keyboard.press("Enter")
        same = f"print(torch.allclose(canvas.image, X_test[{k}], atol=1e-5))"
        notebook.wait_for(same, "True")
    expect(canvas.best).to_have_count(1)
    canvas.clear.focus()
    canvas.page.keyboard.press("Space")
    expect(canvas.answer).to_contain_text("Draw a digit")


def test_the_keyboard_can_leave_the_canvas(canvas):
    canvas.paper.focus()
    canvas.page.keyboard.press("Tab")
    expect(canvas.clear).to_be_focused()
    canvas.page.keyboard.press("Shift+Tab")
    expect(canvas.paper).to_be_focused()
    canvas.page.keyboard.press("Shift+Tab")
    expect(canvas.paper).not_to_be_focused()


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_the_paper_is_white_in_both_themes(notebook, canvas, theme):
    notebook.use_theme(f"JupyterLab {theme}")
    canvas.draw(DIGITS[7])
    expect(canvas.answer).to_contain_text("Most probable: 7")
    corner = "c => [...c.getContext('2d').getImageData(1, 1, 1, 1).data]"
    assert canvas.paper.evaluate(corner) == [255, 255, 255, 255]
    notebook.picture(f"drawing_{theme.lower()}", canvas.box)


def test_a_page_loaded_again_shows_the_drawing_and_goes_on(notebook, canvas):
    canvas.draw([DIGITS[4][0]])
    notebook.wait_for("print(canvas.pen_down)", "False")
    notebook.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    notebook.page.reload()
    expect(canvas.best).to_have_count(1)
    notebook.wait_until_idle()
    canvas.wait_for_ink(python_ink(notebook))
    canvas.draw([DIGITS[4][1]])
    expect(canvas.answer).to_contain_text("Most probable: 4")
    notebook.wait_for("print(canvas.pen_down)", "False")
    canvas.wait_for_ink(python_ink(notebook))
