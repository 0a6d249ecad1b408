# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 3 · Optimizers: how a model goes downhill
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/03_optimizers.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/03_optimizers.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - predict the learning rate at which a training diverges, with and without momentum,
# - write momentum, RMSprop and Adam from their formulas, and say what problem each one
#   solves,
# - give a reason for your choice of batch size, schedule and optimizer,
# - judge a price forecast by the one baseline that counts.
#
# **Time:** 4 hours. **Judges:** D0 §1, §3.2, §4.1, §4.3; D1 §1, §3.2, §4.3; D2 §1.4; D4
# §1 (D0 to D4 are [the five
# articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 00](00_start_here.ipynb); [chapter 02](02_losses.ipynb) helps.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("03_optimizers", version="0.1")
lab.solved("optimizers")

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn

# %% [markdown]
# ## What the articles say
#
# D1 §4.3 forecasts a stock price with a line $\hat y = \theta_0 + \theta_1 x$, the loss
# $\frac12\sum(y-\hat y)^2$, a learning rate of 0.1 and 100 steps of gradient descent.
# Its data are five prices. It does not say what $x$ is in training (its forecast,
# §4.3.5, puts in the last price); we begin with the number of the day, the kindest
# reading. **Will the loss fall?**

# %%
days = np.arange(1.0, 6.0)
stock = np.array([100.0, 102.0, 105.0, 108.0, 110.0])
A = np.c_[np.ones(5), days]  # (5, 2): a column of ones for theta_0


def descend_on_stock(sign, learning_rate, steps):
    """Return the losses of `steps` steps against sign * gradient, from theta = 0."""
    theta, curve = np.zeros(2), []
    for _ in range(steps):
        error = A @ theta - stock  # (5,)
        curve.append((error**2).sum() / 2)
        theta = theta - learning_rate * sign * A.T @ error
    return np.array(curve)


printed = descend_on_stock(+1, learning_rate=0.1, steps=100)
for step in (1, 2, 3, 100):
    print(f"step {step:3}: loss {printed[step - 1]:.1e}")

# %% [markdown]
# It grows about 24-fold at every step and reaches 2e141.
#
# D1 §4.3.4 then "evaluates on the remaining data", but all five prices were used, so
# none remain. And take the five days, January 1 to 5, 2021: **on how many of them was
# there trading?** A real stock index can tell us.

# %%
dow = lab.datasets.dow_jones()
printed_days = pd.date_range("2021-01-01", periods=5)
print("days printed in D1 §4.3.1:", len(printed_days))
print("days with trading:        ", dow["date"].isin(printed_days).sum())

# %% [markdown]
# On two of five; the others were New Year's Day and a weekend. The example is made up.
#
# ### Uphill
#
# D0 §4.3 prints the gradient of a squared error with $(y - \hat y)$ instead of
# $(\hat y - y)$: the other sign. **Is there a learning rate at which that works?**

# %%
rows = {}
for learning_rate in (0.0001, 0.001, 0.01):
    climbing = descend_on_stock(-1, learning_rate, 100)
    falling = descend_on_stock(+1, learning_rate, 100)
    rows[learning_rate] = {
        "sign as printed": f"{climbing[0]:,.0f} to {climbing[-1]:.2g}",
        "sign mended": f"{falling[0]:,.0f} to {falling[-1]:.2g}",
    }
    assert (np.diff(climbing) > 0).all()
    assert (np.diff(falling) < 0).all()
pd.DataFrame(rows).T.rename_axis("learning rate")

# %% [markdown]
# There is none: a step *along* the gradient climbs at every learning rate; a small one
# only climbs more slowly. ([Chapter
# 04](04_house_prices.ipynb#The-gradient,-with-its-sign) proves the sign with autograd.)
#
# ### An Adam that stands still
#
# D0 §4.1 prints five lines for Adam, with $x_t$ the gradient and $\beta_1 = 0.9$:
#
# $$v_t = \beta_1 x_t + (1-\beta_1)(x_t - m_t) \qquad
# m_t = \frac{1}{1-\beta_1^t}\sum_{i=1}^t \beta_1^{t-i} x_i \qquad
# \theta \leftarrow \theta - \alpha \frac{v_t}{\sqrt{s_t}+\epsilon}$$
#
# and two different lines for $s_t$, in which $y_t$ is "the historical gradient". **Let
# the gradient be 1 at every step, the simplest slope there is. How far does the
# parameter move?**

# %%
beta1 = 0.9
gradients = np.ones(5)  # x_1 ... x_5
for t in range(1, 6):
    weights = beta1 ** np.arange(t - 1, -1, -1)  # beta1^(t-i)
    m = (weights * gradients[:t]).sum() / (1 - beta1**t)
    v = beta1 * gradients[t - 1] + (1 - beta1) * (gradients[t - 1] - m)
    print(f"t = {t}: m = {m:.2f}, numerator v = {abs(v):.2f}")
    assert abs(v) < 1e-12

# %% [markdown]
# Not at all. The sum lacks a factor $1-\beta_1$, so $m$ is ten times the gradient's
# mean. Put into the first line, this leaves $v_t = x_t - \hat m_t$: the gradient *minus
# its own mean*. On a steady slope that is 0. (The two lines for $s_t$ contradict each
# other, and the first may be negative under a square root.) However you read the five
# lines, they are not Adam; the correct ones follow below.

# %% [markdown]
# ## Derive it
#
# ### How long may a step be?
#
# Take one weight and the bowl $L = \frac{\lambda}{2} e^2$, where $e$ is the distance to
# the minimum. A step with learning rate $\alpha$ turns $e$ into $(1-\alpha\lambda)\,e$.
# At $\alpha\lambda = 1$ it lands on the minimum; at 2 it jumps to the mirror point;
# beyond that it flies off. So the rate must stay below $2/\lambda$.
#
# With many weights, the bowl has one such $\lambda$ for each of its main directions:
# the eigenvalues of the matrix $H$ of second derivatives. The steepest direction is the
# first to fly off, so the bound is $2/\lambda_{\max}$. **With $\lambda = 1$ and 25,
# which rates are safe?**
#
# In the exercises the arguments are PyTorch tensors: `@`, `*`, `.T` and `.sum(0)` work
# as in NumPy, and NumPy's own functions are understood too.

