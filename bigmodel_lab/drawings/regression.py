"""A line through house prices: the model, its gradient, its steps and its data."""

from itertools import pairwise

import numpy as np

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch


def line_as_network() -> None:
    """Draw the line as one neuron, with its loss and the way the gradient takes."""
    sketch = Sketch(76, 25, "The line, its loss, and the way back")
    small = {"size": (12, 4.6)}
    prediction = sketch.box(36, 9, "ŷ = Xθ", **small)
    for k, term in enumerate(("θ₁ · area", "θ₂ · rooms", "θ₃ · age", "θ₄ · 1")):
        sketch.arrow(sketch.box(8, 3 + 5.4 * k, term, **small), prediction)
    error = sketch.box(53, 9, "ŷ − y", **small)
    loss = sketch.box(68, 9, "mean of\n(ŷ − y)²", size=(11, 6))
    sketch.arrow(prediction, error)
    sketch.arrow(error, loss)
    sketch.arrow(sketch.box(53, 17, "price y", color=GREEN, **small), error)
    sketch.axes.plot([68, 68], [12.6, 23.5], color=ORANGE, linewidth=1.2)
    sketch.arrow((68, 23.5), (8, 23.5), color=ORANGE)
    sketch.text(36, 21.8, "gradient: how the loss changes with θ", color=ORANGE)
    sketch.show(
        "Area, rooms, age and a 1 are multiplied by four weights and added: the "
        "prediction. The true price is subtracted, the errors are squared and averaged."
        " The gradient goes backward: how the loss changes with each weight."
    )


def step_lengths() -> None:
    """Draw gradient descent in a bowl with steps that are short, long and too long."""
    sketch = Sketch(90, 27, "The same bowl, three learning rates")
    for left, share, words in (
        (2, 0.25, "α below 1/λ:\nit walks down"),
        (32, 0.85, "α below 2/λ: it jumps\nacross, and lands lower"),
        (62, 1.04, "α above 2/λ: it jumps\nacross, and lands higher"),
    ):
        x = np.linspace(-1, 1, 60)
        sketch.axes.plot(left + 13 + 12 * x, 19 - 17 * x**2, color=GRAY)
        start = 0.72 if share < 1 else 0.55
        x = start * (1 - 2 * share) ** np.arange(6)
        dots = list(zip(left + 13 + 12 * x, 19 - 17 * x**2, strict=True))
        sketch.axes.plot(*np.transpose(dots), "o", color=BLUE, markersize=5)
        for dot, next_dot in pairwise(dots[:4]):
            sketch.arrow(dot, next_dot, color=ORANGE)
        sketch.text(left + 13, 24, words)
    sketch.show(
        "Three bowls. With a small learning rate the dots walk down one side. With one "
        "just below the bound each step jumps to the other side and lands a little "
        "lower; just above the bound it lands a little higher, and climbs."
    )


def two_valleys() -> None:
    """Draw gradient descent in a long valley and in a round one."""
    sketch = Sketch(76, 26, "A long valley is slow, a round one is quick")
    steps = np.arange(14)
    path = -13 * 0.965**steps, 2.2 * (-0.88) ** steps
    words = "raw columns: across, across,\nand hardly a step along"
    _valley(sketch, 19, (16, 3.4), path, words)
    path = -6.5 * 0.45**steps, -5.5 * 0.1**steps
    words = "standardized: almost\nstraight to the bottom"
    _valley(sketch, 57, (9.3, 8.1), path, words)
    sketch.show(
        "Two valleys with their contour lines. In the long one the path zigzags across "
        "and hardly advances along it. In the round one it goes to the bottom in a few "
        "steps."
    )


def _valley(sketch, middle, radii, path, words):
    """Draw a valley's contours, a path (x, y) from its middle, and words below."""
    turn = np.linspace(0, 2 * np.pi, 90)
    for size in (0.35, 0.7, 1):
        x, y = size * radii[0] * np.cos(turn), size * radii[1] * np.sin(turn)
        sketch.axes.plot(middle + x, 10 + y, color=GRAY, linewidth=1)
    x, y = path
    sketch.axes.plot(middle + x, 10 + y, "o-", color=ORANGE, markersize=3)
    sketch.axes.plot(middle, 10, "+", color=BLUE, markersize=9)
    sketch.text(middle, 23, words)


def house_parts() -> None:
    """Draw how the houses are split, and what each part is for."""
    sketch = Sketch(80, 19, "Each house has one job")
    sketch.box(40, 4, "1,721 houses", size=(76, 4.6), color=GRAY)
    sketch.box(32.4, 10, "1,376 to train on", size=(60.8, 4.6))
    sketch.box(70.9, 10, "345 to test", size=(14.2, 4.6), color=ORANGE)
    sketch.box(26, 16, "1,100 to fit: the weights", size=(48, 4.6))
    sketch.box(57, 16, "276 to\nvalidate", size=(11.6, 4.6), color=GREEN)
    sketch.text(70.9, 16, "read once, last", size=9)
    sketch.show(
        "Bars: 1,721 houses are split into 1,376 to train on and 345 to test, which "
        "are read once, last. The 1,376 are split again into 1,100 to fit the weights "
        "and 276 to validate settings."
    )
