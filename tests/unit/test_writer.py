"""A GPT goes on from what a reader begins: the widget without a browser."""

import time
from itertools import pairwise

import pytest
from poem_parts import ALPHABET, POEMS, make_model
from widget_parts import part, parts

from bigmodel_lab import Writer, models
from bigmodel_lab.models.writing import growing_texts
from bigmodel_lab.widgets import writer as module
from bigmodel_lab.widgets.background import Background

MODELS = {"small": make_model(1), "large": make_model(2)}


@pytest.fixture
def at_once(monkeypatch):
    """Let it write as fast as it can."""
    monkeypatch.setattr(module, "PACE", 0)


@pytest.fixture
def writer():
    made = Writer(
        MODELS, ALPHABET, question="Can it go on?", examples={"night": "月落乌啼"}
    )
    yield made
    made.stop()
    made.wait(10)


def begun(writer):
    """Wait until it has written something."""
    end = time.monotonic() + 20
    while not writer.poems:
        assert time.monotonic() < end, "nothing was written"
        time.sleep(0.005)


def test_it_is_short_in_text():
    assert repr(Writer(MODELS, ALPHABET)) == "Writer(2 models)"
    assert repr(Writer(MODELS["small"], ALPHABET)) == "Writer(1 model)"


def test_texts_grow_by_a_character_each():
    grown = list(growing_texts(MODELS["small"], ALPHABET, "千里", 3, seed=4))
    assert grown[-1] == models.write(MODELS["small"], ALPHABET, "千里", 3, seed=4)
    for before, after in pairwise(grown):
        for one, other in zip(before, after, strict=True):
            assert other.startswith(one)
            assert len(other) - len(one) <= 1


@pytest.mark.parametrize("text", ["", "千里莺啼"])
def test_it_writes_what_the_model_would(writer, at_once, text, capfd):
    writer.text = text
    writer.use(temperature=0.7, top_p=0.9)
    writer.write()
    poem = writer.wait(60)
    [expected] = models.write(
        MODELS["small"], ALPHABET, text, temperature=0.7, top_p=0.9
    )
    assert poem == expected
    assert writer.status == "Finished: poem 1 from this beginning."
    assert f">{poem[0]}<" in part(writer, "answer").value
    assert part(writer, "stop").disabled
    assert capfd.readouterr() == ("", "")


def test_another_is_the_next_seed(writer, at_once):
    writer.another()
    assert writer.wait(60) == models.write(MODELS["small"], ALPHABET, seed=1)[0]
    assert "poem 2" in writer.status


def test_the_models_stand_beside_each_other(writer, at_once):
    writer.text = "千里"
    for name in ("large", "small"):
        writer.model = name
        writer.write()
        assert writer.wait(60) == models.write(MODELS[name], ALPHABET, "千里")[0]
    page = part(writer, "answer").value
    assert 0 < page.index("small") < page.index("large")


def test_one_model_needs_no_name_and_no_dropdown(at_once):
    alone = Writer(MODELS["small"], ALPHABET)
    alone.write()
    assert alone.wait(60) == models.write(MODELS["small"], ALPHABET)[0]
    assert not [p for p in parts(alone) if "lab-model" in p._dom_classes]
    assert "figcaption" not in part(alone, "answer").value


def test_forgotten_marks_are_no_error(writer, at_once):
    writer.text = "千里莺啼绿映红水村"
    writer.write()
    assert writer.wait(60).startswith("千里莺啼绿映红，水村")
    assert writer.text == "千里莺啼绿映红水村"


def test_a_whole_poem_is_finished_at_once(writer, at_once):
    writer.text = POEMS[0]
    writer.write()
    assert writer.wait(60)[:32] == POEMS[0]
    assert "Finished" in writer.status


# -- Stop, and what stops it -----------------------------------------------------------


def test_stop_answers_within_200_ms_and_keeps_what_is_written(writer):
    writer.write()
    begun(writer)
    assert not part(writer, "stop").disabled
    started = time.perf_counter()
    part(writer, "stop").click()
    poem = writer.wait(10)
    assert time.perf_counter() - started < 0.2
    assert poem
    assert writer.status == module.STOPPED
    assert not writer.running


def test_a_stop_before_the_first_character_writes_nothing(writer):
    part(writer, "write").click()  # which waits for letters that are on their way
    writer.stop()
    assert writer.wait(10) is None
    assert writer.status == module.STOPPED


def test_another_ends_the_one_before(writer):
    writer.write()
    begun(writer)
    writer.another()
    expected = models.write(MODELS["small"], ALPHABET, seed=1)[0]
    assert writer.wait(60) == expected


def test_a_cell_that_is_run_again_stops_its_old_widget(writer):
    writer.write()
    begun(writer)
    other = Writer(MODELS, ALPHABET, question="Another question?")
    assert writer.running
    Writer(MODELS, ALPHABET, question="Can it go on?")
    writer.wait(1)
    assert writer.status == module.STOPPED
    assert not other.running


def test_waiting_has_an_end(writer):
    writer.write()
    with pytest.raises(TimeoutError, match=r"still at work after 0\.01 s"):
        writer.wait(0.01)


def test_work_in_the_background_ends_before_the_next_begins():
    background, order = Background(), []

    def work(name):
        def go_on(stop):
            stop.wait(30)
            order.append(name)

        return go_on

    background.start(work("first"))
    background.start(work("second"))
    assert order == ["first"]
    background.stop()
    background.wait(10)
    assert order == ["first", "second"]


# -- what can go wrong -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("hello", "none is h、e、l、o: leave out or replace"),
        ("千" * 40, "but this GPT reads 32 at most: shorten it."),
    ],
)
def test_a_bad_beginning_gets_a_sentence_and_the_last_poem_stays(
    writer, at_once, typed, reason
):
    writer.write()
    poem = writer.wait(60)
    writer.text = typed
    writer.write()
    assert writer.wait(60) == poem
    assert reason in writer.status
    assert writer.text == typed
    assert part(writer, "stop").disabled


def test_a_model_that_fails_gets_the_reason(writer, at_once, monkeypatch):
    monkeypatch.setattr(module, "growing_texts", lambda *a, **k: 1 / 0)
    writer.write()
    writer.wait(10)
    assert writer.status == "ZeroDivisionError: division by zero"
    assert part(writer, "stop").disabled


@pytest.mark.parametrize(
    ("models", "error", "reason"),
    [
        ({}, ValueError, "There is no model"),
        ({"a": 3}, TypeError, "got 3"),
        ("gpt", TypeError, "got 'gpt'"),
    ],
)
def test_a_wrong_model_is_named(models, error, reason):
    with pytest.raises(error, match=reason):
        Writer(models, ALPHABET)
