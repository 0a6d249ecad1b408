"""Recommending: three ways to split, means, neighbors, EASE, and what a list is worth.

D0 §6.3, D1 §6.3, D2 §6.4. Ratings are a table with the columns user, film, rating and
time, a row for each. A matrix has a row for each of U users and a column for each of F
films; its places are counted from 0, and `positions` finds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.linalg import inv

from bigmodel_lab.from_scratch._checks_recommending import (
    check_both_parts,
    check_different,
    check_frequent,
    check_k,
    check_known,
    check_liked,
    check_mask,
    check_matrix,
    check_order,
    check_pairs,
    check_part,
    check_ratings,
    check_same_length,
    check_scores,
    check_seen,
    check_strength,
    check_wanted,
    check_whole,
)

# -- what to learn from, and what to test on -------------------------------------------


def split_random(
    ratings: pd.DataFrame, share: float = 0.2, seed: int = 0
) -> np.ndarray:
    """Return which ratings are for the test: a share of them, drawn at random.

    A model then learns from ratings that are later than those it is tested on. The
    result is (N,) bool, in the order of the rows. Raises ValueError if a row is missing
    or double, or a part would be empty.
    """
    check_ratings(ratings)
    check_part(share)
    drawn = np.random.default_rng(seed).permutation(len(ratings))
    test = drawn < round(share * len(ratings))
    check_both_parts(test)
    return test


def split_by_user_time(ratings: pd.DataFrame, share: float = 0.2) -> np.ndarray:
    """Return which ratings are for the test: the last share of each user's.

    To the nearest whole number; of equal times, the later row counts as later. Users
    are tested on their own future, but others' ratings may come from later still. The
    result and the errors are as in `split_random`.
    """
    check_ratings(ratings, "time")
    check_part(share)
    in_time = ratings.reset_index(drop=True).sort_values("time", kind="stable")
    users = in_time.groupby("user")["time"]
    # Count each user's ratings from the end: 0 is the last one.
    test = users.cumcount(ascending=False) < (share * users.transform("size")).round()
    check_both_parts(test)
    # Back from the order of time to the order of the rows.
    return test.sort_index().to_numpy()


def split_by_date(ratings: pd.DataFrame, date: str | pd.Timestamp) -> np.ndarray:
    """Return which ratings are for the test: all from a date on, as in real use.

    Many of their users and films were never seen before (cold start). The result and
    the errors are as in `split_random`.
    """
    check_ratings(ratings, "time")
    test = (ratings["time"] >= pd.Timestamp(date)).to_numpy()
    check_both_parts(test, ratings["time"])
    return test


def train_and_test(
    ratings: pd.DataFrame, test: ArrayLike, order: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows to train on and the rows to test on; `test` is (N,) bool.

    With `order` nothing may be learned from the future: "user" is for each user alone,
    "all" for everybody at once. Raises ValueError if a test rating then is older than
    a training rating, or a part is empty.
    """
    check_ratings(ratings, *(["time"] if order else []))
    test = check_mask(test, len(ratings))
    train_rows, test_rows = ratings[~test], ratings[test]
    check_order(train_rows, test_rows, order)
    return train_rows, test_rows


def keep_frequent(ratings: pd.DataFrame, least: int = 5) -> tuple[pd.DataFrame, int]:
    """Return the ratings of films with at least so many, and how many films went.

    A matrix of films times films gets smaller by the square of it. Raises ValueError if
    nothing is left.
    """
    check_ratings(ratings)
    check_whole("least", least)
    counts = ratings["film"].value_counts()
    check_frequent(counts, least)
    kept = ratings[ratings["film"].map(counts) >= least]
    return kept, int((counts < least).sum())


# -- the baseline: means ---------------------------------------------------------------


@dataclass(frozen=True)
class Means:
    """The overall mean, and how far each film and each user is from it."""

    overall: float
    films: pd.Series
    users: pd.Series

    def predict(self, users: ArrayLike, films: ArrayLike) -> np.ndarray:
        """Return predictions (N,) for N pairs: overall mean + film + user.

        Of a user or film that was never seen nothing is known: it counts as the mean.
        """
        check_same_length(users, films)
        film = pd.Series(np.asarray(films)).map(self.films).fillna(0)
        user = pd.Series(np.asarray(users)).map(self.users).fillna(0)
        return (self.overall + film + user).to_numpy(float)


def shrunk_means(
    ratings: pd.DataFrame, strength: float = 5, column: str = "rating"
) -> Means:
    """Return the means of films and users, pulled to the overall mean.

    As if each had `strength` ratings more, all of them average: few ratings say little.
    Koren (2010), *Factor in the neighbors*. Raises ValueError if all ratings are
    equal, or a strength below 0.
    """
    check_ratings(ratings, column)
    check_strength(strength)
    check_different(ratings[column])
    overall = ratings[column].mean()
    rest = ratings[column] - overall
    films = shrunk(rest, ratings["film"], strength)
    # What is due to the films is no trait of their user: take it away first.
    users = shrunk(rest - ratings["film"].map(films), ratings["user"], strength)
    return Means(float(overall), films, users)


