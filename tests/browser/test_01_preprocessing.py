"""Chapter 01 in the browser: three explorers, the panel, an exercise."""

import pytest
from labdriver import Explorer
from playwright.sync_api import expect

NOTEBOOK = "01_preprocessing.ipynb"
EXERCISE = """def min_max(train, test):
    low, high = {rows}.min(0), {rows}.max(0)
    return (train - low) / (high - low), (test - low) / (high - low)


lab.check("preprocessing.min_max", min_max)
"""


@pytest.fixture(scope="module")
def outliers(notebook):
    return Explorer(notebook, "How many houses must each method mark")


@pytest.fixture(scope="module")
def scales(notebook):
    return Explorer(notebook, "Which scaler keeps the houses")


@pytest.fixture(scope="module")
def augmentations(notebook):
    return Explorer(notebook, "At which strength")


def image(explorer):
    """Return the address of the picture that an explorer shows."""
    return explorer.answer.locator("img").get_attribute("src")


def test_no_answer_is_shown_before_it_is_asked_for(notebook, outliers):
    expect(outliers.answer).to_contain_text("Marked: 1,")
    fold = notebook.locator("details", has_text="LOF needs 5 marks")
    expect(fold.locator("p")).to_be_hidden()
    fold.locator("summary").click()
    expect(fold.locator("p")).to_be_visible()


@pytest.mark.parametrize(
    ("method", "needed"),
    [("IQR", 7), ("isolation forest", 17), ("local outlier factor", 5)],
)
def test_the_five_are_found_at_that_mark(outliers, method, needed):
    outliers.choose("method", method)
    outliers.press("marked", "Home")
    before = outliers.picture()
    outliers.press("marked", "ArrowRight", times=needed - 2)
    expect(outliers.answer).to_contain_text("4 of the 5")
    outliers.press("marked", "ArrowRight")
    expect(outliers.answer).to_contain_text("5 of the 5")
    outliers.changes(before)


def test_five_marks_find_other_houses_by_each_method(notebook, outliers):
    outliers.press("marked", "Home")
    outliers.press("marked", "ArrowRight", times=4)
    pictures = []
    for method, found in [
        ("IQR", 4),
        ("isolation forest", 2),
        ("local outlier factor", 5),
    ]:
        outliers.choose("method", method)
        expect(outliers.answer).to_contain_text(f"{found} of the 5")
        pictures.append(outliers.changes(pictures[-1] if pictures else None))
    notebook.picture("outliers", outliers.box)


def test_an_outlier_squeezes_min_max_and_not_robust(notebook, scales):
    expect(scales.answer).to_contain_text("between 0.148 and 0.264; outside")
    before = image(scales)
    scales.press("largest-times", "ArrowRight", times=9)
    expect(scales.answer).to_contain_text("between 0.014 and 0.025")
    assert image(scales) != before
    scales.choose("scaler", "robust")
    expect(scales.answer).to_contain_text("between -0.514 and 0.486")
    notebook.picture("scales", scales.box)


def test_every_column_and_scaler_has_a_picture(scales):
    for column in ("Lot.Area", "Lot.Frontage", "Age"):
        scales.choose("column", column)
        expect(scales.answer.locator(f'img[alt*="{column}"]')).to_have_count(1)


@pytest.mark.parametrize("kind", ["rotate", "scale", "crop", "mirror"])
def test_the_judge_gives_up(notebook, augmentations, kind):
    augmentations.choose("kind", kind)
    expect(augmentations.answer.locator(f'img[alt*="{kind}"]')).to_have_count(1)
    augmentations.press("strength", "Home")
    expect(augmentations.answer).to_contain_text("reads 97%")
    before = image(augmentations)
    augmentations.press("strength", "End")
    expect(augmentations.answer).not_to_contain_text("reads 97%")
    assert image(augmentations) != before
    notebook.picture(f"augmentation_{kind}", augmentations.box)


def test_the_panel_trains_with_and_without(panel):
    for augmentation in ("none", "all three"):
        panel.part("augmentation").locator("select").select_option(augmentation)
        assert "Finished" in panel.run(epochs=2)
    expect(panel.rows.last).to_contain_text("all three")
    assert len({panel.shape(curve) for curve in range(4)}) == 4


@pytest.mark.parametrize(
    ("rows", "feedback"),
    [
        ("np.concatenate([train, test])", "the test rows have leaked"),
        ("train", "Correct"),
    ],
)
def test_exercise_answers(notebook, rows, feedback):
    output = notebook.answer("min_max", EXERCISE.format(rows=rows))
    expect(output).to_contain_text(feedback)
