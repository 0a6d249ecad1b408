"""What was handed in, before anything runs: whose it is, and what cannot be graded."""

import json
import os
import re
import shutil
import zipfile

import nbformat
import pytest
from learners import answered, grade_id, hand_in, make_course, solved

from bigmodel_lab.classroom import archives, cells, layouts, submissions
from bigmodel_lab.classroom.folder import CourseFolder
from bigmodel_lab.classroom.submissions import ORIGINS, collect

LOSSES = [f"losses.{name}" for name in ("cross_entropy_gradient", "hidden_delta")]
STEP = "start_here.gradient_step"
RIGHT = solved(LOSSES)
MOODLE = "Ada Lovelace_123456_assignsubmission_file_"
CANVAS = "lovelaceada_LATE_98765_1234567_02_losses-1.ipynb"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a course with two assignments, and a right notebook of the first."""
    folder = tmp_path_factory.mktemp("made")
    releases = make_course(folder / "course", {"02_losses": LOSSES})
    make_course(folder / "course", {"00_start_here": [STEP]})
    hand_in(releases["02_losses"], folder / "right.ipynb", RIGHT)
    return folder


@pytest.fixture
def course(made, tmp_path):
    return CourseFolder(shutil.copytree(made / "course", tmp_path / "course"))


@pytest.fixture
def handed_in(made, tmp_path):
    """Return a function that puts copies of a right notebook into a folder."""

    def put(*names, folder="class"):
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if layouts.is_notebook(str(name)):
                shutil.copy(made / "right.ipynb", path)
            else:
                path.write_text("something else")
        return tmp_path / folder

    return put


def found(folder, course):
    """Return [(learner, assignment)] of what can be graded, {learner: why not}."""
    all_ = collect(folder, course)
    fit = [(one.student, one.assignment) for one in all_ if not one.problem]
    return fit, {one.student: one.problem for one in all_ if one.problem}


LAYOUTS = {
    "folders": (["ada/02_losses.ipynb", "bob/x.ipynb"], ["ada", "bob"]),
    "nbgrader's": (["ada/02_losses/02_losses.ipynb"], ["ada"]),
    "file names": (["ada_02_losses.ipynb", "02_losses - bob.ipynb"], ["ada", "bob"]),
    "bare names": (["ada.ipynb", "bob.ipynb"], ["ada", "bob"]),
    "an assignment's folder": (
        ["02_losses/ada.ipynb", "02_losses/bob.ipynb"],
        ["ada", "bob"],
    ),
    "learners in an assignment's": (
        ["02_losses/ada/a.ipynb", "02_losses/bob/b.ipynb"],
        ["ada", "bob"],
    ),
    "one learner's folder alone": (["ada/drafts/02_losses.ipynb"], ["ada"]),
    "one learner with pictures": (
        ["ada/02_losses.ipynb", "ada/a/1.png", "ada/b/2.png"],
        ["ada"],
    ),
    "one folder too deep": (
        ["export/ada/02_losses.ipynb", "export/bob/02_losses.ipynb"],
        ["ada", "bob"],
    ),
    "two folders too deep": (
        ["a/b/ada_02_losses.ipynb", "a/b/bob_02_losses.ipynb"],
        ["ada", "bob"],
    ),
    "an assignment's folder too deep": (
        ["a/02_losses/ada.ipynb", "a/02_losses/bob.ipynb"],
        ["ada", "bob"],
    ),
    "Moodle": (
        [f"{MOODLE}/02_losses.ipynb", "Bob_77_assignsubmission_file/x.ipynb"],
        ["Ada Lovelace", "Bob"],
    ),
    "Moodle, one alone": ([f"moodle/{MOODLE}/02_losses.ipynb"], ["Ada Lovelace"]),
    "Moodle, its zip beside it": (
        [f"Week 2/{MOODLE}/x.ipynb", "Week 2.zip"],
        ["Ada Lovelace"],
    ),
    "Moodle, without folders": ([f"{MOODLE}02_losses.ipynb"], ["Ada Lovelace"]),
    "Moodle, with typed text": (
        [
            f"{MOODLE}/02_losses.ipynb",
            "Ada Lovelace_123456_assignsubmission_onlinetext_/onlinetext.html",
        ],
        ["Ada Lovelace"],
    ),
    "Moodle, names hidden": (
        [
            "Participant_11_assignsubmission_file_/02_losses.ipynb",
            "Participant_12_assignsubmission_file_/02_losses.ipynb",
        ],
        ["Participant 11", "Participant 12"],
    ),
    "Moodle, one name twice": (
        [
            "Li Wei_11_assignsubmission_file_/02_losses.ipynb",
            "Li Wei_12_assignsubmission_file_/02_losses.ipynb",
        ],
        ["Li Wei 11", "Li Wei 12"],
    ),
    "Canvas": (
        [CANVAS, "babbagec_54321_1234568_02_losses.ipynb"],
        ["babbagec", "lovelaceada"],
    ),
    "Canvas, too deep": ([f"submissions/{CANVAS}"], ["lovelaceada"]),
    "Canvas, a name of the learner's own": (
        ["lovelaceada_98765_1234567_my homework.ipynb"],
        ["lovelaceada"],
    ),
    "copies": (
        [
            *("curie_02_losses (1).ipynb", "bohr_02_losses-Copy1.ipynb"),
            *("noether_02_losses-1.ipynb", "gauss_02_losses_final.ipynb"),
            *("02_lossesCopy1_euler.ipynb", "hopper_02_losses - Copy (2).ipynb"),
        ],
        ["bohr", "curie", "euler", "gauss", "hopper", "noether"],
    ),
    "numbered teams": (
        ["02_losses/team-1.ipynb", "02_losses/team-2.ipynb"],
        ["team-1", "team-2"],
    ),
    "capital letters": (["Ada_02_LOSSES.IPYNB"], ["Ada"]),
    "underscores": (["__bob/02_losses.ipynb"], ["__bob"]),
    "droppings": (
        [
            *("ada/02_losses.ipynb", "desktop.ini", "Thumbs.db", ".DS_Store"),
            *("__MACOSX/ada/._02_losses.ipynb", "ada/._02_losses.ipynb"),
            "ada/.ipynb_checkpoints/02_losses-checkpoint.ipynb",
        ],
        ["ada"],
    ),
}


@pytest.mark.parametrize(("names", "learners"), LAYOUTS.values(), ids=LAYOUTS)
def test_layouts(course, handed_in, names, learners):
    fit, problems = found(handed_in(*names), course)
    assert problems == {}
    assert fit == [(name, "02_losses") for name in learners]


REASONS = {
    "hidden": (".ada/02_losses.ipynb", ".ada", "cannot start with a dot"),
    "typed text alone": (
        "Bob_7_assignsubmission_onlinetext_/onlinetext.html",
        "Bob",
        "typed into Moodle",
    ),
    "long": (f"{'x' * 120}/02_losses.ipynb", "x" * 120, "has 120 characters"),
    "escape codes": ("a\x1b[2J/x.ipynb", "a\\x1b[2J", "control characters"),
    "forbidden": ("a?b/x.ipynb", "a?b", "cannot hold ?"),
    "packed": ("ada/work.rar", "ada", "unpack it first"),
    "nameless": ("02_losses.ipynb", "02_losses", "whose is 02_losses.ipynb?"),
}


@pytest.mark.parametrize(("name", "student", "why"), REASONS.values(), ids=REASONS)
def test_what_cannot_be_graded_has_a_row_and_a_reason(
    course, handed_in, name, student, why
):
    fit, problems = found(handed_in(name, "eve/02_losses.ipynb"), course)
    assert fit == [("eve", "02_losses")]
    assert why in problems[student]


def test_pipes_and_empty_folders_have_a_row(course, handed_in):
    folder = handed_in("eve/02_losses.ipynb")
    (folder / "ada").mkdir()
    os.mkfifo(folder / "ada" / "02_losses.ipynb")
    (folder / "bob" / "sub").mkdir(parents=True)
    _, problems = found(folder, course)
    assert "is a pipe or a device" in problems["ada"]
    assert "is empty" in problems["bob"]


def test_a_name_that_is_no_utf8_is_told_and_costs_nobody_else(course, handed_in):
    folder = handed_in("eve/02_losses.ipynb", os.fsdecode(b"ad\xe9le/02_losses.ipynb"))
    fit, problems = found(folder, course)
    assert fit == [("eve", "02_losses")]
    assert "unzip with -O GBK" in problems["ad\\xe9le"]


def test_two_files_of_a_learner_are_told_apart(course, handed_in):
    folder = handed_in("curie_02_losses.ipynb", "curie_02_losses (1).ipynb")
    _, problems = found(folder, course)
    names = "curie_02_losses (1).ipynb and curie_02_losses.ipynb"
    assert problems == {"curie": f"two files ({names}): keep one"}


def test_two_exports_of_two_assignments_are_of_one_learner(made, course, handed_in):
    folder = handed_in(f"week 2/{MOODLE}/02_losses.ipynb")
    other = "Ada Lovelace_9_assignsubmission_file_"
    release = course.release("00_start_here")
    hand_in(release, folder / "week 0" / other / "x.ipynb", solved([STEP]))
    fit, _ = found(folder, course)
    assert fit == [("Ada Lovelace", name) for name in ("00_start_here", "02_losses")]
    assert course.remembered(ORIGINS) == {
        "00_start_here": {"Ada Lovelace": other},
        "02_losses": {"Ada Lovelace": MOODLE},
    }


def test_a_learner_with_a_number_keeps_it_when_graded_alone(course, handed_in):
    names = [f"Li Wei_{n}_assignsubmission_file_/02_losses.ipynb" for n in (11, 12)]
    found(handed_in(*names), course)
    fit, _ = found(handed_in(names[1], folder="again"), course)
    assert fit == [("Li Wei 12", "02_losses")]


@pytest.mark.parametrize(
    ("origin", "late", "number"),
    [
        (CANVAS, True, "98765"),
        ("lovelaceada_98765_1234567_x.ipynb", False, "98765"),
        (MOODLE, False, "123456"),
        ("ada_12_02_losses.ipynb", False, ""),  # no number of a file
    ],
)
def test_what_a_platforms_name_says(origin, late, number):
    assert (layouts.marked_late(origin), layouts.number_in(origin)) == (late, number)


def changed(made, folder, change, **options):
    """Write the right notebook, changed as JSON, as ada's."""
    nb = json.loads((made / "right.ipynb").read_text(encoding="utf-8"))
    change(nb)
    path = folder / "class" / "ada" / "02_losses.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(nb), **({"encoding": "utf-8"} | options))
    return folder / "class"


