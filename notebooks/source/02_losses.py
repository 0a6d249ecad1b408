# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 2 · Losses: what a model minimizes
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/02_losses.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/02_losses.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - tell which of four "mean squared errors" a program minimizes, and convert its
#   learning rate,
# - choose between the squared, the absolute and the Huber loss, and weight a rare
#   class,
# - derive the gradient of cross-entropy and compute it for any logits,
# - backpropagate a network by hand, and find a mistake with a gradient check,
# - recognize a loss that cannot teach what you want.
#
# **Time:** 3.8 hours. **Judges:** D0 §4.1, §4.2; D1 §4.2; D2 §3.2, §3.3, §4.2, §4.3; D3
# §4; D4 §4.1, §4.2 (D0 to D4 are [the five
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

device = lab.start_chapter("02_losses", version="0.1")
lab.solved("losses")

# %%
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

# %% [markdown]
# ## What the articles say
#
# A *loss* is one number that says how wrong a model is. Training moves the model's
# parameters so that this number falls, and to know where to move them it needs the
# loss's **gradient**: how the loss changes with each parameter. The articles print
# these losses and gradients:
#
# | | Loss | Gradient |
# |---|---|---|
# | D0 §4.1-4.2, D2 §4.2.2 | cross-entropy, $-\sum_i y_i \log p_i$ | $-y_i / p_i$, then "backpropagation" |
# | D0 §4.1, D1 §4.2 | squared error, with two different factors | see [chapter 04](04_house_prices.ipynb) |
# | D2 §3.2, D3 §4 | any, for a network | pseudo-code; a worked example |
# | D4 §4.1-4.2 | binary cross-entropy | $\delta = \frac{\partial J}{\partial a}\,\frac{\partial a}{\partial z}$, $\frac{\partial J}{\partial w_{ji}} = \delta_i a_j$ |
#
# We begin with the shortest: D2 §3.2 gives backpropagation in three lines. The layer is
# `z = f(W * x + b)`, and the lines are, word for word:
#
# ```
# dz = dloss/dz
# dW = (dz * x).T
# db = dz
# ```
#
# Let us take them at their word, with the squared error as the loss:


# %%
def printed_backward(x, z, y):
    """Return dW and db as D2 §3.2 prints them, for columns and the loss sum (z - y)²."""
    dz = 2 * (z - y)  # "dz = dloss/dz"
    dW = (dz * x).T
    db = dz
    return dW, db


# %% [markdown]
# We need a layer to try them on: 5 inputs, 3 outputs, the sigmoid as `f`, and random
# numbers everywhere. **What shape must `dW` have? Will it have that shape?**

# %%
generator = torch.Generator().manual_seed(0)


def random(*shape):
    """Return random numbers in float64, the same in every run."""
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# %%
W, b, x, y = random(3, 5), random(3, 1), random(5, 1), random(3, 1)
try:
    printed_backward(x, lab.activations.sigmoid(W @ x + b), y)
except RuntimeError as error:
    print(error)

# %% [markdown]
# `dW` must have the shape of `W`, but the lines stop before they get there: `dz * x`
# multiplies elementwise, and 3 outputs do not fit 5 inputs. With as many inputs as
# outputs they do run. **Is that any better?**

# %%
W, b, x, y = random(4, 4), random(4, 1), random(4, 1), random(4, 1)
printed, _ = printed_backward(x, lab.activations.sigmoid(W @ x + b), y)
print("W", tuple(W.shape), "- printed dW", tuple(printed.shape))

# %% [markdown]
# It is not: they give 4 numbers for 16 weights. Every weight $w_{ij}$ connects one
# output $i$ to one input $j$, so `dW` must be the *outer* product of the two. Suppose
# we repair that. Is `dW` right then? We need a judge.
#
# ### The judge: a gradient check
#
# A gradient says what the loss does when one weight moves a little. So move the weight
# and watch the loss:
#
# $$\frac{\partial L}{\partial w} \approx \frac{L(w + h) - L(w - h)}{2h}$$
#
# This is slow, but it needs no derivation, so it cannot share a mistake with one:


# %%
def numerical_gradient(loss, weights, entries, h=1e-5):
    """Return the slope of loss() in some entries of weights, restored afterward."""
    flat, slopes = weights.view(-1), []
    for k in entries:
        old = flat[k].item()
        flat[k] = old + h
        above = loss()
        flat[k] = old - h
        slopes.append((above - loss()) / (2 * h))
        flat[k] = old
    return torch.stack(slopes)


# %% [markdown]
# To compare two gradients we take their **relative error**: 0 if they are equal, 1 if
# they are opposite. In float64, an error below 1e-6 is a pass and one above 0.01 is a
# bug; in between, look closer.


# %%
def relative_error(one, other):
    """Return |one - other| / (|one| + |other|): from 0 (equal) to 1 (opposite)."""
    return ((one - other).norm() / (one.norm() + other.norm())).item()


# %%
def verdict(name, gradient, numerical):
    """Print a gradient's relative error beside what it must stay below."""
    error = relative_error(gradient.flatten(), numerical)
    print(f"{name:14} relative error {error:.7f} (a pass is below 0.0000010)")
    return error


# %% [markdown]
# **Does the outer product alone pass?** We put it before the judge, and beside it a
# second candidate, which also multiplies by the slope of the sigmoid, $f' = z (1 - z)$:


# %%
def layer_loss():
    """Return the squared error of the one layer."""
    return ((lab.activations.sigmoid(W @ x + b) - y) ** 2).sum()


# %%
z = lab.activations.sigmoid(W @ x + b)  # (4, 1)
numerical = numerical_gradient(layer_loss, W, range(16))
outer = verdict("outer product:", 2 * (z - y) @ x.T, numerical)
fixed = verdict("and f' too:", (2 * (z - y) * z * (1 - z)) @ x.T, numerical)
# checked on every run
assert outer > 0.01
assert fixed < 1e-6

# %% [markdown]
# The outer product alone fails by far; with the slope of the sigmoid, the gradient
# passes. The pseudo-code leaves that slope out: $z = f(\dots)$, and the chain rule must
# go *through* $f$. D4 §4.2 has both things that D2 lacks: $\partial a/\partial z$ is
# $f'$, and $\delta_i a_j$ is the outer product. For a batch, `db = dz` is wrong as
# well: it has a column for every sample, and the bias needs their sum. So the three
# lines have three faults, and you have just seen how to find such faults without
# trusting anybody's algebra.
#
# In the exercises the arguments are PyTorch tensors: `@`, `*`, `.T` and `.sum(0)` work
# as in NumPy, and NumPy's own functions are understood too.

# %% [markdown]
# ### Exercise 1: fix D2 §3.2
#
# *Hard · 20 minutes*
#
# There is one sigmoid layer and a batch of N rows. `upstream` is the derivative of the
# loss with respect to the layer's output.


# %%
def dense_backward(x, W, b, upstream):
    """Return dL/dW (out, in) and dL/db (out,) of a = sigmoid(x Wᵀ + b).

    All are tensors: x is (N, in), W (out, in), b (out,), and upstream, which is
    dL/da, (N, out).
    """
    ...


lab.check("losses.dense_backward", dense_backward)

# %% [markdown]
# ## Derive it
#
# ### Four losses, one name
#
# D0 §4.1 prints the mean squared error as $\frac{1}{2N}\sum(y-\hat y)^2$ and D1 §4.2
# prints the "loss" as $\frac12\sum(y-\hat y)^2$; PyTorch and Keras compute
# $\frac1N\sum(y-\hat y)^2$. All of them have the same minimum. **Does it matter which
# one you take?** We try them with a line through one batch of real houses:

# %%
N = 32  # houses in the batch
houses = lab.datasets.saratoga_houses()
batch = houses[["area", "rooms", "age"]][:N]
batch = (batch - batch.mean()) / batch.std(ddof=0)
X_batch = torch.tensor(np.c_[batch, np.ones(N)])  # (N, 4)
price = torch.tensor(houses["price"][:N].to_numpy() / 100_000)  # (N,)

# %%
conventions = {
    "1/N Σ (PyTorch, Keras)": lambda error: (error**2).mean(),
    "1/(2N) Σ (D0 §4.1)": lambda error: (error**2).mean() / 2,
    "1/2 Σ (D1 §4.2)": lambda error: (error**2).sum() / 2,
    "Σ": lambda error: (error**2).sum(),
}


# %% [markdown]
# Here are the loss and the size of its gradient with all weights at 0:


