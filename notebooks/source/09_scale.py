# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 9 · Scale: what makes a model large, what it costs, and what it buys
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/09_scale.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/09_scale.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - count the parameters of any Transformer, and what training and serving keep in
#   memory,
# - say how long a training takes and what it costs, before it starts,
# - tell whether a machine waits for its memory or for its processor,
# - fit a scaling law, predict a model that is four times as large, and spend a budget
#   well,
# - doubt an ability that appears from nothing until you have seen the metric.
#
# **Time:** 4 hours. **Judges:** D0 §1; D1 §1, §8.1, §9.1, §9.2; D2 §1.4, §8.1; D3 §2,
# §8; D4 §1.1, §1.2, §3.3, §8.2 (D0 to D4 are [the five
# articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 03](03_optimizers.ipynb) for Adam; [chapter 07](07_gpt.ipynb) for the GPT.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("09_scale", version="0.1")
lab.solved("scale")

# %% [markdown]
# ## What the articles say
#
# Every article says what a *large* model is, and no two agree:
#
# | Article | A large model has | In Chinese |
# |---|---|---|
# | D0 §1 | billions to hundreds of billions of parameters | <span lang="zh">可达数十亿甚至千亿级别</span> |
# | D1 §1 | hundreds of millions to hundreds of billions | <span lang="zh">通常包含数亿甚至千亿个参数</span> |
# | D2 §1.4.1 | millions to billions | <span lang="zh">通常包含数百万到数十亿个参数</span> |
# | D3 §2 | billions to trillions | <span lang="zh">数十亿个参数，甚至达到数万亿级别</span> |
# | D4 §1.1 | hundreds of millions to billions | <span lang="zh">通常拥有数亿乃至数十亿的参数</span> |
#
# They agree that such models need "huge computing resources" (<span
# lang="zh">需要巨大的计算资源</span>, D1 §1.3) and will go on growing (<span
# lang="zh">模型规模将进一步扩大</span>, D3 §8, D4 §8.2). How much is huge, and what does the growth
# buy? None gives a number. **Which of the models that they name is large by all five?**
#
# In this chapter you count before you run: parameters, bytes, operations, days, money.
# Then you measure how the loss falls with size, and predict a model that nobody has
# trained yet.

# %%
import math
import time

import numpy as np
import pandas as pd
import torch
from torch import nn

from bigmodel_lab import counting, models, scaling
from bigmodel_lab.models import published

# %% [markdown]
# ## Derive it: what a Transformer is made of
#
# A block of width *d* has an attention with four matrices of *d* × *d* numbers, for
# queries, keys, values and output, and an MLP that goes to 4*d* and back. **How many
# numbers is that?**

# %%
lab.drawings.block_weights()

# %% [markdown]
# Twelve squares: 12*d*² weights. With biases (9*d*) and two norms that scale and shift
# (4*d*) a block of GPT-2 has 12*d*² + 13*d* parameters. Is that so? PyTorch has such a
# block, too:

# %%
d = 768
library = nn.TransformerEncoderLayer(d, nhead=12, dim_feedforward=4 * d)
held = sum(weight.numel() for weight in library.parameters())
print(f"12 d² + 13 d = {12 * d**2 + 13 * d:,}; PyTorch's block holds {held:,}")

# checked on every run
assert held == 12 * d**2 + 13 * d

# %% [markdown]
# Outside the blocks there are the table of *V* token vectors, a table of positions, a last
# norm, and a head that turns a vector into *V* scores. In GPT-2 the head *is* the table of
# tokens, used a second time.

# %% [markdown]
# ### Exercise 1: all of GPT-2
#
# *Medium · 10 minutes*
#
# From four numbers of a paper, count all parameters of a GPT. What must not be counted
# twice?


# %%
def gpt_parameters(layers, dimensions, vocabulary_size, length):
    """Return how many numbers learn in a GPT-2.

    All are numbers. A token table (vocabulary_size rows) and a position table (length
    rows) hold vectors of `dimensions` numbers. Each layer has two LayerNorms (a scale
    and a shift for each dimension), attention (four square matrices: queries, keys,
    values and output, however many heads share them) and an MLP, which goes to four
    times as many dimensions and back; every matrix in them has a bias. A last LayerNorm
    follows. The head is the token table once more, without numbers of its own.
    """
    ...


lab.check("scale.gpt_parameters", gpt_parameters)

# %% [markdown]
# ### Models that made history
#
# Newer models leave things out (biases, shifts, positions) and share others: the heads of
# Llama 3 share keys and values, four and four. `counting.parameters` knows these cases;
# tests compare it with what the library `transformers` builds. **How large are the
# models that everyone talks about?**

# %%
sizes = {
    name: counting.parameters(model) for name, model in published.TRANSFORMERS.items()
}
# %%
sizes |= {
    "AlexNet (2012)": published.alexnet_parameters(),
    "ResNet-50 (2015)": published.resnet_parameters(),
    "AlphaGo (2016)": published.alphago_parameters(),
    "D3's network, 100-500-10": 101 * 500 + 501 * 10,
}
poet, alphabet, _ = models.load("poet")
sizes["our poet (chapter 07)"] = counting.parameters(published.described(poet))

# checked on every run
assert sizes["our poet (chapter 07)"] == sum(w.numel() for w in poet.parameters())
assert sizes["BERT base (2018)"] == 109_482_240  # as the published file holds

# %%
powers = {"D0": (9, 12), "D1": (8, 12), "D2": (6, 10), "D3": (9, 13), "D4": (8, 10)}
rows = {}
for name, n in sorted(sizes.items(), key=lambda item: (item[1], item[0])):
    callers = [who for who, (low, high) in powers.items() if 10**low <= n < 10**high]
    rows[name] = {"parameters (millions)": f"{n / 1e6:,.2f}"}
    rows[name]["called large by"] = ", ".join(callers)
pd.DataFrame(rows).T

