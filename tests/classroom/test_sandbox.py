"""The sandbox itself: what a kernel sees in it, and what ends it."""

import subprocess
import sys
from pathlib import Path

import pytest

import bigmodel_lab
from bigmodel_lab import exercises
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.classroom import bubblewrap, kernel, sandbox
from bigmodel_lab.classroom.kernel import SandboxedKernel
from bigmodel_lab.classroom.sandbox import Limits
from bigmodel_lab.datasets.sources import FILES
from bigmodel_lab.exercises import SEEN_IN_SANDBOX

PACKAGE = Path(bigmodel_lab.__file__).parent


SECRET = "planted-secret"


@pytest.fixture
def folder(tmp_path_factory):
    # a socket's path is at most 107 characters
    folder = tmp_path_factory.mktemp("s") / SECRET
    for name in ("arguments", "sockets"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture
def inside(bubblewrap, folder):
    """Return a function that runs Python code behind the walls."""

    def run(code, **options):
        walls = sandbox.walls(folder, Limits(disk=10e6), **options)
        command = [*walls, sandbox.python(), "-c", code]
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


def test_a_file_that_is_being_fetched_may_vanish(
    bubblewrap, folder, monkeypatch, tmp_path
):
    monkeypatch.setattr(sandbox.fetching, "cache_folder", lambda: tmp_path)
    (tmp_path / "there").write_text("data")
    half = tmp_path / "tmp1234"
    half.touch()
    walls = sandbox.walls(folder)
    half.unlink()
    done = subprocess.run(
        [*walls, "ls", sandbox.DATA], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["there"]


def test_no_installed_copy_shows_solutions(inside, monkeypatch, tmp_path):
    copy = tmp_path / "site-packages" / "bigmodel_lab" / "exercises"
    copy.mkdir(parents=True)
    (copy / "losses.py").write_text("def solution(): pass")
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    done = inside(
        "import glob\nprint(glob.glob('/packages/*/bigmodel_lab/*/losses.py'))"
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/passwd", "/etc/hostname", "/var", "/root/.bashrc", __file__),
        *("/library/bigmodel_lab/exercises/losses.py", "/library/README.md"),
        *("/proc/self", "/proc/1", "/proc/mounts", "/sys", str(PACKAGE)),
    ],
)
def test_nothing_else_is_there(inside, path):
    done = inside(f"open({path!r})")
    assert "FileNotFoundError" in done.stderr


@pytest.mark.parametrize(
    "path",
    [
        *("/usr/new", "/new", "/proc/new", "/dev/new", "/proc/stat"),
        "/library/bigmodel_lab/chapter.py",
        str(Path(sandbox.python()).with_name("new")),
    ],
)
def test_nothing_can_be_changed(inside, path):
    done = inside(f"open({str(path)!r}, 'a')")
    assert "Read-only file system" in done.stderr or "Permission" in done.stderr


def test_what_it_can_open_holds_nothing_of_ours(inside, monkeypatch):
    """Every file of /proc, every variable: no secret, no path of this machine."""
    monkeypatch.setenv("A_SECRET_OF_OURS", SECRET)
    done = inside(
        "import os, sys\n"
        "print(dict(os.environ), sys.path, sys.argv, os.getcwd())\n"
        "for folder, _, names in os.walk('/proc'):\n"
        "    for name in names:\n"
        "        try: print(open(os.path.join(folder, name), 'rb').read())\n"
        "        except OSError: pass\n"
    )
    assert "processor" in done.stdout  # it does read /proc
    for ours in (SECRET, str(Path.home()), str(PACKAGE.parent), sys.prefix):
        assert ours not in done.stdout


def test_data_can_be_loaded_unless_they_are_the_answers(inside, monkeypatch, tmp_path):
    for name in ("known", "answers"):
        (tmp_path / name).write_text(name)
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path))
    code = (
        "import os\nfrom bigmodel_lab.datasets import fetching\n"
        "print(sorted(os.listdir(fetching.cache_folder())))"
    )
    assert inside(code).stdout == "['answers', 'known']\n"
    assert inside(code, hidden=["answers"]).stdout == "['known']\n"


def test_an_ordinary_account_can_make_it(bubblewrap, folder):
    ordinary = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    code = "import os, torch; print(os.getuid())"
    done = subprocess.run(
        [*ordinary, *sandbox.walls(folder), sandbox.python(), "-c", code],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "1000\n", done.stderr


def test_every_data_file_with_an_exercises_answers_is_known():
    files = {
        name for one in exercises.all_exercises().values() for name in one.answers_in
    }
    assert files == {name for name in FILES if name.startswith("chinese-reviews")}


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm", sandbox.HOME])
def test_its_own_folders_are_small(inside, place):
    assert inside(f"open('{place}/a', 'wb').write(bytes(5_000_000))").returncode == 0
    done = inside(f"open('{place}/a', 'wb').write(bytes(20_000_000))")
    assert "No space left on device" in done.stderr


def test_the_guard_ends_what_runs_too_long(bubblewrap, folder):
    """Ends the kernel and, with it, all that runs in its sandbox."""
    from jupyter_core.utils import run_sync

    one = SandboxedKernel(folder=folder, limits=Limits(seconds=1))
    run_sync(one.start_kernel)()
    process = one.provisioner.process
    assert process.wait(60) != 0
    assert one.stopped == "it ran for more than 1 s"
    run_sync(one.cleanup_resources)()


@pytest.mark.parametrize("works", [True, False])
def test_systemd_holds_the_memory_where_it_can(tmp_path, monkeypatch, works):
    program, said = tmp_path / "systemd-run", tmp_path / "said"
    program.write_text(f'#!/bin/sh\necho "$@" > {said}\nexit {int(not works)}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    command = kernel.scope(1.5e9)
    assert "--user --scope --quiet -p MemoryMax=1500000000" in said.read_text()
    assert (command[:1], command[-1:]) == (("systemd-run",), ("--",)) or not works
    assert works or command == ()


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


def test_in_a_container_it_says_so(stub):
    stub("No permissions to create new namespace")
    with pytest.raises(RuntimeError, match="grade on the machine itself"):
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
