"""How every figure looks, and how it gets into a notebook with its text alternative."""

import base64
import gc
import html
import io

import matplotlib.pyplot as plt
from IPython.display import HTML, display
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter
from PIL import Image

from bigmodel_lab.colors import COLORS, GRAY

LINE_STYLES = ["-", "--", "-.", ":"]  # curves are told apart without color too
WIDE = (9, 3.6)  # inches, of two charts side by side; one alone has figure.figsize
READABLE = 480  # px: where a page is narrower, a figure with letters scrolls
# No ground of its own, and words in a gray that is read on a white page and a dark one.
STYLE = {
    "axes.edgecolor": GRAY,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": GRAY,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": GRAY,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "figure.figsize": (6.4, 3.2),
    "font.size": 10,
    "grid.alpha": 0.25,
    "grid.color": GRAY,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "text.color": GRAY,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
}


def use_style() -> None:
    """Give the figures made from now on the workbook's look."""
    plt.rcParams.update(STYLE)


def short_numbers(axis: Axis, low: float, high: float) -> None:
    """Label a logarithmic axis in short numbers, such as 1.2M.

    Powers of ten are too few where it spans less than one and a half of them.
    """
    axis.set_major_formatter(EngFormatter(sep=""))
    if high < 30 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_formatter(NullFormatter())


def show(figure: Figure, alt: str) -> None:
    """Show `figure` in the notebook with the text alternative `alt`, and close it.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    display(HTML(picture(figure, alt)))


def picture(figure: Figure, alt: str, colors: int | None = None) -> str:
    """Return `figure` as an HTML image with the text alternative `alt`, and close it.

    It is HTML because JupyterLab gives its own image outputs no alternative text, and
    because an `Explorer` can show it. With few `colors`, up to 256, it takes a third
    of the bytes.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("A figure needs alt text: say what a reader should see in it.")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=144, metadata={"Software": None})
    lettered = any(text.get_text() for text in figure.findobj(Text))
    plt.close(figure)
    figure.clear()
    gc.collect(1)  # a figure's parts hold each other: 1.5 MB, until somebody collects
    if colors is not None:
        image = Image.open(file).quantize(colors, Image.Quantize.FASTOCTREE, dither=0)
        file = io.BytesIO()
        image.save(file, format="png", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    width = int(96 * figure.get_figwidth())
    least = min(width, READABLE) if lettered else 0
    return (
        f'<img class="lab-figure" alt="{html.escape(alt)}" width="{width}" '
        f'style="max-width: 100%; min-width: {least}px" '
        f'src="data:image/png;base64,{data}">'
    )
