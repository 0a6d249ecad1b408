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
# - derive the gradient of cross-entropy and compute it for any logits,
# - backpropagate a network by hand, and find a mistake with a gradient check,
# - recognize a loss that cannot teach what you want.
#
# **Time:** 3.5 hours. **Judges:** D0 §4.1, §4.2; D1 §4.2; D2 §3.2, §4.2, §4.3; D3 §4;
# D4 §4.1, §4.2 (D0 to D4 are [the five
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
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

# %% [markdown]
# ## What the articles say
#
# A *loss* is one number that says how wrong a model is; training moves the parameters
# so that it falls. For that, training needs the loss's **gradient**: how the loss
# changes with each parameter. The articles print:
#
# | | Loss | Gradient |
# |---|---|---|
# | D0 §4.1-4.2, D2 §4.2.2 | cross-entropy, $-\sum_i y_i \log p_i$ | $-y_i / p_i$, then "backpropagation" |
# | D0 §4.1, D1 §4.2 | squared error, with two different factors | see [chapter 04](04_house_prices.ipynb) |
# | D2 §3.2, D3 §4 | any, for a network | pseudo-code; a worked example |
# | D4 §4.1-4.2 | binary cross-entropy | $\delta = \frac{\partial J}{\partial a}\,\frac{\partial a}{\partial z}$, $\frac{\partial J}{\partial w_{ji}} = \delta_i a_j$ |
#
# D2 §3.2 gives backpropagation in three lines. The layer is `z = f(W * x + b)`, and the
# lines are, word for word:
#
# ```
# dz = dloss/dz
# dW = (dz * x).T
# db = dz
# ```
#
# We run them on a layer with 5 inputs and 3 outputs, with the sigmoid as `f` and the
# squared error as the loss. **What shape must `dW` have? Will it have that shape?**


# %%
def printed_backward(x, z, y):
    """Return dW and db as D2 §3.2 prints them, for columns and the loss sum (z - y)²."""
    dz = 2 * (z - y)  # "dz = dloss/dz"
    dW = (dz * x).T
    db = dz
    return dW, db


generator = torch.Generator().manual_seed(0)


def random(*shape):
    """Return random numbers in float64, the same in every run."""
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


W, b, x, y = random(3, 5), random(3, 1), random(5, 1), random(3, 1)
try:
    printed_backward(x, lab.activations.sigmoid(W @ x + b), y)
except RuntimeError as error:
    print(error)

# %% [markdown]
# It cannot even run: `dz * x` multiplies elementwise, and 3 outputs do not fit 5
# inputs. With as many inputs as outputs it runs, but it gives 4 numbers for 16 weights:

# %%
W, b, x, y = random(4, 4), random(4, 1), random(4, 1), random(4, 1)
printed, _ = printed_backward(x, lab.activations.sigmoid(W @ x + b), y)
print("W", tuple(W.shape), "- printed dW", tuple(printed.shape))

# %% [markdown]
# Every weight $w_{ij}$ connects an output $i$ to an input $j$, so `dW` is the *outer*
# product. With that fixed, is it right? We need a judge.
#
# ### The judge: a gradient check
#
# A gradient says what the loss does when one weight moves a little. So move the weight
# and see:
#
# $$\frac{\partial L}{\partial w} \approx \frac{L(w + h) - L(w - h)}{2h}$$
#
# It is slow, but it needs no derivation, so it cannot share a mistake with one. We
# compare gradients by their **relative error**: 0 for equal gradients, 1 for opposite
# ones. In float64, an error below 1e-6 is a pass and one above 0.01 is a bug; in
# between, look closer.


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


def relative_error(one, other):
    """Return |one - other| / (|one| + |other|): from 0 (equal) to 1 (opposite)."""
    return ((one - other).norm() / (one.norm() + other.norm())).item()


def layer_loss():
    """Return the squared error of the one layer."""
    return ((lab.activations.sigmoid(W @ x + b) - y) ** 2).sum()


z = lab.activations.sigmoid(W @ x + b)  # (4, 1)
printed = 2 * (z - y) @ x.T  # (4, 4): with the outer product
fixed = (2 * (z - y) * z * (1 - z)) @ x.T  # and with f', the sigmoid's slope
numerical = numerical_gradient(layer_loss, W, range(16))
for name, gradient in {"outer product": printed, "and f' too": fixed}.items():
    error = relative_error(gradient.flatten(), numerical)
    print(f"{name}: relative error {error:.2f}, passes: {error < 1e-6}")

# %% [markdown]
# The pseudo-code leaves out the derivative of the activation: $z = f(\dots)$, and the
# chain rule must go *through* $f$. D4 §4.2 has both things that D2 lacks:
# $\partial a/\partial z$ is $f'$, and $\delta_i a_j$ is the outer product. For a batch,
# `db = dz` is also wrong: it has a column for every sample, and the bias needs their
# sum. So the pseudo-code has three faults.
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
# one you take?** We try them with a line on one batch of real houses, with all weights
# at 0:

