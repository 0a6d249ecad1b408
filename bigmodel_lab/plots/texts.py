"""Charts of chapter 06: which topics are mistaken, and what accuracy costs in time."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike

from bigmodel_lab.colors import COLORS, ORANGE
from bigmodel_lab.plots.look import show

KINDS = ("counted words, one layer", "networks that read in order", "embedding bags")
NAMED = {  # program -> where its name stands: points from its dot, and on which side
    "naive Bayes": (0, -14, "left"),
    "linear SVM, words and pairs": (-20, 8, "left"),
    "D1's 1,000 words, naive Bayes": (6, -12, "left"),
    "TextCNN": (-4, -14, "right"),
    "LSTM, maximum, PyTorch's start": (-4, -14, "right"),
    "LSTM, PyTorch's start": (-4, -14, "right"),
    "D1's CNN, mended": (-4, -14, "right"),
}


def confusions(
    tables: Mapping[str, ArrayLike], classes: Sequence[str], *, title: str, alt: str
) -> None:
    """Show confusion matrices side by side; the more errors, the darker the cell.

    Parameters
    ----------
    tables : dict
        Name -> counts (C, C): row is, column read as.
    classes : sequence of str
        The names of the C classes.
    title, alt : str
        What to see, and the text alternative.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    tint = LinearSegmentedColormap.from_list("tint", [(ORANGE, 0), (ORANGE, 0.4)])
    size = 2 + 3.5 * len(tables), 5.2
    figure, places = plt.subplots(1, len(tables), figsize=size, sharey=True)
    figure.suptitle(title, x=0.01, ha="left", size=12)
    errors = {name: table - np.diag(np.diag(table)) for name, table in tables.items()}
    most = max(table.max() for table in errors.values())
    for axes, (name, table) in zip(np.atleast_1d(places), tables.items(), strict=True):
        table = np.asarray(table)
        axes.imshow(errors[name], cmap=tint, vmin=0, vmax=most)
        for row, column in np.ndindex(table.shape):
            axes.text(column, row, table[row, column], ha="center", va="center")
        axes.set_title(name, size=10)
        axes.set(xlabel="read as", ylabel="is")
        axes.set_xticks(range(len(classes)), classes, rotation=30, ha="right")
        axes.set_yticks(range(len(classes)), classes)
        axes.label_outer()
        axes.grid(visible=False)
    show(figure, alt)


def accuracy_against_seconds(
    table: pd.DataFrame, *, title: str, alt: str, **axes_settings
) -> None:
    """Show chapter 06's programs as dots: test accuracy against seconds, logarithmic.

    Parameters
    ----------
    table : pandas.DataFrame
        A row for each program, indexed by its name, with columns "seconds" and
        "accuracy (%)"; a program without seconds is left out.
    title, alt : str
        What to see, and the text alternative.
    **axes_settings
        What else matplotlib's `axes.set` takes, such as `ylim`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, axes = plt.subplots(figsize=(7.2, 4.2))
    kinds = table.groupby(table.index.map(_kind), sort=False)
    for kind, color in zip(KINDS, COLORS, strict=False):
        x, y = (kinds.get_group(kind)[name] for name in ("seconds", "accuracy (%)"))
        axes.plot(x, y, "o", color=color, label=kind)
        for name in x.dropna().index.intersection(list(NAMED)):
            place = {"textcoords": "offset points", "ha": NAMED[name][2]}
            axes.annotate(
                name, (x[name], y[name]), NAMED[name][:2], color=color, **place
            )
    axes.set(
        title=title,
        xlabel="seconds from texts to model (log scale)",
        ylabel="test accuracy (%)",
        xscale="log",
        **axes_settings,
    )
    axes.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    axes.minorticks_off()
    axes.legend(loc="lower left")
    show(figure, alt)


def _kind(program):
    """Return which of the KINDS a program is."""
    if "bag" in program:
        return KINDS[2]
    return KINDS[program.startswith(("TextCNN", "LSTM", "D1's CNN"))]
