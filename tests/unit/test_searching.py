"""Minimax knows every position; MCTS comes near it, alone and in lockstep alike."""

import numpy as np
import pytest

from bigmodel_lab.from_scratch import searching
from bigmodel_lab.from_scratch.games import ConnectFour, TicTacToe
from bigmodel_lab.from_scratch.searching import Node, Search, minimax, play_out

TICTACTOE, CONNECT_FOUR = TicTacToe(), ConnectFour()
GAMES = [TICTACTOE, CONNECT_FOUR]
MIRROR = {TICTACTOE: [2, 1, 0, 5, 4, 3, 8, 7, 6], CONNECT_FOUR: list(range(6, -1, -1))}
# Whoever moves can win at once / cannot hinder the other from it.
WON = [(TICTACTOE, (0, 3, 1, 4)), (CONNECT_FOUR, (3, 0, 3, 0, 3, 0))]
LOST = [(TICTACTOE, (0, 1, 4, 2, 6)), (CONNECT_FOUR, (2, 2, 3, 3, 4))]


def chance(*seed):
    """Return a generator."""
    return np.random.default_rng(seed)


def judge_of(game, seed=0):
    """Return a judge with opinions at random, the same on each position."""
    size = 2 * game.shape[0] * game.shape[1]
    W = chance(seed, 1).normal(size=(size, game.number_of_moves + 1))

    def judge(planes):
        scores = np.stack([x.reshape(-1) @ W for x in planes.astype(float)])
        return scores[:, :-1], np.tanh(scores[:, -1])

    return judge


@pytest.fixture(scope="module")
def table():
    """All of tic-tac-toe."""
    return minimax(TICTACTOE)


# -- minimax ---------------------------------------------------------------------------


def test_tic_tac_toe_has_5478_positions_and_perfect_play_draws(table):
    assert len(table) == 5478
    assert table[TICTACTOE.start] == (0, list(range(9)))
    ends = [TICTACTOE.winner(state) for state in table]
    assert [ends.count(who) for who in (1, -1, 0)] == [626, 316, 16]
    assert len(searching.contested(TICTACTOE, table)) == 3191


def test_a_value_is_the_best_that_the_moves_lead_to(table):
    for state, (value, best) in table.items():
        after = {
            m: -table[TICTACTOE.play(state, m)].value for m in TICTACTOE.moves(state)
        }
        if after:
            assert value == max(after.values())
            assert best == [move for move in after if after[move] == value]
        else:
            assert (value, best) == (TICTACTOE.result(state), [])


def test_perfect_play_never_loses_to_any_play(table):
    def worst(state, mine):
        """Return the worst end for the perfect player, who moves if `mine`."""
        if (result := TICTACTOE.result(state)) is not None:
            return result if mine else -result
        moves = table[state].best[-1:] if mine else TICTACTOE.moves(state)
        return min(worst(TICTACTOE.play(state, move), not mine) for move in moves)

    assert worst(TICTACTOE.start, mine=True) == 0
    assert worst(TICTACTOE.start, mine=False) == 0


def test_the_end_of_connect_four_is_solved_too_and_mirrored_alike():
    # Three columns are left, of which two have some stones.
    moves = *(0, 1) * 3, *(1, 0) * 3, *(2, 3) * 3, *(3, 2) * 3, *(4, 5) * 2, 5
    state = CONNECT_FOUR.after(*moves)
    endings = minimax(CONNECT_FOUR, state)
    other = CONNECT_FOUR.after(*(6 - move for move in moves))
    mirrored = minimax(CONNECT_FOUR, other)
    assert mirrored[other].value == endings[state].value
    assert sorted(6 - k for k in mirrored[other].best) == endings[state].best
    assert len(mirrored) == len(endings) > 1000
    for after, (value, best) in endings.items():
        for move in best:
            assert endings[CONNECT_FOUR.play(after, move)].value == -value


def test_the_share_of_optimal_moves_counts_those_that_keep_the_value(table):
    states = searching.contested(TICTACTOE, table)
    best = [table[state].best[-1] for state in states]
    wrong = [
        next(m for m in TICTACTOE.moves(state) if m not in table[state].best)
        for state in states
    ]
    assert searching.share_optimal(best, states, table) == 1
    assert searching.share_optimal(wrong, states, table) == 0
    half = np.where(np.arange(len(states)) % 2, best, wrong)
    assert searching.share_optimal(half, states, table) == pytest.approx(1595 / 3191)


