"""The command line's part for teachers: assignments, grading, what follows it.

As in `__main__.py`: a function for each command adds its arguments and returns what
runs it, and imports what it needs only then.
"""

import argparse
import os
import sys
from datetime import UTC, datetime


def _assignment(argument):
    """make an assignment of a chapter's exercises"""
    argument("chapters", nargs="+", metavar="CHAPTER", help='as in "02"')
    argument("--out", required=True, metavar="COURSE", help="the course folder")
    argument(
        "--exercises",
        default="",
        metavar="NAMES",
        help="as in hidden_delta,dense_backward; all functions if left out",
    )
    argument(
        "--points",
        action="append",
        default=[],
        help='for each exercise, as in "2", or for one, as in "hidden_delta=3"; 1 if '
        "left out; may be repeated",
    )
    argument("--due", type=_date, help='as in 2027-01-31 or "2027-01-31 18:00"')

    def run(options):
        from bigmodel_lab.classroom import assignment

        wanted = [name.strip() for name in options.exercises.split(",") if name.strip()]
        chosen = assignment.choose(options.chapters, wanted)
        points = assignment.points(options.points, chosen)
        for chapter, names in chosen.items():
            path, graded = assignment.make(
                chapter, options.out, names, points, options.due
            )
            total = sum(points[name] for name in names)
            print(f"{chapter}: exercises {len(names)}, points {total:g}")
            print(f"  hand out  {os.path.relpath(path)}")
            if options.due and options.due.astimezone() < datetime.now(UTC):
                print(
                    f"  the deadline has passed already: {options.due:%Y-%m-%d %H:%M}"
                )
            if graded:
                print(
                    f"  {graded} learners were graded with the old one: grade them "
                    f"again"
                )

    return run


def _date(text):
    """Return a date and time; the end of the day if only a date is given."""
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'write it like 2027-01-31 or "2027-01-31 18:00", not {text!r}'
        ) from None
    return day if len(text) > len("2027-01-31") else day.replace(hour=23, minute=59)


def _extension(text):
    """Return (learner, deadline) of a text like ada=2027-02-03."""
    who, _, date = text.rpartition("=")
    if not who.strip():
        raise argparse.ArgumentTypeError(f"write it like ada=2027-02-03, not {text!r}")
    return who.strip(), _date(date.strip())


def _add_rules(argument):
    """Add the arguments on who is in the class, and what handing in late costs."""
    argument("--roster", metavar="CSV", help="the class list; the course keeps it")
    argument(
        "--grace", type=float, metavar="MINUTES", help="late by less costs nothing"
    )
    argument(
        "--late-penalty",
        type=float,
        metavar="PERCENT",
        help="of the points possible, for each day begun",
    )
    argument(
        "--extension",
        type=_extension,
        action="append",
        default=[],
        metavar="NAME=DATE",
        help="a later deadline for one learner, as in ada=2027-02-03; may be repeated",
    )


def _course_of(options):
    """Return the course, which keeps the roster and the rules that were given."""
    from bigmodel_lab.classroom import lateness, pseudonyms, roster
    from bigmodel_lab.classroom.folder import CourseFolder

    course = CourseFolder(options.course)
    if options.roster:
        roster.keep(options.roster, course)
    if "grace" in options:
        extensions = dict(options.extension)
        lateness.set_policy(course, options.grace, options.late_penalty, extensions)
    if vars(options).get("anonymous"):
        pseudonyms.begin(course)
    return course


def _add_limits(argument):
    """Add the options that say where learners' code runs, and what it may take."""
    argument(
        "--jobs", type=int, help="submissions at a time; as many as cores if left out"
    )
    argument("--memory", type=float, default=2, help="GB for each submission (2)")
    argument("--seconds", type=float, default=300, help="for each submission (300)")
    argument(
        "--cell-seconds", type=float, default=60, help="for each of its cells (60)"
    )
    argument(
        "--no-sandbox",
        action="store_true",
        help="run learners' code as yourself: with your files and your network",
    )
    argument(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="run learners' code on dask's workers, as in tcp://10.0.0.5:8786",
    )


def _grade(argument):
    """grade what was handed in, in a sandbox"""
    argument("course", metavar="COURSE", help="the course folder")
    argument("submissions", metavar="SUBMISSIONS", help="a folder or a zip")
    _add_rules(argument)
    argument(
        "--anonymous",
        action="store_true",
        help="use pseudonyms, in this course from now on",
    )
    _add_limits(argument)

    def run(options):
        from bigmodel_lab.classroom import archives, closing, grading, sandbox

        limits = sandbox.Limits(
            memory=options.memory * 1e9,
            seconds=options.seconds,
            cell_seconds=options.cell_seconds,
        )
        if options.no_sandbox:
            print(
                "Warning: without the sandbox learners' code runs as yourself. It can "
                "read and delete your files, see the solutions and use your network.",
                file=sys.stderr,
            )
        course = _course_of(options)
        walls = not options.no_sandbox
        with archives.unpacked(options.submissions) as folder:
            grading.grade(
                options.course, folder, limits, options.jobs, walls, options.scheduler
            )
        closing.close(course)

    return run


def _grades(argument):
    """write the grades again, as corrected in nbgrader's form, or by other rules"""
    argument("course", metavar="COURSE", help="the course folder")
    _add_rules(argument)

    def run(options):
        from bigmodel_lab.classroom import closing, report

        course = _course_of(options)
        report.write([], course)
        closing.close(course)
        print(os.path.relpath(course.path / "grades.csv"))

    return run


def _export(argument):
    """write grades and feedback as Moodle or Canvas takes them"""
    argument("course", metavar="COURSE", help="the course folder")
    argument("assignment", nargs="?", default="", help="as in 02_losses, if several")
    argument(
        "--for",
        dest="platform",
        choices=("moodle", "canvas"),
        required=True,
        help="which",
    )
    argument("--roster", metavar="CSV", help="the class list; the course keeps it")
    argument(
        "--column",
        default="",
        metavar="NAME",
        help='what Canvas calls the assignment, as in "Losses (4711)"',
    )

    def run(options):
        from bigmodel_lab.classroom import export

        paths, lost = export.write(
            _course_of(options), options.platform, options.assignment, options.column
        )
        for path in paths:
            print(os.path.relpath(path))
        for text in lost:
            print(f"left out  {text}", file=sys.stderr)

    return run


def _forget(argument):
    """delete what a course holds of one learner"""
    argument("course", metavar="COURSE", help="the course folder")
    argument("student", metavar="LEARNER", help="as in grades.csv")

    def run(options):
        from bigmodel_lab.classroom import forget, grading
        from bigmodel_lab.classroom.folder import CourseFolder

        course = CourseFolder(options.course)
        with grading.locked(course):
            for what in forget.forget(course, options.student):
                print(f"removed  {what}")

    return run


COMMANDS = {
    "assignment": _assignment,
    "grade": _grade,
    "grades": _grades,
    "export": _export,
    "forget": _forget,
}
