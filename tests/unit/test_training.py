import copy
import math

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from trainings import assert_same, houses, linear, make, snapshot, steps_of, weights_of

from bigmodel_lab import Diverged, Training, evaluate, models
from bigmodel_lab.checks import as_tensors
from bigmodel_lab.from_scratch import schedules
from bigmodel_lab.from_scratch.losses import mse
from bigmodel_lab.from_scratch.optimizers import GradientDescent

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
    X, y = training.train_data
    expected = mse(training.model(X), y).item()
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
    assert training.steps_done == left_at
    training.finish()
    assert_same(snapshot(training)["model"], expected["model"])
    assert training.losses == straight.losses
    assert len(training.history) == 3
    assert list(training) == []


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
    assert len(training.losses) == training.steps_done
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
    assert error.step.number == training.steps_done + 1 == len(training.losses) + 1
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


# -- data and settings that make no sense ----------------------------------------------


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("bad", [0, -1, 1.5, True, math.nan, math.inf, None, "3"])
def test_counts_must_be_whole_numbers(name, bad):
    with pytest.raises(ValueError, match=f"{name} must be an integer .* {bad!r}"):
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
    assert {t.device.type for t in (*training.train_data, *training.validation)} == {
        device
    }


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
    with pytest.raises(ValueError, match=r"train X holds integers .*X\.float\(\)"):
        train(linear(), (X.long(), y))


def test_a_loader_of_dicts_is_refused():
    X, y = houses()
    loader = DataLoader([{"x": a, "label": b} for a, b in zip(X, y, strict=True)])
    with pytest.raises(ValueError, match="each batch of the DataLoader must be a pair"):
        train(linear(), loader)


# -- the range test --------------------------------------------------------------------


# -- length in steps, clipping, accumulation, the update -------------------------------


def test_a_length_in_steps_ends_within_an_epoch(device):
    training = make(device, steps=20, validation=houses(20, seed=1))
    assert len(list(training)) == training.steps_done == training.total_steps == 20
    assert training.epochs == 2
    history = training.history
    assert history.columns[0] == "step"
    assert history["step"].tolist() == [13, 20]  # an epoch, and the rest
    assert history["train_loss"].tolist() == pytest.approx(
        [np.mean(training.losses[:13]), np.mean(training.losses[13:])]
    )


def test_the_steps_are_those_of_a_training_in_epochs():
    assert make(steps=39).finish().losses == make(epochs=3).finish().losses


@pytest.mark.parametrize(("steps", "rows"), [(20, [6, 12, 18, 20]), (12, [6, 12])])
def test_rows_stand_where_they_are_asked_for(steps, rows):
    training = make(steps=steps, measure_every=6).finish()
    assert training.history["step"].tolist() == rows
    assert training.finish().history["step"].tolist() == rows  # nothing is added


def test_rows_go_on_after_a_checkpoint(tmp_path):
    whole = make(steps=20, measure_every=6).finish()
    half = make(steps=20, measure_every=6)
    steps_of(half, 8)
    resumed = make(steps=20, measure_every=6).load(half.save(tmp_path / "half"))
    columns = ["step", "train_loss"]
    assert resumed.finish().history[columns].equals(whole.history[columns])
    with pytest.raises(ValueError, match="is not a checkpoint of this training"):
        make(steps=20).load(tmp_path / "half")


def test_a_long_gradient_is_shortened(device):
    X, y = houses(50)
    clipped = make(device, (X, 100 * y), max_gradient_norm=0.5, steps=1, batch_size=50)
    start = weights_of(clipped)
    clipped.finish()
    moved = (weights_of(clipped) - start).norm().item()
    assert moved == pytest.approx(0.05 * 0.5, rel=1e-4)  # learning_rate times the norm
    untouched = make(device, max_gradient_norm=1e9, steps=20).finish()
    assert untouched.losses == make(device, steps=20).finish().losses


@pytest.mark.parametrize("kind", ["tensors", "loader"])
@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_parts_of_a_batch_add_up_to_its_gradient(device, kind, size):
    whole = make(device, kind=kind).finish()
    parts = make(device, kind=kind, micro_batch_size=size).finish()
    assert parts.losses == pytest.approx(whole.losses, rel=1e-4)
    torch.testing.assert_close(weights_of(parts), weights_of(whole))


def test_parts_are_all_that_the_model_sees_at_once():
    training, sizes = make(batch_size=8, micro_batch_size=3), set()
    training.model.register_forward_hook(lambda _, X, __: sizes.add(len(X[0])))
    training.finish()
    assert sizes == {3, 2}  # 8 = 3 + 3 + 2, and the last batch of 2


def test_validation_goes_through_the_model_in_small_batches():
    sizes = []
    model = nn.Linear(1, 1)
    model.register_forward_hook(lambda _, inputs, __: sizes.append(len(inputs[0])))
    X = torch.ones(10, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    options = {"batch_size": 10, "measure_batch_size": 4}
    Training(
        model, nn.functional.mse_loss, optimizer, (X, X), (X, X), **options
    ).finish()
    assert sizes == [10, 4, 4, 2]


@pytest.mark.parametrize(
    "name", ["steps", "measure_every", "micro_batch_size", "measure_batch_size"]
)
@pytest.mark.parametrize("bad", [0, -1, 1.5, True, math.nan, "3"])
def test_optional_counts_must_be_whole_numbers(name, bad):
    with pytest.raises(ValueError, match=f"^{name} must be an integer of at least"):
        make(**{name: bad})


@pytest.mark.parametrize("bad", [0, -1.0, math.nan, "1"])
def test_a_norm_to_clip_to_must_be_above_zero(bad):
    with pytest.raises(ValueError, match="max_gradient_norm must be a number above 0"):
        make(max_gradient_norm=bad)


class SignDescent(Training):
    """Follows only the signs of the gradient: an update of somebody's own."""

    def update(self, X, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(X), y)
        loss.backward()
        for parameter in self.model.parameters():
            parameter.grad.sign_()
        self.optimizer.step()
        return loss.item()


def test_the_update_can_be_ones_own():
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    training = SignDescent(model, mse, optimizer, houses(50), steps=1)
    start = weights_of(training)
    training.finish()
    moved = (weights_of(training) - start).abs()
    torch.testing.assert_close(moved, torch.full_like(moved, 0.01))
    assert training.steps_done == len(training.losses) == 1


def test_an_update_of_ones_own_cannot_hide_a_loss_that_is_not_finite():
    class Broken(SignDescent):
        def update(self, X, y):
            return super().update(X, y) * math.nan

    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with pytest.raises(Diverged, match="step 1"):
        Broken(model, mse, optimizer, houses(50)).finish()