# -- the two formulas ------------------------------------------------------------------


def node(visits, totals, priors=None):
    """Return a node that has tried some moves."""
    k = len(visits)
    node = Node(list(range(k)), np.full(k, 1 / k) if priors is None else priors)
    node.visits[:], node.totals[:] = visits, totals
    return node


def test_uct_is_the_mean_and_a_doubt_that_shrinks_with_tries():
    found = searching.uct(node([4, 12], [2, -3]), 1.5)
    doubts = [1.5 * np.sqrt(np.log(16) / tries) for tries in (4, 12)]
    np.testing.assert_allclose(found, [0.5 + doubts[0], -0.25 + doubts[1]])


def test_uct_wants_each_move_tried_once():
    assert searching.uct(node([4, 0, 9], [4, 0, 9]), 1.5).argmax() == 1
    assert searching.uct(node([0, 0], [0, 0]), 1.5).tolist() == [np.inf, np.inf]


def test_puct_is_the_mean_and_a_doubt_in_proportion_to_the_prior():
    found = searching.puct(node([4, 11, 0], [2, -3, 0], np.array([0.5, 0.2, 0.3])), 2)
    expected = [0.5 + 2 * 0.5 * 4 / 5, -3 / 11 + 2 * 0.2 * 4 / 12, 2 * 0.3 * 4]
    np.testing.assert_allclose(found, expected)
    # Before any move was tried, the prior alone decides.
    fresh = searching.puct(node([0, 0], [0, 0], np.array([0.4, 0.6])), 1.5)
    np.testing.assert_allclose(fresh, [0.6, 0.9])


# -- play-outs -------------------------------------------------------------------------


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_the_one_who_begins_wins_more_play_outs(game):
    ends = [play_out(game, game.start, chance(k)) for k in range(300)]
    assert ends.count(1) > ends.count(-1) > 0
    move = game.number_of_moves // 2
    after = [play_out(game, game.after(move), chance(k)) for k in range(300)]
    assert np.mean(after) < -np.mean(ends) + 0.1  # the middle is a good move
    assert np.mean(after) < 0


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_a_play_out_of_a_game_that_is_over_is_its_result(game):
    moves = {TICTACTOE: (0, 3, 1, 4, 2), CONNECT_FOUR: (3, 0, 3, 0, 3, 0, 3)}[game]
    assert play_out(game, game.after(*moves), chance(0)) == -1


# -- the search ------------------------------------------------------------------------


@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize("game", GAMES, ids=repr)
@pytest.mark.parametrize("play_outs", [1, 7, 60])
def test_each_play_out_is_a_visit_and_values_lie_between_loss_and_win(
    game, guided, play_outs
):
    search = Search(game, play_outs, judge_of(game) if guided else None)
    state = game.after(1, 1 + (game is TICTACTOE), 0)
    found = search(state, chance(3))
    assert found.visits.sum() == play_outs
    assert found.shares.sum() == pytest.approx(1)
    tried = found.visits > 0
    assert set(np.flatnonzero(tried)) <= set(game.moves(state))
    assert np.isnan(found.values).tolist() == (~tried).tolist()
    assert (np.abs(found.values[tried]) <= 1).all()
    mean = (found.visits * np.nan_to_num(found.values)).sum() / play_outs
    assert found.value == pytest.approx(mean)
    assert found.visits[found.best] == found.visits.max()


def test_with_many_play_outs_the_move_is_minimaxs_where_it_is_unique(table):
    alone = [
        state
        for state, solved in table.items()
        if len(solved.best) == 1 and len(TICTACTOE.moves(state)) > 1
    ]
    assert len(alone) == 2184
    search = Search(TICTACTOE, 400)
    for k, state in enumerate(alone[::40]):
        assert search(state, chance(k)).best == table[state].best[0]


