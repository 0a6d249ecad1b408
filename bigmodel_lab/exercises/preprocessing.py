"""Exercises of chapter 01: gaps, scales and outliers, words as numbers, pixels."""

import functools

import numpy as np
from sklearn.ensemble import IsolationForest

from bigmodel_lab.datasets import ames_houses
from bigmodel_lab.exercises.judging.judge import exercise


def _table(rng, rows):
    """Return a random table (rows, 3), as large as areas, rooms and ages."""
    return rng.gamma(4, [450, 2, 7], (rows, 3))  # skewed: mean and median differ


# -- 1 ---------------------------------------------------------------------------------


def _pools(rng):
    """Return pool qualities (14,) with gaps and pool areas (14,) in square feet."""
    # Four good pools, three poor ones: the median is 4 or 5, the mean below it.
    known = np.concatenate([rng.integers(4, 6, 4), rng.integers(1, 3, 3)])
    quality = np.concatenate([known, np.full(7, np.nan)])
    area = np.concatenate([rng.integers(144, 800, 9), np.zeros(5)])
    order = rng.permutation(14)
    return quality[order], area[order]


@exercise(
    inputs=_pools,
    hints=[
        "The gaps are of two kinds, and `quality` alone does not tell them apart. "
        "Which gaps belong to houses that have a pool?",
        "Fill every gap with the median of the known qualities first "
        "(`np.nanmedian` skips the gaps), then correct the houses without a pool.",
        "`filled = np.where(np.isnan(quality), np.nanmedian(quality), quality)`, then "
        "return `np.where(area > 0, filled, 0)`.",
    ],
)
def fill_quality(quality, area):
    """Return the quality (N,) without gaps: 0 for no pool, the median for unknown.

    quality (N,) goes from 1 to 5 and is NaN where it is missing; area (N,), in
    square feet, is 0 where there is no pool. The median is that of the known ones.
    """
    filled = np.where(np.isnan(quality), np.nanmedian(quality), quality)
    return np.where(area > 0, filled, 0)


def _without_gaps(X, values):
    """Return X with `values` in place of its gaps."""
    return np.where(np.isnan(X), values, X)


@fill_quality.misconception
def all_unknown(quality, area):
    """You treated every gap as unknown, and gave the houses without a pool the pool of
    an average house. Where the area is 0 nothing is unknown: write 0.
    """
    return _without_gaps(quality, np.nanmedian(quality))


@fill_quality.misconception
def all_absent(quality, area):
    """You wrote 0 for every gap, even for pools that exist: 0 says "no pool", worse
    than the worst. Where the area is above 0, take the median of the known ones.
    """
    return _without_gaps(quality, 0)


@fill_quality.misconception
def rows_dropped(quality, area):
    """You dropped the houses with a gap. In Ames that leaves 13 of 2,930, although most
    gaps are not a loss: "no pool" is an answer, too. Keep all rows.
    """
    return quality[~np.isnan(quality)]


@fill_quality.misconception
def median_with_zeros(quality, area):
    """You wrote the zeros first and took the median after that: now it is the median
    over houses without a pool as well. Take it over the known qualities alone.
    """
    with_zeros = np.where(area > 0, quality, 0)
    return _without_gaps(with_zeros, np.nanmedian(with_zeros))


@fill_quality.misconception
def mean_for_unknown(quality, area):
    """The houses without a pool are right. For the unknown you took the mean: on a
    scale of grades a few bad pools pull it down. Take the median.
    """
    return np.where(area > 0, _without_gaps(quality, np.nanmean(quality)), 0)


@fill_quality.misconception
def no_pool_left_open(quality, area):
    """The unknown qualities are filled, but houses without a pool still have NaN, and
    no model can compute with that. Write 0 where the area is 0.
    """
    return np.where(area > 0, _without_gaps(quality, np.nanmedian(quality)), np.nan)


@fill_quality.misconception
def unknown_left_open(quality, area):
    """The houses without a pool are right. Those with a pool of unknown quality still
    have NaN: give them the median of the known ones. Did you use np.median? One NaN
    makes it NaN.
    """
    return np.where(area > 0, quality, 0)


@fill_quality.misconception
def kinds_swapped(quality, area):
    """The two kinds of gap are swapped: your houses without a pool have the median,
    your pools of unknown quality have 0. Reverse the condition on the area.
    """
    return _without_gaps(quality, np.where(area > 0, 0, np.nanmedian(quality)))


# -- 2 ---------------------------------------------------------------------------------


def _table_with_gaps(rng, rows):
    """Return a random table (rows, 3) with one gap in each column."""
    X = _table(rng, rows)
    # The k-th gap from the top is never in column k: filling in order is always wrong.
    columns = np.roll([0, 1, 2], rng.integers(1, 3))
    X[np.sort(rng.permutation(rows)[:3]), columns] = np.nan
    return X


