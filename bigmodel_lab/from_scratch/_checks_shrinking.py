"""What quantization, pruning and distillation refuse, and what to do instead."""

import math

import torch
from torch import nn

PASS = (nn.ReLU, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten, nn.Dropout, nn.GELU)


def check_bits(bits):
    """Raise ValueError unless the bits are a whole number from 2 to 8."""
    if bits not in range(2, 9):
        raise ValueError(f"bits must be a whole number from 2 to 8, got {bits}.")


def check_finite(weights):
    """Raise ValueError if a weight is not a finite number."""
    if not weights.isfinite().all():
        raise ValueError(
            "The weights have NaN or infinity, for which there is no code: take a "
            "network that did not diverge."
        )


def check_range(low, high):
    """Raise ValueError unless low and high are finite numbers in their order."""
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(
            f"low and high must be finite, and low not above high: got {low} and "
            f"{high}."
        )


def check_codes(x_codes, w_codes):
    """Raise ValueError unless x (N, in) and w (out, in) have codes for each other."""
    if x_codes.dim() != 2 or w_codes.dim() != 2 or x_codes.shape[1] != w_codes.shape[1]:
        raise ValueError(
            f"Codes (N, in) and (out, in) are needed, with one `in`: got "
            f"{tuple(x_codes.shape)} and {tuple(w_codes.shape)}."
        )
    if x_codes.is_floating_point() or w_codes.is_floating_point():
        raise ValueError("The codes must be whole numbers: give those of encode().")


def check_packed(bits, codes):
    """Raise ValueError unless codes fill a byte evenly, and fit into so many bits."""
    if bits not in (2, 4, 8):
        raise ValueError(f"2, 4 or 8 bits fill a byte evenly, {bits} do not.")
    limit = 2 ** (bits - 1)
    low, high = (int(end) for end in codes.aminmax()) if codes.numel() else (0, 0)
    if low < -limit or high >= limit:
        raise ValueError(
            f"{bits} bits hold codes from {-limit} to {limit - 1}, got {low} to "
            f"{high}: quantize to {bits} bits first."
        )


def check_share(share):
    """Raise ValueError unless a share is from 0 to below 1."""
    if not 0 <= share < 1:
        raise ValueError(
            f"share must be from 0 to below 1, got {share}: 0.8 takes away 80 %."
        )


def check_chain(model):
    """Raise ValueError unless a network is a chain that can lose channels."""
    if not isinstance(model, nn.Sequential):
        raise ValueError(
            f"Only an nn.Sequential can lose channels here, not a "
            f"{type(model).__name__}."
        )
    for layer in model:
        plain = isinstance(layer, nn.Conv2d) and layer.groups == 1
        if not (plain or isinstance(layer, (nn.Linear, *PASS))):
            raise ValueError(
                f"What a {type(layer).__name__} does with fewer channels is not known "
                f"here: use convolutions, linear layers, pooling and ReLU."
            )
    if sum(hasattr(layer, "weight") for layer in model) < 2:
        raise ValueError("Give at least two layers with weights: the last keeps all.")


def check_answers(student, teacher, temperature):
    """Raise ValueError unless logits have one shape, and the temperature is above 0."""
    if student.shape != teacher.shape:
        raise ValueError(
            f"Student and teacher must answer the same questions: their logits are "
            f"{tuple(student.shape)} and {tuple(teacher.shape)}."
        )
    if not (0 < temperature < torch.inf):
        raise ValueError(f"temperature must be above 0, got {temperature}.")
