"""The memory of processes; without packages, for TensorFlow's Python, too."""

import re
from pathlib import Path


def peak_memory():
    """Return this process's highest memory in MB, without that of its parent."""
    # getrusage begins with the parent's, from before the program was loaded.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000


def resident(process):
    """Return the memory in MB of the process with this id, alone and in its company.

    The first counts every page that is resident (RSS); of the second, a page that n
    processes share is an n-th (PSS): its sum is what they take together. OSError if
    the process has ended. Source: the kernel's Documentation/filesystems/proc.rst.
    """
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    if "Pss:" not in rollup:
        raise ProcessLookupError(f"process {process} is ending")
    return tuple(
        int(re.search(rf"^{name}:\s+(\d+) kB", rollup, re.M)[1]) * 1024 / 1e6
        for name in ("Rss", "Pss")
    )
