"""What a GPT expects next: the widget without a browser."""

import pytest
import torch
from poem_parts import ALPHABET, POEMS, make_model
from widget_parts import part, parts

from bigmodel_lab import NextCharacter, models, text, verse
from bigmodel_lab.widgets import next_character
from bigmodel_lab.widgets.beginning import marked
from bigmodel_lab.widgets.choices import full_width
from bigmodel_lab.widgets.look import plain_text
from bigmodel_lab.widgets.meters import meters_html

VIEW = "application/vnd.jupyter.widget-view+json"


def counted(beginning):
    """Return what comes after the last character in the poems."""
    pairs = [p[k : k + 2] for p in POEMS for k in range(len(p) - 1)]
    after = [pair[1] for pair in pairs if pair[0] == beginning[-1:]]
    return {c: after.count(c) / len(after) for c in after}


@pytest.fixture
def model():
    return make_model()


@pytest.fixture
def widget(model):
    return NextCharacter(
        model,
        ALPHABET,
        counted,
        question="What comes <next>?",
        examples={"night": "月落乌啼霜满天，"},
        start="千里",
        real=POEMS,
    )


def shown(widget):
    """Return the buttons that are seen."""
    buttons = part(widget, "choices").buttons
    return [button for button in buttons if button.layout.display != "none"]


def says(button):
    """Return what a button says: character, sound, probability, meaning."""
    return button.description.split("\t")


def bars(widget):
    """Return how many bars there are for each character."""
    found = part(widget, "choices").bars.value.split("lab-shares")[1:]
    return [pair.count("<i ") for pair in found]


# -- the next character ----------------------------------------------------------------


def test_it_is_short_in_text_and_has_the_question_above(widget):
    assert repr(widget) == f"NextCharacter({len(ALPHABET)} characters)"
    assert VIEW in widget._repr_mimebundle_()
    assert "What comes &lt;next&gt;?" in widget.children[0].value


def test_the_buttons_say_what_the_model_expects(widget, model):
    expected = models.next_characters(model, ALPHABET, "千里")
    likeliest = dict(list(expected.items())[:10])
    assert widget.probabilities == likeliest
    for button, (character, share) in zip(
        shown(widget), likeliest.items(), strict=True
    ):
        sign, sound, percent, meaning = says(button)
        assert percent == f"{share:.1%}"
        if character not in "，。\n":
            assert (sign, sound) == (character, verse.pinyin(character))
            assert [meaning] == verse.gloss(character)
    assert f"{1 - sum(likeliest.values()):.1%}" in widget._note.value


def test_the_end_and_the_marks_have_names(widget):
    part(widget, "choices").show({"\n": 0.5, "，": 0.25}, None)
    end, comma = shown(widget)
    assert says(end) == ["⏎", "", "50.0%", "end of the poem"]
    assert says(comma) == ["，", "", "25.0%", "comma"]


def test_the_counts_stand_beside_the_model(widget):
    widget.text = "千里莺"
    widget.use(temperature=2)
    chances = counted("千里莺")
    assert bars(widget) == [2] * 10
    for button in shown(widget):
        share = chances.get(says(button)[0], 0)
        assert button.tooltip == f"the counted n-gram says {share:.1%}"


def test_without_counts_there_is_one_bar(model):
    widget = NextCharacter(model, ALPHABET)
    assert bars(widget) == [1] * 10
    assert "counted" not in " ".join(getattr(p, "value", "") for p in labels(widget))


def labels(widget):
    """Return the parts of a widget that hold HTML."""
    return [p for p in parts(widget) if isinstance(getattr(p, "value", 0), str)]


@pytest.mark.parametrize(
    ("shares", "full"),
    [([0.03], 0.05), ([0.06, 0.01], 0.1), ([0.5], 0.5), ([0.51], 1), ([], 0.05)],
)
def test_the_scale_of_the_bars_fits_them_all(shares, full):
    assert full_width(shares) == full


