"""The picture that a widget leaves for readers who have not run its cell."""

import base64
import io
import re
import warnings

import ipywidgets
import numpy as np
import pytest
import torch
from matplotlib.image import imread
from PIL import Image
from torch import nn

from bigmodel_lab import (
    AttentionViewer,
    Chat,
    DigitCanvas,
    Explorer,
    NextCharacter,
    Speaker,
    TextExplorer,
    TuningPanel,
    Writer,
    models,
    verse,
)
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.widgets.still import CALL, Sheet, still

VIEW = "application/vnd.jupyter.widget-view+json"
LINE = np.linspace(-3, 3, 50)


def toy(learning_rate=0.1, epochs=10, kind="slow", momentum=0.25, decay=False):
    raise NotImplementedError


def look(place):
    return f"loss <b>{place**2:.2f}</b>", {
        "curve": (LINE, LINE**2),
        "you": (place, place**2),
    }


def make_explorer(question="Where is it lowest?"):
    axes = {"place": (-3, 3), "loss": (-1, 9)}
    return Explorer(look, question, axes=axes, place=(-3.0, 3.0, 0.1))


ALPHABET = Characters(["床前明月光，疑是地上霜。"])
GPT = models.GPT(len(ALPHABET), 33, 8, 1, 2)
MAKERS = {
    "TuningPanel": lambda: TuningPanel(toy, "How fast?", kind=["slow", "quick"]),
    "Explorer": make_explorer,
    "DigitCanvas": lambda: DigitCanvas(
        nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
        torch.zeros(1, 1, 28, 28),
        "Which digit?",
    ),
    "TextExplorer": lambda: TextExplorer(
        lambda documents: np.full((len(documents), 2), 0.5),
        ["long", "short"],
        examples={"good": "the good orbit"},
        question="Long or short?",
    ),
    "AttentionViewer": lambda: AttentionViewer(
        GPT, ALPHABET, question="Who looks?", examples={"moon": "床前明月光，"}
    ),
    "NextCharacter": lambda: NextCharacter(
        GPT, ALPHABET, question="What comes next?", examples={"moon": "床前"}
    ),
    "Writer": lambda: Writer(
        {"small": GPT, "large": GPT}, ALPHABET, question="Can it go on?"
    ),
    "Chat": lambda: Chat(
        {"base": Speaker(GPT), "tuned": Speaker(GPT, characters=5)},
        ALPHABET,
        question="Who obeys?",
        examples={"moon": "床前明月"},
    ),
}
ALTS = {
    "TuningPanel": "How fast?; learning rate 0.1; epochs 10; kind slow; momentum 0.25; "
    "decay; a chart; logarithmic loss axis",
    "Explorer": "Where is it lowest?; place 0; a chart",
    "DigitCanvas": "Which digit?; paper to draw on",
    "TextExplorer": "Long or short?; Your text; Example Load an example; "
    "Words that speak for the most probable class",
    "AttentionViewer": "Who looks?; Your text; Example moon",
    "NextCharacter": "What comes next?; Beginning; Example Load an example; "
    "temperature 1; top p 1",
    "Writer": "Can it go on?; Beginning; Model small; temperature 1; top p 1",
    "Chat": "Who obeys?; You say; Example Load an example; base; tuned; temperature 1; "
    "top p 1",
}


def png(markup):
    """Return the bytes of the picture in HTML."""
    [data] = re.findall('src="data:image/png;base64,([^"]+)"', markup)
    return base64.b64decode(data)


def drawn(widget):
    """Return the sheet with a widget on it."""
    sheet = Sheet()
    sheet.place(widget, 0, 0, 7)
    return sheet


def texts(sheet):
    """Return what is written on a sheet."""
    return [text.get_text() for text in sheet.axes.texts]


@pytest.mark.parametrize("name", MAKERS)
def test_a_widget_has_a_small_picture_with_words_besides_itself(name):
    widget = MAKERS[name]()
    bundle = widget._repr_mimebundle_()
    assert set(bundle) == {"text/plain", VIEW, "text/html"}
    assert bundle["text/plain"] == repr(widget)
    [alt] = re.findall('alt="(.*?)"', bundle["text/html"])
    assert (
        alt == f"A picture of the {name} as it starts. {CALL}. It shows: {ALTS[name]}"
    )
    data = png(bundle["text/html"])
    assert len(data) < 25_000
    height, width, _ = imread(io.BytesIO(data)).shape
    assert width == 7 * 144
    assert 250 < height < 800


@pytest.mark.parametrize("name", MAKERS)
def test_the_picture_is_the_same_each_time(name):
    assert still(MAKERS[name]()) == still(MAKERS[name]())


