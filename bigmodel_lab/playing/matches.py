"""Games between two players, in turn or in lockstep."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from bigmodel_lab.checks import whole
from bigmodel_lab.from_scratch.games import Game, State
from bigmodel_lab.from_scratch.searching import Search

Player = Callable[[State], int]


class Score(NamedTuple):
    """How a match ended for its first player."""

    wins: int
    draws: int
    losses: int


def play_match(game: Game, one: Player, two: Player, games: int = 20) -> Score:
    """Let two players play; they begin in turn. Return the score of `one`.

    A player is `player(state)` -> move, such as `lambda s: search(s, chance).best`.
    Raises ValueError for a number of games below 1, and for a move that is not allowed.
    """
    results = []
    for number in range(whole("games", games)):
        mark = 1 if number % 2 == 0 else -1  # X begins
        state = game.start
        while (winner := game.winner(state)) is None:
            player = one if game.to_move(state) == mark else two
            state = game.play(state, player(state))
        results.append(winner * mark)
    return Score(*(results.count(result) for result in (1, 0, -1)))


@dataclass
class Record:
    """A game as it was played: positions, what the search found, who has won."""

    states: list[State] = field(default_factory=list)
    shares: list[np.ndarray] = field(default_factory=list)  # (M,) each
    winner: int = 0


def in_lockstep(
    search: Search, chances: Sequence[np.random.Generator], random_moves: int
) -> Generator[None, None, list[Record]]:
    """Play a game against itself for each generator; return their records.

    All games make a move, then None is yielded: whoever is asked to stop, may. The
    first `random_moves` of a game are drawn in proportion to the visits, the others are
    the best: so games differ, and still end well.
    """
    game = search.game
    records = [Record() for _ in chances]
    states, going = [game.start] * len(chances), list(range(len(chances)))
    while going:
        founds = search.many([states[k] for k in going], [chances[k] for k in going])
        for k, found in zip(going, founds, strict=True):
            record, move = records[k], found.best
            if len(record.states) < random_moves:
                move = int(chances[k].choice(game.number_of_moves, p=found.shares))
            record.states.append(states[k])
            record.shares.append(found.shares)
            states[k] = game.play(states[k], move)
            record.winner = game.winner(states[k])
        going = [k for k in going if records[k].winner is None]
        yield None
    return records
