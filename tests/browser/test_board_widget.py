"""A game on the board, in a notebook made for it: by mouse and by keys."""

import re

import pytest
from playwright.sync_api import expect
from test_accessibility import CUT_OFF, WIDER, focused_outline, tab_to

NOTEBOOK = "board.ipynb"
CELLS = [
    """import matplotlib.pyplot as plt
import torch

import bigmodel_lab as lab

lab.start_chapter("board", version=lab.__version__)
figure, axes = plt.subplots(figsize=(3, 1))
axes.bar(["X", "O"], [2, 1])
lab.plots.show(figure, "Bar chart of how many games X and O have won so far.")""",
    """network = lab.models.PolicyValueNetwork(lab.games.TicTacToe())
small = lab.GameBoard(
    lab.games.TicTacToe(), network, question="Can it be beaten?", play_outs=50
)
small""",
    """large = lab.GameBoard(question="Where does it look?", play_outs=100)
large""",
]


class Board:
    """A board on the page; the kernel knows it by its name."""

    def __init__(self, notebook, name, question):
        self.notebook, self.page, self.name = notebook, notebook.page, name
        self.box = notebook.locator(".lab-board", has_text=question)
        self.squares = self.box.locator("button.lab-square")
        self.stones = self.box.locator("button.lab-stone")
        self.status = self.box.get_by_role("status")
        self.opponent = self.box.get_by_label("opponent")
        self.lines = self.box.locator(".lab-thoughts tr:has(td)")

    def press(self, name):
        """Press one of the buttons below the board."""
        self.box.get_by_role("button", name=name).click()

    def python(self, what):
        """Return what the kernel knows of the board, printed."""
        return self.notebook.execute(f"print({self.name}.{what})")


@pytest.fixture
def boards(notebook):
    """Return both boards with new games."""
    notebook.set_width(1400)
    notebook.page.mouse.move(2, 2)
    found = [
        Board(notebook, "small", "Can it be beaten?"),
        Board(notebook, "large", "Where does it look?"),
    ]
    for board in found:
        board.press("New game")
        expect(board.squares.filter(has_text=re.compile(r"\S"))).to_have_count(0)
        expect(board.stones).to_have_count(0)
    return found


@pytest.fixture
def small(boards):
    return boards[0]


@pytest.fixture
def large(boards):
    return boards[1]


# -- by mouse --------------------------------------------------------------------------


def test_a_click_on_a_square_plays_and_is_answered(small):
    small.squares.nth(4).click()
    expect(small.stones).to_have_count(2)
    expect(small.squares.nth(4)).to_have_text("X")
    expect(small.status).to_contain_text("Your move: you are X.")
    best = int(small.python("found.best"))
    expect(small.squares.nth(best)).to_have_text("O")
    small.squares.nth(best).click()
    expect(small.status).to_contain_text(f"Square {best} is taken: free are ")


# Where the middle of what is written in an element lies, from left to right.
CENTER = """element => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const box = range.getBoundingClientRect();
    return box.x + box.width / 2;
}"""


def test_a_stone_falls_down_its_column(large):
    large.squares.nth(3).click()
    expect(large.stones).to_have_count(2)
    expect(large.squares.nth(5 * 7 + 3)).to_have_text("X")
    numbers = large.box.locator(".lab-number").all_inner_texts()
    assert numbers == list("0123456")
    centers = [
        large.box.locator(f"{part} >> nth=3").evaluate(CENTER)
        for part in (".lab-square", ".lab-number")
    ]
    assert abs(centers[0] - centers[1]) < 1


@pytest.mark.parametrize("which", [0, 1])
def test_heat_is_seen_where_it_looked_and_the_table_agrees(boards, which):
    board = boards[which]
    board.press("Look ahead")
    moves = [9, 7][which]
    expect(board.lines).to_have_count(moves)
    expect(board.stones).to_have_count(0)
    shares = eval(board.python("found.shares.tolist()"))
    first = [0, 35][which]
    for move, share in enumerate(shares):
        square = board.squares.nth(first + move)
        expect(square).to_have_text(f"{share:.0%}")
        color = square.evaluate("e => getComputedStyle(e).backgroundColor")
        shade = re.fullmatch(r"rgba\(0, 158, 115, ([\d.]+)\)", color)
        if share:
            assert abs(float(shade[1]) - 0.08 - 0.6 * share) < 0.02
    visits = eval(board.python("found.visits.tolist()"))
    cells = board.lines.locator("td:first-of-type").all_inner_texts()
    assert cells == [str(count) for count in visits]


