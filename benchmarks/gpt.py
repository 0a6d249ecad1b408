"""Our own GPT on Tang quatrains: the stored one, how it learned, how fast it is.

python benchmarks/gpt.py --train            the stored poet: half an hour, quiet machine
python benchmarks/gpt.py --card             its card, `poet.md`, written again
python benchmarks/gpt.py --part ladder      form, tones, rhyme over training: 3 seeds
python benchmarks/gpt.py --part race        bits after 10 to 60 s: ours and the others
python benchmarks/gpt.py --part speed       tokens a second of training
python benchmarks/gpt.py --part writing     tokens a second of generation
python benchmarks/gpt.py --table            the tables of the stored results

`--nanogpt FILE` is nanoGPT's model.py, for race and speed; `--device cuda` another
device, for the poet and the ladder: compiled, in bfloat16. `--part ladder --seed 1`
runs one seed and keeps the others: seeds can run at the same time, each on its core.
Results go to `bigmodel_lab/results/gpt.json`, the poet to `poet.safetensors` beside it,
with its card `poet.md`; chapter 07 reads them. What is compared takes turns in one run,
with the same poems. Bits are per Chinese character of validation poems; marks are paid
for in them.
"""

import argparse

import torch
from gpt_card import write_card
from gpt_parts import GRID, measure_race, measure_speed, measure_writing
from gpt_poems import Poems, bits, commit, origin
from gpt_tables import tables
from stored import RESULTS, changing

from bigmodel_lab import models, results, verse
from bigmodel_lab.device import granted_cores
from bigmodel_lab.memory import keep_freed_memory

POET = {
    "dimensions": 160,
    "layers": 4,
    "heads": 4,
    "positions": "rotary",
    "dropout": 0.15,
}
RECIPE = {"learning_rate": 0.024, "batch_size": 64}


# -- how it learns ---------------------------------------------------------------------


def on_device(model, device):
    """Move a model to a device; on a graphics card, compile it, and use bfloat16."""
    model.to(device)
    if (kind := torch.device(device).type) == "cuda":
        forward = torch.autocast(kind, torch.bfloat16)(model.forward)
        model.forward = lambda *inputs: forward(*inputs).float()  # for the loss
        model.compile()
    return model


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
    model = on_device(poems.gpt(**POET), device)
    made = {"made_by": "benchmarks/gpt.py --train", "commit": commit()}
    training, seen = watched(poems, model, steps, **RECIPE)
    facts = {
        **made,
        **origin(device),
        "steps": str(steps),
        "tokens": str(seen[-1]["tokens"]),
        "seconds": f"{training.seconds:.0f}",
        "learning_rate": str(RECIPE["learning_rate"]),
        "batch_size": str(RECIPE["batch_size"]),
        "validation_bits": f"{bits(model, poems.validation):.3f}",
        "test_bits": f"{bits(model, poems.test):.3f}",
    }
    models.save(model.cpu(), poems.alphabet, RESULTS / "poet.safetensors", **facts)
    return {"facts": facts, "training": seen, "measured": write_card()}


def climb(poems, seed, steps, device):
    """Train a GPT like the poet, but shorter, and store what it could do when."""
    model = on_device(poems.gpt(seed, **POET), device)
    _, seen = watched(poems, model, steps, seed=seed, **RECIPE)
    with changing("gpt") as stored:
        stored.setdefault("ladder", {})[str(seed)] = seen
        stored.setdefault("origin", {})["ladder"] = origin(device)


def measure(options):
    """Measure the parts that the command line asks for, and store them."""
    poems = Poems()
    if options.train:
        poet = train_poet(poems, options.steps or 10_000, options.device)
        with changing("gpt") as stored:
            stored["poet"] = poet
    if "ladder" in options.part:
        for seed in options.seed:
            climb(poems, seed, options.steps or 2500, options.device)
    if "speed" in options.part:
        measure_speed(poems, options.rounds, options.steps or 60, options.nanogpt)
    if "race" in options.part:
        measure_race(poems, options.budget, options.nanogpt)
    if "writing" in options.part:
        measure_writing(options.rounds)


def main():
    """Do what the command line asks for."""
    parts = "ladder", "race", "speed", "writing"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="the stored poet")
    parser.add_argument("--card", action="store_true", help="of the stored poet")
    parser.add_argument("--part", nargs="+", choices=parts, default=[])
    parser.add_argument("--table", action="store_true", help="of the stored results")
    parser.add_argument("--steps", type=int, help="of a training: 10000, 2500 or 60")
    parser.add_argument("--seed", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=5, help="of speed and writing")
    parser.add_argument("--budget", nargs="+", type=int, default=GRID, help="seconds")
    parser.add_argument("--nanogpt", metavar="FILE", help="nanoGPT's model.py")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    if {"race", "speed"} & set(options.part) and not options.nanogpt:
        parser.error("race and speed need --nanogpt FILE, nanoGPT's model.py.")
    torch.set_num_threads(granted_cores())
    keep_freed_memory()
    if options.train or options.part:
        measure(options)
    if options.card:
        with changing("gpt") as stored:
            stored.setdefault("poet", {})["measured"] = write_card()
    if options.table:
        print(tables(results.load("gpt")))


if __name__ == "__main__":
    main()
