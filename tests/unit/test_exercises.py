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
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from scipy.sparse import csr_array

import bigmodel_lab as lab
from bigmodel_lab import exercises
from bigmodel_lab.authoring.notebooks import build, notebooks_folder
from bigmodel_lab.datasets.fetching import DataUnavailable
from bigmodel_lab.exercises.judging.judge import Exercise, Scored, exercise

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
    for wrong in one.misconceptions:
        for feedback in judged(one, wrong.answer):
            assert feedback.outcome == "wrong", wrong.name
            assert feedback.misconception == wrong.name


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
    first, second = (inputs_of(ALL[name]) for _ in range(2))
    assert str(first) != str(second)


@pytest.mark.parametrize("name", ALL)
def test_hints_lead_to_the_solution(name):
    count = len(ALL[name].hints)
    assert count >= 2
    hints = [lab.hint(name) for _ in range(count + 1)]
    assert hints[0].number == 1
    assert hints[-1] == hints[-2]  # the last hint again
    assert lab.solution(name).code.startswith("def ")


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


def test_every_module_with_a_quiz_is_a_chapter_and_no_other():
    names = [module.name for module in pkgutil.iter_modules(exercises.__path__)]
    modules = {name: import_module(f"{exercises.__name__}.{name}") for name in names}
    with_quiz = [name for name in names if hasattr(modules[name], "QUIZ")]
    assert exercises.chapters() == with_quiz
    assert set(SOURCES) == set(with_quiz)


def test_a_sandbox_sees_no_solution_and_needs_no_chapter(tmp_path):
    """The modules that are seen there work alone, and ask for nothing."""
    package, seen = tmp_path / "bigmodel_lab", {"__init__", *exercises.SEEN_IN_SANDBOX}
    assert not seen & set(exercises.chapters())
    shutil.copytree(Path(lab.__file__).parent, package)
    for path in (package / "exercises").glob("*.py"):
        if path.stem not in seen:
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


DOUBLE = Exercise(lambda x: 2 * x, inputs=lambda rng: (rng.normal(size=3),))


def unfinished(x):
    """A stub that only has a docstring."""


def without_return(x):
    x = 2 * x


def stumbles(x):
    y = x + 1
    return y + "two"


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (lambda x: 2 * x, "correct", ""),
        (lambda x: (2 * x).tolist(), "correct", ""),
        (lambda x, factor=2: factor * x, "correct", ""),
        (lambda *x: 2 * x[0], "correct", ""),
        (np.positive, "wrong", "0.5 times"),  # a ufunc has no signature
        (unfinished, "not attempted", ""),
        (..., "not attempted", ""),
        (without_return, "wrong", "`return`"),
        (stumbles, "error", 'return y + "two"'),
        (lambda x: -2 * x, "wrong", "-1 times"),
        (lambda x: x, "wrong", "0.5 times"),
        (lambda x: 2 * x[:2], "wrong", "shape (3,), not (2,)"),
        (lambda x: 2 * x + 1, "wrong", "where"),
        (lambda x: x * np.nan, "wrong", "NaN"),
        (lambda x: "no number", "wrong", "numbers"),
        (lambda x: [[1, 2], [3]], "wrong", "rows of different length"),
        (lambda x: np.array([[1, 2], [3]], dtype=object), "wrong", "different length"),
        (lambda x: [1, None, 3], "wrong", "None inside"),
        (lambda x: np.array([1, None, 3]), "wrong", "None inside"),
        (lambda x: csr_array(x[None]), "wrong", "sparse matrix: call .toarray()"),
        (lambda: 2, "wrong", "must take x"),
        (5, "wrong", "function itself"),
        (lambda x: 1 / 0, "error", "ZeroDivisionError"),
        (lambda x: exit(), "error", "SystemExit"),
    ],
)
def test_feedback_helps_where_no_misconception_fits(answer, outcome, says):
    feedback = DOUBLE.judge(answer)
    assert (feedback.outcome, feedback.misconception) == (outcome, None)
    assert says in feedback.message
    assert feedback.message.replace("<", "&lt;")[:20] in feedback._repr_html_()