@exercise(
    inputs=lambda rng: (_table_with_gaps(rng, 8), _table_with_gaps(rng, 6)),
    hints=[
        "The medians are learned from data. From which part may you learn?",
        "One median for each column, without the gaps: `np.nanmedian(train, axis=0)`. "
        "Both parts use the same ones.",
        "With `median = np.nanmedian(train, axis=0)` the parts are "
        "`np.where(np.isnan(train), median, train)` and the same with test.",
    ],
)
def fill_gaps(train, test):
    """Return both parts without gaps, filled with the medians of train's columns.

    train (N, d) and test (M, d) hold NaN where a value is missing.
    """
    median = np.nanmedian(train, axis=0)
    return (
        np.where(np.isnan(train), median, train),
        np.where(np.isnan(test), median, test),
    )


@fill_gaps.misconception
def medians_of_both_parts(train, test):
    """You took the medians over both parts together: the test rows have leaked into
    training. Take them from train alone.
    """
    median = np.nanmedian(np.concatenate([train, test]), axis=0)
    return _without_gaps(train, median), _without_gaps(test, median)


@fill_gaps.misconception
def each_part_by_its_own(train, test):
    """You filled the test part with its own medians: a house would then be filled
    differently, depending on the houses around it. Use train's medians for both.
    """
    return tuple(_without_gaps(X, np.nanmedian(X, axis=0)) for X in (train, test))


@fill_gaps.misconception
def column_means(train, test):
    """You filled with train's means. The right part, but one mansion pulls a mean up:
    take the medians.
    """
    mean = np.nanmean(train, axis=0)
    return _without_gaps(train, mean), _without_gaps(test, mean)


@fill_gaps.misconception
def zeros_in_the_gaps(train, test):
    """You wrote 0 into the gaps: houses with no area and no rooms. Unknown is not 0:
    take the median of train's column.
    """
    return _without_gaps(train, 0), _without_gaps(test, 0)


@fill_gaps.misconception
def gappy_rows_dropped(train, test):
    """You dropped every row with a gap. That loses what else the rows say, and a house
    in the test part must get a prediction all the same. Fill the gaps.
    """
    return tuple(X[~np.isnan(X).any(axis=1)] for X in (train, test))


@fill_gaps.misconception
def one_median_for_all(train, test):
    """You took one median of the whole table: square feet, rooms and years lumped
    together. Each column needs its own: `axis=0`.
    """
    median = np.nanmedian(train)
    return _without_gaps(train, median), _without_gaps(test, median)


@fill_gaps.misconception
def gaps_filled_with_nan(train, test):
    """The gaps are still there. Did you use np.median? A single NaN makes it NaN, so
    that gaps are filled with gaps; np.nanmedian skips them.
    """
    median = np.median(train, axis=0)
    return _without_gaps(train, median), _without_gaps(test, median)


@fill_gaps.misconception
def in_the_order_of_the_gaps(train, test):
    """Your medians went into the gaps one after the other, row by row, so that an age
    may become an area. Each gap needs its own column's: `np.where`.
    """
    median = np.nanmedian(train, axis=0)
    for X in (train, test):
        X[np.isnan(X)] = median
    return train, test


# -- 3 ---------------------------------------------------------------------------------


def _train_and_test(rng):
    """Return random train (8, 3) and test (6, 3), whose first row is beyond train's."""
    train, test = _table(rng, 8), _table(rng, 6)
    test[0] = train.max(axis=0) * rng.uniform(1.1, 1.5, 3)
    return train, test


@exercise(
    inputs=_train_and_test,
    hints=[
        "Subtract something that makes the smallest value 0, then divide by something "
        "that makes the largest 1.",
        "Both are learned from train, one of each for every column: "
        "`train.min(axis=0)` and `train.max(axis=0)`.",
        "`(train - low) / (high - low)`, and the same with test: low and high remain "
        "those of train. Leave values beyond 1 as they are.",
    ],
)
def min_max(train, test):
    """Return both parts, scaled so that each column of train goes from 0 to 1.

    train is (N, d), test (M, d); test may leave [0, 1].
    """
    low, high = train.min(axis=0), train.max(axis=0)
    return (train - low) / (high - low), (test - low) / (high - low)


@min_max.misconception
def range_of_all_the_data(train, test):
    """You took minimum and maximum over both parts: the test rows have leaked into
    training. Take them from train; then test may leave [0, 1], as new data will.
    """
    both = np.concatenate([train, test])
    low, high = both.min(axis=0), both.max(axis=0)
    return (train - low) / (high - low), (test - low) / (high - low)


@min_max.misconception
def each_part_by_its_own_range(train, test):
    """You scaled the test part by its own minimum and maximum: the same house then gets
    different numbers in the two parts. Use those of train.
    """
    return min_max.solution(train, train)[0], min_max.solution(test, test)[0]


