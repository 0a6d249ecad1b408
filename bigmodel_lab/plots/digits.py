"""Charts for classifiers of images: mistakes, filters."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba_array
from numpy.typing import ArrayLike

from bigmodel_lab.colors import ORANGE
from bigmodel_lab.plots.images import INK
from bigmodel_lab.plots.look import show


def confusion(matrix: ArrayLike, *, title: str, alt: str) -> None:
    """Show a confusion matrix (K, K), the errors tinted: row, is; column, read as.

    Raises
    ------
    ValueError
        If the matrix is not square, or `alt` is empty.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"A confusion matrix is square, got shape {matrix.shape}.")
    classes = range(len(matrix))
    errors = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    figure, axes = plt.subplots(figsize=(5, 4.4))
    strength = 0.3 * errors / max(errors.max(), 1)  # 0: the page shines through
    axes.imshow(
        to_rgba_array([ORANGE] * errors.size, strength.ravel()).reshape(
            *errors.shape, 4
        )
    )
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(column, row, f"{count}", ha="center", va="center")
    axes.set(title=title, xlabel="read as", ylabel="is", xticks=classes, yticks=classes)
    axes.grid(visible=False)
    show(figure, alt)


def captioned(
    images: ArrayLike, captions: Sequence[str], *, title: str, alt: str
) -> None:
    """Show images (n, H, W) or (n, 1, H, W), ten in a row, each under its caption.

    Raises
    ------
    ValueError
        If images and captions differ in number, or `alt` is empty.
    """
    images = np.asarray(images)
    if len(images) != len(captions):
        raise ValueError(f"{len(images)} images have {len(captions)} captions.")
    rows = -(-len(images) // 10)
    figure, axes = plt.subplots(
        rows, 10, figsize=(9, 0.5 + rows), squeeze=False, subplot_kw={"frame_on": False}
    )
    for place in axes.flat:
        place.axis("off")
    for place, image, caption in zip(axes.flat, images, captions, strict=False):
        place.imshow(image.reshape(image.shape[-2:]), cmap=INK, vmin=0, vmax=1)
        place.set_title(caption, loc="center", fontsize=10)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    show(figure, alt)


def filter_images(filters: ArrayLike, scale: int) -> np.ndarray:
    """Return filters (n, 1, k, k) as images (n, scale k + 2, scale k + 2) with a rim.

    1 is the filter's largest weight, 0.5 is zero and 0 the opposite of the largest;
    `scale` is the side of a weight in pixels.
    """
    filters = np.asarray(filters)[:, 0]
    shades = 0.5 + 0.5 * filters / np.abs(filters).max((1, 2), keepdims=True)
    return np.pad(np.kron(shades, np.ones((1, scale, scale))), [(0, 0), (1, 1), (1, 1)])
