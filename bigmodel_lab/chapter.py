"""How a chapter begins: seed, threads, device, figure style."""

import os
import platform
import sys
from pathlib import Path

import torch
from IPython.display import HTML, display

import bigmodel_lab
from bigmodel_lab.device import best_device, seed_everything, set_threads
from bigmodel_lab.memory import keep_freed_memory

STYLE_SHEET = Path(__file__).with_name("page.css")


def start_chapter(
    chapter: str, version: str, small_models: bool = True
) -> torch.device:
    """Prepare a chapter (seed, threads, figure style), report it, return the device.

    Parameters
    ----------
    chapter : str
        The notebook's name, as in "04_house_prices".
    version : str
        The library version the notebook was made for, as in "0.1".
    small_models : bool
        True if the chapter's models are too small to gain from several CPU threads.

    Raises
    ------
    RuntimeError
        If the installed library is not the version that the notebook needs.
    """
    installed = bigmodel_lab.__version__
    if installed.split(".")[:2] != version.split(".")[:2]:
        raise RuntimeError(
            f"The notebook {chapter} was made for bigmodel_lab {version}, but "
            f"{installed} is installed: run `pip install -r requirements.txt` in the "
            f"workbook's folder, then restart the kernel."
        )
    device = best_device()
    asked = os.environ.get("BIGMODEL_LAB_DEVICE")
    if small_models and device.type == "mps" and not asked:
        device = torch.device("cpu")  # MPS has no float64, and small models need no GPU
    bigmodel_lab.plots.use_style()
    display(HTML(f"<style>{STYLE_SHEET.read_text()}</style>"))
    seed_everything(0)
    threads = set_threads(small_models)
    keep_freed_memory()
    _enable_widgets_on_colab()
    # The first optimizer imports torch._dynamo, which takes seconds: not on a click.
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(
        f"{chapter}: device {name}, {threads} thread(s), bigmodel_lab {installed}, "
        f"torch {torch.__version__}, Python {platform.python_version()}"
    )
    return device


def _enable_widgets_on_colab():
    """Let Google Colab load the widgets that are not its own: charts, the canvas."""
    if "google.colab" in sys.modules:
        from google.colab import output

        output.enable_custom_widget_manager()
