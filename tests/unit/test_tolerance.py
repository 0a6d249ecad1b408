"""Numbers with their tolerance: written, and compared in texts and tables."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import bigmodel_lab as lab
from bigmodel_lab import tolerance

WRITTEN = [
    ((0.2513,), {}, "≈ 0.25"),
    ((0.2513,), {"decimals": 3}, "≈ 0.251"),
    ((0.2513,), {"decimals": 1}, "≈ 0.3"),
    ((36.21,), {"decimals": 1}, "≈ 36.2"),
    ((1_579.4,), {"decimals": 0}, "≈ 1,579"),
    ((-0.2513,), {}, "≈ -0.25"),
    ((0.2513,), {"sign": True}, "≈ +0.25"),
    ((0.0996,), {}, "≈ 0.10"),
    ((9.96, None, "s"), {}, "≈ 10 s"),
    ((33_123.4,), {}, "≈ 33,123"),
    ((0.0,), {}, "≈ 0.0"),
    ((2.23e44,), {}, "≈ 2.2e+44"),
    ((1.26e-9,), {}, "≈ 1.3e-09"),
    ((95.61, 0.93, "%"), {}, "95.6 ± 0.9 %"),
    ((95.61, 0.143, "%"), {}, "95.61 ± 0.14 %"),
    ((33_123, 387, "dollars"), {}, "33,100 ± 400 dollars"),
    ((33_123, 1_234), {}, "33,100 ± 1,200"),
    ((1.263, 0.354), {"sign": True}, "+1.26 ± 0.35"),
    ((1.263, 0.356), {"sign": True}, "+1.3 ± 0.4"),
    ((-0.04, 0.4), {}, "0.0 ± 0.4"),
    ((1.263, 0.97), {}, "1.3 ± 1.0"),
    ((98.0, 0.0), {}, "98 ± 0"),
    (([95, 96, 97], None, "%"), {}, "96.0 ± 1.0 %"),
    ((torch.tensor([95.0, 96.0, 97.0]),), {}, "96.0 ± 1.0"),
    ((pd.Series([95.0, 96.0, 97.0]),), {}, "96.0 ± 1.0"),
    ((np.float32(0.2513),), {}, "≈ 0.25"),
    ((math.nan, 0.1, "%"), {}, "nan %"),
    ((-math.inf,), {}, "-inf"),
]


@pytest.mark.parametrize(("arguments", "options", "text"), WRITTEN)
def test_about_has_one_rule_of_rounding(arguments, options, text):
    assert lab.about(*arguments, **options) == text


@pytest.mark.parametrize("value", [[1.0], [], [[1.0, 2.0], [3.0, 4.0]]])
def test_about_refuses_what_has_no_spread(value):
    with pytest.raises(ValueError, match="two seeds or more in one row, not shape"):
        lab.about(value)


def test_about_refuses_two_spreads_and_a_negative_one():
    with pytest.raises(ValueError, match=r"not shape \(2,\) with spread=1"):
        lab.about([1.0, 2.0], spread=1)
    with pytest.raises(ValueError, match="0 or more, not -1"):
        lab.about(1.0, spread=-1)


NUMBERS = st.floats(1e-6, 1e9) | st.floats(-1e9, -1e-6)


@given(NUMBERS, st.floats(0.01, 0.5), st.floats(-0.6, 0.6))
def test_what_moves_by_less_than_its_spread_is_the_same(mean, part, move):
    spread = part * abs(mean)
    stored = lab.about(mean, spread)
    # Both are rounded before they are compared, by at most a seventh of the spread.
    assert tolerance.settled(lab.about(mean + move * spread, spread), stored) == stored


@given(NUMBERS, st.floats(0.01, 0.5), st.sampled_from([-1.7, 1.7]))
def test_what_moves_by_much_more_is_another(mean, part, move):
    spread = part * abs(mean)
    stored, other = (lab.about(mean + k * spread, spread) for k in (0, move))
    assert tolerance.settled(other, stored) == other != stored


@given(st.integers(10, 99), st.integers(-12, 12), st.integers(-6, 6))
def test_three_units_of_the_last_digit(digits, exponent, units):
    stored = f"≈ {digits}e{exponent:+03d}"
    fresh = f"≈ {digits + units}e{exponent:+03d}"
    same = tolerance.settled(fresh, stored) == stored
    assert same == (abs(units) <= tolerance.UNITS)


# What the fresh run may and may not print where the first is stored.
PLANTED = [
    ("accuracy 95.6 ± 0.9 %", "accuracy 94.7 ± 0.9 %", True),
    ("accuracy 95.6 ± 0.9 %", "accuracy 96.5 ± 1.7 %", True),
    ("accuracy 95.6 ± 0.9 %", "accuracy 94.6 ± 0.9 %", False),  # outside
    ("accuracy 95.6 ± 0.9 %", "accuracy 95.6 ± 1.9 %", False),  # another spread
    ("accuracy 95.6 ± 0.9 %", "accuracy 95.6 ± 0.4 %", False),
    ("accuracy 95.6 ± 0.9 %", "accuracy 95.6 %", False),  # the ± is missing
    ("accuracy 95.6 %", "accuracy 95.6 ± 0.9 %", False),
    ("accuracy 95.6 ± 0.9 %", "accuracy ≈ 95.6 %", False),
    ("accuracy ≈ 95.6 %", "accuracy 95.6 ± 0.9 %", False),
    ("accuracy 95.6 ± 0.9 %", "accuracy 95.6 ± 0.9 points", False),  # another unit
    ("accuracy 95.6 ± 0.9 %", "precision 95.6 ± 0.9 %", False),
    ("accuracy 95.6 ± 0.9 %", "accuracy nan ± 0.9 %", False),
    ("accuracy 95.6 ± 0.9 %", "accuracy nan %", False),
    ("accuracy 95.6 ± 0.0 %", "accuracy 95.7 ± 0.0 %", False),
    ("error 33,100 ± 300 dollars", "error 32,900 ± 250 dollars", True),
    ("error 33,100 ± 300 dollars", "error 32,700 ± 300 dollars", False),
    ("loss ≈ 0.25", "loss ≈ 0.22", True),
    ("loss ≈ 0.25", "loss ≈ 0.28", True),
    ("loss ≈ 0.25", "loss ≈ 0.21", False),
    ("loss ≈ 0.25", "loss ≈ 0.29", False),
    ("loss ≈ 0.25", "loss ≈ -0.25", False),  # another sign
    ("loss ≈ -0.01", "loss ≈ 0.01", True),
    ("loss ≈ 0.25", "loss 0.25", False),
    ("loss ≈ 0.25", "loss nan", False),
    ("loss ≈ 2.2e+44", "loss ≈ 2.5e+44", True),
    ("loss ≈ 2.2e+44", "loss ≈ 2.2e+45", False),
    ("loss ≈ 9.9", "loss ≈ 10.1", True),
    ("loss 0.25", "loss 0.26", False),  # no tolerance
    ("a ≈ 0.25, b ≈ 0.75", "a ≈ 0.26, b ≈ 0.74", True),
    ("a ≈ 0.25, b ≈ 0.75", "a ≈ 0.75, b ≈ 0.25", False),
    ("a ≈ 0.25, b ≈ 0.75", "a ≈ 0.25", False),
]


@pytest.mark.parametrize(("stored", "fresh", "same"), PLANTED)
def test_a_number_is_compared_within_its_own_tolerance(stored, fresh, same):
    assert (tolerance.settled(fresh, stored) == stored) == same


def outputs(frame):
    """Return the outputs of a cell that shows a data frame."""
    data = {"text/plain": repr(frame), "text/html": frame.to_html()}
    return [{"output_type": "execute_result", "data": data, "metadata": {}}]


def table(**columns):
    return pd.DataFrame(columns, index=["none", "rotate"])


STORED = table(accuracy=["9.9 ± 0.9 %", "95.6 ± 0.9 %"], loss=["≈ 9.9", "≈ 0.25"])
TABLES = {
    "inside": (
        table(accuracy=["10.1 ± 0.9 %", "95.1 ± 0.8 %"], loss=["≈ 10.1", "≈ 0.24"]),
        True,
    ),
    "outside": (
        table(accuracy=["9.9 ± 0.9 %", "97.6 ± 0.9 %"], loss=["≈ 9.9", "≈ 0.25"]),
        False,
    ),
    "columns exchanged": (STORED[["loss", "accuracy"]], False),
    "rows exchanged": (STORED.iloc[::-1], False),
    "values of two columns exchanged": (
        STORED.set_axis(["loss", "accuracy"], axis=1),
        False,
    ),
    "another header": (STORED.rename(columns={"loss": "error"}), False),
    "a column more": (STORED.assign(seconds=[1, 2]), False),
    "another unit": (
        table(accuracy=["9.9 ± 0.9 %", "95.6 ± 0.9 p"], loss=["≈ 9.9", "≈ 0.25"]),
        False,
    ),
    "a value moved to the next column": (
        table(accuracy=["9.9 ± 0.9 %", ""], loss=["≈ 9.9", "95.6 ± 0.9 % ≈ 0.25"]),
        False,
    ),
}


@pytest.mark.parametrize("plant", TABLES)
def test_a_table_is_compared_in_text_and_html(plant):
    frame, same = TABLES[plant]
    fresh, stored = tolerance.comparable(outputs(frame), outputs(STORED))
    for kind in ("text/plain", "text/html"):
        equal = fresh[0]["data"][kind] == stored[0]["data"][kind]
        assert equal == same, kind
    found = list(tolerance.differences(outputs(frame), outputs(STORED)))
    assert (found == []) == same


def stream(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_the_first_difference_is_named_with_its_tolerance():
    fresh, stored = [stream("a 1, b ≈ 0.31\n")], [stream("a 1, b ≈ 0.25\n")]
    assert list(tolerance.differences(fresh, stored)) == [("≈ 0.31", "≈ 0.25")]
    assert list(tolerance.differences([], stored)) == [
        ("0 times stdout", "1 times stdout")
    ]


def test_comparing_changes_no_output():
    fresh, stored = [stream("≈ 0.26")], [stream("≈ 0.25")]
    ours, theirs = tolerance.comparable(fresh, stored)
    assert ours == theirs == stored
    assert fresh == [stream("≈ 0.26")]


def picture(alt, pixels):
    html = f'<img alt="{alt}" src="data:image/png;base64,{pixels}"> 0.123456'
    return [{"output_type": "display_data", "data": {"text/html": html}}]


def test_the_pixels_of_a_figure_are_hidden_and_nothing_else():
    ours, theirs = tolerance.comparable(
        picture("a dot", "iVBORw0KGgo="), picture("a dot", "AAAA")
    )
    hidden = '<img alt="a dot" src="PIXELS"> 0.123456'
    assert ours[0]["data"]["text/html"] == theirs[0]["data"]["text/html"] == hidden
    ours, theirs = tolerance.comparable(picture("a dot", "A"), picture("a line", "A"))
    assert ours != theirs


def test_raw_images_and_widgets_are_left_to_nbval():
    data = {"image/png": "iVBO", "application/vnd.jupyter.widget-view+json": {"id": 1}}
    shown = [{"output_type": "display_data", "data": data}]
    assert tolerance.comparable(shown, shown) == (shown, shown)
