"""Grades and feedback as learning platforms take them: Moodle and Canvas."""

import csv
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bigmodel_lab.classroom import layouts, pseudonyms, roster
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.plain import cell, shown
from bigmodel_lab.classroom.report import read_rows
from bigmodel_lab.classroom.submissions import ORIGINS

# As Moodle's grading worksheet has them, in English: it finds them by these names.
MOODLE = (
    *("Identifier", "Full name", "Email address", "ID number"),
    *("Grade", "Last modified (grade)", "Feedback comments"),
)
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


@dataclass(frozen=True)
class Graded:
    """A learner with a grade: the row in `grades.csv`, the name, the origin."""

    row: dict
    name: str
    origin: str
    learner: roster.Learner | None

    def field(self, what: str) -> str:
        """Return what the roster says of the learner, "" if it says nothing."""
        return self.learner.field(what) if self.learner else ""

    def column(self, name: str) -> str:
        """Return the value of a column of the roster."""
        return self.learner.column(name) if self.learner else ""


def write(
    course: CourseFolder, platform: str, assignment: str = "", column: str = ""
) -> tuple[list[Path], list[str]]:
    """Write a CSV file of grades and a zip of feedback; return (paths, left out).

    Parameters
    ----------
    course : CourseFolder
        The course; its roster, if it keeps one, says more of the learners.
    platform : str
        "moodle" or "canvas".
    assignment : str
        Which; may be left out if only one was graded.
    column : str
        What Canvas calls the assignment, as in "Losses (4711)".

    Raises
    ------
    ValueError
        If nothing was graded, or not which assignment is clear.
    """
    grades = read_rows(course.path / "grades.csv")
    assignment = _chosen(assignment, [row["assignment"] for row in grades])
    people, origins = roster.kept(course), course.remembered(ORIGINS)
    origins = origins.get(assignment, {})
    everybody = []
    for row in grades:
        if row["assignment"] == assignment and row.get("final"):
            name = pseudonyms.real(row["student"], course)
            origin = origins.get(name, "")
            learner = people.find(name, origin) if people else None
            everybody.append(Graded(row, name, origin, learner))
    if not everybody:
        raise ValueError(f"Nobody has points in {assignment}: nothing to export.")
    if platform == "moodle":
        rows, lost = _for_moodle(everybody, _comments(course))
    else:
        titles = people.columns if people else ()
        same = [name for name in titles if name.partition(" (")[0] == assignment]
        rows, lost = _for_canvas(everybody, column or next(iter(same), assignment))
    folder = course.path / "export"
    folder.mkdir(exist_ok=True)
    table = folder / f"{assignment}-{platform}.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([map(cell, row) for row in rows])
    pages = folder / f"{assignment}-{platform}-feedback.zip"
    lost += _write_feedback(pages, everybody, course)
    return [table, pages], [shown(text) for text in lost]


def _chosen(assignment, graded):
    """Return the assignment to export, or raise ValueError."""
    found = sorted(set(graded) - {""})
    if not found:
        raise ValueError("Nothing was graded yet: run `python -m bigmodel_lab grade`.")
    if not assignment and len(found) == 1:
        return found[0]
    if assignment not in found:
        raise ValueError(f"Say which assignment to export: {', '.join(found)}.")
    return assignment


def _for_moodle(everybody, comments):
    """Return the rows of Moodle's file, and who is in it without anything to go by."""
    rows, lost = [MOODLE], []
    now = datetime.now(UTC).isoformat(timespec="seconds")  # not older than Moodle's
    for one in everybody:
        number = layouts.number_in(one.origin, [layouts.MOODLE])
        known_by = (
            f"Participant {number}" if number else one.column("Identifier"),
            one.field("email"),
            one.field("id"),
        )
        if not any(known_by):
            lost.append(f"{one.name}: no Moodle number, e-mail or ID number")
            continue
        name = one.learner.name if one.learner else one.name
        rest = one.row["final"], now, comments(one.row)
        rows.append((known_by[0], name, *known_by[1:], *rest))
    return rows, lost


def _for_canvas(everybody, column):
    """Return the rows of Canvas' file, and who is left out for want of a number."""
    points = max((one.row["points"] for one in everybody), key=float)
    rows = [
        (*CANVAS, column),
        ("    Points Possible", *[""] * (len(CANVAS) - 1), points),
    ]
    lost = []
    for one in everybody:
        student, *ids = (one.column(name) for name in CANVAS)
        ids[0] = ids[0] or layouts.number_in(one.origin, [layouts.CANVAS])
        if not any(ids[:3]):
            lost.append(f"{one.name}: no Canvas ID, SIS User ID or SIS Login ID")
            continue
        rows.append((student or one.name, *ids, one.row["final"]))
    return rows, lost


def _comments(course):
    """Return a function that sums a learner's exercises up in a line."""
    exercises = read_rows(course.path / "exercises.csv")

    def of(row):
        who = row["student"], row["assignment"]
        mine = [e for e in exercises if (e["student"], e["assignment"]) == who]
        texts = [
            f"{e['exercise'].partition('.')[2]}: {e['score']} of {e['points']}"
            for e in mine
        ]
        if row["penalty"]:
            texts.append(f"handed in late: {row['penalty']} points taken off")
        return "; ".join(texts)

    return of


def _write_feedback(path, everybody, course):
    """Write the zip of feedback pages; return who has none that can go in there."""
    lost = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in everybody:
            assignment = one.row["assignment"]
            place = course.path / "feedback" / one.row["student"] / assignment
            page = place / f"{assignment}.html"
            if page.exists():
                archive.write(page, name_in_zip(one.name, one.origin, assignment))
            else:
                lost.append(f"{one.name}: no feedback page")
    return lost


def name_in_zip(student: str, origin: str, assignment: str) -> str:
    """Return where a learner's page goes in the zip.

    The platform finds the learner by the name that it gave when it was downloaded: of
    the folder in Moodle, of the file in Canvas. Without one it is the learner's name.
    """
    moodle = layouts.MOODLE.fullmatch(origin)
    if origin and not (moodle and not moodle["file"]):
        return f"{Path(origin).stem}.html"
    return f"{origin or student}/{assignment}.html"
