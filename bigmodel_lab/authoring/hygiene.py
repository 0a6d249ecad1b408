"""Hygiene: what is wrong with a stored notebook, found without running it."""

import ast
import math
import re
import socket
import statistics
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from markdown_it import MarkdownIt

from bigmodel_lab.authoring.notebooks import (
    VERSION,
    code_cells,
    digest,
    drift,
    source_of,
    unchecked,
)
from bigmodel_lab.chapter import STYLE_SHEET

_START = re.compile(r'start_chapter\(\s*"([^"]+)",\s*version="([^"]+)"')
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*(["'])\s*[^\s"'].*?\1""", re.IGNORECASE | re.DOTALL)
# Dollars as money: JupyterLab reads the text between two as a formula, even escaped.
# A number that continues like a formula, as in $10^3$ and $25$, really is one.
_DOLLARS = re.compile(r"\$\d(?:\d|,\d)+(?![\d$^_\\*/=<>])")
# In an output, too, if both are in one element, such as a table's cell.
_TWO_DOLLARS = re.compile(r">([^<]*\$\d[^<]*\$[^<]*)<")
# What an output holds besides text: scripts, embedded images, terminal colors.
_NOISE = re.compile(
    r"<script.*?</script>|data:image/[^\"')\s]+|\x1b\[[\d;]*m", re.DOTALL
)
# Calls that leave the order of equal values open, and how a chapter fixes it.
_SORTS = {
    "argsort": 'kind="stable" (torch: stable=True)',
    "sort_values": 'kind="stable", or a second column',
    "topk": "argsort(descending=True, stable=True)[:k]",
    "most_common": "sorted(counts, key=lambda name: (-counts[name], name))[:k]",
    "value_counts": "sort=False, and sort by name",
}
# Lines of code that a reader takes in at once: in a cell, and in most cells.
LONGEST, USUAL = 25, 9
FOLDED = 30  # characters of a line that a phone shows
# Where a reader asks "how much?", the answer is a number.
_YES_OR_NO = re.compile(r"\b(?:True|False)\b")
_FORBIDDEN = {
    "a warning": re.compile(r"\b\w*Warning:"),
    "a memory address, new in every run": re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"),
    "an absolute path": re.compile(
        r"""(?:^|(?<=[\s'"(=\[]))(?:/(?:[\w.+~-]+/)+[\w.+~-]*|[A-Za-z]:\\\w)""", re.M
    ),
}


def problems(path):
    """Return what is wrong with a stored notebook, in sentences, without running it."""
    path = Path(path)
    source, name = source_of(path), path.stem
    run = f"run `python -m bigmodel_lab refresh {name}`"
    if not source.exists():
        return [f"{name}: there is no source/{source.name} to refresh it from."]
    if not path.exists():
        return [f"{name}: there is no {path.name}: {run}."]
    nb = nbformat.read(path, as_version=4)
    record = [f"{name}, {fault}: {run}." for fault in _record_faults(nb, path)]
    correct = f"correct source/{source.name}, then {run}"
    faults = [*_code_faults(nb, name), *_output_faults(nb), *_text_faults(nb, path)]
    faults += _reading_faults(nb)
    return record + [f"{name}, {fault}: {correct}." for fault in faults]


def card_problems(path):
    """Return what is wrong with the course card, in sentences: it holds only text."""
    path = Path(path)
    nb = nbformat.read(path, as_version=4)
    faults = [f"{cell.id}: code in the course card" for cell in code_cells(nb)]
    faults += _text_faults(nb, path)
    correct = (
        "correct bigmodel_lab/authoring/course.toml, then run "
        "`python -m bigmodel_lab course`"
    )
    return [f"{path.stem}, {fault}: {correct}." for fault in faults]


def _record_faults(nb, path):
    """Yield where the stored notebook is not what refresh would write."""
    if difference := drift(path).splitlines()[2:]:
        line = next(line for line in difference if line[0] in "+-")
        yield f"source: the notebook and its source differ, first in `{line}`"
    if "widgets" in nb.metadata:
        yield "metadata: the state of widgets is stored"
    if nb.metadata.get("bigmodel_lab", {}).get("source_sha256") != digest(nb):
        yield "outputs: they are stale, made by different code than the cells hold now"
    style = f"<style>{STYLE_SHEET.read_text()}</style>"
    for count, cell in enumerate(code_cells(nb), start=1):
        if cell.execution_count != count:
            have = cell.execution_count
            yield f"{cell.id}: not executed in order ({have}, not {count})"
        pages = [output.get("data", {}).get("text/html", "") for output in cell.outputs]
        if any(page.startswith("<style>") and page != style for page in pages):
            yield f"{cell.id}: it holds an older style sheet than {STYLE_SHEET.name}"


def _code_faults(nb, name):
    """Yield what is wrong with the code cells."""
    cells = code_cells(nb)
    for cell in cells:
        if not cell.source.strip():
            yield f"{cell.id}: the code cell is empty"
        for sort, cure in _loose_sorts(cell.source):
            yield f"{cell.id}: `{sort}` leaves ties to the CPU: use {cure}"
    ignored = [cell.id for cell in cells if unchecked(cell)]
    allowed = max(1, math.ceil(len(cells) / 10))
    if len(ignored) > allowed:
        yield (
            f"{ignored[-1]}: {len(ignored)} of {len(cells)} code cells are tagged to "
            f"have their outputs ignored; at most {allowed} may be"
        )
    started = _START.findall("\n".join(cell.source for cell in cells))
    if started != [(name, VERSION)]:
        wanted = f'start_chapter("{name}", version="{VERSION}")'
        yield f"code: it must call {wanted} once, but has {started or 'no call'}"


def _loose_sorts(source):
    """Yield the sorts of a cell that leave ties to the CPU, with the cure."""
    for call in ast.walk(ast.parse(TransformerManager().transform_cell(source))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        name = call.func.attr
        asked = {k.arg: ast.unparse(k.value) for k in call.keywords}
        stable = asked.get("kind") == "'stable'" or asked.get("stable") == "True"
        by = asked.get("by") or "".join(map(ast.unparse, call.args[:1]))
        by_two = name == "sort_values" and by.startswith("[") and "," in by
        unsorted = name == "value_counts" and asked.get("sort") == "False"
        if name in _SORTS and not (stable or by_two or unsorted):
            yield name, _SORTS[name]


def _output_faults(nb):
    """Yield what no stored output may hold."""
    host = re.compile(rf"\b{re.escape(socket.gethostname())}\b")
    for cell in code_cells(nb):
        for output in cell.outputs:
            data = output.get("data", {})
            may_raise = "raises-exception" in cell.metadata.get("tags", [])
            if output.output_type == "error" and not may_raise:
                yield f"{cell.id}: it raised {output.ename}"
            if output.get("name") == "stderr":
                yield f"{cell.id}: the output holds a message on stderr"
            text = _output_text(output)
            for what, pattern in (_FORBIDDEN | {"this machine's name": host}).items():
                if match := pattern.search(text):
                    yield f"{cell.id}: the output holds {what} (`{match[0].strip()}`)"
            page = data.get("text/html", "")
            if amounts := _TWO_DOLLARS.search(_NOISE.sub("", page)):
                yield (
                    f"{cell.id}: `{amounts[1]}` becomes a formula: name the unit once, "
                    "in the heading"
                )
            images = _IMAGE.findall(page)
            # JupyterLab gives image/png no alt text: only <img alt> in HTML has it.
            bare = any(kind.startswith("image/") for kind in data) and not images
            if bare or not all(_ALT.search(image) for image in images):
                yield f"{cell.id}: an image in the output has no alt text"


def _reading_faults(nb):
    """Yield walls of code, and answers without numbers."""
    lines = {cell.id: len(cell.source.strip().splitlines()) for cell in code_cells(nb)}
    for cell, length in lines.items():
        if length > LONGEST:
            yield f"{cell}: {length} lines of code; split it, at most {LONGEST} a cell"
    if (median := statistics.median(lines.values())) > USUAL:
        yield f"code: the median cell has {median:g} lines; at most {USUAL}"
    for cell in code_cells(nb):
        first = cell.source.partition("\n")[0]
        folded = cell.metadata.get("jupyter", {}).get("source_hidden")
        if folded and not (first.startswith("# ") and len(first) <= FOLDED):
            yield (
                f"{cell.id}: of folded code only the first line is seen: begin with a "
                f"comment of at most {FOLDED} characters that says what it does"
            )
        for output in cell.outputs:
            if answer := _YES_OR_NO.search(output.get("text", "")):
                yield f"{cell.id}: it prints {answer[0]}; print the number instead"


def _output_text(output):
    """Return the words of an output."""
    words = [output.get("text", ""), output.get("evalue", "")]
    words += output.get("traceback", [])
    words += [str(v) for k, v in output.get("data", {}).items() if "image/" not in k]
    return _NOISE.sub("", "\n".join(words))


def _markdown(nb):
    """Yield (cell, token) for every block and inline token of the Markdown cells."""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for token in MarkdownIt().parse(cell.source):
                yield cell, token
                yield from ((cell, child) for child in token.children or [])


def _headings(nb):
    """List a notebook's headings as (cell, level, text)."""
    found, level = [], None
    for cell, token in _markdown(nb):
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "inline" and level:
            text = "".join(child.content for child in token.children)
            found.append((cell, level, text))
            level = None
    return found


def _text_faults(nb, path):
    """Yield what is wrong with headings, links and images in the Markdown cells."""
    previous = 0
    for cell, level, text in _headings(nb):
        if level > previous + 1:
            yield f"{cell.id}: the heading `{text}` skips a level"
        if level == 1 and previous:
            yield f"{cell.id}: the heading `{text}` is a second title"
        previous = level
    if not previous:
        yield "text: it has no title"
    for cell in nb.cells:
        if cell.cell_type == "markdown" and (amount := _DOLLARS.search(cell.source)):
            yield f"{cell.id}: `{amount[0]}` begins a formula: write dollars in words"
    for cell, token in _markdown(nb):
        link = token.attrGet("href") or token.attrGet("src")
        if link and not _resolves(link, nb, path):
            yield f"{cell.id}: the link `{link}` leads nowhere"
        html = token.content if token.type.startswith("html_") else ""
        bare = token.type == "image" and not token.content.strip()
        if bare or not all(_ALT.search(image) for image in _IMAGE.findall(html)):
            yield f"{cell.id}: an image has no alt text"


def _resolves(link, nb, path):
    """Tell whether a link leads out of the book, or to a file and place that exist."""
    url = urlsplit(link)
    if url.scheme or url.netloc:
        return True
    target = path.parent / unquote(url.path) if url.path else path
    folder = path.parent.resolve()  # JupyterLab shows nothing above it
    if not target.exists() or not target.resolve().is_relative_to(folder):
        return False
    if not url.fragment or target.suffix != ".ipynb":
        return True
    nb = nbformat.read(target, as_version=4) if url.path else nb
    # The fragments that JupyterLab follows.
    places = {text.replace(" ", "-") for _, _, text in _headings(nb)}
    places |= {f"heading={place}" for place in places}
    places |= {f"cell-id={cell.id}" for cell in nb.cells}
    return unquote(url.fragment) in places
