import copy
import math
import os
import weakref

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from bigmodel_lab import Diverged, Training, evaluate, models
from bigmodel_lab.from_scratch import schedules
from bigmodel_lab.from_scratch.losses import mse
from bigmodel_lab.from_scratch.optimizers import GradientDescent
from bigmodel_lab.tensors import as_tensors


@pytest.fixture(autouse=True)
def _global_seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


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
            "progress": (training.steps, training.losses, training._rows),
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


# -- what a training learns and tells --------------------------------------------------


def test_reaches_the_least_squares_solution(device):
    X, y = houses(200)
    model = models.linear_regression(3).to(device)
    optimizer = GradientDescent(model.parameters(), learning_rate=0.1)
    Training(model, mse, optimizer, (X, y), epochs=300, batch_size=200).finish()
    ones = torch.ones(200, 1)
    expected = torch.linalg.lstsq(torch.cat([X, ones], 1), y[:, None]).solution[:, 0]
    layer = model[0]
    found = torch.cat([layer.weight[0], layer.bias]).cpu()
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_steps_and_history(device):
    validation = houses(20, seed=1)
    metrics = {"R²": r2_score, "MAE": mean_absolute_error}
    training = make(device, validation=validation, metrics=metrics)
    assert training.history.columns.tolist() == [
        *("epoch", "train_loss", "validation_loss", "R²", "MAE", "seconds")
    ]
    assert training.history.empty
    steps = list(training)
    assert [s.number for s in steps] == list(range(1, 40))
    assert [s.epoch for s in steps] == [e for e in (1, 2, 3) for _ in range(13)]
    history = training.history
    assert history["epoch"].tolist() == [1, 2, 3]
    means = np.reshape([s.loss for s in steps], (3, 13)).mean(1)
    assert history["train_loss"].tolist() == pytest.approx(means.tolist())
    assert history["seconds"].is_monotonic_increasing
    X, y = validation
    with torch.no_grad():
        predictions = training.model.eval()(X.to(device)).cpu()
    last = history.iloc[-1]
    assert last["validation_loss"] == pytest.approx(mean_squared_error(y, predictions))
    assert last["R²"] == pytest.approx(r2_score(y, predictions))
    assert last["MAE"] == pytest.approx(mean_absolute_error(y, predictions))


def test_the_step_loss_is_the_loss_of_the_batch_before_the_update():
    training = make(batch_size=50, epochs=1)
    expected = mse(training.model(training.train[0]), training.train[1]).item()
    assert next(iter(training)).loss == pytest.approx(expected)


def test_without_validation_the_history_has_no_column_for_it():
    history = make(epochs=1, metrics={"R²": r2_score}).finish().history
    assert history.columns.tolist() == ["epoch", "train_loss", "seconds"]


@pytest.mark.parametrize("kind", ["tensors", "loader"])
def test_every_sample_is_seen_once_an_epoch(kind):
    X = torch.arange(50.0)[:, None].repeat(1, 3) / 50
    seen = []

    def loss(predictions, targets):
        seen.extend(targets.tolist())
        return mse(predictions, targets)

    data = X, torch.arange(50.0)
    make(data=data, kind=kind, loss=loss, epochs=2, learning_rate=1e-6).finish()
    first, second = seen[:50], seen[50:]
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


