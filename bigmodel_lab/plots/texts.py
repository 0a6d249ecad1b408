"""Charts of chapter 06: what accuracy costs in time."""

import matplotlib.pyplot as plt
import pandas as pd

from bigmodel_lab.colors import COLORS
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
