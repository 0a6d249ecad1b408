"""The posts to newsgroups: as words, as they were sent, and what is refused."""

import io
import re
import shutil
import tarfile

import pandas as pd
import pytest
from sklearn.datasets import _twenty_newsgroups as scikit_learn

from bigmodel_lab import datasets
from bigmodel_lab.datasets import fetching


@pytest.fixture(scope="module")
def posts(fetched):
    return [fetched(datasets.newsgroups, part) for part in ("train", "test")]


def test_newsgroups_are_two_frames_of_words_and_a_topic(posts):
    assert [part.shape for part in posts] == [(11_293, 3), (7_528, 3)]
    for part in posts:
        assert list(part.columns) == ["text", "topic", "arrived"]
        assert part.index.equals(pd.RangeIndex(len(part)))
        assert part["text"].str.fullmatch("[a-z]+( [a-z]+)*").all()
        topics = part["topic"].cat.categories
        assert len(topics) == 20
        assert list(topics) == sorted(topics)
        assert part["topic"].notna().all()
        for _, arrived in part.groupby("topic", observed=True)["arrived"]:
            assert sorted(arrived) == list(range(len(arrived)))
    # Counted in the raw files.
    counts = [480, 584, 572, 590, 578, 593, 585, 594, 598, 597]
    counts += [600, 595, 591, 594, 593, 598, 545, 564, 465, 377]
    assert posts[0]["topic"].value_counts(sort=False).tolist() == counts


def test_the_posts_that_arrived_first_come_first(posts):
    train = posts[0].sort_values(["topic", "arrived"])
    first = train[train["topic"] == "alt.atheism"]["text"].iloc[0]
    assert first.startswith("alt atheism faq atheist resources")  # number 49960


def test_newsgroups_keep_every_text_with_its_topic(posts):
    starts = {
        "alt atheism faq atheist resources": "alt.atheism",
        "re lyme vaccine kathleen richards": "sci.med",
        "help with no docs for motherboard": "comp.sys.ibm.pc.hardware",
    }
    for start, topic in starts.items():
        found = posts[0][posts[0]["text"].str.startswith(start)]
        assert set(found["topic"]) == {topic}


def test_newsgroups_repeat_as_documented(posts):
    train, test = posts
    assert [part["text"].duplicated().sum() for part in posts] == [20, 7]
    assert test["text"].isin(train["text"]).sum() == 7
    by_text = pd.concat([part.astype(str) for part in posts]).groupby("text")["topic"]
    assert (by_text.nunique() > 1).sum() == 6


def test_newsgroups_come_in_a_mixed_order_that_is_always_the_same(posts):
    for part in posts:
        same_as_before = part["topic"].cat.codes.diff() == 0
        assert 0.04 < same_as_before.mean() < 0.06, "sorted by topic?"
    assert datasets.newsgroups().equals(posts[0])
    first = ["comp.sys.ibm.pc.hardware", "sci.med", "rec.motorcycles"]
    assert posts[0]["topic"][:3].tolist() == first


def test_newsgroups_of_some_topics_are_those_of_all(posts):
    some = datasets.newsgroups("test", ["sci.space", "rec.autos"])
    assert list(some["topic"].cat.categories) == ["rec.autos", "sci.space"]
    for topic in ("rec.autos", "sci.space"):
        ours = some["text"][some["topic"] == topic]
        assert set(ours) == set(posts[1]["text"][posts[1]["topic"] == topic])
    assert len(some) == 395 + 394


