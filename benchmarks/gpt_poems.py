"""What the benchmarks of GPTs share: the poems as rows of ids, bits, the machine."""

import datetime
import math
import subprocess

import torch
from machine import machine

from bigmodel_lab import datasets, models
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.measuring import evaluate

CHARACTERS = 28  # of a quatrain, without its marks


class Poems:
    """The alphabet, and rows of ids (N, 34): training, validation and test poems."""

    def __init__(self):
        forms = {form: datasets.tang_poems(form) for form in ("7x4", "5x4")}
        self.alphabet = Characters(
            poem for parts in forms.values() for part in parts for poem in part["poem"]
        )
        self.train, self.validation, self.test = (
            self.alphabet.rows(f"\n{poem}\n" for poem in part["poem"])
            for part in forms["7x4"]
        )
        self.length = self.train.shape[1] - 1  # the last character is only a target

    def gpt(self, seed=0, **settings):
        """Return a new GPT for these poems."""
        torch.manual_seed(seed)
        return models.GPT(len(self.alphabet), self.length, **settings)


def bits(model, rows):
    """Return the bits that a GPT needs for a character of poems, rows (N, T).

    A row has four marks and two line breaks besides its Chinese characters.
    """
    data = rows[:, :-1], rows[:, 1:]
    nats = evaluate(model, models.next_token_loss, data, batch_size=64)["loss"]
    tokens, characters = rows.shape[1] - 1, rows.shape[1] - 6
    return nats * tokens / characters / math.log(2)


def origin(device="cpu"):
    """Return when and where something is measured."""
    where = f"{machine()}, {torch.get_num_threads()} threads"
    if str(device) != "cpu":
        where = f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"
    return {"date": str(datetime.date.today()), "machine": where}


def commit():
    """Return the commit that the code is of, with "+" if it was changed since."""
    git = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(
        git, capture_output=True, text=True, check=True
    ).stdout.strip()