# %%
def loss_and_gradient(convention, theta):
    """Return the loss of the weights theta (4,) and its gradient (4,)."""
    theta = theta.clone().requires_grad_()
    loss = convention(X_batch @ theta - price)
    return loss.item(), torch.autograd.grad(loss, theta)[0]


# %%
start = torch.zeros(4, dtype=torch.float64)
at_start = {name: loss_and_gradient(f, start) for name, f in conventions.items()}
sizes = {name: gradient.norm().item() for name, (_, gradient) in at_start.items()}
table = pd.DataFrame({"loss": {name: loss for name, (loss, _) in at_start.items()}})
table["gradient, times the first"] = pd.Series(sizes) / sizes["1/N Σ (PyTorch, Keras)"]
table.map("{:.1f}".format)

# %% [markdown]
# There are four gradients under one name: compared with the first, the others differ by
# a factor of $\frac12$, $\frac N2$ or $N$. A step is the learning rate times the
# gradient, so **how large may the learning rate be with each?**
#
# We quote one result, which [chapter 04](04_house_prices.ipynb#How-long-may-a-step-be?)
# derives: gradient descent settles only with a learning rate below $2/\lambda_{\max}$.
# Here $\lambda_{\max}$ is the curvature in the steepest direction: how fast the slope
# changes there. (It is the largest eigenvalue of the matrix of second derivatives.) You
# need nothing else from that chapter.


# %%
def largest_learning_rate(convention):
    """Return 2 / λmax of a loss of the line."""
    H = torch.autograd.functional.hessian(
        lambda theta: convention(X_batch @ theta - price), start
    )  # (4, 4)
    return 2 / torch.linalg.eigvalsh(H)[-1].item()


# %% [markdown]
# We predict that bound for each loss, then descend 2,000 steps with a learning rate 1 %
# below it and 1 % above it:


# %%
def descend(name, learning_rate, steps=2000):
    """Return whether the loss is lower or higher after gradient descent from 0."""
    convention, theta = conventions[name], start
    for _ in range(steps):
        theta = theta - learning_rate * loss_and_gradient(convention, theta)[1]
    loss = loss_and_gradient(convention, theta)[0]
    return "converges" if loss < at_start[name][0] else "diverges"


# %%
rows = {}
for name, convention in conventions.items():
    bound = largest_learning_rate(convention)
    rows[name] = {
        "predicted bound": f"{bound:.3g}",
        "1 % below it": descend(name, 0.99 * bound),
        "1 % above it": descend(name, 1.01 * bound),
    }
table = pd.DataFrame(rows).T
# checked on every run
assert set(table["1 % below it"]) == {"converges"}
assert set(table["1 % above it"]) == {"diverges"}
table

# %% [markdown]
# A learning rate of 0.1 is safe with the means and far too large with the sums. **Never
# copy a learning rate without its loss.** A sum also ties the learning rate to the
# batch size: change `N` to 64 above, and the bounds of the sums are about half as
# large.
#
# The articles differ about cross-entropy in the same way: D0 §4.1 sums it, and D2
# §4.2.2 averages it.

# %% [markdown]
# ### Exercise 2: a learning rate for another loss
#
# *Medium · 10 minutes*
#
# A tutorial gives a learning rate for the mean squared error; your program uses D1's
# loss.


# %%
def equivalent_learning_rate(learning_rate, samples):
    """Return the learning rate that takes the same steps with D1 §4.2's loss.

    learning_rate, a number, belongs to the mean squared error
    1/N Σ (y - prediction)², D1's loss is 1/2 Σ (y - prediction)², and N is samples,
    a whole number.
    """
    ...


lab.check("losses.equivalent_learning_rate", equivalent_learning_rate)

# %% [markdown]
# ### Does a loss listen to a few giants?
#
# The articles know one loss for numbers, the squared error. It has two well-known
# relatives: the **absolute error** $|e|$, and the **Huber loss**, which is squared near
# 0 and straight beyond (here beyond 1). They are three answers to one question: **how
# much worse is an error that is twice as large?**

# %%
penalties = {
    "squared": lambda e: e**2,
    "absolute": lambda e: e.abs(),
    "Huber": lambda e: torch.where(e.abs() < 1, e**2 / 2, e.abs() - 0.5),
}


# %%
def with_slope(function, x):
    """Return a function's values at x (N,) and its slopes there, by autograd."""
    x = x.clone().requires_grad_()
    values = function(x)
    return values.detach(), torch.autograd.grad(values.sum(), x)[0]


# %%
errors = torch.linspace(-3, 3, 122, dtype=torch.float64)  # 122: without 0, the kink
lab.plots.with_slopes(
    errors,
    {name: with_slope(penalty, errors) for name, penalty in penalties.items()},
    titles=("Three losses", "Only the squared error pulls without limit"),
    xlabel="error (prediction - truth)",
    alt="Left: a parabola, a V, and between them a curve that is round at 0 and straight "
    "beyond 1. Right, their slopes: a rising line, a step from -1 to 1, and a line cut "
    "off at -1 and 1.",
)

# %% [markdown]
# With the squared error, an error twice as large costs four times as much; with the
# other two, about twice as much. The slope on the right is what training feels. With
# the squared error a house that is missed by twice as much pulls twice as hard; with
# the absolute error all houses pull equally hard. Huber's loss is gentle near 0 and
# treats far houses like the absolute error.
#
# Real houses show the difference. In Ames, Iowa, 2,930 houses were sold. Five of them
# are giants with more than 4,000 square feet, and three of the five were sold
# unfinished, for far less than their size would suggest. First the simplest model:
# **which single price fits all houses best?**


# %%
def best_fit(penalty, X, targets, steps=600):
    """Return the weights (k,) of the line with the lowest mean penalty."""
    w = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        (gradient,) = torch.autograd.grad(penalty(X @ w - targets).mean(), w)
        w = (w - 0.3 * gradient).detach().requires_grad_()
    return w.detach()


# %%
ames = lab.datasets.ames_houses()
ames_price = torch.tensor(ames["price"].to_numpy() / 10_000)  # (2930,), in $10,000
ones = torch.ones(len(ames), 1, dtype=torch.float64)
for name, penalty in penalties.items():
    print(f"{name}: {lab.about(best_fit(penalty, ones, ames_price)[0], decimals=1)}")
print(f"mean {ames_price.mean():.1f}, median {ames_price.median():.1f}, in $10,000")

# %% [markdown]
# The squared error finds the **mean**, and the absolute error finds the **median**:
# half of the houses cost more and half cost less, and how much more plays no part.
# Huber's answer lies between, close to the median.
#
# Now a line: the price for the area. **How far do the five giants move it?** We fit
# each loss with them and without them.

# %%
area = torch.tensor(ames["area"].to_numpy(float))  # (2930,), square feet
X_ames = torch.stack([torch.ones_like(area), (area - area.mean()) / area.std()], 1)
giant = area > 4000

# %%
lines, rows = {}, {}
for name, penalty in penalties.items():
    w = best_fit(penalty, X_ames, ames_price)
    w_without = best_fit(penalty, X_ames[~giant], ames_price[~giant])
    cost = penalty(X_ames @ w - ames_price)  # (2930,)
    dollars = 10_000 * torch.stack([w, w_without])[:, 1] / area.std()
    rows[name] = {
        "dollars a square foot": lab.about(dollars[0], decimals=1),
        "without the giants": lab.about(dollars[1], decimals=1),
        "their share of the loss": lab.about(
            100 * cost[giant].sum() / cost.sum(), unit="%"
        ),
    }
    lines[name] = (X_ames @ w, X_ames @ w_without)
pd.DataFrame(rows).T

# %%
lab.plots.scatter_with_lines(
    area,
    ames_price,
    {
        "squared error": lines["squared"][0],
        "squared error, without the giants": lines["squared"][1],
        "absolute error, with or without": lines["absolute"][0],
    },
    marked=giant,
    title="Five giants move the squared error's line, and only that",
    xlabel="living area (square feet)",
    ylabel="price ($10,000)",
    alt="Prices of 2,930 houses over their area, with three lines. Five houses above "
    "4,000 square feet are ringed: two above all lines, three far below. Without the "
    "giants, the squared error's line is a little steeper.",
)

# %% [markdown]
# Five houses in 2,930 make up 7 % of the squared error, and they move its line by four
# and a half dollars a square foot. The other two lines move by half a dollar or less.
#
# Is the absolute error better, then? That depends on what the number is for. Its line
# also runs lower, because it does not care how expensive the expensive houses are.
# Whoever adds up prices, as a tax office does, needs the mean, and so the squared
# error; whoever wants to be close for a typical house is better served by the other
# two. In PyTorch they are called `nn.MSELoss`, `nn.L1Loss` and `nn.HuberLoss`.

