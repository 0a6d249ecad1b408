"""Digits from pixels: the networks of D2 §5 and D4 §5, corrected."""

from torch import nn

from bigmodel_lab.models.start import as_in_keras


def digit_mlp() -> nn.Sequential:
    """Return the network of D2 §5: images (N, 1, 28, 28) -> logits (N, 10).

    784-128-10 with ReLU, started as in Keras. D2's softmax is in the loss here.
    """
    return as_in_keras(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def conv_block(channels: int, filters: int) -> tuple[nn.Module, ...]:
    """Return a 3 x 3 convolution, 2 x 2 pooling and ReLU, as D4 repeats them.

    (N, channels, H, W) -> (N, filters, (H - 2) // 2, (W - 2) // 2).
    """
    # D4 has ReLU before the pooling. The largest of four numbers, cut off at 0, is the
    # same in either order; this way ReLU has a quarter of the numbers to look at.
    return nn.Conv2d(channels, filters, 3), nn.MaxPool2d(2), nn.ReLU()


def digit_cnn() -> nn.Sequential:
    """Return the network of D4 §5: images (N, 1, 28, 28) -> logits (N, 10).

    Convolutions with 32, 64 and 64 filters, started as in Keras. D4's softmax is in
    the loss here.
    """
    return as_in_keras(
        *conv_block(1, 32),  # (N, 32, 13, 13)
        *conv_block(32, 64),  # (N, 64, 5, 5)
        nn.Conv2d(64, 64, 3),  # (N, 64, 3, 3)
        nn.ReLU(),
        nn.Flatten(),  # (N, 576)
        nn.Linear(576, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
