"""The board without a browser: its real buttons are pressed here."""

import re

import numpy as np
import pytest
import torch
from torch import nn
from widget_parts import part, parts

from bigmodel_lab import GameBoard, models
from bigmodel_lab.from_scratch.games import ConnectFour, TicTacToe
from bigmodel_lab.from_scratch.searching import Search, softmax
from bigmodel_lab.widgets.board import BLANK

TICTACTOE, CONNECT_FOUR = TicTacToe(), ConnectFour()
GAMES = [TICTACTOE, CONNECT_FOUR]
BUTTONS = ("New game", "Let it move", "Take back", "Look ahead")


def prefers(game, *order):
    """Return a judge that likes moves in this order; with one play-out it plays so."""
    scores = np.zeros(game.number_of_moves)
    scores[list(order)] = np.arange(20 * len(order), 0, -20)

    def judge(planes):
        return np.tile(scores, (len(planes), 1)), np.zeros(len(planes))

    return judge


def scripted(game, *order):
    """Return a board whose opponent plays the first of these moves that is free."""
    return GameBoard(game, prefers(game, *order), play_outs=1)


def squares(board):
    """Return the buttons of the squares, row by row."""
    return [each for each in parts(board) if "lab-square" in each._dom_classes]


def press(board, name):
    """Press the button with this name."""
    [found] = [p for p in parts(board) if getattr(p, "description", None) == name]
    found.click()


def click(board, *numbers):
    """Click squares, counted row by row from the top left."""
    for number in numbers:
        squares(board)[number].click()


def lines(board):
    """Return the table's lines as lists of cells, and which move is marked as best."""
    markup = part(board, "thoughts").value
    rows = re.findall(r"<tr( class=lab-best)?><th scope=row>(.*?)</tr>", markup)
    cells = [re.split("</t[hd]>(?:<td>)?", row)[:-1] for _, row in rows]
    return cells, [row[0] for row, (best, _) in zip(cells, rows, strict=True) if best]


# -- what a click does -----------------------------------------------------------------


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_a_board_begins_empty_and_says_whose_turn_it_is(game):
    board = GameBoard(game)
    assert repr(board) == f"GameBoard({game.name})"
    assert board.state == game.start
    assert board.found is None
    assert board.status == f"Your move: you are X. Click a {game.places}."
    assert board.thoughts == ""
    assert len(squares(board)) == len(game.squares)
    assert {square.description for square in squares(board)} == {BLANK}
    last = "square 8" if game is TICTACTOE else "column 6, row 5"
    assert squares(board)[-1].tooltip == f"{last}: empty"
    names = [p.description for p in parts(board) if hasattr(p, "click")]
    assert names[-4:] == [*BUTTONS]


def test_connect_four_is_the_game_unless_another_is_given():
    assert isinstance(GameBoard().game, ConnectFour)


def test_a_click_on_a_square_plays_and_is_answered():
    board = scripted(TICTACTOE, 8, 0)
    click(board, 4)
    assert board.state == TICTACTOE.after(4, 8)
    shown = [square.description for square in squares(board)]
    assert (shown[4], shown[8]) == ("X", "O")
    assert board.status.startswith("It played square 8: it expects to draw. Your move")
    stones = [k for k, s in enumerate(squares(board)) if "lab-stone" in s._dom_classes]
    assert stones == [4, 8]
    assert squares(board)[4].tooltip == "square 4: X"
    click(board, 0)
    assert board.state == TICTACTOE.after(4, 8, 0, 1)


@pytest.mark.parametrize("row", range(6))
def test_a_click_anywhere_in_a_column_drops_a_stone_into_it(row):
    board = scripted(CONNECT_FOUR, 5)
    click(board, 7 * row + 2)
    assert board.state == CONNECT_FOUR.after(2, 5)
    shown = [square.description for square in squares(board)]
    assert (shown[7 * 5 + 2], shown[7 * 5 + 5]) == ("X", "O")
    assert board.status.startswith("It played column 5")
    assert squares(board)[7 * 5 + 5].tooltip.startswith("column 5, row 5: O")


def test_the_players_have_colors_and_signs():
    board = scripted(TICTACTOE, 8)
    click(board, 4)
    x, o = squares(board)[4], squares(board)[8]
    assert (x.description, o.description) == ("X", "O")
    assert x.style.button_color != o.style.button_color
    assert x.style.text_color == o.style.text_color == "white"
    press(board, "New game")
    assert x.style.button_color is None
    assert x.style.text_color is None
    assert "lab-stone" not in x._dom_classes


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_the_answer_is_the_searchs(game):
    board = GameBoard(game, play_outs=30, seed=5)
    board.play(3)
    found = Search(game, 30)(game.after(3), np.random.default_rng(5))
    assert board.state == game.after(3, found.best)
    np.testing.assert_array_equal(board.found.visits, found.visits)


