"""Chapter 10 in the browser: links, models and machines explored; an exercise."""

import pytest
from labdriver import Explorer
from playwright.sync_api import expect

NOTEBOOK = "10_machines.ipynb"


@pytest.fixture(scope="module")
def pays(notebook):
    return Explorer(notebook, "When do machines pay?")


def test_a_faster_link_brings_more_speed(notebook, pays):
    before = pays.picture()
    pays.choose("link", "1 Gbit Ethernet")
    expect(pays.answer).to_contain_text("Speed-up 0.1")
    below = pays.changes(before)
    pays.choose("link", "NVLink")
    expect(pays.answer).to_contain_text("efficiency 86%")
    pays.changes(below)
    notebook.picture("pays", pays.box)


def test_one_machine_has_nobody_to_talk_to(pays):
    pays.press("machines", "Home")
    expect(pays.answer).to_contain_text("Machines: 1. Speed-up 1.0")
    expect(pays.answer).to_contain_text("0.0 ms of talk")


def test_a_mean_of_means_is_told_by_name(notebook):
    answer = notebook.answer(
        "whole_gradient",
        """def whole_gradient(gradients, shares):
    return sum(gradients) / len(gradients)


lab.check("machines.whole_gradient", whole_gradient)
""",
    )
    expect(answer).to_contain_text("Not yet")
