"""What games and searches refuse, and what to do instead."""

import math
import operator

import numpy as np

from bigmodel_lab.from_scratch._checks import check_whole

MARKS = {1: "X", -1: "O"}

# -- moves -----------------------------------------------------------------------------


def check_move(game, state, move):
    """Return a move as an int; ValueError if it is not one that the state allows."""
    if type(move) is int and move in game.moves(state):
        return move  # most often, and a search has no time for more
    try:
        number = operator.index(move)
    except TypeError:
        number = -1
    if not 0 <= number < game.number_of_moves:
        raise ValueError(
            f"{game.name} has the {game.places}s 0 to {game.number_of_moves - 1}, got "
            f"{move!r}."
        )
    check_going_on(game, state)
    if number not in (free := game.moves(state)):
        raise ValueError(
            f"{game.places.capitalize()} {number} is {game.no_room}: free are "
            f"{', '.join(map(str, free))}."
        )
    return number


def check_going_on(game, state):
    """Raise ValueError if a game is over: there is nothing to play or to search."""
    winner = game.winner(state)
    if winner is not None:
        ended = f"{MARKS[winner]} has won" if winner else "it is a draw"
        raise ValueError(
            f"The game is over, {ended}: take an earlier position, or game.start."
        )


# -- searches --------------------------------------------------------------------------


def check_positions(game, table, limit):
    """Raise ValueError if a table is full: the game is too large for it."""
    if len(table) >= limit:
        raise ValueError(
            f"After {limit:,} positions {game.name} is not solved: give a position "
            f"nearer to the end or a larger limit, or estimate with Search."
        )


def check_search(play_outs, exploration, noise, judge):
    """Raise ValueError unless a search has play-outs, and numbers in their range."""
    check_whole("play_outs", play_outs)
    if not 0 < exploration < math.inf:
        raise ValueError(
            f"exploration must be a finite number above 0, got {exploration}."
        )
    if not 0 <= noise <= 1:
        raise ValueError(f"noise must be a share from 0 to 1, got {noise}.")
    if noise and judge is None:
        raise ValueError(
            f"noise {noise} is for a judge's priors, and play-outs at random have "
            f"none: leave it out, or give a judge."
        )


def check_searched(game, states, chances):
    """Raise ValueError unless there are positions to move in, each with a generator."""
    if len(states) != len(chances):
        raise ValueError(
            f"There are {len(states)} positions and {len(chances)} generators: give "
            f"each its own, such as numpy.random.default_rng(seed)."
        )
    for state in states:
        check_going_on(game, state)


def check_judged(game, logits, values, count):
    """Raise ValueError unless a judge gives finite logits and a value for each."""
    shapes, wanted = (
        (np.shape(logits), np.shape(values)),
        ((count, game.number_of_moves), (count,)),
    )
    if shapes != wanted:
        raise ValueError(
            f"The judge must return logits {wanted[0]} and values {wanted[1]} for "
            f"{count} positions of {game.name}, got {shapes[0]} and {shapes[1]}."
        )
    if not (np.isfinite(logits).all() and (np.abs(values) <= 1).all()):
        raise ValueError(
            "The judge returned a logit that is not finite or a value that is not "
            "from -1 to 1: has its training diverged?"
        )


def check_network(search):
    """Raise ValueError unless a search's network can judge the start of the game."""
    game = search.game
    try:
        check_judged(game, *search.judge(game.planes(game.start)[None]), 1)
    except (ValueError, RuntimeError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise ValueError(f"The network cannot play {game.name}: {reason}.") from error


def check_chosen(chosen, states, table):
    """Raise ValueError unless there are positions of the table, with a move each."""
    if len(chosen) != len(states) or not len(states):
        raise ValueError(
            f"There are {len(chosen)} moves and {len(states)} positions: give a move "
            f"for each of one position or more."
        )
    unknown = [state for state in states if state not in table]
    if unknown:
        raise ValueError(
            f"{len(unknown)} of {len(states)} positions are not in the table, "
            f"{unknown[0]} for one: take them from the table."
        )
