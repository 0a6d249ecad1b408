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

import torch
from stored import RESULTS
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
    """Yield (steps, generator) of a GAN in training, at three lengths."""
    torch.manual_seed(seed)
    X, steps = train[0], max(LENGTHS)
    generator, discriminator = models.Generator(), models.Discriminator()
    noise = torch.randn(steps * BATCH, generator.noise)
    discriminating, generating_ = (
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
    for step, _ in zip(discriminating, generating_, strict=True):
        if step.number in LENGTHS:
            yield step.number, generator


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
    return RESULTS / f"digit_{name}.safetensors"


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="the stored networks")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.train:
        store_networks()


if __name__ == "__main__":
    main()
