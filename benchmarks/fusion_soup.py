"""Part soup of `fusion.py`: five networks, their answers, and their weights' mean."""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import bigmodel_lab as lab
from bigmodel_lab import federated, fusion

REPEATS = range(5)
RATES = (0.02, 0.05, 0.1, 0.2, 0.3)
HIDDEN, COMMON, ALONE = 128, 2, 13  # units; epochs in common, and each by itself
# Each goes on at a share of the rate at which it began: above it, training falls apart.
SLOWER = (1, 0.7, 0.5, 0.3, 0.2)
POINTS = 11  # on the way from one network to another


def network(seed):
    """Return a new network for digits with two linear layers."""
    torch.manual_seed(seed)
    layers = nn.Linear(784, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10)
    return nn.Sequential(nn.Flatten(), *layers)


def fit(model, data, rate, epochs, seed):
    """Train a network, and return it."""
    training = lab.Training(
        model,
        F.cross_entropy,
        torch.optim.SGD(model.parameters(), rate, momentum=0.9),
        data,
        epochs=epochs,
        batch_size=64,
        seed=seed,
    )
    for _ in training:
        pass
    return model


def percent(model, X, y):
    """Return a network's accuracy in percent."""
    return 100 * lab.accuracy(y, lab.predict(model, X))


def five(data, rate, repeat, one_start):
    """Return five networks, trained alike but for their order, rate and, maybe, start.

    With `one_start` they are copies of one that was trained some epochs.
    """
    found = []
    for k, slower in enumerate(SLOWER):
        seed = 100 * repeat + 10 * k
        if not one_start or not found:
            begun = fit(network(seed), data, rate, COMMON, seed)
        model = copy.deepcopy(begun)
        found.append(fit(model, data, rate * slower, ALONE, seed + 1))
    return found


def matched(nets):
    """Return copies with hidden units in the first one's order; how many moved, %."""
    found, moved = [nets[0]], []
    for net in nets[1:]:
        order = fusion.matching(net, nets[0])
        found.append(copy.deepcopy(net))
        fusion.reorder(found[-1], order)
        moved.append(float((order != torch.arange(HIDDEN)).double().mean()))
    return found, 100 * float(np.mean(moved))


def mixed(nets, shares):
    """Return a network with the weights' mean: a soup."""
    soup = copy.deepcopy(nets[0])
    states = [net.state_dict() for net in nets]
    soup.load_state_dict(federated.weighted_average(states, shares))
    return soup


def line(nets, X, y):
    """Return losses and accuracies on the straight way from the first to the second."""
    found = {"loss": [], "accuracy": []}
    for share in np.linspace(0, 1, POINTS):
        # A share of 0 is no share: the network at the end itself.
        inside = 0 < share < 1
        model = mixed(nets[:2], [1 - share, share]) if inside else nets[round(share)]
        logits = lab.predict(model, X)
        found["loss"].append(float(F.cross_entropy(logits, y)))
        found["accuracy"].append(100 * lab.accuracy(y, logits))
    return found


def together(nets, X, y):
    """Return the accuracy of the mean of the networks' answers, and one's alone."""
    answers = [lab.predict(net, X).softmax(1) for net in nets]
    chosen = [p.argmax(1) for p in answers]
    return {
        "single": [percent(net, X, y) for net in nets],
        "ensemble": 100 * lab.accuracy(y, torch.stack(answers).mean(0)),
        "any right": 100 * fusion.either_right(chosen, y),
    }


def repeat_rows(repeat, rate, train, validation, test):
    """Yield a row for five networks from one start, and one for different starts."""
    for start in ("one", "different"):
        nets = five(train, rate, repeat, start == "one")
        kept = [percent(net, *validation) for net in nets]
        ordered, moved = matched(nets)
        changed = [
            float((lab.predict(a, test[0]) - lab.predict(b, test[0])).abs().max())
            for a, b in zip(nets, ordered, strict=True)
        ]
        row = together(nets, *test)
        yield {
            "repeat": repeat,
            "start": start,
            **row,
            "best on validation": row["single"][int(np.argmax(kept))],
            "soup": percent(mixed(nets, [1] * len(nets)), *test),
            "soup, matched": percent(mixed(ordered, [1] * len(nets)), *test),
            "moved": moved,
            "logits changed by": max(changed),
            "line": line(nets, *test),
            "line, matched": line(ordered, *test),
        }


def best_rate(train, validation):
    """Return the learning rate that is best on the digits kept back, of three seeds."""
    found = {}
    for rate in RATES:
        nets = [
            fit(network(seed), train, rate, COMMON + ALONE, seed)
            for seed in (1001, 1002, 1003)
        ]
        found[rate] = float(np.mean([percent(net, *validation) for net in nets]))
    return max(found, key=found.get), found


def measured():
    """Return the rows of all repeats."""
    X, y, *test = lab.datasets.mnist()
    train, validation = (X[:3200], y[:3200]), (X[3200:], y[3200:])
    rate, tried = best_rate(train, validation)
    rows = []
    for repeat in REPEATS:
        for row in repeat_rows(repeat, rate, train, validation, test):
            rows.append(row)
            print("soup", {k: v for k, v in row.items() if "line" not in k}, flush=True)
    return {"rows": rows, "rate": rate, "tried": {str(r): a for r, a in tried.items()}}
