"""Learning where the data stay: weights travel, and even they can be hidden.

D3 §3, "data sharing". Averaging: McMahan and others (2017), arXiv 1602.05629. Masks:
Bonawitz and others (2017), *Practical secure aggregation for privacy-preserving machine
learning*.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from bigmodel_lab.from_scratch._checks_sharing import (
    check_client,
    check_dropped,
    check_fits,
    check_parts,
    check_sizes,
    check_states,
    check_step,
    check_whole,
)

WHOLE = 2**32  # a number that reaches this is 0 again, as on a clock


@torch.no_grad()
def weighted_average(
    states: Sequence[dict[str, torch.Tensor]], sizes: Sequence[int]
) -> dict[str, torch.Tensor]:
    """Return the mean of the clients' state dicts, weighted by their samples.

    Parameters
    ----------
    states : sequence of dict
        Each client's `model.state_dict()`.
    sizes : sequence of int
        How many samples each client trained on.

    Raises
    ------
    ValueError
        If there are no clients, one has no samples, or the states differ in their names
        or shapes.
    """
    check_states(states)
    check_sizes(sizes, len(states))
    shares = [size / sum(sizes) for size in sizes]
    return {
        name: weighted_sum(shares, [state[name] for state in states])
        for name in states[0]
    }


def weighted_sum(
    shares: Sequence[float], tensors: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Return the tensors' sum, each times its share; of whole numbers the first one."""
    # BatchNorm's running means are averaged, too. What counts its batches is whole, and
    # has no mean.
    if not tensors[0].is_floating_point():
        return tensors[0].clone()
    return sum(share * tensor for share, tensor in zip(shares, tensors, strict=True))


# -- who has which samples -------------------------------------------------------------


def equal_shares(samples: int, clients: int, seed: int = 0) -> list[torch.Tensor]:
    """Return for each client which of the samples it has: drawn at random (IID).

    Sizes differ by 1 at most. Raises ValueError for fewer samples than clients.
    """
    check_parts(samples, clients)
    generator = torch.Generator().manual_seed(seed)
    return list(torch.randperm(samples, generator=generator).tensor_split(clients))


def shards(
    y: torch.Tensor, clients: int, per_client: int = 2, seed: int = 0
) -> list[torch.Tensor]:
    """Return for each client which of the samples it has: only a few labels (non-IID).

    As in McMahan and others: the samples, sorted by their labels y (N,), are cut into
    pieces, of which each client gets `per_client` at random. A piece may have the end
    of one label and the beginning of the next; and a client with two pieces of one
    label has one class only: try another seed. Raises ValueError for too few samples.
    """
    check_whole("per_client", per_client)
    check_parts(len(y), clients, per_client)
    pieces = torch.argsort(y, stable=True).cpu().tensor_split(clients * per_client)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(pieces), generator=generator)
    return [torch.cat([pieces[k] for k in mine]) for mine in drawn.split(per_client)]


# -- a sum of numbers that nobody sees -------------------------------------------------


def to_whole(update: torch.Tensor | np.ndarray, step: float = 2**-16) -> np.ndarray:
    """Return an update (P,) as whole numbers of steps, modulo 2^32: (P,) uint32.

    Each is off by half a step at most. The sum over all clients, too, must lie from
    -2^31 to 2^31 steps: with the usual step from -32,768 to 32,768. Raises ValueError
    for a number outside, and for NaN.
    """
    check_step(step)
    steps = np.round(torch.as_tensor(update).detach().cpu().double().numpy() / step)
    check_fits(steps, step)
    # Masks need numbers that go around: -1 is 2^32 - 1, and adding 1 gives 0.
    return (steps.astype(np.int64) % WHOLE).astype(np.uint32)


def from_whole(total: np.ndarray, step: float = 2**-16) -> np.ndarray:
    """Return the sum of whole numbers as numbers again: (P,) float64."""
    check_step(step)
    steps = np.asarray(total).astype(np.int64) % WHOLE
    # The upper half of the numbers stands for those below 0.
    return np.where(steps < WHOLE // 2, steps, steps - WHOLE) * step


def mask(first: int, second: int, length: int, round: int = 0) -> np.ndarray:
    """Return the mask (length,) that two clients share in a round, uniform uint32."""
    # Here anybody can draw it. Real clients agree on a seed that only the two know
    # (Diffie-Hellman), and draw from a generator made for cryptography.
    seed = [min(first, second), max(first, second), round]
    return np.random.default_rng(seed).integers(WHOLE, size=length, dtype=np.uint32)


def signed_mask(client: int, other: int, length: int, round: int = 0) -> np.ndarray:
    """Return what a client adds for another one: their mask, or what takes it away."""
    shared = mask(client, other, length, round)
    # uint32 goes around by itself: -shared is 2^32 - shared.
    return shared if client < other else -shared


def masked(whole: np.ndarray, client: int, clients: int, round: int = 0) -> np.ndarray:
    """Return a client's whole numbers (P,) as it sends them: with all its masks.

    Clients are numbered from 0. Added up over all of them, modulo 2^32, the masks
    cancel: `from_whole(sum(...))` is the sum of the updates. Each round needs masks of
    its own. Raises ValueError if there is no such client, or numbers are not uint32.
    """
    check_client(whole, client, clients)
    others = [other for other in range(clients) if other != client]
    return whole + sum(
        signed_mask(client, other, len(whole), round) for other in others
    )


def missing_masks(
    dropped: Sequence[int], clients: int, length: int, round: int = 0
) -> np.ndarray:
    """Return what mends the sum without the clients that dropped out: add it.

    The survivors give away their masks with the dropped ones. If one of those was only
    late, its update is bare now: against this, Bonawitz and others give each client a
    second mask. Raises ValueError for a client that is not one of `clients`.
    """
    check_dropped(dropped, clients)
    # What the dropped ones would have sent, but for their updates.
    masks = [
        signed_mask(gone, other, length, round)
        for gone in dropped
        for other in range(clients)
        if other not in dropped
    ]
    return sum(masks, start=np.zeros(length, np.uint32))


# -- what it costs ---------------------------------------------------------------------


def bytes_sent(model: nn.Module, clients: int, rounds: int) -> int:
    """Return the bytes of all rounds: the model down to each client, and up again.

    `clients` take part in each round; every number has 4 bytes (float32). Raises
    ValueError for counts below 1.
    """
    check_whole("clients", clients)
    check_whole("rounds", rounds)
    state = model.state_dict().values()
    numbers = sum(tensor.numel() for tensor in state if tensor.is_floating_point())
    return 2 * rounds * clients * 4 * numbers
