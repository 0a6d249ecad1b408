"""The text widget without a browser, and how it shows the words that decided."""

import html
import re
import unicodedata

import ipywidgets as widgets
import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from widget_parts import part

from bigmodel_lab import TextExplorer, explain
from bigmodel_lab.from_scratch.text import Vocabulary, chinese_words, english_words
from bigmodel_lab.widgets import text_explorer
from bigmodel_lab.widgets.word_table import BLUE, ORANGE, colored_text, strongest_words

TOPICS = {
    "cars": ["the engine of the car", "a fast car", "engine oil & tires"],
    "space": ["the moon and the orbit", "a rocket to the moon", "the rocket engine"],
    "tea": ["a cup of green tea", "the tea is hot", "hot water"],
}


class Model:
    """Word counts and a logistic regression; `calls` is what it had to read."""

    def __init__(self, topics, cut=str.split):
        documents = [cut(text) for texts in topics.values() for text in texts]
        labels = [k for k, texts in enumerate(topics.values()) for _ in texts]
        self.counts = CountVectorizer(analyzer=list).fit(documents)
        self.model = LogisticRegression(C=10)
        self.model.fit(self.counts.transform(documents), labels)
        self.calls = []

    def __call__(self, documents):
        self.calls.append(documents)
        return self.model.predict_proba(self.counts.transform(documents))


@pytest.fixture
def model():
    return Model(TOPICS)


@pytest.fixture
def own(model):
    return TextExplorer(
        model,
        TOPICS,
        vocabulary=model.counts.vocabulary_,
        examples={"Moon": "The moon!", "Drive": "A fast car <br />\nand no tea"},
        question="Which <topic>?",
    )


def markup(own):
    """Return the HTML of the answer."""
    return part(own, "answer").value


def spans(markup):
    """Return the colored words of a text: word -> (color, opacity)."""
    found = re.findall(r'style="background: (#\w{6})(\w\w)">(.*?)</span>', markup)
    return {html.unescape(word): (c, int(alpha, 16)) for c, alpha, word in found}


# -- what the widget says --------------------------------------------------------------


def test_it_begins_with_the_question_and_an_empty_text(own, model):
    assert repr(own) == "TextExplorer(3 classes)"
    assert own.text == ""
    assert own.result is None
    assert not model.calls
    assert own.status.startswith("Type a text")
    assert markup(own) == ""
    question, area, choices, *_ = own.children
    assert "Which &lt;topic&gt;?" in question.value
    assert isinstance(area, widgets.Textarea)
    assert [choice.label for choice in choices.children] == [
        "Load an example",
        "the most probable class",
    ]
    assert "application/vnd.jupyter.widget-view+json" in own._repr_mimebundle_()


def test_a_text_is_read_by_the_model_and_word_by_word(own, model):
    own.text = "The rocket to the Moon has an engine"
    assert len(model.calls) == 1
    words = ["the", "rocket", "to", "the", "moon", "has", "an", "engine"]
    result = own.result
    assert result["class"] == "space"
    assert list(result["probabilities"].values()) == pytest.approx(model([words])[0])
    assert list(result["probabilities"]) == list(TOPICS)
    assert result["words"] == words
    assert result["unknown"] == ["has", "an"]
    assert result["influence"] == explain.word_influence(model, words, 1)
    assert own.status == "Most probable: space."
    for name, share in result["probabilities"].items():
        assert f"{name} {share:.1%}" in own.answer
    best = re.findall("class=lab-best><th scope=row>(.*?)<", markup(own))
    assert best == ["space"]
    assert "Unknown to the model: has, an." in own.answer
    assert "Only" not in own.answer


def test_colors_and_table_say_the_same(own):
    own.text = "the rocket and a car"
    influence = own.result["influence"]
    assert influence["rocket"] > 0 > influence["car"]
    colors = spans(markup(own))
    assert colors["rocket"][0] == BLUE
    assert colors["car"][0] == ORANGE
    largest = max(map(abs, influence.values()))
    for word, (_, opacity) in colors.items():
        assert opacity == pytest.approx(153 * abs(influence[word]) / largest, abs=1)
        number = f"{influence[word]:+.2f}".replace("-", "−")
        assert f'title="{number}"' in markup(own)
        assert re.search(rf"\b{word} {re.escape(number)}", own.answer)


def test_another_class_can_be_chosen_without_asking_the_model_again(own, model):
    own.text = "the rocket and a car"
    about = part(own, "about")
    calls = len(model.calls)
    about.value = 0
    assert own.result["class"] == "space"
    assert own.result["influence"]["car"] > 0 > own.result["influence"]["rocket"]
    assert spans(markup(own))["car"][0] == BLUE
    assert "for cars" in own.answer
    about.value = text_explorer.NONE
    assert "for space" in own.answer
    assert len(model.calls) == calls


def test_examples_are_loaded_and_named_as_long_as_they_are_unchanged(own):
    example = part(own, "example")
    example.value = "Moon"
    assert own.text == "The moon!"
    assert own.result["class"] == "space"
    example.value = "Drive"
    assert own.text.startswith("A fast car")
    assert example.label == "Drive"
    own.text += "!"
    assert example.label == "Load an example"
    assert own.text.endswith("tea!")
    example.value = "Drive"
    assert own.text.endswith("tea")
    example.value = text_explorer.NONE
    assert own.text.endswith("tea")


