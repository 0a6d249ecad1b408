"""Several GPTs answer side by side, in a notebook made for them."""

import pytest
from labdriver import NOTEBOOK as OPEN
from playwright.sync_api import expect
from test_accessibility import CONTRAST, CUT_OFF, WIDER, tab_to

NOTEBOOK = "chat.ipynb"
CELLS = [
    """import matplotlib.pyplot as plt

import bigmodel_lab as lab

lab.start_chapter("chat", version=lab.__version__)
poet, alphabet, _ = lab.models.load("poet")
asked = lab.models.GPT(**poet.settings | {"length": 40}).eval()
asked.load_state_dict(poet.state_dict())
figure, axes = plt.subplots(figsize=(3, 1))
axes.bar(["base", "asked"], [33, 40])
lab.plots.show(figure, "Bar chart of how many tokens two models read.")""",
    """chat = lab.Chat(
    {
        "base": lab.Speaker(poet),
        "fine-tuned": lab.Speaker(poet, characters=5),
        "instructed": lab.Speaker(asked, characters=5, instructed=True),
        "aligned": lab.Speaker(asked, instructed=True),
    },
    alphabet,
    question="Who does what you say?",
    examples={"spring flower, autumn moon": "春花秋月", "a mountain": "青山"},
)
chat""",
]
NAMES = ["base", "fine-tuned", "instructed", "aligned"]


