"""Deleting what a course holds of one learner."""

import difflib
import shutil
import sqlite3
from contextlib import closing

from bigmodel_lab.classroom import lateness, pseudonyms, roster, statistics
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.journal import Journal
from bigmodel_lab.classroom.plain import cell, shown
from bigmodel_lab.classroom.report import read_rows, write_rows
from bigmodel_lab.classroom.submissions import ORIGINS

_FOLDERS = ("submitted", "autograded", "feedback")
_TABLES = ("grades.csv", "exercises.csv", "similar.csv")


def forget(course: CourseFolder, student: str) -> list[str]:
    """Delete a learner's files, scores, rows and notes; return what was removed.

    Parameters
    ----------
    course : CourseFolder
        The course; its exports, which hold everybody, are deleted.
    student : str
        The learner, as in `grades.csv`, or the name behind a pseudonym.

    Raises
    ------
    ValueError
        If the course has nothing of a learner with this name.
    """
    name = pseudonyms.real(student, course)
    student = course.remembered(pseudonyms.FILE).get(name, student)
    origins = course.remembered(ORIGINS).values()
    origin = next((found[name] for found in origins if name in found), "")
    removed = [
        *_folders(course, student),
        *_gradebook(course, student),
        *_tables(course, student),
        *_notes(course, name, student),
    ]
    Journal(course).finish()  # a grading that was stopped begins anew
    if not removed:
        known = {row["student"] for row in read_rows(course.path / "grades.csv")}
        near = difflib.get_close_matches(student, known, 3) or sorted(known)[:10]
        raise ValueError(
            f"The course has nothing of {student!r}; it has {', '.join(near)}."
        )
    people = roster.kept(course)
    if people and (one := people.find(name, origin)):
        roster.remove(one, course)
        removed.append(f"{roster.FILE}: the row")
    statistics.write(course)
    for path in sorted(
        (course.path / "export").glob("*")
    ):  # of everybody; soon made again
        path.unlink()
        removed.append(f"export/{path.name}, of everybody: export again")
    return [shown(what) for what in removed]


def _folders(course, student):
    """Delete a learner's folders; yield their names."""
    for folder in _FOLDERS:
        for path in (course.path / folder).glob("*"):
            if path.name == student:
                shutil.rmtree(path)
                yield f"{folder}/{student}"


def _gradebook(course, student):
    """Delete a learner's scores from nbgrader's gradebook."""
    from nbgrader.api import MissingEntry

    path = course.path / "gradebook.db"
    if not path.exists():
        return
    with course.gradebook() as book:
        try:
            book.remove_student(student)
        except MissingEntry:
            return
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")  # until then the file still holds what was deleted
    yield f"{path.name}: the scores"


def _tables(course, student):
    """Delete a learner's rows from the CSV files."""
    for name in _TABLES:
        path, rows = course.path / name, read_rows(course.path / name)
        left = [
            row
            for row in rows
            if cell(student) not in (row["student"], row.get("other"))
        ]
        if len(left) < len(rows):
            write_rows(path, tuple(rows[0]), left, sort=False)
            yield f"{name}: {len(rows) - len(left)} rows"


def _notes(course, name, student):
    """Delete what is noted of a learner: name, extension, pseudonym."""
    origins = course.remembered(ORIGINS)
    if [1 for found in origins.values() if found.pop(name, None)]:
        course.remember(ORIGINS, origins)
        yield f"{ORIGINS}: the platform's name"
    policy = course.remembered(lateness.FILE)
    given = policy.get("extensions", {})
    if [1 for who in (name, student) if given.pop(who, None)]:
        course.remember(lateness.FILE, policy)
        yield f"{lateness.FILE}: the extension"
    known = course.remembered(pseudonyms.FILE)
    if known.pop(name, None):
        course.remember(pseudonyms.FILE, known)
        yield f"{pseudonyms.FILE}: the pseudonym"
