"""Controls for the parameters of a function: sliders, choices, checkboxes."""

import inspect
from collections.abc import Callable, Iterable
from numbers import Real

import ipywidgets as widgets
import numpy as np

# What `numbers.js` knows a slider by, to say what its number box takes.
NUMBER_BOXES = {
    widgets.IntSlider: "lab-whole",
    widgets.FloatSlider: "lab-real",
    widgets.FloatLogSlider: "lab-power",
}


def make_controls(
    function: Callable, given: dict, without: Iterable[str] = ()
) -> dict[str, widgets.Widget]:
    """Return a control for every parameter of `function` not in `without`, by name.

    `given` holds, by parameter name, what `TuningPanel` takes as `**controls`, where
    the rules are. The function's own default is the start value where none is given,
    and where a range or list is given that holds it.

    Raises
    ------
    TypeError
        If a name in `given` is not a parameter, or a parameter has no start value.
    ValueError
        If a range is empty or a learning rate is not above 0.
    """
    parameters = inspect.signature(function).parameters
    check_parameters(function, given)
    return {
        name: _control(name, given.get(name, parameter.default), parameter.default)
        for name, parameter in parameters.items()
        if name not in without
    }


def check_parameters(function: Callable, names: Iterable[str]):
    """Raise TypeError if one of `names` is not a parameter of `function`."""
    parameters = list(inspect.signature(function).parameters)
    for name in names:
        if name not in parameters:
            raise TypeError(
                f"{function.__name__} has no parameter {name!r}: its parameters are "
                f"{parameters}."
            )


def check_comparison(make_training, compare, controls):
    """Raise TypeError or ValueError if `compare` is not as `TuningPanel` says."""
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


def check_line(line) -> tuple[str, float]:
    """Return a baseline's name and loss; ValueError if `line` is not a pair of them."""
    good = isinstance(line, tuple | list) and len(line) == 2
    if good:
        name, loss = line
        good = isinstance(name, str) and isinstance(loss, Real) and 0 < loss < np.inf
    if not good:
        raise ValueError(
            "line must be a name and a loss above 0, as in ('4-gram', 5.05); got "
            f"{line!r}."
        )
    return name, float(loss)


def _control(name, value, default):
    """Return the control of one parameter from its start value or range."""
    if value is inspect.Parameter.empty:
        raise TypeError(f"Parameter {name!r} needs a start value: pass {name}=... .")
    numbers = isinstance(value, tuple) and all(isinstance(v, Real) for v in value)
    if numbers and len(value) in (2, 3) and not value[0] < value[1]:
        raise ValueError(
            f"The range of {name} is empty: {value}; give (low, high) with low < high."
        )
    if name == "learning_rate" and isinstance(value, (int, float, tuple)):
        control = _learning_rate_slider(value, default)
    elif type(value) is int and value >= 1:  # a count: epochs, batch size, units
        control = widgets.IntSlider(value, min=1, max=max(10, 4 * value))
    elif type(value) is float and 0 <= value <= 1:  # a share: dropout, momentum
        control = widgets.FloatSlider(value, min=0, max=1, step=0.05)
    else:
        control = widgets.interactive.widget_from_abbrev(value, default)
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
        if kind := NUMBER_BOXES.get(type(control)):
            control.add_class(kind)
        if kind == "lab-real" and control is not value:
            control.readout_format = ""  # all digits that were typed: 0.995
    return control


def _learning_rate_slider(value, default):
    """Return a logarithmic slider that starts at `value`, or spans (low, high)."""
    low, high = value[:2] if isinstance(value, tuple) else (value, value)
    if not 0 < low < float("inf"):
        raise ValueError(f"learning_rate must be above 0, got {low}; 0.01 is usual.")
    if isinstance(value, tuple):
        ends = np.log10([low, high])
        given = isinstance(default, Real) and low <= default <= high
        start = default if given else 10 ** ends.mean().round(1)
    else:
        ends, start = (min(-5, np.floor(np.log10(low)) - 1), max(1, np.log10(low))), low
    return widgets.FloatLogSlider(
        start,
        min=ends[0],
        max=ends[1],
        step=0.1,
        readout_format=".4",  # as in the table of runs
        continuous_update=False,
    )


def values_of(controls: dict) -> dict:
    """Return the values by name: 0.3 where the browser says 0.30000000000000004."""
    values = {}
    for name, control in controls.items():
        value = control.value
        values[name] = float(f"{value:.12g}") if type(value) is float else value
    return values


def nearest(slider: widgets.Widget, value: float) -> float:
    """Return the value nearest to `value` that the slider can take.

    It takes multiples of its step; a `FloatLogSlider`, in its exponent.
    """
    logarithmic = isinstance(slider, widgets.FloatLogSlider)
    if logarithmic:
        value = np.log(max(value, 1e-300)) / np.log(slider.base)
    notch = slider.min + round((value - slider.min) / slider.step) * slider.step
    notch = round(min(max(notch, slider.min), slider.max), 12)  # 0.3, not 0.3000…04
    return slider.base**notch if logarithmic else notch


def visible(controls: dict) -> list[widgets.DOMWidget]:
    """Return the controls that are seen (`ipywidgets.fixed` is not)."""
    return [c for c in controls.values() if isinstance(c, widgets.DOMWidget)]
