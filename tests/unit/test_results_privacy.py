"""The stored results of `benchmarks/privacy.py`, and what chapter 12 says of them."""

import statistics
import subprocess
import sys

import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from bigmodel_lab import privacy, private_sgd
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load


@pytest.fixture(scope="module")
def made(script):
    return script("privacy")


@pytest.fixture(scope="module")
def results():
    return load("privacy")


@pytest.fixture(scope="module")
def price(results):
    return {row["noise"]: row for row in results["price"]["rows"]}


@pytest.fixture(scope="module")
def attacks(results):
    rows = pd.DataFrame(results["members"]["rows"])
    return rows.groupby(["wrong", "model"]).mean(numeric_only=True)


@pytest.mark.parametrize("part", ["price", "members", "cost"])
def test_each_part_says_when_and_where_it_was_measured(results, part):
    assert results[part]["date"].startswith("20")
    assert "torch" in results[part]["machine"]


def test_there_are_all_seeds_and_all_settings(results, made, price):
    assert tuple(price) == made.NOISES
    for row in price.values():
        assert [float(rate) for rate in row["kept back"]] == list(made.RATES)
        assert len(row["test"]) == len(made.SEEDS)
    rows = results["members"]["rows"]
    assert len(rows) == len(made.WRONG) * len(made.SEEDS) * len(made.MODELS)


def test_the_best_rate_is_the_best_of_those_tried(price):
    for row in price.values():
        means = {rate: statistics.mean(kept) for rate, kept in row["kept back"].items()}
        assert max(means, key=means.get) == f"{row['rate']:g}"


def test_the_epsilons_are_the_accountants(price):
    for noise, row in price.items():
        if noise:
            wanted = privacy.epsilon(256 / 3200, noise, 12 * 13)
            assert row["epsilon"] == pytest.approx(wanted)


def test_clipping_alone_costs_nothing_at_its_own_rate(price):
    plain, clipped = (statistics.mean(price[noise]["test"]) for noise in (None, 0))
    assert abs(plain - clipped) < 0.5
    half = {noise: statistics.mean(price[noise]["kept back"]["0.5"]) for noise in price}
    assert half[None] - half[0] > 4


def test_wrong_labels_give_members_away_and_noise_hides_them(attacks):
    heart = attacks.loc[0.2, "after 100 epochs"]
    assert heart["caught references"] > 15
    assert heart["caught loss"] < 3
    noisy = attacks.loc[0.2, "noise 2"]
    assert noisy["caught references"] < 4
    assert noisy["test"] > heart["test"] + 3
    # Stopping early hides as well, and promises nothing.
    early = attacks.loc[0.2, "after 5 epochs"]
    assert early["caught references"] < 5
    assert early["epsilon"] == float("inf")


def test_norms_alone_cost_far_less_than_stored_gradients(results):
    times = results["cost"]["ms"]
    plain, norms, each = (statistics.median(times[name]) for name in times)
    assert norms < 2 * plain
    assert each > 20 * plain


def test_both_ways_of_clipping_give_the_same_sum(made):
    torch.manual_seed(0)
    X, y, model = torch.rand(9, 784), torch.randint(10, (9,)), made.network(3)
    stored = made.stored_gradients(model, X, y, 0.7)
    total, _ = private_sgd.clipped_sum(model, F.cross_entropy, X, y, 0.7)
    for a, b in zip(stored, total, strict=True):
        assert torch.allclose(a, b.flatten(), atol=1e-5)


def test_the_readme_has_the_tables_that_are_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "privacy.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.tables(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
