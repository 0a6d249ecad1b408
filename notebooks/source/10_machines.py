# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 10 · Many machines: who does what, who tells whom, and when it pays
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/10_machines.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/10_machines.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - share a batch among processes, and get the gradient of one process to the last
#   digits,
# - say beforehand from how large a model and how slow a link on sharing loses,
# - cut a model that is too large for one machine: by layers, by columns, by states,
# - notice what raises no error: other weights, the same data, unequal shares,
# - stop a training in the middle, and go on as if nothing had happened.
#
# **Time:** 4 hours. **Judges:** D0 §9 Q1; D1 §1.3, §3.3; D2 §2.1 (D0 to D4 are [the
# five articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 03](03_optimizers.ipynb) for batches; [chapter 07](07_gpt.ipynb) for the GPT.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("10_machines", version="0.1")
lab.solved("machines")

# %% [markdown]
# ## What the articles say
#
# Large models need a great deal of computing. D0 §9 asks how to get by, and answers:
# "distribute the training over several servers or GPUs, which raises the speed" (<span
# lang="zh">将模型训练任务分布在多台服务器或GPU上，提高计算速度</span>). D1 §1.3 says that
# training "usually needs distributed training and high-performance devices" (<span
# lang="zh">通常需要分布式训练和高性能计算设备</span>), and D2 §2.1 names "GPUs and TPUs"
# (<span lang="zh">如GPU、TPU等</span>). What the machines have to tell each other, what
# that costs, and whether it pays, none of them says.
#
# In this chapter two processes of your own machine train one GPT. They do what a thousand
# machines do; only the link between them is another.

# %%
lab.drawings.data_parallel()

# %% [markdown]
# **Two processes for one batch: how much faster than one? Write down your guess.** You will
# measure it below, and predict it.

# %%
import json
import subprocess
import sys
import tempfile
from pathlib import Path

# %%
import numpy as np
import pandas as pd
import torch

from bigmodel_lab import collectives

# %% [markdown]
# Processes are started from files, so that this chapter writes some, into a folder that
# goes away with the notebook's kernel. The first is the data: 2,048 poems as ids.

# %%
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)

poems = lab.datasets.tang_poems("7x4")[0]["poem"][:2048]
alphabet = lab.text.Characters(poems)
rows = alphabet.rows(f"\n{poem}\n" for poem in poems)
torch.save(rows, folder / "poems.pt")
rows.shape

# %% [markdown]
# ## Derive it: the gradient of a batch, from those of its shares
#
# The loss of a batch is a mean over its samples, so its gradient is the mean of their
# gradients. If each process has a share of the batch, it knows the mean over its share. **Two
# processes, 24 samples and 8: is the mean of both gradients the gradient of all 32?**

# %% [markdown]
# ### Exercise 1: the gradient of all
#
# *Medium · 10 minutes*
#
# Each process knows the mean gradient of its share. Put them together, whatever the
# shares' sizes.


# %%
def whole_gradient(gradients, shares):
    """Return the mean gradient over the samples of all processes.

    gradients is a list with one tensor of each process, all of one shape: the mean
    gradient over its own samples. shares is a list of numbers: how many samples each
    process had.
    """
    ...


lab.check("machines.whole_gradient", whole_gradient)

# %% [markdown]
# With $N_k$ of the $N$ samples on process $k$, whose own gradient is $\nabla L_k$:
#
# $$\nabla L = \frac{1}{N} \sum_{i=1}^{N} \nabla \ell_i = \sum_k \frac{N_k}{N}\, \nabla L_k$$
#
# Only if all shares are equally large is that the plain mean. So samples are dealt out
# evenly, and nobody may get one twice.

# %% [markdown]
# ### Exercise 2: who takes which samples?
#
# *Medium · 10 minutes*
#
# All processes have the same list of shuffled sample numbers. Which of them does a
# process take, so that each sample is taken once?


# %%
def rows_of(rank, world_size, order):
    """Return which rows a process takes in this epoch, as an array.

    rank, from 0 on, is the number of the process, and world_size how many processes
    there are. order is an array with the numbers of all rows, shuffled, the same one in
    every process; its length is a multiple of world_size. Each row goes to exactly one
    process, and all get equally many: deal them out in turn, or cut the order into
    stretches. Keep their order.
    """
    ...


lab.check("machines.rows_of", rows_of)

# %% [markdown]
# ## From scratch: one file, any number of processes
#
# All processes run the same file. What makes them different are two numbers that whoever
# starts them puts into the environment: a process's *rank*, from 0 on, and the *world
# size*, how many there are. torchrun calls them RANK and WORLD_SIZE, Slurm has names of
# its own, and a plain `python` sets neither: then there is one process, of rank 0.
#
# `%%writefile` makes a file of a cell (`%%capture` keeps its message quiet). This one is
# what every process does first:

# %%
# %%capture
# %%writefile {folder}/start.py
import atexit
import os
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.nn  # now: later on it would keep the group for good

from bigmodel_lab import models

HERE = Path(__file__).parent
rows = torch.load(HERE / "poems.pt")  # (2048, 34)
torch.set_num_threads(1)


def begin():
    """Join the other processes; return this one's rank, and how many there are."""
    rank = int(os.environ.get("RANK", os.environ.get("SLURM_PROCID", 0)))
    many = int(os.environ.get("WORLD_SIZE", os.environ.get("SLURM_NTASKS", 1)))
    store = dist.HashStore() if many == 1 else None  # alone, there is nobody to find
    dist.init_process_group("gloo", rank=rank, world_size=many, store=store)
    atexit.register(end)
    return rank, many


# %%
# %%capture
# %%writefile -a {folder}/start.py
import time


def end():
    """Leave the others, and let PyTorch's threads end before Python does."""
    dist.destroy_process_group()
    time.sleep(0.2)


# %% [markdown]
# *gloo* is what sends tensors between processors; between GPUs it is *nccl*. Then the same
# model on all, from the same seed, and the same batch, of which each takes its share:

# %%
# %%capture
# %%writefile -a {folder}/start.py


def new_model(seed=0):
    torch.manual_seed(seed)
    return models.GPT(int(rows.max()) + 1, 33, dimensions=32, layers=2)


def batch(step, size=32):
    """Return the poems of a step, the same on every rank: (32, 34)."""
    numbers = torch.Generator().manual_seed(step)
    return rows[torch.randint(len(rows), (size,), generator=numbers)]


def loss_of(model, part):
    return models.next_token_loss(model(part[:, :-1]), part[:, 1:])


