# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 11 · Ship: smaller, faster, served: on a laptop, a server and in the browser
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/11_ship.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/11_ship.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - store weights in 8, 4 or 2 bits, and say what that costs in quality,
# - tell what makes a network's file smaller from what makes it faster,
# - let a small network learn from a large one, and say when that helps,
# - export to ONNX, and test that the exported network means the same,
# - serve a model, read latency and throughput rightly, and put it into a web page.
#
# **Time:** 4 hours. **Judges:** D0 §8.2, §9 Q1; D1 §8.2, §9.3; D3 §3, §4 (D0 to D4 are
# [the five articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read
# first:** [chapter 05](05_mnist.ipynb) for the network; [chapter 07](07_gpt.ipynb) for
# the poet.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("11_ship", version="0.1")
lab.solved("ship")

# %% [markdown]
# ## What the articles say
#
# A trained network is of no use while it lies in a notebook. D0 §9 has one piece of advice on
# making it smaller: "use compression, such as quantization and pruning, to reduce the number
# of parameters and the computation" (<span lang="zh">采用模型压缩技术，如量化、剪枝等，减少模型参数规模，降低计算复杂度</span>).
# D1 §9.3 lists three places to run it: one's own computer, the cloud, and the edge, which
# is for "real time and low latency" (<span lang="zh">适用于实时性和低延迟需求</span>). D3 §4
# wants a standard *S* to be verified, and writes a function for it (<span
# lang="zh">标准验证(S)</span>), without saying what it does.
#
# In this chapter a network goes the whole way: it gets smaller, leaves PyTorch, answers
# requests on a server, and ends as a page that anybody can open.

# %%
lab.drawings.ways_to_ship()

# %% [markdown]
# **Four of five weights of a network are set to 0. How much smaller is its file, and how much
# sooner does it answer? Write down your guess.**

# %%
import copy
import io
import math
import time
from pathlib import Path

# %%
import numpy as np
import pandas as pd
import torch
from torch import nn

from bigmodel_lab import distillation, models, pruning, quantization

# %% [markdown]
# The network is the one that reads digits in [chapter 05](05_mnist.ipynb). A fifth of the
# training digits is kept back: all choices are made on those. The test digits are read once,
# at the end.

# %%
X, y, X_test, y_test = lab.datasets.mnist()
train, held_back = (X[:3200], y[:3200]), (X[3200:], y[3200:])


def fit(model, X, y, epochs, learning_rate=3e-3, loss=nn.functional.cross_entropy):
    """Train a network by AdamW and one cycle; return it."""
    training = lab.Training(
        model,
        loss,
        torch.optim.AdamW(model.parameters(), learning_rate),
        train=(X, y),
        epochs=epochs,
        batch_size=64,
        schedule=lab.schedules.one_cycle,
    )
    return training.finish().model.eval()


# %%
def percent(model):
    """Return the accuracy on the digits that are kept back, in percent."""
    X, y = held_back
    return 100 * lab.accuracy(y, lab.predict(model, X, batch_size=200))


torch.manual_seed(0)
cnn = fit(models.digit_cnn(), *train, epochs=6)
print(f"accuracy {lab.about(percent(cnn), 1.5, unit='%')}")

# %% [markdown]
# ## Derive it: eight bits instead of 32
#
# A weight takes 32 bits: one for its sign, 8 for an exponent, 23 for its digits. Must it?
# Take the largest weight of a row, and cut the way from 0 to it into 127 equal steps. Each
# weight is then nearly a whole number of steps, from -127 to 127, which fits into 8 bits:
#
# $$
# w \approx s \, q, \qquad s = \frac{\max|w|}{2^{b-1} - 1}, \qquad
# q = \operatorname{round}(w / s)
# $$
#
# The *scale* *s* is kept once for the row. No weight is off by more than half a step. **With
# 4 bits there are 15 values, with 2 bits three. From how many bits on does the network go
# wrong?**

# %% [markdown]
# ### Exercise 1: what is left of a weight
#
# *Medium · 10 minutes*
#
# A weight becomes a whole number of steps, and each row has steps of its own length.
# Which numbers does the network calculate with then?


# %%
def rounded_weights(weights, bits):
    """Return the weights (out, in) that are left after quantization, as a tensor.

    weights is a tensor (out, in), bits a number from 2 to 8. Each row has a scale of
    its own. A weight becomes the nearest whole number of scales, its code. The codes
    reach from -(2^(bits - 1) - 1) to 2^(bits - 1) - 1, as far down as up: the weight of
    a row that is largest in size has one of these two. Returned is what the codes stand
    for: code times scale.
    """
    ...


lab.check("ship.rounded_weights", rounded_weights)

# %% [markdown]
# ## From scratch: fewer bits
#
# `lab.quantization` does it. One scale for the whole matrix, or one for each row (each
# *channel*: what one unit or filter has):


# %%
def rounded(model, bits, per_channel=True, group=None):
    """Return a copy of a model with fewer bits; `group` weights may share a scale."""
    model = copy.deepcopy(model)
    for w in pruning.matrices(model):
        parts = w.data.reshape(-1, group) if group else w.data
        codes, scale = quantization.quantize(parts, bits, per_channel)
        w.data = quantization.dequantize(codes, scale).reshape(w.shape)
    return model


# %%
few = torch.tensor([[0.30, -0.11, 0.04, -0.02], [0.03, 0.01, -0.02, 0.0]])
codes, scale = quantization.quantize(few, bits=4)
codes, scale

# %%
widths = [8, 6, 5, 4, 3, 2]
by_bits = {
    name: (widths, [percent(rounded(cnn, bits, rows)) for bits in widths])
    for name, rows in {"one scale": False, "a scale for each row": True}.items()
}
lab.plots.curves(
    by_bits,
    title="Down to 3 bits hardly anything happens, at 2 much is lost",
    xlabel="bits of a weight",
    ylabel="accuracy, %",
    alt=(
        "Accuracy over bits, from 8 to 2, with one scale and with a scale for each row. "
        "Both stay near 96 percent from 8 bits to 3. With 2 bits both fall, that with "
        "one scale the further."
    ),
)

# %% [markdown]
# Over five seeds (`benchmarks/shrinking.py`):

# %%
stored = lab.results.load("shrinking")
seeds = pd.DataFrame(stored["digits"]["seeds"])
table = {
    bits: {
        name: lab.about(seeds[f"bits {bits} {name}"], unit="%")
        for name in ("all", "row")
    }
    for bits in widths
}
pd.DataFrame(table).T.map(str).rename_axis("bits").rename(
    columns={"all": "one scale", "row": "a scale for each row"}
)

# %% [markdown]
# Why a scale for each row? A single weight can decide how fine the steps of all others are.
# The pixel in the corner is 0 in every digit, so its weight does nothing, however large it
# is. **What does it do to the other weights when it is 30?**

