"""Training as an iterator over steps: the loop of every chapter, written once."""

import copy
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
from torch.utils.data import DataLoader


class Diverged(ArithmeticError):
    """The loss became infinite or NaN; the parameters are those before that step."""

    def __init__(self, step, learning_rate, loss):
        super().__init__(
            f"The loss became {loss} at step {step.number} (epoch {step.epoch}) with "
            f"learning_rate {learning_rate:g}: the steps are too long. Try "
            f"learning_rate {learning_rate / 10:g}, or standardize the inputs."
        )
        self.step, self.learning_rate, self.loss = step, learning_rate, loss


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
        self.device = next(model.parameters()).device
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
            for X, y in islice(self.train, done, None):
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
        loss = self.loss(self.model(X), y)
        step = Step(self.steps + 1, self.steps // self.steps_per_epoch + 1, loss.item())
        if not math.isfinite(step.loss):  # before the update: the parameters stay good
            raise Diverged(step, self.optimizer.param_groups[0]["lr"], step.loss)
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        self.losses.append(step.loss)
        if self.steps % self.steps_per_epoch == 0:
            self._end_epoch(start)
        self.seconds += time.perf_counter() - start
        return step

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
        from tqdm.auto import tqdm

        with tqdm(
            total=self.total_steps,
            initial=self.steps,
            unit="step",
            delay=0.5,
            leave=False,
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

    def lr_range_test(self, low=1e-6, high=10.0, steps=100):
        """Train a copy with a growing learning rate and see where the loss turns.

        The model itself is not touched. Smith (2017), "Cyclical learning rates".

        Returns
        -------
        table : pandas.DataFrame
            Columns learning_rate and loss (smoothed), up to where the loss exploded.
        suggestion : float
            A tenth of the learning rate at which the smoothed loss was lowest.
        """
        if not 0 < low < high < math.inf:
            raise ValueError(f"low must be above 0 and below high, got {low}, {high}.")
        steps = _whole("steps", steps)
        probe = copy.copy(self)
        probe.model, probe.optimizer = copy.deepcopy((self.model, self.optimizer))
        probe.steps, probe.losses, probe._rows = 0, [], []
        probe.validation, probe.schedule, probe.total_steps = None, None, steps
        rows, smooth, steps_taken = [], 0.0, iter(probe)
        accelerators = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(accelerators):  # dropout draws random numbers too
            for k, learning_rate in enumerate(np.geomspace(low, high, steps), 1):
                for group in probe.optimizer.param_groups:
                    group["lr"] = learning_rate
                try:
                    loss = next(steps_taken).loss
                except Diverged:
                    break
                smooth = 0.9 * smooth + 0.1 * loss
                rows.append((learning_rate, smooth / (1 - 0.9**k)))  # unbiased
                if rows[-1][1] > 4 * min(loss for _, loss in rows):
                    break
        if not rows:
            raise ValueError(
                f"The first step at learning_rate {low} diverged: lower it."
            )
        table = pd.DataFrame(rows, columns=["learning_rate", "loss"])
        return table, float(table.learning_rate[table.loss.idxmin()] / 10)

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
    X, y = as_tensors(data, next(model.parameters()).device, "data")
    return _measure(model, loss, X, y, metrics or {}, batch_metrics or {}, batch_size)


@torch.inference_mode()
def _measure(model, loss, X, y, metrics, batch_metrics, batch_size=1024):
    """Do what `evaluate` says, on tensors that are checked already."""
    means = {"loss": loss, **batch_metrics}  # each a mean over a batch
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


def as_tensors(data, device, name="data"):
    """Return (X, y) as tensors on `device`, checked.

    Data frames and floating-point arrays become float32, whole numbers stay as they
    are (class labels, token ids), and so do tensors.

    Raises
    ------
    ValueError
        If X or y is not numeric or not finite (columns are named), or their lengths
        differ, or they lie on another accelerator than `device`.
    """
    X, y = (
        _as_tensor(values, device, f"{name} {part}")
        for values, part in zip(data, "Xy", strict=True)
    )
    if len(X) != len(y):
        raise ValueError(
            f"{name} X has {len(X)} rows and y has {len(y)}: give one target a row."
        )
    return X, y


def _as_tensor(values, device, name):
    """Return one array as a finite tensor on `device`."""
    columns = list(values.columns) if isinstance(values, pd.DataFrame) else None
    if not isinstance(values, torch.Tensor):
        if columns is not None:
            words = [c for c in columns if not pd.api.types.is_numeric_dtype(values[c])]
            if words:
                raise ValueError(
                    f"{name} holds columns that are not numbers: {words}; encode them, "
                    f"for example with pandas.get_dummies, or leave them out."
                )
        array = np.array(values)  # a copy: tensors on the CPU would share the memory
        whole = array.dtype.kind in "iu" and columns is None
        kind = torch.int64 if whole else torch.float32
        values = torch.as_tensor(
            array.astype(float) if kind.is_floating_point else array
        )
        values = values.to(kind)
    if values.device.type != "cpu" and values.device != device:
        raise ValueError(
            f"{name} is on {values.device} but the model is on {device}: move the "
            f"model with model.to('{values.device}') or the data with .cpu()."
        )
    if values.is_floating_point() and not values.isfinite().all():
        bad = (~values.isfinite()).reshape(len(values), -1)  # (N, features)
        where = bad.any(0).nonzero().flatten().tolist()
        names = [columns[k] for k in where] if columns else where
        raise ValueError(
            f"{name} holds {int(bad.sum())} values that are NaN or infinite"
            + (f", in column(s) {names}" if values.dim() > 1 else "")
            + ": fill or drop them before training."
        )
    return values.to(device)


def _whole(name, value):
    """Return `value` as an int if it is a whole number of at least 1."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or value % 1 or value < 1:  # NaN and infinity have no remainder 0
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")
    return int(value)
