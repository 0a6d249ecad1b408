"""What became of the poet: tuned to another form, to acrostics, and to rhyme.

python benchmarks/tuning.py --part novice     a poet that does not rhyme yet
python benchmarks/tuning.py --part transfer   5x4 poems: with pre-training or without
python benchmarks/tuning.py --part keeping    what tuning forgets, LoRA, replay
python benchmarks/tuning.py --part five       the poet, tuned to five characters a line
python benchmarks/tuning.py --part filler     the poet, to fill in hidden characters
python benchmarks/tuning.py --part acrostic   the poet, told how its lines begin
python benchmarks/tuning.py --part rewards    rhyme rewarded, in seven ways
python benchmarks/tuning.py --part aligned    the acrostic poet, rewarded for rhyme
python benchmarks/tuning.py --table           the tables of the stored results

In this order, about two hours of one core. `--seed 1` runs one seed of transfer,
keeping and rewards, and keeps the others. Results go to
`bigmodel_lab/results/tuning.json`, models beside it, with their card `tuned.md`, for
chapter 08. Settings were chosen on validation poems; bits are of test poems.
"""

import argparse

import torch
from gpt_poems import origin
from stored import keep_rows
from tuning_models import acrostic, aligned, filler, five, novice
from tuning_parts import keeping, transfer
from tuning_rewards import by_reward
from tuning_tables import tables, write_card

from bigmodel_lab import results
from bigmodel_lab.memory import keep_freed_memory

PARTS = {
    "novice": novice,
    "transfer": transfer,
    "keeping": keeping,
    "five": five,
    "filler": filler,
    "acrostic": acrostic,
    "rewards": by_reward,
    "aligned": aligned,
}


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=[])
    parser.add_argument("--seed", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--table", action="store_true", help="of the stored results")
    parser.add_argument("--card", action="store_true", help="of the stored models")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    for part in options.part:
        keep_rows("tuning", part, PARTS[part](options.seed), origin)
    if options.card:
        write_card()
    if options.table:
        print(tables(results.load("tuning")))


if __name__ == "__main__":
    main()
