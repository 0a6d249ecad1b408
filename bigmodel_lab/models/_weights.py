"""Weights in files, and under the names that others gave them."""

import re
from collections.abc import Iterable
from pathlib import Path

from torch import Tensor, nn


def renamed(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return what we call a weight: each pair is their pattern and our words for it."""
    for theirs, ours in pairs:
        name = re.sub(theirs, ours, name)
    return name


def reason_of(error: Exception) -> str:
    """Return why weights do not fit a network, the first of PyTorch's reasons."""
    return str(error).split(":\n", 1)[-1].strip().splitlines()[0].rstrip(". ")


def write(network: nn.Module, path: str | Path, facts: dict[str, str]) -> None:
    """Write a network's weights in float16 to a file, with `facts` beside them."""
    from safetensors.torch import save

    weights = {name: w.half().contiguous() for name, w in network.state_dict().items()}
    Path(path).write_bytes(save(weights, facts))


def read(path: str | Path, version: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return (facts, weights in float32) of a file that `write` wrote.

    Raises OSError or ValueError if it is missing, damaged or of another version.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata() or {}
            weights = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"it is damaged: {error}") from error
    found = facts.pop("version", "none")
    if found != version:
        raise ValueError(f"its version is {found}, this library reads {version}")
    return facts, weights
