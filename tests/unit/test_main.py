"""The command line: what it runs, and that an error is a sentence, not a traceback."""

import subprocess
import sys

import pytest

import bigmodel_lab
from bigmodel_lab import doctor
from bigmodel_lab.__main__ import main
from bigmodel_lab.authoring import card, notebooks
from bigmodel_lab.datasets import fetching


def test_help_names_every_command():
    text = subprocess.run(
        [sys.executable, "-m", "bigmodel_lab", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for command in ("doctor", "fetch", "refresh", "new-chapter", "course", "link"):
        assert command in text


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == bigmodel_lab.__version__


def test_doctor_gives_its_status(monkeypatch):
    monkeypatch.setattr(doctor, "run", lambda: 1)
    assert main(["doctor"]) == 1


def test_fetch_takes_names_or_all(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(fetching, "fetch", lambda name: asked.append(name))
    assert main(["fetch", "saratoga_houses"]) == 0
    assert main(["fetch", "all"]) == 0
    assert asked == ["saratoga_houses", *fetching.FILES]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fetch", "saratoga"], "saratoga_houses"),
        (["refresh", "99"], "04_house_prices"),
        (["new-chapter", "4", "houses"], "04_house_prices"),
        (["new-chapter", "7", "Bad Topic!"], "Bad Topic!"),
        (["link", "hub.school.edu"], "write it like https://hub.school.edu"),
        (["link", "https://hub.school.edu", "--chapter", "99"], "04_house_prices"),
    ],
)
def test_a_wrong_name_gives_one_sentence_and_status_1(arguments, says, capsys):
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_course_prints_what_it_wrote(monkeypatch, capsys):
    monkeypatch.setattr(card, "write", lambda: [notebooks.ROOT / "README.md"])
    assert main(["course"]) == 0
    assert capsys.readouterr().out == "README.md\n"


def test_link_prints_one_link_or_all(capsys):
    link = ["link", "https://hub.school.edu", "--repository", "https://a.org/b/lab"]
    assert main([*link, "--chapter", "04", "--branch", "spring"]) == 0
    assert capsys.readouterr().out == (
        "https://hub.school.edu/hub/user-redirect/git-pull?repo=https%3A%2F%2Fa.org%2Fb"
        "%2Flab&branch=spring&urlpath=lab%2Ftree%2Flab%2Fnotebooks%2F"
        "04_house_prices.ipynb\n"
    )
    assert main(link) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(notebooks.chapters())
    assert all("&branch=main&" in line for line in printed)


def test_refresh_passes_the_names_on(monkeypatch):
    asked = []
    monkeypatch.setattr(notebooks, "refresh", asked.append)
    assert main(["refresh", "04"]) == 0
    assert main(["refresh"]) == 0
    assert asked == [["04"], []]
