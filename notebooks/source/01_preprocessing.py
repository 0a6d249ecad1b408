# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1 · Preprocessing: from dirty data to honest numbers
#
# ## What you will be able to do
#
# - tell a value that is absent from one that is unknown, and fill each as it deserves,
# - say what an outlier detector finds, and what only you can decide,
# - scale columns by hand, and keep the test data out of what a pipeline learns,
# - turn English and Chinese text into numbers, and measure what each step is worth,
# - augment images without changing what they show.
#
# **Time:** two hours (tables 60 minutes, text 30, images 30). **Mirrors:** D0 §3.2.1 and
# §9 Q2 (cleaning, scaling, augmentation, outliers), D1 §3.2.1 (text and images), D2
# §2.1.2, D3 §4, D4 §3.2. **Before it:** [chapter 00](00_start_here.ipynb).

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("01_preprocessing", version="0.1")

# %%
import io
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn

from bigmodel_lab import cleaning, images, scaling, text

# %% [markdown]
# ## As the documents have it
#
# D0 §3.2.1 has three lines on the subject: "remove missing values and outliers", "scale
# the data to [0, 1] or [-1, 1]", "augment by rotation, scaling and cropping". It shows
# none of them, and its program (§5) does none. We take a table that needs it: 2,930 houses
# sold in Ames, Iowa, from 2006 to 2010, with 82 columns as the assessor's office kept them.
#
# **Remove every house with a missing value, or every one with an outlier: how many are
# left?**

# %%
houses = lab.datasets.ames_houses()
price = houses["price"]
measured = houses.select_dtypes("number").drop(columns=["Order", "PID"])
q1, q3 = measured.quantile(0.25), measured.quantile(0.75)
far = 1.5 * (q3 - q1)  # Tukey's rule: farther than that from the middle half
strange = ((measured < q1 - far) | (measured > q3 + far)).any(axis=1)

print(f"{len(houses):,} houses, {houses.isna().sum().sum():,} missing values")
print(f"without a missing value: {len(houses.dropna()):,}")
print(f"without an outlier in any column: {(~strange).sum():,}")
assert len(houses.dropna()) == 0

# %% [markdown]
# None, and 38 %. Taken literally, the first rule throws the whole table away: **not one
# house has all its values**. So what do the gaps mean?
#
# ## Tables
#
# ### Absent or unknown?

# %%
table = cleaning.gaps(houses)
print(f"{len(table)} of {houses.shape[1]} columns have gaps; the emptiest:")
table.head(8).assign(share=table["share"].map("{:.1%}".format))

# %% [markdown]
# 2,917 houses have no `Pool.QC`, the quality of the pool. **Is the quality of their pools
# unknown?** Another column knows: the size of the thing whose quality is missing.

# %%
SIZE_OF = {
    "Pool.QC": "Pool.Area",
    "Fireplace.Qu": "Fireplaces",
    "Garage.Finish": "Garage.Area",
    "Bsmt.Exposure": "Total.Bsmt.SF",
    "Mas.Vnr.Type": "Mas.Vnr.Area",
    "Lot.Frontage": "Lot.Area",
}
rows = {}
for column, size in SIZE_OF.items():
    of_gaps = houses.loc[houses[column].isna(), size]
    rows[column] = {
        "gaps": len(of_gaps),
        "size is 0: absent": (of_gaps == 0).sum(),
        "size above 0: unknown": (of_gaps > 0).sum(),
        "size missing, too": of_gaps.isna().sum(),
    }
pd.DataFrame(rows).T.rename_axis("column")

# %% [markdown]
# All 2,917 have *no pool*: the gap is the answer. Likewise 1,422 houses have no fireplace.
# But every house has a lot, so the 490 missing street frontages are *unknown*. Two kinds of
# gap, two treatments: absent becomes a value of its own ("none", or 0 on a scale of
# quality), unknown is estimated.
#
# One row is odd: 1,745 of the 1,775 gaps of `Mas.Vnr.Type`, the kind of brickwork, are
# houses without any. The original table has a category for them. **Where did it go?**

# %%
as_written = "Mas.Vnr.Type,Mas.Vnr.Area\nBrkFace,196\nNone,0\nStone,\n"
print(pd.read_csv(io.StringIO(as_written)), end="\n\n")
print(pd.read_csv(io.StringIO(as_written), keep_default_na=False, na_values=[""]))

# %% [markdown]
# The category is called "None", and `read_csv` takes that word for a missing value (so it
# does "NA", "null" and, in a table of people, the name "Null"). Whoever reads a file decides
# what counts as missing.
#
# ### Impossible values
#
# A gap shows itself. A wrong value does not, unless it contradicts something. **Which of
# these rules is broken?**

# %%
RULES = {
    "sold before it was built": houses["Yr.Sold"] < houses["Year.Built"],
    "remodeled before it was built": houses["Year.Remod.Add"] < houses["Year.Built"],
    "garage built after the sale": houses["Garage.Yr.Blt"] > houses["Yr.Sold"],
    "repeats another house": houses.drop(columns="Order").duplicated(),
}
for rule, broken in RULES.items():
    print(f"{rule}: {broken.sum()}")
dates = ["Year.Built", "Year.Remod.Add", "Garage.Yr.Blt", "Yr.Sold", "Sale.Condition"]
houses.loc[np.any(list(RULES.values()), axis=0), dates]

# %% [markdown]
# A garage from the year 2207 is a typing error; the house was built in 2006 and sold in
# 2007, so 2007 it was. A house sold in 2007 and built in 2008 is none: it was sold before
# it was finished, as `Partial` says. Its age is 0, not -1.
#
# No house occurs twice here. In the 1,728 sales of [chapter 04](04_house_prices.ipynb) some
# do, and we shall meet more in the reviews below, where it matters.

# %%
clean = houses.copy()
clean.loc[clean["Garage.Yr.Blt"] > 2010, "Garage.Yr.Blt"] = 2007
clean["Age"] = (clean["Yr.Sold"] - clean["Year.Built"]).clip(lower=0)
saratoga = lab.datasets.saratoga_houses()
print(f"Ages from {clean['Age'].min()} to {clean['Age'].max()} years")
print(f"Saratoga: {saratoga.duplicated().sum()} rows repeat an earlier one")

# %% [markdown]
# ### Outliers: three opinions
#
# D0 §9 names isolation forest and local outlier factor (LOF). Beside them the oldest rule:
#
# - **IQR** (Tukey): how far outside the middle half of its *column*, in widths of that half;
# - **isolation forest**: how few random cuts it takes to separate a house from the others;
# - **LOF**: how much thinner the houses lie around it than around its neighbors.
#
# Each gives every house a score of strangeness. Five houses have more than 4,000 square
# feet. **Do the three agree on them?**

# %%
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

pair = houses[["area", "price"]]
forest = IsolationForest(random_state=0).fit(pair)
neighbors = LocalOutlierFactor().fit(scaling.standard(pair).transform(pair))
SCORES = {
    "IQR": np.maximum(*(cleaning.iqr_distance(pair[column]) for column in pair)),
    "isolation forest": -forest.score_samples(pair),
    "local outlier factor": -neighbors.negative_outlier_factor_,
}
ranks = pd.DataFrame(
    {
        f"rank by {name}": pd.Series(score).rank(ascending=False).astype(int)
        for name, score in SCORES.items()
    }
)
big = houses["area"] > 4000
pair.join(houses["Sale.Condition"])[big].join(ranks).sort_values("price")

