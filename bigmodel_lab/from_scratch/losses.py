"""Loss functions written from their formulas; each is a mean over the batch."""

import torch

from bigmodel_lab.from_scratch._checks import (
    check_classification,
    check_same_shape,
    check_yes_or_no,
)


def mse(predictions: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error, a scalar in the targets' units squared.

        mse = 1/N sum_i (prediction_i - target_i)^2

    D0 §4.1 prints the factor 1/(2N) instead; PyTorch and Keras use 1/N, and so do we.

    Parameters
    ----------
    predictions, targets : torch.Tensor
        Two tensors of one shape, with at least one element.

    Raises
    ------
    ValueError
        If the shapes differ (they would broadcast to a wrong loss) or are empty.
    """
    check_same_shape("predictions", predictions, targets)
    # The square makes an error that is twice as large count four times as much.
    return ((predictions - targets) ** 2).mean()


def binary_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of yes-or-no targets, a scalar in nats.

        loss = -mean( t log p + (1 - t) log(1 - p) ),  p = sigmoid(logit)

    Both terms are needed: with the first alone, as printed in D2 §4.2.2, p = 1 for
    everybody would cost nothing.

    Parameters
    ----------
    logits, targets : torch.Tensor
        Two tensors of one shape; targets from 0 to 1, of any type.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, or a target is not from 0 to 1.
    """
    check_yes_or_no(logits, targets)
    targets = targets.to(logits.dtype)  # from True and False, or whole numbers, too
    # Put p = 1 / (1 + e^-z) into the formula and simplify: log(1 + e^z) - t z.
    # logaddexp(z, 0) is log(e^z + e^0), and finite for every z, even for 1000.
    return (torch.logaddexp(logits, torch.zeros_like(logits)) - targets * logits).mean()


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of the softmax of `logits`, a scalar in nats.

        loss = -mean_i sum_k t_ik log p_ik,  p = softmax(logits)

    D0 §4.2 stops at -t/p, which is infinite where p is rounded to 0; here log p is
    computed without p.

    Parameters
    ----------
    logits : torch.Tensor
        (N, classes), numbers of any size.
    targets : torch.Tensor
        (N,) whole numbers, the classes; or (N, classes), the probabilities of each.

    Raises
    ------
    ValueError
        If a shape is wrong, the batch is empty, or a class is unknown.
    """
    check_classification(logits, targets)
    # Shift each row so that its largest logit is 0. The softmax stays the same, and
    # e^z cannot overflow.
    logits = logits - logits.detach().amax(1, keepdim=True)  # (N, classes)
    # The logarithm of e^z / sum_j e^z_j is a difference: no p, so no log(0).
    log_p = logits - logits.exp().sum(1, keepdim=True).log()  # (N, classes)
    # Given probabilities, each class counts as much as its target says.
    if targets.shape == logits.shape:
        return -(targets.to(log_p.dtype) * log_p).sum(1).mean()
    # Given a class, its t is 1 and all others are 0: one term of the sum is left.
    # gather picks it out of each row, column `target`.
    return -log_p.gather(1, targets.long()[:, None]).mean()