# %% [markdown]
# Four of fifteen: about 1.5 to 8 billion parameters. GPT-3 is too large for two of the
# articles. And look at three that they name:
#
# - **AlphaGo**, a large model to D1 (<span lang="zh">如GPT、BERT、AlphaGo等</span>), has a
#   few million parameters.
# - **ResNet** "drove the growth of parameters" after AlexNet (<span
#   lang="zh">不断推动着深度神经网络参数规模的增长</span>, D4 §1.2): it has less than half as many.
#   It is deeper, not larger.
# - **GPT-3** was not published in 2018 (<span lang="zh">2018年GPT-3的发布</span>, D0 §1): that
#   was GPT, a thousand times smaller. GPT-3 is of 2020.
#
# D2 calls GPT a "generative pre-trained *network*" (<span lang="zh">生成预训练网络</span>) and BERT
# a "bidirectional encoder *representer*" (<span lang="zh">双向编码表示器</span>). The T in both
# names is *Transformer*. **How much of them is it?**

# %%
names = {
    "GPT (2018)": "Generative Pre-trained Transformer",
    "BERT base (2018)": "Bidirectional Encoder Representations from Transformers",
    "our poet (chapter 07)": "a GPT, too",
}
known = published.TRANSFORMERS | {"our poet (chapter 07)": published.described(poet)}
for model, name in names.items():
    blocks = known[model].layers * counting.block_parameters(known[model])
    print(f"{name}: its blocks hold {blocks / sizes[model]:.0%} of the parameters")

# %% [markdown]
# The rest is the table of tokens: the smaller the model, the larger its share.
#
# ## What must be in memory
#
# ### To train
#
# For each parameter, training keeps the weight, its gradient, and what Adam remembers:
# the running means of the gradient and of its square. **How many bytes is that, at four
# bytes a number? And how much is it for GPT-3?**

# %% [markdown]
# ### Exercise 2: sixteen of what?
#
# *Easy · 5 minutes*
#
# How many gigabytes does training keep for the parameters alone?


# %%
def training_memory(parameters):
    """Return the memory, in GB, that training with Adam in float32 keeps filled.

    parameters is a number: how many numbers learn. Counted are the weights, their
    gradients and Adam's two running means; not the activations, which depend on the
    batch. A GB is 10⁹ bytes.
    """
    ...


lab.check("scale.training_memory", training_memory)

# %% [markdown]
# The formula can be checked: a model and its optimizer can be asked for every array that
# they hold. **Do they hold what we counted?**

# %%
torch.manual_seed(0)
small = models.GPT(len(alphabet), 33, 64, 3, 4, positions="rotary")
adam = torch.optim.Adam(small.parameters())
ids = torch.randint(len(alphabet), (32, 34))
models.next_token_loss(small(ids[:, :-1]), ids[:, 1:]).backward()
adam.step()

# %%
means = [s[k] for s in adam.state.values() for k in ("exp_avg", "exp_avg_sq")]
holds = {
    "weights": sum(w.nbytes for w in small.parameters()),
    "gradients": sum(w.grad.nbytes for w in small.parameters()),
    "Adam's two means": sum(mean.nbytes for mean in means),
}

# %%
on_paper = published.described(small)
predicted = counting.training_bytes(counting.parameters(on_paper))
pd.DataFrame({"counted": predicted, "held": holds}).map("{:,} bytes".format)

# %% [markdown]
# To the byte. For GPT-3 it is 16 times 174.6 billion, 2.8 TB: 35 cards of 80 GB, before the
# first token. And that is not all. For the backward pass, each layer keeps what went into
# it, for each token of the batch. PyTorch tells what it keeps, through a *hook*:


# %%
def kept_for_backward(model, ids):
    """Return the bytes that a batch of ids (N, T) keeps until the backward pass."""
    arrays = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        arrays[storage.data_ptr()] = storage.nbytes()  # views share one
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = models.next_token_loss(model(ids[:, :-1]), ids[:, 1:])
    loss.backward()  # what was kept was kept for this
    for weight in model.parameters():
        arrays.pop(weight.untyped_storage().data_ptr(), None)
    return sum(arrays.values())


# %%
for poems in (8, 32, 128):
    batch = torch.randint(len(alphabet), (poems, 34))
    kept = kept_for_backward(small, batch)
    formula = counting.kept_bytes(on_paper) * poems * 33
    print(f"{poems:3} poems: {kept / 1e6:.1f} MB kept, {formula / 1e6:.1f} MB counted")

# %% [markdown]
# 17 numbers of *d* in each layer and *V* at the end, times the tokens of the batch
# (`counting.kept_bytes` says which). The parameters of this model take 5.4 MB with all that
# Adam keeps; a batch of 128 poems takes twenty times as much. **So if a training does not
# fit, halve the batch before you shrink the model**, and add up the gradients of two:
# [chapter 10](10_machines.ipynb) does that.
#
# ### To answer
#
# A model that only writes needs no gradients and no Adam, and its weights may be rounded:
# to 16, 8 or 4 bits. **What fits on a laptop with 16 GB?**

# %% [markdown]
# ### Exercise 3: the largest that fits
#
# *Easy · 5 minutes*
#
# A memory of so many gigabytes, weights of so many bits: how many parameters are
# possible?


# %%
def largest_model(gigabytes, bits):
    """Return how many parameters fit into a memory, if nothing else must.

    Both are numbers: the memory in GB (10⁹ bytes), and how many bits each parameter is
    kept with. The result need not be whole.
    """
    ...


lab.check("scale.largest_model", largest_model)

# %% [markdown]
# What it writes takes memory, too: to write fast, a GPT keeps keys and values of all
# tokens so far ([chapter 07](07_gpt.ipynb#A-memory-for-keys-and-values)).

# %% [markdown]
# ### Exercise 4: what the cache costs
#
# *Medium · 10 minutes*
#
# Count the bytes of keys and values, for a batch of texts.


# %%
def cache_bytes(
    layers, key_value_heads, head_dimensions, length, batch_size, bytes_each
):
    """Return how many bytes the cache of keys and values has when the texts are full.

    All are numbers: in each of the layers, each of the key_value_heads keeps a key and
    a value for every token, vectors of head_dimensions numbers. There are batch_size
    texts of `length` tokens, and a number takes bytes_each bytes.
    """
    ...


lab.check("scale.cache_bytes", cache_bytes)