# %% [markdown]
# ### Where cross-entropy comes from
#
# Now the answer is a class instead of a number. A classifier gives each class a
# probability. The probability that it gives to *all* the true labels of a data set is
# the product of the individual probabilities, the **likelihood**, and the best model
# makes it largest. **There are 1,728 houses in Saratoga: what is the product of that
# many probabilities of 0.6?**

# %%
p = torch.full((1728,), 0.6)
print("product:", p.prod().item())
print("mean of -log p:", round(-p.log().mean().item(), 4))

# %% [markdown]
# The true product, about 4e-384, is too small for any of our floating-point numbers, so
# we get 0. Its logarithm is no problem: it is a sum. With the sign reversed, so that we
# minimize, and averaged, this is the **cross-entropy**:
# $L = -\frac1N\sum_i \log p_i(\text{true class})$, in *nats* (natural logarithms).
# Blind guessing among 10 classes costs $\log 10 \approx 2.30$.
#
# Where do the probabilities come from? A network ends in one number for each class, the
# **logits** $z$, and the softmax makes probabilities of them:
# $p_k = e^{z_k} / \sum_j e^{z_j}$. Here is the whole way for one sample:

# %%
lab.drawings.cross_entropy()

# %% [markdown]
# Why not simply the squared error of the probability? **What does each loss charge a
# model that gives the true class 1 %?**

# %%
p_true = torch.linspace(0.005, 1, 200)
lab.plots.curves(
    {"cross-entropy": -p_true.log(), "squared error": (1 - p_true) ** 2},
    x=p_true,
    title="Only cross-entropy makes a confident mistake expensive",
    xlabel="probability p given to the true class",
    ylabel="loss",
    alt="Two falling curves that meet at 0 for p = 1. At p = 0 the squared error ends at "
    "1, while cross-entropy grows beyond 5.",
)

# %%
print(f"p = 1 %: cross-entropy {-np.log(0.01):.2f}, squared error {0.99**2:.2f}")

# %% [markdown]
# Cross-entropy charges 4.61 and goes on rising toward infinity; the squared error never
# charges more than 1, however sure the model is of the wrong answer. D2 §4.2.2 says of
# cross-entropy: "the smaller its value, the closer the prediction is to the truth"
# (<span lang="zh">其值越小，表示模型预测结果与真实结果越接近</span>). For the formula above that is right.
# Keep the sentence in mind, though: the article prints another formula.

# %% [markdown]
# ### The derivation that stops halfway
#
# D0 §4.2 derives $\partial L/\partial p = -y/p$ and leaves the rest: the gradient of
# the probability "can be computed by backpropagation"
# (<span lang="zh">可以通过反向传播算法计算</span>). (Its index counts samples; we take one sample
# with classes $j$, $L = -\sum_j y_j \log p_j$.) In code the two halves do not fit
# together, because $p$ may be 0. So let us differentiate through the softmax ourselves.
# Raising $z_k$ raises $p_k$ at the rate $p_k (1 - p_k)$ and lowers every other $p_j$ at
# the rate $p_j p_k$ (by the quotient rule).

# %% [markdown]
# ### Exercise 3: through the softmax
#
# *Hard · 20 minutes*
#
# Start where D0 §4.2 stops, and finish the derivation. `torch.softmax(logits, 1)` gives
# p, one row per sample.


# %%
def cross_entropy_gradient(logits, targets):
    """Return the gradient (N, C) of the mean cross-entropy of softmax(logits).

    It is taken with respect to logits, a tensor (N, C); targets, a tensor (N,),
    are class numbers.
    """
    ...


lab.check("losses.cross_entropy_gradient", cross_entropy_gradient)

# %% [markdown]
# ### The derivation, finished
#
# Write $1[j = k]$ for 1 if $j = k$, else 0, and use $\sum_j y_j = 1$:
#
# $$\frac{\partial L}{\partial z_k} = \sum_j -\frac{y_j}{p_j}\; p_j (1[j = k] - p_k)
# = p_k - y_k$$
#
# The division cancels, and what remains is **predicted minus true**. Nothing could be
# simpler. **Is it correct, and how far off is the half-finished version?**

# %%
logits, targets = random(8, 10), torch.arange(8)  # (N, classes), (N,)
one_hot = torch.eye(10, dtype=torch.float64)[targets]  # (8, 10)
p = lab.activations.softmax(logits)  # (8, 10)

# %%
numerical = numerical_gradient(
    lambda: lab.losses.cross_entropy(logits, targets), logits, range(80)
)
finished = verdict("p - y:", (p - one_hot) / 8, numerical)
halfway = verdict("-y/p:", -one_hot / p / 8, numerical)  # D0 §4.2: dL/dp, not dL/dz
# checked on every run
assert finished < 1e-6
assert halfway > 0.01

# %% [markdown]
# Predicted minus true passes. The other half, $-y/p$, is no gradient of the logits at
# all until it is multiplied by the softmax's derivative.
#
# Now we try both ways in code, on larger and larger logits. In float32, $e^{89}$ is
# infinite and $e^{-104}$ is 0. **At which logits does the naive way break?**


# %%
def naive_cross_entropy(logits, targets):
    """Return the cross-entropy as the formulas suggest: softmax first, then log."""
    p = logits.exp() / logits.exp().sum(1, keepdim=True)  # (N, classes)
    return -p.log().gather(1, targets[:, None]).mean()


# %%
def value_and_slope(loss, logits, targets):
    """Return a loss and the largest entry of its gradient, as short text."""
    logits = logits.clone().requires_grad_()
    value = loss(logits, targets)
    value.backward()
    return f"{value.item():.4g}, {logits.grad.abs().max().item():.4g}"


# %% [markdown]
# We compare it with the library's loss and with PyTorch's. The model is sure of class
# 0, and the truth is class 1:

# %%
ways = {
    "log(softmax)": naive_cross_entropy,
    "lab.losses": lab.losses.cross_entropy,
    "torch": torch.nn.functional.cross_entropy,
}
rows = {}
for size in (1.0, 10.0, 60.0, 100.0, 1000.0):
    z = torch.tensor([[size, 0.0, -size]])  # (1, 3)
    rows[f"±{size:g}"] = {
        name: value_and_slope(loss, z, torch.tensor([1])) for name, loss in ways.items()
    }
# checked on every run
assert not naive_cross_entropy(z, torch.tensor([1])).isfinite()
pd.DataFrame(rows).T.rename_axis("loss, largest gradient")

# %% [markdown]
# The *gradient* breaks first: at ±60 it is NaN while the loss still looks right,
# because the derivative of a quotient squares its denominator. At ±100 the loss is
# infinite too. The way out is to write out the logarithm first,
# $\log p_k = z_k - \log\sum_j e^{z_j}$, and to take the largest logit out of the sum.
# That is what `lab.losses.cross_entropy` does, and it is why PyTorch's `cross_entropy`
# takes **logits**: a network that ends in a softmax *and* uses this loss applies the
# softmax twice.

# %% [markdown]
# ### Exercise 4: logits of a thousand
#
# *Medium · 15 minutes*
#
# A network may output a logit of 1000. Write the loss so that nothing overflows.


# %%
def stable_cross_entropy(logits, targets):
    """Return the mean cross-entropy of softmax(logits), finite for any logits.

    logits, a tensor (N, C), are also as large as 1000; targets, a tensor (N,), are
    class numbers.
    """
    ...


lab.check("losses.stable_cross_entropy", stable_cross_entropy)

# %% [markdown]
# ### Half a loss
#
# D2 §4.3 takes a two-class problem, with labels $y$ of 0 or 1 and the probability $z$
# of a 1, and trains "with the cross-entropy loss and gradient descent"
# (<span lang="zh">使用交叉熵损失函数和梯度下降法进行训练</span>). The loss that D2 §4.2.2 prints is
# $-\frac1n\sum y_i\log z_i$. D4 §4.1 prints one more term, for the samples with
# $y_i = 0$. **What does the first loss say to a model that always predicts 1?**
#
# Let us see it happen. From their area and age we predict which of the houses in
# Saratoga have central air conditioning (37 % do).

# %%
columns = houses[["area", "age"]]
columns = (columns - columns.mean()) / columns.std(ddof=0)
X_houses = torch.tensor(np.c_[columns, np.ones(len(columns))])  # (1728, 3)
air = torch.tensor(houses["central_air"].to_numpy(float))  # (1728,)


