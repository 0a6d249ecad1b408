"""Many machines as one: how a sum travels, how long it takes, what each must hold.

D0 §9 Q1; D1 §1.3. The ring: Patarasuk and Yuan (2009), *Bandwidth optimal all-reduce
algorithms for clusters of workstations*.
"""

import math
from collections.abc import Sequence

import torch

from bigmodel_lab.from_scratch._checks_machines import (
    check_not_negative,
    check_one_shape,
    check_positive,
    check_stage,
    check_whole,
)


def ring_all_reduce(
    tensors: Sequence[torch.Tensor],
) -> tuple[list[torch.Tensor], list[int]]:
    """Return the sum of the machines' tensors, once for each, and the bytes each sent.

    `tensors` has one for each of n machines, which stand in a ring: each sends to the
    next one only. Raises ValueError unless all have one shape and type.
    """
    check_one_shape(tensors)
    # n pieces of the numbers, so that all machines can send at the same time.
    pieces = [list(tensor.flatten().tensor_split(len(tensors))) for tensor in tensors]
    # First each piece is summed on its way around, then the sums go around.
    sent = [
        scattered + gathered
        for scattered, gathered in zip(
            reduce_scatter(pieces), all_gather(pieces), strict=True
        )
    ]
    return [torch.cat(mine).view_as(tensors[0]) for mine in pieces], sent


def reduce_scatter(pieces: list[list[torch.Tensor]]) -> list[int]:
    """Sum up pieces[machine][k] along the ring; return the bytes that each sent.

    Afterward machine r holds the sum of piece r + 1, and of the others only a part.
    """
    n, sent = len(pieces), [0] * len(pieces)
    for step in range(n - 1):
        for r in range(n):
            # Everyone passes on the piece that has just come in (at first its own):
            # no piece is ever in two hands, and no link has nothing to do.
            k, after = (r - step) % n, (r + 1) % n
            pieces[after][k] = pieces[after][k] + pieces[r][k]
            sent[r] += pieces[r][k].nbytes
    return sent


def all_gather(pieces: list[list[torch.Tensor]]) -> list[int]:
    """Pass the finished pieces on to all along the ring; return the bytes each sent."""
    n, sent = len(pieces), [0] * len(pieces)
    for step in range(n - 1):
        for r in range(n):
            # Again what has just come in goes on, but it is finished: it replaces.
            k, after = (r + 1 - step) % n, (r + 1) % n
            pieces[after][k] = pieces[r][k].clone()
            sent[r] += pieces[r][k].nbytes
    return sent


def ring_seconds(size: float, machines: int, latency: float, bandwidth: float) -> float:
    """Return the seconds of an all-reduce of `size` bytes, in a ring of machines.

    `latency` is how long an empty message takes, in seconds, and `bandwidth` is in
    bytes per second, each of a link. Raises ValueError if one is out of its range.
    """
    check_whole("machines", machines)
    check_not_negative(size=size, latency=latency)
    check_positive(bandwidth=bandwidth)
    # n - 1 messages to sum up and n - 1 to pass on, each an n-th of the bytes.
    messages = 2 * (machines - 1)
    return messages * (latency + size / machines / bandwidth)


def step_seconds(
    compute: float, size: float, machines: int, latency: float, bandwidth: float
) -> float:
    """Return the seconds of a training step that machines share (data parallel).

    `compute` seconds it takes one machine to do it all; the gradients are `size` bytes.
    The rest, and the errors, are as in `ring_seconds`.
    """
    check_positive(compute=compute)
    # The work is shared. What is talked about is not: each machine has all gradients.
    return compute / machines + ring_seconds(size, machines, latency, bandwidth)


def break_even(communication: float, machines: int) -> float:
    """Return how many seconds one machine must compute for a step, or sharing loses.

    `communication` is what the all-reduce takes, in seconds. Raises ValueError if there
    is only one machine.
    """
    check_whole("machines", machines, least=2)
    check_not_negative(communication=communication)
    # t / n + c < t: what is saved, t (n - 1) / n, must be more than c.
    return communication * machines / (machines - 1)


def bubble(stages: int, micro_batches: int) -> float:
    """Return the share of the time that a machine in a pipeline has nothing to do.

    Huang and others (2019), *GPipe*. Raises ValueError for counts below 1.
    """
    check_whole("stages", stages)
    check_whole("micro_batches", micro_batches)
    # The last machine waits stages - 1 turns for its first micro-batch, the first one
    # as long at the end; between, each has one turn for each micro-batch.
    return (stages - 1) / (micro_batches + stages - 1)


def zero_bytes(parameters: float, machines: int, stage: int) -> float:
    """Return the bytes on each machine with ZeRO, of a training in mixed precision.

    Rajbhandari and others (2020). Raises ValueError for a stage that is not 0 to 3.
    """
    check_positive(parameters=parameters)
    check_whole("machines", machines)
    check_stage(stage)
    # For each parameter 2 bytes of weight, 2 of gradient, and 12 of Adam: the weight
    # and two running means, in 32 bits each. Adam's are needed once a step: they go
    # first. The gradients go with stage 2, the weights with stage 3.
    weight, gradient = 2 / machines ** (stage >= 3), 2 / machines ** (stage >= 2)
    return parameters * (weight + gradient + 12 / machines ** (stage >= 1))


def checkpoint_interval(saving: float, failure_seconds: float, machines: int) -> float:
    """Return the best seconds between checkpoints (Young, 1974).

    A checkpoint takes `saving` seconds, and one machine fails every `failure_seconds`
    on the mean. Raises ValueError if one is not above 0.
    """
    check_positive(saving=saving, failure_seconds=failure_seconds)
    check_whole("machines", machines)
    # n machines fail n times as often. Saving costs saving / t of the time, a failure
    # loses t / 2 of work: the sum is least where both cost the same.
    return math.sqrt(2 * saving * failure_seconds / machines)
