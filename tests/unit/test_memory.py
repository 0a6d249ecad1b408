"""Where bounds of memory are read: the machine, its groups of processes, the shell."""

import platform
import subprocess
import sys

import pytest

from bigmodel_lab.memory import keep_freed_memory, memory_limits

MEMINFO = "MemTotal: 9 kB\nMemAvailable:  900000 kB\nOther: 1 kB\n"


@pytest.fixture
def read(tmp_path):
    """Return a function that gives the limits of a system with these files."""

    def read(membership="", **files):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(membership)
        (tmp_path / "proc/meminfo").write_text(MEMINFO)
        for path, limit in files.items():
            file = tmp_path / "groups" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{limit}\n")
        return memory_limits(tmp_path / "proc", tmp_path / "groups")

    return read


def test_what_is_free_is_read_from_the_system(read):
    assert read()["free"] == 900_000 * 1024


def test_of_nested_groups_the_least_limit_counts(read):
    limits = read(
        "0::/system.slice/hub/ada\n",
        **{
            "memory.max": "max",
            "system.slice/hub/memory.max": 1_500_000_000,
            "system.slice/hub/ada/memory.max": "max",
            "elsewhere/memory.max": 1,
        },
    )
    assert limits["cgroup"] == 1_500_000_000


def test_a_container_sees_its_own_limit_at_the_root(read):
    assert read("0::/docker/4f\n", **{"memory.max": 7})["cgroup"] == 7


def test_the_older_groups_have_a_file_of_another_name(read):
    limits = read(
        "9:name=systemd:/\n4:cpu,memory:/job\n0::/\n",
        **{
            "memory/memory.limit_in_bytes": 9223372036854771712,
            "memory/job/memory.limit_in_bytes": 8,
        },
    )
    assert limits["cgroup"] == 8


def test_the_shells_limit_is_one(read, monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (6, 7))
    assert read()["ulimit"] == 6


def test_what_is_not_told_is_left_out(tmp_path, monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (resource.RLIM_INFINITY, 0))
    assert memory_limits(tmp_path, tmp_path) == {}


STEPS = """
import resource, sys, torch
from bigmodel_lab.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def step():
    x = torch.ones(12, 1 << 18, requires_grad=True)  # 12 MB
    (2 * x.exp()).log_softmax(-1).sum().backward()
for _ in range(25):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(40):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_kept_memory_is_not_asked_for_again():
    new_pages = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", STEPS, how],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for how in ("keep", "give back")
    }
    assert new_pages["keep"] < new_pages["give back"] / 2


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", None)  # calling it would fail
    keep_freed_memory()
