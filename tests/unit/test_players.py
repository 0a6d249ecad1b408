"""A network that plays: two planes in, moves and a value out."""

import numpy as np
import pytest
import torch
from torch import nn

from bigmodel_lab import models
from bigmodel_lab.from_scratch.games import ConnectFour, TicTacToe
from bigmodel_lab.from_scratch.searching import Search

TICTACTOE, CONNECT_FOUR = TicTacToe(), ConnectFour()
GAMES = [TICTACTOE, CONNECT_FOUR]


def planes_of(game, *many):
    """Return the planes of the positions after these moves."""
    return torch.as_tensor(np.stack([game.planes(game.after(*m)) for m in many]))


@pytest.mark.parametrize("game", GAMES, ids=repr)
@pytest.mark.parametrize("sizes", [{}, {"channels": 5, "hidden": 7}])
def test_planes_become_logits_and_values_from_minus_1_to_1(game, sizes, device):
    network = models.PolicyValueNetwork(game, **sizes).to(device)
    planes = torch.randn(4, 2, *game.shape, device=device) * 100
    logits, values = network(planes)
    assert logits.shape == (4, game.number_of_moves)
    assert values.shape == (4,)
    assert (values.abs() <= 1).all()
    assert logits.isfinite().all()
    assert len(values.unique()) > 1


def test_colors_and_places_make_a_difference():
    network = models.PolicyValueNetwork(CONNECT_FOUR)
    # X, X and O, the same with colors changed, and mirrored.
    planes = planes_of(CONNECT_FOUR, (2, 3, 2), (6, 2, 3, 2), (4, 3, 4))
    planes[1] = planes[0].flip(0)
    _, values = network(planes)
    assert len(values.unique()) == 3


def test_it_is_small():
    sizes = [
        sum(p.numel() for p in models.PolicyValueNetwork(game).parameters())
        for game in GAMES
    ]
    # Two convolutions, a dense layer from 32 planes, two heads.
    assert sizes == [
        (2 * 9 + 1) * 32 + (32 * 9 + 1) * 32 + (32 * board + 1) * 64 + 65 * (moves + 1)
        for board, moves in ((9, 9), (42, 7))
    ]


def test_the_loss_is_cross_entropy_and_squared_error():
    logits, values = torch.randn(6, 9), torch.rand(6) * 2 - 1
    shares, results = torch.rand(6, 9).softmax(1), torch.tensor([1.0, -1, 0, 1, 1, -1])
    targets = torch.cat([shares, results[:, None]], dim=1)
    expected = -(shares * logits.log_softmax(1)).sum(1) + (results - values) ** 2
    loss = models.policy_value_loss((logits, values), targets)
    torch.testing.assert_close(loss, expected.mean())


def test_the_loss_is_least_for_what_the_search_and_the_game_say():
    shares = torch.tensor([[0.7, 0.2, 0.1]])
    targets = torch.cat([shares, torch.tensor([[-1.0]])], dim=1)
    best = models.policy_value_loss((shares.log(), torch.tensor([-1.0])), targets)
    for _ in range(20):
        other = shares.log() + torch.randn(1, 3), torch.tensor([-1.0])
        assert models.policy_value_loss(other, targets) > best
    assert models.policy_value_loss((shares.log(), torch.ones(1)), targets) > best


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_a_judge_answers_as_the_network_in_evaluation_mode(game, device):
    network = models.PolicyValueNetwork(game).to(device)
    network.body.append(nn.Dropout(0.9))
    network.body[0].eval()  # frozen: it stays so
    judge = models.judge_of(network)
    planes = planes_of(game, (), (1, 2), (0, 3, 4))
    logits, values = judge(planes.numpy())
    assert network.training
    assert not network.body[0].training
    assert isinstance(logits, np.ndarray)
    assert logits.dtype == values.dtype == np.float64
    network.eval()
    expected = network(planes.to(device))
    np.testing.assert_allclose(logits, expected[0].detach().cpu(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(values, expected[1].detach().cpu(), rtol=1e-5, atol=1e-6)


def test_the_network_alone_takes_its_favorite_among_the_moves_allowed():
    network = models.PolicyValueNetwork(CONNECT_FOUR)
    with torch.no_grad():
        network.policy.bias[3] += 1000
        network.policy.bias[5] += 500
    states = [CONNECT_FOUR.start, CONNECT_FOUR.after(*[3] * 6)]
    assert models.moves_alone(network, CONNECT_FOUR, states) == [3, 5]


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_a_search_with_the_network_in_lockstep_is_the_one_alone(game):
    network = models.PolicyValueNetwork(game).double()

    def judge(planes):
        return models.judge_of(network)(planes.astype(float))

    states = [game.start, game.after(0), game.after(1, 2), game.after(4, 0, 3)]
    chances = [np.random.default_rng(k) for k in range(4)]
    together = Search(game, 30, judge, noise=0.25).many(states, chances)
    for k, state in enumerate(states):
        alone = Search(game, 30, judge, noise=0.25)(state, np.random.default_rng(k))
        np.testing.assert_array_equal(alone.visits, together[k].visits)
        np.testing.assert_allclose(alone.values, together[k].values, rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: models.PolicyValueNetwork(TICTACTOE)(torch.zeros(5, 2, 6, 7)),
            r"planes must be \(N, 2, 3, 3\), got \(5, 2, 6, 7\): .* 3 x 3 squares, so",
        ),
        (
            lambda: models.PolicyValueNetwork(CONNECT_FOUR)(torch.zeros(2, 6, 7)),
            r"planes must be \(N, 2, 6, 7\), got \(2, 6, 7\)",
        ),
        (
            lambda: models.PolicyValueNetwork(CONNECT_FOUR)(torch.zeros(1, 3, 6, 7)),
            r"got \(1, 3, 6, 7\)",
        ),
        (lambda: models.PolicyValueNetwork(TICTACTOE, channels=0), "channels .* got 0"),
        (lambda: models.PolicyValueNetwork(TICTACTOE, hidden=1.5), "hidden .* got 1.5"),
        (
            lambda: models.judge_of(nn.Flatten())(np.zeros((1, 2, 3, 3))),
            "returns a pair, .* got Tensor: give it a second head",
        ),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert len(str(error.value).split(". ")) == 1