# %%
torch.manual_seed(0)
mlp = fit(models.digit_mlp(), *train, epochs=6)
mlp[1].weight.data[0, 0] = 30
for rows in (False, True):
    found = percent(rounded(mlp, 8, rows))
    name = "a scale for each row" if rows else "one scale for all"
    print(f"{name}: {lab.about(found, 4, unit='%')}")
print(f"not rounded: {lab.about(percent(mlp), 1.5, unit='%')}")

# %% [markdown]
# With one scale a step is 30 / 127 = 0.24 wide, more than most weights are large: they all
# become 0, or one step. With a scale for each row, only the row with the large weight
# suffers.
#
# ### With PyTorch

# %%
codes, scale = quantization.quantize(mlp[1].weight.detach(), bits=8)
theirs = torch.fake_quantize_per_channel_affine(
    mlp[1].weight.detach(),
    scale.flatten(),
    torch.zeros(len(scale), dtype=torch.int32),
    axis=0,
    quant_min=-127,
    quant_max=127,
)
difference = (quantization.dequantize(codes, scale) - theirs).abs().max()
print(f"largest difference from PyTorch: {float(difference)}")

# checked on every run
assert difference == 0

# %% [markdown]
# ### A poet in four bits
#
# Digits are easy. [Chapter 07](07_gpt.ipynb)'s GPT writes Tang poems; how many bits does it
# need for each character of people's poems, when its weights have fewer and fewer?

# %%
poet, alphabet, _ = models.load("poet")
poems = lab.datasets.tang_poems("7x4")[1]["poem"][:200]
rows = alphabet.rows(f"\n{poem}\n" for poem in poems)


def bits_of_text(model):
    """Return the bits that a GPT needs for a Chinese character of 200 poems."""
    pairs = rows[:, :-1], rows[:, 1:]
    nats = lab.evaluate(model, models.next_token_loss, pairs, batch_size=64)["loss"]
    return nats * 33 / 28 / math.log(2)  # 33 tokens, of which 28 are Chinese


for bits in (8, 4):
    found = [bits_of_text(rounded(poet, bits, by_row)) for by_row in (False, True)]
    one, each = (str(lab.about(b, 0.05)) for b in found)
    print(f"{bits} bits: {one} with one scale, {each} with one for each row")
print(f"32 bits: {lab.about(bits_of_text(poet), 0.01)}")

# %% [markdown]
# With one scale for each matrix, 4 bits are the end of the poet; with one for each row, it
# loses an eighth of a bit. (The digits' network did not mind: try it on what you ship.) Can
# smaller groups do still better? 32 weights that share a scale of 16 bits (llama.cpp's
# files do it so) cost half a bit more for each weight. On all 2,497 validation poems:

# %%
scales = {
    "all": "one scale",
    "row": "for each row",
    "32": "for each 32",
    "16": "for each 16",
}
written = pd.DataFrame(stored["poet"]["rows"]).query("scale != 'none'")
grid = written.pivot(index="bits", columns="scale", values="text")
grid = grid.sort_index(ascending=False)[list(scales)].rename(columns=scales)
grid.round(2)

# %% [markdown]
# Three bits are enough for a poet that is a little worse, if few weights share a scale. Two
# bits are too few: -1, 0 and 1. (Models that are *trained* with such weights do exist: see
# "Going further".) Look at what it writes:

# %%
for bits, group in ((32, None), (8, None), (4, 32), (3, 32), (2, 32)):
    model = poet if bits == 32 else rounded(poet, bits, group=group)
    poem = models.write(model, alphabet, "春", seed=1, temperature=0.8)[0]
    print(f"{bits:2} bits: {poem}")

# %% [markdown]
# ### Exercise 2: what a quantized matrix takes
#
# *Easy · 5 minutes*
#
# In a language model for a laptop, some dozens of weights share a scale. How many bytes
# does the whole take?


# %%
def shrunk_bytes(weights, bits, group):
    """Return how many bytes a quantized matrix takes, codes and scales.

    All are numbers: the matrix has so many weights, each with a code of `bits` bits,
    and the codes lie side by side without gaps. Each `group` of them share a scale, a
    float16 of 2 bytes; `weights` is a multiple of it.
    """
    ...


lab.check("ship.shrunk_bytes", shrunk_bytes)

# %% [markdown]
# Codes of 4 bits go into a file two to a byte. **How large is the poet's file?**

# %%
from safetensors.torch import save


def as_file(model, bits, group=32):
    """Return the bytes of a file with a model's matrices in `bits`, scales in float16."""
    parts = {}
    for name, w in model.state_dict().items():
        if w.dim() < 2:
            parts[name] = w.half()
            continue
        codes, scale = quantization.quantize(w.reshape(-1, group), bits)
        parts[f"{name} codes"] = quantization.pack(codes, bits)
        parts[f"{name} scales"] = scale.flatten().half()
    return save(parts)


whole = len(save({name: w.contiguous() for name, w in poet.state_dict().items()}))
for bits in (8, 4, 2):
    print(f"{bits} bits: {len(as_file(poet, bits)) / 1e6:.2f} MB of {whole / 1e6:.2f}")

# %% [markdown]
# A seventh of the bytes, for 0.07 bits a character. The parameters are as many as before:
# "reduce the number of parameters" is not what quantization does.

# %% [markdown]
# ### In whole numbers only
#
# So far rounded weights are turned back before they are used: that saves memory, and no time.
# A processor can also multiply bytes, several times as many a second. Then what a layer
# *reads* must be whole numbers, too. What comes out of ReLU is never negative: from 0 up to
# the largest, 255 steps, and a *zero point* for ranges that do reach below 0.

# %% [markdown]
# ### Exercise 3: codes for what a layer reads
#
# *Medium · 10 minutes*
#
# Weights are known beforehand; what a layer reads is not. Some batches are run for
# calibration: which codes do for everything that came along?


# %%
def input_codes(batches):
    """Return (scale, zero) for what a layer reads, in codes of 8 bits.

    batches is a list of tensors (N, in): what the layer has read for calibration. The
    codes 0 to 255 are to reach from the smallest number in any batch to the largest,
    and 0 must be in that range: if all numbers are above 0, it begins at 0. A number x
    is about (code - zero) * scale: scale is a number, zero the code of x = 0, a whole
    number.
    """
    ...


lab.check("ship.input_codes", input_codes)

# %% [markdown]
# The range is found before, on a few digits ("static"), or anew for each batch ("dynamic"),
# which takes time at every answer. Then a layer needs nothing but whole numbers, until the
# last multiplication:

# %%
inputs = X[:500].flatten(1)
x_scale, x_zero = quantization.affine(0.0, float(inputs.max()))
x_codes = quantization.encode(inputs, x_scale, x_zero)
whole = quantization.integer_linear(x_codes, x_scale, x_zero, codes, scale)

