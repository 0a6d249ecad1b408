# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 4 · House prices: a line through 1,721 real sales
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/04_house_prices.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/04_house_prices.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - say why a training diverges, *before* you run it, and at which learning rate,
# - fix a gradient whose sign is wrong, and prove the fix,
# - judge a regression by a baseline, RMSE, R² and its residuals,
# - give a prediction an interval that keeps its word, and read a validation curve,
# - choose between longer training, a better model and better data.
#
# **Time:** 2.3 hours. **Judges:** D0 §3.2, §4.3, §5.2, §5.4 (D0 to D4 are [the five
# articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 00](00_start_here.ipynb).

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("04_house_prices", version="0.1")
lab.solved("house_prices")

# %% [markdown]
# ## What the articles say
#
# The article predicts the price of a house from its area, rooms and age with a line,
# fitted by stochastic gradient descent. It reads `house_prices.csv`, a file that does
# not exist. We use real sales instead: Saratoga County, New York, 2006.

# %%
import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import train_test_split

sold = lab.datasets.saratoga_houses()
houses = sold.drop_duplicates()
print(f"{len(sold):,} sales, {sold.isna().sum().sum()} values missing")
print(f"{len(sold) - len(houses)} repeat another one in all {sold.shape[1]} columns")
houses[["price", "area", "rooms", "age"]].describe().loc[["min", "50%", "max"]]

# %% [markdown]
# Prices are in dollars, areas in square feet, ages in years. Seven rows stand in the
# table twice. **Why do we drop them?**

# %%
train, test = train_test_split(sold, test_size=0.2, random_state=42)
seen = test.merge(train.drop_duplicates(), how="inner")
print(f"{len(seen)} of the {len(test)} test houses were also in the training part")

# %% [markdown]
# A model that has seen a test house need not predict its price: it can remember it. It
# is only two houses in 346, but there is no reason to keep even two. So we drop the
# copies first and split afterwards, in the article's way: a fifth for the test, with
# seed 42.

# %%
FEATURES = ["area", "rooms", "age"]
train, test = train_test_split(houses, test_size=0.2, random_state=42)
print(f"{len(train):,} houses to train on, {len(test)} to test on")

# %% [markdown]
# Here is the article's program in PyTorch: one dense layer, its weights initialized as
# in Keras, SGD with Keras's default learning rate of 0.01, batches of 32, 100 epochs,
# and the columns as they are.
#
# **Before you run it:** an area is about 2,000 and a price about 200,000. What will the
# loss of the first batch be? Will it fall?

# %%
torch.manual_seed(0)
printed = lab.models.linear_regression(3).to(device)
training = lab.Training(
    printed,
    lab.losses.mse,
    torch.optim.SGD(printed.parameters(), lr=0.01),
    train=(train[FEATURES], train["price"]),
    epochs=100,
)
try:
    for step in training:
        print(f"step {step.number}: loss {step.loss:.0e} dollars²")
except lab.Diverged as stop:
    print(stop)
    stopped_at = stop.step.number

# checked on every run
assert stopped_at < 10

# %% [markdown]
# Each step multiplies the loss by about four billion; at the fourth it overflows to
# infinity. `lab.Training` stops there and says so. The article's program has no such
# guard: it goes on for 100 epochs and prints `nan`. **What is left of the weights after
# ten steps without the guard?**

# %%
torch.manual_seed(0)
unguarded = lab.models.linear_regression(3)
optimizer = torch.optim.SGD(unguarded.parameters(), lr=0.01)
X = torch.tensor(train[FEATURES].to_numpy(np.float32))  # (1376, 3)
y = torch.tensor(train["price"].to_numpy(np.float32))  # (1376,)
for start in range(0, 10 * 32, 32):
    loss = lab.losses.mse(unguarded(X[start : start + 32]), y[start : start + 32])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss", loss.item(), "- weights", unguarded[0].weight.tolist())

# checked on every run
assert loss.isnan()

# %% [markdown]
# Nothing is left: `nan` means "not a number". Yet the article prints a result: "the
# model's mean squared error on the test set is 29432.6523412, which shows that its
# predictions are quite good", next to predicted prices of 41,677 to 79,222.
#
# <details><summary>Chinese</summary><span lang="zh">模型在测试集上的均方误差为29432.6523412，说明模型的预测效果较好</span>
# (D0 §5.4)</details>
#
# **Is it good?** An MSE is in dollars *squared*. Its root is in dollars.

# %%
claimed_rmse = 29432.65**0.5
scatter = train["price"].std()
print(f"claimed typical error:          ${claimed_rmse:,.0f}")
print(f"standard deviation of a price:  ${scatter:,.0f}")

# %% [markdown]
# A model with a typical error of 172 dollars would know almost everything about a house
# from three numbers. We will see that no line comes close to that, and that "good"
# means nothing without a *baseline* to beat.

# %% [markdown]
# ### Exercise 1: an error in dollars
#
# *Easy · 5 minutes*
#
# Both arguments are in dollars, so the answer must be too.


# %%
def rmse(predictions, targets):
    """Return the root mean squared error, a number, in the unit of the targets.

    predictions and targets are tensors (N,).
    """
    ...


lab.check("house_prices.rmse", rmse)

# %% [markdown]
# ### Exercise 2: standardize
#
# *Medium · 10 minutes*
#
# The columns differ in size: an area is in the thousands, rooms are below 13.
# *Standardizing* brings each of them to mean 0 and standard deviation 1.
#
# Scale the columns of both parts. Where may the mean and the standard deviation come
# from?


# %%
def standardize(X_train, X_test):
    """Return both parts, scaled to mean 0 and standard deviation 1 of X_train.

    They are tensors (N, 3) and (M, 3); the standard deviation divides by N.
    """
    ...


lab.check("house_prices.standardize", standardize)

# %% [markdown]
# ## Derive it
#
# The loss is the mean squared error of the predictions $\hat y = X\theta$, where a
# column of ones in $X$ stands for the bias:
#
# $$L(\theta) = \frac{1}{N} \sum_i (\hat y_i - y_i)^2$$

# %%
lab.drawings.line_as_network()

# %% [markdown]
# ### Exercise 3: the gradient
#
# *Hard · 20 minutes*
#
# Differentiate $L$ on paper, then write it in code; the answer stands below.
#
# `X` has a row for each house, `y` holds the prices, and `theta` has a weight for each
# column.


# %%
def mse_gradient(X, y, theta):
    """Return the gradient (3,) of the mean squared error of X @ theta.

    X (N, 3), y (N,) and theta (3,) are tensors.
    """
    ...


lab.check("house_prices.mse_gradient", mse_gradient)

# %% [markdown]
# ### The gradient, with its sign
#
# $$\frac{\partial L}{\partial \theta} = \frac{2}{N} X^\top (\hat y - y)$$
#
# The article reverses the error: $\frac1m \sum_i (y_i - \hat y_i)\,x_{ij}$. It then
# subtracts this, as one does with a gradient. (The missing 2 comes from the 1/(2m) in
# its loss.)
#
# To see what the sign does, we scale the columns to mean 0 and standard deviation 1 and
# write prices in units of 100,000 dollars.


# %%
def design(frame, like=train):
    """Return columns standardized like those of `like`, and a column of ones: (N, 4)."""
    mean, std = like[FEATURES].mean(), like[FEATURES].std(ddof=0)
    columns = ((frame[FEATURES] - mean) / std).to_numpy()
    return torch.tensor(np.c_[columns, np.ones(len(frame))])


def prices(frame):
    """Return the prices in units of $100,000: (N,)."""
    return torch.tensor(frame["price"].to_numpy() / 100_000)


X, y = design(train), prices(train)  # (1376, 4), (1376,) in float64


# %% [markdown]
# Here are both gradients, the printed one and ours. **Which of them is PyTorch's?**


# %%
def printed_gradient(theta):
    """Return the gradient (4,) as D0 §4.3 prints it."""
    return X.T @ (y - X @ theta) / len(X)


def gradient(theta):
    """Return the gradient (4,) of the mean squared error."""
    return 2 * X.T @ (X @ theta - y) / len(X)


# %%
theta = torch.randn(4, dtype=X.dtype, requires_grad=True)
lab.losses.mse(X @ theta, y).backward()
ours = (gradient(theta) / theta.grad).detach().numpy()
printed = (printed_gradient(theta) / theta.grad).detach().numpy()
print("ours divided by autograd's:         ", ours.round(6))
print("the article's divided by autograd's:", printed.round(6))

# checked on every run
assert torch.allclose(gradient(theta), theta.grad)

# %% [markdown]
# Ours is. The article's is -1/2 times it: the half is only a matter of convention, the
# minus is not. **What does an update with the minus do?**


# %%
def descend(gradient, learning_rate, steps):
    """Return the weights (4,) after gradient descent from 0, and the losses."""
    theta, curve = torch.zeros(4, dtype=X.dtype), []
    for _ in range(steps):
        curve.append(lab.losses.mse(X @ theta, y).item())
        theta = theta - learning_rate * gradient(theta)
    return theta, curve


# %%
_, climbing = descend(printed_gradient, learning_rate=0.1, steps=40)
_, falling = descend(gradient, learning_rate=0.1, steps=40)
lab.plots.curves(
    {"as printed: $(y - \\hat y)$": climbing, "corrected: $(\\hat y - y)$": falling},
    title="With the printed sign the loss climbs",
    xlabel="step",
    ylabel="loss (($100,000)²)",
    yscale="log",
    alt="Two curves of loss against step, log scale. The printed gradient's loss rises "
    "a thousandfold and more in 40 steps, the corrected one's falls and levels off.",
)
print(f"as printed: the loss goes from {climbing[0]:.2f} to {climbing[-1]:,.0f}")
print(f"corrected:  the loss goes from {falling[0]:.2f} to {falling[-1]:.2f}")

# checked on every run
assert (np.diff(climbing) > 0).all()
assert (np.diff(falling) < 0).all()

# %% [markdown]
# It climbs, at every step: a gradient points uphill, and subtracting its negative goes
# up.
#
# ### How long may a step be?
#
# Take one weight first, and a bowl with curvature $\lambda$. At distance $e$ from the
# minimum $\theta^*$ the slope is $\lambda e$, so a step with learning rate $\alpha$
# turns $e$ into $e - \alpha\lambda e = (1 - \alpha\lambda)\,e$. **For which $\alpha$
# does the distance shrink?**

# %%
lab.drawings.step_lengths()

