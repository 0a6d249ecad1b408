"""Servers of small models: answers a second and latencies, by clients at once.

python benchmarks/serving.py                  all parts, about a quarter of an hour
python benchmarks/serving.py --part alone     the digit networks without a server
python benchmarks/serving.py --part servers   ours and LitServe, 1 to 32 clients
python benchmarks/serving.py --part poet      tokens a second, cached or not, served
python benchmarks/serving.py --table          the tables of the stored results

In each of several rounds all programs take turns, in random order, with the same
requests; the servers that are not asked are stopped meanwhile (SIGSTOP). `--quick`
tries it all with two short rounds. Results go to `bigmodel_lab/results/serving.json`,
for chapter 11. Let nothing else run meanwhile.
"""

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np
import psutil
import torch
from machine import here
from serving_tables import tables
from stored import changing
from torch import nn
from torch.nn import functional as F
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from bigmodel_lab import (
    Server,
    load_test,
    models,
    results,
    seed_everything,
    to_onnx,
)
from bigmodel_lab.datasets import mnist
from bigmodel_lab.serving.digits import Network
from bigmodel_lab.serving.poet import Poet
from bigmodel_lab.serving.process import ask

RIVAL = Path(__file__).with_name("serving_rivals.py")
PARTS = ("alone", "servers", "poet")
BATCHES = (1, 8, 32)
CLIENTS = (1, 2, 4, 8, 16, 32)
# (server, how its body is sent, whether requests share a batch)
PROGRAMS = [
    *product(["ours"], ["raw", "JSON"], [True, False]),
    *product(["LitServe"], ["JSON"], [True, False]),
]
# (how the poet is asked, with its cache, clients at once)
WRITERS = [
    ("in this process", True, 1),
    ("in this process", False, 1),
    ("served, whole", True, 1),
    ("served, streamed", True, 1),
    ("served, streamed", False, 1),
    ("served, streamed", True, 8),
]
NETWORKS = {
    "CNN": models.digit_cnn,
    "MLP, 2,048 wide": lambda: nn.Sequential(
        nn.Flatten(),
        *(nn.Linear(784, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU()),
        nn.Linear(2048, 10),
    ),
}


# -- networks --------------------------------------------------------------------------


def exported(folder):
    """Return {name: (path, test accuracy)} of the networks, shortly trained."""
    train, labels, test, test_labels = mnist()
    found = {}
    for name, make in NETWORKS.items():
        seed_everything(0)
        network = make()
        optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
        for rows in torch.cat([torch.randperm(4000) for _ in range(3)]).split(100):
            optimizer.zero_grad()
            F.cross_entropy(network(train[rows]), labels[rows]).backward()
            optimizer.step()
        network.eval()
        path = Path(folder, f"{name.split(',')[0].lower()}.onnx")
        to_onnx(network, path)
        right = Network(path)(test.numpy()).argmax(1) == test_labels.numpy()
        found[name] = path, float(right.mean())
    return found


@cache
def pixels(count=100):
    """Return test digits, (N, 784) numbers from 0 to 255."""
    _, _, test, _ = mnist()
    return (255 * test[:count]).round().to(torch.uint8).flatten(1).numpy()


def measure_alone(rounds, quick):
    """Return seconds of a run of each network, without a server, by batch."""
    rows = []
    images = (pixels(32) / np.float32(255)).reshape(-1, 1, 28, 28)
    with tempfile.TemporaryDirectory() as folder:
        for name, (path, accuracy) in exported(folder).items():
            network, size = Network(path), path.stat().st_size
            seconds = {batch: [] for batch in BATCHES}
            for _ in range(rounds):
                for batch in random.sample(BATCHES, len(BATCHES)):
                    seconds[batch].append(median_seconds(network, images[:batch]))
            for batch in BATCHES:
                about = {"network": name, "accuracy": accuracy, "bytes": size}
                rows.append(about | {"batch": batch, "seconds": seconds[batch]})
    return {"rows": rows, "onnxruntime": version("onnxruntime")}


def median_seconds(function, x, times=50):
    """Return the median seconds of a call."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        function(x)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


# -- servers ---------------------------------------------------------------------------


@contextmanager
def litserve(path, batched):
    """Give (url, pid) of a LitServe of the network; it has ended afterward."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, RIVAL, path, port, "--most", 32 if batched else 1]
    server = subprocess.Popen(
        [*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 120
        while not load_test(f"{url}/predict", body(0), 1, 1).latencies:
            assert server.poll() is None, "LitServe has ended"
            assert time.monotonic() < end, "LitServe does not answer"
            time.sleep(0.2)
        yield url, server.pid
    finally:
        parent = psutil.Process(server.pid)
        family = [parent, *parent.children(recursive=True)]
        for process in family:
            process.resume()
        server.terminate()
        _, alive = psutil.wait_procs(family, timeout=10)
        for process in alive:
            process.kill()
        server.wait()


def body(digit, kind="JSON"):
    """Return the body of a request, of one of the test digits."""
    row = pixels()[digit]
    return {"pixels": row.tolist()} if kind == "JSON" else row.tobytes()


class Served:
    """The process of a server with its children, stopped while it is not asked."""

    def __init__(self, url, pid):
        self.url = url
        parent = psutil.Process(pid)
        self.processes = [parent, *parent.children(recursive=True)]

    def __enter__(self):
        """Let it go on."""
        for process in self.processes:
            process.resume()
        return self

    def __exit__(self, *error):
        """Stop it where it is."""
        for process in self.processes:
            process.suspend()

    def cpu_seconds(self):
        """Return the processor time of all of its processes so far."""
        times = [process.cpu_times() for process in self.processes]
        return sum(t.user + t.system for t in times)


@contextmanager
def digit_servers(path):
    """Give {(server, batched): Served} of a network, all stopped."""
    with ExitStack() as stack:
        servers = {}
        for batched in (True, False):
            ours = stack.enter_context(Server("digits", path, batched=batched))
            servers["ours", batched] = Served(ours.url, ours.pid)
            # Stopped ones could not end: they go on at the end, whatever happens.
            stack.callback(servers["ours", batched].__enter__)
            theirs = stack.enter_context(litserve(path, batched))
            servers["LitServe", batched] = Served(*theirs)
        for server in servers.values():
            server.__exit__()
        yield servers


def measure_servers(rounds, quick):
    """Return answers a second and latencies of each program, by clients."""
    rows = {}
    requests = {clients: 60 if quick else 200 + 20 * clients for clients in CLIENTS}
    bodies = {kind: [body(i, kind) for i in range(100)] for kind in ("raw", "JSON")}
    with tempfile.TemporaryDirectory() as folder:
        for network, (path, _) in exported(folder).items():
            with digit_servers(path) as servers:
                check_answers(servers, path)
                cells = list(product(PROGRAMS, CLIENTS))
                for _ in range(rounds):
                    for program, clients in random.sample(cells, len(cells)):
                        name, kind, batched = program
                        key = network, *program, clients
                        row = rows.setdefault(key, about(*key))
                        with servers[name, batched] as server:
                            load = requests[clients], bodies[kind], clients
                            add(row, server, kind, *load)
    order = list(product(NETWORKS, PROGRAMS, CLIENTS))
    rows = [rows[network, *program, clients] for network, program, clients in order]
    about_ours = {"uvicorn": version("uvicorn"), "http": AutoHTTPProtocol.__name__}
    return {"rows": rows, "LitServe": version("litserve")} | about_ours


def about(network, server, kind, batched, clients):
    """Return a row that nothing has been measured for."""
    row = {"network": network, "server": server, "body": kind, "batched": batched}
    measured = ("per_second", "median", "p95", "p99", "cpu_ms")
    return row | {"clients": clients} | {name: [] for name in measured}


def address(server, kind):
    """Return where a body of this kind is sent."""
    return f"{server.url}/predict{'/raw' if kind == 'raw' else ''}"


def add(row, server, kind, requests, bodies, clients):
    """Measure one cell in one round, after a few requests to wake the server."""
    url = address(server, kind)
    load_test(url, bodies, clients, 2 * clients + 10)
    before = server.cpu_seconds()
    load = load_test(url, bodies, clients, requests)
    assert load.failed == load.refused == 0, load
    for name in ("per_second", "median", "p95", "p99"):
        row[name].append(getattr(load, name))
    row["cpu_ms"].append(1e3 * (server.cpu_seconds() - before) / requests)


def check_answers(servers, path):
    """AssertionError unless each program says of ten digits what the network says."""
    expected = [row["digit"] for row in Network(path).answers(list(pixels(10)))]
    for name, kind, batched in PROGRAMS:
        with servers[name, batched] as server:
            replies = [ask(address(server, kind), body(i, kind)) for i in range(10)]
        found = [reply["digit"] for _, reply in replies]
        assert found == expected, (name, kind, batched)


# -- the poet --------------------------------------------------------------------------


def measure_poet(rounds, quick):
    """Return the tokens a second of writing poems, and ms until the first one."""
    torch.set_num_threads(1)
    poems = 8 if quick else 40
    rows = [
        {"asked": asked, "cached": cached, "clients": clients, "tokens_per_second": []}
        for asked, cached, clients in WRITERS
    ]
    for row in rows:
        if row["asked"] == "served, streamed" and row["clients"] == 1:
            row["first_ms"], row["last_ms"] = [], []
    with ExitStack() as stack:
        poets = {cached: Poet("poet", cached) for cached in (True, False)}
        servers = {
            cached: stack.enter_context(Server("poems", "poet", cached=cached))
            for cached in (True, False)
        }
        for _ in range(rounds):
            for row in random.sample(rows, len(rows)):
                cached = row["cached"]
                if row["asked"] == "in this process":
                    speed = writing_speed(poets[cached], poems)
                else:
                    speed = served_speed(servers[cached], row, poems)
                row["tokens_per_second"].append(speed)
    return {"rows": rows}


def writing_speed(poet, poems):
    """Return the tokens a second of a poet in this process."""
    tokens, start = 0, time.perf_counter()
    for seed in range(poems):
        for step in poet.steps(poet.read(""), seed=seed):
            tokens += sum(text.finish_reason != "length" for _, _, text in step)
    return tokens / (time.perf_counter() - start)


def served_speed(server, row, poems):
    """Return the tokens a second of a server; of a stream add its first and last."""
    url = f"{server.url}/v1/completions"
    streamed = row["asked"] == "served, streamed"
    bodies = [
        {"model": "poet", "seed": seed, "stream": streamed} for seed in range(poems)
    ]
    before = tokens_served(server)
    load = load_test(url, bodies, row["clients"], poems)
    assert len(load.latencies) == poems, load
    tokens = tokens_served(server) - before
    if "first_ms" in row:
        first, last = first_and_last(url, bodies[0])
        row["first_ms"].append(first)
        row["last_ms"].append(last)
    return tokens / load.seconds


def tokens_served(server):
    """Return how many tokens a server has written so far."""
    with urllib.request.urlopen(f"{server.url}/health", timeout=30) as health:
        return json.load(health)["tokens"]


def first_and_last(url, content):
    """Return the ms after which a stream's first event came, and its last."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(content).encode(), headers)
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as stream:
        stream.readline()
        first = time.perf_counter() - start
        stream.read()
    return 1e3 * first, 1e3 * (time.perf_counter() - start)


# -- results ---------------------------------------------------------------------------


def measure(part, rounds, quick):
    """Return what a part measured, when and where."""
    row = globals()[f"measure_{part}"](rounds, quick)
    return row | here() | {"rounds": rounds, "quick": quick}


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two short rounds")
    parser.add_argument("--table", action="store_true", help="of the stored results")
    options = parser.parse_args()
    for part in () if options.table else options.part:
        row = measure(part, 2 if options.quick else options.rounds, options.quick)
        with changing("serving") as stored:
            stored[part] = row
            stored["made_by"] = "benchmarks/serving.py"
    print(tables(results.load("serving")))


if __name__ == "__main__":
    main()
