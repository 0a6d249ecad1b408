"""The stored results of `benchmarks/tuning.py`, and what its models can do."""

import subprocess
import sys

import pandas as pd
import pytest

from bigmodel_lab import models, verse
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load

BENCHMARKS = ROOT / "benchmarks"
RESULTS = ROOT / "bigmodel_lab" / "results"
NAMES = ("novice", "five", "filler", "acrostic", "aligned")
SEEDS = {0, 1, 2}


@pytest.fixture(scope="module")
def results():
    return load("tuning")


@pytest.mark.parametrize("part", ["transfer", "keeping", "rewards", *NAMES])
def test_each_part_says_when_and_where_it_was_measured(results, part):
    origin = results["origin"][part]
    assert origin["date"].startswith("20")
    assert "torch" in origin["machine"]


def test_both_starts_were_given_the_same_poems_by_every_seed(results, script):
    parts = script("tuning_parts")
    rows = pd.DataFrame(r for r in results["transfer"].values() if "poems" in r)
    assert len(rows) == 2 * len(parts.POEMS) * len(SEEDS)
    for _, run in rows.groupby(["start", "poems"]):
        assert set(run["seed"]) == SEEDS
    means = rows.pivot_table(index="poems", columns="start", values="bits")
    assert (means.diff()[1:] < 0).all(axis=None)  # more poems, fewer bits
    assert means.loc[100, "poet"] < means.loc[9797, "nothing"] + 0.1


def test_every_way_to_keep_the_old_form_was_tried_by_every_seed(results, script):
    rows = pd.DataFrame(results["keeping"].values())
    assert set(rows["method"]) == set(script("tuning_parts").KEEPING)
    assert rows.groupby("method")["seed"].agg(set).eq(SEEDS).all()


def test_every_reward_was_followed_by_every_seed(results, script):
    runs = results["rewards"].values()
    methods = script("tuning_rewards").METHODS
    tried = {(run["method"], run["seed"]) for run in runs}
    assert tried == {(method, seed) for method in methods for seed in SEEDS}
    for run in runs:
        looks = pd.DataFrame(run["rows"])
        assert len(looks) == 9
        assert (looks[["step", "seconds"]].diff()[1:] > 0).all(axis=None)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_says_what_made_it(results, name):
    _, _, facts = models.load(name)
    assert facts["made_by"] == f"benchmarks/tuning.py --part {name}"
    assert facts["steps"] == str(results[name]["log"][-1]["step"])


def test_the_models_take_15_megabytes_at_most():
    sizes = [(RESULTS / f"{name}.safetensors").stat().st_size for name in NAMES]
    assert sum(sizes) <= 15e6
    assert max(sizes) <= 5e6


def test_the_models_do_what_they_were_tuned_to():
    five, alphabet, _ = models.load("five")
    assert verse.measure(models.write(five, alphabet, count=60), 5)["form"] > 0.8
    shares, rhymes = {}, {}
    for name in ("acrostic", "aligned"):
        model, *_ = models.load(name)
        poems = models.write(model, alphabet, count=60, instruction="春夏秋冬")
        shares[name] = sum(verse.begins(poem, "春夏秋冬") for poem in poems) / 60
        rhymes[name] = verse.measure(poems)["rhyme"]
    assert min(shares.values()) > 0.85
    assert rhymes["aligned"] > rhymes["acrostic"]


def test_the_card_is_made_from_the_files_and_their_logs(results, script):
    text = (RESULTS / "tuned.md").read_text(encoding="utf-8")
    assert text == script("tuning_tables").card(results)


def test_the_readme_has_the_tables_of_the_stored_results(results, script):
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert script("tuning_tables").tables(results) in text


def test_the_tables_are_printed_without_training():
    command = [sys.executable, str(BENCHMARKS / "tuning.py"), "--table"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| more pre-training |" in done.stdout


def test_rare_rhymes_pay_more(script):
    rewards = script("tuning_rewards")
    lines = "劝君莫惜金缕衣，劝君惜取少年{}。花开堪折直须折，莫待无花空折{}。"
    poems = [lines.format(*ends) for ends in ("时枝", "时枝", "山间", "山枝")]
    assert rewards.rhyme("", poems) == [1, 1, 1, 0]
    assert rewards.rare_rhyme("", poems) == [0.25, 0.25, 0.75, 0]


def test_hidden_characters_are_asked_for_and_no_others(script):
    made = script("tuning_models")
    data = script("tuning_parts").Data()
    alphabet = made.Characters([*data.alphabet.characters, made.BLANK])
    seen, asked = made.hide(data.seven[1][:50], alphabet)
    blank = seen == alphabet.encode(made.BLANK)[0]
    assert 0.1 < blank.float().mean() < 0.25
    assert (asked[blank] == data.seven[1][:50][blank]).all()
    assert (asked[~blank] == -100).all()
    assert not (asked[blank] < 2).any()
