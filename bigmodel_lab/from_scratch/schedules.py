"""Learning-rate schedules: the factor on the learning rate at `step` of `steps`.

lab.Training(..., schedule=lab.schedules.cosine)
"""

import math

from bigmodel_lab.from_scratch._checks import check_warmup


def step_decay(step: int, steps: int, drops: int = 2, factor: float = 0.1) -> float:
    """Return 1, times `factor` after each drop; all stages are equally long."""
    # `drops` drops cut the training into drops + 1 stages. The integer division says
    # how many of them are over: that many times the factor applies.
    return factor ** (step * (drops + 1) // steps)


def cosine(step: float, steps: float, final: float = 0.0) -> float:
    """Return half a cosine from 1 to `final` (Loshchilov & Hutter 2017)."""
    # How much of the way is done: from 0 to 1, and 1 ever after.
    share = min(step / steps, 1)
    # cos falls from 1 to -1 over half a turn, so (1 + cos) / 2 falls from 1 to 0:
    # slowly at first, fastest in the middle, slowly again at the end.
    return final + (1 - final) * (1 + math.cos(math.pi * share)) / 2


def one_cycle(
    step: int,
    steps: int,
    warmup: float = 0.3,
    start: float = 1 / 25,
    final: float = 1 / 250_000,
) -> float:
    """Return a rise from `start` to 1, then a fall to `final` (Smith & Topin 2019).

    Both are half cosines; the rise takes the share `warmup` of the `steps`.

    Raises
    ------
    ValueError
        If the warm-up is not a share between 0 and 1, or not longer than a step.
    """
    check_warmup(warmup, steps)
    # Steps count from 0, so the last step of the rise, the peak, is one less.
    peak = warmup * steps - 1
    # Rise: at first 1 - start is missing, and what is missing fades along a cosine.
    if step <= peak:
        return 1 + (start - 1) * cosine(step, peak)
    # Fall: a cosine that begins at the peak and ends at the last step.
    return cosine(step - peak, steps - 1 - peak, final)