@min_max.misconception
def clipped(train, test):
    """You clipped the test part to [0, 1]: a house larger than all of train's became
    as large as the largest. Leave it beyond 1.
    """
    train, test = min_max.solution(train, test)
    return train, test.clip(0, 1)


@min_max.misconception
def one_range_for_all(train, test):
    """You used one minimum and one maximum for the whole table: next to square feet,
    rooms and ages are all near 0. Each column needs its own: `axis=0`.
    """
    low, high = train.min(), train.max()
    return (train - low) / (high - low), (test - low) / (high - low)


@min_max.misconception
def divided_by_the_maximum(train, test):
    """You divided by the maximum: the largest value is 1, but the smallest is not 0.
    Subtract the minimum and divide by the range, maximum - minimum.
    """
    return train / train.max(axis=0), test / train.max(axis=0)


@min_max.misconception
def to_minus_one(train, test):
    """This goes from -1 to 1. D0 §3.2 allows either, and models hardly care, but the
    question asks for [0, 1]: leave out the last "times 2, minus 1".
    """
    train, test = min_max.solution(train, test)
    return 2 * train - 1, 2 * test - 1


@min_max.misconception
def along_rows(train, test):
    """You scaled along the rows: area, rooms and age of one house, compared with each
    other. A column has one unit: take minimum and maximum over the rows, `axis=0`.
    """
    return tuple(
        (X - X.min(axis=1, keepdims=True)) / np.ptp(X, axis=1, keepdims=True)
        for X in (train, test)
    )


@min_max.misconception
def standardized_instead(train, test):
    """This is standardizing: mean 0, standard deviation 1. Here train's smallest value
    becomes 0 and its largest 1.
    """
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / std, (test - mean) / std


@min_max.misconception
def minimum_divided_alone(train, test):
    """A pair of parentheses is missing: `x - low / (high - low)` divides low alone.
    Write `(x - low) / (high - low)`.
    """
    low, high = train.min(axis=0), train.max(axis=0)
    return train - low / (high - low), test - low / (high - low)


@min_max.misconception
def range_without_the_minimum(train, test):
    """You divided by the maximum after the minimum was subtracted: the largest value is
    then below 1. Divide by what is left of it, maximum - minimum.
    """
    low, high = train.min(axis=0), train.max(axis=0)
    return (train - low) / high, (test - low) / high


# -- 4 ---------------------------------------------------------------------------------


def _quartiles(X):
    """Return the lower quartile, the median and the upper quartile of each column."""
    return np.quantile(X, [0.25, 0.5, 0.75], axis=0)


@exercise(
    inputs=lambda rng: (_table(rng, 11),),
    hints=[
        "Standardizing is (X - mean) / std. Replace both by something that one mansion "
        "cannot move.",
        "The middle is the median; the spread is the interquartile range (IQR), upper "
        "quartile minus lower quartile, of each column.",
        "With `lower, median, upper = np.quantile(X, [0.25, 0.5, 0.75], axis=0)` it is "
        "`(X - median) / (upper - lower)`.",
    ],
)
def robust_scale(X):
    """Return X (N, d), each column minus its median and divided by its IQR.

    The interquartile range (IQR) is the upper quartile minus the lower quartile.
    """
    lower, median, upper = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    return (X - median) / (upper - lower)


@robust_scale.misconception
def mean_and_deviation(X):
    """This is standardizing. Mean and standard deviation both follow an outlier:
    replace them by median and IQR, which do not.
    """
    return (X - X.mean(axis=0)) / X.std(axis=0)


@robust_scale.misconception
def median_and_deviation(X):
    """The median is right, but you divided by the standard deviation, which one outlier
    can multiply. Divide by upper quartile minus lower quartile.
    """
    return (X - np.median(X, axis=0)) / X.std(axis=0)


@robust_scale.misconception
def mean_and_iqr(X):
    """The IQR is right, but you subtracted the mean, which one outlier can move as far
    as you like. Subtract the median.
    """
    lower, _, upper = _quartiles(X)
    return (X - X.mean(axis=0)) / (upper - lower)


@robust_scale.misconception
def range_instead_of_iqr(X):
    """You divided by maximum minus minimum, the two values that an outlier reaches
    first. The IQR is the range of the middle half: upper minus lower quartile.
    """
    return (X - np.median(X, axis=0)) / np.ptp(X, axis=0)


@robust_scale.misconception
def absolute_deviation(X):
    """You divided by the median absolute deviation. It is robust as well, and about
    half as large; the question asks for the IQR, upper minus lower quartile.
    """
    median = np.median(X, axis=0)
    return (X - median) / np.median(np.abs(X - median), axis=0)


@robust_scale.misconception
def quartiles_of_the_table(X):
    """You took median and quartiles of the whole table, square feet, rooms and years
    lumped together. Each column needs its own: `axis=0`.
    """
    return (X - np.median(X)) / (np.quantile(X, 0.75) - np.quantile(X, 0.25))


