"""How a panel shows its runs: curves, table, downloads, and what is said of them."""

import html
import math
from urllib.parse import quote

import bqplot
import ipywidgets as widgets
import numpy as np
import pandas as pd

from bigmodel_lab.colors import COLORS, GRAY
from bigmodel_lab.widgets.controls import check_line
from bigmodel_lab.widgets.diagnosis import diagnose
from bigmodel_lab.widgets.look import HIDDEN_TITLE, ROW, legend
from bigmodel_lab.widgets.runs import Run, ranking

POINTS = 100  # of a curve: each is a mean over steps, whose noise would hide the trend
TITLE = "Chart of the loss over the {unit}s"
WITH_LINE = ", with a line for {name} at {loss:.4g}"
LINE_NAME = "{name}: {loss:.4g}"
RUN_COLORS = [*COLORS, GRAY]
# Labels that would overlap on a logarithmic axis, written as JavaScript writes them.
NO_LABELS = {
    repr(digit * 10.0**power).removesuffix(".0"): ""
    for digit in (6, 7, 8, 9)
    for power in range(-4, 5)
}
PANEL_STYLE = """
.lab-panel .widget-html-content > .jupyter-button { margin: 0; vertical-align: middle; }
.lab-panel .lab-code code { white-space: pre-line; display: inline-block;
  vertical-align: middle; }
.lab-runs { border-collapse: collapse; font-variant-numeric: tabular-nums;
  font-size: 0.92em; }
.lab-runs :is(th, td) { padding: 2px 6px; text-align: right; }
.lab-runs th { border-bottom: 1px solid currentColor; vertical-align: bottom; }
.lab-runs td:first-child { border-left: 12px solid var(--run); }
.lab-table > .widget-html-content { container-type: inline-size; width: 100%; }
@container (max-width: 640px) {
  .lab-runs tr:has(th) { display: none; }
  .lab-runs tr { display: flex; flex-wrap: wrap; margin-bottom: 4px;
    border-left: 12px solid var(--run); }
  .lab-runs td, .lab-runs td:first-child { border: 0; }
  .lab-runs td::before { content: attr(data-name) " "; }
}
"""


