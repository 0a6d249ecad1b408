"""The canvas for scenes without a browser: its messages and buttons are made here."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from widget_parts import part, parts

from bigmodel_lab import SceneCanvas, datasets, models
from bigmodel_lab.colors import BLUE, ORANGE

START = "Click on the canvas to put a digit there, or press the button."
# Digit d is a square of one gray, (d + 1) / 10, so that the picture tells it.
X = (
    torch.arange(1, 11)
    .div(10)[:, None, None, None]
    .expand(-1, 1, 28, 28)
    .repeat(3, 1, 1, 1)
)
Y = torch.arange(10).repeat(3)


class Outline(nn.Module):
    """Finds all ink as one digit, told by its gray; and once more, less sure."""

    def forward(self, pictures):
        answers = torch.full((len(pictures), 8, 8, 15), -20.0)
        for answer, picture in zip(answers, pictures, strict=True):
            _, rows, columns = torch.where(picture > 0)
            if not len(rows):
                continue
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            digit = round(10 * picture.max().item()) - 1
            for cell, sure in ((0, 2.2), (1, -0.4)):  # scores of 90 % and 40 %
                answer[0, cell, 0] = sure
                answer[0, cell, 1:5] = torch.stack(box)
                answer[0, cell, 5 + digit] = 20
        return answers


@pytest.fixture
def scene():
    return SceneCanvas(Outline(), X, Y, question="What does it miss?")


@pytest.fixture(scope="module")
def digits():
    """Return digits that the trained detector has not seen, and what they are."""
    return datasets.mnist()[2:]


@pytest.fixture(scope="module")
def detector():
    return models.trained("detector")[0]


def ink(scene):
    """Return left, top, right and bottom of the ink, and how dark it is."""
    _, rows, columns = torch.where(scene.picture > 0)
    ends = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return [int(end) for end in ends], round(scene.picture.max().item(), 2)


def tell(scene, event, **message):
    """Hand the canvas a message as the browser's canvas sends it."""
    part(scene, "paper")._handle_frontend_event(None, message | {"event": event}, [])


def press(scene, name):
    """Press the button with this name."""
    [found] = [p for p in parts(scene) if getattr(p, "description", None) == name]
    found.click()


# -- digits ----------------------------------------------------------------------------


def test_an_empty_canvas_says_what_to_do(scene):
    assert repr(scene) == "SceneCanvas(Outline)"
    assert scene.status == START
    assert scene.picture.shape == (1, 96, 96)
    assert not scene.picture.any()
    assert len(scene.found.scores) == 0


def test_a_digit_stands_with_its_middle_where_it_was_put(scene):
    scene.put(40, 60, digit=4)
    assert ink(scene) == ([28, 48, 52, 72], 0.5)
    assert scene.found.boxes.tolist() == [[28, 48, 52, 72]]
    assert scene.found.classes.tolist() == [4]


@pytest.mark.parametrize(
    ("x", "y", "box"),
    [
        (0, 0, [0, 0, 24, 24]),
        (96, 50, [72, 38, 96, 62]),
        (50, 96, [38, 72, 62, 96]),
        (-30, 200, [0, 72, 24, 96]),
    ],
)
def test_at_the_rim_it_is_moved_inside(scene, x, y, box):
    scene.put(x, y, digit=0)
    assert ink(scene)[0] == box


@pytest.mark.parametrize("size", [12, 25, 48])
def test_it_is_as_large_as_the_slider_says(scene, size):
    part(scene, "size").value = size
    scene.put(48, 48, digit=0)
    left, top, right, bottom = ink(scene)[0]
    assert right - left == bottom - top == size


def test_digits_add_up_and_do_not_wipe_each_other_out(scene):
    scene.put(40, 40, digit=9)
    scene.put(48, 40, digit=0)
    assert ink(scene) == ([28, 28, 60, 52], 1.0)
    assert scene.picture[0, 40, 45] == 1
    assert scene.status.startswith("2 digits on the canvas")


