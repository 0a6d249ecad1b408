# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 13 · Fuse and be fair: two sources, many networks, and one model for several groups
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/13_fusion.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/13_fusion.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - fuse two sources early, late and by stacking, and choose on validation data,
# - say when fusion helps, and what a broken source does to it,
# - average answers and weights, and say when the second works,
# - measure gaps between groups, and what each remedy costs, at equal approval,
# - write a data sheet and a model card from what was measured.
#
# **Time:** 3.5 hours. **Judges:** D0 §8.2, §8.3, §9 Q4; D1 §8.3; D2 §8.1, §8.2; D3 §2,
# §3, §4, §8 (D0 to D4 are [the five
# articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 06](06_text.ipynb) for pieces of words; [chapter 12](12_sharing.ipynb) for
# networks that are averaged.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("13_fusion", version="0.1")
lab.solved("fusion")

# %% [markdown]
# ## What the articles say
#
# D3 §3 wants *knowledge fusion* (<span lang="zh">知识融合</span>) in six steps: collect, preprocess,
# extract features, train, evaluate, optimize. D3 §4 has a formula for it:
#
# $$
# A^{(l)} = \sigma(W^{(l)} A^{(l-1)} + b^{(l)}), \qquad Y = \text{argmax}(A^{(L)})
# $$
#
# D0 §8.2 and D2 hope for models that read text, pictures and sound together. And all of them ask
# that models be fair: free of <span lang="zh">偏见和歧视</span>, bias and discrimination (D1 §8.3).
# None of them says how one would know.
#
# Both questions are about what comes from several sides. In the first half we fuse sources, answers
# and networks. In the second we look at what one model does to several groups of people.

# %%
lab.drawings.one_more_layer()

# %% [markdown]
# The formula is a layer of a network, and the answer of its last one: chapter 02 has it. Nothing is
# fused in it, since only one thing goes in. So we do what the words say.
#
# **One model sees the picture of an emoji and tells its group (animals, food, travel, …) right in
# 71 of 100 cases. Another one reads its name, and is right in 65. How many are right if both work
# together, and what is the best that anybody could make of the two? Write down your guess.**

# %%
import copy

import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

# %%
from bigmodel_lab import fairness, federated, fusion, models

# %% [markdown]
# **Collect.** 1,636 emoji, each with a picture of 64 pixels (Twitter's) and a name (of the Unicode
# Consortium, which has sorted them into eight groups, too).

# %%
table, pictures = lab.datasets.emoji()
groups, y = np.unique(table["group"], return_inverse=True)
some = {name: np.flatnonzero(y == k)[3:60:8] for k, name in enumerate(groups)}
figure = lab.plots.image_rows(
    {f"{name} {(y == k).sum()}": pictures[some[name]] for k, name in enumerate(groups)},
    title="Eight groups, and how many emoji each has",
)
lab.plots.show(
    figure,
    alt="Eight rows of seven emoji: activities, animals and nature, food and drink, objects, "
    "people and body, smileys and emotion, symbols, travel and places.",
)
print("; ".join(table["name"].iloc[[11, 300, 700, 1100, 1500]]))

# %% [markdown]
# **Preprocess and extract.** A network that has seen a million photos (EfficientNet-Lite0, chapter
# 15 has more of it) turns each picture into 1,280 numbers. Names become TF-IDF of their pieces of two
# to four letters, as in [chapter 06](06_text.ipynb). A fifth of the emoji is for the test, which the
# table of ten splits below reads. Another one is to choose by.

# %%
encoder = models.picture_encoder(lab.datasets.efficientnet())


@torch.no_grad()
def seen(pictures):
    """Return what the network sees in pictures (N, 64, 64, 3): (N, 1280)."""
    found = []
    for part in torch.as_tensor(pictures).split(64):
        part = part.permute(0, 3, 1, 2) / 255
        found.append(encoder.features(nn.functional.interpolate(part, size=96)))
    return torch.cat(found).numpy()


# %%
raw = seen(pictures)

# %%
rest, test = train_test_split(
    np.arange(len(y)), test_size=0.2, stratify=y, random_state=0
)
train, validation = train_test_split(
    rest, test_size=0.25, stratify=y[rest], random_state=0
)

# %%
pieces = TfidfVectorizer(
    analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True
)
word = pieces.fit(table["name"].iloc[train]).transform(table["name"]).toarray()

# %%
picture = StandardScaler().fit(raw[train]).transform(raw)
print("numbers of a picture, of a name:", picture.shape[1], word.shape[1])

# %% [markdown]
# **Train** a linear model on each. How strongly each is held back (*C*) was chosen beforehand, on
# validation parts.


# %%
def fitted(X, C, rows=train):
    """Return a linear classifier of features X (N, P), trained on rows."""
    return LogisticRegression(C=C, max_iter=5000).fit(X[rows], y[rows])


# %%
def percent(probabilities, rows=validation):
    """Return how often the likeliest group is the right one, in percent."""
    return 100 * (probabilities.argmax(1) == y[rows]).mean()


# %%
single = {"picture": (fitted(picture, 0.01), picture), "name": (fitted(word, 10), word)}

# %%
answers = {
    name: model.predict_proba(X[validation]) for name, (model, X) in single.items()
}
for name, found in answers.items():
    print(f"{name}: {lab.about(percent(found), 0.4, unit='%')}")

