"""From grades to what a platform takes: roster, lateness, export, statistics."""

import csv
import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from learners import make_course

from bigmodel_lab.__main__ import main
from bigmodel_lab.classroom import (
    closing,
    export,
    forget,
    lateness,
    pseudonyms,
    report,
    roster,
    statistics,
)
from bigmodel_lab.classroom.folder import CourseFolder, grade_id_of
from bigmodel_lab.classroom.grading import Result
from bigmodel_lab.classroom.submissions import ORIGINS, Submission

# nbgrader's own: adding a submission by hand makes SQLAlchemy warn.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
DELTA, SOFTMAX = "losses.hidden_delta", "losses.cross_entropy_gradient"
MOODLE = "Ada Lovelace_123456_assignsubmission_file_"
CANVAS = "babbagec_LATE_54321_1234568_02_losses-1.ipynb"
DUE = datetime(2027, 1, 31, 17, tzinfo=UTC)
GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,02_losses (4711),Current Score
    Points Possible,,,,,4,(read only)
"Lovelace, Ada",98765,s-1,ada,A,,
"Babbage, Charles",54321,s-2,charles,A,,
"Hopper, Grace",77777,s-3,grace,B,,
"Student, Test",1,,,A,,
"""
PARTICIPANTS = """\
First name;Last name;ID number;Email address
Ada;Lovelace;0001;ada@school.edu
Charles;Babbage;0002;charles@school.edu
Grace;Hopper;0003;grace@school.edu
"""


def graded(course, student, assignment, scores, late=None):
    """Enter scores by exercise, as a grading does; return the `Result`."""
    handed_in = late and (DUE + late).replace(tzinfo=None)
    with course.gradebook() as book:
        book.update_or_create_student(student)
        one = book.update_or_create_submission(assignment, student, timestamp=handed_in)
        for grade in one.notebooks[0].grades:
            grade.auto_score = {grade_id_of(n): s for n, s in scores.items()}[
                grade.name
            ]
        book.db.commit()
    page = course.path / "feedback" / student / assignment / f"{assignment}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"feedback for {student}")
    rows = []
    for name, score in scores.items():
        outcome = "correct" if score else "not attempted"
        row = {"exercise": name, "score": score, "points": 2.0, "outcome": outcome}
        rows.append(row | {"misconception": "" if score else "slip", "message": "m"})
    return Result(student, assignment, exercises=rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "course"
    make_course(folder, {"02_losses": [DELTA, SOFTMAX]}, **{DELTA: 2, SOFTMAX: 2})
    return folder


@pytest.fixture
def course(made, tmp_path):
    """Return a course in which Ada, from Moodle, and babbagec, from Canvas, are."""
    course = CourseFolder(shutil.copytree(made, tmp_path / "course"))
    with course.gradebook() as book:
        due = DUE.replace(tzinfo=None)
        book.update_or_create_assignment("02_losses", duedate=due)
    results = [
        graded(course, "Ada Lovelace", "02_losses", {DELTA: 2, SOFTMAX: 1}),
        graded(course, "babbagec", "02_losses", {DELTA: 2, SOFTMAX: 0}),
    ]
    origins = {"Ada Lovelace": MOODLE, "babbagec": CANVAS}
    course.remember(ORIGINS, {"02_losses": origins})
    report.write(results, course)
    return course


@pytest.fixture
def listed(tmp_path):
    """Return a function that writes a class list."""

    def write(text, encoding="utf-8-sig"):
        (tmp_path / "list.csv").write_text(text, encoding=encoding)
        return tmp_path / "list.csv"

    return write


def grades(course):
    return {row["student"]: row for row in report.read_rows(course.path / "grades.csv")}


@pytest.mark.parametrize("text", [GRADEBOOK, PARTICIPANTS])
@pytest.mark.parametrize(
    ("student", "origin", "name"),
    [
        ("Ada Lovelace", MOODLE, "Ada"),
        ("lovelace,  ADA", "", "Ada"),
        ("lovelaceada", "", "Ada"),
        ("ada", "", "Ada"),
        ("babbagec", "", None),
        ("Ada", "", "Ada"),
        ("zoe", "", None),
    ],
)
def test_a_roster_knows_whose_a_submission_is(listed, text, student, origin, name):
    found = roster.Roster(listed(text)).find(student, origin)
    assert (found and ("Ada" if "Ada" in found.name else found.name)) == name


def test_canvas_own_number_decides(listed):
    found = roster.Roster(listed(GRADEBOOK)).find("babbagec", CANVAS)
    assert found.name == "Babbage, Charles"


def test_an_empty_column_does_not_hide_a_full_one(listed):
    people = roster.Roster(listed('name,SIS User ID,ID\n"Li\nWei",,7\n'))
    assert people.find("Li Wei").field("id") == "7"


def test_two_of_one_name_are_not_guessed(listed):
    people = roster.Roster(listed("name,email\nLi Wei,a@x.edu\nWei Li,b@x.edu\n"))
    assert people.find("Li Wei").field("email") == "a@x.edu"
    assert people.find("LiWei") is None
    people = roster.Roster(listed("name,email\nLi Wei,a@x.edu\nLi Wei,b@x.edu\n"))
    assert people.find("Li Wei") is None


@pytest.mark.parametrize(
    ("text", "encoding", "why"),
    [
        ("points,group\n1,2\n", "utf-8", "It has points, group"),
        ("name,email\n", "utf-8", "lists no learner"),
        ("name\nZoë\n", "latin-1", "save it as CSV UTF-8"),
        ("", "utf-8", "It has no columns"),
        ("name\n" + "x" * 200_000, "utf-8", "It has no columns"),
    ],
)
def test_a_roster_that_cannot_be_used_is_told(listed, text, encoding, why):
    with pytest.raises(ValueError, match=why):
        roster.Roster(listed(text, encoding))


def test_the_roster_adds_the_missing_the_ids_and_notes_strangers(
    course, listed, capsys
):
    report.write([graded(course, "zoe", "02_losses", {DELTA: 0, SOFTMAX: 0})], course)
    roster.keep(listed(GRADEBOOK), course)
    for _ in range(2):  # doing it again changes nothing
        closing.close(course)
        rows = grades(course)
        assert set(rows) == {"Ada Lovelace", "babbagec", "zoe", "Hopper, Grace"}
        assert rows["Hopper, Grace"]["remarks"] == "nothing handed in"
        assert rows["Hopper, Grace"]["score"] == ""
        assert rows["zoe"]["remarks"] == "not on the roster"
        assert rows["babbagec"]["id"] == "s-2"
    said = capsys.readouterr().out
    assert "Nothing handed in: 02_losses: Hopper, Grace" in said
    assert "Not on the roster: 02_losses: zoe" in said
    roster.keep(listed(PARTICIPANTS), course)
    report.write([graded(course, "grace", "02_losses", {DELTA: 2, SOFTMAX: 2})], course)
    closing.close(course)
    rows = grades(course)
    assert "Grace Hopper" not in rows
    assert rows["grace"]["email"] == "grace@school.edu"


@pytest.mark.parametrize(
    ("late", "grace", "days"),
    [
        (timedelta(0), 0, 0),
        (timedelta(minutes=10), 10, 0),
        (timedelta(minutes=11), 10, 1),
        (timedelta(hours=24), 0, 1),
        (timedelta(hours=24, seconds=1), 0, 2),
    ],
)
def test_days_count_from_their_start(late, grace, days):
    assert lateness.days_begun(late, grace) == days


@pytest.mark.parametrize(
    ("score", "percent", "cost"), [(3, 10, 0.4), (3, 90, 3), (0, 50, 0), (3, 0, 0)]
)
def test_a_penalty_takes_at_most_what_there_is(score, percent, cost):
    assert lateness.penalty(score, 4, percent) == cost


def test_late_work_costs_points_unless_there_is_an_extension(course):
    for name in ("ada", "bob"):
        late = timedelta(hours=30)
        result = graded(course, name, "02_losses", {DELTA: 2, SOFTMAX: 1}, late)
        report.write([result], course)
    assert (grades(course)["ada"]["final"], grades(course)["ada"]["penalty"]) == (
        "3",
        "",
    )
    words = ["grades", str(course.path), "--late-penalty", "20", "--grace", "15"]
    assert main([*words, "--extension", "ada=2027-02-03"]) == 0
    assert main(["grades", str(course.path)]) == 0  # the course keeps the rules
    rows = grades(course)
    assert (rows["ada"]["late_hours"], rows["ada"]["final"]) == ("", "3")
    row = rows["bob"]
    assert (row["late_hours"], row["score"], row["penalty"]) == ("30.0", "3", "1.6")
    assert row["final"] == "1.4"
    assert main(["grades", str(course.path), "--late-penalty", "0"]) == 0
    assert grades(course)["bob"]["final"] == "3"


def test_canvas_mark_counts_as_one_day(course):
    lateness.set_policy(course, penalty=25)
    report.write([], course)
    row = grades(course)["babbagec"]
    assert (row["penalty"], row["final"]) == ("1", "1")
    assert row["remarks"] == lateness.FLAGGED
    lateness.set_policy(course, extensions={"babbagec": DUE + timedelta(days=1)})
    report.write([], course)
    assert grades(course)["babbagec"]["final"] == "2"


def test_an_extension_for_nobody_is_told(course, capsys):
    assert main(["grades", str(course.path), "--extension", "adda=2027-02-03"]) == 0
    assert "An extension is for 'adda'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--late-penalty", "120"], "takes a percentage, not 120"),
        (["--grace", "-5"], "takes minutes, 0 or more"),
        (["--roster", "nowhere.csv"], "There is no roster nowhere.csv"),
    ],
)
def test_rules_that_make_no_sense_are_refused(course, capsys, words, why):
    assert main(["grades", str(course.path), *words]) == 1
    assert why in capsys.readouterr().err


def exported(course, *words):
    """Export; return the rows of the table, and the zip's {name: text}."""
    assert main(["export", str(course.path), *words]) == 0
    (table,) = (course.path / "export").glob("*.csv")
    (pages,) = (course.path / "export").glob("*.zip")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with zipfile.ZipFile(pages) as archive:
        return rows, {n: archive.read(n).decode() for n in archive.namelist()}


