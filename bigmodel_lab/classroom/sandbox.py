"""Where a learner's code runs while it is graded: a kernel inside bubblewrap.

It sees Python, the library without its solutions, the data files, and an empty folder
of its own; no network, no other submission, nothing of the course. A guard ends it when
it takes too long or uses too much memory.
"""

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
from bigmodel_lab.classroom import bubblewrap
from bigmodel_lab.datasets import fetching
from bigmodel_lab.exercises import IN_SANDBOX, SEEN_IN_SANDBOX

PACKAGE = Path(bigmodel_lab.__file__).parent
HOME = "/home/learner"
CONNECTION = "connection.json"
GUARD_SECONDS = 0.2  # between two checks by the guard
NAMESPACES = (
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--clearenv",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
)


@dataclass(frozen=True)
class Limits:
    """What one submission may use: bytes, seconds, processes, characters."""

    memory: float = 2e9
    seconds: float = 300
    cell_seconds: float = 60
    disk: float = 200e6
    processes: int = 64
    output: int = 20_000_000  # characters of all outputs

    def __post_init__(self):
        """Refuse limits under which nothing could run."""
        if self.memory < 5e8:
            raise ValueError(
                f"{self.memory / 1e9:g} GB are too little for Python and PyTorch: give "
                "a submission 0.5 GB or more."
            )
        if min(self.seconds, self.cell_seconds) <= 0:
            raise ValueError("A submission and its cells need more than 0 seconds.")


def check() -> None:
    """Raise RuntimeError, saying what to do, if there is no working bubblewrap."""
    bubblewrap.check([*walls(Path("/nonexistent")), "true"])


def walls(folder: Path, limits: Limits = Limits()) -> list[str]:
    """Return the bwrap command that shuts a process in; `folder` is its way out."""
    command = ["bwrap", *NAMESPACES, *_mounts(limits), *_covers(), *_shared(folder)]
    for name, value in _environment(folder).items():
        command += ["--setenv", name, value]
    # These two are in memory and unlimited: nothing may be written there.
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*command, "--chdir", HOME, "--"]


def _mounts(limits):
    """Return the options for small disks of its own, and for what it may read."""
    options = []
    for scratch in ("/dev/shm", "/tmp", HOME):
        options += ["--size", f"{limits.disk:.0f}", "--tmpfs", scratch]
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache"):
        if Path(path).is_symlink():
            options += ["--symlink", str(Path(path).readlink()), path]
        else:
            options += ["--ro-bind-try", path, path]
    prefixes = sorted({Path(p).resolve() for p in (sys.prefix, sys.base_prefix)})
    for path in (Path("/usr"), *prefixes, PACKAGE, fetching.cache_folder()):
        options += ["--ro-bind-try", str(path), str(path)]
    return options


def _covers():
    """Return the options that cover the chapters' exercises: they hold solutions."""
    folder = PACKAGE / "exercises"
    options = ["--tmpfs", str(folder)]
    for name in SEEN_IN_SANDBOX:
        seen = str(folder / name)
        options += ["--ro-bind", seen, seen]
    return [*options, "--remount-ro", str(folder)]


def _shared(folder):
    """Return the options for what it shares with us: sockets, arguments, fonts."""
    sockets, arguments = str(folder / "sockets"), str(folder / "arguments")
    options = ["--bind-try", sockets, sockets, "--ro-bind-try", arguments, arguments]
    # Without the list of fonts, a first figure would take ten seconds.
    for fonts in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        target = f"{HOME}/.cache/matplotlib/{fonts.name}"
        options += ["--ro-bind", str(fonts), target]
    return options


def _environment(folder):
    """Return its environment variables; it has no others."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": HOME,
        "USER": Path(HOME).name,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PACKAGE.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        IN_SANDBOX: str(folder / "arguments"),
    }


class SandboxedKernel(AsyncKernelManager):
    """A kernel behind walls, reached through sockets in a folder of its own.

    `folder` holds `arguments/`, which it may read, and `sockets/`; `stopped` says why
    the guard ended it, or is empty.
    """

    folder = Instance(Path)
    limits = Instance(Limits)
    walls = Bool(True)
    stopped = Unicode()

    def __init__(self, **options):
        super().__init__(**options)
        self.transport = "ipc"  # it has a network of its own, with no way to ours
        self.ip = str(self.folder / "sockets" / "kernel")
        self.connection_file = str(self.folder / "sockets" / CONNECTION)

    @property
    def kernel_spec(self):
        """Return what to start; interrupted by message: a signal would end bwrap."""
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
        options["env"] = options["env"] | {IN_SANDBOX: str(self.folder / "arguments")}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        await super()._async_launch_kernel(kernel_cmd, **options | quiet)
        threading.Thread(target=self._guard, daemon=True).start()

    def stop(self, why: str) -> None:
        """End the kernel and all that it started; `why` is kept in `stopped`."""
        self.stopped = self.stopped or why
        for member in _family(self.provisioner.pid):
            with suppress(psutil.NoSuchProcess):
                member.kill()

    def _guard(self):
        """End the kernel when it runs too long or its family uses too much."""
        limits, deadline = self.limits, time.monotonic() + self.limits.seconds
        while (family := _family(self.provisioner.pid)) and not self.stopped:
            if time.monotonic() > deadline:
                self.stop(f"it ran for more than {limits.seconds:g} s")
            elif sum(map(_memory, family)) > limits.memory:
                self.stop(f"it took more than {limits.memory / 1e9:g} GB")
            elif len(family) > limits.processes:
                self.stop(f"it started more than {limits.processes} processes")
            elif _holds_files(self.folder / "sockets", family):
                self.stop("it wrote into the folder of its connection")
            time.sleep(GUARD_SECONDS)


def _family(pid):
    """Return a process and all its descendants; nothing once it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _holds_files(folder, family):
    """Tell whether there is more in a folder than sockets and a small file.

    The folder is on our disk, which the sandbox's limit does not cover: so it must stay
    empty. Deleted files count as long as a process of the `family` has them open.
    """
    for file in folder.iterdir():
        with suppress(FileNotFoundError):  # a kernel that ends removes its sockets
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
    """Return the bytes of memory of a process; of shared ones, its share."""
    try:
        return process.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
