"""Charts of columns: what is drawn where, labels, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bigmodel_lab import plots
from bigmodel_lab.plots import columns

LABELS = {"title": "See", "xlabel": "m", "ylabel": "kg"}


@pytest.fixture
def shown(monkeypatch):
    """Collect (figure, alt) of what is shown."""
    figures = []
    monkeypatch.setattr(columns, "show", lambda *drawing: figures.append(drawing))
    yield figures
    plt.close("all")


def test_each_chart_has_its_dots_and_rings(shown):
    charts = {"a": [([1, 2], [3, 4]), ([1], [3])], "b": [([5], [6])]}
    plots.scatters(charts, **LABELS, alt="dots")
    ((figure, alt),) = shown
    left, right = figure.axes
    assert alt == "dots"
    assert figure.get_suptitle() == "See"
    titles = [axes.get_title("left") or axes.get_title() for axes in figure.axes]
    assert titles == ["a", "b"]
    dots, rings = left.lines
    np.testing.assert_array_equal(dots.get_ydata(), [3, 4])
    assert rings.get_markerfacecolor() == "none"
    assert len(right.lines) == 1
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylabel() == "kg"
    assert right.get_xlabel() == "m"


def test_the_diagonal_is_where_both_are_equal(shown):
    plots.scatters({"a": [([1, 2], [3, 4])]}, **LABELS, alt="dots", diagonal=True)
    _, line = shown[0][0].axes[0].lines
    assert line.get_slope() == 1
    assert line.get_xy1() == (0, 0)


def test_a_chart_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="needs alt text"):
        plots.scatters({"a": [([1], [2])]}, **LABELS, alt=" ")
    plt.close("all")


def test_histograms_count_what_lies_in_their_window():
    values = np.array([0.0, 0.5, 0.5, 1.0, 7.0])
    figure = plots.histograms(
        {"whole": (values, None), "part": (values, (0, 1))}, **LABELS
    )
    (whole,), (part,) = (axes.patches for axes in figure.axes)
    assert whole.get_data().values.sum() == 5
    assert part.get_data().values.sum() == 4
    assert figure.axes[1].get_xlim() == (0, 1)
    assert [axes.get_ylabel() for axes in figure.axes] == ["kg", "kg"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "m"]
    plt.close(figure)


def test_histograms_stand_side_by_side_and_each_row_has_its_color():
    four = {name: ([1, 2, 3], None) for name in "abcd"}
    figure = plots.histograms(four, **LABELS, ncols=2)
    upper = [axes.patches[0].get_facecolor() for axes in figure.axes]
    assert upper[0] == upper[1]
    assert upper[0] != upper[2]
    assert figure.get_figwidth() == 9
    plt.close(figure)
