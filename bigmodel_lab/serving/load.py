"""Many clients at once: how many answers a second, and how long each waits.

A bare HTTP/1.1 client on asyncio: a comfortable one costs more processor time than a
small model's server, and would be all that is measured.
"""

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bigmodel_lab.from_scratch._checks_serving import check_count
from bigmodel_lab.from_scratch.batching import percentile

BUSY = ("429", "503")


@dataclass
class Load:
    """What `load_test` measured.

    `latencies` are in milliseconds, of the requests that were answered (status 200), in
    the order of the answers. `answers` counts what came: "200", "503", other statuses,
    and the names of errors, such as "TimeoutError".
    """

    clients: int
    requests: int
    seconds: float
    latencies: list[float] = field(repr=False)
    answers: dict[str, int]

    @property
    def per_second(self) -> float:
        """Requests that were answered, a second."""
        return len(self.latencies) / self.seconds

    @property
    def median(self) -> float:
        """Half of the answers came within so many milliseconds; NaN without any."""
        return self.within(0.5)

    @property
    def p95(self) -> float:
        """Of a hundred answers, 95 came within so many milliseconds."""
        return self.within(0.95)

    @property
    def p99(self) -> float:
        """Of a hundred answers, 99 came within so many milliseconds."""
        return self.within(0.99)

    @property
    def refused(self) -> int:
        """Requests that a busy server did not take (503 or 429)."""
        return sum(self.answers.get(status, 0) for status in BUSY)

    @property
    def failed(self) -> int:
        """Requests that got another status, or no answer."""
        return self.requests - len(self.latencies) - self.refused

    def within(self, share: float) -> float:
        """Return the milliseconds within which this share of the answers came."""
        return percentile(self.latencies, share) if self.latencies else float("nan")


def load_test(
    url: str,
    body: bytes | dict | Sequence[bytes | dict],
    clients: int = 8,
    requests: int = 200,
    seconds: float = 30,
) -> Load:
    """Return how a server does when `clients` at once keep asking it.

    Each client waits for its answer before it asks again, on a connection that stays
    open. It runs in a thread of its own: a notebook has an event loop already.

    Parameters
    ----------
    url : str
        As in "http://127.0.0.1:8000/predict". It gets POST requests.
    body : bytes or dict, or a list of them
        What is sent: bytes as they are, a dict as JSON; of a list, one after the other.
    clients, requests : int
        How many at once, and how many requests of all together.
    seconds : float
        After so long without an answer, a request has failed.

    Raises
    ------
    ValueError
        If the address is not one of http, there is no body, or a number is below 1.
    """
    address = urlsplit(url)
    if address.scheme != "http" or not address.hostname:
        raise ValueError(
            f"url must be an address of http, as in http://127.0.0.1:8000/predict, got "
            f"{url!r}."
        )
    check_count("clients", clients)
    check_count("requests", requests)
    bodies = [body] if isinstance(body, (bytes, dict, str)) else list(body)
    if not bodies or not all(isinstance(body, (bytes, dict)) for body in bodies):
        raise ValueError(
            f"body must be bytes, a dict, or a list of them that is not empty, got "
            f"{body!r:.40}."
        )
    messages = [_message(address, body) for body in bodies]
    todo = deque(messages[i % len(messages)] for i in range(requests))
    where = address.hostname, address.port or 80
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(
                asyncio.run, _all_clients(where, todo, clients, seconds)
            ).result()
        except BaseException:  # Ctrl-C: what has not been sent stays unsent
            todo.clear()
            raise


def _message(address, body):
    """Return the bytes of a whole request."""
    kind = "application/octet-stream"
    if isinstance(body, dict):
        kind, body = "application/json", json.dumps(body).encode()
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _all_clients(where, todo, clients, seconds):
    """Return the Load of clients that share the messages `todo`."""
    requests, latencies, answers = len(todo), [], Counter()
    clients = min(clients, requests)
    start = time.perf_counter()
    await asyncio.gather(
        *(_client(where, todo, seconds, latencies, answers) for _ in range(clients))
    )
    took = time.perf_counter() - start
    return Load(clients, requests, took, latencies, dict(sorted(answers.items())))


async def _client(where, todo, seconds, latencies, answers):
    """Send messages until there are none, one after the other."""
    reader = writer = None
    try:
        while todo:
            message = todo.popleft()
            start = time.perf_counter()
            try:
                async with asyncio.timeout(seconds):
                    if writer is None:
                        reader, writer = await asyncio.open_connection(*where)
                    writer.write(message)
                    status, stays = await _answer(reader)
            except (OSError, EOFError, ValueError) as error:  # timeouts are OSErrors
                status, stays = type(error).__name__, False
            if status == "200":
                latencies.append(1e3 * (time.perf_counter() - start))
            answers[status] += 1
            if not stays and writer is not None:
                writer.close()
                writer = None
    finally:
        if writer is not None:
            writer.close()


async def _answer(reader):
    """Read one response; return its status, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    first, *lines = head.split("\r\n")
    if not first.startswith("http/1.1 "):
        raise ValueError("no answer of HTTP/1.1")
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    elif headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    else:
        await reader.read()
        headers["connection"] = "close"
    return first.split()[1], headers.get("connection") != "close"
