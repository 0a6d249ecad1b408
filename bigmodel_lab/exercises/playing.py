"""Exercises of chapter 16: who has won, what to try, what to learn from a search."""

import math

import numpy as np
import torch
from torch.nn import functional as F

from bigmodel_lab.exercises import draws
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


_SQUARES = np.arange(9).reshape(3, 3)
_LINES = {
    "row": list(_SQUARES),
    "column": list(_SQUARES.T),
    "falling": [_SQUARES.diagonal()],  # from the top left
    "rising": [_SQUARES[::-1].diagonal()],
}


def _whose(board, *kinds):
    """Return who has a line of these kinds: 1, -1 or 0."""
    sums = [board.ravel()[line].sum() for kind in kinds for line in _LINES[kind]]
    return (3 in sums) - (-3 in sums)


def _boards(rng):
    """Return a board of a real game, in turn with one line of each kind, or without.

    A check has lines of X, and two kinds of O's. Without a line, X has moved last.
    """
    kind = draws.in_turn(rng, *_LINES, "none")
    known = {"falling": 1, "rising": -1, "row": -1}
    mark = known.get(kind, int(rng.choice([1, -1])))
    while True:
        board = np.zeros(9, int)
        if kind == "none":
            mark, fixed, count = 1, [], int(rng.integers(2, 6))
        else:
            lines = _LINES[kind]
            fixed = lines[rng.integers(len(lines))]
            count = int(rng.integers(3, 6 if mark == 1 else 5))
        rest = rng.permutation(np.setdiff1d(np.arange(9), fixed))
        own, other = count - len(fixed), count - (mark == 1)
        board[fixed], board[rest[:own]] = mark, mark
        board[rest[own : own + other]] = -mark
        lines = [line for lines in _LINES.values() for line in lines]
        if sum(abs(board[line].sum()) == 3 for line in lines) == (kind != "none"):
            return (board.reshape(3, 3),)


@exercise(
    inputs=_boards,
    hints=[
        "What do the numbers of a line add up to, if all three are X's? And if all "
        "three are O's? How many lines are there?",
        "`board.sum(axis=1)` has the three rows, `board.sum(axis=0)` the columns, "
        "`board.trace()` one diagonal and `board[::-1].trace()` the other one.",
        "`sums = [*board.sum(1), *board.sum(0), board.trace(), board[::-1].trace()]`. "
        "Return 1 if 3 is among them, -1 if -3 is, else 0.",
    ],
)
def won(board):
    """Return who has three in a row in tic-tac-toe: 1 for X, -1 for O, 0 for nobody.

    board is an array (3, 3) of whole numbers: 1 where X has a stone, -1 where O has
    one, 0 where nothing stands. X began, and the two took turns. Three in a row may lie
    in a row, in a column or in one of the two diagonals. At most one player has them.
    """
    lines = [*board, *board.T, board.diagonal(), board[::-1].diagonal()]
    sums = [line.sum() for line in lines]
    return (3 in sums) - (-3 in sums)


@won.mistakes
def _(board):
    """
    rows_alone: Only the three rows are looked at. Three in a row may stand in a column
        or in a diagonal, too.
    columns_alone: Only the three columns are looked at. Three in a row may lie in a row
        or in a diagonal, too.
    diagonals_forgotten: The two diagonals are missing: only rows and columns are looked
        at.
    rising_forgotten: The diagonal from the bottom left to the top right is missing.
        Turn the board over, as `board[::-1]` does, and take the diagonal of that.
    falling_forgotten: The diagonal from the top left to the bottom right is missing.
    columns_forgotten: The columns are missing. They are the rows of `board.T`.
    any_line: It is 1 for any line, also for one of O's. Three stones of O must give -1.
    only_x: O's lines are missing. Three stones of O must give -1.
    turned: The sign is turned: 1 is for X, -1 for O.
    seen_by_the_mover: It is -1 for any line, as if seen by the player to move, who has
        lost. Here it should say who has won: 1 for X, -1 for O.
    more_stones: It says who has more stones. X has one more after each move of X. Look
        at the lines.
    moved_last: It says who moved last. If somebody has won, that is who did, but not
        every game is won. Look at the lines.
    """
    right, last = _whose(board, *_LINES), 1 if board.sum() else -1
    return {
        "rows_alone": _whose(board, "row"),
        "columns_alone": _whose(board, "column"),
        "diagonals_forgotten": _whose(board, "row", "column"),
        "rising_forgotten": _whose(board, "row", "column", "falling"),
        "falling_forgotten": _whose(board, "row", "column", "rising"),
        "columns_forgotten": _whose(board, "row", "falling", "rising"),
        "any_line": abs(right),
        "only_x": max(right, 0),
        "turned": -right,
        "seen_by_the_mover": -abs(right),
        "more_stones": np.sign(board.sum()),
        "moved_last": last,
    }


