"""The stored results of `benchmarks/recommending.py`."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from bigmodel_lab import recommending
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load


@pytest.fixture(scope="module")
def made(script):
    return script("recommending")


@pytest.fixture(scope="module")
def results():
    return load("recommending")


@pytest.fixture(scope="module")
def rows(results, made):
    return {split: pd.DataFrame(results[split]["rows"]) for split in made.SPLITS}


def test_each_split_says_when_and_where_it_was_measured(results, made):
    for split in made.SPLITS:
        assert results[split]["date"].startswith("20")
        assert "torch" in results[split]["machine"]
        assert results[split]["films"] == 3496


def test_there_are_all_methods_and_seeds(rows, made):
    methods = {"means", *made.NETWORKS, *made.makers(), made.PAIRS}
    for split, found in rows.items():
        assert set(found["method"]) == methods
        for name in (*made.NETWORKS, made.PAIRS):
            assert (found["method"] == name).sum() == len(made.SEEDS)
        drawn = len(made.SEEDS) if split == "random" else 1
        assert (found["method"] == "EASE").sum() == drawn


def test_a_random_split_flatters_everybody(rows):
    mean = {
        split: found.groupby("method")[["auc", "recall"]].mean()
        for split, found in rows.items()
    }
    for method in ("means", "DeepFM"):
        areas = [mean[split].loc[method, "auc"] for split in ("random", "user", "date")]
        assert areas == sorted(areas, reverse=True)
    known = [mean[split].loc["EASE", "recall"] for split in ("random", "user")]
    assert known[0] > 2 * known[1]


def test_deep_networks_are_no_better_than_a_product_of_two_vectors(rows):
    for found in rows.values():
        area = found.groupby("method")["auc"].mean()
        deep = area[["DeepFM", "NFM"]].max()
        assert deep < area["matrix factorization"] + 0.006


def test_who_tells_rated_films_apart_need_not_make_good_lists(rows):
    found = rows["user"].groupby("method")[["auc", "recall", "shown"]].mean()
    assert found.loc["DeepFM", "auc"] > found.loc["means", "auc"]
    assert found.loc["DeepFM", "recall"] < 3 < found.loc["popularity", "recall"]
    assert found.loc["EASE", "recall"] > found.loc["neighbors", "recall"]
    assert found.loc["neighbors", "shown"] > 5 * found.loc["popularity", "shown"]


def test_the_same_vectors_make_better_lists_if_trained_for_them(rows, made):
    for split in ("random", "user"):
        found = rows[split].groupby("method")["recall"].mean()
        assert found[made.PAIRS] > 1.5 * found["matrix factorization"]
        assert found[made.PAIRS] < found["neighbors"] < found["EASE"]


def test_by_date_most_users_were_never_seen(rows):
    found = rows["date"]
    assert found["cold"].max() > 0.7
    lists = found.groupby("method")["recall"].mean().dropna()
    assert lists.max() - lists.min() < 1.5


def test_of_whom_nothing_is_known_gets_what_is_popular(made):
    known = np.array([[1, 1, 0, 0] + 12 * [0], [0] * 16], np.float32)
    known[0, 5] = 1
    wanted = np.zeros_like(known)
    wanted[1, [0, 9]] = 1
    scores = np.tile(np.arange(16.0), (2, 1))
    row = made.lists(scores, known, np.vstack([wanted[1], wanted[1]]))
    assert row["cold"] == 0.5
    assert row["users"] == 2
    popular = recommending.top(recommending.popularity(known), known)
    assert 0 in popular[1]


def test_the_readme_has_the_tables_that_are_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "recommending.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.tables(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
