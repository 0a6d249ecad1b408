"""Training as an iterator over steps: the loop of every chapter, written once."""

import copy
import inspect
import math
import os
import time
from contextlib import contextmanager
from itertools import islice
from numbers import Real
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

from bigmodel_lab.tensors import as_tensors, device_of, pair


class Diverged(ArithmeticError):
    """The loss became infinite or NaN; the parameters are those before that step."""

    def __init__(self, step, learning_rate, loss, X, y):
        super().__init__(
            f"The loss became {loss} at step {step.number} (epoch {step.epoch}) with "
            f"learning_rate {learning_rate:g}: {_reason(step, learning_rate, X, y)}"
        )
        self.step, self.learning_rate, self.loss = step, learning_rate, loss


def _reason(step, learning_rate, X, y):
    """Say why a loss is not finite: the batch, the model or loss, the learning rate."""
    for name, values in (("X", X), ("y", y)):
        if bad := int((~values.isfinite()).sum()):
            return (
                f"{name} of this batch holds {bad} values that are NaN or infinite. "
                f"Fill or drop them before training."
            )
    if step.number == 1:
        return (
            "nothing has been updated yet, and X and y are finite. Look at the loss "
            "(the logarithm of 0?), at the model's first outputs and at the size of "
            "the numbers in X and y."
        )
    return (
        f"the steps are too long. Try learning_rate {learning_rate / 10:g}, or "
        f"standardize the inputs."
    )


class Step(NamedTuple):
    """One step of a training: its number and epoch (both from 1), the batch's loss."""

    number: int
    epoch: int
    loss: float