# -- 2 ---------------------------------------------------------------------------------


def _values_after(rng):
    """Return values (k,), all different, of positions that the other one moves in.

    In turn, some are good for me, and all are bad. The first is neither the best nor
    the worst.
    """
    all_bad = draws.every_other(rng)
    k = int(rng.integers(3, 8))
    while True:
        lowest = 10 if all_bad else -95
        after = rng.choice(np.arange(lowest, 96), k, replace=False) / 100
        mixed = after.min() < -0.05 and after.max() > 0.05
        if after.argmin() and after.argmax() and (all_bad or mixed):
            return (after,)


@exercise(
    inputs=_values_after,
    hints=[
        "A move leads to a position that is worth 0.8 to the other one. What is it "
        "worth to you? Do you want a high number there, or a low one?",
        "To you, the positions are worth `-after`. Of these, you choose.",
        "`max(-after)`, which is the same as `-min(after)`",
    ],
)
def worth(after):
    """Return what a position is worth to the player to move: a number from -1 to 1.

    after is an array (k,): for each of my k moves, the value of the position that it
    leads to. Each is seen by the player who moves there, the other one: 1 is a win for
    them, -1 a loss. What is good for one is as bad for the other. I move now, I take
    the move that is best for me, and the result is seen by me.
    """
    values_for_me = -after
    return values_for_me.max()


@worth.mistakes
def _(after):
    """
    best_for_the_other: That is the largest value, where the other one is best off. The
        values are seen by them: turn the signs first.
    sign_forgotten: You found the best move, but that is what the other one thinks of
        it. Seen by you, the sign is turned.
    worst_move: You turned the sign of the largest value. That is your worst move: turn
        all signs first, then take the largest.
    mean: That is the mean of what the other one thinks. You do not move at random: take
        your best move, seen by you.
    mean_for_me: That is the mean over your moves, seen by you. You do not move at
        random: only the best move counts.
    sum_for_me: That is the sum over your moves, seen by you. You make one of them: only
        the best one counts.
    size: Your result is never below 0: the minus of a loss is gone. If all of your
        moves are bad, the position is bad.
    begun_at_0: Your result is 0 if all of your moves are bad. Does your search for the
        best one begin at 0? Begin with the first move, or with -infinity.
    place: That is the place of your best move. Asked for is what the position is worth.
    one_minus: You took 1 minus the smallest value, as for chances from 0 to 1. Values
        from -1 to 1 are seen by the other one with the opposite sign.
    first_move: That is what your first move is worth to you. Choose the best of all.
    """
    return {
        "best_for_the_other": after.max(),
        "sign_forgotten": after.min(),
        "worst_move": -after.max(),
        "mean": after.mean(),
        "mean_for_me": -after.mean(),
        "sum_for_me": -after.sum(),
        "size": abs(after.min()),
        "begun_at_0": max(0, -after.min()),
        "place": after.argmin(),
        "one_minus": 1 - after.min(),
        "first_move": -after[0],
    }


# -- 3 ---------------------------------------------------------------------------------


def _exploration(rng):
    """Return an exploration of 0.4 to 2.5 that is not near to 1."""
    low, high = (0.4, 0.9) if rng.random() < 0.4 else (1.2, 2.5)
    return round(rng.uniform(low, high), 2)


def _totals_and_visits(rng):
    """Return totals (k,), visits (k,), all different, and an exploration."""
    k = int(rng.integers(3, 8))
    visits = rng.choice(np.arange(1, 60), k, replace=False)
    totals = np.round(rng.uniform(-0.8, 0.9, k) * visits)
    totals[visits.argmax()] = rng.integers(1, visits.max())  # not all are 0
    return totals, visits, _exploration(rng)