def one_sided(logits, targets):
    """Return the loss of D2 §4.2.2: -mean(y log z)."""
    return -(targets * torch.log(lab.activations.sigmoid(logits))).mean()


# %%
def logistic_regression(loss, X, targets, steps=3000):
    """Return the probabilities (N,) of the model that gradient descent finds."""
    w = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        (gradient,) = torch.autograd.grad(loss(X @ w, targets), w)
        w = (w - gradient).detach().requires_grad_()
    return lab.activations.sigmoid(X @ w).detach()


# %% [markdown]
# We train once with each loss, and compare with two models that look at nothing:

# %%
rows = {}
for name, loss in {
    "D2 §4.2.2: y log z": one_sided,
    "both terms": lab.losses.binary_cross_entropy,
}.items():
    z = logistic_regression(loss, X_houses, air)
    rows[name] = {
        "its loss": f"{loss(torch.logit(z), air).item():.3f}",
        "mean probability": f"{z.mean().item():.3f}",
        "accuracy": f"{((z > 0.5) == (air > 0.5)).double().mean().item():.1%}",
    }

# %%
rows["always no"] = {"accuracy": f"{1 - air.mean().item():.1%}"}
rows["always yes"] = {"accuracy": f"{air.mean().item():.1%}"}
table = pd.DataFrame(rows).T.fillna("")
accuracy = table["accuracy"]
# checked on every run
assert accuracy["D2 §4.2.2: y log z"] == accuracy["always yes"]
table

# %% [markdown]
# The one-sided loss is nearly 0: perfect, by its own measure. Its model says yes to
# every house and is right for the 37 % that have central air, which is worse than a
# model that knows nothing and always says no. **A loss near zero proves nothing until
# you know what it does not punish.**

# %% [markdown]
# ### Exercise 5: both halves
#
# *Easy · 5 minutes*
#
# D2 forgets the samples with target 0. Put them back; these are probabilities, not
# logits.


# %%
def binary_cross_entropy(probabilities, targets):
    """Return the mean binary cross-entropy, in nats.

    probabilities, a tensor (N,), are those of yes; targets, a tensor (N,), are 1 for
    yes, 0 for no.
    """
    ...


lab.check("losses.binary_cross_entropy", binary_cross_entropy)

# %% [markdown]
# ### A rare class, and what a weight does for it
#
# D2's loss gave the class *no* the weight 0, by accident. Class weights are also used
# on purpose, where a class is rare: only 15 of the 1,728 houses stand at the water. We
# try to find them by their price, the value of their land and the size of the lot. With
# a weight of 114 (there are 114 times as many others), both classes count equally in
# the loss. **How many does the model find without the weight, and with it?**

# %%
columns = houses[["price", "land_value", "lot_size"]]
columns = (columns - columns.mean()) / columns.std(ddof=0)
X_water = torch.tensor(np.c_[columns, np.ones(len(columns))])  # (1728, 4)
water = torch.tensor(houses["waterfront"].to_numpy(float))  # (1728,)
weight = (1 - water).sum() / water.sum()  # 114.2


# %%
def weighted(logits, targets):
    """Return the binary cross-entropy with the yes term times the weight."""
    return torch.nn.functional.binary_cross_entropy_with_logits(
        logits, targets, pos_weight=weight
    )


# %%
plain = logistic_regression(lab.losses.binary_cross_entropy, X_water, water)
balanced = logistic_regression(weighted, X_water, water)

# %%
rows = {}
for name, yes in {
    "no weight": plain > 0.5,
    "weight 114": balanced > 0.5,
    "no weight, yes above 0.01": plain > 0.01,
}.items():
    rows[name] = {
        "found, of 15": (yes & (water > 0)).sum().item(),
        "false alarms": (yes & (water == 0)).sum().item(),
        "accuracy": f"{(yes == (water > 0)).double().mean().item():.1%}",
    }
pd.DataFrame(rows).T

# %% [markdown]
# Without a weight the model finds one house, and is right for 99.2 % of all: on a rare
# class, accuracy says nothing. With the weight it finds 12 of the 15, and pays with 321
# false alarms. The last line shows that the weight has taught the model little that it
# did not know: the plain model, asked to say yes from 1 % on, finds nearly the same
# houses. What has changed is the price of a miss. One thing more: the plain model's
# probabilities are honest, as their mean is the share of houses at the water. **Are the
# weighted model's?**

# %%
print(f"mean probability: plain {plain.mean():.3f}, weighted {balanced.mean():.3f}")
print(f"houses at the water: {water.mean():.3f}")

# %% [markdown]
# They are not: it gives a house a chance of 32 % on average, where only 0.9 % stand at
# the water. So a class weight states what a miss costs you; it does not make up for
# having few examples. For more than two classes, `cross_entropy` takes `weight=`, one
# number a class.

# %% [markdown]
# ### Two losses for ten classes
#
# D4 §4.1 prints the binary cross-entropy; its network in §5.2 ends in a softmax over
# ten classes and uses the cross-entropy over these classes. **Are the two gradients
# alike on the same logits?** We take one sample whose true class is 3, and a network
# that leans toward 5:

# %%
logits = torch.tensor([[0.5, -1.0, 0.0, 1.0, -2.0, 2.5, 0.2, -0.5, 1.5, -1.5]])
logits.requires_grad_()
one_answer = lab.losses.cross_entropy(logits, torch.tensor([3]))
ten_answers = 10 * lab.losses.binary_cross_entropy(logits, torch.eye(10)[[3]])

softmax_gradient = torch.autograd.grad(one_answer, logits)[0][0]  # (10,)
sigmoid_gradient = torch.autograd.grad(ten_answers, logits)[0][0]  # (10,)

# %%
lab.plots.paired_bars(
    {
        "softmax, cross-entropy": softmax_gradient,
        "ten sigmoids, binary cross-entropy": sigmoid_gradient,
    },
    labels=range(10),
    title="Both raise class 3; ten sigmoids press all others down as well",
    xlabel="class",
    ylabel="gradient with respect to the logit",
    alt="Bars of both gradients for ten classes. At class 3 softmax has -0.89 and the "
    "sigmoids -0.27. Elsewhere softmax has 0.50 at class 5, 0.18 at class 8 and nearly 0 "
    "at the others; the sigmoids are above 0.1 at all of them.",
)

# %% [markdown]
# They are not alike. **What happens to the probabilities if every logit grows by 5?**


# %%
def largest_move(activation):
    """Return how much a probability moves when 5 is added to every logit."""
    return (activation(logits + 5) - activation(logits)).abs().max().item()


print(f"softmax - sum of the gradient: {abs(softmax_gradient.sum()):.2f},")
print(f"    a probability moves by up to {largest_move(lab.activations.softmax):.2f}")
print(f"ten sigmoids - sum of the gradient: {sigmoid_gradient.sum():.2f},")
print(f"    a probability moves by up to {largest_move(lab.activations.sigmoid):.2f}")

# %% [markdown]
# They are two different models. A softmax divides one unit of probability among the
# classes: what one class gains, the others lose. So its gradient sums to 0, and only
# differences of logits count. Ten sigmoids answer ten separate yes-or-no questions;
# their probabilities need not sum to 1. Use the first for one label out of ten, the
# second for any number of labels at once.

# %% [markdown]
# ### Exercise 6: ten yes-or-no questions
#
# *Medium · 10 minutes*
#
# Compute the orange bars of [Two losses for ten classes](#Two-losses-for-ten-classes),
# for a batch.


# %%
def binary_gradient_per_class(logits, targets):
    """Return dL/dlogits (N, C) of the binary cross-entropy of sigmoid(logits).

    The loss is summed over the C classes, and its mean is taken over the N
    samples. logits and the one-hot targets are tensors (N, C).
    """
    ...


lab.check("losses.binary_gradient_per_class", binary_gradient_per_class)

# %% [markdown]
# ### Activations and their derivatives
#
# Between the layers there is a nonlinear function, the *activation*. D2 §4.2.1 says
# that ReLU "introduces nonlinearity" (<span lang="zh">引入了非线性特性</span>), and that is
# just what is needed: without it, two layers are one, $W_2(W_1 x) = (W_2 W_1)\,x$.
# Backpropagation multiplies by the activation's derivative at every layer. D4 §4.2
# prints $\sigma' = \sigma(1-\sigma)$. **How large does that derivative ever get?**
# Autograd draws it, and judges our own formulas:

