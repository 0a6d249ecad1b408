"""A board to play on against a search, with what the search and a network think."""

import html
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
from torch import nn

from bigmodel_lab.checks import whole
from bigmodel_lab.colors import BLUE, GRAY, ORANGE
from bigmodel_lab.from_scratch._checks_games import check_network
from bigmodel_lab.from_scratch.games import ConnectFour, Game, State
from bigmodel_lab.from_scratch.searching import Found, Search, softmax
from bigmodel_lab.models.players import judge_of
from bigmodel_lab.widgets.accessible import make_accessible
from bigmodel_lab.widgets.look import (
    ROW,
    StatusLine,
    button,
    plain_text,
    question_line,
)
from bigmodel_lab.widgets.still import StillBox

# What a reader sees.
OPPONENT, PLAY_OUTS = "opponent", "play-outs"
RANDOM = "play-outs at random"
NEW, NEW_TIP = "New game", "Clear the board"
BEGIN, BEGIN_TIP = "Let it move", "Let the opponent move for you, first of all to begin"
BACK, BACK_TIP = "Take back", "Take your last move back, and its answer"
ADVISE, ADVISE_TIP = "Look ahead", "Search in this position, and play nothing"
BLANK = "\N{NO-BREAK SPACE}"  # a button whose text is empty keeps the text it had
SIGNS, WHAT = {1: "X", -1: "O"}, {1: "X", -1: "O", 0: "empty"}
TURN = "Your move: you are {sign}. Click a {place}."
PLAYED = "It played {place} {move}: it expects to {fate}. "
EXPECTS = {1: "win", 0: "draw", -1: "lose"}
ENDS = {1: "X has won.", -1: "O has won.", 0: "A draw: the board is full."}
OVER = " New game begins another."
FOUND = "{count:,} play-outs for {sign}: they lead to a mean of {value}."
EXPLAINED = "Green: how often it tried each move. +1 is a sure win, -1 a sure loss."
HEAD = ("", "tried", "mean", "network at first sight")
NETWORK = "The network expects {value} for {sign}."
TIP = {"square": "square {move}: {what}", "column": "column {move}, row {row}: {what}"}

STYLE = f"""
.lab-board :is(.lab-square, .lab-number) {{ width: 44px; margin: 1px; padding: 0;
  flex: 0 1 auto; min-width: 0; overflow: hidden; }}
.lab-board .lab-number {{ display: block; text-align: center; }}
.lab-board .lab-thoughts, .lab-board .widget-slider {{ max-width: calc(100% - 4px); }}
.lab-board .lab-square {{ height: 44px; line-height: 42px; border: 1px solid {GRAY};
  font-size: 20px; background: transparent; }}
.lab-board .lab-square.lab-stone {{ border-radius: 50%; font-weight: bold; }}
.lab-board .lab-square.lab-share {{ font-size: 12px; }}
.lab-board .lab-thoughts table {{ border-spacing: 8px 1px;
  font-variant-numeric: tabular-nums; }}
.lab-board .lab-thoughts :is(th, td) {{ text-align: right; font-weight: inherit;
  padding: 0; }}
.lab-board .lab-thoughts [scope=col] {{ font-weight: bold; vertical-align: bottom; }}
.lab-board .lab-best {{ font-weight: bold; }}
.lab-board .lab-actions > button {{ flex: 1 1 120px; max-width: 148px; }}
"""


