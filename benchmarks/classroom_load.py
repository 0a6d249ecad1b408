"""How many learners can one machine hold? A class on a JupyterHub started for it.

python benchmarks/classroom_load.py                                5, 15, 30 learners
python benchmarks/classroom_load.py --learners 3 --seconds 10      a try
python benchmarks/classroom_load.py --chapter 00 --stagger 0       all click at once

Every learner logs in, starts JupyterLab, opens the chapter, runs its cells up to the
panel and presses Train once. When the last one has trained, all press Train again and
again for several seconds. Each kernel has one thread (OMP_NUM_THREADS=1, as
`binder/start` sets it for a limit of one CPU). The hub listens on this machine only,
behind a random password. Linux only, since memory is read from /proc; needs Node.js,
and a network once.
"""

import argparse
import contextlib
import datetime
import json
import re
import secrets
import signal
import statistics
import sys
import threading
import time
from collections import Counter

import nbformat
import numpy as np
import psutil
import requests
import websocket
from machine import machine
from memory import resident
from own_hub import hub, install, processes

from bigmodel_lab.authoring.notebooks import chapters

PATIENCE = 600  # seconds of silence after which a learner gives up
# What a learner presses, in the chapter's own kernel: steps and seconds are printed.
PRESS_TRAIN = """
import time
start, end, steps = time.time(), time.time() + {seconds}, 0
while steps == 0 or time.time() < end:
    panel.train()
    try:
        panel.wait(max(0.1, end - time.time()) if {seconds} else None)
    except TimeoutError:
        panel.stop()
        panel.wait()
    steps += sum(run.training.steps_done for run in panel.runs)
    panel.reset()
print(steps, time.time() - start)
"""
COLUMNS = (
    "learners | failed | server ready, s | first output, s | trained, s | CPU each, s "
    "| steps/s each | memory, MB | hub, MB | server, MB | kernel, MB"
)


class Watch(threading.Thread):
    """Keep the peak memory of the processes in a folder, by kind, in MB."""

    def __init__(self, folder, keep_free):
        super().__init__(daemon=True)
        self.folder, self.keep_free, self.done = folder, keep_free, threading.Event()
        self.peak, self.full = Counter(), False

    def run(self):
        """Sample every two seconds until `done` is set."""
        while not self.done.wait(2):
            self.full |= psutil.virtual_memory().available < self.keep_free * 1e9
            sample = self.sample()
            if sample["all"] > self.peak["all"]:
                self.peak = sample

    def sample(self):
        """Return the memory of all together and by kind, and each kind's largest."""
        sample = Counter()
        for process in processes(self.folder):
            try:
                kind = kind_of(" ".join(process.cmdline()))
                alone, shared = resident(process.pid)
            except (OSError, psutil.Error):
                continue
            sample["all"] += shared
            sample[kind] += shared
            sample[f"{kind} alone"] = max(sample[f"{kind} alone"], alone)
        return sample

    def cpu_seconds(self):
        """Return the CPU seconds that the folder's processes have taken so far."""
        seconds = 0.0
        for process in processes(self.folder):
            with contextlib.suppress(psutil.Error):
                seconds += sum(process.cpu_times()[:4])  # with ended children
        return seconds


def kind_of(command):
    """Return the kind of a process of the hub, from its command line."""
    kinds = {"ipykernel": "kernel", "jupyterhub.singleuser": "server"}
    return next((kind for mark, kind in kinds.items() if mark in command), "hub")


# -- a learner -------------------------------------------------------------------------


