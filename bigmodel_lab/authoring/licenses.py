"""The page that says whose the data files are, made from `sources.toml`."""

import re
from itertools import groupby

from bigmodel_lab.datasets.sources import FILES

_HEAD = """\
# Whose the data are

The workbook has a license of its own (MIT) and holds none of these files but the poems
and the glosses: they come with Python packages or are fetched. A chapter's outputs
quote a few lines of them. If you pass the files on, in a shared folder or in an image,
keep to these terms and name the authors. Where terms are not stated, we know of no
permission to pass them on.

Written by `python -m bigmodel_lab course` from `bigmodel_lab/datasets/sources.toml`.
"""


def page() -> str:
    """Return the page as Markdown: for each data set terms, authors, files, places."""
    parts = [_HEAD]
    for (terms, citation), files in groupby(FILES.values(), _rights):
        files = list(files)
        title = ", ".join(f"`{file.name}`" for file in files)
        rows = "\n".join(_row(file) for file in files)
        parts.append(
            f"## {title}\n\n**License:** {terms}.\n\n**To cite:** {citation}\n\n"
            f"| File | Bytes | From |\n|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def _rights(file):
    """Return what the files of one data set share."""
    return file.license, file.citation


def _row(file):
    """Return a row of the table: a file, its size, and where it can be had."""
    places = ", ".join(dict.fromkeys(map(_place, file.places)))
    return f"| `{file.name}` | {file.size:,} | {places} |"


def _place(place):
    """Return where a file comes from: the Python or npm package, or the web address."""
    scheme, _, rest = place.partition("://")
    if scheme == "https":
        return f"<{place}>"
    package = re.split("[=@/]", rest)[0]
    return f"the {'npm' if scheme == 'npm' else 'Python'} package {package}"