@pytest.mark.parametrize("kind", ["tensors", "loader"])
def test_the_seed_fixes_the_order(device, kind):
    first, again, other = (
        [step.loss for step in make(device, kind=kind, seed=seed)] for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


def test_a_loader_that_does_not_shuffle_keeps_its_order():
    X, y = houses()
    loader = DataLoader(TensorDataset(X, y), batch_size=50)
    model = models.linear_regression(3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    seen = []

    def loss(predictions, targets):
        seen.append(targets.clone())
        return mse(predictions, targets)

    Training(model, loss, optimizer, loader).finish()
    assert torch.equal(seen[0], y)


# -- leaving the loop and coming back --------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("kind", ["tensors", "loader"])
@pytest.mark.parametrize("left_at", [1, 13, 20, 39])
def test_leaving_and_going_on_changes_nothing(device, kind, dropout, left_at):
    straight = make(device, kind=kind, dropout=dropout).finish()
    expected = snapshot(straight)
    training = make(device, kind=kind, dropout=dropout)
    steps_of(training, left_at)
    assert training.steps == left_at
    training.finish()
    assert_same(snapshot(training)["model"], expected["model"])
    assert training.losses == straight.losses
    assert len(training.history) == 3
    assert list(training) == []


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("kind", ["tensors", "loader"])
def test_a_fresh_training_goes_on_from_a_checkpoint(
    device, tmp_path, kind, dropout, optimizer
):
    def fresh():
        validation = houses(20, seed=1)
        return make(
            device, kind=kind, dropout=dropout, optimizer=optimizer,
            validation=validation,
        )  # fmt: skip

    straight = fresh().finish()
    expected = snapshot(straight)
    saved = fresh()
    steps_of(saved, 20)
    path = saved.save(tmp_path / "half.pt")
    resumed = fresh()
    torch.manual_seed(99)  # a new process draws other numbers, until load
    assert resumed.load(path) is resumed
    assert resumed.steps == 20
    resumed.finish()
    result = snapshot(resumed)
    assert_same(result["model"], expected["model"])
    assert_same(result["optimizer"], expected["optimizer"])
    assert resumed.losses == straight.losses
    columns = ["epoch", "train_loss", "validation_loss"]
    pd.testing.assert_frame_equal(
        resumed.history[columns], straight.history[columns], check_exact=True
    )
    assert [p.name for p in tmp_path.iterdir()] == ["half.pt"]


def write_checkpoint(path, fault):
    """Write a file that is no checkpoint of `make()`."""
    if fault == "missing":
        return
    if fault == "empty":
        path.write_bytes(b"")
    elif fault == "text":
        path.write_text("not a checkpoint")
    elif fault == "weights only":
        torch.save(make().model.state_dict(), path)
    elif fault == "truncated":
        make().save(path)
        path.write_bytes(path.read_bytes()[:-500])
    elif fault == "no progress":
        make().save(path)
        state = torch.load(path)
        torch.save(state | {"progress": None}, path)
    else:
        other = {
            "other model": {"hidden": 9},
            "other optimizer": {"optimizer": torch.optim.Adam},
            "other batch size": {"batch_size": 5},
            "other seed": {"seed": 6},
            "other data": {"data": houses(60)},
        }[fault]
        make(**other).finish().save(path)


@pytest.mark.parametrize(
    "fault",
    [
        *("missing", "empty", "text", "weights only", "truncated", "no progress"),
        *("other model", "other optimizer", "other batch size", "other seed"),
        "other data",
    ],
)
def test_a_bad_checkpoint_is_refused_and_nothing_changed(tmp_path, fault):
    path = tmp_path / "bad.pt"
    write_checkpoint(path, fault)
    training = make(optimizer=torch.optim.SGD)
    steps_of(training, 15)
    before = snapshot(training)
    with pytest.raises(ValueError, match=r"bad\.pt is no checkpoint"):
        training.load(path)
    assert_same(snapshot(training), before)


def test_a_save_that_fails_keeps_the_old_file_and_leaves_no_part(tmp_path, monkeypatch):
    training = make()
    path = training.save(tmp_path / "run.pt")
    before = path.read_bytes()

    def full_disk(state, file):
        file.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="No space"):
        training.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.pt"]


def interrupted_at(call):
    """Return a loss that is interrupted once, at its `call`-th call."""
    calls = iter(range(1, 10_000))

    def loss(predictions, targets):
        if next(calls) == call:
            raise KeyboardInterrupt
        return mse(predictions, targets)

    return loss


# Call 14 is the first validation, the last one the validation of the last epoch.
@pytest.mark.parametrize("call", [1, 8, 14, 20, 42])
def test_an_interrupt_loses_nothing(device, call):
    validation = houses(20, seed=1)
    straight = make(device, validation=validation).finish()
    training = make(device, validation=validation, loss=interrupted_at(call))
    with pytest.raises(KeyboardInterrupt):
        training.finish()
    assert len(training.losses) == training.steps
    assert len(training.history) == (call - 1) // 14
    assert training.model.training
    training.finish()
    assert_same(training.model.state_dict(), straight.model.state_dict())
    columns = ["epoch", "train_loss", "validation_loss"]
    pd.testing.assert_frame_equal(
        training.history[columns], straight.history[columns], check_exact=True
    )


# -- divergence and the learning rate --------------------------------------------------


def test_divergence_says_where_and_what_to_try_and_keeps_the_parameters(device):
    training = make(device, learning_rate=10, epochs=9)
    before = copy.deepcopy(training.model.state_dict())

    def train():
        nonlocal before
        for _ in training:
            before = copy.deepcopy(training.model.state_dict())

    with pytest.raises(Diverged) as caught:
        train()
    error = caught.value
    assert error.step.number == training.steps + 1 == len(training.losses) + 1
    assert not math.isfinite(error.loss)
    assert f"at step {error.step.number} (epoch {error.step.epoch})" in str(error)
    assert "learning_rate 10:" in str(error)
    assert "Try learning_rate 1," in str(error)
    assert_same(training.model.state_dict(), before)
    assert len(training.history) == error.step.epoch - 1


def test_the_history_before_a_divergence_stays():
    training = make()
    steps_of(training, 20)
    training.optimizer.param_groups[0]["lr"] = 1e20
    with pytest.raises(Diverged, match=r"learning_rate 1e\+20"):
        training.finish()
    assert len(training.history) == 1
    assert np.isfinite(training.history["train_loss"]).all()


def weights_of(training):
    """Return all parameters as one vector."""
    return nn.utils.parameters_to_vector(training.model.parameters()).detach()


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, GradientDescent])
def test_a_schedule_is_pytorchs_scheduler(device, optimizer):
    ours = make(device, optimizer=optimizer, schedule=schedules.cosine).finish()
    theirs = make(device, optimizer=optimizer)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        theirs.optimizer, lambda k: schedules.cosine(k, theirs.total_steps)
    )
    for _ in theirs:
        scheduler.step()
    assert torch.equal(weights_of(ours), weights_of(theirs))
    plain = make(device, optimizer=optimizer).finish()
    assert not torch.equal(weights_of(ours), weights_of(plain))


