"""The panel that trains a model under sliders, or races several of them."""

import html
import math
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import quote

import bqplot
import ipywidgets as widgets
import numpy as np
import pandas as pd
import torch

from bigmodel_lab.colors import GRAY, LINE_COLORS
from bigmodel_lab.training import Diverged, Training
from bigmodel_lab.widgets.accessible import accessible
from bigmodel_lab.widgets.controls import (
    PANEL_STYLE,
    UNSEEN,
    asked,
    check_parameters,
    legend,
    make_controls,
    side_by_side,
    values_of,
    visible,
)
from bigmodel_lab.widgets.diagnosis import diagnose

POINTS = 100  # of a curve: each is a mean of steps, or noise would hide the trend
DRAWING_SHARE = 0.04  # of the training time may go into drawing
CHART = "Chart of the loss over the epochs"
RUN_COLORS = [*LINE_COLORS, GRAY]
# Labels that would overlap on a logarithmic axis, written as JavaScript writes them.
NO_LABELS = {
    repr(n * 10.0**k).removesuffix(".0"): "" for n in (6, 7, 8, 9) for k in range(-4, 5)
}


@dataclass(eq=False)
class Run:
    """One training: its settings, how it ended, its two curves."""

    number: int
    settings: dict
    name: str  # in a race: the value that is compared
    color: str
    training: Training | None = None
    state: str = "starting"
    error: Exception | None = None
    lines: list = field(default_factory=list, repr=False)
    random_state: torch.Tensor | None = field(default=None, repr=False)

    def last_loss(self):
        """Return the mean loss of the last steps, as many as an epoch has."""
        return float(np.mean(self.training.losses[-self.training.steps_per_epoch :]))

    def told(self):
        """Return in words what the run's error was."""
        kind = "" if self.state == "diverged" else f"{type(self.error).__name__}: "
        return f"{kind}{self.error}"

    def row(self):
        """Return the run as a row of the table: settings, ending, last values."""
        last = {"epochs done": 0}
        if self.training is not None and len(self.training.history):
            last = self.training.history.iloc[-1].rename(
                {"epoch": "epochs done", "step": "steps done"}
            )
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
    compare : dict, optional
        One parameter's name -> list of values to race, as in
        {"optimizer": ["SGD", "Adam"]}. It gets no control: at every press of Train one
        run of each value is made, and they advance in turn, a step at a time.
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
        If a range is empty, a learning rate is not above 0, or `compare` is not one
        parameter with at least two values.
    """

    _running = {}  # noqa: RUF012 - panel name -> panel: a re-run cell stops the old one

    def __init__(self, make_training, question=None, compare=None, **controls):
        self.make_training, self.runs = make_training, []
        self._thread, self._stop = None, threading.Event()
        self.compare = _checked(make_training, compare, controls)
        self.controls = make_controls(make_training, controls, without=self.compare)
        self._start_values = self.settings
        self._racers = len(self._press())
        # Of how many runs the chart shows the curves.
        self._shown = self._racers if self.compare else len(RUN_COLORS)
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
        return values_of(self.controls)

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
        first = self.runs[-1].number + 1 if self.runs else 1
        press = [
            Run(number, settings, name, self._color(number))
            for number, (name, settings) in enumerate(self._press().items(), first)
        ]
        for run in press:
            run.lines = [self._new_line(run.color, way) for way in ("solid", "dashed")]
        self.runs += press
        self._show_lines()
        self._stop.clear()
        self._train.disabled, self._halt.disabled = True, False
        self._say("Starting …")
        self._thread = threading.Thread(
            target=self._work, args=(press, after), daemon=True
        )
        self._thread.start()

    def _press(self):
        """Return the settings of the runs that a press of Train makes now, by name."""
        if not self.compare:
            return {"": self.settings}
        [(name, values)] = self.compare.items()
        return {str(value): {name: value} | self.settings for value in values}

    def stop(self):
        """End the running training after its present step; its results stay."""
        self._stop.set()

    def wait(self, timeout=None):
        """Wait for the end and return the last `Run`; raise its error, if any.

        A race raises an error only if all its runs have one.
        """
        if self._thread is not None:
            self._thread.join(timeout)
        if self.running:
            raise TimeoutError(f"The training is still running after {timeout} s.")
        errors = [run.error for run in self._last_press()]
        if errors and all(errors):
            raise errors[-1]
        return self.runs[-1] if self.runs else None

    def _last_press(self):
        """Return the runs of the last press of Train."""
        return self.runs[-self._racers :]

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
        first = ["run", *self.compare, *self.controls]
        whole = pd.concat(frames or [pd.DataFrame(columns=first)], ignore_index=True)
        return whole[[*first, *whole.columns.drop(first)]]

    def code(self):
        """Return the call that repeats the last run (or the present settings).

        Of a race it is one line for each run.
        """
        press = [run.settings for run in self._last_press()] or self._press().values()
        calls = []
        for settings in press:
            arguments = ", ".join(f"{name}={v!r}" for name, v in settings.items())
            calls.append(f"{self.make_training.__name__}({arguments}).finish()")
        return "\n".join(calls)

    # -- the worker thread: never prints, draws within its share of the time -------

    def _work(self, runs, after):
        """Train and show it: what the worker thread does, errors and all."""
        if after:
            time.sleep(after)
            press = self._press()
            for run in runs:
                run.settings = press[run.name]
        for run in runs:
            run.random_state = torch.get_rng_state()
        racing = {run: self._steps(run) for run in runs}
        self._advance(racing)  # makes the trainings
        self._show_runs()
        started, next_draw = time.perf_counter(), 0.0
        while self._advance(racing):
            now = time.perf_counter()
            if now >= next_draw:
                self._draw(runs, now - started)
                cost = time.perf_counter() - now
                next_draw = now + cost + max(0.2, cost / DRAWING_SHARE)
        self._finish(runs)

    def _advance(self, racing):
        """Take a step of each run, drop those that have ended, return the others."""
        for run, steps in list(racing.items()):
            if self.compare:  # the random numbers that the run would draw alone
                torch.set_rng_state(run.random_state)
            if next(steps, None) is None:
                del racing[run]
            if self.compare:
                run.random_state = torch.get_rng_state()
        return racing

    def _steps(self, run):
        """Make the training, then yield its steps; note how the run ends."""
        try:
            training = self.make_training(**run.settings)
            if not isinstance(training, Training):
                raise TypeError(
                    f"{self.make_training.__name__} must return a Training, got "
                    f"{type(training).__name__}."
                )
            run.training, run.state = training, "running"
            yield training
            for step in training:
                yield step
                if self._stop.is_set():
                    run.state = "stopped"
                    return
            run.state = "finished"
        except Diverged as error:
            run.state, run.error = "diverged", error
        except Exception as error:
            run.state, run.error = "failed", error

    def _draw(self, runs, elapsed):
        """Show how far the training is: bar, time left, curves."""
        runs = [run for run in runs if run.training is not None]
        done = sum(run.training.steps_done for run in runs)
        racing = [run.training for run in runs if run.state == "running"]
        left = sum(training.total_steps - training.steps_done for training in racing)
        self._progress.value = done / (done + left)
        leader = _by_loss(runs)[0]
        training, seconds = leader.training, elapsed * left / done
        epoch = math.ceil(training.steps_done / training.steps_per_epoch)
        if self.compare:
            news = f"{leader.name} leads with loss {leader.last_loss():.4g}"
        else:
            news = f"step {done} of {done + left}, loss {training.losses[-1]:.4g}"
        self._say(
            f"Epoch {epoch} of {training.epochs}, {news}, {seconds:.0f} s left",
            role="timer",
        )
        for run in runs:
            self._draw_curves(run)
        self._limit_axis()

    def _color(self, number):
        """Return the color of a run; in every race a value has the same."""
        return RUN_COLORS[(number - 1) % self._shown % len(RUN_COLORS)]

    def _draw_curves(self, run):
        """Draw the mean loss of each stretch of steps, and the validation loss."""
        training = run.training
        if training is None or not training.losses:
            return
        losses = np.asarray(training.losses)
        ends = np.linspace(0, len(losses), min(POINTS, len(losses)) + 1).astype(int)
        curves = [(ends[1:], np.add.reduceat(losses, ends[:-1]) / np.diff(ends))]
        if training.validation is not None:
            rows = pd.DataFrame(training.rows, columns=["step", "validation_loss"])
            curves.append((rows["step"], rows["validation_loss"]))
        for line, (steps, values) in zip(run.lines, curves, strict=False):
            steps, values = np.asarray(steps, float), np.asarray(values, float)
            shown = abs(values) < 1e30  # no NaN, and nothing too large for an SVG
            with line.hold_sync():
                line.x = steps[shown] / training.steps_per_epoch
                line.y = values[shown]

    def _finish(self, runs):
        """Show how the runs ended and give the buttons back."""
        states = {run.state for run in runs}
        if "finished" in states and "stopped" not in states:
            self._progress.value = 1
        self._say(self._result(runs))
        for run in runs:
            self._draw_curves(run)
        self._limit_axis()
        self._show_runs()
        # Last: a press while this thread is alive would be ignored.
        self._train.disabled, self._halt.disabled = False, True

    def _result(self, runs):
        """Return in a sentence or two how a run or a race has ended."""
        first, last = runs[0], runs[-1]
        if not self.compare:
            if first.error is None:
                advice = diagnose(first.training.history)
                return f"Run {first.number}: {first.state.capitalize()}. {advice}"
            return f"Run {first.number}: {first.told()}"
        stopped = any(run.state == "stopped" for run in runs)
        parts = ["Stopped." if stopped else "Finished."]
        if ranks := [f"{run.name} {run.last_loss():.4g}" for run in _by_loss(runs)]:
            parts.append(f"Lowest loss first: {', '.join(ranks)}.")
        for run in runs:
            if run.error is not None:
                reason = "." if run.state == "diverged" else f": {run.told()}"
                parts.append(f"{run.name} {run.state}{reason}")
        return f"Runs {first.number} to {last.number}: {' '.join(parts)}"

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
            layout={"height": "300px", "width": "auto", "min_width": "0"},
            title=CHART,
            title_style=UNSEEN,
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
        line = {
            "flex_flow": "row wrap",
            "grid_gap": "4px 16px",
            "align_items": "center",
        }
        left = [
            *visible(self.controls),
            widgets.HBox([self._train, self._halt, reset]),
            self._progress,
            self._status,
        ]
        colors = "color: run"
        if self.compare:
            colors = legend(
                ("━", self._color(number), name)
                for number, name in enumerate(self._press(), 1)
            )
        key = widgets.HTML(f"solid: training · dashed: validation · {colors}")
        key.add_class("lab-legend")
        right = [self.chart, widgets.HBox([self._log, key], layout=line)]
        super().__init__(
            [
                *asked(question),
                side_by_side(left, right),
                self._table,
                widgets.HBox([picture, self._csv, self._code], layout=line),
            ]
        )
        self.add_class("lab-panel")
        accessible(self, PANEL_STYLE)
        self._say("Ready: choose settings and press Train.")
        self._show_runs()

    def _new_line(self, color, style):
        """Return an empty curve on the present scales."""
        thin = style == "solid"  # the noisy one: it must not hide the other
        return bqplot.Lines(
            x=[],
            y=[],
            colors=[color],
            line_style=style,
            stroke_width=1.25 if thin else 3,
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
        before, shown = self.chart.marks, self.runs[-self._shown :]
        self.chart.marks = [run.lines[k] for k in (0, 1) for run in shown]
        for line in before:
            if line not in self.chart.marks:
                line.close()  # or the axes would go on making room for it
        names = ", ".join(f"run {run.number} {run.name}".strip() for run in shown)
        self.chart.title = f"{CHART}: {names}" if names else CHART
        self._limit_axis()

    def _limit_axis(self):
        """Let a diverged run leave the chart at the top, not flatten the others."""
        shown = self.runs[-self._shown :]
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
        head = "".join(f"<th scope=col>{name}</th>" for name in heads)
        body = "".join(
            f'<tr style="--run: {run.color}">'
            + "".join(
                f'<td data-name="{name}">{html.escape(cell)}</td>'
                for name, cell in zip(heads, row, strict=True)
            )
            + "</tr>"
            for run, row in zip(self.runs, cells.to_numpy(), strict=True)
        )
        self._table.value = f'<table class="lab-runs"><tr>{head}</tr>{body}</table>'
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


def _by_loss(runs):
    """Return the runs that have no error, the one of the lowest loss first."""
    return sorted((run for run in runs if run.error is None), key=Run.last_loss)


def _checked(make_training, compare, controls):
    """Return `compare` as a dict; raise an error if it is not as described."""
    if compare is None:
        return {}
    good = isinstance(compare, dict) and len(compare) == 1
    for values in compare.values() if good else ():
        good = isinstance(values, list | tuple) and len(values) >= 2
    if not good:
        raise ValueError(
            "compare must be one parameter with a list of at least two values, as in "
            f"{{'optimizer': ['SGD', 'Adam']}}; got {compare!r}."
        )
    check_parameters(make_training, compare)
    if twice := compare.keys() & controls.keys():
        raise ValueError(f"compare races {twice.pop()!r}: it can have no control.")
    return compare