def vector(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


# %% [markdown]
# What makes one training of two is a single function. After `all_reduce` every process
# holds the sum:

# %%
# %%capture
# %%writefile {folder}/train.py
import time

import torch
import torch.distributed as dist
from start import HERE, batch, begin, loss_of, new_model, vector
from torch.nn.parallel import DistributedDataParallel

import bigmodel_lab as lab


def average(model, many):
    """Replace each gradient by its mean over all processes."""
    for weight in model.parameters():
        dist.all_reduce(weight.grad)
        weight.grad /= many


# %% [markdown]
# The training: only two lines know that there are others.

# %%
# %%capture
# %%writefile -a {folder}/train.py


def train(by_hand, rank, many, steps=20):
    """Train a GPT; return its weights and the losses, each the mean over all ranks."""
    model = new_model()
    wrapped = model if by_hand else DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), 0.5, momentum=0.9)
    losses = []
    for step in range(steps):
        part = batch(step)[rank::many]
        loss = loss_of(wrapped, part)
        optimizer.zero_grad()
        loss.backward()
        if by_hand:
            average(model, many)
        optimizer.step()
        losses.append(loss.detach())
    dist.all_reduce(losses := torch.stack(losses))
    return vector(model.parameters()), losses / many


# %% [markdown]
# ### With PyTorch
#
# `DistributedDataParallel`, DDP, wraps a model and averages by itself. The end of the file
# trains once by hand and once so:

# %%
# %%capture
# %%writefile -a {folder}/train.py


if __name__ == "__main__":
    rank, many = begin()
    train(True, rank, many, steps=1)  # first calls take longer
    for name in ("by hand", "DDP"):
        start = time.perf_counter()
        weights, losses = train(name == "by hand", rank, many)
        seconds = time.perf_counter() - start
        if rank == 0:
            first, last = (lab.about(losses[k]) for k in (0, -1))
            print(f"{name}, {many} process(es): loss {first}, after 20 steps {last}")
            facts = {"weights": weights, "seconds": seconds}
            torch.save(facts, HERE / f"{name}, {many}.pt")

# %% [markdown]
# Now the same file in one process, by plain `python`, and in two. `lab.launch` runs it with
# torchrun, gives it a time limit, and leaves no process behind, whatever happens:


# %%
def alone(script, *arguments):
    """Run a file by plain python, in one process; return what it prints."""
    command = [sys.executable, folder / script, *map(str, arguments)]
    options = {"capture_output": True, "text": True, "check": True, "timeout": 60}
    return subprocess.run(command, **options).stdout


print(alone("train.py") + lab.launch(folder / "train.py", processes=2))

# %% [markdown]
# **Are the weights after 20 steps the same?** How far are they, at most, from those of one
# process, in millionths of the largest?

# %%
runs = {path.stem: torch.load(path) for path in folder.glob("*, ?.pt")}
reference = runs["by hand, 1"]["weights"]
for name in ("DDP, 1", "by hand, 2", "DDP, 2"):
    gap = (runs[name]["weights"] - reference).abs().max() / reference.abs().max()
    print(f"{name} process(es): {lab.about(1e6 * gap, 3)} millionths")
    # checked on every run
    assert gap < 2e-5

# %% [markdown]
# Up to rounding, they are. Numbers with decimals are added in another order, and their
# last digits show it. Two processes, by hand or with DDP, are *one* training, with the
# batch of 32: not two trainings, and no bigger batch.
#
# **And how long did the 20 steps take?**

# %% tags=["nbval-ignore-output"]
for name in sorted(runs):
    print(f"{name} process(es): {runs[name]['seconds']:.2f} s")

# %% [markdown]
# Where two cores were free, two processes took perhaps two thirds of the time of one; where
# another program had one of them, they may have taken *longer*. DDP loses less than we do:
# it sends gradients in large *buckets* instead of one by one, and begins while the backward
# pass still works on the layers before.
#
# ### Without a second machine
#
# If a batch does not fit into memory, a single machine can take the shares one after the
# other, and add up: *gradient accumulation*. **Four shares of eight poems: the same
# gradient?**

# %%
sys.path.insert(0, str(folder))
from start import batch, loss_of, new_model, vector

# %%
whole, bit_by_bit = new_model(), new_model()
loss_of(whole, batch(0)).backward()
for share in batch(0).split(8):
    (loss_of(bit_by_bit, share) / 4).backward()  # .grad adds up until zero_grad()

one, other = (vector(p.grad for p in m.parameters()) for m in (whole, bit_by_bit))
gap = (one - other).abs().max() / one.abs().max()
print(f"largest difference: {lab.about(1e6 * gap, 3)} millionths of the largest entry")

# checked on every run
assert gap < 1e-5

# %% [markdown]
# ## Four mistakes that raise no error
#
# - *Unequal shares*: 24 poems here and 8 there, and the plain mean.
# - *Batch norm*: it subtracts the mean of the batch that it sees.
# - *A seed for each rank*, before the weights are drawn.
# - *The same seed on each rank*, when samples are drawn.
#
# **Which of them would you see in the loss?** Each is a few lines. The shares:

# %%
# %%capture
# %%writefile {folder}/traps.py
import hashlib

import torch
import torch.distributed as dist
from start import batch, begin, loss_of, new_model, rows, vector
from torch import nn
from train import average

import bigmodel_lab as lab

rank, many = begin()
say = print if rank == 0 else lambda *words: None


# %%
# %%capture
# %%writefile -a {folder}/traps.py
def gradient(part, weight=1.0):
    """Return the mean over all ranks of the gradients of weight * loss."""
    model = new_model()
    (weight * loss_of(model, part)).backward()
    average(model, many)
    return vector(p.grad for p in model.parameters())


truth = gradient(batch(0))  # everyone has the whole batch
share = batch(0)[:24] if rank == 0 else batch(0)[24:]
weighted = many * len(share) / 32
for name, weight in {"mean of means": 1.0, "weighted by share": weighted}.items():
    error = 100 * (gradient(share, weight) - truth).norm() / truth.norm()
    say(f"24 + 8 poems, {name}: wrong by {lab.about(error.round(decimals=2), 0.02)} %")

# %% [markdown]
# Batch norm, and a seed for each rank:

# %%
# %%capture
# %%writefile -a {folder}/traps.py
torch.manual_seed(0)
x, norm = torch.randn(32, 8), nn.BatchNorm1d(8)
gap = (norm(x[rank::many]) - norm(x)[rank::many]).abs().max()
say(f"batch norm of a share, not of the batch: outputs differ by {lab.about(gap)}")

for name, seed in {"one seed": 0, "a seed for each rank": rank}.items():
    model = new_model(seed)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    for step in range(5):
        optimizer.zero_grad()
        loss_of(model, batch(step)[rank::many]).backward()
        average(model, many)
        optimizer.step()
    mine = vector(model.parameters())
    dist.broadcast(first := mine.clone(), src=0)
    dist.all_reduce(gap := (mine - first).abs().max(), dist.ReduceOp.MAX)
    loss = lab.about(loss_of(model, rows[:50]).item())
    say(f"{name}: weights {lab.about(gap, decimals=2)} apart, loss {loss}")

