"""Data and models for others: what leaves, who finds out, and what helps."""

import numpy as np
from matplotlib.patches import Circle

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch

SMALL = {"size": 9}


def what_leaves() -> None:
    """Draw the way from a table to the public: what protects where, what stays open."""
    sketch = Sketch(108, 42, "Each protection covers a part of the way, none all of it")
    stages = {
        "the table": ("its owner", "who may read\nmay also copy"),
        "sent, sealed": ("the network", "its length,\nand who gets it"),
        "the copy": ("the lab", "age, home, job\nname a person"),
        "the model": ("its users", "the model\nleaks, too"),
        "answers": ("the public", "what is true\nof all nurses"),
    }
    first, step = 25, 18.6
    left, size = first - 8, (16, 3.6)
    boxes = sketch.chain(first, 4, [*stages], size=(13, 5), gap=step - 13)
    for box, (seen_by, is_open) in zip(boxes, stages.values(), strict=True):
        sketch.text(box.x, 9.5, seen_by, **SMALL)
        sketch.text(box.x, 39, is_open, color=ORANGE, **SMALL)
    for y, words in ((9.5, "seen by"), (39, "still open")):
        sketch.text(1, y, words, ha="left", **SMALL)
    protections = {  # from stage to stage, and how
        "encryption": [(0, 1, "while stored and while sent")],
        "access control": [(0, 0, "roles and a log"), (2, 2, "roles and a log")],
        "de-identification": [(1, 2, "names taken out before sending")],
        "differential privacy": [(3, 4, "noise in the training")],
    }
    for k, (name, bars) in enumerate(protections.items()):
        y = 15 + 5.6 * k
        sketch.text(1, y, name.replace(" pr", "\npr"), ha="left", **SMALL)
        for start, end, how in bars:
            width = step * (end - start) + size[0]
            middle = left + step * start + width / 2
            sketch.box(middle, y, size=(width, 3.6), color=GREEN)
            sketch.text(middle, y, how, color=GREEN, **SMALL)
    sketch.show(
        "Five stages in a row: the table, seen by its owner; sent and sealed, seen by "
        "the network; the copy, seen by the lab; the model, seen by users; answers, "
        "seen by the public. Bars show what protects where. Encryption: the stored "
        "table and the way. Access control: the table and the lab's copy. "
        "De-identification: the way and the copy. Differential privacy: the model and "
        "its answers. Still open, stage by stage: who may read may also copy; the "
        "length, and who gets it; age, home and job name a person; the model leaks, "
        "too, if less; what is true of all nurses is told of one that everybody knows."
    )


def linkage() -> None:
    """Draw a row without a name and a register with names, joined by what both have."""
    sketch = Sketch(100, 30, "No names in the table, and still: it is Ana")
    loans = ["34 owns clerk paid", "34 rents nurse missed", "51 owns nurse paid"]
    people = ["Ana 34 rents nurse", "Ben 51 rents clerk", "Cleo 28 owns nurse"]
    sketch.text(20, 2, "a table without names")
    sketch.text(79.5, 2, "a register with names")
    found = _rows(sketch, 2, "age home job loan", loans)
    ana = _rows(sketch, 61.5, "name age home job", people)
    sketch.arrow(ana, found, color=ORANGE)
    sketch.text(49, 11, "the same age,\nhome and job", color=BLUE, **SMALL)
    sketch.text(49, 20, "it is Ana", color=ORANGE)
    known = "who has both tables knows about her loan"
    sketch.text(20, 28.5, known, color=ORANGE, **SMALL)
    sketch.show(
        "Left a table of three rows without names: age, home, job, and whether the "
        "loan was paid. Right a register of three people: name, age, home, job. Both "
        "have age, home and job. Ana, 34, who rents and is a nurse, matches one row "
        "only, so an arrow leads from her to it: it is Ana, and her loan was not paid."
    )


def _rows(sketch, left, names, rows):
    """Draw a table's names and rows, words with spaces between; return Ana's box."""
    for column, name in enumerate(names.split()):
        color = BLUE if name in ("age", "home", "job") else GRAY
        sketch.text(left + 10 * column, 7, name, ha="left", color=color, **SMALL)
    ana = None
    for k, row in enumerate(rows):
        is_ana = "34 rents nurse" in row
        color = ORANGE if is_ana else GRAY
        box = sketch.box(left + 18, 12 + 6 * k, size=(38, 5), color=color)
        ana = box if is_ana else ana
        for column, word in enumerate(row.split()):
            x = left + 10 * column
            sketch.text(x, box.y, word, ha="left", color=color, **SMALL)
    return ana