def answers(submission):
    """Return the answers in a notebook that will be graded, by exercise."""
    cells = submission.notebook.cells
    return {answered(cell): cell.source for cell in cells if answered(cell)}


def test_a_notebook_may_start_with_a_byte_order_mark(made, course, tmp_path):
    folder = changed(made, tmp_path, lambda nb: None, encoding="utf-8-sig")
    assert found(folder, course) == ([("ada", "02_losses")], {})


def test_outputs_may_be_large_up_to_a_cap(made, course, tmp_path, monkeypatch):
    def print_much(nb):
        cell = next(c for c in nb["cells"] if c["cell_type"] == "code")
        text = "x" * 21_000_000
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]

    folder = changed(made, tmp_path, print_much)
    assert found(folder, course) == ([("ada", "02_losses")], {})
    monkeypatch.setattr(cells, "LARGEST", 20e6)
    monkeypatch.setattr(submissions, "SMALL", 22e6)  # so that it is read right here
    _, problems = found(folder, course)
    assert "clear its outputs" in problems["ada"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([""] * 1_001, r"has 1,0\d\d cells, and at most 1,000 are graded"),
        (["#" * 1_000_001], r"has 1,00\d,\d+ characters of code"),
        (["#" * 25_000_000], r"has 25,00\d,\d+ characters of code"),
    ],
)
def test_more_than_anybody_writes_is_refused(made, course, tmp_path, cells, reason):
    def add(nb):
        nb["cells"] += [nbformat.v4.new_code_cell(text) for text in cells]

    _, problems = found(changed(made, tmp_path, add), course)
    assert re.search(reason, problems["ada"])


