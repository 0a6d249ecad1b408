"""The server of digit networks: what it answers, and what it refuses how."""

import asyncio
import json
import socket
import threading
from contextlib import suppress

import httpx
import numpy as np
import pytest
import torch
from serving_parts import digit_network, image_of, wait_until
from starlette.testclient import TestClient
from uvicorn.protocols.http.h11_impl import H11Protocol

from bigmodel_lab import models, to_onnx
from bigmodel_lab.serving.digits import Network, digits_app, refuse
from bigmodel_lab.serving.limits import THROWN_AWAY, Limits
from bigmodel_lab.serving.listening import listen, server_of

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return Network(digit_network(tmp_path_factory.mktemp("onnx") / "tiny.onnx"))


@pytest.fixture(scope="module")
def client(network):
    with TestClient(digits_app(network)) as client:
        yield client


class HeldBack:
    """A network that computes only when it may, and fails when told to."""

    name = "held.onnx"

    def __init__(self):
        self.free = threading.Event()
        self.sizes = []
        self.broken = False

    def answers(self, pixels):
        self.sizes.append(len(pixels))
        assert self.free.wait(60)
        if self.broken:
            raise RuntimeError("out of memory")
        return [{"digit": int(row[0]), "probability": 1.0} for row in pixels]


def at_once(app, count, act=None):
    """Return the responses to raw images 0, 1, 2, ... that come at the same time."""

    async def all_at_once():
        # What the app raises has been answered, as uvicorn does it.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as one:
            tasks = [
                asyncio.create_task(
                    one.post("/predict/raw", content=bytes([i % 256]) + bytes(783))
                )
                for i in range(count)
            ]
            if act:
                await act(tasks)
            return await asyncio.gather(*tasks)

    return asyncio.run(all_at_once())


# -- answers ---------------------------------------------------------------------------


@pytest.mark.parametrize("digit", [0, 7, 9])
def test_an_image_is_read_the_same_from_numbers_and_from_bytes(client, digit):
    pixels = image_of(digit)
    by_json = client.post("/predict", json={"pixels": pixels})
    raw = client.post("/predict/raw", content=bytes(pixels))
    assert by_json.status_code == raw.status_code == 200
    assert by_json.json() == raw.json() == {"digit": digit, "probability": 1.0}


def test_the_probability_is_that_of_the_softmax(client):
    pixels = [0.0] * 784
    pixels[3] = 255 / 20  # a logit of 1, nine of 0
    answer = client.post("/predict", json={"pixels": pixels}).json()
    assert answer == {"digit": 3, "probability": round(np.e / (np.e + 9), 4)}


def test_an_exported_network_answers_as_pytorch_does(tmp_path):
    network, path = models.digit_mlp().eval(), tmp_path / "mlp.onnx"
    images = torch.randint(256, (12, 1, 28, 28))
    to_onnx(network, path)
    with torch.inference_mode():
        p, digits = network(images / 255).softmax(1).max(1)
    with TestClient(digits_app(Network(path))) as client:
        for image, digit, probability in zip(images, digits, p, strict=True):
            content = image.to(torch.uint8).numpy().tobytes()
            answer = client.post("/predict/raw", content=content).json()
            assert answer["digit"] == digit
            assert answer["probability"] == pytest.approx(probability.item(), abs=1e-4)


@pytest.mark.parametrize("batched", [True, False])
def test_requests_share_a_batch_or_go_one_at_a_time(batched):
    network = HeldBack()
    network.free.set()
    app = digits_app(network, batched=batched, most=8, wait=60)
    responses = at_once(app, 16)
    assert [response.json()["digit"] for response in responses] == list(range(16))
    assert network.sizes == ([8, 8] if batched else [1] * 16)
    with TestClient(app) as client:
        health = client.get("/health").json()
    assert health.pop("cpu_seconds") > 0
    assert health == {
        "ok": True,
        "model": "held.onnx",
        "batched": batched,
        "requests": 16,
        "mean_batch": 8 if batched else 1,
    }


# -- refusals --------------------------------------------------------------------------


