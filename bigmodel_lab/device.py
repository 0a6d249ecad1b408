"""Where the work runs: the device, the threads, the random seed."""

import math
import os
import platform
import random
import sys
from pathlib import Path

import numpy as np
import torch

import bigmodel_lab


def best_device():
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


def seed_everything(seed):
    """Seed Python, NumPy and PyTorch (every device) with the integer `seed`."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def granted_cores():
    """Return how many CPU cores this process may really use, at least 1.

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


def set_threads(small_models=True):
    """Give PyTorch its CPU threads and return how many.

    One thread for small models and on a busy machine (more load than cores), where
    threads that wait for each other cost more than they bring; else every core granted.
    The environment variable `BIGMODEL_LAB_THREADS` overrides the choice.

    Raises
    ------
    RuntimeError
        If `BIGMODEL_LAB_THREADS` is not a number of threads.
    """
    cores = granted_cores()
    busy = hasattr(os, "getloadavg") and os.getloadavg()[0] > cores
    wanted = os.environ.get("BIGMODEL_LAB_THREADS", "").strip()
    if wanted and not (wanted.isdecimal() and int(wanted)):
        raise RuntimeError(
            f"BIGMODEL_LAB_THREADS={wanted} is not a number of threads: unset it or "
            f"set it to 1 or more."
        )
    torch.set_num_threads(int(wanted or (1 if small_models or busy else cores)))
    return torch.get_num_threads()


def start_chapter(chapter, version, small_models=True):
    """Prepare a chapter: seed, threads, figure style; return the device, print all.

    Parameters
    ----------
    chapter : str
        The notebook's name, as in "04_house_prices".
    version : str
        The library version the notebook was made for, as in "0.1".
    small_models : bool
        True if the chapter's models are too small to gain from several CPU threads.

    Raises
    ------
    RuntimeError
        If the installed library is of another version than the notebook needs.
    """
    installed = bigmodel_lab.__version__
    if installed.split(".")[:2] != version.split(".")[:2]:
        raise RuntimeError(
            f"The notebook {chapter} was made for bigmodel_lab {version}, but "
            f"{installed} is installed: run `pip install -r requirements.txt` in the "
            f"workbook's folder, then restart the kernel."
        )
    device = best_device()
    asked = os.environ.get("BIGMODEL_LAB_DEVICE")
    if small_models and device.type == "mps" and not asked:
        device = torch.device("cpu")  # MPS has no float64, and small models need no GPU
    bigmodel_lab.plots.use_style()
    seed_everything(0)
    threads = set_threads(small_models)
    _enable_widgets_on_colab()
    # The first optimizer imports torch._dynamo (seconds): pay here, not on a click.
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(
        f"{chapter}: device {name}, {threads} thread(s), bigmodel_lab {installed}, "
        f"torch {torch.__version__}, Python {platform.python_version()}"
    )
    return device


def _enable_widgets_on_colab():
    """Let Google Colab load the widgets that are not its own: charts, the canvas."""
    if "google.colab" in sys.modules:
        from google.colab import output

        output.enable_custom_widget_manager()
