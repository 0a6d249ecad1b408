"""Assignments: nbgrader notebooks made from a chapter's exercises.

The source notebook, with solutions and hidden tests, is the teacher's; from it nbgrader
makes the release, which is what learners get.
"""

import ast
import difflib
import dis
import inspect
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import CodeType

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bigmodel_lab import exercises
from bigmodel_lab.authoring import notebooks
from bigmodel_lab.authoring.card import facts_of
from bigmodel_lab.classroom.folder import CourseFolder, grade_id_of

IMPORTS = """\
import math
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F

import bigmodel_lab as lab"""
_INTRODUCTION = """\
# {title}: exercises to hand in

{due}Run the first cell, and keep chapter {chapter} open. Write each answer in place of
the `...`, and run the cell below it: it says whether the answer is right, and if not,
why. The same function is graded, on other random numbers.

| Exercise | Points |
|---|---|
{rows}

`lab.hint("{first}")` gives a hint; call it again for the next one. Every exercise has
hints, under the name in its check. You may add cells. Leave those with the checks as
they are, and hand in this file under its name, `{assignment}.ipynb`."""


def make(
    stem: str,
    folder: Path,
    names: list[str],
    points: dict[str, float],
    due: datetime | None = None,
) -> tuple[Path, int]:
    """Write a chapter's assignment; return (release, learners graded with an old one).

    Parameters
    ----------
    stem : str
        The chapter's, as in "02_losses"; also the assignment's name.
    names : list of str
        The exercises to include, by full name, as in "losses.hidden_delta".
    points : dict
        The points of each.
    due : datetime or None
        The deadline.

    Raises
    ------
    ValueError
        If there is no such chapter, or learners were graded with other exercises.
    RuntimeError
        If nbgrader is not installed, or makes no release.
    """
    (path,) = notebooks.chapters([stem])
    course = CourseFolder(folder, new=True)
    graded = course.learners_graded(path.stem, map(grade_id_of, names))
    nb = source(path.stem, names, points, due)
    target = course.path / "source" / path.stem / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(nbformat.writes(nb) + "\n", encoding="utf-8")
    return course.make_release(path.stem, due), graded


def gradable(stem: str) -> list[str]:
    """Return the chapter's exercises that ask for a function, in its order.

    A number read off a widget stays in the chapter: it has no random inputs.
    """
    return [
        name
        for name in _statements(stem)
        if exercises.find(name).inputs and name.startswith(f"{stem[3:]}.")
    ]


def choose(chapters: list[str], wanted: list[str]) -> dict[str, list[str]]:
    """Return the wanted exercises by chapter; all of them where `wanted` is empty.

    Raises ValueError for one that no chapter has, or that does not ask for a function.
    """
    have = {path.stem: gradable(path.stem) for path in notebooks.chapters(chapters)}
    known = {name.partition(".")[2]: name for names in have.values() for name in names}
    full = [known.get(name, name) for name in wanted]
    for name in full:
        if name in known.values():
            continue
        values = {f"{stem[3:]}.{name.rpartition('.')[2]}" for stem in have}
        if values & exercises.all_exercises().keys():
            raise ValueError(
                f"{name} asks for a number that a widget shows: leave it to the "
                "chapter."
            )
        near = difflib.get_close_matches(name, [*known.values(), *known], 3, 0.3)
        raise ValueError(
            f"{', '.join(have)}: no exercise {name!r} that can be graded; "
            f"did you mean {' or '.join(near or known)}?"
        )
    chosen = {
        stem: [name for name in names if not full or name in full]
        for stem, names in have.items()
    }
    for stem, names in chosen.items():
        if not names:
            raise ValueError(f"None of the exercises {', '.join(wanted)} is in {stem}.")
    return chosen


def points(given: list[str], chosen: dict[str, list[str]]) -> dict[str, float]:
    """Return the points of every chosen exercise by full name, 1 unless given.

    `given` holds texts like "2", for all, or "rmse=3", for one; the last one counts.
    Raises ValueError for one that is neither, or for an exercise that is not chosen.
    """
    names = [name for names in chosen.values() for name in names]
    found = dict.fromkeys(names, 1.0)
    for text in given:
        which, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not 0 < value < float("inf"):
            raise ValueError(f"Write points like 2 or hidden_delta=3, not {text!r}.")
        meant = [n for n in names if which in ("", n, n.partition(".")[2])]
        if not meant:
            raise ValueError(f"--points {text}: {which} is not among the exercises.")
        found |= dict.fromkeys(meant, value)
    return found