class Training:
    """Train `model` step by step; iterate to watch, leave the loop to stop.

        for step in training:      # a new loop goes on where the last one was left
            print(step.number, step.loss)

    Parameters
    ----------
    model : torch.nn.Module
        Trained in place, on the device it is on: `model.to(lab.best_device())`.
    loss : callable
        `loss(predictions, targets)` -> scalar tensor, a mean over the batch.
    optimizer : torch.optim.Optimizer
        Built on `model.parameters()`.
    train : (X, y) or torch.utils.data.DataLoader
        N samples as tensors, arrays or pandas objects, kept on the model's device and
        batched by index; or a loader of (X, y) batches.
    validation : (X, y), optional
        Measured after every epoch, never trained on.
    epochs, batch_size : int
        How often to go through the data, and how many samples a step sees.
    metrics : dict of callable, optional
        Name -> `metric(targets, predictions)` on NumPy arrays, scikit-learn's order,
        measured on the validation data.
    batch_metrics : dict of callable, optional
        Name -> `metric(predictions, targets)` on tensors, a mean over the batch as the
        loss is: for predictions too large to be kept, as a language model's logits.
    seed : int
        Fixes the order of the samples in every epoch.
    schedule : callable, optional
        `schedule(step, steps)` -> factor on the learning rate, as `schedules.cosine`;
        `step` counts from 0 to below `steps`, all that the training takes.

    Raises
    ------
    ValueError
        If the data holds NaN (the column is named), X and y differ in length, the
        batch is larger than the data, or epochs or batch_size is no whole number >= 1.
    Diverged
        While iterating, as soon as the loss is no finite number.
    """

    def __init__(
        self,
        model,
        loss,
        optimizer,
        train,
        validation=None,
        *,
        epochs=1,
        batch_size=32,
        metrics=None,
        batch_metrics=None,
        seed=0,
        schedule=None,
    ):
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.schedule = schedule
        _check_optimizer(optimizer, model)
        self.device = device_of(model)
        self.epochs = _whole("epochs", epochs)
        self.metrics, self.batch_metrics = metrics or {}, batch_metrics or {}
        self.seed = seed
        if isinstance(train, DataLoader):
            self.train, self.steps_per_epoch = train, len(train)
            self.batch_size = train.batch_size
            if not self.steps_per_epoch:
                raise ValueError("the DataLoader has no batches: lower its batch_size.")
        else:
            self.train = as_tensors(train, self.device, "train")
            self.batch_size = _whole("batch_size", batch_size)
            samples = len(self.train[0])
            _check_last_batch(model, samples, self.batch_size)
            if self.batch_size > samples:
                raise ValueError(
                    f"batch_size {batch_size} is larger than the {samples} training "
                    f"samples: use at most {samples}."
                )
            self.steps_per_epoch = math.ceil(samples / self.batch_size)
        self.validation = (
            None
            if validation is None
            else as_tensors(validation, self.device, "validation")
        )
        self.total_steps = self.epochs * self.steps_per_epoch
        self.steps, self.seconds, self.losses, self._rows = 0, 0.0, [], []

    def __iter__(self):
        """Take the steps that are left, one at a time."""
        # A layer that its owner put into evaluation mode alone, frozen, stays in it.
        layers = list(self.model.modules())
        self._trained = [layer for layer in layers if layer.training] or layers
        if len(self._rows) < self.steps // self.steps_per_epoch:
            self._end_epoch(time.perf_counter())  # interrupted while validating
        while self.steps < self.total_steps:
            for X, y in self._batches():
                yield self._step(X, y)

    def _batches(self):
        """Yield the rest of this epoch's batches; seed and epoch fix their order."""
        epoch, done = divmod(self.steps, self.steps_per_epoch)
        generator = torch.Generator().manual_seed(self.seed + 1_000_003 * epoch)
        if isinstance(self.train, DataLoader):
            self.train.generator = generator  # else it draws from the global one
            if hasattr(self.train.sampler, "generator"):
                self.train.sampler.generator = generator
            for batch in islice(self.train, done, None):
                X, y = pair(batch, "each batch of the DataLoader")
                yield X.to(self.device), y.to(self.device)
        else:
            X, y = self.train
            order = torch.randperm(len(X), generator=generator).to(self.device)  # (N,)
            for rows in order.split(self.batch_size)[done:]:  # (batch_size,)
                yield X[rows], y[rows]

    def _step(self, X, y):
        """Train on one batch and return the `Step`."""
        start = time.perf_counter()
        if not any(layer.training for layer in self.model.modules()):
            for layer in self._trained:  # somebody has measured, and left it so
                layer.training = True
        if self.schedule is not None:
            self._set_learning_rate(self.schedule(self.steps, self.total_steps))
        self.optimizer.zero_grad()
        loss = self.loss(self._predictions(X), y)
        step = Step(self.steps + 1, self.steps // self.steps_per_epoch + 1, loss.item())
        if not math.isfinite(step.loss):  # before the update: the parameters stay good
            rate = self.optimizer.param_groups[0]["lr"]
            raise Diverged(step, rate, step.loss, X, y)
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        self.losses.append(step.loss)
        if self.steps % self.steps_per_epoch == 0:
            self._end_epoch(start)
        self.seconds += time.perf_counter() - start
        return step

    def _predictions(self, X):
        """Return the model's predictions; say so if it cannot take whole numbers."""
        try:
            return self.model(X)
        except RuntimeError as error:
            if X.is_floating_point() or self.steps:
                raise
            raise ValueError(
                f"train X holds whole numbers ({X.dtype}), which this model cannot "
                f"take ({error}): give X.float(), or begin with nn.Embedding if they "
                f"are ids."
            ) from error

    def _set_learning_rate(self, factor):
        """Set the learning rate to `factor` times the one the optimizer began with."""
        for group in self.optimizer.param_groups:
            # "initial_lr" is PyTorch's name; a checkpoint keeps it.
            group["lr"] = factor * group.setdefault("initial_lr", group["lr"])

    def _end_epoch(self, start):
        """Add the epoch's row to the history."""
        mean_loss = sum(self.losses[-self.steps_per_epoch :]) / self.steps_per_epoch
        row = {"epoch": len(self._rows) + 1, "train_loss": mean_loss}
        if self.validation is not None:
            measured = _measure(
                self.model,
                self.loss,
                *self.validation,
                self.metrics,
                self.batch_metrics,
            )
            row["validation_loss"] = measured.pop("loss")
            row |= measured
        row["seconds"] = self.seconds + time.perf_counter() - start
        self._rows.append(row)

    def finish(self):
        """Take all the steps that are left, with a progress bar; return the training.

        A bar appears only when there is something to wait for. Interrupting is safe:
        model and history stay, and `finish()` goes on where it was.
        """
        from bigmodel_lab.progress import progress_bar

        with progress_bar(
            total=self.total_steps,
            initial=self.steps,
            unit="step",
            delay=0.5,
            disable="TQDM_DISABLE" in os.environ,  # tqdm's notebook bar forgets to ask
        ) as bar:
            for _ in self:
                bar.update()
        return self

    @property
    def history(self):
        """One row an epoch: epoch, train_loss, validation_loss, metrics, seconds.

        `train_loss` is the mean over the epoch's steps, taken while the model was
        still learning; `seconds` is the training time so far, validation included.
        """
        columns = ["epoch", "train_loss"]
        if self.validation is not None:
            columns += ["validation_loss", *self.batch_metrics, *self.metrics]
        return pd.DataFrame(self._rows, columns=[*columns, "seconds"])

    def learning_rate_range_test(self, low=1e-6, high=10.0, steps=100):
        """Train a copy with a growing learning rate and see where the loss turns.

        The model itself is not touched. After every step the loss is measured on the
        same samples, 1,000 or a few more: single batches would tell their own noise.
        Smith (2017), "Cyclical learning rates for training neural networks".

        Returns
        -------
        table : pandas.DataFrame
            Columns learning_rate and loss, as long as the loss is finite.
        suggestion : float
            A tenth of the last learning rate at which the loss was near its lowest:
            above that by at most a tenth of what it had fallen.
        """
        if not 0 < low < high < math.inf:
            raise ValueError(f"low must be above 0 and below high, got {low}, {high}.")
        steps = _whole("steps", steps)
        probe = copy.copy(self)
        probe.model, probe.optimizer = copy.deepcopy((self.model, self.optimizer))
        probe.steps, probe.losses, probe._rows = 0, [], []
        probe.validation, probe.schedule, probe.total_steps = None, None, steps
        losses, steps_taken = [], iter(probe)
        learning_rates = np.geomspace(low, high, steps)
        accelerators = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(accelerators):  # dropout draws random numbers too
            samples = probe._samples(1000)
            start = _measure(probe.model, self.loss, *samples)["loss"]
            for learning_rate in learning_rates:
                for group in probe.optimizer.param_groups:
                    group["lr"] = learning_rate
                try:
                    next(steps_taken)
                except Diverged:
                    break
                loss = _measure(probe.model, self.loss, *samples)["loss"]
                if not math.isfinite(loss):
                    break
                losses.append(loss)
        if not losses:
            raise ValueError(
                f"The first step at learning_rate {low} diverged: lower it."
            )
        loss, lowest = np.array(losses), int(np.argmin(losses))
        fall = max(start - loss[lowest], 0)
        left = np.flatnonzero(loss[lowest:] > loss[lowest] + 0.1 * fall)
        edge = lowest + left[0] - 1 if len(left) else len(loss) - 1
        table = {"learning_rate": learning_rates[: len(loss)], "loss": loss}
        return pd.DataFrame(table), float(learning_rates[max(edge, lowest)] / 10)

    def _samples(self, least):
        """Return the X and y of the first batches, `least` samples if there are."""
        batches, count = [], 0
        for X, y in self._batches():
            batches.append((X, y))
            count += len(X)
            if count >= least:
                break
        return tuple(torch.cat(part) for part in zip(*batches, strict=True))

    def _settings(self):
        """Return what must be the same for a checkpoint to make sense."""
        return {
            "optimizer": type(self.optimizer).__name__,
            "seed": self.seed,
            "batch_size": self.batch_size,
            "steps an epoch": self.steps_per_epoch,
        }

    def save(self, path):
        """Write a checkpoint from which `load` goes on bit for bit; return its path."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "settings": self._settings(),
            "progress": (self.steps, self.seconds, self.losses, self._rows),
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["cuda_random"] = torch.cuda.get_rng_state(self.device)
        half = Path(f"{path}.part")
        try:
            torch.save(state, half)
            os.replace(half, path)  # whole or not at all
        finally:
            half.unlink(missing_ok=True)
        return Path(path)

    def load(self, path):
        """Go back to the checkpoint at `path`; return the training.

        Raises
        ------
        ValueError
            If the file is missing, damaged, of another model or of a training with
            another optimizer, seed, batch size or data length; nothing is changed.
        """
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            if state["settings"] != self._settings():
                raise ValueError(f"it has {state['settings']}, not {self._settings()}")
            model, optimizer = copy.deepcopy((self.model, self.optimizer))
            model.load_state_dict(state["model"])  # on copies first: all or nothing
            optimizer.load_state_dict(state["optimizer"])
            steps, seconds, losses, rows = state["progress"]
            random = state["random"].cpu()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise ValueError(
                f"{path} is no checkpoint of this training ({reason}): give the path "
                f"that its save() returned."
            ) from error
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps, self.seconds, self.losses, self._rows = steps, seconds, losses, rows
        torch.set_rng_state(random)
        if "cuda_random" in state and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_random"].cpu(), self.device)
        return self


@contextmanager
def evaluating(model):
    """Put a model into evaluation mode for a while; each layer gets its mode back."""
    training = [layer for layer in model.modules() if layer.training]
    model.eval()
    try:
        yield
    finally:
        for layer in training:
            layer.training = True


def evaluate(model, loss, data, metrics=None, batch_metrics=None, batch_size=1024):
    """Measure `model` on data = (X, y): a dict of "loss" and every metric, floats.

    The model is put into evaluation mode for it (no dropout), and each layer back into
    its own mode afterwards. Predictions are kept only for `metrics` (see `Training`).
    A metric of predictions that are not finite is NaN.
    """
    X, y = as_tensors(data, device_of(model), "data")
    return _measure(model, loss, X, y, metrics, batch_metrics, batch_size)


@torch.inference_mode()
def _measure(model, loss, X, y, metrics=None, batch_metrics=None, batch_size=1024):
    """Do what `evaluate` says, on tensors that are checked already."""
    means = {"loss": loss, **(batch_metrics or {})}  # each a mean over a batch
    sums, predicted = dict.fromkeys(means, 0.0), []
    with evaluating(model):
        for inputs, targets in zip(
            X.split(batch_size), y.split(batch_size), strict=True
        ):
            predictions = model(inputs)
            for name, mean in means.items():
                sums[name] += len(inputs) * float(mean(predictions, targets))
            if metrics:
                predicted.append(predictions.cpu())
    measured = {name: total / len(X) for name, total in sums.items()}
    if metrics:
        predictions, targets = torch.cat(predicted).double().numpy(), y.cpu().numpy()
        finite = np.isfinite(predictions).all()
        for name, metric in metrics.items():
            measured[name] = float(metric(targets, predictions)) if finite else math.nan
    return measured


def _check_optimizer(optimizer, model):
    """Raise ValueError if the optimizer cannot train the model."""
    weights = set(model.parameters())
    if not weights:
        raise ValueError("the model has no parameters: there is nothing to train.")
    trained = {p for group in optimizer.param_groups for p in group["params"]}
    if not trained & weights:
        raise ValueError(
            "the optimizer holds parameters of another model, as when the model's cell "
            "was run again: build the optimizer on this model.parameters()."
        )
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise ValueError(
            f"{type(optimizer).__name__} computes the loss several times a step: use "
            f"an optimizer that computes it once, such as torch.optim.SGD or Adam."
        )


def _check_last_batch(model, samples, batch_size):
    """Raise ValueError if BatchNorm would have to normalize a single sample."""
    normalizes = any(
        isinstance(layer, _BatchNorm) and layer.training for layer in model.modules()
    )
    if normalizes and samples > 1 and samples % batch_size == 1:
        raise ValueError(
            f"{samples} samples in batches of {batch_size} leave a last batch of one, "
            f"of which BatchNorm knows no spread: use batch_size {batch_size + 1}."
        )


def _whole(name, value):
    """Return `value` as an int if it is a whole number of at least 1."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or value % 1 or value < 1:  # NaN and infinity have no remainder 0
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")
    return int(value)
