"""Gaps counted, a table as a matrix of numbers, and Tukey's rule."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigmodel_lab.from_scratch import cleaning

# -- gaps ------------------------------------------------------------------------------


def test_gaps_are_counted_the_emptiest_column_first():
    frame = pd.DataFrame(
        {
            "few": [1.0, np.nan, 3.0, 4.0],
            "none": [1, 2, 3, 4],
            "words": ["a", None, None, "b"],
            "dates": pd.to_datetime(["2010-01-01", None, "2010-01-02", None]),
            "all": [np.nan] * 4,
            "nullable": pd.array([1, 2, 3, pd.NA], dtype="Int64"),
            "not a gap": ["", " ", "None", "nan"],
            "nor this": [np.inf, 0, -np.inf, 1],
        }
    )
    expected = pd.DataFrame(
        {"missing": [4, 2, 2, 1, 1], "share": [1, 0.5, 0.5, 0.25, 0.25]},
        index=["all", "words", "dates", "few", "nullable"],  # ties: the frame's order
    )
    pd.testing.assert_frame_equal(cleaning.gaps(frame), expected)


def test_a_frame_without_gaps_has_no_rows_in_the_table():
    table = cleaning.gaps(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    assert table.shape == (0, 2)
    assert table.columns.tolist() == ["missing", "share"]


@settings(deadline=None)
@given(rows=st.integers(1, 20), columns=st.integers(1, 8), seed=st.integers(0, 2**31))
def test_gaps_equal_a_count_by_hand(rows, columns, seed):
    missing = np.random.default_rng(seed).random((rows, columns)) < 0.4
    frame = pd.DataFrame(np.where(missing, np.nan, 1.0))
    counts = {k: column.sum() for k, column in enumerate(missing.T) if column.any()}
    table = cleaning.gaps(frame)
    assert table["missing"].to_dict() == counts
    assert table["share"].to_dict() == {k: n / rows for k, n in counts.items()}
    assert table["missing"].is_monotonic_decreasing


@pytest.mark.parametrize("read", [cleaning.gaps, cleaning.to_matrix])
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0)])
def test_an_empty_frame_is_refused(read, shape):
    says = f"it has {shape[0]} rows and {shape[1]} columns. Did a filter or dropna()"
    with pytest.raises(ValueError, match=re.escape(says)):
        read(pd.DataFrame(index=range(shape[0]), columns=range(shape[1]), dtype=float))


# -- to_matrix -------------------------------------------------------------------------

MIXED = {
    "whole": [1, 2, 3],
    "real": [0.5, np.nan, -1.5],
    "yes": [True, False, True],
    "nullable": pd.array([7, pd.NA, 9], dtype="Int64"),
    "maybe": pd.array([pd.NA, False, True], dtype="boolean"),
}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            pd.DataFrame(MIXED),
            [[1, 0.5, 1, 7, np.nan], [2, np.nan, 0, np.nan, 0], [3, -1.5, 1, 9, 1]],
        ),
        (pd.Series(MIXED["real"]), [[0.5], [np.nan], [-1.5]]),
        (pd.Series(MIXED["nullable"]), [[7], [np.nan], [9]]),
        (pd.Series(MIXED["whole"]), [[1], [2], [3]]),
        (np.array(MIXED["yes"]), [[1], [0], [1]]),
        (np.array([[1, 2], [3, 4]], dtype=np.uint8), [[1, 2], [3, 4]]),
        ([[1, 2.5], [np.nan, 4]], [[1, 2.5], [np.nan, 4]]),
        ([1, 2], [[1], [2]]),
    ],
)
def test_a_matrix_is_float64_with_nan_for_gaps(table, expected):
    found = cleaning.to_matrix(table)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (["gas", "oil", "gas"], "does not hold numbers: encode its categories, or le"),
        (["1", "2", "3"], "does not hold numbers"),
        (pd.Categorical([1, 2, 1]), "does not hold numbers"),
        (pd.to_datetime(["2010-01-01"] * 3), "does not hold numbers"),
        ([1, np.inf, 2], "holds infinite values: find the division by zero or the lo"),
        ([-np.inf, 1, 2], "holds infinite values"),
        ([np.nan] * 3, "is missing in every row: leave it out"),
        (pd.array([pd.NA] * 3, dtype="Int64"), "is missing in every row"),
    ],
)
def test_a_column_that_no_model_can_take_is_named(bad, reason):
    frame = pd.DataFrame({"good": [1, 2, 3], "bad": bad, "also": [1, np.nan, 2]})
    with pytest.raises(ValueError, match=f"^Column 'bad' {reason}"):
        cleaning.to_matrix(frame)
    with pytest.raises(ValueError, match=f"^Column 'bad' {reason}"):
        cleaning.to_matrix(frame["bad"])


def test_many_bad_columns_are_named_up_to_five():
    frame = pd.DataFrame({letter: ["x", "y"] for letter in "abcde"})
    with pytest.raises(ValueError, match=r"^Column 'a', 'b', 'c', 'd', 'e' does"):
        cleaning.to_matrix(frame)
    frame["f"] = frame["g"] = np.array(["x", "y"])
    with pytest.raises(ValueError, match=r"^Column 'a', .*, 'e' and 2 more does not"):
        cleaning.to_matrix(frame)


def test_a_column_of_an_array_has_its_number():
    with pytest.raises(ValueError, match=r"^Column 1 holds infinite"):
        cleaning.to_matrix([[1, np.inf], [2, 3]])


# -- iqr_distance ----------------------------------------------------------------------


def test_distance_by_hand():
    values = [10, 20, 30, 40, 50, np.nan, 100, -5, 30]  # quartiles 17.5 and 42.5
    expected = [0.3, 0, 0, 0, 0.3, np.nan, 2.3, 0.9, 0]
    for column in (values, pd.Series(values), np.array(values), np.c_[values]):
        found = cleaning.iqr_distance(column)
        assert found.shape == (9,)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(deadline=None)
@given(
    size=st.integers(2, 40),
    missing=st.sampled_from([0, 0.5]),
    factor=st.sampled_from([0, 0.7, 1.5, 3]),
    seed=st.integers(0, 2**31),
)
def test_distance_is_tukeys_rule(size, missing, factor, seed):
    rng = np.random.default_rng(seed)
    values = rng.standard_t(2, size)  # heavy tails: outliers on both sides
    values[2:][rng.random(size - 2) < missing] = np.nan
    known = values[~np.isnan(values)]
    lower, upper = np.percentile(known, 25), np.percentile(known, 75)
    iqr = upper - lower
    outside = (known < lower - factor * iqr) | (known > upper + factor * iqr)
    distance = cleaning.iqr_distance(values)
    np.testing.assert_array_equal(np.isnan(distance), np.isnan(values))
    np.testing.assert_array_equal(distance[~np.isnan(values)] > factor, outside)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([3, 3, 3], "Half of the values and more are 3: the quartiles are equal"),
        ([0, 0, 0, 0, np.nan, 9], "and more are 0: the quartiles"),
        ([5], "and more are 5: the quartiles"),
        ([1, 2, np.inf], "holds infinite values"),
        ([1, 2, -np.inf], "holds infinite values"),
        ([np.nan, np.nan], "is missing in every row"),
        (["a", "b"], "does not hold numbers"),
        ([], "The table is empty"),
        (np.eye(3), "Give one column, not 3"),
    ],
)
def test_without_a_middle_half_there_is_no_distance(values, says):
    with pytest.raises(ValueError, match=says):
        cleaning.iqr_distance(values)
