"""The widget to classify a text of one's own, in a notebook made for it."""

import json
import re

import pytest
from labdriver import TextExplorer
from playwright.sync_api import expect

NOTEBOOK = "own_text.ipynb"
CELLS = [
    """import time

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB

import bigmodel_lab as lab

lab.start_chapter("own_text", version=lab.__version__)
topics = {
    "rec.autos": ["the engine of my car", "a fast car with a new engine and tires",
                  "the dealer sold me a used car", "oil for the brakes of the car"],
    "sci.space": ["a rocket to the moon", "the moon and mars are in orbit",
                  "the shuttle needs a new engine", "nasa flies to the moon"],
    "comp.sys.ibm.pc.hardware": ["a new disk for the pc", "the driver of the printer",
                                 "install a card and a driver", "the monitor is dark"],
}
reviews = {
    "negative": ["酒店很差", "服务太差了", "房间很脏,很吵", "不好吃,很失望"],
    "positive": ["酒店很好", "服务非常好", "房间很干净,很安静", "好吃,很满意"],
}


class Model:
    def __init__(self, corpus, cut, seconds=0):
        documents = [cut(text) for texts in corpus.values() for text in texts]
        labels = [name for name, texts in corpus.items() for _ in texts]
        self.tf_idf = TfidfVectorizer(analyzer=list).fit(documents)
        self.bayes = MultinomialNB(alpha=0.1)
        self.bayes.fit(self.tf_idf.transform(documents), labels)
        self.seconds, self.read = seconds, []

    def __call__(self, documents):
        time.sleep(self.seconds)
        self.read.append(documents[0])
        return self.bayes.predict_proba(self.tf_idf.transform(documents))


model = Model(topics, lab.text.english_words)
figure, axes = plt.subplots(figsize=(3, 1))
axes.bar(list(topics), [4, 4, 4])
lab.plots.show(figure, "Bar chart of the number of posts in each of the topics.")""",
    """own = lab.TextExplorer(
    model, model.bayes.classes_, vocabulary=model.tf_idf.vocabulary_, limit=12,
    question="Which topic?",
    examples={
        "About a car": "I bought a used car with new tires.",
        "About Mars": "NASA wants to fly to Mars,\\nwith a new engine.",
    },
)
own""",
    """slow = Model(topics, lab.text.english_words, seconds=0.5)
lab.TextExplorer(slow, slow.bayes.classes_, question="How slow?")""",
    """lab.TextExplorer(
    Model(reviews, lab.text.chinese_words), list(reviews),
    cut=lab.text.chinese_words, question="Good or bad?",
)""",
]


@pytest.fixture
def own(notebook):
    """Return the widget as it was at first."""
    notebook.set_width(1400)
    notebook.execute("own.text = ''")
    own = TextExplorer(notebook, "Which topic?")
    own.about.select_option("the most probable class")
    expect(own.area).to_have_value("")
    expect(own.status).to_contain_text("Type a text")
    return own


def test_it_follows_what_is_typed(notebook, own):
    own.write("My car")
    expect(own.status).to_have_text("Most probable: rec.autos.")
    expect(own.best).to_have_text(re.compile(r"^rec\.autos\s*\d+\.\d%$"))
    before = own.best.inner_text()
    own.page.keyboard.type(" flies to the moon like a rocket")
    expect(own.status).to_have_text("Most probable: sci.space.")
    expect(own.answer.locator(".lab-bars tr")).to_have_count(3)
    assert own.best.inner_text() != before
    expect(own.colored).to_have_text("My car flies to the moon like a rocket")
    assert own.color("moon").startswith("rgba(0, 114, 178, ")
    assert own.color("car").startswith("rgba(213, 94, 0, ")
    expect(own.table).to_contain_text(re.compile(r"moon\s*\+\d.*car\s*−\d", re.DOTALL))
    expect(own.answer).to_contain_text("Unknown to the model: like.")
    expect(own.colored.locator(".lab-unknown")).to_have_text(["like"])
    notebook.wait_for("print(own.result['class'])", "sci.space")


def test_every_key_goes_into_the_text(own):
    """JupyterLab would delete a cell at "dd" and restart the kernel at "00"."""
    own.write("moon dd aabb 00 x")
    own.page.keyboard.press("Enter")
    own.page.keyboard.type("z")
    for key in ("Home", "ArrowUp"):
        own.page.keyboard.press(key)
    own.page.keyboard.type("the ", delay=100)
    expect(own.area).to_have_value("the moon dd aabb 00 x\nz")
    expect(own.colored).to_have_text("the moon dd aabb 00 x\nz", use_inner_text=True)


def choose_next(page):
    """Choose the next line of the focused dropdown.

    It must be opened: of a closed one JupyterLab takes the arrow keys for itself.
    """
    for key in ("Space", "ArrowDown", "Enter"):
        page.keyboard.press(key)


