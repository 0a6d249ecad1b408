"""Results compared, and said in words."""

import re
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real

import numpy as np
import torch

LISTED = 8  # entries of an array that a message shows
LINE = 100  # characters of a call's arguments that a message shows
EXACT = 1e-7  # relative: what float32 leaves of a count
ROUNDING = 1e-5  # of the largest number: what float32 loses on the way to a result


class Words(str):
    """What `in_words` said of a result, in place of the result itself."""


def as_array(value: object) -> np.ndarray | None:
    """Return a number, bytes, a tensor or array-like as an array of floats; or None."""
    try:
        array = np.asarray(_plain(value))
        if array.dtype.kind == "O" and array.size:
            if not all(isinstance(v, (Real, Decimal, np.bool_)) for v in array.flat):
                return None
            array = array.astype(float)
        return array.astype(float) if array.dtype.kind in "biuf" else None
    except Exception:  # a stranger's __array__ or __len__ may raise anything
        return None


def _plain(value):
    """Return tensors and bytes as arrays, also in lists; hidden entries stop."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().to_dense()
        return (value.float() if value.dtype is torch.bfloat16 else value).numpy()
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError("masked")
    if isinstance(value, bytes):  # NumPy would take them for a text
        return np.frombuffer(value, np.uint8)
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value


def parts(result: object, count: int) -> tuple | None:
    """Return a result that stands for `count` things as a tuple; else None."""
    if isinstance(result, (np.ndarray, torch.Tensor)) and result.ndim:
        result = tuple(result)
    if not isinstance(result, (tuple, list)) or len(result) != count:
        return None
    return tuple(result)


def is_whole(expected: Sequence) -> bool:
    """Tell whether results are marks or counts: whole numbers, or True and False."""
    return all(_is_whole(value) for value in expected)


def strict(expected: Sequence, tolerance: float) -> float:
    """Return the tolerance for results of random inputs: whole numbers are exact."""
    return min(tolerance, EXACT) if is_whole(expected) else tolerance


def _is_whole(value):
    """Tell whether one result is made of whole numbers, or of True and False."""
    if isinstance(value, (tuple, list)):
        return all(map(_is_whole, value))
    if isinstance(value, torch.Tensor):
        return not (value.is_floating_point() or value.is_complex())
    whole = (bool, int, np.bool_, np.integer, str, bytes, bytearray)
    return isinstance(value, whole) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "biu"
    )


def slack(expected: Sequence, tolerance: float) -> float | tuple:
    """Return how far results of several cases may be off, beside `tolerance`.

    A small part of the largest number: what float32 loses. For tuples, one for each
    part. Whole numbers, and all of them at tolerance 0, have next to none.
    """
    if all(isinstance(value, tuple) for value in expected):
        columns = zip(*expected, strict=True)
        return tuple(slack(column, tolerance) for column in columns)
    if not tolerance or is_whole(expected):
        return 1e-7
    arrays = filter(lambda a: a is not None, map(as_array, expected))
    finite = [a[np.isfinite(a)] for a in arrays]
    return 1e-7 + ROUNDING * max((abs(a).max() for a in finite if a.size), default=0.0)


def agree(
    result: object, expected: object, tolerance: float, slack: float | tuple = 1e-7
) -> bool:
    """Tell whether two results are the same: tuples, ragged lists, arrays, numbers."""
    if isinstance(expected, tuple):
        given = parts(result, len(expected))
        allowed = slack if isinstance(slack, tuple) else (slack,) * len(expected)
        return given is not None and all(
            agree(one, other, tolerance, s)
            for one, other, s in zip(given, expected, allowed, strict=True)
        )
    a, b = as_array(result), as_array(expected)
    if isinstance(expected, list) and b is None:
        return (
            isinstance(result, (tuple, list))
            and len(result) == len(expected)
            and all(map(agree, result, expected, [tolerance] * len(expected)))
        )
    if isinstance(expected, str):
        return isinstance(result, str) and result == expected
    if b is None:  # words, or None inside
        return type(result) is type(expected) and np.array_equal(result, expected)
    if a is None:
        return False
    # A misconception may give NaN, as log(0) does: it must be recognized too.
    return a.shape == b.shape and np.allclose(
        a, b, rtol=tolerance, atol=slack, equal_nan=True
    )


def in_words(value: object) -> str:
    """Say what a result is that is not an array of numbers."""
    if isinstance(value, Words):
        return str(value)
    try:
        return _kind(value) or _entries(value) or short(value)
    except Exception:  # a stranger's attributes may raise anything
        return type(value).__name__


def _kind(value):
    """Say what a single thing is, and what to do with it; None for a collection."""
    if isinstance(value, np.ma.MaskedArray):
        return "a masked array: fill what is hidden with .filled(...)"
    if callable(value):
        name = getattr(value, "__name__", type(value).__name__)
        return f"{name} itself: call it, and return what it gives"
    if hasattr(value, "__next__"):
        return f"a {type(value).__name__}: make a list or an array of it"
    if hasattr(value, "toarray"):
        return "a sparse matrix: call .toarray()"
    return None


def _entries(value):
    """Say what is wrong with what a collection holds."""
    try:
        array = np.asarray(_plain(value))
    except ValueError:
        return "rows of different length"
    if array.dtype.kind == "c":
        return "complex numbers: take .real, if their imaginary part is 0"
    if any(isinstance(entry, (list, np.ndarray)) for entry in array.flat):
        return "rows of different length"
    if array.size > 1 and any(entry is None for entry in array.flat):
        return "an array with None inside"
    return None


def shape_error(result: object, expected: object) -> str:
    """Say that a result is no array of numbers, or has not the expected shape."""
    array, b = as_array(result), as_array(expected)
    if array is None:
        return f"It should return numbers, not {in_words(result)}."
    return f"The result should have shape {b.shape}, not {array.shape}."


def entry(value: object, index: tuple) -> str:
    """Return one entry of a result in a few characters; of a mask, True or False."""
    number = as_array(value)[index]
    is_mask = str(getattr(value, "dtype", "")).endswith("bool")  # NumPy's and torch's
    return str(bool(number)) if is_mask else f"{number:.6g}"


def short(value: object, digits: int = 4) -> str:
    """Return a value in a few characters, on one line; 0 digits: an array's shape."""
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value)} bytes"
    array = as_array(value)
    if array is None:
        return _stranger(value)
    if array.ndim == 0:
        return f"{float(array):.{max(digits, 1) + 2}g}"
    if array.ndim > 2 or array.size > 40 or not digits:
        return f"an array of shape {array.shape}"
    text = np.array2string(
        array + 0.0,  # 0 where it is -0
        precision=digits,
        threshold=LISTED,
        edgeitems=2,
        separator=", ",
        suppress_small=True,
    )
    return re.sub(r"(?<=\[) | (?= )|\s(?=[],])", "", " ".join(text.split()))


def _stranger(value):
    """Return what is no number in a few characters, also where its str() fails."""
    kind = type(value).__name__
    try:
        text = str(value)
    except Exception:
        return kind
    # A model has lines.
    return kind if "\n" in text or " at 0x" in text else f"{kind} {text[:40]!r}"


def call(arguments: dict[str, object]) -> str:
    """Return a call's arguments by name, in at most one line; "" if there are none."""
    for digits in (4, 2, 1, 0):
        text = ", ".join(f"{n}={short(v, digits)}" for n, v in arguments.items())
        if len(text) <= LINE:
            return text
    return text[: LINE - 2].rsplit(", ", 1)[0] + ", …"


def size(arguments: dict[str, object]) -> int:
    """Return how many numbers and words a call's arguments hold."""
    return sum(map(_size, arguments.values()))


def _size(value):
    """Return how many numbers and words a value holds."""
    if isinstance(value, (list, tuple)):
        return sum(map(_size, value))
    array = as_array(value)
    return 1 if array is None else array.size
