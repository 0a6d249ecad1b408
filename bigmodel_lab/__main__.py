"""The command line: `python -m bigmodel_lab --help`."""

import argparse
import sys

import bigmodel_lab


def main(arguments=None):
    """Run one command and return its exit status: 0, or 1 with a sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except (ValueError, OSError, RuntimeError) as error:
        print(f"bigmodel_lab: {error}", file=sys.stderr)
        return 1


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
    command("course", _course, "write the course card, openings and links")
    link = command("link", _link, "print links that open chapters on a school's hub")
    link.add_argument("hub", help="the hub's address, as in https://hub.school.edu")
    link.add_argument("--chapter", help='as in "04"; none means all')
    link.add_argument("--repository", help="an address other than pyproject.toml's")
    link.add_argument("--branch", default="main", help="main if not given")
    return parser


# Each command imports what it needs: doctor must run where packages are missing.


def _doctor(options):
    from bigmodel_lab import doctor

    return doctor.run()


def _fetch(options):
    from bigmodel_lab import sources

    names = list(sources.FILES) if options.names == ["all"] else options.names
    for name in names:
        print(f"{name}: {sources.fetch(name)}")


def _refresh(options):
    from bigmodel_lab import notebooks

    notebooks.refresh(options.names)


def _new_chapter(options):
    from bigmodel_lab import notebooks

    print(notebooks.new_chapter(options.number, options.topic))


def _course(options):
    from bigmodel_lab import course

    for path in course.write():
        print(path.name)


def _link(options):
    from bigmodel_lab import links, notebooks

    repository = options.repository or links.repository()
    for path in notebooks.chapters([options.chapter] if options.chapter else ()):
        print(links.hub(options.hub, repository, options.branch, path.stem))


if __name__ == "__main__":
    sys.exit(main())
