"""Chapter 06 in the browser: own texts, the panel, exercises."""

import re

import pytest
from labdriver import TextExplorer
from playwright.sync_api import expect

NOTEBOOK = "06_text.ipynb"
SIGNATURE = "The shuttle reaches its orbit tomorrow. clh athos rutgers clh"
READ_BATCHES = """def read_batches(lstm, batches):
    finals, state = [], None
    for batch in batches:
        _, state = lstm(batch{state})
        finals.append(state[0][0])
    return torch.cat(finals)


lab.check("text.read_batches", read_batches)
"""


@pytest.fixture
def post(notebook):
    """Return the widget for posts of the six topics."""
    return TextExplorer(notebook, "a post on space")


@pytest.fixture
def review(notebook):
    """Return the widget for sentences of movie reviews."""
    return TextExplorer(notebook, "turn the judgment round")


def test_a_post_of_ones_own_is_classified_word_by_word(notebook, post):
    expect(post.status).to_contain_text("Type a text")
    post.write("The shuttle reaches its orbit tomorrow.")
    expect(post.status).to_contain_text("Most probable: sci.space")
    expect(post.table).to_contain_text("orbit")
    post.write(SIGNATURE)
    expect(post.status).to_contain_text("Most probable: soc.religion.christian")
    post.about.select_option("sci.space")
    expect(post.table).to_contain_text(re.compile(r"against.*sci\.space"))
    notebook.picture("own_post", post.box)


def test_a_chinese_text_is_cut_and_the_reading_says_that_no_word_is_known(post):
    post.write("这部电影很好看")
    expect(post.box).to_contain_text("jieba has cut it into words")
    expect(post.box).to_contain_text("its answer is not about your text")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type a text"),
        ("!!!", "it has no letters"),
    ],
)
def test_a_text_without_words_says_so(post, text, said):
    post.write(text)
    expect(post.status).to_contain_text(said)
    expect(post.best).to_have_count(0)


def test_unknown_words_and_apostrophes(post):
    post.write("I don't know the qwertzuiop of the orbit")
    expect(post.answer).to_contain_text("Unknown to the model: qwertzuiop.")


def test_a_sentence_is_praise_or_not(notebook, review):
    review.example.select_option("praise")
    expect(review.status).to_contain_text("Most probable: positive")
    review.write("A dull, boring and bad film.")
    expect(review.status).to_contain_text("Most probable: negative")
    review.write("film " * 50)
    expect(review.answer).to_contain_text("Only the first 40 of 50 words are read.")


def test_the_panel_trains_each_network(notebook, panel):
    for network in ("TextCNN", "LSTM", "embedding bag"):
        panel.part("network").locator("select").select_option(network)
        assert "Finished" in panel.run(epochs=1)
        expect(panel.rows.last).to_contain_text(network)
    notebook.picture("text_panel", panel.box)


@pytest.mark.parametrize(
    ("state", "feedback"), [("", "Correct"), (", state", "hand its state on")]
)
def test_exercise_answers(notebook, state, feedback):
    code = READ_BATCHES.format(state=state)
    output = notebook.answer("read_batches", code)
    expect(output).to_contain_text(feedback)
