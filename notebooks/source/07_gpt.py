# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 7 · GPT: attention, and a poet of your own
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/07_gpt.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/07_gpt.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - cut a text into tokens, and say what that costs in another language,
# - write attention, its mask, heads and positions, and say what fails without each,
# - train a GPT while you watch, beside models that only count,
# - tell a loss that is too good to be true,
# - choose how a model writes: temperature, top-p, a memory for keys and values.
#
# **Time:** 6 hours. **Judges:** D1 §1; D2 §1.4, §2.1, §6.1, §7; D4 §1.1, §2.1 (D0 to D4
# are [the five articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read
# first:** [chapter 02](02_losses.ipynb) for cross-entropy; [chapter
# 03](03_optimizers.ipynb) for the schedule and Adam; [chapter 06](06_text.ipynb) for
# ids and the bag of words.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("07_gpt", version="0.1", small_models=False)
lab.solved("gpt")

# %% [markdown]
# ## What the articles say
#
# All five articles are about models such as GPT, and none says how one works. D2 spells
# it "generative pre-trained network" (<span lang="zh">生成预训练网络</span>); the T stands for
# *Transformer*, which its glossary explains as "Transformer model" (<span
# lang="zh">Transformer模型</span>). Such models "capture complex patterns and semantic
# relations in language" (<span lang="zh">能够捕捉语言中的复杂模式和语义关系</span>, D2 §6.1), and
# pre-training gives them "rich knowledge" (<span lang="zh">掌握了丰富的知识</span>, D4 §1.1).
#
# In this chapter you build each part of a GPT, train it while you watch, and talk to
# it. It is to write quatrains as the poets of the Tang did. **Can you tell which of
# these two poems was written by a person?**

# %%
import math
import time

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab import attention, models

# %%
train, validation, _ = lab.datasets.tang_poems("7x4")
poet, alphabet, card = models.load("poet")
written = models.write(poet, alphabet, seed=2)[0]
lab.verse.show([written, validation["poem"][10]])

# %% [markdown]
# The second: it is by Qiu Yuan, of the 13th century. The first was drawn, character by character, from the
# network that this chapter builds up to. Below each character stand its sound (pinyin)
# and one of its meanings.
#
# Why poems, and why Chinese ones? Because their form can be *checked by a program*: four
# lines of seven characters, a comma or a full stop after each; inside a line, level and
# oblique tones alternate; lines 2 and 4 rhyme. So we can say how much a model has
# learned, in numbers. **How strictly do real poets keep these rules?**

# %%
real = lab.verse.measure(validation["poem"])
chance = lab.verse.measure(lab.verse.shuffled(validation["poem"]))
pd.DataFrame([real, chance], ["real poems", "halves shuffled"]).round(2)

# %% [markdown]
# Four of five rhyme. (We hear today's Mandarin: a fifth of the rhymes has been lost in
# twelve centuries.) If the second half comes from another poem, one in ten rhymes, by
# chance; "tones" looks at single lines, which stay as they are.
#
# ## Tokens: what a GPT reads
#
# A network computes with numbers, so a text is cut into *tokens*, and each gets an id.
# Ours are characters: the 3,000 that occur, comma, full stop, and a line break for
# "begin" and "end".

# %%
poem = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
ids = alphabet.encode(poem)
print(f"{len(alphabet):,} tokens; {poem[:6]} is {ids[:6]}")


# %%
def as_rows(frame):
    """Return poems as ids (N, 34), a line break before and after each."""
    return torch.tensor([alphabet.encode(f"\n{poem}\n") for poem in frame["poem"]])


rows, valid_rows = as_rows(train), as_rows(validation)
print("training", tuple(rows.shape), "validation", tuple(valid_rows.shape))

# %% [markdown]
# ### Byte pairs
#
# GPT-2 and its successors read any text, also code and emoji: their tokens are grown from
# *bytes*. Start with the 256 bytes, count which two tokens stand side by side most
# often, make them one new token, and repeat (Sennrich and others, 2016).

# %%
lab.drawings.byte_pairs()

# %% [markdown]
# **Which merges does English teach first, and which Chinese?**

# %%
english = " ".join(lab.datasets.food_reviews()[0]["review"][:300])
chinese = "".join(train["poem"][:600])
for name, text in {"English": english, "Chinese": chinese}.items():
    merges = lab.bpe.learn(text, 150)
    tokens = lab.bpe.encode(text, lab.bpe.ranks(merges))
    longest = sorted({*tokens}, key=lambda token: (-len(token), token))[:6]
    shown = [token.decode(errors="replace") for token in longest]
    print(f"{name}: {len(text) / len(tokens):.2f} characters a token; {shown}")

# %% [markdown]
# English letters become syllables and words. A Chinese character is three bytes in
# UTF-8, so the first merges only put characters back together. Real vocabularies were
# learned mostly from English. **How many tokens do the five characters 床前明月光 cost?**

# %%
VOCABULARIES = {"GPT-2": "gpt2", "GPT-4": "cl100k", "GPT-4o": "o200k"}
line = "Before my bed the bright moon shines"
costs = {}
for model, name in VOCABULARIES.items():
    vocabulary = lab.datasets.vocabulary(name)
    texts = poem[:5], poem, line
    lengths = [len(vocabulary.encoding.encode(text)) for text in texts]
    costs[model] = [f"{vocabulary.encoding.n_vocab:,}", *lengths]

# checked on every run
tokens = lab.bpe.encode(poem, vocabulary.ranks, vocabulary.pattern)
assert [vocabulary.ranks[t] for t in tokens] == vocabulary.encoding.encode(poem)

# %%
del vocabulary  # 200,000 tokens take memory
columns = ["tokens known", "床前明月光", "the whole poem", "an English line"]
pd.DataFrame.from_dict(costs, orient="index", columns=columns)

