"""What a learning curve shows, in one sentence, and what to try next."""

import math

import pandas as pd


def diagnose(history: pd.DataFrame) -> str:
    """Read a `Training.history` and return one sentence of advice.

    It distinguishes overfitting, a loss that is still falling and one that is flat. A
    flat curve alone does not tell a solved problem from a stuck model: only a baseline
    does. The thresholds (1, 2 and 5 % changes) are rules of thumb, not theory.
    """
    unit = "step" if "step" in history else "epoch"
    train, place = history["train_loss"], history[unit]
    last = len(history)
    if last < 3:
        if unit == "epoch":
            return "Too few epochs to judge: give it at least 3."
        if last and place.iloc[-1] > last:  # not each step is measured
            return "Too few measurements to judge: make measure_every smaller."
        return "Too few steps to judge: let it run longer."
    validation = history.get("validation_loss", pd.Series(dtype=float))
    if 0 < validation.min() < math.inf:  # there are values, and they can be compared
        best = int(validation.idxmin()) + 1
        rose = validation.iloc[-1] / validation.min() - 1
        learned = train.iloc[-1] < train.iloc[best - 1]
        if best < last and rose > 0.02 and learned:
            return (
                f"Overfitting from {unit} {place[best - 1]}: since then validation "
                f"loss rose by {rose:.0%} while training loss fell. Stop there, or try "
                f"more data, a smaller model or weight decay."
            )
    if train.iloc[-1] > 1.05 * train.iloc[0]:
        return "The loss rises: the learning rate is too large, try a tenth of it."
    fell = 1 - train.iloc[-1] / (train.iloc[0] or 1)
    if 0 < fell < 0.05 and train.is_monotonic_decreasing:
        return (
            f"It hardly moves: the loss fell by {fell:.1%} in {place[last - 1]} "
            f"{unit}s. Try a learning rate ten times as large."
        )
    quarter = max(1, last // 4)
    if train.iloc[-1] < 0.98 * train.iloc[-1 - quarter]:
        return f"Still falling at the end: try more {unit}s or a larger learning rate."
    reached = place[(train <= 1.01 * train.min()).idxmax()]
    return (
        f"Flat since {unit} {reached}: either done, as low as the noise in the data "
        f"allows, or stuck. Compare it with a baseline: if that is as good, try "
        f"another learning rate, richer features or another model."
    )
