"""Digits from pixels: the networks of D2 §5 and D4 §5, mended."""

from torch import nn

from bigmodel_lab.models.start import as_in_keras


def digit_mlp():
    """Return the network of D2 §5: images (N, 1, 28, 28) -> logits (N, 10).

    784-128-10 with ReLU, started as in Keras. D2's softmax is in the loss here.
    """
    return as_in_keras(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def digit_cnn():
    """Return the network of D4 §5: images (N, 1, 28, 28) -> logits (N, 10).

    Convolutions with 32, 64 and 64 filters, started as in Keras. D4's softmax is in
    the loss here.
    """
    return as_in_keras(
        # Max and ReLU commute; pooling first leaves ReLU a quarter of the numbers.
        *(nn.Conv2d(1, 32, 3), nn.MaxPool2d(2), nn.ReLU()),  # (N, 32, 13, 13)
        *(nn.Conv2d(32, 64, 3), nn.MaxPool2d(2), nn.ReLU()),  # (N, 64, 5, 5)
        *(nn.Conv2d(64, 64, 3), nn.ReLU()),  # (N, 64, 3, 3)
        *(nn.Flatten(), nn.Linear(576, 64), nn.ReLU()),
        nn.Linear(64, 10),
    )
