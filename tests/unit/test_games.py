"""The rules of tic-tac-toe and connect four, and what a network sees of them."""

import itertools

import numpy as np
import pytest

from bigmodel_lab.from_scratch.games import ConnectFour, Game, State, TicTacToe

TICTACTOE, CONNECT_FOUR = TicTacToe(), ConnectFour()
GAMES = [TICTACTOE, CONNECT_FOUR]
DRAWN = (0, 4, 8, 1, 7, 6, 2, 5, 3)  # tic-tac-toe without a line
# Connect four without a line: columns two by two, filled from both ends.
FULL = (
    tuple(k for a, b in ((0, 1), (2, 3), (4, 5)) for k in (a, b) * 3 + (b, a) * 3)
    + (6,) * 6
)


def board(text):
    """Return the cells of a board as it is printed."""
    return np.array([row.split() for row in text.splitlines() if "0" not in row])


# -- lines -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["012", "345", "678", "036", "147", "258", "048", "246"]
)
def test_each_of_the_eight_lines_wins_for_x_and_for_o(line):
    line = [int(k) for k in line]
    others = [k for k in range(9) if k not in line]
    for x in itertools.permutations(line):
        state = TICTACTOE.after(x[0], others[0], x[1], others[3], x[2])
        assert TICTACTOE.winner(state) == 1
        assert TICTACTOE.result(state) == -1  # O is to move, and has lost
        assert TICTACTOE.to_move(state) == -1


def test_o_wins_too_and_then_x_is_to_move():
    state = TICTACTOE.after(0, 2, 1, 4, 8, 6)
    assert TICTACTOE.winner(state) == -1
    assert TICTACTOE.result(state) == -1
    assert TICTACTOE.to_move(state) == 1


def test_a_full_board_without_a_line_is_a_draw():
    for game, moves in ((TICTACTOE, DRAWN), (CONNECT_FOUR, FULL)):
        state = game.start
        for move in moves:
            assert game.winner(state) is None
            state = game.play(state, move)
        assert game.winner(state) == game.result(state) == 0
        assert game.moves(state) == []


def four(squares):
    """Return the set of squares, each (row from below, column), of connect four."""
    return sum(1 << (7 * column + row) for row, column in squares)


def test_connect_four_has_69_lines_and_no_other_four_squares_win():
    steps = ((0, 1), (1, 0), (1, 1), (-1, 1))
    on_board = {(row, column) for row in range(6) for column in range(7)}
    lines = [
        frozenset((row + k * up, column + k * right) for k in range(4))
        for row, column in on_board
        for up, right in steps
    ]
    lines = [line for line in lines if line <= on_board]
    assert len(lines) == 69
    assert all(CONNECT_FOUR.has_line(four(line)) for line in lines)
    chance = np.random.default_rng(0)
    found = set()
    for _ in range(3000):
        # At random, a third of the board: some have lines, most have none.
        stones = {k for k in sorted(on_board) if chance.random() < 0.35}
        has_line = any(line <= stones for line in lines)
        assert CONNECT_FOUR.has_line(four(stones)) == has_line
        found.add(has_line)
    assert found == {True, False}


# -- moves -----------------------------------------------------------------------------


def test_stones_fall_to_the_lowest_free_square():
    state = CONNECT_FOUR.after(3, 3, 3, 0)
    assert CONNECT_FOUR.text(state) == "\n".join(
        [
            *["· · · · · · ·"] * 3,
            "· · · X · · ·",
            "· · · O · · ·",
            "O · · X · · ·",
            "0 1 2 3 4 5 6",
        ]
    )


def test_tic_tac_toe_is_printed_row_by_row():
    assert TICTACTOE.text(TICTACTOE.after(0, 5, 7)) == "X · ·\n· · O\n· X ·"


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_a_move_makes_a_new_state_and_leaves_the_old_one(game):
    state = game.after(2, 4)
    before = tuple(state)
    after = game.play(state, np.int64(3))
    assert tuple(state) == before
    assert after == game.after(2, 4, 3)
    assert all(type(side) is int for side in after)
    assert game.moves(state) == game.moves(state)


