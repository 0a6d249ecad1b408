"""A still picture of a widget as it starts, for readers who have not run its cell."""

import base64
import html
import io
import math
import re
import textwrap
import warnings

import bqplot
import ipycanvas
import ipywidgets as widgets
import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.image import imread

from bigmodel_lab import plots
from bigmodel_lab.colors import BLUE, GRAY
from bigmodel_lab.widgets.controls import NUMBER_BOXES
from bigmodel_lab.widgets.look import plain_text

CALL = "Run this cell to use it"
ALT = "A picture of the {widget} as it starts. {call}. It shows: {parts}"
WIDTH = 7.0  # inches, as all lengths here
LINE, GAP, LABEL, NUMBER = 0.2, 0.1, 1.35, 0.7
CHART, PAPER = 2.4, 2.2  # the height of a chart, the side of a canvas
LETTERS = 14  # of a text to an inch
COLORS = 128  # of the picture: a third of the bytes
DASHES = {"solid": "-", "dashed": "--", "dotted": ":", "dash_dotted": "-."}
ENTRIES = re.compile(r'color: (#\w+)" aria-hidden="true">(.)</span> ([^<]*)')
LEFT_OUT = re.compile(r"<(table|button|a)\b.*?</\1>", re.DOTALL)  # of HTML's text
CHINESE = re.compile(r'<span lang="zh">.*?</span>', re.DOTALL)  # no font here has it
PICTURES = re.compile(r'src="data:image/png;base64,([^"]+)"')


class StillBox(widgets.VBox):
    """A box that leaves in a notebook, besides itself, a picture of how it starts."""

    def _repr_mimebundle_(self, **kwargs):
        """Return the widget for a page with its kernel, the picture for any other."""
        return super()._repr_mimebundle_(**kwargs) | {"text/html": still(self)}


