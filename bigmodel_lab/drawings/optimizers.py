"""What an optimizer keeps between its steps, and what a step does in a ravine."""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Ellipse

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch


def optimizer_memory() -> None:
    """Draw what momentum, RMSprop and Adam make of a gradient, and what they keep."""
    sketch = Sketch(84, 41, "Adam keeps what momentum and RMSprop keep")
    columns = {23: "comes in", 49: "kept from step to step", 75: "goes out"}
    for x, words in columns.items():
        sketch.text(x, 2, words, size=9, style="italic")
    kept, step = (22, 5), (14, 5)
    rows = {
        "momentum": (7, {7: "sum of g, fading: u"}, "−α u"),
        "RMSprop": (19, {19: "mean of g²: v"}, "−α g / √v"),
        "Adam": (33, {29: "mean of g: m", 37: "mean of g²: v"}, "−α m / √v"),
    }
    for name, (y, memory, out) in rows.items():
        sketch.text(1, y, name, ha="left", weight="bold")
        gradient = sketch.box(23, y, "gradient g", size=step, color=BLUE)
        goes_out = sketch.box(75, y, out, size=step, color=GREEN)
        for height, words in memory.items():
            box = sketch.box(49, height, words, size=kept, color=ORANGE)
            sketch.arrow(gradient, box)
            sketch.arrow(box, goes_out)
        if name == "RMSprop":
            sketch.arrow((23, 16), (75, 16), bend=-0.1)
    sketch.show(
        "Three rows. Momentum keeps u, a fading sum of the gradients g; its step is "
        "minus alpha u. RMSprop keeps v, the mean of g squared; its step is minus "
        "alpha g over the root of v. Adam keeps m, the mean of g, and v, that of g "
        "squared; its step is minus alpha m over the root of v."
    )


def ravine_steps() -> None:
    """Draw the steps in a ravine: across it they cancel, along it they add up."""
    sketch = Sketch(84, 20, "Across the ravine steps cancel, along it they add up")
    steps = np.arange(6)
    path = np.stack([20 - 16 * 0.85**steps, 8 + 4.5 * (-0.85) ** steps], axis=1)
    for x in (20, 63):
        for size in (1, 0.7, 0.4):
            ellipse = Ellipse((x, 8), 38 * size, 14 * size, fill=False)
            ellipse.set(edgecolor=GRAY, alpha=0.6)
            sketch.axes.add_patch(ellipse)
        sketch.text(x, 8, "★", size=14)
    for start, end in pairwise(map(tuple, path)):
        sketch.arrow(start, end, color=BLUE)
    sketch.text(20, 18, "plain descent: each step goes mostly across")
    first, second, third = ((x + 43, y) for x, y in path[:3])
    sketch.arrow(first, second, color=BLUE)
    sketch.arrow(second, third, color=BLUE)
    sketch.arrow(first, third, color=ORANGE)
    sketch.text(63, 18, "momentum: two steps add up to one along it")
    sketch.show(
        "Two ravines from above, each with a star at its lowest point. On the left the "
        "steps of plain descent zigzag from wall to wall and hardly approach the star. "
        "On the right two such steps are added: their sum points along the ravine, "
        "toward the star."
    )


def walk_forward() -> None:
    """Draw walk-forward testing: fit on the past, forecast the next day, move on."""
    sketch = Sketch(64, 19, "Fit on the days before, forecast the next, move on")
    days, cell = 12, 3.2
    for row, today in enumerate((7, 8, 9)):
        y = 1 + 4.8 * row
        colors = {(0, day): BLUE for day in range(row, today)} | {(0, today): ORANGE}
        sketch.text(1, y + cell / 2, f"forecast {row + 1}", ha="left")
        sketch.grid(13, y, np.zeros((1, days)), cell, colors, numbers=False)
        sketch.text(13 + cell * (today + 0.5), y + cell / 2, "?")
    sketch.text(13 + cell * 3.5, 17, "days to fit on", size=9, color=BLUE)
    sketch.text(13 + cell * 8.5, 17, "day to forecast", size=9, color=ORANGE)
    sketch.show(
        "Three rows of twelve days. In each, seven days in a row are for fitting and "
        "the day after them is forecast; from row to row both move on by one day, and "
        "the days after the forecast stay unused."
    )