def changed(value):
    """Return the JSON of an image whose pixel 5 is `value`."""
    return json.dumps({"pixels": [*image_of(1)[:5], value, *image_of(1)[6:]]})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"pixels": [1, 2]}', "There are 2 pixels"),
        (json.dumps({"pixels": [0] * 785}), "There are 785 pixels"),
        (
            json.dumps({"pixels": [[0] * 28] * 28}),
            "Pixel 0 is [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...",
        ),
        (changed("7"), "Pixel 5 is '7'"),
        (changed("7" * 1000), "Pixel 5 is '777777777777777777777777777777777777..."),
        (changed(None), "Pixel 5 is None"),
        (changed(True), "Pixel 5 is True"),
        (changed(float("nan")), "Pixel 5 is nan"),
        (changed(float("inf")), "Pixel 5 is inf"),
        (changed(10**400), "Pixel 5 is 1000000000000000000000000000000000000..."),
        (changed(-1), "Pixel 5 is -1"),
        (changed(255.5), "Pixel 5 is 255.5"),
        (changed([1]), "Pixel 5 is [1]"),
        ('{"pixels": "black"}', "\"pixels\" is 'black', not a list"),
        ('{"pixels": null}', '"pixels" is None, not a list'),
        ('{"image": [1]}', '"pixels" is missing'),
        ("[1, 2]", "The body is not a JSON object, sent as application/json"),
        ("", "The body is not a JSON object, sent as application/json"),
        ('{"pixels": [1,', "The body is not JSON (at character 14)"),
        ("[" * 60_000, "The body is not JSON"),
        ('{"pixels": [' + "9" * 5000 + "]}", "The body is not JSON"),
        (b"\xff\xfe", "The body is not JSON (at character 0)"),
    ],
)
def test_a_body_that_makes_no_sense_is_told_in_one_sentence(client, content, says):
    response = client.post("/predict", content=content, headers=JSON)
    assert response.status_code == 422
    wanted = ': send {"pixels": [784 numbers from 0 to 255]}.'
    assert response.json() == {"detail": says + wanted}


def test_json_that_does_not_say_that_it_is_json_is_told(client):
    response = client.post("/predict", content=json.dumps({"pixels": image_of(1)}))
    assert response.status_code == 422
    assert "sent as application/json" in response.json()["detail"]


@pytest.mark.parametrize("count", [0, 783, 785])
def test_raw_bytes_of_another_count_are_told(client, count):
    response = client.post("/predict/raw", content=bytes(count))
    assert response.status_code == 422
    assert response.json()["detail"].startswith(f"The body has {count} bytes: send 784")


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/nope", 404, "There is nothing at /nope: POST"),
        ("GET", "/predict", 405, "/predict does not take GET: POST"),
    ],
)
def test_another_address_is_told_where_to_go(client, method, path, status, says):
    response = client.request(method, path)
    assert response.status_code == status
    assert response.json()["detail"].startswith(says)


def test_one_too_many_is_refused_and_told_when_to_come_back():
    network = HeldBack()

    async def until_some_are_refused(tasks):
        while sum(task.done() for task in tasks) < 3:
            await asyncio.sleep(0.001)
        network.free.set()

    app = digits_app(network, most=2, wait=0, waiting=5)
    responses = at_once(app, 8, until_some_are_refused)
    assert (
        sorted(response.status_code for response in responses) == [200] * 5 + [503] * 3
    )
    refused = next(r for r in responses if r.status_code == 503)
    assert refused.headers["retry-after"] == "1"
    assert refused.json() == {"detail": "5 requests wait already: try again later."}


def test_a_network_that_fails_fails_its_batch_and_no_other():
    network = HeldBack()
    network.free.set()
    network.broken = True
    app = digits_app(network, most=2, wait=60)
    assert [r.status_code for r in at_once(app, 2)] == [500, 500]
    network.broken = False
    assert [r.status_code for r in at_once(app, 2)] == [200, 200]


# -- limits ----------------------------------------------------------------------------


def test_a_body_that_is_too_long_is_refused(client):
    response = client.post("/predict", content=bytes(64_001), headers=JSON)
    assert response.status_code == 413
    assert "more than 64,000 bytes" in response.json()["detail"]
    assert response.headers["connection"] == "close"


def limited(receive, **settings):
    """Return the messages that a limited app sends, and how often it was called."""
    sent, calls = [], []

    async def app(scope, receive, send):
        calls.append(await receive())

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": []}
    asyncio.run(Limits(app, refuse, **settings)(scope, receive, send))
    return sent, calls


def test_an_endless_body_is_thrown_away_and_hung_up_on():
    read = 0

    async def receive():
        nonlocal read
        read += 60_000
        return {"type": "http.request", "body": bytes(60_000), "more_body": True}

    sent, calls = limited(receive)
    assert sent[0]["status"] == 413
    assert (b"connection", b"close") in sent[0]["headers"]
    assert calls == []
    assert THROWN_AWAY < read <= THROWN_AWAY + 60_000


