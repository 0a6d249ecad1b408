"""Chapter 04 in the browser: panel, explorer and quiz, as a learner uses them."""

import csv
import io
import re

import pytest
from labdriver import Explorer
from playwright.sync_api import expect

NOTEBOOK = "04_house_prices.ipynb"

# Notes when Stop is clicked and when the status says so, in the browser's clock.
WATCH_STOP = """() => {
    const times = window.stopTimes = {};
    const status = document.querySelector('.lab-panel .lab-status');
    document.querySelector('.lab-panel .lab-stop').addEventListener(
        'click', () => times.clicked = performance.now(), {capture: true, once: true});
    new MutationObserver((_, observer) => {
        if (!status.textContent.includes('Stopped')) return;
        times.stopped = performance.now();
        observer.disconnect();
    }).observe(status, {childList: true, subtree: true, characterData: true});
}"""
# Counts how often the first curve and the progress bar change in two seconds.
COUNT_CHANGES = """async () => {
    const changes = {curve: 0, progress: 0};
    const watch = (name, selector, attribute) => new MutationObserver(
        () => changes[name]++
    ).observe(document.querySelector(selector), {attributeFilter: [attribute]});
    watch('curve', '.lab-panel .lab-chart path.line', 'd');
    watch('progress', '.lab-panel .lab-progress .progress-bar', 'style');
    const end = Date.now() + 60_000;
    while (Math.min(changes.curve, changes.progress) < 3 && Date.now() < end)
        await new Promise(resolve => setTimeout(resolve, 50));
    return changes;
}"""
# The copied call, run again, must give the last run's history to the last bit.
REPRODUCE = """
import pandas as _pd
_again = ({code}).history.drop(columns="seconds")
_shown = panel.runs[-1].training.history.drop(columns="seconds")
_pd.testing.assert_frame_equal(_again, _shown, check_exact=True)
print(len(_again), "equal rows")
"""


def test_arrow_keys_move_the_learning_rate(panel):
    panel.part("learning-rate").locator(".noUi-handle").focus()
    for _ in range(5):
        panel.page.keyboard.press("ArrowRight")
    readout = panel.part("learning-rate").locator(".widget-readout")
    expect(readout).to_have_text("0.03162")
    panel.notebook.wait_for(
        "print(round(panel.settings['learning_rate'], 4))", "0.0316"
    )


def test_a_quick_click_trains_with_the_last_value(panel):
    panel.part("learning-rate").locator(".noUi-handle").focus()
    for _ in range(5):
        panel.page.keyboard.press("ArrowRight")
    panel.train.click()  # at once: the browser may send it before the last moves
    expect(panel.rows).to_contain_text("0.03162")


def test_double_click_starts_one_run(panel):
    panel.train.dblclick()
    expect(panel.rows.first).to_contain_text("finished")
    expect(panel.rows).to_have_count(1)


def test_typed_epochs_are_trained(panel):
    panel.run(epochs=7)
    assert panel.notebook.execute("print(len(panel.history))") == "7"


def test_curve_grows_and_progress_moves_while_it_trains(panel):
    panel.start_long_run()
    changes = panel.page.evaluate(COUNT_CHANGES)
    panel.stop.click()
    assert changes["curve"] >= 3
    assert changes["progress"] >= 3


def test_stop_ends_a_run_at_once_and_keeps_it(panel, record_property):
    latencies = []
    for _ in range(5):
        panel.start_long_run()
        panel.page.evaluate(WATCH_STOP)
        panel.stop.click()
        expect(panel.status).to_contain_text("Stopped")
        expect(panel.train).to_be_enabled()
        times = panel.page.evaluate("window.stopTimes")
        latencies.append(round(times["stopped"] - times["clicked"]))
    print("from the click on Stop to the status, ms:", latencies)
    record_property("stop_latency_ms", latencies)
    assert max(latencies) < 2000  # 200 on a machine that is not busy
    expect(panel.rows).to_have_count(5)
    expect(panel.rows.last).to_contain_text("stopped")


def test_runs_are_overlaid_and_tabled(panel):
    panel.run(learning_rate=0.01)
    panel.run(learning_rate=0.1)
    expect(panel.curves).to_have_count(4)  # training and validation of two runs
    assert len({panel.shape(curve) for curve in range(4)}) == 4
    colors = panel.curves.evaluate_all("paths => paths.map(p => p.style.stroke)")
    assert len(set(colors)) == 2
    expect(panel.rows).to_have_count(2)
    expect(panel.rows.nth(0)).to_contain_text("0.01")
    expect(panel.rows.nth(1)).to_contain_text("0.1")
    panel.notebook.picture("panel_1400", panel.box)


