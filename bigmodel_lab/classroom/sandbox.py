"""Where a learner's code runs while it is graded: a kernel inside bubblewrap.

It sees Python, the library without its solutions, the data files, and an empty folder
of its own; no network, no other submission, nothing of the course. A guard ends it when
it takes too long or too much memory.
"""

import shutil
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Bool, Instance, Unicode

import bigmodel_lab
from bigmodel_lab.datasets import fetching
from bigmodel_lab.exercises.core import HANDOVER

HOME = "/home/learner"
CONNECTION = "connection.json"
GUARD_SECONDS = 0.2  # between two looks of the guard


@dataclass(frozen=True)
class Limits:
    """What one submission may take: bytes, seconds, processes, characters."""

    memory: float = 2e9
    seconds: float = 300
    cell_seconds: float = 60
    disk: float = 200e6
    processes: int = 64
    output: int = 20_000_000  # characters of all outputs

    def __post_init__(self):
        """Refuse limits under which nothing runs."""
        if self.memory < 5e8:
            raise ValueError(
                f"{self.memory / 1e9:g} GB are too little for Python and PyTorch: give "
                "a submission 0.5 GB or more."
            )
        if min(self.seconds, self.cell_seconds) <= 0:
            raise ValueError("A submission and its cells need more than 0 seconds.")


def check():
    """Raise RuntimeError, saying what to do, if there is no working bubblewrap."""
    if not shutil.which("bwrap"):
        raise RuntimeError(
            "Grading runs learners' code in a sandbox, and bubblewrap is not here: "
            "install the package bubblewrap (Linux). Without it --no-sandbox runs "
            "their code as yourself, with your files and your network."
        )
    done = subprocess.run(
        [*walls(Path("/nonexistent")), "true"], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(
            "bubblewrap cannot make a sandbox here, perhaps as the system forbids "
            f"user namespaces: {done.stderr.strip()}"
        )


def walls(folder, limits=Limits()):
    """Return the bwrap command that shuts a process in; `folder` is its way out."""
    package = Path(bigmodel_lab.__file__).parent
    prefixes = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix)}
    seen = [Path("/usr"), *sorted(prefixes), package, fetching.cache_folder()]
    command = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns"]
    command += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--clearenv", "--proc", "/proc", "--dev", "/dev"]
    for scratch in ("/dev/shm", "/tmp", HOME):
        command += ["--size", f"{limits.disk:.0f}", "--tmpfs", scratch]
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache"):
        if Path(path).is_symlink():
            command += ["--symlink", str(Path(path).readlink()), path]
        else:
            command += ["--ro-bind-try", path, path]
    for path in seen:
        command += ["--ro-bind-try", str(path), str(path)]
    judged = package / "exercises"
    command += ["--tmpfs", str(judged)]  # over the chapters' modules: the solutions
    for module in ("__init__.py", "core.py"):
        command += ["--ro-bind", str(judged / module), str(judged / module)]
    command += ["--remount-ro", str(judged)]
    for how, name in (("--bind-try", "sockets"), ("--ro-bind-try", "arguments")):
        command += [how, str(folder / name), str(folder / name)]
    # Without the list of fonts, a first figure would take ten seconds.
    for fonts in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        place = f"{HOME}/.cache/matplotlib/{fonts.name}"
        command += ["--ro-bind", str(fonts), place]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": HOME,
        "USER": Path(HOME).name,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(package.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        HANDOVER: str(folder / "arguments"),
    }
    for name, value in environment.items():
        command += ["--setenv", name, value]
    for filled in ("/dev", "/"):  # in memory: what could be written would count nowhere
        command += ["--remount-ro", filled]
    return [*command, "--chdir", HOME, "--"]


class SandboxedKernel(AsyncKernelManager):
    """A kernel behind walls, reached by sockets in a folder of its own.

    `folder` holds `arguments/`, which it may read, and `sockets/`; `stopped` says why
    the guard ended it, or is empty.
    """

    folder = Instance(Path)
    limits = Instance(Limits)
    walls = Bool(True)
    stopped = Unicode()

    def __init__(self, **options):
        super().__init__(**options)
        self.transport = "ipc"  # a network of its own has no way to ours
        self.ip = str(self.folder / "sockets" / "kernel")
        self.connection_file = str(self.folder / "sockets" / CONNECTION)

    @property
    def kernel_spec(self):
        """Return what to start; interrupted by message, as a signal would end bwrap."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        # IPython's own `exit` would end the kernel, after the cell.
        argv += ["--IPKernelApp.exec_lines=from sys import exit; quit = exit"]
        return KernelSpec(argv=argv, language="python", interrupt_mode="message")

    def format_kernel_cmd(self, extra_arguments=None):
        """Return the command, behind the walls and under the limits of a process."""
        memory, disk = (f"{x:.0f}" for x in (self.limits.memory, self.limits.disk))
        caps = ["prlimit", f"--data={memory}", f"--fsize={disk}", "--core=0"]
        around = walls(self.folder, self.limits) if self.walls else []
        return [*around, *caps, *super().format_kernel_cmd(extra_arguments)]

    async def _async_launch_kernel(self, kernel_cmd, **options):
        options["env"] = options["env"] | {HANDOVER: str(self.folder / "arguments")}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        await super()._async_launch_kernel(kernel_cmd, **options | quiet)
        threading.Thread(target=self._guard, daemon=True).start()

    def stop(self, why):
        """End the kernel and all that it started; `why` is kept in `stopped`."""
        self.stopped = self.stopped or why
        for member in _family(self.provisioner.pid):
            with suppress(psutil.NoSuchProcess):
                member.kill()

    def _guard(self):
        """End the kernel when it takes too long, or all of it too much memory."""
        limits, deadline = self.limits, time.monotonic() + self.limits.seconds
        while (family := _family(self.provisioner.pid)) and not self.stopped:
            if time.monotonic() > deadline:
                self.stop(f"it ran for more than {limits.seconds:g} s")
            elif sum(map(_memory, family)) > limits.memory:
                self.stop(f"it took more than {limits.memory / 1e9:g} GB")
            elif len(family) > limits.processes:
                self.stop(f"it started more than {limits.processes} processes")
            elif _strange(self.folder / "sockets", family):
                self.stop("it wrote into the folder of its connection")
            time.sleep(GUARD_SECONDS)


def _family(pid):
    """Return a process and all that it started, and they; nothing when it ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _strange(folder, family):
    """Tell whether there is more in a folder than sockets and a small file.

    It lies outside of the sandbox, whose disk is small: this one must stay empty. Files
    that were deleted count as long as a process of the `family` has them open.
    """
    for file in folder.iterdir():
        with suppress(FileNotFoundError):  # a kernel that ends takes its sockets along
            found = file.lstat()
            own = file.name == CONNECTION and found.st_size < 10_000
            if not own and not stat.S_ISSOCK(found.st_mode):
                return True
    for process in family:
        with suppress(OSError):
            for file in Path(f"/proc/{process.pid}/fd").iterdir():
                with suppress(OSError):
                    if str(file.readlink()).startswith(f"{folder}/"):
                        return True
    return False


def _memory(process):
    """Return the bytes of memory of a process, its share where others have them too."""
    try:
        return process.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