def test_a_body_in_pieces_comes_whole():
    pieces = iter([b"ab", b"", b"c"])

    async def receive():
        body = next(pieces)
        return {"type": "http.request", "body": body, "more_body": body != b"c"}

    _, calls = limited(receive)
    assert calls == [{"type": "http.request", "body": b"abc", "more_body": False}]


def test_a_body_that_does_not_come_is_not_waited_for():
    sent, calls = limited(lambda: asyncio.sleep(60), seconds=0.01)
    assert sent[0]["status"] == 408
    assert b"within 0.01 seconds" in sent[1]["body"]
    assert calls == []


def test_a_client_that_has_gone_gets_nothing():
    async def receive():
        return {"type": "http.disconnect"}

    assert limited(receive) == ([], [])


@pytest.fixture(params=["httptools", "h11"])
def port(request, network):
    """Give the port of a server that waits for 0.2 s, with each protocol."""
    protocol = {"protocol": H11Protocol} if request.param == "h11" else {}
    with listen("127.0.0.1", 0) as listener:
        server = server_of(digits_app(network, seconds=0.2), 0.2, **protocol)
        run = threading.Thread(target=server.run, args=([listener],))
        run.start()
        try:
            wait_until(lambda: server.started)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            run.join()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=60)


HEAD = b"POST /predict/raw HTTP/1.1\r\nHost: t\r\nContent-Length: 784\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", HEAD[:20], HEAD + bytes(3)])
def test_a_client_that_falls_silent_is_hung_up_on(port, sent):
    with connect(port) as client:
        client.sendall(sent)
        received = b"".join(iter(lambda: client.recv(9999), b""))  # until the end
        assert received[:12] == (b"HTTP/1.1 408" if len(sent) > len(HEAD) else b"")


def test_a_second_request_may_not_come_drop_by_drop_either(port):
    with connect(port) as client:
        client.sendall(HEAD + bytes(784))
        assert client.recv(9999).startswith(b"HTTP/1.1 200")
        client.sendall(HEAD[:20])
        while client.recv(9999):  # the rest of the answer, then the end
            pass


def test_no_answer_waits_for_the_client_to_confirm_its_first_half():
    """asyncio sets it only for sockets that say that they are of TCP, uvloop always."""
    with listen("127.0.0.1", 0) as listener, connect(listener.getsockname()[1]):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_head_without_an_end_is_hung_up_on(port):
    with connect(port) as client, suppress(ConnectionError):
        client.sendall(HEAD[:-2])
        for _ in range(1000):
            client.sendall(b"X: " + bytes(10_000).replace(b"\0", b"x") + b"\r\n")
        pytest.fail("ten megabytes of a head were read")
    answer = httpx.post(f"http://127.0.0.1:{port}/predict/raw", content=bytes(784))
    assert answer.status_code == 200


def test_ten_megabytes_are_refused_in_words(port):
    response = httpx.post(f"http://127.0.0.1:{port}/predict", content=bytes(10**7))
    assert response.status_code == 413
    assert "more than 64,000 bytes" in response.json()["detail"]


def test_a_client_that_leaves_in_the_middle_stops_nobody(port):
    for sent in (HEAD + bytes(3), HEAD + bytes(784)):
        with connect(port) as client:
            client.sendall(sent)
    answer = httpx.post(f"http://127.0.0.1:{port}/predict/raw", content=bytes(784))
    assert answer.status_code == 200


# -- files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"names": ("x", "logits")}, "'x' "),
        ({"names": ("images", "y")}, "-> 'y' "),
        ({"shape": ("N", 784)}, r"'images' tensor\(float\) \['N', 784\] -> "),
        ({"shape": (1, 1, 28, 28)}, r"'images' tensor\(float\) \[1, 1, 28, 28\] -> "),
        ({"classes": 7}, r"-> 'logits' tensor\(float\) \['N', 7\]: write it"),
    ],
)
def test_a_network_of_another_shape_is_told(tmp_path, settings, says):
    path = digit_network(tmp_path / "other.onnx", **settings)
    with pytest.raises(ValueError, match=rf"^other.onnx must turn .* it has .*{says}"):
        Network(path)


@pytest.mark.parametrize("damage", ["text", "empty", "truncated"])
def test_a_damaged_file_is_told(tmp_path, damage):
    path = digit_network(tmp_path / "bad.onnx")
    whole = path.read_bytes()
    damaged = {"text": b"not a network", "empty": b"", "truncated": whole[:-500]}
    path.write_bytes(damaged[damage])
    with pytest.raises(ValueError, match=r"is not a whole ONNX network \(") as error:
        Network(path)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*lost.onnx: write it with"):
        Network(tmp_path / "lost.onnx")