def test_newsgroups_say_where_they_come_from(posts):
    for part, name in zip(posts, ("train", "test"), strict=True):
        assert part.attrs["source"].endswith(f"20newsgroups-{name}.tab")
        assert part.attrs["license"].startswith("none stated")
        assert "Lang" in part.attrs["citation"]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (
            {"subset": "tran"},
            ValueError,
            "No subset is called 'tran'; did you mean 'tr",
        ),
        ({"subset": "all"}, ValueError, "'all'; Known names: train, test"),
        ({"categories": ["sci.spcae"]}, ValueError, "did you mean 'sci.space'"),
        (
            {"categories": ["sci.med", "Religion"]},
            ValueError,
            "topic is called 'Religion'; did you mean 'soc.religion.christian' or "
            "'talk.religion.misc'? Known names: alt.atheism, comp.graphics, ",
        ),
        ({"categories": [7]}, ValueError, "No topic is called 7; Known names: alt."),
        ({"categories": "sci.med"}, TypeError, "every topic in a list: ['sci.med'], n"),
        ({"categories": []}, ValueError, "categories is empty: name one topic"),
        ({"remove": ["headers"]}, ValueError, "call newsgroups with raw=True"),
        (
            {"remove": ("headers"), "raw": True},
            TypeError,
            "in a list: ['headers'], not",
        ),
        ({"remove": ["footer"], "raw": True}, ValueError, "did you mean 'footers'"),
    ],
)
def test_newsgroups_refuse_what_they_do_not_know(arguments, error, says, monkeypatch):
    monkeypatch.setattr(fetching, "fetch", None)  # nothing is fetched first
    with pytest.raises(error, match=re.escape(says)):
        datasets.newsgroups(**arguments)


RAW_POSTS = {
    "train/sci.space/60862": "From: henry@zoo\nSubject: DC-X\n\nJohn writes:\n"
    "> When?\nSoon.\n\n--\nHenry\n",
    "train/sci.space/60863": "Subject: caf\xe9\n\nNo quote,\nno signature.",
    "train/alt.atheism/49960": "From: mathew\n\nOnly\n",
    "test/sci.space/62000": "From: nasa\n\nLater.\n\nA line.\n",
}


@pytest.fixture
def raw_posts(monkeypatch, tmp_path):
    """Let the raw posts be RAW_POSTS, in an archive like the original."""
    path = tmp_path / "newsgroups-raw"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {**RAW_POSTS, "README": "stray"}.items():
            entry = tarfile.TarInfo(f"20news-bydate-{name}")
            content = text.encode("latin-1")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
            folder = tarfile.TarInfo(f"20news-bydate-{name}".rpartition("/")[0] or ".")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
    monkeypatch.setattr(fetching, "fetch", {"newsgroups-raw": path}.get)
    return path


def test_raw_newsgroups_are_the_posts_as_they_were_sent(raw_posts):
    train = datasets.newsgroups(raw=True)
    expected = {
        (text, name.split("/")[1])
        for name, text in RAW_POSTS.items()
        if name.startswith("train")
    }
    assert set(zip(train["text"], train["topic"], strict=True)) == expected
    assert set(train["arrived"]) == {0, 1}
    assert len(train["topic"].cat.categories) == 20
    test = datasets.newsgroups("test", ["sci.space"], raw=True)
    assert test["text"].tolist() == [RAW_POSTS["test/sci.space/62000"]]
    assert test["topic"].cat.codes.tolist() == [0]
    assert test.attrs["source"].endswith("20news-bydate.tar.gz")


@pytest.mark.parametrize(
    ("remove", "left"),
    [
        (["headers"], "John writes:\n> When?\nSoon.\n\n--\nHenry\n"),
        (["footers"], "From: henry@zoo\nSubject: DC-X\n\nJohn writes:\n> When?\nSoon."),
        (["quotes"], "From: henry@zoo\nSubject: DC-X\n\nSoon.\n\n--\nHenry\n"),
        (["quotes", "footers", "headers"], "Soon.\n"),
    ],
)
def test_parts_of_raw_newsgroups_are_removed_as_scikit_learn_does(
    remove, left, raw_posts, monkeypatch, tmp_path
):
    ours = datasets.newsgroups(raw=True, remove=remove)["text"]
    assert any(text.strip() == left.strip() for text in ours)

    def put(remote, dirname, **kwargs):
        return shutil.copy(raw_posts, dirname)

    monkeypatch.setattr(scikit_learn, "_fetch_remote", put)
    theirs = scikit_learn.fetch_20newsgroups(
        data_home=tmp_path, subset="train", remove=tuple(remove)
    )
    assert sorted(ours) == sorted(theirs.data)


def test_the_raw_newsgroups_are_those_of_scikit_learn():
    file = fetching.FILES["newsgroups-raw"]
    assert file.sha256 == scikit_learn.ARCHIVE.checksum
    assert list(fetching.FILES)[-1] == file.name, "fetch all must get the others"
