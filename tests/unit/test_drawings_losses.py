"""The drawings of chapter 02: their numbers are right, and nothing is cut off."""

import math

import matplotlib.pyplot as plt
import pytest

from bigmodel_lab import drawings
from bigmodel_lab.drawings import sketch


@pytest.fixture
def drawn(monkeypatch):
    """Return a function that draws and gives the figure and its alt text."""
    shown = []
    monkeypatch.setattr(sketch, "show", lambda *drawing: shown.append(drawing))
    yield lambda draw: draw() or shown.pop()
    plt.close("all")


@pytest.mark.parametrize(
    "name", ["article_network", "backpropagation", "cross_entropy"]
)
def test_all_words_stand_on_the_paper_at_a_readable_size(drawn, name):
    figure, alt = drawn(getattr(drawings, name))
    assert alt.strip()
    assert figure.get_figwidth() <= 9
    figure.draw_without_rendering()
    width, height = figure.canvas.get_width_height()
    for text in [*figure.texts, *figure.axes[0].texts]:
        box = text.get_window_extent()
        assert text.get_fontsize() >= 9
        assert box.x0 >= 0 <= box.y0, text
        assert box.x1 <= width + 1, text
        assert box.y1 <= height + 1, text


def test_the_softmax_and_the_loss_are_computed_right(drawn):
    figure, alt = drawn(drawings.cross_entropy)
    words = {text.get_text() for text in figure.axes[0].texts}
    e = [math.exp(z) for z in (2.0, 1.0, -1.0)]
    for number in (*e, *(x / sum(e) for x in e), -math.log(e[1] / sum(e))):
        assert f"{number:.2f}" in words
        assert f"{number:.2f}" in alt
