"""Batches of images: what they must look like, and how to vary them in training."""

from collections.abc import Callable

import torch
from torch import nn

from bigmodel_lab.from_scratch._checks import check_images, check_shape_kept

__all__ = ["AugmentInTraining", "check_images"]


class AugmentInTraining(nn.Module):
    """An augmentation as the first layer of a model, active in training mode only.

    In evaluation mode, and so in `Training`'s validation, images pass unchanged.

    Parameters
    ----------
    augment : callable
        From images (N, C, H, W) in [0, 1] to images of the same shape, as kornia's are.
    """

    def __init__(self, augment: Callable[[torch.Tensor], torch.Tensor]):
        super().__init__()
        self.augment = augment

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images (N, C, H, W), augmented while training.

        Raises
        ------
        ValueError
            As in `check_images`, or if the augmentation changes the shape.
        """
        check_images(images)
        # `model.eval()` and `model.train()` set this flag in every layer of a model:
        # scores are measured on the images themselves, not on varied copies.
        if not self.training:
            return images
        # New random variations each time, so that no epoch sees the same images.
        augmented = self.augment(images)
        check_shape_kept(images, augmented)
        return augmented
