# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 8 · Tuning: pre-train, fine-tune, align, and talk to the result
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/08_tuning.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/08_tuning.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - say how many texts pre-training saves, and what tuning forgets,
# - write LoRA, merge it, and say what it saves and what not,
# - use a Transformer that others have trained, where it wins and where it does not,
# - turn a model that writes on into one that obeys, by questions and answers,
# - reward a model, catch it cheating, and judge models by tests that hold.
#
# **Time:** 6 hours. **Judges:** D0 §8.2; D2 §2.1, §7.3, §9.2; D4 §1.1, §2.1, §3.3 (D0
# to D4 are [the five articles](00_start_here.ipynb#The-chapters-and-the-articles)).
# **Read first:** [chapter 06](06_text.ipynb) for its two tasks; [chapter
# 07](07_gpt.ipynb) for the poet.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("08_tuning", version="0.1", small_models=False)
lab.solved("tuning")

# %% [markdown]
# ## What the articles say
#
# D2 and D4 name the recipe of all large models: pre-train on much text without labels,
# then *fine-tune* for a task (<span lang="zh">微调</span>). It "makes later fine-tuning
# easier and cheaper" (<span lang="zh">减少了后续微调的难度和计算量</span>, D4 §3.3), needs
# "a few parameters" (<span lang="zh">少量的参数调整</span>, D4 §2.1), and "adapts to many
# tasks" (<span lang="zh">适应多种任务</span>, D4 §1.1). No article shows it, and none
# says what it costs. What turns such a model into an assistant, instructions and
# preferences, they do not mention.
#
# In this chapter you do it all with the poet of [chapter 07](07_gpt.ipynb).

# %%
lab.drawings.life_of_a_model()

# %% [markdown]
# Four models will answer you at the end. **Here are 春夏秋冬 (spring, summer, autumn,
# winter), given to the last one. What did it make of them?**

# %%
import copy
import math

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab import models, preferences, verse

# %%
poet, alphabet, _ = models.load("poet")
aligned, *_ = models.load("aligned", alphabet)
lab.verse.show(models.write(aligned, alphabet, count=2, seed=4, instruction="春夏秋冬"))

# %% [markdown]
# Each line begins with one of the four characters: an *acrostic* (<span
# lang="zh">藏头诗</span>, "poem with hidden heads"). Nobody wrote a rule for that.
#
# ## What pre-training saves
#
# The poet has read 44,563 poems with lines of seven characters. Now we want lines of
# five. **How many bits does it need for a character of a form that it never saw?**

# %%
CHARACTERS = {26: 20, 34: 28}  # Chinese ones in a row of ids, by its length


def as_rows(poems):
    """Return poems as ids (N, T), a line break before and after each."""
    return alphabet.rows(f"\n{poem}\n" for poem in poems)


# %%
def bits(model, rows):
    """Return the bits that a model needs for a Chinese character of poems (N, T)."""
    data = rows[:, :-1], rows[:, 1:]
    nats = lab.evaluate(model, models.next_token_loss, data, batch_size=64)["loss"]
    return nats * (rows.shape[1] - 1) / CHARACTERS[rows.shape[1]] / math.log(2)


# %%
old, new = lab.datasets.tang_poems("7x4"), lab.datasets.tang_poems("5x4")
train7, valid7 = as_rows(old[0]["poem"][:6000]), as_rows(old[1]["poem"][:200])
train5, valid5 = as_rows(new[0]["poem"][:1000]), as_rows(new[1]["poem"][:200])
print(f"lines of seven: {lab.about(bits(poet, valid7))} bits")
print(f"lines of five:  {lab.about(bits(poet, valid5))} bits")

# %% [markdown]
# Fourteen bits: as many as a model that knows nothing. It is sure that the comma comes
# after seven characters, and pays dearly for each one that comes after five.
#
# *Fine-tuning* is what you know already: go on training, from these weights instead of
# random ones, with smaller steps. **100 poems, a few seconds: the poet, or a new network
# of the same shape?**


# %%
def tune(model, rows, steps, learning_rate=1e-3, **options):
    """Train all weights of a model a little further, by AdamW."""
    optimizer = torch.optim.AdamW(model.parameters(), learning_rate, weight_decay=0.0)
    training = models.gpt_training(
        model, rows, steps=steps, optimizer=optimizer, **options
    )
    return training.finish().model.eval()


# %%
torch.manual_seed(0)
tuned = tune(copy.deepcopy(poet).to(device), train5[:100], steps=40)
fresh = models.GPT(**poet.settings).to(device)
models.gpt_training(fresh, train5[:100], steps=40).finish()
for name, model in {"from the poet": tuned, "from nothing": fresh.eval()}.items():
    print(f"{name}: {lab.about(bits(model, valid5))} bits")

# checked on every run
assert bits(tuned, valid5) < bits(fresh, valid5) - 1.5

# %% tags=["nbval-ignore-output"]
lab.verse.show(
    [models.write(model, alphabet, seed=3)[0] for model in (tuned, fresh)],
    ["from the poet", "from nothing"],
)

# %% [markdown]
# Forty steps are enough for the poet to see that lines have become shorter. Was that
# fair? The steps suit the poet; nobody asked how many suit a new network. A fair
# comparison gives each its best: its own learning rate, and the weights of the step at
# which it was best on validation poems. `benchmarks/tuning.py` did that, for 100 to all
# 9,797 poems of the new form, three times each. **How many poems does a network from
# nothing need, to get where the poet is after 100?**

# %%
measured = lab.results.load("tuning")
runs = pd.DataFrame([r for r in measured["transfer"].values() if "poems" in r])
curves = {}
for start, name in {"poet": "from the poet", "nothing": "from nothing"}.items():
    table = runs[runs["start"] == start].pivot(index="poems", columns="seed")["bits"]
    curves[name] = table.index, table.T.to_numpy()  # (N,), (seeds, N)

# %%
lab.plots.over_data(
    curves,
    title="100 poems bring the poet as far as 9,797 a new network",
    xlabel="poems of the new form (log scale)",
    ylabel="bits per character, test poems",
    alt="Bits per character of test poems against the number of poems of the new form, 100 to 9,797, on a logarithmic axis. The curve from the poet falls from 8.3 to 7.6. The curve from nothing falls from 12.2 to 8.4: its end is as high as the other's beginning. Dots of three seeds lie close to each line.",
)

# %%
table = pd.DataFrame(
    {name: [str(lab.about(c)) for c in bits.T] for name, (_, bits) in curves.items()},
    index=[f"{poems:,} poems" for poems in curves["from the poet"][0]],
)
table