# %% [markdown]
# GPT-2 needed two tokens for a character, GPT-4o one. Who is billed by the token pays
# twice for Chinese with an old vocabulary, and half of the text fits into its window.

# %% [markdown]
# ### Exercise 1: one step of byte-pair encoding
#
# *Medium · 15 minutes*
#
# A tokenizer learns which pair of tokens to join next, then joins it everywhere in the
# text. Write the joining. What becomes of three equal tokens in a row?


# %%
def merge(ids, pair, new_id):
    """Return the list of ids with the pair replaced by new_id: one step of BPE.

    ids is a list of numbers, pair a tuple of two of them, and new_id a number. Each
    place where the second comes right after the first becomes one id, from left to
    right, and no id is used twice: of three equal ids, the first two are the pair.
    """
    ...


lab.check("gpt.merge", merge)

# %% [markdown]
# ## Baselines first: counting
#
# Before any network: what does *counting* give? Of a text whose beginning we know, how
# probable is each next character? The loss is minus the logarithm of what the true one
# got, here in *bits per Chinese character* of poems not seen before. It is what a
# compressor would need to store them. **How many bits does a model need that knows
# nothing?**

# %% [markdown]
# ### Exercise 2: the first loss
#
# *Easy · 5 minutes*
#
# Before the first step, a GPT knows nothing about which token comes next. What does
# that cost? Whoever knows this number sees at the first step whether something is
# wrong.


# %%
def start_loss(vocabulary_size):
    """Return the loss, in nats for a token, of a GPT that knows nothing yet.

    vocabulary_size is a whole number. The loss is the mean cross-entropy, as PyTorch
    computes it: with the natural logarithm.
    """
    ...


lab.check("gpt.start_loss", start_loss)

# %%
LENGTH = rows.shape[1] - 1  # tokens to predict in a poem
to_bits = LENGTH / 28 / math.log(2)  # from nats a token to bits a character
print(f"{math.log(len(alphabet)) * to_bits:.2f} bits: all tokens as likely")

# %% [markdown]
# An *n-gram* model looks at the last n - 1 characters and counts what followed them in the
# training poems. What never occurred must not get 0: Kneser and Ney (1995) take a little
# from each count, and give it to the model of one character less. **How far does that
# get?**

# %%
DISCOUNTS = {1: 0.8, 2: 0.8, 3: 0.9, 4: 0.9}  # chosen on the validation poems
counted_bits = {}
for order, discount in DISCOUNTS.items():
    counted = lab.ngrams.KneserNey(rows.numpy(), order, len(alphabet), discount)
    counted_bits[order] = counted.bits(valid_rows.numpy()).sum(1).mean() / 28
    print(f"{order}-gram: {counted_bits[order]:.2f} bits")

# checked on every run
assert counted_bits[4] < counted_bits[3] < counted_bits[2] < counted_bits[1]

# %% [markdown]
# With three characters in sight it needs 8.7 bits instead of 14, as if it had to choose
# among 2^8.7 = 420 characters (its *perplexity*). The fourth hardly helps: most sequences of four occur
# only once. Whatever we train must beat this number; it took one second.

# %% [markdown]
# ### Exercise 3: in how many contexts?
#
# *Medium · 10 minutes*
#
# "Francisco" is a frequent word, but only after "San". After a word that was never seen
# before, it should not be expected. So Kneser-Ney's lowest order does not ask how often
# a character occurs, but after how many different ones.


# %%
def continuations(counts):
    """Return the share (V,) of each character in the different pairs, as its second.

    counts (V, V) is an array: counts[i, j] is how often character j comes right after
    character i. The share is the number of different characters that j comes after,
    divided by the number of different pairs: Kneser-Ney's lowest order.
    """
    ...


lab.check("gpt.continuations", continuations)

# %% [markdown]
# ### Exercise 4: a fair comparison
#
# *Easy · 5 minutes*
#
# Two GPTs with different tokenizers read the same text. Their losses per token cannot
# be compared: one has fewer tokens, and more to guess at each. Bits per character can.


# %%
def bits_per_character(loss, tokens, characters):
    """Return a loss in bits per character, for a text whose loss per token is known.

    All are numbers: loss is the mean in nats for each of the text's tokens; tokens and
    characters say how many of them the same text has.
    """
    ...


lab.check("gpt.bits_per_character", bits_per_character)

# %% [markdown]
# ### Exercise 5: lines that are quoted
#
# *Medium · 15 minutes*
#
# Poets quote each other and themselves. A validation line that was in training measures
# memory, not skill. `lab.datasets.tang_poems` therefore keeps poems that share a line
# in the same part. How many lines would a random split leak?


# %%
def leaked_lines(train, validation):
    """Return the share of the validation poems' lines that a training poem has, too.

    Both are lists of poems, a poem a string such as "床前明月光，疑是地上霜。…": after
    each line comes one of the marks ， and 。. A line counts wherever it stands in the
    training poem, and one that two validation poems have counts twice.
    """
    ...


lab.check("gpt.leaked_lines", leaked_lines)

# %% [markdown]
# ## Derive it: attention
#
# An n-gram sees three characters, but the rhyme of line 4 was settled fourteen
# characters earlier. The bag of [chapter 06](06_text.ipynb) sees everything, but not the
# order. **How far apart are the means of "person sees flower" and "flower sees
# person"?**

# %%
vectors = poet.tokens.weight.detach()
one, other = (vectors[alphabet.encode(text)] for text in ("人见花", "花见人"))  # (3, d)
print(f"distance of the means: {(one.mean(0) - other.mean(0)).norm():.3f}")
print(f"of the first places:   {(one[0] - other[0]).norm():.3f}")

# checked on every run
assert torch.allclose(one.mean(0), other.mean(0), atol=1e-6)