# %%
figure, charts = plt.subplots(ncols=3, figsize=(10, 3.4), sharey=True)
for axes, (name, score) in zip(charts, SCORES.items(), strict=True):
    marked = np.argsort(-score)[:30]
    axes.plot(pair["area"], pair["price"] / 1000, ".", color="#999999", markersize=3)
    axes.plot(*(pair.iloc[marked] / [1, 1000]).to_numpy().T, "o", mfc="none", ms=6)
    axes.set(title=name, xlabel="area (square feet)")
charts[0].set_ylabel("price ($1,000)")
figure.suptitle("The 30 strangest houses, by three methods", x=0.01, ha="left")
lab.plots.show(
    figure,
    alt="Price against area three times, with 30 houses marked. IQR and isolation forest "
    "mark the dear and large houses along the upper end of the cloud. The local outlier "
    "factor marks houses at the cloud's edges; the three large cheap ones are far below it.",
)
top = {name: set(np.argsort(-score)[:30]) for name, score in SCORES.items()}
print("marked by all three:", len(set.intersection(*top.values())), "of 30")

# %% [markdown]
# They do not. Isolation forest puts the two mansions first, although they lie right on the
# trend: it looks for what is *rare*. LOF puts the three cheap giants first: it looks for
# what is *out of place*. IQR sees each column alone, and area and price apart are less
# telling than both together.
#
# None of them knows what is *wrong*. The table does: the three are `Partial` sales, houses
# sold unfinished. They are true values of another kind of sale. **A detector says where to
# look; only the knowledge of the data says what to do.**
#
# ### Turn the knobs: mark the strangest


# %%
def mark_outliers(method, marked=30):
    """Mark the strangest houses by a method; say which of the five big ones are found."""
    score = SCORES[method]
    order = np.argsort(-score)
    found = houses.iloc[order[:marked]].index.isin(houses.index[big]).sum()
    partial = (houses["Sale.Condition"].iloc[order[:marked]] == "Partial").sum()
    x, y = pair["area"].to_numpy(), pair["price"].to_numpy() / 1000
    answer = (
        f"<b>{marked}</b> houses have a score of {score[order[marked - 1]]:.2f} or more; "
        f"<b>{found} of the 5</b> above 4,000 square feet are among them, and {partial} "
        f"houses sold unfinished."
    )
    return answer, {
        "unmarked": (x[order[marked:]], y[order[marked:]], "o"),
        "marked": (x[order[:marked]], y[order[:marked]], "o"),
    }


lab.Explorer(
    mark_outliers,
    question="How many houses must each method mark to have all five big ones?",
    axes={"area (square feet)": (0, 6000), "price ($1,000)": (0, 800)},
    method=list(SCORES),
    marked=(1, 200),
)

# %% [markdown]
# **What you should have seen.** LOF needs 5 marks, one for each. IQR needs 7, isolation
# forest 17: before the cheap giants it marks a dozen houses that are merely dear.
#
# ### Filling what is unknown
#
# To judge a filling one needs the truth. So we hide a fifth of the *known* frontages and
# fill them in six ways. **Which comes closest? What does the mean do to the spread?**

# %%
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer

rng = np.random.default_rng(0)
known = clean[clean["Lot.Frontage"].notna()]
truth = known["Lot.Frontage"].to_numpy()
hidden = rng.random(len(known)) < 0.2
seen = known["Lot.Frontage"].mask(hidden)
HELPERS = ["Lot.Area", "area", "X1st.Flr.SF", "Year.Built", "TotRms.AbvGrd"]
with_gaps = known[HELPERS].assign(frontage=seen)
scaler = scaling.standard(with_gaps)


def filled_by(imputer):
    """Return the frontages (N,), the hidden ones as the imputer estimates them."""
    Z = scaler.transform(with_gaps).to_numpy()  # (N, 6): distances need one scale
    return scaler.inverse(imputer.fit_transform(Z))[:, -1]


by_neighborhood = seen.groupby(known["Neighborhood"]).transform("median")
FILLINGS = {
    "0": seen.fillna(0),
    "mean": seen.fillna(seen.mean()),
    "median": seen.fillna(seen.median()),
    "median of the neighborhood": seen.fillna(by_neighborhood).fillna(seen.median()),
    "a line through the other columns": filled_by(IterativeImputer(random_state=0)),
    "mean of the 10 most similar lots": filled_by(KNNImputer(n_neighbors=10)),
}
rows = {}
for name, filling in FILLINGS.items():
    error = np.asarray(filling)[hidden] - truth[hidden]
    rows[name] = {
        "typical error, RMSE (feet)": f"{(error**2).mean() ** 0.5:.1f}",
        "spread of the filled values (feet)": f"{np.asarray(filling)[hidden].std():.1f}",
    }
print(f"{hidden.sum()} hidden frontages spread by {truth[hidden].std():.1f} feet")
pd.DataFrame(rows).T.rename_axis("filled with")

# %% [markdown]
# 0 is absurd for a length that every lot has. Mean and median are a constant, so the filled
# houses all look alike. Similar lots come closest, since a large lot has a long front. What
# that is worth for the *price* is another question; we answer it at the end of this part.
#
# ### Four scalers, one formula
#
# "Scale to [0, 1] or [-1, 1]" (D0 §3.2.1), "between 0 and 1" (D3 §4), "standardize" (D4
# §3.2): all are the same step, with another shift and another scale *learned from the data*:
#
# $$z = \frac{x - \text{shift}}{\text{scale}}$$
#
# | scaler | shift | scale |
# |---|---|---|
# | to [0, 1] (`min_max`) | minimum | maximum - minimum |
# | to [-1, 1] (`symmetric`) | middle of the two | half of that |
# | `standard` | mean | standard deviation |
# | `robust` | median | interquartile range |
#
# **By hand, then by scikit-learn: are they equal?**

# %%
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

SCALERS = {
    "to [0, 1]": (scaling.min_max, MinMaxScaler()),
    "to [-1, 1]": (scaling.symmetric, MinMaxScaler((-1, 1))),
    "standard": (scaling.standard, StandardScaler()),
    "robust": (scaling.robust, RobustScaler()),
}
COLUMNS = ["area", "Lot.Area", "Lot.Frontage", "Age"]
train, test = train_test_split(clean, test_size=0.2, random_state=42)
rows = {}
for name, (learn, by_sklearn) in SCALERS.items():
    ours = learn(train[COLUMNS])
    theirs = by_sklearn.fit(train[COLUMNS])
    for part in (train[COLUMNS], test[COLUMNS]):
        np.testing.assert_allclose(ours.transform(part), theirs.transform(part))
    np.testing.assert_allclose(
        ours.inverse(ours.transform(test[COLUMNS])), test[COLUMNS]
    )
    rows[name] = {"shift": f"{ours.shift[0]:,.0f}", "scale": f"{ours.scale[0]:,.0f}"}
print("ours = scikit-learn's, gaps passed over; learned for the area, in square feet:")
pd.DataFrame(rows).T

# %% [markdown]
# ### One outlier is enough
#
# D0 does not say that two of these rest on the smallest and the largest value alone.
# **What is left of a column if a single area was typed in square inches, times 144?** We
# look at how wide the middle half of the houses is after scaling.

