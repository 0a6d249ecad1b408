"""The settings of chapter 06, chosen without its test posts.

python benchmarks/text_settings.py          try them: 15 minutes on one core
python benchmarks/text_settings.py --table  the best of each, from the stored results

Of each topic the latest fifth of the training posts judges what the rest has taught; of
the sentences from movie reviews, which have no dates, a random fifth. In
`bigmodel_lab/results/text_settings.json` is the accuracy of every setting after every
epoch, the mean of two seeds.
"""

import argparse
import datetime
from functools import partial

import numpy as np
import pandas as pd
import torch
from machine import machine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from stored import store
from torch import nn

from bigmodel_lab import Training, accuracy, datasets
from bigmodel_lab.from_scratch import text
from bigmodel_lab.models import EmbeddingBagClassifier, TextCNN, TextLSTM
from bigmodel_lab.results import load

TOPICS = [
    "alt.atheism",
    "comp.graphics",
    "sci.med",
    "sci.space",
    "soc.religion.christian",
    "talk.religion.misc",
]
SEEDS = 2
EPOCHS = 12
AFFORDED = 6  # epochs that fit into the chapter's minute: the best is chosen among them
RATES = (0.003, 0.01, 0.03)
TRIED = {  # program -> fewer rates
    "LSTM, both directions": (0.003,),
    "LSTM, PyTorch's start": (0.003,),
    "LSTM, sentences": (0.003, 0.01),
}
LINEAR = {  # program -> its vectorizer, its classifier, and what is tried
    "naive Bayes": (
        TfidfVectorizer(),
        lambda alpha: MultinomialNB(alpha=alpha),
        (0.001, 0.01, 0.1, 1),
    ),
    "logistic regression": (
        TfidfVectorizer(sublinear_tf=True, min_df=2),
        lambda C: LogisticRegression(C=C, max_iter=1000),
        (1, 10, 100),
    ),
}
READERS = {
    "TextCNN": TextCNN,
    "LSTM, last state": TextLSTM,
    "LSTM, maximum": partial(TextLSTM, pool="max"),
    "LSTM, both directions": partial(TextLSTM, both_directions=True),
    "LSTM, PyTorch's start": partial(TextLSTM, start="pytorch"),
}


def latest_fifth(posts):
    """Return which posts (N,) are among the latest fifth of their topic."""
    size = posts.groupby("topic", observed=True)["arrived"].transform("size")
    return (posts["arrived"] >= 0.8 * size).to_numpy()


def by_epoch(make, rate, fit, held_out):
    """Return a network's validation accuracies (EPOCHS,), the mean of the seeds."""
    curves = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        model = make()
        training = Training(
            model,
            nn.CrossEntropyLoss(),
            torch.optim.Adam(model.parameters(), lr=rate),
            train=fit,
            validation=held_out,
            epochs=EPOCHS,
            batch_size=64,
            metrics={"accuracy": accuracy},
            seed=seed,
        )
        curves.append(training.finish().history["accuracy"])
    return np.mean(curves, 0).round(4).tolist()


def ids(documents, labels, parts, vocabulary, length):
    """Return (ids, labels) of each part of the documents."""
    X = text.pad([vocabulary.encode(words[:length]) for words in documents], length)
    return [(X[part], labels[part]) for part in parts]


def six_topics():
    """Yield (program, setting, accuracies) for the posts of the chapter."""
    posts = datasets.newsgroups("train", TOPICS)
    late = latest_fifth(posts)
    codes = posts["topic"].cat.codes.to_numpy("int64")
    for name, (vectorizer, classifier, settings) in LINEAR.items():
        for setting in settings:
            model = make_pipeline(vectorizer, classifier(setting))
            model.fit(posts["text"][~late], codes[~late])
            score = model.score(posts["text"][late], codes[late])
            yield name, setting, [round(score, 4)]

    words = [post.split() for post in posts["text"]]
    parts, labels = (np.flatnonzero(~late), np.flatnonzero(late)), torch.tensor(codes)
    vocabulary = text.Vocabulary([words[k] for k in parts[0]], min_count=3)
    size = len(vocabulary), len(TOPICS)
    different = [list(dict.fromkeys(post)) for post in words]
    bags = ids(different, labels, parts, vocabulary, 300)
    first = [list(dict.fromkeys(post[:100])) for post in words]
    rarity = text.idf(bags[0][0], len(vocabulary))
    bag = partial(EmbeddingBagClassifier, *size, word_weights=rarity)
    networks = {
        "softmax regression": (bag, bags),
        "embedding bag": (partial(bag, 64), bags),
        "embedding bag, 100 words": (
            partial(bag, 64),
            ids(first, labels, parts, vocabulary, 100),
        ),
    }
    order = ids(words, labels, parts, vocabulary, 100)
    networks |= {name: (partial(make, *size), order) for name, make in READERS.items()}
    for name, (make, (fit, held_out)) in networks.items():
        for rate in TRIED.get(name, RATES):
            yield name, rate, by_epoch(make, rate, fit, held_out)


def sentences():
    """Yield (program, setting, accuracies) for the sentences from movie reviews."""
    reviews, _ = datasets.movie_reviews()
    words = [text.english_words(line) for line in reviews["text"]]
    labels = torch.tensor(reviews["sentiment"].cat.codes.to_numpy("int64"))
    vocabulary = text.Vocabulary(words, min_count=2)
    parts = slice(5460), slice(5460, None)
    fit, held_out = ids(words, labels, parts, vocabulary, 40)
    name, make = "LSTM, sentences", partial(TextLSTM, len(vocabulary), 2)
    for rate in TRIED[name]:
        yield name, rate, by_epoch(make, rate, fit, held_out)


def best(tried):
    """Return the best setting of each program that the chapter can afford."""
    rows = pd.DataFrame(
        (row["program"], row["setting"], epoch, score)
        for row in tried
        for epoch, score in enumerate(row["accuracy"][:AFFORDED], start=1)
    )
    rows.columns = ["program", "setting", "epochs", "accuracy"]
    rows = rows.sort_values(["accuracy", "epochs"], ascending=[False, True])
    return rows.groupby("program", sort=False).head(1).reset_index(drop=True)


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="of the stored results")
    if not parser.parse_args().table:
        torch.set_num_threads(1)
        results = {
            "made_by": "benchmarks/text_settings.py",
            "machine": machine(),
            "date": str(datetime.date.today()),
            "seeds": SEEDS,
            "tried": [],
        }
        for part in (six_topics(), sentences()):
            for program, setting, scores in part:
                row = {"program": program, "setting": setting, "accuracy": scores}
                results["tried"].append(row)
                print(row, flush=True)
        store("text_settings", results)
    print(best(load("text_settings")["tried"]).to_string(index=False))


if __name__ == "__main__":
    main()
