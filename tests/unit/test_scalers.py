"""Four scalers: scikit-learn's numbers, learned from some rows, used on others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from bigmodel_lab.from_scratch import scalers

SCALERS = {
    "min_max": (scalers.min_max, MinMaxScaler),
    "symmetric": (scalers.symmetric, lambda: MinMaxScaler((-1, 1))),
    "standard": (scalers.standard, StandardScaler),
    "robust": (scalers.robust, RobustScaler),
}
LEARN = [learn for learn, _ in SCALERS.values()]


def rows_with_gaps(rng, rows, columns, missing):
    """Return rows (N, d), every column on a scale of its own, none of them flat."""
    X = rng.normal(size=(rows, columns))
    X[:2] = [[-1], [1]]
    X = X * 10.0 ** rng.integers(-3, 4, columns) + rng.integers(-50, 50, columns)
    gaps = rng.random(X.shape) < missing
    gaps[:2] = False
    return np.where(gaps, np.nan, X)


@pytest.mark.parametrize(("learn", "theirs"), SCALERS.values(), ids=SCALERS)
@settings(deadline=None)
@given(
    rows=st.integers(2, 30),
    columns=st.integers(1, 5),
    missing=st.sampled_from([0, 0.3, 0.9]),
    seed=st.integers(0, 2**31),
)
def test_every_scaler_equals_scikit_learn(learn, theirs, rows, columns, missing, seed):
    rng = np.random.default_rng(seed)
    train = rows_with_gaps(rng, rows, columns, missing)
    test = rows_with_gaps(rng, 7, columns, missing) * 3  # beyond the range of train
    names = [f"column {k}" for k in range(columns)]
    frames = [
        pd.DataFrame(X, index=rng.permutation(len(X)) + 100, columns=names)
        for X in (train, test)
    ]
    expected = theirs().fit(train)
    for fitted, others in ((train, test), frames):
        ours = learn(fitted)
        assert ours.shift.shape == ours.scale.shape == (columns,)
        for X in (fitted, others):
            Z = ours.transform(X)
            np.testing.assert_allclose(Z, expected.transform(np.asarray(X)), atol=1e-9)
            np.testing.assert_allclose(ours.inverse(Z), X, atol=1e-9)
            assert type(Z) is type(ours.inverse(Z)) is type(X)
    for frame in (Z, ours.inverse(Z)):
        pd.testing.assert_index_equal(frame.index, others.index)
        pd.testing.assert_index_equal(frame.columns, others.columns)


@pytest.mark.parametrize(
    ("learn", "shift", "scale"),
    [
        (scalers.min_max, 0, 12),
        (scalers.symmetric, 6, 6),
        (scalers.standard, 4, 17.2**0.5),  # the mean square of -4, -2, -1, -1, 8
        (scalers.robust, 3, 1),
    ],
)
def test_by_hand(learn, shift, scale):
    X = np.array([[0.0], [2.0], [np.nan], [3.0], [3.0], [12.0]])
    learned = learn(X)
    np.testing.assert_allclose(learned.shift, [shift], rtol=1e-12)
    np.testing.assert_allclose(learned.scale, [scale], rtol=1e-12)


@pytest.mark.parametrize("learn", LEARN)
def test_neither_the_fitted_rows_nor_the_others_are_changed(learn):
    X = pd.DataFrame({"area": [1.0, 2.0, np.nan, 4.0], "age": [3, 5, 1, 0]})
    before = X.copy()
    scaler = learn(X)
    scaler.inverse(scaler.transform(X))
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize("learn", LEARN)
def test_columns_of_every_kind_of_number(learn):
    plain = pd.DataFrame({"whole": [1, 5, 2, 3], "gap": [7, np.nan, 3, 4]})
    plain["yes"] = [1.0, 0.0, 0.0, 1.0]
    mixed = plain.astype({"gap": "Int64", "yes": bool})
    expected, found = (learn(X).transform(X) for X in (plain, mixed))
    assert found["gap"].isna().tolist() == [False, True, False, False]
    np.testing.assert_allclose(found.to_numpy(float, na_value=np.nan), expected)


@pytest.mark.parametrize("learn", LEARN)
@pytest.mark.parametrize(
    ("column", "says"),
    [
        ([0.1, 0.1, 0.1], "'bad' has no spread to divide by: .* the same. Leave it"),
        ([7, 7, np.nan], "'bad' has no spread"),
        ([1, 2, np.inf], "'bad' holds infinite values"),
        ([1, 2, -np.inf], "'bad' holds infinite values"),
        ([np.nan, np.nan, np.nan], "'bad' is missing in every row: leave it out"),
        (["gas", "oil", "gas"], "'bad' does not hold numbers: encode its categories"),
    ],
)
def test_a_bad_column_is_named(learn, column, says):
    frame = pd.DataFrame({"good": [1, 2, 3], "bad": column})
    with pytest.raises(ValueError, match=f"^Column {says}") as error:
        learn(frame)
    assert "good" not in str(error.value)
    with pytest.raises(ValueError, match=r"^Column 1 "):  # arrays: by number, from 0
        learn(frame.astype({"good": float}).set_axis([0, 1], axis=1))


@pytest.mark.parametrize("learn", LEARN)
@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e9 + 0.1, -7.7])
@pytest.mark.parametrize("rows", [1, 3, 7, 1000])
def test_a_constant_is_refused_though_its_mean_is_rounded(learn, value, rows):
    with pytest.raises(ValueError, match="Column 0 has no spread"):
        learn(np.full((rows, 1), value))


def test_every_flat_column_is_named():
    frame = pd.DataFrame({"a": [1, 1], "b": [1, 2], "c": [3, 3]})
    with pytest.raises(ValueError, match=r"^Column 'a', 'c' has no spread"):
        scalers.standard(frame)


def test_robust_needs_a_middle_half_and_the_others_do_not():
    pool = pd.DataFrame({"pool": [0, 0, 0, 0, 0, 0, 0, 500, 800]})
    with pytest.raises(ValueError, match=r"'pool' .* the middle half of them, are the"):
        scalers.robust(pool)
    for learn in (scalers.min_max, scalers.symmetric, scalers.standard):
        assert learn(pool).scale > 0


@pytest.mark.parametrize("learn", LEARN)
@pytest.mark.parametrize("shape", [(0, 2), (3, 0)])
def test_an_empty_table_is_refused(learn, shape):
    message = f"it has {shape[0]} rows and {shape[1]} columns"
    for empty in (np.empty(shape), pd.DataFrame(np.empty(shape))):
        with pytest.raises(ValueError, match=message):
            learn(empty)


@pytest.mark.parametrize("method", ["transform", "inverse"])
@pytest.mark.parametrize("shape", [(4, 1), (4, 3), (2,), (4,), (), (4, 2, 2)])
def test_another_number_of_columns_is_refused(method, shape):
    scaler = scalers.min_max(np.eye(2))
    with pytest.raises(ValueError, match=r"fitted on columns \(N, 2\)") as error:
        getattr(scaler, method)(np.ones(shape))
    assert f"shape {shape}: give the same columns" in str(error.value)


def test_a_frame_of_other_width_does_not_broadcast():
    scaler = scalers.min_max(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(ValueError, match=r"columns \['a'\], this has \['a', 'b'\]"):
        scaler.transform(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))


def test_columns_in_another_order_are_refused():
    scaler = scalers.standard(pd.DataFrame({"area": [1.0, 3], "rooms": [2.0, 5]}))
    swapped = pd.DataFrame({"rooms": [2.0], "area": [1.0]})
    with pytest.raises(ValueError, match=r"fitted on the columns \['area', 'rooms'\]"):
        scaler.transform(swapped)
    np.testing.assert_allclose(scaler.transform(np.array([[2.0, 3.5]])), [[0, 0]])