def test_a_schedule_goes_on_where_a_checkpoint_left_it(tmp_path):
    whole = make(schedule=schedules.one_cycle).finish()
    half = make(schedule=schedules.one_cycle)
    for step in half:
        if step.number == 17:
            break
    resumed = make(schedule=schedules.one_cycle).load(half.save(tmp_path / "half"))
    assert torch.equal(weights_of(resumed.finish()), weights_of(whole))


def test_learning_rate_range_test_ignores_the_schedule():
    plain, _ = make().learning_rate_range_test(low=1e-3)
    scheduled, _ = make(schedule=lambda step, steps: 0.0).learning_rate_range_test(
        low=1e-3
    )
    pd.testing.assert_frame_equal(plain, scheduled)


@pytest.mark.parametrize("kind", ["tensors", "loader"])
def test_learning_rate_range_test_touches_nothing_and_suggests_well(device, kind):
    training = make(device, kind=kind, dropout=0.1, epochs=20)
    steps_of(training, 5)
    before = snapshot(training)
    accelerator = torch.cuda.get_rng_state() if device == "cuda" else None
    table, suggestion = training.learning_rate_range_test()
    assert_same(snapshot(training), before)
    if accelerator is not None:
        assert torch.equal(torch.cuda.get_rng_state(), accelerator)
    assert table.columns.tolist() == ["learning_rate", "loss"]
    assert table["learning_rate"].is_monotonic_increasing
    best = table["learning_rate"][table["loss"].idxmin()]
    assert best / 10 <= suggestion <= best
    untrained = training.losses[0]
    trained = make(device, learning_rate=suggestion, epochs=20).finish()
    assert trained.history["train_loss"].iloc[-1] < untrained / 20


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-1, 1), (1, 1), (2, 1), (1e-6, math.inf), (math.nan, 1)]
)
def test_learning_rate_range_test_refuses_a_bad_range(low, high):
    with pytest.raises(ValueError, match=f"got {low}, {high}"):
        make().learning_rate_range_test(low, high)


def test_learning_rate_range_test_refuses_bad_steps_and_a_start_that_diverges():
    with pytest.raises(ValueError, match="steps must be a whole number"):
        make().learning_rate_range_test(steps=0)
    X, y = houses()
    with pytest.raises(ValueError, match="at learning_rate 1e-06 diverged"):
        make(data=(X, y * 1e30)).learning_rate_range_test()


# -- data and settings that make no sense ----------------------------------------------


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("bad", [0, -1, 1.5, True, math.nan, math.inf, None, "3"])
def test_counts_must_be_whole_numbers(name, bad):
    with pytest.raises(ValueError, match=f"{name} must be a whole number .* {bad!r}"):
        make(**{name: bad})


