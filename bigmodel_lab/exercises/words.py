"""Results compared, and their differences described in words."""

import numpy as np
import torch

LISTED = 8  # entries of an array that a message shows


class Words(str):
    """What `in_words` said of a result, in place of the result itself."""


def as_array(value: object) -> np.ndarray | None:
    """Return a number, tensor or array-like as a NumPy array; else None."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    elif isinstance(value, (tuple, list)):  # NumPy refuses tensors with a gradient
        value = [v.detach().cpu() if isinstance(v, torch.Tensor) else v for v in value]
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array.astype(float) if array.dtype.kind in "biuf" else None


def agree(result: object, expected: object, tolerance: float) -> bool:
    """Tell whether two results are the same: tuples, ragged lists, arrays, numbers."""
    a, b = as_array(result), as_array(expected)
    if isinstance(expected, tuple) or (isinstance(expected, list) and b is None):
        return (
            isinstance(result, (tuple, list))
            and len(result) == len(expected)
            and all(map(agree, result, expected, [tolerance] * len(expected)))
        )
    if a is None or b is None:
        return type(result) is type(expected) and np.array_equal(result, expected)
    # A misconception may give NaN, as log(0) does: it must be recognized too.
    return a.shape == b.shape and np.allclose(
        a, b, rtol=tolerance, atol=1e-7, equal_nan=True
    )


def difference(
    result: object,
    expected: object,
    arguments: tuple | None = None,
    tolerance: float = 1e-4,
) -> str:
    """Say how a result that no misconception explains differs from the expected one.

    `arguments` are those of the call, None for a value; `tolerance` is the one at which
    the two were found to differ.
    """
    if isinstance(expected, tuple):
        if not isinstance(result, (tuple, list)) or len(result) != len(expected):
            return f"It should return {len(expected)} things, not {_short(result)}."
        for k, (one, other) in enumerate(zip(result, expected, strict=True), start=1):
            if not agree(one, other, tolerance):
                sentence = difference(one, other, tolerance=tolerance)
                return f"Result {k} of {len(expected)}: {sentence}"
    a, b = as_array(result), as_array(expected)
    if a is None:
        return f"It should return numbers, not {in_words(result)}."
    if b is None:
        return f"It should return lists of different lengths, not {_short(result)}."
    if a.shape != b.shape:
        return f"The result should have shape {b.shape}, not {a.shape}."
    if np.isnan(a).any():
        return "The result holds NaN: look for 0/0, log(0) or the root of a negative."
    if arguments is None and a.ndim == 0:
        return f"{float(a):.4g} is too {'small' if a < b else 'large'}."
    with np.errstate(all="ignore"):
        ratio = (a / b).ravel()
    strict = min(tolerance, 1e-4)
    if a.size > 1 and np.isfinite(ratio[0]) and np.allclose(ratio, ratio[0], strict, 0):
        return (
            f"Every value is {ratio[0]:.6g} times the expected one: a factor or a sign "
            f"is off."
        )
    names = "" if arguments is None else f" for {', '.join(map(_short, arguments))}"
    one, other = _short(result), _short(expected)
    if a.ndim and (a.size > LISTED or one == other):
        differing = np.argwhere(~np.isclose(a, b, rtol=tolerance, atol=1e-7))
        index = tuple(differing[0].tolist())
        one, other = _entry(result, index), _entry(expected, index)
        return f"At {list(index)} it returns {one} where {other} is right{names}."
    return f"It returns {one} where {other} is right{names}."


def in_words(value: object) -> str:
    """Say what a result is that is not an array of numbers."""
    if isinstance(value, Words):
        return str(value)
    if hasattr(value, "toarray"):
        return "a sparse matrix: call .toarray()"
    try:
        entries = list(np.asarray(value).flat)
    except (ValueError, TypeError):
        entries = [value]
    if any(isinstance(entry, (list, np.ndarray)) for entry in entries):
        return "rows of different length"
    if len(entries) > 1 and any(entry is None for entry in entries):
        return "an array with None inside"
    return _short(value)


def _entry(value, index):
    """Return one entry of a result in a few characters; of a mask, True or False."""
    entry = as_array(value)[index]
    is_mask = str(getattr(value, "dtype", "")).endswith("bool")  # NumPy's and torch's
    return str(bool(entry)) if is_mask else f"{entry:.6g}"


def _short(value):
    """Return a value in a few characters."""
    array = as_array(value)
    if array is None:
        kind, text = type(value).__name__, str(value)
        return kind if "\n" in text else f"{kind} {text[:60]!r}"  # a model has lines
    if array.ndim > 2:
        return f"an array of shape {array.shape}"
    if array.ndim == 0:
        return f"{float(array):.6g}"
    text = np.array2string(
        array, precision=4, threshold=LISTED, edgeitems=2, separator=", "
    )
    return " ".join(text.split())
