"""From a trained network to its readers: what is made of it, and how it answers."""

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch


def ways_to_ship() -> None:
    """Draw where a trained network goes: to a file, then a laptop, server or page."""
    sketch = Sketch(96, 29, "One network, one file, three places to run it")
    trained = sketch.box(9, 14.5, "trained\nin PyTorch", size=(15, 7), color=GRAY)
    smaller = sketch.box(31, 14.5, "smaller:\nbits, zeros", size=(15, 7))
    file = sketch.box(53, 14.5, "a file that\nneeds no PyTorch", size=(17, 7))
    places = {"your laptop": BLUE, "a server": ORANGE, "a reader's browser": GREEN}
    sketch.arrow(trained, smaller)
    sketch.arrow(smaller, file)
    for k, (name, color) in enumerate(places.items()):
        place = sketch.box(83, 5 + 9.5 * k, name, size=(20, 5), color=color)
        sketch.arrow(file, place, color=color)
    sketch.show(
        "A chain of boxes: a network trained in PyTorch, made smaller by fewer bits or "
        "zeros, then a file that needs no PyTorch. From the file three arrows lead to "
        "your laptop, to a server, and to a reader's browser."
    )


def batching() -> None:
    """Draw four requests served one at a time, and in one batch."""
    sketch = Sketch(92, 33, "A batch lets the first wait, so that the last need not")
    colors = (BLUE, ORANGE, GREEN, GRAY)
    sketch.text(1, 4, "one at a time", ha="left", size=9)
    sketch.text(1, 20.5, "in one batch", ha="left", size=9)
    for k, color in enumerate(colors):
        come = 20 + 2 * k
        for top in (2, 18.5):
            sketch.arrow((come, top - 1.5), (come, top + 1), color=color)
        sketch.box(27 + 16 * k, 8, f"request {k + 1}", size=(15, 5), color=color)
        sketch.text(34.5 + 16 * k, 12.5, "answer", size=8, color=color)
    sketch.text(24, 16, "wait", size=8)
    sketch.box(38, 24.5, "requests 1 to 4", size=(22, 5), color=BLUE)
    sketch.text(49, 29, "four answers", size=8, color=BLUE)
    sketch.arrow((20, 32), (90, 32))
    sketch.text(88, 30, "time", size=9)
    sketch.show(
        "Two rows on a line of time; in both, four requests come shortly after each "
        "other. Above, they are answered one after the other, the last one late. "
        "Below, the server waits a moment, computes all four at once in a little more "
        "time than one takes, and answers them together: the first later than above, "
        "the last one much sooner."
    )
