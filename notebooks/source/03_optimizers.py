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
# **Time:** 4 hours. **Judges:** D0 §1, §3.2, §4.1, §4.3; D1 §1, §3.2, §4.3; D2 §1.4; D3
# §2; D4 §1.1 (D0 to D4 are [the five
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
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import nn

# %% [markdown]
# ## What the articles say
#
# One article forecasts a stock price (D1 §4.3) with a line
# $\hat y = \theta_0 + \theta_1 x$, the loss $\frac12\sum(y-\hat y)^2$ and five prices.
# It trains with "learning rate 0.1, 100 times"
# (<span lang="zh">学习率为0.1，训练100次</span>). It does not say what $x$ is in
# training; the forecast puts in the last price
# (<span lang="zh">输入为最后一个价格值</span>). We begin with the number of the day,
# the kindest reading. **Will the loss fall?**

# %%
days = np.arange(1.0, 6.0)
stock = np.array([100.0, 102.0, 105.0, 108.0, 110.0])
A = np.c_[np.ones(5), days]  # (5, 2): a column of ones for theta_0


# %%
def descend_on_stock(sign, learning_rate, steps):
    """Return the losses of `steps` steps against sign * gradient, from theta = 0."""
    theta, curve = np.zeros(2), []
    for _ in range(steps):
        error = A @ theta - stock  # (5,)
        curve.append((error**2).sum() / 2)
        theta = theta - learning_rate * sign * A.T @ error
    return np.array(curve)


# %%
printed = descend_on_stock(+1, learning_rate=0.1, steps=100)
for step in (1, 2, 3, 100):
    print(f"step {step:3}: loss {printed[step - 1]:.1e}")

# %% [markdown]
# It does not: every step multiplies it by about 24, and it reaches 2e141.
#
# The article then evaluates "on the remaining data"
# (<span lang="zh">使用剩余的数据进行模型评估</span>), but all five prices were used, so
# none remain. And look at the five days, January 1 to 5, 2021. **On how many of them
# was there trading?** A real stock index can tell us.

# %%
dow = lab.datasets.dow_jones()
printed_days = pd.date_range("2021-01-01", periods=5)
print("days printed in D1 §4.3.1:", len(printed_days))
print("days with trading:        ", dow["date"].isin(printed_days).sum())

# %% [markdown]
# There was trading on two of them; the others were New Year's Day and a weekend. The
# example is made up.
#
# ### Uphill
#
# Another article prints the gradient of a squared error with $(y - \hat y)$ instead of
# $(\hat y - y)$ (D0 §4.3): the other sign. **Is there a learning rate at which that
# works?**

# %%
for rate in (0.0001, 0.001, 0.01):
    printed, mended = (descend_on_stock(sign, rate, 100) for sign in (-1, +1))
    print(f"rate {rate}, as printed: loss {printed[0]:,.0f} to {printed[-1]:.2g}")
    print(f"rate {rate}, mended:     loss {mended[0]:,.0f} to {mended[-1]:.2g}")
    assert (np.diff(printed) > 0).all()  # checked on every run
    assert (np.diff(mended) < 0).all()

# %% [markdown]
# There is none: a step *along* the gradient climbs at every learning rate; a small one
# only climbs more slowly. ([Chapter
# 04](04_house_prices.ipynb#The-gradient,-with-its-sign) proves the sign with autograd.)
#
# ### An Adam that stands still
#
# The same article prints five lines for Adam (D0 §4.1), with $x_t$ the gradient and
# $\beta_1 = 0.9$:
#
# $$v_t = \beta_1 x_t + (1-\beta_1)(x_t - m_t) \qquad
# m_t = \frac{1}{1-\beta_1^t}\sum_{i=1}^t \beta_1^{t-i} x_i \qquad
# \theta \leftarrow \theta - \alpha \frac{v_t}{\sqrt{s_t}+\epsilon}$$
#
# and two different lines for $s_t$, in which $y_t$ is "the historical gradient"
# (<span lang="zh">历史梯度</span>). **Let the gradient be 1 at every step, the simplest
# slope there is. How far does the parameter move?**

# %%
beta1 = 0.9
gradients = np.ones(5)  # x_1 ... x_5
for t in range(1, 6):
    weights = beta1 ** np.arange(t - 1, -1, -1)  # beta1^(t-i)
    m = (weights * gradients[:t]).sum() / (1 - beta1**t)
    v = beta1 * gradients[t - 1] + (1 - beta1) * (gradients[t - 1] - m)
    print(f"t = {t}: m = {m:.2f}, numerator v = {abs(v):.2f}")
    assert abs(v) < 1e-12  # checked on every run

# %% [markdown]
# It does not move at all. The sum lacks a factor $1-\beta_1$, so $m$ is ten times the
# gradient's mean. Put into the first line, this leaves $v_t = x_t - \hat m_t$: the
# gradient *minus its own mean*. On a steady slope that is 0. (The two lines for $s_t$
# contradict each other, and the first may be negative under a square root.) However you
# read the five lines, they are not Adam; the correct ones follow below.