@pytest.mark.parametrize(
    ("game", "counts"),
    [
        # Positions after so many moves that are not over: known from enumeration.
        (TICTACTOE, [1, 9, 72, 252, 756, 1140, 1372, 696, 222]),
        (CONNECT_FOUR, [1, 7, 49, 238, 1120, 4263]),
    ],
    ids=repr,
)
def test_so_many_positions_can_follow_the_start(game, counts):
    level = {game.start}
    for count in counts:
        assert len(level) == count
        level = {game.play(s, move) for s in level for move in game.moves(s)}
        level = {state for state in level if game.winner(state) is None}


# -- what a network sees ---------------------------------------------------------------


@pytest.mark.parametrize("game", GAMES, ids=repr)
@pytest.mark.parametrize("seed", range(5))
def test_planes_show_the_board_from_the_view_of_the_player_to_move(game, seed):
    chance, state = np.random.default_rng(seed), game.start
    while game.winner(state) is None:
        planes = game.planes(state)
        assert planes.shape == (2, *game.shape)
        assert planes.dtype == np.float32
        cells = board(game.text(state))
        mine, theirs = ("X", "O") if game.to_move(state) == 1 else ("O", "X")
        assert np.array_equal(planes[0] == 1, cells == mine)
        assert np.array_equal(planes[1] == 1, cells == theirs)
        assert planes.sum() == (cells != "·").sum()
        state = game.play(state, int(chance.choice(game.moves(state))))


def test_mirrored_moves_make_the_mirrored_board():
    mirror = {
        "TicTacToe()": [2, 1, 0, 5, 4, 3, 8, 7, 6],
        "ConnectFour()": range(6, -1, -1),
    }
    chance = np.random.default_rng(1)
    for game in GAMES * 10:
        state = other = game.start
        while game.winner(state) is None:
            move = int(chance.choice(game.moves(state)))
            state = game.play(state, move)
            other = game.play(other, mirror[repr(game)][move])
            assert np.array_equal(game.planes(other), game.planes(state)[:, :, ::-1])
        assert game.winner(other) == game.winner(state)


# -- what goes wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("game", "moves", "move", "says"),
    [
        (TICTACTOE, (4, 0), 4, "Square 4 is taken: free are 1, 2, 3, 5, 6, 7, 8"),
        (CONNECT_FOUR, (3,) * 6, 3, "Column 3 is full: free are 0, 1, 2, 4, 5, 6"),
        (TICTACTOE, (), 9, "tic-tac-toe has the squares 0 to 8, got 9"),
        (TICTACTOE, (), -1, "the squares 0 to 8, got -1"),
        (TICTACTOE, (), 1.0, "the squares 0 to 8, got 1.0"),
        (CONNECT_FOUR, (), 7, "connect four has the columns 0 to 6, got 7"),
        (CONNECT_FOUR, (), "3", "the columns 0 to 6, got '3'"),
        (CONNECT_FOUR, (), None, "the columns 0 to 6, got None"),
        (TICTACTOE, (0, 3, 1, 4, 2), 5, "The game is over, X has won: take an earlier"),
        (CONNECT_FOUR, (0, 1, 0, 1, 0, 1, 6, 1), 5, "The game is over, O has won"),
        (TICTACTOE, DRAWN, 0, "The game is over, it is a draw"),
    ],
)
def test_a_move_that_is_not_allowed_is_told_in_one_sentence(game, moves, move, says):
    state = game.after(*moves)
    with pytest.raises(ValueError, match=says) as error:
        game.play(state, move)
    assert len(str(error.value).split(". ")) == 1
    with pytest.raises(ValueError, match=says):
        game.after(*moves, move)


def test_a_game_of_ones_own_needs_rules():
    class Nim(Game):
        """A game without rules yet."""

        squares = (0,)

    for call in (
        lambda: Nim().result(State(0, 0)),
        lambda: Nim().free(State(0, 0)),
        lambda: Nim().stone(State(0, 0), 0),
    ):
        with pytest.raises(NotImplementedError):
            call()