with torch.no_grad():
    exact = inputs @ mlp[1].weight.T
off = (whole - exact).abs().median() / exact.abs().median()
print(f"typical error: {lab.about(100 * float(off), 0.3, unit='%')}")


# %% [markdown]
# ## Zeros
#
# *Pruning* leaves weights out: the smallest ones are set to 0, in the whole network
# (`lab.pruning`). Then the rest is trained a little more, while the zeros stay.

# %% [markdown]
# ### Exercise 4: what zeros weigh
#
# *Medium · 10 minutes*
#
# A matrix is pruned. How large is its file, as it is, and how large is one that leaves
# the zeros out?


# %%
def file_bytes(rows, columns, share):
    """Return how many bytes a pruned matrix takes, stored in two ways: a pair.

    All are numbers: of the float32 weights of a (rows, columns) matrix, `share` (0 to
    1) are 0. The first way is what a file of a model holds of it, without the header:
    the matrix as it is. The second one (CSR) stores the others alone: each with 4 bytes
    for its value and 8 for the number of its column; and for each row, 8 bytes that say
    where its weights begin, and 8 more for where those of the last row end.
    """
    ...


lab.check("ship.file_bytes", file_bytes)


# %%
def pruned(share):
    """Return a copy of the network of which a share is 0, trained for one epoch more."""
    model = copy.deepcopy(cnn)
    weights = pruning.matrices(model)
    masks = pruning.masks(weights, share)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    loss = nn.functional.cross_entropy
    for _ in lab.Training(model, loss, optimizer, train=train, epochs=1, batch_size=64):
        pruning.apply(weights, masks)
    return model.eval()


# %%
def answer(model, images):
    """Return a network's logits, and keep nothing for a way back."""
    with torch.inference_mode():
        return model(images)


def seconds(call, tries=30):
    """Return how long a call takes when nothing disturbs it: the fastest tenth."""
    taken = []
    for _ in range(tries):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return np.quantile(taken, 0.1)


# %%
import zlib


def saved(model):
    """Return the bytes of a network's file, as PyTorch saves it."""
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return file.getvalue()


def described(model):
    """Return a network's accuracy and the bytes of its file, zipped, too."""
    file = saved(model)
    return {
        "accuracy": str(lab.about(percent(model), 2, unit="%")),
        "file, kB": round(len(file) / 1e3),
        "zipped, kB": str(lab.about(len(zlib.compress(file)) / 1e3, 8)),
    }


# %%
sparse = {share: pruned(share) for share in (0.5, 0.8)}
networks = {"0 %": cnn} | {f"{share:.0%}": model for share, model in sparse.items()}
pd.DataFrame({name: described(model) for name, model in networks.items()}).T

# %% [markdown]
# Four of five weights can go, and the network is as good as before. Its file is as large as
# before: a 0 takes four bytes, like any other number. Only zip notices. Here are five seeds,
# with still more zeros, and two more epochs of training:

# %%
shares = (0.5, 0.8, 0.9, 0.95, 0.98)
ways = {"at once": "cut", "tuned": "cut, 2 epochs more"}
pd.DataFrame(
    {
        f"{share:.0%} zeros": {
            words: str(lab.about(seeds[f"zeros {share} {way}"], unit="%"))
            for way, words in ways.items()
        }
        for share in shares
    }
).T

# %%
sizes = [len(saved(model)) for model in networks.values()]
print(f"bytes of the files: {sizes}")

# checked on every run
assert len(set(sizes)) == 1

# %% [markdown]
# A format for sparse matrices keeps the others only, and where each one stands. **From how
# many zeros on does it save memory? And from how many on, time?** (That nothing is faster by
# itself, the first line shows.)

# %% [markdown]
# ### Exercise 5: from how many zeros on does it pay?
#
# *Medium · 10 minutes*
#
# A file that leaves the zeros out must say where the other weights belong. How many
# zeros does it take until it is the smaller one?


# %%
def sparse_pays_from(rows, columns):
    """Return the share of zeros (0 to 1) from which on a sparse file is smaller.

    Both are numbers. A (rows, columns) matrix is stored whole, with 4 bytes for each
    weight, or without its zeros (CSR): then each other weight takes 4 + 8 bytes, and
    beside them there are rows + 1 numbers of 8 bytes. Returned is the share for which
    both files are equally large; it need not be a whole number of weights.
    """
    ...


lab.check("ship.sparse_pays_from", sparse_pays_from)

# %% tags=["nbval-ignore-output"]
import warnings
from functools import partial

warnings.filterwarnings("ignore", "Sparse CSR")  # "in beta state"
for name, model in networks.items():
    print(
        f"one digit, {name} zeros: {1e3 * seconds(partial(answer, model, X[:1])):.2f} ms"
    )

dense, inputs = torch.randn(1024, 1024), torch.randn(1024, 64)
timed = {}
for share in (0.5, 0.8, 0.9, 0.95, 0.99):
    (mask,) = pruning.masks([dense], share)
    matrix = (dense * mask).to_sparse_csr()
    kept = int(mask.sum())
    timed[f"{share:.0%}"] = {
        "memory of dense": f"{pruning.sparse_bytes(1024, kept) / dense.nbytes:.2f}",
        "time of dense": seconds(partial(torch.matmul, matrix, inputs), 10)
        / seconds(partial(torch.matmul, dense, inputs), 10),
    }
pd.DataFrame(timed).T.rename_axis("zeros")

# %% [markdown]
# The network with zeros takes as long as the one without: a multiplication by 0 is one like
# any other. That answers the question at the beginning. In a format of their own, zeros save
# memory from two thirds on, and time only where most is 0: from some 80 to 95 % on, by how
# well the processor's dense product is written. (Some GPUs can leave out two of every four
# weights; that halves the multiplications, if the zeros lie that evenly.)
#
# ### Whole channels
#
# What does make a network faster is a smaller network: whole filters go, and with them all
# weights of the next layer that read them. The rest is an ordinary, narrower network.

# %% [markdown]
# ### Exercise 6: which channels stay?
#
# *Medium · 10 minutes*
#
# A convolution is to become narrower. Find the channels that count most, by the sizes
# of their weights.


# %%
def kept_channels(weight, count):
    """Return the numbers of the output channels that stay, the smallest number first.

    weight is a tensor (out, in, 3, 3), of a convolution; count is a number: so many of
    the `out` channels are to stay, those with the largest sums of the sizes |w| of
    their weights. Returned is a tensor (count,) of whole numbers, from 0 to out - 1.
    """
    ...


lab.check("ship.kept_channels", kept_channels)

