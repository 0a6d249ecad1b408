"""Exercises of chapter 08: fine-tuning, low-rank corrections, rewards, and judging."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.exercises.draws import every_other, normal, torch_seeded_by
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


def _curve(rng):
    """Return bits between two inner points of a curve of poems and bits, from scratch.

    The bits lie nearer to the upper point: there no scale is like another.
    """
    count = int(rng.integers(4, 7))
    poems = 200 * rng.uniform(2.5, 4, count).cumprod()
    scratch_bits = 5 + rng.uniform(0.3, 0.8, count)[::-1].cumsum()[::-1]
    k = int(rng.integers(1, count - 2))
    share = rng.uniform(0.25, 0.45)
    bits = scratch_bits[k] + share * (scratch_bits[k + 1] - scratch_bits[k])
    return float(bits), poems.round(), scratch_bits


@exercise(
    inputs=_curve,
    tolerance=1e-3,  # a whole number of poems is right, too
    hints=[
        "From 100 poems to 300 the loss falls about as much as from 300 to 900. On "
        "which scale of poems is the curve nearly straight?",
        "np.interp(x, xs, ys) reads a curve, but its xs must rise, and the bits fall: "
        "turn both arrays around with [::-1]. Its ys are the logarithms of the poems.",
        "`np.exp(np.interp(bits, scratch_bits[::-1], np.log(poems[::-1])))`",
    ],
)
def poems_needed(bits, poems, scratch_bits):
    """Return how many poems training from scratch needs to get down to `bits`.

    bits is a number; poems and scratch_bits are arrays of one length: with poems[i]
    poems, training from scratch ended at scratch_bits[i]. The poems rise, the bits
    fall, and between two neighbors the curve is a straight line over ln(poems).
    """
    # np.interp wants what it looks up to rise.
    return np.exp(np.interp(bits, scratch_bits[::-1], np.log(poems[::-1])))


@poems_needed.mistakes
def _(bits, poems, scratch_bits):
    """
    plain_scale: You drew the straight line over the poems themselves. Each tenfold of
        data buys about as many bits, so the line is straight over their logarithm.
    not_turned: np.interp takes for granted that what it looks up rises, and the bits
        fall: it gives the last point, without a word. Turn both arrays: [::-1].
    next_measured: That is the next number of poems that was tried. What is needed lies
        between it and the one before: interpolate.
    last_not_enough: That is the last number of poems that was too few. What is needed
        lies between it and the next: interpolate.
    halfway: You took the middle between the two neighbors, wherever the bits lie
        between them.
    logarithm_left: That is the logarithm of the number of poems. Undo it at the end:
        np.exp.
    another_base: The base does not fit: you took the logarithm to the base 10 and
        undid it with np.exp. Its counterpart is 10**.
    root_of_the_poems: You drew the line over the root of the poems. Take the
        logarithm.
    bits_on_a_logarithmic_scale: You took the logarithm of the bits, too. Only the
        poems are on a logarithmic scale.
    one_line_through_all: You fitted a single line to all points. The curve bends:
        take the two neighbors of the bits, as np.interp does.
    from_the_other_end: You measured the share from the wrong neighbor: the more bits,
        the fewer poems are needed.
    """
    xs, ys = scratch_bits[::-1], poems[::-1]
    k = int((scratch_bits > bits).sum())  # the first point that is good enough
    slope, start = np.polyfit(scratch_bits, np.log(poems), 1)
    neighbors = scratch_bits[k - 1 : k + 1]
    return {
        "plain_scale": np.interp(bits, xs, ys),
        "not_turned": poems[-1],
        "next_measured": poems[k],
        "last_not_enough": poems[k - 1],
        "halfway": np.sqrt(poems[k - 1] * poems[k]),
        "logarithm_left": np.interp(bits, xs, np.log(ys)),
        "another_base": np.exp(np.interp(bits, xs, np.log10(ys))),
        "root_of_the_poems": np.interp(bits, xs, ys**0.5) ** 2,
        "bits_on_a_logarithmic_scale": np.exp(
            np.interp(np.log(bits), np.log(xs), np.log(ys))
        ),
        "one_line_through_all": np.exp(slope * bits + start),
        "from_the_other_end": np.exp(np.interp(neighbors.sum() - bits, xs, np.log(ys))),
    }


# -- 2 ---------------------------------------------------------------------------------


def _layer_and_correction(rng):
    """Return x, W, A, B and alpha; no two of their sizes but the rows may be alike."""
    N, r = rng.integers([3, 2], [6, 5]).tolist()
    inputs, outputs = rng.permutation([5, 6, 7, 8])[:2].tolist()
    matrices = normal(rng, outputs, inputs), normal(rng, r, inputs)
    return normal(rng, N, inputs), *matrices, normal(rng, outputs, r), 8 * r + 3.0


@exercise(
    inputs=_layer_and_correction,
    hints=[
        "Two ways lead from x to the result, and they are added: through W as before, "
        "and through the narrow middle of r numbers.",
        "Each row of x is a vector, so W x is `x @ W.T`. The correction is "
        "`x @ A.T @ B.T`, times alpha / r, and r is the number of A's rows.",
        "`x @ W.T + alpha / len(A) * (x @ A.T @ B.T)`",
    ],
)
def lora(x, W, A, B, alpha):
    """Return W x + alpha / r · B A x (N, out), for each row of x: a layer with LoRA.

    x (N, in), the layer's weights W (out, in), A (r, in) and B (out, r) are tensors;
    alpha is a number.
    """
    return x @ W.T + alpha / len(A) * (x @ A.T @ B.T)


@lora.mistakes
def _(x, W, A, B, alpha):
    """
    not_divided: The correction is multiplied by alpha, but not divided by r. Divided,
        it starts about as strong at any rank.
    alpha_left_out: alpha is missing: the correction counts alpha / r times.
    not_scaled: The correction is added as it is. It counts alpha / r times.
    divided_by_alpha: The factor is upside down: alpha / r, not r / alpha.
    divided_by_the_root: You divided by the root of r, as "rank-stabilized" LoRA does.
        Here it is r itself.
    divided_by_the_inputs: You divided by the number of inputs. r is how many rows A
        has.
    divided_by_the_outputs: You divided by the number of outputs. r is how many columns
        B has.
    only_the_correction: The frozen layer is missing. It goes on working, only it does
        not learn: add W x.
    no_correction: That is the frozen layer alone.
    all_scaled: You multiplied W x by alpha / r, too. Only the correction is scaled: the
        layer stays what it was.
    only_the_layer_scaled: You multiplied W x by alpha / r. The factor belongs to the
        correction.
    subtracted: You subtracted the correction. Add it.
    """
    r, before, correction = len(A), x @ W.T, x @ A.T @ B.T
    inputs, outputs = A.shape[1], len(B)
    return {
        "not_divided": before + alpha * correction,
        "alpha_left_out": before + correction / r,
        "not_scaled": before + correction,
        "divided_by_alpha": before + r / alpha * correction,
        "divided_by_the_root": before + alpha / r**0.5 * correction,
        "divided_by_the_inputs": before + alpha / inputs * correction,
        "divided_by_the_outputs": before + alpha / outputs * correction,
        "only_the_correction": alpha / r * correction,
        "no_correction": before,
        "all_scaled": alpha / r * (before + correction),
        "only_the_layer_scaled": alpha / r * before + correction,
        "subtracted": before - alpha / r * correction,
    }


# -- 3 ---------------------------------------------------------------------------------


def _noise(rng):
    """Return noise for A (r, in) and for B (out, r)."""
    r, inputs, outputs = rng.integers([2, 5, 8], [5, 8, 11]).tolist()
    return normal(rng, r, inputs), normal(rng, outputs, r)


@exercise(
    inputs=_noise,
    hints=[
        "For the network to start as what it was, B A must be 0. Does that take two "
        "zeros?",
        "The gradient for B is a product with A, and that for A a product with B. If "
        "both are 0, neither ever moves.",
        "One is the noise, the other `torch.zeros_like(...)` of its noise. LoRA's "
        "authors take the zeros for B.",
    ],
)
def lora_start(noise_A, noise_B):
    """Return (A, B) to start LoRA with: the same network as before, and able to learn.

    noise_A (r, in) and noise_B (out, r) are tensors of random numbers. A and B have
    their shapes, and each is either its noise or all zeros.
    """
    return noise_A, torch.zeros_like(noise_B)


@lora_start.accepts
def _(noise_A, noise_B):
    return torch.zeros_like(noise_A), noise_B


@lora_start.mistakes
def _(noise_A, noise_B):
    """
    both_zero: The network starts as what it was, but it stays so: the gradient for A is
        a product with B, and that for B a product with A. Both are 0, and nothing ever
        moves. One of the two must be noise.
    both_noise: B A is not 0, so the network starts with a random correction: what
        pre-training found is spoiled before the first step. One of the two must be 0.
    nearly_zero: That spoils the network only a little, but it spoils it. Take zeros for
        one of the two: the gradient moves them at the first step.
    ones: With ones for B the correction is not 0, and all rows of B A are the same.
        Take zeros.
    product: You returned a third thing: what is added to W is B A, but to learn it, A
        and B are kept apart. Return (A, B).
    zeros_of_the_wrong_shape: The zeros have A's shape. B is (out, r), as noise_B.
    transposed: A is right. B is (out, r), and your zeros are (r, out).
    """
    zero_A, zero_B = torch.zeros_like(noise_A), torch.zeros_like(noise_B)
    return {
        "both_zero": (zero_A, zero_B),
        "both_noise": (noise_A, noise_B),
        "nearly_zero": (noise_A, noise_B / 100),
        "ones": (noise_A, torch.ones_like(noise_B)),
        "product": (noise_A, zero_B, noise_B @ noise_A),
        "zeros_of_the_wrong_shape": (noise_A, zero_A),
        "transposed": (noise_A, zero_B.T),
    }


# -- 4 ---------------------------------------------------------------------------------


def _shapes(rng):
    """Return shapes (out, in) of several layers, and a rank, not 2."""
    widths = rng.permutation(np.arange(40, 400))[: 2 * int(rng.integers(3, 6))]
    return [tuple(pair) for pair in widths.reshape(-1, 2).tolist()], int(
        rng.integers(3, 17)
    )


@exercise(
    inputs=_shapes,
    tolerance=0,  # a count
    hints=[
        "Each layer gets two matrices. Which shapes have A and B?",
        "A is (rank, in) and B is (out, rank): rank * (in + out) numbers for a layer.",
        "`sum(rank * (outputs + inputs) for outputs, inputs in shapes)`",
    ],
)
def learning_numbers(shapes, rank):
    """Return how many numbers learn if layers of these shapes get LoRA.

    shapes is a list with the (out, in) of each layer's weights; rank is a number.
    """
    return sum(rank * (outputs + inputs) for outputs, inputs in shapes)


@learning_numbers.mistakes
def _(shapes, rank):
    """
    all_weights: You counted the weights of the layers. They are frozen; what learns are
        A and B.
    weights_too: You counted the layers' own weights as well. They are frozen.
    multiplied: You multiplied: rank * in * out is more than the layer has. A is (rank,
        in) and B is (out, rank), so the sizes add up.
    only_A: You left out B, which is (out, rank).
    only_B: You left out A, which is (rank, in).
    rank_left_out: You counted rows and columns. Each of them has `rank` numbers.
    first_layer_only: You counted the first layer alone. Sum over all shapes.
    last_layer_only: You counted the last layer alone. Sum over all shapes.
    biases: You gave B a bias. A and B are plain matrices, without one.
    a_square_between: You put a matrix (rank, rank) between A and B. There is none.
    rank_counted_twice: You counted the rank twice. Each matrix has it once.
    """
    right = learning_numbers.solution(shapes, rank)
    outputs, inputs = (sum(sizes) for sizes in zip(*shapes, strict=True))
    frozen = sum(out * into for out, into in shapes)
    return {
        "all_weights": frozen,
        "weights_too": frozen + right,
        "multiplied": rank * frozen,
        "only_A": rank * inputs,
        "only_B": rank * outputs,
        "rank_left_out": outputs + inputs,
        "first_layer_only": rank * sum(shapes[0]),
        "last_layer_only": rank * sum(shapes[-1]),
        "biases": right + outputs,
        "a_square_between": right + len(shapes) * rank**2,
        "rank_counted_twice": rank * right,
    }


# -- 5 ---------------------------------------------------------------------------------


def _vectors_and_mask(rng):
    """Return vectors (N, T, d) and a mask (N, T): each text has tokens and padding."""
    N, T, d = rng.integers([3, 6, 4], [6, 9, 7]).tolist()
    lengths = torch.from_numpy(rng.integers(2, T, N))
    return 1 + normal(rng, N, T, d), torch.arange(T) < lengths[:, None]


@exercise(
    inputs=_vectors_and_mask,
    hints=[
        "Two things must not count the padding: the sum, and what it is divided by.",
        "With `mask[..., None]`, (N, T, 1), the vectors at the padding become 0. Then "
        "divide by how many tokens each text really has.",
        "`(vectors * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)`",
    ],
)
def mean_vector(vectors, mask):
    """Return one vector for each text, (N, d): the mean over its real tokens.

    Both are tensors: vectors (N, T, d), and mask (N, T), True where there is a token
    and False where there is padding.
    """
    return (vectors * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


@mean_vector.mistakes
def _(vectors, mask):
    """
    padding_too: The vectors at the padding are in your mean. They are not 0: an encoder
        makes a vector for each place. A text's vector would depend on how long the
        others are.
    divided_by_all_places: The sum is right, but you divided it by T. Divide by the
        tokens that each text really has.
    padding_in_the_sum: You divided rightly, but the vectors at the padding are in the
        sum.
    summed: That is the sum: a long text would get a long vector. Divide by the number
        of its tokens.
    mask_inverted: That is the mean over the padding. True stands for tokens.
    one_count_for_all: You divided each text's sum by the tokens of all texts. Count
        them for each text: mask.sum(1).
    mean_length: You divided each text's sum by the mean number of tokens. Count them
        for each text.
    over_the_dimensions: You averaged the numbers of each vector. The mean over tokens
        goes along dimension 1.
    first_token: That is the first token's vector, as BERT's [CLS]. Asked for is the
        mean.
    last_token: That is the last real token's vector. Asked for is the mean.
    maximum: That is the largest of each number. Asked for is the mean.
    made_to_length_one: You divided the vector by its length. That comes when two of
        them are compared; here the mean is asked for.
    one_for_all_texts: That is one vector for all texts together. Each text has its own.
    """
    kept, counts = vectors * mask[..., None], mask.sum(1, keepdim=True)
    total, right = kept.sum(1), mean_vector.solution(vectors, mask)
    last = vectors[torch.arange(len(mask)), mask.sum(1) - 1]
    return {
        "padding_too": vectors.mean(1),
        "divided_by_all_places": kept.mean(1),
        "padding_in_the_sum": vectors.sum(1) / counts,
        "summed": total,
        "mask_inverted": mean_vector.solution(vectors, ~mask),
        "one_count_for_all": total / mask.sum(),
        "mean_length": total / counts.double().mean(),
        "over_the_dimensions": vectors.mean(2),
        "first_token": vectors[:, 0],
        "last_token": last,
        "maximum": vectors.masked_fill(~mask[..., None], -torch.inf).amax(1),
        "made_to_length_one": F.normalize(right, dim=1),
        "one_for_all_texts": vectors[mask].mean(0),
    }


# -- 6 ---------------------------------------------------------------------------------


def _body_and_batches(rng):
    """Return a body in training mode, with a batch norm that has seen data; batches."""
    inputs, d = rng.integers([4, 2], [7, 5]).tolist()
    with torch_seeded_by(rng):
        body = nn.Sequential(nn.Linear(inputs, d), nn.BatchNorm1d(d)).double()
        body[1].running_mean.normal_()
        body[1].running_var.uniform_(0.5, 3)
    body.requires_grad_(False)
    sizes = rng.permutation([3, 4, 5, 6])[: int(rng.integers(3, 5))]
    return body, [1.5 * normal(rng, int(n), inputs) + 1 for n in sizes]


@exercise(
    inputs=_body_and_batches,
    hints=[
        "No weight of the body learns. But what else does a batch norm remember, and "
        "what does it divide by while a module is in training mode?",
        "`body.eval()` makes it use the mean and spread that it remembers, and leave "
        "them alone. Do that before the first batch; `torch.no_grad()` saves memory.",
        "`was = body.training`, `body.eval()`, then inside `with torch.no_grad():` "
        "`features = torch.cat([body(x) for x in batches])`, and at the end "
        "`body.train(was)`.",
    ],
)
def frozen_features(body, batches):
    """Return the features (N, d) of all rows of all batches, in their order.

    body is a torch module, as it comes out of training, and none of its weights needs
    a gradient; it has a batch norm in it. batches is a list of tensors (rows, in), N
    rows in all. The features of a row may not depend on the rows beside it, nor change
    if you ask again: hand body back as it came.
    """
    was = body.training
    body.eval()
    with torch.no_grad():
        features = torch.cat([body(x) for x in batches])
    body.train(was)
    return features


@frozen_features.mistakes
def _(body, batches):
    """
    training_mode: The body is in training mode. That its weights need no gradient does
        not change that: the batch norm divides by the spread of *this* batch, so that
        the features of a row depend on its neighbors (and dropout, if there were one,
        would go on dropping). Call body.eval() first.
    all_at_once_in_training_mode: You joined the batches, but the body is in training
        mode: now each row depends on all the others. Call body.eval() first.
    eval_too_late: The first batch went through in training mode. It was normalized by
        its own rows, and it has moved the mean and the spread that the batch norm
        remembers, for all that follows. Call body.eval() before it.
    back_too_early: Only the first batch went through in evaluation mode. Go back to
        training mode after the last one.
    looked_before: The body has seen the batches once in training mode. No weight has
        changed, but the mean and spread that its batch norm remembers have. Call
        body.eval() first.
    last_batch_only: Those are the features of the last batch alone.
    first_batch_only: Those are the features of the first batch alone.
    not_joined: The features are right, but they are a list of batches: torch.cat.
    without_the_norm: Those are the outputs of the first layer. The norm belongs to the
        body, too.
    standardized_inputs: You standardized the rows before the body. It was trained on
        them as they are.
    """
    x, sizes = torch.cat(batches), [len(batch) for batch in batches]
    weight, norm = body[0], body[1].eval()
    right = norm(weight(x))
    z = weight(x)

    def by_itself(z):
        return F.batch_norm(z, None, None, norm.weight, norm.bias, True, eps=norm.eps)

    parts = [by_itself(part) for part in z.split(sizes)]
    scaled = (x - x.mean(0)) / x.std(0, correction=0)

    def after(*seen):
        """Return the features after these have gone by in training mode."""
        mean, variance = norm.running_mean, norm.running_var
        for part in seen:
            mean = 0.9 * mean + 0.1 * part.mean(0)
            variance = 0.9 * variance + 0.1 * part.var(0)
        return F.batch_norm(z, mean, variance, norm.weight, norm.bias, eps=norm.eps)

    first = sizes[0]
    return {
        "training_mode": torch.cat(parts),
        "all_at_once_in_training_mode": by_itself(z),
        "eval_too_late": torch.cat([parts[0], after(z[:first])[first:]]),
        "back_too_early": torch.cat([right[:first], *parts[1:]]),
        "looked_before": after(*z.split(sizes)),
        "last_batch_only": right[-sizes[-1] :],
        "first_batch_only": right[:first],
        "not_joined": list(right.split(sizes)),
        "without_the_norm": z,
        "standardized_inputs": norm(weight(scaled)),
    }


# -- 7 ---------------------------------------------------------------------------------


def _logits_targets_and_first(rng):
    """Return logits (N, T, V), targets (N, T), and where the answers begin."""
    N, T, V = rng.integers([2, 7, 5], [5, 10, 8]).tolist()
    targets = torch.from_numpy(rng.integers(0, V, (N, T)))
    return 2 * normal(rng, N, T, V), targets, int(rng.integers(2, T - 2))


@exercise(
    inputs=_logits_targets_and_first,
    hints=[
        "The prompt is given, so the model need not learn to write it. Which places of "
        "logits and targets are left?",
        "Cut both alike: `logits[:, first:]` and `targets[:, first:]`. There is no "
        "shift: they fit as they are.",
        "`F.cross_entropy(logits[:, first:].flatten(0, 1), targets[:, first:]."
        "flatten())`, after `from torch.nn import functional as F`.",
    ],
)
def answer_loss(logits, targets, first):
    """Return the mean cross-entropy, in nats, of the answers alone: of no prompt.

    logits (N, T, V) and targets (N, T) are tensors, and logits[:, t] is what the model
    gives for targets[:, t]. first is a number: targets before this place belong to the
    prompt, those from there on to the answer.
    """
    return F.cross_entropy(
        logits[:, first:].flatten(0, 1), targets[:, first:].flatten()
    )


@answer_loss.mistakes
def _(logits, targets, first):
    """
    prompt_too: The prompt is in your loss. The model would also learn to write prompts,
        which nobody asks it for.
    prompt_only: That is the loss of the prompt alone. The answer begins at `first`.
    divided_by_all_places: The sum over the answers is right, but you divided it by all
        places. The longer the prompt, the smaller your loss.
    one_late: The first token of the answer is missing: it stands at the place `first`.
    one_early: The last token of the prompt is in your loss: the answer begins at the
        place `first`, not before.
    shifted_again: You shifted the targets by one place. That has been done already:
        logits[:, t] are for targets[:, t].
    wrong_logits: The targets are right, but the logits are those of the first places.
        Cut both alike.
    first_token_only: That is the loss of the answers' first token alone.
    last_tokens: You took the last `first` places. The answer goes from the place
        `first` to the end: [:, first:].
    summed: That is the sum. Take the mean: else a longer answer has a larger loss.
    summed_over_a_text: You summed along each answer and took the mean over texts. Take
        the mean over all of the answers' tokens.
    softmax_twice: You gave probabilities to a function that takes logits, so that the
        softmax is taken twice.
    in_bits: That is in bits. The question, and PyTorch's loss, are in nats.
    logarithm_missing: That is minus the mean probability of the right tokens. The loss
        is the mean of -ln p.
    """
    T = targets.shape[1]
    each = F.cross_entropy(logits.mT, targets, reduction="none")  # (N, T)
    answer, p = each[:, first:], logits.softmax(-1)
    right = answer.mean()
    count = T - first
    return {
        "prompt_too": each.mean(),
        "prompt_only": each[:, :first].mean(),
        "divided_by_all_places": answer.sum() / each.numel(),
        "one_late": each[:, first + 1 :].mean(),
        "one_early": each[:, first - 1 :].mean(),
        "shifted_again": F.cross_entropy(
            logits[:, first:-1].mT, targets[:, first + 1 :]
        ),
        "wrong_logits": F.cross_entropy(logits[:, :count].mT, targets[:, first:]),
        "first_token_only": each[:, first].mean(),
        "last_tokens": each[:, -first:].mean(),
        "summed": answer.sum(),
        "summed_over_a_text": right * count,
        "softmax_twice": F.cross_entropy(p[:, first:].mT, targets[:, first:]),
        "in_bits": right / math.log(2),
        "logarithm_missing": -(-answer).exp().mean(),
    }


# -- 8 ---------------------------------------------------------------------------------


def _tries_and_chance(rng):
    """Return a number of tries and a chance; every second time n · p is above 1."""
    n = int(rng.integers(3, 9))
    low, high = (1.2, 2.5) if every_other(rng) else (0.3, 0.9)
    return n, float(rng.uniform(low, high) / n)


@exercise(
    inputs=_tries_and_chance,
    hints=[
        "At least one is right: that is many cases. What is the only other one?",
        "All n are wrong with the probability (1 - p) to the power of n.",
        "`1 - (1 - p) ** n`",
    ],
)
def best_of(n, p):
    """Return the probability that at least one of n tries is right.

    Both are numbers: each try is right with the probability p, whatever became of the
    others.
    """
    all_wrong = (1 - p) ** n
    return 1 - all_wrong


@best_of.mistakes
def _(n, p):
    """
    times_n: n · p is how many right ones you get on average, and it can be above 1. Two
        right ones do not help twice: ask how probably all are wrong.
    capped: n · p, cut off at 1, counts twice where two tries are right. Ask how
        probably all are wrong.
    all_right: p to the power of n is the probability that *all* are right. One is
        enough.
    all_wrong: That is the probability that all are wrong. At least one is right in all
        other cases: 1 minus that.
    exactly_one: That is the probability that exactly one is right. More are welcome.
    one_try: That is the chance of a single try. The others help, too.
    one_too_few: You gave one try too few: all n must be wrong for nothing to be right.
    one_too_many: You gave one try too many: n in all.
    not_all_right: 1 - p to the power of n is the probability that at least one is
        *wrong*. Take 1 - p inside the power.
    shared_out: You shared the chance out. Each try has the whole of p.
    """
    q = 1 - p
    return {
        "times_n": n * p,
        "capped": min(1.0, n * p),
        "all_right": p**n,
        "all_wrong": q**n,
        "exactly_one": n * p * q ** (n - 1),
        "one_try": p,
        "one_too_few": 1 - q ** (n - 1),
        "one_too_many": 1 - q ** (n + 1),
        "not_all_right": 1 - p**n,
        "shared_out": 1 - (1 - p / n) ** n,
    }


# -- 9 ---------------------------------------------------------------------------------


def _chosen_tries_right(rng):
    """Return k, tries and right ones; every second time fewer than k are wrong.

    Else k times the share of the right ones is below 1.
    """
    k, tries = rng.integers([3, 12], [6, 25]).tolist()
    few = int(rng.integers(2, (tries - 1) // k + 1))
    return k, tries, tries - k + 1 if every_other(rng) else few


@exercise(
    inputs=_chosen_tries_right,
    hints=[
        "Imagine that you choose k of the tries that you have, without looking. When "
        "is none of them right?",
        "There are math.comb(tries, k) ways to choose, and in math.comb(tries - right, "
        "k) of them all are wrong.",
        "`1 - math.comb(tries - right, k) / math.comb(tries, k)`",
    ],
)
def pass_at(k, tries, right):
    """Return how probably at least one of k tries is right: pass@k, unbiased.

    All are numbers: of `tries` tries that were made, `right` were right, and k is at
    most as many as tries. It is the share of all ways to choose k of them, none twice,
    that have a right one.
    """
    return 1 - math.comb(tries - right, k) / math.comb(tries, k)


@pass_at.mistakes
def _(k, tries, right):
    """
    with_replacement: You took right / tries for the chance of each try: that is as if
        the same try could be chosen twice, and on average it comes out too low. Choose
        k different ones: math.comb.
    one_try: That is pass@1, the share of right tries. With k tries there are more
        chances.
    times_k: You multiplied by k and cut off at 1, so that two right ones count twice.
    all_right: That is the probability that all k are right. One is enough.
    none_right: That is the probability that none of the k is right. Asked for is the
        opposite: 1 minus that.
    exactly_one: That is the probability that exactly one of the k is right. More are
        welcome.
    not_all_right: That is the probability that at least one of the k is *wrong*: you
        chose among the right ones. None is right if all k come from the wrong ones.
    right_and_wrong_exchanged: You chose among the right ones, and 1 minus that is left
        out: none is right if all k come from the tries - right wrong ones.
    one_too_few: You chose one try too few: it takes k of them.
    expected: That is how many right ones k tries have on average, not how probably
        there is one.
    """
    wrong, ways = tries - right, math.comb(tries, k)
    share = right / tries
    return {
        "with_replacement": 1 - (1 - share) ** k,
        "one_try": share,
        "times_k": min(1.0, k * share),
        "all_right": share**k,
        "none_right": math.comb(wrong, k) / ways,
        "exactly_one": right * math.comb(wrong, k - 1) / ways,
        "not_all_right": 1 - math.comb(right, k) / ways,
        "right_and_wrong_exchanged": math.comb(right, k) / ways,
        "one_too_few": 1 - math.comb(wrong, k - 1) / math.comb(tries, k - 1),
        "expected": k * share,
    }


# -- 10 --------------------------------------------------------------------------------


def _rewards(rng):
    """Return rewards (G, N) from 0 to 1; in one group all are 1."""
    G, N = rng.permutation([3, 4, 5, 6, 7])[:2].tolist()
    easy = rng.uniform(0, 0.6, (G, 1))  # some prompts are easier than others
    rewards = easy + rng.uniform(0.1, 0.4) * rng.uniform(size=(G, N))
    rewards[rng.integers(G)] = 1
    return (torch.from_numpy(rewards),)


@exercise(
    inputs=_rewards,
    hints=[
        "An easy prompt brings much reward whatever the answer. With what must each "
        "reward be compared, then?",
        "Mean and standard deviation go along dimension 1, the answers to one prompt: "
        "with keepdim=True they are (G, 1) and fit to the rewards.",
        "`(rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + "
        "1e-3)`",
    ],
)
def advantages(rewards):
    """Return how much better each answer is than the others to its prompt, (G, N).

    rewards (G, N) is a tensor: G prompts with N answers each. From each reward its
    group's mean is subtracted; the rest is divided by the group's standard deviation
    plus 1e-3. The standard deviation is that with N - 1, as PyTorch's std().
    """
    centered = rewards - rewards.mean(1, keepdim=True)
    return centered / (rewards.std(1, keepdim=True) + 1e-3)


@advantages.mistakes
def _(rewards):
    """
    all_groups_at_once: You compared with all answers at once. Then what answers an easy
        prompt is praised, however bad it is: compare within the group, along dimension
        1.
    over_the_prompts: You compared answers to different prompts: mean and standard
        deviation go along dimension 1, not 0.
    mean_of_all: You subtracted the mean of all rewards. Each group has its own.
    deviation_of_all: You divided by the standard deviation of all rewards. Each group
        has its own.
    not_divided: You did not divide: a prompt whose rewards lie far apart would count
        more than one whose rewards lie close together.
    not_centered: You did not subtract the group's mean. Then nearly every answer is
        praised, also the worse half.
    divided_by_n: Your standard deviation divides by N, as NumPy's does. Asked for is
        that with N - 1: correction=1, or ddof=1 in NumPy.
    variance: You divided by the variance. Take its root.
    nothing_added: In a group whose rewards are all alike, 0 / 0 is NaN, and with it the
        whole network would become NaN. Add 1e-3 to the standard deviation.
    added_to_the_variance: You added 1e-3 inside the root. Add it to the standard
        deviation.
    reversed: The sign is wrong: the better answer must get the larger number.
    scaled_to_one: You divided by the distance between the best and the worst answer.
        Divide by the standard deviation.
    ranks: Those are ranks. How much better an answer is counts, too.
    """

    def scaled(mean, deviation):
        return (rewards - mean) / (deviation + 1e-3)

    mean, s = (f(1, keepdim=True) for f in (rewards.mean, rewards.std))
    lowest, highest = (f(1, keepdim=True) for f in (rewards.amin, rewards.amax))
    return {
        "all_groups_at_once": scaled(rewards.mean(), rewards.std()),
        "over_the_prompts": scaled(rewards.mean(0), rewards.std(0)),
        "mean_of_all": scaled(rewards.mean(), s),
        "deviation_of_all": scaled(mean, rewards.std()),
        "not_divided": rewards - mean,
        "not_centered": scaled(0, s),
        "divided_by_n": scaled(mean, rewards.std(1, correction=0, keepdim=True)),
        "variance": scaled(mean, s**2),
        "nothing_added": (rewards - mean) / s,
        "added_to_the_variance": (rewards - mean) / (s**2 + 1e-3).sqrt(),
        "reversed": -scaled(mean, s),
        "scaled_to_one": scaled(mean, highest - lowest),
        "ranks": rewards.argsort(1).argsort(1),
    }


# -- 11 --------------------------------------------------------------------------------


def _written(rng):
    """Return ln p (N, T), advantages (N,) and a mask (N, T) with a prompt and an end.

    Texts and places are not equally many, and the lengths differ.
    """
    N, T = rng.permutation([4, 5, 6, 7, 8])[:2].tolist()
    lengths = torch.from_numpy(rng.integers(2, T, N))
    lengths[0], lengths[1] = T - 1, 2
    places = torch.arange(T)
    mask = (places > 0) & (places <= lengths[:, None])
    return -torch.from_numpy(rng.exponential(1, (N, T))), normal(rng, N), mask


@exercise(
    inputs=_written,
    hints=[
        "What is the ln p of a whole text, if you know that of each token? And which "
        "tokens did the model write itself?",
        "`(log_p * mask).sum(1)` is (N,): one ln p for each text, to multiply by its "
        "advantage. Which sign makes a step downhill praise a good text?",
        "`-(advantages * (log_p * mask).sum(1)).mean()`",
    ],
)
def policy_loss(log_p, advantages, mask):
    """Return the loss whose gradient makes better texts likelier: one number.

    All are tensors: log_p (N, T) has ln p of each token, advantages (N,) says how much
    better each text was, and mask (N, T) is True for the tokens that the model wrote.
    It is minus the mean over the N texts of: the advantage times the sum of ln p over
    the text's tokens where the mask is True.
    """
    return -(advantages * (log_p * mask).sum(1)).mean()


@policy_loss.mistakes
def _(log_p, advantages, mask):
    """
    wrong_sign: The sign is wrong: an optimizer goes downhill, and your loss would make
        the bad texts likelier.
    mask_forgotten: You praised and blamed the prompt and the padding as well. The model
        did not write them: multiply by the mask.
    mask_inverted: You praised what the model did not write. The mask is True for what
        it wrote.
    mean_over_a_text: You took the mean along each text. ln p of a text is the sum over
        its tokens. (With a mean, a token of a long text counts less.)
    mean_over_all_places: You took the mean over all places, prompt and padding
        included. Sum along each text, then take the mean over the texts.
    mean_over_all_tokens: You divided by the number of all tokens that were written.
        Divide by the number of texts.
    summed: That is the sum over the texts. Take the mean: else a larger batch takes
        larger steps.
    advantage_forgotten: The advantages are missing: all texts would become likelier,
        whatever they are worth.
    sizes_of_the_advantages: The advantages have lost their sign, so that bad texts are
        praised as well.
    probabilities: You took p instead of ln p. The probability of a text is a product
        over its tokens, so ln p is what can be summed.
    multiplied_apart: You took the mean advantage times the mean ln p. Each text has its
        own advantage: multiply first, then take the mean.
    one_text_only: That is the first text alone. Take the mean over all texts.
    """
    text = (log_p * mask).sum(1)
    right, counts = policy_loss.solution(log_p, advantages, mask), mask.sum(1)
    praise = advantages * text
    return {
        "wrong_sign": -right,
        "mask_forgotten": -(advantages * log_p.sum(1)).mean(),
        "mask_inverted": -(advantages * (log_p * ~mask).sum(1)).mean(),
        "mean_over_a_text": -(praise / counts).mean(),
        "mean_over_all_places": right / mask.shape[1],
        "mean_over_all_tokens": -praise.sum() / counts.sum(),
        "summed": -praise.sum(),
        "advantage_forgotten": -text.mean(),
        "sizes_of_the_advantages": -(advantages.abs() * text).mean(),
        "probabilities": -(advantages * (log_p.exp() * mask).sum(1)).mean(),
        "multiplied_apart": -advantages.mean() * text.mean(),
        "one_text_only": -praise[0],
    }


# -- 12 --------------------------------------------------------------------------------


def _log_probabilities(rng):
    """Return ln p and ln q (N, V)."""
    N, V = rng.integers([3, 6], [6, 10]).tolist()
    return tuple((1.5 * normal(rng, 2, N, V)).log_softmax(-1))


@exercise(
    inputs=_log_probabilities,
    hints=[
        "KL(p || q) is a mean of ln p - ln q. Which of the two distributions says how "
        "much each token counts?",
        "p itself is `log_p.exp()`. Sum over the tokens, which is that mean; then take "
        "the mean over the places.",
        "`(log_p.exp() * (log_p - log_q)).sum(1).mean()`",
    ],
)
def kl_penalty(log_p, log_q):
    """Return the mean over N places of KL(p || q), in nats: how far p has moved from q.

    Both are tensors (N, V) of ln of probabilities: p are those of the model that is
    tuned, q those of the model that it began as. At each place KL(p || q) is the sum
    over the V tokens of p · (ln p - ln q).
    """
    return (log_p.exp() * (log_p - log_q)).sum(1).mean()


@kl_penalty.mistakes
def _(log_p, log_q):
    """
    reversed: That is KL(q || p). What the tuned model does counts: weight by p.
        (F.kl_div(a, b) is KL(b || a): its first argument is the second distribution.)
    weighted_by_q: You weighted by q. The mean is taken over what the tuned model
        writes: p.
    wrong_sign: The sign is wrong: KL is never negative. It is ln p - ln q.
    not_weighted: The weights p are missing: tokens that are never written count as much
        as those that always are.
    mean_over_the_vocabulary: You took the mean over the tokens. Their probabilities
        are the weights already: sum over V, mean over N.
    summed: That is the sum over the places. Take the mean.
    squared: Those are squared differences. KL is the sum of p · (ln p - ln q).
    sizes_only: You took the sizes of the differences. Tokens that p gives less count
        negative; the sum is above 0 all the same.
    difference_of_probabilities: You took p - q where ln p - ln q belongs.
    logarithms_for_probabilities: You weighted by ln p. The weights are p itself:
        log_p.exp().
    cross_entropy: That is the cross-entropy: what p costs if coded with q. KL is how
        much more that is than p costs by itself: subtract the entropy.
    entropy: That is the entropy of p, without q.
    in_bits: That is in bits. Take nats: the natural logarithm, as it comes.
    both_directions: You took the mean of both directions. Only KL(p || q) is asked for.
    """
    p, q, gap = log_p.exp(), log_q.exp(), log_p - log_q

    def mean(values):
        return values.sum(1).mean()

    right, other = mean(p * gap), mean(-q * gap)
    return {
        "reversed": other,
        "weighted_by_q": -other,
        "wrong_sign": -right,
        "not_weighted": mean(gap),
        "mean_over_the_vocabulary": (p * gap).mean(),
        "summed": (p * gap).sum(),
        "squared": mean(gap**2),
        "sizes_only": mean(p * gap.abs()),
        "difference_of_probabilities": mean(p * (p - q)),
        "logarithms_for_probabilities": mean(log_p * gap),
        "cross_entropy": -mean(p * log_q),
        "entropy": -mean(p * log_p),
        "in_bits": right / math.log(2),
        "both_directions": (right + other) / 2,
    }


# -- 13 --------------------------------------------------------------------------------


def _pairs(rng):
    """Return ln p (N,) of better and worse texts, by model and reference; and beta.

    The reference already prefers some of the worse ones.
    """
    N = int(rng.integers(4, 8))
    reference = -20 + 3 * normal(rng, 2, N)
    better, worse = reference + 2 * normal(rng, 2, N)
    return better, worse, *reference, float(rng.uniform(0.1, 0.4))


@exercise(
    inputs=_pairs,
    hints=[
        "How much likelier has the model made the better text than it was at the "
        "start? And the worse one?",
        "The better one's gain minus the worse one's, times beta, is the logit of a "
        "classifier that says which of the two is the better one. Its loss is minus "
        "the logarithm of the sigmoid.",
        "`gained = (better - reference_better) - (worse - reference_worse)`, then "
        "`-F.logsigmoid(beta * gained).mean()`.",
    ],
)
def dpo_loss(better, worse, reference_better, reference_worse, beta):
    """Return the loss of direct preference optimization (DPO), the mean over N pairs.

    The first four are tensors (N,) with ln p of whole texts: of the better and the
    worse one of each pair, by the model and by the reference that it began as. beta is
    a number. With `gained`, the rise of the better one's ln p since the start minus
    that of the worse one, a pair's loss is -ln sigmoid(beta · gained).
    """
    gained = (better - reference_better) - (worse - reference_worse)
    return -F.logsigmoid(beta * gained).mean()


@dpo_loss.mistakes
def _(better, worse, reference_better, reference_worse, beta):
    """
    exchanged: Better and worse are exchanged: your loss is small where the model has
        come to prefer the worse text.
    reference_forgotten: The reference is missing. Some texts are likelier from the
        start, because they are short or plain: only what has changed since counts.
    reference_added: The reference has the wrong sign: subtract what the text had at the
        start.
    reference_for_the_better_only: You compared only the better text with its start.
    worse_forgotten: The worse text is missing. A loss of the better one alone is
        fine-tuning: the worse one may become likelier along with it.
    divided_by_beta: You divided by beta, which turns it around: the larger beta, the
        closer the model should stay to its start.
    beta_forgotten: beta is missing: it says how close the model stays to its start.
    beta_outside: beta belongs into the sigmoid. Before the loss it would only change
        the learning rate.
    no_logarithm: The logarithm is missing: that is the probability given to the right
        choice. The loss is minus its logarithm.
    wrong_sign: The sign is wrong: a loss is small where the right choice is probable.
    no_sigmoid: The sigmoid is missing. Without it there is no end: the model would be
        driven on for pairs that it has long got right.
    summed: That is the sum over the pairs. Take the mean.
    mean_first: You took the mean of what was gained, then the loss. Each pair has its
        own loss: the mean comes last.
    hinge: You took what is missing to 1, as a support vector machine does. Here it is
        -ln of a sigmoid.
    """
    gained = (better - reference_better) - (worse - reference_worse)

    def loss(logits):
        return -F.logsigmoid(logits).mean()

    start = reference_better - reference_worse
    now = better - worse
    return {
        "exchanged": loss(-beta * gained),
        "reference_forgotten": loss(beta * now),
        "reference_added": loss(beta * (now + start)),
        "reference_for_the_better_only": loss(beta * (now - reference_better)),
        "worse_forgotten": loss(beta * (better - reference_better)),
        "divided_by_beta": loss(gained / beta),
        "beta_forgotten": loss(gained),
        "beta_outside": beta * loss(gained),
        "no_logarithm": (beta * gained).sigmoid().mean(),
        "wrong_sign": -loss(beta * gained),
        "no_sigmoid": -(beta * gained).mean(),
        "summed": loss(beta * gained) * len(gained),
        "mean_first": loss(beta * gained.mean()),
        "hinge": (1 - beta * gained).clamp(min=0).mean(),
    }


# -- 14 --------------------------------------------------------------------------------


def _right_of_tries(rng):
    """Return right ones and tries; every second time one or two right ones of many."""
    tries = int(rng.integers(12, 60))
    low, high = (1, 3) if every_other(rng) else (3, tries - 2)
    return int(rng.integers(low, high)), tries


@exercise(
    inputs=_right_of_tries,
    hints=[
        "The formula is all there: share, then middle and half, then their difference "
        "and their sum. What do you get for 0 of 20?",
        "Both have the same divisor, 1 + z² / tries. Only `half` has a root, over the "
        "sum of both terms.",
        "`divisor = 1 + z**2 / tries`, `middle = (share + z**2 / (2 * tries)) / "
        "divisor`, `half = z * math.sqrt(share * (1 - share) / tries + z**2 / (4 * "
        "tries**2)) / divisor`, `return middle - half, middle + half`.",
    ],
)
def interval(right, tries):
    """Return (low, high): between which shares the true one lies, 19 times out of 20.

    Both are numbers: `right` of `tries` answers were right. Wilson's interval goes from
    middle - half to middle + half. With share = right / tries and z = 1.96,

        middle = (share + z² / (2 tries)) / (1 + z² / tries)
        half = z √(share (1 - share) / tries + z² / (4 tries²)) / (1 + z² / tries)
    """
    share, z = right / tries, 1.96
    divisor = 1 + z**2 / tries
    middle = (share + z**2 / (2 * tries)) / divisor
    half = z * math.sqrt(share * (1 - share) / tries + z**2 / (4 * tries**2)) / divisor
    return middle - half, middle + half


def _wilson(share, tries, z):
    """Return Wilson's interval at any z."""
    divisor = 1 + z**2 / tries
    middle = (share + z**2 / (2 * tries)) / divisor
    half = z * math.sqrt(share * (1 - share) / tries + z**2 / (4 * tries**2)) / divisor
    return middle - half, middle + half


