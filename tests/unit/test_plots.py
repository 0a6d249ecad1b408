import base64
import gc
import html
import io
import re
import weakref
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from bigmodel_lab import colors, plots
from bigmodel_lab.plots import images, look


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed."""
    outputs = []
    monkeypatch.setattr(look, "display", outputs.append)
    return outputs


def test_a_figure_is_shown_with_its_alt_text_and_closed(shown):
    figure, _ = plt.subplots(figsize=(5, 3))
    plots.show(figure, alt='a "line" & more')
    assert not plt.fignum_exists(figure.number)
    (output,) = shown
    assert 'alt="a &quot;line&quot; &amp; more"' in output.data
    assert 'width="480"' in output.data  # inches at 96 pixels
    picture = base64.b64decode(re.search(r"base64,([^\"]+)", output.data)[1])
    assert picture.startswith(b"\x89PNG")


def test_the_same_figure_gives_the_same_bytes(shown):
    for _ in range(2):
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        plots.show(figure, alt="a line")
    assert shown[0].data == shown[1].data


def test_a_figure_that_was_shown_leaves_no_memory_behind(shown):
    figure, axes = plt.subplots()
    line = weakref.ref(axes.plot([1, 2])[0])
    plots.show(figure, alt="a line")
    del figure, axes
    gc.collect(1)
    assert line() is None


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_figure_without_alt_text_is_refused(alt):
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="needs alt text"):
        plots.show(figure, alt=alt)
    plt.close(figure)


def texts(figure):
    """Return the title and the axis labels of every part of a figure."""
    return [
        text
        for axes in figure.axes
        for text in (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel())
    ]


def test_shared_figures_are_labeled_with_units(figures):
    plots.residuals([1, 2], [1.5, 1.5], alt="x", title="It fits", unit="kg")
    table = pd.DataFrame({"learning_rate": [0.1, 1, 10], "loss": [2.0, 1.0, 3.0]})
    plots.learning_rate_range(table, 0.1, alt="x", title="It turns", ylabel="loss")
    lines = {"first": (0, 0), "last": (3, 2)}
    plots.fit_and_loss([0, 1], [2, 5], lines, [4, 1], alt="x", title="F")
    assert texts(figures[2])[:3] == ["F", "x (no unit)", "y (no unit)"]
    _, first, last = figures[2].axes[0].lines
    assert list(first.get_ydata()) == [0, 0]
    assert last.get_ydata() == pytest.approx(3 * last.get_xdata() + 2)
    assert list(figures[2].axes[1].lines[0].get_xdata()) == [1, 2]  # steps
    assert texts(figures[0])[:3] == ["It fits", "predicted (kg)", "true (kg)"]
    assert texts(figures[0])[5] == "residual (kg)"
    assert texts(figures[1]) == ["It turns", "learning rate (log scale)", "loss"]


def test_landscapes_stand_side_by_side_with_their_paths(monkeypatch):
    figures = []
    monkeypatch.setattr(
        "bigmodel_lab.plots.contours.show", lambda figure, alt: figures.append(figure)
    )
    bowls = {"round": lambda a, b: a**2 + b**2, "long": lambda a, b: a**2 + 9 * b**2}
    path = np.array([[1.0, 1.0], [0.5, 0.2], [0.0, 0.0]])
    with plt.rc_context(plots.STYLE):
        plots.landscapes(
            bowls,
            {"round": {"one": path, "two": -path}, "long": {"one": path}},
            dict.fromkeys(bowls, (0, 0)),
            title="Down",
            alt="x",
        )
    (figure,) = figures
    assert texts(figure) == [
        "round", "a (no unit)", "b (no unit)", "long", "a (no unit)", "b (no unit)",
    ]  # fmt: skip
    drawn = [line.get_xydata() for line in figure.axes[0].lines]
    assert [len(points) for points in drawn] == [3, 3, 1]  # two paths and the minimum
    np.testing.assert_array_equal(drawn[1], -path)
    assert [text.get_text() for text in figure.legends[0].texts] == ["one", "two"]
    plt.close("all")


def test_landscapes_without_alt_text_are_refused():
    with pytest.raises(ValueError, match="needs alt text"):
        plots.landscapes(
            {"bowl": lambda a, b: a**2 + b**2},
            {"bowl": {}},
            {"bowl": (0, 0)},
            title="Down",
            alt=" ",
        )
    plt.close("all")


# -- contrast (WCAG 2.2, 1.4.3 and 1.4.11) ---------------------------------------------


def luminance(color):
    """Return the relative luminance of a color "#RRGGBB"."""
    channels = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(
        channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """Return the contrast ratio of two colors, from 1 to 21."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_as_defined():
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("color", [*colors.COLORS, colors.GRAY, colors.RED])
@pytest.mark.parametrize("theme", ["#FFFFFF", "#111111"])  # JupyterLab's grounds
def test_lines_are_seen_in_both_themes(color, theme):
    assert contrast(color, theme) >= 3


