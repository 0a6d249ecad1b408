"""Recommenders on three splits: how well they tell films apart, and their lists.

python benchmarks/recommending.py               all splits
python benchmarks/recommending.py --split date  one of them
python benchmarks/recommending.py --table       the tables of the stored results

One thread. Films with fewer than five ratings are dropped. A test part is set aside by
the split; of the rest, a validation part by the same split, on which every method's
settings are chosen (networks: with seed 0). Then it learns from both, and the test part
is read once. Rated: the AUC of "four stars or more" among rated pairs. Lists: recall at
10 over all films that a user has not rated yet, of those that then got four stars or
more; a user of whom nothing is known gets what is popular. Results go to
`bigmodel_lab/results/recommending.json`.
"""

import argparse
from itertools import product

import numpy as np
import torch
from machine import here
from stored import changing, plus_minus
from torch import nn

import bigmodel_lab as lab
from bigmodel_lab import membership, models, recommending

SEEDS = range(5)
SPLITS = {
    "random": lambda ratings, seed: recommending.split_random(ratings, 0.2, seed),
    "user": lambda ratings, seed: recommending.split_by_user_time(ratings, 0.2),
    "date": lambda ratings, seed: recommending.split_by_date(
        ratings, ratings["time"].quantile(0.8)
    ),
}
STRENGTHS = (1, 3, 10, 30)  # of the means
NEIGHBORS = (50, 200, 800)
RIDGES = (30, 100, 300, 1000)  # of EASE
SIZES, DECAYS, EPOCHS = (8, 32), (0.1, 1.0, 3.0), 20
PAIR_EPOCHS = (5, 10, 20, 40, 60)
NETWORKS = {
    "matrix factorization": models.MatrixFactorization,
    "factorization machine": models.FactorizationMachine,
    "DeepFM": models.DeepFM,
    "NFM": models.NeuralFM,
}
PAIRS = "vectors by pairs"  # matrix factorization, trained for lists
LIKED = 4  # stars


class Films:
    """The ratings, and what each user, film, decade and genre is counted as."""

    def __init__(self):
        self.ratings, self.gone = recommending.keep_frequent(
            lab.datasets.film_ratings()
        )
        self.ratings = self.ratings.reset_index(drop=True)
        films = self.ratings.drop_duplicates("film").set_index("film").sort_index()
        self.users, self.films = np.unique(self.ratings["user"]), films.index.to_numpy()
        decades = films["year"].fillna(0) // 10
        genres = films["genres"].str.split("|").str[0]
        columns = [np.unique(x, return_inverse=True)[1] for x in (decades, genres)]
        self.of_films = np.stack([np.arange(len(films)), *columns], axis=1)  # (F, 3)
        self.sizes = [len(self.users), *(self.of_films.max(0) + 1).tolist()]

    def ids(self, ratings, fields):
        """Return ids (N, fields) of ratings: user, film, decade, genre."""
        users = recommending.positions(ratings["user"], self.users)
        films = recommending.positions(ratings["film"], self.films)
        whole = np.column_stack([users, self.of_films[films]])
        return torch.as_tensor(whole[:, :fields])

    def matrix(self, ratings):
        """Return who rated what, (U, F)."""
        pairs = ratings["user"], ratings["film"]
        return recommending.interactions(*pairs, self.users, self.films)

    def liked(self, ratings):
        """Return who liked what, (U, F)."""
        return self.matrix(ratings[ratings["rating"] >= LIKED])


def parts(ratings, split, seed):
    """Return the ratings to train on, to choose by, and to test on."""
    rest, test = recommending.train_and_test(ratings, SPLITS[split](ratings, seed))
    train, validation = recommending.train_and_test(rest, SPLITS[split](rest, seed))
    return train, validation, test


def area(scores, ratings):
    """Return how often a liked film has a higher score than another one."""
    liked = (ratings["rating"] >= LIKED).to_numpy()
    return membership.area(scores[liked], scores[~liked])


# -- rated pairs -----------------------------------------------------------------------


