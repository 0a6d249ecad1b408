"""Federated training: rounds that are steps, of clients whose data stay."""

import copy
import math
from itertools import chain, pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from trainings import assert_same, houses, linear, snapshot, steps_of

import bigmodel_lab as lab
from bigmodel_lab import Diverged, FederatedTraining, TuningPanel
from bigmodel_lab.from_scratch import federated
from bigmodel_lab.from_scratch.losses import mse

SIZES = (7, 20, 13, 10)


def shared_houses():
    """Return the data of four clients of different sizes."""
    X, y = houses(sum(SIZES))
    return list(zip(X.split(SIZES), y.split(SIZES), strict=True))


def make(device="cpu", clients=None, loss=mse, dropout=0.0, **options):
    """Return a small federated training, always started alike."""
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Linear(3, 8), nn.Dropout(dropout), nn.Linear(8, 1), nn.Flatten(0)
    ).to(device)
    options = {"rounds": 6, "batch_size": 4, "learning_rate": 0.05} | options
    return FederatedTraining(model, loss, clients or shared_houses(), **options)


# -- what a round is -------------------------------------------------------------------


@pytest.mark.parametrize("proximal", [0.0, 3.0])
def test_a_step_of_all_clients_with_all_their_data_is_the_central_step(
    device, proximal
):
    """FedProx, too: the first step starts from the weights it pulls back to."""
    training = make(device, batch_size=20, rounds=3, proximal=proximal)
    central = copy.deepcopy(training.model)
    optimizer = torch.optim.SGD(central.parameters(), 0.05)
    X, y = (values.to(device) for values in houses(sum(SIZES)))
    for step in training:
        optimizer.zero_grad()
        loss = mse(central(X), y)
        loss.backward()
        optimizer.step()
        assert step.loss == pytest.approx(loss.item(), rel=1e-5)
        torch.testing.assert_close(
            training.model.state_dict(), central.state_dict(), rtol=1e-4, atol=1e-6
        )
    assert training.steps_done == 3


def test_a_round_is_the_weighted_mean_of_what_the_chosen_clients_learn():
    training = make(clients_per_round=2, local_epochs=3, rounds=1)
    ((chosen, sizes),) = training.batches()
    assert sizes.tolist() == [SIZES[k] for k in chosen]
    states, losses = zip(*map(training.train_client, chosen.tolist()), strict=True)
    (step,) = training
    expected = federated.weighted_average(states, sizes.tolist())
    assert_same(training.model.state_dict(), expected)
    assert step.loss == pytest.approx(np.average(losses, weights=sizes), rel=1e-6)


def test_a_client_learns_as_with_pytorch_alone():
    training = make(batch_size=20, local_epochs=5)
    before = copy.deepcopy(training.model.state_dict())
    local = copy.deepcopy(training.model)
    optimizer = torch.optim.SGD(local.parameters(), 0.05)
    X, y = training.clients[2]
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        losses.append(mse(local(X), y))
        losses[-1].backward()
        optimizer.step()
    state, loss = training.train_client(2)
    torch.testing.assert_close(state, local.state_dict())
    assert loss == pytest.approx(torch.stack(losses).mean().item(), rel=1e-5)
    assert_same(training.model.state_dict(), before)


def test_a_client_sees_each_sample_once_an_epoch_in_an_order_of_its_own():
    seen = []

    def loss(predictions, targets):
        seen.append(targets.tolist())
        return mse(predictions, targets)

    training = make(loss=loss, local_epochs=2, rounds=2)
    training.finish()
    each = [-(-size // 4) for size in SIZES for _ in range(2)] * 2  # steps
    assert len(seen) == sum(each)
    ends = np.cumsum([0, *each])
    epochs = [list(chain(*seen[a:b])) for a, b in pairwise(ends)]
    for k, (_, y) in enumerate(training.clients):
        mine = [epochs[2 * k], epochs[2 * k + 1], epochs[8 + 2 * k]]
        assert all(sorted(epoch) == sorted(y.tolist()) for epoch in mine)
        assert mine[0] != mine[1]
        assert mine[0] != mine[2]


def test_the_pull_adds_the_distance_from_what_was_sent_to_the_gradient():
    training = make(batch_size=20, local_epochs=4, proximal=3.0)
    sent = [weights.detach() for weights in training.model.parameters()]
    local = copy.deepcopy(training.model)
    optimizer = torch.optim.SGD(local.parameters(), 0.05)
    X, y = training.clients[1]
    for _ in range(4):
        optimizer.zero_grad()
        mse(local(X), y).backward()
        for weights, start in zip(local.parameters(), sent, strict=True):
            weights.grad += 3.0 * (weights.detach() - start)
        optimizer.step()
    state, _ = training.train_client(1)
    torch.testing.assert_close(state, local.state_dict())
    without, _ = make(batch_size=20, local_epochs=4).train_client(1)
    assert (without["0.weight"] - state["0.weight"]).abs().max() > 0.01


def test_the_loss_of_fedprox_is_reported_without_its_pull():
    options = {"batch_size": 20, "local_epochs": 2, "learning_rate": 1e-3}
    (plain,), (pulled,) = (
        make(rounds=1, proximal=proximal, **options) for proximal in (0.0, 1e3)
    )
    assert pulled.loss == pytest.approx(plain.loss, rel=1e-6)


def test_with_batchnorm_the_running_statistics_are_averaged():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 1))
    model.append(nn.Flatten(0))
    training = FederatedTraining(model, mse, shared_houses(), batch_size=20, rounds=1)
    locals_ = [training.train_client(k)[0] for k in range(4)]
    training.finish()
    for name in ("1.running_mean", "1.running_var"):
        expected = sum(n * s[name] for n, s in zip(SIZES, locals_, strict=True)) / 50
        torch.testing.assert_close(model.state_dict()[name], expected)
    assert model[1].num_batches_tracked == 1