# %% [markdown]
# Nothing. *Attention* is a mean, too, but with weights, and each place has its own: it
# decides whom to listen to. From the vector $x_t$ of a place come three others, each by
# a matrix: its *query* $q_t$ (what do I look for?), its *key* $k_t$ (what do I offer?)
# and its *value* $v_t$ (what do I tell?). Place $t$ gathers
#
# $$y_t = \sum_s w_{ts}\, v_s \qquad
# w_{t\cdot} = \operatorname{softmax}_s \frac{q_t \cdot k_s}{\sqrt D}$$

# %%
lab.drawings.attention_step()

# %% [markdown]
# **Why divide by √D?** A dot product of D random numbers has a spread of √D. What does
# that do to the softmax of 32 scores?

# %%
torch.manual_seed(0)
for D in (4, 64, 1024):
    q, keys = torch.randn(300, 1, D), torch.randn(300, 32, D)
    scores = (q @ keys.mT).squeeze(1)  # (300, 32)
    raw, scaled = (s.softmax(1).amax(1).mean() for s in (scores, scores / D**0.5))
    raw, scaled = lab.about(raw), lab.about(scaled)
    print(f"D = {D:4}: the largest weight {raw}, scaled {scaled}")

# %% [markdown]
# Without the division, a place listens to one other only, whichever the random start
# prefers, and a softmax near 0 or 1 has next to no gradient: nothing is learned. With
# it, all sizes start alike.
#
# ### The mask
#
# A GPT predicts all characters of a poem at once, each from those before it. So no
# place may look at a later one: its score is set to -∞, its weight is 0.

# %%
lab.drawings.causal_mask_grid()

# %%
lab.drawings.shifted_by_one()

# %% [markdown]
# In code, attention is four lines (`bigmodel_lab/from_scratch/attention.py`). They agree
# with PyTorch's fused function, and their gradients with numerical ones:


# %%
def attend(q, k, v):
    """Return what each place gathers, (..., T, D), from itself and those before it."""
    scores = q @ k.mT / q.shape[-1] ** 0.5  # (..., T, T)
    later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    weights = scores.masked_fill(later, -math.inf).softmax(-1)  # rows sum to 1
    return weights @ v


# %%
shape = [int(n) for n in np.random.default_rng().integers(2, 9, 4)]  # (N, H, T, D)
q, k, v = torch.randn(3, *shape, dtype=torch.float64, requires_grad=True)
theirs = F.scaled_dot_product_attention(q, k, v, is_causal=True)
mask = attention.causal_mask(shape[2])

# checked on every run
torch.testing.assert_close(attend(q, k, v), theirs)
torch.testing.assert_close(attention.attention(q, k, v, mask), theirs)
assert torch.autograd.gradcheck(attend, [x[:1, :1] for x in (q, k, v)])

# %% [markdown]
# ### Exercise 6: causal attention
#
# *Medium · 15 minutes*
#
# Write attention with one head, from the formula. Each place may look at itself and at
# what came before it. The mask is where most mistakes are made: which triangle, with
# the diagonal or without, before the softmax or after it?


# %%
def masked_attention(q, k, v):
    """Return what each place gathers, (T, D): causal attention with one head.

    All are tensors (T, D), with T places: the queries, the keys and the values. The
    scores are divided by √D, and a place looks at itself and at those before it.
    """
    ...


lab.check("gpt.masked_attention", masked_attention)

# %% [markdown]
# ### Several heads
#
# One set of weights can look for one thing. *Heads* share out the numbers of a place:
# each attends with its own slice, and a last matrix mixes what they found.

# %%
lab.drawings.heads()

# %%
N, T, H, D = (int(n) for n in np.random.default_rng().integers(2, 6, 4))
x = torch.randn(N, T, H * D)
ours = attention.SelfAttention(H * D, H)
theirs = nn.MultiheadAttention(H * D, H, bias=False, batch_first=True)
with torch.no_grad():
    parts = ours.query.weight, ours.key.weight, ours.value.weight
    theirs.in_proj_weight.copy_(torch.cat(parts))
    theirs.out_proj.weight.copy_(ours.output.weight)

# %%
mask = ~attention.causal_mask(T)  # PyTorch marks what is forbidden
y, weights = theirs(x, x, x, attn_mask=mask, average_attn_weights=False)

# checked on every run
torch.testing.assert_close(ours(x), y)
torch.testing.assert_close(ours.weights(x), weights)

# %% [markdown]
# ### Exercise 7: heads
#
# *Medium · 10 minutes*
#
# Each head works on its own share of every place's numbers. Cut the last dimension into
# heads, and bring these before the places. Many shapes look right here; the numbers
# tell.


# %%
def split_heads(x, heads):
    """Return x (N, T, H·D) as (N, H, T, D): each head has D of the numbers.

    x is a tensor and heads, H, a number. The first head has the first D numbers of each
    place, the second one the next D, and so on.
    """
    ...


lab.check("gpt.split_heads", split_heads)

# %% [markdown]
# ### Positions
#
# Attention itself has no order: shuffle the places, and the results are shuffled. Either
# each place has a learned vector that is added to the token's, or queries and keys are
# *turned* by an angle that grows with the place ("rotary": Su and others, 2021). Their
# dot product then depends only on how far apart they are.

# %%
lab.drawings.rotary()

# %%
torch.manual_seed(1)
q, k = torch.randn(2, 16)  # one query, one key


def score(t, s):
    """Return the dot product of the query at place t and the key at place s."""
    return (attention.rotate(q[None], t) @ attention.rotate(k[None], s).T).item()


for places in ((5, 3), (25, 23), (5, 0)):
    print(
        f"query at {places[0]}, key at {places[1]}: {lab.about(score(*places), 0.001)}"
    )

# %% [markdown]
# ### Exercise 8: rotary positions
#
# *Hard · 15 minutes*
#
# Instead of adding a vector for each place, turn queries and keys by an angle that
# grows with the place. With a cache, new rows come one by one: the first row of x then
# stands somewhere in the middle of the text.