# %% [markdown]
# ## Derive it: how much is there to be gained?
#
# Before we fuse anything: if both models are wrong about the same emoji, nothing can be gained. If
# they err on different ones, a perfect judge would have a lot to choose from.

# %% [markdown]
# ### Exercise 1: the ceiling
#
# *Easy · 5 minutes*
#
# Before you look for the best way to choose between two models: how much is there to be
# gained at all?


# %%
def ceiling(first, second, truth):
    """Return the highest accuracy that choosing between two answers can reach.

    first, second and truth are arrays (N,) of class numbers: what two models answer,
    and what is right. Whoever chooses takes one of the two answers for each example,
    and may be as clever as anybody. Returned is a number from 0 to 1.
    """
    ...


lab.check("fusion.ceiling", ceiling)

# %%
two = [found.argmax(1) for found in answers.values()]
either = 100 * fusion.either_right(two, y[validation])
wrong = [1 - percent(found) / 100 for found in answers.values()]
print(f"at least one is right: {lab.about(either, 0.5, unit='%')}")
by_chance = 100 * (1 - wrong[0] * wrong[1])
print(
    f"if errors had nothing to do with each other: {lab.about(by_chance, 0.5, unit='%')}"
)

# %% [markdown]
# A perfect judge would get to 82 % here, not to 90: some emoji are hard for both, such as these:

# %%
hard = validation[(two[0] != y[validation]) & (two[1] != y[validation])]
table.iloc[np.sort(hard)[10:40:6]].reset_index(drop=True)

# %% [markdown]
# ## From scratch: three places to meet

# %%
lab.drawings.ways_to_fuse()

# %% [markdown]
# ### Early: features side by side
#
# Lay the numbers side by side and train one model. **1,280 numbers of the picture and some
# thousand of the name: will it be better than the picture alone?**

# %%
both = fusion.early([picture, word], weights=[1, 1])
alone = percent(answers["picture"])
fused = percent(fitted(both, 0.01).predict_proba(both[validation]))
print(
    f"picture {lab.about(alone, 0.4, unit='%')}, both {lab.about(fused, 0.4, unit='%')}"
)

# %% [markdown]
# Nothing is gained. The model could have used the names, but a penalty on its weights makes it
# listen to what has large numbers: the row of a picture is 33 long, that of a name has length 1.

# %%
lengths = {"picture": picture, "name": word}
for name, X in lengths.items():
    print(f"{name}: {np.linalg.norm(X[train], axis=1).mean():.1f}")

# %% [markdown]
# ### Exercise 2: side by side
#
# *Medium · 10 minutes*
#
# One source has more numbers than the other, and larger ones. Should a model listen to
# it more for that? Lay the two side by side so that both have the same weight.


# %%
def side_by_side(picture, words, picture_train, words_train):
    """Return the features of two sources side by side, an array (N, P + W).

    picture is an array (N, P), words one (N, W): what two sources say of the same
    examples. picture_train (M, P) and words_train (M, W) are arrays, too: the training
    rows. From each column its mean over the training rows is subtracted. Then all of a
    source is divided by one number, such that its training rows have a mean squared
    length of 1. (A row's squared length is the sum of the squares of its entries, after
    the subtraction.) Means and numbers come from the training rows alone. The picture's
    columns come first.
    """
    ...


lab.check("fusion.side_by_side", side_by_side)

# %% [markdown]
# So weigh the pictures less. How much less? That is a setting like any other, chosen on the
# validation part:

# %%
loudness = (0.003, 0.01, 0.03, 0.1, 0.3, 1)
right = []
for weight in loudness:
    both = fusion.early([picture, word], weights=[weight, 1])
    right.append(percent(fitted(both, 10).predict_proba(both[validation])))

# %%
lab.plots.curves(
    {
        "both": (loudness, right),
        "picture alone": (loudness, [alone] * len(loudness)),
        "name alone": (loudness, [percent(answers["name"])] * len(loudness)),
    },
    title="Fused, they beat either one, if neither shouts",
    xlabel="weight of the picture's numbers",
    ylabel="right on the validation part, %",
    xscale="log",
    alt="Right answers over the weight of the picture's numbers, logarithmic. Both together rise "
    "from the level of either alone to about 75 percent at 0.01 and 0.03, and fall to the level "
    "of the picture alone at 0.3 and 1. Two level lines: picture alone, 68, and name alone, 67.",
)

# %% [markdown]
# At 0.01 to 0.03, where both parts are about equally long (33 times 0.03 is 1), fusion brings some
# seven points. Who had not looked for it would report that fusion does not help.
#
# ### Late: one answer of two
#
# Or let each model answer for itself, and put the answers together. By their mean, each has a vote:

# %% [markdown]
# ### Exercise 3: some count more
#
# *Easy · 5 minutes*
#
# Several models answer, and some of them are better than others. Give each a weight,
# and make one answer of all.


# %%
def weighted_answer(probabilities, weights):
    """Return the weighted mean of several models' probabilities, an array (N, C).

    probabilities is a list of M arrays (N, C): what each model says of the same N
    examples. In each row the probabilities of the C classes add up to 1. weights is an
    array (M,) of positive numbers: how much each model counts, compared with the
    others. They need not add up to 1; the rows of the result do.
    """
    ...


