"""Widgets: the panel that trains under sliders, and an explorer of any function."""

import html
import inspect
import threading
import time
from dataclasses import dataclass, field
from numbers import Real
from urllib.parse import quote

import bqplot
import ipywidgets as widgets
import numpy as np
import pandas as pd

from bigmodel_lab.diagnosis import diagnose
from bigmodel_lab.plots import COLORS
from bigmodel_lab.training import Diverged, Training

POINTS = 100  # of a curve: each is a mean of steps, or noise would hide the trend
DRAWING_SHARE = 0.04  # of the training time may go into drawing
# The last color is black, which the dark theme would swallow.
RUN_COLORS = [*COLORS[:-1], "#808080"]
# Labels that would overlap on a logarithmic axis, written as JavaScript writes them.
NO_LABELS = {
    repr(n * 10.0**k).removesuffix(".0"): "" for n in (6, 7, 8, 9) for k in range(-4, 5)
}
STYLE = """<style>
.lab-panel { color: var(--jp-content-font-color1); }
.lab-panel .lab-chart.bqplot > svg .axis text.axislabel { fill: currentColor; }
.lab-panel .widget-html-content { line-height: 1.5; }
.lab-panel .widget-html-content > .jupyter-button { margin: 0; vertical-align: middle; }
.lab-runs { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.lab-runs th, .lab-runs td { padding: 2px 7px; text-align: right; }
.lab-runs th { border-bottom: 1px solid currentColor; vertical-align: bottom; }
</style>"""


@dataclass(eq=False)
class Run:
    """One press of Train: its settings, its training, how it ended, its two curves."""

    number: int
    settings: dict
    color: str
    training: Training | None = None
    state: str = "starting"
    error: Exception | None = None
    lines: list = field(default_factory=list, repr=False)

    def row(self):
        """Return the run as a row of the table: settings, ending, last values."""
        last = {"epochs done": 0}
        if self.training is not None and len(self.training.history):
            last = self.training.history.iloc[-1].rename({"epoch": "epochs done"})
        return {"run": self.number} | self.settings | {"ended": self.state} | dict(last)


