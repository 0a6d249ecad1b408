"""Tunings by rewards: each part yields (key, row) as soon as one is done."""

import copy
import time
from collections import Counter

from tuning_parts import Data, rounded_bits

from bigmodel_lab import models, verse
from bigmodel_lab.models.rewards import prefer, reinforce

ENDS, BEGINNINGS = (14, 30), (0, 8, 16, 24)  # places in a poem of seven characters


def rhyme(_, poems):
    """Return 1 for each poem whose lines 2 and 4 rhyme, else 0."""
    return [float(verse.well_formed(poem) and verse.rhymes(poem)) for poem in poems]


def rare_rhyme(_, poems):
    """Return the share of the poems with other endings for each that rhymes, else 0."""
    endings = [ending(poem) for poem in poems]
    count = Counter(endings)
    return [
        right * (1 - count[end] / len(poems))
        for right, end in zip(rhyme(_, poems), endings, strict=True)
    ]


def ending(poem):
    """Return the final of the last character of a well-formed poem, or None."""
    return verse.rhyme(poem[30]) if verse.well_formed(poem) else None


METHODS = {
    "the whole poem is praised": {},
    "no penalty": {"blamed": ENDS, "kl_weight": 0.0},
    "small penalty": {"blamed": ENDS},
    "large penalty": {"blamed": ENDS, "kl_weight": 0.1},
    "rare rhymes pay more": {"blamed": ENDS, "kl_weight": 0.1, "reward": rare_rhyme},
    "two lines are given": {"blamed": ENDS[1:], "groups": 16},
    "pairs": {},
    "more pre-training": {},
    "the poet, rewarded": {"blamed": ENDS, "kl_weight": 0.05, "learning_rate": 3e-4},
}


def by_reward(seeds):
    """Yield what each method made of the novice, or of the poet, at some looks."""
    data = Data()
    novice, *_ = models.load("novice", data.alphabet)
    pairs = sampled_pairs(novice, data)
    for seed in seeds:
        for method in METHODS:
            model = copy.deepcopy(data.poet if "poet," in method else novice)
            steps, every = lessons(method, model, data, pairs, seed)
            rows = [look(data, model, 0, 0.0)]
            start, away = time.perf_counter(), 0.0  # seconds spent on looking
            for number, _ in enumerate(steps, 1):
                if number % every == 0:
                    before = time.perf_counter()
                    rows.append(look(data, model, number, before - start - away))
                    away += time.perf_counter() - before
            yield f"{method} {seed}", {"seed": seed, "method": method, "rows": rows}


def lessons(method, model, data, pairs, seed):
    """Return the steps of a method that trains the model, and how many to a look."""
    if method == "pairs":
        return prefer(model, *pairs, steps=160, learning_rate=3e-4, seed=seed), 20
    if method == "more pre-training":
        return pre_training(model, data, seed), 75
    options = {"reward": rhyme, "kl_weight": 0.02, "learning_rate": 1.5e-3}
    if method == "two lines are given":
        options["prompts"] = [
            f"\n{poem[:16]}" for poem in data.frames["7x4"][0]["poem"]
        ]
    options |= METHODS[method]
    return reinforce(model, data.alphabet, steps=80, seed=seed, **options), 10


def pre_training(model, data, seed):
    """Yield the steps of more training on poems of people."""
    yield from models.gpt_training(
        model, data.seven[0], steps=600, batch_size=64, learning_rate=0.012, seed=seed
    )


def sampled_pairs(model, data, count=4000):
    """Return ids of poems that rhyme, and as many that do not: (N, T) each."""
    poems = models.write(model, data.alphabet, count=count, seed=7)
    poems = [poem for poem in poems if verse.well_formed(poem)]
    better = [poem for poem in poems if verse.rhymes(poem)]
    worse = [poem for poem in poems if not verse.rhymes(poem)][: len(better)]
    return data.rows(better), data.rows(worse)


def look(data, model, step, seconds):
    """Return what a model writes now, and how well it still knows people's poems."""
    training = model.training
    poems = models.write(model.eval(), data.alphabet, count=300, seed=5)
    bits = rounded_bits(model, data.seven[1][:300])
    model.train(training)
    good = [poem for poem in poems if verse.well_formed(poem)]
    endings = Counter(map(ending, good)).most_common()
    return {
        "step": step,
        "seconds": round(seconds, 1),
        **{name: round(share, 4) for name, share in verse.measure(poems).items()},
        "endings": len(endings),
        "commonest": [endings[0][0], endings[0][1] / len(good)] if good else None,
        "last characters": len({poem[30] for poem in good}),
        "bits": bits,
        "poem": poems[0],
    }