lab.check("fusion.weighted_answer", weighted_answer)

# %% [markdown]
# By their product, each has a veto: what one of them holds impossible is out. It is what
# probability theory asks for, if the two have nothing to do with each other once the group is
# known.

# %% [markdown]
# ### Exercise 4: two witnesses
#
# *Hard · 10 minutes*
#
# Two witnesses tell you, independently of each other, how likely each class is. Both
# know how frequent the classes are. What does Bayes's rule make of the two?


# %%
def product_answer(first, second, prior):
    """Return the probabilities of the classes, given what both sources saw: (N, C).

    first and second are arrays (N, C): for each example, the probability of each class,
    given what the one source saw, and given what the other one saw. prior is an array
    (C,): the probability of each class before anybody has seen anything. Both sources
    have taken it into account. Among the examples of one class, what the one source
    sees has nothing to do with what the other one sees. Each row of the result adds up
    to 1.
    """
    ...


lab.check("fusion.product_answer", product_answer)

# %%
rules = {"mean": fusion.mean, "product": fusion.product, "maximum": fusion.maximum}
for name, rule in rules.items():
    print(f"{name}: {lab.about(percent(rule(list(answers.values()))), 0.5, unit='%')}")

# %% [markdown]
# ### Stacking: a model of answers
#
# Or train a small model whose inputs are the two answers: it may find out that one of them is
# to be trusted about food, and the other about smileys. But which answers does it learn from?

# %%
names = word[train]
known = fitted(word, 10).predict_proba(names)
unseen = fusion.out_of_fold(
    lambda: LogisticRegression(C=10, max_iter=5000), names, y[train]
)
for name, found in {"rows it has learned from": known, "unseen rows": unseen}.items():
    print(f"{name}: {lab.about(percent(found, train), 0.4, unit='%')}")

# %% [markdown]
# On rows that it has learned from, the reader of names looks perfect. A model on top would learn to
# trust it blindly. So each row's answer has to come from a model that has not seen the row.

# %% [markdown]
# ### Exercise 5: answers to rows that were not seen
#
# *Medium · 10 minutes*
#
# The model on top of a stack learns from the answers of those below. To rows that they
# have learned by heart, these answers are too good. Get others.


# %%
def out_of_fold(fit, X, y, folds):
    """Return an answer for each row, by a model that has not seen its fold: (N,).

    fit is a function: fit(X, y) learns from these rows and returns a model. The model
    is a function, too: model(X) returns an array with one answer, a number, for each
    row of X. X is an array (N, P), y one (N,). folds is an array (N,) of whole numbers
    from 0 on: the fold that each row is in. The model for a fold learns from all rows
    of all other folds. The answers are in the order of the rows.

    Source: Wolpert (1992), "Stacked generalization"
    """
    ...


lab.check("fusion.out_of_fold", out_of_fold)

# %% [markdown]
# ### The library
#
# Scikit-learn does it by `cross_val_predict`, and all of it by `StackingClassifier`. With the same
# folds, the answers are the same:

# %%
from sklearn.model_selection import StratifiedKFold, cross_val_predict

theirs = cross_val_predict(
    LogisticRegression(C=10, max_iter=5000),
    names,
    y[train],
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
    method="predict_proba",
)

# checked on every run
np.testing.assert_allclose(unseen, theirs, atol=1e-6)

# %% [markdown]
# ### Over ten splits
#
# All of this on one split of 327 emoji, where a point is three of them. So here are ten splits, each
# with its settings chosen on its validation part and its test part read once
# (`benchmarks/fusion.py`):

# %%
stored = lab.results.load("fusion")
splits = stored["emoji"]["rows"]


# %%
def over_splits(rows, digits=1):
    """Return a table of dicts' numbers: mean ± deviation over splits."""
    frame = pd.DataFrame(rows)
    words = f"{{:.{digits}f}} ± {{:.{digits}f}}"
    return frame.agg(lambda column: words.format(column.mean(), column.std()))


right = over_splits([row["accuracy"] for row in splits])
loss = over_splits([row["loss"] for row in splits], 2)
pd.DataFrame({"right, %": right, "loss, nats": loss})

# %% [markdown]
# - Fused, 78 of 100 are right instead of 71: **half of what a perfect judge would gain** (84).
# - Early, product and stacking come out alike. The plain mean is a point behind, the maximum two.
# - **Early without looking at scales gains nothing**, standardized columns included.
# - Stacked on rows that the models knew, little is lost here: to be too sure of both alike does not
#   change who is right.
#
# Was your guess higher? Adding a source adds what it knows *beyond* the other.

# %% [markdown]
# ### A source that breaks
#
# Sensors fail. Somebody mixes up a column, and the names belong to other emoji. The fused models
# have learned to trust them. **How many names may be wrong until the picture alone would be better?**

# %%
broken = pd.DataFrame(
    {
        share: pd.DataFrame([row["broken"]["names"][share] for row in splits]).mean()
        for share in splits[0]["broken"]["names"]
    }
)

# %%
shown = ["picture", "name", "early, weighted", "mean", "stacking"]
lab.plots.curves(
    {way: (100 * broken.columns.astype(float), broken.loc[way]) for way in shown},
    title="With a third of the names wrong, fusion has become a loss",
    xlabel="names that belong to another emoji, %",
    ylabel="right, %",
    alt="Right answers over the share of wrong names, 0 to 100 percent. The picture alone is level "
    "at 71. The name alone falls from 65 to 15. Three ways to fuse start at 77 to 78, cross the "
    "picture at about 30 percent, and end between 52 and 56.",
)