class TuningPanel(widgets.VBox):
    """Train under sliders: press Train, watch the loss, change a setting, compare.

        lab.TuningPanel(house_training, learning_rate=0.1, epochs=30)

    Parameters
    ----------
    make_training : callable
        Returns a `Training`; a control is made for each of its parameters.
    question : str, optional
        What to find out with the panel, shown above it.
    **controls
        Start value of a parameter (default: the function's own), or an ipywidgets
        abbreviation: (low, high) or (low, high, step) for a slider, a list for a
        choice, a bool for a checkbox, a widget, or `ipywidgets.fixed(value)`.
        `learning_rate` gets a logarithmic slider; (low, high) sets its ends.

    Raises
    ------
    TypeError
        If a control has no such parameter, or a parameter has no start value.
    ValueError
        If a range is empty or a learning rate is not above 0.
    """

    _running = {}  # noqa: RUF012 - panel name -> panel: a re-run cell stops the old one

    def __init__(self, make_training, question=None, **controls):
        self.make_training, self.runs = make_training, []
        self._thread, self._stop = None, threading.Event()
        self.controls = _controls(make_training, controls)
        self._start_values = self.settings
        self._build(question)
        name = f"{make_training.__module__}.{make_training.__qualname__}"
        if name in TuningPanel._running:
            TuningPanel._running[name].stop()
        TuningPanel._running[name] = self

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"TuningPanel({self.make_training.__name__})"

    # -- what the buttons do, and a notebook may do too ----------------------------

    @property
    def settings(self):
        """The controls' values, by parameter name."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def running(self):
        """Whether a training is under way."""
        return self._thread is not None and self._thread.is_alive()

    def train(self, after=0.0):
        """Start a run in the background, with the settings of `after` seconds from now.

        A click waits a little, for the browser may send it before a slider's last move.
        """
        if self.running:
            return
        number = self.runs[-1].number + 1 if self.runs else 1
        run = Run(number, self.settings, RUN_COLORS[(number - 1) % len(RUN_COLORS)])
        run.lines = [self._new_line(run.color, style) for style in ("solid", "dashed")]
        self.runs.append(run)
        self._show_lines()
        self._stop.clear()
        self._train.disabled, self._halt.disabled = True, False
        self._say("Starting …")
        self._thread = threading.Thread(
            target=self._work, args=(run, after), daemon=True
        )
        self._thread.start()

    def stop(self):
        """End the running training after its present step; its results stay."""
        self._stop.set()

    def wait(self, timeout=None):
        """Wait for the run to end and return it as a `Run`; raise its error, if any."""
        if self._thread is not None:
            self._thread.join(timeout)
        if self.running:
            raise TimeoutError(f"The training is still running after {timeout} s.")
        if self.runs and self.runs[-1].error is not None:
            raise self.runs[-1].error
        return self.runs[-1] if self.runs else None

    def reset(self):
        """Stop, put the controls back to their start values, clear the runs."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
        for name, value in self._start_values.items():
            self.controls[name].value = value
        self.runs = []
        self._show_lines()
        self._progress.value = 0
        self._show_runs()
        self._say("Ready: choose settings and press Train.")

    @property
    def history(self):
        """All runs' histories in one frame: run, settings, epoch, losses, seconds."""
        frames = [
            run.training.history.assign(run=run.number, **run.settings)
            for run in self.runs
            if run.training is not None
        ]
        if not frames:
            return pd.DataFrame(columns=["run", *self.controls])
        whole = pd.concat(frames, ignore_index=True)
        return whole[
            ["run", *self.controls, *whole.columns.drop(["run", *self.controls])]
        ]

    def code(self):
        """Return the call that repeats the last run (or the present settings)."""
        settings = self.runs[-1].settings if self.runs else self.settings
        arguments = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        return f"{self.make_training.__name__}({arguments}).finish()"

    # -- the worker thread: never prints, draws within its share of the time -------

    def _work(self, run, after):
        """Train and show it: what the worker thread does, errors and all."""
        if after:
            time.sleep(after)
            run.settings = self.settings
        try:
            training = self.make_training(**run.settings)
            if not isinstance(training, Training):
                raise TypeError(
                    f"{self.make_training.__name__} must return a Training, got "
                    f"{type(training).__name__}."
                )
            run.training, run.state = training, "running"
            self._show_runs()
            started, next_draw = time.perf_counter(), 0.0
            for step in run.training:
                now = time.perf_counter()
                if now >= next_draw:
                    self._draw(run, step, now - started)
                    cost = time.perf_counter() - now
                    next_draw = now + cost + max(0.2, cost / DRAWING_SHARE)
                if self._stop.is_set():
                    run.state = "stopped"
                    break
            else:
                run.state = "finished"
        except Diverged as error:
            run.state, run.error = "diverged", error
        except Exception as error:
            run.state, run.error = "failed", error
        self._finish(run)

    def _draw(self, run, step, elapsed):
        """Show how far the training is: bar, time left, curves."""
        total = run.training.total_steps
        self._progress.value = step.number / total
        left = elapsed * (total / step.number - 1)
        self._say(
            f"Epoch {step.epoch} of {run.training.epochs}, step {step.number} of "
            f"{total}, loss {step.loss:.4g}, {left:.0f} s left",
            role="timer",
        )
        self._draw_curves(run)

    def _draw_curves(self, run):
        """Draw the mean loss of each stretch of steps, and the validation loss."""
        training, history = run.training, run.training.history
        losses = np.asarray(training.losses)
        ends = np.linspace(0, len(losses), min(POINTS, len(losses)) + 1).astype(int)
        curves = [(ends[1:], np.add.reduceat(losses, ends[:-1]) / np.diff(ends))]
        if "validation_loss" in history:
            steps = history["epoch"] * training.steps_per_epoch
            curves.append((steps, history["validation_loss"]))
        for line, (steps, values) in zip(run.lines, curves, strict=False):
            steps, values = np.asarray(steps, float), np.asarray(values, float)
            shown = np.isfinite(values)
            with line.hold_sync():
                line.x = steps[shown] / training.steps_per_epoch
                line.y = values[shown]

    def _finish(self, run):
        """Show how the run ended and give the buttons back."""
        if run.error is not None:
            message = str(run.error)
            if run.state == "failed":
                message = f"{type(run.error).__name__}: {message}"
        else:
            if run.state == "finished":
                self._progress.value = 1
            message = f"{run.state.capitalize()}. {diagnose(run.training.history)}"
        self._say(f"Run {run.number}: {message}")
        if run.training is not None and run.training.losses:
            self._draw_curves(run)
        self._limit_axis()
        self._show_runs()
        # Last: a press while this thread is alive would be ignored.
        self._train.disabled, self._halt.disabled = False, True

    # -- the look --------------------------------------------------------------------

    def _build(self, question):
        """Put the widgets together; the CSS classes are for themes and tests."""
        button = widgets.Button
        self._train = button(
            description="Train",
            icon="play",
            button_style="primary",
            tooltip="Train with the settings shown",
        )
        self._halt = button(
            description="Stop",
            icon="stop",
            disabled=True,
            tooltip="Stop after the present step and keep the result",
        )
        reset = button(
            description="Reset",
            icon="undo",
            tooltip="Put the settings back and clear the runs",
        )
        self._progress = widgets.FloatProgress(
            max=1, layout={"width": "auto"}, tooltip="Share of the steps done"
        )
        self._status = widgets.HTML()
        self._log = widgets.Checkbox(
            description="logarithmic loss axis", indent=False, layout={"width": "auto"}
        )
        x, self._linear, self._logarithmic = (
            bqplot.LinearScale(min=0),
            bqplot.LinearScale(),
            bqplot.LogScale(),
        )
        self._x = x
        self._x_axis = bqplot.Axis(
            scale=x, label="epoch", grid_lines="none", label_offset="32px"
        )
        self.chart = bqplot.Figure(
            axes=[],
            fig_margin={"top": 12, "bottom": 40, "left": 64, "right": 20},
            layout={"height": "300px", "width": "auto", "min_width": "300px"},
        )
        self._use_scale()
        self._table = widgets.HTML(layout={"overflow": "auto hidden"})
        self._code = widgets.HTML()
        picture = button(
            description="Chart as PNG",
            icon="image",
            tooltip="Save the chart as a picture",
        )
        self._csv = widgets.HTML()

        self._train.on_click(lambda _: self.train(after=0.15))
        self._halt.on_click(lambda _: self.stop())
        reset.on_click(lambda _: self.reset())
        picture.on_click(
            lambda _: self.chart.save_png(f"{self.make_training.__name__}.png")
        )
        self._log.observe(lambda _: self._use_scale(), "value")

        for widget, name in (
            (self._train, "train"),
            (self._halt, "stop"),
            (reset, "reset"),
            (self._progress, "progress"),
            (self._status, "status"),
            (self._log, "log"),
            (self.chart, "chart"),
            (self._table, "table"),
            (self._code, "code"),
        ):
            widget.add_class(f"lab-{name}")
        wrap = {"flex_flow": "row wrap", "grid_gap": "4px 16px"}
        line = wrap | {"align_items": "center"}
        left = widgets.VBox(
            [
                *_visible(self.controls),
                widgets.HBox([self._train, self._halt, reset]),
                self._progress,
                self._status,
            ],
            layout={"flex": "1 1 300px", "max_width": "420px"},
        )
        key = widgets.HTML(f"solid: training · dashed: validation · color: run{STYLE}")
        right = widgets.VBox(
            [self.chart, widgets.HBox([self._log, key], layout=line)],
            layout={"flex": "2 1 320px", "min_width": "300px"},
        )
        ask = [widgets.HTML(f"<b>{html.escape(question)}</b>")] if question else []
        super().__init__(
            [
                *ask,
                widgets.HBox([left, right], layout=wrap),
                self._table,
                widgets.HBox([picture, self._csv, self._code], layout=line),
            ]
        )
        self.add_class("lab-panel")
        self._say("Ready: choose settings and press Train.")
        self._show_runs()

    def _new_line(self, color, style):
        """Return an empty curve on the present scales."""
        faint = style == "solid"  # the noisy one: it must not hide the other
        return bqplot.Lines(
            x=[],
            y=[],
            colors=[color],
            line_style=style,
            opacities=[0.6 if faint else 1],
            stroke_width=1.5 if faint else 2.5,
            scales=self._scales,
        )

    def _use_scale(self):
        """Put all curves on the linear or the logarithmic loss axis."""
        y = self._logarithmic if self._log.value else self._linear
        self._scales = {"x": self._x, "y": y}
        y_axis = bqplot.Axis(scale=y, label="loss", side="left", label_offset="48px")
        if self._log.value:
            y_axis.tick_labels = NO_LABELS
        for mark in self.chart.marks:
            mark.scales = self._scales
        self.chart.axes = [self._x_axis, y_axis]

    def _show_lines(self):
        """Show the curves of the last runs, validation on top; drop all others."""
        before, shown = self.chart.marks, self.runs[-len(RUN_COLORS) :]
        self.chart.marks = [run.lines[k] for k in (0, 1) for run in shown]
        for line in before:
            if line not in self.chart.marks:
                line.close()  # or the axes would go on making room for it
        self._limit_axis()

    def _limit_axis(self):
        """Let a diverged run leave the chart at the top, not flatten the others."""
        shown = self.runs[-len(RUN_COLORS) :]
        tops = [
            2 * line.y[0] if run.state == "diverged" else line.y.max()
            for run in shown
            for line in run.lines[: 1 if run.state == "diverged" else 2]
            if len(line.y)
        ]
        diverged = any(run.state == "diverged" for run in shown)
        top = float(max(tops)) if diverged and tops else None
        self._linear.max = self._logarithmic.max = top

    def _say(self, text, role="status"):
        """Set the status line; screen readers read a "status" out, a "timer" not."""
        self._status.value = f'<div role="{role}">{html.escape(text)}</div>'

    def _show_runs(self):
        """Show the table of runs, the last run's code, the histories as a download."""
        if not self.runs:
            self._table.value = self._csv.value = self._code.value = ""
            return
        rows = pd.DataFrame([run.row() for run in self.runs])
        cells = rows.map(lambda v: f"{v:.4g}" if isinstance(v, float) else str(v))
        cells = cells.where(rows.notna(), "–")
        heads = [html.escape(name.replace("_", " ")) for name in rows.columns]
        head = "".join(f"<th>{name}</th>" for name in heads)
        body = "".join(
            f'<tr><td style="color:{run.color}" aria-hidden="true">⬤</td>'
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
            + "</tr>"
            for run, row in zip(self.runs, cells.to_numpy(), strict=True)
        )
        self._table.value = (
            f'<table class="lab-runs"><tr><th></th>{head}</tr>{body}</table>'
        )
        self._csv.value = (
            f'<a class="jupyter-button" download="{self.make_training.__name__}.csv" '
            f'href="data:text/csv,'
            f'{quote(self.history.to_csv(index=False))}">Histories as CSV</a>'
        )
        # The browser copies: Python may be on another machine than the clipboard.
        self._code.value = (
            '<button class="jupyter-button" onclick="navigator.clipboard.writeText('
            "this.nextElementSibling.textContent)"
            ".then(() => this.textContent = 'Copied')\">Copy as code</button> "
            f"<code>{html.escape(self.code())}</code>"
        )


