"""What `many_machines.py` measures, in each of its processes: argv has part and rounds.

Rank 0 prints the results of its part, one line of JSON.
"""

import json
import random
import sys
import time

import torch
import torch.distributed as dist
import torch.distributed.nn  # before a group exists, which its defaults would keep
from gpt_poems import Poems
from torch import nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from bigmodel_lab import models

BYTES = (4e3, 4e4, 4e5, 4e6, 4e7)
GPTS = ((32, 2), (96, 3), (256, 4))  # dimensions, layers
BATCH = 32  # poems, of all processes together
PROGRAMS = [
    ("by hand", 1),
    ("two threads", 1),
    ("by hand", 2),
    ("DDP", 1),
    ("DDP", 2),
    ("FSDP", 1),
    ("FSDP", 2),
]
STEPS = 6  # in a row, of which the median counts
MICRO_BATCHES = (1, 2, 4, 8, 16, 32)
WIDTH, LAYERS, ROWS = 512, 8, 512  # of the pipeline


def together(function, ranks):
    """Return the seconds of a call that the first `ranks` processes make together."""
    dist.barrier()
    start = time.perf_counter()
    if dist.get_rank() < ranks:
        function()
    seconds = time.perf_counter() - start
    dist.barrier()
    return seconds


def in_turn(settings, rounds):
    """Yield settings, in each round all of them in an order that is the same on all."""
    order = random.Random(0)
    for _ in range(rounds):
        yield from order.sample(settings, len(settings))


# -- the parts -------------------------------------------------------------------------


def all_reduce(rounds):
    """Return the seconds of an all-reduce of each size in each round."""
    seconds = {size: [] for size in BYTES}
    tensors = {size: torch.zeros(int(size) // 4) for size in BYTES}
    for size in in_turn(BYTES, rounds):
        tries = [
            together(lambda: dist.all_reduce(tensors[size]), 2)  # noqa: B023
            for _ in range(8)
        ]
        seconds[size].append(sorted(tries)[len(tries) // 2])
    return {"bytes": BYTES, "seconds": list(zip(*seconds.values(), strict=True))}


def training(rounds):
    """Return the seconds of a step of each program, model size and round."""
    poems, rows = Poems(), []
    groups = {1: dist.new_group([0]), 2: dist.new_group([0, 1])}
    meshes = {1: DeviceMesh("cpu", [0]), 2: DeviceMesh("cpu", [0, 1])}
    for dimensions, layers in GPTS:
        runs = {
            (program, many): Run(
                program,
                poems.gpt(dimensions=dimensions, layers=layers),
                poems.train[:BATCH][dist.get_rank() % many :: many],
                groups[many],
                meshes[many],
            )
            for program, many in PROGRAMS
        }
        seconds = {key: [] for key in runs}
        for run in in_turn(PROGRAMS, rounds):
            torch.set_num_threads(2 if run[0] == "two threads" else 1)
            tries = [together(runs[run].step, run[1]) for _ in range(STEPS)]
            seconds[run].append(sorted(tries)[STEPS // 2])
        size = 4 * sum(
            p.numel()
            for p in poems.gpt(0, dimensions=dimensions, layers=layers).parameters()
        )
        for (program, many), found in seconds.items():
            rows.append(
                {
                    "bytes": size,
                    "program": program,
                    "processes": many,
                    "seconds": found,
                    "alone": seconds["by hand", 1],
                }
            )
    return {"rows": rows}


class Run:
    """A training whose gradients are averaged over the processes of a group."""

    def __init__(self, program, model, rows, group, mesh):
        self.rows, self.group = rows, group
        self.by_hand = program in ("by hand", "two threads")
        self.member = dist.get_rank() < mesh.size()
        if program == "DDP" and self.member:
            model = DistributedDataParallel(model, process_group=group)
        elif program == "FSDP" and self.member:
            for block in model.blocks:
                fully_shard(block, mesh=mesh)
            fully_shard(model, mesh=mesh)
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), 0.01)

    def step(self):
        """Take one step of the training."""
        loss = models.next_token_loss(self.model(self.rows[:, :-1]), self.rows[:, 1:])
        self.optimizer.zero_grad()
        loss.backward()
        if self.by_hand and (many := dist.get_world_size(self.group)) > 1:
            for p in self.model.parameters():
                dist.all_reduce(p.grad, group=self.group)
                p.grad /= many
        self.optimizer.step()


@torch.no_grad()
def pipeline(rounds):
    """Return the seconds of a pipeline of two stages, by its micro-batches."""
    torch.manual_seed(0)
    x = torch.randn(ROWS, WIDTH)
    layers = [nn.Linear(WIDTH, WIDTH) for _ in range(LAYERS)]
    halves = [
        nn.Sequential(*layers[: LAYERS // 2]),
        nn.Sequential(*layers[LAYERS // 2 :]),
    ]

    def whole():
        halves[1](halves[0](x))

    def piped(count):
        sent = []
        for part in x.chunk(count):
            if dist.get_rank() == 0:
                half_way = halves[0](part)
                sent.append((dist.isend(half_way, 1), half_way))
            else:
                dist.recv(received := torch.empty_like(part), 0)
                halves[1](received)
        for request, _ in sent:
            request.wait()
        dist.barrier()  # the time is that of the last one

    seconds = {count: [] for count in (0, *MICRO_BATCHES)}  # 0: one process alone
    for count in in_turn(list(seconds), rounds):
        call, ranks = (lambda: piped(count), 2) if count else (whole, 1)  # noqa: B023
        tries = [together(call, ranks) for _ in range(8)]
        seconds[count].append(sorted(tries)[len(tries) // 2])
    alone = seconds.pop(0)
    return {
        "rows": [
            {"micro_batches": count, "seconds": found, "alone": alone}
            for count, found in seconds.items()
        ]
    }


def main():
    """Measure the part that the command line names."""
    part, rounds = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    found = {"all_reduce": all_reduce, "training": training, "pipeline": pipeline}
    result = found[part](rounds)
    if dist.get_rank() == 0:
        print(json.dumps(result))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