@exercise(
    inputs=_totals_and_visits,
    hints=[
        "A score has two parts. Which part grows if a move is *not* tried while others "
        "are?",
        "The mean is `totals / visits`. In the doubt, the logarithm is the same for "
        "all moves: `np.log(visits.sum())`.",
        "`totals / visits + exploration * np.sqrt(np.log(visits.sum()) / visits)`",
    ],
)
def uct_scores(totals, visits, exploration):
    """Return the score of each move by UCT: (k,).

    totals is an array (k,): the sum of the results of all play-outs that began with
    each move, seen by the player to move. visits is an array (k,): how many play-outs
    these were, each at least 1. exploration is a number above 0. A move's score is the
    mean of its results, and added to it, exploration times its doubt. The doubt is the
    root of a fraction: the natural logarithm of how many play-outs there were in all,
    divided by how many there were of this move.

    Source: Kocsis and Szepesvári (2006), "Bandit based Monte-Carlo planning"
    """
    doubt = np.sqrt(np.log(visits.sum()) / visits)
    return totals / visits + exploration * doubt


@uct_scores.mistakes
def _(totals, visits, exploration):
    """
    not_divided: You took the totals as they are. A move that was tried often would win
        by that alone: divide by its own visits.
    divided_by_all: You divided the totals by all play-outs. The mean of a move's
        results is its total divided by its own visits.
    own_logarithm: You took the logarithm of the move's own visits. It is that of all
        play-outs: so the doubt grows while others are tried.
    root_forgotten: The root is missing in the doubt.
    logarithm_forgotten: The logarithm is missing: you divided all play-outs themselves
        by the move's own. So a bad move would keep its share of them for ever.
    exploration_forgotten: `exploration` is missing: the doubt is multiplied by it.
    exploration_under_the_root: You put `exploration` under the root. It stands before
        it.
    subtracted: You subtracted the doubt. A move that was tried little should be tried
        more: add it.
    mean_alone: That is the mean alone. A move that lost its first play-out by bad luck
        might never be tried again: the doubt is missing.
    base_2: You took the logarithm to the base 2. The natural one is asked for.
    base_10: You took the logarithm to the base 10. The natural one is asked for.
    two_under_the_root: There is a 2 under your root, as in a formula that has no
        `exploration`. Here this number takes its place.
    """
    n, N, c = visits, visits.sum(), exploration
    mean = totals / n
    doubt = np.sqrt(np.log(N) / n)
    return {
        "not_divided": totals + c * doubt,
        "divided_by_all": totals / N + c * doubt,
        "own_logarithm": mean + c * np.sqrt(np.log(n) / n),
        "root_forgotten": mean + c * np.log(N) / n,
        "logarithm_forgotten": mean + c * np.sqrt(N / n),
        "exploration_forgotten": mean + doubt,
        "exploration_under_the_root": mean + np.sqrt(c) * doubt,
        "subtracted": mean - c * doubt,
        "mean_alone": mean,
        "base_2": mean + c * np.sqrt(np.log2(N) / n),
        "base_10": mean + c * np.sqrt(np.log10(N) / n),
        "two_under_the_root": mean + c * np.sqrt(2) * doubt,
    }


# -- 4 ---------------------------------------------------------------------------------


def _length_and_result(rng):
    """Return a length, in turn even and odd, and a result, in turn above and below 0.

    A check has all four.
    """
    odd, sign = draws.in_turn(rng, (0, 1), (0, -1), (1, 1), (1, -1))
    result = sign * round(rng.uniform(0.1, 0.95), 3)
    return 2 * int(rng.integers(1, 5)) + odd, result


@exercise(
    inputs=_length_and_result,
    hints=[
        "Who is to move at the end: the one who made the last move, or the other one? "
        "So what does the last move get?",
        "The last move gets `-result`, the one before it `result`, and so on, back to "
        "the first. Is it easier to begin at the end?",
        "`[result * (-1) ** (length - k) for k in range(length)]`",
    ],
)
def credits(length, result):
    """Return what a play-out adds to the total of each move on its way: a list.

    length is a whole number: how many moves the play-out went down the tree, at least
    2; the players took turns. result is a number from -1 to 1: what the position is
    worth that it came to, seen by the player to move there. A move's total is seen by
    the player who makes the move. The list has `length` numbers, the first move's
    first.
    """
    return [result * (-1) ** (length - place) for place in range(length)]


