"""`docs/hub.md`: what it points to is there, its settings fit the measured memory."""

import re

import pytest
import yaml

from bigmodel_lab.authoring.notebooks import ROOT, chapters

PAGE = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
COSTS = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


def anchors(text):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\((?!https://)([^)\s]+)\)", PAGE)
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = ROOT / "docs" / path if path else ROOT / "docs" / "hub.md"
        assert target.is_file(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_it_fetches_what_binder_fetches():
    page, script = (
        re.search(r"bigmodel_lab fetch ((?:.*\\\n)*.+)", text)[1]
        for text in (PAGE, (ROOT / "binder" / "postBuild").read_text())
    )
    names = script.replace("\\", "").split()
    assert page.replace("\\", "").split() == names
    assert len(names) == 19


@pytest.mark.parametrize(
    "path", ["binder/requirements.txt", "benchmarks/classroom_load.py"]
)
def test_the_files_that_it_runs_are_there(path):
    assert path in PAGE
    assert (ROOT / path).is_file()


def test_the_hubs_settings_are_python():
    settings = re.findall(r"<<'END'\n(c\.Spawner.+?)\nEND\n", PAGE, re.DOTALL)
    assert len(settings) == 1
    compile(settings[0], "bigmodel_lab.py", "exec")
    assert "BIGMODEL_LAB_CACHE" in settings[0]


def kernels():
    """Return the measured peak of each chapter's kernel, in MB, by its number."""
    rows = re.findall(r"^\| (\d\d)_\w+ \| \d+ \| ([\d,]+) \|$", COSTS, re.M)
    assert len(rows) == len(chapters())
    return {number: int(megabytes.replace(",", "")) for number, megabytes in rows}


SERVER = int(re.search(r"largest server had ([\d,]+) MB", COSTS)[1])


def test_the_limits_hold_the_heaviest_chapter_and_its_server():
    heaviest = (max(kernels().values()) + SERVER) * 1e6
    guarantee, limit = (
        float(re.search(rf"^    {name}: ([\d.]+)G", PAGE, re.M)[1]) * 2**30
        for name in ("guarantee", "limit")
    )
    assert heaviest <= guarantee
    assert heaviest * 1.2 <= limit
    assert f"limits.memory {limit / 2**30:g}G" in PAGE


def test_the_table_says_how_many_learners_a_machine_bears():
    measured = kernels()
    heaviest = max(measured, key=measured.get)
    rows = re.findall(r"^  \| (\d\d)(, the heaviest)? \| (.+) \|$", PAGE, re.M)
    assert [number for number, *_ in rows] == list(measured)
    for number, remark, cells in rows:
        each = (measured[number] + SERVER) / 1000
        learners = [int((size - 2.3) / each) for size in (8, 16, 32)]
        told = [float(cell) for cell in cells.split(" | ")]
        assert told[0] == pytest.approx(each, abs=0.006), number
        assert told[1:] == learners, number
        assert bool(remark) is (number == heaviest)


def test_the_clusters_settings_let_the_class_in_and_nobody_listen():
    first, more = (
        yaml.safe_load(block) for block in re.findall(r"```yaml\n(.+?)```", PAGE, re.S)
    )
    allowed = first["hub"]["config"]["Authenticator"]
    assert allowed["allowed_users"]
    assert first["hub"]["config"]["JupyterHub"]["authenticator_class"] != "dummy"
    https = first["proxy"]["https"]
    assert https["hosts"] == ["hub.school.example"]
    assert "@" in https["letsencrypt"]["contactEmail"]
    assert more["singleuser"]["networkPolicy"]["egress"][0]["to"]
