"""Exercises of chapter 01: gaps, scales and outliers, words as numbers, pixels."""

import functools

import numpy as np
from sklearn.ensemble import IsolationForest

from bigmodel_lab.datasets import ames_houses
from bigmodel_lab.exercises.judging.judge import exercise


def _table(rng, rows):
    """Return a random table (rows, 3), as large as areas, rooms and ages."""
    return rng.gamma(4, [450, 2, 7], (rows, 3))  # skewed: mean and median differ


def _without_gaps(X, values):
    """Return X with `values` in place of its gaps."""
    return np.where(np.isnan(X), values, X)


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

    quality is an array (N,), from 1 to 5, and NaN where it is missing; area is an
    array (N,), in square feet, and 0 where there is no pool. The median is that of
    the known ones.
    """
    filled = np.where(np.isnan(quality), np.nanmedian(quality), quality)
    return np.where(area > 0, filled, 0)


@fill_quality.mistakes
def _(quality, area):
    """
    all_unknown: You treated every gap as unknown, and gave the houses without a pool
        the pool of an average house. Where the area is 0 nothing is unknown: write 0.
    all_absent: You wrote 0 for every gap, even for pools that exist: 0 says "no pool",
        worse than the worst. Where the area is above 0, take the median of the known
        ones.
    rows_dropped: You dropped the houses with a gap. In Ames that leaves 13 of 2,930,
        although most gaps are not a loss: "no pool" is an answer, too. Keep all rows.
    median_with_zeros: You wrote the zeros first and took the median after that: now it
        is the median over houses without a pool as well. Take it over the known
        qualities alone.
    mean_for_unknown: The houses without a pool are right. For the unknown you took the
        mean: on a scale of grades a few bad pools pull it down. Take the median.
    no_pool_left_open: The unknown qualities are filled, but houses without a pool still
        have NaN, and no model can compute with that. Write 0 where the area is 0.
    unknown_left_open: The houses without a pool are right. Those with a pool of unknown
        quality still have NaN: give them the median of the known ones. Did you use
        np.median? One NaN makes it NaN.
    kinds_swapped: The two kinds of gap are swapped: your houses without a pool have the
        median, your pools of unknown quality have 0. Reverse the condition on the area.
    known_overwritten: You gave every pool the median, even those whose quality is
        known. Fill the gaps alone: `np.isnan(quality)` finds them.
    middle_of_the_scale: You gave the unknown pools a 3, the middle of the scale. The
        known ones say what is usual here: take their median.
    """
    median, pool = np.nanmedian(quality), area > 0
    with_zeros = np.where(pool, quality, 0)
    return {
        "all_unknown": _without_gaps(quality, median),
        "all_absent": _without_gaps(quality, 0),
        "rows_dropped": quality[~np.isnan(quality)],
        "median_with_zeros": _without_gaps(with_zeros, np.nanmedian(with_zeros)),
        "mean_for_unknown": _without_gaps(with_zeros, np.nanmean(quality)),
        "no_pool_left_open": np.where(pool, _without_gaps(quality, median), np.nan),
        "unknown_left_open": with_zeros,
        "kinds_swapped": _without_gaps(quality, np.where(pool, 0, median)),
        "known_overwritten": np.where(pool, median, 0),
        "middle_of_the_scale": _without_gaps(with_zeros, 3),
    }


# -- 2 ---------------------------------------------------------------------------------


def _values_with_outliers(rng):
    """Return values (33,), with outliers on both sides, and k: no two rules agree."""
    k, giant = rng.uniform(2.4, 3.5), rng.uniform(50, 70)
    scale = rng.uniform(4, 6)  # the IQR
    # Before they are scaled, the quartiles of these 33 are -0.8 and 0.2, the IQR is 1;
    # the median is 0, and the median distance from it 0.8.
    values = [
        -0.8 - k - 0.6,  # an outlier
        -1.85,  # beyond k IQR / 2 from the median, but not 1.5 IQR from the quartile
        *rng.uniform(-1.2, -0.9, 6),
        -0.8,
        *rng.uniform(-0.75, -0.65, 7),
        0,
        *rng.uniform(0.05, 0.15, 7),
        0.2,
        0.1 + 0.375 * k,  # beyond the upper quartile + k, but not k IQR / 2
        0.65 * k,  # beyond k IQR / 2 from the median, not k median absolute deviations
        1.8,  # beyond 1.5 IQR, not k median absolute deviations
        0.9 * k,  # not even k IQR from the median
        k + 0.1,  # farther than k IQR from the median, not from the quartile
        k + 0.3,  # an outlier, though not by mean absolute deviations
        0.36 * giant,  # an outlier, though not by standard deviations
        giant,  # an outlier by any rule
    ]
    return rng.uniform(5, 15) + scale * rng.permutation(values), k


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
    values or above the upper one, as np.quantile gives them. values is an array (N,),
    k a number.
    """
    lower, upper = np.quantile(values, [0.25, 0.75])
    iqr = upper - lower
    return (values < lower - k * iqr) | (values > upper + k * iqr)


