"""The gates bite: every fault planted in a sound notebook is reported."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest

from bigmodel_lab.authoring import cpu_profiles, notebooks
from bigmodel_lab.authoring.hygiene import card_problems, problems

NAME = "01_tiny"
# Without the header of jupytext: refresh adds it.
TINY = f'''# %% [markdown]
# # 01. Tiny
#
# Go to [the sum](#The-sum) or [the figure](#cell-id=cell-004).

# %%
def start_chapter(chapter, version):
    print(chapter, version)


start_chapter("{NAME}", version="{notebooks.VERSION}")

# %% [markdown]
# ## The sum

# %%
sum(range(5))

# %%
from IPython.display import HTML

HTML('<img alt="a red dot" src="data:image/png;base64,iVBORw0KGgo=">')

# %%
import ipywidgets
from tqdm import tqdm

for _ in tqdm(range(3)):
    pass
ipywidgets.IntSlider()
'''
START, SUM, FIGURE, WIDGET = 1, 3, 4, 5


def make_folder(folder, text=TINY, name=NAME):
    (folder / "source").mkdir(parents=True)
    (folder / "source" / f"{name}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Make the folder of a sound notebook; it is copied, never changed."""
    folder = make_folder(tmp_path_factory.mktemp("sound"))
    notebooks.refresh([], folder)
    return folder


@pytest.fixture
def chapter(sound, tmp_path):
    """Copy the sound notebook and its source to a folder of the test's own."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    return tmp_path / f"{NAME}.ipynb"


def plant(path, change):
    """Change a stored notebook and write it back."""
    nb = nbformat.read(path, as_version=4)
    change(nb)
    nbformat.write(nb, path)


def plant_in_both(path, old, new):
    """Change the source and the notebook's cells alike; keep the stored outputs."""
    source = notebooks.source_of(path)
    text = source.read_text()
    assert old in text
    source.write_text(text.replace(old, new))
    stored = nbformat.read(path, as_version=4)
    outputs = {cell.id: cell for cell in stored.cells if "outputs" in cell}
    nb = notebooks.build(source)
    for cell in notebooks.code_cells(nb):
        cell.outputs = outputs[cell.id].outputs
        cell.execution_count = outputs[cell.id].execution_count
    # As if it had been executed: the fault planted is the only one.
    nb.metadata.bigmodel_lab = {"source_sha256": notebooks.digest(nb)}
    nbformat.write(nb, path)


def stream(name, text):
    return nbformat.v4.new_output("stream", name=name, text=text)


def display(**data):
    data = {kind.replace("_", "/"): value for kind, value in data.items()}
    return nbformat.v4.new_output("display_data", data=data)


def test_control_a_sound_notebook_has_no_problems(chapter):
    assert problems(chapter) == []
    assert notebooks.drift(chapter) == ""


def test_stored_form_holds_nothing_that_changes_from_run_to_run(chapter):
    nb = nbformat.read(chapter, as_version=4)
    assert [cell.id for cell in nb.cells] == [f"cell-{i:03d}" for i in range(6)]
    (widget,) = nb.cells[WIDGET].outputs
    assert set(widget.data) == {"text/plain"}
    assert "widgets" not in nb.metadata
    assert "version" not in nb.metadata.language_info


def test_refreshing_twice_writes_the_same_bytes(chapter, sound, capsys):
    notebooks.refresh(["01"], chapter.parent)
    assert chapter.read_bytes() == (sound / chapter.name).read_bytes()
    assert capsys.readouterr().out.startswith(f"{NAME}: ")


def test_a_cell_that_raises_is_named_and_the_old_notebook_stays(chapter):
    before = chapter.read_bytes()
    source = notebooks.source_of(chapter)
    source.write_text(source.read_text().replace("sum(range(5))", "1 / 0\nprint(2)"))
    message = r"01_tiny, cell-003 \(`1 / 0`\): ZeroDivisionError: division by zero\."
    with pytest.raises(RuntimeError, match=message):
        notebooks.refresh([NAME], chapter.parent)
    assert chapter.read_bytes() == before
    assert sorted(p.name for p in chapter.parent.iterdir()) == [chapter.name, "source"]


