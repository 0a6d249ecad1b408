"""The cells of a notebook that was handed in, and which of the release's each one is.

Only the text of cells is used; the tests and all metadata are those of the release.
"""

import json
import re
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

LARGEST = 200e6  # bytes of a file; most of a large one are outputs, which nobody reads
MOST_CELLS, MOST_CODE = 1000, 1_000_000  # characters of all code cells
_ATTACHED = re.compile("attachment:", re.IGNORECASE)


class Refused(ValueError):
    """A submission that cannot be graded; the message says why and what to do."""


def read(path: Path, name: str) -> list[dict]:
    """Return the cells of a notebook file; `name` is the file's in messages.

    Each has `code` (True or False), `source` and `id`, nbgrader's. Raises Refused.
    """
    if path.stat().st_size > LARGEST:
        raise Refused(
            f"{name} is larger than {LARGEST / 1e6:g} MB: clear its outputs "
            "(in JupyterLab: Edit > Clear Outputs of All Cells) and save it"
        )
    try:
        # Some editors put a byte order mark first.
        cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
        found = [
            {
                "code": cell["cell_type"] == "code",
                # Halves of characters, which JSON may hold, could not be written again.
                "source": "".join(cell["source"]).encode("utf-8", "replace").decode(),
                "id": str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")),
            }
            for cell in cells
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused(f"{name} cannot be read as a notebook: damaged?") from None
    code = sum(len(cell["source"]) for cell in found if cell["code"])
    for count, most, what, cure in (
        (len(found), MOST_CELLS, "cells", "delete the empty ones"),
        (code, MOST_CODE, "characters of code", "keep data in files"),
    ):
        if count > most:
            raise Refused(
                f"{name} has {count:,} {what}, and at most {most:,} are graded: {cure}"
            )
    return found


def assignment_of(
    cells: list[dict], name: str, named: list[str], releases: dict
) -> tuple[str, list[dict]]:
    """Return the assignment whose exercises a notebook holds, and its cells with ids.

    `name` is the file's; `named` are the assignments that its path names. Raises
    Refused.
    """
    identified = {which: with_ids(cells, nb) for which, nb in releases.items()}
    share = {
        which: len({cell["id"] for cell in identified[which]} & graded_cells(nb).keys())
        for which, nb in releases.items()
    }
    found = max(share, key=share.get)
    if share[found] <= 1:  # the cell with the imports is in all of them
        raise Refused(
            f"{name} holds no exercise of this course's "
            f"({', '.join(releases)}): was it made from the release?"
        )
    if named and found not in named:
        raise Refused(f"{name} holds the exercises of {found}: the wrong file?")
    return found, identified[found]


def with_ids(cells: list[dict], release: nbformat.NotebookNode) -> list[dict]:
    """Return cells with the ids of the release's, by their text if they have none.

    Some programs drop what nbgrader noted in a cell. Its check still tells which
    exercise a cell tests, and the function's name which one it answers.
    """
    known = graded_cells(release)
    if any(cell["id"] in known for cell in cells):
        return cells
    by_text = {
        pattern: name
        for name, ours in known.items()
        if (pattern := _telling(ours.source))
    }
    return [
        cell
        | {
            "id": next(
                (
                    name
                    for pattern, name in by_text.items()
                    if cell["code"] and re.search(pattern, cell["source"], re.M)
                ),
                "None",
            )
        }
        for cell in cells
    ]


def _telling(source):
    """Return a pattern for what a learner leaves of a release's cell, or None."""
    if match := re.search(r"^def \w+\(", source, re.M):
        return rf"^{re.escape(match[0])}"
    if match := re.search(r'^lab\.check\(\s*"[\w.]+"', source, re.M):
        return rf"^{re.escape(match[0])}"
    return rf"\A\s*{re.escape(source.strip())}\s*\Z"


def restore(
    cells: list[dict], release: nbformat.NotebookNode
) -> tuple[nbformat.NotebookNode, list[str]]:
    """Return the release with a learner's answers and added cells, and the remarks.

    Deleted cells come back, and changed tests become those of the release again.
    """
    known, seen, restored, remarks = graded_cells(release), {}, [], []
    for cell in cells:
        ours = known.get(cell["id"])
        if ours is None or cell["id"] in seen or not cell["code"]:
            restored.append(_own(cell))
            continue
        restored.append(seen.setdefault(cell["id"], deepcopy(ours)))
        if ours.metadata.nbgrader.solution:
            restored[-1].source = cell["source"]
        elif cell["source"].strip() != ours.source.strip():
            remarks.append(f"cell {cell['id']} was changed: the release's was run")
    text = {cell["id"] for cell in cells if not cell["code"]}
    before = first = None
    for name, ours in known.items():
        if name not in seen:
            # An answer goes first: the learner may have put it in another cell.
            after = first if ours.metadata.nbgrader.solution else before
            seen[name] = deepcopy(ours)
            restored.insert(restored.index(after) + 1 if after else 0, seen[name])
            lost = "turned into text, which does not run" if name in text else "deleted"
            remarks.append(f"cell {name} was {lost}: put back")
        before = seen[name]
        first = first or before
    return new_notebook(cells=restored, metadata=release.metadata), remarks


def _own(cell):
    """Return a cell that a learner added."""
    if cell["code"]:
        return new_code_cell(cell["source"])
    # Feedback shows Markdown as it is: no tags of the learner's own, and no pictures
    # that were pasted in, without which its page could not be made.
    text = _ATTACHED.sub("pasted-picture-", cell["source"])
    return new_markdown_cell(text.replace("<", "&lt;"))


def graded_cells(release: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """Return the release's cells that nbgrader knows, by id, in order."""
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in release.cells
        if "nbgrader" in cell.metadata
    }