# %% [markdown]
# As long as the factor $1 - \alpha\lambda$ lies between -1 and 1, that is, for $\alpha$
# below $2/\lambda$. Up to $1/\lambda$ the weight walks down one side; beyond, each step
# jumps across the minimum; beyond $2/\lambda$ it lands higher than it began.
#
# With several weights, the gradient is linear in $\theta$ and 0 at the minimum, so it is
# $H(\theta - \theta^*)$, where $H$ is the matrix of second derivatives. A step does to
# the whole vector what it did to one weight:
#
# $$H = \frac{2}{N} X^\top X \qquad \theta - \theta^* \;\to\; (I - \alpha H)(\theta - \theta^*)$$
#
# Each eigenvector of $H$ is a direction with a bowl of its own; its eigenvalue is that
# bowl's $\lambda$. The steepest bowl is the first to fly off, so the learning rate must
# stay below
#
# $$\frac{2}{\lambda_{\max}}$$
#
# The flattest one, $\lambda_{\min}$, sets the pace. The ratio
# $\lambda_{\max}/\lambda_{\min}$ is the *condition number*. At half the bound, the
# distance in the flattest direction shrinks by a factor of
# $1 - \lambda_{\min}/\lambda_{\max}$ at each step, so one more correct digit takes
# about 2.3 times the condition number of steps (2.3 is the natural logarithm of 10).

# %%
lab.drawings.two_valleys()

# %% [markdown]
# ### Exercise 4: predict the bound
#
# *Medium · 10 minutes*
#
# The model is `X @ theta`; `X` holds all its columns, including a column of ones.
# `torch.linalg.eigvalsh` returns the eigenvalues of a symmetric matrix, the smallest
# first.


# %%
def largest_stable_learning_rate(X):
    """Return the learning rate above which gradient descent on the mse diverges.

    X is a tensor (N, d); the result is a number.
    """
    ...


lab.check("house_prices.largest_stable_learning_rate", largest_stable_learning_rate)

# %% [markdown]
# ### Does the bound hold?
#
# **So how small must the learning rate be on the article's raw columns, and how long
# does a digit take?**


# %%
def curvature(X):
    """Return the smallest and the largest eigenvalue of H = 2/N XᵀX."""
    eigenvalues = torch.linalg.eigvalsh(2 * X.T @ X / len(X))
    return eigenvalues[0].item(), eigenvalues[-1].item()


raw = torch.tensor(np.c_[train[FEATURES].to_numpy(float), np.ones(len(train))])
rows = {}
for name, matrix in {"raw columns": raw, "standardized": X}.items():
    flattest, steepest = curvature(matrix)
    rows[name] = {
        "lambda_max": f"{steepest:.3g}",
        "bound": f"{2 / steepest:.3g}",
        "0.01 divided by it": f"{0.01 * steepest / 2:,.2f}",
        "condition number": f"{steepest / flattest:.2g}",
        "steps for a digit": f"{2.3 * steepest / flattest:.2g}",
    }
pd.DataFrame(rows).T

# %% [markdown]
# The learning rate of 0.01 is 34,000 times too large for these data. A prediction is
# worth testing: **does the training diverge just above the bound and converge just below
# it?**


# %%
def losses_at(matrix, share, steps=1000):
    """Return the first and last loss of a descent at a share of the bound."""
    theta = torch.zeros(4, dtype=torch.float64)
    learning_rate = share * 2 / curvature(matrix)[1]
    for step in range(steps):
        error = matrix @ theta - y  # (1376,)
        if step == 0:
            first = (error**2).mean().item()
        theta = theta - learning_rate * 2 * matrix.T @ error / len(y)
    return first, (error**2).mean().item()


for name, matrix in {"raw columns": raw, "standardized": X}.items():
    for share in (0.99, 1.01):
        first, last = losses_at(matrix, share)
        print(f"{name}, {share:.0%} of the bound: loss {first:.2f} to {last:.2g}")
        assert (last < first) == (share < 1)  # checked on every run

# %% [markdown]
# It does, on both sides. Just below the bound on raw columns the loss falls, but in the
# flattest direction each digit would take a hundred million steps. Standardizing changes
# neither the line nor its predictions; it makes the bowl rounder, and a digit takes 15
# steps.

# %% [markdown]
# ## From scratch
#
# Gradient descent takes four lines, written above as `descend`. And there is a closed
# form to compare it with: the bottom of the bowl, where the gradient is zero, is the
# *least squares* solution. **How close do 100 steps come?**

# %%
by_descent, _ = descend(gradient, learning_rate=0.3, steps=100)
by_formula = torch.linalg.lstsq(X, y).solution  # (4,)
difference = (by_descent - by_formula).abs().max().item()
print(f"after 100 steps, no weight is further off than {difference:.0e}")

# checked on every run
assert difference < 1e-4

# %% [markdown]
# ## With PyTorch
#
# We train the same model on the same data with `lab.Training`, once with our
# `GradientDescent` and once with `torch.optim.SGD`. With all the houses in one batch,
# both do full-batch descent.


# %%
def trained(make_optimizer):
    """Return the weights and bias (4,) after 100 full-batch steps."""
    torch.manual_seed(0)
    model = lab.models.linear_regression(3).double().to(device)
    lab.Training(
        model,
        lab.losses.mse,
        make_optimizer(model.parameters(), 0.3),
        train=(X[:, :3], y),
        epochs=100,
        batch_size=len(X),
    ).finish()
    return torch.cat([p.detach().flatten() for p in model.parameters()]).cpu()


ours, torchs = trained(lab.optimizers.GradientDescent), trained(torch.optim.SGD)
print("ours = torch.optim.SGD = least squares")

# checked on every run
assert torch.allclose(ours, torchs, atol=1e-12)
assert torch.allclose(ours, by_formula, atol=1e-4)

# %% [markdown]
# ## On real data
#
# ### A baseline first
#
# The simplest rival knows nothing about a house and always says the mean price. Whatever
# we train must beat it. **RMSE** is the typical error in dollars; **R²** is the share of
# the prices' variance that a model explains: 0 for the baseline, 1 for an oracle.

# %%
from sklearn.metrics import r2_score, root_mean_squared_error

X_test, y_test = design(test), prices(test)
results = {}


def report(name, predictions):
    """Add RMSE in dollars and R² on the test houses to the table."""
    predictions = torch.as_tensor(np.asarray(predictions))
    error = 100_000 * root_mean_squared_error(y_test, predictions)
    results[name] = {
        "RMSE ($)": f"{round(error, -2):,.0f}",
        "R²": f"{r2_score(y_test, predictions):z.3f}",
    }
    return pd.DataFrame(results).T


report("mean price", torch.full_like(y_test, y.mean()))
report("least squares", X_test @ by_formula)

# %% [markdown]
# The line takes a quarter off the error. What is left is about 71,000 dollars, not 172.
# Now we try the article's own settings (learning rate 0.01, batches of 32, 100 epochs)
# on standardized columns. **Where do they end?**

# %%
torch.manual_seed(0)
fixed = lab.models.linear_regression(3).double().to(device)
training = lab.Training(
    fixed,
    lab.losses.mse,
    torch.optim.SGD(fixed.parameters(), lr=0.01),
    train=(X[:, :3], y),
    epochs=100,
).finish()
with torch.inference_mode():
    predictions = fixed(X_test[:, :3].to(device)).cpu()
report("SGD, standardized", predictions)

# %% [markdown]
# Fixed this way, the article's program works, and it ends where least squares arrives at
# once.
#
# ### How much of this is luck?
#
# A single split may deal the test part easy houses or hard ones. **How far does the error
# move if we split with 20 other seeds?**

# %%
from sklearn.linear_model import LinearRegression


def errors_of_split(seed):
    """Return the RMSE in $1,000 of the mean price and of a line, and the line's R²."""
    train, test = train_test_split(houses, test_size=0.2, random_state=seed)
    line = LinearRegression().fit(train[FEATURES], train["price"])
    mean = np.full(len(test), train["price"].mean())
    predictions = line.predict(test[FEATURES])
    rmse = (root_mean_squared_error(test["price"], p) for p in (mean, predictions))
    return [*(error / 1000 for error in rmse), r2_score(test["price"], predictions)]


of_mean, of_line, r2 = np.transpose([errors_of_split(seed) for seed in range(20)])
print("mean price:", lab.about(of_mean, unit="thousand dollars"))
print("the line:  ", lab.about(of_line, unit="thousand dollars"))
print("the line takes off", lab.about(of_mean - of_line), "thousand; R²", lab.about(r2))

# checked on every run
assert (of_line < of_mean).all()

# %% [markdown]
# By 5,000 dollars and more. So the third digit of an RMSE from one split means nothing.
# That a line beats the mean is no luck: it does so in every split.

# %% [markdown]
# ### Exercise 5: better than the mean?
#
# *Medium · 10 minutes*
#
# The rival always says the mean of the targets. Compare squared errors.


# %%
def r_squared(predictions, targets):
    """Return the share of the targets' variance that the predictions explain.

    predictions and targets are tensors (N,); the share is a number.
    """
    ...


lab.check("house_prices.r_squared", r_squared)

# %% [markdown]
# ### Where is the line wrong?
#
# **Does the line misjudge all houses alike?** We plot what is left over.

# %%
predicted = 100 * (X_test @ by_formula)
lab.plots.residuals(
    100 * y_test,
    predicted,
    unit="$1,000",
    title="Expensive houses are missed by more",
    alt="Left: true against predicted price; points fan out to the right. Right: "
    "residuals spread with the prediction, from about -150 to 400 thousand dollars.",
)

# %%
residual = 100 * y_test - predicted
rows = {}
for name, chosen in {
    "below 150": predicted < 150,
    "150 to 300": (predicted >= 150) & (predicted <= 300),
    "above 300": predicted > 300,
}.items():
    error = (residual[chosen] ** 2).mean().sqrt().item()
    rows[name] = {"houses": int(chosen.sum()), "RMSE ($1,000)": round(error)}
pd.DataFrame(rows).T.rename_axis("predicted, in $1,000")

# %% [markdown]
# It does not. The residuals fan out: for an expensive house the prediction is off by
# nearly twice as many dollars as for a cheap one.
#
# ### An honest interval
#
# A prediction should come with an interval. The simplest one adds the middle 90 % of the
# training residuals to the prediction. **Does it hold for 90 % of the houses of every
# size?** We are choosing a method now, so the test houses stay out of it: we split the
# *training* houses 20 times.

# %%
SIZES = ["below 1,500", "1,500 to 2,500", "above 2,500"]


def size(frame):
    """Return the group of each house by its area in square feet: a Series (N,)."""
    return pd.cut(frame["area"], [0, 1500, 2500, np.inf], labels=SIZES).astype(str)


def alike(frame):
    """Return one group for all houses: a Series (N,)."""
    return pd.Series("all", frame.index)


# %% [markdown]
# `coverage` learns the interval from four fifths of the houses, once for all of them or
# once for each group of sizes, and counts how often it holds for the other fifth.


# %%
def coverage(seed, group, scale=lambda price: price):
    """Return, by size, the percent of prices in an interval made for each group."""
    parts = train_test_split(train, test_size=0.2, random_state=seed)
    fit, validation = parts
    line = LinearRegression().fit(fit[FEATURES], scale(fit["price"]))
    errors, new = (scale(f["price"]) - line.predict(f[FEATURES]) for f in parts)
    ends = errors.groupby(group(fit)).quantile([0.05, 0.95]).unstack()
    low, high = (group(validation).map(ends[end]) for end in (0.05, 0.95))
    return 100 * new.between(low, high).groupby(size(validation)).mean()[SIZES]