# %%
def rotate(x, speeds, first):
    """Return x (T, D), each row turned by its place: rotary positions.

    x and speeds (D/2,) are tensors; first, a number, is the place of the first row. In
    each row (x[i], x[i + D/2]) is a point in a plane. At place t it is turned
    counterclockwise by t * speeds[i] radians.
    """
    ...


lab.check("gpt.rotate", rotate)

# %% [markdown]
# ### Which network can look something up?
#
# Now a task made to need attention. A row shows six pairs, a key and its value, then
# asks for them in another order: `c 4, a 7, … a ?`. Keys and values are new in each row,
# so nothing can be learned by heart. Guessing one of the six values gives 1 in 6. **How
# many layers of attention does it take?**

# %%
KEYS, PAIRS = 16, 6


def lookups(count, seed):
    """Return rows of ids (count, 24): six pairs, then the same in another order."""
    g = torch.Generator().manual_seed(seed)
    keys = torch.rand(count, KEYS, generator=g).argsort(dim=1, stable=True)[:, :PAIRS]
    values = torch.randint(KEYS, (count, PAIRS), generator=g) + KEYS
    order = torch.rand(count, PAIRS, generator=g).argsort(dim=1, stable=True)
    pairs = torch.stack([keys, values], 2)  # (count, 6, 2)
    again = pairs.gather(1, order[..., None].expand(-1, -1, 2))
    return torch.cat([pairs, again], 1).flatten(1)


ASKED = slice(2 * PAIRS, None, 2)  # where a key is asked for


def in_words(row):
    """Return ids as words: keys are letters, values are numbers."""
    return [chr(97 + i) if i < KEYS else str(i - KEYS) for i in row.tolist()]


print(" ".join(in_words(lookups(1, seed=0)[0])))


# %%
def answers_loss(logits, targets):
    """Return the cross-entropy of the answers, of logits (N, T, V)."""
    return models.next_token_loss(logits[:, ASKED], targets[:, ASKED])


def score_lookups(network, optimizer, steps=180, seed=0):
    """Train a network on new rows only; return the share of right answers."""
    X = lookups(64 * steps, seed)
    options = {"steps": steps, "batch_size": 64, "max_gradient_norm": 1}
    data = X[:, :-1], X[:, 1:]
    lab.Training(network, answers_loss, optimizer, data, **options).finish()
    new = lookups(500, seed=1_000)
    found = lab.predict(network, new[:, :-1])[:, ASKED].argmax(-1)
    return (found == new[:, 1:][:, ASKED]).double().mean().item()


# %%
VARIANTS = {
    "two layers": {},
    "one layer": {"layers": 1},
    "no positions": {"positions": "none"},
    "no 1/√D": {},
}
looked_up, networks = {}, {}
for name, changes in VARIANTS.items():
    torch.manual_seed(0)
    settings = {"dimensions": 48, "layers": 2, "heads": 2} | changes
    network = models.GPT(2 * KEYS, 4 * PAIRS, **settings)
    for block in network.blocks:
        block.attention.scale = 1.0 if name == "no 1/√D" else None
    looked_up[name] = score_lookups(network, models.gpt_optimizer(network, 0.03))
    networks[name] = network


# %%
class ReadingLSTM(nn.Module):
    """An LSTM that predicts each next token: ids (N, T) -> logits (N, T, V)."""

    def __init__(self):
        super().__init__()
        self.vectors = nn.Embedding(2 * KEYS, 48)
        self.lstm, self.head = (
            nn.LSTM(48, 128, batch_first=True),
            nn.Linear(128, 2 * KEYS),
        )

    def forward(self, ids):
        """Return the logits (N, T, V)."""
        return self.head(self.lstm(self.vectors(ids))[0])


# %%
torch.manual_seed(0)
lstm = ReadingLSTM()
adam = torch.optim.Adam(lstm.parameters(), lr=0.003)
looked_up["LSTM, twice the steps"] = score_lookups(lstm, adam, steps=360)

# %%
for name, share in looked_up.items():
    print(f"{name:22} {lab.about(100 * share, 6 if share < 0.95 else 2, '%')}")

# checked on every run
assert looked_up["two layers"] > 0.95
assert max(looked_up["one layer"], looked_up["LSTM, twice the steps"]) < 0.6

# %% [markdown]
# Two layers solve it. One does not, in this budget, nor does an LSTM of four times the
# size, nor two layers without 1/√D. Without positions most answers are right all the
# same: the mask tells a place how many came before it (Haviv and others, 2022).
#
# **Why two?** Look at whom each head of the solver listens to:

# %%
row = lookups(1, seed=5)
maps = networks["two layers"].attention_maps(row[:, :-1])[:, 0]  # (2, heads, T, T)

# %%
lab.plots.attention_maps(
    maps.flatten(0, 1),
    in_words(row[0, :-1]),
    names=[f"layer {i}, head {j}" for i in (1, 2) for j in (1, 2)],
    title="First each value notes its key, then a key finds the value with its note",
    alt="Four maps of 23 by 23 places. In layer 1 most weight lies one place left of the diagonal; in layer 2, in the rows of the second half, single dark squares lie where the same key stood before, on its value.",
)

# %% [markdown]
# In layer 1 each value looks at the token before it, its key, and notes it. In layer 2 a
# key that is asked for looks for the value that carries its note. One layer cannot: when
# a key looks for its value, the values do not know yet whose they are. Such pairs of
# heads ("induction heads": Olsson and others, 2022) are found in every large GPT.
#
# ## From scratch: the whole GPT
#
# A *block* gathers by attention, then thinks at each place by itself; both results are
# added to a stream that runs through the whole network. A GPT is a stack of blocks, with
# an embedding before it and, as a head, the same table of vectors after it.

# %%
lab.drawings.gpt_block()

