"""The comparisons of `gpt.py`: speed, race and writing, each program in turn.

Every run is a process of its own, on as many cores as it has threads.
"""

import json
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from gpt_poems import CHARACTERS, origin
from gpt_rivals import PROGRAMS
from stored import TENSORFLOW, TRANSFORMERS, changing, python_with, tensorflow_python

from bigmodel_lab.device import granted_cores
from bigmodel_lab.from_scratch.ngrams import KneserNey

KERAS = "Keras"
SPEED = ["ours", "ours, AdamW only", "nanoGPT", "Hugging Face", KERAS]
BUDGETS = (10, 20, 40, 60)  # seconds of training whose bits are compared
GRID = (6, 8, 10, 12, 15, 20, 30, 40, 60, 90, 120)  # tried until counting is beaten
ORDERS = (3, 4, 5)
DISCOUNT = 0.9
WRITERS = [
    (name, cached) for name in ("ours", "Hugging Face") for cached in (True, False)
]
BATCHES = (1, 16)


def ask(python, script, *arguments, cores):
    """Run a script beside this one on some cores; return its last line of JSON."""
    chosen = sorted(os.sched_getaffinity(0))[-cores:]
    done = subprocess.run(
        [python, Path(__file__).parent / script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, chosen),
    )
    return json.loads(done.stdout.splitlines()[-1])


def ask_torch(task, cores, **options):
    """Let `gpt_rivals.py` do a task in the Python that has transformers."""
    python = python_with(TRANSFORMERS, ours=True)
    arguments = task, json.dumps(options)
    return ask(python, "gpt_rivals.py", *arguments, cores=cores)


def in_turn(programs, rounds):
    """Yield (round, program), in each round all the programs in random order."""
    for number in range(rounds):
        for program in random.sample(programs, len(programs)):
            yield number, program


def keep(part, results):
    """Store the results of a part so far, with where and when they were measured."""
    with changing("gpt") as stored:
        stored[part] = results
        stored.setdefault("origin", {})[part] = origin()


def flops_per_token(model, length):
    """Return the operations of a training step for a token, forward and backward.

    6 for each weight of a matrix (Kaplan and others, 2020; the embedding's are those
    of the head), and 12 d for each place that a token looks at, in each layer.
    """
    weights = sum(
        weight.numel()
        for name, weight in model.named_parameters()
        if weight.dim() == 2 and name != "places.weight"  # looked up, not multiplied
    )
    looks = 12 * model.settings["layers"] * model.settings["dimensions"] * length
    return 6 * weights + looks


# -- tokens per second of training -----------------------------------------------------


def measure_speed(poems, rounds, steps, nanogpt):
    """Measure the training of every program of SPEED with one thread and with all."""
    results = {
        "versions": [TRANSFORMERS, TENSORFLOW],
        "flops_per_token": flops_per_token(poems.gpt(), poems.length),
        "rows": [],
    }
    programs = [
        (name, cores)
        for name in ["peak", *SPEED]
        for cores in sorted({1, granted_cores()})
    ]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "rows.npy"
        np.save(data, poems.train.numpy())
        for number, (name, cores) in in_turn(programs, rounds):
            if name == "peak":
                answer = ask_torch("peak", cores)
            elif name == KERAS:
                arguments = data, len(poems.alphabet), steps
                python = tensorflow_python()
                answer = ask(python, "keras_gpt.py", *arguments, cores=cores)
            else:
                options = {"name": name, "steps": steps, "file": nanogpt}
                answer = ask_torch("speed", cores, **options)
            row = {"program": name, "threads": cores, "round": number, **answer}
            print(row, flush=True)
            results["rows"].append(row)
            keep("speed", results)


# -- bits after some seconds of training -----------------------------------------------


def measure_race(poems, budgets, nanogpt):
    """Measure the bits of every program after trainings of some seconds each."""
    results = {"counting": counted(poems), "rows": []}
    level = min(row["bits"] for row in results["counting"])
    beaten = set()
    for budget in budgets:
        for _, name in in_turn(list(PROGRAMS), 1):
            if name in beaten and budget not in BUDGETS:
                continue
            options = {"name": name, "budget": budget, "file": nanogpt}
            answer = ask_torch("race", granted_cores(), **options)
            row = {"program": name, "budget": budget, **answer}
            print(row, flush=True)
            results["rows"].append(row)
            if row["bits"] < level:
                beaten.add(name)
            keep("race", results)


def counted(poems):
    """Return seconds and bits of counting: Kneser-Ney of some orders."""
    rows = []
    for order in ORDERS:
        start = time.perf_counter()
        model = KneserNey(poems.train.numpy(), order, len(poems.alphabet), DISCOUNT)
        seconds = time.perf_counter() - start
        each = model.bits(poems.validation[:1000].numpy()).sum(1)  # of a poem
        bits = float(each.mean()) / CHARACTERS
        rows.append({"order": order, "seconds": seconds, "bits": bits})
        print(rows[-1], flush=True)
    return rows


# -- tokens per second of writing ------------------------------------------------------


def measure_writing(rounds):
    """Measure how fast ours and Hugging Face's write, with a cache and without."""
    results = {"versions": [TRANSFORMERS], "rows": []}
    programs = [(*writer, batch) for writer in WRITERS for batch in BATCHES]
    for number, (name, cached, batch) in in_turn(programs, rounds):
        options = {"name": name, "cached": cached, "batch": batch}
        answer = ask_torch("writing", granted_cores(), **options)
        row = {"program": name, **options, "round": number, **answer}
        del row["name"]
        print(row, flush=True)
        results["rows"].append(row)
        keep("writing", results)
