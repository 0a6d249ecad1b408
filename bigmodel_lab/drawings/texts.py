"""How texts go through the networks of chapter 06."""

from itertools import pairwise

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch


def news_classifier() -> None:
    """Draw D1 §5.2's network as printed and mended, with the shape of each result."""
    sketch = Sketch(
        90, 32, "The same layers, and what three changes make of the shapes"
    )
    printed = [
        ("tf-idf\nweights", "N × 1000"),
        ("embedding", "N × 1000 × 64"),
        ("convolution", "N × 996 × 128"),
        ("max of every\n5 places", "N × 199 × 128"),
        ("10 units", "N × 199 × 10"),
    ]
    mended = [
        ("ids of\n100 words", "N × 100"),
        ("embedding", "N × 100 × 64"),
        ("convolution", "N × 96 × 128"),
        ("max of\nall places", "N × 128"),
        ("20 units", "N × 20"),
    ]
    rows = {"As printed:": (printed, 8, ORANGE), "Mended:": (mended, 24, GREEN)}
    for name, (layers, y, changed) in rows.items():
        sketch.text(2, y - 5, name, ha="left")
        boxes = []
        for k, (words, shape) in enumerate(layers):
            x, color = 9.5 + 17.5 * k, BLUE if k in (1, 2) else changed
            boxes.append(sketch.box(x, y, words, size=(13.5, 5.5), color=color))
            sketch.text(x, y + 5, shape, size=9)
        for one, next_one in pairwise(boxes):
            sketch.arrow(one, next_one)
    sketch.show(
        "Two rows of five boxes. As printed: tf-idf weights, N by 1000; embedding, N "
        "by 1000 by 64; convolution, N by 996 by 128; maximum of every five places, N "
        "by 199 by 128; 10 units, N by 199 by 10. Mended: ids of 100 words, N by 100; "
        "embedding; convolution; maximum of all places, N by 128; 20 units, N by 20."
    )


def embedding_bag() -> None:
    """Draw how the vectors of a text's words, times their weights, become one sum."""
    sketch = Sketch(88, 30, "A bag of words picks rows and adds them up")
    words = ["<pad>", "<unk>", "the", "orbit", "god", "moon", "doctor"]
    votes = [
        [0, 0, 0],
        [0.1, 0, 0.1],
        [0, 0.1, 0],
        [0.2, 2, 0.1],
        [0.1, 0, 3],
        [0, 1, 0],
        [2, 0, 0.3],
    ]
    picked = {2: "× 0.1", 3: "× 0.8", 5: "× 0.6"}  # row -> its word's weight
    colors = {(row, column): BLUE for row in picked for column in range(3)}
    sketch.text(10, 15, '"the orbit of\nthe moon"')
    sketch.text(41, 2, "a vector for each word", size=9)
    sketch.grid(36, 4, votes, cell=3.5, colors=colors, size=9)
    for row, word in enumerate(words):
        sketch.text(34.5, 5.75 + 3.5 * row, word, ha="right", size=9)
    sketch.arrow((18, 15), (26, 15), "ids")
    add = sketch.box(67, 16.2, "+", size=(4, 4), color=GREEN)
    for row, weight in picked.items():
        y = 5.75 + 3.5 * row
        sketch.text(50, y, weight, size=9, color=BLUE)
        sketch.arrow((53, y), add)
    total = sketch.grid(74, 14.45, [[0.2, 2.2, 0.1]], cell=3.5, size=9)
    sketch.arrow(add, total)
    sketch.text(79, 20.5, "votes for\nthree topics", size=9)
    sketch.show(
        "The text the orbit of the moon picks three rows of a table that has a vector "
        "of three numbers for each word: those of the, orbit and moon. Each is "
        "multiplied by its word's weight, 0.1, 0.8 and 0.6, and added up: 0.2, 2.2 and "
        "0.1, the votes for three topics."
    )


