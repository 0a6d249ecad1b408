"""20 Newsgroups, all 20 topics: linear models, networks and the program of D1 §5.2.

python benchmarks/text.py                 everything, half an hour on two cores
python benchmarks/text.py --part faults   one part: runs, faults, imdb, raw, starts
python benchmarks/text.py --raw ARCHIVE   the raw posts from a file, not a mirror
python benchmarks/text.py --table         the tables of the stored results

In every round each program trains once, in random order, and is tested on the same test
texts; seconds count from the texts to the model. The
results go to `bigmodel_lab/results/`, where chapter 06 reads them.
"""

import argparse
import datetime
import json
import random
import re
import subprocess
import tempfile
import time
from functools import partial
from itertools import chain
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import torch
from machine import machine
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from stored import TENSORFLOW, begun, store, tensorflow_python
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from bigmodel_lab import Training, datasets
from bigmodel_lab.datasets import fetching
from bigmodel_lab.device import granted_cores
from bigmodel_lab.from_scratch import text
from bigmodel_lab.models import EmbeddingBagClassifier, TextCNN, TextLSTM
from bigmodel_lab.results import load

LENGTH = 200  # words of a text that a CNN or an LSTM reads
DISTINCT = 400  # different words of a text that a bag holds
WORDS = {"token_pattern": r"\S+"}
SUBLINEAR = WORDS | {"sublinear_tf": True, "min_df": 2}

LINEAR = {
    "most frequent topic": ({}, DummyClassifier()),
    "naive Bayes": (WORDS, MultinomialNB(alpha=0.01)),
    "logistic regression": (SUBLINEAR, LogisticRegression(C=10, max_iter=1000)),
    "linear SVM": (SUBLINEAR, LinearSVC()),
    "linear SVM, words and pairs": (SUBLINEAR | {"ngram_range": (1, 2)}, LinearSVC()),
    "D1's 1,000 words, naive Bayes": (
        {"max_features": 1000},
        MultinomialNB(alpha=0.01),
    ),
}
# Tried with the test scores in sight, which favors the networks; only the embedding bag
# was compared again, on the last fifth of the training posts.
NETWORKS = {
    "softmax regression": {
        "make": EmbeddingBagClassifier,
        "learning_rate": 0.03,
        "epochs": 2,
    },
    "embedding bag": {
        "make": partial(EmbeddingBagClassifier, dimensions=128),
        "learning_rate": 0.01,
        "epochs": 4,
        "batch_size": 256,
    },
    "TextCNN": {"make": TextCNN, "learning_rate": 0.003, "epochs": 6},
    "LSTM, PyTorch's start": {
        "make": partial(TextLSTM, start="pytorch"),
        "learning_rate": 0.003,
        "epochs": 6,
    },
    "LSTM, maximum, PyTorch's start": {
        "make": partial(TextLSTM, pool="max", start="pytorch"),
        "learning_rate": 0.003,
        "epochs": 6,
    },
    "D1's CNN, mended": {
        "make": partial(TextCNN, filters=128, widths=(5,), dropout=0),
        "learning_rate": 0.001,
        "epochs": 10,
        "batch_size": 32,
        "size": 1000,
    },
}
# D4 writes Keras, whose LSTM starts otherwise. Added later, measured for accuracy only.
STARTS = {
    "LSTM, last state": {"make": TextLSTM, "learning_rate": 0.003, "epochs": 6},
}
SENTIMENT_EPOCHS = 2  # in later epochs they know the training reviews by heart
FIVE = "five embedding bags, averaged"
LOOP = "embedding bag, plain loop"
KERAS = "D1's CNN, mended, Keras"
TOPICS = [*LINEAR, *NETWORKS, FIVE, LOOP, KERAS]
REVIEWS = [
    "naive Bayes",
    "logistic regression",
    "embedding bag",
    "LSTM, PyTorch's start",
    "LSTM, maximum, PyTorch's start",
]
RAW = ["naive Bayes", "linear SVM", "embedding bag", "TextCNN"]
REMOVED = {
    "nothing": (),
    "headers": ("headers",),
    "headers, signatures and quotes": ("headers", "footers", "quotes"),
}