# %%
cache = small.eval().new_cache()
with torch.no_grad():
    small(ids[:, :-1], cache)
held = sum(part.nbytes for block in cache for part in block)
formula = counting.cache_bytes(on_paper, ids[:, :-1].numel(), bytes_each=4)
print(f"{held:,} bytes in the cache, {formula:,} counted")

# checked on every run
assert held == formula

# %% [markdown]
# **How much memory does one reader with a long text take from the large ones?**

# %%
rows = {}
for name in ("GPT-3 (2020)", "Llama 2 70B (2023)", "Llama 3 8B (2024)"):
    model = published.TRANSFORMERS[name]
    parts = counting.serving_bytes(model, bits=16, tokens=model.length)
    rows[name] = {"tokens": f"{model.length:,}"}
    rows[name] |= {part: f"{size / 1e9:.1f} GB" for part, size in parts.items()}
    per_token = counting.cache_bytes(model, 1)
    rows[name]["a token more"] = f"{per_token / 1e6:.2f} MB"
pd.DataFrame(rows).T

# %% [markdown]
# GPT-3 kept 4.7 MB for each token of each reader; twenty readers with full texts take as
# much as half its weights. That is why heads have come to share keys and values: Llama 3
# keeps 36 times less.

# %% [markdown]
# ## What must be computed
#
# ### Six operations for each weight and token
#
# A token goes through all matrices of a model, and each weight takes part in one product
# and one sum: 2 operations. The backward pass does it twice: it needs the gradient by each
# layer's input, and the gradient by its weights. **So how many operations is a training,
# with *N* parameters and *D* tokens?**

# %% [markdown]
# ### Exercise 5: the bill
#
# *Easy · 5 minutes*
#
# Count the operations of a training.


# %%
def training_flops(parameters, tokens):
    """Return about how many operations it takes to train a language model.

    Both are numbers: how many numbers learn, and how many tokens are read in training.
    Counted is what the weights do: forward, each multiplies once and adds once for
    every token, and backward takes twice as much as forward. Multiplications and
    additions count one each.
    """
    ...


lab.check("scale.training_flops", training_flops)

# %% [markdown]
# PyTorch can count what it computes. **Does it find six for each weight?**

# %%
from torch.utils.flop_counter import FlopCounterMode

with FlopCounterMode(display=False) as counter:
    logits = small(ids[:, :-1])
    models.next_token_loss(logits, ids[:, 1:]).backward()
tokens = ids[:, :-1].numel()
weights = counting.matrix_weights(on_paper)
counted = counter.get_total_flops()
print(f"{counted / tokens / weights:.4f} operations for each weight and token")

# checked on every run
assert counted == counting.training_flops(weights, tokens)

# %% [markdown]
# Exactly six, and yet a little is missing. On a CPU the counter does not see the attention
# itself, the scores and the weighted means (a known gap). With 4*d* operations for each
# token that a token looks at, and three passes, it is:

# %%
looks = counting.forward_flops(on_paper, length=33) - 2 * weights
print(f"attention itself: {looks / (2 * weights + looks):.1%} of all operations")
for length in (1024, 8192, 131_072):
    llama = published.TRANSFORMERS["Llama 3 8B (2024)"]
    per_token = counting.forward_flops(llama, length)
    share = 1 - 2 * counting.matrix_weights(llama) / per_token
    print(f"Llama 3 8B, {length:,} tokens: {share:.0%}")

# %% [markdown]
# Next to nothing for short texts, most of it for very long ones. (A causal mask halves it
# again, if the program makes use of that.) For most models 6*ND* is the whole bill: the
# 3.14 · 10²³ operations that the GPT-3 paper gives are 6 · 174.6 billion · 300 billion.
#
# ### How long does it take?
#
# "Small models take hours to days, large ones days to weeks" (<span
# lang="zh">小规模模型的训练时间可能在几小时到几天之间，而大规模模型的训练时间可能在几天到几周之间</span>, D1
# §9.2). That depends on three things that the sentence leaves out: the tokens, the
# machines, and how busy they are kept.

# %% [markdown]
# ### Exercise 6: days
#
# *Medium · 10 minutes*
#
# How many days do so many machines need?


# %%
def training_days(flops, machines, flops_per_second, utilization):
    """Return how many days a training takes.

    All are numbers: it needs `flops` operations. Each of the machines could do
    flops_per_second, but of these only the share `utilization`, between 0 and 1, is
    used.
    """
    ...


lab.check("scale.training_days", training_days)

# %%
DAY = 24 * 3600
H100 = 989e12  # operations a second in bfloat16, as its maker says
trainings = {  # parameters, tokens, machines
    "our poet, on this laptop": (sizes["our poet (chapter 07)"], 21.12e6, 1),
    "GPT-2 XL, 40 billion tokens": (sizes["GPT-2 XL (2019)"], 40e9, 8),
    "GPT-3": (sizes["GPT-3 (2020)"], 300e9, 1024),
    "Llama 3 8B": (sizes["Llama 3 8B (2024)"], 15e12, 1024),
    "Llama 3 8B, one card": (sizes["Llama 3 8B (2024)"], 15e12, 1),
}

# %%
rows = {}
for name, (n, tokens, machines) in trainings.items():
    flops = counting.training_flops(n, tokens)
    speed = 100e9 if "laptop" in name else machines * 0.4 * H100
    days = flops / speed / DAY
    rows[name] = {
        "operations": f"{flops:.1e}",
        "days": f"{days:,.2f}",
        "tokens a parameter": f"{tokens / n:,.0f}",
    }
pd.DataFrame(rows).T

# %% [markdown]
# (A share of 40 % of what the maker promises is good for a card; our laptop is taken to do
# 100 billion operations a second.) From half an hour to half a century: "hours to days" and
# "days to weeks" are true of a budget, not of a model. And the newest are smaller than
# GPT-3, and read fifty times as much. Why, we shall see.
#
# ### Why a small batch wastes the machine
#
# A machine has two speeds: how fast it computes, and how fast it gets numbers from its
# memory. A layer of 2048 × 2048 reads its 4 million weights once for a whole batch. **How
# many operations can it do with each byte that it reads?**

