"""How images become digits: a filter at work, padding, pooling, the two networks."""

import numpy as np

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch

STROKE = np.array(
    [
        [0, 0, 0, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 1, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 1, 1, 1, 0],
    ]
)  # a handwritten 1
EDGE = np.array([[-1, 0, 1]] * 3)  # positive where ink begins on the right


def square(row: int, column: int, color: str, size: int) -> dict:
    """Return the colors of a square of cells, its upper left cell at (row, column)."""
    return {(row + i, column + j): color for i, j in np.ndindex(size, size)}


def filter_slides() -> None:
    """Draw a 3 x 3 filter at two of its places in an image, and what it gives there."""
    sketch = Sketch(64, 29, "One filter, used everywhere: it finds where ink begins")
    places = {(0, 1): BLUE, (3, 3): ORANGE}
    tinted = {}
    for (row, column), color in places.items():
        tinted |= square(row, column, color, size=3)
    windows = np.lib.stride_tricks.sliding_window_view(STROKE, EDGE.shape)
    answers = (windows * EDGE).sum((2, 3))  # (4, 4)
    sketch.text(10, 2, "image (6, 6)")
    sketch.grid(1, 4, STROKE, colors=tinted)
    sketch.text(22.5, 13, "∗", size=14)
    sketch.text(30.5, 2, "filter (3, 3)")
    sketch.grid(26, 8.5, EDGE)
    sketch.text(39, 13, "=", size=14)
    sketch.text(49, 2, "feature map (4, 4)")
    sketch.grid(43, 7, answers, colors=places)
    for height, ((row, column), color) in zip(
        (24.5, 26.5), places.items(), strict=True
    ):
        left, _, right = STROKE[row : row + 3, column : column + 3].sum(0)
        words = f"ink on the right {right} − ink on the left {left} = {right - left}"
        sketch.text(1, height, words, color=color, ha="left", size=9)
    sketch.show(
        "A 6 by 6 image of a handwritten 1, a 3 by 3 filter with -1 on the left, 0 in "
        "the middle and 1 on the right, and the 4 by 4 feature map. Two patches of the "
        "image are colored, and so are the numbers that the filter gives there: 2 "
        "where ink begins, -3 where it ends."
    )


def padding_and_stride() -> None:
    """Draw where the middle of a 3 x 3 filter may lie with padding and with stride."""
    sketch = Sketch(64, 27, "Padding keeps the size, stride divides it")
    for left, padding, stride in ((1, 0, 1), (23, 1, 1), (45, 1, 2)):
        side = 5 + 2 * padding
        values = np.zeros((side, side), dtype=object)
        values[padding : side - padding, padding : side - padding] = ""
        middles = range(1, side - 1, stride)
        tinted = {(row, column): BLUE for row in middles for column in middles}
        corner = 2.5 * (1 - padding)
        sketch.grid(left + corner, 5 + corner, values, 2.5, tinted, size=9)
        sketch.text(left + 8.75, 2, f"padding {padding}, stride {stride}")
        count = len(middles)
        sketch.text(left + 8.75, 24.5, f"(5, 5) becomes ({count}, {count})")
    sketch.show(
        "Three 5 by 5 images; the cells are colored on which the middle of a 3 by 3 "
        "filter may lie. Without padding, 3 by 3 cells; with a border of zeros, all 5 "
        "by 5; with the border and stride 2, every second one, 3 by 3."
    )


def max_pooling() -> None:
    """Draw how the largest of each 2 x 2 square is kept."""
    sketch = Sketch(50, 15.5, "Pooling keeps the largest of each square")
    values = np.array([[0, 2, 1, 0], [1, 5, 0, 0], [3, 0, 4, 1], [0, 1, 2, 7]])
    colors = {(0, 0): BLUE, (0, 1): ORANGE, (1, 0): GREEN, (1, 1): GRAY}
    tinted = {}
    for (row, column), color in colors.items():
        tinted |= square(2 * row, 2 * column, color, size=2)
    largest = values.reshape(2, 2, 2, 2).max((1, 3))
    wide = sketch.grid(1, 2, values, colors=tinted)
    small = sketch.grid(32, 5, largest, colors=colors)
    sketch.arrow(wide, small, "largest of each")
    sketch.text(43.5, 8, "a quarter\nof the numbers", ha="center", size=9)
    sketch.show(
        "A 4 by 4 grid of numbers in four colored 2 by 2 squares; an arrow leads to a "
        "2 by 2 grid with the largest number of each square: 5, 1, 3 and 7."
    )


def digit_networks() -> None:
    """Draw the networks of D2 §5.2 and D4 §5.2 with shapes and parameters."""
    sketch = Sketch(90, 36, "Two ways from 784 pixels to ten digits")
    look = {"size": (12.5, 8), "gap": 2.6}
    conv = "conv 3 × 3,\nReLU, pool\n"
    rows = {
        "the dense network (D2)": (
            ["image\n1 × 28 × 28", "flatten\n784", "linear, ReLU\n128", "linear\n10"],
            ["", "0", "100,480", "1,290"],
        ),
        "the convolutional network (D4)": (
            [
                "image\n1 × 28 × 28", f"{conv}32 × 13 × 13", f"{conv}64 × 5 × 5",
                "conv 3 × 3,\nReLU\n64 × 3 × 3", "flatten: 576,\nlinear, ReLU\n64",
                "linear\n10",
            ],
            ["", "320", "18,496", "36,928", "36,928", "650"],
        ),
    }  # fmt: skip
    for top, color, (name, (layers, weights)) in zip(
        (2, 22), (ORANGE, BLUE), rows.items(), strict=True
    ):
        sketch.text(1, top, name, ha="left", size=11)
        boxes = sketch.chain(7.5, top + 6.5, layers, color=color, **look)
        sketch.text(7.5, top + 12.5, "parameters:", size=9)
        for box, count in zip(boxes, weights, strict=True):
            sketch.text(box.x, top + 12.5, count, size=9)
    sketch.show(
        "Two chains of boxes. The dense network: image, 784 pixels, 128, 10, with "
        "100,480 and 1,290 parameters. The convolutional one: image, 32 maps of 13 by "
        "13, 64 of 5 by 5, 576 numbers, 64, 10, with 320, 18,496, 36,928, 36,928 and "
        "650 parameters."
    )
