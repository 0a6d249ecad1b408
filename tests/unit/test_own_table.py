"""A reader's own CSV file: every usual fault is told in a sentence that names it."""

import io
import re

import numpy as np
import pandas as pd
import pytest
import torch

import bigmodel_lab as lab
from bigmodel_lab.datasets._own_columns import read_column
from bigmodel_lab.datasets.own_table import own_table

ROWS = 100


def plain(rows=ROWS):
    """Return a table without a fault: y = 10 + 3 a + noise, and a word for a's sign."""
    rng = np.random.RandomState(0)
    a = rng.randn(rows).round(3)
    return pd.DataFrame(
        {
            "a": a,
            "b": rng.randn(rows).round(3),
            "sign": np.where(a > 0, "plus", "minus"),
            "y": (10 + 3 * a + 0.1 * rng.randn(rows)).round(3),
        }
    )


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves a frame, text or bytes as a file; gives its path."""

    def save(content, name="mine.csv", **settings):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            buffer = io.StringIO()
            content.to_csv(buffer, index=False, sep=settings.pop("sep", ","))
            content = buffer.getvalue().encode(settings.pop("encoding", "utf-8"))
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def test_a_regression_is_split_prepared_and_judged(saved):
    table = own_table(saved(plain()), "y")
    assert (table.task, table.classes, table.notes) == ("regression", [], [])
    assert table.columns == ["a", "b", "sign_minus", "sign_plus"]
    assert [len(part[1]) for part in (table.train, table.validation, table.test)] == [
        64,
        16,
        20,
    ]
    X, y = table.train
    assert (X.dtype, y.dtype) == (torch.float32, torch.float32)
    assert X[:, :2].mean(0) == pytest.approx([0, 0], abs=1e-6)
    assert X[:, :2].std(0, correction=0) == pytest.approx([1, 1], abs=1e-5)
    model = lab.models.linear_regression(4)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    training = lab.Training(
        model,
        lab.losses.mse,
        optimizer,
        train=table.train,
        validation=table.validation,
        epochs=30,
    ).finish()
    assert training.history.validation_loss.iloc[-1] < 0.1
    scores = table.judge(lab.predict(model, table.test[0]))
    assert list(scores.index) == ["always the mean", "your model"]
    assert scores.loc["your model", "RMSE"] == pytest.approx(0.1, rel=0.5)
    assert scores.loc["your model", "R²"] > 0.99 > 0.1 > scores["R²"].iloc[0]


def test_what_prepares_the_columns_has_not_seen_the_other_parts(saved):
    frame = plain()
    first = own_table(saved(frame), "y")
    kept = set(first.train[1].tolist())
    y = frame["y"].astype("float32")
    scaled = ((y - first.mean) / first.std).astype("float32")
    outside = [not np.isclose(list(kept), value, atol=1e-5).any() for value in scaled]
    frame.loc[outside, "b"] = 1000.0  # in the validation and test parts only
    second = own_table(saved(frame), "y")
    assert torch.equal(first.train[0], second.train[0])
    assert second.test[0][:, 1].min() > 100


def test_words_make_a_classification(saved):
    table = own_table(saved(plain()), "sign")
    assert (table.task, table.classes) == ("classification", ["minus", "plus"])
    assert table.train[1].dtype == torch.int64
    logits = torch.stack([-table.test[0][:, 0], table.test[0][:, 0]], dim=1)
    scores = table.judge(logits)
    assert scores.loc["your model", "accuracy"] > 0.8
    assert scores["balanced accuracy"].iloc[0] == 0.5
    assert "classification of 'sign' (2 classes) from 3 columns" in str(table)


def test_parts_hold_each_class_in_proportion(saved):
    frame = plain(200)
    frame["kind"] = ["rare"] * 10 + ["usual"] * 190
    table = own_table(saved(frame.sample(frac=1, random_state=0)), "kind")
    for part in (table.train, table.validation, table.test):
        assert (part[1] == 0).float().mean() == pytest.approx(0.05, abs=0.02)


def test_numbers_may_name_classes(saved):
    frame = plain()
    frame["stars"] = np.arange(ROWS) % 4
    path = saved(frame)
    assert own_table(path, "stars").task == "regression"
    assert "only 4 different numbers" in str(own_table(path, "stars"))
    table = own_table(path, "stars", task="classification")
    assert table.classes == ["0", "1", "2", "3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_a_file_is_read_however_it_was_saved(saved, encoding, sep):
    frame = plain().rename(columns={"a": "面积", "y": "价格"})
    table = own_table(saved(frame, encoding=encoding, sep=sep), "价格")
    assert table.columns[0] == "面积"
    told = [note for note in table.notes if "not in UTF-8" in note]
    assert bool(told) == (not encoding.startswith("utf-8"))


def test_western_letters_are_not_taken_for_chinese(saved):
    frame = plain().rename(columns={"y": "Größe"})
    frame["sign"] = frame["sign"].replace("plus", "très élevé")
    table = own_table(saved(frame, encoding="cp1252"), "Größe")
    assert "sign_très élevé" in table.columns
    assert "read as cp1252" in table.notes[0]


@pytest.mark.parametrize(
    ("written", "read", "says"),
    [
        ("{:,.0f}", 1234567, "'1,234,567' is read as 1.23457e+06"),
        ("${:,.2f}", 1234.5, "'$1,234.50' is read as 1,234.5"),
        ("{:.1f} %", 12.5, "'12.5 %' is read as 12.5"),
        ("{:.0f} m²", 80, "'80 m²' is read as 80"),
        ("¥{:.0f}", 80, "'¥80' is read as 80"),
        ("-${:,.0f}", -1200, None),
        (" {:.1f} ", 3.5, None),
        ("{:.2e}", 1.5e-7, None),
    ],
)
def test_numbers_are_read_as_people_write_them(written, read, says):
    sign = -1 if read < 0 else 1
    column = read_column(pd.Series([written.format(sign * read)] * 20, name="x"))
    assert column.kind == "numbers"
    assert column.values.tolist() == pytest.approx([read] * 20)
    if says:
        assert column.notes == [f"Column 'x': {says}, and 19 more like it."]


def test_a_comma_is_decimal_where_it_cannot_be_thousands():
    column = read_column(pd.Series(["3,5", "1.200,25", "4,125"], name="x"))
    assert column.values.tolist() == [3.5, 1200.25, 4.125]
    column = read_column(pd.Series(["3,500", "1,200,250", "4,125"], name="x"))
    assert column.values.tolist() == [3500, 1200250, 4125]


@pytest.mark.parametrize(
    ("texts", "days", "since"),
    [
        (["2024-01-31", "2024-03-01"], [0, 30], "2024-01-31"),
        (["31.01.2024", "01.03.2024"], [0, 30], "2024-01-31"),
        (["1/31/2024", "3/1/2024"], [0, 30], "2024-01-31"),
        (["2024年1月31日", "2024年3月1日"], [0, 30], "2024-01-31"),
        (["2024-01-31 12:00", "2024-02-01 00:00"], [0, 0.5], "2024-01-31"),
    ],
)
def test_dates_become_days(texts, days, since):
    column = read_column(pd.Series(texts, name="sold"))
    assert (column.kind, column.values.tolist()) == ("dates", days)
    assert column.notes == [f"Column 'sold' holds dates: read as days since {since}."]


@pytest.mark.parametrize("sign", ["?", "NA", "n/a", "-", "无", "NULL"])
def test_signs_for_gaps_are_named_and_filled(saved, sign):
    frame = plain().astype({"a": object})
    frame.loc[:4, "a"] = sign
    table = own_table(saved(frame), "y")
    assert table.notes == [f"Column 'a': {sign!r} is taken as a gap (5 cells)."]
    assert table.train[0].isfinite().all()


def test_rows_without_a_target_are_left_out(saved):
    frame = plain().astype({"y": object})
    frame.loc[:9, "y"] = ""
    table = own_table(saved(frame), "y")
    assert table.notes == ["10 rows have no 'y': left out."]
    assert sum(len(p[1]) for p in (table.train, table.validation, table.test)) == 90


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (["x"] * ROWS, "is the same in every row: left out"),
        ([""] * ROWS, "is empty: left out"),
        ([f"n{k}" for k in range(ROWS)], "another word in nearly every row"),
        (range(1, ROWS + 1), "only numbers the rows: left out"),
        (["1"] * 95 + ["one"] * 5, "holds numbers but for 'one': taken as gaps"),
        ([f"w{k % 30}" for k in range(ROWS)], "has 30 different words: the rarest"),
    ],
)
def test_columns_that_do_not_help_are_told(saved, column, says):
    table = own_table(saved(plain().assign(extra=column)), "y")
    assert any("'extra'" in note and says in note for note in table.notes)


def test_a_column_that_gives_the_target_away_is_told_and_can_be_left_out(saved):
    frame = plain()
    frame["in_cents"] = (100 * frame["y"]).round()
    frame["code"] = frame["sign"].map({"plus": "p", "minus": "m"})
    path = saved(frame)
    assert "Column 'in_cents' gives 'y' away" in str(own_table(path, "y"))
    assert "Column 'code' gives 'sign' away" in str(own_table(path, "sign"))
    table = own_table(path, "y", leave_out=["in_cents", "code"])
    assert table.notes == []
    assert "in_cents" not in table.columns


def test_repeated_rows_are_left_out(saved):
    frame = pd.concat([plain(), plain().head(7)])
    assert own_table(saved(frame), "y").notes == [
        "7 rows repeat an earlier one: left out."
    ]


def test_a_class_too_rare_to_split_is_left_out(saved):
    frame = plain()
    frame.loc[:1, "sign"] = "zero"
    table = own_table(saved(frame), "sign")
    assert table.classes == ["minus", "plus"]
    told = "Classes of 'sign' with fewer than 5 rows are left out: 'zero'."
    assert told in table.notes


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is no table: it needs a line of column names"),
        ("a,b,y\n", "is no table"),
        ("a\n1\n2\n", "is no table"),
        ("1,2,3\n4,5,6\n", "first line looks like data (1, 2, 3)"),
        ("a,a,y\n1,2,3\n", "Column 'a' occurs twice"),
        ("a,b,y\n1,2,3\n1,2\n", "Row 3 of mine.csv has 2 cells, but there are 3"),
        (b"PK\x03\x04rest", "is an Excel workbook: save its sheet as CSV"),
        ("a,y\n" + "1,2\n3,4\n", "2 rows with a 'y' are too few"),
        (
            "a,y\n" + "".join(f"{k},5\n" for k in range(60)),
            "'y' is the same in every",
        ),
        ("a,y\n" + "".join(f"k,{k}\n" for k in range(60)), "No column is left to lea"),
    ],
)
def test_a_file_that_cannot_be_learned_from_says_why(saved, content, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        own_table(saved(content), "y")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"target": "Y"},
            "No column is called 'Y'; did you mean 'y'? Known names: a, b, sign, y",
        ),
        ({"target": "sing"}, "did you mean 'sign'?"),
        ({"target": "y", "leave_out": ["c"]}, "No column is called 'c'"),
        ({"target": "y", "task": "guess"}, "must be one of regression, classification"),
        ({"target": "sign", "task": "regression"}, "holds words such as 'plus'"),
    ],
)
def test_wrong_names_are_told_with_the_right_ones(saved, settings, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        own_table(saved(plain()), **settings)


def test_a_single_name_to_leave_out_is_asked_for_in_a_list(saved):
    with pytest.raises(TypeError, match=r"Give every column in a list: \['a'\]"):
        own_table(saved(plain()), "y", leave_out="a")


def test_a_missing_file_is_told_with_those_that_are_there(saved, tmp_path):
    saved(plain(), "houses.csv")
    with pytest.raises(FileNotFoundError, match=r"'house.csv'.*There are: houses.csv"):
        own_table(tmp_path / "house.csv", "y")


def test_the_wrong_number_of_predictions_is_told(saved):
    table = own_table(saved(plain()), "y")
    with pytest.raises(ValueError, match="3 predictions for the 20 rows"):
        table.judge([1, 2, 3])
