"""Somebody's own CSV file as text cells: its encoding, separator, names and rows."""

import csv
import io

import pandas as pd

EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how its files begin


def read_cells(path):
    """Return a file's cells as text, without repeated rows, and notes about it."""
    if not path.exists():
        beside = sorted(p.name for p in path.parent.glob("*.csv"))
        there = (
            f"There are: {', '.join(beside)}." if beside else "No CSV file is there."
        )
        raise FileNotFoundError(
            f"There is no file {path.name!r} in that folder. {there}"
        )
    data = path.read_bytes()
    if data[:4] in EXCEL:
        raise ValueError(
            f"{path.name} is an Excel workbook: save its sheet as CSV (UTF-8), and "
            f"give that file."
        )
    text, notes = _decoded(data)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows = [row for row in reader if any(cell.strip() for cell in row)]
    if len(rows) < 2 or len(rows[0]) < 2:
        raise ValueError(
            f"{path.name} is no table: it needs a line of column names, two columns or "
            f"more, and rows below."
        )
    names, *rows = rows
    names = [name.strip() or f"column {k}" for k, name in enumerate(names, 1)]
    _check_names(names)
    for number, row in enumerate(rows, 2):
        if len(row) != len(names):
            raise ValueError(
                f"Row {number} of {path.name} has {len(row)} cells, but there are "
                f"{len(names)} columns: {', '.join(row)[:60]}"
            )
    frame = pd.DataFrame(rows, columns=names, dtype=str)
    repeated = int(frame.duplicated().sum())
    if repeated:
        notes.append(f"{repeated} rows repeat an earlier one: left out.")
    return frame.drop_duplicates(ignore_index=True), notes


def _decoded(data):
    """Return a file's text, and a note if it is not in UTF-8."""
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "gb18030", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if encoding == "utf-8-sig":
            return text, []
        # Western letters make GB 18030, too, but rare characters among common ones.
        strange = [sign for sign in text if ord(sign) > 127]
        if encoding == "gb18030" and not all(map(_is_common_chinese, strange)):
            continue
        return text, [f"The file is not in UTF-8: it was read as {encoding}."]
    return data.decode("cp1252", errors="replace"), ["The file has unreadable letters."]


def _is_common_chinese(sign):
    """Tell whether GB 2312, with the 6,763 usual characters, has the sign."""
    return sign >= "\u3000" and len(sign.encode("gb2312", errors="ignore")) == 2


def _check_names(names):
    """Raise ValueError if the first line holds no names, or one twice."""
    numbers = pd.to_numeric(pd.Series(names), errors="coerce").notna()
    if numbers.mean() > 0.5:
        raise ValueError(
            f"The first line looks like data ({', '.join(names[:4])}): write the names "
            f"of the columns into a line above it."
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"Column {twice[0]!r} occurs twice: rename one of them.")
