"""Every exercise: its solution passes, its misconceptions are told apart."""

import inspect
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from exercise_parts import assert_told_apart
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import bigmodel_lab as lab
from bigmodel_lab import exercises
from bigmodel_lab.authoring.card import facts_of
from bigmodel_lab.authoring.notebooks import build, notebooks_folder
from bigmodel_lab.datasets.fetching import DataUnavailable
from bigmodel_lab.exercises.judging.judge import Exercise, Scored, exercise

pytestmark = pytest.mark.usefixtures("same_draws")
ALL = exercises.all_exercises()
TIMES = 5  # random inputs: once may be luck
SOURCES = {path.stem[3:]: path for path in notebooks_folder().glob("source/*.py")}


def answer_of(one, function):
    """Return what a learner would hand in: the function, or the value it gives."""
    return function if one.inputs else function()


def judged(one, function):
    """Return the outcome of handing in a function's answer, again and again."""
    for _ in range(1 if isinstance(one, Scored) else TIMES):  # a score takes seconds
        feedback = one.judge(answer_of(one, function))
        if feedback.outcome == "no data":
            pytest.skip(f"needs a network, once: {feedback.message}")
        yield feedback


def inputs_of(one):
    """Return random inputs of an exercise."""
    try:
        return one.inputs(np.random.default_rng())
    except DataUnavailable as error:
        pytest.skip(f"needs a network, once: {error}")


def assert_recognized(one):
    """Assert that every misconception of an exercise is recognized by its name."""
    if isinstance(one, Scored):
        for wrong in one.misconceptions:
            for feedback in judged(one, wrong.answer):
                assert feedback.misconception == wrong.name
        return
    assert_told_apart(one, TIMES)


def stub_of(name):
    """Run the chapter's cell with the exercise's stub and return the stub."""
    chapter = name.partition(".")[0]
    cells = [
        cell.source
        for cell in build(SOURCES[chapter]).cells
        if cell.cell_type == "code" and f'lab.check("{name}"' in cell.source
    ]
    assert len(cells) == 1, f"{name} must be checked in exactly one cell"
    variable = re.search(r"lab\.check\(\s*\"[^\"]+\",\s*(\w+)\s*\)", cells[0])[1]
    scope = {"lab": lab}
    exec(cells[0], scope)
    return scope[variable]


@pytest.mark.parametrize("name", ALL)
def test_the_solution_is_correct(name):
    one = ALL[name]
    for feedback in judged(one, one.solution):
        assert feedback.outcome == "correct"


@pytest.mark.parametrize("name", ALL)
def test_misconceptions_are_recognized(name):
    one = ALL[name]
    assert len(one.misconceptions) >= 3
    assert all(len(wrong.help) > 30 for wrong in one.misconceptions)
    assert_recognized(one)


@pytest.mark.parametrize("name", ALL)
def test_the_stub_is_not_attempted_and_has_the_solutions_signature(name):
    one, stub = ALL[name], stub_of(name)
    assert one.judge(stub).outcome == "not attempted"
    if one.inputs:
        assert inspect.signature(stub) == inspect.signature(one.solution)
        assert inspect.getdoc(stub) == inspect.getdoc(one.solution)


@pytest.mark.parametrize("name", [n for n, one in ALL.items() if one.inputs])
def test_random_inputs_differ_between_checks(name):
    drawn = {str(inputs_of(ALL[name])) for _ in range(4)}
    assert len(drawn) > 1  # two of a few hundred kinds may be equal by chance


@pytest.mark.parametrize("name", ALL)
def test_hints_lead_to_the_solution(name):
    count = len(ALL[name].hints)
    assert count >= 2
    hints = [lab.hint(name) for _ in range(count + 1)]
    assert hints[0].number == 1
    assert hints[-1] == hints[-2]  # the last hint again
    assert lab.solution(name).code.startswith("def ")


def statement_of(name):
    """Return the Markdown cell above an exercise's stub."""
    cells = build(SOURCES[name.partition(".")[0]]).cells
    (k,) = [k for k, c in enumerate(cells) if f'lab.check("{name}"' in c.source]
    return cells[k - 1].source


@pytest.mark.parametrize("name", ALL)
def test_an_exercise_says_how_hard_it_is_and_how_long_it_takes(name):
    heading, _, level, *_ = statement_of(name).split("\n")
    assert re.fullmatch(r"### Exercise \d+: .+", heading)
    assert re.fullmatch(r"\*(Easy|Medium|Hard) · [1-9]\d? minutes\*", level)