# %%
lab.drawings.gpt()

# %% [markdown]
# Here it is with everything spelled out, in thirty lines. **Does it do the same as the
# library's?**


# %%
def norm(d):
    """Bring each place's vector to mean 0 and spread 1, then scale it."""
    return nn.LayerNorm(d, bias=False)


class Block(nn.Module):
    """Gather from other places, then think at each place by itself: (N, T, d)."""

    def __init__(self, d, heads):
        super().__init__()
        self.norm1, self.norm2 = norm(d), norm(d)
        self.attention = attention.SelfAttention(d, heads)
        self.grow, self.shrink = (
            nn.Linear(d, 4 * d, bias=False),
            nn.Linear(4 * d, d, bias=False),
        )

    def forward(self, x):
        """Return the stream, with what this block has found."""
        x = x + self.attention(self.norm1(x))
        return x + self.shrink(F.gelu(self.grow(self.norm2(x))))


# %%
class SmallGPT(nn.Module):
    """Predict each next token: ids (N, T) -> logits (N, T, V)."""

    def __init__(self, V, length, d=96, layers=3, heads=4):
        super().__init__()
        self.tokens, self.places = nn.Embedding(V, d), nn.Embedding(length, d)
        self.blocks = nn.ModuleList(Block(d, heads) for _ in range(layers))
        self.norm = norm(d)

    def forward(self, ids):
        """Return the logits of the token after each one."""
        x = self.tokens(ids) + self.places.weight[: ids.shape[1]]  # (N, T, d)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.tokens.weight.T  # (N, T, V)


# %%
torch.manual_seed(0)
gpt = models.GPT(len(alphabet), LENGTH)
spelled_out = SmallGPT(len(alphabet), LENGTH)
spelled_out.load_state_dict(gpt.state_dict())
parameters = sum(weight.numel() for weight in gpt.parameters())
with torch.no_grad():
    loss = models.next_token_loss(gpt(valid_rows[:100, :-1]), valid_rows[:100, 1:])
print(f"{parameters:,} parameters; the loss at the start is {lab.about(loss.item())}")
print(f"ln {len(alphabet):,} = {math.log(len(alphabet)):.2f}")

# checked on every run
ids = rows[:4, :-1]
torch.testing.assert_close(spelled_out(ids), gpt(ids))

# %% [markdown]
# Before training all tokens are about as likely, so the loss is ln V. A start far above
# it is a fault in the first weights; a start far below it is a leak.

# %% [markdown]
# ### Exercise 9: counting parameters
#
# *Medium · 10 minutes*
#
# How many numbers does our GPT learn? Count the tables, the blocks and the norms. One
# table does two jobs.


# %%
def gpt_parameters(vocabulary_size, length, dimensions, layers):
    """Return the number of parameters of lab.models.GPT with learned positions.

    All are whole numbers: how many tokens there are, how many places, how wide the GPT
    is, and how many blocks it has. No layer has a bias; a norm has a weight for
    each dimension; the head that makes the logits uses the embedding's weights.
    """
    ...


lab.check("gpt.gpt_parameters", gpt_parameters)

# %% [markdown]
# ### Exercise 10: the loss
#
# *Medium · 10 minutes*
#
# A GPT reads T tokens and gives T rows of logits. Which row belongs to which token? If
# the two are not shifted against each other, the loss falls to 0, and nothing is
# learned.


# %%
def next_token_loss(logits, ids):
    """Return the mean cross-entropy, in nats, of predicting each next token.

    Both are tensors: logits (N, T, V) of a GPT that has read ids (N, T), N texts of T
    tokens. At each place the GPT predicts the token after it; what comes after the last
    one is not known.
    """
    ...


lab.check("gpt.next_token_loss", next_token_loss)

# %% [markdown]
# ### A loss too good to be true
#
# The commonest fault of a GPT written by hand: the mask is missing. We train such a one
# for a few seconds. A counted model needs 8.7 bits. **What will its validation loss be,
# and what will it write?**

# %%
torch.manual_seed(0)
leaky = models.GPT(len(alphabet), LENGTH, dimensions=64, layers=2)
for block in leaky.blocks:
    block.attention.causal = False
training = models.gpt_training(leaky, rows, steps=90, learning_rate=0.06)
training.finish()
wrong = models.write(leaky, alphabet, count=2)


# %%
def bits(model):
    """Return the bits a model needs for a character of 500 validation poems."""
    data = valid_rows[:500, :-1], valid_rows[:500, 1:]
    measured = lab.evaluate(model, models.next_token_loss, data, batch_size=64)
    return measured["loss"] * to_bits


# %%
cheating = bits(leaky)

for block in leaky.blocks:
    block.attention.causal = True
honest = bits(leaky)
print(
    f"{lab.about(cheating)} bits with the answers in sight, {lab.about(honest)} without"
)

# checked on every run
assert cheating < counted_bits[4] / 3
assert honest > counted_bits[1]

# %% tags=["nbval-ignore-output"]
lab.verse.show(wrong)

# %% [markdown]
# It reads the next character off its input. The validation loss cannot see that, since
# validation poems have the answers in sight, too; in writing there is nothing to read
# off. A loss below what you can explain is a fault until shown otherwise: always print
# ln V and a counted model beside it.

# %% [markdown]
# ## On real data: train it while you watch
#
# Our GPT has 620,000 parameters; it trains for 200 steps of 32 poems. The matrices inside the
# blocks take the steps of *Muon* (Jordan, 2024), which `lab.optimizers` spells out: it
# makes all directions of a gradient equally long. **After how many poems will it
# predict better than counting?**

# %%
torch.manual_seed(0)
gpt = models.GPT(len(alphabet), LENGTH).to(device)
options = {"steps": 200, "measure_every": 25}
training = models.gpt_training(gpt, rows, valid_rows[:300], **options)
training.finish()
live = training.history
live["tokens"] = live["step"] * 32 * LENGTH
live["bits"] = live["validation_loss"] * to_bits
reached = live["bits"].iloc[-1]
print(f"{lab.about(reached)} bits; counting {counted_bits[4]:.2f}")