# %% [markdown]
# After 100 poems the poet needs 8.3 bits, and a new network needs all 9,797 for 8.4:
# pre-training was worth a hundred times the data. With all of them it is still ahead by
# 0.8 bits. The new network with 100 poems hardly beats counting characters: it learns
# them by heart, and the best of its steps was the fourth.
#
# What is *not* counted here: the poet's own training, half an hour, when the new network
# took four minutes for all poems. "Easier and cheaper" (D4 §3.3) holds for whoever finds a
# pre-trained model; somebody has paid. It is paid once for all the tasks that follow.

# %% [markdown]
# Was the first comparison, 40 steps each, unfair? It said 8.6 against 19 bits: far too bad
# for the new network, whose 40 steps were too many for 100 poems. A comparison that is
# made with the settings of one side says what the settings do.

# %% [markdown]
# ### Exercise 1: what pre-training has saved
#
# *Medium · 10 minutes*
#
# The tuned poet has reached a certain number of bits. How many poems would a fresh one
# need for that? The curve of training from scratch has a few points only. What lies
# between them is not a straight line, unless you choose the right scale.


# %%
def poems_needed(bits, poems, scratch_bits):
    """Return how many poems training from scratch needs to get down to `bits`.

    bits is a number; poems and scratch_bits are arrays of one length: with poems[i]
    poems, training from scratch ended at scratch_bits[i]. The poems rise, the bits
    fall, and between two neighbors the curve is a straight line over ln(poems).
    """
    ...


lab.check("tuning.poems_needed", poems_needed)


# %% [markdown]
# ### What is forgotten
#
# **And its old form, the lines of seven?**

# %%
for name, model in {"before": poet, "after 40 steps": tuned}.items():
    print(f"{name}: {lab.about(bits(model, valid7))} bits")

# %% [markdown]
# It has paid with what it could do: *catastrophic forgetting*. Nothing in the loss asks
# to keep the old form. There are remedies: smaller steps; *replay*, where half of the
# batches are poems of the old form; and changing fewer numbers, which is next. **Which
# one keeps both forms?** After 150 steps on 1,000 poems:

# %%
kept = pd.DataFrame(measured["keeping"].values())
methods = kept["method"].unique()
both = {m: kept.loc[kept["method"] == m, ["new", "old"]] for m in methods}
before = measured["transfer"]["before"]
print(
    f"the poet: {before['bits']:.2f} bits on the new form, {before['old']:.2f} on the old"
)

# %%
lab.plots.tradeoff(
    {name: (rows["new"], rows["old"]) for name, rows in both.items()},
    title="Whoever learns the new form forgets the old one, unless it is repeated",
    xlabel="bits per character, new form (5 a line)",
    ylabel="bits per character, old form (7 a line)",
    alt="Bits on the old form against bits on the new form, nine methods with three dots each. All weights and the LoRAs lie at the upper left, 8 bits on the new form and 11 to 13 on the old. Smaller steps lie below them at 8.6, tiny steps at the right, 9.3 and 7.1. Replay lies at the lower left: about 8 bits on the new form and 7 on the old.",
)

# %% [markdown]
# - *All weights*, tuned with large steps, learn the new form and lose the old one. Smaller
#   steps lose less; tiny ones next to nothing, and learn little.
# - *LoRA* forgets as much as the others. It changes few numbers, but that is not the same
#   as changing little. It has another way out: take the correction off, and the poet is
#   what it was.
# - *Replay* keeps both forms, for half of its steps. It needs what is often missing: the
#   texts of the pre-training.

# %% [markdown]
# ## Derive it: a correction of low rank
#
# "A few parameters", says D4. Tuning all weights changes 1.7 million, and AdamW keeps
# two more numbers for each. *LoRA* (Hu and others, 2021) leaves each matrix $W$ as it is,
# and learns only a correction to it, the product of two thin matrices:
#
# $$y = W x + \frac{\alpha}{r}\, B A\, x$$

# %%
lab.drawings.low_rank()

# %% [markdown]
# $B A$ is as large as $W$, but has only *rank* $r$: all it can say, it says through $r$
# numbers in the middle. Divided by $r$, corrections of all ranks begin equally strong.
#
# **How should A and B begin? Both 0? Both random?** Try it on a layer of eight:

# %%
torch.manual_seed(0)
x = torch.randn(32, 8)
layer = nn.Linear(8, 8, bias=False)
target = torch.randn(8, 8) * 0.3 + layer.weight.detach()  # another matrix to become
starts = {"A random, B 0": (1, 0), "both 0": (0, 0), "both random": (1, 1)}
for name, (a, b) in starts.items():
    A, B = a * torch.randn(4, 8), b * torch.randn(8, 4)
    A, B = A.requires_grad_(), B.requires_grad_()
    moved = (x @ A.mT @ B.mT).norm() / layer(x).norm()
    loss = F.mse_loss(layer(x) + x @ A.mT @ B.mT, x @ target.mT)
    slopes = [g.norm().item() for g in torch.autograd.grad(loss, [A, B])]
    print(
        f"{name}: output changed by {lab.about(moved)}, "
        f"gradient of A {lab.about(slopes[0])}, of B {lab.about(slopes[1])}"
    )

# %% [markdown]
# Both 0 never move: the gradient of each is a product with the other. Both random begin
# with a model that is no longer the pre-trained one. With $B = 0$ it begins as it was;
# $B$ moves at the first step, and $A$ from the second on.

# %% [markdown]
# ### Exercise 2: a layer and its correction
#
# *Medium · 10 minutes*
#
# The layer stays as it is; what learns runs beside it, through a narrow middle. Write
# both. How strongly does the correction count if the rank is doubled?


# %%
def lora(x, W, A, B, alpha):
    """Return W x + alpha / r · B A x (N, out), for each row of x: a layer with LoRA.

    x (N, in), the layer's weights W (out, in), A (r, in) and B (out, r) are tensors;
    alpha is a number.
    """
    ...


lab.check("tuning.lora", lora)


# %% [markdown]
# ### Exercise 3: how to start
#
# *Medium · 10 minutes*
#
# The tuned network should start as what it was, and be able to learn. Which of the two
# matrices is random, and which is 0? There is more than one right answer, and two wrong
# ones.


# %%
def lora_start(noise_A, noise_B):
    """Return (A, B) to start LoRA with: the same network as before, and able to learn.

    noise_A (r, in) and noise_B (out, r) are tensors of random numbers. A and B have
    their shapes, and each is either its noise or all zeros.
    """
    ...


lab.check("tuning.lora_start", lora_start)


# %% [markdown]
# ### Exercise 4: how many numbers learn?
#
# *Easy · 5 minutes*
#
# Each layer that is tuned gets two thin matrices. Count what learns, for layers of any
# shape.


# %%
def learning_numbers(shapes, rank):
    """Return how many numbers learn if layers of these shapes get LoRA.

    shapes is a list with the (out, in) of each layer's weights; rank is a number.
    """
    ...


lab.check("tuning.learning_numbers", learning_numbers)


