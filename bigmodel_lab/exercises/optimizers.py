"""Exercises of chapter 03: steps downhill, how long they may be, and a fair rival."""

import math

import numpy as np
import torch

from bigmodel_lab.exercises.draws import normal
from bigmodel_lab.exercises.judging.judge import exercise
from bigmodel_lab.exercises.slider import notch_above, notch_below

# -- 1 ---------------------------------------------------------------------------------


def _days(rng):
    """Return 4 to 8 random times x (n,) in days, in order."""
    return (torch.from_numpy(np.sort(rng.uniform(0.5, 6, rng.integers(4, 9)))),)


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

    The line is theta0 + theta1 x, with x a tensor (n,); the loss is that of D1 §4.2,
    1/2 Σ (y - line)².
    """
    X = torch.stack([torch.ones_like(x), x], dim=1)  # (n, 2)
    return 2 / torch.linalg.eigvalsh(X.T @ X)[-1]


@stock_bound.mistakes
def _(x):
    """
    averaged: You divided the curvature by the number of days. D1 §4.2 sums: every
        further day makes the bowl steeper and the bound smaller.
    of_the_mse: That is the bound of the mean squared error, with the Hessian 2/n XᵀX.
        D1 §4.2 has 1/2 and a sum: the Hessian is XᵀX.
    the_documents_rate: 0.1 is D1's learning rate, chosen without looking at the data.
        The bound depends on x: on its five days 0.1 is three times too long.
    slope_alone: You forgot theta0. It multiplies a column of ones, so XᵀX is 2 by 2 and
        steeper than Σ x² alone.
    half_the_bound: Half the bound. Either you stopped at 1 / lambda_max, where steps do
        not even overshoot, or your Hessian is 2 XᵀX: the 1/2 of D1 §4.2 cancels the 2.
    flattest: You took the smallest eigenvalue, the flattest direction. The steepest one
        is the first to diverge: take the largest.
    trace_of_both: The trace is the sum of both eigenvalues. Only the steepest direction
        counts: take the largest one alone.
    singular_value: You divided by a singular value of X. The Hessian is XᵀX, and its
        eigenvalues are the squares of X's singular values.
    """
    X = torch.stack([torch.ones_like(x), x], dim=1)  # (n, 2)
    flat, steep = torch.linalg.eigvalsh(X.T @ X)
    return {
        "averaged": 2 * len(x) / steep,
        "of_the_mse": len(x) / steep,
        "the_documents_rate": 0.1,
        "slope_alone": 2 / (x**2).sum(),
        "half_the_bound": 1 / steep,
        "flattest": 2 / flat,
        "trace_of_both": 2 / (flat + steep),
        "singular_value": 2 / steep.sqrt(),
    }


# -- 2 ---------------------------------------------------------------------------------


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

    The loss is quadratic with the Hessian H, a tensor (n, n); the momentum, a number,
    is PyTorch's: the gradient enters the velocity whole.
    """
    return 2 * (1 + momentum) / torch.linalg.eigvalsh(H)[-1]


