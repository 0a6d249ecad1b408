"""The lock files: in step with the requirements, whole, and without an address."""

import re

import locks
import pytest
from packaging.requirements import Requirement

from bigmodel_lab.authoring.notebooks import ROOT

LOCKS = (locks.LEARNER, locks.TESTS, locks.BINDER)
PINNED = locks.wanted(ROOT / "requirements.txt")
TOOLS = locks.wanted(ROOT / "tests" / "requirements.txt")


def read(path):
    """Return a lock's text."""
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        (locks.LEARNER, PINNED),
        (locks.TESTS, PINNED + TOOLS),
        (locks.BINDER, [pin for pin in PINNED if not pin.startswith("torch==")]),
    ],
    ids=["learner", "tests", "binder"],
)
def test_a_lock_has_what_the_requirements_name(lock, requirements):
    wrong = locks.differences(requirements, read(lock))
    assert not wrong, "run `python tests/locks.py`"


def test_another_version_another_package_and_a_second_version_are_differences():
    lock = read(locks.LEARNER)
    (torch,) = (pin for pin in PINNED if pin.startswith("torch=="))
    for pin in ("torch==2.12.0", f"{torch}.1", "another==1.0"):
        assert locks.differences([*PINNED, pin], lock) == [pin]
    older = lock.replace(torch, "torch==2.12.0")
    assert locks.differences(PINNED, older) == [torch]


def test_no_two_locks_differ_in_a_version():
    learner, tests = (set(locks.pins(read(lock))) for lock in LOCKS[:2])
    assert learner <= tests
    assert {name for name, _ in tests - learner}.isdisjoint(dict(learner))


def test_binders_lock_is_the_learners_without_pytorch():
    lock = read(locks.BINDER)
    assert lock == locks.without_pytorch(read(locks.LEARNER))
    names = dict(locks.pins(lock))
    assert not [name for name in names if re.match("torch$|triton|nvidia|cuda", name)]
    assert {"jupyterlab", "kornia", "sympy", "filelock"} <= set(names)


def test_what_builds_the_workbook_is_locked():
    for text in locks.builders():
        need = Requirement(text)
        versions = dict(locks.pins(read(locks.LEARNER)))
        name = need.name.replace("_", "-")
        assert need.specifier.contains(versions[name])


@pytest.mark.parametrize("lock", LOCKS, ids=["learner", "tests", "binder"])
def test_every_package_has_its_sha256_and_no_address_is_named(lock):
    head, *entries = re.split(r"^(?=[\w-])", read(lock), flags=re.MULTILINE)
    assert head == locks.HEAD
    assert len(entries) > 100
    for entry in entries:
        first, *hashes = entry.replace("\\", "").splitlines()
        assert locks.PIN.match(first), first
        assert hashes, first
        for line in hashes:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64} ?", line), line
