"""Chinese quatrains, the texts that our own GPT learns to write."""

import lzma

import pandas as pd

from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets._common import known_names, with_origin

_CHARACTERS = {"7x4": 32, "5x4": 24}  # punctuation included
_DYNASTIES = ("tang", "song")


def tang_poems(
    form: str = "7x4", dynasty: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return quatrains of the Tang and Song: (train, validation, test) frames.

    Four lines of seven or of five characters, all among the 3,000 commonest, in
    simplified characters, from the npm package chinese-poetry (MIT; the poems, of the
    7th to the 13th century, are in the public domain). They come with this library:
    `make_poems.py` made the file. Punctuation, which poets of the time did without, is
    a comma after each odd line and a full stop after each even one.

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

        poem : str of 32 or 24 characters, "床前明月光，疑是地上霜。…", four marks among
            them
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
                rows.append([*head, _punctuated(line)])
    table = pd.DataFrame(rows, columns=["part", "dynasty", "author", "poem"])
    table[["author", "dynasty"]] = table[["author", "dynasty"]].astype("category")
    return table[["poem", "author", "dynasty", "part"]]


def _punctuated(poem):
    """Return the characters of a quatrain with a mark after each line."""
    n = len(poem) // 4
    lines = poem[:n], poem[n : 2 * n], poem[2 * n : 3 * n], poem[3 * n :]
    return "{}，{}。{}，{}。".format(*lines)