def test_the_chosen_digit_is_put_unless_another_is_asked_for(scene):
    part(scene, "digit").value = 6
    scene.put(20, 20)
    assert ink(scene)[1] == 0.7
    scene.put(70, 70, digit=8)
    assert ink(scene)[1] == 0.9


def test_any_digit_may_be_any_and_the_seed_fixes_which():
    seen = []
    for seed in (0, 0, 1):
        scene, grays = SceneCanvas(Outline(), X, Y, seed=seed), []
        for _ in range(20):
            scene.put_anywhere()
            grays.append(scene.picture.clone())
            scene.clear()
        seen.append(torch.stack(grays))
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    assert len(seen[0].amax((1, 2, 3)).unique()) > 4


def test_its_buttons_put_a_digit_anywhere_and_clear(scene):
    for count in ("1 digit on", "2 digits on", "3 digits on"):
        press(scene, "Add one")
        assert scene.status.startswith(count)
    press(scene, "Clear")
    assert not scene.picture.any()
    assert scene.status == START
    press(scene, "Add one")
    assert scene.status.startswith("1 digit on")


def test_the_digits_given_stay_as_they_are(scene):
    before = X.clone()
    scene.put(48, 48)
    scene.clear()
    assert torch.equal(X, before)


@pytest.mark.parametrize("way", ["mouse_down", "touch_start"])
def test_a_click_or_a_finger_puts_one_there(scene, way):
    at = {"x": 160, "y": 240}  # four pixels of the canvas to one of the picture
    tell(scene, way, **({"touches": [at]} if way == "touch_start" else at))
    assert ink(scene)[0] == [28, 48, 52, 72]
    assert scene.status.startswith("1 digit on the canvas")


# -- what is found ---------------------------------------------------------------------


def test_the_status_names_what_was_found_with_its_score(scene):
    scene.put(48, 48, digit=3)
    assert scene.status == "1 digit on the canvas, 1 found: 3 (90%)"
    part(scene, "overlap").value = 1
    assert scene.status == "1 digit on the canvas, 2 found: 3 (90%), 3 (40%)"
    part(scene, "least").value = 0.5
    assert scene.status == "1 digit on the canvas, 1 found: 3 (90%)"
    part(scene, "least").value = 0.95
    assert scene.status == "1 digit on the canvas, 0 found: nothing."
    assert len(scene.found.boxes) == 0


def test_the_status_line_is_announced(scene):
    scene.put(48, 48, digit=3)
    lines = [
        p.value for p in parts(scene) if 'role="status"' in str(getattr(p, "value", ""))
    ]
    assert lines == [f'<div role="status">{scene.status}</div>']


def test_sliders_leave_the_picture_as_it_is(scene):
    scene.put(48, 48, digit=3)
    before = scene.picture.clone()
    for name, value in {"least": 0.9, "overlap": 0, "size": 40}.items():
        part(scene, name).value = value
    part(scene, "digit").value = 1
    assert torch.equal(scene.picture, before)


@pytest.mark.parametrize("digit", [0, 3, 7])
def test_the_trained_detector_finds_a_digit_where_it_stands(detector, digits, digit):
    scene = SceneCanvas(detector, *digits)
    scene.put(30, 60, digit)
    assert scene.found.classes.tolist() == [digit]
    left, top, right, bottom = scene.found.boxes[0].tolist()
    assert abs((left + right) / 2 - 30) < 4
    assert abs((top + bottom) / 2 - 60) < 4


# -- what is painted -------------------------------------------------------------------


@pytest.fixture
def painted(scene, monkeypatch):
    """Return the calls that paint on the canvas, with the color of each."""
    calls, paper = [], part(scene, "paper")
    for name in ("stroke_rect", "fill_text"):
        monkeypatch.setattr(
            paper,
            name,
            lambda *given, name=name: calls.append((name, given, paper.fill_style)),
        )
    return calls


