"""Drive a real JupyterLab in a real Chromium: start both, open and run notebooks."""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Error, expect, sync_playwright

CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome"]
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FOREIGN = re.compile(r"^(https?|wss?)://(?!127\.0\.0\.1[:/])")

# A server of its own: no news prompt, nothing saved, nothing of the user's changed.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
OWN_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "IPYTHONDIR": "ipython",
}
# Stops the server when its standard input closes: also when the tests are killed.
WATCHDOG = """
import subprocess, sys, threading
lab = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
def watch():
    sys.stdin.read()
    lab.terminate()
threading.Thread(target=watch, daemon=True).start()
sys.exit(lab.wait())
"""

CURRENT = "window.jupyterapp.shell.currentWidget"
NOTEBOOK = ".jp-NotebookPanel:not(.lm-mod-hidden)"
IDLE = f"""() => {{
    const kernel = {CURRENT}?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}}"""
ALL_HAVE_RUN = f"""() => {{
    const prompts = [...document.querySelectorAll(
        '{NOTEBOOK} .jp-CodeCell .jp-InputPrompt')];
    return prompts.length > 0 &&
        prompts.every(p => /^\\[\\d+\\]:?$/.test(p.textContent.trim()));
}}"""
EXECUTE = f"""async code => {{
    const kernel = {CURRENT}.sessionContext.session.kernel;
    const future = kernel.requestExecute({{code, store_history: false}});
    let text = '';
    future.onIOPub = message => {{
        if (message.header.msg_type === 'stream') text += message.content.text;
        if (message.header.msg_type === 'error')
            text += message.content.traceback.join('\\n');
    }};
    await future.done;
    return text;
}}"""


def find_chromium():
    """Return the path of Chromium, or None: BIGMODEL_LAB_CHROMIUM, else the PATH."""
    given = os.environ.get("BIGMODEL_LAB_CHROMIUM")
    return (
        shutil.which(given)
        if given
        else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    )


@contextlib.contextmanager
def jupyterlab(root, home):
    """Start JupyterLab on a free loopback port; yield (address, token).

    It serves the folder `root` and keeps its own files in the folder `home`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base, token = f"http://127.0.0.1:{port}", secrets.token_hex(8)
    overrides = home / "config" / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(SETTINGS))
    environment = os.environ | {k: str(home / v) for k, v in OWN_FOLDERS.items()}
    environment.pop("TQDM_DISABLE", None)  # as a learner has it
    command = [
        *[sys.executable, "-c", WATCHDOG],
        *[sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"],
        *["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"],
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True",
    ]
    log = home / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(f"{base}/api/status?token={token}", server, log)
        yield base, token
    finally:
        server.stdin.close()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_for(address, server, log, seconds=90):
    """Wait until the server answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(address, timeout=5) as answer:
                answer.read()
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")


@contextlib.contextmanager
def chromium(executable):
    """Start Chromium and yield Playwright's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM_OPTIONS
        )
        yield browser
        browser.close()
