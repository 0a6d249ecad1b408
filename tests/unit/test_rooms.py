"""The rooms of the package: who may know whom, and how long a file may be."""

import ast

import pytest

from bigmodel_lab.authoring.notebooks import ROOT

PACKAGE = ROOT / "bigmodel_lab"
# What each room may import from, besides itself. "" is the top: what a chapter calls.
MAY_KNOW = {
    "": set(),
    "from_scratch": set(),
    "results": set(),
    "plots": {""},
    "drawings": {"", "plots", "from_scratch"},
    "models": {"", "from_scratch"},
    "datasets": {""},
    "serving": {"", "from_scratch", "models", "datasets"},
    "sharing": {"", "from_scratch"},
    "playing": {"", "from_scratch", "models"},
    "exercises": {"", "from_scratch", "models", "datasets"},
    "widgets": {"", "from_scratch", "models", "datasets", "plots"},
    "authoring": {"", "datasets"},
    "classroom": {"", "exercises", "datasets", "authoring"},
}
# They look into every room: the command line, and the check of a machine.
DOORS = {"__main__.py", "teaching.py", "doctor.py"}
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}


def room_of(path):
    """Return the room that a file lies in, "" at the top."""
    return path.relative_to(PACKAGE).parts[0] if path.parent != PACKAGE else ""


def rooms_known(source):
    """Return the rooms that a module imports from, inside its functions, too."""
    known = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "bigmodel_lab":
            names = [f"bigmodel_lab.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        for name in names:
            package, *rest = name.split(".")
            if package == "bigmodel_lab" and rest:
                known.add(rest[0] if rest[0] in ROOMS else "")
    return known


def test_every_room_has_its_rule_and_a_door_sign():
    assert set(MAY_KNOW) == ROOMS | {""}
    for room in ROOMS:
        sign = ast.get_docstring(
            ast.parse((PACKAGE / room / "__init__.py").read_text())
        )
        assert sign, room


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    if path.name in DOORS and path.parent == PACKAGE:
        return
    room = room_of(path)
    unknown = rooms_known(path.read_text()) - MAY_KNOW[room] - {room}
    assert not unknown, f"{room or 'the top'} may not import from {unknown}"


def code_lines(source, function):
    """Return how many lines of code a function has, without its docstring."""
    first = (
        function.body[0] if ast.get_docstring(function) is None else function.body[1]
    )
    lines = source.splitlines()[first.lineno - 1 : function.end_lineno]
    return sum(not line.strip().startswith("#") for line in lines if line.strip())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_and_its_functions_are_read_in_one_sitting(path):
    source = path.read_text()
    chapter = (PACKAGE / "exercises" / "quizzes" / f"{path.stem}.md").exists()
    assert (chapter and path.parent.name == "exercises") or len(
        source.splitlines()
    ) <= 350
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and len(node.body) > 1:
            assert code_lines(source, node) <= 45, node.name


def test_the_rule_has_no_circle():
    rooms, order = dict(MAY_KNOW), []
    while rooms:
        free = [room for room, known in rooms.items() if not known - set(order)]
        assert free, f"a circle among {sorted(rooms)}"
        order += free
        for room in free:
            del rooms[room]


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("from bigmodel_lab import losses", {""}),
        ("from bigmodel_lab.widgets.panel import TuningPanel", {"widgets"}),
        ("def f():\n    from bigmodel_lab.exercises import find", {"exercises"}),
        ("import bigmodel_lab.datasets.fetching", {"datasets"}),
        ("import numpy\nfrom torch import nn", set()),
    ],
)
def test_an_arrow_is_seen_wherever_it_stands(code, known):
    assert rooms_known(code) == known
