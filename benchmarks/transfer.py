"""Transfer: what a network that has seen a million photos knows of solar cells.

python benchmarks/transfer.py                  all parts, into results/transfer.json
python benchmarks/transfer.py --part shortcut  one of them
python benchmarks/transfer.py --table          the tables of the stored results

One thread. Five seeds; each draws 12 of the 44 modules to test on, 8 to choose by, and
labels, half of them of broken cells, from the other 24. Settings are those with the
best mean AUC on the modules to choose by: a penalty for each number of labels, a
learning rate with the most labels. labels: all ways to learn, by the number of labels.
rates: learning rates, and norms that stay fixed or take the averages of each batch.
split: the same with cells drawn at random, whatever their module, and with a guess by
the module alone. shortcut: a white square in the corner of every broken cell that is
learned from.
"""

import argparse

import numpy as np
import torch
import transfer_parts as parts
from machine import here
from stored import keep_rows, plus_minus, table
from threadpoolctl import threadpool_limits

from bigmodel_lab.results import load

MOST = parts.LABELS[-1]
TUNED, BAD, NOTHING = "fine-tuned", "fine-tuned, bad rate", "from nothing"
WAYS = (*parts.LINEAR, TUNED, BAD, NOTHING)
SPLITS = {"by module": parts.by_module, "at random": parts.at_random}


def ways(cells):
    """Return how each way learns: a function of views, rows, a setting and a seed."""
    found = {
        way: lambda given, rows, strength, seed, way=way: parts.linear(
            given, cells.y, rows, way, strength
        )
        for way in parts.LINEAR
    }
    found[TUNED] = found[BAD] = lambda given, rows, rate, seed: parts.tuned(
        cells.network, given, cells.y, rows, rate, seed
    )
    found[NOTHING] = lambda given, rows, rate, seed: parts.from_nothing(
        given, cells.y, rows, rate, seed
    )
    return found


def learned(cells, learn, labels, setting, split=parts.by_module):
    """Return what one setting reaches: on validation and on test, by seed."""
    found = {"validation": [], "test": []}
    for seed in parts.SEEDS:
        pool, *others = split(cells.module, seed)
        rows = parts.drawn(cells.y, pool, labels, seed)
        scores = learn(cells.plain, rows, setting, seed)
        for name, part in zip(found, others, strict=True):
            quality = parts.quality(cells.y[part], scores(cells.plain, part))
            found[name].append(quality)
    return {"setting": setting, **found}


def mean_auc(row, part="validation"):
    """Return the mean area under the curve over the seeds."""
    return np.mean([quality["AUC"] for quality in row[part]])


def best(cells, learn, labels, settings, split=parts.by_module):
    """Return what the setting reaches that is best on validation."""
    tried = [learned(cells, learn, labels, setting, split) for setting in settings]
    return max(tried, key=mean_auc)


def labels(cells):
    """Yield what each way reaches, by the number of labels."""
    learn, rates = ways(cells), {}
    for way, some in ((TUNED, parts.RATES), (NOTHING, parts.SMALL_RATES)):
        row = best(cells, learn[way], MOST, some)
        rates[way] = row["setting"]
        yield f"{way}, {MOST}", row
    rates[BAD] = parts.BAD_RATE
    for count in parts.LABELS:
        for way in parts.LINEAR:
            settings = parts.STRENGTHS
            yield f"{way}, {count}", best(cells, learn[way], count, settings)
        for way, rate in rates.items():
            if way == BAD or count != MOST:
                yield f"{way}, {count}", learned(cells, learn[way], count, rate)


def rates(cells):
    """Yield what each learning rate reaches, with fixed norms and those of a batch."""
    for fixed in (True, False):

        def learn(given, rows, rate, seed, fixed=fixed):
            model = cells.network
            return parts.tuned(
                model, given, cells.y, rows, rate, seed, fixed_norms=fixed
            )

        for rate in parts.RATES:
            norms = "fixed norms" if fixed else "norms of the batch"
            yield f"{norms}, {rate:g}", learned(cells, learn, MOST, rate)


