"""What the drawings of chapter 13 claim: a mean that is neither, shares that are so."""

import numpy as np
import pytest

from bigmodel_lab.drawings.fusion import LIMIT, PEOPLE, UNITS


def output(name, x):
    """Return what a drawn network says to x."""
    first, second = UNITS[name]
    return np.maximum(np.outer(x, first), 0) @ np.array(second)


def test_swapped_units_are_the_same_function_and_the_mean_is_neither():
    one, swapped, mean = UNITS
    x = np.linspace(-2, 2, 9)
    assert output(one, x).tolist() == output(swapped, x).tolist() == np.abs(x).tolist()
    assert UNITS[one][0] == UNITS[swapped][0][::-1] != UNITS[swapped][0]
    assert output(mean, x).tolist() == [0] * 9
    for layer in (0, 1):
        weights = np.mean([UNITS[one][layer], UNITS[swapped][layer]], axis=0)
        assert UNITS[mean][layer] == tuple(weights)


def test_the_curves_are_those_of_the_networks(drawn):
    figure, _ = drawn("same_network")
    curves = [line.get_xydata() for line in figure.axes[0].lines]
    curves = [curve for curve in curves if len(curve) == 41]
    heights = [float(np.ptp(curve[:, 1])) for curve in curves]
    assert heights == [pytest.approx(9), pytest.approx(9), 0]


def test_the_shares_are_those_of_the_points_and_the_words_say_them(drawn):
    figure, alt = drawn("two_gaps")
    words = {text.get_text() for text in figure.axes[0].texts}
    for good, bad in PEOPLE.values():
        for scores in (good + bad, good, bad):
            yes = sum(score > LIMIT for score in scores)
            assert f"{yes} of {len(scores)}" in words
            assert f"{yes} of {len(scores)}" in alt.replace("of the ", "of ")
    points = [group.get_offsets() for group in figure.axes[0].collections]
    (x, _), _ = next(
        line.get_data() for line in figure.axes[0].lines if line.get_linestyle() == "--"
    )
    right = [int((places[:, 0] > x).sum()) for places in points]
    assert right == [6, 2, 2, 2]


def test_the_sources_meet_once_in_each_way(drawn):
    figure, alt = drawn("ways_to_fuse")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words.count("picture") == words.count("name") == words.count("answer") == 3
    assert words.count("model") == 5
    for name in ("Early", "Late", "Stacking"):
        assert name in alt


def test_nothing_leads_from_the_other_team_into_the_formula(drawn):
    figure, alt = drawn("one_more_layer")
    axes = figure.axes[0]
    arrows = [
        patch._posA_posB for patch in axes.patches if hasattr(patch, "_posA_posB")
    ]
    below = [(start, end) for start, end in arrows if start[1] > 15]
    assert len(below) == 1
    assert below[0][1][1] > 15
    assert "nothing is fused" in alt
