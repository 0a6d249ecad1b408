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
    inputs=_prices,
    hints=[
        "The mean squared error of prices in dollars has the unit dollars squared.",
        "Take the mean first, the root last.",
        "`((predictions - targets) ** 2).mean().sqrt()`",
    ],
)
def rmse(predictions, targets):
    """Return the root mean squared error, a number, in the unit of the targets.

    predictions and targets are tensors (N,).
    """
    return ((predictions - targets) ** 2).mean().sqrt()


@rmse.mistakes
def _(predictions, targets):
    """
    still_squared: That is the mean squared error, in dollars squared. D0 §5.4 made the
        reverse slip: it read 29,432 dollars squared, a typical error of $172, without
        comment.
    mean_absolute: The root of each square is the absolute error, so this is the mean
        absolute error. It forgives large misses more than RMSE does: take the root of
        the mean.
    root_of_the_sum: You took the root of the sum: it grows with the number of houses.
        Take the root of the mean.
    signs_cancel: You averaged before squaring, so that errors of opposite sign cancel:
        square first, then average.
    root_before_the_mean: You divided by the number of houses after taking the root, so
        that the error shrinks with more of them: the mean belongs under the root.
    spread_of_errors: That is the standard deviation of the errors. It is 0 for a model
        that is $20,000 too high everywhere: do not subtract the errors' mean.
    """
    error = predictions - targets
    return {
        "still_squared": (error**2).mean(),
        "mean_absolute": error.abs().mean(),
        "root_of_the_sum": (error**2).sum().sqrt(),
        "signs_cancel": error.mean().abs(),
        "root_before_the_mean": (error**2).sum().sqrt() / len(error),
        "spread_of_errors": error.std(),
    }


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
    """Return both parts, scaled to mean 0 and standard deviation 1 of X_train.

    They are tensors (N, 3) and (M, 3); the standard deviation divides by N.
    """
    mean, std = X_train.mean(0), X_train.std(0, correction=0)
    return (X_train - mean) / std, (X_test - mean) / std


@standardize.mistakes
def _(X_train, X_test):
    """
    each_by_itself: You scaled the test part by its own mean and standard deviation: the
        same house then gets different numbers in the two parts. Use those of the
        training part.
    from_everything: You took mean and standard deviation from both parts together: the
        test set has leaked into training. Use those of the training part alone.
    one_mean_for_all: You used one mean and one standard deviation for the whole table:
        square feet drown out rooms and years. Each column needs its own: reduce over
        dimension 0.
    min_max: This is min-max scaling to [0, 1], as in D0 §3.2. Standardizing subtracts
        the mean and divides by the standard deviation.
    sample_deviation: Very close: you divided by the sample standard deviation (N - 1).
        We use the one with N, like scikit-learn's StandardScaler: `std(0,
        correction=0)`.
    test_as_it_was: The training part is right; the test part is as it came in. Either
        nothing scaled it, or X_train was overwritten first, so that its mean was 0 and
        its standard deviation 1 by then: work out both numbers beforehand.
    divided_by_variance: You divided by the variance. Its root is the standard
        deviation, which has the unit of the column.
    parentheses_missing: Without parentheses, `X - mean / std` divides the mean alone.
        Subtract first, then divide: `(X - mean) / std`.
    """
    parts, both = (X_train, X_test), torch.cat([X_train, X_test])
    mean, std = X_train.mean(0), X_train.std(0, correction=0)
    low, high = X_train.amin(0), X_train.amax(0)
    whole = X_train.mean(), X_train.std(correction=0)

    def scaled(mean, std):
        return tuple((X - mean) / std for X in parts)

    return {
        "each_by_itself": tuple(
            (X - X.mean(0)) / X.std(0, correction=0) for X in parts
        ),
        "from_everything": scaled(both.mean(0), both.std(0, correction=0)),
        "one_mean_for_all": scaled(*whole),
        "min_max": scaled(low, high - low),
        "sample_deviation": scaled(mean, X_train.std(0)),
        "test_as_it_was": (scaled(mean, std)[0], X_test),
        "divided_by_variance": scaled(mean, std**2),
        "parentheses_missing": scaled(mean / std, 1),
    }


# -- 3 ---------------------------------------------------------------------------------


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
    """Return the gradient (3,) of the mean squared error of X @ theta.

    X (N, 3), y (N,) and theta (3,) are tensors.
    """
    return 2 / len(X) * X.T @ (X @ theta - y)


