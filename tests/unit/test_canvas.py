"""The canvas without a browser: the browser's messages are made here."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from widget_parts import part, parts

from bigmodel_lab import DigitCanvas, datasets
from bigmodel_lab.widgets.ink import preprocess

ONE = [(140, 40), (140, 240)]
SEVEN = [(70, 50), (210, 50), (120, 240)]


@pytest.fixture(scope="module")
def digits():
    """Return ten test images, one of each digit."""
    _, _, X, y = datasets.mnist()
    return torch.stack([X[(y == digit).nonzero()[0, 0]] for digit in range(10)])


@pytest.fixture(scope="module")
def model(digits):
    """Return a network that answers with the digit most like the image."""
    network = nn.Sequential(nn.Conv2d(1, 10, 28), nn.Flatten())
    prototypes = digits / digits.flatten(1).norm(dim=1)[:, None, None, None]
    network[0].weight.data, network[0].bias.data = prototypes, torch.zeros(10)
    return network


@pytest.fixture
def canvas(model, digits):
    return DigitCanvas(model, samples=digits, question="Which digit?")


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that stands still until it is set."""
    clock = [100.0]
    monkeypatch.setattr("bigmodel_lab.widgets.canvas.monotonic", lambda: clock[0])
    return clock


def tell(canvas, event, **message):
    """Hand the canvas a message as the browser's canvas sends it."""
    message["event"] = event
    part(canvas, "paper")._handle_frontend_event(None, message, [])


def send(canvas, event, *points):
    """Do what the browser's canvas does with the mouse, or with fingers."""
    touches = [{"x": x, "y": y} for x, y in points]
    if event.startswith("touch"):
        tell(canvas, event, touches=touches)
    else:
        tell(canvas, event, **touches[0])


def shown(canvas):
    """Return the HTML of all that is said and shown of the drawing."""
    widgets = [*part(canvas, "answer").children, part(canvas, "maps")]
    return "".join(widget.value for widget in widgets)


def pictures(canvas):
    """Return the alt texts and sources of what is shown."""
    return re.findall(r'alt="(.*?)".*?src="(.*?)"', shown(canvas))


def test_an_empty_canvas_asks_for_a_drawing(canvas):
    assert repr(canvas) == "DigitCanvas(Sequential)"
    assert canvas.image is None
    assert canvas.probabilities is None
    assert "Draw a digit" in canvas.status
    assert not pictures(canvas)
    assert "application/vnd.jupyter.widget-view+json" in canvas._repr_mimebundle_()


def test_a_drawing_is_seen_and_judged(canvas, model):
    canvas.draw(SEVEN)
    assert torch.equal(canvas.image, preprocess(canvas.ink))
    shares = canvas.probabilities
    assert shares == pytest.approx(model(canvas.image).softmax(1)[0].tolist())
    assert all(isinstance(share, float) for share in shares)
    assert np.argmax(shares) == 7
    assert canvas.status == f"Most probable: 7, with {shares[7]:.1%}."
    assert f"7 {shares[7]:.1%} 8" in canvas.answer
    rows = re.findall(
        r"<tr(.*?)><th scope=row>(\d)</th>.*?(\d+\.\d%)</td></tr>", shown(canvas)
    )
    assert [int(digit) for _, digit, _ in rows] == list(range(10))
    assert [share for _, _, share in rows] == [f"{share:.1%}" for share in shares]
    assert [int(digit) for best, digit, _ in rows if best] == [7]
    alts = [alt for alt, _ in pictures(canvas)]
    assert len(alts) == 3  # what it sees, what decided, one convolution
    assert all(len(alt) > 20 for alt in alts)


def test_strokes_add_up_until_the_canvas_is_cleared(canvas):
    canvas.draw(ONE)
    one = canvas.ink.copy()
    canvas.draw([(40, 140), (240, 140)])
    assert canvas.ink.sum() > 1.5 * one.sum()
    canvas.clear()
    assert not canvas.ink.any()
    assert canvas.image is None
    assert not pictures(canvas)
    canvas.draw(ONE)
    assert np.array_equal(canvas.ink, one)


def test_a_single_point_is_a_dot(canvas):
    canvas.draw([(140, 140)])
    assert canvas.ink.sum() == pytest.approx(np.pi * 10**2, rel=0.01)


@pytest.mark.parametrize(
    "points", [[], [1, 2], [(1, 2, 3)], [(1, float("nan"))], [(1, float("inf"))]]
)
def test_bad_points_change_nothing(canvas, points):
    with pytest.raises(ValueError, match="A stroke is a list of points"):
        canvas.draw(points)
    assert not canvas.ink.any()


def test_samples_come_as_they_are_and_one_can_draw_on_them(canvas, digits):
    for digit in range(10):
        canvas.load(digit)
        assert torch.allclose(canvas.image[0], digits[digit], atol=1e-5)
        assert np.argmax(canvas.probabilities) == digit
    before = canvas.ink.sum()
    canvas.draw(ONE)
    assert canvas.ink.sum() > before


def test_the_buttons_clear_and_load_the_next(canvas, digits):
    clear, sample = part(canvas, "clear"), part(canvas, "sample")
    for k in (0, 1):
        sample.click()
        assert torch.allclose(canvas.image[0], digits[k], atol=1e-5)
    canvas.load(9)
    sample.click()
    assert torch.allclose(canvas.image[0], digits[0], atol=1e-5)
    clear.click()
    assert canvas.image is None


def test_without_samples_there_is_none_to_load(model):
    canvas = DigitCanvas(model)
    assert [p.description for p in parts(canvas) if hasattr(p, "click")] == ["Clear"]
    with pytest.raises(IndexError, match="has 0 samples"):
        canvas.load(0)


