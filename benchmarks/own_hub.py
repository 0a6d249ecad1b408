"""A JupyterHub on this machine only, for a benchmark: started, and shut down with care.

The hub and its proxy have their own environments, made at the first call; the
learners' servers and kernels are those of the workbook's environment.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pooch
import psutil
import requests
from stored import python_with

from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.datasets.fetching import cache_folder

# The major version in The Littlest JupyterHub 2 and the JupyterHub chart 4.
HUB, PROXY = "jupyterhub==5.5.4", "configurable-http-proxy@5.3.0"
# The server is the workbook's, as on a real hub; from the hub's environment it takes
# only what it lacks.
SERVER = (
    "import sys; sys.path.append({!r}); from jupyterhub.singleuser import main; main()"
)
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_port = {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = {password!r}
c.SharedPasswordAuthenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = {command!r}
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
c.Spawner.environment = {environment!r}
"""


def install():
    """Return the Python of the hub and the path of its proxy, made at the first call.

    SystemExit if Node.js is missing or a package cannot be fetched.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise SystemExit(
            "The hub's proxy needs Node.js, and node or npm was not found: install "
            "both (on Debian and Ubuntu: sudo apt install nodejs npm), then try again."
        )
    folder = Path(pooch.os_cache("bigmodel_lab")) / PROXY.replace("@", "-")
    proxy = folder / "node_modules" / ".bin" / PROXY.partition("@")[0]
    try:
        python = python_with(HUB)
        if not proxy.exists():
            print(f"installing {PROXY} in its own folder", flush=True)
            npm = ["npm", "install", "--silent", "--prefix", folder, PROXY]
            subprocess.run(npm, check=True)
    except subprocess.CalledProcessError as error:
        raise SystemExit(
            f"The hub could not be installed ({error}). Check the network, and the "
            f"proxy and mirror set for pip and npm; then try again."
        ) from error
    return python, proxy


@contextlib.contextmanager
def hub(python, proxy, learners):
    """Start a hub in a folder of its own; yield its URL, its password and the folder.

    Each learner's home has a copy of the notebooks. Every process that works in the
    folder ends with the hub.
    """
    with contextlib.ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(folder)).resolve()
        for number in range(learners):
            home = folder / "homes" / f"learner{number}" / "workbook"
            shutil.copytree(ROOT / "notebooks", home / "notebooks")
            shutil.copy(ROOT / "pyproject.toml", home)
        [packages] = python.parent.parent.glob("lib/python*/site-packages")
        root = ["--allow-root"] if os.geteuid() == 0 else []
        settings = {
            "ports": free_ports(3),
            "proxy": str(proxy),
            "password": secrets.token_urlsafe(),
            "homes": str(folder / "homes"),
            "command": [sys.executable, "-c", SERVER.format(str(packages)), *root],
            "environment": {
                "OMP_NUM_THREADS": "1",
                "BIGMODEL_LAB_CACHE": str(cache_folder()),
            },
        }
        (folder / "jupyterhub_config.py").write_text(CONFIG.format(**settings))
        (folder / "jupyterhub_config.py").chmod(0o600)
        url = f"http://127.0.0.1:{settings['ports'][0]}"
        log = stack.enter_context((folder / "hub.log").open("w"))
        process = subprocess.Popen(
            [python, "-m", "jupyterhub"],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is ours: the hub ends below
        )
        stack.callback(process.wait)
        stack.callback(end_processes, folder)
        stack.callback(process.terminate)  # the last callback runs first
        while not _answers(f"{url}/hub/health"):
            if process.poll() is not None:
                said = (folder / "hub.log").read_text()[-2000:]
                raise SystemExit(f"The hub ended before it was ready. Its log:\n{said}")
            time.sleep(0.2)
        yield url, settings["password"], folder


def free_ports(count):
    """Return ports on this machine that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _answers(url):
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(url, timeout=10).ok
    return False


def processes(folder):
    """Return the processes that work in `folder` or below: the hub and all its own."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def end_processes(folder, grace=15):
    """Give whatever still works in `folder` `grace` seconds to end, then kill it."""
    psutil.wait_procs(processes(folder), timeout=grace)
    while left := processes(folder):
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=5)
