"""Prices from columns: the line of D0 §5, and a network."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from bigmodel_lab.models.start import as_in_keras


def linear_regression(features: int) -> nn.Sequential:
    """Return the model price = weights . x + bias of D0 §5: (N, features) -> (N,).

    The weights start as in Keras's `Dense`, which D0 used: Glorot-uniform, bias 0.
    """
    return as_in_keras(nn.Linear(features, 1), nn.Flatten(0))  # (N, 1) -> (N,)


def regression_mlp(features: int, hidden: Sequence[int]) -> nn.Sequential:
    """Return a ReLU network with the `hidden` layer sizes: (N, features) -> (N,)."""
    sizes = [features, *hidden]
    layers = []
    # Each layer takes as many numbers as the one before it gives.
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    # The last layer gives one number, without ReLU: a price may be any number.
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 1), nn.Flatten(0))