def test_it_is_used_by_the_keyboard_alone(own):
    own.area.focus()
    own.page.keyboard.type("moon")
    expect(own.status).to_have_text("Most probable: sci.space.")
    for choice, shown in (
        (own.example, "Load an example"),
        (own.about, "the most probable class"),
    ):
        expect(choice.locator("option:checked")).to_have_text(shown)
    own.page.keyboard.press("Tab")
    expect(own.example).to_be_focused()
    for text in ("I bought a used car", "NASA wants to fly to Mars,\nwith"):
        choose_next(own.page)
        expect(own.area).to_have_value(re.compile(f"^{text}"))
    expect(own.example.locator("option:checked")).to_have_text("About Mars")
    expect(own.status).to_have_text("Most probable: sci.space.")
    own.page.keyboard.press("Tab")
    expect(own.about).to_be_focused()
    choose_next(own.page)
    expect(own.table).to_contain_text("for comp.sys.ibm.pc.hardware")
    expect(own.status).to_have_text("Most probable: sci.space.")
    assert own.color("Mars").startswith("rgba(213, 94, 0, ")
    own.page.keyboard.press("Shift+Tab")
    own.page.keyboard.press("Shift+Tab")
    expect(own.area).to_be_focused()
    own.page.keyboard.press("ControlOrMeta+End")
    own.page.keyboard.type("!")
    expect(own.example.locator("option:checked")).to_have_text("Load an example")
    expect(own.area).to_have_value(re.compile("engine.!$"))


def test_a_class_is_chosen_and_an_example_loaded_with_the_mouse(own):
    own.example.select_option("About a car")
    expect(own.status).to_have_text("Most probable: rec.autos.")
    expect(own.table).to_contain_text("for rec.autos")
    own.about.select_option("comp.sys.ibm.pc.hardware")
    expect(own.table).to_contain_text("against comp.sys.ibm.pc.hardware")
    own.example.select_option("About Mars")
    expect(own.colored).to_contain_text("NASA wants")
    expect(own.table).to_contain_text("for comp.sys.ibm.pc.hardware")


def test_what_is_typed_is_text_and_no_html(notebook, own):
    typed = "moon <script>window.hacked=1</script> <img src=x onerror=hacked=1> &lt;"
    own.write(typed)
    expect(own.colored).to_have_text(typed)
    expect(own.box.locator("script, img")).to_have_count(0)
    assert own.page.evaluate("window.hacked") is None


def test_words_beyond_the_limit_are_gray(own):
    own.write("the moon and mars and the moon and mars and the moon but these are not")
    expect(own.answer).to_contain_text("Only the first 12 of 16 words are read.")
    expect(own.colored.locator(".lab-unread")).to_have_text(" but these are not")


@pytest.mark.parametrize(
    ("typed", "says"),
    [("", "Type a text"), ("?!", "has no letters"), ("Большая", "are Cyrillic")],
)
def test_a_text_without_words_gets_a_friendly_line(own, typed, says):
    own.write("moon")
    expect(own.best).to_have_count(1)
    own.write(typed)
    expect(own.status).to_contain_text(says)
    expect(own.answer).to_have_text("")


def test_a_slow_model_reads_the_newest_text_only(notebook):
    own = TextExplorer(notebook, "How slow?")
    text = "a rocket with a new engine flies to the moon and to mars"
    own.write(text, delay=20)
    expect(own.area).to_have_value(text)
    expect(own.colored).to_have_text(text)
    expect(own.area).to_have_value(text)
    read = json.loads(notebook.execute("import json; print(json.dumps(slow.read))"))
    assert read[-1] == text.split()
    assert len(read) < len(text) / 3


def test_chinese(notebook):
    own = TextExplorer(notebook, "Good or bad?")
    own.area.focus()
    own.page.keyboard.insert_text("酒店很干净，服务非常好！")
    expect(own.status).to_have_text("Most probable: positive.")
    expect(own.table).to_contain_text("干净")
    notebook.picture("own_text_chinese", own.box)
    own.write("hello")
    expect(own.status).to_contain_text("its letters are Latin")


WITHIN = """box => {
    const right = e => e.getBoundingClientRect().right;
    return [...box.querySelectorAll('*')].every(e => right(e) <= right(box) + 1);
}"""


@pytest.mark.parametrize("theme", ["Dark", "Light"])
@pytest.mark.parametrize("width", [1400, 800])
def test_it_fits_and_is_readable_in_both_themes(notebook, own, theme, width):
    notebook.use_theme(f"JupyterLab {theme}")
    notebook.set_width(width)
    own.write(
        "My used car, a fast one, does not fly to the moon: these engines cannot!"
    )
    expect(own.answer).to_contain_text("Only the first 12 of 15 words are read.")
    assert own.box.evaluate(WITHIN)
    shown = "span => getComputedStyle(span).color"
    letters = own.colored.evaluate(shown)
    gray = own.colored.locator(".lab-unread").evaluate(shown)
    assert gray != letters
    notebook.picture(f"own_text_{theme.lower()}_{width}", own.box)
