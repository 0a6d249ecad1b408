"""The stored results of `benchmarks/scaling.py`: a grid, a law, a prediction."""

import numpy as np
import pandas as pd
import pytest

from bigmodel_lab.from_scratch import counting, scaling
from bigmodel_lab.from_scratch.scaling import ScalingLaw
from bigmodel_lab.results import load

SEEDS = {0, 1, 2}


@pytest.fixture(scope="module")
def results():
    return load("scaling")


@pytest.fixture(scope="module")
def runs(results):
    return pd.DataFrame(results["grid"].values())


@pytest.mark.parametrize("part", ["rates", "grid", "counting", "prediction", "larger"])
def test_each_part_says_when_and_where_it_was_measured(results, part):
    assert results["origin"][part]["date"].startswith("20")
    assert "torch" in results["origin"][part]["machine"]


def test_every_size_was_trained_for_every_length_by_every_seed(runs, script):
    made = script("scaling")
    assert len(runs) == len(made.SIZES) * len(made.LENGTHS) * len(SEEDS)
    seeds = runs.groupby(["parameters", "tokens"])["seed"].agg(set)
    assert seeds.eq(SEEDS).all()


def test_more_text_is_better_and_so_are_more_parameters_with_enough_of_it(runs):
    means = runs.groupby(["parameters", "tokens"])["bits"].mean().unstack()
    assert (means.diff(axis=1).iloc[:, 1:] < 0).all(axis=None)
    assert means.iloc[:, -1].is_monotonic_decreasing


def test_parameters_are_those_that_are_counted(runs, results):
    for row in [*runs.to_dict("records"), *results["larger"].values()]:
        sizes = row["settings"]
        vocabulary = row["embedding"] // sizes["dimensions"]
        model = counting.Transformer(
            **sizes,
            vocabulary_size=vocabulary,
            length=33,
            biases="none",
            shifts=False,
            places=False,
        )
        assert counting.parameters(model) == row["parameters"]


def test_the_prediction_is_what_the_law_of_the_grid_says(runs, results):
    columns = (runs[c].to_numpy() for c in ("parameters", "tokens", "bits"))
    law = scaling.fit(*columns)
    for key, said in results["prediction"].items():
        assert ScalingLaw(**said["law"]) == pytest.approx(law, rel=1e-6)
        predicted = law.loss(said["parameters"], said["tokens"])
        assert said["bits"] == pytest.approx(predicted, rel=1e-9)
        assert results["larger"][key]["parameters"] == said["parameters"]


def test_the_larger_model_is_four_times_as_large(runs, results):
    for row in results["larger"].values():
        assert row["parameters"] > 4 * runs["parameters"].max()


def test_the_learning_rates_were_the_best_of_those_tried(results, script):
    best_rate = script("scaling").best_rate
    rates = pd.DataFrame(results["rates"].values())
    rates["width"] = [sizes["dimensions"] for sizes in rates["settings"]]
    for width, tried in rates.groupby("width"):
        means = tried.groupby("rate")["validation_bits"].mean()
        assert means[best_rate(width)] <= means.min() + 0.02
        assert np.isfinite(means).all()
