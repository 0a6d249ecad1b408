"""Part emoji of `fusion.py`: pictures, names, and what is made of both."""

from itertools import product as pairs

import numpy as np
import torch
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.nn import functional as F

import bigmodel_lab as lab
from bigmodel_lab import fusion, models

SEEDS = range(10)
STRENGTHS = (0.01, 0.1, 1, 10, 100)  # C: the larger, the weaker the penalty
WEIGHTS = (0.01, 0.03, 0.1, 0.3, 1)  # of the pictures, beside 1 for the names
WEAK = 10  # a penalty that lets a model learn pictures by heart
BROKEN = (0, 0.25, 0.5, 0.75, 1)  # shares
RULES = {"mean": fusion.mean, "product": fusion.product, "maximum": fusion.maximum}
SHOWN = ("picture", "name", "early, weighted", "mean", "product", "stacking")


def logistic(strength):
    """Return a logistic regression."""
    return LogisticRegression(C=strength, max_iter=5000)


def reader():
    """Return what makes names into numbers: shares of their pieces, 2 to 4 letters."""
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True
    )


@torch.no_grad()
def seen(pictures):
    """Return what the picture network sees at 96 pixels, (N, 1280)."""
    model = models.picture_encoder(lab.datasets.efficientnet())
    found = []
    for some in torch.as_tensor(pictures).split(64):
        some = some.permute(0, 3, 1, 2) / 255
        large = F.interpolate(some, size=96, mode="bilinear", align_corners=False)
        found.append(model.features(large))
    return torch.cat(found).double().numpy()


class Emoji:
    """What each emoji's picture shows, its name, and its group; and a gray picture."""

    def __init__(self):
        table, pictures = lab.datasets.emoji()
        self.pictures = seen(pictures)
        self.gray = seen(np.full((1, 64, 64, 3), 127, np.uint8))
        self.names = table["name"].to_numpy(str)
        self.y = table["group"].astype("category").cat.codes.to_numpy()

    def columns(self, rows):
        """Return both sources as numbers, by what `rows` have, and gray pictures."""
        scaler = StandardScaler().fit(self.pictures[rows])
        return {
            "as they come": self.pictures,
            "picture": scaler.transform(self.pictures),
            "gray": scaler.transform(self.gray),
            "name": reader().fit(self.names[rows]).transform(self.names),
        }


def parts(y, seed):
    """Return the rows to learn from, to choose by, and to test on: 60, 20, 20 %."""
    rest, test = train_test_split(
        np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed
    )
    train, validation = train_test_split(
        rest, test_size=0.25, stratify=y[rest], random_state=seed
    )
    return train, validation, test


def best(answers, truth):
    """Return the setting whose probabilities have the smallest log loss.

    Accuracy on 327 rows jumps by chance; the loss hardly does.
    """
    losses = {setting: log_loss(truth, found) for setting, found in answers.items()}
    return min(losses, key=losses.get)


def early_columns(given, weight):
    """Return pictures and names side by side; weight None: as both come."""
    pictures = given["as they come" if weight is None else "picture"]
    return fusion.early([pictures, given["name"].toarray()], [weight or 1, 1])


def single_settings(emoji, given, train, validation):
    """Return the penalty of a model of pictures, and of one of names."""
    y, chosen = emoji.y, {}
    for source in ("picture", "name"):
        X = given[source]
        answers = {
            C: logistic(C).fit(X[train], y[train]).predict_proba(X[validation])
            for C in STRENGTHS
        }
        chosen[source] = best(answers, y[validation])
    return chosen


def early_settings(emoji, given, train, validation):
    """Return the weight and penalty of each early fusion, and accuracies by weight."""
    y, found = emoji.y, {}
    for weight in (None, *WEIGHTS):
        # Half the digits take half the time, and choose the same.
        X = early_columns(given, weight).astype(np.float32)
        for C in STRENGTHS:
            model = logistic(C).fit(X[train], y[train])
            found[weight, C] = model.predict_proba(X[validation])

    def chosen(*weights):
        settings = pairs(weights, STRENGTHS)
        return best({key: found[key] for key in settings}, y[validation])

    curve = {w: accuracy(found[chosen(w)], y[validation]) for w in WEIGHTS}
    settings = {
        "early, as it comes": chosen(None),
        "early, standardized": chosen(1),
        "early, weighted": chosen(*WEIGHTS),
    }
    return settings, curve