@credits.mistakes
def _(length, result):
    """
    same_for_all: All moves get the result as it is. Every other move was made by the
        other player, for whom it has the opposite sign.
    minus_for_all: All moves get minus the result. Every other move was made by the
        other player, for whom it has the opposite sign.
    turned: Your last move gets the result as it is. It is seen by the player to move at
        the end: who made the last move is the other one.
    first_gets_minus: Your first move always gets minus the result. It is the last one
        that always does: alternate from the end.
    first_gets_plus: Your first move always gets the result as it is. The last one
        always gets minus the result: alternate from the end.
    other_player_0: Every second move gets 0 in yours, from the last but one back. The
        other player learns from the play-out, too: for them, the sign is turned.
    last_player_0: Every second move gets 0 in yours, from the last one back. Its player
        learns from the play-out, too: for them, the sign is turned.
    last_alone: Only the last move gets something. All moves led there.
    sizes: The sign is missing: what is a win for one is a loss for the other.
    shared_out: You divided the result among the moves. Each move's total gets all of
        it: the mean is taken over play-outs.
    one_too_many: There is one number too many: the position at the end has a value, but
        no move was made there.
    """
    right = np.array([result * (-1) ** (length - place) for place in range(length)])
    signs = (-1.0) ** np.arange(length)
    return {
        "same_for_all": np.full(length, result),
        "minus_for_all": np.full(length, -result),
        "turned": -right,
        "first_gets_minus": -result * signs,
        "first_gets_plus": result * signs,
        "other_player_0": np.where(right == -result, right, 0),
        "last_player_0": np.where(right == result, right, 0),
        "last_alone": np.append(np.zeros(length - 1), -result),
        "sizes": abs(right),
        "shared_out": right / length,
        "one_too_many": np.append(right, result),
    }


# -- 5 ---------------------------------------------------------------------------------


def _choices(moves, visits, totals):
    """Return which move each way of choosing would take, by name."""
    means = totals / visits
    return {
        "highest_mean": moves[means.argmax()],
        "highest_total": moves[totals.argmax()],
        "least_tried": moves[visits.argmin()],
        "next_to_try": moves[uct_scores.solution(totals, visits, 1.5).argmax()],
        "lowest_mean": moves[means.argmin()],
        "first": moves[0],
    }


def _moves_visits_and_totals(rng):
    """Return moves, visits and totals (k,), by which ways to choose can be told apart.

    In turn, UCT would try another move next than any of the other ways takes, and all
    of these take different ones. In the first case, the outer columns are full. The
    move tried most often has another place than its column's number.
    """
    next_apart = draws.every_other(rng)
    while True:
        k = int(rng.integers(4, 6)) if next_apart else 6
        columns = np.arange(1, 6) if next_apart else np.arange(7)
        moves = np.sort(rng.choice(columns, k, replace=False))
        visits = rng.choice(np.delete(np.arange(1, 30), 14), k, replace=False)
        most = int(rng.integers(1, k))
        visits[most] = rng.integers(30, 50)
        means = rng.uniform(-0.8, 0.9, k)
        means[most] = rng.uniform(-0.2, 0.2)
        if not next_apart:  # else it would take long to draw six different ones
            visits[0] = 15
            means[[0, visits.argmin()]] = rng.uniform(-0.3, 0.4, 2)
        totals = np.round(means * visits)
        found = _choices(moves, visits, totals)
        following = found.pop("next_to_try")
        taken = {moves[most], *found.values()}
        apart = following not in taken if next_apart else len(taken) == 6
        if apart and most not in taken:
            return moves, visits, totals


@exercise(
    inputs=_moves_visits_and_totals,
    hints=[
        "A move that was tried twice and won twice has a mean of 1. How sure is that? "
        "And why did the search not come back to it?",
        "The search tries a move again as long as it looks good: the one tried most "
        "often has stood the test. `visits.argmax()` is its place in the list.",
        "`moves[visits.argmax()]`",
    ],
)
def move_to_play(moves, visits, totals):
    """Return the move in connect four that a search recommends: a column, 0 to 6.

    moves is an array (k,) of whole numbers: the columns that are not full, in order.
    visits is an array (k,): in how many play-outs each of them was tried, each at least
    once. totals is an array (k,): the sum of these play-outs' results, seen by the
    player to move. No two moves were tried equally often. The result is the column's
    number.

    Source: Silver and others (2017), "Mastering the game of Go without human knowledge"
    """
    tried_most_often = visits.argmax()
    return moves[tried_most_often]


@move_to_play.mistakes
def _(moves, visits, totals):
    """
    highest_mean: It is the move of the highest mean. A mean of few play-outs may be
        high by luck. Where did the search come back to again and again?
    highest_total: It is the move of the highest total. Its mean may be high by luck;
        which move did the search come back to again and again?
    place: It is the place in the list. Where a column is full, places and columns
        differ: look up the column in `moves`.
    least_tried: It is the move that was tried least. The search did not come back to it
        for a reason.
    next_to_try: It is the move that UCT would try next. Doubt is a reason to try a
        move, not to play it.
    lowest_mean: It is the move of the lowest mean. The totals are seen by the player to
        move: the lowest is the worst. But it is the visits that decide.
    first: It is the first column that is not full. Which one was tried most often?
    how_often: It is how often the move was tried. Asked for is its column.
    """
    most = visits.argmax()
    return _choices(moves, visits, totals) | {"place": most, "how_often": visits[most]}


