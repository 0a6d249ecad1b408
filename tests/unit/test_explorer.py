import re

import ipywidgets as widgets
import numpy as np
import pytest
import torch
from widget_parts import part

from bigmodel_lab import Explorer
from bigmodel_lab.colors import COLORS, GRAY

AXES = {"logit": (-6, 6), "loss": (0, 5)}


def price(area, garage=False):
    if area > 900:
        raise ValueError("no house <so> large")
    return f"<b>{area * (2 if garage else 1)}</b>"


class Look:
    """A function to explore, which notes its calls."""

    __name__ = "look"

    def __init__(self):
        self.calls = []

    def __call__(self, logit=1.0, target=0.0):
        self.calls.append((logit, target))
        return f"<b>{logit}</b>", {
            "parabola": ([-1, 0, 1], [1, 0, 1]),
            "here": (logit, target),
        }


def explorer(drawing, **options):
    """Return an explorer that draws what is in `drawing` when its slider moves."""
    return Explorer(lambda move: ("", drawing), axes=AXES, move=(0, 9), **options)


def redraw(explorer):
    """Move the slider, so that the function is called."""
    slider = explorer.controls["move"]
    slider.value = (slider.value + 1) % 10


def lines(explorer):
    """Return the lines that are to be seen."""
    return [
        mark
        for mark in explorer.chart.figure.marks
        if mark.visible and mark not in explorer.chart.handles.values()
    ]


def points(line):
    return np.stack([line.x, line.y], axis=1).tolist()


def drag(explorer, name, **position):
    """Move a dot as the browser does: `position` holds x, y or both."""
    state = {
        axis: {"value": memoryview(np.array([value], float)), "dtype": "float64"}
        | {"shape": [1]}
        for axis, value in position.items()
    }
    explorer.chart.handles[name].set_state(state)


# -- text ------------------------------------------------------------------------------


def test_text_follows_the_controls_and_shows_errors():
    explorer = Explorer(price, question="How much?", area=(100, 1000, 100))
    explorer.controls["area"].value = 300
    assert explorer.text == "<b>300</b>"
    assert part(explorer, "answer").value == '<div role="status"><b>300</b></div>'
    explorer.controls["garage"].value = True
    assert explorer.answer == "600"
    explorer.controls["area"].value = 1000
    assert explorer.answer == "ValueError: no house <so> large"
    assert explorer.text == "ValueError: no house &lt;so&gt; large"
    assert explorer.text in part(explorer, "answer").value
    explorer.controls["area"].value = 200
    assert explorer.answer == "400"
    assert explorer.children[0].value == "<b>How much?</b>"
    assert repr(explorer) == "Explorer(price)"


def test_unknown_parameters_are_refused():
    with pytest.raises(TypeError, match="price has no parameter 'rooms'"):
        Explorer(price, area=100, rooms=3)


def test_the_function_gets_the_values_of_the_notches():
    look = Look()
    explorer = Explorer(look, axes=AXES, logit=(-6.0, 6.0, 0.1), target=(0.0, 1.0))
    explorer.controls["logit"].value = 0.30000000000000004  # as browsers count
    explorer.controls["logit"].value = 0.3
    assert look.calls == [(1.0, 0.0), (0.3, 0.0)]


def test_the_text_follows_a_slider_while_it_moves_unless_it_is_told_otherwise():
    def f(learning_rate, weight, mine):
        return ""

    mine = widgets.FloatSlider(0.5, continuous_update=False)
    controls = Explorer(f, learning_rate=0.1, weight=(0.0, 1.0), mine=mine).controls
    assert [c.continuous_update for c in controls.values()] == [True, True, False]


# -- drawing ---------------------------------------------------------------------------


def test_every_form_is_drawn():
    X, Y = np.meshgrid(np.linspace(-6, 6, 30), np.linspace(0, 5, 30))
    explorer_ = explorer(
        {
            "line": ([0, 1, 2], (1, 2, 3)),
            "tensor": (torch.zeros(2), torch.ones(2)),
            "dot": (1, torch.tensor(2.0)),
            "points": ([0, 1], [1, 2], "o"),
            "path": ([0, 1], [1, 2], "o-"),
            "arrow": (1, 2, 3, 1),
            "surface": (X, Y, X**2 + Y**2),
        }
    )
    assert explorer_.text == ""
    surface, line, tensor, dot, dots, path_dots, path, arrow = lines(explorer_)
    assert points(line) == [[0, 1], [1, 2], [2, 3]]
    assert points(tensor) == [[0, 1], [0, 1]]
    assert points(dot) == [[1, 2]]
    for apart in (dots, path_dots):
        np.testing.assert_equal(points(apart), [[0, 1], [np.nan, np.nan], [1, 2]])
        assert apart.stroke_width > path.stroke_width
    assert points(path) == [[0, 1], [1, 2]]
    assert points(arrow)[:2] == [[1, 2], [4, 3]]
    assert points(arrow)[4] == [4, 3]
    radii = np.hypot(surface.x, surface.y)
    assert len(radii) > 300
    drawn = np.unique(radii[np.isfinite(radii)].round(1))
    assert drawn.min() < 1 < 5 < drawn.max()  # rings near the minimum and far away
    assert surface.colors == [GRAY]
    assert [m.colors[0] for m in (line, tensor, dot, dots)] == COLORS[:4]
    assert path.colors == path_dots.colors == [COLORS[4]]
    legend = re.findall("</span> (.*?)</span>", part(explorer_, "legend").value)
    assert legend == ["line", "tensor", "dot", "points", "path", "arrow", "surface"]