# %%
N = 32  # houses in the batch
houses = lab.datasets.saratoga_houses()
batch = houses[["area", "rooms", "age"]][:N]
batch = (batch - batch.mean()) / batch.std(ddof=0)
X_batch = torch.tensor(np.c_[batch, np.ones(N)])  # (N, 4)
price = torch.tensor(houses["price"][:N].to_numpy() / 100_000)  # (N,)

conventions = {
    "1/N Σ (PyTorch, Keras)": lambda error: (error**2).mean(),
    "1/(2N) Σ (D0 §4.1)": lambda error: (error**2).mean() / 2,
    "1/2 Σ (D1 §4.2)": lambda error: (error**2).sum() / 2,
    "Σ": lambda error: (error**2).sum(),
}


def loss_and_gradient(convention, theta):
    """Return the loss of the weights theta (4,) and its gradient (4,)."""
    theta = theta.clone().requires_grad_()
    loss = convention(X_batch @ theta - price)
    return loss.item(), torch.autograd.grad(loss, theta)[0]


start = torch.zeros(4, dtype=torch.float64)
reference = loss_and_gradient(conventions["1/N Σ (PyTorch, Keras)"], start)[1]
rows = {}
for name, convention in conventions.items():
    loss, gradient = loss_and_gradient(convention, start)
    ratio = gradient.norm() / reference.norm()
    rows[name] = {"loss": f"{loss:.2f}", "gradient, times the first": f"{ratio:.1f}"}
pd.DataFrame(rows).T

# %% [markdown]
# One name, four gradients: compared with the first, the others differ by a factor of
# $\frac12$, $\frac N2$ or $N$. A step is the learning rate times the gradient, so **how
# large may the learning rate be with each?**
#
# Let $\lambda_{\max}$ be the curvature in the steepest direction: how fast the slope
# changes there (the largest eigenvalue of the matrix of second derivatives). With a
# learning rate above $2/\lambda_{\max}$, a step jumps over the valley and lands higher
# on the other side; [chapter 04](04_house_prices.ipynb#How-long-may-a-step-be?) derives
# this. We predict that bound and try 1 % below and 1 % above it.


# %%
def descend(convention, learning_rate, steps=2000):
    """Return the loss after gradient descent from 0."""
    theta = start
    for _ in range(steps):
        theta = theta - learning_rate * loss_and_gradient(convention, theta)[1]
    return loss_and_gradient(convention, theta)[0]


rows = {}
for name, convention in conventions.items():
    H = torch.autograd.functional.hessian(
        lambda theta, loss=convention: loss(X_batch @ theta - price), start
    )
    bound = 2 / torch.linalg.eigvalsh(H)[-1].item()
    first, _ = loss_and_gradient(convention, start)
    rows[name] = {"predicted bound": f"{bound:.3g}"}
    for label, share in {"1 % below it": 0.99, "1 % above it": 1.01}.items():
        falls = descend(convention, share * bound) < first
        rows[name][label] = "converges" if falls else "diverges"
table = pd.DataFrame(rows).T
assert set(table["1 % below it"]) == {"converges"}
assert set(table["1 % above it"]) == {"diverges"}
table

# %% [markdown]
# A learning rate of 0.1 is safe with the means and far too large with the sums. **Never
# copy a learning rate without its loss.** And a sum ties it to the batch size: change
# `N` to 64 above, and the bounds of the sums are about half as large.
#
# The articles do the same with cross-entropy: D0 §4.1 sums it, D2 §4.2.2 averages it.

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
# ### Where cross-entropy comes from
#
# A classifier gives each class a probability. The probability that it gives to *all*
# the true labels of a data set is the product of the individual probabilities, the
# **likelihood**; the best model makes it largest. **There are 1,728 houses in our data:
# what is the product of that many probabilities of 0.6?**

# %%
p = torch.full((1728,), 0.6)
print("product:", p.prod().item())
print("mean of -log p:", round(-p.log().mean().item(), 4))

# %% [markdown]
# The product, about 1e-383, is too small for any of our floating-point numbers, but its
# logarithm is a sum. With the sign reversed, so that we minimize, and averaged, this is
# the cross-entropy: $L = -\frac1N\sum_i \log p_i(\text{true class})$, in *nats*
# (natural logarithms). Blind guessing among 10 classes costs $\log 10 \approx 2.30$.
#
# ### The derivation that stops halfway
#
# D0 §4.2 derives $\partial L/\partial p = -y/p$ and leaves the rest to backpropagation.
# (Its index counts samples; we take one sample with classes $j$,
# $L = -\sum_j y_j \log p_j$.) But $p$ is a softmax of the logits $z$,
# $p_k = e^{z_k} / \sum_j e^{z_j}$, and in code the two halves do not fit together: $p$
# may be 0. So differentiate through the softmax. Raising $z_k$ raises $p_k$ at the rate
# $p_k (1 - p_k)$ and lowers every other $p_j$ at the rate $p_j p_k$ (quotient rule).

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
# The division cancels. **Predicted minus true:** nothing could be simpler. Is it
# correct?

# %%
logits, targets = random(8, 10), torch.arange(8)  # (N, classes), (N,)
one_hot = torch.eye(10, dtype=torch.float64)[targets]  # (8, 10)

