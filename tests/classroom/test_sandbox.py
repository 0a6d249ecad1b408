"""The sandbox itself: what a kernel sees in it, and what ends it."""

import subprocess
import sys
from pathlib import Path

import pytest

import bigmodel_lab
from bigmodel_lab.classroom import sandbox
from bigmodel_lab.classroom.sandbox import Limits, SandboxedKernel
from bigmodel_lab.exercises import SEEN_IN_SANDBOX

PACKAGE = Path(bigmodel_lab.__file__).parent


@pytest.fixture
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s")  # a socket's path is at most 107 characters
    for name in ("arguments", "sockets"):
        (folder / name).mkdir()
    return folder


@pytest.fixture
def inside(bubblewrap, folder):
    """Return a function that runs Python code behind the walls."""

    def run(code):
        walls = sandbox.walls(folder, Limits(disk=10e6))
        command = [*walls, sys.executable, "-c", code]
        return subprocess.run(command, capture_output=True, text=True)

    return run


def test_the_library_is_there_and_its_solutions_are_not(inside):
    done = inside(
        "import os\n"
        "from bigmodel_lab import exercises, losses\n"
        "print(losses.__name__, os.listdir(os.path.dirname(exercises.__file__)))"
    )
    name, _, files = done.stdout.strip().partition(" ")
    assert name == "bigmodel_lab.from_scratch.losses"
    assert set(eval(files)) - {"__pycache__"} == set(SEEN_IN_SANDBOX)


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/passwd", "/etc/hostname", "/var", "/root/.bashrc", __file__),
        *map(str, (PACKAGE / "exercises/losses.py", PACKAGE.parent / "README.md")),
    ],
)
def test_nothing_else_is_there(inside, path):
    done = inside(f"open({path!r})")
    assert "FileNotFoundError" in done.stderr


@pytest.mark.parametrize(
    "path", [PACKAGE / "losses.py", sys.executable, "/usr/new", "/new"]
)
def test_nothing_can_be_changed(inside, path):
    done = inside(f"open({str(path)!r}, 'a')")
    assert "OSError" in done.stderr


def test_it_sees_no_environment_and_no_process_of_ours(inside, monkeypatch):
    monkeypatch.setenv("A_SECRET_OF_OURS", "1")
    done = inside(
        "import os\n"
        "print('A_SECRET_OF_OURS' in os.environ)\n"
        "print(sum(name.isdigit() for name in os.listdir('/proc')) < 4)"
    )
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm", sandbox.HOME])
def test_its_own_folders_are_small(inside, place):
    assert inside(f"open('{place}/a', 'wb').write(bytes(5_000_000))").returncode == 0
    done = inside(f"open('{place}/a', 'wb').write(bytes(20_000_000))")
    assert "No space left on device" in done.stderr


def test_the_guard_ends_what_runs_too_long(bubblewrap, folder):
    """Ends the kernel and, with it, all that runs in its sandbox."""
    from jupyter_core.utils import run_sync

    kernel = SandboxedKernel(folder=folder, limits=Limits(seconds=1))
    run_sync(kernel.start_kernel)()
    process = kernel.provisioner.process
    assert process.wait(60) != 0
    assert kernel.stopped == "it ran for more than 1 s"
    run_sync(kernel.cleanup_resources)()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"memory": 1e8}, "0.1 GB are too little"), ({"seconds": 0}, "more than 0")],
)
def test_limits_under_which_nothing_runs_are_refused(limits, reason):
    with pytest.raises(ValueError, match=reason):
        Limits(**limits)


def test_a_sandbox_that_does_not_work_is_reported(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'No permissions to create namespace' >&2\nexit 1"
    )
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(RuntimeError, match="user namespaces: No permissions"):
        sandbox.check()