# %%
narrow = {share: pruning.slim(cnn, share) for share in (0.25, 0.5)}
for model in narrow.values():
    fit(model, *train, epochs=2, learning_rate=1e-3)
networks = {"none": cnn} | {f"{share:.0%}": model for share, model in narrow.items()}
table = {name: described(model) for name, model in networks.items()}
pd.DataFrame(table).T.rename_axis("channels that go")

# %% [markdown]
# Half of the channels, a quarter of the weights. But is what is left worth anything, or only
# its shape? **Train the same narrow network from nothing: which is better?** Five seeds:

# %%
ways = {"tuned": "cut, 2 epochs more", "from nothing": "the same shape from nothing, 8"}
outcome = {
    f"{share:.1%}": {
        words: lab.about(seeds[f"channels {share} {way}"], unit="%")
        for way, words in ways.items()
    }
    for share in (0.25, 0.5, 0.75, 0.875)
}
pd.DataFrame(outcome).T.map(str).rename_axis("channels that go")

# %% [markdown]
# A quarter of the channels goes for nothing. With half of them, the same shape from nothing
# is as good; with a quarter, it is nearly five points *better* (each was trained for eight
# epochs in all). What pruning found here is not good weights, but a width that is enough
# (Liu and others, 2019).
#
# ## A teacher
#
# There is a third way to a small network: let it learn from the large one. A label says "7".
# The large network says "7, perhaps a 1, and certainly no 8": more for each digit, and it can
# say so of digits that nobody has labeled. That is *distillation* (Hinton and others, 2015).
# Both answers are softened by a *temperature* T before they are compared:
#
# $$
# L = T^2 \sum_k p_k \log \frac{p_k}{q_k}, \qquad
# p = \operatorname{softmax}(z^{\text{teacher}} / T), \quad
# q = \operatorname{softmax}(z^{\text{student}} / T)
# $$

# %%
answers = lab.predict(cnn, X[:3200], batch_size=200)
unsure = int((answers.sort(-1).values[:, -2:] @ torch.tensor([-1.0, 1.0])).argmin())
soft = {f"T = {t}": 100 * distillation.soft_answers(answers[unsure], t) for t in (1, 4)}
lab.plots.paired_bars(
    soft,
    labels=range(10),
    title="Warmth shows what the teacher also thought of",
    xlabel="digit",
    ylabel="probability, %",
    alt=(
        "Bars: the teacher's probabilities of the ten digits for the image of which it "
        "is least sure. With T = 1 two digits share nearly all; with T = 4 the others "
        "are seen, too."
    ),
)

# %% [markdown]
# ### Exercise 7: learning from a teacher's answers
#
# *Hard · 15 minutes*
#
# How far are a student's softened answers from its teacher's? Write the loss down, with
# what makes up for the temperature.


# %%
def soft_loss(student, teacher, temperature):
    """Return the loss of a student that learns its teacher's answers, in nats.

    student and teacher are tensors of logits (N, C), temperature is a number, T. With p
    the softmax of the teacher's logits / T, and q that of the student's: the divergence
    of Kullback and Leibler, Σ p log(p / q) over the classes, as a mean over the
    samples, times T².

    Source: Hinton and others (2015), "Distilling the knowledge in a neural network"
    """
    ...


lab.check("ship.soft_loss", soft_loss)

# %% [markdown]
# The student has 16 hidden units, and 200 labels. The teacher has seen all 3,200; the third
# student learns from its answers to all of them, and from no label.


# %%
def student(seed=0):
    """Return a network of 16 units: 12,730 weights, a seventh of the teacher's."""
    torch.manual_seed(seed)
    hidden = nn.Linear(784, 16), nn.ReLU()
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(16, 10))


def taught(X, answers, epochs, temperature=4.0):
    """Return a student that learned from a teacher's answers."""

    def loss(logits, targets):
        return distillation.distillation_loss(logits, targets, temperature)

    return fit(student(), X, answers, epochs, learning_rate=0.01, loss=loss)


# %%
lessons = {
    "200 labels": fit(student(), X[:200], y[:200], 60, learning_rate=0.01),
    "answers to the same 200": taught(X[:200], answers[:200], 60),
    "answers to all 3,200, no label": taught(X[:3200], answers, 12),
}
for name, model in lessons.items():
    print(f"{name}: {lab.about(percent(model), 2.5, unit='%')}")

# %% [markdown]
# Without a single label the student gets far better than with 200. Does a teacher always
# help? Five seeds, more and more labels:


# %%
def best(kind, count):
    """Return the accuracy at the better one of two learning rates, over five seeds."""
    rates = (seeds[f"{kind} {count} {rate}"] for rate in (0.003, 0.01))
    return str(lab.about(max(rates, key=np.mean), unit="%"))


# %%
counts = pd.Index((200, 800, 3200), name="digits")
kinds = {"labels": "labels", "answers": "answers to the same digits"}
pd.DataFrame({kinds[kind]: [best(kind, n) for n in counts] for kind in kinds}, counts)

# %% [markdown]
# With few labels, a teacher's answers say more than the labels do; with all of them, they
# say as much. A teacher is for many pictures and few labels: its answers to all 3,200, and
# not a single label, are worth ten points more than 200 labels, and as much as all of them.
#
# Each number stands for the better one of two learning rates. With the lower one, 0.003,
# the same table would say that a teacher brings nothing at 200 digits (81.9 %) and *hurts*
# at 3,200 (89.9 against 90.7 %): labels were learned nearly as well with it, soft answers
# were not. Who compares two ways must tune both.

# %% [markdown]
# ## Out of PyTorch
#
# A phone has no PyTorch. ONNX is a file that holds the computation itself: a graph of named
# operations, with the weights. Many programs can run it; onnxruntime is one.

# %%
import tempfile

import onnxruntime

scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
path = lab.to_onnx(cnn, folder / "digits.onnx")

# %%
import onnx

graph = onnx.load(path).graph
print(*(node.op_type for node in graph.node))