def test_cells_without_their_metadata_are_known_by_their_text(made, course, tmp_path):
    def drop(nb):
        for cell in nb["cells"]:
            cell["metadata"] = {}

    (one,) = collect(changed(made, tmp_path, drop), course)
    assert (one.problem, one.remarks) == ("", [])
    assert answers(one) == RIGHT


def test_an_answer_that_became_text_is_told_as_that(made, course, tmp_path):
    def as_text(nb):
        for cell in nb["cells"]:
            if (
                cell["metadata"]
                .get("nbgrader", {})
                .get("grade_id", "")
                .endswith("hidden_delta-answer")
            ):
                cell["cell_type"] = "markdown"

    (one,) = collect(changed(made, tmp_path, as_text), course)
    assert "hidden_delta-answer was turned into text" in one.remarks[0]


def test_a_pasted_picture_costs_nothing(made, course, tmp_path):
    from nbconvert import HTMLExporter

    def paste(nb):
        source = "Look: ![image.png](attachment:image.png) and [x](attachment:lost)"
        picture = {"image.png": {"image/png": "iVBORw0KGgo="}}
        added = {"cell_type": "markdown", "id": "p", "metadata": {}}
        nb["cells"].append(added | {"source": source, "attachments": picture})

    (one,) = collect(changed(made, tmp_path, paste), course)
    assert one.problem == ""
    page, _ = HTMLExporter().from_notebook_node(one.notebook)
    assert "Look:" in page


