"""A widget that shows what a function says and draws, again at every move."""

import html
from collections.abc import Callable

import ipywidgets as widgets

from bigmodel_lab.widgets.accessible import make_accessible
from bigmodel_lab.widgets.chart import CHART_STYLE, Chart
from bigmodel_lab.widgets.controls import (
    make_controls,
    nearest,
    values_of,
    visible,
)
from bigmodel_lab.widgets.look import plain_text, question_line, side_by_side
from bigmodel_lab.widgets.still import StillBox


class Explorer(StillBox):
    """Show what a function makes of the controls' values, again at every move.

        lab.Explorer(price_house, area=(500, 5000, 50), waterfront=False)

    With `axes` it draws, too:

        def loss_of(logit):
            return f"loss <b>{loss(logit):.2f}</b>", {
                "loss": (logits, losses),
                "you are here": (logit, loss(logit)),
            }

        lab.Explorer(loss_of, axes={"logit": (-6, 6), "loss": (0, 5)},
                     drag={"you are here": ("logit", None)}, logit=(-6.0, 6.0, 0.1))

    Parameters
    ----------
    function : callable
        Returns the HTML text to show, or (text, drawing); a control is made for each
        of its parameters. `drawing` is a dict from names to what to draw: a line
        (x, y); a dot (x, y) of two numbers; a path (x, y, "o-") that shows its points,
        or points alone, (x, y, "o"); an arrow (x, y, dx, dy); contours (X, Y, Z) of
        2-d arrays, computed again only if they are not the same arrays as last time.
        A name keeps its color. What is NaN, infinite or outside the limits is not
        drawn.
    question : str, optional
        What to find out, shown above the controls.
    axes : dict, optional
        Label -> limits (low, high) of the x-axis, then of the y-axis.
    drag : dict, optional
        Name of a dot -> names of the two sliders (or None) that follow when it is
        dragged along x and y. Outside the limits such a dot is drawn at the rim.
    play : str, optional
        Name of a slider of integers that gets a button to count it up.
    **controls
        As in `TuningPanel`.

    Attributes
    ----------
    text, drawing
        What the function returned last; after an error, the error and the drawing
        before it.
    controls : dict
        Parameter name -> its control.
    chart : Chart or None
        Where it draws, if there are `axes`.

    Raises
    ------
    TypeError, ValueError
        As in `TuningPanel`; or if axes, drag or play are not as described. Errors of
        the function, and of what it draws, are shown as text.
    """

    def __init__(
        self,
        function: Callable,
        question: str | None = None,
        axes: dict | None = None,
        drag: dict | None = None,
        play: str | None = None,
        **controls,
    ):
        self.function, self.controls = function, make_controls(function, controls)
        self.text, self.drawing, self._last_values = "", {}, None
        self._drag, self._dragging = drag or {}, False
        self._check_drag(axes)
        self._answer = widgets.HTML().add_class("lab-answer")
        content = [*self._control_rows(play), self._answer]
        self.chart = None
        if axes is not None:
            self.chart = Chart(axes, self._drag, self._follow)
            content = [side_by_side(content, self.chart.widgets)]
        super().__init__([*question_line(question), *content])
        self.add_class("lab-explorer")
        make_accessible(self, CHART_STYLE)
        for name, control in self.controls.items():
            if control is not controls.get(name) and hasattr(control, "step"):
                control.continuous_update = True
            control.observe(lambda _: self._update(), "value")
        self.show()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"Explorer({self.function.__name__})"

    @property
    def answer(self) -> str:
        """What is shown of the function's text, or its error, without HTML tags."""
        return plain_text(self.text)

    def show(self):
        """Show the function's answer for the present values, or its error."""
        self._last_values = values_of(self.controls)
        try:
            answer = self.function(**self._last_values)
            text, drawing = answer if isinstance(answer, tuple) else (answer, {})
            if self.chart is not None:
                self.chart.draw(drawing)
            elif drawing:
                raise ValueError(
                    "A drawing needs a chart: give the Explorer axes={'x label': "
                    "(low, high), 'y label': (low, high)}."
                )
            self.text, self.drawing = text, drawing
        except Exception as error:
            self.text = html.escape(f"{type(error).__name__}: {error}")
        self._answer.value = f'<div role="status">{self.text}</div>'

    def _update(self):
        """Call the function, unless the values are those of the last call."""
        if not self._dragging and values_of(self.controls) != self._last_values:
            self.show()

    def _follow(self, name, position):
        """Let the sliders follow a dragged dot, then call the function once."""
        self._dragging = True
        for slider, value in zip(self._drag[name], position, strict=True):
            if slider is not None:
                self.controls[slider].value = nearest(self.controls[slider], value)
        self._dragging = False
        self._update()

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
                        f"drag[{name!r}] names {slider!r}, which is not a slider of "
                        f"this explorer: its controls are {list(self.controls)}."
                    )

    def _control_rows(self, play):
        """Return the controls to show; the one to play is next to its button."""
        if play is None:
            return visible(self.controls)
        slider = self.controls.get(play)
        if not isinstance(slider, widgets.IntSlider):
            raise ValueError(
                f"play={play!r} must name a slider of integers, such as the one "
                f"that steps=(0, 200) makes; the controls are {list(self.controls)}."
            )
        count = max(1, (slider.max - slider.min) // slider.step)
        button = widgets.Play(
            value=slider.value,
            min=slider.min,
            max=slider.max,
            step=slider.step,
            interval=min(500, max(50, 8000 // count)),  # ms; all in about 8 s
            show_repeat=False,
            layout={"width": "72px", "flex": "0 0 auto"},
        ).add_class("lab-play")
        widgets.jslink((button, "value"), (slider, "value"))
        slider.layout.flex = "1 1 250px"
        row = widgets.HBox([slider, button], layout={"flex_flow": "row wrap"})
        return [row if c is slider else c for c in visible(self.controls)]
