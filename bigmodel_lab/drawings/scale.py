"""What a Transformer is made of, to scale."""

import numpy as np

from bigmodel_lab.colors import BLUE, GRAY, ORANGE
from bigmodel_lab.drawings.sketch import Sketch


def block_weights() -> None:
    """Draw the matrices of one block: twelve squares of d by d."""
    sketch = Sketch(92, 30, "The weights of a block: twelve squares of d × d")
    side, top = 5.5, 8
    squares = {"queries": 4, "keys": 12.5, "values": 21, "output": 29.5}
    for name, x in squares.items():
        box = sketch.grid(
            x, top, np.full((1, 1), ""), side, {(0, 0): BLUE}, numbers=False
        )
        sketch.text(box.x, top + side + 2, name, size=9, color=BLUE)
    sketch.text(19.5, 4, "attention: 4 d²", color=BLUE)
    tint = {(0, k): ORANGE for k in range(4)}
    grow = sketch.grid(45, top, np.full((1, 4), ""), side, tint, numbers=False)
    tint = {(k, 0): ORANGE for k in range(4)}
    shrink = sketch.grid(77, top - 2.5, np.full((4, 1), ""), side, tint, numbers=False)
    sketch.text(grow.x, top + side + 2, "grow: d → 4d", size=9, color=ORANGE)
    sketch.text(shrink.x, 29, "shrink: 4d → d", size=9, color=ORANGE)
    sketch.text(64, 4, "MLP: 8 d²", color=ORANGE)
    sketch.text(28, 25, "norms and biases: 13 d, hardly to be seen", size=9, color=GRAY)
    sketch.show(
        "The matrices of one block, drawn to scale. Attention has four squares of d by "
        "d: queries, keys, values and output. The MLP has one matrix four squares wide "
        "and one four squares high. Twelve squares in all; norms and biases, 13 d, are "
        "too small to be drawn."
    )