@robust_scale.misconception
def percent_for_shares(X):
    """Your spread is the one from 0.25 % to 0.75 %: np.percentile counts in percent, 25
    and 75; np.quantile in shares, 0.25 and 0.75.
    """
    lower, upper = np.percentile(X, [0.25, 0.75], axis=0)
    return (X - np.median(X, axis=0)) / (upper - lower)


@robust_scale.misconception
def median_divided_alone(X):
    """A pair of parentheses is missing: `X - median / iqr` divides the median alone.
    Write `(X - median) / iqr`.
    """
    lower, median, upper = _quartiles(X)
    return X - median / (upper - lower)


# -- 5 ---------------------------------------------------------------------------------


def _values_with_outliers(rng):
    """Return values (25,), with outliers on both sides, and k."""
    k = rng.uniform(2.2, 3.5)
    # Before they are scaled, the quartiles of these 25 are -0.5 and 0.5, the IQR is 1.
    values = [
        -0.5 - k - 0.6,  # an outlier
        *rng.uniform(-1, -0.6, 5),
        -0.5,
        *rng.uniform(-0.4, -0.1, 5),
        rng.uniform(-0.02, 0.02),
        *rng.uniform(0.1, 0.4, 5),
        0.5,
        1.9,  # beyond k median absolute deviations, but not beyond 1.5 IQR
        2.05,  # beyond 1.5 IQR, but not beyond k
        k - 0.1,  # not even k IQR from the median
        0.5 + k - 0.1,  # farther than k IQR from the median, not from the quartile
        0.5 + k + 0.1,  # an outlier, though not by standard deviations
        rng.uniform(30, 40),  # an outlier by any rule
    ]
    return rng.uniform(5, 15) + rng.uniform(2, 6) * rng.permutation(values), k


@exercise(
    inputs=_values_with_outliers,
    hints=[
        "Draw the box of a box plot: it ends at the two quartiles. The fences stand "
        "k box lengths away from it.",
        "`lower, upper = np.quantile(values, [0.25, 0.75])`; the box is "
        "`iqr = upper - lower` long, and there are outliers on either side.",
        "`(values < lower - k * iqr) | (values > upper + k * iqr)`",
    ],
)
def iqr_outliers(values, k):
    """Return a mask (N,), True where a value is an outlier.

    An outlier lies more than k interquartile ranges below the lower quartile of
    values (N,) or above the upper one.
    """
    lower, upper = np.quantile(values, [0.25, 0.75])
    iqr = upper - lower
    return (values < lower - k * iqr) | (values > upper + k * iqr)


def _iqr(values):
    """Return the interquartile range of values (N,)."""
    return np.subtract(*np.quantile(values, [0.75, 0.25]))


@iqr_outliers.misconception
def from_the_median(values, k):
    """You measured from the median, so your fences stand too near. Measure from the
    ends of the box: down from the lower quartile, up from the upper one.
    """
    return np.abs(values - np.median(values)) > k * _iqr(values)


@iqr_outliers.misconception
def always_one_and_a_half(values, k):
    """You always took 1.5, the usual factor. It is a convention, not a law: use the k
    that is given.
    """
    return iqr_outliers.solution(values, 1.5)


@iqr_outliers.misconception
def upper_side_only(values, k):
    """You looked only above the upper quartile. A value far below the lower one is an
    outlier as well: join both conditions with `|`.
    """
    return values > np.quantile(values, 0.75) + k * _iqr(values)


@iqr_outliers.misconception
def standard_deviations(values, k):
    """You counted standard deviations from the mean. Outliers inflate these until they
    hide themselves; quartiles stay put. Count IQRs from the quartiles.
    """
    return np.abs(values - values.mean()) > k * values.std()


@iqr_outliers.misconception
def the_kept_ones(values, k):
    """Your mask is reversed: True marks the values to keep. Here it marks the outliers;
    `~mask` reverses it.
    """
    return ~iqr_outliers.solution(values, k)


@iqr_outliers.misconception
def below_and_above(values, k):
    """No value is below one fence and above the other at once, so `&` finds none. One
    of the two is enough: `|`.
    """
    return np.zeros(len(values), dtype=bool)


@iqr_outliers.misconception
def the_outlying_values(values, k):
    """The right ones, but you returned the values themselves. Return the mask, with one
    True or False for each value: it can pick the same rows of other columns.
    """
    return values[iqr_outliers.solution(values, k)]


@iqr_outliers.misconception
def their_indices(values, k):
    """The right ones, but you returned their indices, as np.where gives them. Return
    the mask itself, with one True or False for each value.
    """
    return np.flatnonzero(iqr_outliers.solution(values, k))


@iqr_outliers.misconception
def median_absolute_deviations(values, k):
    """You counted median absolute deviations from the median: robust as well, but only
    about half an IQR long. Count IQRs, from the quartiles.
    """
    distance = np.abs(values - np.median(values))
    return distance > k * np.median(distance)


