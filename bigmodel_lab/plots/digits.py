"""Images with captions, filters as images."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike

from bigmodel_lab.plots.images import INK
from bigmodel_lab.plots.look import show


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