def by_means(train, test, strength):
    """Return the AUC of shrunk means."""
    means = recommending.shrunk_means(train, strength)
    return area(means.predict(test["user"], test["film"]), test)


def network(films, name, size):
    """Return a network and how many fields it reads."""
    fields = 2 if name == "matrix factorization" else 4
    return NETWORKS[name](films.sizes[:fields], size), fields


def epochs_of(films, name, train, size, decay, epochs, seed):
    """Train a network; yield it after each epoch."""
    torch.manual_seed(seed)
    model, fields = network(films, name, size)
    y = torch.as_tensor((train["rating"] >= LIKED).to_numpy(), dtype=torch.float32)
    training = lab.Training(
        model,
        nn.functional.binary_cross_entropy_with_logits,
        torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=decay),
        (films.ids(train, fields), y),
        epochs=epochs,
        batch_size=512,
        seed=seed,
    )
    for step in training:
        if step.number % training.steps_per_epoch == 0:
            yield model, fields


def judged(films, model, fields, test):
    """Return a network's AUC."""
    logits = lab.predict(model, films.ids(test, fields), batch_size=4096)
    return area(logits.numpy(), test)


def settings(films, name, train, validation):
    """Return the size, decay and epochs with the best AUC on the validation part."""
    found = {}
    for size, decay in product(SIZES, DECAYS):
        runs = epochs_of(films, name, train, size, decay, EPOCHS, 0)
        for epoch, (model, fields) in enumerate(runs, 1):
            found[size, decay, epoch] = judged(films, model, fields, validation)
    return max(found, key=found.get)


# -- lists -----------------------------------------------------------------------------


def lists(scores, known, wanted):
    """Return the mean recall of lists of 10, its standard error, and their variety."""
    popular = recommending.popularity(known)
    cold = known.sum(1) == 0
    scores = np.where(cold[:, None], popular, scores)
    shown = recommending.top(scores, known)
    found = 100 * recommending.recall(shown, wanted)
    return {
        "recall": float(found.mean()),
        "error": float(found.std(ddof=1) / np.sqrt(len(found))),
        "shown": recommending.ever_shown(shown),
        "users": len(found),
        "cold": float(cold[wanted.sum(1) > 0].mean()),
    }


def scores_of(films, model, fields):
    """Return a network's scores of all films for all users, (U, F)."""
    rows = []
    for user in range(len(films.users)):
        ids = np.column_stack([np.full(len(films.films), user), films.of_films])
        rows.append(lab.predict(model, torch.as_tensor(ids[:, :fields]), 4096).numpy())
    return np.stack(rows)


def makers():
    """Return how scores (U, F) are made of a matrix, by name, for each setting."""
    return {
        "popularity": {
            None: lambda m: recommending.popularity(m)[None].repeat(len(m), 0)
        },
        "neighbors": {
            k: lambda m, k=k: m @ recommending.neighbors(m, k) for k in NEIGHBORS
        },
        "EASE": {s: lambda m, s=s: m @ recommending.ease(m, s) for s in RIDGES},
    }


def list_rows(films, split, seeds):
    """Yield a row for each method of lists and seed."""
    for name, made in makers().items():
        chosen = next(iter(made))
        for seed in seeds:
            train, validation, test = parts(films.ratings, split, seed)
            if seed == seeds[0] and len(made) > 1:
                known, wanted = films.matrix(train), films.liked(validation)
                found = {
                    setting: lists(make(known), known, wanted)["recall"]
                    for setting, make in made.items()
                }
                chosen = max(found, key=found.get)
            known = films.matrix(films.ratings.drop(test.index))
            row = lists(made[chosen](known), known, films.liked(test))
            yield {"method": name, "seed": seed, "setting": chosen} | row


def pairs_epochs(films, ratings, size, decay, seed):
    """Train matrix factorization on pairs; yield its scores after some epochs."""
    torch.manual_seed(seed)
    model = models.MatrixFactorization(films.sizes[:2], size)
    training = lab.Training(
        models.PairwiseRanking(model, torch.arange(len(films.films))[:, None]),
        nn.functional.binary_cross_entropy_with_logits,
        torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=decay),
        (films.ids(ratings, 2), torch.ones(len(ratings))),
        epochs=max(PAIR_EPOCHS),
        batch_size=512,
        seed=seed,
    )
    for step in training:
        epoch, rest = divmod(step.number, training.steps_per_epoch)
        if not rest and epoch in PAIR_EPOCHS:
            yield epoch, scores_of(films, model, 2)


