import html
import io
import re
import sys
import threading
import time
from urllib.parse import unquote

import bqplot
import numpy as np
import pandas as pd
import pytest
import torch
from widget_parts import part, parts

from bigmodel_lab import Diverged, Training, TuningPanel, models
from bigmodel_lab.from_scratch.losses import mse
from bigmodel_lab.widgets import panel as panel_module
from bigmodel_lab.widgets.runs import Run
from bigmodel_lab.widgets.view import progress


def line_training(learning_rate, epochs, batch_size=8, nesterov=False):
    torch.manual_seed(0)
    X = torch.linspace(-1, 1, 32)[:, None]
    y = 3 * X[:, 0] + 1 + 0.1 * torch.randn(32)
    model = models.linear_regression(1)
    optimizer = torch.optim.SGD(
        model.parameters(), learning_rate, momentum=0.5 * nesterov, nesterov=nesterov
    )
    validation = (X[::4], y[::4])
    options = {"epochs": epochs, "batch_size": batch_size}
    return Training(model, mse, optimizer, (X, y), validation, **options)


def step_training(steps, learning_rate=0.1):
    training = line_training(learning_rate, 1)
    X, y = training.train_data
    return Training(
        training.model,
        mse,
        training.optimizer,
        (X, y),
        validation=(X, y),
        batch_size=8,
        steps=steps,
        measure_every=3,
    )


class Gate:
    """A training that waits at its third step until it is opened."""

    def __init__(self):
        self.waiting, self.open = threading.Event(), threading.Event()

    def training(self, learning_rate=0.1):
        training = line_training(learning_rate, 100)
        calls = iter(range(1, 10_000))

        def loss(predictions, targets):
            if next(calls) == 3:
                self.waiting.set()
                assert self.open.wait(60)
            return mse(predictions, targets)

        training.loss = loss
        return training


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def panel():
    panel = TuningPanel(line_training, learning_rate=0.1, epochs=5)
    yield panel
    panel.reset()


def train(panel, **settings):
    """Set the controls, train, wait."""
    for name, value in settings.items():
        panel.controls[name].value = value
    panel.train()
    return panel.wait(60)


def buttons(panel):
    """Return whether Train and Stop can be pressed."""
    return tuple(not part(panel, name).disabled for name in ("train", "stop"))


def click(panel, name):
    part(panel, name).click()


READY, BUSY = (True, False), (False, True)


# -- train, wait, stop, reset ----------------------------------------------------------


def test_train_and_wait(panel):
    run = train(panel)
    assert run.state == "finished"
    assert run.settings == {
        "learning_rate": 0.1,
        "epochs": 5,
        "batch_size": 8,
        "nesterov": False,
    }
    assert len(run.training.history) == 5
    assert part(panel, "progress").value == 1
    assert panel.status.startswith("Run 1: Finished. ")
    said = part(panel, "status").value
    assert said == f'<div role="status">{html.escape(panel.status)}</div>'
    assert not panel.running
    assert buttons(panel) == READY


def test_wait_before_the_first_run_returns_nothing(panel):
    assert panel.wait() is None
    assert panel.history.columns.tolist() == ["run", *panel.controls]


def test_stop_keeps_what_was_learned(gate):
    panel = TuningPanel(gate.training)
    panel.train()
    assert gate.waiting.wait(60)
    assert panel.running
    assert buttons(panel) == BUSY
    panel.train()  # a second press while it runs does nothing
    with pytest.raises(TimeoutError, match="still running after 0"):
        panel.wait(0)
    panel.stop()
    gate.open.set()
    run = panel.wait(60)
    assert run.state == "stopped"
    assert len(run.losses) == 3
    assert len(panel.runs) == 1
    assert "Stopped" in panel.status
    assert panel.table["ended"].tolist() == ["stopped"]
    assert buttons(panel) == READY


def test_reset_stops_and_clears_everything(gate):
    panel = TuningPanel(gate.training)
    panel.controls["learning_rate"].value = 0.01
    panel.train()
    assert gate.waiting.wait(60)
    panel.stop()
    gate.open.set()
    panel.reset()
    assert not panel.running
    assert panel.settings == {"learning_rate": 0.1}
    assert panel.runs == panel.chart.figure.marks == []
    assert panel.table.empty
    assert panel.history.empty
    assert part(panel, "progress").value == 0
    assert part(panel, "table").value == part(panel, "code").value == ""
    assert "Ready" in panel.status
    assert panel.wait() is None