# %% [markdown]
# ## Derive it
#
# ### The bound on the learning rate
#
# A step with learning rate $\alpha$ multiplies the distance $e$ to the minimum by
# $1-\alpha\lambda$ in a direction of curvature $\lambda$. The steepest direction is
# the first to fly off, so the rate must stay below $2/\lambda_{\max}$, where
# $\lambda_{\max}$ is the largest eigenvalue of $H$, the matrix of second derivatives.
# [Chapter 04](04_house_prices.ipynb#How-long-may-a-step-be?) derives this bound; with
# $\lambda = 1$ and 25, for example, it is $2/25 = 0.08$.
#
# In the exercises the arguments are PyTorch tensors: `@`, `*`, `.T` and `.sum(0)` work
# as in NumPy, and NumPy's own functions are understood too.

# %% [markdown]
# ### Exercise 1: the bound that D1 §4 needed
#
# *Medium · 15 minutes*
#
# For which learning rates does the stock example train? `torch.linalg.eigvalsh(H)`
# gives the eigenvalues of a symmetric matrix, the largest last.


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
# Try $e_t = z^t$: the equation becomes
# $z^2 - (1+\beta-\alpha\lambda)\,z + \beta = 0$, and the distance shrinks as long as
# both solutions lie between -1 and 1 (or, if complex, in the unit circle). The first to
# leave passes through $z = -1$, at $\alpha\lambda = 2(1+\beta)$. So momentum *raises*
# the bound, 1.9-fold for $\beta = 0.9$.
#
# We try it on four bowls; two of them are the stock example, read in two ways:

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
# **At which rate does the loss really stop falling?** We try 2,000 rates from 0.00001
# to 10, one in each column of `e`, for 400 steps:

# %%
RATES = np.geomspace(1e-5, 10, 2000)


def measured_bound(H, momentum):
    """Return the largest of the rates at which 400 steps lower the loss e·He/2."""
    e = np.ones((len(H), len(RATES)))
    velocity, first = 0 * e, e[:, 0] @ H @ e[:, 0]
    with np.errstate(over="ignore", invalid="ignore"):  # some fly off to infinity
        for _ in range(400):
            velocity = momentum * velocity + H @ e
            e = e - RATES * velocity
        return RATES[(e * (H @ e)).sum(0) < first].max()


# %%
rows = []
for name, H in hessians.items():
    for momentum in (0.0, 0.9):
        bound = 2 * (1 + momentum) / np.linalg.eigvalsh(H)[-1]
        seen = measured_bound(H, momentum)
        rows.append([name, momentum, f"{bound:.3g}", f"{seen:.3g}", seen / bound])
        assert 0.99 < seen / bound < 1.01  # checked on every run
columns = ["bowl", "momentum", "predicted bound", "measured", "ratio"]
pd.DataFrame(rows, columns=columns).round({"ratio": 2})

# %% [markdown]
# Each loss stops falling where predicted; from one rate to the next it is 0.7 %. The
# article's 0.1 is three times too large if $x$ is the day, and two thousand times too
# large if it is the last price. Just below the bound, the example works:

# %%
bound = 2 / np.linalg.eigvalsh(A.T @ A)[-1]
print("the loss ends at", lab.about(descend_on_stock(+1, 0.99 * bound, 3000)[-1]))
intercept, slope = np.linalg.lstsq(A, stock, rcond=None)[0]
print(f"the best line: {intercept:.1f} + {slope:.1f} x, or {intercept + 6 * slope:.1f}")

# %% [markdown]
# ### How noisy is a batch?
#
# An article describes two kinds of gradient descent (D1 §3.2.3): each step uses random
# samples (*stochastic*, <span lang="zh">每次更新参数时使用随机样本</span>) or all of
# them (*batch*, <span lang="zh">每次更新参数时使用所有样本</span>). What everybody uses
# lies in between: the *mini-batch*. Its gradient is the mean over B random samples, so
# its error should fall as $1/\sqrt B$. We try it on handwritten digits, 8 x 8 pixels.

# %%
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
pixels = torch.tensor(digits.data / 16)  # (1797, 64), float64
labels = torch.tensor(digits.target)  # (1797,)
train, test = train_test_split(
    torch.arange(len(labels)), test_size=0.2, random_state=42, stratify=labels
)
fit, validation = train_test_split(
    train, test_size=0.2, random_state=42, stratify=labels[train]
)
print(f"{len(fit):,} digits to fit, {len(validation)} to validate")

# %% [markdown]
# **Four times the batch: how much less noise?** We compare an untrained classifier's
# gradients over 200 batches of each size with its gradient over all digits:

# %%
W = torch.zeros(64, 10, dtype=torch.float64, requires_grad=True)


def gradient_of(rows):
    """Return the gradient (64, 10) of the mean cross-entropy over these digits."""
    loss = lab.losses.cross_entropy(pixels[rows] @ W, labels[rows])
    return torch.autograd.grad(loss, W)[0]


