"""What privacy costs, and what an attack finds: digits over five seeds.

python benchmarks/privacy.py                  all parts, into results/privacy.json
python benchmarks/privacy.py --part price     noise against accuracy
python benchmarks/privacy.py --quick          two seeds, nothing is stored
python benchmarks/privacy.py --table          the tables of the stored results

One thread. price: 3,200 digits to train; for each noise the learning rate that is best
on the 800 kept back, of five; its accuracy on the 1,000 test digits. members: 500
digits to train on, 1,000 others; attacks by the loss, and by the loss against seven
reference models. cost: seconds of a step, plain, clipped by norms alone, and clipped
with each example's gradient stored, in turn.
"""

import argparse
import math
import statistics
import time

import numpy as np
import torch
from machine import here
from stored import changing, plus_minus
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

import bigmodel_lab as lab
from bigmodel_lab import membership, private_sgd

SEEDS = range(5)
NOISES = (None, 0, 0.6, 1, 2, 4, 8, 16)  # None: plain SGD; 0: clipped only
RATES = (0.25, 0.5, 1, 2, 4)
MEMBERS, OTHERS, REFERENCES = 500, 1000, 7
WRONG = (0.0, 0.2)  # the share of labels drawn anew, of members and others alike
MODELS = {  # epochs, weight decay, noise
    "after 5 epochs": (5, 0.0, None),
    "after 100 epochs": (100, 0.0, None),
    "weight decay": (100, 0.01, None),
    "noise 1": (25, 0.0, 1),
    "noise 2": (25, 0.0, 2),
    "noise 8": (25, 0.0, 8),
}


def network(seed, hidden=64):
    """Return a new network for digits: 784-hidden-10 with tanh."""
    torch.manual_seed(seed)
    layers = nn.Linear(784, hidden), nn.Tanh(), nn.Linear(hidden, 10)
    return nn.Sequential(nn.Flatten(), *layers)


def fit(model, X, y, noise, rate, epochs, batch_size, seed=0, decay=0.0):
    """Train a network plainly (noise None) or privately; return the training."""
    optimizer = torch.optim.SGD(model.parameters(), rate, weight_decay=decay)
    how = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    if noise is None:
        training = lab.Training(model, F.cross_entropy, optimizer, (X, y), **how)
    else:
        training = lab.PrivateTraining(
            model, F.cross_entropy, optimizer, (X, y), noise=noise, **how
        )
    for _ in training:
        pass
    return training


def percent(model, X, y):
    """Return a model's accuracy in percent."""
    return 100 * lab.accuracy(y, lab.predict(model, X))


def price(seeds):
    """Yield a row for each noise: epsilon, the best rate, accuracies over seeds."""
    X, y, X_test, y_test = lab.datasets.mnist()
    train, kept = (X[:3200], y[:3200]), (X[3200:], y[3200:])
    for noise in NOISES:
        found = {}
        for rate in RATES:
            fits = [fit(network(s), *train, noise, rate, 12, 256, s) for s in seeds]
            models = [training.model for training in fits]
            chosen = [percent(model, *kept) for model in models]
            found[rate] = np.mean(chosen), chosen, models
        best = max(found, key=lambda rate: found[rate][0])
        yield {
            "noise": noise,
            "epsilon": getattr(fits[0], "epsilon", math.inf),
            "rate": best,
            "kept back": {str(rate): row[1] for rate, row in found.items()},
            "test": [percent(model, X_test, y_test) for model in found[best][2]],
        }


def attacked(training, references, members, others):
    """Return what two attacks find: areas, and members caught at 1 % false alarms."""
    row = {}
    for name, known in {"loss": None, "references": references}.items():
        found = [
            membership.scores(
                membership.losses(training.model, *part),
                None if known is None else known[place],
            )
            for place, part in enumerate((members, others))
        ]
        row[f"area {name}"] = membership.area(*found)
        row[f"caught {name}"] = 100 * membership.caught(*found)
    return row


