"""Attention: who asks whom, heads, what is kept, and places as turns."""

import numpy as np
from matplotlib.patches import Circle, Rectangle

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import TINT, Sketch

# Li Bai's line "Before my bed the bright moonlight, it seems ...", in pinyin.
LINE = ["chuáng", "qián", "míng", "yuè", "guāng", "comma", "yí"]
MEANINGS = ["bed", "before", "bright", "moon", "light", "", "seems"]


def whole(values: np.ndarray, color: str) -> dict:
    """Return the colors of a grid whose cells all have one color."""
    return colored(np.ones_like(values), color)


def colored(mask: np.ndarray, color: str) -> dict:
    """Return the colors of a grid where `mask` is true."""
    return dict.fromkeys(zip(*mask.nonzero(), strict=True), color)


def attention_step() -> None:
    """Draw how the fourth token asks all four: scores, weights, a mean of values."""
    sketch = Sketch(
        82, 37, "The better a key fits the query, the more its value counts"
    )
    query = np.array([[2, 1, 0, 1]])
    keys = np.array([[0, 1, 2, 0], [-1, 0, 1, 0], [1, 1, 0, 2], [1, 0, 0, 0]])
    values = np.array([[0, 2, 1], [1, 0, 0], [3, 0, 1], [1, 1, 2]])
    scores = keys @ query.T / np.sqrt(query.size)  # (4, 1)
    weights = (np.exp(scores) / np.exp(scores).sum())[:, 0]
    answer = np.round(weights[None] @ values, 2)  # (1, 3)
    cell, top = 3.4, 14
    look = {"cell": cell, "size": 9}
    sketch.text(12.5, 4.7, "query of yuè\n“moon”", ha="right", color=ORANGE)
    asks = sketch.grid(14, 3, query, colors=whole(query, ORANGE), **look)
    table = sketch.grid(14, top, keys, colors=whole(keys, BLUE), **look)
    sketch.arrow(asks, table, "meets each key")
    results = sketch.grid(36, top, scores, **look)
    sketch.arrow(table, results)
    told = sketch.grid(70, top, values, colors=whole(values, GREEN), **look)
    sketch.arrow(results, (49, results.y), "softmax")
    sketch.text(67.5, told.y, "×", size=14)
    for k, weight in enumerate(weights):
        y, length = top + cell * (k + 0.5), 12 * weight
        sketch.text(12.5, y, f"{LINE[k]} “{MEANINGS[k]}”", ha="right")
        bar = Rectangle((50, y - 1.1), length, 2.2, fc=(ORANGE, 3 * TINT), ec=ORANGE)
        sketch.axes.add_patch(bar)
        sketch.text(50.6 + length, y, f"{100 * weight:.0f} %", ha="left", color=ORANGE)
    names = {16: "keys", results.x: "q · k ÷ √4", 53.5: "weights", told.x: "values"}
    for x, name in names.items():
        sketch.text(x, top - 1.8, name, size=9)
    gathered = sketch.grid(70, 32.6, answer, colors=whole(answer, ORANGE), **look)
    sketch.arrow(told, gathered)
    words = "what yuè gathers: the mean of\nthe values, by their weights"
    sketch.text(68.5, gathered.y, words, ha="right", color=ORANGE)
    shares = [f"{name} {100 * w:.0f} %" for name, w in zip(LINE, weights, strict=False)]
    sketch.show(
        "The query of yuè, moon, four numbers, meets the keys of four tokens; the dot "
        f"products over 2 are {', '.join(f'{s:g}' for s in scores[:, 0])}. The softmax "
        f"makes weights of them, drawn as bars: {', '.join(shares)}. The mean of the "
        f"values by these weights is {', '.join(f'{v:g}' for v in answer[0])}."
    )


def causal_mask_grid() -> None:
    """Draw which of six places may look at which, and what each has to predict."""
    sketch = Sketch(58, 42, "Each place sees itself and what came before it")
    left, top, cell, places = 10, 6.5, 5, 6
    right = left + cell * places
    allowed = np.tri(places, dtype=bool)
    sketch.grid(left, top, allowed, cell, colored(allowed, BLUE), numbers=False)
    sketch.text((left + right) / 2, 1.5, "is looked at", size=9, style="italic")
    sketch.text(left - 1, 4.5, "asks", ha="right", size=9, style="italic")
    sketch.text(right + 5, 4.5, "must predict", ha="left", size=9, style="italic")
    for k in range(places):
        x, y = left + (k + 0.5) * cell, top + (k + 0.5) * cell
        sketch.text(x, 4.5, LINE[k], size=9)
        sketch.text(left - 1, y, LINE[k], ha="right")
        sketch.arrow((right + 0.8, y), (right + 4.2, y))
        sketch.text(right + 5, y, LINE[k + 1], ha="left", color=ORANGE)
        if k + 1 < places:
            sketch.text(x + cell, y, "×", color=ORANGE, size=14)
    look = {"ha": "left", "size": 9}
    sketch.text(left, 38.5, "blue: may look there", color=BLUE, **look)
    hidden = "×: here stands the answer, which it would copy"
    sketch.text(left, 40.8, hidden, color=ORANGE, **look)
    sketch.show(
        "A grid of six rows and six columns, both the tokens chuáng qián míng yuè "
        "guāng and a comma. In each row the cells up to the row's own place are blue, "
        "a lower triangle. The cell right of them is crossed out: there stands the "
        "token that the row must predict, named beside the row, from qián to yí."
    )