@interval.mistakes
def _(right, tries):
    """
    normal: That is the share ± z times its standard error. For few tries it promises
        too much: after 0 right of 20, it says that the share is 0 for certain. And it
        can go below 0. Take Wilson's.
    normal_cut_off: That is the share ± z times its standard error, cut off at 0 and 1.
        For few tries it promises too much: after 0 right of 20, it says that the share
        is 0 for certain. Take Wilson's.
    one_standard_error: That is the share ± one standard error: the true share lies in
        it only two times of three. Take Wilson's, with z = 1.96.
    z_forgotten: You took z = 1: the true share lies between these only two times of
        three. For 19 times of 20, z is 1.96.
    z_of_ninety: You took z = 1.645, for 9 times of 10. For 19 of 20 it is 1.96.
    no_root: The root is missing in `half`: a variance is not a distance.
    z_not_squared: You forgot to square z. Only in front of the root it stands alone.
    divisor_forgotten: The divisor 1 + z² / tries is missing.
    half_not_divided: `middle` is right, but `half` has the same divisor, 1 + z² /
        tries.
    middle_not_moved: You took the share itself for the middle. Wilson's is drawn toward
        one half, the more the fewer the tries.
    half_without_its_second_term: In `half`, z² / (4 tries²) is missing under the root.
    middle_and_half: Those are middle and half. Return middle - half and middle + half.
    counts: Those are numbers of right answers. Asked for are shares.
    one_number: That is the middle alone. How sure it is, is what the two ends say.
    """
    share, z = right / tries, 1.96
    low, high = _wilson(share, tries, z)
    middle, half, divisor = (low + high) / 2, (high - low) / 2, 1 + z**2 / tries
    error = math.sqrt(share * (1 - share) / tries)
    inside = half * divisor / z  # the root
    flat = (share + z / (2 * tries)) / (1 + z / tries)
    bow = z * math.sqrt(error**2 + z / (4 * tries**2)) / (1 + z / tries)
    short = z * error / divisor

    def around(middle, half):
        return middle - half, middle + half

    return {
        "normal": around(share, z * error),
        "normal_cut_off": (max(0, share - z * error), min(1, share + z * error)),
        "one_standard_error": around(share, error),
        "z_forgotten": _wilson(share, tries, 1),
        "z_of_ninety": _wilson(share, tries, 1.645),
        "no_root": around(middle, z * inside**2 / divisor),
        "z_not_squared": around(flat, bow),
        "divisor_forgotten": around(middle * divisor, half * divisor),
        "half_not_divided": around(middle, half * divisor),
        "middle_not_moved": around(share, half),
        "half_without_its_second_term": around(middle, short),
        "middle_and_half": (middle, half),
        "counts": (low * tries, high * tries),
        "one_number": middle,
    }