# %% [markdown]
# ### Exercise 1: the bound that D1 §4 needed
#
# *Medium · 15 minutes*
#
# For which learning rates does D1's example train? `torch.linalg.eigvalsh(H)` gives the
# eigenvalues of a symmetric matrix, the largest last.


# %%
def stock_bound(x):
    """Return the learning rate above which gradient descent on a line in x diverges.

    The line is theta0 + theta1 x, with x a tensor (n,); the loss is that of D1 §4.2,
    1/2 Σ (y - line)².
    """
    ...


lab.check("optimizers.stock_bound", stock_bound)

# %% [markdown]
# ### And with momentum?
#
# With **momentum** $\beta$, a step follows a velocity
# $u \leftarrow \beta u + \nabla L$. Then
# $e_{t+1} = (1 + \beta - \alpha\lambda)\,e_t - \beta e_{t-1}$.

# %% [markdown]
# ### Exercise 2: the bound with momentum
#
# *Hard · 20 minutes*
#
# From which learning rate on does the distance to the minimum no longer shrink?


# %%
def largest_stable_learning_rate(H, momentum):
    """Return the learning rate above which gradient descent with momentum diverges.

    The loss is quadratic with the Hessian H, a tensor (n, n); the momentum, a number,
    is PyTorch's: the gradient enters the velocity whole.
    """
    ...


lab.check("optimizers.largest_stable_learning_rate", largest_stable_learning_rate)

# %% [markdown]
# ### The bounds, tried out
#
# The distance shrinks as long as $\alpha\lambda$ stays below $2(1+\beta)$: momentum
# *raises* the bound, 1.9-fold for $\beta = 0.9$.
#
# We try it on four bowls; two of them are D1's example, read in two ways:

# %%
houses = lab.datasets.saratoga_houses()[["area", "rooms", "age"]]
scaled = (houses - houses.mean()) / houses.std(ddof=0)
last_price = np.c_[np.ones(4), stock[:-1]]  # the reading of D1 §4.3.5
hessians = {
    "stock, x = day": A.T @ A,
    "stock, x = last price": last_price.T @ last_price,
    "ravine (a² + 25 b²) / 2": np.diag([1.0, 25.0]),
    "houses, standardized": 2 * scaled.T.to_numpy() @ scaled.to_numpy() / len(scaled),
}

# %% [markdown]
# **Are the predictions correct?** We find the true bound by bisection: does the loss
# fall over 2,000 steps or not?


# %%
def falls(H, learning_rate, momentum):
    """Return whether 2,000 steps lower the loss e·He/2 of the bowl H."""
    e, velocity = np.ones(len(H)), np.zeros(len(H))
    first = e @ H @ e
    for _ in range(2000):
        velocity = momentum * velocity + H @ e
        e = e - learning_rate * velocity
        if np.abs(e).max() > 1e6:
            return False
    return e @ H @ e < first


def observed_bound(H, momentum):
    """Return the largest learning rate at which the loss falls."""
    low, high = 0.0, 8 / np.linalg.eigvalsh(H)[-1]
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if falls(H, middle, momentum) else (low, middle)
    return low


rows = []
for name, H in hessians.items():
    for momentum in (0.0, 0.9):
        predicted = 2 * (1 + momentum) / np.linalg.eigvalsh(H)[-1]
        seen = observed_bound(H, momentum)
        rows.append(
            {
                "bowl": name,
                "momentum": momentum,
                "predicted": f"{predicted:.3g}",
                "observed": f"{seen:.3g}",
                "agree within 1 %": abs(seen / predicted - 1) < 0.01,
            }
        )
bounds = pd.DataFrame(rows)
assert bounds["agree within 1 %"].all()
bounds

# %% [markdown]
# They are. D1's 0.1 is three times too large if $x$ is the day, and two thousand times
# too large if it is the last price. Just below the bound, the example works:

# %%
bound = 2 / np.linalg.eigvalsh(A.T @ A)[-1]
for share in (0.99, 1.01):
    curve = descend_on_stock(+1, share * bound, steps=3000)
    verdict = "converges" if curve[-1] < 1 else "diverges"
    print(f"learning rate {share * bound:.4f}, {share:.0%} of the bound: {verdict}")
best = np.linalg.lstsq(A, stock, rcond=None)[0]
print(f"its line: {best[0]:.1f} + {best[1]:.1f} x, and {best @ [1, 6]:.1f} for day 6")

# %% [markdown]
# ### How noisy is a batch?
#
# D1 §3.2.3 describes two kinds of gradient descent: each step uses all samples
# (*batch*) or random ones (*stochastic*). What everybody uses lies in between and is
# not named there: the *mini-batch*. Its gradient is the mean over B random samples, so
# statistics tells us that its error falls as $1/\sqrt B$. For data we take real
# handwritten digits, 8 x 8 pixels.

# %%
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
pixels = torch.tensor(digits.data / 16)  # (1797, 64), float64
labels = torch.tensor(digits.target)  # (1797,)
everything = torch.arange(len(labels))
train, test = train_test_split(
    everything, test_size=0.2, random_state=42, stratify=labels
)
fit, validation = train_test_split(
    train, test_size=0.2, random_state=42, stratify=labels[train]
)
print(f"{len(fit):,} digits to fit, {len(validation)} to validate")

# %% [markdown]
# **Four times the batch: how much less noise?** We compare the gradient of an untrained
# linear classifier, over 200 batches of each size, with its gradient over all the
# digits:

# %%
W = torch.zeros(64, 10, dtype=torch.float64, requires_grad=True)