# %%
generator = torch.Generator().manual_seed(0)
whole, rows = gradient_of(fit), {}
for size in (1, 4, 16, 64, 256):
    batches = fit[torch.randint(len(fit), (200, size), generator=generator)]
    errors = [(gradient_of(batch) - whole).norm() ** 2 for batch in batches]
    noise = (torch.stack(errors).mean().sqrt() / whole.norm()).item()
    times_root = noise * size**0.5
    rows[size] = {"noise / gradient": f"{noise:.2f}", "times √B": f"{times_root:.1f}"}
    assert 7.9 < times_root < 8.7  # checked on every run
pd.DataFrame(rows).T.rename_axis("batch size B")

# %% [markdown]
# It halves: times $\sqrt B$, the noise is the same for every size. A single digit's
# gradient is mostly noise, eight times as long as the true gradient; only at 64 digits
# are the two equally long. Yet the steps cost so little that many noisy ones beat a few
# exact ones. The price comes at the end, when only noise is left:
# [schedules](#The-noise-floor,-and-schedules) take care of it.

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
# ### What each one keeps
#
# **Momentum** adds up the past gradients in the velocity $u$ from above, each
# multiplied by $\beta$ once more per step. In a ravine that is just what we need:

# %%
lab.drawings.ravine_steps()

# %% [markdown]
# Along the ravine the steps grow to $1/(1-\beta) = 10$ times their length for
# $\beta = 0.9$. *Nesterov*'s version takes the gradient one step ahead, where the
# velocity will lead.
#
# **RMSprop** divides each parameter's step by the typical size of its gradient $g$, so
# that all parameters move equally fast: $v \leftarrow \rho v + (1-\rho)\,g^2$ and
# $\theta \leftarrow \theta - \alpha\,g/(\sqrt v + \epsilon)$. The older *Adagrad* takes
# the sum of all $g^2$ for $v$, so its steps can only shrink.
#
# **Adam** (Kingma & Ba 2015) does both, with averages. The article sees only the first
# half: "combines gradient descent and momentum"
# (<span lang="zh">结合了梯度下降和动量法</span>, D0 §4.1).

# %%
lab.drawings.optimizer_memory()

# %% [markdown]
# At the start the two averages are still close to their initial zeros. Adam corrects
# them by a division:
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
# Each keeps what it remembers in a dictionary, `state`: momentum and RMSprop one number
# for each parameter,


# %%
def momentum_update(theta, g, state, learning_rate=0.01, beta=0.9):
    """Move theta one step of gradient descent with momentum."""
    u = state["u"] = beta * state.get("u", 0) + g
    theta -= learning_rate * u


def rmsprop_update(theta, g, state, learning_rate=0.01, decay=0.99, epsilon=1e-8):
    """Move theta one step of RMSprop."""
    v = state["v"] = decay * state.get("v", 0) + (1 - decay) * g**2
    theta -= learning_rate * g / (v.sqrt() + epsilon)


# %% [markdown]
# and Adam two, and the number of the step:


# %%
def adam_update(theta, g, state, learning_rate=0.01, betas=(0.9, 0.999), epsilon=1e-8):
    """Move theta one step of Adam."""
    beta1, beta2 = betas
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    theta -= learning_rate * m_hat / (v_hat.sqrt() + epsilon)


# %% [markdown]
# ## With PyTorch
#
# **Do they agree with PyTorch's?** We feed both the same 100 random gradients and
# compare the parameters at the end. (Chapters use the same rules, in `lab.optimizers`.)

# %%
generator = torch.Generator().manual_seed(0)
random_gradients = torch.randn(100, 50, generator=generator, dtype=torch.float64)
pairs = {
    "momentum": (momentum_update, partial(torch.optim.SGD, momentum=0.9)),
    "RMSprop": (rmsprop_update, torch.optim.RMSprop),
    "Adam": (adam_update, torch.optim.Adam),
}
for name, (update, pytorchs) in pairs.items():
    ours, state = torch.ones(50, dtype=torch.float64), {}
    theirs = torch.ones(50, dtype=torch.float64, requires_grad=True)
    optimizer = pytorchs([theirs], 0.01)
    for theirs.grad in random_gradients:
        update(ours, theirs.grad, state)
        optimizer.step()
    print(f"our {name} = PyTorch's, to six digits")
    assert (ours - theirs).abs().max() < 1e-6  # checked on every run

# %% [markdown]
# They do: this is what the world trains with, and you have written it.
#
# ### Three landscapes
#
# We take a round bowl; a ravine, 25 times as steep across as along; and Rosenbrock's
# bent valley. **Which optimizer is best?**

# %%
SURFACES = {
    "bowl": lambda a, b: (a**2 + b**2) / 2,
    "ravine": lambda a, b: (a**2 + 25 * b**2) / 2,
    "Rosenbrock": lambda a, b: (1 - a) ** 2 + 100 * (b - a**2) ** 2,
}
MINIMA = {"bowl": (0, 0), "ravine": (0, 0), "Rosenbrock": (1, 1)}
GradientDescent = lab.optimizers.GradientDescent
OPTIMIZERS = {
    "gradient descent": GradientDescent,
    "momentum": lambda p, lr: GradientDescent(p, lr, momentum=0.9),
    "Nesterov": lambda p, lr: GradientDescent(p, lr, momentum=0.9, nesterov=True),
    "Adagrad": lab.optimizers.Adagrad,
    "RMSprop": lab.optimizers.RMSprop,
    "Adam": lab.optimizers.Adam,
}