class GameBoard(StillBox):
    """Play a game against a search, and see where it looked.

        lab.GameBoard(game, network, play_outs=100)

    After each answer, the squares show which share of its play-outs went to each move.
    A table has the same with their means, and what a network thinks at first sight.

    Parameters
    ----------
    game : Game, optional
        What is played; connect four by default.
    network : torch.nn.Module or callable, optional
        A network that plays, or a judge, as `lab.models.judge_of(network)` gives it: a
        second opponent, whose first thoughts are shown, too. The other has play-outs
        at random.
    question : str, optional
        What to find out, shown above the board.
    play_outs, most : int
        How many play-outs a move gets at first, and at most.
    seed : int
        Fixes the opponent's random numbers.

    Attributes
    ----------
    state : State
        The position on the board.
    found : Found or None
        What the last search has found; None if a move of yours ended the game.

    Raises
    ------
    ValueError
        If the network is one for another board, or there are no play-outs.
    """

    def __init__(
        self,
        game: Game | None = None,
        network: Callable | None = None,
        *,
        question: str | None = None,
        play_outs: int = 100,
        most: int = 400,
        seed: int = 0,
    ):
        self.game = ConnectFour() if game is None else game
        judge = judge_of(network) if isinstance(network, nn.Module) else network
        self.network, self.chance = judge, np.random.default_rng(seed)
        play_outs, most = whole("play_outs", play_outs), whole("most", most)
        if judge is not None:
            check_network(Search(self.game, 1, judge))
        self._found_in = None
        self._build(question, play_outs, most)
        self.new_game()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"GameBoard({self.game.name})"

    @property
    def state(self) -> State:
        """The position on the board."""
        return self.states[-1]

    @property
    def status(self) -> str:
        """What the status line says."""
        return self._status.text

    @property
    def thoughts(self) -> str:
        """What is shown of the search and the network, as plain text."""
        return plain_text(self._thoughts.value)

    # -- what clicks and buttons do, and a notebook may do too -------------------------

    def play(self, move: int):
        """Play a move, and let the opponent answer; what is wrong with it is said."""
        self._attempt(self._play_and_answer, move)

    def let_it_move(self):
        """Let the opponent move, whoever's turn it is."""
        self._attempt(self._answer)

    def look_ahead(self):
        """Search in this position, and play nothing."""
        self._attempt(self._search)

    def take_back(self):
        """Take back what was played last: your move and its answer, or one alone."""
        self.states = self._earlier.pop() if self._earlier else self.states
        self.found = None
        self._show(self._turn())

    def new_game(self):
        """Clear the board."""
        self.states, self.found, self._earlier = [self.game.start], None, []
        self._show(self._turn())

    # -- moves and searches ------------------------------------------------------------

    def _attempt(self, action, *given):
        """Do something on the board; if it fails, say why and leave all as it was."""
        before = self.states, self.found, self._found_in
        try:
            over = self.game.result(self.state) is not None
            said = "" if over else action(*given) or ""
        except ValueError as error:
            self.states, self.found, self._found_in = before
            self._status.say(str(error))
            return
        if self.states is not before[0]:
            self._earlier.append(before[0])
        self._show(said + self._turn())

    def _play_and_answer(self, move):
        """Play a move, and the answer if it goes on; return what to say of that."""
        self.states = [*self.states, self.game.play(self.state, move)]
        self.found = None  # what was found before this move is past
        return self._answer() if self.game.result(self.state) is None else ""

    def _answer(self):
        """Play what the opponent finds best; return what to say of it."""
        self._search()
        found, place = self.found, self.game.places
        self.states = [*self.states, self.game.play(self.state, found.best)]
        fate = EXPECTS[int(np.sign(round(found.value, 1)))]
        return PLAYED.format(place=place, move=found.best, fate=fate)

    def _search(self):
        """Search in this position, and remember what is found."""
        judge = None if self.opponent.value == RANDOM else self.network
        search = Search(self.game, self.play_outs.value, judge)
        self.found, self._found_in = search(self.state, self.chance), self.state

    def _turn(self):
        """Return who is to move, or how the game has ended, as a sentence."""
        winner = self.game.winner(self.state)
        if winner is not None:
            return ENDS[winner] + OVER
        sign = SIGNS[self.game.to_move(self.state)]
        return TURN.format(sign=sign, place=self.game.places)

    # -- the widgets -------------------------------------------------------------------

    def _build(self, question, play_outs, most):
        """Put the widgets together; the CSS classes are for themes and tests."""
        height, width = self.game.shape
        self._squares = [self._square(k) for k in range(height * width)]
        rows = [
            widgets.HBox(self._squares[k : k + width])
            for k in range(0, height * width, width)
        ]
        if self.game.places == "column":
            rows.append(widgets.HBox([_number(k) for k in range(width)]))
        names = [RANDOM] if self.network is None else [RANDOM, "the network"]
        self.opponent = widgets.Dropdown(
            options=names, value=names[-1], description=OPPONENT
        ).add_class("lab-opponent")
        self.play_outs = widgets.IntSlider(
            min(play_outs, most), 1, most, description=PLAY_OUTS
        ).add_class("lab-play-outs")
        actions = [
            button(NEW, "refresh", NEW_TIP, self.new_game),
            button(BEGIN, "play", BEGIN_TIP, self.let_it_move),
            button(BACK, "undo", BACK_TIP, self.take_back),
            button(ADVISE, "search", ADVISE_TIP, self.look_ahead),
        ]
        self._status = StatusLine()
        self._thoughts = widgets.HTML().add_class("lab-thoughts").add_class("lab-live")
        buttons = widgets.HBox(actions, layout={"flex_flow": "row wrap"})
        buttons.add_class("lab-actions")
        left = widgets.VBox(rows, layout={"flex": "0 1 auto"})
        right = widgets.VBox(
            [self.opponent, self.play_outs, self._status, self._thoughts],
            layout={"flex": "1 1 300px", "min_width": "0"},
        )
        both = widgets.HBox([left, right], layout=ROW)
        super().__init__([*question_line(question), both, buttons])
        self.add_class("lab-board")
        make_accessible(self, STYLE)

    def _square(self, k):
        """Return the button for a square, counted row by row."""
        made = button("", "", "", lambda: self.play(self._move(k)))
        return made.add_class("lab-square")

    def _move(self, k):
        """Return the move that names a square: its number, or its column's."""
        return k % self.game.shape[1] if self.game.places == "column" else k

    def _show(self, said):
        """Show the board, what was found, and a sentence."""
        shares = self._shares()
        owners = self._owners()
        for k, (square, owner) in enumerate(zip(self._squares, owners, strict=True)):
            share, stone = shares.get(k), SIGNS.get(owner)
            what = WHAT[owner] + ("" if share is None else f", {share:.0%}")
            square.description = stone or (BLANK if share is None else f"{share:.0%}")
            square.tooltip = TIP[self.game.places].format(
                move=self._move(k), row=k // self.game.shape[1], what=what
            )
            color = {"X": BLUE, "O": ORANGE}.get(stone)
            square.style.button_color = color or (_heat(share) if share else None)
            square.style.text_color = color and "white"
            (square.add_class if stone else square.remove_class)("lab-stone")
            (square.remove_class if stone else square.add_class)("lab-share")
        self._thoughts.value = self._table()
        self._status.say(said)

    def _owners(self):
        """Return of each square whose stone it has: 1 for X, -1 for O, or 0."""
        mine, theirs = self.game.planes(self.state)
        return (self.game.to_move(self.state) * (mine - theirs)).ravel().astype(int)

    def _shares(self):
        """Return square -> share of the play-outs that began with a stone on it."""
        if self.found is None:
            return {}
        stones = {
            move: self.game.stone(self._found_in, move).bit_length() - 1
            for move in self.game.moves(self._found_in)
        }
        return {
            self.game.squares.index(stone): float(self.found.shares[move])
            for move, stone in stones.items()
        }

    def _table(self):
        """Return what search and network think of each move, as HTML."""
        state = self._found_in if self.found else self.state
        moves, sign = self.game.moves(state), SIGNS[self.game.to_move(state)]
        if not moves or (self.found is None and self.network is None):
            return ""
        columns, notes, head = [], [], HEAD[:1]
        if self.found:
            columns, head = _columns(self.found, moves), HEAD[:3]
            count, value = int(self.found.visits.sum()), _signed(self.found.value)
            notes.append(EXPLAINED)
            notes.append(FOUND.format(count=count, sign=sign, value=value))
        if self.network is not None:
            logits, values = self.network(self.game.planes(state)[None])
            columns.append([f"{p:.0%}" for p in softmax(np.asarray(logits[0])[moves])])
            head += HEAD[3:]
            notes.append(NETWORK.format(value=_signed(values[0]), sign=sign))
        rows = zip(moves, *columns, strict=True)
        return _html_table(head, rows, self.found and self.found.best, notes)


def _number(column):
    """Return the number to show below a column."""
    return widgets.Label(str(column)).add_class("lab-number")


def _heat(share):
    """Return a color for a square that had this share of the play-outs."""
    return f"rgba(0, 158, 115, {0.08 + 0.6 * share:.2f})"


def _columns(found: Found, moves):
    """Return how often each move was tried, and its mean, as text."""
    tried = [f"{found.visits[move]:,}" for move in moves]
    means = [_signed(found.values[move]) for move in moves]
    return [tried, ["" if mean == "+nan" else mean for mean in means]]


def _signed(value):
    """Return a value with its sign and two digits; what rounds to 0 is +0.00."""
    return f"{round(float(value), 2) + 0.0:+.2f}"


def _html_table(head, rows, best, notes):
    """Return a table with a line for each move, the best marked, and notes below."""
    lines = "".join(
        f"<tr{' class=lab-best' if move == best else ''}><th scope=row>{move}</th>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for move, *cells in rows
    )
    names = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in head)
    below = "".join(f"<div>{html.escape(note)}</div>" for note in notes)
    return f"<table><tr>{names}</tr>{lines}</table>{below}"
