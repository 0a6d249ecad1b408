"""How long does every chapter take, and how much memory? Aims: 60 s and 1,000 MB.

Each notebook is run the way `refresh` and the tests run it, one after the other:
seconds from the start of its kernel to the end of its last cell, and the peak of the
memory (resident set) of the kernel and the processes it starts, sampled 50 times a
second. `python benchmarks/chapters.py [notebook ...]` measures only some notebooks;
`--beside-load` keeps one core busy, as another program would. Aim with it: 100 s.
"""

import argparse
import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
from machine import machine

from bigmodel_lab.authoring.notebooks import chapters, execute


class PeakMemory(threading.Thread):
    """Keep the peak memory, in MB, of all processes that this one has started."""

    def __init__(self):
        super().__init__(daemon=True)
        self.megabytes, self.done = 0.0, threading.Event()

    def run(self):
        """Sample until `done` is set."""
        while not self.done.wait(0.02):
            processes = psutil.Process().children(recursive=True)
            total = sum(memory_of(process, len(processes)) for process in processes)
            self.megabytes = max(self.megabytes, total / 1e6)


def memory_of(process, among):
    """Return a process's bytes; pages that several share count once, where known."""
    try:
        if among > 1 and psutil.LINUX:
            return process.memory_full_info().pss
        return process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def measure(path):
    """Run a notebook; return its seconds and its peak memory in MB."""
    notebook = nbformat.read(path, as_version=4)
    memory = PeakMemory()
    memory.start()
    start = time.perf_counter()
    try:
        execute(notebook, Path(path).parent)
    finally:
        seconds = time.perf_counter() - start
        memory.done.set()
        memory.join()
    return seconds, memory.megabytes


@contextlib.contextmanager
def busy_core():
    """Keep one core busy, as another program would."""
    program = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        program.kill()
        program.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all if left out")
    parser.add_argument("--beside-load", action="store_true", help="keep a core busy")
    options = parser.parse_args()
    print(machine(), end="\n\n")
    print("| notebook | seconds | peak memory, MB |\n|---|---|---|")
    for path in options.notebooks or chapters():
        with busy_core() if options.beside_load else contextlib.nullcontext():
            seconds, megabytes = measure(path)
        print(f"| {path.stem} | {seconds:.0f} | {megabytes:,.0f} |", flush=True)
