"""Exercises of chapter 00: the words of training, and how a check answers."""

import math

from bigmodel_lab.exercises.draws import normal
from bigmodel_lab.exercises.judging.judge import exercise
from bigmodel_lab.exercises.slider import notch_above, notch_below

# -- 1 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (rng.normal(), rng.normal(), rng.uniform(0.01, 0.5)),
    hints=[
        "The gradient points uphill. Which way should a step go?",
        "The learning rate says how long the step is: it multiplies the gradient.",
        "`weight - learning_rate * gradient`",
    ],
)
def gradient_step(weight, gradient, learning_rate):
    """Return the weight after one step of gradient descent; all are numbers."""
    return weight - learning_rate * gradient


@gradient_step.mistakes
def _(weight, gradient, learning_rate):
    """
    uphill: Right length, wrong direction: the gradient points uphill, so subtract it.
    full_gradient: You took the whole gradient as the step: multiply it by the learning
        rate.
    only_the_step: That is the step alone. The new weight is the old weight plus the
        step.
    divided: You divided by the learning rate, so that a small one makes a long step:
        multiply by it.
    """
    return {
        "uphill": weight + learning_rate * gradient,
        "full_gradient": weight - gradient,
        "only_the_step": -learning_rate * gradient,
        "divided": weight - gradient / learning_rate,
    }


# -- 2 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (normal(rng, 5), normal(rng, 5)),
    hints=[
        "Three words, three steps, read from right to left: error, squared, mean.",
        "The error is predictions - targets, an array; square it with ** 2.",
        "`((predictions - targets) ** 2).mean()`",
    ],
)
def mean_squared_error(predictions, targets):
    """Return the mean of the squared errors, a number; both are tensors (N,)."""
    return ((predictions - targets) ** 2).mean()


@mean_squared_error.mistakes
def _(predictions, targets):
    """
    sum_of_squares: That is the sum of the squares: divide it by their number, or call
        .mean().
    halved: Half of it: D0 §4.1 prints the factor 1/(2N), but the mean has 1/N.
    square_of_mean: You averaged first, so errors of opposite sign cancel: square first.
    absolute: That is the mean absolute error: square the errors instead.
    not_squared: That is the mean of the errors, which may be negative: square them
        first.
    """
    error = predictions - targets
    return {
        "sum_of_squares": (error**2).sum(),
        "halved": (error**2).mean() / 2,
        "square_of_mean": error.mean() ** 2,
        "absolute": error.abs().mean(),
        "not_squared": error.mean(),
    }


# -- 3 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (normal(rng, 6), normal(rng, 6), rng.normal(), rng.normal()),
    hints=[
        "First the predictions of the line, then their errors, then the loss.",
        "The line predicts weight * x + bias.",
        "`((weight * x + bias - y) ** 2).mean()`",
    ],
)
def line_loss(x, y, weight, bias):
    """Return the mean squared error of the line weight * x + bias, a number.

    x and y are tensors (N,); weight and bias are numbers.
    """
    return ((weight * x + bias - y) ** 2).mean()


@line_loss.mistakes
def _(x, y, weight, bias):
    """
    no_bias: Your line always goes through 0: the bias is missing.
    bias_times_weight: You shifted x before multiplying: it is weight * x + bias.
    not_averaged: The errors are right; take the mean of their squares, not the sum.
    weight_and_bias_exchanged: You multiplied by the bias and added the weight: it is
        the other way around.
    absolute: That is the mean absolute error: square the errors instead.
    bias_subtracted: You subtracted the bias from the line: it is weight * x + bias.
    """
    error = weight * x + bias - y
    return {
        "no_bias": ((weight * x - y) ** 2).mean(),
        "bias_times_weight": ((weight * (x + bias) - y) ** 2).mean(),
        "not_averaged": (error**2).sum(),
        "weight_and_bias_exchanged": ((bias * x + weight - y) ** 2).mean(),
        "absolute": error.abs().mean(),
        "bias_subtracted": ((error - 2 * bias) ** 2).mean(),
    }


# -- 4 ---------------------------------------------------------------------------------


# The last batch is less than half a batch: rounding must not be right by luck.
def _sizes(rng):
    """Return samples, batch_size, epochs."""
    batch_size = int(rng.integers(5, 50))
    extra = int(rng.integers(1, (batch_size + 1) // 2))
    return (
        batch_size * int(rng.integers(3, 30)) + extra,
        batch_size,
        int(rng.integers(2, 9)),
    )


@exercise(
    inputs=_sizes,
    hints=[
        "How many batches does one epoch need? The last one may be smaller.",
        "Round up: 100 samples in batches of 32 are 4 batches, not 3.",
        "`math.ceil(samples / batch_size) * epochs`",
    ],
)
def total_steps(samples, batch_size, epochs):
    """Return how many steps a training takes, a whole number."""
    return math.ceil(samples / batch_size) * epochs


@total_steps.mistakes
def _(samples, batch_size, epochs):
    """
    drops_the_last_batch: You rounded down: the last, smaller batch of every epoch is a
        step too.
    not_whole: A step is taken or not: round the batches of one epoch up to a whole
        number.
    one_epoch: That is one epoch. The training goes through the data `epochs` times.
    rounds_at_the_end: You rounded up once at the end. Every epoch starts again and ends
        with its own smaller batch: round up for one epoch, then multiply.
    samples_for_steps: You counted samples, not steps. A step takes a whole batch of
        them: divide by its size.
    """
    batches = math.ceil(samples / batch_size)
    return {
        "drops_the_last_batch": samples // batch_size * epochs,
        "not_whole": samples / batch_size * epochs,
        "one_epoch": batches,
        "rounds_at_the_end": math.ceil(samples / batch_size * epochs),
        "samples_for_steps": samples * epochs,
    }


# -- 5 ---------------------------------------------------------------------------------

# The toy's x has standard deviation 1.2: curvature 2 * 1.2², bound 2 / curvature.
_TOY_BOUND = 2 / (2 * 1.2**2)


@exercise(
    tolerance=0.03,
    hints=[
        "Train with the slider where it is; then move the learning rate up with the "
        "arrow keys and train again. Big jumps first, small ones later.",
        "Look for runs that end with the word diverged. The answer is the smallest "
        "such learning rate.",
        "It lies between 0.5 and 1.",
    ],
)
def first_diverging_notch():
    """Return the smallest learning rate on the slider at which the toy diverges."""
    return notch_above(_TOY_BOUND)


@first_diverging_notch.mistakes
def _():
    """
    last_stable_notch: This one still trains. Go one notch further.
    one: 1 diverges, but so do smaller ones: come back down, notch by notch.
    end_of_the_slider: 10 diverges in a few steps. Find the smallest learning rate that
        does.
    """
    return {
        "last_stable_notch": notch_below(_TOY_BOUND),
        "one": 1.0,
        "end_of_the_slider": 10.0,
    }