def test_buttons_let_it_begin_and_take_back(small):
    small.press("Let it move")
    expect(small.stones).to_have_count(1)
    expect(small.status).to_contain_text("you are O")
    expect(small.opponent).to_have_value("the network")
    free = eval(small.python("game.moves(small.state)"))[0]
    small.squares.nth(free).click()
    expect(small.stones).to_have_count(3)
    small.press("Take back")
    expect(small.stones).to_have_count(1)
    expect(small.status).to_contain_text("you are O")
    small.press("Take back")
    expect(small.stones).to_have_count(0)
    expect(small.status).to_contain_text("you are X")


# -- by keyboard, and by ear -----------------------------------------------------------


def test_it_is_played_by_keys(small):
    small.squares.first.focus()
    tab_to(small.page, small.squares.nth(1))
    assert focused_outline(small.page) == "solid"
    small.page.keyboard.press("Enter")
    expect(small.squares.nth(1)).to_have_text("X")
    expect(small.stones).to_have_count(2)
    expect(small.squares.nth(1)).to_be_focused()
    free = next(k for k in eval(small.python("game.moves(small.state)")) if k > 1)
    tab_to(small.page, small.squares.nth(free))
    small.page.keyboard.press("Space")
    expect(small.squares.nth(free)).to_have_text("X")


def test_everything_has_a_name(small, large):
    for board, name in ((small, "square 8: empty"), (large, "column 6, row 5: empty")):
        last = board.squares.last
        expect(last).to_have_accessible_name(name)
        board.press("Look ahead")
        share = board.python("found.shares[-1]")
        expect(last).to_have_accessible_name(f"{name}, {float(share):.0%}")
        expect(board.opponent).to_be_visible()
        expect(board.box.get_by_label("play-outs", exact=True)).to_be_visible()
        expect(board.status).to_have_count(1)


# -- what is seen ----------------------------------------------------------------------

# The contrast of a square's text with its color, which may let the page shine through.
READABLE = """square => {
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    const paint = color => {
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = channels => channels.map(c => c / 255).map(
        c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    ).reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
    const look = getComputedStyle(square);
    paint(getComputedStyle(document.body).getPropertyValue('--jp-layout-color0'));
    const ground = luminance(paint(look.backgroundColor));
    const text = luminance(paint(look.color));
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
}"""


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_stones_and_shares_can_be_read(notebook, large, theme):
    notebook.use_theme(f"JupyterLab {theme}")
    large.squares.nth(3).click()
    expect(large.stones).to_have_count(2)
    large.press("Look ahead")
    expect(large.lines).to_have_count(7)
    # Much heat, and little.
    notebook.execute("""
large.found = large.found._replace(visits=1 + 30 * large.found.visits // 100)
large.found.visits[2] = 400
large._show(large.status)""")
    expect(large.squares.filter(has_text=re.compile("^9.%$"))).to_have_count(1)
    for square in large.squares.all():
        stone = "lab-stone" in square.get_attribute("class")
        if text := square.text_content():
            # Large and bold letters need less.
            assert square.evaluate(READABLE) >= (3 if stone else 4.5), text


@pytest.mark.parametrize("width", [1400, 900, 390])
def test_nothing_is_cut_off(notebook, boards, width):
    notebook.close_sidebar()
    for board in boards:
        notebook.set_width(1400)
        for square in (0, 2):
            board.squares.nth(square).click()
            notebook.wait_until_idle()
        notebook.set_width(width)
        board.box.scroll_into_view_if_needed()
        area = board.box.locator(
            "xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')]"
        )
        assert area.evaluate(WIDER) <= 0
        assert board.box.evaluate(CUT_OFF) == []
        table = board.box.locator(".lab-thoughts .widget-html-content")
        assert table.evaluate(WIDER) <= 0
        sides = board.squares.first.bounding_box()
        assert min(sides["width"], sides["height"]) >= 24  # for fingers
        for theme in ("Dark", "Light"):
            notebook.use_theme(f"JupyterLab {theme}")
            notebook.picture(f"board_{board.name}_{theme.lower()}_{width}", board.box)
