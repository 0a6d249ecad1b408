"""The page of the data's licenses: every file is on it, with its terms and authors.

That it is in step with sources.toml is tested with all that `course` writes, in
test_card.py.
"""

import pytest

from bigmodel_lab.authoring import licenses
from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.datasets.sources import FILES, DataFile

PAGE = ROOT / "docs" / "data_licenses.md"


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_its_terms_and_authors_below_its_name(name):
    file = FILES[name]
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    (section,) = (each for each in sections if f"| `{name}` |" in each)
    assert f"`{name}`" in section.splitlines()[0]
    assert f"**License:** {file.license}." in section
    assert f"**To cite:** {file.citation}" in section
    assert f"{file.size:,}" in section


def test_the_readme_leads_to_it():
    assert "(docs/data_licenses.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_files_of_one_data_set_stand_together_with_all_their_places(monkeypatch):
    def file(name, place, terms):
        return DataFile(name, (place,), "00", 1000, terms, "A. Uthor")

    table = [
        file("a", "pypi://lots-of==1.0/x", "CC0"),
        file("b", "npm://lots@1.0/package/x", "CC0"),
        file("c", "https://mirror.example/x.gz", "unknown"),
    ]
    monkeypatch.setattr(licenses, "FILES", {each.name: each for each in table})
    first, second = licenses.page().split("\n## ")[1:]
    assert first.startswith("`a`, `b`\n\n**License:** CC0.")
    assert "| `a` | 1,000 | the Python package lots-of |" in first
    assert "| `b` | 1,000 | the npm package lots |" in first
    assert "| `c` | 1,000 | <https://mirror.example/x.gz> |" in second
