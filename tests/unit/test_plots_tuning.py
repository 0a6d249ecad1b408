"""Charts of chapter 08: results over data, and two results against each other."""

import numpy as np
import pytest

from bigmodel_lab import plots

POEMS = np.array([100, 1000, 10_000])
BITS = np.array([[9.0, 8.0, 7.0], [9.2, 8.4, 7.0]])  # (seeds, N)
WORDS = {"title": "t", "alt": "a", "xlabel": "poems", "ylabel": "bits"}


def test_each_seed_is_a_dot_and_the_line_goes_through_their_mean(figures):
    plots.over_data({"tuned": (POEMS, BITS), "new": (POEMS, BITS + 1)}, **WORDS)
    (axes,) = figures[0].axes
    mean, *seeds, _ = axes.lines[:4]
    np.testing.assert_allclose(mean.get_ydata(), [9.1, 8.2, 7.0])
    np.testing.assert_allclose([line.get_ydata() for line in seeds], BITS)
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_legend().texts] == ["tuned", "new"]


def test_one_seed_needs_no_axis_of_its_own(figures):
    plots.over_data({"tuned": (POEMS, BITS[0])}, **WORDS)
    assert len(figures[0].axes[0].lines) == 3


def test_methods_are_told_apart_by_marker_as_well_as_by_color(figures):
    points = {f"method {k}": ([k, k + 0.1], [2 * k, 2 * k]) for k in range(10)}
    plots.tradeoff(points, **WORDS)
    (axes,) = figures[0].axes
    looks = [(line.get_color(), line.get_marker()) for line in axes.lines]
    assert len({marker for _, marker in looks}) == 10
    np.testing.assert_allclose(axes.lines[3].get_xydata(), [[3, 6], [3.1, 6]])


@pytest.mark.parametrize("chart", ["over_data", "tradeoff"])
def test_a_chart_needs_a_text_alternative(chart):
    with pytest.raises(ValueError, match="alt"):
        getattr(plots, chart)({"a": ([1], [1])}, **WORDS | {"alt": ""})
