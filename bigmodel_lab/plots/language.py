"""Charts of chapter 07: how a GPT learns, where it looks, and what it expects."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import EngFormatter, PercentFormatter
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike

from bigmodel_lab.colors import BLUE, COLORS, GRAY, ORANGE
from bigmodel_lab.plots.images import INK
from bigmodel_lab.plots.look import LINE_STYLES, short_numbers, show

SHORT = EngFormatter(sep="")  # 1,200,000 is 1.2M
# Where words may stand beside a dot, (right, up) in points: the nearest first.
OFFSETS = [(x, y) for y in (9, -9, 18, -18) for x in (6, -6)]
NAME = 13  # points from one name at the end of a line to the next


def crossover(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    lines: Mapping[str, float | tuple[ArrayLike, ArrayLike]],
    *,
    title: str,
    alt: str,
    xlabel: str = "tokens seen (log scale)",
    ylabel: str = "bits per character",
    **axes_settings,
) -> None:
    """Show where learning curves fall below the lines of simpler models.

    Each first crossing is a dot with its place in words; curves and lines have their
    names at their ends.

    Parameters
    ----------
    curves : dict
        Name -> (tokens (N,), bits (N,)), in the order of learning.
    lines : dict
        Name -> the bits of a model that is done, or (tokens (M,), bits (M,)).
    title, alt : str
        What to see, and the text alternative.
    xlabel, ylabel : str
        The axes with their units.
    **axes_settings
        What else matplotlib's `axes.set` takes, such as `ylim`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    figure, axes = plt.subplots(figsize=(7.2, 3.8))
    tokens = np.concatenate([x for x, _ in curves.values()])
    ends = [tokens.min(), tokens.max()]
    lines = {
        name: line if isinstance(line, tuple) else (ends, [line, line])
        for name, line in lines.items()
    }
    for number, (name, line) in enumerate(lines.items()):
        style = LINE_STYLES[1 + number % (len(LINE_STYLES) - 1)]
        axes.plot(*line, style, color=GRAY, label=name)
    crossings = []
    for number, (name, curve) in enumerate(curves.items()):
        color = COLORS[number % len(COLORS)]
        axes.plot(*curve, color=color, linewidth=2, label=name)
        for line in lines.values():
            crossings += [(point, color) for point in _first_crossing(curve, line)]
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel, xscale="log", **axes_settings)
    short_numbers(axes.xaxis, *ends)
    axes.margins(x=0)
    _name_ends(axes, axes.lines)
    _mark(axes, crossings)
    show(figure, alt)


def ladder(
    table: pd.DataFrame,
    real: Mapping[str, float],
    chance: Mapping[str, float],
    *,
    title: str,
    alt: str,
    xlabel: str = "tokens seen (log scale)",
    ylabel: str = "share of samples",
) -> None:
    """Show what is learned in which order: bits above, what samples get right below.

    Parameters
    ----------
    table : pandas.DataFrame
        Indexed by tokens or seconds, with a column "bits" (per character) and one for
        each skill, a share from 0 to 1.
    real, chance : dict or Series
        Skill -> its share in real poems (dashed) and in random ones (dotted).
    title, alt : str
        What to see, and the text alternative.
    xlabel, ylabel : str
        What the table is indexed by, and of what its shares are.

    Raises
    ------
    KeyError
        If there is no column "bits", or a skill has no share in `real` or `chance`.
    ValueError
        If `alt` is empty.
    """
    skills = table.drop(columns="bits")
    figure, (above, below) = plt.subplots(
        nrows=2, sharex=True, figsize=(7.2, 5), height_ratios=[1, 2]
    )
    above.plot(table.index, table["bits"], color=GRAY)
    above.set(title=title, ylabel="bits per\ncharacter", xscale="log")
    below.set(xlabel=xlabel, ylabel=ylabel, ylim=(-0.04, 1.04))
    below.xaxis.set_major_formatter(SHORT)
    below.set_xlim(table.index.min(), table.index.max())
    below.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    ends = []
    for skill, color in zip(skills, COLORS, strict=False):
        ends += below.plot(skills.index, skills[skill], color=color, label=skill)
        for level, style in ((real, "--"), (chance, ":")):
            below.axhline(level[skill], color=color, linestyle=style, linewidth=1)
    _name_ends(below, ends)
    for name, style in (("real poems", "--"), ("by chance", ":")):
        below.plot([], [], style, color=GRAY, linewidth=1, label=name)
    handles = below.get_legend_handles_labels()[0][-2:]
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    show(figure, alt)


