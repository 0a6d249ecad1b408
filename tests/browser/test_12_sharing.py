"""Chapter 12 in the browser: noise, a table looked up, ten clients, an exercise."""

import pytest
from labdriver import Explorer, Panel
from playwright.sync_api import expect

NOTEBOOK = "12_sharing.ipynb"


@pytest.fixture(scope="module")
def noise(notebook):
    return Explorer(notebook, "How much noise hides you?")


@pytest.fixture(scope="module")
def table(notebook):
    return Explorer(notebook, "Am I in the table?")


def test_more_noise_moves_the_hills_together(notebook, noise):
    expect(noise.answer).to_contain_text("12 epochs: epsilon 7.87")
    expect(noise.answer).to_contain_text("accuracy 89.6 %")
    before = noise.picture()
    noise.choose("noise", "4")
    expect(noise.answer).to_contain_text("epsilon 1.07")
    expect(noise.answer).to_contain_text("at most 2.9 %")
    noise.changes(before)
    notebook.picture("noise", noise.box)


def test_more_epochs_promise_less(noise):
    noise.choose("epochs", "48")
    expect(noise.answer).to_contain_text("48 epochs: epsilon 2.25")
    expect(noise.answer).not_to_contain_text("accuracy")


def test_a_person_is_looked_up_column_by_column(notebook, table):
    expect(table.answer).to_contain_text("156 of 4,446 look like this")
    table.choose("marital", "separated")
    expect(table.answer).to_contain_text("8 of 4,446")
    table.choose("home", "parents")
    expect(table.answer).not_to_contain_text("8 of 4,446")
    table.choose("width", "20")
    expect(table.answer).to_contain_text("of 4,446 look like this")
    notebook.picture("table", table.box)


def test_ten_clients_train_round_by_round_and_stop(notebook):
    panel = Panel(notebook)
    panel.reset()
    panel.box.locator(".lab-kinds select").select_option("10")
    panel.set("epochs", 10)
    panel.set("rounds", 40)
    panel.train.click()
    expect(panel.status).to_contain_text("Step")
    panel.stop.click()
    expect(panel.status).to_contain_text("Stopped")
    expect(panel.rows.first).to_contain_text("stopped")
    notebook.picture("clients", panel.box)


def test_noise_without_the_limit_is_told_by_name(notebook):
    answer = notebook.answer(
        "private_gradient",
        """def private_gradient(clipped_sum, limit, noise, batch_size, normal):
    return (clipped_sum + noise * normal) / batch_size


lab.check("sharing.private_gradient", private_gradient)
""",
    )
    expect(answer).to_contain_text("Not yet")
    expect(answer).to_contain_text("limit")
