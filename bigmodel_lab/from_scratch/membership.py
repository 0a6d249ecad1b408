"""Who was in the data? What a trained model tells about it (D1 §3.4, §9.4).

Yeom and others (2018), arXiv 1709.01604; reference models and the report at few false
alarms: Carlini and others (2022), arXiv 2112.03570.
"""

import numpy as np
import torch
from torch import nn

from bigmodel_lab.from_scratch._checks_privacy import check_scores, check_share


@torch.no_grad()
def losses(model: nn.Module, X: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """Return the cross-entropy of each example: (N,)."""
    model.eval()
    return nn.functional.cross_entropy(model(X), y, reduction="none").cpu().numpy()


def scores(own: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    """Return how much each example looks like a member: (N,), high for members.

    own (N,) are the attacked model's losses; others (M, N), if given, those of M models
    that were trained without any of the N.
    """
    # What was trained on has a small loss. So has what is easy for everybody: compare.
    return -own if others is None else others.mean(0) - own


def caught(
    members: np.ndarray, others: np.ndarray, false_alarms: float = 0.01
) -> float:
    """Return the share of members that are told, at so many false alarms.

    members (N,) and others (M,) are scores. ValueError if one is empty or not finite,
    or false_alarms, a share of the others, is not from 0 to below 1.
    """
    check_scores(members, others)
    check_share(false_alarms)
    allowed = int(false_alarms * len(others))
    # Above the limit lie just as many others as may be accused wrongly.
    limit = np.sort(others, kind="stable")[::-1][allowed]
    return float((members > limit).mean())


def area(members: np.ndarray, others: np.ndarray) -> float:
    """Return the AUC: how often a member has a higher score than another (ties: half).

    ValueError if one is empty or not finite.
    """
    check_scores(members, others)
    below = np.sort(others, kind="stable")
    # How many others lie below each member; of those equal to it, half count.
    low, high = (np.searchsorted(below, members, side) for side in ("left", "right"))
    return float((low + high).mean() / (2 * len(others)))
