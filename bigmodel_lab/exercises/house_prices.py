"""Exercises of chapter 04: a regression's gradient, units and learning rate."""

from functools import cache

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from bigmodel_lab.datasets import saratoga_houses
from bigmodel_lab.exercises.draws import normal
from bigmodel_lab.exercises.judging.judge import exercise
from bigmodel_lab.exercises.slider import notch_above, notch_below


def _houses(rng, rows=6):
    """Return random X (rows, 3), as large as areas, rooms and ages, as float64."""
    X = rng.normal([1800, 7, 28], [600, 2, 20], (rows, 3))
    return torch.from_numpy(X)


def _prices(rng):
    """Return random predictions and targets (7,) in dollars."""
    targets = rng.uniform(5e4, 5e5, 7)
    return torch.from_numpy(targets + rng.normal(0, 5e4, 7)), torch.from_numpy(targets)


# -- 1 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (normal(rng, 8, 3), normal(rng, 8), normal(rng, 3)),
    hints=[
        "Write the loss of one house, (prediction - y)², and differentiate it by the "
        "chain rule: outer derivative times inner derivative.",
        "The outer derivative is 2 (prediction - y), the inner one is the row x. "
        "Then take the mean over the rows.",
        "In matrix form: `2 / N * X.T @ (X @ theta - y)` with N rows.",
    ],
)
def mse_gradient(X, y, theta):
    """Return the gradient (3,) of the mean squared error of X @ theta."""
    return 2 / len(X) * X.T @ (X @ theta - y)


@mse_gradient.misconception
def climbs(X, y, theta):
    """Your gradient has the right size and the wrong sign: this update climbs. That
    is the sign printed in D0 §4.3, (y - prediction) instead of (prediction - y).
    """
    return 2 / len(X) * X.T @ (y - X @ theta)


@mse_gradient.misconception
def climbs_half(X, y, theta):
    """This is the formula printed in D0 §4.3: its sign is wrong, so the update climbs;
    and it belongs to the loss with 1/(2N), so a factor 2 is missing as well.
    """
    return X.T @ (y - X @ theta) / len(X)


@mse_gradient.misconception
def half_convention(X, y, theta):
    """Half the gradient: it belongs to the loss with 1/(2N) that D0 §4.1 prints. The
    mean squared error has 1/N, so the 2 of the square stays.
    """
    return X.T @ (X @ theta - y) / len(X)


@mse_gradient.misconception
def summed(X, y, theta):
    """You summed over the houses and did not divide by their number: with more data
    the same learning rate would take longer steps.
    """
    return 2 * X.T @ (X @ theta - y)


@mse_gradient.misconception
def forgets_the_input(X, y, theta):
    """You stopped the chain rule too early: the inner derivative of X @ theta with
    respect to theta is X, so every weight needs its own column of X.
    """
    return torch.full_like(theta, 2 * (X @ theta - y).mean())


# -- 2 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (_houses(rng), _houses(rng, 4)),
    hints=[
        "Mean and standard deviation are learned from data. From which part?",
        "One mean and one standard deviation for each column: reduce over the rows, "
        "`X_train.mean(0)`.",
        "`(X_train - mean) / std` and `(X_test - mean) / std`, with the same mean and "
        "`std = X_train.std(0, correction=0)` in both.",
    ],
)
def standardize(X_train, X_test):
    """Return both parts, scaled to mean 0 and standard deviation 1 of X_train."""
    mean, std = X_train.mean(0), X_train.std(0, correction=0)
    return (X_train - mean) / std, (X_test - mean) / std


def _scaled(X, reference, correction=0):
    """Return X standardized by the statistics of `reference`."""
    return (X - reference.mean(0)) / reference.std(0, correction=correction)


@standardize.misconception
def each_by_itself(X_train, X_test):
    """You scaled the test part by its own mean and standard deviation: the same house
    then gets different numbers in the two parts. Use those of the training part.
    """
    return _scaled(X_train, X_train), _scaled(X_test, X_test)


@standardize.misconception
def from_everything(X_train, X_test):
    """You took mean and standard deviation from both parts together: the test set has
    leaked into training. Use those of the training part alone.
    """
    both = torch.cat([X_train, X_test])
    return _scaled(X_train, both), _scaled(X_test, both)


@standardize.misconception
def one_mean_for_all(X_train, X_test):
    """You used one mean and one standard deviation for the whole table: square feet
    drown out rooms and years. Each column needs its own: reduce over dimension 0.
    """
    mean, std = X_train.mean(), X_train.std(correction=0)
    return (X_train - mean) / std, (X_test - mean) / std


