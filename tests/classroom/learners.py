"""Courses, and what learners hand in: right, wrong and hostile notebooks."""

import inspect
import textwrap

import nbformat

from bigmodel_lab import exercises
from bigmodel_lab.classroom import assignment


def make_course(folder, chosen, **points):
    """Make the assignments of a course, exercises by chapter; return the releases."""
    return {
        chapter: assignment.make(
            chapter, folder, names, {name: points.get(name, 1) for name in names}
        )[0]
        for chapter, names in chosen.items()
    }


def hand_in(release, path, answers=(), change=None, first=""):
    """Write a release with some answers to `path`, as a learner hands it in.

    `answers` are codes by full name; `first` is code in a cell before all exercises;
    `change` gets the notebook.
    """
    nb = nbformat.read(release, as_version=4)
    answers = dict(answers)
    for cell in nb.cells:
        if (name := answered(cell)) in answers:
            cell.source = answers.pop(name)
    assert not answers, "there is no such exercise in the release"
    if first:
        nb.cells.insert(2, nbformat.v4.new_code_cell(first))
    if change:
        change(nb)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def answered(cell):
    """Return the full name of the exercise that a cell answers, or None."""
    name = grade_id(cell).replace("-", ".", 1)
    return name.removesuffix("-answer") if name.endswith("-answer") else None


def solved(names):
    """Return the right answers by full name."""
    return {name: exercises.code(name) for name in names}


def doing(name, lines):
    """Return the answer to an exercise that consists of `lines`."""
    parameters = ", ".join(exercises.find(name).parameters)
    head = f"def {name.partition('.')[2]}({parameters}):\n"
    return head + textwrap.indent(textwrap.dedent(lines).strip(), "    ")


def misconceived(name, number):
    """Return the name of an exercise's misconception, and its code as an answer."""
    one = exercises.find(name)
    wrong = list(one.help)[number % len(one.help)]
    (table,) = (t for t in one.tables if f"\n{wrong}: " in f"\n{inspect.getdoc(t)}")
    answer = doing(name, f'return _({", ".join(one.parameters)})["{wrong}"]')
    return wrong, "\n\n".join([*_parts(table), answer])


def _parts(function):
    """Return the texts of what a function needs from its module, and its own."""
    parts = assignment.imports(function)
    for value in inspect.getclosurevars(function).globals.values():
        if inspect.isfunction(value) and value.__module__ == function.__module__:
            parts += _parts(value)
    source = textwrap.dedent(inspect.getsource(function))
    return [*parts, source[source.index("def ") :]]  # without decorators