# %%
x = torch.linspace(-5, 5, 200, dtype=torch.float64)
functions = {
    "sigmoid": (lab.activations.sigmoid, lab.activations.sigmoid_derivative),
    "tanh": (torch.tanh, lab.activations.tanh_derivative),
    "ReLU": (lab.activations.relu, lab.activations.relu_derivative),
}
lines = {name: with_slope(function, x) for name, (function, _) in functions.items()}
# checked on every run
for name, (_, derivative) in functions.items():
    assert (derivative(x) - lines[name][1]).abs().max() < 1e-12
print("σ(1 - σ) and the other formulas = autograd, to 12 decimals")

# %%
lab.plots.with_slopes(
    x,
    lines,
    titles=("Activations", "Only ReLU's slope stays 1"),
    xlabel="input",
    ylabels=("output", "derivative"),
    ylim=(-1.2, 3),
    alt="Left: sigmoid from 0 to 1, tanh from -1 to 1, ReLU 0 then rising. Right: their "
    "derivatives; sigmoid's peaks at 0.25, tanh's at 1, ReLU's is 0 then 1.",
)

# %%
print(f"ten sigmoids multiply a gradient by at most {0.25**10:.0e}")

# %% [markdown]
# The printed derivative is correct. Its largest value is 1/4, so the sigmoids of ten
# layers multiply a gradient by at most a millionth; only large weights could make up
# for that. ReLU's slope is 1 wherever the unit is on, which is one reason why deep
# networks use it.

# %% [markdown]
# ## From scratch
#
# ### The network of the article, and its data
#
# D3 §4 trains "a three-layer neural network" by hand: "the input layer has 100 neurons,
# the hidden layer 500, the output layer 10".
#
# <details><summary>Chinese</summary><span lang="zh">假设有一个三层神经网络，输入层有100个神经元，隐藏层有500个神经元，输出层有10个神经元。</span></details>
#
# Its formulas, however, have *three* weight matrices, so there must be a second hidden
# layer. We give it 500 units too:

# %%
lab.drawings.article_network()

# %% [markdown]
# It needs 100 inputs and ten classes. We take 1,797 real handwritten digits of 8 x 8
# pixels, and a border of one pixel makes each of them 100 pixels. They are split in
# three: most to train on, some to try things on (the validation part), and a test part
# that we read once, at the end.

# %%
digits = load_digits()
images = np.pad(digits.images, ((0, 0), (1, 1), (1, 1))) / 16  # (1797, 10, 10), 0 to 1
X = torch.tensor(images.reshape(-1, 100))  # (1797, 100)
y = torch.tensor(digits.target)  # (1797,)
rest, test = train_test_split(
    np.arange(len(X)), test_size=0.2, random_state=42, stratify=y
)
train, validation = train_test_split(
    rest, test_size=0.2, random_state=42, stratify=y[rest]
)
print(len(train), "to train on,", len(validation), "to validate,", len(test), "to test")

# %%
lab.plots.show(
    lab.plots.image_rows({"": images[:10]}, title="Ten digits, coarse but readable"),
    alt="Ten handwritten digits, 0 to 9, coarse but readable.",
)

# %% [markdown]
# ### Backpropagation in one picture
#
# Before the formulas, the idea. On the way forward, every step computes a value from
# the one before and keeps it. On the way back, one quantity travels from the loss
# toward the input: $\delta = \partial L/\partial Z$, how the loss changes with a
# layer's value before its activation.

# %%
lab.drawings.backpropagation()

# %% [markdown]
# Read the lower row from right to left. There are three rules, and you know them all:
#
# 1. **Start:** at the end, δ is predicted minus true.
# 2. **Through a layer:** what went forward through $W$ and then through ReLU comes back
#    through $W^T$ and is multiplied by ReLU's slope, 1 or 0.
# 3. **Down to the weights:** at every layer, $dW$ is δ times the layer's input (the
#    outer product from the beginning of this chapter), and $db$ is δ itself.
#
# That is all of backpropagation, for three layers or for a hundred.
#
# ### The article's formulas
#
# Now we write down what D3 §4 prints, with one column per sample. It begins with
# "initialize the weight matrices" (<span lang="zh">初始化权重矩阵</span>) and does not say
# how. We draw them at random, and [explain below](#How-large-may-the-first-weights-be?)
# why just so large.


# %%
from itertools import pairwise