def test_counts_may_be_numpy_integers():
    assert make(epochs=np.int64(2)).total_steps == 26


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match="batch_size 51 is larger than the 50"):
        make(batch_size=51)


def test_a_loader_without_a_batch_is_refused():
    loader = DataLoader(TensorDataset(*houses()), batch_size=51, drop_last=True)
    model = models.linear_regression(3)
    with pytest.raises(ValueError, match="no batches"):
        Training(model, mse, torch.optim.SGD(model.parameters()), loader)


@pytest.mark.parametrize("part", ["data", "validation"])
def test_lengths_must_agree(part):
    X, y = houses()
    with pytest.raises(ValueError, match="X has 50 rows and y has 49"):
        make(**{part: (X, y[:-1])})


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_not_finite_are_located(bad):
    X, y = houses()
    X[3, 1] = X[4, 1] = bad
    with pytest.raises(ValueError, match=r"train X holds 2 values .* \[1\]"):
        make(data=(X, y))
    table = pd.DataFrame(X, columns=["area", "rooms", "age"])
    with pytest.raises(ValueError, match=r"train X holds 2 values .* \['rooms'\]"):
        make(data=(table, y))
    with pytest.raises(ValueError, match=r"validation X holds 2 .* \['rooms'\]"):
        make(validation=(table, y))
    X, y = houses()
    y[0] = bad
    with pytest.raises(ValueError, match="train y holds 1 values that are NaN or inf"):
        make(data=(X, y))
    with pytest.raises(ValueError, match="train y holds 1 values"):
        make(data=(X, pd.Series(y, name="price")))


def test_columns_of_words_are_named():
    X, y = houses()
    table = pd.DataFrame(X, columns=["area", "rooms", "age"]).assign(heat="gas")
    with pytest.raises(ValueError, match=r"train X .* not numbers: \['heat'\]"):
        make(data=(table, y))


@pytest.mark.parametrize("part", ["data", "validation"])
def test_data_on_another_device_is_refused(part):
    X, y = houses()
    expected = r"X is on meta but the model is on cpu.*model\.to\('meta'\).*\.cpu\(\)"
    with pytest.raises(ValueError, match=expected):
        make(**{part: (X.to("meta"), y.to("meta"))})


def test_data_on_the_cpu_goes_to_the_model(device):
    training = make(device, validation=houses(20))
    assert {t.device.type for t in (*training.train, *training.validation)} == {device}


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.arange(3), torch.int64),
        (np.arange(3, dtype=np.uint8), torch.int64),
        (np.arange(3.0), torch.float32),
        (pd.Series([1.0, 2.0, 3.0]), torch.float32),
        (pd.Series([1, 2, 3]), torch.int64),
        (pd.DataFrame({"a": [1, 2, 3]}), torch.float32),
        (pd.DataFrame({"a": [True, False, True]}), torch.float32),
        (torch.zeros(3, dtype=torch.float64), torch.float64),
        ([1, 2, 3], torch.int64),
    ],
)
def test_as_tensors_keeps_whole_numbers_and_tensors(values, dtype):
    X, y = as_tensors((values, values), torch.device("cpu"))
    assert X.dtype == y.dtype == dtype
    expected = np.asarray(values).astype(float)
    np.testing.assert_array_equal(X.numpy().astype(float), expected)


def test_as_tensors_copies_arrays():
    array = np.zeros((3, 1), np.float32)
    X, _ = as_tensors((array, np.zeros(3)), torch.device("cpu"))
    array += 1
    assert not X.any()


# -- evaluate --------------------------------------------------------------------------


def test_evaluate_switches_dropout_off_and_the_mode_back(device):
    training = make(device, dropout=0.9)
    data = houses(3000)  # more than one batch of evaluate
    for mode in (True, False):
        training.model.train(mode)
        first, second = (evaluate(training.model, mse, data) for _ in range(2))
        assert first == second
        assert training.model.training is mode
    X, y = (values.to(device) for values in data)
    expected = mse(training.model.eval()(X), y).item()
    assert first == {"loss": pytest.approx(expected)}


def test_evaluate_restores_the_mode_after_an_error():
    model = models.linear_regression(3)
    with pytest.raises(RuntimeError):
        evaluate(model, mse, (torch.zeros(5, 4), torch.zeros(5)))
    assert model.training


