"""Exercises of chapter 13: several sources fused, and groups treated fairly."""

from functools import partial

import numpy as np
import torch
from scipy.interpolate import RBFInterpolator

from bigmodel_lab.exercises import draws
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


def _two_answers(rng):
    """Return answers (N,), answers (N,) and the truth (N,), class numbers.

    There are examples that both have right, one of them, and neither: with the same
    wrong answer, and with different ones.
    """
    C = int(rng.integers(4, 9))
    kinds = []  # who is wrong: 0 nobody, 1 in one way, 2 in another way
    for kind in [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]:
        kinds += [kind] * int(rng.integers(3, 14))
    truth = rng.integers(0, C, len(kinds))
    one_way = rng.integers(1, C, len(kinds))
    another = 1 + (one_way - 1 + rng.integers(1, C - 1, len(kinds))) % (C - 1)
    away = np.array([0 * truth, one_way, another])
    first, second = rng.permutation(kinds).T
    rows = np.arange(len(kinds))
    answers = [(truth + away[kind, rows]) % C for kind in (first, second)]
    return *answers, truth


@exercise(
    inputs=_two_answers,
    hints=[
        "Somebody chooses between the two answers, and chooses right whenever that is "
        "possible. For which examples is it not possible?",
        "Where both are wrong. An example counts if the first answer is right, or the "
        "second one, or both.",
        "`((first == truth) | (second == truth)).mean()`",
    ],
)
def ceiling(first, second, truth):
    """Return the highest accuracy that choosing between two answers can reach.

    first, second and truth are arrays (N,) of class numbers: what two models answer,
    and what is right. Whoever chooses takes one of the two answers for each example,
    and may be as clever as anybody. Returned is a number from 0 to 1.
    """
    either_is_right = (first == truth) | (second == truth)
    return either_is_right.mean()


@ceiling.mistakes
def _(first, second, truth):
    """
    both_right: That is how often both are right. One that is right is enough, if it is
        chosen.
    better_one: That is the accuracy of the better model. Where it is wrong, the other
        one may be right.
    sum: You added the two accuracies. Examples that both have right are counted twice.
    as_if_independent: You computed with the accuracies, as if the errors of the two had
        nothing to do with each other. What is hard for one is often hard for the other:
        look at each example.
    product: You multiplied the accuracies. That would be how often both are right, if
        their errors had nothing to do with each other.
    mean: That is the mean of the accuracies, as if one chose by a coin.
    agreement: That is how often they agree. They may agree on what is wrong, and one
        may be right where they differ.
    disagreement: That is how often they differ. Both may be right, and both may be
        wrong in different ways.
    exactly_one: That is how often exactly one is right. Where both are, the choice is
        right, too.
    one_wrong: That is how often one of them is wrong, or both. How often is one right?
    both_wrong: That is how often both are wrong: then no choice helps. Asked for is how
        often one does.
    how_many: That is how many examples. Asked for is their share.
    """
    one, other = first == truth, second == truth
    a, b = one.mean(), other.mean()
    return {
        "both_right": (one & other).mean(),
        "better_one": max(a, b),
        "sum": a + b,
        "as_if_independent": 1 - (1 - a) * (1 - b),
        "product": a * b,
        "mean": (a + b) / 2,
        "agreement": (first == second).mean(),
        "disagreement": (first != second).mean(),
        "exactly_one": (one ^ other).mean(),
        "one_wrong": 1 - (one & other).mean(),
        "both_wrong": 1 - (one | other).mean(),
        "how_many": (one | other).sum(),
    }


# -- 2 ---------------------------------------------------------------------------------


def _two_sources(rng):
    """Return rows of a picture (N, P) and words (N, W), and training rows of both.

    Each source has columns of its own sizes, and one source is louder than the other.
    """
    P, W = rng.permutation(np.arange(2, 6))[:2]
    N, M = int(rng.integers(4, 8)), int(rng.integers(9, 15))
    loud = rng.permutation([0.3, 3])
    tables = []
    for columns, size in zip((P, W), loud, strict=True):
        scale = size * rng.uniform(0.4, 2, columns)
        middle = scale * rng.uniform(1, 2, columns) * rng.choice([-1, 1], columns)
        train = middle + scale * rng.normal(size=(M, columns))
        shift = scale * rng.uniform(0.3, 0.6, columns)
        rows = middle + shift + 1.6 * scale * rng.normal(size=(N, columns))
        tables.append((rows, train))
    (picture, picture_train), (words, words_train) = tables
    return picture, words, picture_train, words_train


@exercise(
    inputs=_two_sources,
    hints=[
        "Look at one source alone. Which numbers do you need from its training rows? "
        "One for each column, and one for all of them.",
        "The means of the columns, `train.mean(0)`. With these subtracted, what is the "
        "mean of the rows' squared lengths? If you divide the rows by c, it is divided "
        "by c².",
        "`centered = train - train.mean(0)`, then "
        "`(source - train.mean(0)) / np.sqrt((centered**2).sum(1).mean())`, for both "
        "sources; `np.hstack` lays them side by side.",
    ],
)
def side_by_side(picture, words, picture_train, words_train):
    """Return the features of two sources side by side, an array (N, P + W).

    picture is an array (N, P), words one (N, W): what two sources say of the same
    examples. picture_train (M, P) and words_train (M, W) are arrays, too: the training
    rows. From each column its mean over the training rows is subtracted. Then all of a
    source is divided by one number, such that its training rows have a mean squared
    length of 1. (A row's squared length is the sum of the squares of its entries, after
    the subtraction.) Means and numbers come from the training rows alone. The picture's
    columns come first.
    """
    parts = []
    for source, train in [(picture, picture_train), (words, words_train)]:
        means = train.mean(0)
        squared_lengths = ((train - means) ** 2).sum(1)
        parts.append((source - means) / np.sqrt(squared_lengths.mean()))
    return np.hstack(parts)