def gradient_of(rows):
    """Return the gradient (64, 10) of the mean cross-entropy over these digits."""
    loss = lab.losses.cross_entropy(pixels[rows] @ W, labels[rows])
    return torch.autograd.grad(loss, W)[0]


generator = torch.Generator().manual_seed(0)
whole = gradient_of(fit)
sizes = [1, 4, 16, 64, 256]
noise = []
for size in sizes:
    batches = fit[torch.randint(len(fit), (200, size), generator=generator)]
    errors = [(gradient_of(rows) - whole).norm() ** 2 for rows in batches]
    noise.append((torch.stack(errors).mean().sqrt() / whole.norm()).item())
slope = np.polyfit(np.log(sizes), np.log(noise), 1)[0]

figure, axes = plt.subplots(figsize=(6.4, 3.2))
axes.loglog(sizes, noise, "o-", label="measured")
axes.loglog(sizes, noise[0] / np.sqrt(sizes), "--", label="$1/\\sqrt{B}$")
axes.set(
    title="Four times the batch, half the noise",
    xlabel="batch size B (samples)",
    ylabel="noise / gradient (no unit)",
)
axes.set_xticks(sizes, sizes)
axes.set_yticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
axes.minorticks_off()
axes.legend()
lab.plots.show(
    figure,
    alt="Noise of the gradient against batch size, both logarithmic: a straight line "
    "that falls from about 8 at size 1 to about 0.5 at 256, on the line 1 / root of B.",
)
print(f"slope {slope:.2f}, predicted -0.5")
assert abs(slope + 0.5) < 0.02

# %% [markdown]
# A single digit's gradient is mostly noise: its error is eight times as long as the
# true gradient, and the two are equally long only at 64 digits. Yet the steps cost so
# little that many noisy ones beat a few exact ones. The price comes at the end, when
# only noise is left: [schedules](#The-noise-floor,-and-schedules) take care of it.

# %% [markdown]
# ### Exercise 3: a mini-batch, downhill
#
# *Medium · 10 minutes*
#
# `rows` holds the numbers of the rows in the batch, as in `X[rows]`.


# %%
def minibatch_gradient(X, y, theta, rows):
    """Return the gradient (features,) of the mean squared error over the batch `rows`.

    The loss is 1/B Σ (X @ theta - y)², summed over the B rows of the batch. All are
    tensors: X (samples, features), y (samples,), theta (features,), rows (B,).
    """
    ...


lab.check("optimizers.minibatch_gradient", minibatch_gradient)

# %% [markdown]
# ## From scratch
#
# Every optimizer below is a few lines for one parameter $\theta$ with the gradient $g$.
#
# **Momentum** adds up the past gradients in the velocity $u$ from above, each
# multiplied by $\beta$ once more per step. Across a ravine they cancel; along it they
# add up, to $1/(1-\beta) = 10$ times the step for $\beta = 0.9$. *Nesterov*'s version
# takes the gradient one step ahead, where the velocity will lead.
#
# **RMSprop** divides each parameter's step by the typical size of its gradient, so that
# all parameters move equally fast: $v \leftarrow \rho v + (1-\rho)\,g^2$ and
# $\theta \leftarrow \theta - \alpha\,g/(\sqrt v + \epsilon)$. The older *Adagrad* takes
# the sum of all $g^2$ for $v$, so its steps can only shrink.
#
# **Adam** (Kingma & Ba 2015) does both, with averages, and corrects them at the start,
# when they are still close to their initial zeros:
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\,g \qquad
# v \leftarrow \beta_2 v + (1-\beta_2)\,g^2 \qquad
# \theta \leftarrow \theta - \alpha\,
# \frac{m/(1-\beta_1^t)}{\sqrt{v/(1-\beta_2^t)}+\epsilon}$$

# %% [markdown]
# ### Exercise 4: momentum
#
# *Easy · 5 minutes*
#
# The velocity is the $u$ of [the bound with momentum](#And-with-momentum?).


# %%
def momentum_step(weight, gradient, velocity, learning_rate, momentum):
    """Return (weight, velocity) after one step with momentum, as PyTorch takes it.

    weight, gradient and velocity are tensors (n,), the others numbers.
    """
    ...


lab.check("optimizers.momentum_step", momentum_step)

# %% [markdown]
# ### Exercise 5: Adam, as Kingma and Ba wrote it
#
# *Medium · 15 minutes*
#
# Write the step as its formulas say.


# %%
def adam_step(weight, gradient, m, v, t, learning_rate):
    """Return (weight, m, v) after Adam's step number t = 1, 2, ...

    weight, gradient, m and v are tensors (n,), t and learning_rate numbers. The betas
    are 0.9 and 0.999, epsilon is 1e-8 (Kingma & Ba 2015).
    """
    ...


lab.check("optimizers.adam_step", adam_step)

# %% [markdown]
# ### All three in code
#
# Each keeps what it remembers in a dictionary, `state`:


# %%
def momentum_update(theta, g, state, learning_rate=0.01, beta=0.9):
    """Move theta one step of gradient descent with momentum."""
    u = state["u"] = beta * state.get("u", 0) + g
    theta -= learning_rate * u


def rmsprop_update(theta, g, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    """Move theta one step of RMSprop."""
    v = state["v"] = decay * state.get("v", 0) + (1 - decay) * g**2
    theta -= learning_rate * g / (v.sqrt() + epsilon)


def adam_update(
    theta, g, state, learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8
):
    """Move theta one step of Adam."""
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    theta -= learning_rate * m_hat / (v_hat.sqrt() + epsilon)


# %% [markdown]
# ## With PyTorch
#
# **Are they equal to PyTorch's?** We feed the same 100 random gradients to ours, to
# PyTorch's and to those in `lab.optimizers`, which the chapters use, and compare the
# parameters at the end.

# %%
generator = torch.Generator().manual_seed(0)
steps_of_gradients = torch.randn(100, 50, generator=generator, dtype=torch.float64)


def moved_by(make_optimizer):
    """Return the parameters (50,) after 100 steps of an optimizer with the gradients."""
    theta = torch.ones(50, dtype=torch.float64, requires_grad=True)
    optimizer = make_optimizer([theta])
    for g in steps_of_gradients:
        theta.grad = g
        optimizer.step()
    return theta.detach()


pairs = {
    "momentum": (
        momentum_update,
        lambda p: lab.optimizers.GradientDescent(p, 0.01, momentum=0.9),
        lambda p: torch.optim.SGD(p, 0.01, momentum=0.9),
    ),
    "RMSprop": (
        rmsprop_update,
        lambda p: lab.optimizers.RMSprop(p, 0.01),
        lambda p: torch.optim.RMSprop(p, 0.01),
    ),
    "Adam": (
        adam_update,
        lambda p: lab.optimizers.Adam(p, 0.01),
        lambda p: torch.optim.Adam(p, 0.01),
    ),
}
for name, (ours, librarys, pytorchs) in pairs.items():
    theta, state = torch.ones(50, dtype=torch.float64), {}
    for g in steps_of_gradients:
        ours(theta, g, state)
    target = moved_by(pytorchs)
    for result in (theta, moved_by(librarys)):
        assert (result - target).abs().max() < 1e-6
    print(f"{name}: equal to PyTorch's after 100 steps, within 1e-6")

# %% [markdown]
# ### Three landscapes
#
# We take a round bowl; a ravine, 25 times as steep across as along; and Rosenbrock's
# bent valley. **Which optimizer is best?** To be fair, each gets the best of 18
# learning rates and starts at 20 random points. First comes the walk, for many rates
# and starts at once:

# %%
SURFACES = {
    "bowl": lambda a, b: (a**2 + b**2) / 2,
    "ravine": lambda a, b: (a**2 + 25 * b**2) / 2,
    "Rosenbrock": lambda a, b: (1 - a) ** 2 + 100 * (b - a**2) ** 2,
}
GradientDescent = lab.optimizers.GradientDescent
OPTIMIZERS = {
    "gradient descent": GradientDescent,
    "momentum": lambda p, lr: GradientDescent(p, lr, momentum=0.9),
    "Nesterov": lambda p, lr: GradientDescent(p, lr, momentum=0.9, nesterov=True),
    "Adagrad": lab.optimizers.Adagrad,
    "RMSprop": lab.optimizers.RMSprop,
    "Adam": lab.optimizers.Adam,
}


def walk(surface, make_optimizer, starts, learning_rates, steps):
    """Return the points (steps + 1, rates, starts, 2) of the paths from `starts`."""
    thetas = [torch.tensor(starts, requires_grad=True) for _ in learning_rates]
    groups = [
        {"params": [theta], "lr": rate}
        for theta, rate in zip(thetas, learning_rates, strict=True)
    ]
    optimizer, points = make_optimizer(groups, 1.0), []
    for _ in range(steps):
        positions = torch.stack(thetas)  # (rates, starts, 2)
        points.append(positions.detach())
        optimizer.zero_grad()
        surface(*positions.unbind(-1)).sum().backward()
        optimizer.step()
    return torch.stack([*points, torch.stack(thetas).detach()])


# %% [markdown]
# Now we count: how many steps does it take until the loss stays below 0.001? We take
# the median over the starts and allow at most 300 steps, or 1,000 on Rosenbrock's.


# %%
def steps_needed(surface, points):
    """Return for each rate the median of the steps until the loss stays below 0.001."""
    low = surface(*points.unbind(-1)) < 1e-3  # (steps + 1, rates, starts)
    stays_low = low.flip(0).cumprod(0).sum(0)  # (rates, starts): steps at the end
    return (len(low) - stays_low).double().quantile(0.5, dim=1)  # (rates,)


def best_rate(surface, points):
    """Return which rate needs the fewest steps, or else ends lowest, and the steps."""
    counts = steps_needed(surface, points)  # (rates,)
    ends = surface(*points[-1].unbind(-1)).nan_to_num(torch.inf)  # (rates, starts)
    best = np.lexsort((ends.quantile(0.5, dim=1), counts))[0]
    return best, counts[best].item()


rates = 10 ** np.arange(-3.5, 0.76, 0.25)
generator = torch.Generator().manual_seed(1)
starts = 4 * torch.rand(20, 2, generator=generator, dtype=torch.float64).numpy() - 2
half = {"momentum 0.5": lambda p, lr: GradientDescent(p, lr, momentum=0.5)}
rows = {}
for name, make in (OPTIMIZERS | half).items():
    rows[name] = {}
    for place, surface in SURFACES.items():
        budget = 1000 if place == "Rosenbrock" else 300
        points = walk(surface, make, starts, rates, budget)
        _, count = best_rate(surface, points)
        rows[name][place] = f"{count:.0f}" if count <= budget else f"> {budget}"
pd.DataFrame(rows).T.rename_axis("steps")

# %% [markdown]
# None wins everywhere. Plain descent solves the bowl in one step, whose length is right
# for all directions at once. In the ravine, momentum 0.9 is slower than plain descent,
# and momentum 0.5 needs about a quarter of plain descent's steps: **the memory must fit
# the ravine; the longer the ravine, the more memory pays.** Adagrad and RMSprop make
# this ravine round, since its directions are those of a and b. Rosenbrock's valley
# turns: there momentum 0.9, Nesterov and Adam arrive, and which of them is first
# depends on the starts.
#
# Here are the paths from one start, each at its best learning rate below 0.4, so that
# they stay in the picture:

# %%
figure, axes = plt.subplots(ncols=3, figsize=(10.5, 3.8))
shown_steps = {"bowl": 60, "ravine": 60, "Rosenbrock": 400}
for panel, (place, surface) in zip(axes, SURFACES.items(), strict=True):
    a, b = torch.meshgrid(
        torch.linspace(-2.2, 2.2, 120), torch.linspace(-2.2, 2.6, 120), indexing="ij"
    )
    heights = surface(a, b)
    levels = np.geomspace(0.02, heights.max(), 12)
    panel.contour(a, b, heights, levels=levels, colors="0.8", linewidths=0.8)
    start = np.array([[-1.2, 1.0] if place == "Rosenbrock" else [-1.9, 0.9]])
    for name in ("momentum", "Adam", "Adagrad", "gradient descent"):
        steps, short = shown_steps[place], rates[rates < 0.4]
        points = walk(surface, OPTIMIZERS[name], start, short, steps)
        best, _ = best_rate(surface, points)
        panel.plot(*points[:, best, 0].T, ".-", markersize=4, linewidth=1, label=name)
    lowest = (1, 1) if place == "Rosenbrock" else (0, 0)
    panel.plot(*lowest, "k*", markersize=10)
    panel.set(
        title=f"{place}, {shown_steps[place]} steps",
        xlabel="a (no unit)",
        ylabel="b (no unit)",
        xlim=(-2.2, 2.2),
        ylim=(-2.2, 2.6),
    )
axes[0].legend(fontsize="small", loc="lower right")
lab.plots.show(
    figure,
    alt="Contours of a bowl, a ravine and a bent valley with four paths each from the "
    "upper left to a star at the minimum. In the bowl gradient descent and momentum come "
    "straight, Adagrad bends in, Adam circles the minimum; in the ravine gradient descent "
    "zigzags and then creeps, momentum swings, Adagrad and Adam cut across; in the bent "
    "valley Adagrad stops before the middle and the others follow the bend.",
)

# %% [markdown]
# ## On real data
#
# ### A race on digits
#
# Does it matter for a network? We train the network 64-64-10 on the digits for five
# epochs, with every optimizer at six learning rates. The table shows the mean
# validation accuracy of three seeds. After ± is their spread, or one point where it is
# smaller (with 288 digits, one point is noise).

# %%
RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]


