"""The stored results of `benchmarks/playing.py`: what chapter 16 says about them."""

import subprocess
import sys

import numpy as np
import pytest

from bigmodel_lab import results as stored
from bigmodel_lab.authoring.notebooks import ROOT


@pytest.fixture(scope="module")
def made(script):
    return script("playing")


@pytest.fixture(scope="module")
def results():
    return stored.load("playing")


@pytest.fixture
def points(results, made):
    """Return the points against an opponent by generations: (generations, seeds)."""

    def of(rival):
        rows = results["connect_four"].values()
        found = [[row[rival] for row in seeds] for seeds in rows]
        if rival != "random":
            found = [[match["points"] for match in seeds] for seeds in found]
        return np.array(found)

    return of


def test_each_part_says_when_and_where_it_was_measured(results, made):
    for part in made.PARTS:
        assert results["origin"][part]["date"].startswith("20")
        assert "torch" in results["origin"][part]["machine"]
    assert results["made_by"] == "benchmarks/playing.py"


def test_there_are_all_generations_and_seeds(results, made):
    networks = [k for k in results["tic_tac_toe"] if k.endswith("generations")]
    assert networks == [f"{n} generations" for n in made.GENERATIONS]
    assert all(
        len(results["tic_tac_toe"][key]["alone"]) == len(made.SEEDS) for key in networks
    )
    assert list(results["connect_four"]) == [
        f"{n} generations" for n in made.FOUR_GENERATIONS
    ]
    assert all(
        len(seeds) == len(made.FEW_SEEDS) for seeds in results["connect_four"].values()
    )


def test_the_search_knew_most_and_the_network_learns_it(results):
    found = results["tic_tac_toe"]
    new, last = found["0 generations"], found["8 generations"]
    guess = found["a random move"]["search"][0]
    assert abs(np.mean(new["alone"]) - guess) < 0.05
    assert min(last["alone"]) > 0.8 > max(new["alone"]) + 0.3
    # What a search adds before anything is learned, and what learning adds to it.
    assert min(new["search"]) > 0.88
    gained = np.mean(last["search"]) - np.mean(new["search"])
    assert 0.02 < gained < 0.1 < np.mean(last["alone"]) - np.mean(new["alone"])
    assert max(last["seconds"]) < 15


def test_more_play_outs_at_random_come_near_to_perfect_play(results, made):
    shares = [
        np.mean(results["tic_tac_toe"][f"{n} play-outs at random"]["search"])
        for n in made.PLAY_OUTS
    ]
    assert shares == sorted(shares)
    assert shares[0] < 0.45
    assert shares[2] > 0.9
    assert shares[-1] > 0.99


def test_who_wins_at_equal_looks_need_not_win_in_equal_time(points):
    looks, time = points("equal looks"), points("equal time")
    assert looks[0].max() < 50 < looks[-1].min()
    assert (looks.mean(1) > time.mean(1)).all()
    assert time[0].max() < 20
    assert 30 < time[-1].mean() < 70


def test_a_weak_opponent_tells_nobody_apart(points):
    assert points("random")[1:].min() > 85


def test_the_stored_player_is_that_of_its_card(made):
    card = (ROOT / "bigmodel_lab" / "results" / "connect_four.md").read_text("utf-8")
    assert card == made.card()


def test_the_stored_player_beats_one_that_has_learned_nothing(made):
    game = made.lab.games.ConnectFour()
    made.torch.manual_seed(0)
    networks = made.trained("connect_four")[0], made.PolicyValueNetwork(game)
    players = (
        made.player(made.Search(game, 30, made.judge_of(network), noise=0.1), seed)[0]
        for seed, network in enumerate(networks)
    )
    score = made.lab.play_match(game, *players, games=20)
    assert score.wins > 12 > 2 * score.losses


def test_the_readme_has_the_tables_that_are_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "playing.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.tables(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
