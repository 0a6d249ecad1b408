"""`docs/hub.md`: what it points to is there, its settings fit the measured memory."""

import re

import pytest

from bigmodel_lab.authoring.notebooks import ROOT, chapters

PAGE = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
COSTS = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


def anchors(text):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)\s]+)\)", PAGE)
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = ROOT / "docs" / path if path else ROOT / "docs" / "hub.md"
        assert target.is_file(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize(
    "path",
    ["binder/requirements.txt", "binder/postBuild", "benchmarks/classroom_load.py"],
)
def test_the_files_that_it_runs_are_there(path):
    assert path in PAGE
    assert (ROOT / path).is_file()


def test_the_hubs_settings_are_python():
    settings = re.findall(r"<<'END'\n(c\.Spawner.+?)\nEND\n", PAGE, re.DOTALL)
    assert len(settings) == 1
    compile(settings[0], "bigmodel_lab.py", "exec")
    assert "BIGMODEL_LAB_CACHE" in settings[0]


def test_the_limits_hold_the_heaviest_chapter_and_its_server():
    kernels = [
        int(megabytes.replace(",", ""))
        for megabytes in re.findall(r"^\| 0\d_\w+ \| \d+ \| ([\d,]+) \|$", COSTS, re.M)
    ]
    assert len(kernels) == len(chapters())
    server = int(re.search(r"largest server had ([\d,]+) MB", COSTS)[1])
    heaviest = (max(kernels) + server) * 1e6
    guarantee, limit = (
        float(re.search(rf"^    {name}: ([\d.]+)G", PAGE, re.M)[1]) * 2**30
        for name in ("guarantee", "limit")
    )
    assert heaviest <= guarantee
    assert heaviest * 1.2 <= limit
    assert f"limits.memory {limit / 2**30:g}G" in PAGE
