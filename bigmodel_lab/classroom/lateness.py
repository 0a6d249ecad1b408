"""What handing in late costs: a grace, a penalty for each day, extensions.

The course keeps the policy, so that every grading follows it.
"""

import math
from datetime import UTC, datetime, timedelta

from bigmodel_lab.classroom import layouts, pseudonyms
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.plain import cell
from bigmodel_lab.classroom.submissions import ORIGINS

FILE = "late.json"
FLAGGED = "marked late by Canvas, which does not say how late"


def set_policy(
    course: CourseFolder,
    grace: float | None = None,
    penalty: float | None = None,
    extensions: dict[str, datetime] | None = None,
) -> None:
    """Change a course's policy; what is None stays as it was.

    Parameters
    ----------
    course : CourseFolder
        The course that keeps it.
    grace : float or None
        Minutes that cost nothing.
    penalty : float or None
        Percent of the points possible that each day begun costs.
    extensions : dict or None
        Deadlines of single learners by name; they add to those given before.

    Raises
    ------
    ValueError
        If grace is negative or the penalty no percentage.
    """
    if grace is not None and not 0 <= grace < math.inf:
        raise ValueError(f"--grace takes minutes, 0 or more, not {grace:g}.")
    if penalty is not None and not 0 <= penalty <= 100:
        raise ValueError(f"--late-penalty takes a percentage, not {penalty:g}.")
    policy = course.remembered(FILE)
    if grace is not None:
        policy["grace_minutes"] = grace
    if penalty is not None:
        policy["penalty_percent"] = penalty
    if extensions:
        given = {who: until.astimezone(UTC) for who, until in extensions.items()}
        policy.setdefault("extensions", {}).update(
            {who: until.isoformat() for who, until in given.items()}
        )
    course.remember(FILE, policy)


def enter(rows: list[dict], course: CourseFolder) -> None:
    """Enter into rows of grades what is late, what it costs and what is left.

    Rows have `student`, `assignment`, `score` and `points`, as texts; those without a
    score get nothing.
    """
    policy, origins = course.remembered(FILE), course.remembered(ORIGINS)
    times = {(cell(who), what): both for (who, what), both in course.times().items()}
    for row in rows:
        row |= {"late_hours": "", "penalty": "", "final": ""}
        if not row.get("score"):
            continue
        student, assignment = row["student"], row["assignment"]
        handed_in, due = times.get((cell(student), assignment), (None, None))
        name = pseudonyms.real(student, course)
        extensions = policy.get("extensions", {})
        until = extensions.get(name) or extensions.get(student)
        late = _late(handed_in, due, until)
        days = days_begun(late, policy.get("grace_minutes", 0))
        flagged = layouts.marked_late(origins.get(assignment, {}).get(name, ""))
        if flagged and not handed_in:
            _note(row, FLAGGED)
            days = 0 if until else 1
        score, points = float(row["score"]), float(row["points"])
        cost = penalty(score, points, days * policy.get("penalty_percent", 0))
        if late > timedelta(0):
            row["late_hours"] = f"{late.total_seconds() / 3600:.1f}"
        row |= {"penalty": f"{cost:g}" if cost else "", "final": f"{score - cost:g}"}


def days_begun(late: timedelta, grace: float) -> int:
    """Return how many days count, each from its start, after `grace` minutes."""
    return max(0, math.ceil((late - timedelta(minutes=grace)) / timedelta(days=1)))


def penalty(score: float, points: float, percent: float) -> float:
    """Return the points that are taken off: never more than were earned."""
    return round(min(score, points * percent / 100), 2) if score > 0 else 0.0


def _late(handed_in, due, until):
    """Return how long after the deadline something was handed in."""
    if until:
        due = max(filter(None, (due, datetime.fromisoformat(until))))
    if not handed_in or not due:
        return timedelta(0)
    return max(timedelta(0), handed_in - due)


def _note(row, text):
    """Add a remark to a row, once."""
    if text not in row["remarks"]:
        row["remarks"] = "; ".join(filter(None, (row["remarks"], text)))
