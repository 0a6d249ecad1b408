"""A canvas to draw a digit on, and what a network makes of it while it is drawn."""

import base64
import io
from collections.abc import Sequence
from itertools import pairwise
from time import monotonic

import ipycanvas
import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.colors import BLUE, GRAY, ORANGE
from bigmodel_lab.explain import attribution, feature_maps, probabilities
from bigmodel_lab.from_scratch.images import check_images
from bigmodel_lab.widgets.accessible import make_accessible
from bigmodel_lab.widgets.ink import add_line, preprocess
from bigmodel_lab.widgets.look import (
    BARS_STYLE,
    StatusLine,
    bars,
    button,
    name_again,
    plain_text,
    question_line,
)
from bigmodel_lab.widgets.still import StillBox

SCALE = 10  # pixels of the canvas to one pixel of MNIST
SIZE, PEN = 28 * SCALE, 2 * SCALE
ARROWS = {
    "ArrowLeft": (-1, 0),
    "ArrowRight": (1, 0),
    "ArrowUp": (0, -1),
    "ArrowDown": (0, 1),
}
PAUSE = 0.1  # seconds between two updates of the answer while the pen moves
SHOWN = 12  # feature maps of a layer, at most
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
STYLE = f"""
.lab-drawing .lab-paper {{ background: white; box-shadow: 0 0 0 1px {GRAY};
  cursor: crosshair; margin: 4px; max-width: calc(100% - 8px); height: auto; }}
.lab-drawing img {{ image-rendering: pixelated; max-width: 100%; height: auto;
  outline: 1px solid {GRAY}; outline-offset: -1px; }}
{BARS_STYLE}"""


