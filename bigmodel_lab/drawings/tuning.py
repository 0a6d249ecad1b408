"""The second half of a model's life: tuned, corrected, told, rewarded."""

from itertools import pairwise

import numpy as np

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch

# An acrostic of spring, summer, autumn and winter: its first line, in pinyin.
ASKED = ["chūn", "xià", "qiū", "dōng"]
ANSWER = ["chūn", "fēng", "chuī", "…"]


def life_of_a_model() -> None:
    """Draw how one pre-trained model becomes three others."""
    sketch = Sketch(92, 27, "One pre-trained model, and what this chapter makes of it")
    base = sketch.box(27, 13, "the poet\n(pre-trained)", size=(15, 7), color=GREEN)
    poems = sketch.box(8, 13, "44,563\npoems", size=(11, 6), color=GRAY)
    sketch.arrow(poems, base)
    five = sketch.box(58, 4, "fine-tuned", size=(15, 6))
    told = sketch.box(51, 20, "instructed", size=(15, 6))
    aligned = sketch.box(76, 20, "aligned", size=(13, 6), color=ORANGE)
    sketch.arrow(base, five, "poems of a new form", ha="right")
    sketch.arrow(base, told)
    sketch.text(36, 22, "questions\nand answers", size=9)
    sketch.arrow(told, aligned, "rewards")
    sketch.text(69.5, 4, "writes lines of five", size=9, ha="left")
    sketch.text(51, 25, "begins its lines as asked", size=9)
    sketch.text(77, 25, "and rhymes", size=9)
    sketch.show(
        "44,563 poems lead to the poet, the pre-trained model. Poems of a new form "
        "lead from it to the fine-tuned model, which writes lines of five. Questions "
        "and answers lead to the instructed model, which begins its lines as asked, "
        "and from there rewards lead to the aligned model, which does so in rhyme."
    )


def low_rank() -> None:
    """Draw a frozen weight matrix and the two thin ones that correct it."""
    sketch = Sketch(84, 30, "The large matrix stays; two thin ones learn")
    d, r, cell = 8, 2, 2.2
    top = 5
    frozen = sketch.grid(9, top, np.full((d, d), ""), cell, {}, numbers=False)
    tint = {(i, j): ORANGE for i in range(d) for j in range(r)}
    B = sketch.grid(43, top, np.full((d, r), ""), cell, tint, numbers=False)
    tint = {(j, i): ORANGE for i in range(d) for j in range(r)}
    A = sketch.grid(57, top + 6.6, np.full((r, d), ""), cell, tint, numbers=False)
    sketch.text(33, frozen.y, "+", size=16)
    sketch.text(38.5, frozen.y, "α / r  ·", size=11)
    sketch.text(52.5, frozen.y, "·", size=16)
    sketch.text(frozen.x, 25.2, "W, d × d: frozen", size=9)
    sketch.text(B.x, 25.2, "B, d × r:\nbegins as 0", size=9, color=ORANGE)
    sketch.text(A.x, 25.2, "A, r × d:\nbegins at random", size=9, color=ORANGE)
    sketch.text(frozen.x, 2.6, "64 numbers", size=9)
    sketch.text((B.x + A.x) / 2, 2.6, "32 numbers that learn", size=9, color=ORANGE)
    sketch.show(
        "A square of eight by eight cells, W, which is frozen, plus alpha over r times "
        "the product of a thin matrix B, eight by two, which begins as zero, and a "
        "flat one, A, two by eight, which begins at random. W has 64 numbers, A and B "
        "together 32, and only these learn."
    )


def answer_only() -> None:
    """Draw which tokens of a question and its answer are paid for."""
    sketch = Sketch(92, 22, "The question is read, only the answer is paid for")
    size, left, step = (8, 5), 14, 8.7
    tokens = [*ASKED, "↵", *ANSWER]
    for name, y in (("reads", 5), ("is asked for", 16)):
        sketch.text(1, y, name, ha="left", size=9)
    for k, (given, asked) in enumerate(pairwise(tokens)):
        counts = k >= len(ASKED)
        question = sketch.box(left + 3 + step * k, 5, given, size=size, color=BLUE)
        target = sketch.box(
            left + 3 + step * k,
            16,
            asked,
            size=size,
            color=ORANGE if counts else GRAY,
            dashed=not counts,
        )
        sketch.arrow(question, target)
    sketch.text(left + 3 + 1.5 * step, 20.6, "left out of the loss", size=9)
    paid = {"size": 9, "color": ORANGE}
    sketch.text(left + 3 + 5.5 * step, 20.6, "the answer: in the loss", **paid)
    sketch.show(
        "The tokens chūn, xià, qiū, dōng and a line break are read, one by one, "
        "then the poem's first, chūn, fēng, chuī. Below each stands the token that is "
        "asked for. Those of the question are dashed and left out of the loss, those "
        "of the answer, from chūn on, are in it."
    )


def reward_loop() -> None:
    """Draw how a model learns from rewards for its own texts."""
    sketch = Sketch(92, 33, "No example is given: the model's own poems are judged")
    model = sketch.box(8, 9, "the model", size=(13, 6), color=GREEN)
    poems = sketch.box(38, 9, "96 poems", size=(13, 6))
    program = sketch.box(60, 9, "a program:\nrhyme?", size=(14, 6), color=ORANGE)
    better = sketch.box(82, 9, "better than\nthe others?", size=(14, 6), color=ORANGE)
    for one, other, words in (
        (model, poems, "writes"), (poems, program, ""), (program, better, "0 or 1"),
    ):  # fmt: skip
        sketch.arrow(one, other, words)
    start = sketch.box(8, 27, "the model\nas it was", size=(13, 6), color=GRAY)
    praise = "make better ones likelier, the others less so"
    sketch.arrow((82, 12.6), (12, 12.6), bend=-0.2, color=ORANGE)
    sketch.text(48, 22, praise, size=9, color=ORANGE)
    sketch.arrow(start, (8, 12.6), dashed=True)
    sketch.text(9.5, 18.5, "do not move\ntoo far (KL)", size=9, ha="left")
    sketch.show(
        "A loop: the model writes 96 poems, a program says whether they rhyme, 0 or 1, "
        "and each is compared with the others. An arrow leads back to the model: make "
        "better ones likelier, the others less so. Below, the model as it was holds it "
        "back: do not move too far, measured by the KL divergence."
    )
