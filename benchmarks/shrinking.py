"""Smaller networks: what bits, zeros, channels and a teacher do to accuracy.

python benchmarks/shrinking.py                  digits over five seeds, and the poet
python benchmarks/shrinking.py --part poet      the poet in fewer bits
python benchmarks/shrinking.py --table          the tables of the stored results

One thread. Digits: 3,200 of the 4,000 to train, the other 800 to measure; the test
digits are not read. Results go to `bigmodel_lab/results/shrinking.json`.
"""

import argparse
import copy
import math
from itertools import product

import torch
from machine import here
from stored import changing, plus_minus
from torch import nn
from torch.nn import functional as F

import bigmodel_lab as lab
from bigmodel_lab import distillation, models, pruning, quantization

SEEDS = range(5)
BITS = (8, 6, 5, 4, 3, 2)
ZEROS = (0.5, 0.8, 0.9, 0.95, 0.98)
CHANNELS = (0.25, 0.5, 0.75, 0.875)  # the share that goes
LABELS = (200, 800, 3200)
WARM = 4.0  # the temperature of distillation
RATES = (0.003, 0.01)  # of students: what is best for labels need not be for answers
GROUPS = ("all", "row", 32, 16)  # what shares a scale


def digits():
    """Return (X, y) to train and (X, y) to measure."""
    X, y, *_ = lab.datasets.mnist()
    return (X[:3200], y[:3200]), (X[3200:], y[3200:])


def fit(model, X, y, epochs, learning_rate=3e-3, loss=F.cross_entropy, zeros=None):
    """Train a model, whose weights stay 0 where the masks `zeros` are; return it."""
    training = lab.Training(
        model,
        loss,
        torch.optim.AdamW(model.parameters(), learning_rate),
        train=(X, y),
        epochs=epochs,
        batch_size=64,
        schedule=lab.schedules.one_cycle,
    )
    for _ in training:
        if zeros:
            pruning.apply(pruning.matrices(model), zeros)
    return model


def percent(model):
    """Return a model's accuracy on the digits that are kept back."""
    _, (X, y) = digits()
    right = lab.predict(model, X).argmax(1) == y
    return 100 * right.double().mean().item()


def rounded(model, bits, group):
    """Return a copy whose matrices have so many bits; `group` weights share a scale."""
    model = copy.deepcopy(model)
    for w in pruning.matrices(model):
        parts = w.data.reshape(-1, group) if isinstance(group, int) else w.data
        codes, scale = quantization.quantize(parts, bits, group != "all")
        w.data = quantization.dequantize(codes, scale).reshape(w.shape)
    return model


def student(seed):
    """Return a network of 16 units."""
    torch.manual_seed(seed)
    hidden = nn.Linear(784, 16), nn.ReLU()
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(16, 10))


def one_seed(seed):
    """Return all accuracies of a seed, in percent, by what was done."""
    train, _ = digits()
    torch.manual_seed(seed)
    cnn = fit(models.digit_cnn(), *train, 6)
    row = {"whole": percent(cnn)}
    for bits in BITS:
        for group in ("all", "row"):
            row[f"bits {bits} {group}"] = percent(rounded(cnn, bits, group))
    for share in ZEROS:
        small = copy.deepcopy(cnn)
        zeros = pruning.masks(pruning.matrices(small), share)
        pruning.apply(pruning.matrices(small), zeros)
        row[f"zeros {share} at once"] = percent(small)
        row[f"zeros {share} tuned"] = percent(fit(small, *train, 2, 1e-3, zeros=zeros))
    for share in CHANNELS:
        small = pruning.slim(cnn, share)
        row[f"channels {share} at once"] = percent(small)
        row[f"channels {share} tuned"] = percent(fit(small, *train, 2, 1e-3))
        for layer in small:  # the same shape, started anew, with all of the epochs
            if hasattr(layer, "weight"):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        row[f"channels {share} from nothing"] = percent(fit(small, *train, 8))
    return row | taught(cnn, seed)


def taught(teacher, seed):
    """Return the accuracies of students with few labels, or a teacher's answers."""
    (X, y), _ = digits()
    answers, row = lab.predict(teacher, X), {}

    def soft(logits, taught):
        return distillation.distillation_loss(logits, taught, WARM)

    for count, rate in product(LABELS, RATES):
        epochs = min(60, 12 * len(X) // count)
        few = X[:count]
        learner = fit(student(seed), few, y[:count], epochs, rate)
        row[f"labels {count} {rate}"] = percent(learner)
        learner = fit(student(seed), few, answers[:count], epochs, rate, soft)
        row[f"answers {count} {rate}"] = percent(learner)
    return row


def poet_bits():
    """Return rows of the poet: bits of a weight, what shares a scale, and of a text."""
    poet, alphabet, _ = models.load("poet")
    _, validation, _ = lab.datasets.tang_poems("7x4")
    rows = alphabet.rows(f"\n{poem}\n" for poem in validation["poem"])
    pairs = rows[:, :-1], rows[:, 1:]

    def measured(model):
        nats = lab.evaluate(model, models.next_token_loss, pairs, batch_size=64)["loss"]
        return nats * 33 / 28 / math.log(2)  # 33 tokens, of which 28 are Chinese

    yield {"bits": 32, "scale": "none", "text": measured(poet)}
    for bits in BITS:
        for group in GROUPS:
            text = measured(rounded(poet, bits, group))
            yield {"bits": bits, "scale": str(group), "text": text}


def tables(stored):
    """Return the tables of the stored results, in Markdown."""
    seeds = stored["digits"]["seeds"]
    lines = ["| digits | accuracy, % |", "|---|---|"]
    for name in seeds[0]:
        found = [row[name] for row in seeds]
        lines.append(f"| {name} | {plus_minus(found)} |")
    scales = ("all", "row", "32", "16")
    lines += ["", "| bits of a weight | " + " | ".join(scales) + " |"]
    lines += ["|" + "---|" * (1 + len(scales))]
    poet = {(row["bits"], row["scale"]): row["text"] for row in stored["poet"]["rows"]}
    for bits in BITS:
        found = " | ".join(f"{poet[bits, scale]:.2f}" for scale in scales)
        lines.append(f"| {bits} | {found} |")
    return "\n".join(lines)


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("digits", "poet")
    parser.add_argument("--part", nargs="+", choices=parts, default=parts)
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for part in () if options.table else options.part:
        found = (
            {"seeds": [one_seed(seed) for seed in SEEDS]}
            if part == "digits"
            else {"rows": list(poet_bits())}
        )
        with changing("shrinking") as stored:
            stored[part] = found | here()
            stored["made_by"] = "benchmarks/shrinking.py"
    print(tables(lab.results.load("shrinking")))


if __name__ == "__main__":
    main()
