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


if __name__ == "__main__":
    sys.exit(main())
