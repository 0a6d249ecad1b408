"""How a chapter begins."""

import pytest
import torch

import bigmodel_lab
from bigmodel_lab import chapter


@pytest.fixture(autouse=True)
def _threads_and_seed_back(monkeypatch):
    monkeypatch.delenv("BIGMODEL_LAB_THREADS", raising=False)
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def _cpu_only(monkeypatch):
    monkeypatch.setenv("BIGMODEL_LAB_DEVICE", "cpu")


@pytest.mark.usefixtures("_cpu_only")
def test_start_chapter_prints_one_line_and_returns_the_device(capsys):
    drawn = []
    for _ in range(2):
        version = ".".join(bigmodel_lab.__version__.split(".")[:2])
        assert chapter.start_chapter("04_x", version) == torch.device("cpu")
        drawn.append(torch.rand(1).item())
    assert drawn[0] == drawn[1]  # seeded
    printed = capsys.readouterr().out.splitlines()
    lines = [line for line in printed if "HTML object" not in line]  # the style sheet
    assert len(lines) == 2
    assert lines[0].startswith("04_x: device cpu, 1 thread(s), bigmodel_lab ")
    assert torch.__version__ in lines[0]


def test_start_chapter_refuses_another_version(capsys):
    with pytest.raises(RuntimeError, match=r"04_x .* 99\.0.*pip install -r requirem"):
        chapter.start_chapter("04_x", "99.0")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("small", "asked", "chosen"),
    [(True, None, "cpu"), (True, "mps", "mps"), (False, None, "mps")],
)
def test_small_models_leave_mps_alone(monkeypatch, small, asked, chosen):
    monkeypatch.setattr(chapter, "best_device", lambda: torch.device("mps"))
    monkeypatch.delenv("BIGMODEL_LAB_DEVICE", raising=False)
    if asked:
        monkeypatch.setenv("BIGMODEL_LAB_DEVICE", asked)
    version = ".".join(bigmodel_lab.__version__.split(".")[:2])
    assert chapter.start_chapter("04_x", version, small).type == chosen