def start_weights(*sizes, seed=0, scale=1.0):
    """Return [(W, b), ...] in float64; at scale 1 W is as in He et al. (2015)."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randn(n_out, n_in, generator=generator).double()
            * (scale * (2 / n_in) ** 0.5),
            torch.zeros(n_out, 1).double(),
        )
        for n_in, n_out in pairwise(sizes)
    ]


# %% [markdown]
# The forward pass, as printed. Note that ReLU is applied twice in the first layer, in
# $Z^{(1)}$ and again in $A^{(1)}$:


# %%
def article_forward(weights, X):
    """Return (Z1, A1, Z2, A2, A3) of D3 §4 for columns X (100, N)."""
    (W1, b1), (W2, b2), (W3, b3) = weights
    Z1 = lab.activations.relu(W1 @ X + b1)  # (500, N)
    A1 = lab.activations.relu(Z1)  # (500, N): ReLU once more
    Z2 = W2 @ A1 + b2  # (500, N)
    A2 = lab.activations.relu(Z2)  # (500, N)
    Z3 = W3 @ A2 + b3  # (10, N)
    return Z1, A1, Z2, A2, lab.activations.softmax(Z3.T).T  # A3: (10, N)


# %% [markdown]
# And the backward pass, as printed. Hold it against the picture: **which rule does it
# break?**


# %%
def article_backward(weights, X, Y):
    """Return the gradients (dW, db) of the three layers as D3 §4 prints them."""
    (_, _), (W2, _), (W3, _) = weights
    _, A1, _, A2, A3 = article_forward(weights, X)
    delta3 = A3 - Y  # (10, N)
    delta2 = W3.T @ delta3  # (500, N)
    delta1 = W2.T @ delta2  # (500, N)
    return [(delta1 @ X.T, delta1), (delta2 @ A1.T, delta2), (delta3 @ A2.T, delta3)]


# %% [markdown]
# The first rule holds and so does the third, but the second has lost its second half:
# ReLU's slope is missing, twice. **How far off are the gradients? And does it do harm
# to apply ReLU twice?** We take one sample, as D3 does.


# %%
def as_columns(rows):
    """Return digits as columns (100, N) and their one-hot classes (10, N)."""
    return X[rows].T, torch.eye(10, dtype=torch.float64)[y[rows]].T


# %%
weights = start_weights(100, 500, 500, 10)
one, target = as_columns(train[:1])  # (100, 1), (10, 1)
Z1, A1, *_ = article_forward(weights, one)
print(f"the second ReLU changes a value by at most {(A1 - Z1).abs().max().item():g}")
print(f"hidden units at 0: {(A1 == 0).double().mean():.0%}")

# %% [markdown]
# The second ReLU changes nothing, because $\max(0, \max(0, x)) = \max(0, x)$. Now the
# gradients. The network has 300,000 weights, so we check the 20 largest entries of each
# matrix numerically, and all of them with autograd.


# %%
def article_loss(inputs, targets):
    """Return the mean cross-entropy of the printed network, of columns."""
    return -(targets * article_forward(weights, inputs)[-1].log()).sum(0).mean()


# %%
def by_autograd(loss, weights):
    """Return the gradients (dW, db) of loss() by autograd."""
    flat = [tensor.requires_grad_() for layer in weights for tensor in layer]
    gradients = torch.autograd.grad(loss(), flat)
    for tensor in flat:
        tensor.requires_grad_(False)
    return list(zip(gradients[::2], gradients[1::2], strict=True))


# %%
printed = article_backward(weights, one, target)
true = by_autograd(lambda: article_loss(one, target), weights)
rows = {}
for k, (matrix, _) in enumerate(weights):
    gradient = printed[k][0].flatten()
    largest = gradient.abs().argsort(descending=True, stable=True)[:20]
    numerical = numerical_gradient(lambda: article_loss(one, target), matrix, largest)
    rows[f"W{k + 1}"] = {
        "20 entries, numerically": relative_error(gradient[largest], numerical),
        "all, by autograd": relative_error(gradient, true[k][0].flatten()),
    }
table = pd.DataFrame(rows).T
# checked on every run
assert (table.loc[["W1", "W2"]] > 0.3).all(axis=None)
assert (table.loc["W3"] < 1e-6).all()
table.map(lambda error: f"{error:.2f}").rename_axis("relative error")

# %% [markdown]
# The last layer is right. The hidden ones are off by a relative error of about a half:
# half of the units are at 0 and should let no gradient through, but here they do.
#
# Now we take 32 samples at once. **What else is missing?**

# %%
many, targets = as_columns(train[:32])  # (100, 32), (10, 32)
printed = article_backward(weights, many, targets)
true = by_autograd(lambda: article_loss(many, targets), weights)
ratio = printed[2][0].norm() / true[2][0].norm()
print(f"dW3 is {ratio:.0f} times too large")
print("db3 has shape", tuple(printed[2][1].shape), "for b3", tuple(weights[2][1].shape))

# %% [markdown]
# Two things are missing. dW is the gradient of the *sum*, N = 32 times that of the
# mean, and db keeps one column per sample, where b needs their sum. So in D3's recipe
# three faults matter (no derivative of ReLU, a bias gradient that is not summed, a sum
# where the learning rate expects a mean) and two do not (ReLU applied twice, one matrix
# too many). It is only luck that applying ReLU twice is harmless: D3's general formula
# applies any σ twice, and a sigmoid of a sigmoid lies between 0.5 and 0.73.

# %% [markdown]
# ### Exercise 7: fix D3 §4
#
# *Easy · 5 minutes*
#
# Take one step back through a ReLU layer, with what D3 forgot. Samples are rows here,
# so D3's $W^T\delta$ becomes `delta @ W`.


# %%
def hidden_delta(delta, W, z):
    """Return the error dL/dz (N, hidden) of a ReLU layer.

    All are tensors: delta (N, out) is the next layer's error, W (out, hidden) its
    weights, and z (N, hidden) this layer's values before the ReLU.
    """
    ...


lab.check("losses.hidden_delta", hidden_delta)

# %% [markdown]
# ### The fixed version
#
# Here is the fixed version. Like PyTorch, it keeps one *row* per sample, and it has the
# two matrices that 100-500-10 calls for. First forward:


# %%
def forward(weights, X):
    """Return (Z1, A1, logits) of the network 100-500-10 for rows X (N, 100)."""
    (W1, b1), (W2, b2) = weights
    Z1 = X @ W1.T + b1.T  # (N, 500)
    A1 = lab.activations.relu(Z1)  # (N, 500)
    return Z1, A1, A1 @ W2.T + b2.T  # logits: (N, 10)


# %% [markdown]
# Then backward, one rule after the other:


# %%
def backward(weights, X, y, slope=lab.activations.relu_derivative):
    """Return the gradients (dW, db) of the mean cross-entropy, one pair a layer."""
    W2 = weights[1][0]
    Z1, A1, logits = forward(weights, X)
    delta2 = lab.activations.softmax(logits)  # (N, 10): rule 1, predicted
    delta2[torch.arange(len(y)), y] -= 1  # minus true
    delta2 /= len(y)  # the mean over the batch
    delta1 = (delta2 @ W2) * slope(Z1)  # (N, 500): rule 2
    return [
        (delta1.T @ X, delta1.sum(0)[:, None]),  # (500, 100), (500, 1): rule 3
        (delta2.T @ A1, delta2.sum(0)[:, None]),  # (10, 500), (10, 1)
    ]


# %% [markdown]
# **To how many digits does it agree with autograd? And in float32?**


# %%
def digits_that_agree(weights, X, y):
    """Return to how many digits `backward` agrees with autograd, at least."""

    def loss():
        return lab.losses.cross_entropy(forward(weights, X)[2], y)

    pairs = zip(backward(weights, X, y), by_autograd(loss, weights), strict=True)
    errors = [
        relative_error(*both) for layer in pairs for both in zip(*layer, strict=True)
    ]
    return -np.log10(max(errors))


# %%
weights = start_weights(100, 500, 10)
some = train[:64]
double = digits_that_agree(weights, X[some], y[some])
weights = [(W.float(), b.float()) for W, b in weights]
single = digits_that_agree(weights, X[some].float(), y[some])
print(f"float64: {lab.about(double, 1.0, 'digits')}")
print(f"float32: {lab.about(single, 1.0, 'digits')}")
# checked on every run
assert double > 10
assert single > 5

# %% [markdown]
# It agrees to all the digits that either precision has, about 16 and 7. If you have
# followed this far: you can now derive, write and check the gradient of a network
# without a library, and few people can say that.
#
# One last question about the bug: **would you have noticed it without the check?** We
# train the network with the right gradient and with one that lacks only ReLU's
# derivative, and try both on the validation digits. (If the mean were missing too, the
# steps would be 32 times too long, and you would notice.)


# %%
def train_by_hand(gradients, seed=0, learning_rate=0.1, epochs=10):
    """Return the weights after mini-batch gradient descent with `gradients`."""
    weights = start_weights(100, 500, 10, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        order = torch.randperm(len(train), generator=generator)
        for rows in torch.tensor(train)[order].split(32):
            moves = gradients(weights, X[rows], y[rows])
            for layer, move in zip(weights, moves, strict=True):
                for theta, gradient in zip(layer, move, strict=True):
                    theta -= learning_rate * gradient
    return weights


# %%
def without_slope(weights, X, y):
    """Return the gradients with one of D3's faults: no derivative of ReLU."""
    return backward(weights, X, y, slope=torch.ones_like)


# %%
def percent_right(weights, rows):
    """Return the accuracy on some digits, in percent."""
    return 100 * lab.accuracy(forward(weights, X[rows])[2], y[rows])


# %%
trained = {}
for name, gradients in {
    "right gradient": backward,
    "without ReLU's derivative": without_slope,
}.items():
    trained[name] = [train_by_hand(gradients, seed) for seed in range(4)]
    accuracies = [percent_right(weights, validation) for weights in trained[name]]
    print(f"{name}: {lab.about(accuracies, unit='%')} of the validation digits")
    # checked on every run
    assert min(accuracies) > 90

# %% [markdown]
# You would hardly have noticed: the two differ by less than their seeds do. The wrong
# gradient still points roughly downhill, and the network learns with it. **A network
# that learns does not prove that its gradient is right.** Check gradients numerically,
# on random data, before you train.

# %% [markdown]
# ## With PyTorch
#
# Now we build the same network from modules and train it with `lab.Training`, with the
# same start, data and steps. Autograd does what `backward` did.

# %%
from torch import nn


def module(weights):
    """Return linear layers with ReLU between them, as PyTorch modules."""
    layers = []
    for W, b in weights:
        linear = nn.Linear(W.shape[1], W.shape[0], dtype=W.dtype)
        with torch.no_grad():
            linear.weight.copy_(W)
            linear.bias.copy_(b[:, 0])
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1]).to(device)  # no ReLU after the last


# %% [markdown]
# **Do the two end at the same weights after one epoch?**

# %%
model = module(start_weights(100, 500, 10))
training = lab.Training(
    model,
    nn.functional.cross_entropy,
    torch.optim.SGD(model.parameters(), lr=0.1),
    train=(X[train], y[train]),
    epochs=1,
).finish()

# %%
by_hand = train_by_hand(backward, epochs=1)  # lab.Training shuffles as we did
# checked on every run
for layer, (W, b) in zip(model[::2], by_hand, strict=True):
    torch.testing.assert_close(layer.weight.cpu(), W, atol=1e-10, rtol=0)
    torch.testing.assert_close(layer.bias.cpu(), b[:, 0], atol=1e-10, rtol=0)
print(f"after {training.steps_done} steps: by hand = by PyTorch, to 10 decimals")

# %% [markdown]
# They do: PyTorch computes what you can compute by hand.
#
# ### How large may the first weights be?
#
# D3 §4 does not say how to start, but D2 §3.3 does: "initialize the parameters at
# random" (<span lang="zh">随机初始化模型的权重（W）和偏置（b）</span>). **Why at random, and does the
# size matter?** We started with the spread $\sqrt{2 / \text{inputs}}$ of He et al., so
# 0.14 for D3's $W^{(1)}$ with its 100 inputs. To see why, we send digits through ten
# layers of 100 units and measure how large the values are after each:

# %%
deep = [100] * 11  # the sizes: ten layers
lines = {}
for name, scale in {"half of He's": 0.5, "He's spread": 1.0, "twice He's": 2.0}.items():
    A, lines[name] = X[train], []
    for W, _ in start_weights(*deep, scale=scale):
        A = lab.activations.relu(A @ W.T)  # (1149, 100)
        lines[name].append(A.square().mean().sqrt().item())

