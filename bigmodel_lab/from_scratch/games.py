"""Tic-tac-toe and connect four: all that a search or a network must know of a game.

A position has no owner: it says where the player to move has stones, and where the
other one has. So whoever looks at it sees "mine" and "theirs", and one network plays
both sides.
"""

from typing import NamedTuple

import numpy as np

from bigmodel_lab.from_scratch._checks_games import MARKS, check_move


class State(NamedTuple):
    """A position, which never changes: a move makes a new one.

    Each part is a set of squares, kept as a whole number (a bitboard): its bit k is 1
    if there is a stone on the square with number k. `|` is both sets together, `&` what
    they have in common.
    """

    mine: int  # stones of the player to move
    theirs: int  # stones of the one who moved last


class Game:
    """What both games share. X begins, then O and X take turns.

    Attributes
    ----------
    name : str
        The game's name.
    shape : tuple
        H rows and W columns.
    number_of_moves : int
        M: moves are numbers from 0 to M - 1, whether they are allowed or not.
    start : State
        The empty board.
    """

    name: str
    places: str  # what a move names: a square, or a column
    no_room: str  # why a move may not be allowed
    shape: tuple[int, int]
    number_of_moves: int
    squares: tuple[int, ...]  # the bit of each square, row by row from the top left
    start = State(0, 0)

    def __repr__(self) -> str:
        """Show the class: games have no settings."""
        return f"{type(self).__name__}()"

    # -- the rules ---------------------------------------------------------------------

    def to_move(self, state: State) -> int:
        """Return who moves: 1 for X, who begins, or -1 for O."""
        return 1 if state.mine.bit_count() == state.theirs.bit_count() else -1

    def moves(self, state: State) -> list[int]:
        """Return the moves that are allowed, in order; none if the game is over."""
        return [] if self.result(state) is not None else self.free(state)

    def play(self, state: State, move: int) -> State:
        """Return the position after a move, seen by the other player.

        Raises ValueError if there is no such square or column, it has no room, or the
        game is over.
        """
        move = check_move(self, state, move)
        # The stone is mine, and then the other one moves: mine becomes theirs.
        return State(state.theirs, state.mine | self.stone(state, move))

    def after(self, *moves: int) -> State:
        """Return the position after these moves from the start; errors as in `play`."""
        state = self.start
        for move in moves:
            state = self.play(state, move)
        return state

    def result(self, state: State) -> int | None:
        """Return how it ended for the player to move: -1 lost, 0 a draw, None going on.

        Never won: only the last stone can make a line, and that was the other's.
        """
        if self.has_line(state.theirs):
            return -1
        full = (state.mine | state.theirs).bit_count() == len(self.squares)
        return 0 if full else None

    def winner(self, state: State) -> int | None:
        """Return who has won: 1 for X, -1 for O, 0 for nobody (a draw), None going on.

        `result` tells the same from the view of the player to move.
        """
        result = self.result(state)
        return None if result is None else result * self.to_move(state)

    def free(self, state: State) -> list[int]:
        """Return the moves for which there is room."""
        raise NotImplementedError

    def stone(self, state: State, move: int) -> int:
        """Return the square that a move takes, as a set with this square alone."""
        raise NotImplementedError

    def has_line(self, stones: int) -> bool:
        """Tell whether a set of squares has a line that wins."""
        raise NotImplementedError

    # -- for people, and for networks --------------------------------------------------

    def planes(self, state: State) -> np.ndarray:
        """Return what a network sees, (2, H, W) float32: 1 where a stone is, else 0.

        The first plane has the stones of the player to move, the second the other's.
        """
        stones = [[side >> bit & 1 for bit in self.squares] for side in state]
        return np.array(stones, np.float32).reshape(2, *self.shape)

    def text(self, state: State) -> str:
        """Return the board for printing: X, O, and a point where nothing stands."""
        mine, theirs = self.planes(state)
        owner = self.to_move(state) * (mine - theirs)  # 1 for X, -1 for O, 0 for nobody
        rows = [" ".join(MARKS.get(k, "·") for k in row) for row in owner.tolist()]
        return "\n".join(rows)


class TicTacToe(Game):
    """Three in a row on 3 x 3 squares. A move is a square, 0 to 8, row by row."""

    name, places, no_room = "tic-tac-toe", "square", "taken"
    shape, number_of_moves = (3, 3), 9
    squares = tuple(range(9))
    rows = (0, 1, 2), (3, 4, 5), (6, 7, 8)
    columns = (0, 3, 6), (1, 4, 7), (2, 5, 8)
    diagonals = (0, 4, 8), (2, 4, 6)
    lines = tuple(sum(1 << k for k in line) for line in rows + columns + diagonals)

    def free(self, state: State) -> list[int]:
        """Return the squares without a stone."""
        taken = state.mine | state.theirs
        return [k for k in self.squares if not taken >> k & 1]

    def stone(self, state: State, move: int) -> int:
        """Return the square that a move names, as a set."""
        return 1 << move

    def has_line(self, stones: int) -> bool:
        """Tell whether a set of squares has all three of a line."""
        return any(stones & line == line for line in self.lines)


class ConnectFour(Game):
    """Four in a row on 6 x 7 squares: a stone falls to the lowest free one.

    A move is a column, 0 to 6. Squares are numbered up each column: 0 to 5 in the
    first, 7 to 12 in the second. The numbers 6, 13, ... above them stay empty: so no
    line runs over from the top of a column into the next one.
    """

    name, places, no_room = "connect four", "column", "full"
    shape, number_of_moves = (6, 7), 7
    squares = tuple(7 * column + 5 - row for row in range(6) for column in range(7))
    directions = (1, 7, 8, 6)  # to the next square: up, right, and the two diagonals

    def free(self, state: State) -> list[int]:
        """Return the columns whose highest square is free."""
        taken = state.mine | state.theirs
        return [column for column in range(7) if not taken >> (7 * column + 5) & 1]

    def stone(self, state: State, move: int) -> int:
        """Return the lowest free square of a column, as a set."""
        taken, bottom = state.mine | state.theirs, 1 << 7 * move
        # Adding 1 to 0111 gives 1000: it carries past all stones to the first free bit.
        return (taken + bottom) & ~taken & 0b111111 * bottom

    def has_line(self, stones: int) -> bool:
        """Tell whether four squares of a set lie in a line."""
        for step in self.directions:
            # The squares whose next one, a step on, is in the set, too.
            pairs = stones & stones >> step
            # A pair, and two steps on another pair: four in a row.
            if pairs & pairs >> 2 * step:
                return True
        return False

    def text(self, state: State) -> str:
        """Return the board for printing, with the columns' numbers below it."""
        numbers = " ".join(map(str, range(7)))
        return f"{super().text(state)}\n{numbers}"