# %% [markdown]
# With all names wrong the fused models lose 19 points against the picture alone, and say nothing of
# it. Fusion adds what a source knows, and a way to fail. So watch each source by itself (do the two
# still agree as often as they did?), and keep the single models at hand.

# %% [markdown]
# ## Several networks, one answer
#
# Fusion has a second meaning: not several sources, but several models of the same. D3 speaks of
# teams that put together what each of them has learned. Take five networks for digits, trained
# alike from different starts. **What is better: the mean of their answers, or one network whose
# weights are the mean of theirs?**


# %%
X, digits, X_test, digits_test = lab.datasets.mnist()
kept = X[3200:], digits[3200:]


# %%
def digit_network(seed):
    """Return a network of two linear layers, trained on 3,200 digits."""
    torch.manual_seed(seed)
    layers = nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)
    model = nn.Sequential(nn.Flatten(), *layers)
    loss, optimizer = (
        nn.functional.cross_entropy,
        torch.optim.SGD(model.parameters(), 0.5),
    )
    data = X[:3200], digits[:3200]
    options = {"epochs": 10, "batch_size": 64, "seed": seed}
    return lab.Training(model, loss, optimizer, data, **options).finish().model


# %%
def reads(logits):
    """Return how many of the digits kept back are read rightly, in percent."""
    return 100 * lab.accuracy(kept[1], logits)


# %%
first, second = digit_network(0), digit_network(1)
logits = [lab.predict(model, kept[0]) for model in (first, second)]


# %%
def soup(*networks):
    """Return a network whose weights are the mean of those of others."""
    mean = federated.weighted_average(
        [network.state_dict() for network in networks], [1] * len(networks)
    )
    mixed = copy.deepcopy(networks[0])
    mixed.load_state_dict(mean)
    return mixed


# %%
mixed = lab.predict(soup(first, second), kept[0])
found = {"first": logits[0], "second": logits[1]}
found |= {"mean of answers": sum(logits) / 2, "mean of weights": mixed}
for name, answer in found.items():
    print(f"{name}: {lab.about(reads(answer), 2, unit='%')}")

# %% [markdown]
# The mean of their answers is a bit better than each. The mean of their
# weights has lost eight points. What is the matter with it?

# %%
lab.drawings.same_network()

# %% [markdown]
# A hidden unit has no name. What unit 7 does in one network, unit 90 does in the other, and half of
# each is neither. But then one may put the units of a network into the order of the other's, and it
# stays the same function:

# %% [markdown]
# ### Exercise 6: another order
#
# *Medium · 8 minutes*
#
# The hidden units of a network have no names: put them into another order, such that
# the network computes what it did.


# %%
def same_function(W1, b1, W2, order):
    """Return the weights W1, b1, W2 of a network with its hidden units in a new order.

    W1 is a tensor (H, I), b1 one (H,), W2 one (O, H): for an input x, the network
    computes W2 relu(W1 x + b1). order is a tensor (H,) with the whole numbers from 0 to
    H - 1: in the new network, hidden unit k is the one that was order[k]. For each x
    the new network computes what the old one did.

    Source: Ainsworth and others (2023), "Git Re-Basin"
    """
    ...


lab.check("fusion.same_function", same_function)

# %%
order = fusion.matching(second, first)
fusion.reorder(second, order)
same = (lab.predict(second, kept[0]) - logits[1]).abs().max()
moved = 100 * (order != torch.arange(128)).float().mean()
print(f"units that moved: {lab.about(float(moved), 3, unit='%')}")
mixed = lab.predict(soup(first, second), kept[0])
print(f"mean of weights: {lab.about(reads(mixed), 2, unit='%')}")

# checked on every run
assert same < 1e-4

# %% [markdown]
# With the units matched, the mean of the weights is a network again, nearly as good as the two. On the way from the first
# network to the second, the loss has a hill in between, and matching takes it away (means of five
# repeats):

# %%
soups = stored["soup"]["rows"]
steps = np.linspace(0, 100, 11)
ways = {
    "different starts": ("different", "line"),
    "the same, matched": ("different", "line, matched"),
    "one start": ("one", "line"),
}

# %%
lab.plots.curves(
    {
        name: (
            steps,
            np.mean(
                [row[key]["loss"] for row in soups if row["start"] == start], axis=0
            ),
        )
        for name, (start, key) in ways.items()
    },
    title="Between two networks lies a hill, unless their units are matched",
    xlabel="way from one network's weights to another's, %",
    ylabel="loss on the test digits, nats",
    alt="Loss over the way from one network to another. Different starts: a hill to 0.43 in the "
    "middle. The same, matched, and networks from one start: level, at about 0.3.",
)

# %%
columns = ["best on validation", "ensemble", "soup", "soup, matched"]
rows = {}
for start in ("one", "different"):
    own = [row for row in soups if row["start"] == start]
    single = [{"one network": np.mean(row["single"])} for row in own]
    both = pd.DataFrame(single).join(pd.DataFrame(own)[columns])
    rows[f"start: {start}"] = over_splits(both.to_dict("records"))
