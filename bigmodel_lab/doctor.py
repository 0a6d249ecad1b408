"""A check-up of this machine: does it have everything that the workbook needs?

Only the standard library is imported at the top: a missing package must become a
finding, not stop the check-up.
"""

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

INSTALL = "Run in the workbook's folder: pip install -r requirements.txt"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ENOUGH_MEMORY = 1e9  # bytes, what one chapter may take


@dataclass(frozen=True)
class Finding:
    """The result of one check: its name, whether it passed, the detail, what to do."""

    what: str
    ok: bool
    detail: str
    advice: str = ""


def python():
    """Compare the Python version with the package's `Requires-Python`."""
    from packaging.specifiers import SpecifierSet

    wanted = importlib.metadata.metadata("bigmodel_lab")["Requires-Python"]
    version = platform.python_version()
    ok = SpecifierSet(wanted).contains(version, prereleases=True)
    advice = "" if ok else f"Create an environment with Python {wanted}."
    return Finding("Python", ok, f"{version} (supported: {wanted})", advice)


def packages():
    """Compare the installed packages with the package's requirements."""
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in importlib.metadata.requires("bigmodel_lab")]
    wanted = [r for r in wanted if not r.marker or r.marker.evaluate({"extra": ""})]
    wrong = []
    for requirement in wanted:
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version} is not {requirement.specifier}")
    detail = "; ".join(wrong) or f"all {len(wanted)} as required"
    return Finding("packages", not wrong, detail, INSTALL if wrong else "")


def device():
    """Name the device on which the chapters will compute."""
    from bigmodel_lab.device import best_device

    try:
        return Finding("device", True, str(best_device()))
    except RuntimeError as error:
        return Finding("device", False, "BIGMODEL_LAB_DEVICE is not here", str(error))


def threads():
    """Compare PyTorch's threads with the CPU cores actually granted."""
    import torch

    from bigmodel_lab.device import granted_cores

    threads, cores = torch.get_num_threads(), granted_cores()
    ok = threads <= cores
    advice = "" if ok else f"Set OMP_NUM_THREADS={cores} before you start JupyterLab."
    return Finding("threads", ok, f"{threads} for {cores} granted core(s)", advice)


def memory(meminfo="/proc/meminfo"):
    """Check that 1 GB of memory is free, where the system reports it (Linux)."""
    try:
        text = Path(meminfo).read_text()
    except OSError:
        return Finding("memory", True, "not measured on this system")
    free = 1024 * int(re.search(r"MemAvailable:\s+(\d+) kB", text)[1])
    ok = free >= ENOUGH_MEMORY
    advice = "" if ok else "Shut down other kernels and programs."
    return Finding("memory", ok, f"{free / 1e9:.1f} GB free, 1 GB needed", advice)


def data():
    """Check that the cache folder can be written to, and list the files at hand."""
    from bigmodel_lab.datasets import fetching

    folder = fetching.cache_folder()
    try:
        fetching.check_writable(folder)
    except fetching.DataUnavailable as error:
        return Finding("data", False, f"cannot use the cache {folder}", str(error))
    here = [name for name in fetching.FILES if fetching.on_disk(name)]
    away = [name for name in fetching.FILES if name not in here]
    detail = f"at hand: {', '.join(here) or 'none'}; cache: {folder}"
    advice = "Optional, needs a network: python -m bigmodel_lab fetch " + " ".join(away)
    return Finding("data", True, detail, advice if away else "")


def chromium():
    """Look for Chromium, which only the browser tests need: never a failure."""
    import pooch

    own = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or pooch.os_cache("ms-playwright")
    found = [
        *filter(None, map(shutil.which, CHROMIUM_NAMES)),
        *Path(own).glob("chromium*"),
    ]
    if found:
        return Finding("Chromium", True, str(found[0]))
    advice = "Only the browser tests need it: playwright install chromium"
    return Finding("Chromium", True, "none found", advice)


def widgets():
    """Check that JupyterLab will find the front ends of ipywidgets and bqplot."""
    from jupyter_core.paths import jupyter_path

    wanted = ("@jupyter-widgets/jupyterlab-manager", "bqplot")
    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    missing = [
        name
        for name in wanted
        if not any((folder / name / "package.json").is_file() for folder in folders)
    ]
    detail = ", ".join(f"{name} is missing" for name in missing) or " and ".join(wanted)
    return Finding("widgets", not missing, detail, INSTALL if missing else "")


def classroom():
    """Look for what only teachers need, for grading: never a failure."""
    if importlib.util.find_spec("nbgrader") is None:
        advice = 'Only teachers need it: pip install -e ".[classroom]"'
        return Finding("classroom", True, "nbgrader is not installed", advice)
    from bigmodel_lab.classroom import sandbox

    try:
        sandbox.check()
    except RuntimeError as error:
        return Finding("classroom", True, "nbgrader, but no sandbox", str(error))
    return Finding("classroom", True, "nbgrader and bubblewrap")


CHECKS = (
    *(python, packages, device, threads, memory),
    *(data, widgets, chromium, classroom),
)


def report():
    """Return one `Finding` per check; a check that crashes is a finding too."""
    findings = []
    for check in CHECKS:
        try:
            findings.append(check())
        except Exception as error:  # a broken machine must not stop the check-up
            detail = f"{type(error).__name__}: {error}"
            findings.append(Finding(check.__name__, False, detail, INSTALL))
    return findings


def run():
    """Print the report as aligned text; return exit status 0 if all is fine, else 1."""
    findings = report()
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        mark = "ok" if finding.ok else "PROBLEM"
        print(f"{mark:<7}  {finding.what:<{width}}  {finding.detail}")
        if finding.advice:
            print(" " * (width + 11) + finding.advice)
    return int(not all(finding.ok for finding in findings))