class DigitCanvas(StillBox):
    """Draw a digit with mouse, finger or arrow keys; watch what a network makes of it.

        canvas = lab.DigitCanvas(model, samples=X_test[:20])

    While one draws, it shows the image as the network sees it, the ten probabilities,
    which pixels speak for the most probable digit and which against it, and the feature
    maps of the first two convolutions.

    Parameters
    ----------
    model : nn.Module
        From images (N, 1, 28, 28) to logits (N, 10).
    samples : tensor, optional
        (n, 1, 28, 28), images to load instead of drawing.
    question : str, optional
        What to find out, shown above the canvas.

    Attributes
    ----------
    ink : array
        (280, 280), what is drawn: 0 for paper and 1 for ink.
    cursor : tuple
        (x, y), where the arrow keys draw from.

    Raises
    ------
    TypeError, ValueError
        If the model or the samples are not as described.
    """

    def __init__(
        self,
        model: nn.Module,
        samples: torch.Tensor | None = None,
        question: str | None = None,
    ):
        if not isinstance(model, nn.Module):
            raise TypeError(f"The model must be an nn.Module, not {model!r}.")
        probabilities(model, torch.zeros(1, 1, 28, 28))
        if samples is not None and check_images(samples).shape[1:] != (1, 28, 28):
            raise ValueError(
                f"The samples must be (n, 1, 28, 28), got {tuple(samples.shape)}."
            )
        self.model, self.samples = model, samples
        self.ink = np.zeros((SIZE, SIZE), np.float32)
        self.cursor = SIZE // 2, SIZE // 2
        self._pen = None  # (x, y) while it is down
        self._cursor_shown, self._next_update, self._next_sample = False, 0.0, 0
        self._build(question)
        self._update()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"DigitCanvas({type(self.model).__name__})"

    # -- what mouse and buttons do, and a notebook may do too ----------------------

    def draw(self, points: Sequence):
        """Add a stroke through `points`, each (x, y) in pixels of the canvas, 0 to 280.

        Raises
        ------
        ValueError
            If the points are not (n, 2) finite numbers.
        """
        points = np.asarray(points, float)
        pairs = points.size > 0 and points.shape[1:] == (2,)
        if not pairs or not np.isfinite(points).all():
            raise ValueError(
                f"A stroke is a list of points (x, y) of finite numbers, as in "
                f"[(140, 40), (140, 240)]; got {points.tolist()}."
            )
        for start, end in pairwise([points[0], *points]):  # one point makes a dot
            add_line(self.ink, start, end, PEN)
        self._paint()
        self._update()

    def load(self, k: int):
        """Replace the drawing with sample `k`.

        Raises
        ------
        IndexError
            If there is no such sample.
        """
        count = 0 if self.samples is None else len(self.samples)
        if not 0 <= k < count:
            raise IndexError(f"There is no sample {k}: the canvas has {count} samples.")
        sample = self.samples[k, 0].float().cpu().numpy()  # (28, 28)
        self.ink[:] = np.kron(sample, np.ones((SCALE, SCALE)))
        self._next_sample = (k + 1) % count
        self._paint()
        self._update()

    def clear(self):
        """Start again on blank paper."""
        self.ink[:] = 0
        self._paint()
        self._update()

    @property
    def image(self) -> torch.Tensor | None:
        """What the network sees, (1, 1, 28, 28); None if nothing is drawn."""
        return preprocess(self.ink) if self.ink.any() else None

    @property
    def probabilities(self) -> list[float] | None:
        """The model's probabilities of the digits 0 to 9; None if nothing is drawn."""
        image = self.image
        return None if image is None else probabilities(self.model, image).tolist()

    @property
    def status(self) -> str:
        """What the status line says: the most probable digit, or an error."""
        return self._status.text

    @property
    def answer(self) -> str:
        """The probabilities and captions that are shown, as plain text."""
        return plain_text(self._answer.value)

    @property
    def pen_down(self) -> bool:
        """Whether the mouse or a finger is drawing."""
        return self._pen is not None

    # -- the pen ---------------------------------------------------------------------

    def _press_pen(self, x, y):
        if self._cursor_shown:
            self._paint()
        self._pen = x, y
        self._move_pen(x, y)

    def _move_pen(self, x, y):
        """Draw to (x, y) if the pen is down; update the answer unless it is fresh.

        The pause begins after an update: a slow model must not hold up the pen.
        """
        if self._pen is None:
            return
        add_line(self.ink, self._pen, (x, y), PEN)
        self._paper.stroke_line(*self._pen, x, y)
        self._pen = x, y
        if monotonic() >= self._next_update:
            self._update(role="timer")
            self._next_update = monotonic() + PAUSE

    def _lift_pen(self, *_):
        if self._pen is not None:
            self._pen = None
            self._update()

    def _press_key(self, key, shift, *_):
        """Draw in the direction of an arrow key; with Shift only move the cursor."""
        if key not in ARROWS:
            return
        start = self.cursor
        step = SCALE * np.array(ARROWS[key])
        self.cursor = tuple(np.clip(start + step, PEN // 2, SIZE - PEN // 2).tolist())
        if not shift:
            add_line(self.ink, start, self.cursor, PEN)
        self._paint(cursor=True)
        self._update()

    def _send_all(self):
        """Send the drawing and the pen to a page just opened, which has neither."""
        name_again(self._paper)
        self._paint()
        self._paper.line_width, self._paper.line_cap = PEN, "round"

    def _paint(self, cursor=False):
        """Send the whole drawing, with a cross at the cursor if it is to be seen."""
        pixels = np.full((SIZE, SIZE, 4), 255, np.uint8)  # white and opaque
        pixels[..., :3] = 255 * (1 - self.ink[..., None])
        self._cursor_shown = cursor
        if cursor:
            x, y = self.cursor
            orange = 255 * np.array(to_rgb(ORANGE))
            pixels[y - 8 : y + 9, x - 1 : x + 2, :3] = orange
            pixels[y - 1 : y + 2, x - 8 : x + 9, :3] = orange
        self._paper.put_image_data(pixels)

    # -- the widgets -----------------------------------------------------------------

    def _build(self, question):
        """Put the widgets together; the CSS classes are for themes and tests."""
        self._paper = paper = ipycanvas.Canvas(
            width=SIZE, height=SIZE, layout={"width": f"{SIZE}px", "flex": "none"}
        ).add_class("lab-paper")
        clear = button("Clear", "eraser", "Start again on blank paper", self.clear)
        buttons = [clear.add_class("lab-clear")]
        if self.samples is not None:
            tooltip = "Replace the drawing with the next of the samples"
            sample = button(
                "Load a sample", "image", tooltip, lambda: self.load(self._next_sample)
            )
            buttons.append(sample.add_class("lab-sample"))
        self._status, self._answer = StatusLine(), widgets.HTML()
        self._maps = widgets.HTML().add_class("lab-maps")
        left = widgets.VBox([paper, widgets.HBox(buttons)])
        right = widgets.VBox([self._status, self._answer], layout={"flex": "1 1 240px"})
        row = widgets.HBox(
            [left, right.add_class("lab-answer")],
            layout={"flex_flow": "row wrap", "grid_gap": "4px 20px"},
        )
        super().__init__([*question_line(question), row, self._maps])
        self.add_class("lab-drawing")
        make_accessible(self, STYLE)
        paper.on_client_ready(self._send_all)
        paper.on_key_down(self._press_key)
        paper.on_mouse_down(self._press_pen)
        paper.on_mouse_move(self._move_pen)
        paper.on_touch_start(lambda touches: self._press_pen(*touches[0]))
        paper.on_touch_move(lambda touches: self._move_pen(*touches[0]))
        paper.on_mouse_up(self._lift_pen)
        paper.on_mouse_out(self._lift_pen)
        paper.on_touch_end(self._lift_pen)
        paper.on_touch_cancel(self._lift_pen)

    def _update(self, role="status"):
        """Show what the network makes of the drawing, or its error.

        Screen readers announce a "status", not a "timer".
        """
        try:
            verdict, pictures, maps = self._judge()
        except Exception as error:
            verdict, pictures, maps = f"{type(error).__name__}: {error}", "", ""
        self._status.say(verdict, role)
        self._answer.value = f'<div class="lab-row">{pictures}</div>'
        self._maps.value = maps

    def _judge(self):
        """Return the verdict in words, then as HTML the pictures and feature maps."""
        image = self.image
        if image is None:
            return "Draw a digit with the mouse, a finger or the arrow keys.", "", ""
        shares = probabilities(self.model, image)
        digit = int(shares.argmax())
        votes = attribution(self.model, image, digit)  # (28, 28)
        seen = _picture(
            image[0, 0],
            "What the network sees",
            "The drawing as the network sees it, in 28 x 28 pixels.",
        )
        decided = _picture(
            2
            * votes
            / votes.abs().max().clamp(min=1e-12),  # doubled, or most would look white
            f"Blue: for {digit}. Orange: against",
            f"The pixels that speak for {digit} in blue, those against it in orange.",
            low=-1,
        )
        maps = "".join(
            _strip(layer, number)
            for number, layer in enumerate(feature_maps(self.model, image), 1)
        )
        verdict = f"Most probable: {digit}, with {shares[digit]:.1%}."
        return verdict, bars(dict(enumerate(shares.tolist()))) + seen + decided, maps


def _strip(maps, number):
    """Return the first feature maps (C, H, W) of a layer in a row, as an HTML image."""
    shown = maps[:SHOWN] / maps.max().clamp(min=1e-12)
    enlarged = max(1, 56 // maps.shape[2])
    tiles = shown.repeat_interleave(enlarged, 1).repeat_interleave(enlarged, 2)
    tiles = F.pad(tiles, (0, 1), value=0.5)  # a gray line between them
    return _picture(
        tiles.permute(1, 0, 2).flatten(1),  # (H, n W)
        f"Convolution {number}: {len(shown)} of its {len(maps)} feature maps",
        f"{len(shown)} feature maps of convolution {number}, dark where a filter "
        f"finds its pattern in the drawing.",
        width=tiles.shape[2] * len(tiles),
    )


def _picture(pixels, caption, alt, width=140, low=0):
    """Return pixels (H, W), 1 for ink, as a captioned HTML image `width` px wide.

    With `low` = -1 they are colored by their sign. It takes 1 ms, a figure of
    matplotlib 60 ms.
    """
    file = io.BytesIO()
    cmap = SIGNED if low < 0 else "gray_r"
    plt.imsave(file, pixels.numpy(), cmap=cmap, vmin=low, vmax=1, format="png")
    data = base64.b64encode(file.getvalue()).decode()
    height = round(width * pixels.shape[0] / pixels.shape[1])
    return (
        f'<div>{caption}<br><img alt="{alt}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{data}"></div>'
    )
