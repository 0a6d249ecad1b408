"""How an answer is judged: right, wrong with a reason, or an error with its line."""

import warnings
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_array

from bigmodel_lab.datasets.fetching import DataUnavailable
from bigmodel_lab.exercises.judging.attempt import PRINTED
from bigmodel_lab.exercises.judging.judge import Exercise, Scored

pytestmark = pytest.mark.usefixtures("same_draws")
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
        (np.positive, "wrong", "x as it came in"),  # a ufunc has no signature
        (unfinished, "not attempted", ""),
        (..., "not attempted", ""),
        (without_return, "wrong", "`return`"),
        (stumbles, "error", 'return y + "two"'),
        (lambda x: -2 * x, "wrong", "-1 times"),
        (lambda x: x, "wrong", "x as it came in"),
        (lambda x: x.mean() + 0 * x, "wrong", "where"),
        (lambda x: 1.5 * x, "wrong", "0.75 times"),
        (lambda x: 2 * x[:2], "wrong", "without their last row"),
        (lambda x: [*x, 1, 2], "wrong", "shape (3,), not (5,)"),
        (lambda x: 2 * x + 1, "wrong", "1 too large"),
        (lambda x: 2 * x + x**3, "wrong", "is right for x=["),
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


class Agreeable:
    """It says yes to every comparison."""

    __hash__ = None

    def __eq__(self, other):
        return True

    def __bool__(self):
        return True


class AgreeableArray(np.ndarray):
    """It has other numbers, and says that they are the same."""

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __sub__(self, other):
        return np.zeros(self.shape)


