"""The documents' networks and their mended forms."""

from itertools import pairwise

import torch
from torch import nn


def linear_regression(features):
    """Return the model price = weights . x + bias of D0 §5: (N, features) -> (N,).

    The weights start as in Keras's `Dense`, which D0 used: Glorot-uniform, bias 0.
    """
    return _as_in_keras(nn.Linear(features, 1), nn.Flatten(0))  # (N, 1) -> (N,)


def regression_mlp(features, hidden):
    """Return a ReLU network with the `hidden` layer sizes: (N, features) -> (N,)."""
    sizes = [features, *hidden]
    layers = [
        layer
        for n_in, n_out in pairwise(sizes)
        for layer in (nn.Linear(n_in, n_out), nn.ReLU())
    ]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 1), nn.Flatten(0))


def digit_mlp():
    """Return the network of D2 §5: images (N, 1, 28, 28) -> logits (N, 10).

    784-128-10 with ReLU, started as in Keras. D2's softmax is in the loss here.
    """
    return _as_in_keras(
        nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)
    )


def digit_cnn():
    """Return the network of D4 §5: images (N, 1, 28, 28) -> logits (N, 10).

    Convolutions with 32, 64 and 64 filters, started as in Keras. D4's softmax is in
    the loss here.
    """
    return _as_in_keras(
        # Max and ReLU commute; pooling first leaves ReLU a quarter of the numbers.
        *(nn.Conv2d(1, 32, 3), nn.MaxPool2d(2), nn.ReLU()),  # (N, 32, 13, 13)
        *(nn.Conv2d(32, 64, 3), nn.MaxPool2d(2), nn.ReLU()),  # (N, 64, 5, 5)
        *(nn.Conv2d(64, 64, 3), nn.ReLU()),  # (N, 64, 3, 3)
        *(nn.Flatten(), nn.Linear(576, 64), nn.ReLU()),
        nn.Linear(64, 10),
    )


def _as_in_keras(*layers):
    """Return the layers in a row, weights Glorot-uniform and biases 0."""
    model = nn.Sequential(*layers)
    for layer in model:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model.to(memory_format=torch.channels_last)  # faster on CPU and GPU