def split(cells):
    """Yield what ways reach on cells of other modules, and on cells drawn at random."""
    learn = ways(cells)
    settings = dict.fromkeys(parts.LINEAR, parts.STRENGTHS) | {TUNED: parts.RATES[:-2]}
    for name, divide in SPLITS.items():
        for way, some in settings.items():
            yield f"{way}, {name}", best(cells, learn[way], MOST, some, divide)

        def by_its_module(given, rows, setting, seed):
            share = np.full(cells.module.max() + 1, 0.5)
            for module in np.unique(cells.module[rows]):
                here = rows[cells.module[rows] == module]
                share[module] = (cells.y[here].sum() + 1) / (len(here) + 2)
            return lambda given, test: share[cells.module[test]] - 0.5

        key = f"the module alone, {name}"
        yield key, learned(cells, by_its_module, MOST, None, divide)


def shortcut(cells):
    """Yield what is left of ways that have learned from marked pictures."""
    learn, found = ways(cells), load("transfer")["labels"]
    broken = cells.y == 1
    cases = {
        "marked": broken,
        "without marks": np.zeros_like(broken),
        "marks on good cells": ~broken,
    }
    shown = {
        name: parts.mixed(cells.plain, cells.marked, which)
        for name, which in cases.items()
    }
    for way in ("pixels", "ImageNet", TUNED, NOTHING):
        setting = found[f"{way}, {MOST}"]["setting"]
        row = {name: [] for name in cases}
        for seed in parts.SEEDS:
            pool, _, test = parts.by_module(cells.module, seed)
            rows = parts.drawn(cells.y, pool, MOST, seed)
            scores = learn[way](shown["marked"], rows, setting, seed)
            for name, given in shown.items():
                row[name].append(parts.quality(cells.y[test], scores(given, test)))
        yield way, {"setting": setting, **row}


PARTS = {"labels": labels, "rates": rates, "split": split, "shortcut": shortcut}


# -- Tables


def cell(qualities, what="AUC"):
    """Return the mean and deviation over the seeds."""
    return plus_minus([quality[what] for quality in qualities])


def tables(results):
    """Return all tables as text."""
    lines = []
    for what in ("AUC", "accuracy"):
        cells = [
            [way]
            + [
                cell(results["labels"][f"{way}, {n}"]["test"], what)
                for n in parts.LABELS
            ]
            for way in WAYS
        ]
        lines += table([f"{what}, %, by labels", *parts.LABELS], cells)
    lines += table(
        ["norms, learning rate", "AUC", "accuracy"],
        [
            [key, cell(row["test"]), cell(row["test"], "accuracy")]
            for key, row in results["rates"].items()
        ],
    )
    names = (*parts.LINEAR, TUNED, "the module alone")
    lines += table(
        ["AUC, %", *SPLITS],
        [
            [way]
            + [cell(results["split"][f"{way}, {name}"]["test"]) for name in SPLITS]
            for way in names
        ],
    )
    cases = [
        key for key in next(iter(results["shortcut"].values())) if key != "setting"
    ]
    lines += table(
        ["accuracy, %", "nothing marked", *cases],
        [
            [way, cell(results["labels"][f"{way}, {MOST}"]["test"], "accuracy")]
            + [cell(row[case], "accuracy") for case in cases]
            for way, row in results["shortcut"].items()
        ],
    )
    return "\n".join(lines).strip()


def main():
    """Measure what the command line asks for, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    if not asked.table:
        torch.set_num_threads(1)
        with threadpool_limits(1):
            cells = parts.Cells()
            for name in asked.part or PARTS:
                keep_rows("transfer", name, PARTS[name](cells), here)
    print(tables(load("transfer")))


if __name__ == "__main__":
    main()