@largest_stable_learning_rate.mistakes
def _(H, momentum):
    """
    without_momentum: That is the bound without momentum, 2 / lambda_max. Momentum damps
        the jumps from side to side, so longer steps stay stable.
    momentum_shortens: You reasoned that momentum lengthens every step by 1 / (1 -
        momentum). That holds along a steady slope; at the bound the gradient changes
        its sign at every step, and the velocity's terms cancel.
    momentum_lengthens: You divided by 1 - momentum, as if longer steps were that much
        safer. The velocity's sign changes at every step there: the factor is 1 +
        momentum.
    one_over_lambda: Half the bound: without momentum, 1 / lambda_max is the longest
        step that does not overshoot. Overshooting is still stable up to twice that.
    flattest_direction: You took the smallest eigenvalue, the flattest direction. The
        steepest one is the first to diverge: take the largest.
    frobenius_norm: torch.linalg.norm(H) is the Frobenius norm, which mixes all
        directions. Only the steepest counts: take the largest eigenvalue.
    trace: The trace is the sum of all eigenvalues. Only the steepest direction counts:
        take the largest one alone.
    largest_on_the_diagonal: You took the largest number on H's diagonal, the curvature
        along an axis. The steepest direction may lie between the axes: take the largest
        eigenvalue.
    root_of_the_momentum: (1 + root of momentum)² / lambda_max is where the path begins
        to jump from side to side at every step. It still shrinks there, up to
        2 (1 + momentum) / lambda_max.
    """
    eigenvalues = torch.linalg.eigvalsh(H)
    flat, steep = eigenvalues[0], eigenvalues[-1]
    return {
        "without_momentum": 2 / steep,
        "momentum_shortens": 2 * (1 - momentum) / steep,
        "momentum_lengthens": 2 / (1 - momentum) / steep,
        "one_over_lambda": (1 + momentum) / steep,
        "flattest_direction": 2 * (1 + momentum) / flat,
        "frobenius_norm": 2 * (1 + momentum) / torch.linalg.norm(H),
        "trace": 2 * (1 + momentum) / H.trace(),
        "largest_on_the_diagonal": 2 * (1 + momentum) / H.diagonal().max(),
        "root_of_the_momentum": (1 + momentum**0.5) ** 2 / steep,
    }


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

    The loss is 1/B Σ (X @ theta - y)², summed over the B rows of the batch. All are
    tensors: X (samples, features), y (samples,), theta (features,), rows (B,).
    """
    X, y = X[rows], y[rows]
    return 2 / len(rows) * X.T @ (X @ theta - y)


@minibatch_gradient.mistakes
def _(X, y, theta, rows):
    """
    climbs_the_loss: The size is right, the sign is wrong: this update climbs. That is
        the sign printed in D0 §4.3, (y - prediction) instead of (prediction - y).
    climbs_as_printed: This is the formula printed in D0 §4.3: its sign is wrong, so the
        update climbs; and it belongs to the loss with 1/(2B), so a factor 2 is missing
        as well.
    divided_by_all: You divided the batch's sum by the number of all rows, so that small
        batches take small steps. Divide by the batch size, len(rows).
    summed: You summed over the batch and did not divide by its size: a batch twice as
        large would take steps twice as long.
    summed_as_printed: This belongs to the loss of D1 §4.2, half of a sum: its steps
        grow with the batch. The mean squared error has 1/B, and the 2 of the square
        stays.
    all_rows: You used every row. That is batch gradient descent (D1 §3.2.3), one exact
        step for the price of the whole table; a mini-batch takes X[rows] and y[rows]
        alone.
    half_convention: Half the gradient: it belongs to the loss with 1/(2B), D0 §4.1's
        convention. The mean squared error has 1/B, so the 2 of the square stays.
    first_rows: You took the first B rows, the same in every step. `rows` says which
        ones: take X[rows] and y[rows].
    climbs_and_sums: The sign is that of D0 §4.3, (y - prediction), so the update
        climbs. And it is a sum: divide by the batch size, and keep the 2 of the square.
    """

    def gradient(rows):
        return minibatch_gradient.solution(X, y, theta, rows)

    right, B, everything = gradient(rows), len(rows), torch.arange(len(X))
    return {
        "climbs_the_loss": -right,
        "climbs_as_printed": -right / 2,
        "divided_by_all": right * B / len(X),
        "summed": right * B,
        "summed_as_printed": right * B / 2,
        "all_rows": gradient(everything),
        "half_convention": right / 2,
        "first_rows": gradient(everything[:B]),
        "climbs_and_sums": -right * B / 2,
    }


# -- 4 ---------------------------------------------------------------------------------


def _momentum_state(rng):
    """Return random weight, gradient, velocity (3,), learning rate and momentum."""
    return *normal(rng, 3, 3), rng.uniform(0.05, 0.5), rng.uniform(0.5, 0.95)


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
    """Return (weight, velocity) after one step with momentum, as PyTorch takes it.

    weight, gradient and velocity are tensors (n,), the others numbers.
    """
    velocity = momentum * velocity + gradient
    return weight - learning_rate * velocity, velocity


@momentum_step.mistakes
def _(weight, gradient, velocity, rate, momentum):
    """
    damped: You weighted the gradient with (1 - momentum): an average, like Adam's m.
        Here the velocity is a sum, and the gradient enters it whole.
    plain_gradient: Your velocity is right, but nothing uses it: the weight moved with
        the plain gradient. Move it with the velocity.
    climbs: Your step climbs. The velocity adds up gradients, which point uphill:
        subtract it from the weight.
    old_velocity: You moved the weight with the old velocity, one gradient behind.
        Update the velocity first, then move with the new one.
    nesterov: This is Nesterov's momentum, which looks one step ahead. Plain momentum
        moves with the velocity itself.
    velocity_with_the_sign: This is the older convention (Polyak 1964; Sutskever et al.
        2013), whose velocity is already the step. In PyTorch's it adds up plain
        gradients: velocity = momentum * velocity + gradient, then weight -
        learning_rate * velocity.
    learning_rate_inside: You put the learning rate into the velocity. The path is the
        same while the rate is constant; in PyTorch's convention the rate stays outside,
        so that a schedule acts at once: velocity = momentum * velocity + gradient.
    momentum_on_the_gradient: You put the momentum on the gradient. It belongs to the
        old velocity, of which a part is kept; the gradient enters whole.
    numbers_exchanged: You exchanged the two numbers: momentum says how much velocity is
        kept, and learning_rate how far the weight moves with it.
    no_learning_rate: Your velocity is right, but the weight moved by the whole of it:
        multiply it by the learning rate.
    """
    old, kept = velocity, momentum * velocity
    new, mean = kept + gradient, kept + (1 - momentum) * gradient
    step, pushed = kept - rate * gradient, old + momentum * gradient
    exchanged = rate * old + gradient
    return {
        "damped": (weight - rate * mean, mean),
        "plain_gradient": (weight - rate * gradient, new),
        "climbs": (weight + rate * new, new),
        "old_velocity": (weight - rate * old, new),
        "nesterov": (weight - rate * (gradient + momentum * new), new),
        "velocity_with_the_sign": (weight + step, step),
        "learning_rate_inside": (
            weight - kept - rate * gradient,
            kept + rate * gradient,
        ),
        "momentum_on_the_gradient": (weight - rate * pushed, pushed),
        "numbers_exchanged": (weight - momentum * exchanged, exchanged),
        "no_learning_rate": (weight - new, new),
    }


# -- 5 ---------------------------------------------------------------------------------


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

    weight, gradient, m and v are tensors (n,), t and learning_rate numbers. The betas
    are 0.9 and 0.999, epsilon is 1e-8 (Kingma & Ba 2015).
    """
    m = 0.9 * m + (1 - 0.9) * gradient
    v = 0.999 * v + (1 - 0.999) * gradient**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return weight - learning_rate * m_hat / (v_hat.sqrt() + 1e-8), m, v