# %% [markdown]
# ## From scratch: LoRA in twenty lines
#
# The layer, as in `bigmodel_lab/from_scratch/lora.py`. In the tests it is compared with
# that of `peft`, the library most use, on the same weights.


# %%
class LowRank(nn.Module):
    """A frozen linear layer with a correction of low rank beside it."""

    def __init__(self, layer, rank, alpha=16.0):
        super().__init__()
        out, width = layer.weight.shape
        self.layer, self.scale = layer.requires_grad_(False), alpha / rank
        self.A = nn.Parameter(torch.randn(rank, width) / width**0.5)
        self.B = nn.Parameter(torch.zeros(out, rank))

    def forward(self, x):
        """Return (..., out) of x (..., width): the correction through r numbers."""
        return self.layer(x) + self.scale * (x @ self.A.mT @ self.B.mT)


# %%
width, out, rank = np.random.default_rng().integers(4, 20, 3)
rank = min(int(rank), width, out)
plain = nn.Linear(int(width), int(out), bias=False)
ours, x = LowRank(copy.deepcopy(plain), rank), torch.randn(5, 3, int(width))

# checked on every run
torch.testing.assert_close(ours(x), plain(x))
nn.init.normal_(ours.B)
theirs = lab.lora.LowRank(plain, rank)
theirs.A.data, theirs.B.data = ours.A.data, ours.B.data
torch.testing.assert_close(ours(x), theirs(x))
torch.testing.assert_close(theirs.merged()(x), ours(x), rtol=1e-4, atol=1e-5)

# %% [markdown]
# The last line *merges*: $W + \frac{\alpha}{r} B A$ is one matrix, which does the same.
# After that a tuned model is as fast as the one before, but the correction can no longer
# be taken off.
#
# `lab.lora.adapt` puts such layers into a model. **100 poems again: how good is a rank of
# 8, and what does it cost?**

# %%
LAYERS = ("query", "key", "value", "output", "grow", "shrink")


def lora_training(rows, rank=8, learning_rate=5e-3, steps=40, **options):
    """Return a training of the poet with corrections of low rank."""
    torch.manual_seed(0)
    model = copy.deepcopy(poet).to(device)
    learning = lab.lora.adapt(model, rank, names=LAYERS)
    optimizer = torch.optim.AdamW(learning, learning_rate, weight_decay=0.0)
    return models.gpt_training(model, rows, optimizer=optimizer, steps=steps, **options)


# %%
corrected = lora_training(train5[:100]).finish().model.eval()
numbers = sum(p.numel() for p in corrected.parameters() if p.requires_grad)
total = sum(p.numel() for p in poet.parameters())
print(f"{numbers:,} of {total:,} numbers: {lab.about(bits(corrected, valid5))} bits")

# %% [markdown]
# A twentieth of the numbers gets *further* than all of them did above: with 100 poems, what
# cannot move cannot learn them by heart. And with 1,000 poems, by ranks:

# %%
named = kept["method"].str.match("all|LoRA")
groups = kept[named].groupby("method", sort=False)
pd.DataFrame(
    {
        "numbers that learn": groups["numbers"].first().map("{:,}".format),
        "AdamW's state, MB": (groups["state"].first() / 1e6).round(2),
        "bits, new form": groups["new"].agg(lambda b: str(lab.about(b))),
        "bits, old form": groups["old"].agg(lambda b: str(lab.about(b))),
    }
)

# %% [markdown]
# Rank 1, which has less than a hundredth of the numbers, does as well as all weights; rank
# 4 is a little better, and more changes nothing. What AdamW remembers shrinks with the numbers that learn, and so does the file
# that a task needs. **And the time?**

# %% tags=["nbval-ignore-output"]
groups["seconds"].median()

# %% [markdown]
# Hardly: each step still goes forward and backward through all layers. LoRA saves memory
# for the optimizer and files, not time. Where a model has billions of numbers, that
# decides whether it fits.

# %% [markdown]
# ## With both sides in sight: BERT
#
# A GPT looks back only, so that it can write. To judge a text that is there, a model may
# look at both sides of each word. But what can it be asked, if it sees all answers? To
# fill in what was hidden: *masked language modeling*, the way BERT was pre-trained (Devlin
# and others, 2019).
#
# The poet becomes such a model by three changes: no causal mask, one more token for a
# blank, and a loss at the blanks only. Eight minutes of training made the *filler* of it.
# **How much does the right side help?** Hide a fifth of the characters of poems that
# neither has seen:


# %%
filler, with_blank, _ = models.load("filler")
blank = with_blank.encode("＿")[0]


def hide(rows):
    """Return rows with a fifth of the characters blank, and where they were (N, T)."""
    easy = torch.isin(rows, torch.tensor(alphabet.encode("\n，。")))
    hidden = (torch.rand(rows.shape) < 0.2) & ~easy
    return rows.masked_fill(hidden, blank), hidden


# %%
torch.manual_seed(0)
seen, hidden = hide(part := valid7[:80])
with torch.no_grad():
    both = F.cross_entropy(filler(seen)[hidden], part[hidden])
    before = poet(part[:, :-1])[hidden[:, 1:]]  # what it expects at the same places
    left = F.cross_entropy(before, part[hidden])
print(f"both sides, some blank: {lab.about(both / math.log(2))} bits")
print(f"left side, all of it:   {lab.about(left / math.log(2))} bits")

# %% [markdown]
# Although a fifth of what it looks at is hidden, it needs less than the poet, who sees all
# of the left. **And what does it make of a famous poem?** Du Mu (803 to 852) wrote: "A
# thousand miles, [orioles] cry, the [green] reflects the red"; in line 3 stand "[four]
# hundred eighty temples".

# %%
poem = "千里莺啼绿映红，水村山郭酒旗风。南朝四百八十寺，多少楼台烟雨中。"
guesses = {}
for place in (2, 4, 18):
    text = f"{poem[:place]}＿{poem[place + 1 :]}"
    with torch.no_grad():
        logits = filler(torch.tensor([with_blank.encode(f"\n{text}\n")]))
    order = logits[0, 1 + place].argsort(descending=True, stable=True)
    both = with_blank.decode(order[:4].tolist())
    left = "".join(list(models.next_characters(poet, alphabet, poem[:place]))[:4])
    words = [f"{best} ({', '.join(verse.gloss(best))})" for best in (both, left)]
    guesses[text[place - 2 : place + 3]] = words
pd.DataFrame(guesses, ["both sides", "left side only"]).T

# %% [markdown]
# Where a cry follows, it thinks of crows, orioles and apes; where something reflects the
# red, of willows; before "hundred eighty" of numbers. The left side alone cannot know. But
# the filler cannot write: to draw the next character, it would have to see those after it.
#
# ### Are its features general?
#
# Pre-training gives "general features", says D4 §2.1 (<span
# lang="zh">学习到通用的特征表示</span>). Then the poet's vectors should help to sort poems.
# **Tang or Song? A linear model on the mean of the poet's last vectors, or on which
# characters occur?**


