"""Exercises of chapter 14: means, lists, films that go together, and what they say."""

import math

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from bigmodel_lab.exercises import draws
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


def _users_and_times(rng):
    """Return users (N,) and times (N,): each user rates within a year of their own.

    One of them has a single rating, the others have several.
    """
    counts = [1, *rng.integers(2, 6, rng.integers(3, 6))]
    users = np.repeat(rng.choice(np.arange(1, 700), len(counts), replace=False), counts)
    begin = np.repeat(rng.integers(9 * 10**8, 15 * 10**8, len(counts)), counts)
    times = begin + rng.choice(3 * 10**7, len(users), replace=False)
    order = rng.permutation(len(users))
    return users[order], times[order]


@exercise(
    inputs=_users_and_times,
    hints=[
        "When did each user rate last? Which rows have that time?",
        '`pd.Series(times).groupby(users).transform("max")` puts the latest time of a '
        "row's user beside each row. Without pandas, a loop over `np.unique(users)` "
        "does it.",
        '`latest = pd.Series(times).groupby(users).transform("max")`, then `(times == '
        "latest).to_numpy()`",
    ],
)
def last_of_each(users, times):
    """Return which ratings are for the test, (N,) of True and False: each user's last.

    users is an array (N,) of whole numbers: who gave each rating. times is an array
    (N,) of numbers: when, in seconds, no two of them the same. The ratings are in any
    order. The result is True where a rating is the latest one of its user, else False.

    Source: He and others (2017), "Neural collaborative filtering"
    """
    latest_of_the_user = pd.Series(times).groupby(users).transform("max")
    return (times == latest_of_the_user).to_numpy()


@last_of_each.mistakes
def _(users, times):
    """
    latest_of_all: Only the latest rating of all is marked. Each user has a latest one.
    first_of_each: Each user's first rating is marked. The model should guess what comes
        last.
    last_in_the_file: The last row of each user is marked. The ratings are in any order:
        the time says which one is the latest.
    not_sorted: A row is marked if the next one is of another user. That finds the
        latest ratings only if the rows are sorted by user and by time.
    after_the_median: What is later than the median time is marked. So some users have
        all of their ratings there, and others none.
    latest_ratings: As many ratings are marked as there are users, the latest of all.
        Each user has one of them: their own latest.
    training_part: All but each user's last rating are marked: what the model may learn
        from. The test is the other part.
    single_ratings: Users with a single rating are left out. It is their latest, too.
    order_of_time: The marks are in the order of time. They should be in the order of
        the rows, as `users` is.
    order_of_users: The marks are sorted by user and time. They should be in the order
        of the rows, as `users` is.
    places: Those are places of rows. Asked for is True or False for each row.
    latest_times: Those are the latest times of each row's user. Compare them with
        `times`.
    """
    by_user = pd.Series(times).groupby(users)
    latest = by_user.transform("max").to_numpy()
    right = times == latest
    U = right.sum()
    return {
        "latest_of_all": times == times.max(),
        "first_of_each": times == by_user.transform("min").to_numpy(),
        "last_in_the_file": ~pd.Series(users).duplicated(keep="last").to_numpy(),
        "not_sorted": np.append(users[1:] != users[:-1], True),
        "after_the_median": times > np.median(times),
        "latest_ratings": times >= np.sort(times)[-U],
        "training_part": ~right,
        "single_ratings": right & pd.Series(users).duplicated(keep=False).to_numpy(),
        "order_of_time": right[np.argsort(times, kind="stable")],
        "order_of_users": right[np.lexsort((times, users))],
        "places": np.flatnonzero(right),
        "latest_times": latest,
    }


# -- 2 ---------------------------------------------------------------------------------


def _users_of_both_parts(rng):
    """Return users of ratings in two parts: some are in one of them, some in both.

    In turn a new one has fewer ratings of the test than a known one, and more. The
    highest number is a new one's. There are not as many new ones as do not come back.
    """
    many_from_new = draws.every_other(rng)
    gone, new = rng.permutation(np.arange(2, 7))[:2]
    known = rng.integers(2, 5)
    ids = rng.choice(np.arange(1, 700), gone + known + new, replace=False)
    highest = ids.argmax()
    ids[[highest, -1]] = ids[[-1, highest]]
    train = np.repeat(ids[: gone + known], rng.integers(1, 6, gone + known))
    many, few = rng.integers(4, 8, max(known, new)), rng.integers(1, 3, max(known, new))
    times = [few[:known], many[:new]] if many_from_new else [many[:known], few[:new]]
    test = np.repeat(ids[gone:], np.concatenate(times))
    if len(train) == len(test):
        train = np.append(train, train[:1])
    return rng.permutation(train), rng.permutation(test)


