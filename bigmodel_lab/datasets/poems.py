"""Chinese quatrains, the texts that our own GPT learns to write."""

import lzma

import pandas as pd

from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets._common import known_names, with_origin

_CHARACTERS = {"7x4": 28, "5x4": 20}
_DYNASTIES = ("tang", "song")


def tang_poems(
    form: str = "7x4", dynasty: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return quatrains of the Tang and Song: (train, validation, test) frames.

    Four lines of seven or of five characters, all among the 3,000 commonest, in
    simplified characters and without punctuation, from the npm package chinese-poetry
    (MIT; the poems, of the 7th to the 13th century, are in the public domain). They
    come with this library: `make_poems.py` made the file.

    Poets quote each other and themselves. Poems that share a line, directly or through
    others, are in the same part, so that no line of a test poem was ever trained on.

    Parameters
    ----------
    form : str
        "7x4" for 49,426 poems in all, "5x4" for 10,908.
    dynasty : str or None
        "tang" or "song" for the poems of one; None for both.

    Returns
    -------
    train, validation, test : pandas.DataFrame
        About 90, 5 and 5 % of the poems, by dynasty and author:

        poem : str of 28 or 20 characters, the four lines one after the other
        author : category
        dynasty : category, "tang" or "song"

        `attrs` holds the source, license and citation.

    Raises
    ------
    ValueError
        If the form or the dynasty is unknown.
    """
    known_names("form", [form], tuple(_CHARACTERS))
    known_names("dynasty", [dynasty] if dynasty else [], _DYNASTIES)
    table = _table()
    table = table[table["poem"].str.len() == _CHARACTERS[form]]
    if dynasty:
        table = table[table["dynasty"] == dynasty]
    return tuple(
        with_origin(
            table[table["part"] == part].drop(columns="part").reset_index(drop=True),
            "tang-poems",
        )
        for part in ("train", "validation", "test")
    )


def _table():
    """Return all poems; part, dynasty and author stand once, before their poems."""
    rows = []
    with lzma.open(fetching.fetch("tang-poems"), "rt", encoding="utf-8") as file:
        for line in file.read().splitlines():
            if " " in line:
                head = line.split(" ", 2)
            else:
                rows.append([*head, line])
    table = pd.DataFrame(rows, columns=["part", "dynasty", "author", "poem"])
    table[["author", "dynasty"]] = table[["author", "dynasty"]].astype("category")
    return table[["poem", "author", "dynasty", "part"]]