def heads() -> None:
    """Draw how two heads get their numbers of each place, and how a reshape mixes."""
    sketch = Sketch(76, 42, "Cut each place's numbers, not the whole table")
    places, count, share = 3, 2, 2
    # A number says its place, then which of the place's numbers it is.
    x = np.add.outer([10, 20, 30], [1, 2, 3, 4])  # (T, H·D)
    paint = np.array([[BLUE, BLUE, ORANGE, ORANGE]] * places)  # a head has one color
    cell, top = 3.6, 3.5
    look = {"cell": cell, "size": 9}
    sketch.grid(38 - 2 * cell, top, x, colors=dict(np.ndenumerate(paint)), **look)
    sketch.text(38, 1.6, "x (T, H·D): T = 3 places, H = 2 heads with D = 2", size=9)
    for row in range(places):
        y = top + cell * (row + 0.5)
        sketch.text(29.8, y, f"place {row + 1}", ha="right", size=9)
    cuts = {
        "right: cut to (T, H, D), then swap T and H": (
            16, lambda table: table.reshape(places, count, share).swapaxes(0, 1)
        ),
        "wrong: reshape to (H, T, D) in one step": (
            60, lambda table: table.reshape(count, places, share)
        ),
    }  # fmt: skip
    for words, (middle, cut) in cuts.items():
        right = words.startswith("right")
        color = GREEN if right else GRAY
        start = 38 + (-5 if right else 5), 15
        sketch.arrow(start, (middle, 20), color=color, dashed=not right)
        sketch.text(middle, 21.8, words, color=color)
        for head, (table, colors) in enumerate(zip(cut(x), cut(paint), strict=True)):
            corner = middle - 10 + 12.8 * head
            sketch.grid(
                corner, 26.8, table, colors=dict(np.ndenumerate(colors)), **look
            )
            sketch.text(corner + cell, 25, f"head {head + 1}", size=9)
    sketch.text(16, 40, "each head has two numbers\nof every place", size=9)
    sketch.text(60, 40, "head 1 has all of place 1\nand nothing of place 3", size=9)
    sketch.show(
        "A table of three places with four numbers each, the first two blue for head "
        "1, the last two orange for head 2. Right: head 1 gets the blue numbers of all "
        "three places, head 2 the orange ones. Wrong, reshaped in one step: head 1 "
        "gets 11, 12, 13, 14, 21 and 22, blue and orange mixed and none of place 3."
    )


def key_value_cache() -> None:
    """Draw and count which places are computed at each step, without and with cache."""
    steps, cell, top, poem = 6, 4.4, 8, 32
    sketch = Sketch(76, 41, "The past does not change: keep its keys and values")
    now, past = np.eye(steps, dtype=bool), np.tri(steps, k=-1, dtype=bool)
    ways = {
        "without a cache": (8, now | past, poem * (poem + 1) // 2),
        "with a cache": (48, now, poem),
    }
    for name, (left, computed, in_a_poem) in ways.items():
        tinted = colored(past, BLUE) | colored(computed, ORANGE)
        middle = left + cell * steps / 2
        sketch.text(middle, 2, name, size=11)
        sketch.grid(left, top, now, cell, tinted, numbers=False)
        for k in range(steps):
            sketch.text(left + cell * (k + 0.5), 6, LINE[k], size=8)
            y = top + cell * (k + 0.5)
            sketch.text(left - 1, y, f"step {k + 1}", ha="right", size=9)
        words = (
            f"{computed.sum()} places computed,\n{in_a_poem} in a poem of {poem} tokens"
        )
        sketch.text(middle, 37.4, words, color=ORANGE)
    sketch.text(middle, 40.2, "blue: read from the cache", size=9, color=BLUE)
    sketch.show(
        "Two grids with a row for each of six steps and a column for each token. "
        "Without a cache each step computes all places up to it, a triangle of "
        f"{(now | past).sum()} cells. With a cache it computes the last place only, a "
        f"diagonal of {now.sum()} cells, and reads the earlier ones. In a poem of "
        f"{poem} tokens it is {poem * (poem + 1) // 2} places against {poem}."
    )


def rotary() -> None:
    """Draw a query and a key turned by their places: their angle is the distance's."""
    sketch = Sketch(84, 29, "Two places apart: the same angle, wherever they stand")
    speed, radius, height = 0.5, 8.6, 12  # radians for each place; tenths of an inch
    start = {"query": 0.8, "key": 1.0}  # radians, at place 0

    def turn(x, name, place, color, words):
        angle = start[name] + speed * place
        tip = np.array([np.cos(angle), -np.sin(angle)]) * radius  # y goes down
        sketch.arrow((x, height), (x + tip[0], height + tip[1]), color=color)
        sketch.text(x + 1.18 * tip[0], height + 1.18 * tip[1], words, color=color)
        return angle

    for x in (13, 42, 71):
        circle = Circle((x, height), radius, fill=False, ec=GRAY, alpha=0.5)
        sketch.axes.add_patch(circle)
    for place in range(5):
        turn(13, "query", place, ORANGE, f"{place}")
    words = f"a query at places 0 to 4:\n{speed} radians further each time"
    sketch.text(13, 25, words)
    products = []
    for x, place in ((42, 3), (71, 8)):
        q = turn(x, "query", place, ORANGE, "q")
        k = turn(x, "key", place - 2, BLUE, "k")
        way = np.linspace(k, q)
        arc = x + 3.5 * np.cos(way), height - 3.5 * np.sin(way)
        sketch.axes.plot(*arc, color=GREEN, linewidth=2)
        products.append(f"{np.cos(q - k):.2f}")
        words = f"query at {place}, key at {place - 2}:\nq · k = {products[-1]}"
        sketch.text(x, 25, words)
    sketch.show(
        "Three circles. In the first, a query points further round at each of the "
        "places 0 to 4. In the second, the query stands at place 3 and the key at "
        "place 1; in the third, at 8 and 6. Both have turned, but the angle between "
        f"them is the same, and so is the dot product: {products[0]}, {products[1]}."
    )
