"""A detector of digits: its boxes, with which loss, from how many scenes, and NMS.

python benchmarks/detection.py                what is missing of all parts
python benchmarks/detection.py --part losses  one of them, from the start
python benchmarks/detection.py --train        the stored detector, and its card
python benchmarks/detection.py --table        the tables of the stored results

One thread, processor seconds. Every training takes 750 steps of 32 scenes, so fewer
scenes are seen more often. Scored is the mean average precision on 500 test scenes, of
digits that no training or validation scene has. The loss of boxes is chosen on 300
validation scenes with seed 0, and so is, for each training, from which overlap on NMS
drops a box. Results go to `bigmodel_lab/results/detection.json`.
"""

import argparse
import time
from functools import partial

import numpy as np
import torch
from machine import here
from stored import RESULTS, changing, keep_rows, plus_minus
from torch.nn import functional as F

import bigmodel_lab as lab
from bigmodel_lab import datasets, detection, models

SEEDS = range(3)
COUNTS = (100, 300, 1000, 3000)  # training scenes
STEPS, BATCH = 750, 32
OVERLAPS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, None)  # of NMS; None: without it
LOW = 0.01  # the least score of what is scored
SHOWN = 0.3  # and of what a reader would be shown
MEASURES = ("0.5", "0.75", "0.5:0.95")


def encoded(boxes):
    """Return boxes as the trial learned them: middle and logarithm of the sides."""
    low, high = boxes[:, :2], boxes[:, 2:]
    return torch.cat([(low + high) / 24, ((high - low) / 24).log()], dim=1)


def smooth(boxes, true_boxes):
    """Return the smooth L1 loss of encoded boxes: small errors hardly count."""
    return F.smooth_l1_loss(encoded(boxes), encoded(true_boxes))


def absolute(boxes, true_boxes):
    """Return the L1 loss of encoded boxes: small errors count as much as large ones."""
    return F.l1_loss(encoded(boxes), encoded(true_boxes))


LOSSES = {
    "smooth L1, weight 2": (smooth, 2),
    "smooth L1, weight 20": (smooth, 20),
    "L1, weight 5": (absolute, 5),
    "overlap, weight 1": (models.overlap_loss, 1),
    "overlap, weight 2": (models.overlap_loss, 2),
    "overlap, weight 4": (models.overlap_loss, 4),
    "overlap, weight 8": (models.overlap_loss, 8),
}
CHOSEN = "overlap, weight 4"


