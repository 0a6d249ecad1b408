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


def in_turn(rng: np.random.Generator, *values: object) -> object:
    """Return another of the values at each call with the same rng: a check has all."""
    rng.bit_generator.seed_seq.spawn(1)
    return values[rng.bit_generator.seed_seq.n_children_spawned % len(values)]


def every_other(rng: np.random.Generator) -> bool:
    """Tell at every second call with the same rng: a check draws both kinds."""
    return in_turn(rng, True, False)


@contextmanager
def torch_seeded_by(rng: np.random.Generator):
    """Seed torch from rng inside the block; the learner's own seed is untouched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        yield
