"""Figures that several chapters share, in colors that everyone can tell apart."""

import base64
import html
import io
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML, display
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

from bigmodel_lab.colors import COLORS, ORANGE

WIDE = (9, 3.6)  # inches, of two charts side by side; one alone has figure.figsize
READABLE = 480  # px: where a page is narrower, a figure scrolls rather than shrinks
STYLE = {
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "figure.constrained_layout.use": True,
    "figure.figsize": (6.4, 3.2),
    "font.size": 10,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
}


def use_style() -> None:
    """Give the figures made from now on the workbook's look."""
    plt.rcParams.update(STYLE)


def show(figure: Figure, alt: str) -> None:
    """Show `figure` in the notebook with the text alternative `alt`, and close it.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    display(HTML(picture(figure, alt)))


def picture(figure: Figure, alt: str, colors: int | None = None) -> str:
    """Return `figure` as an HTML image with the text alternative `alt`, and close it.

    It is HTML because JupyterLab gives its own image outputs no alternative text, and
    because an `Explorer` can show it. With few `colors`, up to 256, it takes a third
    of the bytes.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("A figure needs alt text: say what a reader should see in it.")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=144, metadata={"Software": None})
    plt.close(figure)
    if colors is not None:
        image = Image.open(file).convert("RGB").quantize(colors, dither=0)
        file = io.BytesIO()
        image.save(file, format="png", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    width = int(96 * figure.get_figwidth())
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" '
        f'style="max-width: 100%; min-width: {min(width, READABLE)}px" '
        f'src="data:image/png;base64,{data}">'
    )


def learning_rate_range(
    table: pd.DataFrame, suggestion: float, alt: str, title: str, ylabel: str = "loss"
) -> None:
    """Show a `learning_rate_range_test`: the loss and the suggestion."""
    figure, axes = plt.subplots()
    axes.plot(table.learning_rate, table.loss)
    axes.axvline(suggestion, color=ORANGE, linestyle=":", label="suggestion")
    axes.set(
        title=title,
        xlabel="learning rate (log scale)",
        ylabel=ylabel,
        xscale="log",
        ylim=(0, 1.1 * table.loss[: table.loss.idxmin() + 1].max()),
    )
    axes.legend()
    show(figure, alt)


def residuals(
    targets: ArrayLike, predictions: ArrayLike, alt: str, title: str, unit: str
) -> None:
    """Show predictions and residuals of a regression side by side, in `unit`."""
    targets, predictions = np.asarray(targets), np.asarray(predictions)
    figure, (left, right) = plt.subplots(ncols=2, figsize=WIDE)
    left.plot(predictions, targets, ".", alpha=0.6)
    ends = [min(predictions.min(), 0), predictions.max()]
    left.plot(ends, ends, color=ORANGE, label="prediction = truth")
    left.set(title=title, xlabel=f"predicted ({unit})", ylabel=f"true ({unit})")
    left.legend()
    right.plot(predictions, targets - predictions, ".", alpha=0.6)
    right.axhline(0, color=ORANGE)
    right.set(
        title="Residuals: true minus predicted",
        xlabel=f"predicted ({unit})",
        ylabel=f"residual ({unit})",
    )
    show(figure, alt)


def image_rows(rows: Mapping[str, ArrayLike], title: str) -> Figure:
    """Return a figure of grayscale images, with a named row of them for every entry.

    Parameters
    ----------
    rows : dict
        Name -> images (n, H, W) or (n, 1, H, W) with 0 for paper and 1 for ink; the
        rows may differ in n, but not in H and W.
    title : str
        What the reader should see.

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
    if len(sizes) != 1 or any(a.ndim != 3 for a in arrays.values()):
        raise ValueError(
            f"Rows of images must be (n, H, W) or (n, 1, H, W), of one size; got "
            f"{shapes}."
        )
    ((height, width),) = sizes
    longest = max(map(len, arrays.values()))
    sheet = np.zeros((len(arrays) * height, longest * width))
    for row, images in enumerate(arrays.values()):
        strip = images.transpose(1, 0, 2).reshape(height, -1)  # (H, n W)
        sheet[row * height : (row + 1) * height, : strip.shape[1]] = strip
    size = 0.55  # inches an image
    figure, axes = plt.subplots(
        figsize=(1.6 + size * longest, 0.45 + size * height / width * len(arrays))
    )
    axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_yticks(height * (np.arange(len(arrays)) + 0.5), list(arrays))
    axes.set_xticks([])
    axes.set_title(title)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure
