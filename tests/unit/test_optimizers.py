import copy

import pytest
import torch
from torch import nn

from bigmodel_lab.optimizers import GradientDescent


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_100_steps_equal_pytorch_sgd(dtype):
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)).to(dtype)
    theirs = copy.deepcopy(ours)
    X, y = torch.randn(32, 4, dtype=dtype), torch.randn(32, 1, dtype=dtype)
    optimizers = (
        GradientDescent(ours.parameters(), learning_rate=0.1),
        torch.optim.SGD(theirs.parameters(), lr=0.1),
    )
    start = copy.deepcopy(ours.state_dict())
    for _ in range(100):
        for model, optimizer in zip((ours, theirs), optimizers, strict=True):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(X), y).backward()
            optimizer.step()
    for name, parameter in ours.state_dict().items():
        expected = theirs.state_dict()[name]
        torch.testing.assert_close(parameter, expected, atol=1e-6, rtol=0)
        assert not torch.equal(parameter, start[name])


def test_one_step_by_hand():
    theta = nn.Parameter(torch.tensor([1.0, -2.0]))
    (3 * theta).sum().backward()
    GradientDescent([theta], learning_rate=0.5).step()
    assert theta.tolist() == [-0.5, -3.5]


def test_closure_is_called_with_gradients_on_and_its_loss_returned():
    theta = nn.Parameter(torch.tensor(3.0))
    optimizer = GradientDescent([theta], learning_rate=0.25)

    def closure():
        optimizer.zero_grad()
        loss = theta**2
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9.0
    assert theta.item() == 1.5


def test_a_parameter_without_gradient_stays():
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    used.sum().backward()
    GradientDescent([used, unused], learning_rate=0.1).step()
    assert torch.equal(unused, torch.ones(2))
    assert not torch.equal(used, torch.ones(2))


def test_pytorch_schedules_reach_the_learning_rate():
    theta = nn.Parameter(torch.ones(1))
    optimizer = GradientDescent([theta], learning_rate=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    theta.sum().backward()
    optimizer.step()
    schedule.step()
    optimizer.step()
    assert theta.item() == 1 - 1 - 0.5


@pytest.mark.parametrize("bad", [0, -0.1, float("nan"), float("inf")])
def test_bad_learning_rates_are_named(bad):
    with pytest.raises(ValueError, match=f"above 0, got {bad};"):
        GradientDescent([nn.Parameter(torch.ones(1))], learning_rate=bad)
