"""What generating refuses: codes, times, features and probabilities that do not fit."""

import math

import numpy as np

from bigmodel_lab.from_scratch._checks import check_whole as check_whole


def check_shapes(name, values, others):
    """Raise ValueError if two shapes differ: they would broadcast."""
    if values.shape != others.shape or not values.numel():
        raise ValueError(
            f"{name} {tuple(values.shape)} and what goes with it "
            f"{tuple(others.shape)} must have one shape, with a sample at least."
        )


def check_gaussians(mean, log_variance):
    """Raise ValueError unless means and logarithms of variances are (N, D) both."""
    if mean.dim() != 2:
        raise ValueError(
            f"mean must be (N, D), a code for each sample, got {tuple(mean.shape)}: "
            f"take mean[None] for one sample."
        )
    check_shapes("mean", mean, log_variance)


def check_pixels(logits, images):
    """Raise ValueError unless pixels are from 0 to 1, each with a logit."""
    check_shapes("logits", logits, images)
    low, high = (value.item() for value in images.aminmax())
    if not 0 <= low <= high <= 1:  # NaN, too
        raise ValueError(
            f"Pixels are shares of ink from 0 to 1, got {low:g} to {high:g}: divide "
            f"by the largest value there can be, such as 255."
        )


def check_times(t, data):
    """Raise ValueError unless there is a time from 0 to 1 for each sample."""
    if t.shape != data.shape[:1]:
        raise ValueError(
            f"t must be ({len(data)},), a time for each sample, got {tuple(t.shape)}."
        )
    low, high = (value.item() for value in t.aminmax())
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"Times run from 0 (noise) to 1 (data), got {low:g} to {high:g}: divide "
            f"steps by how many there are."
        )


def check_guidance(guidance):
    """Raise ValueError unless guidance is a finite number from -1 on."""
    if not -1 <= guidance < math.inf:
        raise ValueError(
            f"guidance must be a number from -1 on, got {guidance}: 0 asks for the "
            f"class, 1 to 3 push further."
        )


def check_features(features, others):
    """Return two clouds as float64; ValueError unless both are (N, D), N from 2 on."""
    clouds = []
    for name, values in (("features", features), ("others", others)):
        values = np.asarray(values, dtype=float)
        if values.ndim != 2 or len(values) < 2 or not values.size:
            raise ValueError(
                f"{name} must be (N, D) with two samples at least, got shape "
                f"{values.shape}: a single one has no covariance."
            )
        if not np.isfinite(values).all():
            raise ValueError(f"{name} hold NaN or infinite values: find their samples.")
        clouds.append(values)
    if clouds[0].shape[1] != clouds[1].shape[1]:
        raise ValueError(
            f"features have {clouds[0].shape[1]} columns and others "
            f"{clouds[1].shape[1]}: take both from the same layer of one judge."
        )
    return clouds


def check_classes(classes):
    """Return classes as an array; ValueError unless they are whole numbers (N,)."""
    classes = np.asarray(classes)
    if classes.ndim != 1 or not classes.size or classes.dtype.kind not in "iu":
        raise ValueError(
            f"classes must be whole numbers (N,), N at least 1, got {classes.dtype} of "
            f"shape {classes.shape}: take logits.argmax(1)."
        )
    return classes


def check_probabilities(probabilities):
    """Return probabilities as an array; ValueError unless each row adds up to 1."""
    probabilities = np.asarray(probabilities, dtype=float)
    if probabilities.ndim != 2 or not probabilities.size:
        raise ValueError(
            f"probabilities must be (N, classes), got shape {probabilities.shape}."
        )
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0 or not np.allclose(sums, 1, atol=1e-4):
        worst = sums[np.abs(sums - 1).argmax()]
        raise ValueError(
            f"Each row must have probabilities that add up to 1, got a sum of "
            f"{worst:g} and a least of {probabilities.min():g}: take "
            f"logits.softmax(1)."
        )
    return probabilities


def check_sure(sure):
    """Raise ValueError unless a judge may be sure of what is likelier than it."""
    if not 0 <= sure < 1:
        raise ValueError(f"sure must be from 0 to below 1, got {sure}: 0.9 is usual.")
