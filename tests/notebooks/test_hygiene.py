"""Every chapter: the stored notebook is what its source makes, and fit to publish.

And the course card, which has no source of its own.
"""

import pytest

from bigmodel_lab.authoring import card, hygiene, notebooks

FOLDER = notebooks.notebooks_folder()
CHAPTERS = notebooks.chapters()
SOURCES = sorted(FOLDER.glob("source/*.py"))
CARD = FOLDER / f"{card.CARD}.ipynb"


def test_every_source_has_a_notebook_and_every_notebook_but_the_card_a_source():
    stored = {path.stem for path in FOLDER.glob("*.ipynb")}
    assert stored == {source.stem for source in SOURCES} | {CARD.stem}


def test_the_course_card_has_no_problems():
    assert hygiene.card_problems(CARD) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_notebook_has_no_problems(path):
    assert hygiene.problems(path) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_notebook_and_source_are_in_step(path):
    assert notebooks.drift(path) == ""


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_source_survives_the_round_trip_through_jupytext(source):
    nb = notebooks.build(source)
    assert notebooks.as_text(nb) == source.read_text(encoding="utf-8")
