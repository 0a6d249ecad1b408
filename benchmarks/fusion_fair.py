"""Part fair of `fusion.py`: who gets a mortgage, at an equal rate of yes."""

from collections import Counter

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bigmodel_lab as lab
from bigmodel_lab import fairness

SEEDS = range(20)
STRENGTHS = (0.01, 0.1, 1, 10)  # C: the larger, the weaker the penalty
RATE = 0.88  # what the banks approved
CURVE = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.95)
GROUPS = {0: "others", 1: "Black"}
SHUFFLES = 20
WAYS = (
    "group as a column",
    "group left out",
    "reweighed",
    "thresholds by group",
    "two columns fewer",
)


class Loans:
    """The applications as numbers, what the banks decided, and who is Black."""

    def __init__(self):
        table = lab.datasets.mortgage_applications()
        numbers = table.replace({"yes": 1, "no": 0}).astype(float)
        self.y = 1 - numbers.pop("deny").to_numpy(int)
        self.group = numbers["afam"].to_numpy(int)
        self.X = numbers
        self.others = [name for name in numbers if name != "afam"]


def parts(loans, seed):
    """Return the rows to learn from, to find thresholds on, and to test on."""
    kinds = 2 * loans.y + loans.group
    rest, test = train_test_split(
        np.arange(len(kinds)), test_size=0.25, stratify=kinds, random_state=seed
    )
    train, validation = train_test_split(
        rest, test_size=1 / 3, stratify=kinds[rest], random_state=seed
    )
    return train, validation, test


def scores(X, target, train, validation, weights=None):
    """Return probabilities for all rows, with the penalty that suits validation."""
    found = {}
    for strength in STRENGTHS:
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=strength, max_iter=1000)
        )
        model.fit(
            X.iloc[train], target[train], logisticregression__sample_weight=weights
        )
        found[strength] = model.predict_proba(X)[:, 1]
    losses = {C: log_loss(target[validation], s[validation]) for C, s in found.items()}
    return found[min(losses, key=losses.get)]


def telling(loans, train):
    """Return the two columns that, each alone, tell most about the group."""
    group = loans.group[train]
    areas = {
        name: roc_auc_score(group, loans.X[name].iloc[train]) for name in loans.others
    }
    return sorted(areas, key=lambda name: (-abs(areas[name] - 0.5), name))[:2]


def judged(decisions, truth, group):
    """Return what decisions do, to all and to each group."""
    row = {
        "accuracy": 100 * float((decisions == truth).mean()),
        "approved": float(decisions.mean()),
        "selection gap": fairness.selection_gap(decisions, group),
        "odds gap": fairness.odds_gap(decisions, truth, group),
    }
    for value, name in GROUPS.items():
        own = group == value
        row[name] = {
            "approved": float(decisions[own].mean()),
            # Of those whom the bank approved, and of those whom it refused.
            "of approved": float(decisions[own & (truth == 1)].mean()),
            "of refused": float(decisions[own & (truth == 0)].mean()),
            "precision": float(truth[own & (decisions == 1)].mean()),
        }
    return row


def by_chance(decisions, truth, group, seed):
    """Return the gaps if group meant nothing: mean over shuffled ones.

    For odds they are shuffled among those alike in truth.
    """
    chance, found = np.random.default_rng(seed), {"selection": [], "odds": []}
    for _ in range(SHUFFLES):
        found["selection"].append(
            fairness.selection_gap(decisions, chance.permutation(group))
        )
        shuffled = group.copy()
        for value in (0, 1):
            alike = truth == value
            shuffled[alike] = chance.permutation(group[alike])
        found["odds"].append(fairness.odds_gap(decisions, truth, shuffled))
    return {name: float(np.mean(gaps)) for name, gaps in found.items()}


def all_scores(loans, train, validation):
    """Return the scores of each way, and how well the group is guessed, by columns."""
    two = telling(loans, train)
    fewer = [name for name in loans.others if name not in two]
    weights = fairness.balancing_weights(loans.y[train], loans.group[train])

    def of(columns, target=loans.y, weights=None):
        return scores(loans.X[columns], target, train, validation, weights)

    plain = of(loans.others)
    found = {
        "group as a column": of(list(loans.X)),
        "group left out": plain,
        "reweighed": of(loans.others, weights=weights),
        "thresholds by group": plain,
        "two columns fewer": of(fewer),
    }
    guesses = {
        "group left out": of(loans.others, loans.group),
        "two columns fewer": of(fewer, loans.group),
    }
    return found, guesses, two


def decided(way, scored, group, validation, test, rate):
    """Return decisions on test, with thresholds at which validation has the rate."""
    if way == "thresholds by group":
        limits = fairness.group_thresholds(scored[validation], group[validation], rate)
        limits = limits[group[test]].to_numpy()
    else:
        limits = fairness.threshold(scored[validation], rate)
    return (scored[test] >= limits).astype(int)


def split_row(loans, seed):
    """Return what one split gives: every way at every rate."""
    train, validation, test = parts(loans, seed)
    found, guesses, two = all_scores(loans, train, validation)
    truth, group = loans.y[test], loans.group[test]
    row = {"seed": seed, "two": two, "ways": {}, "curve": {}}
    row["guessed"] = {
        columns: float(roc_auc_score(group, guess[test]))
        for columns, guess in guesses.items()
    }
    for way, scored in found.items():
        row["curve"][way] = {
            rate: judged(
                decided(way, scored, loans.group, validation, test, rate), truth, group
            )
            for rate in CURVE
        }
        decisions = decided(way, scored, loans.group, validation, test, RATE)
        row["ways"][way] = row["curve"][way][RATE] | {
            "AUC": float(roc_auc_score(truth, scored[test])),
            "by chance": by_chance(decisions, truth, group, seed),
        }
    row["banks"] = judged(truth, truth, group)
    row["everyone"] = judged(np.ones_like(truth), truth, group)
    return row


def averaged(rows):
    """Return the curves as means and deviations over splits: all that is plotted."""
    found = {}
    for way in WAYS:
        found[way] = []
        for rate in CURVE:
            point = {"rate": rate}
            for name in ("approved", "accuracy", "selection gap", "odds gap"):
                values = [row["curve"][way][rate][name] for row in rows]
                point[name] = [float(np.mean(values)), float(np.std(values, ddof=1))]
            found[way].append(point)
    return found


def measured():
    """Return the rows of all splits, and the curves over rates."""
    loans, rows = Loans(), []
    for seed in SEEDS:
        rows.append(split_row(loans, seed))
        print("fair", seed, rows[-1]["guessed"], flush=True)
    curve = averaged(rows)
    for row in rows:
        del row["curve"]
    told = Counter(name for row in rows for name in row["two"])
    return {"rows": rows, "curve": curve, "rate": RATE, "told most": dict(told)}