def test_a_judge_who_knows_nothing_is_led_by_the_ends_of_games(table):
    def judge(planes):
        return np.zeros((len(planes), 9)), np.zeros(len(planes))

    alone = [
        state
        for state, solved in table.items()
        if len(solved.best) == 1 and len(TICTACTOE.moves(state)) in (2, 3, 4, 5)
    ][::25]
    found = Search(TICTACTOE, 500, judge).many(alone, [chance(0)] * len(alone))
    right = [one.best == table[s].best[0] for one, s in zip(found, alone, strict=True)]
    assert np.mean(right) > 0.98


@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize(("game", "moves"), WON)
def test_a_win_at_once_is_found_and_has_a_positive_value(game, moves, guided):
    search = Search(game, 300, judge_of(game) if guided else None)
    state = game.after(*moves)
    found = search(state, chance(0))
    assert game.winner(game.play(state, found.best)) == game.to_move(state)
    assert found.values[found.best] == 1
    assert found.value > 0.3


@pytest.mark.parametrize(("game", "moves"), LOST)
def test_a_lost_position_has_a_negative_value_for_the_player_to_move(game, moves):
    found = Search(game, 600)(game.after(*moves), chance(0))
    assert found.value < 0
    assert np.nanmax(found.values) < 0


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_values_are_from_the_player_to_move_whoever_that_is(game):
    """The same board with colors changed: what X could do, O can do."""
    won = dict(WON)[game]
    spare = {TICTACTOE: 8, CONNECT_FOUR: 6}[game]
    for moves in (won, (spare, *won)):
        state = game.after(*moves)
        found = Search(game, 200)(state, chance(0))
        assert found.value > 0
        assert game.winner(game.play(state, found.best)) == game.to_move(state)
    assert game.to_move(game.after(*won)) != game.to_move(game.after(spare, *won))


def test_the_judges_favorite_is_tried_first_and_most():
    def judge(planes):
        logits = np.zeros((len(planes), 7))
        logits[:, 5] = 4
        return logits, np.zeros(len(planes))

    found = Search(CONNECT_FOUR, 1, judge)(CONNECT_FOUR.start, chance(0))
    assert found.visits.tolist() == [0, 0, 0, 0, 0, 1, 0]
    found = Search(CONNECT_FOUR, 50, judge)(CONNECT_FOUR.start, chance(0))
    assert found.best == 5


def test_moves_that_are_not_allowed_have_no_prior_however_high_their_logits():
    def judge(planes):
        logits = np.zeros((len(planes), 7))
        logits[:, 3] = 1e4
        return logits, np.zeros(len(planes))

    found = Search(CONNECT_FOUR, 40, judge)(CONNECT_FOUR.after(*[3] * 6), chance(0))
    assert found.visits[3] == 0
    assert found.visits.sum() == 40
    assert np.delete(found.visits, 3).min() > 3


def test_a_value_at_a_leaf_changes_its_sign_on_the_way_up():
    """A judge who likes each position is a bad word for the moves that lead there."""

    def judge(planes):
        return np.zeros((len(planes), 9)), np.full(len(planes), 0.5)

    found = Search(TICTACTOE, 9, judge)(TICTACTOE.start, chance(0))
    assert found.values.tolist() == [-0.5] * 9
    assert found.value == -0.5


# -- in lockstep -----------------------------------------------------------------------


def some_states(game, count):
    """Return positions after different numbers of moves, none of them an end."""
    states, rng = [], chance(9)
    while len(states) < count:
        state = game.start
        for _ in range(rng.integers(6)):
            if free := game.moves(state):
                state = game.play(state, int(rng.choice(free)))
        if game.winner(state) is None:
            states.append(state)
    return states


@pytest.mark.parametrize("kind", ["play-outs", "judge", "noise"])
@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_in_lockstep_each_finds_what_it_finds_alone(game, kind):
    judge = None if kind == "play-outs" else judge_of(game)
    search = Search(game, 40, judge, noise=0.25 * (kind == "noise"))
    states = some_states(game, 12)
    together = search.many(states, [chance(k) for k in range(12)])
    for k, (state, found) in enumerate(zip(states, together, strict=True)):
        alone = search(state, chance(k))
        np.testing.assert_array_equal(found.visits, alone.visits)
        np.testing.assert_array_equal(found.values, alone.values)
        assert found.value == alone.value
    other = search.many(states, [chance(k, 1) for k in range(12)])
    same = [
        np.array_equal(a.visits, b.visits) for a, b in zip(together, other, strict=True)
    ]
    assert all(same) == (kind == "judge")  # which draws no random numbers


