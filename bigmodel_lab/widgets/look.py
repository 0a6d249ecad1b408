"""The look that the widgets share: question, status line, bars, legend, columns."""

import html
import re
from collections.abc import Callable, Iterable

import ipywidgets as widgets

from bigmodel_lab.colors import BLUE, ORANGE

# A chart's title is its name for screen readers, the only way bqplot has to give it
# one; nobody needs to see it.
HIDDEN_TITLE = {"opacity": "0"}
ROW = {"flex_flow": "row wrap", "grid_gap": "4px 16px"}
BARS_STYLE = f""".lab-row {{ display: flex; flex-wrap: wrap; gap: 4px 20px; }}
.lab-bars {{ border-spacing: 6px 0; font-variant-numeric: tabular-nums; }}
.lab-bars td {{ width: 120px; }}
.lab-bars td + td {{ width: 52px; text-align: right; }}
.lab-bars div {{ background: {BLUE}; height: 12px; }}
.lab-bars .lab-best {{ font-weight: bold; }}
.lab-bars .lab-best div {{ background: {ORANGE}; }}
"""


class StatusLine(widgets.HTML):
    """A line of plain text that screen readers announce; `text` is what it says."""

    text = ""

    def say(self, text: str, role: str = "status"):
        """Show `text`; a change is announced as a "status", not as a "timer"."""
        self.text = text
        self.value = f'<div role="{role}">{html.escape(text)}</div>'


def plain_text(markup: str) -> str:
    """Return what HTML says, without its tags: a space in place of each."""
    return html.unescape(re.sub(r"(<.*?>)+", " ", markup)).strip()


def question_line(question: str | None) -> list[widgets.Widget]:
    """Return the line that asks the question; no line if there is none."""
    return [widgets.HTML(f"<b>{html.escape(question)}</b>")] if question else []


def side_by_side(left: list, right: list) -> widgets.Widget:
    """Return controls next to a chart, or above it where the page is narrow."""
    return widgets.HBox(
        [
            widgets.VBox(left, layout={"flex": "1 1 300px", "max_width": "420px"}),
            widgets.VBox(right, layout={"flex": "2 1 320px", "min_width": "0"}),
        ],
        layout=ROW,
    )


def bars(shares: dict) -> str:
    """Return probabilities by class as an HTML table of bars with the highest marked.

    It needs `BARS_STYLE`.
    """
    best = max(shares, key=shares.get)
    rows = []
    for name, share in shares.items():
        marked = " class=lab-best" if name == best else ""
        rows.append(
            f"<tr{marked}><th scope=row>{html.escape(str(name))}</th>"
            f'<td><div style="width: {share:.1%}"></div></td><td>{share:.1%}</td></tr>'
        )
    return f'<table class="lab-bars">{"".join(rows)}</table>'


def legend(entries: Iterable[tuple]) -> str:
    """Return HTML that names the colors of a chart: (sign, color, name) of each."""
    return " &ensp; ".join(
        f'<span style="white-space: nowrap"><span style="color: {color}" '
        f'aria-hidden="true">{sign}</span> {html.escape(str(name))}</span>'
        for sign, color, name in entries
    )


def button(
    description: str, icon: str, tooltip: str, action: Callable[[], object]
) -> widgets.Button:
    """Return a button that calls `action` when it is clicked."""
    made = widgets.Button(description=description, icon=icon, tooltip=tooltip)
    made.on_click(lambda _: action())
    return made


def name_again(canvas: widgets.Widget) -> None:
    """Let what is drawn next say which canvas of ipycanvas it is for.

    It says so only when that changes, and a page just opened has not heard it.
    """
    canvas._canvas_manager._current_canvas = None