@side_by_side.mistakes
def _(picture, words, picture_train, words_train):
    """
    as_they_are: You laid them side by side as they are. Then the source with the larger
        numbers decides.
    not_scaled: You subtracted the means, and scaled nothing. The source with the larger
        numbers still decides.
    means_left_in: You divided by the right numbers, but did not subtract the means of
        the training rows.
    own_means: Your means are those of the rows that come in. They must be those of the
        training rows: otherwise what a row becomes depends on who comes with it.
    by_themselves: You took means and lengths of the rows that come in. Take those of
        the training rows: they are what the model knows.
    each_column: You divided each column by its own deviation. All of a source is
        divided by one number: what varies little stays small, and a source does not
        count more for having more columns.
    as_one: You divided both by the same number. Then the source with the larger numbers
        still decides: each needs its own number.
    each_row: You gave each row the length 1. It is the training rows whose squared
        length is 1, and only in the mean.
    root_forgotten: You divided by the mean squared length. Divided by c, the squared
        lengths become c² times as small: the root is missing.
    deviation_of_all: You divided by the root of the mean of all squares. The squares of
        a row are added up, and the mean is taken over the rows: otherwise a source with
        more columns counts more.
    sum_for_mean: You took the sum over the training rows. Take the mean of their
        squared lengths: otherwise more training rows make everything smaller.
    words_first: The words come first in it. The picture should.
    """
    sources = [(picture, picture_train), (words, words_train)]

    def size(rows):
        return np.sqrt((rows**2).sum(1).mean())

    def joined(change):
        return np.hstack([change(x, t, x - t.mean(0)) for x, t in sources])

    sizes = [size(t - t.mean(0)) for _, t in sources]
    right = joined(lambda x, t, z: z / size(t - t.mean(0)))
    return {
        "as_they_are": joined(lambda x, t, z: x),
        "not_scaled": joined(lambda x, t, z: z),
        "means_left_in": joined(lambda x, t, z: x / size(t - t.mean(0))),
        "own_means": joined(lambda x, t, z: (x - x.mean(0)) / size(t - t.mean(0))),
        "by_themselves": joined(lambda x, t, z: (x - x.mean(0)) / size(x - x.mean(0))),
        "each_column": joined(lambda x, t, z: z / t.std(0)),
        "as_one": joined(lambda x, t, z: z / np.hypot(*sizes)),
        "each_row": joined(
            lambda x, t, z: z / np.linalg.norm(z, axis=1, keepdims=True)
        ),
        "root_forgotten": joined(lambda x, t, z: z / size(t - t.mean(0)) ** 2),
        "deviation_of_all": joined(lambda x, t, z: z / (t - t.mean(0)).std()),
        "sum_for_mean": joined(lambda x, t, z: z / np.linalg.norm(t - t.mean(0))),
        "words_first": np.roll(right, words.shape[1], axis=1),
    }


# -- 3 ---------------------------------------------------------------------------------


def _answers_and_weights(rng):
    """Return a list of M arrays (N, C) of probabilities, and weights (M,).

    The heaviest model is not the last one.
    """
    M, N, C = rng.permutation(np.arange(3, 8))[:3]
    probabilities = [0.95 * rng.dirichlet(np.ones(C), N) + 0.05 / C for _ in range(M)]
    weights = rng.choice(np.arange(5, 40), M, replace=False) / 10
    if weights.argmax() == M - 1:
        weights = weights[::-1].copy()
    return probabilities, weights


@exercise(
    inputs=_answers_and_weights,
    hints=[
        "A model with the weight 3 counts as much as three with the weight 1. How "
        "would you take the mean of these?",
        "Multiply each model's array by its weight, add them up, and divide by the sum "
        "of the weights.",
        "`np.average(probabilities, axis=0, weights=weights)`",
    ],
)
def weighted_answer(probabilities, weights):
    """Return the weighted mean of several models' probabilities, an array (N, C).

    probabilities is a list of M arrays (N, C): what each model says of the same N
    examples. In each row the probabilities of the C classes add up to 1. weights is an
    array (M,) of positive numbers: how much each model counts, compared with the
    others. They need not add up to 1; the rows of the result do.
    """
    shares = weights / weights.sum()
    return sum(share * one for share, one in zip(shares, probabilities, strict=True))


