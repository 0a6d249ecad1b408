"""Chapter 14's exercises: other right spellings, and mistakes in learners' words."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from exercise_parts import assert_told_apart, names_of
from implicit.nearest_neighbours import CosineRecommender
from scipy.sparse import csr_matrix
from scipy.spatial import distance
from sklearn import metrics
from sklearn.linear_model import Ridge

from bigmodel_lab import exercises
from bigmodel_lab.from_scratch import recommending as by_hand
from bigmodel_lab.models.recommenders import bi_interaction

pytestmark = pytest.mark.usefixtures("same_draws")
NAMES = names_of("recommending")
BCE = torch.nn.functional.binary_cross_entropy_with_logits


def find(name):
    """Return an exercise of the chapter."""
    return exercises.find(f"recommending.{name}")


def mean_of_the_longer_list(stars, overall, strength):
    return np.mean([*stars, *[overall] * strength])


def mean_between_two(stars, overall, strength):
    share = len(stars) / (len(stars) + strength)
    return share * stars.mean() + (1 - share) * overall


def mean_of_the_chapter(stars, overall, strength):
    film = pd.Series([0] * len(stars))
    return overall + by_hand.shrunk(pd.Series(stars) - overall, film, strength)[0]


def last_by_loop(users, times):
    mask = np.zeros(len(users), bool)
    for user in set(users.tolist()):
        rows = np.flatnonzero(users == user)
        mask[rows[times[rows].argmax()]] = True
    return mask


def last_by_dictionary(users, times):
    latest = {}
    for user, time in zip(users, times, strict=True):
        latest[user] = max(time, latest.get(user, 0))
    return [time == latest[user] for user, time in zip(users, times, strict=True)]


def last_by_sorting(users, times):
    order = np.lexsort((times, users))
    mask = np.empty(len(users), int)
    mask[order] = np.append(np.diff(users[order]) != 0, True)
    return mask


def last_by_pandas(users, times):
    rows = pd.DataFrame({"user": users, "time": times})
    last = rows.sort_values("time", kind="stable").drop_duplicates("user", keep="last")
    return rows.index.isin(last.index)


def popular_by_loop(matrix, user, k):
    left = [film for film in range(matrix.shape[1]) if not matrix[user, film]]
    return sorted(left, key=lambda film: matrix[:, film].sum(), reverse=True)[:k]


def popular_by_counting(matrix, user, k):
    found = []
    for film in np.argsort(-matrix.sum(0), kind="stable"):
        if matrix[user, film] == 0 and len(found) < k:
            found.append(int(film))
    return found


def popular_by_torch(matrix, user, k):
    scores = torch.tensor(matrix.sum(0) * (1 - matrix[user]))
    return scores.topk(k).indices


def popular_of_the_chapter(matrix, user, k):
    (films,) = by_hand.top(by_hand.popularity(matrix), matrix[[user]], k)
    return films


def cosine_by_implicit(matrix, first, second):
    model = CosineRecommender(K=matrix.shape[1], num_threads=1)
    with warnings.catch_warnings():  # it makes another kind of matrix for itself
        warnings.filterwarnings("ignore", "Method expects CSR input")
        model.fit(csr_matrix(matrix), show_progress=False)
    return model.similarity[first, second]


def cosine_by_counting(matrix, first, second):
    users = [set(np.flatnonzero(matrix[:, film])) for film in (first, second)]
    return len(users[0] & users[1]) / math.sqrt(len(users[0]) * len(users[1]))


def weights_by_regressions(matrix, strength):
    F = matrix.shape[1]
    B = np.zeros((F, F))
    for film in range(F):
        others = np.arange(F) != film
        model = Ridge(strength, fit_intercept=False)
        B[others, film] = model.fit(matrix[:, others], matrix[:, film]).coef_
    return B


def weights_by_solving(matrix, strength):
    eye = np.eye(matrix.shape[1])
    P = np.linalg.solve(matrix.T @ matrix + strength * eye, eye)
    return eye - P @ np.diag(1 / np.diag(P))


def weights_by_torch(matrix, strength):
    X = torch.tensor(matrix)
    P = torch.linalg.inv(X.T @ X + strength * torch.eye(X.shape[1]))
    return (-P / P.diag()).fill_diagonal_(0)


def pairs_by_loop(vectors):
    pairs = itertools.combinations(range(vectors.shape[1]), 2)
    return sum((vectors[:, i] * vectors[:, j]).sum(1) for i, j in pairs)


def pairs_of_the_triangle(vectors):
    products = vectors @ vectors.transpose(1, 2)
    return products.triu(1).sum((1, 2))


def recall_by_loop(shown, wanted):
    return sum(film in wanted for film in shown) / min(len(shown), len(wanted))


def recall_of_the_chapter(shown, wanted):
    marks = np.zeros((1, 9000))
    marks[0, wanted] = 1
    return by_hand.recall(np.array([shown]), marks)[0]


def gain_by_sklearn(shown, wanted):
    films = sorted({*shown, *wanted})
    worth = [film in wanted for film in films]
    scores = [-shown.index(film) if film in shown else -99 for film in films]
    return metrics.ndcg_score([worth], [scores], k=len(shown))


def gain_with_places_from_0(shown, wanted):
    worth = 1 / np.log(np.arange(len(shown)) + 2)
    return worth[np.isin(shown, wanted)].sum() / worth[: len(wanted)].sum()


def loss_by_cross_entropy(liked, other):
    return BCE(liked - other, torch.ones_like(liked))


def loss_by_softmax(liked, other):
    scores = torch.stack([liked, other], 1)
    return -scores.log_softmax(1)[:, 0].mean()


def share_by_loop(train_users, test_users):
    known = set(train_users.tolist())
    return sum(user not in known for user in test_users.tolist()) / len(test_users)


RIGHT = [
    ("shrunk_mean", mean_of_the_longer_list),
    ("shrunk_mean", mean_between_two),
    ("shrunk_mean", mean_of_the_chapter),
    ("last_of_each", last_by_loop),
    ("last_of_each", last_by_dictionary),
    ("last_of_each", last_by_sorting),
    ("last_of_each", last_by_pandas),
    ("last_of_each", lambda u, t: pd.Series(t).groupby(u).transform("max") == t),
    ("popular_unseen", popular_by_loop),
    ("popular_unseen", popular_by_counting),
    ("popular_unseen", popular_by_torch),
    ("popular_unseen", popular_of_the_chapter),
    ("film_cosine", cosine_by_implicit),
    ("film_cosine", cosine_by_counting),
    ("film_cosine", lambda X, i, j: 1 - distance.cosine(X[:, i], X[:, j])),
    ("film_cosine", lambda X, i, j: by_hand.cosine(X)[i, j]),
    (
        "film_cosine",
        lambda X, i, j: torch.cosine_similarity(
            torch.tensor(X[:, i]), torch.tensor(X[:, j]), dim=0
        ),
    ),
    ("ease_weights", weights_by_regressions),
    ("ease_weights", weights_by_solving),
    ("ease_weights", weights_by_torch),
    ("ease_weights", by_hand.ease),
    ("pair_sum", pairs_by_loop),
    ("pair_sum", pairs_of_the_triangle),
    ("pair_sum", lambda v: bi_interaction(v).sum(1)),
    ("recall_at_k", recall_by_loop),
    ("recall_at_k", recall_of_the_chapter),
    ("recall_at_k", lambda s, w: np.isin(s, w).sum() / min(len(s), len(w))),
    ("recall_at_k", lambda s, w: max(len({*s} & {*w}) / len(x) for x in (s, w))),
    ("gain_of_list", gain_by_sklearn),
    ("gain_of_list", gain_with_places_from_0),
    ("pair_loss", loss_by_cross_entropy),
    ("pair_loss", loss_by_softmax),
    ("pair_loss", lambda liked, other: torch.log1p((other - liked).exp()).mean()),
    ("pair_loss", lambda liked, other: -np.log(1 / (1 + np.exp(other - liked))).mean()),
    ("cold_share", share_by_loop),
    ("cold_share", lambda train, test: 1 - pd.Series(test).isin(train).mean()),
    (
        "cold_share",
        lambda train, test: (test[:, None] != train).all(1).sum() / len(test),
    ),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = find(name)
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


def last_row_of_each(users, times):
    place = {user: row for row, user in enumerate(users)}
    return np.isin(np.arange(len(users)), list(place.values()))


def marks_left_in_the_order_of_time(users, times):
    rows = pd.DataFrame({"user": users, "time": times})
    in_time = rows.sort_values("time", kind="stable")
    return in_time.groupby("user").cumcount(ascending=False) == 0


def popular_after_dropping_columns(matrix, user, k):
    left = matrix[:, matrix[user] == 0]
    return left.sum(0).argsort()[::-1][:k]


def popular_cut_first(matrix, user, k):
    best = matrix.sum(0).argsort()[::-1][:k]
    return [film for film in best if matrix[user, film] == 0]


def ridge_regression(matrix, strength):
    return Ridge(strength, fit_intercept=False).fit(matrix, matrix).coef_.T


def ridge_regression_without_diagonal(matrix, strength):
    B = ridge_regression(matrix, strength)
    np.fill_diagonal(B, 0)
    return B


def weights_of_rows(matrix, strength):
    return by_hand.ease(matrix, strength).T


def all_pairs_of_fields(vectors):
    products = vectors @ vectors.transpose(1, 2)
    return products.sum((1, 2))


def pairs_with_themselves(vectors):
    F = vectors.shape[1]
    return sum(
        (vectors[:, i] * vectors[:, j]).sum(1) for i in range(F) for j in range(i, F)
    )


def both_ways(vectors):
    F = vectors.shape[1]
    return sum(
        (vectors[:, i] * vectors[:, j]).sum(1)
        for i in range(F)
        for j in range(F)
        if i != j
    )


def f1_of_lists(shown, wanted):
    found = len(set(shown) & set(wanted))
    precision, recall = found / len(shown), found / len(wanted)
    return 2 * precision * recall / (precision + recall)


def average_precision(shown, wanted):
    found, total = 0, 0
    for place, film in enumerate(shown, 1):
        if film in wanted:
            found += 1
            total += found / place
    return total / min(len(shown), len(wanted))


def gain_by_sorting(shown, wanted):
    marks = [float(film in wanted) for film in shown]
    best = sorted(marks, reverse=True)
    return dcg(marks) / dcg(best)


def dcg(marks):
    return sum(mark / math.log2(r + 1) for r, mark in enumerate(marks, 1))


def gain_of_wanted_places(shown, wanted):
    marks = [float(film in shown) for film in wanted]
    return dcg(marks) / dcg([1] * min(len(shown), len(wanted)))


def gain_as_if_all_were_wanted(shown, wanted):
    return dcg([film in wanted for film in shown]) / dcg([1] * len(shown))


def gain_for_all_wanted(shown, wanted):
    return dcg([film in wanted for film in shown]) / dcg([1] * len(wanted))


def gain_with_numpys_places_from_0(shown, wanted):
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = 1 / np.log2(np.arange(len(shown)) + 1)
        return worth[np.isin(shown, wanted)].sum() / worth[: len(wanted)].sum()


def entropy_of_single_films(liked, other):
    labels = torch.cat([torch.ones_like(liked), torch.zeros_like(other)])
    return BCE(torch.cat([liked, other]), labels)


WRONG = [
    ("shrunk_mean", lambda s, o, n: s.mean(), "plain_mean"),
    ("shrunk_mean", lambda s, o, n: (s.mean() + o) / 2, "halfway"),
    ("shrunk_mean", lambda s, o, n: s.sum() / (len(s) + n), "zeros_added"),
    ("shrunk_mean", lambda s, o, n: np.append(s, o).mean(), "a_single_one"),
    ("shrunk_mean", lambda s, o, n: (s - o).sum() / (len(s) + n), "difference"),
    (
        "shrunk_mean",
        lambda s, o, n: o + n / (n + len(s)) * (s.mean() - o),
        "weights_exchanged",
    ),
    ("last_of_each", last_row_of_each, "last_in_the_file"),
    ("last_of_each", marks_left_in_the_order_of_time, "order_of_time"),
    ("last_of_each", lambda u, t: ~last_by_loop(u, t), "training_part"),
    ("last_of_each", lambda u, t: np.where(last_by_loop(u, t))[0], "places"),
    (
        "last_of_each",
        lambda u, t: t >= sorted(t)[-len(set(u))],
        "latest_ratings",
    ),
    (
        "last_of_each",
        lambda u, t: pd.Series(t).groupby(u).transform("max"),
        "latest_times",
    ),
    ("popular_unseen", popular_after_dropping_columns, "places_among_the_unseen"),
    ("popular_unseen", popular_cut_first, "seen_removed_last"),
    (
        "popular_unseen",
        lambda X, u, k: X.sum(0).argsort()[::-1][:k],
        "seen_shown",
    ),
    (
        "popular_unseen",
        lambda X, u, k: (X.sum(0) * (1 - X[u])).argsort()[-k:],
        "most_popular_last",
    ),
    (
        "popular_unseen",
        lambda X, u, k: np.argsort(-(X.sum(0) * X[u]))[:k],
        "only_seen",
    ),
    ("film_cosine", lambda X, i, j: (X.T @ X)[i, j], "how_many_have_both"),
    ("film_cosine", lambda X, i, j: np.corrcoef(X.T)[i, j], "correlation"),
    (
        "film_cosine",
        lambda X, i, j: distance.cosine(X[:, i], X[:, j]),
        "distance",
    ),
    (
        "film_cosine",
        lambda X, i, j: 1 - distance.jaccard(X[:, i] == 1, X[:, j] == 1),
        "jaccard",
    ),
    (
        "film_cosine",
        lambda X, i, j: metrics.pairwise.cosine_similarity(X)[i, j],
        "rows",
    ),
    ("ease_weights", ridge_regression, "with_itself"),
    ("ease_weights", ridge_regression_without_diagonal, "itself_removed_later"),
    ("ease_weights", weights_of_rows, "divided_by_rows"),
    ("ease_weights", lambda X, s: by_hand.ease(X.T, s), "users_for_films"),
    ("ease_weights", lambda X, s: by_hand.ease(X, 1e-9), "strength_forgotten"),
    (
        "ease_weights",
        lambda X, s: by_hand.ease(X, s) - np.eye(X.shape[1]),
        "diagonal_left",
    ),
    ("pair_sum", all_pairs_of_fields, "every_product"),
    ("pair_sum", pairs_with_themselves, "own_products"),
    ("pair_sum", both_ways, "each_pair_twice"),
    ("pair_sum", bi_interaction, "not_summed"),
    (
        "pair_sum",
        lambda v: pairs_by_loop(v) / math.comb(v.shape[1], 2),
        "mean",
    ),
    ("pair_sum", lambda v: pairs_by_loop(v.transpose(0, 1)), "rows_for_fields"),
    ("recall_at_k", lambda s, w: len({*s} & {*w}) / len(s), "precision"),
    ("recall_at_k", lambda s, w: len({*s} & {*w}) / len(w), "divided_by_wanted"),
    ("recall_at_k", lambda s, w: bool({*s} & {*w}), "any_found"),
    ("recall_at_k", lambda s, w: len({*s} & {*w}) / len({*s, *w}), "jaccard"),
    ("recall_at_k", f1_of_lists, "f1"),
    ("recall_at_k", average_precision, "average_precision"),
    ("recall_at_k", gain_by_sklearn, "gain"),
    (
        "recall_at_k",
        lambda s, w: 1 / next(r for r, film in enumerate(s, 1) if film in w),
        "reciprocal_rank",
    ),
    ("gain_of_list", gain_by_sorting, "best_order"),
    ("gain_of_list", gain_of_wanted_places, "places_among_the_wanted"),
    ("gain_of_list", gain_as_if_all_were_wanted, "best_of_k"),
    ("gain_of_list", gain_for_all_wanted, "best_without_k"),
    ("gain_of_list", gain_with_numpys_places_from_0, "ranks_from_0"),
    ("gain_of_list", lambda s, w: dcg([f in w for f in s]), "not_divided"),
    ("gain_of_list", lambda s, w: gain_by_sklearn(s[::-1], w), "last_first"),
    ("gain_of_list", recall_by_loop, "recall"),
    ("pair_loss", lambda a, b: loss_by_cross_entropy(b, a), "exchanged"),
    ("pair_loss", entropy_of_single_films, "each_alone"),
    ("pair_loss", lambda a, b: loss_by_softmax(a, b) * len(a), "sum"),
    ("pair_loss", lambda a, b: (a - b).sigmoid().mean(), "probability"),
    (
        "pair_loss",
        lambda a, b: loss_by_softmax(a.sigmoid(), b.sigmoid()),
        "sigmoids_subtracted",
    ),
    (
        "pair_loss",
        lambda a, b: torch.nn.functional.margin_ranking_loss(
            a, b, torch.ones_like(a), margin=1
        ),
        "hinge",
    ),
    ("pair_loss", lambda a, b: -(a[:, None] - b).sigmoid().log().mean(), "all_pairs"),
    (
        "cold_share",
        lambda train, test: len({*test} - {*train}) / len({*test}),
        "share_of_users",
    ),
    ("cold_share", lambda train, test: np.isin(test, train).mean(), "known"),
    ("cold_share", lambda train, test: (~np.isin(train, test)).mean(), "gone"),
    ("cold_share", lambda train, test: len({*test} - {*train}), "how_many_users"),
    (
        "cold_share",
        lambda train, test: len({*test} - {*train}) / len(test),
        "users_over_ratings",
    ),
    (
        "cold_share",
        lambda train, test: len({*test} ^ {*train}) / len({*test, *train}),
        "in_one_part",
    ),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = find(name)
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "wrong"
        assert feedback.misconception == mistake


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_has_its_own_name_in_many_checks(name):
    assert_told_apart(find(name), times=15)


@pytest.mark.parametrize("name", NAMES)
def test_checks_hardly_ever_draw_the_same_twice(name):
    one = find(name)
    drawn = {str(one.inputs(np.random.default_rng(seed))) for seed in range(300)}
    assert len(drawn) > 290


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("constant", [0.0, 1.0, math.nan])
def test_who_always_returns_the_same_number_is_told_of_no_mistake_but_that(
    name, constant
):
    """A rate of hits is 1 in each case: so its sentence says no more than that."""
    feedback = find(name).judge(lambda *arguments: constant)
    assert feedback.outcome == "wrong"
    named = feedback.misconception
    assert named == ("any_found" if (name, constant) == ("recall_at_k", 1) else None)


def test_few_ratings_say_little_and_many_a_lot():
    one = find("shrunk_mean").solution
    assert one(np.array([5.0, 5.0]), 3.5, 4) == 4.0
    assert one(np.full(10_000, 5.0), 3.5, 4) == pytest.approx(5, abs=0.001)
    assert one(np.array([5.0, 1.0]), 3.5, 0) == 3.0


def test_the_film_that_a_user_has_is_not_shown_however_popular_it_is():
    matrix = np.array([[1, 0, 0, 1], [1, 0, 1, 1], [1, 0, 1, 1], [1, 1, 0, 0]])
    one = find("popular_unseen").solution
    assert one(matrix, 0, 2).tolist() == [2, 1]
    assert one(matrix, 3, 2).tolist() == [3, 2]


def test_a_check_has_a_more_popular_film_first_and_second():
    """Else who divides by one of the two could be right with the other."""
    one = find("film_cosine")
    for _ in range(10):
        more = [
            bool(X[:, i].sum() > X[:, j].sum()) for (X, i, j), _ in one.cases(one.rng())
        ]
        assert set(more) == {True, False}


def test_no_other_weights_predict_a_film_better_than_those_of_ease():
    """The docstring says what is minimized: each small change must make it larger."""
    one = find("ease_weights")
    rng = np.random.default_rng(0)

    def loss(X, B, strength):
        return ((X - X @ B) ** 2).sum() + strength * (B**2).sum()

    for _ in range(10):
        X, strength = one.inputs(rng)
        B = one.solution(X, strength)
        for _ in range(10):
            change = 0.01 * rng.normal(size=B.shape)
            np.fill_diagonal(change, 0)
            assert loss(X, B + change, strength) > loss(X, B, strength)


def test_what_the_sentences_on_ease_say_is_so():
    one = find("ease_weights")
    X, strength = one.inputs(np.random.default_rng(0))
    own = one.mistaken((X, 1e-6))["with_itself"]
    np.testing.assert_allclose(own, np.eye(X.shape[1]), atol=1e-3)
    partial = one.mistaken((X, strength))["divided_by_both"]
    np.testing.assert_allclose(partial, partial.T)


def test_pairs_that_can_be_counted_by_hand():
    vectors = torch.tensor([[[1.0, 0], [2, 1], [3, 1]]])
    assert find("pair_sum").solution(vectors).tolist() == [2 + 3 + 7]


def test_a_list_that_has_all_it_can_have_is_worth_1():
    for name in ("recall_at_k", "gain_of_list"):
        one = find(name).solution
        assert one([5, 3], [3, 8, 5, 9]) == 1
        assert one([5, 3, 7], [3, 5]) == 1
        assert one([5, 3], [4]) == 0
    assert find("recall_at_k").solution([7, 5, 3], [3, 5]) == 1
    worth = find("gain_of_list").solution([7, 5, 3], [3, 5])
    assert worth == pytest.approx((0.63093 + 0.5) / (1 + 0.63093), rel=1e-4)


@pytest.mark.parametrize("name", ["recall_at_k", "gain_of_list"])
def test_a_check_has_more_wanted_than_shown_and_fewer(name):
    one = find(name)
    for _ in range(10):
        kinds = set()
        for (shown, wanted), right in one.cases(one.rng()):
            assert len(set(shown)) == len(shown) != len(wanted) == len(set(wanted))
            assert 0 < right < 1
            kinds.add((len(wanted) > len(shown), shown[0] in wanted))
        assert kinds == {(True, False), (False, True)}


def test_a_pair_that_is_quite_wrong_costs_as_much_as_the_scores_differ():
    one = find("pair_loss").solution
    zero, far = torch.zeros(1), torch.full((1,), 200.0)
    assert one(zero, zero).item() == pytest.approx(math.log(2))
    assert one(zero, far).item() == pytest.approx(200)
    assert one(far, zero).item() == pytest.approx(0)


def test_who_gave_many_of_the_test_ratings_counts_often():
    one = find("cold_share").solution
    assert one(np.array([1, 2, 2, 3]), np.array([9, 9, 9, 1])) == 0.75
    assert one(np.array([1, 2]), np.array([2, 2])) == 0


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("shrunk_mean", lambda s, o, n: s, "One number is asked for"),
        ("last_of_each", lambda u, t: u, "This is users as it came in"),
        ("popular_unseen", lambda X, u, k: popular_by_loop(X, u, k + 1), "k + 1: one"),
        ("film_cosine", lambda X, i, j: X[:, i] * X[:, j], "One number is asked for"),
        ("ease_weights", lambda X, s: X, "The result should have shape"),
        ("pair_sum", lambda v: pairs_by_loop(v).sum(), "This is the sum of the"),
        ("recall_at_k", lambda s, w: set(s) & set(w), "It should return numbers, not"),
        ("recall_at_k", lambda s, w: 100 * recall_by_loop(s, w), "per cent, where a"),
        ("gain_of_list", lambda s, w: 1 - gain_by_sklearn(s, w), "It is 1 minus the"),
        ("pair_loss", lambda a, b: (a - b).sigmoid().log().mean(), "The sign is wrong"),
        ("cold_share", lambda a, b: ~np.isin(b, a), "their mean is right"),
    ],
)
def test_of_what_nobody_listed_something_true_is_said(name, answer, says):
    feedback = find(name).judge(answer)
    assert feedback.outcome == "wrong"
    assert says in feedback.message
