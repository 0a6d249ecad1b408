"""Fusion by hand against scikit-learn; networks whose units are matched."""

import copy

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from torch import nn

from bigmodel_lab import fusion


def probabilities(draw, rows=40, classes=3):
    """Return random probabilities (rows, classes)."""
    raw = draw.random((rows, classes)) + 0.01
    return raw / raw.sum(1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
def test_every_way_of_fusing_gives_probabilities(seed):
    draw = np.random.default_rng(seed)
    given = [probabilities(draw) for _ in range(2 + seed)]
    for way in (fusion.mean, fusion.product, fusion.maximum):
        assert way(given).sum(1) == pytest.approx(1)
        assert np.allclose(way([given[0]] * 3).argmax(1), given[0].argmax(1))
    assert fusion.mean(given) == pytest.approx(sum(given) / len(given))


def test_one_veto_decides_a_product_and_not_a_mean():
    sure, against = np.array([[0.9, 0.1]]), np.array([[0.0, 1.0]])
    assert fusion.product([sure, sure, against]).tolist() == [[0.0, 1.0]]
    assert fusion.mean([sure, sure, against]).argmax() == 0


def test_early_fusion_scales_each_part():
    found = fusion.early([[[1, 2], [3, 4]], [[5], [6]]], [1, 0.1])
    assert found.tolist() == [[1, 2, 0.5], [3, 4, 0.6000000000000001]]


def test_the_ceiling_is_where_one_is_right():
    assert fusion.either_right([[0, 1, 2, 0], [0, 0, 0, 1]], [0, 1, 0, 2]) == 0.75


@pytest.mark.parametrize("folds", [3, 5])
def test_out_of_fold_answers_are_those_of_scikit_learn(folds):
    draw = np.random.default_rng(folds)
    X = draw.normal(size=(90, 4))
    y = (X[:, 0] + draw.normal(size=90) > 0) + (X[:, 1] > 1).astype(int)
    parts = StratifiedKFold(folds, shuffle=True, random_state=7)
    theirs = cross_val_predict(
        LogisticRegression(), X, y, cv=parts, method="predict_proba"
    )
    found = fusion.out_of_fold(LogisticRegression, X, y, folds, seed=7)
    assert found == pytest.approx(theirs)


def test_answers_to_rows_that_were_seen_are_too_good():
    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(60, 40)), draw.integers(0, 2, 60)
    unseen = fusion.out_of_fold(lambda: LogisticRegression(C=100), X, y)
    seen = LogisticRegression(C=100).fit(X, y).predict_proba(X)
    assert (seen.argmax(1) == y).mean() > 0.95
    assert (unseen.argmax(1) == y).mean() < 0.7


def network(seed, hidden=9):
    """Return a network with two linear layers."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, hidden), nn.ReLU(), nn.Linear(hidden, 3))


@pytest.mark.parametrize("seed", range(4))
def test_matching_finds_the_order_of_the_units_again(seed):
    reference = network(seed, hidden=4 + 3 * seed)
    order = torch.randperm(4 + 3 * seed)
    model = copy.deepcopy(reference)
    fusion.reorder(model, order)
    fusion.reorder(model, fusion.matching(model, reference))
    for a, b in zip(model.parameters(), reference.parameters(), strict=True):
        assert torch.equal(a, b)


def test_another_order_of_units_gives_the_same_answers():
    model, X = network(0), torch.randn(20, 5)
    before = model(X)
    fusion.reorder(model, fusion.matching(model, network(1)))
    assert torch.allclose(model(X), before, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fusion.early([], []), "nothing to fuse"),
        (lambda: fusion.early([np.ones((3, 2)), np.ones((2, 2))], [1, 1]), "got 3, 2"),
        (lambda: fusion.early([np.ones((3, 2))], [1, 2]), "1 parts and 2 weights"),
        (lambda: fusion.mean([np.ones((2, 2)) / 2, np.ones((2, 3)) / 3]), "one shape"),
        (lambda: fusion.mean([np.ones(3)]), "one shape"),
        (lambda: fusion.product([np.ones((2, 2))]), "adds up to 2 instead of 1"),
        (lambda: fusion.either_right([[1, 2], [1]], [1, 2]), "got 2, 1, 2"),
        (lambda: fusion.matching(nn.Linear(2, 2), network(0)), "got Linear"),
        (lambda: fusion.reorder(nn.ReLU(), torch.arange(2)), "got none"),
    ],
)
def test_what_does_not_belong_together_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