def text_cnn() -> None:
    """Draw filters over two and over three words sliding along a sentence."""
    sketch = Sketch(88, 34, "A filter slides along the words; its best answer counts")
    words = ["this", "film", "is", "not", "bad", "at", "all"]
    cell, top = 3.2, 5
    place = [top + cell * (row + 0.5) for row in range(len(words))]
    window = {(row, column): BLUE for row in (3, 4) for column in range(4)}
    sketch.text(17.4, 2.5, "word vectors (L, D)", size=9)
    sketch.grid(11, top, [[0] * 4] * 7, cell=cell, colors=window, numbers=False)
    for word, y in zip(words, place, strict=True):
        sketch.text(10, y, word, ha="right")
    sketch.arrow((24.4, place[3] + 1.6), (43.5, place[3]), "a filter over 2 words")
    answers = [
        ("2 words", [0.1, 0, 0.2, 0.9, 0.3, 0.1], 44, BLUE),
        ("3 words", [0.2, 0.1, 0.6, 0.4, 0.1], 56, ORANGE),
    ]
    for name, column, x, color in answers:
        middle, bottom = x + cell / 2, top + cell * len(column)
        rows, best = [[value] for value in column], column.index(max(column))
        sketch.text(middle, 2.5, name, size=9, color=color)
        sketch.grid(x, top, rows, cell=cell, colors={(best, 0): color}, size=9)
        sketch.arrow((middle, bottom + 0.4), (middle, 28.6), "max")
        sketch.grid(x, 29, [[max(column)]], cell=cell, colors={(0, 0): color}, size=9)
    sketch.text(42.5, 30.6, "features", ha="right")
    dense = sketch.box(76, 30.6, "dense layer", size=(13, 5))
    sketch.arrow((60, 30.6), dense)
    sketch.text(74, 14, "a filter's answers:\none for each place,\nL - 1 or L - 2")
    sketch.show(
        "A sentence of seven words as a table of vectors. A filter over two words "
        "gives six answers, the largest, 0.9, at not bad; a filter over three words "
        "gives five, the largest 0.6. Only these two numbers go on to the dense layer."
    )


def lstm_cell() -> None:
    """Draw one step of an LSTM: the memory's line, and four gates below it."""
    sketch = Sketch(90, 40, "One step of an LSTM: gates decide what the memory keeps")
    small, dot = (12, 6), (3.6, 3.6)
    forget = sketch.box(24, 26, "forget\nf = σ(…)", size=small)
    enter = sketch.box(38, 26, "input\ni = σ(…)", size=small)
    new = sketch.box(52, 26, "new\ng = tanh(…)", size=small, color=GREEN)
    leave = sketch.box(68, 26, "output\no = σ(…)", size=small)
    keep, add = (
        sketch.box(x, 7, sign, size=dot, color=ORANGE)
        for x, sign in ((24, "×"), (45, "+"))
    )
    admit = sketch.box(45, 16, "×", size=dot, color=ORANGE)
    tell = sketch.box(68, 16, "×", size=dot, color=ORANGE)
    sketch.text(6, 7, "memory c")
    sketch.arrow((11, 7), keep)
    sketch.arrow(keep, add, "what is kept")
    sketch.arrow(add, (79, 7), "")
    sketch.text(84, 7, "memory c")
    sketch.arrow(forget, keep)
    sketch.arrow(enter, admit)
    sketch.arrow(new, admit)
    sketch.arrow(admit, add, "what is added")
    sketch.arrow((68, 7), tell, "tanh c")
    sketch.arrow(leave, tell)
    sketch.arrow(tell, (79, 16))
    sketch.text(84, 16, "state h")
    reads = sketch.box(
        46, 36, "the next word x, and the state h", size=(58, 5), color=GRAY
    )
    sketch.text(6, 36, "state h")
    sketch.arrow((11, 36), reads)
    for gate in (forget, enter, new, leave):
        sketch.arrow((gate.x, 33.2), gate)
    sketch.show(
        "The memory runs along the top: it is multiplied by the forget gate, then the "
        "input gate times a new value is added. The state is the output gate times the "
        "tanh of the memory. All four gates read the next word and the last state."
    )
