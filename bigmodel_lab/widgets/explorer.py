"""A widget that shows what a function says and draws, anew at every move."""

import html
from functools import partial
from itertools import cycle
from math import isfinite
from typing import NamedTuple

import bqplot
import ipywidgets as widgets
import numpy as np
from contourpy import LineType, contour_generator

from bigmodel_lab.colors import GRAY, LINE_COLORS
from bigmodel_lab.widgets.accessible import accessible
from bigmodel_lab.widgets.controls import (
    PANEL_STYLE,
    UNSEEN,
    asked,
    legend,
    make_controls,
    nearest,
    side_by_side,
    values_of,
    visible,
)

ASPECT = 1.6  # of the chart's width to its height, as in controls.PANEL_STYLE
REACH = 1000  # times the chart: what lies farther away is drawn there
LEVELS = np.linspace(0, 1, 14)[1:-1] ** 2  # quantiles: a bowl gets evenly spaced rings
SIGNS = {"line": "━", "dot": "●", "points": "●", "arrow": "→", "contours": "◯"}
FORMS = (
    "a line (x, y) of two sequences, a dot (x, y) of two numbers, a path (x, y, 'o-') "
    "or points (x, y, 'o'), an arrow (x, y, dx, dy) of four numbers, or contours "
    "(X, Y, Z) of 2-d arrays"
)


class Stroke(NamedTuple):
    """A polyline with NaN between its pieces; a piece of a single point is a dot."""

    x: np.ndarray
    y: np.ndarray
    width: float  # px
    opacity: float = 1.0


NOTHING = Stroke(np.empty(0), np.empty(0), 0)


