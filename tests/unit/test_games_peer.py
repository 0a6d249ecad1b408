"""The rules of both games are OpenSpiel's."""

import numpy as np
import pyspiel
import pytest

from bigmodel_lab.from_scratch.games import ConnectFour, TicTacToe


@pytest.mark.parametrize(
    ("game", "name"), [(TicTacToe(), "tic_tac_toe"), (ConnectFour(), "connect_four")]
)
def test_in_200_random_games_the_rules_are_openspiels(game, name):
    chance, theirs = np.random.default_rng(0), pyspiel.load_game(name)
    assert game.number_of_moves == theirs.num_distinct_actions()
    winners = set()
    for _ in range(200):
        state, peer = game.start, theirs.new_initial_state()
        while not peer.is_terminal():
            assert game.winner(state) is None
            assert game.moves(state) == peer.legal_actions()
            assert game.to_move(state) == 1 - 2 * peer.current_player()
            move = int(chance.choice(game.moves(state)))
            state = game.play(state, move)
            peer.apply_action(move)
        assert game.moves(state) == []
        assert game.winner(state) == peer.returns()[0]
        winners.add(game.winner(state))
    assert {1, -1} <= winners
