"""Which exercises are solved: a small JSON file beside the notebook, sent nowhere.

It is read before every change and replaced in one step, so that two notebooks may share
it; a file that cannot be read is kept under another name.
"""

import html
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bigmodel_lab.colors import GREEN

FILE = "exercises_solved.json"
_UNREADABLE = "{file} could not be read: it is kept as {kept}, and a new one begins."
_UNWRITABLE = "This folder cannot be written to, so nothing is remembered: {error}"


def note(name: str, outcome: str) -> str:
    """Remember how a check of the exercise `name` ended; return what went wrong, or "".

    Only "correct", "wrong" and "error" are tries.
    """
    if outcome not in ("correct", "wrong", "error"):
        return ""
    record, trouble = read()
    entry = record.setdefault(name, {"tries": 0, "solved": None})
    entry["tries"] += 1
    if outcome == "correct":
        entry["solved"] = entry["solved"] or f"{datetime.now():%Y-%m-%d %H:%M}"
    return _write(record) or trouble


def forget(name: str) -> str:
    """Forget all tries of the exercise `name`; return what went wrong, or ""."""
    record, trouble = read()
    return trouble or (_write(record) if record.pop(name, None) else "")


def read() -> tuple[dict[str, dict], str]:
    """Return tries and time of solving by exercise, and what went wrong, or ""."""
    path = Path(FILE)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        for entry in record.values():
            entry["tries"] + 0, entry["solved"]
        return record, ""
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return {}, _keep(path)


def _keep(path):
    """Put a file that cannot be read aside; say so."""
    kept = path.with_suffix(f".{datetime.now():%Y%m%d-%H%M%S}.json")
    try:
        path.rename(kept)
    except OSError as error:
        return _UNWRITABLE.format(error=error)
    return _UNREADABLE.format(file=path, kept=kept)


def _write(record):
    """Replace the file in one step; return what went wrong, or ""."""
    temporary = Path(f".{FILE}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(record, indent=1), encoding="utf-8")
        os.replace(temporary, FILE)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        return _UNWRITABLE.format(error=error)
    return ""


@dataclass(frozen=True)
class Solved:
    """Which exercises of a chapter are solved: displays itself as one line.

    `names` are all of them in order, `done` those that are solved.
    """

    names: list[str]
    done: list[str]
    trouble: str = ""

    def __repr__(self) -> str:
        """Return the line as plain text."""
        marks = (f"{'✔' if name in self.done else '○'} {name}" for name in self.names)
        return " ".join(filter(None, [f"{self._head}:", *marks, self.trouble]))

    @property
    def _head(self):
        """Return how many of how many are solved."""
        return f"{len(self.done)} of {len(self.names)} exercises solved"

    def _repr_html_(self):
        """Return the line for the notebook, the solved ones in green."""
        marks = " &ensp; ".join(
            f'<span style="white-space: nowrap; color: {GREEN}">✔ {name}</span>'
            if name in self.done
            else f'<span style="white-space: nowrap">○ {name}</span>'
            for name in self.names
        )
        trouble = f"<br>{html.escape(self.trouble)}" if self.trouble else ""
        return f"<div><b>{self._head}</b> &ensp; {marks}{trouble}</div>"
