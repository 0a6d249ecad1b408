"""Chapter 11 in the browser: bits, clients and a teacher's warmth; a page within it."""

import json

import pytest
from labdriver import Explorer, Panel
from playwright.sync_api import expect

NOTEBOOK = "11_ship.ipynb"


@pytest.fixture(scope="module")
def little(notebook):
    return Explorer(notebook, "How little is enough?")


def test_fewer_bits_make_the_codes_smaller_and_the_steps_wider(notebook, little):
    before = little.picture()
    expect(little.answer).to_contain_text("its codes: 93 kB")
    little.press("bits", "Home")
    expect(little.answer).to_contain_text("its codes: 23 kB")
    little.changes(before)
    notebook.picture("bits", little.box)


def test_zeros_change_neither_the_file_nor_the_speed(little):
    before = little.picture()
    little.press("zeros", "End")
    little.changes(before)
    expect(little.answer).to_contain_text("as PyTorch saves it: 372 kB")


def test_a_lone_client_waits_for_a_batch_that_never_fills(notebook):
    clients = Explorer(notebook, "How many clients?")
    expect(clients.answer).to_contain_text("one at a time: 1,5")
    before = clients.picture()
    clients.choose("clients", "32")
    expect(clients.answer).to_contain_text("in batches: 4,4")
    clients.changes(before)
    notebook.picture("clients", clients.box)


def test_a_teacher_is_asked_at_a_temperature(notebook):
    panel = Panel(notebook)
    panel.reset()
    panel.box.locator(".lab-temperature select").select_option("4")
    status = panel.run(epochs=3)
    assert "Diverged" not in status
    expect(panel.rows.first).to_contain_text("4")


def test_the_page_in_the_chapter_holds_the_chapters_network(notebook):
    frame = notebook.locator("iframe[title='Draw a digit']").content_frame
    body = frame.locator("body[data-state=ready]")
    body.evaluate("(_, points) => draw(points)", [[140, 40], [140, 240]])
    expect(frame.locator("#status")).to_contain_text("Most probable: 1, with ")
    here = body.evaluate("async () => answer(new Array(784).fill(0))")
    there = notebook.execute(
        "print(run(np.zeros((1, 1, 28, 28), 'float32'))[0].tolist())"
    )
    assert here == pytest.approx(json.loads(there), abs=1e-4)


def test_one_scale_for_all_rows_is_told_by_name(notebook):
    answer = notebook.answer(
        "rounded_weights",
        """def rounded_weights(weights, bits):
    scale = weights.abs().max() / (2 ** (bits - 1) - 1)
    return (weights / scale).round() * scale


lab.check("ship.rounded_weights", rounded_weights)
""",
    )
    expect(answer).to_contain_text("Not yet")
    expect(answer).to_contain_text("row")