class LossChart:
    """The loss curves of the latest runs, with a legend: `widgets`.

    Parameters
    ----------
    racers : list of str
        The names of the runs in a race, in order; empty if there is one run at a time.
        Only the latest race is shown, and a name has the same color in every race.
    line : tuple, optional
        (name, loss) of a horizontal line.

    Attributes
    ----------
    lines : dict
        Run -> its training curve and its validation curve, for the runs shown.
    """

    def __init__(self, racers: list[str], line: tuple[str, float] | None = None):
        self.lines, self._unit, self._with_line = {}, "epoch", ""
        self._baseline, entries = [], []
        if line is not None:
            name, loss = check_line(line)
            self._baseline = _baseline(name, loss)
            self._with_line = WITH_LINE.format(name=name, loss=loss)
            entries = [("┅", GRAY, LINE_NAME.format(name=name, loss=loss))]
        self._count = len(racers) or len(RUN_COLORS)  # of runs shown
        self._linear, self._logarithmic = bqplot.LinearScale(), bqplot.LogScale()
        self._x_axis = bqplot.Axis(
            scale=bqplot.LinearScale(min=0),
            label_offset="32px",
            grid_lines="none",
        )
        self.figure = bqplot.Figure(
            axes=[],
            fig_margin={"top": 12, "bottom": 40, "left": 64, "right": 20},
            layout={"height": "300px", "width": "auto", "min_width": "0"},
            title_style=HIDDEN_TITLE,
        ).add_class("lab-chart")
        self._log = widgets.Checkbox(
            description="logarithmic loss axis", indent=False, layout={"width": "auto"}
        ).add_class("lab-log")
        self._log.observe(lambda _: self._use_scale(), "value")
        self._use_scale()
        self.show([])
        colors = "color: run"
        if racers:
            colors = legend(
                ("━", self.color(number), name) for number, name in enumerate(racers, 1)
            )
        words = ["solid: training", "dashed: validation", colors]
        key = widgets.HTML(
            " · ".join([*words, *([legend(entries)] if entries else [])])
        )
        below = widgets.HBox(
            [self._log, key.add_class("lab-legend")],
            layout=ROW | {"align_items": "center"},
        )
        self.widgets = [self.figure, below]

    def color(self, number: int) -> str:
        """Return the color of the run of this number."""
        return RUN_COLORS[(number - 1) % self._count % len(RUN_COLORS)]

    def show(self, runs: list[Run]):
        """Show the curves of the latest of all `runs`, validation on top."""
        runs = runs[-self._count :]
        for run in runs:
            if run not in self.lines:
                # The training curve is noisy: thin, or it would hide the other one.
                self.lines[run] = (
                    self._new_line(run, line_style="solid", stroke_width=1.25),
                    self._new_line(run, line_style="dashed", stroke_width=3),
                )
        curves = [self.lines[run][k] for k in (0, 1) for run in runs]
        self.figure.marks = [*self._baseline, *curves]
        for run in self.lines.keys() - set(runs):
            for line in self.lines.pop(run):
                line.close()  # bqplot's axes span all lines that are not closed
        for run in runs:
            if run.training is not None:  # what the latest one counts
                self._unit = run.unit
        self._x_axis.label = self._unit
        names = ", ".join(f"run {run.number} {run.name}".strip() for run in runs)
        title = TITLE.format(unit=self._unit) + self._with_line
        self.figure.title = f"{title}: {names}" if names else title
        self._limit_axis()

    def draw(self, runs: list[Run]):
        """Draw each run: its loss, as means over stretches of steps, and validation."""
        for run in runs:
            if not run.losses:
                continue
            losses = np.asarray(run.losses)
            in_steps = self._unit == "step"
            steps = (
                1 if in_steps else run.training.steps_per_epoch
            )  # a unit of the axis
            ends = np.linspace(0, len(losses), min(POINTS, len(losses)) + 1).astype(int)
            means = np.add.reduceat(losses, ends[:-1]) / np.diff(ends)
            training, validation = self.lines[run]
            _set_points(training, ends[1:] / steps, means)
            if run.training.validation is not None:
                rows = run.training.rows
                places = [row["step"] / steps for row in rows]
                measured = [row["validation_loss"] for row in rows]
                _set_points(validation, places, measured)
        self._limit_axis()

    def _new_line(self, run, **style):
        """Return an empty curve in the run's color on the present axes."""
        colors = [self.color(run.number)]
        return bqplot.Lines(x=[], y=[], colors=colors, scales=self._scales, **style)

    def _use_scale(self):
        """Put all curves on the linear or the logarithmic loss axis."""
        y = self._logarithmic if self._log.value else self._linear
        self._scales = {"x": self._x_axis.scale, "y": y}
        for mark in [*self._baseline, *self.figure.marks]:
            mark.scales = mark.scales | {"y": y}
        y_axis = bqplot.Axis(scale=y, label="loss", side="left", label_offset="48px")
        if self._log.value:
            y_axis.tick_labels = NO_LABELS
        self.figure.axes = [self._x_axis, y_axis]

    def _limit_axis(self):
        """Let a diverged run leave the chart at the top, not flatten the others."""
        tops, diverged = [float(mark.y[0]) for mark in self._baseline], False
        for run, (training, validation) in self.lines.items():
            if run.state == "diverged":
                diverged = True
                tops.extend(2 * training.y[:1])
            else:
                tops.extend(
                    line.y.max() for line in (training, validation) if line.y.size
                )
        top = float(max(tops)) if diverged and tops else None
        self._linear.max = self._logarithmic.max = top


def _baseline(name, loss):
    """Return a dashed line across the whole chart at a loss, and its name above it."""
    # An x-axis of its own: it reaches from side to side, however long the runs are.
    across = {"x": bqplot.LinearScale(min=0, max=1), "y": bqplot.LinearScale()}
    style = {"scales": across, "colors": [GRAY]}
    line = bqplot.Lines(
        x=[0, 1], y=[loss, loss], line_style="dashed", stroke_width=1.5, **style
    )
    label = bqplot.Label(
        x=[0],
        y=[loss],
        text=[name],
        align="start",
        x_offset=8,
        y_offset=-8,
        default_size=13,
        font_weight="normal",
        **style,
    )
    return [line, label]


