"""Results that take too long for a chapter: `benchmarks/` writes, chapters show."""

import json
from importlib.resources import files


def load(name):
    """Return the stored results `name`, as in "mnist": a dict.

    It says which script made them (`made_by`), when and on which machine.

    Raises
    ------
    ValueError
        If there are no results of that name.
    """
    folder = files(__name__)
    known = sorted(
        f.name.removesuffix(".json")
        for f in folder.iterdir()
        if f.name.endswith(".json")
    )
    if name not in known:
        raise ValueError(
            f"There are no results {name!r}; there are: {', '.join(known)}."
        )
    return json.loads((folder / f"{name}.json").read_text())
