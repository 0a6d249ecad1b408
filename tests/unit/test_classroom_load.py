"""The parts of `benchmarks/classroom_load.py` that need no hub."""

import json
import subprocess
import sys
import threading
from types import SimpleNamespace

import nbformat
import pytest
import requests
import torch
import websocket

import bigmodel_lab as lab
from bigmodel_lab import models
from bigmodel_lab.authoring.notebooks import ROOT, chapters


@pytest.fixture(scope="module")
def load(script):
    return script("classroom_load")


@pytest.fixture(scope="module")
def own_hub(script):
    return script("own_hub")


@pytest.fixture
def learner(load, own_hub):
    """Return a learner whose hub does not answer."""
    [port] = own_hub.free_ports(1)
    return load.Learner(0, f"http://127.0.0.1:{port}", "secret", None, load.parse([]))


class Kernel:
    """A websocket that answers each request with prepared messages."""

    def __init__(self, *answers):
        self.answers, self.sent, self.asked = list(answers), [], threading.Event()

    def send(self, text):
        self.sent.append(json.loads(text))

    def recv(self):
        self.asked.set()
        if not self.answers:
            raise websocket.WebSocketTimeoutException
        answer = self.answers.pop(0)
        if not isinstance(answer, tuple):
            return answer
        kind, content, *others = answer
        parent = others[0] if others else self.sent[-1]["header"]
        message = {"msg_type": kind, "content": content, "parent_header": parent}
        return json.dumps(message)

    def settimeout(self, seconds):
        self.timeout = seconds


IDLE = "status", {"execution_state": "idle"}


def test_a_class_grows_by_default_and_its_options_are_checked(load, capsys):
    assert load.parse([]).learners == [5, 15, 30]
    options = load.parse(["--learners", "3", "--chapter", "00", "--stagger", "0"])
    assert (options.learners, options.chapter, options.stagger) == ([3], "00", 0)
    for wrong in (["--learners", "0"], ["--seconds", "0"], ["--stagger", "-1"]):
        with pytest.raises(SystemExit):
            load.parse(wrong)
        assert "must be 1 or more" in capsys.readouterr().err


def test_an_unknown_chapter_is_named(load, monkeypatch):
    monkeypatch.setattr(load.signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit, match="--chapter 99: "):
        load.main(["--chapter", "99"])


def test_every_chapter_has_a_panel_to_train_with(load):
    for path in chapters():
        notebook = nbformat.read(path, as_version=4)
        cells = load.cells_to_panel(notebook)
        assert "lab.start_chapter(" in "".join(cell.source for cell in cells), path
        assert cells[-1].source.endswith("panel"), path
        notebook.cells = [c for c in notebook.cells if "TuningPanel" not in c.source]
        with pytest.raises(ValueError, match="no panel"):
            load.cells_to_panel(notebook)


def test_pressing_train_counts_the_steps(load, capsys):
    def toy_training(learning_rate, epochs):
        model = models.linear_regression(1)
        return lab.Training(
            model,
            torch.nn.functional.mse_loss,
            torch.optim.SGD(model.parameters(), learning_rate),
            train=(torch.zeros(20, 1), torch.zeros(20)),
            epochs=epochs,
            batch_size=10,
        )

    panel = lab.TuningPanel(toy_training, learning_rate=0.01, epochs=3)
    exec(load.PRESS_TRAIN.format(seconds=0), {"panel": panel})
    assert capsys.readouterr().out.split()[0] == "6"  # once: 3 epochs of 2 steps
    exec(load.PRESS_TRAIN.format(seconds=1), {"panel": panel})
    steps, seconds = map(float, capsys.readouterr().out.split())
    assert steps > 6  # again and again
    assert seconds >= 1


def test_a_cell_ends_when_the_kernel_is_idle(load, learner):
    learner.clicked = 0.0
    other = {"msg_id": "of another cell"}
    kernel = Kernel(
        (*IDLE, other),
        b"binary data of a widget",
        ("stream", {"text": "6 "}),
        ("stream", {"text": "0.5"}),
        IDLE,
    )
    assert learner.execute(kernel, "print(6, 0.5)") == "6 0.5"
    assert kernel.sent[0]["content"]["code"] == "print(6, 0.5)"
    assert set(learner.seconds) == {"output"}


def test_a_cell_that_fails_and_a_kernel_that_dies_are_reported(learner):
    error = "error", {"ename": "ValueError", "evalue": "too few"}
    with pytest.raises(RuntimeError, match="ValueError: too few"):
        learner.execute(Kernel(error, IDLE), "...")
    assert learner.execute(Kernel(error, IDLE), "...", may_fail=True) == ""
    died = "status", {"execution_state": "restarting"}, {}
    with pytest.raises(RuntimeError, match="kernel died"):
        learner.execute(Kernel(died), "...")
    with pytest.raises(RuntimeError, match="closed the connection"):
        learner.execute(Kernel(""), "...")


def test_a_learner_who_waits_for_the_others_goes_on_reading(learner):
    kernel = Kernel(("stream", {"text": ""}, {}))
    waiting = threading.Thread(target=learner.wait_for_all, args=(kernel,))
    waiting.start()
    assert kernel.asked.wait(10)
    learner.all_trained.set()
    waiting.join(10)
    assert not waiting.is_alive()
    assert kernel.timeout > 60


def test_a_learner_without_a_hub_holds_up_nobody(learner):
    learner.run()
    assert learner.failure == "log in: ConnectionError"
    assert learner.trained.is_set()


