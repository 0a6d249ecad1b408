"""What recommending refuses: tables of ratings, matrices, lists, and the way out."""

import math

import numpy as np
import pandas as pd

from bigmodel_lab.from_scratch._checks import check_whole

# -- tables of ratings -----------------------------------------------------------------


def check_ratings(ratings, *more):
    """Raise ValueError unless a table has user, film and more, whole and none twice."""
    columns = ["user", "film", *more]
    for column in columns:
        if column not in ratings.columns:
            raise ValueError(
                f"The ratings have no column {column!r}; they have "
                f"{', '.join(map(repr, ratings.columns)) or 'none'}."
            )
    if ratings.empty:
        raise ValueError("There are no ratings: did a filter take everything?")
    gaps = ratings[columns].isna().sum()
    if gaps.any():
        first = gaps.idxmax()
        raise ValueError(
            f"{gaps[first]} ratings have no {first!r}: drop them with "
            f"ratings.dropna(subset=[{first!r}])."
        )
    check_pairs(ratings["user"], ratings["film"])


def check_pairs(users, films):
    """Raise ValueError if a pair of user and film is there twice."""
    check_same_length(users, films)
    pairs = pd.DataFrame({"user": np.asarray(users), "film": np.asarray(films)})
    double = pairs.duplicated()
    if double.any():
        user, film = pairs[double].iloc[0]
        raise ValueError(
            f"User {user} has rated film {film} more than once (in all, {double.sum()} "
            f"rows too many): keep the last one of each pair with "
            f"ratings.drop_duplicates(['user', 'film'], keep='last')."
        )


def check_same_length(users, films):
    """Raise ValueError unless there are as many users as films: they are pairs."""
    if len(users) != len(films):
        raise ValueError(
            f"There are {len(users)} users and {len(films)} films: give pairs, a user "
            f"and a film for each."
        )


def check_part(share):
    """Raise ValueError unless a share is between 0 and 1."""
    if not 0 < share < 1:
        raise ValueError(
            f"share must be between 0 and 1, got {share}: 0.2 is a fifth for the test."
        )


def check_both_parts(test, times=None):
    """Raise ValueError unless some rows are for the test, and some for the training."""
    many = int(np.sum(test))
    if 0 < many < len(test):
        return
    part = "training" if many else "test"
    way = "give more ratings, or another share"
    if times is not None:
        way = f"take a date between {times.min()} and {times.max()}"
    raise ValueError(f"No rating of {len(test)} is left for the {part}: {way}.")


def check_mask(test, rows):
    """Return a mask as an array; ValueError unless it is bool, with a value a row."""
    test = np.asarray(test)
    if test.shape != (rows,) or test.dtype != bool:
        raise ValueError(
            f"test must be True or False for each of {rows} ratings, got {test.dtype} "
            f"of shape {test.shape}: give what one of the splits returns."
        )
    check_both_parts(test)
    return test


def check_order(train, test, order):
    """Raise ValueError if a test rating is older than what was learned from."""
    if order not in (None, "user", "all"):
        raise ValueError(f'order must be "user", "all" or None, got {order!r}.')
    if order is None:
        return
    latest, whose, split = train["time"].max(), "", "split_by_date"
    if order == "user":
        # Of a user without training ratings there is no latest: NaT is never later.
        latest = test["user"].map(train.groupby("user")["time"].max())
        whose, split = " of the same user", "split_by_user_time"
    backward = int((test["time"] < latest).sum())
    if backward:
        raise ValueError(
            f"{backward} of {len(test)} test ratings are older than a training rating"
            f"{whose}: time runs backward, and the future would be learned; split "
            f"with {split}."
        )


def check_frequent(counts, least):
    """Raise ValueError if no film has so many ratings."""
    if counts.max() < least:
        raise ValueError(
            f"No film has {least} ratings or more; the most frequent one has "
            f"{counts.max()}: take a smaller `least`."
        )


def check_strength(strength, above=None):
    """Raise ValueError unless a strength is finite and at least 0, or above 0."""
    if not 0 <= strength < math.inf or strength == above:
        least = "at least 0" if above is None else f"above {above}"
        raise ValueError(f"strength must be finite and {least}, got {strength}.")


