"""The tables: shapes, types and contents as their docstrings say."""

import sys
from dataclasses import replace

import pandas as pd
import pytest

from bigmodel_lab import datasets
from bigmodel_lab.datasets import fetching

COLUMNS = [
    *("price", "area", "rooms", "age", "lot_size", "land_value", "bedrooms"),
    *("bathrooms", "fireplaces", "pct_college", "heating", "fuel", "sewer"),
    *("waterfront", "new_construction", "central_air"),
]


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
        ("credit_applications", "Sanchez"),
        ("mortgage_applications", "Munnell"),
        ("film_ratings", "Harper"),
    ],
)
def test_a_data_set_says_where_it_comes_from(name, author):
    file = fetching.FILES[name]
    attrs = getattr(datasets, name)().attrs
    assert attrs == {
        "source": file.places[0],
        "license": file.license,
        "citation": file.citation,
    }
    assert author in attrs["citation"]


def test_dow_jones_is_a_complete_series_in_order():
    days = datasets.dow_jones()
    assert [dtype.kind for dtype in days.dtypes] == ["M", "f"]
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
def credit():
    return datasets.credit_applications()


def test_credit_applications_has_the_columns_of_the_file_and_their_types(credit):
    assert credit.shape == (4454, 14)
    assert credit.index.equals(pd.RangeIndex(4454))
    kinds = {"i": [], "f": [], "O": []}
    for column, dtype in credit.dtypes.items():
        kinds[dtype.kind].append(column)
    assert kinds == {
        "i": ["Seniority", "Time", "Age", "Expenses", "Amount", "Price"],
        "f": ["Income", "Assets", "Debt"],
        "O": ["Status", "Home", "Marital", "Records", "Job"],
    }


def test_credit_applications_first_row_totals_and_words(credit):
    first = ["good", 9, "rent", 60, 30, "married", "no", "freelance", 73]
    assert credit.loc[0].tolist()[:9] == first
    assert credit["Age"].agg(["min", "max"]).tolist() == [18, 68]
    assert credit["Seniority"].agg(["min", "max"]).tolist() == [0, 48]
    assert credit["Time"].agg(["min", "max"]).tolist() == [6, 72]
    assert credit["Status"].value_counts().to_dict() == {"good": 3200, "bad": 1254}
    words = {name: set(credit[name].dropna()) for name in ("Home", "Marital", "Job")}
    assert words == {
        "Home": {"owner", "rent", "parents", "priv", "other", "ignore"},
        "Marital": {"married", "single", "separated", "widow", "divorced"},
        "Job": {"fixed", "freelance", "partime", "others"},
    }
    assert set(credit["Records"]) == {"yes", "no"}


def test_credit_applications_has_the_documented_dirt(credit):
    gaps = credit.isna()
    assert gaps.sum()[gaps.any()].to_dict() == {
        **{"Home": 6, "Marital": 1, "Job": 2},
        **{"Income": 381, "Assets": 47, "Debt": 18},
    }
    assert gaps.any(axis="columns").sum() == 415
    assert (credit["Home"] == "ignore").sum() == 20
    assert credit.duplicated().sum() == 2


@pytest.fixture(scope="module")
def ratings():
    return datasets.film_ratings()


def test_film_ratings_has_its_columns_types_and_order(ratings):
    assert ratings.shape == (100_004, 7)
    assert ratings.index.equals(pd.RangeIndex(100_004))
    kinds = {column: dtype.kind for column, dtype in ratings.dtypes.items()}
    assert kinds == {
        **{"user": "i", "film": "i", "title": "O", "year": "f", "genres": "O"},
        **{"rating": "f", "time": "M"},
    }
    pairs = pd.MultiIndex.from_frame(ratings[["user", "film"]])
    assert pairs.is_monotonic_increasing
    assert pairs.is_unique


