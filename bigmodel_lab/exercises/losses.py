"""Exercises of chapter 02: losses, their gradients, and backpropagation by hand."""

import math

import torch

from bigmodel_lab.exercises.draws import classes, normal
from bigmodel_lab.exercises.judging.judge import exercise
from bigmodel_lab.from_scratch.activations import sigmoid_derivative


def _one_hot(targets, logits):
    """Return class numbers (N,) as rows (N, C) of zeros with a single one."""
    return torch.nn.functional.one_hot(targets, logits.shape[1])


# -- 1 ---------------------------------------------------------------------------------


# As many inputs as outputs: only then does the printed (dz * x).T run at all.
def _dense_layer(rng):
    """Return x (6, 3), W (3, 3), b (3,) and dL/da (6, 3)."""
    return normal(rng, 6, 3), normal(rng, 3, 3), normal(rng, 3), normal(rng, 6, 3)


@exercise(
    inputs=_dense_layer,
    hints=[
        "Go backward through one step at a time: from a to z = x Wᵀ + b by the "
        "sigmoid's derivative, from z to W and b.",
        "delta = dL/da * a (1 - a) is (N, out). Each sample adds an outer product of "
        "its delta and its x to dL/dW, and its delta to dL/db.",
        "`delta.T @ x, delta.sum(0)` with `delta = upstream * a * (1 - a)` and "
        "`a = torch.sigmoid(x @ W.T + b)`.",
    ],
)
def dense_backward(x, W, b, upstream):
    """Return dL/dW (out, in) and dL/db (out,) of a = sigmoid(x Wᵀ + b).

    All are tensors: x is (N, in), W (out, in), b (out,), and upstream, which is
    dL/da, (N, out).
    """
    a = torch.sigmoid(x @ W.T + b)  # (N, out)
    delta = upstream * a * (1 - a)  # (N, out): dL/dz
    return delta.T @ x, delta.sum(0)


@dense_backward.mistakes
def _(x, W, b, upstream):
    """
    as_printed: This is D2 §3.2 as printed, with three faults: the activation's
        derivative is missing, (dz * x).T is not an outer product, and the bias is not
        summed over the batch.
    no_activation_derivative: The activation's derivative is missing, as in D2 §3.2: on
        the way from a back to z, dL/da is multiplied by a (1 - a).
    elementwise_product: (delta * x).T, from D2 §3.2, multiplies output j by input j
        alone. Every weight joins one output and one input: take `delta.T @ x`.
    transposed: Your dL/dW is transposed: row and column must stand for the same output
        and input as in W (out, in), or the update mixes up the weights.
    bias_not_summed: dL/dW is right. dL/db must have the shape of b: every sample moves
        the same bias, so sum over the batch, which D2 §3.2 forgets.
    bias_averaged: dL/dW is right, and a sum over the batch. dL/db is a sum too: any 1/N
        of the loss is already inside dL/da.
    both_averaged: Both are N times too small: any 1/N of the loss is already inside
        dL/da, so the samples' contributions add up.
    derivative_at_the_output: You put the output a into the sigmoid's derivative. Its
        argument is z; written with the output, the derivative is a (1 - a).
    weights_averaged: dL/db is right. dL/dW is N times too small: it is a sum over the
        samples too, and any 1/N of the loss is already inside dL/da.
    bias_summed_over_the_outputs: dL/dW is right. You summed delta over the outputs, and
        have a number for every sample. b has one for every output: sum over dimension
        0, the samples.
    """
    z = x @ W.T + b
    delta, N = upstream * sigmoid_derivative(z), len(x)
    at_output = upstream * sigmoid_derivative(torch.sigmoid(z))
    dW, db = delta.T @ x, delta.sum(0)
    return {
        "as_printed": ((upstream * x).T, upstream),
        "no_activation_derivative": (upstream.T @ x, upstream.sum(0)),
        "elementwise_product": ((delta * x).T, db),
        "transposed": (dW.T, db),
        "bias_not_summed": (dW, delta),
        "bias_averaged": (dW, db / N),
        "both_averaged": (dW / N, db / N),
        "derivative_at_the_output": (at_output.T @ x, at_output.sum(0)),
        "weights_averaged": (dW / N, db),
        "bias_summed_over_the_outputs": (dW, delta.sum(1)),
    }


