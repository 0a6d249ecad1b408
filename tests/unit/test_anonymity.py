"""Tables without names: k and l are pycanon's, and links are counted one by one."""

import numpy as np
import pandas as pd
import pytest
from pycanon import anonymity as pycanon

from bigmodel_lab import datasets
from bigmodel_lab.from_scratch import anonymity

# pycanon groups by a list of one column, which pandas will treat in another way.
pytestmark = pytest.mark.filterwarnings("ignore:In a future version, the keys of")
KNOWN = ["Age", "Marital", "Home", "Job", "Seniority"]


def people(seed, rows=60):
    """Return a random table of text, numbers and a category, with an odd index."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(20, 23, rows),
            "job": rng.choice(["baker", "nurse"], rows),
            "town": pd.Categorical(rng.choice(["A", "B"], rows), ["A", "B", "nobody"]),
            "ill": rng.choice(["yes", "no", "unsure"], rows),
        }
    )
    return frame.set_index(rng.permutation(rows) + 1000)


@pytest.fixture(scope="module")
def credit():
    return datasets.credit_applications().dropna(subset=KNOWN)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("columns", [["age"], ["job", "town"], ["town", "age", "job"]])
def test_k_and_l_are_pycanons(seed, columns):
    table = people(seed)
    plain = table.astype({"town": str}).reset_index(drop=True)
    assert anonymity.k_anonymity(table, columns) == pycanon.k_anonymity(plain, columns)
    l_found = anonymity.l_diversity(table, columns, "ill")
    assert l_found == pycanon.l_diversity(plain, columns, ["ill"])


@pytest.mark.parametrize("width", [1, 5, 20])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_k_and_l_are_pycanons_on_the_credit_data(credit, width, k):
    columns = ["Age", "Home", "Job"]
    table = credit.assign(Age=anonymity.bands(credit["Age"], width))
    table = anonymity.keep_crowds(table, columns, k)
    assert anonymity.k_anonymity(table, columns) >= k
    plain = table.reset_index(drop=True)
    assert anonymity.k_anonymity(table, columns) == pycanon.k_anonymity(plain, columns)
    l_found = anonymity.l_diversity(table, columns, "Status")
    assert l_found == pycanon.l_diversity(plain, columns, ["Status"])


@pytest.mark.parametrize("seed", range(5))
def test_a_crowd_is_counted_one_by_one(seed):
    table = people(seed)
    columns = ("age", "town")
    found = anonymity.crowd(table, columns)
    assert found.index.equals(table.index)
    rows = list(table[[*columns]].itertuples(index=False))
    assert found.tolist() == [rows.count(row) for row in rows]


def test_all_columns_may_be_known_and_one_may_be_named_twice():
    table = people(0)
    everything = anonymity.crowd(table, list(table.columns))
    assert everything.equals(anonymity.crowd(table, [*table.columns, "age"]))


def test_half_of_the_people_in_the_credit_data_are_alone(credit):
    alone = anonymity.crowd(credit, KNOWN) == 1
    assert alone.mean() == pytest.approx(0.51, abs=0.005)
    assert anonymity.k_anonymity(credit, KNOWN) == 1


def test_a_crowd_with_one_secret_hides_nothing():
    table = pd.DataFrame(
        {"age": [20] * 5 + [30] * 5, "ill": ["yes"] * 5 + list("ynyny")}
    )
    assert anonymity.k_anonymity(table, ["age"]) == 5
    assert anonymity.l_diversity(table, ["age"], "ill") == 1


def test_a_missing_secret_is_a_value_of_its_own():
    table = pd.DataFrame({"age": [20, 20], "ill": ["yes", None]})
    assert anonymity.l_diversity(table, ["age"], "ill") == 2


def test_bands_have_their_first_and_last_number():
    ages = pd.Series([18, 20, 29, 30.0], index=list("abcd"), name="age")
    found = anonymity.bands(ages, 10)
    assert found.to_dict() == {"a": "10–19", "b": "20–29", "c": "20–29", "d": "30–39"}
    assert found.name == "age"
    assert anonymity.bands([7, -3], 5).tolist() == ["5–9", "-5–-1"]


@pytest.mark.parametrize("width", [1, 7, 20])
def test_every_number_is_in_its_band_and_bands_do_not_overlap(width):
    numbers = np.arange(200)
    found = anonymity.bands(numbers, width)
    for number, band in zip(numbers, found, strict=True):
        first, last = map(int, band.split("–"))
        assert first <= number <= last == first + width - 1
        assert first % width == 0


def test_the_rows_that_are_kept_are_those_in_crowds():
    table = pd.DataFrame({"age": [20, 30, 20, 40, 30, 20]}, index=list("uvwxyz"))
    assert list(anonymity.keep_crowds(table, ["age"], 3).index) == ["u", "w", "z"]
    assert list(anonymity.keep_crowds(table, ["age"], 2).index) == list("uvwyz")
    assert anonymity.keep_crowds(table, ["age"], 1).equals(table)
    assert anonymity.keep_crowds(table, ["age"], 4).empty


@pytest.mark.parametrize("seed", range(10))
def test_links_are_those_that_counting_finds(seed):
    table, register = people(seed), people(100 + seed, 40)
    columns = ["town", "age", "job"] if seed % 2 else ["job", "ill", "age"]
    expected = []
    for person, values in register[columns].iterrows():
        same = (table[columns].astype(str) == values.astype(str)).all(axis=1)
        if same.sum() == 1:
            expected.append([person, same.idxmax()])
    found = anonymity.link(register, table, columns)
    assert found.columns.tolist() == ["register", "table"]
    assert found.to_numpy().tolist() == expected


def test_a_link_needs_no_names_for_its_columns():
    table = pd.DataFrame({"register": [1, 2, 2], "table": [3, 4, 4], 0: [5, 6, 7]})
    found = anonymity.link(table, table, ["register", "table"])
    assert found.to_numpy().tolist() == [[0, 0]]


def test_a_register_finds_half_of_its_people_in_the_credit_data_and_rightly(credit):
    register = credit[KNOWN].sample(1000, random_state=1)
    found = anonymity.link(register, credit, KNOWN)
    assert len(found) == pytest.approx(545, abs=5)
    assert (found["register"] == found["table"]).all()


def test_nothing_that_is_given_is_changed():
    table, register = people(0), people(1)
    before = table.copy(), register.copy()
    columns = ["town", "age"]
    kept = anonymity.keep_crowds(table, columns, 1)
    kept["age"] = 0
    anonymity.link(register, table, columns)
    anonymity.l_diversity(table, columns, "ill")
    pd.testing.assert_frame_equal(table, before[0])
    pd.testing.assert_frame_equal(register, before[1])
    assert columns == ["town", "age"]


GAPS = pd.DataFrame({"age": [20, 30, None], "job": ["a", None, None], "ill": [1, 2, 3]})


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda t: t.crowd(GAPS, ["agee"]), "no column 'agee'; it has 'age', 'jo"),
        (lambda t: t.crowd(GAPS, "age"), r"in a list: \['age'\], not 'age'"),
        (lambda t: t.k_anonymity(GAPS, []), "at least one column"),
        (
            lambda t: t.k_anonymity(GAPS, ["ill", "age", "job"]),
            r"missing values \(1 in 'age', 2 in 'job'\).*fillna\(\{'job': 'unknown'\}",
        ),
        (lambda t: t.crowd(GAPS[:0], ["age"]), "no rows, only the columns 'age', 'job"),
        (lambda t: t.l_diversity(GAPS, ["ill"], "sick"), "no column 'sick'"),
        (lambda t: t.l_diversity(GAPS, ["ill"], "ill"), "'ill' is among the columns"),
        (lambda t: t.keep_crowds(GAPS, ["ill"], 0), "k must be .* at least 1, got 0"),
        (lambda t: t.keep_crowds(GAPS, ["ill"], 2.5), "k must be a whole number"),
        (lambda t: t.bands([20], 0), "width must be .* at least 1, got 0"),
        (lambda t: t.bands([20], float("nan")), "width must be .*, got nan"),
        (lambda t: t.bands([20], "5"), "width must be .*, got '5'"),
        (lambda t: t.bands([20, 21.5], 5), "whole numbers, got 21.5"),
        (lambda t: t.bands([20, float("inf")], 5), "whole numbers, got inf"),
        (lambda t: t.bands(["20"], 5), r"whole numbers, got .*\['20'\]"),
        (lambda t: t.bands([20, None], 5), "1 of the 2 values are missing"),
        (lambda t: t.link(GAPS, people(0), ["ill"]), "'ill' is int64 in the register"),
        (lambda t: t.link(GAPS, people(0), ["job"]), r"\(2 in 'job'\)"),
        (lambda t: t.link(people(0), GAPS, ["town"]), "no column 'town'"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call(anonymity)
    assert len(str(error.value).split(". ")) == 1
