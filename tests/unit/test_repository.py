"""One source for each fact: README, CI, requirements and metadata agree."""

import re
import tomllib
from importlib.machinery import PathFinder
from urllib.parse import urlsplit

from packaging.requirements import Requirement

from bigmodel_lab.authoring import card
from bigmodel_lab.authoring.notebooks import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
COMMANDS = re.findall(r"^```\n(.+?)\n```", README, re.S | re.M)


def pins(path):
    """Return the exact versions of a requirements file, by package."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if re.match(r"\w", line))


def test_the_readme_has_the_two_commands_and_ci_runs_the_second():
    first, second = COMMANDS
    assert first.endswith("&& jupyter lab notebooks/00_start_here.ipynb")
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    # `|| exit`: bash's -e overlooks a failure that stands before &&.
    assert script[-2] == f"{second} || exit"
    assert script[-1] == "pytest notebooks --cpu-profile generic --cpu-threads 1"


def test_the_readme_lists_every_chapter_and_the_course_card():
    chapters = {path.name for path in ROOT.glob("notebooks/*.ipynb")}
    assert set(re.findall(r"\(notebooks/(\w+\.ipynb)\)", README)) == chapters


def test_the_readmes_links_and_pictures_exist():
    links = re.findall(r"\]\(([^)\s]+)\)", README)
    assert all((ROOT / link).exists() for link in links if "://" not in link)


def test_the_owner_is_named_in_one_place():
    """To edit pyproject.toml and run `course` is enough: it names the owner anew."""
    owner = urlsplit(PROJECT["project"]["urls"]["Repository"]).path.split("/")[1]
    renamed = card.generated("https://github.com/new-owner/bigmodel_lab")
    patterns = ("*.md", "docs/*.md", "notebooks/*.ipynb", "notebooks/source/*.py")
    for pattern in patterns:
        for path in ROOT.glob(pattern):
            text = renamed.get(path) or path.read_text(encoding="utf-8")
            assert f"/{owner}/" not in text, path.name
    assert "/new-owner/bigmodel_lab" in renamed[ROOT / "README.md"]


def test_the_pins_lie_in_the_ranges_of_the_metadata():
    pinned = pins("requirements.txt")
    for line in PROJECT["project"]["dependencies"]:
        need = Requirement(line)
        assert pinned[need.name] in need.specifier
    assert (ROOT / "requirements.txt").read_text().endswith("\n-e .\n")


def test_every_requirement_is_pinned():
    for path in ("requirements.txt", "tests/requirements.txt"):
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        free = [
            line for line in lines if not re.match(r"#|-[re] |[\w.-]+==[\w.]+$", line)
        ]
        assert not free


def test_no_benchmark_has_the_name_of_a_package():
    """Whichever is imported first would be taken for the other."""
    names = [path.stem for path in (ROOT / "benchmarks").glob("*.py")]
    assert not [name for name in names if PathFinder.find_spec(name)]
