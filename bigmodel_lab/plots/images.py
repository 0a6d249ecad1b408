"""Rows of images, each row with its name: ink on the page's own paper."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from bigmodel_lab.colors import BLUE, ORANGE
from bigmodel_lab.plots.look import show

# From no ink at all to full ink: the paper is the page, light or dark.
INK = LinearSegmentedColormap.from_list("ink", [to_rgba(BLUE, 0), to_rgba(BLUE, 1)])


def image_rows(
    rows: Mapping[str, ArrayLike], title: str, inches: float = 0.55
) -> Figure:
    """Return a figure of images, with a named row of them for every entry.

    Parameters
    ----------
    rows : dict
        Name -> images (n, H, W) or (n, 1, H, W) with 0 for paper and 1 for ink, or in
        color, (n, H, W, 3) of 0 to 255; the rows may differ in n, but in nothing else.
    title : str
        What the reader should see.
    inches : float
        How wide an image is.

    Raises
    ------
    ValueError
        If there are no images, or their shapes are wrong or differ.
    """
    arrays = {name: np.asarray(images) for name, images in rows.items()}
    shapes = {name: a.shape for name, a in arrays.items()}
    if not any(a.size for a in arrays.values()):
        raise ValueError(f"There are no images to show in the rows {shapes}.")
    arrays = {n: a[:, 0] if a.shape[1:-2] == (1,) else a for n, a in arrays.items()}
    sizes = {a.shape[1:] for a in arrays.values()}
    known = all(a.ndim == 3 or a.shape[3:] == (3,) for a in arrays.values())
    if len(sizes) != 1 or not known:
        raise ValueError(
            f"Rows of images must be (n, H, W), (n, 1, H, W) or (n, H, W, 3), of one "
            f"size; got {shapes}."
        )
    if len(next(iter(sizes))) == 3:
        arrays = {name: _opaque(a) for name, a in arrays.items()}
    height, width, *channels = next(iter(arrays.values())).shape[1:]
    longest = max(map(len, arrays.values()))
    sheet = np.zeros((len(arrays) * height, longest * width, *channels))
    for row, images in enumerate(arrays.values()):
        strip = images.swapaxes(0, 1).reshape(height, -1, *channels)  # (H, n W)
        sheet[row * height : (row + 1) * height, : strip.shape[1]] = strip
    tall = inches * height / width
    figure, axes = plt.subplots(
        figsize=(1.6 + inches * longest, 0.45 + tall * len(arrays))
    )
    axes.imshow(sheet, cmap=INK, vmin=0, vmax=1, interpolation="nearest")
    axes.set_yticks(height * (np.arange(len(arrays)) + 0.5), list(arrays))
    axes.set_xticks([])
    axes.set_title(title)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def _opaque(images):
    """Return images in color (n, H, W, 3) of 0 to 255 as (n, H, W, 4) of 0 to 1.

    What no image covers stays the page's own paper.
    """
    return np.pad(images / 255, [(0, 0)] * 3 + [(0, 1)], constant_values=1)


def boxed(rows: Mapping[str, tuple], title: str, alt: str) -> None:
    """Show rows of pictures with the boxes that were found in them.

    Parameters
    ----------
    rows : dict
        Name -> (pictures (n, H, W), 0 for paper and 1 for ink, and for each of them
        boxes (K, 4), scores (K,) and classes (K,)), of one n.
    title, alt : str
        What to see, and the text alternative.

    Raises
    ------
    ValueError
        If there are not as many answers as pictures, or `alt` is empty.
    """
    longest = max(len(pictures) for pictures, _ in rows.values())
    figure, grid = plt.subplots(
        len(rows), longest, figsize=(1.3 * longest, 1.4 * len(rows)), squeeze=False
    )
    for line, (name, (pictures, answers)) in zip(grid, rows.items(), strict=True):
        for axes, picture, found in zip(line, pictures, answers, strict=True):
            axes.imshow(picture, cmap=INK, vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
            axes.grid(visible=False)
            axes.spines[:].set_visible(True)
            for (left, top, right, bottom), _, kind in zip(*found, strict=True):
                x, y = [left, right, right, left, left], [top, top, bottom, bottom, top]
                axes.plot(x, y, color=ORANGE, linewidth=1.2)
                label = {"color": ORANGE, "weight": "bold", "va": "bottom"}
                axes.text(left, top, str(int(kind)), **label)
        line[0].set_ylabel(name)
    figure.suptitle(title)
    show(figure, alt)
