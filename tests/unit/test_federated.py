"""Federated learning by hand: a round is the central step, masks cancel to the bit."""

import copy
import os
import re
import subprocess
import sys
import venv
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab import datasets, models
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.from_scratch import federated

FLOWER = ROOT / "tests" / "flower"


def state(seed, **shapes):
    """Return a state dict of random numbers, with these shapes."""
    generator = torch.Generator().manual_seed(seed)
    return {k: torch.randn(shape, generator=generator) for k, shape in shapes.items()}


# -- the average -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def flower(tmp_path_factory):
    """Return the Python of an environment that has Flower's averaging."""
    folder = tmp_path_factory.mktemp("flower")
    venv.create(folder, symlinks=True)
    scripts, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    python = folder / scripts / name
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps"]
    done = subprocess.run(
        [*pip, "--no-compile", "--requirement", FLOWER / "requirements.txt"],
        capture_output=True,
        text=True,
    )
    if re.search("ConnectionError|ConnectTimeout|name resolution", done.stderr):
        pytest.skip(f"needs a network: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr[-3000:]
    return python


@pytest.mark.parametrize("clients", [1, 2, 7])
def test_the_average_is_flowers(flower, clients, tmp_path):
    sizes = np.random.default_rng(clients).integers(1, 500, clients)
    states = [state(k, weight=(5, 4), bias=(5,), scale=()) for k in range(clients)]
    stacked = {name: torch.stack([s[name] for s in states]) for name in states[0]}
    np.savez(tmp_path / "given.npz", sizes=sizes, **stacked)
    command = [flower, FLOWER / "averaging.py", "given.npz", "average.npz"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    ours = federated.weighted_average(states, sizes.tolist())
    theirs = dict(np.load(tmp_path / "average.npz"))
    assert list(ours) == list(theirs)
    for name, average in theirs.items():
        np.testing.assert_allclose(ours[name], average, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dealt", ["equal", "shards", "uneven"])
def test_one_full_batch_step_of_each_is_the_central_step(seed, dealt):
    samples, inputs, hidden, clients = torch.randint(8, 40, (4,)).tolist()
    clients //= 8
    X, y = torch.randn(samples, inputs), torch.randint(0, 4, (samples,))
    model = nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, 4))
    rows = {
        "equal": federated.equal_shares(samples, clients, seed),
        "shards": federated.shards(y, clients, seed=seed),
        "uneven": torch.randperm(samples).tensor_split([1, 4]),
    }[dealt]

    def step(X, y):
        local = copy.deepcopy(model)
        optimizer = torch.optim.SGD(local.parameters(), 0.3)
        F.cross_entropy(local(X), y).backward()
        optimizer.step()
        return local.state_dict()

    states = [step(X[mine], y[mine]) for mine in rows]
    average = federated.weighted_average(states, [len(mine) for mine in rows])
    torch.testing.assert_close(average, step(X, y), rtol=1e-4, atol=1e-6)


def test_running_statistics_are_averaged_and_counters_are_the_firsts():
    first, second = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    first(torch.randn(5, 3))
    for _ in range(2):
        second(4 + torch.randn(5, 3))
    states = [first.state_dict(), second.state_dict()]
    average = federated.weighted_average(states, [3, 1])
    expected = 0.75 * first.running_mean + 0.25 * second.running_mean
    torch.testing.assert_close(average["running_mean"], expected)
    assert average["num_batches_tracked"] == 1
    second.load_state_dict(average)  # the types have stayed


def test_the_average_shares_no_memory_with_the_clients():
    layer = nn.BatchNorm1d(2)
    average = federated.weighted_average([layer.state_dict()], [5])
    for tensor in average.values():
        assert not tensor.requires_grad
        tensor.zero_()
    assert layer.weight.tolist() == [1, 1]
    assert layer.running_var.tolist() == [1, 1]


# -- who has which samples -------------------------------------------------------------


@pytest.mark.parametrize(("samples", "clients"), [(10, 1), (10, 3), (10, 10), (57, 8)])
def test_equal_shares_have_every_sample_once(samples, clients):
    rows = federated.equal_shares(samples, clients)
    assert torch.cat(rows).sort().values.tolist() == list(range(samples))
    sizes = [len(mine) for mine in rows]
    assert len(sizes) == clients
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("per_client", [1, 2, 5])
def test_shards_have_every_sample_once_and_few_labels_each(per_client):
    y = torch.randint(0, 10, (203,))
    rows = federated.shards(y, 7, per_client)
    assert len(rows) == 7
    assert torch.cat(rows).sort().values.tolist() == list(range(203))
    order = y.sort(stable=True).indices.tolist()
    for mine in rows:
        places = [order.index(k) for k in mine.tolist()]
        runs = 1 + sum(b != a + 1 for a, b in pairwise(places))
        assert runs <= per_client


def test_of_the_digits_most_clients_have_two():
    _, y, *_ = datasets.mnist()
    counts = [len(y[mine].unique()) for mine in federated.shards(y, 10)]
    assert max(counts) <= 4  # a piece may have the end of one digit
    assert Counter(counts).most_common(1)[0][0] in (2, 3)


def test_the_seed_decides_who_has_what():
    y = torch.randint(0, 10, (100,))
    for deal in (
        lambda seed: federated.shards(y, 5, seed=seed),
        lambda seed: federated.equal_shares(100, 5, seed=seed),
    ):
        first, again, other = (torch.cat(deal(seed)) for seed in (3, 3, 4))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


# -- masks -----------------------------------------------------------------------------


@pytest.mark.parametrize("step", [2**-16, 0.001, 1])
def test_whole_numbers_are_off_by_half_a_step_at_most(step):
    update = 100 * torch.randn(1000, requires_grad=True)
    whole = federated.to_whole(update, step)
    assert whole.dtype == np.uint32
    back = federated.from_whole(whole, step)
    assert np.abs(back - update.detach().numpy()).max() <= step / 2 + 1e-12


def test_the_smallest_and_the_largest_number_fit():
    ends = np.array([-(2.0**31), 2.0**31 - 1, -1, 0])
    assert federated.from_whole(federated.to_whole(ends, 1), 1).tolist() == [*ends]


@pytest.mark.parametrize("clients", [1, 2, 3, 10])
@pytest.mark.parametrize("length", [1, 1000])
def test_the_masks_cancel_to_the_bit(clients, length):
    rng = np.random.default_rng(clients)
    updates = [rng.normal(size=length) for _ in range(clients)]
    wholes = [federated.to_whole(update) for update in updates]
    sent = [federated.masked(w, k, clients, 5) for k, w in enumerate(wholes)]
    assert np.array_equal(sum(sent), sum(wholes))
    for total in (sum(sent), np.sum(sent, axis=0), np.sum(sent, 0).astype(int)):
        found = federated.from_whole(total)
        assert np.abs(found - sum(updates)).max() <= clients * 2**-17 + 1e-12


def test_one_masked_update_is_uniform_noise():
    update = np.sin(np.arange(20_000) / 50)
    whole = federated.to_whole(update)
    sent = federated.masked(whole, 1, 3)
    assert abs(np.corrcoef(sent, update)[0, 1]) < 0.03
    counts = np.bincount(sent // 2**28, minlength=16)  # 16 equal parts, 1,250 in each
    assert ((counts - 1250) ** 2 / 1250).sum() < 45  # chi-squared: 1 in 10,000
    assert np.array_equal(whole, federated.to_whole(update))


def test_two_clients_share_a_mask_and_no_two_pairs_or_rounds_do():
    masks = [
        federated.mask(first, second, 8, round)
        for first, second, round in [(0, 1, 0), (0, 2, 0), (1, 2, 0), (0, 1, 1)]
    ]
    assert len({tuple(each) for each in masks}) == 4
    assert np.array_equal(federated.mask(1, 0, 8), masks[0])
    ours, theirs = (federated.signed_mask(*pair, 8) for pair in [(0, 1), (1, 0)])
    assert not (ours + theirs).any()


@pytest.mark.parametrize("dropped", [[0], [3], [1, 4], [0, 1, 2, 3]])
def test_without_a_client_the_sum_is_noise_until_its_masks_are_given_away(dropped):
    clients, length = 5, 5000
    updates = np.random.default_rng(0).normal(size=(clients, length))
    survivors = [k for k in range(clients) if k not in dropped]
    total = sum(
        federated.masked(federated.to_whole(updates[k]), k, clients, 2)
        for k in survivors
    )
    expected = updates[survivors].sum(0)
    noise = federated.from_whole(total)
    assert abs(np.corrcoef(noise, expected)[0, 1]) < 0.06
    mended = total + federated.missing_masks(dropped, clients, length, 2)
    assert np.abs(federated.from_whole(mended) - expected).max() < 1e-4


def test_nobody_dropped_and_everybody_dropped_need_no_mending():
    assert not federated.missing_masks([], 4, 10).any()
    assert not federated.missing_masks([0, 1, 2, 3], 4, 10).any()


def test_the_bytes_are_those_of_the_model_down_and_up():
    model = models.digit_mlp()
    numbers = 784 * 128 + 128 + 128 * 10 + 10
    assert federated.bytes_sent(model, 10, 3) == 2 * 3 * 10 * 4 * numbers
    # BatchNorm: two weights and two running means for each feature; no counter.
    assert federated.bytes_sent(nn.BatchNorm1d(6), 1, 1) == 2 * 4 * 24


# -- what makes no sense ---------------------------------------------------------------

ONE, OTHER = state(0, a=(2, 3), b=(2,)), state(1, a=(2, 3), b=(2,))
WHOLE = np.zeros(3, np.uint32)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda f: f.weighted_average([], []), "no clients: give a state dict"),
        (lambda f: f.weighted_average([ONE, OTHER], [1]), "2 states and 1 sizes"),
        (lambda f: f.weighted_average([ONE, OTHER], [1, 0]), "Client 1 has 0 samples"),
        (lambda f: f.weighted_average([ONE], [-3]), "Client 0 has -3 samples"),
        (lambda f: f.weighted_average([ONE], [float("nan")]), "has nan samples"),
        (
            lambda f: f.weighted_average([ONE, state(1, a=(2, 3))], [1, 1]),
            "Client 0 has 'b' and client 1 has not",
        ),
        (
            lambda f: f.weighted_average([ONE, OTHER | state(1, c=(1,))], [1, 1]),
            "Client 1 has 'c' and client 0 has not",
        ),
        (
            lambda f: f.weighted_average([ONE, OTHER | state(1, a=(3, 2))], [1, 1]),
            r"'a' of client 1 has the shape \(3, 2\), that of client 0 \(2, 3\)",
        ),
        (lambda f: f.equal_shares(3, 4), "4 clients need 4 samples .* there are 3"),
        (lambda f: f.equal_shares(3, 0), "clients must be .* at least 1, got 0"),
        (lambda f: f.shards(torch.arange(9), 5), "5 clients need 10 samples"),
        (lambda f: f.shards(torch.arange(9), 5, 0), "per_client must be .* got 0"),
        (lambda f: f.to_whole(torch.tensor([1.0, 4e4])), "40000 does not fit: with"),
        (lambda f: f.to_whole(torch.tensor([-4e4])), "from -32768 to 32768; take"),
        (lambda f: f.to_whole(torch.tensor([torch.nan])), "nan does not fit"),
        (lambda f: f.to_whole(torch.tensor([torch.inf])), "inf does not fit"),
        (lambda f: f.to_whole(torch.ones(2), 0), "step must be .* above 0, got 0"),
        (lambda f: f.from_whole(WHOLE, -1), "step must be .* above 0, got -1"),
        (lambda f: f.masked(WHOLE, 3, 3), "from 0 to 2, got 3"),
        (lambda f: f.masked(WHOLE, 0, 0), "clients must be .* at least 1, got 0"),
        (lambda f: f.masked(np.zeros(3), 0, 3), "got float64 .*those of to_whole"),
        (lambda f: f.masked(torch.zeros(3), 0, 3), "got torch.float32"),
        (lambda f: f.masked([1, 2], 0, 3), "got list"),
        (lambda f: f.masked(WHOLE[None], 0, 3), r"in a row, .* \(1, 3\)"),
        (lambda f: f.missing_masks([4], 4, 3), "no client 4: 4 are numbered .* to 3"),
        (lambda f: f.bytes_sent(models.digit_mlp(), 0, 1), "clients must .* got 0"),
        (lambda f: f.bytes_sent(models.digit_mlp(), 1, 0), "rounds must .* got 0"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call(federated)
    assert len(str(error.value).split(". ")) == 1