@weighted_answer.mistakes
def _(probabilities, weights):
    """
    equal_weights: You let all models count the same. `weights` says how much each of
        them counts.
    not_divided: You did not divide. The rows should add up to 1: divide by the sum of
        the weights.
    divided_by_models: You divided by how many models there are. The rows should add up
        to 1: divide by the sum of the weights.
    softmax: You took the softmax of the weights. That makes the large ones too large: a
        model with twice the weight should count twice as much.
    upside_down: Your weights are 1 / weight. The larger a weight, the more its model
        should count.
    heaviest_model: That is the answer of the model with the largest weight. The others
        know something, too.
    last_model: That is the last model's answer. In a loop, each of them must be added
        to the others.
    largest: You took the largest probability that any model gives. Then the surest one
        decides, whatever its weight, and the rows do not add up to 1.
    product: You multiplied, with the weights as exponents. That is a mean of the
        logarithms; here the probabilities are added up.
    votes: You gave each model a vote for its first choice. How sure it is gets lost:
        add up the probabilities themselves.
    first_choices: Those are the classes with the largest probability. Asked for are the
        probabilities.
    not_summed: Those are the models' answers times their shares. Add them up.
    """
    p, shares = np.array(probabilities), weights / weights.sum()

    def by(weights):
        return np.tensordot(weights / weights.sum(), p, 1)

    right, powers = by(weights), np.exp(np.tensordot(shares, np.log(p), 1))
    return {
        "equal_weights": p.mean(0),
        "not_divided": np.tensordot(weights, p, 1),
        "divided_by_models": np.tensordot(weights, p, 1) / len(p),
        "softmax": by(np.exp(weights)),
        "upside_down": by(1 / weights),
        "heaviest_model": p[weights.argmax()],
        "last_model": p[-1],
        "largest": p.max(0),
        "product": powers / powers.sum(1, keepdims=True),
        "votes": np.tensordot(shares, np.eye(p.shape[2])[p.argmax(2)], 1),
        "first_choices": right.argmax(1),
        "not_summed": shares[:, None, None] * p,
    }


# -- 4 ---------------------------------------------------------------------------------


def _two_witnesses(rng):
    """Return what two sources say (N, C), (N, C) and a prior (C,) that is not even."""
    N, C = rng.permutation(np.arange(3, 8))[:2]
    shares = rng.permutation(np.linspace(1, rng.uniform(3, 5), C))
    prior = shares / shares.sum()
    first, second = prior * np.exp(rng.normal(size=(2, N, C)))
    first /= first.sum(1, keepdims=True)
    second /= second.sum(1, keepdims=True)
    return first, second, prior


@exercise(
    inputs=_two_witnesses,
    hints=[
        "By Bayes's rule, `first` is in proportion to the prior times the likelihood "
        "of what the first source saw. What is in proportion to the prior times both "
        "likelihoods?",
        "In first * second, the prior is a factor twice. It should be one once. Then "
        "make the rows add up to 1.",
        "`joint = first * second / prior`, then `joint / joint.sum(1, keepdims=True)`",
    ],
)
def product_answer(first, second, prior):
    """Return the probabilities of the classes, given what both sources saw: (N, C).

    first and second are arrays (N, C): for each example, the probability of each class,
    given what the one source saw, and given what the other one saw. prior is an array
    (C,): the probability of each class before anybody has seen anything. Both sources
    have taken it into account. Among the examples of one class, what the one source
    sees has nothing to do with what the other one sees. Each row of the result adds up
    to 1.
    """
    joint = first * second / prior
    return joint / joint.sum(axis=1, keepdims=True)


@product_answer.mistakes
def _(first, second, prior):
    """
    prior_counted_twice: You multiplied the two. The prior is in each of them, and so it
        counts twice: it should count once.
    prior_not_counted: You divided by the prior twice. Then it does not count at all: it
        should count once.
    prior_counted_three_times: You multiplied by the prior as well. It is in each of the
        two already, and should count once.
    not_normalized: The numbers are in the right proportion, but the rows do not add up
        to 1: divide each by its sum.
    columns_to_1: In your result the columns add up to 1. A row is one example: its
        probabilities should.
    mean: You took the mean. Where the prior says 50 % and both witnesses say 90 %,
        they are surer together than each alone; a mean never is.
    sum_less_prior: You added the two and subtracted the prior. What is independent is
        multiplied; your numbers may even be negative.
    geometric_mean: You took the root of the product. That would fit if both had seen
        the same thing; what is independent counts in full.
    largest: You took the larger one of the two. Where the prior says 50 % and both
        witnesses say 90 %, they are surer together than each alone.
    softmax_of_probabilities: You took the softmax of the product. It is meant for
        logarithms: divide each row by its sum.
    logarithms: Those are logarithms, not yet normalized. Asked for are probabilities.
    first_choices: Those are the classes with the largest probability. Asked for are the
        probabilities.
    """
    joint = first * second / prior

    def rows_to_1(table):
        return table / table.sum(1, keepdims=True)

    right = rows_to_1(joint)
    return {
        "prior_counted_twice": rows_to_1(first * second),
        "prior_not_counted": rows_to_1(joint / prior),
        "prior_counted_three_times": rows_to_1(first * second * prior),
        "not_normalized": joint,
        "columns_to_1": joint / joint.sum(0),
        "mean": (first + second) / 2,
        "sum_less_prior": first + second - prior,
        "geometric_mean": rows_to_1(np.sqrt(first * second)),
        "largest": rows_to_1(np.maximum(first, second)),
        "softmax_of_probabilities": rows_to_1(np.exp(joint)),
        "logarithms": np.log(joint),
        "first_choices": right.argmax(1),
    }