def check_different(values):
    """Raise ValueError if all values are equal: no mean would tell anything."""
    if values.min() == values.max():
        raise ValueError(
            f"All {len(values)} ratings are {values.iloc[0]}, and there is nothing to "
            f"predict: did a filter leave only these?"
        )


# -- matrices --------------------------------------------------------------------------


def check_known(known):
    """Return known ids as an index; ValueError if there are none, or one is twice."""
    known = pd.Index(known)
    if not len(known):
        raise ValueError("There are no known ids to look in.")
    if not known.is_unique:
        raise ValueError(
            f"{known[known.duplicated()][0]} is twice among the known ids: give each "
            f"one once, as numpy.unique does."
        )
    return known


def check_seen(ids, places):
    """Raise ValueError if an id was not found, which a place of -1 says."""
    never = np.asarray(ids)[places < 0]
    if len(never):
        raise ValueError(
            f"{len(never)} of {len(places)} ids were never seen, {never[0]} for one: "
            f"nothing has been learned of them, so leave out their rows, as in "
            f"ratings[ratings['film'].isin(films)]."
        )


def check_matrix(matrix):
    """Raise ValueError unless a matrix (U, F) of 0 and 1 is given."""
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(
            f"The matrix must be (users, films) with at least one of each, got "
            f"{matrix.shape}."
        )
    if not np.issubdtype(matrix.dtype, np.floating):
        raise ValueError(
            f"The matrix must hold floats, to be multiplied, got {matrix.dtype}: take "
            f"matrix.astype('float32')."
        )
    odd = matrix[(matrix != 0) & (matrix != 1)]
    if odd.size:
        raise ValueError(
            f"The matrix must hold 0 and 1 only, got {odd[0]}: it says who has rated "
            f"what, not how; see interactions()."
        )


def check_k(k, most, what):
    """Raise ValueError unless k is a whole number from 1 to how many there are."""
    check_whole("k", k)
    if k > most:
        raise ValueError(f"k is {k}, and there are only {most} {what}: take fewer.")


def check_liked(B, liked, film):
    """Raise ValueError unless all films are in B, and a liked one speaks for it."""
    places = np.asarray([*liked, film])
    if len(places) < 2:
        raise ValueError("Nothing is liked: give the place of at least one film.")
    wrong = places[(places < 0) | (places >= len(B))]
    if wrong.size:
        raise ValueError(
            f"There is no film at place {wrong[0]}: the places of {len(B)} films are "
            f"0 to {len(B) - 1}; positions() finds them."
        )
    if not B[liked, film].max() > 0:
        raise ValueError(
            f"None of the {len(places) - 1} liked films speaks for the film at place "
            f"{film}: its weights are 0 or below."
        )


# -- lists -----------------------------------------------------------------------------


def check_scores(scores, seen, k):
    """Raise ValueError unless scores fit what was seen, and k films are left."""
    if seen.ndim != 2 or scores.shape not in (seen.shape, seen.shape[1:]):
        raise ValueError(
            f"Scores {scores.shape} do not fit what was seen {seen.shape}: both must "
            f"be (users, films), or the scores (films,) for everybody."
        )
    if not np.isfinite(scores).all():
        raise ValueError("A score is NaN or infinite: nothing can be ranked by it.")
    check_k(k, seen.shape[1], "films")
    left = (seen == 0).sum(axis=1)
    if left.min() < k:
        raise ValueError(
            f"The user at place {left.argmin()} has only {left.min()} films left to "
            f"be shown, and k is {k}: take fewer."
        )
    flat = np.ptp(np.atleast_2d(scores), axis=1) == 0
    if flat.any() and scores.shape[-1] > 1:
        raise ValueError(
            f"All scores of the user at place {flat.argmax()} are equal, as of one who "
            f"was never seen: leave such users out, or show them what is popular."
        )


def check_wanted(shown, wanted):
    """Raise ValueError unless lists and wishes are of the same users, and some wish."""
    if shown.ndim != 2 or wanted.ndim != 2 or len(shown) != len(wanted):
        raise ValueError(
            f"Lists {shown.shape} and what is wanted {wanted.shape} must be (U, k) and "
            f"(U, F), of the same users."
        )
    if not (wanted > 0).any():
        raise ValueError(
            "There are no test rows: nobody wants a film, and no list can be judged."
        )
