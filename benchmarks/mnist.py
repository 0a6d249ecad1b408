"""How fast can MNIST be learned? The articles' Keras programs compared with ours.

python benchmarks/mnist.py                 everything, half an hour on two cores
python benchmarks/mnist.py --device cuda   ours on a graphics card, with CUDA graphs
python benchmarks/mnist.py --part ablation   one part of it: runs, inspected, ablation
python benchmarks/mnist.py --table         the tables of the stored results

All programs train on the same 60,000 digits and are tested on the same 10,000. In every
round each program runs once, in random order, in its own process, after a few warm-up
steps. TensorFlow gets its own virtual environment in the user's cache. The
results go to `bigmodel_lab/results/`, where chapter 05 reads them.
"""

import argparse
import datetime
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from machine import machine
from memory import peak_memory
from stored import TENSORFLOW, begun, store, tensorflow_python
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from bigmodel_lab import Training, datasets, evaluate, models
from bigmodel_lab.datasets.fetching import FILES
from bigmodel_lab.device import granted_cores
from bigmodel_lab.models import fast_digits
from bigmodel_lab.results import load

EPOCHS = 5  # of the articles' programs
LEVELS = (0.9875, 0.992)  # test accuracies: D4's, and one it does not reach
KERAS = {"D2 MLP, Keras": "mlp", "D4 CNN, Keras": "cnn"}
OURS = {"D2 MLP, ours": (models.digit_mlp, 32), "D4 CNN, ours": (models.digit_cnn, 64)}
PROGRAMS = [*KERAS, *OURS, *fast_digits.RECIPES]


# -- one program, in its own process ---------------------------------------------------


def documents_training(program, data, seed):
    """Return a `Training` of an article's network with our loop: Adam, as in Keras."""
    make, batch_size = OURS[program]
    torch.manual_seed(seed)
    model = make()
    return Training(
        model,
        nn.CrossEntropyLoss(),
        torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7, fused=True),
        data,
        epochs=EPOCHS,
        batch_size=batch_size,
        seed=seed,
    )


def recipe_training(program, data, seed, change=lambda training: None, border=2):
    """Return the `Training` of a fast recipe, with `change` applied to it."""
    recipe = fast_digits.RECIPES[program]
    torch.manual_seed(seed)
    model = recipe.network(data[0], border)
    training = recipe.training(model, data, seed=seed)
    change(training)
    return training


def accuracy(model, data):
    """Return the share of the images that the model reads correctly."""
    share = {"accuracy": lambda y, logits: (logits.argmax(1) == y).mean()}
    return evaluate(model, F.cross_entropy, data, share)["accuracy"]


def timed(make_training, data, test):
    """Return the seconds and the test accuracy of every epoch of a training."""
    warm = [part[:5120] for part in data]
    for _ in make_training(warm):  # loads kernels; thrown away
        pass
    start = time.perf_counter()
    training = make_training(data)  # with the filters of the recipes
    seconds, accuracies = [], []
    for step in training:
        if step.number % training.steps_per_epoch == 0:
            seconds.append(time.perf_counter() - start)
            accuracies.append(accuracy(training.model, test))
            start = time.perf_counter()
    return {
        "seconds": seconds,
        "accuracy": accuracies,
        "memory_mb": peak_memory(),
    }


def run_ours(program, seed):
    """Return what `timed` measures for one of our programs, on all the digits."""
    torch.set_num_threads(granted_cores())
    X, y, X_test, y_test = datasets.mnist(full=True)
    make = documents_training if program in OURS else recipe_training
    return timed(partial(make, program, seed=seed), (X, y), (X_test, y_test))


# -- all of them -----------------------------------------------------------------------


def write_digits(path):
    """Write all the digits as Keras's `load_data` gives them."""
    parts = zip(
        ("x_train", "y_train", "x_test", "y_test"),
        datasets.mnist(full=True),
        strict=True,
    )
    arrays = {
        name: (255 * part[:, 0]).round().byte() if name[0] == "x" else part.byte()
        for name, part in parts
    }
    np.savez(path, **{name: array.numpy() for name, array in arrays.items()})


