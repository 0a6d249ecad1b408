"""What a pre-trained encoder is worth: MiniLM beside TF-IDF, with few labels and all.

python benchmarks/sentences.py --part settings   what is tried on held-out texts
python benchmarks/sentences.py --part table      test accuracy, by texts with a label
python benchmarks/sentences.py --part speed      fine-tuning, ours and transformers'
python benchmarks/sentences.py --table           the tables of the stored results

An hour on one core, on which everything runs: seconds are those of its processor, so
that other programs count little. Each row is stored when it is measured; a run that was
interrupted goes on where it stopped, and `--again` begins its parts anew. `--data
reviews` measures one of the two. The speed needs `tests/requirements.txt`. Results go
to `bigmodel_lab/results/sentences.json`.
"""

import argparse
import itertools
import sys
import time
from functools import cache, cached_property

import numpy as np
import pandas as pd
import torch
from gpt_parts import ask, in_turn
from gpt_tables import markdown
from machine import here
from sentences_rivals import PROGRAMS, model_ids
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from stored import TRANSFORMERS, changing
from text_settings import latest_fifth

from bigmodel_lab import accuracy, datasets
from bigmodel_lab.datasets.sentences import minilm
from bigmodel_lab.memory import keep_freed_memory
from bigmodel_lab.models.classifying import TextClassifier, fine_tuning, logits
from bigmodel_lab.models.sentences import embeddings, sentence_encoder
from bigmodel_lab.results import load

LABELS = ("few", 100, 1000, "all")  # few: 10, or one of each class if there are more
TESTED = 2000  # test texts at most: the encoder reads 40 posts a second
HELD_OUT = 300  # of the held-out texts, those that judge a fine-tuning
STRENGTHS = (1, 10, 100)  # of logistic regression: C
RATES = (5e-5, 1e-4, 2e-4)  # of fine-tuning
RATED_BY = ("reviews", 100)  # where the rate is chosen: it costs least there
SEEDS = 3  # but 1 with all labels
EPOCHS = {"few": 20, 100: 10, 1000: 3, "all": 1}
BATCH = 16
TF_IDF, TF_IDF_CUT, FROZEN, TUNED = METHODS = (
    "TF-IDF",
    "TF-IDF, of the tokens that MiniLM reads",
    "MiniLM, frozen",
    "MiniLM, fine-tuned",
)