# %% [markdown]
# The same seed for the data, ten steps of 16 poems:

# %%
# %%capture
# %%writefile -a {folder}/traps.py
for name, seed in {"the same seed for the data": 0, "one of its own": rank}.items():
    numbers = torch.Generator().manual_seed(seed)
    mine = torch.randint(len(rows), (160,), generator=numbers)
    everyone = [torch.empty_like(mine) for _ in range(many)]
    dist.all_gather(everyone, mine)
    different = len(torch.cat(everyone).unique())
    say(f"{name}: {different} different poems of 320 read")

# %% [markdown]
# Last, a remedy: a *hash* is a short number of a long content, and two contents with the
# same one are the same. All compare theirs with that of rank 0:

# %%
# %%capture
# %%writefile -a {folder}/traps.py


def check_alike(what, content):
    """Raise RuntimeError on a rank whose bytes are not those of rank 0."""
    hashes = [None] * many
    dist.all_gather_object(hashes, hashlib.sha256(content).hexdigest()[:8])
    if hashes[rank] != hashes[0]:
        raise RuntimeError(f"rank {rank} has other {what} than rank 0")


with open(__file__, "rb") as code:
    check_alike("code", code.read())
check_alike("batch", batch(0).numpy().tobytes())
check_alike("weights", vector(new_model(seed=rank).parameters()).numpy().tobytes())


# %%
def failing(script, *arguments):
    """Launch a file that is to fail in two processes; return the error."""
    try:
        lab.launch(folder / script, 2, *arguments)
    except lab.LaunchError as error:
        return error


error = failing("traps.py")
print(f"{error.printed}{error}")

# checked on every run
assert "rank 1 has other weights" in str(error)

# %% [markdown]
# Only the *seed for each rank* leaves a trace in the loss, and a small one: no error, and it
# falls in any case. The ranks then add up gradients of different models, and which of them
# is saved at the end is up to you.
#
# - *Unequal shares*: a gradient that is wrong by more than a quarter. It happens in the last batch of
#   an epoch.
# - *Batch norm*: a network that sees 16 poems at once is not one that sees 32. On GPUs
#   `SyncBatchNorm` averages over all ranks; layer norm, as in GPTs, has no such question.
# - *The same data*: half of the computing is for nothing. `DistributedSampler` deals out
#   the samples; see that each epoch gets a new order (`set_epoch`).
# - *Other weights* are found by the hash in a few milliseconds. DDP copies those of rank 0
#   to all when it starts, but what you change afterward it does not see.
#
# ## How a sum travels
#
# A sum over n machines: all send their numbers to one, which adds up and sends the sum
# back. **How many bytes go in and out of that one, with 1,000 machines?** A thousand times
# those of the model, while the others wait. In a *ring* nobody is special:

# %%
lab.drawings.ring()

# %% [markdown]
# Everyone cuts its numbers into n pieces. In each step everyone passes a piece on to the
# next, who adds its own; after n - 1 steps each piece has been everywhere: *reduce-scatter*.

# %%
n = 4
pieces = [[torch.tensor([10.0 * k + r]) for k in range(n)] for r in range(n)]


# %%
def table():
    """Return the pieces as a table: a row for each machine."""
    numbers = [[int(piece) for piece in mine] for mine in pieces]
    names = [f"machine {r}" for r in range(n)]
    return pd.DataFrame(numbers, names, [f"piece {k}" for k in "abcd"])


table()

# %%
for step in range(n - 1):
    for r in range(n):
        k, after = (r - step) % n, (r + 1) % n
        pieces[after][k] = pieces[after][k] + pieces[r][k]
table()

# %% [markdown]
# The sum of piece a is 0 + 1 + 2 + 3 = 6. **Who has it? Who has the sums of b, c and d?**
# Machine 3 has the first, and each of the others one, too; what else stands there are
# parts. The finished ones go around once more, and now they replace: *all-gather*.

# %%
for step in range(n - 1):
    for r in range(n):
        k, after = (r + 1 - step) % n, (r + 1) % n
        pieces[after][k] = pieces[r][k]
table()

# %% [markdown]
# ### Exercise 3: what a ring sends
#
# *Medium · 10 minutes*
#
# Two times around, in pieces. How many bytes does each machine send?


# %%
def ring_bytes(size, machines):
    """Return how many bytes each machine sends until all have the sum: ring all-reduce.

    Both are numbers: each machine has a gradient of `size` bytes. It is cut into as
    many parts as there are machines, which stand in a ring. First the parts are summed
    on their way around, until each machine has the sum of one part; then these sums go
    around until all machines have all of them. In each step each machine sends one part
    to the next one.
    """
    ...


lab.check("machines.ring_bytes", ring_bytes)

# %% [markdown]
# `lab.collectives` has the same in functions, and counts; the tests compare its sums with
# those of gloo. **What does each machine send, in multiples of its own bytes?**

# %%
for n in (2, 4, 8, 64):
    tensors = [torch.randn(2**16) for _ in range(n)]
    sums, sent = collectives.ring_all_reduce(tensors)
    print(
        f"{n} machines: each sends {max(sent) / tensors[0].nbytes:.4g} times its bytes"
    )

    # checked on every run
    torch.testing.assert_close(sums[0], sum(tensors), rtol=1e-4, atol=1e-4)

# %% [markdown]
# Hardly more with 64 machines than with 8: twice the model's bytes, from one to the next,
# however many there are. What grows is the number of messages, 2 (n - 1). (NCCL and gloo
# have trees, too, with fewer messages, for many machines and small tensors.)
#
# ## What it costs
#
# An all-reduce takes a *latency* even when it is empty, and time for its bytes. Here two
# processes send 4 kB to 40 MB to each other, and take steps of training, alone and
# together:

# %%
# %%capture
# %%writefile {folder}/speed.py
import json
import time

import torch
import torch.distributed as dist
from start import batch, begin, loss_of, new_model, vector

rank, many = begin()


