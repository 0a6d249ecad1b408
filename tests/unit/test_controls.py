import ipywidgets as widgets
import pytest

from bigmodel_lab.widgets.controls import make_controls, nearest, visible
from bigmodel_lab.widgets.look import bars, legend, plain_text


def f(learning_rate, epochs):
    pass


def test_a_control_for_every_kind_of_parameter():
    def f(learning_rate, epochs, batch_size, optimizer, dropout, shuffle, data, name):
        pass

    mine = widgets.IntText(7)
    controls = make_controls(
        f,
        {
            "learning_rate": 0.05,
            "epochs": 30,
            "batch_size": [16, 32, 64],
            "optimizer": ["SGD", "Adam"],
            "dropout": (0.0, 0.9, 0.1),
            "shuffle": True,
            "data": widgets.fixed("houses"),
            "name": mine,
        },
    )
    kinds = [type(control) for control in controls.values()]
    assert kinds == [
        widgets.FloatLogSlider,
        widgets.IntSlider,
        *[widgets.Dropdown] * 2,
        widgets.FloatSlider,
        widgets.Checkbox,
        widgets.fixed,
        widgets.IntText,
    ]
    assert {name: control.value for name, control in controls.items()} == {
        "learning_rate": 0.05,
        "epochs": 30,
        "batch_size": 16,
        "optimizer": "SGD",
        "dropout": pytest.approx(0.4, abs=0.06),
        "shuffle": True,
        "data": "houses",
        "name": 7,
    }
    assert controls["batch_size"].description == "batch size"
    assert controls["epochs"].min == 1
    shown = visible(controls)
    assert mine in shown
    assert controls["data"] not in shown


def test_the_functions_default_is_the_start_value_in_a_range_or_list():
    def f(learning_rate=0.02, weight=-1.5, steps=3, kind="b", width=99):
        pass

    ranges = {
        "learning_rate": (1e-3, 1.0),
        "weight": (-6.0, 6.0, 0.1),
        "steps": (0, 200),
        "kind": ["a", "b"],
        "width": (0, 10),  # which does not hold the default
    }
    controls = make_controls(f, ranges)
    values = [control.value for control in controls.values()]
    assert values == [0.02, -1.5, 3, "b", 10]


def test_a_parameter_may_go_without_a_control():
    assert list(make_controls(f, {"epochs": 3}, without=["learning_rate"])) == [
        "epochs"
    ]


@pytest.mark.parametrize("learning_rate", [1e-9, 3e-4, 0.1, 1, 20, 37.3])
def test_the_learning_rate_starts_at_the_value_given(learning_rate):
    slider = make_controls(f, {"learning_rate": learning_rate, "epochs": 1})[
        "learning_rate"
    ]
    assert slider.value == learning_rate
    assert 10**slider.min < learning_rate
    assert slider.base == 10


def test_a_learning_rate_range_sets_the_ends():
    slider = make_controls(f, {"learning_rate": (1e-4, 1.0), "epochs": 1})[
        "learning_rate"
    ]
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
        make_controls(f, controls)


@pytest.mark.parametrize(
    ("slider", "value", "expected"),
    [
        (widgets.FloatSlider(0, min=-6, max=6, step=0.1), 0.3333, 0.3),
        (widgets.FloatSlider(0, min=-6, max=6, step=0.1), 9, 6),
        (widgets.FloatSlider(0, min=-6, max=6, step=0.1), -9, -6),
        (widgets.FloatSlider(0, min=0, max=1, step=0.3), 5, 1),
        (widgets.IntSlider(3, min=1, max=11, step=2), 6.2, 7),
        (widgets.FloatLogSlider(0.1, min=-4, max=0, step=0.5), 0.04, 10**-1.5),
        (widgets.FloatLogSlider(0.1, min=-4, max=0, step=0.5), -3, 1e-4),
    ],
)
def test_nearest_keeps_to_notches_and_range(slider, value, expected):
    assert nearest(slider, value) == pytest.approx(expected, abs=1e-12)


def test_the_legend_names_what_the_colors_mean():
    text = legend([("━", "#0072B2", "a < b"), ("●", "#D55E00", 3)])
    assert "a &lt; b" in text
    assert text.index("#0072B2") < text.index("a &lt;") < text.index("#D55E00")


def test_the_highest_bar_is_marked():
    table = bars({"a < b": 0.25, "c": 0.75})
    assert "<tr><th scope=row>a &lt; b</th>" in table
    assert "<tr class=lab-best><th scope=row>c</th>" in table
    assert plain_text(table) == "a < b 25.0% c 75.0%"