def test_metrics_of_infinite_predictions_are_nan():
    model = models.linear_regression(3)
    nn.init.constant_(model[0].weight, 1e38)
    X = torch.full((4, 3), 1e10)
    measured = evaluate(model, mse, (X, torch.zeros(4)), {"R²": r2_score})
    assert math.isnan(measured["R²"])
    assert not math.isfinite(measured["loss"])


def test_training_takes_a_model_out_of_evaluation_mode():
    modes = []
    training = make(epochs=1)
    training.model.register_forward_hook(lambda m, *_: modes.append(m.training))
    for _ in training:
        training.model.eval()
    assert modes == [True] * 13


# -- modes and memory ------------------------------------------------------------------


def frozen_network():
    """Return a network whose BatchNorm layer its owner has frozen, and data for it."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
    model[1].eval()
    X = torch.randn(256, 3) + 5
    return model, (X, X.sum(1, keepdim=True))


@pytest.mark.parametrize("validate", [False, True])
def test_a_frozen_layer_stays_frozen(validate):
    model, data = frozen_network()
    before = model[1].running_mean.clone()
    training = Training(
        model,
        mse,
        torch.optim.SGD(model.parameters(), lr=1e-3),
        train=data,
        validation=data if validate else None,
        epochs=3,
    )
    training.finish()
    assert torch.equal(model[1].running_mean, before)
    assert [layer.training for layer in model] == [True, False, True]
    evaluate(model, mse, data)
    assert [layer.training for layer in model] == [True, False, True]


def test_a_frozen_layer_stays_frozen_where_the_loop_measures_by_itself():
    model, data = frozen_network()
    before = model[1].running_mean.clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for _ in Training(model, mse, optimizer, train=data, epochs=2):
        model.eval()
    assert torch.equal(model[1].running_mean, before)


def test_only_the_head_may_be_in_training_mode():
    model, data = frozen_network()
    model.eval()
    model[2].train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    Training(model, mse, optimizer, train=data, validation=data).finish()
    assert [layer.training for layer in model] == [False, False, True]
    assert not model.training


def test_a_model_left_in_evaluation_mode_is_trained_in_training_mode():
    model, data = frozen_network()
    model.eval()
    Training(model, mse, torch.optim.SGD(model.parameters(), 1e-3), train=data).finish()
    assert all(layer.training for layer in model)


class Wide(nn.Module):
    """Return 20,000 logits a sample and count how many are alive at once."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.alive, self.most = weakref.WeakSet(), 0

    def forward(self, X):
        logits = (self.scale * X).expand(-1, 20_000).clone()
        self.alive.add(logits.untyped_storage())
        self.most = max(self.most, sum(s.nbytes() for s in self.alive) // 80_000)
        return logits


def test_predictions_are_kept_only_for_metrics_and_the_means_are_the_same():
    X = torch.linspace(-1, 1, 3000)[:, None]
    y = torch.zeros(3000, dtype=torch.long)
    right = {"accuracy": lambda logits, y: (logits.argmax(1) == y).float().mean()}
    model = Wide()
    measured = evaluate(model, nn.functional.cross_entropy, (X, y), batch_metrics=right)
    assert model.most <= 2 * 1024  # of 3,000: a batch, and the next one
    whole = nn.functional.cross_entropy(model(X), y)
    assert measured["loss"] == pytest.approx(whole.item(), rel=1e-6)
    kept = evaluate(
        model,
        nn.functional.cross_entropy,
        (X, y),
        {"accuracy": lambda y, logits: (logits.argmax(1) == y).mean()},
    )
    assert kept["accuracy"] == pytest.approx(measured["accuracy"])


def test_batch_metrics_stand_in_the_history():
    model, data = frozen_network()
    training = Training(
        model,
        mse,
        torch.optim.SGD(model.parameters(), lr=1e-3),
        train=data,
        validation=data,
        batch_metrics={"error": lambda p, y: (p - y).abs().mean()},
    ).finish()
    expected = (model.eval()(data[0]) - data[1]).abs().mean().item()
    assert training.history.error.iloc[-1] == pytest.approx(expected, rel=1e-5)


# -- messages that are ours ------------------------------------------------------------


def linear(inputs=3):
    return nn.Sequential(nn.Linear(inputs, 1), nn.Flatten(0))


def train(model, data, optimizer=None, **options):
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=1e-3)
    return Training(model, mse, optimizer, data, **options).finish()


