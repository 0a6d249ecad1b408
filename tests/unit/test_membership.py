"""Who was in the data: the attack's numbers against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve
from torch import nn

from bigmodel_lab import membership


@pytest.fixture(params=range(6))
def two(request):
    """Return scores of members and of others, with ties in some."""
    draw = np.random.default_rng(request.param)
    members = draw.normal(0.5, 1, draw.integers(50, 200))
    others = draw.normal(0, 1, draw.integers(100, 400))
    if request.param % 2:
        members, others = members.round(1), others.round(1)
    return members, others


def test_the_area_is_that_of_scikit_learn(two):
    truth = np.repeat([1, 0], [len(part) for part in two])
    wanted = roc_auc_score(truth, np.concatenate(two))
    assert membership.area(*two) == pytest.approx(wanted)


@pytest.mark.parametrize("false_alarms", [0, 0.01, 0.05, 0.3])
def test_those_caught_are_on_scikit_learns_curve(two, false_alarms):
    truth = np.repeat([1, 0], [len(part) for part in two])
    alarms, caught, _ = roc_curve(truth, np.concatenate(two), drop_intermediate=False)
    wanted = caught[alarms <= false_alarms].max()
    found = membership.caught(*two, false_alarms)
    assert found == pytest.approx(wanted)


def test_what_is_easy_for_everybody_is_no_evidence():
    own = np.array([0.1, 0.1])
    others = np.array([[0.1, 2.0], [0.1, 3.0]])
    assert membership.scores(own)[0] == membership.scores(own)[1]
    assert membership.scores(own, others) == pytest.approx([0.0, 2.4])


def test_losses_are_those_of_each_example():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.9))
    X, y = torch.randn(5, 3), torch.tensor([0, 1, 2, 3, 0])
    found = membership.losses(model, X, y)
    model.eval()
    logits = model(X).detach()
    for row in range(5):
        wanted = nn.functional.cross_entropy(logits[row], y[row])
        assert found[row] == pytest.approx(wanted.item(), rel=1e-5)


def test_scores_that_say_nothing_are_refused():
    some = np.ones(3)
    with pytest.raises(ValueError, match="no scores of others"):
        membership.caught(some, np.ones(0))
    with pytest.raises(ValueError, match="score of members is NaN"):
        membership.area(np.array([1, np.nan]), some)
    for share in (-0.1, 1):
        with pytest.raises(ValueError, match="false_alarms must be from 0"):
            membership.caught(some, some, share)