@exercise(
    inputs=_users_of_both_parts,
    hints=[
        "Go through the ratings of the test one by one. What do you have to look up "
        "for each of them?",
        "`np.isin(test_users, train_users)` is True where the user of a test rating "
        "is known. Which of them are asked for, and how do you make a share of marks?",
        "`(~np.isin(test_users, train_users)).mean()`",
    ],
)
def cold_share(train_users, test_users):
    """Return the share of the test ratings that come from new users, from 0 to 1.

    train_users is an array (N,) of whole numbers: who gave each rating of the training
    part. test_users is an array (M,): who gave each rating of the test. Somebody who
    gave several ratings is there several times. A user is new who gave none of the
    training part.

    Source: Schein and others (2002), "Methods and metrics for cold-start
    recommendations"
    """
    is_new = ~np.isin(test_users, train_users)
    return is_new.mean()


@cold_share.mistakes
def _(train_users, test_users):
    """
    share_of_users: That is the share of the users of the test who are new. Asked for is
        the share of its ratings: who gave many counts often.
    known: That is the share of the ratings whose user is known. Asked for are those of
        the others.
    gone: That is the share of the training part's ratings whose user does not come
        back. Asked for is the other way around: ratings of the test.
    gone_users: That is the share of the training part's users who do not come back.
        Asked for are ratings of the test.
    how_many: That is how many ratings of the test come from new users. Divide by how
        many the test has.
    how_many_users: That is how many users are new. Asked for is a share of the ratings
        of the test.
    of_all_ratings: You divided by the ratings of both parts. Asked for is a share of
        the test.
    of_all_users: That is the share of all users of both parts who are new. Asked for is
        a share of the ratings of the test.
    of_the_training: You divided by how many ratings the training part has. Asked for is
        a share of the test.
    users_over_ratings: You divided how many users are new by how many ratings the test
        has. Count the ratings of the new users.
    in_one_part: That is the share of all users who are in one of the parts only. A user
        who does not come back is not new.
    higher_ids: You took a user for new whose number is higher than all of the training
        part. Numbers are names: look whether it is there.
    """
    train, test = np.unique(train_users), np.unique(test_users)
    new, gone = np.setdiff1d(test, train), np.setdiff1d(train, test)
    everybody, N, M = len(train) + len(new), len(train_users), len(test_users)
    cold = np.isin(test_users, new).sum()
    return {
        "share_of_users": len(new) / len(test),
        "known": 1 - cold / M,
        "gone": np.isin(train_users, gone).mean(),
        "gone_users": len(gone) / len(train),
        "how_many": cold,
        "how_many_users": len(new),
        "of_all_ratings": cold / (N + M),
        "of_all_users": len(new) / everybody,
        "of_the_training": cold / N,
        "users_over_ratings": len(new) / M,
        "in_one_part": (len(new) + len(gone)) / everybody,
        "higher_ids": (test_users > train.max()).mean(),
    }


# -- 3 ---------------------------------------------------------------------------------


def _stars(rng):
    """Return the ratings (N,) of a film, the mean of all films, and a strength.

    The film's mean and median differ, and the strength is not N.
    """
    N, strength = rng.permutation(np.arange(3, 13))[:2].tolist()
    stars = np.zeros(N)
    while abs(stars.mean() - np.median(stars)) < 0.05:
        lowest = rng.integers(1, 7)
        stars = rng.integers(lowest, 11, N) / 2
        stars[:2] = lowest / 2, 5
    return rng.permutation(stars), round(rng.uniform(3.1, 3.9), 2), strength


@exercise(
    inputs=_stars,
    hints=[
        "What do all ratings add up to, those that nobody gave among them? And how "
        "many are they?",
        "Together they are `stars.sum() + strength * overall`. There are N that "
        "somebody gave, and `strength` more.",
        "`(stars.sum() + strength * overall) / (len(stars) + strength)`",
    ],
)
def shrunk_mean(stars, overall, strength):
    """Return a film's mean rating, pulled to the mean of all films: a number of stars.

    stars is an array (N,): the ratings of one film, at least two. overall is a number:
    the mean rating of all films. strength is a whole number: the film counts as if it
    had so many ratings more, all of them `overall`.

    Source: Koren (2010), "Factor in the neighbors"
    """
    all_stars = stars.sum() + strength * overall
    return all_stars / (len(stars) + strength)


