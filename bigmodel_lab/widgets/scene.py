"""A canvas to put digits on, and the boxes that a detector finds."""

from collections.abc import Sequence

import ipycanvas
import ipywidgets as widgets
import numpy as np
import torch
from torch import nn

from bigmodel_lab.colors import BLUE, GRAY, ORANGE
from bigmodel_lab.datasets.scenes import SIDE, resized
from bigmodel_lab.models.detecting import detect
from bigmodel_lab.widgets.accessible import make_accessible
from bigmodel_lab.widgets.look import ROW, StatusLine, button, name_again, question_line
from bigmodel_lab.widgets.still import StillBox

# What a reader sees.
DIGIT, ANY = "digit", "any"
LARGE, LEAST, OVERLAP = "size, pixels", "least score", "overlap"
CLEAR, CLEAR_TIP = "Clear", "Take all digits away"
ANOTHER, ANOTHER_TIP = "Add one", "Put a digit at a random place"
START = "Click on the canvas to put a digit there, or press the button."
FOUND = "{digits} on the canvas, {boxes} found: {which}"
COUNT = {1: "1 digit"}
NOTHING = "nothing."

SCALE = 4  # pixels of the canvas to one of the picture
NAME_WIDTH, LINE = 58, 14  # pixels of the canvas: of what stands beside a box
STYLE = f"""
.lab-scene .lab-paper {{ background: white; box-shadow: 0 0 0 1px {GRAY};
  cursor: crosshair; margin: 4px; max-width: calc(100% - 8px); height: auto; }}
.lab-scene .widget-slider {{ max-width: calc(100% - 4px); }}
"""