def run(program, seed, digits):
    """Run one program in its own process; return its results."""
    here = Path(__file__).parent
    if program in KERAS:
        script = here / "keras_mnist.py"
        command = [tensorflow_python(), script, KERAS[program], str(EPOCHS), digits]
    else:
        command = [sys.executable, __file__, "--run", program]
    done = subprocess.run(
        [*command, str(seed)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def peak_gflops(size=2048, repeats=60):
    """Return the machine's highest measured speed at multiplying matrices."""
    torch.set_num_threads(granted_cores())
    a, b = torch.randn(2, size, size)
    best = min(_seconds(lambda: a @ b) for _ in range(repeats))
    return 2 * size**3 / best / 1e9


def _seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def flops_per_image():
    """Return the operations of D4's network for an image, forward and backward."""
    model = models.digit_cnn()
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(64, 1, 28, 28)).sum().backward()
    return counter.get_total_flops() / 64


# -- what each part of a recipe is worth -----------------------------------------------


def learned_filters(training):
    """Start the first filters at random and train them."""
    first = training.model[1]
    first.reset_parameters()
    first.weight.requires_grad_(True)
    training.optimizer.add_param_group({"params": [first.weight]})


def no_batch_norm(training):
    """Remove the normalization; the convolutions get their biases back."""
    for number, layer in enumerate(training.model):
        if isinstance(layer, nn.BatchNorm2d):
            training.model[number] = nn.Identity()
        elif isinstance(layer, nn.Conv2d) and layer.weight.requires_grad:
            layer.bias = nn.Parameter(torch.zeros(layer.out_channels))
            training.optimizer.add_param_group({"params": [layer.bias]})


def constant_learning_rate(learning_rate, training):
    """Train with one learning rate from beginning to end."""
    factor = learning_rate / training.optimizer.defaults["lr"]
    training.schedule = lambda step, steps: factor


def hard_labels(training):
    """Train on labels of 0 and 1, without smoothing."""
    training.loss = nn.CrossEntropyLoss()


def usual_layout(training):
    """Keep images in memory channel by channel, as PyTorch does by default."""
    training.model.to(memory_format=torch.contiguous_format)


ABLATION = {
    "the recipe": {},
    "first filters learned": {"change": learned_filters},
    "no batch normalization": {"change": no_batch_norm},
    "constant learning rate 0.001": {"change": partial(constant_learning_rate, 0.001)},
    "constant learning rate 0.01": {"change": partial(constant_learning_rate, 0.01)},
    "no label smoothing": {"change": hard_labels},
    "not cropped": {"border": 0},
    "channels first in memory": {"change": usual_layout},
}


def ablate(seeds):
    """Return seconds and accuracy of the quick recipe, with one part changed each time.

    On the digits that the recipes were chosen on: 55,000 for training, 5,000 to judge.
    """
    torch.set_num_threads(granted_cores())
    X, y, _, _ = datasets.mnist(full=True)
    fit, judge = (X[:55_000], y[:55_000]), (X[55_000:], y[55_000:])
    rows = []
    for seed in range(seeds):
        for part in random.sample(list(ABLATION), len(ABLATION)):
            make = partial(recipe_training, "quick", seed=seed, **ABLATION[part])
            result = timed(make, fit, judge)
            rows.append(
                {
                    "part": part,
                    "seed": seed,
                    "seconds": sum(result["seconds"]),
                    "accuracy": result["accuracy"][-1],
                }
            )
            print(rows[-1], flush=True)
    return rows


# -- on a graphics card ----------------------------------------------------------------


def graphed_training(program, data, seed, device):
    """Train a recipe with each step as one CUDA graph; return model and seconds.

    Data on the device, bfloat16, fused AdamW. A graph replays all of a step's kernels
    at once, because launching them one by one takes longer than running them. On a CPU
    the same step runs without a graph, in float32.
    """
    recipe = fast_digits.RECIPES[program]
    cuda = device.type == "cuda"
    X, y = (part[: recipe.digits].to(device) for part in data)
    torch.manual_seed(seed)
    model = recipe.network(data[0])
    model = model.to(device, memory_format=torch.channels_last)
    crop, body = model[0], model[1:]
    learning_rate = torch.tensor(recipe.learning_rate, device=device)
    optimizer = fast_digits.adamw(model, learning_rate, capturable=cuda)
    batch_size = recipe.batch_size
    images, labels = crop(X[:batch_size]).clone(), y[:batch_size].clone()

    def step():
        optimizer.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=cuda):
            logits = body(images)
        fast_digits.loss(logits.float(), labels).backward()
        optimizer.step()

    replay = _captured(step, model, optimizer) if cuda else step
    steps_per_epoch = len(X) // batch_size
    total = recipe.epochs * steps_per_epoch
    start = time.perf_counter()
    for number in range(total):
        if number % steps_per_epoch == 0:
            order = torch.randperm(len(X), device=device)
        factor = fast_digits.cycle(number, total)
        learning_rate.fill_(factor * recipe.learning_rate)
        first = number % steps_per_epoch * batch_size
        rows = order[first : first + batch_size]  # (batch_size,)
        images.copy_(crop(X[rows]))
        labels.copy_(y[rows])
        replay()
    if cuda:
        torch.cuda.synchronize()
    return model, time.perf_counter() - start


