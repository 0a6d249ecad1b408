"""Scaling laws are found again where they hold, and refused where they cannot."""

import numpy as np
import pytest
from scipy.optimize import curve_fit, minimize_scalar

from bigmodel_lab.from_scratch import scaling
from bigmodel_lab.from_scratch.scaling import ScalingLaw

LAW = ScalingLaw(E=5.0, A=60.0, alpha=0.4, B=300.0, beta=0.5)


def runs(law, noise=0.0, seed=None):
    """Return (parameters, tokens, losses) of a grid of runs."""
    N, D = (a.ravel() for a in np.meshgrid([5e4, 2e5, 1e6], [1e5, 5e5, 2e6, 8e6]))
    rng = np.random.default_rng(seed)
    return N, D, law.loss(N, D) + noise * rng.normal(size=len(N))


def test_a_law_is_found_from_its_own_losses():
    N, D, losses = runs(LAW)
    found = scaling.fit(N, D, losses)
    np.testing.assert_allclose(found.loss(N, D), losses, atol=2e-3)
    assert found.loss(8e6, 4e7) == pytest.approx(LAW.loss(8e6, 4e7), abs=0.02)


def test_the_fit_is_as_good_as_that_of_scipy():
    N, D, losses = runs(LAW, noise=0.02)

    def formula(X, E, A, alpha, B, beta):
        return E + A / X[0] ** alpha + B / X[1] ** beta

    theirs, _ = curve_fit(formula, (N, D), losses, LAW, bounds=(0, np.inf))
    error = np.square(formula((N, D), *theirs) - losses).sum()
    ours = np.square(scaling.fit(N, D, losses).loss(N, D) - losses).sum()
    assert ours <= 1.01 * error


def test_a_power_law_is_found_above_its_floor():
    x = np.array([1.0, 3.0, 10.0, 40.0])
    assert scaling.power_law(x, 2 + 5 / x**0.3, floor=2) == pytest.approx((5, 0.3))


def test_the_optimum_is_where_no_other_model_is_better():
    flops = 10 ** np.random.default_rng().uniform(12, 18)
    N, D = scaling.compute_optimal(LAW, flops)
    assert pytest.approx(flops) == 6 * N * D
    best = minimize_scalar(
        lambda n: float(LAW.loss(np.exp(n), flops / 6 / np.exp(n))), (5, 20)
    )
    assert LAW.loss(N, D) == pytest.approx(best.fun, abs=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scaling.fit([1, 2], [1, 2], [3]), "got 2, 2 and 1"),
        (lambda: scaling.fit([1] * 9, [1] * 9, [3] * 9), "at least five runs"),
        (
            lambda: scaling.fit([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], [3, 2, 2, np.nan, 1]),
            "losses must be finite and above 0, got nan",
        ),
        (
            lambda: scaling.fit([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
            "No law fits",
        ),
        (lambda: scaling.power_law([1, 2], [3, 2], floor=2), "floor must be below"),
        (lambda: scaling.power_law([1], [3]), "at least two points"),
        (lambda: scaling.compute_optimal(LAW, 0), "flops must be a number"),
    ],
)
def test_what_cannot_be_fitted_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
