"""How the loss of a GPT falls with its size and with what it reads.

python benchmarks/scaling.py --part rates       learning rates, on validation poems
python benchmarks/scaling.py --part grid        6 sizes x 5 lengths, 3 seeds
python benchmarks/scaling.py --part counting    the same poems, counted
python benchmarks/scaling.py --part prediction  the law of the grid, before the next
python benchmarks/scaling.py --part larger      a model four times larger
python benchmarks/scaling.py --table            the tables of the stored results

In this order, about two hours of one core. `--seed 1` runs one seed of the grid and
keeps the others. Results go to `bigmodel_lab/results/scaling.json`, for chapter 09.
The rate was chosen on validation poems, all other figures are of test poems. Each
length is a training of its own, whose learning rate falls to 0 at its end.
"""

import argparse
from collections import deque

import numpy as np
import pandas as pd
import torch
from gpt_poems import CHARACTERS, Poems, bits, commit, origin
from gpt_tables import markdown
from stored import keep_rows

from bigmodel_lab import models, results, verse
from bigmodel_lab.from_scratch import scaling
from bigmodel_lab.from_scratch.ngrams import KneserNey
from bigmodel_lab.memory import keep_freed_memory
from bigmodel_lab.tolerance import about

SIZES = ((16, 1, 1), (32, 2, 2), (48, 2, 3), (64, 3, 4), (96, 3, 4), (128, 4, 4))
LARGER = (256, 5, 4)  # dimensions, layers, heads
LENGTHS = (125, 250, 500, 1000, 2000)  # steps of 32 poems of 33 tokens
LARGER_LENGTHS = (1000, 2000)
RATES = (0.015, 0.03, 0.06)
TRIED = [
    *((SIZES[k], steps, RATES) for k in (0, 3, 5) for steps in (250, 1000)),
    (LARGER, 250, RATES[:2]),
]
BATCH = 32
DISCOUNT = 0.9


def gpt_of(poems, size, seed=0):
    """Return a new GPT of (dimensions, layers, heads)."""
    shape = dict(zip(("dimensions", "layers", "heads"), size, strict=True))
    return poems.gpt(seed, positions="rotary", **shape)


def best_rate(dimensions):
    """Return the learning rate that was best for this width: see `rates`."""
    return 0.06 if dimensions < 64 else 0.03


def trained(poems, size, steps, seed=0, learning_rate=None):
    """Return a GPT of one size after some steps, and the seconds they took."""
    learning_rate = learning_rate or best_rate(size[0])
    model = gpt_of(poems, size, seed)
    options = {"learning_rate": learning_rate, "batch_size": BATCH, "seed": seed}
    training = models.gpt_training(model, poems.train, steps=steps, **options)
    deque(training, maxlen=0)
    return model.eval(), training.seconds


def counts(poems, model, steps):
    """Return how large a model is and how much it has read."""
    total = sum(weight.numel() for weight in model.parameters())
    return {
        "settings": {k: model.settings[k] for k in ("dimensions", "layers", "heads")},
        "parameters": total,
        "embedding": model.tokens.weight.numel(),
        "tokens": steps * BATCH * poems.length,
    }


def key_of(size, steps, last):
    """Return the name of a run: its width, layers and steps, its seed or rate."""
    return f"{size[0]}x{size[1]} {steps} {last}"


def rates(poems, seeds):
    """Yield the validation bits of some learning rates, for small and larger models."""
    for size, steps, tried in TRIED:
        for rate in tried:
            model, _ = trained(poems, size, steps, learning_rate=rate)
            row = counts(poems, model, steps) | {"rate": rate}
            row["validation_bits"] = bits(model, poems.validation[:1000])
            yield key_of(size, steps, rate), row


def grid(poems, seeds):
    """Yield what models of all sizes can do after all lengths, for each seed."""
    for seed in seeds:
        for size in SIZES:
            for steps in LENGTHS:
                yield measured(poems, size, steps, seed)


def larger(poems, seeds):
    """Yield the same of a model four times larger than the largest of the grid."""
    for steps in LARGER_LENGTHS:
        yield measured(poems, LARGER, steps, 0)


def measured(poems, size, steps, seed):
    """Return a name and what a model of this size can do after some steps."""
    model, seconds = trained(poems, size, steps, seed)
    row = counts(poems, model, steps) | {"seed": seed, "seconds": round(seconds, 1)}
    row["bits"] = bits(model, poems.test)
    return key_of(size, steps, seed), row | abilities(poems, model)


