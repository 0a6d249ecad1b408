"""Landscapes seen from above: the contours of a loss, and the paths that go down it."""

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike

from bigmodel_lab.colors import GRAY
from bigmodel_lab.plots.look import show


def landscapes(
    surfaces: Mapping[str, Callable],
    paths: Mapping[str, Mapping[str, ArrayLike]],
    minima: Mapping[str, Sequence[float]],
    *,
    title: str,
    alt: str,
    a: tuple[float, float] = (-2.2, 2.2),
    b: tuple[float, float] = (-2.2, 2.6),
) -> None:
    """Show landscapes side by side: contours of equal loss, paths, a star at the end.

    Parameters
    ----------
    surfaces : dict
        Name -> loss(a, b) of two arrays, without units.
    paths : dict
        Name of a surface -> name in the legend -> points (N, 2) of a path.
    minima : dict
        Name of a surface -> where its minimum lies, (a, b).
    title, alt : str
        What to see, and the text alternative.
    a, b : pair of float
        The part of each landscape that is shown.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    width = min(9, 4.4 * len(surfaces))  # inches
    figure, axes = plt.subplots(
        ncols=len(surfaces), figsize=(width, 3.9), squeeze=False
    )
    grid = np.meshgrid(np.linspace(*a, 120), np.linspace(*b, 120))
    for panel, (name, surface) in zip(axes[0], surfaces.items(), strict=True):
        heights = surface(*grid)
        levels = np.geomspace(0.02, heights.max(), 12)
        panel.contour(*grid, heights, levels, colors=GRAY, alpha=0.4, linewidths=0.8)
        for number, (label, points) in enumerate(paths[name].items()):
            look = {"marker": "osD^"[number % 4], "markersize": 3, "linewidth": 1}
            panel.plot(*np.asarray(points).T, label=label, **look)
        panel.plot(*minima[name], "*", color=GRAY, markersize=12)
        panel.set(
            title=name, xlabel="a (no unit)", ylabel="b (no unit)", xlim=a, ylim=b
        )
        panel.grid(visible=False)
    figure.suptitle(title, x=0.01, ha="left", size=12)
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=len(handles[1]))
    show(figure, alt)
