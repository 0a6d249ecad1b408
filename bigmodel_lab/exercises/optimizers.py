"""Exercises of chapter 03: steps downhill, how long they may be, and a fair rival."""

import math

import numpy as np
import torch

from bigmodel_lab.exercises.draws import normal
from bigmodel_lab.exercises.judging.judge import exercise
from bigmodel_lab.exercises.slider import notch_above, notch_below


def _momentum_state(rng):
    """Return random weight, gradient, velocity (3,), learning rate and momentum."""
    return *normal(rng, 3, 3), rng.uniform(0.05, 0.5), rng.uniform(0.5, 0.95)


# -- 1 ---------------------------------------------------------------------------------


@exercise(
    inputs=_momentum_state,
    hints=[
        "A ball that rolls keeps part of its velocity and gets a push from the slope. "
        "Which of the two numbers, learning_rate or momentum, says how much it keeps?",
        "First the velocity: momentum times the old one, plus the whole gradient. Then "
        "the weight moves against the new velocity.",
        "`velocity = momentum * velocity + gradient`, then return "
        "`weight - learning_rate * velocity, velocity`.",
    ],
)
def momentum_step(weight, gradient, velocity, learning_rate, momentum):
    """Return (weight, velocity) after one step with momentum, as PyTorch takes it."""
    velocity = momentum * velocity + gradient
    return weight - learning_rate * velocity, velocity


@momentum_step.misconception
def damped(weight, gradient, velocity, learning_rate, momentum):
    """You weighted the gradient with (1 - momentum): an average, like Adam's m. Here
    the velocity is a sum, and the gradient enters it whole.
    """
    velocity = momentum * velocity + (1 - momentum) * gradient
    return weight - learning_rate * velocity, velocity


@momentum_step.misconception
def plain_gradient(weight, gradient, velocity, learning_rate, momentum):
    """Your velocity is right, but nothing uses it: the weight moved with the plain
    gradient. Move it with the velocity.
    """
    return weight - learning_rate * gradient, momentum * velocity + gradient


@momentum_step.misconception
def climbs(weight, gradient, velocity, learning_rate, momentum):
    """Your step climbs. The velocity adds up gradients, which point uphill: subtract
    it from the weight.
    """
    velocity = momentum * velocity + gradient
    return weight + learning_rate * velocity, velocity


@momentum_step.misconception
def old_velocity(weight, gradient, velocity, learning_rate, momentum):
    """You moved the weight with the old velocity, one gradient behind. Update the
    velocity first, then move with the new one.
    """
    return weight - learning_rate * velocity, momentum * velocity + gradient


@momentum_step.misconception
def nesterov(weight, gradient, velocity, learning_rate, momentum):
    """This is Nesterov's momentum, which looks one step ahead. Plain momentum moves
    with the velocity itself.
    """
    velocity = momentum * velocity + gradient
    return weight - learning_rate * (gradient + momentum * velocity), velocity


@momentum_step.misconception
def velocity_with_the_sign(weight, gradient, velocity, learning_rate, momentum):
    """This is the older convention (Polyak 1964; Sutskever et al. 2013), whose velocity
    is already the step. In PyTorch's it adds up plain gradients:
    velocity = momentum * velocity + gradient, then weight - learning_rate * velocity.
    """
    velocity = momentum * velocity - learning_rate * gradient
    return weight + velocity, velocity


@momentum_step.misconception
def learning_rate_inside(weight, gradient, velocity, learning_rate, momentum):
    """You put the learning rate into the velocity. The path is the same while the rate
    is constant; in PyTorch's convention the rate stays outside, so that a schedule
    acts at once: velocity = momentum * velocity + gradient.
    """
    velocity = momentum * velocity + learning_rate * gradient
    return weight - velocity, velocity


# -- 2 ---------------------------------------------------------------------------------


def _adam_state(rng):
    """Return random weight, gradient, m, v (3,), step number t and learning rate."""
    v = torch.from_numpy(rng.uniform(0.01, 0.05, 3))
    # t = 1 is left out: with the exponent t - 1 it divides by 0.
    return *normal(rng, 3, 3), v, int(rng.integers(2, 7)), rng.uniform(0.05, 0.5)


@exercise(
    inputs=_adam_state,
    hints=[
        "m and v are running averages, of the gradient and of its square: each keeps "
        "the share beta of its old value and takes the share 1 - beta of the new one.",
        "Both start at 0 and are too small at first: `m_hat = m / (1 - 0.9**t)` and "
        "`v_hat = v / (1 - 0.999**t)` fix that. Keep m and v themselves for the next "
        "step.",
        "`m = 0.9 * m + 0.1 * gradient`, `v = 0.999 * v + 0.001 * gradient**2`, and "
        "the weight becomes `weight - learning_rate * m_hat / (v_hat.sqrt() + 1e-8)`.",
    ],
)
def adam_step(weight, gradient, m, v, t, learning_rate):
    """Return (weight, m, v) after Adam's step number t = 1, 2, ...

    The betas are 0.9 and 0.999, epsilon is 1e-8 (Kingma & Ba 2015).
    """
    m = 0.9 * m + (1 - 0.9) * gradient
    v = 0.999 * v + (1 - 0.999) * gradient**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return weight - learning_rate * m_hat / (v_hat.sqrt() + 1e-8), m, v


def _averages(gradient, m, v):
    """Return Adam's m and v with the next gradient taken in."""
    return 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2


def _adam_weight(weight, m, v, t, learning_rate):
    """Return the weight after Adam's step with the averages m and v."""
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return weight - learning_rate * m_hat / (v_hat.sqrt() + 1e-8)


@adam_step.misconception
def no_bias_correction(weight, gradient, m, v, t, learning_rate):
    """You left out the bias correction. m and v start at 0, v the slower of the two,
    so the first step would be about three times too long: divide them by
    1 - 0.9**t and 1 - 0.999**t.
    """
    m, v = _averages(gradient, m, v)
    return weight - learning_rate * m / (v.sqrt() + 1e-8), m, v


@adam_step.misconception
def sums_as_printed(weight, gradient, m, v, t, learning_rate):
    """These are the sums printed in D0 §4.1, which lack the factors 1 - beta: on a
    constant gradient m grows to 10 times and v to 1000 times what it should be.
    Averages take only the share 1 - beta of the new value.
    """
    m, v = 0.9 * m + gradient, 0.999 * v + gradient**2
    return _adam_weight(weight, m, v, t, learning_rate), m, v


@adam_step.misconception
def sum_of_gradients(weight, gradient, m, v, t, learning_rate):
    """Your m is a sum, like the velocity of plain momentum, as printed in D0 §4.1.
    Adam's m is an average: the gradient enters with 1 - 0.9.
    """
    m, v = 0.9 * m + gradient, _averages(gradient, m, v)[1]
    return _adam_weight(weight, m, v, t, learning_rate), m, v


@adam_step.misconception
def no_root(weight, gradient, m, v, t, learning_rate):
    """You divided by v_hat without its root. v has the unit of a squared gradient;
    only its root cancels the gradient's unit in m.
    """
    m, v = _averages(gradient, m, v)
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return weight - learning_rate * m_hat / (v_hat + 1e-8), m, v


@adam_step.misconception
def counts_from_zero(weight, gradient, m, v, t, learning_rate):
    """Your exponent is t - 1. Here t counts from 1: the first step would divide by
    1 - beta**0 = 0.
    """
    m, v = _averages(gradient, m, v)
    return _adam_weight(weight, m, v, t - 1, learning_rate), m, v


@adam_step.misconception
def one_step_ahead(weight, gradient, m, v, t, learning_rate):
    """Your exponent is t + 1. Here t counts from 1 and already includes this step: use
    t itself.
    """
    m, v = _averages(gradient, m, v)
    return _adam_weight(weight, m, v, t + 1, learning_rate), m, v


@adam_step.misconception
def not_squared(weight, gradient, m, v, t, learning_rate):
    """You did not square the gradient in v. Gradients of opposite sign then cancel,
    and v may turn negative: its root is NaN.
    """
    m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient
    return _adam_weight(weight, m, v, t, learning_rate), m, v


@adam_step.misconception
def keeps_the_corrected(weight, gradient, m, v, t, learning_rate):
    """The weight is right, but you returned the corrected m and v: the next step would
    correct them once more. Keep the plain averages.
    """
    m, v = _averages(gradient, m, v)
    weight = _adam_weight(weight, m, v, t, learning_rate)
    return weight, m / (1 - 0.9**t), v / (1 - 0.999**t)


# -- 3 ---------------------------------------------------------------------------------


def _batch(rng):
    """Return random X (9, 3), y (9,), theta (3,) and the numbers of 3 to 6 rows."""
    rows = torch.from_numpy(rng.choice(9, rng.integers(3, 7), replace=False))
    return normal(rng, 9, 3), normal(rng, 9), normal(rng, 3), rows


@exercise(
    inputs=_batch,
    hints=[
        "A mini-batch is a small data set of its own: pick its rows of X and of y.",
        "The loss is 1/B times the sum of (prediction - y)² over the B rows of the "
        "batch. Chain rule: 2 (prediction - y) times the row of X, then the mean.",
        "With `X_batch, y_batch = X[rows], y[rows]` it is "
        "`2 / len(rows) * X_batch.T @ (X_batch @ theta - y_batch)`.",
    ],
)
def minibatch_gradient(X, y, theta, rows):
    """Return the gradient (features,) of the mean squared error over the batch `rows`.

    The loss is 1/B Σ (X @ theta - y)², summed over the B rows of the batch.
    """
    X, y = X[rows], y[rows]
    return 2 / len(rows) * X.T @ (X @ theta - y)


@minibatch_gradient.misconception
def climbs_the_loss(X, y, theta, rows):
    """The size is right, the sign is wrong: this update climbs. That is the sign
    printed in D0 §4.3, (y - prediction) instead of (prediction - y).
    """
    return -minibatch_gradient.solution(X, y, theta, rows)


@minibatch_gradient.misconception
def climbs_as_printed(X, y, theta, rows):
    """This is the formula printed in D0 §4.3: its sign is wrong, so the update climbs;
    and it belongs to the loss with 1/(2B), so a factor 2 is missing as well.
    """
    return -minibatch_gradient.solution(X, y, theta, rows) / 2


@minibatch_gradient.misconception
def divided_by_all(X, y, theta, rows):
    """You divided the batch's sum by the number of all rows, so that small batches
    take small steps. Divide by the batch size, len(rows).
    """
    return minibatch_gradient.solution(X, y, theta, rows) * len(rows) / len(X)


@minibatch_gradient.misconception
def summed(X, y, theta, rows):
    """You summed over the batch and did not divide by its size: a batch twice as large
    would take steps twice as long.
    """
    return minibatch_gradient.solution(X, y, theta, rows) * len(rows)


@minibatch_gradient.misconception
def summed_as_printed(X, y, theta, rows):
    """This belongs to the loss of D1 §4.2, half of a sum: its steps grow with the
    batch. The mean squared error has 1/B, and the 2 of the square stays.
    """
    return minibatch_gradient.solution(X, y, theta, rows) * len(rows) / 2


@minibatch_gradient.misconception
def all_rows(X, y, theta, rows):
    """You used every row. That is batch gradient descent (D1 §3.2.3), one exact step
    for the price of the whole table; a mini-batch takes X[rows] and y[rows] alone.
    """
    return minibatch_gradient.solution(X, y, theta, torch.arange(len(X)))


@minibatch_gradient.misconception
def half_convention(X, y, theta, rows):
    """Half the gradient: it belongs to the loss with 1/(2B), D0 §4.1's convention. The
    mean squared error has 1/B, so the 2 of the square stays.
    """
    return minibatch_gradient.solution(X, y, theta, rows) / 2


# -- 4 ---------------------------------------------------------------------------------


def _bowl(rng):
    """Return a random positive definite Hessian (3, 3) and a momentum."""
    A = normal(rng, 3, 6)
    return A @ A.T / 6, rng.uniform(0.5, 0.95)


@exercise(
    inputs=_bowl,
    hints=[
        "The steepest direction diverges first. Its curvature is the largest "
        "eigenvalue of H, `torch.linalg.eigvalsh(H)[-1]`.",
        "Without momentum the bound is 2 / lambda_max. Too long a step jumps from side "
        "to side, where each gradient pulls against the velocity: momentum damps the "
        "jumps and raises the bound.",
        "Along that direction z² - (1 + momentum - learning_rate * lambda_max) z + "
        "momentum = 0 gives the factor z of a step; it reaches -1 at "
        "`2 * (1 + momentum) / lambda_max`.",
    ],
)
def largest_stable_learning_rate(H, momentum):
    """Return the learning rate above which gradient descent with momentum diverges.

    The loss is quadratic with the Hessian H; the momentum is PyTorch's: the gradient
    enters the velocity whole.
    """
    return 2 * (1 + momentum) / torch.linalg.eigvalsh(H)[-1]


@largest_stable_learning_rate.misconception
def without_momentum(H, momentum):
    """That is the bound without momentum, 2 / lambda_max. Momentum damps the jumps
    from side to side, so longer steps stay stable.
    """
    return 2 / torch.linalg.eigvalsh(H)[-1]


@largest_stable_learning_rate.misconception
def momentum_shortens(H, momentum):
    """You reasoned that momentum lengthens every step by 1 / (1 - momentum). That
    holds along a steady slope; at the bound the gradient changes its sign at every
    step, and the velocity's terms cancel.
    """
    return 2 * (1 - momentum) / torch.linalg.eigvalsh(H)[-1]


@largest_stable_learning_rate.misconception
def momentum_lengthens(H, momentum):
    """You divided by 1 - momentum, as if longer steps were that much safer. The
    velocity's sign changes at every step there: the factor is 1 + momentum.
    """
    return 2 / (1 - momentum) / torch.linalg.eigvalsh(H)[-1]


@largest_stable_learning_rate.misconception
def one_over_lambda(H, momentum):
    """Half the bound: without momentum, 1 / lambda_max is the longest step that does
    not overshoot. Overshooting is still stable up to twice that.
    """
    return (1 + momentum) / torch.linalg.eigvalsh(H)[-1]


@largest_stable_learning_rate.misconception
def flattest_direction(H, momentum):
    """You took the smallest eigenvalue, the flattest direction. The steepest one is
    the first to diverge: take the largest.
    """
    return 2 * (1 + momentum) / torch.linalg.eigvalsh(H)[0]


@largest_stable_learning_rate.misconception
def frobenius_norm(H, momentum):
    """torch.linalg.norm(H) is the Frobenius norm, which mixes all directions. Only the
    steepest counts: take the largest eigenvalue.
    """
    return 2 * (1 + momentum) / torch.linalg.norm(H)


@largest_stable_learning_rate.misconception
def trace(H, momentum):
    """The trace is the sum of all eigenvalues. Only the steepest direction counts:
    take the largest one alone.
    """
    return 2 * (1 + momentum) / H.trace()


# -- 5 ---------------------------------------------------------------------------------


def _days(rng):
    """Return 4 to 8 random times x (n,) in days, in order."""
    return (torch.from_numpy(np.sort(rng.uniform(0.5, 6, rng.integers(4, 9)))),)


def _line_curvature(x):
    """Return the Hessian (2, 2) of the summed loss 1/2 Σ (theta0 + theta1 x - y)²."""
    X = torch.stack([torch.ones_like(x), x], dim=1)  # (n, 2)
    return X.T @ X


@exercise(
    inputs=_days,
    hints=[
        "The line has two weights, so its design matrix X has two columns. What does "
        "theta0 multiply?",
        "Differentiate 1/2 Σ (theta0 + theta1 x - y)² twice: the 2 of the square "
        "cancels the 1/2, the sum stays, and the Hessian is `X.T @ X`.",
        "`X = torch.stack([torch.ones_like(x), x], dim=1)`, and the bound is "
        "`2 / torch.linalg.eigvalsh(X.T @ X)[-1]`.",
    ],
)
def stock_bound(x):
    """Return the learning rate above which gradient descent on a line in x diverges.

    The line is theta0 + theta1 x; the loss is that of D1 §4.2, 1/2 Σ (y - line)².
    """
    X = torch.stack([torch.ones_like(x), x], dim=1)  # (n, 2)
    return 2 / torch.linalg.eigvalsh(X.T @ X)[-1]


@stock_bound.misconception
def averaged(x):
    """You divided the curvature by the number of days. D1 §4.2 sums: every further day
    makes the bowl steeper and the bound smaller.
    """
    return 2 * len(x) / torch.linalg.eigvalsh(_line_curvature(x))[-1]


@stock_bound.misconception
def of_the_mse(x):
    """That is the bound of the mean squared error, with the Hessian 2/n XᵀX. D1 §4.2
    has 1/2 and a sum: the Hessian is XᵀX.
    """
    return len(x) / torch.linalg.eigvalsh(_line_curvature(x))[-1]


@stock_bound.misconception
def the_documents_rate(x):
    """0.1 is D1's learning rate, chosen without looking at the data. The bound depends
    on x: on its five days 0.1 is three times too long.
    """
    return 0.1


@stock_bound.misconception
def slope_alone(x):
    """You forgot theta0. It multiplies a column of ones, so XᵀX is 2 by 2 and steeper
    than Σ x² alone.
    """
    return 2 / (x**2).sum()


