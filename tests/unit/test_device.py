import functools
import os
import subprocess
import sys

import pytest
import torch

from bigmodel_lab import device


@pytest.fixture(autouse=True)
def _threads_and_seed_back(monkeypatch):
    monkeypatch.delenv("BIGMODEL_LAB_THREADS", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def no_accelerator(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.delenv("BIGMODEL_LAB_DEVICE", raising=False)


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("BIGMODEL_LAB_DEVICE", raising=False)


@pytest.mark.usefixtures("no_accelerator")
def test_best_device_without_an_accelerator_is_the_cpu():
    assert device.best_device() == torch.device("cpu")


@pytest.mark.usefixtures("two_gpus")
def test_best_device_prefers_cuda_and_can_be_overridden(monkeypatch):
    assert device.best_device() == torch.device("cuda")
    for wanted in ("cpu", "cuda", "cuda:1"):
        monkeypatch.setenv("BIGMODEL_LAB_DEVICE", wanted)
        assert device.best_device() == torch.device(wanted)


@pytest.mark.usefixtures("no_accelerator")
@pytest.mark.parametrize(
    "wanted", ["cuda", "mps", "cuda:99", "abacus", "cpu:x", "cpu:"]
)
def test_a_missing_device_is_named_with_what_there_is(monkeypatch, wanted):
    monkeypatch.setenv("BIGMODEL_LAB_DEVICE", wanted)
    with pytest.raises(RuntimeError, match=rf"={wanted} asks .* \(it has: cpu\)"):
        device.best_device()


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize("wanted", ["cuda:99", "cuda:2", "cuda:-1"])
def test_a_gpu_too_many_is_refused(monkeypatch, wanted):
    monkeypatch.setenv("BIGMODEL_LAB_DEVICE", wanted)
    with pytest.raises(RuntimeError, match=rf"={wanted} asks .* \(it has: cuda, "):
        device.best_device()


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "300000 100000\n"}, 3),
        ({"cpu.max": "150000 100000\n"}, 1),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "1600000 100000\n"}, 8),
        ({"cpu.max": "nonsense\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "-1\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "200000\n"}, 2),
        ({"cpu/cpu.cfs_quota_us": "50000\n"}, 1),
    ],
)
def test_granted_cores_is_the_smaller_of_affinity_and_quota(
    monkeypatch, tmp_path, files, cores
):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    quota = functools.partial(device._cgroup_quota, root=tmp_path)
    monkeypatch.setattr(device, "_cgroup_quota", quota)
    assert device.granted_cores() == cores


def test_granted_cores_without_affinity_asks_for_the_cpu_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.setattr(device, "_cgroup_quota", lambda: None)
    assert device.granted_cores() == 1


@pytest.mark.parametrize(
    ("small_models", "alone", "together", "threads"),
    [
        (False, 1.0, 0.55, 2),  # two threads share the work
        (False, 1.0, 0.95, 1),  # it does not pay
        (False, 1.0, 10.0, 1),  # another program has one of the cores
        (True, 1.0, 0.55, 1),
    ],
)
def test_threads_are_those_that_pay(
    monkeypatch, small_models, alone, together, threads
):
    clock = [0.0]

    def perf_counter():
        clock[0] += alone if torch.get_num_threads() == 1 else together
        return clock[0]

    monkeypatch.setattr(device, "granted_cores", lambda: 2)
    monkeypatch.setattr(device.time, "perf_counter", perf_counter)
    assert device.set_threads(small_models) == torch.get_num_threads() == threads


def test_a_single_core_is_not_measured(monkeypatch):
    monkeypatch.setattr(device, "granted_cores", lambda: 1)
    monkeypatch.delattr(device.time, "perf_counter")
    assert device.set_threads(small_models=False) == 1


def test_measuring_draws_no_random_numbers(monkeypatch):
    monkeypatch.setattr(device, "granted_cores", lambda: 2)
    before = torch.get_rng_state()
    device.set_threads(small_models=False)
    assert torch.equal(torch.get_rng_state(), before)


BLAS = """
from bigmodel_lab.device import set_threads
set_threads(small_models={small})
import scipy.linalg, sklearn.linear_model, threadpoolctl
pools = threadpoolctl.threadpool_info()
print(*(pool["num_threads"] for pool in pools if pool["user_api"] == "blas"))
"""


@pytest.mark.parametrize(
    ("variables", "wanted"), [({}, "1"), ({"BIGMODEL_LAB_THREADS": "2"}, "2")]
)
def test_numpy_and_scipy_loaded_before_or_after_have_the_same_threads(
    variables, wanted
):
    without = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    kept = {k: v for k, v in os.environ.items() if k not in without}
    command = [sys.executable, "-c", BLAS.format(small=True)]
    printed = subprocess.run(
        command, env=kept | variables, capture_output=True, text=True, check=True
    ).stdout
    assert len(printed.split()) == 2  # NumPy's library and SciPy's
    assert set(printed.split()) == {wanted}


def test_the_number_of_threads_can_be_forced(monkeypatch):
    monkeypatch.setattr(device, "granted_cores", lambda: 2)
    for wanted in ("1", "2"):
        monkeypatch.setenv("BIGMODEL_LAB_THREADS", wanted)
        assert device.set_threads(small_models=True) == int(wanted)
    for wrong in ("0", "-1", "two", "1.5"):
        monkeypatch.setenv("BIGMODEL_LAB_THREADS", wrong)
        with pytest.raises(RuntimeError, match=f"={wrong} is not a number of threads"):
            device.set_threads()