def test_a_second_panel_of_the_function_stops_the_first(gate):
    first = TuningPanel(gate.training)
    first.train()
    assert gate.waiting.wait(60)
    threading.Timer(0.2, gate.open.set).start()
    second = TuningPanel(gate.training)  # waits until the step is done
    assert not first.running
    assert second.table["ended"].tolist() == ["stopped"]
    assert second.runs == first.runs


def again(panel, make_training=line_training, **controls):
    """Return the panel that the same cell, or a changed one, makes after `panel`."""
    controls = controls or {"learning_rate": 0.1, "epochs": 5}
    return TuningPanel(make_training, **controls)


def test_a_cell_run_again_keeps_the_runs_of_the_same_function(panel):
    first = train(panel, learning_rate=0.05)
    rerun = again(panel)
    assert rerun.runs == [first]
    assert rerun.settings["learning_rate"] == 0.1  # as the cell says
    assert "Earlier runs were kept" in rerun.status
    assert part(rerun, "table").value == part(panel, "table").value != ""
    assert "line_training" in part(rerun, "code").value
    shown, before = rerun.chart.lines[first], panel.chart.lines[first]
    for new, old in zip(shown, before, strict=True):
        np.testing.assert_array_equal(new.y, old.y)
        assert len(new.y)
    assert train(rerun).number == 2
    assert rerun.history["run"].tolist() == [1] * 5 + [2] * 5
    rerun.reset()
    assert again(rerun).status == panel_module.READY  # there is nothing to keep


def test_a_changed_function_starts_empty_and_says_so(panel):
    train(panel)
    namespace = {"line_training": line_training}
    code = "def changed(learning_rate, epochs): return line_training(0.2, 1)"
    exec(code, namespace)
    changed = namespace["changed"]
    changed.__module__ = line_training.__module__
    changed.__qualname__ = line_training.__qualname__
    rerun = again(panel, changed)
    assert rerun.runs == rerun.chart.figure.marks == []
    assert "The function changed: earlier runs were cleared." in rerun.status
    assert len(panel.runs) == 1


def test_other_settings_start_empty(race):
    train(race)
    rerun = TuningPanel(racing_training, compare={"optimizer": ["SGD", "Adam"]})
    assert rerun.runs == []
    assert "earlier runs were cleared" in rerun.status


def test_a_cell_may_be_run_again_at_any_moment():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads meet in every order
    try:
        panels = [TuningPanel(line_training, learning_rate=0.1, epochs=10_000)]
        for pause in np.linspace(0, 0.05, 20):
            panels[-1].train()
            time.sleep(pause)
            panels.append(TuningPanel(line_training, learning_rate=0.1, epochs=10_000))
            assert panels[-1].table["ended"].eq("stopped").all()
        assert len(panels[-1].runs) == 20
    finally:
        sys.setswitchinterval(before)
        panels[-1].reset()


def test_the_buttons_do_what_they_say(panel):
    click(panel, "train")
    assert panel.running
    assert buttons(panel) == BUSY
    click(panel, "train")  # a second click is not a second run
    assert panel.wait(60).state == "finished"
    click(panel, "train")
    click(panel, "stop")  # before the training is made
    assert panel.wait(60).state == "stopped"
    assert panel.status.startswith("Run 2: Stopped.")
    assert len(panel.runs) == 2
    assert buttons(panel) == READY
    click(panel, "reset")
    assert panel.runs == []
    click(panel, "train")
    click(panel, "reset")  # at once: the click before starts nothing any more
    assert panel.runs == []
    assert not panel.running


def test_a_click_takes_the_values_that_arrive_just_after_it(panel):
    click(panel, "train")
    panel.controls["learning_rate"].value = 0.05
    assert panel.wait(60).settings["learning_rate"] == 0.05


def test_train_takes_the_values_of_its_call(gate):
    panel = TuningPanel(gate.training)
    panel.train()
    panel.controls["learning_rate"].value = 0.05
    assert gate.waiting.wait(60)
    assert panel.runs[0].settings == {"learning_rate": 0.1}
    panel.stop()


# -- several runs ----------------------------------------------------------------------


