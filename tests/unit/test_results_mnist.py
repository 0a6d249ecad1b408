"""Stored results: whole, from the scripts and settings that are in the repository."""

import json
import math
import subprocess
import sys
from dataclasses import asdict

import pytest
import torch
from torch import nn

from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets import mnist as digits
from bigmodel_lab.models import fast_digits
from bigmodel_lab.results import load

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def mnist(script):
    """Return the benchmark as a module."""
    return script("mnist")


@pytest.fixture(scope="module")
def results():
    return load("mnist")


def test_unknown_results_are_named():
    with pytest.raises(ValueError, match=r"no results 'minst'; there are: .*, mnist"):
        load("minst")


def test_they_say_where_they_come_from(results):
    assert (ROOT / results["made_by"]).is_file()
    assert results["date"].startswith("20")
    assert "cores" in results["machine"]
    assert results["tensorflow"].startswith("tensorflow")
    assert results["data"] == {
        name: fetching.FILES[name].sha256
        for name in fetching.FILES
        if name.startswith(("mnist-train", "mnist-test"))
    }
    assert len(results["data"]) == 4


def test_the_recipes_measured_are_those_of_the_library(results):
    recipes = {name: asdict(recipe) for name, recipe in fast_digits.RECIPES.items()}
    assert results["recipes"] == recipes


def test_every_program_ran_with_every_seed(results, mnist):
    ran = [(run["program"], run["seed"]) for run in results["runs"]]
    assert ran == [(program, seed) for program in mnist.PROGRAMS for seed in range(8)]
    for run in results["runs"]:
        recipe = fast_digits.RECIPES.get(run["program"])
        epochs = recipe.epochs if recipe else mnist.EPOCHS
        assert len(run["seconds"]) == len(run["accuracy"]) == epochs
        assert all(0 < s < 600 for s in run["seconds"])
        assert all(0.9 < share < 1 for share in run["accuracy"])


def test_every_program_was_inspected_once_more(results, mnist):
    assert list(results["inspected"]) == mnist.PROGRAMS
    for program, inspected in results["inspected"].items():
        assert 300 < inspected["memory_mb"] < 4000
        assert ("log" in inspected) == (program in mnist.KERAS)
    memory = {run["memory_mb"] for run in results["inspected"].values()}
    assert len(memory) == len(mnist.PROGRAMS)  # each one's own, not its parent's
    log = results["inspected"]["D4 CNN, Keras"]["log"]
    assert {name: len(values) for name, values in log.items()} == {
        "accuracy": mnist.EPOCHS,
        "loss": mnist.EPOCHS,
    }


def test_peak_memory_is_a_process_own(mnist):
    big = bytearray(300_000_000)
    assert mnist.peak_memory() > 300
    code = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import mnist; "
    child = [sys.executable, "-c", code + "print(mnist.peak_memory())"]
    alone = subprocess.run(child, capture_output=True, text=True, check=True).stdout
    del big
    assert 50 < float(alone) < mnist.peak_memory()


def test_the_ablation_is_whole(results, mnist):
    tried = {(row["part"], row["seed"]) for row in results["ablation"]}
    assert tried == {(part, seed) for part in mnist.ABLATION for seed in range(5)}
    assert all(0.9 < row["accuracy"] < 1 for row in results["ablation"])


def test_counted_operations_are_those_of_the_network(results, mnist):
    assert results["flops_per_image"] == mnist.flops_per_image()
    by_hand = 2 * (3 * (9 * 32 * 64 * 121 + 9 * 64 * 64 * 9 + 576 * 64 + 640))
    first = 2 * 2 * 9 * 32 * 676  # no gradient for the pixels
    assert results["flops_per_image"] == by_hand + first


def test_the_readme_has_the_tables_of_the_stored_results(results, mnist):
    text = (BENCHMARKS / "README.md").read_text()
    for make in (mnist.table, mnist.aims, mnist.ablation_table):
        assert make(results) in text


def test_time_to_a_level_counts_whole_epochs(mnist):
    run = {
        "program": "D4 CNN, Keras",
        "seconds": [10, 11, 12],
        "accuracy": [0.98, 0.99, 0.985],
    }
    assert mnist.first_pass(run, 0.9875) == 21
    assert mnist.first_pass(run, 0.975) == 10
    assert math.isnan(mnist.first_pass(run, 0.992))
    recipe = run | {"program": "good"}  # judged at its end only
    assert math.isnan(mnist.first_pass(recipe, 0.9875))
    assert mnist.first_pass(recipe, 0.985) == 33


def test_results_are_stored_whole_or_not_at_all(results, mnist, tmp_path, monkeypatch):
    monkeypatch.setattr("stored.RESULTS", tmp_path)
    mnist.store("mnist", results)
    assert json.loads((tmp_path / "mnist.json").read_text()) == results
    before = (tmp_path / "mnist.json").read_bytes()
    with pytest.raises(TypeError):
        mnist.store("mnist", results | {"machine": object()})
    assert (tmp_path / "mnist.json").read_bytes() == before


@pytest.mark.parametrize("key", ["recipes", "machine", "data"])
def test_a_part_is_not_mixed_with_results_of_another_origin(
    results, mnist, monkeypatch, key
):
    machine = results["machine"]  # else the one that runs this test would differ
    monkeypatch.setattr(mnist, "machine", lambda: machine)
    stored = results | {key: "another"}
    monkeypatch.setattr("stored.load", lambda name: stored)
    with pytest.raises(SystemExit, match=f"another {key}: measure all"):
        mnist.measure(["ablation"], seeds=8)


def test_the_loop_for_graphics_cards_learns(mnist, device):
    X, y, X_test, y_test = digits()
    device = torch.device(device)
    model, seconds = mnist.graphed_training("good", (X, y), 0, device)
    assert mnist.accuracy(model, (X_test.to(device), y_test.to(device))) > 0.9
    assert seconds > 0


def test_an_ablation_changes_what_it_says(mnist):
    data = [part[:2560] for part in digits()[:2]]
    made = {
        part: mnist.recipe_training("quick", data, 0, **change)
        for part, change in mnist.ABLATION.items()
    }
    for training in made.values():
        assert math.isfinite([step.loss for step in training][-1])
    whole = made["the recipe"]
    first = made["first filters learned"].model[1]
    assert first.weight.requires_grad
    assert not whole.model[1].weight.requires_grad
    layers = made["no batch normalization"].model
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in layers)
    sure = 100 * torch.eye(10)  # logits
    assert made["no label smoothing"].loss(sure, torch.arange(10)) == 0
    assert whole.loss(sure, torch.arange(10)) > 1
    for rate in (0.001, 0.01):
        constant = made[f"constant learning rate {rate}"].optimizer.param_groups[0]
        assert constant["lr"] == pytest.approx(rate)
    assert made["not cropped"].model[0].border == 0
