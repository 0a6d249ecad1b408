"""Many machines: who has what, and what they send each other."""

from itertools import pairwise

import numpy as np

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch

COLORS = (BLUE, ORANGE, GREEN, GRAY)


def data_parallel() -> None:
    """Draw two machines that share a batch and agree on a step."""
    sketch = Sketch(102, 27, "The data are shared out, the model is not")
    mean = sketch.box(71, 13.5, "mean of both", size=(14, 5), color=GRAY)
    for rank, y in enumerate((6, 21)):
        color = COLORS[rank]
        share = sketch.box(9, y, f"half {rank + 1} of\nthe batch", color=color)
        model = sketch.box(31, y, "all weights", color=GREEN)
        own = sketch.box(53, y, "its gradient", color=color)
        step = sketch.box(92, y, "the same step", color=GREEN)
        for one, other in ((share, model), (model, own), (own, mean), (mean, step)):
            sketch.arrow(one, other)
        sketch.text(20, y - 4.5, f"machine {rank}", size=9, color=color)
    sketch.show(
        "Two rows, one for each machine. Each has a half of the batch and all weights, "
        "and computes the gradient of its half. The two gradients meet in the middle, "
        "where their mean is taken, and both machines take the same step with it."
    )


def ring() -> None:
    """Draw four machines, each with its numbers in four pieces, and who sends what."""
    sketch = Sketch(96, 25, "Everyone sends a piece to the next one, at the same time")
    boxes = []
    for rank in range(4):
        x = 4 + 25 * rank
        tint = {(rank, 0): ORANGE}
        pieces = np.array([[f"{rank}{'abcd'[k]}"] for k in range(4)])
        sketch.text(x + 2.5, 1.5, f"machine {rank}", size=9)
        boxes.append(_column(sketch, x, 4, pieces, tint))
    for rank, (one, other) in enumerate(pairwise(boxes)):
        height = 6 + 4 * rank
        start, end = (one.x + 3, height), (other.x - 3, height)
        sketch.arrow(start, end, f"piece {'abcd'[rank]}", color=ORANGE)
    sketch.arrow((boxes[3].x, 20.4), (boxes[0].x, 20.4), bend=-0.06, color=ORANGE)
    sketch.text(42, 24, "piece d", size=9, color=ORANGE)
    sketch.show(
        "Four machines in a row, each with four pieces of numbers, a to d. Machine 0 "
        "sends its piece a to machine 1, which sends its piece b to machine 2, which "
        "sends c to machine 3, which sends d back to machine 0, all at the same time."
    )


def _column(sketch, x, y, pieces, tint):
    """Draw the pieces of a machine under each other; return their box."""
    box = sketch.grid(x, y, np.full(pieces.shape, ""), 4, tint, numbers=False)
    for row, (word,) in enumerate(pieces):
        sketch.text(x + 2, y + 4 * row + 2, word, size=9)
    return box


def pipeline_bubble(stages: int = 4, micro_batches: int = 6) -> None:
    """Draw which machine of a pipeline works on which micro-batch, turn by turn.

    `stages` and `micro_batches` are counts of at least 1; white cells are the bubble.
    """
    turns = stages + micro_batches - 1
    sketch = Sketch(
        20 + 4 * turns,
        7 + 4 * stages,
        "While the pipeline fills and empties, some wait",
    )
    tint = {}
    for stage in range(stages):
        sketch.text(1, 5 + 4 * stage, f"machine {stage}", ha="left", size=9)
        for k in range(micro_batches):
            tint[stage, stage + k] = COLORS[stage % 4]
            sketch.text(20 + 4 * (stage + k), 5 + 4 * stage, f"{k + 1}", size=9)
    table = np.full((stages, turns), "")
    sketch.grid(18, 3, table, 4, tint, numbers=False)
    sketch.text(18 + 2 * turns, 5 + 4 * stages, "turns →", size=9)
    sketch.show(
        f"A grid with a row for each of {stages} machines and a column for each of "
        f"{turns} turns. Each machine works on micro-batches 1 to {micro_batches}, one "
        f"turn later than the machine before it. The cells before and after are empty."
    )


def cut_layers() -> None:
    """Draw a layer cut by its outputs, and the next one cut by its inputs."""
    sketch = Sketch(96, 29, "Cut one layer by its outputs, the next by its inputs")
    x = sketch.box(8, 14, "x\n(both have it)", size=(14, 7), color=GRAY)
    total = sketch.box(86, 14, "sum: one\nall-reduce", size=(14, 7), color=GRAY)
    for rank, y in enumerate((6, 22)):
        color = COLORS[rank]
        first = sketch.box(
            33, y, "half of the\nhidden units", size=(16, 7), color=color
        )
        second = sketch.box(
            60, y, "what they add\nto each output", size=(17, 7), color=color
        )
        sketch.arrow(x, first)
        sketch.arrow(first, second)
        sketch.arrow(second, total)
        sketch.text(46, y - 5, f"machine {rank}", size=9, color=color)
    sketch.show(
        "Both machines have the input x. Each computes half of the hidden units, and "
        "from them what they add to every output. One all-reduce sums both up, and "
        "only there anything is sent."
    )