def clipped_and_noisy() -> None:
    """Draw gradients shortened to length C, their sum, and the noise around it."""
    sketch = Sketch(99, 32, "Nobody pulls by more than C, and noise hides who pulled")
    limit = 7
    gradients = np.array([[19, -6], [11, -12], [5, 4], [-1, -5]])
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    clipped = gradients * np.minimum(1, limit / lengths)
    center, corner = np.array([15, 20]), np.array([54, 27])
    words = {
        1: "each person's gradient, cut off at length C",
        52: "their sum, and noise",
    }
    for x, says in words.items():
        sketch.text(x, 2, says, ha="left", **SMALL)
    _circle(sketch, center, limit, "C", GRAY)
    for long, short in zip(gradients, clipped, strict=True):
        if (long != short).any():
            sketch.arrow(_point(center + short), _point(center + long), dashed=True)
        sketch.arrow(_point(center), _point(center + short), color=BLUE)
    end = corner
    for short in clipped:
        sketch.arrow(_point(end), _point(end + short))
        end = end + short
    cloud = np.random.default_rng(0).normal(end, limit, (90, 2))
    # Noise has no end, but the paper has.
    cloud = cloud[np.abs(cloud - end).max(axis=1) < 1.8 * limit]
    sketch.axes.scatter(*cloud.T, s=8, color=ORANGE, alpha=0.5, linewidths=0)
    _circle(sketch, end, limit, "σC", ORANGE)
    sketch.arrow(_point(corner), _point(end), color=BLUE)
    sketch.text(83, 28, "the step takes\none of these points", ha="left", **SMALL)
    sketch.show(
        "Left, four arrows from one point, the gradients of four people, and a circle "
        "of radius C around it. Two are longer than C and are cut off at the circle, "
        "two are shorter and stay. Right, the four are laid end to end; an arrow from "
        "the first to the last is their sum. Around its tip lies a cloud of points, "
        "normal noise of the size sigma times C, and the step takes one of them."
    )


def _point(xy):
    """Return an array of two numbers as a point."""
    return tuple(map(float, xy))


def _circle(sketch, center, radius, words, color):
    """Draw a dashed circle with its radius as a line, and words beside its end."""
    sketch.axes.add_patch(Circle(center, radius, fill=False, ec=color, ls="--"))
    x, y = center
    sketch.axes.plot([x - radius, x], [y, y], color=color, lw=0.8)
    sketch.text(x - radius - 1, y, words, ha="right", color=color, **SMALL)


def federated_round() -> None:
    """Draw a round of federated learning: the model goes down, updates come up."""
    sketch = Sketch(96, 37, "The model travels, the data stay")
    words = "server: the mean of the updates, weighted by how many examples each saw"
    sketch.box(48, 4, words, size=(94, 5), color=GREEN)
    for client, examples in enumerate((600, 80, 300, 1500)):
        x = 12 + 24 * client
        trains = sketch.box(x, 20, f"client {client + 1}\ntrains", size=(16, 7))
        data = sketch.box(
            x, 32, f"{examples:,} examples\nstay here", size=(16, 7), color=GRAY
        )
        sketch.arrow(data, trains)
        down, up = {"ha": "right"}, {"ha": "left"}
        sketch.arrow((x - 2.5, 7), (x - 2.5, 16), color=GREEN)
        sketch.arrow((x + 2.5, 16), (x + 2.5, 7), color=BLUE)
        sketch.text(x - 3.5, 11.5, "model", color=GREEN, **SMALL, **down)
        sketch.text(x + 3.5, 11.5, "update", color=BLUE, **SMALL, **up)
    sketch.show(
        "A server above four clients. The model goes down from the server to each "
        "client, which trains it on its own data, and an update comes back up. The "
        "data, 600, 80, 300 and 1,500 examples, stay at the clients. The server takes "
        "the mean of the updates, weighted by how many examples each client has."
    )


def masks() -> None:
    """Draw how masks that one adds and another subtracts hide all but the sum."""
    sketch = Sketch(96, 33, "Each number is hidden, the sum is not")
    color = {"a": BLUE, "b": GREEN, "c": ORANGE}
    sent = (("x₁", "+ a", "+ c"), ("x₂", "− a", "+ b"), ("x₃", "− b", "− c"))
    server = sketch.box(84, 15, "server:\nx₁ + x₂ + x₃", size=(20, 8), color=GRAY)
    for k, terms in enumerate(sent):
        y = 4 + 11 * k
        client = sketch.box(23, y, f"client {k + 1}: {terms[0]}", size=(16, 5))
        box = sketch.box(52, y, size=(20, 5), color=GRAY)
        for place, term in zip((46, 52, 58), terms, strict=True):
            sketch.text(place, y, term, color=color.get(term[-1], GRAY))
        sketch.arrow(client, box)
        sketch.arrow(box, server)
    # Who shares a mask: a bracket from one client to the other.
    for mask, x, top, bottom in (("a", 9, 5, 14), ("b", 9, 16, 25), ("c", 4, 3, 27)):
        look = {"color": color[mask], "lw": 1.2}
        sketch.axes.plot([14.6, x, x, 14.6], [top, top, bottom, bottom], **look)
        middle = (top + bottom) / 2
        sketch.text(x - 1, middle, mask, ha="right", color=color[mask])
    notes = {18: "each two agree on a mask", 52: "each alone looks like noise"}
    for x, words in (notes | {84: "in the sum, all masks cancel"}).items():
        sketch.text(x, 31.5, words, **SMALL)
    sketch.show(
        "Three clients with the numbers x1, x2 and x3. Each two agree on a mask: a for "
        "clients 1 and 2, b for 2 and 3, c for 1 and 3. Client 1 sends x1 plus a plus "
        "c, client 2 x2 minus a plus b, client 3 x3 minus b minus c; each alone looks "
        "like noise. The server adds all three: the masks cancel, and x1 plus x2 plus "
        "x3 remains."
    )
