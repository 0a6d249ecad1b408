"""The stored results of `benchmarks/shrinking.py`, and what chapter 11 says of them."""

import subprocess
import sys

import pandas as pd
import pytest

from bigmodel_lab import models
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load


@pytest.fixture(scope="module")
def made(script):
    return script("shrinking")


@pytest.fixture(scope="module")
def results():
    return load("shrinking")


@pytest.fixture(scope="module")
def digits(results):
    return pd.DataFrame(results["digits"]["seeds"]).mean()


@pytest.mark.parametrize("part", ["digits", "poet"])
def test_each_part_says_when_and_where_it_was_measured(results, part):
    assert results[part]["date"].startswith("20")
    assert "torch" in results[part]["machine"]


def test_there_are_all_seeds_and_all_settings(results, made):
    assert len(results["digits"]["seeds"]) == len(made.SEEDS)
    poet = [(row["bits"], row["scale"]) for row in results["poet"]["rows"][1:]]
    assert poet == [(bits, str(g)) for bits in made.BITS for g in made.GROUPS]


def test_a_teacher_helps_where_labels_are_few(digits):
    best = {
        f"{kind} {n}": max(digits[f"{kind} {n} {rate}"] for rate in (0.003, 0.01))
        for kind in ("labels", "answers")
        for n in (200, 800, 3200)
    }
    assert best["answers 200"] > best["labels 200"] + 3
    assert best["answers 800"] > best["labels 800"]
    assert abs(best["answers 3200"] - best["labels 3200"]) < 0.5
    assert digits["answers 3200 0.003"] < digits["labels 3200 0.003"] - 0.5


def test_a_narrow_network_from_nothing_beats_what_pruning_left(digits):
    assert digits["channels 0.75 from nothing"] > digits["channels 0.75 tuned"] + 3
    assert abs(digits["channels 0.5 from nothing"] - digits["channels 0.5 tuned"]) < 1


def test_a_group_of_all_rows_or_32_is_rounded_alone(made):
    model = models.digit_mlp()
    model[1].weight.data[0, 0] = 30.0
    before = model[1].weight.detach()
    off = {
        group: (made.rounded(model, 8, group)[1].weight - before).abs().max(1).values
        for group in ("all", "row", 16)
    }
    assert (off["all"][1:] > 3 * off["row"][1:]).all()
    assert (off["row"] >= off[16]).all()


def test_the_readme_has_the_tables_that_are_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "shrinking.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.tables(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
