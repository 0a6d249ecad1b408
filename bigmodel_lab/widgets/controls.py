"""The controls of a function's parameters, and the look that all widgets share."""

import html
import inspect
from numbers import Real

import ipywidgets as widgets
import numpy as np

from bigmodel_lab.colors import BLUE, ORANGE

# A chart's title is its name for screen readers; bqplot has no other way to give one.
UNSEEN = {"opacity": "0"}
PANEL_STYLE = """
.lab-explorer .lab-chart { aspect-ratio: 1.6; }
.lab-explorer .lab-chart path { stroke-linecap: round; stroke-linejoin: round; }
.lab-explorer .lab-chart .dot { cursor: grab; }
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
BARS_STYLE = f""".lab-row {{ display: flex; flex-wrap: wrap; gap: 4px 20px; }}
.lab-bars {{ border-spacing: 6px 0; font-variant-numeric: tabular-nums; }}
.lab-bars td {{ width: 120px; }}
.lab-bars td + td {{ width: 52px; text-align: right; }}
.lab-bars div {{ background: {BLUE}; height: 12px; }}
.lab-bars .lab-best {{ font-weight: bold; }}
.lab-bars .lab-best div {{ background: {ORANGE}; }}
"""


def make_controls(function, given, without=()):
    """Return a control for every parameter of `function` not in `without`, by name.

    `given` holds start values or ipywidgets abbreviations by parameter name. The
    function's own default is the start value where none is given, and where a range
    or list that holds it is given.

    Raises
    ------
    TypeError
        If a name in `given` is no parameter, or a parameter has no start value.
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


def check_parameters(function, names):
    """Raise TypeError if one of `names` is no parameter of `function`."""
    parameters = list(inspect.signature(function).parameters)
    for name in names:
        if name not in parameters:
            raise TypeError(
                f"{function.__name__} has no parameter {name!r}: its parameters are "
                f"{parameters}."
            )


def _control(name, value, default):
    """Return the control of one parameter from its start value or abbreviation."""
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
        if isinstance(control, widgets.IntSlider):
            control.add_class("lab-whole")
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
        readout_format=".2g",
        continuous_update=False,  # else a typed value would move to the next notch
    )


def values_of(controls):
    """Return the values by name: 0.3 where the browser says 0.30000000000000004."""
    values = {name: control.value for name, control in controls.items()}
    return {n: float(f"{v:.12g}") if type(v) is float else v for n, v in values.items()}


def nearest(slider, value):
    """Return the value on the slider's notches, within its range, nearest to `value`.

    The notches of a `FloatLogSlider` are those of its exponent.
    """
    logarithmic = isinstance(slider, widgets.FloatLogSlider)
    if logarithmic:
        value = np.log(max(value, 1e-300)) / np.log(slider.base)
    notch = slider.min + round((value - slider.min) / slider.step) * slider.step
    notch = round(min(max(notch, slider.min), slider.max), 12)  # 0.3, not 0.3000…04
    return slider.base**notch if logarithmic else notch


def visible(controls):
    """Return the controls that have a look (`ipywidgets.fixed` has none)."""
    return [c for c in controls.values() if isinstance(c, widgets.DOMWidget)]


def asked(question):
    """Return the line that asks the question; no line if there is none."""
    return [widgets.HTML(f"<b>{html.escape(question)}</b>")] if question else []


def bars(shares):
    """Return probabilities by class as an HTML table of bars, the highest one marked.

    `BARS_STYLE` is its look.
    """
    best = max(shares, key=shares.get)
    rows = "".join(
        f"<tr{' class=lab-best' * (name == best)}><th scope=row>"
        f"{html.escape(str(name))}</th>"
        f'<td><div style="width: {share:.1%}"></div></td><td>{share:.1%}</td></tr>'
        for name, share in shares.items()
    )
    return f'<table class="lab-bars">{rows}</table>'


def side_by_side(left, right):
    """Return controls beside a chart, or above it where the page is narrow."""
    return widgets.HBox(
        [
            widgets.VBox(left, layout={"flex": "1 1 300px", "max_width": "420px"}),
            widgets.VBox(right, layout={"flex": "2 1 320px", "min_width": "0"}),
        ],
        layout={"flex_flow": "row wrap", "grid_gap": "4px 16px"},
    )


def legend(signs):
    """Return HTML that names the colors of a chart: (sign, color, name) of each."""
    return " &ensp; ".join(
        f'<span style="white-space: nowrap"><span style="color: {color}" '
        f'aria-hidden="true">{sign}</span> {html.escape(str(name))}</span>'
        for sign, color, name in signs
    )
