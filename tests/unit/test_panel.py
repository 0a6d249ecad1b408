import io
import re
import threading
from urllib.parse import unquote

import bqplot
import numpy as np
import pandas as pd
import pytest
import torch

from bigmodel_lab import Diverged, Training, TuningPanel, models
from bigmodel_lab.from_scratch.losses import mse


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


def status(panel):
    """Return the text of the status line."""
    return panel._status.value


def within(widget):
    """Yield all widgets inside a widget."""
    for child in getattr(widget, "children", ()):
        yield child
        yield from within(child)


def rows(panel):
    """Return the table of runs as a list of dicts of texts."""
    head, *body = panel._table.value.split("</tr>")[:-1]
    names = re.findall("<th scope=col>(.*?)</th>", head)
    values = [re.findall("<td.*?>(.*?)</td>", row) for row in body]
    return [dict(zip(names, row, strict=True)) for row in values]


# -- train, wait, stop, reset ----------------------------------------------------------


def test_train_and_wait(panel):
    run = train(panel)
    assert run.state == "finished"
    assert run.settings == {
        **{"learning_rate": 0.1, "epochs": 5, "batch_size": 8, "nesterov": False}
    }
    assert len(run.training.history) == 5
    assert panel._progress.value == 1
    assert status(panel).startswith('<div role="status">Run 1: Finished. ')
    assert not panel.running
    assert (panel._train.disabled, panel._halt.disabled) == (False, True)


def test_wait_before_the_first_run_returns_nothing(panel):
    assert panel.wait() is None
    assert panel.history.columns.tolist() == ["run", *panel.controls]


def test_stop_keeps_what_was_learned(gate):
    panel = TuningPanel(gate.training)
    panel.train()
    assert gate.waiting.wait(60)
    assert panel.running
    assert (panel._train.disabled, panel._halt.disabled) == (True, False)
    panel.train()  # a second press while it runs does nothing
    with pytest.raises(TimeoutError, match="still running after 0"):
        panel.wait(0)
    panel.stop()
    gate.open.set()
    run = panel.wait(60)
    assert run.state == "stopped"
    assert run.training.steps_done == 3
    assert len(panel.runs) == 1
    assert "Stopped" in status(panel)
    assert [row["ended"] for row in rows(panel)] == ["stopped"]
    assert (panel._train.disabled, panel._halt.disabled) == (False, True)


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
    assert panel.runs == panel.chart.marks == []
    assert panel.history.empty
    assert panel._progress.value == 0
    assert panel._table.value == panel._csv.value == panel._code.value == ""
    assert "Ready" in status(panel)
    assert panel.wait() is None


def test_a_second_panel_of_the_function_stops_the_first(gate):
    first = TuningPanel(gate.training)
    first.train()
    assert gate.waiting.wait(60)
    TuningPanel(gate.training)
    gate.open.set()
    assert first.wait(60).state == "stopped"


def test_the_buttons_do_what_they_say(panel):
    panel._train.click()
    panel._train.click()  # a second click is no second run
    assert panel.wait(60).state == "finished"
    panel._train.click()
    panel._halt.click()
    assert panel.wait(60).state in ("stopped", "finished")
    assert len(panel.runs) == 2
    reset = next(w for w in within(panel) if "lab-reset" in w._dom_classes)
    reset.click()
    assert panel.runs == []
    panel._train.click()
    reset.click()  # at once: the click before starts nothing any more
    assert panel.runs == []
    assert not panel.running


def test_a_click_takes_the_values_that_arrive_just_after_it(panel):
    panel._train.click()
    panel.controls["learning_rate"].value = 0.05
    assert panel.wait(60).settings["learning_rate"] == 0.05


# -- several runs ----------------------------------------------------------------------


def test_runs_are_kept_side_by_side(panel):
    first, second = train(panel), train(panel, learning_rate=0.01)
    assert panel.runs == [first, second]
    table = rows(panel)
    assert [row["run"] for row in table] == ["1", "2"]
    assert [row["learning rate"] for row in table] == ["0.1", "0.01"]
    assert [row["epochs done"] for row in table] == ["5", "5"]
    last = [f"{run.training.history.train_loss.iloc[-1]:.4g}" for run in panel.runs]
    assert [row["train loss"] for row in table] == last
    assert set(panel.chart.marks) == {*first.lines, *second.lines}
    colors = [{mark.colors[0] for mark in run.lines} for run in panel.runs]
    assert len(colors[0]) == len(colors[1]) == 1
    assert colors[0] != colors[1]
    assert all(len(mark.x) for mark in panel.chart.marks)


def test_the_curves_are_the_losses(panel):
    run = train(panel)
    training, validation = run.lines
    np.testing.assert_allclose(training.x, np.arange(1, 21) / 4)
    np.testing.assert_allclose(training.y, run.training.losses)
    np.testing.assert_allclose(validation.x, [1, 2, 3, 4, 5])
    expected = run.training.history["validation_loss"]
    np.testing.assert_allclose(validation.y, expected)


def test_long_curves_are_thinned_to_means(panel, monkeypatch):
    monkeypatch.setattr("bigmodel_lab.widgets.panel.POINTS", 10)
    run = train(panel)
    means = np.reshape(run.training.losses, (10, 2)).mean(1)
    np.testing.assert_allclose(run.lines[0].y, means)
    np.testing.assert_allclose(run.lines[0].x, np.arange(2, 21, 2) / 4)


