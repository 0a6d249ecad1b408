"""Several sources, several models, one answer: fusion (D3 §3 and §4).

Early: one model on all features. Late: one answer of several. Stacking: Wolpert (1992),
*Stacked generalization*. Soups: Wortsman and others (2022), arXiv 2203.05482; matching
units: Ainsworth and others (2023), arXiv 2209.04836.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from sklearn.model_selection import StratifiedKFold
from torch import nn

from bigmodel_lab.from_scratch._checks_fusion import (
    check_lengths,
    check_probabilities,
    check_two_layers,
    check_weights,
)


def early(parts: Sequence[ArrayLike], weights: Sequence[float]) -> np.ndarray:
    """Return features side by side, each part (N, P_i) times its weight: (N, sum P_i).

    ValueError if the parts have different numbers of rows, or a weight is missing.
    """
    check_weights(parts, weights)
    # A model with a penalty on its weights listens to what has large numbers. So which
    # source it believes is decided here, whether one thinks of it or not.
    return np.hstack([w * np.asarray(x) for x, w in zip(parts, weights, strict=True)])


def mean(probabilities: Sequence[ArrayLike]) -> np.ndarray:
    """Return the mean of several models' probabilities (N, C): each has a vote."""
    check_probabilities(probabilities)
    return np.mean(probabilities, axis=0)


def product(probabilities: Sequence[ArrayLike]) -> np.ndarray:
    """Return their product, made to add up to 1: each has a veto.

    Right if, given the class, the sources have nothing to do with each other and the
    classes are equally frequent.
    """
    check_probabilities(probabilities)
    joint = np.prod(probabilities, axis=0)
    return joint / joint.sum(axis=1, keepdims=True)


def maximum(probabilities: Sequence[ArrayLike]) -> np.ndarray:
    """Return the largest of them, made to add up to 1: who is surest decides."""
    check_probabilities(probabilities)
    largest = np.max(probabilities, axis=0)
    return largest / largest.sum(axis=1, keepdims=True)


def either_right(answers: Sequence[ArrayLike], truth: ArrayLike) -> float:
    """Return how often at least one is right: no choice among answers can do better."""
    check_lengths(*answers, truth)
    right = [np.asarray(answer) == np.asarray(truth) for answer in answers]
    return float(np.any(right, axis=0).mean())


def out_of_fold(
    make_model: Callable, X: ArrayLike, y: ArrayLike, folds: int = 5, seed: int = 0
) -> np.ndarray:
    """Return probabilities (N, C) of models that have not seen the rows they judge.

    `make_model()` returns a classifier as scikit-learn has them. The model on top of a
    stack must learn from these: answers to rows that were seen are too good.
    """
    check_lengths(X, y)
    X, y = np.asarray(X), np.asarray(y)
    answers = np.empty((len(y), len(np.unique(y))))
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for seen, unseen in parts.split(X, y):
        answers[unseen] = make_model().fit(X[seen], y[seen]).predict_proba(X[unseen])
    return answers


# -- one network of several ------------------------------------------------------------


def matching(model: nn.Sequential, reference: nn.Sequential) -> torch.Tensor:
    """Return for each hidden unit of `reference` the one of `model` that is like it.

    Both have two linear layers. A permutation (hidden,), the best of all (Kuhn, 1955).
    """
    (a, b), (c, d) = check_two_layers(model), check_two_layers(reference)
    # Units are alike that read alike and are read alike.
    alike = c.weight @ a.weight.T + torch.outer(c.bias, a.bias) + d.weight.T @ b.weight
    _, order = linear_sum_assignment(-alike.detach().double().numpy())
    return torch.as_tensor(order)


@torch.no_grad()
def reorder(model: nn.Sequential, order: torch.Tensor) -> None:
    """Put a network's hidden units into another order: its answers stay the same."""
    first, second = check_two_layers(model)
    first.weight.copy_(first.weight[order])
    first.bias.copy_(first.bias[order])
    second.weight.copy_(second.weight[:, order])
