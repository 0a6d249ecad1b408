"""Fewer weights: pruning, by single weights and by whole channels (D0 §9 Q2).

LeCun and others (1989), *Optimal brain damage*; Han and others (2015), arXiv
1506.02626; by channels: Li and others (2017), arXiv 1608.08710.
"""

import copy
from collections.abc import Sequence

import torch
from torch import nn

from bigmodel_lab.from_scratch._checks_shrinking import check_chain, check_share


def masks(weights: Sequence[torch.Tensor], share: float) -> list[torch.Tensor]:
    """Return a mask of 0 and 1 for each tensor: the smallest weights of all are 0.

    `share` of all the weights together, from 0 to below 1, whichever tensor they are
    in. Raises ValueError for another share.
    """
    check_share(share)
    sizes = torch.cat([w.detach().abs().flatten() for w in weights])
    # By rank, not by a threshold: of equal weights exactly as many go as asked for.
    order = sizes.argsort(stable=True)
    kept = torch.ones_like(sizes)
    kept[order[: round(share * len(sizes))]] = 0
    pieces = kept.split([w.numel() for w in weights])
    return [mask.reshape(w.shape) for mask, w in zip(pieces, weights, strict=True)]


@torch.no_grad()
def apply(weights: Sequence[torch.Tensor], masks: Sequence[torch.Tensor]) -> None:
    """Set weights to 0 where their mask is: once, or after every step of a training."""
    for w, mask in zip(weights, masks, strict=True):
        w *= mask


def matrices(model: nn.Module) -> list[nn.Parameter]:
    """Return a model's weights without the biases: what pruning may take away."""
    return [w for w in model.parameters() if w.dim() > 1]


def sparse_bytes(rows: int, kept: int, value: int = 4, index: int = 8) -> int:
    """Return the bytes of a matrix of which only `kept` weights are stored (CSR).

    `value` and `index` are the bytes of a weight and of a number that says where.
    """
    # Each weight has its column beside it, each row says where its weights begin.
    return kept * (value + index) + (rows + 1) * index


# -- whole channels --------------------------------------------------------------------


@torch.no_grad()
def slim(model: nn.Sequential, share: float) -> nn.Sequential:
    """Return a narrower copy of a network: each layer without its weakest channels.

    `share` of the channels goes, from 0 to below 1, of each layer but the last. The
    network is a chain of convolutions, then linear layers. Raises ValueError for
    another one, or another share.
    """
    check_share(share)
    check_chain(model)
    small = copy.deepcopy(model)
    *inner, last = [layer for layer in small if hasattr(layer, "weight")]
    kept, width = torch.arange(inner[0].weight.shape[1]), inner[0].weight.shape[1]
    for layer in inner:
        keep_inputs(layer, kept, width)
        width, kept = len(layer.weight), strongest(layer.weight, share)
        keep_outputs(layer, kept)
    keep_inputs(last, kept, width)
    # What was cut out lies scattered: the channels of a pixel side by side are faster.
    return small.to(memory_format=torch.channels_last)


def strongest(weight: torch.Tensor, share: float) -> torch.Tensor:
    """Return which rows of a weight (out, ...) stay: those with the largest sizes."""
    strength = weight.abs().flatten(1).sum(1)
    count = max(1, len(weight) - round(share * len(weight)))
    order = strength.argsort(descending=True, stable=True)
    return order[:count].sort().values


def keep_outputs(layer: nn.Module, kept: torch.Tensor) -> None:
    """Leave a layer only those of its channels: rows of its weights, and biases."""
    layer.weight = nn.Parameter(layer.weight[kept])
    if layer.bias is not None:
        layer.bias = nn.Parameter(layer.bias[kept])
    name = "out_channels" if isinstance(layer, nn.Conv2d) else "out_features"
    setattr(layer, name, len(kept))


def keep_inputs(layer: nn.Module, kept: torch.Tensor, width: int) -> None:
    """Leave a layer only what comes from the kept ones of `width` channels."""
    # Behind nn.Flatten a channel is not one column but one for each of its pixels.
    pixels = layer.weight.shape[1] // width
    columns = (pixels * kept[:, None] + torch.arange(pixels)).flatten()
    layer.weight = nn.Parameter(layer.weight[:, columns])
    name = "in_channels" if isinstance(layer, nn.Conv2d) else "in_features"
    setattr(layer, name, len(columns))
