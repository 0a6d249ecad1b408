"""Call a function in a process of its own: whatever happens there, we go on."""

import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context

import psutil

# A server that has imported everything forks a new process in milliseconds.
_processes = get_context("forkserver")
_processes.set_forkserver_preload(["bigmodel_lab.classroom.grading"])


class Failed(RuntimeError):
    """The call has no result; the message says why."""


def call(function: Callable, *arguments, seconds: float, memory: float):
    """Return what `function` returns, called in a process of its own.

    Parameters
    ----------
    function, arguments
        What to call; they and the result must be picklable.
    seconds, memory : float
        What the process may take, the memory in bytes.

    Raises
    ------
    Failed
        If it raises an exception, takes too long, or its process dies.
    """
    ours, theirs = _processes.Pipe(duplex=False)
    process = _processes.Process(
        target=_answer, args=(theirs, memory, function, arguments)
    )
    process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            raise Failed(f"it took the grader more than {seconds:g} s")
        result, problem = ours.recv()
    except (EOFError, ConnectionError):
        raise Failed("the grader's own process was ended from outside") from None
    finally:
        end(process.pid)
        process.join()
    if problem:
        raise Failed(problem)
    return result


def end(pid: int) -> None:
    """End a process and all that it started."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                one.kill()


def _answer(sender, memory, function, arguments):
    """Send (result, problem) of a call; in the new process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory), most))
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # nobody's messages belong on a teacher's screen
        os.dup2(silence, stream)
    try:
        outcome = function(*arguments), ""
    except MemoryError:
        outcome = None, f"it took the grader more than {memory / 1e9:g} GB"
    except Exception as error:
        outcome = None, str(error) or type(error).__name__
    sender.send(outcome)