def test_a_judge_sees_all_games_at_once():
    sizes, judge = [], judge_of(CONNECT_FOUR)

    def counting(planes):
        assert planes.shape[1:] == (2, 6, 7)
        sizes.append(len(planes))
        return judge(planes)

    states = some_states(CONNECT_FOUR, 8)
    Search(CONNECT_FOUR, 10, counting).many(states, [chance(0)] * 8)
    assert len(sizes) == 11  # the roots, and ten play-outs
    assert sizes[0] == 8
    assert sum(sizes) > 70


def test_no_positions_find_nothing():
    assert Search(TICTACTOE, 3).many([], []) == []


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_a_mirrored_board_has_a_mirrored_search(game):
    """With a judge who is mirrored, too, and priors without ties."""
    mirror, judge = MIRROR[game], judge_of(game, 4)

    def mirrored(planes):
        logits, values = judge(planes[..., ::-1])
        return logits[:, mirror], values

    for moves in ((0,), (1, 2), (0, 4, 1)):
        found = Search(game, 80, judge)(game.after(*moves), chance(0))
        other = game.after(*(mirror[move] for move in moves))
        theirs = Search(game, 80, mirrored)(other, chance(0))
        np.testing.assert_array_equal(theirs.visits[mirror], found.visits)
        assert mirror[theirs.best] == found.best


def test_noise_is_for_the_root_alone_and_is_drawn_from_its_own_generator():
    judge = judge_of(TICTACTOE)
    one, other = (
        Search(TICTACTOE, 30, judge, noise=1.0)(TICTACTOE.start, chance(k))
        for k in (0, 1)
    )
    assert one.visits.tolist() != other.visits.tolist()
    rng = chance(0)
    Search(TICTACTOE, 30, judge, noise=0.5)(TICTACTOE.start, rng)
    again = chance(0)
    again.dirichlet([10 / 9] * 9)
    assert rng.random() == again.random()


# -- what goes wrong -------------------------------------------------------------------

OVER = TICTACTOE.after(0, 3, 1, 4, 2)


def judged(logits, values):
    """Search a position with a judge who always returns this."""
    Search(TICTACTOE, 3, lambda planes: (logits, values))(TICTACTOE.start, chance(0))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Search(TICTACTOE, 0), "play_outs must be .* at least 1, got 0"),
        (lambda: Search(TICTACTOE, 2.5), "play_outs must be .* got 2.5"),
        (lambda: Search(TICTACTOE, exploration=0), "exploration .* above 0, got 0"),
        (lambda: Search(TICTACTOE, exploration=np.nan), "exploration .* got nan"),
        (lambda: Search(TICTACTOE, 9, judged, noise=2), "noise .* 0 to 1, got 2"),
        (lambda: Search(TICTACTOE, noise=0.1), "noise 0.1 is for a judge's priors"),
        (lambda: Search(TICTACTOE)(OVER, chance(0)), "game is over, X has won: take"),
        (
            lambda: Search(TICTACTOE).many([TICTACTOE.start] * 2, [chance(0)]),
            "2 positions and 1 generators: give each its own",
        ),
        (
            lambda: judged(np.zeros((1, 7)), np.zeros(1)),
            r"logits \(1, 9\) and values \(1,\) for 1 .* tic-tac-toe, got \(1, 7\) and",
        ),
        (
            lambda: judged(np.zeros((1, 9)), np.zeros((1, 1))),
            r"got \(1, 9\) and \(1, 1",
        ),
        (lambda: judged(np.full((1, 9), np.nan), np.zeros(1)), "has .* diverged"),
        (lambda: judged(np.zeros((1, 9)), np.full(1, np.nan)), "not from -1 to 1"),
        (lambda: judged(np.zeros((1, 9)), np.full(1, 1.5)), "not from -1 to 1"),
        (
            lambda: minimax(CONNECT_FOUR, limit=500),
            "After 500 positions connect four is not solved: .* Search",
        ),
        (lambda: searching.share_optimal([], [], {}), "0 moves and 0 positions"),
        (
            lambda: searching.share_optimal([1], [OVER], {}),
            r"1 of 1 positions are not in the table, State\(",
        ),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert len(str(error.value).split(". ")) == 1
