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


def _p_and_y(logits, targets):
    """Return the softmax probabilities and the one-hot targets, both (N, C)."""
    return torch.softmax(logits, 1), _one_hot(targets, logits)


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

    It is taken with respect to logits (N, C); targets (N,) are class numbers.
    """
    p = torch.softmax(logits, 1)  # (N, C)
    y = torch.nn.functional.one_hot(targets, logits.shape[1])  # (N, C)
    return (p - y) / len(logits)


@cross_entropy_gradient.misconception
def stops_at_p(logits, targets):
    """That is dL/dp, where D0 §4.2 stops. Go on through the softmax to the logits,
    dL/dz = p - y; and divide by N, because the loss is a mean.
    """
    p, y = _p_and_y(logits, targets)
    return -y / p


@cross_entropy_gradient.misconception
def stops_at_p_mean(logits, targets):
    """Your division by N is right, but this is dL/dp, where D0 §4.2 stops. Go on
    through the softmax: the gradient with respect to the logits is p - y, over N.
    """
    p, y = _p_and_y(logits, targets)
    return -y / p / len(logits)


@cross_entropy_gradient.misconception
def diagonal_only(logits, targets):
    """You took p (1 - p) as the softmax's derivative. That is only the diagonal of its
    Jacobian: raising one logit lowers the other classes' probabilities as well.
    """
    p, y = _p_and_y(logits, targets)
    return -y * (1 - p) / len(logits)


@cross_entropy_gradient.misconception
def wrong_sign(logits, targets):
    """Right size, wrong sign: y - p points downhill. The gradient points uphill, and
    gradient descent subtracts it.
    """
    p, y = _p_and_y(logits, targets)
    return (y - p) / len(logits)


@cross_entropy_gradient.misconception
def summed_over_the_batch(logits, targets):
    """This is the gradient of the sum over the batch, as D0 §4.1 writes the loss. Here
    the loss is the mean: divide by N.
    """
    p, y = _p_and_y(logits, targets)
    return p - y


@cross_entropy_gradient.misconception
def mean_over_classes_too(logits, targets):
    """You divided by all N times C numbers. The loss of a row is one number, -log p of
    its target, and the mean is over the N rows: divide by N.
    """
    p, y = _p_and_y(logits, targets)
    return (p - y) / logits.numel()


@cross_entropy_gradient.misconception
def forgets_the_target(logits, targets):
    """Every entry is positive, so every logit would fall, the target's too: subtract 1
    from p at each row's target.
    """
    p, _ = _p_and_y(logits, targets)
    return p / len(logits)


@cross_entropy_gradient.misconception
def softmax_over_the_batch(logits, targets):
    """Your softmax runs down the columns, so that the samples compete. The classes of
    one sample compete: take it over dimension 1.
    """
    return (torch.softmax(logits, 0) - _one_hot(targets, logits)) / len(logits)


# -- 2 ---------------------------------------------------------------------------------


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

    logits are (N, C), also as large as 1000; targets (N,) are class numbers.
    """
    logits = logits - logits.amax(1, keepdim=True)  # (N, C): e^z <= 1
    log_p = logits - logits.exp().sum(1, keepdim=True).log()  # (N, C)
    return -log_p.gather(1, targets[:, None]).mean()


def _log_of_softmax(p, targets):
    """Return the mean of -log p at the targets."""
    return -p.gather(1, targets[:, None]).log().mean()


@stable_cross_entropy.misconception
def overflows(logits, targets):
    """Your loss is NaN: e^1000 is infinite, e^-1000 is 0, and then inf/inf, 0/0 and
    inf - inf are NaN. Subtract each row's largest logit before the exponential.
    """
    exponentials = logits.exp()
    return _log_of_softmax(exponentials / exponentials.sum(1, keepdim=True), targets)


@stable_cross_entropy.misconception
def log_of_zero(logits, targets):
    """Your softmax is stable, but p of a hopeless target is so small that it is stored
    as 0, and -log(0) is infinite. Compute log p from the logits, without p.
    """
    return _log_of_softmax(torch.softmax(logits, 1), targets)


@stable_cross_entropy.misconception
def clamped(logits, targets):
    """Finite, but wrong: with p clamped at 1e-12 no sample can cost more than 27.6,
    and where the clamp holds the gradient is 0. Compute log p from the logits.
    """
    return _log_of_softmax(torch.softmax(logits, 1).clamp(min=1e-12), targets)