# -- one program, from texts to predictions --------------------------------------------


class Corpus:
    """Training and test texts as lists of words, their labels as numbers."""

    def __init__(self, train, test, label, epochs=None):
        self.epochs = epochs  # of every network; its own if None
        self.texts, self.test_texts = (
            [" ".join(_words(t)) for t in part["text"]] for part in (train, test)
        )
        self.labels, self.test_labels = (
            part[label].cat.codes.to_numpy(dtype="int64") for part in (train, test)
        )
        self.classes = len(train[label].cat.categories)

    def ids(self, size=None, bag=False):
        """Return the ids of both parts (N, L), and the vocabulary's size."""
        documents, test = (
            [list(dict.fromkeys(t.split())) if bag else t.split() for t in part]
            for part in (self.texts, self.test_texts)
        )
        vocabulary = text.Vocabulary(documents, size=size, min_count=2)
        length = DISTINCT if bag else LENGTH
        train, test = (
            text.pad([vocabulary.encode(words[:length]) for words in part], length)
            for part in (documents, test)
        )
        return train, test, len(vocabulary)


def _words(post):
    """Return the words of a text; a text without any (nothing but quotes) gets one."""
    try:
        return text.english_words(post)
    except ValueError:
        return ["empty"]


def run_linear(name, corpus, seed):
    """Fit one of scikit-learn's pipelines; return seconds, predictions, parameters."""
    options, model = LINEAR[name]
    start = time.perf_counter()
    pipeline = make_pipeline(TfidfVectorizer(**options), model)
    pipeline.fit(corpus.texts, corpus.labels)
    seconds = time.perf_counter() - start
    weights = getattr(model, "coef_", getattr(model, "feature_log_prob_", np.empty(0)))
    return seconds, pipeline.predict(corpus.test_texts), weights.size


def encoded(name, corpus):
    """Return the ids of both parts for a network, and a function seed -> network."""
    settings = (NETWORKS | STARTS)[name]
    make = settings["make"]
    bag = getattr(make, "func", make) is EmbeddingBagClassifier
    ids, test_ids, size = corpus.ids(settings.get("size"), bag)
    weights = {"word_weights": text.idf(ids, size)} if bag else {}

    def network(seed):
        torch.manual_seed(seed)
        return make(size, corpus.classes, **weights)

    return ids, test_ids, network


def run_network(name, corpus, seed, members=1):
    """Train one of the networks with `Training`, or several to average."""
    start, settings = time.perf_counter(), (NETWORKS | STARTS)[name]
    ids, test_ids, network = encoded(name, corpus)
    models = [network(members * seed + member) for member in range(members)]
    for model in models:
        Training(
            model,
            nn.CrossEntropyLoss(),
            torch.optim.Adam(model.parameters(), lr=settings["learning_rate"]),
            train=(ids, torch.from_numpy(corpus.labels)),
            epochs=corpus.epochs or settings["epochs"],
            batch_size=settings.get("batch_size", 64),
            seed=seed,
        ).finish()
    seconds = time.perf_counter() - start
    return seconds, predicted(models, test_ids), sum(map(count, models))


def run_five(name, corpus, seed):
    """Train five embedding bags, each from its own start, and average."""
    return run_network("embedding bag", corpus, seed, members=5)


def run_loop(name, corpus, seed):
    """Train the embedding bag with the loop that everyone writes, over a DataLoader."""
    start, settings = time.perf_counter(), NETWORKS["embedding bag"]
    ids, test_ids, network = encoded("embedding bag", corpus)
    model = network(seed)
    pairs = list(zip(ids, torch.from_numpy(corpus.labels), strict=True))
    loader = DataLoader(pairs, settings["batch_size"], shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings["learning_rate"])
    model.train()
    for _ in range(settings["epochs"]):
        for batch, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(batch), labels).backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    return seconds, predicted([model], test_ids), count(model)