def test_moodle_gets_grades_by_number_and_email_and_pages_by_folder(
    course, listed, capsys
):
    rows, pages = exported(
        course, "--for", "moodle", "--roster", str(listed(PARTICIPANTS))
    )
    assert rows[0] == list(export.MOODLE)
    comments = "hidden_delta: 2 of 2; cross_entropy_gradient: 1 of 2"
    modified = datetime.fromisoformat(rows[1].pop(5))
    assert timedelta(0) <= datetime.now(UTC) - modified < timedelta(hours=1)
    assert rows[1] == [
        *("Participant 123456", "Ada Lovelace", "ada@school.edu", "0001"),
        *("3", comments),
    ]
    assert len(rows) == 2
    assert "left out  babbagec: no Moodle number" in capsys.readouterr().err
    assert pages[f"{MOODLE}/02_losses.html"] == "feedback for Ada Lovelace"


def test_canvas_gets_its_own_columns_and_file_names(course, listed):
    rows, pages = exported(
        course, "--for", "canvas", "--roster", str(listed(GRADEBOOK))
    )
    assert rows == [
        [*export.CANVAS, "02_losses (4711)"],
        ["    Points Possible", "", "", "", "", "4"],
        ["Lovelace, Ada", "98765", "s-1", "ada", "A", "3"],
        ["Babbage, Charles", "54321", "s-2", "charles", "A", "2"],
    ]
    assert pages[CANVAS.replace(".ipynb", ".html")] == "feedback for babbagec"


