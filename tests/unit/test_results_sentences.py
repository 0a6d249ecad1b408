"""The stored results of `benchmarks/sentences.py`: chosen without the test texts."""

import pytest

from bigmodel_lab.results import load


@pytest.fixture(scope="module")
def benchmark(script):
    return script("sentences")


@pytest.fixture(scope="module")
def table():
    return load("sentences")["table"]


def test_every_setting_is_the_one_that_held_out_texts_chose(table, benchmark):
    for row in table:
        chosen = benchmark.best(row["data"], row["labels"], row["method"])
        assert row["setting"] == chosen, row


def test_no_row_was_measured_twice(table):
    keys = [(r["data"], r["labels"], r["method"], r["seed"]) for r in table]
    assert len(keys) == len(set(keys))


def test_a_method_is_judged_on_the_same_texts_as_the_others(table):
    for data in {row["data"] for row in table}:
        assert len({row["tested"] for row in table if row["data"] == data}) == 1


def test_few_labels_are_ten_or_one_of_each_class(table):
    few = {row["data"]: row["texts"] for row in table if row["labels"] == "few"}
    assert few.items() <= {"reviews": 10, "newsgroups": 20}.items()


def test_every_program_took_its_turn_in_every_round(benchmark):
    rows = load("sentences")["speed"]
    rounds = {row["round"] for row in rows}
    assert len(rounds) >= 3
    assert {(row["program"], row["round"]) for row in rows} == {
        (name, number) for name in benchmark.PROGRAMS for number in rounds
    }