def test_an_arrow_head_is_symmetric_and_short():
    ((arrow,),) = [lines(explorer({"gradient": (0, 1, 0, 2)}))]
    tail, tip, _, left, tip_again, right = points(arrow)
    assert (tail, tip, tip_again) == ([0, 1], [0, 3], [0, 3])
    assert left[0] == -right[0] != 0
    assert left[1] == right[1]
    assert 2.5 < left[1] < 3
    assert len(lines(explorer({"none": (0, 1, 0, 0)}))) == 1  # length 0: no warning


def test_names_keep_their_color_and_line():
    drawing = {"a": (0, 0), "b": (1, 1)}
    explorer_ = explorer(drawing)
    a, b = lines(explorer_)
    del drawing["a"]
    drawing["c"] = (2, 2)
    redraw(explorer_)
    again, c = lines(explorer_)
    assert again is b
    assert [mark.colors[0] for mark in (a, b, c)] == COLORS[:3]
    assert ">a<" not in part(explorer_, "legend").value.replace(" ", "")
    drawing["a"] = (3, 3)
    redraw(explorer_)
    assert lines(explorer_) == [a, b, c]
    assert points(a) == [[3, 3]]


def test_contours_are_behind_and_kept_while_the_grid_is_the_same():
    X, Y = np.meshgrid(np.linspace(-6, 6, 20), np.linspace(0, 5, 20))
    drawing = {"dot": (0, 0), "surface": (X, Y, X + Y)}
    explorer_ = explorer(drawing)
    surface, _dot = lines(explorer_)
    before = surface.x
    redraw(explorer_)
    assert surface.x is before
    drawing["surface"] = X, Y, X * Y
    redraw(explorer_)
    assert surface.x is not before


def test_what_has_not_changed_is_not_sent(monkeypatch):
    x = np.array([0.0, np.nan, 1.0])
    drawing = {"line": (x, x), "dot": (0, 0)}
    explorer_ = explorer(drawing)
    sent = []
    for mark in lines(explorer_):
        monkeypatch.setattr(mark, "send_state", lambda key: key and sent.append({*key}))
    redraw(explorer_)
    assert sent == []
    drawing["line"] = x, 2 * x
    drawing["dot"] = 1, 1
    redraw(explorer_)
    assert sorted(map(sorted, sent)) == [["x", "y"], ["x", "y"]]  # one message a mark


def test_numbers_that_no_chart_can_hold_are_left_out():
    steps = np.arange(3000.0)
    with np.errstate(over="ignore"):
        explosion = 1e200 * (-2.0) ** steps  # to infinity
    nan = float("nan")
    explorer_ = explorer(
        {
            "explosion": (explosion, explosion, "o-"),
            "gap": ([0, 1, nan, 2, np.inf], [1, 2, 3, nan, 4]),
            "lost": (nan, 1),
            "far": ([0, 3e200], [2.5, 2.5 + 1e200]),
        }
    )
    assert explorer_.text == ""
    *_, gap, lost, far = marks = lines(explorer_)
    for mark in marks:
        assert np.isfinite(mark.x).tolist() == np.isfinite(mark.y).tolist()
        assert np.all(np.abs(np.nan_to_num(mark.x)) < 1e5)
    assert points(gap) == [[0, 1], [1, 2]]  # what follows is nowhere
    assert points(lost) == []
    start, end = np.array(points(far))
    slope = (end - start)[1] / (end - start)[0]
    assert slope == pytest.approx(1 / 3)  # it leaves in the right direction


def test_an_error_leaves_the_chart_as_it_was():
    def look(x):
        if x > 5:
            raise ValueError("too <far>")
        return "fine", {"dot": (x, 1)}

    explorer_ = Explorer(look, axes=AXES, x=(0, 9))
    explorer_.controls["x"].value = 7
    assert explorer_.text == "ValueError: too &lt;far&gt;"
    assert points(*lines(explorer_)) == [[4, 1]]
    assert explorer_.drawing == {"dot": (4, 1)}
    explorer_.controls["x"].value = 5
    assert explorer_.text == "fine"
    assert points(*lines(explorer_)) == [[5, 1]]


@pytest.mark.parametrize(
    "entry",
    [
        (1,),
        (1, 2, 3),
        (1, 2, 3, 4, 5),
        ([1, 2], 3),
        ([1, 2], [3, 4], "x"),
        ([1, 2], [3, 4], [5, 6]),
        ([1, 2], [3, 4], [5, 6], [7, 8]),
        7,
        None,
    ],
)
def test_an_entry_of_no_form_is_named(entry):
    drawing = {"good": (1, 2), "my line": entry}
    explorer_ = explorer(drawing)
    assert "drawing['my line'] is not a line (x, y)" in explorer_.answer
    assert "an arrow (x, y, dx, dy)" in explorer_.answer
    assert lines(explorer_) == []


