"""A GPT from tokens to probabilities: its parts, its targets, its tokens."""

from collections import Counter
from itertools import pairwise

import numpy as np
from matplotlib.patches import Rectangle

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.attention import LINE, MEANINGS
from bigmodel_lab.drawings.sketch import TINT, Sketch


def gpt_block() -> None:
    """Draw a block: attention and an MLP beside the stream, each added to it."""
    title = "A block looks around, then thinks, and adds both to the stream"
    sketch = Sketch(90, 29, title)
    stream, side, dot = 5, 18, (3.6, 3.6)
    comes = sketch.box(7, stream, "stream x\n(N, T, d)", size=(11, 6), color=GRAY)
    goes = sketch.box(83, stream, "stream x\n(N, T, d)", size=(11, 6), color=GRAY)
    first, second = (
        sketch.box(x, stream, "+", size=dot, color=GREEN) for x in (37, 70)
    )
    sketch.arrow(comes, first)
    sketch.arrow(first, second)
    sketch.arrow(second, goes)
    halves = [
        (18, first, "attention\nH heads", BLUE, "looks at\nearlier places"),
        (51, second, "MLP\nd → 4d → d", ORANGE, "each place\nby itself"),
    ]
    for start, add, name, color, words in halves:
        norm = sketch.box(start, side, "norm", size=(9, 6), color=GRAY)
        layer = sketch.box(add.x, side, name, size=(13, 6), color=color)
        sketch.arrow((start, stream + 0.1), norm)
        sketch.arrow(norm, layer)
        sketch.arrow(layer, add, "(N, T, d)")
        sketch.text(add.x, side + 6.5, words, size=9, color=color)
        sketch.text(start, side + 6.5, "brings all places\nto one size", size=9)
    sketch.show(
        "The stream x of shape N by T by d runs along the top. A copy goes down "
        "through a norm and attention, which looks at earlier places, and is added to "
        "the stream. Then a copy goes through a norm and an MLP, d to 4d to d, each "
        "place by itself, and is added too. The stream keeps its shape."
    )


def gpt() -> None:
    """Draw the whole network, from four tokens to the probabilities of the next."""
    sketch = Sketch(94, 32, "From tokens to the next one's probabilities")
    y, small = 14, (8, 6)
    for k, token in enumerate(LINE[:4]):
        sketch.text(4.5, y - 4.5 + 3 * k, token)
    table = sketch.box(16.5, y, "embedding", size=(11, 6))
    add = sketch.box(27, y, "+", size=(3.6, 3.6), color=GREEN)
    places = sketch.box(27, y + 10, "positions", size=(11, 6))
    blocks = [
        sketch.box(x, y, words, size=small, color=ORANGE)
        for x, words in ((36.5, "block 1"), (51, "block L"))
    ]
    sketch.text(43.75, y, "· · ·")
    norm = sketch.box(61.5, y, "norm", size=(7, 6), color=GRAY)
    head = sketch.box(71, y, "head", size=(7, 6))
    for start, end in [
        ((8.5, y), table), (table, add), (places, add), (add, blocks[0]),
        (blocks[1], norm), (norm, head),
    ]:  # fmt: skip
        sketch.arrow(start, end)
    tied = {"bend": -0.16, "dashed": True, "color": BLUE}
    sketch.arrow((16.5, y - 3.4), (71, y - 3.4), **tied)
    sketch.text(43.75, 4, "one table (V, d), used twice", size=9, color=BLUE)
    shapes = {4.5: "ids (N, T)", 16.5: "(N, T, d)", 43.75: "(N, T, d) all the way",
              71: "(N, T, V)"}  # fmt: skip
    for x, words in shapes.items():
        sketch.text(x, y + (8 if x == 4.5 else 5), words, size=9)
    sketch.text(27, y + 14.6, "(T, d)", size=9)
    sketch.arrow(head, (81, y), "softmax")
    next_token(sketch, 82, y)
    sketch.show(
        "A chain from left to right: the tokens chuáng qián míng yuè as ids N by T; an "
        "embedding, to which positions T by d are added; blocks 1 to L, N by T by d "
        "all the way; a norm; the head, which gives N by T by V; and the softmax, with "
        "probabilities for the token after yuè as bars, the longest at guāng, light. "
        "A dashed arrow joins embedding and head: they share one table."
    )


