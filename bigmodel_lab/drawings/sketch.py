"""Paper for drawings: boxes, arrows, grids of cells, and words.

A unit is a tenth of an inch. x goes to the right and y down, as on a page.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from numpy.typing import ArrayLike

from bigmodel_lab.colors import BLUE, GRAY
from bigmodel_lab.plots.look import STYLE, show

UNIT = 0.1  # inches
BOX = (15, 5)  # the width and height of a box
TINT = 0.1  # how much of its color fills a box: words on it stay readable


class Sketch:
    """A drawing that grows: each method adds a part, `show` puts it into the notebook.

    Parameters
    ----------
    width, height : float
        Of the paper, in tenths of an inch: 64 by 32 is the size of a chart.
    title : str
        What to see.
    """

    def __init__(self, width: float, height: float, title: str = "") -> None:
        with plt.rc_context(STYLE | {"figure.constrained_layout.use": False}):
            self.figure = plt.figure(figsize=(UNIT * width, UNIT * (height + 4)))
            self.axes = self.figure.add_axes((0, 0, 1, height / (height + 4)))
            self.figure.text(0.1 / width, 1, title, size=12, va="top")
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.axes.axis("off")

    def text(self, x: float, y: float, words: str, **look) -> None:
        """Write words centered at (x, y); `look` is matplotlib's, such as `size=9`."""
        look = {"ha": "center", "va": "center", "color": GRAY, "size": 10} | look
        self.axes.text(x, y, words, **look)

    def box(
        self,
        x: float,
        y: float,
        words: str = "",
        size: tuple[float, float] = BOX,
        color: str = BLUE,
        dashed: bool = False,
        **look,
    ) -> "Box":
        """Draw a box centered at (x, y) with words in it; arrows take what it returns.

        A `dashed` box is one that should not be there, or is only sometimes.
        """
        width, height = size
        self.axes.add_patch(
            FancyBboxPatch(
                (x - width / 2, y - height / 2),
                *size,
                boxstyle="round,pad=0,rounding_size=0.8",
                facecolor=(color, TINT),
                edgecolor=color,
                linestyle="--" if dashed else "-",
                linewidth=1.2,
            )
        )
        self.text(x, y, words, **look)
        return Box(x, y, *size)

    def arrow(
        self,
        start: "Box | tuple[float, float]",
        end: "Box | tuple[float, float]",
        words: str = "",
        color: str = GRAY,
        bend: float = 0,
        dashed: bool = False,
        **look,
    ) -> None:
        """Draw an arrow between boxes or points, from edge to edge, with words beside.

        `bend` curves it: 0.3 to the right-hand side of its way, -0.3 to the left.
        """
        tail = start.edge_towards(end) if isinstance(start, Box) else start
        head = end.edge_towards(start) if isinstance(end, Box) else end
        self.axes.add_patch(
            FancyArrowPatch(
                tail,
                head,
                arrowstyle="-|>",
                mutation_scale=10,
                shrinkA=0,
                shrinkB=0,
                connectionstyle=f"arc3,rad={bend}",
                color=color,
                linestyle="--" if dashed else "-",
                linewidth=1.2,
            )
        )
        middle = (np.array(tail) + head) / 2
        across = np.array([-(head[1] - tail[1]), head[0] - tail[0]])  # to the right
        middle = middle + bend / 2 * across
        level = abs(head[0] - tail[0]) > abs(head[1] - tail[1])
        beside = {"va": "bottom"} if level else {"ha": "left"}
        self.text(
            middle[0] + (0 if level else 0.8),
            middle[1] - (0.5 if level else 0),
            words,
            **{"size": 9, "color": color} | beside | look,
        )

    def chain(
        self, x: float, y: float, steps: Sequence[str], gap: float = 4, **look
    ) -> list["Box"]:
        """Draw steps as a row of boxes joined by arrows, the first centered at (x, y).

        `look` is what `box` takes. Returns the boxes.
        """
        step = look.get("size", BOX)[0] + gap
        boxes = [
            self.box(x + k * step, y, name, **look) for k, name in enumerate(steps)
        ]
        for one, next_one in pairwise(boxes):
            self.arrow(one, next_one)
        return boxes

    def grid(
        self,
        x: float,
        y: float,
        values: ArrayLike,
        cell: float = 3,
        colors: Mapping[tuple[int, int], str] | None = None,
        numbers: bool = True,
        **look,
    ) -> "Box":
        """Draw a matrix (rows, columns) as cells, the upper left corner at (x, y).

        `colors` tints cells: (row, column) -> color. Returns the whole as a box.
        """
        values, colors = np.asarray(values), colors or {}
        rows, columns = values.shape
        for (row, column), value in np.ndenumerate(values):
            corner = x + column * cell, y + row * cell
            color = colors.get((row, column))
            fill = "none" if color is None else (color, 2 * TINT)
            self.axes.add_patch(
                Rectangle(corner, cell, cell, facecolor=fill, edgecolor=GRAY, lw=0.8)
            )
            if numbers:
                center = corner[0] + cell / 2, corner[1] + cell / 2
                self.text(*center, f"{value:g}" if value != "" else "", **look)
        width, height = columns * cell, rows * cell
        return Box(x + width / 2, y + height / 2, width, height)

    def show(self, alt: str) -> None:
        """Show the drawing with its text alternative; ValueError if `alt` is empty."""
        show(self.figure, alt)


class Box:
    """Where a box stands, so that arrows can end at its edge."""

    def __init__(self, x: float, y: float, width: float, height: float) -> None:
        self.x, self.y, self.width, self.height = x, y, width, height

    def edge_towards(self, other: "Box | tuple[float, float]") -> tuple[float, float]:
        """Return the point of the edge where the way to `other`'s middle leaves."""
        x, y = (other.x, other.y) if isinstance(other, Box) else other
        dx, dy = x - self.x, y - self.y
        gap = 0.4  # of an arrow to the box
        far = max(
            abs(dx) / (self.width / 2 + gap), abs(dy) / (self.height / 2 + gap), 1e-9
        )
        return self.x + dx / far, self.y + dy / far
