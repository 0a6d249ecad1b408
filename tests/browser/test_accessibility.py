"""Every widget by names, roles and keys alone, in both themes and on a phone."""

import re

import pytest
from labdriver import NOTEBOOK as OPEN
from labdriver import Canvas, TextExplorer
from playwright.sync_api import expect

NOTEBOOK = "accessibility.ipynb"
CELLS = [
    """import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

import bigmodel_lab as lab

lab.start_chapter("accessibility", version=lab.__version__)
x = torch.linspace(-1, 1, 60)[:, None]


def toy_training(
    learning_rate=0.1, epochs=10, batch_size=20, momentum=0.5, decay=False
):
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), learning_rate)
    return lab.Training(model, nn.MSELoss(), optimizer, train=(x, 2 * x),
                        validation=(x, 2 * x), epochs=epochs, seed=0)


figure, axes = plt.subplots()
axes.plot(x, 2 * x)
lab.plots.show(figure, "A straight line through the origin, with slope 2.")""",
    """panel = lab.TuningPanel(toy_training, "How fast?", batch_size=[10, 20])
panel""",
    """a = np.linspace(-3, 3, 50)


def look(place, steps, kind):
    loss = place**2
    return f"loss <b>{loss:.2f}</b>", {"curve": (a, a**2), "you": (place, loss)}


explorer = lab.Explorer(
    look, "Where is it lowest?", axes={"place": (-3, 3), "loss": (-1, 9)},
    drag={"you": ("place", None)}, play="steps",
    place=(-3.0, 3.0, 0.1), steps=(0, 20), kind=["one", "two"],
)
explorer""",
    """model = nn.Sequential(
    nn.Conv2d(1, 4, 5, stride=2), nn.ReLU(), nn.Conv2d(4, 8, 5, stride=2), nn.ReLU(),
    nn.Flatten(), nn.Linear(128, 10),
)
canvas = lab.DigitCanvas(model, torch.rand(3, 1, 28, 28), "Which digit?")
canvas""",
    """def lengths(documents):
    counts = [[1 + sum(len(w) > 4 for w in d), 1 + sum(len(w) < 5 for w in d)]
              for d in documents]
    return np.array(counts) / np.sum(counts, axis=1, keepdims=True)


own = lab.TextExplorer(lengths, ["long", "short"], question="Long or short?",
                  vocabulary=["the", "good"], examples={"good": "the good orbit"})
own""",
    'lab.quiz("start_here")',
]
PANEL, EXPLORER, DRAWING, TEXT = (
    f".lab-{name}" for name in ("panel", "explorer", "drawing", "own-text")
)
NAMES = [
    (PANEL, "slider", "learning rate"),
    (PANEL, "textbox", "learning rate, typed"),
    (PANEL, "slider", "epochs"),
    (PANEL, "combobox", "batch size"),
    (PANEL, "checkbox", "decay"),
    (PANEL, "button", "Train"),
    (PANEL, "button", "Stop"),
    (PANEL, "button", "Reset"),
    (PANEL, "checkbox", "logarithmic loss axis"),
    (PANEL, "button", "Chart as PNG"),
    (PANEL, "img", "Chart of the loss over the epochs"),
    (EXPLORER, "slider", "place"),
    (EXPLORER, "slider", "steps"),
    (EXPLORER, "button", "Play or pause steps"),
    (EXPLORER, "button", "Stop and rewind steps"),
    (EXPLORER, "combobox", "kind"),
    (EXPLORER, "img", "Chart of loss over place: curve, you"),
    (DRAWING, "img", "Your drawing"),
    (DRAWING, "button", "Clear"),
    (DRAWING, "button", "Load a sample"),
    (TEXT, "textbox", "Your text"),
    (TEXT, "combobox", "Example"),
    (TEXT, "combobox", "Words that speak for"),
]


@pytest.mark.parametrize(("widget", "role", "name"), NAMES)
def test_every_control_has_a_name(notebook, widget, role, name):
    found = notebook.locator(widget).get_by_role(role, name=name)
    expect(found.first).to_be_visible()


