"""The widgets that write poems, in a notebook made for them."""

import re
import time

import pytest
from labdriver import NOTEBOOK as OPEN
from playwright.sync_api import expect
from test_accessibility import CONTRAST, CUT_OFF, WIDER, focused_outline, tab_to

NOTEBOOK = "poems.ipynb"
CELLS = [
    """from collections import Counter

import matplotlib.pyplot as plt
import torch

import bigmodel_lab as lab

lab.start_chapter("poems", version=lab.__version__)
poems = lab.datasets.tang_poems("7x4", "tang")[0]["poem"][:300].tolist()
alphabet = lab.text.Characters(poems)
rows = torch.tensor([alphabet.encode(f"\\n{poem}\\n") for poem in poems])
model = lab.models.GPT(len(alphabet), 33, 32, 1, 2)
other = lab.models.GPT(len(alphabet), 33, 32, 1, 2)
lab.models.gpt_training(model, rows, steps=100, learning_rate=0.03, seed=0).finish()
follows = Counter(a + b for poem in poems for a, b in zip(poem, poem[1:]))


def counted(beginning):
    after = {pair[1]: n for pair, n in follows.items() if pair[0] == beginning[-1:]}
    return {c: n / sum(after.values()) for c, n in after.items()}


figure, axes = plt.subplots(figsize=(3, 1))
axes.bar(list("春月花"), [poems[0].count(c) for c in "春月花"])
lab.plots.show(figure, "Bar chart of how often three characters occur in a poem.")""",
    """following = lab.NextCharacter(
    model, alphabet, counted, question="What comes next?", start="春风",
    examples={"a moon": "明月", "a mountain": "青山"}, real=poems,
)
following""",
    """writer = lab.Writer(
    {"trained": model, "untrained": other}, alphabet, question="Can it go on?",
    examples={"a moon": "明月", "a mountain": "青山"},
)
writer""",
    "lab.verse.show(poems[:2])",
]
NEXT, WRITER = ".lab-poems:not(.lab-writer)", ".lab-writer"
STOPPED = "Stopped: Write writes it again"


class Poems:
    """One of the two widgets on the page."""

    def __init__(self, notebook, selector):
        self.notebook, self.page = notebook, notebook.page
        self.box = notebook.locator(selector)
        self.area = self.box.get_by_label("Beginning")
        self.status = self.box.locator(".lab-status .widget-html-content")
        self.poem = self.box.locator(".lab-answer").first
        self.rubies = self.poem.locator("ruby")
        self.choices = self.box.locator(".lab-choice:visible")

    def button(self, name):
        """Return the button of this name."""
        return self.box.get_by_role("button", name=name)

    def slider(self, name):
        """Return the handle of a slider."""
        return self.box.get_by_role("slider", name=name)

    def characters(self):
        """Return the characters of the poems that are shown."""
        return "".join(
            self.rubies.evaluate_all(
                "all => all.map(ruby => ruby.firstChild.textContent)"
            )
        )


@pytest.fixture
def following(notebook):
    """Return the widget for the next character as it was at first."""
    notebook.set_width(1400)
    notebook.execute(
        "following.stop(); following.use(temperature=1, top_p=1)\n"
        "following.start_over()"
    )
    found = Poems(notebook, NEXT)
    expect(found.area).to_have_value("春风")
    expect(found.status).to_contain_text("Likeliest next")
    return found


@pytest.fixture
def writer(notebook):
    """Return the widget that goes on, with an empty beginning."""
    notebook.set_width(1400)
    notebook.execute(
        "writer.stop(); writer.wait(); writer.use(temperature=1, top_p=1)\n"
        "writer.text, writer.model, writer.seed = '', 'trained', 0"
    )
    found = Poems(notebook, WRITER)
    expect(found.area).to_have_value("")
    expect(found.button("Stop")).to_be_disabled()
    return found


# -- the next character ----------------------------------------------------------------


def test_a_click_on_a_bar_adds_its_character(notebook, following):
    expect(following.choices).to_have_count(10)
    name = following.choices.nth(3).inner_text()
    character, _, percent, _ = name.split("\t")
    assert re.fullmatch(r"\d+\.\d%", percent)
    following.choices.nth(3).click()
    expect(following.area).to_have_value(f"春风{character}")
    expect(following.choices.first).not_to_have_text(name)
    shown = f"春风{character}".rstrip("，。")
    expect(following.rubies).to_have_count(len(shown))  # drawn after the bars
    assert following.characters() == shown
    notebook.wait_for("print(following.text)", f"春风{character}")
    following.button("Undo").click()
    expect(following.area).to_have_value("春风")
    expect(following.choices.nth(3)).to_have_text(name, use_inner_text=True)


CLICK = """async button => {
    const poem = button.closest('.lab-poems').querySelector('.lab-poem');
    const before = poem.textContent, started = performance.now();
    button.click();
    while (poem.textContent === before)  // it is drawn after the bars
        await new Promise(requestAnimationFrame);
    return performance.now() - started;
}"""