def test_without_examples_or_a_question_there_is_no_such_line(model):
    area, choices, *_ = TextExplorer(model, TOPICS).children
    assert isinstance(area, widgets.Textarea)
    assert [choice.description for choice in choices.children] == [
        "Words that speak for"
    ]


@pytest.mark.parametrize("vocabulary", [Vocabulary, list, set, None])
def test_the_words_that_are_known(model, vocabulary):
    words = [text.split() for texts in TOPICS.values() for text in texts]
    known = Vocabulary(words) if vocabulary is Vocabulary else None
    if vocabulary in (list, set):
        known = vocabulary(word for document in words for word in document)
    own = TextExplorer(model, TOPICS, vocabulary=known)
    own.text = "tea and Blorf, blorf?"
    assert own.result["unknown"] == ([] if known is None else ["blorf"])
    underlined = re.findall(r"class=lab-unknown.*?>(.*?)<", markup(own))
    assert underlined == ([] if known is None else ["Blorf", "blorf"])


def test_many_unknown_words_are_counted(own):
    own.text = "tea " + " ".join(f"x{k}" for k in range(1, 24))
    assert len(own.result["unknown"]) == 23
    assert "x19, x20 and 3 more." in own.answer


def test_words_beyond_the_limit_are_gray_and_not_read(model):
    own = TextExplorer(model, TOPICS, limit=3)
    own.text = "hot green tea, moon rocket <i>"
    assert model.calls[0][0] == ["hot", "green", "tea"] == own.result["words"]
    assert own.result["class"] == "tea"
    assert "class=lab-unread>, moon rocket &lt;i&gt;</span>" in markup(own)
    assert "Only the first 3 of 6 words are read." in own.answer
    own.text = "hot green tea."
    assert "lab-unread" not in markup(own)
    assert "Only" not in own.answer


def test_one_word_has_a_probability_and_no_influence(own, model):
    own.text = "tea"
    assert own.result["class"] == "tea"
    assert own.result["influence"] == {}
    assert "One word alone cannot be weighed" in own.answer
    assert "log-odds" not in own.answer
    assert model.calls == [[["tea"]]]


def test_what_is_typed_is_never_html(own):
    own.text = "tea <script>alert(1)</script> &lt; \"'"
    assert "<script" not in markup(own)
    for piece in ("&lt;", "script</span>&gt;", "&lt;/", "&#x27;"):
        assert piece in markup(own)
    assert "&amp;" in markup(own)
    own = TextExplorer(
        own.probabilities, ["<a>", "<b>", "<i>"], cut=lambda text: [text] * 2
    )
    own.text = "<u>x</u>"
    for tag in ("<a>", "<b>", "<i>", "<u>"):
        assert tag not in markup(own) + part(own, "status").value


def test_a_chinese_text_is_cut_where_english_was_asked_for(own, model):
    own.text = "酒店很干净，服务非常好！"
    assert own.result["words"] == chinese_words(own.text)
    assert own.result["unknown"] == list(dict.fromkeys(own.result["words"]))
    assert own.status.startswith("Most probable: ")
    assert text_explorer.CUT_AS_CHINESE in own.answer
    assert text_explorer.ALL_UNKNOWN in own.answer
    own.text = "The moon!"
    assert text_explorer.CUT_AS_CHINESE not in own.answer
    assert text_explorer.ALL_UNKNOWN not in own.answer
    own.text = "Большая"
    assert "its letters are Cyrillic" in own.status


def test_chinese():
    reviews = {
        "negative": ["很差的酒店", "服务太差了", "房间很脏"],
        "positive": ["很好的酒店", "服务非常好", "房间很干净"],
    }
    model = Model(reviews, chinese_words)
    own = TextExplorer(model, list(reviews), cut=chinese_words)
    own.text = "酒店很好，干净！ＧＰＵ Ok"
    assert own.result["class"] == "positive"
    assert own.result["words"][-2:] == ["GPU", "Ok"]
    assert {"干净", "ＧＰＵ", "Ok"} <= spans(markup(own)).keys()
    assert "，" in markup(own)
    own.text = "服务太差"
    assert own.result["class"] == "negative"
    own.text = "hello"
    assert own.status == (
        "no Chinese word in 'hello': its letters are Latin; cut it with english_words."
    )


