"""Charts of chapter 09: the roof of a machine, and losses at fixed budgets."""

import numpy as np
import pytest

from bigmodel_lab import plots
from bigmodel_lab.from_scratch.scaling import ScalingLaw, compute_optimal

LAW = ScalingLaw(5.0, 60.0, 0.4, 300.0, 0.5)
ROOF = {"title": "t", "xlabel": "operations per byte", "ylabel": "speed"}


def test_the_roof_is_drawn_with_the_dots_under_it(figures):
    dots = {"layer": ([0.5, 8.0], [10.0, 90.0])}
    plots.roofline(dots, ([0.1, 5, 50], [2, 100, 100]), **ROOF, alt="a")
    (axes,) = figures[0].axes
    roof, layer = axes.lines
    np.testing.assert_allclose(roof.get_ydata(), [2, 100, 100])
    np.testing.assert_allclose(layer.get_xydata(), [[0.5, 10], [8, 90]])
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_a_star_stands_at_the_best_size_of_each_budget(figures):
    runs = [2e5, 5e5], [1e6, 2e6], [6.0, 5.8]
    plots.budgets(LAW, [1e12, 1e13], runs, title="t", alt="a")
    (axes,) = figures[0].axes
    stars = [line for line in axes.lines if line.get_marker() == "*"]
    for star, flops in zip(stars, (1e12, 1e13), strict=True):
        best, _ = compute_optimal(LAW, flops)
        assert star.get_xdata()[0] == pytest.approx(best, rel=0.05)


def test_only_runs_near_a_budget_are_dots(figures):
    runs = [2e5, 2e5], [1e6, 9e6], [6.0, 5.8]  # 1.2e12 and 1.08e13 operations
    plots.budgets(LAW, [1e12], runs, title="t", alt="a")
    dots = figures[0].axes[0].lines[-1]
    np.testing.assert_allclose(dots.get_xydata(), [[2e5, 6.0]])


def test_a_chart_needs_a_text_alternative():
    with pytest.raises(ValueError, match="alt"):
        plots.roofline({}, ([1], [1]), **ROOF, alt="")
    with pytest.raises(ValueError, match="alt"):
        plots.budgets(LAW, [1e12], ([1e5], [1e6], [6]), title="t", alt="")