def test_narrow_window_cuts_nothing_off(panel):
    panel.run()
    panel.notebook.set_width(900)
    panel.notebook.picture("panel_900", panel.box)
    panel.notebook.picture("page_900")
    frame = panel.box.bounding_box()
    for part in ("learning-rate", "train", "reset", "chart", "table", "code"):
        box = panel.part(part).bounding_box()
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1, part
    expect(panel.part("table")).to_have_css("overflow-x", "auto")  # it may be wider


def test_divergence_is_explained_and_earlier_runs_are_kept(panel):
    panel.run(learning_rate=0.1)
    status = panel.run(learning_rate=10)
    assert re.search(r"became (inf|nan) at step \d+ .*Try learning_rate 1\b", status)
    expect(panel.rows).to_have_count(2)
    expect(panel.rows.nth(0)).to_contain_text("finished")
    expect(panel.rows.nth(1)).to_contain_text("diverged")
    panel.notebook.picture("diverged", panel.box)
    # The axis still shows the earlier run, not the 1e38 of the diverged one.
    ticks = panel.part("chart").locator(".axis .tick text").all_text_contents()
    assert not any("e+" in tick for tick in ticks)


def test_copied_code_reproduces_the_run(panel):
    panel.run(learning_rate=0.0316, epochs=12)
    shown = panel.part("code").locator("code").text_content()
    panel.box.get_by_text("Copy as code").click()
    expect(panel.box.get_by_text("Copied")).to_be_visible()
    copied = panel.page.evaluate("navigator.clipboard.readText()")
    assert copied == shown
    assert copied.startswith("house_training(learning_rate=0.0316, epochs=12, ")
    assert panel.notebook.execute(REPRODUCE.format(code=copied)) == "12 equal rows"


def test_rerunning_the_cell_stops_the_old_run_and_keeps_all(panel):
    panel.run(epochs=5)
    panel.start_long_run()
    panel.notebook.execute("old = panel")
    cell = panel.notebook.locator(".jp-CodeCell:has(.lab-panel)").first
    panel.notebook.run_cell(cell)
    expect(panel.status).to_contain_text("Earlier runs were kept")
    panel.notebook.wait_until_idle()
    assert panel.notebook.error_outputs() == []
    assert (
        panel.notebook.execute(
            "old.wait(10); print(old is not panel, old.running, old.runs[-1].state)"
        )
        == "True False stopped"
    )
    expect(panel.rows).to_contain_text(["finished", "stopped"])
    expect(panel.curves).to_have_count(4)
    panel.run(epochs=5)
    expect(panel.rows.last).to_contain_text("3")


def test_logarithmic_axis_redraws_the_curve(panel):
    panel.run()
    ticks = panel.part("chart").locator(".axis .tick text")
    linear = panel.shape(), ticks.all_text_contents()
    panel.part("log").locator("input").check()
    expect(panel.curves.first).not_to_have_attribute("d", linear[0])
    assert ticks.all_text_contents() != linear[1]
    assert panel.shape().startswith("M")
    assert "NaN" not in panel.shape()
    panel.notebook.picture("logarithmic", panel.box)
    panel.part("log").locator("input").uncheck()
    expect(panel.curves.first).to_have_attribute("d", linear[0])


def test_reset_clears_the_runs_and_the_settings(panel):
    panel.run(learning_rate=0.1, epochs=5)
    panel.reset()
    expect(panel.rows).to_have_count(0)
    readout = panel.part("learning-rate").locator(".widget-readout")
    expect(readout).to_have_text("0.01")
    expect(panel.part("epochs").locator(".widget-readout")).to_have_text("30")


def test_axes_make_no_room_for_runs_that_were_cleared(panel):
    panel.run(epochs=60)
    panel.reset()
    panel.run(epochs=5)
    labels = panel.part("chart").locator(".axis").first.locator(".tick text")
    assert max(map(float, labels.all_text_contents())) == 5