# %%
held = {
    name: np.array([coverage(seed, group) for seed in range(20)])  # (20, 3)
    for name, group in {"one interval": alike, "one for each size": size}.items()
}
shown = {name: [lab.about(c, unit="%") for c in h.T] for name, h in held.items()}

# checked on every run
assert held["one interval"].mean(0)[2] < 84 < held["one for each size"].mean(0)[2]
pd.DataFrame(shown, index=SIZES).rename_axis("square feet")

# %% [markdown]
# One interval for all is too wide for small houses, and for large ones it promises too
# much: it holds for three in four, not for nine in ten. Made by size, it keeps its word
# in every group. These are the intervals that we use from now on:

# %%
errors = 100_000 * pd.Series((y - X @ by_formula).numpy(), train.index)
interval = errors.groupby(size(train)).quantile([0.05, 0.95]).unstack().loc[SIZES]
interval.columns = ["from", "to"]
interval.round(-3).astype(int).map("{:+,} dollars".format).rename_axis("square feet")

# %% [markdown]
# ### What does the line say a room is worth?
#
# A weight on a standardized column is the price of one standard deviation. Divide it by
# the standard deviation, and you have a price in dollars per square foot, room or year.

# %%
in_dollars = 100_000 * by_formula[:3].numpy() / train[FEATURES].std(ddof=0).to_numpy()
units = ["square foot", "room", "year of age"]
for unit, dollars in zip(units, in_dollars, strict=True):
    print(f"one more {unit}: {dollars:+,.0f} dollars")
without_area = np.polyfit(train["rooms"], train["price"], 1)[0]
print(f"one more room, area not held fixed: {without_area:+,.0f} dollars")

# %% [markdown]
# A room is worth about 900 dollars in this line, and 23,000 in a line through rooms
# alone. Both are right: the first compares houses of *equal area*, where one more room
# means smaller rooms. A weight is neither a cause nor a price tag; it depends on what
# else is in the model.

# %% [markdown]
# ### Exercise 6: back to dollars per square foot
#
# *Medium · 10 minutes*
#
# A model predicts `weights · (x - mean) / std + bias`. What are its weights and bias
# for the original columns?


# %%
def in_original_units(weights, bias, mean, std):
    """Return (weights per original unit, bias) of a model on standardized inputs.

    weights, mean and std are tensors (3,), bias is a tensor () with a single number.
    """
    ...


lab.check("house_prices.in_original_units", in_original_units)

# %% [markdown]
# ### A curve rather than a line?
#
# The products of the columns, area², area · rooms and so on, bend the line. The *degree*
# says how many columns a product may have. **Which degree is best, and how would you
# notice one that is too high?** A *validation curve* tells: the error on the houses that
# were fitted and on houses that were not, for each degree. Five folds of the training
# houses take turns.

# %%
from sklearn.linear_model import Ridge
from sklearn.model_selection import validation_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler


def errors_by(model, name, values):
    """Return the RMSE in $1,000 on fitted and on other houses: two (values, 5)."""
    fitted, others = validation_curve(
        model,
        train[FEATURES],
        train["price"] / 1000,
        param_name=name,
        param_range=values,
        scoring="neg_root_mean_squared_error",
    )
    return -fitted, -others


def bent(last, degree=1):
    """Return a pipeline: scale, multiply columns with each other, scale, `last`."""
    products = PolynomialFeatures(degree, include_bias=False)
    return make_pipeline(StandardScaler(), products, StandardScaler(), last)


# %%
degrees = [1, 2, 3, 4, 5, 6]
fitted, others = errors_by(
    bent(LinearRegression()), "polynomialfeatures__degree", degrees
)
lab.plots.curves(
    {"houses that were fitted": fitted.mean(1), "other houses": others.mean(1)},
    title="Beyond degree 4 the curve fits the noise",
    xlabel="degree",
    ylabel="RMSE ($1,000)",
    ylim=(50, 150),
    alt="RMSE against degree. On fitted houses it falls slowly from 68 to 62 thousand "
    "dollars. On others it stays near 70 up to degree 4, then leaves the chart.",
)
for degree, folds in zip(degrees[:4], others, strict=False):
    print(f"degree {degree}: {lab.about(folds, unit='thousand dollars')}")

# checked on every run
assert others.mean(1)[5] > 2 * others.mean(1)[0]

# %% [markdown]
# The error on fitted houses falls with every degree, whatever the degree is worth. On
# the others the line is as good as any curve, and from degree 5 on the error explodes:
# *overfitting*. **Can we keep degree 6 and tame it?** *Ridge regression* adds $\alpha$
# times the squared weights to the loss, so that large weights cost something.

# %%
alphas = np.logspace(-1, 5, 7)
fitted, others = errors_by(bent(Ridge(), degree=6), "ridge__alpha", alphas)
lab.plots.curves(
    {"houses that were fitted": fitted.mean(1), "other houses": others.mean(1)},
    x=alphas,
    title="Too weak a ridge overfits, too strong a one underfits",
    xlabel="ridge strength alpha (log scale)",
    ylabel="RMSE ($1,000)",
    xscale="log",
    ylim=(50, 150),
    alt="RMSE against ridge strength for degree 6. On fitted houses it rises steadily. "
    "On others it comes from above the chart to about 73 near 100, then rises to 95.",
)
best = others.mean(1).argmin()
print(f"best alpha: {alphas[best]:g}, {lab.about(others[best])} thousand dollars")

