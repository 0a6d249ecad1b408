"""The same is said to several GPTs: the widget without a browser."""

import re
import time
from itertools import count

import pytest
from poem_parts import ALPHABET, POEMS, make_model
from widget_parts import part, parts

from bigmodel_lab import Chat, Speaker, models, verse
from bigmodel_lab.widgets import chat as module
from bigmodel_lab.widgets.beginning import check_fits, instruction_in
from bigmodel_lab.widgets.meters import verdicts_html

SPEAKERS = {
    "base": Speaker(make_model(1)),
    "fine-tuned": Speaker(make_model(2), characters=5),
    "instructed": Speaker(make_model(3), characters=5, instructed=True),
    "aligned": Speaker(make_model(4, length=40), instructed=True),
}
FOUR = "千江月夜"


@pytest.fixture
def at_once(monkeypatch):
    """Let them write as fast as they can."""
    monkeypatch.setattr(module, "PACE", 0)


@pytest.fixture
def chat():
    made = Chat(SPEAKERS, ALPHABET, question="Who obeys?", examples={"night": FOUR})
    yield made
    made.stop()
    made.wait(10)


def begun(chat):
    """Wait until all have written something."""
    end = time.monotonic() + 20
    while len(chat.poems) < len(SPEAKERS):
        assert time.monotonic() < end, "nothing was written"
        time.sleep(0.005)


def shown(chat, name):
    """Return the HTML of an answer that is shown, or None."""
    [answer] = [
        one
        for one in parts(chat)
        if "lab-answer" in one._dom_classes and f'aria-label="{name}"' in one.value
    ]
    return None if answer.layout.display == "none" else answer.value


def alone(name, start="", seed=0, **options):
    """Return what one writes by itself."""
    model = SPEAKERS[name].model
    return models.write(model, ALPHABET, start, seed=seed, **options)[0]


def test_it_is_short_in_text():
    assert repr(Chat(SPEAKERS, ALPHABET)) == "Chat(4 models)"
    assert repr(Chat({"a": SPEAKERS["base"]}, ALPHABET)) == "Chat(1 model)"
    assert repr(SPEAKERS["aligned"]) == "Speaker(characters=7, instructed=True)"


def test_four_characters_instruct_some_and_begin_the_poems_of_others(
    chat, at_once, capfd
):
    chat.text = FOUR
    chat.use(temperature=0.8, top_p=0.9)
    chat.write()
    sampling = {"temperature": 0.8, "top_p": 0.9}
    assert chat.wait(60) == {
        "base": alone("base", FOUR, **sampling),
        "fine-tuned": alone("fine-tuned", FOUR, **sampling),
        "instructed": alone("instructed", instruction=FOUR, **sampling),
        "aligned": alone("aligned", instruction=FOUR, **sampling),
    }
    assert chat.status == "Finished: answer 1. Another gives a different one."
    assert module.BEGUN in shown(chat, "base")
    assert module.INSTRUCTED in shown(chat, "aligned")
    assert part(chat, "stop").disabled
    assert capfd.readouterr() == ("", "")


def test_anything_else_begins_all_poems_with_marks_as_each_knows_them(chat, at_once):
    chat.text = "千里莺啼绿映红水村"
    chat.write()
    poems = chat.wait(60)
    assert poems["aligned"] == alone("aligned", "千里莺啼绿映红，水村")
    assert poems["instructed"] == alone("instructed", "千里莺啼绿，映红水村")
    assert "initials" not in chat.measures["base"]


def test_nothing_typed_begins_nothing(chat, at_once):
    chat.write()
    assert chat.wait(60) == {name: alone(name) for name in SPEAKERS}
    assert module.ALONE in shown(chat, "base")


def test_another_is_the_next_seed(chat, at_once):
    chat.another()
    assert chat.wait(60) == {name: alone(name, seed=1) for name in SPEAKERS}
    assert "answer 2" in chat.status


