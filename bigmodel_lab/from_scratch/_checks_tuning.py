"""What tuning refuses, and what to do instead."""

import math


def check_rank(rank, layer):
    """Raise ValueError if a correction of this rank is none, or no smaller."""
    width = min(layer.in_features, layer.out_features)
    if rank != int(rank) or not 1 <= rank <= width:
        raise ValueError(
            f"rank must be a whole number from 1 to the layer's width, {width}, got "
            f"{rank}: 4 to 16 are usual."
        )


def check_found(found, names):
    """Raise ValueError if no layer has one of the names."""
    if not found:
        raise ValueError(
            f"The model has no linear layer named {' or '.join(names)}: look at "
            f"model.named_modules() for the names that it has."
        )


def check_finite(name, values):
    """Raise ValueError if a value is NaN or infinite."""
    if bad := int((~values.isfinite()).sum()):
        raise ValueError(
            f"{bad} of {len(values)} {name}s are NaN or infinite: a {name} must be a "
            f"number for every text, also for one that is empty or broken."
        )


def check_beta(beta):
    """Raise ValueError if beta is not above 0."""
    if not (beta > 0 and math.isfinite(beta)):
        raise ValueError(f"beta must be above 0, got {beta}: 0.1 is usual.")


def check_tries(k, tries, right):
    """Raise ValueError if k of the tries, or as many right ones, are not possible."""
    if not 1 <= k <= tries or not 0 <= right <= tries:
        raise ValueError(
            f"k must be from 1 to the number of tries, and so many can be right: got "
            f"k={k} of {tries} tries with {right} right."
        )