def test_divergence_is_told_and_the_runs_are_kept(panel):
    first = train(panel)
    history = first.training.history
    with pytest.raises(Diverged):
        train(panel, learning_rate=10, epochs=20)
    assert [run.state for run in panel.runs] == ["finished", "diverged"]
    assert "The loss became" in status(panel)
    assert "Try learning_rate 1," in status(panel)
    assert [row["ended"] for row in rows(panel)] == ["finished", "diverged"]
    assert panel.runs[0] is first
    pd.testing.assert_frame_equal(first.training.history, history)
    assert len(first.lines[0].x) == 20
    assert np.isfinite(panel.runs[1].lines[0].y).all()
    assert train(panel, learning_rate=0.1).state == "finished"  # and on it goes


def test_history_and_csv_hold_all_runs(panel):
    train(panel)
    train(panel, learning_rate=0.01, epochs=3)
    history = panel.history
    assert history.columns[:2].tolist() == ["run", "learning_rate"]
    assert history["run"].tolist() == [1] * 5 + [2] * 3
    assert history["learning_rate"].tolist() == [0.1] * 5 + [0.01] * 3
    address = re.search('href="data:text/csv,([^"]*)"', panel._csv.value).group(1)
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(unquote(address))), history)


@pytest.mark.parametrize("learning_rate", [0.1, 10**-1.3, 0.0123456789])
def test_the_code_repeats_the_run_exactly(panel, learning_rate):
    settings = {"learning_rate": learning_rate, "batch_size": 5, "nesterov": True}
    run = train(panel, **settings)
    assert panel.code().replace("&quot;", '"') in panel._code.value
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
    panel._log.value = True
    train(panel)
    y_axis = panel.chart.axes[1]
    assert isinstance(y_axis.scale, bqplot.LogScale)
    assert {mark.scales["y"] for mark in panel.chart.marks} == {y_axis.scale}
    panel._log.value = False
    y_axis = panel.chart.axes[1]
    assert isinstance(y_axis.scale, bqplot.LinearScale)
    assert {mark.scales["y"] for mark in panel.chart.marks} == {y_axis.scale}


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
    ("make_training", "error", "told"),
    [
        (broken_training, LookupError, "LookupError: no &lt;data&gt; here"),
        (forgetful_training, TypeError, "must return a Training, got NoneType"),
        (lossy_training, AttributeError, "AttributeError: "),
    ],
)
def test_errors_are_told_and_raised_by_wait(make_training, error, told):
    panel = TuningPanel(make_training)
    panel.train()
    with pytest.raises(error):
        panel.wait(60)
    assert f"Run 1: {error.__name__}" in status(panel)
    assert told in status(panel)
    assert panel.runs[0].state == "failed"
    assert [row["ended"] for row in rows(panel)] == ["failed"]
    assert (panel._train.disabled, panel._halt.disabled) == (False, True)


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
    assert "Finished" in status(panel)
    assert (panel._train.disabled, panel._halt.disabled) == (False, True)


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
    table = rows(race)
    assert [row["optimizer"] for row in table] == RACERS
    assert [row["ended"] for row in table] == states
    assert race.history["optimizer"].tolist() == ["SGD"] * 4 + ["Adam"] * 4
    assert "SGD" in unquote(race._csv.value)
    assert race._progress.value == 1


def test_the_end_of_a_race_tells_the_order(race):
    train(race)
    order = sorted((race.runs[0], race.runs[2]), key=lambda run: run.last_loss())
    ranks = ", ".join(f"{run.name} {run.last_loss():.4g}" for run in order)
    assert f"Runs 1 to 4: Finished. Lowest loss first: {ranks}." in status(race)
    assert "explosive diverged." in status(race)
    assert "broken failed: LookupError: no such &lt;optimizer&gt;" in status(race)
    table = {row["optimizer"]: row["train loss"] for row in rows(race)}
    assert table["Adam"] == f"{race.runs[2].last_loss():.4g}"


def test_a_race_shows_the_latest_press_in_the_same_colors(race):
    train(race)
    first = race.runs[:]
    train(race, learning_rate=0.01)
    assert [run.number for run in race.runs] == list(range(1, 9))
    second = race.runs[4:]
    assert set(race.chart.marks) == {line for run in second for line in run.lines}
    assert [run.color for run in first] == [run.color for run in second]
    assert len({run.color for run in first}) == len(RACERS)
    key = next(w.value for w in within(race) if "lab-legend" in w._dom_classes)
    for run in first:
        assert re.search(f"color: {run.color}[^/]*</span> {run.name}<", key)


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
    assert "Stopped. Lowest loss first: " in status(panel)


def test_a_race_that_nobody_ends_is_an_error():
    panel = TuningPanel(racing_training, compare={"optimizer": ["broken", "explosive"]})
    panel.train()
    with pytest.raises(Diverged):
        panel.wait(60)
    assert "Lowest" not in status(panel)


def test_the_leader_and_the_share_of_all_steps_are_told(race, monkeypatch):
    told = []
    monkeypatch.setattr(
        race,
        "_draw_curves",
        lambda run: told.append((status(race), race._progress.value)),
    )
    monkeypatch.setattr("bigmodel_lab.widgets.panel.DRAWING_SHARE", 1)
    train(race, epochs=12)
    text, share = told[0]
    assert re.search(
        r"Epoch 1 of 12, (SGD|Adam) leads with loss [\d.]+, \d+ s left", text
    )
    assert share == pytest.approx(3 / 144)  # three are still running


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
