"""Grading a class of real notebooks: the right score or a clear reason for each."""

import csv
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import nbformat
import pytest
from learners import (
    doing,
    grade_id,
    hand_in,
    make_course,
    misconceived,
    solved,
)

from bigmodel_lab import exercises
from bigmodel_lab.__main__ import main
from bigmodel_lab.classroom import grading
from bigmodel_lab.classroom.folder import CourseFolder, grade_id_of

SOFTMAX, DENSE, DELTA = (
    f"losses.{name}"
    for name in ("cross_entropy_gradient", "dense_backward", "hidden_delta")
)
LOSSES = [SOFTMAX, DENSE, DELTA]
STEP = "start_here.gradient_step"
POINTS = {SOFTMAX: 1, DENSE: 2, DELTA: 3}
RIGHT = solved(LOSSES)
HALF_A_PAIR = """
z = x @ W.T + b
slope = torch.sigmoid(z) * (1 - torch.sigmoid(z))
return (upstream * slope).T @ x, torch.zeros_like(b)
"""
# Each replaces the answer to the first exercise; then, what the teacher reads of it.
HOSTILE = {
    "loop": ("while True: pass", "did not end within 20 s"),
    "hungry": ("return torch.ones(10**13)", "allocate"),
    "greedy": (
        """
        hoard = []
        while True:
            hoard.append(np.ones(10**7))
        """,
        "MemoryError",
    ),
    "exits": ("import sys\nsys.exit()", "SystemExit"),
    "reads": ("raise ValueError(open('/etc/passwd').read())", "FileNotFoundError"),
    "solves": (
        "return __import__('bigmodel_lab.exercises.losses').exercises.losses."
        "cross_entropy_gradient.solution(logits, targets)",
        "No module named 'bigmodel_lab.exercises.losses'",
    ),
    "asks": (f"raise ValueError(lab.solution('{SOFTMAX}'))", "ValueError: None"),
    "course": ("raise ValueError(open('COURSE/gradebook.db').read())", "No such file"),
    "source": (
        "raise ValueError(open('COURSE/source/02_losses/02_losses.ipynb').read())",
        "No such file",
    ),
    "neighbor": ("import os\nraise ValueError(os.listdir('CLASS'))", "No such file"),
    "writes": ("open(lab.__file__, 'a').write('#')", "Read-only file system"),
    "connects": (
        "import socket\nsocket.create_connection(('127.0.0.1', PORT), 3)",
        "Connection refused",
    ),
    "surfs": (
        "import socket\nsocket.create_connection(('192.0.2.1', 80), 3)",
        "Network is unreachable",
    ),
}
# These end the program; the reason is given.
FATAL = {
    # What print() writes in an answer is cut short; what is displayed is not.
    "prints": (
        """
        from IPython.display import display
        while True: display("x" * 10_000)
        """,
        "it printed without end",
    ),
    "crashes": ("import os\nos._exit(0)", "ended itself or crashed"),
    "stubborn": (
        """
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True: pass
        """,
        "it ran on after 20 s, though interrupted",
    ),
    "shares": (
        """
        import mmap
        hoard = mmap.mmap(-1, 10**10)
        while True:
            hoard.write(bytes(10**6))
        """,
        "took more than 1.5 GB",
    ),
    "fills": (
        """
        import os
        folder = os.path.dirname(os.environ["BIGMODEL_LAB_HANDOVER"])
        while True:
            open(f"{folder}/sockets/rest", "ab").write(bytes(1000))
        """,
        "it wrote into the folder of its connection",
    ),
    "breeds": (
        """
        import subprocess
        while True:
            subprocess.Popen(["sleep", "100"])
        """,
        "started more than 64 processes",
    ),
}
FORGED = """
import json
from IPython.display import display
def forge(*arguments, **named):
    package = {"outcome": "correct", "message": ""}
    kind = "application/vnd.bigmodel-lab.results+json"
    display({kind: json.dumps(package)}, raw=True)
    return 100
lab.classroom.hand_over = forge
"""
TOO_FEW = """
import json
from IPython.display import display
def forge(*arguments, **named):
    kind = "application/vnd.bigmodel-lab.results+json"
    display({kind: json.dumps({"results": [1, 2]})}, raw=True)
lab.classroom.hand_over = forge
"""
COMM = """
from ipykernel.comm import Comm
Comm(target_name="jupyter.widget", data={"state": {}})
"""
LIMITS = ["--memory", "1.5", "--seconds", "60", "--cell-seconds", "20"]


