"""LoRA: tune a network by two thin matrices beside each layer (D4 §3.3; D2 §2.1.1).

Hu and others (2021), arXiv 2106.09685.
"""

import torch
from torch import nn

from bigmodel_lab.from_scratch._checks_tuning import check_found, check_rank


class LowRank(nn.Module):
    """A linear layer, and beside it a small correction: W x + alpha / r · B A x.

    Parameters
    ----------
    layer : nn.Linear
        Its weights W (out, in) are kept as they are.
    rank : int
        r: A is (r, in) and B (out, r), so the correction has r (in + out) numbers.
    alpha : float
        How strongly the correction counts.

    Raises
    ------
    ValueError
        If the rank is below 1 or above the layer's width.
    """

    def __init__(self, layer: nn.Linear, rank: int, alpha: float = 16.0):
        super().__init__()
        check_rank(rank, layer)
        self.layer = layer.requires_grad_(False)
        # Divided by the rank, a correction of another rank starts about as strong: the
        # learning rate need not be found anew.
        self.scale = alpha / rank
        # B is 0, so the network starts as what it was. A must not be 0, too: the
        # gradient of each is a product with the other, and neither would ever move.
        W = layer.weight
        self.A = nn.Parameter(W.new_empty(rank, W.shape[1]))
        self.B = nn.Parameter(W.new_zeros(W.shape[0], rank))
        nn.init.kaiming_uniform_(self.A, a=5**0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (..., out) of x (..., in)."""
        # Through the narrow middle of r numbers: B A itself is never made.
        return self.layer(x) + self.scale * (x @ self.A.mT @ self.B.mT)

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """Return one linear layer that does the same: W + alpha / r · B A."""
        # Afterward the correction costs nothing, but can no longer be taken off.
        self.layer.weight += self.scale * self.B @ self.A
        return self.layer.requires_grad_(True)


NAMES = ("query", "value")  # the layers that its authors corrected


def adapt(model: nn.Module, rank: int, alpha: float = 16.0, names=NAMES) -> list:
    """Freeze a model and put `LowRank` in place of some layers, those with the names.

    Returns the parameters that are left to learn. Raises ValueError if there is no such
    layer, or the rank does not fit.
    """
    found = _layers(model, nn.Linear, names)
    check_found(found, names)
    model.requires_grad_(False)
    for parent, name, layer in found:
        setattr(parent, name, LowRank(layer, rank, alpha))
    return [theta for theta in model.parameters() if theta.requires_grad]


def merge(model: nn.Module) -> None:
    """Put a plain linear layer in place of each `LowRank`: the same model, as fast."""
    for parent, name, layer in _layers(model, LowRank):
        setattr(parent, name, layer.merged())
    model.requires_grad_(True)


def _layers(model, kind, names=None):
    """Return (parent, name, layer) of all layers of a kind, or those with a name."""
    return [
        (parent, name, layer)
        for parent in model.modules()
        if not isinstance(parent, LowRank)  # what it corrects is no layer of its own
        for name, layer in parent.named_children()
        if isinstance(layer, kind) and (names is None or name in names)
    ]
