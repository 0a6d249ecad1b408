"""A detector of digits: one look at a picture, and every cell of a grid answers.

A cell says whether the middle of a digit lies in it, the digit's box and its class.
After YOLO: Redmon and others (2016), *You only look once*, arXiv 1506.02640; but small.
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.from_scratch.schedules import one_cycle
from bigmodel_lab.models._checks_detector import (
    check_answers,
    check_pairs,
    check_pictures,
    check_targets,
)
from bigmodel_lab.training import Training

GRID, CELL = 8, 12  # cells in a row, pixels of a cell
SIDE = GRID * CELL  # pixels of a picture
DIGITS = 10
TYPICAL = 16.0  # pixels, the side of a box that a cell answers at first


class DigitDetector(nn.Module):
    """Pictures (N, 1, 96, 96) -> answers (N, 8, 8, 15): what each cell sees.

    An answer is the logit of "here is the middle of a digit", the box (left, top,
    right, bottom, in pixels), and ten logits of classes. A cell has one box: of two
    digits with their middles in one cell, one is missed. Raises ValueError, in use, for
    pictures of another shape.
    """

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(1, 16, 5, 3, 1),  # 32 x 32
            *_convolution(16, 32, 3, 2, 1),  # 16 x 16
            *_convolution(32, 48, 3, 1, 1),
            # Strides, not pooling: where in its window something was must not be lost.
            *_convolution(48, 80, 4, 2, 1),  # 8 x 8, the cells
            *_convolution(80, 96, 3, 1, 1),  # a cell sees its neighbors
            nn.Conv2d(96, 5 + DIGITS, 1),
        )
        middles = torch.arange(GRID) * CELL + CELL / 2
        grid = torch.meshgrid(middles, middles, indexing="xy")
        self.register_buffer("middles", torch.stack(grid, -1), persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the answers (N, 8, 8, 15) of pictures (N, 1, 96, 96)."""
        check_pictures(pictures, SIDE)
        seen = self.body(pictures).permute(0, 2, 3, 1)  # (N, 8, 8, 15)
        middle = self.middles + CELL * seen[..., 1:3]
        # exp: no side is below 0.
        half = TYPICAL / 2 * seen[..., 3:5].exp()
        boxes = [middle - half, middle + half]
        return torch.cat([seen[..., :1], *boxes, seen[..., 5:]], dim=-1)


def _convolution(inputs, outputs, size, stride, padding):
    """Return a convolution, batch normalization and ReLU."""
    return (
        nn.Conv2d(inputs, outputs, size, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


# -- how it learns ---------------------------------------------------------------------


def detection_targets(
    boxes: Sequence[torch.Tensor], classes: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Return what the cells should answer, (N, 8, 8, 6), for N scenes.

    For the cell with the middle of a digit: 1, its box, its class; else zeros. Boxes
    are (K, 4) for each scene, classes (K,). Raises ValueError if they differ in number,
    a box is not on the picture, or a class is not from 0 to 9.
    """
    check_targets(boxes, classes, SIDE, DIGITS)
    targets = torch.zeros(len(boxes), GRID, GRID, 6)
    for target, places, kinds in zip(targets, boxes, classes, strict=True):
        column, row = ((places[:, :2] + places[:, 2:]) / 2 // CELL).long().unbind(1)
        target[row, column, 0] = 1
        target[row, column, 1:5] = places
        target[row, column, 5] = kinds.float()
    return targets


def generalized_iou(boxes: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return the overlap of each box with its other one: (N, 4), (N, 4) -> (N,).

    Intersection over union, minus the share of their common frame that neither covers:
    so boxes that do not meet still learn in which direction to go. From -1 to 1;
    Rezatofighi and others (2019), arXiv 1902.09630. Raises ValueError if the shapes
    differ.
    """
    check_pairs(boxes, others)
    low, high = torch.minimum(boxes, others), torch.maximum(boxes, others)
    both = (low[:, 2:] - high[:, :2]).clamp(min=0).prod(1)
    areas = [(box[:, 2:] - box[:, :2]).prod(1) for box in (boxes, others)]
    together = sum(areas) - both
    frame = (high[:, 2:] - low[:, :2]).prod(1)
    return both / together - (frame - together) / frame


def overlap_loss(boxes: torch.Tensor, true_boxes: torch.Tensor) -> torch.Tensor:
    """Return 0 for boxes (N, 4) that are the true ones, up to 2 for others; a mean."""
    return 1 - generalized_iou(boxes, true_boxes).mean()


def detection_loss(
    answers: torch.Tensor,
    targets: torch.Tensor,
    box_loss: Callable[..., torch.Tensor] = overlap_loss,
    box_weight: float = 4.0,
) -> torch.Tensor:
    """Return how wrong answers (N, 8, 8, 15) are: is a digit here, its box, its class.

    Every cell learns whether it has a digit; only those that have one learn boxes and
    classes. Targets (N, 8, 8, 6) are those of `detection_targets`. The loss of boxes is
    what is measured later, their overlap; `box_loss(boxes, true_boxes)` is another one
    to compare it with. Raises ValueError if the shapes are others.
    """
    check_answers(answers, targets)
    here = targets[..., 0] > 0
    found, true = answers[here], targets[here]  # (digits, 15), (digits, 6)
    # For each cell with a digit 25 are empty: to find one counts more.
    loss = F.binary_cross_entropy_with_logits(
        answers[..., 0], targets[..., 0], pos_weight=answers.new_tensor(5.0)
    )
    if len(found):  # in scenes without digits there are no boxes to learn
        loss = loss + box_weight * box_loss(found[:, 1:5], true[:, 1:5])
        loss = loss + F.cross_entropy(found[:, 5:], true[:, 5].long())
    return loss


def detector_training(
    model: DigitDetector,
    scenes: tuple,
    *,
    epochs: int = 8,
    batch_size: int = 32,
    learning_rate: float = 8e-3,
    loss: Callable[..., torch.Tensor] = detection_loss,
    seed: int = 0,
) -> Training:
    """Return a `Training` of a detector: AdamW, in one cycle.

    `scenes` are pictures (N, 1, 96, 96), boxes and classes, as
    `datasets.digit_scenes(3000)` has them. The errors are those of `Training` and of
    `detection_targets`.
    """
    pictures, boxes, classes = scenes
    return Training(
        model,
        loss,
        torch.optim.AdamW(model.parameters(), learning_rate),
        (pictures, detection_targets(boxes, classes)),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        schedule=one_cycle,
    )