# -- 5 ---------------------------------------------------------------------------------


def _rows_in_folds(rng):
    """Return a function that fits, rows (N, P), their numbers (N,) and folds (N,).

    The fit is one of SciPy's, so that it can be pickled: a smooth surface, which does
    not go through all points.
    """
    K, P = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    sizes = rng.permutation(np.arange(3, 3 + K))
    folds = rng.permutation(np.repeat(np.arange(K), sizes))
    X = rng.normal(size=(len(folds), P))
    y = X @ rng.normal(size=P) + np.sin(2 * X[:, 0]) + 0.5 * rng.normal(size=len(X))
    kernel = draws.in_turn(rng, "linear", "gaussian")
    smoothing = float(rng.uniform(0.1, 1))
    fit = partial(RBFInterpolator, kernel=kernel, epsilon=1.0, smoothing=smoothing)
    return fit, X, y, folds


@exercise(
    inputs=_rows_in_folds,
    hints=[
        "There is a model for each fold. Which rows may it learn from, and for which "
        "rows does it answer?",
        "`folds == fold` marks the rows of a fold, `folds != fold` all others. Fit on "
        "the others, and write the answers where the mark is.",
        "`for fold in np.unique(folds):`, then `unseen = folds == fold` and "
        "`answers[unseen] = fit(X[~unseen], y[~unseen])(X[unseen])`",
    ],
)
def out_of_fold(fit, X, y, folds):
    """Return an answer for each row, by a model that has not seen its fold: (N,).

    fit is a function: fit(X, y) learns from these rows and returns a model. The model
    is a function, too: model(X) returns an array with one answer, a number, for each
    row of X. X is an array (N, P), y one (N,). folds is an array (N,) of whole numbers
    from 0 on: the fold that each row is in. The model for a fold learns from all rows
    of all other folds. The answers are in the order of the rows.

    Source: Wolpert (1992), "Stacked generalization"
    """
    answers = np.zeros(len(X))
    for fold in np.unique(folds):
        unseen = folds == fold
        model = fit(X[~unseen], y[~unseen])
        answers[unseen] = model(X[unseen])
    return answers


@out_of_fold.mistakes
def _(fit, X, y, folds):
    """
    seen_rows: You fitted one model on all rows. It has seen the rows that it answers
        for: its answers are too good.
    own_fold: You fitted each model on the fold that it answers for. It has seen just
        these rows: fit it on the others.
    exchanged: You fitted on one fold and answered for the others. It is the other way
        around: learn from the others, answer for the one.
    fold_order: Your answers are in the order of the folds. They should be in the order
        of the rows: write each where its row is.
    mean_of_models: You took the mean of all models' answers. Most of them have seen the
        row: only the model of its fold may answer.
    last_model: You have the last model's answers for all rows. It answers for the rows
        of its fold only.
    first_fold_alone: Only the first fold has answers, the others 0. Is the `return` in
        the loop?
    last_fold_alone: Only the last fold has answers, the others 0. Is the array for them
        made in the loop? Make it before.
    last_fold_forgotten: The last fold has no answers, but 0. Does the loop end too
        early? There are folds.max() + 1 folds.
    earlier_folds_only: You fitted on the folds before. That is for what comes one after
        the other, as days do: here, learn from all other folds.
    one_row_left_out: You left out one row at a time. A model must not see the row's
        whole fold.
    errors: Those are the errors, y less the answers. Asked for are the answers.
    """

    def answered(marks, learn=lambda unseen: ~unseen, rows=lambda unseen: unseen):
        answers = np.zeros(len(X))
        for unseen in marks:
            seen, asked = learn(unseen), rows(unseen)
            if seen.any():
                answers[asked] = fit(X[seen], y[seen])(X[asked])
        return answers

    marks = [folds == k for k in range(folds.max() + 1)]
    models = [fit(X[~unseen], y[~unseen]) for unseen in marks]
    right = answered(marks)
    return {
        "seen_rows": fit(X, y)(X),
        "own_fold": answered(marks, learn=lambda unseen: unseen),
        "exchanged": answered(marks, lambda unseen: unseen, lambda unseen: ~unseen),
        "fold_order": np.concatenate([right[unseen] for unseen in marks]),
        "mean_of_models": np.mean([model(X) for model in models], 0),
        "last_model": models[-1](X),
        "first_fold_alone": right * marks[0],
        "last_fold_alone": right * marks[-1],
        "last_fold_forgotten": right * ~marks[-1],
        "earlier_folds_only": answered(
            marks, learn=lambda unseen: folds < folds[unseen][0]
        ),
        "one_row_left_out": answered(np.eye(len(X), dtype=bool)),
        "errors": y - right,
    }


# -- 6 ---------------------------------------------------------------------------------


def _two_layers(rng):
    """Return W1 (H, I), b1 (H,), W2 (O, H) and an order (H,) that is not its inverse.

    Both I and O are larger than H: so a wrong axis does not stop Python.
    """
    H = int(rng.integers(4, 7))
    inside, out = H + rng.permutation(np.arange(1, 4))[:2]
    order = rng.permutation(H)
    while (order[order] == np.arange(H)).all():
        order = rng.permutation(H)
    weights = [draws.normal(rng, *shape) for shape in ((H, inside), (H,), (out, H))]
    return *weights, torch.from_numpy(order)