def test_they_write_a_character_in_turn(chat, at_once, monkeypatch):
    lengths, show = [], chat._show

    def noted(name, text):
        show(name, text)
        lengths.append([len(chat.poems.get(name, "")) for name in SPEAKERS])

    monkeypatch.setattr(chat, "_show", noted)
    chat.write()
    chat.wait(60)
    together = lengths[: 4 * 8]  # while none has ended
    assert max(max(row) - min(row) for row in together) == 1


def test_who_is_not_chosen_does_not_answer(chat, at_once):
    chat.write()
    chat.wait(60)
    chat.chosen = ["base", "aligned"]
    chat.write()
    assert set(chat.wait(60)) == {"base", "aligned"}
    assert shown(chat, "fine-tuned") is None
    assert shown(chat, "aligned")


def test_names_are_shown_as_text(at_once):
    chat = Chat({"<i>'\"": SPEAKERS["base"]}, ALPHABET)
    chat.write()
    chat.wait(60)
    assert "<b>&lt;i&gt;" in shown(chat, "&lt;i&gt;&#x27;&quot;")


# -- what is said of a poem ------------------------------------------------------------


def test_each_poem_is_measured_by_the_length_of_its_lines(chat, at_once, monkeypatch):
    five = "千里莺啼绿，江村山郭酒。月朝四百八，夜少楼台烟。"

    def growing(model, *arguments, **options):
        seven = model in (SPEAKERS["base"].model, SPEAKERS["aligned"].model)
        yield [POEMS[0] if seven else five]

    monkeypatch.setattr(module, "growing_texts", growing)
    chat.text = FOUR
    chat.write()
    chat.wait(60)
    assert chat.measures["base"] == {
        **verse.measure([POEMS[0]], 7),
        "initials": 1 / 4,
    }
    assert chat.measures["instructed"] == {**verse.measure([five], 5), "initials": 1}
    assert "<td>1 of 4</td>" in shown(chat, "base")
    assert "<td>4 of 4</td>" in shown(chat, "instructed")


def cells(measures, initials=True):
    """Return the last cell of each row of meters, and how many dots are filled."""
    rows = verdicts_html(measures, initials).split("<tr>")[1:]
    return [
        (re.findall("<td.*?>(.*?)</td>", row)[-1], row.count("lab-on")) for row in rows
    ]


def test_meters_say_in_words_what_their_dots_show():
    measures = {"form": 1, "tones": 0.75, "rhyme": 0, "initials": 0.5}
    assert cells(measures) == [("yes", 1), ("3 of 4", 3), ("no", 0), ("2 of 4", 2)]
    assert len(cells(measures, initials=False)) == 3


def test_a_poem_of_no_form_is_not_judged_by_its_rhyme():
    measures = {"form": 0, "tones": 0, "rhyme": 0, "initials": 1}
    assert cells(measures) == [("no", 0), *2 * [("not judged", 0)], ("4 of 4", 4)]
    assert cells(None) == [("–", 0)] * 4


def test_an_ending_at_once_is_said(chat, at_once, monkeypatch):
    monkeypatch.setattr(module, "growing_texts", lambda *a, **k: iter([[""]]))
    chat.write()
    chat.wait(60)
    assert module.NOTHING in shown(chat, "base")
    assert chat.measures["base"]["form"] == 0


# -- Stop, and what stops it -----------------------------------------------------------


def test_stop_answers_within_200_ms_and_keeps_what_is_written(chat):
    chat.write()
    begun(chat)
    assert not part(chat, "stop").disabled
    started = time.perf_counter()
    part(chat, "stop").click()
    poems = chat.wait(10)
    assert time.perf_counter() - started < 0.2
    assert all(poems.values())
    assert not chat.measures
    assert chat.status == module.STOPPED
    assert not chat.running


def test_a_stop_before_the_first_character_keeps_the_last_poems(chat, at_once):
    chat.write()
    poems = dict(chat.wait(60))
    part(chat, "another").click()  # which waits for letters that are on their way
    chat.stop()
    assert chat.wait(10) == poems
    assert chat.status == module.STOPPED


