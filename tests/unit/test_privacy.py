"""The accountant by hand against opacus, and what it refuses."""

import math
import warnings

import numpy as np
import pytest
from scipy import integrate, stats

from bigmodel_lab import privacy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # opacus, of what it will change
    from opacus.accountants import RDPAccountant


def opacus(rate, noise, steps, delta, orders=None):
    """Return opacus's epsilon, at given orders or its own."""
    accountant = RDPAccountant()
    accountant.history = [(noise, rate, steps)]
    alphas = {} if orders is None else {"alphas": list(orders)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the best order is the last
        return accountant.get_privacy_spent(delta=delta, **alphas)[0]


SETTINGS = [
    (rate, noise, steps, delta)
    for rate, noise in [(0.001, 0.6), (0.064, 0.8), (0.2, 2), (0.5, 8), (1.0, 4)]
    for steps in (1, 160)
    for delta in (1e-5, 1e-7)
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_epsilon_is_that_of_opacus_at_the_same_orders(setting):
    wanted = opacus(*setting, orders=privacy.ORDERS)
    assert privacy.epsilon(*setting) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("setting", SETTINGS)
def test_orders_between_whole_numbers_gain_little(setting):
    theirs = opacus(*setting)
    assert privacy.epsilon(*setting) == pytest.approx(theirs, rel=0.35)


@pytest.mark.parametrize("order", [2, 3, 7])
def test_the_cost_of_a_step_is_the_divergence_that_it_names(order):
    rate, noise = 0.1, 1.5

    def integrand(x):
        without = stats.norm.pdf(x, 0, noise)
        with_you = rate * stats.norm.pdf(x, 1, noise) + (1 - rate) * without
        return without * (with_you / without) ** order

    moment, _ = integrate.quad(integrand, -12, 18)
    wanted = math.log(moment) / (order - 1)
    assert privacy.step_cost(rate, noise, order) == pytest.approx(wanted, rel=1e-6)


def test_a_whole_batch_costs_order_over_twice_the_variance():
    assert privacy.step_cost(1.0, 2.0, 6) == pytest.approx(6 / (2 * 2.0**2))


def test_more_noise_fewer_steps_and_smaller_batches_promise_more():
    base = privacy.epsilon(0.1, 1, 100)
    assert privacy.epsilon(0.1, 2, 100) < base
    assert privacy.epsilon(0.1, 1, 50) < base
    assert privacy.epsilon(0.05, 1, 100) < base
    # Twice the steps cost less than twice the epsilon.
    assert base < privacy.epsilon(0.1, 1, 200) < 2 * base


@pytest.mark.parametrize("wish", [0.5, 2, 8])
def test_the_noise_for_an_epsilon_is_the_least_that_keeps_it(wish):
    noise = privacy.noise_for(wish, 0.064, 160)
    assert wish * 0.998 < privacy.epsilon(0.064, noise, 160) <= wish


@pytest.mark.parametrize("wish", [0, -1, math.inf, math.nan])
def test_an_epsilon_that_nothing_can_keep_is_refused(wish):
    with pytest.raises(ValueError, match="epsilon must be above 0 and finite"):
        privacy.noise_for(wish, 0.1, 100)


def test_an_epsilon_out_of_reach_is_refused_with_what_is_in_reach():
    with pytest.raises(ValueError, match=r"0.001 is out of reach.*gives from"):
        privacy.noise_for(0.001, 0.5, 10_000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": 0}, "rate must be above 0"),
        ({"rate": 1.5}, "rate must be above 0 and at most 1"),
        ({"noise": 0}, "without noise no epsilon"),
        ({"noise": math.inf}, "noise must be above 0 and finite"),
        ({"steps": 0}, "steps must be a whole number"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"delta": 0}, "delta must be between 0 and 1"),
        ({"delta": 1}, "delta must be between 0 and 1"),
        ({"orders": [1]}, "orders must be whole numbers from 2 on"),
        ({"orders": [2.5]}, "orders must be whole numbers from 2 on"),
    ],
)
def test_settings_without_meaning_are_refused(change, words):
    setting = {"rate": 0.1, "noise": 1.0, "steps": 10} | change
    with pytest.raises(ValueError, match=words):
        privacy.epsilon(**setting)


def test_no_test_tells_two_noisy_sums_apart_better_than_promised():
    # One step, everybody in it: with you, the sum has mean 1, without you, 0.
    noise, delta = 2.0, 1e-5
    promised = privacy.epsilon(1.0, noise, 1, delta)
    for false_alarms in np.linspace(0.001, 0.5, 50):
        limit = stats.norm.isf(false_alarms, 0, noise)
        caught = stats.norm.sf(limit, 1, noise)
        assert caught <= privacy.most_caught(promised, delta, false_alarms)


def test_an_infinite_epsilon_promises_nothing():
    assert privacy.most_caught(math.inf, 1e-5, 0.01) == 1