def test_runs_are_kept_side_by_side(panel):
    first, second = train(panel), train(panel, learning_rate=0.01)
    assert panel.runs == [first, second]
    table, last = panel.table, [run.training.history.iloc[-1] for run in panel.runs]
    assert table["run"].tolist() == [1, 2]
    assert table["learning_rate"].tolist() == [0.1, 0.01]
    assert table["epochs done"].tolist() == [5, 5]
    assert table["train_loss"].tolist() == [row.train_loss for row in last]
    assert set(panel.chart.figure.marks) == {
        *panel.chart.lines[first],
        *panel.chart.lines[second],
    }
    colors = [
        {line.colors[0] for line in lines} for lines in panel.chart.lines.values()
    ]
    assert len(colors[0]) == len(colors[1]) == 1
    assert colors[0] != colors[1]
    assert all(len(line.x) for line in panel.chart.figure.marks)


def test_the_table_is_shown_with_four_digits_and_the_runs_colors(panel):
    run = train(panel)
    shown = part(panel, "table").value
    names = re.findall("<th scope=col>(.*?)</th>", shown)
    assert names[:2] == ["run", "learning rate"]
    [cells] = [re.findall("<td.*?>(.*?)</td>", row) for row in shown.split("<tr")[2:]]
    row = dict(zip(names, cells, strict=True))
    assert (row["learning rate"], row["nesterov"]) == ("0.1", "False")
    assert row["train loss"] == f"{run.training.history.train_loss.iloc[-1]:.4g}"
    assert f"--run: {panel.chart.color(1)}" in shown


def test_the_curves_are_the_losses(panel):
    run = train(panel)
    training, validation = panel.chart.lines[run]
    np.testing.assert_allclose(training.x, np.arange(1, 21) / 4)
    np.testing.assert_allclose(training.y, run.training.losses)
    np.testing.assert_allclose(validation.x, [1, 2, 3, 4, 5])
    expected = run.training.history["validation_loss"]
    np.testing.assert_allclose(validation.y, expected)


def test_long_curves_are_thinned_to_means(panel, monkeypatch):
    monkeypatch.setattr("bigmodel_lab.widgets.view.POINTS", 10)
    run = train(panel)
    curve, _ = panel.chart.lines[run]
    means = np.reshape(run.training.losses, (10, 2)).mean(1)
    np.testing.assert_allclose(curve.y, means)
    np.testing.assert_allclose(curve.x, np.arange(2, 21, 2) / 4)


def test_divergence_is_explained_and_the_runs_are_kept(panel):
    first = train(panel)
    history = first.training.history
    with pytest.raises(Diverged):
        train(panel, learning_rate=10, epochs=20)
    assert [run.state for run in panel.runs] == ["finished", "diverged"]
    assert "The loss became" in panel.status
    assert "Try learning_rate 1," in panel.status
    assert panel.table["ended"].tolist() == ["finished", "diverged"]
    assert panel.runs[0] is first
    pd.testing.assert_frame_equal(first.training.history, history)
    (curve, _), (diverged, _) = panel.chart.lines.values()
    assert len(curve.x) == 20
    assert np.isfinite(diverged.y).all()
    assert train(panel, learning_rate=0.1).state == "finished"  # and on it goes


def test_history_and_csv_hold_all_runs(panel):
    train(panel)
    train(panel, learning_rate=0.01, epochs=3)
    history = panel.history
    assert history.columns[:2].tolist() == ["run", "learning_rate"]
    assert history["run"].tolist() == [1] * 5 + [2] * 3
    assert history["learning_rate"].tolist() == [0.1] * 5 + [0.01] * 3
    [address] = [
        re.search('href="data:text/csv,([^"]*)"', widget.value)[1]
        for widget in parts(panel)
        if "text/csv" in str(getattr(widget, "value", ""))
    ]
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(unquote(address))), history)


@pytest.mark.parametrize("learning_rate", [0.1, 10**-1.3, 0.0123456789])
def test_the_code_repeats_the_run_exactly(panel, learning_rate):
    settings = {"learning_rate": learning_rate, "batch_size": 5, "nesterov": True}
    run = train(panel, **settings)
    assert panel.code() in html.unescape(part(panel, "code").value)
    again = eval(panel.code(), {"line_training": line_training})
    columns = run.training.history.columns.drop("seconds")
    pd.testing.assert_frame_equal(
        again.history[columns], run.training.history[columns], check_exact=True
    )


def test_the_code_before_a_run_uses_the_controls(panel):
    assert panel.code() == (
        "line_training(learning_rate=0.1, epochs=5, batch_size=8, nesterov=False)"
        ".finish()"
    )


# -- the look --------------------------------------------------------------------------