@iqr_outliers.misconception
def shares_as_percent(values, k):
    """Your quartiles are at 0.25 % and 0.75 %, so nearly everything is an outlier:
    np.percentile counts in percent, 25 and 75; np.quantile in shares.
    """
    lower, upper = np.percentile(values, [0.25, 0.75])
    iqr = upper - lower
    return (values < lower - k * iqr) | (values > upper + k * iqr)


# -- 6 ---------------------------------------------------------------------------------

_MATERIALS = ["brick", "cement", "clay", "glass", "metal", "stone", "vinyl", "wood"]


def _materials(rng):
    """Return 8 values and 4 known names; one is never used, a fifth is unknown."""
    *known, unknown = rng.permutation(_MATERIALS)[:5]
    categories = np.roll(sorted(known), rng.integers(1, 4)).tolist()  # not sorted
    unused = categories[rng.integers(1, 3)]  # neither the first nor the last
    occurring = [name for name in [*categories, unknown] if name != unused]
    values = rng.permutation([*occurring, *rng.choice(occurring, 4)])
    return values.tolist(), categories


@exercise(
    inputs=_materials,
    hints=[
        "One column for each known name, in the order of `categories`; one row for "
        "each value. When is an entry 1?",
        "An entry is 1 where the row's value equals the column's name. A value that "
        "equals no name automatically gets zeros.",
        "`[[int(value == name) for name in categories] for value in values]`, made an "
        "array by `np.array`.",
    ],
)
def one_hot(values, categories):
    """Return an array (N, C): 1 where the row's value is the column's category, else 0.

    values is a list of N names, categories the list of the C names known from
    training. A value that is not known gets a row of zeros.
    """
    return np.array([[int(value == name) for name in categories] for value in values])


def _unknown_in_column(values, categories, column):
    """Return the one-hot rows with the unknown values counted in `column`."""
    rows = one_hot.solution(values, categories)
    rows[rows.sum(axis=1) == 0, column] = 1
    return rows


@one_hot.misconception
def unknown_in_the_first(values, categories):
    """You counted unknown values in the first category: a house of unknown material
    becomes one of that material. Leave its row at zeros.
    """
    return _unknown_in_column(values, categories, 0)


@one_hot.misconception
def unknown_in_the_last(values, categories):
    """You counted unknown values in the last category; an index of -1 for "not found"
    does that silently. Leave their rows at zeros.
    """
    return _unknown_in_column(values, categories, -1)


@one_hot.misconception
def categories_from_the_values(values, categories):
    """You took the categories from the values at hand. Other data hold other names:
    the columns shift, and the model misreads them. Use those of training.
    """
    return one_hot.solution(values, sorted(set(values)))


@one_hot.misconception
def sorted_columns(values, categories):
    """You sorted the columns by name. The model has learned them in the order of
    `categories`: keep it.
    """
    return one_hot.solution(values, sorted(categories))


@one_hot.misconception
def numbered(values, categories):
    """You numbered the categories in one column. A model reads that as an amount, wood
    three times brick: give each category its own column of 0 and 1.
    """
    known = {name: number for number, name in enumerate(categories)}
    return np.array([known.get(value, -1) for value in values])


@one_hot.misconception
def table_transposed(values, categories):
    """Your table is transposed: the categories are the columns, the values are the
    rows.
    """
    return one_hot.solution(values, categories).T


@one_hot.misconception
def unknown_dropped(values, categories):
    """You left out the rows of unknown values, so that the rows no longer match the
    other columns of the table. Keep them, as zeros.
    """
    return one_hot.solution([v for v in values if v in categories], categories)


# -- 7 ---------------------------------------------------------------------------------


def _counts(rng):
    """Return word counts (5, 6): word 0 is in every document, no other word is."""
    counts = rng.integers(1, 5, (5, 5)) * (rng.random((5, 5)) < 0.5)
    own = np.arange(5)
    counts[own, own] = rng.integers(5, 8, 5)  # so every document holds another word
    counts[own, own - 1] = 0
    return (np.column_stack([rng.integers(2, 5, 5), counts]).astype(float),)


@exercise(
    inputs=_counts,
    hints=[
        "Three steps: in how many documents does each word occur; weigh the counts; "
        "make the rows comparable.",
        "The document frequency is `(counts > 0).sum(axis=0)`; with N documents the "
        "weight of a word is ln((1 + N) / (1 + df)) + 1.",
        "`weights = counts * (np.log((1 + len(counts)) / (1 + df)) + 1)`, then divide "
        "by `np.linalg.norm(weights, axis=1, keepdims=True)`.",
    ],
)
def tf_idf(counts):
    """Return the tf-idf weights (N, V) of counts (N, V), as scikit-learn's default.

    A count is multiplied by idf = ln((1 + N) / (1 + df)) + 1, where df is the number
    of the N documents that hold the word; then each row is scaled to length 1.
    """
    df = (counts > 0).sum(axis=0)
    weights = counts * (np.log((1 + len(counts)) / (1 + df)) + 1)
    return weights / np.linalg.norm(weights, axis=1, keepdims=True)