def test_the_opponent_and_its_play_outs_are_chosen():
    board = scripted(TICTACTOE, 8)
    opponent = part(board, "opponent")
    assert opponent.options == ("play-outs at random", "the network")
    assert opponent.value == "the network"
    part(board, "play-outs").value = 40
    click(board, 4)
    assert board.found.visits.sum() == 40
    press(board, "New game")
    opponent.value = "play-outs at random"
    board.chance = np.random.default_rng(1)
    click(board, 4)
    found = Search(TICTACTOE, 40)(TICTACTOE.after(4), np.random.default_rng(1))
    np.testing.assert_array_equal(board.found.visits, found.visits)
    assert part(GameBoard(), "opponent").options == ("play-outs at random",)


def test_a_network_itself_is_taken_too():
    network = models.PolicyValueNetwork(TICTACTOE)
    one = GameBoard(TICTACTOE, network, play_outs=9)
    other = GameBoard(TICTACTOE, models.judge_of(network), play_outs=9)
    for board in (one, other):
        click(board, 0)
    assert one.state == other.state
    assert one.thoughts == other.thoughts


# -- heat and table --------------------------------------------------------------------


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_heat_is_the_share_of_the_play_outs(game):
    board = GameBoard(game, play_outs=50)
    press(board, "Look ahead")
    height, width = game.shape
    for move in game.moves(game.start):
        # A stone falls down to the lowest row.
        place = move if game is TICTACTOE else (height - 1) * width + move
        share = board.found.visits[move] / 50
        square = squares(board)[place]
        assert square.description == f"{share:.0%}"
        assert square.tooltip.endswith(f"empty, {share:.0%}")
        *_, alpha = re.findall(r"[\d.]+", square.style.button_color)
        assert float(alpha) == pytest.approx(0.08 + 0.6 * share, abs=0.006)
    warm = [s for s in squares(board) if s.style.button_color is not None]
    assert len(warm) == game.number_of_moves


def test_heat_lies_where_a_stone_would_fall():
    board = scripted(CONNECT_FOUR, 2)
    board.play(2)
    press(board, "Look ahead")
    shown = {k: s.description for k, s in enumerate(squares(board))}
    assert shown[5 * 7 + 2] == "X"
    assert shown[4 * 7 + 2] == "O"
    assert shown[3 * 7 + 2] == "100%"
    assert sum(text != BLANK for text in shown.values()) == 2 + 7


def test_a_move_that_was_never_tried_is_cold_and_has_no_mean():
    board = GameBoard(TICTACTOE, prefers(TICTACTOE, 6), play_outs=1)
    press(board, "Look ahead")
    assert [s.description for s in squares(board)] == ["0%"] * 6 + ["100%", "0%", "0%"]
    assert squares(board)[0].style.button_color is None
    rows, best = lines(board)
    assert best == ["6"]
    assert rows[0][1:3] == ["0", ""]
    assert rows[6][1:3] == ["1", "+0.00"]


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_the_table_has_what_was_found_and_the_networks_first_thoughts(game):
    network = models.PolicyValueNetwork(game)
    board = GameBoard(game, network, play_outs=60)
    board.play(1)
    asked = game.after(1)  # the position in which the opponent has searched
    moves = game.moves(asked)
    logits, values = models.judge_of(network)(game.planes(asked)[None])
    rows, best = lines(board)
    priors = softmax(logits[0][moves])
    assert [row[0] for row in rows] == [str(move) for move in moves]
    for move, (_, tried, mean, prior), p in zip(moves, rows, priors, strict=True):
        assert int(tried) == board.found.visits[move]
        if int(tried):
            assert float(mean) == pytest.approx(board.found.values[move], abs=0.006)
        assert prior == f"{p:.0%}"
    assert best == [str(board.found.best)]
    assert "60 play-outs for O" in board.thoughts
    expected = round(values[0], 2) + 0.0
    assert f"The network expects {expected:+.2f} for O." in board.thoughts


def test_before_the_first_search_the_table_has_the_network_alone():
    board = GameBoard(TICTACTOE, prefers(TICTACTOE, 4))
    rows, best = lines(board)
    assert [row[1] for row in rows] == ["0%"] * 4 + ["100%"] + ["0%"] * 4
    assert best == []
    assert "The network expects +0.00 for X." in board.thoughts