@standardize.misconception
def min_max(X_train, X_test):
    """This is min-max scaling to [0, 1], as in D0 §3.2. Standardizing subtracts the
    mean and divides by the standard deviation.
    """
    low, high = X_train.amin(0), X_train.amax(0)
    return (X_train - low) / (high - low), (X_test - low) / (high - low)


@standardize.misconception
def sample_deviation(X_train, X_test):
    """Very close: you divided by the sample standard deviation (N - 1). We use the one
    with N, like scikit-learn's StandardScaler: `std(0, correction=0)`.
    """
    return _scaled(X_train, X_train, 1), _scaled(X_test, X_train, 1)


# -- 3 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (_houses(rng, 12) / torch.tensor([600.0, 2.0, 20.0]),),
    hints=[
        "Near the minimum the loss is a bowl. The learning rate must not overshoot in "
        "the direction in which the bowl is steepest.",
        "The second derivatives of the mean squared error are the matrix "
        "`H = 2 / N * X.T @ X`.",
        "The steepest curvature is the largest eigenvalue, "
        "`torch.linalg.eigvalsh(H)[-1]`; a step is stable while "
        "learning_rate * that < 2.",
    ],
)
def largest_stable_learning_rate(X):
    """Return the learning rate above which gradient descent on the mse diverges."""
    H = 2 / len(X) * X.T @ X
    return 2 / torch.linalg.eigvalsh(H)[-1]


@largest_stable_learning_rate.misconception
def without_overshoot(X):
    """That is 1 / lambda_max, the longest step that does not overshoot the minimum.
    Overshooting is still stable while each step ends nearer than it began, up to 2.
    """
    return 1 / torch.linalg.eigvalsh(2 / len(X) * X.T @ X)[-1]


@largest_stable_learning_rate.misconception
def forgets_the_two(X):
    """Twice too large: your curvature is that of the loss with 1/(2N). The square in
    (X theta - y)² leaves a 2 in the second derivative, H = 2/N XᵀX.
    """
    return 2 / torch.linalg.eigvalsh(X.T @ X / len(X))[-1]


@largest_stable_learning_rate.misconception
def flattest_direction(X):
    """You took the smallest eigenvalue, the flattest direction. The steepest one is
    the first to diverge: take the largest.
    """
    return 2 / torch.linalg.eigvalsh(2 / len(X) * X.T @ X)[0]


@largest_stable_learning_rate.misconception
def of_the_sum(X):
    """Your curvature is that of a sum over the houses; the loss is their mean, so
    divide by their number: H = 2/N XᵀX.
    """
    return 2 / torch.linalg.eigvalsh(2 * X.T @ X)[-1]


# -- 4 ---------------------------------------------------------------------------------


@exercise(
    inputs=_prices,
    hints=[
        "The mean squared error of prices in dollars has the unit dollars squared.",
        "Take the mean first, the root last.",
        "`((predictions - targets) ** 2).mean().sqrt()`",
    ],
)
def rmse(predictions, targets):
    """Return the root mean squared error, in the unit of the targets."""
    return ((predictions - targets) ** 2).mean().sqrt()


@rmse.misconception
def still_squared(predictions, targets):
    """That is the mean squared error, in dollars squared. D0 §5.4 made the reverse
    slip: it read 29,432 dollars squared, a typical error of $172, without comment.
    """
    return ((predictions - targets) ** 2).mean()


@rmse.misconception
def mean_absolute(predictions, targets):
    """The root of each square is the absolute error, so this is the mean absolute
    error. It forgives large misses more than RMSE does: take the root of the mean.
    """
    return (predictions - targets).abs().mean()


@rmse.misconception
def root_of_the_sum(predictions, targets):
    """You took the root of the sum: it grows with the number of houses. Take the root
    of the mean.
    """
    return ((predictions - targets) ** 2).sum().sqrt()


@rmse.misconception
def signs_cancel(predictions, targets):
    """You averaged before squaring, so that errors of opposite sign cancel: square
    first, then average.
    """
    return (predictions - targets).mean().abs()


# -- 5 ---------------------------------------------------------------------------------


@exercise(
    inputs=_prices,
    hints=[
        "R² compares the model with the simplest rival: always predicting the mean.",
        "It is 1 minus (the model's squared error / the mean's squared error).",
        "`1 - ((targets - predictions) ** 2).sum() / "
        "((targets - targets.mean()) ** 2).sum()`",
    ],
)
def r_squared(predictions, targets):
    """Return the share of the targets' variance that the predictions explain."""
    residual = ((targets - predictions) ** 2).sum()
    return 1 - residual / ((targets - targets.mean()) ** 2).sum()


@r_squared.misconception
def share_left(predictions, targets):
    """That is the share of the variance that is left over: subtract it from 1."""
    return 1 - r_squared.solution(predictions, targets)


@r_squared.misconception
def squared_correlation(predictions, targets):
    """The squared correlation does not notice predictions that are all $50,000 too
    high. R² does: compare squared errors.
    """
    return torch.corrcoef(torch.stack([predictions, targets]))[0, 1] ** 2


@r_squared.misconception
def spread_of_predictions(predictions, targets):
    """You divided by the spread of the predictions. The rival is the mean of the
    targets: divide by the spread of the targets.
    """
    residual = ((targets - predictions) ** 2).sum()
    return 1 - residual / ((predictions - predictions.mean()) ** 2).sum()


@r_squared.misconception
def against_zero(predictions, targets):
    """You compared with a rival that predicts 0 dollars for every house: far too easy
    to beat. The rival predicts the mean price.
    """
    return 1 - ((targets - predictions) ** 2).sum() / (targets**2).sum()


@r_squared.misconception
def of_roots(predictions, targets):
    """You compared the errors' roots (RMSE against standard deviation). R² compares
    the squares.
    """
    return 1 - (1 - r_squared.solution(predictions, targets)).sqrt()


# -- 6 ---------------------------------------------------------------------------------


def _standardized_model(rng):
    """Return weights (3,), bias (), means (3,), standard deviations (3,)."""
    values = rng.normal(0, 50_000, 3), rng.normal(2e5, 1e4)
    scale = rng.uniform(500, 2000, 3), rng.uniform(10, 500, 3)
    return tuple(torch.as_tensor(v, dtype=torch.float64) for v in (*values, *scale))


@exercise(
    inputs=_standardized_model,
    hints=[
        "Put (x - mean) / std into weights · x + bias and sort by x.",
        "One standard deviation of area is many square feet: the price of one square "
        "foot is the weight divided by std.",
        "The constant is `bias - (weights * mean / std).sum()`.",
    ],
)
def in_original_units(weights, bias, mean, std):
    """Return (weights per original unit, bias) of a model on standardized inputs."""
    return weights / std, bias - (weights * mean / std).sum()


@in_original_units.misconception
def multiplied(weights, bias, mean, std):
    """You multiplied by std. A weight on standardized area is the price of one
    standard deviation of area: divide by std to get the price of one square foot.
    """
    return weights * std, bias - (weights * mean * std).sum()


@in_original_units.misconception
def same_bias(weights, bias, mean, std):
    """The weights are right, but the bias is still the price of the mean house. Move
    it to the house whose inputs are all 0.
    """
    return weights / std, bias


@in_original_units.misconception
def bias_added(weights, bias, mean, std):
    """The weights are right; the bias moves the other way: going from the mean house
    down to inputs of 0 takes off weights * mean / std.
    """
    return weights / std, bias + (weights * mean / std).sum()


@in_original_units.misconception
def mean_not_scaled(weights, bias, mean, std):
    """The weights are right; in the bias, the mean must be measured in standard
    deviations too: weights * mean / std.
    """
    return weights / std, bias - (weights * mean).sum()


# -- 7: the panel's question -----------------------------------------------------------


@cache
def _panel_bound():
    """Return the stability bound of the panel's full-batch training."""
    train, _ = train_test_split(saratoga_houses(), test_size=0.2, random_state=42)
    fit, _ = train_test_split(train, test_size=0.2, random_state=42)
    X = fit[["area", "rooms", "age"]].to_numpy(float)
    X = (X - X.mean(0)) / X.std(0)
    X = torch.from_numpy(np.c_[X, np.ones(len(X))])
    return largest_stable_learning_rate.solution(X).item()


@exercise(
    tolerance=0.03,
    hints=[
        "Set batch size to 1105, so that every step sees all the houses, and train.",
        "Go up notch by notch with the arrow keys until the curve ends higher than it "
        "began; then go one notch back.",
        "The prediction is 2 / lambda_max, about 0.57. Which notch lies just below?",
    ],
)
def last_stable_notch():
    """Return the largest learning rate on the slider at which the loss still falls."""
    return notch_below(_panel_bound())


@last_stable_notch.misconception
def first_unstable_notch():
    """At this one the loss already rises. It is the last one below it that counts."""
    return notch_above(_panel_bound())


@last_stable_notch.misconception
def the_prediction():
    """That is the predicted bound itself. Which notch of the slider comes before it?"""
    return _panel_bound()


@last_stable_notch.misconception
def the_documents_default():
    """0.01 is D0's learning rate. It is stable here, and far from the largest: the
    curve still falls at the end. Go up.
    """
    return 0.01


@last_stable_notch.misconception
def without_overshooting():
    """At half the bound the steps do not even overshoot in the steepest direction.
    Go up until the loss rises.
    """
    return notch_below(_panel_bound() / 2)
