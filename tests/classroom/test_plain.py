"""Strangers' text on a screen and in a spreadsheet."""

import csv

import pytest

from bigmodel_lab.classroom import grading, report
from bigmodel_lab.classroom.plain import cell, shown


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("李雷 Li, Zoë", "李雷 Li, Zoë"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("ad\udce9le", "ad\\xe9le"),
        ("\ud800", "\\ud800"),
        ("abc\u202egpj", "abc\\u202egpj"),
        ("one\r\ntwo\nthree", "one↵ two↵ three"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # part of the spelling
    ],
)
def test_what_is_not_seen_is_shown(text, plain):
    assert shown(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-rf", "@SUM(A1)", "＝1", "＋1", "－1", "＠A"),
        *("\t=1", "\r=1", "\n=1", " =1", '"=1', "\u3000=1", "\xa0=1"),
        *("ValueError: ;=HYPERLINK(1)", "a;-2+3", "a | =1", "x\n=1"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_cell_is_a_formula_whatever_separates_cells(text, separator):
    safe = cell(text)
    assert cell(safe) == safe
    for part in safe.split(separator) if separator != "," else [safe]:
        start = part.strip().strip('"').strip()
        assert not start.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize("value", ["plain", "x = 1", "a-b", "1.5", 2.5, "it's", ""])
def test_other_cells_stay(value):
    assert cell(value) == value


def test_a_long_name_does_not_widen_the_table(tmp_path, capsys):
    row = {"exercise": "losses.hidden_delta", "score": 1.0, "points": 1.0}
    row |= {"outcome": "correct", "misconception": "", "message": ""}
    names = ["ada", "x" * 90, "e\x1b[31mve"]
    report.show(
        [grading.Result(name, "02_losses", exercises=[row]) for name in names], tmp_path
    )
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert max(map(len, said.splitlines()[:5])) < 60
    assert f"  {'x' * 31}…  1 of 1" in said


def test_a_name_that_is_no_utf8_can_be_written(tmp_path):
    path = tmp_path / "grades.csv"
    columns = ("assignment", "student")
    rows = [{"assignment": "a", "student": "ad\udce9le"}]
    report.write_rows(path, columns, rows)
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["student"] == "ad\\xe9le"
