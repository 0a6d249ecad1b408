import pytest
import torch

from bigmodel_lab import models


def test_linear_regression_computes_weights_times_x_plus_bias():
    model = models.linear_regression(3)
    X = torch.randn(5, 3)
    layer = model[0]
    assert layer.bias.item() == 0
    assert layer.weight.abs().max() <= (6 / (3 + 1)) ** 0.5  # Glorot's bound
    torch.testing.assert_close(model(X), X @ layer.weight[0] + layer.bias)


@pytest.mark.parametrize("hidden", [[], [7], [7, 4]])
def test_regression_mlp_has_the_layers_asked_for(hidden):
    model = models.regression_mlp(3, hidden)
    widths = [p.shape[0] for name, p in model.named_parameters() if "weight" in name]
    assert widths == [*hidden, 1]
    assert model(torch.randn(5, 3)).shape == (5,)
    assert sum(isinstance(m, torch.nn.ReLU) for m in model) == len(hidden)


@pytest.mark.parametrize(
    ("make", "parameters"), [(models.digit_mlp, 101_770), (models.digit_cnn, 93_322)]
)
def test_the_documents_networks_have_their_parameters_and_start_as_in_keras(
    make, parameters
):
    torch.manual_seed(0)
    model = make()
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert model(torch.rand(5, 1, 28, 28)).shape == (5, 10)
    for layer in model:
        if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)):
            assert (layer.bias == 0).all()
            field = layer.weight[0, 0].numel() if layer.weight.dim() == 4 else 1
            fan_in, fan_out = layer.weight.shape[1] * field, len(layer.weight) * field
            bound = (6 / (fan_in + fan_out)) ** 0.5  # Glorot and Bengio (2010)
            assert 0.9 * bound < layer.weight.abs().max() <= bound


def test_pooling_before_relu_is_the_network_that_d4_prints():
    torch.manual_seed(0)
    model = models.digit_cnn().double()
    printed = list(model)
    printed[1], printed[2] = printed[2], printed[1]
    printed[4], printed[5] = printed[5], printed[4]
    images = torch.rand(4, 1, 28, 28, dtype=torch.float64)
    torch.testing.assert_close(model(images), torch.nn.Sequential(*printed)(images))