# %% [markdown]
# We can: at 100 the error is back at the line's, within its uncertainty. With a stronger
# ridge the weights become too small to say anything about a house. Three columns hold
# hardly more than a line can tell.
#
# ### The logarithm of the price
#
# Prices are skewed, and errors grow with the price. So predict its *logarithm*, as
# [chapter 01](01_preprocessing.ipynb) does, and take the exponential at the end: an error
# is then a percentage, and no prediction is below 0. **Is this line better?**

# %%
from sklearn.compose import TransformedTargetRegressor

of_price = LinearRegression()
of_log_price = TransformedTargetRegressor(of_price, func=np.log, inverse_func=np.exp)


def two_errors(model, seed):
    """Return the RMSE in $1,000 and the median error in percent of other houses."""
    fit, validation = train_test_split(train, test_size=0.2, random_state=seed)
    predictions = model.fit(fit[FEATURES], fit["price"]).predict(validation[FEATURES])
    rmse = root_mean_squared_error(validation["price"], predictions) / 1000
    return rmse, 100 * (1 - predictions / validation["price"]).abs().median()


# %%
rows = {}
for name, model in {"price": of_price, "log price": of_log_price}.items():
    dollars, off = np.transpose([two_errors(model, seed) for seed in range(20)])
    rows[name] = {
        "RMSE ($1,000)": lab.about(dollars),
        "median error": lab.about(off, unit="%"),
    }
pd.DataFrame(rows).T.rename_axis("a line through")

# %% [markdown]
# In dollars it is worse: it minimizes something else. In percent the difference is
# smaller than the luck of a split. **And the interval? Does a single one now do for all
# sizes?**

# %%
held = np.array([coverage(seed, alike, scale=np.log) for seed in range(20)])
for name, shares in zip(SIZES, held.T, strict=True):
    print(f"{name} square feet: {lab.about(shares, unit='%')}")

# checked on every run
assert held.mean(0).min() > 84

# %% [markdown]
# Nearly: an interval of percentages grows with the price, as the errors do. So choose the
# scale by what an error costs you. If you pay by the dollar, keep the price; if you care
# about percentages, take its logarithm.
#
# ### A better model, or better data?
#
# There are three ways to improve: a network on the same three columns, a line on all
# fifteen, and the usual winner on tables, gradient-boosted trees. **Which helps most?
# Guess first.** The network comes first:


# %%
def network(X, epochs):
    """Return a trained network with one hidden layer of 32 units."""
    torch.manual_seed(0)
    model = lab.models.regression_mlp(X.shape[1], hidden=[32]).double().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    lab.Training(model, lab.losses.mse, optimizer, train=(X, y), epochs=epochs).finish()
    return model


three = network(X[:, :3], epochs=20)
with torch.inference_mode():
    table = report("network, 3 columns", three(X_test[:, :3].to(device)).cpu())
table

# %% [markdown]
# Now the other twelve columns: fireplaces, the value of the land, heating and more.
# Categories become columns of zeros and ones.

# %%
from sklearn.compose import make_column_transformer
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import OneHotEncoder

ALL = [column for column in houses if column != "price"]
words = OneHotEncoder(), ["heating", "fuel", "sewer"]
encode = make_column_transformer(
    words, remainder=StandardScaler(), sparse_threshold=0
).fit(train[ALL])
ridge = make_pipeline(encode, RidgeCV(np.logspace(-2, 3, 11))).fit(train[ALL], y)
report("ridge, all columns", ridge.predict(test[ALL]))

# %% [markdown]
# Last, the network with all columns, and the trees, which predict the logarithm.

# %%
everything, everything_test = (
    torch.tensor(encode.transform(part[ALL])) for part in (train, test)
)  # (1376, 21), (345, 21)
wide = network(everything, epochs=20)
with torch.inference_mode():
    table = report("network, all columns", wide(everything_test.to(device)).cpu())

# %%
from sklearn.ensemble import HistGradientBoostingRegressor

trees = TransformedTargetRegressor(
    HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=0),
    func=np.log,
    inverse_func=np.exp,
).fit(train[ALL], y)
report("boosted trees, all columns", trees.predict(test[ALL]))

# %%
r2 = {name: float(row["R²"]) for name, row in results.items()}
line = r2["least squares"]
print(f"the network gains  {r2['network, 3 columns'] - line:+.2f}")
print(f"the columns gain   {r2['ridge, all columns'] - line:+.2f}")

# checked on every run
assert r2["ridge, all columns"] - line > r2["network, 3 columns"] - line

# %% [markdown]
# Better data beat a better model: twelve more columns help a plain line several times
# as much as a network helps with three columns. With all the columns, the network gains
# nothing that would show beside the luck of a split, and the trees a little more.

# %% [markdown]
# ## Turn the knobs
#
# The test houses have served as the judge; choosing settings by them would make them
# part of the training. So the panel splits the training houses once more: four fifths
# to fit, one fifth to validate.

# %%
lab.drawings.house_parts()

# %%
fit, validation = train_test_split(train, test_size=0.2, random_state=42)
X_fit, X_validation = design(fit, like=fit), design(validation, like=fit)


# %%
def house_training(learning_rate, epochs, batch_size=32):
    """Train a line on area, rooms and age; the loss is in ($100,000)²."""
    torch.manual_seed(0)
    model = lab.models.linear_regression(3).to(device)
    return lab.Training(
        model,
        lab.losses.mse,
        lab.optimizers.GradientDescent(model.parameters(), learning_rate),
        train=(X_fit[:, :3].float(), prices(fit).float()),
        validation=(X_validation[:, :3].float(), prices(validation).float()),
        epochs=epochs,
        batch_size=batch_size,
        metrics={"R²": r2_score},
    )