# -- 2 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (rng.uniform(0.01, 0.5), int(rng.integers(10, 200))),
    hints=[
        "A step is learning rate times gradient. Differentiate both losses with "
        "respect to one prediction and compare.",
        "The mean squared error gives 2/N (prediction - y), D1's loss gives "
        "(prediction - y): it is N/2 times as steep.",
        "To take the same steps, the learning rate must be N/2 times smaller: "
        "`learning_rate * 2 / samples`.",
    ],
)
def equivalent_learning_rate(learning_rate, samples):
    """Return the learning rate that takes the same steps with D1 §4.2's loss.

    learning_rate, a number, belongs to the mean squared error
    1/N Σ (y - prediction)², D1's loss is 1/2 Σ (y - prediction)², and N is samples,
    a whole number.
    """
    return learning_rate * 2 / samples


@equivalent_learning_rate.mistakes
def _(rate, N):
    """
    unchanged: The two losses have the same minimum but not the same slope: D1's
        gradient is N/2 times as large, and so would be the steps.
    forgets_the_two: That fits the loss with 1/(2N) of D0 §4.1. The mean squared error
        has 1/N, and the 2 of its square stays in the gradient.
    upside_down: Upside down: D1's gradient is N/2 times as large, so its learning rate
        must be that many times smaller.
    two_on_the_wrong_side: The N is right, the 2 is on the wrong side: the 1/2 cancels
        the 2 of the square in D1's gradient; in the mean squared error's gradient, 2/N,
        it stays.
    only_the_half: You made up for the factor 1/2 but not for the sum: D1's loss adds
        the squared errors up, so its gradient grows with N.
    grows_with_the_sum: You multiplied by N. D1's gradient is a sum and so the larger
        one: the rate must become smaller, and the 2 of the mean squared error's
        gradient, 2/N, is missing.
    """
    return {
        "unchanged": rate,
        "forgets_the_two": rate / N,
        "upside_down": rate * N / 2,
        "two_on_the_wrong_side": rate / (2 * N),
        "only_the_half": rate * 2,
        "grows_with_the_sum": rate * N,
    }


# -- 3 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (2 * normal(rng, 6, 4), classes(rng, 6, 4)),
    hints=[
        "The loss of one row is -log p of its target class. Go through the softmax "
        "too: the chain rule ends at the logits, not at p.",
        "dL/dz of one row is p - y, with y the one-hot target. The loss is the mean "
        "over the rows.",
        "`(torch.softmax(logits, 1) - y) / len(logits)`, with "
        "`y = torch.nn.functional.one_hot(targets, logits.shape[1])`.",
    ],
)
def cross_entropy_gradient(logits, targets):
    """Return the gradient (N, C) of the mean cross-entropy of softmax(logits).

    It is taken with respect to logits, a tensor (N, C); targets, a tensor (N,),
    are class numbers.
    """
    p = torch.softmax(logits, 1)  # (N, C)
    y = torch.nn.functional.one_hot(targets, logits.shape[1])  # (N, C)
    return (p - y) / len(logits)


@cross_entropy_gradient.mistakes
def _(logits, targets):
    """
    stops_at_p: That is dL/dp, where D0 §4.2 stops. Go on through the softmax to the
        logits, dL/dz = p - y; and divide by N, because the loss is a mean.
    stops_at_p_mean: Your division by N is right, but this is dL/dp, where D0 §4.2
        stops. Go on through the softmax: the gradient with respect to the logits is p -
        y, over N.
    diagonal_only: You took p (1 - p) as the softmax's derivative. That is only the
        diagonal of its Jacobian: raising one logit lowers the other classes'
        probabilities as well.
    wrong_sign: Right size, wrong sign: y - p points downhill. The gradient points
        uphill, and gradient descent subtracts it.
    summed_over_the_batch: This is the gradient of the sum over the batch, as D0 §4.1
        writes the loss. Here the loss is the mean: divide by N.
    mean_over_classes_too: You divided by all N times C numbers. The loss of a row is
        one number, -log p of its target, and the mean is over the N rows: divide by N.
    forgets_the_target: Every entry is positive, so every logit would fall, the target's
        too: subtract 1 from p at each row's target.
    softmax_over_the_batch: Your softmax runs down the columns, so that the samples
        compete. The classes of one sample compete: take it over dimension 1.
    sigmoid_instead: You took a sigmoid of every logit, as for separate yes-or-no
        questions, whose probabilities need not sum to 1. Here one class is true: take
        the softmax.
    class_number_subtracted: You subtracted the class numbers themselves. Subtract 1 at
        each row's target and 0 elsewhere: turn the targets into one-hot rows first.
    """
    p, y, (N, C) = torch.softmax(logits, 1), _one_hot(targets, logits), logits.shape
    return {
        "stops_at_p": -y / p,
        "stops_at_p_mean": -y / p / N,
        "diagonal_only": -y * (1 - p) / N,
        "wrong_sign": (y - p) / N,
        "summed_over_the_batch": p - y,
        "mean_over_classes_too": (p - y) / (N * C),
        "forgets_the_target": p / N,
        "softmax_over_the_batch": (torch.softmax(logits, 0) - y) / N,
        "sigmoid_instead": (torch.sigmoid(logits) - y) / N,
        "class_number_subtracted": (p - targets[:, None]) / N,
    }


# -- 4 ---------------------------------------------------------------------------------


def _extreme_logits(rng):
    """Return logits (6, 4), with rows near 1000 and -1000, and targets (6,)."""
    logits, targets = 3 * normal(rng, 6, 4), classes(rng, 6, 4)
    logits[0] += 1000  # e^z overflows
    logits[1] -= 1000  # e^z is 0 for every class
    logits[2, targets[2]] -= 1000  # p of the target is 0
    return logits, targets


@exercise(
    inputs=_extreme_logits,
    hints=[
        "e^1000 is infinite and e^-1000 is 0. Adding a constant to all logits of a row "
        "does not change the softmax: choose one that keeps e^z at most 1.",
        "Do not compute p at all: log p = z - log sum_j e^z_j, which is finite even "
        "where p is too small to be stored.",
        "`logits = logits - logits.amax(1, keepdim=True)`, then "
        "`log_p = logits - logits.exp().sum(1, keepdim=True).log()`; the loss is the "
        "mean of -log_p at the targets.",
    ],
)
def stable_cross_entropy(logits, targets):
    """Return the mean cross-entropy of softmax(logits), finite for any logits.

    logits, a tensor (N, C), are also as large as 1000; targets, a tensor (N,), are
    class numbers.
    """
    logits = logits - logits.amax(1, keepdim=True)  # (N, C): e^z <= 1
    log_p = logits - logits.exp().sum(1, keepdim=True).log()  # (N, C)
    return -log_p.gather(1, targets[:, None]).mean()