def accuracy(probabilities, truth):
    """Return how often the most probable class is the right one, percent."""
    return 100 * float((probabilities.argmax(1) == truth).mean())


def picture_model(learner):
    """Return a function that makes a model of pictures."""
    # A new one each time: fitted again, the old one would forget.
    return lambda: make_pipeline(StandardScaler(), clone(learner))


def name_model(strength):
    """Return a function that makes a model of names."""
    return lambda: make_pipeline(reader(), logistic(strength))


def learned(make, X, y):
    """Return a model, and answers to X: of models that had not seen it, and its own."""
    model = make().fit(X, y)
    unseen = fusion.out_of_fold(make, X, y)
    return model, {"": unseen, " on seen rows": model.predict_proba(X)}


def stack_rows(emoji, strengths, rows):
    """Return both models' answers to rows: unseen ones, and ones they learned from."""
    y, learner = emoji.y[rows], logistic(strengths["picture"])
    _, pictures = learned(picture_model(learner), emoji.pictures[rows], y)
    _, names = learned(name_model(strengths["name"]), emoji.names[rows], y)
    return {which: [pictures[which], names[which]] for which in pictures}


def both(answers, logs):
    """Return two models' answers side by side, as probabilities or their logarithms."""
    side = np.hstack(answers)
    return np.log(side + 1e-6) if logs else side


STACKS = {  # name: which answers, and whether their logarithms
    f"stacking{of}{rows}": (rows, bool(of))
    for of in ("", " of logs")
    for rows in ("", " on seen rows")
}


def singles(emoji, given, strengths, rows):
    """Return the two models, trained on rows."""
    return {
        source: logistic(C).fit(given[source][rows], emoji.y[rows])
        for source, C in strengths.items()
    }


def stack_settings(emoji, given, strengths, train, validation):
    """Return the penalty of each model on top."""
    fitted = singles(emoji, given, strengths, train)
    asked = [m.predict_proba(given[s][validation]) for s, m in fitted.items()]
    answers, y, chosen = stack_rows(emoji, strengths, train), emoji.y, {}
    for name, (rows, logs) in STACKS.items():
        X, X_asked = both(answers[rows], logs), both(asked, logs)
        found = {
            C: logistic(C).fit(X, y[train]).predict_proba(X_asked) for C in STRENGTHS
        }
        chosen[name] = best(found, y[validation])
    return chosen


class Fused:
    """All ways, trained with their settings; `answers` are theirs to other rows."""

    def __init__(self, emoji, rows, strengths, early, stacks):
        self.given, y = emoji.columns(rows), emoji.y[rows]
        self.singles = singles(emoji, self.given, strengths, rows)
        self.early = {
            way: (weight, logistic(C).fit(early_columns(self.given, weight)[rows], y))
            for way, (weight, C) in early.items()
        }
        answers = stack_rows(emoji, strengths, rows)
        self.learned_from = {
            "unseen" if not which else "seen": dict(
                zip(strengths, (accuracy(p, y) for p in two), strict=True)
            )
            for which, two in answers.items()
        }
        self.stacks = {
            name: logistic(stacks[name]).fit(both(answers[which], logs), y)
            for name, (which, logs) in STACKS.items()
        }

    def answers(self, test, named=None, gray=()):
        """Return each way's probabilities for rows.

        `named` are the rows whose names they are given; the positions `gray` get a gray
        picture.
        """
        names = self.given["name"][test if named is None else named]
        given = {
            "as they come": self.given["as they come"][test],
            "picture": self.given["picture"][test].copy(),
            "name": names,
        }
        given["picture"][list(gray)] = self.given["gray"]
        found = {s: m.predict_proba(given[s]) for s, m in self.singles.items()}
        two = list(found.values())
        for way, (weight, model) in self.early.items():
            found[way] = model.predict_proba(early_columns(given, weight))
        found |= {way: rule(two) for way, rule in RULES.items()}
        for name, (_, logs) in STACKS.items():
            found[name] = self.stacks[name].predict_proba(both(two, logs))
        return found


