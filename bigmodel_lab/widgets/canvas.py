"""A canvas to draw a digit on, and what a network makes of it at every move."""

import base64
import html
import io
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
from bigmodel_lab.widgets.accessible import accessible
from bigmodel_lab.widgets.controls import BARS_STYLE, asked, bars
from bigmodel_lab.widgets.ink import add_line, preprocess

SCALE = 10  # px of the canvas for a pixel of MNIST
SIZE, PEN = 28 * SCALE, 2 * SCALE
ARROWS = {
    "ArrowLeft": (-1, 0),
    "ArrowRight": (1, 0),
    "ArrowUp": (0, -1),
    "ArrowDown": (0, 1),
}
PAUSE = 0.1  # seconds from a look to the next while the pen moves
SHOWN = 12  # feature maps of a layer
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
STYLE = f"""
.lab-drawing .lab-paper {{ background: white; box-shadow: 0 0 0 1px {GRAY};
  cursor: crosshair; margin: 4px; max-width: calc(100% - 8px); height: auto; }}
.lab-drawing img {{ image-rendering: pixelated; max-width: 100%; height: auto;
  outline: 1px solid {GRAY}; outline-offset: -1px; }}
{BARS_STYLE}"""


class DigitCanvas(widgets.VBox):
    """Draw a digit with mouse, finger or arrow keys; watch what a network makes of it.

        canvas = lab.DigitCanvas(model, samples=X_test[:20])

    At every move it shows the image as the network sees it, the ten probabilities,
    which pixels speak for the most probable digit and which against it, and feature
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

    Raises
    ------
    TypeError, ValueError
        If the model or the samples are not as described.
    """

    def __init__(self, model, samples=None, question=None):
        if not isinstance(model, nn.Module):
            raise TypeError(f"The model must be an nn.Module, not {model!r}.")
        probabilities(model, torch.zeros(1, 1, 28, 28))
        if samples is not None and check_images(samples).shape[1:] != (1, 28, 28):
            raise ValueError(
                f"The samples must be (n, 1, 28, 28), got {tuple(samples.shape)}."
            )
        self.model, self.samples = model, samples
        self.ink = np.zeros((SIZE, SIZE), np.float32)
        self._pen, self._next_look, self._next_sample = None, 0.0, 0
        self._place = SIZE // 2, SIZE // 2  # where the arrow keys draw on
        self._crossed = False
        self._build(question)
        self._look()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"DigitCanvas({type(self.model).__name__})"

    # -- what mouse and buttons do, and a notebook may do too ----------------------

    def draw(self, points):
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
        self._look()

    def load(self, k):
        """Show the sample number `k` in place of the drawing.

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
        self._look()

    def clear(self):
        """Take a new sheet of paper."""
        self.ink[:] = 0
        self._paint()
        self._look()

    @property
    def image(self):
        """What the network sees, (1, 1, 28, 28); None if nothing is drawn."""
        return preprocess(self.ink) if self.ink.any() else None

    @property
    def probabilities(self):
        """The model's probabilities of the digits 0 to 9; None if nothing is drawn."""
        image = self.image
        return None if image is None else probabilities(self.model, image).tolist()

    # -- the pen ---------------------------------------------------------------------

    def _down(self, x, y):
        if self._crossed:
            self._paint()
        self._pen = x, y
        self._move(x, y)

    def _move(self, x, y):
        """Draw to (x, y) if the pen is down, and look if the last look is a while ago.

        The pause begins at the end of a look: a slow model must not hold up the pen.
        """
        if self._pen is None:
            return
        add_line(self.ink, self._pen, (x, y), PEN)
        self._paper.stroke_line(*self._pen, x, y)
        self._pen = x, y
        if monotonic() >= self._next_look:
            self._look(role="timer")
            self._next_look = monotonic() + PAUSE

    def _up(self, *_):
        if self._pen is not None:
            self._pen = None
            self._look()

    def _key(self, key, shift, *_):
        """Draw in the direction of an arrow key; with Shift move a cross there."""
        if key not in ARROWS:
            return
        start = self._place
        step = SCALE * np.array(ARROWS[key])
        self._place = tuple(np.clip(start + step, PEN // 2, SIZE - PEN // 2).tolist())
        if not shift:
            add_line(self.ink, start, self._place, PEN)
        self._paint(cross=True)
        self._look()

    def _opened(self):
        """Send the drawing and the pen to a page just opened, which has neither.

        ipycanvas would not tell it which canvas to draw on, either.
        """
        self._paper._canvas_manager._current_canvas = None
        self._paint()
        self._paper.line_width, self._paper.line_cap = PEN, "round"

    def _paint(self, cross=False):
        """Send the whole drawing, perhaps with a cross where the arrow keys draw on."""
        pixels = np.full((SIZE, SIZE, 4), 255, np.uint8)  # white and opaque
        pixels[..., :3] = 255 * (1 - self.ink[..., None])
        self._crossed = cross
        if cross:
            x, y = self._place
            orange = 255 * np.array(to_rgb(ORANGE))
            pixels[y - 8 : y + 9, x - 1 : x + 2, :3] = orange
            pixels[y - 1 : y + 2, x - 8 : x + 9, :3] = orange
        self._paper.put_image_data(pixels)

    # -- the look --------------------------------------------------------------------

    def _build(self, question):
        """Put the widgets together; the CSS classes are for themes and tests."""
        self._paper = paper = ipycanvas.Canvas(
            width=SIZE, height=SIZE, layout={"width": f"{SIZE}px", "flex": "none"}
        )
        self._clear = widgets.Button(
            description="Clear", icon="eraser", tooltip="Take a new sheet of paper"
        )
        sample = widgets.Button(
            description="Load a sample",
            icon="image",
            tooltip="Show the next of the samples in place of the drawing",
        )
        self._status, self._evidence = widgets.HTML(), widgets.HTML()
        self._answer = widgets.VBox(
            [self._status, self._evidence], layout={"flex": "1 1 240px"}
        )
        self._maps = widgets.HTML()
        for widget, name in (
            (paper, "paper"),
            (self._clear, "clear"),
            (sample, "sample"),
            (self._answer, "answer"),
            (self._maps, "maps"),
        ):
            widget.add_class(f"lab-{name}")
        buttons = [self._clear] if self.samples is None else [self._clear, sample]
        super().__init__(
            [
                *asked(question),
                widgets.HBox(
                    [widgets.VBox([paper, widgets.HBox(buttons)]), self._answer],
                    layout={"flex_flow": "row wrap", "grid_gap": "4px 20px"},
                ),
                self._maps,
            ]
        )
        self.add_class("lab-drawing")
        accessible(self, STYLE)
        self._clear.on_click(lambda _: self.clear())
        sample.on_click(lambda _: self.load(self._next_sample))
        paper.on_client_ready(self._opened)
        paper.on_key_down(self._key)
        paper.on_mouse_down(self._down)
        paper.on_mouse_move(self._move)
        paper.on_touch_start(lambda touches: self._down(*touches[0]))
        paper.on_touch_move(lambda touches: self._move(*touches[0]))
        for lifted in ("mouse_up", "mouse_out", "touch_end", "touch_cancel"):
            getattr(paper, f"on_{lifted}")(self._up)

    def _look(self, role="status"):
        """Show what the network makes of the drawing, or its error.

        Screen readers read a "status" out, a "timer" not.
        """
        try:
            verdict, evidence, maps = self._told()
        except Exception as error:
            verdict, evidence, maps = f"{type(error).__name__}: {error}", "", ""
        self._status.value = f'<div role="{role}">{html.escape(verdict)}</div>'
        self._evidence.value = f'<div class="lab-row">{evidence}</div>'
        self._maps.value = maps

    def _told(self):
        """Return the verdict in words, then as HTML the evidence and feature maps."""
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
            2 * votes / votes.abs().max().clamp(min=1e-12),  # else most look white
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
    """Return the first feature maps (C, H, W) of a layer as an HTML image, in a row."""
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

    Pixels from `low` = -1 on are colored by sign. It takes 1 ms, a figure 60 ms.
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
