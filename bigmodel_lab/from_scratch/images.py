"""Batches of images: what they must look like, and how training alone varies them."""

import math

import torch
from torch import nn


def check_images(images):
    """Return `images` if they are floats (N, C, H, W) in [0, 1].

    Raises
    ------
    TypeError
        If they are no tensor.
    ValueError
        If their shape, type or range is another one; the message says how to mend it.
    """
    if not isinstance(images, torch.Tensor):
        raise TypeError(
            f"Images must be a torch tensor, not {type(images).__name__}: convert with "
            f"torch.as_tensor(...)."
        )
    shape = tuple(images.shape)
    if images.ndim != 4:
        raise ValueError(
            f"Images must be (N, C, H, W), got shape {shape}{_four_dimensions(shape)}."
        )
    if shape[1] not in (1, 3):
        last = ": take images.permute(0, 3, 1, 2)" if shape[3] in (1, 3) else ""
        raise ValueError(
            f"Images must have 1 or 3 channels in dimension 1, got shape {shape}{last}."
        )
    if not images.is_floating_point():
        raise ValueError(
            f"Images must be floats, got {images.dtype}: take images.float() / 255."
        )
    if images.numel() == 0:
        raise ValueError(
            f"There are no images here, the shape is {shape}: did a selection take "
            f"everything?"
        )
    low, high = (value.item() for value in images.aminmax())
    if not 0 <= low <= high <= 1:  # NaN, too
        raise ValueError(
            f"Pixels must lie in [0, 1], got {low:.8g} to {high:.8g}: "
            f"{_mend(low, high)}."
        )
    return images


def _four_dimensions(shape):
    """Say how images of another shape become (N, C, H, W)."""
    if len(shape) == 2:
        return ": take images[None, None]"
    if len(shape) != 3:
        return ""
    if shape[2] in (1, 3):
        return ": one image with its channels last? Take images.permute(2, 0, 1)[None]"
    gray = "images[:, None] (one channel of each image)"
    if shape[0] == 3:
        return f": take images[None] if it is one color image, {gray} if it is three"
    return f": take {gray}"


def _mend(low, high):
    """Say how to bring pixels from `low` to `high` into [0, 1]."""
    if math.isnan(low):
        return "find the step that made NaN, such as 0 / 0"
    if low >= 0 and 2 <= high <= 255:
        return "divide by 255"
    if -1 <= low < 0 and high <= 1:
        return "if they are scaled to [-1, 1], take (images + 1) / 2"
    return "undo their scaling, or cut off what is outside by images.clamp(0, 1)"


class WhileTraining(nn.Module):
    """An augmentation as the first layer of a model: at work in training mode only.

    In evaluation mode, and so in `Training`'s validation, images pass unchanged.

    Parameters
    ----------
    augment : callable
        From images (N, C, H, W) in [0, 1] to images of the same shape, as kornia's are.
    """

    def __init__(self, augment):
        super().__init__()
        self.augment = augment

    def forward(self, images):
        """Return the images (N, C, H, W), augmented while training.

        Raises
        ------
        ValueError
            As in `check_images`, or if the augmentation changes the shape.
        """
        check_images(images)
        if not self.training:
            return images
        augmented = self.augment(images)
        if augmented.shape != images.shape:
            raise ValueError(
                f"The augmentation turned shape {tuple(images.shape)} into "
                f"{tuple(augmented.shape)}: crop to the old size, with padding."
            )
        return augmented