def test_nbval_sees_wrong_outputs_and_only_those(chapter):
    wrong, cleared = (chapter.with_name(f"{n}.ipynb") for n in ("wrong", "cleared"))
    shutil.copy(chapter, wrong)
    shutil.copy(chapter, cleared)

    def falsify(nb):
        nb.cells[SUM].outputs[0].data["text/plain"] = "11"
        figure = nb.cells[FIGURE].outputs[0].data
        figure["text/html"] = figure["text/html"].replace("iVBORw0KGgo=", "AAAA")
        widget = nb.cells[WIDGET].outputs[0].data
        widget["text/plain"] = widget["text/plain"].replace("value=0", "value=9")

    def clear(nb):
        for cell in notebooks.code_cells(nb):
            cell.update(outputs=[], execution_count=None)

    plant(wrong, falsify)
    plant(cleared, clear)
    outcome = run_nbval(chapter.parent)
    passed = ["passed"] * 4
    assert outcome[chapter.stem] == passed
    # The sum and the slider are wrong; other pixels with the same alt text are not.
    assert outcome["wrong"] == ["passed", "failed", "passed", "failed"]
    # nbval compares nothing where nothing is stored: hence the gate below.
    assert outcome["cleared"] == passed
    plant(chapter, clear)
    assert sum("not executed in order" in p for p in problems(chapter)) == 4


# What a cell prints, what is stored, and whether nbval passes it.
NUMBERS = {
    "inside ±": ("accuracy 95.1 ± 0.9 %", "accuracy 95.6 ± 0.9 %", "passed"),
    "inside ≈": ("loss ≈ 0.27", "loss ≈ 0.25", "passed"),
    "longer": ("a ≈ 10.1 b", "a  ≈ 9.9 b", "passed"),
    "outside ±": ("accuracy 94.1 ± 0.9 %", "accuracy 95.6 ± 0.9 %", "failed"),
    "outside ≈": ("loss ≈ 0.29", "loss ≈ 0.25", "failed"),
    "± is missing": ("accuracy 95.6 %", "accuracy 95.6 ± 0.9 %", "failed"),
    "other sign": ("loss ≈ -0.25", "loss ≈ 0.25", "failed"),
    "other unit": ("time ≈ 0.25 ms", "time ≈ 0.25 s", "failed"),
    "not a number": ("loss nan", "loss ≈ 0.25", "failed"),
    "without tolerance": ("loss 0.26", "loss 0.25", "failed"),
}
TABLES = {  # columns of a data frame, as above
    "cell inside": ({"a": ["≈ 0.27"], "b": ["1"]}, "passed"),
    "cell outside": ({"a": ["≈ 0.29"], "b": ["1"]}, "failed"),
    "column moved": ({"b": ["1"], "a": ["≈ 0.25"]}, "failed"),
}
STORED_TABLE = {"a": ["≈ 0.25"], "b": ["1"]}


def cell_that_displays(columns):
    """Return the source of a cell that shows a data frame."""
    return f"import pandas as pd\n\npd.DataFrame({columns!r})"


def test_nbval_compares_numbers_within_their_tolerance(sound, tmp_path):
    """Store the outputs of one set of cells with the sources of another."""
    pairs = [(f"print({new!r})", f"print({old!r})") for new, old, _ in NUMBERS.values()]
    stored_table = cell_that_displays(STORED_TABLE)
    pairs += [(cell_that_displays(new), stored_table) for new, _ in TABLES.values()]
    new, old = (
        TINY + "".join(f"\n# %%\n{source}\n" for source in sources)
        for sources in zip(*pairs, strict=True)
    )
    path = make_folder(tmp_path / "chapter", old) / f"{NAME}.ipynb"
    notebooks.refresh([], path.parent)
    fresh = notebooks.build(make_folder(tmp_path / "other", new) / f"source/{NAME}.py")

    def change(nb):
        for cell, other in zip(nb.cells, fresh.cells, strict=True):
            cell.source = other.source

    plant(path, change)
    outcomes = run_nbval(path.parent)[NAME][4:]
    expected = {name: outcome for name, (*_, outcome) in (NUMBERS | TABLES).items()}
    assert dict(zip(expected, outcomes, strict=True)) == expected


