"""What a GPT's heads look at: the widget without a browser."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from poem_parts import ALPHABET, POEMS, make_model
from widget_parts import part

from bigmodel_lab import AttentionViewer, models, text, verse
from bigmodel_lab.widgets.attention_facts import (
    SHORT,
    SPREAD,
    clearest,
    describe,
    name_of,
    places_of,
    sentence_of,
)
from bigmodel_lab.widgets.attention_picture import thumbnail
from bigmodel_lab.widgets.look import plain_text

NIGHT = "月落乌啼霜满天，江枫"


@pytest.fixture
def model():
    torch.manual_seed(0)
    return models.GPT(len(ALPHABET), 33, 16, 2, 4)


@pytest.fixture
def viewer(model):
    examples = {"night": NIGHT, "south": POEMS[0]}
    return AttentionViewer(model, ALPHABET, question="Who <looks>?", examples=examples)


def picture(viewer):
    """Return the HTML of all heads, of the text, of what is marked in both."""
    return viewer._heads.value, viewer._row.value, viewer._state.value


def state(viewer):
    """Return what the browser is told to mark."""
    return json.loads(plain_text(viewer._state.value))


# -- a text, a head, a character -------------------------------------------------------


def test_it_is_short_in_text_and_has_the_question_above(viewer):
    assert repr(viewer) == "AttentionViewer(2 x 4 heads)"
    assert viewer.children[0].value == "<b>Who &lt;looks&gt;?</b>"
    assert viewer.text == viewer.read == NIGHT  # the first example


def test_the_weights_are_those_of_the_model(viewer, model):
    ids = torch.tensor([ALPHABET.encode(f"\n{NIGHT}")])
    expected = model.attention_maps(ids)[:, 0].numpy()
    np.testing.assert_array_equal(viewer.weights, expected)
    viewer.choose(2, 3, 5)
    assert viewer.chosen == (2, 3, 5)
    np.testing.assert_array_equal(viewer.shares, expected[1, 2, 5])


def test_at_first_the_last_character_is_chosen_and_the_clearest_head(viewer):
    layer, head, place = viewer.chosen
    assert place == len(NIGHT)
    assert 4 * (layer - 1) + head - 1 == clearest(viewer.weights)
    viewer.text = POEMS[0]
    assert viewer.chosen == (layer, head, len(POEMS[0]) - 1)  # before the full stop


def test_what_is_not_given_stays_chosen(viewer):
    viewer.choose(layer=1, head=1, place=0)
    viewer.choose(layer=2)
    viewer.choose(head=4)
    viewer.choose(place=3)
    assert viewer.chosen == (2, 4, 3)
    assert viewer.sentence.startswith("乌 wū “")


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"layer": 0}, "layer must be 1 to 2, got 0"),
        ({"layer": 3}, "layer must be 1 to 2, got 3"),
        ({"head": 5}, "head must be 1 to 4, got 5"),
        ({"place": -1}, "place must be 0 to 10, got -1"),
        ({"place": 11}, "place must be 0 to 10, got 11"),
    ],
)
def test_a_choice_that_is_not_there_gets_the_reason_and_changes_nothing(
    viewer, choice, reason
):
    before = viewer.chosen
    with pytest.raises(ValueError, match=reason):
        viewer.choose(**choice)
    assert viewer.chosen == before


def test_all_heads_are_buttons_with_a_name_that_describes_them(viewer):
    names = re.findall('class=lab-head .*?aria-label="(.*?)"', viewer._heads.value)
    assert len(names) == 2 * 4
    descriptions = [words for layer in viewer.descriptions for words in layer]
    assert names[6] == f"layer 2, head 3: {descriptions[6]}"
    viewer.choose(2, 3)
    assert viewer.status == f"Layer 2, head 3: {descriptions[6]}."


def test_all_characters_are_buttons_with_sound_and_meaning(viewer):
    markup = viewer._row.value
    names = re.findall('class=lab-place .*?aria-label="(.*?)"', markup)
    assert len(names) == len(NIGHT) + 1
    assert names[0] == "the start"
    assert names[1] == f"月 yuè “{verse.gloss('月')[0]}”"
    assert names[8] == "the comma"
    assert re.findall("<small.*?>(.*?)</small>", markup)[:3] == ["start", "yuè", "luò"]


def test_there_is_a_row_for_each_line(viewer):
    viewer.text = POEMS[1]
    rows = viewer._row.value.split("<div>")[1:]
    assert [row.count("lab-place") for row in rows] == [9, 8, 8, 8]


def test_the_browser_is_told_what_to_mark(viewer):
    viewer.choose(1, 2, 4)
    said = state(viewer)
    assert (said["head"], said["place"]) == (1, 4)
    np.testing.assert_allclose(np.square(said["shades"]), viewer.shares, atol=2e-3)
    assert len(said["percents"]) == 3
    for place, percent in said["percents"].items():
        assert percent == f"{viewer.shares[int(place)]:.0%}"


def test_what_the_browser_asks_for_is_chosen(viewer):
    part(viewer, "asked").value = "6 2"
    assert viewer.chosen == (2, 3, 2)
    assert viewer.sentence.startswith("落 luò")
    part(viewer, "asked").value = "6 99"  # of a text that was longer
    assert viewer.chosen == (2, 3, 2)


def test_a_thumbnail_has_a_pixel_for_each_weight(viewer):
    weights = np.tril(np.full((4, 4), 0.25))
    data = thumbnail(weights).partition(",")[2]
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert image.shape == (4, 4, 4)
    np.testing.assert_array_equal(image[..., 3], np.tril(np.full((4, 4), 128)))


# -- the text --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type a text: what each character looks at will appear here."),
        (" \n", "Type a text"),
        ("月x", "none is x"),
        ("月" * 29, "The text has 33 characters, but this GPT reads 32 at most"),
    ],
)
def test_a_text_that_cannot_be_read_leaves_the_picture(viewer, typed, says):
    before = picture(viewer)
    viewer.text = typed
    assert says in viewer.status
    assert viewer.status.endswith("Below is the text before.")
    assert viewer.text == typed
    assert (viewer.read, picture(viewer)) == (NIGHT, before)
    viewer.choose(1, 1, 3)
    assert viewer.sentence.startswith("乌")
    viewer.text = NIGHT
    assert viewer.status.startswith("Layer 1, head 1")


def test_without_a_text_there_is_only_a_sentence(model):
    viewer = AttentionViewer(model, ALPHABET)
    assert "Type a text" in viewer.status
    assert "before" not in viewer.status
    assert viewer.shares is None
    assert picture(viewer) == ("", "", "")
    viewer.choose(2, 2)
    viewer.text = "月"
    assert viewer.weights.shape == (2, 4, 2, 2)


def test_forgotten_marks_and_line_breaks_are_mended(viewer):
    viewer.text = "月落乌啼霜满天\n江枫渔火对愁眠"
    assert viewer.read == "月落乌啼霜满天，江枫渔火对愁眠"


def test_an_example_is_loaded_and_stays_chosen_until_its_text_is_changed(viewer):
    example = part(viewer, "example")
    assert example.value == "night"
    example.value = "south"
    assert viewer.text == viewer.read == POEMS[0]
    viewer.text = NIGHT + "月"
    assert example.label == "Load an example"


def test_what_is_typed_is_text_and_no_html(model):
    alphabet = text.Characters(["<b>月&"])
    tiny = models.GPT(len(alphabet), 9, 8, 1, 1)
    viewer = AttentionViewer(tiny, alphabet, start="<b>&")
    assert "<b>" not in viewer._row.value
    assert "&lt;" in viewer._row.value
    assert html.escape("<") in viewer._row.value


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"alphabet": "abc"}, TypeError, "alphabet must be text.Characters"),
        ({"model": torch.nn.Linear(1, 1)}, TypeError, "model must be a models.GPT"),
        ({"alphabet": text.Characters(["a"])}, ValueError, "the alphabet has 2"),
        ({"examples": ["a"]}, TypeError, "examples must be a dict name -> text"),
        ({"start": 3}, TypeError, "start"),
    ],
)
def test_bad_arguments_get_the_reason(arguments, error, reason):
    arguments = {"model": make_model(), "alphabet": ALPHABET} | arguments
    with pytest.raises(error, match=reason):
        AttentionViewer(**arguments)


# -- in words --------------------------------------------------------------------------

PLACES = places_of(POEMS[0])
SIZE = len(PLACES)


def looking(targets, share=1.0):
    """Return weights (T, T): `share` on the target of each place, the rest alike."""
    alike = np.tril(np.ones((SIZE, SIZE)))
    weights = (1 - share) * alike / alike.sum(1, keepdims=True)
    weights[range(SIZE), targets] += share
    return weights


def test_lines_and_columns_are_counted_without_marks():
    places = places_of("月落，江枫。")
    assert [(p.line, p.column) for p in places] == [
        (0, 0),
        *[(1, 1), (1, 2), (1, 0)],
        *[(2, 1), (2, 2), (2, 0)],
    ]


HERE = np.arange(SIZE)


def column_above():
    """Return for each place the same one a line before, or the place itself."""
    return [
        k - 8 if place.line > 1 and place.column else k
        for k, place in enumerate(PLACES)
    ]


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (HERE, "looks mostly at the place itself"),
        (np.maximum(HERE - 1, 0), "looks mostly one place back"),
        (np.maximum(HERE - 2, 0), "looks mostly two places back"),
        (0 * HERE, "looks mostly at the start"),
        (column_above(), "looks mostly at the same place in earlier lines"),
        (np.where(HERE > 8, 8, HERE), "looks mostly at the marks"),
    ],
)
def test_a_head_is_described_by_where_most_of_its_weight_is(targets, words):
    assert describe(looking(targets, 0.9), PLACES).split(";")[0] == words


def test_a_head_that_looks_everywhere_or_at_random_is_spread_out():
    assert describe(looking(HERE, 0), PLACES) == SPREAD
    random = np.tril(np.random.RandomState(0).rand(SIZE, SIZE))
    assert describe(random / random.sum(1, keepdims=True), PLACES) == SPREAD


def test_two_habits_are_both_named():
    weights = (looking(HERE) + looking(np.maximum(HERE - 1, 0))) * 0.4
    weights += looking(HERE, 0) * 0.2
    said = "looks often at the place itself and one place back"
    assert describe(weights, PLACES) == said


def test_the_earlier_rhyme_is_named_if_the_place_before_a_rhyme_looks_at_it():
    targets = HERE.copy()
    targets[30] = 15  # the ends of lines 2 and 4 rhyme: 15 and 31
    said = describe(looking(targets, 0.9), PLACES)
    assert said.endswith("; before a rhyme place, at the earlier one")
    targets[30] = 23  # the end of line 3
    assert "rhyme" not in describe(looking(targets, 0.9), PLACES)


def test_of_three_places_nothing_can_be_told():
    assert describe(np.tril(np.full((3, 3), 0.5)), places_of("月落")) == SHORT


def test_a_sentence_names_the_strongest_places_and_sums_up_the_others():
    shares = np.zeros(SIZE)
    shares[[1, 2, 8, 9]] = 0.5, 0.2, 0.1, 0.15
    shares[3] = 0.05
    assert sentence_of(shares, 9, PLACES) == (
        f"水 shuǐ “{verse.gloss('水')[0]}” looks at 千 qiān “{verse.gloss('千')[0]}” "
        f"(50%), 里 lǐ “{verse.gloss('里')[0]}” (20%), itself (15%) and the comma of "
        f"line 1 (10%); the other 6 have 5%."
    )


def test_the_start_has_only_itself(viewer):
    viewer.choose(place=0)
    assert viewer.sentence == "The start looks at itself (100%)."


def test_weights_that_are_all_small_are_summed_up():
    shares = np.full(60, 1 / 60)
    places = places_of("月" * 59)
    said = sentence_of(shares, 59, places)
    assert said.endswith("looks at everything a little; the other 60 have 100%.")


def test_a_character_that_occurs_twice_is_named_with_its_line():
    places = places_of("山月，山水。")
    assert name_of(1, places).endswith("of line 1")
    assert name_of(4, places).endswith("of line 2")
    assert "line" not in name_of(2, places)
