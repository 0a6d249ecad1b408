"""Activation functions and their derivatives, written from their formulas."""

import torch


def sigmoid(x: torch.Tensor) -> torch.Tensor:
    """Return 1 / (1 + e^-x), elementwise (D4 §4.1), for any x without overflow."""
    # As printed, x = -1000 needs e^1000: infinite, and then the gradient is NaN.
    # (1 + tanh(x/2)) / 2 is the same function, and tanh always stays within -1 and 1.
    return (1 + torch.tanh(x / 2)) / 2


def sigmoid_derivative(x: torch.Tensor) -> torch.Tensor:
    """Return sigmoid(x) (1 - sigmoid(x)), elementwise; at most 1/4."""
    # 1 - sigmoid(x) equals sigmoid(-x). For a large x, subtracting a number so close to
    # 1 would lose all digits; sigmoid(-x) keeps them.
    return sigmoid(x) * sigmoid(-x)


def tanh_derivative(x: torch.Tensor) -> torch.Tensor:
    """Return 1 - tanh²(x), elementwise; at most 1."""
    return 1 - torch.tanh(x) ** 2


def relu(x: torch.Tensor) -> torch.Tensor:
    """Return max(0, x), elementwise (D2 §4.2.1)."""
    return torch.where(x > 0, x, 0)


def relu_derivative(x: torch.Tensor) -> torch.Tensor:
    """Return 1 where x > 0, else 0, elementwise, in the type of x."""
    # At the kink x = 0 there is no derivative; by convention it is taken to be 0.
    return (x > 0).to(x.dtype)


def softmax(logits: torch.Tensor) -> torch.Tensor:
    """Return probabilities e^z_k / sum_j e^z_j: (N, classes) -> (N, classes)."""
    # Subtract the largest logit of each row. This divides the numerator and the
    # denominator by the same number, so p stays as it is, but now e^z is at most 1.
    shifted = logits - logits.detach().amax(1, keepdim=True)  # (N, classes)
    exponentials = torch.exp(shifted)
    # Divide each row by its sum, so that its probabilities add up to 1.
    return exponentials / exponentials.sum(1, keepdim=True)