def members(seed, wrong):
    """Yield a row for each way of training on 500 members: accuracy and attacks."""
    X, y, X_test, y_test = lab.datasets.mnist()
    chance = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(X), generator=chance)
    X, y = X[order], y[order]
    drawn = torch.randint(10, y.shape, generator=chance)
    y = torch.where(torch.rand(len(y), generator=chance) < wrong, drawn, y)
    own = X[:MEMBERS], y[:MEMBERS]
    others = tuple(part[MEMBERS : MEMBERS + OTHERS] for part in (X, y))
    pool = torch.arange(MEMBERS + OTHERS, len(X))
    references = [[], []]
    for number in range(REFERENCES):
        rows = pool[torch.randperm(len(pool), generator=chance)[:MEMBERS]]
        model = network(100 + number, 256)
        fit(model, X[rows], y[rows], None, 0.5, 100, 128, number)
        for place, part in enumerate((own, others)):
            # A loss above 8 says no more than 8.
            references[place].append(membership.losses(model, *part).clip(max=8))
    references = [np.stack(losses) for losses in references]
    for name, (epochs, decay, noise) in MODELS.items():
        rates = (0.5,) if noise is None else (0.5, 2)
        fits = {
            rate: fit(network(seed, 256), *own, noise, rate, epochs, 128, seed, decay)
            for rate in rates
        }
        # The rate is chosen by those who are no members, whose labels may be wrong.
        best = max(fits, key=lambda rate: percent(fits[rate].model, *others))
        training = fits[best]
        yield {
            "model": name,
            "epsilon": getattr(training, "epsilon", math.inf),
            "rate": best,
            "train": percent(training.model, *own),
            "test": percent(training.model, X_test, y_test),
        } | attacked(training, references, own, others)


def stored_gradients(model, X, y, limit):
    """Return the sum of clipped gradients by way of each example's own gradient."""
    weights = {name: w.detach() for name, w in model.named_parameters()}

    def loss(weights, x, target):
        return F.cross_entropy(functional_call(model, weights, x[None]), target[None])

    each = vmap(grad(loss), (None, 0, 0))(weights, X, y)
    each = [part.flatten(1) for part in each.values()]
    norms = torch.stack([part.square().sum(1) for part in each]).sum(0).sqrt()
    shares = (limit / norms).clamp(max=1)
    return [shares @ part for part in each]


def cost(rounds):
    """Return the ms of a step of 256 digits in three ways, interleaved, by round."""
    X, y, *_ = lab.datasets.mnist()
    X, y, model = X[:256], y[:256], network(0)

    def plain():
        model.zero_grad()
        F.cross_entropy(model(X), y).backward()

    ways = {
        "plain": plain,
        "norms alone": lambda: private_sgd.clipped_sum(model, F.cross_entropy, X, y, 1),
        "each stored": lambda: stored_gradients(model, X, y, 1),
    }
    times = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            for _ in range(5):
                way()
            times[name].append(1e3 * (time.perf_counter() - start) / 5)
    return times


def tables(stored):
    """Return the tables of the stored results, in Markdown."""
    lines = [
        "| noise | epsilon | learning rate | test accuracy, % |",
        "|---|---|---|---|",
    ]
    for row in stored["price"]["rows"]:
        noise = "plain SGD" if row["noise"] is None else row["noise"]
        lines.append(
            f"| {noise} | {row['epsilon']:.2f} | {row['rate']} | "
            f"{plus_minus(row['test'])} |"
        )
    columns = ("train", "test", "area loss", "caught loss", "area references")
    columns += ("caught references",)
    lines += ["", "| wrong labels | model | " + " | ".join(columns) + " |"]
    lines.append("|---|---|" + "---|" * len(columns))
    for wrong, name in dict.fromkeys(
        (row["wrong"], row["model"]) for row in stored["members"]["rows"]
    ):
        rows = [
            row
            for row in stored["members"]["rows"]
            if (row["wrong"], row["model"]) == (wrong, name)
        ]
        cells = (
            plus_minus([row[c] for row in rows], 3 if c.startswith("area") else 1)
            for c in columns
        )
        lines.append(f"| {wrong:.0%} | {name} | " + " | ".join(cells) + " |")
    times = stored["cost"]["ms"]
    lines += ["", "| a step of 256 digits | ms | times plain |", "|---|---|---|"]
    for name, found in times.items():
        ratios = [a / b for a, b in zip(found, times["plain"], strict=True)]
        lines.append(
            f"| {name} | {statistics.median(found):.2f} | "
            f"{statistics.median(ratios):.1f} |"
        )
    return "\n".join(lines)


def measured(part, seeds, rounds):
    """Return the results of a part."""
    if part == "price":
        return {"rows": list(price(seeds))}
    if part == "cost":
        return {"ms": cost(rounds)}
    rows = [
        {"wrong": wrong, "seed": seed} | row
        for wrong in WRONG
        for seed in seeds
        for row in members(seed, wrong)
    ]
    return {"rows": rows}


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("price", "members", "cost")
    parser.add_argument("--part", nargs="+", choices=parts, default=parts)
    parser.add_argument("--quick", action="store_true", help="two seeds, not stored")
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds, rounds = (SEEDS[:2], 3) if options.quick else (SEEDS, 15)
    quick = {}
    for part in () if options.table else options.part:
        quick[part] = measured(part, seeds, rounds) | here()
        if not options.quick:
            with changing("privacy") as stored:
                stored[part] = quick[part]
                stored["made_by"] = "benchmarks/privacy.py"
    print(tables(quick if options.quick else lab.results.load("privacy")))


if __name__ == "__main__":
    main()