@pytest.mark.parametrize("color", [colors.GRAY, colors.RED, colors.BLUE])
def test_text_is_readable_on_white(color):
    assert contrast(color, "#FFFFFF") >= 4.5


def test_the_librarys_colors_come_from_one_place():
    folder = Path(colors.__file__).parent
    strays = {
        path.name: found
        for path in folder.rglob("*.[pj][ys]")
        if path.name != "colors.py"
        and (found := re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text("utf-8")))
    }
    assert not strays


# -- pictures of images ----------------------------------------------------------------


def test_a_picture_is_an_image_with_its_alt_text_and_its_figure_closed():
    figure, _ = plt.subplots(figsize=(5, 3))
    text = plots.picture(figure, alt="""<b>it's "5" & more</b>""")
    assert not plt.fignum_exists(figure.number)
    assert text.startswith("<img class=")
    assert text.count("<") == text.count(">") == 1
    assert text.count('"') == 2 * len(["class", "alt", "width", "style", "src"])
    alt = re.search(r'alt="([^"]*)"', text)[1]
    assert html.unescape(alt) == """<b>it's "5" & more</b>"""
    data = re.search(r'src="data:image/png;base64,([^"]+)"', text)[1]
    pixels = plt.imread(io.BytesIO(base64.b64decode(data)))
    assert pixels.shape == (3 * 144, 5 * 144, 4)
    assert 'width="480"' in text


@pytest.mark.parametrize("alt", ["", " \n"])
def test_a_picture_without_alt_text_is_refused(alt):
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="needs alt text: say what"):
        plots.picture(figure, alt)
    plt.close(figure)


@pytest.fixture
def rows_of():
    """Return a function that draws rows of images and closes the figure at the end."""
    figures = []

    def draw(rows):
        with plt.rc_context(plots.STYLE):
            figures.append(plots.image_rows(rows, title="Two 6, one 9"))
        return figures[-1].axes[0]

    yield draw
    for figure in figures:
        plt.close(figure)


def test_rows_of_images_are_tiled(rows_of):
    images = np.arange(5 * 2 * 3).reshape(5, 2, 3) / 30  # (n, H, W)
    axes = rows_of({"one channel": images[:2, None], "none": images[2:]})
    (picture,) = axes.images
    paper = np.zeros((2, 3))
    tiles = [[images[0], images[1], paper], [images[2], images[3], images[4]]]
    np.testing.assert_array_equal(picture.get_array(), np.block(tiles))
    assert picture.get_clim() == (0, 1)
    assert picture.cmap(0.0)[3] == 0  # no ink: the paper is the page
    assert picture.cmap(1.0)[3] == 1


def test_rows_of_images_have_their_names_at_their_middle(rows_of):
    axes = rows_of({"6": torch.rand(2, 1, 8, 6), "9": torch.rand(1, 8, 6)})
    assert [label.get_text() for label in axes.get_yticklabels()] == ["6", "9"]
    np.testing.assert_allclose(axes.get_yticks(), [3.5, 11.5], atol=0.5)
    assert axes.get_xticks().size == 0
    assert axes.get_title(loc="left") == "Two 6, one 9"


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_the_contrast_does_not_depend_on_the_images(rows_of, dtype):
    (picture,) = rows_of({"all paper": np.zeros((2, 3, 3), dtype)}).images
    assert picture.get_clim() == (0, 1)
    assert picture.get_array().shape == (3, 6)


def test_a_row_may_be_empty_beside_others(rows_of):
    (picture,) = rows_of({"no 6": np.ones((0, 2, 2)), "9": np.ones((1, 2, 2))}).images
    np.testing.assert_array_equal(picture.get_array(), [[0, 0], [0, 0], [1, 1], [1, 1]])