PROFILE = """
# %%
import os

print(os.environ.get("ATEN_CPU_CAPABILITY"), os.environ.get("OMP_NUM_THREADS"))
"""


@pytest.fixture
def _no_profile(monkeypatch):
    """Take away the variables of a profile that the whole test run was started with."""
    for name in cpu_profiles.environment("generic", threads=1):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_no_profile")
def test_a_profile_reaches_the_kernels_and_nothing_else(tmp_path):
    """nbval passes or fails by what the kernel sees of the profile."""
    path = make_folder(tmp_path / "chapter", TINY + PROFILE) / f"{NAME}.ipynb"
    nb = notebooks.build(notebooks.source_of(path))
    nbformat.write(notebooks.execute(nb, path.parent), path)
    assert run_nbval(path.parent, code=0)[NAME][4:] == ["passed"]
    options = ("--cpu-profile", "generic", "--cpu-threads", "2")
    assert run_nbval(path.parent, *options)[NAME][4:] == ["failed"]
    plant(path, lambda nb: nb.cells[-1].outputs[0].update(text="default 2\n"))
    assert run_nbval(path.parent, *options, code=0)[NAME][4:] == ["passed"]
    assert "ATEN_CPU_CAPABILITY" not in os.environ


MOVES = """
# %%
import os

import bigmodel_lab as lab

loss = 0.25 + 0.01 * ("ATEN_CPU_CAPABILITY" in os.environ)
print("loss", loss)
"""


@pytest.mark.usefixtures("_no_profile")
def test_refresh_refuses_what_generic_kernels_print_otherwise(tmp_path):
    """A number that only this processor prints is named, and nothing is stored."""
    path = make_folder(tmp_path / "chapter", TINY + MOVES) / f"{NAME}.ipynb"
    message = (
        r"01_tiny, cell-006: `0\.25` here is `0\.26` with generic kernels and one "
        r"thread\. Print such numbers with lab\.about.* was left as it was\."
    )
    with pytest.raises(RuntimeError, match=message):
        notebooks.refresh([], path.parent)
    assert not path.exists()
    tolerant = MOVES.replace('"loss", loss', '"loss", lab.about(loss)')
    notebooks.source_of(path).write_text(TINY + tolerant)
    notebooks.refresh([], path.parent)
    assert "loss ≈ 0.25" in path.read_text(encoding="utf-8")