@stable_cross_entropy.mistakes
def _(logits, targets):
    """
    overflows: Your loss is NaN: e^1000 is infinite, e^-1000 is 0, and then inf/inf, 0/0
        and inf - inf are NaN. Subtract each row's largest logit before the exponential.
    log_of_zero: Your softmax is stable, but p of a hopeless target is so small that it
        is stored as 0, and -log(0) is infinite. Compute log p from the logits, without
        p.
    clamped: Finite, but wrong: with p clamped at 1e-12 no sample can cost more than
        27.6, and where the clamp holds the gradient is 0. Compute log p from the
        logits.
    a_little_added: Finite, but wrong: 1e-10 inside the logarithm keeps it from log(0),
        and keeps any sample from costing more than 23. Compute log p from the logits.
    one_maximum_for_all: You subtracted the largest logit of the whole batch. In rows
        far below it every e^z is 0, and log(0) follows: subtract each row's own,
        `logits.amax(1, ...)`.
    maximum_never_returned: You took the largest logit out of the sum of e^z, but not
        out of the target's logit: subtract it in both, or add it back at the end.
    summed_cross_entropy: Stable, but a sum, as D0 §4.1 writes it: with a larger batch
        the same learning rate would take longer steps. Take the mean.
    mean_over_classes: Stable, but you averaged over all N times C numbers, most of them
        0. The loss of a row is one number, -log p of its target: divide by N.
    softmax_twice: You gave probabilities to a function that takes logits, so that the
        softmax is applied twice, and no sample can cost much more than 1. Give it the
        logits.
    """

    def at_target(values):
        return values.gather(1, targets[:, None])

    right = stable_cross_entropy.solution(logits, targets)
    e, p, z = logits.exp(), torch.softmax(logits, 1), logits - logits.max()
    row_sums = (logits - logits.amax(1, keepdim=True)).exp().sum(1, keepdim=True)
    return {
        "overflows": -at_target(e / e.sum(1, keepdim=True)).log().mean(),
        "log_of_zero": -at_target(p).log().mean(),
        "clamped": -at_target(p.clamp(min=1e-12)).log().mean(),
        "a_little_added": -at_target(p + 1e-10).log().mean(),
        "one_maximum_for_all": (z.exp().sum(1).log() - at_target(z)[:, 0]).mean(),
        "maximum_never_returned": (row_sums.log() - at_target(logits)).mean(),
        "summed_cross_entropy": right * len(logits),
        "mean_over_classes": right / logits.shape[1],
        "softmax_twice": torch.nn.functional.cross_entropy(p, targets),
    }


# -- 5 ---------------------------------------------------------------------------------


def _yes_or_no(rng):
    """Return probabilities (8,) and targets (8,) of 0 and 1; both occur."""
    targets = torch.from_numpy(rng.permutation(8) < rng.integers(2, 7))
    return torch.from_numpy(rng.uniform(0.05, 0.95, 8)), targets.double()


@exercise(
    inputs=_yes_or_no,
    hints=[
        "What should a sample with target 1 cost, and what one with target 0?",
        "-log p where the target is 1, -log(1 - p) where it is 0. With y and 1 - y as "
        "switches this is one formula.",
        "`-(y * p.log() + (1 - y) * (1 - p).log()).mean()` with p the probabilities "
        "and y the targets.",
    ],
)
def binary_cross_entropy(probabilities, targets):
    """Return the mean binary cross-entropy, in nats.

    probabilities, a tensor (N,), are those of yes; targets, a tensor (N,), are 1 for
    yes, 0 for no.
    """
    yes = targets * probabilities.log()  # (N,)
    no = (1 - targets) * (1 - probabilities).log()  # (N,)
    return -(yes + no).mean()


