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
        rate: values(
            results["rates"][f"fixed norms, {rate:g}"], part="validation"
        ).mean()
        for rate in parts.RATES
    }
    chosen = results["labels"][f"{made.TUNED}, {made.MOST}"]["setting"]
    assert chosen == max(norms, key=norms.get)
    assert results["labels"][f"{made.BAD}, {made.MOST}"]["setting"] == parts.BAD_RATE
    assert chosen < parts.BAD_RATE


def clearly_above(larger, smaller):
    """Tell whether the difference, seed by seed, is more than its deviation."""
    difference = larger - smaller
    return difference.mean() > difference.std(ddof=1)


# -- By labels -------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["pixels", "untrained", "from nothing"])
def test_a_million_photos_help_with_200_labels(results, other):
    ours, theirs = (
        values(results["labels"][f"{way}, 200"]) for way in ("ImageNet", other)
    )
    assert clearly_above(ours, theirs)
    assert (ours > theirs).all()


@pytest.mark.parametrize("labels", [20, 50, 100])
def test_with_fewer_labels_frozen_features_are_not_clearly_above_pixels(
    results, labels
):
    ours, pixels = (
        values(results["labels"][f"{way}, {labels}"]) for way in ("ImageNet", "pixels")
    )
    assert ours.mean() > pixels.mean()
    assert not clearly_above(ours, pixels)


def test_a_network_that_has_seen_nothing_is_no_better_than_pixels(results, parts):
    for labels in parts.LABELS:
        untrained, pixels = (
            values(results["labels"][f"{way}, {labels}"])
            for way in ("untrained", "pixels")
        )
        assert untrained.mean() < pixels.mean()


def test_tuning_is_the_best_on_average_at_every_number_of_labels(results, made, parts):
    for labels in parts.LABELS:
        means = {
            way: values(results["labels"][f"{way}, {labels}"]).mean()
            for way in made.WAYS
        }
        assert max(means, key=means.get) == made.TUNED
    tuned, frozen = (
        values(results["labels"][f"{way}, 200"]) for way in (made.TUNED, "ImageNet")
    )
    assert clearly_above(tuned, frozen)


def test_tuned_on_50_labels_it_knows_more_than_a_small_network_of_200(results, made):
    tuned = values(results["labels"][f"{made.TUNED}, 50"])
    assert clearly_above(tuned, values(results["labels"][f"{made.NOTHING}, 200"]))


# -- Rates and norms -------------------------------------------------------------------


def test_at_a_bad_rate_what_was_known_is_lost(results, made, parts):
    for labels in parts.LABELS:
        bad = values(results["labels"][f"{made.BAD}, {labels}"])
        assert bad.mean() < values(results["labels"][f"ImageNet, {labels}"]).mean()
        assert bad.min() < 51  # of five seeds at least one ends at chance
    worst = values(results["rates"][f"fixed norms, {max(parts.RATES):g}"])
    assert abs(worst.mean() - 50) < 5


@pytest.mark.parametrize("rate", ["1e-05", "0.0001", "0.001"])
def test_norms_that_follow_the_batch_cost_five_points_or_more(results, rate):
    fixed, batch = (
        values(results["rates"][f"{norms}, {rate}"])
        for norms in ("fixed norms", "norms of the batch")
    )
    assert (fixed - batch).mean() > 5
    assert (fixed > batch).sum() >= 4


# -- Splits ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["pixels", "untrained", "ImageNet", "fine-tuned"])
def test_a_random_split_flatters_every_way(results, way):
    random, modules = (
        values(results["split"][f"{way}, {name}"])
        for name in ("at random", "by module")
    )
    assert clearly_above(random, modules)
    assert (random > modules).all()


def test_at_random_the_module_alone_tells_more_than_pixels(results):
    """Nobody looked at a picture."""
    module = values(results["split"]["the module alone, at random"])
    assert (module > values(results["split"]["pixels, at random"])).all()
    assert (module > 80).all()
    assert (values(results["split"]["the module alone, by module"]) == 50).all()


# -- The shortcut ----------------------------------------------------------------------


@pytest.mark.parametrize(("way", "falls"), [("ImageNet", 12), ("fine-tuned", 22)])
def test_what_leans_on_a_mark_falls_without_it(results, way, falls):
    row = results["shortcut"][way]
    marked, bare, swapped = (
        values(row, "accuracy", case)
        for case in ("marked", "without marks", "marks on good cells")
    )
    assert (marked - bare > falls).all()
    assert (bare > swapped).all()
    honest = values(results["labels"][f"{way}, 200"])
    assert values(row, part="without marks").mean() < honest.mean()


def test_tuned_on_marks_it_is_worse_than_chance_where_good_cells_are_marked(results):
    row = results["shortcut"]["fine-tuned"]
    assert values(row, "accuracy", "marked").min() > 90
    assert values(row, "accuracy", "marks on good cells").max() < 50


def test_pixels_hardly_see_the_mark(results):
    row = results["shortcut"]["pixels"]
    marked, bare = (values(row, "accuracy", c) for c in ("marked", "without marks"))
    assert (marked - bare).max() < 3


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