class Corpus:
    """The texts of a data set, their classes, and what each method reads of them."""

    def __init__(self, name, model):
        self.name, self.model = name, model
        if name == "newsgroups":
            train, test = (datasets.newsgroups(part) for part in ("train", "test"))
            column, held_out = "topic", latest_fifth(train)
        else:
            train, test = datasets.movie_reviews()
            column, held_out = "sentiment", np.arange(len(train)) >= 5460
        test = test[:TESTED]  # they are in random order
        self.train, self.texts = len(train), [*train["text"], *test["text"]]
        labels = pd.concat([train, test])[column].cat
        self.labels = labels.codes.to_numpy("int64")
        self.classes = len(labels.categories)
        self.held_out, self.kept = map(np.flatnonzero, (held_out, ~held_out))
        self.test = np.arange(len(train), len(self.texts))
        self.features = cache(self.read_by)

    @cached_property
    def ids(self):
        """The first tokens of each text."""
        return model_ids(self.model, self.texts)

    def read_by(self, method):
        """Return what logistic regression reads: a row for each text, seconds each."""
        if method == FROZEN:
            encoder = sentence_encoder(self.model.weights)
            X, seconds = timed(lambda: embeddings(encoder, self.ids).numpy())
        else:
            decode, cut = self.model.tokenizer.decode, method == TF_IDF_CUT
            texts = [decode(text) for text in self.ids] if cut else self.texts
            X, seconds = timed(self.tf_idf, texts)
        return X, seconds / len(self.texts)

    def tf_idf(self, texts):
        """Return TF-IDF rows; training texts without a label help to count words."""
        vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2)
        return vectorizer.fit(texts[: self.train]).transform(texts)

    def drawn(self, labels, seed, among):
        """Return which texts have a label: equally many of each class."""
        if labels == "all":
            return among
        each = max(1, (10 if labels == "few" else labels) // self.classes)
        mixed = np.random.default_rng(seed).permutation(among)
        of = [mixed[self.labels[mixed] == k][:each] for k in range(self.classes)]
        return np.concatenate(of)

    # -- the two ways to learn: return accuracy and seconds ----------------------------

    def regress(self, method, strength, chosen, judged):
        """Fit logistic regression on the features of the chosen texts."""
        X, each = self.features(method)
        words = np.flatnonzero(np.asarray(abs(X[chosen]).sum(0)))  # else weights are 0
        model = LogisticRegression(C=strength, max_iter=2000)
        _, seconds = timed(model.fit, X[chosen][:, words], self.labels[chosen])
        score = model.score(X[judged][:, words], self.labels[judged])
        return score, seconds + each * len(chosen)

    def tune(self, rate, epochs, seed, chosen, judged):
        """Fine-tune MiniLM on the chosen texts."""
        torch.manual_seed(seed)
        labels = torch.from_numpy(self.labels)
        encoder = sentence_encoder(self.model.weights)
        classifier = TextClassifier(encoder, self.classes)
        training = fine_tuning(
            classifier,
            [self.ids[i] for i in chosen],
            labels[chosen],
            learning_rate=rate,
            batch_size=BATCH,
            epochs=epochs,
            seed=seed,
        )
        _, seconds = timed(training.finish)
        found = logits(classifier, [self.ids[i] for i in judged])
        return accuracy(labels[judged], found), seconds


def timed(function, *arguments):
    """Return what a function returns, and the seconds of the processor."""
    start = time.process_time()
    result = function(*arguments)
    return result, time.process_time() - start


# -- the parts -------------------------------------------------------------------------


def cases(corpus, methods):
    """Yield every (method, seed, labels); the seed draws the texts with a label."""
    for method, seed, labels in itertools.product(methods, range(SEEDS), LABELS):
        nothing_is_cut_off = method == TF_IDF_CUT and corpus.name == "reviews"
        if not nothing_is_cut_off and not (labels == "all" and seed):
            yield method, seed, labels


def measure_settings(corpus):
    """Try settings on the held-out training texts."""
    held = corpus.held_out
    for method, seed, labels in cases(corpus, METHODS[:3]):
        for C in STRENGTHS:
            if key := missing("settings", corpus.name, labels, method, seed, C):
                chosen = corpus.drawn(labels, seed, corpus.kept)
                score, _ = corpus.regress(method, C, chosen, held)
                keep("settings", key, accuracy=score)
    for rate in RATES if corpus.name == RATED_BY[0] else ():
        if key := missing("settings", *RATED_BY, TUNED, 0, rate):
            labels = RATED_BY[1]
            chosen = corpus.drawn(labels, 0, corpus.kept)
            judged = held[:HELD_OUT]
            score, _ = corpus.tune(rate, EPOCHS[labels], 0, chosen, judged)
            keep("settings", key, accuracy=score)


def best(data, labels, method):
    """Return the setting with the highest accuracy on held-out texts."""
    rows = pd.DataFrame(load("sentences")["settings"])
    if method == TUNED:
        data, labels = RATED_BY
    here = (rows.data == data) & (rows.labels == labels) & (rows.method == method)
    return rows[here].groupby("setting")["accuracy"].mean().idxmax().item()


def measure_table(corpus):
    """Measure test accuracies: what costs little first."""
    for method, seed, labels in cases(corpus, METHODS):
        setting = best(corpus.name, labels, method)
        if key := missing("table", corpus.name, labels, method, seed, setting):
            chosen = corpus.drawn(labels, seed, np.arange(corpus.train))
            if method == TUNED:
                how = setting, EPOCHS[labels], seed
                score, seconds = corpus.tune(*how, chosen, corpus.test)
            else:
                score, seconds = corpus.regress(method, setting, chosen, corpus.test)
            facts = {"texts": len(chosen), "tested": len(corpus.test)}
            keep("table", key, **facts, accuracy=score, seconds=round(seconds, 2))


def measure_speed(rounds):
    """Measure examples per second of fine-tuning: every program in its own process."""
    for number, name in in_turn(list(PROGRAMS), rounds):
        answer = ask(sys.executable, "sentences_rivals.py", name, cores=1)
        keep("speed", {"program": name, "round": number}, **answer)


def missing(part, data, labels, method, seed, setting):
    """Return the key of a row that is not stored yet; None if it is."""
    key = {"data": data, "labels": labels, "method": method}
    key |= {"seed": seed, "setting": setting}
    with changing("sentences") as stored:
        rows = stored.get(part, [])
    return None if any(key.items() <= row.items() for row in rows) else key


def keep(part, key, **facts):
    """Store a row, with where and when it was measured."""
    row = key | facts
    print(part, row, flush=True)
    with changing("sentences") as stored:
        stored.setdefault(part, []).append(row)
        stored.setdefault("origin", {})[part] = here() | {"versions": [TRANSFORMERS]}


# -- results ---------------------------------------------------------------------------


def accuracy_table(results):
    """Return the test accuracies, mean and standard deviation of the seeds."""
    rows = pd.DataFrame(results["table"])
    lines = []
    for (data, method), group in rows.groupby(["data", "method"], sort=False):
        line = [data, method]
        for labels in LABELS:
            here = group[group.labels == labels]
            if not len(here):
                line.append("")
                continue
            spread = f" ± {100 * here.accuracy.std():.1f}" if len(here) > 1 else ""
            line.append(
                f"{here.accuracy.mean():.1%}{spread} ({here.seconds.median():.3g} s)"
            )
        lines.append(line)
    return markdown(["data", "method", *map(str, LABELS)], lines)


def speed_table(results):
    """Return examples per second, and how many times as fast ours is in each round."""
    rows = pd.DataFrame(results["speed"])
    rounds = rows.pivot(index="round", columns="program", values="examples_per_second")
    lines = []
    for name in PROGRAMS:
        ratio = rounds[next(iter(PROGRAMS))] / rounds[name]
        low, middle, high = ratio.min(), ratio.median(), ratio.max()
        each = f"{rounds[name].median():.1f}"
        lines.append([name, each, f"{middle:.2f} x ({low:.2f} to {high:.2f})"])
    return markdown(["program", "examples/s", "ours is"], lines)


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"settings": measure_settings, "table": measure_table}
    parser.add_argument("--part", nargs="+", choices=[*parts, "speed"], default=[])
    sets = ["reviews", "newsgroups"]
    parser.add_argument("--data", nargs="+", choices=sets, default=sets)
    parser.add_argument("--rounds", type=int, default=5, help="of speed")
    parser.add_argument("--again", action="store_true", help="forget stored rows")
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    if options.again or "speed" in options.part:
        with changing("sentences") as stored:
            for part in options.part if options.again else ["speed"]:
                stored.pop(part, None)
    if set(parts) & set(options.part):
        model = minilm()
        for corpus in (Corpus(name, model) for name in options.data):
            for part in parts:  # settings come first
                if part in options.part:
                    parts[part](corpus)
    if "speed" in options.part:
        measure_speed(options.rounds)
    if options.table:
        results = load("sentences")
        print(
            results["origin"]["table"]["machine"], accuracy_table(results), sep="\n\n"
        )
        print(speed_table(results))


if __name__ == "__main__":
    main()