@exercise(
    inputs=_two_layers,
    hints=[
        "Draw a network with two hidden units, and exchange them. Which weights go "
        "with a unit?",
        "Those that it reads with, its bias, and those that it is read with: a row of "
        "W1, an entry of b1, and of W2 one row or one column?",
        "`W1[order], b1[order], W2[:, order]`",
    ],
)
def same_function(W1, b1, W2, order):
    """Return the weights W1, b1, W2 of a network with its hidden units in a new order.

    W1 is a tensor (H, I), b1 one (H,), W2 one (O, H): for an input x, the network
    computes W2 relu(W1 x + b1). order is a tensor (H,) with the whole numbers from 0 to
    H - 1: in the new network, hidden unit k is the one that was order[k]. For each x
    the new network computes what the old one did.

    Source: Ainsworth and others (2023), "Git Re-Basin"
    """
    return W1[order], b1[order], W2[:, order]


@same_function.mistakes
def _(W1, b1, W2, order):
    """
    nothing_changed: You changed nothing. It does compute what it did, but its units are
        not in the new order.
    W2_unchanged: W2 is as it was. It still takes unit k for the old one: what reads the
        units must be reordered, too.
    b1_unchanged: b1 is as it was. A unit's bias goes with it.
    W1_unchanged: W1 is as it was. The weights that a unit reads the input with go with
        it.
    only_W2: You reordered W2 alone. The units themselves, W1 and b1, are where they
        were.
    rows_of_W2: You reordered the rows of W2. They are the outputs: the hidden units are
        its columns.
    outputs_too: You reordered the outputs as well. They should be as they were.
    columns_of_W1: You reordered the columns of W1. They are the inputs: the hidden
        units are its rows.
    inputs_too: You reordered the inputs as well. They should be as they were.
    inverse: You reordered the other way: unit k became unit order[k]. The network
        computes what it did, but unit k should be the one that was order[k].
    inverse_for_W2: You undid the order in W2. Its columns must be in the same order as
        the units: then each column meets its unit.
    W2_transposed: Your W2 is transposed: its rows are the units. Reorder its columns,
        and leave its shape.
    """
    back = order.argsort()
    W1_new, b1_new, W2_new = W1[order], b1[order], W2[:, order]
    return {
        "nothing_changed": (W1, b1, W2),
        "W2_unchanged": (W1_new, b1_new, W2),
        "b1_unchanged": (W1_new, b1, W2_new),
        "W1_unchanged": (W1, b1_new, W2_new),
        "only_W2": (W1, b1, W2_new),
        "rows_of_W2": (W1_new, b1_new, W2[order]),
        "outputs_too": (W1_new, b1_new, W2[order][:, order]),
        "columns_of_W1": (W1[:, order], b1_new, W2_new),
        "inputs_too": (W1_new[:, order], b1_new, W2_new),
        "inverse": (W1[back], b1[back], W2[:, back]),
        "inverse_for_W2": (W1_new, b1_new, W2[:, back]),
        "W2_transposed": (W1_new, b1_new, W2_new.T),
    }


# -- 7 ---------------------------------------------------------------------------------


def _shares(values, groups):
    """Return the mean of the values in each group, in the order of the groups."""
    return np.array([values[groups == group].mean() for group in np.unique(groups)])


def _gap(values, groups):
    """Return the largest such mean less the smallest."""
    return np.ptp(_shares(values, groups))


def _decisions_in_groups(rng):
    """Return decisions (N,) and groups (N,): of 2 to 4 groups of different sizes.

    No two shares are the same. Of three groups and more, the first two are not the ones
    that are farthest apart, nor are the first and the last.
    """
    G = draws.in_turn(rng, 3, 2, 4)
    ids = np.sort(rng.choice(np.arange(1, 10), G, replace=False))
    sizes = rng.permutation(np.arange(7, 16))[:G]
    shares = np.zeros(G)
    while not _tells_apart(shares):
        yes = rng.integers(1, sizes)
        shares = yes / sizes
    groups, decisions = [], []
    for group, size, count in zip(ids, sizes, yes, strict=True):
        groups += [group] * size
        decisions += [1] * count + [0] * (size - count)
    order = rng.permutation(len(groups))
    return np.array(decisions)[order], np.array(groups)[order]


def _tells_apart(shares):
    """Tell whether the shares differ, and the largest gap must be looked for."""
    apart = np.diff(np.sort(shares)).min() > 0.03
    farthest = {int(shares.argmin()), int(shares.argmax())}
    return apart and (
        len(shares) == 2 or farthest not in ({0, 1}, {0, len(shares) - 1})
    )


