"""Making widgets accessible: names for screen readers, keys, focus, contrast."""

import html
from functools import cache
from pathlib import Path

import ipywidgets as widgets

from bigmodel_lab.colors import GRAY, ORANGE

SCRIPTS = ("accessible", "numbers", "kernel")
STYLE = f"""
.lab-widget {{ color: var(--jp-content-font-color1);
  --jp-widgets-input-border-color: {GRAY}; }}
.lab-widget .widget-slider :is(.slider, .noUi-connects) {{ background: {GRAY};
  border-color: {GRAY}; }}
.lab-widget .widget-slider .noUi-handle {{ border-color: {GRAY}; }}
.lab-widget :focus-visible {{ outline: 2px solid var(--jp-content-font-color0)
  !important; }}
[data-jp-theme-light="false"] .lab-widget select {{ color-scheme: dark;
  appearance: auto; background-image: none !important; }}
.lab-widget .widget-html-content {{ line-height: 1.5; }}
.lab-answer > .widget-html-content {{ overflow-x: auto; }}
.lab-said {{ border-left: 4px solid {ORANGE}; padding-left: 8px; font-weight: bold; }}
.lab-widget [inert] {{ opacity: 0.5; }}
.lab-widget.jupyter-widgets-disconnected::before,
.lab-widget .jupyter-widgets-disconnected::before {{ display: none; }}
.lab-widget .widget-dropdown {{ max-width: calc(100% - 4px); }}
.lab-widget .widget-dropdown > select {{ min-width: 0; }}
.lab-widget .lab-chart.bqplot > svg .axis text.axislabel,
.lab-widget .lab-chart.bqplot > svg .axis .tick text {{ fill: currentColor; }}
.lab-widget .axis .tick:nth-last-of-type(n + 12) ~ .tick:nth-of-type(even) text {{
  visibility: hidden; }}
@media (max-width: 600px) {{
  .lab-widget .axis .tick:nth-of-type(even) text {{ visibility: hidden; }}
}}
"""


def make_accessible(widget: widgets.Box, style: str = "", *scripts: str):
    """Make a widget of the workbook accessible; add its own CSS and its own scripts.

    The scripts are the `.js` files beside this one, given by name. ipywidgets gives no
    names to screen readers, and a front end of our own would have to be installed; but
    the browser runs a style's `onload` wherever and whenever the widget is shown.
    """
    calls = "".join(f"({_read(name)})(box);" for name in (*SCRIPTS, *scripts))
    once = "const box = this.closest('.lab-widget'); if (box && !box.labSay)"
    script = html.escape(f"{once} {{ {calls} }}")
    start = widgets.HTML(
        f'<style onload="{script}">{STYLE}{style}</style>', layout={"display": "none"}
    )
    widget.add_class("lab-widget")
    widget.children = [*widget.children, start]


@cache
def _read(script):
    """Return the text of a script."""
    return Path(__file__).with_name(f"{script}.js").read_text(encoding="utf-8")
