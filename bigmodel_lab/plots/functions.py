"""Charts about losses: functions with their slopes, fitted lines, paired bars."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike

from bigmodel_lab.colors import GRAY
from bigmodel_lab.plots.look import LINE_STYLES, WIDE, show


def with_slopes(
    x: ArrayLike,
    lines: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    titles: tuple[str, str],
    xlabel: str,
    alt: str,
    ylabels: tuple[str, str] = ("loss", "slope"),
    **axes_settings,
) -> None:
    """Show functions on the left and their slopes on the right.

    Parameters
    ----------
    x : array_like of shape (N,)
        Where the functions were computed.
    lines : dict
        Name in the legend -> (values (N,), slopes (N,)).
    titles, ylabels : pair of str
        Of the left chart and of the right one.
    xlabel, alt : str
        The common axis, with its unit, and the text alternative.
    **axes_settings
        What else matplotlib's `axes.set` takes; it is for the left chart.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, charts = plt.subplots(ncols=2, figsize=WIDE)
    for number, (name, values_and_slopes) in enumerate(lines.items()):
        for axes, heights in zip(charts, values_and_slopes, strict=True):
            axes.plot(x, heights, LINE_STYLES[number % len(LINE_STYLES)], label=name)
    for axes, title, ylabel in zip(charts, titles, ylabels, strict=True):
        axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    charts[0].set(**axes_settings)
    charts[0].legend()
    show(figure, alt)


def scatter_with_lines(
    x: ArrayLike,
    y: ArrayLike,
    lines: Mapping[str, ArrayLike],
    *,
    marked: ArrayLike,
    title: str,
    xlabel: str,
    ylabel: str,
    alt: str,
) -> None:
    """Show points, rings around the marked ones, and straight lines through them.

    Parameters
    ----------
    x, y : array_like of shape (N,)
        The points.
    lines : dict
        Name in the legend -> the line's heights at x (N,).
    marked : array_like of bool, of shape (N,)
        Which points get a ring.
    title, xlabel, ylabel, alt : str
        What to see, the axes with their units, and the text alternative.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    x, y, marked = np.asarray(x), np.asarray(y), np.asarray(marked)
    figure, axes = plt.subplots()
    axes.plot(x, y, ".", color=GRAY, alpha=0.3, markersize=4)
    axes.plot(x[marked], y[marked], "o", color=GRAY, fillstyle="none", markersize=10)
    ends = [x.argmin(), x.argmax()]
    for number, (name, heights) in enumerate(lines.items()):
        style = LINE_STYLES[number % len(LINE_STYLES)]
        axes.plot(x[ends], np.asarray(heights)[ends], style, label=name, linewidth=2)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, ylim=(None, 1.3 * y.max()))
    axes.legend(loc="upper left")  # in the room that ylim leaves
    show(figure, alt)


def paired_bars(
    groups: Mapping[str, ArrayLike],
    *,
    labels: Sequence,
    title: str,
    xlabel: str,
    ylabel: str,
    alt: str,
) -> None:
    """Show two series as upright bars side by side.

    Parameters
    ----------
    groups : dict
        Two names in the legend -> heights (N,).
    labels : sequence of length N
        What stands under each pair of bars.
    title, xlabel, ylabel, alt : str
        What to see, the axes with their units, and the text alternative.

    Raises
    ------
    ValueError
        If there are not two series, or `alt` is empty.
    """
    if len(groups) != 2:
        raise ValueError(f"paired_bars takes two series, not {len(groups)}.")
    figure, axes = plt.subplots(figsize=(7.2, 3.2))
    places = np.arange(len(labels))
    for side, (name, heights) in zip((-0.2, 0.2), groups.items(), strict=True):
        axes.bar(places + side, np.asarray(heights), width=0.4, label=name)
    axes.axhline(0, color=GRAY, linewidth=0.8)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.set_xticks(places, labels)
    axes.legend()
    show(figure, alt)
