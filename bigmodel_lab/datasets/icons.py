"""Emoji: a picture, a name and a group each."""

import json
from typing import NamedTuple

import numpy as np
import pandas as pd

from bigmodel_lab.datasets._common import with_origin
from bigmodel_lab.datasets.fetching import fetch


class Emoji(NamedTuple):
    """What is known of each emoji, and its picture; see `emoji`."""

    table: pd.DataFrame
    pictures: np.ndarray


def emoji() -> Emoji:
    """Return 1,636 emoji: names, the groups they belong to, and pictures of 64 pixels.

    Twitter's drawings (Twemoji) and the names and groups of the Unicode Consortium,
    from the npm package emoji-datasource-twitter 16.0.0: 62 MB over the network, once,
    of which two files are kept. Flags are left out: their pictures are their names.
    Tones of skin are left out, too.

    Returns
    -------
    Emoji
        table : pandas.DataFrame with `name` ("cat face") and `group` (eight, such as
        "Animals & Nature"), both text; `attrs` holds source, license and citation
        pictures : uint8 array (1636, 64, 64, 3), on white

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If npm does not give the files.
    """
    from PIL import Image

    known = json.loads(fetch("emoji-names").read_text(encoding="utf-8"))
    known = [one for one in known if one["category"] not in ("Flags", "Component")]
    known = [one for one in known if one["has_img_twitter"]]
    sheet = Image.open(fetch("emoji-pictures")).convert("RGBA")
    paper = Image.new("RGBA", sheet.size, "white")
    pixels = np.asarray(Image.alpha_composite(paper, sheet).convert("RGB"))
    # The sheet has squares of 64 pixels, each with a rim of 1.
    corners = [(66 * one["sheet_y"] + 1, 66 * one["sheet_x"] + 1) for one in known]
    pictures = [pixels[top : top + 64, left : left + 64] for top, left in corners]
    table = pd.DataFrame(
        {
            "name": [one["name"].lower() for one in known],
            "group": [one["category"] for one in known],
        }
    )
    return Emoji(with_origin(table, "emoji-names"), np.stack(pictures))
