"""A server as a process: how it starts, what it says when it cannot, that it ends."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request

import psutil
import pytest
from serving_parts import digit_network, image_of, wait_until

from bigmodel_lab import Server, ServerError, load_test
from bigmodel_lab.serving.__main__ import main
from bigmodel_lab.serving.listening import listen
from bigmodel_lab.serving.process import _end

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def file(tmp_path):
    """Give a network's file; at the end no server of it may still run."""
    path = digit_network(tmp_path / "tiny.onnx")
    yield path
    assert running(path) == []


def running(path):
    """Return the ids of the processes that have a file on their command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(path) in word for word in process.info["cmdline"] or []):
            found.append(process.pid)
    return found


def port_of(server):
    return int(server.url.rpartition(":")[2])


def is_free(port):
    """Return whether nobody listens at a port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def ask(url, digit=7):
    body = json.dumps({"pixels": image_of(digit)}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{url}/predict", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_it_answers_and_after_the_block_nothing_is_left(file):
    with Server("digits", file, batched=False, waiting=5) as server:
        assert ask(server.url) == {"digit": 7, "probability": 1.0}
        with urllib.request.urlopen(f"{server.url}/health") as health:
            assert json.load(health)["batched"] is False
        assert running(file) == [server.pid]
        assert repr(server) == f"<Server at {server.url}>"
        assert server.words() == f"Serving at {server.url}\n"
    assert not server.running
    assert server._process.returncode == 0
    assert is_free(port_of(server))
    assert repr(server) == f"<Server at {server.url}, stopped>"
    assert server.words() == ""
    server.stop()  # twice does no harm


def test_an_error_in_the_block_ends_it_too(file):
    with pytest.raises(KeyError), Server("digits", file) as server:
        raise KeyError
    assert not server.running
    assert is_free(port_of(server))


def test_one_that_nobody_has_anymore_ends(file):
    server = Server("digits", file)
    port, process = port_of(server), server._process
    del server
    assert process.poll() == 0
    assert is_free(port)


def test_a_thousand_at_once_are_answered_or_refused_and_it_lives(file):
    with Server("digits", file, waiting=50, most=8) as server:
        load = load_test(f"{server.url}/predict/raw", bytes(784), 1000, 1000)
        assert set(load.answers) == {"200", "503"}
        assert load.answers["200"] + load.refused == 1000
        assert ask(server.url) == {"digit": 7, "probability": 1.0}


def test_what_has_begun_is_answered_before_it_ends(file):
    """A batch waits for more until SIGTERM has come, and is answered nevertheless."""
    with Server("digits", file, wait=2.0) as server:
        answers = []
        client = threading.Thread(target=lambda: answers.append(ask(server.url)))
        client.start()
        connections = psutil.Process(server.pid).net_connections
        wait_until(lambda: any(c.status == "ESTABLISHED" for c in connections()))
        server._process.send_signal(signal.SIGTERM)
        client.join()
    assert answers == [{"digit": 7, "probability": 1.0}]
    assert server._process.returncode == 0


def test_one_that_does_not_end_is_killed(tmp_path):
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); time.sleep(600)"
    )
    folder = tempfile.TemporaryDirectory()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    with process.stdout:
        assert process.stdout.readline() == b"deaf\n"
        _end(process, folder, patience=0.1)
    assert not os.path.exists(folder.name)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell of the parent")
def test_it_does_not_outlive_a_kernel_that_is_killed(file):
    code = (
        "import time\nfrom bigmodel_lab.serving.process import Server\n"
        f"server = Server('digits', {str(file)!r})\nprint(server.pid, flush=True)\n"
        "time.sleep(600)"
    )
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        pid = int(program.stdout.readline())
        assert psutil.pid_exists(pid)
    finally:
        program.kill()
        program.communicate()
    wait_until(lambda: not psutil.pid_exists(pid))


# -- what cannot be served -------------------------------------------------------------


def test_a_port_in_use_is_told(file):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerError) as error:
            Server("digits", file, port=port)
    assert str(error.value) == (
        f"The server ended with exit code 1: Port {port} is in use: stop the program "
        f"that has it, or take another with --port."
    )


def test_an_option_that_there_is_not_is_told(file):
    with pytest.raises(ServerError, match=r"error: unrecognized arguments: --mos=3$"):
        Server("digits", file, mos=3)


def test_a_server_of_digits_needs_no_torch():
    code = (
        "import sys, bigmodel_lab.serving.__main__, bigmodel_lab.serving.digits\n"
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_server_that_does_not_answer_in_time_is_stopped(file):
    with pytest.raises(ServerError, match=r"did not answer within 0.001 s and was"):
        Server("digits", file, seconds=0.001)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["digits", "--model=lost.onnx"], "There is no file lost.onnx"),
        (["digits", "--model=text.onnx"], "text.onnx is not a whole ONNX network"),
        (
            ["digits", "--model=flat.onnx"],
            "flat.onnx must turn 'images' (N, 1",
        ),
        (["digits", "--model=tiny.onnx", "--most=0"], "most must be a whole number"),
        (["digits", "--model=tiny.onnx", "--port=70000"], "from 0 to 65535, got 70000"),
        (["digits", "--model=tiny.onnx", "--host=192.0.2.1"], "no address of this mac"),
        (["poems", "--model=text.onnx"], "text.onnx is not a GPT"),
    ],
)
def test_what_cannot_be_served_is_told_in_one_sentence(
    tmp_path, monkeypatch, capsys, arguments, says
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # leave pytest's alone
    digit_network(tmp_path / "tiny.onnx")
    digit_network(tmp_path / "flat.onnx", ("N", 784))
    (tmp_path / "text.onnx").write_text("not a network")
    assert main([*arguments, *([] if "--port" in arguments[-1] else ["--port=0"])]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("bigmodel_lab.serving: ")
    assert says in error
    assert error.count("\n") == 1


def test_a_port_that_is_not_allowed_is_told(monkeypatch):
    def forbid(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", forbid)  # root may do all
    with pytest.raises(OSError, match=r"^Port 80 is not allowed here: take"):
        listen("127.0.0.1", 80)


def test_a_server_is_asked_in_json_and_in_bytes(tmp_path):
    network = digit_network(tmp_path / "tiny.onnx")
    with Server("digits", network) as server:
        status, reply = server.ask("/predict", {"pixels": [0] * 784})
        assert (status, set(reply)) == (200, {"digit", "probability"})
        assert server.ask("/predict/raw", bytes(784)) == (200, reply)
        status, reply = server.ask("/predict", {"pixels": [1, 2]})
        assert status == 422
        assert reply["detail"].startswith("There are 2 pixels")
    with pytest.raises(OSError, match="refused"):
        server.ask("/predict/raw", bytes(784), seconds=5)
