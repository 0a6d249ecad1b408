"""Profiles of processors: the variables really change which loops compute."""

import os
import platform
import subprocess
import sys

import pytest

from bigmodel_lab.authoring import cpu_profiles

# The bits of results that depend on the loops: of PyTorch a matrix product, exp and a
# convolution, of NumPy a product and exp.
COMPUTE = """
import numpy as np, torch
from threadpoolctl import threadpool_info
torch.manual_seed(0)
a = torch.linspace(-3, 3, 90_000).reshape(300, 300)
b = np.linspace(-3, 3, 90_000).reshape(300, 300)
filters = a[:25, :5].reshape(5, 1, 5, 5)
for part in ((a @ a).numpy(), a.exp().numpy(), b @ b, np.exp(b),
             torch.nn.functional.conv2d(a[None, None], filters).numpy()):
    print(hash(part.tobytes()), end=" ")
name = torch.backends.cpu.get_cpu_capability().replace("NO AVX", "DEFAULT")  # 2.6
print(name, torch.get_num_threads())
"""


def computed(profile):
    variables = cpu_profiles.environment(profile, threads=1)
    forced = cpu_profiles.environment("generic", threads=1)  # perhaps for the whole run
    environment = {k: v for k, v in os.environ.items() if k not in forced}
    environment |= variables | {"PYTHONHASHSEED": "0"}
    command = [sys.executable, "-c", COMPUTE]
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="x86 has these profiles"
)
def test_generic_kernels_compute_other_bits_in_every_library():
    native, generic = computed("native"), computed("generic")
    assert generic[-2:] == ["DEFAULT", "1"]
    if native[-2] == "DEFAULT":
        pytest.skip("this processor has generic kernels only")
    same = [a == b for a, b in zip(native[:-2], generic[:-2], strict=True)]
    assert same == [False] * 5


def test_native_sets_nothing_and_threads_are_forced():
    assert cpu_profiles.environment() == {}
    forced = cpu_profiles.environment("generic", threads=2)
    assert forced["OMP_NUM_THREADS"] == forced["BIGMODEL_LAB_THREADS"] == "2"


def test_avx2_forbids_avx512_and_nothing_older(monkeypatch):
    found = ["X86_V3", "X86_V4", "AVX512_ICL"]
    monkeypatch.setattr(cpu_profiles, "_numpy_loops", lambda: found)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    variables = cpu_profiles.environment("avx2")
    assert variables["NPY_DISABLE_CPU_FEATURES"] == "X86_V4 AVX512_ICL"
    assert variables["ATEN_CPU_CAPABILITY"] == "avx2"


def test_a_processor_without_avx2_says_so(monkeypatch):
    monkeypatch.setattr(cpu_profiles, "_numpy_loops", lambda: [])
    with pytest.raises(ValueError, match="no AVX2: choose native or generic"):
        cpu_profiles.environment("avx2")


def test_other_processors_have_their_plainest_loops(monkeypatch):
    monkeypatch.setattr(cpu_profiles, "_numpy_loops", lambda: ["SVE"])
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert cpu_profiles.environment("generic") == {
        "ATEN_CPU_CAPABILITY": "default",
        "NPY_DISABLE_CPU_FEATURES": "SVE",
    }


def test_an_unknown_profile_is_named():
    with pytest.raises(ValueError, match="No profile 'sse': choose from native, avx2"):
        cpu_profiles.environment("sse")
