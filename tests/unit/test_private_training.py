"""A training that promises an epsilon: its steps, its batches, what it refuses."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import bigmodel_lab as lab
from bigmodel_lab import privacy


def training(noise=1.0, samples=200, model=None, rate=0.1, **how):
    """Return a private training of a small network on random data."""
    torch.manual_seed(0)
    model = model or nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3))
    X, y = torch.randn(samples, 5), torch.randint(3, (samples,))
    optimizer = torch.optim.SGD(model.parameters(), rate)
    how = {"batch_size": 20, "epochs": 3, "delta": 1e-4} | how
    return lab.PrivateTraining(
        model, F.cross_entropy, optimizer, (X, y), noise=noise, **how
    )


def weights(training):
    """Return all weights of its model in one row."""
    return nn.utils.parameters_to_vector(training.model.parameters()).detach()


def test_epsilon_grows_with_the_steps_and_is_the_accountants():
    run = training()
    assert run.epsilon == 0
    for step in run:
        if step.number == 7:
            break
    assert run.epsilon == privacy.epsilon(0.1, 1.0, 7, 1e-4)
    run.finish()
    assert run.epsilon == privacy.epsilon(0.1, 1.0, 30, 1e-4)


def test_without_noise_nothing_is_promised():
    assert training(noise=0, epochs=1).finish().epsilon == math.inf


def test_batches_are_tosses_of_a_coin():
    run = training(samples=400, batch_size=40, epochs=50)
    drawn = [X for X, _ in run.batches()]
    sizes = list(map(len, drawn))
    assert len(sizes) == 10
    assert len(set(sizes)) > 3
    assert 25 < sum(sizes) / len(sizes) < 55
    # Whoever is in one batch may be in another, and somebody is in none.
    rows = torch.cat(drawn)
    seen = len(torch.unique(rows, dim=0))
    assert seen < min(len(rows), 400)


def test_a_step_is_the_clipped_sum_with_noise_over_the_expected_batch():
    run = training(noise=0, limit=0.5, rate=1.0)
    before = weights(run)
    X, y = next(iter(run.batches()))
    each = []
    for x, target in zip(X, y, strict=True):
        run.model.zero_grad()
        F.cross_entropy(run.model(x[None]), target[None]).backward()
        gradient = torch.cat([w.grad.flatten() for w in run.model.parameters()])
        each.append(gradient * min(1, 0.5 / gradient.norm().item()))
    next(iter(run))
    assert torch.allclose(weights(run), before - sum(each) / 20, atol=1e-6)


def test_noise_is_as_wide_as_promised():
    noisy, still = (training(noise=n, rate=1.0, limit=0.5) for n in (2.0, 0))
    next(iter(noisy)), next(iter(still))
    moved = weights(noisy) - weights(still)
    assert moved.std().item() == pytest.approx(2.0 * 0.5 / 20, rel=0.25)
    again = [training(noise=2.0, limit=0.5).finish() for _ in range(2)]
    assert torch.equal(*map(weights, again))


def test_a_training_goes_on_where_it_was_left():
    whole, halves = training().finish(), training()
    for step in halves:
        if step.number == 13:
            break
    halves.finish()
    assert torch.equal(weights(whole), weights(halves))


def test_an_empty_batch_is_a_step_of_noise():
    run = training(samples=2, batch_size=1, epochs=40, delta=0.1)
    run.finish()
    assert run.steps_done == 80
    assert all(math.isfinite(loss) for loss in run.losses)


def test_a_learning_rate_that_is_too_large_is_named():
    run = training(rate=1e38, noise=5.0, model=nn.Linear(5, 3))
    with pytest.raises(lab.Diverged, match="too long"):
        run.finish()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"noise": -1}, "noise must be at least 0"),
        ({"limit": 0}, "limit must be above 0"),
        ({"delta": 0.01}, "delta 0.01 is not below 1 / 200.*Take 0.0001"),
        ({"delta": 0}, "delta must be between 0 and 1"),
        ({"micro_batch_size": 5}, "draws its batches itself"),
        (
            {"model": nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3))},
            "1 is a BatchNorm1d: it mixes",
        ),
    ],
)
def test_what_cannot_be_private_is_refused(how, words):
    with pytest.raises(ValueError, match=words):
        training(**how)


def test_a_loader_is_refused():
    model = nn.Linear(5, 3)
    loader = DataLoader(TensorDataset(torch.randn(9, 5), torch.ones(9)), 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="draws its batches itself"):
        lab.PrivateTraining(model, F.cross_entropy, optimizer, loader, noise=1.0)