def test_canvas_without_a_roster_has_the_number_in_the_files_name(course, capsys):
    rows, _ = exported(course, "02_losses", "--for", "canvas", "--column", "Losses (1)")
    assert rows[0][-1] == "Losses (1)"
    assert rows[2:] == [["babbagec", "54321", "", "", "", "2"]]
    assert "left out  Ada Lovelace: no Canvas ID" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        (MOODLE, f"{MOODLE}/02_losses.html"),
        (MOODLE.rstrip("_"), f"{MOODLE.rstrip('_')}/02_losses.html"),
        (f"{MOODLE}my.work.ipynb", f"{MOODLE}my.work.html"),
        (CANVAS, CANVAS.replace(".ipynb", ".html")),
        ("", "ada/02_losses.html"),
    ],
)
def test_feedback_goes_back_under_the_name_it_came_with(origin, name):
    assert export.name_in_zip("ada", origin, "02_losses") == name


def test_a_deadline_that_has_passed_is_told(tmp_path, capsys):
    words = ["assignment", "02", "--out", str(tmp_path), "--exercises", "hidden_delta"]
    assert main([*words, "--due", "2020-01-31"]) == 0
    assert "deadline has passed already: 2020-01-31 23:59" in capsys.readouterr().out


def test_an_export_needs_an_assignment(course, capsys):
    assert main(["export", str(course.path), "03_x", "--for", "moodle"]) == 1
    assert "Say which assignment to export: 02_losses" in capsys.readouterr().err