@shrunk_mean.mistakes
def _(stars, overall, strength):
    """
    plain_mean: That is the plain mean. The ratings that nobody gave are missing: two
        people who like a film would say as much as two hundred.
    median: That is the median of the ratings that were given. The mean is asked for,
        with those that nobody gave.
    strength_not_counted: You divided by N. The added ratings are in the sum: count them
        in the divisor, too.
    zeros_added: You added ratings of 0 stars: `overall` is missing in the sum. So a
        film with few ratings would seem bad, not average.
    overall_alone: That is the mean of all films. The ratings of this one are missing.
    halfway: That is halfway between the film's mean and that of all. The more ratings a
        film has, the nearer it should be to its own.
    weights_exchanged: The weights are exchanged: the film's mean counts as often as
        there are ratings, N; `overall` counts `strength` times.
    a_single_one: You added a single rating. There should be `strength` of them.
    not_divided: That is the sum of all ratings. Divide by how many they are.
    divided_by_the_strength: You divided by the strength alone. Divide by how many
        ratings there are, given and added.
    difference: That is how far the film is from `overall`. Asked for is its mean: add
        `overall`.
    overall_added_afterwards: You added `overall` after dividing, and counted the added
        ratings as 0 stars before. They belong to the sum.
    """
    N, total = len(stars), stars.sum()
    every = total + strength * overall
    return {
        "plain_mean": stars.mean(),
        "median": np.median(stars),
        "strength_not_counted": every / N,
        "zeros_added": total / (N + strength),
        "overall_alone": overall,
        "halfway": (stars.mean() + overall) / 2,
        "weights_exchanged": (strength * stars.mean() + N * overall) / (N + strength),
        "a_single_one": (total + overall) / (N + 1),
        "not_divided": every,
        "divided_by_the_strength": every / strength,
        "difference": every / (N + strength) - overall,
        "overall_added_afterwards": total / (N + strength) + overall,
    }


# -- 4 ---------------------------------------------------------------------------------


def _field_vectors(rng):
    """Return vectors (N, F, D), with four fields or more and sizes that differ."""
    F = int(rng.integers(4, 7))
    N, D = rng.permutation([n for n in range(3, 9) if n != F])[:2].tolist()
    return (draws.normal(rng, N, F, D),)


@exercise(
    inputs=_field_vectors,
    hints=[
        "Multiply out (a + b + c)². Which products of two different ones are in it, "
        "how often, and what else?",
        "The square of the sum has each pair twice, and the squares. So take the "
        "squares away and divide by 2. This holds for each of the D numbers; add "
        "these up.",
        "`(vectors.sum(1) ** 2 - (vectors**2).sum(1)).sum(1) / 2`",
    ],
)
def pair_sum(vectors):
    """Return the sum of the products of all pairs of fields: (N,).

    vectors is a tensor (N, F, D): N rows with F fields each, and a vector of D numbers
    for each field. The product of two vectors v and w is the number v · w. In a row,
    each pair of two different fields counts once; no field is a pair with itself.

    Source: Rendle (2010), "Factorization machines"
    """
    square_of_the_sum = vectors.sum(1) ** 2
    sum_of_the_squares = (vectors**2).sum(1)
    return (square_of_the_sum - sum_of_the_squares).sum(1) / 2


@pair_sum.mistakes
def _(vectors):
    """
    each_pair_twice: Each pair counts twice: once as v · w, once as w · v. Divide by 2.
    own_products: Each field is a pair with itself, too. Leave out v · v.
    every_product: That is the square of the sum. It has each pair twice, and each
        field's product with itself.
    half_of_the_square: That is half of the square of the sum. The products of the
        fields with themselves are still in it.
    squares_alone: Those are the products of the fields with themselves. Pairs of
        different ones are asked for.
    neighbors: You multiplied only fields that stand beside each other. The first and
        the third are a pair, too.
    with_the_first: You multiplied the first field with all others. The others are pairs
        among themselves, too.
    not_summed: Those are D numbers for each row. A product v · w is one number: add
        them up.
    product_of_all: You multiplied all fields. Only two of them at a time are
        multiplied; the products are added.
    mean: That is the mean over the pairs. Asked for is the sum.
    numbers_added_first: You added up the numbers of each vector, and multiplied the
        sums. v · w multiplies number by number, and adds up then.
    rows_for_fields: You made pairs of rows. The fields are dimension 1.
    """
    v, F = vectors, vectors.shape[1]
    squares = (v**2).sum((1, 2))
    square = (v.sum(1) ** 2).sum(1)
    right = (square - squares) / 2
    sums = v.sum(2)
    return {
        "each_pair_twice": 2 * right,
        "own_products": right + squares,
        "every_product": square,
        "half_of_the_square": square / 2,
        "squares_alone": squares,
        "neighbors": (v[:, 1:] * v[:, :-1]).sum((1, 2)),
        "with_the_first": (v[:, :1] * v[:, 1:]).sum((1, 2)),
        "not_summed": (v.sum(1) ** 2 - (v**2).sum(1)) / 2,
        "product_of_all": v.prod(1).sum(1),
        "mean": 2 * right / (F * (F - 1)),
        "numbers_added_first": (sums.sum(1) ** 2 - (sums**2).sum(1)) / 2,
        "rows_for_fields": ((v.sum(0) ** 2 - (v**2).sum(0)) / 2).sum(1),
    }


