"""What the loaders share: how a file is read, shuffled and credited."""

import difflib

import numpy as np
import pandas as pd

from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets.sources import FILES


def read_pickle(name):
    """Read a pickled frame; a pickle can run any code, so fetch checks its sha256."""
    return pd.read_pickle(fetching.fetch(name), compression="xz")


def with_origin(frame, *names):
    """Return `frame` with the source of its files, license and citation attached."""
    file = FILES[names[0]]
    frame.attrs = {
        "source": " and ".join(FILES[name].places[0] for name in names),
        "license": file.license,
        "citation": file.citation,
    }
    return frame


def shuffled(frame):
    """Return the rows in another order, always the same one."""
    rng = np.random.RandomState(0)  # its numbers are the same in every NumPy
    return frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)


def known_names(what, names, known):
    """Return `names` as a list; an error if it is a str, or has one not in `known`."""
    if isinstance(names, str):
        raise TypeError(f"Give every {what} in a list: [{names!r}], not {names!r}.")
    names = list(names)
    for name in names:
        if name not in known:
            part_of = [other for other in known if str(name).lower() in other]
            near = part_of or difflib.get_close_matches(str(name), known)
            hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
            raise ValueError(
                f"No {what} is called {name!r}; {hint}Known names: {', '.join(known)}."
            )
    return names
