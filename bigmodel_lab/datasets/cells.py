"""Solar cells: photographs of the light that they give off, good and broken ones."""

import io
import zipfile
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pandas as pd

from bigmodel_lab.datasets._common import with_origin
from bigmodel_lab.datasets.fetching import fetch

FOLDER = "elpv_dataset/data/"
LARGEST = 300  # pixels a side, as they are in the file
CELLS = 60  # of a module, of most modules


class SolarCells(NamedTuple):
    """What is known of each solar cell, and its photograph; see `solar_cells`."""

    table: pd.DataFrame
    pictures: np.ndarray


def solar_cells(size: int = 128, *, sure: bool = True) -> SolarCells:
    """Return 2,223 photographs of solar cells, a third of them with a defect.

    Under current a cell glows; what stays dark is broken (electroluminescence;
    Buerhop-Lutz and others, 2018). From the Python package elpv-dataset: 91 MB over the
    network, once. Made smaller, each pixel is the mean of those it stands for.

    Parameters
    ----------
    size : int
        Pixels a side, 16 to 300.
    sure : bool
        Whether to leave out 401 cells of which the experts were not sure.

    Returns
    -------
    SolarCells
        table : pandas.DataFrame with `defect` (the experts' probability: 0 or 1, if not
        sure 1/3 or 2/3), `kind` ("mono" or "poly", how the silicon has crystallized)
        and `module` (0 to 43, the panel that a cell is part of); `attrs` holds source,
        license and citation
        pictures : uint8 array (2223, size, size), gray

    Raises
    ------
    ValueError
        If size is not a whole number from 16 to 300.
    bigmodel_lab.datasets.fetching.DataUnavailable
        If PyPI does not give the file.

    Notes
    -----
    Known problems. The license forbids commercial use. The authors do not say which
    module a cell comes from: `module` is ours, from the order of the file, and wrong
    for a few cells where two modules meet. Cells of a module look alike (two hundred
    pairs are almost the same picture), so that a random split tests on what is known
    already: split by module. Modules differ in how many of their cells are broken, from
    none to nine in ten, so that the look of a module tells, too. Experts have looked
    at pictures; nobody has measured the cells.
    """
    from PIL import Image

    if isinstance(size, bool) or not isinstance(size, int) or not 16 <= size <= LARGEST:
        raise ValueError(
            f"size is a whole number of pixels from 16 to 300, not {size}."
        )
    with zipfile.ZipFile(fetch("solar-cells")) as box:
        table = _table(box.read(FOLDER + "labels.csv").decode())
        if sure:
            table = table[table["defect"].isin((0, 1))]
        pictures = []
        for path in table.pop("path"):
            with Image.open(io.BytesIO(box.read(FOLDER + path))) as picture:
                small = picture.resize((size, size), Image.Resampling.BOX)
                pictures.append(np.asarray(small))
    table = table.reset_index(drop=True)
    return SolarCells(with_origin(table, "solar-cells"), np.stack(pictures))


def _table(text):
    """Return paths, probabilities, kinds and modules from the lines of labels.csv."""
    table = pd.read_csv(
        io.StringIO(text), sep=r"\s+", header=None, names=["path", "defect", "kind"]
    )
    # Runs of one kind are as long as so many modules, or a few cells shorter.
    modules, first = [], 0
    for _, cells in groupby(table["kind"]):
        length = len(list(cells))
        count = max(1, round(length / CELLS))
        modules += [first + number * count // length for number in range(length)]
        first += count
    return table.assign(module=modules)