class SceneCanvas(StillBox):
    """Put digits on a canvas, and see which boxes a detector draws around them.

        lab.SceneCanvas(detector, X_test, y_test)

    Parameters
    ----------
    model : nn.Module
        A detector, as `models.DigitDetector` is one.
    X, y : tensor
        Digits to take, (N, 1, 28, 28), and what they are, (N,).
    question : str, optional
        What to find out, shown above the canvas.
    seed : int
        Fixes which digits are taken.

    Attributes
    ----------
    picture : tensor
        (1, 96, 96), what is on the canvas: 0 for paper and 1 for ink.
    found : tuple
        The boxes (K, 4), scores (K,) and classes (K,), as `models.detect` returns them.

    Raises
    ------
    ValueError
        If there are no digits, or not as many answers.
    """

    def __init__(
        self,
        model: nn.Module,
        X: torch.Tensor,
        y: torch.Tensor,
        *,
        question: str | None = None,
        seed: int = 0,
    ):
        if len(X) != len(y):
            raise ValueError(
                f"There are {len(X)} digits and {len(y)} answers: give one for each."
            )
        if not len(X):
            raise ValueError("There are no digits to put: X and y are empty.")
        self.model, self.X, self.y = model, X, y
        self._chance, self._count = np.random.default_rng(seed), 0
        self.picture, self.found = torch.zeros(1, SIDE, SIDE), None
        self._build(question)
        self._update()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"SceneCanvas({type(self.model).__name__})"

    @property
    def status(self) -> str:
        """What the status line says: how many digits there are, and what is found."""
        return self._status.text

    # -- what clicks and buttons do, and a notebook may do too -------------------------

    def put(self, x: float, y: float, digit: int | None = None):
        """Put a digit with its middle at (x, y), pixels of the picture, 0 to 96.

        By default the one that is chosen above. At the rim, it is moved inside.

        Raises
        ------
        ValueError
            If there is no such digit.
        """
        wanted = self.digit.value if digit is None else digit
        rows = np.arange(len(self.y))
        if wanted != ANY:
            rows = np.flatnonzero(self.y.numpy() == wanted)
        if not len(rows):
            there = ", ".join(map(str, self.y.unique().tolist()))
            raise ValueError(f"There is no digit {wanted} in y: it has {there}.")
        row = int(self._chance.choice(rows))
        size = self.size.value
        left, top = (int(np.clip(at - size / 2, 0, SIDE - size)) for at in (x, y))
        place = self.picture[:, top : top + size, left : left + size]
        torch.maximum(place, resized(self.X[row], size), out=place)
        self._count += 1
        self._update()

    def put_anywhere(self):
        """Put a digit at a random place."""
        self.put(*self._chance.uniform(0, SIDE, 2))

    def clear(self):
        """Take all digits away."""
        self.picture.zero_()
        self._count = 0
        self._update()

    # -- the widgets -------------------------------------------------------------------

    def _build(self, question):
        """Put the widgets together; the CSS classes are for themes and tests."""
        side = SCALE * SIDE
        self._paper = ipycanvas.Canvas(
            width=side, height=side, layout={"width": f"{side}px", "flex": "none"}
        ).add_class("lab-paper")
        digits = [ANY, *self.y.unique().tolist()]
        self.digit = _named(
            widgets.Dropdown(options=digits, value=ANY, description=DIGIT), "digit"
        )
        self.size = _named(widgets.IntSlider(24, 12, 48, description=LARGE), "size")
        self.least = _named(
            widgets.FloatSlider(0.3, min=0.05, max=0.95, step=0.05, description=LEAST),
            "least",
        )
        self.overlap = _named(
            widgets.FloatSlider(0.5, min=0, max=1, step=0.05, description=OVERLAP),
            "overlap",
        )
        actions = [
            button(ANOTHER, "plus", ANOTHER_TIP, self.put_anywhere),
            button(CLEAR, "eraser", CLEAR_TIP, self.clear),
        ]
        self._status = StatusLine()
        controls = [self.digit, self.size, self.least, self.overlap]
        right = widgets.VBox(
            [*controls, widgets.HBox(actions), self._status],
            layout={"flex": "1 1 300px", "min_width": "0"},
        )
        row = widgets.HBox([widgets.VBox([self._paper]), right], layout=ROW)
        super().__init__([*question_line(question), row])
        self.add_class("lab-scene")
        make_accessible(self, STYLE)
        for slider in (self.least, self.overlap):
            slider.observe(lambda _: self._update(), "value")
        self._paper.on_mouse_down(lambda x, y: self.put(x / SCALE, y / SCALE))
        # ipycanvas makes no click of a touch.
        self._paper.on_touch_start(
            lambda touches: self.put(*(at / SCALE for at in touches[0]))
        )
        self._paper.on_client_ready(self._send_all)

    def _update(self):
        """Let the detector look again, paint all, and say what is found."""
        pictures, least = self.picture[None], self.least.value
        (self.found,) = detect(self.model, pictures, least, self.overlap.value)
        self._paint()
        if not self._count:
            self._status.say(START)
            return
        pairs = zip(
            self.found.classes.tolist(), self.found.scores.tolist(), strict=True
        )
        which = ", ".join(f"{digit} ({score:.0%})" for digit, score in pairs)
        digits = COUNT.get(self._count, f"{self._count} digits")
        boxes = len(self.found.scores)
        self._status.say(
            FOUND.format(digits=digits, boxes=boxes, which=which or NOTHING)
        )

    def _send_all(self):
        """Send the picture to a page just opened, which has none."""
        name_again(self._paper)
        self._paint()

    def _paint(self):
        """Paint the picture, and each box with its digit and score."""
        gray = 255 * (1 - self.picture[0].numpy())
        pixels = np.full((SCALE * SIDE, SCALE * SIDE, 4), 255, np.uint8)
        pixels[..., :3] = np.kron(gray, np.ones((SCALE, SCALE)))[..., None]
        with ipycanvas.hold_canvas():
            self._paper.put_image_data(pixels)
            self._paper.font = "bold 14px sans-serif"
            self._paper.line_width = 2
            named = []
            for box, score, digit in zip(*self.found, strict=True):
                corners = (SCALE * box).tolist()
                sure = score >= 0.5
                self._paint_box(corners, ORANGE if sure else BLUE)
                place = _place_of_name(corners, sure)
                # A name that covers a surer one is left out: the status line has it.
                if not any(_covers(place, other) for other in named):
                    self._paper.fill_text(f"{digit}  {score:.0%}", *place)
                    named.append(place)

    def _paint_box(self, box: Sequence[float], color):
        """Paint a box, and from now on in its color."""
        left, top, right, bottom = box
        self._paper.stroke_style = self._paper.fill_style = color
        self._paper.stroke_rect(left, top, right - left, bottom - top)


def _place_of_name(box, sure):
    """Return where a box's name begins: above it if it is sure, or else below it."""
    left, top, _, bottom = box
    line = top - 4 if sure else bottom + LINE
    # What stands at the rim would be cut off.
    rim = SCALE * SIDE
    return min(max(0, left), rim - NAME_WIDTH), min(max(LINE, line), rim - 4)


def _covers(place, other):
    """Return whether a name at one place covers one at another."""
    return abs(place[0] - other[0]) < NAME_WIDTH and abs(place[1] - other[1]) < LINE


def _named(control, name):
    """Return a control that themes and tests can find."""
    return control.add_class(f"lab-{name}")
