"""The panel that trains a model under sliders, or races several of them."""

import threading
import time
from collections.abc import Callable

import ipywidgets as widgets
import pandas as pd
import torch

from bigmodel_lab.training import Training
from bigmodel_lab.widgets.accessible import make_accessible
from bigmodel_lab.widgets.controls import (
    check_comparison,
    make_controls,
    values_of,
    visible,
)
from bigmodel_lab.widgets.look import (
    ROW,
    StatusLine,
    button,
    question_line,
    side_by_side,
)
from bigmodel_lab.widgets.rerun import same_function
from bigmodel_lab.widgets.runs import Run, take_turns
from bigmodel_lab.widgets.still import StillBox
from bigmodel_lab.widgets.view import (
    PANEL_STYLE,
    LossChart,
    copy_button,
    csv_link,
    histories,
    outcome,
    progress,
    runs_table,
    table_html,
)

READY = "Ready: choose settings and press Train."
KEPT = "Earlier runs were kept; Reset clears them."
CLEARED = "The function changed: earlier runs were cleared."
CLICK_DELAY = 0.15  # seconds: the browser may send a click before a slider's last move
DRAWING_SHARE = 0.04  # of the training time may go into drawing


class TuningPanel(StillBox):
    """Train under sliders: press Train, watch the loss, change a setting, compare.

        lab.TuningPanel(house_training, learning_rate=0.1, epochs=30)

    A cell that is run again keeps its panel's runs unless the function has changed.

    Parameters
    ----------
    make_training : callable
        Returns a `Training`; a control is made for each of its parameters.
    question : str, optional
        What to find out with the panel, shown above it.
    compare : dict, optional
        One parameter's name -> list of values to race, as in
        {"optimizer": ["SGD", "Adam"]}. It gets no control: whenever Train is pressed,
        one run of each value is made, and they advance in turn, a step at a time.
    line : tuple, optional
        Name and loss of a baseline to show in the chart, as in ("4-gram", 5.05).
    **controls
        Parameter name -> its start value (default: the function's own). The value
        decides what the control is:

        - for `learning_rate` a logarithmic slider, from 0.00001 to 10 or farther if
          the value needs it;
        - for an int of at least 1, such as epochs, a slider from 1 to 4 times the
          value, but at least to 10;
        - for a float from 0 to 1, such as momentum, a slider from 0 to 1;
        - for (low, high) or (low, high, step) a slider between them, logarithmic for
          `learning_rate`; it starts at the function's own default or in the middle;
        - for a list a choice, which starts at the function's own default or the first
          value; for a bool a checkbox;
        - for a widget the widget itself, and nothing for `ipywidgets.fixed(value)`;
        - for anything else what `ipywidgets.interact` makes of it.

    Attributes
    ----------
    runs : list of Run
        All runs, each with its `settings`, `training`, `state` and `error`.
    controls : dict
        Parameter name -> its control.
    chart : LossChart
        The latest runs' curves, over epochs, or steps if the `Training` counts them.

    Raises
    ------
    TypeError
        If a control is for no parameter, or a parameter has no start value.
    ValueError
        If a range is empty, a learning rate is not above 0, `compare` is not one
        parameter with at least two values, or `line` is not as described.
    """

    _panels = {}  # noqa: RUF012 - function's name -> its panel, for a re-run cell

    def __init__(
        self,
        make_training: Callable[..., Training],
        question: str | None = None,
        compare: dict | None = None,
        line: tuple[str, float] | None = None,
        **controls,
    ):
        self.make_training, self.runs = make_training, []
        self._thread, self._stop = None, threading.Event()
        if compare is not None:
            check_comparison(make_training, compare, controls)
        self.compare = compare or {}
        self.controls = make_controls(make_training, controls, without=self.compare)
        self._start_values = self.settings
        # What a press of Train makes: a run's name -> the setting in which it differs.
        self._entries = {"": {}}
        for parameter, values in self.compare.items():
            self._entries = {str(value): {parameter: value} for value in values}
        self.chart = LossChart(list(self._entries) if self.compare else [], line)
        self._build(question)
        name = f"{make_training.__module__}.{make_training.__qualname__}"
        if name in TuningPanel._panels:
            self._follow(TuningPanel._panels[name])
        TuningPanel._panels[name] = self

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"TuningPanel({self.make_training.__name__})"

    # -- what the panel shows --------------------------------------------------------

    @property
    def settings(self) -> dict:
        """The controls' values, by parameter name."""
        return values_of(self.controls)

    @property
    def status(self) -> str:
        """What the status line says."""
        return self._status.text

    @property
    def table(self) -> pd.DataFrame:
        """A row for each run: its number, settings, how it ended and last values."""
        return runs_table(self.runs)

    @property
    def history(self) -> pd.DataFrame:
        """All runs' histories in one frame: run, settings, epoch, losses, seconds."""
        return histories(self.runs, [*self.compare, *self.controls])

    def code(self) -> str:
        """Return the call that repeats the last run; before any, with the settings.

        For a race it is one line for each run.
        """
        settings = [run.settings for run in self._last_runs()]
        if not settings:
            settings = [entry | self.settings for entry in self._entries.values()]
        calls = []
        for values in settings:
            arguments = ", ".join(f"{name}={v!r}" for name, v in values.items())
            calls.append(f"{self.make_training.__name__}({arguments}).finish()")
        return "\n".join(calls)

    # -- what the buttons do, and a notebook may do too ------------------------------

    @property
    def running(self) -> bool:
        """Whether a training is under way."""
        return self._thread is not None and self._thread.is_alive()

    def train(self):
        """Start a run, or a race, in the background with the present settings.

        While one is under way, nothing happens.
        """
        if not self.running:
            runs = self._new_runs()
            self._start(threading.Thread(target=self._train_runs, args=[runs]))

    def _train_soon(self):
        """Start as `train` does, but after a delay, with the settings at its end."""
        if not self.running:
            self._start(
                threading.Timer(CLICK_DELAY, lambda: self._train_runs(self._new_runs()))
            )

    def stop(self):
        """End the running training after its present step; its results stay."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> Run | None:
        """Wait for the end and return the last `Run`; raise its error, if any.

        A race raises an error only if all its runs have one.

        Raises
        ------
        TimeoutError
            If the training is still running after `timeout` seconds.
        """
        if self._thread is not None:
            self._thread.join(timeout)
        if self.running:
            raise TimeoutError(f"The training is still running after {timeout} s.")
        errors = [run.error for run in self._last_runs()]
        if errors and all(errors):
            raise errors[-1]
        return self.runs[-1] if self.runs else None

    def reset(self):
        """Stop, put the controls back to their start values, clear the runs."""
        self._end()
        for name, value in self._start_values.items():
            self.controls[name].value = value
        self.runs, self._progress.value = [], 0
        self._show_runs()
        self._status.say(READY)

    def _end(self):
        """Stop, and wait for the present step: two threads must not draw."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _follow(self, earlier):
        """End the function's earlier panel; keep its runs if it made the same ones."""
        earlier._end()
        if not earlier.runs:
            return
        one, other = ((*p.compare, *p._entries, *p.controls) for p in (self, earlier))
        if one == other and same_function(self.make_training, earlier.make_training):
            self.runs, news = list(earlier.runs), KEPT
            self._show_runs()
        else:
            news = CLEARED
        self._status.say(f"{READY} {news}")

    # -- the background thread: never prints, draws within its share of the time -----

    def _start(self, thread):
        """Start the thread that trains."""
        self._stop.clear()
        self._train_button.disabled, self._stop_button.disabled = True, False
        self._status.say("Starting …")
        thread.daemon = True
        self._thread = thread
        thread.start()

    def _new_runs(self):
        """Add the runs that a press of Train makes, with the present settings."""
        first = self.runs[-1].number + 1 if self.runs else 1
        random_state = torch.get_rng_state() if self.compare else None
        settings = self.settings
        runs = [
            Run(number, entry | settings, name, random_state=random_state)
            for number, (name, entry) in enumerate(self._entries.items(), first)
        ]
        self.runs += runs
        self.chart.show(self.runs)
        return runs

    def _last_runs(self):
        """Return the runs that the last press of Train made."""
        return self.runs[-len(self._entries) :]

    def _train_runs(self, runs):
        """Train the runs in turn; show how far they are, then how they ended."""
        for run in runs:
            run.start(self.make_training)
        self._show_runs()
        started, next_draw = time.perf_counter(), 0.0
        while take_turns(runs, self._stop):
            now = time.perf_counter()
            if now >= next_draw:
                self._progress.value, news = progress(runs, now - started)
                self._status.say(news, role="timer")
                self.chart.draw(runs)
                cost = time.perf_counter() - now
                next_draw = now + cost + max(0.2, cost / DRAWING_SHARE)
        states = {run.state for run in runs}
        if "finished" in states and "stopped" not in states:
            self._progress.value = 1
        self._status.say(outcome(runs))
        self._show_runs()
        # Last: while this thread is alive, a press of Train is ignored.
        self._train_button.disabled, self._stop_button.disabled = False, True

    # -- the widgets -----------------------------------------------------------------

    def _build(self, question):
        """Put the widgets together; the CSS classes are for themes and tests."""
        self._train_button = button(
            "Train", "play", "Train with the settings shown", self._train_soon
        ).add_class("lab-train")
        self._train_button.button_style = "primary"
        self._stop_button = button(
            "Stop", "stop", "Stop after the present step and keep the result", self.stop
        ).add_class("lab-stop")
        self._stop_button.disabled = True
        reset = button(
            "Reset", "undo", "Put the settings back and clear the runs", self.reset
        ).add_class("lab-reset")
        picture = button(
            "Chart as PNG",
            "image",
            "Save the chart as a picture",
            lambda: self.chart.figure.save_png(f"{self.make_training.__name__}.png"),
        )
        self._progress = widgets.FloatProgress(
            max=1, layout={"width": "auto"}, tooltip="Share of the steps done"
        ).add_class("lab-progress")
        self._status = StatusLine().add_class("lab-status")
        self._table = widgets.HTML(layout={"overflow": "auto hidden"})
        self._csv, self._code = widgets.HTML(), widgets.HTML()
        left = [
            *visible(self.controls),
            widgets.HBox([self._train_button, self._stop_button, reset]),
            self._progress,
            self._status,
        ]
        super().__init__(
            [
                *question_line(question),
                side_by_side(left, self.chart.widgets),
                self._table.add_class("lab-table"),
                widgets.HBox(
                    [picture, self._csv, self._code.add_class("lab-code")],
                    layout=ROW | {"align_items": "center"},
                ),
            ]
        )
        self.add_class("lab-panel")
        make_accessible(self, PANEL_STYLE)
        self._status.say(READY)

    def _show_runs(self):
        """Show the runs: curves, table, the last one's code, histories to download."""
        self.chart.show(self.runs)
        self.chart.draw(list(self.chart.lines))
        colors = [self.chart.color(run.number) for run in self.runs]
        self._table.value = table_html(self.table, colors)
        self._csv.value = self._code.value = ""
        if self.runs:
            self._csv.value = csv_link(self.make_training.__name__, self.history)
            self._code.value = copy_button(self.code())
