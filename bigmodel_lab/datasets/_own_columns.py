"""What a column of somebody's own file holds: numbers, dates or words, and its faults.

Every cell comes as text. Whatever is read otherwise than it stands there, or not at
all, is told in a sentence that names the column.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

GAPS = {"", "?", "-", "--", ".", "na", "n/a", "nan", "null", "none", "unknown", "无"}
MOSTLY = 0.9  # of the cells that are no gaps: then the column is of that kind
MANY = 20  # words in a column; rarer ones are taken together
# Of a number: currency in front, thousands, a decimal point or comma, a unit behind.
_NUMBER = re.compile(
    r"[$€£¥￥]?\s*(?P<sign>[+-]?)\s*[$€£¥￥]?\s*(?P<digits>\d[\d,.' \u00a0]*|[.,]\d+)"
    r"(?P<exponent>e[+-]?\d+)?\s*(?P<unit>%|[$€£¥￥元]|[a-zA-Z²]{1,3})?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"\d{1,3}([,.' \u00a0])\d{3}(\1\d{3})*")
_DATE = re.compile(r"\d{1,4}([-/.年])\d{1,2}(\1|月)\d{1,4}日?([ T]\d.*)?")


class Column(NamedTuple):
    """A column as read: its values, their kind, and what there is to say about it."""

    values: pd.Series  # float64 with NaN, or text with None
    kind: str  # "numbers", "dates", "words", "nothing"
    notes: list[str]


def read_column(texts: pd.Series) -> Column:
    """Return a column of text cells as numbers, as dates in days, or as words."""
    name, notes = texts.name, []
    texts = texts.str.strip()
    gap = texts.str.lower().isin(GAPS)
    known = texts[~gap]
    signs = sorted(set(texts[gap]) - {""})
    if known.empty:
        return Column(texts, "nothing", [f"Column {name!r} is empty: left out."])
    for kind, read in (("numbers", _numbers), ("dates", _dates)):
        values, told = read(known)
        if values.notna().mean() >= MOSTLY:
            if signs:
                notes.append(
                    f"Column {name!r}: {listed(signs)} is taken as a gap ({gap.sum()} "
                    f"cells)."
                )
            odd = sorted(set(known[values.isna()]))
            if odd:
                notes.append(
                    f"Column {name!r} holds {kind} but for {listed(odd)}: taken as "
                    f"gaps."
                )
            return Column(values.reindex(texts.index), kind, notes + told)
    return Column(texts.where(texts != "", None), "words", notes)


def _numbers(texts):
    """Return texts as numbers, NaN where they are none, and what was done to them."""
    plain = pd.to_numeric(texts, errors="coerce")
    if np.isfinite(plain).all():
        return plain.astype(float), []
    comma = _decimal_comma(texts)
    values = texts.map(lambda text: _number(text, comma)).astype(float)
    changed = texts[values.notna() & plain.isna()]
    if changed.empty:
        return values, []
    first = changed.index[0]
    return values, [
        f"Column {texts.name!r}: {changed[first]!r} is read as {values[first]:,.6g}, "
        f"and {len(changed) - 1} more like it."
    ]


def _decimal_comma(texts):
    """Tell whether a comma of this column stands before decimals: 3,5, not 1,200."""
    matches = filter(None, map(_NUMBER.fullmatch, texts))
    numbers = [match["digits"].strip() for match in matches]
    return any(
        "," in number
        and "." not in number.partition(",")[2]
        and not _THOUSANDS.fullmatch(number)
        for number in numbers
    )


def _number(text, decimal_comma):
    """Return one cell as a number, NaN if it is none."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return np.nan
    digits = match["digits"].translate(str.maketrans("", "", "' \u00a0"))
    if decimal_comma:
        digits = digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", "")
    try:
        return float(f"{match['sign']}{digits}{match['exponent'] or ''}")
    except ValueError:  # such as 1.2.3
        return np.nan


def _dates(texts):
    """Return texts as days since the first of them, NaN where they are no dates."""
    looks = texts.str.fullmatch(_DATE.pattern)
    if looks.mean() < MOSTLY:
        return pd.Series(np.nan, texts.index), []
    clean = texts[looks].str.replace("[年月]", "-", regex=True).str.replace("日", "")
    order = {"dayfirst": _day_first(clean), "format": "mixed"}
    days = pd.to_datetime(clean, errors="coerce", **order)
    first = days.min()
    note = f"Column {texts.name!r} holds dates: read as days since {first:%Y-%m-%d}."
    return ((days - first) / pd.Timedelta(days=1)).reindex(texts.index), [note]


def _day_first(texts):
    """Tell whether dates begin with the day: some first number is above 12."""
    firsts = pd.to_numeric(texts.str.extract(r"^(\d{1,2})[-/.]")[0])
    return bool((firsts > 12).any())


def listed(words, most=3):
    """Return words in quotes, the first few of many."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(repr(word) for word in words[:most]) + more
