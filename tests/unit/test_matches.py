"""Matches: who begins, who wins, and games in lockstep as they were played."""

import numpy as np
import pytest

import bigmodel_lab as lab
from bigmodel_lab.from_scratch.games import ConnectFour, TicTacToe
from bigmodel_lab.from_scratch.searching import Search, minimax
from bigmodel_lab.playing.matches import in_lockstep

TICTACTOE, CONNECT_FOUR = TicTacToe(), ConnectFour()


def chances(count, seed=0):
    """Return generators, always the same."""
    return [np.random.default_rng([seed, k]) for k in range(count)]


def at_random(game, seed=0):
    """Return a player who draws moves."""
    chance = np.random.default_rng(seed)
    return lambda state: chance.choice(game.moves(state))


def first_free(state):
    """Play tic-tac-toe square by square: whoever begins gets a diagonal."""
    return TICTACTOE.moves(state)[0]


def test_players_begin_in_turn():
    # 0 2 4 6 for the one who begins: it always wins.
    assert lab.play_match(TICTACTOE, first_free, first_free, 6) == (3, 0, 3)
    assert lab.play_match(TICTACTOE, first_free, first_free, 1) == (1, 0, 0)


def test_perfect_players_draw_and_never_lose():
    table = minimax(TICTACTOE)

    def perfect(state):
        return table[state].best[0]

    assert lab.play_match(TICTACTOE, perfect, perfect, 4) == (0, 4, 0)
    score = lab.play_match(TICTACTOE, perfect, at_random(TICTACTOE), 60)
    assert score.losses == 0
    assert score.wins > 40
    reverse = lab.play_match(TICTACTOE, at_random(TICTACTOE), perfect, 60)
    assert reverse.wins == 0
    assert reverse.losses > 40


def test_a_search_of_50_play_outs_beats_random_moves_in_connect_four():
    search, (chance,) = Search(CONNECT_FOUR, 50), chances(1)
    score = lab.play_match(
        CONNECT_FOUR, lambda s: search(s, chance).best, at_random(CONNECT_FOUR), 8
    )
    assert sum(score) == 8
    assert score.wins >= 7


def test_a_match_needs_games_and_moves_that_are_allowed():
    with pytest.raises(ValueError, match="games must be an integer of at least 1"):
        lab.play_match(TICTACTOE, first_free, first_free, 0)
    with pytest.raises(ValueError, match="Square 4 is taken"):
        lab.play_match(TICTACTOE, lambda state: 4, lambda state: 4)


# -- in lockstep -----------------------------------------------------------------------


def played(search, chances, random_moves):
    """Return the records of games in lockstep, and how often all have moved."""
    games, moves = in_lockstep(search, chances, random_moves), 0
    while True:
        try:
            assert next(games) is None
        except StopIteration as end:
            return end.value, moves
        moves += 1


@pytest.mark.parametrize("game", [TICTACTOE, CONNECT_FOUR], ids=repr)
def test_a_record_has_the_whole_game(game):
    records, moves = played(Search(game, 15), chances(6), random_moves=3)
    assert moves == max(len(record.states) for record in records)
    assert len({len(record.states) for record in records}) > 1
    for record in records:
        assert record.states[0] == game.start
        assert len(record.shares) == len(record.states)
        for state, after in zip(record.states, record.states[1:], strict=False):
            assert after in [game.play(state, move) for move in game.moves(state)]
        last = [game.play(record.states[-1], m) for m in game.moves(record.states[-1])]
        assert record.winner in [game.winner(state) for state in last]
        for shares in record.shares:
            assert shares.shape == (game.number_of_moves,)
            assert shares.sum() == pytest.approx(1)


def test_games_in_lockstep_are_those_one_by_one():
    search = Search(CONNECT_FOUR, 12)
    together, _ = played(search, chances(5), random_moves=8)
    for k, record in enumerate(together):
        ((alone,), _) = played(search, [chances(5)[k]], random_moves=8)
        assert alone.states == record.states
        assert alone.winner == record.winner
        np.testing.assert_array_equal(alone.shares, record.shares)


def test_only_the_first_moves_are_drawn():
    def flat(planes):
        return np.zeros((len(planes), 9)), np.zeros(len(planes))

    search = Search(TICTACTOE, 20, flat)  # the same in all games
    records, _ = played(search, chances(8), random_moves=0)
    assert len({tuple(record.states) for record in records}) == 1
    assert [search(s, None).best for s in records[0].states[:1]] == [
        int(np.argmax(records[0].shares[0]))
    ]
    records, _ = played(search, chances(8), random_moves=1)
    assert 2 < len({tuple(record.states) for record in records}) <= 8
    for record in records:
        for state, after in list(zip(record.states, record.states[1:], strict=False))[
            1:
        ]:
            assert after == TICTACTOE.play(state, search(state, None).best)
