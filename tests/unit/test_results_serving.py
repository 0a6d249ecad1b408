"""The stored results of `benchmarks/serving.py`."""

import subprocess
import sys
from itertools import product

import pytest

from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load

SCRIPT = ROOT / "benchmarks" / "serving.py"
PARTS = ["alone", "servers", "poet"]


@pytest.fixture(scope="module")
def results():
    return load("serving")


@pytest.mark.parametrize("part", PARTS)
def test_each_part_says_when_and_where_it_was_measured(results, part):
    assert results["made_by"] == "benchmarks/serving.py"
    assert results[part]["date"].startswith("20")
    assert "torch" in results[part]["machine"]


def test_every_program_was_asked_in_every_round_by_as_many_clients(results, script):
    serving, part = script("serving"), results["servers"]
    cells = [
        (row["network"], (row["server"], row["body"], row["batched"]), row["clients"])
        for row in part["rows"]
    ]
    assert cells == [*product(serving.NETWORKS, serving.PROGRAMS, serving.CLIENTS)]
    for row in part["rows"]:
        for name in ("per_second", "median", "p95", "p99", "cpu_ms"):
            assert len(row[name]) == part["rounds"]
        for middle, p95, p99 in zip(row["median"], row["p95"], row["p99"], strict=True):
            assert 0 < middle <= p95 <= p99


def test_littles_law_holds_in_what_was_measured(results):
    """Clients that wait for their answers: none may be faster than the law allows."""
    for row in results["servers"]["rows"]:
        for per_second, median in zip(row["per_second"], row["median"], strict=True):
            at_least_half_took = median / 2 / 1e3  # seconds, on the mean
            assert per_second <= row["clients"] / at_least_half_took


def test_the_networks_alone_and_the_poet_have_all_their_rows(results, script):
    serving = script("serving")
    rows = results["alone"]["rows"]
    cells = [(row["network"], row["batch"]) for row in rows]
    assert cells == [*product(serving.NETWORKS, serving.BATCHES)]
    assert all(row["accuracy"] > 0.9 for row in rows)
    rows = results["poet"]["rows"]
    asked = [(row["asked"], row["cached"], row["clients"]) for row in rows]
    assert asked == serving.WRITERS
    for row in rows:
        assert len(row["tokens_per_second"]) == results["poet"]["rounds"]


def test_the_tables_are_printed_without_measuring_and_stand_in_the_readme():
    command = [sys.executable, str(SCRIPT), "--table"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("| LitServe | JSON |") == 24
    assert done.stdout in (ROOT / "benchmarks" / "README.md").read_text()


def test_quick_figures_are_marked_as_such(script):
    part = {"date": "2026", "machine": "m", "rounds": 2, "quick": True}
    line, _ = script("serving_tables").heading(part, "Served")
    assert line == "Served. 2026, m, 2 rounds, quick: to be measured again:"
    line, _ = script("serving_tables").heading(part | {"quick": False}, "Served")
    assert line == "Served. 2026, m, 2 rounds:"