def test_a_click_adds_the_character_and_asks_again(widget, model):
    character = list(widget.probabilities)[2]
    shown(widget)[2].click()
    assert widget.text == f"千里{character}"
    expected = models.next_characters(model, ALPHABET, widget.text)
    assert next(iter(widget.probabilities)) == next(iter(expected))
    assert f">{character}<" in part(widget, "poem").value
    assert widget.status.startswith("Likeliest next: ")


def test_any_character_of_the_alphabet_can_be_chosen(widget):
    widget.choose("莺")
    widget.choose("啼")
    assert widget.text == "千里莺啼"


def test_undo_goes_back_one_and_start_over_to_the_start(widget):
    widget.choose("莺")
    part(widget, "undo").click()
    assert widget.text == "千里"
    for _ in range(3):
        part(widget, "undo").click()
    assert widget.text == ""
    part(widget, "over").click()
    assert widget.text == "千里"


def test_the_end_ends_the_poem_until_it_is_undone(widget):
    widget.choose("\n")
    assert "at its end" in widget.status
    assert all(button.disabled for button in shown(widget))
    widget.choose("莺")
    assert widget.text == "千里"
    widget.undo()
    assert widget.text == "千里"
    assert not any(button.disabled for button in shown(widget))
    widget.choose("\n")
    widget.text = "朝辞"
    assert not any(button.disabled for button in shown(widget))


def test_the_sliders_change_the_bars_at_once(widget, model):
    before = list(widget.probabilities.values())
    widget.controls["temperature"].value = 0.5
    cold = models.next_characters(model, ALPHABET, "千里", temperature=0.5)
    assert list(widget.probabilities.values()) == list(cold.values())[:10]
    assert widget.probabilities != before
    widget.use(temperature=1, top_p=0.05)
    assert len(shown(widget)) == len(widget.probabilities) < 10


def test_an_example_is_loaded_and_named_until_it_is_changed(widget):
    example = part(widget, "example")
    example.value = "月落乌啼霜满天，"
    assert widget.text == "月落乌啼霜满天，"
    widget.choose("江")
    assert example.label == "Load an example"


# -- what can go wrong -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("千里yingti", "none is y、i、n、g、t"),
        ("鑫", "none is 鑫"),
        ("千" * 60, "but this GPT reads 32 at most: shorten it."),
        ("<b>", "none is <、b、>"),
    ],
)
def test_a_bad_beginning_gets_a_sentence_and_the_bars_stay(widget, typed, reason):
    before = [says(button) for button in shown(widget)]
    widget.text = typed
    assert reason in widget.status
    assert widget.text == typed
    assert [says(button) for button in shown(widget)] == before
    assert all(button.disabled for button in shown(widget))
    widget.text = "千里"
    assert not any(button.disabled for button in shown(widget))


def test_an_unknown_choice_gets_a_sentence_and_can_be_undone(widget):
    widget.choose("鑫")
    assert "none is 鑫" in widget.status
    widget.undo()
    assert widget.text == "千里"
    assert widget.status.startswith("Likeliest")


def test_a_full_poem_says_so(widget):
    widget.text = POEMS[0]
    assert widget.status.startswith("Likeliest")
    widget.choose("月")
    assert "33 characters, but this GPT reads 32" in widget.status
    widget.undo()
    assert widget.text == POEMS[0]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"temperature": 3}, "temperature takes numbers from 0.1 to 2: 3 was not"),
        ({"top_p": 0}, "top p takes numbers from 0.05 to 1: 0 was not taken."),
        ({"temperature": float("nan")}, "nan was not taken"),
    ],
)
def test_a_setting_out_of_range_is_refused_in_words(widget, settings, reason):
    widget.use(**settings)
    assert reason in widget.status
    assert widget.settings == {"temperature": 1, "top_p": 1}


def test_counts_that_fail_are_named(model):
    widget = NextCharacter(model, ALPHABET, lambda beginning: 1 / 0)
    assert widget.status == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        ({"model": 3}, TypeError, "model must be a models.GPT, got 3"),
        ({"alphabet": "ab"}, TypeError, "alphabet must be text.Characters"),
        ({"alphabet": text.Characters(["千里"])}, ValueError, "alphabet has 3"),
        ({"counted": 1}, TypeError, "counted must be a function, got 1"),
        ({"examples": ["a"]}, TypeError, "name -> text"),
        ({"start": None}, TypeError, "name -> text"),
        ({"characters": 6}, ValueError, "5 or 7 characters, not 6"),
    ],
)
def test_a_wrong_argument_is_named(model, change, error, reason):
    with pytest.raises(error, match=reason):
        NextCharacter(**{"model": model, "alphabet": ALPHABET} | change)