def broken(fused, test, truth, seed):
    """Return accuracies with a share of names shuffled, and of pictures gray."""
    chance = np.random.default_rng(seed)
    order, found = chance.permutation(len(test)), {"names": {}, "pictures": {}}
    for share in BROKEN:
        some = order[: round(share * len(test))]
        named = test.copy()
        named[some] = test[chance.permutation(some)]
        for what, answers in (
            ("names", fused.answers(test, named=named)),
            ("pictures", fused.answers(test, gray=some)),
        ):
            found[what][str(share)] = {
                way: accuracy(answers[way], truth) for way in SHOWN
            }
    return found


def by_heart(emoji, rows, test, strengths, stacks, seed):
    """Return accuracies of stacks on models that know pictures by heart, more or less.

    Of each emoji's own picture, and of another one's, which says nothing.
    """
    y, truth, found = emoji.y[rows], emoji.y[test], {}
    order = np.random.default_rng(seed).permutation(len(emoji.y))
    sources = {"own": emoji.pictures, "another's": emoji.pictures[order]}
    learners = {
        "penalty as chosen": logistic(strengths["picture"]),
        "hardly a penalty": logistic(WEAK),
        "nearest neighbor": KNeighborsClassifier(1),
    }
    reads, names = learned(name_model(strengths["name"]), emoji.names[rows], y)
    for (whose, pictures), (kind, learner) in pairs(sources.items(), learners.items()):
        sees, seen = learned(picture_model(learner), pictures[rows], y)
        asked = [
            sees.predict_proba(pictures[test]),
            reads.predict_proba(emoji.names[test]),
        ]
        row = {"picture": asked[0], "name": asked[1], "mean": fusion.mean(asked)}
        for which, answers in seen.items():
            top = logistic(stacks[f"stacking{which}"])
            top.fit(np.hstack([answers, names[which]]), y)
            row[f"stacking{which}"] = top.predict_proba(np.hstack(asked))
        found[f"{whose}, {kind}"] = {way: accuracy(p, truth) for way, p in row.items()}
    return found


def split_row(emoji, seed):
    """Return what one split gives: settings, accuracies, and sources that break."""
    train, validation, test = parts(emoji.y, seed)
    given = emoji.columns(train)
    strengths = single_settings(emoji, given, train, validation)
    early, curve = early_settings(emoji, given, train, validation)
    stacks = stack_settings(emoji, given, strengths, train, validation)
    # The settings stay; the models learn from the validation part, too.
    rest = np.concatenate([train, validation])
    fused, truth = Fused(emoji, rest, strengths, early, stacks), emoji.y[test]
    answers = fused.answers(test)
    right = {way: accuracy(p, truth) for way, p in answers.items()}
    either = fusion.either_right(
        [answers[source].argmax(1) for source in ("picture", "name")], truth
    )
    wrong = (100 - right["picture"]) * (100 - right["name"]) / 100
    return {
        "seed": seed,
        "accuracy": right,
        "loss": {way: log_loss(truth, p) for way, p in answers.items()},
        "either right": 100 * either,
        "both wrong": 100 - 100 * either,
        "both wrong if independent": wrong,
        "strengths": strengths | stacks | {way: C for way, (_, C) in early.items()},
        "weight": early["early, weighted"][0],
        "validation by weight": {str(w): found for w, found in curve.items()},
        "stacks learn from": fused.learned_from,
        "broken": broken(fused, test, truth, seed),
        "by heart": by_heart(emoji, rest, test, strengths, stacks, seed),
    }


def measured():
    """Return the rows of all splits, and how frequent the largest group is."""
    emoji, rows = Emoji(), []
    for seed in SEEDS:
        rows.append(split_row(emoji, seed))
        print("emoji", seed, rows[-1]["accuracy"], flush=True)
    largest = 100 * float(np.bincount(emoji.y).max() / len(emoji.y))
    return {"rows": rows, "emoji": len(emoji.y), "largest group": largest}