@iqr_outliers.mistakes
def _(values, k):
    """
    from_the_median: You measured from the median, so your fences stand too near.
        Measure from the ends of the box: down from the lower quartile, up from the
        upper one.
    always_one_and_a_half: You always took 1.5, the usual factor. It is a convention,
        not a law: use the k that is given.
    upper_side_only: You looked only above the upper quartile. A value far below the
        lower one is an outlier as well: join both conditions with `|`.
    standard_deviations: You counted standard deviations from the mean. Outliers inflate
        these until they hide themselves; quartiles stay put. Count IQRs from the
        quartiles.
    the_kept_ones: Your mask is reversed: True marks the values to keep. Here it marks
        the outliers; `~mask` reverses it.
    below_and_above: No value is below one fence and above the other at once, so `&`
        finds none. One of the two is enough: `|`.
    the_outlying_values: The right ones, but you returned the values themselves. Return
        the mask, with one True or False for each value: it can pick the same rows of
        other columns.
    their_indices: The right ones, but you returned their indices, as np.where gives
        them. Return the mask itself, with one True or False for each value.
    median_absolute_deviations: You counted median absolute deviations from the median:
        robust as well, but only about half an IQR long. Count IQRs, from the quartiles.
    shares_as_percent: Your quartiles are at 0.25 % and 0.75 %, so nearly everything is
        an outlier: np.percentile counts in percent, 25 and 75; np.quantile in shares.
    iqr_forgotten: Your fences stand k away from the quartiles, in the unit of the
        values, whatever their spread. They stand k box lengths away: k * iqr.
    half_an_iqr: You counted halves of an IQR from the median. Count whole ones, upper
        minus lower quartile, and from the quartiles.
    mean_absolute_deviations: You counted mean absolute deviations. Outliers inflate
        these, too, as they move the mean; quartiles stay put. Count IQRs from the
        quartiles.
    """

    def fences(lower, upper, distance):
        return (values < lower - distance) | (values > upper + distance)

    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75])
    iqr, mean = upper - lower, values.mean()
    right = fences(lower, upper, k * iqr)
    small = np.quantile(values, [0.0025, 0.0075])
    return {
        "from_the_median": fences(median, median, k * iqr),
        "always_one_and_a_half": fences(lower, upper, 1.5 * iqr),
        "upper_side_only": values > upper + k * iqr,
        "standard_deviations": fences(mean, mean, k * values.std()),
        "the_kept_ones": ~right,
        "below_and_above": np.zeros(len(values), dtype=bool),
        "the_outlying_values": values[right],
        "their_indices": np.flatnonzero(right),
        "median_absolute_deviations": fences(
            median, median, k * np.median(np.abs(values - median))
        ),
        "shares_as_percent": fences(*small, k * np.ptp(small)),
        "iqr_forgotten": fences(lower, upper, k),
        "half_an_iqr": fences(median, median, k * iqr / 2),
        "mean_absolute_deviations": fences(
            mean, mean, k * np.abs(values - mean).mean()
        ),
    }


