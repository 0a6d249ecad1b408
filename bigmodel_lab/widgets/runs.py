"""Runs: trainings with settings of their own, which take their steps in turn."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch

from bigmodel_lab.training import Diverged, Training


@dataclass(eq=False)
class Run:
    """One training of a panel: its settings, how far it is, how it ended."""

    number: int
    settings: dict
    name: str = ""  # in a race: the value that is compared
    training: Training | None = None
    state: str = "starting"  # then running; finished, stopped, diverged or failed
    error: Exception | None = None
    # In a race each run has its own state of torch's generator: it draws the random
    # numbers that it would draw alone.
    random_state: torch.Tensor | None = field(default=None, repr=False)

    def start(self, make_training: Callable[..., Training]):
        """Make the training from the settings."""
        with self._outcome():
            training = make_training(**self.settings)
            if not isinstance(training, Training):
                raise TypeError(
                    f"{make_training.__name__} must return a Training, got "
                    f"{type(training).__name__}."
                )
            # A step that takes long comes in pieces, to be stopped between them.
            pieces = getattr(training, "pieces", training.__iter__)
            self._steps = pieces()
            self.training, self.state = training, "running"

    def step(self, stop: threading.Event) -> bool:
        """Take a step or a piece of it, unless `stop` is set; False: it has ended."""
        if self.state == "running" and stop.is_set():
            self.state = "stopped"
        if self.state == "running":
            with self._outcome():
                if next(self._steps, "none left") == "none left":
                    self.state = "finished"
        return self.state == "running"

    @contextmanager
    def _outcome(self):
        """Keep an error as the run's outcome; use the run's own random numbers."""
        if self.random_state is not None:
            torch.set_rng_state(self.random_state)
        try:
            yield
        except Diverged as error:
            self.state, self.error = "diverged", error
        except Exception as error:
            self.state, self.error = "failed", error
        if self.random_state is not None:
            self.random_state = torch.get_rng_state()

    @property
    def losses(self) -> list[float]:
        """The losses of the steps taken so far."""
        return [] if self.training is None else self.training.losses

    @property
    def unit(self) -> str:
        """What a row of the history is named by: "epoch", or "step"."""
        return self.training.history.columns[0]

    def last_loss(self) -> float:
        """Return the mean loss of the last steps, as many as an epoch has.

        Of a training that counts steps, at most its last tenth.
        """
        steps = self.training.steps_per_epoch
        if self.unit == "step":
            steps = min(steps, max(1, self.training.total_steps // 10))
        return float(np.mean(self.losses[-steps:]))

    def reason(self) -> str:
        """Return what the run's error says, after its kind unless it diverged."""
        kind = "" if self.state == "diverged" else f"{type(self.error).__name__}: "
        return f"{kind}{self.error}"


def take_turns(runs: list[Run], stop: threading.Event) -> bool:
    """Let each run take a step in turn; return False once all have ended."""
    going_on = [run.step(stop) for run in runs]
    return any(going_on)


def ranking(runs: list[Run]) -> list[Run]:
    """Return the runs that have a loss and no error, the one of the lowest first."""
    return sorted((r for r in runs if r.losses and r.error is None), key=Run.last_loss)