def _df(counts):
    """Return in how many documents each word occurs."""
    return (counts > 0).sum(axis=0)


def _idf(counts):
    """Return the inverse document frequency of each word, as the solution has it."""
    return np.log((1 + len(counts)) / (1 + _df(counts))) + 1


def _unit_rows(weights):
    """Return `weights` with each row scaled to length 1."""
    return weights / np.linalg.norm(weights, axis=1, keepdims=True)


@tf_idf.misconception
def unsmoothed(counts):
    """You left out the smoothing. The two 1 + stand for one more document that holds
    every word, so that df is never 0: ln((1 + N) / (1 + df)) + 1.
    """
    return _unit_rows(counts * (np.log(len(counts) / _df(counts)) + 1))


@tf_idf.misconception
def total_count(counts):
    """You used how often a word occurs in total. The document frequency is the number
    of documents that hold it, however often: `(counts > 0).sum(axis=0)`.
    """
    idf = np.log((1 + len(counts)) / (1 + counts.sum(axis=0))) + 1
    return _unit_rows(counts * idf)


@tf_idf.misconception
def rows_not_scaled(counts):
    """The weights are right, the last step is missing: a long document has a long row.
    Divide each row by its length, the root of the sum of squares.
    """
    return counts * _idf(counts)


@tf_idf.misconception
def rows_that_sum_to_one(counts):
    """Your rows sum to 1. Length 1 means that their squares sum to 1, so that the dot
    product of two rows is their cosine: divide by the root of the sum of squares.
    """
    weights = counts * _idf(counts)
    return weights / weights.sum(axis=1, keepdims=True)


@tf_idf.misconception
def one_not_added(counts):
    """The + 1 after the logarithm is missing: without it a word that is in every
    document gets the weight 0 and is lost.
    """
    return _unit_rows(counts * (_idf(counts) - 1))


@tf_idf.misconception
def columns_scaled(counts):
    """You scaled the columns to length 1, and so undid the idf: any weight of a word
    cancels there. The rows, the documents, get length 1: `axis=1`.
    """
    return counts / np.linalg.norm(counts, axis=0)


@tf_idf.misconception
def counts_alone(counts):
    """You scaled the plain counts: multiply them by the idf before the rows are scaled.
    Or your idf is one number per document, which the scaling cancels: df counts
    documents, axis=0.
    """
    return _unit_rows(counts)


@tf_idf.misconception
def presence_alone(counts):
    """You gave a word the same weight however often a document holds it. Multiply the
    idf by the count, not by yes or no.
    """
    return _unit_rows((counts > 0) * _idf(counts))


@tf_idf.misconception
def as_in_textbooks(counts):
    """This is the textbook formula: share of the document's words times ln(N / df).
    scikit-learn smooths, ln((1 + N) / (1 + df)) + 1, and scales the rows to length 1.
    """
    share = counts / counts.sum(axis=1, keepdims=True)
    return share * np.log(len(counts) / _df(counts))


@tf_idf.misconception
def matrix_scaled(counts):
    """You divided by the length of the whole matrix: long documents still have long
    rows. Each row gets its own length: `axis=1, keepdims=True`.
    """
    weights = counts * _idf(counts)
    return weights / np.linalg.norm(weights)


@tf_idf.misconception
def words_for_documents(counts):
    """Your N is the number of words, `counts.shape[1]`. df counts documents, so N must
    count them, too: `len(counts)`.
    """
    idf = np.log((1 + counts.shape[1]) / (1 + _df(counts))) + 1
    return _unit_rows(counts * idf)


@tf_idf.misconception
def one_inside_the_logarithm(counts):
    """Your last + 1 stands inside the logarithm. Close the parenthesis before it:
    `np.log((1 + N) / (1 + df)) + 1`.
    """
    return _unit_rows(counts * np.log((1 + len(counts)) / (1 + _df(counts)) + 1))


# -- 8 ---------------------------------------------------------------------------------

_WORDS = ["a", "actor", "bad", "film", "good", "is", "not", "plot", "the", "this"]


def _documents(rng):
    """Return three documents, a vocabulary of six words and a length."""
    words = rng.permutation(_WORDS).tolist()
    known, unknown = words[:6], words[6:]
    length = int(rng.integers(4, 7))
    documents = []
    for size in (rng.integers(3, length), length, length + rng.integers(2, 5)):
        tokens = rng.choice(known, size).tolist()
        # A known word follows: skipping the unknown one differs from padding.
        tokens[rng.integers(0, 2)] = str(rng.choice(unknown))
        documents.append(tokens)
    return documents, {word: number for number, word in enumerate(known, 2)}, length


