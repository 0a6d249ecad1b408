"""Chapter 13's exercises: other right spellings, and mistakes in learners' words."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from scipy.special import softmax
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, precision_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from torch import nn

from bigmodel_lab import exercises
from bigmodel_lab.from_scratch import fairness, fusion

pytestmark = pytest.mark.usefixtures("same_draws")


def find(name):
    """Return an exercise of the chapter."""
    return exercises.find(f"fusion.{name}")


def draws_of(name, count=20):
    """Yield random arguments of an exercise."""
    one = find(name)
    for seed in range(count):
        yield one.inputs(np.random.default_rng(seed))


def parts_by_scaler(picture, words, picture_train, words_train):
    parts = []
    for x, t in [(picture, picture_train), (words, words_train)]:
        scaler = StandardScaler(with_std=False).fit(t)
        length = np.sqrt(np.mean(np.linalg.norm(scaler.transform(t), axis=1) ** 2))
        parts.append(scaler.transform(x) / length)
    return np.concatenate(parts, axis=1)


def parts_by_variances(picture, words, picture_train, words_train):
    """The mean squared length is the sum of the columns' variances."""
    return np.hstack(
        [
            (picture - picture_train.mean(0)) / picture_train.var(0).sum() ** 0.5,
            (words - words_train.mean(0)) / words_train.var(0).sum() ** 0.5,
        ]
    )


def parts_in_torch(picture, words, picture_train, words_train):
    tensors = map(torch.from_numpy, (picture, picture_train, words, words_train))
    x, x_train, z, z_train = tensors
    x, x_train = x - x_train.mean(0), x_train - x_train.mean(0)
    z, z_train = z - z_train.mean(0), z_train - z_train.mean(0)
    lengths = [t.square().sum(1).mean().sqrt() for t in (x_train, z_train)]
    return torch.cat([x / lengths[0], z / lengths[1]], 1)


def answer_by_loop(probabilities, weights):
    total = 0
    for one, weight in zip(probabilities, weights, strict=True):
        total = total + weight * one
    return total / sum(weights)


def answer_normalized_last(probabilities, weights):
    total = np.einsum("m,mnc->nc", weights, np.stack(probabilities))
    return total / total.sum(1, keepdims=True)


def product_by_logarithms(first, second, prior):
    return softmax(np.log(first) + np.log(second) - np.log(prior), axis=1)


def product_by_likelihoods(first, second, prior):
    one, other = first / prior, second / prior  # up to a factor in each row
    joint = prior * one * other
    return (joint.T / joint.sum(1)).T


def product_in_torch(first, second, prior):
    tables = [torch.as_tensor(x).log() for x in (first, second, prior)]
    return (tables[0] + tables[1] - tables[2]).softmax(1)


def product_by_loop(first, second, prior):
    rows = []
    for a, b in zip(first, second, strict=True):
        row = [x * y / p for x, y, p in zip(a, b, prior, strict=True)]
        rows.append([value / sum(row) for value in row])
    return rows


def ceiling_by_loop(first, second, truth):
    return sum(t in pair for *pair, t in zip(first, second, truth, strict=True)) / len(
        truth
    )


def ceiling_by_the_best_choice(first, second, truth):
    return accuracy_score(truth, np.where(first == truth, first, second))


def answers_by_scikit_learn(fit, X, y, folds):
    class Model(LinearRegression):
        def fit(self, X, y):
            self.answer_ = fit(X, y)
            return self

        def predict(self, X):
            return self.answer_(X)

    return cross_val_predict(Model(), X, y, cv=PredefinedSplit(folds))


def answers_row_by_row(fit, X, y, folds):
    return [
        fit(X[folds != fold], y[folds != fold])(row[None])[0]
        for row, fold in zip(X, folds, strict=True)
    ]


def answers_by_numbers(fit, X, y, folds):
    answers = y.copy()
    for k in range(max(folds) + 1):
        rows, others = np.where(folds == k)[0], np.where(folds != k)[0]
        answers[rows] = fit(X[others], y[others])(X[rows])
    return answers


def answers_put_back(fit, X, y, folds):
    parts, places = [], []
    for k in set(folds.tolist()):
        parts.append(fit(X[folds != k], y[folds != k])(X[folds == k]))
        places.append(np.flatnonzero(folds == k))
    return np.concatenate(parts)[np.argsort(np.concatenate(places))]