# -- 5 ---------------------------------------------------------------------------------


def _shown_and_wanted(rng):
    """Return k films that are shown and others that are wanted; some are in both.

    In turn there are more wanted than shown, and fewer: then the first film is wanted,
    else it is not. Of those in both, one stands at the same place in both lists, and
    another one does not.
    """
    more = draws.every_other(rng)
    few, many = int(rng.integers(4, 7)), int(rng.integers(8, 12))
    k, count = (few, many) if more else (many, few)
    found = int(rng.integers(2, few))
    films = rng.choice(np.arange(1, 9000), k + count - found, replace=False)
    while True:
        shown = rng.permutation(films[:k])
        wanted = rng.permutation(films[k - found :])
        same = (shown[:few] == wanted[:few]).sum()
        if 0 < same < found and (shown[0] in wanted) != more:
            return shown.tolist(), wanted.tolist()


def _ranks(shown, wanted):
    """Return the places, counted from 1, of the shown films that are wanted."""
    return 1 + np.flatnonzero(np.isin(shown, wanted))


@exercise(
    inputs=_shown_and_wanted,
    hints=[
        "How many films are in both lists? How many could it be at most, if 3 films "
        "are shown and 20 wanted? And if 20 are shown and 3 wanted?",
        "`set(shown) & set(wanted)` are the films in both. At most it could be the "
        "smaller one of the two lengths.",
        "`len(set(shown) & set(wanted)) / min(len(shown), len(wanted))`",
    ],
)
def recall_at_k(shown, wanted):
    """Return recall@k: the share of the films that a user liked which a list has.

    shown is a list of k whole numbers: the films that are shown, the best first. wanted
    is a list of whole numbers: the films that the user liked later, one or more, in any
    order. No film is twice in a list. A list of k films cannot have more than k of
    them: if more are wanted, the share is one of k. Returned is a number from 0 to 1.
    """
    found = set(shown) & set(wanted)
    return len(found) / min(len(shown), len(wanted))


@recall_at_k.mistakes
def _(shown, wanted):
    """
    precision: You divided by k always: that is precision@k. If fewer are wanted than
        shown, no list could reach 1.
    divided_by_wanted: You divided by how many are wanted, always. If these are more
        than k, no list of k films could reach 1.
    divided_by_the_larger: You divided by the larger of the two lengths. A list that has
        all it can have should get 1: take the smaller one.
    any_found: That is 1, as the hit rate is if any of the wanted films is shown. How
        many of them are shown counts here.
    f1: That is F1, between precision and recall. Divide by how many the list could have
        at most.
    jaccard: You divided by how many films are in one list or the other. Divide by how
        many the list could have at most.
    how_many: That is how many of the wanted films are shown. Asked for is a share.
    reciprocal_rank: That is 1 over the place of the first film that is wanted. Here all
        of them count, and their places do not.
    average_precision: That is the average precision: it depends on the places. Here
        only what is in the list counts.
    gain: That is nDCG: a film that comes earlier counts more in it. Here only what is
        in the list counts.
    same_place: You compared the two lists place by place. A wanted film counts wherever
        it is shown.
    """
    ranks = _ranks(shown, wanted)
    k, count, found = len(shown), len(wanted), len(ranks)
    most = min(k, count)
    worth = 1 / np.log2(np.arange(k) + 2)
    same = sum(one == other for one, other in zip(shown, wanted, strict=False))
    return {
        "precision": found / k,
        "divided_by_wanted": found / count,
        "divided_by_the_larger": found / max(k, count),
        "any_found": 1.0,
        "f1": 2 * found / (k + count),
        "jaccard": found / (k + count - found),
        "how_many": found,
        "reciprocal_rank": 1 / ranks[0],
        "average_precision": np.sum(np.arange(1, found + 1) / ranks) / most,
        "gain": worth[ranks - 1].sum() / worth[:count].sum(),
        "same_place": same / most,
    }


# -- 6 ---------------------------------------------------------------------------------


def _popularities_user_and_k(rng):
    """Return a matrix (U, F) with different sums of its columns, a user, and k.

    The user has some of the k most popular films, not all, and at least k in all. More
    than k are left, and not in the order of their places.
    """
    k, F = int(rng.integers(3, 5)), int(rng.integers(10, 14))
    U = F + int(rng.integers(4, 9))
    while True:
        counts = rng.choice(np.arange(1, U), F, replace=False)
        matrix = rng.permuted(np.arange(U)[:, None] < counts, axis=0).astype(float)
        user, order = int(rng.integers(U)), np.argsort(-counts, kind="stable")
        seen = matrix[user, order] == 1
        not_in_order = (np.diff(order[~seen][:k]) < 0).any()
        if not_in_order and k <= seen.sum() < F - k and 0 < seen[:k].sum() < k:
            return matrix, user, k