# %% [markdown]
# A walk is a training loop, on a point (a, b) instead of a model:


# %%
def walk(surface, make_optimizer, start, learning_rate, steps):
    """Return the points (steps + 1, ..., 2) of the way down from `start` (..., 2)."""
    theta = start.clone().requires_grad_()
    optimizer, points = make_optimizer([theta], 1.0), []
    optimizer.param_groups[0]["lr"] = learning_rate
    for _ in range(steps):
        points.append(theta.detach().clone())
        optimizer.zero_grad()
        surface(theta[..., 0], theta[..., 1]).sum().backward()
        optimizer.step()
    return torch.stack([*points, theta.detach()])


# %% [markdown]
# `start` may hold many points at once. We try 20, each optimizer at the best of 18
# learning rates (try others!), and count the steps until the loss stays below 0.001:

# %%
BEST = {  # learning rates for the bowl, the ravine and Rosenbrock's valley
    "gradient descent": (1.0, 0.056, 0.0018),
    "momentum 0.5": (0.32, 0.1, 0.0018),
    "momentum": (0.01, 0.018, 0.001),
    "Nesterov": (1.0, 0.032, 0.001),
    "Adagrad": (1.0, 1.8, 0.56),
    "RMSprop": (0.01, 0.01, 0.01),
    "Adam": (0.1, 0.1, 1.0),
}
half = {"momentum 0.5": lambda p, lr: GradientDescent(p, lr, momentum=0.5)}

# %%
generator = torch.Generator().manual_seed(1)
starts = 4 * torch.rand(20, 2, generator=generator, dtype=torch.float64) - 2
table = pd.DataFrame().rename_axis("steps")
for column, (place, surface) in enumerate(SURFACES.items()):
    for name, rates in BEST.items():
        make = (OPTIMIZERS | half)[name]
        points = walk(surface, make, starts, rates[column], steps=1000)
        low = (surface(*points.movedim(-1, 0)) < 0.001).numpy()  # (1001, 20)
        needed = [np.flatnonzero(~walker).max(initial=-1) + 1 for walker in low.T]
        steps = np.median(needed)
        table.loc[name, place] = f"{steps:.0f}" if steps <= 1000 else "> 1000"
table

# %% [markdown]
# None wins everywhere. Plain descent solves the bowl in one step, whose length is right
# for all directions at once. In the ravine, momentum 0.9 is slower than plain descent,
# and momentum 0.5 needs a quarter of its steps: **the memory must fit the ravine; the
# longer the ravine, the more memory pays.** Adagrad makes this ravine round, since its
# directions are those of a and b. RMSprop does, too, but its steps stay as long as the
# learning rate, so only a small rate comes to rest. Rosenbrock's valley turns: there
# momentum 0.9, Nesterov and Adam arrive. Four walks, at most at rate 0.3:

# %%
paths = {"ravine": {}, "Rosenbrock": {}}
for place, corner in {"ravine": [-1.9, 0.9], "Rosenbrock": [-1.2, 1.0]}.items():
    start, column = torch.tensor(corner).double(), list(SURFACES).index(place)
    for name in ("momentum", "Adam", "Adagrad", "gradient descent"):
        rate = min(BEST[name][column], 0.3)
        paths[place][name] = walk(SURFACES[place], OPTIMIZERS[name], start, rate, 400)
lab.plots.landscapes(
    {place: SURFACES[place] for place in paths},
    paths,
    MINIMA,
    title="Each landscape suits another optimizer",
    alt="Contours of a ravine and of a bent valley, with four paths each from the left "
    "to a star at the minimum. In the ravine gradient descent zigzags and then creeps, "
    "momentum swings, Adagrad and Adam cut across. In the bent valley Adagrad stops "
    "early and the others follow the bend.",
)

# %% [markdown]
# ### A saddle on the way
#
# At a **saddle point** the gradient is 0, but the loss rises in one direction and falls
# in another. Networks have many, and near one the loss curve is so flat that training
# seems done. **How long does it take to leave, from 0.001 beside the ridge?**

# %%
SURFACES["saddle"] = lambda a, b: a**2 / 2 + (b**2 - 1) ** 2 / 4  # saddle at (0, 0)
MINIMA["saddle"] = (0, 1)
start = torch.tensor([1.0, 0.001], dtype=torch.float64)
for name in ("gradient descent", "momentum", "Adam"):
    points = walk(SURFACES["saddle"], OPTIMIZERS[name], start, 0.1, steps=120)
    flat = SURFACES["saddle"](*points.T) > 0.2  # the saddle itself is at 0.25
    print(f"{name}: {flat.sum()} steps")

# %% [markdown]
# Plain descent waits longest. Adam divides by the tiny gradient and is gone in no time.
# So if a loss curve is flat, wait a little, or kick it, before you call it done.

# %% [markdown]
# ## On real data
#
# ### A race on digits
#
# Do these differences matter for a network? We train the network 64-64-10 on the
# digits for five epochs, with every optimizer at seven learning rates.