@stock_bound.misconception
def half_the_bound(x):
    """Half the bound. Either you stopped at 1 / lambda_max, where steps do not even
    overshoot, or your Hessian is 2 XᵀX: the 1/2 of D1 §4.2 cancels the 2.
    """
    return 1 / torch.linalg.eigvalsh(_line_curvature(x))[-1]


@stock_bound.misconception
def flattest(x):
    """You took the smallest eigenvalue, the flattest direction. The steepest one is
    the first to diverge: take the largest.
    """
    return 2 / torch.linalg.eigvalsh(_line_curvature(x))[0]


# -- 6 ---------------------------------------------------------------------------------


def _schedule(rng):
    """Return a random step, the number of steps, the peak and the final rate."""
    steps = int(rng.integers(20, 200))
    step = int(rng.integers(1, steps))
    return step, steps, rng.uniform(0.2, 1), rng.uniform(0.02, 0.1)


@exercise(
    inputs=_schedule,
    hints=[
        "From 0 to π the cosine falls from 1 to -1. Let step / steps run through it.",
        "Shift and halve it, so that it falls from 1 to 0: "
        "`(1 + math.cos(math.pi * step / steps)) / 2`.",
        "That is the share of the way that is left between peak and final: "
        "`final + (peak - final) * share`.",
    ],
)
def cosine_learning_rate(step, steps, peak, final):
    """Return the learning rate at `step`: half a cosine from peak down to final."""
    share = (1 + math.cos(math.pi * step / steps)) / 2
    return final + (peak - final) * share


@cosine_learning_rate.misconception
def whole_cosine(step, steps, peak, final):
    """With 2π you run through a whole cosine: the rate is back at the peak when
    training ends. Half of it, up to π, only falls.
    """
    return cosine_learning_rate.solution(2 * step, steps, peak, final)


@cosine_learning_rate.misconception
def quarter_cosine(step, steps, peak, final):
    """You took a quarter of a cosine, up to π/2, which ends with its steepest fall.
    Half of it, up to π, ends gently: shift it by 1 and halve it.
    """
    return final + (peak - final) * math.cos(math.pi / 2 * step / steps)


@cosine_learning_rate.misconception
def ends_at_zero(step, steps, peak, final):
    """Your rate ends at 0. Scale only the part above final, peak - final, and add
    final to it.
    """
    return cosine_learning_rate.solution(step, steps, peak, 0)


@cosine_learning_rate.misconception
def starts_above_the_peak(step, steps, peak, final):
    """Your rate starts at peak + final. The part that the cosine scales is
    peak - final.
    """
    return cosine_learning_rate.solution(step, steps, peak + final, final)


@cosine_learning_rate.misconception
def linear(step, steps, peak, final):
    """This is a straight line from peak to final. The cosine stays high at first,
    falls fastest halfway and ends gently.
    """
    return peak + (final - peak) * step / steps


@cosine_learning_rate.misconception
def rises(step, steps, peak, final):
    """Yours starts at final and rises to the peak: a warm-up. At step 0 the cosine is
    1, and the rate should be the peak.
    """
    return cosine_learning_rate.solution(step, steps, final, peak)


@cosine_learning_rate.misconception
def final_as_a_share(step, steps, peak, final):
    """You took final as a share of the peak, as `lab.schedules.cosine` does. Here it
    is a learning rate of its own.
    """
    return cosine_learning_rate.solution(step, steps, peak, peak * final)


# -- 7 ---------------------------------------------------------------------------------


def _drifting(rng):
    """Return drifting prices (21,) and forecasts (20,) of all but the first."""
    prices = 100 + np.cumsum(rng.normal(0.5, 1, 21))
    forecasts = prices[1:] + rng.normal(0, rng.uniform(0.5, 2), 20)
    return torch.from_numpy(prices), torch.from_numpy(forecasts)


@exercise(
    inputs=_drifting,
    hints=[
        "R² asks whether a model beats the mean. For prices the rival to beat is "
        '"tomorrow = today".',
        "The forecasts are of `prices[1:]`; for the same days the rival predicts "
        "`prices[:-1]`.",
        "`1 - ((forecasts - prices[1:]) ** 2).mean() / "
        "((prices[:-1] - prices[1:]) ** 2).mean()`",
    ],
)
def skill(prices, forecasts):
    """Return the share of the squared error of "tomorrow = today" that is saved.

    prices (T + 1,) are in order; forecasts (T,) are of prices[1:].
    """
    today, tomorrow = prices[:-1], prices[1:]
    mse = ((forecasts - tomorrow) ** 2).mean()
    return 1 - mse / ((today - tomorrow) ** 2).mean()


