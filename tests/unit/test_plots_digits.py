"""Charts for classifiers of images."""

import re

import numpy as np
import pytest

from bigmodel_lab import plots
from bigmodel_lab.plots import look


@pytest.fixture
def alts(monkeypatch):
    """Collect the text alternatives of what is displayed."""
    found = []

    def display(picture):
        found.append(re.search('alt="(.*?)"', picture.data)[1])

    monkeypatch.setattr(look, "display", display)
    return found


def test_charts_are_shown_with_their_alt_text(alts):
    plots.confusion(np.eye(3, dtype=int), title="No errors", alt="b")
    plots.captioned(np.zeros((12, 1, 4, 4)), ["x"] * 12, title="Twelve", alt="c")
    assert alts == ["b", "c"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"square, got shape \(2, 3\)"):
        plots.confusion(np.ones((2, 3)), title="x", alt="x")
    with pytest.raises(ValueError, match="3 images have 2 captions"):
        plots.captioned(np.zeros((3, 4, 4)), ["a", "b"], title="x", alt="x")


def test_a_filter_becomes_shades_of_gray_with_a_rim():
    filters = np.array([[-2.0, 0.0], [1.0, 2.0]]).reshape(1, 1, 2, 2)
    (image,) = plots.filter_images(filters, scale=3)
    assert image.shape == (8, 8)
    assert (image[[0, -1]] == 0).all()
    corners = image[[1, 1, 6, 6], [1, 6, 1, 6]]
    np.testing.assert_allclose(corners, [0, 0.5, 0.75, 1])
