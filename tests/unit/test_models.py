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
