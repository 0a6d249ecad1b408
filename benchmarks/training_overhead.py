"""How much slower is `for step in training` than a bare loop? Aim: within 2 %.

The iterator and two bare loops (with and without reading the loss at every step) train
the same model on the same batches, taking turns of one epoch, many times over, in one
process and on one thread. The turns are short and paired, so that noise from other
programs affects all equally; the report is the median of the paired ratios.
"""

import random
import statistics
import time
from itertools import islice

import torch
from machine import machine
from torch import nn

from bigmodel_lab import Training, models

PAIRS, WARM = 400, 10  # turns of each loop that count, and warm-up turns that do not


def house_prices():
    """Return a linear model and data of the size of the Saratoga houses."""
    return models.linear_regression(3), nn.MSELoss(), torch.randn(1382, 3), 32


def mlp():
    """Return a medium network and data of MNIST's shape."""
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return model, nn.CrossEntropyLoss(), torch.randn(2048, 784), 64


def targets_of(model, X):
    """Return targets that the model can learn: (N,), classes or numbers."""
    logits = model(X).detach()
    return logits.argmax(1) if logits.dim() == 2 else logits + torch.randn(len(X))


def bare_epoch(model, loss, optimizer, X, y, batch_size, epoch, read_loss):
    """Train for one epoch as every PyTorch tutorial does."""
    model.train()
    generator = torch.Generator().manual_seed(epoch)
    for rows in torch.randperm(len(X), generator=generator).split(batch_size):
        optimizer.zero_grad()
        value = loss(model(X[rows]), y[rows])
        value.backward()
        optimizer.step()
        if read_loss:
            value.item()


def measure(name, make):
    """Print one row of the table."""
    torch.manual_seed(0)
    model, loss, X, batch_size = make()
    y = targets_of(model, X)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    data = (model, loss, optimizer, X, y, batch_size)

    training = Training(
        model, loss, optimizer, (X, y), epochs=PAIRS + WARM, batch_size=batch_size
    )
    steps = iter(training)

    def iterator(epoch):
        start = time.perf_counter()
        for _ in islice(steps, training.steps_per_epoch):
            pass
        return time.perf_counter() - start

    def bare(epoch, read_loss):
        start = time.perf_counter()
        bare_epoch(*data, epoch, read_loss)
        return time.perf_counter() - start

    turns = {
        "iterator": iterator,
        "bare": lambda epoch: bare(epoch, True),
        "blind": lambda epoch: bare(epoch, False),
    }
    seconds = {turn: [] for turn in turns}
    for epoch in range(PAIRS + WARM):
        for turn in random.sample(list(turns), len(turns)):
            seconds[turn].append(turns[turn](epoch))
    seconds = {turn: values[WARM:] for turn, values in seconds.items()}
    cells = [
        f"{statistics.median(s) / training.steps_per_epoch * 1e6:.1f}"
        for s in seconds.values()
    ]
    for other in ("bare", "blind"):
        pairs = zip(seconds["iterator"], seconds[other], strict=True)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        cells.append(f"{ratio - 1:+.1%}")
    print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(machine(), end="\n\n")
    print(
        "| model | iterator, µs/step | bare loop | bare, loss not read "
        "| over bare | over bare, loss not read |\n|---|---|---|---|---|---|"
    )
    measure("linear, 1,382 x 3, batch 32", house_prices)
    measure("MLP 784-128-10, batch 64", mlp)