def pair_rows(films, split, seeds):
    """Yield a row for matrix factorization trained on pairs, for each seed."""
    train, validation, _ = parts(films.ratings, split, 0)
    known, wanted, found = films.matrix(train), films.liked(validation), {}
    for size, decay in product(SIZES, DECAYS):
        for epoch, scores in pairs_epochs(films, train, size, decay, 0):
            found[size, decay, epoch] = lists(scores, known, wanted)["recall"]
    size, decay, best = max(found, key=found.get)
    for seed in SEEDS:
        _, _, test = parts(films.ratings, split, seed)
        rest = films.ratings.drop(test.index)
        runs = pairs_epochs(films, rest, size, decay, seed)
        scores = next(made for epoch, made in runs if epoch == best)
        row = lists(scores, films.matrix(rest), films.liked(test))
        yield {"method": PAIRS, "seed": seed, "setting": [size, decay, best]} | row


def rated_rows(films, split, seeds):
    """Yield a row for each method of ratings and seed; of networks, with lists."""
    chosen = {}
    for seed in SEEDS:
        train, validation, test = parts(films.ratings, split, seed)
        rest = films.ratings.drop(test.index)
        if seed in seeds:
            found = {s: by_means(train, validation, s) for s in STRENGTHS}
            best = max(found, key=found.get)
            auc = by_means(rest, test, best)
            yield {"method": "means", "seed": seed, "setting": best, "auc": auc}
        for name in NETWORKS:
            if name not in chosen:
                chosen[name] = settings(films, name, train, validation)
            *_, (model, fields) = epochs_of(films, name, rest, *chosen[name], seed)
            row = {"method": name, "seed": seed, "setting": list(chosen[name])}
            row["auc"] = judged(films, model, fields, test)
            if seed == 0:
                scores, known = scores_of(films, model, fields), films.matrix(rest)
                row |= lists(scores, known, films.liked(test))
            yield row


def measured(split):
    """Return all rows of a split."""
    films = Films()
    seeds = SEEDS if split == "random" else SEEDS[:1]  # else nothing is drawn
    rows = []
    for make in (rated_rows, list_rows, pair_rows):
        for row in make(films, split, seeds):
            print(split, row, flush=True)
            rows.append(row)
    return {"rows": rows, "films": len(films.films), "gone": films.gone}


def tables(stored):
    """Return the tables of the stored results, in Markdown."""
    splits = [split for split in SPLITS if split in stored]
    lines = ["| AUC of rated pairs | " + " | ".join(splits) + " |"]
    lines.append("|---|" + "---|" * len(splits))

    def rows(split, method):
        return [r for r in stored[split]["rows"] if r["method"] == method]

    for method in ("means", *NETWORKS):
        cells = (
            plus_minus([row["auc"] for row in rows(split, method)], 3)
            for split in splits
        )
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| lists of 10 | split | recall, % | films shown |",
        "|---|---|---|---|",
    ]
    for split in splits:
        for method in (*makers(), PAIRS, *NETWORKS):
            made = [row for row in rows(split, method) if "recall" in row]
            recall = np.mean([row["recall"] for row in made])
            error = np.mean([row["error"] for row in made])
            shown = np.mean([row["shown"] for row in made])
            lines.append(
                f"| {method} | {split} | {recall:.1f} ± {error:.1f} | {shown:.0f} |"
            )
    return "\n".join(lines)


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", nargs="+", choices=SPLITS, default=tuple(SPLITS))
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for split in () if options.table else options.split:
        found = measured(split) | here()
        with changing("recommending") as stored:
            stored[split] = found
            stored["made_by"] = "benchmarks/recommending.py"
    print(tables(lab.results.load("recommending")))


if __name__ == "__main__":
    main()
