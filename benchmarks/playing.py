"""Self-play: what a network learns from games against itself, by generations.

python benchmarks/playing.py                      all parts, into results/playing.json
python benchmarks/playing.py --part connect_four  one of them
python benchmarks/playing.py --train              the stored player of connect four
python benchmarks/playing.py --table              the tables of the stored results

One thread. tic_tac_toe: the share of moves that are best in all positions where some
are worse, judged by the exact solution; five networks, alone and with play-outs, and
searches with play-outs at random. connect_four: matches of three networks, each with 30
play-outs, against random moves, against a search of 30 play-outs at random, and against
one that takes the same CPU time for a move. No setting was chosen by these matches.
"""

import argparse
import time

import numpy as np
import torch
from machine import here
from stored import RESULTS, keep_rows, plus_minus, table
from threadpoolctl import threadpool_limits

import bigmodel_lab as lab
from bigmodel_lab.from_scratch.searching import (
    Search,
    contested,
    minimax,
    share_optimal,
)
from bigmodel_lab.models import PolicyValueNetwork, judge_of, keep, moves_alone, trained
from bigmodel_lab.results import load

SEEDS, FEW_SEEDS = range(5), range(3)
GENERATIONS, FOUR_GENERATIONS = (0, 1, 2, 4, 8), (0, 2, 6, 20)
PLAY_OUTS = (1, 5, 25, 100, 400)  # at random
LOOKS = 25  # play-outs of a trained network in tic-tac-toe
THIRTY, GAMES = 30, 40


def generators(count, seed):
    """Return a generator for each of so many positions."""
    return [np.random.default_rng([seed, k]) for k in range(count)]


def optimal(search, states, table, seed):
    """Return the share of states where a search plays a best move."""
    founds = search.many(states, generators(len(states), seed))
    return share_optimal([found.best for found in founds], states, table)


def by_generation(game, seed, generations):
    """Yield (generation, network, CPU seconds of training) as a network learns."""
    torch.manual_seed(seed)
    network = PolicyValueNetwork(game)
    training = lab.SelfPlay(network, game, max(generations), seed=seed)
    steps, seconds = iter(training), 0.0
    for generation in range(max(generations) + 1):
        if generation in generations:
            yield generation, network, seconds
        start = time.process_time()
        next(steps, None)
        seconds += time.process_time() - start


def tic_tac_toe():
    """Yield by generations, and for searches without a network, the shares found."""
    game = lab.games.TicTacToe()
    table = minimax(game)
    states = contested(game, table)
    guess = np.mean([len(table[s].best) / len(game.moves(s)) for s in states])
    yield "a random move", {"search": [float(guess)]}
    for play_outs in PLAY_OUTS:
        search = Search(game, play_outs)
        found = [optimal(search, states, table, seed) for seed in FEW_SEEDS]
        yield f"{play_outs} play-outs at random", {"search": found}
    rows = {n: {"alone": [], "search": [], "seconds": []} for n in GENERATIONS}
    for seed in SEEDS:
        for n, network, seconds in by_generation(game, seed, GENERATIONS):
            alone = share_optimal(moves_alone(network, game, states), states, table)
            search = Search(game, LOOKS, judge_of(network))
            rows[n]["alone"].append(alone)
            rows[n]["search"].append(optimal(search, states, table, seed))
            rows[n]["seconds"].append(seconds)
    for n, row in rows.items():
        yield f"{n} generations", row


def player(search, seed):
    """Return a player that searches, and a list of its CPU seconds for each move."""
    chance, seconds = np.random.default_rng(seed), []

    def play(state):
        start = time.process_time()
        move = search(state, chance).best
        seconds.append(time.process_time() - start)
        return move

    return play, seconds


def match(game, one, two, seed):
    """Return points of `one`, percent, and the CPU seconds for a move of both."""
    (one, own), (two, other) = player(one, seed), player(two, seed + 100)
    score = lab.play_match(game, one, two, games=GAMES)
    return {"points": points(score), "seconds": [np.mean(own), np.mean(other)]}


def points(score):
    """Return the points of a match's first player, percent."""
    return 100 * (score.wins + score.draws / 2) / GAMES


