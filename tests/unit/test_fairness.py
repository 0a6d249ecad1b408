"""Gaps between groups by hand against fairlearn, and what mends them."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

from bigmodel_lab import fairness


@pytest.fixture(params=range(5))
def people(request):
    """Return decisions, truth and groups of random people, 2 to 4 groups."""
    draw = np.random.default_rng(request.param)
    kinds = draw.integers(2, 5)
    groups = draw.choice(list("abcd")[:kinds], draw.integers(80, 300))
    truth = (draw.random(len(groups)) < 0.3 + 0.1 * (groups == "a")).astype(int)
    decisions = (draw.random(len(groups)) < 0.2 + 0.5 * truth).astype(int)
    return decisions, truth, groups


def test_the_gaps_are_those_of_fairlearn(people):
    decisions, truth, groups = people
    theirs = demographic_parity_difference(truth, decisions, sensitive_features=groups)
    assert fairness.selection_gap(decisions, groups) == pytest.approx(theirs)
    theirs = equalized_odds_difference(truth, decisions, sensitive_features=groups)
    assert fairness.odds_gap(decisions, truth, groups) == pytest.approx(theirs)


def test_who_decides_by_the_truth_has_no_odds_gap_whatever_the_groups(people):
    _, truth, groups = people
    assert fairness.odds_gap(truth, truth, groups) == 0
    assert fairness.selection_gap(truth, groups) > 0


def test_rates_are_named_by_their_groups():
    rates = fairness.selection_rates([1, 0, 1, 1], ["b", "b", "a", "a"])
    assert rates.to_dict() == {"a": 1.0, "b": 0.5}


def test_with_the_weights_each_group_has_as_many_good_cases(people):
    _, truth, groups = people
    weights = fairness.balancing_weights(truth, groups)
    assert weights.sum() == pytest.approx(len(truth))
    shares = [
        np.average(truth[groups == group], weights=weights[groups == group])
        for group in np.unique(groups)
    ]
    assert shares == pytest.approx([truth.mean()] * len(shares))


def test_thresholds_give_each_group_the_same_rate(people):
    _, _, groups = people
    scores = np.random.default_rng(1).random(len(groups)) + (groups == "a")
    limits = fairness.group_thresholds(scores, groups, rate=0.4)
    decisions = scores >= limits[groups].to_numpy()
    for _, found in fairness.selection_rates(decisions, groups).items():
        assert found == pytest.approx(0.4, abs=0.06)
    together = scores >= fairness.threshold(scores, 0.4)
    assert together.mean() == pytest.approx(0.4, abs=0.01)
    assert fairness.selection_gap(together, groups) > 0.3


@pytest.mark.parametrize(
    ("decisions", "groups", "words"),
    [
        ([1, 0, 1], ["a", "a"], "same rows.*got 3, 2"),
        ([], [], "one for each example"),
        ([1, 0, 1], ["a", "a", "b"], "group 'b' has one member"),
        ([1, 0, 1, 1], ["a", "a", None, None], "2 of 4 rows have no group"),
        ([1, 0, 2, 1], ["a", "a", "b", "b"], r"must be 0 or 1, got \[0, 1, 2\]"),
        ([1, 0, 0.5, 1], ["a", "a", "b", "b"], "must be 0 or 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(decisions, groups, words):
    for function in (fairness.selection_rates, fairness.balancing_weights):
        with pytest.raises(ValueError, match=words):
            function(decisions, groups)


@pytest.mark.parametrize("rate", [0, 1, -0.1, 80])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ValueError, match="rate must be between 0 and 1"):
        fairness.threshold([0.1, 0.2], rate)


def test_a_column_of_a_table_may_be_given():
    table = pd.DataFrame({"yes": [1, 0, 1, 1], "group": ["x", "x", "y", "y"]})
    table.index = [7, 7, 3, 1]
    assert fairness.selection_gap(table["yes"], table["group"]) == 0.5


@pytest.mark.parametrize("truth", [[1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 2, 1]])
def test_a_truth_without_both_is_refused(truth):
    with pytest.raises(ValueError, match="truth must have both 0 and 1"):
        fairness.odds_gap([1, 0, 1, 1], truth, ["x", "x", "y", "y"])
