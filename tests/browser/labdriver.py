"""Drive a real JupyterLab in a real Chromium: start both, open and run notebooks."""

import contextlib
import json
import math
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

import nbformat
from playwright.sync_api import expect, sync_playwright

from bigmodel_lab.doctor import CHROMIUM_NAMES

ARTIFACTS = Path(__file__).parents[1] / "artifacts"  # screenshots, ignored by git
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FOREIGN = re.compile(r"^https?://(?!127\.0\.0\.1[:/])")

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
# How many code cells there are, folded ones too, and how many have run.
CELLS_RUN = f"""() => {{
    const cells = [...{CURRENT}.content.model.cells].filter(c => c.type === 'code');
    const run = cells.filter(
        c => c.executionCount !== null && c.executionState !== 'running');
    return [cells.length, run.length];
}}"""
PATIENCE = 300  # seconds without any progress: a load of 12 on 2 cores is borne
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


def serve(lab, name, cells):
    """Put a notebook with these code cells beside those that are served."""
    base, token = lab
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    request = urllib.request.Request(
        f"{base}/api/contents/{name}?token={token}",
        data=json.dumps({"type": "notebook", "content": book}).encode(),
        method="PUT",
    )
    urllib.request.urlopen(request).close()


class Notebook:
    """A notebook open in JupyterLab, in a browser that reaches nothing but the server.

    `page_errors` and `foreign_requests` list what must not happen.
    """

    def __init__(self, browser, lab, path):
        self.base, self.token = lab
        self.path = path
        self.page_errors, self.foreign_requests = [], []
        self.context = browser.new_context(
            viewport={"width": 1400, "height": 1000}, device_scale_factor=2
        )
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.context.route(FOREIGN, self._refuse)
        self.page = self.context.new_page()
        self.page.set_default_timeout(120_000)
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        # ?reset: the layout of another test's notebook must not come back.
        self.page.goto(f"{self.base}/lab/tree/{path}?token={self.token}&reset")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")
        self.page.wait_for_selector(f"{NOTEBOOK} .jp-Notebook .jp-Cell")
        self.wait_until_idle()

    def _refuse(self, route):
        self.foreign_requests.append(route.request.url)
        route.abort()

    def locator(self, selector, **options):
        """Return Playwright's locator in this notebook."""
        return self.page.locator(f"{NOTEBOOK} {selector}", **options)

    def wait_until_idle(self):
        """Wait until the kernel is connected and has nothing to do."""
        self.page.wait_for_function(IDLE, timeout=1000 * PATIENCE)

    def wait_while(self, unfinished, what):
        """Wait as long as `unfinished()` is true, and changes now and then.

        No clock says how long a busy machine may take; one that stands still fails.
        """
        before, end = None, math.inf
        while now := unfinished():
            if now != before:
                before, end = now, time.monotonic() + PATIENCE
            assert time.monotonic() < end, f"{what} stands still at {now}"
            self.page.wait_for_timeout(100)

    def run_all(self):
        """Run all cells through the menu and wait for the last."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
        self.page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        self.wait_while(self._cells_left, "the notebook")
        self.wait_until_idle()

    def _cells_left(self):
        """Return how many code cells have not run yet."""
        assert self.error_outputs() == []  # JupyterLab runs no cell after it
        cells, run = self.page.evaluate(CELLS_RUN)
        return cells - run if cells else "no cells"

    def close(self):
        """Close the page, and shut down its kernel, which holds up to 1 GB."""
        self.context.close()
        sessions = f"{self.base}/api/sessions"
        with urllib.request.urlopen(f"{sessions}?token={self.token}") as answer:
            for session in json.load(answer):
                if session["path"] == self.path:
                    address = f"{sessions}/{session['id']}?token={self.token}"
                    request = urllib.request.Request(address, method="DELETE")
                    urllib.request.urlopen(request).close()

    def run_cell(self, cell):
        """Run one cell, given by a locator, as Shift+Enter does."""
        editor = cell.locator(".cm-content")
        editor.click()
        editor.press("Shift+Enter")

    def write_cell(self, cell, code):
        """Replace a cell's code, without the editor's own brackets and indents."""
        editor = cell.locator(".cm-content")
        editor.click()
        editor.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(code)

    def answer(self, function, code):
        """Write and run the cell of the exercise `function`; return its output."""
        cell = self.locator(".jp-CodeCell", has_text=f"def {function}(")
        self.write_cell(cell, code)
        self.run_cell(cell)
        return cell.locator(".jp-OutputArea")

    def execute(self, code):
        """Run code in the kernel, outside all cells; return what it prints."""
        return self.page.evaluate(EXECUTE, code).strip()

    def wait_for(self, code, text, seconds=20):
        """Wait until the code prints the text: the kernel may be a moment behind."""
        end = time.monotonic() + seconds
        while (printed := self.execute(code)) != text:
            assert time.monotonic() < end, f"{code} printed {printed!r}, not {text!r}"
            self.page.wait_for_timeout(50)

    def error_outputs(self):
        """Return the texts of the outputs that are errors."""
        mime = "application/vnd.jupyter.error"
        return self.locator(f'[data-mime-type="{mime}"]').all_text_contents()

    def close_sidebar(self):
        """Give the notebook the room of the file browser."""
        if self.page.locator("#jp-left-stack").is_visible():
            self.page.evaluate(
                "window.jupyterapp.commands.execute('application:toggle-left-area')"
            )

    def set_width(self, width):
        """Make the window `width` pixels wide."""
        if self.page.viewport_size["width"] != width:
            self.page.set_viewport_size({"width": width, "height": 1000})
            self.page.wait_for_timeout(500)  # the charts follow after a moment

    def use_theme(self, name):
        """Change JupyterLab's theme, as in "JupyterLab Dark"."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute("
            "'apputils:change-theme', {theme})",
            name,
        )
        themed = self.page.locator(f'body[data-jp-theme-name="{name}"]')
        themed.wait_for(state="attached")
        self.page.wait_for_timeout(500)

    def picture(self, name, locator=None):
        """Save a screenshot of the page, or of one element, among the artifacts."""
        ARTIFACTS.mkdir(exist_ok=True)
        (locator or self.page).screenshot(path=ARTIFACTS / f"{name}.png")


