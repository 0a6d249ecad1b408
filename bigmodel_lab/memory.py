"""Memory: how much this process may take, and that it keeps what it will need again."""

import ctypes
import platform
import re
from collections.abc import Iterator
from pathlib import Path


def memory_limits(
    proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")
) -> dict[str, int]:
    """Return what bounds this process's memory, in bytes, as far as the system tells.

    "free" is the memory that the machine has left, "cgroup" the least limit of a
    container or hub, "ulimit" that of the shell. One that is not set is left out.
    """
    bounds = {
        "free": _free(proc / "meminfo"),
        "cgroup": min(_of_cgroups(proc / "self/cgroup", cgroups), default=None),
        "ulimit": _of_shell(),
    }
    return {name: size for name, size in bounds.items() if size is not None}


def _free(meminfo):
    """Return the memory that can be taken without swapping; None if it is not told."""
    try:
        found = re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text())
        return 1024 * int(found[1])
    except (OSError, TypeError):
        return None


def _of_cgroups(membership, root) -> Iterator[int]:
    """Yield the limits of the groups of processes that this one is in, inner to outer.

    A container sees its own group as the root, though `membership` has its whole path.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":  # cgroup v2
            top, file = root, "memory.max"
        elif "memory" in controllers.split(","):  # cgroup v1
            top, file = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        inner = top / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if folder.is_relative_to(top):
                try:
                    yield int((folder / file).read_text())
                except (OSError, ValueError):  # no such file, or "max": no limit
                    continue


def _of_shell():
    """Return the limit on addresses that `ulimit -v` sets; None if there is none."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def keep_freed_memory() -> None:
    """Keep memory that tensors free, up to 256 MB, for the next ones (Linux's glibc).

    Else each step of a training gives its large blocks back to the system and gets new
    ones, which the system clears page by page: a GPT's step takes a fifth longer.
    """
    if platform.libc_ver()[0] == "glibc":
        mmap_threshold, trim_threshold = -3, -1  # malloc.h's numbers
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 32 * 2**20)  # larger blocks still go back at once
        libc.mallopt(trim_threshold, 256 * 2**20)
