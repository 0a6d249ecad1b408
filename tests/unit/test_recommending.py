"""Recommending: splits that do not leak, means by hand, and EASE as least squares."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from bigmodel_lab import datasets
from bigmodel_lab.from_scratch import recommending


def ratings(seed, users=12, films=9, share=0.5):
    """Return a random table, with equal times and an odd index."""
    rng = np.random.default_rng(seed)
    user, film = np.nonzero(rng.random((users, films)) < share)
    days = rng.integers(0, 15, len(user))
    table = pd.DataFrame(
        {
            "user": user + 100,
            "film": film * 7,
            "rating": rng.integers(1, 11, len(user)) / 2,
            "time": pd.Timestamp("2020-01-01") + pd.to_timedelta(days, "D"),
        }
    ).sample(frac=1, random_state=seed)
    return table.set_index(rng.permutation(len(table)) + 1000)


def matrix(seed, users=12, films=9, share=0.4):
    """Return a random matrix of 0 and 1, float64."""
    rng = np.random.default_rng(seed)
    return (rng.random((users, films)) < share).astype(float)


# -- splits ----------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.25, 0.6])
def test_a_random_split_draws_so_many_rows_and_others_with_another_seed(share):
    table = ratings(0, users=40)
    test = recommending.split_random(table, share)
    assert test.dtype == bool
    assert test.sum() == round(share * len(table))
    assert np.array_equal(test, recommending.split_random(table, share))
    assert not np.array_equal(test, recommending.split_random(table, share, seed=1))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_split_by_user_time_takes_the_last_ratings_of_each_user(seed, share):
    table = ratings(seed)
    test = recommending.split_by_user_time(table, share)
    for user in table["user"].unique():
        mine = (table["user"] == user).to_numpy()
        assert test[mine].sum() == round(share * mine.sum())
        train_times, test_times = (
            table["time"][mine & ~test],
            table["time"][mine & test],
        )
        if len(train_times) and len(test_times):
            assert train_times.max() <= test_times.min()
            # Of equal times the later row is for the test.
            rows = np.flatnonzero(mine & (table["time"] == test_times.min()).to_numpy())
            assert test[rows].tolist() == sorted(test[rows])


@pytest.mark.parametrize("seed", range(10))
def test_a_split_by_date_keeps_the_future_for_the_test(seed):
    table = ratings(seed)
    test = recommending.split_by_date(table, "2020-01-08")
    assert table["time"][test].min() >= pd.Timestamp("2020-01-08")
    assert table["time"][~test].max() < pd.Timestamp("2020-01-08")


def test_only_the_splits_by_time_keep_their_order():
    table = ratings(3)
    by_user = recommending.split_by_user_time(table, 0.3)
    by_date = recommending.split_by_date(table, pd.Timestamp("2020-01-10"))
    at_random = recommending.split_random(table, 0.3)
    for test, orders in (
        (by_user, [None, "user"]),
        (by_date, [None, "user", "all"]),
        (at_random, [None]),
    ):
        for order in (None, "user", "all"):
            if order in orders:
                train_rows, test_rows = recommending.train_and_test(table, test, order)
                assert train_rows.equals(table[~test])
                assert test_rows.equals(table[test])
            else:
                with pytest.raises(ValueError, match="time runs backward"):
                    recommending.train_and_test(table, test, order)


def test_a_user_who_is_only_in_the_test_is_in_order():
    table = ratings(4)
    test = (table["user"] == 103).to_numpy()
    _, test_rows = recommending.train_and_test(table, test, "user")
    assert set(test_rows["user"]) == {103}


def test_by_date_most_test_ratings_are_of_users_never_seen():
    table = datasets.film_ratings()
    test = recommending.split_by_date(table, table["time"].quantile(0.8))
    train_rows, test_rows = recommending.train_and_test(table, test, "all")
    unseen = ~test_rows["user"].isin(train_rows["user"])
    assert unseen.mean() == pytest.approx(0.83, abs=0.005)


def test_rare_films_go_and_are_counted():
    table = ratings(5)
    counts = table["film"].value_counts()
    for least in (1, int(counts.median()), int(counts.max())):
        kept, gone = recommending.keep_frequent(table, least)
        rows = [index for index, film in table["film"].items() if counts[film] >= least]
        assert kept.index.tolist() == rows
        assert gone == (counts < least).sum()


# -- means -----------------------------------------------------------------------------


@pytest.mark.parametrize("strength", [0, 2.5, 100])
@pytest.mark.parametrize("column", ["rating", "like"])
def test_shrunk_means_are_a_double_loop(strength, column):
    table = ratings(6).assign(like=lambda frame: frame["rating"] >= 3)
    means = recommending.shrunk_means(table, strength, column)
    rows = list(zip(table["user"], table["film"], table[column], strict=True))
    overall = sum(value for *_, value in rows) / len(rows)
    film_offset, user_offset = {}, {}
    for film in table["film"].unique():
        own = [value - overall for _, f, value in rows if f == film]
        film_offset[film] = sum(own) / (len(own) + strength)
    for user in table["user"].unique():
        own = [v - overall - film_offset[f] for u, f, v in rows if u == user]
        user_offset[user] = sum(own) / (len(own) + strength)
    expected = [overall + film_offset[f] + user_offset[u] for u, f, _ in rows]
    found = means.predict(table["user"], table["film"])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_who_was_never_seen_counts_as_the_mean():
    table = ratings(7)
    means = recommending.shrunk_means(table)
    film, user = table["film"].iloc[0], table["user"].iloc[0]
    found = means.predict([user, -1, -1], [-1, film, -1])
    assert found == pytest.approx(
        means.overall + np.array([means.users[user], means.films[film], 0])
    )


def test_with_much_strength_all_predictions_are_the_mean():
    table = ratings(8)
    means = recommending.shrunk_means(table, 1e9)
    found = means.predict(table["user"], table["film"])
    assert found == pytest.approx(table["rating"].mean(), abs=1e-6)


# -- films that go together ------------------------------------------------------------


def test_a_matrix_has_a_one_for_each_pair():
    users, films = ["b", "a", "b"], [30, 10, 10]
    found = recommending.interactions(users, films, ["a", "b", "c"], [10, 20, 30])
    assert found.dtype == np.float32
    assert found.tolist() == [[1, 0, 0], [1, 0, 1], [0, 0, 0]]
    assert recommending.popularity(found).tolist() == [2, 0, 1]
    assert recommending.positions([30, 10], [10, 20, 30]).tolist() == [2, 0]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("k", [1, 3, 8])
def test_neighbors_are_the_k_nearest_of_sklearns_cosine(seed, k):
    X = matrix(seed)
    X[:, 4] = 0  # a film that nobody has
    alike = cosine_similarity(X.T) * (1 - np.eye(9))
    np.testing.assert_allclose(recommending.cosine(X) * (1 - np.eye(9)), alike)
    B = recommending.neighbors(X, k)
    assert (B != 0).sum(axis=0).max() <= k
    for film in range(9):
        nearest = np.argsort(-alike[:, film], kind="stable")
        nearest = [other for other in nearest if other != film][:k]
        expected = np.zeros(9)
        expected[nearest] = alike[nearest, film]
        # Of films that are equally near, up to rounding, others may have been taken.
        np.testing.assert_allclose(np.sort(B[:, film]), np.sort(expected), atol=1e-12)
        taken = B[:, film] > 0
        np.testing.assert_allclose(B[taken, film], alike[taken, film])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("strength", [0.1, 3, 200])
@pytest.mark.parametrize(("users", "films"), [(12, 9), (5, 9), (30, 2)])
def test_ease_is_a_ridge_regression_of_each_film_on_the_others(
    seed, strength, users, films
):
    X = matrix(seed, users, films)
    B = recommending.ease(X, strength)
    assert (np.diag(B) == 0).all()
    for film in range(films):
        others = np.delete(np.arange(films), film)
        # Ridge by rows added: strength |b|^2 is the error of sqrt(strength) b = 0.
        rows = np.vstack([X[:, others], strength**0.5 * np.eye(films - 1)])
        targets = np.concatenate([X[:, film], np.zeros(films - 1)])
        weights, *_ = np.linalg.lstsq(rows, targets)
        np.testing.assert_allclose(B[others, film], weights, atol=1e-10)


def test_ease_stays_in_the_precision_it_is_given():
    X = matrix(0)
    B = recommending.ease(X.astype(np.float32), 3)
    assert B.dtype == recommending.neighbors(X.astype(np.float32), 3).dtype
    assert B.dtype == np.float32
    np.testing.assert_allclose(B, recommending.ease(X, 3), atol=1e-5)


def test_why_names_the_liked_film_with_the_largest_weight():
    B = np.array([[0, 0.2, 0.5], [0.3, 0, -0.1], [0.6, 0, 0]])
    assert recommending.why(B, [1, 2], 0) == 2
    assert recommending.why(B, np.array([1]), 0) == 1
    assert recommending.why(B, (1, 0), 2) == 0


# -- lists -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_top_is_what_sorting_each_user_finds(seed):
    rng = np.random.default_rng(seed)
    scores, seen = rng.integers(0, 4, (6, 9)) / 2, matrix(seed, 6, share=0.3)
    for k in (1, 3):
        found = recommending.top(scores, seen, k)
        for user in range(6):
            unseen = [film for film in range(9) if not seen[user, film]]
            ranked = sorted(unseen, key=lambda film: -scores[user, film])
            assert found[user].tolist() == ranked[:k]


def test_one_row_of_scores_is_for_everybody():
    seen = np.array([[1, 0, 0, 0], [0, 0, 0, 1]])
    found = recommending.top(np.array([9, 3, 5, 7]), seen, 2)
    assert found.tolist() == [[3, 2], [0, 2]]
    assert recommending.ever_shown(found) == 3


def test_recall_counts_what_is_wanted_and_shown():
    shown = np.array([[0, 1], [2, 3], [0, 3], [1, 2]])
    wanted = np.array([[1, 0, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 1]])
    # One of two; two of four, but a list of two cannot have more; nothing wanted; none.
    assert recommending.recall(shown, wanted).tolist() == [0.5, 1, 0]


def test_ease_beats_popularity_and_shows_more_films():
    table, _ = recommending.keep_frequent(datasets.film_ratings(), 20)
    test = recommending.split_by_user_time(table)
    train_rows, test_rows = recommending.train_and_test(table, test, "user")
    names = table["user"].unique(), table["film"].unique()
    seen = recommending.interactions(train_rows["user"], train_rows["film"], *names)
    liked = test_rows[test_rows["rating"] >= 4]
    wanted = recommending.interactions(liked["user"], liked["film"], *names)
    lists = [
        recommending.top(scores, seen)
        for scores in (
            recommending.popularity(seen),
            seen @ recommending.neighbors(seen),
            seen @ recommending.ease(seen),
        )
    ]
    popular, near, ease = (recommending.recall(each, wanted).mean() for each in lists)
    assert ease > near > popular
    popular, near, ease = map(recommending.ever_shown, lists)
    assert min(near, ease) > 2 * popular
    # Whoever is shown a film can be told why.
    B, user = recommending.ease(seen), 0
    has = np.flatnonzero(seen[user])
    for film in lists[2][user]:
        assert recommending.why(B, has, film) in has


def test_nothing_that_is_given_is_changed():
    table, X = ratings(9), matrix(9, share=0.6)
    before = table.copy(), X.copy()
    recommending.train_and_test(table, recommending.split_by_user_time(table), "user")
    kept, _ = recommending.keep_frequent(table, 1)
    kept["rating"] = 0
    recommending.shrunk_means(table)
    scores = X @ recommending.neighbors(X, 2) + X @ recommending.ease(X)
    recommending.recall(recommending.top(scores, X, 1), X)
    pd.testing.assert_frame_equal(table, before[0])
    assert np.array_equal(X, before[1])


# -- what makes no sense ---------------------------------------------------------------

TABLE = ratings(0)
DOUBLE = pd.concat([TABLE, TABLE.iloc[[4]]])
EQUAL = TABLE.assign(rating=4.0)
GAP = TABLE.assign(time=TABLE["time"].where(TABLE["film"] != 7))
X = matrix(0)
LISTS = np.array([[0, 1]] * 12)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda r: r.split_random(TABLE[:0]), "no ratings: did a filter"),
        (lambda r: r.split_random(DOUBLE), "more than once .*drop_duplicates"),
        (lambda r: r.split_random(TABLE, 1), "share must be between 0 and 1, got 1"),
        (lambda r: r.split_random(TABLE[:2]), "No rating of 2 is left for the test"),
        (lambda r: r.split_random(TABLE[:2], 0.9), "of 2 is left for the training"),
        (
            lambda r: r.split_by_user_time(TABLE.drop(columns="time")),
            "no column 'time'; they have 'user', 'film', 'rating'",
        ),
        (lambda r: r.split_by_user_time(GAP), r"have no 'time': drop .*=\['time'\]"),
        (lambda r: r.split_by_user_time(DOUBLE), "more than once"),
        (lambda r: r.split_by_user_time(TABLE[:2]), "left for the test"),
        (
            lambda r: r.split_by_date(TABLE, "2021-01-01"),
            "left for the test: take a date between 2020-01-01.* and 2020-01-15",
        ),
        (lambda r: r.split_by_date(TABLE, "2019-01-01"), "left for the training: tak"),
        (lambda r: r.train_and_test(TABLE, [True]), r"got bool of shape \(1,\)"),
        (lambda r: r.train_and_test(TABLE, np.zeros(len(TABLE))), "got float64 of"),
        (
            lambda r: r.train_and_test(TABLE, np.zeros(len(TABLE), bool)),
            "left for the test",
        ),
        (
            lambda r: r.train_and_test(TABLE, r.split_random(TABLE), "time"),
            'order must be "user", "all" or None, got \'time\'',
        ),
        (
            lambda r: r.train_and_test(TABLE, r.split_random(TABLE), "user"),
            r"\d+ of \d+ test .* training rating of the same user: .*_by_user_time",
        ),
        (
            lambda r: r.train_and_test(TABLE, r.split_by_user_time(TABLE), "all"),
            r"older than a training rating: time .* split with split_by_date",
        ),
        (lambda r: r.keep_frequent(TABLE, 0), "least must be .* at least 1, got 0"),
        (lambda r: r.keep_frequent(TABLE, 13), "No film has 13 .* smaller `least`"),
        (lambda r: r.shrunk_means(EQUAL), r"All \d+ ratings are 4.0"),
        (lambda r: r.shrunk_means(DOUBLE), "more than once"),
        (lambda r: r.shrunk_means(TABLE, -1), "at least 0, got -1"),
        (lambda r: r.shrunk_means(TABLE, float("nan")), "at least 0, got nan"),
        (lambda r: r.shrunk_means(TABLE, column="like"), "no column 'like'"),
        (lambda r: r.shrunk_means(TABLE).predict([1], [2, 3]), "1 users and 2 films"),
        (lambda r: r.positions([1, 5, 5, 6], [1, 2]), "3 of 4 ids were never seen, 5"),
        (lambda r: r.positions([1], [1, 2, 2]), "2 is twice among the known ids"),
        (lambda r: r.positions([1], []), "no known ids"),
        (lambda r: r.interactions([1], [7], [1], [8]), "1 of 1 ids .* seen, 7 for one"),
        (lambda r: r.interactions([1, 1], [7, 7], [1], [7]), "User 1 has rated film 7"),
        (lambda r: r.interactions([1], [7, 8], [1], [7, 8]), "1 users and 2 films"),
        (lambda r: r.popularity(X[0]), r"\(users, films\) .* got \(9,\)"),
        (lambda r: r.popularity(X.astype(int)), "must hold floats, .* got int64"),
        (lambda r: r.cosine(3 * X), "must hold 0 and 1 only, got 3.0"),
        (lambda r: r.neighbors(X, 9), "k is 9, and there are only 8 other films"),
        (lambda r: r.neighbors(X, 0), "k must be .* at least 1, got 0"),
        (lambda r: r.ease(X, 0), "finite and above 0, got 0"),
        (lambda r: r.ease(X * np.nan), "must hold 0 and 1 only, got nan"),
        (lambda r: r.why(np.eye(3), [], 0), "Nothing is liked"),
        (lambda r: r.why(np.eye(3), [3], 0), "no film at place 3: .* 0 to 2"),
        (lambda r: r.why(np.eye(3), [0], -1), "no film at place -1"),
        (lambda r: r.why(np.eye(3), [0, 1], 2), "None of the 2 .* at place 2"),
        (lambda r: r.top(X[:, 1:], X), r"\(12, 8\) do not fit .* \(12, 9\)"),
        (lambda r: r.top(X * np.inf, X), "NaN or infinite"),
        (lambda r: r.top(X, X, 10), "k is 10, and there are only 9 films"),
        (lambda r: r.top(X, X, 9), r"at place \d+ has only \d films left"),
        (
            lambda r: r.top(X * (np.arange(12) != 5)[:, None], 0 * X, 3),
            "All scores of the user at place 5 are equal, .* never seen: leave",
        ),
        (lambda r: r.recall(LISTS, 0 * X), "no test rows: nobody wants"),
        (lambda r: r.recall(LISTS[1:], X), r"\(11, 2\) and .* \(12, 9\)"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(call, says):
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=says) as error:
        call(recommending)
    assert len(str(error.value).split(". ")) == 1
