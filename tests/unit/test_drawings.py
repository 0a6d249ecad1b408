"""Every drawing: its words stay on the paper, in their boxes, and off each other."""

import inspect
from itertools import combinations

import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import FancyBboxPatch

from bigmodel_lab import drawings
from bigmodel_lab.drawings.sketch import Sketch

NAMES = [name for name, made in vars(drawings).items() if inspect.isfunction(made)]
SLACK = 1.5  # pixels, of 100 to an inch


def words(figure):
    """Return the texts of a figure that say something, with the pixels they cover."""
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    return [(t, t.get_window_extent()) for t in texts if t.get_text().strip()]


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_has_a_title_and_says_in_words_what_it_shows(drawn, name):
    figure, alt = drawn(name)
    assert len(alt.split()) >= 8
    assert figure.texts[0].get_text()
    assert figure.get_figwidth() <= 12


@pytest.mark.parametrize("name", NAMES)
def test_words_stay_on_the_paper(drawn, name):
    figure, _ = drawn(name)
    paper = figure.bbox
    for text, place in words(figure):
        inside = (
            place.x0 >= -SLACK
            and place.y0 >= -SLACK
            and place.x1 <= paper.x1 + SLACK
            and place.y1 <= paper.y1 + SLACK
        )
        assert inside, f"{text.get_text()!r} is cut off"


@pytest.mark.parametrize("name", NAMES)
def test_words_stand_off_each_other_and_can_be_read(drawn, name):
    figure, _ = drawn(name)
    for (one, here), (other, there) in combinations(words(figure), 2):
        width = min(here.x1, there.x1) - max(here.x0, there.x0)
        height = min(here.y1, there.y1) - max(here.y0, there.y0)
        apart = width <= SLACK or height <= 2 * SLACK
        assert apart, f"{one.get_text()!r} lies on {other.get_text()!r}"
    assert min(text.get_size() for text, _ in words(figure)) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_words_fit_their_boxes(drawn, name):
    figure, _ = drawn(name)
    for axes in figure.axes:
        boxes = [p for p in axes.patches if isinstance(p, FancyBboxPatch)]
        for text, place in words(figure):
            for box in boxes:
                frame = box.get_window_extent()
                center = (frame.x0 + frame.x1) / 2, (frame.y0 + frame.y1) / 2
                middle = (place.x0 + place.x1) / 2, (place.y0 + place.y1) / 2
                if max(abs(a - b) for a, b in zip(center, middle, strict=True)) < 3:
                    fits = place.width <= frame.width and place.height <= frame.height
                    assert fits, f"{text.get_text()!r} is wider than its box"


def test_arrows_leave_boxes_at_their_edges():
    sketch = Sketch(64, 20)
    one, other = sketch.box(10, 10, size=(10, 4)), sketch.box(50, 10, size=(10, 4))
    assert one.edge_towards(other) == pytest.approx((15.4, 10))
    assert other.edge_towards(one) == pytest.approx((44.6, 10))
    assert one.edge_towards((10, 20)) == pytest.approx((10, 12.4))
    plt.close(sketch.figure)