@pytest.mark.parametrize("clients_per_round", [1, 3])
def test_clients_take_turns_as_seed_and_round_decide(clients_per_round):
    def chosen(seed):
        training = make(clients_per_round=clients_per_round, rounds=20, seed=seed)
        found = []
        for _ in range(20):
            ((clients, _),) = training.batches()
            found.append(tuple(clients.tolist()))
            training.steps_done += 1
        return found

    first = chosen(0)
    assert all(len({*clients}) == clients_per_round for clients in first)
    assert {k for clients in first for k in clients} == {0, 1, 2, 3}
    assert len({*first}) > 1
    assert chosen(0) == first
    assert chosen(1) != first


# -- what it tells ---------------------------------------------------------------------


def test_the_history_has_a_row_for_each_round():
    validation = houses(20, seed=1)
    metrics = {"bias": lambda y, predictions: float(np.mean(predictions - y))}
    training = make(validation=validation, metrics=metrics)
    steps = list(training)
    assert [(s.number, s.epoch) for s in steps] == [(k, k) for k in range(1, 7)]
    history = training.history
    assert history.columns.tolist() == [
        *("step", "train_loss", "validation_loss", "bias", "seconds")
    ]
    assert history["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert history["train_loss"].tolist() == [step.loss for step in steps]
    assert history["validation_loss"].iloc[-1] < history["validation_loss"].iloc[0]
    assert training.epochs == 6


def test_the_bytes_grow_with_each_round_and_client():
    training = make(clients_per_round=3)
    assert training.bytes_sent == 0
    numbers = 3 * 8 + 8 + 8 + 1
    for step in training:
        assert training.bytes_sent == step.number * 3 * 2 * 4 * numbers
    assert training.bytes_sent == federated.bytes_sent(training.model, 3, 6)


def test_digits_are_learned_where_they_are():
    X, y, *_ = lab.datasets.mnist()
    clients = [(X[k], y[k]) for k in federated.equal_shares(1000, 5)]
    torch.manual_seed(0)
    model = lab.models.digit_mlp()
    kept = X[1000:1500], y[1000:1500]
    FederatedTraining(model, F.cross_entropy, clients, rounds=3).finish()
    right = lab.predict(model, kept[0]).argmax(1) == kept[1]
    assert right.double().mean() > 0.7


def test_a_panel_runs_it():
    def at_clients(learning_rate=0.05, rounds=4):
        return make(learning_rate=learning_rate, rounds=rounds)

    panel = TuningPanel(at_clients)
    try:
        panel.train()
        run = panel.wait(60)
        assert run.state == "finished"
        assert panel.history["step"].tolist() == [1, 2, 3, 4]
        assert run.losses == make(rounds=4).finish().losses
    finally:
        panel.reset()


# -- leaving and coming back -----------------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("left_at", [1, 4])
def test_leaving_and_going_on_changes_nothing(device, dropout, left_at):
    options = {"dropout": dropout, "clients_per_round": 2, "local_epochs": 2}
    straight = make(device, **options).finish()
    expected = snapshot(straight)
    training = make(device, **options)
    steps_of(training, left_at)
    assert training.steps_done == left_at
    training.finish()
    assert_same(snapshot(training)["model"], expected["model"])
    assert training.losses == straight.losses
    assert len(training.history) == 6
    assert list(training) == []


def test_an_interrupted_round_leaves_the_model_as_it_was():
    straight = make(rounds=2).finish()
    calls = iter(range(10_000))
    training = make(rounds=2)

    def loss(predictions, targets):
        if next(calls) == 20:  # of 14 steps a round
            raise KeyboardInterrupt
        return mse(predictions, targets)

    training.loss = loss
    with pytest.raises(KeyboardInterrupt):
        training.finish()
    assert training.steps_done == 1
    assert_same(training.model.state_dict(), make(rounds=1).finish().model.state_dict())
    training.finish()
    assert_same(training.model.state_dict(), straight.model.state_dict())


def test_a_checkpoint_goes_on_bit_for_bit(tmp_path):
    straight = make(clients_per_round=2).finish()
    training = make(clients_per_round=2)
    steps_of(training, 3)
    path = training.save(tmp_path / "rounds.pt")
    other = make(clients_per_round=2).load(path)
    assert other.bytes_sent == training.bytes_sent
    other.finish()
    assert_same(other.model.state_dict(), straight.model.state_dict())
    assert other.losses == straight.losses


def test_the_clients_data_stay_as_they_are():
    clients = [(X.clone(), y.clone()) for X, y in shared_houses()]
    make(clients=clients, local_epochs=2).finish()
    for (X, y), (X_before, y_before) in zip(clients, shared_houses(), strict=True):
        assert torch.equal(X, X_before)
        assert torch.equal(y, y_before)
        assert not X.requires_grad


def test_frames_and_arrays_are_clients_too():
    clients = [(pd.DataFrame(X.numpy()), y.numpy()) for X, y in shared_houses()]
    found = make(clients=clients).finish().losses
    assert found == pytest.approx(make().finish().losses)


# -- what goes wrong -------------------------------------------------------------------


def test_divergence_names_client_and_round_and_keeps_the_parameters(device):
    training = make(device, learning_rate=30, rounds=9)
    before = copy.deepcopy(training.model.state_dict())

    def train():
        nonlocal before
        for _ in training:
            before = copy.deepcopy(training.model.state_dict())

    with pytest.raises(Diverged) as caught:
        train()
    error = caught.value
    assert error.client in range(4)
    assert error.step.number == training.steps_done + 1 == len(training.losses) + 1
    assert not math.isfinite(error.loss)
    assert str(error).startswith(
        f"The loss of client {error.client} became {error.loss} in round "
        f"{error.step.number} with learning_rate 30: the steps are too long. Try "
        f"learning_rate 3,"
    )
    assert_same(training.model.state_dict(), before)


def test_a_loss_that_was_never_finite_is_not_blamed_on_the_steps():
    training = make(loss=lambda predictions, y: (predictions - y).mean() * torch.inf)
    with pytest.raises(Diverged, match=r"client 0 .* round 1 .* nothing has been upd"):
        training.finish()
    training = make(batch_size=20)
    steps_of(training, 1)
    training.loss = lambda predictions, y: (predictions - y).mean() * torch.inf
    with pytest.raises(Diverged, match=r"client 0 .* round 2 .* steps are too long"):
        training.finish()


def of_classes(*classes):
    """Return a client whose samples have these classes."""
    return torch.randn(len(classes), 3), torch.tensor(classes)


def test_a_client_with_one_class_is_refused_or_asked_for():
    clients = [of_classes(1, 2, 1), of_classes(7, 7)]
    model = nn.Linear(3, 8)
    with pytest.raises(
        ValueError, match=r"client 1 has only the class 7,.* one_class="
    ) as e:
        FederatedTraining(model, F.cross_entropy, clients)
    assert len(str(e.value).split(". ")) == 1
    FederatedTraining(model, F.cross_entropy, clients, one_class=True).finish()


def test_one_target_of_a_regression_is_no_class():
    X, y = shared_houses()[0]
    make(clients=[(X, torch.ones_like(y)), (X[:1], y[:1])]).finish()


EMPTY = torch.zeros(0, 3), torch.zeros(0)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"clients": [*shared_houses(), EMPTY]}, "client 4 X has no rows"),
        ({"clients": [(torch.ones(5, 3), torch.ones(4))]}, "client 0 X has 5 rows and"),
        ({"clients": torch.ones(5, 3)}, "client 0 must be a pair .* not Tensor"),
        (
            {"clients": [*shared_houses(), (torch.ones(2, 4), torch.ones(2))]},
            r"client 4 has samples of the shape \(4,\), and client 0 of \(3,\)",
        ),
        (
            {"clients": [(torch.tensor([[1, 2, torch.nan]]), torch.ones(1))]},
            "client 0 X holds 1 values that are NaN",
        ),
        ({"clients_per_round": 5}, "clients_per_round is 5, .* only 4 clients"),
        ({"clients_per_round": 0}, "clients_per_round must be .* at least 1, got 0"),
        ({"local_epochs": 0}, "local_epochs must be .* at least 1, got 0"),
        ({"rounds": 0.5}, "rounds must be an integer of at least 1, got 0.5"),
        ({"batch_size": 0}, "batch_size must be .* got 0"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0, got 0"),
        ({"proximal": -1}, "proximal must be a finite number from 0 on, got -1"),
        ({"proximal": math.nan}, "proximal must be .* got nan"),
        ({"validation": (torch.ones(2, 3), torch.ones(3))}, "validation X has 2 rows"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(changed, says):
    options = {"clients": shared_houses()} | changed
    with pytest.raises(ValueError, match=says) as error:
        FederatedTraining(linear(), mse, **options)
    assert len(str(error.value).split(". ")) == 1


def test_no_clients_are_told_in_one_sentence():
    with pytest.raises(ValueError, match="There are no clients: give a list"):
        FederatedTraining(linear(), mse, [])


def test_a_last_batch_of_one_before_batchnorm_is_told_with_its_client():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Linear(2, 1))
    with pytest.raises(ValueError, match="client 2: 13 samples in batches of 12 leave"):
        FederatedTraining(model, mse, shared_houses(), batch_size=12)
