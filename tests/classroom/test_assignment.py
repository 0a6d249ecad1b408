"""Assignments: the source has all of an exercise, the release nothing of a solution."""

import ast
import os
import re
from datetime import UTC, datetime

import nbformat
import pytest
from learners import answered, make_course

from bigmodel_lab import exercises
from bigmodel_lab.__main__ import main
from bigmodel_lab.authoring import notebooks
from bigmodel_lab.classroom import assignment, handover
from bigmodel_lab.classroom.folder import CourseFolder

CHAPTERS = [path.stem for path in notebooks.chapters()]
CHOSEN = assignment.choose(CHAPTERS, [])
NAMES = [name for names in CHOSEN.values() for name in names]


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """Make the assignments of all chapters; return (course folder, releases)."""
    folder = tmp_path_factory.mktemp("course")
    return folder, make_course(folder, CHOSEN)


def code(path):
    """Return the code cells of a notebook."""
    return notebooks.code_cells(nbformat.read(path, as_version=4))


def test_every_exercise_that_asks_for_a_function_can_be_assigned():
    functions = {n for n, one in exercises.all_exercises().items() if one.inputs}
    assert set(NAMES) == functions


def words(text):
    """Return a text without what formatting may change."""
    return re.sub(r"\\n|\W", "", text)


def telling(name):
    """Return the lines of a solution that say something, and not in the docstring."""
    function = ast.parse(exercises.code(name)).body[0]
    said = words(ast.get_docstring(function))
    lines = "\n".join(map(ast.unparse, function.body[1:])).splitlines()
    return [w for w in map(words, lines) if len(w) > 12 and w not in said]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nothing_of_a_solution_is_released(releases, chapter):
    folder, released = releases
    release = released[chapter].read_text(encoding="utf-8")
    source = (folder / "source" / chapter / f"{chapter}.ipynb").read_text("utf-8")
    for name in CHOSEN[chapter]:
        assert any(line in words(source) for line in telling(name))  # the search finds
        assert not [line for line in telling(name) if line in words(release)], name
    for hidden in ("classroom.score", "seed=", "SOLUTION", "HIDDEN"):
        assert hidden in source
        assert hidden not in release


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_release_is_the_chapters_stub_and_check(releases, chapter):
    cells = code(releases[1][chapter])
    scope = {}
    exec(cells[0].source, scope)  # the imports
    for name in CHOSEN[chapter]:
        answer = next(cell for cell in cells if answered(cell) == name)
        exec(answer.source, scope)
        stub = scope[name.partition(".")[2]]
        assert exercises.check(name, stub).outcome == "not attempted"
        (test,) = [c for c in cells if c.source.startswith(f'lab.check("{name}",')]
        assert test.metadata.nbgrader.points == 1
        assert not test.metadata.editable


@pytest.mark.parametrize("name", [n for n in NAMES if n != "text.chinese_sentiment"])
def test_the_source_has_the_solution_and_it_gets_all_points(releases, name, capsys):
    chapter = next(c for c, names in CHOSEN.items() if name in names)
    cells = code(releases[0] / "source" / chapter / f"{chapter}.ipynb")
    scope = {}
    exec(cells[0].source, scope)
    exec(next(cell for cell in cells if answered(cell) == name).source, scope)
    answer = scope[name.partition(".")[2]]
    assert handover.score(name, answer, points=3, seed=1) == 3


@pytest.mark.parametrize("name", [n for n in NAMES if n != "text.chinese_sentiment"])
def test_what_leaves_the_sandbox_is_judged_as_what_stays(name, tmp_path, monkeypatch):
    one, drawn = exercises.find(name), handover.cases(name, seed=2)
    file, content = handover.arguments(name, drawn)
    (tmp_path / file).write_bytes(content)
    shown = []
    monkeypatch.setattr(handover, "display", lambda data, raw: shown.append(data))
    monkeypatch.setenv("BIGMODEL_LAB_HANDOVER", str(tmp_path))
    answers = {None: one.solution} | {m.name: m.answer for m in one.misconceptions}
    for misconception, answer in answers.items():
        handover.hand_over(name, answer)
        results = handover.receive(shown[-1][handover.MIME])
        score, feedback = handover.mark(one, drawn, results, 1)
        assert feedback.misconception == misconception
        if misconception:
            assert feedback.outcome == "wrong"
            assert score < 1
        else:
            assert (score, feedback.outcome) == (1, "correct")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"results": 3}',
        '{"outcome": "correct", "message": ""}',
        '{"results": [{"shape": [2], "data": "AAAA"}]}',
        '{"results": [{"shape": [-1], "data": 5}]}',
        '{"results": [{"other": 1}]}',
        "[" * 10_000,
    ],
)
def test_what_is_not_a_package_is_refused(text):
    with pytest.raises(ValueError, match="not results"):
        handover.receive(text)


def test_the_command_makes_an_assignment(tmp_path, capsys):
    words = ["assignment", "2", "--out", str(tmp_path), "--due", "2027-01-31"]
    words += ["--exercises", "hidden_delta, losses.dense_backward"]
    assert main([*words, "--points", "2", "--points", "hidden_delta=3.5"]) == 0
    said = capsys.readouterr().out
    assert "exercises 2, points 5.5" in said
    release = tmp_path / "release/02_losses/02_losses.ipynb"
    assert os.path.relpath(release) in said
    introduction = nbformat.read(release, as_version=4).cells[0].source
    assert "Sunday, 31 January 2027, 23:59" in introduction
    assert re.search(r"\| Exercise 7: .* D3 §4 \| 3\.5 \|", introduction)
    with CourseFolder(tmp_path).gradebook() as book:
        made = book.find_assignment("02_losses")
        due = datetime(2027, 1, 31, 23, 59).astimezone(UTC).replace(tzinfo=None)
        assert (made.max_score, made.duedate) == (5.5, due)
    assert main([*words, "--points", "4"]) == 0  # again, with other points
    with CourseFolder(tmp_path).gradebook() as book:
        assert book.find_assignment("02_losses").max_score == 8


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["77"], "No chapter '77'"),
        (["02", "--exercises", "hiden_delta"], "did you mean hidden_delta"),
        (["02", "--exercises", "steepest_logit"], "a number that a widget shows"),
        (["02", "03", "--exercises", "hidden_delta"], "is in 03_optimizers"),
        (["02", "--points", "many"], "not 'many'"),
        (["02", "--points", "-1"], "not '-1'"),
        (["02", "--points", "rmse=2"], "rmse is not among the exercises"),
    ],
)
def test_errors_say_what_to_do(tmp_path, capsys, words, reason):
    assert main(["assignment", *words, "--out", str(tmp_path)]) == 1
    assert reason in capsys.readouterr().err


def test_without_nbgrader_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "nbgrader", None)
    assert main(["assignment", "02", "--out", str(tmp_path / "course")]) == 1
    assert "pip install" in capsys.readouterr().err
    assert not (tmp_path / "course").exists()


def shortened(texts):
    """Use two imports of this module, one of them in a comprehension only."""
    return [re.sub("a", "", text) for text in texts], datetime.now(UTC)


def shadowed(re):
    """Use an argument that has the name of an import."""
    return re


def test_a_solution_brings_the_imports_that_it_looks_for_outside_itself():
    found = ["import re", "from datetime import UTC", "from datetime import datetime"]
    assert assignment.imports(shortened) == found
    assert assignment.imports(shadowed) == []
