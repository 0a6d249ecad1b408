"""Remake the lock files: every package that gets installed, with its sha256.

    python tests/locks.py              after a change of what is required
    python tests/locks.py --upgrade    for newer versions of what is not named

`requirements.txt` and `tests/requirements.txt` name what is wanted. uv adds what that
needs in turn, for Python 3.11 to 3.13 on Linux, macOS and Windows; it needs a network.
Binder takes PyTorch's CPU builds, whose sha256 we do not have: its lock is the
learner's without PyTorch, and what belongs to its CUDA builds. jieba comes as source:
pip builds it with a setuptools that no sha256 covers.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEARNER, TESTS, BINDER = (
    ROOT / folder / "requirements.lock" for folder in ("", "tests", "binder")
)
PIN = re.compile(r"^([\w.-]+)==([\w.+!-]+)", re.MULTILINE)
HEAD = "# Made by `python tests/locks.py` from the requirements: edit those.\n"


def pins(text: str) -> list[tuple[str, str]]:
    """Return the name and the version of every package in a file of requirements."""
    return PIN.findall(text)


def wanted(path: Path) -> list[str]:
    """Return the pins that a file of requirements names, without those it includes."""
    text = path.read_text(encoding="utf-8")
    return ["==".join(pin) for pin in pins(text)]


def builders() -> list[str]:
    """Return what building the workbook's own package needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project["build-system"]["requires"]


def differences(requirements: list[str], lock: str) -> list[str]:
    """Return the pins that a lock does not have exactly so."""
    locked = {"==".join(pin) for pin in pins(lock)}
    return [pin for pin in requirements if pin not in locked]


def without_pytorch(lock: str) -> str:
    """Return a lock without PyTorch and the packages of its CUDA builds."""
    entries = re.split(r"^(?=[\w-])", lock, flags=re.MULTILINE)
    builds = re.compile(r"(torch|triton|cuda-[\w-]+|nvidia-[\w-]+)==")
    return "".join(entry for entry in entries if not builds.match(entry))


def compile_lock(requirements: list[str], lock: Path, *options: str) -> None:
    """Write a lock; what an earlier one has is kept, unless `--upgrade` is given."""
    uv = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--no-config"]
    uv += ["--universal", "--python-version=3.11", "--generate-hashes"]
    uv += ["--no-annotate", "--no-header", "--no-emit-index-url"]
    command = [*uv, f"--output-file={lock}", *options]
    subprocess.run(command, input="\n".join(requirements), text=True, check=True)
    lock.write_text(HEAD + lock.read_text(encoding="utf-8"), encoding="utf-8")


def main(*options: str) -> None:
    """Remake all three."""
    learner = wanted(ROOT / "requirements.txt")
    compile_lock([*learner, *builders()], LEARNER, *options)
    tools = wanted(ROOT / "tests" / "requirements.txt")
    same = f"--constraints={LEARNER}"
    compile_lock([*learner, *builders(), *tools], TESTS, same, *options)
    BINDER.write_text(without_pytorch(LEARNER.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main(*sys.argv[1:])
