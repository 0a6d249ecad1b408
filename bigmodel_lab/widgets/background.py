"""Work in the background of a notebook: one piece at a time, and Stop ends it."""

import threading
from collections.abc import Callable


class Background:
    """A thread that does one piece of work at a time and never prints.

    The work is a function of `stop`, a `threading.Event`: once it is set, the work has
    to return.
    """

    def __init__(self):
        self._thread, self._stop = None, threading.Event()

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, work: Callable[[threading.Event], object]):
        """Do this work; what is under way is stopped first."""
        self.stop()
        self.wait()
        # An event of its own: what was stopped stays stopped.
        self._stop = threading.Event()
        self._thread = threading.Thread(target=work, args=[self._stop], daemon=True)
        self._thread.start()

    def stop(self):
        """Ask the work to end; return at once."""
        self._stop.set()

    def wait(self, timeout: float | None = None):
        """Wait for the end; TimeoutError if it has not come after `timeout` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)
        if self.running:
            raise TimeoutError(f"It is still at work after {timeout} s.")
