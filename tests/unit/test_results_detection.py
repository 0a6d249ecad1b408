"""The stored results of `benchmarks/detection.py`, and the stored detector."""

import subprocess
import sys

import pandas as pd
import pytest
import torch

from bigmodel_lab import datasets, detection, models
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load

RESULTS = ROOT / "bigmodel_lab" / "results"


@pytest.fixture(scope="module")
def made(script):
    return script("detection")


@pytest.fixture(scope="module")
def results():
    return load("detection")


@pytest.fixture(scope="module")
def rows(results):
    """Return a row for each training, with its scores at its best overlap of NMS."""
    return pd.DataFrame(
        [row | row["test"][str(row["best"])] for row in results["scenes"].values()]
    )


def test_each_part_says_when_and_where_it_was_measured(results):
    assert results["made_by"] == "benchmarks/detection.py"
    for part in ("losses", "scenes"):
        assert results["origin"][part]["date"].startswith("20")
        assert "torch" in results["origin"][part]["machine"]


def test_there_are_all_losses_numbers_of_scenes_and_seeds(results, rows, made):
    assert list(results["losses"]) == list(made.LOSSES)
    for count in made.COUNTS:
        assert sorted(rows.loc[rows["count"] == count, "seed"]) == list(made.SEEDS)


def test_the_detector_finds_digits_and_its_boxes_are_tight(rows, made):
    found = rows[rows["count"] == max(made.COUNTS)]
    assert found["0.5"].min() > 0.85
    assert found["0.75"].min() > 0.7
    assert found["seconds"].max() < 40


def test_the_loss_of_boxes_was_chosen_on_validation_scenes(results, made):
    scores = pd.DataFrame(results["losses"]).T["0.5:0.95"]
    assert scores.idxmax() == made.CHOSEN


def test_boxes_are_loose_if_small_errors_hardly_count(results, made):
    scores = pd.DataFrame(results["losses"]).T
    smooth, chosen = scores.loc["smooth L1, weight 2"], scores.loc[made.CHOSEN]
    assert smooth["0.75"] < chosen["0.75"] - 0.2
    assert smooth["0.5"] > chosen["0.5"] - 0.06  # the digits themselves are found


def test_more_scenes_make_a_better_detector_in_as_many_steps(rows):
    mean = rows.groupby("count")[["0.5", "0.75"]].mean()
    assert mean["0.5"].is_monotonic_increasing
    assert mean["0.75"].is_monotonic_increasing
    assert mean.loc[300, "0.5"] < 0.6 < 0.8 < mean.loc[1000, "0.5"]


def test_suppression_tidies_the_picture_and_hardly_changes_the_score(results):
    for row in results["scenes"].values():
        best, without = row["test"][str(row["best"])], row["test"]["None"]
        assert abs(best["0.5:0.95"] - without["0.5:0.95"]) < 0.03
        assert best["shown"] <= without["shown"]


# -- the stored detector ---------------------------------------------------------------


def test_the_stored_detector_is_small_and_does_what_its_facts_say(fetched):
    assert (RESULTS / "detector.safetensors").stat().st_size < 1e6
    model, facts = models.trained("detector")
    scenes = fetched(datasets.digit_scenes, 150, "test")
    found = models.detect(model, scenes.pictures, threshold=0.01)
    truths = list(zip(scenes.boxes, scenes.classes, strict=True))
    scores = detection.mean_average_precision(found, truths)
    for name in ("0.5", "0.75", "0.5:0.95"):
        assert scores[name] == pytest.approx(float(facts[name]), abs=0.06)
    assert facts["made_by"] == "benchmarks/detection.py --train"


def test_the_card_is_made_from_the_facts(made):
    text = (RESULTS / "detector.md").read_text(encoding="utf-8")
    assert text == made.card()
    assert "{" not in text


def test_losses_of_boxes_are_zero_for_the_true_ones_only(made):
    boxes = torch.tensor([[10.0, 10, 30, 40], [2, 3, 9, 20]])
    for loss, _ in made.LOSSES.values():
        assert loss(boxes, boxes) == pytest.approx(0, abs=1e-6)
        assert loss(boxes + 1, boxes) > 1e-4


def test_a_small_shift_counts_less_in_the_smooth_loss(made):
    boxes = torch.tensor([[10.0, 10, 30, 40]])
    shifts = [loss(boxes + 1, boxes).item() for loss in (made.smooth, made.absolute)]
    assert shifts[0] < shifts[1] / 10


# -- tables ----------------------------------------------------------------------------


def test_the_readme_has_the_tables_that_are_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "detection.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.tables(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
