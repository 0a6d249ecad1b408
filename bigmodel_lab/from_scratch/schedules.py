"""Learning-rate schedules: the factor on the learning rate at `step` of `steps`.

lab.Training(..., schedule=lab.schedules.cosine)
"""

import math


def step_decay(step, steps, drops=2, factor=0.1):
    """Return 1, and `factor` times less after each drop; stages are equally long."""
    return factor ** (step * (drops + 1) // steps)


def cosine(step, steps, final=0.0):
    """Return half a cosine from 1 to `final` (Loshchilov & Hutter 2017)."""
    share = min(step / steps, 1)
    return final + (1 - final) * (1 + math.cos(math.pi * share)) / 2


def one_cycle(step, steps, warmup=0.3, start=1 / 25, final=1 / 250_000):
    """Return a rise from `start` to 1, then a fall to `final` (Smith & Topin 2019).

    Both are half cosines; the rise takes the share `warmup` of the `steps`.

    Raises
    ------
    ValueError
        If the warm-up is no share between 0 and 1, or shorter than a step.
    """
    peak = warmup * steps - 1
    if not 0 < warmup < 1 or peak <= 0:
        raise ValueError(
            f"warmup must be a share between 0 and 1 of more than one step, got "
            f"{warmup} of {steps} steps."
        )
    if step <= peak:
        return 1 + (start - 1) * cosine(step, peak)
    return cosine(step - peak, steps - 1 - peak, final)
