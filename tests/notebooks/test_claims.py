"""The articles' errors: each is named in a chapter, with the output that shows it."""

import re

import nbformat
import pytest

from bigmodel_lab.authoring.notebooks import code_cells, notebooks_folder

# Where each fault is shown, what the stored output of an experiment there must say, and
# how its row of the claims table begins or what it holds.
SHOWN = {
    "E1": (
        "03_optimizers",
        r"t = 5: m = 10\.00, numerator v = 0\.00",
        '"Adam" in five lines',
    ),
    "E2": (
        "03_optimizers",
        r"27,596 to 2\.2e\+44",
        "the gradient is (y - ŷ) x",
    ),
    "E3": (
        "02_losses",
        r"1/2 Σ \(D1 §4\.2\) 0\.0358 converges diverges",
        "MSE is 1/(2N) Σ; the loss is 1/2 Σ",
    ),
    "E4": (
        "02_losses",
        r"±60 60, nan 60, 1 60, 1",
        '∂L/∂p = -y/p, the rest "can be computed by backpropagation"',
    ),
    "E5": (
        "04_house_prices",
        r"loss became inf at step 4",
        "the program of §5.2 trains on `house_prices.csv`",
    ),
    "E6": (
        "03_optimizers",
        r"step 100: loss 2\.0e\+141",
        "learning rate 0.1, 100 steps",
    ),
    "E7": (
        "06_text",
        r"20 units: no error, it trains",
        "the program classifies 20 Newsgroups",
    ),
    "E8": (
        "02_losses",
        r"outer product: relative error 0\.655",
        "backpropagation in three lines",
    ),
    "E9": (
        "02_losses",
        r"D2 §4\.2\.2: y log z 0\.000 0\.997 36\.7%",
        "two classes are trained with -mean(y log z)",
    ),
    "E10": (
        "02_losses",
        r"W1 0\.66 0\.58 W2 0\.57 0\.43 W3 0\.00",
        "backpropagation of a 100-500-10 network",
    ),
    "E11": (
        "05_mnist",
        r"1,500 longer steps: accuracy 100% on its own data, 10% on new data",
        '"evaluates the model on the test set"',
    ),
    "E12": (
        "05_mnist",
        r"not logged by its program: val_accuracy val_loss",
        "the result of running the code above",
    ),
    "E13": (
        "02_losses",
        r"ten sigmoids - sum of the gradient: 4\.09",
        "binary cross-entropy is the loss of the classifier",
    ),
    "E14": (
        "02_losses",
        r"95 % zeros: (0\.[89]|1\.\d) ± 0\.4 times as long",
        'ReLU\'s zeros "reduce the computation needed"',
    ),
    "E15": (
        "01_preprocessing",
        r"99 % of the areas lie below 0\.013 of \[0, 1\]",
        '"scale to [0, 1] or [-1, 1]"',
    ),
    "E16": (
        "09_scale",
        r"GPT-3 \(2020\) 174,604\.26",
        "GPT-3 came out in 2018",
    ),
    "E17": (
        "09_scale",
        r"AlphaGo \(2016\) 3\.88 ",
        "AlphaGo is a large model",
    ),
    "E18": (
        "09_scale",
        r"GPT-2 XL \(2019\) 1,557\.61 D0, D1, D2, D3, D4",
        '"large" begins at',
    ),
    "E19": (
        "09_scale",
        r"Generative Pre-trained Transformer: its blocks",
        'GPT: "generative pre-trained network"',
    ),
}


def chapter_of(fault):
    """Return the stored notebook that shows the fault."""
    path = notebooks_folder() / f"{SHOWN[fault][0]}.ipynb"
    return nbformat.read(path, as_version=4)


def words(output):
    """Return what an output says, tables without their tags."""
    data = output.get("data", {})
    table = re.sub(r"<[^>]+>", " ", data.get("text/html", ""))
    return " ".join((output.get("text") or table or data.get("text/plain", "")).split())


@pytest.mark.parametrize("fault", SHOWN)
def test_the_output_shows_the_fault(fault):
    outputs = [o for cell in code_cells(chapter_of(fault)) for o in cell.outputs]
    assert any(re.search(SHOWN[fault][1], words(output)) for output in outputs)


@pytest.mark.parametrize("fault", SHOWN)
def test_the_claims_table_has_a_row_for_the_fault(fault):
    cells = [cell.source for cell in chapter_of(fault).cells]
    (table,) = (text for text in cells if text.startswith("## Claims checked"))
    rows = [line for line in table.splitlines() if SHOWN[fault][2] in line]
    assert rows
    assert not any(row.rstrip(" |").endswith("holds") for row in rows)