def source(
    stem: str,
    names: list[str],
    points: dict[str, float],
    due: datetime | None = None,
) -> nbformat.NotebookNode:
    """Return the teacher's notebook of an assignment."""
    statements, seed = _statements(stem), secrets.randbelow(2**32)
    introduction = _INTRODUCTION.format(
        title=facts_of(stem)["title"],
        first=names[0],
        chapter=stem[:2],
        assignment=stem,
        due=f"**Due:** {due:%A, %d %B %Y, %H:%M}. " if due else "",
        rows="\n".join(
            f"| {statements[name].splitlines()[0].lstrip('# ')} | {points[name]:g} |"
            for name in names
        ),
    )
    cells = [new_markdown_cell(introduction), _cell(IMPORTS, "imports", locked=True)]
    for name in names:
        cells += _exercise(name, statements[name], points[name], seed)
    return new_notebook(cells=cells, metadata=notebooks.METADATA)


def _exercise(name, statement, points, seed):
    """Return the cells of one exercise: statement, answer, test."""
    grade_id, variable = grade_id_of(name), name.partition(".")[2]
    test = (
        f'lab.check("{name}", {variable})\n'
        "### BEGIN HIDDEN TESTS\n"
        f'lab.classroom.score("{name}", {variable}, points={points:g}, seed={seed})\n'
        "### END HIDDEN TESTS"
    )
    return [
        new_markdown_cell(statement),
        _cell(_with_markers(name), f"{grade_id}-answer", solution=True),
        _cell(test, grade_id, grade=True, locked=True, points=points),
    ]


def _cell(text, grade_id, *, grade=False, solution=False, locked=False, points=None):
    """Return a code cell with nbgrader's metadata."""
    metadata = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    if grade:
        metadata["points"] = points
    return new_code_cell(text, metadata={"nbgrader": metadata})


def _with_markers(name):
    """Return an exercise's solution with nbgrader's markers around its body."""
    code = exercises.code(name)
    function = ast.parse(code).body[0]
    lines, docstring_end = code.splitlines(), function.body[0].end_lineno
    needed = [f"    {line}" for line in imports(exercises.find(name).solution)]
    return "\n".join(
        [
            *lines[:docstring_end],
            "    ### BEGIN SOLUTION",
            *needed,
            *lines[docstring_end:],
            "    ### END SOLUTION",
        ]
    )


def imports(function: Callable) -> list[str]:
    """Return the import statements that a function needs besides `IMPORTS`."""
    needed = _globals(function.__code__) - _bound(IMPORTS).keys()
    module = inspect.getsource(inspect.getmodule(function))
    return [line for name, line in _bound(module).items() if name in needed]


def _globals(code):
    """Return the names that a code object, or one within it, looks for outside it."""
    steps = dis.get_instructions(code)
    names = {step.argval for step in steps if step.opname == "LOAD_GLOBAL"}
    within = (part for part in code.co_consts if isinstance(part, CodeType))
    return names.union(*map(_globals, within))


def _bound(code):
    """Return the names that a module's imports bind, each with an import of its own."""
    return {
        alias.asname or alias.name: ast.unparse(
            ast.Import([alias])
            if isinstance(node, ast.Import)
            else ast.ImportFrom(node.module, [alias], node.level)
        )
        for node in ast.parse(code).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }


@cache  # a chapter's source takes a moment to read
def _statements(stem):
    """Return the chapter's exercises as Markdown, by full name, in its order."""
    (path,) = notebooks.chapters([stem])
    cells = notebooks.build(notebooks.source_of(path)).cells
    found = {}
    for before, cell in pairwise(cells):
        match = re.search(r'^lab\.check\(\s*"([\w.]+)"', cell.source, re.M)
        if cell.cell_type == "code" and match:
            text = before.source[before.source.index("### Exercise") :]
            # The chapter's links lead nowhere outside its folder.
            found[match[1]] = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text[1:])
    return found
