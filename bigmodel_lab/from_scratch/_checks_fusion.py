"""What fusion and fairness refuse, and what to do instead."""

import numpy as np
import pandas as pd
from torch import nn


def check_lengths(*parts):
    """Raise ValueError unless all parts have as many rows, one at least."""
    sizes = [len(part) for part in parts]
    if len(set(sizes)) != 1 or not sizes[0]:
        raise ValueError(
            f"All must have the same rows, one for each example: got "
            f"{', '.join(map(str, sizes))}."
        )


def check_groups(values, groups):
    """Raise ValueError unless each row has a group that it shares with another row."""
    check_lengths(values, groups)
    groups = pd.Series(np.asarray(groups))
    if missing := int(groups.isna().sum()):
        raise ValueError(
            f"{missing} of {len(groups)} rows have no group: give them one of their "
            f'own, such as "not told", or leave them out and say so.'
        )
    counts = groups.value_counts(sort=False)
    if (counts == 1).any():
        raise ValueError(
            f"The group {counts[counts == 1].index[0]!r} has one member: a rate of one "
            f"person says nothing (and tells who it is). Put it with another group."
        )


def check_decisions(decisions, groups):
    """Raise ValueError unless decisions are 0 or 1, with a group for each."""
    check_groups(decisions, groups)
    found = set(np.unique(np.asarray(decisions)).tolist())
    if not found <= {0, 1}:
        raise ValueError(f"Decisions must be 0 or 1, got {sorted(found)[:5]}.")


def check_truth(decisions, truth):
    """Raise ValueError unless there is a truth of 0 or 1 for each, and both occur."""
    check_lengths(decisions, truth)
    found = sorted(set(np.unique(np.asarray(truth)).tolist()))
    if found != [0, 1]:
        raise ValueError(
            f"truth must have both 0 and 1, got {found[:5]}: a gap is looked for among "
            f"those of each."
        )


def check_rate(rate):
    """Raise ValueError unless a rate is between 0 and 1."""
    if not 0 < rate < 1:
        raise ValueError(f"rate must be between 0 and 1, got {rate}: 0.8 is 80 %.")


def check_weights(parts, weights):
    """Raise ValueError unless there are parts, with the same rows and a weight each."""
    if not len(parts):
        raise ValueError("There is nothing to fuse: give a list of arrays (N, P).")
    check_lengths(*parts)
    if len(parts) != len(weights):
        raise ValueError(
            f"Each part needs a weight: there are {len(parts)} parts and "
            f"{len(weights)} weights."
        )


def check_probabilities(probabilities):
    """Raise ValueError unless all are (N, C) of one shape, rows adding up to 1."""
    shapes = {np.shape(p) for p in probabilities}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ValueError(
            f"Probabilities (N, C) of one shape are needed, got "
            f"{sorted(shapes, key=str)}: do all models know the same classes?"
        )
    sums = np.sum(probabilities, axis=2)
    if not np.allclose(sums, 1, atol=1e-3):
        worst = sums.flat[np.abs(sums - 1).argmax()]
        raise ValueError(
            f"A row of probabilities adds up to {worst:.3g} instead of 1: give the "
            f"softmax of logits."
        )


def check_two_layers(model):
    """Return a network's two linear layers; ValueError if it has other weights."""
    layers = [layer for layer in model.modules() if list(layer.parameters(False))]
    linear = all(isinstance(layer, nn.Linear) for layer in layers)
    if len(layers) != 2 or not linear or layers[0].bias is None:
        raise ValueError(
            f"Two nn.Linear layers are needed, the first with a bias, got "
            f"{', '.join(type(layer).__name__ for layer in layers) or 'none'}."
        )
    return layers