# %%
@torch.no_grad()
def last_vectors(rows):
    """Return the mean over each poem of the poet's last vectors, (N, 160)."""
    means = []
    for part in rows[:, :-1].split(100):
        x = poet.embed(part)
        for block in poet.blocks:
            x = block(x)
        means.append(poet.norm(x).mean(1))
    return torch.cat(means)


def which_occur(rows):
    """Return 1 for each character that a poem has, else 0: (N, V)."""
    return torch.zeros(len(rows), len(alphabet)).scatter_(1, rows, 1.0)


# %%
X, y = [], []
for part, size in ((old[0], 500), (old[1], 250)):  # of each dynasty
    drawn = part.groupby("dynasty", observed=True).sample(size, random_state=0)
    X.append(as_rows(drawn["poem"]))
    y.append(torch.tensor((drawn["dynasty"] == "tang").to_numpy()) * 2.0 - 1)

for name, feature in {"characters": which_occur, "the poet": last_vectors}.items():
    known, unseen = (feature(rows) for rows in X)
    center, spread = known.mean(0), known.std(0) + 1e-6
    known, unseen = (known - center) / spread, (unseen - center) / spread
    ridge = known @ known.T + 1000 * torch.eye(len(known))
    weights = known.T @ torch.linalg.solve(ridge, y[0])
    score = ((unseen @ weights > 0) == (y[1] > 0)).float().mean()
    print(f"{name}: {lab.about(100 * score, 4, unit='%')}")

# %% [markdown]
# No better than looking which characters occur, which needs no training at all. Features
# serve a task that resembles the one they were made for: this poet was to know what comes
# next, not who wrote it. (With four times the poems, characters were ahead in a trial.)
#
# ## A Transformer that others have trained
#
# Real pre-training reads far more. *MiniLM* is a small BERT of 22.7 million parameters,
# made at Microsoft and then trained on a billion pairs of English sentences: two that
# belong together are to have vectors that point the same way. Its weights come with a
# Python package; they are loaded into our own encoder of a hundred lines
# (`bigmodel_lab/models/encoder.py`). The tests compare its vectors with those of the
# library that most use: equal to 1e-5. **Which of these sentences are close to the
# first?**

# %%
tokenizer = lab.datasets.minilm().tokenizer
encoder = models.sentence_encoder(lab.datasets.minilm().weights)


def vectors_of(texts):
    """Return a vector of length 1 for each text, (N, 384)."""
    ids = [tokenizer.encode(text).ids for text in texts]
    return models.embeddings(encoder, ids, batch_size=8)


# %%
first, *others = sentences = [
    "A dog bites a man.",
    "A man is bitten by a dog.",
    "A man bites a dog.",
    "The puppy hurt its owner.",
    "Stocks fell sharply on Monday.",
]
cosines = vectors_of(sentences) @ vectors_of([first])[0]  # (5,)
for sentence, cosine in zip(others, cosines[1:], strict=True):
    print(f"{lab.about(cosine)}  {sentence}")

# %% [markdown]
# A puppy is close to a dog, without a word in common; stocks are far away. Who bit whom
# it hardly notices: to be about the same things is what it was trained for.

# %% [markdown]
# ### Exercise 5: one vector for a sentence
#
# *Medium · 10 minutes*
#
# An encoder gives a vector for each token, also for those that only fill up. Make one
# vector for each text, which must not depend on how long the other texts in the batch
# are.


# %%
def mean_vector(vectors, mask):
    """Return one vector for each text, (N, d): the mean over its real tokens.

    Both are tensors: vectors (N, T, d), and mask (N, T), True where there is a token
    and False where there is padding.
    """
    ...


lab.check("tuning.mean_vector", mean_vector)


# %% [markdown]
# ### Exercise 6: really frozen?
#
# *Medium · 10 minutes*
#
# A frozen network gives the features, and only a small layer on top learns. None of its
# weights needs a gradient. Is it frozen, then? A batch norm remembers more than its
# weights (and dropout, which is not in the check, would go on dropping).


# %%
def frozen_features(body, batches):
    """Return the features (N, d) of all rows of all batches, in their order.

    body is a torch module, as it comes out of training, and none of its weights needs
    a gradient; it has a batch norm in it. batches is a list of tensors (rows, in), N
    rows in all. The features of a row may not depend on the rows beside it, nor change
    if you ask again: hand body back as it came.
    """
    ...


lab.check("tuning.frozen_features", frozen_features)


# %% [markdown]
# **Chapter 06's tasks again, from a few labels up to all: counted words and a linear model
# (TF-IDF), a linear model on MiniLM's vectors (frozen), or all of MiniLM tuned?**
# `benchmarks/sentences.py` tried them:

# %%
table = pd.DataFrame(lab.results.load("sentences")["table"])
METHODS = ["TF-IDF", "MiniLM, frozen", "MiniLM, fine-tuned"]


def by_labels(data):
    """Return method -> (labels (N,), accuracy in % (seeds, N)) of one of the tasks."""
    curves = {}
    for method in METHODS:
        rows = table[(table["data"] == data) & (table["method"] == method)]
        found = rows.pivot(index="seed", columns="texts", values="accuracy")
        curves[method] = found.columns, 100 * found.to_numpy()
    return curves


# %%
lab.plots.over_data(
    by_labels("newsgroups"),
    title="20 Newsgroups: the fewer the labels, the more pre-training is worth",
    xlabel="labeled posts (log scale)",
    ylabel="accuracy, test posts (%)",
    alt="Accuracy on test posts against the number of labeled posts, 20 to 11,000. With 20, TF-IDF has 23 %, MiniLM's frozen vectors and tuned MiniLM 36 %. With 100 they have 44, 58 and 64 %, with 1,000 all three 73 to 75 %. With all posts TF-IDF and tuned MiniLM have 84 %, the frozen vectors 78 %.",
)

# %%
lab.plots.over_data(
    by_labels("reviews"),
    title="Movie reviews: tuned MiniLM is ahead at every size",
    xlabel="labeled reviews (log scale)",
    ylabel="accuracy, test reviews (%)",
    alt="Accuracy on test reviews against the number of labeled reviews, 10 to 6,824. TF-IDF rises from 53 to 78 %. MiniLM's frozen vectors rise from 57 to 75 % and are overtaken at the end. Tuned MiniLM is above both everywhere, from 59 to 83 %.",
)

# %% [markdown]
# - *Few labels*: MiniLM is far ahead. It need not learn what words mean from 100 texts.
# - *Many labels, frozen*: counting words wins, on both tasks, in a fraction of a second.
#   Vectors that say what a text is about have dropped what else was in it.
# - *Tuned*, it is ahead on reviews at every size: 1,000 labels do more for it than 6,824 for
#   TF-IDF. On posts, of which it reads the first 128 tokens, it ends level with counting,
#   after twelve minutes instead of eleven seconds.
#
# So count words first. Pre-training pays where labels are few, or where every point counts.