# %%
lab.plots.curves(
    lines,
    title="A factor of 2 in each layer is a factor of 1,000 after ten",
    xlabel="layer",
    ylabel="typical value (log scale)",
    yscale="log",
    alt="Three curves over ten layers: He's spread stays near 0.4, half of it falls to "
    "0.0004, twice it rises to 400.",
)

# %% [markdown]
# Only He's spread keeps the values as large as they were; half of it shrinks them a
# thousandfold, twice blows them up a thousandfold. The gradients on the way back fare
# the same. **What does that do to training?** Here is a network with nine hidden
# layers, started in four ways and trained for 6 epochs:


# %%
def deep_training(scale):
    """Return the gradient's size at the start and the training, 6 epochs long."""
    model = module(start_weights(*deep[:-1], 10, scale=scale))
    loss = lab.losses.cross_entropy(model(X[train].to(device)), y[train].to(device))
    (slope,) = torch.autograd.grad(loss, [model[0].weight])
    return slope.norm().item(), lab.Training(
        model,
        nn.functional.cross_entropy,
        torch.optim.SGD(model.parameters(), lr=0.1),
        train=(X[train], y[train]),
        validation=(X[validation], y[validation]),
        epochs=6,
        metrics={"accuracy": lab.accuracy},
    )


# %%
rows = {}
for name, scale in {"zero": 0, "half of He's": 0.5, "He's": 1, "twice He's": 2}.items():
    size, training = deep_training(scale)
    try:
        right = training.finish().history.accuracy.iloc[-1]
        after = f"{lab.about(100 * right, 4)} % right"
    except lab.Diverged:
        after = "diverged"
    rows[name] = {
        "gradient of W1 at the start": lab.about(size),
        "after 6 epochs": after,
    }
pd.DataFrame(rows).T

# %% [markdown]
# From zeros nothing is learned: all hidden units are 0 and stay 0, no gradient reaches
# $W^{(1)}$, not even a small one, and only the last bias moves. (Equal weights other
# than 0 would be little better: equal units get equal gradients and stay equal, which
# is why the start must be random.) From half of He's spread the gradient is too small
# to get anywhere, and from twice the spread it is so large that the first steps throw
# the weights away. Only the right size learns. With one hidden layer the network
# forgives more: try other scales in `start_weights` above.

# %% [markdown]
# ## On real data
#
# ### A baseline first
#
# Ten classes: guessing gets 10 %. **How much do 500 hidden units gain over a linear
# model?** This is the one time that we read the test digits.

# %%
from sklearn.linear_model import LogisticRegression

linear = LogisticRegression(max_iter=1000).fit(X[train], y[train])
networks = [percent_right(weights, test) for weights in trained["right gradient"]]
print("guessing: 10 %")
print(f"logistic regression: {lab.about(100 * linear.score(X[test], y[test]), 0.6)} %")
print(f"100-500-10 by hand, four seeds: {lab.about(networks, unit='%')}")

# %% [markdown]
# Not much: the difference is one or two of the 360 digits, too few to call the network
# better. These digits are easy; chapter 05 takes harder ones.
#
# ### Does ReLU save work?
#
# D2 §4.2.1 says that ReLU's zeros bring "sparsity, which reduces the computation
# needed" (<span lang="zh">引入了稀疏性，减少了计算资源的需求</span>). **How many zeros are there in our
# trained network, and how much time do that many zeros save?**

# %%
hidden = forward(trained["right gradient"][0], X[validation])[1]  # (288, 500)
zeros = 100 * (hidden == 0).double().mean().item()
print(f"zeros among the hidden values: {lab.about(zeros, 1.0, '%')}")

# %% [markdown]
# Now we time products of matrices with none, half and nearly all of their values zero,
# as ordinary (dense) matrices and as sparse ones, which store only what is not zero.

# %%
generator = torch.Generator().manual_seed(0)
matrix = torch.randn(600, 600, generator=generator)
products = {}
for share in (0.0, 0.5, 0.95):
    values = torch.rand(600, 600, generator=generator)
    values[torch.rand(600, 600, generator=generator) < share] = 0
    products[f"{share:.0%} zeros"] = values
    if share:
        products[f"{share:.0%} zeros, stored without them"] = values.to_sparse()

# %% [markdown]
# The times are from one machine; yours will differ. We keep the quickest of 50, since a
# busy machine makes a product slower, never quicker.

# %% tags=["nbval-ignore-output"]
import time

milliseconds = {name: [] for name in products}
for _ in range(50):
    for name, values in products.items():
        start = time.perf_counter()
        values @ matrix
        milliseconds[name].append(1000 * (time.perf_counter() - start))
quickest = pd.Series({name: min(times) for name, times in milliseconds.items()})
times_as_long = quickest / quickest["0% zeros"]
pd.DataFrame({"ms": quickest, "times as long": times_as_long}).round(1)

# %% [markdown]
# The last column compares each product with the one without zeros. Here is one line of
# it, within its tolerance:

# %%
as_long = times_as_long["95% zeros"]
print(f"95 % zeros: {lab.about(as_long, 0.4)} times as long as none")
# checked on every run
assert as_long > 0.6
assert times_as_long["50% zeros, stored without them"] > 1

# %% [markdown]
# The network has 42 % zeros, and they save no time: a dense product does not look at
# its numbers. Sparse tensors do, but with half of the values zero, about what our ReLU
# makes, they are slower; they pay off when nearly everything is zero. ReLU is cheap for
# another reason: it needs no exponential.

# %% [markdown]
# ## Turn the knobs
#
# ### One prediction
#
# A model outputs a logit; the truth is 1 or 0. The curve is the loss for every logit
# the model could output, and the straight line is the slope where you are: **that slope
# is all that training ever gets to know.** Drag the dot, or move the slider with the
# arrow keys.
#
# 1. Target 1, *squared error* of the probability: where is it steepest (exercise 8)?
#    What happens at -5, where the model is most wrong?
# 2. Look at the same places with *cross-entropy*.
# 3. Target 0 with the *one-sided* loss: what does it charge for a logit of 3?

# %%
from functools import cache

LOSSES = {
    "squared error": lambda logits, targets: lab.losses.mse(
        lab.activations.sigmoid(logits), targets
    ),
    "cross-entropy": lab.losses.binary_cross_entropy,
    "one-sided (D2 §4.2.2)": one_sided,
}
GRID = torch.linspace(-5.3, 5.3, 107, dtype=torch.float64)


@cache
def loss_curve(loss, target):
    """Return the loss for every logit of the grid, as (x, y)."""
    values = [LOSSES[loss](z[None], torch.full((1,), float(target))) for z in GRID]
    return GRID.numpy(), torch.stack(values).numpy()


# %%
def one_prediction(logit=0.0, target=1, loss="squared error"):
    """Return the loss of one prediction and its slope, as text and as curves."""
    z = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    value = LOSSES[loss](z, torch.full((1,), float(target)))
    (slope,) = torch.autograd.grad(value, z)
    value, slope = value.item() + 0.0, slope.item() + 0.0  # avoids -0.000
    ends = np.array([logit - 1.5, logit + 1.5])
    text = (
        f"The model gives the probability <b>{lab.activations.sigmoid(z).item():.3f}"
        f"</b> to a 1; the truth is {target}."
        f"<br>loss <b>{value:.3f}</b>, gradient <b>{slope:+.3f}</b>"
    )
    return text, {
        "loss": loss_curve(loss, target),
        "slope here": (ends, value + slope * (ends - logit)),
        "your prediction": (logit, value),
    }