history = house_training(0.1, epochs=30).finish().history
last = history.iloc[-1]
print(f"validation: loss {lab.about(last.validation_loss)}, R² {lab.about(last['R²'])}")

# checked on every run
assert last["R²"] > 0.4

# %% [markdown]
# A *learning-rate range test* trains a copy of the model with a learning rate that
# grows at every step. It always measures the loss on the same houses and shows where
# the loss turns upward. It suggests a tenth of the last rate at which the loss is near
# its lowest.

# %%
table, suggestion = lab.learning_rate_range_test(
    house_training(0.1, epochs=1), low=1e-3
)
lab.plots.learning_rate_range(
    table,
    suggestion,
    title="The loss is low from 0.1 to 0.5, then it explodes",
    ylabel="loss (($100,000)²)",
    alt="Loss against learning rate on a log scale: falling from 6.0 at 0.001 to 0.6 "
    "at 0.1, low up to 0.5, then rising steeply. The suggestion is about 0.06.",
)
print(f"suggestion {lab.about(suggestion, spread=0.02)}", end=", ")
print(f"bound {2 / curvature(X_fit)[1]:.2f}")

# checked on every run
assert suggestion < 2 / curvature(X_fit)[1]

# %% [markdown]
# The suggestion lies well below the bound. Now try it yourself.
#
# **The panel's question.** With batch size 1100, every step sees all the houses we fit,
# so the theory above applies exactly, and the bound is the one just printed. Find, notch
# by notch, the largest learning rate at which the loss still falls. Then set the batch
# size back to 32: what does the noise of small batches do to the curve there? (A
# logarithmic loss axis helps.)

# %%
panel = lab.TuningPanel(
    house_training,
    question="With all the houses in a batch, up to which learning rate does it learn?",
    learning_rate=0.01,
    epochs=30,
    batch_size=[32, 256, 1100],
)
panel

# %% [markdown]
# ### Exercise 7: the panel's question
#
# *Medium · 10 minutes*
#
# With batch size 1100, what is the largest learning rate on the slider at which the
# loss falls?

# %%
last_stable_notch = ...

lab.check("house_prices.last_stable_notch", last_stable_notch)

# %% [markdown]
# ### Price this house
#
# Here is the line as a calculator: move the sliders, or drag the dot. How much does a
# room add, at equal area? Where does the line give an answer although hardly any houses
# like that were sold?


# %%
def line_price(area, rooms, age):
    """Return the price in dollars that the line gives to areas (N,): (N,)."""
    area = np.atleast_1d(area)
    frame = pd.DataFrame({"area": area, "rooms": rooms, "age": age})
    return 100_000 * (design(frame) @ by_formula).numpy()


def like_it(area, rooms, age):
    """Return the houses sold that resemble one: a part of the table."""
    near = houses["area"].between(0.8 * area, 1.25 * area)
    near &= houses["rooms"].between(rooms - 1, rooms + 1)
    near &= houses["age"].between(0.5 * age - 2, 2 * age + 2)
    return houses[near]


# %% [markdown]
# With fewer than ten houses like it, the calculator gives no interval: nobody has checked
# one there. And no price is below 0.


# %%
def price_this_house(area, rooms, age):
    """Return the line's price with its interval as HTML, and a drawing."""
    price, known = max(0, line_price(area, rooms, age)[0]), like_it(area, rooms, age)
    ends = interval.loc[size(pd.DataFrame({"area": [area]}))[0]]
    low, high = np.maximum(0, price + ends.to_numpy())
    text = f"<b>${price:,.0f}</b>; {len(known)} houses like it were sold. "
    bar = [area - 150, area + 150, area, area, area - 150, area + 150]
    drawing = {
        "houses sold": (houses["area"], houses["price"] / 1000, "o"),
        "houses like it": (known["area"], known["price"] / 1000, "o"),
        "nine in ten": (bar, np.array([low, low, low, high, high, high]) / 1000),
        "this house": (area, price / 1000),
        "the line": (ENDS, line_price(ENDS, rooms, age) / 1000),
    }
    if len(known) < 10:
        del drawing["nine in ten"]
        return f"{text}<b>The line is guessing here.</b>", drawing
    text += f"Nine in ten such houses cost between ${low:,.0f} and ${high:,.0f}."
    return text, drawing


ENDS = np.array([600, 5200])  # of the slider for the area

# %%
from ipywidgets import IntSlider

lab.Explorer(
    price_this_house,
    question="How much does a room add? And where is the line only guessing?",
    axes={"area (square feet)": (500, 5300), "price ($1,000)": (0, 800)},
    drag={"this house": ("area", None)},
    area=IntSlider(1600, min=600, max=5200, step=50),
    rooms=IntSlider(7, min=2, max=12),
    age=IntSlider(20, min=0, max=225, step=5),
)

# %% [markdown]
# ## Quiz

# %%
lab.quiz("house_prices")

# %% tags=["nbval-ignore-output"]
lab.solved("house_prices")

# %% [markdown]
# ## Your own table
#
# Now it is your turn: take a file of your own, with a column that you would like to
# predict. Any CSV file will do that has names in its first line and at least 50 rows:
# an export from work, your sports results, open data of your city. If you have none at
# hand, take ours. It holds 400 of the houses, the way such files usually look.
#
# **What would you have to repair before you could train on this?**