def shrunk(rest: pd.Series, groups: pd.Series, strength: float) -> pd.Series:
    """Return each group's mean of `rest`, with `strength` zeros added to it."""
    each = rest.groupby(groups)
    return each.sum() / (each.size() + strength)


# -- films that go together ------------------------------------------------------------


def positions(ids: ArrayLike, known: ArrayLike) -> np.ndarray:
    """Return the place of each id (N,) among the known ones: (N,) whole numbers.

    Raises ValueError if one was never seen.
    """
    places = check_known(known).get_indexer(np.asarray(ids))
    check_seen(ids, places)
    return places


def interactions(
    users: ArrayLike, films: ArrayLike, all_users: ArrayLike, all_films: ArrayLike
) -> np.ndarray:
    """Return a matrix (U, F) of float32: 1 where a user rated a film, else 0.

    `users` and `films` are the pairs (N,), `all_users` and `all_films` name its rows
    and columns. Raises ValueError if a pair has others, or is there twice.
    """
    check_pairs(users, films)
    rows, columns = positions(users, all_users), positions(films, all_films)
    matrix = np.zeros((len(all_users), len(all_films)), np.float32)
    matrix[rows, columns] = 1
    return matrix


def popularity(matrix: np.ndarray) -> np.ndarray:
    """Return scores (F,), the same for everybody: how many users each film has."""
    check_matrix(matrix)
    return matrix.sum(axis=0)


def cosine(matrix: np.ndarray) -> np.ndarray:
    """Return how alike films are, (F, F): the cosine of the angle between columns.

    1 if the same users have both, 0 if nobody has both, or a film has nobody.
    """
    check_matrix(matrix)
    # The length of a column of zeros and ones; 1 instead of 0, to divide by it.
    columns = matrix / np.maximum(1, np.sqrt(matrix.sum(axis=0)))
    return columns.T @ columns


def neighbors(matrix: np.ndarray, k: int = 50) -> np.ndarray:
    """Return B (F, F): in column j how alike film j is to its k nearest, else 0.

    `matrix @ B` are the scores: a film gets the votes of those of its neighbors that a
    user has (item-kNN; Sarwar and others, 2001). Raises ValueError for a k that is not
    from 1 to F - 1.
    """
    check_matrix(matrix)
    check_k(k, matrix.shape[1] - 1, "other films")
    B = cosine(matrix)
    np.fill_diagonal(B, -1)  # a film is no neighbor of its own
    for column in B.T:  # one after the other: a matrix of places would be large
        column[np.argsort(-column, kind="stable")[k:]] = 0
    return B


def ease(matrix: np.ndarray, strength: float = 300) -> np.ndarray:
    """Return B (F, F): the weights with which films predict each other, 0 for itself.

    Column j is a ridge regression of film j on all others; `matrix @ B` are the scores.
    Steck (2019), *Embarrassingly shallow autoencoders for sparse data*, arXiv
    1905.03375. Raises ValueError for a strength that is not above 0.
    """
    check_matrix(matrix)
    check_strength(strength, above=0)
    together = matrix.T @ matrix
    np.fill_diagonal(together, np.diag(together) + strength)
    # It is symmetric; as its transpose, SciPy inverts it in place, without a copy.
    P = inv(together.T, overwrite_a=True)
    # One inverse has all F regressions: column j has only to be divided by -P_jj.
    B = np.divide(P, -np.diag(P), out=P)  # in place: it is large
    np.fill_diagonal(B, 0)
    return B


def why(B: np.ndarray, liked: Sequence[int], film: int) -> int:
    """Return which of the liked films (their places) spoke most for a film.

    B is that of `neighbors` or `ease`. Raises ValueError if none spoke for it.
    """
    check_liked(B, liked, film)
    return int(liked[np.argmax(B[liked, film])])


# -- what a list is worth --------------------------------------------------------------


def top(scores: np.ndarray, seen: np.ndarray, k: int = 10) -> np.ndarray:
    """Return for each user the k films with the highest scores, the best first: (U, k).

    Scores are (U, F), or (F,) for everybody. `seen` (U, F) is not 0 where a user has a
    film already: it is not shown again. Of equal scores the first film comes first.
    Raises ValueError if fewer than k films are left for a user.
    """
    check_scores(scores, seen, k)
    scores = np.where(seen, -np.inf, scores)
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def recall(shown: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return for each user who wants a film which share of them the list has.

    `shown` is (U, k), places of films, and `wanted` (U, F), 1 where a user liked a film
    in the test. A list of k cannot have more than k: with more wanted, k count as all.
    The mean of the result is recall@k. Raises ValueError if nobody wants anything.
    """
    check_wanted(shown, wanted)
    found = np.take_along_axis(wanted, shown, axis=1).sum(axis=1)
    most = np.minimum(wanted.sum(axis=1), shown.shape[1])
    # Users who want nothing, for whom no list could be right or wrong, are left out.
    return found[most > 0] / most[most > 0]


def ever_shown(shown: np.ndarray) -> int:
    """Return how many films are in anybody's list (U, k): its variety."""
    return len(np.unique(shown))