@exercise(
    inputs=_documents,
    hints=[
        "For each document: words to ids, cut what is too long, fill up what is too "
        "short.",
        "`vocabulary.get(word, 1)` gives 1 for a word that is not there. A slice, "
        "`[:length]`, cuts only what is too long.",
        "With `ids = [vocabulary.get(word, 1) for word in tokens[:length]]` a row is "
        "`ids + [0] * (length - len(ids))`.",
    ],
)
def encode(documents, vocabulary, length):
    """Return a list of `length` ids for each document: 0 is padding, 1 an unknown word.

    documents are lists of words, vocabulary gives the id of a word, from 2 up.
    Padding stands at the end; a document that is too long is cut at the end.
    """
    rows = []
    for tokens in documents:
        ids = [vocabulary.get(word, 1) for word in tokens[:length]]
        rows.append(ids + [0] * (length - len(ids)))
    return rows


def _ids(documents, vocabulary, unknown=1):
    """Return the ids of each document, neither cut nor padded."""
    return [[vocabulary.get(w, unknown) for w in tokens] for tokens in documents]


def _fit(rows, length):
    """Return each row cut and padded at the end."""
    return [row[:length] + [0] * (length - len(row)) for row in rows]


@encode.misconception
def unknown_skipped(documents, vocabulary, length):
    """You skipped unknown words: "not good" is "good" if "not" is unknown. Keep their
    place: the id is 1.
    """
    rows = [[vocabulary[w] for w in tokens if w in vocabulary] for tokens in documents]
    return _fit(rows, length)


@encode.misconception
def unknown_as_padding(documents, vocabulary, length):
    """You gave unknown words the id of the padding. A model that ignores padding then
    overlooks them, too: unknown is 1.
    """
    return _fit(_ids(documents, vocabulary, unknown=0), length)


@encode.misconception
def padded_at_the_front(documents, vocabulary, length):
    """You padded at the front. That can help a recurrent network, but here the padding
    stands at the end: `ids + [0] * ...`.
    """
    rows = [row[:length] for row in _ids(documents, vocabulary)]
    return [[0] * (length - len(row)) + row for row in rows]


@encode.misconception
def not_cut(documents, vocabulary, length):
    """Documents that are too long stayed too long, so the rows do not fit into one
    tensor. Cut them: `tokens[:length]`.
    """
    return [row + [0] * (length - len(row)) for row in _ids(documents, vocabulary)]


@encode.misconception
def not_padded(documents, vocabulary, length):
    """Documents that are too short stayed short, so the rows do not fit into one
    tensor. Fill them up with zeros at the end.
    """
    return [row[:length] for row in _ids(documents, vocabulary)]


@encode.misconception
def cut_at_the_front(documents, vocabulary, length):
    """You cut at the front and kept the last words. Here a long document keeps its
    first: `tokens[:length]`.
    """
    return _fit([row[-length:] for row in _ids(documents, vocabulary)], length)


@encode.misconception
def vocabulary_grown(documents, vocabulary, length):
    """You gave unknown words new ids. The model has no embedding for these: its table
    ends with the vocabulary of training. Unknown is 1.
    """
    for tokens in documents:
        for word in tokens:
            vocabulary.setdefault(word, len(vocabulary) + 2)
    return _fit(_ids(documents, vocabulary), length)


# -- 9 ---------------------------------------------------------------------------------


def _pixels(rng):
    """Return images (3, 28, 28) as uint8; none reaches 0 or 255, each its own range."""
    low, high = np.array([[10, 30, 50], [200, 215, 230]])[..., None, None]
    return (rng.integers(low, high, (3, 28, 28), dtype=np.uint8),)


@exercise(
    inputs=_pixels,
    hints=[
        "0 must become -1, 255 must become 1: a line through these two points. What "
        "becomes of 127.5?",
        "Divide first, subtract afterwards: dividing makes floats, while uint8 numbers "
        "wrap around below 0 and above 255.",
        "`images / 127.5 - 1`",
    ],
)
def scale_pixels(images):
    """Return the images (N, 28, 28) as floats from -1 (for 0) to 1 (for 255).

    The images are uint8.
    """
    return images / 127.5 - 1


@scale_pixels.misconception
def zero_to_one(images):
    """This goes from 0 to 1, the other choice of D1 §3.2.1. Here black is to be -1:
    stretch it by 2 and subtract 1.
    """
    return images / 255


@scale_pixels.misconception
def doubled_as_bytes(images):
    """You doubled before dividing, and a uint8 wraps around at 256: 2 * 200 is 144.
    Divide first, which makes floats.
    """
    return 2 * images / 255 - 1


@scale_pixels.misconception
def subtracted_as_bytes(images):
    """You subtracted from uint8 numbers, which are never negative: 100 - 128 is 228.
    Divide first, which makes floats; and the middle of 0 and 255 is 127.5.
    """
    return (images - 128) / 128