@skill.misconception
def against_the_mean_price(prices, forecasts):
    """That is R²: its rival predicts the mean every day. The price drifts far from
    its mean, so this flatters every forecast, even "tomorrow = today".
    """
    tomorrow = prices[1:]
    error = ((forecasts - tomorrow) ** 2).mean()
    return 1 - error / ((tomorrow - tomorrow.mean()) ** 2).mean()


@skill.misconception
def one_day_off(prices, forecasts):
    """You compared the forecasts with prices[:-1], the day before: a forecast that
    repeats today's price would look perfect. They are of prices[1:].
    """
    error = ((forecasts - prices[:-1]) ** 2).mean()
    return 1 - error / prices.diff().square().mean()


@skill.misconception
def forecasts_as_the_target(prices, forecasts):
    """You compared the rival with the forecasts. Forecast and rival are both judged
    by the same thing, what the price actually became: prices[1:].
    """
    error = ((forecasts - prices[1:]) ** 2).mean()
    return 1 - error / ((forecasts - prices[:-1]) ** 2).mean()


@skill.misconception
def share_left(prices, forecasts):
    """That is the share of the rival's error that is left: subtract it from 1, so that
    0 means no better than "tomorrow = today".
    """
    return 1 - skill.solution(prices, forecasts)


@skill.misconception
def error_alone(prices, forecasts):
    """That is the mean squared error, where D1 §4.3.4 stops. Is it small? Divide by the
    error of "tomorrow = today" and subtract from 1.
    """
    return ((forecasts - prices[1:]) ** 2).mean()


@skill.misconception
def of_relative_errors(prices, forecasts):
    """You divided every error by the day's price, as this chapter's table does, so that
    expensive decades do not outweigh cheap ones. Here take the plain errors.
    """
    today = prices[:-1]
    error = ((forecasts - prices[1:]) / today).square().mean()
    return 1 - error / (prices.diff() / today).square().mean()


@skill.misconception
def of_roots(prices, forecasts):
    """You compared the roots of the errors, RMSE with RMSE. The skill compares the
    squared errors, as R² does.
    """
    return 1 - (1 - skill.solution(prices, forecasts)).sqrt()


@skill.misconception
def of_absolute_errors(prices, forecasts):
    """You compared the mean absolute errors. Square them before you take the mean."""
    error = (forecasts - prices[1:]).abs().mean()
    return 1 - error / prices.diff().abs().mean()


# -- 8: the path explorer's question ---------------------------------------------------

_RAVINE = torch.tensor([[1.0, 0.0], [0.0, 25.0]], dtype=torch.float64)
_BOUND = largest_stable_learning_rate.solution(_RAVINE, 0.9).item()  # 0.152


@exercise(
    tolerance=0.04,  # the slider shows 0.13
    hints=[
        "Choose the ravine, set momentum to 0.9, and go up notch by notch with the "
        "arrow keys until the path leaves the picture; then go one notch back.",
        "The ravine is (a² + 25 b²) / 2: the largest eigenvalue of its Hessian is 25. "
        "Put it and the momentum into your own bound.",
        "The prediction is 2 (1 + 0.9) / 25 = 0.152. Which notch lies just below?",
    ],
)
def last_stable_notch():
    """Return the largest rate on the slider that still reaches the ravine's minimum."""
    return notch_below(_BOUND)


@last_stable_notch.misconception
def first_unstable_notch():
    """At this one the path already diverges. The last one below it counts."""
    return notch_above(_BOUND)


@last_stable_notch.misconception
def the_prediction():
    """That is the predicted bound itself. Which notch of the slider comes before it?"""
    return _BOUND


@last_stable_notch.misconception
def one_notch_early():
    """At this one the path arrives. Does it also arrive at the next one up?"""
    return notch_below(notch_below(_BOUND))


@last_stable_notch.misconception
def notch_without_momentum():
    """That is the last one without momentum, below 2 / 25 = 0.08. Set momentum to 0.9
    and go on: it damps the jumps across the ravine.
    """
    return notch_below(2 / 25)


@last_stable_notch.misconception
def notch_for_longer_steps():
    """You expected momentum to lower the bound, to 2 (1 - 0.9) / 25 = 0.008. Across
    the ravine the gradients alternate and the velocity cancels them: go up.
    """
    return notch_below(2 * (1 - 0.9) / 25)