def test_the_log_box_changes_the_scale_of_all_curves(panel):
    train(panel)
    part(panel, "log").value = True
    train(panel)
    figure = panel.chart.figure
    y_axis = figure.axes[1]
    assert isinstance(y_axis.scale, bqplot.LogScale)
    assert {mark.scales["y"] for mark in figure.marks} == {y_axis.scale}
    part(panel, "log").value = False
    y_axis = figure.axes[1]
    assert isinstance(y_axis.scale, bqplot.LinearScale)
    assert {mark.scales["y"] for mark in figure.marks} == {y_axis.scale}


def test_repr_is_short_and_stable(panel):
    assert repr(panel) == "TuningPanel(line_training)"
    train(panel)
    assert repr(panel) == "TuningPanel(line_training)"


def test_the_question_is_shown_escaped():
    panel = TuningPanel(line_training, question="Is 1 < 2?", learning_rate=1, epochs=1)
    assert panel.children[0].value == "<b>Is 1 &lt; 2?</b>"


def test_nothing_is_printed(panel, capsys):
    train(panel)
    with pytest.raises(Diverged):
        train(panel, learning_rate=10, epochs=20)
    assert capsys.readouterr() == ("", "")


# -- functions that fail ---------------------------------------------------------------


def broken_training(learning_rate=0.1):
    raise LookupError("no <data> here")


def forgetful_training(learning_rate=0.1):
    line_training(learning_rate, 2)


def lossy_training(learning_rate=0.1):
    training = line_training(learning_rate, 2)
    training.loss = lambda predictions, targets: predictions.nonsense
    return training


@pytest.mark.parametrize(
    ("make_training", "error", "message"),
    [
        (broken_training, LookupError, "LookupError: no <data> here"),
        (forgetful_training, TypeError, "must return a Training, got NoneType"),
        (lossy_training, AttributeError, "AttributeError: "),
    ],
)
def test_errors_are_shown_and_raised_by_wait(make_training, error, message):
    panel = TuningPanel(make_training)
    panel.train()
    with pytest.raises(error):
        panel.wait(60)
    assert f"Run 1: {error.__name__}" in panel.status
    assert message in panel.status
    assert "<data>" not in part(panel, "status").value
    assert panel.runs[0].state == "failed"
    assert panel.table["ended"].tolist() == ["failed"]
    assert buttons(panel) == READY


def test_an_infinite_validation_loss_does_not_break_the_panel():
    def overflowing(learning_rate=0.1):
        training = line_training(learning_rate, 5)
        X, y = training.validation
        training.validation = (X * 3e38, y)  # times the weight: more than float32 holds
        return training

    panel = TuningPanel(overflowing)
    run = train(panel)
    assert run.state == "finished"
    assert np.isinf(run.training.history["validation_loss"].iloc[-1])
    assert "Finished" in panel.status
    assert buttons(panel) == READY


# -- a race ----------------------------------------------------------------------------


def racing_training(optimizer, learning_rate=0.1, epochs=3):
    torch.manual_seed(0)
    X = torch.linspace(-1, 1, 32)[:, None]
    y = 3 * X[:, 0] + 1
    model = torch.nn.Sequential(torch.nn.Dropout(0.2), models.linear_regression(1))
    if optimizer == "broken":
        raise LookupError("no such <optimizer>")
    make = {"Adam": torch.optim.Adam, "momentum": torch.optim.Adagrad}
    rate = learning_rate * (1e30 if optimizer == "explosive" else 1)
    steps = make.get(optimizer, torch.optim.SGD)(model.parameters(), rate)
    return Training(model, mse, steps, (X, y), (X, y), epochs=epochs, batch_size=8)


RACERS = ["SGD", "explosive", "Adam", "broken"]


@pytest.fixture
def race():
    panel = TuningPanel(racing_training, compare={"optimizer": RACERS})
    yield panel
    panel.reset()


def test_a_race_makes_a_run_of_each_value(race):
    assert list(race.controls) == ["learning_rate", "epochs"]
    last = train(race, epochs=4)
    assert [run.settings["optimizer"] for run in race.runs] == RACERS
    assert {run.settings["epochs"] for run in race.runs} == {4}
    states = ["finished", "diverged", "finished", "failed"]
    assert [run.state for run in race.runs] == states
    assert last is race.runs[-1]
    assert race.table["optimizer"].tolist() == RACERS
    assert race.table["ended"].tolist() == states
    assert "–" in part(race, "table").value  # what the failed run has no value for
    assert race.history["optimizer"].tolist() == ["SGD"] * 4 + ["Adam"] * 4
    assert part(race, "progress").value == 1