class Explorer(widgets.VBox):
    """Show what a function says of the controls' values, anew at every move.

        lab.Explorer(price_house, area=(500, 5000, 50), waterfront=False)

    With `axes` it draws, too:

        def look(logit):
            return f"loss <b>{loss(logit):.2f}</b>", {
                "loss": (logits, losses),
                "you are here": (logit, loss(logit)),
            }

        lab.Explorer(look, axes={"logit": (-6, 6), "loss": (0, 5)},
                     drag={"you are here": ("logit", None)}, logit=(-6.0, 6.0, 0.1))

    Parameters
    ----------
    function : callable
        Returns the HTML text to show, or (text, drawing); a control is made for each
        of its parameters. `drawing` is a dict from names to what to draw: a line
        (x, y); a dot (x, y) of two numbers; a path (x, y, "o-"), whose points are
        seen, or points alone, (x, y, "o"); an arrow (x, y, dx, dy); contours (X, Y, Z)
        of 2-d arrays, computed again only if they are others than last time. A name
        keeps its color. What is NaN, infinite or outside the limits is not drawn.
    question : str, optional
        What to find out, shown above the controls.
    axes : dict, optional
        Label and (low, high) of the x-axis, then of the y-axis.
    drag : dict, optional
        Name of a dot -> names of the two sliders (or None) that follow when it is
        dragged along x and y. Outside the limits such a dot is drawn at the rim.
    play : str, optional
        Name of a slider of whole numbers that gets a button that counts it up.
    **controls
        As in `TuningPanel`.

    Attributes
    ----------
    text, drawing
        What the function returned last; after an error its text, and the last drawing.

    Raises
    ------
    TypeError, ValueError
        As in `TuningPanel`; or if axes, drag or play are not as described. Errors of
        the function, and of what it draws, are shown as text.
    """

    def __init__(
        self, function, question=None, axes=None, drag=None, play=None, **controls
    ):
        self.function, self.controls = function, make_controls(function, controls)
        self.text, self.drawing, self._shown = "", {}, None
        self._drag, self._dragging = drag or {}, False
        self._check_drag(axes)
        self._answer = widgets.HTML()
        self._answer.add_class("lab-answer")
        left = [*self._control_rows(play), self._answer]
        self._chart = None
        if axes is not None:
            self._chart = Chart(axes, self._drag, self._dragged)
            left = [side_by_side(left, self._chart.widgets)]
        super().__init__([*asked(question), *left])
        self.add_class("lab-explorer")
        accessible(self, PANEL_STYLE)
        for name, control in self.controls.items():
            if control is not controls.get(name) and hasattr(control, "step"):
                control.continuous_update = True
            control.observe(lambda _: self._moved(), "value")
        self.show()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"Explorer({self.function.__name__})"

    def show(self):
        """Show the function's answer for the present values, or its error."""
        self._shown = self._values()
        try:
            answer = self.function(**self._shown)
            text, drawing = answer if isinstance(answer, tuple) else (answer, {})
            if self._chart is not None:
                self._chart.draw(drawing)
            elif drawing:
                raise ValueError(
                    "A drawing needs a chart: give the Explorer axes={'x label': "
                    "(low, high), 'y label': (low, high)}."
                )
            self.text, self.drawing = text, drawing
        except Exception as error:
            self.text = html.escape(f"{type(error).__name__}: {error}")
        self._answer.value = f'<div role="status">{self.text}</div>'

    def _values(self):
        return values_of(self.controls)

    def _moved(self):
        """Call the function, unless the values are those of the last call."""
        if not self._dragging and self._values() != self._shown:
            self.show()

    def _dragged(self, name, position):
        """Let the sliders follow a dot, then call the function once."""
        self._dragging = True
        for slider, value in zip(self._drag[name], position, strict=True):
            if slider is not None:
                self.controls[slider].value = nearest(self.controls[slider], value)
        self._dragging = False
        self._moved()

    def _check_drag(self, axes):
        """Raise ValueError if `drag` is not as described."""
        if self._drag and axes is None:
            raise ValueError("drag needs a chart to drag on: give axes={...}, too.")
        for name, sliders in self._drag.items():
            if not isinstance(sliders, tuple) or len(sliders) != 2 or not any(sliders):
                raise ValueError(
                    f"drag[{name!r}] must be the names of two sliders, one of which "
                    f"may be None, as in ('weight', None); got {sliders!r}."
                )
            for slider in filter(None, sliders):
                if not hasattr(self.controls.get(slider), "readout_format"):
                    raise ValueError(
                        f"drag[{name!r}] names {slider!r}, which is no slider of this "
                        f"explorer: its controls are {list(self.controls)}."
                    )

    def _control_rows(self, play):
        """Return the controls to show; the one to play is beside its button."""
        if play is None:
            return visible(self.controls)
        slider = self.controls.get(play)
        if not isinstance(slider, widgets.IntSlider):
            raise ValueError(
                f"play={play!r} must name a slider of whole numbers, as steps=(0, 200) "
                f"makes one; the controls are {list(self.controls)}."
            )
        ends = {"min": slider.min, "max": slider.max, "step": slider.step}
        count = max(1, (slider.max - slider.min) // slider.step)
        pause = min(500, max(50, 8000 // count))  # ms; all in about 8 s
        button = widgets.Play(slider.value, interval=pause, show_repeat=False, **ends)
        button.layout = {"width": "72px", "flex": "0 0 auto"}
        button.add_class("lab-play")
        widgets.jslink((button, "value"), (slider, "value"))
        slider.layout.flex = "1 1 250px"
        row = widgets.HBox([slider, button], layout={"flex_flow": "row wrap"})
        return [row if c is slider else c for c in visible(self.controls)]


class Chart:
    """A chart of named things between fixed limits, and its legend: `widgets`.

    `on_drag(name, (x, y))` is called when a dot in the dict `drag` was dragged there.
    """

    def __init__(self, axes, drag, on_drag):
        self.limits = _checked(axes)
        self._lines, self._colors, self._contours = {}, {}, {}
        self._palette = cycle(LINE_COLORS)
        x, y = (bqplot.LinearScale(min=low, max=high) for low, high in self.limits)
        self._scales = {"x": x, "y": y}
        self.handles = {
            name: Handle(partial(on_drag, name), sliders, self._scales)
            for name, sliders in drag.items()
        }
        x_label, y_label = axes
        self._name = f"Chart of {y_label} over {x_label}"
        self.figure = bqplot.Figure(
            axes=[
                bqplot.Axis(scale=x, label=x_label, label_offset="32px"),
                bqplot.Axis(scale=y, label=y_label, label_offset="44px", side="left"),
            ],
            fig_margin={"top": 8, "bottom": 40, "left": 60, "right": 12},
            padding_y=0,
            display_toolbar=False,  # the limits are the author's
            layout={"height": "auto", "width": "auto", "max_width": "640px"},
            title=self._name,
            title_style=UNSEEN,
        )
        for axis in self.figure.axes:
            axis.grid_lines = "none"
        self.figure.add_class("lab-chart")
        self._legend = widgets.HTML()
        self._legend.add_class("lab-legend")
        self.widgets = [self.figure, self._legend]

    def draw(self, drawing):
        """Draw what `drawing` holds and nothing else; send only what has changed.

        Raises
        ------
        ValueError
            If an entry has none of the forms; the chart stays as it was.
        """
        shapes = {name: self._shape(name, entry) for name, entry in drawing.items()}
        strokes = {
            (name, part): stroke
            for name, (_, parts) in shapes.items()
            for part, stroke in enumerate(parts)
        }
        for name, part in strokes:
            if (name, part) not in self._lines:
                self._add_line(name, part, contours=shapes[name][0] == "contours")
        for key, line in self._lines.items():
            _send(line, strokes.get(key))
        for name, handle in self.handles.items():
            handle.place(*strokes.get((name, 0), NOTHING)[:2])
        self.figure.title = f"{self._name}: {', '.join(shapes)}"
        self._legend.value = legend(
            (SIGNS[form], self._colors[name], name)
            for name, (form, _) in shapes.items()
        )

    def _add_line(self, name, part, contours):
        """Add a line for a part of what `name` draws, in its color, contours behind."""
        if name not in self._colors:
            color = GRAY if contours else next(self._palette)
            self._colors[name] = color
        line = bqplot.Lines(
            scales=self._scales,
            colors=[self._colors[name]],
            preserve_domain={"x": True, "y": True},  # the limits stay
            enable_hover=False,
        )
        self._lines[name, part] = line
        lines = self._lines.values()
        behind = [line for line in lines if line.colors == [GRAY]]
        before = [line for line in lines if line.colors != [GRAY]]
        self.figure.marks = [*behind, *before, *self.handles.values()]

    def _shape(self, name, entry):
        """Return the form of an entry of a drawing and the strokes that draw it."""
        dimensions = [np.ndim(part) for part in entry] if np.iterable(entry) else []
        if name in self.handles and dimensions != [0, 0]:
            raise ValueError(f"drawing[{name!r}] can be dragged: make it a dot (x, y).")
        match dimensions:
            case [0, 0]:
                return "dot", self._dot(name, *entry)
            case [1, 1]:
                return "line", [Stroke(*self._points(name, *entry), 2.5)]
            case [1, 1, 0] if entry[2] in ("o", "o-"):
                x, y = self._points(name, *entry[:2])
                dots = Stroke(*_apart(x, y), 7 if len(x) <= 60 else 4)
                return "points", [dots, Stroke(x, y, 1.5, 0.7)][: len(entry[2])]
            case [0, 0, 0, 0]:
                return "arrow", [Stroke(*self._points(name, *self._arrow(*entry)), 2.5)]
            case [2, 2, 2]:
                return "contours", [self._contour_lines(name, entry)]
        raise ValueError(f"drawing[{name!r}] is not {FORMS}.")

    def _points(self, name, x, y):
        """Return x and y as an array that an SVG can hold, NaN where there is no point.

        Far points are pulled toward the chart on the ray from its middle, so that
        lines to them leave the chart where they should.
        """
        x, y = np.asarray(x, float), np.asarray(y, float)  # (n,)
        if x.ndim != 1 or x.shape != y.shape:
            raise ValueError(
                f"drawing[{name!r}] has x of shape {x.shape} and y of shape {y.shape}: "
                f"give two sequences of one length."
            )
        middle, size = self._middle_and_size()
        with np.errstate(over="ignore", invalid="ignore"):
            away = (np.array([x, y]) - middle) / size  # (2, n)
            away /= np.maximum(1, abs(away).max(axis=0) / REACH)
        there = np.isfinite(away).all(axis=0)
        away[:, ~there] = np.nan
        end = max(np.flatnonzero(there), default=-1) + 1  # bqplot wants a last point
        return middle + size * away[:, :end]

    def _middle_and_size(self):
        """Return the chart's middle and its size, each of shape (2, 1) for x and y."""
        low, high = np.array(self.limits, float).T[..., None]
        return (low + high) / 2, high - low

    def _dot(self, name, x, y):
        """Return a dot; one that can be dragged gets a halo and stays at the rim."""
        if name not in self.handles:
            return [Stroke(*self._points(name, [x], [y]), 12)]
        x, y = np.clip([x, y], *np.transpose(self.limits))
        point = self._points(name, [x], [y])
        return [Stroke(*point, 26, 0.25), Stroke(*point, 12)]

    def _arrow(self, x, y, dx, dy):
        """Return an arrow's shaft and head as a polyline, (2, 6)."""
        tip = np.array([x + dx, y + dy])
        scale = self._middle_and_size()[1][:, 0] / [ASPECT, 1]
        along = np.array([dx, dy]) / scale  # in heights of the chart
        length = np.hypot(*along)
        along *= min(0.05, length / 2) / (length or 1)
        across = along[::-1] * [-0.5, 0.5]
        sides = [tip - (along + side) * scale for side in (across, -across)]
        return np.transpose([(x, y), tip, (np.nan, np.nan), sides[0], tip, sides[1]])

    def _contour_lines(self, name, grid):
        """Return contour lines; they are kept for the case that the grid stays."""
        before, stroke = self._contours.get(name, ((), None))
        if len(before) != 3 or any(
            a is not b for a, b in zip(before, grid, strict=True)
        ):
            X, Y, Z = (np.ma.masked_invalid(np.asarray(part, float)) for part in grid)
            generator = contour_generator(X, Y, Z, line_type=LineType.ChunkCombinedNan)
            pieces = [np.empty((0, 2))]
            for level in np.unique(np.quantile(Z.compressed(), LEVELS)):
                lines = generator.lines(level)[0][0]  # (n, 2), NaN between the lines
                if lines is not None:
                    pieces += [lines, [(np.nan, np.nan)]]
            points = np.concatenate(pieces).T
            stroke = Stroke(*self._points(name, *points), 1, 0.7)
            self._contours[name] = grid, stroke
        return stroke


class Handle(bqplot.Scatter):
    """An unseen disk on a dot, for the mouse to drag: the dot itself goes its own way.

    `moved((x, y))` is called when the browser, and not Python, has moved it.
    """

    def __init__(self, moved, sliders, scales):
        x, y = sliders
        super().__init__(
            scales=scales,
            restrict_x=y is None,  # along x only
            restrict_y=x is None,
            enable_move=True,
            update_on_move=True,
            default_size=500,  # px², 25 px across
            opacities=[0],
            preserve_domain={"x": True, "y": True},
            enable_hover=False,
        )
        self._moved, self._home = moved, NOTHING[:2]

    def place(self, x, y):
        """Lie on the dot (x, y), arrays of one number; or nowhere if they have none."""
        self._home = x, y
        with self.hold_sync():
            self.x, self.y = x, y

    def set_state(self, sync_data):
        """Take what the browser sends; tell a move, then go back onto the dot."""
        super().set_state(sync_data)
        if {"x", "y"} & sync_data.keys():
            if len(self._home[0]):  # else the dot has vanished meanwhile
                self._moved((float(self.x[0]), float(self.y[0])))
            self.place(*self._home)


def _send(line, stroke):
    """Make a line of the chart show a stroke, or nothing, with one message at most."""
    with line.hold_sync():
        line.visible = stroke is not None
        if stroke is not None:
            x, y, line.stroke_width, opacity = stroke
            line.opacities = [opacity]
            if not np.array_equal([line.x, line.y], [x, y], equal_nan=True):
                line.x, line.y = x, y


def _apart(x, y):
    """Return the points with NaN between them, so that no line joins them."""
    apart = np.full((2, 2 * len(x)), np.nan)
    apart[:, ::2] = x, y
    return apart[:, :-1]


def _checked(axes):
    """Return the limits of both axes, each (low, high); raise ValueError if bad."""
    limits = list(axes.values()) if isinstance(axes, dict) else []
    good = len(limits) == 2 and all(
        len(ends) == 2 and all(map(isfinite, ends)) and ends[0] < ends[1]
        for ends in limits
    )
    if not good:
        raise ValueError(
            "axes must be a dict of two labels with their limits, low < high, as in "
            f"{{'logit': (-6, 6), 'loss': (0, 5)}}; got {axes!r}."
        )
    return limits
