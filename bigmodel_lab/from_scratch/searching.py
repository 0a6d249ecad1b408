"""Looking ahead: all moves to the end (minimax), or as many as there is time for.

All values are from the view of the player to move: 1 for a win, 0 for a draw, -1 for a
loss. What is good for one is bad for the other, so a value changes its sign with every
move.

Monte Carlo tree search (MCTS): Coulom (2006), *Efficient selectivity and backup
operators in Monte-Carlo tree search*; Kocsis and Szepesvári (2006), *Bandit based
Monte-Carlo planning*. With a network: Silver and others (2017), *Mastering the game of
Go without human knowledge*; (2018), *A general reinforcement learning algorithm that
masters chess, shogi, and Go through self-play*.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from bigmodel_lab.from_scratch._checks_games import (
    check_chosen,
    check_judged,
    check_positions,
    check_search,
    check_searched,
)
from bigmodel_lab.from_scratch.games import Game, State

# -- to the end ------------------------------------------------------------------------


class Solved(NamedTuple):
    """What perfect play makes of a position, and which moves keep that."""

    value: int  # 1, 0 or -1 for the player to move
    best: list[int]  # empty if the game is over


def minimax(
    game: Game, state: State | None = None, limit: int = 100_000
) -> dict[State, Solved]:
    """Return a table of all positions that can follow a state, each `Solved`.

    By default from the start. Raises ValueError if there are more than `limit`.
    """
    table = {}
    solve(game, game.start if state is None else state, table, limit)
    return table


def solve(game: Game, state: State, table: dict[State, Solved], limit: int) -> int:
    """Return the value of a state; put it and all that can follow into the table."""
    # Many orders of moves lead to one position: it is solved once, then looked up.
    if state not in table:
        result, values = game.result(state), {}
        for move in game.moves(state):
            # The other one moves then: what is good for them is bad for us.
            values[move] = -solve(game, game.play(state, move), table, limit)
        value = max(values.values()) if result is None else result
        check_positions(game, table, limit)
        best = [move for move in values if values[move] == value]
        table[state] = Solved(value, best)
    return table[state].value


def contested(game: Game, table: dict[State, Solved]) -> list[State]:
    """Return the positions of a table where some moves are worse than others."""
    return [
        state for state, solved in table.items() if solved.best != game.moves(state)
    ]


def share_optimal(
    chosen: Sequence[int], states: Sequence[State], table: dict[State, Solved]
) -> float:
    """Return the share of chosen moves (N,) that are best in their states (N,).

    Raises ValueError unless there is a move for each of one state or more.
    """
    check_chosen(chosen, states, table)
    right = [
        move in table[state].best for move, state in zip(chosen, states, strict=True)
    ]
    return sum(right) / len(right)


# -- a tree of what was tried ----------------------------------------------------------


@dataclass
class Node:
    """A position in the tree: its k moves, and what each has brought so far."""

    moves: list[int]
    priors: np.ndarray  # (k,), how good a network finds each at first sight
    visits: np.ndarray = field(init=False)  # (k,), how often each was tried
    totals: np.ndarray = field(init=False)  # (k,), the sum of what came of it

    def __post_init__(self) -> None:
        """Begin with nothing tried."""
        self.visits, self.totals = np.zeros((2, len(self.moves)))

    @property
    def values(self) -> np.ndarray:
        """The mean of what came of each move (k,); 0 if it was never tried."""
        return self.totals / np.maximum(1, self.visits)


@dataclass
class Tree:
    """The positions looked at so far, from a root on, and the dice of this game."""

    root: State
    chance: np.random.Generator
    nodes: dict[State, Node] = field(default_factory=dict)


class Found(NamedTuple):
    """What a search has found. M is the number of the game's moves, allowed or not."""

    visits: np.ndarray  # (M,) whole numbers, how often each move was tried
    values: np.ndarray  # (M,), what came of it on the mean; NaN if it was never tried
    value: float  # the mean of all play-outs

    @property
    def shares(self) -> np.ndarray:
        """The visits as shares (M,), which add up to 1."""
        return self.visits / self.visits.sum()

    @property
    def best(self) -> int:
        """The move tried most often; of equal ones that of the highest value."""
        # A mean of few tries may be high by luck. Many tries mean: it stayed high.
        tried = np.flatnonzero(self.visits)
        return int(max(tried, key=lambda k: (self.visits[k], self.values[k], -k)))


# -- which move to try next ------------------------------------------------------------


def uct(node: Node, exploration: float) -> np.ndarray:
    """Return how much each move deserves a try (k,): its mean, more if tried little.

    Kocsis and Szepesvári (2006). A move that was never tried comes first.
    """
    tried = np.maximum(1, node.visits)
    doubt = np.sqrt(np.log(tried.sum()) / tried)
    return np.where(node.visits > 0, node.values + exploration * doubt, np.inf)


def puct(node: Node, exploration: float) -> np.ndarray:
    """Return how much each move deserves a try (k,), a network's favorites more.

    Silver and others (2017). What the network thinks little of is hardly ever tried.
    """
    # 1 for the look at the position itself, before any of its moves.
    doubt = node.priors * np.sqrt(1 + node.visits.sum()) / (1 + node.visits)
    return node.values + exploration * doubt


# -- what a position is worth at first sight -------------------------------------------


