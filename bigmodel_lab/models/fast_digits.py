"""The fast recipe of chapter 05: a small network, and few steps that count.

    recipe = RECIPES["quick"]
    model = recipe.network(X)
    recipe.training(model, (X, y)).finish()

Or with settings of your own:

    model = network(whitening_filters(X, 6), channels=[32])
    training(model, (X, y), epochs=1, learning_rate=0.04).finish()

`benchmarks/mnist.py` measures the recipes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.from_scratch.schedules import one_cycle
from bigmodel_lab.training import Training


@dataclass(frozen=True)
class Recipe:
    """Everything that is chosen before training starts."""

    digits: int  # how many of the training digits are used
    filters: int  # first filters that are computed; each has a twin of opposite sign
    channels: list[int]  # filters of each 3 x 3 convolution that is trained
    shift: int  # pixels by which a batch may move in training
    epochs: int  # how many times each digit is seen
    batch_size: int  # digits in a step
    learning_rate: float  # the highest of the cycle

    def network(self, images: torch.Tensor, border: int = 2) -> nn.Sequential:
        """Return the network, its first filters computed from images (N, 1, H, W)."""
        filters = whitening_filters(images, self.filters)
        return network(filters, self.channels, self.shift, border)

    def training(self, model: nn.Module, train: Sequence, **options) -> Training:
        """Return a `Training` on the first `digits` of the pair `train`, (X, y)."""
        return training(
            model,
            [part[: self.digits] for part in train],
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            **options,
        )


# Chosen on 5,000 of the 60,000 training digits, which no model was trained on then.
RECIPES = {
    "quick": Recipe(
        digits=48_000,
        filters=6,
        channels=[32],
        shift=0,
        epochs=1,
        batch_size=256,
        learning_rate=0.04,
    ),
    "good": Recipe(
        digits=60_000,
        filters=6,
        channels=[32],
        shift=1,
        epochs=2,
        batch_size=256,
        learning_rate=0.03,
    ),
    "best": Recipe(
        digits=60_000,
        filters=8,
        channels=[64, 64],
        shift=1,
        epochs=6,
        batch_size=128,
        learning_rate=0.01,
    ),
}


def whitening_filters(images: torch.Tensor, count: int, size: int = 5) -> torch.Tensor:
    """Return 2 `count` filters (2 count, 1, size, size) that whiten image patches.

    They are the directions in which the patches of the first 500 images (N, 1, H, W)
    vary most, each divided by its standard deviation, and then the same with opposite
    sign. A network can use them in place of learned first filters (Coates and Ng 2012;
    Jordan 2024, arXiv 2404.00498).

    Raises
    ------
    ValueError
        If there are fewer directions than `count` in a patch.
    """
    if not 1 <= count <= size**2:
        raise ValueError(
            f"A {size} x {size} patch has {size**2} directions: count must be from 1 "
            f"to {size**2}, got {count}."
        )
    # Cut out every patch of every image; one patch is a row of size² pixels.
    patches = F.unfold(images[:500], size).transpose(1, 2).flatten(0, 1)  # (P, size²)
    # Eigenvectors of the covariance are directions in which patches vary without
    # correlation; eigenvalues say how much. Ascending, one direction in each column.
    variances, directions = torch.linalg.eigh(patches.T.cov())
    # Divide each by its standard deviation, so that all answers are equally large. The
    # small number keeps directions with hardly any variance from being blown up.
    whitened = directions / (variances + 1e-3).sqrt()
    # Take the `count` directions with most variance, and make each one a filter.
    filters = whitened.T.flip(0)[:count].reshape(count, 1, size, size)
    # ReLU keeps positive answers only: the twins of opposite sign keep the others.
    return torch.cat([filters, -filters])


class ShiftedCrop(nn.Module):
    """Cut `border` pixels off each side; in training mode up to `shift` off center.

    A batch moves as a whole, which costs nothing: (N, C, H, W) -> (N, C, H - 2 border,
    W - 2 border).

    Raises
    ------
    ValueError
        If border or shift is not an integer, or shift is not from 0 to border.
    """

    def __init__(self, border: int = 2, shift: int = 0):
        super().__init__()
        if not (isinstance(border, int) and isinstance(shift, int)):
            raise ValueError(f"border and shift are pixels, got {border!r}, {shift!r}.")
        if not 0 <= shift <= border:
            raise ValueError(
                f"shift must be from 0 to the {border} pixels of the border, else a "
                f"digit would leave the image; got {shift}."
            )
        self.border, self.shift = border, shift

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images without their border."""
        # In the middle, the cut begins one border from the top and from the left.
        top = left = self.border
        # In training it begins up to `shift` pixels before or after that.
        if self.training and self.shift:
            low, high = self.border - self.shift, self.border + self.shift + 1
            top, left = torch.randint(low, high, (2,)).tolist()
        height, width = (side - 2 * self.border for side in images.shape[2:])
        # A slice is a view: no pixel is copied.
        return images[:, :, top : top + height, left : left + width]


