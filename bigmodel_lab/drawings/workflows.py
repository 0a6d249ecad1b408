"""The articles' flow charts (Mermaid), as they stand and as they should be."""

from itertools import pairwise

from bigmodel_lab.colors import GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch

AS_PRINTED = {"color": ORANGE, "size": (11.6, 5)}
AS_IT_RUNS = {"color": GREEN, "size": (13, 5)}


def training_workflow() -> None:
    """Draw the lines of D1 §2.5 and D2 §2.2, and the loop that training is."""
    sketch = Sketch(90, 50, "Training is a loop, not a line")
    printed = {
        "D1 §2.5": "data, preprocess, features, train, evaluate, optimize",
        "D2 §2.2": "data, preprocess, network, loss, optimizer, output layer",
    }
    for y, (place, steps) in zip((2, 12), printed.items(), strict=True):
        sketch.text(1, y, place, ha="left")
        sketch.chain(7, y + 4.5, steps.split(", "), gap=3.2, **AS_PRINTED)
    sketch.text(1, 23, "As it runs", ha="left")
    _, split = sketch.chain(8, 36, ["data", "split"], gap=4, **AS_IT_RUNS)
    names = ["fit the\npreprocessing", "network", "loss"]
    fit, network, loss = sketch.chain(45, 36, names, gap=6, **AS_IT_RUNS)
    sketch.arrow(split, fit, "train")
    optimizer = sketch.box(73.5, 26, "optimizer", **AS_IT_RUNS)
    sketch.arrow(loss, optimizer)
    sketch.arrow(optimizer, network)
    sketch.text(82, 31, "gradient", ha="left", size=9)
    sketch.text(65, 31, "new weights", ha="right", size=9)
    test = sketch.box(split.x, 47, "test part", **AS_IT_RUNS)
    judge = sketch.box(network.x, 47, "judge once", **AS_IT_RUNS)
    sketch.arrow(split, test)
    sketch.arrow(test, judge, "waits until the end")
    sketch.arrow(network, judge, "trained")
    sketch.show(
        "Three flow charts. D1's and D2's are lines: data, preprocess, ..., optimize; "
        "data, preprocess, network, loss, optimizer, output layer. As it runs, the "
        "data are split. The preprocessing is fitted on the training part; network, "
        "loss and optimizer form a loop. The test part skips all this and meets the "
        "trained network once, at the end."
    )


def three_ingredients() -> None:
    """Draw D0 §2.3, in which three things flow into a large model, and what lacks."""
    sketch = Sketch(90, 46, "Ingredients are not yet a recipe")
    sketch.text(1, 2, "D0 §2.3", ha="left")
    printed = AS_PRINTED | {"size": (15, 4.6)}
    root = sketch.box(9, 9.5, "deep learning", **printed)
    model = sketch.box(66, 9.5, "large model", **printed)
    names = "neural network", "big data", "cloud"
    for y, name in zip((3.5, 9.5, 15.5), names, strict=True):
        part = sketch.box(38, y, name, **printed)
        sketch.arrow(root, part)
        sketch.arrow(part, model)
    sketch.text(1, 21, "As it runs", ha="left")
    wide = AS_IT_RUNS | {"size": (17, 5)}
    training = sketch.box(38, 32, "training,\na loop of steps", **wide)
    names = "network", "data to train on", "loss, optimizer"
    for y, name in zip((26, 32, 38), names, strict=True):
        sketch.arrow(sketch.box(10, y, name, **wide), training)
    sketch.arrow(sketch.box(38, 42.5, "processors", **wide), training)
    model = sketch.box(62, 32, "model", **AS_IT_RUNS)
    sketch.arrow(training, model)
    judge = sketch.box(82, 32, "judge", **AS_IT_RUNS)
    sketch.arrow(model, judge)
    sketch.arrow(sketch.box(82, 42.5, "other data", **AS_IT_RUNS), judge)
    sketch.show(
        "Two flow charts. D0's: deep learning leads to neural network, big data and "
        "cloud, and these lead to the large model. As it runs: network, data, loss and "
        "optimizer enter the training, which runs on processors and gives a model; it "
        "is judged on other data."
    )


