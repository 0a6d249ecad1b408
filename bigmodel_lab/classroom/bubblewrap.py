"""Whether bubblewrap can make the sandbox here; if not, why, and what to do."""

import re
import shutil
import subprocess
from pathlib import Path

SYSTEM = Path("/proc/sys")  # where Linux shows its settings
NEEDED = (0, 8, 0)  # --size came with 0.7.0, --disable-userns with 0.8.0
# docs/teaching.md has the same command.
PROFILE = (
    "printf '%s\\n' 'abi <abi/4.0>,' 'include <tunables/global>' "
    "'profile bwrap /usr/bin/bwrap flags=(unconfined) {' 'userns,' '}' "
    "| sudo tee /etc/apparmor.d/bwrap && "
    "sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)


def check(command: list[str]) -> None:
    """Raise RuntimeError, saying what to do, unless `command`, a bwrap's, works."""
    if not shutil.which("bwrap"):
        raise RuntimeError(
            "Grading runs learners' code in a sandbox, which needs bubblewrap: install "
            "the package bubblewrap (Linux). Without it, --no-sandbox runs their code "
            "as yourself, with your files and your network."
        )
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise RuntimeError(
            f'bubblewrap cannot make a sandbox here ("{said}"), {_reason(said)}'
        )


def _reason(said):
    """Return why bubblewrap failed, and what to do, from what it said."""
    version = _version()
    if version and version < NEEDED:
        return (
            f"because it is too old: the sandbox needs {_dotted(NEEDED)} or later, and "
            f"this is {_dotted(version)}. Debian 12 and Ubuntu 24.04 have a newer one; "
            "Ubuntu 22.04 has none: grade on a newer system."
        )
    for setting, number, more in (
        ("kernel/unprivileged_userns_clone", "0", "1"),
        ("user/max_user_namespaces", "0", "15000"),
    ):
        if _setting(setting) == number:
            name = setting.replace("/", ".")
            return (
                f"because {name} is {number}, which forbids user namespaces: run "
                f"sudo sysctl -w {name}={more}, and put {name}={more} into "
                "/etc/sysctl.d/60-bubblewrap.conf, so that it stays."
            )
    restricted = _setting("kernel/apparmor_restrict_unprivileged_userns") == "1"
    if restricted or re.search("uid map: Permission denied|RTM_NEWADDR", said):
        return (
            "because AppArmor forbids it user namespaces, as on Ubuntu 24.04: allow "
            f"them to bubblewrap alone, by this command: {PROFILE}"
        )
    return (
        "perhaps because the system forbids user namespaces, as most containers do: "
        "grade on the machine itself."
    )


def _version():
    """Return bubblewrap's version as numbers; nothing if it does not say."""
    done = subprocess.run(["bwrap", "--version"], capture_output=True, text=True)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else ()


def _dotted(version):
    """Return a version as it is written."""
    return ".".join(map(str, version))


def _setting(name):
    """Return a setting of the system; nothing where there is none."""
    try:
        return (SYSTEM / name).read_text().strip()
    except OSError:
        return ""