@pytest.mark.parametrize(
    "text",
    [
        '{"cells": ' + "[" * 1_000_000,
        '{"cells": [{"cell_type": "code", "source": ' + "9" * 5_000 + "}]}",
        '{"cells": {"cell_type": "code"}}',
        '{"cells": [{"cell_type": "code", "source": "x", "metadata": 5}]}',
        '{"cells": [{"cell_type": ["code"], "source": null}]}',
        "\0\0\0",
    ],
)
def test_a_file_that_is_no_notebook_is_told_as_damaged(course, tmp_path, text):
    (tmp_path / "class" / "eve").mkdir(parents=True)
    (tmp_path / "class" / "eve" / "02_losses.ipynb").write_text(text)
    fit, problems = found(tmp_path / "class", course)
    assert fit == []
    assert "cannot be read as a notebook: damaged?" in problems["eve"]


def test_half_a_character_does_no_harm(made, course, tmp_path):
    folder = changed(made, tmp_path, lambda nb: None)
    path = folder / "ada" / "02_losses.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"import math', '"# \\ud800\\n", "import math'))
    (one,) = collect(folder, course)
    assert one.problem == ""
    nbformat.writes(one.notebook).encode("utf-8")


def test_a_learner_without_a_notebook_has_one_row(course, handed_in):
    folder = handed_in("ada/a.txt", "ada/b.pdf", "eve/02_losses.ipynb")
    _, problems = found(folder, course)
    assert problems == {"ada": "a.txt is not a notebook (.ipynb)"}


def test_the_cells_of_a_release_stay_in_order(made, course):
    release = nbformat.read(course.release("02_losses"), 4)
    restored, remarks = cells.restore([], release)
    kept = [grade_id(cell) for cell in restored.cells]
    assert set(kept) == set(cells.graded_cells(release))
    assert all("was deleted: put back" in remark for remark in remarks)


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_downloaded_zip_is_taken_as_it_is(made, course, tmp_path):
    notebook = (made / "right.ipynb").read_bytes()
    members = {f"{MOODLE}/02_losses.ipynb": notebook, "../../out.ipynb": notebook}
    path = zipped(tmp_path / "download.zip", members)
    with archives.unpacked(path) as folder:
        assert found(folder, course)[0] == [
            ("Ada Lovelace", "02_losses"),
            ("out", "02_losses"),
        ]
    assert not folder.exists()
    assert not list(tmp_path.rglob("out.ipynb"))


def test_a_zip_that_cannot_be_unpacked_is_told(made, tmp_path, monkeypatch):
    (tmp_path / "no.zip").write_text("no zip")
    with (
        pytest.raises(ValueError, match="neither a folder nor a zip"),
        archives.unpacked(tmp_path / "no.zip"),
    ):
        pass
    monkeypatch.setattr(archives, "LARGEST", 10)
    path = zipped(tmp_path / "bomb.zip", {"a": "x" * 1000})
    with (
        pytest.raises(ValueError, match="in 1 files: unpack it yourself"),
        archives.unpacked(path),
    ):
        pass