pd.DataFrame(rows)

# %% [markdown]
# - **Networks from one start** (fine-tuned from the same weights, as in chapter 08) may be averaged as
#   they are. The *soup* costs no more than one network, and is no worse than one. Federated
#   averaging ([chapter 12](12_sharing.ipynb)) rests on this.
# - **From different starts** answers may be averaged, weights not before they are matched.
# - And the best single network on validation digits does as well as all five. A few tenths of a point
#   are what fusion brings when models err on the same digits.

# %% [markdown]
# ## One model, several groups
#
# Now to the other question. In 1990 the Federal Reserve Bank of Boston collected what became of 2,380
# people who asked for a mortgage, to see whether the banks treat people alike.

# %%
loans = lab.datasets.mortgage_applications()
approved = (loans["deny"] == "no").to_numpy(int)
group = np.where(loans["afam"] == "yes", "Black", "others")
rates = 100 * fairness.selection_rates(approved, group)
print(rates.round(1).to_string())
loans[["pirat", "lvrat", "chist", "selfemp", "afam", "deny"]].head(3)

# %% [markdown]
# 91 of 100 against 72. That is no proof of anything: the groups may differ in what a bank may look at
# (debts, down payment, credit history). But it is what a model is trained on. **We train a model to
# decide as the banks did, and have it approve as many people as they did (88 %). Will the gap of 19
# points be smaller, equal or larger? And if we take the group's column away?**

# %%
numbers = loans.drop(columns="deny").replace({"yes": 1, "no": 0}).astype(float)
kinds = 2 * approved + (group == "Black")
fit, check = train_test_split(
    np.arange(len(loans)), test_size=0.5, stratify=kinds, random_state=0
)


# %%
def scores(columns, weights=None):
    """Return how likely the banks' yes is for those who are checked."""
    model = LogisticRegression(C=0.1, max_iter=1000)
    scaled = (
        StandardScaler().fit(numbers[columns].iloc[fit]).transform(numbers[columns])
    )
    model.fit(scaled[fit], approved[fit], sample_weight=weights)
    return model.predict_proba(scaled[check])[:, 1]


# %%
def decide(scores):
    """Return a yes for the best 88 %."""
    return (scores >= fairness.threshold(scores, 0.88)).astype(int)


# %% [markdown]
# ### Exercise 7: who gets a yes
#
# *Easy · 5 minutes*
#
# A bank says yes to some and no to others. How differently does it treat the groups?


# %%
def selection_gap(decisions, groups):
    """Return how far apart the groups' shares of yes are, a number from 0 to 1.

    decisions is an array (N,): 1 for a yes, 0 for a no. groups is an array (N,) of
    whole numbers: the group that each person is in. There are two groups or more. In
    each of them some share of its members gets a yes: returned is the largest of these
    shares less the smallest.
    """
    ...


lab.check("fusion.selection_gap", selection_gap)

# %%
everything, others = list(numbers), [name for name in numbers if name != "afam"]
decisions = {
    "the banks": approved[check],
    "with the group": decide(scores(everything)),
    "without it": decide(scores(others)),
}
for name, yes in decisions.items():
    gap = 100 * fairness.selection_gap(yes, group[check])
    print(f"{name}: a gap of {lab.about(gap, 0.4)} points")

# %% [markdown]
# The model makes the gap *larger* than it was. It has the same number of refusals to give away, gives
# them to those who look most like the refused, and has less to go by than the banks had.
#
# Without the column the gap shrinks, and is there. This is called *fairness through unawareness*, and
# it hardly ever works. Can the group be guessed from the other columns?

# %%
from sklearn.metrics import roc_auc_score

black = (group == "Black").astype(int)
columns = numbers[others]
scaled = StandardScaler().fit(columns.iloc[fit]).transform(columns)
guess = LogisticRegression(max_iter=1000).fit(scaled[fit], black[fit])
area = roc_auc_score(black[check], guess.decision_function(scaled[check]))
print(f"AUC {lab.about(area, 0.005)}")

# %% [markdown]
# Rather well: loans are larger beside the house's value, credit histories are worse. That is what a
# history of unequal chances looks like in a table.
#
# ### Which gap?
#
# A critic says: do not count who gets a yes, count who gets it *of those who deserve it*. If more people
# of one group can pay back, the shares of yes may differ. So compare among people who are alike in
# truth, for both kinds. Equal shares of yes are called *demographic parity*, equal ones among those
# alike in truth *equalized odds*:

# %%
lab.drawings.two_gaps()

# %% [markdown]
# ### Exercise 8: alike in truth
#
# *Medium · 10 minutes*
#
# If more people of one group pay back, the shares of yes may well differ. So compare
# those who are alike: those who would pay back, and those who would not.


# %%
def odds_gap(decisions, truth, groups):
    """Return the larger one of two gaps between groups, a number from 0 to 1.

    decisions is an array (N,): 1 for a yes, 0 for a no. truth is an array (N,): 1 for
    who would pay back, 0 for who would not. groups is an array (N,) of whole numbers:
    the group that each person is in. There are two groups or more. A gap is the largest
    share of yes that a group has, less the smallest. The one gap is among those who
    would pay back, the other among those who would not.

    Source: Hardt, Price and Srebro (2016), "Equality of opportunity in supervised
    learning"
    """
    ...