def repeated_names() -> None:
    """Draw D3 §2, a tree whose branches repeat their own names, and what it says."""
    sketch = Sketch(90, 47, "Four rows that say what one row says")
    sketch.text(1, 2, "D3 §2", ha="left")
    printed = AS_PRINTED | {"size": (13.2, 4.4)}
    again = ["fusion", "research", "publishing", "meetings"]
    root = sketch.box(45, 3.5, "cooperation", **printed)
    heads = [15, 37.5, 52.5, 67.5, 82.5]
    parents = _row(sketch, heads, 12, ["data sharing", *again], printed)
    _fan(sketch, root, parents)
    parents = [parents[0], *parents]
    for y in (19, 26):
        names = ["international", "standards", *again]
        row = _row(sketch, [7.5, 22.5, *heads[1:]], y, names, printed)
        for parent, child in zip(parents, row, strict=True):
            sketch.arrow(parent, child)
        parents = row
    sketch.text(1, 32, "What it says", ha="left")
    root = sketch.box(45, 33.5, "cooperation", **AS_IT_RUNS)
    names = ["data sharing,\ninternational,\nby standards", *again]
    look = AS_IT_RUNS | {"size": (15, 6.6)}
    _fan(sketch, root, _row(sketch, [9, 27, 45, 63, 81], 43.2, names, look))
    sketch.show(
        "Two trees. D3's has four rows: under academic cooperation, data sharing leads "
        "to international cooperation and standards, and knowledge fusion, research, "
        "publishing and meetings lead only to boxes with their own names. What it says "
        "is one row of five boxes."
    )


def _row(sketch, places, y, names, look):
    """Draw boxes side by side; return them."""
    pairs = zip(places, names, strict=True)
    return [sketch.box(x, y, name, **look) for x, name in pairs]


def _fan(sketch, root, boxes):
    """Draw arrows from below a box to the tops of others."""
    for box in boxes:
        top = box.x, box.y - box.height / 2 - 0.4
        sketch.arrow((root.x, root.y + root.height / 2), top)


def layers_and_blocks() -> None:
    """Draw D4 §2.2, three hidden layers in a row, and the blocks of a GPT."""
    sketch = Sketch(90, 34, "A large model repeats one block, around shortcuts")
    sketch.text(1, 2, "D4 §2.2", ha="left")
    names = ["input", "hidden 1", "hidden 2", "hidden 3", "output"]
    sketch.chain(8, 6.5, names, gap=5, **AS_PRINTED)
    sketch.text(1, 13, "A GPT", ha="left")
    ends = AS_IT_RUNS | {"size": (10.4, 5)}
    _, embed = sketch.chain(6, 25, ["tokens", "embedding"], gap=3, **ends)
    sketch.box(53, 24.5, size=(47, 15), color=GREEN, dashed=True)
    plus = {"color": GREEN, "size": (3.6, 3.6)}
    attention = sketch.box(40.5, 25, "attention", **ends)
    first = sketch.box(52, 25, "+", **plus)
    layers = sketch.box(62.5, 25, "MLP", **ends)
    second = sketch.box(74, 25, "+", **plus)
    output = sketch.box(84.5, 25, "output", **ends)
    chain = [embed, attention, first, layers, second, output]
    for one, next_one in pairwise(chain):
        sketch.arrow(one, next_one)
    for start, end in ((31.6, 51), (54.6, 73)):
        sketch.arrow((start, 25), (end, 22.8), bend=-0.4)
    sketch.text(53, 30.2, "12 blocks in the first GPT, 96 in GPT-3", size=9)
    sketch.show(
        "Two flow charts. D4's is input, three hidden layers, output. A GPT: tokens, "
        "embedding, then a block of attention and an MLP, each with a shortcut around "
        "it that is added, 12 times in the first GPT, 96 times in GPT-3; then output."
    )
