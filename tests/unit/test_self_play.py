"""Self-play: a network gets better by its own games, a generation a step."""

import copy
import threading

import numpy as np
import pytest
import torch
from torch import nn
from trainings import assert_same, steps_of

from bigmodel_lab import Diverged, SelfPlay, Training, TuningPanel, models
from bigmodel_lab.from_scratch import searching
from bigmodel_lab.from_scratch.games import ConnectFour, TicTacToe
from bigmodel_lab.playing.matches import in_lockstep
from bigmodel_lab.widgets.runs import Run
from bigmodel_lab.widgets.view import progress

TICTACTOE, CONNECT_FOUR = TicTacToe(), ConnectFour()


def make(device="cpu", game=TICTACTOE, dropout=0.0, **options):
    """Return a small self-play, always started alike."""
    torch.manual_seed(1)
    network = models.PolicyValueNetwork(game, channels=4, hidden=8)
    network.body.append(nn.Dropout(dropout))
    options = {"generations": 3, "games": 6, "play_outs": 5, "batch_size": 16} | options
    return SelfPlay(network.to(device), game, **options)


# -- what a generation is --------------------------------------------------------------


def test_it_learns_to_play_tic_tac_toe():
    table = searching.minimax(TICTACTOE)
    states = searching.contested(TICTACTOE, table)

    def optimal(network):
        chosen = models.moves_alone(network, TICTACTOE, states)
        return searching.share_optimal(chosen, states, table)

    network = models.PolicyValueNetwork(TICTACTOE)
    before = optimal(network)
    training = SelfPlay(network, TICTACTOE, 4, metrics={"optimal": optimal})
    training.finish()
    after = training.history["optimal"]
    assert after.iloc[-1] == optimal(network)
    assert before < 0.5
    assert after.iloc[-1] > before + 0.12
    assert after.iloc[-1] > 0.57


@pytest.mark.parametrize("game", [TICTACTOE, CONNECT_FOUR], ids=repr)
def test_the_memory_has_every_position_with_what_was_found_and_who_won(game, device):
    training = make(device, game, generations=1).finish()
    ((X, y),) = training.memory
    assert X.shape[1:] == (2, *game.shape)
    assert y.shape == (len(X), game.number_of_moves + 1)
    starts = [k for k, planes in enumerate(X) if not planes.any()]
    assert len(starts) == 6
    for first, end in zip(starts, [*starts[1:], len(X)], strict=True):
        results = y[first:end, -1].tolist()
        # Seen by X, by O, by X ...: a win of one is the other's loss.
        signs = [(-1) ** k for k in range(end - first)]
        expected = [results[0] * sign for sign in signs]
        assert results == expected
        if results[0]:
            # Whoever moved last has won.
            assert results[-1] == 1
        stones = X[first:end].flatten(1).sum(1).tolist()
        assert stones == list(range(end - first))
    shares = y[:, :-1]
    torch.testing.assert_close(shares.sum(1), torch.ones(len(X)))
    # Each share is a number of play-outs of five.
    torch.testing.assert_close(shares * 5, (shares * 5).round())


def test_the_network_learns_from_the_window_as_with_training_alone():
    training = make(generations=3, window=2, epochs=3)
    steps_of(training, 2)
    memory = list(training.memory)
    model, optimizer = copy.deepcopy((training.model, training.optimizer))
    training.finish()
    (old_X, old_y), (X, y) = training.memory
    assert_same((old_X, old_y), memory[1])
    alone = Training(
        model,
        models.policy_value_loss,
        optimizer,
        (torch.cat([old_X, X]), torch.cat([old_y, y])),
        epochs=3,
        batch_size=16,
        seed=2,
    ).finish()
    assert_same(training.model.state_dict(), model.state_dict())
    assert training.losses[-1] == pytest.approx(np.mean(alone.losses))


