import math
import weakref

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import accuracy_score, r2_score
from torch import nn
from trainings import houses, make

from bigmodel_lab import Training, accuracy, evaluate, models, predict
from bigmodel_lab.from_scratch.losses import mse


def test_evaluate_switches_dropout_off_and_the_mode_back(device):
    training = make(device, dropout=0.9)
    data = houses(3000)  # more than one batch of evaluate
    for mode in (True, False):
        training.model.train(mode)
        first, second = (evaluate(training.model, mse, data) for _ in range(2))
        assert first == second
        assert training.model.training is mode
    X, y = (values.to(device) for values in data)
    expected = mse(training.model.eval()(X), y).item()
    assert first == {"loss": pytest.approx(expected)}


def test_evaluate_restores_the_mode_after_an_error():
    model = models.linear_regression(3)
    with pytest.raises(RuntimeError):
        evaluate(model, mse, (torch.zeros(5, 4), torch.zeros(5)))
    assert model.training


def test_metrics_of_infinite_predictions_are_nan():
    model = models.linear_regression(3)
    nn.init.constant_(model[0].weight, 1e38)
    X = torch.full((4, 3), 1e10)
    measured = evaluate(model, mse, (X, torch.zeros(4)), {"R²": r2_score})
    assert math.isnan(measured["R²"])
    assert not math.isfinite(measured["loss"])


class Wide(nn.Module):
    """Return 20,000 logits a sample and count how many are alive at once."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.alive, self.most = weakref.WeakSet(), 0

    def forward(self, X):
        logits = (self.scale * X).expand(-1, 20_000).clone()
        self.alive.add(logits.untyped_storage())
        self.most = max(self.most, sum(s.nbytes() for s in self.alive) // 80_000)
        return logits


def test_predictions_are_kept_only_for_metrics_and_the_means_are_the_same():
    X = torch.linspace(-1, 1, 3000)[:, None]
    y = torch.zeros(3000, dtype=torch.long)
    right = {"accuracy": lambda logits, y: (logits.argmax(1) == y).float().mean()}
    model = Wide()
    measured = evaluate(model, nn.functional.cross_entropy, (X, y), batch_metrics=right)
    assert model.most <= 2 * 1024  # of 3,000: a batch, and the next one
    whole = nn.functional.cross_entropy(model(X), y)
    assert measured["loss"] == pytest.approx(whole.item(), rel=1e-6)
    kept = evaluate(
        model,
        nn.functional.cross_entropy,
        (X, y),
        {"accuracy": lambda y, logits: (logits.argmax(1) == y).mean()},
    )
    assert kept["accuracy"] == pytest.approx(measured["accuracy"])


def test_predict_is_the_model_in_evaluation_mode(device):
    training = make(device, dropout=0.5)
    X, _ = houses(20)
    predictions = predict(training.model, X.numpy(), batch_size=7)
    assert predictions.device.type == "cpu"
    assert training.model[1].training  # as its owner left it
    expected = training.model.eval()(X.to(device)).cpu()
    torch.testing.assert_close(predictions, expected)


def test_predict_names_what_is_not_finite():
    X = pd.DataFrame({"area": [1.0, math.nan]})
    with pytest.raises(ValueError, match=r"X holds 1 values .*\['area'\]"):
        predict(nn.Linear(1, 1), X)


@pytest.mark.parametrize("kind", [torch.as_tensor, np.asarray, list])
def test_accuracy_is_scikit_learns(kind):
    rng = np.random.default_rng()
    targets, logits = rng.integers(4, size=50), rng.normal(size=(50, 4))
    found = logits.argmax(1)
    expected = accuracy_score(targets, found)
    assert accuracy(kind(targets), kind(found)) == expected
    assert accuracy(kind(targets), logits) == expected
    assert accuracy(np.eye(4)[targets], torch.as_tensor(logits)) == expected


@pytest.mark.parametrize(
    "shapes", [((3,), (4,)), ((3,), (1, 3)), ((3, 1), (3, 1)), ((0,), (0,))]
)
def test_accuracy_of_what_cannot_be_compared_is_refused(shapes):
    targets, predictions = (np.zeros(shape) for shape in shapes)
    with pytest.raises(ValueError, match="accuracy compares classes"):
        accuracy(targets, predictions)


def test_accuracy_is_a_metric_of_a_training():
    X, y = houses(40)
    classes = (y > 3).long()
    model = nn.Linear(3, 2)
    training = Training(
        model,
        nn.functional.cross_entropy,
        torch.optim.Adam(model.parameters(), 0.1),
        (X, classes),
        validation=(X, classes),
        epochs=10,
        metrics={"accuracy": accuracy},
    ).finish()
    assert training.history["accuracy"].iloc[-1] == accuracy(classes, predict(model, X))
    assert training.history["accuracy"].iloc[-1] > 0.9