derived = (lab.activations.softmax(logits) - one_hot) / len(logits)
halfway = (
    -one_hot / lab.activations.softmax(logits) / len(logits)
)  # D0 §4.2: dL/dp, not dL/dz
numerical = numerical_gradient(
    lambda: lab.losses.cross_entropy(logits, targets), logits, range(80)
)
print(f"p - y: passes: {relative_error(derived.flatten(), numerical) < 1e-6}")
print(f"-y/p:  relative error {relative_error(halfway.flatten(), numerical):.2f}")

# %% [markdown]
# Now we try both ways in code, on larger and larger logits. In float32, $e^{89}$ is
# infinite and $e^{-104}$ is 0. **At which logits does the naive way break?**


# %%
def naive_cross_entropy(logits, targets):
    """Return the cross-entropy as the formulas suggest: softmax first, then log."""
    p = logits.exp() / logits.exp().sum(1, keepdim=True)  # (N, classes)
    return -p.log().gather(1, targets[:, None]).mean()


def value_and_slope(loss, logits, targets):
    """Return a loss and the largest entry of its gradient, as short text."""
    logits = logits.clone().requires_grad_()
    value = loss(logits, targets)
    value.backward()
    return f"{value.item():.4g}, {logits.grad.abs().max().item():.4g}"


targets = torch.tensor([1])
rows = {}
for size in (1.0, 10.0, 60.0, 100.0, 1000.0):
    logits = torch.tensor([[size, 0.0, -size]])  # (1, 3): sure of class 0, and wrong
    rows[f"±{size:g}"] = {
        "log(softmax)": value_and_slope(naive_cross_entropy, logits, targets),
        "lab.losses": value_and_slope(lab.losses.cross_entropy, logits, targets),
        "torch": value_and_slope(torch.nn.functional.cross_entropy, logits, targets),
    }
assert not naive_cross_entropy(logits, targets).isfinite()
pd.DataFrame(rows).T.rename_axis("loss, largest gradient")

# %% [markdown]
# The *gradient* breaks first: at ±60 it is NaN while the loss still looks right,
# because the derivative of a quotient squares its denominator. At ±100 the loss is
# infinite too. The way out is to write out the logarithm first,
# $\log p_k = z_k - \log\sum_j e^{z_j}$, and to take the largest logit out of the sum.
# That is what `losses.cross_entropy` does, and it is why PyTorch's `cross_entropy`
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
# D2 §4.3 trains a two-class model (labels $y$ of 0 or 1, probability $z$ of a 1) with
# the loss of D2 §4.2.2: $-\frac1n\sum y_i\log z_i$. D4 §4.1 prints one more term,
# for the samples with $y_i = 0$. **What does the first loss say to a model that always
# predicts 1?**
#
# We predict from their area and age which of our houses have central air conditioning
# (37 % do).

# %%
columns = houses[["area", "age"]]
columns = (columns - columns.mean()) / columns.std(ddof=0)
X_houses = torch.tensor(np.c_[columns, np.ones(len(columns))])  # (1728, 3)
air = torch.tensor(houses["central_air"].to_numpy(float))  # (1728,)


def one_sided(logits, targets):
    """Return the loss of D2 §4.2.2: -mean(y log z)."""
    return -(targets * torch.log(lab.activations.sigmoid(logits))).mean()


def logistic_regression(loss, steps=3000):
    """Return the weights (3,) that gradient descent finds with `loss`."""
    w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        (gradient,) = torch.autograd.grad(loss(X_houses @ w, air), w)
        w = (w - gradient).detach().requires_grad_()
    return w.detach()


rows = {}
for name, loss in {
    "D2 §4.2.2: y log z": one_sided,
    "both terms": lab.losses.binary_cross_entropy,
}.items():
    w = logistic_regression(loss)
    z = lab.activations.sigmoid(X_houses @ w)
    rows[name] = {
        "its loss": f"{loss(X_houses @ w, air).item():.3f}",
        "mean probability": f"{z.mean().item():.3f}",
        "accuracy": f"{((z > 0.5) == (air > 0.5)).double().mean().item():.1%}",
    }
rows["always no"] = {"accuracy": f"{1 - air.mean().item():.1%}"}
rows["always yes"] = {"accuracy": f"{air.mean().item():.1%}"}
table = pd.DataFrame(rows).T.fillna("")
accuracy = table["accuracy"]
assert accuracy["D2 §4.2.2: y log z"] == accuracy["always yes"]
table

# %% [markdown]
# The one-sided loss is nearly 0: perfect, by its own measure. Its model says yes to
# every house and is right for the 37 % that have central air: worse than a model that
# knows nothing and always says no. **A loss near zero proves nothing until you know
# what it does not punish.**

# %% [markdown]
# ### Exercise 5: both halves
#
# *Easy · 5 minutes*
#
# D2 forgets the samples with target 0. Put them back; these are probabilities, not logits.


# %%
def binary_cross_entropy(probabilities, targets):
    """Return the mean binary cross-entropy, in nats.

    probabilities, a tensor (N,), are those of yes; targets, a tensor (N,), are 1 for
    yes, 0 for no.
    """
    ...


