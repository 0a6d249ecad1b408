"""What private training promises: epsilon and delta, added up over steps (D1 §9.4).

Whoever sees the trained model is hardly surer that you were in the data than before:
no event gets more than exp(epsilon) times as likely through you, but for a chance of
delta. Mironov, Talwar and Zhang (2019), arXiv 1908.10530; the last step: Balle and
others (2020), arXiv 1905.09982.
"""

import math
from collections.abc import Iterable

import numpy as np
from scipy.special import gammaln, logsumexp, xlog1py, xlogy

from bigmodel_lab.from_scratch._checks_privacy import (
    check_delta,
    check_noise,
    check_orders,
    check_rate,
    check_steps,
    check_wish,
)

ORDERS = range(2, 256)  # at which the loss of privacy is added up
LEAST, MOST = 0.3, 1000.0  # of noise, where `noise_for` looks


def step_cost(rate: float, noise: float, order: int) -> float:
    """Return what one step costs at an order, a whole number from 2 on.

    Each example is in the step with probability `rate`; the noise is `noise` times what
    an example may change. The cost is Rényi's divergence between the two sums that are
    seen with you and without you.
    """
    check_rate(rate)
    check_noise(noise, above=0)
    check_orders([order])
    k = np.arange(order + 1)  # of `order` draws, in how many you are
    ways = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
    chance = xlogy(k, rate) + xlog1py(order - k, -rate)
    return float(logsumexp(ways + chance + (k * k - k) / (2 * noise**2)) / (order - 1))


def epsilon(
    rate: float,
    noise: float,
    steps: int,
    delta: float = 1e-5,
    orders: Iterable[int] = ORDERS,
) -> float:
    """Return the epsilon that so many steps promise together, for a given delta.

    ValueError unless 0 < rate <= 1, noise is above 0 and finite, 0 < delta < 1, and
    steps and orders are whole numbers (from 1 and from 2 on).
    """
    check_delta(delta)
    check_steps(steps)
    # Costs at one order add up over the steps. The promise holds at each order, so the
    # best of them may be taken.
    return min(converted(steps * step_cost(rate, noise, a), a, delta) for a in orders)


def converted(cost: float, order: int, delta: float) -> float:
    """Return the epsilon that a cost at an order promises, for a given delta."""
    return cost + math.log1p(-1 / order) - math.log(delta * order) / (order - 1)


def noise_for(wish: float, rate: float, steps: int, delta: float = 1e-5) -> float:
    """Return the least noise with which so many steps promise epsilon <= `wish`.

    ValueError if the wish is not above 0 and finite, or out of reach.
    """
    check_wish(wish, *(epsilon(rate, end, steps, delta) for end in (MOST, LEAST)))
    low, high = LEAST, MOST
    # More noise, less epsilon: halve the stretch in which the answer lies.
    while high / low > 1.0001:
        middle = math.sqrt(low * high)
        if epsilon(rate, middle, steps, delta) > wish:
            low = middle
        else:
            high = middle
    return high


def most_caught(epsilon: float, delta: float, false_alarms: float) -> float:
    """Return the share of members that any attack can catch at most.

    With so many false alarms (a share) among those who are no members. Wasserman and
    Zhou (2010): exp(epsilon) times as many, and delta.
    """
    return min(1.0, math.exp(min(epsilon, 700.0)) * false_alarms + delta)