# checked on every run
assert reached < counted_bits[4]

# %% [markdown]
# ### Where the lines cross
#
# The counted models get better with more poems, too, and they learn in a second. What
# if both see the same number of poems? (The long line is the stored GPT: four layers of
# 160, half an hour on two cores; see its card, `bigmodel_lab/results/poet.md`.)

# %%
COUNTS = [500, 1000, 2000, 5000, 10_000, 20_000, len(rows)]
curve = []
for n in COUNTS:
    model = lab.ngrams.KneserNey(rows[:n].numpy(), 3, len(alphabet), 0.9)
    curve.append(model.bits(valid_rows[:500].numpy()).sum(1).mean() / 28)

stored = lab.results.load("gpt")
long = pd.DataFrame(stored["poet"]["training"])
lab.plots.crossover(
    {
        "this one": (live["tokens"], live["bits"]),
        "the stored one": (long["tokens"], long["bits"]),
    },
    {
        "3 characters counted": (np.array(COUNTS) * LENGTH, curve),
        "4, all poems": counted_bits[4],
    },
    title="With few poems counting wins; then attention goes on",
    alt="Bits per character against tokens seen, on a logarithmic axis. The curve of counting falls slowly from 10.6 to 8.7 bits. The GPT begins above 11, crosses it and ends below; the stored one goes on down to 7 bits.",
)

# %% [markdown]
# With few poems counting wins: it needs one look at each. The GPT first has to learn
# what a line is; then it passes, and keeps going where counting has no more to give,
# since longer sequences never come twice.
#
# ### What is learned first?
#
# From twenty moments of that long training we have 500 poems each. **In which order
# does it learn form, tones and rhyme?**

# %%
skills = ["form", "tones", "rhyme"]
lab.plots.ladder(
    long.set_index("tokens")[["bits", *skills]],
    {skill: real[skill] for skill in skills},
    {skill: chance[skill] * (skill == "rhyme") for skill in skills},
    title="Form comes first, then tones; rhyme comes late, and suddenly",
    alt="Above, bits per character fall steadily from 11.6 to 7. Below, three shares over tokens seen: form jumps to nearly 1 first, tones follow at once up to the level of real poems, and rhyme stays near 10 percent much longer, then rises steeply toward the level of real poems.",
)

# %%
for seed, run in stored["ladder"].items():
    run = pd.DataFrame(run)
    rhyming = run.loc[run["rhyme"] > 0.4, "tokens"] / 1e6
    when = f"after {rhyming.iloc[0]:.1f} of" if len(rhyming) else "not within"
    end = run.iloc[-1]
    print(
        f"seed {seed}: four of ten rhyme {when} {end['tokens'] / 1e6:.1f} million "
        f"tokens; at the end {end['rhyme']:.0%}, {end['bits']:.2f} bits"
    )

# %% [markdown]
# The form takes less than a minute, and tones come with it. Rhyme stays at chance for a
# million tokens and more, while the loss falls steadily; within the next one or two
# million half of the poems rhyme. Chance decides when: of three shorter trainings two
# learned it; seed 0 had not when its rate had fallen to 0, although the long training
# began with the same weights. Rhyme needs what the lookup needed: one head that finds a
# place far back, and something that knows how its character sounds. Nobody told the
# network how characters sound. (Is such an ability "emergent"? That is for the chapter
# on scale.)
#
# ## The poet
#
# **What does a network write after half an hour on two cores?**

# %%
lab.verse.show(models.write(poet, alphabet, count=4, seed=1, temperature=0.8))

# %%
written = models.write(poet, alphabet, count=300, seed=1)
measured = {"real poems": real, "the poet": lab.verse.measure(written)}
own = models.write(gpt, alphabet, count=300, seed=1)
measured["this chapter's"] = lab.verse.measure(own)
cells = {
    name: {skill: str(lab.about(row[skill], 0.06)) for skill in skills}
    for name, row in measured.items()
}
pd.DataFrame(cells).T

# %% [markdown]
# Form and tones are those of the poets; rhyme comes near. And the meaning? Each line is
# an image that could stand in a poem. The four together seldom go anywhere: what is
# likely is not yet what was meant.
#
# ### Where attention helps
#
# At each place of a poem both models pay bits for the character that comes. **Where
# does the poet save most?**


# %%
def bits_by_place(part):
    """Return the bits that the poet pays for each character but the first, (N, 33)."""
    with torch.no_grad():
        logits = poet(part[:, :-1]).transpose(1, 2)  # (N, V, 33)
    nats = F.cross_entropy(logits, part[:, 1:], reduction="none")
    return nats / math.log(2)


few = valid_rows[:500]
paid = {
    "4 characters counted": counted.bits(few.numpy()).mean(0),
    "the poet": torch.cat([bits_by_place(part) for part in few.split(25)]).mean(0),
}

# %%
lab.plots.curves(
    paid,
    title="Attention saves most where lines must rhyme: places 15 and 31",
    xlabel="place in the poem",
    ylabel="bits for this character",
    xticks=[1, 7, 15, 23, 31],
    ylim=(-0.5, 14),
    alt="Bits paid at each of the 33 places of a poem by counting and by the poet. Both lines fall and rise with the pairs of characters in a line. The poet is lower nearly everywhere, at 0 for the marks, and falls far below counting at places 15 and 31, the rhymes.",
)

# checked on every run
saved = paid["4 characters counted"] - paid["the poet"].numpy()
assert saved[[14, 30]].min() > np.delete(saved, [7, 14, 15, 23, 30, 31, 32]).max()

