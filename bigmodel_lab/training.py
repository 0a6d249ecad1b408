"""Training as an iterator over steps: the loop of every chapter, written once."""

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader

from bigmodel_lab import checkpoints
from bigmodel_lab.checks import (
    as_tensors,
    check_batches,
    check_optimizer,
    device_of,
    pair,
    positive,
    whole,
)
from bigmodel_lab.measuring import measure


class Step(NamedTuple):
    """One step of a training: its number and epoch (both from 1), the batch's loss."""

    number: int
    epoch: int
    loss: float


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


class Training:
    """Train `model` step by step; iterate to watch, leave the loop to stop.

        for step in training:      # a new loop continues where the last one was left
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
        How many times to go through the data, and how many samples each step sees.
    steps : int, optional
        How many steps to take, instead of `epochs`.
    measure_every : int, optional
        After how many steps to add a row to the history; by default, after an epoch.
    max_gradient_norm : float, optional
        A longer gradient is shortened to this norm (clipping; Pascanu et al. 2013).
    micro_batch_size : int, optional
        How many samples of a batch go through the model at once, their gradients added
        up (accumulation), so that large batches fit into memory.
    metrics : dict of callable, optional
        Name -> `metric(targets, predictions)` on the validation data, NumPy arrays.
    batch_metrics : dict of callable, optional
        Name -> `metric(predictions, targets)` on tensors, a mean over the batch like
        the loss: for predictions too large to keep, such as a language model's logits.
    measure_batch_size : int
        How many validation samples go through the model at once.
    seed : int
        Fixes the order of the samples in every epoch.
    schedule : callable, optional
        `schedule(step, steps)` -> factor on the learning rate, like `schedules.cosine`;
        `step` counts from 0, `steps` is the training's total.

    Raises
    ------
    ValueError
        If the data hold NaN (the column is named), X and y differ in length, the batch
        is larger than the data, or a count is not an integer >= 1.
    Diverged
        While iterating, as soon as the loss is not finite.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[Any, Any], torch.Tensor],
        optimizer: torch.optim.Optimizer,
        train: Any,
        validation: Any = None,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        steps: int | None = None,
        measure_every: int | None = None,
        max_gradient_norm: float | None = None,
        micro_batch_size: int | None = None,
        metrics: Mapping[str, Callable] | None = None,
        batch_metrics: Mapping[str, Callable] | None = None,
        measure_batch_size: int = 1024,
        seed: int = 0,
        schedule: Callable[[int, int], float] | None = None,
    ):
        check_optimizer(optimizer, model)
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.device = device_of(model)
        self.metrics, self.batch_metrics = metrics or {}, batch_metrics or {}
        self.seed, self.schedule = seed, schedule
        self._take_data(train, validation, batch_size)
        self.total_steps = whole("epochs", epochs) * self.steps_per_epoch
        if steps is not None:
            self.total_steps = whole("steps", steps)
        self.measure_every = self.steps_per_epoch
        if measure_every is not None:
            self.measure_every = whole("measure_every", measure_every)
        self._in_epochs = steps is None and measure_every is None
        self.max_gradient_norm, self.micro_batch_size = max_gradient_norm, None
        if max_gradient_norm is not None:
            positive("max_gradient_norm", max_gradient_norm)
        if micro_batch_size is not None:
            self.micro_batch_size = whole("micro_batch_size", micro_batch_size)
        self.measure_batch_size = whole("measure_batch_size", measure_batch_size)
        self.steps_done, self.seconds, self.losses, self.rows = 0, 0.0, [], []

    def _take_data(self, train, validation, batch_size):
        """Keep the data as checked tensors, or the loader; count an epoch's steps."""
        if isinstance(train, DataLoader):
            self.train_data, self.steps_per_epoch = train, len(train)
            self.batch_size = train.batch_size
            if not self.steps_per_epoch:
                raise ValueError("the DataLoader has no batches: lower its batch_size.")
        else:
            self.train_data = as_tensors(train, self.device, "train")
            self.batch_size = whole("batch_size", batch_size)
            samples = len(self.train_data[0])
            check_batches(self.model, samples, self.batch_size)
            self.steps_per_epoch = math.ceil(samples / self.batch_size)
        self.validation = validation
        if validation is not None:
            self.validation = as_tensors(validation, self.device, "validation")

    @property
    def epochs(self) -> int:
        """How many epochs the steps make; the last one may be incomplete."""
        return math.ceil(self.total_steps / self.steps_per_epoch)

    # -- the loop ------------------------------------------------------------------

    def __iter__(self) -> Iterator[Step]:
        """Take the steps that are left, one at a time."""
        # A layer that was put into evaluation mode by itself (frozen) stays in it.
        layers = list(self.model.modules())
        self._trained = [layer for layer in layers if layer.training] or layers
        if self._row_is_due():
            self._add_row(time.perf_counter())  # interrupted while validating
        while self.steps_done < self.total_steps:
            left = self.total_steps - self.steps_done
            for X, y in islice(self.batches(), left):
                yield self._step(X, y)

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the rest of this epoch's batches; seed and epoch fix their order."""
        epoch, done = divmod(self.steps_done, self.steps_per_epoch)
        generator = torch.Generator().manual_seed(self.seed + 1_000_003 * epoch)
        if isinstance(self.train_data, DataLoader):
            self.train_data.generator = generator  # else it draws from the global one
            if hasattr(self.train_data.sampler, "generator"):
                self.train_data.sampler.generator = generator
            for batch in islice(self.train_data, done, None):
                X, y = pair(batch, "each batch of the DataLoader")
                yield X.to(self.device), y.to(self.device)
        else:
            X, y = self.train_data
            order = torch.randperm(len(X), generator=generator).to(self.device)  # (N,)
            for rows in order.split(self.batch_size)[done:]:  # (batch_size,)
                yield X[rows], y[rows]

    def _step(self, X, y):
        """Train on one batch and return the `Step`."""
        start = time.perf_counter()
        if not any(layer.training for layer in self.model.modules()):
            for layer in self._trained:  # the loop's body called model.eval()
                layer.training = True
        if self.schedule is not None:
            factor = self.schedule(self.steps_done, self.total_steps)
            for group in self.optimizer.param_groups:
                # "initial_lr" is PyTorch's name; a checkpoint keeps it.
                group["lr"] = factor * group.setdefault("initial_lr", group["lr"])
        loss = self.update(X, y)
        step = self._check_loss(loss, X, y)
        self.steps_done += 1
        self.losses.append(loss)
        if self._row_is_due():
            self._add_row(start)
        self.seconds += time.perf_counter() - start
        return step

    def update(self, X: torch.Tensor, y: torch.Tensor) -> float:
        """Take one step of the optimizer on a batch and return the loss before it.

        The one place to override for gradients made in another way: summed over
        machines, clipped for each sample, or from a loss with more than one part.
        """
        self.optimizer.zero_grad()
        loss, parts = 0.0, [(X, y)]
        if (size := self.micro_batch_size) is not None:
            parts = zip(X.split(size), y.split(size), strict=True)
        for inputs, targets in parts:
            part = self.loss(self._predictions(inputs), targets)
            if len(inputs) < len(X):  # a mean over a part of the batch
                part = part * (len(inputs) / len(X))
            part.backward()  # adds to the gradient
            loss += part.item()
        self._check_loss(loss, X, y)  # before the step: the parameters stay good
        if self.max_gradient_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.max_gradient_norm)
        self.optimizer.step()
        return loss

    def _check_loss(self, loss, X, y):
        """Return the current `Step`; raise `Diverged` if its loss is not finite."""
        epoch = self.steps_done // self.steps_per_epoch + 1
        step = Step(self.steps_done + 1, epoch, loss)
        if not math.isfinite(loss):
            raise Diverged(step, self.optimizer.param_groups[0]["lr"], loss, X, y)
        return step

    def _predictions(self, X):
        """Return the model's predictions; say so if it cannot take integers."""
        try:
            return self.model(X)
        except RuntimeError as error:
            if X.is_floating_point() or self.steps_done:
                raise
            raise ValueError(
                f"train X holds integers ({X.dtype}), which this model cannot take "
                f"({error}): give X.float(), or begin with nn.Embedding if they are "
                f"ids."
            ) from error

    def finish(self) -> "Training":
        """Take all the steps that are left, with a progress bar; return the training.

        A bar appears only if there is something to wait for. Interrupting is safe: the
        model and the history stay, and `finish()` continues where it stopped.
        """
        from bigmodel_lab.progress import progress_bar

        with progress_bar(
            total=self.total_steps,
            initial=self.steps_done,
            unit="step",
            delay=0.5,
            disable="TQDM_DISABLE" in os.environ,  # tqdm's notebook bar ignores it
        ) as bar:
            for _ in self:
                bar.update()
        return self

    # -- the history ---------------------------------------------------------------

    def _row_is_due(self):
        """Tell whether a row of the history is complete but not yet added."""
        rows = self.steps_done // self.measure_every
        if self.steps_done == self.total_steps:
            rows = math.ceil(self.steps_done / self.measure_every)
        return len(self.rows) < rows

    def _add_row(self, start):
        """Add a row to the history: mean loss since the last row, and validation."""
        losses = self.losses[len(self.rows) * self.measure_every :]
        row = {
            "epoch": self.steps_done // self.steps_per_epoch,
            "step": self.steps_done,
            "train_loss": sum(losses) / len(losses),
        }
        if self.validation is not None:
            how = self.metrics, self.batch_metrics, self.measure_batch_size
            measured = measure(self.model, self.loss, *self.validation, *how)
            row["validation_loss"] = measured.pop("loss")
            row |= measured
        row["seconds"] = self.seconds + time.perf_counter() - start
        self.rows.append(row)

    @property
    def history(self) -> pd.DataFrame:
        """One row for each epoch: epoch, train_loss, validation_loss, metrics, seconds.

        `train_loss` is the mean over the epoch's steps, taken while the model was
        still learning; `seconds` is the training time so far, validation included. A
        training with `steps` or `measure_every` has `step` instead of `epoch`.
        """
        columns = ["epoch" if self._in_epochs else "step", "train_loss"]
        if self.validation is not None:
            columns += ["validation_loss", *self.batch_metrics, *self.metrics]
        return pd.DataFrame(self.rows, columns=[*columns, "seconds"])

    def save(self, path: str | Path) -> Path:
        """Write a checkpoint, to continue from it bit for bit; return its path."""
        checkpoints.save(self, path)
        return Path(path)

    def load(self, path: str | Path) -> "Training":
        """Go back to the checkpoint at `path`; return the training.

        Raises
        ------
        ValueError
            If the file is missing or damaged, or belongs to another model or to a
            training with another optimizer, seed, batch size or data length; nothing
            is changed.
        """
        checkpoints.load(self, path)
        return self