def test_the_end_of_a_race_names_the_order(race):
    train(race)
    order = sorted((race.runs[0], race.runs[2]), key=lambda run: run.last_loss())
    ranks = ", ".join(f"{run.name} {run.last_loss():.4g}" for run in order)
    assert f"Runs 1 to 4: Finished. Lowest loss first: {ranks}." in race.status
    assert "explosive diverged." in race.status
    assert "broken failed: LookupError: no such <optimizer>" in race.status
    losses = race.table.set_index("optimizer")["train_loss"]
    assert losses["Adam"] == pytest.approx(race.runs[2].last_loss())


def test_a_race_shows_the_latest_press_in_the_same_colors(race):
    train(race)
    first = race.runs[:]
    train(race, learning_rate=0.01)
    assert [run.number for run in race.runs] == list(range(1, 9))
    second = race.runs[4:]
    assert list(race.chart.lines) == second
    lines = {line for pair in race.chart.lines.values() for line in pair}
    assert set(race.chart.figure.marks) == lines
    colors = [race.chart.color(run.number) for run in first]
    assert [race.chart.lines[run][0].colors[0] for run in second] == colors
    assert len(set(colors)) == len(RACERS)
    key = part(race, "legend").value
    for run, color in zip(first, colors, strict=True):
        assert re.search(f"color: {color}[^/]*</span> {run.name}<", key)


def test_the_code_of_a_race_repeats_all_its_runs(race):
    assert len(race.code().splitlines()) == len(RACERS)
    train(race, learning_rate=0.05)
    lines = race.code().splitlines()
    assert lines[0].startswith("racing_training(optimizer='SGD', learning_rate=0.05, ")
    for k in (0, 2):  # with dropout: each run must have drawn its own random numbers
        again = eval(lines[k], {"racing_training": racing_training})
        shown = race.runs[k].training.history.drop(columns="seconds")
        again = again.history.drop(columns="seconds")
        pd.testing.assert_frame_equal(again, shown, check_exact=True)


def test_the_runs_of_a_race_take_steps_in_turn_and_stop_together():
    order, stopped = [], threading.Event()

    def turns(rival):
        training = line_training(0.1, 100)

        def loss(predictions, targets):
            order.append(rival)
            if len(order) == 7:
                panel.stop()
                stopped.set()
            return mse(predictions, targets)

        training.loss = loss
        training.validation = None
        return training

    panel = TuningPanel(turns, compare={"rival": ["a", "b", "c"]})
    panel.train()
    panel.wait(60)
    assert stopped.is_set()
    assert "".join(order) == "abcabca"
    assert [run.state for run in panel.runs] == ["stopped"] * 3
    assert "Stopped. Lowest loss first: " in panel.status


def test_a_race_that_nobody_ends_is_an_error():
    panel = TuningPanel(racing_training, compare={"optimizer": ["broken", "explosive"]})
    panel.train()
    with pytest.raises(Diverged):
        panel.wait(60)
    assert "Lowest" not in panel.status


def test_the_leader_and_the_share_of_all_steps_are_shown(race, monkeypatch):
    shown = []
    monkeypatch.setattr(
        race.chart,
        "draw",
        lambda runs: shown.append((race.status, part(race, "progress").value)),
    )
    train(race, epochs=12)
    text, share = next(news for news in shown if news[0].startswith("Epoch"))
    assert re.search(
        r"Epoch 1 of 12, (SGD|Adam) leads with loss [\d.]+, \d+ s left", text
    )
    assert share == pytest.approx(3 / 144)  # three are still running


def test_a_race_that_is_stopped_before_its_first_step_has_no_order(race):
    click(race, "train")
    race.stop()
    assert race.wait(60).state in ("stopped", "failed")
    assert race.status.startswith("Runs 1 to 4: Stopped. broken failed: ")


