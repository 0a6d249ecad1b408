"""The kernel that runs a learner's code behind the walls, and the guard that ends it.

The guard looks five times a second how long it has run and what its processes use.
Where systemd gives a user's programs limits of their own, it holds the memory, too.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Bool, Instance, Tuple, Unicode

from bigmodel_lab.classroom import sandbox
from bigmodel_lab.classroom.sandbox import Limits
from bigmodel_lab.exercises import IN_SANDBOX

CONNECTION = "connection.json"
GUARD_SECONDS = 0.2  # between two checks by the guard
MOST_SOCKETS = 100


class SandboxedKernel(AsyncKernelManager):
    """A kernel behind walls, reached through sockets in a folder of its own.

    `folder` holds `arguments/`, which it may read, and `sockets/`, which it may write
    into; of the cached data files it sees all but those `hidden`. `stopped` says why
    the guard ended it, or is empty.
    """

    folder = Instance(Path)
    limits = Instance(Limits)
    hidden = Tuple()
    walls = Bool(True)
    stopped = Unicode()

    def __init__(self, **options):
        super().__init__(**options)
        self.transport = "ipc"  # it has a network of its own, with no way to ours
        self.ip = str(self.folder / "sockets" / "kernel")
        self.connection_file = str(self.folder / CONNECTION)

    @property
    def kernel_spec(self):
        """Return what to start; interrupted by message: a signal would end bwrap."""
        python, file = sys.executable, self.connection_file
        if self.walls:
            python, file = sandbox.python(), f"{sandbox.ARGUMENTS}/{CONNECTION}"
        argv = [python, "-m", "ipykernel_launcher", "-f", file]
        # IPython's own `exit` would end the kernel, after the cell.
        argv += ["--IPKernelApp.exec_lines=from sys import exit; quit = exit"]
        return KernelSpec(argv=argv, language="python", interrupt_mode="message")

    def format_kernel_cmd(self, extra_arguments=None):
        """Return the command, behind the walls and under the limits of a process."""
        limits = self.limits
        caps = ["prlimit", f"--data={limits.memory:.0f}", f"--fsize={limits.disk:.0f}"]
        caps += ["--core=0", f"--nofile={limits.descriptors}"]
        command = [*caps, *super().format_kernel_cmd(extra_arguments)]
        if not self.walls:
            return command
        # The same connection, by the path that the folder has inside.
        connection = json.loads(Path(self.connection_file).read_text())
        connection["ip"] = f"{sandbox.SOCKETS}/kernel"
        inside = self.folder / "arguments" / CONNECTION
        inside.write_text(json.dumps(connection))
        walls = sandbox.walls(self.folder, limits, self.hidden)
        return [*scope(limits.memory), *walls, *command]

    async def _async_launch_kernel(self, kernel_cmd, **options):
        arguments = {IN_SANDBOX: str(self.folder / "arguments")}
        # bwrap itself needs no more, so that nobody can read more out of it.
        env = _environment() if self.walls else options["env"] | arguments
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        await super()._async_launch_kernel(kernel_cmd, **options | quiet | {"env": env})
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
            disks = _disks(family) if self.walls else []
            used = sum(disk.f_frsize * (disk.f_blocks - disk.f_bfree) for disk in disks)
            files = sum(disk.f_files - disk.f_ffree for disk in disks)
            if time.monotonic() > deadline:
                self.stop(f"it ran for more than {limits.seconds:g} s")
            elif _memory(family) + used > limits.memory:
                self.stop(f"it took more than {limits.memory / 1e9:g} GB")
            elif files > limits.files:
                self.stop(f"it made more than {limits.files:,} files")
            elif len(family) > limits.processes:
                self.stop(f"it started more than {limits.processes} processes")
            elif _holds_files(self.folder / "sockets", family):
                self.stop("it wrote into the folder of its connection")
            time.sleep(GUARD_SECONDS)


def _environment():
    """Return what bwrap and systemd-run need of our environment."""
    needed = ("PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    return {name: os.environ[name] for name in needed if name in os.environ}


def scope(memory: float) -> tuple[str, ...]:
    """Return the command that limits memory by a cgroup; nothing where there is none.

    It counts what the guard cannot see, and between its looks.
    """
    command = ["systemd-run", "--user", "--scope", "--quiet"]
    command += ["-p", f"MemoryMax={memory:.0f}", "-p", "MemorySwapMax=0", "--"]
    if not shutil.which(command[0]):
        return ()
    done = subprocess.run([*command, "true"], capture_output=True, env=_environment())
    return () if done.returncode else tuple(command)


def _family(pid):
    """Return a process and all its descendants; nothing once it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _disks(family):
    """Return how full the sandbox's disks are, as its own processes see them."""
    with suppress(OSError, IndexError):  # it has not started yet, or has just ended
        root = f"/proc/{family[1].pid}/root"
        return [os.statvfs(f"{root}{place}") for place in sandbox.DISKS]
    return []


def _holds_files(folder, family):
    """Tell whether there is more in a folder than a few sockets.

    The folder is on our disk, which the sandbox's limit does not cover: so it must stay
    empty. Deleted files count as long as a process of the `family` has them open.
    """
    for number, file in enumerate(folder.iterdir()):
        with suppress(FileNotFoundError):  # a kernel that ends removes its sockets
            if number > MOST_SOCKETS or not stat.S_ISSOCK(file.lstat().st_mode):
                return True
    inside = (f"{folder}/", f"{sandbox.SOCKETS}/")
    return any(target.startswith(inside) for target, _ in _open_files(family))


def _open_files(family):
    """Yield the open files of some processes: what each is, and a path to it."""
    for process in family:
        with suppress(OSError):
            for file in Path(f"/proc/{process.pid}/fd").iterdir():
                with suppress(OSError):
                    yield str(file.readlink()), file


def _memory(family):
    """Return the bytes of memory of some processes; of shared memory, their share."""
    total, in_files = 0, {}
    for process in family:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    for target, file in _open_files(family):
        if target.startswith("/memfd:"):  # counted nowhere else unless it is mapped
            with suppress(OSError):
                found = file.stat()
                in_files[found.st_ino] = 512 * found.st_blocks
    return total + sum(in_files.values())
