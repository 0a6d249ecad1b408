"""A GPT in a file: weights, settings and characters, as safetensors."""

import json
from importlib.resources import files
from pathlib import Path

from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models._checks_gpt import check_alphabet
from bigmodel_lab.models._weights import read, write
from bigmodel_lab.models.gpt import GPT

# In bigmodel_lab/results, with a card each: made by benchmarks/gpt.py, tuning.py.
STORED = ("poet", "novice", "five", "filler", "acrostic", "aligned")
VERSION = "1"  # of the file's layout


def save(model: GPT, alphabet: Characters, path: str | Path, **facts: str) -> None:
    """Write a GPT to a file, its weights in float16; `facts` are kept beside them."""
    about = {
        "version": VERSION,
        "settings": json.dumps(model.settings),
        "characters": "".join(alphabet.characters),
    }
    write(model, path, facts | about)


def load(name: str | Path, alphabet: Characters | None = None) -> tuple:
    """Return (model, alphabet, facts) of a file, or of our own "poet".

    The model is on the CPU, in evaluation mode, float32. safetensors holds numbers
    only: unlike a pickle, a file of a stranger cannot run anything.

    Parameters
    ----------
    name : str or Path
        "poet", which `benchmarks/gpt.py --train` made, or the path that `save` wrote.
    alphabet : Characters, optional
        The characters that the texts have: checked against the file's.

    Raises
    ------
    ValueError
        If the file is missing, damaged, of another version or of other characters.
    """
    path = name
    if name in STORED:
        path = files("bigmodel_lab.results") / f"{name}.safetensors"
    try:
        facts, weights = read(path, VERSION)
        model = GPT(**json.loads(facts.pop("settings")))
        model.load_state_dict(weights)
        its = Characters([facts.pop("characters")])
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(
            f"{name} is not a GPT that this library has saved ({reason}): give "
            f"{', '.join(map(repr, STORED))}, or the path that models.save wrote."
        ) from error
    check_alphabet(its, alphabet)
    return model.eval(), its, facts