@exercise(
    inputs=_decisions_in_groups,
    hints=[
        "A group of 10 in which 5 get a yes, and one of 100 in which 50 do: are they "
        "treated differently?",
        "`decisions[groups == group].mean()` is a group's share of yes. You need the "
        "largest and the smallest of these.",
        "`shares = [decisions[groups == group].mean() for group in "
        "np.unique(groups)]`, then `max(shares) - min(shares)`",
    ],
)
def selection_gap(decisions, groups):
    """Return how far apart the groups' shares of yes are, a number from 0 to 1.

    decisions is an array (N,): 1 for a yes, 0 for a no. groups is an array (N,) of
    whole numbers: the group that each person is in. There are two groups or more. In
    each of them some share of its members gets a yes: returned is the largest of these
    shares less the smallest.
    """
    shares = [decisions[groups == group].mean() for group in np.unique(groups)]
    return max(shares) - min(shares)


@selection_gap.mistakes
def _(decisions, groups):
    """
    counts: You compared how many get a yes. A group may have more of them only because
        it is larger: compare shares.
    of_all: You divided by all people. Each group's yeses are a share of that group.
    who_gets_the_yes: You compared how the yeses are distributed over the groups. A
        group may get more of them only because it is larger: what share of it does?
    ratio: You divided the smallest share by the largest. Asked for is the difference.
    upside_down: You divided the largest share by the smallest. Asked for is the
        difference.
    first_two_groups: You compared the first two groups. There may be more of them:
        the largest and the smallest share count.
    last_less_first: You subtracted the first group's share from the last one's. The
        largest and the smallest share count, whichever groups have them.
    from_the_whole: You compared each group with the share among all. Compare the
        groups with each other.
    deviation: That is the standard deviation of the shares. Asked for is the largest
        less the smallest.
    sample_deviation: That is the standard deviation of the shares, with G - 1. Asked
        for is the largest less the smallest.
    largest: That is the largest share. The smallest is to be subtracted.
    shares: Those are the groups' shares. Asked for is how far they are apart.
    """
    shares = _shares(decisions, groups)
    sizes = np.unique(groups, return_counts=True)[1]
    counts = shares * sizes
    return {
        "counts": np.ptp(counts),
        "of_all": np.ptp(counts) / len(groups),
        "who_gets_the_yes": np.ptp(counts) / counts.sum(),
        "ratio": shares.min() / shares.max(),
        "upside_down": shares.max() / shares.min(),
        "first_two_groups": abs(shares[0] - shares[1]),
        "last_less_first": shares[-1] - shares[0],
        "from_the_whole": abs(shares - decisions.mean()).max(),
        "deviation": shares.std(),
        "sample_deviation": shares.std(ddof=1),
        "largest": shares.max(),
        "shares": shares,
    }


# -- 8 ---------------------------------------------------------------------------------


def _decisions_and_truth(rng):
    """Return decisions (N,), truth (N,) and groups (N,): two or three groups.

    In each group there is a yes and a no to both kinds. A check has cases in which the
    gap is larger among those who would pay back, and among those who would not; and the
    same for the shares of who would among those with a yes, and with a no.
    """
    wanted = draws.in_turn(rng, (0, 1), (1, 0), (1, 1), (0, 0))
    ids = np.sort(rng.choice(np.arange(1, 10), rng.integers(2, 4), replace=False))
    found = None
    while found != wanted:
        counts = rng.integers(1, 8, (len(ids), 2, 2))  # group, truth, decision
        yes = counts[:, :, 1] / counts.sum(2)
        paid = counts[:, 1] / counts.sum(1)
        gaps = [np.ptp(shares, axis=0) for shares in (yes, paid)]
        apart = min(abs(gap[1] - gap[0]) for gap in gaps) > 0.05
        found = tuple(int(gap[1] > gap[0]) for gap in gaps) if apart else None
    rows = []
    for (g, truth, decision), count in np.ndenumerate(counts):
        rows += [(decision, truth, ids[g])] * count
    return tuple(rng.permutation(rows).T.copy())


@exercise(
    inputs=_decisions_and_truth,
    hints=[
        "Leave out for a moment all who would not pay back. What is the gap between "
        "the groups' shares of yes then? And the other way around?",
        "`decisions[(truth == 1) & (groups == group)].mean()` is the share of yes "
        "among those of a group who would pay back. Do the same with truth == 0.",
        "For `alike` in `(truth == 1, truth == 0)`: `shares = [decisions[alike & "
        "(groups == group)].mean() for group in np.unique(groups)]`, and of the two "
        "`max(shares) - min(shares)` the larger one",
    ],
)
def odds_gap(decisions, truth, groups):
    """Return the larger one of two gaps between groups, a number from 0 to 1.

    decisions is an array (N,): 1 for a yes, 0 for a no. truth is an array (N,): 1 for
    who would pay back, 0 for who would not. groups is an array (N,) of whole numbers:
    the group that each person is in. There are two groups or more. A gap is the largest
    share of yes that a group has, less the smallest. The one gap is among those who
    would pay back, the other among those who would not.

    Source: Hardt, Price and Srebro (2016), "Equality of opportunity in supervised
    learning"
    """
    gaps = []
    for alike in (truth == 1, truth == 0):
        members = [alike & (groups == group) for group in np.unique(groups)]
        shares = [decisions[rows].mean() for rows in members]
        gaps.append(max(shares) - min(shares))
    return max(gaps)


