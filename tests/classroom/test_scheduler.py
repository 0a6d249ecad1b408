"""Grading on several machines: dask's workers run the notebooks, each in a sandbox."""

import json
import subprocess
import sys
import threading
import time

import psutil
import pytest
from learners import doing, hand_in, make_course, solved

from bigmodel_lab.classroom import grading
from bigmodel_lab.classroom.sandbox import Limits

STEP = "start_here.gradient_step"
RIGHT = solved([STEP])[STEP]
LIMITS = Limits(memory=1.5e9, seconds=60, cell_seconds=20)
ANSWERS = {
    "ada": RIGHT,
    "bob": doing(STEP, "return weight + learning_rate * gradient"),
    "eva": f"import time\ntime.sleep(5)\n{RIGHT}",
    "ron": doing(STEP, "import os\nos._exit(0)"),
    "zoe": f"import time\ntime.sleep(5)\n{RIGHT}",
}


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers; give its address and the workers' nannies."""
    file = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    start = [sys.executable, "-m", "dask"]
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    scheduler = subprocess.Popen(
        [*start, "scheduler", "--port", "0", "--host", "127.0.0.1", *options], **quiet
    )
    workers = subprocess.Popen(
        [*start, "worker", "--nworkers", "2", "--nthreads", "1", *options], **quiet
    )
    deadline = time.monotonic() + 60
    address = ""
    while not address:
        try:
            address = json.loads(file.read_text())["address"]
            assert grading.workers(address) == 2
        except (OSError, ValueError, RuntimeError, AssertionError):
            address = ""
            assert time.monotonic() < deadline
            time.sleep(0.5)
    yield address, psutil.Process(workers.pid)
    for process in (workers, scheduler):
        process.terminate()
        process.wait(30)


def kill_a_worker(nanny):
    """Kill the first worker that runs a kernel."""
    while True:
        for child in nanny.children(recursive=True):
            if "bwrap" in child.name():
                child.parent().kill()
                return
        time.sleep(0.1)


def rows(course):
    return [(course / name).read_bytes() for name in ("grades.csv", "exercises.csv")]


def test_the_grades_are_those_of_one_machine_though_a_worker_dies(
    bubblewrap, cluster, tmp_path
):
    address, nanny = cluster
    here, there = tmp_path / "here", tmp_path / "there"
    (release,) = make_course(here, {"00_start_here": [STEP]}).values()
    subprocess.run(["cp", "-r", here, there], check=True)
    for name, answer in ANSWERS.items():
        path = tmp_path / "class" / name / "00_start_here.ipynb"
        hand_in(release, path, {STEP: answer})
    grading.grade(here, tmp_path / "class", LIMITS)
    killer = threading.Thread(target=kill_a_worker, args=(nanny,), daemon=True)
    killer.start()
    done = grading.grade(there, tmp_path / "class", LIMITS, scheduler=address)
    killer.join(1)
    assert not killer.is_alive()  # it did kill one
    assert [one.score for one in done] == [1, 0, 1, 0, 1]
    assert rows(there) == rows(here)


def test_a_scheduler_that_is_not_there_is_told(tmp_path):
    with pytest.raises(
        RuntimeError, match=r"No scheduler answers at tcp://127.0.0.1:9"
    ):
        grading.workers("tcp://127.0.0.1:9")