lab.check("fusion.odds_gap", odds_gap)

# %%
for name, yes in decisions.items():
    gap = 100 * fairness.odds_gap(yes, approved[check], group[check])
    print(f"{name}: an odds gap of {lab.about(gap, 0.4)} points")

# %% [markdown]
# By this measure the banks have no gap at all: what they decided *is* our truth. Nobody knows who would
# have paid back, of those who got nothing. A gap in odds is measured against somebody's decisions, and
# these are the ones in doubt.
#
# ### What may be done
#
# **Before training**: weights, with which group and decision have nothing to do with each other
# (Kamiran and Calders, 2012).

# %% [markdown]
# ### Exercise 9: weights against history
#
# *Medium · 10 minutes*
#
# In the past, one group got a yes more often than the other, and a model learns that.
# Give the examples weights, with which group and label have nothing to do with each
# other.


# %%
def balancing_weights(groups, labels):
    """Return a weight for each example, an array (N,).

    groups and labels are arrays (N,) of whole numbers: the group and the label of each
    example. Each label occurs in each group. An example's weight is how many examples
    with its group and its label there would be, if each label were as frequent in each
    group as it is among all, divided by how many there are. The weights add up to N.

    Source: Kamiran and Calders (2012), "Data preprocessing techniques for
    classification without discrimination"
    """
    ...


lab.check("fusion.balancing_weights", balancing_weights)

# %% [markdown]
# **After training**: a threshold for each group, so that the same share of each gets a yes.

# %% [markdown]
# ### Exercise 10: the same rate
#
# *Medium · 8 minutes*
#
# If the gap between the groups is to be gone, take the same share of each one. Who gets
# a yes then?


# %%
def same_rate(scores, groups, rate):
    """Return decisions (N,), 1 for yes and 0 for no: the same share of each group.

    scores is an array (N,) of different numbers: the higher, the better. groups is an
    array (N,) of whole numbers: the group that each person is in. rate is a number
    between 0 and 1: this share of each group gets a yes, those of it with the highest
    scores. rate times the size of a group is a whole number.
    """
    ...


lab.check("fusion.same_rate", same_rate)

# %%
weights = fairness.balancing_weights(approved[fit], group[fit])

# %%
plain = scores(others)
limits = fairness.group_thresholds(plain, group[check], 0.88)
decisions["reweighed"] = decide(scores(others, weights))
decisions["thresholds by group"] = (plain >= limits[group[check]]).astype(int)
rows = {}
for name, yes in decisions.items():
    rows[name] = {
        "as the banks, %": 100 * (yes == approved[check]).mean(),
        "gap": 100 * fairness.selection_gap(yes, group[check]),
        "odds gap": 100 * fairness.odds_gap(yes, approved[check], group[check]),
    }
pd.DataFrame(rows).T.map(lambda value: str(lab.about(value, 0.4)))

# %% [markdown]
# ## On real data: twenty splits
#
# Over twenty splits of the applications, thresholds found on a validation part, the test part read
# once. All ways approve the same share, 88 %: a model that approves fewer has smaller gaps for that
# reason alone, and its price is told wrongly.

# %%
fair = stored["fair"]["rows"]
columns = {
    "accuracy": "as the banks, %",
    "approved": "approved",
    "selection gap": "gap",
}
columns |= {"odds gap": "odds gap"}
rows = {
    way: over_splits([{c: row["ways"][way][c] for c in columns} for row in fair], 2)
    for way in fair[0]["ways"]
}
pd.DataFrame(rows).T.rename(columns=columns)

# %%
chance = [row["ways"]["group left out"]["by chance"] for row in fair]
by_luck = over_splits(chance, 2)
print(f"if the group meant nothing: {by_luck['selection']}, of odds {by_luck['odds']}")
print(
    f"a yes for everybody agrees with the banks in {fair[0]['everyone']['accuracy']:.1f} %"
)

# %% [markdown]
# - **With the group's column the gap is 0.34**, without it 0.22, with weights 0.20: the banks' own was
#   0.19. Taking away the two columns that tell most of the group brings 0.16.
# - **Only thresholds by group close it** (0.03 is what chance makes in groups this small), for
#   1.6 points of agreement with the banks.
# - **The odds gap stays** where the other one is closed: 0.16, of which 0.10 is chance. It has even
#   turned around: of those whom the banks approved, 96 of 100 Black people get a yes, and 92 of
#   others. If the groups differ in truth, both gaps cannot be 0 at once unless the model is perfect
#   or says the same to all (Kleinberg and others, 2016; Chouldechova, 2017).
# - **Accuracy says nothing here**: a yes for everybody agrees with the banks just as often.
#
# Which gap should be closed, and at whose cost? With thresholds by group, 20 of 100 Black people who
# get a yes are ones whom the banks refused, and 5 of 100 others. Is that a help, or a debt that they cannot
# pay? In many countries a bank that decides by group breaks the law, and often one whose rules merely have this
# effect does, too. No formula answers it. What a formula can do is show what each choice costs whom, so that those
# who answer for it decide knowingly.

# %% [markdown]
# ### Written down
#
# Whoever gets the table or the model should know all this. A *data sheet* (Gebru and others, 2018) says how
# data came about, a *model card* (Mitchell and others, 2019) what a model was measured on, for each
# group by itself. Both are made from what was measured:

# %%
lines = ["## Data sheet: mortgage applications", f"Rows: {len(loans):,}."]
lines += [f"{key.capitalize()}: {loans.attrs[key]}" for key in ("citation", "license")]
for name in ("others", "Black"):
    own = group == name
    lines.append(
        f"{name}: {own.sum():,} people, {100 * approved[own].mean():.0f} % approved."
    )
lines += [
    "The label is what banks decided in 1990, not who paid back.",
    "Not for: deciding on anybody. For: learning how gaps are measured.",
]
print("\n".join(lines))

# %%
from huggingface_hub import ModelCard, ModelCardData

table = pd.DataFrame(rows).T.rename(columns=columns)[
    ["as the banks, %", "gap", "odds gap"]
]
card = ModelCard.from_template(
    ModelCardData(language="en", license="mit", library_name="sklearn"),
    model_id="A banker of 1990",
    model_description="Logistic regression. Says what the banks would have decided.",
    training_data="Half of the mortgage applications; see their data sheet",
    testing_data="A quarter of them, read once, in each of twenty splits",
    results="\n".join(f"- {way}: gap {row['gap']}" for way, row in table.iterrows()),
    out_of_scope_use="Deciding on anybody. It repeats what was decided in 1990.",
)
_, _, after = card.content.partition("### Results")
print("### Results", after.partition("####")[0].rstrip())
asked = card.content.count("[More Information Needed]")
print(f"… and {asked} questions of the template that are open")

# %% [markdown]
# ## Turn the knobs
#
# ### A network on both
#
# **So far all was linear. Does a hidden layer fuse better? Which weight of the pictures suits it, and
# does it still matter?**

# %%
y_tensor = torch.tensor(y)


# %%
def fused_training(learning_rate, epochs=20, weight=0.03, hidden=0):
    """Train on the features of both sources, with a hidden layer if hidden > 0."""
    torch.manual_seed(0)
    both = torch.tensor(fusion.early([picture, word], [weight, 1]), dtype=torch.float32)
    width = both.shape[1]
    layers = [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(0.5)] if hidden else []
    model = nn.Sequential(*layers, nn.Linear(hidden or width, len(groups)))
    return lab.Training(
        model,
        nn.functional.cross_entropy,
        torch.optim.AdamW(model.parameters(), learning_rate, weight_decay=0.01),
        (both[train], y_tensor[train]),
        validation=(both[validation], y_tensor[validation]),
        metrics={"right": lab.accuracy},
        epochs=epochs,
        batch_size=64,
    )


