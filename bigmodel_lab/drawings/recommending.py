"""Recommending: a table full of holes, three ways to test, and models of pairs."""

import numpy as np

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch

SMALL = {"size": 9}


def who_rated_what() -> None:
    """Draw ratings as a table of users and films that is mostly holes."""
    sketch = Sketch(92, 34, "Most of the table is empty: what belongs into Ana's row?")
    films = ("Toy Story", "Alien", "Titanic", "Shrek", "Fargo", "Casablanca")
    rows = {
        "Ana": (5, None, None, 4, None, None),
        "Ben": (4, None, 2, 5, None, None),
        "Cleo": (None, 5, None, None, 4, None),
        "Dan": (None, None, 4, None, None, 5),
    }
    for column, film in enumerate(films):
        sketch.text(17 + 12 * column, 3, film, **SMALL)
    for row, (name, stars) in enumerate(rows.items()):
        y = 8 + 5.6 * row
        sketch.text(4, y, name)
        for column, count in enumerate(stars):
            place = 17 + 12 * column, y
            if count is None:
                asked = row == 0
                color = ORANGE if asked else GRAY
                words = "?" if asked else ""
                sketch.box(*place, words, (11, 4.6), color, dashed=True)
            else:
                sketch.box(*place, f"{count} stars", (11, 4.6), BLUE)
    sketch.text(4, 31, "two questions:", ha="left", **SMALL)
    asked = {22: "how many stars would it be?", 58: "which one will she watch next?"}
    for x, words in asked.items():
        sketch.text(x, 31, words, ha="left", color=ORANGE, **SMALL)
    sketch.show(
        "A table of four people and six films. Each person has rated two or three, "
        "with two to five stars; the other cells are empty. The four empty ones in "
        "Ana's row have question marks. Below are two questions: how many stars would "
        "it be, and which one will she watch next?"
    )


def three_splits() -> None:
    """Draw ratings on lines of time, one for each user, and which are for the test."""
    sketch = Sketch(98, 31, "The same ratings, and three parts to test on (orange)")
    rng = np.random.default_rng(3)
    starts, ends = (1, 3, 9, 20.5), (24, 12, 25, 25.5)
    counts = (8, 4, 7, 5)
    lines = [
        np.linspace(start, end, count) + rng.uniform(-0.8, 0.8, count)
        for start, end, count in zip(starts, ends, counts, strict=True)
    ]
    drawn = [rng.permutation(count) < count / 4 for count in counts]
    tests = {
        "at random": drawn,
        "each user's last ones": [np.arange(n) >= 0.75 * n for n in counts],
        "by date": [line >= 19 for line in lines],
    }
    for panel, (name, masks) in enumerate(tests.items()):
        left = 9 + 30.5 * panel
        sketch.text(left + 13, 2.5, name)
        for row, (line, mask) in enumerate(zip(lines, masks, strict=True)):
            y = 8 + 5 * row
            sketch.axes.plot([left, left + 26], [y, y], color=GRAY, linewidth=0.6)
            for color, part in ((BLUE, ~mask), (ORANGE, mask)):
                places = left + line[part]
                sketch.axes.plot(places, [y] * part.sum(), "o", color=color, ms=5)
        if name == "by date":
            sketch.axes.plot([left + 18.5] * 2, [5.5, 25.5], "--", color=GRAY, lw=1)
        sketch.arrow((left, 28), (left + 26, 28))
        sketch.text(left + 13, 29.8, "time", **SMALL)
    for row, user in enumerate("ABCD"):
        sketch.text(4, 8 + 5 * row, f"user {user}", **SMALL)
    sketch.show(
        "Three times the same picture: four users, each a line of time with dots, the "
        "ratings. At random, test dots lie among the others. Each user's last ones: "
        "the right end of each line. By date: all dots right of one dashed line; user "
        "D, who began after it, is all test, and user B has no test dot."
    )


def deep_or_not() -> None:
    """Draw what a factorization machine, DeepFM and NFM do with the same vectors."""
    sketch = Sketch(98, 38, "Three models, the same vectors: where is the network?")
    names = ("factorization machine", "DeepFM", "NFM")
    for panel, name in enumerate(names):
        left = 2 + 33 * panel
        sketch.text(left + 14, 2, name)
        fields = ("user", "film", "decade", "genre")
        boxes = [
            sketch.box(left + 3.5 + 7 * k, 32, field, (6.6, 4.4), BLUE)
            for k, field in enumerate(fields)
        ]
        middle = left + 14
        score = sketch.box(middle, 7.5, "score", (12, 4.4), GREEN)
        if name == "DeepFM":
            pairs = sketch.box(left + 6, 22, "pairs", (11, 4.4), BLUE)
            deep = sketch.box(left + 22, 22, "network", (12, 4.4), ORANGE)
            for box in boxes:
                sketch.arrow(box, deep)
            sketch.arrow(deep, score, color=ORANGE)
        else:
            pairs = sketch.box(middle, 23, "pairs", (11, 4.4), BLUE)
        for box in boxes:
            sketch.arrow(box, pairs)
        if name == "NFM":
            deep = sketch.box(middle, 15, "network", (12, 4.4), ORANGE)
            sketch.arrow(pairs, deep)
            sketch.arrow(deep, score, color=ORANGE)
        else:
            sketch.arrow(pairs, score)
    sketch.text(49, 37, "a vector for each value; pairs: products, added up", **SMALL)
    sketch.show(
        "Three models side by side. In each, four vectors at the bottom: user, film, "
        "decade, genre. Factorization machine: the products of pairs, then the score. "
        "DeepFM: the products, and beside them a network that reads all vectors, both "
        "added to the score. NFM: the products, then a network, then the score."
    )
