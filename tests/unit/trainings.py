"""Small trainings that several tests share."""

import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from bigmodel_lab import Training
from bigmodel_lab.from_scratch.losses import mse


def houses(samples=50, seed=0):
    """Return X (N, 3) and y (N,), nearly linear."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(samples, 3, generator=generator)
    noise = 0.1 * torch.randn(samples, generator=generator)
    return X, X @ torch.tensor([1.0, -2.0, 0.5]) + 3 + noise


def make(
    device="cpu",
    data=None,
    kind="tensors",
    dropout=0.0,
    learning_rate=0.05,
    loss=mse,
    optimizer=torch.optim.SGD,
    hidden=8,
    **options,
):
    """Return a small training: 13 steps an epoch, the last one short."""
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Linear(3, hidden), nn.Dropout(dropout), nn.Linear(hidden, 1), nn.Flatten(0)
    ).to(device)
    X, y = houses() if data is None else data
    options = {"epochs": 3, "batch_size": 4, "seed": 5} | options
    train = (X, y)
    if kind == "loader":
        batch_size = options.pop("batch_size")
        train = DataLoader(TensorDataset(X, y), batch_size, shuffle=True)
    optimizer = optimizer(model.parameters(), learning_rate)
    return Training(model, loss, optimizer, train, **options)


def snapshot(training):
    """Return copies of everything that a training may change."""
    return copy.deepcopy(
        {
            "model": training.model.state_dict(),
            "optimizer": training.optimizer.state_dict()["state"],
            "groups": training.optimizer.state_dict()["param_groups"],
            "progress": (training.steps_done, training.losses, training.rows),
            "random": torch.get_rng_state(),
        }
    )


def assert_same(ours, theirs):
    """Compare two snapshots, or parts of them, bit for bit."""
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


def steps_of(training, number):
    """Take `number` steps and leave the loop."""
    for step in training:
        if step.number == number:
            break


def linear(inputs=3):
    return nn.Sequential(nn.Linear(inputs, 1), nn.Flatten(0))


def weights_of(training):
    """Return all parameters as one vector."""
    return nn.utils.parameters_to_vector(training.model.parameters()).detach()
