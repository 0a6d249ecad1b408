"""A server from a notebook: a process of its own, which never outlives the kernel."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import weakref
from contextlib import suppress
from pathlib import Path

from bigmodel_lab.launching import ENDING_WITH_US
from bigmodel_lab.serving.listening import HERE, LAST_ANSWERS

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy
PATIENCE = LAST_ANSWERS + 5  # seconds until a server that was told to end is killed


class ServerError(RuntimeError):
    """A server that did not start, in one sentence."""


class Server:
    """A server of ours in a process of its own, on this machine only.

    `with Server("digits", "digits.onnx") as server:` ends it after the block; without
    `with`, call `stop()`. It ends with the kernel, too (on Linux even with the thread
    that started it).

    Parameters
    ----------
    kind : str
        "digits" or "poems".
    model : str or Path
        The file that it serves, or "poet".
    port : int
        0, the default, takes a free one.
    seconds : float
        After so long without an answer, it is given up.
    **options
        More of its command line, as in `batched=False` for `--no-batched` or `most=8`:
        see `python -m bigmodel_lab.serving digits --help`.

    Attributes
    ----------
    url, pid : str, int
        Its address, as in "http://127.0.0.1:8000", and the number of its process.

    Raises
    ------
    ServerError
        If it does not answer: one sentence, which has its own last words.
    """

    def __init__(
        self,
        kind: str,
        model: str | Path,
        port: int = 0,
        seconds: float = 60,
        **options: object,
    ):
        command = [sys.executable, "-c", ENDING_WITH_US, "bigmodel_lab.serving", kind]
        command += [f"--model={model}", f"--port={port}", *map(_flag, options.items())]
        folder = tempfile.TemporaryDirectory(prefix="server-")
        self._words = Path(folder.name, "words.txt")
        with self._words.open("wb") as words:
            process = subprocess.Popen(
                command,
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the cell, not for the server
            )
        self.pid = process.pid
        self._process = process
        # Also called when nobody has this object anymore, and when Python ends.
        self._end = weakref.finalize(self, _end, process, folder)
        try:
            self.url = self._wait(seconds)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        """Return the server, which answers already."""
        return self

    def __exit__(self, *error):
        """End it."""
        self.stop()

    def __repr__(self):
        """Say where it is, or that it has ended."""
        return f"<Server at {self.url}{'' if self.running else ', stopped'}>"

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process.poll() is None

    def ask(self, path: str, body: bytes | dict, seconds: float = 30) -> tuple:
        """POST a body to a path of this server, as `ask` does."""
        return ask(self.url + path, body, seconds)

    def stop(self) -> None:
        """End it once it has answered what it has begun; twice does no harm."""
        self._end()

    def words(self) -> str:
        """Return what it has printed, such as errors; "" after its end."""
        with suppress(FileNotFoundError):
            return self._words.read_text(errors="replace")
        return ""

    def _wait(self, seconds):
        """Return the address as soon as it answers; ServerError if it does not."""
        end, url = time.monotonic() + seconds, None
        while time.monotonic() < end:
            lines = self.words().splitlines()
            if not self.running:
                last = lines[-1] if lines else "it said nothing"
                code = self._process.returncode
                last = last.removeprefix("bigmodel_lab.serving: ")
                raise ServerError(f"The server ended with exit code {code}: {last}")
            url = next((x.removeprefix(HERE) for x in lines if HERE in x), None)
            if url and _answers(url, end - time.monotonic()):
                return url
            time.sleep(0.02)
        raise ServerError(
            f"The server did not answer within {seconds:g} s and was stopped: allow it "
            f"more seconds, or see whether the machine is busy."
        )


def ask(url: str, body: bytes | dict, seconds: float = 30) -> tuple:
    """POST a body, a dict as JSON, and return (status, reply).

    The reply is what came as JSON, or the text of a stream. Any proxy is passed by.
    Raises OSError if there is no answer within so many seconds.
    """
    kind = "application/octet-stream"
    if isinstance(body, dict):
        kind, body = "application/json", json.dumps(body).encode()
    request = urllib.request.Request(url, body, headers={"Content-Type": kind})
    try:
        answer = DIRECT.open(request, timeout=seconds)
    except urllib.error.HTTPError as error:
        answer = error  # what a server refuses it answers, too
    with answer:
        text = answer.read().decode()
        streamed = "event-stream" in answer.headers.get("Content-Type", "")
        return answer.status, text if streamed else json.loads(text)


def _flag(option):
    """Return (name, value) as the command line has it."""
    name, value = option
    name = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    return f"--{name}={value}"


def _answers(url, seconds):
    """Return whether the server at `url` is well."""
    try:
        with DIRECT.open(f"{url}/health", timeout=max(0.1, seconds)) as answer:
            return answer.status == 200
    except (OSError, http.client.HTTPException):
        return False


def _end(process, folder, patience=PATIENCE):
    """End a process, at last by force, and throw away what it has printed."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        folder.cleanup()
