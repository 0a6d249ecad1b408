"""Checks on what a `Training` is given, made before the first step.

Data become tensors. Whatever is not numeric, not finite, not a pair or not of one
length is refused by name, before the loss becomes NaN ten steps later.
"""

import inspect
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import torch
from pandas.api.types import is_extension_array_dtype, is_numeric_dtype
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import TensorDataset


def as_tensors(
    data: Any, device: torch.device, name: str = "data"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (X, y) as tensors on `device`, checked.

    Data frames and floating-point arrays become float32; integers (class labels, token
    ids) and tensors stay as they are.

    Raises
    ------
    ValueError
        If X or y is not numeric or not finite (columns are named), or their lengths
        differ, or they are on an accelerator other than `device`.
    """
    X, y = (
        as_tensor(values, device, f"{name} {part}")
        for values, part in zip(pair(data, name), "Xy", strict=True)
    )
    if not len(X):
        raise ValueError(f"{name} X has no rows: give at least one sample.")
    if len(X) != len(y):
        raise ValueError(
            f"{name} X has {len(X)} rows and y has {len(y)}: give one target per row."
        )
    return X, y


def as_tensor(values: Any, device: torch.device, name: str) -> torch.Tensor:
    """Return one array as a finite tensor on `device`; ValueError as `as_tensors`."""
    columns = list(values.columns) if isinstance(values, pd.DataFrame) else None
    if not isinstance(values, torch.Tensor):
        array = _numbers(values, name)
        whole = array.dtype.kind in "iu" and columns is None
        values = torch.as_tensor(array).to(torch.int64 if whole else torch.float32)
    if not values.dim():
        raise ValueError(f"{name} is a single number: give one for each sample.")
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


def pair(data: Any, name: str) -> Sequence:
    """Return data as (X, y); ValueError if it is anything else."""
    if isinstance(data, (tuple, list)) and len(data) == 2:
        return data
    what = type(data).__name__
    if isinstance(data, (tuple, list)):
        what = f"a {what} of {len(data)}"
    hint = "give (X, y)"
    if isinstance(data, TensorDataset):
        hint = "give its .tensors, or a DataLoader of it"
    elif isinstance(data, dict):
        hint = f"give (data[...], data[...]) of its {', '.join(map(repr, data))}"
    raise ValueError(f"{name} must be a pair (X, y), not {what}: {hint}.")


def _numbers(values, name):
    """Return a frame, series or array as a new NumPy array of numbers.

    A copy: tensors on the CPU would share the memory.
    """
    if isinstance(values, pd.DataFrame):
        words = [
            column
            for column, kind in values.dtypes.items()
            if not is_numeric_dtype(kind)
        ]
        if words:
            raise ValueError(
                f"{name} holds columns that are not numbers: {words}; encode them, for "
                f"example with pandas.get_dummies, or leave them out."
            )
        return values.to_numpy(float, na_value=np.nan, copy=True)
    kind = getattr(values, "dtype", None)
    if is_extension_array_dtype(kind) and is_numeric_dtype(kind):
        known = kind.numpy_dtype if not values.isna().any() else float
        values = values.to_numpy(known, na_value=np.nan)  # NA, missing, becomes NaN
    try:
        array = np.array(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} is not a rectangle of numbers: {error}") from error
    numbers = array.dtype.kind in "biuf" or (
        array.dtype.kind == "O" and all(isinstance(value, Real) for value in array.flat)
    )
    if not numbers:
        kinds = {"M": "dates", "m": "durations", "c": "complex numbers"}
        what = kinds.get(array.dtype.kind, "text or other things")
        raise ValueError(
            f"{name} holds {what} ({array[:1].tolist()}), not numbers: turn it into "
            f"numbers first, for example categories with pandas.factorize."
        )
    return array if array.dtype.kind in "iu" else array.astype(float)


def device_of(model: nn.Module) -> torch.device:
    """Return the device a model is on: the CPU if it has no parameters."""
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def check_optimizer(optimizer, model):
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


def check_batches(model, samples, batch_size):
    """Raise ValueError if a batch is too large, or of one sample before BatchNorm."""
    normalizes = any(
        isinstance(layer, _BatchNorm) and layer.training for layer in model.modules()
    )
    if normalizes and samples > 1 and samples % batch_size == 1:
        raise ValueError(
            f"{samples} samples in batches of {batch_size} leave a last batch of one, "
            f"and BatchNorm cannot compute its spread: use batch_size {batch_size + 1}."
        )
    if batch_size > samples:
        raise ValueError(
            f"batch_size {batch_size} is larger than the {samples} training samples: "
            f"use at most {samples}."
        )


def whole(name: str, value: Any, least: int = 1) -> int:
    """Return `value` as an int; ValueError if it is not an integer of at least that."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    # NaN and infinity have no remainder 0.
    if not number or value % 1 or value < least:
        raise ValueError(
            f"{name} must be an integer of at least {least}, got {value!r}."
        )
    return int(value)


def positive(name: str, value: Any) -> float:
    """Return `value`; ValueError if it is not a number above 0."""
    if not (isinstance(value, Real) and value > 0):
        raise ValueError(f"{name} must be a number above 0, got {value!r}.")
    return value
