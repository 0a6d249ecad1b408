"""What happens to data before a model sees them: gaps, leaks, steps, ids, pixels."""

import numpy as np

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch


def leakage() -> None:
    """Draw a step fitted before the split, and one fitted after it."""
    sketch = Sketch(88, 32, "Whatever learns must not see the test rows")
    look = {"size": (13, 5), "gap": 5}
    sketch.text(1, 2, "fit, then split: a leak", ha="left")
    steps = ["all rows", "fit scaler\nand imputer", "split", "fit model", "score"]
    boxes = sketch.chain(8, 8, steps, **look, color=ORANGE)
    sketch.text(boxes[1].x, 12.5, "test rows, too", size=9, color=ORANGE)
    sketch.text(boxes[4].x, 12.5, "too good", size=9, color=ORANGE)
    sketch.text(1, 17, "split, then fit: honest", ha="left")
    steps = ["all rows", "split", "fit scaler\nand imputer", "fit model", "score"]
    boxes = sketch.chain(8, 23, steps, **look, color=GREEN)
    middle = (boxes[1].x + boxes[2].x) / 2
    sketch.text(middle, 20.7, "train", size=9)
    split, score = boxes[1].x, boxes[4].x
    sketch.axes.plot([split, split, score], [25.9, 29.5, 29.5], color=GRAY, lw=1.2)
    sketch.arrow((score, 29.5), (score, 25.9))
    words = "test rows: transformed with what train taught"
    sketch.text(boxes[3].x - 9, 28, words, size=9)
    sketch.show(
        "Two flow charts. Above: scaler and imputer are fitted on all rows, test rows "
        "too, then the table is split, the model is fitted, and the score is too good. "
        "Below: the table is split first; scaler, imputer and model are fitted on the "
        "training rows, and the test rows go around them straight to the score."
    )


def reasons_for_gaps() -> None:
    """Draw on what a gap depends: chance, another column, or the value itself."""
    sketch = Sketch(84, 21, "What decides whether a value is missing?")
    kinds = {
        "MCAR: chance alone": ("dice", GREEN, "what is left is typical"),
        "MAR: another column": ("lot area", BLUE, "fill with the help of that column"),
        "MNAR: the value itself": ("frontage", ORANGE, "the table cannot tell"),
    }
    for number, (kind, (cause, color, cure)) in enumerate(kinds.items()):
        x = 14 + 28 * number
        sketch.text(x, 2, kind)
        top = sketch.box(x, 7, cause, color=color)
        gap = sketch.box(x, 15, "frontage: ?", color=GRAY, dashed=True)
        sketch.arrow(top, gap)
        sketch.text(x, 20, cure, size=9)
    sketch.show(
        "Three pairs of boxes. Missing completely at random: dice decide, so what is "
        "left is typical. Missing at random: another column, the lot's area, decides, "
        "and filling with its help works. Missing not at random: the hidden frontage "
        "itself decides, and nothing in the table can tell."
    )


def table_pipeline() -> None:
    """Draw the steps from a table's columns to a predicted price."""
    sketch = Sketch(88, 25, "One pipeline: each kind of column takes its own way")
    look = {"size": (12, 5), "gap": 4}
    table = sketch.box(7, 13, "table", size=(9, 5), color=GRAY)
    upper = sketch.chain(
        25, 5, ["sizes in\nlogarithms", "fill with\nmedian", "scale"], **look
    )
    lower = sketch.chain(25, 21, ["a gap is\n“none”", "one-hot"], **look, color=GREEN)
    sketch.arrow(table, upper[0], "numbers", ha="right")
    sketch.arrow(table, lower[0])
    sketch.text(10.5, 18.8, "categories", size=9, ha="right")
    ridge = sketch.box(68, 13, "ridge\nregression", size=(12, 5), color=ORANGE)
    sketch.arrow(upper[2], ridge)
    sketch.arrow(lower[1], ridge)
    price = sketch.box(84, 13, "price", size=(7, 5), color=GRAY)
    sketch.arrow(ridge, price, "exp")
    sketch.show(
        "A table splits into numbers and categories. Numbers: sizes become logarithms, "
        "gaps are filled with the median, all are scaled. Categories: a gap is the "
        "category none, and each category becomes a column. Both meet in a ridge "
        "regression, whose answer, a logarithm, becomes a price."
    )


def ids_and_padding() -> None:
    """Draw two texts on their way to one rectangle of ids."""
    sketch = Sketch(84, 19, "Two texts become one rectangle of numbers")
    for row, text in enumerate(["I love this green tea", "Truly scrumdiddlyumptious"]):
        box = sketch.box(13, 5 + 6 * row, text, size=(24, 4.4), color=GRAY)
        sketch.arrow(box, (38, 5 + 6 * row), "words to ids" if row == 0 else "")
    ids = np.array([[3, 51, 10, 188, 33], [748, 1, 0, 0, 0]])
    colors = {(1, 1): ORANGE} | {(1, column): GREEN for column in (2, 3, 4)}
    grid = sketch.grid(39, 2, ids, cell=6, colors=colors)
    sketch.text(48, 16.4, "1: never seen", size=9, color=ORANGE)
    sketch.text(60, 16.4, "0: padding", size=9, color=GREEN)
    network = sketch.box(78, 8, "network", size=(10, 5))
    sketch.arrow(grid, network)
    sketch.show(
        "Two texts, of five words and of two. Each word becomes its id: 3, 51, 10, "
        "188, 33 and 748, 1, where 1 stands for a word never seen. Three zeros pad the "
        "second row, so that both form one rectangle, which goes into a network."
    )


def looking_up_pixels() -> None:
    """Draw how a pixel of a turned image finds its gray value in the old image."""
    sketch = Sketch(64, 28, "Each new pixel asks where it came from")
    blank = np.zeros((5, 5))
    ink = {(0, 2): GRAY, (0, 3): GRAY, (1, 3): GRAY, (2, 3): GRAY, (3, 3): GRAY}
    sketch.text(11, 1.5, "old image")
    sketch.grid(2, 4, blank, cell=3.6, colors=ink, numbers=False)
    sketch.text(53, 1.5, "new image, turned by 25°")
    sketch.grid(44, 4, blank, cell=3.6, colors={(1, 3): ORANGE}, numbers=False)
    # Pixel (1, -1) of the new one is looked up at (1.33, -0.48) in the old one.
    new, old = (56.6, 9.4), (11 + 3.6 * 1.33, 13 - 3.6 * 0.48)
    sketch.text(*new, "?", color=ORANGE)
    sketch.arrow((new[0] - 1.8, new[1]), old, color=ORANGE)
    sketch.text(33, 7, "R⁻¹ (u, v)", color=ORANGE)
    sketch.text(new[0], 24.5, "pixel (u, v)", size=9, color=ORANGE)
    sketch.axes.plot(*old, "o", color=ORANGE, markersize=4)
    sketch.text(11, 25, "a point between four pixels:\ntheir weighted mean", size=9)
    sketch.show(
        "Two grids of pixels. An arrow leads from one pixel of the new, turned image "
        "back to a point of the old image that lies between four pixels; their "
        "weighted mean is the new pixel's value."
    )
