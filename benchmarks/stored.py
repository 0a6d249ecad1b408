"""What the long benchmarks share: where results are kept, and separate environments."""

import fcntl
import json
import os
import subprocess
import sysconfig
import venv
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pooch

import bigmodel_lab
from bigmodel_lab.results import load

RESULTS = Path(bigmodel_lab.__file__).parent / "results"
TENSORFLOW = "tensorflow-cpu==2.21.0"
TRANSFORMERS = "transformers==5.24.0"


def store(name, results):
    """Write results where `results.load(name)` finds them, completely or not at all."""
    path = RESULTS / f"{name}.json"
    half = path.with_suffix(".part")
    half.write_text(json.dumps(results, indent=1) + "\n")
    os.replace(half, path)


@contextmanager
def changing(name):
    """Give stored results, {} if there are none, to change; they are stored at the end.

    Another process that wants to change them waits meanwhile.
    """
    folder = os.open(RESULTS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        path = RESULTS / f"{name}.json"
        results = json.loads(path.read_text()) if path.exists() else {}
        yield results
        store(name, results)
    finally:
        os.close(folder)  # which unlocks it


def keep_rows(name, part, rows, origin):
    """Store each (key, row) of a part as it comes, with where it was measured.

    `benchmarks/<name>.py` measures; `origin()` tells when and where.
    """
    for key, row in rows:
        print(part, key, row, flush=True)
        with changing(name) as results:
            results.setdefault(part, {})[key] = row
            results["made_by"] = f"benchmarks/{name}.py"
            results.setdefault("origin", {})[part] = origin()


def with_range(values, digits=0):
    """Return the median of values with their range, as text."""
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def plus_minus(values, digits=1):
    """Return the mean of values ± their deviation, as text; a single value alone."""
    mean = f"{np.mean(values):.{digits}f}"
    if len(values) < 2:
        return mean
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}"


def table(head, rows):
    """Return a table in Markdown: its head, and rows of cells, as lines."""
    lines = ["| " + " | ".join(map(str, head)) + " |", "|---" * len(head) + "|"]
    return [*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows), ""]


def begun(name, origin, whole):
    """Return results to fill in: new ones for the `whole`, else the stored ones.

    The parts that are kept count as measured with this `origin`: SystemExit if the
    stored results have another.
    """
    if whole:
        return dict(origin)
    results = load(name)
    other = [key for key in origin if results.get(key) != origin[key]]
    if other:
        raise SystemExit(
            f"The stored results have another {', '.join(other)}: measure all "
            f"parts, without --part."
        )
    return results


def tensorflow_python():
    """Return the Python of TensorFlow's virtual environment, made at the first call."""
    return python_with(TENSORFLOW)


def python_with(requirement, ours=False):
    """Return the Python of a virtual environment with `requirement`, as in "a==1".

    It is made at the first call; with `ours`, it finds what is installed here, too,
    such as the same torch. CalledProcessError if pip fails.
    """
    folder = Path(pooch.os_cache("bigmodel_lab")) / requirement.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"installing {requirement} in its own virtual environment", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        if ours:
            here = sysconfig.get_path("purelib")
            scheme = {"base": str(folder), "platbase": str(folder)}
            path = Path(sysconfig.get_path("purelib", "venv", scheme)) / "ours.pth"
            path.write_text(f"import site; site.addsitedir({here!r})\n")
        subprocess.run([python, "-m", "pip", "install", "-qq", requirement], check=True)
        (folder / "ready").touch()  # an interrupted installation is started over
    return python
