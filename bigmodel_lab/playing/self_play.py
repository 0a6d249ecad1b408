"""A network that learns from games against itself, a generation a step."""

import copy
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd
import torch
from torch import nn

from bigmodel_lab.checks import positive, whole
from bigmodel_lab.from_scratch._checks_games import check_network
from bigmodel_lab.from_scratch.games import Game
from bigmodel_lab.from_scratch.searching import Search
from bigmodel_lab.measuring import evaluating
from bigmodel_lab.models.players import judge_of, policy_value_loss
from bigmodel_lab.playing.matches import in_lockstep
from bigmodel_lab.training import Step, Training


class SelfPlay(Training):
    """Train `model` on games that it plays against itself (AlphaZero).

        for step in training:      # a step is a generation
            print(step.number, step.loss)

    In each generation, the network plays games in lockstep, with a search for each
    move. Then it learns, from these and the generations before, to find at once what
    the search found, and who has won. What is not named here is as in `Training`; the
    history has a row for each generation.

    Parameters
    ----------
    model : torch.nn.Module
        Planes (N, 2, H, W) -> logits (N, M) and values (N,), such as a
        `PolicyValueNetwork`.
    game : Game
        What is played.
    generations : int
        How many there are.
    games, play_outs : int
        How many games a generation has, and how many play-outs there are for a move.
    random_moves : int
        How many of a game's first moves are drawn in proportion to the visits.
    noise : float
        The share of a search's priors that is drawn at random.
    window : int
        From how many generations, the latest, the network learns.
    epochs, batch_size : int
        How often it goes through their positions, and how many each update sees.
    learning_rate : float
        Of Adam.
    metrics : dict of callable, optional
        Name -> `metric(network)`, measured after each generation.
    seed : int
        Fixes the games' random numbers, and the order of the positions.

    Attributes
    ----------
    memory : list of (X, y)
        The window's generations: planes, and the targets of `policy_value_loss`.
    history : pandas.DataFrame
        With the shares of the games that the first player won, and of draws.

    Raises
    ------
    ValueError
        If the network is one for another board, or a number is out of its range.
    Diverged
        While iterating, as soon as a loss is not finite; the network is the last
        generation's.

    Source: Silver and others (2018), *A general reinforcement learning algorithm that
    masters chess, shogi, and Go through self-play*.
    """

    def __init__(
        self,
        model: nn.Module,
        game: Game,
        generations: int = 8,
        *,
        games: int = 64,
        play_outs: int = 25,
        random_moves: int = 8,
        noise: float = 0.25,
        window: int = 8,
        epochs: int = 4,
        batch_size: int = 128,
        learning_rate: float = 0.003,
        metrics: Mapping[str, Callable[[nn.Module], float]] | None = None,
        seed: int = 0,
    ):
        self.game, self.games = game, whole("games", games)
        self.random_moves = whole("random_moves", random_moves, least=0)
        self.window, self.epochs_each = whole("window", window), whole("epochs", epochs)
        play_outs = whole("play_outs", play_outs)
        self.search = Search(game, play_outs, judge_of(model), noise=noise)
        check_network(self.search)
        super().__init__(
            model,
            policy_value_loss,
            torch.optim.Adam(
                model.parameters(), positive("learning_rate", learning_rate)
            ),
            None,
            steps=whole("generations", generations),
            batch_size=batch_size,
            measure_every=1,
            metrics=metrics,
            seed=seed,
        )

    def _take_data(self, train, validation, batch_size):
        """Begin without data: the games make them; an epoch is a generation."""
        self.memory, self.train_data, self.steps_per_epoch = [], [], 1
        self.batch_size, self.validation = whole("batch_size", batch_size), validation

    # -- the loop --------------------------------------------------------------------

    def __iter__(self) -> Iterator[Step]:
        """Take the generations that are left, one at a time."""
        return (step for step in self.pieces() if step is not None)

    def pieces(self) -> Iterator[Step | None]:
        """Yield as often as one may stop: None, and a `Step` after each generation.

        Whoever leaves in the middle of a generation has the network of the last one; a
        new loop begins that generation again, and plays the same games.
        """
        if self._row_is_due():
            self._add_row(time.perf_counter())  # interrupted while measuring
        while self.steps_done < self.total_steps:
            generation, step = self._generation(), None
            while step is None:
                start = time.perf_counter()
                step = next(generation)
                if step is not None:
                    self._add_row(start)
                self.seconds += time.perf_counter() - start
                yield step

    def _generation(self):
        """Play, learn from it, and yield the `Step`; before that, None many times."""
        number = self.steps_done + 1
        chances = [
            np.random.default_rng([self.seed, number, k]) for k in range(self.games)
        ]
        records = yield from in_lockstep(self.search, chances, self.random_moves)
        memory = [*self.memory, self._examples(records)][-self.window :]
        # A copy learns, so that the network is a whole generation's at any time.
        model, optimizer = copy.deepcopy((self.model, self.optimizer))
        learning = self._learning(model, optimizer, memory)
        for _ in learning:
            yield None
        self.model.load_state_dict(model.state_dict())
        self.optimizer.load_state_dict(optimizer.state_dict())
        self.memory = memory
        self.steps_done = number
        self.losses.append(float(np.mean(learning.losses)))
        yield Step(number, number, self.losses[-1])

    def _examples(self, records):
        """Return planes (N, 2, H, W) and targets (N, M + 1) of all positions played."""
        planes, targets = [], []
        for record in records:
            for state, shares in zip(record.states, record.shares, strict=True):
                planes.append(self.game.planes(state))
                result = record.winner * self.game.to_move(state)
                targets.append([*shares, result])
        return torch.as_tensor(np.stack(planes)), torch.tensor(targets).float()

    def _learning(self, model, optimizer, memory):
        """Return the training on what is in the memory."""
        X, y = (torch.cat(parts) for parts in zip(*memory, strict=True))
        return Training(
            model,
            self.loss,
            optimizer,
            (X, y),
            epochs=self.epochs_each,
            batch_size=min(self.batch_size, len(X)),
            seed=self.seed + self.steps_done,
        )

    # -- the history -----------------------------------------------------------------

    def _add_row(self, start):
        """Add a row to the history: the loss, how the games ended, and the metrics."""
        X, y = self.memory[-1]
        results = y[X.flatten(1).sum(1) == 0, -1]  # of each game's first position
        row = {"first_won": (results == 1).double().mean().item()}
        row["drawn"] = (results == 0).double().mean().item()
        with torch.no_grad(), evaluating(self.model):
            row |= {name: float(of(self.model)) for name, of in self.metrics.items()}
        super()._add_row(start)
        self.rows[-1] |= row

    @property
    def history(self) -> pd.DataFrame:
        """One row for each generation, which is a step.

        Its columns: step, train_loss, first_won, drawn, the metrics, seconds. The last
        is the time so far, measuring included.
        """
        columns = ["step", "train_loss", "first_won", "drawn", *self.metrics, "seconds"]
        return pd.DataFrame(self.rows, columns=columns)
