"""The command line: `python -m bigmodel_lab --help`."""

import argparse
import sys

import bigmodel_lab
from bigmodel_lab import teaching


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
    **teaching.COMMANDS,
    "course": _course,
    "link": _link,
}


if __name__ == "__main__":
    sys.exit(main())