def test_sequences_of_two_lengths_are_named():
    text = explorer({"my line": ([1, 2], [3])}).text
    assert "x of shape (2,) and y of shape (1,): give two sequences of one" in text


def test_only_a_dot_can_be_dragged():
    text = explorer({"a": ([1, 2], [3, 4])}, drag={"a": ("move", None)}).text
    assert "can be dragged: make it a dot (x, y)" in text


def test_a_drawing_needs_axes():
    explorer_ = Explorer(lambda x: ("", {"dot": (x, 1)}), x=(0, 9))
    assert "A drawing needs a chart: give the Explorer axes=" in explorer_.text


@pytest.mark.parametrize(
    "axes",
    [
        {"x": (0, 1)},
        {"x": (0, 1), "y": (2, 2)},
        {"x": (0, 1), "y": (0, float("inf"))},
        {"x": (0, 1), "y": (0, 1, 2)},
        {"x": (0, 1), "y": (0, 1), "z": (0, 1)},
        [(0, 1), (0, 1)],
        {},
    ],
)
def test_bad_axes_are_named(axes):
    with pytest.raises(ValueError, match="axes must be a dict of two labels with thei"):
        Explorer(price, axes=axes, area=100)


# -- dragging and playing --------------------------------------------------------------


@pytest.fixture
def look():
    return Look()


@pytest.fixture
def draggable(look):
    explorer = Explorer(
        look,
        axes=AXES,
        drag={"here": ("logit", "target")},
        logit=(-6.0, 6.0, 0.1),
        target=(0.0, 3.0, 0.5),
    )
    look.calls.clear()
    return explorer


def test_the_sliders_follow_a_dot_and_the_function_is_called_once(draggable, look):
    drag(draggable, "here", x=2.345, y=1.1)
    assert look.calls == [(2.3, 1.0)]
    assert draggable.controls["logit"].value == 2.3
    handle = draggable.chart.handles["here"]
    assert points(handle) == [[2.3, 1.0]]  # back on the dot
    drag(draggable, "here", x=2.31, y=1.1)  # not as far as the next notch
    assert len(look.calls) == 1
    assert points(handle) == [[2.3, 1.0]]
    drag(draggable, "here", x=-99, y=99)
    assert look.calls[1:] == [(-6.0, 3.0)]


def test_only_the_sliders_named_follow(look):
    explorer = Explorer(
        look, axes=AXES, drag={"here": ("logit", None)}, logit=(-6.0, 6.0, 0.1)
    )
    handle = explorer.chart.handles["here"]
    assert (handle.restrict_x, handle.restrict_y) == (True, False)
    drag(explorer, "here", x=-1)
    assert look.calls[1:] == [(-1, 0)]


def test_a_slider_moves_the_handle_with_the_dot(draggable):
    draggable.controls["logit"].value = -2
    assert points(draggable.chart.handles["here"]) == [[-2, 0]]


def test_a_dot_to_drag_stays_at_the_rim_and_vanishes_with_its_name():
    drawing = {"here": (1, float("inf"))}
    explorer_ = explorer(drawing, drag={"here": (None, "move")})
    handle = explorer_.chart.handles["here"]
    assert points(handle) == [[1, 5]]
    drawing.clear()
    redraw(explorer_)
    assert points(handle) == []
    drag(explorer_, "here", y=3)  # the browser was faster
    assert points(handle) == []


@pytest.mark.parametrize(
    ("drag", "message"),
    [
        (
            {"here": ("logits", None)},
            r"drag\['here'\] names 'logits', which is not a",
        ),
        ({"here": ("logit", "kind")}, r"names 'kind', which is not a slider of th"),
        ({"here": "logit"}, "must be the names of two sliders"),
        ({"here": (None, None)}, "must be the names of two sliders"),
    ],
)
def test_bad_drags_are_named(drag, message):
    def look(logit, kind):
        return ""

    with pytest.raises(ValueError, match=message):
        Explorer(look, axes=AXES, drag=drag, logit=(-6.0, 6.0), kind=[0, 1])


def test_dragging_needs_axes(look):
    with pytest.raises(ValueError, match="drag needs a chart to drag on: give axes"):
        Explorer(look, drag={"here": ("logit", None)})


def test_the_slider_to_play_gets_a_button():
    explorer_ = explorer({}, play="move")
    row = next(
        child
        for child in explorer_.children[0].children[0].children
        if isinstance(child, widgets.HBox)
    )
    slider, button = row.children
    assert slider is explorer_.controls["move"]
    assert (button.min, button.max, button.value) == (0, 9, slider.value)


@pytest.mark.parametrize("play", ["weight", "kind", "nothing"])
def test_only_integers_can_be_played(play):
    def look(weight, kind):
        return ""

    with pytest.raises(ValueError, match=f"play='{play}' must name a slider of int"):
        Explorer(look, play=play, weight=(0.0, 1.0), kind=[0, 1])