@pytest.mark.parametrize("widget", [PANEL, EXPLORER, DRAWING, TEXT])
def test_one_status_line_stays_while_its_text_changes(notebook, widget):
    line = notebook.locator(widget).get_by_role("status")
    expect(line).to_have_count(1)
    assert line.evaluate("e => e.matches('.widget-html-content')")


def test_the_quiz_has_names_and_tells_what_was_answered(notebook):
    quiz = notebook.locator(
        ".Quiz", has=notebook.page.locator("input.Input-text")
    ).first
    question = quiz.locator("[id^=quizQn]").inner_text()
    expect(quiz).to_have_role("group")
    field = quiz.get_by_role("textbox", name=question[:30])
    field.fill("15")
    field.press("Enter")
    expect(quiz.get_by_role("status")).not_to_be_empty()


def test_where_the_widget_is_its_picture_is_not(notebook):
    expect(notebook.locator(PANEL)).to_be_visible()
    expect(notebook.locator('img[alt*="Run this cell"]')).to_have_count(0)


# -- by the keyboard alone -------------------------------------------------------------


def tab_to(page, target, key="Tab"):
    """Press Tab until the focus is there, at most as often as a widget has controls."""
    for _ in range(12):
        page.keyboard.press(key)
        if target.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"no {key} leads to {target}")


def focused_outline(page):
    """Return the style of the outline around what has the focus."""
    return page.evaluate("getComputedStyle(document.activeElement).outlineStyle")


def test_the_panel_trains_by_keys(notebook):
    page, box = notebook.page, notebook.locator(PANEL)
    rate, epochs = (
        box.get_by_role("slider", name=name) for name in ("learning rate", "epochs")
    )
    box.get_by_role("slider", name="learning rate").focus()
    tab_to(page, epochs)
    assert focused_outline(page) == "solid"
    page.keyboard.press("ArrowDown")  # which JupyterLab would take for itself
    expect(epochs).to_be_focused()
    expect(epochs).to_have_attribute("aria-valuetext", "9")
    tab_to(page, box.get_by_role("button", name="Train"))
    assert focused_outline(page) == "solid"
    page.keyboard.press("Enter")
    expect(box.get_by_role("status")).to_contain_text("Run 1: Finished")
    expect(box.get_by_role("img", name="over the epochs: run 1").first).to_be_visible()
    expect(rate).to_have_attribute("aria-valuetext", "0.1")  # not the exponent -1


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("learning rate", "0,001", "0.001"),
        ("learning rate", "0.02", "0.02"),
        ("learning rate", "1e-3", "0.001"),
        ("learning rate", "1/10", "0.1"),
        ("learning rate", "0.1234567", "0.1234567"),
        ("momentum", "0.995", "0.995"),  # between two steps of its slider
        ("epochs", "1,0", "1"),
        ("epochs", "12", "12"),
    ],
)
def test_numbers_are_taken_as_they_are_typed(notebook, name, typed, value):
    parameter = name.replace(" ", "_")
    notebook.execute("panel.controls['learning_rate'].value = 0.02")
    field = notebook.locator(PANEL).get_by_role("textbox", name=f"{name}, typed")
    expect(field).not_to_have_text("")
    field.fill(typed)
    field.press("Enter")
    notebook.wait_for(f"print(panel.settings['{parameter}'])", value)
    field.click()
    field.blur()  # a number that is shown rounded stays what it is
    notebook.wait_for(f"print(panel.settings['{parameter}'])", value)


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("epochs", "2.7", "epochs takes whole numbers from 1 to 40: 2.7 was not"),
        ("epochs", "50", "epochs takes whole numbers from 1 to 40: 50 was not taken."),
        ("epochs", "1/10", "whole numbers from 1 to 40: 1/10 was not taken."),
        ("epochs", "1/10/2", "1/10/2 was not taken."),
        ("learning rate", "a lot", "takes numbers from 0.00001 to 10: a lot was not"),
        ("learning rate", "20", "learning rate takes numbers from 0.00001 to 10: 20"),
        ("momentum", "1.5", "momentum takes numbers from 0 to 1: 1.5 was not taken."),
        ("momentum", "", "momentum takes numbers from 0 to 1: nothing was typed."),
    ],
)
def test_what_a_number_box_does_not_take_it_refuses_in_words(
    notebook, name, typed, says
):
    notebook.execute("panel.controls['epochs'].max = 40; panel.reset()")
    panel = notebook.locator(PANEL)
    before = notebook.execute("print(panel.settings)")
    field = panel.get_by_role("textbox", name=f"{name}, typed")
    old = field.inner_text()
    field.fill(typed)
    field.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text(says)
    expect(field).to_have_text(old)
    field.blur()
    notebook.wait_for("print(panel.settings)", before)
    field.fill("1")
    field.press("Enter")
    expect(panel.get_by_role("status")).not_to_contain_text("not taken")


