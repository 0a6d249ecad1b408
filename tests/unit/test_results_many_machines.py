"""The stored results of `benchmarks/many_machines.py`."""

import subprocess
import sys

import numpy as np
import pytest

from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load

SCRIPT = ROOT / "benchmarks" / "many_machines.py"


@pytest.fixture(scope="module")
def results():
    return load("many_machines")


@pytest.mark.parametrize("part", ["all_reduce", "training", "pipeline"])
def test_each_part_says_when_and_where_it_was_measured(results, part):
    assert results[part]["date"].startswith("20")
    assert "torch" in results[part]["machine"]


def test_the_link_is_the_line_through_its_times(results, script):
    link = results["all_reduce"]
    assert script("many_machines").fitted(link) == {
        name: link[name] for name in ("latency", "bandwidth")
    }
    assert link["latency"] > 0
    assert link["bandwidth"] > 0


def test_a_line_is_found_again(script):
    sizes = [1e3, 1e5, 1e7]
    seconds = [[2e-4 + size / 2e9 for size in sizes]]
    link = script("many_machines").fitted({"bytes": sizes, "seconds": seconds})
    assert link == pytest.approx({"latency": 1e-4, "bandwidth": 2e9})


def test_every_program_ran_in_every_round(results, script):
    parts = script("many_machines_parts")
    rows = results["training"]["rows"]
    programs = [(row["program"], row["processes"]) for row in rows]
    assert programs == parts.PROGRAMS * len(parts.GPTS)
    rounds = {len(row["seconds"]) for row in rows} | {len(row["alone"]) for row in rows}
    assert len(rounds) == 1
    counts = [row["micro_batches"] for row in results["pipeline"]["rows"]]
    assert counts == list(parts.MICRO_BATCHES)
    assert np.shape(results["all_reduce"]["seconds"])[1] == len(parts.BYTES)


def test_the_tables_are_printed_without_measuring():
    command = [sys.executable, str(SCRIPT), "--table"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("| DDP | 2 |") == 3
