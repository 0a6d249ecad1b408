"""Several processes from a notebook: a script run by torchrun, with a time limit."""

import math
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from bigmodel_lab.device import granted_cores

PER_CORE = 4  # processes that may share a core: more wait for each other for minutes
# Runs a module, which ends if this process is killed: then nobody else would stop it.
ENDING_WITH_US = """
import ctypes, runpy, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
# Where torchrun's report has the rank of a process that failed, and how it ended.
ENDED = re.compile(r"rank\s+: (\d+) .*?exitcode\s+: (-?\d+)", re.DOTALL)
# What a process says that only missed another one: it is not to blame.
LEFT_ALONE = re.compile(r"closed by peer|reset by peer|Broken pipe|recvValue failed")
NO_PORT = re.compile(r"EADDRINUSE|EACCES|failed to (?:bind|listen)")


class LaunchError(RuntimeError):
    """A script that could not be launched, or did not end well, in one sentence.

    `printed` is what its processes had printed until then.
    """

    def __init__(self, message: str, printed: str = "") -> None:
        super().__init__(message)
        self.printed = printed


def launch(
    script: str | Path, processes: int = 2, *arguments: object, seconds: float = 60
) -> str:
    """Run a Python file with torchrun, in processes of one thread; return their words.

    What each process prints is collected, and returned in the order of their ranks.
    However it ends, no process is left behind.

    Parameters
    ----------
    script : str or Path
        The file, which finds its rank in the environment, as torchrun sets it.
    processes : int
        How many: the world size.
    *arguments
        What follows the file's name on the command line.
    seconds : float
        After so long, all processes are stopped.

    Raises
    ------
    LaunchError
        If the file is missing or not Python, the numbers make no sense, a process
        fails, or the time is over: one sentence that says which, and of a failure the
        rank and the last line of its traceback.
    """
    script = Path(script)
    _check_script(script)
    _check_numbers(processes, seconds)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", ENDING_WITH_US, "torch.distributed.run"]
        command += ["--standalone", "--local-addr=127.0.0.1"]
        command += [f"--nproc-per-node={processes}"]
        command += ["--redirects=3", f"--log-dir={folder}", script, *arguments]
        code, report = _run([str(part) for part in command], seconds)
        words, errors = (_by_rank(folder, name) for name in ("stdout", "stderr"))
    printed = "".join(words)
    if code is None:
        raise LaunchError(
            f"{script.name} did not end within {seconds:g} s and was stopped: does a "
            f"process wait for another that never comes? If not, allow more seconds.",
            printed,
        )
    if code:
        raise LaunchError(_what_failed(script, report, errors), printed)
    return printed


# -- before ----------------------------------------------------------------------------


def _check_script(script):
    """Raise LaunchError unless `script` is a file of Python."""
    if not script.is_file():
        raise LaunchError(
            f"There is no file {script}: write it first, or give its whole path."
        )
    try:
        compile(script.read_bytes(), script.name, "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"line {line}: " if line else ""
        raise LaunchError(
            f"{script.name} is not Python ({where}{getattr(error, 'msg', error)}): "
            f"correct it, or launch another file."
        ) from None


def _check_numbers(processes, seconds):
    """Raise LaunchError unless so many processes, and so long a time, make sense."""
    if not isinstance(processes, int) or processes < 1:
        raise LaunchError(
            f"processes must be a whole number of at least 1, got {processes}."
        )
    cores = granted_cores()
    if processes > PER_CORE * cores:
        raise LaunchError(
            f"{processes} processes on {cores} cores would mostly wait: start at most "
            f"{PER_CORE * cores}."
        )
    if not 0 < seconds < math.inf:
        raise LaunchError(f"seconds must be a number above 0, got {seconds}.")


# -- running ---------------------------------------------------------------------------


def _run(command, seconds):
    """Run torchrun; return its exit code, None if its time was over, and its report."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    if sys.platform == "linux":
        environment.setdefault("GLOO_SOCKET_IFNAME", "lo")  # needs no network
    torchrun = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches this process only, which stops all
    )
    try:
        _, report = torchrun.communicate(timeout=seconds)
        return torchrun.returncode, report
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        _stop(torchrun)


def _stop(torchrun, patience=5):
    """End torchrun and the processes that it started, if they still run."""
    if torchrun.poll() is None:
        workers = _children(torchrun.pid)
        torchrun.terminate()  # it passes this on to all
        with suppress(subprocess.TimeoutExpired):
            torchrun.communicate(timeout=patience)
        for leader in (torchrun.pid, *workers):  # each has a group of its own
            with suppress(OSError, AttributeError):  # gone, or Windows
                os.killpg(leader, signal.SIGKILL)
        torchrun.kill()
        torchrun.communicate()


def _children(pid):
    """Return the ids of a process's children, as far as the system tells."""
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except OSError:
        return []


# -- after -----------------------------------------------------------------------------


def _by_rank(folder, stream):
    """Return what each rank wrote to "stdout" or "stderr", rank 0 first."""
    paths = Path(folder).glob(f"*/attempt_0/*/{stream}.log")
    return [
        path.read_text(errors="replace")
        for path in sorted(paths, key=lambda path: int(path.parent.name))
    ]


def _what_failed(script, report, errors):
    """Return a sentence about the process that failed, not those it took along."""
    ended = {int(rank): int(code) for rank, code in ENDED.findall(report)}
    ended = {rank: code for rank, code in ended.items() if code}

    def innocence(rank):
        stopped = ended[rank] == -signal.SIGTERM
        return stopped, bool(LEFT_ALONE.search(errors[rank])), rank

    if not ended:
        last = report.strip().splitlines()[-1:] or ["without a word"]
        return f"torchrun failed: {last[0]}"
    rank = min(ended, key=innocence)
    text = re.sub(r"^\[rank\d+\]: ", "", errors[rank], flags=re.MULTILINE)
    if NO_PORT.search(text):
        return (
            f"Rank {rank} of {script.name} could not open its port: another program "
            f"has it, or it is not allowed. Let torchrun choose one."
        )
    if "Traceback" in text and ended[rank] != -signal.SIGKILL:
        # The line after the places; a dying process may have said more behind it.
        lines = text.rpartition("Traceback (most recent call last):\n")[2].splitlines()
        last = next((line for line in lines if line and line[0] != " "), "")
        place = re.findall(rf'"[^"\n]*{re.escape(script.name)}", line (\d+)', text)
        line = f", line {place[-1]}" if place else ""
        return f"Rank {rank} of {script.name}{line}: {last}"
    if ended[rank] < 0:
        end = f"was killed ({signal.Signals(-ended[rank]).name})"
    else:
        end = f"ended with exit code {ended[rank]}"
    return f"Rank {rank} of {script.name} {end}."
