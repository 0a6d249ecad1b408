"""The page with a digit network inside: from disk, offline, in a frame, by any hand."""

import base64
import contextlib
import gzip
import json
import re
import shutil
import urllib.request
from itertools import pairwise

import numpy as np
import pytest
import torch
from labdriver import ARTIFACTS, CURRENT, DIGITS, FOREIGN, Notebook, serve
from playwright.sync_api import expect

import bigmodel_lab as lab
from bigmodel_lab.datasets.fetching import DataUnavailable
from bigmodel_lab.serving.network import open_network
from bigmodel_lab.widgets.ink import add_line, preprocess

EMPTY = "Draw a digit with the mouse, a finger, a pen or the arrow keys."
ANSWERS = """async images => {
    const all = [];
    for (const image of images) all.push(await answer(image));
    return all;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Train a network and write digits.onnx and digits.html; return their folder."""
    folder = tmp_path_factory.mktemp("pages")
    torch.manual_seed(0)
    model = lab.models.digit_cnn()
    X, y, _, _ = lab.datasets.mnist()
    optimizer = torch.optim.Adam(model.parameters(), 0.002)
    loss = torch.nn.CrossEntropyLoss()
    lab.Training(model, loss, optimizer, (X, y), epochs=2, batch_size=64).finish()
    network = lab.to_onnx(model, folder / "digits.onnx")
    try:
        lab.digit_page(network, folder / "digits.html")
    except DataUnavailable as error:
        if re.search(r"does not match|has no file|404", str(error)):
            raise
        pytest.skip(f"needs a network, once: {error}")
    return folder


