"""The stored results of `benchmarks/fusion.py`: what chapter 13 says of them."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load


@pytest.fixture(scope="module")
def made(script):
    return script("fusion")


@pytest.fixture(scope="module")
def results():
    return load("fusion")


@pytest.fixture(scope="module")
def emoji(results):
    return results["emoji"]["rows"]


@pytest.fixture(scope="module")
def soups(results):
    rows = results["soup"]["rows"]
    return {s: [r for r in rows if r["start"] == s] for s in ("one", "different")}


@pytest.fixture(scope="module")
def loans(results):
    return results["fair"]["rows"]


def column(rows, *keys):
    """Return what rows have under keys, one within the other: an array."""
    found = []
    for row in rows:
        for key in keys:
            row = row[key]
        found.append(row)
    return np.array(found, dtype=float)


def clearly_above(larger, smaller):
    """Tell whether the difference, split by split, is more than its deviation."""
    difference = larger - smaller
    return difference.mean() > difference.std(ddof=1)


def test_each_part_says_when_and_where_it_was_measured(results, made):
    for part in made.PARTS:
        assert results[part]["date"].startswith("20")
        assert "torch" in results[part]["machine"]
    assert results["made_by"] == "benchmarks/fusion.py"


def test_there_are_all_splits_and_repeats(made, emoji, soups, loans):
    assert [row["seed"] for row in emoji] == list(made.fusion_emoji.SEEDS)
    assert [row["seed"] for row in loans] == list(made.fusion_fair.SEEDS)
    for rows in soups.values():
        assert [row["repeat"] for row in rows] == list(made.fusion_soup.REPEATS)


# -- emoji -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["early, weighted", "mean", "product", "stacking"])
def test_two_sources_know_more_than_one(emoji, way):
    fused = column(emoji, "accuracy", way)
    for source in ("picture", "name"):
        assert clearly_above(fused, column(emoji, "accuracy", source))
    assert (fused > column(emoji, "accuracy", "picture")).all()
    assert (fused < column(emoji, "either right")).all()


@pytest.mark.parametrize("way", ["early, as it comes", "early, standardized"])
def test_side_by_side_without_weights_the_names_are_not_heard(emoji, way):
    fused = column(emoji, "accuracy", way)
    alone = column(emoji, "accuracy", "picture")
    assert not clearly_above(fused, alone)
    assert clearly_above(column(emoji, "accuracy", "early, weighted"), fused)


def test_the_same_weight_is_chosen_in_every_split(emoji):
    assert {row["weight"] for row in emoji} == {0.03}


def test_well_made_ways_differ_by_less_than_splits_do(emoji):
    ways = ("early, weighted", "mean", "product", "stacking", "stacking of logs")
    means = [column(emoji, "accuracy", way).mean() for way in ways]
    spread = max(column(emoji, "accuracy", way).std(ddof=1) for way in ways)
    assert max(means) - min(means) < spread


def test_errors_come_together(emoji):
    both = column(emoji, "both wrong")
    assert (both > 1.3 * column(emoji, "both wrong if independent")).all()


def test_answers_to_seen_rows_are_too_good(emoji):
    for source in ("picture", "name"):
        assert column(emoji, "stacks learn from", "seen", source).min() > 97
        assert column(emoji, "stacks learn from", "unseen", source).max() < 75


def test_a_stack_on_seen_rows_trusts_who_knows_by_heart(emoji):
    def cost(kind):
        unseen, seen = (
            column(emoji, "by heart", kind, f"stacking{rows}")
            for rows in ("", " on seen rows")
        )
        return unseen - seen

    # Of two good models, equally sure of what they have seen, it costs next to nothing.
    assert cost("own, penalty as chosen").mean() < 2
    assert cost("own, nearest neighbor").mean() > 5
    assert cost("own, nearest neighbor").min() > 0
    assert cost("another's, hardly a penalty").min() > 20
    kind = "own, nearest neighbor"
    copied = column(emoji, "by heart", kind, "stacking on seen rows")
    assert abs(copied - column(emoji, "by heart", kind, "picture")).max() < 1


def test_a_stack_learns_not_to_listen_and_a_mean_cannot(emoji):
    for model in ("penalty as chosen", "hardly a penalty", "nearest neighbor"):
        found = {
            way: column(emoji, "by heart", f"another's, {model}", way)
            for way in ("name", "mean", "stacking")
        }
        assert abs(found["stacking"] - found["name"]).mean() < 2
        assert clearly_above(found["name"], found["mean"])


@pytest.mark.parametrize("way", ["early, weighted", "mean", "product", "stacking"])
@pytest.mark.parametrize(("what", "left"), [("names", "picture"), ("pictures", "name")])
def test_fusion_fails_with_a_source_that_breaks(emoji, way, what, left):
    alone = column(emoji, "broken", what, "1", left)
    assert clearly_above(column(emoji, "broken", what, "0", way), alone)
    assert clearly_above(alone, column(emoji, "broken", what, "1", way))
    falls = [column(emoji, "broken", what, s, way).mean() for s in ("0", "0.5", "1")]
    assert falls == sorted(falls, reverse=True)
    if what == "names":
        assert falls[-1] < alone.mean() - 12


# -- soups -----------------------------------------------------------------------------


def test_five_answers_are_better_than_one(soups):
    rows = soups["different"]
    single = column(rows, "single").mean(1)
    assert clearly_above(column(rows, "ensemble"), single)
    assert (column(rows, "ensemble") < column(rows, "any right")).all()


def test_a_soup_needs_one_start(soups):
    one, other = soups["one"], soups["different"]
    single = column(one, "single").mean(1)
    assert abs(column(one, "soup") - single).max() < 1
    assert abs(column(one, "soup") - column(one, "ensemble")).max() < 1
    assert (column(other, "soup") < 75).all()
    assert column(one, "moved").max() == 0


def test_matched_units_bring_most_of_it_back(soups):
    rows = soups["different"]
    assert (column(rows, "soup, matched") > column(rows, "soup") + 20).all()
    assert clearly_above(column(rows, "single").mean(1), column(rows, "soup, matched"))
    assert (column(rows, "single").mean(1) - column(rows, "soup, matched")).max() < 2
    assert column(rows, "moved").min() > 95
    assert column(rows, "logits changed by").max() < 1e-4


def test_between_strangers_lies_a_hill_and_none_after_matching(soups, made):
    middle = made.fusion_soup.POINTS // 2

    def hill(rows, key):
        losses = column(rows, key, "loss")
        return losses[:, middle] - losses[:, [0, -1]].max(1)

    assert hill(soups["different"], "line").min() > 0.03
    assert hill(soups["different"], "line, matched").max() < 0
    assert hill(soups["one"], "line").max() < 0


# -- mortgages -------------------------------------------------------------------------


def test_all_approve_as_many(loans, made):
    for way in made.fusion_fair.WAYS:
        assert column(loans, "ways", way, "approved").mean() == pytest.approx(
            0.88, abs=0.01
        )


def test_a_column_left_out_is_known_from_the_others(loans):
    assert column(loans, "guessed", "group left out").min() > 0.7
    fewer = column(loans, "guessed", "two columns fewer")
    assert clearly_above(column(loans, "guessed", "group left out"), fewer)
    assert fewer.mean() > 0.65


def test_gaps_grow_smaller_in_this_order(loans):
    ways = ("group as a column", "group left out", "reweighed", "thresholds by group")
    gaps = [column(loans, "ways", way, "selection gap") for way in ways]
    for larger, smaller in pairwise(gaps):
        assert clearly_above(larger, smaller)
    fewer = column(loans, "ways", "two columns fewer", "selection gap")
    assert clearly_above(gaps[2], fewer)
    assert clearly_above(fewer, gaps[3])


def test_told_the_group_a_model_is_harder_than_the_banks(loans):
    banks = column(loans, "banks", "selection gap")
    assert clearly_above(column(loans, "ways", WITH, "selection gap"), 1.5 * banks)


WITH, WITHOUT, BY_GROUP = "group as a column", "group left out", "thresholds by group"


def test_the_gap_of_equal_rates_is_what_chance_leaves(loans):
    gap = column(loans, "ways", BY_GROUP, "selection gap").mean()
    assert gap < 1.3 * column(loans, "ways", BY_GROUP, "by chance", "selection").mean()
    assert column(loans, "ways", BY_GROUP, "by chance", "odds").mean() > 0.08


def test_equal_rates_are_not_equal_odds(loans):
    better = column(loans, "ways", BY_GROUP, "Black", "of approved")
    assert clearly_above(
        better, column(loans, "ways", BY_GROUP, "others", "of approved")
    )
    worse = column(loans, "ways", WITHOUT, "Black", "of approved")
    assert clearly_above(column(loans, "ways", WITHOUT, "others", "of approved"), worse)


def test_what_it_costs_in_the_banks_eyes(loans):
    plain = column(loans, "ways", WITHOUT, "accuracy")
    assert clearly_above(plain, column(loans, "ways", BY_GROUP, "accuracy"))
    assert 1 < (plain - column(loans, "ways", BY_GROUP, "accuracy")).mean() < 2
    assert not clearly_above(column(loans, "ways", WITH, "accuracy"), plain)
    sides = [
        column(loans, "ways", BY_GROUP, group, "precision")
        for group in ("others", "Black")
    ]
    assert clearly_above(*sides)


def test_at_this_rate_yes_to_everyone_is_as_accurate(loans):
    plain = column(loans, "ways", WITHOUT, "accuracy")
    assert abs(plain.mean() - column(loans, "everyone", "accuracy").mean()) < 0.5
    assert column(loans, "ways", WITHOUT, "AUC").min() > 0.7


def test_at_every_rate_thresholds_by_group_have_the_smallest_gap(results):
    curve = results["fair"]["curve"]
    for k, point in enumerate(curve[BY_GROUP]):
        gaps = {way: points[k]["selection gap"][0] for way, points in curve.items()}
        assert min(gaps, key=gaps.get) == BY_GROUP
        assert max(gaps, key=gaps.get) == WITH
        assert point["approved"][0] == pytest.approx(point["rate"], abs=0.01)


# -- the script ------------------------------------------------------------------------


def test_no_row_is_in_two_parts(made):
    y = np.repeat(np.arange(8), 40)
    train, validation, test = made.fusion_emoji.parts(y, seed=0)
    assert (len(train), len(validation), len(test)) == (192, 64, 64)
    assert sorted(np.concatenate([train, validation, test])) == list(range(320))


def test_a_model_of_all_rows_is_not_the_one_of_the_last_fold(made):
    draw, y = np.random.default_rng(0), np.arange(60) % 3
    X, parts = draw.normal(size=(60, 5)), made.fusion_emoji
    make = parts.picture_model(parts.logistic(1))
    model, answers = parts.learned(make, X, y)
    fresh = parts.picture_model(parts.logistic(1))().fit(X, y).predict_proba(X)
    assert answers[" on seen rows"] == pytest.approx(fresh)
    assert model.predict_proba(X) == pytest.approx(fresh)
    assert answers[""] != pytest.approx(fresh, abs=1e-3)


def test_the_way_between_two_networks_begins_and_ends_at_them(made, fetched):
    from bigmodel_lab import datasets

    _, _, X, y = fetched(datasets.mnist)
    nets = [made.fusion_soup.network(seed) for seed in (0, 1)]
    found = made.fusion_soup.line(nets, X, y)["accuracy"]
    assert len(found) == made.fusion_soup.POINTS
    ends = [made.fusion_soup.percent(net, X, y) for net in nets]
    assert [found[0], found[-1]] == ends


def test_the_readme_has_the_tables_that_are_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "fusion.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.tables(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
