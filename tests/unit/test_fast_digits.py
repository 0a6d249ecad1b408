import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.datasets import mnist
from bigmodel_lab.models import fast_digits
from bigmodel_lab.models.fast_digits import (
    ShiftedCrop,
    network,
    training,
    whitening_filters,
)


@pytest.fixture(scope="module")
def digits():
    return mnist()


@pytest.mark.parametrize(("count", "size"), [(1, 3), (6, 5), (25, 5)])
def test_the_filters_whiten_the_patches_they_come_from(digits, count, size):
    images = digits[0][:500].double()
    filters = whitening_filters(images, count, size)
    assert filters.shape == (2 * count, 1, size, size)
    torch.testing.assert_close(filters[:count], -filters[count:])
    answers = F.conv2d(images, filters[:count]).transpose(0, 1).flatten(1)  # (C, P)
    covariance = answers.cov().reshape(count, count)
    variances = covariance.diag()
    torch.testing.assert_close(covariance, variances.diag())  # uncorrelated
    assert (variances <= 1).all()
    assert variances[0] > 0.99  # ... and 1, but for directions with hardly any variance
    assert (variances.diff() < 1e-9).all()  # those that vary most come first


@pytest.mark.parametrize("count", [0, 26, -1])
def test_a_patch_has_only_so_many_directions(digits, count):
    with pytest.raises(ValueError, match="from 1 to 25"):
        whitening_filters(digits[0], count)


def test_a_crop_is_the_middle_in_evaluation_mode_and_moves_in_training():
    images = torch.arange(2.0 * 28 * 28).reshape(2, 1, 28, 28)
    crop = ShiftedCrop(border=2, shift=1)
    middle = images[:, :, 2:26, 2:26]
    assert torch.equal(crop.eval()(images), middle)
    crop.train()
    firsts = {crop(images)[0, 0, 0, 0].item() for _ in range(200)}
    assert firsts == {28.0 * row + column for row in (1, 2, 3) for column in (1, 2, 3)}
    assert crop(images).shape == (2, 1, 24, 24)
    assert torch.equal(ShiftedCrop(border=0)(images), images)


@pytest.mark.parametrize(("border", "shift"), [(2, 3), (2, -1), (0, 1)])
def test_a_shift_beyond_the_border_is_refused(border, shift):
    with pytest.raises(ValueError, match="shift must be from 0"):
        ShiftedCrop(border, shift)


@pytest.mark.parametrize(("border", "shift"), [(2, 0.5), ("2", 0), (None, 0)])
def test_pixels_are_integers(border, shift):
    with pytest.raises(ValueError, match="are pixels"):
        ShiftedCrop(border, shift)


@pytest.mark.parametrize("channels", [[8], [16, 8]])
@pytest.mark.parametrize("border", [0, 2])
def test_the_network_gives_logits_and_trains_all_but_the_first_filters(
    digits, channels, border
):
    filters = whitening_filters(digits[0], 3)
    model = network(filters, channels, border=border)
    assert model.training
    convolutions = [layer for layer in model if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [6, *channels]
    F.cross_entropy(model(digits[0][:8]), digits[1][:8]).backward()
    assert model(digits[0][:8]).shape == (8, 10)
    without = [name for name, p in model.named_parameters() if p.grad is None]
    assert without == ["1.weight"]


def test_running_statistics_are_untouched_by_building(digits):
    model = network(whitening_filters(digits[0], 3), [8])
    norm = next(layer for layer in model if isinstance(layer, nn.BatchNorm2d))
    assert (norm.running_mean == 0).all()
    assert norm.num_batches_tracked == 0


def test_it_learns_digits_in_an_epoch(digits, device):
    X, y, X_test, y_test = (part.to(device) for part in digits)
    torch.manual_seed(0)
    model = network(whitening_filters(X.cpu(), 6), [32]).to(device)
    run = training(model, (X, y), epochs=2, learning_rate=0.04, batch_size=128)
    filters = model[1].weight.clone()
    rates = [run.optimizer.param_groups[0]["lr"] for _ in run]
    assert max(rates) == pytest.approx(0.04, rel=1e-2)
    assert rates[-1] < rates[0] < 0.01
    assert torch.equal(model[1].weight, filters)
    model.eval()
    with torch.inference_mode():
        assert (model(X_test).argmax(1) == y_test).float().mean() > 0.9


def test_every_recipe_builds(digits):
    for recipe in fast_digits.RECIPES.values():
        model = recipe.network(digits[0])
        assert model(digits[0][:2]).shape == (2, 10)
        assert 0 < recipe.digits <= 60_000


def test_a_recipe_trains_with_its_own_settings(digits):
    recipe = fast_digits.Recipe(
        digits=300,
        filters=3,
        channels=[8],
        shift=1,
        epochs=2,
        batch_size=100,
        learning_rate=0.03,
    )
    torch.manual_seed(0)
    run = recipe.training(recipe.network(digits[0]), digits[:2], seed=0)
    assert run.model[0].shift == 1
    rates = [run.optimizer.param_groups[0]["lr"] for _ in run]
    assert len(rates) == 2 * 300 / 100
    assert max(rates) <= 0.03
