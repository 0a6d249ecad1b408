"""The stored results of `benchmarks/text.py`: whole, from the present settings."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from bigmodel_lab import datasets
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.datasets import fetching
from bigmodel_lab.results import load

BENCHMARKS = ROOT / "benchmarks"
SEEDS = 3


@pytest.fixture(scope="module")
def benchmark(script):
    """Return the benchmark as a module."""
    return script("text")


@pytest.fixture(scope="module")
def results():
    return load("text")


@pytest.fixture(scope="module")
def corpus(benchmark):
    """Return two topics, enough to tell whether something is learned."""
    return benchmark.newsgroups(categories=["rec.autos", "sci.space"])


def test_they_say_where_they_come_from(results, benchmark):
    assert (ROOT / results["made_by"]).is_file()
    assert results["date"].startswith("20")
    assert "cores" in results["machine"]
    assert results["tensorflow"] == benchmark.TENSORFLOW
    assert len(results["data"]) == 3
    for name, sha256 in results["data"].items():
        assert fetching.FILES[name].sha256 == sha256


def test_the_settings_measured_are_those_of_the_script(results, benchmark):
    assert results["settings"] == benchmark.settings()


@pytest.mark.parametrize(
    ("part", "programs"), [("runs", "TOPICS"), ("imdb", "REVIEWS")]
)
def test_every_program_ran_with_every_seed(results, benchmark, part, programs):
    programs = getattr(benchmark, programs)
    ran = [(row["program"], row["seed"]) for row in results[part]]
    assert ran == [(name, seed) for seed in range(SEEDS) for name in programs]
    for row in results[part]:
        assert 0 < row["seconds"] < 1000
        assert 0 < row["macro_f1"] <= row["accuracy"] + 0.02 < 1


def test_the_lstm_that_starts_as_in_keras_ran_with_every_seed(results, benchmark):
    ran = [(row["program"], row["seed"]) for row in results["starts"]["runs"]]
    assert ran == [(name, seed) for seed in range(SEEDS) for name in benchmark.STARTS]
    assert "cores" in results["starts"]["machine"]


def test_every_setting_was_tried_for_every_epoch(script):
    settings, results = script("text_settings"), load("text_settings")
    tried = pd.DataFrame(results["tried"])
    assert not tried.duplicated(["program", "setting"]).any()
    for name, rows in tried.groupby("program"):
        linear = name in settings.LINEAR
        rates = settings.TRIED.get(name, settings.RATES)
        wanted = settings.LINEAR[name][2] if linear else rates
        assert list(rows["setting"]) == list(wanted)
        assert set(rows["accuracy"].str.len()) == {1 if linear else settings.EPOCHS}
    best = settings.best(results["tried"]).set_index("program")
    assert set(best.index) == set(tried["program"])
    assert best["epochs"].max() <= settings.AFFORDED


def test_raw_posts_were_judged_with_each_part_removed(results, benchmark):
    ran = [(row["removed"], row["program"]) for row in results["raw"]["runs"]]
    assert ran == [(part, name) for part in benchmark.REMOVED for name in benchmark.RAW]


def test_the_documents_program_failed_until_it_was_mended(results):
    said = list(results["faults"]["said"].values())
    kinds = [message and message.split(":")[0] for message in said]
    assert kinds == [
        "ImportError",
        "NameError",
        "ValueError",
        "ValueError",
        "InvalidArgumentError",
        None,
    ]
    assert results["faults"]["output_shape"] == [199, 10]
    assert "twenty_newsgroups" not in results["faults"]["datasets"]


def test_the_readme_has_the_tables_of_the_stored_results(results, benchmark):
    text = (BENCHMARKS / "README.md").read_text()
    for table in benchmark.tables(results):
        assert table in text


def test_linear_models_networks_and_the_plain_loop_learn(corpus, benchmark):
    torch.set_num_threads(1)
    networks = "softmax regression", "embedding bag", benchmark.FIVE, benchmark.LOOP
    for name in ("naive Bayes", *networks):
        seconds, predictions, parameters = benchmark.RUN[name](name, corpus, seed=0)
        assert seconds > 0
        assert parameters > 10_000
        assert (predictions == corpus.test_labels).mean() > 0.9, name


def test_the_plain_loop_trains_the_same_network(corpus, benchmark):
    ids, _, network = benchmark.encoded("embedding bag", corpus)
    assert ids.shape[1] == benchmark.DISTINCT
    models = [network(seed) for seed in (0, 0, 1)]
    vectors = [model.vectors.weight for model in models]
    assert torch.equal(vectors[0], vectors[1])
    assert not torch.equal(vectors[0], vectors[2])


def test_a_corpus_knows_the_training_words_only(benchmark):
    parts = [datasets.newsgroups(part, ["sci.space"]) for part in ("train", "test")]
    parts = [part.head(40) for part in parts]
    corpus = benchmark.Corpus(*parts, "topic")
    train, test, size = corpus.ids()
    assert train.shape == (40, benchmark.LENGTH)
    assert test.max() < size
    words, _, _ = corpus.ids(bag=True)
    for row in words:
        kept = row[row > 1]
        assert len(kept.unique()) == len(kept)
    used = np.unique(np.concatenate([train.unique(), test.unique()]))
    assert set(used) <= set(range(size))


def test_a_post_of_nothing_but_quotes_has_a_word(benchmark):
    assert benchmark._words(" \n ") == ["empty"]
    assert benchmark._words("> Is it?") == ["is", "it"]


def test_the_tables_are_printed_without_measuring():
    command = [sys.executable, str(BENCHMARKS / "text.py"), "--table"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| embedding bag |" in done.stdout
