import math

import pandas as pd
import pytest
import torch
from trainings import assert_same, houses, linear, make, snapshot, steps_of

from bigmodel_lab import Training, learning_rate_range_test
from bigmodel_lab.from_scratch.losses import mse


def test_learning_rate_range_test_ignores_the_schedule():
    plain, _ = learning_rate_range_test(make(), low=1e-3)
    scheduled, _ = learning_rate_range_test(
        make(schedule=lambda step, steps: 0.0), low=1e-3
    )
    pd.testing.assert_frame_equal(plain, scheduled)


@pytest.mark.parametrize("kind", ["tensors", "loader"])
def test_learning_rate_range_test_touches_nothing_and_suggests_well(device, kind):
    training = make(device, kind=kind, dropout=0.1, epochs=20)
    steps_of(training, 5)
    before = snapshot(training)
    accelerator = torch.cuda.get_rng_state() if device == "cuda" else None
    table, suggestion = learning_rate_range_test(training)
    assert_same(snapshot(training), before)
    if accelerator is not None:
        assert torch.equal(torch.cuda.get_rng_state(), accelerator)
    assert table.columns.tolist() == ["learning_rate", "loss"]
    assert table["learning_rate"].is_monotonic_increasing
    best = table["learning_rate"][table["loss"].idxmin()]
    assert best / 10 <= suggestion <= best
    untrained = training.losses[0]
    trained = make(device, learning_rate=suggestion, epochs=20).finish()
    assert trained.history["train_loss"].iloc[-1] < untrained / 20


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-1, 1), (1, 1), (2, 1), (1e-6, math.inf), (math.nan, 1)]
)
def test_learning_rate_range_test_refuses_a_bad_range(low, high):
    with pytest.raises(ValueError, match=f"got {low}, {high}"):
        learning_rate_range_test(make(), low, high)


def test_learning_rate_range_test_refuses_bad_steps_and_a_start_that_diverges():
    with pytest.raises(ValueError, match="steps must be an integer"):
        learning_rate_range_test(make(), steps=0)
    X, y = houses()
    with pytest.raises(ValueError, match="at learning_rate 1e-06 diverged"):
        learning_rate_range_test(make(data=(X, y * 1e30)))


def one_in_eight_far_off(batch_size, seed, shift=0.0):
    """Return a training of a line on targets of 1, every eighth of them 10."""
    generator = torch.Generator().manual_seed(seed)
    X, y = torch.randn(512, 3, generator=generator), torch.ones(512)
    y[::8] = 10
    torch.manual_seed(seed)
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def loss(predictions, targets):
        return mse(predictions, targets) - shift

    return Training(
        model, loss, optimizer, (X, y), batch_size=batch_size, epochs=3, seed=seed
    )


def test_noise_does_not_decide_the_range_test():
    suggestions = {
        batch_size: [
            learning_rate_range_test(one_in_eight_far_off(batch_size, seed))[1]
            for seed in range(20)
        ]
        for batch_size in (1, 4, 512)
    }
    # The smaller the batches, the more a long step disturbs: no seed is far off.
    assert all(0.2 < suggestion < 1 for suggestion in suggestions[512])
    assert all(0.003 < suggestion < 0.2 for suggestion in suggestions[4])
    assert all(0.001 < suggestion < 0.2 for suggestion in suggestions[1])


def test_the_range_test_does_not_depend_on_the_zero_of_the_loss():
    plain, shifted = (
        learning_rate_range_test(one_in_eight_far_off(32, seed=0, shift=shift))
        for shift in (0.0, 100.0)
    )
    assert plain[1] == shifted[1]
    assert len(plain[0]) == len(shifted[0])


def test_the_range_test_of_a_loss_that_only_rises_suggests_less_than_its_range():
    training = one_in_eight_far_off(32, seed=0)
    table, suggestion = learning_rate_range_test(training, low=5.0, high=10.0)
    assert suggestion == pytest.approx(0.5, rel=0.2)
    assert len(table) >= 1