lab.check("losses.binary_cross_entropy", binary_cross_entropy)

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
target = torch.eye(10)[[3]]  # (1, 10)
one_answer = lab.losses.cross_entropy(logits, torch.tensor([3]))
ten_answers = 10 * lab.losses.binary_cross_entropy(logits, target)  # their sum

gradients = {
    "softmax, cross-entropy": torch.autograd.grad(one_answer, logits)[0],
    "ten sigmoids, binary cross-entropy": torch.autograd.grad(ten_answers, logits)[0],
}
figure, axes = plt.subplots(figsize=(7.2, 3.2))
for k, (name, gradient) in enumerate(gradients.items()):
    axes.bar(np.arange(10) + 0.4 * k - 0.2, gradient[0], width=0.4, label=name)
axes.axhline(0, color="black", linewidth=0.8)
axes.set(
    title="Both raise class 3; ten sigmoids press all others down as well",
    xlabel="class",
    ylabel="gradient with respect to the logit",
    xticks=range(10),
)
axes.legend()
lab.plots.show(
    figure,
    alt="Bars of both gradients for ten classes. At class 3 softmax has -0.89 and the "
    "sigmoids -0.27. Elsewhere softmax has 0.50 at class 5, 0.18 at class 8 and nearly 0 "
    "at the others; the sigmoids are above 0.1 at all of them.",
)
for (name, gradient), activation in zip(
    gradients.items(), (lab.activations.softmax, lab.activations.sigmoid), strict=True
):
    moved = (activation(logits + 5) - activation(logits)).abs().max()
    print(name.partition(",")[0], f"- sum of the gradient: {abs(gradient.sum()):.2f},")
    print(f"    5 more on every logit moves a probability by up to {moved:.2f}")

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
# Between the layers there is a nonlinear function. Without it, two layers are one:
# $W_2(W_1 x) = (W_2 W_1)\,x$. Backpropagation multiplies by its derivative at every
# layer. D4 §4.2 prints $\sigma' = \sigma(1-\sigma)$; we let autograd be the judge.

# %%
x = torch.linspace(-5, 5, 200, dtype=torch.float64, requires_grad=True)
functions = {
    "sigmoid": (lab.activations.sigmoid, lab.activations.sigmoid_derivative),
    "tanh": (torch.tanh, lab.activations.tanh_derivative),
    "ReLU": (lab.activations.relu, lab.activations.relu_derivative),
}
figure, (left, right) = plt.subplots(ncols=2, figsize=(9, 3.2))
for name, (function, derivative) in functions.items():
    (slope,) = torch.autograd.grad(function(x).sum(), x)
    assert torch.allclose(derivative(x), slope)
    left.plot(x.detach(), function(x).detach(), label=name)
    right.plot(x.detach(), derivative(x).detach(), label=name)
left.set(title="Activations", xlabel="input", ylabel="output", ylim=(-1.2, 3))
right.set(title="Only ReLU's slope stays 1", xlabel="input", ylabel="derivative")
right.legend()
lab.plots.show(
    figure,
    alt="Left: sigmoid from 0 to 1, tanh from -1 to 1, ReLU 0 then rising. Right: their "
    "derivatives; sigmoid's peaks at 0.25, tanh's at 1, ReLU's is 0 then 1.",
)
print(f"ten sigmoids multiply a gradient by at most {0.25**10:.0e}")

# %% [markdown]
# The printed derivative is correct. Its largest value is 1/4, so the sigmoids of ten
# layers multiply a gradient by at most a millionth; only large weights could make up
# for that. ReLU's slope is 1 wherever the unit is on: one reason why deep networks use
# it.

# %% [markdown]
# ## From scratch
#
# D3 §4 backpropagates "a three-layer network" by hand: 100 inputs, 500 hidden units, 10
# outputs. It has *three* weight matrices, so there must be a second hidden layer; we
# give it 500 units too. Our data are 1,797 real handwritten digits of 8 x 8 pixels; a
# border of one pixel makes it 100 pixels each.

# %%
from itertools import pairwise

digits = load_digits()
images = np.pad(digits.images, ((0, 0), (1, 1), (1, 1))) / 16  # (1797, 10, 10), 0 to 1
X = torch.tensor(images.reshape(-1, 100))  # (1797, 100)
y = torch.tensor(digits.target)  # (1797,)
train, test = train_test_split(
    np.arange(len(X)), test_size=0.2, random_state=42, stratify=y
)

figure, axes = plt.subplots(ncols=10, figsize=(9, 1.4))
for k, panel in enumerate(axes):
    panel.imshow(images[k], cmap="gray_r")
    panel.set(title=str(digits.target[k]), xticks=[], yticks=[])
lab.plots.show(figure, alt="Ten handwritten digits, 0 to 9, coarse but readable.")
print(len(train), "digits to train on,", len(test), "to test on")


# %% [markdown]
# Here is the forward pass as printed, with one column per sample. Note that ReLU is
# applied twice in the first layer, in $Z^{(1)}$ and again in $A^{(1)}$.


