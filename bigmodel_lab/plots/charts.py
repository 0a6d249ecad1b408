"""Charts that several chapters share: data and words go in."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike

from bigmodel_lab.colors import BLUE, ORANGE
from bigmodel_lab.plots.look import LINE_STYLES, WIDE, show

TINT = LinearSegmentedColormap.from_list("tint", [(ORANGE, 0), (ORANGE, 0.35)])


def curves(
    lines: Mapping[str, ArrayLike],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    alt: str,
    x: ArrayLike | None = None,
    **axes_settings,
) -> None:
    """Show named curves in one chart: name -> (N,) values, or (x, y) of a curve's own.

    Parameters
    ----------
    lines : dict
        Name in the legend -> heights (N,), or a pair (x, y) of arrays (N,).
    title, xlabel, ylabel : str
        What to see, and the axes with their units.
    alt : str
        The text alternative.
    x : array_like of shape (N,), optional
        The places of all curves that bring none of their own; 1, 2, ... if left out.
    **axes_settings
        What else matplotlib's `axes.set` takes, such as `yscale="log"` or `ylim`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, axes = plt.subplots()
    for number, (name, line) in enumerate(lines.items()):
        places, heights = line if isinstance(line, tuple) else (x, line)
        if places is None:
            places = np.arange(1, len(heights) + 1)
        style = LINE_STYLES[number // 2 % len(LINE_STYLES)]
        axes.plot(places, heights, style, label=name)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, **axes_settings)
    if len(lines) > 1:
        axes.legend()
    show(figure, alt)


def bars(
    values: Mapping[str, float],
    *,
    title: str,
    xlabel: str,
    alt: str,
    spreads: Sequence[float] | None = None,
    marked: Sequence[str] = (),
    **axes_settings,
) -> None:
    """Show named numbers as horizontal bars, the first on top.

    Parameters
    ----------
    values : dict
        Name -> length of its bar.
    title, xlabel : str
        What to see, and what is measured, with its unit.
    alt : str
        The text alternative.
    spreads : sequence of float, optional
        The ± of each bar, drawn as a thin line at its end.
    marked : sequence of str
        The names of the bars in the second color.
    **axes_settings
        What else matplotlib's `axes.set` takes, such as `xlim`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, axes = plt.subplots(figsize=(6.4, 0.9 + 0.32 * len(values)))
    colors = [ORANGE if name in marked else BLUE for name in values]
    error = {"ecolor": plt.rcParams["text.color"]}
    axes.barh(
        list(values), list(values.values()), xerr=spreads, color=colors, error_kw=error
    )
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set(title=title, xlabel=xlabel, **axes_settings)
    show(figure, alt)


def fit_and_loss(
    x: ArrayLike,
    y: ArrayLike,
    lines: Mapping[str, tuple[float, float]],
    losses: Sequence[float],
    *,
    title: str,
    alt: str,
) -> None:
    """Show points with lines through them, and the loss of each step beside it.

    Parameters
    ----------
    x, y : array_like of shape (N,)
        The points, without a unit.
    lines : dict
        Name in the legend -> weight and bias of a line.
    losses : sequence of float
        The loss at each step, from the first on.
    title : str
        What to see in the points.
    alt : str
        The text alternative.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, (left, right) = plt.subplots(ncols=2, figsize=WIDE)
    left.plot(x, y, ".", alpha=0.4)
    ends = np.array(left.get_xlim())
    for style, (name, (weight, bias)) in zip(
        cycle([":", "--", "-"]), lines.items(), strict=False
    ):
        left.plot(ends, weight * ends + bias, style, label=name)
    left.set(title=title, xlabel="x (no unit)", ylabel="y (no unit)")
    left.legend()
    right.plot(np.arange(1, len(losses) + 1), losses)
    right.set(title="and the loss falls", xlabel="step", ylabel="loss (no unit)")
    show(figure, alt)


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


def confusion(
    matrix: ArrayLike, *, title: str, alt: str, classes: Sequence[str] | None = None
) -> None:
    """Show a confusion matrix (K, K), the errors tinted: row, is; column, read as.

    Parameters
    ----------
    matrix : array_like of shape (K, K)
        How many of the row's class were read as the column's.
    title, alt : str
        What to see, and the text alternative.
    classes : sequence of str, optional
        The names of the K classes; their numbers if left out.

    Raises
    ------
    ValueError
        If the matrix is not square, or `alt` is empty.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"A confusion matrix is square, got shape {matrix.shape}.")
    errors = matrix - np.diag(np.diag(matrix))
    figure, axes = plt.subplots(figsize=(5, 4.4))
    # Without an error there is no tint: the page shines through.
    axes.imshow(errors, cmap=TINT, vmin=0, vmax=max(errors.max(), 1))
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(column, row, f"{count}", ha="center", va="center")
    places = range(len(matrix))
    axes.set(title=title, xlabel="read as", ylabel="is", xticks=places, yticks=places)
    if classes is not None:
        axes.set_xticks(places, classes, rotation=30, ha="right")
        axes.set_yticks(places, classes)
    axes.grid(visible=False)
    show(figure, alt)