@adam_step.mistakes
def _(weight, g, old_m, old_v, t, rate):
    """
    no_bias_correction: You left out the bias correction. m and v start at 0, v the
        slower of the two, so the first step would be about three times too long: divide
        them by 1 - 0.9**t and 1 - 0.999**t.
    sums_as_printed: These are the sums printed in D0 §4.1, which lack the factors 1 -
        beta: on a constant gradient m grows to 10 times and v to 1000 times what it
        should be. Averages take only the share 1 - beta of the new value.
    sum_of_gradients: Your m is a sum, like the velocity of plain momentum, as printed
        in D0 §4.1. Adam's m is an average: the gradient enters with 1 - 0.9.
    no_root: You divided by v_hat without its root. v has the unit of a squared
        gradient; only its root cancels the gradient's unit in m.
    counts_from_zero: Your exponent is t - 1. Here t counts from 1: the first step would
        divide by 1 - beta**0 = 0.
    one_step_ahead: Your exponent is t + 1. Here t counts from 1 and already includes
        this step: use t itself.
    not_squared: You did not square the gradient in v. Gradients of opposite sign then
        cancel, and v may turn negative: its root is NaN.
    keeps_the_corrected: The weight is right, but you returned the corrected m and v:
        the next step would correct them once more. Keep the plain averages.
    climbs: Your step climbs: the averages are right, but m points uphill, as the
        gradient does. Subtract the step from the weight.
    betas_exchanged: You exchanged the betas: m keeps 0.9 of its old value, v, the
        slower one, 0.999.
    v_not_corrected: You corrected m alone. v starts at 0 too, and is the slower of the
        two: divide it by 1 - 0.999**t.
    """

    def step(m, v, t=t, beta1=0.9, beta2=0.999):
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        return weight - rate * m_hat / (v_hat.sqrt() + 1e-8), m, v

    m, v = 0.9 * old_m + 0.1 * g, 0.999 * old_v + 0.001 * g**2
    slow_m, quick_v = 0.999 * old_m + 0.001 * g, 0.9 * old_v + 0.1 * g**2
    m_hat, v_hat, right = m / (1 - 0.9**t), v / (1 - 0.999**t), step(m, v)[0]
    return {
        "no_bias_correction": (weight - rate * m / (v.sqrt() + 1e-8), m, v),
        "sums_as_printed": step(0.9 * old_m + g, 0.999 * old_v + g**2),
        "sum_of_gradients": step(0.9 * old_m + g, v),
        "no_root": (weight - rate * m_hat / (v_hat + 1e-8), m, v),
        "counts_from_zero": step(m, v, t - 1),
        "one_step_ahead": step(m, v, t + 1),
        "not_squared": step(m, 0.999 * old_v + 0.001 * g),
        "keeps_the_corrected": (right, m_hat, v_hat),
        "climbs": (2 * weight - right, m, v),
        "betas_exchanged": step(slow_m, quick_v, beta1=0.999, beta2=0.9),
        "v_not_corrected": (weight - rate * m_hat / (v.sqrt() + 1e-8), m, v),
    }


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
    """Return the learning rate at `step`: half a cosine from peak down to final.

    step and steps are whole numbers, peak and final are learning rates.
    """
    share = (1 + math.cos(math.pi * step / steps)) / 2
    return final + (peak - final) * share