def test_the_games_are_played_by_the_last_generations_network():
    training = make(generations=2, noise=0.4, random_moves=3)
    networks = [copy.deepcopy(training.model)]
    steps_of(training, 1)
    networks.append(copy.deepcopy(training.model))
    training.finish()
    found = []
    for network in networks:
        judge = models.judge_of(network)
        search = searching.Search(TICTACTOE, 5, judge, noise=0.4)
        chances = [np.random.default_rng([0, 2, k]) for k in range(6)]
        games = in_lockstep(search, chances, random_moves=3)
        while True:
            try:
                next(games)
            except StopIteration as end:
                shares = [each for record in end.value for each in record.shares]
                found.append(torch.tensor(np.array(shares)).float())
                break
    played = training.memory[1][1][:, :-1]
    assert_same(played, found[1])
    assert found[0].shape != played.shape or not torch.equal(found[0], played)


def test_few_positions_are_one_batch():
    training = make(games=1, batch_size=4096).finish()
    assert training.steps_done == 3


# -- what it tells ---------------------------------------------------------------------


def test_the_history_has_a_row_for_each_generation():
    seen = []

    def metric(network):
        seen.append((network.training, torch.is_grad_enabled()))
        return len(seen)

    training = make(metrics={"calls": metric}, games=12)
    steps = list(training)
    assert [(s.number, s.epoch) for s in steps] == [(1, 1), (2, 2), (3, 3)]
    history = training.history
    assert history.columns.tolist() == [
        *("step", "train_loss", "first_won", "drawn", "calls", "seconds")
    ]
    assert history["step"].tolist() == [1, 2, 3]
    assert history["calls"].tolist() == [1, 2, 3]
    assert seen == [(False, False)] * 3
    assert training.model.training
    assert history["train_loss"].tolist() == [step.loss for step in steps]
    assert history["seconds"].is_monotonic_increasing
    for (X, y), row in zip(training.memory, history.itertuples(), strict=True):
        results = y[X.flatten(1).sum(1) == 0, -1]
        assert len(results) == 12
        assert row.first_won == pytest.approx((results == 1).float().mean().item())
        assert row.drawn == pytest.approx((results == 0).float().mean().item())


def test_seeds_decide_the_games():
    (X, _), (again, _), (other, _) = (
        make(generations=1, seed=seed).finish().memory[0] for seed in (0, 0, 1)
    )
    assert torch.equal(X, again)
    assert X.shape != other.shape or not torch.equal(X, other)


# -- leaving and coming back -----------------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("left_at", [1, 2])
def test_leaving_between_generations_changes_nothing(device, dropout, left_at):
    straight = make(device, dropout=dropout).finish()
    training = make(device, dropout=dropout)
    steps_of(training, left_at)
    assert training.steps_done == left_at
    training.model.eval()
    training.finish()
    assert_same(training.model.state_dict(), straight.model.state_dict())
    assert training.losses == straight.losses
    assert list(training) == []


@pytest.mark.parametrize("after", [2, 13])
def test_in_a_generation_one_may_leave_after_each_move_and_update(after):
    """13: six to nine moves, and then some of the updates."""
    straight = make(generations=2).finish()
    training = make(generations=2)
    pieces = training.pieces()
    assert [next(pieces) for _ in range(after)] == [None] * after
    assert_same(training.model.state_dict(), make().model.state_dict())
    assert (training.steps_done, training.losses, training.memory) == (0, [], [])
    training.finish()
    assert_same(training.model.state_dict(), straight.model.state_dict())
    assert training.losses == straight.losses
    assert_same(training.memory, straight.memory)


def test_an_interrupted_measurement_is_made_up_for():
    calls = []

    def metric(network):
        calls.append(None)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return 5.0

    training = make(generations=2, metrics={"m": metric})
    with pytest.raises(KeyboardInterrupt):
        training.finish()
    assert training.steps_done == 1
    training.finish()
    assert training.history["m"].tolist() == [5.0, 5.0]
    assert training.losses == make(generations=2).finish().losses


def test_a_checkpoint_goes_on_bit_for_bit(tmp_path):
    straight = make().finish()
    training = make()
    steps_of(training, 2)
    path = training.save(tmp_path / "generations.pt")
    other = make().load(path)
    assert_same(other.memory, training.memory)
    other.finish()
    assert_same(other.model.state_dict(), straight.model.state_dict())
    assert other.losses == straight.losses


