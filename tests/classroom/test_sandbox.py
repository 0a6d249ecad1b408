"""The sandbox itself: what a kernel sees in it, and what ends it."""

import subprocess
import sys
from pathlib import Path

import pytest

import bigmodel_lab
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.classroom import bubblewrap, sandbox
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


@pytest.fixture
def stub(monkeypatch, tmp_path):
    """Return a function that puts a bwrap first which fails, on a system like this."""

    def put(said, version="0.9.0", **settings):
        bwrap = tmp_path / "bwrap"
        bwrap.write_text(
            f"""#!/bin/sh
[ "$1" = --version ] && echo "bubblewrap {version}" && exit
echo "bwrap: {said}" >&2
exit 1
"""
        )
        bwrap.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        monkeypatch.setattr(bubblewrap, "SYSTEM", tmp_path / "sys")
        for name, value in settings.items():
            file = tmp_path / "sys" / name.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{value}\n")

    return put


@pytest.mark.parametrize("option", ["--disable-userns", "--size"])
def test_a_bubblewrap_that_is_too_old_is_named_with_its_version(stub, option):
    stub(f"Unknown option {option}", version="0.6.1")
    with pytest.raises(RuntimeError, match=r"needs 0\.8\.0 .* this is 0\.6\.1"):
        sandbox.check()


@pytest.mark.parametrize(
    ("said", "settings"),
    [
        ("setting up uid map: Permission denied", {}),
        ("loopback: Failed RTM_NEWADDR: Operation not permitted", {}),
        ("no", {"kernel__apparmor_restrict_unprivileged_userns": 1}),
    ],
)
def test_where_apparmor_forbids_it_the_profile_is_told(stub, said, settings):
    stub(said, **settings)
    with pytest.raises(RuntimeError, match="AppArmor forbids") as caught:
        sandbox.check()
    assert f'("bwrap: {said}")' in str(caught.value)
    assert str(caught.value).endswith(f": {bubblewrap.PROFILE}")


def test_the_page_for_teachers_tells_the_same_remedy():
    page = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    assert bubblewrap.PROFILE in page
    assert ".".join(map(str, bubblewrap.NEEDED)) in page


def test_the_profile_is_written_as_apparmor_reads_it(tmp_path):
    """Only the words are looked at: no AppArmor of this kind is here."""
    write = bubblewrap.PROFILE.partition(" | ")[0]
    done = subprocess.run(["sh", "-c", write], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "abi <abi/4.0>,",
        "include <tunables/global>",
        "profile bwrap /usr/bin/bwrap flags=(unconfined) {",
        "userns,",
        "}",
    ]


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ("kernel__unprivileged_userns_clone", "kernel.unprivileged_userns_clone=1"),
        ("user__max_user_namespaces", "user.max_user_namespaces=15000"),
    ],
)
def test_a_setting_of_the_kernel_that_forbids_it_is_named(stub, setting, remedy):
    stub("Creating new namespace failed", **{setting: 0})
    with pytest.raises(RuntimeError, match=f"run sudo sysctl -w {remedy},"):
        sandbox.check()


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Can't mount proc on /newroot/proc: Operation not permitted", "systempaths"),
        ("No permissions to create new namespace", "grade on the machine itself"),
    ],
)
def test_in_a_container_it_says_so(stub, said, advice):
    stub(said)
    with pytest.raises(RuntimeError, match=advice):
        sandbox.check()


def test_a_setting_that_allows_it_is_not_blamed(stub):
    stub(
        "out of luck", kernel__unprivileged_userns_clone=1, user__max_user_namespaces=9
    )
    with pytest.raises(RuntimeError, match=r"of luck.*, perhaps because"):
        sandbox.check()


def test_a_bubblewrap_that_is_missing_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="install the package bubblewrap"):
        sandbox.check()
