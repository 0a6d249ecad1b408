import base64
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from bigmodel_lab import plots


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed."""
    outputs = []
    monkeypatch.setattr(plots, "display", outputs.append)
    return outputs


def test_a_figure_is_shown_with_its_alt_text_and_closed(shown):
    figure, _ = plt.subplots(figsize=(5, 3))
    plots.show(figure, alt='a "line" & more')
    assert not plt.fignum_exists(figure.number)
    (output,) = shown
    assert 'alt="a &quot;line&quot; &amp; more"' in output.data
    assert 'width="480"' in output.data  # inches at 96 pixels
    picture = base64.b64decode(re.search(r"base64,([^\"]+)", output.data)[1])
    assert picture.startswith(b"\x89PNG")


def test_the_same_figure_gives_the_same_bytes(shown):
    for _ in range(2):
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        plots.show(figure, alt="a line")
    assert shown[0].data == shown[1].data


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_figure_without_alt_text_is_refused(alt):
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="needs alt text"):
        plots.show(figure, alt=alt)
    plt.close(figure)


def texts(figure):
    """Return the title and the axis labels of every part of a figure."""
    return [
        text
        for axes in figure.axes
        for text in (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel())
    ]


def test_shared_figures_are_labeled_with_units(monkeypatch):
    figures = []
    monkeypatch.setattr(plots, "show", lambda figure, alt: figures.append(figure))
    with plt.rc_context(plots.STYLE):
        plots.residuals([1, 2], [1.5, 1.5], alt="x", title="It fits", unit="kg")
        table = pd.DataFrame({"learning_rate": [0.1, 1, 10], "loss": [2.0, 1.0, 3.0]})
        plots.learning_rate_range(table, 0.1, alt="x", title="It turns", ylabel="loss")
    assert texts(figures[0])[:3] == ["It fits", "predicted (kg)", "true (kg)"]
    assert texts(figures[0])[5] == "residual (kg)"
    assert texts(figures[1]) == ["It turns", "learning rate (log scale)", "loss"]
    plt.close("all")