class Panel:
    """A `TuningPanel` on the page; the kernel knows it as `panel`."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.longest = int(self.notebook.execute("print(panel.controls['epochs'].max)"))
        self.box = notebook.locator(".lab-panel").first  # of a chapter's panels
        self.train, self.stop = self.part("train"), self.part("stop")
        self.status, self.progress = self.part("status"), self.part("progress")
        self.curves = self.box.locator(".lab-chart path.line")
        self.rows = self.box.locator(".lab-runs tr:has(td)")

    def part(self, name):
        """Return the locator of the part with the CSS class lab-`name`."""
        return self.box.locator(f".lab-{name}")

    def reset(self):
        """Press Reset and wait until no run is left."""
        self.notebook.execute(f"panel.controls['epochs'].max = {self.longest}")
        self.part("reset").click()
        self.notebook.execute("")  # done after it: the sliders stand at the start again
        expect(self.status).to_contain_text("Ready")
        expect(self.curves).to_have_count(0)

    def set(self, name, value):
        """Type a value into a slider's read-out."""
        readout = self.part(name).locator(".widget-readout")
        readout.click()
        readout.fill(str(value))
        readout.press("Enter")

    def run(self, **settings):
        """Train with these settings to the end and return the status."""
        for name, value in settings.items():
            self.set(name.replace("_", "-"), value)
        before = self.rows.count()
        self.train.click()
        expect(self.rows).to_have_count(before + 1)
        self.notebook.wait_while(
            lambda: self.train.is_disabled() and self.status.text_content(), "the panel"
        )
        return self.status.text_content()

    def start_long_run(self):
        """Start a run that lasts longer than any test watches it."""
        self.notebook.execute("panel.controls['epochs'].max = 20_000")
        self.set("epochs", 20_000)
        self.train.click()
        expect(self.status).to_contain_text("Epoch")

    def shape(self, curve=0):
        """Return a curve's path in the SVG chart."""
        return self.curves.nth(curve).get_attribute("d")


class Explorer:
    """An `Explorer` on the page, found by the question above it."""

    def __init__(self, notebook, question):
        self.notebook, self.page = notebook, notebook.page
        self.box = notebook.locator(".lab-explorer", has_text=question)
        self.answer = self.box.locator(".lab-answer")
        self.lines = self.box.locator(".lab-chart path.line")

    def readout(self, slider):
        """Return the number that a slider shows."""
        text = self.box.locator(f".lab-{slider} .widget-readout").text_content()
        return float(text.replace("\N{MINUS SIGN}", "-"))

    def moves(self, slider, before):
        """Wait until the slider shows another number than `before`, and return it."""
        return self._other(lambda: self.readout(slider), before, f"slider {slider}")

    def _other(self, read, before, name):
        """Wait until what is read is not what it was before, and return it."""
        for _ in range(100):
            if (now := read()) != before:
                return now
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the {name} has not changed within 5 s")

    def press(self, slider, key, times=1):
        """Move a slider by the keyboard."""
        handle = self.box.locator(f".lab-{slider} .noUi-handle")
        self.notebook.wait_until_idle()  # an answer that is drawn may move the focus
        handle.focus()
        for _ in range(times):
            self.page.keyboard.press(key)
        if limit := {"End": "aria-valuemax", "Home": "aria-valuemin"}.get(key):
            end = handle.get_attribute(limit)
            expect(handle).to_have_attribute("aria-valuenow", end)

    def choose(self, name, option):
        """Choose from a dropdown."""
        self.box.locator(f".lab-{name} select").select_option(option)

    def picture(self):
        """Return the paths of all lines in the SVG chart."""
        return self.lines.evaluate_all("lines => lines.map(l => l.getAttribute('d'))")

    def drag(self, right, down):
        """Drag the chart's handle with the mouse by so many pixels."""
        self.notebook.wait_until_idle()  # the handle stands where it is drawn last
        handle = self.box.locator(".lab-chart .dot").first
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + right, y + down, steps=5)
        self.page.mouse.up()

    def changes(self, before):
        """Wait until the picture is another one than `before`, and return it."""
        return self._other(self.picture, before, "picture")