@pytest.mark.parametrize("chapter", SOURCES)
def test_exercises_are_numbered_in_order_and_fit_into_the_chapters_time(chapter):
    text = SOURCES[chapter].read_text()
    numbers = re.findall(r"^# ### Exercise (\d+):", text, re.M)
    names = [name for name in ALL if name.startswith(f"{chapter}.")]
    assert numbers == [str(k + 1) for k in range(len(names))]
    assert re.findall(r'lab\.check\(\s*"([\w.]+)"', text) == names  # as in the module
    minutes = map(int, re.findall(r" · (\d+) minutes\*$", text, re.M))
    assert sum(minutes) < facts_of(SOURCES[chapter].stem)["minutes"]


@pytest.mark.parametrize("chapter", SOURCES)
def test_what_is_solved_is_shown_at_the_beginning_and_at_the_end(chapter):
    cells = [
        (cell.source, k)
        for k, cell in enumerate(build(SOURCES[chapter]).cells)
        if f'lab.solved("{chapter}")' in cell.source
    ]
    (first, k), (_, last) = cells
    assert "lab.start_chapter" in first
    checks = [
        k
        for k, cell in enumerate(build(SOURCES[chapter]).cells)
        if "lab.check(" in cell.source
    ]
    assert k < min(checks) <= max(checks) < last


@pytest.mark.parametrize("chapter", SOURCES)
def test_what_one_should_have_seen_is_folded(chapter):
    text = SOURCES[chapter].read_text().lower()
    seen = text.count("what you should have seen")
    assert seen == text.count("<summary>what you should have seen</summary>")


@pytest.mark.parametrize("chapter", SOURCES)
def test_a_chapter_has_at_least_five_exercises_and_a_quiz(chapter):
    assert sum(name.startswith(f"{chapter}.") for name in ALL) >= 5
    questions = lab.quiz(chapter).questions
    assert len(questions) >= 3
    for question in questions:
        assert sum(a.get("correct", False) for a in question["answers"]) == 1
        assert all(a["feedback"] for a in question["answers"])


def test_a_misconception_that_is_not_recognized_fails():
    @exercise(inputs=lambda rng: (rng.normal(),))
    def double(x):
        return 2 * x

    @double.misconception
    def really_right(x):
        """Not a misconception at all: the same as the solution."""
        return x + x

    with pytest.raises(AssertionError, match="really_right"):
        assert_recognized(double)

    @exercise(inputs=lambda rng: (rng.normal(),))
    def triple(x):
        return 3 * x

    @triple.misconception
    def plain(x):
        """The first of two that give the same."""
        return x

    @triple.misconception
    def hidden(x):
        """Never reached: the first one answers for it."""
        return 1 * x

    with pytest.raises(AssertionError):
        assert_recognized(triple)


def test_every_chapter_has_exercises_and_every_module_with_some_a_chapter():
    names = [m.name for m in pkgutil.iter_modules(exercises.__path__) if not m.ispkg]
    modules = {name: import_module(f"{exercises.__name__}.{name}") for name in names}
    with_exercises = [
        name
        for name in names
        if any(isinstance(value, Exercise) for value in vars(modules[name]).values())
    ]
    assert exercises.chapters() == with_exercises
    assert set(SOURCES) == set(with_exercises)