def network(
    filters: torch.Tensor, channels: Sequence[int], shift: int = 0, border: int = 2
) -> nn.Sequential:
    """Return a small network: images (N, 1, 28, 28) -> logits (N, 10).

    Parameters
    ----------
    filters : torch.Tensor
        (C, 1, k, k), those of the first convolution. They are not trained: the backward
        pass stops before the largest feature maps.
    channels : sequence of int
        How many filters each of the trained 3 x 3 convolutions has; at least one.
    shift, border : int
        As in `ShiftedCrop`: pixels by which digits move, and which are cut off.
    """
    # The computed filters. With a border of 2 and filters of 5 x 5 pixels:
    # (N, 1, 24, 24) -> (N, C, 20, 20), and after pooling (N, C, 10, 10).
    first = nn.Conv2d(1, len(filters), filters.shape[-1], bias=False)
    first.weight = nn.Parameter(filters, requires_grad=False)
    layers = [ShiftedCrop(border, shift), first, nn.MaxPool2d(2), nn.ReLU(inplace=True)]
    # The trained convolutions; only the first is pooled, to (N, channels[0], 4, 4).
    inputs = len(filters)
    for number, outputs in enumerate(channels):
        layers.append(nn.Conv2d(inputs, outputs, 3, bias=False))  # BatchNorm adds one
        if number == 0:
            layers.append(nn.MaxPool2d(2))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        inputs = outputs
    # How many numbers are left of an image? One blank image tells; in evaluation mode,
    # so that batch normalization learns nothing from it.
    features = nn.Sequential(*layers, nn.Flatten()).eval()
    inputs = features(torch.zeros(1, 1, 28, 28)).shape[1]
    # Two linear layers read the digit from them.
    head = nn.Linear(inputs, 64), nn.ReLU(inplace=True), nn.Linear(64, 10)
    model = nn.Sequential(*features, *head).train()
    # The channels of a pixel lie side by side in memory: faster on CPU and GPU.
    return model.to(memory_format=torch.channels_last)


def adamw(model: nn.Module, learning_rate: float, **options) -> torch.optim.AdamW:
    """Return AdamW for the parameters that are trained: all but the first filters."""
    return torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        lr=learning_rate,
        # 0.99 instead of 0.999: with so few steps, the mean of the squared gradients
        # must follow quickly.
        betas=(0.9, 0.99),
        weight_decay=0,
        fused=True,  # all parameters in one go: faster, and the same rule
        **options,
    )


def cycle(step: int, steps: int) -> float:
    """Return the factor on the learning rate: one cycle, from a tenth to 1 to 0."""
    return one_cycle(step, steps, warmup=0.25, start=0.1)


def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of logits (N, 10) with smoothed labels (N,).

    A label asks for 0.91 of the right digit and 0.01 of each other one: nothing is
    gained by logits that grow without end (Szegedy and others 2016).
    """
    return F.cross_entropy(logits, labels, label_smoothing=0.1)


def training(
    model: nn.Module,
    train: Sequence,
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int = 256,
    **options,
) -> Training:
    """Return a `Training` with AdamW, one cycle of the learning rate, soft labels.

    `options` go to `Training`: `validation`, `metrics`, `seed` and others.
    """
    return Training(
        model,
        loss,
        adamw(model, learning_rate),
        train,
        epochs=epochs,
        batch_size=batch_size,
        schedule=cycle,
        **options,
    )