def run_grade(course, folder, *options, **environment):
    """Run the command as a teacher does."""
    command = [sys.executable, "-m", "bigmodel_lab", "grade", course, folder]
    return subprocess.run(
        [str(word) for word in (*command, *LIMITS, *options)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def digests(folder):
    """Return a digest of every file in a folder."""
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def delete(*ids):
    """Return a change that deletes cells from a notebook."""

    def change(nb):
        nb.cells = [cell for cell in nb.cells if grade_id(cell) not in ids]

    return change


def edit(nb):
    """Change the test of the last exercise, to get its points for nothing."""
    nb.cells[-1].source = "3.0"


@pytest.fixture(scope="module")
def listener():
    """Listen on a port of this machine, and count the connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        visits = []

        def count():
            while True:
                try:
                    visits.append(server.accept()[1])
                except OSError:
                    return

        threading.Thread(target=count, daemon=True).start()
        yield SimpleNamespace(port=server.getsockname()[1], visits=visits)


@pytest.fixture(scope="module")
def graded(bubblewrap, listener, tmp_path_factory):
    """Grade a whole class, two at a time, once for all tests."""
    root = tmp_path_factory.mktemp("course")
    course, folder = root / "course", root / "class"
    releases = make_course(
        course, {"02_losses": LOSSES, "00_start_here": [STEP]}, **POINTS
    )
    release, other = releases.values()

    def learner(student, answers=(), name="02_losses.ipynb", **options):
        hand_in(release, folder / student / name, answers, **options)

    learner("ada", RIGHT)
    hand_in(other, folder / "ada" / "00_start_here.ipynb", solved([STEP]))
    hand_in(release, folder / "李雷 Li_02_losses.ipynb", RIGHT)
    learner("empty")
    learner("half", {name: RIGHT[name] for name in (SOFTMAX, DELTA)})
    learner("part", RIGHT | {DENSE: doing(DENSE, HALF_A_PAIR)})
    for k in range(max(len(exercises.find(name).misconceptions) for name in LOSSES)):
        learner(f"wrong{k}", {name: misconceived(name, k)[1] for name in LOSSES})
    for student, (lines, _) in (HOSTILE | FATAL).items():
        for word, value in (("COURSE", course), ("CLASS", folder)):
            lines = lines.replace(word, str(value))
        lines = lines.replace("PORT", str(listener.port))
        learner(student, RIGHT | {SOFTMAX: doing(SOFTMAX, lines)})
    learner("forger", first=FORGED)
    learner("too few", first=TOO_FEW)
    learner(" talks ", RIGHT, first=COMM)  # the blanks are no part of the name
    (folder / "ada" / "timestamp.txt").write_text("yesterday at three")
    learner(
        "script",
        RIGHT,
        first="from IPython.display import HTML\nHTML('<script>x()</script>')",
    )
    learner("leaves", RIGHT, first="import sys\nsys.exit()")
    learner(
        "deleter",
        RIGHT,
        change=delete("losses-hidden_delta", "losses-dense_backward-answer"),
    )
    learner("editor", RIGHT | {DELTA: doing(DELTA, "return z")}, change=edit)
    learner("twice", RIGHT)
    learner("twice", RIGHT, name="again.ipynb")
    hand_in(other, folder / "mistaken" / "02_losses.ipynb", solved([STEP]))
    (folder / "corrupt").mkdir()
    (folder / "corrupt" / "02_losses.ipynb").write_text('{"cells": [{"cell_type"')
    (folder / "alien").mkdir()
    (folder / "alien" / "02_losses.ipynb").write_text('{"cells": [], "nbformat": 4}')
    (folder / "zipped").mkdir()
    (folder / "zipped" / "answers.zip").write_bytes(b"PK")
    (folder / "linked").mkdir()
    (folder / "linked" / "02_losses.ipynb").symlink_to(release)
    before = digests(course / "source"), digests(folder), digests(course / "release")
    done = run_grade(course, folder, "--jobs", 2)
    after = digests(course / "source"), digests(folder), digests(course / "release")
    assert done.returncode == 0, done.stderr
    assert before == after
    rows = read(course / "grades.csv")
    return SimpleNamespace(
        course=course,
        folder=folder,
        rows={r["student"]: r for r in rows if r["assignment"] != "00_start_here"},
        ada=[row for row in rows if row["student"] == "ada"],
        exercises={
            (r["student"], r["exercise"]): r for r in read(course / "exercises.csv")
        },
        printed=done.stdout,
        progress=done.stderr,
    )


@pytest.mark.parametrize(
    ("student", "score"),
    [
        ("李雷 Li", 6),
        ("empty", 0),
        ("half", 4),
        ("part", 5),
        ("script", 6),
        ("talks", 6),
    ],
)
def test_scores(graded, student, score):
    row = graded.rows[student]
    assert (float(row["score"]), float(row["points"]), row["remarks"]) == (score, 6, "")
    assert f"{student:<9}" in graded.printed.replace("李雷 Li  ", "李雷 Li    ")


def test_an_untouched_exercise_is_not_a_wrong_one(graded):
    assert {graded.exercises["empty", n]["outcome"] for n in LOSSES} == {
        "not attempted"
    }


def test_a_timestamp_that_is_not_one_is_reported(graded):
    assert "timestamp.txt cannot be read" in graded.rows["ada"]["remarks"]


def test_one_learner_can_hand_in_two_assignments(graded):
    assert [(r["assignment"], r["score"]) for r in graded.ada] == [
        ("00_start_here", "1"),
        ("02_losses", "6"),
    ]


@pytest.mark.parametrize("name", LOSSES)
def test_every_misconception_is_recognized(graded, name):
    one = exercises.find(name)
    for k in range(len(one.misconceptions)):
        row = graded.exercises[f"wrong{k}", name]
        assert row["misconception"] == misconceived(name, k)[0]
        assert row["outcome"] == "wrong"
        assert float(row["score"]) <= POINTS[name] / 2  # half of a pair may be right


@pytest.mark.parametrize("student", HOSTILE)
def test_a_hostile_answer_costs_itself_only(graded, student):
    row = graded.exercises[student, SOFTMAX]
    assert (row["outcome"], row["score"]) == ("error", "0")
    assert HOSTILE[student][1] in row["message"]
    assert graded.rows[student]["score"] == "5"


@pytest.mark.parametrize("student", FATAL)
def test_what_ends_the_program_is_reported(graded, student):
    row = graded.rows[student]
    assert FATAL[student][1] in row["remarks"]
    assert float(row["score"]) == 0
    assert "The run was stopped" in graded.exercises[student, DELTA]["message"]


def test_nothing_of_the_machine_was_seen(graded, listener):
    assert listener.visits == []
    said = " ".join(row["message"] for row in graded.exercises.values())
    assert "root:" not in said
    assert "BEGIN SOLUTION" not in said


def test_forged_results_give_no_points(graded):
    assert graded.rows["forger"]["score"] == "0"
    assert "not results" in graded.exercises["forger", DELTA]["message"]


def test_too_few_forged_results_give_no_points(graded):
    assert graded.rows["too few"]["score"] == "0"
    assert "2 results for 10 inputs" in graded.exercises["too few", DELTA]["message"]


def test_an_exit_in_an_added_cell_does_no_harm(graded):
    assert graded.rows["leaves"]["score"] == "6"


def test_deleted_cells_come_back(graded):
    row = graded.rows["deleter"]
    assert row["score"] == "4"  # the answer to the second is gone
    assert "losses-hidden_delta was deleted" in row["remarks"]
    assert graded.exercises["deleter", DENSE]["outcome"] == "not attempted"


def test_an_edited_test_is_replaced_by_the_releases(graded):
    row = graded.rows["editor"]
    assert row["score"] == "3"
    assert "losses-hidden_delta was changed" in row["remarks"]


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("corrupt", "cannot be read as a notebook"),
        ("alien", "holds no exercise of this course's"),
        ("mistaken", "holds the exercises of 00_start_here: the wrong file?"),
        ("zipped", "answers.zip is not a notebook"),
        ("linked", "is a link, not a file"),
        ("twice", "keep one"),
    ],
)
def test_what_cannot_be_graded_has_a_reason(graded, student, reason):
    row = graded.rows[student]
    assert (row["score"], row["points"]) == ("", "")
    assert row["remarks"].startswith("not graded: ")
    assert reason in row["remarks"]
    assert reason in graded.printed


def test_nbgraders_gradebook_has_the_same_scores(graded):
    with CourseFolder(graded.course).gradebook() as book:
        kept = {s.student.id: s.score for s in book.assignment_submissions("02_losses")}
    ours = {name: float(r["score"]) for name, r in graded.rows.items() if r["score"]}
    assert kept == pytest.approx(ours)
    assert len(kept) > 25


def test_what_a_teacher_corrects_in_nbgraders_form_reaches_the_csv_files(
    graded, tmp_path
):
    """Scores come from the gradebook alone; what was not graded stays without one."""
    course = CourseFolder(shutil.copytree(graded.course, tmp_path / "course"))
    before = {row["student"]: row for row in read(course.path / "grades.csv")}
    with course.gradebook() as book:
        (notebook,) = book.find_submission("02_losses", "part").notebooks
        grade = next(g for g in notebook.grades if g.name == grade_id_of(DELTA))
        was = grade.score
        grade.manual_score = 0.25
        book.db.commit()
    assert main(["grades", str(course.path)]) == 0
    after = {row["student"]: row for row in read(course.path / "grades.csv")}
    expected = float(before["part"]["score"]) - was + 0.25
    for column in ("score", "final"):  # what counts, without a penalty
        assert float(after["part"].pop(column)) == pytest.approx(expected)
        del before["part"][column]
    assert after == before
    rows = read(course.path / "exercises.csv")
    (row,) = (r for r in rows if (r["student"], r["exercise"]) == ("part", DELTA))
    assert (row["score"], row["outcome"]) == ("0.25", "correct")  # as it was judged


def test_feedback_tells_each_learner_why(graded):
    def feedback(student):
        path = graded.course / "feedback" / student / "02_losses" / "02_losses.html"
        return path.read_text(encoding="utf-8")

    name, _ = misconceived(DELTA, 0)
    help_ = exercises.find(DELTA).misconceptions[0].help
    assert help_[:40] in feedback("wrong0").replace("&#39;", "'"), name
    assert "<div><b>1 of 2 points</b></div><div>" in feedback("part")
    assert "part: 02_losses (Score: 5.0 / 6.0)" in feedback("part")
    assert "Test cell" not in feedback("part")
    assert "<script>x()" not in feedback("script")
    assert "seed=" not in feedback("ada")  # it may be handed in again
    assert not (graded.course / "feedback" / "corrupt").exists()


def test_the_summary_counts(graded):
    line = next(
        s for s in graded.printed.splitlines() if s.startswith("  hidden_delta")
    )
    right = sum(
        row["outcome"] == "correct"
        for (_, name), row in graded.exercises.items()
        if name == DELTA
    )
    assert int(line.split()[1]) == right
    assert "100%" in graded.progress


def test_grading_again_replaces_rows_and_keeps_the_others(graded, tmp_path):
    course = tmp_path / "course"
    shutil.copytree(graded.course, course)
    hand_in(
        course / "release/02_losses/02_losses.ipynb",
        tmp_path / "new/empty/x.ipynb",
        RIGHT,
    )
    assert run_grade(course, tmp_path / "new").returncode == 0
    rows = {r["student"]: r for r in read(course / "grades.csv")}
    assert rows["empty"]["score"] == "6"
    assert rows["half"] == graded.rows["half"]


HTML_ATTACK = """
<script>document.title = "taken"</script><style>body {display: none}</style>
<meta http-equiv="refresh" content="0;url=about:blank"><img src=x onerror="x()">
"""


def test_kind_mistakes_cost_nothing_and_pages_do_nothing(bubblewrap, tmp_path):
    """A hint left in, an answer in another cell, `exit()`, an optional argument."""
    release = make_course(tmp_path / "course", {"02_losses": LOSSES})["02_losses"]
    hint = f'lab.hint("{DELTA}")\nlab.check("{DELTA}", None).outcome\n'
    optional = RIGHT[DELTA].replace("(delta, W, z)", "(delta, W, z, slope=0)")

    def write(nb):
        nb.cells.append(nbformat.v4.new_markdown_cell(HTML_ATTACK))
        delete("losses-dense_backward-answer")(nb)

    hand_in(
        release,
        tmp_path / "class" / "eva" / "02_losses.ipynb",
        {SOFTMAX: doing(SOFTMAX, "exit()"), DELTA: hint + optional},
        first=RIGHT[DENSE],
        change=write,
    )
    done = run_grade(tmp_path / "course", tmp_path / "class")
    assert "eva  2 of 3" in done.stdout, done.stdout + done.stderr
    rows = {r["exercise"]: r for r in read(tmp_path / "course" / "exercises.csv")}
    assert "SystemExit" in rows[SOFTMAX]["message"]
    page = tmp_path / "course" / "feedback" / "eva" / "02_losses" / "02_losses.html"
    text = page.read_text(encoding="utf-8")
    assert text.index("Content-Security-Policy") < text.index("<title")
    assert "script-src" not in text
    assert "<script>document.title" not in text
    assert '<meta http-equiv="refresh"' not in text
    assert "<div><b>1 of 1 points</b></div><div>✔ Correct.</div>" in text


def test_one_grading_at_a_time(graded):
    with grading.locked(CourseFolder(graded.course)):
        done = run_grade(graded.course, graded.folder)
    assert done.returncode == 1
    assert "Another grading" in done.stderr


def test_an_assignment_that_was_graded_keeps_its_exercises(graded, tmp_path, capsys):
    course = shutil.copytree(graded.course, tmp_path / "course")
    before = digests(course)
    words = ["assignment", "02", "--out", str(course), "--exercises"]
    assert main([*words, "hidden_delta"]) == 1
    assert "graded for" in capsys.readouterr().err
    assert digests(course) == before
    assert main([*words, ",".join(LOSSES)]) == 0
    assert "grade them again" in capsys.readouterr().out


def test_plain_nbgrader_gives_the_same_scores(graded, tmp_path):
    course = CourseFolder(shutil.copytree(graded.course, tmp_path / "course"))
    for student in ("ada", "part", "wrong0"):
        assert course.api().autograde("02_losses", student)["success"]
        with course.gradebook() as book:
            score = book.find_submission("02_losses", student).score
        assert score == float(graded.rows[student]["score"])


def test_without_bubblewrap_it_refuses_unless_allowed(graded, tmp_path):
    course = shutil.copytree(graded.course, tmp_path / "course")
    folder = tmp_path / "class"
    shutil.copytree(graded.folder / "ada", folder / "ada")
    bare = {"PATH": str(tmp_path)}
    refused = run_grade(course, folder, **bare)
    assert refused.returncode == 1
    assert "needs bubblewrap" in refused.stderr
    (tmp_path / "prlimit").symlink_to(shutil.which("prlimit"))
    allowed = run_grade(course, folder, "--no-sandbox", **bare)
    assert allowed.returncode == 0, allowed.stderr
    assert "runs as yourself" in allowed.stderr
    assert "6 of 6" in allowed.stdout


@pytest.mark.parametrize(
    ("course", "folder", "reason"),
    [
        ("COURSE", "nowhere", "There is no folder"),
        ("COURSE", ".", "holds no file"),
        ("new", "COURSE", "is not a course folder"),
    ],
)
def test_errors_say_what_to_do(graded, tmp_path, course, folder, reason):
    paths = [
        graded.course if name == "COURSE" else tmp_path / "empty" / name
        for name in (course, folder)
    ]
    (tmp_path / "empty").mkdir()
    done = run_grade(*paths)
    assert done.returncode == 1
    assert done.stderr.startswith("bigmodel_lab: ")
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