class Learner(threading.Thread):
    """One learner, from the login to the end of the lesson, or to a failure."""

    def __init__(self, number, url, password, chapter, options):
        super().__init__(daemon=True)
        self.name, self.url, self.password = f"learner{number}", url, password
        self.chapter, self.options, self.wait = (
            chapter,
            options,
            options.stagger * number,
        )
        self.all_trained, self.trained = threading.Event(), threading.Event()
        self.seconds, self.failure, self.doing = {}, None, "waiting"
        self.steps_per_second = None

    def run(self):
        """Do all of it."""
        time.sleep(self.wait)
        try:
            self.clicked = time.perf_counter()
            self.log_in()
            self.start_server()
            kernel = self.open_chapter()
            self.learn(kernel)
        except Exception as error:
            self.failure = self.failure or f"{self.doing}: {reason(error)}"
        self.trained.set()

    def passed(self, what):
        """Note the seconds since the click."""
        self.seconds.setdefault(what, time.perf_counter() - self.clicked)

    def log_in(self):
        """Log in with the form, and ask for a token for later requests."""
        self.doing = "log in"
        with requests.Session() as browser:
            login = f"{self.url}/hub/login"
            browser.get(login, timeout=PATIENCE).raise_for_status()
            known = {"_xsrf": browser.cookies["_xsrf"], "username": self.name}
            known["password"] = self.password
            # Not to the page that starts the server: `start_server` does that.
            page = browser.post(f"{login}?next=/hub/token", known, timeout=PATIENCE)
            page.raise_for_status()
            tokens = f"{self.url}/hub/api/users/{self.name}/tokens"
            xsrf = {"X-XSRFToken": browser.cookies["_xsrf"], "Referer": page.url}
            token = browser.post(tokens, headers=xsrf, timeout=PATIENCE)
            token.raise_for_status()
            self.headers = {"Authorization": f"token {token.json()['token']}"}

    def ask(self, method, path, **data):
        """Send a request as this learner; return the answer, HTTPError if it failed."""
        url = self.url + path
        answer = requests.request(
            method, url, headers=self.headers, timeout=PATIENCE, **data
        )
        answer.raise_for_status()
        return answer

    def start_server(self):
        """Start JupyterLab and wait until its page is there."""
        self.doing = "start the server"
        server = f"/hub/api/users/{self.name}/server"
        self.ask("POST", server)
        with self.ask("GET", f"{server}/progress", stream=True) as progress:
            for line in progress.iter_lines(decode_unicode=True):
                event = json.loads(line.partition(":")[2]) if "data:" in line else {}
                if event.get("failed"):
                    raise RuntimeError(event["message"])
        self.ask("GET", f"/user/{self.name}/lab")
        self.passed("ready")
        self.ask("GET", f"/user/{self.name}/lab/api/settings")

    def open_chapter(self):
        """Open the chapter's notebook and return the id of its new kernel."""
        self.doing = "open the chapter"
        api, path = f"/user/{self.name}/api", f"workbook/notebooks/{self.chapter.name}"
        content = self.ask("GET", f"{api}/contents/{path}").json()["content"]
        self.cells = cells_to_panel(nbformat.from_dict(content))
        session = {"path": path, "type": "notebook", "name": self.chapter.name}
        session["kernel"] = {"name": "python3"}
        return self.ask("POST", f"{api}/sessions", json=session).json()["kernel"]["id"]

    def learn(self, kernel):
        """Run the cells, train, wait for the others, train with them."""
        self.doing = "start the kernel"
        url = f"ws{self.url[4:]}/user/{self.name}/api/kernels/{kernel}/channels"
        with contextlib.closing(
            websocket.create_connection(url, PATIENCE, header=self.headers)
        ) as socket:
            for number, cell in enumerate(self.cells, 1):
                self.doing = f"code cell {number}"
                may_fail = "raises-exception" in cell.metadata.get("tags", ())
                self.execute(socket, cell.source, may_fail)
            self.doing = "train"
            self.execute(socket, PRESS_TRAIN.format(seconds=0))
            self.passed("trained")
            self.trained.set()
            self.wait_for_all(socket)
            self.doing = "train with all"
            press = PRESS_TRAIN.format(seconds=self.options.seconds)
            steps, seconds = self.execute(socket, press).split()[-2:]
            self.steps_per_second = float(steps) / float(seconds)

    def wait_for_all(self, socket):
        """Keep reading, as a browser does: the server hangs up on silent clients."""
        socket.settimeout(1)
        while not self.all_trained.is_set():
            with contextlib.suppress(websocket.WebSocketTimeoutException):
                socket.recv()
        socket.settimeout(PATIENCE)

    def execute(self, socket, code, may_fail=False):
        """Run code in the kernel, return what it printed; RuntimeError if it fails."""
        number, printed = secrets.token_hex(8), []
        header = {"msg_id": number, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": self.name, "session": self.name, "date": ""}
        content = {"code": code, "silent": False, "stop_on_error": False}
        request = {"header": header, "content": content, "channel": "shell"}
        socket.send(json.dumps(request | {"parent_header": {}, "metadata": {}}))
        while True:
            message = socket.recv()
            if isinstance(message, bytes):  # holds a widget's binary data
                continue
            if not message:
                raise RuntimeError("the server closed the connection")
            message = json.loads(message)
            kind, content = message["msg_type"], message["content"]
            state = content.get("execution_state") if kind == "status" else None
            if state in ("restarting", "dead"):
                raise RuntimeError("the kernel died: too little memory?")
            if message["parent_header"].get("msg_id") != number:
                continue
            if kind in ("stream", "display_data", "execute_result"):
                self.passed("output")
                printed.append(content.get("text", ""))
            elif kind == "error" and not may_fail:
                raise RuntimeError(f"{content['ename']}: {content['evalue']}")
            elif state == "idle":
                return "".join(printed)


def cells_to_panel(notebook):
    """Return the code cells up to the one that makes the panel; ValueError if none."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells, 1):
        if re.search(r"^panel = lab\.TuningPanel\(", cell.source, re.MULTILINE):
            return cells[:number]
    raise ValueError("this chapter has no panel to train with")


def reason(error):
    """Return why a learner failed, in one line."""
    answer = getattr(error, "response", None)
    if answer is not None:
        path = re.sub(r"learner\d+|[0-9a-f-]{36}", "…", answer.request.path_url)
        return f"HTTP {answer.status_code} {answer.reason} for {path}"
    if isinstance(error, (requests.Timeout, websocket.WebSocketTimeoutException)):
        return f"no answer within {PATIENCE} s"
    if isinstance(error, RuntimeError):
        return str(error).splitlines()[0]
    return type(error).__name__


# -- a class, and its row --------------------------------------------------------------


def lesson(count, options, chapter, installed):
    """Hold a lesson for `count` learners; return them, the watch, the CPU seconds."""
    with hub(*installed, count) as (url, password, folder):
        watch = Watch(folder, options.keep_free)
        watch.start()
        learners = [
            Learner(number, url, password, chapter, options) for number in range(count)
        ]
        for learner in learners:
            learner.start()
        while not watch.full and not all(each.trained.is_set() for each in learners):
            time.sleep(0.2)
        cpu = watch.cpu_seconds()
        for learner in learners:
            learner.all_trained.set()
        while not watch.full and any(each.is_alive() for each in learners):
            time.sleep(0.2)
        for learner in learners:
            if learner.is_alive():
                left = f"less than {options.keep_free:g} GB of memory were free"
                learner.failure = f"stopped while at {learner.doing!r}: {left}"
        watch.done.set()
        watch.join()
    return learners, watch, cpu


def row(learners, peak, cpu):
    """Return a lesson as a row of the table: medians, the slowest in parentheses."""
    count = len(learners)
    failed = sum(learner.failure is not None for learner in learners)
    times = [
        _spread([learner.seconds.get(what) for learner in learners], max)
        for what in ("ready", "output", "trained")
    ]
    rates = _spread([learner.steps_per_second for learner in learners], min)
    memory = [peak["all"], peak["hub"], peak["server"] / count, peak["kernel"] / count]
    values = [count, failed, *times, f"{cpu / count:.0f}", rates]
    values += [f"{megabytes:,.0f}" for megabytes in memory]
    return f"| {' | '.join(map(str, values))} |"


def _spread(values, worst):
    values = [value for value in values if value is not None]
    if not values:
        return "-"
    return f"{statistics.median(values):.0f} ({worst(values):.0f})"


def note(lessons):
    """Return the note below the table: the slope of the memory, the failures."""
    counts = [len(learners) for learners, _ in lessons]
    lines = []
    if len(set(counts)) > 1:
        slope, rest = np.polyfit(counts, [peak["all"] for _, peak in lessons], 1)
        lines.append(
            f"Each additional learner took {slope:,.0f} MB, on top of {rest:,.0f} MB."
        )
    server, kernel = (
        max(peak[f"{kind} alone"] for _, peak in lessons)
        for kind in ("server", "kernel")
    )
    lines.append(
        f"The largest server had {server:,.0f} MB resident and the largest kernel "
        f"{kernel:,.0f} MB, including the pages that they share with others."
    )
    failures = Counter(each.failure for learners, _ in lessons for each in learners)
    del failures[None]
    lines += [f"Failed, {times} times: {why}." for why, times in failures.most_common()]
    return "\n".join(lines)


def parse(arguments=None):
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--learners", type=int, nargs="+", default=[5, 15, 30], help="a lesson for each"
    )
    add("--chapter", default="04", help="as in 04")
    add("--seconds", type=int, default=60, help="that all train together")
    add("--stagger", type=float, default=2, help="seconds from one click to the next")
    add("--keep-free", type=float, default=2, help="stop with less memory free, in GB")
    options = parser.parse_args(arguments)
    if min(options.learners) < 1 or options.seconds < 1 or options.stagger < 0:
        parser.error("learners and seconds must be 1 or more, stagger 0 or more")
    return options


def main(arguments=None):
    """Hold the lessons and print the table."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so all is shut down
    try:
        [chapter] = chapters([options.chapter])
        cells_to_panel(nbformat.read(chapter, as_version=4))
    except ValueError as error:
        raise SystemExit(f"--chapter {options.chapter}: {error}") from error
    installed = install()
    today = datetime.date.today()
    print(
        f"{chapter.stem}, a click every {options.stagger:g} s. {today}: {machine()}\n"
    )
    print(f"| {COLUMNS} |\n|{'---|' * len(COLUMNS.split('|'))}")
    lessons = []
    for count in options.learners:
        learners, watch, cpu = lesson(count, options, chapter, installed)
        lessons.append((learners, watch.peak))
        print(row(learners, watch.peak, cpu), flush=True)
        if watch.full:
            break
    print("\n" + note(lessons))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; all that was started has been ended")
