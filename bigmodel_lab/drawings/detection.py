"""Detection: how much two boxes overlap, and how average precision is made."""

import numpy as np
from matplotlib.patches import Polygon, Rectangle

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import TINT, Sketch

SMALL = {"size": 9}
CELL, WIDE, HIGH = 4, 4, 5  # a box is four cells wide and five high
# Five detections, the best score first: are they right? There are four true boxes.
SCORES, RIGHT, TRUE = (0.95, 0.9, 0.7, 0.6, 0.3), (True, True, False, True, False), 4


def overlap() -> None:
    """Draw two boxes, the area that both have, and the area that they cover."""
    sketch = Sketch(98, 36, "Intersection over union: 12 / 28 = 0.43")
    for left, name in ((6, "two boxes"), (39, "intersection"), (72, "union")):
        true, found = (left, 6), (left + CELL, 6 + CELL)
        (x, y), (right, bottom) = found, _end(true)  # of what both have
        middle = (x + right) / 2, (y + bottom) / 2
        for step in range(7):
            across = [y - CELL + CELL * step] * 2
            sketch.axes.plot([left, left + 5 * CELL], across, color=GRAY, lw=0.3)
        for step in range(6):
            down = [left + CELL * step] * 2
            sketch.axes.plot(down, [6, 6 + 6 * CELL], color=GRAY, lw=0.3)
        if name == "intersection":
            _fill(sketch, [(x, y), (right, y), (right, bottom), (x, bottom)])
            sketch.text(*middle, "3 × 4 = 12")
        if name == "union":
            _fill(sketch, _outline(true, found))
            sketch.text(*middle, "20 + 20 - 12\n= 28")
        for corner, color, line in ((true, BLUE, "-"), (found, ORANGE, "--")):
            look = {"facecolor": "none", "edgecolor": color, "linestyle": line}
            box = Rectangle(corner, WIDE * CELL, HIGH * CELL, linewidth=1.8, **look)
            sketch.axes.add_patch(box)
        sketch.text(left + 10, 34.5, name)
    sketch.text(14, 3.8, "true: 4 × 5 cells", color=BLUE, **SMALL)
    sketch.text(18, 31.8, "found: 4 × 5 cells", color=ORANGE, **SMALL)
    sketch.show(
        "Three times the same two boxes, each four cells wide and five high; the found "
        "one lies one cell further right and one further down than the true one. What "
        "both have, the intersection, is three by four: 12 cells. What they cover "
        "together, the union, is 20 + 20 - 12 = 28 cells. 12 / 28 is 0.43: less than "
        "0.5, so this box would count as wrong."
    )


def _end(corner):
    """Return the lower right corner of a box."""
    return corner[0] + WIDE * CELL, corner[1] + HIGH * CELL


def _outline(true, found):
    """Return the corners of what two boxes cover together, clockwise."""
    (a, b), (c, d) = true, _end(true)
    (x, y), (u, v) = found, _end(found)
    return [(a, b), (c, b), (c, y), (u, y), (u, v), (x, v), (x, d), (a, d)]


def _fill(sketch, corners):
    """Tint what lies between corners."""
    area = Polygon(corners, facecolor=(GREEN, 2 * TINT), edgecolor="none")
    sketch.axes.add_patch(area)


# -- average precision -----------------------------------------------------------------


def precision_recall() -> None:
    """Draw how average precision is made of five detections, step by step."""
    sketch = Sketch(112, 39, "Average precision: five detections, four true boxes")
    found = np.cumsum(RIGHT)
    precision, recall = found / np.arange(1, 6), found / TRUE
    _table(sketch, found)
    to_points, to_stairs = _chart(sketch, 52), _chart(sketch, 86)
    sketch.axes.plot(*to_points(recall, precision), color=GRAY, lw=0.8)
    # At each recall counts the best precision there or further right; then nothing.
    corners = to_stairs((0, 0, 0.5, 0.5, 0.75, 0.75), (0, 1, 1, 0.75, 0.75, 0))
    _fill(sketch, np.transpose(corners))
    sketch.axes.plot(*corners, color=GREEN, lw=1.6)
    for to_paper in (to_points, to_stairs):
        for right, marker, color in ((True, "o", BLUE), (False, "X", ORANGE)):
            of_kind = np.equal(RIGHT, right)
            place = to_paper(recall[of_kind], precision[of_kind])
            sketch.axes.plot(*place, marker, color=color, ms=7)
    steps = {22: "1. the best score first", 63: "2. a point for each row"}
    for x, words in (steps | {97: "3. the area below the stairs"}).items():
        sketch.text(x, 3, words)
    sketch.text(94.25, 22, "0.5 × 1\n+ 0.25 × 0.75\n= 0.69", **SMALL)
    sketch.show(
        "Three steps. First a table of five detections by falling score: right, right, "
        "wrong, right, wrong. After each row, precision is what was right so far of "
        "what was shown: 1, 1, 0.67, 0.75, 0.6; recall is what was found of four: "
        "0.25, 0.5, 0.5, 0.75, 0.75. Second, these points, joined by a zigzag line. "
        "Third, stairs that only fall: precision 1 up to a recall of 0.5, 0.75 up to "
        "0.75, then 0, for one box was never found. The area below is 0.69."
    )


def _table(sketch, found):
    """Write the detections, and precision and recall after each of them."""
    columns = (4, 13, 25, 38)
    for x, words in zip(columns, ("score", "", "precision", "recall"), strict=True):
        sketch.text(x, 8, words, **SMALL)
    for row, (score, right, so_far) in enumerate(
        zip(SCORES, RIGHT, found, strict=True)
    ):
        y, color = 12.5 + 4.6 * row, BLUE if right else ORANGE
        sketch.text(columns[0], y, f"{score:g}")
        sketch.box(columns[1], y, "right" if right else "wrong", (9, 3.8), color)
        precision = so_far / (row + 1)
        sketch.text(columns[2], y, f"{so_far} of {row + 1}: {precision:.2g}", **SMALL)
        sketch.text(columns[3], y, f"{so_far} of {TRUE}: {so_far / TRUE:g}", **SMALL)


def _chart(sketch, left, low=31, side=22):
    """Draw axes from 0 to 1; return where recalls and precisions are on the paper."""

    def to_paper(recall, precision):
        return left + side * np.asarray(recall), low - side * np.asarray(precision)

    corner = to_paper((0, 0, 1), (1.06, 0, 0))
    sketch.axes.plot(*corner, color=GRAY, lw=0.8)
    for share in (0, 0.5, 1):
        sketch.text(left + side * share, low + 2, f"{share:g}", **SMALL)
        sketch.text(left - 1, low - side * share, f"{share:g}", ha="right", **SMALL)
    sketch.text(left + side / 2, low + 5.5, "recall", **SMALL)
    sketch.text(left, low - side - 3, "precision", **SMALL)
    return to_paper