# %%
from pathlib import Path
from tempfile import mkdtemp

some = ["price", "area", "rooms", "age", "lot_size", "land_value", "bedrooms", "fuel"]
untidy = houses[some].sample(400, random_state=0, ignore_index=True).astype(str)
untidy["price"] = [f"${int(price):,}" for price in untidy["price"]]
untidy["lot_size"] = untidy["lot_size"].str.replace(".", ",")
untidy.loc[::40, "rooms"] = "?"
untidy["number"] = range(1, 401)
untidy["sold"] = pd.date_range("2006-01-01", periods=400).strftime("%d.%m.%Y")

my_file = Path(mkdtemp()) / "my_houses.csv"
untidy.to_csv(my_file, sep=";", index=False, encoding="utf-8-sig")
print(*my_file.read_text("utf-8-sig").splitlines()[:3], sep="\n")

# %% [markdown]
# Prices with a dollar sign, decimals with a comma, a question mark for a gap, dates, and
# a column that only counts. `lab.datasets.own_table` reads such a file and says, in a
# sentence for each column, what it found and what it did about it.
#
# **Put the path of your file in place of `my_file`, and the name of the column to
# predict.** In JupyterLab, the upload button stands above the list of files; a file
# beside this notebook has its name as its path. Nothing leaves your machine, or the one
# that runs your JupyterLab.

# %%
own = lab.datasets.own_table(my_file, target="price")
print(own)

# %% [markdown]
# Your rows were split before anything was learned from them, and the columns are
# standardized with what the training rows know. The rest is what you have just learned:
# a line, its loss, a learning rate. If your column holds words, there is a line for each
# class, and the loss is cross-entropy ([chapter 02](02_losses.ipynb)).
#
# **At which learning rate does your table learn?**


# %%
def own_training(learning_rate, epochs, batch_size=32):
    """Train a linear model on the table of your own."""
    torch.manual_seed(0)
    columns, classes = len(own.columns), len(own.classes)
    if own.task == "classification":
        model, loss = torch.nn.Linear(columns, classes), torch.nn.CrossEntropyLoss()
    else:
        model, loss = lab.models.linear_regression(columns), lab.losses.mse
    return lab.Training(
        model.to(device),
        loss,
        lab.optimizers.GradientDescent(model.parameters(), learning_rate),
        train=own.train,
        validation=own.validation,
        epochs=epochs,
        batch_size=batch_size,
    )


# %%
lab.TuningPanel(
    own_training,
    question="At which learning rate does your table learn?",
    learning_rate=0.001,
    epochs=30,
)

# %% [markdown]
# When you have chosen by the validation loss, let the test rows judge once. **Is your
# model better than a rival who knows no column at all?**

# %% tags=["nbval-ignore-output"]
training = own_training(learning_rate=0.03, epochs=30).finish()
scores = own.judge(lab.predict(training.model, own.test[0]))
scores.map("{:,.2f}".format)

# %% [markdown]
# If it is not, the columns may not know your target, the rows may be too few, or the
# connection may be no line. The chapters on [preprocessing](01_preprocessing.ipynb) and
# on [losses](02_losses.ipynb) help with the first and the last. If it is far too good,
# look for a column that is known only afterwards, and name it in `leave_out=[...]`.

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | "∂L/∂θ = 1/m Σ (y - ŷ) x" | D0 §4.3 | [the sign is wrong: the update climbs](#The-gradient,-with-its-sign) | fails |
# | "repeated iteration updates the parameters until the loss converges"<br><span lang="zh">通过多次迭代，模型参数不断更新，直至损失函数收敛</span> | D0 §4.3 | [only below 2/λ_max](#How-long-may-a-step-be?) | half true |
# | the program of §5.2 trains on `house_prices.csv` | D0 §5.2 | [there is no such file; on real sales the loss is infinite at the fourth step](#What-the-articles-say) | fails |
# | "test MSE 29432.65 … the predictions are quite good"<br><details><summary>Chinese</summary><span lang="zh">模型在测试集上的均方误差为29432.6523412，说明模型的预测效果较好</span></details> | D0 §5.4 | [an RMSE of 172 dollars; a line's is about 71,400, the baseline's 97,500](#On-real-data) | fails |
# | "choosing the learning rate … is crucial"<br><span lang="zh">学习率的选择和优化算法的调整至关重要</span> | D0 §4.3 | [predicted from the data, confirmed on both sides](#Does-the-bound-hold?) | holds |
# | scaling the data "helps the training"<br><span lang="zh">便于模型训练</span> | D0 §3.2 | [a condition number of 45 million, against 6.6](#Does-the-bound-hold?) | holds |

# %% [markdown]
# ## Going further
#
# **Limits.** These are 1,721 sales from one county and one year; nothing here prices a
# house elsewhere or today. The table of models comes from one split of them, and we saw
# that a split moves an RMSE by 5,000 dollars: only large differences in it count.
#
# **References.** Least squares and its curvature: Goodfellow, Bengio, Courville (2016),
# *Deep Learning*, §4.3. The range test: Smith (2017), *Cyclical learning rates for
# training neural networks*, arXiv 1506.01186.
#
# **D0 §7.3 corrected.** arXiv 2004.10934 is *YOLOv4* by Bochkovskiy, Wang and Liao
# (2020), not YOLOv5 by Redmon. DeepFM (Guo et al. 2017) is arXiv 1703.04247. NFM is
# *Neural factorization machines for sparse predictive analytics* by He and Chua (2017),
# arXiv 1708.05027.
