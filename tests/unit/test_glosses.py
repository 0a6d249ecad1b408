"""The glosses of characters: the file that is read, and how it is made."""

import bz2
import re

import pytest

from bigmodel_lab import datasets, verse
from bigmodel_lab.datasets import make_glosses
from bigmodel_lab.datasets.fetching import on_disk

ROWS = [
    row.split(" ", 1)
    for row in make_glosses.FILE.read_text(encoding="utf-8").split("\n")
][:-1]


def test_each_character_of_the_poems_has_one():
    poems = [p for form in ("7x4", "5x4") for p in datasets.tang_poems(form)]
    characters = {c for part in poems for poem in part["poem"] for c in poem}
    assert [character for character, _ in ROWS] == sorted(characters)


def test_all_are_short_and_plain():
    for _, words in ROWS:
        assert re.fullmatch("[A-Za-z' -]+", words)
        assert len(words) <= make_glosses.LETTERS
        assert len(words.split()) <= make_glosses.WORDS


@pytest.mark.parametrize(
    ("character", "word"),
    [
        *[("不", "no"), ("人", "person"), ("山", "mountain"), ("月", "moon")],
        *[("花", "flower"), ("春", "spring"), ("云", "cloud"), ("梅", "plum blossom")],
    ],
)
def test_the_commonest_say_what_poets_mean(character, word):
    assert verse.gloss(character) == [word]


def test_the_file_is_the_one_that_is_registered():
    assert on_disk("glosses") == make_glosses.FILE


def test_unicodes_terms_lie_beside_it():
    terms = make_glosses.FILE.with_name("glosses_license.txt").read_text("utf-8")
    assert "Permission is hereby granted" in terms


# The maker.


@pytest.mark.parametrize(
    ("definition", "gloss"),
    [
        ("mountain, hill, peak", "mountain"),
        ("to (suddenly) run; flee", "run"),
        ("surname; plums", "plums"),
        ("Kangxi radical 74; moon", "moon"),
        ("who? whom?", "who"),
        ("'male' principle; light", "male principle"),
        ("one's manner", "one's manner"),
        ("a building of two or more stories; tower", "tower"),
        ("name of a river", ""),
        ("", ""),
    ],
)
def test_the_first_short_sense_is_taken(definition, gloss):
    assert make_glosses.short(definition) == gloss


READINGS = """\
# Unihan_Readings.txt
U+9F8D	kDefinition	dragon; Kangxi radical 212
U+9F8D	kMandarin	lóng
U+9F8E	kDefinition	variant of U+9F8D 龍
U+9F8F	kDefinition	(non-classical form of U+9F8D 龍)
U+6C5D	kDefinition	you; thou
"""
VARIANTS = """\
U+9F99	kTraditionalVariant	U+9F99 U+9F8D
U+9F99	kSemanticVariant	U+6C5D<kMatthews
"""


@pytest.fixture
def unihan(tmp_path):
    for name, text in zip(make_glosses.SOURCES, (READINGS, VARIANTS), strict=True):
        (tmp_path / name).write_bytes(bz2.compress(text.encode()))
    return tmp_path


def test_a_variant_has_the_gloss_of_what_it_is_a_variant_of(unihan):
    found = make_glosses.glosses("龙龏汝龎龍一", *make_glosses.read(unihan))
    assert found == {"汝": "you"} | dict.fromkeys("龍龎龏龙", "dragon")
    assert list(found) == sorted(found)


def test_what_is_written_by_hand_comes_first(unihan, monkeypatch):
    monkeypatch.setattr(make_glosses, "BY_HAND", "\n龙 long worm,\n一 one\n")
    found = make_glosses.glosses("龙一汝", *make_glosses.read(unihan))
    assert found == {"一": "one", "汝": "you", "龙": "long worm"}


def test_another_version_is_refused(unihan):
    with pytest.raises(ValueError, match=r"not that of Unicode 15\.0\.0"):
        make_glosses.main(str(unihan))
