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
    for name, add_arguments in COMMANDS.items():
        text = add_arguments.__doc__
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=add_arguments(command.add_argument))
    return parser


# A function for each command: it adds the command's arguments and returns what runs it.
# Each imports what it needs only then: doctor must run where packages are missing.


def _doctor(argument):
    """check this machine and say what to do"""

    def run(options):
        from bigmodel_lab import doctor

        return doctor.run()

    return run


def _fetch(argument):
    """download data files into the cache"""
    argument("names", nargs="+", metavar="NAME", help='a file, or "all"')

    def run(options):
        from bigmodel_lab.datasets import fetching

        names = list(fetching.FILES) if options.names == ["all"] else options.names
        for name in names:
            print(f"{name}: {fetching.fetch(name)}")

    return run


def _refresh(argument):
    """execute chapters from their sources and store the outputs"""
    argument("names", nargs="*", metavar="CHAPTER", help='as in "04"; none means all')

    def run(options):
        from bigmodel_lab.authoring import notebooks

        notebooks.refresh(options.names)

    return run


def _new_chapter(argument):
    """start the source of a chapter"""
    argument("number", type=int, help="as in 7")
    argument("topic", help="as in attention")

    def run(options):
        from bigmodel_lab.authoring import notebooks

        print(notebooks.new_chapter(options.number, options.topic))

    return run


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


def _grade(argument):
    """grade what was handed in, in a sandbox"""
    argument("course", metavar="COURSE", help="the course folder")
    argument("submissions", metavar="SUBMISSIONS", help="what was handed in")
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

    def run(options):
        from bigmodel_lab.classroom import grading, sandbox

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
        grading.grade(
            options.course,
            options.submissions,
            limits,
            options.jobs,
            walls=not options.no_sandbox,
        )

    return run


def _grades(argument):
    """write the grades again, as corrected in nbgrader's form"""
    argument("course", metavar="COURSE", help="the course folder")

    def run(options):
        from bigmodel_lab.classroom import report
        from bigmodel_lab.classroom.folder import CourseFolder

        course = CourseFolder(options.course)
        report.write([], course)
        print(os.path.relpath(course.path / "grades.csv"))

    return run


def _course(argument):
    """write the course card, openings, links and the data's licenses"""

    def run(options):
        from bigmodel_lab.authoring import card

        for path in card.write():
            print(path.name)

    return run


def _link(argument):
    """print links that open chapters on a school's hub"""
    argument("hub", help="the hub's address, as in https://hub.school.edu")
    argument("--chapter", help='as in "04"; none means all')
    argument("--repository", help="an address other than pyproject.toml's")
    argument("--branch", default="main", help="main if not given")

    def run(options):
        from bigmodel_lab.authoring import links, notebooks

        repository = options.repository or links.repository()
        for path in notebooks.chapters([options.chapter] if options.chapter else ()):
            print(links.hub(options.hub, repository, options.branch, path.stem))

    return run


COMMANDS = {
    "doctor": _doctor,
    "fetch": _fetch,
    "refresh": _refresh,
    "new-chapter": _new_chapter,
    "assignment": _assignment,
    "grade": _grade,
    "grades": _grades,
    "course": _course,
    "link": _link,
}


if __name__ == "__main__":
    sys.exit(main())