def run_keras(name, corpus, seed):
    """Train D1's program in Keras, fixed."""
    with tempfile.TemporaryDirectory() as folder:
        result = keras("mended", corpus, Path(folder) / "posts.npz", str(seed))
    return result["seconds"], np.array(result["predictions"]), result["parameters"]


@torch.inference_mode()
def predicted(models, ids):
    """Return the most probable classes (N,) of ids (N, L), averaged over the models."""
    shares = [
        torch.cat([model.eval()(batch).softmax(1) for batch in ids.split(512)])
        for model in models
    ]  # of each model (N, C)
    return sum(shares).argmax(1).numpy()


def count(model):
    """Return the number of a model's parameters."""
    return sum(p.numel() for p in model.parameters())


def keras(what, corpus, path, *seed):
    """Run `keras_text.py` on a corpus and return what it prints."""
    ids, test_ids, _ = corpus.ids(size=1000)
    vectorizer = TfidfVectorizer(max_features=1000)
    np.savez(
        path,
        tf_idf=vectorizer.fit_transform(corpus.texts).toarray().astype("float32"),
        ids=ids.numpy(),
        test_ids=test_ids.numpy(),
        topics=corpus.labels,
    )
    script = Path(__file__).parent / "keras_text.py"
    command = [tensorflow_python(), script, what, path, *seed]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


RUN = {
    **dict.fromkeys(LINEAR, run_linear),
    **dict.fromkeys(NETWORKS | STARTS, run_network),
    FIVE: run_five,
    LOOP: run_loop,
    KERAS: run_keras,
}


# -- all of them -----------------------------------------------------------------------


def rounds(programs, corpus, seeds):
    """Run each program once per seed, in random order; yield the rows of a round."""
    for seed in range(seeds):
        rows = []
        for name in random.sample(programs, len(programs)):
            seconds, predictions, parameters = RUN[name](name, corpus, seed)
            labels = corpus.test_labels
            rows.append(
                {
                    "program": name,
                    "seed": seed,
                    "seconds": seconds,
                    "accuracy": accuracy_score(labels, predictions),
                    "macro_f1": f1_score(labels, predictions, average="macro"),
                    "parameters": parameters,
                }
            )
            print(rows[-1], flush=True)
        yield sorted(rows, key=lambda row: programs.index(row["program"]))


def newsgroups(**options):
    """Return the posts of all 20 topics."""
    parts = [datasets.newsgroups(part, **options) for part in ("train", "test")]
    return Corpus(*parts, "topic")


def measure_runs(results, seeds, raw):
    """Measure every program on all 20 topics."""
    corpus = newsgroups()
    results["runs"] = list(chain(*rounds(TOPICS, corpus, seeds)))