# %% [markdown]
# ### Exercise 7: operations per byte
#
# *Medium · 10 minutes*
#
# Count both for one layer, and divide: the *arithmetic intensity* (Williams and others,
# 2009).


# %%
def arithmetic_intensity(rows, inputs, outputs):
    """Return how many operations a layer does for each byte that it moves.

    All are numbers: a matrix (rows, inputs) is multiplied with the weights (inputs,
    outputs), in float32 and without a bias. Each of the three matrices moves once: two
    are read, the result is written. Multiplications and additions count one each, and
    the first product of a sum is added to 0.
    """
    ...


lab.check("scale.arithmetic_intensity", arithmetic_intensity)

# %% [markdown]
# Let us measure this machine: the same layer, with more and more rows.


# %%
def seconds_of(work, repeats=7):
    """Return the least time of some tries: what disturbs can only add to it."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


# %% tags=["nbval-ignore-output"]
layer = torch.randn(2048, 2048)
counts, speeds, intensities = [1, 2, 4, 8, 16, 32, 64, 128, 256], [], []
for n in counts:
    x = torch.randn(n, 2048)
    seconds = seconds_of(lambda x=x: x @ layer)
    speeds.append(2 * n * layer.numel() / seconds / 1e9)
    intensities.append(counting.intensity(n, 2048, 2048))
table = {"operations per byte": intensities, "billion operations a second": speeds}
pd.DataFrame(table, index=counts).rename_axis("rows").round(1).iloc[::2]

# %% [markdown]
# One row uses less than a tenth of the machine: it waits for weights. The *roofline*
# says it in one formula. Up to a certain intensity the memory decides, from there on the
# processor.

# %% [markdown]
# ### Exercise 8: under the roof
#
# *Easy · 5 minutes*
#
# What speed is possible at which intensity?


# %%
def attainable(intensity, peak, bandwidth):
    """Return how many operations a second a machine can reach, (N,): the roofline.

    intensity is an array (N,): how many operations each of N layers does for a byte
    that it moves. peak and bandwidth are numbers: how many operations the machine can
    do in a second, and how many bytes it can move in a second, both at once.
    """
    ...


lab.check("scale.attainable", attainable)

# %% tags=["nbval-ignore-output"]
peak, bandwidth = max(speeds), speeds[0] / intensities[0]
roof_x = np.geomspace(0.3, 100, 50)
lab.plots.roofline(
    {"this layer, 1 to 256 rows": (intensities, speeds)},
    roof=(roof_x, np.minimum(peak, bandwidth * roof_x)),
    title="With few rows the memory decides, with many the processor",
    xlabel="operations per byte (log scale)",
    ylabel="billion operations a second (log scale)",
    alt="Speed of a layer against its operations per byte, both on logarithmic axes. The roof rises in proportion and then is flat. The measured dots follow it: from 1 row up along the slope, and from some tens of rows on near the flat part.",
)

# %% [markdown]
# For a card the bend lies even further to the right: an H100 can do 989 billion operations
# in the time in which it reads 3.35 billion bytes, 295 for each byte. A model that writes
# one token for one reader does 1 for each byte (2 for a weight of 2 bytes). **So how many
# tokens a second can it write at most?**

# %%
for name in ("Llama 3 8B (2024)", "Llama 2 70B (2023)"):
    weights = 2 * sizes[name]  # bytes, 16 bits each
    once = weights / 3.35e12  # seconds to read them all
    print(f"{name}: {1 / once:.0f} tokens a second for one reader;", end=" ")
    rows_at_bend = 989e12 / (2 * sizes[name]) * once
    print(f"{rows_at_bend:.0f} readers cost no more time")

# %% [markdown]
# Whoever serves many at once reads the weights once for all: that is why a large model is
# cheap in a data center and slow at home. (That two cards are needed for 70 billion
# parameters is another matter.)

# %% [markdown]
# ## On real data: what does size buy?
#
# "More parameters, better performance" (<span
# lang="zh">通过增加模型参数规模和深度，AI大模型在多项基准测试中取得了最优的性能</span>, D1 §8.1). We can
# ask that of our own poems: train the same GPT in six sizes, each on five amounts of text.
# First live, with one small size. **If twice the text brings this much, what will four
# times as much bring?**

# %%
train, validation, _ = (
    alphabet.rows(f"\n{poem}\n" for poem in part["poem"])
    for part in lab.datasets.tang_poems("7x4")
)


def bits(model, rows):
    """Return the bits that a GPT needs for a Chinese character of poems (N, 34)."""
    pairs = rows[:, :-1], rows[:, 1:]
    nats = lab.evaluate(model, models.next_token_loss, pairs, batch_size=64)["loss"]
    return nats * 33 / 28 / math.log(2)  # 33 tokens, of which 28 are Chinese


# %%
def small_gpt(steps, dimensions=32, layers=2, learning_rate=0.06):
    """Train a GPT for some steps of 32 poems; its rate falls to 0 at the end."""
    torch.manual_seed(0)
    shape = {"dimensions": dimensions, "layers": layers, "heads": 2}
    model = models.GPT(len(alphabet), 33, positions="rotary", **shape).to(device)
    options = {"steps": steps, "batch_size": 32, "learning_rate": learning_rate}
    return models.gpt_training(model, train, **options).finish().model.eval()


steps = np.array([63, 125, 250, 500])
live = [bits(small_gpt(n), validation[:500]) for n in steps.tolist()]
for n, b in zip(steps.tolist(), live, strict=True):
    print(f"{n * 32 * 33:9,} tokens: {lab.about(b, 0.1)} bits")

# %% [markdown]
# Each doubling brings less than the one before. On two logarithmic axes such a curve may be
# a straight line, a *power law*: loss = floor + scale / tokens^exponent. But which floor?
# The line fits with many.

# %% [markdown]
# ### Exercise 9: a power law
#
# *Medium · 15 minutes*
#
# Find the scale and the exponent, if the floor is given.


# %%
def power_law(x, losses, floor):
    """Return (scale, exponent) of the law: losses ≈ floor + scale / x ** exponent.

    x and losses are arrays of one length: what was spent (parameters, tokens or
    operations), and the loss that it led to. floor is a number, below all losses. The
    law is the best straight line (least squares) through the logarithms of both sides.
    """
    ...


lab.check("scale.power_law", power_law)

# %%
tokens = steps * 32 * 33
for floor in (0.0, 4.0, 7.0, 8.0):
    scale, exponent = scaling.power_law(tokens[1:], live[1:], floor)
    ahead = floor + scale / (4 * tokens[-1]) ** exponent
    steep, ahead = lab.about(exponent, decimals=1), lab.about(ahead, 0.15)
    print(f"floor {floor}: exponent {steep}, four times the text: {ahead}")

# %% [markdown]
# Within the points all four fit; beyond them they part. So one size does not tell. We need
# a grid: `benchmarks/scaling.py` trained six sizes on five amounts of text, three times
# each, in an hour of one core, and measured each of the 90 models on the test poems.

# %%
measured = lab.results.load("scaling")
runs = pd.DataFrame(measured["grid"].values())
per_size = runs.groupby(["parameters", "tokens"])["bits"]
grid = per_size.agg(lambda b: str(lab.about(b.to_numpy()))).unstack()
grid.index = [f"{n:,} parameters" for n in grid.index]
grid.columns = [f"{n / 1e6:.2f} M tokens" for n in grid.columns]
grid


# %%
def over_tokens(part, column):
    """Return (tokens, results (seeds, N)) of some runs, for a chart."""
    table = part.pivot(index="seed", columns="tokens", values=column)
    return table.columns, table.to_numpy()


# %%
sizes_run = runs.groupby("parameters")
lab.plots.over_data(
    {f"{n / 1e6:.2f} million": over_tokens(part, "bits") for n, part in sizes_run},
    title="More text and more parameters help, each where it is scarce",
    xlabel="tokens read (log scale)",
    ylabel="bits per character, test poems",
    alt="Bits per character against tokens read, 0.13 to 2.11 million, on a logarithmic axis, for six sizes from 0.05 to 1.17 million parameters, three dots each. All curves fall and flatten. The smallest ends at 8.6, the next at 8.0, the largest, which is the only one that still falls steeply, at 7.3.",
)

# %% [markdown]
# Along a row, twice the text always helps, and each time less. Down a column, the first
# doubling of the parameters is worth most; with little text more of them hardly help at
# all. And each size has an end of its own: from 1.06 to 2.11 million tokens the smallest
# gains 0.15 bits, the largest 0.33. (Of the 51,168 parameters of the smallest, 48,048 are
# the table of characters; its one block has 3,104.)
#
# So what did four times the text bring to the size that you trained? The table says 8.0
# bits: nearest to the line with a floor of 8. But that is the floor *of this size*, and not
# of poems: larger models lie below it.
#
# ### One law for both
#
# Hoffmann and others (2022) describe such a grid with five numbers:
#
# $$L(N, D) = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta}$$
#
# *E* is what cannot be known, the second part is lost for having only *N* parameters, the
# third for having read only *D* tokens.

# %% [markdown]
# ### Exercise 10: what the law says
#
# *Easy · 5 minutes*
#
# Write the loss that it predicts.


# %%
def predicted_loss(law, parameters, tokens):
    """Return the loss that a law of scale predicts: E + A / N^alpha + B / D^beta.

    law is a dictionary with the five numbers "E", "A", "alpha", "B" and "beta". N, the
    parameters, and D, the tokens that were read, are numbers.

    Source: Hoffmann and others (2022), "Training Compute-Optimal Large Language Models"
    """
    ...


lab.check("scale.predicted_loss", predicted_loss)

# %% [markdown]
# `scaling.fit` finds the five numbers: for each pair of exponents the other three are a
# least-squares problem, so it tries many pairs. A library's optimizer must find no better
# ones:

# %%
from scipy.optimize import curve_fit

N, D, losses = (runs[c].to_numpy() for c in ("parameters", "tokens", "bits"))
law = scaling.fit(N, D, losses)


def formula(x, E, A, alpha, B, beta):
    """Return the law's loss, as curve_fit wants it."""
    return E + A / x[0] ** alpha + B / x[1] ** beta


