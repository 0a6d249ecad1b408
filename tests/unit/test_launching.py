"""Processes from a notebook: what they print, how they fail, and that none is left."""

import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from bigmodel_lab.device import granted_cores
from bigmodel_lab.launching import LaunchError, launch

pytestmark = pytest.mark.timeout(180)
ENDLESS = "import time\ntime.sleep(600)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ENDLESS
BEGIN = """
import os, sys, time
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank = dist.get_rank()
"""

# What gloo now and then adds to a traceback, when a process ends by an exception.
DYING = """Traceback (most recent call last):
  File "other.py", line 1, in <module>
ValueError: no such poem
terminate called without an active exception
"""


@pytest.fixture
def script(tmp_path):
    """Return a function that writes a script; at the end none of it may still run."""
    path = tmp_path / "work.py"

    def script(text):
        path.write_text(text)
        return path

    yield script
    assert running(path) == []


def running(path):
    """Return the ids of the processes that have a file on their command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if str(path) in (process.info["cmdline"] or []):
            found.append(process.pid)
    return found


def test_what_the_ranks_print_comes_in_their_order(script):
    path = script(
        BEGIN + "x = torch.ones(3) * (rank + 1)\ndist.all_reduce(x)\n"
        "print(rank, sys.argv[1], x.tolist(), torch.get_num_threads())\n"
        "dist.destroy_process_group()\ntime.sleep(0.2)\n"  # gloo's threads end first
    )
    assert launch(path, 2, "a b") == "".join(
        f"{rank} a b [3.0, 3.0, 3.0] 1\n" for rank in range(2)
    )


def test_one_process_is_enough(script):
    path = script("import os\nprint('of', os.environ['WORLD_SIZE'])\n")
    assert launch(str(path), 1) == "of 1\n"


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ("raise ValueError('no such poem')", r", line 11: ValueError: no such poem"),
        ("os._exit(3)", r" ended with exit code 3\.$"),
        ("os.kill(os.getpid(), 9)", r" was killed \(SIGKILL\)\.$"),
        ("os.abort()", r" was killed \(SIGABRT\)\.$"),
        (f"sys.stderr.write({DYING!r}); os.abort()", ": ValueError: no such poem$"),
    ],
)
def test_of_a_failure_the_rank_and_its_last_line_are_told(script, act, says):
    """Rank 0 fails as well, since it waits for rank 1, but is not to blame."""
    path = script(
        BEGIN + f"print('begun')\ndist.barrier()\nif rank == 1:\n    {act}\n"
        "dist.all_reduce(torch.ones(3))"
    )
    with pytest.raises(LaunchError, match=f"^Rank 1 of work.py{says}") as error:
        launch(path)
    assert "\n" not in str(error.value)
    assert error.value.printed == "begun\nbegun\n"


def test_a_port_that_another_has_is_told(script):
    path = script(
        "import os, sys\nimport torch.distributed as dist\n"
        "if os.environ['RANK'] == '0':\n"
        "    dist.TCPStore('127.0.0.1', int(sys.argv[1]), 2, True)\n"
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(LaunchError, match=r"Rank 0 .* could not open its port"),
    ):
        launch(path, 2, server.getsockname()[1])


@pytest.mark.parametrize("text", [ENDLESS, STUBBORN])
def test_what_does_not_end_is_stopped(script, text):
    path, start = script("print('begun')\n" + text), time.monotonic()
    with pytest.raises(LaunchError, match="within 5 s and was stopped") as error:
        launch(path, 2, seconds=5)
    assert time.monotonic() - start < 60
    assert set(error.value.printed.split()) <= {"begun"}


def test_nothing_is_left_behind_over_several_runs(script):
    crash = script("raise SystemExit(1)\n")
    before = len(psutil.Process().children(recursive=True))
    for _ in range(3):
        with pytest.raises(LaunchError, match="exit code 1"):
            launch(crash, 3)
    assert len(psutil.Process().children(recursive=True)) == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_program_that_launched_it(script, kill):
    """Neither Ctrl-C nor a kernel that is killed leaves processes behind."""
    if kill == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent has died")
    path = script(ENDLESS)
    code = (
        "import signal\nfrom bigmodel_lab import launch\n"
        # What runs in a shell's background is born deaf to Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"launch({str(path)!r}, seconds=100)"
    )
    program = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    wait_until(lambda: len(running(path)) == 3)  # torchrun and two processes
    program.send_signal(kill)
    _, errors = program.communicate(timeout=60)
    assert kill == signal.SIGKILL or b"KeyboardInterrupt" in errors
    wait_until(lambda: running(path) == [])


def wait_until(true, seconds=60):
    """Wait until true() holds; AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("processes", [0, -1, 2.5, "2", None])
def test_a_number_that_is_no_count_is_told(script, processes):
    with pytest.raises(LaunchError, match=f"at least 1, got {processes}"):
        launch(script(ENDLESS), processes)


def test_too_many_processes_are_refused_with_the_number_that_is_not(script):
    cores = granted_cores()
    says = f"{100 * cores} processes on {cores} cores .* at most {4 * cores}"
    with pytest.raises(LaunchError, match=says):
        launch(script(ENDLESS), 100 * cores)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_time_without_end_is_refused(script, seconds):
    with pytest.raises(LaunchError, match=f"seconds must .* got {seconds}"):
        launch(script(ENDLESS), seconds=seconds)


def test_a_file_that_is_not_there_is_told(tmp_path):
    for path in (tmp_path / "lost.py", tmp_path):
        with pytest.raises(LaunchError, match=r"There is no file .* write it first"):
            launch(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"x = 1\n\nif:\n", r"not Python \(line 3: invalid syntax\)"),
        (b"#!/bin/sh\necho $RANK\n", r"not Python \(line 2: "),
        (b"\x00\x80", r"not Python \("),
    ],
)
def test_what_is_not_python_is_told(tmp_path, content, says):
    path = tmp_path / "work.py"
    path.write_bytes(content)
    with pytest.raises(LaunchError, match=says):
        launch(path)