class Explorer(widgets.VBox):
    """Show what a function says of the controls' values, anew at every move.

        lab.Explorer(price_house, area=(500, 5000, 50), waterfront=False)

    Parameters
    ----------
    function : callable
        Returns the HTML text to show; a control is made for each of its parameters.
    question : str, optional
        What to find out, shown above the controls.
    **controls
        As in `TuningPanel`.
    """

    def __init__(self, function, question=None, **controls):
        self.function, self.controls = function, _controls(function, controls)
        self._answer = widgets.HTML()
        self._answer.add_class("lab-answer")
        for control in self.controls.values():
            control.observe(lambda _: self.show(), "value")
        ask = [widgets.HTML(f"<b>{html.escape(question)}</b>")] if question else []
        super().__init__([*ask, *_visible(self.controls), self._answer])
        self.add_class("lab-explorer")
        self.show()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"Explorer({self.function.__name__})"

    def show(self):
        """Show the function's answer for the present values, or its error."""
        try:
            answer = self.function(**{n: c.value for n, c in self.controls.items()})
        except Exception as error:
            answer = html.escape(f"{type(error).__name__}: {error}")
        self._answer.value = f'<div role="status">{answer}</div>'


def _controls(function, given):
    """Return a control for every parameter of `function`, by name."""
    parameters = inspect.signature(function).parameters
    unknown = [name for name in given if name not in parameters]
    if unknown:
        raise TypeError(
            f"{function.__name__} has no parameter {unknown[0]!r}: its parameters are "
            f"{list(parameters)}."
        )
    return {
        name: _control(name, given.get(name, parameter.default))
        for name, parameter in parameters.items()
    }


