"""Name the machine that a benchmark ran on: only its hardware and versions."""

import datetime
import platform
from pathlib import Path

import torch

from bigmodel_lab.device import granted_cores


def machine():
    """Return one line: CPU model, cores granted, torch and Python versions."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        cpu = next((s.split(": ")[1] for s in lines if s.startswith("model name")), cpu)
    return (
        f"{cpu}, {granted_cores()} cores, torch {torch.__version__}, "
        f"Python {platform.python_version()}"
    )


def here():
    """Return when and where something is measured."""
    return {"date": str(datetime.date.today()), "machine": machine()}