def test_feedback_on_a_value_and_on_several_results():
    value = Exercise(lambda: 0.5, tolerance=0.03)
    assert value.judge(0.51).outcome == "correct"
    assert "too small" in value.judge(0.4).message
    assert "too large" in value.judge(0.6).message
    pair = Exercise(lambda x: (x, 2 * x), inputs=lambda rng: (rng.normal(),))
    assert pair.judge(lambda x: [x, 2 * x]).outcome == "correct"
    assert "2 things" in pair.judge(lambda x: x).message
    assert pair.judge(lambda x: (x, x)).message.startswith("Result 2 of 2")


def test_a_count_that_must_be_exact_is_described_exactly():
    counts = Exercise(
        lambda x: ("words", np.array([100_000, 200_000, 7])),
        inputs=lambda rng: (rng.normal(),),
        tolerance=0,
    )
    message = counts.judge(lambda x: ("words", [100_001, 200_000, 7])).message
    assert message.startswith("Result 2 of 2: ")
    assert "100001 where 100000 is right" in message
    assert "factor" not in message


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


def test_a_list_of_tensors_with_gradients_is_judged_by_its_values():
    weight = torch.ones((), requires_grad=True)
    losses = Exercise(lambda x: [x, 2 * x], inputs=lambda rng: (rng.normal(),))
    assert losses.judge(lambda x: [weight * x, weight * 2 * x]).outcome == "correct"


def test_feedback_names_large_arguments_in_a_few_words():
    def inputs(rng):
        return torch.nn.Sequential(torch.nn.Linear(2, 2)), np.zeros((9, 1, 4, 4)), 28

    one = Exercise(lambda model, images, size: 1 + 0 * images.size, inputs=inputs)
    message = one.judge(lambda model, images, size: 0).message
    assert message.endswith("for Sequential, an array of shape (9, 1, 4, 4), 28.")


def test_feedback_on_a_long_array_names_the_first_differing_place():
    long = Exercise(lambda x: np.arange(12), inputs=lambda rng: (rng.normal(),))
    message = long.judge(lambda x: [*range(7), 3, 8, 0, 10, 11]).message
    assert message.startswith("At [7] it returns 3 where 7 is right for ")
    table = Exercise(lambda x: np.eye(4), inputs=lambda rng: (rng.normal(),))
    message = table.judge(lambda x: np.eye(4) - 2 * np.eye(4, k=1)).message
    assert message.startswith("At [0, 1] it returns -2 where 0 is right")
    mask = Exercise(lambda x: np.arange(9) > 4, inputs=lambda rng: (rng.normal(),))
    message = mask.judge(lambda x: torch.arange(9) > 3).message
    assert message.startswith("At [4] it returns True where False is right")


def test_feedback_names_the_place_where_short_forms_are_the_same():
    pair = Exercise(lambda x: [0.1, 5], inputs=lambda rng: (rng.normal(),))
    message = pair.judge(lambda x: [0.10002, 5]).message
    assert message.startswith("At [0] it returns 0.10002 where 0.1 is right")


def test_ragged_rows_are_recognized_in_any_kind_of_list():
    rows = Exercise(lambda x: [[1, 2], [3, 0]], inputs=lambda rng: (rng.normal(),))

    @rows.misconception
    def not_padded(x):
        """The second row stayed short."""
        return [[1, 2], [3]]

    for answer in (
        lambda x: [[1, 2], [3]],
        lambda x: ((1, 2), (3,)),
        lambda x: [np.array([1, 2]), np.array([3])],
        lambda x: [torch.tensor([1, 2]), torch.tensor([3])],
    ):
        assert rows.judge(answer).misconception == "not_padded"


