"""A check-up of this machine: does it have everything that the workbook needs?

Only what needs no package is imported at the top: a missing package must become a
finding, not stop the check-up.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from bigmodel_lab.memory import memory_limits

INSTALL = "Run in the workbook's folder: pip install -r requirements.txt"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ENOUGH_MEMORY = 1e9  # bytes, what one chapter may take
ENOUGH_DISK = 1e8  # bytes, what chapter 06 fetches


@dataclass(frozen=True)
class Finding:
    """The result of one check: its name, whether it passed, the detail, what to do.

    One that passed and has advice is a note: something optional is not here.
    """

    what: str
    ok: bool
    detail: str
    advice: str = ""

    @property
    def mark(self):
        """Return how it is marked in the report."""
        return "PROBLEM" if not self.ok else "note" if self.advice else "ok"


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


def jupyter():
    """Check that JupyterLab is installed and that its kernel is this Python."""
    wanted = ("jupyterlab", "ipykernel")
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing:
        detail = " and ".join(f"{name} is missing" for name in missing)
        return Finding("Jupyter", False, detail, INSTALL)
    from jupyter_client.kernelspec import KernelSpecManager

    kernel = KernelSpecManager().get_kernel_spec("python3")
    program = Path(kernel.argv[0])
    folder, ours = (path.parent.resolve() for path in (program, Path(sys.executable)))
    # Jupyter starts its own Python for a kernel that names no folder.
    if program == Path(program.name) or folder == ours:
        version = importlib.metadata.version("jupyterlab")
        return Finding("Jupyter", True, f"JupyterLab {version} and a kernel")
    detail = f"the kernel python3 is {program}, not {sys.executable}"
    advice = f"Delete the folder {kernel.resource_dir}: then it is this Python."
    return Finding("Jupyter", False, detail, advice)


def device():
    """Name the device on which the chapters will compute."""
    from bigmodel_lab.device import best_device

    try:
        return Finding("device", True, str(best_device()))
    except RuntimeError as error:
        return Finding("device", False, "BIGMODEL_LAB_DEVICE is not here", str(error))


def threads():
    """Compare PyTorch's threads with the CPU cores actually granted."""
    from bigmodel_lab.device import granted_cores

    cores = granted_cores()
    advice = f"Set OMP_NUM_THREADS={cores} before you start JupyterLab."
    wish = os.environ.get("OMP_NUM_THREADS", "")
    if wish and not re.fullmatch(r"\s*0*[1-9]\d*(\s*,\s*\d+)*\s*", wish):
        return Finding("threads", False, f"OMP_NUM_THREADS={wish} is no number", advice)
    import torch

    threads = torch.get_num_threads()
    ok = threads <= cores
    detail = f"{threads} for {cores} granted core(s)"
    return Finding("threads", ok, detail, "" if ok else advice)


REMEDIES = {
    "free": "Shut down other kernels and programs.",
    "cgroup": "Ask whoever runs this container or hub for 1 GB or more.",
    "ulimit": "Lift the limit of this shell: ulimit -v unlimited.",
}


def memory():
    """Check that this process may take 1 GB, whatever limits it."""
    limits = memory_limits()
    if not limits:
        return Finding("memory", True, "not measured on this system")
    reason = min(limits, key=limits.get)
    size, ok = limits[reason], limits[reason] >= ENOUGH_MEMORY
    what = "free" if reason == "free" else f"allowed by the {reason}"
    detail = f"{size / 1e9:.1f} GB {what}, 1 GB needed"
    advice = f"{REMEDIES[reason]} Then run this again: the rest was not looked at."
    return Finding("memory", ok, detail, "" if ok else advice)


def data():
    """Check that the cache folder can be written to, and list the files at hand."""
    from bigmodel_lab.datasets import fetching

    folder = fetching.cache_folder()
    try:
        fetching.check_writable(folder)
    except fetching.DataUnavailable as error:
        return Finding("data", False, f"cannot use the cache {folder}", str(error))
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_DISK:
        detail = f"the disk is full: {free / 1e6:.0f} MB free in {folder}, 100 needed"
        advice = "Make room there, or set BIGMODEL_LAB_CACHE to another folder."
        return Finding("data", False, detail, advice)
    here = [name for name in fetching.FILES if fetching.on_disk(name)]
    away = [name for name in fetching.FILES if name not in here]
    detail = f"at hand: {', '.join(here) or 'none'}; cache: {folder}"
    advice = "Optional, needs a network: python -m bigmodel_lab fetch " + " ".join(away)
    return Finding("data", True, detail, advice if away else "")


def chromium():
    """Look for Chromium, which only the browser tests need: never a failure."""
    caches = (".cache", "Library/Caches", "AppData/Local")
    own = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    places = [own] if own else [Path.home() / c / "ms-playwright" for c in caches]
    found = [
        *filter(None, map(shutil.which, CHROMIUM_NAMES)),
        *(browser for place in places for browser in Path(place).glob("chromium*")),
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
    """Look for what only teachers need: without nbgrader, nobody is one."""
    if importlib.util.find_spec("nbgrader") is None:
        advice = 'Only teachers need it: pip install -e ".[classroom]"'
        return Finding("classroom", True, "nbgrader is not installed", advice)
    from bigmodel_lab.classroom import sandbox

    try:
        sandbox.check()
    except RuntimeError as error:
        elsewhere = sys.platform != "linux"  # where assignments can still be made
        return Finding("classroom", elsewhere, "no sandbox to grade in", str(error))
    return Finding("classroom", True, "nbgrader and bubblewrap")


CHECKS = (
    *(python, packages, jupyter, memory, device, threads),
    *(data, widgets, chromium, classroom),
)
OPTIONAL = (chromium, classroom)  # for contributors and teachers
HEAVY = (device, threads, data, classroom)  # they load PyTorch or pandas


def report():
    """Return one `Finding` per check; a check that crashes is a finding too.

    With too little memory, loading PyTorch could end this program without a word: then
    the checks that load it are left out.
    """
    findings = []
    for check in CHECKS:
        if check in HEAVY and any(f.what == "memory" and not f.ok for f in findings):
            continue
        try:
            with _silence():
                findings.append(check())
        except Exception as error:  # a broken machine must not stop the check-up
            detail = f"{type(error).__name__}: {error}".rstrip(": ")
            detail = textwrap.shorten(detail, 150, placeholder=" ...")
            ok = check in OPTIONAL
            findings.append(Finding(check.__name__, ok, detail, INSTALL))
    return findings


@contextlib.contextmanager
def _silence():
    """Drop what libraries write to stderr when they fail: the finding says it."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def run():
    """Print the report as aligned text; return exit status 0 if all is fine, else 1.

    An advice that several problems share is printed once.
    """
    findings, told = report(), set()
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        print(f"{finding.mark:<7}  {finding.what:<{width}}  {finding.detail}")
        if finding.advice and finding.advice not in told:
            print(" " * (width + 11) + finding.advice)
        told.add(finding.advice)
    return int(not all(finding.ok for finding in findings))