# %%
area = train[["area"]].astype(float)
typo = area.copy()
typo.iloc[0] *= 144


def middle_half(learn, column):
    """Return how wide the middle half of a column is after scaling."""
    lower, upper = learn(column).transform(column).quantile([0.25, 0.75]).to_numpy()
    return (upper - lower).item()


pd.DataFrame(
    {
        name: {
            "as measured": round(middle_half(learn, area), 4),
            "with one typing error": round(middle_half(learn, typo), 4),
        }
        for name, (learn, _) in SCALERS.items()
    }
).T

# %%
squeezed = scaling.min_max(typo).transform(typo)["area"]
print(f"99 % of the areas lie below {squeezed.quantile(0.99):.3f} of [0, 1]")
lots = scaling.min_max(train[["Lot.Area"]]).transform(train[["Lot.Area"]])["Lot.Area"]
print(f"lots, as they are: 99 % lie below {lots.quantile(0.99):.3f}")
assert squeezed.quantile(0.99) < 0.02

# %% [markdown]
# One value in 2,344 squeezes all the others into the lowest hundredth of [0, 1]; `standard`
# suffers, too, while `robust` does not move. And it takes no error: with the lots *as they
# are*, four acres of one owner squeeze 99 % of the lots into the lowest sixth. A model can
# hardly tell them apart, and gradient descent has to find a huge weight for the column.
#
# ### Turn the knobs: a scale for each column
#
# `largest times` multiplies the largest value of the column: your own typing error.


# %%
WINDOW = {"to [0, 1]": (0, 1), "to [-1, 1]": (-1, 1)}  # of the others: (-3, 6)


def scaling_explorer(column, scaler, largest_times=1):
    """Draw a column before and after scaling, its largest value multiplied."""
    values = train[[column]].astype(float).dropna()
    values.loc[values[column].idxmax()] *= largest_times
    scaled = SCALERS[scaler][0](values).transform(values)[column]
    low, high = WINDOW.get(scaler, (-3, 6))
    figure, charts = plt.subplots(2, figsize=(6.4, 4), layout="none")
    figure.subplots_adjust(0.11, 0.12, 0.98, 0.93, hspace=0.6)
    charts[0].stairs(*np.histogram(values[column], 60), fill=True)
    charts[0].set(title=f"{column}, before", ylabel="houses")
    bins = np.histogram(scaled, 60, (low, high))
    charts[1].stairs(*bins, fill=True, color=lab.plots.COLORS[1])
    charts[1].set(
        title=f"after: {scaler}", xlabel="z", ylabel="houses", xlim=(low, high)
    )
    middle = scaled.quantile([0.25, 0.75]).to_numpy()
    outside = (~scaled.between(low - 1e-9, high + 1e-9)).sum()
    alt = (
        f"Histograms of {column} before and after scaling: {scaler}, largest value "
        f"times {largest_times}."
    )
    return (
        f"The middle half of the houses lies between <b>{middle[0]:.3f} and "
        f"{middle[1]:.3f}</b>; outside the lower chart: {outside}.<br>"
        f"{lab.plots.picture(figure, alt)}"
    )


lab.Explorer(
    scaling_explorer,
    question="Which scaler keeps the houses in place when one value is wrong?",
    column=COLUMNS,
    scaler=list(SCALERS),
    largest_times=(1, 20),
)

# %% [markdown]
# **What you should have seen.** None changes the shape: a scaler only renames the ticks of
# the axis. Multiply the largest area by 20, and [0, 1] and [-1, 1] pile everything up in one
# bar, `standard` nearly so; under `robust` the houses stay where they are, and one of them
# lies outside the picture. The lots look piled up from the beginning. A column so skewed
# needs another cure, a logarithm, which does change the shape.
#
# ### Leakage: what may a scaler see?
#
# A scaler learns; so does an imputer. If they learn from *all* the data, the model has seen
# something of its test, and the score flatters it. D0 has no word on that. **How much does
# it flatter?** Ridge regression on nine columns of a *small* sample, half of it for the
# test, once with scaler and imputer fitted on everything and once on the training half;
# 200 samples each.

# %%
from sklearn.linear_model import Ridge

NINE = [
    *["area", "Lot.Area", "Lot.Frontage", "Total.Bsmt.SF", "Garage.Area"],
    *["Year.Built", "TotRms.AbvGrd", "Mas.Vnr.Area", "Overall.Qual"],
]
nine, log_price = clean[NINE].to_numpy(float), np.log(price.to_numpy())


