import pytest
import torch
from torch import nn

from bigmodel_lab.from_scratch.optimizers import (
    Adagrad,
    Adam,
    AdamW,
    GradientDescent,
    Muon,
    RMSprop,
    Together,
    orthogonalized,
)

RULES = {
    "plain": (GradientDescent, torch.optim.SGD, {}),
    "momentum": (GradientDescent, torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (GradientDescent, torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    "decay": (GradientDescent, torch.optim.SGD, {"weight_decay": 0.1}),
    "all": (
        GradientDescent,
        torch.optim.SGD,
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ),
    "adagrad": (Adagrad, torch.optim.Adagrad, {}),
    "adagrad decay": (Adagrad, torch.optim.Adagrad, {"weight_decay": 0.1}),
    "rmsprop": (RMSprop, torch.optim.RMSprop, {}),
    "rmsprop options": (
        RMSprop,
        torch.optim.RMSprop,
        {"decay": 0.9, "weight_decay": 0.1, "epsilon": 1e-6},
    ),
    "adam": (Adam, torch.optim.Adam, {}),
    "adam options": (
        Adam,
        torch.optim.Adam,
        {"betas": (0.8, 0.99), "weight_decay": 0.1, "epsilon": 1e-6},
    ),
    "adamw": (AdamW, torch.optim.AdamW, {}),
    "adamw options": (
        AdamW,
        torch.optim.AdamW,
        {"betas": (0.8, 0.99), "weight_decay": 0.2, "epsilon": 1e-6},
    ),
}
THEIR_NAMES = {"decay": "alpha", "epsilon": "eps"}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", RULES)
def test_100_steps_equal_pytorch(rule, dtype):
    make, make_theirs, options = RULES[rule]
    generator = torch.Generator().manual_seed(0)
    shapes = [(4, 8), (8,), (2, 1, 3)]
    start = [torch.randn(shape, dtype=dtype, generator=generator) for shape in shapes]
    ours, theirs = ([nn.Parameter(t.clone()) for t in start] for _ in range(2))
    their_options = {THEIR_NAMES.get(k, k): v for k, v in options.items()}
    optimizers = (
        make(ours, learning_rate=0.01, **options),
        make_theirs(theirs, lr=0.01, **their_options),
    )
    for _ in range(100):
        # Given gradients: those of a loss would vanish, and these rules divide by them.
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn(mine.shape, dtype=dtype, generator=generator)
            other.grad = mine.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for mine, other, before in zip(ours, theirs, start, strict=True):
        torch.testing.assert_close(mine, other, atol=1e-6, rtol=0)
        assert not torch.equal(mine, before)


@pytest.mark.parametrize("rule", RULES)
def test_the_state_survives_a_checkpoint(rule, tmp_path):
    make, _, options = RULES[rule]

    def fresh():
        theta = nn.Parameter(torch.tensor([1.0, -2.0]))
        return theta, make([theta], learning_rate=0.1, **options)

    def step(theta, optimizer):
        optimizer.zero_grad()
        (theta**4).sum().backward()
        optimizer.step()

    whole, resumed = fresh(), fresh()
    for _ in range(3):
        step(*whole)
    torch.save((whole[0].detach(), whole[1].state_dict()), tmp_path / "state.pt")
    theta, state = torch.load(tmp_path / "state.pt", weights_only=True)
    resumed[0].data.copy_(theta)
    resumed[1].load_state_dict(state)
    step(*whole)
    step(*resumed)
    assert torch.equal(whole[0], resumed[0])


@pytest.mark.parametrize(
    ("make", "options", "says"),
    [
        (GradientDescent, {"momentum": 1.0}, "momentum must be .* got 1.0"),
        (GradientDescent, {"momentum": -0.1}, "momentum must be .* got -0.1"),
        (GradientDescent, {"nesterov": True}, "nesterov needs a momentum"),
        (GradientDescent, {"weight_decay": -1}, "weight_decay must be .* got -1"),
        (Adam, {"betas": (0.9, 1.0)}, r"betas\[1\] must be .* got 1.0"),
        (RMSprop, {"decay": 1.5}, "decay must be .* got 1.5"),
        (Adagrad, {"epsilon": float("nan")}, "epsilon must be .* got nan"),
    ],
)
def test_bad_options_are_named(make, options, says):
    with pytest.raises(ValueError, match=says):
        make([nn.Parameter(torch.ones(1))], learning_rate=0.1, **options)


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


# -- Muon ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(40, 40), (20, 80), (80, 20), (1, 7)])
def test_a_matrix_keeps_its_directions_and_loses_its_sizes(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    ours = orthogonalized(matrix)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    sizes = torch.linalg.svdvals(ours)
    assert 0.6 < sizes.min() <= sizes.max() < 1.25
    inside = left.T @ ours @ right.T  # diagonal if the directions are the same
    torch.testing.assert_close(inside, inside.diag().diag(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_20_steps_of_muon_are_pytorchs(momentum, weight_decay):
    torch.manual_seed(0)
    start, gradients = torch.randn(24, 60), torch.randn(20, 24, 60)
    ours, theirs = (nn.Parameter(start.clone()) for _ in range(2))
    options = {"momentum": momentum, "weight_decay": weight_decay}
    muon = Muon([ours], 0.02, **options)
    pytorchs = torch.optim.Muon(
        [theirs], 0.02, **options, adjust_lr_fn="match_rms_adamw"
    )
    for gradient in gradients:
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        muon.step()
        pytorchs.step()
    way = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * way  # PyTorch's iterates in bfloat16


def test_matrices_of_one_shape_step_together_as_they_would_alone():
    torch.manual_seed(0)
    shapes = [(6, 4), (4, 6), (6, 4), (5, 5), (6, 4)]
    starts = [torch.randn(shape) for shape in shapes]
    together, alone = ([nn.Parameter(x.clone()) for x in starts] for _ in range(2))
    optimizers = [Muon(together, 0.1), *(Muon([theta], 0.1) for theta in alone)]
    for step in range(3):
        for ours, other in zip(together, alone, strict=True):
            ours.grad = other.grad = torch.randn(ours.shape)
        if step == 1:  # the first had no part in this loss: its mean stays
            together[0].grad = alone[0].grad = None
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(together, alone)


def test_muon_refuses_what_is_no_matrix():
    with pytest.raises(ValueError, match=r"shape \(3,\): give it to AdamW"):
        Muon([nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(3))], 0.1)


def test_several_optimizers_step_as_one():
    def made():
        torch.manual_seed(0)
        return nn.Linear(5, 3)

    one, other = made(), made()
    parts = Muon([one.weight], 0.01), AdamW([one.bias], 0.02)
    both = Together(Muon([other.weight], 0.01), AdamW([other.bias], 0.02))
    assert [group["lr"] for group in both.param_groups] == [0.01, 0.02]
    for optimizers, model in ((parts, one), ((both,), other)):
        for group in (g for optimizer in optimizers for g in optimizer.param_groups):
            group["lr"] /= 2  # as a schedule does
        for _ in range(5):
            for optimizer in optimizers:
                optimizer.zero_grad()
            model(torch.ones(2, 5)).square().sum().backward()
            for optimizer in optimizers:
                optimizer.step()
    torch.testing.assert_close(list(one.parameters()), list(other.parameters()))


def test_a_closure_is_called_once_for_all():
    model, calls = nn.Linear(2, 2), []
    both = Together(Muon([model.weight], 0.01), AdamW([model.bias], 0.01))

    def closure():
        calls.append(torch.is_grad_enabled())
        loss = model(torch.ones(1, 2)).sum()
        loss.backward()
        return loss

    assert both.step(closure).requires_grad
    assert calls == [True]