@pytest.mark.parametrize(
    ("compare", "error", "message"),
    [
        ({"speed": [1, 2]}, TypeError, "has no parameter 'speed': its parameters are"),
        ({"optimizer": ["SGD"]}, ValueError, "a list of at least two values, as in"),
        ({"optimizer": "SGD"}, ValueError, "compare must be one parameter with a list"),
        ({"epochs": [1, 2], "optimizer": ["a", "b"]}, ValueError, "one parameter"),
        (["SGD", "Adam"], ValueError, "compare must be one parameter"),
        ({}, ValueError, "compare must be one parameter"),
        ({"learning_rate": [0.1, 1]}, ValueError, "'learning_rate': it can have no c"),
    ],
)
def test_bad_comparisons_are_named(compare, error, message):
    with pytest.raises(error, match=message):
        TuningPanel(
            racing_training, compare=compare, optimizer="SGD", learning_rate=0.1
        )


def test_a_training_in_steps_has_its_curves_over_steps_and_its_row():
    panel = TuningPanel(step_training, steps=10)
    run = train(panel)
    training, validation = panel.chart.lines[run]
    assert training.x[-1] == 10
    assert validation.x.tolist() == [3, 6, 9, 10]
    assert panel.chart.figure.axes[0].label == "step"
    assert panel.chart.figure.title == "Chart of the loss over the steps: run 1"
    assert panel.table["steps done"].tolist() == [10]
    panel.reset()


def test_a_training_in_steps_is_spoken_of_in_steps():
    run = Run(1, {}, training=step_training(200))
    run.state = "running"
    for _, _ in zip(range(50), run.training, strict=False):
        pass
    _, news = progress([run], 1.0)
    assert re.fullmatch(r"Step 50 of 200, loss [\d.e-]+, 3 s left", news)
    rival = Run(2, {}, "slow", training=step_training(200, 0.001))
    next(iter(rival.training))
    run.name = "fast"
    assert progress([run, rival], 1.0)[1].startswith("Step 50 of 200, fast leads with")


def test_a_race_in_steps_is_judged_by_its_last_tenth():
    run = Run(1, {}, training=step_training(30).finish())
    assert run.last_loss() == pytest.approx(np.mean(run.losses[-3:]))


# -- a baseline ------------------------------------------------------------------------


@pytest.fixture
def lined():
    panel = TuningPanel(
        line_training, line=("no <model>", 50.5), learning_rate=0.1, epochs=5
    )
    yield panel
    panel.reset()


def level(panel):
    """Return the line of the baseline in the chart."""
    [line] = [
        mark
        for mark in panel.chart.figure.marks
        if isinstance(mark, bqplot.Lines) and mark.x.tolist() == [0, 1]
    ]
    return line


def test_a_line_is_in_the_chart_before_and_after_a_run(lined):
    for _ in range(2):
        line = level(lined)
        assert line.y.tolist() == [50.5, 50.5]
        assert line.line_style == "dashed"
        labels = [m for m in lined.chart.figure.marks if isinstance(m, bqplot.Label)]
        assert [label.text.tolist() for label in labels] == [["no <model>"]]
        train(lined)
    assert len(lined.chart.figure.marks) == 2 + 2 * 2
    lined.reset()
    assert level(lined).y.tolist() == [50.5, 50.5]


def test_the_line_is_named_in_the_legend_and_for_screen_readers(lined):
    said = " ".join(str(getattr(p, "value", "")) for p in parts(lined))
    assert "no &lt;model&gt;: 50.5" in said
    named = "Chart of the loss over the epochs, with a line for no <model> at 50.5"
    assert lined.chart.figure.title == named
    train(lined)
    assert lined.chart.figure.title == f"{named}: run 1"


def test_the_line_goes_along_to_the_logarithmic_axis_and_keeps_its_width(lined):
    train(lined)
    part(lined, "log").value = True
    figure = lined.chart.figure
    y_axis = figure.axes[1]
    assert {mark.scales["y"] for mark in figure.marks} == {y_axis.scale}
    across = level(lined).scales["x"]
    assert (across.min, across.max) == (0, 1)
    curve, _ = next(iter(lined.chart.lines.values()))
    assert curve.scales["x"] is figure.axes[0].scale


def test_a_diverged_run_does_not_push_the_line_out_of_the_chart(lined):
    with pytest.raises(Diverged):
        train(lined, learning_rate=10, epochs=20)
    assert lined.chart.figure.axes[1].scale.max >= 50.5


@pytest.mark.parametrize(
    "line", ["4-gram", 5.05, ("4-gram",), ("4-gram", "5"), (5.05, "4-gram"), ("a", 0)]
)
def test_a_line_that_is_none_gets_the_reason(line):
    with pytest.raises(ValueError, match="a name and a loss above 0, as in"):
        TuningPanel(line_training, line=line, learning_rate=0.1, epochs=5)
