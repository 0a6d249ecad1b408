"""Charts of functions and their slopes, of lines through points, and paired bars."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from bigmodel_lab import plots

WORDS = {"title": "t", "xlabel": "x (m)", "ylabel": "y (s)"}


def lines_of(axes):
    """Return the heights of the lines of a chart, by name."""
    return {line.get_label(): list(line.get_ydata()) for line in axes.lines}


def test_functions_stand_on_the_left_and_their_slopes_on_the_right(figures):
    x = torch.tensor([1.0, 2.0])
    lines = {"square": (x**2, 2 * x), "line": (x, torch.ones(2))}
    words = {"titles": ("f", "f'"), "xlabel": "x (m)", "ylabels": ("y (s)", "y' (s/m)")}
    plots.with_slopes(x, lines, alt="two", ylim=(0, 9), **words)
    left, right = figures[0].axes
    assert lines_of(left) == {"square": [1, 4], "line": [1, 2]}
    assert lines_of(right) == {"square": [2, 4], "line": [1, 1]}
    assert [axes.get_title(loc="left") for axes in (left, right)] == ["f", "f'"]
    assert [axes.get_ylabel() for axes in (left, right)] == ["y (s)", "y' (s/m)"]
    assert left.get_xlabel() == right.get_xlabel() == "x (m)"
    assert left.get_ylim() == (0, 9)
    assert len({line.get_linestyle() for line in left.lines}) == 2


def test_lines_go_from_the_first_point_to_the_last_and_marked_points_get_a_ring(
    figures,
):
    x, y = np.array([2, 1, 3]), np.array([5, 4, 9])
    marked = np.array([False, False, True])
    plots.scatter_with_lines(x, y, {"fit": 2 * x}, marked=marked, alt="a", **WORDS)
    (axes,) = figures[0].axes
    points, rings, fit = axes.lines
    np.testing.assert_array_equal(points.get_xydata(), np.c_[x, y])
    np.testing.assert_array_equal(rings.get_xydata(), [[3, 9]])
    np.testing.assert_array_equal(fit.get_xydata(), [[1, 2], [3, 6]])
    assert [axes.get_xlabel(), axes.get_ylabel()] == ["x (m)", "y (s)"]
    assert axes.get_legend_handles_labels()[1] == ["fit"]


def test_paired_bars_stand_side_by_side_over_their_labels(figures):
    groups = {"one": torch.tensor([1.0, -1.0]), "two": [2, 3]}
    plots.paired_bars(groups, labels=["a", "b"], alt="x", **WORDS)
    (axes,) = figures[0].axes
    assert [bar.get_height() for bar in axes.patches] == [1, -1, 2, 3]
    middles = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    np.testing.assert_allclose(middles, [-0.2, 0.8, 0.2, 1.2])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]


def test_paired_bars_refuse_three_series():
    with pytest.raises(ValueError, match="takes two series, not 3"):
        plots.paired_bars({name: [1] for name in "abc"}, labels="a", alt="x", **WORDS)


def test_all_of_them_need_alt_text():
    slopes = {"titles": ("f", "f'"), "xlabel": "x", "alt": ""}
    for chart in (
        lambda: plots.with_slopes([1], {"f": ([1], [2])}, **slopes),
        lambda: plots.scatter_with_lines(
            [1], [1], {"a": [1]}, marked=[True], alt="", **WORDS
        ),
        lambda: plots.paired_bars({"a": [1], "b": [2]}, labels="a", alt="", **WORDS),
    ):
        with pytest.raises(ValueError, match="needs alt text"):
            chart()
    plt.close("all")