def test_a_sandbox_sees_no_solution_and_needs_no_chapter(tmp_path):
    """The modules that are seen there work alone, and ask for nothing."""
    package = tmp_path / "bigmodel_lab"
    shutil.copytree(Path(lab.__file__).parent, package)
    for path in (package / "exercises").iterdir():
        if path.name in exercises.SEEN_IN_SANDBOX:
            assert "@exercise(" not in "".join(
                file.read_text()
                for file in [path, *path.glob("*.py")]
                if file.is_file()
            )
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    code = (
        "import bigmodel_lab as lab\n"
        "print(lab.__file__)\n"
        "print(lab.check('losses.hidden_delta', 5))\n"
        "print(lab.hint('losses.hidden_delta'), lab.solution('losses.hidden_delta'))\n"
        "print(lab.classroom.score.__name__)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {exercises.IN_SANDBOX: "x", "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    file, *lines = run.stdout.splitlines()
    assert file.startswith(str(tmp_path))
    assert lines == ["○ Not attempted yet.", "None None", "score"]


def outputs_of(*cells):
    """Run cells in a kernel of their own; return the outputs of each."""
    notebook = new_notebook(cells=[new_code_cell(code) for code in cells])
    NotebookClient(notebook).execute()
    return [cell.outputs for cell in notebook.cells]


def test_what_a_learner_asks_for_displays_itself():
    name = "losses.hidden_delta"
    _, check, hint, solution, quiz = outputs_of(
        "import bigmodel_lab as lab",
        f'lab.check("{name}", ...)',
        f'lab.hint("{name}")',
        f'lab.solution("{name}")',
        'lab.quiz("losses")',
    )
    for (output,) in (check, hint, solution):
        assert output.output_type == "execute_result"
    assert check[0].data["text/html"].startswith('<div role="status"')
    assert hint[0].data["text/markdown"].startswith("**Hint 1 of 3.** ")
    assert solution[0].data["text/markdown"].startswith("```python\ndef hidden_delta(")
    script, html = "application/javascript", "text/html"  # in the order of the page
    assert [output.output_type for output in quiz] == ["display_data"] * 4
    for output, kind in zip(quiz, (script, html, script, script), strict=True):
        assert kind in output.data


def test_what_a_learner_asks_for_is_plain_text_in_a_script():
    name = "start_here.gradient_step"
    assert repr(lab.check(name, ...)) == "○ Not attempted yet."
    assert repr(lab.hint(name)).startswith("Hint ")
    assert "**" not in repr(lab.hint(name))
    assert repr(lab.solution(name)).startswith("def gradient_step(")
    lines = repr(lab.quiz("start_here")).splitlines()
    assert lines[0].startswith("1. Training loss falls, validation loss rises.")
    assert lines[1] == "   - Overfitting"
    assert lines[4].startswith("2. 100 samples")  # a number is asked for: no choices
    assert lines[5].startswith("3. ")


@exercise(inputs=lambda rng: (rng.normal(),), hints=["Write def half(x): first."])
def half(x):
    """Return half of x."""
    return x / 2


def test_a_hint_that_holds_a_def_is_not_part_of_the_solution(monkeypatch):
    monkeypatch.setattr(exercises, "find", lambda name: half)
    expected = 'def half(x):\n    """Return half of x."""\n    return x / 2\n'
    assert exercises.code("half") == expected


def test_a_check_imports_its_own_chapter_only():
    """A package that another chapter needs may be missing."""
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import bigmodel_lab as lab\n"
        "name = 'losses.cross_entropy_gradient'\n"
        "print(lab.check(name, ...), str(lab.hint(name))[:6])\n"
        "from bigmodel_lab import exercises\n"
        "print([n for n in exercises.chapters() if n in vars(exercises)])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    first, second = run.stdout.splitlines()
    assert first == "○ Not attempted yet. Hint 1"
    assert second == "['losses']"


def test_chinese_reviews_that_cannot_be_fetched_are_named(monkeypatch, tmp_path):
    def offline(*_):
        raise OSError("no network")

    monkeypatch.setattr("bigmodel_lab.datasets.fetching.cache_folder", lambda: tmp_path)
    monkeypatch.setattr("bigmodel_lab.datasets.fetching._downloader", offline)
    one = ALL["text.chinese_sentiment"]
    inspect.getmodule(one.solution)._reviews.cache_clear()
    feedback = one.judge(one.solution)
    assert feedback.outcome == "no data"
    command = "python -m bigmodel_lab fetch chinese-reviews-negative"
    assert command in feedback.message


def test_unknown_names_are_named_with_the_nearest():
    with pytest.raises(ValueError, match=r"rmsee.*house_prices\.rmse"):
        lab.check("house_prices.rmsee", ...)
    with pytest.raises(ValueError, match=r"no chapter 'house_price'.*house_prices"):
        lab.check("house_price.rmse", ...)
    with pytest.raises(ValueError, match=r"house_price'.*house_prices"):
        lab.quiz("house_price")


def test_for_padded_ids_the_feedback_asks_for_lists():
    def padded(train, test, min_count):
        vocabulary = lab.text.Vocabulary(train, min_count=min_count)
        return tuple(
            lab.text.pad([vocabulary.encode(words) for words in part])
            for part in (train, test)
        )

    feedback = lab.check("text.encode_both", padded)
    assert feedback.outcome == "wrong"
    assert "lists of different lengths" in feedback.message