def on_white(markup):
    """Return the picture in the markup as it looks on a white page."""
    picture = Image.open(io.BytesIO(png(markup))).convert("RGBA")
    page = Image.new("RGBA", picture.size, "white")
    page.alpha_composite(picture)
    return page.convert("RGB")


@pytest.mark.parametrize("name", MAKERS)
def test_the_strip_across_the_top_says_what_to_do(name):
    image = on_white(still(MAKERS[name]()))
    strip = np.asarray(image)[10:50]
    assert abs(strip[0, -5].astype(int) - (0, 114, 178)).max() < 20
    assert (strip > 235).all(axis=2).any()  # letters


def test_what_a_model_says_is_left_out_as_it_may_differ_on_another_machine():
    written = " ".join(texts(drawn(MAKERS["NextCharacter"]())))
    assert "Write twenty" in written
    assert "%" not in written
    assert "Likeliest" not in written


def test_controls_are_drawn_where_they_start():
    sheet = drawn(TuningPanel(toy, learning_rate=(1e-4, 1e4), momentum=(0.0, 0.5)))
    [chart] = sheet.axes.child_axes
    written = [*texts(sheet), chart.get_xlabel(), chart.get_ylabel()]
    for text in ("learning rate", "0.1", "☐ decay", "Train", "Reset", "loss", "epoch"):
        assert text in written
    lines = sheet.axes.lines
    bars, handles = lines[::2], lines[1::2]
    shares = []
    for bar, handle in zip(bars, handles, strict=True):
        start, end = bar.get_xdata()
        shares.append((handle.get_xdata()[0] - start) / (end - start))
    # 0.1 is 3 of 8 powers of ten above 0.0001; 10 epochs of 1 to 40; 0.25 of 0.5.
    assert shares == pytest.approx([3 / 8, 9 / 39, 0.5])


def test_a_chart_is_drawn_with_what_is_in_it():
    [chart] = drawn(make_explorer()).axes.child_axes
    assert (chart.get_xlim(), chart.get_ylim()) == ((-3, 3), (-1, 9))
    curves = [line for line in chart.lines if len(line.get_xdata()) == 50]
    np.testing.assert_allclose(curves[0].get_ydata(), LINE**2)
    dots = [
        line for line in chart.lines if len(line.get_xdata()) and line not in curves
    ]
    assert any(line.get_marker() == "o" for line in dots)


def test_the_legend_has_its_colors():
    signs = {t.get_text(): t.get_color() for t in drawn(make_explorer()).axes.texts}
    assert {"━": "#0072B2", "●": "#D55E00"}.items() <= signs.items()
    assert {"curve", "you"} <= signs.keys()
    image = on_white(still(make_explorer()))
    pixels = np.array([color for _, color in image.getcolors()])
    for color in ((0, 114, 178), (213, 94, 0)):  # few colors, but nearly the right ones
        assert abs(pixels - color).max(axis=1).min() < 20
    race = TuningPanel(toy, compare={"kind": ["slow", "quick", "a < b"]})
    assert {"slow", "quick", "a < b"} <= set(texts(drawn(race)))


def test_of_html_only_running_text_is_written():
    markup = (
        "a <b>bold</b> word<table><tr><td>7</td></tr></table> and <a href=x>go</a>."
    )
    explorer = Explorer(lambda strength: markup, strength=3)
    assert "a bold word and." in texts(drawn(explorer))


def test_of_a_poem_the_glosses_are_written():
    poem = verse.show(["床前明月光，"])._repr_html_()
    explorer = Explorer(lambda strength: f"a line: {poem}", strength=3)
    assert "a line: bed in front bright moon light" in texts(drawn(explorer))


def test_an_answers_picture_is_drawn():
    data = base64.b64encode(png(still(make_explorer()))).decode()

    def show(strength):
        return f'<img alt="a picture" src="data:image/png;base64,{data}">'

    [picture] = drawn(Explorer(show, strength=3)).axes.child_axes
    assert len(picture.images) == 1


def test_a_learners_own_controls_do_not_break_it():
    own = {
        "place": ipywidgets.FloatRangeSlider(description="range", min=0, max=100),
        "steps": ipywidgets.Text("abc", description="name"),
    }

    def answer(place, steps):
        return "fine"

    written = texts(drawn(Explorer(answer, **own)))
    assert "range: (25.0, 75.0)" in written
    assert "name: abc" in written


def test_letters_that_the_font_lacks_and_dollars_pass_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "多快" in still(make_explorer("多快? $1 or $2_?"))
