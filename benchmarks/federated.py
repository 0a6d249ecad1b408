"""Federated learning of digits: who has what, how many take part, how long each trains.

python benchmarks/federated.py                 ten clients, five seeds, 20 rounds
python benchmarks/federated.py --quick         one seed and one learning rate
python benchmarks/federated.py --table         the table of the stored results

One thread. 3,200 of the 4,000 digits lie with the clients; on the other 800 the better
of the learning rates is chosen; accuracy is that on the test digits. Results go to
`bigmodel_lab/results/federated.json`.
"""

import argparse
from functools import cache
from itertools import product

import numpy as np
import torch
from machine import here
from stored import plus_minus, store
from torch.nn import functional as F

import bigmodel_lab as lab
from bigmodel_lab import federated, models

SEEDS = range(5)
RATES = (0.03, 0.1, 0.3, 1)
ROUNDS = 20
SHOWN = (10, 20)  # after so many rounds
CLIENTS = 10
KEPT = 3200  # from here on, the digits to choose by
DEALT = {"equal": federated.equal_shares, "two digits": federated.shards}
PULLS = (0.1, 1.0)  # of FedProx


def settings():
    """Return all settings: who has what, who learns, and how."""
    rows = [
        {"dealt": dealt, "together": together, "local_epochs": epochs, "proximal": 0.0}
        for dealt, together, epochs in product(DEALT, (10, 3), (1, 5))
    ]
    rows += [
        {"dealt": "two digits", "together": together, "local_epochs": 5, "proximal": mu}
        for together, mu in product((10, 3), PULLS)
    ]
    alone = {"together": 0, "local_epochs": 1, "proximal": 0.0}
    rows += [alone | {"dealt": dealt} for dealt in DEALT]
    return [*rows, alone | {"dealt": "all at one", "together": 1}]


@cache
def digits():
    """Return (X, y) to deal out, to choose by, and to test on."""
    X, y, *test = lab.datasets.mnist()
    return (X[:KEPT], y[:KEPT]), (X[KEPT:], y[KEPT:]), test


def clients_of(dealt, seed):
    """Return the clients' data, as dealt with this seed."""
    (X, y), *_ = digits()
    if dealt == "all at one":
        return [(X, y)]
    of = KEPT if dealt == "equal" else y
    return [(X[rows], y[rows]) for rows in DEALT[dealt](of, CLIENTS, seed=seed)]


def percent(model):
    """Return a model's accuracy on the digits to choose by, and on the test digits."""
    right = [lab.predict(model, X).argmax(1) == y for X, y in digits()[1:]]
    return [round(100 * hits.double().mean().item(), 2) for hits in right]


def by_round(clients, together, local_epochs, proximal, learning_rate, seed):
    """Return the accuracies (ROUNDS, 2) of one training."""
    torch.manual_seed(seed)
    training = lab.FederatedTraining(
        models.digit_mlp(),
        F.cross_entropy,
        clients,
        rounds=ROUNDS,
        clients_per_round=together,
        local_epochs=local_epochs,
        learning_rate=learning_rate,
        proximal=proximal,
        one_class=True,
        seed=seed,
    )
    found = []
    try:
        for _ in training:
            found.append(percent(training.model))
    except lab.Diverged:  # as bad as guessing from here on
        found += [[10.0, 10.0]] * (ROUNDS - len(found))
    return np.array(found)


def measured(setting, learning_rate, seed):
    """Return the accuracies of a setting; of clients who are alone their mean."""
    setting = dict(setting)
    clients = clients_of(setting.pop("dealt"), seed)
    options = setting | {"learning_rate": learning_rate, "seed": seed}
    if setting["together"]:
        return by_round(clients, **options)
    options["together"] = 1
    return np.mean([by_round([client], **options) for client in clients], axis=0)


def runs(rates, seeds):
    """Return a row for each setting and rate, with lists of (seeds, ROUNDS)."""
    rows = []
    for setting, rate in product(settings(), rates):
        found = np.stack([measured(setting, rate, seed) for seed in seeds])
        print(setting, rate, found[:, -1].mean(0).round(1), flush=True)
        kept, test = found.round(2).transpose(2, 0, 1).tolist()
        rows.append(setting | {"learning_rate": rate, "kept": kept, "test": test})
    return rows


def chosen(rows, rounds=ROUNDS, **setting):
    """Return the row of a setting whose rate was best by the digits kept back."""
    fit = [row for row in rows if setting.items() <= row.items()]
    return max(fit, key=lambda row: np.mean(row["kept"], axis=0)[rounds - 1])


def table(stored):
    """Return the table of the stored results, in Markdown."""
    shown = "".join(f" {rounds} rounds, % | rate |" for rounds in SHOWN)
    head = "| digits | take part | local epochs | FedProx |" + shown
    head += " largest fall | MB sent |"
    lines = [head, "|---" * head.count(" |") + "|"]
    for setting in settings():
        together = setting["together"]
        cells = [
            setting["dealt"],
            {0: "alone", 1: ""}.get(together, f"{together} of {CLIENTS}"),
            setting["local_epochs"],
            setting["proximal"] or "",
        ]
        for rounds in SHOWN:
            row = chosen(stored["rows"], rounds, **setting)
            test = np.array(row["test"])[:, rounds - 1]
            cells += [plus_minus(test), row["learning_rate"]]
        late = np.array(row["test"])[:, ROUNDS // 2 - 1 :]
        cells.append(f"{(-np.diff(late)).max(1).clip(min=0).mean():.1f}")
        sent = federated.bytes_sent(models.digit_mlp(), max(together, 1), ROUNDS)
        cells.append(f"{sent / 1e6:.1f}" if together > 1 else "")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed, one rate")
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if not options.table:
        rates = RATES[1:2] if options.quick else RATES
        seeds = SEEDS[:1] if options.quick else SEEDS
        found = {"rates": rates, "seeds": len(seeds), "rows": runs(rates, seeds)}
        store("federated", {"made_by": "benchmarks/federated.py"} | here() | found)
    print(table(lab.results.load("federated")))


if __name__ == "__main__":
    main()
