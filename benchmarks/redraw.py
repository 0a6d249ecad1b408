"""How fast does an explorer's picture follow its slider? Aim: within 100 ms.

The aim is 200 ms where matplotlib draws the picture. The chapters are run in a real
JupyterLab in Chromium. Each key press on a slider is timed by the browser's own clock:
from the key to the first change of a curve in the chart, or of the picture where there
is no chart. The next key is pressed only after the picture has stood still for a while.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from machine import machine

from bigmodel_lab.authoring.notebooks import ROOT

sys.path.append(str(ROOT / "tests" / "browser"))
from labdriver import Explorer, Notebook, chromium, find_chromium, jupyterlab

PRESSES = 40
EXPLORERS = [  # chapter, words of the explorer's question, slider
    ("01_preprocessing", "must each method mark", "marked"),
    ("01_preprocessing", "keeps the houses in place", "largest-times"),
    ("01_preprocessing", "be sure of a label", "strength"),
    ("02_losses", "squared error steepest", "logit"),
    ("02_losses", "Follow the arrow", "w"),
    ("03_optimizers", "does the path arrive", "learning-rate"),
    ("03_optimizers", "does the path arrive", "momentum"),
    ("03_optimizers", "does the path arrive", "steps"),
]
# Records how long after each key press the first curve, or the picture, changes.
WATCH = """box => {
    const times = window.redraws = [];
    let pressed = null;
    box.addEventListener('keydown', () => pressed = performance.now(), true);
    new MutationObserver(() => {
        if (pressed !== null) times.push(performance.now() - pressed);
        pressed = null;
    }).observe(
        box.querySelector('.lab-chart') ?? box.querySelector('.lab-answer'),
        box.querySelector('.lab-chart')
            ? {subtree: true, attributeFilter: ['d']}
            : {subtree: true, childList: true});
}"""


def measure(explorer, slider):
    """Return the milliseconds from each key press to the changed picture."""
    explorer.press(slider, "Home")
    explorer.page.wait_for_timeout(1000)
    explorer.box.evaluate(WATCH)
    for _ in range(PRESSES):
        explorer.press(slider, "ArrowRight")
        explorer.page.wait_for_timeout(300)
    return explorer.page.evaluate("window.redraws")


if __name__ == "__main__":
    print(machine(), end="\n\n")
    print("| chapter | slider | median, ms | 9 of 10 within, ms | longest, ms |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        root, home = Path(folder, "root"), Path(folder, "home")
        root.mkdir()
        for path in (ROOT / "notebooks").glob("*.ipynb"):
            shutil.copy(path, root)
        with jupyterlab(root, home) as lab, chromium(find_chromium()) as browser:
            for name in dict.fromkeys(chapter for chapter, _, _ in EXPLORERS):
                notebook = Notebook(browser, lab, f"{name}.ipynb")
                notebook.run_all()
                for chapter, question, slider in EXPLORERS:
                    if chapter == name:
                        times = measure(Explorer(notebook, question), slider)
                        median = statistics.median(times)
                        most = statistics.quantiles(times, n=10)[-1]
                        print(
                            f"| {name} | {slider} | {median:.0f} | {most:.0f} | "
                            f"{max(times):.0f} |",
                            flush=True,
                        )
                notebook.close()
