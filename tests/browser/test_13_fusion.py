"""Chapter 13 in the browser: a broken source, thresholds, a network, an exercise."""

import re

import pytest
from labdriver import Explorer, Panel
from playwright.sync_api import expect

NOTEBOOK = "13_fusion.ipynb"


@pytest.fixture(scope="module")
def source(notebook):
    return Explorer(notebook, "How much should the picture weigh?")


@pytest.fixture(scope="module")
def thresholds(notebook):
    return Explorer(notebook, "Which gap do you close?")


def right(explorer):
    """Return the first percentage of an explorer's answer."""
    return float(re.match(r"([\d.]+) %", explorer.answer.text_content())[1])


def test_wrong_names_make_fusion_worse(notebook, source):
    expect(source.answer).to_contain_text("are right; the picture alone 68.2 %")
    before, picture = right(source), source.picture()
    source.press("wrong-names", "End")
    source.changes(picture)
    expect(source.answer).not_to_contain_text(f"{before} %")
    assert right(source) < before - 15
    notebook.picture("broken_source", source.box)


def test_the_weight_can_be_dragged(source):
    before = source.readout("weight")
    source.drag(60, 0)
    assert source.moves("weight", before) > before


def test_equal_shares_leave_a_gap_among_those_who_were_refused(notebook, thresholds):
    expect(thresholds.answer).to_contain_text("88 % approved")
    expect(thresholds.answer).to_contain_text("banks refused: 21.3 points")
    while (before := thresholds.readout("black")) > 80:
        thresholds.press("black", "ArrowLeft")
        thresholds.moves("black", before)
    expect(thresholds.answer).to_contain_text("banks refused: 2.6 points")
    notebook.picture("thresholds", thresholds.box)


def test_a_yes_for_everybody_has_no_gap(thresholds):
    thresholds.press("black", "End")
    thresholds.press("others", "End")
    expect(thresholds.answer).to_contain_text("100 % approved, 88.0 % as the banks")
    expect(thresholds.answer).to_contain_text("gap: 0.0 points")


def test_a_network_on_both_sources_trains(notebook):
    panel = Panel(notebook)
    panel.reset()
    panel.box.locator(".lab-hidden select").select_option("64")
    status = panel.run(epochs=4)
    assert "finished" in panel.rows.first.text_content(), status
    notebook.picture("network_on_both", panel.box)


def test_the_largest_gap_of_counts_is_told_by_name(notebook):
    answer = notebook.answer(
        "selection_gap",
        """def selection_gap(decisions, groups):
    counts = [decisions[groups == g].sum() for g in np.unique(groups)]
    return max(counts) - min(counts)


lab.check("fusion.selection_gap", selection_gap)
""",
    )
    expect(answer).to_contain_text("Not yet")
    expect(answer).to_contain_text("many")