# %%
def digit_training(optimizer, learning_rate, epochs=5, seed=0, **settings):
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
        **settings,
    )


# %%
def reached(*choices, **settings):
    """Return the validation accuracy in % that a training reaches."""
    history = digit_training(*choices, **settings).finish().history
    return 100 * history.accuracy.iloc[-1]


# %% [markdown]
# **Guess: which optimizer forgives most?** Here are the means of three seeds:

# %%
digit_rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
SEEDS = range(3)
accuracy = {
    n: pd.DataFrame({r: [reached(n, r, seed=k) for k in SEEDS] for r in digit_rates})
    for n in OPTIMIZERS
}  # name -> (seeds, rates)

# %%
lab.plots.curves(
    {name: runs.mean() for name, runs in accuracy.items()},
    x=digit_rates,
    title="Each optimizer has its own range of good learning rates",
    xlabel="learning rate (log scale)",
    ylabel="validation accuracy (%)",
    xscale="log",
    alt="Accuracy against learning rate for six optimizers. RMSprop and Adam are above "
    "90 % from 0.001 on and fall after 0.1; the others rise later and fall after 0.3.",
)

# %% [markdown]
# How wide is each range? We count the rates at which a seed comes within 3 or 8 points
# of its best. After ± is the spread over the seeds, or one point or half a rate where
# it is smaller (with 288 digits, one point is noise):

# %%
best_on_digits, rows = {}, {}
for name, runs in accuracy.items():
    best_on_digits[name] = runs.mean().idxmax()
    top = runs[best_on_digits[name]]
    rows[name] = {"best accuracy (%)": lab.about(top.mean(), max(top.std(), 1))}
    for points in (3, 8):
        near = runs.ge(runs.max(axis=1) - points, axis=0).sum(axis=1)  # (seeds,)
        width = lab.about(near.mean(), max(near.std(), 0.5))
        rows[name][f"good rates: within {points} points"] = width
pd.DataFrame(rows).T

# %% [markdown]
# At its best rate each optimizer gets about as far, 93 to 97 %, though those rates
# differ by a factor of thirty or more. Which forgives most depends on how strict you
# are. Within 8 points of its best, Adam has five good rates of seven, most others four,
# and plain descent fewer; within 3 points, nobody has more than two or three. (Three
# more seeds, not shown, say the same.) **Adam gives you a little tolerance, at smaller
# rates, and no better result.**
#
# ### Clipping and warm-up
#
# Two helpers come with every large model. **Clipping** shortens a gradient that is
# longer than a limit (`max_gradient_norm`). **Warm-up** lets the learning rate rise
# from 0 while the optimizer's averages are young, here over a fifth of the steps.
# **Which of them saves a training whose learning rate is too large?**


# %%
def warm_up(step, steps):
    """Return the factor on the learning rate: a straight rise, then 1."""
    return min(1, (step + 1) / (0.2 * steps))


# %%
helpers = {
    "as it is": {},
    "clipped at 0.3": {"max_gradient_norm": 0.3},
    "with warm-up": {"schedule": warm_up},
}
rows = {}
for name, rate in {"momentum": 1.0, "Adam": 0.3}.items():
    rows[f"{name}, rate {rate}"] = row = {}
    for helper, settings in helpers.items():
        ends = [reached(name, rate, seed=k, **settings) for k in SEEDS]
        row[helper] = lab.about(np.mean(ends), max(np.std(ends, ddof=1), 3), unit="%")
pd.DataFrame(rows).T

# %% [markdown]
# Each saves one. Clipping lifts momentum from guessing to about 90 %: no single long
# gradient can throw it far. Warm-up does the same for Adam, whose first steps are as
# long as the learning rate, however small the gradient; clipping, which Adam mostly
# divides away again, helps it less.
#
# ### The noise floor, and schedules
#
# With small batches, training never comes to rest: near the minimum the gradient is all
# noise, and the parameters jitter by an amount that grows with the learning rate. So
# begin with long steps and end with short ones, in one of three usual ways: a tenth of
# the rate after each third of the steps; half a cosine from 1 to 0; or one cycle, a
# warm-up for 30 % of the steps and then a fall. **Guess: what does a schedule gain on a
# line through house prices, with batches of 8?**

# %%
prices = torch.tensor(lab.datasets.saratoga_houses()["price"].to_numpy() / 100_000)
X = torch.tensor(scaled.to_numpy())  # (1728, 3)
design = torch.cat([X, torch.ones(len(X), 1, dtype=torch.float64)], dim=1)
solution = torch.linalg.lstsq(design, prices).solution
lowest = lab.losses.mse(design @ solution, prices).item()


# %%
def line_training(learning_rate, schedule=None):
    """Train a line on the prices with batches of 8."""
    torch.manual_seed(0)
    model = lab.models.linear_regression(3).double()
    return lab.Training(
        model,
        lab.losses.mse,
        GradientDescent(model.parameters(), learning_rate),
        train=(X, prices),
        validation=(X, prices),  # the same: how far above the minimum is it?
        epochs=10,
        batch_size=8,
        schedule=schedule,
    )