# -- 3 ---------------------------------------------------------------------------------


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


@marks_needed.mistakes
def _():
    """
    only_the_five: That is so for the local outlier factor, which puts them first. The
        forest marks houses that are merely expensive before them: choose it as the
        method.
    by_each_column: That is so for the IQR rule. Choose the isolation forest as the
        method.
    one_too_few: With one mark less than needed the text says 4 of 5. Count the last
        one, too.
    out_of_the_usual_limit: That is how many the forest marks at its own limit,
        `predict(...) == -1`. The question is how many it takes to have the five among
        them.
    one_too_many: One mark fewer is enough: the text says 5 of 5 there, too. Go back to
        where the last of the five is just found.
    """
    return {
        "only_the_five": 5,
        "by_each_column": 7,
        "one_too_few": marks_needed.solution() - 1,
        "out_of_the_usual_limit": _forest()[2],
        "one_too_many": marks_needed.solution() + 1,
    }


# -- 4 ---------------------------------------------------------------------------------


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

    train is an array (N, d), test an array (M, d); test may leave [0, 1].
    """
    low, high = train.min(axis=0), train.max(axis=0)
    return (train - low) / (high - low), (test - low) / (high - low)


@min_max.mistakes
def _(train, test):
    """
    range_of_all_the_data: You took minimum and maximum over both parts: the test rows
        have leaked into training. Take them from train; then test may leave [0, 1], as
        new data will.
    each_part_by_its_own_range: You scaled the test part by its own minimum and maximum:
        the same house then gets different numbers in the two parts. Use those of train.
    clipped: You clipped the test part to [0, 1]: a house larger than all of train's
        became as large as the largest. Leave it beyond 1.
    one_range_for_all: You used one minimum and one maximum for the whole table: next to
        square feet, rooms and ages are all near 0. Each column needs its own: `axis=0`.
    divided_by_the_maximum: You divided by the maximum: the largest value is 1, but the
        smallest is not 0. Subtract the minimum and divide by the range, maximum -
        minimum.
    to_minus_one: This goes from -1 to 1. D0 §3.2 allows either, and models hardly care,
        but the question asks for [0, 1]: leave out the last "times 2, minus 1".
    along_rows: You scaled along the rows: area, rooms and age of one house, compared
        with each other. A column has one unit: take minimum and maximum over the rows,
        `axis=0`.
    standardized_instead: This is standardizing: mean 0, standard deviation 1. Here
        train's smallest value becomes 0 and its largest 1.
    minimum_divided_alone: A pair of parentheses is missing: `x - low / (high - low)`
        divides low alone. Write `(x - low) / (high - low)`.
    range_without_the_minimum: You divided by the maximum after the minimum was
        subtracted: the largest value is then below 1. Divide by what is left of it,
        maximum - minimum.
    test_unscaled: The train part is right, but the test part is as it came. A model
        trained on [0, 1] cannot read square feet: scale test as well, by train's range.
    minimum_not_subtracted: You divided by the range, but the smallest value is not 0
        yet. Subtract the minimum first: `(x - low) / (high - low)`.
    range_not_divided: The smallest value is 0, but the largest is not 1. Divide by what
        is left of it, maximum - minimum.
    """

    def both(shift, scale):
        return (train - shift) / scale, (test - shift) / scale

    def own(X, axis):
        low, high = X.min(axis, keepdims=True), X.max(axis, keepdims=True)
        return (X - low) / (high - low)

    low, high, everything = train.min(axis=0), train.max(axis=0), np.r_[train, test]
    scaled, scaled_test = both(low, high - low)
    return {
        "range_of_all_the_data": both(everything.min(axis=0), np.ptp(everything, 0)),
        "each_part_by_its_own_range": (scaled, own(test, 0)),
        "clipped": (scaled, scaled_test.clip(0, 1)),
        "one_range_for_all": both(train.min(), np.ptp(train)),
        "divided_by_the_maximum": both(0, high),
        "to_minus_one": (2 * scaled - 1, 2 * scaled_test - 1),
        "along_rows": (own(train, 1), own(test, 1)),
        "standardized_instead": both(train.mean(axis=0), train.std(axis=0)),
        "minimum_divided_alone": both(low / (high - low), 1),
        "range_without_the_minimum": both(low, high),
        "test_unscaled": (scaled, test),
        "minimum_not_subtracted": both(0, high - low),
        "range_not_divided": both(low, 1),
    }


# -- 5 ---------------------------------------------------------------------------------


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
    """Return X, an array (N, d), each column minus its median and divided by its IQR.

    The interquartile range (IQR) is the upper quartile minus the lower quartile, as
    np.quantile gives them.
    """
    lower, median, upper = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    return (X - median) / (upper - lower)


@robust_scale.mistakes
def _(X):
    """
    mean_and_deviation: This is standardizing. Mean and standard deviation both follow
        an outlier: replace them by median and IQR, which do not.
    median_and_deviation: The median is right, but you divided by the standard
        deviation, which one outlier can multiply. Divide by upper quartile minus lower
        quartile.
    mean_and_iqr: The IQR is right, but you subtracted the mean, which one outlier can
        move as far as you like. Subtract the median.
    range_instead_of_iqr: You divided by maximum minus minimum, the two values that an
        outlier reaches first. The IQR is the range of the middle half: upper minus
        lower quartile.
    absolute_deviation: You divided by the median absolute deviation. It is robust as
        well, and about half as large; the question asks for the IQR, upper minus lower
        quartile.
    quartiles_of_the_table: You took median and quartiles of the whole table, square
        feet, rooms and years lumped together. Each column needs its own: `axis=0`.
    percent_for_shares: Your spread is the one from 0.25 % to 0.75 %: np.percentile
        counts in percent, 25 and 75; np.quantile in shares, 0.25 and 0.75.
    median_divided_alone: A pair of parentheses is missing: `X - median / iqr` divides
        the median alone. Write `(X - median) / iqr`.
    not_divided: The median is subtracted, but the columns still have different spreads.
        Divide each by its IQR, upper minus lower quartile.
    not_subtracted: The spread is right, but the middle is not 0. Subtract the median of
        each column first: `(X - median) / iqr`.
    along_rows: You scaled along the rows: area, rooms and age of one house, compared
        with each other. A column has one unit: take its own quartiles, `axis=0`.
    """
    lower, median, upper = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    iqr, mean, std, centered = upper - lower, X.mean(axis=0), X.std(axis=0), X - median
    low, middle, high = np.quantile(X, [0.25, 0.5, 0.75])
    left, center, right = np.quantile(X, [0.25, 0.5, 0.75], axis=1, keepdims=True)
    return {
        "mean_and_deviation": (X - mean) / std,
        "median_and_deviation": centered / std,
        "mean_and_iqr": (X - mean) / iqr,
        "range_instead_of_iqr": centered / np.ptp(X, axis=0),
        "absolute_deviation": centered / np.median(np.abs(centered), axis=0),
        "quartiles_of_the_table": (X - middle) / (high - low),
        "percent_for_shares": centered
        / np.subtract(*np.percentile(X, [0.75, 0.25], axis=0)),
        "median_divided_alone": X - median / iqr,
        "not_divided": centered,
        "not_subtracted": X / iqr,
        "along_rows": (X - center) / (right - left),
    }


# -- 6 ---------------------------------------------------------------------------------


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

    train and test are arrays, (N, d) and (M, d), NaN where a value is missing.
    """
    median = np.nanmedian(train, axis=0)
    return (
        np.where(np.isnan(train), median, train),
        np.where(np.isnan(test), median, test),
    )


