"""Chapters as text: build, execute and compare the notebooks of the workbook.

`notebooks/source/NN_topic.py` (py:percent) is the one source of a chapter;
`notebooks/NN_topic.ipynb` is made from it by `refresh`, with its outputs.
"""

import difflib
import hashlib
import json
import os
import re
import textwrap
import time
from pathlib import Path

import jupytext
import nbformat
from jupytext.config import load_jupytext_config
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

import bigmodel_lab
from bigmodel_lab import tolerance
from bigmodel_lab.authoring import cpu_profiles

ROOT = Path(bigmodel_lab.__file__).resolve().parent.parent
VERSION = ".".join(bigmodel_lab.__version__.split(".")[:2])
UNCHECKED = re.compile(r"nbval[-_](ignore[-_]output|skip)", re.IGNORECASE)

METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
# The outline that every chapter follows, so that readers know where they are.
_ARC = {
    "What you will be able to do": "Comes from bigmodel_lab/authoring/course.toml: "
    "enter the chapter there, then run `python -m bigmodel_lab course`.",
    "What the articles say": "The idea and the formula in our words; then the "
    "printed code, run faithfully, with its outcome.",
    "Derive it": "The mathematics that is needed, in small steps.",
    "From scratch": "A few lines per cell, shapes in comments.",
    "With PyTorch": "The same with the library, asserted to be equal.",
    "On real data": "A baseline first, then the model.",
    "Turn the knobs": "A question, then the panel that answers it.",
    "Quiz": "At least five exercises stand above, each under its section, with a stub "
    "and a check. Here come the quiz and lab.solved, as after start_chapter.",
    "Claims checked": "A table: what the articles claim, our verdict, and a link to "
    "the cell that shows it.",
    "Going further": "Honest limits and correct references.",
}


def notebooks_folder():
    """Return the folder of the chapters; RuntimeError outside a checkout."""
    folder = ROOT / "notebooks"
    if not (folder / "source").is_dir():
        raise RuntimeError(
            "The chapters' sources are not here: this command works in a checkout of "
            "the workbook, with bigmodel_lab installed by `pip install -e .`."
        )
    return folder


def chapters(names=(), folder=None):
    """Return the notebook paths of chapters ("04" or "04_house_prices"), or of all.

    Raises ValueError for an unknown name, RuntimeError outside a checkout.
    """
    folder = Path(folder or notebooks_folder())
    stems = sorted(source.stem for source in folder.glob("source/*.py"))
    chosen = []
    for name in names:
        found = [stem for stem in stems if Path(name).stem.zfill(2) in (stem, stem[:2])]
        if not found:
            raise ValueError(f"No chapter {name!r}: choose from {', '.join(stems)}.")
        chosen += found
    return [folder / f"{stem}.ipynb" for stem in (chosen if names else stems)]


def build(source):
    """Return a py:percent file as a notebook, not executed; OSError if unreadable."""
    text = Path(source).read_text(encoding="utf-8")
    nb = jupytext.reads(text, fmt="py:percent", config=_jupytext_config())
    # Keep the filters that jupytext itself stores: a later --sync changes nothing.
    del nb.metadata.jupytext["text_representation"]
    nb.metadata = nbformat.from_dict({"jupytext": nb.metadata.jupytext, **METADATA})
    nb.nbformat_minor = 5
    for index, cell in enumerate(nb.cells):
        cell.id = f"cell-{index:03d}"
    return nb


def execute(nb, folder, timeout=600, variables=None):
    """Run a notebook's cells in folder, store their outputs in it, and return it.

    `variables` are added to the kernel's environment. Raises RuntimeError, naming the
    cell, if a cell raises or takes over timeout s.
    """
    client = NotebookClient(
        nb,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],  # no warning about local sockets
        coalesce_streams=True,  # where a stream is cut into messages depends on timing
        resources={"metadata": {"path": str(folder)}},
    )
    environment = {**os.environ, "TQDM_DISABLE": "1", **(variables or {})}
    with client.setup_kernel(env=environment):
        for index, cell in enumerate(nb.cells):
            try:
                client.execute_cell(cell, index)
            except (CellControlSignal, DeadKernelError) as error:
                line = cell.source.partition("\n")[0]
                reason = str(error).strip().splitlines()[0]
                if hasattr(error, "ename"):
                    reason = f"{error.ename}: {error.evalue}"
                raise RuntimeError(f"{cell.id} (`{line}`): {reason}") from None
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            # Random ids; without them JupyterLab shows the widget's text until run.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    nb.metadata["bigmodel_lab"] = {"source_sha256": digest(nb)}
    return nb


