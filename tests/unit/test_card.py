"""The course: course.toml is complete, and all that is made from it is in step."""

import re
import sys
import types

import nbformat
import pytest

from bigmodel_lab.authoring import card, citations, notebooks
from bigmodel_lab.chapter import _enable_widgets_on_colab

CHAPTERS = card.facts()["chapters"]
TERMS = card.facts()["glossary"]["terms"]
CARD = notebooks.notebooks_folder() / f"{card.CARD}.ipynb"


def test_regenerating_changes_nothing():
    stale = [
        path.name
        for path, text in card.generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert not stale, "run `python -m bigmodel_lab course`"


def test_the_chapters_are_those_of_the_workbook_in_order():
    names = [chapter["name"] for chapter in CHAPTERS]
    assert names == [path.stem for path in notebooks.chapters()]


@pytest.mark.parametrize("path", notebooks.chapters(), ids=lambda path: path.stem)
def test_a_chapter_begins_with_its_opening_and_the_cell_for_colab(path):
    nb = notebooks.build(notebooks.source_of(path))
    assert nb.cells[0].metadata.tags == ["course-opening"]
    assert notebooks.code_cells(nb)[0].metadata.tags == ["course-colab"]
    opening = nb.cells[0].source
    assert opening.count("## What you will be able to do") == 1
    assert all(sign in opening for sign in ("**Time:**", "(course_card.ipynb)"))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter["name"])
def test_the_facts_of_a_chapter_are_complete(chapter):
    assert 3 <= len(chapter["goals"]) <= 5
    assert [goal[-1] for goal in chapter["goals"]] == [","] * (
        len(chapter["goals"]) - 1
    ) + ["."]
    assert chapter["minutes"] > 0
    articles = {article["name"] for article in card.facts()["articles"]}
    assert citations.cited(chapter["name"]).keys() <= articles
    earlier = {c["name"] for c in CHAPTERS if c["name"] < chapter["name"]}
    assert {other["chapter"] for other in chapter.get("before", [])} <= earlier
    assert "needs" in chapter or "before" in chapter


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term["english"])
def test_a_term_is_used_in_the_chapter_that_the_glossary_names(term):
    (source,) = notebooks.notebooks_folder().glob(f"source/{term['chapter']}_*.py")
    stem = re.match(r"[\w-]{1,5}", term["english"])[0].casefold()
    assert stem in source.read_text(encoding="utf-8").casefold()
    assert term["meaning"].endswith((".", ")."))
    assert "|" not in term["meaning"]  # it would end the table's cell
    chinese = re.search(r"[\u4e00-\u9fff]", term["chinese"])
    assert chinese or term["chinese"] == term["english"]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(40, "40 minutes"), (120, "2 hours"), (140, "2.3 hours"), (225, "3.8 hours")],
)
def test_times_are_told_in_round_numbers(minutes, words):
    assert card._duration(minutes) == words


def test_no_term_is_listed_twice():
    assert len({term["english"].casefold() for term in TERMS}) == len(TERMS)
    assert len({term["chinese"] for term in TERMS}) == len(TERMS)


def test_the_path_for_beginners_visits_every_chapter_after_those_it_needs():
    path = card.facts()["path"]["chapters"]
    assert sorted(path) == [chapter["name"] for chapter in CHAPTERS]
    for chapter in CHAPTERS:
        before = {other["chapter"] for other in chapter.get("before", [])}
        assert before <= set(path[: path.index(chapter["name"])])


@pytest.mark.parametrize(
    ("where", "cited"),
    [
        ("D0 §4.3", {"D0": ["§4.3"]}),
        ("D1 §3.2.4, D0 §9 Q2, §3.2.1", {"D0": ["§3.2", "§9 Q2"], "D1": ["§3.2"]}),
        ("D4 §4.1-4.3, D3 §4", {"D3": ["§4"], "D4": ["§4.1", "§4.2", "§4.3"]}),
        ("D2 §10, §2.10, §2.9", {"D2": ["§2.9", "§2.10", "§10"]}),
    ],
)
def test_sections_come_from_the_claims_table(where, cited, monkeypatch):
    rows = ["| Claim | Where | Found |", "|---|---|---|", f"| x | {where} | D9 §9 |"]
    table = "\n".join(["## Claims checked", *rows])
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(table)])
    monkeypatch.setattr(notebooks, "build", lambda source: nb)
    assert citations.cited("00_start_here") == cited


def test_the_card_holds_it_all_in_order():
    text = "\n".join(cell.source for cell in nbformat.read(CARD, 4).cells)
    flat = " ".join(text.split())
    for chapter in CHAPTERS:
        assert all(goal in flat for goal in chapter["goals"])
    hours = sum(chapter["minutes"] for chapter in CHAPTERS) / 60
    assert f"{round(hours, 1):g} hours in all" in flat
    english = re.findall(r"^\| \*\*(.+?)\*\*", text, re.MULTILINE)
    assert english == sorted((t["english"] for t in TERMS), key=str.casefold)
    index = text.partition("### From Chinese")[2]
    chinese = re.findall(r"^\| (?!Chinese|---)(.+?) \|", index, re.MULTILINE)
    assert sorted(chinese) == sorted(term["chinese"] for term in TERMS)
    # By pinyin: cān, dà, juǎn, quán, zuì or zì.
    places = [chinese.index(word) for word in ("参数", "大模型", "卷积", "权重")]
    assert places == sorted(places)


def test_jupytext_makes_no_source_of_the_card():
    assert nbformat.read(CARD, 4).metadata.jupytext == {"formats": "ipynb"}


def test_write_writes_what_differs_and_only_that(tmp_path, monkeypatch):
    same, other, new = (tmp_path / name for name in ("same", "other", "new"))
    same.write_text("text")
    other.write_text("old")
    monkeypatch.setattr(
        card, "generated", lambda: dict.fromkeys((same, other, new), "text")
    )
    assert card.write() == [other, new]
    assert other.read_text() == new.read_text() == "text"
    assert card.write() == []


def test_a_chapter_that_course_toml_lacks_is_named(monkeypatch):
    monkeypatch.setattr(card, "facts", lambda: {"chapters": CHAPTERS[1:]})
    with pytest.raises(ValueError, match=r"Chapter 00_start_here is not in"):
        card.facts_of("00_start_here")


@pytest.fixture
def cell_for_colab(monkeypatch):
    """Return a function that runs the cell; its `ran` lists the magics asked for."""

    def run():
        exec(card._colab({}, "https://github.com/school/bigmodel_lab"), {})

    run.ran = []
    shell = types.SimpleNamespace(run_line_magic=lambda *words: run.ran.append(words))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    return run


def test_the_cell_for_colab_does_nothing_elsewhere(cell_for_colab, capsys):
    cell_for_colab()
    assert cell_for_colab.ran == []
    assert capsys.readouterr().out == ""


def test_the_cell_for_colab_installs_the_library(cell_for_colab, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    cell_for_colab()
    url = "git+https://github.com/school/bigmodel_lab"
    assert cell_for_colab.ran == [("pip", f"install -q {url}")]


def test_a_chapter_asks_colab_for_its_widgets(monkeypatch):
    asked = []
    colab = types.ModuleType("google.colab")
    colab.output = types.SimpleNamespace(
        enable_custom_widget_manager=lambda: asked.append(True)
    )
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    _enable_widgets_on_colab()
    assert asked == [True]
    monkeypatch.delitem(sys.modules, "google.colab")
    _enable_widgets_on_colab()
    assert asked == [True]