def against_chance(game, search, seed):
    """Return the points against moves at random, percent."""
    chance = np.random.default_rng(seed + 100)
    one, _ = player(search, seed)
    return points(
        lab.play_match(
            game, one, lambda state: int(chance.choice(game.moves(state))), games=GAMES
        )
    )


def connect_four():
    """Yield what networks win by generations, against three opponents."""
    game = lab.games.ConnectFour()
    rows = {n: [] for n in FOUR_GENERATIONS}
    for seed in FEW_SEEDS:
        for n, network, seconds in by_generation(game, seed, FOUR_GENERATIONS):
            search = Search(game, THIRTY, judge_of(network))
            looks = match(game, search, Search(game, THIRTY), seed)
            own, other = looks["seconds"]
            equal = round(THIRTY * own / other)  # play-outs in the time of a move
            same = match(game, search, Search(game, equal), seed)
            row = {"training": seconds, "equal looks": looks, "equal time": same}
            row |= {"play-outs": equal, "random": against_chance(game, search, seed)}
            rows[n].append(row)
            print(seed, n, row, flush=True)
    for n, row in rows.items():
        yield f"{n} generations", row


PARTS = {"tic_tac_toe": tic_tac_toe, "connect_four": connect_four}


# -- The stored player

CARD = """# A player of connect four

Written by `benchmarks/playing.py --train`.

```python
from bigmodel_lab import games, models, searching

network, facts = models.trained("connect_four")
search = searching.Search(games.ConnectFour(), 100, models.judge_of(network))
```

A `PolicyValueNetwork` of {weights:,} parameters, in float16, after {generations}
generations of 64 games against itself with 25 play-outs a move, seed 0: {seconds} CPU
seconds, {date}. Nobody taught it anything but the rules. How good it is: the section
"Self-play" of `benchmarks/README.md`, where it is the last network of seed 0. It is
there to be beaten.
"""


def store_player():
    """Train the network of seed 0, and store it with its card."""
    game, last = lab.games.ConnectFour(), max(FOUR_GENERATIONS)
    *_, (_, network, seconds) = by_generation(game, 0, (last,))
    facts = {"generations": str(last), "seconds": f"{seconds:.0f}", **here()}
    keep(network, RESULTS / "connect_four.safetensors", **facts)
    (RESULTS / "connect_four.md").write_text(card(), encoding="utf-8")


def card():
    """Return the card of the stored player, from its facts."""
    network, facts = trained("connect_four")
    return CARD.format(weights=sum(p.numel() for p in network.parameters()), **facts)


# -- Tables


def percent(shares):
    """Return the mean and deviation of shares, in percent."""
    return plus_minus(100 * np.array(shares))


def tables(results):
    """Return all tables as text."""
    rows = [
        [key]
        + [percent(row[part]) if part in row else "" for part in ("alone", "search")]
        + [plus_minus(row["seconds"]) if "seconds" in row else ""]
        for key, row in results["tic_tac_toe"].items()
    ]
    head = ["best moves, %", "network alone", "with play-outs", "CPU seconds"]
    lines = table(head, rows)
    rows = []
    for key, seeds in results["connect_four"].items():
        cells = [plus_minus([row["random"] for row in seeds], 0)]
        for rival in ("equal looks", "equal time"):
            cells.append(plus_minus([row[rival]["points"] for row in seeds], 0))
        equal = plus_minus([row["play-outs"] for row in seeds], 0)
        training = plus_minus([row["training"] for row in seeds], 0)
        rows.append([key, *cells, equal, training])
    names = ["points, %, against", "random moves", "30 play-outs", "equal time"]
    lines += table([*names, "play-outs in equal time", "CPU seconds"], rows)
    return "\n".join(lines).strip()


def main():
    """Measure what the command line asks for, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--train", action="store_true")
    asked = parser.parse_args()
    if not asked.table:
        torch.set_num_threads(1)
        with threadpool_limits(1):
            if asked.train:
                store_player()
                return
            for name in asked.part or PARTS:
                keep_rows("playing", name, PARTS[name](), here)
    print(tables(load("playing")))


if __name__ == "__main__":
    main()
