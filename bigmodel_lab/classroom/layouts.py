"""Whose a file is: from where it lies, and from the names that platforms give it.

Moodle's "Download all submissions" makes a folder for each learner, or puts the same
words before each file's name; Canvas' puts the learner and two numbers there.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MOODLE = re.compile(
    r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)", re.S
)
CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d{2,})_\d{3,}_(?P<file>.+)", re.S
)
_HIDDEN_NAME = (
    "Participant"  # Moodle's, of everybody, when it keeps names from teachers
)
# What programs leave in folders: nobody handed it in.
_DROPPINGS = {
    *(".ds_store", "thumbs.db", "desktop.ini", ".directory", "timestamp.txt"),
    *("__macosx", ".ipynb_checkpoints", "__pycache__"),
}
# What browsers, file managers and learners add to the name of a copy.
_COPY = re.compile(
    r"(?:\s*\(\d+\)|[ _-]*copy ?\d+|[ _-]+copy|[ _-]+final)+$", re.IGNORECASE
)


@dataclass(frozen=True)
class Owner:
    """Whose a file is; `origin` is the name that a platform gave it, or its folder."""

    student: str
    origin: str = ""


def entries(folder: Path) -> Iterator[Path]:
    """Yield all that lies below a folder but droppings; of folders, the empty ones."""
    unreadable = []
    walk = os.walk(folder, onerror=lambda error: unreadable.append(error.filename))
    for place, folders, files in walk:
        place = Path(place)
        folders[:] = sorted(name for name in folders if not _dropping(name))
        files = sorted(name for name in files if not _dropping(name))
        links = [name for name in folders if (place / name).is_symlink()]
        for name in [*files, *links]:
            path = place / name
            unpacked = path.suffix.lower() == ".zip" and path.stem in folders
            if not unpacked:
                yield path
        if not folders and not files and place != Path(folder):
            yield place
    yield from map(Path, unreadable)


def _dropping(name):
    """Tell whether a program left this."""
    return name.casefold() in _DROPPINGS or name.startswith("._")


def top(paths: Iterable[Path], folder: Path, assignments: Iterable[str]) -> Path:
    """Return the folder that holds the learners: an export may lie deeper in `folder`.

    A folder that holds everything is a learner's own, unless what is in it looks like
    the work of several.
    """
    while True:
        first = {path.relative_to(folder).parts[0] for path in paths}
        below = folder / min(first)
        if len(first) > 1 or below in paths:
            return folder
        inner = [path.relative_to(below).parts for path in paths]
        if not _of_several(inner, below.name, assignments):
            return folder
        folder = below


def _of_several(inner, name, assignments):
    """Tell whether paths in a folder of this name are the work of several learners."""
    if MOODLE.fullmatch(name):
        return False
    lead = [_without_assignments(parts, assignments) for parts in inner]
    if any(MOODLE.fullmatch(first) or CANVAS.fullmatch(first) for first, *_ in lead):
        return True
    notebooks = [parts for parts in lead if is_notebook(parts[-1])]
    folders = {first for first, *deeper in notebooks if deeper}
    stems = [Path(file).stem for file, *deeper in notebooks if not deeper]
    if len(folders) == 1 and not stems:
        return _of_several([parts[1:] for parts in notebooks], *folders, assignments)
    if folders:
        return not stems
    # `02_losses/ada.ipynb`, `ada_02_losses.ipynb`: not any two notebooks of a learner.
    names = [learner_in(stem, assignments) for stem in stems]
    telling = all(names) and (lead != inner or not set(names) & set(stems))
    return telling and len(set(names)) > 1


def is_notebook(name: str) -> bool:
    """Tell whether a file's name is that of a notebook."""
    return name.lower().endswith(".ipynb")


def owner(parts: tuple[str, ...], assignments: Iterable[str]) -> Owner:
    """Return the `Owner` of a file; `parts` are its path's, below the `top` folder.

    The name is empty if the path has none.
    """
    for part in parts:
        if match := MOODLE.fullmatch(part):
            hidden = match["name"] == _HIDDEN_NAME
            return Owner(f"{_HIDDEN_NAME} {match['id']}" if hidden else match[1], part)
    first, *deeper = _without_assignments(parts, assignments)
    if deeper:
        return Owner(_COPY.sub("", first) or first)
    if match := CANVAS.fullmatch(first):
        return Owner(match["name"], first)
    return Owner(learner_in(Path(first).stem, assignments))


def _without_assignments(parts, assignments):
    """Return a path's parts without folders at its start that name an assignment."""
    known = {name.casefold() for name in assignments}
    while len(parts) > 1 and _COPY.sub("", parts[0]).casefold() in known:
        parts = parts[1:]
    return parts


def learner_in(stem: str, assignments: Iterable[str]) -> str:
    """Return what is left of a file's name without assignments and marks of copies."""
    for name in assignments:  # a number belongs to the copy only right behind them
        behind = r"(-\d{1,2}(?!\d)|[ _-]*copy ?\d+)?"
        stem = re.sub(re.escape(name) + behind, "", stem, flags=re.IGNORECASE)
        stem = _COPY.sub("", stem)
    return stem.strip(" _-.")


def marked_late(origin: str) -> bool:
    """Tell whether Canvas marked a file as late."""
    match = CANVAS.fullmatch(origin)
    return bool(match and match["late"])


def number_in(origin: str, patterns: Iterable[re.Pattern] = (MOODLE, CANVAS)) -> str:
    """Return the learner's number in a platform's name, "" if it is of none of these.

    Canvas' is the user's, Moodle's the participant's in this one assignment.
    """
    matches = (pattern.fullmatch(origin) for pattern in patterns)
    return next((match["id"] for match in matches if match), "")
