"""The chart of an `Explorer`: named lines, dots, arrows and contours, drawn again."""

from collections.abc import Callable
from functools import partial
from itertools import cycle
from math import isfinite
from typing import NamedTuple

import bqplot
import ipywidgets as widgets
import numpy as np
from contourpy import LineType, contour_generator

from bigmodel_lab.colors import COLORS, GRAY
from bigmodel_lab.widgets.look import HIDDEN_TITLE, legend

ASPECT = 1.6  # of the chart's width to its height
CHART_STYLE = f"""
.lab-explorer .lab-chart {{ aspect-ratio: {ASPECT}; }}
.lab-explorer .lab-chart path {{ stroke-linecap: round; stroke-linejoin: round; }}
.lab-explorer .lab-chart .dot {{ cursor: grab; }}
"""
REACH = 1000  # times the chart's size: what lies farther away is drawn there
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


class Chart:
    """A chart of named things between fixed limits, with its legend: `widgets`.

    Parameters
    ----------
    axes : dict
        Label -> limits (low, high) of the x-axis, then of the y-axis.
    drag : dict
        Name of a dot that can be dragged -> two values, None for an axis along which
        it cannot.
    on_drag : callable
        `on_drag(name, (x, y))` is called when such a dot has been dragged there.

    Raises
    ------
    ValueError
        If `axes` is not as described.
    """

    def __init__(self, axes: dict, drag: dict, on_drag: Callable):
        self.limits = _limits(axes)
        low, high = np.array(self.limits, float).T[..., None]  # (2, 1), x and y
        self._middle, self._size = (low + high) / 2, high - low
        self._lines, self._colors, self._contours = {}, {}, {}
        self._palette = cycle(COLORS)
        x, y = (bqplot.LinearScale(min=low, max=high) for low, high in self.limits)
        self._scales = {"x": x, "y": y}
        self.handles = {
            name: Handle(partial(on_drag, name), along, self._scales)
            for name, along in drag.items()
        }
        x_label, y_label = axes
        self._title = f"Chart of {y_label} over {x_label}"
        options = {"grid_lines": "none"}
        self.figure = bqplot.Figure(
            axes=[
                bqplot.Axis(scale=x, label=x_label, label_offset="32px", **options),
                bqplot.Axis(
                    scale=y, label=y_label, label_offset="44px", side="left", **options
                ),
            ],
            fig_margin={"top": 8, "bottom": 40, "left": 60, "right": 12},
            padding_y=0,
            display_toolbar=False,  # the author has set the limits
            layout={"height": "auto", "width": "auto", "max_width": "640px"},
            title=self._title,
            title_style=HIDDEN_TITLE,
        ).add_class("lab-chart")
        self._legend = widgets.HTML().add_class("lab-legend")
        self.widgets = [self.figure, self._legend]

    def draw(self, drawing: dict):
        """Draw what `drawing` holds and nothing else; send only what has changed.

        Raises
        ------
        ValueError
            If an entry has none of the forms; the chart stays as it was.
        """
        shapes = {name: self._shape(name, entry) for name, entry in drawing.items()}
        strokes = {}
        for name, (form, parts) in shapes.items():
            for part, stroke in enumerate(parts):
                strokes[name, part] = stroke
                if (name, part) not in self._lines:
                    self._add_line(name, part, behind=form == "contours")
        for key, line in self._lines.items():
            with line.hold_sync():  # one message at most
                line.visible = key in strokes
                if line.visible:
                    x, y, line.stroke_width, opacity = strokes[key]
                    line.opacities = [opacity]
                    if not np.array_equal([line.x, line.y], [x, y], equal_nan=True):
                        line.x, line.y = x, y
        for name, handle in self.handles.items():
            x, y, *_ = strokes.get((name, 0), ([], []))
            handle.put(x, y)
        self.figure.title = f"{self._title}: {', '.join(shapes)}"
        self._legend.value = legend(
            (SIGNS[form], self._colors[name], name)
            for name, (form, _) in shapes.items()
        )

    def _add_line(self, name, part, behind):
        """Add a line for a part of what `name` draws, in its color, gray if behind."""
        if name not in self._colors:
            self._colors[name] = GRAY if behind else next(self._palette)
        self._lines[name, part] = bqplot.Lines(
            scales=self._scales,
            colors=[self._colors[name]],
            preserve_domain={"x": True, "y": True},  # the limits stay
            enable_hover=False,
        )
        lines = sorted(self._lines.values(), key=lambda line: line.colors != [GRAY])
        self.figure.marks = [*lines, *self.handles.values()]

    def _shape(self, name, entry):
        """Return the form of an entry of a drawing and the strokes that draw it."""
        dimensions = [np.ndim(part) for part in entry] if np.iterable(entry) else []
        if name in self.handles and dimensions != [0, 0]:
            raise ValueError(f"drawing[{name!r}] can be dragged: make it a dot (x, y).")
        match dimensions:
            case [0, 0] if name in self.handles:  # it has a halo, and stays at the rim
                x, y = np.clip(entry, *np.transpose(self.limits))
                point = self._points(name, [x], [y])
                return "dot", [Stroke(*point, 26, 0.25), Stroke(*point, 12)]
            case [0, 0]:
                x, y = entry
                return "dot", [Stroke(*self._points(name, [x], [y]), 12)]
            case [1, 1]:
                return "line", [Stroke(*self._points(name, *entry), 2.5)]
            case [1, 1, 0] if entry[2] in ("o", "o-"):
                x, y = self._points(name, *entry[:2])
                separate = np.full((2, 2 * len(x)), np.nan)  # so no line joins them
                separate[:, ::2] = x, y
                dots = Stroke(*separate[:, :-1], 7 if len(x) <= 60 else 4)
                joined = [Stroke(x, y, 1.5, 0.7)] if entry[2] == "o-" else []
                return "points", [dots, *joined]
            case [0, 0, 0, 0]:
                return "arrow", [Stroke(*self._points(name, *self._arrow(*entry)), 2.5)]
            case [2, 2, 2]:
                return "contours", [self._contour_lines(name, entry)]
        raise ValueError(f"drawing[{name!r}] is not {FORMS}.")

    def _points(self, name, x, y):
        """Return x and y (2, n) as numbers that an SVG can hold, NaN for no point.

        Far points are pulled toward the chart on the ray from its middle, so that
        lines to them leave the chart in the right direction.
        """
        x, y = np.asarray(x, float), np.asarray(y, float)  # (n,)
        if x.ndim != 1 or x.shape != y.shape:
            raise ValueError(
                f"drawing[{name!r}] has x of shape {x.shape} and y of shape {y.shape}: "
                f"give two sequences of one length."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            away = (np.array([x, y]) - self._middle) / self._size  # (2, n)
            away /= np.maximum(1, abs(away).max(axis=0) / REACH)
        finite = np.isfinite(away).all(axis=0)
        away[:, ~finite] = np.nan
        # bqplot puts a line's label at its last point, which must not be NaN.
        end = max(np.flatnonzero(finite), default=-1) + 1
        return self._middle + self._size * away[:, :end]

    def _arrow(self, x, y, dx, dy):
        """Return an arrow's shaft and head as a polyline, (2, 6)."""
        tip = np.array([x + dx, y + dy])
        scale = self._size[:, 0] / [ASPECT, 1]
        along = np.array([dx, dy]) / scale  # in heights of the chart
        length = np.hypot(*along)
        along *= min(0.05, length / 2) / (length or 1)
        across = along[::-1] * [-0.5, 0.5]
        sides = [tip - (along + side) * scale for side in (across, -across)]
        return np.transpose([(x, y), tip, (np.nan, np.nan), sides[0], tip, sides[1]])

    def _contour_lines(self, name, grid):
        """Return contour lines, those of the last time if the three arrays are."""
        last_grid, stroke = self._contours.get(name, ((), None))
        if [id(part) for part in last_grid] == [id(part) for part in grid]:
            return stroke
        X, Y, Z = (np.ma.masked_invalid(np.asarray(part, float)) for part in grid)
        generator = contour_generator(X, Y, Z, line_type=LineType.ChunkCombinedNan)
        pieces = [np.empty((0, 2))]
        for level in np.unique(np.quantile(Z.compressed(), LEVELS)):
            lines = generator.lines(level)[0][0]  # (n, 2), NaN between the lines
            if lines is not None:
                pieces += [lines, [(np.nan, np.nan)]]
        points = np.concatenate(pieces).T
        stroke = Stroke(*self._points(name, *points), 1, 0.7)
        self._contours[name] = tuple(grid), stroke
        return stroke


class Handle(bqplot.Scatter):
    """An invisible disk on a dot, for the mouse to drag; the dot is drawn separately.

    `on_move((x, y))` is called when the browser, and not Python, has moved it; along
    an axis whose value in `along` is None it cannot be moved.
    """

    def __init__(self, on_move: Callable, along: tuple, scales: dict):
        x, y = along
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
        self._on_move = on_move
        self.put([], [])

    def put(self, x, y):
        """Lie on the dot (x, y), arrays of one number; or nowhere if they have none."""
        self._dot = x, y
        with self.hold_sync():
            self.x, self.y = x, y

    def set_state(self, sync_data):
        """Take what the browser sends; report a move, then go back onto the dot."""
        super().set_state(sync_data)
        if {"x", "y"} & sync_data.keys():
            x, _ = self._dot
            if len(x):  # otherwise the dot has vanished in the meantime
                self._on_move((float(self.x[0]), float(self.y[0])))
            self.put(*self._dot)


def _limits(axes):
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