def test_a_bad_batch_is_blamed_and_not_the_learning_rate():
    X, y = houses()
    X[7, 1] = math.nan
    loader = DataLoader(TensorDataset(X, y), batch_size=50)
    with pytest.raises(Diverged, match="X of this batch holds 1 values") as seen:
        train(linear(), loader)
    assert "too long" not in str(seen.value)
    X, y = houses()
    y[3] = math.inf
    with pytest.raises(Diverged, match="y of this batch holds 1 values"):
        train(linear(), DataLoader(TensorDataset(X, y), batch_size=50))


def test_before_the_first_update_the_learning_rate_is_not_blamed():
    def logarithm_of_zero(predictions, targets):
        return (0 * predictions).log().mean()

    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    training = Training(model, logarithm_of_zero, optimizer, houses())
    with pytest.raises(Diverged, match="nothing has been updated yet"):
        training.finish()


def test_batchnorm_is_told_of_a_last_batch_of_one():
    model = nn.Sequential(nn.BatchNorm1d(3), linear())
    with pytest.raises(ValueError, match="leave a last batch of one"):
        train(model, houses(33))
    train(model, houses(33), batch_size=33)
    model[0].eval()  # frozen, it needs no spread
    train(model, houses(33))


def test_optimizers_that_cannot_train_the_model_are_refused():
    old, model = linear(), linear()
    with pytest.raises(ValueError, match="parameters of another model"):
        train(model, houses(), torch.optim.SGD(old.parameters(), lr=0.1))
    with pytest.raises(ValueError, match="LBFGS computes the loss several times"):
        train(model, houses(), torch.optim.LBFGS(model.parameters()))
    with pytest.raises(ValueError, match="the model has no parameters"):
        train(nn.ReLU(), houses(), torch.optim.SGD(old.parameters(), lr=0.1))


def test_whole_numbers_for_a_model_that_multiplies_are_told_what_to_do():
    X, y = houses()
    with pytest.raises(ValueError, match=r"train X holds whole numbers .*X\.float\(\)"):
        train(linear(), (X.long(), y))


def test_a_loader_of_dicts_is_refused():
    X, y = houses()
    loader = DataLoader([{"x": a, "label": b} for a, b in zip(X, y, strict=True)])
    with pytest.raises(ValueError, match="each batch of the DataLoader must be a pair"):
        train(linear(), loader)


# -- the range test --------------------------------------------------------------------


def one_in_eight_far_off(batch_size, seed, shift=0.0):
    """Return a training of a line on targets of 1, every eighth of them 10."""
    generator = torch.Generator().manual_seed(seed)
    X, y = torch.randn(512, 3, generator=generator), torch.ones(512)
    y[::8] = 10
    torch.manual_seed(seed)
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def loss(predictions, targets):
        return mse(predictions, targets) - shift

    return Training(
        model, loss, optimizer, (X, y), batch_size=batch_size, epochs=3, seed=seed
    )


def test_noise_does_not_decide_the_range_test():
    suggestions = {
        batch_size: [
            one_in_eight_far_off(batch_size, seed).learning_rate_range_test()[1]
            for seed in range(20)
        ]
        for batch_size in (1, 4, 512)
    }
    # The smaller the batches, the more a long step disturbs: no seed is far off.
    assert all(0.2 < suggestion < 1 for suggestion in suggestions[512])
    assert all(0.003 < suggestion < 0.2 for suggestion in suggestions[4])
    assert all(0.001 < suggestion < 0.2 for suggestion in suggestions[1])


def test_the_range_test_does_not_depend_on_the_zero_of_the_loss():
    plain, shifted = (
        one_in_eight_far_off(32, seed=0, shift=shift).learning_rate_range_test()
        for shift in (0.0, 100.0)
    )
    assert plain[1] == shifted[1]
    assert len(plain[0]) == len(shifted[0])


def test_the_range_test_of_a_loss_that_only_rises_suggests_less_than_its_range():
    training = one_in_eight_far_off(32, seed=0)
    table, suggestion = training.learning_rate_range_test(low=5.0, high=10.0)
    assert suggestion == pytest.approx(0.5, rel=0.2)
    assert len(table) >= 1