def test_reasons_are_the_same_for_every_learner(load):
    answer = requests.Response()
    answer.status_code, answer.reason = 503, "Service Unavailable"
    answer.request = requests.Request("GET", "http://x/user/learner7/lab").prepare()
    error = requests.HTTPError(response=answer)
    assert load.reason(error) == "HTTP 503 Service Unavailable for /user/…/lab"
    assert (
        load.reason(websocket.WebSocketTimeoutException()) == "no answer within 600 s"
    )
    assert load.reason(requests.ReadTimeout()) == "no answer within 600 s"
    assert load.reason(RuntimeError("Spawn failed\nmore")) == "Spawn failed"
    assert load.reason(KeyError("x")) == "KeyError"


def test_processes_are_told_apart(load):
    assert load.kind_of("python -m ipykernel_launcher -f kernel.json") == "kernel"
    assert load.kind_of("python -c ...jupyterhub.singleuser import main") == "server"
    assert load.kind_of("node configurable-http-proxy") == "hub"
    assert load.kind_of("python -m jupyterhub") == "hub"


PEAK = {
    "all": 2100.0,
    "hub": 100.0,
    "server": 300.0,
    "kernel": 1700.0,
    "server alone": 170.0,
    "kernel alone": 500.0,
}


def pupil(ready=None, failure=None, rate=None):
    seconds = {} if ready is None else {"ready": ready, "output": 8.4, "trained": 20.0}
    return SimpleNamespace(seconds=seconds, failure=failure, steps_per_second=rate)


def test_a_row_has_medians_the_slowest_and_shares(load):
    class_ = [pupil(4.0, rate=30.0), pupil(6.0, rate=50.0), pupil(9.0, rate=40.0)]
    class_.append(pupil(failure="log in: KeyError"))
    cells = load.row(class_, PEAK, cpu=50).strip("| ").split(" | ")
    names = load.COLUMNS.split(" | ")
    table = dict(zip(map(str.strip, names), cells, strict=True))
    assert table["learners"] == "4"
    assert table["failed"] == "1"
    assert table["server ready, s"] == "6 (9)"
    assert table["steps/s each"] == "40 (30)"
    assert table["CPU each, s"] == "12"
    assert table["memory, MB"] == "2,100"
    assert table["server, MB"] == "75"
    assert table["kernel, MB"] == "425"


def test_a_row_of_failures_has_no_figures(load):
    row = load.row([pupil(failure="log in: KeyError")], dict.fromkeys(PEAK, 0.0), 0)
    assert row.startswith("| 1 | 1 | - | - | - |")


def test_the_note_has_the_slope_and_the_failures(load):
    lessons = [
        ([pupil(4.0)] * 2, PEAK | {"all": 1500.0}),
        (
            [pupil(4.0)] * 3 + [pupil(failure="train: ValueError: x")],
            PEAK | {"all": 2500},
        ),
    ]
    note = load.note(lessons)
    assert "Each additional learner took 500 MB, on top of 500 MB." in note
    assert "170 MB resident and the largest kernel 500 MB" in note
    assert "Failed, 1 times: train: ValueError: x." in note
    assert "Each additional learner" not in load.note(lessons[:1])


def test_memory_alone_and_in_company(script):
    alone, shared = script("memory").resident("self")
    assert alone >= shared > 10
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with pytest.raises(OSError, match=r"smaps_rollup|is ending"):
        script("memory").resident(ended.pid)


def test_every_process_that_works_in_the_folder_is_ended(own_hub, tmp_path):
    sleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    (tmp_path / "homes").mkdir()
    with subprocess.Popen(
        sleep, cwd=tmp_path / "homes", stdout=subprocess.PIPE
    ) as inside:
        inside.stdout.readline()
        assert [p.pid for p in own_hub.processes(tmp_path)] == [inside.pid]
        own_hub.end_processes(tmp_path, grace=0)
        assert inside.wait(10) is not None
    assert own_hub.processes(tmp_path) == []


def test_a_hub_that_does_not_start_shows_its_log(own_hub, tmp_path):
    (tmp_path / "lib/python3/site-packages").mkdir(parents=True)
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\npwd\ncat jupyterhub_config.py\necho no hub\nexit 1\n")
    python.chmod(0o755)
    with (
        pytest.raises(SystemExit, match="no hub") as stopped,
        own_hub.hub(python, "proxy", 1),
    ):
        raise AssertionError
    log = str(stopped.value)
    folder = log.splitlines()[1]
    assert not own_hub.Path(folder).exists()
    config = log.partition(folder)[2].removesuffix("no hub\n")
    compile(config, "jupyterhub_config.py", "exec")
    assert f'"{folder}/homes" + "/{{username}}"' in config.replace("'", '"')


def test_without_node_it_says_what_to_install(own_hub, monkeypatch):
    monkeypatch.setattr(own_hub.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="nodejs npm"):
        own_hub.install()


def test_without_a_network_it_says_what_to_check(own_hub, monkeypatch):
    def fails(requirement):
        raise subprocess.CalledProcessError(1, ["pip", "install", requirement])

    monkeypatch.setattr(own_hub.shutil, "which", lambda name: name)
    monkeypatch.setattr(own_hub, "python_with", fails)
    with pytest.raises(SystemExit, match=r"jupyterhub==.*Check the network"):
        own_hub.install()


def test_the_readme_has_the_columns_of_the_table(load):
    text = (ROOT / "benchmarks" / "README.md").read_text()
    assert f"| {load.COLUMNS} |" in text