# -- twenty poems ----------------------------------------------------------------------


def test_twenty_poems_are_written_and_measured(widget, model, capfd):
    widget.use(temperature=0.5)
    widget.write_twenty()
    measures = widget.wait(60)
    assert widget.poems == models.write(model, ALPHABET, "", 20, temperature=0.5)
    assert measures == widget.measures == verse.measure(widget.poems)
    page = part(widget, "twenty").value
    assert "temperature 0.5, top p 1" in page
    assert page.count("<figure>") == 2
    assert part(widget, "stop").disabled
    assert widget.status.startswith("Twenty poems are written")
    assert capfd.readouterr() == ("", "")


def test_the_next_twenty_are_others(widget):
    widget.write_twenty()
    widget.wait(60)
    first = widget.poems
    widget.write_twenty()
    widget.wait(60)
    assert widget.poems != first


def test_meters_have_the_mark_of_real_poems():
    real = verse.measure(POEMS)
    page = meters_html({"form": 0.5, "tones": 0.25, "rhyme": 0.1}, real)
    for key in ("form", "tones", "rhyme"):
        assert f'<i style="left: {real[key]:.1%}">' in page
    assert "tones alternate 25%" in " ".join(plain_text(page).split())


def test_real_poems_come_from_the_library_if_none_are_given(model):
    widget = NextCharacter(model, ALPHABET)
    assert len(widget._real_poems()) == next_character.REAL
    assert all(map(verse.well_formed, widget._real_poems()))


def test_stop_ends_the_twenty(widget, monkeypatch):
    def endless(*arguments, **settings):
        while True:
            yield ["千"] * 20

    monkeypatch.setattr(next_character, "growing_texts", endless)
    widget.write_twenty()
    assert widget.running
    assert not part(widget, "stop").disabled
    part(widget, "stop").click()
    widget.wait(10)
    assert widget.status == next_character.STOPPED
    assert widget.measures is None


# -- marks that were forgotten ---------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", ""),
        ("千里莺啼绿映红", "千里莺啼绿映红"),
        ("千里莺啼绿映红水", "千里莺啼绿映红，水"),
        ("千里莺啼绿映红,水村 山郭酒旗风.南", "千里莺啼绿映红，水村山郭酒旗风。南"),
        ("千里莺啼绿映红\n水村山郭酒旗风\n", "千里莺啼绿映红，水村山郭酒旗风"),
        ("".join(verse.lines(POEMS[0])), POEMS[0][:-1]),
        (POEMS[0], POEMS[0]),
        ("床前明月光！疑", "床前明月光。疑"),
        ("abc 千", "abc千"),
    ],
)
def test_marks_that_were_forgotten_are_set(typed, read):
    assert marked(typed, ALPHABET) == read


def test_lines_of_five_get_their_marks():
    assert marked("白日依山尽黄", ALPHABET, 5) == "白日依山尽，黄"


def test_an_alphabet_without_marks_gets_none():
    bare = text.Characters([poem.replace("，", "").replace("。", "") for poem in POEMS])
    assert marked("千里莺啼绿映红水，", bare) == "千里莺啼绿映红水，"


def test_the_model_reads_the_marks_and_the_text_stays_as_typed(widget, model):
    widget.text = "千里莺啼绿映红水"
    assert widget.text == "千里莺啼绿映红水"
    expected = models.next_characters(model, ALPHABET, "千里莺啼绿映红，水")
    assert next(iter(widget.probabilities)) == next(iter(expected))


def test_a_model_that_was_trained_on_is_asked_again(widget, model):
    before = widget.probabilities
    with torch.no_grad():
        model.tokens.weight.mul_(0.1)
    widget.start_over()
    assert widget.probabilities != before
