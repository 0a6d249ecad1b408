"""Charts of chapter 07: crossings, the ladder, attention maps, probabilities."""

from itertools import combinations, pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from bigmodel_lab import plots
from bigmodel_lab.colors import BLUE, ORANGE

TOKENS = np.array([1e2, 1e4, 1e6, 1e8])
SLACK = 0.5  # pixels, of 100 to an inch
FALLING = TOKENS, 10 - np.log10(TOKENS)  # 8, 6, 4 and 2 bits


def dots(axes):
    """Return the marked points of a chart."""
    return [
        tuple(line.get_xydata()[0]) for line in axes.lines if len(line.get_xdata()) == 1
    ]


def words(axes):
    """Return the texts in a chart."""
    return [text.get_text() for text in axes.texts]


def test_a_crossing_is_marked_where_the_curve_comes_down_through_the_line(figures):
    plots.crossover({"GPT": FALLING}, {"pairs": 5}, title="t", alt="a")
    (axes,) = figures[0].axes
    assert dots(axes) == [pytest.approx((1e5, 5))]
    assert words(axes) == ["GPT", "pairs", "at 100k"]  # the lowest end first
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "bits per character"


def test_a_line_may_fall_and_have_places_of_its_own(figures):
    places = np.array([1e3, 1e5, 1e7])
    line = places, 7 - np.log10(places) / 2
    plots.crossover({"GPT": FALLING}, {"counts": line}, title="t", alt="a")
    assert dots(figures[0].axes[0]) == [pytest.approx((1e6, 4))]


@pytest.mark.parametrize("level", [1, 9])
def test_a_line_that_is_not_crossed_has_no_dot(figures, level):
    plots.crossover({"GPT": FALLING}, {"counts": level}, title="t", alt="a")
    (axes,) = figures[0].axes
    assert dots(axes) == []
    assert set(words(axes)) == {"counts", "GPT"}


def test_names_and_crossings_stand_off_each_other(figures):
    curves = {"GPT": FALLING, "LSTM": (TOKENS, FALLING[1] + 0.1)}
    lines = {"characters": 5, "pairs": 2.1, "triples": 2.05}
    plots.crossover(curves, lines, title="t", alt="a", ylim=(0, 10))
    (axes,) = figures[0].axes
    figures[0].canvas.draw()
    assert axes.get_ylim() == (0, 10)
    assert len(words(axes)) == 5 + len(dots(axes))
    for one, other in combinations(axes.texts, 2):
        assert not one.get_window_extent().overlaps(other.get_window_extent())


@pytest.fixture
def table():
    """Return bits and two skills against tokens."""
    return pd.DataFrame(
        {"bits": [8, 6, 5], "form": [0, 0.9, 1], "rhyme": [0.1, 0.2, 0.7]},
        [1e3, 1e4, 1e5],
    )


def test_the_ladder_has_bits_above_and_skills_below_on_one_axis(figures, table):
    real, chance = {"form": 1, "rhyme": 0.9}, {"form": 0, "rhyme": 0.1}
    plots.ladder(table, real, chance, title="t", alt="a")
    above, below = figures[0].axes
    assert list(above.lines[0].get_ydata()) == [8, 6, 5]
    drawn = {line.get_label(): list(line.get_ydata()) for line in below.lines}
    assert drawn["form"] == [0, 0.9, 1]
    assert drawn["rhyme"] == [0.1, 0.2, 0.7]
    levels = [(line.get_linestyle(), *line.get_ydata()) for line in below.lines]
    for style, level in (("--", 1), (":", 0), ("--", 0.9), (":", 0.1)):
        assert (style, level, level) in levels
    assert words(below) == ["rhyme", "form"]
    assert above.get_xlim() == below.get_xlim() == (1e3, 1e5)
    (legend,) = figures[0].legends
    assert [text.get_text() for text in legend.texts] == ["real poems", "by chance"]


def test_a_skill_without_its_level_is_named(table):
    with pytest.raises(KeyError, match="rhyme"):
        plots.ladder(table, {"form": 1}, {"form": 0}, title="t", alt="a")
    plt.close("all")


@pytest.mark.parametrize(("heads", "places"), [(4, 12), (3, 32), (1, 5), (6, 24)])
def test_attention_maps_are_readable_at_900_pixels(figures, heads, places):
    weights = np.random.default_rng(0).dirichlet(np.ones(places), (heads, places))
    tokens = [f"yuè {place}" for place in range(places)]
    plots.attention_maps(weights, tokens, title="t", alt="a")
    (figure,) = figures
    assert 96 * figure.get_figwidth() <= 900
    *maps, _scale = figure.axes
    for axes, table in zip(maps, weights, strict=False):
        np.testing.assert_array_equal(axes.images[0].get_array(), table)
    assert [axes.get_title(loc="left") for axes in maps[:heads]] == [
        f"head {number}" for number in range(1, heads + 1)
    ]
    figure.canvas.draw()
    sides = maps[0].get_yticklabels()
    assert [label.get_text() for label in sides] == tokens
    below = [label.get_window_extent() for label in maps[heads - 1].get_xticklabels()]
    beside = [label.get_window_extent() for label in sides]
    for one, other in pairwise(beside):
        assert one.y0 - other.y1 > -SLACK
    for one, other in pairwise(below):
        assert other.x0 - one.x1 > -SLACK


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 4), (2, 4, 4), (1, 2, 3, 3)])
def test_weights_that_do_not_fit_the_tokens_are_refused(shape):
    with pytest.raises(
        ValueError, match=r"With 3 tokens the weights are \(heads, 3, 3\)"
    ):
        plots.attention_maps(np.ones(shape), ["a", "b", "c"], title="t", alt="a")
    assert plt.get_fignums() == []


def test_probabilities_are_bars_side_by_side_the_marked_one_in_another_color(figures):
    models = {"pairs": {"yuè moon": 0.5, "rì sun": 0.25}, "GPT": {"guāng light": 0.9}}
    plots.probabilities(models, title="t", alt="a", marked=["guāng light"])
    left, right = figures[0].axes
    assert [bar.get_width() for bar in left.patches] == [0.5, 0.25]
    assert words(left) == ["50.0 %", "25.0 %"]
    colors = [axes.patches[0].get_facecolor() for axes in (left, right)]
    assert colors == [to_rgba(BLUE), to_rgba(ORANGE)]
    assert [label.get_text() for label in left.get_yticklabels()] == list(
        models["pairs"]
    )
    assert left.get_ylim() == right.get_ylim() == (1.5, -0.5)  # the first on top
    assert left.get_xlim() == right.get_xlim()


def test_all_of_them_need_alt_text(table):
    levels = {"form": 1, "rhyme": 1}
    words = {"title": "t", "alt": " "}
    for chart in (
        lambda: plots.crossover({"GPT": FALLING}, {}, **words),
        lambda: plots.ladder(table, levels, levels, **words),
        lambda: plots.attention_maps(np.ones((1, 1, 1)), ["a"], **words),
        lambda: plots.probabilities({"GPT": {"a": 1}}, **words),
    ):
        with pytest.raises(ValueError, match="needs alt text"):
            chart()
    plt.close("all")
