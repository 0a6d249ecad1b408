"""A grading that is stopped, by whatever it is: nothing is lost, and it goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
from learners import hand_in, make_course, solved

from bigmodel_lab.classroom import grading, isolated
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.journal import Journal
from bigmodel_lab.classroom.report import read_rows
from bigmodel_lab.classroom.sandbox import Limits
from bigmodel_lab.classroom.submissions import collect

STEP = "start_here.gradient_step"
LIMITS = Limits(memory=1.5e9, seconds=60, cell_seconds=20)
SLOW = f"import time\ntime.sleep(3)\n{solved([STEP])[STEP]}"
NAMES = ("ada", "bob", "eva", "zoe")


@pytest.fixture
def course(bubblewrap, tmp_path):
    """Make a course and hand in four right answers, all but the first slow."""
    (release,) = make_course(tmp_path / "course", {"00_start_here": [STEP]}).values()
    for name in NAMES:
        answer = solved([STEP])[STEP] if name == "ada" else SLOW
        path = tmp_path / "class" / name / "00_start_here.ipynb"
        hand_in(release, path, {STEP: answer})
    return CourseFolder(tmp_path / "course")


def start(course):
    """Start grading as a teacher does, one file at a time."""
    words = ["grade", course.path, course.path.parent / "class", "--jobs", "1"]
    return subprocess.Popen(
        [sys.executable, "-m", "bigmodel_lab", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_lines(course, count):
    """Wait until a grading has noted so many results."""
    path = course.path / ".unfinished.jsonl"
    deadline = time.monotonic() + 120
    while not path.exists() or len(path.read_text().splitlines()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def graded(course):
    """Return who has a score in the file of grades."""
    rows = read_rows(course.path / "grades.csv")
    return [row["student"] for row in rows if row["score"] == "1"]


def test_what_was_graded_before_a_stop_is_not_graded_again(course):
    """After Ctrl-C, and then after kill -9."""
    first = start(course)
    wait_for_lines(course, 1)
    first.send_signal(signal.SIGINT)
    said, errors = first.communicate(timeout=60)
    assert first.returncode == 130, errors
    assert "1 of 4 are graded; the same command goes on with the rest." in said
    assert "Traceback" not in errors
    assert graded(course) == ["ada"]
    second = start(course)
    wait_for_lines(course, 2)
    for process in [*psutil.Process(second.pid).children(recursive=True), second]:
        process.kill()
    second.communicate()
    autograded = course.path / "autograded" / "ada" / "00_start_here"
    before = (autograded / "00_start_here.ipynb").stat().st_mtime
    third = start(course)
    said, errors = third.communicate(timeout=120)
    assert third.returncode == 0, errors
    assert graded(course) == list(NAMES)
    assert (autograded / "00_start_here.ipynb").stat().st_mtime == before
    assert not (course.path / ".unfinished.jsonl").exists()


def test_on_a_full_disk_the_old_grades_stay(course):
    folder = course.path.parent / "class"
    for name in NAMES[1:]:
        shutil.rmtree(folder / name)
    grading.grade(course.path, folder, LIMITS)
    old = (course.path / "grades.csv").read_bytes()
    (course.path / "grades.tmp").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        grading.grade(course.path, folder, LIMITS)
    assert (course.path / "grades.csv").read_bytes() == old
    (course.path / "grades.tmp").unlink()
    done = grading.grade(course.path, folder, LIMITS)  # at once: it is in the journal
    assert [one.score for one in done] == [1]
    assert (course.path / "grades.csv").read_bytes() == old


def test_the_journal_knows_the_same_file_under_the_same_tests(course):
    ada, bob, *_ = collect(course.path.parent / "class", course)
    Journal(course).add(ada, {"student": "ada"})
    with (course.path / ".unfinished.jsonl").open("a") as file:
        file.write('{"submission": "half')
    journal = Journal(course)
    assert journal.known(ada) == {"student": "ada"}
    assert journal.known(bob) is None
    nb = json.loads(ada.path.read_text())
    nb["cells"][2]["source"] = "changed"
    ada.path.write_text(json.dumps(nb))
    assert journal.known(ada) is None
    journal.finish()
    assert Journal(course).known(bob) is None


def test_a_call_of_its_own_returns_or_says_why():
    def said(function, *arguments, **limits):
        with pytest.raises(isolated.Failed) as error:
            isolated.call(
                function, *arguments, **{"seconds": 60, "memory": 2e9} | limits
            )
        return str(error.value)

    assert isolated.call(max, 3, 4, seconds=60, memory=2e9) == 4
    assert said(int, "x").startswith("invalid literal for int()")
    assert said(time.sleep, 60, seconds=1) == "it took the grader more than 1 s"
    assert said(bytes, 3 * 10**9) == "it took the grader more than 2 GB"
    assert said(os._exit, 1) == "the grader's own process was ended from outside"


def test_what_ends_a_grader_is_its_learners_row_alone(course, monkeypatch):
    """Such as the system's, when memory runs out."""
    folder = course.path.parent / "class"
    for name in NAMES[2:]:
        shutil.rmtree(folder / name)
    call = isolated.call

    def killed(function, path, submission, *rest, **limits):
        if submission.student == "bob":
            return call(os._exit, 1, **limits)
        return call(function, path, submission, *rest, **limits)

    monkeypatch.setattr(isolated, "call", killed)
    ada, bob = grading.grade(course.path, folder, LIMITS)
    assert ada.score == 1
    assert bob.problem == "the grader's own process was ended from outside"
    assert graded(course) == ["ada"]
