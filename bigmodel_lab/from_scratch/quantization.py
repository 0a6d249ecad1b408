"""Fewer bits for each number: quantization (D0 §8.2, §9 Q2).

Jacob and others (2018), arXiv 1712.05877; Nagel and others (2021), arXiv 2106.08295.
"""

import torch

from bigmodel_lab.from_scratch._checks_shrinking import (
    check_bits,
    check_codes,
    check_finite,
    check_packed,
    check_range,
)


def quantize(
    weights: torch.Tensor, bits: int = 8, per_channel: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return whole numbers (int8) and a scale: weights are about codes * scale.

    Parameters
    ----------
    weights : torch.Tensor
        (out, ...), as a layer has them.
    bits : int
        2 to 8: with 8, the codes are -127 to 127, with 2 they are -1, 0 and 1.
    per_channel : bool
        A scale for each of the `out` rows, (out, 1, ...), or one for all.

    Raises
    ------
    ValueError
        If the bits are not 2 to 8, or a weight is not finite.
    """
    check_bits(bits)
    check_finite(weights)
    scale = step_size(weights, bits, per_channel)
    # The nearest step. Nothing is cut off: the largest weight is the largest code.
    return (weights / scale).round().to(torch.int8), scale


def step_size(weights: torch.Tensor, bits: int, per_channel: bool) -> torch.Tensor:
    """Return how far two neighboring codes are apart, for each row or for all."""
    # As many steps up as down, so that 0 stays exactly 0: of 2^8 codes 255 are used.
    steps = 2 ** (bits - 1) - 1
    size = weights.abs()
    largest = size.flatten(1).amax(1) if per_channel else size.amax()
    # A row of zeros may have any step but 0, which nothing can be divided by.
    largest = torch.where(largest > 0, largest, 1.0)
    return (largest / steps).reshape(-1, *[1] * (weights.dim() - 1))


def dequantize(codes: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return the numbers that codes (out, ...) stand for, with the scale's type."""
    # Each is at most half a step away from what it was.
    return codes * scale


# -- numbers that are not weights ------------------------------------------------------


def affine(low: float, high: float, bits: int = 8) -> tuple[float, int]:
    """Return (scale, zero): x is about (code - zero) * scale, with codes from 0 on.

    For what a layer reads, which after ReLU is never negative: all codes are for the
    range from `low` to `high`, of which 0 is made a part. Raises ValueError unless
    low <= high, both finite.
    """
    check_bits(bits)
    check_range(low, high)
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2**bits - 1) or 1.0
    # 0 must be a code of its own: padding and dead units are exactly 0.
    return scale, round(-low / scale)


def encode(x: torch.Tensor, scale: float, zero: int, bits: int = 8) -> torch.Tensor:
    """Return the codes of x, 0 to 2^bits - 1, as int32; what lies outside is cut off.

    Raises ValueError if the bits are not 2 to 8.
    """
    check_bits(bits)
    codes = (x / scale).round() + zero
    return codes.clamp(0, 2**bits - 1).to(torch.int32)


def integer_linear(
    x_codes: torch.Tensor,
    x_scale: float,
    x_zero: int,
    w_codes: torch.Tensor,
    w_scale: torch.Tensor,
) -> torch.Tensor:
    """Return x Wᵀ (N, out), multiplied and added up in whole numbers only.

    x_codes (N, in) are from `encode`, w_codes (out, in) and w_scale (out, 1) from
    `quantize`. Raises ValueError if the shapes do not fit.
    """
    check_codes(x_codes, w_codes)
    # A product of two bytes has 16 bits, a sum of 65,000 of them 32: none overflows.
    total = (x_codes - x_zero) @ w_codes.to(torch.int32).T
    # One multiplication for each result brings it back to where the numbers belong.
    return total * (x_scale * w_scale.T)


# -- files -----------------------------------------------------------------------------


def pack(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Return codes of 8, 4 or 2 bits as bytes (uint8), 1, 2 or 4 codes in each.

    Raises ValueError for other bits, or if a code needs more of them.
    """
    check_packed(bits, codes)
    # From -1, 0, 1 to 1, 2, 3: no negative number, whose sign would take all the bits.
    codes = (codes.flatten().int() + 2 ** (bits - 1)).to(torch.uint8)
    per_byte = 8 // bits
    codes = torch.nn.functional.pad(codes, (0, -len(codes) % per_byte))
    # Side by side: each code is moved to a place of its own in the byte.
    places = bits * torch.arange(per_byte, dtype=torch.uint8)
    return (codes.reshape(-1, per_byte) << places).sum(1, dtype=torch.uint8)


def unpack(packed: torch.Tensor, bits: int, shape: torch.Size) -> torch.Tensor:
    """Return the codes (int8) of the given shape that `pack` has put into bytes."""
    places = bits * torch.arange(8 // bits, dtype=torch.uint8)
    # Move each code down to the last bits, and cut off what stands before it.
    codes = (packed[:, None] >> places) & (2**bits - 1)
    codes = codes.flatten()[: torch.Size(shape).numel()].int()
    return (codes - 2 ** (bits - 1)).to(torch.int8).reshape(shape)
