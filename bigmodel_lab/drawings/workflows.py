"""The articles' flow charts (Mermaid), as they stand and as they should be."""

from bigmodel_lab.colors import GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch


def training_workflow() -> None:
    """Draw D2 §2.2's flow from data to the output layer, and the loop that it is.

    The same fault stands in D1 §2.5, whose flow ends with "optimize".
    """
    sketch = Sketch(112, 35, "Training is a loop, not a line")
    small = (14, 5)
    sketch.text(1, 2, "D2 §2.2:", ha="left")
    steps = ["data", "preprocess", "network", "loss", "optimizer", "output layer"]
    sketch.chain(9, 7, steps, size=small, gap=4.5, color=ORANGE)
    sketch.text(1, 16, "as it runs:", ha="left")
    sketch.chain(9, 21, ["data", "split"], size=small, gap=4.5, color=GREEN)
    fit, network, loss = sketch.chain(
        46, 21, ["fit\npreprocessing", "network,\noutput layer", "loss"],
        size=small, gap=4.5, color=GREEN,
    )  # fmt: skip
    sketch.arrow((35, 21), fit, "train")
    optimizer = sketch.box(83, 31, "optimizer", size=small, color=GREEN)
    sketch.arrow(loss, optimizer, "gradient")
    sketch.arrow(optimizer, network, "new weights", ha="right")
    judge = sketch.box(104, 21, "judge once", size=small, color=GREEN)
    sketch.arrow(loss, judge, "test")
    sketch.show(
        "Two flow charts. D2's is a line: data, preprocess, network, loss, optimizer, "
        "output layer. As it runs: the data are split, preprocessing is fitted on the "
        "training part, and network, loss and optimizer form a loop; the test part is "
        "judged once."
    )
