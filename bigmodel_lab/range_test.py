"""The range test: which learning rates work, found before the real training."""

import copy
import math

import numpy as np
import pandas as pd
import torch

from bigmodel_lab.checks import whole
from bigmodel_lab.measuring import measure
from bigmodel_lab.training import Diverged, Training


def learning_rate_range_test(
    training: Training, low: float = 1e-6, high: float = 10.0, steps: int = 100
) -> tuple[pd.DataFrame, float]:
    """Train a copy with a growing learning rate and see where the loss turns.

    The training itself is not touched. After every step the loss is measured on the
    same samples, 1,000 or a few more: single batches would add their noise.
    Smith (2017), "Cyclical learning rates for training neural networks".

    Returns
    -------
    table : pandas.DataFrame
        Columns learning_rate and loss, as long as the loss is finite.
    suggestion : float
        A tenth of the last learning rate at which the loss was near its lowest: above
        it by at most a tenth of its fall.

    Raises
    ------
    ValueError
        If the range or `steps` makes no sense, or if the first step already diverges.
    """
    if not 0 < low < high < math.inf:
        raise ValueError(f"low must be above 0 and below high, got {low}, {high}.")
    learning_rates = np.geomspace(low, high, whole("steps", steps))
    cuda = [training.device] if training.device.type == "cuda" else []
    with torch.random.fork_rng(cuda):  # dropout draws random numbers too
        start, *losses = _losses(training, learning_rates)
    if not losses:
        raise ValueError(f"The first step at learning_rate {low} diverged: lower it.")
    loss, lowest = np.array(losses), int(np.argmin(losses))
    fall = max(start - loss[lowest], 0)
    left = np.flatnonzero(loss[lowest:] > loss[lowest] + 0.1 * fall)
    edge = lowest + left[0] - 1 if len(left) else len(loss) - 1
    table = {"learning_rate": learning_rates[: len(loss)], "loss": loss}
    return pd.DataFrame(table), float(learning_rates[max(edge, lowest)] / 10)


def _losses(training, learning_rates):
    """Yield the loss before the first step, then the loss after each finite one."""
    probe = copy.copy(training)
    probe.model, probe.optimizer = copy.deepcopy((training.model, training.optimizer))
    probe.steps_done, probe.losses, probe.rows = 0, [], []
    probe.total_steps, probe.validation, probe.schedule = (
        len(learning_rates),
        None,
        None,
    )
    X, y = _samples(probe, 1000)
    yield measure(probe.model, probe.loss, X, y)["loss"]
    steps = iter(probe)
    for learning_rate in learning_rates:
        for group in probe.optimizer.param_groups:
            group["lr"] = learning_rate
        try:
            next(steps)
        except Diverged:
            return
        loss = measure(probe.model, probe.loss, X, y)["loss"]
        if not math.isfinite(loss):
            return
        yield loss


def _samples(training, least):
    """Return X and y of the first batches: `least` samples or more, if there are."""
    batches, count = [], 0
    for X, y in training.batches():
        batches.append((X, y))
        count += len(X)
        if count >= least:
            break
    return tuple(torch.cat(part) for part in zip(*batches, strict=True))