@pytest.mark.parametrize("k", [-1, 10])
def test_a_sample_that_is_not_there(canvas, k):
    with pytest.raises(IndexError, match=f"no sample {k}: the canvas has 10 samples"):
        canvas.load(k)


# -- the pen ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["mouse", "touch"])
def test_the_pen_draws_as_python_does(canvas, model, way):
    down, up = ("down", "up") if way == "mouse" else ("start", "end")
    send(canvas, f"{way}_{down}", SEVEN[0])
    for point in SEVEN[1:]:
        send(canvas, f"{way}_move", point)
    send(canvas, f"{way}_{up}", *[SEVEN[-1]] * (way == "mouse"))
    drawn = DigitCanvas(model)
    drawn.draw(SEVEN)
    assert np.array_equal(canvas.ink, drawn.ink)
    assert shown(canvas) == shown(drawn)
    assert not canvas.pen_down


@pytest.mark.parametrize(
    "lifted", ["mouse_up", "mouse_out", "touch_end", "touch_cancel"]
)
def test_only_a_pen_that_is_down_draws(canvas, lifted):
    send(canvas, "mouse_move", (100, 100))
    assert not canvas.ink.any()
    send(canvas, "mouse_down", (100, 100))
    assert canvas.pen_down
    send(canvas, lifted, (100, 100))
    ink = canvas.ink.copy()
    assert ink.any()
    assert not canvas.pen_down
    send(canvas, "mouse_move", (200, 200))
    send(canvas, lifted, (200, 200))
    assert np.array_equal(canvas.ink, ink)


def test_it_answers_ten_times_a_second_and_when_the_pen_is_lifted(canvas, clock):
    send(canvas, "mouse_down", SEVEN[0])
    seen = shown(canvas)
    assert pictures(canvas)
    assert 'role="timer"' in seen  # not read out
    clock[0] += 0.09
    send(canvas, "mouse_move", SEVEN[1])
    assert shown(canvas) == seen
    clock[0] += 0.02
    send(canvas, "mouse_move", (200, 70))
    assert shown(canvas) != seen
    seen = shown(canvas)
    send(canvas, "mouse_move", SEVEN[2])
    assert shown(canvas) == seen
    send(canvas, "mouse_up", SEVEN[2])
    assert shown(canvas) != seen
    assert 'role="status"' in shown(canvas)


def test_a_page_opened_later_gets_the_drawing(canvas, monkeypatch):
    canvas.draw(ONE)
    sent = []
    manager = type(part(canvas, "paper")._canvas_manager)
    monkeypatch.setattr(
        manager, "_send_custom", lambda *message: sent.append(message[1:])
    )
    tell(canvas, "client_ready")
    (switch, *_), (_, [pixels]), *_ = sent
    assert part(canvas, "paper").model_id in str(switch)
    levels = np.asarray(Image.open(io.BytesIO(pixels)))  # (280, 280, 4)
    assert (levels[..., 3] == 255).all()
    assert 1 - levels[..., 0] / 255 == pytest.approx(canvas.ink, abs=1 / 255)


def press(canvas, *keys, shift=False):
    """Press keys, as the browser reports it."""
    for key in keys:
        others = {"ctrl_key": False, "meta_key": False}
        tell(canvas, "key_down", key=key, shift_key=shift, **others)


def test_arrow_keys_draw(canvas, model):
    press(canvas, *["ArrowUp"] * 9, shift=True)
    assert not canvas.ink.any()
    press(canvas, "x", "Tab", "Enter")
    assert not canvas.ink.any()
    press(canvas, *["ArrowDown"] * 20)
    drawn = DigitCanvas(model)
    drawn.draw([(140, 50), (140, 250)])
    assert np.allclose(canvas.ink, drawn.ink, atol=0.01)
    assert canvas.probabilities == pytest.approx(drawn.probabilities, abs=0.01)


def test_arrow_keys_stay_on_the_paper(canvas):
    press(canvas, *["ArrowLeft"] * 30, *["ArrowUp"] * 30)
    assert canvas.cursor == (10, 10)


# -- models and samples that do not fit ------------------------------------------------


def test_a_model_that_fails_later_is_named_and_keeps_the_drawing(digits):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    canvas = DigitCanvas(model, samples=digits)
    canvas.load(3)
    nn.init.constant_(model[1].weight, float("nan"))
    ink = canvas.ink.sum()
    canvas.draw(ONE)
    assert "diverged" in canvas.status
    assert not pictures(canvas)
    assert canvas.ink.sum() > ink
    with pytest.raises(ValueError, match="diverged"):
        _ = canvas.probabilities


@pytest.mark.parametrize(
    ("model", "error", "reason"),
    [
        (lambda x: x, TypeError, "must be an nn.Module"),
        (nn.Linear(784, 10), ValueError, "must read images"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 2)), ValueError, r"got \(1, 2\)"),
    ],
)
def test_a_bad_model_gets_the_reason(model, error, reason):
    with pytest.raises(error, match=reason):
        DigitCanvas(model)


@pytest.mark.parametrize(
    ("samples", "error", "reason"),
    [
        ([1, 2], TypeError, "torch tensor"),
        (torch.rand(3, 28, 28), ValueError, r"images\[:, None\]"),
        (
            torch.rand(3, 1, 20, 20),
            ValueError,
            r"\(n, 1, 28, 28\), got \(3, 1, 20, 20\)",
        ),
        (255 * torch.ones(3, 1, 28, 28), ValueError, "divide by 255"),
    ],
)
def test_bad_samples_get_the_reason(model, samples, error, reason):
    with pytest.raises(error, match=reason):
        DigitCanvas(model, samples=samples)