@torch.no_grad()
def abilities(poems, model, samples=500):
    """Return what a model knows of test poems, and what 500 samples of it can do.

    "accuracy" is how often the likeliest character is the right one. "places" is the
    mean probability of a mark where marks stand, and of none elsewhere. "endings" is
    the probability of a rhyme where one is due, "guessed" how often one is likeliest.
    """
    rows = poems.test
    logits = torch.cat([model(part[:, :-1]) for part in rows.split(64)])
    p, targets = logits.softmax(-1), rows[:, 1:]
    marks = torch.tensor([verse.pinyin(c) == "" for c in poems.alphabet.characters])
    place = torch.where(marks[targets], p @ marks.float(), p @ (~marks).float())
    due = p[:, 30]  # the last character of line 4; that of line 2 is rows[:, 15]
    fits = alike(poems.alphabet.characters)[rows[:, 15]]  # (N, V)
    likeliest = due.argmax(-1, keepdim=True)
    written = models.write(model, poems.alphabet, count=samples, seed=1)
    return {
        "accuracy": (logits.argmax(-1) == targets).float().mean().item(),
        "places": place.mean().item(),
        "endings": (due * fits).sum(-1).mean().item(),
        "guessed": fits.gather(1, likeliest).float().mean().item(),
        **verse.measure(written),
    }


def alike(characters):
    """Return which characters (V, V) rhyme: the same sound, not the same character."""
    sounds = [verse.rhyme(c) if verse.pinyin(c) else c for c in characters]
    known = sorted(set(sounds))
    kinds = torch.tensor([known.index(sound) for sound in sounds])
    return (kinds[:, None] == kinds).fill_diagonal_(False)


def counting(poems, seeds):
    """Yield the bits of counting, by as many poems as a GPT reads in each length."""
    order = torch.randperm(len(poems.train), generator=torch.manual_seed(0))
    for steps in LENGTHS:
        rows = poems.train[order[: steps * BATCH]].numpy()
        for length in (2, 3, 4):
            model = KneserNey(rows, length, len(poems.alphabet), DISCOUNT)
            each = model.bits(poems.test.numpy()).sum(1).mean() / CHARACTERS
            row = {"order": length, "tokens": rows.size - len(rows)}
            yield f"{length} {steps}", row | {"bits": float(each)}


def prediction(poems, seeds):
    """Yield what the law of the grid says of larger models, before they are trained.

    The spread is that of three laws, each fitted to one seed.
    """
    runs = pd.DataFrame(results.load("scaling")["grid"].values())
    laws = [law_of(part) for _, part in runs.groupby("seed")]
    law = law_of(runs)
    model = gpt_of(poems, LARGER)
    for steps in LARGER_LENGTHS:
        row = counts(poems, model, steps)
        at = row["parameters"], row["tokens"]
        each = np.array([one.loss(*at) for one in laws])
        row |= {"bits": float(law.loss(*at)), "spread": float(each.std(ddof=1))}
        row |= {"law": law._asdict(), "commit": commit()}
        yield key_of(LARGER, steps, 0), row


def law_of(runs):
    """Return the law that fits a table of runs."""
    return scaling.fit(*(runs[c].to_numpy() for c in ("parameters", "tokens", "bits")))


PARTS = {
    "rates": rates,
    "grid": grid,
    "counting": counting,
    "prediction": prediction,
    "larger": larger,
}


def tables(stored):
    """Return the README's tables: bits over sizes and tokens, and the prediction."""
    runs = pd.DataFrame(stored["grid"].values())
    bits_of = runs.groupby(["parameters", "tokens"])["bits"]
    grid = bits_of.agg(lambda b: str(about(b.to_numpy()))).unstack()
    rows = [(f"{n:,}", *row) for n, row in zip(grid.index, grid.values, strict=True)]
    outcome = []
    for key, said in stored["prediction"].items():
        found = f"{stored['larger'][key]['bits']:.3f}"
        where = f"{said['parameters']:,}", tokens(said["tokens"])
        outcome.append((*where, about(said["bits"], said["spread"]), found))
    return "\n\n".join(
        [
            markdown(["parameters", *map(tokens, grid.columns)], rows),
            ", ".join(f"{name} = {value:.4g}" for name, value in said["law"].items()),
            markdown(["parameters", "read", "predicted", "measured"], outcome),
        ]
    )


def tokens(count):
    """Return a number of tokens in words."""
    return f"{count / 1e6:.2f} M tokens"


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=[])
    parser.add_argument("--seed", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    poems = Poems()
    for part in options.part:
        keep_rows("scaling", part, PARTS[part](poems, options.seed), origin)
    if options.table:
        print(tables(results.load("scaling")))


if __name__ == "__main__":
    main()