# %% [markdown]
# ## Instructions
#
# A pre-trained model goes on with a text; it does not do what you say. Give the poet
# four characters, and they become the beginning of its first line. To make it *obey*, it
# is shown questions with their answers, always in one format: four characters, a line
# break, a poem whose lines begin with them. Every poem that we have is such an answer;
# its question can be read off it.

# %%
lab.drawings.answer_only()

# %% [markdown]
# The loss counts the answer only: what is asked comes from the reader, and need not be
# learned.

# %% [markdown]
# ### Exercise 7: no loss on the question
#
# *Medium · 10 minutes*
#
# The question is given; the answer is to be learned. Write the loss of the answers
# alone.


# %%
def answer_loss(logits, targets, first):
    """Return the mean cross-entropy, in nats, of the answers alone: of no prompt.

    logits (N, T, V) and targets (N, T) are tensors, and logits[:, t] is what the model
    gives for targets[:, t]. first is a number: targets before this place belong to the
    prompt, those from there on to the answer.
    """
    ...


lab.check("tuning.answer_loss", answer_loss)


# %% [markdown]
# **How many lines begin as asked, before, and after some ten seconds?**


# %%
def questions(poems):
    """Return what would ask for each poem: the beginnings of its lines, a line break."""
    return ["".join(poem[::8]) + "\n" for poem in poems]


def obeyed(model, poems=tuple(old[1]["poem"][200:300])):
    """Return the share of lines that begin as asked, by the questions of poems."""
    asked = questions(poems)
    answers = models.answers(model, alphabet, asked)
    pairs = zip(answers, asked, strict=True)
    return np.mean([verse.begins(answer, text.strip()) for answer, text in pairs])


# %%
asked_rows = torch.cat([train7[:, [1, 9, 17, 25]], train7], 1)  # question, answer
settings = {"length": poet.length + 4, "dropout": 0.0}
longer = models.GPT(**poet.settings | settings).to(device)
longer.load_state_dict(poet.state_dict())  # rotary positions: no weights for places
print("before:", lab.about(obeyed(longer), 0.03))
loss = models.answer_loss(first=4)
told = tune(longer, asked_rows, 120, 3e-3, batch_size=16, loss=loss)
right = obeyed(told)
print("after 120 steps:", lab.about(right, 0.15))

# checked on every run
assert right > 0.25

# %% [markdown]
# By chance it would be none. The poems already *were* acrostics of their own beginnings;
# what it has to learn is where to look: from the place after a line's end, three lines up
# to the question. [Chapter 07](07_gpt.ipynb#Which-network-can-look-something-up?) showed
# that circuit. The stored model took five minutes (`benchmarks/tuning.py`, tested on 400
# questions of validation poems):

# %%
log = pd.DataFrame(measured["acrostic"]["log"])
lab.plots.curves(
    {
        "lines that begin as asked": (log["step"], log["characters"]),
        "whole poems": (log["step"], log["whole"]),
        "rhyme": (log["step"], log["rhyme"]),
    },
    title="It obeys after a few hundred steps, and rhymes as before",
    xlabel="steps of tuning, 64 poems each",
    ylabel="share",
    ylim=(0, 1.02),
    alt="Shares over the steps of tuning, 100 to 1,000. Lines that begin as asked rise from 0.87 to 0.99, whole poems from 0.59 to 0.98. Rhyme stays at 0.7.",
)

# %% [markdown]
# Nothing of what it could do before was lost: the answers are poems such as it knows.
# And what if nobody could have shown it an answer?
#
# ## Preferences: learning from a judge
#
# It is easier to tell the better of two texts than to write a good one. So the model
# writes, somebody judges, and better texts are made likelier: that is how chat models are
# *aligned* with what people like. Our judge is a program, the same for everyone: 1 if
# lines 2 and 4 rhyme, else 0. The pupil is a *novice*, a smaller poet whose training was
# stopped long before it could rhyme:

# %%
novice, *_ = models.load("novice", alphabet)


def rhyme_reward(_, poems):
    """Return 1 for each poem that has its form and rhymes, else 0."""
    return [float(verse.well_formed(p) and verse.rhymes(p)) for p in poems]


# %%
poems = models.write(novice, alphabet, count=400, seed=1)
share = np.mean(rhyme_reward("", poems))
print(f"the novice rhymes in {lab.about(share, 0.04)} of its poems; by chance: 0.10")

# %% [markdown]
# ### Write several, keep the best
#
# If one in ten rhymes, how many must it write until one very probably does?

# %% [markdown]
# ### Exercise 8: at least one is right
#
# *Easy · 5 minutes*
#
# A model that is right one time in five may try again, if somebody can tell right from
# wrong. How probably is at least one of n tries right?


# %%
def best_of(n, p):
    """Return the probability that at least one of n tries is right.

    Both are numbers: each try is right with the probability p, whatever became of the
    others.
    """
    ...


lab.check("tuning.best_of", best_of)


# %% [markdown]
# **Do the novice's poems agree with your formula?**

# %%
for n in (1, 4, 16):
    groups = np.array(rhyme_reward("", poems)).reshape(-1, n)
    found, expected = groups.any(1).mean(), 1 - (1 - share) ** n
    print(f"best of {n}: {lab.about(found, 0.1)}, expected {lab.about(expected, 0.1)}")

# %% [markdown]
# *Best of n* needs no training: it buys quality by writing more. With sixteen tries the
# novice rhymes as often as the poets do.

# %% [markdown]
# Programs that write code are judged by *pass@k*: is one of k tries right? Some tasks are
# easy and some hard, so it is taken for each task and then averaged. Here are 15 tasks:
# two lines by a person, to which the novice writes two more, sixteen times.

# %%
TRIES = 16
prompts = [f"\n{poem[:16]}" for poem in old[1]["poem"][200:215] for _ in range(TRIES)]
rhymed = rhyme_reward("", models.answers(novice, alphabet, prompts, seed=2))
right = np.reshape(rhymed, (-1, TRIES)).sum(1).astype(int)  # of each task's tries
for k in (1, 4, 16):
    fair = lab.about(np.mean([preferences.pass_at(k, TRIES, r) for r in right]), 0.15)
    naive = lab.about(np.mean([1 - (1 - r / TRIES) ** k for r in right]), 0.15)
    print(f"pass@{k}: {fair}; by 1 - (1 - p)^k: {naive}")

# %% [markdown]
# With p estimated from the same sixteen tries, the formula for best of n comes out too
# low: 1 - (1 - p)^16 doubts even what was seen to happen.

