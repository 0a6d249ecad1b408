"""The memory of processes, without packages: TensorFlow's Python uses it too."""

import re
from pathlib import Path


def peak_memory():
    """Return this process's peak memory in MB, without that of its parent."""
    # getrusage starts from the parent's peak, before this program was loaded.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000


def resident(process):
    """Return the memory in MB of the process with this id, alone and as its share.

    The first counts every resident page (RSS). In the second, a page that n processes
    share counts 1/n (PSS), so the sum over processes is what they take together.
    OSError if the process has ended. Source: the kernel's
    Documentation/filesystems/proc.rst.
    """
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    if "Pss:" not in rollup:
        raise ProcessLookupError(f"process {process} is ending")
    return tuple(
        int(re.search(rf"^{name}:\s+(\d+) kB", rollup, re.M)[1]) * 1024 / 1e6
        for name in ("Rss", "Pss")
    )
