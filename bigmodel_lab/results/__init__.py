"""Results that take too long for a chapter: `benchmarks/` writes, chapters show."""

import json
from importlib.resources import files


def load(name: str) -> dict:
    """Return the stored results `name`, as in "mnist": a dict.

    It says which script made them (`made_by`), when and on which machine.

    Raises
    ------
    ValueError
        If there are no results of that name.
    """
    folder = files(__name__)
    names = sorted(file.name for file in folder.iterdir())
    known = [file.removesuffix(".json") for file in names if file.endswith(".json")]
    if name not in known:
        raise ValueError(
            f"There are no results {name!r}; there are: {', '.join(known)}."
        )
    return json.loads((folder / f"{name}.json").read_text())
