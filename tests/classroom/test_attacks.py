"""What hostile and unlucky submissions do: to their own score, and to nobody else's.

The attacks of attacks.txt, and a few whole notebooks, are graded in one class with two
honest learners.
"""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from learners import doing, hand_in, make_course, solved

from bigmodel_lab.classroom import grading, report
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.sandbox import Limits

STEP, LOSS = "start_here.gradient_step", "start_here.line_loss"
RIGHT = solved([STEP, LOSS])
LIMITS = Limits(memory=1.5e9, seconds=60, cell_seconds=20)
TOKEN = "planted-in-the-environment"


def read_attacks():
    """Return the attacks by name: where, score, what the row says, code."""
    text = Path(__file__).with_name("attacks.txt").read_text(encoding="utf-8")
    found = {}
    for part in text.replace("␛", "\x1b").split("\n== ")[1:]:
        heading, _, code = part.partition("\n")
        name, where, score, says = (word.strip() for word in heading.split("|"))
        found[name] = SimpleNamespace(where=where, score=score, says=says, code=code)
    return found


ATTACKS = read_attacks()


def add_markdown(text):
    """Return a change that adds a text cell to a notebook."""
    return lambda nb: nb.cells.append(nbformat.v4.new_markdown_cell(text))


def add_cells(nb):
    """Add more cells than anybody writes."""
    nb.cells += [nbformat.v4.new_code_cell("") for _ in range(20_000)]


def add_pictures(nb):
    """Add a text with a pasted picture, and with one that is lost."""
    cell = nbformat.v4.new_markdown_cell("![x](attachment:a.png) ![](attachment:b.png)")
    cell.attachments = {"a.png": {"image/png": "iVBORw0KGgo="}}
    nb.cells.append(cell)


# Whole notebooks whose answers are right: a change, the score, what the row says.
NOTEBOOKS = {
    "slow Markdown": (add_markdown("\\begin{a}" * 33_000), "2", ""),
    "nested quotes": (add_markdown(">" * 50_000), "2", ""),
    "pasted pictures": (add_pictures, "2", ""),
    "twenty thousand cells": (add_cells, "", "at most 1,000 are graded"),
}
HONEST = ("ada", "zoe")


@pytest.fixture(scope="module")
def graded(bubblewrap, tmp_path_factory):
    """Grade the class, with a secret in the grader's environment."""
    root = tmp_path_factory.mktemp("attacks")
    course, folder = root / "course", root / "class"
    release = make_course(course, {"00_start_here": [STEP, LOSS]})["00_start_here"]

    def learner(name, answers=RIGHT, **options):
        hand_in(release, folder / name / "00_start_here.ipynb", answers, **options)

    for name, attack in ATTACKS.items():
        if attack.where == "answer":
            learner(name, RIGHT | {STEP: doing(STEP, attack.code)})
        else:
            learner(name, first=attack.code)
    for name, (change, *_) in NOTEBOOKS.items():
        learner(name, change=change)
    for name in HONEST:
        learner(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_SECRET_OF_OURS", TOKEN)
        grading.grade(course, folder, LIMITS)
    rows = {row["student"]: row for row in report.read_rows(course / "grades.csv")}
    said = {student: row["remarks"] for student, row in rows.items()}
    for row in report.read_rows(course / "exercises.csv"):
        said[row["student"]] += f" {row['message']}"
    return SimpleNamespace(course=course, rows=rows, said=said)


@pytest.mark.parametrize("name", HONEST)
def test_classmates_are_not_harmed(graded, name):
    assert graded.rows[name]["score"] == "2"
    assert graded.rows[name]["remarks"] == ""


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_what_is_due(graded, name):
    score, attack = graded.rows[name]["score"], ATTACKS[name]
    assert attack.says in graded.said[name]
    assert 0 <= float(score) <= 2
    assert attack.score in ("any", score)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_strange_notebook_gets_what_is_due(graded, name):
    _, score, says = NOTEBOOKS[name]
    assert graded.rows[name]["score"] == score
    assert says in graded.rows[name]["remarks"]


def test_nothing_of_ours_is_on_a_page_or_in_a_row(graded):
    """No secret, no seed, no path, and nothing that moves a cursor."""
    source = graded.course / "source" / "00_start_here" / "00_start_here.ipynb"
    (seed,) = set(re.findall(r"seed=(\d+)", source.read_text()))
    pages = {path: path.read_text() for path in graded.course.glob("feedback/*/*/*")}
    assert len(pages) == len(ATTACKS) + len(NOTEBOOKS) + len(HONEST) - 1
    rows = [path.read_text() for path in graded.course.glob("*.csv")]
    for text in [*pages.values(), *rows]:
        for ours in (TOKEN, seed, "seed=", str(graded.course), f"{Path.home()}/"):
            assert ours not in text
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", text)
    found = next(page for path, page in pages.items() if "the inputs" in str(path))
    assert "FOUND []" in found
    assert "OPENED" not in "".join(pages.values())


def test_what_was_graded_before_does_not_survive_what_cannot_be(graded, tmp_path):
    """No older score, and no older page, of somebody whose file is refused now."""
    course = CourseFolder(graded.course)
    (tmp_path / "zoe").mkdir()
    (tmp_path / "zoe" / "00_start_here.ipynb").write_text(json.dumps({"cells": 5}))
    grading.grade(course.path, tmp_path, LIMITS)
    assert ("zoe", "00_start_here") not in course.scores()
    assert not (course.path / "feedback" / "zoe" / "00_start_here").exists()
    assert course.scores()["ada", "00_start_here"]
