"""The table of the data files, `sources.toml`: where each one is, and whose it is."""

import dataclasses
import tomllib
from importlib import resources


@dataclasses.dataclass(frozen=True)
class DataFile:
    """A data file made by others: where it is, how to recognize it, whose it is.

    `places` are tried in order; `sources.toml` lists their schemes. `sha256` and
    `size`, in bytes, are those of the file that is kept.
    """

    name: str
    places: tuple[str, ...]
    sha256: str
    size: int
    license: str
    citation: str


def read_table(text: str) -> dict[str, DataFile]:
    """Return the data files of a TOML table by name, in the table's order.

    Raises
    ------
    ValueError
        If a file lacks a field, has one that is unknown, or has the name of another.
    """
    files = {}
    wanted = {field.name for field in dataclasses.fields(DataFile)}
    for dataset in tomllib.loads(text)["dataset"]:
        for file in dataset.pop("file"):
            fields = dataset | file
            name = fields.get("name")
            if wrong := wanted ^ set(fields):
                raise ValueError(
                    f"sources.toml: the file {name!r} lacks fields, or has unknown "
                    f"ones: {', '.join(sorted(wrong))}."
                )
            if name in files:
                raise ValueError(f"sources.toml: two files are called {name!r}.")
            files[name] = DataFile(**fields | {"places": tuple(fields["places"])})
    return files


_TABLE = resources.files(__package__).joinpath("sources.toml")
_TEXT = _TABLE.read_text(encoding="utf-8")
FILES = read_table(_TEXT)
ARCHIVES = tomllib.loads(_TEXT)["archives"]  # the sha256 of each, by package
