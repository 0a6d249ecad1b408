"""The command line: `python -m bigmodel_lab --help`."""

import argparse
import os
import sys
from datetime import datetime

import bigmodel_lab


def main(arguments=None):
    """Run one command and return its exit status: 0, or 1 with a sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (ValueError, OSError, RuntimeError) as error:
        print(f"bigmodel_lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bigmodel_lab: stopped", file=sys.stderr)
        return 130


def _parser():
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="bigmodel_lab", description=__doc__)
    parser.add_argument("--version", action="version", version=bigmodel_lab.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, text):
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    command("doctor", _doctor, "check this machine and say what to do")
    fetch = command("fetch", _fetch, "download data files into the cache")
    fetch.add_argument("names", nargs="+", metavar="NAME", help='a file, or "all"')
    refresh = command(
        "refresh", _refresh, "execute chapters from their sources and store the outputs"
    )
    refresh.add_argument(
        "names", nargs="*", metavar="CHAPTER", help='as in "04"; none means all'
    )
    new = command("new-chapter", _new_chapter, "start the source of a chapter")
    new.add_argument("number", type=int, help="as in 7")
    new.add_argument("topic", help="as in attention")
    assignment = command(
        "assignment", _assignment, "make an assignment of a chapter's exercises"
    )
    assignment.add_argument("chapters", nargs="+", metavar="CHAPTER", help='as in "02"')
    assignment.add_argument(
        "--out", required=True, metavar="COURSE", help="the course folder"
    )
    assignment.add_argument(
        "--exercises",
        default="",
        metavar="NAMES",
        help="as in hidden_delta,dense_backward; all functions if left out",
    )
    assignment.add_argument(
        "--points",
        action="append",
        default=[],
        help='for each exercise, as in "2", or for one, as in "hidden_delta=3"; 1 if '
        "left out; may be repeated",
    )
    assignment.add_argument(
        "--due", type=_date, help='as in 2027-01-31 or "2027-01-31 18:00"'
    )
    grade = command("grade", _grade, "grade what was handed in, in a sandbox")
    grade.add_argument("course", metavar="COURSE", help="the course folder")
    grade.add_argument("submissions", metavar="SUBMISSIONS", help="what was handed in")
    grade.add_argument(
        "--jobs", type=int, help="submissions at a time; as many as cores if left out"
    )
    grade.add_argument(
        "--memory", type=float, default=2, help="GB for each submission (2)"
    )
    grade.add_argument(
        "--seconds", type=float, default=300, help="for each submission (300)"
    )
    grade.add_argument(
        "--cell-seconds", type=float, default=60, help="for each of its cells (60)"
    )
    grade.add_argument(
        "--no-sandbox",
        action="store_true",
        help="run learners' code as yourself: with your files and your network",
    )
    grades = command(
        "grades", _grades, "write the grades again, as corrected in nbgrader's form"
    )
    grades.add_argument("course", metavar="COURSE", help="the course folder")
    command("course", _course, "write the course card, openings and links")
    link = command("link", _link, "print links that open chapters on a school's hub")
    link.add_argument("hub", help="the hub's address, as in https://hub.school.edu")
    link.add_argument("--chapter", help='as in "04"; none means all')
    link.add_argument("--repository", help="an address other than pyproject.toml's")
    link.add_argument("--branch", default="main", help="main if not given")
    return parser


def _date(text):
    """Return a date and time; the end of the day if only a date is given."""
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'write it like 2027-01-31 or "2027-01-31 18:00", not {text!r}'
        ) from None
    return day if len(text) > len("2027-01-31") else day.replace(hour=23, minute=59)


# Each command imports what it needs: doctor must run where packages are missing.


def _doctor(options):
    from bigmodel_lab import doctor

    return doctor.run()


def _fetch(options):
    from bigmodel_lab.datasets import fetching

    names = list(fetching.FILES) if options.names == ["all"] else options.names
    for name in names:
        print(f"{name}: {fetching.fetch(name)}")


def _refresh(options):
    from bigmodel_lab.authoring import notebooks

    notebooks.refresh(options.names)


def _new_chapter(options):
    from bigmodel_lab.authoring import notebooks

    print(notebooks.new_chapter(options.number, options.topic))


def _assignment(options):
    from bigmodel_lab.classroom import assignment

    wanted = [name.strip() for name in options.exercises.split(",") if name.strip()]
    chosen = assignment.choose(options.chapters, wanted)
    points = assignment.points(options.points, chosen)
    for chapter, names in chosen.items():
        path, graded = assignment.make(chapter, options.out, names, points, options.due)
        total = sum(points[name] for name in names)
        print(f"{chapter}: exercises {len(names)}, points {total:g}")
        print(f"  hand out  {os.path.relpath(path)}")
        if graded:
            print(f"  {graded} learners were graded with the old one: grade them again")


def _grade(options):
    from bigmodel_lab.classroom import grading, sandbox

    limits = sandbox.Limits(
        memory=options.memory * 1e9,
        seconds=options.seconds,
        cell_seconds=options.cell_seconds,
    )
    if options.no_sandbox:
        print(
            "Warning: without the sandbox learners' code runs as yourself. It can read "
            "and delete your files, see the solutions and use your network.",
            file=sys.stderr,
        )
    grading.grade(
        options.course,
        options.submissions,
        limits,
        options.jobs,
        walls=not options.no_sandbox,
    )


def _grades(options):
    from bigmodel_lab.classroom import report
    from bigmodel_lab.classroom.course import Course

    course = Course(options.course)
    report.write([], course)
    print(os.path.relpath(course.folder / "grades.csv"))


def _course(options):
    from bigmodel_lab.authoring import card

    for path in card.write():
        print(path.name)


def _link(options):
    from bigmodel_lab.authoring import links, notebooks

    repository = options.repository or links.repository()
    for path in notebooks.chapters([options.chapter] if options.chapter else ()):
        print(links.hub(options.hub, repository, options.branch, path.stem))


if __name__ == "__main__":
    sys.exit(main())
