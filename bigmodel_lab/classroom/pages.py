"""Feedback pages: what a learner's cells may put on them, and how they end up.

Converting a page takes time that grows with the square of some texts: so they are cut
before. What a learner wrote is shown, never run.
"""

import html
import re

from bs4 import BeautifulSoup
from latex2mathml.converter import convert
from nbformat import NotebookNode

from bigmodel_lab.classroom.folder import CourseFolder, grade_id_of
from bigmodel_lab.classroom.plain import shown

MOST = {  # characters that a page takes of each kind of output
    "text/html": 100_000,
    "image/png": 3_000_000,
    "image/jpeg": 3_000_000,
    "text/plain": 20_000,
}
MOST_MARKDOWN, MOST_CODE = 10_000, 100_000  # characters of a cell
# Two dollars around a formula; but "$5 and $6" is money.
_FORMULA = re.compile(r"\$\$?(?=\S)([^$]{1,500})(?<=\S)\$\$?(?!\d)")
_COLORS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# A feedback page shows what learners wrote: it may display it, never run it.
_NO_SCRIPTS = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'; img-src data:; form-action 'none'\">"
)


def trim(cell: NotebookNode) -> None:
    """Cut what makes a page long, slow or misleading out of a cell and its outputs."""
    most = MOST_CODE if cell.cell_type == "code" else MOST_MARKDOWN
    cell.source = _cut(_plain(cell.source), most)
    if cell.cell_type == "code":
        trimmed = map(_trimmed, cell.outputs)
        cell.outputs = [output for output in trimmed if output is not None]


def _trimmed(output):
    """Return an output that is fit for a page, or None if there is nothing to show."""
    if output.output_type == "stream":
        output.text = _cut(_plain(output.text), MOST["text/plain"])
    elif output.output_type == "error":
        lines = _cut(_plain("\n".join(output.traceback)), MOST["text/plain"])
        output.traceback = lines.split("\n")
        output.ename, output.evalue = _plain(output.ename), _plain(output.evalue)
    else:
        output.data = {
            kind: _fit(kind, content)
            for kind, content in output.data.items()
            if kind in MOST and isinstance(content, str)
        }
        if not output.data:
            return None
    return output


def _fit(kind, content):
    """Return the content of an output, cut; half a picture or page would be nothing."""
    if kind == "text/plain":
        return _cut(_plain(content), MOST[kind])
    return _plain(content) if len(content) <= MOST[kind] else ""


def _plain(text):
    """Return a text without colors, whose control characters can be seen."""
    text = _COLORS.sub("", str(text)).expandtabs()
    return "\n".join(map(shown, text.split("\n")))


def _cut(text, most):
    """Return a text of at most `most` characters and a word on the rest."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[{len(text) - most:,} more characters were cut]"


def finish(
    course: CourseFolder, assignment: str, student: str, rows: list[dict]
) -> None:
    """Give a feedback page names, formulas and nothing that could run.

    nbgrader's template writes its words inside its one long block: our own template
    would have to repeat the whole block, and a preprocessor does not see it.
    """
    path = course.path / "feedback" / student / assignment / f"{assignment}.html"
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for script in page("script"):
        script.decompose()
    page.head.insert(0, BeautifulSoup(_NO_SCRIPTS, "html.parser"))
    title = page.find("h4", string=re.compile(re.escape(assignment)))
    title.string = f"{student}: {title.string}"
    _name_tests(page, [row["exercise"] for row in rows])
    _clear_comments(page)
    for text in page.select_one("#notebook").select(".text_cell_render"):
        _set_formulas(text)
    path.write_text(str(page), encoding="utf-8")


def _name_tests(page, names):
    """Name each test by its exercise; its score, once more as an output, goes."""
    for name in names:
        link = page.select_one(f'#toc a[href="#{grade_id_of(name)}"]')
        link.string = name.partition(".")[2]
        cell = page.find("a", attrs={"name": grade_id_of(name)})
        for score in cell.find_parent(class_="code_cell").select(".output_prompt"):
            score.find_parent(class_="output_area").decompose()


def _clear_comments(page):
    """Remove nbgrader's comments on untouched answers; say what others are on."""
    for label in page.find_all("b", string="Comments:"):
        if label.parent.get_text(" ").split() == ["Comments:", "No", "response."]:
            cell = label.find_parent(class_="code_cell")
            for link in page.select("#toc a"):
                if cell.find("a", attrs={"name": link["href"][1:]}):
                    link.parent.decompose()
            label.find_parent(class_="panel-footer").decompose()
    for link in page.select("#toc a"):
        if link.string == "Comment":
            name = link["href"].removeprefix("#comment-").removesuffix("-answer")
            link.string = f"Comment on {name.partition('-')[2]}"


def _set_formulas(text):
    """Set the formulas of a text in MathML, which needs no script."""
    for words in text.find_all(string=re.compile(r"\$")):
        if words.find_parent(["code", "pre"]):
            continue
        parts = _FORMULA.split(words)
        for number in range(1, len(parts), 2):
            parts[number] = BeautifulSoup(_mathml(parts[number]), "html.parser")
        words.replace_with(*parts)


def _mathml(formula):
    """Return a formula as MathML, or as it is if it is none."""
    try:
        return convert(formula)
    except Exception:  # whatever a learner put between two dollars
        return html.escape(f"${formula}$")