def test_csv_holds_every_epoch_of_every_run(panel):
    panel.run(learning_rate=0.01, epochs=5)
    panel.run(learning_rate=0.1, epochs=6)
    with panel.page.expect_download() as download:
        panel.box.get_by_text("Histories as CSV").click()
    assert download.value.suggested_filename == "house_training.csv"
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [row["run"] for row in rows] == ["1"] * 5 + ["2"] * 6
    assert {"learning_rate", "epoch", "train_loss", "validation_loss", "R²"} <= set(
        rows[0]
    )


def test_chart_is_saved_as_png(panel):
    panel.run(epochs=5)
    with panel.page.expect_download() as download:
        panel.box.get_by_text("Chart as PNG").click()
    assert download.value.suggested_filename == "house_training.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_panel_is_operable_by_keyboard_alone(panel, key):
    panel.part("learning-rate").locator(".noUi-handle").focus()
    panel.page.keyboard.press("ArrowRight")
    for _ in range(10):  # over the other controls, wherever the focus stops between
        panel.page.keyboard.press("Tab")
        if panel.train.evaluate("button => button === document.activeElement"):
            break
    panel.page.keyboard.press(key)
    expect(panel.rows).to_have_count(1)
    expect(panel.rows).to_contain_text("0.01259")


def price(answer):
    """Return the dollars with which an explorer's answer begins."""
    found = re.match(r"\$([\d,]+)", answer)
    assert found, answer
    return int(found[1].replace(",", ""))


@pytest.fixture(scope="module")
def calculator(notebook):
    """Return the explorer that prices a house."""
    return Explorer(notebook, "where is the line only guessing")


def test_explorer_answers_again_when_a_slider_moves(calculator):
    expect(calculator.answer).to_contain_text("$")
    before, picture = calculator.answer.text_content(), calculator.picture()
    calculator.press("area", "ArrowRight", times=4)
    expect(calculator.answer).not_to_have_text(before)
    # A larger house is dearer.
    assert price(calculator.answer.text_content()) > price(before)
    calculator.changes(picture)


def test_explorer_gives_an_interval_only_where_houses_were_sold(notebook, calculator):
    expect(calculator.answer).to_contain_text("Nine in ten")
    notebook.picture("price_this_house", calculator.box)
    notebook.use_theme("JupyterLab Dark")
    notebook.picture("price_this_house_dark", calculator.box)
    notebook.use_theme("JupyterLab Light")
    calculator.press("area", "End")
    expect(calculator.answer).to_contain_text("The line is guessing here")
    expect(calculator.answer).not_to_contain_text("Nine in ten")


def test_no_price_is_below_zero(calculator):
    calculator.press("area", "Home")
    calculator.press("rooms", "Home")
    calculator.press("age", "End")
    expect(calculator.answer).to_contain_text("The line is guessing here")
    assert "-" not in calculator.answer.text_content()


def test_the_house_can_be_dragged(calculator):
    before = calculator.readout("area")
    calculator.drag(right=60, down=0)
    assert calculator.moves("area", before) > before


def test_a_table_of_ones_own_is_trained_by_a_panel(notebook):
    panel = notebook.locator(".lab-panel").last
    panel.locator(".lab-train").click()
    expect(panel.get_by_role("status")).to_contain_text("Finished")
    expect(panel.locator(".lab-runs")).to_contain_text("finished")
    notebook.picture("own_table", panel)


def test_quiz_answers_give_feedback(notebook):
    question = notebook.locator(".Quiz").first
    feedback = question.locator(".Feedback")
    question.locator(".MCButton", has_text="29,433 dollars").click()
    expect(feedback).to_contain_text("RMSE")
    expect(feedback).to_have_class(re.compile("incorrect"))
    question.locator(".MCButton", has_text="172 dollars").click()
    expect(feedback).to_contain_text("Yes")
    expect(feedback).to_have_class(re.compile(r"(^| )correct"))


def test_dark_theme_keeps_the_labels_readable(panel):
    panel.run(learning_rate=0.01)
    panel.run(learning_rate=0.1)
    label = panel.part("chart").locator("text.axislabel").first
    panel.notebook.use_theme("JupyterLab Dark")
    panel.notebook.picture("panel_dark", panel.box)
    fill = label.evaluate("label => getComputedStyle(label).fill")
    panel.notebook.use_theme("JupyterLab Light")
    assert min(map(int, re.findall(r"\d+", fill)[:3])) > 200  # as light as the text
