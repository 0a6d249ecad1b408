"""What learners handed in: whose it is, which assignment, and whether it can be graded.

A file comes from somebody else's machine. Only the text of a notebook's cells is used;
the tests and all metadata are those of the release.
"""

import json
import shutil
import unicodedata
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import parse_utc

from bigmodel_lab.classroom.folder import CourseFolder

LARGEST = 20e6  # bytes of a notebook
_FORBIDDEN = set('*?[]<>:|"\\')  # some systems allow none of these in folder names


class Refused(ValueError):
    """A submission that cannot be graded; the message says why and what to do."""


@dataclass
class Submission:
    """A file that was handed in: whose, for which assignment, what is wrong with it."""

    student: str
    path: Path
    assignment: str = ""
    problem: str = ""
    remarks: list[str] = field(default_factory=list)
    notebook: nbformat.NotebookNode | None = None


def collect(folder: Path, course: CourseFolder) -> list[Submission]:
    """Return the `Submission`s in a folder, in the order of the learners' names.

    A learner's notebooks are in a folder with the learner's name, at any depth, or have
    the name in theirs, as in `ada_02_losses.ipynb`.

    Raises
    ------
    ValueError
        If there is no such folder, nothing in it, or the course has no assignment.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder} with what was handed in.")
    releases = {
        name: nbformat.read(course.release(name), 4) for name in course.assignments()
    }
    if not releases:
        raise ValueError(
            f"{course.path} has no assignment yet: make one with "
            "`python -m bigmodel_lab assignment 02 --out FOLDER`."
        )
    found = [_examine(path, folder, releases) for path in _files(folder)]
    if not found:
        raise ValueError(f"Nothing was handed in: {folder} holds no file.")
    with_notebook = {one.student for one in found if one.path.suffix == ".ipynb"}
    found = [
        one  # a notebook, or what came instead of one
        for one in found
        if one.path.suffix == ".ipynb" or one.student not in with_notebook
    ]
    return sorted(_without_duplicates(found), key=lambda s: (s.student, s.assignment))


def copy_to_course(submission: Submission, course: CourseFolder) -> None:
    """Put a submission where nbgrader looks for it."""
    target = course.path / "submitted" / submission.student / submission.assignment
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    file = target / f"{submission.assignment}.ipynb"
    file.write_text(nbformat.writes(submission.notebook) + "\n", encoding="utf-8")
    handed_in = submission.path.with_name("timestamp.txt")  # as nbgrader collects
    if handed_in.is_file() and not handed_in.is_symlink():
        try:
            parse_utc(handed_in.read_text().strip())
        except (ValueError, OverflowError):
            submission.remarks.append("timestamp.txt cannot be read: late or not?")
        else:
            shutil.copy(handed_in, target)


def _files(folder):
    """Yield the files below a folder, but not those that programs leave there."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "__")) for part in parts)
        if hidden or path.name == "timestamp.txt":
            continue
        if path.is_symlink() or path.is_file():
            yield path


def _examine(path, folder, releases):
    """Return a file as a `Submission`."""
    parts = path.relative_to(folder).parts
    student = parts[0] if len(parts) > 1 else path.stem
    if len(parts) == 1:
        for name in releases:
            student = student.replace(name, "")
        student = student.strip(" _-.")
    # The same learner, however a system encodes é or blanks.
    student = " ".join(unicodedata.normalize("NFC", student).split())
    named = [name for name in releases if name in str(path.relative_to(folder))]
    submission = Submission(student or path.stem, path, "".join(named[:1]))
    try:
        if not student:
            raise Refused(f"whose is {path.name}? Put it in a folder with the name")
        if found := sorted(_FORBIDDEN & set(student)):
            raise Refused(f"a name cannot hold {' '.join(found)}: rename it")
        links = [path, *path.parents[: len(parts) - 1]]
        if any(link.is_symlink() for link in links):
            raise Refused(f"{path.name} is a link, not a file")
        cells = _cells(path)
        submission.assignment = _assignment_of(cells, path.name, named, releases)
        release = releases[submission.assignment]
        submission.notebook, submission.remarks = restore(cells, release)
    except Refused as error:
        submission.problem = str(error)
    return submission


def _without_duplicates(submissions):
    """Return one submission per learner and assignment; two make a problem."""
    first = {}
    for one in submissions:
        other = first.setdefault((one.student, one.assignment), one)
        if other is not one:
            files = f"{other.path.name} and {one.path.name}"
            other.problem = f"two files ({files}): keep one"
    return first.values()


def _cells(path):
    """Return the cells of a notebook file as plain dictionaries, or raise `Refused`."""
    if path.suffix != ".ipynb":
        todo = ": unpack it first" if path.suffix in (".zip", ".gz", ".7z") else ""
        raise Refused(f"{path.name} is not a notebook (.ipynb){todo}")
    if path.stat().st_size > LARGEST:
        raise Refused(f"{path.name} is larger than {LARGEST / 1e6:g} MB")
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [
            {
                "code": cell["cell_type"] == "code",
                "source": "".join(cell["source"]),
                "id": str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")),
            }
            for cell in cells
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused(f"{path.name} cannot be read as a notebook: damaged?") from None


def _assignment_of(cells, name, named, releases):
    """Return the assignment whose exercises a notebook holds, or raise `Refused`.

    `name` is the file's; `named` are the assignments that its path names.
    """
    have = {cell["id"] for cell in cells}
    share = {
        name: len(have & _nbgrader_cells(nb).keys()) for name, nb in releases.items()
    }
    found = max(share, key=share.get)
    if share[found] <= 1:  # the cell with the imports is in all of them
        raise Refused(
            f"{name} holds no exercise of this course's "
            f"({', '.join(releases)}): was it made from the release?"
        )
    if named and found not in named:
        raise Refused(f"{name} holds the exercises of {found}: the wrong file?")
    return found


def restore(
    cells: list[dict], release: nbformat.NotebookNode
) -> tuple[nbformat.NotebookNode, list[str]]:
    """Return the release with a learner's answers and added cells, and the remarks.

    Deleted cells come back, and changed tests become those of the release again.
    """
    known, seen, restored, remarks = _nbgrader_cells(release), {}, [], []
    for cell in cells:
        ours = known.get(cell["id"])
        if ours is None or cell["id"] in seen or not cell["code"]:
            new = new_code_cell if cell["code"] else new_markdown_cell
            # Feedback shows Markdown as it is: no tags of the learner's own.
            text = (
                cell["source"] if cell["code"] else cell["source"].replace("<", "&lt;")
            )
            restored.append(new(text))
            continue
        restored.append(seen.setdefault(cell["id"], deepcopy(ours)))
        if ours.metadata.nbgrader.solution:
            restored[-1].source = cell["source"]
        elif cell["source"].strip() != ours.source.strip():
            remarks.append(f"cell {cell['id']} was changed: the release's was run")
    before = first = None
    for name, ours in known.items():
        if name not in seen:
            # An answer goes first: the learner may have put it in another cell.
            after = first if ours.metadata.nbgrader.solution else before
            seen[name] = deepcopy(ours)
            restored.insert(restored.index(after) + 1 if after else 0, seen[name])
            remarks.append(f"cell {name} was deleted: put back")
        before = seen[name]
        first = first or before
    return new_notebook(cells=restored, metadata=release.metadata), remarks


def _nbgrader_cells(release):
    """Return the release's cells that nbgrader knows, by id, in order."""
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in release.cells
        if "nbgrader" in cell.metadata
    }
