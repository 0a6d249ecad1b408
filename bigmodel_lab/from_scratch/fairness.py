"""What a decision does to groups of people, and what may be done about it (D1 §8.4).

Gaps: Hardt, Price and Srebro (2016), arXiv 1610.02413. Weights: Kamiran and Calders
(2012), *Data preprocessing techniques for classification without discrimination*.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bigmodel_lab.from_scratch._checks_fusion import (
    check_decisions,
    check_groups,
    check_rate,
    check_truth,
)


def selection_rates(decisions: ArrayLike, groups: ArrayLike) -> pd.Series:
    """Return for each group the share of people for whom the decision is yes.

    decisions (N,) are 0 or 1, groups (N,) any values. ValueError if they do not fit, a
    group is not known, or has one member only.
    """
    check_decisions(decisions, groups)
    decisions, groups = np.asarray(decisions, dtype=float), np.asarray(groups)
    return pd.Series(decisions).groupby(groups).mean()


def selection_gap(decisions: ArrayLike, groups: ArrayLike) -> float:
    """Return how far the groups' shares of yes are apart (demographic parity)."""
    rates = selection_rates(decisions, groups)
    return float(rates.max() - rates.min())


def odds_gap(decisions: ArrayLike, truth: ArrayLike, groups: ArrayLike) -> float:
    """Return the same among people who are alike in truth (equalized odds).

    truth (N,) is 0 or 1: who would have paid back. The larger of two gaps: among those
    who would, and among those who would not. ValueError if one of the two does not
    occur, or as in `selection_rates`.
    """
    check_truth(decisions, truth)
    decisions, groups = np.asarray(decisions), np.asarray(groups)
    alike = [np.asarray(truth) == value for value in (1, 0)]
    # Whoever decides by the truth alone has no gap here, however unlike the groups are.
    return max(selection_gap(decisions[rows], groups[rows]) for rows in alike)


def balancing_weights(truth: ArrayLike, groups: ArrayLike) -> np.ndarray:
    """Return weights (N,) with which group and truth are independent.

    A model that is trained with them sees as many good cases in each group. ValueError
    as in `selection_rates`.
    """
    check_decisions(truth, groups)
    rows = pd.DataFrame({"truth": np.asarray(truth), "group": np.asarray(groups)})

    def alike(columns):
        return rows.groupby(columns)["truth"].transform("size")

    # As many as there would be of this kind by chance, over as many as there are.
    expected = alike("truth") * alike("group") / len(rows)
    return (expected / alike(["truth", "group"])).to_numpy()


def threshold(scores: ArrayLike, rate: float) -> float:
    """Return the score from which on a share `rate` of people gets a yes."""
    check_rate(rate)
    return float(np.quantile(np.asarray(scores, dtype=float), 1 - rate))


def group_thresholds(scores: ArrayLike, groups: ArrayLike, rate: float) -> pd.Series:
    """Return a threshold for each group, so that `rate` of each one gets a yes.

    ValueError if the rate is not between 0 and 1, or as in `selection_rates`.
    """
    check_groups(scores, groups)
    scores = pd.Series(np.asarray(scores, dtype=float))
    # The same share of each group: others have to be refused for it who scored higher.
    return scores.groupby(np.asarray(groups)).apply(threshold, rate=rate)
