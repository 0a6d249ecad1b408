"""The fast recipe of chapter 05: a small network, and few steps that count.

    model = fast_digits.network(fast_digits.whitening_filters(X, 6), channels=[32])
    fast_digits.training(model, (X, y), epochs=1, learning_rate=0.04).finish()

`RECIPES` are the settings that `benchmarks/mnist.py` measures.
"""

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.from_scratch.schedules import one_cycle
from bigmodel_lab.training import Training

# Chosen on 5,000 of the 60,000 training digits, which were not trained on then.
RECIPES = {
    "quick": {
        "digits": 48_000,
        "filters": 6,
        "channels": [32],
        "shift": 0,
        "epochs": 1,
        "batch_size": 256,
        "learning_rate": 0.04,
    },
    "good": {
        "digits": 60_000,
        "filters": 6,
        "channels": [32],
        "shift": 1,
        "epochs": 2,
        "batch_size": 256,
        "learning_rate": 0.03,
    },
    "best": {
        "digits": 60_000,
        "filters": 8,
        "channels": [64, 64],
        "shift": 1,
        "epochs": 6,
        "batch_size": 128,
        "learning_rate": 0.01,
    },
}


def whitening_filters(images, count, size=5):
    """Return 2 `count` filters (2 count, 1, size, size) that whiten image patches.

    They are the directions in which the patches of the first 500 images (N, 1, H, W)
    vary most, each divided by its standard deviation, and then the same with the sign
    turned, since ReLU keeps one side only. A network can do with these in place of
    learned first filters (Coates and Ng 2012; Jordan 2024, arXiv 2404.00498).

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
    patches = F.unfold(images[:500], size).transpose(1, 2).flatten(0, 1)  # (P, size²)
    variances, directions = torch.linalg.eigh(patches.T.cov())  # ascending, in columns
    # Directions with hardly any variance must not be blown up.
    whitened = directions / (variances + 1e-3).sqrt()
    filters = whitened.T.flip(0)[:count].reshape(count, 1, size, size)
    return torch.cat([filters, -filters])


class ShiftedCrop(nn.Module):
    """Cut `border` pixels off each side; in training mode up to `shift` off center.

    A batch moves as a whole, which costs nothing: (N, C, H, W) -> (N, C, H - 2 border,
    W - 2 border).

    Raises
    ------
    ValueError
        If border or shift is no whole number, or shift is not from 0 to border.
    """

    def __init__(self, border=2, shift=0):
        super().__init__()
        if not (isinstance(border, int) and isinstance(shift, int)):
            raise ValueError(f"border and shift are pixels, got {border!r}, {shift!r}.")
        if not 0 <= shift <= border:
            raise ValueError(
                f"shift must be from 0 to the {border} pixels of the border, else a "
                f"digit would leave the image; got {shift}."
            )
        self.border, self.shift = border, shift

    def forward(self, images):
        """Return the images without their border."""
        top = left = self.border
        if self.training and self.shift:
            low, high = self.border - self.shift, self.border + self.shift + 1
            top, left = torch.randint(low, high, (2,)).tolist()
        height, width = (side - 2 * self.border for side in images.shape[2:])
        return images[:, :, top : top + height, left : left + width]


def network(filters, channels, shift=0, border=2):
    """Return a small network: images (N, 1, 28, 28) -> logits (N, 10).

    Parameters
    ----------
    filters : tensor
        (C, 1, k, k), those of the first convolution. They are not trained: the way back
        ends before the largest maps.
    channels : sequence of int
        How many filters each of the trained 3 x 3 convolutions has, one at least.
    shift, border : int
        As in `ShiftedCrop`: pixels by which digits move, and which are cut off.
    """
    first = nn.Conv2d(1, len(filters), filters.shape[-1], bias=False)
    first.weight = nn.Parameter(filters, requires_grad=False)
    layers = [ShiftedCrop(border, shift), first, nn.MaxPool2d(2), nn.ReLU(inplace=True)]
    inputs = len(filters)
    for number, outputs in enumerate(channels):
        layers.append(nn.Conv2d(inputs, outputs, 3, bias=False))  # the norm has one
        if number == 0:
            layers.append(nn.MaxPool2d(2))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        inputs = outputs
    features = nn.Sequential(*layers, nn.Flatten()).eval()
    inputs = features(torch.zeros(1, 1, 28, 28)).shape[1]
    head = nn.Linear(inputs, 64), nn.ReLU(inplace=True), nn.Linear(64, 10)
    model = nn.Sequential(*features, *head).train()
    return model.to(memory_format=torch.channels_last)  # faster on CPU and GPU


# The second moment, over so few steps, must be quick to follow.
ADAMW = {"betas": (0.9, 0.99), "weight_decay": 0, "fused": True}


def cycle(step, steps):
    """Return the factor on the learning rate: one cycle, from a tenth to 1 to 0."""
    return one_cycle(step, steps, warmup=0.25, start=0.1)


def loss(logits, labels):
    """Return the cross-entropy of logits (N, 10) with smoothed labels (N,)."""
    return F.cross_entropy(logits, labels, label_smoothing=0.1)


def learned(model):
    """Return the parameters that are trained: all but the first filters."""
    return [p for p in model.parameters() if p.requires_grad]


def training(model, train, *, epochs, learning_rate, batch_size=256, **options):
    """Return a `Training` with AdamW, one cycle of the learning rate, soft labels.

    `options` go to `Training`, as `validation`, `metrics` and `seed`.
    """
    return Training(
        model,
        loss,
        torch.optim.AdamW(learned(model), lr=learning_rate, **ADAMW),
        train,
        epochs=epochs,
        batch_size=batch_size,
        schedule=cycle,
        **options,
    )
