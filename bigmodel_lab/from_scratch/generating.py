"""Generating: a VAE's terms, flow matching with guidance, what samples are worth.

D0 §1, D1 §6.2. N samples lie along the first dimension. Noise is drawn from a standard
normal distribution; time runs from 0, noise, to 1, data.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch.nn import functional as F

from bigmodel_lab.from_scratch._checks_generating import (
    check_classes,
    check_features,
    check_gaussians,
    check_guidance,
    check_pixels,
    check_probabilities,
    check_shapes,
    check_sure,
    check_times,
    check_whole,
)

# -- through a narrow code: the variational autoencoder --------------------------------


def kl_to_normal(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return how far Gaussians (N, D) are from the standard normal one, in nats: (N,).

    It is 0 only for mean 0 and variance 1, and keeps codes from hiding anywhere else.
    Kingma and Welling (2014), appendix B, arXiv 1312.6114. Raises ValueError if the
    shapes differ or are not (N, D).
    """
    check_gaussians(mean, log_variance)
    return (mean**2 + log_variance.exp() - 1 - log_variance).sum(1) / 2


def reparameterize(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return a draw (N, D) from each Gaussian, through which gradients flow.

    Drawing has no derivative, but a sum has one: the noise is drawn apart, then
    stretched and shifted. Kingma and Welling (2014), §2.4. Errors as in `kl_to_normal`.
    """
    check_gaussians(mean, log_variance)
    # The logarithm of the variance, halved, is that of the deviation.
    return mean + (log_variance / 2).exp() * torch.randn_like(mean)


def vae_loss(
    predictions: tuple[torch.Tensor, torch.Tensor, torch.Tensor], images: torch.Tensor
) -> torch.Tensor:
    """Return the VAE's loss for an image, in nats: what is lost + what the code tells.

    `predictions` are the logits of the pixels, of the shape of `images`, and each
    code's mean and log_variance (N, D). Pixels count as shares of ink, 0 to 1. Raises
    ValueError if shapes differ or a pixel is not from 0 to 1.
    """
    logits, mean, log_variance = predictions
    check_pixels(logits, images)
    lost = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    # A sum over pixels, not their mean: both terms are in nats for an image.
    return lost / len(images) + kl_to_normal(mean, log_variance).mean()


# -- from noise to data, step by step: flow matching -----------------------------------


def flow_pair(
    data: torch.Tensor, noise: torch.Tensor, t: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return where each sample is at time t on its way, and the velocity it has there.

    The way is the straight line from noise (N, ...) to data (N, ...), so the velocity
    is the same all along; t is (N,), from 0 to 1. Lipman and others (2023), *Flow
    matching for generative modeling*, arXiv 2210.02747. Raises ValueError if the shapes
    do not fit or a time is outside.
    """
    check_shapes("data", data, noise)
    check_times(t, data)
    t = t.view(-1, *[1] * (data.dim() - 1))  # one time for all numbers of a sample
    return (1 - t) * noise + t * data, data - noise


def flow_loss(
    velocity: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], data: torch.Tensor
) -> torch.Tensor:
    """Return the mean squared error of a velocity(x, t) on the way to data (N, ...).

    Noise and times are drawn anew at each call. Where many ways cross, the best answer
    is their mean velocity: that is what is learned. Errors as in `flow_pair`.
    """
    noise = torch.randn_like(data)
    t = torch.rand(len(data), dtype=data.dtype, device=data.device)
    here, target = flow_pair(data, noise, t)
    return F.mse_loss(velocity(here, t), target)


def flow_steps(
    velocity: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    noise: torch.Tensor,
    steps: int,
) -> torch.Tensor:
    """Return what noise (N, ...) becomes in so many equal steps along a velocity.

    Euler's method: `velocity(x, t)` is asked once a step, for all samples at the same
    time t (N,). Raises ValueError if steps is not a whole number of at least 1.
    """
    check_whole("steps", steps)
    x = noise
    for step in range(steps):
        t = torch.full((len(x),), step / steps, dtype=x.dtype, device=x.device)
        x = x + velocity(x, t) / steps
    return x


def guided(
    conditional: torch.Tensor, unconditional: torch.Tensor, guidance: float
) -> torch.Tensor:
    """Return a velocity pushed further toward what is asked for, away from the rest.

    Guidance 0 leaves the conditional one as it is. Ho and Salimans (2022),
    *Classifier-free diffusion guidance*, arXiv 2207.12598. Raises ValueError if the
    shapes differ or guidance is not a number from -1 on (-1: nothing is asked for).
    """
    check_shapes("conditional", conditional, unconditional)
    check_guidance(guidance)
    return conditional + guidance * (conditional - unconditional)


# -- what samples are worth ------------------------------------------------------------


def frechet_distance(features: ArrayLike, others: ArrayLike) -> float:
    """Return how far two clouds of features (N, D), (M, D) are apart, 0 if alike.

    Both count as Gaussians: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), of means and
    covariances. In the features of a classifier it is the FID of Heusel and others
    (2017), arXiv 1706.08500. Fewer samples make it larger. Raises ValueError if a cloud
    has fewer than two rows, numbers that are not finite, or another D.
    """
    features, others = check_features(features, others)
    (m1, C1), (m2, C2) = (
        (x.mean(axis=0), np.atleast_2d(np.cov(x.T))) for x in (features, others)
    )
    # C1 C2 has the eigenvalues of root C2 root, which is symmetric: real, above 0.
    values, vectors = np.linalg.eigh(C1)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    overlap = np.sqrt(np.linalg.eigvalsh(root @ C2 @ root).clip(0)).sum()
    distance = ((m1 - m2) ** 2).sum() + np.trace(C1) + np.trace(C2) - 2 * overlap
    return max(0.0, float(distance))  # rounding may leave a little less than 0


def classes_covered(classes: ArrayLike) -> float:
    """Return how many classes samples are spread over, as if evenly.

    `classes` (N,) is what a judge takes each sample for. The exponential of the entropy
    of their shares: 10 if ten digits are equally frequent, 1 if there is one only.
    Raises ValueError if they are not whole numbers (N,) with N >= 1.
    """
    classes = check_classes(classes)
    _, counts = np.unique(classes, return_counts=True)
    shares = counts / counts.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def sure_share(probabilities: ArrayLike, sure: float = 0.9) -> float:
    """Return the share of samples whose likeliest class has more than `sure`, 0 to 1.

    `probabilities` (N, classes) are a judge's. A judge may be sure of noise, too.
    Raises ValueError if rows do not add up to 1, or `sure` is not from 0 to 1.
    """
    probabilities = check_probabilities(probabilities)
    check_sure(sure)
    return float((probabilities.max(axis=1) > sure).mean())