@mse_gradient.mistakes
def _(X, y, theta):
    """
    climbs: Your gradient has the right size and the wrong sign: this update climbs.
        That is the sign printed in D0 §4.3, (y - prediction) instead of (prediction -
        y).
    climbs_half: This is the formula printed in D0 §4.3: its sign is wrong, so the
        update climbs; and it belongs to the loss with 1/(2N), so a factor 2 is missing
        as well.
    half_convention: Half the gradient: it belongs to the loss with 1/(2N) that D0 §4.1
        prints. The mean squared error has 1/N, so the 2 of the square stays.
    summed: You summed over the houses and did not divide by their number: with more
        data the same learning rate would take longer steps.
    forgets_the_input: You stopped the chain rule too early: the inner derivative of X @
        theta with respect to theta is X, so every weight needs its own column of X.
    summed_without_the_two: Right direction, but two things are missing: the 2 of the
        square, and the division by the number of houses.
    each_house: This has a row for each house: the gradients of their own errors. Take
        the mean over the rows.
    """
    N, error = len(X), X @ theta - y
    gradient = 2 * X.T @ error / N
    return {
        "climbs": -gradient,
        "climbs_half": -gradient / 2,
        "half_convention": gradient / 2,
        "summed": gradient * N,
        "forgets_the_input": torch.full_like(theta, 2 * error.mean()),
        "summed_without_the_two": gradient * N / 2,
        "each_house": 2 * error[:, None] * X,
    }


# -- 4 ---------------------------------------------------------------------------------


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
    """Return the learning rate above which gradient descent on the mse diverges.

    X is a tensor (N, d); the result is a number.
    """
    H = 2 / len(X) * X.T @ X
    return 2 / torch.linalg.eigvalsh(H)[-1]


@largest_stable_learning_rate.mistakes
def _(X):
    """
    without_overshoot: That is 1 / lambda_max, the longest step that does not overshoot
        the minimum. Overshooting is still stable while each step ends nearer than it
        began, up to 2.
    forgets_the_two: Twice too large: your curvature is that of the loss with 1/(2N).
        The square in (X theta - y)² leaves a 2 in the second derivative, H = 2/N XᵀX.
    flattest_direction: You took the smallest eigenvalue, the flattest direction. The
        steepest one is the first to diverge: take the largest.
    of_the_sum: Your curvature is that of a sum over the houses; the loss is their mean,
        so divide by their number: H = 2/N XᵀX.
    curvature_itself: That is lambda_max, the curvature. The steeper the bowl, the
        shorter the steps must be: divide 2 by it.
    steepest_axis: You took the largest number on the diagonal of H, the curvature along
        one axis. A direction between the axes may be steeper: take the largest
        eigenvalue.
    only_the_products: Your curvature is that of XᵀX alone. The square of the error
        leaves a 2, and its mean divides by the number of houses: H = 2/N XᵀX.
    """
    N = len(X)
    H = 2 / N * X.T @ X
    flattest, *_, steepest = torch.linalg.eigvalsh(H)
    return {
        "without_overshoot": 1 / steepest,
        "forgets_the_two": 4 / steepest,
        "flattest_direction": 2 / flattest,
        "of_the_sum": 2 / (steepest * N),
        "curvature_itself": steepest,
        "steepest_axis": 2 / H.diag().max(),
        "only_the_products": 4 / (steepest * N),
    }


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
    """Return the share of the targets' variance that the predictions explain.

    predictions and targets are tensors (N,); the share is a number.
    """
    residual = ((targets - predictions) ** 2).sum()
    return 1 - residual / ((targets - targets.mean()) ** 2).sum()


