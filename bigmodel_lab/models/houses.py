"""Prices from columns: the line of D0 §5, and a network."""

from itertools import pairwise

from torch import nn

from bigmodel_lab.models.start import as_in_keras


def linear_regression(features):
    """Return the model price = weights . x + bias of D0 §5: (N, features) -> (N,).

    The weights start as in Keras's `Dense`, which D0 used: Glorot-uniform, bias 0.
    """
    return as_in_keras(nn.Linear(features, 1), nn.Flatten(0))  # (N, 1) -> (N,)


def regression_mlp(features, hidden):
    """Return a ReLU network with the `hidden` layer sizes: (N, features) -> (N,)."""
    sizes = [features, *hidden]
    layers = [
        layer
        for n_in, n_out in pairwise(sizes)
        for layer in (nn.Linear(n_in, n_out), nn.ReLU())
    ]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 1), nn.Flatten(0))