# -- 6 ---------------------------------------------------------------------------------


def _results_of_a_match(rng):
    """Return wins, draws and losses, in turn with more wins and with more losses."""
    wins_more = draws.every_other(rng)
    fewer, more = np.sort(rng.choice(np.arange(2, 40), 2, replace=False)).tolist()
    wins, losses = (more, fewer) if wins_more else (fewer, more)
    return wins, int(rng.integers(2, 30)), losses


@exercise(
    inputs=_results_of_a_match,
    hints=[
        "How many points has the player, and what share of all points is that?",
        "`s = (wins + draws / 2) / (wins + draws + losses)`. Who has three times as "
        "many points as the other one has s / (1 - s) = 3.",
        "`400 * math.log10(s / (1 - s))`",
    ],
)
def elo_gap(wins, draws, losses):
    """Return by how many Elo points a match says that a player is stronger: a number.

    wins, draws and losses are whole numbers: how the games ended for the player. A win
    gives a point, a draw half a point, a loss none. s is the player's points divided by
    how many games there were; here it is above 0 and below 1. The gap is 400 times the
    logarithm to the base 10 of s / (1 - s): negative if the player is weaker.

    Source: Elo (1978), "The rating of chessplayers, past and present"
    """
    s = (wins + draws / 2) / (wins + draws + losses)
    return 400 * math.log10(s / (1 - s))


@elo_gap.mistakes
def _(wins, draws, losses):
    """
    draws_left_out: The draws are left out. Each is half a point: it shows that the two
        are near to each other.
    draws_won: You counted a draw as a win. It is half a point.
    draws_lost: You counted a draw as a loss: they count as games, but give no points. A
        draw is half a point.
    draws_twice: You counted a draw as a win for both. It is half a point for each.
    other_without_draws: You divided the player's points by the other one's wins. The
        other one gets half a point for each draw, too.
    natural: You took the natural logarithm. It is the one to the base 10.
    turned: The sign is turned: the gap is above 0 if the player is stronger. It is the
        logarithm of s / (1 - s), not of (1 - s) / s.
    without_400: The factor 400 is missing. With it, 10 points for each one of the other
        player are 400 Elo.
    share: That is s, the player's share of the points. The gap is made of it.
    share_alone: You took the logarithm of s. It is taken of s / (1 - s): equal players
        must be 0 apart.
    straight_line: You took 400 · (s - 1/2). Near one half that has the right sign, but
        who wins nearly all games is far more than 200 points stronger.
    difference: That is how many wins there are more than losses. It grows with the
        number of games; Elo does not.
    """
    n = wins + draws + losses
    s = (wins + draws / 2) / n
    right = 400 * math.log10(s / (1 - s))
    return {
        "draws_left_out": 400 * math.log10(wins / losses),
        "draws_won": 400 * math.log10((wins + draws) / losses),
        "draws_lost": 400 * math.log10(wins / (draws + losses)),
        "draws_twice": 400 * math.log10((wins + draws) / (losses + draws)),
        "other_without_draws": 400 * math.log10((wins + draws / 2) / losses),
        "natural": right * math.log(10),
        "turned": -right,
        "without_400": right / 400,
        "share": s,
        "share_alone": 400 * math.log10(s),
        "straight_line": 400 * (s - 1 / 2),
        "difference": wins - losses,
    }


# -- 7 ---------------------------------------------------------------------------------


def _logits_and_allowed(rng):
    """Return logits (M,), and which moves are allowed: two at least, two are not."""
    M = int(rng.integers(5, 10))
    allowed = np.arange(M) < rng.integers(2, M - 1)
    return 1.5 * draws.normal(rng, M), torch.from_numpy(rng.permutation(allowed))


@exercise(
    inputs=_logits_and_allowed,
    hints=[
        "Which logit has the probability 0 after a softmax?",
        "exp(-infinity) is 0. `logits.masked_fill(~allowed, -math.inf)` puts "
        "-infinity wherever a move is not allowed; `~` is the opposite of a mask.",
        "`torch.softmax(logits.masked_fill(~allowed, -math.inf), dim=0)`",
    ],
)
def move_shares(logits, allowed):
    """Return the probability of each move: (M,); 0 where a move is not allowed.

    logits is a tensor (M,): what the network gives for each move, allowed or not.
    allowed is a tensor (M,) of True and False: True where the move is allowed; at least
    two are. The result is the softmax over the moves that are allowed, each at its
    place: it adds up to 1.
    """
    playable = logits.masked_fill(~allowed, -math.inf)
    return torch.softmax(playable, dim=0)