@stable_cross_entropy.misconception
def a_little_added(logits, targets):
    """Finite, but wrong: 1e-10 inside the logarithm keeps it from log(0), and keeps any
    sample from costing more than 23. Compute log p from the logits.
    """
    return _log_of_softmax(torch.softmax(logits, 1) + 1e-10, targets)


@stable_cross_entropy.misconception
def one_maximum_for_all(logits, targets):
    """You subtracted the largest logit of the whole batch. In rows far below it every
    e^z is 0, and log(0) follows: subtract each row's own, `logits.amax(1, ...)`.
    """
    logits = logits - logits.max()
    log_p = logits - logits.exp().sum(1, keepdim=True).log()
    return -log_p.gather(1, targets[:, None]).mean()


@stable_cross_entropy.misconception
def maximum_never_returned(logits, targets):
    """You took the largest logit out of the sum of e^z, but not out of the target's
    logit: subtract it in both, or add it back at the end.
    """
    log_sum = (logits - logits.amax(1, keepdim=True)).exp().sum(1, keepdim=True).log()
    return (log_sum - logits.gather(1, targets[:, None])).mean()


@stable_cross_entropy.misconception
def summed_cross_entropy(logits, targets):
    """Stable, but a sum, as D0 §4.1 writes it: with a larger batch the same learning
    rate would take longer steps. Take the mean.
    """
    return stable_cross_entropy.solution(logits, targets) * len(logits)


# -- 3 ---------------------------------------------------------------------------------


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

    probabilities (N,) are those of yes; targets (N,) are 1 for yes, 0 for no.
    """
    yes = targets * probabilities.log()  # (N,)
    no = (1 - targets) * (1 - probabilities).log()  # (N,)
    return -(yes + no).mean()


@binary_cross_entropy.misconception
def one_sided(probabilities, targets):
    """This is the loss printed in D2 §4.2.2. Samples with target 0 cost nothing, so
    predicting 1 for everybody has loss 0: add (1 - y) log(1 - p).
    """
    return -(targets * probabilities.log()).mean()


@binary_cross_entropy.misconception
def summed_over_samples(probabilities, targets):
    """You summed over the samples. Take the mean, so that the loss, and with it the
    learning rate that suits, does not depend on the size of the batch.
    """
    return binary_cross_entropy.solution(probabilities, targets) * len(targets)


@binary_cross_entropy.misconception
def swapped(probabilities, targets):
    """Infinite, because you took the logarithm of the targets, and log(0) is among
    them. Swap the two: the logarithm belongs to the probabilities.
    """
    return binary_cross_entropy.solution(targets, probabilities)


@binary_cross_entropy.misconception
def crossed(probabilities, targets):
    """You reward the opposite: a confident, correct prediction costs the most. log p
    belongs to y = 1, and log(1 - p) to y = 0.
    """
    return binary_cross_entropy.solution(1 - probabilities, targets)


@binary_cross_entropy.misconception
def in_bits(probabilities, targets):
    """That is the loss in bits, with logarithms to base 2. Losses in deep learning are
    in nats, with the natural logarithm: `.log()`.
    """
    return binary_cross_entropy.solution(probabilities, targets) / math.log(2)


@binary_cross_entropy.misconception
def without_the_minus(probabilities, targets):
    """The minus is missing: logarithms of probabilities are negative, and this number
    would have to be made larger, not smaller.
    """
    return -binary_cross_entropy.solution(probabilities, targets)


@binary_cross_entropy.misconception
def sigmoid_again(probabilities, targets):
    """You applied the sigmoid, but these are probabilities already, not logits: after
    a second sigmoid they all lie between 0.5 and 0.73.
    """
    return binary_cross_entropy.solution(torch.sigmoid(probabilities), targets)


# -- 4 ---------------------------------------------------------------------------------


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

    x is (N, in), W (out, in), b (out,), and upstream is dL/da, (N, out).
    """
    a = torch.sigmoid(x @ W.T + b)  # (N, out)
    delta = upstream * a * (1 - a)  # (N, out): dL/dz
    return delta.T @ x, delta.sum(0)


def _delta(x, W, b, upstream):
    """Return dL/dz (N, out) of the layer."""
    return upstream * sigmoid_derivative(x @ W.T + b)


