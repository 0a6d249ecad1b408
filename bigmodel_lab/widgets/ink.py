"""Ink on paper as arrays: drawing a line, and bringing a drawing into MNIST's form."""

import math

import numpy as np
import torch
from torch.nn import functional as F

from bigmodel_lab.from_scratch.images import check_images


def add_line(ink: np.ndarray, start: tuple, end: tuple, width: float):
    """Add a line with round ends to `ink` (H, W), in place, antialiased.

    `start`, `end` (x, y) and `width` are in pixels from the upper left corner. The ink
    of a pixel falls from 1 to 0 where its distance from the line passes width / 2.
    """
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    rows, columns = (np.arange(size) + 0.5 for size in ink.shape)  # pixel centers
    x, y = columns - x0, rows[:, None] - y0  # (W,) and (H, 1)
    along = np.clip((x * dx + y * dy) / (dx * dx + dy * dy or 1), 0, 1)  # (H, W)
    distance = np.hypot(x - along * dx, y - along * dy)
    np.maximum(ink, np.clip(width / 2 + 0.5 - distance, 0, 1), out=ink)


def preprocess(drawing: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Return a drawing in MNIST's form: (1, 1, 28, 28), float32 in [0, 1].

    The box around the ink is scaled to fit 20 x 20 pixels with its aspect ratio kept,
    each pixel the mean of what it covers. Then it is placed so that its center of mass
    lies in the middle, pixel (14, 14), as closely as whole pixels allow without losing
    ink. As in LeCun and others, "Gradient-based learning applied to document
    recognition" (1998), section III-A.

    Parameters
    ----------
    drawing : array or tensor
        (H, W) or (1, 1, H, W), 0 for paper and 1 for ink.

    Raises
    ------
    ValueError
        If there is no ink, or the shape or range is different.
    """
    ink = torch.as_tensor(drawing, dtype=torch.float32, device="cpu")
    ink = check_images(ink[None, None] if ink.ndim == 2 else ink)
    if ink.shape[:2] != (1, 1):
        raise ValueError(
            f"A drawing is one image of one channel, got shape {tuple(ink.shape)}: "
            f"take images[k : k + 1, :1]."
        )
    if not ink.any():
        raise ValueError("The drawing is empty: draw something first.")
    box = ink[0, 0]
    for _ in range(2):  # cut off the rows without ink, then the columns
        inked = box.any(1).nonzero()
        box = box[inked[0] : inked[-1] + 1].T
    side = max(box.shape)
    square = F.pad(box, (0, side - box.shape[1], 0, side - box.shape[0]))
    height, width = (math.ceil(20 * extent / side) for extent in box.shape)
    digit = F.adaptive_avg_pool2d(square[None], 20)[0, :height, :width]
    top, left = _start_of(digit.sum(1)), _start_of(digit.sum(0))
    return F.pad(digit, (left, 28 - width - left, top, 28 - height - top))[None, None]


def _start_of(mass):
    """Return where ink of `mass` (n,) along an axis starts if its center is at 14."""
    center = mass @ torch.arange(float(len(mass))) / mass.sum()
    # A symmetric drawing lies between two places: its last digits must not choose one.
    center = round(center.item(), 5)
    return min(max(round(14 - center), 0), 28 - len(mass))