def digit_training(optimizer, learning_rate, epochs, seed=0):
    """Train the network 64-64-10 on the digits with an optimizer of the table."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).double()
    model = model.to(device)
    return lab.Training(
        model,
        lab.losses.cross_entropy,
        OPTIMIZERS[optimizer](model.parameters(), learning_rate),
        train=(pixels[fit], labels[fit]),
        validation=(pixels[validation], labels[validation]),
        epochs=epochs,
        seed=seed,
        metrics={"accuracy": lab.accuracy},
    )


def reached(name, learning_rate, seed):
    """Return the validation accuracy in % that an optimizer reaches in five epochs."""
    training = digit_training(name, learning_rate, epochs=5, seed=seed)
    return 100 * training.finish().history.accuracy.iloc[-1]


best_on_digits, rows = {}, {}
for name in OPTIMIZERS:
    table = pd.DataFrame({r: [reached(name, r, k) for k in range(3)] for r in RATES})
    mean, spread = table.mean(), table.std().clip(lower=1)  # of the seeds, each rate
    best_on_digits[name] = mean.idxmax()
    rows[name] = {f"{r:g}": lab.about(mean[r], spread[r]) for r in RATES}
    rows[name]["rates within 8 points of the best"] = (mean > mean.max() - 8).sum()
pd.DataFrame(rows).T.rename_axis("accuracy (%) at rate")

# %% [markdown]
# At its best rate each optimizer gets about as far, 93 to 97 %, though those rates
# differ by a factor of thirty. The optimizers differ in how much they forgive: plain
# descent is near its best at two of the six rates, momentum at four, Adam at five.
# **Adam gives you tolerance rather than a better result.**
#
# ### The noise floor, and schedules
#
# With small batches, training never comes to rest: near the minimum the gradient is all
# noise, and the parameters jitter by an amount that grows with the learning rate. So
# begin with long steps and end with short ones. There are three usual ways: cut the
# rate to a tenth after each third of the steps; half a cosine from 1 to 0; and one
# cycle, a rise for 30 % of the steps and then a fall. **Guess: what does a schedule
# gain on a problem whose minimum we know?** We fit a line to house prices with batches
# of 8:

# %%
prices = torch.tensor(lab.datasets.saratoga_houses()["price"].to_numpy() / 100_000)
X = torch.tensor(scaled.to_numpy())  # (1728, 3)
design = torch.cat([X, torch.ones(len(X), 1, dtype=torch.float64)], dim=1)
solution = torch.linalg.lstsq(design, prices).solution
lowest = lab.losses.mse(design @ solution, prices).item()


def line_training(learning_rate, schedule=None):
    """Train a line on the prices with batches of 8."""
    torch.manual_seed(0)
    model = lab.models.linear_regression(3).double()
    optimizer = GradientDescent(model.parameters(), learning_rate)
    return lab.Training(
        model,
        lab.losses.mse,
        optimizer,
        train=(X, prices),
        validation=(X, prices),  # the same: how far above the minimum is it?
        epochs=10,
        batch_size=8,
        schedule=schedule,
    )


curves = {
    "constant 0.1": line_training(0.1),
    "constant 0.003": line_training(0.003),
    "steps from 0.1": line_training(0.1, lab.schedules.step_decay),
    "cosine from 0.1": line_training(0.1, lab.schedules.cosine),
    "one cycle to 0.1": line_training(0.1, lab.schedules.one_cycle),
}
figure, axes = plt.subplots(figsize=(7, 3.4))
for name, training in curves.items():
    history = training.finish().history
    excess = history.validation_loss - lowest
    axes.plot(history.epoch, excess, label=name)
    print(f"{name}: ends {excess.iloc[-1]:.0e} above the minimum")
axes.set(
    title="A learning rate that falls gets through the noise floor",
    xlabel="epoch",
    ylabel="loss above the minimum (($100,000)²)",
    yscale="log",
)
axes.legend(fontsize="small")
lab.plots.show(
    figure,
    alt="Loss above the minimum against epoch, logarithmic. The constant rate 0.1 "
    "jitters high, 0.003 lower; step decay, cosine and one cycle end lowest.",
)

# %% [markdown]
# The constant 0.1 stays 0.02 above the minimum; 0.003 gets far lower, but slowly. The
# three schedules start as fast as 0.1 and end a hundred times lower; which of them ends
# lowest depends on the luck of the batches.

# %% [markdown]
# ### Exercise 6: a schedule
#
# *Medium · 10 minutes*


# %%
def cosine_learning_rate(step, steps, peak, final):
    """Return the learning rate at `step`: half a cosine from peak down to final.

    step and steps are whole numbers, peak and final are learning rates.
    """
    ...


lab.check("optimizers.cosine_learning_rate", cosine_learning_rate)

# %% [markdown]
# ### Weight decay inside Adam, or outside
#
# An L2 penalty adds $\text{decay}\cdot\theta$ to the gradient, so that unneeded weights
# shrink. Adam divides the gradient by its typical size, and it divides the penalty
# along with it. **Take two weights whose gradient is pure noise, one a hundred times as
# loud as the other: which shrinks more?**

# %%
torch.manual_seed(0)
rows = {}
for name, make in {
    "Adam, L2": lab.optimizers.Adam,
    "AdamW": lab.optimizers.AdamW,
}.items():
    theta = torch.tensor([10.0, 10.0], dtype=torch.float64, requires_grad=True)
    optimizer = make([theta], 0.001, weight_decay=0.1)
    noise_steps = torch.randn(5000, 2, generator=generator, dtype=torch.float64)
    for noisy in noise_steps:
        theta.grad = noisy * torch.tensor([1.0, 100.0])
        optimizer.step()
    quiet, loud = theta.tolist()
    rows[name] = {"quiet weight": f"{quiet:.0f}", "loud weight": f"{loud:.0f}"}
pd.DataFrame(rows).T.rename_axis("from 10 to")

# %% [markdown]
# Adam's L2 spares the loud weight; AdamW (Loshchilov & Hutter 2019) takes the decay out
# of the quotient, and both shrink equally. It is the standard for large models.
#
# ### Tomorrow's price
#
# We return to D1 §4 with real prices: the Dow Jones index on every trading day
# since 2004. A forecast may use only the past, so we *walk forward*: each day, fit on
# the days before, forecast the next day, and move on. The rival knows nothing:
# **tomorrow = today**.

# %% [markdown]
# ### Exercise 7: is the forecast any good?
#
# *Easy · 10 minutes*
#
# How much better than the rival is a forecast? Its *skill* says: 0 for one that is no
# better, 1 for a perfect one.


# %%
def skill(prices, forecasts):
    """Return the share of the squared error of "tomorrow = today" that is saved.

    prices, a tensor (T + 1,), are in order; forecasts, a tensor (T,), are of
    prices[1:].
    """
    ...


lab.check("optimizers.skill", skill)

# %% [markdown]
# ### Who wins?
#
# Here four forecasts meet the rival:

# %%
from sklearn.metrics import r2_score

recent = dow[dow["date"] >= "2004"].reset_index(drop=True)
close = recent["close"].to_numpy()  # (5007,)
returns = np.diff(np.log(close))  # returns[t]: from day t to day t + 1
todays = np.arange(1006, len(close) - 1)  # four years to fit, the rest to test


def line_through(x, y, at):
    """Return the value at `at` of the least-squares line through (x, y)."""
    A = np.c_[np.ones(len(x)), x]
    return np.r_[1, at] @ np.linalg.lstsq(A, y, rcond=None)[0]


def from_five_returns(t, days=1000):
    """Forecast day t + 1 from the last five returns, by regression on `days` days."""
    past = np.arange(t - days, t)
    lagged = np.stack([returns[past - k] for k in range(1, 6)], axis=1)  # (days, 5)
    expected = line_through(lagged, returns[past], returns[t - np.arange(1, 6)])
    return close[t] * np.exp(expected)


forecasts = {
    "tomorrow = today": lambda t: close[t],
    "D1: line through 5 days": lambda t: line_through(
        np.arange(5), close[t - 4 : t + 1], 5
    ),
    "D1: line from the last price": lambda t: line_through(
        close[t - 1000 : t], close[t - 999 : t + 1], close[t]
    ),
    "regression on 5 returns": from_five_returns,
    "mean return of 4 years": lambda t: close[t] * np.exp(returns[t - 1000 : t].mean()),
}
truth, today = close[todays + 1], close[todays]
rows, relative = {}, {}
for name, forecast in forecasts.items():
    predicted = np.array([forecast(t) for t in todays])
    error = relative[name] = (truth - predicted) / today
    worse = error**2 - relative["tomorrow = today"] ** 2  # paired, day by day
    blocks = worse.reshape(200, 20).mean(1)  # wild days cluster, months do not
    spread = blocks.std(ddof=1) / len(blocks) ** 0.5
    rows[name] = {
        "RMSE": f"{np.sqrt((error**2).mean()):.3%}",
        "skill": f"{1 - (error**2).mean() / (relative['tomorrow = today'] ** 2).mean():.2%}",
        "standard errors worse": f"{worse.mean() / spread:.1f}" if spread else "",
        "R² of the price": f"{r2_score(truth, predicted):.3f}",
    }
print(f"{len(todays):,} forecasts, {recent['date'][1007].year} to 2023")
table = pd.DataFrame(rows).T
assert (table["standard errors worse"][1:].astype(float) > 0).all()
table

# %% [markdown]
# Nobody beats "tomorrow = today". *Skill* is the share of its squared error that a
# model saves, and no model saves any. D1's line through five days is clearly worse; the
# others lie within about two standard errors of the rival, so we cannot call any of
# them better or worse. And look at the last column: an R² of 0.999 for a forecast that
# knows nothing. **A price series flatters every model; only the baseline tells the
# truth.**
#
# ### What Adam costs a large model
#
# Adam keeps two numbers for every parameter. **How many graphics cards with 80 GB does
# it take to train GPT-3?** And what is a "large model"? That depends on whom you ask:
# the articles say "billions to hundreds of billions" of parameters (D0 §1), "hundreds
# of millions to hundreds of billions" (D1 §1), "millions to billions" (D2 §1.4.1),
# "billions to trillions" (D3 §2), "hundreds of millions to billions" (D4 §1.1). We
# count the parameters of real models from their published configurations, with modules
# that take up no memory (PyTorch's *meta* device).


# %%
def transformer(
    layers, width, vocabulary, positions, segments=0, pooler=False, extra_norm=True
):
    """Return a Transformer's modules; a block has attention and an MLP 4 times wider."""
    block = nn.TransformerEncoderLayer(width, nhead=1, dim_feedforward=4 * width)
    modules = [nn.Embedding(n, width) for n in (vocabulary, positions, segments) if n]
    modules += [block] * layers + [nn.LayerNorm(width)] * extra_norm
    return modules + [nn.Linear(width, width)] * pooler


