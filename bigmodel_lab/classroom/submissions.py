"""What learners handed in: whose it is, which assignment, and whether it can be graded.

A file comes from somebody else's machine: `layouts.py` says whose it is, `cells.py`
what it holds.
"""

import re
import shutil
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.utils import parse_utc

from bigmodel_lab.classroom import cells, isolated, layouts, pseudonyms
from bigmodel_lab.classroom.cells import Refused
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.plain import shown

ORIGINS = "origins.json"  # the names that a platform gave: feedback goes back by them
LONGEST = 100  # characters of a name
SMALL = 20e6  # bytes of a notebook that is read right here
_FORBIDDEN = set('*?[]<>:|"\\')  # some systems allow none of these in folder names


@dataclass
class Submission:
    """A file that was handed in: whose, for which assignment, what is wrong with it.

    `origin` is the name that a learning platform gave to it, or to its folder.
    """

    student: str
    path: Path
    assignment: str = ""
    problem: str = ""
    remarks: list[str] = field(default_factory=list)
    notebook: nbformat.NotebookNode | None = None
    origin: str = ""


def collect(folder: Path, course: CourseFolder) -> list[Submission]:
    """Return the `Submission`s in a folder, in the order of the learners' names.

    Folders and files are laid out as `layouts` knows. The course remembers the names
    that a platform gave.

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
    paths = list(layouts.entries(folder))
    if not paths:
        raise ValueError(f"Nothing was handed in: {folder} holds no file.")
    top = layouts.top(paths, folder, releases)
    found = [_examine(path, folder, top, releases) for path in paths]
    origins = course.remembered(ORIGINS)
    _tell_apart(found, origins)
    found = _one_each(found, top)
    for one in found:
        if one.origin and not one.problem:
            origins.setdefault(one.assignment, {})[one.student] = one.origin
    course.remember(ORIGINS, origins)
    pseudonyms.hide(found, course)
    return sorted(found, key=lambda s: (s.student, s.assignment))


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


def _examine(path, folder, top, releases):
    """Return a file as a `Submission`."""
    whole = str(path.relative_to(folder)).casefold()
    named = [name for name in releases if name.casefold() in whole]
    parts = path.relative_to(top).parts
    owner = layouts.owner(parts, releases)
    # The same learner, however a system encodes é or blanks.
    student = " ".join(unicodedata.normalize("NFC", owner.student).split())
    submission = Submission(
        shown(student or path.stem), path, "".join(named[:1]), origin=owner.origin
    )
    name = shown(path.name)
    try:
        _check_name(student, name)
        _check_file(path, parts, name)
        found = cells.assignment_of(_read(path, name), name, named, releases)
        submission.assignment, own = found
        release = releases[submission.assignment]
        submission.notebook, submission.remarks = cells.restore(own, release)
    except Refused as error:
        submission.problem = str(error)
    return submission


def _check_name(student, file):
    """Raise `Refused` if a learner's name is none that a folder can have."""
    if not student:
        raise Refused(f"whose is {file}? Put it in a folder with the name")
    if re.search("[\ud800-\udfff]", student):
        raise Refused("the name cannot be read: rename it, or unzip with -O GBK")
    if shown(student) != student:
        raise Refused("a name cannot hold control characters: rename it")
    if found := sorted(_FORBIDDEN & set(student)):
        raise Refused(f"a name cannot hold {' '.join(found)}: rename it")
    if student.startswith("."):
        raise Refused("a name cannot start with a dot, which hides it: rename it")
    if len(student) > LONGEST:
        raise Refused(
            f"the name has {len(student)} characters: shorten it to {LONGEST}"
        )


def _check_file(path, parts, name):
    """Raise `Refused` for what is no notebook file."""
    links = [path, *path.parents[: len(parts) - 1]]
    if any(link.is_symlink() for link in links):
        raise Refused(f"{name} is a link, not a file")
    if path.is_dir():
        raise Refused(f"the folder {name} is empty, or cannot be read")
    if not path.is_file():
        raise Refused(f"{name} is a pipe or a device, not a file")
    if path.name.lower() == "onlinetext.html":
        raise Refused("text was typed into Moodle instead of a notebook handed in")
    if not layouts.is_notebook(path.name):
        packed = path.suffix.lower() in (".zip", ".gz", ".7z", ".rar")
        todo = ": unpack it first" if packed else ""
        raise Refused(f"{name} is not a notebook (.ipynb){todo}")


def _read(path, name):
    """Return a notebook's cells; a large file is read in a process of its own.

    For the text of a few megabytes can take gigabytes of memory.
    """
    if path.stat().st_size < SMALL:
        return cells.read(path, name)
    try:
        return isolated.call(cells.read, path, name, seconds=60, memory=2e9)
    except isolated.Failed as error:
        raise Refused(str(error)) from None


def _tell_apart(submissions, origins):
    """Give Moodle's number to learners of one name, and names to known numbers."""
    numbers = {}
    for one in submissions:
        if layouts.MOODLE.fullmatch(one.origin):
            who = numbers.setdefault((one.student, one.assignment), set())
            who.add(layouts.number_in(one.origin))
    for one in submissions:
        before = origins.get(one.assignment, {})
        known = [name for name, origin in before.items() if origin == one.origin]
        if known and one.origin:
            one.student = known[0]
        elif len(numbers.get((one.student, one.assignment), ())) > 1:
            one.student += f" {layouts.number_in(one.origin)}"


def _one_each(submissions, top):
    """Return one submission per learner and assignment; two notebooks make a problem.

    Of a learner who handed in no notebook, the first thing that came instead is kept.
    """
    first = {}
    with_notebook = {s.student for s in submissions if _is_notebook(s)}
    for one in submissions:
        if not _is_notebook(one):
            if one.student not in with_notebook:
                first.setdefault((one.student, None), one)
            continue
        other = first.setdefault((one.student, one.assignment), one)
        if other is not one:
            files = (shown(str(s.path.relative_to(top))) for s in (other, one))
            other.problem = f"two files ({' and '.join(files)}): keep one"
    return list(first.values())


def _is_notebook(submission):
    """Tell whether a submission is a notebook, by its name."""
    return layouts.is_notebook(submission.path.name)
