"""Micro-batching: who shares a batch, who waits, and whom an error reaches."""

import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigmodel_lab.from_scratch.batching import Batcher, Busy, percentile, throughput

LONG = 60  # seconds that no test waits: a batch that is full must not wait either


class Network:
    """Doubles its inputs; keeps the batches, and can be held back."""

    def __init__(self):
        self.batches = []
        self.free = threading.Event()
        self.free.set()
        self.running = self.most_running = 0

    def __call__(self, inputs):
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.batches.append(list(inputs))
        assert self.free.wait(LONG)
        self.running -= 1
        if "bad" in inputs:
            raise ValueError("an input is bad")
        return [2 * x for x in inputs]


@pytest.fixture
def network():
    network = Network()
    yield network
    network.free.set()


async def until(true):
    """Let other tasks run until true() holds."""
    async with asyncio.timeout(LONG):
        while not true():
            await asyncio.sleep(0.001)


def ask(batcher, inputs):
    """Return what each of inputs, asked for at once, gets: a row or its error."""

    async def all_at_once():
        tasks = [batcher(x) for x in inputs]
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(all_at_once())


def test_each_gets_its_own_row_of_one_batch(network):
    assert ask(Batcher(network, most=5, wait=LONG), range(5)) == [0, 2, 4, 6, 8]
    assert network.batches == [[0, 1, 2, 3, 4]]


def test_a_batch_has_at_most_so_many_and_first_come_is_first_served(network):
    batcher = Batcher(network, most=4, wait=0)
    assert ask(batcher, range(10)) == [2 * x for x in range(10)]
    assert network.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert (batcher.requests, batcher.batches) == (10, 3)
    assert batcher.mean_batch == pytest.approx(10 / 3)


def test_a_batch_that_is_not_full_goes_when_its_time_is_over(network):
    assert ask(Batcher(network, most=32, wait=0.01), [1, 2]) == [2, 4]
    assert network.batches == [[1, 2]]


def test_who_comes_within_the_wait_shares_the_batch(network):
    async def one_after_the_other():
        batcher = Batcher(network, most=2, wait=LONG)
        first = asyncio.create_task(batcher(1))
        await until(lambda: batcher.queue)
        await asyncio.sleep(0)  # the worker waits already
        return await batcher(2), await first

    assert asyncio.run(one_after_the_other()) == (4, 2)
    assert network.batches == [[1, 2]]


def test_what_came_while_a_batch_ran_goes_together_and_one_batch_runs_at_a_time(
    network,
):
    async def during_a_batch():
        batcher = Batcher(network, most=8, wait=0)
        network.free.clear()
        first = asyncio.create_task(batcher(0))
        await until(lambda: network.batches)
        later = [asyncio.create_task(batcher(x)) for x in (1, 2, 3)]
        await until(lambda: len(batcher.queue) == 3)
        network.free.set()
        return await asyncio.gather(first, *later)

    assert asyncio.run(during_a_batch()) == [0, 2, 4, 6]
    assert network.batches == [[0], [1, 2, 3]]
    assert network.most_running == 1


def test_one_too_many_is_refused_with_the_number_that_waits(network):
    batcher = Batcher(network, most=2, wait=0, waiting=3)
    answers = ask(batcher, range(5))
    assert answers[:3] == [0, 2, 4]
    for refused in answers[3:]:
        assert isinstance(refused, Busy)
        assert str(refused) == "3 requests wait already: try again later."
    assert ask(batcher, [7]) == [14]


def test_an_error_reaches_its_batch_only_and_the_batcher_lives_on(network):
    batcher = Batcher(network, most=2, wait=0)
    answers = ask(batcher, [1, 2, 3, "bad", 5])
    assert [*answers[:2], answers[4]] == [2, 4, 10]
    assert [str(error) for error in answers[2:4]] == ["an input is bad"] * 2
    assert ask(batcher, [6]) == [12]


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda inputs: inputs[:-1], "a row for each of its 3 inputs, got 2"),
        (lambda inputs: next(iter([])), "run raised StopIteration"),
        (lambda inputs: None, "not iterable"),
    ],
)
def test_a_run_that_returns_no_rows_is_told_to_all(run, says):
    for error in ask(Batcher(run, most=3, wait=LONG), [1, 2, 3]):
        with pytest.raises((ValueError, RuntimeError, TypeError), match=says):
            raise error


def test_whoever_gives_up_before_the_batch_is_left_out(network):
    async def one_gives_up():
        batcher = Batcher(network, most=3, wait=LONG)
        given_up, kept = (asyncio.create_task(batcher(x)) for x in (1, 2))
        await until(lambda: len(batcher.queue) == 2)
        given_up.cancel()
        await asyncio.wait([given_up])
        return await batcher(3), await kept, given_up.cancelled()

    assert asyncio.run(one_gives_up()) == (6, 4, True)
    assert network.batches == [[2, 3]]


def test_whoever_gives_up_while_it_runs_stops_nobody(network):
    async def one_gives_up():
        batcher = Batcher(network, most=2, wait=LONG)
        network.free.clear()
        given_up, kept = (asyncio.create_task(batcher(x)) for x in (1, 2))
        await until(lambda: network.batches)
        given_up.cancel()
        network.free.set()
        return await kept

    assert asyncio.run(one_gives_up()) == 4


def test_nothing_is_computed_when_all_have_given_up(network):
    async def all_give_up():
        batcher = Batcher(network, most=2, wait=0.01)
        task = asyncio.create_task(batcher(1))
        await until(lambda: batcher.queue)
        task.cancel()
        await batcher.worker
        return batcher.mean_batch

    assert asyncio.run(all_give_up()) == 0
    assert network.batches == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"most": 0}, "most must .* at least 1, got 0"),
        ({"most": 2.5}, "most must .* got 2.5"),
        ({"waiting": True}, "waiting must .* got True"),
        ({"wait": -1}, "wait must be seconds, .* got -1"),
        ({"wait": float("nan")}, "wait must .* got nan"),
        ({"wait": "2 ms"}, "wait must .* got '2 ms'"),
    ],
)
def test_a_size_that_makes_no_sense_is_told(settings, says):
    with pytest.raises(ValueError, match=says):
        Batcher(list, **settings)


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0]),
)
def test_a_percentile_is_numpys_that_was_measured(latencies, share):
    theirs = np.quantile(latencies, share, method="inverted_cdf")
    assert percentile(latencies, share) == theirs


def test_littles_law_holds_for_clients_that_wait():
    assert throughput(clients=32, latency=0.016) == pytest.approx(2000)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: percentile([], 0.5), "at least one latency"),
        (lambda: percentile([1, float("nan")], 0.5), "none that is NaN"),
        (lambda: percentile([1], 0), "share must .* got 0"),
        (lambda: percentile([1], 95), "as in 0.95, got 95"),
        (lambda: throughput(0, 1), "clients must .* above 0, got 0"),
        (lambda: throughput(1, float("inf")), "latency must .* got inf"),
    ],
)
def test_a_number_that_makes_no_sense_is_told(call, says):
    with pytest.raises(ValueError, match=says):
        call()