def _captured(step, model, optimizer):
    """Return a function that replays `step`; model and optimizer are as before."""
    before = {k: v.clone() for k, v in model.state_dict().items()}
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # capture needs the kernels to be loaded
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    model.load_state_dict(before)
    for state in optimizer.state.values():  # in place: the graph knows these tensors
        for value in state.values():
            value.zero_()
    return graph.replay


def on_device(device, seeds):
    """Print the table of the recipes on `device`."""
    X, y, X_test, y_test = datasets.mnist(full=True)
    print(
        "| recipe | median, s | longest, s | mean accuracy | worst |",
        "|---" * 5 + "|",
        sep="\n",
    )
    for program in fast_digits.RECIPES:
        graphed_training(program, (X[:2560], y[:2560]), 0, device)  # loads kernels
        seconds, accuracies = [], []
        for seed in range(seeds):
            model, taken = graphed_training(program, (X, y), seed, device)
            seconds.append(taken)
            accuracies.append(accuracy(model, (X_test, y_test)))
        print(
            f"| {program} | {np.median(seconds):.2f} | {max(seconds):.2f} "
            f"| {np.mean(accuracies):.2%} | {min(accuracies):.2%} |",
            flush=True,
        )


# -- results ---------------------------------------------------------------------------


def first_pass(run, level):
    """Return the seconds of training after which a run reaches `level`; NaN if never.

    The articles' programs are judged after every epoch, as if someone knew when to
    stop. A recipe is judged at its end: its learning rate is designed for its length.
    """
    until_the_end = run["program"] in fast_digits.RECIPES
    epochs = range(1, len(run["accuracy"]) + 1)
    for epoch in epochs[-1:] if until_the_end else epochs:
        if run["accuracy"][epoch - 1] >= level:
            return sum(run["seconds"][:epoch])
    return np.nan