# -- 15 --------------------------------------------------------------------------------


def _judged(rng):
    """Return a judge's scores (N,), which grow with the lengths (N,), in arrays."""
    N = int(rng.integers(8, 15))
    lengths = rng.permutation(np.arange(20, 120))[:N].astype(float)
    scores = 3 + rng.uniform(0.02, 0.06) * lengths + rng.normal(0, 0.8, N)
    return scores, lengths


@exercise(
    inputs=_judged,
    hints=[
        "Lay the best straight line through scores over lengths. How much of a score "
        "comes from being longer than the mean?",
        "The slope is the mean of (lengths - mean) · (scores - mean), divided by the "
        "mean of (lengths - mean)², or `np.polyfit(lengths, scores, 1)[0]`.",
        "`slope = np.polyfit(lengths, scores, 1)[0]`, then `scores - slope * (lengths "
        "- lengths.mean())`.",
    ],
)
def judged_fairly(scores, lengths):
    """Return the scores (N,) as if all answers were as long as the mean one.

    Both are arrays (N,): a judge's scores, and how long each answer is. The best
    straight line through scores over lengths (least squares) is taken out: from each
    score its slope times what the answer is longer than the mean. So the mean of the
    scores stays what it was.
    """
    slope = np.polyfit(lengths, scores, 1)[0]
    return scores - slope * (lengths - lengths.mean())


