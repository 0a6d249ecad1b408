"""The walls around a learner's code while it is graded, made of bubblewrap.

It sees Python, the library without its solutions, the data files, and an empty folder
of its own; no network, no other submission, nothing of the course, and no process or
path of ours.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib

import bigmodel_lab
from bigmodel_lab.classroom import bubblewrap
from bigmodel_lab.datasets import fetching
from bigmodel_lab.exercises import IN_SANDBOX, SEEN_IN_SANDBOX

PACKAGE = Path(bigmodel_lab.__file__).parent
# Where things are in the sandbox.
HOME, PYTHON, PACKAGES, LIBRARY = "/home/learner", "/python", "/packages", "/library"
DATA, ARGUMENTS, SOCKETS = "/data", "/arguments", "/sockets"
DISKS = ("/dev/shm", "/tmp", HOME)  # in memory
NAMESPACES = (
    "--as-pid-1",  # no bwrap inside, whose memory holds our paths
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--clearenv",
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
    files: int = 20_000  # on all its disks
    processes: int = 64
    descriptors: int = 128  # of open files, for each process
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


def walls(
    folder: Path, limits: Limits = Limits(), hidden: Sequence[str] = ()
) -> list[str]:
    """Return the bwrap command that shuts a process in.

    It sees nothing but what is mounted, at places that say nothing of ours. `folder` is
    its way out; of the cached data files it sees all but those `hidden`.
    """
    mounts = [*_disks(limits), *_system(), *_library(), *_data(hidden)]
    command = ["bwrap", *NAMESPACES, *mounts, *_shared(folder)]
    for name, value in _environment().items():
        command += ["--setenv", name, value]
    # These are in memory and unlimited: nothing may be written there.
    for place in ("/proc", "/dev", "/"):
        command += ["--remount-ro", place]
    return [*command, "--chdir", HOME, "--"]


def python() -> str:
    """Return the path of Python as the sandbox has it."""
    name = f"bin/python{sys.version_info.major}.{sys.version_info.minor}"
    return f"{PYTHON if _elsewhere() else sys.base_prefix}/{name}"


def _elsewhere():
    """Tell whether Python is in a folder of its own, not the system's."""
    return not Path(sys.base_prefix).resolve().is_relative_to("/usr")


def _packages():
    """Return the folders of installed packages that Python would not find by itself."""
    own = ("/usr", str(Path(sys.base_prefix).resolve()))
    found = (Path(path).resolve() for path in sys.path if path)
    return [
        path
        for path in dict.fromkeys(found)
        if path.name in ("site-packages", "dist-packages")
        and not any(path.is_relative_to(place) for place in own)
    ]


def _disks(limits):
    """Return the options for small disks of its own."""
    options = []
    for scratch in (*DISKS, "/proc"):
        options += ["--size", f"{limits.disk:.0f}", "--tmpfs", scratch]
    return options


def _system():
    """Return the options for the system and Python, to be read only.

    Of /proc there are only facts about the machine: the rest would show our paths, and
    what surrounds the sandbox.
    """
    options = []
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache"):
        if Path(path).is_symlink():
            options += ["--symlink", str(Path(path).readlink()), path]
        else:
            options += ["--ro-bind-try", path, path]
    for path in ("/usr", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"):
        options += ["--ro-bind", path, path]
    if _elsewhere():
        options += ["--ro-bind", sys.base_prefix, PYTHON]
    return options


def _library():
    """Return the options for packages and our own, without the exercises' solutions."""
    options = []
    for number, path in enumerate(_packages()):
        options += ["--ro-bind", str(path), f"{PACKAGES}/{number}"]
        if (path / PACKAGE.name).is_dir():  # an installed copy has the solutions, too
            options += ["--tmpfs", f"{PACKAGES}/{number}/{PACKAGE.name}"]
    ours = f"{LIBRARY}/{PACKAGE.name}"
    options += ["--ro-bind", str(PACKAGE), ours, "--tmpfs", f"{ours}/exercises"]
    for name in SEEN_IN_SANDBOX:
        options += ["--ro-bind", str(PACKAGE / "exercises" / name)]
        options += [f"{ours}/exercises/{name}"]
    return [*options, "--remount-ro", f"{ours}/exercises"]


def _data(hidden):
    """Return the options for the cached data files."""
    options, cache = [], fetching.cache_folder()
    for file in sorted(cache.iterdir()) if cache.is_dir() else ():
        if file.is_file() and file.name not in hidden:
            # Try: a file that somebody is fetching is gone under this name any moment.
            options += ["--ro-bind-try", str(file), f"{DATA}/{file.name}"]
    return options


def _shared(folder):
    """Return the options for what it shares with us: sockets, arguments, fonts."""
    options = ["--bind-try", str(folder / "sockets"), SOCKETS]
    options += ["--ro-bind-try", str(folder / "arguments"), ARGUMENTS]
    # Without the list of fonts, a first figure would take ten seconds.
    for fonts in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        target = f"{HOME}/.cache/matplotlib/{fonts.name}"
        if str(Path.home()) not in fonts.read_text():  # it may name a folder of ours
            options += ["--ro-bind", str(fonts), target]
    return options


def _environment():
    """Return its environment variables; it has no others."""
    packages = [f"{PACKAGES}/{number}" for number, _ in enumerate(_packages())]
    return {
        "PATH": f"{Path(python()).parent}:/usr/bin:/bin",
        "LD_LIBRARY_PATH": f"{PYTHON}/lib",
        "HOME": HOME,
        "USER": Path(HOME).name,
        "LANG": "C.UTF-8",
        "PYTHONPATH": ":".join([LIBRARY, *packages]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "JOBLIB_MULTIPROCESSING": "0",  # its processes look each other up in /proc
        "BIGMODEL_LAB_CACHE": DATA,
        IN_SANDBOX: ARGUMENTS,
    }
