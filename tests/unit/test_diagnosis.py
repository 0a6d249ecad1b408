import math

import pandas as pd
import pytest

from bigmodel_lab.widgets.diagnosis import diagnose


def history(train, validation=None):
    table = pd.DataFrame({"epoch": range(1, len(train) + 1), "train_loss": train})
    return table if validation is None else table.assign(validation_loss=validation)


FALLING = [1.0, 0.8, 0.6, 0.45, 0.35, 0.28, 0.22, 0.17]


@pytest.mark.parametrize(
    ("train", "validation", "verdict"),
    [
        ([], None, "Too few epochs"),
        ([1.0, 0.5], None, "Too few epochs"),
        (FALLING, [1, 0.9, 0.8, 0.7, 0.75, 0.8, 0.9, 1.05], "Overfitting from epoch 4"),
        (FALLING, FALLING, "Still falling"),
        (FALLING, None, "Still falling"),
        ([1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], None, "Flat since epoch 3"),
        ([1, 0.3, 0.1, 0.1, 0.1], [1, 0.3, 0.1, 0.1, 0.1], "Flat since epoch 3"),
        ([2.30, 2.29, 2.28, 2.27], None, "It hardly moves: the loss fell by 1.3%"),
        ([2.30, 2.29, 2.31, 2.27], None, "Flat"),
        ([1.0, 1.5, 2.0, 3.0], None, "The loss rises"),
        ([1.0, 1.5, 2.0, 3.0], [1.0, 1.5, 2.0, 3.0], "The loss rises"),
        # 1 % up is noise, not overfitting.
        (FALLING, [1, 0.9, 0.8, 0.7, 0.707, 0.7, 0.707, 0.707], "Still falling"),
        # Validation losses that cannot be compared are left out, without a warning.
        (FALLING, [math.nan] * 8, "Still falling"),
        (FALLING, [math.inf] * 8, "Still falling"),
        ([1, 0.5, 0, 0, 0], [1, 0.5, 0, 0, 0], "Flat since epoch 3"),
    ],
)
def test_verdict(train, validation, verdict):
    assert diagnose(history(train, validation)).startswith(verdict)


def test_overfitting_says_by_how_much():
    said = diagnose(history(FALLING, [1, 0.9, 0.8, 0.7, 0.75, 0.8, 0.9, 1.05]))
    assert "50%" in said


def test_a_flat_curve_is_called_neither_solved_nor_stuck():
    said = diagnose(history([8.2, 0.25, 0.25, 0.25, 0.25]))
    assert said.startswith("Flat since epoch 2: either done")
    assert "stuck" in said
    assert "baseline" in said
    assert "will not help" not in said


def in_steps(train, validation=None):
    return (
        history(train, validation)
        .rename(columns={"epoch": "step"})
        .assign(step=range(50, 50 * len(train) + 50, 50))
    )


@pytest.mark.parametrize("rows", range(3))
def test_where_each_step_is_measured_only_more_steps_help(rows):
    table = history(FALLING[:rows]).rename(columns={"epoch": "step"})
    assert diagnose(table) == "Too few steps to judge: let it run longer."


@pytest.mark.parametrize(
    ("train", "validation", "verdict"),
    [
        ([1.0], None, "Too few measurements to judge: make measure_every smaller."),
        (
            FALLING,
            [1, 0.9, 0.8, 0.7, 0.75, 0.8, 0.9, 1.05],
            "Overfitting from step 200",
        ),
        (FALLING, None, "Still falling at the end: try more steps"),
        ([1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], None, "Flat since step 150"),
        (
            [2.30, 2.29, 2.28, 2.27],
            None,
            "It hardly moves: the loss fell by 1.3% in 200",
        ),
    ],
)
def test_a_history_in_steps_is_judged_in_steps(train, validation, verdict):
    assert diagnose(in_steps(train, validation)).startswith(verdict)