@fill_gaps.mistakes
def _(train, test):
    """
    medians_of_both_parts: You took the medians over both parts together: the test rows
        have leaked into training. Take them from train alone.
    each_part_by_its_own: You filled the test part with its own medians: a house would
        then be filled differently, depending on the houses around it. Use train's
        medians for both.
    column_means: You filled with train's means. The right part, but one mansion pulls a
        mean up: take the medians.
    zeros_in_the_gaps: You wrote 0 into the gaps: houses with no area and no rooms.
        Unknown is not 0: take the median of train's column.
    gappy_rows_dropped: You dropped every row with a gap. That loses what else the rows
        say, and a house in the test part must get a prediction all the same. Fill the
        gaps.
    one_median_for_all: You took one median of the whole table: square feet, rooms and
        years lumped together. Each column needs its own: `axis=0`.
    gaps_filled_with_nan: The gaps are still there. Did you use np.median? A single NaN
        makes it NaN, so that gaps are filled with gaps; np.nanmedian skips them.
    in_the_order_of_the_gaps: Your medians went into the gaps one after the other, row
        by row, so that an age may become an area. Each gap needs its own column's:
        `np.where`.
    test_left_open: The train part is right, but the test part still has its gaps. Fill
        them as well, with the medians of train.
    row_medians: You took the medians along the rows: area, rooms and age of one house
        lumped together. A column has one unit: take its own median, `axis=0`.
    """

    def both(values):
        return _without_gaps(train, values), _without_gaps(test, values)

    def in_order(X):
        filled = X.copy()
        filled[np.isnan(X)] = median
        return filled

    parts, median = (train, test), np.nanmedian(train, axis=0)
    return {
        "medians_of_both_parts": both(np.nanmedian(np.concatenate(parts), axis=0)),
        "each_part_by_its_own": tuple(
            _without_gaps(X, np.nanmedian(X, axis=0)) for X in parts
        ),
        "column_means": both(np.nanmean(train, axis=0)),
        "zeros_in_the_gaps": both(0),
        "gappy_rows_dropped": tuple(X[~np.isnan(X).any(axis=1)] for X in parts),
        "one_median_for_all": both(np.nanmedian(train)),
        "gaps_filled_with_nan": parts,
        "in_the_order_of_the_gaps": (in_order(train), in_order(test)),
        "test_left_open": (_without_gaps(train, median), test),
        "row_medians": tuple(
            _without_gaps(X, np.nanmedian(X, axis=1, keepdims=True)) for X in parts
        ),
    }


