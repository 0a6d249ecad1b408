import io
import re
import threading
from urllib.parse import unquote

import bqplot
import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest
import torch

from bigmodel_lab import Diverged, Explorer, Training, TuningPanel, models
from bigmodel_lab.losses import mse


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
    names = re.findall("<th>(.*?)</th>", head)[1:]
    values = [re.findall("<td>(.*?)</td>", row) for row in body]
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
    assert run.training.steps == 3
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
    monkeypatch.setattr("bigmodel_lab.panel.POINTS", 10)
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


# -- controls --------------------------------------------------------------------------


def test_a_control_for_every_kind_of_parameter():
    def f(learning_rate, epochs, batch_size, optimizer, dropout, shuffle, data, name):
        pass

    mine = widgets.IntText(7)
    panel = TuningPanel(
        f,
        learning_rate=0.05,
        epochs=30,
        batch_size=[16, 32, 64],
        optimizer=["SGD", "Adam"],
        dropout=(0.0, 0.9, 0.1),
        shuffle=True,
        data=widgets.fixed("houses"),
        name=mine,
    )
    kinds = [type(control) for control in panel.controls.values()]
    assert kinds == [
        widgets.FloatLogSlider,
        widgets.IntSlider,
        *[widgets.Dropdown] * 2,
        widgets.FloatSlider,
        widgets.Checkbox,
        widgets.fixed,
        widgets.IntText,
    ]
    assert panel.settings == {
        "learning_rate": 0.05,
        "epochs": 30,
        "batch_size": 16,
        "optimizer": "SGD",
        "dropout": pytest.approx(0.4, abs=0.06),
        "shuffle": True,
        "data": "houses",
        "name": 7,
    }
    assert panel.controls["batch_size"].description == "batch size"
    assert panel.controls["epochs"].min == 1
    shown = list(within(panel))
    assert mine in shown
    assert panel.controls["data"] not in shown


@pytest.mark.parametrize("learning_rate", [1e-9, 3e-4, 0.1, 1, 20, 37.3])
def test_the_learning_rate_starts_at_the_value_given(learning_rate):
    panel = TuningPanel(line_training, learning_rate=learning_rate, epochs=1)
    slider = panel.controls["learning_rate"]
    assert slider.value == learning_rate
    assert 10**slider.min < learning_rate
    assert slider.base == 10


def test_a_learning_rate_range_sets_the_ends():
    panel = TuningPanel(line_training, learning_rate=(1e-4, 1.0), epochs=1)
    slider = panel.controls["learning_rate"]
    assert (slider.min, slider.max) == (-4, 0)
    assert slider.value == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("controls", "error", "message"),
    [
        ({"speed": 1}, TypeError, r"no parameter 'speed': its parameters are \['learn"),
        ({"learning_rate": 0.1}, TypeError, "'epochs' needs a start value: pass epoc"),
        ({"epochs": (5, 5)}, ValueError, r"range of epochs is empty: \(5, 5\)"),
        ({"epochs": (9, 1, 2)}, ValueError, r"range of epochs is empty: \(9, 1, 2\)"),
        ({"learning_rate": (1, 0.1)}, ValueError, "range of learning_rate is empty"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be above 0, got 0"),
        ({"learning_rate": -0.1}, ValueError, "must be above 0, got -0.1"),
        ({"learning_rate": (0, 1)}, ValueError, "must be above 0, got 0"),
        ({"learning_rate": float("nan")}, ValueError, "must be above 0, got nan"),
        ({"epochs": ("tanh", "relu")}, TypeError, "No control can be made for epochs="),
        ({"epochs": (8, 4, 2, 1)}, TypeError, "a list to choose from"),
        ({"epochs": object()}, TypeError, "No control can be made for epochs="),
    ],
)
def test_bad_controls_are_named(controls, error, message):
    if "learning_rate" not in controls:
        controls = {"learning_rate": 0.1} | controls
    elif "epochs" not in controls and "needs" not in message:
        controls = {"epochs": 1} | controls
    with pytest.raises(error, match=message):
        TuningPanel(line_training, **controls)


# -- Explorer --------------------------------------------------------------------------


def price(area, garage=False):
    if area > 900:
        raise ValueError("no house <so> large")
    return f"<b>{area * (2 if garage else 1)}</b>"


def test_explorer_follows_the_controls_and_shows_errors():
    explorer = Explorer(price, question="How much?", area=(100, 1000, 100))
    answer = explorer._answer
    explorer.controls["area"].value = 300
    assert "<b>300</b>" in answer.value
    explorer.controls["garage"].value = True
    assert "<b>600</b>" in answer.value
    explorer.controls["area"].value = 1000
    assert "ValueError: no house &lt;so&gt; large" in answer.value
    explorer.controls["area"].value = 200
    assert "<b>400</b>" in answer.value
    assert explorer.children[0].value == "<b>How much?</b>"
    assert repr(explorer) == "Explorer(price)"


def test_explorer_refuses_unknown_parameters():
    with pytest.raises(TypeError, match="price has no parameter 'rooms'"):
        Explorer(price, area=100, rooms=3)
