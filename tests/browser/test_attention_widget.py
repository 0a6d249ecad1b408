"""What a GPT's heads look at, in a notebook made for it: by mouse and by keys."""

import re

import pytest
from labdriver import NOTEBOOK as OPEN
from playwright.sync_api import expect
from test_accessibility import CONTRAST, CUT_OFF, WIDER, focused_outline, tab_to

NOTEBOOK = "attention.ipynb"
CELLS = [
    """import matplotlib.pyplot as plt
import torch

import bigmodel_lab as lab

lab.start_chapter("attention", version=lab.__version__)
poems = lab.datasets.tang_poems("7x4", "tang")[0]["poem"][:300].tolist()
temple = "月落乌啼霜满天，江枫渔火对愁眠。姑苏城外寒山寺，夜半钟声到客船。"
alphabet = lab.text.Characters([*poems, temple])
rows = torch.tensor([alphabet.encode(f"\\n{poem}\\n") for poem in poems])
torch.manual_seed(0)
model = lab.models.GPT(len(alphabet), 33, 32, 2, 4, "rotary")
lab.models.gpt_training(model, rows, steps=60, seed=0).finish()
figure, axes = plt.subplots(figsize=(3, 1))
axes.bar(list("春月花"), [poems[0].count(c) for c in "春月花"])
lab.plots.show(figure, "Bar chart of how often three characters occur in a poem.")""",
    """viewer = lab.AttentionViewer(
    model, alphabet, question="Who looks where?",
    examples={"a temple": temple, "its first line": temple[:8]},
)
viewer""",
]


