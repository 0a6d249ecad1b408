"""How good a model is: its loss, its predictions, its accuracy on data."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from bigmodel_lab.checks import as_tensor, as_tensors, device_of


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode for a block; each layer gets its mode back."""
    training = [layer for layer in model.modules() if layer.training]
    model.eval()
    try:
        yield
    finally:
        for layer in training:
            layer.training = True


@torch.inference_mode()
def predict(model: nn.Module, X: Any, batch_size: int = 1024) -> torch.Tensor:
    """Return what `model` predicts for X (N, ...), in evaluation mode, on the CPU.

    Whatever the model returns for a sample is one entry of the result: a price, or the
    logits of all classes, (N, classes).

    Raises
    ------
    ValueError
        If X is not numeric or not finite (columns are named).
    """
    X = as_tensor(X, device_of(model), "X")
    with evaluating(model):
        return torch.cat([model(batch).cpu() for batch in X.split(batch_size)])


def accuracy(targets: Any, predictions: Any) -> float:
    """Return the share of predictions that name the right class, from 0 to 1.

    The order is that of scikit-learn's metrics and of `Training(metrics=...)`.

    Parameters
    ----------
    targets, predictions : torch.Tensor or array
        Classes (N,), or a score for each class (N, classes), such as logits: then the
        class with the highest score counts.

    Raises
    ------
    ValueError
        If they do not hold the same number of samples, or hold none.
    """
    classes = []
    for values in (targets, predictions):
        values = torch.as_tensor(values).detach().cpu()
        scores = values.ndim == 2 and values.shape[1] > 1  # one column names no class
        classes.append(values.argmax(1) if scores else values)
    targets, predictions = classes
    if targets.shape != predictions.shape or targets.ndim != 1 or not len(targets):
        raise ValueError(
            f"accuracy compares classes (N,) or scores (N, classes) of the same N "
            f"samples, got {tuple(targets.shape)} targets and "
            f"{tuple(predictions.shape)} predictions."
        )
    return (targets == predictions).double().mean().item()


def evaluate(
    model: nn.Module,
    loss: Callable,
    data: Any,
    metrics: Mapping[str, Callable] | None = None,
    batch_metrics: Mapping[str, Callable] | None = None,
    batch_size: int = 1024,
) -> dict[str, float]:
    """Measure `model` on data = (X, y): a dict of "loss" and every metric, floats.

    Meanwhile the model is in evaluation mode (no dropout); afterward each layer is back
    in its own mode. Predictions are kept only for `metrics` (see `Training`).
    A metric of predictions that are not finite is NaN.

    Raises
    ------
    ValueError
        If the data are not a pair (X, y) of finite numbers with the same length.
    """
    X, y = as_tensors(data, device_of(model), "data")
    return measure(model, loss, X, y, metrics, batch_metrics, batch_size)


@torch.inference_mode()
def measure(model, loss, X, y, metrics=None, batch_metrics=None, batch_size=1024):
    """Do what `evaluate` does, on tensors that are already checked."""
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
