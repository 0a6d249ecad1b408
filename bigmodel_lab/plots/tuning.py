"""Charts of chapter 08: what tuning gains over data, and what it costs elsewhere."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike

from bigmodel_lab.colors import COLORS
from bigmodel_lab.plots.look import LINE_STYLES, short_numbers, show

MARKERS = "osD^vP*X<>"  # methods are told apart without color, too


def over_data(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    title: str,
    alt: str,
    xlabel: str,
    ylabel: str,
    **axes_settings,
) -> None:
    """Show what more and more data teach: a dot for each seed, lines of means.

    Parameters
    ----------
    curves : dict
        Name -> (numbers of samples (N,), results (seeds, N), NaN where there is none).
    title, alt : str
        What to see, and the text alternative.
    xlabel, ylabel : str
        The axes with their units; the first is logarithmic.
    **axes_settings
        What else matplotlib's `axes.set` takes, such as `ylim`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, axes = plt.subplots(figsize=(6.8, 3.6))
    for k, (name, (samples, results)) in enumerate(curves.items()):
        results = np.atleast_2d(results)  # (seeds, N)
        look = {"color": COLORS[k % len(COLORS)], "marker": MARKERS[k % len(MARKERS)]}
        style = LINE_STYLES[k % len(LINE_STYLES)]
        axes.plot(samples, np.nanmean(results, 0), style, **look, markersize=0)
        for seed in results:
            axes.plot(samples, seed, linestyle="", **look, markersize=4)
        axes.plot([], [], style, **look, markersize=4, label=name)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, xscale="log", **axes_settings)
    places = np.concatenate([np.asarray(x) for x, _ in curves.values()])
    short_numbers(axes.xaxis, places.min(), places.max())
    axes.legend()
    show(figure, alt)


def tradeoff(
    points: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    title: str,
    alt: str,
    xlabel: str,
    ylabel: str,
    **axes_settings,
) -> None:
    """Show two results of each method against each other, its name beside its dots.

    Parameters
    ----------
    points : dict
        Name -> (x, y), numbers or (seeds,) each.
    title, alt : str
        What to see, and the text alternative.
    xlabel, ylabel : str
        The axes with their units.
    **axes_settings
        What else matplotlib's `axes.set` takes, such as `xlim`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, axes = plt.subplots(figsize=(7.2, 4.2))
    for k, (name, (x, y)) in enumerate(points.items()):
        color, marker = COLORS[k % len(COLORS)], MARKERS[k % len(MARKERS)]
        axes.plot(x, y, marker, color=color, markersize=7, label=name)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, **axes_settings)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    show(figure, alt)
