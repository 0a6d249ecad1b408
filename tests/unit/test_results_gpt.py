"""The stored results of `benchmarks/gpt.py`: whole, and the poet's card is its own."""

import hashlib
import subprocess
import sys

import pandas as pd
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from bigmodel_lab import models, verse
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load

BENCHMARKS = ROOT / "benchmarks"
RESULTS = ROOT / "bigmodel_lab" / "results"


@pytest.fixture(scope="module")
def results():
    return load("gpt")


@pytest.fixture(scope="module")
def parts(script):
    return script("gpt_parts")


@pytest.fixture(scope="module")
def poems(script):
    return script("gpt_poems").Poems()


@pytest.fixture(scope="module")
def poet():
    return models.load("poet")


# -- the poet --------------------------------------------------------------------------


def test_the_poets_file_has_the_facts_that_are_stored(results, poet):
    _, _, facts = poet
    assert facts == results["poet"]["facts"]


def test_the_poet_knows_poems_as_well_as_its_card_says(poet, poems, script):
    model, alphabet, facts = poet
    assert alphabet.characters == poems.alphabet.characters
    measured = script("gpt_poems").bits(model, poems.validation[:300])
    assert measured == pytest.approx(float(facts["validation_bits"]), abs=0.15)


def test_the_poet_writes_quatrains(poet):
    model, alphabet, _ = poet
    assert verse.measure(models.write(model, alphabet, count=30))["form"] > 0.8


def test_the_card_is_made_from_the_facts_and_the_file(results, poet, script):
    text = (RESULTS / "poet.md").read_text(encoding="utf-8")
    assert text == script("gpt_card").card(poet[2], results["poet"]["measured"])
    file = (RESULTS / "poet.safetensors").read_bytes()
    assert f"`{hashlib.sha256(file).hexdigest()}`" in text


def test_copied_lines_are_counted(script):
    copied = script("gpt_card").copied
    assert copied(["一二，三四。", "五六，"], ["五六，七八。", "三四，七八。"]) == 2 / 3


# -- the parts -------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["ladder", "speed", "race", "writing"])
def test_each_part_says_when_and_where_it_was_measured(results, part):
    origin = results["origin"][part]
    assert origin["date"].startswith("20")
    assert "torch" in origin["machine"]


def test_every_training_learns_poems_step_by_step(results):
    ladder = results["ladder"]
    assert list(ladder) == ["0", "1", "2"]
    for looks in (results["poet"]["training"], *ladder.values()):
        run = pd.DataFrame(looks)
        assert len(run) == 20
        assert (run[["tokens", "seconds"]].diff()[1:] > 0).all(axis=None)
        assert (run["bits"].diff()[1:] < 0.1).all()
        assert run["bits"].iloc[-1] < run["bits"].iloc[0] - 3
        assert run["form"].iloc[-1] > 0.9


def test_every_program_was_as_often_timed_on_one_core_and_on_all(results, parts):
    rows = pd.DataFrame(results["speed"]["rows"])
    times = rows.groupby(["program", "threads"]).size().unstack()
    assert set(times.index) == {*parts.SPEED, "peak"}
    assert times.shape[1] == 2
    assert times.stack().nunique() == 1
    assert rows["tokens_per_second"].dropna().between(500, 10**6).all()


def test_the_race_has_every_program_and_each_budget_until_counting_is_beaten(
    results, parts
):
    race = results["race"]
    assert [row["order"] for row in race["counting"]] == list(parts.ORDERS)
    level = min(row["bits"] for row in race["counting"])
    rows = pd.DataFrame(race["rows"])
    assert set(rows["program"]) == set(parts.PROGRAMS)
    for _, run in rows.groupby("program"):
        budgets = list(run["budget"])
        before = [budget for budget in parts.GRID if budget < max(budgets)]
        first = run.loc[run["bits"] < level, "budget"].min()  # NaN if there is none
        for budget in (*parts.BUDGETS, *before):
            assert budget in budgets or budget > first
        assert run["seconds"].between(0.7 * run["budget"], 1.5 * run["budget"]).all()
        assert run["bits"].iloc[-1] < run["bits"].iloc[0]


def test_every_writer_was_timed_with_a_cache_and_without(results, parts):
    rows = pd.DataFrame(results["writing"]["rows"])
    times = rows.groupby(["program", "cached", "batch"]).size()
    assert len(times) == len(parts.WRITERS) * len(parts.BATCHES)
    assert times.nunique() == 1


def test_the_readme_has_the_tables_of_the_stored_results(results, script):
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    tables = script("gpt_tables")
    assert set(tables.TABLES) <= set(results)
    assert tables.tables(results) in text


def test_the_tables_are_printed_without_measuring():
    command = [sys.executable, str(BENCHMARKS / "gpt.py"), "--table"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| Hugging Face |" in done.stdout


# -- the programs ----------------------------------------------------------------------


def test_counted_operations_are_those_of_the_network(parts, poems):
    model = poems.gpt()
    ids = poems.train[:8, :-1]
    # On a CPU the operations of plain products are counted, the fused kernel's not.
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, FlopCounterMode(display=False) as counter:
        model(ids).sum().backward()
    counted = counter.get_total_flops() / ids.numel()
    assert parts.flops_per_token(model, poems.length) == counted


@pytest.mark.parametrize("name", ["ours", "ours, AdamW only", "LSTM"])
def test_the_programs_learn(script, poems, name):
    model, training = script("gpt_rivals").program(name)(poems, steps=22)
    losses = [step.loss for step in training]
    assert losses[-1] < losses[0] - 0.5
    assert model(poems.test[:2, :-1]).shape == (2, poems.length, len(poems.alphabet))


def test_the_plain_loop_trains(script, poems):
    rivals = script("gpt_rivals")
    model = poems.gpt(dimensions=16, layers=1)
    optimizer = torch.optim.SGD(model.parameters())
    losses = []

    def loss(x, y):
        losses.append(models.next_token_loss(model(x), y))
        return losses[-1]

    rates = [1.0, 0.5, 0.0]
    loop = rivals.plain_loop(
        model, loss, optimizer, lambda step, steps: rates[step], poems, 3, seed=0
    )
    before = model.norm.weight.clone()
    assert list(loop) == [0, 1, 2]
    assert len(losses) == 3
    assert not torch.equal(before, model.norm.weight)
    assert optimizer.param_groups[0]["lr"] == 0


def test_the_rate_of_others_rises_for_a_tenth_and_falls_to_its_end(script):
    rate = script("gpt_rivals").warm_cosine
    rates = [rate(step, 500, 0.001, 0.0001) for step in range(501)]
    assert rates.index(max(rates)) == 50
    assert rates[50] == pytest.approx(0.001)
    assert rates[500] == pytest.approx(0.0001)
    assert [rate(s, 5000, 1.0, 0.0) for s in (0, 99, 100)] == pytest.approx(
        [1 / 101, 100 / 101, 1]
    )


def test_changed_results_are_stored_with_those_of_others(script, tmp_path, monkeypatch):
    stored = script("stored")
    monkeypatch.setattr(stored, "RESULTS", tmp_path)
    for part in ("one", "two"):
        with stored.changing("gpt") as results:
            results[part] = 1
    with pytest.raises(KeyError), stored.changing("gpt") as results:
        results["three"] = results["nothing"]
    with stored.changing("gpt") as results:
        assert results == {"one": 1, "two": 1}
