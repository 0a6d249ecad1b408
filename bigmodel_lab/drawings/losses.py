"""Losses and backpropagation: from logits to a loss, and the gradient's way back."""

from bigmodel_lab.colors import BLUE, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch


def cross_entropy() -> None:
    """Draw the way from three logits over the softmax to the loss, with numbers."""
    sketch = Sketch(
        84, 22, "From scores to one number: softmax, then -log of the truth"
    )
    columns = {
        "logits $z$": ["2.0", "1.0", "-1.0"],
        "$e^z$": ["7.39", "2.72", "0.37"],
        "probabilities $p$": ["0.71", "0.26", "0.04"],
    }
    for x, (name, numbers) in zip((17, 37, 57), columns.items(), strict=True):
        sketch.text(x, 2.5, name)
        for row, number in enumerate(numbers):
            color = ORANGE if row == 1 and x == 57 else BLUE
            sketch.box(x, 7 + 5 * row, number, size=(8, 4), color=color)
    for row, name in enumerate(("cat", "dog (true)", "horse")):
        sketch.text(11, 7 + 5 * row, name, ha="right", size=9)
    sketch.arrow((22, 12), (32, 12), "exp")
    sketch.arrow((42, 12), (52, 12), "÷ 10.48")
    sketch.text(37, 21, "sum 10.48", size=9)
    sketch.text(57, 21, "sum 1", size=9)
    loss = sketch.box(77, 12, "1.35", size=(8, 4), color=ORANGE)
    sketch.text(77, 2.5, "loss")
    sketch.arrow((62, 12), loss, "-log", color=ORANGE)
    sketch.show(
        "Three logits, 2.0, 1.0 and -1.0, for cat, dog and horse. Their exponentials "
        "7.39, 2.72 and 0.37 are divided by their sum, 10.48, which gives the "
        "probabilities 0.71, 0.26 and 0.04. The truth is dog: the loss is minus the "
        "logarithm of 0.26, 1.35."
    )


def article_network() -> None:
    """Draw D3 §4's network: what its words describe, and what its formulas compute."""
    sketch = Sketch(90, 26, "D3 §4: the words have one hidden layer, the formulas two")
    small = (11, 5)
    sketch.text(1, 1, "in words:", ha="left")
    words = [
        sketch.box(x, 6, name, size=small)
        for x, name in ((8, "input\n100"), (37, "hidden\n500"), (66, "output\n10"))
    ]
    sketch.arrow(words[0], words[1], "$W^{(1)}$: 500 x 100")
    sketch.arrow(words[1], words[2], "$W^{(2)}$: 10 x 500")
    sketch.text(1, 13.5, "in formulas:", ha="left")
    boxes = [
        sketch.box(x, 19, name, size=small, color=color)
        for x, name, color in (
            (8, "$X$\n100", BLUE),
            (33, "$A^{(1)}$\n500", BLUE),
            (58, "$A^{(2)}$\n500", ORANGE),
            (83, "$A^{(3)}$\n10", BLUE),
        )
    ]
    sketch.arrow(boxes[0], boxes[1], "$W^{(1)}$: 500 x 100")
    sketch.arrow(boxes[1], boxes[2], "$W^{(2)}$: 500 x 500", color=ORANGE)
    sketch.arrow(boxes[2], boxes[3], "$W^{(3)}$: 10 x 500")
    for x, name in ((33, "ReLU, twice"), (58, "ReLU"), (83, "softmax")):
        sketch.text(x, 24, name, size=9)
    sketch.show(
        "Two networks. In words: 100 inputs, 500 hidden units, 10 outputs, so two "
        "weight matrices, 500 x 100 and 10 x 500. In formulas: three matrices, with a "
        "second hidden layer of 500 and a matrix of 500 x 500 in between."
    )


def backpropagation() -> None:
    """Draw three layers, forward and backward: values, errors and gradients."""
    sketch = Sketch(90, 33, "Every step forward has its mirror on the way back")
    small, forward, back = (6, 5), 4, 16
    places = {
        name: 4.4 + 11.5 * k
        for k, name in enumerate(["X", "Z_1", "A_1", "Z_2", "A_2", "Z_3", "P", "L"])
    }
    ahead = [
        sketch.box(x, forward, f"${name}$", size=small) for name, x in places.items()
    ]
    steps = ["$W_1$", "ReLU", "$W_2$", "ReLU", "$W_3$", "softmax", "-log"]
    for k, step in enumerate(steps):
        sketch.arrow(ahead[k], ahead[k + 1], step)
    names = [r"$\delta_1$", "$dA_1$", r"$\delta_2$", "$dA_2$", r"$\delta_3$"]
    errors = [
        sketch.box(box.x, back, name, size=small, color=ORANGE)
        for box, name in zip(ahead[1:6], names, strict=True)
    ]
    mirrors = ["· ReLU'", "$W_2^T$", "· ReLU'", "$W_3^T$"]
    for k, step in enumerate(mirrors):
        sketch.arrow(errors[k + 1], errors[k], step, color=ORANGE)
    sketch.arrow((places["L"], 7), errors[4], bend=-0.35, color=ORANGE)
    sketch.text(78, 17.5, "predicted - true", size=9, color=ORANGE)
    for k, before in ((1, "X"), (2, "A_1"), (3, "A_2")):
        error = errors[2 * k - 2]
        words = (
            rf"$dW_{k} = \delta_{k}\, {before}^T$" + "\n" + rf"$db_{k} = \delta_{k}$"
        )
        gradient = sketch.box(error.x, 28, words, size=(15, 6), color=GREEN)
        sketch.arrow(error, gradient, color=GREEN)
    sketch.show(
        "Three rows. Forward: X, through W1 to Z1, through ReLU to A1, and so on to "
        "Z3, the probabilities P and the loss L. Backward, from right to left: "
        "predicted minus true gives delta 3; W3 transposed gives dA2, and ReLU's slope "
        "gives delta 2; W2 transposed gives dA1, and ReLU's slope delta 1. From each "
        "delta down to the gradients: dW is delta times the layer's input, db is delta."
    )