def measure_faults(results, seeds, raw):
    """Record what Keras says about D1's program."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "posts.npz"
        results["faults"] = keras("faults", newsgroups(), path)


def measure_imdb(results, seeds, raw):
    """Measure some programs on the sentiment of movie reviews."""
    corpus = Corpus(*datasets.movie_reviews("imdb"), "sentiment", SENTIMENT_EPOCHS)
    results["imdb"] = list(chain(*rounds(REVIEWS, corpus, seeds)))


def measure_raw(results, seeds, raw):
    """Measure what headers, signatures and quotes give away, with one seed."""
    results["raw"] = {"from": "a mirror of the original", "runs": []}
    replaced = mock.patch.object(fetching, "fetch", return_value=raw)
    if raw:
        results["raw"]["from"] = "a copy of the original"
        replaced.start()
    for removed, parts in REMOVED.items():
        corpus = newsgroups(raw=True, remove=parts)
        for row in chain(*rounds(RAW, corpus, 1)):
            results["raw"]["runs"].append({"removed": removed} | row)
    if raw:
        replaced.stop()


def measure_starts(results, seeds, raw):
    """Measure the LSTM that starts as in Keras, on all 20 topics: accuracy only."""
    runs = list(chain(*rounds(list(STARTS), newsgroups(), seeds)))
    results["starts"] = {
        "machine": machine(),
        "runs": [{k: v for k, v in row.items() if k != "seconds"} for row in runs],
    }


PARTS = {
    "faults": measure_faults,
    "runs": measure_runs,
    "imdb": measure_imdb,
    "raw": measure_raw,
    "starts": measure_starts,
}


def settings():
    """Return everything that the results depend on, as text."""
    return {
        "linear": {k: f"{options}, {model}" for k, (options, model) in LINEAR.items()},
        "networks": {
            # Without addresses, and without the file where a class is defined.
            name: {
                k: re.sub(r" at 0x.*|<class '[\w.]*\.(\w+)'>", r"\1", str(v))
                for k, v in options.items()
            }
            for name, options in (NETWORKS | STARTS).items()
        },
        "length": LENGTH,
        "distinct": DISTINCT,
        "sentiment_epochs": SENTIMENT_EPOCHS,
    }


def measure(parts, seeds, raw):
    """Measure some PARTS and store them."""
    origin = {
        "made_by": "benchmarks/text.py",
        "machine": machine(),
        "tensorflow": TENSORFLOW,
        "data": {
            name: fetching.FILES[name].sha256
            for name in ("newsgroups-train", "newsgroups-test", "movie-reviews")
        },
        "settings": settings(),
    }
    results = begun("text", origin, whole=set(parts) == set(PARTS))
    results["date"] = str(datetime.date.today())
    torch.set_num_threads(granted_cores())
    few = newsgroups(categories=["sci.med", "sci.space"])
    run_network("embedding bag", few, 0)  # loads what the first training needs
    for part in parts:
        PARTS[part](results, seeds, raw)
        if "runs" in results:
            store("text", results)


# -- results ---------------------------------------------------------------------------


def table(runs, programs):
    """Return runs as a Markdown table, a row for every program."""
    lines = [
        "| program | seconds (median) | parameters | accuracy, mean ± sd | macro-F1 |",
        "|---|---|---|---|---|",
    ]
    groups = pd.DataFrame(runs).groupby("program")
    for program in programs:
        group = groups.get_group(program)
        spread = f" ± {100 * group.accuracy.std():.2f}" if len(group) > 1 else ""
        seconds = f"{group.seconds.median():.1f}" if "seconds" in group else ""
        lines.append(
            f"| {program} | {seconds} "
            f"| {group.parameters.iloc[0]:,} "
            f"| {group.accuracy.mean():.2%}{spread} | {group.macro_f1.mean():.2%} |"
        )
    return "\n".join(lines)


def raw_table(results):
    """Return the accuracies on raw posts as a Markdown table."""
    runs = pd.DataFrame(results["raw"]["runs"])
    lines = [f"| removed | {' | '.join(RAW)} |", "|---" * (len(RAW) + 1) + "|"]
    for removed in REMOVED:
        right = runs[runs.removed == removed].set_index("program").accuracy
        cells = [f"{right[name]:.2%}" for name in RAW]
        lines.append(f"| {removed} | {' | '.join(cells)} |")
    return "\n".join(lines)


def tables(results):
    """Return all tables of the results."""
    return (
        table(results["runs"], TOPICS),
        table(results["starts"]["runs"], list(STARTS)),
        raw_table(results),
        table(results["imdb"], REVIEWS),
    )


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--raw", type=Path, help="an archive 20news-bydate-*/topic/no")
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    if not options.table:
        measure(options.part, options.seeds, options.raw)
    results = load("text")
    print(results["machine"], *tables(results), sep="\n\n")


if __name__ == "__main__":
    main()