@exercise(
    inputs=_popularities_user_and_k,
    hints=[
        "How many users does each film have? And how do you keep out those that this "
        "user has, before you take the first k?",
        "Let a film that the user has get the score -infinity: `np.where(matrix[user] "
        "== 1, -np.inf, matrix.sum(axis=0))`. Where are the largest scores?",
        "`scores = np.where(matrix[user] == 1, -np.inf, matrix.sum(axis=0))`, then "
        "`np.argsort(-scores)[:k]`",
    ],
)
def popular_unseen(matrix, user, k):
    """Return the k most popular films that a user has not got yet: places (k,).

    matrix is an array (U, F): 1 where a user has rated a film, else 0. user is a whole
    number: the row of the user, counted from 0. k is a whole number; at least so many
    films are left. The more users have a film, the more popular it is, and no two films
    are equally popular. The result has the films' places among the columns, counted
    from 0, the most popular one first.
    """
    popularity = matrix.sum(axis=0)
    scores = np.where(matrix[user] == 1, -np.inf, popularity)
    return np.argsort(-scores, kind="stable")[:k]


@popular_unseen.mistakes
def _(matrix, user, k):
    """
    seen_shown: Those are the k most popular films of all. The user has some of them
        already: leave these out.
    seen_removed_last: Of the k most popular films, those that the user has were taken
        out, and fewer are left. Take them out first, then k of the others.
    least_popular: Those are the least popular films that the user has not got.
    most_popular_last: The films are right, but the most popular one comes last. It
        should come first.
    only_seen: Those are the most popular films that the user *has*.
    first_unseen: Those are the first films that the user has not got, in the order of
        their places. Sort them by how many users they have.
    sorted_by_place: The films are right, but in the order of their places. The most
        popular one should come first.
    places_among_the_unseen: Those are places among the films that are left, with the
        others taken out before. Asked for are the columns of the matrix.
    users_counted: It is users that are sorted, by how many films they have. A film is a
        column: sum over axis 0.
    own_row: Sorted is the user's own row, so the films that the user has come first.
        How popular a film is, all users say.
    how_many_users: Those are how many users the films have. Asked for is which films
        they are: their places.
    """
    popularity, seen = matrix.sum(0), matrix[user] == 1
    order = np.argsort(-popularity, kind="stable")
    unseen = order[~seen[order]]
    return {
        "seen_shown": order[:k],
        "seen_removed_last": order[:k][~seen[order[:k]]],
        "least_popular": unseen[::-1][:k],
        "most_popular_last": unseen[:k][::-1],
        "only_seen": order[seen[order]][:k],
        "first_unseen": np.flatnonzero(~seen)[:k],
        "sorted_by_place": np.sort(unseen[:k]),
        "places_among_the_unseen": np.argsort(-popularity[~seen], kind="stable")[:k],
        "users_counted": np.argsort(-matrix.sum(1), kind="stable")[:k],
        "own_row": np.argsort(-matrix[user], kind="stable")[:k],
        "how_many_users": popularity[unseen[:k]],
    }


# -- 7 ---------------------------------------------------------------------------------


def _matrix_and_two_films(rng):
    """Return a matrix (U, F) and two of its columns, of which each has users alone.

    In turn the first one has more users and the second one.
    """
    first_has_more = draws.every_other(rng)
    F = int(rng.integers(4, 9))
    U = 2 * F + int(rng.integers(1, 9))
    while True:
        matrix = (rng.random((U, F)) < rng.uniform(0.25, 0.75, F)).astype(float)
        first, second = rng.permutation(F)[:2].tolist()
        v, w = matrix[:, first], matrix[:, second]
        apart = 0 < v @ w < min(v.sum(), w.sum()) and v.sum() != w.sum()
        rows = matrix[[first, second]].any(axis=1).all()
        if apart and rows and max(v.sum(), w.sum()) < U:
            break
    if (v.sum() > w.sum()) != first_has_more:
        first, second = second, first
    return matrix, first, second


@exercise(
    inputs=_matrix_and_two_films,
    hints=[
        "For any two vectors v and w, the cosine of the angle between them is v · w "
        "over the product of their lengths. Which vectors are it here?",
        "`v, w = matrix[:, first], matrix[:, second]`. v · w is how many users have "
        "both. The length of v is the root of the sum of its squares.",
        "`v @ w / (np.linalg.norm(v) * np.linalg.norm(w))`",
    ],
)
def film_cosine(matrix, first, second):
    """Return how alike two films are: the cosine of the angle between their columns.

    matrix is an array (U, F): 1 where a user has rated a film, else 0. first and second
    are whole numbers: the columns of two films, counted from 0; each film has users.
    Returned is a number: 1 if the same users have both, 0 if nobody has both.

    Source: Sarwar and others (2001), "Item-based collaborative filtering recommendation
    algorithms"
    """
    v, w = matrix[:, first], matrix[:, second]
    return v @ w / (np.linalg.norm(v) * np.linalg.norm(w))