# -- in a panel ------------------------------------------------------------------------


def test_a_panel_runs_it():
    def by_itself(learning_rate=0.003, generations=3):
        return make(learning_rate=learning_rate, generations=generations)

    panel = TuningPanel(by_itself)
    try:
        panel.train()
        run = panel.wait(60)
        assert run.state == "finished"
        assert panel.history["step"].tolist() == [1, 2, 3]
        assert run.losses == make().finish().losses
        assert {"first_won", "drawn"} <= set(panel.table.columns)
    finally:
        panel.reset()


def test_a_panel_stops_it_between_two_moves():
    calls = []

    def stopped(play_outs=20):
        training = make(generations=2, play_outs=play_outs)

        def count(*_):
            calls.append(None)
            if len(calls) == 30:  # in the second move
                panel.stop()

        training.model.register_forward_hook(count)
        calls.clear()
        return training

    panel = TuningPanel(stopped)
    try:
        panel.train()
        run = panel.wait(60)
        assert run.state == "stopped"
        assert len(calls) == 2 * 21  # a move is a look at the roots, and 20 play-outs
        assert run.training.steps_done == 0
        assert run.losses == []
        assert panel.status == (
            "Run 1: Stopped. Too few steps to judge: let it run longer."
        )
    finally:
        panel.reset()


def test_before_the_first_step_a_panel_says_so():
    run, stop = Run(1, {}), threading.Event()
    run.start(make)
    assert run.step(stop)
    assert progress([run], 0.1) == (0.0, "The first step is under way.")
    while not run.losses:
        assert run.step(stop)
    assert progress([run], 0.1)[0] == pytest.approx(1 / 3)


# -- what goes wrong -------------------------------------------------------------------


class OneHead(nn.Module):
    """A network without a value."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(18, 9)

    def forward(self, planes):
        return self.layer(planes.flatten(1))


class TwoHeads(OneHead):
    """A network whose value is a column, and may be anything."""

    def forward(self, planes):
        return super().forward(planes), planes.flatten(1)[:, :1] + 7


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"game": CONNECT_FOUR},
            r"The network cannot play connect four: planes must be \(N, 2, 3, 3\), got",
        ),
        ({"model": nn.Linear(4, 9)}, "The network cannot play tic-tac-toe: mat1 and"),
        ({"model": OneHead()}, "cannot play tic-tac-toe: .* pair, .* second head"),
        ({"model": TwoHeads()}, r"values \(1,\) for 1 .* got \(1, 9\) and \(1, 1\)"),
        ({"games": 0}, "games must be an integer of at least 1, got 0"),
        ({"play_outs": 0}, "play_outs must be an integer of at least 1, got 0"),
        ({"generations": 0}, "generations must be .* got 0"),
        ({"generations": 1.5}, "generations must be .* got 1.5"),
        ({"window": 0}, "window must be .* got 0"),
        ({"epochs": 0}, "epochs must be .* got 0"),
        ({"batch_size": 0}, "batch_size must be .* got 0"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0, got 0"),
        ({"random_moves": -1}, "random_moves must be an integer of at least 0, got -1"),
        ({"noise": 1.5}, "noise must be a share from 0 to 1, got 1.5"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(changed, says):
    options = {"model": models.PolicyValueNetwork(TICTACTOE), "game": TICTACTOE}
    with pytest.raises(ValueError, match=says) as error:
        SelfPlay(**options | changed)
    assert len(str(error.value).split(". ")) == 1


def test_divergence_keeps_the_last_generations_network():
    training = make(generations=2, epochs=20)
    steps_of(training, 1)
    before = copy.deepcopy(training.model.state_dict())
    training.loss = lambda predictions, targets: predictions[1].sum() * torch.inf
    with pytest.raises(Diverged, match="The loss became"):
        training.finish()
    assert training.steps_done == 1
    assert_same(training.model.state_dict(), before)
