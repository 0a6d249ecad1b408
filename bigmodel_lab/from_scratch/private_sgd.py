"""Steps that no single example decides: private SGD (D1 §9.4).

Abadi and others (2016), arXiv 1607.00133. The norms without the gradients: Goodfellow
(2015), arXiv 1510.01799; "ghost clipping": Li and others (2022), arXiv 2110.05679.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from bigmodel_lab.from_scratch._checks_privacy import (
    check_examples,
    check_limit,
    check_linear,
    check_noise,
)

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def example_norms(
    inputs: torch.Tensor, deltas: torch.Tensor, bias: bool = True
) -> torch.Tensor:
    """Return how long each example's gradient of a linear layer is: (N,).

    inputs (N, in) is what the layer read, deltas (N, out) the gradients of each
    example's own loss at the layer's outputs. ValueError if they do not fit.
    """
    check_examples(inputs, deltas)
    # An example's gradient is the outer product of its delta and its input, and the
    # length of an outer product is the product of the lengths. A bias reads a 1.
    return deltas.norm(dim=1) * (inputs.square().sum(1) + bias).sqrt()


def clipped_sum(
    model: nn.Module, loss: Loss, X: torch.Tensor, y: torch.Tensor, limit: float
) -> tuple[list[torch.Tensor], float]:
    """Return the sum of the examples' gradients, each cut to a length, and the loss.

    The gradients stand in the order of `model.parameters()`; no example's gradient is
    ever stored. The model's weights must all be in nn.Linear layers that read (N, in),
    each used once; `loss` is a mean over the N examples. ValueError otherwise.
    """
    check_limit(limit)
    layers = check_linear(model)
    with overheard(layers) as (inputs, outputs):
        mean = loss(model(X), y)
    # Of the sum of all losses, an example's own is the only one that its row touches.
    deltas = torch.autograd.grad(mean * len(X), outputs)
    # The one place where examples are looked at singly: who is too long counts less.
    shares = (limit / whole_norms(layers, inputs, deltas)).clamp(max=1)[:, None]
    return summed(layers, inputs, [shares * delta for delta in deltas]), mean.item()


@contextmanager
def overheard(layers: list[nn.Linear]) -> Iterator[tuple[list, list]]:
    """Yield lists that get what each layer reads and says while a model is called."""
    inputs, outputs = [], []

    def listen(layer, given, output):
        inputs.append(given[0].detach())
        outputs.append(output)

    hooks = [layer.register_forward_hook(listen) for layer in layers]
    try:
        yield inputs, outputs
    finally:
        for hook in hooks:
            hook.remove()


def whole_norms(layers: list, inputs: list, deltas: tuple) -> torch.Tensor:
    """Return how long each example's gradient is over all layers: (N,)."""
    # A long vector in pieces: the squares of the pieces' lengths add up.
    squares = [
        example_norms(a, delta, layer.bias is not None).square()
        for layer, a, delta in zip(layers, inputs, deltas, strict=True)
    ]
    return torch.stack(squares).sum(0).sqrt()


def summed(layers: list, inputs: list, deltas: list) -> list[torch.Tensor]:
    """Return the gradients of weights and biases, summed over the examples."""
    gradients = []
    for layer, a, delta in zip(layers, inputs, deltas, strict=True):
        gradients.append(delta.T @ a)  # a sum of outer products
        if layer.bias is not None:
            gradients.append(delta.sum(0))
    return gradients


def noisy(
    total: torch.Tensor, limit: float, noise: float, generator: torch.Generator
) -> torch.Tensor:
    """Return a sum of clipped gradients with noise, in which one example drowns.

    `noise` times `limit` is the standard deviation of what is added to each number: an
    example can have moved the sum by `limit` and no more. ValueError if one of the two
    is negative or not finite.
    """
    check_limit(limit)
    check_noise(noise)
    normal = torch.randn(total.shape, generator=generator, dtype=total.dtype)
    return total + noise * limit * normal.to(total.device)