theirs, _ = curve_fit(formula, (N, D), losses, law, bounds=(0, np.inf), max_nfev=9999)
ours = np.sqrt(np.mean((law.loss(N, D) - losses) ** 2))
best = np.sqrt(np.mean((formula((N, D), *theirs) - losses) ** 2))
print(f"typical error: ours {ours:.3f}, scipy's {best:.3f} bits")

# checked on every run
assert ours < 1.01 * best

# %%
for name, value in law._asdict().items():
    print(f"{name:5} ≈ {value:.2f}")

# %% [markdown]
# *E* is what would remain for a very large model that has read very much: about 7 bits. That
# is no fact about poems, only where these curves seem to lead.
#
# ### Can it be trusted?
#
# A law that fits what it was fitted to proves little. So leave the largest model out, fit
# the other five sizes, and let the law predict the sixth. **How far off is it?**

# %%
largest = runs["parameters"].max()
rest = runs[runs["parameters"] < largest]
without = scaling.fit(*(rest[c].to_numpy() for c in ("parameters", "tokens", "bits")))

# %%
rows = {}
for read, part in runs[runs["parameters"] == largest].groupby("tokens"):
    said, found = float(without.loss(largest, read)), part["bits"].to_numpy()
    rows[f"{read / 1e6:.2f} M tokens"] = {
        "predicted": f"{said:.2f}",
        "measured": str(lab.about(found)),
        "measured - predicted": f"{found.mean() - said:+.2f}",
    }
pd.DataFrame(rows).T

# %% [markdown]
# Four times it is right to less than a tenth of a bit, and once it is wrong by a fifth: with
# 2.11 million tokens the largest model is *better* than the five smaller ones let us expect. Keep that in mind; below we look for what it has learned
# there.
#
# ### A prediction, and its outcome
#
# The largest of the grid has 1.2 million parameters. **What will one of 4.7 million do, four
# times as large?** This is what the law is for: whoever pays for a large training wants to
# know before. The prediction was stored before that model was trained; ± is how far the
# laws of single seeds are apart.