@odds_gap.mistakes
def _(decisions, truth, groups):
    """
    who_would_pay: That is the gap among those who would pay back. It may be larger
        among those who would not.
    who_would_not: That is the gap among those who would not pay back. It may be larger
        among those who would.
    smaller: That is the smaller gap of the two. A decision is as unequal as it is where
        it is most unequal: take the larger one.
    sum: You added the two gaps. Asked for is the larger one.
    mean: You took the mean of the two gaps. Asked for is the larger one.
    both: Those are the two gaps. Asked for is the larger one.
    everybody: That is the gap among all people, whatever the truth is. Compare only
        those who are alike in truth.
    accuracy: That is the gap in accuracy. It mixes those who would pay back with those
        who would not.
    among_the_yeses: You looked at those who got a yes: what share of them would pay
        back? Ask it the other way around: of those who would, what share got a yes?
    exchanged: Decisions and truth are exchanged. You looked at those with the same
        decision; look at those with the same truth.
    of_the_whole_group: You divided by the whole group. Divide by those of it who are
        alike in truth.
    in_truth: That is the gap in how often the groups would pay back. The decisions are
        not in it.
    """
    gaps = [_gap(decisions[truth == t], groups[truth == t]) for t in (1, 0)]
    turned = [_gap(truth[decisions == d], groups[decisions == d]) for d in (1, 0)]
    return {
        "who_would_pay": gaps[0],
        "who_would_not": gaps[1],
        "smaller": min(gaps),
        "sum": sum(gaps),
        "mean": sum(gaps) / 2,
        "both": gaps,
        "everybody": _gap(decisions, groups),
        "accuracy": _gap(decisions == truth, groups),
        "among_the_yeses": turned[0],
        "exchanged": max(turned),
        "of_the_whole_group": max(
            _gap(decisions * (truth == t), groups) for t in (1, 0)
        ),
        "in_truth": _gap(truth, groups),
    }


# -- 9 ---------------------------------------------------------------------------------


def _groups_and_labels(rng):
    """Return groups (N,) and labels (N,): more of some labels in some groups."""
    G, Y = draws.in_turn(rng, (2, 2), (3, 2), (2, 3))
    ids = np.sort(rng.choice(np.arange(1, 10), G, replace=False))
    counts = np.ones((G, Y), int)
    while np.linalg.matrix_rank(counts) < 2:  # else they are independent already
        counts = rng.choice(np.arange(2, 13), G * Y, replace=False).reshape(G, Y)
    rows = []
    for (g, label), count in np.ndenumerate(counts):
        rows += [(ids[g], label)] * count
    return tuple(rng.permutation(rows).T.copy())


@exercise(
    inputs=_groups_and_labels,
    hints=[
        "Of 100 examples 40 are in your group, and 70 have your label. How many of "
        "your group would have your label, if it were as frequent there as among all?",
        "40 · 70 / 100 = 28. If there are 35, each of them gets the weight 28 / 35. "
        "So you need three counts for each example.",
        "For each group g and label y: `(groups == g).sum() * (labels == y).sum() / "
        "len(labels) / ((groups == g) & (labels == y)).sum()`",
    ],
)
def balancing_weights(groups, labels):
    """Return a weight for each example, an array (N,).

    groups and labels are arrays (N,) of whole numbers: the group and the label of each
    example. Each label occurs in each group. An example's weight is how many examples
    with its group and its label there would be, if each label were as frequent in each
    group as it is among all, divided by how many there are. The weights add up to N.

    Source: Kamiran and Calders (2012), "Data preprocessing techniques for
    classification without discrimination"
    """
    weights = np.zeros(len(groups))
    for k in range(len(groups)):
        same_group, same_label = groups == groups[k], labels == labels[k]
        expected = same_group.sum() * same_label.sum() / len(groups)
        weights[k] = expected / (same_group & same_label).sum()
    return weights


@balancing_weights.mistakes
def _(groups, labels):
    """
    upside_down: You divided how many there are by how many there would be. What is too
        frequent must get a small weight: it is the other way around.
    one_by_the_count: You divided 1 by how many there are. Then each combination of
        group and label counts the same, and how frequent they are is lost.
    all_by_the_count: You divided N by how many there are. Then each combination of
        group and label counts the same, and how frequent they are is lost.
    kinds_alike: You made all combinations of group and label count the same. That makes
        the two independent, too, but it changes how frequent each group and each label
        is.
    label_left_out: You divided how many are in the group by how many there are. How
        frequent the label is among all is missing.
    group_left_out: You divided how many have the label by how many there are. How
        frequent the group is among all is missing.
    groups_alike: You made the groups count the same. The labels are still more frequent
        in one than in another.
    labels_alike: You made the labels count the same. They are still more frequent in
        one group than in another.
    N_forgotten: You did not divide by N. The weights should add up to N.
    sum_1: Your weights add up to 1. They should add up to N: a weight of 1 means "as it
        is".
    all_1: Each weight is 1: then everything is as it was, and label and group still
        depend on each other.
    expected_counts: That is how many there would be. Divide it by how many there are.
    """
    N, kinds = len(groups), [np.unique(v) for v in (groups, labels)]
    same_group, same_label = (v[:, None] == v for v in (groups, labels))
    g, y = same_group.sum(1), same_label.sum(1)
    there = (same_group & same_label).sum(1)
    right = g * y / N / there
    return {
        "upside_down": 1 / right,
        "one_by_the_count": 1 / there,
        "all_by_the_count": N / there,
        "kinds_alike": N / there / (len(kinds[0]) * len(kinds[1])),
        "label_left_out": g / there,
        "group_left_out": y / there,
        "groups_alike": N / len(kinds[0]) / g,
        "labels_alike": N / len(kinds[1]) / y,
        "N_forgotten": right * N,
        "sum_1": right / N,
        "all_1": np.ones(N),
        "expected_counts": g * y / N,
    }