# %%
def start_weights(*sizes, seed=0):
    """Return [(W, b), ...] for layers of these sizes (He et al. 2015), in float64."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randn(n_out, n_in, generator=generator).double() * (2 / n_in) ** 0.5,
            torch.zeros(n_out, 1).double(),
        )
        for n_in, n_out in pairwise(sizes)
    ]


def d3_forward(weights, X):
    """Return (Z1, A1, Z2, A2, A3) of D3 §4 for columns X (100, N)."""
    (W1, b1), (W2, b2), (W3, b3) = weights
    Z1 = lab.activations.relu(W1 @ X + b1)  # (500, N)
    A1 = lab.activations.relu(Z1)  # (500, N): ReLU once more
    Z2 = W2 @ A1 + b2  # (500, N)
    A2 = lab.activations.relu(Z2)  # (500, N)
    Z3 = W3 @ A2 + b3  # (10, N)
    return Z1, A1, Z2, A2, lab.activations.softmax(Z3.T).T  # A3: (10, N)


def d3_backward(weights, X, Y):
    """Return the gradients (dW, db) of the three layers as D3 §4 prints them."""
    (_, _), (W2, _), (W3, _) = weights
    _, A1, _, A2, A3 = d3_forward(weights, X)
    delta3 = A3 - Y  # (10, N)
    delta2 = W3.T @ delta3  # (500, N): no derivative of ReLU
    delta1 = W2.T @ delta2  # (500, N): nor here
    return [(delta1 @ X.T, delta1), (delta2 @ A1.T, delta2), (delta3 @ A2.T, delta3)]


# %% [markdown]
# **Does applying ReLU twice do any harm? And how far off are the gradients?** First we
# take one sample, as D3 writes it. The network has 300,000 weights; we check 20 of each
# matrix numerically and all of them with autograd.

# %%
weights = start_weights(100, 500, 500, 10)
one = X[train[:1]].T  # (100, 1)
target = torch.eye(10, dtype=torch.float64)[y[train[:1]]].T  # (10, 1)
Z1, A1, *_ = d3_forward(weights, one)
print("ReLU twice equals ReLU once:", torch.equal(Z1, A1))
print(f"hidden units at 0: {(A1 == 0).double().mean():.0%}")


# %% [markdown]
# Now we compare the gradients with both judges.


# %%
def d3_loss():
    """Return the cross-entropy of the printed network."""
    return -(target * d3_forward(weights, one)[-1].log()).sum()


def by_autograd(loss, weights):
    """Return the gradients (dW, db) of loss() by autograd."""
    flat = [tensor.requires_grad_() for layer in weights for tensor in layer]
    gradients = torch.autograd.grad(loss(), flat)
    for tensor in flat:
        tensor.requires_grad_(False)
    return list(zip(gradients[::2], gradients[1::2], strict=True))


printed = d3_backward(weights, one, target)
true = by_autograd(d3_loss, weights)
rows = {}
for k, (matrix, _) in enumerate(weights):
    gradient = printed[k][0].flatten()
    largest = gradient.abs().argsort(descending=True, stable=True)[:20]
    numerical = numerical_gradient(d3_loss, matrix, largest)
    rows[f"W{k + 1}"] = {
        "20 entries, numerically": relative_error(gradient[largest], numerical),
        "all, by autograd": relative_error(gradient, true[k][0].flatten()),
    }
table = pd.DataFrame(rows).T
assert (table.loc[["W1", "W2"]] > 0.3).all(axis=None)
assert (table.loc["W3"] < 1e-6).all()
table.map(lambda error: f"{error:.2f}").rename_axis("relative error")

# %% [markdown]
# The last layer is right. The hidden ones are off by a relative error of 0.4 and 0.6:
# about half of the units are at 0 and should let no gradient through, but here they do.
# Applying ReLU twice is harmless, because $\max(0, \max(0, x)) = \max(0, x)$; the
# missing derivative is the bug.
#
# Now we take 32 samples at once. **What else is missing?**

# %%
many = X[train[:32]].T  # (100, 32)
targets = torch.eye(10, dtype=torch.float64)[y[train[:32]]].T  # (10, 32)


def batch_loss():
    """Return the mean cross-entropy of the batch."""
    return -(targets * d3_forward(weights, many)[-1].log()).sum(0).mean()


printed = d3_backward(weights, many, targets)
true = by_autograd(batch_loss, weights)
ratio = printed[2][0].norm() / true[2][0].norm()
print(f"dW3 is {ratio:.0f} times too large")
print("db3 has shape", tuple(printed[2][1].shape), "for b3", tuple(weights[2][1].shape))

# %% [markdown]
# Two things. dW is the gradient of the *sum*, N = 32 times that of the mean; and db
# keeps one column per sample, where b needs their sum. So in D3's recipe three faults
# matter (no derivative of ReLU, a bias gradient that is not summed, a sum where the
# learning rate expects a mean) and two do not (ReLU applied twice, one matrix too
# many). It is only luck that applying ReLU twice is harmless: D3's general formula
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
# two matrices that 100-500-10 calls for:


# %%
def forward(weights, X):
    """Return (Z1, A1, logits) of the network 100-500-10 for rows X (N, 100)."""
    (W1, b1), (W2, b2) = weights
    Z1 = X @ W1.T + b1.T  # (N, 500)
    A1 = lab.activations.relu(Z1)  # (N, 500)
    return Z1, A1, A1 @ W2.T + b2.T  # logits: (N, 10)


def backward(weights, X, y):
    """Return the gradients (dW, db) of the mean cross-entropy, one pair a layer."""
    W2 = weights[1][0]
    Z1, A1, logits = forward(weights, X)
    delta2 = lab.activations.softmax(logits)  # (N, 10)
    delta2[torch.arange(len(y)), y] -= 1  # p - y
    delta2 /= len(y)  # the mean over the batch
    delta1 = (delta2 @ W2) * lab.activations.relu_derivative(Z1)  # (N, 500)
    return [
        (delta1.T @ X, delta1.sum(0)[:, None]),  # (500, 100), (500, 1)
        (delta2.T @ A1, delta2.sum(0)[:, None]),  # (10, 500), (10, 1)
    ]


# %% [markdown]
# **Does it agree with autograd? To how many digits in float32?**


# %%
def gradients_agree(weights, X, y):
    """Return the largest relative error of `backward` against autograd."""
    true = by_autograd(
        lambda: lab.losses.cross_entropy(forward(weights, X)[2], y), weights
    )
    pairs = zip(backward(weights, X, y), true, strict=True)
    return max(
        relative_error(*both) for layer in pairs for both in zip(*layer, strict=True)
    )


weights = start_weights(100, 500, 10)
rows_64 = X[train[:64]]
print("float64, below 1e-10:", gradients_agree(weights, rows_64, y[train[:64]]) < 1e-10)
single = [(W.float(), b.float()) for W, b in weights]
error = gradients_agree(single, rows_64.float(), y[train[:64]])
print("float32, below 1e-5: ", error < 1e-5)

# %% [markdown]
# It agrees in both precisions. One last question about the bug: **would you have
# noticed it without the check?** We train the network with the right gradient and with
# one that lacks only ReLU's derivative, and test both on the digits held back. (If the
# mean were missing too, the steps would be 32 times too long, and you would notice.)

# %%
X_test, y_test = X[test], y[test]


def train_by_hand(gradients, learning_rate=0.1, epochs=15):
    """Return the weights after mini-batch gradient descent with `gradients`."""
    weights = start_weights(100, 500, 10)
    generator = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        order = torch.randperm(len(train), generator=generator)
        for rows in torch.tensor(train)[order].split(32):
            moves = gradients(weights, X[rows], y[rows])
            for layer, move in zip(weights, moves, strict=True):
                for theta, gradient in zip(layer, move, strict=True):
                    theta -= learning_rate * gradient
    return weights


def backward_without_derivative(weights, X, y):
    """Return the gradients with one of D3's faults: no derivative of ReLU."""
    _, (dW2, db2) = backward(weights, X, y)
    delta2 = lab.activations.softmax(forward(weights, X)[2])
    delta2[torch.arange(len(y)), y] -= 1
    delta1 = delta2 / len(y) @ weights[1][0]
    return [(delta1.T @ X, delta1.sum(0)[:, None]), (dW2, db2)]