# %%
rows = {}
for key, said in measured["prediction"].items():
    row = measured["larger"][key]
    same = runs[runs["tokens"] == row["tokens"]].groupby("parameters")["bits"].mean()
    rows[f"{row['tokens'] / 1e6:.2f} M tokens"] = {
        "best of the grid": f"{same.min():.2f}",
        "predicted": str(lab.about(said["bits"], said["spread"])),
        "measured": f"{row['bits']:.2f}",
    }
pd.DataFrame(rows).T

# %% [markdown]
# It did *better* than predicted, by 0.11 and by 0.22 bits: many times the ±, which only says
# how much luck was in the fit. Sure of itself and wrong: a law that fits 90 runs is a good
# description of these runs. Its error has the sign that we saw before. What has the larger
# model learned that the smaller ones had not? We shall look for it below.
#
# ### For a given budget: how large?
#
# Six operations for each parameter and token: with a fixed budget, a larger model reads
# less. The law says which size is best.

# %% [markdown]
# ### Exercise 11: the best use of a budget
#
# *Hard · 20 minutes*
#
# Put *D* = *C* / (6*N*) into the law, and find the *N* where its derivative is zero.


# %%
def compute_optimal(law, flops):
    """Return (parameters, tokens) with the least loss for so many operations.

    law is a dictionary with the numbers "E", "A", "alpha", "B" and "beta": the loss is
    E + A / N^alpha + B / D^beta. flops is a number, C = 6 N D. With

        G = (alpha A / (beta B))^(1 / (alpha + beta))

    the best N is G (C / 6)^(beta / (alpha + beta)), and D is what is left of C.

    Source: Hoffmann and others (2022), "Training Compute-Optimal Large Language Models"
    """
    ...


lab.check("scale.compute_optimal", compute_optimal)

# %%
lab.plots.budgets(
    law,
    [4e11, 8e11, 1.6e12, 4e12],
    runs=(N, D, losses),
    title="For each budget there is a best size; twice too large costs little",
    alt="Bits per character against parameters on a logarithmic axis, one curve for each of four budgets, 4e11 to 4e12 operations. Each curve falls, has a lowest point, marked by a star, and rises again; the larger the budget, the lower and the further to the right the star. Dots of measured runs lie near the curves.",
)

# %%
rows = {}
for flops in (1e12, 1e13, 1e14, 1e15):
    n, tokens = scaling.compute_optimal(law, flops)
    rows[f"{flops:.0e} operations"] = {
        "parameters (millions)": f"{n / 1e6:.2f}",
        "tokens (millions)": f"{tokens / 1e6:.2f}",
        "tokens a parameter": f"{tokens / n:.1f}",
        "bits": f"{law.loss(n, tokens):.2f}",
    }
pd.DataFrame(rows).T

# %% [markdown]
# Ten times the budget is best spent on about three times the parameters and three times the
# text. "Models will go on growing" is half of the truth: their data must grow as much.
#
# GPT-3, with 2 tokens a parameter, was far too large for its budget; Hoffmann and others
# found some 20 to be best for English. Then why has Llama 3 read 1,868? The law counts the
# training only. Each token that a model writes costs 2 operations for each parameter, so
# whoever serves millions trains a smaller model for longer than is "optimal".
#
# ### Where counting is beaten
#
# [Chapter 07](07_gpt.ipynb#Where-the-lines-cross) compared one GPT with counting. Now take the
# best size for each amount of text. **From how much text on does a network beat counting?**

# %%
counted = pd.DataFrame(measured["counting"].values())
best_count = counted.groupby("tokens")["bits"].min()
best_gpt = runs.groupby(["tokens", "parameters"])["bits"].mean().groupby("tokens").min()
smallest = runs[runs["parameters"] == runs["parameters"].min()]
tiny = smallest.groupby("tokens")["bits"].mean()
lab.plots.crossover(
    {
        "the best GPT": (best_gpt.index, best_gpt.to_numpy()),
        "the smallest GPT": (tiny.index, tiny.to_numpy()),
    },
    {"counting": (best_count.index, best_count.to_numpy())},
    title="The best size is ahead from the start, the smallest much later",
    alt="Bits per character against tokens read, on a logarithmic axis. Counting falls from 9.6 to 8.7. The best GPT lies below it everywhere and ends at 7.3. The smallest begins at 10.3, crosses counting at half a million tokens, and ends beside it.",
)

# %% [markdown]
# With the best size it never is behind: even 4,000 poems are enough for a GPT of a million
# parameters. (It trains for some fifteen seconds where counting takes less than one; and
# chapter 07 looked at *one* training on its way, whose learning rate was still high.) The smallest
# one passes counting late, and is hardly ahead at the end: counting keeps a number for all
# that it has seen, 51,168 parameters cannot.

# %% [markdown]
# ## What a power law cannot say
#
# The loss falls smoothly. But what a model *can do* sometimes seems to appear all at once,
# and some call that *emergence* (Wei and others, 2022). Here is such an ability of the
# smallest model: a poem of exactly four lines of seven characters, with its marks. **When
# does it appear, and what was there before?**

# %%
words = {"xlabel": "tokens read (log scale)", "ylabel": "share, or mean probability"}
lab.plots.over_data(
    {
        "each place, mark or character": over_tokens(smallest, "places"),
        "whole poems in form": over_tokens(smallest, "form"),
    },
    title="The form appears at once; its places were right long before",
    alt="Two curves of the smallest model against tokens read, on a logarithmic axis. The share of poems in form is 0 at 0.13 million tokens, 0.3 at 0.26, 0.8 at 0.53 and 0.9 in the end. The mean probability of the right kind of character at each place is 0.83 at first, then 0.97, and nearly 1 from there on.",
    **words,
)

# %% [markdown]
# The lower curve asks for much more: a poem is in form if *all* of its 33 places have the
# right kind of character.

# %% [markdown]
# ### Exercise 12: all of them right
#
# *Easy · 5 minutes*
#
# How often are all steps right, if each one is with some probability?