@scale_pixels.misconception
def each_image_by_its_range(images):
    """You stretched every image by its own darkest and brightest pixel: a gray image
    looks like a bright one, and noise becomes a picture. Use 0 and 255 for all.
    """
    low, high = images.min(axis=(1, 2)), images.max(axis=(1, 2))
    low, high = low[:, None, None], high[:, None, None]
    return (images - low) / (high - low) * 2 - 1


@scale_pixels.misconception
def standardized_pixels(images):
    """This is standardizing: mean 0, standard deviation 1, and the ends depend on the
    batch. Here 0 becomes -1 and 255 becomes 1, always.
    """
    return (images - images.mean()) / images.std()


@scale_pixels.misconception
def by_128(images):
    """Nearly: 255 / 128 - 1 is 0.992. The largest uint8 is 255, not 256: divide by
    127.5.
    """
    return images / 128 - 1


@scale_pixels.misconception
def normalized_without_255(images):
    """You subtracted 0.5 and divided by 0.5, which turns [0, 1] into [-1, 1]. These
    pixels go up to 255: divide them by 255 first.
    """
    return (images - 0.5) / 0.5


# -- 10 --------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (rng.random((3, 4, 6)),),
    hints=[
        "Mark the upper left corner. After half a turn it is at the lower right: which "
        "of the axes have been reversed?",
        "Rows and columns are reversed, the order of the images is not. A slice "
        "`[::-1]` reverses an axis, `[:]` leaves it.",
        "The first axis is the batch: `images[:, ::-1, ::-1]`.",
    ],
)
def half_turn(images):
    """Return the images (N, H, W), each turned by 180 degrees."""
    return images[:, ::-1, ::-1]


@half_turn.misconception
def mirrored(images):
    """You mirrored the images left to right: text would read backwards, but stand
    upright. Half a turn reverses the rows as well.
    """
    return images[:, :, ::-1]


@half_turn.misconception
def upside_down(images):
    """You reversed the rows alone, like a reflection in water: b becomes p. Half a turn
    makes it q: reverse the columns as well.
    """
    return images[:, ::-1]


@half_turn.misconception
def transposed(images):
    """You swapped rows and columns, a mirror along the diagonal. Half a turn keeps
    height and width: reverse both axes instead.
    """
    return images.transpose(0, 2, 1)


@half_turn.misconception
def everything_reversed(images):
    """Each image is right, but their order is reversed as well, and they no longer
    match their labels: np.flip needs `axis=(1, 2)`.
    """
    return images[::-1, ::-1, ::-1]


@half_turn.misconception
def turned_through_the_batch(images):
    """You reversed the first two axes, the batch and the rows; np.rot90(images, 2) does
    so, too. Rows and columns are axes 1 and 2: `axes=(1, 2)`.
    """
    return images[::-1, ::-1]


@half_turn.misconception
def quarter_turn(images):
    """You turned by 90 degrees: height and width are swapped. Turn twice."""
    return np.rot90(images, axes=(1, 2))


@half_turn.misconception
def other_quarter_turn(images):
    """You turned by 90 degrees, clockwise: height and width are swapped. Turn twice."""
    return np.rot90(images, -1, axes=(1, 2))


# -- 11 --------------------------------------------------------------------------------


@functools.cache
def _forest():
    """Return scores (N,), which houses are big (N,), and how many the forest marks."""
    houses = ames_houses()
    pair = houses[["area", "price"]]
    forest = IsolationForest(random_state=0).fit(pair)
    marked = int((forest.predict(pair) == -1).sum())
    return -forest.score_samples(pair), houses["area"] > 4000, marked


@exercise(
    hints=[
        "Choose the isolation forest, then move the slider until the text says 5 of 5.",
        "The last of the five is a cheap house of 4,676 square feet. Go back with the "
        "arrow keys until it is lost, then one step forward.",
        "It is between 15 and 20.",
    ],
)
def marks_needed():
    """Return how many houses the forest marks when it has all five big ones."""
    strangeness, big, _ = _forest()
    return int((strangeness >= strangeness[big].min()).sum())


@marks_needed.misconception
def only_the_five():
    """That is so for the local outlier factor, which puts them first. The forest marks
    houses that are merely expensive before them: choose it as the method.
    """
    return 5


@marks_needed.misconception
def by_each_column():
    """That is so for the IQR rule. Choose the isolation forest as the method."""
    return 7


@marks_needed.misconception
def one_too_few():
    """With one mark less than needed the text says 4 of 5. Count the last one, too."""
    return marks_needed.solution() - 1


@marks_needed.misconception
def out_of_the_usual_limit():
    """That is how many the forest marks at its own limit, `predict(...) == -1`. The
    question is how many it takes to have the five among them.
    """
    return _forest()[2]