results = {}
for name, gradients in {
    "right gradient": backward,
    "without ReLU's derivative": backward_without_derivative,
}.items():
    trained = train_by_hand(gradients)
    logits = forward(trained, X_test)[2]
    results[name] = trained
    accuracy = (logits.argmax(1) == y_test).double().mean().item()
    train_loss = lab.losses.cross_entropy(
        forward(trained, X[train])[2], y[train]
    ).item()
    print(f"{name}: training loss {train_loss:.2f}, test accuracy {accuracy:.2f}")

# %% [markdown]
# You would not: both read 97 % of the digits. The wrong gradient still points roughly
# downhill, and the network learns with it. **A network that learns does not prove that
# its gradient is right.** Check gradients numerically, on random data, before you
# train.

# %% [markdown]
# ## With PyTorch
#
# Now we build the same network from modules and train it with `lab.Training`, with the
# same start, data and steps. Autograd does what `backward` did.

# %%
from torch import nn


def module(weights):
    """Return the network 100-500-10 as a PyTorch module with these weights."""
    model = nn.Sequential(nn.Linear(100, 500), nn.ReLU(), nn.Linear(500, 10)).double()
    with torch.no_grad():
        for layer, (W, b) in zip(model[::2], weights, strict=True):
            layer.weight.copy_(W)
            layer.bias.copy_(b[:, 0])
    return model.to(device)


model = module(start_weights(100, 500, 10))
training = lab.Training(
    model,
    nn.functional.cross_entropy,
    torch.optim.SGD(model.parameters(), lr=0.1),
    train=(X[train], y[train]),
    epochs=1,
).finish()
by_hand = train_by_hand(backward, epochs=1)  # lab.Training shuffles as we did
same = torch.allclose(model[0].weight.detach().cpu(), by_hand[0][0], atol=1e-10)
print(f"after {training.steps_done} steps the weights are equal:", same)
assert same

# %% [markdown]
# ## On real data
#
# ### A baseline first
#
# Ten classes: guessing gets 10 %. **How much do 500 hidden units gain over a linear
# model?**

# %%
from sklearn.linear_model import LogisticRegression