def trained(count, seed, loss=CHOSEN):
    """Return a detector and the processor seconds that its training took."""
    scenes = datasets.digit_scenes(count, seed=seed)
    torch.manual_seed(seed)
    model, (box_loss, weight) = models.DigitDetector(), LOSSES[loss]
    training = models.detector_training(
        model,
        scenes,
        epochs=-(-STEPS // -(-count // BATCH)),
        batch_size=BATCH,
        loss=partial(models.detection_loss, box_loss=box_loss, box_weight=weight),
        seed=seed,
    )
    begin = time.process_time()
    training.finish()
    return model, time.process_time() - begin


def precision(model, scenes, overlap):
    """Return the mean average precision, and how many boxes a scene would show."""
    found = models.detect(model, scenes.pictures, LOW, overlap)
    truths = list(zip(scenes.boxes, scenes.classes, strict=True))
    shown = np.mean([int((scene.scores >= SHOWN).sum()) for scene in found])
    scores = detection.mean_average_precision(found, truths)
    return scores | {"shown": float(shown)}


def loss_rows(known):
    """Yield a row for each loss of boxes, on validation scenes, unless it is known."""
    scenes = datasets.digit_scenes(300, "validation")
    for loss in LOSSES:
        if loss in known:
            continue
        model, seconds = trained(max(COUNTS), 0, loss)
        yield loss, precision(model, scenes, None) | {"seconds": seconds}


def scene_rows(known):
    """Yield a row for each number of scenes and seed, unless it is known."""
    validation = datasets.digit_scenes(300, "validation")
    test = datasets.digit_scenes(500, "test")
    for count in reversed(COUNTS):
        for seed in SEEDS:
            if (key := f"{count}, seed {seed}") not in known:
                yield key, scene_row(count, seed, validation, test)


def scene_row(count, seed, validation, test):
    """Train and score a detector, with NMS at each overlap."""
    model, seconds = trained(count, seed)
    on_validation = [precision(model, validation, o)["0.5:0.95"] for o in OVERLAPS[:-1]]
    best = OVERLAPS[int(np.argmax(on_validation))]
    read = OVERLAPS if count == max(COUNTS) else (best, None)
    return {
        "count": count,
        "seed": seed,
        "seconds": seconds,
        "best": best,
        "true": float(np.mean([len(boxes) for boxes in test.boxes])),
        "test": {str(overlap): precision(model, test, overlap) for overlap in read},
    }


# -- the stored detector ---------------------------------------------------------------

CARD = """# The detector: digits on a canvas

Written by `benchmarks/detection.py --train`.

A single-shot detector on an 8 x 8 grid, `bigmodel_lab.models.DigitDetector`:
{weights:,} weights, in float16. It was trained from random weights on nothing but
scenes made of 3,200 digits of MNIST (LeCun and others, 1998; CC BY-SA 3.0), and is
under the same license. It finds one to four digits, 18 to 32 pixels large, on clean
paper of 96 x 96 pixels; of two whose middles lie within 12 pixels it may miss one.

```python
from bigmodel_lab import datasets, models

detector, facts = models.trained("detector")
scenes = datasets.digit_scenes(4, "test")
models.detect(detector, scenes.pictures)
```

| | |
|---|---|
| training | {scenes} scenes, {steps} steps of {batch_size} |
| processor seconds | {seconds} |
| mean average precision at 0.5 | {0.5} |
| at 0.75 | {0.75} |
| at 0.5:0.95 | {0.5:0.95} |
| measured on | 500 test scenes, of other digits |
| machine | {machine} |
| date | {date} |
"""


def store_detector():
    """Train the detector of seed 0, and store it with its card."""
    model, seconds = trained(max(COUNTS), 0)
    scores = precision(model, datasets.digit_scenes(500, "test"), 0.5)
    facts = {
        "made_by": "benchmarks/detection.py --train",
        "scenes": str(max(COUNTS)),
        "steps": str(-(-STEPS // -(-max(COUNTS) // BATCH)) * -(-max(COUNTS) // BATCH)),
        "batch_size": str(BATCH),
        "seconds": f"{seconds:.0f}",
        **{name: f"{scores[name]:.3f}" for name in MEASURES},
        **here(),
    }
    models.keep(model, RESULTS / "detector.safetensors", **facts)
    (RESULTS / "detector.md").write_text(card(), encoding="utf-8")


def card():
    """Return the card of the stored detector, from its facts."""
    model, facts = models.trained("detector")
    text = CARD.replace(
        "{weights:,}", f"{sum(p.numel() for p in model.parameters()):,}"
    )
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", value)
    return text


# -- tables ----------------------------------------------------------------------------


def tables(stored):
    """Return the tables of the stored results, in Markdown."""
    head = " | ".join(f"mAP at {name}" for name in MEASURES)
    lines = [
        f"| loss of boxes (validation) | {head} | seconds |",
        "|---|---|---|---|---|",
    ]
    for loss, row in stored["losses"].items():
        cells = " | ".join(f"{row[name]:.3f}" for name in MEASURES)
        lines.append(f"| {loss} | {cells} | {row['seconds']:.0f} |")
    rows = list(stored["scenes"].values())
    lines += ["", f"| training scenes | {head} | seconds |", "|---|---|---|---|---|"]
    for count in COUNTS:
        ours = [row for row in rows if row["count"] == count]
        cells = [
            plus_minus([row["test"][str(row["best"])][name] for row in ours], 3)
            for name in MEASURES
        ]
        cells.append(plus_minus([row["seconds"] for row in ours], 0))
        lines.append(f"| {count:,} | " + " | ".join(cells) + " |")
    ours = [row for row in rows if row["count"] == max(COUNTS)]
    lines += ["", f"| NMS from | {head} | boxes shown |", "|---|---|---|---|---|"]
    for overlap in OVERLAPS:
        cells = [
            plus_minus([row["test"][str(overlap)][name] for row in ours], digits)
            for name, digits in (*((name, 3) for name in MEASURES), ("shown", 2))
        ]
        name = "without" if overlap is None else f"{overlap}"
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", choices=("losses", "scenes"))
    parser.add_argument("--train", action="store_true", help="the stored detector")
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.train:
        return store_detector()
    if not options.table:
        with changing("detection") as stored:
            for part in options.part or ():
                stored.pop(part, None)
            known = {part: set(stored.get(part, ())) for part in ("losses", "scenes")}
        for part, measure in (("losses", loss_rows), ("scenes", scene_rows)):
            if part in (options.part or known):
                keep_rows("detection", part, measure(known[part]), here)
    print(tables(lab.results.load("detection")))


if __name__ == "__main__":
    main()