# %%
def runner(path):
    """Return a function that answers images (N, 1, 28, 28) by an ONNX file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: np.asarray(images)})[0]


run = runner(path)
print(f"it reads {run(X[:5]).argmax(1)}, in truth {y[:5].numpy()}")

# %% [markdown]
# Is it the same network? "It looks all right" is no answer. D3 wants a standard *S* to be
# verified; here is what such a function has to do: two programs, the same inputs, and a
# number that says how far apart their answers are.

# %% [markdown]
# ### Exercise 8: a standard that can be run
#
# *Medium · 10 minutes*
#
# Does the exported network answer as the trained one did? Write the test that says how
# far they are apart, and that no broken network passes.


# %%
def largest_difference(expected, found):
    """Return how far two programs' answers are apart at most: a test for a new one.

    expected and found are arrays of logits (N, C): of the network that was trained, and
    of what was made of it. Returned is a number, the largest size of all differences;
    infinity if there is a NaN in either of them, so that no limit lets it pass.
    """
    ...


lab.check("ship.largest_difference", largest_difference)

# %%
onnx.checker.check_model(path, full_check=True)  # is it ONNX at all?
with torch.no_grad():
    apart = np.abs(run(X[:100]) - cnn(X[:100]).numpy()).max()
print(
    f"apart from PyTorch by {lab.about(float(apart), 2e-5)}, of logits up to 20 in size"
)

# checked on every run
assert apart < 1e-4

# %% [markdown]
# The checker says that the file obeys the standard's grammar, and the comparison that it
# means the same. Both together are a standard that can be run, and that fails.
#
# ### What is gained?

# %% tags=["nbval-ignore-output"]
rows_of = {}
for name, model in {"whole": cnn, "half of the channels": narrow[0.5]}.items():
    other = runner(lab.to_onnx(model, folder / "timed.onnx"))
    for count, tries in ((1, 30), (100, 5)):
        images = X[:count]
        rows_of[name, count] = {
            "PyTorch": 1e3 * seconds(partial(answer, model, images), tries),
            "onnxruntime": 1e3 * seconds(partial(other, images.numpy()), tries),
        }
table = pd.DataFrame(rows_of).T.round(2)
table.rename_axis(["network", "digits"]).add_suffix(", ms")

# %% [markdown]
# For a single digit PyTorch spends most of its time on everything but multiplying: it looks
# up each operation anew. onnxruntime has planned all of it before. And half of the channels
# are what no zeros are: faster.
#
# ### Eight bits that are computed with
#
# onnxruntime quantizes a file: *dynamic*, where the range of what a layer reads is measured
# at each answer, or *static*, where it is measured once, on some digits. **Which is faster
# for this network? And for one that is nearly all matrix?**

# %%
torch.manual_seed(0)
wide = nn.Sequential(
    nn.Flatten(),
    *(nn.Linear(784, 1024), nn.ReLU()),
    *(nn.Linear(1024, 1024), nn.ReLU()),
    nn.Linear(1024, 10),
)
fit(wide, *train, epochs=2, learning_rate=1e-3)
wide_path = lab.to_onnx(wide, folder / "wide.onnx")

# %%
from onnxruntime import quantization as ort_quantization


class Calibration(ort_quantization.CalibrationDataReader):
    """The digits that show how large the numbers between the layers get."""

    def __init__(self):
        self.batches = iter(X[:500].numpy().reshape(10, 50, 1, 28, 28))

    def get_next(self):
        """Return the next batch by the name of the input, None at the end."""
        batch = next(self.batches, None)
        return None if batch is None else {"images": batch}


# %%
import logging

logging.disable(logging.WARNING)  # "consider to run pre-processing before"
eight = {"weight_type": ort_quantization.QuantType.QInt8}


def in_bytes(path):
    """Return the paths of a file quantized dynamically and statically."""
    dynamic, static = (
        path.with_suffix(f".{kind}.onnx") for kind in ("dynamic", "static")
    )
    ort_quantization.quantize_dynamic(path, dynamic, **eight)
    ort_quantization.quantize_static(
        path, static, Calibration(), per_channel=True, **eight
    )
    return dynamic, static


files = {
    "convolutions": (path, *in_bytes(path)),
    "all matrix": (wide_path, *in_bytes(wide_path)),
}


# %%
def right_answers(path, images, digits):
    """Return the accuracy of an ONNX file in percent, a hundred images at a time."""
    run = runner(path)
    answers = np.concatenate([run(batch) for batch in images.split(100)])
    return 100 * (answers.argmax(1) == digits.numpy()).mean()


def measured(path):
    """Return the accuracy, bytes and seconds of an ONNX file."""
    run = runner(path)
    return {
        "accuracy, %": f"{right_answers(path, *held_back):.1f}",
        "kB": f"{path.stat().st_size / 1e3:,.0f}",
        "1 digit, ms": f"{1e3 * seconds(lambda: run(one)):.3f}",
        "100 digits, ms": f"{1e3 * seconds(lambda: run(many), 5):.1f}",
    }


# %% tags=["nbval-ignore-output"]
one, many = X[:1].numpy(), X[:100].numpy()
kinds = ("32 bits", "8 bits, dynamic", "8 bits, static")
pd.DataFrame(
    {
        (name, kind): measured(file)
        for name, three in files.items()
        for kind, file in zip(kinds, three, strict=True)
    }
).T

# %% [markdown]
# A quarter of the bytes each time, and hardly a digit lost. But the time goes both ways. The
# network of matrices gets faster: it reads each weight once for each digit, and a quarter of
# the bytes are read four times as fast ([chapter 09](09_scale.ipynb#Why-a-small-batch-wastes-the-machine)).
# The convolutions get *slower*, most of all if the ranges are measured at each answer: they
# use each weight many times, so that reading it was not what took the time, and now each
# number between two layers has to be turned into bytes and back. Moving to another program
# gained more here than fewer bits.
#
# ### A file from a stranger
#
# A model is a file from somebody else. PyTorch's own format is a *pickle*, which is a small
# program: whoever loads it runs it.

# %%
import pickle


class Surprise:
    """What a stranger could put into a file of weights."""

    def __reduce__(self):
        """Tell pickle what to call when the file is loaded."""
        return print, ("I could have deleted all your files.",)


(folder / "weights.pt").write_bytes(pickle.dumps(Surprise(), protocol=2))
pickle.loads((folder / "weights.pt").read_bytes())

# %%
try:
    torch.load(folder / "weights.pt", weights_only=True)
except pickle.UnpicklingError as error:
    print(str(error).splitlines()[0][:60], "…")

# %% [markdown]
# `torch.load` refuses since version 2.6, unless it is told `weights_only=False`: never do so
# with a file that is not yours. safetensors has a list of names and numbers, and nothing to
# run; ONNX has a graph of known operations. Our own checkpoints are safetensors.

# %% [markdown]
# ## Served
#
# A program that answers others runs all the time, on an address, in a process of its own.
# `bigmodel_lab.serving` is one, on FastAPI: some two hundred lines, most of them for what
# may go wrong. `lab.Server` starts it, waits until it is well, and ends it with the
# notebook.

# %%
server = lab.Server("digits", path)

pixels = (255 * X[0]).flatten().tolist()
status, reply = server.ask("/predict", {"pixels": pixels})
print(status, f"digit {reply['digit']}, in truth {int(y[0])}")

# %% [markdown]
# Strangers send anything. **What should a server say to 3 pixels, to words, to a pixel of
# 300, to an image of 10 MB?**

# %%
faults = {
    "3 pixels": {"pixels": [0, 0, 0]},
    "a word": {"pixels": ["black", *pixels[1:]]},
    "too dark": {"pixels": [300, *pixels[1:]]},
    "10 MB": {"pixels": [0] * 5_000_000},
}
for name, body in faults.items():
    status, reply = server.ask("/predict", body)
    print(f"{name}: {status}, {reply['detail']}")

# %% [markdown]
# One sentence each, that says what was wrong and what is wanted; and it lives on. A body of
# 10 MB is thrown away piece by piece: it never lies in memory.
#
# ### How many a second?
#
# `lab.load_test` plays many clients, each of which asks again as soon as it has its answer.
# **One client waits so and so long. With 32 of them: how long does each wait?**

# %% [markdown]
# ### Exercise 9: the slowest of a hundred
#
# *Easy · 5 minutes*
#
# On average a server is fast. How long may those wait who are unlucky?


# %%
def slowest_of_100(latencies):
    """Return the 99th percentile of latencies, in ms.

    latencies is an array (N,), in ms and in no order, of 200 requests or more: 99 of
    100 requests are answered within the time that is returned. It may lie anywhere
    between the two requests there.
    """
    ...


lab.check("ship.slowest_of_100", slowest_of_100)

# %% tags=["nbval-ignore-output"]
bodies = [bytes((255 * image).flatten().to(torch.uint8).tolist()) for image in X[:64]]


def loaded(server, clients, requests=300):
    """Return requests a second, and the milliseconds of the median and slowest."""
    load = lab.load_test(f"{server.url}/predict/raw", bodies, clients, requests)
    return {
        "requests a second": round(load.per_second),
        "median, ms": f"{load.median:.1f}",
        "99 of 100, ms": f"{load.p99:.1f}",
    }


with lab.Server("digits", path, batched=False) as alone:
    one_at_a_time = {clients: loaded(alone, clients) for clients in (1, 8, 32)}
pd.DataFrame(one_at_a_time).T.rename_axis("clients")

# %% [markdown]
# The server does as many a second, however many ask: it has one core. So with 32 clients,
# each waits about 32 times as long. Requests a second and the time of one answer are two
# numbers, and neither follows from the other without the number of clients.

# %% [markdown]
# ### Exercise 10: Little's law
#
# *Easy · 5 minutes*
#
# So many clients, and each waits so long for an answer. How many answers are there in a
# second?


# %%
def requests_per_second(clients, latency_ms):
    """Return how many requests a server answers in a second: Little's law.

    Both are numbers. Each of the clients sends a request, waits for its answer, which
    takes latency_ms milliseconds, and sends the next one at once.

    Source: Little (1961), "A proof for the queuing formula L = λW"
    """
    ...


lab.check("ship.requests_per_second", requests_per_second)

# %% [markdown]
# ### Together
#
# A network takes hardly longer for 8 digits than for one. So a server may wait a moment,
# and answer all who have come in one go (`lab.batching`):

# %%
lab.drawings.batching()

# %% [markdown]
# ### Exercise 11: in the queue
#
# *Medium · 10 minutes*
#
# Your request waits in a queue, and the model takes several at once. When is your
# answer there?


# %%
def waiting_time(position, batch, run_ms):
    """Return how many ms it takes until a request in a queue has its answer.

    All are numbers. `position` other requests are in front of it (0: none), and none is
    being worked on. The model takes the first `batch` requests at once, or as many as
    there are, needs run_ms milliseconds for them, however many they are, and then takes
    the next ones.
    """
    ...


lab.check("ship.waiting_time", waiting_time)

# %% tags=["nbval-ignore-output"]
together = {clients: loaded(server, clients) for clients in (1, 8, 32)}
pd.DataFrame(together).T.rename_axis("clients")

# %% [markdown]
# A lone client pays for the moment that the server waits for nobody. With 32 of them, a
# batch is full before the wait is over, and the network is run once where it was run 32
# times. What it gains depends on what a request costs beside the network: reading it,
# checking it, answering it. `benchmarks/serving.py` asked two networks, ours of 93,000
# weights and one of 5.8 million, on a quiet machine, and LitServe, a program made for this:

# %%
rivals = pd.DataFrame(lab.results.load("serving")["servers"]["rows"])
rivals["answers/s"] = rivals["per_second"].map(
    lambda rounds: f"{np.median(rounds):,.0f}"
)
rivals["batches"] = rivals["batched"].map({True: "yes", False: "no"})
columns = ["network", "server", "body", "batches"]
rivals.pivot(index=columns, columns="clients", values="answers/s")

# %% [markdown]
# A lone client pays most: it gets a fifth of the answers, since the server waits 2 ms for
# others who never come. With 32 clients, batches answer three times as many for the small
# network, and five times as many for the large one, whose weights are then read once for
# all. And 784 numbers as text cost more than a small network: raw bytes are answered half
# as often again.
#
# Why is LitServe slower? It passes each request on to a process of its own for the model.
# That pays where a run takes long, on a GPU, or with several workers; here it costs more
# than the network.

# %% [markdown]
# ### A thousand at once
#
# A queue that takes everybody in lets everybody wait, until all have given up. This one has
# 256 places. The others are told so at once, and can come back:

# %%
crowd = lab.load_test(f"{server.url}/predict/raw", bodies, clients=1000, requests=1000)
told = crowd.answers["200"] + crowd.refused
print(f"answered, or refused by name: {told}; lost: {crowd.failed}")

# checked on every run
assert (told, crowd.failed) == (1000, 0)

# %%
server.stop()

# %% [markdown]
# ### A poet behind an address
#
# Programs talk to large models through one interface, which OpenAI made and nearly all others
# speak. Ours does, too: any client for it can ask our poet.

# %%
from_poet = lab.Server("poems", "poet")
wish = {"model": "poet", "prompt": "春", "temperature": 0.8, "seed": 1}
status, reply = from_poet.ask("/v1/completions", wish)
print(status, reply["choices"][0], reply["usage"])

# %% [markdown]
# A poem comes one character at a time, and nobody wants to wait for the last. With
# `"stream": true` the server sends each as soon as it has it, in lines:

# %%
_, stream = from_poet.ask("/v1/completions", wish | {"stream": True})
lines = stream.splitlines()
print(lines[0][:13], "…", lines[0][-94:])
print(lines[2][:13], "…", lines[2][-94:])
print("…", lines[-2], sep="\n")

# %% [markdown]
# ### Exercise 12: a text that comes piece by piece
#
# *Medium · 15 minutes*
#
# A server sends a poem while it is being written. Put it together from the lines that
# arrive.


# %%
def streamed_text(lines):
    """Return the whole text that a server has streamed, piece by piece, as a string.

    lines is a list of strings, without their line breaks, as OpenAI's servers send
    them: `data: {"choices": [{"text": "春", ...}], ...}` has the next piece of the
    text, an empty line ends each event, a line that begins with `:` is a comment (it
    keeps the connection open), and after the last piece comes `data: [DONE]`. A piece
    may be a space or a line break. The module json is in the standard library.
    """
    ...


lab.check("ship.streamed_text", streamed_text)

# %% [markdown]
# To write the next character, the model needs the keys and values of all before it. It can
# compute them again each time, or keep them ([chapter 07](07_gpt.ipynb)'s cache). **How much
# faster is a poem of 32 characters?**


# %% tags=["nbval-ignore-output"]
def written(cached):
    """Return the tokens of a poem."""
    return list(models.stream(poet, alphabet.rows(["\n"]), cached=cached))


for cached in (False, True):
    name = "kept" if cached else "computed anew"
    print(f"{name}: {33 / seconds(partial(written, cached), 5):,.0f} tokens a second")
from_poet.stop()

# %% [markdown]
# A poem is short: 33 characters. With the cache each costs as much as the first; without
# it, the k-th costs as much as k. So the gain, 1.6 times on a quiet machine, grows with the
# length of a text. Streaming makes nothing faster; but the first character is there after 3
# ms, and the last after 57 (`benchmarks/serving.py`).
#
# ### On a server of others
#
# D1 §9.3's "cloud" is somebody else's computer. What one sends there is an image: a system
# with the program in it. This file would make it (it is shown, not run):
#
# ```dockerfile
# FROM python:3.12-slim
# RUN pip install --no-cache-dir onnxruntime fastapi uvicorn numpy
# COPY . /app
# WORKDIR /app
# USER nobody
# EXPOSE 8000
# HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')"
# CMD ["python", "-m", "bigmodel_lab.serving", "digits", "--model", "digits.onnx", "--host", "0.0.0.0", "--port", "8000"]
# ```

# %% [markdown]
# ## On the edge
#
# A server costs something each month, and every digit travels to it. What if the network ran
# where the digit is drawn? A browser can run an ONNX file, by a version of onnxruntime that
# is compiled for it. `lab.digit_page` puts all of it into one page.

# %%
from bigmodel_lab.datasets.fetching import DataUnavailable

try:
    page = lab.digit_page(path, "digits.html")
    print(f"{page}: {page.stat().st_size / 1e6:.0f} MB")
except DataUnavailable as error:  # npm fetches what runs it: go on without
    page = None
    print(error)

# %% [markdown]
# **Draw a digit. Then cut your network, and draw another one.**

# %%
lab.edge_frame(page) if page else None

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# It answers in about a millisecond, with the network cut or not: nothing leaves your
# computer. The first time takes a second or two, in which 14 MB of program are unpacked.
# The file `digits.html` lies beside this notebook. Save it, send it to somebody, open it on
# a phone: it needs nothing else. (A test asks the page and onnxruntime about fifty digits:
# no logit differs by 0.0001.)
#
# </details>
#
# D1 §9.3 is right that the edge is fast: there is no way to go. It is not only for "data
# sources" and devices: it is any page. What it cannot do is hold a model of many gigabytes,
# or keep one secret: who has the page has the weights.
#
# ## On real data: what is shipped in the end
#
# All choices were made on the digits kept back. Now the test digits are read, once:

# %%
half = lab.to_onnx(narrow[0.5], folder / "half.onnx")
shipped = {
    "as trained": path,
    "four bits": lab.to_onnx(rounded(cnn, 4), folder / "four.onnx"),
    "80 % zeros": lab.to_onnx(sparse[0.8], folder / "sparse.onnx"),
    "half of the channels": half,
    "half of them, 8 bits": in_bytes(half)[1],
}
results = {}
for name, file in shipped.items():
    right = lab.about(right_answers(file, X_test, y_test), 1.5, unit="%")
    results[name] = f"{right}, {file.stat().st_size / 1e3:.0f} kB"
    print(f"{name}: {results[name]}")

# %% [markdown]
# ### What comes with it
#
# Who gets a model should know what it is, what it was measured on, and what it is not for. A
# *model card* says so; it should be made from the measured numbers, not typed.

# %%
from huggingface_hub import ModelCard, ModelCardData

card = ModelCard.from_template(
    ModelCardData(language="en", license="mit", library_name="onnx"),
    model_id="A reader of digits",
    model_description="Reads a handwritten digit, 28 x 28 pixels. Made to teach.",
    training_data="3,200 digits of MNIST (LeCun and others, 1998)",
    testing_data="1,000 other digits of MNIST, read once",
    results="\n".join(f"- {name}: {found}" for name, found in results.items()),
    out_of_scope_use="Anything but digits: it names one for every picture.",
)
asked = card.content.count("[More Information Needed]")
_, _, after = card.content.partition("### Results")
print("### Results", after.partition("####")[0].rstrip())
print(f"… and {asked} questions of the template that nobody has answered yet")

# %% [markdown]
# The questions left open are the useful part of a template: who paid for it, whom it could
# harm, how to reach its makers.
#
# ## Turn the knobs
#
# ### How warm should a teacher be?
#
# **The student sees the teacher's answers to some of the digits. Which temperature is best?
# Is it, with a learning rate of 0.01, too? And does a teacher still help with all 3,200?**


# %%
def taught_training(learning_rate, epochs, temperature=4.0, digits=200):
    """Train a student of 16 units on a teacher's answers; 0 degrees: on the labels."""

    def loss(logits, targets):
        if targets.dim() == 1:  # labels: to learn from, or to measure with
            return nn.functional.cross_entropy(logits, targets)
        return distillation.distillation_loss(logits, targets, temperature)

    model, targets = student(), answers if temperature else y
    return lab.Training(
        model,
        loss,
        torch.optim.AdamW(model.parameters(), learning_rate),
        train=(X[:digits], targets[:digits]),
        validation=held_back,
        metrics={"accuracy": lab.accuracy},
        epochs=epochs,
        batch_size=64,
    )