@dense_backward.misconception
def as_printed(x, W, b, upstream):
    """This is D2 §3.2 as printed, with three faults: the activation's derivative is
    missing, (dz * x).T is not an outer product, and the bias is not summed over the
    batch.
    """
    return (upstream * x).T, upstream


@dense_backward.misconception
def no_activation_derivative(x, W, b, upstream):
    """The activation's derivative is missing, as in D2 §3.2: on the way from a back to
    z, dL/da is multiplied by a (1 - a).
    """
    return upstream.T @ x, upstream.sum(0)


@dense_backward.misconception
def elementwise_product(x, W, b, upstream):
    """(delta * x).T, from D2 §3.2, multiplies output j by input j alone. Every weight
    joins one output and one input: take `delta.T @ x`.
    """
    delta = _delta(x, W, b, upstream)
    return (delta * x).T, delta.sum(0)


@dense_backward.misconception
def transposed(x, W, b, upstream):
    """Your dL/dW is transposed: row and column must stand for the same output and
    input as in W (out, in), or the update mixes up the weights.
    """
    delta = _delta(x, W, b, upstream)
    return x.T @ delta, delta.sum(0)


@dense_backward.misconception
def bias_not_summed(x, W, b, upstream):
    """dL/dW is right. dL/db must have the shape of b: every sample moves the same
    bias, so sum over the batch, which D2 §3.2 forgets.
    """
    delta = _delta(x, W, b, upstream)
    return delta.T @ x, delta


@dense_backward.misconception
def bias_averaged(x, W, b, upstream):
    """dL/dW is right, and a sum over the batch. dL/db is a sum too: any 1/N of the
    loss is already inside dL/da.
    """
    delta = _delta(x, W, b, upstream)
    return delta.T @ x, delta.mean(0)


@dense_backward.misconception
def both_averaged(x, W, b, upstream):
    """Both are N times too small: any 1/N of the loss is already inside dL/da, so the
    samples' contributions add up.
    """
    delta = _delta(x, W, b, upstream)
    return delta.T @ x / len(x), delta.mean(0)


@dense_backward.misconception
def derivative_at_the_output(x, W, b, upstream):
    """You put the output a into the sigmoid's derivative. Its argument is z; written
    with the output, the derivative is a (1 - a).
    """
    delta = upstream * sigmoid_derivative(torch.sigmoid(x @ W.T + b))
    return delta.T @ x, delta.sum(0)


# -- 5 ---------------------------------------------------------------------------------


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

    delta (N, out) is the next layer's error, W (out, hidden) its weights, and
    z (N, hidden) this layer's values before the ReLU.
    """
    return (delta @ W) * (z > 0)


@hidden_delta.misconception
def no_relu_derivative(delta, W, z):
    """This is the formula of D3 §4, without ReLU's derivative: it also sends an error
    to units that were off, and so could not have caused it. Set those to 0.
    """
    return delta @ W


@hidden_delta.misconception
def times_relu(delta, W, z):
    """You multiplied by relu(z), the function itself. Its derivative is 1 where z > 0,
    however large z is.
    """
    return (delta @ W) * z.clamp(min=0)


@hidden_delta.misconception
def mask_reversed(delta, W, z):
    """Your mask is reversed: the error passes where the unit was on, z > 0, and stops
    where it was off.
    """
    return (delta @ W) * (z < 0)


@hidden_delta.misconception
def derivative_of_sigmoid(delta, W, z):
    """That is the sigmoid's derivative. This layer is a ReLU: its derivative is 1
    where z > 0, else 0.
    """
    return (delta @ W) * sigmoid_derivative(z)


@hidden_delta.misconception
def relu_of_the_error(delta, W, z):
    """You sent the error through ReLU and lost its negative half. What decides is the
    sign of z in the forward pass, not the sign of the error.
    """
    return (delta @ W).clamp(min=0)


# -- 6 ---------------------------------------------------------------------------------


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

    learning_rate belongs to the mean squared error 1/N Σ (y - prediction)²,
    D1's loss is 1/2 Σ (y - prediction)², and N is the number of samples.
    """
    return learning_rate * 2 / samples


@equivalent_learning_rate.misconception
def unchanged(learning_rate, samples):
    """The two losses have the same minimum but not the same slope: D1's gradient is
    N/2 times as large, and so would be the steps.
    """
    return learning_rate


@equivalent_learning_rate.misconception
def forgets_the_two(learning_rate, samples):
    """That fits the loss with 1/(2N) of D0 §4.1. The mean squared error has 1/N, and
    the 2 of its square stays in the gradient.
    """
    return learning_rate / samples


