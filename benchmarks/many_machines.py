"""Many processes on one machine: what sharing a training costs, and what it gains.

python benchmarks/many_machines.py                     all parts, about ten minutes
python benchmarks/many_machines.py --part all_reduce   latency and bandwidth of gloo
python benchmarks/many_machines.py --part training     by hand, DDP and FSDP, 1 and 2
python benchmarks/many_machines.py --part pipeline     two stages, over micro-batches
python benchmarks/many_machines.py --table             the tables of the stored results

Each part runs in two processes of one thread on the same machine, which measure all
settings in turn, in random order, in each of several rounds: ratios are of one round.
`--quick` tries it all with two rounds. Let nothing else run meanwhile. Results go to
`bigmodel_lab/results/many_machines.json`, for chapter 10.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from machine import here
from stored import changing, with_range

from bigmodel_lab import launch, results

WORKER = Path(__file__).with_name("many_machines_parts.py")
PARTS = ("all_reduce", "training", "pipeline")
PROCESSES = 2


def fitted(row):
    """Return latency and bandwidth of seconds ≈ 2 · latency + bytes / bandwidth.

    That is a ring of two. Each size counts the same: errors are relative.
    """
    sizes, seconds = np.array(row["bytes"]), np.median(row["seconds"], axis=0)
    slope, start = np.polyfit(sizes, seconds, 1, w=1 / seconds)
    return {"latency": start / 2, "bandwidth": 1 / slope}


def measure(part, rounds):
    """Return what the processes of a part measured, and where."""
    row = json.loads(launch(WORKER, PROCESSES, part, rounds, seconds=1800))
    if part == "all_reduce":
        row |= fitted(row)
    return row | here()


def tables(stored):
    """Return the tables of the stored results, in Markdown."""
    link = stored["all_reduce"]
    lines = [
        f"Two processes, {link['machine']}: an all-reduce takes "
        f"{2e3 * link['latency']:.2f} ms and {1e3 / link['bandwidth'] * 1e6:.2f} ms "
        f"for each megabyte.",
        "",
        "| megabytes | all-reduce, ms |",
        "|---|---|",
    ]
    medians = np.median(link["seconds"], axis=0)
    for size, seconds in zip(link["bytes"], medians, strict=True):
        lines.append(f"| {size / 1e6:g} | {1e3 * seconds:.2f} |")
    lines += ["", "| gradients, MB | program | processes | step, ms | speed-up |"]
    lines += ["|---|---|---|---|---|"]
    for row in stored["training"]["rows"]:
        speed_up = np.array(row["alone"]) / row["seconds"]
        lines.append(
            f"| {row['bytes'] / 1e6:.1f} | {row['program']} | {row['processes']} "
            f"| {1e3 * np.median(row['seconds']):.1f} | {with_range(speed_up, 2)} |"
        )
    lines += ["", "| micro-batches | pipeline of two, ms | of one process |"]
    lines += ["|---|---|---|"]
    pipe = stored["pipeline"]
    for row in pipe["rows"]:
        share = np.array(row["seconds"]) / row["alone"]
        lines.append(
            f"| {row['micro_batches']} | {1e3 * np.median(row['seconds']):.1f} "
            f"| {with_range(share, 2)} |"
        )
    return "\n".join(lines)


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    for part in () if options.table else options.part:
        row = measure(part, 2 if options.quick else options.rounds)
        with changing("many_machines") as stored:
            stored[part] = row
            stored["made_by"] = "benchmarks/many_machines.py"
    print(tables(results.load("many_machines")))


if __name__ == "__main__":
    main()