def test_statistics_have_the_hardest_first_and_a_picture(course):
    statistics.write(course)
    rows = report.read_rows(course.path / "statistics.csv")
    told = [tuple(row[name] for name in statistics.COLUMNS) for row in rows]
    assert told == [
        ("02_losses", SOFTMAX, "", "2", "25.0", "1", "1"),
        ("02_losses", SOFTMAX, "slip", "1", "", "", ""),
        ("02_losses", DELTA, "", "2", "100.0", "2", "0"),
    ]
    assert (course.path / "statistics.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_says_what_it_shows():
    tries = [
        {"assignment": "02_losses", "exercise": name, "outcome": outcome}
        | {"score": "1", "points": "2", "misconception": ""}
        for name in (DELTA, SOFTMAX)
        for outcome in ("correct", "wrong", "not attempted", "error")
    ]
    figure = statistics.draw(statistics.count(tries))
    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert texts.count(" 50 %") == 2
    assert texts.count("2") == 2  # wrong ones
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["right", "wrong, or an error", "untouched"]
    assert {label.get_text() for label in axes.get_yticklabels()} == {
        "hidden_delta",
        "cross_entropy_gradient",
    }


def test_one_learner_is_forgotten_and_the_others_stay(course, listed):
    roster.keep(listed(PARTICIPANTS), course)
    lateness.set_policy(course, extensions={"Ada Lovelace": DUE})
    closing.close(course)
    main(["export", str(course.path), "--for", "moodle"])
    removed = forget.forget(course, "Ada Lovelace")
    assert removed == [
        "feedback/Ada Lovelace",
        "gradebook.db: the scores",
        "grades.csv: 1 rows",
        "exercises.csv: 2 rows",
        "origins.json: the platform's name",
        "late.json: the extension",
        "roster.csv: the row",
        "export/02_losses-moodle-feedback.zip, of everybody: export again",
        "export/02_losses-moodle.csv, of everybody: export again",
    ]
    assert set(grades(course)) == {"babbagec", "Charles Babbage", "Grace Hopper"}
    files = [path for path in course.path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"Lovelace" in path.read_bytes()]


@pytest.mark.parametrize("name", ["zoe", "..", "*", "", "."])
def test_nobody_else_is_forgotten(course, name):
    before = sorted(course.path.rglob("*"))
    with pytest.raises(ValueError, match="has nothing of"):
        forget.forget(course, name)
    assert sorted(course.path.rglob("*")) == before


def test_pseudonyms_are_stable_and_a_course_has_either(course, tmp_path):
    with pytest.raises(ValueError, match="holds learners' names already"):
        pseudonyms.begin(course)
    new = CourseFolder(tmp_path / "new", new=True)
    assert pseudonyms.of(["ada"], new) == {"ada": "ada"}
    pseudonyms.begin(new)
    first = pseudonyms.of(["ada", "bob"], new)
    assert first == pseudonyms.of(["ada", "bob"], new)
    assert len({*first.values(), "ada", "bob"}) == 4
    assert pseudonyms.real(first["ada"], new) == "ada"


def test_reasons_hold_no_names_in_an_anonymous_course(tmp_path):
    course = CourseFolder(tmp_path / "new", new=True)
    pseudonyms.begin(course)
    why = "two files (lovelace_02_losses.ipynb and b/lovelace.ipynb): keep one"
    one = Submission("lovelace", tmp_path / "lovelace.ipynb", problem=why)
    pseudonyms.hide([one], course)
    who = one.student
    assert one.problem == f"two files ({who}_02_losses.ipynb and b/{who}): keep one"
