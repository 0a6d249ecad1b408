"""The drawings of chapter 05 say what is in them, and keep their words on the paper."""

import pytest

from bigmodel_lab import drawings
from bigmodel_lab.drawings import sketch


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("filter_slides", "2 where ink begins"),
        ("padding_and_stride", "all 5 by 5"),
        ("max_pooling", "5, 1, 3 and 7"),
        ("digit_networks", "100,480"),
    ],
)
def test_a_drawing_is_shown_with_words_that_lie_on_the_paper(monkeypatch, name, words):
    shown = []
    monkeypatch.setattr(sketch, "show", lambda *drawing: shown.append(drawing))
    getattr(drawings, name)()
    ((figure, alt),) = shown
    assert words in alt
    paper = figure.bbox
    for text in [*figure.texts, *figure.axes[0].texts]:
        if not text.get_text():
            continue
        box = text.get_window_extent()
        assert paper.x0 <= box.x0 < box.x1 <= paper.x1, text.get_text()
        assert paper.y0 <= box.y0 < box.y1 <= paper.y1 + 2, text.get_text()