# %%
trainings = {
    "constant 0.1": line_training(0.1),
    "constant 0.003": line_training(0.003),
    "steps from 0.1": line_training(0.1, lab.schedules.step_decay),
    "cosine from 0.1": line_training(0.1, lab.schedules.cosine),
    "one cycle to 0.1": line_training(0.1, lab.schedules.one_cycle),
}
excess = {}
for name, training in trainings.items():
    excess[name] = training.finish().history.validation_loss - lowest
    print(f"{name}: ends", lab.about(excess[name].iloc[-1]), "above the minimum")

# %%
lab.plots.curves(
    excess,
    title="A learning rate that falls gets through the noise floor",
    xlabel="epoch",
    ylabel="loss above the minimum (($100,000)²)",
    yscale="log",
    ylim=(1e-6, 1),
    alt="Loss above the minimum against epoch, logarithmic. The constant rate 0.1 "
    "jitters high, 0.003 lower; step decay, cosine and one cycle end lowest.",
)

# %% [markdown]
# It gains a factor of a hundred or more: the constant 0.1 stays 0.02 above the minimum,
# and 0.003 gets lower, but slowly. The three schedules start as fast as 0.1; which of
# them ends lowest depends on the luck of the batches.

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
noise_steps = torch.randn(5000, 2, generator=generator, dtype=torch.float64)
noise_steps[:, 1] *= 100
rows = {}
for name in ("Adam", "AdamW"):
    theta = torch.tensor([10.0, 10.0], dtype=torch.float64, requires_grad=True)
    optimizer = getattr(lab.optimizers, name)([theta], 0.001, weight_decay=0.1)
    for theta.grad in noise_steps:
        optimizer.step()
    quiet, loud = theta.tolist()
    rows[name] = {"quiet weight": f"{quiet:.0f}", "loud weight": f"{loud:.0f}"}
pd.DataFrame(rows).T.rename_axis("from 10 to")

# %% [markdown]
# The quiet one does: Adam's L2 spares the loud weight. AdamW (Loshchilov & Hutter 2019)
# takes the decay out of the quotient, and both shrink equally. It is the standard for
# large models.
#
# ### Tomorrow's price
#
# Back to the stock example, with the Dow Jones index on every trading day since 2004. A
# forecast may use only the past, so we *walk forward*:

# %%
lab.drawings.walk_forward()

# %% [markdown]
# The rival knows nothing: **tomorrow = today**.

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
# The article would "predict the next price with a linear regression"
# (<span lang="zh">使用线性回归模型预测下一个价格</span>, D1 §4.3.2). We read it in both
# ways, through the last five days and from one price to the next:

# %%
recent = dow[dow["date"] >= "2004"].reset_index(drop=True)
close = recent["close"].to_numpy()  # (5007,)
returns = np.diff(np.log(close))  # returns[t]: from day t to day t + 1
todays = np.arange(1006, len(close) - 1)  # four years to fit, the rest to test


# %%
def line_through(x, y, at):
    """Return the value at `at` of the least-squares line through (x, y)."""
    slope, intercept = np.polyfit(x, y, 1)
    return slope * at + intercept


# %%
forecasts = {  # t is today; close[: t + 1] is known
    "tomorrow = today": lambda t: close[t],
    "line through 5 days": lambda t: line_through(range(5), close[t - 4 : t + 1], 5),
    "line from the last price": lambda t: line_through(
        close[t - 1000 : t], close[t - 999 : t + 1], close[t]
    ),
    "mean growth of 4 years": lambda t: close[t] * np.exp(returns[t - 1000 : t].mean()),
}

# %% [markdown]
# Errors are in percent of the day's price. After ± is the skill's standard error, over
# blocks of 20 days, because wild days cluster. **Which forecast has skill?**

# %%
from sklearn.metrics import r2_score

truth, today, rows = close[todays + 1], close[todays], {}
rival = ((truth - today) / today) ** 2
for name, forecast in forecasts.items():
    predicted = np.array([forecast(t) for t in todays])
    squared = ((truth - predicted) / today) ** 2
    saved = 100 * (rival - squared) / rival.mean()  # paired, day by day
    blocks = saved.reshape(200, 20).mean(1)
    error = blocks.std(ddof=1) / len(blocks) ** 0.5
    rows[name] = {
        "RMSE": f"{np.sqrt(squared.mean()):.3%}",
        "skill (%)": lab.about(saved.mean(), error),
        "R² of the price": f"{r2_score(truth, predicted):.3f}",
    }
    assert saved.mean() <= 0  # checked on every run
print(f"{len(todays):,} forecasts, {recent['date'][1007].year} to 2023")
pd.DataFrame(rows).T