def network_by_matrix(W1, b1, W2, order):
    P = torch.eye(len(order), dtype=W1.dtype)[order]
    return P @ W1, P @ b1, W2 @ P.T


def network_by_loop(W1, b1, W2, order):
    new = [torch.zeros_like(w) for w in (W1, b1, W2)]
    for k, old in enumerate(order):
        new[0][k], new[1][k], new[2][:, k] = W1[old], b1[old], W2[:, old]
    return new


def network_in_numpy(W1, b1, W2, order):
    return [
        np.take(w.numpy(), order.numpy(), a) for w, a in ((W1, 0), (b1, 0), (W2, 1))
    ]


def network_from_scratch(W1, b1, W2, order):
    model = network_of(W1, b1, W2)
    fusion.reorder(model, order)
    return model[0].weight, model[0].bias, model[2].weight


def network_of(W1, b1, W2):
    model = nn.Sequential(
        nn.Linear(*W1.T.shape), nn.ReLU(), nn.Linear(*W2.T.shape, bias=False)
    ).double()
    with torch.no_grad():
        for place, value in ((0, W1), (2, W2)):
            model[place].weight.copy_(value)
        model[0].bias.copy_(b1)
    return model


def gap_by_pandas(decisions, groups):
    shares = pd.Series(decisions).groupby(groups).mean()
    return shares.max() - shares.min()


def gap_by_fairlearn(decisions, groups):
    return demographic_parity_difference(
        decisions, decisions, sensitive_features=groups
    )


def gap_by_counts(decisions, groups):
    shares = np.bincount(groups, decisions)[np.unique(groups)]
    return np.ptp(shares / np.unique(groups, return_counts=True)[1])


def gap_of_all_pairs(decisions, groups):
    d, g = torch.from_numpy(decisions).double(), torch.from_numpy(groups)
    return max(d[g == a].mean() - d[g == b].mean() for a in g for b in g)


def odds_by_pandas(decisions, truth, groups):
    table = pd.DataFrame({"d": decisions, "t": truth, "g": groups})
    shares = table.pivot_table(index="g", columns="t", values="d")
    return (shares.max() - shares.min()).max()


def odds_by_fairlearn(decisions, truth, groups):
    return equalized_odds_difference(truth, decisions, sensitive_features=groups)


def odds_by_masking(decisions, truth, groups):
    return max(
        gap_by_pandas(decisions[truth == t], groups[truth == t]) for t in set(truth)
    )


def weights_by_pandas(groups, labels):
    table = pd.DataFrame({"g": groups, "y": labels, "one": 1})
    there = table.groupby(["g", "y"])["one"].transform("sum")
    g, y = (table.groupby(c)["one"].transform("sum") for c in "gy")
    return (g * y / len(table) / there).to_numpy()


def weights_by_shares(groups, labels):
    """P(group) P(label) / P(group, label)."""
    return [
        np.mean(groups == g)
        * np.mean(labels == y)
        / np.mean((groups == g) & (labels == y))
        for g, y in zip(groups, labels, strict=True)
    ]


def weights_by_conditional(groups, labels):
    return [
        np.mean(labels == y) / np.mean(labels[groups == g] == y)
        for g, y in zip(groups, labels, strict=True)
    ]


def rate_by_sorting(scores, groups, rate):
    decisions = [0] * len(scores)
    for group in set(groups.tolist()):
        members = [k for k in range(len(scores)) if groups[k] == group]
        members.sort(key=lambda k: scores[k], reverse=True)
        for k in members[: int(rate * len(members))]:
            decisions[k] = 1
    return decisions


def rate_by_ranks(scores, groups, rate):
    return pd.Series(scores).groupby(groups).rank(pct=True).to_numpy() > 1 - rate


def rate_by_descending_ranks(scores, groups, rate):
    table = pd.Series(scores).groupby(groups)
    return table.rank(ascending=False) <= rate * table.transform("size")


def rate_by_quantile(**options):
    """Return an answer with one kind of quantile as each group's threshold."""

    def answer(scores, groups, rate):
        decisions = np.zeros(len(scores), bool)
        for group in np.unique(groups):
            threshold = np.quantile(scores[groups == group], 1 - rate, **options)
            decisions |= (groups == group) & (scores > threshold)
        return decisions

    return answer


