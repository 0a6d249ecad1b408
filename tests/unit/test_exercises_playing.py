"""Chapter 16's exercises: other right spellings, and mistakes in learners' words."""

import math

import numpy as np
import pytest
import torch
from exercise_parts import assert_told_apart, names_of
from scipy import special
from torch.nn import functional as F

from bigmodel_lab import exercises
from bigmodel_lab.from_scratch import games, searching
from bigmodel_lab.models.players import policy_value_loss

pytestmark = pytest.mark.usefixtures("same_draws")
NAMES = names_of("playing")


def find(name):
    """Return an exercise of the chapter."""
    return exercises.find(f"playing.{name}")


# -- right, in other words -------------------------------------------------------------


def won_by_squares(board):
    b = board.ravel().tolist()
    for i, j, k in games.TicTacToe.rows + games.TicTacToe.columns + ((0, 4, 8),):
        if b[i] != 0 and b[i] == b[j] == b[k]:
            return b[i]
    return b[2] if b[2] == b[4] == b[6] else 0


def won_by_torch(board):
    b = torch.tensor(board)
    sums = torch.cat([b.sum(0), b.sum(1), b.trace()[None], b.fliplr().trace()[None]])
    return (sums == 3).any().int() - (sums == -3).any().int()


def won_of_the_chapter(board):
    sides = [
        sum(1 << k for k in np.flatnonzero(board.ravel() == mark).tolist())
        for mark in (1, -1)
    ]
    game = games.TicTacToe()
    return int(game.has_line(sides[0])) - int(game.has_line(sides[1]))


def worth_by_loop(after):
    best = -math.inf
    for value in after:
        best = max(best, -value)
    return best


def node(visits, totals, priors=None):
    """Return a node of the chapter's search, with what was tried so far."""
    one = searching.Node(list(range(len(visits))), priors)
    one.visits, one.totals = np.array(visits, float), np.array(totals)
    return one


def uct_by_loop(totals, visits, exploration):
    N = sum(visits)
    return [
        w / n + exploration * math.sqrt(math.log(N) / n)
        for w, n in zip(totals, visits, strict=True)
    ]


def uct_by_numpy(totals, visits, exploration):
    return totals / visits + np.sqrt(exploration**2 * np.log(visits.sum()) / visits)


def puct_by_loop(values, visits, priors, exploration):
    above = math.sqrt(sum(visits) + 1)
    return [
        q + exploration * p * above / (n + 1)
        for q, n, p in zip(values, visits, priors, strict=True)
    ]


def puct_of_the_chapter(values, visits, priors, exploration):
    return searching.puct(node(visits, values * visits, priors), exploration)


def play_by_loop(moves, visits, totals):
    best = 0
    for k in range(len(moves)):
        if visits[k] > visits[best]:
            best = k
    return int(moves[best])


def play_of_the_chapter(moves, visits, totals):
    every = np.zeros(7)
    every[moves] = visits
    return searching.Found(every, np.zeros(7), 0.0).best


def credits_from_the_end(length, result):
    found = []
    for _ in range(length):
        result = -result
        found.insert(0, result)
    return found


def credits_of_the_chapter(length, result):
    path = [(node([0], [0.0], np.ones(1)), 0) for _ in range(length)]
    searching.Search(games.TicTacToe()).back_up(path, result)
    return [float(one.totals[0]) for one, _ in path]


def shares_by_dividing(logits, allowed):
    powers = torch.exp(logits - logits.max()) * allowed
    return powers / powers.sum()


def shares_by_places(logits, allowed):
    found = torch.zeros_like(logits)
    found[allowed] = logits[allowed].softmax(0)
    return found


def shares_cut_twice(logits, allowed):
    kept = logits.softmax(0) * allowed
    return kept / kept.sum()


def shares_by_scipy(logits, allowed):
    return special.softmax(np.where(allowed, logits.numpy(), -np.inf))


def targets_by_loop(movers, winner):
    found = []
    for mover in movers:
        if winner == 0:
            found.append(0)
        else:
            found.append(1 if mover == winner else -1)
    return found


def loss_of_the_chapter(logits, shares):
    zeros = torch.zeros(len(logits), dtype=logits.dtype)
    targets = torch.cat([shares, zeros[:, None]], 1)
    return policy_value_loss((logits, zeros), targets)