# %%
lab.Explorer(
    one_prediction,
    question="Target 1: where is the squared error steepest, and where is it flat?",
    axes={"logit": (-5, 5), "loss": (-0.4, 5.2)},
    drag={"your prediction": ("logit", None)},
    logit=(-5.0, 5.0, 0.1),
    target=[1, 0],
    loss=list(LOSSES),
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# At -5 the squared error is nearly 1, as wrong as it can be, and nearly flat: the
# sigmoid has *saturated*, and its tiny derivative wipes out the gradient. The slope of
# the cross-entropy there is $p - y \approx -1$, as it should be: a second reason to use
# it, besides likelihood. For target 0, the one-sided loss charges nothing at all.
#
# </details>

# %% [markdown]
# ### Exercise 8: the first explorer's question
#
# *Easy · 5 minutes*
#
# Target 1, squared error: at which logit is the curve steepest? One notch to either
# side also counts.

# %%
steepest_logit = ...

lab.check("losses.steepest_logit", steepest_logit)

# %% [markdown]
# ### A landscape of two weights
#
# We return to the houses with central air: $z = w \cdot \text{area} + b$. Each point of
# the map is a model; the lines connect models with equal loss; the arrow is a long step
# against the gradient. **Drag the dot to the arrow's tip, again and again, down to the
# bottom. Then choose the one-sided loss and follow it: where does it lead?**

# %%
standard = (houses.area - houses.area.mean()) / houses.area.std(ddof=0)
standard_area = torch.tensor(standard.to_numpy())  # (1728,)
W_GRID, B_GRID = np.meshgrid(np.linspace(-4.4, 6, 53), np.linspace(-2.3, 4.3, 45))


@cache
def landscape(loss):
    """Return (w, b, loss) on the grid: three arrays (45, 53)."""
    surface = [
        LOSSES[loss](w * standard_area + b, air).item()
        for w, b in zip(W_GRID.flat, B_GRID.flat, strict=True)
    ]
    return W_GRID, B_GRID, np.reshape(surface, W_GRID.shape)


# %%
def two_weights(w=-2.0, b=2.0, loss="cross-entropy"):
    """Return the loss of the model w * area + b, with a step against its gradient."""
    theta = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    logits = theta[0] * standard_area + theta[1]  # (1728,)
    value = LOSSES[loss](logits, air)
    (gradient,) = torch.autograd.grad(value, theta)
    says_yes = (logits > 0).double().mean().item()
    text = (
        f"loss <b>{value.item():.3f}</b>, "
        f"gradient ({gradient[0]:+.3f}, {gradient[1]:+.3f})<br>"
        f"this model says yes to {says_yes:.0%} of the houses; "
        f"{air.mean().item():.0%} have central air"
    )
    return text, {
        "equal loss": landscape(loss),
        "step against the gradient, learning rate 4": (w, b, *(-4 * gradient).tolist()),
        "your model": (w, b),
    }


# %%
lab.Explorer(
    two_weights,
    question="Follow the arrow. Where is the bottom of D2's one-sided loss?",
    axes={"w, weight of the area": (-4, 5.6), "b, bias": (-2, 4)},
    drag={"your model": ("w", "b")},
    w=(-4.0, 5.6, 0.1),
    b=(-2.0, 4.0, 0.1),
    loss=["cross-entropy", "one-sided (D2 §4.2.2)"],
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Cross-entropy is a bowl with its bottom near (0.6, -0.6), three or four steps away.
# The one-sided loss has no bottom: it keeps falling toward larger biases, where the
# model says yes to every house.
#
# </details>
#
# ### A loss for ten digits
#
# Last comes the whole network, with a choice of two losses. **Does the squared error of
# the probabilities train it as well as cross-entropy?**


# %%
def squared_error(logits, targets):
    """Return the squared error of the softmax, summed over the classes, averaged."""
    one_hot = torch.eye(10, device=logits.device)[targets]  # (N, 10)
    return ((lab.activations.softmax(logits) - one_hot) ** 2).sum(1).mean()


digit_losses = {
    "cross-entropy": lab.losses.cross_entropy,
    "squared error": squared_error,
}


# %%
def from_seed(seed, learning_rate, epochs, loss):
    """Train the network 100-500-10 on the digits, in float32."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(100, 500), nn.ReLU(), nn.Linear(500, 10)).to(device)
    return lab.Training(
        model,
        digit_losses[loss],
        lab.optimizers.GradientDescent(model.parameters(), learning_rate),
        train=(X[train].float(), y[train]),
        validation=(X[validation].float(), y[validation]),
        epochs=epochs,
        metrics={"accuracy": lab.accuracy},
    )


def digit_training(learning_rate, epochs, loss="cross-entropy"):
    """Train the network from seed 0."""
    return from_seed(0, learning_rate, epochs, loss)


# %% [markdown]
# Five epochs at a learning rate of 0.1, from three seeds each:

# %%
percent = {}
for loss in digit_losses:
    runs = [from_seed(seed, 0.1, 5, loss).finish() for seed in range(3)]
    percent[loss] = [100 * run.history.accuracy.iloc[-1] for run in runs]
    print(f"{loss}: {lab.about(percent[loss], unit='%')} right after 5 epochs")
# checked on every run
assert min(percent["cross-entropy"]) > max(percent["squared error"])

# %% [markdown]
# At this learning rate it does not: cross-entropy learns faster. But is that the loss,
# or the learning rate? The dashed curve of the panel is the loss on the validation
# digits. **Compare the column *accuracy* (the losses have different scales), find the
# best rate for each loss, and also try 2, with the logarithmic axis.**

# %%
panel = lab.TuningPanel(
    digit_training,
    question="Which loss learns faster at 0.1, and what can a larger rate do?",
    learning_rate=0.1,
    epochs=5,
    loss=list(digit_losses),
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# At 0.3 or 1, with 10 epochs, both losses pass an accuracy of 0.95: squared error is
# slow but not hopeless, because a fresh network is not saturated. At 2, cross-entropy
# falls back to guessing, while squared error, whose gradients are smaller, still
# learns. Compare losses at the best rate for *each*, or you are only comparing scales.
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("losses")

# %% tags=["nbval-ignore-output"]
lab.solved("losses")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | MSE is 1/(2N) Σ; the loss is 1/2 Σ | D0 §4.1, D1 §4.2 | [the same minimum, but learning rates a factor of N apart](#Four-losses,-one-name) | half true |
# | ∂L/∂p = -y/p, the rest "can be computed by backpropagation"<br><span lang="zh">可以通过反向传播算法计算</span> | D0 §4.2 | [right, but coded in these two halves it gives a NaN gradient at ±60 and an infinite loss at ±100](#The-derivation,-finished) | half true |
# | backpropagation in three lines | D2 §3.2 | [they do not run; with the outer product, a relative error of 0.66: f' is missing](#What-the-articles-say) | fails |
# | δ = ∂J/∂a · ∂a/∂z, ∂J/∂w = δ a | D4 §4.1-4.2 | [passes the gradient check](#The-judge:-a-gradient-check) | holds |
# | two classes are trained with -mean(y log z) | D2 §4.2.2, §4.3 | [loss near 0 and 37 % accuracy: it says yes to every house](#Half-a-loss) | fails |
# | "the smaller its value, the closer the prediction is to the truth"<br><span lang="zh">其值越小，表示模型预测结果与真实结果越接近</span> | D2 §4.2.2 | [not with the loss printed there](#Half-a-loss) | fails |
# | backpropagation of a 100-500-10 network | D3 §4 | [last layer right; hidden layers off by about half; bias not summed; a sum, not a mean; ReLU twice is harmless](#The-article's-formulas) | fails |
# | "initialize the parameters at random"<br><span lang="zh">随机初始化模型的权重（W）和偏置（b）</span> | D2 §3.3 | [needed, for zeros learn nothing; but ten layers started at random with half or twice the right spread learn nothing in 6 epochs either](#How-large-may-the-first-weights-be?) | half true |
# | binary cross-entropy is the loss of the classifier | D4 §4.1 | [it is the loss of ten separate questions, not of one answer out of ten](#Two-losses-for-ten-classes) | half true |
# | σ' = σ(1 - σ) | D4 §4.2 | [equal to autograd](#Activations-and-their-derivatives) | holds |
# | ReLU "introduces nonlinearity"<br><span lang="zh">引入了非线性特性</span> | D2 §4.2.1 | [without it, two layers are one](#Activations-and-their-derivatives) | holds |
# | ReLU's zeros "reduce the computation needed"<br><span lang="zh">引入了稀疏性，减少了计算资源的需求</span> | D2 §4.2.1 | [42 % zeros; a dense product with 95 % takes as long as with none](#Does-ReLU-save-work?) | fails |

# %% [markdown]
# ## Going further
#
# **Limits.** The gradient check finds bugs in the derivative, not in the idea: D2's
# one-sided loss passes it. It also stumbles where a function has a kink, like ReLU at
# 0.
#
# **References.** Backpropagation: Rumelhart, Hinton, Williams (1986), *Learning
# representations by back-propagating errors*, Nature 323. Cross-entropy and saturation:
# Goodfellow, Bengio, Courville (2016), *Deep Learning*, §6.2. Initial weights: He et
# al. (2015), *Delving deep into rectifiers*, arXiv 1502.01852. How wrong gradients can
# train a network: Lillicrap et al. (2016), *Random synaptic feedback weights support
# error backpropagation for deep learning*, Nature Communications 7. The digits:
# Alpaydin and Kaynak (1998), UCI repository, in scikit-learn.
#
# **D3 §7 corrected.** "A Theoretical Framework for Back-Propagation" is LeCun (1988),
# not 1986.