def seconds(call, ranks, tries=7):
    """Return the median time of a call by the first ranks; the others wait."""
    found = []
    for _ in range(tries):
        dist.barrier()
        start = time.perf_counter()
        if rank < ranks:
            call()
        found.append(time.perf_counter() - start)
    return sorted(found)[tries // 2]


# %%
# %%capture
# %%writefile -a {folder}/speed.py


model = new_model()


def step(part, shared):
    model.zero_grad()
    loss_of(model, part).backward()
    gradients = vector(p.grad for p in model.parameters())
    if shared:
        dist.all_reduce(gradients)


sizes = (4e3, 4e4, 4e5, 4e6, 4e7)
sums = [torch.zeros(int(size) // 4) for size in sizes]
found = {"sizes": sizes, "bytes": vector(model.parameters()).nbytes}
found["seconds"] = [seconds(lambda t=t: dist.all_reduce(t), 2) for t in sums]
found["one"] = seconds(lambda: step(batch(0), False), 1)
found["two"] = seconds(lambda: step(batch(0)[rank::2], True), 2)
if rank == 0:
    print(json.dumps(found))

# %% tags=["nbval-ignore-output"]
now = json.loads(lab.launch(folder / "speed.py"))
times = pd.DataFrame({"MB": np.array(now["sizes"]) / 1e6, "s": now["seconds"]})
times["ms"], times["GB/s"] = 1e3 * times["s"], times["MB"] / times.pop("s") / 1e3
times.round(2)

# %% [markdown]
# **From which size on do the bytes count?** The same was measured on a quiet machine, by
# `benchmarks/many_machines.py`, with a straight line through the times: they are the latency
# of two messages, plus bytes divided by bandwidth.

# %%
stored = lab.results.load("many_machines")
link = stored["all_reduce"]
sizes, medians = np.array(link["bytes"]), np.median(link["seconds"], axis=0)
line = 2 * link["latency"] + sizes / link["bandwidth"]
print(
    f"latency {1e3 * link['latency']:.2f} ms, bandwidth {link['bandwidth'] / 1e9:.2f} GB/s"
)

# %%
lab.plots.curves(
    {"measured": (sizes / 1e6, 1e3 * medians), "fitted": (sizes / 1e6, 1e3 * line)},
    title="Small messages cost their latency, large ones their bytes",
    xlabel="size of the all-reduce (MB, log scale)",
    ylabel="time (ms, log scale)",
    xscale="log",
    yscale="log",
    alt="Time of an all-reduce against its size, 0.004 to 40 MB, both axes logarithmic. Up to a tenth of a megabyte the time hardly changes, from a few megabytes on it grows as the size does. The fitted line follows the measured one.",
)

# %% [markdown]
# ### Exercise 4: a step on many machines
#
# *Medium · 15 minutes*
#
# Computing is shared; messages and bytes come on top. How long does a step take?


# %%
def step_seconds(compute, size, machines, latency, bandwidth):
    """Return how many seconds a step takes on several machines.

    All are numbers. On one machine a step takes `compute` seconds, and its batch can be
    shared evenly. After that, a gradient of `size` bytes is summed in a ring: each of n
    machines sends 2 (n - 1) messages, one after the other, of size / n bytes each. A
    message takes `latency` seconds, and one more second for each `bandwidth` bytes.
    """
    ...


lab.check("machines.step_seconds", step_seconds)

# %% [markdown]
# With $t$ the seconds of a step on one machine, $s$ bytes of gradients, latency $a$ and
# bandwidth $b$, a step on $n$ machines in a ring takes
#
# $$t_n = \frac{t}{n} + 2 (n - 1) \left( a + \frac{s}{n\, b} \right)$$
#
# The first part falls with $n$; the second does not. **Does the formula predict this
# machine?** The link as fitted to the times above, and the measured step of one process:

# %% tags=["nbval-ignore-output"]
seconds = np.array(now["seconds"])
slope, start = np.polyfit(now["sizes"], seconds, 1, w=1 / seconds)
latency, bandwidth = max(start, 0) / 2, 1 / slope
predicted = collectives.step_seconds(now["one"], now["bytes"], 2, latency, bandwidth)
for name, t in {"alone": now["one"], "two": now["two"], "predicted": predicted}.items():
    print(f"{name}: {1e3 * t:.1f} ms, speed-up {now['one'] / t:.2f}")

# %% [markdown]
# It leaves out what two programs do to each other: they share memory and caches here, and
# perhaps a core with something else. On machines of their own that is less, and the link
# is slower.
#
# **How long must a step take one machine, for two to be any faster?**

# %% [markdown]
# ### Exercise 5: from when on does it pay?
#
# *Medium · 10 minutes*
#
# What is saved must be more than what the talking takes.


# %%
def break_even(communication, machines):
    """Return from how many seconds of computing on, for a step, many machines pay.

    Both are numbers. One machine computes a step in t seconds and sends nothing.
    `machines` machines share that evenly, and then send for `communication` seconds.
    Returned is the t for which both take equally long.
    """
    ...


lab.check("machines.break_even", break_even)

# %% [markdown]
# ### Exercise 6: how much of each machine is used?
#
# *Easy · 5 minutes*
#
# Four machines are three times as fast as one. How well is each of them used?


# %%
def efficiency(one, many, machines):
    """Return which share of the best possible speed-up was reached: 1 is all of it.

    All are numbers: a step takes `one` seconds on one machine, and `many` seconds on
    all of the machines together.
    """
    ...


lab.check("machines.efficiency", efficiency)

# %% [markdown]
# A step of a GPT with $N$ parameters on $B$ tokens takes about $6 N B$ operations, two for
# each weight and token forward and four backward; its gradients are $4 N$ bytes. **What
# must be large for two machines to win: the model, or the batch?** Here are three machines
# and three models:

# %%
LINKS = {  # bytes per second, and seconds for an empty message
    "gloo, one machine": (link["bandwidth"], link["latency"]),
    "1 Gbit Ethernet": (0.125e9, 50e-6),
    "25 Gbit Ethernet": (3.125e9, 20e-6),
    "InfiniBand, 400 Gbit": (50e9, 3e-6),
    "NVLink": (450e9, 3e-6),
}
MACHINES = {  # operations per second, in practice
    "a laptop's core, 1 Gbit Ethernet": 5e10,
    "a GPU, 25 Gbit Ethernet": 2e14,
    "a GPU, NVLink": 2e14,
}

# %%
least = {}
for name, speed in MACHINES.items():
    bandwidth, latency = LINKS[name.partition(", ")[2]]
    least[name] = [
        collectives.break_even(
            collectives.ring_seconds(4 * N, 2, latency, bandwidth), 2
        )
        * speed
        / (6 * N)
        for N in (1e5, 1e8, 1e10)
    ]
names = [f"{N} parameters" for N in ("0.1 million", "100 million", "10 billion")]
pd.DataFrame(least, names).T.map("{:,.0f}".format)

# %% [markdown]
# So many tokens must each step have, or two machines are slower than one. The size of the
# model cancels out, but for the latency: what must be large is the *batch*, and the more
# so, the faster the machines are beside their link. A GPU needs a fast link more than a
# laptop does. "Distribute the training to raise the speed" (D0 §9) is true above that
# size, and false below it.
#
# And in practice? Three GPTs on 32 poems a step, on a machine of two cores; speed-up over
# one process with one thread, medians:

# %%
steps = pd.DataFrame(stored["training"]["rows"])
ratios = [np.array(row.alone) / row.seconds for row in steps.itertuples()]
steps["speed-up"] = [f"{np.median(ratio):.2f}" for ratio in ratios]
steps["gradients"] = [f"{size / 1e6:.1f} MB" for size in steps["bytes"]]
steps["program"] += ", " + steps["processes"].astype(str)
order = [list(steps[name].unique()) for name in ("program", "gradients")]
steps.pivot(index="program", columns="gradients", values="speed-up").loc[*order]

# %% [markdown]
# Two processes never reach 2. Averaging by hand sends each tensor on its own, and pays the
# latency for each. "Two threads" is one process that uses both cores, and sends nothing:
# on one machine, that is the rival to beat. Several processes pay when there are several
# machines, or GPUs.

# %% [markdown]
# ## A model that is too large for one machine
#
# Everything so far has all weights on every machine. What if they do not fit? Three ways to
# cut a model: by its layers, by what training keeps, and by the columns of its matrices.
#
# ### By its layers: a pipeline
#
# The first machine has the first layers, the next one the next. **While the last one works,
# what do the others do?** They wait, unless the batch comes in small parts:

# %%
lab.drawings.pipeline_bubble(stages=4, micro_batches=6)

# %% [markdown]
# ### Exercise 7: the bubble
#
# *Medium · 10 minutes*
#
# Count the turns in the drawing: in how many of them does a machine have nothing to do?


# %%
def bubble(stages, micro_batches):
    """Return for which share of the time a machine of a pipeline has nothing to do.

    Both are numbers: p stages, one on each machine, and m micro-batches that go through
    all of them one after the other. Each stage takes equally long for a micro-batch,
    and nothing for sending it on. The time goes from the start of the first one on the
    first machine to the end of the last one on the last machine. (Backward it is the
    same once more.)
    """
    ...


lab.check("machines.bubble", bubble)

# %% [markdown]
# With two stages, in code:

# %%
# %%capture
# %%writefile {folder}/cut.py
import json

import torch
import torch.distributed as dist
from start import HERE, batch, begin, loss_of, new_model
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

rank, many = begin()
found = {}


def largest(difference, whole):
    """Return the largest difference on any rank, in millionths of the whole's."""
    gap = 1e6 * difference.abs().max() / whole.abs().max()
    dist.all_reduce(gap, dist.ReduceOp.MAX)
    return gap.item()


# %%
# %%capture
# %%writefile -a {folder}/cut.py


@torch.no_grad()
def pipeline(x, stages, micro_batches):
    """Return what two stages make of x, on rank 1; on rank 0 return what it has sent."""
    sent, done = [], []
    for part in x.chunk(micro_batches):
        if rank == 0:
            half_way = stages[0](part)
            sent.append((half_way, dist.isend(half_way, 1)))
        else:
            dist.recv(received := torch.empty_like(part), 0)
            done.append(stages[1](received))
    for _, request in sent:
        request.wait()
    return torch.cat(done or [half_way for half_way, _ in sent])


# %% [markdown]
# Sending does not wait (`isend`): the first stage goes on with the next part.

# %%
# %%capture
# %%writefile -a {folder}/cut.py


torch.manual_seed(0)
stages = [nn.Sequential(nn.Linear(64, 64), nn.Tanh()) for _ in range(2)]
x = torch.randn(96, 64)
with torch.no_grad():
    whole = stages[0](x) if rank == 0 else stages[1](stages[0](x))
found["pipeline"] = largest(pipeline(x, stages, micro_batches=6) - whole, whole)

# %% [markdown]
# ### By what training keeps: ZeRO and FSDP
#
# In DDP every machine keeps everything. **Which of weights, gradients and the optimizer's
# state takes most, and which of them is needed least often?** *ZeRO* (Rajbhandari and
# others, 2020) cuts in three stages, and each machine keeps its share only.

# %% [markdown]
# ### Exercise 8: what each machine keeps
#
# *Medium · 15 minutes*
#
# Which of the 16 bytes of a parameter does each stage share out?


# %%
def zero_bytes(parameters, machines, stage):
    """Return how many bytes each machine keeps for a model that is trained with ZeRO.

    All are numbers. In mixed precision a parameter takes 2 bytes for the weight, 2 for
    its gradient and 12 for the optimizer's state (the weight in float32 and Adam's two
    means). Stage 1 shares the state out evenly among the machines, stage 2 the
    gradients, too, stage 3 the weights, too. What is not shared, each machine keeps
    whole.

    Source: Rajbhandari and others (2020), "ZeRO: Memory Optimizations Toward Training
    Trillion Parameter Models"
    """
    ...


lab.check("machines.zero_bytes", zero_bytes)

# %% [markdown]
# ZeRO's own example, 7.5 billion parameters on 64 machines:

# %%
for stage, words in enumerate(
    ["nothing", "Adam's state", "gradients, too", "weights, too"]
):
    size = collectives.zero_bytes(7.5e9, machines=64, stage=stage)
    print(f"stage {stage}, cut: {words:14}  {size / 1e9:5.1f} GB on each")

# %% [markdown]
# These are the numbers of the paper. Stage 1 is PyTorch's `ZeroRedundancyOptimizer`, stage
# 3 its `fully_shard`, *FSDP*: before a layer is used, its weights are gathered, and then
# dropped. Three steps with Adam each, and what each rank keeps:

# %%
# %%capture
# %%writefile -a {folder}/cut.py


def train(model, optimizer, steps=3):
    for step in range(steps):
        optimizer.zero_grad()
        loss_of(model, batch(step)[rank::many]).backward()
        optimizer.step()


def kept(tensors):
    """Return the bytes of this rank's part of tensors."""
    parts = (t.to_local() if hasattr(t, "to_local") else t for t in tensors)
    return sum(part.nbytes for part in parts)


def report(name, model, optimizer):
    state = [v for each in optimizer.state.values() for v in each.values() if v.dim()]
    row = {"weights": kept(model.parameters()), "Adam's state": kept(state)}
    everyone = [None] * many
    dist.all_gather_object(everyone, row)
    found[name] = everyone


# %%
# %%capture
# %%writefile -a {folder}/cut.py
def three_ways():
    """Train a model by DDP, by ZeRO-1 and by FSDP; return all three."""
    plain = DistributedDataParallel(new_model())
    train(plain, adam := torch.optim.Adam(plain.parameters()))
    report("DDP", plain, adam)

    zero = DistributedDataParallel(new_model())
    shared = ZeroRedundancyOptimizer(zero.parameters(), torch.optim.Adam)
    train(zero, shared)
    report("ZeRO-1", zero, shared.optim)
    torch.save(shared.optim.state_dict(), HERE / f"share {rank} of {many}.pt")

    fsdp, mesh = new_model(), init_device_mesh("cpu", (many,))
    for block in fsdp.blocks:
        fully_shard(block, mesh=mesh)
    fully_shard(fsdp, mesh=mesh)  # what is left: the embedding, the last norm
    train(fsdp, adam := torch.optim.Adam(fsdp.parameters()))
    report("FSDP", fsdp, adam)
    return plain, zero, fsdp


# %%
# %%capture
# %%writefile -a {folder}/cut.py


def compare(plain, zero, fsdp):
    """Find the largest difference between the weights of DDP and of the others."""
    for name, model in {"ZeRO-1 and DDP": zero, "FSDP and DDP": fsdp}.items():
        found[name] = 0
        for p, q in zip(model.parameters(), plain.parameters(), strict=True):
            whole = p.full_tensor() if hasattr(p, "full_tensor") else p
            gap = largest((whole - q).detach(), q.detach())
            found[name] = max(found[name], gap)


compare(*three_ways())

# %% [markdown]
# ### By columns: tensor parallel
#
# A single layer can be cut as well. The layers of a block come in pairs: one grows, and one
# shrinks.

# %%
lab.drawings.cut_layers()

# %% [markdown]
# ### Exercise 9: a layer whose inputs are cut
#
# *Medium · 10 minutes*
#
# Each machine has some of the inputs and the weights that belong to them. What is the
# whole layer's result, with its bias?


# %%
def row_parallel(xs, Ws, bias):
    """Return a layer's whole result (N, out) from machines that have its inputs cut.

    xs and Ws are lists with one tensor of each machine: some columns of the layer's
    inputs, (N, part), and the weights for them, (out, part). bias (out,) is a tensor,
    the layer's. For all inputs x (N, in) and weights W (out, in) in one piece it would
    be x Wᵀ + bias.
    """
    ...


lab.check("machines.row_parallel", row_parallel)

# %%
# %%capture
# %%writefile -a {folder}/cut.py


@torch.no_grad()
def two_layers(x, grow, shrink):
    """Return shrink(relu(grow(x))), each rank with a part of the hidden units."""
    width = len(grow.weight) // many
    mine = slice(rank * width, (rank + 1) * width)
    hidden = F.relu(F.linear(x, grow.weight[mine], grow.bias[mine]))
    out = F.linear(hidden, shrink.weight[:, mine])
    dist.all_reduce(out)
    return out + shrink.bias  # once, not on each


grow, shrink = nn.Linear(64, 256), nn.Linear(256, 64)
whole = shrink(F.relu(grow(x))).detach()
found["tensor parallel"] = largest(two_layers(x, grow, shrink) - whole, whole)
if rank == 0:
    print(json.dumps(found))

# %% [markdown]
# **All three at once: is what comes out the same as in one piece?**

# %%
found = json.loads(lab.launch(folder / "cut.py"))
for name in ("pipeline", "tensor parallel", "ZeRO-1 and DDP", "FSDP and DDP"):
    print(f"{name}: {lab.about(found[name], 3)} millionths apart")
    # checked on every run
    assert found[name] < 20

# %% [markdown]
# **And what does each rank keep, of 114,944 parameters?**

# %%
total = sum(p.numel() for p in new_model().parameters())
keeps = {
    f"{name}, rank {rank}": row
    for name in ("DDP", "ZeRO-1", "FSDP")
    for rank, row in enumerate(found[name])
}
print(f"{total:,} parameters: {4 * total:,} bytes of weights, {8 * total:,} of Adam")

# %%
# checked on every run
shares = pd.DataFrame(found["FSDP"]).sum()
assert shares.to_dict() == {"weights": 4 * total, "Adam's state": 8 * total}
pd.DataFrame(keeps).T.map("{:,}".format)

# %% [markdown]
# FSDP halves weights and state, as the arithmetic says. ZeRO-1 leaves the weights and shares
# Adam's state by whole tensors, so that the rank with the embedding, four fifths of this
# small GPT, keeps nearly all: shares are as even as the pieces allow.
#
# The pipeline has a price of its own. Two stages, by micro-batches, against one process that
# does it all (1.0); the second line is what the bubble alone would allow:

# %%
pipe = pd.DataFrame(stored["pipeline"]["rows"])
share = [np.median(np.array(row.seconds) / row.alone) for row in pipe.itertuples()]
counts = pipe["micro_batches"].to_numpy()
ideal = [1 / (2 * (1 - collectives.bubble(2, int(m)))) for m in counts]

# %%
lab.plots.curves(
    {"measured": (counts, share), "bubble alone": (counts, ideal)},
    title="Smaller parts shrink the bubble, until the messages cost more",
    xlabel="micro-batches (log scale)",
    ylabel="time, of one process's",
    xscale="log",
    alt="Time of a pipeline of two stages against the number of micro-batches, 1 to 32, as a share of one process's time. What the bubble alone allows falls from 1 toward a half. The measured time lies above it: 1.1 for one micro-batch, least with two or four, 0.9, and 2 with 32.",
)

# %% [markdown]
# ## On real data: a thousand machines
#
# Nothing in the formula stops at two. Take the largest of the three GPTs, whose step was
# measured alone, and **guess: on how many machines is it fastest, by gloo's link? By
# NVLink?** The batch stays the same.

# %%
largest = steps.loc[steps["bytes"].idxmax()]
compute, size = np.median(largest["alone"]), largest["bytes"]
counts = 2 ** np.arange(11)


# %%
def speed_up(name):
    """Return the predicted speed-up for each number of machines, by a link's name."""
    bandwidth, latency = LINKS[name]
    step = [
        collectives.step_seconds(compute, size, int(n), latency, bandwidth)
        for n in counts
    ]
    return compute / np.array(step)


# %%
lab.plots.curves(
    {name: (counts, speed_up(name)) for name in LINKS} | {"ideal": (counts, counts)},
    title="The same batch on more machines: each link has its end",
    xlabel="machines (log scale)",
    ylabel="speed-up (log scale)",
    xscale="log",
    yscale="log",
    alt="Predicted speed-up against the number of machines, 1 to 1,024, both axes logarithmic. The ideal is a diagonal. The curve of each link leaves it, is flat for a while, and then falls: 1 Gbit Ethernet first, below 1, then gloo and 25 Gbit Ethernet, InfiniBand and NVLink last.",
)

# %% [markdown]
# ### Exercise 10: what cannot be shared
#
# *Easy · 5 minutes*
#
# A part of the work must be done by one machine while the others wait. How much faster
# can many be?


# %%
def amdahl(serial, machines):
    """Return how many times faster several machines are than one: Amdahl's law.

    Both are numbers: the share `serial`, between 0 and 1, of the time on one machine
    cannot be shared; the rest is shared evenly among the machines.

    Source: Amdahl (1967), "Validity of the single processor approach to achieving
    large scale computing capabilities"
    """
    ...


lab.check("machines.amdahl", amdahl)

# %% [markdown]
# Amdahl's law (1967) has a ceiling; this one has a peak, since n machines send 2 (n - 1)
# messages. The way out is to give each machine its own full batch: then the batch grows
# with the machines, the work is not cut into dust, and the *learning rate* has to be chosen
# anew ([chapter 03](03_optimizers.ipynb)).
#
# But also then everyone waits for the slowest. Give each machine's step a spread of 10 %,
# one by chance, and simulate 200 steps:

# %%
numbers = np.random.default_rng(0)
for n in (8, 64, 1024):
    slowest = numbers.normal(1, 0.1, (200, n)).max(axis=1).mean()
    print(f"{n:5} machines: a step takes {slowest:.2f} times the mean one")

# %% [markdown]
# With a thousand machines a quarter of the time is spent waiting for whoever is last,
# although none of them is bad.

# %% [markdown]
# ## When a machine dies
#
# One machine that fails every three years is a good one. **1,024 of them: how often does a
# training stop?** About once a day. What is not saved is lost; so save *everything* that the
# next step depends on: weights, the optimizer's state, and the number of the step, from
# which our batches follow.

# %%
# %%capture
# %%writefile {folder}/restart.py
import os
import signal
import sys

import torch
from start import HERE, batch, begin, loss_of, new_model
from train import average

import bigmodel_lab as lab


def save(path, **content):
    """Write a file completely or not at all: who dies meanwhile leaves the old one."""
    torch.save(content, half := path.with_suffix(".half"))
    os.replace(half, path)


# %%
# %%capture
# %%writefile -a {folder}/restart.py


def resume(path, model, optimizer):
    """Load what was saved; return the step to go on with, 0 if there is nothing."""
    if not path.exists():
        return 0
    saved = torch.load(path)
    model.load_state_dict(saved["weights"])
    optimizer.load_state_dict(saved["state"])
    return saved["step"]


# %%
# %%capture
# %%writefile -a {folder}/restart.py


rank, many = begin()
until, dies, *names = sys.argv[1:]
for name in names:
    path, model = HERE / f"{name}.pt", new_model()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    first = resume(path, model, optimizer)
    for step in range(first, int(until)):
        if step == int(dies) and rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)  # as when a machine loses its power
        optimizer.zero_grad()
        loss = loss_of(model, batch(step)[rank::many])
        loss.backward()
        average(model, many)
        optimizer.step()
        if rank == 0 and step % 5 == 4:
            states = {"weights": model.state_dict(), "state": optimizer.state_dict()}
            save(path, step=step + 1, **states)
    if rank == 0 and first < int(until):
        print(f"{name}: steps {first} to {until}, loss {lab.about(loss)}")

# %% [markdown]
# Rank 1 dies at step 13 of 20. **What happens to rank 0?**

# %%
error = failing("restart.py", 20, 13, "interrupted")
print(error)

# checked on every run
assert "Rank 1 of restart.py was killed" in str(error)

# %% [markdown]
# It waits for a gradient that never comes, notices that the line is dead, and is stopped as
# well: one machine takes all with it. On the disk is what was after step 10. Started anew,
# it goes on from there; a second training in the same launch is never interrupted. **Is
# there a difference between the two, in the last bit?**

# %%
print(lab.launch(folder / "restart.py", 2, 20, -1, "interrupted", "whole"))
ends = [
    torch.load(folder / f"{name}.pt")["weights"] for name in ("interrupted", "whole")
]
different = sum(int((ends[0][key] != ends[1][key]).sum()) for key in ends[0])
print(f"{different} of {total:,} weights differ")

# checked on every run
assert different == 0

# %% [markdown]
# None. Had the checkpoint left out Adam's running means, or the place in the data, all of
# them would.
#
# ### With another number of machines
#
# Two processes have saved it; **can one go on?**

# %%
print(alone("restart.py", 25, -1, "interrupted"))

# %% [markdown]
# Yes: what rank 0 saved is the whole, and the batch is the same 32 poems. It is different
# where each rank has saved its share, such as the halves of Adam's state by ZeRO-1 above:


# %%
def load_share(rank, many):
    """Return a rank's share of the optimizer's state; RuntimeError if it does not fit."""
    saved = len(list(folder.glob("share * of *.pt")))
    if saved != many:
        raise RuntimeError(
            f"The state lies in {saved} shares, and {many} process(es) run: start "
            f"{saved}, or save it whole (consolidate_state_dict)."
        )
    return torch.load(folder / f"share {rank} of {many}.pt")


# %%
print(f"rank 1 of 2: {len(load_share(1, 2)['state'])} tensors of its own")
try:
    load_share(0, 1)
except RuntimeError as error:
    print(error)

# %% [markdown]
# One sentence, instead of a training that goes on with half of its memory.
# `torch.distributed.checkpoint` saves shares in a way that other numbers of machines can
# read. And how often should one save?

# %% [markdown]
# ### Exercise 11: how often to save
#
# *Medium · 10 minutes*
#
# Saving takes time, and so does what a failure loses. With which interval do both
# together take the least? (Young, 1974)


# %%
def checkpoint_interval(saving, failure_seconds, machines):
    """Return how many seconds to train between two checkpoints, to lose least time.

    All are numbers: to save a checkpoint takes `saving` seconds. One machine fails
    every failure_seconds on average. If one of them fails, all go back to the last
    checkpoint. With M, the average time until any of the machines fails, the best
    interval is about √(2 · saving · M).

    Source: Young (1974), "A first order approximation to the optimum checkpoint
    interval"
    """
    ...


lab.check("machines.checkpoint_interval", checkpoint_interval)

# %%
for n in (1, 64, 1024, 16384):
    failure = 3 * 365 * 24 * 3600  # seconds: three years
    minutes = collectives.checkpoint_interval(60, failure, n) / 60
    lost = 60 / (60 * minutes) + 60 * minutes / 2 / (failure / n)
    print(f"{n:6,} machines: every {minutes:7,.1f} minutes; lost: {100 * lost:.2f} %")

# %% [markdown]
# ## On a cluster
#
# The file `train.py` runs as it is under whoever sets the two numbers. The tests of this
# chapter start it by plain `python`, by torchrun, in an environment as Slurm makes it, and
# by `accelerate launch --multi_gpu --num_processes 2 train.py`, the launcher of Hugging
# Face (which calls torchrun). The next two files were not run: they need a cluster.
#
# *Slurm*, the queue of most universities: four machines with two processes each. `srun`
# starts all eight, and sets their ranks.
#
# ```bash
# !/bin/bash
# #SBATCH --job-name=poems
# #SBATCH --nodes=4
# #SBATCH --ntasks-per-node=2
# #SBATCH --cpus-per-task=1
# #SBATCH --time=00:10:00
# #SBATCH --requeue
# export MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# export MASTER_PORT=29500
# srun python train.py
# ```
#
# *Kubernetes*, the usual one of companies, with Kubeflow's training operator: one master and
# seven workers, which find each other through RANK, WORLD_SIZE and MASTER_ADDR, as with
# torchrun. The folder lies on a volume that all of them mount.
#
# ```yaml
# apiVersion: kubeflow.org/v1
# kind: PyTorchJob
# metadata:
#   name: poems
# spec:
#   pytorchReplicaSpecs:
#     Master: &process
#       replicas: 1
#       restartPolicy: OnFailure
#       template:
#         spec:
#           containers:
#             - name: pytorch
#               image: bigmodel-lab:0.1
#               command: ["python", "/data/train.py"]
#               volumeMounts: [{name: data, mountPath: /data}]
#           volumes:
#             - name: data
#               persistentVolumeClaim: {claimName: poems}
#     Worker:
#       <<: *process
#       replicas: 7
# ```

# %% [markdown]
# ## Turn the knobs
#
# ### A batch for each machine
#
# Each machine brings 16 poems to a step, so that with eight machines an epoch has an eighth of
# the steps. (One process plays all of them: it is the same training.) **Eight machines:
# which learning rate makes up for the missing steps?**


# %%
def machines_training(learning_rate, epochs, machines=1):
    """Train a GPT on 1,792 poems, 16 from each machine in a step."""
    model = new_model()
    inputs, targets = rows[:, :-1], rows[:, 1:]
    return lab.Training(
        model,
        lab.models.next_token_loss,
        torch.optim.SGD(model.parameters(), learning_rate, momentum=0.9),
        train=(inputs[:1792], targets[:1792]),
        validation=(inputs[1792:], targets[1792:]),
        epochs=epochs,
        batch_size=16 * machines,
    )


# %%
panel = lab.TuningPanel(
    machines_training,
    question="Which learning rate makes up for the missing steps?",
    learning_rate=0.1,
    epochs=4,
    machines=[1, 2, 4, 8],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# One machine takes 448 steps in four epochs and comes to 5.3 nats a token with a rate of
# 0.1. Eight take 56 steps: 5.86 with the same rate, 5.82 with 0.3, and with 1 they diverge,
# as one machine does. A gradient of more samples is less noisy, but the bound on the rate
# ([chapter 03](03_optimizers.ipynb)) stays: from some batch on, more machines only read the
# poems faster, and do not learn from them faster.
#
# </details>
#
# ### When do machines pay?
#
# Any model, any link, up to 1,024 machines. **A step takes one machine a second, and the
# gradients are 500 MB. By which links do 64 machines reach half of the ideal? From which
# size on is 1 Gbit Ethernet slower than one machine alone?**


# %%
def predict(model_mb, link, compute_seconds, machines=64):
    """Return the predicted speed-up in words, and the curve from 1 to 1,024 machines."""
    bandwidth, latency = LINKS[link]
    size, counts = 1e6 * model_mb, np.unique((2 ** np.arange(0, 10.25, 0.25)).round())
    steps = [
        collectives.step_seconds(compute_seconds, size, int(n), latency, bandwidth)
        for n in [*counts, machines]
    ]
    *curve, here = np.log2(compute_seconds / np.array(steps))
    talk = collectives.ring_seconds(size, machines, latency, bandwidth)
    words = (
        f"Machines: {machines}. Speed-up <b>{2**here:.1f}</b>, efficiency "
        f"{2**here / machines:.0%}; {1e3 * talk:,.1f} ms of talk a step"
    )
    doublings = np.log2(counts)
    drawing = {"ideal": (doublings, doublings), "predicted": (doublings, curve)}
    return words, drawing | {"you are here": (np.log2(machines), here)}


# %%
from ipywidgets import FloatLogSlider

lab.Explorer(
    predict,
    question="When do machines pay?",
    axes={"doublings of the machines": (0, 10), "doublings of the speed": (-4, 10)},
    model_mb=FloatLogSlider(500, min=-1, max=5, step=0.1, readout_format=".4"),
    link=list(LINKS),
    compute_seconds=FloatLogSlider(1, min=-3, max=2, step=0.1, readout_format=".4"),
    machines=(1, 1024),
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# By NVLink 64 machines reach 86 % of the ideal; InfiniBand stays just below a half. By 25
# Gbit Ethernet they are three times as fast as one, and more machines add nothing: all of
# them send twice the 500 MB, however little is left to compute. By 1 Gbit Ethernet 500 MB
# are far too much: 64 machines are slower than one from 62 MB on. Where the curve falls
# again, the latencies of 2 (n - 1) messages have taken over.
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("machines")

# %% tags=["nbval-ignore-output"]
lab.solved("machines")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | "distribute the training over several servers or GPUs, which raises the speed"<br><span lang="zh">将模型训练任务分布在多台服务器或GPU上，提高计算速度</span> | D0 §9 Q1 | [above a size of the batch, which grows with the speed of the machines beside that of the link](#What-it-costs); below it two are slower than one, and [no number of machines helps forever](#On-real-data:-a-thousand-machines) | half true |
# | training "usually needs distributed training and high-performance devices"<br><span lang="zh">通常需要分布式训练和高性能计算设备</span> | D1 §1.3, §3.3 | [7.5 billion parameters take 120 GB to train](#By-what-training-keeps:-ZeRO-and-FSDP), more than one GPU has; the models of this workbook need one core | half true |
# | large models "need efficient computing resources such as GPUs and TPUs"<br><span lang="zh">大模型需要高效的计算资源，如GPU、TPU等</span> | D2 §2.1.1 | the faster the machine, [the larger a batch it needs before a second one helps](#What-it-costs): the link counts as much | half true |

# %% [markdown]
# ## Going further
#
# **Limits.** Two processes on one machine: everything about their results is real, but
# their speed is not that of a cluster. What stands here about other links is computed from
# their nominal numbers. The formula has no congestion, and it adds what DDP does at the same
# time: sending while the backward pass still runs hides much of the talk. The pipeline here
# goes forward only; a training sends gradients back the same way (GPipe), or alternates
# (1F1B).
#
# **Try next.** Run the files with `processes=4`: what changes in the weights, and why so
# little? Let the ranks sum their gradients every second step only (`no_sync` of DDP). Save
# with `torch.distributed.checkpoint`, and read it with another world size.
#
# **References.** The ring: Patarasuk and Yuan (2009), *Bandwidth optimal all-reduce
# algorithms for clusters of workstations*. DDP: Li and others (2020), arXiv 2006.15704.
# ZeRO: Rajbhandari and others (2020), arXiv 1910.02054; FSDP: Zhao and others (2023), arXiv
# 2304.11277. Pipelines: Huang and others (2019), *GPipe*, arXiv 1811.06965; Narayanan and
# others (2019), *PipeDream*. Tensor parallel: Shoeybi and others (2019), *Megatron-LM*,
# arXiv 1909.08053. Large batches: Goyal and others (2017), arXiv 1706.02677. Amdahl (1967),
# *Validity of the single processor approach*. Checkpoints: Young (1974), *A first order
# approximation to the optimum checkpoint interval*.
