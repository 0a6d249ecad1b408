"""The training script of chapter 10: the same weights, whoever starts it."""

import os
import re
import socket
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from bigmodel_lab.authoring import notebooks
from bigmodel_lab.launching import launch

pytestmark = pytest.mark.timeout(180)
SOURCE = notebooks.notebooks_folder() / "source" / "10_machines.py"
FILE = re.compile(r"%%capture\n%%writefile (?:-a )?\{folder\}/(\w+\.py)\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the files that the chapter writes, and random poems."""
    folder = tmp_path_factory.mktemp("chapter")
    for cell in notebooks.code_cells(notebooks.build(SOURCE)):
        if name := FILE.match(cell.source):
            with open(folder / name[1], "a", encoding="utf-8") as file:
                file.write(cell.source[name.end() :] + "\n")
    torch.save(torch.randint(0, 50, (2048, 34)), folder / "poems.pt")
    return folder


@pytest.fixture(scope="module")
def alone(folder):
    """Return the weights that one process ends with, by plain python."""
    run([sys.executable, "train.py"], folder)
    return weights(folder, "by hand, 1")


def run(command, folder, **variables):
    """Run a command in the folder; a failure shows what it said."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | variables
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def weights(folder, name):
    """Return the weights of a run, and remove its file."""
    path = folder / f"{name}.pt"
    found = torch.load(path)["weights"]
    path.unlink()
    return found


def by_torchrun(folder):
    assert launch(folder / "train.py", 2).count("2 process(es)") == 2


def by_accelerate(folder):
    if find_spec("accelerate") is None:
        pytest.skip("needs accelerate")
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    command += ["--num_processes=2", "--num_machines=1", "--mixed_precision=no"]
    command += ["--dynamo_backend=no", "--main_process_port=0", "train.py"]
    run(command, folder)


def by_slurm(folder):
    """Start two processes with the variables that srun sets, and sbatch's two lines."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "SLURM_NTASKS": "2"}
    command = [sys.executable, "train.py"]
    environment = os.environ | common | {"SLURM_PROCID": "1", "OMP_NUM_THREADS": "1"}
    other = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        run(command, folder, SLURM_PROCID="0", **common)
        assert other.wait(timeout=60) == 0
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("start", [by_torchrun, by_accelerate, by_slurm])
def test_two_processes_end_with_the_weights_of_one(folder, alone, start):
    start(folder)
    for name in ("by hand, 2", "DDP, 2"):
        torch.testing.assert_close(
            weights(folder, name), alone, rtol=1e-3, atol=1e-5, msg=name
        )


def test_all_files_of_the_chapter_are_python(folder):
    names = {path.name for path in folder.glob("*.py")}
    assert names == {
        "start.py", "train.py", "traps.py", "speed.py", "cut.py", "restart.py",
    }  # fmt: skip
    for path in folder.glob("*.py"):
        compile(path.read_text(encoding="utf-8"), path.name, "exec")