def run_nbval(folder, *options, code=1):
    """Run nbval on a folder as pyproject.toml says; return the outcomes by notebook."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-q"]
    command += ["-n0", "-p", "no:cacheprovider", f"--junitxml={report}", str(folder)]
    command += options
    environment = {k: v for k, v in os.environ.items() if k != "TQDM_DISABLE"}
    run = subprocess.run(
        command, cwd=notebooks.ROOT, env=environment, capture_output=True, text=True
    )
    assert run.returncode == code, run.stdout + run.stderr
    outcome = {}
    for case in ET.parse(report).iter("testcase"):
        name = case.get("classname").removesuffix(".ipynb").split(".")[-1]
        result = (
            "passed" if len(case) == 0 else case[0].tag.replace("failure", "failed")
        )
        outcome.setdefault(name, []).append(result)
    return outcome


def test_a_changed_source_is_reported(chapter):
    source = notebooks.source_of(chapter)
    source.write_text(source.read_text().replace("range(5)", "range(6)"))
    (problem,) = problems(chapter)
    assert "01_tiny, source: the notebook and its source differ" in problem
    assert "`-sum(range(6))`" in problem
    assert problem.endswith("run `python -m bigmodel_lab refresh 01_tiny`.")


def test_a_notebook_edited_alone_is_reported(chapter):
    plant(chapter, lambda nb: nb.cells[2].update(source="## Another title"))
    assert "+# ## Another title" in notebooks.drift(chapter)
    assert any("differ" in problem for problem in problems(chapter))


def test_cells_that_differ_beyond_their_text_are_reported(chapter):
    plant(chapter, lambda nb: nb.cells[2].update(id="another"))
    (problem,) = problems(chapter)
    assert "another" in notebooks.drift(chapter)
    assert "differ" in problem


def test_outputs_of_other_code_are_reported(chapter):
    digest = nbformat.read(chapter, as_version=4).metadata.bigmodel_lab
    plant_in_both(chapter, "range(5)", "range(6)")
    plant(chapter, lambda nb: nb.metadata.update(bigmodel_lab=digest))
    assert notebooks.drift(chapter) == ""
    (problem,) = problems(chapter)
    assert "stale" in problem


def test_a_new_sentence_needs_no_new_run(chapter):
    digest = nbformat.read(chapter, as_version=4).metadata.bigmodel_lab
    plant_in_both(chapter, "# Go to", "# Please go to")
    plant(chapter, lambda nb: nb.metadata.update(bigmodel_lab=digest))
    assert problems(chapter) == []


def test_stored_widget_state_is_reported(chapter):
    plant(chapter, lambda nb: nb.metadata.update(widgets={"state": {}}))
    (problem,) = problems(chapter)
    assert "state of widgets" in problem


OUTPUTS = {
    "stderr": (stream("stderr", "careful"), "stderr"),
    "warning": (stream("stdout", "UserWarning: careful"), "a warning"),
    "home": (stream("stdout", "saved to /home/ada/model.pt"), "an absolute path"),
    "temporary": (stream("stdout", "'/tmp/x/y'"), "an absolute path"),
    "windows": (stream("stdout", r"in C:\Users\ada"), "an absolute path"),
    "checkout": (stream("stdout", f"({notebooks.ROOT}/README.md)"), "an absolute path"),
    "address": (display(text_plain="<A at 0x7f73d41de810>"), "a memory address"),
    "error": (nbformat.v4.new_output("error", ename="E", evalue="", traceback=[]), "E"),
    "png": (display(image_png="iVBORw0KGgo=", text_plain="<Figure>"), "alt text"),
    "no alt": (display(text_html='<img src="data:image/png;base64,AA">'), "alt text"),
    "money": (display(text_html="<th>$100 to $200</th>"), "becomes a formula"),
    "old style": (display(text_html="<style>b {}</style>"), "an older style sheet"),
    "empty alt": (display(text_html='<img alt="" src="a.png">'), "alt text"),
}


@pytest.mark.parametrize("fault", OUTPUTS)
def test_an_output_unfit_to_store_is_reported(chapter, fault):
    output, sign = OUTPUTS[fault]
    plant(chapter, lambda nb: nb.cells[SUM].outputs.append(output))
    (problem,) = problems(chapter)
    assert problem.startswith("01_tiny, cell-003: ")
    assert sign in problem
    assert "run `python -m bigmodel_lab refresh 01_tiny`" in problem


def test_this_machine_is_not_named(chapter, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "ada-laptop")
    output = stream("stdout", "on ada-laptop, 2 cores")
    plant(chapter, lambda nb: nb.cells[SUM].outputs.append(output))
    (problem,) = problems(chapter)
    assert "this machine's name (`ada-laptop`)" in problem


@pytest.mark.parametrize(
    "text",
    [
        "1/2 and/or 3",
        "~/.cache/x",
        "https://a.org/b/c",
        "train / test / all",
        "</b>/<i>",
    ],
)
def test_what_is_no_path_is_no_problem(chapter, text):
    output = stream("stdout", text)
    plant(chapter, lambda nb: nb.cells[SUM].outputs.append(output))
    assert problems(chapter) == []


SOURCES = {
    "skipped level": ("# ## The sum", "# ## The sum\n# #### Deep", "skips a level"),
    "late title": ("# # 01. Tiny", "# ## 01. Tiny", "skips a level"),
    "second title": ("# ## The sum", "# # More\n# ## The sum", "second title"),
    "dead file": ("(#The-sum)", "(99_lost.ipynb)", "`99_lost.ipynb` leads nowhere"),
    "dead place": ("(#The-sum)", "(#The-product)", "`#The-product` leads nowhere"),
    "dead cell": ("cell-004", "cell-444", "leads nowhere"),
    "alt in text": ("# Go", "# ![](source/01_tiny.py) Go", "an image has no alt text"),
    "alt in html": ("# Go", '# <img src="x.png"> Go', "an image has no alt text"),
    "money": ("# Go", "# $79,300 Go", "begins a formula"),
    "empty cell": ("sum(range(5))\n", "\n", "code cell is empty"),
    "argsort": ("sum(range(5))", "x.argsort()", "`argsort` leaves ties to the CPU"),
    "topk": ("sum(range(5))", "x.topk(3)", "use argsort(descending=True, stable"),
    "most common": ("sum(range(5))", "c.most_common(3)", "use sorted(counts"),
    "sort": ("sum(range(5))", 'table.sort_values("a")', "or a second column"),
    "counts": ("sum(range(5))", "x.value_counts()", "use sort=False"),
    "version": (f'"{notebooks.VERSION}"', '"9.9"', "it must call start_chapter"),
    "name": (f'"{NAME}"', '"02_other"', "it must call start_chapter"),
}


@pytest.mark.parametrize("fault", SOURCES)
def test_a_source_unfit_to_publish_is_reported(chapter, fault):
    old, new, sign = SOURCES[fault]
    plant_in_both(chapter, old, new)
    (problem,) = problems(chapter)
    assert sign in problem


@pytest.mark.parametrize(
    "sort",
    [
        'np.argsort(-x, kind="stable")',
        "x.argsort(descending=True, stable=True)",
        'table.sort_values("a", kind="stable")',
        'table.sort_values(["a", "b"])',
        'table.sort_values(by=["a", "b"], ascending=False)',
        "x.value_counts(sort=False)",
        "sorted(counts, key=lambda name: (-counts[name], name))[:3]",
    ],
)
def test_a_sort_with_a_tie_break_is_no_problem(chapter, sort):
    plant_in_both(chapter, "sum(range(5))", sort)
    assert problems(chapter) == []


def test_headings_and_links_in_code_blocks_are_none(chapter):
    block = "# ```\n# #### [no](link.md)\n# ```\n# Go to"
    plant_in_both(chapter, "# Go to", block)
    assert problems(chapter) == []


def test_a_number_in_a_formula_is_no_money(chapter):
    plant_in_both(chapter, "# Go to", "# From $10^{-6}$ to $25$: go to")
    assert problems(chapter) == []


def test_links_to_another_chapter_resolve(chapter):
    shutil.copy(chapter, chapter.with_name("02_other.ipynb"))
    plant_in_both(chapter, "(#The-sum)", "(02_other.ipynb#The-sum)")
    assert problems(chapter) == []
    plant_in_both(chapter, "(02_other.ipynb#The-sum)", "(02_other.ipynb#Lost)")
    assert "leads nowhere" in problems(chapter)[0]


def test_a_link_out_of_the_folder_that_jupyterlab_opens_leads_nowhere(chapter):
    (chapter.parent.parent / "above.md").write_text("here")
    plant_in_both(chapter, "(#The-sum)", "(../above.md)")
    assert "`../above.md` leads nowhere" in problems(chapter)[0]


def test_one_ignored_cell_in_ten_is_allowed_and_no_more(chapter):
    tag = '# %% tags=["nbval-ignore-output"]\n'
    plant_in_both(chapter, "# %%\nsum", f"{tag}sum")
    assert problems(chapter) == []
    plant_in_both(chapter, "# %%\nimport", "# %%\n# NBVAL_IGNORE_OUTPUT\nimport")
    (problem,) = problems(chapter)
    assert "2 of 4 code cells" in problem


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("# Card\n\n### Deep", "skips a level"),
        ("[here](nowhere.ipynb)\n\n# Card", "`nowhere.ipynb` leads nowhere"),
        ("# Card\n\n![](https://a.org/badge.svg)", "alt text"),
    ],
)
def test_a_fault_in_the_course_card_is_reported(tmp_path, text, sign):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    path = tmp_path / "course_card.ipynb"
    nbformat.write(nb, path)
    (problem,) = card_problems(path)
    assert sign in problem
    assert problem.endswith("then run `python -m bigmodel_lab course`.")
    nb.cells.append(nbformat.v4.new_code_cell("1 + 1"))
    nbformat.write(nb, path)
    assert "code in the course card" in card_problems(path)[0]


def test_the_cell_for_colab_may_change_without_a_run(chapter):
    cell = nbformat.v4.new_code_cell("one", metadata={"tags": ["course-colab"]})
    nb = nbformat.read(chapter, as_version=4)
    nb.cells.insert(1, cell)
    before = notebooks.digest(nb)
    cell.source = "other"
    assert notebooks.digest(nb) == before
    cell.metadata.tags = []
    assert notebooks.digest(nb) != before


def test_a_missing_half_is_reported(chapter):
    source = notebooks.source_of(chapter)
    lost = source.rename(source.with_name("02_lost.py"))
    assert "there is no source/01_tiny.py" in problems(chapter)[0]
    (problem,) = problems(chapter.with_name("02_lost.ipynb"))
    assert lost.exists()
    assert "run `python -m bigmodel_lab refresh 02_lost`" in problem


def test_chapters_are_named_by_number_or_by_name(tmp_path):
    folder = make_folder(tmp_path)
    (folder / "source" / "02_more.py").write_text(TINY)
    for names in (["01"], [NAME], [f"{NAME}.ipynb"]):
        assert notebooks.chapters(names, folder) == [folder / f"{NAME}.ipynb"]
    assert len(notebooks.chapters([], folder)) == 2
    with pytest.raises(ValueError, match="'07': choose from 01_tiny, 02_more"):
        notebooks.chapters(["07"], folder)


def test_outside_a_checkout_the_error_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    with pytest.raises(RuntimeError, match="in a checkout of the workbook"):
        notebooks.refresh()


def test_a_new_chapter_is_a_sound_notebook_from_the_first_refresh(tmp_path):
    (tmp_path / "source").mkdir()
    source = notebooks.new_chapter("7", "attention_heads", tmp_path)
    assert source.name == "07_attention_heads.py"
    notebooks.refresh(["07"], tmp_path)
    path = tmp_path / "07_attention_heads.ipynb"
    assert problems(path) == []
    headings = [c.source for c in nbformat.read(path, 4).cells if "## " in c.source]
    assert len(headings) == 10


@pytest.mark.parametrize(
    ("number", "topic", "error"),
    [
        ("x", "topic", ValueError),
        (100, "topic", ValueError),
        (-1, "topic", ValueError),
        (7, "Bad Topic", ValueError),
        (7, "../topic", ValueError),
        (1, "tiny", FileExistsError),
        (1, "other", FileExistsError),
    ],
)
def test_a_bad_new_chapter_writes_nothing(tmp_path, number, topic, error):
    folder = make_folder(tmp_path)
    with pytest.raises(error):
        notebooks.new_chapter(number, topic, folder)
    assert [p.name for p in (folder / "source").iterdir()] == [f"{NAME}.py"]


def test_the_form_is_what_jupytext_itself_would_store(chapter):
    stored = json.loads(chapter.read_text())["metadata"]["jupytext"]
    config = notebooks._jupytext_config()
    assert stored == {
        "cell_metadata_filter": config.cell_metadata_filter,
        "notebook_metadata_filter": config.notebook_metadata_filter,
    }


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("pass\n" * 26, "26 lines of code; split it, at most 25 a cell"),
        ("pass\n" * 25, None),
        ("print(1 > 0)", "it prints True; print the number instead"),
        ("print('the difference:', 0.3)", None),
        ("\n\n# %%\n".join(["pass\n" * 10] * 9), "the median cell has 10 lines"),
        ("\n\n# %%\n".join(["pass\n" * 9] * 9), None),
    ],
)
def test_walls_of_code_and_answers_without_numbers_are_reported(tmp_path, code, says):
    path = (
        make_folder(tmp_path / "chapter", f"{TINY}\n# %%\n{code}\n") / f"{NAME}.ipynb"
    )
    notebooks.refresh([], path.parent)
    found = problems(path)
    assert len(found) == (says is not None)
    assert says is None or says in found[0]


@pytest.mark.parametrize(
    ("first", "count"), [("# draw the sum", 0), ("x = 1", 1), ("# " + 30 * "x", 1)]
)
def test_folded_code_says_what_it_does(tmp_path, first, count):
    cell = f'# %% jupyter={{"source_hidden": true}}\n{first}\ny = 2\n'
    path = make_folder(tmp_path / "chapter", f"{TINY}\n{cell}") / f"{NAME}.ipynb"
    notebooks.refresh([], path.parent)
    assert len(found := problems(path)) == count
    assert all("only the first line is seen" in problem for problem in found)