@binary_cross_entropy.mistakes
def _(p, y):
    """
    one_sided: This is the loss printed in D2 §4.2.2. Samples with target 0 cost
        nothing, so predicting 1 for everybody has loss 0: add (1 - y) log(1 - p).
    summed_over_samples: You summed over the samples. Take the mean, so that the loss,
        and with it the learning rate that suits, does not depend on the size of the
        batch.
    swapped: Infinite, because you took the logarithm of the targets, and log(0) is
        among them. Swap the two: the logarithm belongs to the probabilities.
    crossed: You reward the opposite: a confident, correct prediction costs the most.
        log p belongs to y = 1, and log(1 - p) to y = 0.
    in_bits: That is the loss in bits, with logarithms to base 2. Losses in deep
        learning are in nats, with the natural logarithm: `.log()`.
    without_the_minus: The minus is missing: logarithms of probabilities are negative,
        and this number would have to be made larger, not smaller.
    sigmoid_again: You applied the sigmoid, but these are probabilities already, not
        logits: after a second sigmoid they all lie between 0.5 and 0.73.
    minus_on_one_half: Your minus reaches only the first half: samples with target 0
        lower the loss the more, the more wrong they are. Put both halves in
        parentheses: -(... + ...).
    squared_error: That is the mean squared error, in which a confident mistake costs at
        most 1. Take the logarithm of the probability that each sample's truth was
        given.
    """
    loss = binary_cross_entropy.solution
    right, yes, no = loss(p, y), y * p.log(), (1 - y) * (1 - p).log()
    return {
        "one_sided": -yes.mean(),
        "summed_over_samples": right * len(y),
        "swapped": loss(y, p),
        "crossed": loss(1 - p, y),
        "in_bits": right / math.log(2),
        "without_the_minus": -right,
        "sigmoid_again": loss(torch.sigmoid(p), y),
        "minus_on_one_half": (no - yes).mean(),
        "squared_error": ((p - y) ** 2).mean(),
    }


# -- 6 ---------------------------------------------------------------------------------


def _logits_and_one_hot(rng):
    """Return logits (6, 4) and one-hot targets (6, 4)."""
    logits = normal(rng, 6, 4)
    return logits, _one_hot(classes(rng, 6, 4), logits).double()


@exercise(
    inputs=_logits_and_one_hot,
    hints=[
        "In the binary cross-entropy every class is a yes-or-no question of its own. "
        "Which function turns one logit into the probability of yes?",
        "For one logit, dL/dp = (p - y) / (p (1 - p)) and dp/dz = p (1 - p): multiply, "
        "and most of it cancels.",
        "`(torch.sigmoid(logits) - targets) / len(logits)`",
    ],
)
def binary_gradient_per_class(logits, targets):
    """Return dL/dlogits (N, C) of the binary cross-entropy of sigmoid(logits).

    The loss is summed over the C classes, and its mean is taken over the N
    samples. logits and the one-hot targets are tensors (N, C).
    """
    return (torch.sigmoid(logits) - targets) / len(logits)


@binary_gradient_per_class.mistakes
def _(logits, y):
    """
    softmax_instead: That is the gradient of an output with a softmax, as in D4's code
        in §5. The binary loss of D4 §4.1 has a sigmoid for every class: the classes do
        not compete.
    sigmoid_derivative_left: One factor p (1 - p) too many: the one from the sigmoid
        cancels against the 1 / (p (1 - p)) from the logarithms. With the squared error
        it would stay.
    stops_at_the_sigmoid: That is the gradient with respect to the probabilities. One
        step is left, from p back to the logit: multiply by p (1 - p).
    only_the_yes_term: You differentiated y log p alone, the loss of D2 §4.2.2. In the
        binary loss the other classes push their logits down, through (1 - y) log(1 -
        p).
    points_downhill: Right size, wrong sign: this is minus the gradient. A logit whose
        target is 0 has a positive gradient, so that descent lowers it.
    summed_over_the_samples: You summed over the samples. The loss is a mean over them:
        divide by N.
    mean_over_classes: You divided by all N times C numbers, as PyTorch's
        binary_cross_entropy does. This loss is summed over the classes: divide by N.
    divided_by_the_classes: You divided by C, the number of classes. The mean is over
        the samples: divide by N, the length of logits.
    """
    p, (N, C) = torch.sigmoid(logits), logits.shape
    slope = p * (1 - p)
    return {
        "softmax_instead": (torch.softmax(logits, 1) - y) / N,
        "sigmoid_derivative_left": (p - y) * slope / N,
        "stops_at_the_sigmoid": (p - y) / slope / N,
        "only_the_yes_term": -y * (1 - p) / N,
        "points_downhill": (y - p) / N,
        "summed_over_the_samples": p - y,
        "mean_over_classes": (p - y) / (N * C),
        "divided_by_the_classes": (p - y) / C,
    }