def _control(name, value):
    """Return the control of one parameter from its start value or abbreviation."""
    if value is inspect.Parameter.empty:
        raise TypeError(f"Parameter {name!r} needs a start value: pass {name}=... .")
    numbers = isinstance(value, tuple) and all(isinstance(v, Real) for v in value)
    if numbers and len(value) in (2, 3) and not value[0] < value[1]:
        raise ValueError(
            f"The range of {name} is empty: {value}; give (low, high) with low < high."
        )
    if name == "learning_rate" and isinstance(value, (int, float, tuple)):
        control = _learning_rate_slider(value)
    elif type(value) is int and value >= 1:  # a count: epochs, batch size, units
        control = widgets.IntSlider(value, min=1, max=max(10, 4 * value))
    elif type(value) is float and 0 <= value <= 1:  # a share: dropout, momentum
        control = widgets.FloatSlider(value, min=0, max=1, step=0.05)
    else:
        control = widgets.interactive.widget_from_abbrev(value)
    if control is None:
        raise TypeError(
            f"No control can be made for {name}={value!r}: give a number, a range "
            f"(low, high), a list to choose from, a bool or a widget."
        )
    if isinstance(control, widgets.DOMWidget):
        control.description = control.description or name.replace("_", " ")
        control.style.description_width = "92px"
        control.layout.width = "auto"
        control.add_class(f"lab-{name.replace('_', '-')}")
    return control


def _learning_rate_slider(value):
    """Return a logarithmic slider that starts at `value`, or spans (low, high)."""
    low, high = value[:2] if isinstance(value, tuple) else (value, value)
    if not 0 < low < float("inf"):
        raise ValueError(f"learning_rate must be above 0, got {low}; 0.01 is usual.")
    if isinstance(value, tuple):
        ends = np.log10([low, high])
        start = 10 ** ends.mean().round(1)
    else:
        ends, start = (min(-5, np.floor(np.log10(low)) - 1), max(1, np.log10(low))), low
    return widgets.FloatLogSlider(
        start,
        min=ends[0],
        max=ends[1],
        step=0.1,
        readout_format=".2g",
        continuous_update=False,
    )


def _visible(controls):
    """Return the controls that have a look (`ipywidgets.fixed` has none)."""
    return [c for c in controls.values() if isinstance(c, widgets.DOMWidget)]