# -- 7 ---------------------------------------------------------------------------------

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


@one_hot.mistakes
def _(values, categories):
    """
    unknown_in_the_first: You counted unknown values in the first category: a house of
        unknown material becomes one of that material. Leave its row at zeros.
    unknown_in_the_last: You counted unknown values in the last category; an index of -1
        for "not found" does that silently. Leave their rows at zeros.
    categories_from_the_values: You took the categories from the values at hand. Other
        data hold other names: the columns shift, and the model misreads them. Use those
        of training.
    sorted_columns: You sorted the columns by name. The model has learned them in the
        order of `categories`: keep it.
    numbered: You numbered the categories in one column. A model reads that as an
        amount, wood three times brick: give each category its own column of 0 and 1.
    table_transposed: Your table is transposed: the categories are the columns, the
        values are the rows.
    unknown_dropped: You left out the rows of unknown values, so that the rows no longer
        match the other columns of the table. Keep them, as zeros.
    unknown_as_a_category: You gave the unknown values a column of their own. Training
        had none, so the model has no weight for it: they get a row of zeros.
    first_left_out: You left out the first category, as drop="first" does. Then its rows
        are zeros, as those of unknown values are: give each category a column.
    """

    def table(names):
        return np.array([[value == name for name in names] for value in values])

    rows = table(categories).astype(int)
    unknown = (rows.sum(axis=1, keepdims=True) == 0).astype(int)
    return {
        "unknown_in_the_first": rows + unknown * np.eye(len(categories))[0],
        "unknown_in_the_last": rows + unknown * np.eye(len(categories))[-1],
        "categories_from_the_values": table(sorted(set(values))),
        "sorted_columns": table(sorted(categories)),
        "numbered": rows @ np.arange(len(categories)) - unknown[:, 0],
        "table_transposed": rows.T,
        "unknown_dropped": rows[unknown[:, 0] == 0],
        "unknown_as_a_category": np.hstack([rows, unknown]),
        "first_left_out": rows[:, 1:],
    }


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

    documents is a list of lists of words, vocabulary a dict from words to ids, from 2
    up; length is a number. Padding stands at the end; a document that is too long is
    cut at the end.
    """
    rows = []
    for tokens in documents:
        ids = [vocabulary.get(word, 1) for word in tokens[:length]]
        rows.append(ids + [0] * (length - len(ids)))
    return rows


def _fit(rows, length, padding=0):
    """Return each row cut and padded at the end."""
    return [row[:length] + [padding] * (length - len(row)) for row in rows]


@encode.mistakes
def _(documents, vocabulary, length):
    """
    unknown_skipped: You skipped unknown words: "not good" is "good" if "not" is
        unknown. Keep their place: the id is 1.
    unknown_as_padding: You gave unknown words the id of the padding. A model that
        ignores padding then overlooks them, too: unknown is 1.
    padded_at_the_front: You padded at the front. That can help a recurrent network, but
        here the padding stands at the end: `ids + [0] * ...`.
    not_cut: Documents that are too long stayed too long, so the rows do not fit into
        one tensor. Cut them: `tokens[:length]`.
    not_padded: Documents that are too short stayed short, so the rows do not fit into
        one tensor. Fill them up with zeros at the end.
    cut_at_the_front: You cut at the front and kept the last words. Here a long document
        keeps its first: `tokens[:length]`.
    vocabulary_grown: You gave unknown words new ids. The model has no embedding for
        these: its table ends with the vocabulary of training. Unknown is 1.
    zero_and_one_swapped: The two special ids are swapped: 0 is the padding, 1 is an
        unknown word.
    padded_to_the_longest: You padded to the longest document at hand, so that every
        batch has another width. Cut and pad all of them to `length`.
    padded_with_one: You padded with 1, the id of an unknown word: a model then reads a
        short document as one that goes on. Padding is 0.
    """

    def ids(unknown=1, vocabulary=vocabulary):
        return [[vocabulary.get(w, unknown) for w in tokens] for tokens in documents]

    rows, words = ids(), dict.fromkeys(w for tokens in documents for w in tokens)
    new = [w for w in words if w not in vocabulary]
    grown = vocabulary | {w: n for n, w in enumerate(new, len(vocabulary) + 2)}
    known = [[i for i in row if i > 1] for row in rows]
    return {
        "unknown_skipped": _fit(known, length),
        "unknown_as_padding": _fit(ids(unknown=0), length),
        "padded_at_the_front": [[0] * (length - len(r)) + r[:length] for r in rows],
        "not_cut": [row + [0] * (length - len(row)) for row in rows],
        "not_padded": [row[:length] for row in rows],
        "cut_at_the_front": _fit([row[-length:] for row in rows], length),
        "vocabulary_grown": _fit(ids(vocabulary=grown), length),
        "zero_and_one_swapped": _fit(ids(unknown=0), length, padding=1),
        "padded_to_the_longest": _fit(rows, max(map(len, rows))),
        "padded_with_one": _fit(rows, length, padding=1),
    }


# -- 9 ---------------------------------------------------------------------------------


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
    """Return the tf-idf weights (N, V) of an array of counts (N, V), as scikit-learn.

    A count is multiplied by idf = ln((1 + N) / (1 + df)) + 1, where df is the number
    of the N documents that hold the word; then each row is scaled to length 1.
    """
    df = (counts > 0).sum(axis=0)
    weights = counts * (np.log((1 + len(counts)) / (1 + df)) + 1)
    return weights / np.linalg.norm(weights, axis=1, keepdims=True)


@tf_idf.mistakes
def _(counts):
    """
    unsmoothed: You left out the smoothing. The two 1 + stand for one more document that
        holds every word, so that df is never 0: ln((1 + N) / (1 + df)) + 1.
    total_count: You used how often a word occurs in total. The document frequency is
        the number of documents that hold it, however often: `(counts > 0).sum(axis=0)`.
    rows_not_scaled: The weights are right, the last step is missing: a long document
        has a long row. Divide each row by its length, the root of the sum of squares.
    rows_that_sum_to_one: Your rows sum to 1. Length 1 means that their squares sum to
        1, so that the dot product of two rows is their cosine: divide by the root of
        the sum of squares.
    one_not_added: The + 1 after the logarithm is missing: without it a word that is in
        every document gets the weight 0 and is lost.
    columns_scaled: You scaled the columns to length 1, and so undid the idf: any weight
        of a word cancels there. The rows, the documents, get length 1: `axis=1`.
    counts_alone: You scaled the plain counts: multiply them by the idf before the rows
        are scaled. Or your idf is one number per document, which the scaling cancels:
        df counts documents, axis=0.
    presence_alone: You gave a word the same weight however often a document holds it.
        Multiply the idf by the count, not by yes or no.
    as_in_textbooks: This is the textbook formula: share of the document's words times
        ln(N / df). scikit-learn smooths, ln((1 + N) / (1 + df)) + 1, and scales the
        rows to length 1.
    matrix_scaled: You divided by the length of the whole matrix: long documents still
        have long rows. Each row gets its own length: `axis=1, keepdims=True`.
    words_for_documents: Your N is the number of words, `counts.shape[1]`. df counts
        documents, so N must count them, too: `len(counts)`.
    one_inside_the_logarithm: Your last + 1 stands inside the logarithm. Close the
        parenthesis before it: `np.log((1 + N) / (1 + df)) + 1`.
    smoothed_below_only: You added 1 to df, but not to N: a word in every document then
        weighs less than 1. Add it to both: ln((1 + N) / (1 + df)) + 1.
    another_logarithm: Your logarithm has the base 10. ln is the natural one: `np.log`.
    counts_dampened: You took the logarithm of the counts, 1 + ln(count), as
        scikit-learn does with sublinear_tf=True. By default the count is as it is.
    """

    def unit(weights):
        return weights / np.linalg.norm(weights, axis=1, keepdims=True)

    (N, V), total = counts.shape, counts.sum(axis=1, keepdims=True)
    present, df = counts > 0, (counts > 0).sum(axis=0)
    share = (1 + N) / (1 + df)
    idf = np.log(share) + 1
    weights = counts * idf
    dampened = np.where(present, 1 + np.log(np.where(present, counts, 1)), 0)
    return {
        "unsmoothed": unit(counts * (np.log(N / df) + 1)),
        "total_count": unit(counts * (np.log((1 + N) / (1 + counts.sum(axis=0))) + 1)),
        "rows_not_scaled": weights,
        "rows_that_sum_to_one": weights / weights.sum(axis=1, keepdims=True),
        "one_not_added": unit(counts * (idf - 1)),
        "columns_scaled": counts / np.linalg.norm(counts, axis=0),
        "counts_alone": unit(counts),
        "presence_alone": unit(present * idf),
        "as_in_textbooks": counts / total * np.log(N / df),
        "matrix_scaled": weights / np.linalg.norm(weights),
        "words_for_documents": unit(counts * (np.log((1 + V) / (1 + df)) + 1)),
        "one_inside_the_logarithm": unit(counts * np.log(share + 1)),
        "smoothed_below_only": unit(counts * (np.log(N / (1 + df)) + 1)),
        "another_logarithm": unit(counts * (np.log10(share) + 1)),
        "counts_dampened": unit(dampened * idf),
    }


# -- 10 --------------------------------------------------------------------------------


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

    images is an array of uint8.
    """
    return images / 127.5 - 1