# -- 7 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (normal(rng, 5, 3), normal(rng, 3, 8), normal(rng, 5, 8)),
    hints=[
        "Two steps back: from the next layer's z to this layer's output, then through "
        "this layer's ReLU to z.",
        "The first step is `delta @ W`. The second multiplies by ReLU's derivative, "
        "which is 1 where z > 0 and 0 elsewhere.",
        "`(delta @ W) * (z > 0)`",
    ],
)
def hidden_delta(delta, W, z):
    """Return the error dL/dz (N, hidden) of a ReLU layer.

    All are tensors: delta (N, out) is the next layer's error, W (out, hidden) its
    weights, and z (N, hidden) this layer's values before the ReLU.
    """
    return (delta @ W) * (z > 0)


@hidden_delta.mistakes
def _(delta, W, z):
    """
    no_relu_derivative: This is the formula of D3 §4, without ReLU's derivative: it also
        sends an error to units that were off, and so could not have caused it. Set
        those to 0.
    times_relu: You multiplied by relu(z), the function itself. Its derivative is 1
        where z > 0, however large z is.
    mask_reversed: Your mask is reversed: the error passes where the unit was on, z > 0,
        and stops where it was off.
    derivative_of_sigmoid: That is the sigmoid's derivative. This layer is a ReLU: its
        derivative is 1 where z > 0, else 0.
    relu_of_the_error: You sent the error through ReLU and lost its negative half. What
        decides is the sign of z in the forward pass, not the sign of the error.
    times_z: You multiplied by z itself. Multiply by ReLU's derivative at z: 1 where
        z > 0, else 0.
    """
    back = delta @ W
    return {
        "no_relu_derivative": back,
        "times_relu": back * z.clamp(min=0),
        "mask_reversed": back * (z < 0),
        "derivative_of_sigmoid": back * sigmoid_derivative(z),
        "relu_of_the_error": back.clamp(min=0),
        "times_z": back * z,
    }


# -- 8: the first widget's question ----------------------------------------------------


@exercise(
    tolerance=0.16,  # -0.6 to -0.8: there the gradient is -0.295 or -0.296
    hints=[
        "Look at the gradient, not at the height of the curve: at which position of "
        "the slider is it furthest from 0?",
        "The curve is flat at both ends, also on the left, where the prediction is "
        "most wrong. Search between 0 and -2.",
        "With p = sigmoid(z) the slope is -2 p (1 - p)². It is steepest at p = 1/3; "
        "z is log(p / (1 - p)).",
    ],
)
def steepest_logit():
    """Return the logit z at which (sigmoid(z) - 1)² is steepest."""
    return -math.log(2)  # where sigmoid(z) is 1/3


@steepest_logit.mistakes
def _():
    """
    where_the_sigmoid_is_steepest: At 0 the sigmoid itself is steepest. The squared
        error also multiplies its slope by the miss, 1 - p, which is larger further
        left.
    other_side: Right distance from 0, wrong side: at 0.7 the prediction is already
        better than chance, and the miss that drives the slope is small. Look left of 0.
    where_the_error_is_largest: There the error is largest, and the curve is flat: the
        sigmoid hardly moves. That is why we train with cross-entropy, whose slope there
        is nearly -1.
    the_slope: That is the slope at the steepest place. The question asks for the place
        itself, the logit.
    the_probability: 1/3 is the probability at the steepest place. The question asks for
        the logit z there, with sigmoid(z) = 1/3.
    """
    return {
        "where_the_sigmoid_is_steepest": 0,
        "other_side": math.log(2),
        "where_the_error_is_largest": -5,  # where the slider ends
        "the_slope": -8 / 27,  # -2 p (1 - p)² at p = 1/3
        "the_probability": 1 / 3,
    }