def test_a_number_is_taken_when_its_box_is_left(notebook):
    field = notebook.locator(PANEL).get_by_role("textbox", name="epochs, typed")
    field.fill("7")
    field.press("Tab")
    notebook.wait_for("print(panel.settings['epochs'])", "7")


def test_an_explorer_takes_what_is_between_two_steps(notebook):
    field = notebook.locator(EXPLORER).get_by_role("textbox", name="place, typed")
    field.fill("0.155")
    field.press("Enter")
    value = "print(round(explorer.controls['place'].value, 9))"
    notebook.wait_for(value, "0.155")
    expect(field).to_have_text("0.155")
    field.fill("0")
    field.press("Enter")
    notebook.wait_for(value, "0.0")


def test_thousands_may_have_commas(notebook):
    notebook.execute("panel.controls['epochs'].max = 20_000")
    field = notebook.locator(PANEL).get_by_role("textbox", name="epochs, typed")
    field.fill("12,000")
    field.press("Enter")
    notebook.wait_for("print(panel.settings['epochs'])", "12000")


def test_the_explorer_plays_by_keys(notebook):
    page, box = notebook.page, notebook.locator(EXPLORER)
    place, steps = (box.get_by_role("slider", name=n) for n in ("place", "steps"))
    place.focus()
    page.keyboard.press("ArrowUp")
    expect(place).to_have_attribute("aria-valuetext", "0.1")
    expect(box.get_by_role("status")).to_have_text("loss 0.01")
    tab_to(page, steps)
    page.keyboard.press("Home")
    tab_to(page, box.get_by_role("button", name="Play or pause steps"))
    page.keyboard.press("Space")
    expect(steps).to_have_attribute("aria-valuetext", re.compile("^[1-9]"))
    tab_to(page, box.get_by_role("button", name="Stop and rewind steps"))
    page.keyboard.press("Space")
    expect(steps).to_have_attribute("aria-valuetext", "0")
    kind = box.get_by_role("combobox", name="kind")
    tab_to(page, kind)
    page.keyboard.press("ArrowDown")
    expect(kind).to_have_value("two")


def test_a_digit_is_drawn_by_keys(notebook):
    page, canvas = notebook.page, Canvas(notebook)
    canvas.clear.focus()
    tab_to(page, canvas.paper, "Shift+Tab")
    for _ in range(8):
        page.keyboard.press("Shift+ArrowUp")
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    expect(canvas.paper).to_be_focused()
    expect(canvas.box.get_by_role("status")).to_contain_text("Most probable")
    notebook.wait_for(
        "print(canvas.ink[60:220, 140].all(), canvas.cursor)", "True (140, 220)"
    )
    tab_to(page, canvas.clear)
    page.keyboard.press("Enter")
    expect(canvas.box.get_by_role("status")).to_contain_text("Draw a digit")


def test_a_text_is_classified_by_keys(notebook):
    own = TextExplorer(notebook, "Long or short?")
    own.area.focus()
    own.page.keyboard.type("wonderful shuttle")
    expect(own.status).to_have_text("Most probable: long.")
    tab_to(own.page, own.about)
    own.page.keyboard.press("ArrowDown")
    expect(own.about.locator("option:checked")).to_have_text("long")


