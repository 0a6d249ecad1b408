"""Random inputs that several chapters' exercises draw."""

from contextlib import contextmanager

import numpy as np
import torch


def normal(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """Return standard normal numbers of the given shape as float64."""
    return torch.from_numpy(rng.normal(size=shape))


def classes(rng: np.random.Generator, rows: int, count: int) -> torch.Tensor:
    """Return random class numbers (rows,), from 0 to count - 1."""
    return torch.from_numpy(rng.integers(0, count, rows))


@contextmanager
def torch_seeded_by(rng: np.random.Generator):
    """Seed torch from rng inside the block; the learner's own seed is untouched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        yield