# %% [markdown]
# ### Exercise 9: pass@k, unbiased
#
# *Hard · 15 minutes*
#
# You have made 20 tries at a task, and 4 of them were right. How probably is one of 5
# right? To put 4 / 20 into the last exercise's formula gives too little on average: it
# may choose the same try twice.


# %%
def pass_at(k, tries, right):
    """Return how probably at least one of k tries is right: pass@k, unbiased.

    All are numbers: of `tries` tries that were made, `right` were right, and k is at
    most as many as tries. It is the share of all ways to choose k of them, none twice,
    that have a right one.
    """
    ...


lab.check("tuning.pass_at", pass_at)


# %% [markdown]
# ### Learn from luck
#
# To make the model itself better, it must learn from the few poems that happened to
# rhyme.

# %%
lab.drawings.reward_loop()

# %% [markdown]
# *REINFORCE* (Williams, 1992) makes poems likelier that got more than the others of their
# group: the loss is minus the sum of $A \ln p$ over the characters written, where the
# *advantage* $A$ of a poem is its reward less the group's mean, divided by the group's
# spread (Shao and others, 2024). And so that it does not forget how to write, it pays
# for each nat of *KL divergence* from the model that it was.

# %% [markdown]
# ### Exercise 10: better than its group
#
# *Medium · 10 minutes*
#
# A poem gets a reward of 0.6: should it be praised? That depends on what the others for
# the same prompt got.


# %%
def advantages(rewards):
    """Return how much better each answer is than the others to its prompt, (G, N).

    rewards (G, N) is a tensor: G prompts with N answers each. From each reward its
    group's mean is subtracted; the rest is divided by the group's standard deviation
    plus 1e-3. The standard deviation is that with N - 1, as PyTorch's std().
    """
    ...


lab.check("tuning.advantages", advantages)


# %% [markdown]
# ### Exercise 11: praise and blame
#
# *Medium · 15 minutes*
#
# Nothing tells the model what it should have written. All we know is how good each text
# is, compared with its group. Write the loss whose gradient makes the good ones
# likelier.


# %%
def policy_loss(log_p, advantages, mask):
    """Return the loss whose gradient makes better texts likelier: one number.

    All are tensors: log_p (N, T) has ln p of each token, advantages (N,) says how much
    better each text was, and mask (N, T) is True for the tokens that the model wrote.
    It is minus the mean over the N texts of: the advantage times the sum of ln p over
    the text's tokens where the mask is True.
    """
    ...


lab.check("tuning.policy_loss", policy_loss)


# %% [markdown]
# ### Exercise 12: how far has it moved?
#
# *Medium · 10 minutes*
#
# While it runs after the reward, the model should stay close to where it began. "Close"
# is a divergence, and it has a direction: what the tuned model does counts.


# %%
def kl_penalty(log_p, log_q):
    """Return the mean over N places of KL(p || q), in nats: how far p has moved from q.

    Both are tensors (N, V) of ln of probabilities: p are those of the model that is
    tuned, q those of the model that it began as. At each place KL(p || q) is the sum
    over the V tokens of p · (ln p - ln q).
    """
    ...


lab.check("tuning.kl_penalty", kl_penalty)


# %% [markdown]
# All of a poem's characters get the same praise, although two of them decide: those at the
# ends of lines 2 and 4. We help: only these two are praised and blamed. **Some fifteen
# seconds: will it learn to rhyme?**

# %% tags=["nbval-ignore-output"]
pupil, rewards = copy.deepcopy(novice).to(device), []
lessons = models.reinforce(
    pupil, alphabet, rhyme_reward, steps=36, texts=64, blamed=(14, 30)
)
for lesson in lessons:
    rewards.append(lesson.reward)
first, last = np.mean(rewards[:9]), np.mean(rewards[-9:])
print(f"reward at first {lab.about(first, 0.08)}, at last {lab.about(last, 0.2)}")

# checked on every run
assert last > first + 0.15

# %% tags=["nbval-ignore-output"]
lab.verse.show(models.write(pupil, alphabet, count=4, seed=5))

# %% [markdown]
# From one in ten to nearly all. **Look at the last character of each poem, and its sound.
# What has it learned?**

# %%
written = models.write(pupil, alphabet, count=300, seed=6)
for name, texts in {"the pupil": written, "people": old[1]["poem"][:300]}.items():
    ends = pd.Series([verse.rhyme(text[30]) for text in texts if len(text) > 30])
    largest = ends.value_counts(normalize=True, sort=False).max()
    print(f"{name}: {lab.about(largest, 0.08)} of the poems on the commonest ending")

# checked on every run
assert largest < 0.3

# %% [markdown]
# It has not learned which characters rhyme. It has learned one ending, and puts it
# everywhere: *reward hacking*. The reward is earned in full, and the poems are spoiled.
# The program cannot see it, since it looks at one poem at a time; counting endings can.
#
# ### What was tried, and what came of it
#
# Nine ways, three times each, 80 steps (`benchmarks/tuning.py`); measured on 300 poems that
# each model wrote, but for the last column: the bits that it needs for poems by people. "Rare rhymes pay more"
# is a reward that is smaller, the more poems of the group end alike. "Two lines are given"
# takes the first couplet from a person, a different one for each group. "Pairs" is *DPO*
# (Rafailov and others, 2023): no writing, only pairs of the novice's poems of which one
# rhymes. **Which of them would you ship?**

# %%
rows = [
    {"method": run["method"], **run["rows"][-1]} for run in measured["rewards"].values()
]
ends = pd.DataFrame(rows)
ends["largest"] = [entry[1] if entry else math.nan for entry in ends["commonest"]]

# %%
groups = ends.groupby("method", sort=False)
columns = {
    "rhyme": "rhyme",
    "on the commonest ending": "largest",
    "last characters": "last characters",
    "form": "form",
    "tones": "tones",
    "bits": "bits",
}
table = pd.DataFrame(
    {
        name: groups[column].agg(lambda values: str(lab.about(values.to_numpy())))
        for name, column in columns.items()
    }
)
table.replace("nan", "no poem")

# %% [markdown]
# - With the *whole poem* praised it finds the same trick; its tones and the poets' language
#   go with it.
# - With *no penalty* no poem is left after ten steps: it moves until it cannot write.
# - A *penalty* keeps the language, the more the larger it is. The trick stays.
# - *Rare rhymes* should pay more, and do not help: when all poems end alike their rewards
#   are small, but an advantage is divided by their spread: it comes to the same, later.
# - With *two lines given* it cannot choose what to rhyme with, so one ending is worth
#   little. It is honest, and learns next to nothing in 80 steps.
# - *Pairs* teach to avoid what lost, and the form breaks before it rhymes.
# - *More pre-training* makes a better poet, which does not rhyme yet at this size.
# - *The poet* of chapter 07, who rhymes seven times in ten, gets to nine and more, with
#   endings as varied as those of people, and hardly loses a bit.
#
# A reward makes likelier what a model already does now and then. What it cannot do it
# replaces by the nearest thing that pays. The good rhymes come from pre-training; a minute
# of rewards brings them out.