# %% [markdown]
# A mark costs the poet nothing: it knows that a line has seven characters, which
# counting four cannot know. At places 15 and 31, the ends of lines 2 and 4, it pays 3.5
# and 2 bits instead of 7: it knows what rhymes. In the middle of a line both know about
# the same.
#
# ## Writing: from probabilities to a poem
#
# A GPT gives each token a probability; *which one* to take is up to us. Dividing the
# logits by a *temperature* below 1 makes the likely likelier. *top-p* (Holtzman and
# others, 2020) keeps only the likeliest tokens that together reach p. **What will
# temperature 0.3 do to tones, rhyme and repeated characters, and what 1.5?**

# %%
SETTINGS = {
    "T = 0.3": {"temperature": 0.3},
    "T = 0.7": {"temperature": 0.7},
    "T = 1": {},
}
SETTINGS |= {"T = 1.5": {"temperature": 1.5}, "T = 1, top-p 0.9": {"top_p": 0.9}}
table = {}
for name, setting in SETTINGS.items():
    texts = models.write(poet, alphabet, count=200, seed=2, **setting)
    different = len({text[:7] for text in texts}) / 200
    table[name] = lab.verse.measure(texts) | {"different": different}

# checked on every run
assert table["T = 0.3"]["repeated"] > table["T = 1.5"]["repeated"] + 0.1
assert table["T = 1.5"]["rhyme"] < table["T = 0.7"]["rhyme"] - 0.2
cells = {
    name: {key: str(lab.about(value, 0.08)) for key, value in row.items()}
    for name, row in table.items()
}
pd.DataFrame(cells).T

# %% [markdown]
# A low temperature keeps the tones better than the poets do, but repeats its words and
# its first lines ("different": how many of them). A high one keeps the form, which is
# certain, and loses tones and rhyme, which are only likely. In between you choose.

# %% [markdown]
# ### Exercise 11: temperature
#
# *Easy · 5 minutes*
#
# Make the likeliest tokens likelier still, or less so.


# %%
def temperature(logits, temperature):
    """Return the probabilities (V,) of the next token at a temperature above 0.

    logits, a tensor (V,), are the scores of the tokens; temperature is a number. Below
    1 the likeliest tokens gain, above 1 the others do.
    """
    ...


lab.check("gpt.temperature", temperature)

# %% [markdown]
# ### Exercise 12: top-p
#
# *Hard · 15 minutes*
#
# Three thousand unlikely characters are likely together: one of them is drawn sooner or
# later, and spoils the poem. Keep the likeliest tokens that together have at least the
# probability top_p. What happens to the one that crosses this line?


# %%
def nucleus(p, top_p):
    """Return the probabilities (V,) of top-p sampling, in the order of the vocabulary.

    p, a tensor (V,), has the probabilities of the tokens; top_p is a number between 0
    and 1. The likeliest tokens stay, as few as together have at least top_p: the one
    that crosses this line stays. The others get 0, and the result sums to 1.
    """
    ...


lab.check("gpt.nucleus", nucleus)

# %% [markdown]
# ### A memory for keys and values
#
# To write a character, the network reads all those before it again. But their keys and
# values have not changed: no earlier place sees the new one. So we keep them, in a
# *key-value cache*.

# %%
lab.drawings.key_value_cache()

# %% [markdown]
# **How much does that save?**

# %%
again = models.write(poet, alphabet, count=16, seed=3, cached=False)

# checked on every run
assert models.write(poet, alphabet, count=16, seed=3) == again

# %% tags=["nbval-ignore-output"]
seconds = {}
for cached in (True, False):
    start = time.perf_counter()
    models.write(poet, alphabet, count=16, seed=3, cached=cached)
    seconds[cached] = time.perf_counter() - start
print(f"16 poems: {seconds[True]:.2f} s, without the cache {seconds[False]:.2f} s")

# %% [markdown]
# The poems are the same. The price is memory: two vectors for each layer and place, the
# larger part of what serving a large model takes.

# %% [markdown]
# ### Exercise 13: attention with a cache
#
# *Medium · 15 minutes*
#
# When a GPT writes, only the newest token asks. The keys and values of those before it
# have been computed already, and never change. Compute what the new token gathers, and
# hand on what the next one will need.


# %%
def cached_step(q, k, v, keys, values):
    """Return (what the new token gathers (D,), all keys, all values (S + 1, D)).

    All are tensors: q, k and v (D,) belong to the new token, keys and values (S, D) to
    the S tokens before it, in their order. The scores are divided by √D.
    """
    ...


lab.check("gpt.cached_step", cached_step)

# %% [markdown]
# ## Turn the knobs
#
# Train GPTs of your own on 3,200 poems. The dashed line is what counting gets from all
# 44,563, in nats a token. **What brings a network below it soonest: width, depth, heads,
# or the learning rate? Which rate is too high?**


# %%
def poem_training(learning_rate, epochs, dimensions=64, layers=2, heads=4):
    """Train a GPT on 3,200 poems."""
    torch.manual_seed(0)
    model = models.GPT(len(alphabet), LENGTH, dimensions, layers, heads).to(device)
    return models.gpt_training(
        model,
        rows[:3200],
        valid_rows[:200],
        learning_rate=learning_rate,
        steps=100 * epochs,
        measure_every=20,
    )