def test_a_cell_that_is_run_again_stops_its_old_widget(chat):
    chat.write()
    begun(chat)
    Chat(SPEAKERS, ALPHABET, question="Another question?")
    assert chat.running
    Chat(SPEAKERS, ALPHABET, question="Who obeys?")
    chat.wait(1)
    assert chat.status == module.STOPPED


# -- what can go wrong -----------------------------------------------------------------


def test_an_unknown_character_is_named_and_nothing_is_lost(chat, at_once):
    chat.write()
    poems = dict(chat.wait(60))
    chat.text = "千江月龙"
    chat.write()
    assert chat.wait(60) == poems
    assert "none is 龙: leave out or replace" in chat.status
    assert shown(chat, "base")
    assert chat.text == "千江月龙"


def test_who_writes_short_lines_says_that_one_is_too_long(chat, at_once):
    chat.text = "千里莺啼绿映红，水村山郭酒旗风。"
    chat.write()
    assert set(chat.wait(60)) == {"base", "aligned"}
    assert set(chat.refusals) == {"fine-tuned", "instructed"}
    reason = "Its lines have 5 characters, and one of yours has 7: shorten that line."
    assert reason in shown(chat, "fine-tuned")
    assert "lab-verdicts" not in shown(chat, "fine-tuned")
    assert "No poem from fine-tuned, instructed: the reason" in chat.status


def test_nobody_chosen_gets_a_sentence(chat):
    chat.chosen = []
    chat.write()
    chat.wait(10)
    assert chat.status == module.NOBODY


def test_a_model_that_fails_gets_the_reason_and_the_others_go_on(
    chat, at_once, monkeypatch
):
    calls = count()
    grow = module.growing_texts

    def second_fails(*arguments, **options):
        return 1 / 0 if next(calls) == 1 else grow(*arguments, **options)

    monkeypatch.setattr(module, "growing_texts", second_fails)
    chat.write()
    assert set(chat.wait(60)) == set(SPEAKERS) - {"fine-tuned"}
    assert "ZeroDivisionError: division by zero" in shown(chat, "fine-tuned")


@pytest.mark.parametrize(
    ("text", "four"),
    [
        ("春花秋月", "春花秋月"),
        (" 春花\n秋月 ", "春花秋月"),
        ("春花秋", ""),
        ("春花秋月明", ""),
        ("春花秋，", ""),
        ("春花秋.", ""),
        ("", ""),
    ],
)
def test_four_characters_without_a_mark_are_an_instruction(text, four):
    assert instruction_in(text) == four


@pytest.mark.parametrize(
    "text",
    [
        "",
        "床前明月光，",
        "床前明月光疑是",
        "床前明月光疑是地上霜。",
        "床前，",
        "一" * 20,
    ],
)
def test_what_may_begin_lines_of_five(text):
    check_fits(text, 5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("千里莺啼绿映红，", "5 characters, and one of yours has 7: shorten"),
        ("千里莺啼绿映红\n水村", "5 characters, and one of yours has 7: shorten"),
        ("一" * 21, "Its poems have 20 characters, and your text has 21: shorten it"),
    ],
)
def test_what_may_not_begin_lines_of_five(text, reason):
    with pytest.raises(ValueError, match=reason):
        check_fits(text, 5)


@pytest.mark.parametrize(
    ("speakers", "error", "reason"),
    [
        ({}, ValueError, "Nobody can answer"),
        ("gpt", TypeError, "speakers must be a dict, .* got 'gpt'"),
        ({"a": make_model()}, TypeError, "must be a lab.Speaker, as in"),
        ({"a": Speaker(3)}, TypeError, "got 3"),
        (
            {"a": Speaker(make_model(), instructed=True)},
            ValueError,
            "'a' reads 33 tokens, .* its instruction has 37: .* length=37 or more",
        ),
    ],
)
def test_a_wrong_speaker_is_named(speakers, error, reason):
    with pytest.raises(error, match=reason):
        Chat(speakers, ALPHABET)


def test_a_line_has_five_or_seven_characters():
    with pytest.raises(ValueError, match="5 or 7 characters, not 6"):
        Speaker(make_model(), characters=6)