linear = LogisticRegression(max_iter=1000).fit(X[train], y[train])
hits = (forward(results["right gradient"], X_test)[2].argmax(1) == y_test).sum().item()
table = {
    "guessing": 0.1,
    "logistic regression": linear.score(X_test, y_test),
    "100-500-10 by hand": hits / len(y_test),
}
pd.Series(table, name="test accuracy").round(2).to_frame()

# %% [markdown]
# The difference is a handful of the 360 digits: too few to call the network better.
# These digits are easy; chapter 05 takes harder ones.
#
# ### Does ReLU save work?
#
# D2 §4.2.1: ReLU's zeros bring "sparsity, which reduces the computation needed". **How
# many zeros are there in our trained network, and how much time do that many zeros
# save?**

# %%
hidden = forward(results["right gradient"], X_test)[1]  # (360, 500)
print(f"zeros among the hidden values: {(hidden == 0).double().mean():.0%}")

# %% [markdown]
# Now we time products of matrices with none, half and nearly all of their values zero.
# The times are from one machine; yours will differ.

# %% tags=["nbval-ignore-output"]
import time

generator = torch.Generator().manual_seed(0)
matrix = torch.randn(600, 600, generator=generator)
products = {}
for share in (0.0, 0.5, 0.95):
    values = torch.rand(600, 600, generator=generator)
    values[torch.rand(600, 600, generator=generator) < share] = 0
    products[f"{share:.0%} zeros"] = values
    products[f"{share:.0%} zeros, stored without them"] = values.to_sparse()
milliseconds = {name: [] for name in products}
for _ in range(50):
    for name, values in products.items():
        start = time.perf_counter()
        values @ matrix
        milliseconds[name].append(1000 * (time.perf_counter() - start))
# The quickest of 50: a busy machine makes a product slower, never quicker.
quickest = pd.Series({name: min(times) for name, times in milliseconds.items()})
times_as_long = quickest / quickest["0% zeros"]
pd.DataFrame({"ms": quickest, "times as long": times_as_long}).round(1)

# %% [markdown]
# The last column compares each product with the one without zeros. One line of it, within
# its tolerance:

# %%
as_long = times_as_long["95% zeros"]
print(f"95 % zeros: {lab.about(as_long, 0.4)} times as long as none")
# checked on every run
assert as_long > 0.6
assert times_as_long["50% zeros, stored without them"] > 1

# %% [markdown]
# No time is saved: a dense product does not look at its numbers. There are tensors that
# store only what is not zero, but with half of the values zero, more than our ReLU
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
# 1. Target 1, *squared error* of the probability: where is it steepest (exercise 8)? What
#    happens at -5, where the model is most wrong?
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


def one_prediction(logit=0.0, target=1, loss="squared error"):
    """Return the loss of one prediction and its slope, as text and as curves."""
    z = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    value = LOSSES[loss](z, torch.full((1,), float(target)))
    (slope,) = torch.autograd.grad(value, z)
    value, slope = value.item() + 0.0, slope.item() + 0.0  # avoids -0.000
    p = lab.activations.sigmoid(z).item()
    ends = np.array([logit - 1.5, logit + 1.5])
    text = (
        f"The model gives the probability <b>{p:.3f}</b> to a 1; the truth is {target}."
        f"<br>loss <b>{value:.3f}</b>, gradient <b>{slope:+.3f}</b>"
    )
    return text, {
        "loss": loss_curve(loss, target),
        "slope here": (ends, value + slope * (ends - logit)),
        "your prediction": (logit, value),
    }


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
area = torch.tensor(columns["area"].to_numpy())  # (1728,)
W_GRID, B_GRID = np.meshgrid(np.linspace(-4.4, 6, 53), np.linspace(-2.3, 4.3, 45))


@cache
def landscape(loss):
    """Return (w, b, loss) on the grid: three arrays (45, 53)."""
    surface = [
        LOSSES[loss](w * area + b, air).item()
        for w, b in zip(W_GRID.flat, B_GRID.flat, strict=True)
    ]
    return W_GRID, B_GRID, np.reshape(surface, W_GRID.shape)


def two_weights(w=-2.0, b=2.0, loss="cross-entropy"):
    """Return the loss of the model w * area + b, with a step against its gradient."""
    theta = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    value = LOSSES[loss](theta[0] * area + theta[1], air)
    (gradient,) = torch.autograd.grad(value, theta)
    down_w, down_b = (-4 * gradient).tolist()
    says_yes = (
        (lab.activations.sigmoid(theta[0] * area + theta[1]) > 0.5)
        .double()
        .mean()
        .item()
    )
    text = (
        f"loss <b>{value.item():.3f}</b>, "
        f"gradient ({gradient[0]:+.3f}, {gradient[1]:+.3f})<br>"
        f"this model says yes to {says_yes:.0%} of the houses; "
        f"{air.mean().item():.0%} have central air"
    )
    return text, {
        "equal loss": landscape(loss),
        "step against the gradient, learning rate 4": (w, b, down_w, down_b),
        "your model": (w, b),
    }


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
# Here is the whole network with sliders and a choice of two losses; the dashed curve is
# the loss on digits it does not train on. **Train with both for 5 epochs at 0.1 and
# compare the column *accuracy* (the losses have different scales). Then find the best
# rate for each; also try 3, with the logarithmic axis.**