@equivalent_learning_rate.misconception
def upside_down(learning_rate, samples):
    """Upside down: D1's gradient is N/2 times as large, so its learning rate must be
    that many times smaller.
    """
    return learning_rate * samples / 2


@equivalent_learning_rate.misconception
def two_on_the_wrong_side(learning_rate, samples):
    """The N is right, the 2 is on the wrong side: the 1/2 cancels the 2 of the square
    in D1's gradient; in the mean squared error's gradient, 2/N, it stays.
    """
    return learning_rate / (2 * samples)


@equivalent_learning_rate.misconception
def only_the_half(learning_rate, samples):
    """You made up for the factor 1/2 but not for the sum: D1's loss adds the squared
    errors up, so its gradient grows with N.
    """
    return learning_rate * 2


# -- 7 ---------------------------------------------------------------------------------


def _logits_and_one_hot(rng):
    """Return logits (5, 4) and one-hot targets (5, 4)."""
    logits = normal(rng, 5, 4)
    return logits, _one_hot(classes(rng, 5, 4), logits).double()


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
    samples. logits and the one-hot targets are (N, C).
    """
    return (torch.sigmoid(logits) - targets) / len(logits)


@binary_gradient_per_class.misconception
def softmax_instead(logits, targets):
    """That is the gradient of an output with a softmax, as in D4's code in §5. The
    binary loss of D4 §4.1 has a sigmoid for every class: the classes do not compete.
    """
    return (torch.softmax(logits, 1) - targets) / len(logits)


@binary_gradient_per_class.misconception
def sigmoid_derivative_left(logits, targets):
    """One factor p (1 - p) too many: the one from the sigmoid cancels against the
    1 / (p (1 - p)) from the logarithms. With the squared error it would stay.
    """
    p = torch.sigmoid(logits)
    return (p - targets) * p * (1 - p) / len(logits)


@binary_gradient_per_class.misconception
def stops_at_the_sigmoid(logits, targets):
    """That is the gradient with respect to the probabilities. One step is left, from p
    back to the logit: multiply by p (1 - p).
    """
    p = torch.sigmoid(logits)
    return (p - targets) / (p * (1 - p)) / len(logits)


@binary_gradient_per_class.misconception
def only_the_yes_term(logits, targets):
    """You differentiated y log p alone, the loss of D2 §4.2.2. In the binary loss the
    other classes push their logits down, through (1 - y) log(1 - p).
    """
    return -targets * torch.sigmoid(-logits) / len(logits)


@binary_gradient_per_class.misconception
def points_downhill(logits, targets):
    """Right size, wrong sign: this is minus the gradient. A logit whose target is 0
    has a positive gradient, so that descent lowers it.
    """
    return (targets - torch.sigmoid(logits)) / len(logits)


@binary_gradient_per_class.misconception
def summed_over_the_samples(logits, targets):
    """You summed over the samples. The loss is a mean over them: divide by N."""
    return torch.sigmoid(logits) - targets


@binary_gradient_per_class.misconception
def mean_over_classes(logits, targets):
    """You divided by all N times C numbers, as PyTorch's binary_cross_entropy does.
    This loss is summed over the classes: divide by N.
    """
    return (torch.sigmoid(logits) - targets) / logits.numel()


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


@steepest_logit.misconception
def where_the_sigmoid_is_steepest():
    """At 0 the sigmoid itself is steepest. The squared error also multiplies its slope
    by the miss, 1 - p, which is larger further left.
    """
    return 0


@steepest_logit.misconception
def other_side():
    """Right distance from 0, wrong side: at 0.7 the prediction is already better than
    chance, and the miss that drives the slope is small. Look left of 0.
    """
    return math.log(2)


@steepest_logit.misconception
def where_the_error_is_largest():
    """There the error is largest, and the curve is flat: the sigmoid hardly moves.
    That is why we train with cross-entropy, whose slope there is nearly -1.
    """
    return -5  # where the slider ends


@steepest_logit.misconception
def the_slope():
    """That is the slope at the steepest place. The question asks for the place itself,
    the logit.
    """
    return -8 / 27  # -2 p (1 - p)² at p = 1/3


@steepest_logit.misconception
def the_probability():
    """1/3 is the probability at the steepest place. The question asks for the logit z
    there, with sigmoid(z) = 1/3.
    """
    return 1 / 3