# %%
panel = lab.TuningPanel(
    fused_training,
    question="Does a hidden layer fuse better?",
    learning_rate=0.01,
    epochs=20,
    weight=list(loudness),
    hidden=[0, 64, 256],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Without a hidden layer and with a weight of 0.03, the network gets to 77 %, like the
# linear model before. A hidden layer gets to 76 or 77 within four epochs; then its
# validation loss rises, for a thousand emoji are few. With a weight of 1 all of them stay
# between 67 and 72: a hidden layer does not make up for what is too loud.
#
# </details>
#
# ### A broken source
#
# The mean of both answers, with a weight for the picture's. **Which weight is best while all is well?
# And which one if half of the names are wrong? What would you choose if you did not know?**

# %%
chance = np.random.default_rng(0).permutation(len(validation))
along = np.linspace(0, 1, 41)


# %%
def with_broken(weight=0.5, wrong_names=0):
    """Return how often the weighted mean is right, in words, and a curve of weights."""
    order = np.arange(len(validation))
    some = chance[: round(wrong_names / 100 * len(order))]
    order[some] = np.roll(some, 1)  # each has the name of another one
    name = answers["name"][order]

    def right(w):
        return percent(w * answers["picture"] + (1 - w) * name)

    words = (
        f"<b>{right(weight):.1f} %</b> are right; the picture alone {right(1):.1f} %"
    )
    return words, {
        "both": (along, [right(w) for w in along]),
        "you are here": (weight, right(weight)),
    }


# %%
lab.Explorer(
    with_broken,
    question="How much should the picture weigh?",
    axes={"weight of the picture's answer": (0, 1), "right, %": (0, 100)},
    drag={"you are here": ("weight", None)},
    weight=(0.0, 1.0, 0.05),
    wrong_names=(0, 100, 5),
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# While all is well, one half is best: 76 %. With half of the names wrong, one half is no
# better than the picture alone (68 %), and a weight of 0.7 still gains two points. With
# all names wrong, whatever weight the names have is too much. Whoever does not know how
# good a source will be leans on the one that is trusted more, and pays a little for it
# on good days.
#
# </details>
#
# ### Two thresholds
#
# You decide whom to lend to: what share of each group gets a yes? **Close the gap between the shares. Then
# close that among those whom the banks approved. Can you close both, and what does it cost?**

# %%
score_of = {
    name: np.sort(plain[group[check] == name])[::-1] for name in ("Black", "others")
}


def gaps(yes):
    """Return the gap between the groups, over all and among those alike in truth."""
    truth, groups = approved[check], group[check]
    found = {"gap": fairness.selection_gap(yes, groups)}
    for verb, value in {"approved": 1, "refused": 0}.items():
        rows = truth == value
        name = f"among those whom the banks {verb}"
        found[name] = fairness.selection_gap(yes[rows], groups[rows])
    return found


# %%
def two_thresholds(black=88, others=88):
    """Return what two shares of yes do, in words, and where the thresholds lie."""
    yes, lines = np.zeros(len(check), int), {}
    for name, share in {"Black": black, "others": others}.items():
        ranked, own = score_of[name], group[check] == name
        limit = ranked[max(0, round(share / 100 * len(ranked)) - 1)]
        yes[own] = plain[own] >= limit
        lines[name] = (ranked, 100 * np.arange(1, len(ranked) + 1) / len(ranked))
        lines[f"{name}, now"] = (limit, share)
    agree = 100 * (yes == approved[check]).mean()
    words = f"{100 * yes.mean():.0f} % approved, {agree:.1f} % as the banks"
    for name, gap in gaps(yes).items():
        words += f"<br>{name}: <b>{100 * gap:.1f}</b> points"
    return words, lines


# %%
lab.Explorer(
    two_thresholds,
    question="Which gap do you close?",
    axes={"score that is needed": (0.2, 1), "of the group, %": (40, 101)},
    drag={"Black, now": (None, "black"), "others, now": (None, "others")},
    black=(50, 100),
    others=(50, 100),
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# 88 and 88 close the gap between the shares, for two points of agreement with the banks; 21
# points are left among those whom they refused. 85 and 89 close the gap among those
# approved, 80 and 89 that among those refused, and the shares are 4 and 9 points
# apart. All three are 0 only if everybody gets a yes, or nobody. (And a yes for everybody
# agrees with the banks as often as the model does.)
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("fusion")

# %% tags=["nbval-ignore-output"]
lab.solved("fusion")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | knowledge fusion is *A* = σ(*WA* + *b*), *Y* = argmax(*A*)<br><span lang="zh">Y = argmax(A^(L))，其中 Y 是融合结果</span> | D3 §4 | [one more layer](#What-the-articles-say): one source goes in, and nothing is fused | fails |
# | it takes six steps: collect, preprocess, extract features, train, evaluate, optimize<br><span lang="zh">数据收集、数据预处理、特征提取、模型训练、模型评估、模型优化</span> | D3 §3 | the steps of any training; what decides, [where the sources meet and how loud each is](#Early:-features-side-by-side), is not among them | half true |
# | it makes research more efficient and its results better<br><span lang="zh">有助于提高研究效率和成果质量</span> | D3 §2 | [78 right instead of 71](#Over-ten-splits), if errors differ; [19 points are lost if a source breaks](#A-source-that-breaks) | half true |
# | "combine text, pictures and sound, to be of use more widely"<br><span lang="zh">结合多种数据类型，实现更广泛的场景应用</span> | D0 §8.2 | [pictures and names together are better than either](#Over-ten-splits) | holds |
# | "large models will fuse many modalities"<br><span lang="zh">大模型将逐渐融合多种模态的数据</span> | D2 §8.1 | a forecast | not tested |
# | "what teams know can be put together into one solution"<br><span lang="zh">将不同领域、不同团队或个人的知识进行整合，形成统一解决方案</span> | D3 §2 | [answers can be averaged; weights only from one start, or matched](#Several-networks,-one-answer) | half true |
# | "how to stay fair, and avoid bias and discrimination, is an important problem"<br><span lang="zh">保持公平性，避免偏见和歧视，是一个重要的社会问题</span> | D1 §8.3, D2 §8.2 | [a model made a gap of 0.19 one of 0.34](#On-real-data:-twenty-splits), and taking the column away left 0.22 | holds |
# | an ethical review makes sure that models do not discriminate<br><span lang="zh">进行伦理审查，确保模型不侵犯用户隐私、不歧视等</span> | D0 §9 Q4, §8.3 | a review can [measure gaps](#Which-gap?), but [not all can be closed at once](#On-real-data:-twenty-splits), so somebody has to choose | half true |
# | "questions of norms and ethics will gradually be solved"<br><span lang="zh">技术标准、规范和伦理问题将逐渐得到解决</span> | D3 §8 | a forecast | not tested |
#
# ## Going further
#
# **Limits.** Emoji are drawn to be told apart, and their names were chosen to say what they show: real
# sources agree less and break more often. The mortgages are of one town and one year, with two groups,
# one of which has 339 people: gaps below 0.03 are chance. That "Black" and "others" are two
# groups was decided by those who filled in the form. Our truth is what the banks decided.
#
# **Try next.** Add the third source that emoji have, their short names in a chat. Let the model find out
# that a source is broken (compare its answers with the other's). Make the soup of chapter 08's poets.
# Close the gap of the credit applications of chapter 12, by age. Look for a group within a group: Black
# and self-employed.
#
# **Read.** Wolpert (1992) on stacking; Baltrušaitis and others (2019) on several modalities; Wortsman and
# others (2022) on soups; Ainsworth and others (2023) on matching units; Hardt, Price and Srebro (2016) on
# odds; Kleinberg and others (2016) and Chouldechova (2017) on what cannot be had together; Barocas, Hardt and
# Narayanan, *Fairness and Machine Learning* (2023); Munnell and others (1996) on these data; Mitchell and
# others (2019) on model cards, Gebru and others (2018) on data sheets. Library: `fairlearn` (a test asks it
# for the same gaps).