def flattery(prepare, table, size, repeats):
    """Return by how many % a leak lowers the RMSE, and the standard error of that.

    prepare(X, y, rows) returns X, prepared by what it learned from these rows.
    """
    rng = np.random.default_rng(0)
    errors = np.empty((2, repeats))
    fitted, tested = np.arange(size // 2), np.arange(size // 2, size)
    for k in range(repeats):
        sample = rng.choice(len(table), size, replace=False)
        X, y = table[sample], log_price[sample]
        for leak, rows in enumerate((fitted, np.arange(size))):
            Z = prepare(X, y, rows)
            model = Ridge(1.0).fit(Z[fitted], y[fitted])
            error = model.predict(Z[tested]) - y[tested]
            errors[leak, k] = np.sqrt((error**2).mean())
    honest, leaking = errors
    gain = 100 * (honest - leaking) / honest.mean()
    return gain.mean(), gain.std() / repeats**0.5


def fill_and_scale(X, y, rows):
    """Fill gaps by the median of the rows, scale by their mean and deviation."""
    X = np.where(np.isnan(X), np.nanmedian(X[rows], axis=0), X)  # (N, 9)
    return (X - X[rows].mean(0)) / X[rows].std(0)


for size in (40, 100, 400):
    gain, error = flattery(fill_and_scale, nine, size, repeats=200)
    print(f"{size} houses: flatters by {gain:.1f} % (standard error {error:.2f})")

# %% [markdown]
# Less than its fame: some percent with 20 houses to train on, hardly to be told from
# chance, and next to nothing with 200. **Is leakage harmless, then?** Two things that look
# just as innocent: an imputer that fills gaps with the help of *all* columns, the price
# among them; and a choice of columns "that go with the price", made before the split.

# %%
holes = np.random.default_rng(1).random(nine.shape) < 0.3
holed = np.where(holes, np.nan, nine)  # the same table with more gaps


def fill_by_neighbors(X, y, rows):
    """Fill gaps from the 5 most similar houses; similar in price, too, if it leaks."""
    Z = StandardScaler().fit(X[rows]).transform(X)
    if len(rows) == len(X):
        z = np.tile((y - y.mean()) / y.std(), (3, 1)).T
        return KNNImputer().fit_transform(np.c_[Z, z])[:, :-3]
    return KNNImputer().fit(Z[rows]).transform(Z)


gain, error = flattery(fill_by_neighbors, holed, size=100, repeats=100)
print(
    f"imputer that saw the price: flatters by {gain:.0f} % (standard error {error:.1f})"
)
assert gain > 10

# %%
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.metrics import r2_score

rng = np.random.default_rng(0)
scores = {"after the split": [], "before the split": []}
for _ in range(100):
    y = log_price[rng.choice(len(nine), 60, replace=False)]
    noise = rng.normal(size=(60, 1000))  # a thousand columns that mean nothing
    for name, rows in zip(scores, (slice(30), slice(60)), strict=True):
        chosen = SelectKBest(f_regression, k=10).fit(noise[rows], y[rows])
        Z = chosen.transform(noise)
        model = Ridge(10.0).fit(Z[:30], y[:30])
        scores[name].append(r2_score(y[30:], model.predict(Z[30:])))
for name, r2 in scores.items():
    print(f"ten of 1,000 columns of noise, chosen {name}: R² {np.mean(r2):+.1f}")
assert np.mean(scores["before the split"]) > 0.3

# %% [markdown]
# **A model that explains 40 % of prices from pure noise.** The more a step learns, and above
# all if it learns from the target, the more its leak flatters. So the rule has no exception:
# split first, and let everything that learns (`fit`) see the training part only.
#
# ### One pipeline, and what each step is worth
#
# scikit-learn's `Pipeline` and `ColumnTransformer` keep that rule for us: in
# cross-validation they fit every step anew on each training part. **Which step brings most:
# more columns, filled gaps, categories, the logarithm, or leaving out the three unfinished
# giants?** Each row of the table adds one step to the row above it.

# %%
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

features = clean.drop(columns=["price", "Order", "PID"])
numeric = features.select_dtypes("number").columns
whole = [column for column in numeric if features[column].notna().all()]
words = features.columns.difference(numeric, sort=False)
skewed = [c for c in numeric if features[c].min() >= 0 and features[c].skew() > 1]
giants = (big & (houses["Sale.Condition"] == "Partial")).to_numpy()


def numbers(log=()):
    """Return the steps for numbers: fill the unknown, maybe take logs, scale."""
    to_logs = make_column_transformer(
        (FunctionTransformer(np.log1p, feature_names_out="one-to-one"), list(log)),
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    fill = SimpleImputer(strategy="median")
    return make_pipeline(to_logs, fill, StandardScaler())


def categories():
    """Return the steps for categories: absent is one of them; then a column for each."""
    return make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"),
        OneHotEncoder(handle_unknown="ignore", min_frequency=5),
    )


def in_logs(model):
    """Return the model that predicts the logarithm of the price."""
    return TransformedTargetRegressor(model, func=np.log, inverse_func=np.exp)


all_columns = make_column_transformer((numbers(), numeric), (categories(), words))
with_logs = make_column_transformer((numbers(skewed), numeric), (categories(), words))
STEPS = {
    "the mean price": (DummyRegressor(), whole),
    "numbers without gaps, scaled": (make_pipeline(StandardScaler(), Ridge(10)), whole),
    "+ gaps filled by the median": (make_pipeline(numbers(), Ridge(10)), numeric),
    "+ categories, absent is one": (make_pipeline(all_columns, Ridge(10)), None),
    "+ logarithm of the price": (in_logs(make_pipeline(all_columns, Ridge(10))), None),
    "+ logarithm of skewed columns": (
        in_logs(make_pipeline(with_logs, Ridge(10))),
        None,
    ),
}


def out_of_fold(model, columns, leave_out=None):
    """Return the error (N,) in dollars on each house by a model that did not see it."""
    X = features if columns is None else features[columns]
    error = np.empty(len(X))
    for fitted, tested in KFold(5, shuffle=True, random_state=42).split(X):
        if leave_out is not None:
            fitted = fitted[~leave_out[fitted]]
        model = clone(model).fit(X.iloc[fitted], price.iloc[fitted])
        error[tested] = model.predict(X.iloc[tested]) - price.iloc[tested]
    return error


def rmse(error):
    """Return the root mean squared error, in dollars, to the hundred."""
    return f"{np.sqrt((error**2).mean()):,.0f}"


errors = {name: out_of_fold(*step) for name, step in STEPS.items()}
last = STEPS["+ logarithm of skewed columns"]
errors["+ fitted without the 3 giants"] = out_of_fold(*last, leave_out=giants)
pd.DataFrame(
    {
        name: {
            "RMSE, all houses ($)": rmse(error),
            "RMSE without the 3 ($)": rmse(error[~giants]),
            "median error ($)": f"{np.median(np.abs(error)):,.0f}",
        }
        for name, error in errors.items()
    }
).T

# %% [markdown]
# More columns bring most: the numbers more than halve the mean's error, the categories take
# off another sixth. Then the first column seems to speak *against* the logarithm and the
# last step, while the other two improve with every row. **Who is to blame?**

# %%
rows = {"sold for": price[giants]}
for name in list(STEPS)[3:]:
    rows[name] = price[giants] + errors[name][giants]
rows["+ fitted without the 3 giants"] = (
    price[giants] + errors["+ fitted without the 3 giants"][giants]
)
pd.DataFrame(rows).T.round(-3).map("${:,.0f}".format).rename_axis("the three giants")

# %% [markdown]
# Three houses decide the RMSE of 2,930. A model of logarithms multiplies what it sees, and a
# huge new house of the best quality should be very dear; these were not finished yet.
#
# So should the three be left out? From the *fitting*, yes: they are another kind of sale.
# From the *score*, only if one says so. Whoever drops them silently reports 19,700 dollars
# for a model that is off by 28,200.
#
# ## Text
#
# ### Which words?
#
# D1 §3.2.1 lists three steps for text: cut it into words, drop the stop words, turn words
# into vectors. Our text: 5,000 reviews of food, each of another product. **Was it "great"
# (five stars), or not?** First the question that the houses left open: is anything twice?

# %%
reviews, test_reviews = lab.datasets.food_reviews()
twice = reviews["review"].duplicated()
leaked = test_reviews["review"].isin(reviews["review"])
print(f"{len(reviews):,} to train on, {len(test_reviews):,} to test on")
print(
    f"repeated: {twice.sum()} in training, {leaked.sum()} of the test are in training"
)
reviews, test_reviews = reviews[~twice], test_reviews[~leaked]
print(f"great: {reviews['great'].mean():.0%} of {len(reviews):,}")
print(reviews["review"].iloc[20][:340])

# %% [markdown]
# Seven test reviews had leaked, so a model could know them by heart; they are out. **What
# is a word?** Cut at the blanks, `tea.`, `tea,` and `Tea` are three.

# %%
sentence = "Don't buy this tea.<br />Tea, I think, should taste of TEA!"
print(sentence.split())
print(text.english_words(sentence))

# %% [markdown]
# And in Chinese there are no blanks. **What do blanks, what does scikit-learn's default,
# and what does jieba, a Chinese word cutter, make of this sentence from D1 §2.2?**

# %%
from sklearn.feature_extraction.text import CountVectorizer

chinese = (
    "大模型在NLP领域具有广泛的应用前景。"  # "Large models have wide prospects in NLP"
)
print("blanks:      ", chinese.split())
print("scikit-learn:", CountVectorizer().build_analyzer()(chinese))
print("characters:  ", list(chinese))
print("jieba:       ", text.chinese_words(chinese))

# %% [markdown]
# Only jieba finds words, by a dictionary and word frequencies. 大模型, "large model", is
# younger than its dictionary, and falls apart into 大 and 模型. A word cutter knows the
# language of the day it was made.
#
# ### Ids, padding, and words never seen
#
# A network takes numbers of one shape. Each word gets an *id*; short texts are *padded* with
# id 0; a word that the training part did not have is *unknown*, id 1.

# %%
documents = [text.english_words(review) for review in reviews["review"]]
test_documents = [text.english_words(review) for review in test_reviews["review"]]
vocabulary = text.Vocabulary(documents, size=5000)
some = ["I love this green tea", "Truly scrumdiddlyumptious"]
ids = [vocabulary.encode(text.english_words(line)) for line in some]
print(ids)
print(text.pad(ids))
print([" ".join(vocabulary.decode(line)) for line in ids])

# %% [markdown]
# **How many words of the test reviews are unknown, if we keep the n most frequent?**

# %%
rows = {}
for size in (100, 1000, 5000, 20_000):
    smaller = text.Vocabulary(documents, size=size)
    rows[f"{size:,}"] = {
        "kept": f"{len(smaller):,}",
        "unknown, of the running text": f"{np.mean([i == 1 for d in test_documents for i in smaller.encode(d)]):.1%}",
        "unknown, of the distinct words": "{:.1%}".format(
            np.mean(
                [i == 1 for i in smaller.encode({w for d in test_documents for w in d})]
            )
        ),
    }
pd.DataFrame(rows).T.rename_axis("at most")

# %% [markdown]
# A thousand words cover five sixths of what people write, and no vocabulary covers all:
# a quarter of the test's *different* words never occurred in training. This is why large
# models cut text into pieces of words, and why padding and unknown must not share an id: one
# means "nothing here", the other "something I cannot read".
#
# ### tf-idf, by hand
#
# A word counts more the oftener it stands in a text (tf) and the fewer texts have it (idf):
#
# $$w_{t,d} = \text{tf}_{t,d} \cdot \left( \ln \frac{1 + N}{1 + \text{df}_t} + 1 \right)$$
#
# with $N$ texts, $\text{df}_t$ of them with word $t$; then every text's row is scaled to
# length 1. The ones keep it finite for a word that no text has. **Equal to scikit-learn?**

# %%
from sklearn.feature_extraction.text import TfidfVectorizer

ours, words_by_column = text.tf_idf(documents[:200])  # (200, V)
vectorizer = TfidfVectorizer(analyzer=text.english_words)
theirs = vectorizer.fit_transform(reviews["review"].iloc[:200])
np.testing.assert_allclose(ours, theirs.toarray(), atol=1e-12)
print(f"equal, {ours.shape[0]} reviews by {ours.shape[1]:,} words;", end=" ")
print(f"{(ours == 0).mean():.1%} of the matrix is 0")
heaviest = np.argsort(-ours[20])[:6]
print({words_by_column[k]: round(ours[20, k].item(), 2) for k in heaviest})

# %% [markdown]
# ### What is each step worth?
#
# D1 §3.2.1 says that stop words have "little influence". scikit-learn's list has 318 of
# them. **What does a linear classifier lose without them?** Three-fold cross-validation over
# all 4,973 different reviews: each is judged by a model that has not seen it.

# %%
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict

telling = ["not", "never", "no", "nothing", "but", "very", "too"]
print("stop words:", [word for word in telling if word in ENGLISH_STOP_WORDS])


def and_pairs(words):
    """Return the words, and the pairs of neighbors."""
    return words + [f"{a} {b}" for a, b in pairwise(words)]


all_reviews = pd.concat([reviews, test_reviews])
great = all_reviews["great"].to_numpy()
cut = [text.english_words(review) for review in all_reviews["review"]]
dropped = [[w for w in words if w not in ENGLISH_STOP_WORDS] for words in cut]
counts, weights = (CountVectorizer, 0.1), (TfidfVectorizer, 3)  # and their C, tuned
VARIANTS = {
    "cut at blanks, counts": ([r.split() for r in all_reviews["review"]], *counts),
    "words, counts": (cut, *counts),
    "words, tf-idf": (cut, *weights),
    "... without stop words": (dropped, *weights),
    "words and pairs, tf-idf": (list(map(and_pairs, cut)), *weights),
    "... of words without stop words": (list(map(and_pairs, dropped)), *weights),
}
right = {"always great": great}
for name, (texts, vectorizer, C) in VARIANTS.items():
    model = make_pipeline(
        vectorizer(analyzer=list, min_df=2),
        LogisticRegression(C=C, solver="liblinear"),
    )
    folds = KFold(3, shuffle=True, random_state=0)
    right[name] = cross_val_predict(model, texts, great, cv=folds) == great

pd.DataFrame(
    {
        name: {
            "accuracy": f"{hits.mean():.1%}",
            "against words, tf-idf (points)": "{:+.1f} ± {:.1f}".format(
                100 * (gain := hits.astype(float) - right["words, tf-idf"]).mean(),
                100 * gain.std() / len(gain) ** 0.5,
            ),
        }
        for name, hits in right.items()
    }
).T

# %% [markdown]
# Behind ± is the standard error of the difference on the same reviews. Dropping the stop
# words *costs*, more than a point of single words and two of pairs: "not great" becomes
# "great". Pairs, which keep "not great" together, gain a point; so does tf-idf. The list that
# suits a search engine need not suit your question: **measure before you drop.** (D1's own
# program, §5.2.1, does one thing right: it fits its vectorizer on the training texts only.)
#
# ### Words as vectors
#
# "Turn words into vectors" (D1 §3.2.1). A column for each word, all 0 but one, is such a
# vector, but it makes any two words equally different. An *embedding* gives every word a few
# numbers. **What does `nn.Embedding` compute?**

# %%
embedding = nn.Embedding(len(vocabulary), 50, padding_idx=0, dtype=torch.float64)
padded = text.pad(ids)  # (2, 5)
one_hot = nn.functional.one_hot(padded, len(vocabulary)).double()  # (2, 5, 5000)
product = one_hot @ embedding.weight  # (2, 5, 50)
assert torch.allclose(product, embedding(padded))
print("looking up a row = one-hot vector times the matrix;", end=" ")
print("padding is all 0:", bool((embedding(padded)[1, 2:] == 0).all()))

# %% [markdown]
# These numbers are random until something trains them. The oldest way needs no network:
# words that keep the same company are alike (Firth 1957). We count which words stand within
# four places of each other, take how much oftener than by chance (pointwise mutual
# information), and keep 50 dimensions of it. **Which words are near "coffee", "dog" and
# "crunchy"?**

# %%
from scipy.sparse.linalg import svds

frequent = text.Vocabulary(
    [[w for w in document if w not in ENGLISH_STOP_WORDS] for document in documents],
    size=1500,
)
size = len(frequent)
together = np.zeros((size, size))
for document in documents:
    line = [i for i in frequent.encode(document) if i > 1]
    for apart in range(1, 5):
        np.add.at(together, (line[apart:], line[:-apart]), 1)
together = (together + together.T)[2:, 2:]  # (1498, 1498) without the two special ids
share = together / together.sum()
alone = share.sum(0)  # (1498,)
with np.errstate(divide="ignore"):
    information = np.maximum(0, np.log(share / np.outer(alone, alone)))
U, s, _ = svds(information, k=50, v0=alone)
vectors = U * np.sqrt(s)  # (1498, 50)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
for word in ("coffee", "dog", "crunchy"):
    near = np.argsort(-vectors @ vectors[frequent.ids[word] - 2])[1:6]
    print(f"{word}: {', '.join(frequent.words[k + 2] for k in near)}")

# %% [markdown]
# From 4,000 reviews and counting alone. [Chapter 04](04_house_prices.ipynb) trains a table of
# prices; chapter 06 will train such vectors.
#
# ## Images
#
# ### Four augmentations, by hand and by kornia
#
# D0 §3.2.1 and D1 §3.2.1 augment by rotation, scaling, cropping and flipping. All four move
# pixels: for each pixel of the new image, look up where it came from in the old one. Our
# images: 5,000 digits from MNIST, 28 x 28 pixels from 0 (paper) to 1 (ink).

# %%
import kornia.augmentation as K
import kornia.geometry as G

X, y, X_test, y_test = (part.to(device) for part in lab.datasets.mnist())
X, X_test = images.check_images(X.double()), images.check_images(X_test.double())
print(tuple(X.shape), tuple(y.shape), tuple(X_test.shape))
scaled = 2 * X - 1  # D1 §3.2.1 allows [-1, 1], too: `symmetric` for pixels
print("pixels from", scaled.min().item(), "to", scaled.max().item())

# %% [markdown]
# A rotation looks up pixel $(u, v)$ of the new image at $R^{-1}(u, v)$ in the old one, and
# mixes the four pixels around that point (bilinear interpolation). Scaling looks it up at
# $(u, v) / s$. **Is that all that kornia does?**


# %%
def looked_up(batch, matrix):
    """Return the batch (N, 1, H, W), pixel (u, v) taken from matrix @ (u, v)."""
    H, W = batch.shape[-2:]
    u = torch.arange(W, dtype=batch.dtype, device=batch.device) - (W - 1) / 2
    v = torch.arange(H, dtype=batch.dtype, device=batch.device) - (H - 1) / 2
    places = torch.stack(torch.meshgrid(u, v, indexing="xy"), dim=-1)  # (H, W, 2)
    source = places @ matrix.T / torch.tensor([(W - 1) / 2, (H - 1) / 2]).to(batch)
    grid = source.expand(len(batch), H, W, 2)  # -1 to 1, as grid_sample wants it
    return nn.functional.grid_sample(batch, grid, align_corners=True)


def rotation(degrees):
    """Return the matrix (2, 2) that looks up an image turned counterclockwise."""
    a = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([a.cos(), -a.sin(), a.sin(), a.cos()]).reshape(2, 2).to(device)


batch, angle = X[:8], torch.full((8,), 25.0, dtype=X.dtype, device=device)
by_hand = {
    "rotated by 25°": looked_up(batch, rotation(25.0)),
    "scaled by 1.3": looked_up(batch, torch.eye(2).to(batch) / 1.3),
    "flipped": batch.flip(-1),
    "cropped": nn.functional.pad(batch, (3, 3, 3, 3))[..., 1:29, 5:33],
}
factor = torch.full((8, 2), 1.3, dtype=X.dtype, device=device)
by_kornia = {
    "rotated by 25°": G.rotate(batch, angle, align_corners=True),
    "scaled by 1.3": G.scale(batch, factor, align_corners=True),
    "flipped": G.hflip(batch),
    "cropped": G.translate(batch, torch.tensor([[-2.0, 2.0]]).to(batch).expand(8, 2)),
}
for name, ours in by_hand.items():
    assert torch.allclose(ours, by_kornia[name], atol=1e-6), name
    print(f"{name}: ours = kornia's")

# %% [markdown]
# A crop with padding is a shift. kornia draws angle, factor and place at random, anew for
# every image and every batch, on the device the batch is on. **What does each do to a 6?**

# %%
AUGMENTATIONS = {
    "none": lambda batch: batch,
    "rotate": K.RandomRotation(20.0, p=1.0),
    "scale": K.RandomAffine(0.0, scale=(0.8, 1.2), p=1.0),
    "crop": K.RandomCrop((28, 28), padding=2, p=1.0),
    "all three": K.RandomAffine(15.0, (0.08, 0.08), scale=(0.85, 1.15), p=1.0),
    "mirror": K.RandomHorizontalFlip(p=0.5),
    "half turn": K.RandomRotation((180.0, 180.0), p=0.5),
}
torch.manual_seed(0)
sixes = X[y == 6][:1].expand(12, 1, 28, 28)
figure = lab.plots.image_rows(
    {name: augment(sixes).cpu() for name, augment in AUGMENTATIONS.items()},
    title="Twelve draws of one 6: the last two rows make other things of it",
)
lab.plots.show(
    figure,
    alt="Seven rows of twelve pictures of the same handwritten 6: unchanged; slightly "
    "turned; larger and smaller; shifted; all of that at once. In the sixth row half are "
    "mirrored and are no digit; in the seventh half stand on their heads and read as 9.",
)

# %% [markdown]
# ### Which augmentation breaks which label?
#
# An augmentation promises: *the label stays*. We ask a judge. A small network learns 4,000
# upright digits, then reads the test digits turned and mirrored. **Which digits survive a
# half turn?**


# %%
def small_cnn():
    """Return a network of 3,810 weights for digits: (N, 1, 28, 28) -> (N, 10)."""
    return nn.Sequential(
        *[nn.Conv2d(1, 8, 6, stride=3), nn.ReLU()],  # (N, 8, 8, 8)
        *[nn.Conv2d(8, 16, 4, stride=2), nn.ReLU()],  # (N, 16, 3, 3)
        *[nn.Flatten(), nn.Linear(144, 10)],  # (N, 10)
    )


def trained(rows, augmentation="none", epochs=15, seed=0):
    """Return the network, trained on these rows of the digits."""
    torch.manual_seed(seed)
    augment = images.WhileTraining(AUGMENTATIONS[augmentation])
    model = nn.Sequential(augment, small_cnn()).double().to(device)
    training = lab.Training(
        model,
        lab.losses.cross_entropy,
        torch.optim.Adam(model.parameters(), 0.01),
        train=(X[rows], y[rows]),
        epochs=epochs,
        batch_size=50,
        seed=seed,
        schedule=lab.schedules.cosine,
    )
    for _ in training:
        pass
    return model.eval()


def read(model, batch):
    """Return the digits (N,) that the model sees in the batch (N, 1, 28, 28)."""
    with torch.inference_mode():
        return model(batch).argmax(1)


print(sum(weights.numel() for weights in small_cnn().parameters()), "weights")
judge = trained(slice(None), epochs=8)
TURNS = {
    "as written": X_test,
    "turned by 15°": looked_up(X_test, rotation(15.0)),
    "mirrored": X_test.flip(-1),
    "half turn": X_test.flip(-1, -2),
}
rows = {}
for name, turned in TURNS.items():
    said = read(judge, turned)
    rows[name] = {"all": f"{(said == y_test).double().mean():.0%}"}
    for digit in range(10):
        share = (said[y_test == digit] == digit).double().mean()
        rows[name][digit] = f"{share:.0%}"
pd.DataFrame(rows).T

# %%
said = read(judge, TURNS["half turn"])
for digit in (6, 9, 0):
    counts = said[y_test == digit].bincount(minlength=10)
    print(f"{digit} after a half turn: read as {counts.argmax()}", end=" ")
    print(f"in {counts.max()} of {counts.sum()} cases")
    assert counts.argmax() == {6: 9, 9: 6, 0: 0}[digit]

# %% [markdown]
# 15 degrees change little. After a half turn a 6 is a 9 and a 9 is a 6: training on such
# images with the *old* label teaches the network mistakes. **Whether an augmentation is safe
# is a property of the labels, not of the images**: mirroring is safe for cats, and not for
# digits or for text.
#
# ### What is it worth?
#
# "Augmentation improves generalization" (D0 §3.2.1). With 500 digits instead of 60,000 it
# should matter most. **Guess the order of the seven rows.** Each is trained three times: on
# other digits, from other initial weights, with other draws.

# %%
generator = torch.Generator().manual_seed(0)
draws = [torch.randperm(len(X), generator=generator)[:500] for _ in range(3)]
accuracy = {
    name: np.array(
        [
            (read(trained(rows, name, seed=k), X_test) == y_test).double().mean().item()
            for k, rows in enumerate(draws)
        ]
    )
    for name in AUGMENTATIONS
}
rows = {}
for name, each in accuracy.items():
    gain = 100 * (each - accuracy["none"])
    rows[name] = {
        "accuracy": f"{each.mean():.1%}",
        "gain over none (points)": f"{gain.mean():+.1f} ± {gain.std(ddof=1) / 3**0.5:.1f}",
    }
assert (
    accuracy["all three"].mean() > accuracy["none"].mean() > accuracy["mirror"].mean()
)
pd.DataFrame(rows).T

# %% [markdown]
# The three of D0 help, and together they take off more than a third of the errors. D1's "flip" costs
# five points, and it was the same code: the claim holds *for augmentations that keep the
# label*. (± is the standard error over the three pairs.)
#
# ### Turn the knobs: how far is too far?

# %%
shown = torch.stack([X_test[y_test == digit][5] for digit in range(10)])  # (10, 1, …)
MAKE = {
    "rotate": lambda s: (K.RandomRotation(180 * s, p=1.0), f"up to {180 * s:.0f}°"),
    "scale": lambda s: (
        K.RandomAffine(0.0, scale=(1 - 0.7 * s, 1 + 0.7 * s), p=1.0),
        f"by {1 - 0.7 * s:.2f} to {1 + 0.7 * s:.2f}",
    ),
    "crop": lambda s: (
        K.RandomCrop((28, 28), padding=round(14 * s), p=1.0),
        f"moved by up to {round(14 * s)} pixels",
    ),
    "mirror": lambda s: (K.RandomHorizontalFlip(p=s), f"{s:.0%} of the digits"),
}


def augmentation_explorer(kind, strength=20):
    """Show draws of an augmentation, and how the judge of upright digits reads them."""
    torch.manual_seed(0)
    augment, meaning = MAKE[kind](strength / 100)
    drawn = {f"draw {k}": augment(shown).cpu() for k in (1, 2, 3)}
    figure = lab.plots.image_rows(
        {"as written": shown.cpu(), **drawn}, title=f"{kind}, {meaning}"
    )
    said = read(judge, augment(X_test[:400]))
    share = (said == y_test[:400]).double().mean()
    alt = f"The ten digits as written, and three draws of {kind}, {meaning}."
    return (
        f"The judge, who knows upright digits only, reads <b>{share:.0%}</b> of 400 test "
        f"digits so augmented.<br>{lab.plots.picture(figure, alt)}"
    )


lab.Explorer(
    augmentation_explorer,
    question="At which strength would you yourself no longer be sure of a label?",
    kind=list(MAKE),
    strength=(0, 100),
)

# %% [markdown]
# **What you should have seen.** The judge gives up long before you do: that gap, digits that
# *you* still read and it does not, is what augmentation can teach. Where you are unsure, too,
# a third of the way to a half turn, with an edge cut off, mirrored, it would teach
# mistakes.
#
# ### Turn the knobs: train with and without
#
# 500 digits, and 1,000 others to validate. **Which curve is lower at the end, training or
# validation, without augmentation and with all three? How many epochs does each need?**


# %%
def digit_training(learning_rate, epochs, augmentation="none"):
    """Train the small network on 500 digits, augmented anew in every batch."""
    torch.manual_seed(0)
    augment = images.WhileTraining(AUGMENTATIONS[augmentation])
    model = nn.Sequential(augment, small_cnn()).to(device)
    return lab.Training(
        model,
        lab.losses.cross_entropy,
        torch.optim.Adam(model.parameters(), learning_rate),
        train=(X[:500].float(), y[:500]),
        validation=(X[3000:].float(), y[3000:]),
        epochs=epochs,
        batch_size=50,
        metrics={"accuracy": lambda y, logits: (logits.argmax(1) == y).mean()},
    )


for augmentation in ("none", "all three"):
    history = (
        digit_training(0.01, epochs=15, augmentation=augmentation).finish().history
    )
    gap = history.validation_loss.iloc[-1] - history.train_loss.iloc[-1]
    print(f"{augmentation}: validation loss above training loss by 0.2:", gap > 0.2)

# %%
panel = lab.TuningPanel(
    digit_training,
    question="Does augmentation close the gap between training and validation?",
    learning_rate=0.01,
    epochs=15,
    augmentation=list(AUGMENTATIONS),
)
panel

# %% [markdown]
# **What you should have seen.** Without augmentation the training loss goes to almost 0 while
# the validation loss stays: the network knows its 500 digits by heart. With all three it never
# sees an image twice, the training loss stays *above* the validation loss, and more epochs
# keep helping. The mirror closes the gap as well: a small gap alone proves nothing.
#
# ## When the data is not what you think
#
# Most time in this trade goes into data that is not as expected. **What do the helpers say?**

# %%
BAD = {
    "all missing": lambda: scaling.standard(pd.DataFrame({"pool": [np.nan] * 3})),
    "constant": lambda: scaling.min_max(pd.DataFrame({"street": [1, 1, 1]})),
    "infinite": lambda: scaling.robust(pd.DataFrame({"rate": [1, 2, np.inf]})),
    "a word": lambda: scaling.standard(pd.DataFrame({"heating": ["gas", "oil"]})),
    "empty table": lambda: cleaning.gaps(houses[houses["area"] > 9000]),
    "empty text": lambda: text.english_words("  "),
    "another script": lambda: text.english_words(chinese[:3]),
    "pixels to 255": lambda: images.check_images(255 * X[:1]),
    "no channel": lambda: images.check_images(X[:8, 0]),
}
for name, call in BAD.items():
    try:
        call()
    except ValueError as error:
        print(f"{name}: {error}")

# %% [markdown]
# An error with the column's name at the door is better than a NaN ten steps later.
#
# ## Exercises
#
# Write your answer in place of the `...` and run the cell.
# `lab.hint("preprocessing.…")` helps, step by step; `lab.solution("preprocessing.…")`
# shows the end.
#
# ### Exercise 1: absent or unknown?
#
# In Ames the quality of all 13 pools is known; in this table it is not. Two kinds of
# gap, two fillings.


# %%
def fill_quality(quality, area):
    """Return the quality (N,) without gaps: 0 for no pool, the median for unknown.

    quality (N,) goes from 1 to 5 and is NaN where it is missing; area (N,), in
    square feet, is 0 where there is no pool. The median is that of the known ones.
    """
    ...


lab.check("preprocessing.fill_quality", fill_quality)

# %% [markdown]
# ### Exercise 2: from which part?
#
# Fill the gaps of both parts with medians, and let nothing leak from test into train.


# %%
def fill_gaps(train, test):
    """Return both parts without gaps, filled with the medians of train's columns.

    train (N, d) and test (M, d) hold NaN where a value is missing.
    """
    ...


lab.check("preprocessing.fill_gaps", fill_gaps)

# %% [markdown]
# ### Exercise 3: to [0, 1]
#
# D0 §3.2 asks for it and does not say where the range comes from. Now you do.


# %%
def min_max(train, test):
    """Return both parts, scaled so that each column of train goes from 0 to 1.

    train is (N, d), test (M, d); test may leave [0, 1].
    """
    ...


lab.check("preprocessing.min_max", min_max)

# %% [markdown]
# ### Exercise 4: a scale that outliers cannot move
#
# Median and interquartile range instead of mean and standard deviation.


# %%
def robust_scale(X):
    """Return X (N, d), each column minus its median and divided by its IQR.

    The interquartile range (IQR) is the upper quartile minus the lower quartile.
    """
    ...


lab.check("preprocessing.robust_scale", robust_scale)

# %% [markdown]
# ### Exercise 5: fences
#
# The whiskers of a box plot, with a factor of your choice.


# %%
def iqr_outliers(values, k):
    """Return a mask (N,), True where a value is an outlier.

    An outlier lies more than k interquartile ranges below the lower quartile of
    values (N,) or above the upper one.
    """
    ...


lab.check("preprocessing.iqr_outliers", iqr_outliers)

# %% [markdown]
# ### Exercise 6: a name is no number
#
# Tomorrow's house may be built of something that training has never seen.


# %%
def one_hot(values, categories):
    """Return an array (N, C): 1 where the row's value is the column's category, else 0.

    values is a list of N names, categories the list of the C names known from
    training. A value that is not known gets a row of zeros.
    """
    ...


lab.check("preprocessing.one_hot", one_hot)

# %% [markdown]
# ### Exercise 7: words by weight
#
# As `TfidfVectorizer` weighs them unless told otherwise. No document is empty, and
# every word occurs somewhere.


# %%
def tf_idf(counts):
    """Return the tf-idf weights (N, V) of counts (N, V), as scikit-learn's default.

    A count is multiplied by idf = ln((1 + N) / (1 + df)) + 1, where df is the number
    of the N documents that hold the word; then each row is scaled to length 1.
    """
    ...


lab.check("preprocessing.tf_idf", tf_idf)

# %% [markdown]
# ### Exercise 8: from words to ids
#
# A batch is a rectangle: cut long documents, pad short ones, and keep the place of
# unknown words.


# %%
def encode(documents, vocabulary, length):
    """Return a list of `length` ids for each document: 0 is padding, 1 an unknown word.

    documents are lists of words, vocabulary gives the id of a word, from 2 up.
    Padding stands at the end; a document that is too long is cut at the end.
    """
    ...


lab.check("preprocessing.encode", encode)

# %% [markdown]
# ### Exercise 9: bytes to [-1, 1]
#
# The images come as `uint8`. Mind what 200 + 200 is there.


# %%
def scale_pixels(images):
    """Return the images (N, 28, 28) as floats from -1 (for 0) to 1 (for 255).

    The images are uint8.
    """
    ...


lab.check("preprocessing.scale_pixels", scale_pixels)

# %% [markdown]
# ### Exercise 10: upside down
#
# An augmentation by hand, for a whole batch; the images are not square.


# %%
def half_turn(images):
    """Return the images (N, H, W), each turned by 180 degrees."""
    ...


lab.check("preprocessing.half_turn", half_turn)

# %% [markdown]
# ### Exercise 11: the outlier explorer's question
#
# How many houses must the *isolation forest* mark until all five houses above 4,000 square
# feet are among them?

# %%
marks_needed = ...

lab.check("preprocessing.marks_needed", marks_needed)

# %% [markdown]
# ### Quiz

# %%
lab.quiz("preprocessing")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | "remove missing values" | D0 §3.2.1, §9 Q2 | [of 2,930 houses none is left; most gaps mean "there is none"](#Absent-or-unknown?) | fails |
# | "remove outliers" | D0 §3.2.1, §9 Q2 | [62 % of the houses have one; the three that disturb are true sales of another kind](#Outliers:-three-opinions) | half true |
# | isolation forest and local outlier factor "identify" outliers | D0 §9 Q2 | [they agree with Tukey's rule on 8 of 30, and put different houses first](#Outliers:-three-opinions) | half true |
# | "scale to [0, 1] or [-1, 1]", with no word on outliers (E15) | D0 §3.2.1, D1 §3.2.1, D3 §4 | [one typing error squeezes 99 % of a column below 0.013](#One-outlier-is-enough) | half true |
# | ... and with no word on what the scaler may see (E15) | D0 §3.2.1 | [a scaler's leak is small; an imputer's or a selection's is not](#Leakage:-what-may-a-scaler-see?) | incomplete |
# | standardizing "keeps the data in a reasonable range" | D4 §3.2 | [it does, unless there is an outlier](#One-outlier-is-enough) | holds |
# | good preprocessing gives the model good input | D0 §3.1 | [the error falls from 80,000 to 28,200 dollars](#One-pipeline,-and-what-each-step-is-worth) | holds |
# | augmentation as an answer to missing values and outliers | D0 §9 Q2 | [it multiplies images; it mends neither](#Four-augmentations,-by-hand-and-by-kornia) | fails |
# | rotation, scaling and cropping "improve generalization" | D0 §3.2.1 | [they do, with 500 digits](#What-is-it-worth?) | holds |
# | so does flipping | D1 §3.2.1 | [not for digits: five points lost](#What-is-it-worth?) | fails |
# | stop words have "little influence" on the training | D1 §3.2.1 | [dropping them costs one to two points](#What-is-each-step-worth?) | fails |
# | text is cut into "words or characters" | D1 §3.2.1 | [blanks do not cut Chinese; a dictionary does, up to new words](#Which-words?) | holds |

# %% [markdown]
# ## Going further
#
# **Limits.** One table, one corpus, one set of digits. The price of a leak, of a stop list or
# of a rotation is different elsewhere; the way to measure it is not. Cross-validation errors
# of variants that share their folds are compared here without correction for choosing among
# many. Sub-word tokens, which large models use, wait for the chapter on language models.
#
# **References.** The houses: De Cock (2011), *Ames, Iowa: alternative to the Boston housing
# data*, Journal of Statistics Education 19(3), who advises to leave out the five big ones.
# Isolation forest: Liu, Ting, Zhou (2008), ICDM. LOF: Breunig, Kriegel, Ng, Sander (2000),
# SIGMOD. Tukey (1977), *Exploratory Data Analysis*. Missing values: van Buuren (2018),
# *Flexible Imputation of Missing Data*. Leakage: Kaufman, Rosset, Perlich (2011), *Leakage in
# data mining*, KDD. Stop lists: Nothman, Qin, Yurchak (2018), *Stop word lists in free
# open-source software packages*. Augmentation: Shorten and Khoshgoftaar (2019), *A survey on
# image data augmentation for deep learning*, Journal of Big Data 6.
