"""What private training and attacks on it refuse, and what to do instead."""

import math

import numpy as np
from torch import nn

MIXED = (nn.modules.batchnorm._BatchNorm,)


def check_examples(inputs, deltas):
    """Raise ValueError unless inputs (N, in) and deltas (N, out) belong together."""
    if inputs.dim() != 2 or deltas.dim() != 2 or len(inputs) != len(deltas):
        raise ValueError(
            f"inputs (N, in) and deltas (N, out) of the same N examples are needed, "
            f"got {tuple(inputs.shape)} and {tuple(deltas.shape)}."
        )


def check_limit(limit):
    """Raise ValueError unless a clipping limit is above 0 and finite."""
    if not 0 < limit < math.inf:
        raise ValueError(
            f"limit must be above 0 and finite, got {limit}: it is the length to which "
            f"an example's gradient is cut, such as 1."
        )


def check_noise(noise, above=-1):
    """Raise ValueError unless noise is finite and at least 0, or above 0."""
    if not (noise > above and 0 <= noise < math.inf):
        least = "above 0" if above == 0 else "at least 0"
        raise ValueError(
            f"noise must be {least} and finite, got {noise}: without noise no epsilon "
            f"can be promised."
        )


def check_linear(model):
    """Return a model's linear layers; ValueError if others have weights to train."""
    layers = []
    for name, layer in model.named_modules():
        if isinstance(layer, MIXED):
            raise ValueError(
                f"Layer {name} is a {type(layer).__name__}: it mixes the examples of a "
                f"batch, so that none has a gradient of its own. Leave it out, or take "
                f"a network without it."
            )
        if isinstance(layer, nn.Linear):
            layers.append(layer)
        elif list(layer.parameters(recurse=False)):
            raise ValueError(
                f"Only nn.Linear layers can be clipped here, and {name or 'the model'} "
                f"is a {type(layer).__name__} with weights: take an MLP (or opacus)."
            )
    if not layers:
        raise ValueError("The model has no nn.Linear layer: there is nothing to train.")
    return layers


def check_rate(rate):
    """Raise ValueError unless a sampling rate is above 0 and at most 1."""
    if not 0 < rate <= 1:
        raise ValueError(
            f"rate must be above 0 and at most 1, got {rate}: it is the batch size "
            f"divided by the number of examples."
        )


def check_delta(delta, samples=None):
    """Raise ValueError unless 0 < delta < 1, and below 1 / samples if known."""
    if not 0 < delta < 1:
        raise ValueError(f"delta must be between 0 and 1, got {delta}: take 1e-5.")
    if samples is not None and delta >= 1 / samples:
        raise ValueError(
            f"delta {delta:g} is not below 1 / {samples:,}, one over the number of "
            f"examples: whoever publishes one example whole, drawn at random, would "
            f"keep that promise. Take {10 ** -math.ceil(math.log10(samples) + 1):g}."
        )


def check_steps(steps):
    """Raise ValueError unless steps is a whole number from 1 on."""
    if steps != int(steps) or steps < 1:
        raise ValueError(f"steps must be a whole number from 1 on, got {steps}.")


def check_orders(orders):
    """Raise ValueError unless orders are whole numbers from 2 on."""
    wrong = [order for order in orders if order != int(order) or order < 2]
    if wrong:
        raise ValueError(f"orders must be whole numbers from 2 on, got {wrong[0]}.")


def check_wish(wish, least, most):
    """Raise ValueError unless an epsilon is above 0, finite, and can be reached."""
    if not 0 < wish < math.inf:
        raise ValueError(
            f"epsilon must be above 0 and finite, got {wish}: 0 would need endless "
            f"noise, and infinity promises nothing (train without noise then)."
        )
    if not least <= wish <= most:
        raise ValueError(
            f"epsilon {wish:g} is out of reach: with so many steps at this rate, noise "
            f"gives from {least:.3g} to {most:.3g}. Take fewer steps, or a smaller "
            f"batch."
        )


def check_scores(members, others):
    """Raise ValueError unless both have scores, all of them finite."""
    for name, values in (("members", members), ("others", others)):
        if len(values) == 0:
            raise ValueError(f"There are no scores of {name}: give at least one.")
        if not np.isfinite(values).all():
            raise ValueError(f"A score of {name} is NaN or infinite: cut the losses.")


def check_share(share):
    """Raise ValueError unless a share of false alarms is from 0 to below 1."""
    if not 0 <= share < 1:
        raise ValueError(
            f"false_alarms must be from 0 to below 1, got {share}: 0.01 is one of a "
            f"hundred."
        )
