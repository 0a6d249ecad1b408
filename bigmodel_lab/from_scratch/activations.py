"""Activation functions and their derivatives, written from their formulas."""

import torch


def sigmoid(x):
    """Return 1 / (1 + e^-x), elementwise (D4 §4.1), for any x without overflow.

    Written as (1 + tanh(x/2)) / 2, which is the same: e^-x of -1000 would be infinite,
    and the gradient NaN.
    """
    return (1 + torch.tanh(x / 2)) / 2


def sigmoid_derivative(x):
    """Return sigmoid(x) (1 - sigmoid(x)), elementwise; at most 1/4."""
    return sigmoid(x) * sigmoid(-x)  # 1 - sigmoid(x), without the loss of digits


def tanh_derivative(x):
    """Return 1 - tanh²(x), elementwise."""
    return 1 - torch.tanh(x) ** 2


def relu(x):
    """Return max(0, x), elementwise (D2 §4.2.1)."""
    return torch.where(x > 0, x, 0)


def relu_derivative(x):
    """Return 1 where x > 0, else 0, in the type of x; at 0 it is 0 by convention."""
    return (x > 0).to(x.dtype)


def softmax(logits):
    """Return probabilities e^z_k / sum_j e^z_j: (N, classes) -> (N, classes).

    Subtracting the largest logit of each row changes nothing and avoids overflow.
    """
    exponentials = torch.exp(logits - logits.detach().amax(1, keepdim=True))
    return exponentials / exponentials.sum(1, keepdim=True)


def softmax_jacobian(logits):
    """Return dp_i/dz_j = p_i (1[i=j] - p_j): (N, classes) -> (N, classes, classes)."""
    p = softmax(logits)
    return torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
