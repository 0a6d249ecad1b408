"""Micro-batching: what many clients ask at about the same time is answered at once.

A network takes hardly longer for 8 inputs than for one: its weights are read once. But
clients come one by one, so somebody has to wait for somebody (D1 §9.3: to deploy). The
wait is counted from a batch's first request on, as Triton Inference Server does it.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from bigmodel_lab.from_scratch._checks_serving import (
    check_batcher,
    check_latencies,
    check_positive,
    check_rows,
    check_share,
)


class Busy(RuntimeError):
    """Too many requests wait already: this one was not taken in."""


class Batcher:
    """`await batcher(x)` is x's row of `run([x, ...])`, which runs for many at once.

    Parameters
    ----------
    run : callable
        Takes a list of inputs and returns a row for each. It runs in a thread, so that
        requests can come in meanwhile, and for one batch at a time.
    most : int
        The largest batch.
    wait : float
        Seconds that a batch's first request waits for others at most.
    waiting : int
        How many requests may wait; `Busy` is raised for one more.

    Raises ValueError if a number is out of its range.
    """

    def __init__(
        self,
        run: Callable[[list], Iterable],
        most: int = 32,
        wait: float = 0.002,
        waiting: int = 256,
    ):
        check_batcher(most, wait, waiting)
        self.run, self.most, self.wait, self.waiting = run, most, wait, waiting
        self.queue = deque()  # (when it came, input, future of its answer)
        self.worker = None
        self.requests = self.batches = 0  # that were answered

    async def __call__(self, x):
        """Return x's row; `Busy` if too many wait, and what `run` raised, if it did."""
        if len(self.queue) >= self.waiting:
            raise Busy(f"{len(self.queue)} requests wait already: try again later.")
        loop = asyncio.get_running_loop()
        answer = loop.create_future()  # empty until somebody puts the row in
        self.queue.append((loop.time(), x, answer))
        # Whoever comes first starts the worker, whoever fills the batch wakes it.
        if self.worker is None or self.worker.done():
            self.full = asyncio.Event()
            self.worker = loop.create_task(self.work())
        if len(self.queue) >= self.most:
            self.full.set()
        return await answer

    async def work(self) -> None:
        """Answer one batch after the other until nobody waits."""
        while self.queue:
            await self.gather()
            # While this batch is computed, the next one gathers.
            if batch := self.take():
                inputs = [x for x, _ in batch]
                rows = await asyncio.to_thread(outcomes, self.run, inputs)
                deliver(batch, rows)
                self.requests += len(batch)
                self.batches += 1

    async def gather(self) -> None:
        """Wait until the batch is full, or its first request has waited long enough."""
        came, _, _ = self.queue[0]
        left = came + self.wait - asyncio.get_running_loop().time()
        self.full.clear()
        # What came while the last batch was computed has often waited enough already.
        if len(self.queue) < self.most and left > 0:
            with suppress(TimeoutError):  # a batch that is not full goes, too
                await asyncio.wait_for(self.full.wait(), left)

    def take(self) -> list[tuple]:
        """Return (input, future) of those that came first, `most` of them at most."""
        batch = []
        while self.queue and len(batch) < self.most:
            _, x, answer = self.queue.popleft()
            # Its client may have given up: why compute what nobody wants?
            if not answer.done():
                batch.append((x, answer))
        return batch

    @property
    def mean_batch(self) -> float:
        """How many requests shared a batch on the mean; 0 before the first."""
        return self.requests / max(1, self.batches)


def outcomes(run: Callable[[list], Iterable], inputs: list) -> list:
    """Return a row for each input, or for each the error that `run` raised."""
    try:
        return check_rows(list(run(inputs)), inputs)
    except StopIteration:  # the one error that no future takes
        return [RuntimeError("run raised StopIteration.")] * len(inputs)
    except Exception as error:
        return [error] * len(inputs)


def deliver(batch: Sequence[tuple], rows: Sequence) -> None:
    """Give each future of (input, future) its row, or its error."""
    for (_, answer), row in zip(batch, rows, strict=True):
        if answer.done():
            continue  # given up meanwhile
        if isinstance(row, Exception):
            answer.set_exception(row)
        else:
            answer.set_result(row)


def percentile(latencies: Iterable[float], share: float) -> float:
    """Return the time within which this share of the requests was answered, as in 0.95.

    Raises ValueError if there is no latency, or the share is not in (0, 1].
    """
    ordered = sorted(check_latencies(latencies))
    # The least time that so many of them did not exceed: one that was measured.
    return ordered[math.ceil(check_share(share) * len(ordered)) - 1]


def throughput(clients: float, latency: float) -> float:
    """Return the requests a second of clients that each wait for their answer.

    Little's law (1961): as many are on their way as come in a second, times the seconds
    that each takes. ValueError unless both are above 0.
    """
    check_positive(clients=clients, latency=latency)
    return clients / latency
