"""Exercises of chapter 00: the words of training, and how a check answers."""

import math

from bigmodel_lab.exercises.draws import normal
from bigmodel_lab.exercises.judge import exercise
from bigmodel_lab.exercises.slider import notch_above, notch_below


@exercise(
    inputs=lambda rng: (rng.normal(), rng.normal(), rng.uniform(0.01, 0.5)),
    hints=[
        "The gradient points uphill. Which way should a step go?",
        "The learning rate says how long the step is: it multiplies the gradient.",
        "`weight - learning_rate * gradient`",
    ],
)
def gradient_step(weight, gradient, learning_rate):
    """Return the weight after one step of gradient descent."""
    return weight - learning_rate * gradient


@gradient_step.misconception
def uphill(weight, gradient, learning_rate):
    """Right length, wrong direction: the gradient points uphill, so subtract it."""
    return weight + learning_rate * gradient


@gradient_step.misconception
def full_gradient(weight, gradient, learning_rate):
    """You took the whole gradient as the step: multiply it by the learning rate."""
    return weight - gradient


@gradient_step.misconception
def only_the_step(weight, gradient, learning_rate):
    """That is the step alone. The new weight is the old weight plus the step."""
    return -learning_rate * gradient


# Sizes that do not divide evenly: only then does the last, smaller batch matter.
def _sizes(rng):
    """Return samples, batch_size, epochs."""
    batch_size = int(rng.integers(5, 50))
    extra = int(rng.integers(1, batch_size))
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
    """Return how many steps a training takes."""
    return math.ceil(samples / batch_size) * epochs


@total_steps.misconception
def drops_the_last_batch(samples, batch_size, epochs):
    """You rounded down: the last, smaller batch of every epoch is a step too."""
    return samples // batch_size * epochs


@total_steps.misconception
def not_whole(samples, batch_size, epochs):
    """A step is taken or not: round the batches of one epoch up to a whole number."""
    return samples / batch_size * epochs


@total_steps.misconception
def one_epoch(samples, batch_size, epochs):
    """That is one epoch. The training goes through the data `epochs` times."""
    return math.ceil(samples / batch_size)


@total_steps.misconception
def rounds_at_the_end(samples, batch_size, epochs):
    """You rounded up once at the end. Every epoch starts again and ends with its own
    smaller batch: round up for one epoch, then multiply.
    """
    return math.ceil(samples / batch_size * epochs)


@exercise(
    inputs=lambda rng: (normal(rng, 5), normal(rng, 5)),
    hints=[
        "Three words, three steps, read from right to left: error, squared, mean.",
        "The error is predictions - targets, an array; square it with ** 2.",
        "`((predictions - targets) ** 2).mean()`",
    ],
)
def mean_squared_error(predictions, targets):
    """Return the mean of the squared errors."""
    return ((predictions - targets) ** 2).mean()


@mean_squared_error.misconception
def sum_of_squares(predictions, targets):
    """That is the sum of the squares: divide it by their number, or call .mean()."""
    return ((predictions - targets) ** 2).sum()


@mean_squared_error.misconception
def halved(predictions, targets):
    """Half of it: D0 §4.1 prints the factor 1/(2N), but the mean has 1/N."""
    return ((predictions - targets) ** 2).mean() / 2


@mean_squared_error.misconception
def square_of_mean(predictions, targets):
    """You averaged first, so errors of opposite sign cancel: square first."""
    return (predictions - targets).mean() ** 2


@mean_squared_error.misconception
def absolute(predictions, targets):
    """That is the mean absolute error: square the errors instead."""
    return (predictions - targets).abs().mean()


@exercise(
    inputs=lambda rng: (normal(rng, 6), normal(rng, 6), rng.normal(), rng.normal()),
    hints=[
        "First the predictions of the line, then their errors, then the loss.",
        "The line predicts weight * x + bias.",
        "`((weight * x + bias - y) ** 2).mean()`",
    ],
)
def line_loss(x, y, weight, bias):
    """Return the mean squared error of the line weight * x + bias."""
    return ((weight * x + bias - y) ** 2).mean()


@line_loss.misconception
def no_bias(x, y, weight, bias):
    """Your line always goes through 0: the bias is missing."""
    return ((weight * x - y) ** 2).mean()


@line_loss.misconception
def bias_times_weight(x, y, weight, bias):
    """You shifted x before multiplying: it is weight * x + bias."""
    return ((weight * (x + bias) - y) ** 2).mean()


@line_loss.misconception
def not_averaged(x, y, weight, bias):
    """The errors are right; take the mean of their squares, not the sum."""
    return ((weight * x + bias - y) ** 2).sum()


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


@first_diverging_notch.misconception
def last_stable_notch():
    """This one still trains. Go one notch further."""
    return notch_below(_TOY_BOUND)


@first_diverging_notch.misconception
def one():
    """1 diverges, but so do smaller ones: come back down, notch by notch."""
    return 1.0


@first_diverging_notch.misconception
def end_of_the_slider():
    """10 diverges in a few steps. Find the smallest learning rate that does."""
    return 10.0


QUIZ = [
    {
        "question": "Training loss falls, validation loss rises. What is happening?",
        "type": "multiple_choice",
        "answers": [
            {
                "answer": "Overfitting",
                "correct": True,
                "feedback": "Yes: the model learns what is particular to the training "
                "samples.",
            },
            {
                "answer": "The learning rate is too large",
                "correct": False,
                "feedback": "Then the training loss would rise as well.",
            },
            {
                "answer": "It needs more epochs",
                "correct": False,
                "feedback": "More epochs would widen the gap.",
            },
        ],
    },
    {
        "question": "100 samples, batch size 32, 5 epochs: how many steps?",
        "type": "numeric",
        "answers": [
            {
                "type": "value",
                "value": 20,
                "correct": True,
                "feedback": "Yes: 4 batches an epoch, the last one with 4 samples.",
            },
            {
                "type": "value",
                "value": 15,
                "correct": False,
                "feedback": "The last, smaller batch of each epoch is a step too.",
            },
            {
                "type": "default",
                "feedback": "Round 100 / 32 up, then multiply by the epochs.",
            },
        ],
    },
    {
        "question": "Which of these does training change?",
        "type": "multiple_choice",
        "answers": [
            {
                "answer": "The learning rate",
                "correct": False,
                "feedback": "That is a setting: you choose it before training.",
            },
            {
                "answer": "The weights and the bias",
                "correct": True,
                "feedback": "Yes: these are the model's parameters.",
            },
            {
                "answer": "The targets",
                "correct": False,
                "feedback": "The data stay as they are.",
            },
        ],
    },
]