def busy(notebook):
    """Return how many ms this machine needs to ask the kernel for nothing."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        notebook.execute("")
        times.append(1000 * (time.perf_counter() - started))
    return min(times)


def test_the_bars_follow_at_once(notebook, following):
    times = [following.choices.first.evaluate(CLICK) for _ in range(5)]
    assert min(times) < 100 + 5 * busy(notebook), times


def test_a_poem_is_written_by_keys(notebook, following):
    page = following.page
    following.button("Start over").focus()
    tab_to(page, following.choices.first)
    assert focused_outline(page) == "solid"
    text = "春风"
    for _ in range(6):
        text += following.choices.first.inner_text().split("\t")[0]
        page.keyboard.press("Enter")
        expect(following.area).to_have_value(text)
        expect(following.choices.first).to_be_focused()
        notebook.wait_for("print(following.text)", text)
    tab_to(page, following.button("Undo"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(following.area).to_have_value(text[:-1])


def test_the_sliders_move_the_bars_by_keys(following):
    before = following.choices.first.inner_text()
    following.slider("temperature").focus()
    for _ in range(6):
        following.page.keyboard.press("ArrowLeft")
    expect(following.choices.first).not_to_have_text(before, use_inner_text=True)
    following.slider("top p").focus()
    following.page.keyboard.press("Home")
    expect(following.choices).to_have_count(1)
    following.page.keyboard.press("End")
    expect(following.choices).to_have_count(10)


def test_a_setting_out_of_range_is_refused_in_words(following):
    field = following.box.get_by_role("textbox", name="temperature, typed")
    field.fill("5")
    field.press("Enter")
    expect(following.status).to_contain_text(
        "temperature takes numbers from 0.1 to 2: 5 was not taken."
    )
    field.fill("1")
    field.press("Enter")
    expect(following.status).not_to_contain_text("not taken")


def test_twenty_poems_are_measured(notebook, following):
    following.button("Write twenty").click()
    expect(following.status).to_contain_text("Twenty poems are written")
    meters = following.box.locator(".lab-meters tr:has(th[scope=row])")
    expect(meters).to_have_count(3)
    expect(following.box.locator(".lab-twenty figure")).to_have_count(2)
    notebook.wait_for("print(len(following.poems))", "20")


def test_unknown_characters_get_a_sentence_and_the_bars_stay(following):
    following.area.fill("春风hello")
    expect(following.status).to_contain_text("none is h、e、l、o")
    expect(following.choices).to_have_count(10)
    expect(following.choices.first).to_be_disabled()
    expect(following.area).to_have_value("春风hello")
    following.area.fill("<img src=x onerror=f()>")
    expect(following.status).to_contain_text("none is <、i、m、g、s and")
    expect(following.box.locator("img")).to_have_count(0)
    following.area.fill("")
    expect(following.choices.first).to_be_enabled()


def test_an_input_method_is_not_disturbed(following):
    """What is being composed stays, until it becomes a character."""
    browser = following.page.context.new_cdp_session(following.page)
    following.area.fill("")
    following.area.focus()
    for letters in ("y", "yu", "yue"):
        browser.send(
            "Input.imeSetComposition",
            {"text": letters, "selectionStart": len(letters), "selectionEnd": 3},
        )
        expect(following.area).to_have_value(letters)
        following.page.wait_for_timeout(150)  # Python reads it, and writes nothing
    browser.send("Input.insertText", {"text": "月"})
    expect(following.area).to_have_value("月")
    expect(following.status).to_contain_text("Likeliest next")
    expect(following.rubies).to_have_count(1)
    assert following.characters() == "月"


# -- a poem that goes on ---------------------------------------------------------------


def test_a_poem_is_begun_by_keys_and_goes_on(notebook, writer):
    page = writer.page
    writer.area.focus()
    page.keyboard.insert_text("春风明月")
    tab_to(page, writer.button("Write"))
    page.keyboard.press("Enter")
    expect(writer.status).to_contain_text("Writing …")
    expect(writer.status).to_contain_text("Finished: poem 1 from this beginning.")
    expect(writer.rubies.nth(27)).to_be_visible()  # all of it is drawn
    assert writer.characters().startswith("春风明月")
    first = notebook.execute("print(writer.poems['trained'])")
    tab_to(page, writer.button("Another"))
    page.keyboard.press("Enter")
    expect(writer.status).to_contain_text("Finished: poem 2 from this beginning.")
    assert notebook.execute("print(writer.poems['trained'])") != first


def test_it_comes_character_by_character(writer):
    writer.button("Write").click()
    expect(writer.status).to_contain_text("Writing …")
    lengths = set()
    while "Finished" not in writer.status.text_content():
        lengths.add(len(writer.characters()))
        writer.page.wait_for_timeout(40)
    assert len(lengths) > 4


STOP = """async button => {
    const line = button.closest('.lab-poems').querySelector('.lab-status');
    const started = performance.now();
    button.click();
    while (!line.textContent.includes('Stopped'))
        await new Promise(requestAnimationFrame);
    return performance.now() - started;
}"""


def test_stop_answers_within_200_ms(notebook, writer):
    times = []
    for _ in range(3):
        writer.button("Write").click()
        expect(writer.status).to_contain_text("Writing …")
        notebook.wait_for("print(len(writer.poems['trained']) > 1)", "True")
        times.append(writer.button("Stop").evaluate(STOP))
        expect(writer.button("Stop")).to_be_disabled()
    assert min(times) < 200 + 5 * busy(notebook), times
    expect(writer.rubies).not_to_have_count(0)


def test_the_models_are_compared(notebook, writer):
    for name in ("untrained", "trained"):
        writer.box.get_by_label("Model").select_option(name)
        writer.button("Write").click()
        expect(writer.status).to_contain_text("Writing …")
        expect(writer.status).to_contain_text("Finished")
    expect(writer.poem.locator("figcaption")).to_have_text(["trained", "untrained"])


def test_an_example_begins_a_poem_and_marks_may_be_forgotten(writer):
    writer.box.get_by_label("Example").select_option("a mountain")
    expect(writer.area).to_have_value("青山")
    writer.area.fill("春风明月青山水春")
    writer.button("Write").click()
    expect(writer.status).to_contain_text("Finished")
    expect(writer.area).to_have_value("春风明月青山水春")
    expect(writer.poem.locator(".lab-line").first).to_contain_text("，")


@pytest.mark.parametrize(
    ("typed", "says"),
    [("hello", "none is h、e、l、o"), ("春" * 40, "this GPT reads 32 at most")],
)
def test_a_bad_beginning_gets_a_sentence(writer, typed, says):
    writer.area.fill(typed)
    writer.button("Write").click()
    expect(writer.status).to_contain_text(says)
    expect(writer.area).to_have_value(typed)


def test_a_cell_that_is_run_again_stops_what_was_written(notebook, writer):
    notebook.execute("old = writer; old.write()")
    expect(writer.status).to_contain_text("Writing …")
    notebook.run_cell(notebook.locator(".jp-CodeCell", has_text="lab.Writer("))
    notebook.wait_for("print(old.status[:7], writer is old)", "Stopped False")
    notebook.wait_until_idle()


# -- names, themes, widths -------------------------------------------------------------


@pytest.mark.parametrize("widget", [NEXT, WRITER])
def test_every_control_has_a_name(notebook, following, writer, widget):
    box = notebook.locator(widget)
    for role, name in (
        ("textbox", "Beginning"),
        ("combobox", "Example"),
        ("slider", "temperature"),
        ("slider", "top p"),
        ("textbox", "top p, typed"),
        ("button", "Stop"),
    ):
        expect(box.get_by_role(role, name=name).first).to_be_visible()
    unnamed = "all => all.filter(b => !b.textContent.trim()).length"
    assert box.get_by_role("button").evaluate_all(unnamed) == 0
    expect(box.get_by_role("status")).to_have_count(1)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_contrast(notebook, following, theme):
    notebook.use_theme(f"JupyterLab {theme}")
    for part, look, enough in (
        (".lab-choice", "color", 4.5),
        (".lab-status", "color", 4.5),
        (".lab-shares i", "backgroundColor", 3),
        ("textarea", "borderTopColor", 3),
    ):
        found = following.box.locator(part).first
        assert found.evaluate(CONTRAST, look) >= enough, part


@pytest.mark.parametrize("width", [1400, 900, 390])
def test_nothing_is_cut_off(notebook, following, writer, width):
    notebook.close_sidebar()
    following.button("Write twenty").click()
    expect(following.status).to_contain_text("Twenty poems are written")
    writer.button("Write").click()
    expect(writer.status).to_contain_text("Writing …")
    expect(writer.status).to_contain_text("Finished")
    notebook.set_width(width)
    for name in (NEXT, WRITER):
        box = notebook.page.locator(f"{OPEN} {name}")
        box.scroll_into_view_if_needed()
        area = box.locator(
            "xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')]"
        )
        assert area.evaluate(WIDER) <= 0, name
        assert box.evaluate(CUT_OFF) == [], name
        for theme in ("Dark", "Light"):
            notebook.use_theme(f"JupyterLab {theme}")
            notebook.picture(f"poems_{name[5:9]}_{theme.lower()}_{width}", box)


@pytest.mark.parametrize("width", [1400, 390])
def test_a_line_of_seven_stays_one_line(notebook, width):
    notebook.close_sidebar()
    notebook.set_width(width)
    lines = notebook.locator(".lab-verse").last.locator(".lab-line")
    expect(lines).to_have_count(8)
    tops = "line => new Set([...line.children].map(c => c.offsetTop)).size"
    for line in lines.all():
        line.scroll_into_view_if_needed()
        assert line.evaluate(tops) == 1
        assert line.evaluate(CUT_OFF) == []
