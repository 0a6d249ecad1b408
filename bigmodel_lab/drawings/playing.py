"""Playing: values that change sides, a step of a search, learning from itself."""

from bigmodel_lab.colors import BLUE, GRAY, GREEN, ORANGE
from bigmodel_lab.drawings.sketch import Sketch
from bigmodel_lab.from_scratch.games import TicTacToe
from bigmodel_lab.from_scratch.searching import minimax

SMALL = {"size": 9}
COLOR = {"X": BLUE, "O": ORANGE}
GAME = TicTacToe()
# Three moves are left: the first loses, the second draws, the third wins at once.
NEAR_THE_END = GAME.after(0, 1, 2, 3, 5, 4)
CELL, COLUMN, LEVEL = 2.2, 17, 13.5  # a square; from one position to the next


def values_change_sides() -> None:
    """Draw all that can follow a position, each value seen by who moves there."""
    sketch = Sketch(101, 50, "What is good for one is bad for the other")
    for level, sign in enumerate("XOXO"):
        words = f"{sign} to move:\nvalues for {sign}"
        y = 4 + LEVEL * level
        sketch.text(1, y, words, ha="left", color=COLOR[sign], **SMALL)
    _tree(sketch, minimax(GAME, NEAR_THE_END), NEAR_THE_END, 54, 4)
    words = "green: the best\nfor who moves there"
    sketch.text(88, 4 + 3 * LEVEL, words, color=GREEN, **SMALL)
    sketch.show(
        "A tree of eleven boards, tic-tac-toe near its end, each with a value for the "
        "player to move there. On top X has three moves. The first leads to a "
        "position worth +1 for O, who can win; the second to one worth 0, a draw; the "
        "third wins at once, which is worth −1 for O. On the way up each value changes "
        "its sign: for X they are −1, 0 and +1, and X takes the highest, +1. Where O "
        "moves, O does the same with the values for O."
    )


def _tree(sketch, table, state, x, y):
    """Draw a position at (x, y) and below it all that can follow."""
    _board(sketch, x, y, state)
    value, best = table[state]
    look = {"ha": "left", "color": COLOR[_mover(state)], "weight": "bold"}
    sketch.text(x + 4, y, _signed(value), **look)
    start = x - COLUMN * _ends(state) / 2
    for move in GAME.moves(state):
        after = GAME.play(state, move)
        width = COLUMN * _ends(after)
        middle, start = start + width / 2, start + width
        _tree(sketch, table, after, middle, y + LEVEL)
        look = {"color": GREEN} if move in best else {"color": GRAY, "dashed": True}
        sketch.arrow((middle, y + LEVEL - 3.8), (x, y + 3.8), **look)
        # Its words stand on the side that it does not lean to.
        side, ha = (-1, "right") if middle < x else (1, "left")
        words = f"−({_signed(table[after].value)}) = {_signed(-table[after].value)}"
        sketch.text(middle + side, y + 8.2, words, ha=ha, color=look["color"], **SMALL)


def _board(sketch, x, y, state):
    """Draw a position, centered at (x, y)."""
    rows = [row.split() for row in GAME.text(state).splitlines()]
    left, top = x - 1.5 * CELL, y - 1.5 * CELL
    sketch.grid(left, top, rows, cell=CELL, numbers=False)
    for row, signs in enumerate(rows):
        for column, sign in enumerate(signs):
            center = left + (column + 0.5) * CELL, top + (row + 0.5) * CELL
            if sign in COLOR:
                sketch.text(*center, sign, color=COLOR[sign], **SMALL)


def _mover(state):
    """Return the sign of the player to move."""
    return "X" if GAME.to_move(state) == 1 else "O"


def _ends(state):
    """Return in how many ways it can go on to the end."""
    return sum(_ends(GAME.play(state, move)) for move in GAME.moves(state)) or 1


def _signed(value):
    """Return a value with its sign."""
    return {1: "+1", 0: "0", -1: "−1"}[value]


# -- tree search -----------------------------------------------------------------------

# A small tree: who moves in each position, its place, and which one it follows.
POSITIONS = {
    "root": ("X", 12, 8, None),
    "left": ("O", 3, 16, "root"),
    "middle": ("O", 12, 16, "root"),
    "right": ("O", 21, 16, "root"),
    "one": ("X", 7.5, 24, "middle"),
    "leaf": ("X", 16.5, 24, "middle"),
    "new": ("O", 16.5, 32, "leaf"),
}
STEPS = {
    "go down": "by the best mean\nplus doubt",
    "add a position": "the first one\nthat is new",
    "play to the end": "at random, or ask\na network instead",
    "tell all on the way": "one more try, and how\nit ended for who moved",
}
# The moves that a step draws as arrows.
DOWN, ADDED, WAY = ("middle", "leaf"), ("new",), ("middle", "leaf", "new")
ARROWS = (DOWN, ADDED, (), WAY)


