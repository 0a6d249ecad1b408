"""What a teacher sees of a grading: CSV files and a summary."""

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from bigmodel_lab.classroom import lateness
from bigmodel_lab.classroom.folder import CourseFolder, grade_id_of
from bigmodel_lab.classroom.plain import cell, short, shown

# `score` is what was earned, `final` what is left of it after the penalty.
GRADES = (
    *("student", "id", "email", "assignment", "score", "penalty", "final", "points"),
    *("late_hours", "remarks"),
)
NOT_GRADED = "not graded"
WIDEST = 32  # characters of a name in a table
EXERCISES = (
    "student",
    "assignment",
    "exercise",
    "score",
    "points",
    "outcome",
    "misconception",
    "message",
)


def write(results: list, course: CourseFolder) -> None:
    """Write `grades.csv` and `exercises.csv` into a course's folder.

    All scores come from the gradebook, also those in rows from earlier gradings, of
    other learners and assignments: they follow what a teacher corrects there.
    """
    folder, grades, details = course.path, [], []
    for one in results:
        who = {"student": one.student, "assignment": one.assignment}
        remarks = [f"{NOT_GRADED}: {one.problem}"] if one.problem else one.remarks
        grades.append(who | {"remarks": "; ".join(remarks)})
        details += [who | row for row in one.exercises]
    done = {(cell(one.student), one.assignment) for one in results}
    done |= {(student, "") for student, _ in done}  # files without an assignment
    grades = _kept(folder / "grades.csv", done) + grades
    details = _kept(folder / "exercises.csv", done) + details
    _score(grades, details, course.scores())
    lateness.enter(grades, course)
    write_rows(folder / "grades.csv", GRADES, grades)
    write_rows(folder / "exercises.csv", EXERCISES, details)


def _score(grades, details, scores):
    """Enter the gradebook's scores into the rows of both files."""
    scores = {(cell(who), what): found for (who, what), found in scores.items()}
    for row in grades:
        found = scores.get((cell(row["student"]), row["assignment"]))
        if found and not row["remarks"].startswith(NOT_GRADED):
            score, points = map(sum, zip(*found.values(), strict=True))
            row |= {"score": f"{score:g}", "points": f"{points:g}"}
    for row in details:
        found = scores.get((cell(row["student"]), row["assignment"]), {})
        score, points = found.get(grade_id_of(row["exercise"]), (None, None))
        if score is not None:
            row |= {"score": f"{score:g}", "points": f"{points:g}"}


def _kept(path, done):
    """Return a CSV file's rows about those who were not graded this time."""
    rows = read_rows(path)
    return [row for row in rows if (row["student"], row["assignment"]) not in done]


def read_rows(path: Path) -> list[dict]:
    """Return the rows of a CSV file of ours, none if there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, columns: tuple, rows: list[dict], sort: bool = True) -> None:
    """Write a whole CSV file, or leave the old one; what rows lack stays empty."""
    if sort:
        rows = sorted(rows, key=lambda row: (row["assignment"], row["student"]))
    temporary = path.with_suffix(".tmp")
    # With a byte order mark: without it, spreadsheets guess the encoding of names.
    with temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({k: cell(v) for k, v in row.items()} for row in rows)
    temporary.replace(path)


def show(results: list, folder: Path) -> None:
    """Print each learner's score and how hard each exercise was."""
    width = min(max(len(shown(one.student)) for one in results), WIDEST)
    for assignment, group in grouped(results, lambda one: one.assignment).items():
        print(f"\n{assignment or 'no assignment'}")
        for one in group:
            name = short(one.student, WIDEST)
            if one.problem:
                print(f"  {name:<{width}}  not graded: {shown(one.problem)}")
                continue
            remarks = f"  ({shown('; '.join(one.remarks))})" if one.remarks else ""
            print(f"  {name:<{width}}  {one.score:g} of {one.points:g}{remarks}")
        _show_exercises([one for one in group if not one.problem])
    folder = os.path.relpath(folder)
    print(f"\nGrades: {folder}/grades.csv, by exercise: {folder}/exercises.csv")
    print(f"For each learner: {folder}/feedback")


def _show_exercises(group):
    """Print how many solved each exercise, and the commonest misconception."""
    rows = [exercise for one in group for exercise in one.exercises]
    if not rows:
        return
    print(
        f"\n  {'of ' + str(len(group)) + ' learners':<30}  right  untouched  commonest"
    )
    for name, tries in grouped(rows, lambda row: row["exercise"]).items():
        counts = Counter(row["outcome"] for row in tries)
        named = Counter(row["misconception"] for row in tries if row["misconception"])
        common = "".join(f"{what} ({n})" for what, n in named.most_common(1))
        name = name.partition(".")[2]
        right, untouched = counts["correct"], counts["not attempted"]
        print(f"  {name:<30}  {right:>5}  {untouched:>9}  {common}".rstrip())


def grouped(things: Iterable, key: Callable) -> dict[object, list]:
    """Return things in lists by their key, in the order of the things."""
    groups = defaultdict(list)
    for thing in things:
        groups[key(thing)].append(thing)
    return groups