def next_token(sketch: Sketch, x: float, y: float) -> None:
    """Draw four guesses at the token after yuè: words over bars that begin at x."""
    logits = {
        "guāng “light”": 2.5,
        "míng “bright”": 0.8,
        "rì “sun”": 0.2,
        "comma": -0.3,
    }
    shares = np.exp(list(logits.values()))
    sketch.text(x, y - 10, "after yuè:", ha="left", size=9, color=GREEN)
    for k, (word, share) in enumerate(zip(logits, shares / shares.sum(), strict=True)):
        top = y - 7.2 + 4.2 * k
        sketch.text(x, top, word, ha="left", size=9)
        bar = Rectangle((x, top + 1), 12 * share, 1.2, fc=(GREEN, 3 * TINT), ec=GREEN)
        sketch.axes.add_patch(bar)


def shifted_by_one() -> None:
    """Draw a line of tokens as inputs and, moved by one, as targets."""
    sketch = Sketch(84, 29, "The text is its own answer, moved by one")
    size, left, step = (9, 5), 18, 10.1
    rows = {
        "text": (5, LINE, GRAY),
        "inputs\nids[:, :-1]": (14.5, LINE[:-1], BLUE),
        "targets\nids[:, 1:]": (25, LINE[1:], ORANGE),
    }
    boxes = []
    for name, (y, tokens, color) in rows.items():
        sketch.text(1, y, name, ha="left", color=color)
        row = [
            sketch.box(left + step * k, y, token, size=size, color=color)
            for k, token in enumerate(tokens)
        ]
        boxes.append(row)
    for meaning, box in zip(MEANINGS, boxes[0], strict=True):
        sketch.text(box.x, 1.2, meaning, size=9)
    for given, asked in zip(*boxes[1:], strict=True):
        sketch.arrow(given, asked)
    sketch.text(left + step * 6, 19.7, "six questions\nin one pass", size=9)
    sketch.show(
        "A row of seven tokens: chuáng qián míng yuè guāng, comma, yí. Below it the "
        "first six as inputs, and below them the last six as targets, so that an arrow "
        "leads from each input down to the token that follows it: from chuáng to qián, "
        "from qián to míng, and so on."
    )


def merged(tokens: list[str], pair: tuple[str, str]) -> list[str]:
    """Return a word's tokens with each such pair made one token."""
    result: list[str] = []
    for token in tokens:
        # "oon" in "moon": what was merged before counts as one token here.
        if result and (result[-1], token) == pair:
            result[-1] += token
        else:
            result.append(token)
    return result


def byte_pairs() -> None:
    """Draw how the most frequent pair becomes a token, seven times, in four words."""
    words = [list(word) for word in ("moon", "moonlight", "noon", "light")]
    count, letter = sum(map(len, words)), 2.8
    sketch = Sketch(88, 41, "The most frequent pair becomes a token, again and again")
    sketch.text(84, 2, "tokens", size=9, style="italic")
    label, new, merges, y = "letters", "", [], 5.0
    while True:
        sketch.text(1, y, label, ha="left", size=9)
        x = 16.0
        for word in words:
            for token in word:
                width = letter * len(token)
                plain = GRAY if len(token) == 1 else BLUE
                color = ORANGE if token == new else plain
                box = (x + width / 2, y, token)
                sketch.box(*box, size=(width - 0.4, 3.4), color=color)
                x += width
            x += 1
        sketch.text(84, y, str(sum(map(len, words))))
        pairs = Counter(pair for word in words for pair in pairwise(word))
        pair, often = max(pairs.items(), key=lambda item: item[1], default=(None, 0))
        if often < 2:  # max gives the first of equals
            break
        words, new, y = [merged(word, pair) for word in words], "".join(pair), y + 4.7
        label = f"{' + '.join(pair)}: {often} times"
        merges.append(new)
    sketch.show(
        f"Four words, moon, moonlight, noon and light, begin as {count} letters. Row "
        "by row the pair of neighbors that is most frequent becomes one token: "
        f"{', '.join(merges)}. In the end {sum(map(len, words))} tokens are left: "
        f"{', '.join(token for word in words for token in word)}."
    )