def convolutions(*shapes):
    """Return convolutions with these (channels in, channels out, size)."""
    return [nn.Conv2d(*shape) for shape in shapes]


def count(modules):
    """Return how many parameters the modules have, repeated ones counted again."""
    return sum(p.numel() for module in modules for p in module.parameters())


with torch.device("meta"):
    sizes = {
        "D3's network, 100-500-10": [nn.Linear(100, 500), nn.Linear(500, 10)],
        "AlphaGo, policy network (2016)": convolutions(
            (48, 192, 5), *[(192, 192, 3)] * 11, (192, 1, 1)
        ),
        "AlexNet (2012)": [
            nn.Conv2d(3, 96, 11),
            nn.Conv2d(96, 256, 5, groups=2),
            nn.Conv2d(256, 384, 3),
            nn.Conv2d(384, 384, 3, groups=2),
            nn.Conv2d(384, 256, 3, groups=2),
            *(nn.Linear(9216, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000)),
        ],
        "BERT base (2018)": transformer(12, 768, 30522, 512, segments=2, pooler=True),
        "GPT (2018)": transformer(12, 768, 40478, 512, extra_norm=False),
        "GPT-2 XL (2019)": transformer(48, 1600, 50257, 1024),
        "GPT-3 (2020)": transformer(96, 12288, 50257, 2048),
    }
    parameters = {name: count(modules) for name, modules in sizes.items()}

