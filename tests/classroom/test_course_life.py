"""A course from an export to an upload, as a teacher does it, with real gradings."""

import io
import shutil
import zipfile
from contextlib import redirect_stdout
from types import SimpleNamespace

import pytest
from learners import hand_in, make_course, solved

from bigmodel_lab.__main__ import main
from bigmodel_lab.classroom import pseudonyms
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.report import read_rows

STEP = "start_here.gradient_step"
NAME = "00_start_here"
MOODLE = "Ada Lovelace_123456_assignsubmission_file_"
CANVAS = "babbagec_LATE_54321_1234568_00_start_here-1.ipynb"
ROSTER = "Full name,Email address\nAda Lovelace,ada@x.edu\nGrace Hopper,grace@x.edu\n"


def rows(course):
    return {row["student"]: row for row in read_rows(course.path / "grades.csv")}


@pytest.fixture(scope="module")
def taught(bubblewrap, tmp_path_factory):
    """Grade two learners anonymously, correct Ada's points, grade again."""
    root = tmp_path_factory.mktemp("taught")
    folder, course = root / "class" / "export", root / "course"
    release = make_course(course, {NAME: [STEP]})[NAME]
    hand_in(release, folder / MOODLE / f"{NAME}.ipynb", solved([STEP]))
    hand_in(release, folder / CANVAS)
    (root / "list.csv").write_text(ROSTER)
    words = ["grade", str(course), str(folder.parent), "--roster", f"{root}/list.csv"]
    said = io.StringIO()
    with redirect_stdout(said):
        assert main([*words, "--anonymous"]) == 0
        course = CourseFolder(course)
        known = course.remembered(pseudonyms.FILE)
        first = rows(course)
        with course.gradebook() as book:
            (notebook,) = book.find_submission(NAME, known["Ada Lovelace"]).notebooks
            (grade,) = notebook.grades
            grade.manual_score, grade.extra_credit = 0.25, 0.5
            for comment in notebook.comments:
                comment.manual_comment = "Well explained."
            book.db.commit()
        assert main(words) == 0
    return SimpleNamespace(
        course=course, known=known, first=first, rows=rows(course), said=said.getvalue()
    )


@pytest.fixture
def course(taught, tmp_path):
    """Return a copy of the course, to change."""
    return CourseFolder(shutil.copytree(taught.course.path, tmp_path / "course"))


def holding(course, text):
    """Return the names of a course's files that hold a text, or have it in theirs."""
    return {
        path.name
        for path in course.path.rglob("*")
        if text in str(path.relative_to(course.path))
        or (path.is_file() and text.encode() in path.read_bytes())
    }


def test_corrections_outlive_another_grading(taught):
    ada = taught.known["Ada Lovelace"]
    assert (taught.first[ada]["score"], taught.rows[ada]["score"]) == ("1", "0.75")
    scores = {
        row["student"]: row["score"]
        for row in read_rows(taught.course.path / "exercises.csv")
    }
    assert scores[ada] == "0.75"
    page = taught.course.path / "feedback" / ada / NAME / f"{NAME}.html"
    assert "Well explained." in page.read_text(encoding="utf-8")


def test_an_anonymous_course_shows_no_name(taught):
    assert "Lovelace" not in taught.said
    own = {"pseudonyms.json", "origins.json", "roster.csv"}  # the teacher's
    assert holding(taught.course, "Lovelace") == own
    assert taught.known == taught.course.remembered(pseudonyms.FILE)
    babbage, grace = (taught.known[name] for name in ("babbagec", "Grace Hopper"))
    assert "not on the roster" in taught.rows[babbage]["remarks"]
    assert taught.rows[grace]["remarks"] == "nothing handed in"


def test_an_export_has_the_names_again(taught, course):
    assert main(["export", str(course.path), "--for", "moodle"]) == 0
    table = (course.path / "export" / f"{NAME}-moodle.csv").read_text()
    assert "Participant 123456,Ada Lovelace,ada@x.edu,,0.75," in table
    with zipfile.ZipFile(course.path / "export" / f"{NAME}-moodle-feedback.zip") as z:
        page = z.read(f"{MOODLE}/{NAME}.html").decode()
    assert taught.known["Ada Lovelace"] in page


def test_nothing_is_left_of_a_learner_who_is_forgotten(taught, course, capsys):
    assert main(["forget", str(course.path), "Ada Lovelace"]) == 0
    said = capsys.readouterr().out
    folders = [f"{name}/" for name in ("submitted", "autograded", "feedback")]
    for what in (*folders, "gradebook.db", "pseudonyms.json", "roster.csv"):
        assert f"removed  {what}" in said
    assert holding(course, "Lovelace") == holding(course, taught.known["Ada Lovelace"])
    assert not holding(course, "Lovelace")