def still(widget: widgets.Box) -> str:
    """Return a picture of the widget, with a call to run its cell, as an HTML image."""
    with rc_context(plots.STYLE | {"figure.constrained_layout.use": False}):
        sheet = Sheet()
        sheet.strip()
        height = sheet.place(widget, 0.1, LINE + 3 * GAP, WIDTH - 0.2) + GAP
        sheet.axes.set(xlim=(0, WIDTH), ylim=(-height, 0))
        sheet.figure.set_size_inches(WIDTH, height)
        name = type(widget).__name__
        alt = ALT.format(widget=name, parts="; ".join(sheet.words), call=CALL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the font may lack a question's letters
            return plots.picture(sheet.figure, alt, COLORS)


class Sheet:
    """Paper measured in inches from its upper left corner, on which widgets are drawn.

    Attributes
    ----------
    words : list of str
        What is drawn, for those who do not see it.
    """

    def __init__(self):
        self.figure, self.words = Figure(facecolor="none"), []
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.axis("off")

    def strip(self):
        """Draw the strip at the top that says what to do."""
        self._box(0, 0, WIDTH, LINE + 2 * GAP, facecolor=BLUE)
        style = {"color": "white", "weight": "bold", "size": 11}
        self._text(0.1, GAP, f"▶ {CALL}", **style)

    def place(self, widget: widgets.Widget, x: float, y: float, width: float) -> float:
        """Draw a widget from (x, y) on, `width` wide; return where it ends below."""
        # What is live depends on a model's numbers, which may differ on other machines.
        if widget.layout.display == "none" or "lab-live" in widget._dom_classes:
            return y
        if isinstance(widget, widgets.FloatProgress):
            return y
        if isinstance(widget, widgets.HBox):
            return self._side_by_side(widget.children, x, y, width)
        if isinstance(widget, widgets.Box):
            for child in widget.children:
                y = self.place(child, x, y, width)
            return y
        height = self._draw(widget, x, y, width)
        return y + height + GAP if height else y

    def _side_by_side(self, children, x, y, width):
        """Draw what stands in a row; a column of controls is narrower than a chart."""
        children = [c for c in children if not isinstance(c, widgets.Play)]
        columns = [isinstance(child, widgets.Box) for child in children]
        shares = [0.44, 0.56] if columns == [True, True] else [1 / len(children)] * 9
        ends = [y]
        for child, share in zip(children, shares, strict=False):
            ends.append(self.place(child, x, y, share * width - GAP))
            x += share * width
        return max(ends)

    def _draw(self, widget, x, y, width):
        """Draw a widget that holds no others; return its height."""
        label = getattr(widget, "description", "")
        match widget:
            case bqplot.Figure():
                return self._chart(widget, x, y, width)
            case ipycanvas.Canvas():
                self.words.append("paper to draw on")
                self._box(x, y, PAPER, PAPER)
                return PAPER
            case widgets.HTML():
                return self._html(widget.value, x, y, width)
            case widgets.Textarea():
                self._labeled(label, "", x, y)
                self._box(x + LABEL, y, width - LABEL, 3 * LINE)
                self._text(x + LABEL + GAP, y, widget.placeholder, color=GRAY)
                return 3 * LINE
            case widgets.Checkbox():
                mark = "☑" if widget.value else "☐"
                return self._text(x, y, f"{mark} {self._noted(label)}")
            case widgets.Button():
                self._box(x, y, width, LINE + GAP, facecolor="0.92")
                middle = {"ha": "center", "color": "black"}
                return self._text(x + width / 2, y + GAP / 2, label, **middle) + GAP
            case widgets.Dropdown():
                self._labeled(label, widget.label, x, y)
                self._box(x + LABEL, y, width - LABEL, LINE)
                self._text(x + LABEL + GAP, y, widget.label)
                self._text(x + width - GAP, y, "▾", ha="right")
                return LINE
            case _ if type(widget) in NUMBER_BOXES:
                return self._slider(widget, x, y, width)
            case _ if label:
                return self._text(x, y, f"{self._noted(label)}: {widget.value}")
        return 0

    def _slider(self, slider, x, y, width):
        """Draw a slider with its handle where it starts, and its value."""
        value = f"{slider.value:.4g}"
        self._labeled(slider.description, value, x, y)
        place = (
            math.log(slider.value, slider.base)
            if hasattr(slider, "base")
            else slider.value
        )
        start, end, middle = x + LABEL + GAP, x + width - NUMBER, -y - LINE / 2
        share = (place - slider.min) / (slider.max - slider.min or 1)
        self.axes.plot([start, end], [middle] * 2, color=GRAY, linewidth=3)
        handle = {"color": "white", "markeredgecolor": GRAY, "markersize": 9}
        self.axes.plot(start + share * (end - start), middle, "o", **handle)
        self._text(x + width, y, value, ha="right")
        return LINE

    def _html(self, markup, x, y, width):
        """Draw what HTML says, and the pictures that it holds."""
        markup = LEFT_OUT.sub("", markup)
        entries = ENTRIES.findall(markup)
        readable = CHINESE.sub("", markup)  # a poem's glosses stay
        text = plain_text(readable.partition("<span")[0] if entries else readable)
        text = re.sub(r"\s+([;:,.])|\s+", lambda space: space[1] or " ", text)
        height = 0
        if text:
            question = markup.startswith("<b>")
            # Nothing else is noted: an answer's numbers may differ on other machines.
            text = self._noted(text) if question else text
            lines = "\n".join(textwrap.wrap(text, max(20, int(LETTERS * width))))
            height = self._text(x, y, lines, weight="bold" if question else "normal")
        if entries:
            height += self._legend(entries, x, y + height, width)
        for data in PICTURES.findall(markup):
            pixels = imread(io.BytesIO(base64.b64decode(data)))
            tall = width * pixels.shape[0] / pixels.shape[1]
            self._inset(x, y + height, width, tall).imshow(pixels, aspect="auto")
            self.axes.child_axes[-1].axis("off")
            height += tall
        return height

    def _legend(self, entries, x, y, width):
        """Draw the signs and names of a legend in as many lines as it takes."""
        left, height = x, LINE
        for color, sign, name in entries:
            end = left + (len(name) + 4) / LETTERS
            if end > x + width and left > x:
                left, end, height = x, end - left + x, height + LINE
            self._text(left, y + height - LINE, sign, color=color)
            self._text(left + 0.15, y + height - LINE, html.unescape(name))
            left = end
        return height

    def _chart(self, figure, x, y, width):
        """Draw a chart with its axes and what is drawn in it."""
        self.words.append("a chart")
        chart = self._inset(x + 0.6, y, width - 0.7, CHART - 0.5)
        for line in figure.marks:
            if isinstance(line, bqplot.Lines) and line.visible:
                self._curve(chart, line)
        for axis in figure.axes:
            which = "y" if axis.orientation == "vertical" else "x"
            limits = axis.scale.min, axis.scale.max
            chart.set(**{f"{which}label": axis.label, f"{which}lim": limits})
            if None in limits:
                chart.set(**{f"{which}ticks": []})
        return CHART

    def _curve(self, chart, line):
        """Draw a line of a chart; what stands alone between NaN is a dot."""
        x, y, width = line.x, line.y, 0.75 * line.stroke_width
        style = {"color": line.colors[0], "alpha": (line.opacities or [1])[0]}
        chart.plot(x, y, linewidth=width, linestyle=DASHES[line.line_style], **style)
        gap = np.isnan(np.concatenate([[np.nan], x, [np.nan]]))
        alone = gap[:-2] & gap[2:]
        chart.plot(
            x[alone], y[alone], "o", markersize=width, markeredgewidth=0, **style
        )

    # -- pieces --------------------------------------------------------------------

    def _inset(self, x, y, width, height):
        """Return axes for a rectangle of the sheet."""
        box = (x, -y - height, width, height)
        return self.axes.inset_axes(box, transform=self.axes.transData)

    def _box(self, x, y, width, height, facecolor="none"):
        """Draw the frame of something."""
        look = {"facecolor": facecolor, "edgecolor": GRAY, "linewidth": 0.8}
        corners = [x, x + width, x + width, x], [-y, -y, -y - height, -y - height]
        self.axes.fill(*corners, **look)

    def _labeled(self, label, value, x, y):
        """Write a control's label at its left, and note its value."""
        self._noted(f"{label} {value}".strip())
        self._text(x + LABEL - GAP / 2, y, label, ha="right")

    def _noted(self, text):
        """Return a text, and note it for those who do not see the picture."""
        self.words.append(text)
        return text

    def _text(self, x, y, text, **style):
        """Write a text that begins at (x, y); return its height."""
        style = {
            "va": "top",
            "size": 9,
            "linespacing": 1.35,
            "parse_math": False,
        } | style
        self.axes.text(x, -y - 0.03, text, **style)
        return LINE * (text.count("\n") + 1)
