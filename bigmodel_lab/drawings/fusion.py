"""Fusion and fairness: where two sources meet, and what two gaps measure."""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Circle

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch

SMALL = {"size": 9}


# Where the sources meet, in what, and what to know about it.
WAYS = {
    "early: before the model": (
        "numbers side by side",
        "one model learns; it hears most\nwhat has large numbers",
    ),
    "late: after the models": (
        "mean or product",
        "two models learn, their rule does\nnot: each has a vote or a veto",
    ),
    "stacking: in a third model": (
        "a third model",
        "it learns whom to trust, from\nanswers to rows they never saw",
    ),
}


def ways_to_fuse() -> None:
    """Draw early fusion, late fusion and stacking: where a picture and a name meet."""
    sketch = Sketch(108, 47, "Three places where two sources can meet")
    single, wide = (13, 5), (29, 5)
    for k, (name, (meeting, words)) in enumerate(WAYS.items()):
        x = 18 + 36 * k
        two = (x - 8, x + 8)
        sketch.text(x, 2, name)
        given = [
            sketch.box(place, 8, word, size=single, color=GRAY)
            for place, word in zip(two, ("picture", "name"), strict=True)
        ]
        if k:
            models = [sketch.box(place, 17.5, "model", size=single) for place in two]
            for one, model in zip(given, models, strict=True):
                sketch.arrow(one, model)
            meet = sketch.box(x, 27, meeting, size=wide, color=GREEN)
            last = meet
        else:
            models = given
            meet = sketch.box(x, 17.5, meeting, size=wide, color=GREEN)
            last = sketch.box(x, 27, "model", size=single)
            sketch.arrow(meet, last)
        for place, one in zip(two, models, strict=True):
            sketch.arrow((place, one.y + 2.9), (place, meet.y - 2.9))
        answer = sketch.box(x, 36.5, "answer", size=single, color=GRAY)
        sketch.arrow(last, answer)
        sketch.text(x, 43, words, **SMALL)
    sketch.show(
        "Three ways side by side, each from a picture and a name at the top to an "
        "answer at the bottom. Early: the numbers of both are put side by side before "
        "the only model, which hears most what has large numbers. Late: each source "
        "has a model of its own, and a rule that learns nothing, a mean or a product, "
        "makes one answer of their two. Stacking: each source has a model, and a third "
        "model learns whom to trust, from answers to rows that the two never saw."
    )


# -- two networks that are one ---------------------------------------------------------

# A network's weights to its hidden units, and from them: one input, one output.
UNITS = {
    "one network": ((1, -1), (1, 1)),
    "its units in another order": ((-1, 1), (1, 1)),
    "the mean of their weights": ((0, 0), (1, 1)),
}


RADIUS = 2.6  # of a unit


def same_network() -> None:
    """Draw a network, the same one with its units swapped, and their useless mean."""
    sketch = Sketch(102, 38, "Two orders of the same units, and a mean that is neither")
    colors = {1: BLUE, -1: ORANGE, 0: GRAY}
    for k, (name, (first, second)) in enumerate(UNITS.items()):
        left = 3 + 36 * k
        sketch.text(left + 12, 2, name, color=GREEN if k == 2 else GRAY)
        start, end = (left + 2, 13), (left + 22, 13)
        for y, weight, out in zip((8, 18), first, second, strict=True):
            unit, color = (left + 12, y), colors[weight]
            _edge(sketch, start, unit, weight, color)
            _edge(sketch, unit, end, out, color)
            _circle(sketch, unit, "ReLU", color, **SMALL)
        _circle(sketch, start, "x", GRAY)
        _circle(sketch, end, "y", GRAY)
        x = np.linspace(-1, 1, 41)
        y = np.maximum(np.outer(x, first), 0) @ np.array(second)
        _curve(sketch, (left + 12, 34), x, y, colors[0] if k < 2 else GREEN)
        words = "y = 0, whatever x is" if k == 2 else "y = |x|"
        sketch.text(left + 12, 36.5, words, color=GREEN if k == 2 else GRAY, **SMALL)
    for x, sign in ((33, "="), (69, "→")):
        sketch.text(x, 13, sign, size=14)
        sketch.text(x, 30, sign, size=14)
    sketch.show(
        "Three networks with one input x, two hidden units with ReLU and one output y; "
        "a graph of y against x below each. The first has the weights 1 and -1 to its "
        "hidden units, and 1 from both: y is the absolute value of x, a V. The second "
        "has the same units in the other order, -1 and 1: the same V. The mean of "
        "their weights is 0 and 0, so the third network's y is 0 for every x: a flat "
        "line, which is neither of the two."
    )


def _edge(sketch, start, end, weight, color):
    """Draw the way between two units, with its weight; dotted if it is 0."""
    start, end = np.array(start), np.array(end)
    rim = RADIUS * (end - start) / np.linalg.norm(end - start)
    style = {"color": color, "ls": ":" if weight == 0 else "-", "lw": 1.4}
    sketch.axes.plot(*zip(start + rim, end - rim, strict=True), **style)
    x, y = (start + end) / 2
    beside = y + (-1.6 if min(start[1], end[1]) < 13 else 1.6)
    words = f"{weight}".replace("-", "−")
    sketch.text(x, beside, words, color=color, **SMALL)