def attention_maps(
    weights: ArrayLike,
    tokens: Sequence[str],
    *,
    title: str,
    alt: str,
    names: Sequence[str] | None = None,
) -> None:
    """Show how much each place looks at each other one, a map for each head.

    Parameters
    ----------
    weights : array_like of shape (H, T, T)
        Rows that sum to 1: row, who asks; column, who is looked at.
    tokens : sequence of T str
        What stands beside the rows and under the columns.
    title, alt : str
        What to see, and the text alternative.
    names : sequence of H str, optional
        What stands over each map; "head 1", ... if left out.

    Raises
    ------
    ValueError
        If the weights are not (H, T, T) with T tokens, or `alt` is empty.
    """
    weights, count = np.asarray(weights), len(tokens)
    if weights.ndim != 3 or weights.shape[1:] != (count, count):
        raise ValueError(
            f"With {count} tokens the weights are (heads, {count}, {count}), "
            f"not {weights.shape}."
        )
    names = names or [f"head {number}" for number in range(1, len(weights) + 1)]
    # Words of 8 points need 0.115 inches each, and all maps share 7.9 inches.
    columns = min(len(weights), max(1, int(7.9 / (0.115 * count + 0.2))))
    rows = -(-len(weights) // columns)
    side = min(7.9 / columns - 0.2, 0.1 * count + 1.5)
    size = 1.4 + columns * (side + 0.2), 1 + rows * (side + 0.25)
    figure, places = plt.subplots(
        rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False
    )
    for axes in places.flat[len(weights) :]:
        axes.remove()
    ticks = range(count)
    maps = zip(places.flat, names, weights, strict=False)
    for number, (axes, name, table) in enumerate(maps, start=1):
        image = axes.imshow(table, cmap=INK, vmin=0, vmax=1)
        axes.set_title(name, size=10)
        axes.set_xticks(ticks, tokens, size=8, rotation=90)
        axes.set_yticks(ticks, tokens, size=8)
        lowest = number + columns > len(weights)  # in its column
        axes.tick_params(length=0, labelbottom=lowest)
        axes.grid(visible=False)
    figure.colorbar(image, ax=figure.axes, label="weight", shrink=0.9 / rows, aspect=25)
    figure.supxlabel("is looked at", size=10)
    figure.supylabel("asks", size=10)
    figure.suptitle(title, x=0.01, ha="left", size=12)
    show(figure, alt)


def probabilities(
    models: Mapping[str, Mapping[str, float]],
    *,
    title: str,
    alt: str,
    marked: Sequence[str] = (),
) -> None:
    """Show what models expect next, side by side: a bar for each token.

    Parameters
    ----------
    models : dict
        Name -> {token: its probability}, the first token on top.
    title, alt : str
        What to see, and the text alternative.
    marked : sequence of str
        The tokens whose bars have the second color, such as the true one.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    rows = max(map(len, models.values()))
    size = 9, 1.3 + 0.3 * rows  # inches
    figure, places = plt.subplots(
        ncols=len(models), figsize=size, sharex=True, squeeze=False
    )
    for axes, (name, shares) in zip(places.flat, models.items(), strict=True):
        colors = [ORANGE if token in marked else BLUE for token in shares]
        bars = axes.barh(list(shares), list(shares.values()), color=colors)
        axes.bar_label(bars, [f"{100 * p:.1f} %" for p in shares.values()], padding=3)
        axes.grid(visible=False)
        axes.set_title(name, size=10)
        axes.set(xlabel="probability", ylim=(rows - 0.5, -0.5))
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    largest = max(max(shares.values()) for shares in models.values())
    axes.set_xlim(0, 1.2 * largest)  # with room for the numbers
    figure.suptitle(title, x=0.01, ha="left", size=12)
    show(figure, alt)


def _first_crossing(curve, line):
    """Return [(x, y)] where a curve first comes down through a line, [] if it never."""
    (x, y), (places, heights) = (tuple(map(np.asarray, one)) for one in (curve, line))
    low, high = max(x.min(), places.min()), min(x.max(), places.max())
    grid = np.unique(np.concatenate([x, places]))
    grid = np.log(grid[(grid >= low) & (grid <= high)])
    y = np.interp(grid, np.log(x), y)
    above = y - np.interp(grid, np.log(places), heights)
    falls = np.flatnonzero((above[:-1] > 0) & (above[1:] <= 0))
    if not falls.size:
        return []
    k = falls[0]
    way = above[k] / (above[k] - above[k + 1])  # from point k to the next, 0 to 1
    x, y = ((1 - way) * axis[k] + way * axis[k + 1] for axis in (grid, y))
    return [(np.exp(x), y)]


def _name_ends(axes, lines):
    """Write the name of each line at its end; those too close give way."""
    axes.figure.canvas.draw()  # the layout, and with it how high a point is
    points = axes.get_window_extent().height * 72 / axes.figure.dpi
    gap = NAME / points * np.ptp(axes.get_ylim())
    lines = sorted(lines, key=lambda line: line.get_ydata()[-1])
    heights = np.array([line.get_ydata()[-1] for line in lines], dtype=float)
    for _ in range(100):
        for k in range(len(lines) - 1):
            lacks = max(gap - (heights[k + 1] - heights[k]), 0) / 2
            heights[k : k + 2] += -lacks, lacks
    for line, height in zip(lines, heights, strict=True):
        end = line.get_xdata()[-1], height
        _beside(axes, line.get_label(), end, line.get_color(), (6, 0))


def _mark(axes, crossings):
    """Draw dots at ((x, y), color), their x in words where they cover the least."""
    axes.figure.canvas.draw()
    paths = [axes.transData.transform_path(line.get_path()) for line in axes.lines]
    drawn = np.concatenate([path.interpolated(100).vertices for path in paths])
    taken = [text.get_window_extent() for text in axes.texts]
    for point, color in crossings:
        axes.plot(*point, "o", color=color)
        dot = axes.transData.transform(point)
        taken.append(Bbox([dot - 5, dot + 5]))  # in pixels
    for point, color in crossings:
        words = f"at {SHORT(float(f'{point[0]:.2g}'))}"
        texts = [_beside(axes, words, point, color, away) for away in OFFSETS]
        places = [text.get_window_extent() for text in texts]
        covers = [
            place.count_contains(drawn) + len(drawn) * place.count_overlaps(taken)
            for place in places
        ]
        best = int(np.argmin(covers))
        taken.append(places[best])
        for text in texts[:best] + texts[best + 1 :]:
            text.remove()


def _beside(axes, words, point, color, away):
    """Write words next to a point, `away` = (right, up) in points, and return them."""
    ha = "left" if away[0] > 0 else "right"
    look = {"color": color, "ha": ha, "va": "center", "size": 9}
    return axes.annotate(words, point, away, textcoords="offset points", **look)