# %%
def all_right(share, steps):
    """Return how probably all steps of an answer are right, (N,).

    share is an array (N,): for each of N models, how probably one step is right. steps
    is a number: so many does an answer take, and whether one is right has nothing to do
    with the others.
    """
    ...


lab.check("scale.all_right", all_right)

# %%
means = smallest.groupby("tokens")[["form", "places"]].mean()
rows = {}
for read, mean in means.iterrows():
    rows[f"{read:,} tokens"] = {
        "each place": f"{mean['places']:.3f}",
        "to the power of 33": f"{mean['places'] ** 33:.2f}",
        "poems in form": f"{mean['form']:.2f}",
    }
pd.DataFrame(rows).T

# %% [markdown]
# Nothing jumped. From 83 % to 97 % for each place is a small step, and 33 such factors make
# it a large one. "All right, or it does not count" makes a jump out of any steady progress
# (Schaeffer and others, 2023): **ask for the metric before you believe in emergence.**
#
# Is that all? *Rhyme* is a single character, so nothing is multiplied, and we can look at
# the probability itself: where line 4 ends, how likely is *any* character that rhymes with
# line 2? **Does that grow smoothly?**

# %%
words["ylabel"] = "probability of a rhyme where one is due"
lab.plots.over_data(
    {f"{n / 1e6:.2f} million": over_tokens(part, "endings") for n, part in sizes_run},
    title="The rhyme comes late, to the largest first, and all at once",
    alt="Probability of a rhyme where one is due against tokens read, on a logarithmic axis, for six sizes with three dots each. The four smallest creep from 0.07 or 0.1 to less than 0.2. The largest is with them until 1.06 million tokens and then jumps, to more than 0.6 twice, to 0.36 once. The next smaller one reaches 0.33 in one of three.",
    **words,
)

# %% [markdown]
# This is a jump, and no metric makes it. Four sizes creep from a tenth (chance) to less than a
# fifth. The largest does so, too, until a million tokens; at two million it rhymes, in all
# three trainings, though one of them only half the time, and the next smaller one begins
# to, in one of three. [Chapter 07](07_gpt.ipynb#Whom-does-it-listen-to?)
# showed what appears there: a head that looks from the end of line 4 back to the end of
# line 2. Such a circuit is there or it is not.
#
# So both sides of the dispute are right, each about another ability. **And the model of 4.7
# million, which was better than predicted?**

# %%
for row in measured["larger"].values():
    print(f"{row['tokens'] / 1e6:.2f} M tokens: a rhyme with {row['endings']:.2f}")

# %% [markdown]
# It rhymes already at a million tokens. That is what the law had missed: nearly all of the
# models that it was fitted to cannot.

# %% [markdown]
# ## Turn the knobs
#
# ### One budget, four widths
#
# Train GPTs of your own, all with the same number of operations: a wider one takes fewer
# steps. **Which width is best for a small budget? And for one four times as large?**


# %%
def budget_training(learning_rate, epochs, dimensions=32):
    """Train a GPT with 1.5e11 operations an "epoch", whatever its size."""
    torch.manual_seed(0)
    shape = {"dimensions": dimensions, "layers": 2, "heads": 4}
    model = models.GPT(len(alphabet), 33, positions="rotary", **shape).to(device)
    n = counting.parameters(published.described(model))
    steps = round(1.5e11 * epochs / (6 * n) / (32 * 33))
    options = {"steps": steps, "learning_rate": learning_rate, "measure_every": 20}
    return models.gpt_training(model, train, validation[:200], **options)


