"""A digit network as one web page, which needs neither a server nor a network."""

import base64
import gzip
import hashlib
import html
import os
import re
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from IPython.display import HTML

from bigmodel_lab.datasets.fetching import fetch
from bigmodel_lab.serving.network import open_network

# No address is allowed at all: the page runs its own script and what it has unpacked.
# Only their hashes are named, so that nothing else that got into the page would run.
POLICY = (
    "default-src 'none'; script-src {script} blob: 'wasm-unsafe-eval'; "
    "style-src {style}; img-src data:; connect-src 'none'; "
    "base-uri 'none'; form-action 'none'"
)


def digit_page(model: str | Path, path: str | Path) -> Path:
    """Write a web page that reads drawn digits with an ONNX network; return its path.

    The page is one file of about 5 MB with all that it needs: it works without a
    network, from a disk, in a frame of JupyterLab and on a phone. The program that
    runs the network, ONNX Runtime Web, is fetched once, with npm.

    Parameters
    ----------
    model : str or Path
        The ONNX file: "images" (N, 1, 28, 28), float32 in [0, 1] -> "logits" (N, 10),
        as `to_onnx` writes it.
    path : str or Path
        The page, as in "digits.html"; one that is there is replaced.

    Raises
    ------
    FileNotFoundError
        If the model or the page's folder is missing.
    ValueError
        If the model's file is damaged, or holds another kind of network.
    bigmodel_lab.datasets.fetching.DataUnavailable
        If ONNX Runtime Web cannot be fetched.
    """
    model, path = Path(model), Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"There is no folder {path.parent}: make it first, or name another page."
        )
    open_network(model)
    template = resources.files(__package__).joinpath("digit_page.html")
    page = template.read_text(encoding="utf-8")
    parts = {
        "POLICY": POLICY.format(
            script=_hash_of("script", page), style=_hash_of("style", page)
        ),
        "NETWORK": _packed(model),
        "SCRIPT": _packed(fetch("onnxruntime-web-script")),
        "WASM": _packed(fetch("onnxruntime-web-wasm")),
    }
    page = re.sub("%([A-Z]+)%", lambda found: parts[found[1]], page)
    path.write_bytes(page.encode())
    return path


def edge_frame(
    path: str | Path, title: str = "Draw a digit", height: int = 640
) -> HTML:
    """Show a page in the notebook, in a frame `height` pixels high.

    What is stored is its path from the notebook's folder, not the page: IPython's
    IFrame would do, but has no title for screen readers, and stores an address in
    memory, which is another one in every run.

    Raises
    ------
    FileNotFoundError
        If there is no such page.
    ValueError
        If the page is neither in the notebook's folder nor below it, where JupyterLab
        would find it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no page {path}: write it with lab.digit_page(model, path)."
        )
    inside = os.path.abspath(path).startswith(os.path.join(os.getcwd(), ""))
    if not inside:
        raise ValueError(
            f"JupyterLab shows no page outside the notebook's folder, such as {path}: "
            f'write it beside the notebook, as in lab.digit_page(model, "{path.name}").'
        )
    source = quote(Path(os.path.relpath(path)).as_posix())
    # In a <div>, or IPython would recommend its IFrame.
    return HTML(
        f'<div><iframe src="{source}" title="{html.escape(title)}" width="100%" '
        f'height="{height}" style="border: 0"></iframe></div>'
    )


def _hash_of(element, page):
    """Return what a policy calls the page's one <script> or <style> without a type."""
    (text,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _packed(path):
    """Return a file as text: gzip, always the same for the same file, and base64."""
    return base64.b64encode(gzip.compress(path.read_bytes(), 9, mtime=0)).decode()