@move_shares.mistakes
def _(logits, allowed):
    """
    not_divided_again: You took the softmax over all moves, and put 0 where one is not
        allowed. Then the rest adds up to less than 1: divide by its sum.
    logits_0: You put 0 in place of the logits of moves that are not allowed. exp(0) is
        1, so they keep a probability: it takes -infinity.
    logits_0_then_cut: You put 0 in place of the logits of moves that are not allowed,
        and cut their probabilities off after the softmax. The rest adds up to less than
        1: put -infinity there before.
    all_moves: That is the softmax over all moves: columns that are full keep a
        probability.
    all_equal: All allowed moves have the same probability. The logits should say which
        ones are likelier.
    best_alone: The best move that is allowed has the probability 1. A softmax gives the
        others something, too.
    divided_by_the_sum: You divided the logits by their sum. Some of them are negative:
        a softmax takes exp of each first.
    forbidden_moves: It is the other way around: the moves that are *not* allowed have
        the probabilities. The mask is turned around.
    not_divided: You took exp of the logits, and 0 for what is not allowed. Divide by
        the sum, so that it is 1.
    others_left_out: The moves that are not allowed are left out. Each move should keep
        its place, with 0 for these.
    rest_shared: What the moves that are not allowed had in a softmax over all was
        shared equally among the others. It goes to each in proportion to what it has:
        divide by the sum.
    sigmoids: You took the sigmoid of each logit, and divided by their sum. A softmax
        takes exp of each.
    """
    everywhere = logits.softmax(0)
    kept = everywhere * allowed
    powers = logits.exp() * allowed
    sigmoids = logits.sigmoid() * allowed
    masked = logits.masked_fill(~allowed, -math.inf)
    return {
        "not_divided_again": kept,
        "logits_0": (logits * allowed).softmax(0),
        "logits_0_then_cut": (logits * allowed).softmax(0) * allowed,
        "all_moves": everywhere,
        "all_equal": allowed / allowed.sum(),
        "best_alone": F.one_hot(masked.argmax(), len(logits)),
        "divided_by_the_sum": logits * allowed / (logits * allowed).sum(),
        "forbidden_moves": logits.masked_fill(allowed, -math.inf).softmax(0),
        "not_divided": powers,
        "others_left_out": logits[allowed].softmax(0),
        "rest_shared": kept + allowed * (1 - kept.sum()) / allowed.sum(),
        "sigmoids": sigmoids / sigmoids.sum(),
    }


# -- 8 ---------------------------------------------------------------------------------


def _values_visits_and_priors(rng):
    """Return values, visits and priors (k,) and an exploration; some are not tried."""
    k = int(rng.integers(3, 8))
    tried = int(rng.integers(2, k))
    visits = rng.choice(np.arange(1, 60), k, replace=False)
    visits[rng.permutation(k)[tried:]] = 0
    values = np.where(visits > 0, np.round(rng.uniform(-0.9, 0.9, k), 2), 0)
    return values, visits, rng.dirichlet(np.full(k, 2.0)), _exploration(rng)


@exercise(
    inputs=_values_visits_and_priors,
    hints=[
        "Take the sentence of the docstring apart: what is above in the fraction, and "
        "what is below? Which of the two is the same for all moves?",
        "Above is `np.sqrt(1 + visits.sum())`, one number. Below is `1 + visits`, one "
        "for each move.",
        "`values + exploration * priors * np.sqrt(1 + visits.sum()) / (1 + visits)`",
    ],
)
def puct_scores(values, visits, priors, exploration):
    """Return the score of each move by PUCT: (k,).

    values is an array (k,): the mean result of each move so far, 0 if it was never
    tried. visits is an array (k,): how often each was tried, from 0 on. priors is an
    array (k,): the network's share for each move; they add up to 1. exploration is a
    number above 0. A move's score is its value, and added to it, a product of three:
    exploration, its prior, and a fraction. Above in the fraction is the root of one
    more than the visits of all moves together; below is one more than its own visits.

    Source: Silver and others (2017), "Mastering the game of Go without human knowledge"
    """
    fraction = np.sqrt(1 + visits.sum()) / (1 + visits)
    return values + exploration * priors * fraction