@judged_fairly.mistakes
def _(scores, lengths):
    """
    divided_by_length: You divided by the length. That punishes the long answers beyond
        measure: now the shortest are the best. Take out the line instead.
    divided_and_scaled_back: You divided by the length, as a share of the mean length.
        That would be fair if the line went through 0. Subtract what length adds.
    mean_taken_out: You only subtracted the mean score: what length adds is still there.
    mean_lost: What is left has the mean 0: you subtracted the whole line. Only its
        slope is unfair; keep the mean score.
    not_centered: You subtracted slope · length, also from an answer of mean length.
        Subtract the slope times what it is longer than the mean.
    line_itself: That is the line: what the judge gives for length alone. Subtract it.
    added: The sign is wrong: long answers get still more.
    slope_through_zero: Your line goes through 0. The best line has a start of its own:
        center both before you compute the slope.
    slope_upside_down: Your slope is that of lengths over scores.
    not_divided_by_the_variance: Your slope is the covariance. Divide it by the variance
        of the lengths.
    two_divisors: Your covariance divides by N - 1 and your variance by N (np.cov and
        np.var do). Take the same for both, ddof=1.
    correlation: You took the correlation for the slope. The slope is that times the
        spread of the scores, divided by the spread of the lengths.
    standardized: You divided the rest by its standard deviation, too.
    line_through_the_ends: Your line goes through the shortest and the longest answer.
        Take the one that fits all best.
    from_the_shortest: You took what each is longer than the shortest answer. Take what
        it is longer than the mean.
    """
    x, y = lengths - lengths.mean(), scores - scores.mean()
    slope = (x * y).mean() / (x**2).mean()
    rest = y - slope * x
    low, high = lengths.argmin(), lengths.argmax()
    through = (scores[high] - scores[low]) / (lengths[high] - lengths[low])
    return {
        "divided_by_length": scores / lengths,
        "divided_and_scaled_back": scores / lengths * lengths.mean(),
        "mean_taken_out": y,
        "mean_lost": rest,
        "not_centered": scores - slope * lengths,
        "line_itself": scores - rest,
        "added": scores + slope * x,
        "slope_through_zero": scores - (lengths @ scores) / (lengths @ lengths) * x,
        "slope_upside_down": scores - (x @ y) / (y @ y) * x,
        "not_divided_by_the_variance": scores - (x * y).mean() * x,
        "two_divisors": scores - slope * len(x) / (len(x) - 1) * x,
        "correlation": scores - np.corrcoef(x, y)[0, 1] * x,
        "standardized": scores.mean() + rest / rest.std(),
        "line_through_the_ends": scores - through * x,
        "from_the_shortest": scores - slope * (lengths - lengths.min()),
    }