@scale_pixels.mistakes
def _(images):
    """
    zero_to_one: This goes from 0 to 1, the other choice of D1 §3.2.1. Here black is to
        be -1: stretch it by 2 and subtract 1.
    doubled_as_bytes: You doubled before dividing, and a uint8 wraps around at 256: 2 *
        200 is 144. Divide first, which makes floats.
    subtracted_as_bytes: You subtracted from uint8 numbers, which are never negative:
        100 - 128 is 228. Divide first, which makes floats; and the middle of 0 and 255
        is 127.5.
    each_image_by_its_range: You stretched every image by its own darkest and brightest
        pixel: a gray image looks like a bright one, and noise becomes a picture. Use 0
        and 255 for all.
    standardized_pixels: This is standardizing: mean 0, standard deviation 1, and the
        ends depend on the batch. Here 0 becomes -1 and 255 becomes 1, always.
    by_128: Nearly: 255 / 128 - 1 is 0.992. The largest uint8 is 255, not 256: divide by
        127.5.
    normalized_without_255: You subtracted 0.5 and divided by 0.5, which turns [0, 1]
        into [-1, 1]. These pixels go up to 255: divide them by 255 first.
    half_as_wide: This goes from -0.5 to 0.5: the middle is right, but the range has to
        be 2 wide. Divide by 127.5, not by 255.
    below_zero: This goes from -1 to 0: you subtracted 1 without stretching first.
        Divide by 127.5, half of 255.
    """
    low, high = (f(images, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    return {
        "zero_to_one": images / 255,
        "doubled_as_bytes": 2 * images / 255 - 1,
        "subtracted_as_bytes": (images - 128) / 128,
        "each_image_by_its_range": (images - low) / (high - low) * 2 - 1,
        "standardized_pixels": (images - images.mean()) / images.std(),
        "by_128": images / 128 - 1,
        "normalized_without_255": (images - 0.5) / 0.5,
        "half_as_wide": images / 255 - 0.5,
        "below_zero": images / 255 - 1,
    }


# -- 11 --------------------------------------------------------------------------------


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
    """Return the images, an array (N, H, W), each turned by 180 degrees."""
    return images[:, ::-1, ::-1]


@half_turn.mistakes
def _(images):
    """
    mirrored: You mirrored the images left to right: text would read backwards, but
        stand upright. Half a turn reverses the rows as well.
    upside_down: You reversed the rows alone, like a reflection in water: b becomes p.
        Half a turn makes it q: reverse the columns as well.
    transposed: You swapped rows and columns, a mirror along the diagonal. Half a turn
        keeps height and width: reverse both axes instead.
    everything_reversed: Each image is right, but their order is reversed as well, and
        they no longer match their labels: np.flip needs `axis=(1, 2)`.
    turned_through_the_batch: You reversed the first two axes, the batch and the rows;
        np.rot90(images, 2) does so, too. Rows and columns are axes 1 and 2: `axes=(1,
        2)`.
    quarter_turn: You turned by 90 degrees: height and width are swapped. Turn twice.
    other_quarter_turn: You turned by 90 degrees, clockwise: height and width are
        swapped. Turn twice.
    not_turned: Nothing has turned. Does np.rot90 get 180? It counts quarter turns, and
        180 of them end where they began: half a turn is 2.
    """
    return {
        "mirrored": images[:, :, ::-1],
        "upside_down": images[:, ::-1],
        "transposed": images.transpose(0, 2, 1),
        "everything_reversed": images[::-1, ::-1, ::-1],
        "turned_through_the_batch": images[::-1, ::-1],
        "quarter_turn": np.rot90(images, axes=(1, 2)),
        "other_quarter_turn": np.rot90(images, -1, axes=(1, 2)),
        "not_turned": images,
    }