def _circle(sketch, center, words, color, **look):
    """Draw a unit."""
    sketch.axes.add_patch(Circle(center, RADIUS, fc=(color, 0.1), ec=color, lw=1.2))
    sketch.text(*center, words, **look)


def _curve(sketch, origin, x, y, color):
    """Draw y against x, both in [-1, 1], over a thin axis through the origin."""
    size = 9
    left, right, y0 = origin[0] - size, origin[0] + size, origin[1]
    sketch.axes.plot([left, right], [y0, y0], color=GRAY, lw=0.6)
    sketch.axes.plot(origin[0] + size * x, origin[1] - size * y, color=color, lw=2)


# -- two groups, one threshold ---------------------------------------------------------

# Scores of people in two groups, 0 to 100: who would pay back, and who would not.
PEOPLE = {
    "group 1": ((38, 50, 62, 67, 73, 79, 86, 93), (18, 44, 58, 70)),
    "group 2": ((32, 47, 64, 83), (8, 13, 20, 26, 38, 41, 57, 76)),
}
LIMIT = 54


def two_gaps() -> None:
    """Draw two groups on a line of scores, a threshold, and what each gap compares."""
    sketch = Sketch(108, 35, "The same threshold for all: two gaps, not one")
    left, width = 12, 48
    columns = {"of all": 70, "of ●": 84, "of ○": 98}
    for name, x in columns.items():
        sketch.text(x, 3, f"yes, {name}", color=GREEN if name == "of all" else BLUE)
    for k, (name, (good, bad)) in enumerate(PEOPLE.items()):
        y = 10 + 9 * k
        sketch.text(1, y, name, ha="left")
        sketch.axes.plot([left, left + width], [y, y], color=GRAY, lw=0.8, zorder=0)
        for scores, fill in ((good, BLUE), (bad, "none")):
            places = left + width * np.array(scores) / 100
            heights = np.full(len(scores), y - 1.6)  # on the line it would cross them
            look = {"facecolor": fill, "edgecolor": BLUE, "lw": 1.3}
            sketch.axes.scatter(places, heights, s=45, **look)
        for x, scores in zip(columns.values(), (good + bad, good, bad), strict=True):
            sketch.text(x, y, f"{sum(s > LIMIT for s in scores)} of {len(scores)}")
    limit = left + width * LIMIT / 100
    sketch.axes.plot([limit, limit], [4.5, 23], color=ORANGE, ls="--", lw=1.5)
    sketch.text(limit, 3, "threshold", color=ORANGE, **SMALL)
    sketch.arrow((left, 25.5), (left + width, 25.5), "")
    sketch.text(left + width / 2, 27.5, "score", **SMALL)
    sketch.text(left, 31, "● would pay back", ha="left", color=BLUE, **SMALL)
    sketch.text(left + 24, 31, "○ would not", ha="left", color=BLUE, **SMALL)
    sketch.box(70, 14.5, size=(12, 16), color=GREEN)
    sketch.box(91, 14.5, size=(26, 16), color=BLUE)
    words = {
        70: ("equal rates:\nthis share is\nthe same in both", GREEN),
        91: ("equal odds: each of these\nshares is the same in both", BLUE),
    }
    for x, (says, color) in words.items():
        sketch.text(x, 28.5, says, color=color, **SMALL)
    sketch.show(
        "Two groups of twelve people on a line of scores, and one threshold. In group "
        "1 eight would pay back and four would not; in group 2 it is four and eight. "
        "Right of the threshold are, in group 1, 8 of 12: 6 of the 8 who would pay "
        "back, and 2 of the 4 who would not. In group 2 they are 4 of 12: 2 of 4, and "
        "2 of 8. Equal rates ask that the share of all, 8 of 12 and 4 of 12, be the "
        "same. Equal odds ask it of the shares among those alike: 6 of 8 and 2 of 4; "
        "2 of 4 and 2 of 8."
    )


def one_more_layer() -> None:
    """Draw D3's formula of fusion: a layer, and an argmax, of one source."""
    sketch = Sketch(100, 27, "D3 §4, “knowledge fusion”: one source goes in")
    size = (17, 6)
    names = ("$A^{(l-1)}$\nnumbers of a layer", "$W^{(l)} A^{(l-1)} + b^{(l)}$")
    names += ("$A^{(l)} = \\sigma(\\ldots)$", "$Y = $ argmax\n“fusion result”")
    colors = (GRAY, BLUE, BLUE, ORANGE)
    boxes = [
        sketch.box(10.5 + 26 * k, 9, name, size=size, color=color)
        for k, (name, color) in enumerate(zip(names, colors, strict=True))
    ]
    for one, other in pairwise(boxes):
        sketch.arrow(one, other)
    sketch.text(
        49.5, 3, "a layer, as in the same section's network", color=BLUE, **SMALL
    )
    words = "what another\nteam knows"
    other = sketch.box(10.5, 22, words, size=size, color=GRAY, dashed=True)
    sketch.arrow(other, (33, 22), dashed=True)
    sketch.text(34.5, 22, "no symbol of the formula stands for it", ha="left")
    sketch.show(
        "A row of boxes: the numbers A of layer l-1, the layer W times A plus b, the "
        "numbers A of layer l, sigma of that, and Y, the argmax, which D3 calls the "
        "result of fusion. Below, dashed, what another team knows: no symbol of the "
        "formula stands for it. The formula is a layer, as in the network of the same "
        "section: one source goes in, and nothing is fused."
    )