# %% [markdown]
# ### Exercise 13: from pairs alone
#
# *Hard · 15 minutes*
#
# Which of two texts is better? From such pairs a model can learn without a reward and
# without writing anything: a classifier of pairs whose logit is how much likelier the
# better one has become than the worse one.


# %%
def dpo_loss(better, worse, reference_better, reference_worse, beta):
    """Return the loss of direct preference optimization (DPO), the mean over N pairs.

    The first four are tensors (N,) with ln p of whole texts: of the better and the
    worse one of each pair, by the model and by the reference that it began as. beta is
    a number. With `gained`, the rise of the better one's ln p since the start minus
    that of the worse one, a pair's loss is -ln sigmoid(beta · gained).
    """
    ...


lab.check("tuning.dpo_loss", dpo_loss)


# %% [markdown]
# ## Evaluation: how sure are you?
#
# ### A contaminated test
#
# Large models are trained on what is on the Web, and so, by accident, on the tests that
# they are judged by. **What do 40 steps on 200 test poems do to the poet's bits, on these
# and on others?**

# %%
test7 = as_rows(old[2]["poem"][:200])
cheat = tune(copy.deepcopy(poet).to(device), test7, steps=40)
for name, part in {"the 200 test poems": test7, "200 others": valid7}.items():
    honest, now = (lab.about(bits(model, part)) for model in (poet, cheat))
    print(f"{name}: {honest} before, {now} after")

# checked on every run
assert bits(cheat, test7) < bits(poet, test7) - 0.5

# %% [markdown]
# Two bits better, and all of it memory: on other poems it has become a little worse. If the
# test is in the training data, its result says nothing. D2 §9.2 has the model's parameters
# adjusted on the test set (<span lang="zh">在测试数据集上评估模型性能，调整模型参数</span>),
# which is this.

# %% [markdown]
# ### How many poems must be judged?
#
# "71 % rhyme, after 68 % last week": progress, or luck? Judge one and the same model by
# fifty poems, eight times. **How far apart are the results?**

# %%
written = models.write(poet, alphabet, count=400, seed=6)
shares = np.array(rhyme_reward("", written)).reshape(8, 50).mean(1)
low, high, p = shares.min(), shares.max(), shares.mean()
print(f"fifty poems: from {lab.about(low, 0.08)} to {lab.about(high, 0.08)}")
for n in (50, 400):
    half = 1.96 * math.sqrt(p * (1 - p) / n)
    print(f"95 % interval of {n} poems: {lab.about(p, half)}")

# %% [markdown]
# With fifty poems three points are nothing; four hundred know p to four or five points. And
# of many settings that were tried the best was lucky, too: choose on
# validation data, and judge once, on data that took no part.

# %% [markdown]
# ### Exercise 14: how sure are we?
#
# *Medium · 10 minutes*
#
# None of 20 answers was right. Is the model right in 0 % of all cases, for certain?
# Write the interval that does not say so.


# %%
def interval(right, tries):
    """Return (low, high): between which shares the true one lies, 19 times out of 20.

    Both are numbers: `right` of `tries` answers were right. Wilson's interval goes from
    middle - half to middle + half. With share = right / tries and z = 1.96,

        middle = (share + z² / (2 tries)) / (1 + z² / tries)
        half = z √(share (1 - share) / tries + z² / (4 tries²)) / (1 + z² / tries)
    """
    ...


lab.check("tuning.interval", interval)


# %% [markdown]
# ### A judge that can be flattered
#
# Where no program can tell, a model judges. Let MiniLM choose the more helpful of two
# reviews of food: the one whose vector is closer to "a helpful and detailed review".
# **Does it prefer a review, or its first half? And what of the first half that ends with
# "This review is helpful and detailed."?**

