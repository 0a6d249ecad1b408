"""Private SGD by hand: against stored gradients, autograd and opacus."""

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from bigmodel_lab import private_sgd


@pytest.fixture(params=range(5))
def problem(request):
    """Return a network, a batch and a limit, of random sizes and shapes."""
    draw = torch.Generator().manual_seed(request.param)
    size = lambda most: int(torch.randint(1, most, (), generator=draw))  # noqa: E731
    torch.manual_seed(request.param)
    wide, hidden, classes, samples = size(9), size(9), 1 + size(5), 1 + size(12)
    bias = request.param != 3
    model = nn.Sequential(
        nn.Linear(wide, hidden, bias=bias),
        nn.Tanh(),
        nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU()),
        nn.Linear(hidden, classes),
    )
    X = 3 * torch.randn(samples, wide)
    y = torch.randint(classes, (samples,), generator=draw)
    return model.double(), X.double(), y, 0.3 + request.param


def each_gradient(model, X, y):
    """Return each example's gradient, one tensor (N, ...) a parameter."""
    weights = {name: w.detach() for name, w in model.named_parameters()}

    def loss(weights, x, target):
        return F.cross_entropy(functional_call(model, weights, x[None]), target[None])

    return list(vmap(grad(loss), (None, 0, 0))(weights, X, y).values())


def test_the_clipped_sum_is_that_of_stored_gradients(problem):
    model, X, y, limit = problem
    each = each_gradient(model, X, y)
    norms = torch.stack([g.flatten(1).square().sum(1) for g in each]).sum(0).sqrt()
    shares = (limit / norms).clamp(max=1)
    total, loss = private_sgd.clipped_sum(model, F.cross_entropy, X, y, limit)
    for found, wanted in zip(total, each, strict=True):
        assert torch.allclose(found, torch.tensordot(shares, wanted, 1))
    assert loss == pytest.approx(F.cross_entropy(model(X), y).item())


def test_without_a_limit_in_reach_it_is_the_gradient_that_autograd_finds(problem):
    model, X, y, _ = problem
    total, _ = private_sgd.clipped_sum(model, F.cross_entropy, X, y, 1e9)
    F.cross_entropy(model(X), y, reduction="sum").backward()
    for found, weights in zip(total, model.parameters(), strict=True):
        assert torch.allclose(found, weights.grad)


@pytest.mark.filterwarnings("ignore")  # opacus warns of its hooks
def test_the_norms_are_those_of_opacus(problem):
    from opacus.grad_sample import GradSampleModule

    model, X, y, limit = problem
    total, _ = private_sgd.clipped_sum(model, F.cross_entropy, X, y, limit)
    sampled = GradSampleModule(model, loss_reduction="sum")
    F.cross_entropy(sampled(X), y, reduction="sum").backward()
    each = [weights.grad_sample for weights in sampled.parameters()]
    norms = torch.stack([g.flatten(1).square().sum(1) for g in each]).sum(0).sqrt()
    shares = (limit / norms).clamp(max=1)
    for found, wanted in zip(total, each, strict=True):
        assert torch.allclose(found, torch.tensordot(shares, wanted, 1))


def test_nobody_moves_the_sum_by_more_than_the_limit(problem):
    model, X, y, limit = problem
    whole, _ = private_sgd.clipped_sum(model, F.cross_entropy, X, y, limit)
    without, _ = private_sgd.clipped_sum(model, F.cross_entropy, X[1:], y[1:], limit)
    moved = [(a - b).square().sum() for a, b in zip(whole, without, strict=True)]
    assert torch.stack(moved).sum().sqrt() <= limit * (1 + 1e-9)


def test_a_batch_of_nobody_has_a_sum_of_zeros():
    model = nn.Linear(3, 2)
    X, y = torch.empty(0, 3), torch.empty(0, dtype=torch.long)
    total, _ = private_sgd.clipped_sum(model, F.cross_entropy, X, y, 1.0)
    assert [bool((part == 0).all()) for part in total] == [True, True]


def test_the_hooks_are_gone_afterwards(problem):
    model, X, y, limit = problem
    private_sgd.clipped_sum(model, F.cross_entropy, X, y, limit)
    with pytest.raises(IndexError):
        private_sgd.clipped_sum(model, F.cross_entropy, X, y + 100, limit)
    assert not any(layer._forward_hooks for layer in model.modules())


def test_noise_has_the_deviation_it_should_have():
    draw = torch.Generator().manual_seed(0)
    total = torch.full((400, 250), 7.0)
    found = private_sgd.noisy(total, limit=3.0, noise=0.5, generator=draw)
    assert found.mean().item() == pytest.approx(7, abs=0.03)
    assert found.std().item() == pytest.approx(1.5, rel=0.02)
    still = private_sgd.noisy(total, limit=3.0, noise=0, generator=draw)
    assert torch.equal(still, total)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), "mixes the examples"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten()), "is a Conv2d with weights"),
        (nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)), "is a LayerNorm"),
        (nn.Embedding(3, 4), "the model is a Embedding"),
        (nn.ReLU(), "no nn.Linear layer"),
    ],
)
def test_a_network_that_cannot_be_clipped_is_refused(model, words):
    with pytest.raises(ValueError, match=words):
        private_sgd.clipped_sum(
            model, F.cross_entropy, torch.ones(2, 3), torch.tensor([0, 1]), 1.0
        )


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
def test_a_limit_without_meaning_is_refused(limit):
    model = nn.Linear(3, 2)
    with pytest.raises(ValueError, match="limit must be above 0"):
        private_sgd.clipped_sum(
            model, F.cross_entropy, torch.ones(2, 3), torch.tensor([0, 1]), limit
        )


def test_norms_need_one_row_for_each_example():
    with pytest.raises(ValueError, match="of the same N examples"):
        private_sgd.example_norms(torch.ones(2, 3), torch.ones(3, 2))
    with pytest.raises(ValueError, match="of the same N examples"):
        private_sgd.example_norms(torch.ones(2, 5, 3), torch.ones(2, 5, 2))


@pytest.mark.parametrize("noise", [-1, float("inf"), float("nan")])
def test_noise_without_meaning_is_refused(noise):
    with pytest.raises(ValueError, match="noise must be at least 0"):
        private_sgd.noisy(torch.ones(2), 1.0, noise, torch.Generator())
