"""Charts of a table's columns: scatters side by side, histograms on a grid."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from bigmodel_lab.colors import BLUE, GRAY, ORANGE
from bigmodel_lab.plots.look import show


def scatters(
    charts: Mapping[str, Sequence[tuple[ArrayLike, ArrayLike]]],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    alt: str,
    diagonal: bool = False,
) -> None:
    """Show scatters side by side on one scale: name -> sets of dots (x, y).

    Parameters
    ----------
    charts : dict
        Name -> list of pairs of arrays (N,): the first pair as small dots, the others
        as rings.
    title, xlabel, ylabel : str
        What to see, and the axes with their units.
    alt : str
        The text alternative.
    diagonal : bool
        True to draw the line y = x.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, places = plt.subplots(
        ncols=len(charts), figsize=(9, 3.4), sharex=True, sharey=True, squeeze=False
    )
    for axes, (name, sets) in zip(places[0], charts.items(), strict=True):
        (x, y), *marked = sets
        axes.plot(x, y, ".", color=BLUE if diagonal else GRAY, markersize=3, alpha=0.6)
        for x, y in marked:
            axes.plot(x, y, "o", mfc="none", markersize=6, color=BLUE)
        if diagonal:
            axes.axline((0, 0), slope=1, color=ORANGE)
        axes.set(title=name, xlabel=xlabel)
    places[0, 0].set_ylabel(ylabel)
    figure.suptitle(title, x=0.01, ha="left")
    show(figure, alt)


def histograms(
    columns: Mapping[str, tuple[ArrayLike, tuple[float, float] | None]],
    ylabel: str,
    ncols: int = 1,
) -> Figure:
    """Return a figure of histograms with 60 bars: title -> (values, window).

    Parameters
    ----------
    columns : dict
        Title -> (values (N,), (low, high)); what lies outside the window is not drawn.
        The window None holds all values.
    ylabel : str
        What is counted.
    ncols : int
        How many stand side by side.
    """
    nrows = -(-len(columns) // ncols)
    figure, places = plt.subplots(
        nrows, ncols, figsize=(6.4 if ncols == 1 else 9, 2 * nrows),
        squeeze=False, layout="none",
    )  # fmt: skip
    # Placed by hand: an explorer draws them again with each move of a slider.
    figure.subplots_adjust(0.11 if ncols == 1 else 0.08, 0.1, 0.98, 0.93, 0.2, 0.5)
    for number, (axes, (title, (values, window))) in enumerate(
        zip(places.flat, columns.items(), strict=False)
    ):
        counts, edges = np.histogram(values, 60, window)
        color = BLUE if number // ncols == 0 else ORANGE
        axes.stairs(counts, edges, fill=True, color=color)
        axes.set(title=title, xlim=window)
        if number % ncols == 0:
            axes.set_ylabel(ylabel)
    return figure