def play_out(game: Game, state: State, chance: np.random.Generator) -> int:
    """Return how a game at random ends for the player who moves now: 1, 0 or -1."""
    sign = 1
    while (result := game.result(state)) is None:
        free = game.free(state)
        state = game.play(state, free[chance.integers(len(free))])
        sign = -sign
    return sign * result


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities (k,) of logits (k,)."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


# -- the search ------------------------------------------------------------------------


class Search:
    """Monte Carlo tree search, in one position or in many at once.

        found = lab.searching.Search(game, play_outs=200)(state, chance)
        found.best, found.visits, found.values

    Each play-out goes down the tree, to a position that is new; says what it is worth;
    and tells that to all moves on the way. With random play-outs the formula is `uct`,
    with a judge `puct`.

    Parameters
    ----------
    game : Game
        Its rules.
    play_outs : int
        How many there are for each move.
    judge : callable, optional
        `judge(planes)` -> logits (N, M) of the moves and values (N,) from -1 to 1, for
        planes (N, 2, H, W), all arrays: a network, as `lab.models.judge_of(network)`
        gives it. By default moves at random to the end.
    exploration : float
        How much doubt counts against the mean so far.
    noise : float
        With a judge: the share of the root's priors that is drawn at random
        (Dirichlet), so that games against itself differ.

    Raises
    ------
    ValueError
        If a number is out of its range; in use, if a game is over or the judge is one
        of another game.
    """

    def __init__(
        self,
        game: Game,
        play_outs: int = 100,
        judge: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
        exploration: float = 1.5,
        noise: float = 0.0,
    ):
        check_search(play_outs, exploration, noise, judge)
        self.game, self.play_outs, self.judge = game, play_outs, judge
        self.exploration, self.noise = exploration, noise

    def __call__(self, state: State, chance: np.random.Generator) -> Found:
        """Return what is found in a state; `chance` draws the random numbers."""
        return self.many([state], [chance])[0]

    def many(
        self, states: Sequence[State], chances: Sequence[np.random.Generator]
    ) -> list[Found]:
        """Search in N states in lockstep, so that a judge sees N positions at once.

        With a generator for each, all find what they would find alone.
        """
        check_searched(self.game, states, chances)
        trees = [Tree(*pair) for pair in zip(states, chances, strict=True)]
        self.grow(trees)  # the roots themselves
        for _ in range(self.play_outs):
            self.grow(trees)
        return [self.found(tree.nodes[tree.root]) for tree in trees]

    def grow(self, trees: list[Tree]) -> None:
        """Make a play-out in each tree."""
        walks = [self.walk(tree) for tree in trees]
        results = [self.game.result(leaf) for _, leaf in walks]
        # Where the game is not over, the value is an estimate.
        new = [k for k, result in enumerate(results) if result is None]
        leaves = [walks[k][1] for k in new]
        values = self.look(leaves, [trees[k] for k in new])
        for k, value in zip(new, values, strict=True):
            results[k] = value
        for (path, _), result in zip(walks, results, strict=True):
            self.back_up(path, result)

    def walk(self, tree: Tree) -> tuple[list[tuple[Node, int]], State]:
        """Return the way down, nodes and places of moves, and where it leaves the tree.

        That is a position which is new, or the end of a game.
        """
        formula = puct if self.judge else uct
        state, path = tree.root, []
        while state in tree.nodes:
            node = tree.nodes[state]
            place = int(formula(node, self.exploration).argmax())
            path.append((node, place))
            state = self.game.play(state, node.moves[place])
        return path, state

    def look(self, leaves: list[State], trees: list[Tree]) -> Sequence[float]:
        """Put each new position into its tree; return what each is worth (N,)."""
        logits = np.zeros((len(leaves), self.game.number_of_moves))
        if self.judge and leaves:
            planes = np.stack([self.game.planes(leaf) for leaf in leaves])
            logits, values = self.judge(planes)
            check_judged(self.game, logits, values, len(leaves))
        else:
            pairs = zip(leaves, trees, strict=True)
            values = [play_out(self.game, leaf, tree.chance) for leaf, tree in pairs]
        for leaf, tree, scores in zip(leaves, trees, logits, strict=True):
            tree.nodes[leaf] = self.node(leaf, tree, scores)
        return values

    def node(self, leaf: State, tree: Tree, logits: np.ndarray) -> Node:
        """Return a new node; its priors are a softmax over the moves allowed."""
        moves = self.game.moves(leaf)
        priors = softmax(logits[moves])
        if self.noise and leaf == tree.root:
            # The more moves there are, the more the noise keeps to a few of them.
            drawn = tree.chance.dirichlet([10 / len(moves)] * len(moves))
            priors = (1 - self.noise) * priors + self.noise * drawn
        return Node(moves, priors)

    def back_up(self, path: list[tuple[Node, int]], result: float) -> None:
        """Tell a result to all moves on the way; it is seen by who moves at its end."""
        for node, place in reversed(path):
            # One move before, the other one was to move.
            result = -result
            node.visits[place] += 1
            node.totals[place] += result

    def found(self, root: Node) -> Found:
        """Return visits and values of all the game's moves."""
        visits = np.zeros(self.game.number_of_moves, int)
        values = np.full(self.game.number_of_moves, np.nan)
        visits[root.moves] = root.visits
        values[root.moves] = np.where(root.visits > 0, root.values, np.nan)
        return Found(visits, values, float(root.totals.sum() / root.visits.sum()))