@contextlib.contextmanager
def opened(browser, path, before="", state="ready", **options):
    """Open a page without a network, and yield it when it is ready (or has failed).

    It may raise no error, write none to the console, and ask nobody.
    """
    context = browser.new_context(**options)
    complaints = []
    context.set_offline(True)
    context.route(FOREIGN, lambda route: complaints.append(route.request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    if before:
        page.add_init_script(before)
    try:
        page.goto(path.as_uri())
        page.locator(f"body[data-state={state}]").wait_for()
        yield page
        assert complaints == []
    finally:
        context.close()


@pytest.fixture(scope="module")
def shared(browser, folder):
    """Open the page from disk, once for all tests that leave it as it was."""
    with opened(browser, folder / "digits.html") as page:
        yield page


@pytest.fixture
def page(shared):
    """Return the page, cleared, in light colors and 900 pixels wide."""
    shared.set_viewport_size({"width": 900, "height": 900})
    shared.emulate_media(color_scheme="light")
    shared.locator("#clear").click()
    expect(shared.locator("#status")).to_have_text(EMPTY)
    return shared


def on_page(page, points):
    """Return points of the paper (0 to 280) as points of the page."""
    paper = page.locator("#paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    scale = box["width"] / 280
    return [(box["x"] + scale * x, box["y"] + scale * y) for x, y in points]


def draw(page, strokes, hand="mouse"):
    """Draw with the mouse, a finger or a pen, as the browser sees them."""
    browser = page.context.new_cdp_session(page)

    def send(kind, x=0.0, y=0.0):
        if hand == "finger":
            names = {"down": "touchStart", "move": "touchMove", "up": "touchEnd"}
            touches = [] if kind == "up" else [{"x": x, "y": y}]
            message = {"type": names[kind], "touchPoints": touches}
            browser.send("Input.dispatchTouchEvent", message)
        else:
            names = {"down": "Pressed", "move": "Moved", "up": "Released"}
            message = {"type": f"mouse{names[kind]}", "x": x, "y": y}
            message |= {"pointerType": hand, "button": "left", "clickCount": 1}
            message |= {"buttons": int(kind != "up")}
            browser.send("Input.dispatchMouseEvent", message)

    for stroke in strokes:
        start, *points = on_page(page, stroke)
        send("down", *start)
        for point in points:
            send("move", *point)
        send("up", *(points or [start])[-1])
    browser.detach()


def drawn(strokes):
    """Return the ink (280, 280) of strokes, as Python draws them."""
    ink = np.zeros((280, 280), np.float32)
    for stroke in strokes:
        for start, end in pairwise([stroke[0], *stroke]):
            add_line(ink, start, end, 20)
    return ink


def pixels(page):
    """Return what the network sees, (28, 28)."""
    return np.array(page.evaluate("pixels()"), np.float32).reshape(28, 28)


# -- the answer is Python's ------------------------------------------------------------


def test_its_answers_are_those_of_onnxruntime_in_python(page, folder):
    _, _, X_test, y_test = lab.datasets.mnist()
    images = X_test[:50].numpy()
    session = open_network(folder / "digits.onnx")
    (logits,) = session.run(["logits"], {"images": images})
    answers = np.array(page.evaluate(ANSWERS, images.reshape(50, 784).tolist()))
    assert answers.shape == (50, 10)
    assert np.abs(answers - logits).max() < 1e-4
    assert (answers.argmax(1) == y_test[:50].numpy()).mean() > 0.9


RANDOM = np.random.default_rng(0).uniform(0, 280, (20, 2, 3, 2)).round(1).tolist()


@pytest.mark.parametrize(
    "strokes",
    [*DIGITS.values(), [[(140, 140)]], [[(3, 3), (277, 3)]], *RANDOM],
)
def test_its_pixels_are_those_of_python(page, strokes):
    for stroke in strokes:
        page.evaluate("points => draw(points)", stroke)
    wanted = preprocess(drawn(strokes))[0, 0].numpy()
    assert np.abs(pixels(page) - wanted).max() < 1e-5


def test_many_questions_at_once_are_answered_in_turn(page):
    images = torch.rand(8, 784).tolist()
    together = page.evaluate("images => Promise.all(images.map(answer))", images)
    assert together == page.evaluate(ANSWERS, images)


# -- drawing ---------------------------------------------------------------------------


@pytest.mark.parametrize("hand", ["mouse", "finger", "pen"])
@pytest.mark.parametrize("digit", [0, 1, 7])
def test_a_drawn_digit_is_read(page, digit, hand):
    draw(page, DIGITS[digit], hand)
    expect(page.locator("#status")).to_contain_text(f"Most probable: {digit}, with ")
    best = page.locator("tr.best")
    expect(best).to_have_text(re.compile(rf"^{digit}\s*\d+\.\d%$"))
    assert best.locator("div").bounding_box()["width"] > 50
    shares = page.locator("#bars td:last-child").all_inner_texts()
    assert sum(float(share.rstrip("%")) for share in shares) == pytest.approx(100, 0.01)
    expect(page.locator("#time")).to_have_text(
        re.compile(r"^The last answer took (\d+\.\d|less than 1) ms\.$")
    )
    wanted = preprocess(drawn(DIGITS[digit]))[0, 0].numpy()
    # The system rounds where a hand is to pixels.
    assert np.abs(pixels(page) - wanted).mean() < 0.02


def test_it_answers_while_the_pen_moves_and_announces_the_end(page):
    start, corner, end = on_page(page, DIGITS[7][0])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*corner, steps=5)
    expect(page.locator("tr.best")).to_have_count(1)
    expect(page.locator("#status")).to_have_attribute("role", "timer")
    page.mouse.move(*end, steps=5)
    page.mouse.up()
    expect(page.get_by_role("status")).to_contain_text("Most probable: 7, with ")


def test_a_line_goes_on_beyond_the_paper_and_ends_with_the_button(page):
    inside, beyond, back = on_page(page, [(140, 140), (140, -30), (40, 200)])
    page.mouse.move(*inside)
    page.mouse.down()
    page.mouse.move(*beyond, steps=5)
    page.mouse.up()
    seen = pixels(page)
    page.mouse.move(*back, steps=5)
    assert np.array_equal(pixels(page), seen)
    wanted = preprocess(drawn([[(140, 140), (140, -30)]]))[0, 0].numpy()
    assert np.abs(seen - wanted).mean() < 0.02


def test_another_button_does_not_draw(page):
    page.mouse.move(*on_page(page, [(140, 140)])[0])
    page.mouse.down(button="middle")
    page.mouse.up(button="middle")
    assert page.evaluate("pixels()") == []


def test_the_keyboard_alone_draws_and_clears(page):
    page.locator("h1").click()  # Tab goes on from here
    page.keyboard.press("Tab")
    expect(page.locator("#paper")).to_be_focused()
    page.set_viewport_size({"width": 900, "height": 300})  # now the page could scroll
    scrolled = page.evaluate("scrollY")
    for _ in range(9):
        page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#status")).to_have_text(EMPTY)
    for _ in range(19):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#status")).to_contain_text("Most probable: 1, with ")
    assert page.evaluate("scrollY") == scrolled
    wanted = preprocess(drawn([[(140, 50), (140, 240)]]))[0, 0].numpy()
    assert np.abs(pixels(page) - wanted).max() < 1e-5
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Clear")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text(EMPTY)
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#paper")).to_be_focused()
    page.locator("#paper").blur()


def test_clear_empties_all(page):
    blank = page.locator("#paper").screenshot()
    draw(page, DIGITS[7])
    expect(page.locator("tr.best")).to_have_count(1)
    assert page.locator("#paper").screenshot() != blank
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#status")).to_have_text(EMPTY)
    expect(page.locator("tr.best")).to_have_count(0)
    assert page.locator("#paper").screenshot() == blank
    assert page.evaluate("pixels()") == []
    assert set(page.locator("#bars td").all_inner_texts()) == {""}
    expect(page.get_by_role("img", name="Nothing is drawn yet.")).to_be_visible()


def test_what_there_is_has_a_name(page):
    for role, name in [
        ("heading", "Draw a digit"),
        ("application", "Your drawing: arrow keys draw, with Shift they only move"),
        ("button", "Clear"),
        ("table", "The probability of each digit"),
    ]:
        expect(page.get_by_role(role, name=name, exact=True)).to_be_visible()
    assert [*map(str, range(10))] == page.get_by_role("rowheader").all_inner_texts()


# -- how it looks ----------------------------------------------------------------------

# The contrasts of an element's color and its page's.
CONTRAST = """([selector, property]) => {
    const channels = color => color.match(/[\\d.]+/g).slice(0, 3);
    const luminance = color => channels(color).map(c => c / 255).map(
        c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    ).reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
    const element = document.querySelector(selector);
    const [low, high] = [getComputedStyle(element)[property],
        getComputedStyle(document.body).backgroundColor]
        .map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}"""
SEEN = [
    *[(text, "color", 4.5) for text in ("h1", "#status", "td", "button", "footer")],
    *[(text, "color", 4.5) for text in ("figcaption", "#time")],
    ("button", "borderTopColor", 3),
    ("tr.best div", "backgroundColor", 3),
    ("tr:not(.best) div", "backgroundColor", 3),
]
OUTSIDE = """() => [...document.querySelectorAll('body *')].filter(element => {
    const {left, right} = element.getBoundingClientRect();
    return left < 0 || right > innerWidth;
}).map(element => element.tagName)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 900, 1400])
def test_it_fits_and_can_be_read(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    draw(page, DIGITS[4])
    expect(page.locator("tr.best")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE) == []
    for part, look, enough in SEEN:
        assert page.evaluate(CONTRAST, [part, look]) >= enough, (part, look)
    assert page.locator("#clear").bounding_box()["height"] >= 44  # for a finger
    corner = "[...sheet.getImageData(1, 1, 1, 1).data]"
    assert page.evaluate(corner) == [255, 255, 255, 255]  # paper is white in the dark
    ARTIFACTS.mkdir(exist_ok=True)
    shot = ARTIFACTS / f"edge_page_{width}_{scheme}.png"
    page.screenshot(path=shot, full_page=True)


# -- where it lies, and what may be wrong ----------------------------------------------


def test_a_copy_elsewhere_works_on_a_phone(browser, folder, tmp_path):
    (tmp_path / "a phone's #1 folder").mkdir()
    copy = tmp_path / "a phone's #1 folder" / "my digits.html"
    shutil.copy(folder / "digits.html", copy)
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
    with opened(browser, copy, is_mobile=True, **phone) as page:
        draw(page, DIGITS[1], "finger")
        expect(page.locator("#status")).to_contain_text("Most probable: 1, with ")
        assert page.evaluate("[scrollX, scrollY]") == [0, 0]  # the finger drew


def test_its_policy_stops_requests_and_foreign_scripts(browser, folder):
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto((folder / "digits.html").as_uri())
        page.locator("body[data-state=ready]").wait_for()
        for attempt, directive in [
            ("fetch('http://127.0.0.1:9/').catch(() => {})", "connect-src"),
            ("new WebSocket('ws://127.0.0.1:9/')", "connect-src"),
            ("new Image().src = 'http://127.0.0.1:9/a.png'", "img-src"),
            (
                "document.body.append(Object.assign(document.createElement('script'), "
                "{text: 'window.stolen = 1'}))",
                "script-src-elem",
            ),
        ]:
            told = page.evaluate(f"""() => new Promise(resolve => {{
                document.addEventListener('securitypolicyviolation',
                    event => resolve(event.effectiveDirective), {{once: true}});
                try {{ {attempt} }} catch {{}}
            }})""")
            assert told == directive
        assert page.evaluate("window.stolen") is None
    finally:
        context.close()


def block(page, name):
    """Return a block of a page, such as the network, as text."""
    return re.search(rf'id="{name}">([^<]*)<', page)[1]


def one_letter_changed(text):
    """Return a block's text with a letter in the middle exchanged."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


NO_NETWORK = base64.b64encode(gzip.compress(b"no network")).decode()
DAMAGES = {
    "network changed": ("network", one_letter_changed, "The network in this page is"),
    "no network": ("network", lambda _: NO_NETWORK, "The network in this page is"),
    "no base64": ("network", lambda _: "?", "The network in this page is"),
    "program changed": ("wasm", one_letter_changed, "The program in this page is"),
    "script changed": ("script", one_letter_changed, "The program in this page is"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_page_says_so(browser, folder, tmp_path, damage):
    name, change, says = DAMAGES[damage]
    page = (folder / "digits.html").read_text(encoding="utf-8")
    whole = block(page, name)
    path = tmp_path / "digits.html"
    path.write_text(page.replace(whole, change(whole)), encoding="utf-8")
    with opened(browser, path, state="failed") as page:
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text(f"{says} damaged or does not run here (")
        expect(alert).to_contain_text("copy the page again")
        draw(page, DIGITS[1])  # the paper may be used, and the sentence stays
        expect(alert).to_contain_text(f"{says} damaged or does not run here (")


def test_a_page_cut_off_says_so(browser, folder, tmp_path):
    path = tmp_path / "digits.html"
    whole = (folder / "digits.html").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with opened(browser, path, state="failed") as page:
        expect(page.get_by_role("alert")).to_contain_text("in this page is damaged")


@pytest.mark.parametrize(
    ("lacks", "says"),
    [
        ("WebAssembly", "This browser has no WebAssembly"),
        (
            "DecompressionStream",
            "no DecompressionStream): open it in Chrome 80",
        ),
    ],
)
def test_a_browser_that_lacks_something_is_told(browser, folder, lacks, says):
    path, before = folder / "digits.html", f"delete globalThis.{lacks}"
    with opened(browser, path, before, state="failed") as page:
        expect(page.get_by_role("alert")).to_contain_text(says)


def test_without_javascript_there_is_a_sentence(browser, folder):
    path, options = folder / "digits.html", {"java_script_enabled": False}
    with opened(browser, path, state="loading", **options) as page:
        expect(page.locator("#status")).to_contain_text("or runs no JavaScript")


# -- in JupyterLab ---------------------------------------------------------------------


def make_folder(jupyter, name):
    """Make a folder beside the notebooks that are served."""
    base, token = jupyter
    request = urllib.request.Request(
        f"{base}/api/contents/{name}?token={token}",
        data=json.dumps({"type": "directory"}).encode(),
        method="PUT",
    )
    urllib.request.urlopen(request).close()


def test_in_a_frame_of_jupyterlab_it_answers(browser, lab, folder):
    """The fixture `lab` is the server; the notebook lies in a folder of its own."""
    make_folder(lab, "edge")
    digits = str(folder / "digits.html")
    cells = [
        f"import os\nimport shutil\n\nos.makedirs('my pages', exist_ok=True)\n"
        f"page = shutil.copy({digits!r}, 'my pages/digits.html')",
        "import bigmodel_lab as lab\n\nlab.edge_frame(page)",
    ]
    serve(lab, "edge/edge.ipynb", cells)
    notebook = Notebook(browser, lab, "edge/edge.ipynb")
    try:
        notebook.run_all()
        frame = notebook.locator("iframe[title='Draw a digit']").content_frame
        for again in (False, True):  # as it is run, and as it is stored
            if again:
                save = "window.jupyterapp.commands.execute('docmanager:save')"
                notebook.page.evaluate(save)
                notebook.page.reload()
            frame.locator("body[data-state=ready]").wait_for()
            paper = frame.locator("#paper")
            paper.scroll_into_view_if_needed()
            box = paper.bounding_box()
            middle = box["x"] + box["width"] / 2
            notebook.page.mouse.move(middle, box["y"] + 0.2 * box["height"])
            notebook.page.mouse.down()
            notebook.page.mouse.move(middle, box["y"] + 0.8 * box["height"], steps=5)
            notebook.page.mouse.up()
            expect(frame.locator("#status")).to_contain_text("Most probable: 1, with ")
        notebook.picture("edge_page_in_jupyterlab")
        stored = notebook.page.evaluate(f"{CURRENT}.content.model.toJSON()")
        outputs = json.dumps([cell["outputs"] for cell in stored["cells"]])
        assert 'src=\\"my%20pages/digits.html\\"' in outputs
        assert len(outputs) < 1000
        assert str(folder) not in outputs
        assert "0x" not in outputs
    finally:
        notebook.close()
    assert notebook.page_errors == []
    assert notebook.foreign_requests == []
