"""Links: what they must hold, and that a bad address is told in a sentence."""

from urllib.parse import parse_qs, urlsplit

import pytest

from bigmodel_lab.authoring import links

LAB = "https://github.com/school/bigmodel_lab"


def test_binder_and_colab():
    assert links.binder(LAB, "05_mnist") == (
        "https://mybinder.org/v2/gh/school/bigmodel_lab/HEAD"
        "?urlpath=lab/tree/notebooks/05_mnist.ipynb"
    )
    assert links.colab(LAB, "05_mnist") == (
        "https://colab.research.google.com/github/school/bigmodel_lab/blob/HEAD"
        "/notebooks/05_mnist.ipynb"
    )


@pytest.mark.parametrize(
    "repository", ["https://gitlab.com/a/b", "github.com/a/b", f"{LAB}/tree/main", ""]
)
def test_what_is_not_at_github_names_the_place_to_mend(repository):
    with pytest.raises(ValueError, match=r"pyproject\.toml.*Repository"):
        links.binder(repository, "05_mnist")


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_hub(end):
    url = urlsplit(links.hub("https://hub.school.edu", LAB + end, "main", "05_mnist"))
    assert url[:3] == ("https", "hub.school.edu", "/hub/user-redirect/git-pull")
    assert parse_qs(url.query) == {
        "repo": [LAB],
        "branch": ["main"],
        "urlpath": ["lab/tree/bigmodel_lab/notebooks/05_mnist.ipynb"],
    }


def test_hub_encodes_what_would_end_a_part_of_the_link():
    link = links.hub("https://hub.school.edu", LAB, "spring/2027 & on#1", "05_mnist")
    assert "branch=spring%2F2027%20%26%20on%231&" in link
    assert parse_qs(urlsplit(link).query)["branch"] == ["spring/2027 & on#1"]


@pytest.mark.parametrize(
    ("address", "start"),
    [
        ("https://hub.school.edu/", "https://hub.school.edu/hub/user-"),
        ("https://hub.school.edu/hub/home", "https://hub.school.edu/hub/user-"),
        ("https://school.edu/jupyter/", "https://school.edu/jupyter/hub/user-"),
        ("https://school.edu/hubs/hub", "https://school.edu/hubs/hub/user-"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/hub/user-"),
    ],
)
def test_hub_takes_the_address_as_the_browser_shows_it(address, start):
    assert links.hub(address, LAB, "main", "05_mnist").startswith(start)


@pytest.mark.parametrize("address", ["", "hub.school.edu", "ftp://a.b", "https:"])
def test_a_bad_address_of_a_hub(address):
    with pytest.raises(
        ValueError, match="not the address of a hub: write it like https"
    ):
        links.hub(address, LAB, "main", "05_mnist")


@pytest.mark.parametrize(
    "repository", ["bigmodel_lab", "git@github.com:a/b", "https://a"]
)
def test_a_bad_address_of_a_repository(repository):
    with pytest.raises(ValueError, match="not the address of a repository"):
        links.hub("https://hub.school.edu", repository, "main", "05_mnist")


def test_the_placeholder_is_no_repository():
    placeholder = LAB.replace("school", "OWNER")
    with pytest.raises(ValueError, match=r"put its owner in pyproject\.toml"):
        links.hub("https://hub.school.edu", placeholder, "main", "05_mnist")
