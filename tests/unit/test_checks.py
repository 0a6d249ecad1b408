"""A learner's data: what becomes a tensor, and what is refused in which words."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import TensorDataset

from bigmodel_lab.checks import as_tensors, device_of

CPU = torch.device("cpu")
DATES = pd.to_datetime(["2020-01-01", "2021-01-01"])
REFUSED = {
    "dates": (pd.Series(DATES), "train y holds dates"),
    "date array": (DATES.to_numpy(), "train y holds dates"),
    "durations": (pd.Series(DATES - DATES[0]), "train y holds durations"),
    "digits as text": (np.array(["1", "2"]), r"train y holds text .*\['1'\]"),
    "labels": (pd.Series(["cat", "dog"]), r"train y holds text .*\['cat'\]"),
    "categories": (pd.Series(["a", "b"], dtype="category"), "train y holds text"),
    "bytes": (np.array([b"1", b"2"]), "train y holds text"),
    "objects": (np.array([1, "2"], dtype=object), "train y holds text"),
    "complex": (np.array([1j, 2]), "train y holds complex numbers"),
    "ragged": ([[1.0], [2.0, 3.0]], "train y is not a rectangle of numbers"),
    "missing": (pd.Series([1, None], dtype="Int64"), "train y holds 1 values that are"),
    "one number": (3.0, "train y is a single number"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_numbers_is_refused_by_name(kind):
    y, message = REFUSED[kind]
    with pytest.raises(ValueError, match=message):
        as_tensors((np.ones((2, 1)), y), CPU, "train")
    X, message = y, message.replace("train y", "train X")
    with pytest.raises(ValueError, match=message):
        as_tensors((X, np.ones(2)), CPU, "train")


@pytest.mark.parametrize(
    ("column", "sign"),
    [
        (DATES, "not numbers: ['when']"),
        (["a", "b"], "not numbers: ['when']"),
        (pd.array([1, None], "Int64"), "1 values that are NaN or infinite"),
        (pd.array([True, None], "boolean"), "in column(s) ['when']"),
    ],
)
def test_a_column_that_is_not_numbers_is_named(column, sign):
    frame = pd.DataFrame({"size": [1.0, 2.0]}).assign(when=column)
    with pytest.raises(ValueError, match="train X") as raised:
        as_tensors((frame, np.ones(2)), CPU, "train")
    assert sign in str(raised.value)


def test_two_columns_of_one_name_are_numbers():
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    X, _ = as_tensors((frame, np.ones(2)), CPU)
    assert X.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (pd.Series([1, 2], dtype="Int64"), torch.int64),
        (pd.Series([1.5, 2], dtype="Float64"), torch.float32),
        (pd.Series([True, False], dtype="boolean"), torch.float32),
        (np.array([1, 2.5], dtype=object), torch.float32),
        (pd.DataFrame({"a": pd.array([1, 2], "Int64")}), torch.float32),
    ],
)
def test_nullable_columns_without_a_gap_are_numbers(values, dtype):
    X, _ = as_tensors((values, np.ones(2)), CPU)
    assert X.dtype == dtype
    assert X.flatten().tolist() == [float(v) for v in np.asarray(values).flatten()]


X, Y = torch.ones(4, 3), torch.ones(4)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (X, r"data must be a pair \(X, y\), not Tensor: give \(X, y\)"),
        ((X,), "not a tuple of 1"),
        ((X, Y, Y), "not a tuple of 3"),
        (TensorDataset(X, Y), "not TensorDataset: give its .tensors, or a DataLoader"),
        ({"x": X, "label": Y}, r"not dict: give .* of its 'x', 'label'"),
        ((X[:0], Y[:0]), "data X has no rows"),
    ],
)
def test_what_is_not_a_pair_is_refused(data, message):
    with pytest.raises(ValueError, match=message):
        as_tensors(data, CPU)


def test_the_device_of_a_model_without_parameters_is_the_cpu():
    assert device_of(torch.nn.ReLU()) == CPU
