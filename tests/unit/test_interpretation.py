"""What a network makes of an image, and that it stays as it was."""

import pytest
import torch
from torch import nn

from bigmodel_lab.interpretation import attribution, feature_maps, probabilities

BLANK = torch.zeros(1, 1, 28, 28)


@pytest.fixture
def model():
    """Return a network whose modes are mixed and whose gradients are there."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 3, 5),
            nn.BatchNorm2d(3),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(3, 4, 3),
            nn.ReLU(),
            nn.Conv2d(4, 2, 3),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(2 * 8 * 8, 10),
        )
        model(torch.rand(8, 1, 28, 28)).sum().backward()
    model[1].eval()  # as one that is frozen
    return model


@pytest.fixture
def image():
    return torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def state(model):
    """Return all that must not change: weights, statistics, gradients, modes, hooks."""
    return (
        {name: value.tolist() for name, value in model.state_dict().items()},
        [p.grad.tolist() for p in model.parameters()],
        [p.requires_grad for p in model.parameters()],
        [layer.training for layer in model.modules()],
        [len(layer._forward_hooks) for layer in model.modules()],
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_looking_changes_nothing(model, image, device, dtype):
    model = model.to(device, dtype)
    before, pixels = state(model), image.clone()
    shares = probabilities(model, image)
    maps = feature_maps(model, image)
    votes = attribution(model, image, 3)
    assert state(model) == before
    assert torch.equal(image, pixels)
    assert not image.requires_grad
    for result in (shares, *maps, votes):
        assert result.device.type == "cpu"
        assert result.dtype == torch.float32
        assert not result.requires_grad


def test_the_probabilities_are_the_softmax_of_the_logits(model, image):
    shares = probabilities(model, image)
    model.eval()
    assert torch.allclose(shares, model(image).softmax(1)[0])


def test_the_feature_maps_are_those_of_the_first_two_convolutions(model, image):
    first, second = feature_maps(model, image)
    model.eval()
    assert torch.allclose(first, model[:1](image)[0].relu())
    assert torch.allclose(second, model[:5](image)[0].relu())
    assert first.shape == (3, 24, 24)
    assert second.shape == (4, 10, 10)


def test_a_network_without_convolutions_has_no_feature_maps(image):
    assert feature_maps(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), image) == []


def test_a_failing_model_keeps_no_hook(model, image):
    model[9] = nn.Linear(5, 10)
    with pytest.raises(RuntimeError):
        feature_maps(model, image)
    assert not any(layer._forward_hooks for layer in model.modules())
    assert model.training
    assert not model[1].training


def test_attributions_lie_on_the_ink_and_sum_to_the_rise_of_the_logit(model, image):
    image = image * (image > 0.7)
    for digit in (0, 7):
        votes = attribution(model, image, digit)
        assert votes.shape == (28, 28)
        assert not votes[image[0, 0] == 0].any()
        model.eval()
        rise = (model(image) - model(BLANK))[0, digit]
        assert votes.sum().item() == pytest.approx(rise.item(), abs=0.02)


def test_of_a_linear_model_they_are_weight_times_pixel(image):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    votes = attribution(model, image, 4)
    weights = model[1].weight[4].detach().reshape(28, 28)
    assert torch.allclose(votes, weights * image[0, 0], atol=1e-6)


def test_a_model_without_parameters_will_do(image):
    assert probabilities(nn.Sequential(nn.Flatten(), First(10)), image).shape == (10,)


class First(nn.Module):
    """A layer that answers the first numbers of its input, or a tuple of them."""

    def __init__(self, count, wrap=False):
        super().__init__()
        self.count, self.wrap = count, wrap

    def forward(self, x):
        answer = x.flatten(1)[:, : self.count]
        return (answer,) if self.wrap else answer


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (nn.Linear(784, 10), r"nn.Flatten\(\).*shapes cannot be multiplied"),
        (nn.Conv2d(3, 10, 28), r"nn.Conv2d\(1, ...\).*channels"),
        (nn.Conv2d(1, 10, 28), r"logits \(1, 10\).*got \(1, 10, 1, 1\)"),
        (First(2), r"got \(1, 2\)"),
        (First(10, wrap=True), "got <class 'tuple'>"),
    ],
)
def test_a_model_of_another_shape_gets_the_reason(model, reason):
    with pytest.raises(ValueError, match=reason):
        probabilities(model, BLANK)


def test_a_diverged_model_gets_the_reason(model, image):
    nn.init.constant_(model[9].weight, float("nan"))
    with pytest.raises(ValueError, match="diverged"):
        probabilities(model, image)