def loss_by_loop(logits, shares):
    total = 0.0
    for row, share in zip(logits.tolist(), shares.tolist(), strict=True):
        powers = [math.exp(x) for x in row]
        for power, part in zip(powers, share, strict=True):
            total -= part * math.log(power / sum(powers))
    return total / len(logits)


RIGHT = [
    ("won", won_by_squares),
    ("won", won_by_torch),
    ("won", won_of_the_chapter),
    ("worth", worth_by_loop),
    ("worth", lambda after: -min(after)),
    ("worth", lambda after: -np.sort(after)[0]),
    ("worth", lambda after: max(0 - value for value in after.tolist())),
    ("uct_scores", uct_by_loop),
    ("uct_scores", lambda w, n, c: searching.uct(node(n, w), c)),
    ("uct_scores", uct_by_numpy),
    ("puct_scores", puct_by_loop),
    ("puct_scores", puct_of_the_chapter),
    ("move_to_play", play_by_loop),
    ("move_to_play", play_of_the_chapter),
    ("move_to_play", lambda m, n, w: max(zip(n, m, strict=True))[1]),
    ("move_to_play", lambda m, n, w: m[np.argsort(n)[-1:]][0]),
    ("credits", credits_from_the_end),
    ("credits", credits_of_the_chapter),
    ("credits", lambda L, z: [-z if (L - k) % 2 else z for k in range(L)]),
    ("credits", lambda L, z: z * (-1.0) ** np.arange(L, 0, -1)),
    ("move_shares", shares_by_dividing),
    ("move_shares", shares_by_places),
    ("move_shares", shares_cut_twice),
    ("move_shares", shares_by_scipy),
    ("move_shares", lambda x, a: (x + torch.where(a, 0.0, -1e9)).softmax(-1)),
    ("move_shares", lambda x, a: (x + a.log()).softmax(0)),
    ("value_targets", targets_by_loop),
    ("value_targets", lambda m, z: np.where(m == 1, z, -z)),
    ("value_targets", lambda m, z: torch.tensor(m) * float(z)),
    ("policy_loss", loss_of_the_chapter),
    ("policy_loss", loss_by_loop),
    ("policy_loss", F.cross_entropy),
    ("policy_loss", lambda x, s: -(s * x.softmax(1).log()).sum() / len(x)),
    ("policy_loss", lambda x, s: (x.logsumexp(1) - (s * x).sum(1)).mean()),
    ("elo_gap", lambda w, d, x: 400 * math.log10((2 * w + d) / (2 * x + d))),
    (
        "elo_gap",
        lambda w, d, x: 400 / math.log(10) * special.logit((w + d / 2) / (w + d + x)),
    ),
    ("elo_gap", lambda w, d, x: -400 * math.log10((w + d + x) / (w + d / 2) - 1)),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = find(name)
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


# -- wrong, in a learner's words -------------------------------------------------------


def rows_alone(board):
    for row in board:
        if abs(row.sum()) == 3:
            return row[0]
    return 0


def one_diagonal(board):
    sums = [*board.sum(0), *board.sum(1), np.trace(board)]
    return 1 if 3 in sums else -1 if -3 in sums else 0


def rows_and_diagonals(board):
    sums = [*board.sum(1), board.trace(), np.fliplr(board).trace()]
    return 1 if 3 in sums else -1 if -3 in sums else 0


def any_line(board):
    return won_by_squares(board) != 0


def who_moved_last(board):
    return 1 if (board == 1).sum() > (board == -1).sum() else -1


def best_begun_at_0(after):
    best = 0
    for value in after:
        best = max(best, -value)
    return best


def credits_from_the_first(length, result):
    found, sign = [], 1
    for _ in range(length):
        found.append(sign * result)
        sign = -sign
    return found


def credits_before_the_turn(length, result):
    found = []
    for _ in range(length):
        found.insert(0, result)
        result = -result
    return found


def credits_of_one_player(length, result):
    found = [0.0] * length
    for k in range(length - 1, -1, -2):
        found[k] = -result
    return found


def shares_with_zeros_in_the_softmax(logits, allowed):
    logits = logits.clone()
    logits[~allowed] = 0
    return torch.softmax(logits, 0)


def shares_cut_after(logits, allowed):
    shares = torch.softmax(logits, 0)
    shares[~allowed] = 0
    return shares


def shares_of_the_best(logits, allowed):
    masked = torch.where(allowed, logits, -torch.inf)
    return (masked == masked.max()).double()


WRONG = [
    ("won", rows_alone, "rows_alone"),
    ("won", one_diagonal, "rising_forgotten"),
    ("won", rows_and_diagonals, "columns_forgotten"),
    ("won", any_line, "any_line"),
    ("won", lambda b: won_by_squares(b) == 1, "only_x"),
    ("won", lambda b: -won_by_squares(b), "turned"),
    ("won", lambda b: -abs(won_by_squares(b)), "seen_by_the_mover"),
    ("won", who_moved_last, "moved_last"),
    ("won", lambda b: np.sign(b.sum()), "more_stones"),
    ("worth", max, "best_for_the_other"),
    ("worth", min, "sign_forgotten"),
    ("worth", lambda a: -max(a), "worst_move"),
    ("worth", lambda a: abs(min(a)), "size"),
    ("worth", np.argmin, "place"),
    ("worth", lambda a: np.mean(-a), "mean_for_me"),
    ("worth", lambda a: max(1 - a), "one_minus"),
    ("worth", best_begun_at_0, "begun_at_0"),
    ("uct_scores", lambda w, n, c: w + c * np.sqrt(np.log(sum(n)) / n), "not_divided"),
    ("uct_scores", lambda w, n, c: w / n + c * np.sqrt(np.log(n) / n), "own_logarithm"),
    ("uct_scores", lambda w, n, c: w / n, "mean_alone"),
    (
        "uct_scores",
        lambda w, n, c: w / n + np.sqrt(c * np.log(n.sum()) / n),
        "exploration_under_the_root",
    ),
    (
        "uct_scores",
        lambda w, n, c: w / n.sum() + c * np.sqrt(np.log(n.sum()) / n),
        "divided_by_all",
    ),
    (
        "uct_scores",
        lambda w, n, c: w / n + c * np.sqrt(2 * np.log(n.sum()) / n),
        "two_under_the_root",
    ),
    (
        "puct_scores",
        lambda q, n, p, c: q + c * p * np.sqrt(n.sum()) / (1 + n),
        "no_one_above",
    ),
    (
        "puct_scores",
        lambda q, n, p, c: q + c * p / np.sqrt(1 + n),
        "own_visits_above",
    ),
    (
        "puct_scores",
        lambda q, n, p, c: q + c * np.sqrt(1 + n.sum()) / (1 + n),
        "priors_forgotten",
    ),
    (
        "puct_scores",
        lambda q, n, p, c: q + p * np.sqrt(1 + n.sum()) / (1 + n),
        "exploration_forgotten",
    ),
    (
        "puct_scores",
        lambda q, n, p, c: c * p * np.sqrt(1 + n.sum()) / (1 + n),
        "values_forgotten",
    ),
    ("move_to_play", lambda m, n, w: m[np.argmax(w / n)], "highest_mean"),
    ("move_to_play", lambda m, n, w: m[np.argmax(w)], "highest_total"),
    ("move_to_play", lambda m, n, w: m[np.argmin(w / n)], "lowest_mean"),
    ("move_to_play", lambda m, n, w: np.argmax(n), "place"),
    ("move_to_play", lambda m, n, w: max(n), "how_often"),
    ("move_to_play", lambda m, n, w: m[0], "first"),
    (
        "move_to_play",
        lambda m, n, w: m[searching.uct(node(n, w), 1.5).argmax()],
        "next_to_try",
    ),
    ("credits", credits_from_the_first, "first_gets_plus"),
    ("credits", credits_before_the_turn, "turned"),
    ("credits", credits_of_one_player, "other_player_0"),
    ("credits", lambda L, z: credits_from_the_end(L, z)[::-1], "first_gets_minus"),
    ("credits", lambda L, z: [z] * L, "same_for_all"),
    ("credits", lambda L, z: [0] * (L - 1) + [-z], "last_alone"),
    ("credits", lambda L, z: [*credits_from_the_end(L, z), z], "one_too_many"),
    ("move_shares", shares_with_zeros_in_the_softmax, "logits_0"),
    ("move_shares", shares_cut_after, "not_divided_again"),
    ("move_shares", shares_of_the_best, "best_alone"),
    ("move_shares", lambda x, a: shares_by_places(x, ~a), "forbidden_moves"),
    ("move_shares", lambda x, a: x.softmax(0), "all_moves"),
    ("move_shares", lambda x, a: x[a].softmax(0), "others_left_out"),
    ("move_shares", lambda x, a: x.exp() * a, "not_divided"),
    ("value_targets", lambda m, z: [z] * len(m), "winner_everywhere"),
    ("value_targets", lambda m, z: -z * m, "turned"),
    ("value_targets", lambda m, z: m == z, "won_or_not"),
    ("value_targets", lambda m, z: [1 if k == z else -1 for k in m], "draw_is_lost"),
    ("value_targets", lambda m, z: (z * m + 1) / 2, "from_0_to_1"),
    (
        "value_targets",
        lambda m, z: [z * (-1) ** k for k in range(len(m))],
        "in_turn",
    ),
    (
        "policy_loss",
        lambda x, s: F.cross_entropy(x, s.argmax(1)),
        "favorite_alone",
    ),
    (
        "policy_loss",
        lambda x, s: F.cross_entropy(x, s, reduction="sum"),
        "sum",
    ),
    (
        "policy_loss",
        lambda x, s: F.cross_entropy(x.softmax(1), s),
        "softmax_twice",
    ),
    (
        "policy_loss",
        lambda x, s: F.kl_div(x.log_softmax(1), s, reduction="batchmean"),
        "entropy_subtracted",
    ),
    (
        "policy_loss",
        lambda x, s: -(s * x.log_softmax(0)).sum(1).mean(),
        "over_the_positions",
    ),
    ("policy_loss", lambda x, s: F.mse_loss(x.softmax(1), s), "squared_error"),
    ("policy_loss", lambda x, s: (s * x.log_softmax(1)).sum(1).mean(), "sign"),
    ("elo_gap", lambda w, d, x: 400 * math.log10(w / x), "draws_left_out"),
    ("elo_gap", lambda w, d, x: (w + d / 2) / (w + d + x), "share"),
    (
        "elo_gap",
        lambda w, d, x: 400 * math.log(w + d / 2) - 400 * math.log(x + d / 2),
        "natural",
    ),
    (
        "elo_gap",
        lambda w, d, x: 400 * math.log10((x + d / 2) / (w + d / 2)),
        "turned",
    ),
    (
        "elo_gap",
        lambda w, d, x: 400 * math.log10((w + d / 2) / (w + d + x)),
        "share_alone",
    ),
    (
        "elo_gap",
        lambda w, d, x: 200 * (w - x) / (w + d + x),
        "straight_line",
    ),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = find(name)
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "wrong"
        assert feedback.misconception == mistake


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_has_its_own_name_in_many_checks(name):
    assert_told_apart(find(name), times=15)


@pytest.mark.parametrize("name", NAMES)
def test_checks_hardly_ever_draw_the_same_twice(name):
    """A single board may come again; five of them in a check do not."""
    one = find(name)
    drawn = {
        str([a for a, _ in one.cases(np.random.default_rng(seed))])
        for seed in range(100)
    }
    assert len(drawn) == 100


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("constant", [0.0, 1.0, -1.0, math.nan])
def test_who_always_returns_the_same_number_is_told_of_no_mistake(name, constant):
    feedback = find(name).judge(lambda *arguments: constant)
    assert feedback.outcome == "wrong"
    assert feedback.misconception is None


# -- what the sentences and docstrings say is so ---------------------------------------


def test_a_check_has_each_kind_of_line_and_a_board_without_one():
    one = find("won")
    for _ in range(10):
        found = []
        for (board,), right in one.cases(one.rng()):
            assert board.sum() in (0, 1)  # X began
            if right:  # who has a line has moved last
                assert board.sum() == (right == 1)
            lines = [*board, *board.T, board.diagonal(), np.fliplr(board).diagonal()]
            sums = [abs(line.sum()) == 3 for line in lines]
            assert sum(sums) == abs(right)
            kinds = [any(sums[:3]), any(sums[3:6]), sums[6], sums[7]]
            found.append(kinds.index(True) if right else 4)
        assert sorted(found) == [0, 1, 2, 3, 4]


def test_each_board_can_be_reached():
    game, rng = games.TicTacToe(), np.random.default_rng(0)
    boards = set()
    for state in searching.minimax(game):
        mine, theirs = game.planes(state).reshape(2, 9)
        boards.add(tuple((game.to_move(state) * (mine - theirs)).tolist()))
    for _ in range(200):
        (board,) = find("won").inputs(rng)
        assert tuple(board.ravel().tolist()) in boards


def test_minimax_takes_what_the_exercise_returns():
    game, one = games.TicTacToe(), find("worth").solution
    table = searching.minimax(game)
    for state, solved in table.items():
        after = [table[game.play(state, move)].value for move in game.moves(state)]
        if after:
            assert one(np.array(after)) == solved.value


def test_doubt_grows_while_others_are_tried_and_falls_with_a_try():
    uct, puct = (find(name).solution for name in ("uct_scores", "puct_scores"))
    few, many = np.array([1, 1, 5]), np.array([1, 1, 50])
    assert uct(0 * few, many, 1.0)[0] > uct(0 * few, few, 1.0)[0]
    assert uct(0 * few, many, 1.0)[2] < uct(0 * few, few, 1.0)[2]
    none, priors = np.zeros(3), np.array([0.5, 0.3, 0.2])
    assert puct(none, none, priors, 2.0).tolist() == pytest.approx([1.0, 0.6, 0.4])
    assert puct(none, many, priors, 1.0)[2] < puct(none, few, priors, 1.0)[2]


def test_the_recommended_column_is_not_its_place():
    one = find("move_to_play")
    for _ in range(5):
        for (moves, visits, totals), right in one.cases(one.rng()):
            assert right in moves
            assert right != visits.argmax()
            assert len(set(visits)) == len(moves) < 7
            assert min(visits) >= 1
            assert (abs(totals) <= visits).all()
            assert (np.diff(moves) > 0).all()


def test_credits_that_can_be_counted_by_hand():
    one = find("credits").solution
    assert one(3, 0.5) == [-0.5, 0.5, -0.5]
    assert one(2, -1.0) == [-1.0, 1.0]


def test_a_check_has_even_and_odd_ways_wins_and_losses():
    one = find("credits")
    for _ in range(10):
        kinds = {(L % 2, z > 0) for (L, z), _ in one.cases(one.rng())}
        assert len(kinds) == 4


def test_shares_add_up_to_1_over_what_is_allowed():
    one = find("move_shares")
    for _ in range(10):
        for (_, allowed), shares in one.cases(one.rng()):
            assert 2 <= allowed.sum() <= len(allowed) - 2
            assert shares.sum().item() == pytest.approx(1)
            assert ((shares > 0) == allowed).all()


def test_a_check_has_wins_of_both_and_draws():
    one = find("value_targets")
    for _ in range(10):
        winners = set()
        for (movers, winner), _ in one.cases(one.rng()):
            assert set(movers) == {1, -1}
            assert (np.diff(movers) == 0).any()
            winners.add(winner)
        assert winners == {1, 0, -1}


def test_the_divergence_has_the_same_gradient():
    """The sentence says so."""
    logits, shares = find("policy_loss").inputs(np.random.default_rng(0))

    def divergence(logits, shares):
        return F.kl_div(logits.log_softmax(1), shares, reduction="batchmean")

    gradients = []
    for loss in (find("policy_loss").solution, divergence):
        x = logits.clone().requires_grad_()
        gradients += torch.autograd.grad(loss(x, shares), x)
    torch.testing.assert_close(*gradients)
    named = find("policy_loss").mistaken((logits, shares))["entropy_subtracted"]
    torch.testing.assert_close(named, divergence(logits, shares))


def test_a_gap_that_is_known():
    one = find("elo_gap").solution
    assert one(5, 3, 5) == 0
    assert one(10, 0, 1) == pytest.approx(400)
    assert one(76, 0, 24) == pytest.approx(200, abs=1)
    assert one(3, 2, 9) == pytest.approx(-one(9, 2, 3))


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("won", lambda b: b, "One number is asked for"),
        ("worth", lambda a: -a, "One number is asked for"),
        (
            "uct_scores",
            lambda w, n, c: -uct_by_numpy(w, n, c),
            "The sign is wrong",
        ),
        ("puct_scores", lambda q, n, p, c: p, "This is priors as it came in"),
        ("move_to_play", lambda m, n, w: m, "One number is asked for"),
        ("credits", lambda L, z: [z / 2] * L, " is right for "),
        ("move_shares", lambda x, a: x * 0, "Every value is 0"),
        ("value_targets", lambda m, z: (m * z).sum(), "This is the sum of the"),
        ("policy_loss", lambda x, s: -s * x.log_softmax(1), "One number is asked for"),
        ("elo_gap", lambda w, d, x: 100 * (w + d / 2) / (w + d + x), " is right for "),
    ],
)
def test_of_what_nobody_listed_something_true_is_said(name, answer, says):
    feedback = find(name).judge(answer)
    assert feedback.outcome == "wrong"
    assert says in feedback.message