class Viewer:
    """The widget on the page; the kernel knows it as `viewer`."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.box = notebook.locator(".lab-viewer")
        self.area = self.box.get_by_label("Your text")
        self.status = self.box.locator(".lab-status .widget-html-content")
        self.words = self.box.locator(".lab-words-of .widget-html-content")
        self.heads = self.box.locator(".lab-head")
        self.places = self.box.locator(".lab-place")

    def expect_chosen(self, layer, head, place):
        """Wait until Python and the page have chosen this head and this place."""
        self.notebook.wait_for("print(viewer.chosen)", f"({layer}, {head}, {place})")
        for buttons, k in (
            (self.heads, 4 * (layer - 1) + head - 1),
            (self.places, place),
        ):
            expect(buttons.nth(k)).to_have_attribute("aria-pressed", "true")
            pressed = buttons.and_(self.page.locator("[aria-pressed=true]"))
            expect(pressed).to_have_count(1)


@pytest.fixture
def viewer(notebook):
    """Return the widget with its first text, where it is looked at first."""
    notebook.set_width(1400)
    notebook.page.mouse.move(2, 2)
    notebook.execute("viewer.text = temple; viewer.choose(1, 1, 31)")
    found = Viewer(notebook)
    found.expect_chosen(1, 1, 31)
    return found


# -- by mouse --------------------------------------------------------------------------


def test_a_click_chooses_a_head_and_a_character(notebook, viewer):
    viewer.heads.nth(6).click()
    viewer.expect_chosen(2, 3, 31)
    expect(viewer.status).to_have_text(re.compile(r"^Layer 2, head 3: (looks|spread)"))
    viewer.places.nth(15).click()
    viewer.expect_chosen(2, 3, 15)
    expect(viewer.words).to_have_text(re.compile("^眠 mián “sleep” looks at "))
    assert viewer.words.inner_text() == notebook.execute("print(viewer.sentence)")


def test_the_strongest_three_have_their_percentage_and_the_deepest_shade(viewer):
    viewer.places.nth(20).click()
    viewer.expect_chosen(1, 1, 20)
    shares = eval(viewer.notebook.execute("print(viewer.shares.tolist())"))
    marked = viewer.places.evaluate_all(
        "all => all.map(e => [e.dataset.percent, +e.style.getPropertyValue('--shade')])"
    )
    best = sorted(range(len(shares)), key=lambda k: -shares[k])[:3]
    assert {k for k, (percent, _) in enumerate(marked) if percent} == set(best)
    assert marked[best[0]][0] == f"{shares[best[0]]:.0%}"
    for share, (_, shade) in zip(shares, marked, strict=True):
        assert abs(shade**2 - share) < 2e-3
    later = viewer.places.and_(viewer.page.locator(".lab-later"))
    expect(later).to_have_count(12)


def test_pointing_shows_a_character_until_the_mouse_leaves(viewer):
    viewer.places.nth(10).click()
    viewer.expect_chosen(1, 1, 10)
    viewer.places.nth(13).hover()
    viewer.expect_chosen(1, 1, 13)
    viewer.words.hover()
    viewer.expect_chosen(1, 1, 10)


CLICK = """async (place) => {
    const state = place.closest('.lab-viewer').querySelector('.lab-chosen');
    const before = state.textContent, started = performance.now();
    place.click();
    while (state.textContent === before) await new Promise(requestAnimationFrame);
    return performance.now() - started;
}"""


ASK = """async () => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const started = performance.now();
    await kernel.requestExecute({code: ''}).done;
    return performance.now() - started;
}"""


def test_the_picture_follows_at_once(viewer):
    times = [viewer.places.nth(k).evaluate(CLICK) for k in range(3, 12)]
    nothing = [viewer.page.evaluate(ASK) for _ in range(9)]  # of a busy machine, long
    print(times, nothing)
    assert min(times) < 100 + min(nothing)  # ms


# -- by keyboard -----------------------------------------------------------------------


def test_the_heads_are_chosen_by_keys(viewer):
    viewer.area.focus()
    tab_to(viewer.page, viewer.heads.first)
    assert focused_outline(viewer.page) == "solid"
    for key, layer, head in (
        ("ArrowRight", 1, 2),
        ("ArrowDown", 2, 2),
        ("ArrowDown", 2, 2),  # there is no third layer
        ("ArrowLeft", 2, 1),
        ("ArrowUp", 1, 1),
    ):
        viewer.page.keyboard.press(key)
        viewer.expect_chosen(layer, head, 31)
        expect(viewer.heads.nth(4 * (layer - 1) + head - 1)).to_be_focused()


def test_the_characters_are_chosen_by_keys_and_heads_with_them(viewer):
    viewer.area.focus()
    tab_to(viewer.page, viewer.heads.first)
    viewer.page.keyboard.press("Tab")  # one stop for all the heads
    expect(viewer.places.nth(31)).to_be_focused()
    for _ in range(5):
        viewer.page.keyboard.press("ArrowLeft")
    viewer.expect_chosen(1, 1, 26)
    expect(viewer.places.nth(26)).to_be_focused()
    viewer.page.keyboard.press("ArrowRight")
    for _ in range(4):
        viewer.page.keyboard.press("ArrowDown")
    viewer.expect_chosen(2, 1, 27)
    viewer.page.keyboard.press("ArrowUp")
    viewer.expect_chosen(1, 4, 27)
    expect(viewer.places.nth(27)).to_be_focused()


# -- the text --------------------------------------------------------------------------


def test_it_follows_what_is_typed_and_keeps_the_last_good_picture(viewer):
    viewer.area.fill("月落乌啼")
    expect(viewer.places).to_have_count(5)
    expect(viewer.words).to_have_text(re.compile("^啼 tí “"))
    for typed, says in (
        ("", "Type a text: what each character looks at will appear here."),
        ("月x", "none is x"),
        ("月" * 40, "this GPT reads 32 at most: shorten it."),
    ):
        viewer.area.fill(typed)
        expect(viewer.status).to_contain_text(says)
        expect(viewer.area).to_have_value(typed)
        expect(viewer.places).to_have_count(5)
    viewer.places.nth(2).click()
    expect(viewer.words).to_have_text(re.compile("^落 luò “"))


def test_an_example_is_loaded(viewer):
    viewer.box.get_by_label("Example").select_option("its first line")
    expect(viewer.places).to_have_count(9)
    expect(viewer.area).to_have_value("月落乌啼霜满天，")


# -- what is heard and seen ------------------------------------------------------------


def test_everything_has_a_name_and_the_words_are_announced(viewer):
    for role, name in (
        ("textbox", "Your text"),
        ("combobox", "Example"),
        ("group", "Heads, a row for each layer"),
        ("group", "Characters of the text"),
        ("button", re.compile(r"^layer 2, head 4: (looks|spread)")),
        ("button", re.compile("^眠 mián “sleep”$")),
        ("button", "the start"),
    ):
        found = viewer.box.get_by_role(role, name=name)
        expect(found).to_have_count(1)
        expect(found).to_be_visible()
    said = viewer.box.get_by_role("status")
    expect(said).to_have_count(2)
    assert said.evaluate_all("all => all.every(e => e.matches('.widget-html-content'))")


SEEN = [
    (".lab-status", "color", 4.5),
    (".lab-words-of", "color", 4.5),
    (".lab-place small", "color", 4.5),
    (".lab-heads span", "color", 4.5),
    (".lab-head[aria-pressed=true]", "borderTopColor", 3),
    (".lab-head[aria-pressed=false]", "borderTopColor", 3),
    (".lab-place[aria-pressed=true]", "borderTopColor", 3),
]


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_all_can_be_told_from_the_page(notebook, viewer, theme):
    notebook.use_theme(f"JupyterLab {theme}")
    for part, look, enough in SEEN:
        found = viewer.box.locator(part).last
        assert found.evaluate(CONTRAST, look) >= enough, part


@pytest.mark.parametrize("width", [1400, 900, 390])
def test_nothing_is_cut_off(notebook, viewer, width):
    notebook.close_sidebar()
    notebook.set_width(width)
    box = notebook.page.locator(f"{OPEN} .lab-viewer")
    box.scroll_into_view_if_needed()
    area = box.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')]")
    assert area.evaluate(WIDER) <= 0
    assert box.evaluate(CUT_OFF) == []
    tops = viewer.places.evaluate_all("all => all.map(e => e.offsetTop)")
    # A row for each line, on a phone, too; there the start has one of its own.
    assert len(set(tops)) == (5 if width == 390 else 4)
    for theme in ("Dark", "Light"):
        notebook.use_theme(f"JupyterLab {theme}")
        notebook.picture(f"attention_{theme.lower()}_{width}", box)