def rate_from_the_quantile_on(scores, groups, rate):
    limits = pd.Series(scores).groupby(groups).transform("quantile", 1 - rate)
    return (scores >= limits).astype(float)


RIGHT = [
    ("side_by_side", parts_by_scaler),
    ("side_by_side", parts_by_variances),
    ("side_by_side", parts_in_torch),
    ("weighted_answer", answer_by_loop),
    ("weighted_answer", answer_normalized_last),
    ("weighted_answer", lambda p, w: np.average(p, axis=0, weights=w)),
    (
        "weighted_answer",
        lambda p, w: (
            (torch.tensor(w / w.sum()) @ torch.tensor(np.array(p)).flatten(1))
            .unflatten(0, p[0].shape)
            .tolist()
        ),
    ),
    ("product_answer", product_by_logarithms),
    ("product_answer", product_by_likelihoods),
    ("product_answer", product_in_torch),
    ("product_answer", product_by_loop),
    ("ceiling", ceiling_by_loop),
    ("ceiling", ceiling_by_the_best_choice),
    ("ceiling", lambda a, b, t: fusion.either_right([a, b], t)),
    ("ceiling", lambda a, b, t: 1 - np.mean((a != t) & (b != t))),
    ("ceiling", lambda a, b, t: np.maximum(a == t, b == t).sum() / len(t)),
    (
        "ceiling",
        lambda a, b, t: (
            (a == t).mean() + (b == t).mean() - ((a == t) * (b == t)).mean()
        ),
    ),
    ("out_of_fold", answers_by_scikit_learn),
    ("out_of_fold", answers_row_by_row),
    ("out_of_fold", answers_by_numbers),
    ("out_of_fold", answers_put_back),
    ("same_function", network_by_matrix),
    ("same_function", network_by_loop),
    ("same_function", network_in_numpy),
    ("same_function", network_from_scratch),
    ("same_function", lambda W1, b1, W2, o: [W1[o], b1[o], W2.T[o].T]),
    ("selection_gap", gap_by_pandas),
    ("selection_gap", gap_by_fairlearn),
    ("selection_gap", gap_by_counts),
    ("selection_gap", gap_of_all_pairs),
    ("selection_gap", fairness.selection_gap),
    ("selection_gap", lambda d, g: gap_by_pandas(1 - d, g)),  # that of the noes
    ("odds_gap", odds_by_pandas),
    ("odds_gap", odds_by_fairlearn),
    ("odds_gap", odds_by_masking),
    ("odds_gap", fairness.odds_gap),
    ("balancing_weights", weights_by_pandas),
    ("balancing_weights", weights_by_shares),
    ("balancing_weights", weights_by_conditional),
    ("balancing_weights", lambda g, y: weights_by_conditional(y, g)),
    ("same_rate", rate_by_sorting),
    ("same_rate", rate_by_ranks),
    ("same_rate", rate_by_descending_ranks),
    ("same_rate", rate_from_the_quantile_on),
    *[
        ("same_rate", rate_by_quantile(method=method))
        for method in (
            "inverted_cdf",
            "averaged_inverted_cdf",
            "closest_observation",
            "interpolated_inverted_cdf",
            "hazen",
            "weibull",
            "linear",
            "median_unbiased",
            "normal_unbiased",
            "lower",
            "midpoint",
        )
    ],
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = find(name)
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


def scaled_by_itself(picture, words, picture_train, words_train):
    parts = []
    for x in (picture, words):
        x = x - x.mean(0)
        parts.append(x / np.sqrt(np.mean(np.sum(x**2, axis=1))))
    return np.hstack(parts)


def scaled_by_library(picture, words, picture_train, words_train):
    return np.hstack(
        [
            StandardScaler().fit(picture_train).transform(picture),
            StandardScaler().fit(words_train).transform(words),
        ]
    )


def scaled_after_joining(picture, words, picture_train, words_train):
    x, t = np.hstack([picture, words]), np.hstack([picture_train, words_train])
    return (x - t.mean(0)) / np.sqrt(((t - t.mean(0)) ** 2).sum(1).mean())


def rows_of_length_1(picture, words, picture_train, words_train):
    parts = [picture - picture_train.mean(0), words - words_train.mean(0)]
    return np.hstack([x / np.sqrt((x**2).sum(1))[:, None] for x in parts])


def scaled_by_frobenius(picture, words, picture_train, words_train):
    parts = []
    for x, t in [(picture, picture_train), (words, words_train)]:
        parts.append((x - t.mean(0)) / np.sqrt(((t - t.mean(0)) ** 2).sum()))
    return np.hstack(parts)


def answer_of_votes(probabilities, weights):
    votes = 0
    for one, weight in zip(probabilities, weights, strict=True):
        votes = votes + weight * (one == one.max(1, keepdims=True))
    return votes / weights.sum()


def answer_overwritten(probabilities, weights):
    for one, weight in zip(probabilities, weights, strict=True):
        answer = weight * one / weight
    return answer


def answer_of_softmax(probabilities, weights):
    return np.average(probabilities, 0, softmax(weights))


def naive_bayes_of_posteriors(first, second, prior):
    joint = prior * first * second
    return joint / joint.sum(1, keepdims=True)


def answers_returned_too_early(fit, X, y, folds):
    answers = np.zeros(len(X))
    for fold in range(folds.max() + 1):
        mark = folds == fold
        answers[mark] = fit(X[~mark], y[~mark])(X[mark])
        return answers


def answers_made_in_the_loop(fit, X, y, folds):
    for fold in np.unique(folds):
        answers = np.zeros(len(X))
        mark = folds == fold
        answers[mark] = fit(X[~mark], y[~mark])(X[mark])
    return answers


def answers_without_the_last_fold(fit, X, y, folds):
    answers = np.zeros(len(X))
    for fold in range(folds.max()):
        mark = folds == fold
        answers[mark] = fit(X[~mark], y[~mark])(X[mark])
    return answers


def answers_in_fold_order(fit, X, y, folds):
    answers = []
    for fold in range(folds.max() + 1):
        answers += list(fit(X[folds != fold], y[folds != fold])(X[folds == fold]))
    return answers


def answers_of_the_fold_to_others(fit, X, y, folds):
    answers = np.zeros(len(X))
    for fold in range(folds.max() + 1):
        mark = folds == fold
        answers[~mark] = fit(X[mark], y[mark])(X[~mark])
    return answers


def network_written_forward(W1, b1, W2, order):
    new = [torch.zeros_like(w) for w in (W1, b1, W2)]
    new[0][order], new[1][order], new[2][:, order] = W1, b1, W2
    return new


def gap_of_yeses(decisions, groups):
    shares = pd.Series(groups[decisions == 1]).value_counts(normalize=True)
    return shares.max() - shares.min()


def gap_of_precision(decisions, truth, groups):
    found = [
        precision_score(truth[groups == g], decisions[groups == g])
        for g in np.unique(groups)
    ]
    return max(found) - min(found)


def gap_of_rates_in_the_group(decisions, truth, groups):
    hits, alarms = decisions & truth, decisions & (1 - truth)
    return max(gap_by_pandas(hits, groups), gap_by_pandas(alarms, groups))


def weights_of_scikit_learn(groups, labels):
    kinds = [f"{g} {y}" for g, y in zip(groups, labels, strict=True)]
    return compute_sample_weight("balanced", kinds)


def rate_of_everybody(scores, groups, rate):
    return scores > np.quantile(scores, 1 - rate)


def rate_with_a_sorted_index(scores, groups, rate):
    decisions = np.zeros(len(scores))
    for group in np.unique(groups):
        members = groups == group
        best = np.sort(scores[members])[::-1]
        threshold = best[int(rate * members.sum())]
        decisions[members] = scores[members] >= threshold
    return decisions


def rate_in_row_order(scores, groups, rate):
    decisions = np.zeros(len(scores))
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        decisions[members[: int(rate * len(members))]] = 1
    return decisions


WRONG = [
    ("side_by_side", lambda p, w, *_: np.hstack([p, w]), "as_they_are"),
    ("side_by_side", scaled_by_itself, "by_themselves"),
    ("side_by_side", scaled_by_library, "each_column"),
    ("side_by_side", scaled_after_joining, "as_one"),
    ("side_by_side", rows_of_length_1, "each_row"),
    ("side_by_side", scaled_by_frobenius, "sum_for_mean"),
    (
        "side_by_side",
        lambda p, w, pt, wt: parts_by_variances(w, p, wt, pt),
        "words_first",
    ),
    ("weighted_answer", lambda p, w: sum(p) / len(p), "equal_weights"),
    ("weighted_answer", lambda p, w: np.mean(p, axis=0), "equal_weights"),
    (
        "weighted_answer",
        lambda p, w: sum(a * b for a, b in zip(p, w, strict=True)),
        "not_divided",
    ),
    (
        "weighted_answer",
        lambda p, w: np.mean([a * b for a, b in zip(p, w, strict=True)], 0),
        "divided_by_models",
    ),
    ("weighted_answer", answer_of_softmax, "softmax"),
    ("weighted_answer", answer_of_votes, "votes"),
    ("weighted_answer", answer_overwritten, "last_model"),
    (
        "weighted_answer",
        lambda p, w: answer_by_loop(p, w).argmax(axis=1),
        "first_choices",
    ),
    ("product_answer", naive_bayes_of_posteriors, "prior_counted_three_times"),
    ("product_answer", lambda a, b, p: fusion.product([a, b]), "prior_counted_twice"),
    ("product_answer", lambda a, b, p: fusion.mean([a, b]), "mean"),
    ("product_answer", lambda a, b, p: fusion.maximum([a, b]), "largest"),
    ("product_answer", lambda a, b, p: a * b / p, "not_normalized"),
    (
        "product_answer",
        lambda a, b, p: softmax((np.log(a) + np.log(b)) / 2, axis=1),
        "geometric_mean",
    ),
    (
        "product_answer",
        lambda a, b, p: np.log(a) + np.log(b) - np.log(p),
        "logarithms",
    ),
    ("product_answer", lambda a, b, p: (a * b / p).argmax(1), "first_choices"),
    (
        "ceiling",
        lambda a, b, t: max(accuracy_score(t, a), accuracy_score(t, b)),
        "better_one",
    ),
    ("ceiling", lambda a, b, t: np.mean((a == b) & (a == t)), "both_right"),
    ("ceiling", lambda a, b, t: accuracy_score(a, b), "agreement"),
    ("ceiling", lambda a, b, t: ((a == t) | (b == t)).sum(), "how_many"),
    ("ceiling", lambda a, b, t: ((a == t) != (b == t)).mean(), "exactly_one"),
    ("ceiling", lambda a, b, t: np.mean((a != t) | (b != t)), "one_wrong"),
    ("out_of_fold", lambda fit, X, y, folds: fit(X, y)(X), "seen_rows"),
    ("out_of_fold", answers_returned_too_early, "first_fold_alone"),
    ("out_of_fold", answers_made_in_the_loop, "last_fold_alone"),
    ("out_of_fold", answers_without_the_last_fold, "last_fold_forgotten"),
    ("out_of_fold", answers_in_fold_order, "fold_order"),
    ("out_of_fold", answers_of_the_fold_to_others, "exchanged"),
    (
        "out_of_fold",
        lambda fit, X, y, folds: answers_row_by_row(fit, X, y, np.arange(len(X))),
        "one_row_left_out",
    ),
    ("same_function", lambda W1, b1, W2, o: (W1[o], b1[o], W2), "W2_unchanged"),
    ("same_function", lambda W1, b1, W2, o: (W1[o], b1[o], W2[o]), "rows_of_W2"),
    ("same_function", lambda W1, b1, W2, o: (W1[o], b1, W2[:, o]), "b1_unchanged"),
    ("same_function", network_written_forward, "inverse"),
    (
        "same_function",
        lambda W1, b1, W2, o: (W1[o], b1[o], W2[:, np.argsort(o)]),
        "inverse_for_W2",
    ),
    ("selection_gap", gap_of_yeses, "who_gets_the_yes"),
    (
        "selection_gap",
        lambda d, g: pd.Series(d).groupby(g).mean().std(),
        "sample_deviation",
    ),
    ("selection_gap", lambda d, g: np.ptp(np.unique(g[d == 1], 0, 0, 1)[1]), "counts"),
    ("selection_gap", lambda d, g: pd.Series(d).groupby(g).mean().to_list(), "shares"),
    ("odds_gap", lambda d, t, g: gap_by_pandas(d[t == 1], g[t == 1]), "who_would_pay"),
    ("odds_gap", lambda d, t, g: gap_by_pandas(d, g), "everybody"),
    ("odds_gap", lambda d, t, g: gap_by_pandas(d == t, g), "accuracy"),
    ("odds_gap", gap_of_precision, "among_the_yeses"),
    ("odds_gap", lambda d, t, g: fairness.odds_gap(t, d, g), "exchanged"),
    ("odds_gap", gap_of_rates_in_the_group, "of_the_whole_group"),
    ("balancing_weights", weights_of_scikit_learn, "kinds_alike"),
    (
        "balancing_weights",
        lambda g, y: compute_sample_weight("balanced", g),
        "groups_alike",
    ),
    (
        "balancing_weights",
        lambda g, y: compute_sample_weight("balanced", y),
        "labels_alike",
    ),
    (
        "balancing_weights",
        lambda g, y: weights_by_pandas(g, y) / weights_by_pandas(g, y).sum(),
        "sum_1",
    ),
    ("same_rate", rate_of_everybody, "one_threshold"),
    ("same_rate", rate_with_a_sorted_index, "one_too_many"),
    ("same_rate", rate_in_row_order, "first_rows"),
    ("same_rate", lambda s, g, rate: s > rate, "above_the_rate"),
    ("same_rate", lambda s, g, rate: rate_by_ranks(-s, g, rate), "lowest_scores"),
    ("same_rate", lambda s, g, rate: rate_by_ranks(s, g, 1 - rate), "refused_share"),
    (
        "same_rate",
        lambda s, g, rate: s > pd.Series(s).groupby(g).transform("mean"),
        "group_means",
    ),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = find(name)
    for _ in range(5):
        assert one.judge(answer).misconception == mistake


def test_each_source_of_the_training_rows_is_1_long_and_has_the_mean_0():
    one = find("side_by_side").solution
    for _, _, picture, words in draws_of("side_by_side"):
        found = one(picture, words, picture, words)
        assert found.mean(0) == pytest.approx(0, abs=1e-12)
        for part in np.split(found, [picture.shape[1]], axis=1):
            assert np.mean(np.linalg.norm(part, axis=1) ** 2) == pytest.approx(1)


def test_one_source_is_much_louder_as_it_comes():
    louder = set()
    for _, _, *trains in draws_of("side_by_side"):
        sizes = [train.var(0).sum() for train in trains]
        assert max(sizes) > 2 * min(sizes)
        louder.add(int(np.argmax(sizes)))
    assert louder == {0, 1}


def test_a_check_never_has_the_heaviest_model_last():
    for probabilities, weights in draws_of("weighted_answer"):
        assert weights.argmax() < len(weights) - 1
        assert len(set(weights)) == len(weights) == len(probabilities)


def test_the_product_is_what_counting_all_cases_gives():
    """Bayes's rule by enumeration, of two sources that are independent in a class."""
    draw = np.random.default_rng(0)
    prior = np.array([0.6, 0.3, 0.1])
    sees_first, sees_second = (
        draw.dirichlet(np.ones(4), 3),
        draw.dirichlet(np.ones(5), 3),
    )
    joint = prior[:, None, None] * sees_first[:, :, None] * sees_second[:, None]
    right = joint / joint.sum(0)
    first, second = joint.sum(2), joint.sum(1)
    first, second = first / first.sum(0), second / second.sum(0)
    one = find("product_answer").solution
    for a in range(4):
        for b in range(5):
            found = one(first[:, a][None], second[:, b][None], prior)
            assert found[0] == pytest.approx(right[:, a, b])


def test_what_the_sentences_say_of_two_witnesses_is_so():
    one = find("product_answer")
    sure, even = np.array([[0.9, 0.1]]), np.array([0.5, 0.5])
    assert one.solution(sure, sure, even)[0, 0] > 0.98
    assert one.solution(sure, sure, np.array([0.9, 0.1])) == pytest.approx(sure)
    mistakes = one.mistaken((sure, sure, even))
    for name in ("mean", "largest", "geometric_mean"):
        assert mistakes[name] == pytest.approx(sure)
    negative = [
        one.mistaken(arguments)["sum_less_prior"].min() < 0
        for arguments in draws_of("product_answer")
    ]
    assert any(negative)


def test_with_an_even_prior_the_product_needs_no_prior():
    for first, second, prior in draws_of("product_answer"):
        even = np.full(len(prior), 1 / len(prior))
        found = find("product_answer").solution(first, second, even)
        assert found == pytest.approx(fusion.product([first, second]))


def test_a_check_has_answers_of_every_kind():
    """Both right, either one, both wrong in the same way, and in different ways."""
    for first, second, truth in draws_of("ceiling"):
        kinds = zip(first == truth, second == truth, first == second, strict=True)
        assert len({tuple(map(bool, kind)) for kind in kinds}) == 5


def test_the_fit_can_be_handed_to_a_sandbox_without_solutions():
    for fit, *_ in draws_of("out_of_fold"):
        pickled = pickle.dumps(fit)
        assert b"bigmodel_lab" not in pickled
        assert pickle.loads(pickled).keywords == fit.keywords


def test_a_model_that_has_seen_a_row_answers_better_for_it():
    """Else the exercise would not matter."""
    errors = {"seen": [], "unseen": []}
    one = find("out_of_fold")
    for fit, X, y, folds in draws_of("out_of_fold"):
        errors["seen"].append(np.mean((fit(X, y)(X) - y) ** 2))
        errors["unseen"].append(np.mean((one.solution(fit, X, y, folds) - y) ** 2))
    assert np.mean(errors["unseen"]) > 2 * np.mean(errors["seen"])


def test_folds_have_different_sizes_and_are_mixed():
    for _, X, y, folds in draws_of("out_of_fold"):
        assert len(X) == len(y) == len(folds)
        sizes = np.bincount(folds)
        assert min(sizes) >= 3
        assert len(set(sizes)) == len(sizes)
        assert (np.diff(folds) < 0).any()


def test_another_model_may_be_fitted():
    draw = np.random.default_rng(0)
    X, y, folds = draw.normal(size=(20, 2)), draw.normal(size=20), np.arange(20) % 4

    def fit(X, y):
        return LinearRegression().fit(X, y).predict

    theirs = cross_val_predict(LinearRegression(), X, y, cv=PredefinedSplit(folds))
    assert find("out_of_fold").solution(fit, X, y, folds) == pytest.approx(theirs)


# These compute what the old network did: their sentences say so.
KEEPS = {"nothing_changed", "inverse"}


def test_the_network_computes_what_it_did_and_with_other_slips_it_does_not():
    one = find("same_function")
    for W1, b1, W2, order in draws_of("same_function"):
        x = torch.randn(7, W1.shape[1], dtype=W1.dtype)
        right = network_of(W1, b1, W2)(x)
        new = network_of(*one.solution(W1, b1, W2, order))
        torch.testing.assert_close(new(x), right)
        for name, weights in one.mistaken((W1, b1, W2, order)).items():
            if [w.shape for w in weights] == [w.shape for w in (W1, b1, W2)]:
                same = torch.allclose(network_of(*weights)(x), right)
                assert same == (name in KEEPS), name


def test_no_order_undoes_itself():
    for *_, order in draws_of("same_function"):
        assert sorted(order.tolist()) == list(range(len(order)))
        assert (order[order] != torch.arange(len(order))).any()


def test_a_check_has_two_three_and_four_groups():
    one = find("selection_gap")
    for _ in range(10):
        cases = one.cases(one.rng())
        assert {len(set(groups)) for (_, groups), _ in cases} == {2, 3, 4}
        for (decisions, groups), right in cases:
            shares = pd.Series(decisions).groupby(groups).mean()
            assert shares.between(0.01, 0.99).all()
            assert right == pytest.approx(shares.max() - shares.min())


def test_the_gaps_can_be_counted_by_hand():
    decisions = np.array([1, 1, 0, 0, 1, 0, 0, 0])
    groups = np.array([3, 3, 3, 3, 8, 8, 8, 8])
    truth = np.array([1, 1, 0, 0, 1, 1, 0, 0])
    assert find("selection_gap").solution(decisions, groups) == 0.25
    assert find("odds_gap").solution(decisions, truth, groups) == 0.5
    assert find("odds_gap").solution(truth, truth, groups) == 0


def test_a_check_has_the_larger_gap_among_those_who_would_and_who_would_not():
    one = find("odds_gap")
    for _ in range(10):
        kinds, turned = set(), set()
        for arguments, right in one.cases(one.rng()):
            wrong = one.mistaken(arguments)
            assert wrong["smaller"] < right == max(wrong["both"])
            kinds.add(wrong["who_would_pay"] == right)
            turned.add(wrong["among_the_yeses"] == wrong["exchanged"])
        assert kinds == turned == {True, False}


def gaps_in_weighted_labels(weights, groups, labels):
    """Return how far the groups' weighted shares of each label are apart."""
    table = pd.DataFrame({"w": weights, "g": groups, "y": labels})
    sums = table.pivot_table(index="g", columns="y", values="w", aggfunc="sum")
    shares = sums.div(sums.sum(axis=1), axis=0)
    return (shares.max() - shares.min()).max()


@pytest.mark.parametrize(
    ("name", "independent"),
    [
        ("one_by_the_count", True),
        ("all_by_the_count", True),
        ("kinds_alike", True),
        ("sum_1", True),
        ("upside_down", False),
        ("groups_alike", False),
        ("labels_alike", False),
    ],
)
def test_what_the_sentences_say_of_other_weights_is_so(name, independent):
    one = find("balancing_weights")
    for groups, labels in draws_of("balancing_weights"):
        weights = one.mistaken((groups, labels))[name]
        gap = gaps_in_weighted_labels(weights, groups, labels)
        assert (gap < 1e-12) == independent


def test_with_the_weights_labels_are_as_frequent_in_each_group_and_as_before():
    one = find("balancing_weights").solution
    for groups, labels in draws_of("balancing_weights"):
        weights = one(groups, labels)
        assert weights.sum() == pytest.approx(len(labels))
        assert gaps_in_weighted_labels(weights, groups, labels) < 1e-12
        for values in (groups, labels):
            for value in np.unique(values):
                kept = weights[values == value].sum()
                assert kept == pytest.approx((values == value).sum())
        if set(labels) == {0, 1}:
            theirs = fairness.balancing_weights(labels, groups)
            assert weights == pytest.approx(theirs)


def test_at_the_same_rate_the_selection_gap_is_gone_and_the_best_get_a_yes():
    for scores, groups, rate in draws_of("same_rate"):
        assert len(set(scores)) == len(scores)
        assert rate != 0.5
        decisions = find("same_rate").solution(scores, groups, rate)
        assert fairness.selection_gap(decisions, groups) == 0
        assert decisions.mean() == rate
        for group in np.unique(groups):
            yes, no = (scores[(groups == group) & (decisions == d)] for d in (1, 0))
            assert yes.min() > no.max()
        together = rate_of_everybody(scores, groups, rate)
        assert together.mean() == rate


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        (
            "side_by_side",
            lambda *args: parts_by_variances(*args) * 0.5,
            "0.5 times the right one",
        ),
        ("side_by_side", lambda p, w, *_: p, "should have shape"),
        ("weighted_answer", lambda p, w: p, "should have shape"),
        ("product_answer", lambda a, b, p: a, "This is first as it came in"),
        ("product_answer", lambda a, b, p: a * b * (1 / p)[0], " is right for "),
        ("ceiling", lambda a, b, t: (a == t) | (b == t), "their mean is right"),
        ("ceiling", lambda a, b, t: 100 * ceiling_by_loop(a, b, t), "per cent"),
        ("out_of_fold", lambda fit, X, y, folds: y, "This is y as it came in"),
        (
            "out_of_fold",
            lambda fit, X, y, folds: [
                fit(X[folds != k], y[folds != k])(X[folds == k]) for k in set(folds)
            ],
            "not rows of different length",
        ),
        ("out_of_fold", lambda fit, X, y, folds: fit(X, y), "call it, and return what"),
        ("same_function", lambda W1, b1, W2, o: (W1[o], b1[o]), "3 things, not"),
        (
            "same_function",
            lambda W1, b1, W2, o: (W2[:, o], b1[o], W1[o]),
            "right, but in another order than asked for",
        ),
        ("selection_gap", lambda d, g: 100 * gap_by_pandas(d, g), "per cent"),
        ("selection_gap", lambda d, g: -gap_by_pandas(d, g), "The sign is wrong"),
        ("odds_gap", lambda d, t, g: 1 - odds_by_pandas(d, t, g), "It is 1 minus"),
        (
            "balancing_weights",
            lambda g, y: weights_by_pandas(g, y)[::-1],
            "from last to first",
        ),
        (
            "same_rate",
            lambda s, g, rate: 1 - np.array(rate_by_sorting(s, g, rate)),
            "Every mark is the opposite",
        ),
        (
            "same_rate",
            lambda s, g, rate: [np.quantile(s[g == k], 1 - rate) for k in set(g)],
            "should have shape",
        ),
    ],
)
def test_of_what_nobody_listed_something_true_is_said(name, answer, says):
    feedback = find(name).judge(answer)
    assert feedback.outcome == "wrong"
    assert says in feedback.message
