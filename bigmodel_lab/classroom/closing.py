"""What follows a grading: who handed in nothing, statistics, similar answers."""

import os

from bigmodel_lab.classroom import lateness, pseudonyms, roster, similarity, statistics
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.plain import shown
from bigmodel_lab.classroom.report import GRADES, read_rows, write_rows
from bigmodel_lab.classroom.submissions import ORIGINS

NOTHING = "nothing handed in"
STRANGER = "not on the roster"


def close(course: CourseFolder) -> None:
    """Bring a course's files up to date with what was graded, and print what is new.

    `grades.csv` gets the roster's ids, e-mails and missing learners; `statistics.csv`,
    `statistics.png` and `similar.csv` are written.
    """
    path = course.path / "grades.csv"
    rows = [row for row in read_rows(path) if row["remarks"] != NOTHING]
    people = roster.kept(course)
    if people:
        present = _identify(rows, people, course)
        rows += _missing(rows, people, present, course)
    write_rows(path, GRADES, rows)
    statistics.write(course)
    similar = similarity.write(course)
    for text in _news(rows, course):
        print(text)
    place = os.path.relpath(course.path)
    print(f"How hard each exercise was: {place}/statistics.png")
    if similar:
        pairs = f"{len(similar)} pairs in {place}/similar.csv"
        print(f"Similar answers, a hint where to look: {pairs}")


def _identify(rows, people, course):
    """Enter ids and e-mails into rows; return who handed in what, by assignment."""
    present, hidden = {}, pseudonyms.anonymous(course)
    origins = course.remembered(ORIGINS)
    for row in rows:
        name = pseudonyms.real(row["student"], course)
        origin = origins.get(row["assignment"], {}).get(name, "")
        one = people.find(name, origin)
        notes = [note for note in row["remarks"].split("; ") if note != STRANGER]
        row["remarks"] = "; ".join(filter(None, [*notes, "" if one else STRANGER]))
        row |= dict.fromkeys(("id", "email"), "")
        if one:
            present.setdefault(row["assignment"], []).append(one)
            if not hidden:
                row |= {"id": one.field("id"), "email": one.field("email")}
    return present


def _missing(rows, people, present, course):
    """Return rows for those on the roster who handed in nothing."""
    found = []
    for assignment in sorted({row["assignment"] for row in rows} - {""}):
        here = [*present.get(assignment, []), *present.get("", [])]
        gone = [one for one in people if not any(one is other for other in here)]
        names = pseudonyms.of([one.name for one in gone], course)
        for one in gone:
            row = {"student": names[one.name], "assignment": assignment}
            if not pseudonyms.anonymous(course):
                row |= {"id": one.field("id"), "email": one.field("email")}
            found.append(row | {"remarks": NOTHING})
    return found


def _news(rows, course):
    """Yield lines on what the table of points does not show."""
    for remark, title in (
        (NOTHING, "Nothing handed in"),
        (STRANGER, "Not on the roster"),
    ):
        found = [row for row in rows if remark in row["remarks"].split("; ")]
        if found:
            yield f"{title}: {_listed(found)}"
    late = [row for row in rows if row.get("penalty")]
    if late:
        yield "After the penalty for handing in late:"
        for row in late:
            text = f"{row['final']} instead of {row['score']}"
            yield f"  {shown(row['student'])}, {row['assignment']}: {text}"
    names = {row["student"] for row in rows}
    names |= {pseudonyms.real(name, course) for name in names}
    for who in course.remembered(lateness.FILE).get("extensions", {}):
        if who not in names:
            yield f"An extension is for {shown(who)!r}: no learner is called that yet."


def _listed(rows):
    """Return learners with their assignments, those of one assignment together."""
    by_assignment = {}
    for row in rows:
        by_assignment.setdefault(row["assignment"], []).append(shown(row["student"]))
    return "; ".join(
        f"{what or 'no assignment'}: {', '.join(who)}"
        for what, who in by_assignment.items()
    )
