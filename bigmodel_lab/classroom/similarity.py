"""Similar answers: a hint where to look, never a proof.

Exercises of a few lines have few solutions. So only what is rare counts: runs of words
that neither the assignment nor its solution holds, nor many of the class.
"""

import builtins
import io
import keyword
import tokenize
from collections import Counter
from contextlib import suppress
from itertools import combinations
from pathlib import Path

import nbformat

from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.report import write_rows

COLUMNS = ("assignment", "student", "other", "share_percent", "rare_runs", "remark")
RUN = 5  # words that follow each other
FEWEST = 8  # rare runs in common
LEAST = 0.5  # of the rare runs of the one who has fewer
_REMARK = "a hint only: compare the two by eye"
_LAYOUT = {
    *(tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENDMARKER, tokenize.ENCODING),
}


def write(course: CourseFolder) -> list[dict]:
    """Write a course's `similar.csv`, the most similar first; return its rows."""
    rows = []
    for assignment in course.assignments():
        file = f"{assignment}/{assignment}.ipynb"
        ours = [course.path / "source" / file, course.path / "release" / file]
        handed_in = {
            path.parts[-3]: code(path)
            for path in sorted(course.path.glob(f"submitted/*/{file}"))
        }
        found = pairs(handed_in, [code(path) for path in ours if path.exists()])
        rows += [{"assignment": assignment, "remark": _REMARK} | row for row in found]
    rows.sort(key=lambda row: (row["assignment"], -row["share_percent"]))
    write_rows(course.path / "similar.csv", COLUMNS, rows, sort=False)
    return rows


def code(path: Path) -> list[str]:
    """Return the code cells of a notebook file."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def pairs(handed_in: dict[str, list[str]], ours: list[list[str]]) -> list[dict]:
    """Return the pairs of learners whose code has much that is rare in common.

    Parameters
    ----------
    handed_in : dict
        Each learner's code cells.
    ours : list of list of str
        Cells that everybody has, or was meant to find.
    """
    texts = [words(cells) for cells in ours]
    known = {word for text in texts for word in text}
    common = {run for text in texts for run in runs(text, known)}
    own = {who: runs(words(cells), known) - common for who, cells in handed_in.items()}
    learners = Counter(run for found in own.values() for run in found)
    many = max(3, len(own) // 8)
    rare = {
        who: {run for run in found if learners[run] <= many}
        for who, found in own.items()
    }
    found = []
    for student, other in combinations(sorted(rare), 2):
        shared = len(rare[student] & rare[other])
        fewer = min(len(rare[student]), len(rare[other]))
        if shared >= FEWEST and shared >= LEAST * fewer:
            share = round(100 * shared / fewer)
            pair = {"student": student, "other": other}
            found.append(pair | {"share_percent": share, "rare_runs": shared})
    return found


def words(cells: list[str]) -> list[str]:
    """Return the tokens of cells, without their layout; of each, up to an error."""
    found = []
    for text in cells:
        with suppress(tokenize.TokenError, SyntaxError):
            for token in tokenize.generate_tokens(io.StringIO(text).readline):
                marker = token.string.startswith("### ")  # nbgrader's, in the source
                if token.type not in _LAYOUT and not marker:
                    found.append(token.string.strip())
    return found


def runs(found: list[str], known: set[str]) -> set[tuple[str, ...]]:
    """Return the runs of words in code; names that a learner chose are all the same."""
    before = ["", *found]
    plain = [
        "name" if last != "." and _is_own(word, known) else word
        for last, word in zip(before, found, strict=False)
    ]
    return set(zip(*(plain[k:] for k in range(RUN)), strict=False))


def _is_own(word, known):
    """Tell whether a word is a name that only a learner can have chosen."""
    given = word in known or keyword.iskeyword(word) or hasattr(builtins, word)
    return word.isidentifier() and not given
