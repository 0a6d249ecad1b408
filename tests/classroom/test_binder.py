"""Binder, without Docker: the recipe of its image, and what the recipe installs."""

import os
import re
import subprocess
import sys
import venv

import locks
import pytest
from packaging.specifiers import SpecifierSet

from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.datasets import fetching

BINDER = ROOT / "binder"
START = BINDER / "start"
MEMORY = 2_000  # MB, what Binder grants
SERVER = 150  # MB, what JupyterLab itself takes, rounded up
FORGOTTEN = ("CPU_LIMIT", "OMP_NUM_THREADS", "PYTHONPATH")
BASE = {"gettext-base", "less", "locales", "unzip"}  # Debian packages of every image


def run(*command, **environment):
    """Run a command in the checkout, as on a machine of its own; return its output."""
    inherited = {k: v for k, v in os.environ.items() if k not in FORGOTTEN}
    done = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout.strip()


@pytest.fixture(scope="module")
def recipe():
    """Return the Dockerfile that Binder would build."""
    options = ["--no-build", "--debug", "--Repo2Docker.default_buildpack=None"]
    return run(sys.executable, "-m", "repo2docker", *options, ROOT)


def test_the_image_has_a_python_that_the_library_supports(recipe):
    (version,) = re.findall(r"Building conda environment for python=(\S+)", recipe)
    assert f"python-{version}" == (BINDER / "runtime.txt").read_text().strip()
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    supported = re.search(r'^requires-python = "(.+)"', text, re.MULTILINE)[1]
    assert SpecifierSet(supported).contains(version)


def test_the_image_has_the_debian_packages_that_we_name(recipe):
    installs = re.findall(r"apt-get -qq install (.+?)> /dev/null", recipe, re.DOTALL)
    words = " ".join(installs).replace("\\", "").split()
    found = {word for word in words if not word.startswith("-")}
    named = BINDER / "apt.txt"
    wanted = named.read_text().split() if named.exists() else []
    assert found == BASE | set(wanted)


def test_the_image_takes_its_packages_from_the_pinned_requirements(recipe):
    """PyTorch comes first; the rest, which postBuild installs, needs the checkout."""
    steps = [
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "COPY --chown=0:0 src/ ",
        "RUN ./binder/postBuild",
        'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    ]
    places = [recipe.index(step) for step in steps]
    assert places == sorted(places)
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in lines
    (torch,) = locks.wanted(BINDER / "requirements.txt")
    assert torch.startswith("torch==")
    assert torch in locks.wanted(ROOT / "requirements.txt")


def test_post_build_fetches_files_that_there_are():
    text = (BINDER / "postBuild").read_text().replace("\\\n", "")
    assert os.access(BINDER / "postBuild", os.X_OK)
    assert re.search(r"^set -e$", text, re.MULTILINE)
    (names,) = re.findall(r"^python -m bigmodel_lab fetch (.+)$", text, re.MULTILINE)
    assert set(names.split()) <= set(fetching.FILES)


@pytest.mark.parametrize(
    ("limit", "threads"), [("1", 1), ("2.0", 2), ("1.5", 1), ("0.5", 1), (None, 1)]
)
def test_start_takes_as_many_threads_as_cpus_are_granted(limit, threads):
    environment = {} if limit is None else {"CPU_LIMIT": limit}
    assert run(START, "printenv", "OMP_NUM_THREADS", **environment) == str(threads)


def test_start_becomes_the_command_it_is_given():
    assert START.read_text().rstrip().endswith('\nexec "$@"')
    assert run(START, "printf", "%s|", "a b", "c") == "a b|c|"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Install what Binder installs into a fresh environment; return its Python.

    Where PyTorch's own index is out of reach, pip goes on without it, and would take
    the usual build with gigabytes of CUDA: the constraint makes that an error.
    """
    folder = tmp_path_factory.mktemp("binder")
    venv.create(folder, symlinks=True)
    interpreter = folder / "bin" / "python"
    (torch,) = locks.wanted(BINDER / "requirements.txt")
    constraints = folder / "constraints.txt"
    local = "+cpu" if sys.platform == "linux" else ""
    constraints.write_text(f"{torch}{local}\n")
    pip = [sys.executable, "-m", "pip", "--python", interpreter]
    first = ["install", "-c", constraints, "-r", "binder/requirements.txt"]
    run(*pip, *first, "--no-compile", "--quiet", PIP_RETRIES="0")
    script = (BINDER / "postBuild").read_text()
    steps = re.findall(r"^python -m pip (.+)$", script, re.MULTILINE)
    assert "--require-hashes" in steps[0]
    for step in steps:
        run(*pip, *step.split(), "--no-compile", "--quiet")
    run(*pip, "check")
    return interpreter


def test_one_cpu_means_one_thread(python):
    ask = "import torch; print(torch.get_num_threads(), torch.version.cuda)"
    assert run(START, python, "-c", ask, CPU_LIMIT="1") == "1 None"


def test_chapter_00_runs_in_the_memory_of_binder(python):
    notebook = "notebooks/00_start_here.ipynb"
    table = run(START, python, "benchmarks/chapters.py", notebook, CPU_LIMIT="1")
    megabytes = int(re.search(r"\| 00_start_here \| \d+ \| ([\d,]+) \|", table)[1])
    assert 200 < megabytes < MEMORY - SERVER