def test_rows_of_images_may_have_colors():
    red, blue = np.zeros((2, 4, 4, 3)), np.zeros((1, 4, 4, 3), np.uint8)
    red[..., 0], blue[..., 2] = 255, 255
    figure = plots.image_rows({"red": red, "blue": blue}, title="x")
    sheet = figure.axes[0].images[0].get_array()
    assert sheet.shape == (8, 8, 4)
    assert (sheet[:4] == [1, 0, 0, 1]).all()
    assert (sheet[4:, :4] == [0, 0, 1, 1]).all()
    assert (sheet[4:, 4:] == 0).all()  # nothing there: the page's own paper
    plt.close(figure)


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({}, "no images to show in the rows {}"),
        ({"a": (0, 4, 4)}, "no images to show in the rows {'a': (0, 4, 4)}"),
        ({"a": (2, 0, 4)}, "no images to show"),
        (
            {"a": (4, 4)},
            "(n, 1, H, W) or (n, H, W, 3), of one size; got {'a': (4, 4)}",
        ),
        ({"a": (4,)}, "got {'a': (4,)}"),
        ({"a": (2, 3, 4, 4)}, "got {'a': (2, 3, 4, 4)}"),  # colors
        ({"a": (2, 4, 4, 1)}, "got {'a': (2, 4, 4, 1)}"),  # channels last
        ({"a": (1, 2, 1, 4, 4)}, "got {'a': (1, 2, 1, 4, 4)}"),
        ({"a": (2, 4, 4), "b": (2, 4, 5)}, "got {'a': (2, 4, 4), 'b': (2, 4, 5)}"),
        ({"a": (2, 1, 4, 4), "b": (2, 5, 4)}, "'b': (2, 5, 4)}"),
        ({"a": (2, 4, 4), "b": (4, 4)}, "'b': (4, 4)}"),
    ],
)
def test_what_are_no_rows_of_images_is_refused(shapes, says):
    rows = {name: torch.zeros(shape) for name, shape in shapes.items()}
    with pytest.raises(ValueError, match=re.escape(says)):
        plots.image_rows(rows, title="x")
    assert plt.get_fignums() == []


def test_a_figure_keeps_a_readable_width_on_a_phone():
    for inches, least in ((7, 480), (3, 288)):  # none is enlarged
        figure = plt.figure(figsize=(inches, 2))
        figure.suptitle("Some letters")
        image = plots.picture(figure, "A figure with a title alone.")
        assert f"max-width: 100%; min-width: {least}px" in image


def test_a_figure_without_letters_shrinks_with_the_page():
    for title, least in (("Ones", 480), ("", 0)):
        figure = plots.image_rows({"": np.ones((10, 28, 28))}, title)
        assert f"min-width: {least}px" in plots.picture(figure, "Ten squares.")


def test_few_colors_make_a_smaller_file():
    def draw(**options):
        figure, axes = plt.subplots()
        axes.plot([1, 3, 2])
        return plots.picture(figure, "a line", **options)

    assert len(draw(colors=32)) < len(draw()) / 2


def test_a_confusion_matrix_shows_counts_and_tints_errors(figures):
    plots.confusion([[5, 2], [0, 7]], title="errors", alt="a", classes=["cat", "dog"])
    (axes,) = figures[0].axes
    assert [text.get_text() for text in axes.texts] == ["5", "2", "7"]
    # Only errors are tinted: the diagonal is 0.
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0, 2], [0, 0]])
    assert axes.get_ylabel() == "is"
    assert axes.get_xlabel() == "read as"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["cat", "dog"]


def test_boxes_stand_where_they_were_found(monkeypatch):
    shown = []
    monkeypatch.setattr(images, "show", lambda figure, alt: shown.append(figure))
    box, found = [[2.0, 3.0, 9.0, 8.0]], ([[2.0, 3.0, 9.0, 8.0]], [0.9], [7])
    pictures = np.zeros((2, 12, 12))
    images.boxed({"found": (pictures, [found, ([], [], [])])}, "boxes", "two scenes")
    first, second = shown[0].axes
    (line,) = first.lines
    assert [line.get_xdata()[0], line.get_ydata()[0]] == box[0][:2]
    assert [line.get_xdata()[2], line.get_ydata()[2]] == box[0][2:]
    assert [text.get_text() for text in first.texts] == ["7"]
    assert not second.lines
