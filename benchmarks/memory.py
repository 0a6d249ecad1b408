"""The highest memory of a process; without packages, for TensorFlow's Python, too."""

import re
from pathlib import Path


def peak_memory():
    """Return this process's highest memory in MB, without that of its parent."""
    # getrusage begins with the parent's, from before the program was loaded.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000