# The published checkpoints hold exactly these numbers.
assert parameters["BERT base (2018)"] == 109_482_240
assert parameters["GPT (2018)"] == 116_534_784
assert parameters["GPT-2 XL (2019)"] == 1_557_611_200

says_large = {  # the smallest and the largest "large model" of each document
    "D0": (1e9, 1e12),
    "D1": (1e8, 1e12),
    "D2": (1e6, 1e10),
    "D3": (1e9, 1e13),
    "D4": (1e8, 1e10),
}
rows = {}
for name, n in parameters.items():
    rows[name] = {
        "parameters (millions)": f"{n / 1e6:,.2f}",
        "training with Adam (GB)": f"{16 * n / 1e9:,.3f}",
        "called large by": ", ".join(
            document for document, (low, high) in says_large.items() if low <= n < high
        ),
    }
pd.DataFrame(rows).T

# %% [markdown]
# No two articles agree, and of all these models only GPT-2 XL is "large" for all five.
# "Large" depends on the year, not on a number. The memory is a fact: in single
# precision a parameter takes 4 bytes, its gradient 4, and Adam's two averages 8. GPT-3
# needs thirty-five graphics cards with 80 GB each for that alone. AlphaGo, which D1 §1
# counts as a large model, has networks with a few million parameters.
#
# What do the letters stand for? D2 §1.4.3 calls GPT a "generative pre-trained
# *network*" and BERT a "bidirectional encoder representer". The block that we counted
# gives the answer: what both share is a **Transformer**.

# %%
names = {
    "GPT (2018)": "Generative Pre-trained Transformer",
    "BERT base (2018)": "Bidirectional Encoder Representations from Transformers",
}
for model, name in names.items():
    blocks = [m for m in sizes[model] if isinstance(m, nn.TransformerEncoderLayer)]
    share = count(blocks) / parameters[model]
    print(f"{name}: {len(blocks)} blocks hold {share:.0%} of its parameters")

# %% [markdown]
# ## Turn the knobs
#
# ### Steer the path
#
# Choose a landscape, drag the start, and press ▶ to see the path drawn step by step.
# (For Adam, the momentum is its $\beta_1$.) In the ravine with momentum 0, the bound on
# the learning rate is $2/25 = 0.08$: at the notch below it the path creeps in, and at
# the notch above it the path flies off.
#
# **Then set the momentum to 0.9: what is the largest learning rate now at which the
# path arrives?** That is exercise 8.

# %%
from functools import cache, partial

STEERED = {
    "gradient descent": lambda p, lr, beta: GradientDescent(p, lr, momentum=beta),
    "Nesterov": lambda p, lr, beta: GradientDescent(
        p, lr, momentum=beta, nesterov=beta > 0
    ),
    "Adam": lambda p, lr, beta: lab.optimizers.Adam(p, lr, betas=(beta, 0.999)),
}


@cache
def contours(surface):
    """Return the landscape as three arrays (113, 177)."""
    a, b = np.meshgrid(np.linspace(-4.4, 4.4, 177), np.linspace(-2.8, 2.8, 113))
    return a, b, SURFACES[surface](a, b)


@cache
def whole_path(surface, optimizer, learning_rate, momentum, a, b):
    """Return 101 points of the path from (a, b)."""
    make = partial(STEERED[optimizer], beta=momentum)
    points = walk(SURFACES[surface], make, np.array([[a, b]]), [learning_rate], 100)
    return points[:, 0, 0].numpy()