# -- 10 --------------------------------------------------------------------------------


def _scores_in_groups(rng):
    """Return scores (N,) of groups, some better than others; groups (N,); a rate.

    The rate is a number of eighths, and never a half: so no threshold is at the mercy
    of rounding, and the median is another one. The groups have different sizes.
    """
    eighths = draws.in_turn(rng, 2, 5, 6, 3, 1, 7)
    step = 8 if eighths % 2 else 4
    G = int(rng.integers(2, 4))
    ids = rng.choice(np.arange(1, 10), G, replace=False)
    sizes = step * rng.permutation([2, 3, 4])[:G]
    groups = rng.permutation(np.repeat(ids, sizes))
    better = dict(zip(ids, rng.permutation([0, 0.8, 1.6])[:G], strict=True))
    order = np.argsort([better[group] + rng.normal() for group in groups])
    thousandths = np.arange(30, 970)
    chances = 1 / thousandths  # most scores are low: a share is not a threshold
    drawn = rng.choice(
        thousandths, len(order), replace=False, p=chances / chances.sum()
    )
    scores = np.zeros(len(order))
    scores[order] = np.sort(drawn) / 1000
    return scores, groups, eighths / 8


@exercise(
    inputs=_scores_in_groups,
    hints=[
        "Look at one group alone: how many of it get a yes, and which of them? Then do "
        "so with each.",
        "`np.quantile(scores[groups == group], 1 - rate)` is a threshold for a group: "
        "its share above it is the rate.",
        "`for group in np.unique(groups):`, then `members = groups == group` and "
        "`decisions[members] = scores[members] > np.quantile(scores[members], "
        "1 - rate)`",
    ],
)
def same_rate(scores, groups, rate):
    """Return decisions (N,), 1 for yes and 0 for no: the same share of each group.

    scores is an array (N,) of different numbers: the higher, the better. groups is an
    array (N,) of whole numbers: the group that each person is in. rate is a number
    between 0 and 1: this share of each group gets a yes, those of it with the highest
    scores. rate times the size of a group is a whole number.
    """
    decisions = np.zeros(len(scores), dtype=int)
    for group in np.unique(groups):
        members = groups == group
        threshold = np.quantile(scores[members], 1 - rate)
        decisions[members] = scores[members] > threshold
    return decisions


@same_rate.mistakes
def _(scores, groups, rate):
    """
    one_threshold: There is one threshold for all, above which the share `rate` of
        everybody is. Then a group with lower scores gets fewer yeses: each needs its
        own.
    first_groups_threshold: The threshold of the first group is used for all. Each needs
        its own.
    lowest_scores: Those with the lowest scores get a yes. A higher score is better.
    refused_share: The share 1 - rate of each group gets a yes. That is the share to
        refuse.
    above_the_rate: Scores are compared with `rate` itself. That is a share of people;
        the threshold is the score that it leads to.
    above_1_less_rate: Scores are compared with 1 - rate itself. That is a share of
        people; the threshold is the score that it leads to.
    group_means: Who is better than the mean of the group gets a yes. How many they are
        is left to chance: it should be the share `rate`.
    group_medians: Who is better than the median of the group gets a yes: half of each
        group, whatever the rate is.
    same_number: Each group gets the same number of yeses. It should be the same share:
        a larger group gets more of them.
    first_rows: The first rows of each group get a yes. Those with the highest scores
        should.
    one_too_many: In each group, one more gets a yes than should.
    one_too_few: In each group, one fewer gets a yes than should.
    """
    ids = np.unique(groups)
    places = scores.argsort().argsort()

    def in_each_group(decide):
        decisions = np.zeros(len(scores), int)
        for group in ids:
            members = groups == group
            decisions[members] = decide(scores[members])
        return decisions

    def best(share, more=0):
        return in_each_group(lambda s: rank(s) < round(share * len(s)) + more)

    def rank(s):
        return (-s).argsort().argsort()

    first = scores[groups == ids[0]]
    return {
        "one_threshold": places >= len(scores) - round(rate * len(scores)),
        "first_groups_threshold": scores > np.quantile(first, 1 - rate),
        "lowest_scores": in_each_group(lambda s: rank(-s) < round(rate * len(s))),
        "refused_share": best(1 - rate),
        "above_the_rate": scores > rate,
        "above_1_less_rate": scores > 1 - rate,
        "group_means": in_each_group(lambda s: s > s.mean()),
        "group_medians": in_each_group(lambda s: s > np.median(s)),
        "same_number": best(0, round(rate * len(scores) / len(ids))),
        "first_rows": in_each_group(lambda s: np.arange(len(s)) < round(rate * len(s))),
        "one_too_many": best(rate, 1),
        "one_too_few": best(rate, -1),
    }
