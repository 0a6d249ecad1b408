"""Imitate other processors: variables that make a kernel compute as they do.

Math libraries choose their inner loops by what the processor can do. Older loops add
in a different order, so a result may differ in its last digits; these environment
variables forbid the newer loops. We saw each of them change some bits.
"""

import os
import platform

import numpy as np

PROFILES = ("native", "avx2", "generic")

# PyTorch, oneDNN, MKL (PyTorch's matrix products), OpenBLAS (those of NumPy and SciPy),
# and the exp, log and sin of glibc.
_X86 = {
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "DNNL_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F",
    },
    "generic": {
        "ATEN_CPU_CAPABILITY": "default",
        "DNNL_MAX_CPU_ISA": "SSE41",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4",
    },
}


def environment(profile="native", threads=None):
    """Return the environment variables that make a kernel compute as in a profile.

    Parameters
    ----------
    profile : {"native", "avx2", "generic"}
        This processor; one with AVX2 but not AVX-512; one with neither (x86), or
        NumPy's and PyTorch's plainest loops (others).
    threads : int, optional
        How many threads every library gets; by default the chapter decides.

    Raises
    ------
    ValueError
        If the profile is not one of these, or this processor has no AVX2.
    """
    if profile not in PROFILES:
        raise ValueError(f"No profile {profile!r}: choose from {', '.join(PROFILES)}.")
    variables = {}
    if profile != "native":
        x86 = platform.machine() in ("x86_64", "AMD64")
        newer = _numpy_loops()
        if profile == "avx2":
            if not x86 or not {"AVX2", "X86_V3"} & set(newer):
                raise ValueError(
                    "This processor has no AVX2: choose native or generic."
                )
            newer = [name for name in newer if "AVX512" in name or name == "X86_V4"]
        variables = dict(_X86[profile]) if x86 else {"ATEN_CPU_CAPABILITY": "default"}
        variables["NPY_DISABLE_CPU_FEATURES"] = " ".join(newer)
    if threads is not None:
        variables["OMP_NUM_THREADS"] = variables["BIGMODEL_LAB_THREADS"] = str(threads)
    return variables


def _numpy_loops():
    """Return the processor features that NumPy has loops for, found on this machine.

    NumPy does not report those already forbidden in this process: they are added.
    """
    found = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    forbidden = os.environ.get("NPY_DISABLE_CPU_FEATURES", "").split()
    return [*found, *(name for name in forbidden if name not in found)]
