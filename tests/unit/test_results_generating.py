"""The stored results of `benchmarks/generating.py`."""

import hashlib
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.results import load


@pytest.fixture(scope="module")
def made(script):
    return script("generating")


@pytest.fixture(scope="module")
def results():
    return load("generating")


@pytest.fixture(scope="module")
def values(results, made):
    """Return a function: values(name, measure) are those of all seeds."""
    rows = made.by_name(results)
    return lambda name, measure: np.array([row[measure] for row in rows[name]])


@pytest.fixture(scope="module")
def below(values):
    """Return a function: below(measure, names...) checks that each is below the next.

    By more than their deviations together, and for every seed.
    """

    def below(measure, *names):
        for low, high in pairwise(names):
            low, high = values(low, measure), values(high, measure)
            spread = low.std(ddof=1) + high.std(ddof=1)
            assert high.mean() - low.mean() > spread
            assert (low < high).all()

    return below


KEPT, AGAIN, GAN = "real, kept back", "VAE, real digits again", "GAN, 2,000 steps"
SETTINGS = ("1 step, guidance 0", "4 steps, guidance 0", "20 steps, guidance 0")
ONE, FOUR, TWENTY = (f"latent diffusion, {setting}" for setting in SETTINGS)
GUIDED, PUSHED = (f"latent diffusion, 20 steps, guidance {g}" for g in (1, 3))


def test_each_way_was_measured_with_each_seed(results, made):
    assert results["date"].startswith("20")
    assert "torch" in results["machine"]
    rows = made.by_name(results)
    assert len(rows) == 4 + len(made.LENGTHS) + 2 + len(made.SETTINGS)
    for of_name in rows.values():
        assert [row["seed"] for row in of_name] == list(made.SEEDS)


def test_the_trainings_of_a_seed_take_less_than_a_minute(values):
    diffusion = values(TWENTY, "seconds")  # with the autoencoder
    assert (values(GAN, "seconds") + diffusion < 60).all()


def test_both_judges_know_digits(results):
    for kept, test in results["judges"].values():
        assert 92 < test < 98
        assert abs(kept - test) < 3


def test_of_known_cases_the_distances_are_in_order(below):
    for measure in ("distance", "other", "pixels"):
        below(measure, KEPT, "mean of two", "noise")


def test_a_judge_is_sure_of_noise_more_often_than_of_two_digits_in_one(values, below):
    assert values("noise", "sure").mean() > 50
    below("sure", "mean of two", "noise", KEPT)
    assert values("noise", "covered").mean() < 3


def test_a_gan_gets_better_with_time_and_its_loss_does_not_tell(values, below):
    below("distance", GAN, "GAN, 1,000 steps", "GAN, 500 steps")
    below("pixels", GAN, "GAN, 1,000 steps", "GAN, 500 steps")
    # The forger's loss hardly moves while the distance falls.
    first, second = "GAN, 500 steps", "GAN, 1,000 steps"
    assert values(second, "loss").mean() > 0.9 * values(first, "loss").mean()
    assert values(second, "distance").mean() < 0.75 * values(first, "distance").mean()


def test_latent_diffusion_is_nearest_in_half_of_the_gans_time(values, below):
    for measure in ("distance", "pixels"):
        below(measure, TWENTY, GAN)
        below(measure, TWENTY, "VAE")
    assert (values(TWENTY, "seconds") < 0.6 * values(GAN, "seconds")).all()
    assert values(TWENTY, "asked").mean() > 90
    # It comes close to what the autoencoder can do at best.
    assert values(TWENTY, "distance").mean() < 1.5 * values(AGAIN, "distance").mean()


def test_one_step_gives_what_is_typical_and_more_steps_come_nearer(below):
    below("distance", TWENTY, FOUR, ONE)
    below("pixels", TWENTY, FOUR, ONE)
    below("sure", TWENTY, FOUR, ONE)


def test_guidance_makes_a_judge_surer_and_the_digits_less_like_real_ones(below):
    below("sure", TWENTY, GUIDED, PUSHED)
    below("asked", TWENTY, GUIDED)
    for measure in ("distance", "pixels"):
        below(measure, TWENTY, GUIDED, PUSHED)


def test_another_judge_finds_the_guided_digits_nearer(below):
    below("other", GUIDED, TWENTY)
    below("other", PUSHED, TWENTY)


def test_the_stored_networks_are_those_of_the_card(made):
    card = (ROOT / "bigmodel_lab" / "results" / "digits.md").read_text(encoding="utf-8")
    assert card == made.card()
    for name in made.WHAT:
        data = made.file_of(name).read_bytes()
        assert hashlib.sha256(data).hexdigest() in card


def test_the_readme_has_the_tables_that_are_printed_without_measuring(made, results):
    command = [sys.executable, ROOT / "benchmarks" / "generating.py", "--table"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == made.tables(results)
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert printed.strip() in readme
