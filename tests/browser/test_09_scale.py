"""Chapter 09 in the browser: does it fit, how long, and one budget for all sizes."""

import pytest
from labdriver import Explorer, Panel
from playwright.sync_api import expect

NOTEBOOK = "09_scale.ipynb"


@pytest.fixture(scope="module")
def fits(notebook):
    return Explorer(notebook, "largest that fits in 16 GB")


def test_fewer_bits_make_a_model_fit(notebook, fits):
    expect(fits.answer).to_contain_text("not fit: its weights alone take 16.1 GB")
    before = fits.picture()
    fits.choose("bits", "8")
    expect(fits.answer).to_contain_text("Weights 8.03 GB, room for 60,")
    fits.changes(before)
    notebook.picture("fits", fits.box)


def test_each_reader_needs_a_cache_of_their_own(fits):
    fits.press("readers", "ArrowRight")
    expect(fits.answer).to_contain_text("room for 30,")


def test_another_model_is_counted(fits):
    fits.choose("model", "GPT-3 (2020)")
    expect(fits.answer).to_contain_text("not fit: its weights alone take 174.6 GB")


def test_eight_times_the_machines_take_an_eighth_of_the_days(notebook):
    long = Explorer(notebook, "for the price of a laptop")
    expect(long.answer).to_contain_text("1.2e+20 operations: 0.44 days, 211 dollars")
    long.choose("machines", "64")
    expect(long.answer).to_contain_text("0.05 days, 211 dollars")
    notebook.picture("long", long.box)


def test_a_wider_model_takes_fewer_steps_for_the_same_budget(notebook):
    panel = Panel(notebook)
    panel.reset()
    steps = {}
    for width in ("32", "64"):
        panel.box.locator(".lab-dimensions select").select_option(width)
        panel.run(epochs=1)
        steps[width] = int(
            notebook.execute("print(panel.runs[-1].training.steps_done)")
        )
    assert steps["64"] < steps["32"] / 1.5