# -- what can go wrong -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Type a text"),
        (" \n", "Type a text"),
        ("?!", "it has no letters"),
        ("большая модель", "its letters are Cyrillic"),
    ],
)
def test_a_text_without_words_gets_a_friendly_line(own, text, says):
    own.text = "tea"
    own.text = text
    assert says in own.status
    assert own.result is None
    assert markup(own) == ""
    own.text = "hot tea"
    assert own.status == "Most probable: tea."


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda n: 1 / 0, "cannot read texts of 2 words: ZeroDivisionError: division"),
        (lambda n: np.full((n, 3), np.nan), "not finite: its training has diverged"),
        (lambda n: np.full((n, 2), 0.5), "gives 2 probabilities, but there are 3"),
        (lambda n: np.full((n, 3), 7.0), "logits need a softmax"),
    ],
)
def test_a_model_that_fails_gets_the_reason_and_keeps_the_text(answer, says):
    own = TextExplorer(lambda documents: answer(len(documents)), TOPICS)
    own.text = "hot tea"
    assert says in own.status
    assert own.result is None
    assert markup(own) == ""
    part(own, "about").value = 1
    assert own.text == "hot tea"


@pytest.mark.parametrize(
    ("cut", "says"),
    [
        (lambda text: text.cut(), "AttributeError"),
        (lambda text: [], "words must be a list with at least one word"),
        (lambda text: [1, 2], "AttributeError: 'int' object has no"),
    ],
)
def test_a_cut_that_fails_gets_the_reason(cut, says):
    own = TextExplorer(
        lambda documents: np.full((len(documents), 3), 1 / 3), TOPICS, cut=cut
    )
    own.text = "hot tea"
    assert says in own.status
    assert own.result is None


def test_of_a_very_long_text_little_is_weighed_and_shown(own, model):
    own.text = " ".join(f"tea x{k}" for k in range(50_000))
    assert own.result["class"] == "tea"
    assert len(own.result["words"]) == 100_000
    read = sum(len(words) for documents in model.calls for words in documents)
    assert read <= text_explorer.WORK + 100_000
    assert len(own.result["influence"]) == 2
    assert "Only 2 of the 50,001 different words are weighed." in own.answer
    assert "Only the first 5,000 of 538,889 characters are shown." in own.answer
    assert "x1, x2" in own.answer
    assert len(markup(own)) < 100_000


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"probabilities": 3}, TypeError, "probabilities must be a function, got 3"),
        ({"cut": None}, TypeError, "cut must be a function, got None"),
        ({"classes": []}, ValueError, r"two or more different names, got \[\]"),
        ({"classes": "ab"}, ValueError, "got 'ab'"),
        ({"classes": ["a"]}, ValueError, "two or more"),
        ({"classes": ["a", "a"]}, ValueError, "different"),
        ({"limit": 0}, ValueError, "an integer of at least 1, got 0"),
        ({"limit": 2.5}, ValueError, "got 2.5"),
        ({"vocabulary": "words"}, TypeError, "not a text"),
        ({"examples": ["a"]}, TypeError, r"a dict name -> text, got \['a'\]"),
        ({"examples": {"a": 1}}, TypeError, "a dict name -> text"),
    ],
)
def test_bad_arguments_get_the_reason(arguments, error, reason):
    arguments = {"probabilities": len, "classes": ["a", "b"]} | arguments
    with pytest.raises(error, match=reason):
        TextExplorer(
            arguments.pop("probabilities"), arguments.pop("classes"), **arguments
        )


# -- the words that decided -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don’t STOP; e\u0301té!", ["Don’t", "STOP", "été"]),
        ("İstanbul is big", ["stanbul", "is", "big"]),
        ("a cat and a dog", ["a", "cat", "and", "a", "dog"]),
        ("ok<br />ok &amp; ok", ["ok", "ok", "amp", "ok"]),
        ("my ＧＰＵ, big", ["my", "ＧＰＵ", "big"]),
        ("the ﬁsh is big", ["the", "is", "big"]),  # one letter, read as two
    ],
)
def test_words_are_found_in_the_text_as_it_was_typed(text, found):
    markup = colored_text(text, [w for w in english_words(text) if w != "i"], {})
    words = re.findall(r'style="background: .*?">(.*?)</span>', markup)
    assert [html.unescape(word) for word in words] == found
    shown = html.unescape(re.sub("<.*?>", "", markup))
    assert shown == unicodedata.normalize("NFC", text)


def test_a_word_that_the_text_does_not_have_is_passed_over():
    markup = colored_text(
        "hot tea", ["hot", "coffee", "tea"], {"coffee": 1.0, "tea": -0.5}
    )
    assert spans(markup).keys() == {"hot", "tea"}
    assert spans(markup)["hot"][1] == 0
    assert spans(markup)["tea"] == (ORANGE, 76)


def test_the_five_strongest_words_of_each_side_are_in_order():
    influence = {f"w{k}": k / 10 for k in range(-7, 8)} | {"weak": 0.004}
    rows = re.findall("<tr><td>(.*?)</tr>", strongest_words(influence, "tea"))
    cells = [re.sub("(<.*?>)+", " ", row).split() for row in rows]
    assert cells[0] == ["w7", "+0.70", "w-7", "−0.70"]
    assert cells[4] == ["w3", "+0.30", "w-3", "−0.30"]
    assert len(cells) == 5
    assert strongest_words({"a": 0.001}, "tea") == strongest_words({}, "tea") == ""
    [row] = re.findall("<tr><td>(.*?)</tr>", strongest_words({"a": -1.0}, "tea"))
    assert row == "</td><td></td><td>a</td><td>−1.00</td>"