def _set_points(line, x, y):
    """Give a curve its points, without NaN and what is too large for an SVG."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    shown = abs(y) < 1e30
    with line.hold_sync():
        line.x, line.y = x[shown], y[shown]


def runs_table(runs: list[Run]) -> pd.DataFrame:
    """Return a row for each run: number, settings, how it ended, its last values."""
    rows = []
    for run in runs:
        last = {"epochs done": 0}
        if run.training is not None and len(run.training.history):
            last = run.training.history.iloc[-1]
            last = last.rename({"epoch": "epochs done", "step": "steps done"})
        rows.append({"run": run.number, **run.settings, "ended": run.state, **last})
    return pd.DataFrame(rows)


def histories(runs: list[Run], settings: list[str]) -> pd.DataFrame:
    """Return all runs' histories in one frame: run, settings, what was measured."""
    frames = [
        run.training.history.assign(run=run.number, **run.settings)
        for run in runs
        if run.training is not None and run.training.rows
    ]
    first = ["run", *settings]
    whole = pd.concat(frames or [pd.DataFrame(columns=first)], ignore_index=True)
    return whole[[*first, *whole.columns.drop(first)]]


def table_html(table: pd.DataFrame, colors: list[str]) -> str:
    """Return the table of runs as HTML, each row with its run's color at the left."""
    if table.empty:
        return ""
    cells = table.map(lambda v: f"{v:.4g}" if isinstance(v, float) else str(v))
    cells = cells.where(table.notna(), "–")
    heads = [html.escape(name.replace("_", " ")) for name in table.columns]
    head = "".join(f"<th scope=col>{name}</th>" for name in heads)
    body = ""
    for color, row in zip(colors, cells.to_numpy(), strict=True):
        data = "".join(
            f'<td data-name="{name}">{html.escape(cell)}</td>'
            for name, cell in zip(heads, row, strict=True)
        )
        body += f'<tr style="--run: {color}">{data}</tr>'
    return f'<table class="lab-runs"><tr>{head}</tr>{body}</table>'


def csv_link(name: str, histories: pd.DataFrame) -> str:
    """Return HTML that downloads the histories as the file NAME.csv."""
    return (
        f'<a class="jupyter-button" download="{name}.csv" '
        f'href="data:text/csv,{quote(histories.to_csv(index=False))}">'
        f"Histories as CSV</a>"
    )


def copy_button(code: str) -> str:
    """Return HTML that shows code and copies it.

    The browser copies it, because Python may run on another machine.
    """
    return (
        '<button class="jupyter-button" onclick="navigator.clipboard.writeText('
        "this.nextElementSibling.textContent)"
        ".then(() => this.textContent = 'Copied')\">Copy as code</button> "
        f"<code>{html.escape(code)}</code>"
    )


def progress(runs: list[Run], seconds: float) -> tuple[float, str]:
    """Return the share of the steps done after `seconds`, and the news in words."""
    if not ranking(runs):
        return 0.0, "The first step is under way."
    leader = ranking(runs)[0]
    training = leader.training
    done = sum(len(run.losses) for run in runs)
    left = sum(
        run.training.total_steps - len(run.losses)
        for run in runs
        if run.state == "running"
    )
    epoch = math.ceil(len(leader.losses) / training.steps_per_epoch)
    parts = [f"epoch {epoch} of {training.epochs}", f"step {done} of {done + left}"]
    if leader.unit == "step":
        parts = [f"step {len(leader.losses)} of {training.total_steps}"]
    loss = f"loss {leader.losses[-1]:.4g}"
    if len(runs) > 1:
        parts, loss = (
            parts[:1],
            f"{leader.name} leads with loss {leader.last_loss():.4g}",
        )
    text = ", ".join([*parts, loss, f"{seconds * left / done:.0f} s left"])
    text = text[0].upper() + text[1:]
    return done / (done + left), text


def outcome(runs: list[Run]) -> str:
    """Return in a sentence or two how a run or a race has ended."""
    first, last = runs[0], runs[-1]
    if len(runs) == 1:
        if first.error is None:
            advice = diagnose(first.training.history)
            return f"Run {first.number}: {first.state.capitalize()}. {advice}"
        return f"Run {first.number}: {first.reason()}"
    stopped = any(run.state == "stopped" for run in runs)
    parts = ["Stopped." if stopped else "Finished."]
    if ranks := [f"{run.name} {run.last_loss():.4g}" for run in ranking(runs)]:
        parts.append(f"Lowest loss first: {', '.join(ranks)}.")
    for run in runs:
        if run.error is not None:
            reason = "." if run.state == "diverged" else f": {run.reason()}"
            parts.append(f"{run.name} {run.state}{reason}")
    return f"Runs {first.number} to {last.number}: {' '.join(parts)}"
