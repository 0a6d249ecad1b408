"""Tunings to another form: each part yields (key, row) as soon as one is done."""

import copy
import math

import torch
from gpt_poems import bits
from torch.utils.data import DataLoader

from bigmodel_lab import datasets, models
from bigmodel_lab.from_scratch import lora
from bigmodel_lab.models.gpt_training import pairs

POEMS = (100, 300, 1000, 3000, 9797)  # of the new form; the last are all
# Steps that were enough on validation poems; the best look of each training counts.
TUNING = {100: 60, 300: 90, 1000: 150, 3000: 300, 9797: 600}
SCRATCH = {100: 60, 300: 90, 1000: 150, 3000: 400, 9797: 1200}
LAYERS = ("query", "key", "value", "output", "grow", "shrink")


class Data:
    """The poet, its alphabet, and rows of ids of both forms: (train, valid, test)."""

    def __init__(self):
        self.poet, self.alphabet, _ = models.load("poet")
        self.frames = {form: datasets.tang_poems(form) for form in ("7x4", "5x4")}
        self.seven, self.five = (
            [self.rows(part["poem"]) for part in parts]
            for parts in self.frames.values()
        )

    def rows(self, poems, asked=False):
        """Return ids of poems, each after the beginnings of its lines if `asked`."""
        texts = [f"\n{poem}\n" for poem in poems]
        if asked:
            texts = [
                "".join(poem[::8]) + text
                for poem, text in zip(poems, texts, strict=True)
            ]
        return self.alphabet.rows(texts)


# -- another form ----------------------------------------------------------------------


def rounded_bits(model, rows):
    """Return the bits for a Chinese character of poems, rows (N, T), as stored."""
    return round(bits(model, rows), 4)


def transfer(seeds):
    """Yield bits on 5x4 poems after some of them, from the poet or from nothing."""
    data = Data()
    zero = rounded_bits(data.poet, data.five[2])
    yield "before", {"bits": zero, "old": rounded_bits(data.poet, data.seven[2][:500])}
    for seed in seeds:
        for poems in POEMS:
            for start in ("poet", "nothing"):
                row = {"seed": seed, "poems": poems, "start": start}
                yield f"{start} {poems} {seed}", row | learned(data, **row)


def learned(data, seed, poems, start):
    """Return what was learned of `poems` poems, at the best of fifteen looks."""
    torch.manual_seed(seed)
    drawn = torch.randperm(len(data.five[0]))[:poems]
    options = {"steps": SCRATCH[poems], "learning_rate": 0.024}
    model = models.GPT(**data.poet.settings)
    if start == "poet":
        model, optimizer = corrected(data.poet, rank=16)
        options = {"steps": TUNING[poems], "optimizer": optimizer}
    training = models.gpt_training(
        model, data.five[0][drawn], batch_size=32, seed=seed, **options
    )
    every, best = options["steps"] // 15, (math.inf, 0, None)
    for step in training:
        if step.number % every == 0:
            now = bits(model.eval(), data.five[1][:300])
            if now < best[0]:
                best = now, step.number, copy.deepcopy(model.state_dict())
            model.train()
    _, step, weights = best
    model.load_state_dict(weights)
    return {
        "bits": rounded_bits(model.eval(), data.five[2]),
        "step": step,
        "seconds": round(training.seconds, 1),
    }


def corrected(model, rank, learning_rate=5e-3):
    """Return a copy of a model with low-rank corrections, and their optimizer."""
    model = copy.deepcopy(model)
    learning = lora.adapt(model, rank, names=LAYERS)
    return model, adamw(learning, learning_rate)


def adamw(parameters, learning_rate):
    """Return the optimizer of all tunings."""
    return torch.optim.AdamW(
        parameters, learning_rate, betas=(0.9, 0.95), weight_decay=0.0
    )


# -- what is kept of the old form ------------------------------------------------------

KEEPING = {
    "all weights": {"learning_rate": 1e-3},
    "smaller steps": {"learning_rate": 2e-4},
    "tiny steps": {"learning_rate": 5e-5},
    "LoRA, rank 1": {"rank": 1},
    "LoRA, rank 4": {"rank": 4},
    "LoRA, rank 16": {"rank": 16},
    "LoRA, rank 64": {"rank": 64},
    "replay": {"learning_rate": 1e-3, "replay": True},
    "replay, LoRA, rank 16": {"rank": 16, "replay": True},
}


def keeping(seeds):
    """Yield bits on the new form and on the old one after 1,000 poems, 150 steps."""
    data = Data()
    for seed in seeds:
        for method, options in KEEPING.items():
            row = {"seed": seed, "method": method}
            yield f"{method} {seed}", row | kept(data, seed, **options)


def kept(data, seed, rank=None, learning_rate=5e-3, replay=False):
    """Return what a model knows of both forms after tuning to one, and its state."""
    torch.manual_seed(seed)
    new = data.five[0][torch.randperm(len(data.five[0]))[:1000]]
    model = copy.deepcopy(data.poet)
    optimizer = adamw(model.parameters(), learning_rate)
    if rank is not None:
        model, optimizer = corrected(data.poet, rank, learning_rate)
    rows = mixed(new, data.seven[0][:1000]) if replay else new
    training = models.gpt_training(
        model.train(), rows, optimizer=optimizer, steps=150, seed=seed
    )
    for _ in training:
        pass
    learning = [theta for theta in model.parameters() if theta.requires_grad]
    state = [value for one in optimizer.state.values() for value in one.values()]
    return {
        "new": rounded_bits(model.eval(), data.five[2]),
        "old": rounded_bits(model, data.seven[2][:500]),
        "numbers": sum(theta.numel() for theta in learning),
        "state": sum(value.nbytes for value in state),
        "seconds": round(training.seconds, 1),
    }


def mixed(*parts):
    """Return a loader of batches, each of 32 texts of one part; half of each part."""
    batches = [pairs(batch) for part in parts for batch in part.split(32)]
    return DataLoader(batches, batch_size=None, shuffle=True)