# %%
panel = lab.TuningPanel(
    taught_training,
    question="Which temperature teaches best?",
    learning_rate=0.003,
    epochs=40,
    temperature=[0, 1, 2, 4, 8],
    digits=[200, 800, 3200],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With a rate of 0.003 no temperature is better than the labels (82 to 83 % with 200
# digits). With 0.01 the labels stay where they were, and a teacher's answers come to 84 %
# at temperature 1, to 86 % at 4. With all 3,200 digits (in 20 epochs), labels and answers
# reach 91 % each: nothing is missing that a teacher could add.
#
# </details>
#
# ### Bits and zeros
#
# The stairs are the weights of one filter of the network's second layer, as they are stored.
# **Which costs accuracy sooner, bits or zeros? What gets smaller, and what faster?**


# %%
def shrunk(bits=8, zeros=0.0, per_channel=True):
    """Return what is left of the network, in words, and its weights as stored."""
    model = copy.deepcopy(cnn)
    weights = pruning.matrices(model)
    pruning.apply(weights, pruning.masks(weights, zeros))
    model = rounded(model, bits, per_channel)
    count = sum(w.numel() for w in weights)
    right = lab.accuracy(y[3600:], lab.predict(model, X[3600:], batch_size=200))
    words = (
        f"accuracy <b>{right:.1%}</b><br>its codes: <b>{count * bits / 8e3:.0f} kB</b><br>"
        f"as PyTorch saves it: {count * 4 / 1e3:.0f} kB<br>"
        f"one digit: {1e3 * seconds(partial(answer, model, X[:1]), 10):.2f} ms"
    )
    before, order = cnn[3].weight[0].flatten().detach().sort()
    after = model[3].weight[0].flatten().detach()[order]
    return words, {"as trained": (before, before), "as stored": (before, after)}


# %%
lab.Explorer(
    shrunk,
    question="How little is enough?",
    axes={"weight as trained": (-0.16, 0.16), "weight as stored": (-0.16, 0.16)},
    bits=(2, 8),
    zeros=(0.0, 0.98, 0.02),
    per_channel=True,
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With 4 bits the stairs are fine enough, at 3 they are coarse and the accuracy hardly
# suffers, at 2 only three steps are left. Zeros make the middle step longer; without
# training afterward, 80 % of them cost a point or two, 90 % twenty. Only bits make the
# codes smaller. Nothing here makes the network faster: PyTorch computes with 32 bits, zeros
# included.
#
# </details>
#
# ### How many clients?
#
# What `benchmarks/serving.py` measured, for two networks. **From how many clients on does
# waiting pay? What does a lone client lose? Which network gains more, and why?**


# %%
measured_load = pd.DataFrame(lab.results.load("serving")["servers"]["rows"])
ours = measured_load.query("server == 'ours' and body == 'raw'")


def crowd(clients, network):
    """Return what so many clients wait, in words, and the curves over their number."""
    words, drawing = [], {}
    for batched, name in ((False, "one at a time"), (True, "in batches")):
        rows = ours[(ours["network"] == network) & (ours["batched"] == batched)]
        rows = rows.set_index("clients").sort_index()
        waited, answered = (rows[c].map(np.median) for c in ("median", "per_second"))
        words.append(
            f"{name}: <b>{answered[clients]:,.0f}</b> answers a second, "
            f"half of them within {waited[clients]:.1f} ms"
        )
        drawing[name] = np.log2(waited.index), np.log2(waited)
        drawing[f"{name}, you"] = math.log2(clients), math.log2(waited[clients])
    return "<br>".join(words), drawing


# %%
lab.Explorer(
    crowd,
    question="How many clients?",
    axes={"doublings of the clients": (0, 5), "doublings of a millisecond": (-1, 6)},
    clients=[1, 2, 4, 8, 16, 32],
    network=list(dict.fromkeys(ours["network"])),
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Batches pay from some 8 clients on for the small network, and from 4 on for the large one.
# A lone client waits 2.9 ms instead of 0.6, five times as long. One at a time, the waiting
# doubles with each doubling of the clients, a straight line of slope 1: that is Little's
# law, with a server that does as many a second whoever asks. In batches the line is nearly
# flat until a batch is full.
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("ship")

# %% tags=["nbval-ignore-output"]
lab.solved("ship")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | quantization and pruning "reduce the number of parameters"<br><span lang="zh">采用模型压缩技术，如量化、剪枝等，减少模型参数规模</span> | D0 §9 Q1 | [quantization keeps every parameter, in fewer bits](#A-poet-in-four-bits); [zeros are parameters, too, and the file is as large](#Zeros); [whole channels do go](#Whole-channels) | half true |
# | and "lower the computation"<br><span lang="zh">降低计算复杂度</span> | D0 §9 Q1 | [zeros take as long as other numbers](#Zeros); [eight bits made matrices faster and convolutions slower](#Eight-bits-that-are-computed-with) | half true |
# | compression "improves scalability and real-time use"<br><span lang="zh">为了提高模型的可扩展性和实时性，模型压缩与优化将成为研究重点</span> | D0 §8.2 | [a poet in a seventh of the bytes](#A-poet-in-four-bits), nearly as good; [batching gains more than any compression here](#Together) | half true |
# | edge computing is for "real time and low latency"<br><span lang="zh">适用于实时性和低延迟需求</span> | D1 §9.3 | [the page answers in less time than a request takes on its way](#On-the-edge), also without a network | holds |
# | the cloud is for "large computing demand"<br><span lang="zh">适用于大规模计算需求</span> | D1 §9.3 | [many clients are what a batch needs](#Together); for one of them a server is the slower way | half true |
# | research should "reduce the resources" that deployment needs<br><span lang="zh">研究如何高效地部署大模型，降低计算和存储资源的需求</span> | D1 §8.2 | [another program gained three times the speed, four bits a seventh of the bytes](#What-is-gained?) | holds |
# | "verified effect of *S* = standard verification (*S*)"<br><span lang="zh">验证效果(S) = 标准验证(S)</span> | D3 §3, §4 | a name for a function is no function: [a grammar check and a comparison of answers are one](#Out-of-PyTorch) | half true |
#
# ## Going further
#
# **Limits.** A network of 93,000 weights on one core: what gains time depends on the
# processor, most of all for bytes (AVX-512 VNNI, or none). Latencies on one machine leave out
# the network between. Activations were rounded only by onnxruntime; large language models
# have a few huge ones, which need care (LLM.int8, SmoothQuant). Our server has one worker, no
# accounts, no encryption: put it behind something that has.
#
# **Try next.** Train *with* the rounding (the gradient passes as if there were none:
# "straight-through") and see what 2 bits then can do. Prune a little after each epoch, instead
# of all at once. Serve the int8 file, and load it. Give `lab.digit_page` your network of
# chapter 05.
#
# **References.** Quantization: Jacob and others (2018), arXiv 1712.05877; Nagel and others
# (2021), arXiv 2106.08295; Dettmers and others (2022), *LLM.int8()*, arXiv 2208.07339; Frantar
# and others (2023), *GPTQ*, arXiv 2210.17323. Weights of -1, 0 and 1: Ma and others (2024),
# arXiv 2402.17764. Pruning: LeCun and others (1989), *Optimal brain damage*; Han and others
# (2015), arXiv 1506.02626; Li and others (2017), arXiv 1608.08710; against it: Liu and others
# (2019), *Rethinking the value of network pruning*, arXiv 1810.05270. Distillation: Hinton
# and others (2015), arXiv 1503.02531. Serving: Little (1961), *A proof for the queuing
# formula L = λW*; Yu and others (2022), *Orca*. Model cards: Mitchell and others (2019), arXiv
# 1810.03993.