def test_an_answer_may_change_its_inputs():
    def careless(x):
        x *= 2
        return x

    assert DOUBLE.judge(careless).outcome == "correct"


LABELS = np.array([0, 1] * 50)


def every_second(texts):
    """Return the labels of the texts, 0 or 1 in turn."""
    return LABELS[: len(texts)]


PARITY = Scored(every_second, inputs=lambda rng: (["text"] * 100, LABELS), bar=0.8)


@PARITY.misconception(sign=lambda labels, predictions: (predictions == 0).all())
def always_zero(texts):
    """You never predict 1."""
    return [0] * len(texts)


def right_for(count):
    """Return an answer that is right for the first `count` of 100 texts."""
    return lambda texts: np.where(np.arange(100) < count, LABELS, 1 - LABELS)


def no_prediction(texts):
    texts.clear()


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (every_second, "correct", "accuracy is 1.000 on 100 new cases."),
        (lambda texts: torch.tensor(LABELS), "correct", "1.000"),
        (lambda texts: (LABELS == 1).tolist(), "correct", "1.000"),
        (right_for(80), "correct", "0.800"),
        (
            right_for(79),
            "wrong",
            "0.790 on 100 new cases; 0.80 is required",
        ),
        (always_zero, "wrong", "0.500 on 100 new cases; 0.80 is required. You never"),
        (lambda texts: LABELS[:99], "wrong", "shape (100,), not (99,)"),
        (lambda texts: np.eye(2)[LABELS], "wrong", "shape (100,), not (100, 2)"),
        (lambda texts: LABELS * 0.25, "wrong", "must be 0 or 1, but one is 0.25"),
        (lambda texts: LABELS * np.nan, "wrong", "but one is nan"),
        (lambda texts: ["positive"] * 100, "wrong", "Every prediction must be 0 or 1."),
        (no_prediction, "wrong", "`return`"),
        (stumbles, "error", "y = x + 1"),
        (lambda: 2, "wrong", "must take texts"),
        (LABELS, "wrong", "function itself"),
        (unfinished, "not attempted", ""),
        (..., "not attempted", ""),
    ],
)
def test_a_scored_exercise_says_what_the_predictions_lack(answer, outcome, says):
    feedback = PARITY.judge(answer)
    assert feedback.outcome == outcome
    assert says in feedback.message
    known = "always_zero" if answer is always_zero else None
    assert feedback.misconception == known


@pytest.mark.parametrize("kind", [Exercise, Scored])
def test_without_data_the_check_says_so_and_a_stub_asks_for_none(kind):
    def inputs(rng):
        raise DataUnavailable("then run: python -m bigmodel_lab fetch demo")

    one = kind(lambda x: x, inputs=inputs)
    assert one.judge(unfinished).outcome == "not attempted"
    feedback = one.judge(lambda x: x)
    assert feedback.outcome == "no data"
    assert "fetch demo" in feedback._repr_html_()


def test_data_that_the_answer_itself_lacks_are_an_error():
    def answer(x):
        raise DataUnavailable("another file")

    assert DOUBLE.judge(answer).outcome == "error"
    assert PARITY.judge(answer).outcome == "error"


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


@pytest.mark.parametrize("constant", ["5", "True", "'text'", "(None, ...)"])
def test_a_function_that_returns_a_constant_is_not_a_stub(constant):
    scope = {}
    exec(f"def answer(x): return {constant}", scope)
    assert DOUBLE.judge(scope["answer"]).outcome == "wrong"


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


def test_a_probability_is_shown_as_it_is():
    exercise = Scored(
        lambda train: np.zeros(4),
        inputs=lambda rng: (0, np.array([0, 1, 0, 1])),
        bar=0.5,
    )
    feedback = exercise.judge(lambda train: np.array([0, 1, 0, 0.99999]))
    assert feedback.message == "Every prediction must be 0 or 1, but one is 0.99999."