def refresh(names=(), folder=None):
    """Make the named chapters' notebooks, or all, from their sources; print the times.

    Each is run twice, the second time with generic kernels and one thread: what a
    notebook stores must come out the same on any machine.

    Raises ValueError for an unknown name; RuntimeError if a cell fails, or if it prints
    different things in the two runs, with the old notebook left as it was.
    """
    for path in chapters(names, folder):
        started = time.perf_counter()
        _normalize(source_of(path))
        nb = build(source_of(path))
        generic = build(source_of(path))
        try:
            execute(nb, path.parent)
            variables = cpu_profiles.environment("generic", threads=1)
            execute(generic, path.parent, variables=variables)
            _refuse_differences(nb, generic)
        except RuntimeError as error:
            raise RuntimeError(
                f"{path.stem}, {error}. {path.name} was left as it was."
            ) from None
        write(path, nbformat.writes(nb) + "\n")
        print(f"{path.stem}: {time.perf_counter() - started:.1f} s", flush=True)


def _refuse_differences(nb, generic):
    """Raise RuntimeError if a checked cell's output differs with generic kernels."""
    faults = []
    for cell, again in zip(code_cells(nb), code_cells(generic), strict=True):
        for there, here in tolerance.differences(again.outputs, cell.outputs):
            if not unchecked(cell):
                faults.append(f"{cell.id}: `{here}` here is `{there}`")
    if faults:
        raise RuntimeError(
            f"{'; '.join(faults)} with generic kernels and one thread. Print such "
            f"numbers with lab.about, and break ties by name: see CONTRIBUTING.md"
        )


def drift(path):
    """Return the difference between a notebook and its source as a diff, or ""."""
    path = Path(path)
    source = source_of(path)
    nb = nbformat.read(path, as_version=4)
    for ours, theirs in (
        (source.read_text(encoding="utf-8"), as_text(nb)),
        (_skeleton(build(source)), _skeleton(nb)),
    ):
        a, b = ours.splitlines(True), theirs.splitlines(True)
        if a != b:
            return "".join(difflib.unified_diff(a, b, source.name, path.name))
    return ""


def new_chapter(number, topic, folder=None):
    """Write the skeleton of a chapter's source and return its path.

    Raises ValueError for a bad number or topic, FileExistsError if the number is taken.
    """
    if not re.fullmatch(r"\d{1,2}", str(number)):
        raise ValueError(f"A chapter's number is 0 to 99, not {number!r}.")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", topic):
        raise ValueError(f"Write the topic like house_prices, not {topic!r}.")
    folder = Path(folder or notebooks_folder()) / "source"
    name = f"{int(number):02d}_{topic}"
    if taken := sorted(folder.glob(f"{name[:2]}_*.py")):
        raise FileExistsError(f"Chapter {name[:2]} already exists: {taken[0].name}.")
    title = f"# {int(number)} · {topic.replace('_', ' ').capitalize()}"
    cells = []
    for part, todo in _ARC.items():
        lines = [f"## {part}", *textwrap.wrap(todo, 76)]
        cells.append("# %% [markdown]\n# " + "\n# ".join(lines))
    opening = '# %% [markdown] tags=["course-opening"]\n# ' + f"{title}\n#\n"
    cells[0] = cells[0].replace("# %% [markdown]\n", opening)
    cells[1:1] = [
        '# %% tags=["course-colab"]\n# Written by `python -m bigmodel_lab course`.',
        # Its output names the device and the versions.
        '# %% tags=["nbval-ignore-output"]\nimport bigmodel_lab as lab\n\n'
        f'device = lab.start_chapter("{name}", version="{VERSION}")',
    ]
    path = folder / f"{name}.py"
    write(path, "\n\n".join(cells) + "\n")
    _normalize(path)
    return path


def source_of(path):
    """Return the path of a notebook's source."""
    return path.parent / "source" / f"{path.stem}.py"


def _jupytext_config():
    """Read the jupytext section of the checkout's pyproject.toml."""
    return load_jupytext_config(str(notebooks_folder()))


def as_text(nb):
    """Return a notebook as py:percent text."""
    return jupytext.writes(nb, fmt="py:percent", config=_jupytext_config())


def write(path, text):
    """Write a file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def _normalize(source):
    """Rewrite a source in jupytext's own form (header, blank lines) if it differs."""
    text = as_text(build(source))
    if text != source.read_text(encoding="utf-8"):
        write(source, text)


def code_cells(nb):
    """List a notebook's code cells."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def unchecked(cell):
    """Tell whether a cell's tags or comments say that its output is not compared."""
    tags = cell.metadata.get("tags", [])
    return bool(UNCHECKED.search(" ".join([*tags, cell.source])))


def digest(nb):
    """Hash the code that made a notebook's outputs.

    Not hashed, since they may change without a run: the text, and the cell for Colab,
    which does nothing elsewhere.
    """
    cells = [(cell.source, cell.metadata.get("tags", [])) for cell in code_cells(nb)]
    code = json.dumps([source for source, tags in cells if "course-colab" not in tags])
    return hashlib.sha256(code.encode()).hexdigest()


def _skeleton(nb):
    """Return as text everything in a notebook that comes from its source."""
    own = {"bigmodel_lab", "widgets"}
    metadata = {key: value for key, value in nb.metadata.items() if key not in own}
    keys = ("id", "cell_type", "source", "metadata")
    cells = [{key: cell.get(key) for key in keys} for cell in nb.cells]
    return json.dumps([metadata, cells], indent=1, sort_keys=True)