@film_cosine.mistakes
def _(matrix, first, second):
    """
    how_many_have_both: That is how many users have both films. Divide by the lengths of
        the two columns, or what everybody has goes together with everything.
    of_all_users: That is the share of all users who have both films. Divide by the
        lengths of the two columns, not by how many users there are.
    of_the_first: You divided by how many users have the first film. The cosine is the
        same with the films exchanged: divide by the lengths of both columns.
    of_the_second: You divided by how many users have the second film. The cosine is the
        same with the films exchanged: divide by the lengths of both columns.
    of_the_larger: You divided by how many users the more popular film has. Divide by
        the lengths of both columns.
    jaccard: That is Jaccard's index: you divided by how many users have one film, the
        other, or both. Divide by the lengths of the two columns.
    dice: You divided by the mean of how many users the two films have (Dice). Divide by
        the product of the columns' lengths.
    roots_forgotten: You divided by how many users the one film has, and by how many the
        other has. The length of a column is the root of how many users it has.
    rows: You compared two rows, which are users. A film is a column.
    correlation: That is the correlation: you subtracted the means before. The cosine is
        taken of the columns as they are.
    agreement: That is the share of users who have both films or neither. That two films
        are unknown to many does not make them alike: divide by the lengths.
    distance: That is 1 minus the cosine, the cosine distance, as SciPy's `cosine`
        returns it. Alike films should be near 1.
    """
    v, w = matrix[:, first], matrix[:, second]
    both, n, m = v @ w, v.sum(), w.sum()
    a, b = matrix[first], matrix[second]
    return {
        "how_many_have_both": both,
        "of_all_users": both / len(v),
        "of_the_first": both / n,
        "of_the_second": both / m,
        "of_the_larger": both / max(n, m),
        "jaccard": both / (n + m - both),
        "dice": 2 * both / (n + m),
        "roots_forgotten": both / (n * m),
        "rows": a @ b / np.sqrt(a.sum() * b.sum()),
        "correlation": np.corrcoef(v, w)[0, 1],
        "agreement": np.mean(v == w),
        "distance": 1 - both / np.sqrt(n * m),
    }


# -- 8 ---------------------------------------------------------------------------------


def _matrix_and_strength(rng):
    """Return a matrix (U, F) whose XᵀX has an inverse, and a strength above 1."""
    F = int(rng.integers(3, 7))
    U = F + int(rng.integers(5, 12))
    matrix = np.zeros((U, F))
    while np.linalg.cond(matrix) > 8:
        matrix = (rng.random((U, F)) < rng.uniform(0.3, 0.7, F)).astype(float)
    return matrix, round(rng.uniform(1.5, 6), 1)


@exercise(
    inputs=_matrix_and_strength,
    hints=[
        "Begin with XᵀX: how many users have films i and j. Where does the strength "
        "go, and what do you invert?",
        "The strength is added on the diagonal: `P = np.linalg.inv(matrix.T @ matrix "
        "+ strength * np.eye(F))`. Then divide each column of -P by its P_jj.",
        "`B = -P / np.diag(P)` divides column j by P_jj. Then `np.fill_diagonal(B, "
        "0)`, and return B.",
    ],
)
def ease_weights(matrix, strength):
    """Return the weights B (F, F) of EASE: how much each film says about each other.

    matrix is an array X (U, F): 1 where a user has rated a film, else 0. strength is a
    number above 0. Column j of B is a ridge regression that predicts film j from all
    other films: it minimizes the sum of the squares of column j of X - X B, plus
    strength times that of the weights, and B_jj is 0. If P is the inverse of
    XᵀX + strength · I, then the other weights are

        B_ij = -P_ij / P_jj

    where i is the row and j the column.

    Source: Steck (2019), "Embarrassingly shallow autoencoders for sparse data"
    """
    together = matrix.T @ matrix
    P = np.linalg.inv(together + strength * np.eye(len(together)))
    B = -P / np.diag(P)
    np.fill_diagonal(B, 0)
    return B


