"""The stored results of `benchmarks/transfer.py`: what chapter 15 says about them."""

import subprocess
import sys

import numpy as np
import pytest

from bigmodel_lab import results as stored
from bigmodel_lab.authoring.notebooks import ROOT


@pytest.fixture(scope="module")
def made(script):
    return script("transfer")


@pytest.fixture(scope="module")
def parts(made):
    return made.parts


@pytest.fixture(scope="module")
def results():
    return stored.load("transfer")


def values(row, what="AUC", part="test"):
    """Return what a row reached by seed, percent: an array."""
    return np.array([quality[what] for quality in row[part]])


def test_each_part_says_when_and_where_it_was_measured(results, made):
    for part in made.PARTS:
        assert results["origin"][part]["date"].startswith("20")
        assert "torch" in results["origin"][part]["machine"]
    assert results["made_by"] == "benchmarks/transfer.py"


def test_there_are_all_ways_numbers_and_seeds(results, made, parts):
    wanted = {f"{way}, {n}" for way in made.WAYS for n in parts.LABELS}
    assert set(results["labels"]) == wanted
    assert all(
        len(row["test"]) == len(parts.SEEDS) == 5 for row in results["labels"].values()
    )


def test_settings_are_those_that_validation_likes_best(results, made, parts):
    norms = {
        rate: values(results["rates"][f"fixed norms, {rate:g}"], part="validation").mean()
        for rate in parts.RATES
    }
    chosen = results["labels"][f"{made.TUNED}, {made.MOST}"]["setting"]
    assert chosen == max(norms, key=norms.get)
    assert results["labels"][f"{made.BAD}, {made.MOST}"]["setting"] == parts.BAD_RATE
    assert parts.BAD_RATE > chosen


# -- the script ------------------------------------------------------------------------


MODULES = np.repeat(np.arange(44), 30)


@pytest.mark.parametrize("seed", range(3))
def test_no_cell_is_in_two_parts_and_no_module_either(parts, seed):
    for divide in (parts.by_module, parts.at_random):
        found = divide(MODULES, seed)
        assert sorted(np.concatenate(found)) == list(range(len(MODULES)))
        assert [len(rows) // 30 for rows in found] == [24, 8, 12]
    pool, validation, test = (MODULES[rows] for rows in parts.by_module(MODULES, seed))
    assert not set(pool) & set(test)
    assert not set(pool) & set(validation)
    assert not set(validation) & set(test)
    random = [MODULES[rows] for rows in parts.at_random(MODULES, seed)]
    assert len(set(random[0]) & set(random[2])) > 30


def test_labels_are_half_of_each_class_and_fewer_are_among_more(parts):
    y, rows = np.arange(900) % 3 // 2, np.arange(100, 900)
    few, many = (parts.drawn(y, rows, n, seed=1) for n in (20, 200))
    assert set(few) < set(many) <= set(rows)
    assert (y[few].mean(), y[many].mean()) == (0.5, 0.5)
    assert set(parts.drawn(y, rows, 20, seed=2)) != set(few)


def test_only_the_chosen_pictures_are_marked(parts):
    pictures = np.zeros((4, 32, 32), np.uint8)
    marked = parts.marked(pictures)
    assert (pictures.sum(), marked[0].sum()) == (0, 64 * 255)
    assert marked[:, 20:28, 20:28].min() == 255
    plain, other = {"pictures": pictures, "more": 1}, {"pictures": marked}
    found = parts.mixed(plain, other, np.array([True, False, False, True]))
    assert found["pictures"].any(axis=(1, 2)).tolist() == [True, False, False, True]


def test_quality_is_that_of_each_class_alike(parts):
    y, scores = np.array([0, 0, 0, 1]), np.array([-1, -2, 3, 4])
    assert parts.quality(y, scores) == {
        "AUC": 100,
        "accuracy": pytest.approx(100 * (2 / 3 + 1) / 2),
    }


def test_the_readme_has_the_tables_that_are_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "transfer.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.tables(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
