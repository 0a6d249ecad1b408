"""Chapter 15 in the browser: tuning, a scene, guidance, one's own picture."""

import io
import re

import numpy as np
import pytest
from labdriver import Explorer, Panel
from PIL import Image
from playwright.sync_api import expect
from test_accessibility import CUT_OFF, WIDER, focused_outline, tab_to

NOTEBOOK = "15_seeing.ipynb"


@pytest.fixture
def scene(notebook):
    """Return the canvas for digits, empty."""
    notebook.set_width(1400)
    box = notebook.locator(".lab-scene")
    box.get_by_role("button", name="Clear").click()
    expect(box.get_by_role("status")).to_contain_text("Click on the canvas")
    return box


@pytest.fixture(scope="module")
def guidance(notebook):
    return Explorer(notebook, "How many steps, and how much guidance?")


def test_the_last_stage_is_tuned_and_its_auc_shown(notebook):
    panel = Panel(notebook)
    panel.reset()
    panel.part("norms").locator("select").select_option("of the batch")
    status = panel.run(epochs=2)
    row = panel.rows.first
    assert "finished" in row.text_content(), status
    area = row.locator('[data-name$="AUC, %"]').last
    assert 0 < float(area.text_content()) < 100
    notebook.picture("tuning_photos", panel.box)


def test_a_click_puts_a_digit_and_a_box_is_found_around_it(notebook, scene):
    scene.get_by_label("digit", exact=True).select_option("3")
    paper, status = scene.locator("canvas.lab-paper"), scene.get_by_role("status")
    paper.click(position={"x": 190, "y": 120})
    expect(status).to_contain_text("1 digit on the canvas, 1 found: 3 (")
    paper.click(position={"x": 90, "y": 300})
    expect(status).to_contain_text("2 digits on the canvas, 2 found: 3 (")
    notebook.picture("scene", scene)


def test_a_finger_puts_a_digit_on_a_narrow_page_too(notebook, scene):
    notebook.close_sidebar()
    notebook.set_width(390)
    paper = scene.locator("canvas.lab-paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    browser = notebook.context.new_cdp_session(notebook.page)
    for kind, points in (("touchStart", [middle]), ("touchEnd", [])):
        message = {"type": kind, "touchPoints": points}
        browser.send("Input.dispatchTouchEvent", message)
    expect(scene.get_by_role("status")).to_contain_text(
        "1 digit on the canvas, 1 found"
    )
    assert scene.evaluate(WIDER) <= 0
    assert scene.evaluate(CUT_OFF) == []


def test_a_scene_is_used_by_keys_and_heard(notebook, scene):
    page, status = notebook.page, scene.get_by_role("status")
    expect(scene.get_by_role("img", name="Digits and boxes")).to_be_visible()
    for name in ("size, pixels", "least score", "overlap"):
        expect(scene.get_by_role("slider", name=name)).to_be_visible()
    scene.get_by_label("digit", exact=True).focus()
    tab_to(page, scene.get_by_role("button", name="Add one"))
    assert focused_outline(page) == "solid"
    line = status.element_handle()
    for key, count in (("Enter", "1 digit on"), ("Space", "2 digits on")):
        page.keyboard.press(key)
        expect(status).to_contain_text(count)
    expect(status).to_have_count(1)  # announced only if the element stays
    assert line.evaluate("e => e.isConnected && e.textContent.includes('2 digits on')")
    tab_to(page, scene.get_by_role("button", name="Clear"))
    page.keyboard.press("Enter")
    expect(status).to_contain_text("Click on the canvas")
    # The canvas answers no key, so no Tab stops there.
    scene.get_by_label("digit", exact=True).focus()
    page.keyboard.press("Shift+Tab")
    expect(scene.locator("canvas.lab-paper")).not_to_be_focused()


def sure(explorer):
    """Return how sure the judge is of the digit that it doubts most, percent."""
    return int(re.search(r"to (\d+) %", explorer.answer.text_content())[1])


def test_steps_and_guidance_change_picture_and_text(notebook, guidance):
    picture = guidance.answer.locator("img")
    before = sure(guidance)
    for slider, keys in {"guidance": ["End"], "steps": ["Home", "ArrowRight"]}.items():
        for key in keys:
            seen = picture.get_attribute("src")
            guidance.press(slider, key)
            expect(picture).not_to_have_attribute("src", seen)
    # Two steps with so much guidance overshoot.
    expect(guidance.answer).to_contain_text(re.compile(r"reads [4-9] of ten"))
    assert sure(guidance) < before
    seen = picture.get_attribute("src")
    guidance.press("noise", "End")
    expect(picture).not_to_have_attribute("src", seen)
    assert picture.get_attribute("alt").startswith("Ten digits, 0 to 9")
    notebook.picture("guidance", guidance.box)


# -- one's own picture -----------------------------------------------------------------


def upload(notebook, name, kind, content):
    """Choose a file that the button then uploads; return where the answer stands."""
    button = notebook.locator("button.jupyter-widget-upload, button.widget-upload")
    with notebook.page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})
    return notebook.locator(".jp-OutputArea-output", has=button).locator(
        ".jupyter-widgets-output-area, .widget-output"
    )


def test_an_own_picture_is_looked_at(notebook):
    file = io.BytesIO()
    stripes = np.zeros((300, 400, 3), np.uint8)
    stripes[:, ::20] = 255
    Image.fromarray(stripes).save(file, "PNG")
    answer = upload(notebook, "stripes.png", "image/png", file.getvalue())
    expect(answer).to_contain_text("a picture of 224 x 224 pixels")
    expect(answer).to_contain_text(re.compile(r"( [\d.]+ %; ){2}|( %; .*){2}"))


def test_what_is_no_picture_is_told_so(notebook):
    answer = upload(notebook, "notes.txt", "text/plain", b"Buy milk and bread.")
    expect(answer).to_contain_text("picture")
    expect(answer).not_to_contain_text("224 x 224")
    expect(answer).not_to_contain_text("Traceback")


def test_an_overlap_counted_twice_is_told_by_name(notebook):
    answer = notebook.answer(
        "iou",
        """def iou(box, other):
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
    return shared / sum(areas)


lab.check("seeing.iou", iou)
""",
    )
    expect(answer).to_contain_text("Not yet")
    expect(answer).to_contain_text("divided by the sum of both areas")