# %% [markdown]
# None has any: nobody beats "tomorrow = today". The line through five days is clearly
# worse, by eight standard errors; the others lie within about two, so we cannot call
# them better or worse. And look at the last column: an R² of 0.999 for a forecast that
# knows nothing. **A price series flatters every model; only the baseline tells the
# truth.**
#
# ### What is a large model?
#
# An optimizer moves every parameter of a model, and Adam keeps two numbers for each. So
# how many parameters make a model "large"? That depends on whom you ask:
#
# | Article | A large model has | In Chinese |
# |---|---|---|
# | D0 §1 | billions to hundreds of billions of parameters | <span lang="zh">可达数十亿甚至千亿级别</span> |
# | D1 §1 | hundreds of millions to hundreds of billions | <span lang="zh">通常包含数亿甚至千亿个参数</span> |
# | D2 §1.4.1 | millions to billions | <span lang="zh">通常包含数百万到数十亿个参数</span> |
# | D3 §2 | billions to trillions | <span lang="zh">数十亿个参数，甚至达到数万亿级别</span> |
# | D4 §1.1 | hundreds of millions to billions | <span lang="zh">通常拥有数亿乃至数十亿的参数</span> |
#
# **Which models are large for all five?** We count real ones from their published
# configurations. A unit or filter has one weight for each input, and a bias; a GPT has
# a row for each token and each position, then its blocks.


# %%
def count(*layers):
    """Return the number of parameters of layers (inputs of a unit, units)."""
    return sum((inputs + 1) * units for inputs, units in layers)


def blocks(number, width):
    """Return the parameters of Transformer blocks: attention, MLP and two norms."""
    wide = 4 * width
    layers = count((width, 3 * width), (width, width), (width, wide), (wide, width))
    return number * (layers + 4 * width)


# %%
sizes = {  # parameters in Transformer blocks, and elsewhere
    "D3's network, 100-500-10": (0, count((100, 500), (500, 10))),
    "AlphaGo (2016)": (0, count((48 * 25, 192), *[(192 * 9, 192)] * 11, (192, 1))),
    "BERT base (2018)": (blocks(12, 768), 31_038 * 768 + count((768, 768))),
    "GPT (2018)": (blocks(12, 768), (40_478 + 512) * 768),
    "GPT-2 XL (2019)": (blocks(48, 1600), (50_257 + 1024 + 2) * 1600),
    "GPT-3 (2020)": (blocks(96, 12_288), (50_257 + 2048 + 2) * 12_288),
}
totals = {name: sum(parts) for name, parts in sizes.items()}
# checked on every run: the published checkpoints hold exactly these numbers
assert list(totals.values())[2:5] == [109_482_240, 116_534_784, 1_557_611_200]

# %%
powers = {"D0": (9, 12), "D1": (8, 12), "D2": (6, 10), "D3": (9, 13), "D4": (8, 10)}
rows = {}
for name, n in totals.items():
    callers = [d for d, (low, high) in powers.items() if 10**low <= n < 10**high]
    rows[name] = {"parameters (millions)": f"{n / 1e6:,.2f}"}
    rows[name]["called large by"] = ", ".join(callers)
pd.DataFrame(rows).T

# %% [markdown]
# Only GPT-2 XL is large for all five. No two articles agree: "large" depends on the
# year, not on a number. AlphaGo, which one of them lists among the large models
# (<span lang="zh">如GPT、BERT、AlphaGo等</span>, D1 §1), has networks with a few million
# parameters.
#
# And what do the letters stand for? An article calls GPT a "generative pre-trained
# *network*" (<span lang="zh">生成预训练网络</span>, D2 §1.4.3) and BERT a "bidirectional
# encoder *representer*" (<span lang="zh">双向编码表示器</span>). Look at what they are
# made of:

# %%
names = {
    "GPT (2018)": "Generative Pre-trained Transformer",
    "BERT base (2018)": "Bidirectional Encoder Representations from Transformers",
}
for model, name in names.items():
    share = sizes[model][0] / totals[model]
    print(f"{name}: 12 blocks hold {share:.0%} of its parameters")

# %% [markdown]
# ## Turn the knobs
#
# ### Steer the path
#
# Choose a landscape, drag the start, and press ▶ to see the path drawn step by step.
# (For Adam, the momentum is its $\beta_1$. On the saddle, start close to b = 0.) In the
# ravine with momentum 0, the bound on the learning rate is $2/25 = 0.08$: at the notch
# below it the path creeps in, and at the notch above it the path flies off.
#
# **Then set the momentum to 0.9: what is the largest learning rate now at which the
# path arrives?** That is exercise 8.

# %%
STEERED = {
    "gradient descent": lambda p, lr, beta: GradientDescent(p, lr, momentum=beta),
    "Nesterov": lambda p, lr, beta: GradientDescent(p, lr, beta, nesterov=beta > 0),
    "Adam": lambda p, lr, beta: lab.optimizers.Adam(p, lr, betas=(beta, 0.999)),
}
grid = np.meshgrid(np.linspace(-4.4, 4.4, 177), np.linspace(-2.8, 2.8, 113))
CONTOURS = {name: (*grid, surface(*grid)) for name, surface in SURFACES.items()}