@pytest.mark.parametrize(
    ("moves", "expects"), [((0, 3, 1, 4, 8), "win"), ((0, 1, 2, 4, 3, 5, 7), "draw")]
)
def test_it_says_what_it_expects(moves, expects):
    board = GameBoard(TICTACTOE, play_outs=400)
    board.states = [TICTACTOE.after(*moves[:-1])]
    click(board, moves[-1])
    assert f"it expects to {expects}" in board.status


def test_it_says_when_it_expects_to_lose():
    board = GameBoard(TICTACTOE, play_outs=400)
    board.states = [TICTACTOE.after(0, 1, 4, 8)]
    click(board, 3)  # two lines at once
    assert "it expects to lose" in board.status


# -- the four buttons ------------------------------------------------------------------


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_look_ahead_plays_nothing(game):
    board = GameBoard(game, play_outs=20)
    press(board, "Look ahead")
    assert board.state == game.start
    assert board.found.visits.sum() == 20
    assert "20 play-outs for X" in board.thoughts
    assert board.status.startswith("Your move: you are X.")
    found = board.found
    press(board, "Take back")
    assert board.state == game.start
    assert found is not board.found


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_take_back_takes_ones_move_and_its_answer(game):
    board = scripted(game, 1, 2)
    for move in (0, 3):
        board.play(move)
    assert board.state == game.after(0, 1, 3, 1 if game is CONNECT_FOUR else 2)
    press(board, "Take back")
    assert board.state == game.after(0, 1)
    assert board.found is None
    assert board.status.startswith("Your move: you are X.")
    for _ in range(3):
        press(board, "Take back")
        assert board.state == game.start
    assert {square.description for square in squares(board)} == {BLANK}


def test_it_may_begin_and_then_ones_own_move_and_its_answer_are_taken_back():
    board = scripted(TICTACTOE, 4, 8)
    press(board, "Let it move")
    assert board.state == TICTACTOE.after(4)
    assert "It played square 4" in board.status
    assert board.status.endswith("you are O. Click a square.")
    click(board, 0)
    assert board.state == TICTACTOE.after(4, 0, 8)
    press(board, "Take back")
    assert board.state == TICTACTOE.after(4)
    assert board.status == "Your move: you are O. Click a square."
    press(board, "Take back")
    assert board.state == TICTACTOE.start


def test_a_move_that_won_is_taken_back_alone_and_one_is_still_the_same_player():
    board = scripted(TICTACTOE, 3, 4)
    click(board, 0, 1, 2)
    assert board.status.startswith("X has won.")
    press(board, "Take back")
    assert board.state == TICTACTOE.after(0, 3, 1, 4)
    assert board.status == "Your move: you are X. Click a square."


def test_a_move_that_it_made_for_one_is_taken_back_alone():
    board = scripted(TICTACTOE, 3, 4, 5)
    click(board, 0)
    press(board, "Let it move")
    assert board.state == TICTACTOE.after(0, 3, 4)
    assert board.status.endswith("you are O. Click a square.")
    press(board, "Take back")
    assert board.state == TICTACTOE.after(0, 3)


def test_a_new_game_is_not_taken_back():
    board = scripted(TICTACTOE, 3, 4)
    click(board, 0, 1)
    press(board, "New game")
    assert board.state == TICTACTOE.start
    assert board.found is None
    press(board, "Take back")
    assert board.state == TICTACTOE.start


# -- what cannot be played -------------------------------------------------------------


def test_a_taken_square_is_named_and_nothing_changes():
    board = scripted(TICTACTOE, 8)
    click(board, 4)
    thoughts = board.thoughts
    for square in (4, 8):
        click(board, square)
        assert (
            board.status == f"Square {square} is taken: free are 0, 1, 2, 3, 5, 6, 7."
        )
        assert board.state == TICTACTOE.after(4, 8)
        assert board.thoughts == thoughts
    press(board, "Take back")
    assert board.state == TICTACTOE.start


def test_a_full_column_is_named_and_the_others_go_on():
    board = scripted(CONNECT_FOUR, 3, 4)
    for _ in range(3):
        click(board, 3)
    assert board.state == CONNECT_FOUR.after(*[3] * 6)
    click(board, 3)
    assert board.status == "Column 3 is full: free are 0, 1, 2, 4, 5, 6."
    press(board, "Look ahead")
    assert "3" not in [row[0] for row in lines(board)[0]]
    click(board, 0)
    assert board.state == CONNECT_FOUR.after(*[3] * 6, 0, 4)