def test_each_box_is_painted_and_a_sure_one_named_above_it(scene, painted):
    part(scene, "overlap").value = 1
    scene.put(40, 60, digit=4)
    assert painted == [
        ("stroke_rect", (112, 192, 96, 96), ORANGE),
        ("fill_text", ("4  90%", 112, 188), ORANGE),
        ("stroke_rect", (112, 192, 96, 96), BLUE),
        ("fill_text", ("4  40%", 112, 302), BLUE),
    ]


@pytest.mark.parametrize(
    ("x", "y", "box", "place"),
    [(96, 0, (336, 0), (326, 14)), (0, 96, (0, 336), (0, 332))],
)
def test_at_the_rim_the_name_of_a_box_stays_on_the_canvas(
    scene, painted, x, y, box, place
):
    part(scene, "size").value = 12
    scene.put(x, y, digit=4)
    assert [given for _, given, _ in painted] == [(*box, 48, 48), ("4  90%", *place)]


def test_no_name_of_a_box_covers_a_surer_one(scene, painted):
    part(scene, "overlap").value = 1
    part(scene, "size").value = 12
    scene.put(96, 96, digit=4)  # below the lower rim there is no room
    names = [given for name, given, _ in painted if name == "fill_text"]
    assert names == [("4  90%", 326, 332), ("4  40%", 326, 380)]
    painted.clear()
    scene.found = type(scene.found)(*(torch.cat([p, p, p]) for p in scene.found))
    scene._paint()
    assert [name for name, *_ in painted].count("stroke_rect") == 6
    assert [given for name, given, _ in painted if name == "fill_text"] == names


def test_a_page_opened_anew_gets_the_picture(scene, monkeypatch):
    scene.put(40, 60, digit=9)
    sent, paper = [], part(scene, "paper")
    manager = type(paper._canvas_manager)
    monkeypatch.setattr(
        manager, "_send_custom", lambda *message: sent.append(message[1:])
    )
    tell(scene, "client_ready")
    assert paper.model_id in str(sent)
    [pixels] = [b for _, buffers in sent for b in buffers if bytes(b[:4]) == b"\x89PNG"]
    levels = np.asarray(Image.open(io.BytesIO(pixels)))  # (384, 384, 4)
    assert (levels[..., 3] == 255).all()
    paper_shown = 1 - levels[::4, ::4, 0] / 255
    assert paper_shown == pytest.approx(scene.picture[0].numpy(), abs=1 / 255)


def test_the_picture_for_readers_is_the_same_whatever_a_detector_finds(detector):
    bundles = [
        SceneCanvas(model, X, Y, question="What?")._repr_mimebundle_()
        for model in (detector, Outline())
    ]
    pictures = [bundle["text/html"] for bundle in bundles]
    [alt] = re.findall('alt="(.*?)"', pictures[1])
    assert alt.startswith("A picture of the SceneCanvas as it starts.")
    assert "What?; paper to draw on; digit any; size, pixels 24" in alt
    assert re.findall('src="(.*?)"', pictures[0]) == re.findall(
        'src="(.*?)"', pictures[1]
    )


# -- what it is given ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "y", "says"),
    [
        (X, Y[:7], "There are 30 digits and 7 answers: give one for each."),
        (X[:0], Y[:0], "There are no digits to put: X and y are empty."),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(X, y, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        SceneCanvas(Outline(), X, y)


def test_only_digits_that_there_are_can_be_chosen():
    few = torch.isin(Y, torch.tensor([2, 5]))
    scene = SceneCanvas(Outline(), X[few], Y[few])
    assert part(scene, "digit").options == ("any", 2, 5)
    with pytest.raises(ValueError, match="There is no digit 3 in y: it has 2, 5"):
        scene.put(48, 48, digit=3)
    assert scene.status == START
    assert not scene.picture.any()
