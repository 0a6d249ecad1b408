"""Loss functions written from their formulas; each is a mean over the batch."""

import torch


def mse(predictions, targets):
    """Return the mean squared error, a scalar in the targets' units squared.

        mse = 1/N sum_i (prediction_i - target_i)^2

    D0 §4.1 prints the factor 1/(2N) instead; PyTorch and Keras use 1/N, and so do we.

    Parameters
    ----------
    predictions, targets : torch.Tensor
        Two tensors of one shape, at least one element.

    Raises
    ------
    ValueError
        If the shapes differ (they would broadcast to a wrong loss) or are empty.
    """
    _check_same_shape("predictions", predictions, targets)
    return ((predictions - targets) ** 2).mean()


def binary_cross_entropy(logits, targets):
    """Return the cross-entropy of yes-or-no targets, a scalar in nats.

        loss = -mean( t log p + (1 - t) log(1 - p) ),  p = sigmoid(logit)

    Both terms are needed: with the first alone, as printed in D2 §4.2.2, nothing
    speaks against p = 1 for everybody. Computed as mean(log(1 + e^z) - t z), which is
    the same and finite for every logit z.

    Parameters
    ----------
    logits, targets : torch.Tensor
        Two tensors of one shape; targets from 0 to 1, of any type.

    Raises
    ------
    ValueError
        If the shapes differ or are empty, or a target lies outside 0 to 1.
    """
    _check_same_shape("logits", logits, targets)
    if not ((targets >= 0) & (targets <= 1)).all():
        raise ValueError("targets must lie from 0 to 1: they are probabilities of yes.")
    targets = targets.to(logits.dtype)
    return (torch.logaddexp(logits, torch.zeros_like(logits)) - targets * logits).mean()


def cross_entropy(logits, targets):
    """Return the cross-entropy of the softmax of `logits`, a scalar in nats.

        loss = -mean_i sum_k t_ik log p_ik,  p = softmax(logits)

    Computed from log p = z - log sum_j e^z_j with the largest logit taken out first
    (D0 §4.2 stops at -t/p, where log(0) waits).

    Parameters
    ----------
    logits : torch.Tensor
        (N, classes), any size of numbers.
    targets : torch.Tensor
        (N,) whole numbers, the classes; or (N, classes), the probabilities of each.

    Raises
    ------
    ValueError
        If a shape is wrong, the batch is empty, or a class is unknown.
    """
    if logits.dim() != 2 or not logits.numel():
        raise ValueError(
            f"logits must have shape (N, classes) with N >= 1, got "
            f"{tuple(logits.shape)}."
        )
    logits = logits - logits.detach().amax(1, keepdim=True)  # (N, C): e^z <= 1
    log_p = logits - logits.exp().sum(1, keepdim=True).log()  # (N, C)
    if targets.shape == logits.shape:
        return -(targets.to(log_p.dtype) * log_p).sum(1).mean()
    if targets.shape != logits.shape[:1] or targets.is_floating_point():
        raise ValueError(
            f"targets must be (N,) whole numbers, the classes, or (N, classes) "
            f"probabilities, got {targets.dtype} of shape {tuple(targets.shape)} for "
            f"logits {tuple(logits.shape)}."
        )
    classes = logits.shape[1]
    if targets.min() < 0 or targets.max() >= classes:
        raise ValueError(
            f"targets must be classes from 0 to {classes - 1}, got "
            f"{targets.min().item()} to {targets.max().item()}."
        )
    return -log_p.gather(1, targets.long()[:, None]).mean()


def _check_same_shape(name, values, targets):
    """Raise ValueError if the shapes differ (they would broadcast) or are empty."""
    if values.shape != targets.shape:
        raise ValueError(
            f"{name} {tuple(values.shape)} and targets {tuple(targets.shape)} must "
            f"have one shape: reshape one of them, for example with "
            f"{name}.squeeze(-1)."
        )
    if values.numel() == 0:
        raise ValueError(f"{name} are empty: give at least one prediction.")