def test_the_wheel_over_the_canvas_scrolls_the_page(notebook):
    canvas = Canvas(notebook)
    canvas.paper.scroll_into_view_if_needed()
    before = canvas.paper.bounding_box()
    notebook.page.mouse.move(before["x"] + 100, before["y"] + 100)
    notebook.page.mouse.wheel(0, 120)
    for _ in range(100):
        if canvas.paper.bounding_box()["y"] != before["y"]:
            return
        notebook.page.wait_for_timeout(50)
    raise AssertionError("the page has not scrolled within 5 s")


# -- what is seen ----------------------------------------------------------------------

# The contrast of an element's text, or of a property, with the page's background.
CONTRAST = """(element, property) => {
    const channels = color => {  // the browser may write a color in any form
        const context = new OffscreenCanvas(1, 1).getContext('2d');
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = color => channels(color).map(c => c / 255).map(
        c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    ).reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
    const page = getComputedStyle(document.body).getPropertyValue('--jp-layout-color0');
    const [low, high] = [getComputedStyle(element)[property], page]
        .map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}"""
SEEN = [
    (PANEL, "text.axislabel", "fill", 4.5),
    (PANEL, ".tick text", "fill", 4.5),
    (PANEL, ".lab-status", "color", 4.5),
    (PANEL, ".widget-label", "color", 4.5),
    (PANEL, ".slider", "backgroundColor", 3),
    (PANEL, "select", "borderTopColor", 3),
    (EXPLORER, "path.line", "stroke", 3),
    (TEXT, "textarea", "borderTopColor", 3),
]


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_contrast(notebook, theme):
    notebook.use_theme(f"JupyterLab {theme}")
    for widget, part, look, enough in SEEN:
        found = notebook.locator(f"{widget} {part}").first
        assert found.evaluate(CONTRAST, look) >= enough, (widget, part)


WIDER = """area => area.scrollWidth - area.clientWidth"""


# What is cut off at the side: hidden by the first box around it that does not scroll.
# A chart's title is there for screen readers only.
CUT_OFF = """root => [...root.querySelectorAll('*:not(.mainheading, g)')].filter(e => {
    const {left, right, width} = e.getBoundingClientRect();
    for (let box = e.parentElement; box && width; box = box.parentElement) {
        const {overflowX} = getComputedStyle(box), frame = box.getBoundingClientRect();
        if (overflowX === 'visible') continue;
        if (left >= frame.left - 1 && right <= frame.right + 1) continue;
        return overflowX === 'hidden' || overflowX === 'clip';
    }
}).map(e => e.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("width", [900, 390])
def test_nothing_is_cut_off(notebook, width):
    notebook.close_sidebar()
    notebook.set_width(width)
    for name in (PANEL, EXPLORER, DRAWING, TEXT):
        box = notebook.locator(name)
        box.scroll_into_view_if_needed()
        chart = f"{OPEN} {name} .lab-chart"
        notebook.page.wait_for_function(  # the charts follow after a moment
            "chart => [...document.querySelectorAll(chart)].every("
            "c => c.scrollWidth <= c.clientWidth)",
            arg=chart,
        )
        area = box.locator(
            "xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')]"
        )
        assert area.evaluate(WIDER) <= 0, name
        assert box.locator(".lab-table, .widget-box").evaluate_all(
            f"boxes => boxes.every(box => ({WIDER})(box) <= 1)"
        ), name
        assert box.evaluate(CUT_OFF) == [], name
    notebook.picture(f"accessible_{width}")
    figure = notebook.locator("img[alt^='A straight line']")
    assert figure.bounding_box()["width"] >= 480  # its letters stay readable
    area = figure.locator("xpath=ancestor::*[contains(@class, 'OutputArea-output')]")
    assert area.evaluate(CUT_OFF) == []
    notebook.set_width(1400)