@cosine_learning_rate.mistakes
def _(step, steps, peak, final):
    """
    whole_cosine: With 2π you run through a whole cosine: the rate is back at the peak
        when training ends. Half of it, up to π, only falls.
    quarter_cosine: You took a quarter of a cosine, up to π/2, which ends with its
        steepest fall. Half of it, up to π, ends gently: shift it by 1 and halve it.
    ends_at_zero: Your rate ends at 0. Scale only the part above final, peak - final,
        and add final to it.
    starts_above_the_peak: Your rate starts at peak + final. The part that the cosine
        scales is peak - final.
    linear: This is a straight line from peak to final. The cosine stays high at first,
        falls fastest halfway and ends gently.
    rises: Yours starts at final and rises to the peak: a warm-up. At step 0 the cosine
        is 1, and the rate should be the peak.
    final_as_a_share: You took final as a share of the peak, as `lab.schedules.cosine`
        does. Here it is a learning rate of its own.
    not_halved: 1 + cosine falls from 2 to 0, so that your rate starts above the peak:
        halve it.
    not_shifted: The cosine falls from 1 to -1, so that your rate ends far below final:
        add 1 to it and halve the sum.
    """
    cosine = cosine_learning_rate.solution
    half, way = math.cos(math.pi * step / steps), peak - final
    return {
        "whole_cosine": cosine(2 * step, steps, peak, final),
        "quarter_cosine": final + way * math.cos(math.pi / 2 * step / steps),
        "ends_at_zero": cosine(step, steps, peak, 0),
        "starts_above_the_peak": cosine(step, steps, peak + final, final),
        "linear": peak - way * step / steps,
        "rises": cosine(step, steps, final, peak),
        "final_as_a_share": cosine(step, steps, peak, peak * final),
        "not_halved": final + way * (1 + half),
        "not_shifted": final + way * half,
    }


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

    prices, a tensor (T + 1,), are in order; forecasts, a tensor (T,), are of
    prices[1:].
    """
    today, tomorrow = prices[:-1], prices[1:]
    mse = ((forecasts - tomorrow) ** 2).mean()
    return 1 - mse / ((today - tomorrow) ** 2).mean()


@skill.mistakes
def _(prices, forecasts):
    """
    against_the_mean_price: That is R²: its rival predicts the mean every day. The price
        drifts far from its mean, so this flatters every forecast, even "tomorrow =
        today".
    one_day_off: You compared the forecasts with prices[:-1], the day before: a forecast
        that repeats today's price would look perfect. They are of prices[1:].
    forecasts_as_the_target: You compared the rival with the forecasts. Forecast and
        rival are both judged by the same thing, what the price actually became:
        prices[1:].
    share_left: That is the share of the rival's error that is left: subtract it from 1,
        so that 0 means no better than "tomorrow = today".
    error_alone: That is the mean squared error, where D1 §4.3.4 stops. Is it small?
        Divide by the error of "tomorrow = today" and subtract from 1.
    of_relative_errors: You divided every error by the day's price, as this chapter's
        table does, so that expensive decades do not outweigh cheap ones. Here take the
        plain errors.
    of_roots: You compared the roots of the errors, RMSE with RMSE. The skill compares
        the squared errors, as R² does.
    of_absolute_errors: You compared the mean absolute errors. Square them before you
        take the mean.
    upside_down: You divided the error of "tomorrow = today" by the forecast's: it is
        the other way around, so that a perfect forecast has skill 1.
    """
    today, tomorrow = prices[:-1], prices[1:]
    error, move = forecasts - tomorrow, tomorrow - today
    mse, mse_of_rival = (error**2).mean(), (move**2).mean()
    left = mse / mse_of_rival
    return {
        "against_the_mean_price": 1 - mse / tomorrow.var(correction=0),
        "one_day_off": 1 - ((forecasts - today) ** 2).mean() / mse_of_rival,
        "forecasts_as_the_target": 1 - mse / ((forecasts - today) ** 2).mean(),
        "share_left": left,
        "error_alone": mse,
        "of_relative_errors": 1
        - ((error / today) ** 2).mean() / ((move / today) ** 2).mean(),
        "of_roots": 1 - left.sqrt(),
        "of_absolute_errors": 1 - error.abs().mean() / move.abs().mean(),
        "upside_down": 1 - 1 / left,
    }


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


@last_stable_notch.mistakes
def _():
    """
    first_unstable_notch: At this one the path already diverges. The last one below it
        counts.
    the_prediction: That is the predicted bound itself. Which notch of the slider comes
        before it?
    one_notch_early: At this one the path arrives. Does it also arrive at the next one
        up?
    notch_without_momentum: That is the last one without momentum, below 2 / 25 = 0.08.
        Set momentum to 0.9 and go on: it damps the jumps across the ravine.
    notch_for_longer_steps: You expected momentum to lower the bound, to 2 (1 - 0.9) /
        25 = 0.008. Across the ravine the gradients alternate and the velocity cancels
        them: go up.
    """
    return {
        "first_unstable_notch": notch_above(_BOUND),
        "the_prediction": _BOUND,
        "one_notch_early": notch_below(notch_below(_BOUND)),
        "notch_without_momentum": notch_below(2 / 25),
        "notch_for_longer_steps": notch_below(2 * (1 - 0.9) / 25),
    }