def steer(
    surface, optimizer, learning_rate=0.01, momentum=0.0, a=-3.2, b=1.6, steps=100
):
    """Return where an optimizer goes from (a, b), as text and as curves."""
    path = whole_path(surface, optimizer, learning_rate, momentum, a, b)[: steps + 1]
    loss = SURFACES[surface](*path[-1])
    verdict = "It has arrived." if loss < 0.01 else "It is not there yet."
    if not loss <= SURFACES[surface](a, b):
        verdict = "It has flown off."
    text = f"After {steps} steps the loss is <b>{loss:.2g}</b>. {verdict}"
    return text, {
        "equal loss": contours(surface),
        "path": (path[:, 0], path[:, 1], "o-"),
        "start": (a, b),
        "minimum": (1, 1) if surface == "Rosenbrock" else (0, 0),
    }


for learning_rate in (0.07, 0.09):
    print(steer("ravine", "gradient descent", learning_rate)[0])

# %%
lab.Explorer(
    steer,
    question="Ravine, momentum 0.9: up to which learning rate does the path arrive?",
    axes={"a": (-4, 4), "b": (-2.5, 2.5)},
    drag={"start": ("a", "b")},
    play="steps",
    surface=["ravine", "bowl", "Rosenbrock"],
    optimizer=list(STEERED),
    momentum=(0.0, 0.98, 0.02),
    a=(-4.0, 4.0, 0.1),
    b=(-2.5, 2.5, 0.1),
    steps=(0, 100),
)

# %% [markdown]
# ### Exercise 8: the explorer's question
#
# *Easy · 5 minutes*
#
# In the ravine, with *gradient descent*, momentum 0.9 and 100 steps: what is the
# largest learning rate on the slider at which the path arrives? Two digits are enough.

# %%
last_stable_notch = ...

lab.check("optimizers.last_stable_notch", last_stable_notch)

# %% [markdown]
# ### The race
#
# All six optimizers train the digits network side by side, each with its best learning
# rate from the table above, multiplied by *times*. **Who is ahead after one epoch? Who
# survives ten times its best rate, and who a tenth of it?**

# %%
from ipywidgets import FloatLogSlider


def race(optimizer, times, epochs):
    """Train the digits network with an optimizer's best learning rate, times `times`."""
    return digit_training(optimizer, times * best_on_digits[optimizer], epochs)


panel = lab.TuningPanel(
    race,
    question="Which optimizers survive ten times their best learning rate?",
    compare={"optimizer": list(OPTIMIZERS)},
    times=FloatLogSlider(1, min=-1.5, max=1.5, step=0.25, readout_format=".2g"),
    epochs=5,
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# At the best rates, all but plain descent and momentum reach 89 % or more after one
# epoch (set *epochs* to 1); after five epochs all do. At ten times the best rate, plain
# descent and Nesterov are back to guessing (their best rates are ten and three times as
# large as momentum's, so ten times is harder on them); the other four end near 90 %. At
# a tenth of it, Adagrad, Adam and Nesterov still pass 90 %, while plain descent and
# momentum end at about 80 %.
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("optimizers")

# %% tags=["nbval-ignore-output"]
lab.solved("optimizers")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | "Adam" in five lines (E1) | D0 §4.1 | [its numerator is the gradient minus its own mean: 0 on a steady slope; two lines for s_t](#An-Adam-that-stands-still); [the correct version equals PyTorch's](#With-PyTorch) | fails |
# | the gradient is (y - ŷ) x (E2) | D0 §4.3 | [climbs at every learning rate](#Uphill) | fails |
# | learning rate 0.1, 100 steps (E6) | D1 §4.3.3 | [loss 2e141; the bound is 0.034](#The-bounds,-tried-out) | fails |
# | "evaluate on the remaining data" (E6) | D1 §4.3.4 | [none remain; two of the five days had trading](#What-the-articles-say) | fails |
# | a line predicts the next price (E6) | D1 §4.3 | [as a line in days, it is worse than "tomorrow = today" by 8 standard errors; as a line in the last price, it is no better](#Who-wins?) | fails |
# | Adam "adapts the learning rate and trains more efficiently" | D0 §3.2 | [good at more learning rates, not better at its best one](#A-race-on-digits) | half true |
# | stochastic descent uses random samples, batch descent all of them | D1 §3.2.3 | [one gradient, with noise that falls as 1/√B; the usual mini-batch is missing](#How-noisy-is-a-batch?) | half true |
# | "large" begins at 10⁶, 10⁸ or 10⁹ parameters (E18) | D0 §1 to D4 §1 | [one of seven models is large for all five](#What-Adam-costs-a-large-model) | fails |
# | AlphaGo is a large model (E17) | D1 §1 | [3.9 million parameters](#What-Adam-costs-a-large-model) | fails |
# | GPT: "generative pre-trained network" (E19) | D2 §1.4.3 | [Transformer, in both names](#What-Adam-costs-a-large-model) | fails |

# %% [markdown]
# ## Going further
#
# **Limits.** The bound is exact only for a bowl; a network's curvature changes as it
# trains, often until it sits right at the bound (Cohen et al. 2021, *Gradient descent
# on neural networks typically occurs at the edge of stability*, arXiv 2103.00065). The
# race has one network, one seed and five epochs: it says nothing about your network. No
# simple model beats "tomorrow = today" here, but that does not prove that none can.
#
# **References.** Momentum: Polyak (1964); Nesterov (1983); Sutskever et al. (2013), *On
# the importance of initialization and momentum in deep learning*. Adagrad: Duchi, Hazan,
# Singer (2011). RMSprop: Hinton (2012), lecture 6e. Adam: Kingma and Ba (2015), arXiv
# 1412.6980. AdamW: Loshchilov and Hutter (2019), arXiv 1711.05101. One cycle: Smith and
# Topin (2019), arXiv 1708.07120. Why momentum works, with sliders: Goh (2017), *Why
# momentum really works*, Distill. Model sizes: Krizhevsky et al. (2012); Silver et al.
# (2016), Nature 529; Radford et al. (2018, 2019); Devlin et al. (2018), arXiv 1810.04805;
# Brown et al. (2020), arXiv 2005.14165. The index: Williamson (2019), MeasuringWorth.
