"""The models that `tuning.py` stores: each part trains one and yields its log."""

import copy
import math
import time

import torch
from gpt_poems import commit, origin
from stored import RESULTS
from torch.nn import functional as F
from torch.utils.data import DataLoader
from tuning_parts import Data, adamw, corrected, rounded_bits
from tuning_rewards import BEGINNINGS, ENDS, rhyme

from bigmodel_lab import models, verse
from bigmodel_lab.from_scratch import lora
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.gpt_training import answer_loss
from bigmodel_lab.models.rewards import reinforce

LOOKS = 10
BLANK = "＿"  # a hidden character
SMALL = {"dimensions": 96, "layers": 3, "heads": 4, "positions": "rotary"}


def novice(_):
    """Yield the log of a small poet, trained until it has the form but no rhymes."""
    data = Data()
    torch.manual_seed(0)
    model = models.GPT(len(data.alphabet), data.poet.length, **SMALL)
    training = models.gpt_training(
        model, data.seven[0], steps=800, batch_size=64, learning_rate=0.024
    )
    yield from logged("novice", training, data, written(data))


def five(_):
    """Yield the log of the poet while it learns to write five characters a line."""
    data = Data()
    model, optimizer = corrected(data.poet, rank=16)
    training = models.gpt_training(
        model.train(), data.five[0], steps=1500, batch_size=32, optimizer=optimizer
    )
    yield from logged("five", training, data, written(data, 5), lora.merge)


def filler(_):
    """Yield the log of the poet while it learns to fill in hidden characters."""
    data = Data()
    weights = data.poet.state_dict()
    hidden = weights["tokens.weight"].mean(0, keepdim=True)
    weights["tokens.weight"] = torch.cat([weights["tokens.weight"], hidden])
    data.alphabet = Characters([*data.alphabet.characters, BLANK])
    length = data.seven[0].shape[1]
    changed = {"vocabulary_size": len(data.alphabet), "length": length, "dropout": 0.0}
    model = models.GPT(**data.poet.settings | changed | {"causal": False})
    model.load_state_dict(weights)
    torch.manual_seed(0)
    batches = [
        hide(data.seven[0][torch.randint(len(data.seven[0]), (64,))], data.alphabet)
        for _ in range(1500)
    ]
    training = models.gpt_training(
        model,
        DataLoader(batches, batch_size=None),
        steps=len(batches),
        optimizer=adamw(model.parameters(), 1.5e-3),
        loss=hidden_loss,
    )
    asked = hide(data.seven[1][:500], data.alphabet)

    def look(model):
        with torch.inference_mode():
            nats = hidden_loss(model(asked[0]), asked[1]).item()
        return {"bits": nats / math.log(2)}

    yield from logged("filler", training, data, look)


def hide(rows, alphabet):
    """Return rows (N, T) with a fifth of the characters blank, and these, else -100.

    Marks and line breaks are never hidden: they would be too easy.
    """
    easy = torch.isin(rows, torch.tensor(alphabet.encode("\n，。")))
    hidden = (torch.rand(rows.shape) < 0.2) & ~easy
    (blank,) = alphabet.encode(BLANK)
    return rows.masked_fill(hidden, blank), rows.masked_fill(~hidden, -100)


def hidden_loss(logits, targets):
    """Return the mean cross-entropy in nats at the places that were hidden."""
    return F.cross_entropy(logits.mT, targets)


def acrostic(_):
    """Yield the log of the poet while it learns to be told how its lines begin."""
    data = Data()
    model = models.GPT(**data.poet.settings | {"length": 4 + data.poet.length})
    model.load_state_dict(data.poet.state_dict())
    asked = data.rows(data.frames["7x4"][0]["poem"], asked=True)
    training = models.gpt_training(
        model.train(),
        asked,
        steps=1000,
        batch_size=64,
        optimizer=adamw(model.parameters(), 2e-3),
        loss=answer_loss(4),
    )
    yield from logged("acrostic", training, data, followed(data))


def aligned(_):
    """Yield the log of the acrostic poet while it is rewarded for rhymes, too."""
    data = Data()
    model, *_ = models.load("acrostic", data.alphabet)
    steps = reinforce(
        model,
        data.alphabet,
        obeyed_in_rhyme,
        [f"{text}\n" for text in beginnings(data.frames["7x4"][0]["poem"])],
        steps=160,
        groups=8,
        learning_rate=3e-4,
        kl_weight=0.02,
        blamed=[*BEGINNINGS, *ENDS],
    )
    log, start = [], time.perf_counter()
    for lesson in steps:
        if lesson.number % 16 == 0:
            seconds = round(time.perf_counter() - start, 1)
            row = {"step": lesson.number, "seconds": seconds, "reward": lesson.reward}
            log.append(row | {"moved": lesson.moved} | followed(data)(model))
            yield "log", log
    store("aligned", model, data, log)


def obeyed_in_rhyme(asked, poems):
    """Return the mean of two rewards for each poem: lines begin as asked, and rhyme."""
    begun = [verse.begins(poem, asked.strip()) for poem in poems]
    return [(b + r) / 2 for b, r in zip(begun, rhyme(asked, poems), strict=True)]


def beginnings(poems):
    """Return the first characters of the lines of poems."""
    return ["".join(poem[::8]) for poem in poems]


# -- looking ---------------------------------------------------------------------------


def written(data, characters=7):
    """Return a look at what a model writes."""
    rows = {7: data.seven, 5: data.five}[characters][1][:500]

    def look(model):
        poems = models.write(model, data.alphabet, count=500, seed=1)
        return {"bits": rounded_bits(model, rows), **verse.measure(poems, characters)}

    return look


def followed(data, part=1, count=400):
    """Return a look at how a model follows instructions that poets have followed."""
    asked = beginnings(data.frames["7x4"][part]["poem"][:count])

    def look(model):
        poems = models.answers(model, data.alphabet, [f"{a}\n" for a in asked])
        shares = [verse.begins(poem, a) for poem, a in zip(poems, asked, strict=True)]
        return {
            "characters": round(sum(shares) / count, 4),
            "whole": round(sum(share == 1 for share in shares) / count, 4),
            **{name: round(share, 4) for name, share in verse.measure(poems).items()},
            "poem": [asked[0], poems[0]],
        }

    return look


def logged(name, training, data, look, finish=lambda model: None):
    """Train, yield the log at each of some looks, and store the model."""
    log, every = [], training.total_steps // LOOKS
    for step in training:
        if step.number % every == 0:
            model = copy.deepcopy(training.model).eval()
            row = {"step": step.number, "seconds": round(training.seconds, 1)}
            log.append(row | look(model))
            yield "log", log
    finish(training.model)
    store(name, training.model, data, log)


def store(name, model, data, log):
    """Write a model to the results, with where and when it was made."""
    facts = {
        "made_by": f"benchmarks/tuning.py --part {name}",
        "commit": commit(),
        "steps": str(log[-1]["step"]),
        **origin(),
    }
    path = RESULTS / f"{name}.safetensors"
    models.save(model.cpu().eval(), data.alphabet, path, **facts)
