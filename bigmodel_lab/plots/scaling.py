"""Charts of chapter 09: the roof over a machine, and what a budget buys."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike

from bigmodel_lab.colors import COLORS, GRAY
from bigmodel_lab.plots.look import short_numbers, show
from bigmodel_lab.plots.tuning import MARKERS


def roofline(
    dots: Mapping[str, tuple[ArrayLike, ArrayLike]],
    roof: tuple[ArrayLike, ArrayLike],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    alt: str,
) -> None:
    """Show measured speeds under the roof that memory and processor set.

    Parameters
    ----------
    dots : dict
        Name -> (operations per byte, speed), arrays (N,) each.
    roof : tuple
        The same of the roof, (M,) each.
    title, xlabel, ylabel, alt : str
        What to see, the axes with their units, the text alternative.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, axes = plt.subplots(figsize=(6.4, 3.6))
    axes.plot(*roof, "--", color=GRAY, label="the roof")
    for (name, (x, y)), color, marker in zip(
        dots.items(), COLORS, MARKERS, strict=False
    ):
        axes.plot(x, y, marker, color=color, label=name)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, xscale="log", yscale="log")
    for axis, numbers in zip((axes.xaxis, axes.yaxis), roof, strict=True):
        short_numbers(axis, min(numbers), max(numbers))
    axes.legend()
    show(figure, alt)


def budgets(
    law,
    flops: Sequence[float],
    runs: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    title: str,
    alt: str,
    ylabel: str = "bits per character",
) -> None:
    """Show the loss over the size of the model, one curve for each budget.

    Parameters
    ----------
    law : ScalingLaw
        Its `loss(parameters, tokens)` makes the curves.
    flops : list of float
        The budgets C: a model of N parameters reads C / 6N tokens.
    runs : tuple
        Parameters, tokens and losses of measured runs, (R,) each: those whose budget is
        within a quarter of one of the curves are dots of its color.
    title, alt, ylabel : str
        What to see, the text alternative, and what is lost, with its unit.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, axes = plt.subplots(figsize=(6.8, 3.8))
    N, D, losses = map(np.asarray, runs)
    sizes = np.geomspace(N.min() / 2, 4 * N.max(), 200)
    for budget, color, marker in zip(flops, COLORS, MARKERS, strict=False):
        curve = law.loss(sizes, budget / (6 * sizes))
        axes.plot(sizes, curve, color=color, label=f"{budget:.1e} operations")
        best = curve.argmin()
        axes.plot(sizes[best], curve[best], "*", color=color, markersize=13)
        near = np.abs(np.log(6 * N * D / budget)) < np.log(1.25)
        axes.plot(N[near], losses[near], marker, color=color, markersize=4)
    low, high = losses.min() - 0.5, losses.max() + 0.5
    axes.set(title=title, xlabel="parameters (log scale)", ylabel=ylabel, xscale="log")
    axes.set_ylim(low, high)
    short_numbers(axes.xaxis, sizes.min(), sizes.max())
    axes.legend()
    show(figure, alt)