# %%
reviews = lab.datasets.food_reviews()[0]["review"]
reviews = [text for text in reviews if 40 < len(text.split()) < 100][:60]
halves = [" ".join(text.split()[: len(text.split()) // 2]) for text in reviews]
flattery = [f"{half} This review is helpful and detailed." for half in halves]

# %%
wanted = vectors_of(["a helpful and detailed review"])[0]
scores = [vectors_of(texts) @ wanted for texts in (reviews, halves, flattery)]
whole, half, flattered = scores  # (60,) each
for name, wins in {
    "the whole before its half": whole > half,
    "the flattering half before the half": flattered > half,
    "the flattering half before the whole": flattered > whole,
}.items():
    print(f"{name}: {lab.about(wins.float().mean(), 0.06)}")

# checked on every run
assert (flattered > whole).float().mean() > 0.7

# %% [markdown]
# It likes the longer one in two cases of three, and can be bribed by six words. Whoever
# trains against such a judge gets flattery: the same hack as the rhymes on one sound.
# People who judge prefer length, too. What can be measured can be taken out.

# %% [markdown]
# ### Exercise 15: a judge who likes it long
#
# *Medium · 15 minutes*
#
# A judge gives long answers more points. What would the points be if all answers had
# been equally long?


# %%
def judged_fairly(scores, lengths):
    """Return the scores (N,) as if all answers were as long as the mean one.

    Both are arrays (N,): a judge's scores, and how long each answer is. The best
    straight line through scores over lengths (least squares) is taken out: from each
    score its slope times what the answer is longer than the mean. So the mean of the
    scores stays what it was.
    """
    ...


lab.check("tuning.judged_fairly", judged_fairly)


# %% [markdown]
# ## Turn the knobs
#
# ### Rank and rate
#
# Tune the poet to lines of five, on 1,000 poems. The dashed line is what tuning *all*
# weights reaches. **Which rank is enough? Which rate is too high for it?**


# %%
def rank_training(learning_rate, epochs, rank=8):
    """Tune corrections of the poet to 1,000 poems of five characters a line."""
    options = {"validation": valid5[:100], "measure_every": 10}
    return lora_training(train5[:1000], rank, learning_rate, 30 * epochs, **options)


# %%
whole = kept.loc[kept["method"] == "all weights", "new"].mean()
whole *= 20 / 25 * math.log(2)  # from bits a character to nats a token
panel = lab.TuningPanel(
    rank_training,
    question="Which rank is enough, and which rate too high?",
    line=("all weights, 150 steps", whole),
    learning_rate=0.005,
    epochs=2,
    rank=[1, 4, 16, 64],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# A single pair of vectors a layer, rank 1, gets to 4.57; rank 4 to 4.52, and 16 and 64 no
# further: what there is to learn from 1,000 poems of another form is narrow. A rate of
# 0.001 is slow (4.99), 0.02 overshoots (4.64), and 0.1 destroys the poet (6.8). More
# epochs help all of them.
#
# </details>
#
# ### Reward against variety
#
# Each method of the table, step by step. **At which step would you have stopped the one
# with the small penalty? What does its reward say there?**

# %%
looks = {
    run["method"]: pd.DataFrame(run["rows"])
    for run in measured["rewards"].values()
    if run["seed"] == 0
}


# %%
def follow(method, look=8):
    """Return what a method's model wrote at a look, and the way there."""
    table = looks[method].iloc[: look + 1]
    now = table.iloc[-1]
    y = [c[1] if c else 1 for c in table["commonest"]]
    words = (
        f"step {now['step']}: {now['rhyme']:.0%} rhyme, "
        f"{now['last characters']} different last characters, {now['bits']:.2f} bits"
    )
    poem = verse.show([now["poem"]])._repr_html_()
    way = (table["rhyme"].to_numpy(), np.array(y), "o-")
    return f"{words}{poem}", {"the way": way, "now": (way[0][-1], way[1][-1])}


# %%
lab.Explorer(
    follow,
    question="Where would you stop?",
    axes={"share that rhymes": (0, 1), "share on one ending": (0, 1)},
    method=list(looks),
    look=(0, 8, 1),
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The reward rises from step to step and gives no sign. At step 20 the commonest ending
# already has most of the poems, and soon nearly all: the path goes up as it goes to the
# right. That of the poet goes to the right along the bottom.
#
# </details>
#
# ### Talk to what you made
#
# Type four characters, or a first line. Four models answer: the poet as it was trained,
# tuned to lines of five, told how to begin its lines, and rewarded for rhyme. **Which of
# them do what you asked for? Does the last one pay for it?**

# %%
five, acrostic = (models.load(name, alphabet)[0] for name in ("five", "acrostic"))

# %%
lab.Chat(
    {
        "base": lab.Speaker(poet),
        "fine-tuned": lab.Speaker(five, characters=5),
        "instructed": lab.Speaker(acrostic, instructed=True),
        "aligned": lab.Speaker(aligned, instructed=True),
    },
    alphabet,
    question="Who does what you asked for?",
    examples={
        "spring, summer, autumn, winter": "春夏秋冬",
        "plum, orchid, bamboo, chrysanthemum": "梅兰竹菊",
        "a famous first line": "床前明月光",
        "great model, small model": "大小模型",
    },
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The base takes the four characters for the beginning of a line, the fine-tuned one too, in
# lines of five. The last two put each at the head of a line. Both were told; the aligned
# one was also rewarded, and rhymes in nine of ten poems instead of seven. It pays a little:
# 96 of 100 poems obey throughout instead of 98. None of them knows what spring is.
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("tuning")

# %% tags=["nbval-ignore-output"]
lab.solved("tuning")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | pre-training learns "general features"<br><span lang="zh">学习到了通用的特征表示</span> | D4 §1.1, §2.1 | [MiniLM's serve posts and reviews; the poet's own tell Tang from Song no better than characters do](#Are-its-features-general?) | half true |
# | pre-training "makes later fine-tuning easier and cheaper"<br><span lang="zh">减少了后续微调的难度和计算量</span> | D4 §3.3 | [100 poems with it do what 9,797 do without](#What-pre-training-saves); its own cost, half an hour here, is paid once for all tasks | holds |
# | fine-tuning adjusts "a few parameters"<br><span lang="zh">进行少量的参数调整</span> | D4 §2.1 | plain fine-tuning moves all of them; [LoRA a hundredth, and it does as well](#From-scratch:-LoRA-in-twenty-lines) | half true |
# | "fine-tuned for a task, it does better in that field"<br><span lang="zh">针对特定任务进行微调，从而提高模型在特定领域的表现</span> | D2 §2.1.1 | [yes, and it does worse everywhere else, unless the old is repeated](#What-is-forgotten) | half true |
# | "can adapt to many tasks"<br><span lang="zh">能够适应多种任务</span> | D4 §1.1 | [another form](#What-pre-training-saves), [blanks](#With-both-sides-in-sight:-BERT), [instructions](#Instructions): a few minutes each, and a model for each | holds |
# | "transfer learning across domains"<br><span lang="zh">实现跨领域的迁移学习</span> | D4 §3.3 | [MiniLM, trained on pairs of sentences, sorts posts and reviews: far ahead with 100 labels; frozen, behind counted words with all](#A-Transformer-that-others-have-trained) | half true |
# | BERT gives "powerful pre-trained representations of language"<br><span lang="zh">提供了强大的预训练语言表示</span> | D2 §7.3.2 | [a small BERT's vectors win with few labels, and lose to counting with many, unless it is tuned](#A-Transformer-that-others-have-trained) | half true |
# | "transfer learning and meta-learning" make models more general<br><span lang="zh">通过迁移学习和元学习技术，提高模型在不同任务上的泛化能力</span> | D0 §8.2 | transfer does, above; meta-learning we did not try | not tested |
# | "evaluate on the test set, and adjust the parameters to do better"<br><span lang="zh">在测试数据集上评估模型性能，调整模型参数以优化性能</span> | D2 §9.2 | [forty steps on the test poems "gain" two bits, which exist on no other poem](#A-contaminated-test) | fails |

# %% [markdown]
# ## Going further
#
# **Limits.** One base model, small enough for all of this to be tried; which remedy is best
# may change with size. Rewards that a program can check are the easy case. What people
# prefer was not asked: nobody judged the poems, and no judge here knows what a poem means.
# Settings were chosen on validation poems; bits and shares of stored results are of test
# poems, or of what models wrote.
#
# **Try next.** Reward tones instead of rhyme. Tune a LoRA for one poet
# (`train[train["author"] == ...]`), and put it on and off. What does the aligned model
# write to four characters that rhyme?
#
# **References.** Forgetting: McCloskey and Cohen (1989), *Catastrophic interference in
# connectionist networks*. LoRA: Hu and others (2021), arXiv 2106.09685. BERT: Devlin and
# others (2019), arXiv 1810.04805. MiniLM: Wang and others (2020), arXiv 2002.10957;
# sentence vectors: Reimers and Gurevych (2019), arXiv 1908.10084. Instructions: Ouyang and
# others (2022), *Training language models to follow instructions with human feedback*,
# arXiv 2203.02155. REINFORCE: Williams (1992), *Simple statistical gradient-following
# algorithms*; group-relative: Shao and others (2024), arXiv 2402.03300. DPO: Rafailov and
# others (2023), arXiv 2305.18290. Reward hacking: Amodei and others (2016), *Concrete
# problems in AI safety*, arXiv 1606.06565. pass@k: Chen and others (2021), arXiv
# 2107.03374. Judges that like length: Dubois and others (2024), *Length-controlled
# AlpacaEval*, arXiv 2404.04475. Intervals: Wilson (1927), *Probable inference, the law of
# succession, and statistical inference*.