@puct_scores.mistakes
def _(values, visits, priors, exploration):
    """
    priors_forgotten: The priors are missing: all moves that were never tried get the
        same. The network should say which of them come first.
    root_forgotten: The root above is missing. So the bonuses would never become small,
        however many visits there are.
    own_visits_above: You took the root of the move's own visits. Above are those of all
        moves together: so a move that waits gets more.
    root_of_the_fraction: You took the root of the whole fraction. It is taken above
        only.
    no_one_below: Below, the 1 is missing. A move that was never tried would divide by
        0.
    no_one_above: Above, the 1 is missing under the root. At the very beginning all
        bonuses would be 0, whatever the network says.
    one_beside_the_root: Above, the 1 stands beside the root. It belongs under it.
    logarithm: You took the logarithm of all visits, as UCT does, and the root of the
        fraction. PUCT has the root above, and no logarithm.
    exploration_forgotten: `exploration` is missing: the prior is multiplied by it.
    priors_added: You added the priors. They are a factor: what the network thinks
        little of should wait long.
    subtracted: You subtracted the product. A move that was tried little should be tried
        more: add it.
    values_forgotten: The values are missing. What came of a move so far should count.
    """
    n, N, c = visits, visits.sum(), exploration
    fraction = np.sqrt(1 + N) / (1 + n)
    return {
        "priors_forgotten": values + c * fraction,
        "root_forgotten": values + c * priors * (1 + N) / (1 + n),
        "own_visits_above": values + c * priors * np.sqrt(1 + n) / (1 + n),
        "root_of_the_fraction": values + c * priors * np.sqrt((1 + N) / (1 + n)),
        "no_one_below": values + c * priors * np.sqrt(1 + N) / n,
        "no_one_above": values + c * priors * np.sqrt(N) / (1 + n),
        "one_beside_the_root": values + c * priors * (1 + np.sqrt(N)) / (1 + n),
        "logarithm": values + c * priors * np.sqrt(np.log(1 + N) / (1 + n)),
        "exploration_forgotten": values + priors * fraction,
        "priors_added": values + priors + c * fraction,
        "subtracted": values - c * priors * fraction,
        "values_forgotten": c * priors * fraction,
    }


# -- 9 ---------------------------------------------------------------------------------


def _logits_and_shares(rng):
    """Return logits and shares (N, M), of 25 visits; one move leads in each row."""
    N, M = rng.permutation(np.arange(3, 9))[:2].tolist()
    while True:
        visits = rng.multinomial(25, rng.dirichlet(np.ones(M), N))
        first, second = np.sort(visits, axis=1)[:, :-3:-1].T
        if (first > second).all():
            return 1.5 * draws.normal(rng, N, M), torch.from_numpy(visits / 25)


@exercise(
    inputs=_logits_and_shares,
    hints=[
        "What does the network's softmax give each move? Take the logarithm of it, and "
        "let each move count as much as its share.",
        "`torch.log_softmax(logits, dim=1)` has the logarithms. Multiply by `shares`, "
        "sum over the moves, take minus that, and the mean over the positions.",
        "`-(shares * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()`",
    ],
)
def policy_loss(logits, shares):
    """Return the policy's loss, the mean over the positions: a number.

    logits is a tensor (N, M): what the network gives for each of M moves in each of N
    positions. shares is a tensor (N, M): the search's visits of each move, divided by
    all visits in the position, so that each row adds up to 1. A position's loss is the
    cross-entropy: minus the sum over the moves of the share, times the natural
    logarithm of the probability that the network's softmax gives the move.

    Source: Silver and others (2017), "Mastering the game of Go without human knowledge"
    """
    log_probabilities = torch.log_softmax(logits, dim=1)
    return -(shares * log_probabilities).sum(dim=1).mean()


