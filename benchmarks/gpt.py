"""Our own GPT on Tang quatrains: the stored one, how it learned, how fast it is.

python benchmarks/gpt.py --train            the stored poet: half an hour, quiet machine
python benchmarks/gpt.py --part ladder      form, tones, rhyme over training: 3 seeds
python benchmarks/gpt.py --part race        bits after 10 to 60 s: ours and the others
python benchmarks/gpt.py --part speed       tokens a second of training
python benchmarks/gpt.py --part writing     tokens a second of generation
python benchmarks/gpt.py --table            the tables of the stored results

`--nanogpt FILE` is nanoGPT's model.py, `--device cuda` another device. Results go to
`bigmodel_lab/results/gpt.json`, the poet to `poet.safetensors` beside it, with its card
`poet.md`; chapter 07 reads them. What is compared takes turns in one run, with the same
poems. Bits are per Chinese character of validation poems; marks are paid for in them.
"""

import argparse
import datetime
import math
import subprocess

import torch
from machine import machine
from stored import RESULTS, store

from bigmodel_lab import datasets, models, results, verse
from bigmodel_lab.device import granted_cores
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.measuring import evaluate

CHARACTERS = 28  # of a quatrain, without its marks
POET = {"dimensions": 128, "layers": 4, "heads": 4, "positions": "rotary"}
RECIPE = {"learning_rate": 0.024, "batch_size": 64}


class Poems:
    """The alphabet, and rows of ids (N, 34): training, validation and test poems."""

    def __init__(self):
        forms = {form: datasets.tang_poems(form) for form in ("7x4", "5x4")}
        self.alphabet = Characters(
            poem for parts in forms.values() for part in parts for poem in part["poem"]
        )
        self.train, self.validation, self.test = (
            torch.tensor([self.alphabet.encode(f"\n{p}\n") for p in part["poem"]])
            for part in forms["7x4"]
        )

    def gpt(self, seed=0, **settings):
        """Return a new GPT for these poems."""
        torch.manual_seed(seed)
        length = self.train.shape[1] - 1  # the last character is only a target
        return models.GPT(len(self.alphabet), length, **settings)


def bits(model, rows):
    """Return the bits that a GPT needs for a character of poems, rows (N, 34)."""
    data = rows[:, :-1], rows[:, 1:]
    nats = evaluate(model, models.next_token_loss, data, batch_size=64)["loss"]
    return nats * (rows.shape[1] - 1) / CHARACTERS / math.log(2)


# -- how it learns ---------------------------------------------------------------------


def watched(poems, model, steps, looks=20, **options):
    """Train a GPT and return (training, rows): what it could do after some steps.

    The looks come in even ratios of steps, from the 20th to the last.
    """
    training = models.gpt_training(model, poems.train, steps=steps, **options)
    at = {round(20 * (steps / 20) ** (k / (looks - 1))) for k in range(looks)}
    tokens = training.batch_size * (poems.train.shape[1] - 1)
    seen = []
    for step in training:
        if step.number in at:
            seen.append({"tokens": step.number * tokens, **look(poems, training)})
            print(seen[-1], flush=True)
    return training, seen


def look(poems, training, samples=500):
    """Return seconds so far, bits, and the form, tones and rhyme of samples."""
    model = training.model
    written = models.write(model.eval(), poems.alphabet, count=samples, seed=1)
    return {
        "seconds": round(training.seconds, 1),
        "bits": round(bits(model, poems.validation[:1000]), 4),
        **{name: round(share, 4) for name, share in verse.measure(written).items()},
    }


def train_poet(poems, steps, device):
    """Train and store the poet with its card; return how it learned."""
    threads = torch.get_num_threads()
    model = poems.gpt(**POET).to(device)
    training, seen = watched(poems, model, steps, **RECIPE)
    facts = {
        "made_by": "benchmarks/gpt.py --train",
        "commit": commit(),
        "date": str(datetime.date.today()),
        "machine": f"{machine()}, {threads} threads",
        "steps": str(steps),
        "tokens": str(seen[-1]["tokens"]),
        "seconds": f"{training.seconds:.0f}",
        "learning_rate": str(RECIPE["learning_rate"]),
        "batch_size": str(RECIPE["batch_size"]),
        "validation_bits": f"{bits(model, poems.validation):.3f}",
        "test_bits": f"{bits(model, poems.test):.3f}",
    }
    models.save(model.cpu(), poems.alphabet, RESULTS / "poet.safetensors", **facts)
    return {"facts": facts, "training": seen}


def commit():
    """Return the commit that the code is of, with "+" if it was changed since."""
    git = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(
        git, capture_output=True, text=True, check=True
    ).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(granted_cores())
    poems = Poems()
    stored = results.load("gpt") if (RESULTS / "gpt.json").exists() else {}
    if arguments.train:
        stored["poet"] = train_poet(poems, arguments.steps, arguments.device)
    store("gpt", stored)


if __name__ == "__main__":
    main()