def test_film_ratings_first_row_and_totals(ratings):
    first = [1, 31, "Dangerous Minds", 1995, "Drama", 2.5]
    assert ratings.loc[0].tolist()[:-1] == first
    assert ratings["time"].agg(["min", "max"]).astype(str).tolist() == [
        "1995-01-09 11:46:49",
        "2016-10-16 17:57:24",
    ]
    assert ratings[["user", "film"]].nunique().tolist() == [671, 9_066]
    assert sorted(ratings["rating"].unique()) == [half / 2 for half in range(1, 11)]
    assert (ratings["rating"] >= 4).sum() == 51_568
    each = ratings.groupby("film")[["title", "year", "genres"]].nunique(dropna=False)
    assert (each == 1).all(axis=None)


def test_film_ratings_has_the_documented_dirt(ratings):
    films = ratings.drop_duplicates("film")
    assert ratings.isna().sum()[ratings.isna().any()].to_dict() == {
        "title": 7,
        "year": 7,
    }
    assert films[["title", "year"]].isna().all(axis="columns").sum() == 5
    assert (films["genres"] == "(no genres listed)").sum() == 17
    titles = films["title"].dropna()
    assert titles.duplicated(keep=False).sum() == 438
    assert (films["title"].eq("Hamlet") & films["year"].eq(2000)).sum() == 2
    assert titles.str.contains(", (?:The|A|An)$").sum() == 1_606
    assert titles.str.endswith(" ").sum() == 2
    assert (ratings["time"].dt.year < ratings["year"]).sum() == 1


def test_film_ratings_are_few_for_most_films_and_made_in_one_sitting(ratings):
    counts = ratings["film"].value_counts()
    assert [(counts == 1).sum(), (counts >= 5).sum()] == [3_063, 3_496]
    users = ratings.groupby("user")["time"]
    assert users.size().min() == 20
    days = users.max() - users.min()
    assert (days < pd.Timedelta(days=1)).mean() == pytest.approx(0.61, abs=0.005)
    together = ratings.duplicated(["user", "time"], keep=False)
    assert together.mean() == pytest.approx(0.32, abs=0.005)
    halves = ratings["time"][ratings["rating"] % 1 == 0.5]
    assert halves.min() > pd.Timestamp("2003-05-01")


@pytest.fixture(scope="module")
def mortgages():
    return datasets.mortgage_applications()


def test_mortgage_applications_has_the_columns_and_words_of_the_file(mortgages):
    assert mortgages.shape == (2380, 14)
    kinds = {"i": [], "f": [], "O": []}
    for column, dtype in mortgages.dtypes.items():
        kinds[dtype.kind].append(column)
    assert kinds["i"] == ["chist", "mhist"]
    assert kinds["f"] == ["pirat", "hirat", "lvrat", "unemp"]
    for column in kinds["O"]:
        assert set(mortgages[column]) == {"yes", "no"}
    assert mortgages["deny"].value_counts().to_dict() == {"no": 2095, "yes": 285}
    assert mortgages["afam"].value_counts().to_dict() == {"no": 2041, "yes": 339}
    assert mortgages["chist"].agg(["min", "max"]).tolist() == [1, 6]
    assert mortgages["mhist"].agg(["min", "max"]).tolist() == [1, 4]


def test_mortgage_applications_has_the_documented_dirt(mortgages):
    assert not mortgages.isna().any(axis=None)
    assert mortgages.duplicated().sum() == 3
    assert (mortgages["pirat"] > 1).sum() == 5


def test_each_call_gives_a_fresh_frame(houses):
    other = datasets.saratoga_houses()
    other["price"] = 0
    assert houses["price"].min() == 5_000


def test_a_changed_pickle_is_never_read(monkeypatch, tmp_path):
    package = tmp_path / "evil_data"
    package.mkdir()
    # A pickle that would raise SystemExit if it were loaded.
    (package / "houses").write_bytes(b"cbuiltins\nexec\n(Vraise SystemExit\ntR.")
    good = fetching.FILES["saratoga_houses"]
    bad = replace(good, places=("package://evil_data/houses",))
    monkeypatch.setitem(fetching.FILES, "saratoga_houses", bad)
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(fetching.DataUnavailable, match="another sha256"):
        datasets.saratoga_houses()
    assert "evil_data" not in sys.modules