# %%
def squared_error(logits, targets):
    """Return the squared error of the softmax, summed over the classes, averaged."""
    one_hot = torch.eye(10, device=logits.device)[targets]  # (N, 10)
    return ((lab.activations.softmax(logits) - one_hot) ** 2).sum(1).mean()


PANEL_LOSSES = {
    "cross-entropy": lab.losses.cross_entropy,
    "squared error": squared_error,
}
fit, validation = train_test_split(train, test_size=0.2, random_state=42)


def digit_training(learning_rate, epochs, loss="cross-entropy"):
    """Train the network 100-500-10 on the digits."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(100, 500), nn.ReLU(), nn.Linear(500, 10)).to(device)
    return lab.Training(
        model,
        PANEL_LOSSES[loss],
        lab.optimizers.GradientDescent(model.parameters(), learning_rate),
        train=(X[fit].float(), y[fit]),
        validation=(X[validation].float(), y[validation]),
        epochs=epochs,
        metrics={"accuracy": lab.accuracy},
    )


for loss in PANEL_LOSSES:
    history = digit_training(0.1, epochs=5, loss=loss).finish().history
    print(f"{loss}: above 80 % after 5 epochs:", history.accuracy.iloc[-1] > 0.8)

# %%
panel = lab.TuningPanel(
    digit_training,
    question="Which loss learns faster at 0.1, and what can a larger rate do?",
    learning_rate=0.1,
    epochs=5,
    loss=list(PANEL_LOSSES),
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# After 5 epochs at 0.1, cross-entropy reaches an accuracy of about 0.91 and squared
# error 0.68. At 0.3 or 1, with 10 epochs, both pass 0.95: squared error is slow but not
# hopeless, because a fresh network is not saturated. At 3, cross-entropy falls back to
# guessing, while squared error, whose gradients are smaller, still learns. Compare
# losses at the best rate for *each*, or you are only comparing scales.
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
# | MSE is 1/(2N) Σ; the loss is 1/2 Σ (E3) | D0 §4.1, D1 §4.2 | [the same minimum, but learning rates a factor of N apart](#Four-losses,-one-name) | half true |
# | ∂L/∂p = -y/p, backpropagation does the rest (E4) | D0 §4.2 | [right, but coded in these two halves it gives a NaN gradient at ±60 and an infinite loss at ±100](#The-derivation,-finished) | half true |
# | backpropagation in three lines (E8) | D2 §3.2 | [they do not run; with the outer product, a relative error of 0.66: f' is missing](#What-the-articles-say) | fails |
# | δ = ∂J/∂a · ∂a/∂z, ∂J/∂w = δ a | D4 §4.1-4.2 | [passes the gradient check](#The-judge:-a-gradient-check) | holds |
# | two classes are trained with -mean(y log z) (E9) | D2 §4.2.2, §4.3 | [loss near 0 and 37 % accuracy: it says yes to every house](#Half-a-loss) | fails |
# | "the smaller the cross-entropy, the closer the prediction is to the truth" | D2 §4.2.2 | [not with the loss printed there](#Half-a-loss) | fails |
# | backpropagation of a 100-500-10 network (E10) | D3 §4 | [last layer right; hidden layers off by 0.4 and 0.6; bias not summed; a sum, not a mean; ReLU twice is harmless](#From-scratch) | fails |
# | binary cross-entropy is the loss of the classifier (E13) | D4 §4.1 | [it is the loss of ten separate questions, not of one answer out of ten](#Two-losses-for-ten-classes) | half true |
# | σ' = σ(1 - σ) | D4 §4.2 | [equal to autograd](#Activations-and-their-derivatives) | holds |
# | ReLU "introduces nonlinearity" | D2 §4.2.1 | [without it, two layers are one](#Activations-and-their-derivatives) | holds |
# | ReLU's zeros "reduce the computation needed" (E14) | D2 §4.2.1 | [41 % zeros; a dense product with 95 % takes as long as with none](#Does-ReLU-save-work?) | fails |

# %% [markdown]
# ## Going further
#
# **Limits.** The gradient check finds bugs in the derivative, not in the idea: D2's
# one-sided loss passes it. It also stumbles where a function has a kink, like ReLU
# at 0.
#
# **References.** Backpropagation: Rumelhart, Hinton, Williams (1986), *Learning
# representations by back-propagating errors*, Nature 323. Cross-entropy and saturation:
# Goodfellow, Bengio, Courville (2016), *Deep Learning*, §6.2. Initial weights: He et
# al. (2015), *Delving deep into rectifiers*, arXiv 1502.01852. How wrong gradients can
# train a network: Lillicrap et al. (2016), *Random synaptic feedback weights support
# error backpropagation for deep learning*, Nature Communications 7. The digits:
# Alpaydin and Kaynak (1998), UCI repository, in scikit-learn.
#
# **D3 §7 corrected (E20).** "A Theoretical Framework for Back-Propagation" is LeCun
# (1988), not 1986.