# Strokes on the canvas that draw a digit.
DIGITS = {
    0: [
        [
            (140 + 70 * math.sin(turn / 4), 140 - 95 * math.cos(turn / 4))
            for turn in range(26)
        ]
    ],
    1: [[(140, 40), (140, 240)]],
    4: [[(100, 40), (80, 150), (210, 150)], [(175, 90), (165, 245)]],
    7: [[(70, 50), (210, 50), (120, 240)]],
}


class Canvas:
    """A `DigitCanvas` on the page."""

    # The ink of a pixel is 1 - red / 255.
    INK = """canvas => {
        const {data} = canvas.getContext('2d').getImageData(0, 0, 280, 280);
        let ink = 0;
        for (let k = 0; k < data.length; k += 4) ink += 1 - data[k] / 255;
        return ink;
    }"""

    def __init__(self, notebook):
        self.page = notebook.page
        self.box = notebook.locator(".lab-drawing")
        self.paper = self.box.locator("canvas.lab-paper")
        self.answer = self.box.locator(".lab-answer")
        self.best = self.answer.locator("tr.lab-best")
        self.pictures = self.box.locator("img")
        self.clear = self.box.get_by_role("button", name="Clear")
        self.sample = self.box.get_by_role("button", name="Load a sample")

    def on_page(self, points):
        """Return points of the canvas as points of the page."""
        self.paper.scroll_into_view_if_needed()
        box = self.paper.bounding_box()
        return [(box["x"] + x, box["y"] + y) for x, y in points]

    def draw(self, strokes):
        """Draw with the mouse."""
        for stroke in strokes:
            start, *points = self.on_page(stroke)
            self.page.mouse.move(*start)
            self.page.mouse.down()
            for point in points:
                self.page.mouse.move(*point, steps=3)
            self.page.mouse.up()

    def touch(self, strokes):
        """Draw with a finger."""
        browser = self.page.context.new_cdp_session(self.page)

        def send(kind, *points):
            touches = [{"x": x, "y": y} for x, y in points]
            message = {"type": kind, "touchPoints": touches}
            browser.send("Input.dispatchTouchEvent", message)

        for stroke in strokes:
            start, *points = self.on_page(stroke)
            send("touchStart", start)
            for point in points:
                send("touchMove", point)
            send("touchEnd")

    def ink(self):
        """Return how many pixels of the browser's canvas are inked."""
        return self.paper.evaluate(self.INK)

    def wait_for_ink(self, ink):
        """Wait until so many pixels are inked: the canvas decodes and draws later."""
        for _ in range(100):
            if abs(self.ink() - ink) <= 0.01 * ink:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.ink()} pixels are inked, not {ink}")


class TextExplorer:
    """A `TextExplorer` on the page, found by the question above it."""

    def __init__(self, notebook, question):
        self.page = notebook.page
        self.box = notebook.locator(".lab-own-text", has_text=question)
        self.area = self.box.get_by_label("Your text")
        self.example = self.box.get_by_label("Example")
        self.about = self.box.get_by_label("Words that speak for")
        self.status = self.box.get_by_role("status")
        self.answer = self.box.locator(".lab-answer")
        self.best = self.answer.locator("tr.lab-best")
        self.colored = self.answer.locator(".lab-text")
        self.table = self.answer.locator(".lab-words")

    def write(self, text, delay=0):
        """Replace the text by the keyboard, a letter every `delay` milliseconds."""
        self.area.focus()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text, delay=delay)

    def color(self, word):
        """Return the background color of a word, as "rgba(0, 114, 178, 0.6)"."""
        span = self.colored.locator("span", has_text=re.compile(f"^{word}$")).first
        return span.evaluate("span => getComputedStyle(span).backgroundColor")
