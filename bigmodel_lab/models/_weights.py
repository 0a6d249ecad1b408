"""Weights that others have trained, under the names that they gave them."""

import re
from collections.abc import Iterable


def renamed(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return what we call a weight: each pair is their pattern and our words for it."""
    for theirs, ours in pairs:
        name = re.sub(theirs, ours, name)
    return name


def reason_of(error: Exception) -> str:
    """Return why weights do not fit a network, the first of PyTorch's reasons."""
    return str(error).split(":\n", 1)[-1].strip().splitlines()[0].rstrip(". ")
