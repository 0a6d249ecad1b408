"""Chapter 16 in the browser: learning from itself, connect four, an exercise."""

import re

import pytest
from labdriver import Panel
from playwright.sync_api import expect

NOTEBOOK = "16_playing.ipynb"


@pytest.fixture(scope="module")
def board(notebook):
    return notebook.locator(".lab-board", has_text="does it beat you?")


def generations(row):
    """Return how many generations a run of the panel has done."""
    return int(
        row.locator(
            '[data-name="epochs done"], [data-name="steps done"]'
        ).text_content()
    )


def test_a_network_learns_from_its_own_games(notebook):
    panel = Panel(notebook)
    panel.reset()
    panel.part("games").locator("select").select_option("16")
    panel.part("play-outs").locator("select").select_option("5")
    status = panel.run(epochs=2)
    row = panel.rows.first
    assert "finished" in row.text_content(), status
    assert generations(row) == 2
    best = row.locator('[data-name$="best moves, %"]').last
    assert 0 < float(best.text_content()) < 100
    notebook.picture("self_play", panel.box)


def test_stop_ends_it_within_a_generation(notebook):
    panel = Panel(notebook)
    panel.reset()
    # A move of so many games takes seconds, and a generation has up to nine of them.
    notebook.execute("panel.controls['games'].options = [2048]")
    panel.train.click()
    expect(panel.rows).to_have_count(1)
    expect(panel.stop).to_be_enabled()
    panel.stop.click()
    expect(panel.status).to_contain_text("Stopped")
    expect(panel.train).to_be_enabled()
    expect(panel.rows.first).to_contain_text("stopped")
    assert generations(panel.rows.first) == 0


@pytest.mark.parametrize("opponent", ["the network", "play-outs at random"])
def test_the_board_answers_with_either_opponent(notebook, board, opponent):
    board.get_by_role("button", name="New game").click()
    stones = board.locator("button.lab-stone")
    expect(stones).to_have_count(0)
    board.get_by_label("opponent").select_option(opponent)
    for turn in (1, 2):
        board.locator("button.lab-square").nth(3).click()
        expect(stones).to_have_count(2 * turn)
    status = board.get_by_role("status")
    expect(status).to_contain_text(re.compile(r"It played column [0-6].* you are X"))
    expect(board.locator(".lab-thoughts")).to_contain_text("50 play-outs for O")
    notebook.picture(f"connect_four_{opponent.split()[0]}", board)


def test_a_forgotten_diagonal_is_told_by_name(notebook):
    answer = notebook.answer(
        "won",
        """def won(board):
    sums = [line.sum() for line in [*board, *board.T, board.diagonal()]]
    return (3 in sums) - (-3 in sums)


lab.check("playing.won", won)
""",
    )
    expect(answer).to_contain_text("Not yet")
    expect(answer).to_contain_text("from the bottom left to the top right is missing")