@r_squared.mistakes
def _(predictions, targets):
    """
    share_left: That is the share of the variance that is left over: subtract it from 1.
    squared_correlation: The squared correlation does not notice predictions that are
        all $50,000 too high. R² does: compare squared errors.
    spread_of_predictions: You divided by the spread of the predictions. The rival is
        the mean of the targets: divide by the spread of the targets.
    against_zero: You compared with a rival that predicts 0 dollars for every house: far
        too easy to beat. The rival predicts the mean price.
    of_roots: You compared the errors' roots (RMSE against standard deviation). R²
        compares the squares.
    mean_and_sample_variance: The mean squared error divides by N, PyTorch's var() by
        N - 1: use sums in both, or `var(correction=0)`.
    variance_of_predictions: You compared how much predictions and targets vary. So do
        predictions that are all wrong: R² compares the errors with the rival's.
    variance_of_errors: You took the variance of the errors, which does not notice
        predictions that are all $50,000 too high: take the sum of their squares.
    """
    error, rival = targets - predictions, targets - targets.mean()
    pair = torch.stack([predictions, targets])
    left = (error**2).sum() / (rival**2).sum()
    spread = predictions.var(correction=0) * len(predictions)
    return {
        "share_left": left,
        "squared_correlation": torch.corrcoef(pair)[0, 1] ** 2,
        "spread_of_predictions": 1 - (error**2).sum() / spread,
        "against_zero": 1 - (error**2).sum() / (targets**2).sum(),
        "of_roots": 1 - left.sqrt(),
        "mean_and_sample_variance": 1 - (error**2).mean() / targets.var(),
        "variance_of_predictions": predictions.var() / targets.var(),
        "variance_of_errors": 1 - error.var() / targets.var(),
    }


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
    """Return (weights per original unit, bias) of a model on standardized inputs.

    weights, mean and std are tensors (3,), bias is a tensor () with a single number.
    """
    return weights / std, bias - (weights * mean / std).sum()


@in_original_units.mistakes
def _(weights, bias, mean, std):
    """
    multiplied: You multiplied by std. A weight on standardized area is the price of one
        standard deviation of area: divide by std to get the price of one square foot.
    same_bias: The weights are right, but the bias is still the price of the mean house.
        Move it to the house whose inputs are all 0.
    bias_added: The weights are right; the bias moves the other way: going from the mean
        house down to inputs of 0 takes off weights * mean / std.
    mean_not_scaled: The weights are right; in the bias, the mean must be measured in
        standard deviations too: weights * mean / std.
    weights_as_they_were: The bias is right. The weights are still prices of one
        standard deviation: divide each by its std.
    bias_not_summed: The weights are right. But the model has a single bias: take off
        the sum of weights * mean / std.
    """
    right, shift = weights / std, weights * mean / std
    return {
        "multiplied": (weights * std, bias - (weights * mean * std).sum()),
        "same_bias": (right, bias),
        "bias_added": (right, bias + shift.sum()),
        "mean_not_scaled": (right, bias - (weights * mean).sum()),
        "weights_as_they_were": (weights, bias - shift.sum()),
        "bias_not_summed": (right, bias - shift),
    }


# -- 7: the panel's question -----------------------------------------------------------


@cache
def _panel_bound():
    """Return the stability bound of the panel's full-batch training."""
    houses = saratoga_houses().drop_duplicates()
    train, _ = train_test_split(houses, test_size=0.2, random_state=42)
    fit, _ = train_test_split(train, test_size=0.2, random_state=42)
    X = fit[["area", "rooms", "age"]].to_numpy(float)
    X = (X - X.mean(0)) / X.std(0)
    X = torch.from_numpy(np.c_[X, np.ones(len(X))])
    return largest_stable_learning_rate.solution(X).item()


@exercise(
    tolerance=0.03,
    hints=[
        "Set batch size to 1100, so that every step sees all the houses, and train.",
        "Go up notch by notch with the arrow keys until the curve ends higher than it "
        "began; then go one notch back.",
        "The prediction is 2 / lambda_max, about 0.56. Which notch lies just below?",
    ],
)
def last_stable_notch():
    """Return the largest learning rate on the slider at which the loss still falls."""
    return notch_below(_panel_bound())


@last_stable_notch.mistakes
def _():
    """
    first_unstable_notch: At this one the loss already rises. It is the last one below
        it that counts.
    the_prediction: That is the predicted bound itself. Which notch of the slider comes
        before it?
    the_documents_default: 0.01 is D0's learning rate. It is stable here, and far from
        the largest: the curve still falls at the end. Go up.
    without_overshooting: At half the bound the steps do not even overshoot in the
        steepest direction. Go up until the loss rises.
    the_suggestion: That is what the range test suggests: a safe start, far below the
        bound. Go up until the loss rises.
    """
    bound = _panel_bound()
    return {
        "first_unstable_notch": notch_above(bound),
        "the_prediction": bound,
        "the_documents_default": 0.01,
        "without_overshooting": notch_below(bound / 2),
        "the_suggestion": 0.056,
    }