class Page:
    """The widget on the page."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.box = notebook.locator(".lab-chat")
        self.area = self.box.get_by_label("You say")
        self.status = self.box.locator(".lab-status .widget-html-content")
        self.turns = self.box.locator(".lab-turn:visible")

    def button(self, name):
        """Return the button of this name."""
        return self.box.get_by_role("button", name=name)

    def turn(self, name):
        """Return what one model says."""
        return self.box.get_by_role("group", name=name)

    def say(self, text):
        """Type a text and wait for the answers."""
        self.area.fill(text)
        self.button("Write").click()
        expect(self.status).to_contain_text("Writing …")
        expect(self.status).to_contain_text("Finished")

    def poems(self):
        """Return the characters that each model has written."""
        return [
            "".join(
                turn.locator("ruby").evaluate_all(
                    "all => all.map(ruby => ruby.firstChild.textContent)"
                )
            )
            for turn in self.turns.all()
        ]


@pytest.fixture
def chat(notebook):
    """Return the widget as it was at first."""
    notebook.set_width(1400)
    notebook.execute(
        "chat.stop(); chat.wait(); chat.use(temperature=1, top_p=1)\n"
        f"chat.text, chat.seed, chat.chosen = '', 0, {NAMES}"
    )
    found = Page(notebook)
    expect(found.area).to_have_value("")
    expect(found.button("Stop")).to_be_disabled()
    expect(found.box.get_by_role("checkbox", name="aligned")).to_be_checked()
    return found


def test_four_characters_get_four_poems_with_their_meters(chat):
    chat.area.focus()
    chat.page.keyboard.insert_text("春花秋月")
    tab_to(chat.page, chat.button("Write"))
    chat.page.keyboard.press("Enter")
    expect(chat.status).to_contain_text("Writing …")
    expect(chat.status).to_contain_text("Finished: answer 1.")
    expect(chat.turns).to_have_count(4)
    for name in NAMES:
        rows = chat.turn(name).locator(".lab-verdicts tr")
        expect(rows.locator("th")).to_have_text(
            [
                "right form",
                "tones alternate",
                "lines 2 and 4 rhyme",
                "begin as asked",
            ]
        )
        expect(rows.last.locator("td").last).to_contain_text("of 4")
        expect(rows.first.locator("td").last).not_to_have_text("–")
    for poem in chat.poems()[:2]:  # those that take no instruction
        assert poem.startswith("春花秋月")


def test_another_gives_others(chat):
    chat.say("青山")
    before = chat.poems()
    assert all(poem.startswith("青山") for poem in before)
    chat.button("Another").click()
    expect(chat.status).to_contain_text("Finished: answer 2.")
    for poem, other in zip(before, chat.poems(), strict=True):
        assert poem != other


def test_stop_stops_and_keeps_what_is_written(notebook, chat):
    notebook.execute("chat.poems = {}")
    chat.button("Write").click()
    expect(chat.status).to_contain_text("Writing …")
    notebook.wait_for("print(len(chat.poems.get('aligned', '')) > 1)", "True")
    chat.button("Stop").click()
    expect(chat.status).to_contain_text("Stopped")
    expect(chat.button("Stop")).to_be_disabled()
    assert notebook.execute("print(chat.running, chat.measures)") == "False {}"
    for name in NAMES:
        expect(chat.turn(name).locator("ruby")).not_to_have_count(0)
        expect(chat.turn(name).locator(".lab-verdicts")).to_contain_text("–")


def test_a_model_that_is_unchecked_by_keys_does_not_answer(chat):
    box = chat.box.get_by_role("checkbox", name="fine-tuned")
    chat.area.focus()
    tab_to(chat.page, box)
    chat.page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    chat.say("青山")
    expect(chat.turns).to_have_count(3)
    expect(chat.turn("fine-tuned")).to_be_hidden()


def test_an_example_is_loaded_and_an_unknown_character_is_named(chat):
    chat.box.get_by_label("Example").select_option("a mountain")
    expect(chat.area).to_have_value("青山")
    chat.say("青山")
    before = chat.poems()
    chat.area.fill("青山<b>")
    chat.button("Write").click()
    expect(chat.status).to_contain_text("none is <、b、>: leave out or replace")
    expect(chat.area).to_have_value("青山<b>")
    assert chat.poems() == before


def test_who_cannot_begin_so_says_why_and_the_others_write(notebook, chat):
    chat.say("千里莺啼绿映红，水村山郭酒旗风。")
    for name in ("fine-tuned", "instructed"):
        expect(chat.turn(name)).to_contain_text("Its lines have 5 characters")
    for name in ("base", "aligned"):
        expect(chat.turn(name).locator("ruby")).not_to_have_count(0)
    expect(chat.status).to_contain_text("No poem from fine-tuned, instructed")
    notebook.close_sidebar()
    notebook.picture("chat_refused", chat.box)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_contrast(notebook, chat, theme):
    chat.say("青山")
    notebook.use_theme(f"JupyterLab {theme}")
    for part, look, enough in (
        (".lab-verdicts th", "color", 4.5),
        (".lab-name", "color", 4.5),
        (".lab-verdicts .lab-on", "borderTopColor", 3),
        (".lab-verdicts .lab-on", "backgroundColor", 3),
    ):
        assert chat.box.locator(part).first.evaluate(CONTRAST, look) >= enough, part


@pytest.mark.parametrize("width", [1400, 900, 390])
def test_nothing_is_cut_off(notebook, chat, width):
    notebook.close_sidebar()
    chat.say("春花秋月")
    notebook.set_width(width)
    box = notebook.page.locator(f"{OPEN} .lab-chat")
    area = box.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')]")
    assert area.evaluate(WIDER) <= 0
    assert box.evaluate(CUT_OFF) == []
    notebook.page.set_viewport_size({"width": width, "height": 2400})  # all of it
    for theme in ("Dark", "Light"):
        notebook.use_theme(f"JupyterLab {theme}")
        notebook.picture(f"chat_{theme.lower()}_{width}", box)


def test_every_control_has_a_name(chat):
    for role, name in (
        ("textbox", "You say"),
        ("combobox", "Example"),
        ("checkbox", "base"),
        ("slider", "temperature"),
        ("slider", "top p"),
        ("button", "Stop"),
    ):
        expect(chat.box.get_by_role(role, name=name).first).to_be_visible()
    expect(chat.box.get_by_role("status")).to_have_count(1)
