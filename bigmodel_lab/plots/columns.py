"""Charts of a table's columns: scatters side by side, histograms on a grid."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from bigmodel_lab.colors import BLUE, COLORS, GRAY, ORANGE
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
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    ncols: int = 1,
) -> Figure:
    """Return a figure of histograms with 60 bars: name -> (values, window).

    Parameters
    ----------
    columns : dict
        Name -> (values (N,), (low, high)): what lies outside the window is not drawn;
        None for a window that holds all values.
    xlabel, ylabel : str
        What the lowest row measures, and what is counted.
    title : str
        What to see, over all of them.
    ncols : int
        How many stand side by side; each row has its color.
    """
    nrows = -(-len(columns) // ncols)
    width = 6.4 if ncols == 1 else 9  # inches
    figure, places = plt.subplots(
        nrows, ncols, figsize=(width, 2 * nrows), squeeze=False, layout="none"
    )
    # Placed by hand: an explorer draws them again with each move of a slider.
    top = 0.86 if title else 0.93
    figure.subplots_adjust(0.7 / width, 0.12, 0.98, top, wspace=0.2, hspace=0.6)
    figure.suptitle(title, x=0.01, ha="left")
    for axes, (name, (values, window)) in zip(
        places.flat, columns.items(), strict=True
    ):
        row = axes.get_subplotspec().rowspan.start
        counts, edges = np.histogram(values, 60, window)
        axes.stairs(counts, edges, fill=True, color=COLORS[row])
        axes.set(title=name, xlim=window)
    for axes in places[-1]:
        axes.set_xlabel(xlabel)
    for axes in places[:, 0]:
        axes.set_ylabel(ylabel)
    return figure
