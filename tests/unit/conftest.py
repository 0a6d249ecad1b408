"""Fixtures of several unit tests."""

import re
import sys
from importlib import import_module
from itertools import count

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from bigmodel_lab import drawings, plots
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.datasets import fetching
from bigmodel_lab.exercises.judging.judge import Exercise
from bigmodel_lab.plots import charts, functions, language, scaling, texts, tuning


@pytest.fixture(params=["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def device(request):
    """Run the test on the CPU, and once more on a graphics card where there is one."""
    return request.param


@pytest.fixture(autouse=True)
def _global_seed():
    """Seed PyTorch for each test, and leave its random numbers as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def same_draws(monkeypatch):
    """Let checks draw other inputs each time, but the same ones in every run."""
    seeds = count()
    monkeypatch.setattr(Exercise, "rng", lambda _: np.random.default_rng(next(seeds)))


@pytest.fixture(scope="session")
def script():
    """Return a function: script("mnist") is `benchmarks/mnist.py` as a module."""

    def script(name):
        sys.path.insert(0, str(ROOT / "benchmarks"))
        try:
            return import_module(name)
        finally:
            sys.path.remove(str(ROOT / "benchmarks"))

    return script


@pytest.fixture(scope="session")
def fetched():
    """Return a function: fetched(load, ...) is load(...), from the user's cache."""

    def fetched(load, *args, **kwargs):
        try:
            return load(*args, **kwargs)
        except fetching.DataUnavailable as error:
            # A wrong table must fail here; that nobody answers is not our fault.
            if re.search("does not match|has no file|404", str(error)):
                raise
            pytest.skip(f"needs a network, once: {error}")

    return fetched


@pytest.fixture
def figures(monkeypatch):
    """Collect the figures that the charts show, instead of showing them."""
    shown = []
    for module in (charts, functions, language, scaling, texts, tuning):
        monkeypatch.setattr(module, "show", lambda figure, alt: shown.append(figure))
    with plt.rc_context(plots.STYLE):
        yield shown
    plt.close("all")


@pytest.fixture
def drawn(monkeypatch):
    """Return a function that makes a drawing and returns (figure, alt text)."""
    shown = []
    monkeypatch.setattr(
        "bigmodel_lab.drawings.sketch.show", lambda *drawing: shown.append(drawing)
    )

    def draw(name):
        getattr(drawings, name)()
        ((figure, alt),) = shown  # one drawing, and no more
        shown.clear()
        figure.canvas.draw()
        return figure, alt

    yield draw
    plt.close("all")


@pytest.fixture
def words(drawn):
    """Return a function that draws and returns the words on the paper, by position."""

    def words(name):
        figure, _ = drawn(name)
        texts = [text for text in figure.axes[0].texts if text.get_text()]
        return {text.get_position(): text.get_text() for text in texts}

    return words
