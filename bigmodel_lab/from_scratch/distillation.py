"""A small network learns from a large one's answers: distillation.

Hinton and others (2015), arXiv 1503.02531.
"""

import torch

from bigmodel_lab.from_scratch._checks_shrinking import check_answers


def soft_answers(logits: torch.Tensor, temperature: float = 4.0) -> torch.Tensor:
    """Return probabilities (N, C) of logits (N, C), the softer the warmer.

    Raises ValueError if the temperature is not above 0.
    """
    check_answers(logits, logits, temperature)
    # A trained teacher says 0.999 and 0.001. Which wrong answers are less wrong (a 7 is
    # more like a 1 than like an 8) is in the small numbers: warmth makes them seen.
    return (logits / temperature).softmax(-1)


def distillation_loss(
    student: torch.Tensor, teacher: torch.Tensor, temperature: float = 4.0
) -> torch.Tensor:
    """Return how far a student's answers are from its teacher's, a scalar in nats.

    Both are logits (N, C). Raises ValueError if their shapes differ, or the temperature
    is not above 0.
    """
    check_answers(student, teacher, temperature)
    p = soft_answers(teacher, temperature)
    log_q = (student / temperature).log_softmax(-1)
    # Kullback and Leibler's: the surplus of the cross-entropy over what is unavoidable.
    surplus = (torch.special.xlogy(p, p) - p * log_q).sum(-1).mean()
    # Softer answers have gradients smaller by T²: so that the same rate does for all.
    return temperature**2 * surplus
