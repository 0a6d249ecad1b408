"""Solar cells: pictures, what is known of each, and the module that it is part of."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from bigmodel_lab import datasets
from bigmodel_lab.datasets import cells as module


@pytest.fixture(scope="module")
def cells(fetched):
    return fetched(datasets.solar_cells, 32)


@pytest.fixture
def package(monkeypatch, tmp_path):
    """Put a package with few cells, 60 by 60 pixels, where the large one is."""

    def put(rows):
        path = tmp_path / "package.whl"
        with zipfile.ZipFile(path, "w") as box:
            lines = []
            for number, (defect, kind, level) in enumerate(rows):
                file = io.BytesIO()
                Image.new("L", (60, 60), level).save(file, "PNG")
                box.writestr(f"elpv_dataset/data/images/{number}.png", file.getvalue())
                lines.append(f"images/{number}.png  {defect}   {kind}\n")
            box.writestr("elpv_dataset/data/labels.csv", "".join(lines))
        monkeypatch.setattr(module, "fetch", lambda name: path)

    return put


def test_there_are_as_many_pictures_as_rows(cells):
    assert cells.table.shape == (2223, 3)
    assert cells.pictures.shape == (2223, 32, 32)
    assert cells.pictures.dtype == np.uint8
    assert not cells.table.isna().any(axis=None)
    assert cells.table["defect"].value_counts().to_dict() == {0: 1508, 1: 715}
    assert cells.table["kind"].value_counts().to_dict() == {"poly": 1322, "mono": 901}


def test_there_are_44_modules_of_one_kind_each(cells):
    by_module = cells.table.groupby("module")
    assert list(by_module.groups) == list(range(44))
    assert (by_module["kind"].nunique() == 1).all()
    assert by_module["kind"].first().value_counts()["mono"] == 18  # as the paper says


def test_modules_differ_in_how_many_of_their_cells_are_broken(cells):
    shares = cells.table.groupby("module")["defect"].mean()
    assert shares.min() == 0
    assert 0.9 < shares.max() < 1


def test_neighbors_in_the_file_look_alike(cells):
    """What the authors do not say, and why a random split flatters."""
    looks = cells.pictures.reshape(2223, -1).astype(float)
    looks -= looks.mean(1, keepdims=True)
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    alike = looks @ looks.T
    np.fill_diagonal(alike, 0)
    modules = cells.table["module"].to_numpy()
    assert (modules[alike.argmax(1)] == modules).mean() > 0.5


def test_a_run_of_one_kind_is_cut_into_modules(package):
    package([(0, "mono", 0)] * 58 + [(1, "poly", 9)] * 119 + [(0, "mono", 0)] * 20)
    found = datasets.solar_cells(16).table["module"]
    assert found.value_counts(sort=False).to_list() == [58, 60, 59, 20]


def test_cells_nobody_is_sure_of_are_left_out_or_not(package):
    unsure = 0.3333333333333333
    package([(1.0, "mono", 200), (unsure, "mono", 100), (0.0, "mono", 50)])
    sure, all_of_them = (datasets.solar_cells(20, sure=sure) for sure in (True, False))
    assert sure.pictures[:, 0, 0].tolist() == [200, 50]
    assert list(sure.table.index) == [0, 1]
    assert all_of_them.table["defect"].tolist() == [1, pytest.approx(1 / 3), 0]
    assert all_of_them.pictures.shape == (3, 20, 20)


@pytest.mark.parametrize("size", [15, 301, 64.0, True])
def test_a_size_that_cannot_be_is_refused(size):
    with pytest.raises(ValueError, match=f"from 16 to 300, not {size}"):
        datasets.solar_cells(size)


def test_it_says_where_it_comes_from_and_what_is_forbidden(cells):
    assert "not for commercial use" in cells.table.attrs["license"]
    assert "Buerhop-Lutz" in cells.table.attrs["citation"]