# %%
panel = lab.TuningPanel(
    budget_training,
    question="Which width is best for this budget?",
    learning_rate=0.03,
    epochs=2,
    dimensions=[16, 32, 64, 128],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With one "epoch" the narrowest is best: 16 wide 5.26 nats a token, 32 wide 5.43, 64 wide
# 5.89, and 128 wide, which can afford 30 steps only, 6.24. With two, 16 and 32 are even
# (5.01 and 5.05). With eight, 16 has come near its end (4.84) and 32 is ahead (4.66): the
# more you can spend, the wider the best.
#
# </details>
#
# ### Does it fit?
#
# The first question of every reader: which model runs on my machine? Choose one, its bits,
# and how long your texts are. **Which is the largest that fits in 16 GB? How many bits, and
# how many tokens does that allow?**


# %%
from ipywidgets import FloatSlider, IntSlider


def does_it_fit(model, bits=16, readers=1, memory=16, bandwidth=100):
    """Return what a model takes to serve readers, over the length of their texts."""
    weights = sizes[model] * bits / 8 / 1e9  # GB
    a_token = readers * counting.cache_bytes(known[model], 1) / 1e9
    tokens = np.linspace(0, 32_768, 33)
    drawing = {
        "needed": (tokens, weights + a_token * tokens),
        "you have": (tokens[[0, -1]], np.array([memory, memory])),
    }
    if weights > memory:
        words = f"It does <b>not fit</b>: its weights alone take {weights:.1f} GB."
        return words, drawing
    words = (
        f"Weights <b>{weights:.2f} GB</b>, room for "
        f"<b>{(memory - weights) / a_token:,.0f} tokens</b> of each reader; at most "
        f"<b>{bandwidth / weights:,.1f} tokens a second</b> for one."
    )
    return words, drawing


# %%
favorite = "Llama 3 8B (2024)"
others = [name for name in known if "BERT" not in name and name != favorite]
lab.Explorer(
    does_it_fit,
    question="Which is the largest that fits in 16 GB?",
    axes={"tokens of each reader": (0, 32_768), "GB": (0, 100)},
    model=[favorite, *others],
    bits=[16, 8, 4, 32],
    readers=(1, 64, 1),
    memory=IntSlider(16, min=4, max=96, step=4),
    bandwidth=IntSlider(100, min=50, max=3350, step=50),
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With 16 bits, Llama 3 8B needs 16.1 GB and just does not fit. With 8 bits it takes 8 GB,
# leaves room for 61,000 tokens, and at 100 GB a second writes at most 12 tokens a second;
# with 4 bits half the memory, twice the speed. (What rounding costs in quality, chapter 11
# measures.) Seventy billion parameters do not fit in any of these forms. With many readers
# it is the cache that counts.
#
# </details>
#
# ### How long, and how dear?
#
# And if you would train one? Choose its size, what it reads, and the machines. **How large a
# model could you train from nothing in a week, for the price of a laptop?**


# %%
def how_long(billions=1.0, tokens_each=20, machines=8, speed=989, busy=40, price=2.5):
    """Return days and price of a training, over the number of machines."""
    flops = counting.training_flops(billions * 1e9, billions * 1e9 * tokens_each)
    one = flops / (speed * 1e12 * busy / 100) / DAY  # days of one machine
    kept = 16 * billions / machines  # GB for weights, gradients and Adam
    words = (
        f"{flops:.1e} operations: <b>{one / machines:,.2f} days</b>, "
        f"<b>{one * 24 * price:,.0f} dollars</b>; each machine keeps {kept:,.1f} GB "
        f"of weights, gradients and Adam's means."
    )
    count = np.geomspace(1, 1024, 40)
    now = np.log2(machines), np.log10(one / machines)
    days = np.log2(count), np.log10(one / count)
    return words, {"days": days, "you are here": now}


# %%
lab.Explorer(
    how_long,
    question="What can you train in a week, for the price of a laptop?",
    axes={"machines (powers of 2)": (0, 10), "days (powers of 10)": (-2, 5)},
    billions=FloatSlider(1.0, min=0.1, max=70, step=0.1),
    tokens_each=IntSlider(20, min=20, max=2000, step=20),
    machines=[8, 1, 64, 256, 1024],
    speed=IntSlider(989, min=100, max=2000),
    busy=IntSlider(40, min=10, max=60, step=5),
    price=FloatSlider(2.5, min=0.5, max=10, step=0.5),
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# 1,500 dollars are 600 hours of a card at 2.50, so some 8.5 · 10²⁰ operations: about 2.7
# billion parameters with 20 tokens each, in a week on four cards. That is larger than GPT-2
# XL. The number of machines changes the days and not the bill, as long as they are kept
# busy: what that takes is the subject of [chapter 10](10_machines.ipynb).
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("scale")

# %% tags=["nbval-ignore-output"]
lab.solved("scale")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | "large" begins at 10⁶, 10⁸ or 10⁹ parameters<br>[the five sentences](#What-the-articles-say) | D0 §1, D1 §1, D2 §1.4.1, D3 §2, D4 §1.1 | [few models are large for all five, GPT-3 is not](#Models-that-made-history) | fails |
# | AlphaGo is a large model<br><span lang="zh">如GPT、BERT、AlphaGo等</span> | D1 §1, §9.1 | [3.9 million parameters](#Models-that-made-history) | fails |
# | GPT-3 came out in 2018<br><span lang="zh">2018年GPT-3的发布</span> | D0 §1 | [that was GPT, 1,500 times smaller; GPT-3 is of 2020](#Models-that-made-history) | fails |
# | after AlexNet, ResNet and Inception "drove the growth of parameters"<br><span lang="zh">不断推动着深度神经网络参数规模的增长</span> | D4 §1.2 | [ResNet-50 has 26 million, AlexNet 61; Inception we did not count](#Models-that-made-history) | fails |
# | GPT: "generative pre-trained network", BERT: "bidirectional encoder representer"<br><span lang="zh">生成预训练网络</span>, <span lang="zh">双向编码表示器</span> | D2 §1.4.3 | [Transformer, in both names](#Models-that-made-history) | fails |
# | training needs much computing power and memory<br><span lang="zh">大模型需要大量的计算资源和存储空间</span> | D4 §3.3 | [6 operations for each weight and token, 16 bytes for each weight](#What-must-be-computed) | holds |
# | small models take hours to days, large ones days to weeks<br><span lang="zh">小规模模型的训练时间可能在几小时到几天之间</span> | D1 §9.2 | [minutes to half a century: it depends on tokens and machines](#How-long-does-it-take?) | half true |
# | more parameters, better performance<br><span lang="zh">通过增加模型参数规模和深度</span> | D1 §8.1 | [with enough text; with little, hardly](#On-real-data:-what-does-size-buy?) | half true |
# | billions of parameters let it "capture a great many fine features"<br><span lang="zh">能够捕捉到大量细微的语言特征</span> | D0 §1 | [each factor of parameters buys less, and none below the floor E](#One-law-for-both) | half true |
# | with more computing power, models will go on growing<br><span lang="zh">模型规模将进一步扩大</span> | D3 §8, D4 §8.2, D2 §8.1 | [half of the budget belongs to the data](#For-a-given-budget:-how-large?) | half true |

# %% [markdown]
# ## Going further
#
# **Limits.** One kind of text, one form, models of 0.05 to 5 million parameters: the law
# holds for these. Its exponents are not those of others, and *E* is only as sure as the
# largest models make it. The learning rate was chosen on validation poems, one for narrow
# and one for wide models; every model of the grid was measured once on the test poems.
# Beyond 1.5 million tokens the poems repeat. Speeds of cards are their makers' figures.
#
# **Try next.** Fit the law without the largest size: what does it predict for it? Count a
# model whose configuration you find on the Web. How long would your machine need for
# GPT-2?
#
# **References.** Scaling laws: Kaplan and others (2020), arXiv 2001.08361; Hoffmann and
# others (2022), arXiv 2203.15556. Repeated data: Muennighoff and others (2023), arXiv
# 2305.16264. Emergence: Wei and others (2022), arXiv 2206.07682; Schaeffer and others
# (2023), arXiv 2304.15004. Roofline: Williams, Waterman and Patterson (2009),
# *Communications of the ACM* 52. Adam: Kingma and Ba (2015), arXiv 1412.6980. Models:
# Krizhevsky and others (2012); He and others (2016), arXiv 1512.03385; Silver and others
# (2016), *Nature* 529; Radford and others (2018, 2019); Devlin and others (2018), arXiv
# 1810.04805; Brown and others (2020), arXiv 2005.14165; Touvron and others (2023), arXiv
# 2307.09288; Grattafiori and others (2024), arXiv 2407.21783; Qwen (2024), arXiv
# 2412.15115. Gated MLPs: Shazeer (2020), arXiv 2002.05202.