@policy_loss.mistakes
def _(logits, shares):
    """
    favorite_alone: You took the move that was tried most often for the only right one.
        What the search thinks of the others counts by its share.
    mean_over_moves: You took the mean over all N · M numbers. A position's loss is the
        sum over its moves; the mean is over the positions.
    sum: That is the sum over the positions. Asked for is the mean.
    entropy_subtracted: That is the Kullback-Leibler divergence: the entropy of the
        shares is subtracted. It has the same gradient, but the cross-entropy is asked
        for.
    log_forgotten: The logarithm is missing: you multiplied the shares by the
        probabilities.
    sign: The sign is turned: a logarithm of a probability is negative, and a loss is
        minus that.
    squared_error: That is the squared error of the probabilities. The cross-entropy is
        asked for.
    sigmoids: You took the sigmoid of each logit. The moves share one probability: it
        takes the softmax over them.
    logits_alone: You took the logits for logarithms of probabilities. They are so only
        after `log_softmax`.
    over_the_positions: Your softmax goes over the positions. In each position, the
        moves share a probability of 1: `dim=1`.
    softmax_twice: You took the softmax twice: `cross_entropy` takes logits, and takes
        the softmax itself.
    base_2: You took the logarithm to the base 2. The natural one is asked for.
    """
    logs = logits.log_softmax(1)
    right = -(shares * logs).sum(1).mean()

    def loss(logs):
        return -(shares * logs).sum(1).mean()

    return {
        "favorite_alone": F.cross_entropy(logits, shares.argmax(1)),
        "mean_over_moves": -(shares * logs).mean(),
        "sum": -(shares * logs).sum(),
        "entropy_subtracted": right + torch.xlogy(shares, shares).sum(1).mean(),
        "log_forgotten": loss(logs.exp()),
        "sign": -right,
        "squared_error": F.mse_loss(logs.exp(), shares),
        "sigmoids": loss(F.logsigmoid(logits)),
        "logits_alone": loss(logits),
        "over_the_positions": loss(logits.log_softmax(0)),
        "softmax_twice": loss(logs.exp().log_softmax(1)),
        "base_2": right / math.log(2),
    }


# -- 10 --------------------------------------------------------------------------------


def _movers_and_winner(rng):
    """Return movers (N,), not in turn, and the winner: in turn X, nobody and O."""
    winner = draws.in_turn(rng, 1, 0, -1)
    N = int(rng.integers(8, 15))
    while True:
        movers = rng.choice([1, -1], N)
        changes = (np.diff(movers) != 0).sum()
        if 3 <= changes < N - 2 and abs(movers.sum()) < N - 3:
            return movers, winner


@exercise(
    inputs=_movers_and_winner,
    hints=[
        "X has won. What should the network have said where X was to move? And where "
        "O was?",
        "Multiply: 1 · 1 and -1 · -1 are 1, the two others are -1. And what is a draw?",
        "`winner * movers`",
    ],
)
def value_targets(movers, winner):
    """Return what the network should say of each position: (N,), 1, -1 or 0 each.

    movers is an array (N,): who is to move in each position, 1 for X, -1 for O. The
    positions are from several games, shuffled. winner is a number: who won all of these
    games, 1 for X, -1 for O, 0 for nobody. A target is the game's result seen by the
    player to move: 1 for a win, -1 for a loss, 0 for a draw.

    Source: Silver and others (2017), "Mastering the game of Go without human knowledge"
    """
    return winner * movers


@value_targets.mistakes
def _(movers, winner):
    """
    winner_everywhere: Each position has the winner. A target is seen by the player to
        move: where the loser is to move, it is -1.
    turned: The sign is turned: 1 is where the winner is to move.
    from_0_to_1: Your targets go from 0 for a loss to 1 for a win, with 1/2 for a draw.
        Here they go from -1 to 1.
    won_or_not: It is 1 where the winner is to move, else 0. So a loss would be worth as
        much as a draw: it is -1.
    draw_is_lost: It is 1 where the winner is to move, else -1, also in a draw. Then
        nobody is the winner, and all targets are 0.
    movers_alone: Those are the movers: as if X had won. Multiply by the winner.
    in_turn: Your signs alternate from one position to the next. The positions are
        shuffled: look at `movers`.
    in_turn_from_1: It is 1 and -1 in turn, whoever has won. The positions are shuffled,
        and the winner counts.
    last_alone: Only the last position has a target. The game's result is the target of
        each position on the way.
    x_alone: Where O is to move, yours is 0. O sees the result, too, with the opposite
        sign.
    lost_alone: Losses are -1 in yours, and wins 0. A win is 1.
    """
    right = winner * movers
    in_turn = (-1) ** np.arange(len(movers))
    return {
        "winner_everywhere": np.full(len(movers), winner),
        "turned": -right,
        "from_0_to_1": (1 + right) / 2,
        "won_or_not": movers == winner,
        "draw_is_lost": np.where(movers == winner, 1, -1),
        "movers_alone": movers,
        "in_turn": winner * in_turn,
        "in_turn_from_1": in_turn,
        "last_alone": np.append(0 * right[1:], right[-1]),
        "x_alone": np.where(movers == 1, winner, 0),
        "lost_alone": np.minimum(right, 0),
    }