class Hostile:
    """Whatever is asked of it, it raises an error."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def fails(self, *arguments):
        raise RuntimeError

    __array__ = __len__ = __repr__ = __str__ = __iter__ = fails


class Doubling(torch.nn.Module):
    def forward(self, x):
        return 2 * x


class Holder:
    def __init__(self, x):
        self.x = 2 * x


def generated(x):
    yield from 2 * x


def endless(x):
    return endless(x)


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (Doubling(), "correct", ""),
        (lambda x: pd.Series(2 * x, index=[9, 8, 7]), "correct", ""),
        (lambda x: np.ma.masked_array(2 * x), "correct", ""),
        (lambda x: np.array(list(2 * x), dtype=object), "correct", ""),
        (lambda x: [Fraction(float(2 * v)) for v in x], "correct", ""),
        (lambda x: [Decimal(float(2 * v)) for v in x], "correct", ""),
        (lambda x: torch.tensor(2 * x).to_sparse(), "correct", ""),
        (partial(lambda a, x: a * x, 2), "correct", ""),
        (generated, "wrong", "a generator: make a list or an array of it"),
        (lambda x: map(float, 2 * x), "wrong", "a map: make a list"),
        (lambda x: lambda: 2 * x, "wrong", "<lambda> itself: call it"),
        (lambda x: Doubling(), "wrong", "Doubling itself: call it"),
        (lambda x: float, "wrong", "float itself: call it"),
        (Holder, "wrong", "numbers, not Holder"),
        (lambda x: np.ma.masked_array(2 * x, [0, 1, 0]), "wrong", ".filled(...)"),
        (lambda x: 2 * x + 0j, "wrong", "complex numbers: take .real"),
        (lambda x: pd.DataFrame({"a": 2 * x}), "wrong", "shape should be (3,), not"),
        (lambda x: torch.tensor(2 * x).bfloat16(), "wrong", "take float32"),
        (lambda x: Agreeable(), "wrong", "numbers, not Agreeable"),
        (lambda x: [Agreeable()] * 3, "wrong", "numbers, not list"),
        (lambda x: (0 * x).view(AgreeableArray), "wrong", "Every value is 0"),
        (lambda x: Hostile(), "wrong", "numbers, not Hostile"),
        (lambda x: [Hostile()] * 3, "wrong", "numbers, not list"),
        (lambda x: {"a": 1}, "wrong", "numbers, not dict"),
        (lambda x: [], "wrong", "shape (3,), not (0,)"),
        (lambda x: np.ones((1000, 1000)), "wrong", "not (1000, 1000)"),
        (lambda x: x / 0, "wrong", "infinity"),
        (Agreeable(), "wrong", "Give the function itself"),
        (endless, "error", "RecursionError"),
    ],
)
def test_a_strange_answer_has_a_clear_outcome(answer, outcome, says):
    with np.errstate(all="ignore"):
        feedback = DOUBLE.judge(answer)
    assert feedback.outcome == outcome
    assert says in feedback.message


@pytest.mark.parametrize("answer", [Agreeable(), [0.5, 0.5], "0.5", Doubling])
def test_a_strange_value_has_a_clear_outcome(answer):
    feedback = Exercise(lambda: 0.5).judge(answer)
    assert feedback.outcome == "wrong"
    assert (
        "One number is asked" in feedback.message or "numbers, not" in feedback.message
    )


def test_a_hostile_object_is_named():
    assert "an object of the type Hostile" in DOUBLE.judge(Hostile()).message
    assert "numbers, not Hostile" in Exercise(lambda: 0.5).judge(Hostile()).message


def test_an_answer_that_prints_a_lot_is_cut_short(capsys):
    def talkative(x):
        print("word " * 10_000)
        return 2 * x

    assert DOUBLE.judge(talkative).outcome == "correct"
    printed = capsys.readouterr().out
    assert len(printed) < PRINTED + 100
    assert "248,005 more characters were printed" in printed


TENSORS = Exercise(
    lambda x: 2 * x.mean(), inputs=lambda rng: (torch.from_numpy(rng.normal(size=4)),)
)


def test_arrays_where_tensors_were_refused_and_the_other_way_around():
    assert TENSORS.judge(lambda x: 2 * np.mean(x)).outcome == "correct"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy warns of abs of a tensor
        assert TENSORS.judge(lambda x: np.abs(x)).outcome == "wrong"
    assert DOUBLE.judge(lambda x: torch.add(x, x)).outcome == "correct"
    feedback = TENSORS.judge(lambda x: np.mean(x) + "one")
    assert feedback.outcome == "error"
    assert "write x.mean() or torch.mean(x)" in feedback.message


def test_another_right_answer_is_accepted_and_scored():
    one = Exercise(lambda x: x.std(), inputs=lambda rng: (rng.normal(size=4),))
    assert one.judge(lambda x: x.std(ddof=1)).outcome == "wrong"

    @one.accepts
    def _(x):
        return x.std(ddof=1)

    assert one.judge(lambda x: x.std(ddof=1)).outcome == "correct"
    cases = one.cases(np.random.default_rng(0))
    assert one.share([x.std(ddof=1) for (x,), _ in cases], cases) == 1


def test_a_count_must_be_exact_however_large():
    one = Exercise(lambda x: 10**6 + x, inputs=lambda rng: (int(rng.integers(9)),))
    assert one.judge(lambda x: float(10**6 + x)).outcome == "correct"
    assert one.judge(lambda x: 10**6 + x + 1).message == (
        "Every value is 1 too large, in every case."
    )


def test_marks_and_counts_prove_no_cause():
    marks = Exercise(lambda x: x > 0, inputs=lambda rng: (rng.normal(size=4),))

    @marks.mistakes
    def _(x):
        """
        negative_ones: You took the negative ones.
        """
        return {"negative_ones": x < 0}

    feedback = marks.judge(lambda x: x < 0)
    assert feedback.misconception == "negative_ones"
    assert feedback.message == (
        "Your result is what this mistake would give: You took the negative ones."
    )


def test_tables_and_single_mistakes_are_tried_in_order():
    one = Exercise(lambda x: 2 * x, inputs=lambda rng: (rng.normal(),))

    @one.mistakes
    def _(x):
        """
        first: The first, a sentence on
            two lines: with a colon.
        third: The third.
        """
        return {"third": x, "first": 3 * x}

    @one.misconception
    def single(x):
        """One by itself."""
        return 4 * x

    assert list(one.help.values()) == [
        "The first, a sentence on two lines: with a colon.",
        "The third.",
        "One by itself.",
    ]
    for factor, name in ((3, "first"), (1, "third"), (4, "single")):
        assert one.judge(lambda x, k=factor: k * x).misconception == name


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
    assert message == (
        "Result 2 of 2 (the other is right): All is right but the first value: "
        "100001 where 100000 is right."
    )


def test_a_list_of_tensors_with_gradients_is_judged_by_its_values():
    weight = torch.ones((), requires_grad=True)
    losses = Exercise(lambda x: [x, 2 * x], inputs=lambda rng: (rng.normal(),))
    assert losses.judge(lambda x: [weight * x, weight * 2 * x]).outcome == "correct"


def test_feedback_names_large_arguments_in_a_few_words():
    def inputs(rng):
        return torch.nn.Sequential(torch.nn.Linear(2, 2)), np.zeros((9, 1, 4, 4)), 28

    one = Exercise(lambda model, images, size: 1 + 0 * images.size, inputs=inputs)
    message = one.judge(lambda model, images, size: 0).message
    assert message.endswith(
        "for model=Sequential, images=an array of shape (9, 1, 4, 4), size=28."
    )


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
    pair = Exercise(lambda x: [0.1, 0.2], inputs=lambda rng: (rng.normal(),))
    message = pair.judge(lambda x: [0.10002, 0.2]).message
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


BYTES = Exercise(
    lambda text: bytes(255 - code for code in text),
    inputs=lambda rng: (rng.bytes(9) + b"\xff",),  # the last one becomes 0
)


@pytest.mark.parametrize("kind", [bytes, bytearray, list, np.array, torch.tensor])
def test_bytes_are_judged_by_their_numbers(kind):
    right = BYTES.judge(lambda text: kind([255 - code for code in text]))
    assert right.outcome == "correct"
    near = BYTES.judge(lambda text: kind([(254 - code) % 256 for code in text]))
    assert near.outcome == "wrong"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda text: BYTES.solution(text)[:-1], "shape (10,), not (9,)"),  # no padding
        (lambda text: text, "This is text as it came in"),
        (lambda text: BYTES.solution(text)[::-1], "from last to first"),
        (lambda text: text.hex(), "It should return numbers, not str '"),
        (lambda text: text[:1] + BYTES.solution(text)[1:], "right but the first value"),
        (lambda text: bytes(b % 7 for b in text), "right for text=10 bytes."),
        (lambda text: sum(text), "An array of shape (10,) is asked for"),
    ],
)
def test_of_bytes_that_are_wrong_something_true_is_said(answer, says):
    assert says in BYTES.judge(answer).message


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


@pytest.mark.parametrize("constant", ["5", "True", "'text'", "(None, ...)"])
def test_a_function_that_returns_a_constant_is_not_a_stub(constant):
    scope = {}
    exec(f"def answer(x): return {constant}", scope)
    assert DOUBLE.judge(scope["answer"]).outcome == "wrong"


def test_a_probability_is_shown_as_it_is():
    exercise = Scored(
        lambda train: np.zeros(4),
        inputs=lambda rng: (0, np.array([0, 1, 0, 1])),
        bar=0.5,
    )
    feedback = exercise.judge(lambda train: np.array([0, 1, 0, 0.99999]))
    assert feedback.message == "Every prediction must be 0 or 1, but one is 0.99999."


def test_a_score_does_not_hang_on_luck():
    """The same data are drawn every time, and an answer's own chance is the same."""

    def inputs(rng):
        return rng.normal(size=(50, 2)), rng.integers(0, 2, 50)

    def by_chance(X):
        state = np.random.get_state()[1][0], torch.initial_seed()
        assert state == (0, 0)
        return np.random.randint(0, 2, len(X)) ^ torch.randint(0, 2, [len(X)]).numpy()

    one = Scored(lambda X: X, inputs=inputs, bar=0.9)
    before = np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert len({one.judge(by_chance).message for _ in range(5)}) == 1
    assert before == (np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