@ease_weights.mistakes
def _(matrix, strength):
    """
    strength_forgotten: The strength is missing: you inverted XᵀX alone. With more films
        than users that has no inverse, and few users would make large weights.
    strength_everywhere: You added the strength to every entry of XᵀX. It belongs on the
        diagonal only: strength · I.
    diagonal_left: The diagonal is -1. A film must not predict itself: set it to 0.
    sign: The minus is missing: B_ij = -P_ij / P_jj.
    divided_by_rows: You divided each row by its own P_ii. Column j is the regression of
        film j: divide it by P_jj.
    not_divided: You did not divide. Column j belongs to film j: divide it by P_jj.
    divided_by_both: You divided by the root of P_ii · P_jj. For partial correlations
        one does so, and rows and columns are alike. A weight is divided by P_jj.
    inverse_itself: That is P, the inverse itself. Weights are made of it: divide each
        column by -P_jj, and set the diagonal to 0.
    not_inverted: You did not invert: you took XᵀX + strength · I for P. It says what
        goes together; the inverse says what is left of that beside all other films.
    users_for_films: You took X Xᵀ, which has a row for each user. Films are columns:
        XᵀX.
    with_itself: That is a ridge regression in which each film may predict itself. With
        a small strength it learns hardly anything else: B_jj should be 0.
    itself_removed_later: That is a ridge regression in which each film may predict
        itself, with the diagonal set to 0 afterwards. The other weights were found
        beside it: they must do without it.
    """
    X = matrix
    together = X.T @ X
    I = np.eye(len(together))  # noqa: E741
    P = np.linalg.inv(together + strength * I)
    ridge = P @ together

    def weights(P, signs=-1, divisor=None):
        B = signs * P / (np.diag(P) if divisor is None else divisor)
        np.fill_diagonal(B, 0)
        return B

    roots = np.sqrt(np.diag(P))
    users = np.linalg.inv(X @ X.T + strength * np.eye(len(X)))
    return {
        "strength_forgotten": weights(np.linalg.inv(together)),
        "strength_everywhere": weights(np.linalg.inv(together + strength)),
        "diagonal_left": -P / np.diag(P),
        "sign": weights(P, 1),
        "divided_by_rows": weights(P, divisor=np.diag(P)[:, None]),
        "not_divided": weights(P, divisor=1),
        "divided_by_both": weights(P, divisor=roots * roots[:, None]),
        "inverse_itself": P,
        "not_inverted": weights(together + strength * I),
        "users_for_films": weights(users),
        "with_itself": ridge,
        "itself_removed_later": ridge * (1 - I),
    }


# -- 9 ---------------------------------------------------------------------------------


def _scores_of_pairs(rng):
    """Return scores (N,) of liked films, a little higher, and of others."""
    N = int(rng.integers(5, 12))
    return 0.7 + 1.5 * draws.normal(rng, N), 1.2 * draws.normal(rng, N)


@exercise(
    inputs=_scores_of_pairs,
    hints=[
        "By how much is the score of the liked film higher, in each pair? What does "
        "the sigmoid make of that?",
        "`torch.sigmoid(liked - other)` are the probabilities. A loss is -log of each "
        "of them, and the mean is taken last.",
        "`-torch.sigmoid(liked - other).log().mean()`, or with "
        "`torch.nn.functional.logsigmoid`, for which no score is too low",
    ],
)
def pair_loss(liked, other):
    """Return the loss of BPR for N pairs of films, a number.

    liked and other are tensors (N,): the scores of a film that a user liked, and of
    another one, drawn at random for the same user. That the user likes the first better
    has, for the model, the probability sigmoid(x), where x is by how much its score is
    higher. A pair's loss is minus the natural logarithm of this probability. Returned
    is the mean over the pairs.

    Source: Rendle and others (2009), "BPR: Bayesian personalized ranking from implicit
    feedback"
    """
    losses = -torch.nn.functional.logsigmoid(liked - other)
    return losses.mean()


@pair_loss.mistakes
def _(liked, other):
    """
    exchanged: The films are exchanged: you took other - liked. The loss must fall as
        the score of the liked film rises.
    probability: That is the mean of the probabilities. The loss is minus the logarithm
        of each.
    log_forgotten: You took minus the probability. The logarithm is missing: a pair that
        is quite wrong should cost a lot.
    mean_first: You took the mean of the differences first. Then a pair that is very
        right hides one that is wrong: the mean comes last.
    sum: That is the sum over the pairs. Asked for is the mean.
    each_alone: That is the binary cross-entropy of 2 N single films. BPR looks at
        pairs: only by how much one score is above the other counts.
    logs_subtracted: You took the logarithms of two sigmoids, and subtracted these.
        Subtract the scores first; the sigmoid is taken of the difference.
    sigmoids_subtracted: You made the scores sigmoids before you subtracted them, and
        took the sigmoid again. Subtract the scores as they are.
    hinge: That is the hinge loss, max(0, 1 - x), which asks for no more than x = 1. The
        loss here is -log sigmoid(x).
    squared_error: You squared the distance of the probability to 1. The loss is minus
        its logarithm.
    base_10: You took the logarithm to the base 10. The natural one is asked for.
    all_pairs: You compared each liked film with the others of all pairs: (N, N). A pair
        is of the same user: both stand at the same place.
    """
    x = liked - other
    p = torch.sigmoid(x)
    right = F.softplus(-x).mean()
    alone = F.softplus(-liked).mean() + F.softplus(other).mean()
    return {
        "exchanged": F.softplus(x).mean(),
        "probability": p.mean(),
        "log_forgotten": -p.mean(),
        "mean_first": F.softplus(-x.mean()),
        "sum": F.softplus(-x).sum(),
        "each_alone": alone / 2,
        "logs_subtracted": (F.logsigmoid(other) - F.logsigmoid(liked)).mean(),
        "sigmoids_subtracted": F.softplus(other.sigmoid() - liked.sigmoid()).mean(),
        "hinge": F.relu(1 - x).mean(),
        "squared_error": ((1 - p) ** 2).mean(),
        "base_10": right / math.log(10),
        "all_pairs": F.softplus(other - liked[:, None]).mean(),
    }


