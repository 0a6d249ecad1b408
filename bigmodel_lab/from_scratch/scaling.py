"""Scaling laws: how the loss falls with parameters and tokens (D0 §1, D2 §8, D4 §8)."""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bigmodel_lab.from_scratch._checks_counting import (
    check_at_least,
    check_found_law,
    check_law_points,
    check_runs,
)

EXPONENTS = np.arange(0.02, 1.5, 0.02)  # tried for both


class ScalingLaw(NamedTuple):
    """E + A / N**alpha + B / D**beta (Hoffmann and others, 2022).

    E is what no model of this kind can go below, A / N**alpha what it loses for having
    only N parameters, B / D**beta what it loses for having read only D tokens.
    """

    E: float
    A: float
    alpha: float
    B: float
    beta: float

    def loss(self, parameters: ArrayLike, tokens: ArrayLike) -> np.ndarray:
        """Return the loss that the law predicts, numbers or arrays of one shape."""
        N, D = np.asarray(parameters, float), np.asarray(tokens, float)
        return self.E + self.A / N**self.alpha + self.B / D**self.beta


def power_law(
    x: ArrayLike, losses: ArrayLike, floor: float = 0.0
) -> tuple[float, float]:
    """Return (scale, exponent) of losses = floor + scale / x**exponent.

    Raises
    ------
    ValueError
        If a loss does not lie above the floor, or there are fewer than two.
    """
    check_law_points(x, losses, floor)
    # The logarithm of a power law is a straight line, if nothing is added to it.
    slope, start = np.polyfit(np.log(x), np.log(np.asarray(losses) - floor), 1)
    return float(np.exp(start)), float(-slope)


def fit(parameters: ArrayLike, tokens: ArrayLike, losses: ArrayLike) -> ScalingLaw:
    """Return the law with the least squared error on runs, arrays (R,) each.

    Raises
    ------
    ValueError
        If there are fewer than five different runs, or a number is not above 0.
    """
    check_runs(parameters, tokens, losses)
    # With its exponents given, the law is linear in E, A and B: least squares. So try
    # all pairs of exponents, first coarsely, then in steps ten times as fine.
    coarse = _best(product(EXPONENTS, EXPONENTS), parameters, tokens, losses)
    near = np.arange(-0.02, 0.0205, 0.002)
    pairs = product(coarse.alpha + near[near > -coarse.alpha], coarse.beta + near)
    return _best(pairs, parameters, tokens, losses)


def _best(exponents, parameters, tokens, losses):
    """Return the law with the least squared error among pairs (alpha, beta)."""
    N, D = np.asarray(parameters, float), np.asarray(tokens, float)
    least, best = np.inf, None
    for alpha, beta in exponents:
        terms = np.stack([np.ones_like(N), N**-alpha, D**-beta], 1)  # (R, 3)
        (E, A, B), *_ = np.linalg.lstsq(terms, losses)
        error = np.square(terms @ (E, A, B) - losses).sum()
        # A loss below 0, or one that grows with the data, is no law.
        if min(E, A, B) >= 0 and error < least:
            least, best = error, ScalingLaw(*map(float, (E, A, alpha, B, beta)))
    return check_found_law(best)


def compute_optimal(law: ScalingLaw, flops: float) -> tuple[float, float]:
    """Return the (parameters, tokens) with the least loss for 6 N D = flops.

    Raises
    ------
    ValueError
        If flops is not above 0.
    """
    check_at_least("flops", flops, 1)
    # Put D = flops / (6 N) into the law, and set the derivative by N to 0.
    share = law.beta / (law.alpha + law.beta)
    tilt = law.alpha * law.A / (law.beta * law.B)
    N = tilt ** (1 / (law.alpha + law.beta)) * (flops / 6) ** share
    return N, flops / (6 * N)