# %%
panel = lab.TuningPanel(
    poem_training,
    question="Which network is first below the dashed line?",
    line=("4 characters counted", counted_bits[4] / to_bits),
    learning_rate=0.03,
    epochs=2,
    dimensions=[32, 64, 96],
    layers=(1, 4, 1),
    heads=[1, 2, 4, 8],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# After three epochs nearly all are below the line, with a fourteenth of its poems: 64
# wide at 4.93, 96 wide hardly lower, 32 wide just below it at 5.11. In so short a
# training, depth and heads change 0.02. A rate of 0.01 is too low (5.10); 0.1 and even
# 0.3 end at 4.95 and 4.97, since a step of Muon has the same size whatever the gradient,
# and the schedule shrinks it.
#
# </details>
#
# ### What comes next?
#
# The poet's probabilities, and those of counting beside them. Click a character to take
# it. **Begin with 春 (spring). At which places are both alike, and where does only the
# poet know what must come?**


# %%
def counted_next(text):
    """Return the probability of each character after `text`, by counting four."""
    history = alphabet.encode(f"\n{text}")[-3:]
    p = counted.probabilities(history)
    return dict(zip(alphabet.characters, p.tolist(), strict=True))


lab.NextCharacter(
    poet,
    alphabet,
    counted_next,
    question="Where does only the poet know what must come?",
    examples={"spring": "春", "a famous line": "床前明月光，"},
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Inside a line both lists are much alike: after 春 come 风 (wind) and 来 (come). After
# seven characters the poet is sure of the comma, and counting is not. At the end of
# line 4 the poet lists characters of one sound, counting lists whatever ended lines
# after these three.
#
# </details>
#
# ### Whom does it listen to?
#
# Type a poem, choose a character, and see which others each head looks at. **Find a
# head that looks one place back, and one that looks at the rhyme of line 2 when line 4
# is to end.**

# %%
lab.AttentionViewer(
    poet,
    alphabet,
    question="Which head looks from the end of line 4 to the end of line 2?",
    examples={"a poem of the poet": written[0], "by a person": validation["poem"][0]},
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# In layer 1 the heads spread out. In layer 2 one gives three quarters of its weight to
# the place before. When line 4 is about to end, one of layer 2 looks at the ends of lines
# 1 and 2, and one of layer 4 gives nearly all of its weight to the end of line 2: the
# rhyme, found without being told.
#
# </details>
#
# ### Write with it
#
# Type a line or nothing, and let it go on. **What does it make of a line that no poet
# would write?**

# %%
lab.Writer(
    {"the stored one": poet, "this chapter's": gpt},
    alphabet,
    question="What does it make of a line that no poet would write?",
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# It takes up your words, often the season or the place, and goes on in form, whatever
# you wrote. It does not notice that a line is absurd: it knows how poems sound, not what
# is the case.
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("gpt")

# %% tags=["nbval-ignore-output"]
lab.solved("gpt")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | GPT is a "generative pre-trained network"<br><span lang="zh">生成预训练网络</span> | D2 §1.4 | [generative pre-trained Transformer: what it is, and that it is attention that counts, this chapter shows](#From-scratch:-the-whole-GPT) | fails |
# | GPT and BERT "capture complex patterns and semantic relations in language"<br><span lang="zh">能够捕捉语言中的复杂模式和语义关系</span> | D2 §6.1 | [patterns: form, tones, then rhyme, which nobody pointed out](#What-is-learned-first?); of relations of meaning we measured none | half true |
# | large models "can capture the complex patterns in data" since they have "millions to billions of parameters"<br><span lang="zh">数百万到数十亿个参数，能够捕捉数据中的复杂模式</span> | D2 §2.1 | [one or two million do, with attention](#What-is-learned-first?); [a lookup needs two layers, not many parameters](#Which-network-can-look-something-up?) | half true |
# | pre-training teaches "rich knowledge"<br><span lang="zh">掌握了丰富的知识</span> | D4 §1.1 | [without a label: what a verse is, and what rhymes with what](#The-poet) | holds |
# | pre-training on "unlabeled data" gives "general features"<br><span lang="zh">在大量未标注的数据上进行预训练，学习到了通用的特征表示</span> | D4 §1.1, §2.1 | unlabeled, yes; what its features are worth elsewhere, [chapter 08](08_tuning.ipynb#Are-its-features-general?) asks | not tested |
# | "Attention Is All You Need" proposed the Transformer<br><span lang="zh">提出了Transformer模型</span> | D2 §7 | [yes; attention alone is not all: without the mask it cheats, and with one layer it cannot look up](#A-loss-too-good-to-be-true) | holds |
# | "powerful representation and generation"<br><span lang="zh">强大的表示和生成能力</span> | D1 §1 | [it rhymes nearly as often as the poets; sense from line to line is missing](#The-poet) | half true |
#

# %% [markdown]
# ## Going further
#
# **Limits.** One form of poem, and a network a hundred thousand times smaller than
# GPT-3. Rhyme and tones are judged by today's Mandarin. The lookup compares networks at
# one budget and one seed; "cannot" would need more. Settings were chosen on validation
# poems; the test poems were read once, for the poet's card.
#
# **Try next.** `lab.datasets.tang_poems("5x4")` has shorter lines,
# `dynasty="tang"` fewer poems. What does a GPT of bytes write?
#
# **References.** Attention: Vaswani and others (2017), *Attention is all you need*, arXiv
# 1706.03762. GPT: Radford and others (2018), *Improving language understanding by
# generative pre-training*; GPT-2: Radford and others (2019), *Language models are
# unsupervised multitask learners*. Byte pairs: Sennrich and others (2016), arXiv
# 1508.07909. Counting: Kneser and Ney (1995), *Improved backing-off for m-gram language
# modeling*; Chen and Goodman (1999), *An empirical study of smoothing techniques*.
# Rotary positions: Su and others (2021), arXiv 2104.09864. No positions: Haviv and
# others (2022), arXiv 2203.16634. Induction heads: Olsson and others (2022), arXiv
# 2209.11895. top-p: Holtzman and others (2020), arXiv 1904.09751. Muon: Jordan and
# others (2024), *Muon: an optimizer for hidden layers in neural networks*; its step
# size: Liu and others (2025), arXiv 2502.16982.
#
# **D2 §1.4 corrected.** GPT: generative pre-trained *Transformer*; BERT: bidirectional
# *encoder representations from Transformers* (<span lang="zh">双向编码表示器</span> in D2).
