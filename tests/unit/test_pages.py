"""What a feedback page takes of a learner's cells, and how the page ends up."""

from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

pages = pytest.importorskip("bigmodel_lab.classroom.pages")


def trimmed(*outputs):
    """Return the outputs of a cell that was trimmed."""
    cell = new_code_cell("1")
    cell.outputs = list(outputs)  # no kernel checks what it sends
    pages.trim(cell)
    return cell.outputs


def test_colors_go_and_what_cannot_be_seen_is_shown():
    text = "\x1b[31mred\x1b[0m\tand\r\x07 back \u202eeviL\n"
    (output,) = trimmed(new_output("stream", text=text))
    assert output.text == "red     and↵ \\x07 back \\u202eeviL\n"


def test_an_error_keeps_its_lines():
    lines = ["\x1b[0;31mValueError\x1b[0m", "in line 2\nx\x00"]
    error = new_output("error", ename="E\x1b", evalue="v\u2066", traceback=lines)
    (output,) = trimmed(error)
    assert output.traceback == ["ValueError", "in line 2", "x\\x00"]
    assert (output.ename, output.evalue) == ("E\\x1b", "v\\u2066")


@pytest.mark.parametrize(
    ("kind", "length", "left"),
    [
        ("text/plain", 20_000, 20_000),
        ("text/html", 100_001, 0),
        ("image/png", 3_000_000, 3_000_000),
        ("image/png", 3_000_001, 0),
    ],
)
def test_outputs_are_cut(kind, length, left):
    (output,) = trimmed(new_output("display_data", {kind: "x" * length}))
    assert len(output.data[kind]) == left


def test_what_was_cut_is_told():
    (output,) = trimmed(new_output("stream", text="x" * 20_001))
    assert output.text.endswith("x\n[1 more characters were cut]")
    cell = new_markdown_cell("\\begin{a}" * 33_000)
    pages.trim(cell)
    assert len(cell.source) < 10_100


@pytest.mark.parametrize("data", [{"text/html": 5}, {"text/latex": "$x$"}, {}])
def test_what_no_page_can_show_is_left_out(data):
    odd = new_output("display_data")
    odd.data = data
    assert trimmed(odd, new_output("stream", text="a"))[0].text == "a"


PAGE = """<html><head><script src="https://a.b/mathjax.js"></script></head><body>
<h4>02_losses (Score: 1.0 / 2.0)</h4><div id="toc">
<li><a href="#losses-rmse">Test cell</a> (Score: 1.0 / 1.0)</li>
<li><a href="#comment-losses-rmse-answer">Comment</a></li>
<li><a href="#comment-losses-mse-answer">Comment</a></li>
<li><a href="#losses-mse">Test cell</a> (Score: 0.0 / 1.0)</li></div>
<div id="notebook"><div class="text_cell_render">
<p>Let $W^T\\delta$ be, <code>$x$</code>, for $5 and $6, $ x $,
$\\frac{$, and <b>$a &lt; b$</b>.</p></div>
<div class="code_cell"><a name="comment-losses-rmse-answer"></a>
<div class="panel-footer"><div><b>Comments:</b><p>Well done.</p></div></div></div>
<div class="code_cell"><a name="losses-rmse"></a>
<div class="output_area">1 of 1 points</div>
<div class="output_area"><div class="output_prompt">Out[4]:</div>1.0</div></div>
<div class="code_cell"><a name="comment-losses-mse-answer"></a>
<div class="panel-footer"><div><b>Comments:</b><p>No response.</p></div></div></div>
<div class="code_cell"><a name="losses-mse"></a></div></div></body></html>"""


@pytest.fixture
def finished(tmp_path):
    """Return a page that was finished."""
    path = tmp_path / "feedback" / "a<b" / "02_losses" / "02_losses.html"
    path.parent.mkdir(parents=True)
    path.write_text(PAGE, encoding="utf-8")
    rows = [{"exercise": "losses.rmse"}, {"exercise": "losses.mse"}]
    pages.finish(SimpleNamespace(path=tmp_path), "02_losses", "a<b", rows)
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_a_page_names_learner_and_exercises(finished):
    assert finished.h4.string == "a<b: 02_losses (Score: 1.0 / 2.0)"
    links = [link.string for link in finished.select("#toc a")]
    assert links == ["rmse", "Comment on rmse", "mse"]
    footers = [footer.get_text() for footer in finished.select(".panel-footer")]
    assert footers == ["Comments:Well done."]
    assert "Out[4]" not in finished.get_text()
    assert "1 of 1 points" in finished.get_text()


def test_a_page_runs_nothing(finished):
    assert not finished.find_all("script")
    policy = finished.head.find("meta", attrs={"http-equiv": True})
    assert finished.head.find() is policy
    assert policy["content"].startswith("default-src 'none'")


def test_formulas_are_set_and_money_is_not(finished):
    text = finished.select_one(".text_cell_render")
    assert [math.get_text() for math in text.find_all("math")] == ["WTδ", "a<b"]
    assert "for $5 and $6, $ x $, $\\frac{$" in " ".join(text.get_text().split())
    assert text.code.string == "$x$"
