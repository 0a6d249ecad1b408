"""A network that plays: which moves look good, and who is going to win.

It sees a position as two planes of squares, the stones of the player to move and the
other's (`game.planes`), so one network plays both sides.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.checks import device_of
from bigmodel_lab.from_scratch.games import Game, State
from bigmodel_lab.measuring import evaluating
from bigmodel_lab.models._checks_players import check_planes, check_sizes, pair_of


class PolicyValueNetwork(nn.Module):
    """Planes (N, 2, H, W) -> logits of M moves (N, M), and values (N,) from -1 to 1.

    Two convolutions, a dense layer, and two heads, after Silver and others (2017), but
    small. A value is how the game will end for the player to move: 1 won, -1 lost.

    Parameters
    ----------
    game : Game
        Whose board H x W and whose M moves it is for.
    channels : int
        Of each convolution.
    hidden : int
        Size of the dense layer.

    Raises
    ------
    ValueError
        If a size is below 1; in use, if the planes are not those of this board.
    """

    def __init__(self, game: Game, channels: int = 32, hidden: int = 64):
        super().__init__()
        check_sizes(channels=channels, hidden=hidden)
        self.shape = game.shape
        height, width = game.shape
        self.body = nn.Sequential(
            nn.Conv2d(2, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),  # unlike a mean, it keeps where things stand
            nn.Linear(channels * height * width, hidden),
            nn.ReLU(),
        )
        self.policy = nn.Linear(hidden, game.number_of_moves)
        self.value = nn.Linear(hidden, 1)

    def forward(self, planes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (N, M) and values (N,) of planes (N, 2, H, W)."""
        check_planes(planes, self.shape)
        seen = self.body(planes)
        return self.policy(seen), self.value(seen).squeeze(1).tanh()


def policy_value_loss(
    predictions: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor
) -> torch.Tensor:
    """Return AlphaZero's loss: cross-entropy of the moves + squared error of the value.

    `predictions` are logits (N, M) and values (N,). `targets` (N, M + 1) have the
    shares of the visits that a search made, and last how the game ended for the player
    to move. Silver and others (2017), without the term for the weights.
    """
    logits, values = predictions
    shares, results = targets[:, :-1], targets[:, -1]
    return F.cross_entropy(logits, shares) + F.mse_loss(values, results)


def judge_of(
    network: nn.Module,
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return what a `Search` asks: planes (N, 2, H, W) -> logits and values, as arrays.

    The network is in evaluation mode for it, and stays on its device. Raises
    ValueError, in use, if it does not return a pair.
    """

    @torch.no_grad()
    def judge(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with evaluating(network):
            found = network(torch.as_tensor(planes, device=device_of(network)))
        logits, values = (part.double().cpu().numpy() for part in pair_of(found))
        return logits, values

    return judge


def moves_alone(network: nn.Module, game: Game, states: Sequence[State]) -> list[int]:
    """Return the allowed move (N,) that a network likes best in each state (N,).

    It does not look ahead: no search.
    """
    logits, _ = judge_of(network)(np.stack([game.planes(state) for state in states]))
    return [
        max(game.moves(state), key=lambda move: scores[move])
        for state, scores in zip(states, logits.tolist(), strict=True)
    ]
