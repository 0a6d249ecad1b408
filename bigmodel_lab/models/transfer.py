"""Transfer: the last stages of a network that has seen much learn anew (D4 §2.1)."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.models.efficientnet import EfficientNetLite
from bigmodel_lab.training import Training

HEAD = 10  # times the stages' rate: what knows nothing yet has further to go


class LastStages(nn.Module):
    """What follows a stage, with a new head: (N, C, h, w) -> logits (N, K).

    Its input is what `EfficientNetLite.features_until(pictures, stage)` returns, which
    is computed once and kept: the stages before are frozen. These are copies, and the
    network they come from stays as it is. The head begins by calling all classes
    equally probable.

    Parameters
    ----------
    network : EfficientNetLite
        With its weights.
    stage : int
        The last of the seven stages that is frozen, 0 (none) to 7 (all; only the last
        convolution is left to learn).
    classes : int
        How many there are.
    fixed_norms : bool
        Whether BatchNorm keeps the averages of the million photos. If False it takes
        those of each small batch while it learns, and others when it answers.

    Raises
    ------
    ValueError
        If there is no such stage, or fewer than two classes.
    """

    def __init__(
        self,
        network: EfficientNetLite,
        stage: int,
        classes: int,
        *,
        fixed_norms: bool = True,
    ):
        super().__init__()
        first = network.blocks_until(stage)
        if classes < 2:
            raise ValueError(f"There must be two classes or more, not {classes}.")
        self.blocks = copy.deepcopy(network.blocks[first:])
        self.last = copy.deepcopy(network.head)
        if fixed_norms:
            _fix_norms(self)
        self.head = nn.Linear(1280, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.requires_grad_(True).train()

    def features(self, middle: torch.Tensor) -> torch.Tensor:
        """Return 1,280 numbers a picture, (N, 1280), of what the frozen part saw."""
        return self.last(self.blocks(middle)).mean((2, 3))

    def forward(self, middle: torch.Tensor) -> torch.Tensor:
        """Return the logits (N, K) of K classes."""
        return self.head(self.features(middle))


class FixedNorm(nn.Module):
    """BatchNorm with the averages it has, in training mode, too."""

    def __init__(self, norm: nn.BatchNorm2d):
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps
        self.register_buffer("running_mean", norm.running_mean)
        self.register_buffer("running_var", norm.running_var)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, C, h, w), normalized as ever."""
        mean, variance = self.running_mean, self.running_var
        return F.batch_norm(x, mean, variance, self.weight, self.bias, eps=self.eps)


def _fix_norms(module):
    """Put a `FixedNorm` in the place of each BatchNorm within."""
    for name, layer in module.named_children():
        if isinstance(layer, nn.BatchNorm2d):
            setattr(module, name, FixedNorm(layer))
        else:
            _fix_norms(layer)


def picture_tuning(
    model: LastStages,
    middle: torch.Tensor,
    labels: torch.Tensor,
    *,
    learning_rate: float = 1e-4,
    weight_decay: float = 0.01,
    **options,
) -> Training:
    """Return a `Training` of the last stages on middle features, with AdamW.

    Parameters
    ----------
    model : LastStages
        Trained in place.
    middle : torch.Tensor
        (N, C, h, w), what the frozen part saw.
    labels : torch.Tensor
        (N,) the class of each, from 0.
    learning_rate : float
        That of the stages; the head has ten times that.
    weight_decay : float
        AdamW's.
    **options
        More of what `Training` takes: `validation`, `epochs`, `batch_size`, `seed`.
    """
    head = list(model.head.parameters())
    stages = [*model.blocks.parameters(), *model.last.parameters()]
    groups = [{"params": stages}, {"params": head, "lr": HEAD * learning_rate}]
    return Training(
        model,
        F.cross_entropy,
        torch.optim.AdamW(groups, learning_rate, weight_decay=weight_decay, fused=True),
        train=(middle.detach(), labels),
        **options,
    )