def test_a_move_that_is_none_is_named():
    board = scripted(CONNECT_FOUR, 3)
    board.play(7)
    assert board.status == "connect four has the columns 0 to 6, got 7."
    assert board.state == CONNECT_FOUR.start


@pytest.mark.parametrize(
    ("game", "mine", "its", "end"),
    [
        (TICTACTOE, (0, 1, 2), (3, 4), "X has won."),
        (TICTACTOE, (0, 1, 8), (3, 4, 5), "O has won."),
        (TICTACTOE, (0, 2, 3, 7, 8), (1, 4, 5, 6), "A draw: the board is full."),
        (CONNECT_FOUR, (0, 1, 2, 3), (6, 5), "X has won."),
        (CONNECT_FOUR, (0, 1, 0, 1), (6,), "O has won."),
    ],
)
def test_a_game_that_is_over_takes_no_move_until_a_new_one(game, mine, its, end):
    board = scripted(game, *its)
    for move in mine:
        board.play(move)
    sign = {"X": 1, "O": -1}.get(end[0], 0)
    state = board.state
    assert game.winner(state) == sign
    assert board.status.endswith(f"{end} New game begins another.")
    for name in (None, "Let it move", "Look ahead"):
        if name is None:
            click(board, len(game.squares) - 1)
        else:
            press(board, name)
        assert board.state == state
        assert board.status == f"{end} New game begins another."
    press(board, "New game")
    assert board.status.startswith("Your move: you are X.")


def test_after_ones_own_last_move_nothing_old_is_shown():
    board = scripted(TICTACTOE, 3, 4)
    click(board, 0, 1, 2)
    assert board.found is None
    assert board.thoughts == ""
    assert {s.description for s in squares(board)} == {"X", "O", BLANK}


def test_a_network_that_diverged_is_named_and_nothing_is_played():
    network = models.PolicyValueNetwork(TICTACTOE)
    board = GameBoard(TICTACTOE, network, play_outs=3)
    click(board, 0)
    state, found = board.state, board.found
    nn.init.constant_(network.policy.weight, torch.nan)
    free = TICTACTOE.moves(state)[0]
    for act in (lambda: click(board, free), lambda: press(board, "Look ahead")):
        act()
        assert "has its training diverged?" in board.status
        assert board.state == state
        assert board.found is found


# -- what a board is given -------------------------------------------------------------


@pytest.mark.parametrize(
    ("game", "given", "says"),
    [
        (
            CONNECT_FOUR,
            {"network": models.PolicyValueNetwork(TICTACTOE)},
            r"The network cannot play connect four: planes must be \(N, 2, 3, 3\)",
        ),
        (
            TICTACTOE,
            {"network": prefers(CONNECT_FOUR, 3)},
            r"cannot play tic-tac-toe: .* logits \(1, 9\) .* got \(1, 7\)",
        ),
        (TICTACTOE, {"network": nn.Flatten()}, "tic-tac-toe: .* second head"),
        (TICTACTOE, {"play_outs": 0}, "play_outs must be .* at least 1, got 0"),
        (TICTACTOE, {"play_outs": 2.5}, "play_outs must be .* at least 1, got 2.5"),
        (TICTACTOE, {"most": 0}, "most must be .* at least 1, got 0"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(game, given, says):
    with pytest.raises(ValueError, match=says) as error:
        GameBoard(game, **given)
    assert len(str(error.value).split(". ")) == 1


@pytest.mark.parametrize("most", [1, 7])
def test_with_most_below_the_play_outs_it_begins_at_most(most):
    board = GameBoard(TICTACTOE, play_outs=100, most=most)
    slider = part(board, "play-outs")
    assert (slider.min, slider.value, slider.max) == (1, most, most)
    click(board, 4)
    assert board.found.visits.sum() == most
    assert "text/html" in board._repr_mimebundle_()


# -- the still picture -----------------------------------------------------------------


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_the_picture_is_the_same_whatever_a_network_thinks(game):
    pictures = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        network = models.PolicyValueNetwork(game)
        board = GameBoard(game, network, question="Who wins?")
        bundle = board._repr_mimebundle_()
        assert bundle["text/plain"] == repr(board)
        pictures.append(bundle["text/html"])
    assert pictures[0] == pictures[1]
    [alt] = re.findall('alt="(.*?)"', pictures[0])
    says = "Who wins?; opponent the network; play-outs 100"
    assert alt == (
        f"A picture of the GameBoard as it starts. Run this cell to use it. "
        f"It shows: {says}"
    )
