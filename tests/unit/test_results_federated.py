"""The stored results of `benchmarks/federated.py`, and what chapter 12 says of them."""

import subprocess
import sys

import numpy as np
import pytest

from bigmodel_lab import Diverged
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load


@pytest.fixture(scope="module")
def made(script):
    return script("federated")


@pytest.fixture(scope="module")
def results():
    return load("federated")


@pytest.fixture(scope="module")
def accuracy(made, results):
    """Return a function: the accuracy of a setting at its best rate, over the seeds."""

    def accuracy(dealt, together, local_epochs=1, proximal=0.0, rounds=made.ROUNDS):
        setting = {"dealt": dealt, "together": together, "local_epochs": local_epochs}
        rows, setting = results["rows"], setting | {"proximal": proximal}
        row = made.chosen(rows, rounds, **setting)
        return np.mean(row["test"], axis=0)[rounds - 1]

    return accuracy


def test_it_says_when_and_where_it_was_measured(results):
    assert results["date"].startswith("20")
    assert "torch" in results["machine"]
    assert results["made_by"] == "benchmarks/federated.py"


def test_there_are_all_settings_rates_seeds_and_rounds(made, results):
    found = [(*row.values(),)[:5] for row in results["rows"]]
    wanted = [
        (*setting.values(), rate)
        for setting in made.settings()
        for rate in results["rates"]
    ]
    assert found == wanted
    assert set(results["rates"]) <= {*made.RATES}
    for row in results["rows"]:
        shape = results["seeds"], made.ROUNDS
        assert np.shape(row["kept"]) == np.shape(row["test"]) == shape
        assert 0 < np.min(row["test"]) < np.max(row["test"]) < 100


def test_together_clients_know_more_than_each_alone(accuracy):
    assert accuracy("equal", 10) > accuracy("equal", 0) + 3
    assert accuracy("two digits", 10) > accuracy("two digits", 0) + 30
    assert accuracy("two digits", 0) < 30
    assert accuracy("all at one", 1) > accuracy("equal", 10, 5) - 0.5


def test_what_each_has_decides_more_than_how_long_it_trains(accuracy):
    equal, uneven = accuracy("equal", 10, 5), accuracy("two digits", 10, 5)
    assert equal > uneven + 3
    assert accuracy("two digits", 3, 5) < uneven - 3
    assert abs(accuracy("equal", 3, 5) - equal) < 2


def test_with_few_uneven_clients_rounds_undo_each_other(made, results):
    setting = {"local_epochs": 5, "proximal": 0.0, "together": 3}

    def fall(dealt):
        row = made.chosen(results["rows"], dealt=dealt, **setting)
        return -np.diff(row["test"])[:, 9:].min(1).mean()

    assert fall("two digits") > 5 > 3 > fall("equal")


def test_the_rate_is_chosen_by_the_digits_that_were_kept_back(made):
    rows = [
        {"dealt": "a", "rate": 1, "kept": [[5, 1], [6, 2]], "test": [[0, 9], [0, 9]]},
        {"dealt": "a", "rate": 2, "kept": [[4, 3], [4, 4]], "test": [[9, 0], [9, 0]]},
        {"dealt": "b", "rate": 3, "kept": [[9, 9], [9, 9]], "test": [[9, 9], [9, 9]]},
    ]
    assert made.chosen(rows, 1, dealt="a")["rate"] == 1
    assert made.chosen(rows, 2, dealt="a")["rate"] == 2


def test_one_round_is_measured_on_both_parts(made, monkeypatch):
    monkeypatch.setattr(made, "ROUNDS", 1)
    setting = {"dealt": "two digits", "together": 3, "local_epochs": 1, "proximal": 0.1}
    found = made.measured(setting, 0.2, seed=0)
    assert found.shape == (1, 2)
    assert (found > 12).all()
    assert made.measured(setting, 0.2, seed=0).tolist() == found.tolist()


def test_who_is_alone_is_measured_ten_times(made, monkeypatch):
    asked = []

    def by_round(clients, together, **options):
        asked.append((len(clients), together))
        return np.full((2, 2), float(len(asked)))

    monkeypatch.setattr(made, "by_round", by_round)
    setting = {"dealt": "equal", "together": 0, "local_epochs": 1, "proximal": 0.0}
    assert made.measured(setting, 0.2, seed=0).tolist() == [[5.5, 5.5]] * 2
    assert asked == [(1, 1)] * 10


def test_a_training_that_diverges_counts_as_guessing(made, monkeypatch):
    def one_round_and_no_more(*args, **kwargs):
        class Training:
            model = made.models.digit_mlp()

            def __iter__(self):
                yield
                raise Diverged.__new__(Diverged)

        return Training()

    monkeypatch.setattr(made.lab, "FederatedTraining", one_round_and_no_more)
    found = made.by_round([], 1, 1, 0.0, 9.0, 0)
    assert found.shape == (made.ROUNDS, 2)
    assert (found[1:] == 10).all()


def test_every_digit_is_dealt_to_one_client(made):
    for dealt in (*made.DEALT, "all at one"):
        sizes = [len(y) for _, y in made.clients_of(dealt, 0)]
        assert sum(sizes) == made.KEPT


def test_the_readme_has_the_table_that_is_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "federated.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.table(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
