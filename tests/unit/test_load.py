"""The load test: it counts what came, whatever a server does."""

import asyncio
import os
import signal
import socket
import threading
from contextlib import contextmanager

import pytest

from bigmodel_lab.serving.load import Load, load_test

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@contextmanager
def server_that(act):
    """Run `act(reader, writer)` for each connection, in a thread; give (url, bodies).

    `act` gets the number of the connection, a function that reads the next request's
    body, and the writer.
    """
    bodies, counter = [], iter(range(10_000))
    loop = asyncio.new_event_loop()
    tasks = set()

    async def connected(reader, writer):
        tasks.add(asyncio.current_task())

        async def body():
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.split("Content-Length: ")[1].split("\r\n")[0])
            bodies.append((head, await reader.readexactly(length)))

        try:
            await act(next(counter), body, writer)
        except (EOFError, ConnectionError):
            pass  # the client has ended
        finally:
            writer.close()

    async def run():
        async with await asyncio.start_server(connected, sock=listener):
            await stop.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    stop = asyncio.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/path?x=1", bodies
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()


def always(answer):
    """Return an act that gives each request this answer, on one connection."""

    async def act(number, body, writer):
        while True:
            await body()
            writer.write(answer)

    return act


def test_each_request_is_answered_on_connections_that_stay_open():
    connections = set()

    async def act(number, body, writer):
        connections.add(number)
        await always(OK)(number, body, writer)

    with server_that(act) as (url, bodies):
        load = load_test(url, b"abc", clients=3, requests=20)
    assert (load.clients, load.requests, load.answers) == (3, 20, {"200": 20})
    assert len(load.latencies) == 20
    assert (load.refused, load.failed) == (0, 0)
    assert 0 < load.median <= load.p95 <= load.p99 <= 1e3 * load.seconds
    assert load.per_second == 20 / load.seconds
    assert len(connections) == 3
    assert {body for _, body in bodies} == {b"abc"}


def test_a_list_of_bodies_is_sent_one_after_the_other_as_what_it_is():
    with server_that(always(OK)) as (url, bodies):
        load_test(url, [{"a": 1}, b"raw"], clients=1, requests=3)
    assert [body for _, body in bodies] == [b'{"a": 1}', b"raw", b'{"a": 1}']
    (by_json, _), (raw, _), _ = bodies
    assert by_json.startswith("POST /path?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert "Content-Type: application/json" in by_json
    assert "Content-Type: application/octet-stream" in raw


def test_a_notebook_which_has_an_event_loop_can_call_it():
    async def cell():
        with server_that(always(OK)) as (url, _):
            return load_test(url, b"", clients=2, requests=4)

    assert asyncio.run(cell()).answers == {"200": 4}


@pytest.mark.parametrize("status", [429, 503])
def test_what_a_busy_server_refuses_is_counted_and_has_no_latency(status):
    async def act(number, body, writer):
        for i in range(10):
            await body()
            busy = b"HTTP/1.1 %d Busy\r\nContent-Length: 0\r\n\r\n" % status
            writer.write(busy if i % 2 else OK)

    with server_that(act) as (url, _):
        load = load_test(url, b"x", clients=1, requests=10)
    assert load.answers == {"200": 5, str(status): 5}
    assert (load.refused, load.failed, len(load.latencies)) == (5, 0, 5)


def test_a_server_that_hangs_up_is_asked_anew_and_what_failed_is_named():
    async def act(number, body, writer):
        await body()
        if number % 2:
            writer.write(b"HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nno")

    with server_that(act) as (url, _):
        load = load_test(url, b"x", clients=1, requests=6)
    assert load.answers == {"500": 3, "IncompleteReadError": 3}
    assert load.failed == 6
    assert load.median != load.median  # NaN: nothing was answered


def test_an_answer_in_chunks_is_read_to_its_end():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = head + b"3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n"
    with server_that(always(answer)) as (url, _):
        load = load_test(url, b"x", clients=1, requests=3)
    assert load.answers == {"200": 3}


def test_what_is_no_http_has_failed():
    with server_that(always(b"hello\r\n\r\n")) as (url, _):
        load = load_test(url, b"x", clients=1, requests=2)
    assert load.answers == {"ValueError": 2}


def test_who_never_answers_is_waited_for_so_long_and_no_longer():
    async def act(number, body, writer):
        await body()
        await asyncio.sleep(600)

    with server_that(act) as (url, _):
        load = load_test(url, b"x", clients=2, requests=3, seconds=0.05)
    assert load.answers == {"TimeoutError": 3}


def test_where_nobody_listens_all_fails_by_name():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    load = load_test(f"http://127.0.0.1:{port}", b"x", clients=2, requests=4)
    assert load.answers == {"ConnectionRefusedError": 4}
    assert load.failed == 4


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_it_and_the_rest_stays_unsent():
    async def act(number, body, writer):
        await body()
        writer.write(OK)
        await body()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(600)

    with server_that(act) as (url, bodies):
        with pytest.raises(KeyboardInterrupt):
            load_test(url, b"x", clients=1, requests=1000, seconds=1)
        assert len(bodies) == 2


def test_its_percentiles_are_those_of_its_latencies():
    load = Load(1, 100, 2.0, [float(i) for i in range(1, 101)], {"200": 100})
    assert (load.median, load.p95, load.p99, load.per_second) == (50, 95, 99, 50)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "127.0.0.1:8000"}, "url must be an address of http, .* got '127"),
        ({"url": "https://127.0.0.1"}, "address of http"),
        ({"clients": 0}, "clients must .* at least 1, got 0"),
        ({"requests": 2.5}, "requests must .* got 2.5"),
        ({"body": []}, r"a list of them that is not empty, got \[\]"),
        ({"body": "text"}, "body must be bytes, .* got 'text'"),
        ({"body": [b"x", "y"]}, "body must be bytes"),
    ],
)
def test_what_makes_no_sense_is_told(change, says):
    with pytest.raises(ValueError, match=says):
        load_test(**{"url": "http://127.0.0.1:1", "body": b"x"} | change)
