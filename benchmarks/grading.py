"""How long does it take to grade a class, and how much memory? 30 learners by default.

Each learner hands in an assignment of chapter 02: some right answers, then a wrong one,
and the rest not attempted, drawn with seed 0. They are graded as `python -m
bigmodel_lab grade` does, in the sandbox, as many at a time as there are cores. Memory
is the highest sum of what all processes take (PSS), sampled five times a second. Needs
nbgrader and bubblewrap; Linux only.
"""

import argparse
import inspect
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil
from machine import machine
from memory import resident

from bigmodel_lab import exercises
from bigmodel_lab.classroom import assignment

CHAPTER = "02_losses"


def hand_in(release, path, draw):
    """Fill in an assignment with some right answers and a wrong one."""
    nb = nbformat.read(release, as_version=4)
    answers = [c for c in nb.cells if c.source.startswith("def ")]
    right = draw.randrange(len(answers) + 1)
    for cell in answers[:right]:
        cell.source = exercises.code(name_of(cell))
    for cell in answers[right : right + 1]:
        cell.source = wrong(name_of(cell), draw)
    path.parent.mkdir(parents=True)
    nbformat.write(nb, path)


def name_of(cell):
    """Return the full name of the exercise that a cell answers."""
    return cell.metadata.nbgrader.grade_id.removesuffix("-answer").replace("-", ".", 1)


def wrong(name, draw):
    """Return code that gives a multiple of the right result."""
    solution = exercises.find(name).solution
    code, parameters = (
        exercises.code(name),
        ", ".join(inspect.signature(solution).parameters),
    )
    short = name.partition(".")[2]
    return (
        f"{code}\nsolved = {short}\n\n\ndef {short}({parameters}):\n"
        f"    result = solved({parameters})\n"
        f"    factor = {draw.choice([-1, 0.5, 2])}\n"
        f"    return factor * result if not isinstance(result, tuple) else result[::-1]"
    )


class Watch(threading.Thread):
    """Keep the peak memory, in MB, of all processes that a process started."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.done = pid, 0.0, threading.Event()

    def run(self):
        """Sample until `done` is set."""
        while not self.done.wait(0.2):
            total = 0.0
            try:
                root = psutil.Process(self.pid)
                for process in [root, *root.children(recursive=True)]:
                    total += resident(process.pid)[1]
            except (OSError, psutil.Error):
                continue
            self.peak = max(self.peak, total)


def main():
    """Grade the class and print a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--jobs", type=int, help="as many as cores if left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course, draw = Path(folder, "course"), random.Random(0)
        (names,) = assignment.choose([CHAPTER], []).values()
        release, _ = assignment.make(CHAPTER, course, names, dict.fromkeys(names, 1))
        for number in range(options.learners):
            path = Path(folder, "class", f"learner{number}", release.name)
            hand_in(release, path, draw)
        command = [
            sys.executable,
            "-m",
            "bigmodel_lab",
            "grade",
            course,
            path.parents[1],
        ]
        command += [] if options.jobs is None else ["--jobs", str(options.jobs)]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        watch = Watch(process.pid)
        watch.start()
        said, _ = process.communicate()
        seconds = time.perf_counter() - start
        watch.done.set()
    graded = said.count(f" of {len(names)}\n")
    print(machine(), end="\n\n")
    print("| handed in | graded | seconds | seconds each | peak memory, MB |")
    print("|---|---|---|---|---|")
    each = seconds / options.learners
    print(
        f"| {options.learners} | {graded} | {seconds:.0f} | {each:.1f} "
        f"| {watch.peak:,.0f} |"
    )


if __name__ == "__main__":
    main()
