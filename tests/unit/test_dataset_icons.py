"""Emoji: names, groups, and the pictures that belong to them."""

import numpy as np
import pytest

from bigmodel_lab import datasets


@pytest.fixture(scope="module")
def emoji(fetched):
    return fetched(datasets.emoji)


def test_there_are_as_many_pictures_as_names(emoji):
    assert emoji.table.shape == (1636, 2)
    assert emoji.pictures.shape == (1636, 64, 64, 3)
    assert emoji.pictures.dtype == np.uint8
    assert not emoji.table.isna().any(axis=None)


def test_eight_groups_and_no_flag(emoji):
    counts = emoji.table["group"].value_counts()
    assert len(counts) == 8
    assert counts["People & Body"] == 386
    assert counts["Activities"] == 85
    assert "Flags" not in counts


@pytest.mark.parametrize(
    ("name", "color"),
    [
        ("heavy black heart", (221, 46, 68)),
        ("large blue square", (85, 172, 238)),
        ("large green circle", (120, 177, 89)),
    ],
)
def test_a_picture_is_that_of_its_name(emoji, name, color):
    (row,) = np.flatnonzero(emoji.table["name"] == name)
    assert np.abs(emoji.pictures[row, 32, 32].astype(int) - color).max() < 12
    assert (emoji.pictures[row, 0, 0] > 245).all() or "square" in name


def test_it_says_where_it_comes_from(emoji):
    assert "CC BY 4.0" in emoji.table.attrs["license"]
    assert "Twemoji" in emoji.table.attrs["citation"]
