"""Scenes to find digits in: canvases with one to four digits of MNIST, and their boxes.

They are made, not fetched: from the 5,000 digits that the library has, and a seed.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bigmodel_lab.datasets.digits import mnist

if TYPE_CHECKING:
    import torch

SIDE = 96  # pixels of a canvas
MOST = 4  # digits
SIZES = (18, 32)  # pixels of a digit's square, paper around it included
INK = 0.3  # what counts as ink: a box is drawn around it
SHARED = 0.1  # how much of the smaller of two boxes may lie in the other one
TRIES = 100
# Which digits a part is made of: no digit is in two parts.
PARTS = {"train": (0, 3200), "validation": (3200, 4000), "test": (4000, 5000)}


class Scenes(NamedTuple):
    """Pictures (N, 1, 96, 96), and for each of N its boxes (K, 4) and classes (K,)."""

    pictures: "torch.Tensor"
    boxes: list["torch.Tensor"]
    classes: list["torch.Tensor"]


def digit_scenes(count: int = 1000, part: str = "train", seed: int = 0) -> Scenes:
    """Return canvases with one to four digits each: pictures, boxes and classes.

    Digits of MNIST (LeCun and others, 1998; CC BY-SA 3.0), 18 to 32 pixels large, at
    random places; of two boxes, at most a tenth of the smaller one is shared.

    Parameters
    ----------
    count : int
        N, how many scenes. More of them begin with the same ones.
    part : str
        "train", "validation" or "test": they are made of different digits (3,200, 800
        and 1,000).
    seed : int
        Other seeds make other scenes of the same digits.

    Returns
    -------
    pictures : torch.Tensor
        (N, 1, 96, 96), float32, 0 for paper and 1 for ink.
    boxes : list of torch.Tensor
        For each scene (K, 4), float32: left, top, right and bottom of the ink, in
        pixels; right and bottom are the first without ink.
    classes : list of torch.Tensor
        For each scene (K,), int64, the digits 0 to 9, in the order of the boxes.

    Raises
    ------
    ValueError
        If `count` is not a whole number of at least 1, or there is no such part.
    bigmodel_lab.datasets.fetching.DataUnavailable
        As for `mnist`.
    """
    import torch  # here, so that tables do not wait for it

    _check(count, part)
    X_train, y_train, X_test, y_test = mnist()
    rows = slice(*PARTS[part])
    digits, labels = torch.cat([X_train, X_test])[rows], torch.cat([y_train, y_test])
    rng = np.random.RandomState(seed)  # its numbers are the same in every NumPy
    made = [_scene(rng, digits, labels[rows]) for _ in range(count)]
    pictures, boxes, classes = zip(*made, strict=True)
    return Scenes(torch.stack(pictures), list(boxes), list(classes))


def _scene(rng, digits, labels):
    """Return a picture (1, 96, 96), its boxes (K, 4) and its classes (K,)."""
    import torch

    picture, boxes, classes = torch.zeros(1, SIDE, SIDE), [], []
    wanted = rng.randint(1, MOST + 1)
    for _ in range(TRIES):
        if len(boxes) == wanted:
            break
        row, size = rng.randint(len(digits)), rng.randint(SIZES[0], SIZES[1] + 1)
        left, top = rng.randint(0, SIDE - size + 1, 2)
        digit = resized(digits[row], size)
        box = _around_ink(digit) + torch.tensor([left, top, left, top])
        if all(_shared(box, other) <= SHARED for other in boxes):
            place = picture[:, top : top + size, left : left + size]
            torch.maximum(place, digit, out=place)
            boxes.append(box)
            classes.append(labels[row])
    return picture, torch.stack(boxes).float(), torch.stack(classes)


def resized(digit, size):
    """Return a digit (1, 28, 28), 0 for paper and 1 for ink, as (1, size, size)."""
    from torch.nn import functional as F

    larger = F.interpolate(digit[None], (size, size), mode="bilinear", antialias=True)
    return larger[0].clamp(max=1)  # rounding can make it a bit more


def _around_ink(digit):
    """Return left, top, right and bottom of a digit's ink; the last two lie outside."""
    import torch

    _, rows, columns = torch.where(digit > INK)
    ends = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return torch.stack(ends)


def _shared(box, other):
    """Return which share of the smaller box lies in the other one."""
    sides = box[2:].minimum(other[2:]) - box[:2].maximum(other[:2])
    areas = [(b[2:] - b[:2]).prod() for b in (box, other)]
    return sides.clamp(min=0).prod() / min(areas)


def _check(count, part):
    """Raise ValueError unless there can be so many scenes of such a part."""
    number = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not number or count < 1:
        raise ValueError(f"count must be a whole number of at least 1, got {count!r}.")
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, got {part!r}.")
