"""Chapter 14 in the browser: five films, a race against a network, an exercise."""

import pytest
from labdriver import Explorer, Panel
from playwright.sync_api import expect

NOTEBOOK = "14_recommending.ipynb"


@pytest.fixture(scope="module")
def five(notebook):
    return Explorer(notebook, "Which list would you rather have?")


def test_five_films_bring_a_list_with_reasons(notebook, five):
    rows = five.answer.locator("tr")
    expect(rows).to_have_count(9)
    expect(rows.nth(1)).to_contain_text("Beauty and the Beast (1991)")
    expect(rows.nth(1)).to_contain_text("Aladdin (1992)")
    notebook.picture("five_films", five.box)


def test_another_film_brings_another_list(five):
    before = five.answer.text_content()
    five.choose("first", "Alien (1979)")
    expect(five.answer).not_to_have_text(before)
    five.choose("second", "Alien (1979)")  # twice the same counts once
    expect(five.answer.locator("tr")).to_have_count(9)
    # What is popular and chosen is not shown again.
    five.choose("third", "Forrest Gump (1994)")
    expect(five.answer.locator("tr").nth(1)).to_contain_text("Pulp Fiction (1994)")


def test_vectors_race_against_a_network_and_stop(notebook):
    panel = Panel(notebook)
    panel.reset()
    panel.box.locator(".lab-size select").select_option("4")
    panel.train.click()
    expect(panel.rows).to_have_count(2)
    expect(panel.status).to_contain_text("Epoch")
    panel.stop.click()
    expect(panel.status).to_contain_text("Stopped")
    notebook.picture("deep_or_not", panel.box)


def test_pairs_the_wrong_way_round_are_told_by_name(notebook):
    answer = notebook.answer(
        "pair_loss",
        """def pair_loss(liked, other):
    return -np.log(1 / (1 + np.exp(liked - other))).mean()


lab.check("recommending.pair_loss", pair_loss)
""",
    )
    expect(answer).to_contain_text("Not yet")
    expect(answer).to_contain_text("other")