def one_play_out() -> None:
    """Draw the four steps of a play-out of Monte Carlo tree search side by side."""
    sketch = Sketch(104, 46, "One play-out of a tree search, in four steps")
    for step, (name, how) in enumerate(STEPS.items()):
        left = 1 + 26 * step
        sketch.text(left + 12, 2, f"{step + 1}  {name}")
        sketch.text(left + 12, 44, how, **SMALL)
        boxes = {}
        for position, (sign, x, y, before) in POSITIONS.items():
            if position == "new" and step == 0:
                continue
            look = {"color": COLOR[sign], "dashed": position == "new"}
            box = sketch.box(left + x, y, size=(4, 3.6), **look)
            sketch.text(left + x, y, sign, color=COLOR[sign], **SMALL)
            boxes[position] = box
            if before is not None:
                arrow = position in ARROWS[step]
                _move(sketch, boxes[before], box, arrow, up=step == 3)
            if step == 3 and position in WAY:
                _told(sketch, boxes[before], box, POSITIONS[before][0])
        if step == 2:
            end = left + 16.5, 39.5
            sketch.arrow(boxes["new"], end, color=GREEN, dashed=True)
            sketch.text(end[0] - 1.2, 38, "X wins", ha="right", color=BLUE, **SMALL)
        if step == 3:
            sketch.text(left + 16.5, 36.5, "−1 for O", color=ORANGE, **SMALL)
    sketch.show(
        "Four times the same tree: a position where X moves, three below it where O "
        "moves, two below the middle one where X moves. One, go down: arrows lead by "
        "the best mean plus doubt to one at the bottom. Two, add a position: the first "
        "one that is new, where O moves. Three, play from there to the end at random, "
        "or ask a network instead: X wins. Four, tell all on the way: that is −1 for "
        "O, and arrows lead up with changing signs: +1 for the last move, which was "
        "X's, −1 for O's before it, +1 for X's first."
    )


def _move(sketch, above, below, arrow, up):
    """Draw a move as a line, or as a green arrow down or up."""
    if arrow:
        sketch.arrow(*((below, above) if up else (above, below)), color=GREEN)
    else:
        ends = above.edge_towards(below), below.edge_towards(above)
        sketch.axes.plot(*zip(*ends, strict=True), color=GRAY, linewidth=1.2)


def _told(sketch, above, below, sign):
    """Write beside a move of X or O what a game that X has won tells it."""
    words, middle = {"X": "+1", "O": "−1"}[sign], (above.x + below.x) / 2
    look = {"ha": "left", "color": COLOR[sign], "weight": "bold"} | SMALL
    sketch.text(middle + 1.2, (above.y + below.y) / 2, words, **look)


# -- learning from itself --------------------------------------------------------------


def learning_from_itself() -> None:
    """Draw the loop of self-play: network, search, games, and back to the network."""
    sketch = Sketch(96, 36, "The network teaches itself what its own search has found")
    size = (20, 7)
    network = sketch.box(14, 7, "network\nfinds at once", size=size)
    search = sketch.box(82, 7, "search\nlooks ahead", size=size, color=GREEN)
    games = sketch.box(82, 29, "games\nagainst itself", size=size, color=ORANGE)
    memory = sketch.box(14, 29, "positions of the\nlast generations", size=size)
    words = "priors of the moves,\nand who will win (the value)"
    sketch.arrow(network, search, words, color=BLUE)
    words = "shares of the visits:\nfrom them, the next move"
    sketch.arrow(search, games, color=GREEN)
    sketch.text(81, 18, words, ha="right", color=GREEN, **SMALL)
    words = "each position, its shares of the visits,\nand at the end who won"
    sketch.arrow(games, memory, words, color=ORANGE)
    words = "learns the shares as its priors,\nand who won as its value"
    sketch.arrow(memory, network, words, color=BLUE)
    sketch.show(
        "A loop of four boxes. The network gives the search, for each position, priors "
        "of the moves and a value: who will win. The search looks ahead and gives the "
        "games against itself the shares of its visits, from which the next move is "
        "taken. The games give each position, its shares of the visits, and at the end "
        "who won. From the positions of the last generations the network learns the "
        "shares as its priors and who won as its value; and the loop begins again."
    )