# -- 10 --------------------------------------------------------------------------------


@exercise(
    inputs=_shown_and_wanted,
    hints=[
        "What is each place worth? Which of them does the list earn? And which would "
        "the best list earn, if 3 films are wanted?",
        "`worth = [1 / math.log2(rank + 1) for rank in range(1, k + 1)]`. The list "
        "earns the worth of each place whose film is wanted. The best list earns the "
        "first ones, as many as are wanted, and k at most.",
        "`gain = sum(w for w, film in zip(worth, shown) if film in wanted)`, then "
        "`gain / sum(worth[: len(wanted)])`",
    ],
)
def gain_of_list(shown, wanted):
    """Return nDCG@k of a list: what it is worth, compared with the best list.

    shown is a list of k whole numbers: the films that are shown, the best first. wanted
    is a list of whole numbers: the films that the user liked later, one or more, in any
    order. No film is twice in a list. A film on place r, counted from 1, is worth
    1 / log2(r + 1) if the user liked it, else 0, and a list is worth the sum. It is
    divided by what the best list of k films would be worth to this user. Returned is a
    number from 0 to 1.

    Source: Järvelin and Kekäläinen (2002), "Cumulated gain-based evaluation of IR
    techniques"
    """
    worth = [1 / math.log2(rank + 1) for rank in range(1, len(shown) + 1)]
    gain = sum(w for w, film in zip(worth, shown, strict=True) if film in wanted)
    return gain / sum(worth[: len(wanted)])


@gain_of_list.mistakes
def _(shown, wanted):
    """
    ranks_from_0: Your places begin with 0, and log2(0 + 1) is 0: the first place is
        worth infinitely much. Count them from 1, or take log2(r + 2).
    one_place_later: Your first place is worth 1 / log2(3), as if it were the second.
        Places counted from 1 have log2(r + 1), those counted from 0 log2(r + 2).
    one_over_rank: Each place r is worth 1 / r in yours. That falls too fast: it is
        1 / log2(r + 1).
    one_plus_log: Each place r is worth 1 / (1 + log2(r)) in yours. The 1 belongs into
        the logarithm: 1 / log2(r + 1).
    not_divided: That is DCG, what the list is worth. Divide by what the best list would
        be worth: with few wanted films, it cannot be worth much.
    divided_by_k: You divided by k. Divide by what the best list would be worth.
    best_without_k: Your best list has all wanted films, also if they are more than k.
        It has k films, too.
    best_of_k: Your best list has k wanted films, also if the user liked fewer. There
        are no more than these.
    best_order: You compared with the same films in the best order. The best list has
        all wanted films that fit into it, not only those that were shown.
    recall: That is recall: each place counts the same in it. Earlier ones should count
        more.
    last_first: You counted the places from the end. The best film comes first.
    places_among_the_wanted: You took the places of the films in `wanted`, which is in
        any order. It is their places in `shown` that count.
    """
    ranks, k, count = _ranks(shown, wanted), len(shown), len(wanted)
    found, most = len(ranks), min(k, count)

    def gain(worth, ranks=ranks, best=most):
        ranks = np.asarray(ranks, float)
        return worth(ranks).sum() / worth(np.arange(1.0, best + 1)).sum()

    def worth(rank):
        return 1 / np.log2(rank + 1)

    return {
        "ranks_from_0": gain(lambda rank: 1 / np.log2(rank)),
        "one_place_later": gain(lambda rank: 1 / np.log2(rank + 2)),
        "one_over_rank": gain(lambda rank: 1 / rank),
        "one_plus_log": gain(lambda rank: 1 / (1 + np.log2(rank))),
        "not_divided": worth(ranks).sum(),
        "divided_by_k": worth(ranks).sum() / k,
        "best_without_k": gain(worth, best=count),
        "best_of_k": gain(worth, best=k),
        "best_order": gain(worth, best=found),
        "recall": found / most,
        "last_first": gain(worth, k + 1 - ranks),
        "places_among_the_wanted": gain(worth, _ranks(wanted, shown)),
    }