def table(results):
    """Return the results as a Markdown table, a row for every program."""
    lines = [
        "| program | seconds | test accuracy, mean ± sd (worst) | 98.75 %: passed by, "
        "seconds | 99.2 % | peak memory, MB |",
        "|---|---|---|---|---|---|",
    ]
    for program in PROGRAMS:
        runs = [r for r in results["runs"] if r["program"] == program]
        final = pd.Series([r["accuracy"][-1] for r in runs])
        cells = [
            program,
            f"{np.median([sum(r['seconds']) for r in runs]):.1f}",
            f"{final.mean():.2%} ± {100 * final.std():.2f} ({final.min():.2%})",
        ]
        for level in LEVELS:
            seconds = pd.Series([first_pass(r, level) for r in runs])
            passed = f"{seconds.count()} of {len(seconds)}"
            if seconds.count():
                passed += f", {seconds.median():.1f} ({seconds.max():.1f})"
            cells.append(passed)
        cells.append(f"{results['inspected'][program]['memory_mb']:,.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ablation_table(results):
    """Return the ablation as a Markdown table."""
    rows = pd.DataFrame(results["ablation"]).groupby("part", sort=False)
    lines = [
        "| quick recipe, changed | seconds | accuracy, mean ± sd |",
        "|---|---|---|",
    ]
    for part in ABLATION:
        group = rows.get_group(part)
        lines.append(
            f"| {part} | {group.seconds.median():.2f} "
            f"| {group.accuracy.mean():.2%} ± {100 * group.accuracy.std():.2f} |"
        )
    return "\n".join(lines)


def aims(results):
    """Return how the results compare with the benchmark's aims, as Markdown."""
    runs = pd.DataFrame(results["runs"])
    runs["total"], runs["final"] = runs.seconds.map(sum), runs.accuracy.str[-1]
    of = dict(list(runs.groupby("program")))
    keras = of["D4 CNN, Keras"].total.median()
    epoch = np.median(np.concatenate([*of["D4 CNN, ours"].seconds]))
    speed = results["flops_per_image"] * 60_000 / epoch / 1e9
    quick, good, best = (of[name] for name in fast_digits.RECIPES)
    return "\n".join(
        [
            "| aim on two cores | measured |",
            "|---|---|",
            f"| 98.75 % on the worst seed in 1/50 of the time of D4's five epochs "
            f"| worst {quick.final.min():.2%}, 1/{keras / quick.total.median():.0f} "
            f"(slowest run 1/{keras / quick.total.max():.0f}) |",
            f"| 99.3 % on average in 1/25 | {good.final.mean():.2%}, "
            f"1/{keras / good.total.median():.0f} |",
            f"| 99.5 % on average within 30 s | {best.final.mean():.2%}, "
            f"{best.total.median():.1f} s |",
            f"| a quarter of the peak on D4's network | {speed:.0f} of "
            f"{results['peak_gflops']:.0f} GFLOP/s, "
            f"{speed / results['peak_gflops']:.0%} |",
        ]
    )


def measure(parts, seeds):
    """Measure some PARTS; store after every round, so a stop loses at most one."""
    origin = {
        "made_by": "benchmarks/mnist.py",
        "machine": machine(),
        "tensorflow": TENSORFLOW,
        "data": {
            k: file.sha256 for k, file in FILES.items() if k.startswith("mnist-t")
        },
        "recipes": {name: asdict(r) for name, r in fast_digits.RECIPES.items()},
        "flops_per_image": flops_per_image(),
    }
    results = begun("mnist", origin, whole=set(parts) == set(PARTS))
    results["date"] = str(datetime.date.today())
    with tempfile.TemporaryDirectory() as folder:
        digits = Path(folder) / "mnist.npz"
        write_digits(digits)
        for part in parts:
            PARTS[part](results, seeds, digits)
            store("mnist", results)


def measure_runs(results, seeds, digits):
    """Run every program with every seed: seconds and accuracy of each epoch."""
    results["runs"], results["peak_gflops"] = [], peak_gflops()
    for seed in range(seeds):
        for program in random.sample(PROGRAMS, len(PROGRAMS)):
            result = run(program, seed, digits)
            kept = {key: result[key] for key in ("seconds", "accuracy")}
            results["runs"].append({"program": program, "seed": seed} | kept)
            print(
                f"{program}, seed {seed}: {sum(result['seconds']):.1f} s, "
                f"{result['accuracy'][-1]:.2%}",
                flush=True,
            )
        results["runs"].sort(key=lambda r: (PROGRAMS.index(r["program"]), r["seed"]))
        results["peak_gflops"] = max(results["peak_gflops"], peak_gflops())
        store("mnist", results)


def inspect(results, seeds, digits):
    """Run every program once more: its peak memory, and what Keras logs."""
    results["inspected"] = {}
    for program in PROGRAMS:
        result = run(program, 0, digits)
        kept = {key: result[key] for key in ("memory_mb", "log") if key in result}
        results["inspected"][program] = kept
        print(program, f"{kept['memory_mb']:,.0f} MB", flush=True)


def measure_ablation(results, seeds, digits):
    """Measure what each part of the quick recipe is worth."""
    results["ablation"] = ablate(5)


PARTS = {"runs": measure_runs, "inspected": inspect, "ablation": measure_ablation}


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--table", action="store_true", help="of the stored results")
    parser.add_argument("--run", nargs=2, metavar=("PROGRAM", "SEED"))
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run_ours(options.run[0], int(options.run[1]))))
        return
    if options.device != "cpu":
        on_device(torch.device(options.device), options.seeds)
        return
    if not options.table:
        measure(options.part, options.seeds)
    results = load("mnist")
    tables = table(results), aims(results), ablation_table(results)
    print(results["machine"], *tables, sep="\n\n")


if __name__ == "__main__":
    main()