# %%
def steer(
    surface, optimizer, learning_rate=0.01, momentum=0.0, a=-3.2, b=1.6, steps=100
):
    """Return where an optimizer goes from (a, b), as text and as curves."""
    height, start = SURFACES[surface], torch.tensor([a, b], dtype=torch.float64)
    make = partial(STEERED[optimizer], beta=momentum)
    path = walk(height, make, start, learning_rate, steps).numpy()  # (steps + 1, 2)
    loss = height(*path[-1])
    verdict = "It has arrived." if loss < 0.01 else "It is not there yet."
    if not loss <= height(a, b):
        verdict = "It has flown off."
    return f"After {steps} steps the loss is {loss:.2g}. {verdict}", {
        "equal loss": CONTOURS[surface],
        "path": (path[:, 0], path[:, 1], "o-"),
        "start": (a, b),
        "minimum": MINIMA[surface],
    }


# %%
for rate in (0.07, 0.09):
    print(f"rate {rate}:", steer("ravine", "gradient descent", rate)[0])

# %%
lab.Explorer(
    steer,
    question="Ravine, momentum 0.9: up to which learning rate does the path arrive?",
    axes={"a": (-4, 4), "b": (-2.5, 2.5)},
    drag={"start": ("a", "b")},
    play="steps",
    surface=["ravine", "bowl", "Rosenbrock", "saddle"],
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
# rate from above, multiplied by *times*. **Who is ahead after one epoch? Who survives
# ten times its best rate, and who a tenth of it?**

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
# | "Adam" in five lines: "combines gradient descent and momentum"<br><span lang="zh">结合了梯度下降和动量法</span> | D0 §4.1 | [its numerator is the gradient minus its own mean: 0 on a steady slope; two lines for s_t](#An-Adam-that-stands-still); [the correct version equals PyTorch's](#With-PyTorch) | fails |
# | the gradient is (y - ŷ) x | D0 §4.3 | [climbs at every learning rate](#Uphill) | fails |
# | learning rate 0.1, 100 steps<br><span lang="zh">学习率为0.1，训练100次</span> | D1 §4.3.3 | [loss 2e141; the bound is 0.034](#The-bounds,-tried-out) | fails |
# | "evaluate on the remaining data"<br><span lang="zh">使用剩余的数据进行模型评估</span> | D1 §4.3.4 | [none remain; two of the five days had trading](#What-the-articles-say) | fails |
# | a line predicts the next price<br><span lang="zh">使用线性回归模型预测下一个价格</span> | D1 §4.3 | [as a line in days, it is worse than "tomorrow = today" by 8 standard errors; as a line in the last price, it is no better](#Who-wins?) | fails |
# | Adam "adapts the learning rate and trains more efficiently"<br><span lang="zh">能够自适应调整学习率，提高模型训练效率</span> | D0 §3.2 | [its best result is no better; five of seven rates are within 8 points of it, four with momentum; within 3 points it is two or three for both](#A-race-on-digits) | half true |
# | stochastic descent uses random samples, batch descent all of them<br><span lang="zh">每次更新参数时使用随机样本</span>, <span lang="zh">每次更新参数时使用所有样本</span> | D1 §3.2.3 | [one gradient, with noise that falls as 1/√B; the usual mini-batch is missing](#How-noisy-is-a-batch?) | half true |
# | "large" begins at 10⁶, 10⁸ or 10⁹ parameters<br>[the five sentences](#What-is-a-large-model?) | D0 §1, D1 §1, D2 §1.4.1, D3 §2, D4 §1.1 | [one of six models is large for all five](#What-is-a-large-model?) | fails |
# | AlphaGo is a large model<br><span lang="zh">如GPT、BERT、AlphaGo等</span> | D1 §1 | [3.9 million parameters](#What-is-a-large-model?) | fails |
# | GPT: "generative pre-trained network"<br><span lang="zh">生成预训练网络</span> | D2 §1.4.3 | [Transformer, in both names](#What-is-a-large-model?) | fails |

# %% [markdown]
# ## Going further
#
# **Limits.** The bound is exact only for a bowl; a network's curvature changes as it
# trains, often until it sits right at the bound (Cohen et al. 2021, *Gradient descent
# on neural networks typically occurs at the edge of stability*, arXiv 2103.00065). The
# race has one network, three seeds and five epochs: it says nothing about your network.
# No simple model beats "tomorrow = today" here, but that does not prove that none can.
#
# **References.** Momentum: Polyak (1964); Nesterov (1983); Sutskever et al. (2013), *On
# the importance of initialization and momentum in deep learning*. Adagrad: Duchi, Hazan,
# Singer (2011). RMSprop: Hinton (2012), lecture 6e. Adam: Kingma and Ba (2015), arXiv
# 1412.6980. AdamW: Loshchilov and Hutter (2019), arXiv 1711.05101. Clipping: Pascanu,
# Mikolov, Bengio (2013). Saddles: Dauphin et al. (2014), arXiv 1406.2572. One cycle:
# Smith and Topin (2019), arXiv 1708.07120. Why momentum works, with sliders: Goh (2017),
# *Why momentum really works*, Distill. Model sizes: Krizhevsky et al. (2012); Silver et
# al. (2016), Nature 529; Radford et al. (2018, 2019); Devlin et al. (2018), arXiv
# 1810.04805; Brown et al. (2020), arXiv 2005.14165. The index: Williamson (2019),
# MeasuringWorth.
