"""Where the work runs: the device, the threads, the random seed."""

import math
import os
import random
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits


def best_device() -> torch.device:
    """Return the fastest `torch.device` of this machine: CUDA, else MPS, else the CPU.

    The environment variable `BIGMODEL_LAB_DEVICE` ("cpu", "cuda", "cuda:1", "mps")
    overrides the choice.

    Raises
    ------
    RuntimeError
        If `BIGMODEL_LAB_DEVICE` asks for a device that this machine does not have.
    """
    usable = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    wanted = os.environ.get("BIGMODEL_LAB_DEVICE", "").strip()
    if not wanted:
        return torch.device(next(name for name, found in usable.items() if found))
    kind, colon, index = wanted.partition(":")
    found = usable.get(kind, False) and (not colon or index.isdecimal())
    if found and kind == "cuda" and index:
        found = int(index) < torch.cuda.device_count()
    if not found:
        here = ", ".join(name for name, found in usable.items() if found)
        raise RuntimeError(
            f"BIGMODEL_LAB_DEVICE={wanted} asks for a device that this machine does "
            f"not have (it has: {here}); unset it or set it to one of these."
        )
    return torch.device(wanted)


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch (every device) with the integer `seed`."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def granted_cores() -> int:
    """Return how many CPU cores this process may actually use, at least 1.

    A container or hub often grants fewer cores than the machine has: the smaller of
    the CPU affinity and the cgroup v2 quota counts.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(cores, math.floor(quota) if quota else cores))


def _cgroup_quota(root="/sys/fs/cgroup"):
    """Return the CPU quota of this process's cgroup in cores; None if there is none."""
    for file, read in (
        ("cpu.max", lambda text: text.split()),  # cgroup v2: "200000 100000"
        ("cpu/cpu.cfs_quota_us", lambda text: (text, 100_000)),  # cgroup v1
    ):
        try:
            quota, period = read((Path(root) / file).read_text().strip())
            if float(quota) > 0:
                return float(quota) / float(period)
        except (OSError, ValueError):  # no such file, or "max": no limit
            continue
    return None


def set_threads(small_models: bool = True) -> int:
    """Give PyTorch, NumPy and SciPy their CPU threads and return how many.

    One thread for small models, else as many as pay here and now (`threads_that_pay`).
    The environment variable `BIGMODEL_LAB_THREADS` overrides the choice.

    Raises
    ------
    RuntimeError
        If `BIGMODEL_LAB_THREADS` is not a number of threads.
    """
    wanted = os.environ.get("BIGMODEL_LAB_THREADS", "").strip()
    if wanted and not (wanted.isdecimal() and int(wanted)):
        raise RuntimeError(
            f"BIGMODEL_LAB_THREADS={wanted} is not a number of threads: unset it or "
            f"set it to 1 or more."
        )
    threads = int(wanted or (1 if small_models else threads_that_pay()))
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    os.environ["OPENBLAS_NUM_THREADS"] = str(threads)  # of SciPy, if loaded later
    return threads


def threads_that_pay() -> int:
    """Return how many threads train a digit network's layer faster: 1, or every core.

    Measured in some tenths of a second, since no number of cores tells it: threads wait
    for one another after every operation, and where another program has one of the
    cores, two threads take ten times as long as one.
    """
    cores = granted_cores()
    if cores == 1:
        return 1
    images = torch.ones(64, 1, 28, 28)
    filters = torch.ones(32, 1, 3, 3, requires_grad=True)

    def seconds(threads):
        torch.set_num_threads(threads)
        start = time.perf_counter()
        for _ in range(20):
            torch.conv2d(images, filters).relu().sum().backward()
        return time.perf_counter() - start

    seconds(cores)  # the first calls prepare
    alone, together = (
        statistics.median(seconds(threads) for _ in range(5)) for threads in (1, cores)
    )
    return cores if together < 0.8 * alone else 1
