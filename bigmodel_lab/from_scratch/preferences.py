"""From which of two texts is better to a model that writes such ones (D4 §2.1).

Shapes: N texts, T tokens, V tokens in the vocabulary. A text's `mask` (N, T) is 1 for
the tokens that the model wrote, 0 for the prompt and what stands behind the end.
"""

import torch
from torch.nn import functional as F

from bigmodel_lab.from_scratch._checks_tuning import (
    check_beta,
    check_finite,
    check_tries,
)


def of_targets(log_p: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return ln p (N, T) of each target (N, T), of ln p of all tokens (N, T, V)."""
    return log_p.gather(2, targets[..., None])[..., 0]


def advantages(rewards: torch.Tensor) -> torch.Tensor:
    """Return how much better than its group each text was, (N,) of rewards (N,).

    Group-relative (Shao and others, 2024): no second network has to guess what reward
    was to be expected. Raises ValueError if a reward is NaN or infinite.
    """
    check_finite("reward", rewards)
    # If all are alike there is nothing to learn: 0 / a little is 0.
    return (rewards - rewards.mean()) / (rewards.std() + 1e-3)


def policy_loss(
    log_p: torch.Tensor, advantages: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Return the loss whose gradient makes better texts likelier (Williams, 1992).

    log_p (N, T) of the tokens that were written, advantages (N,), and mask (N, T): the
    tokens that are praised or blamed. All of a text get the same praise, although most
    of them had no part in it: to mask these makes learning much faster.
    """
    praise = advantages[:, None] * log_p * mask
    # The sum over a text's tokens is its ln p; then the mean over texts.
    return -praise.sum(1).mean()


def kl_divergence(
    log_p: torch.Tensor, log_q: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Return how far the model has moved from the reference, in nats a text.

    log_p and log_q (N, T, V) are the logarithms of what the model and the reference
    expect, at places that the *model* wrote: what it does there counts, not what the
    reference would have written.
    """
    each = (log_p.exp() * (log_p - log_q)).sum(-1)  # (N, T), 0 or above
    return (each * mask).sum(1).mean()


def dpo_loss(
    better: torch.Tensor,
    worse: torch.Tensor,
    reference_better: torch.Tensor,
    reference_worse: torch.Tensor,
    beta: float = 0.1,
) -> torch.Tensor:
    """Return the loss of direct preference optimization (Rafailov and others, 2023).

    All are ln p (N,) of whole texts: of the better and the worse one of each pair, by
    the model and by the reference that it began as. The *larger* beta, the closer the
    model stays to the reference. Raises ValueError if beta is not above 0.
    """
    check_beta(beta)
    # How much likelier has the model made each than it was at the start?
    gained = (better - reference_better) - (worse - reference_worse)  # (N,)
    # A classifier of pairs: -ln p that the better one is the better one.
    return -F.logsigmoid(beta * gained).mean()


def pass_at(k: int, tries: int, right: int) -> float:
    """Return how probably at least one of k tries is right, from more tries than k.

    Unbiased (Chen and others, 2021): 1 - (right / tries) to the power of k would be too
    low. Raises ValueError if the numbers do not go together.
    """
    check_tries(k, tries, right)
    # One minus the share of the ways to choose k tries that are all wrong.
    wrong = 1.0
    for i in range(k):
        wrong *= max(0, tries - right - i) / (tries - i)
    return 1 - wrong
