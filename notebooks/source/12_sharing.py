# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 12 · Share it safely: crowds, ciphers, noise, and what leaks all the same
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/12_sharing.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/12_sharing.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - count whom a table without names gives away, and what hiding them costs,
# - encrypt with a library, and say what encryption and access control do not protect,
# - measure what a trained model tells about those it was trained on,
# - train with differential privacy, and say what epsilon promises,
# - train on data that stay where they are, and say what leaves all the same.
#
# **Time:** 4 hours. **Judges:** D0 §8.3; D1 §3.4, §9.4; D2 §8.2; D3 §3, §4, §9 Q4; D4
# §8.4 (D0 to D4 are [the five
# articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 05](05_mnist.ipynb) for the digits; [chapter 10](10_machines.ipynb) for
# averages over machines.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("12_sharing", version="0.1")
lab.solved("sharing")

# %% [markdown]
# ## What the articles say
#
# Data are wanted by many, and they are about people. D3 §3 tells how to share them: encrypt
# them, remove what identifies a person, set who may read, and hand them over by an interface.
# D3 §4 writes it as formulas, <span lang="zh">加密(D, K) = E_K(D)</span> and
# <span lang="zh">去标识化(D) = R(D)</span>, and says no more about *E* and *R*. D1 §9.4
# promises that with these, and with differential privacy and federated learning, a large model
# <span lang="zh">保证数据隐私</span>, guarantees privacy.
#
# In this chapter we do each of these things to real data. Then we sit down on the other side
# of the table and attack.

# %%
lab.drawings.what_leaves()

# %% [markdown]
# **A table of people who asked for credit has no names. You know the age, home, job and
# seniority of a thousand of them, and whether they are married. Of how many do you find the
# row, and with it the income and the debts? Write down your guess.**

# %%
import math

import jwt
import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import cross_val_score
from torch import nn

# %%
from bigmodel_lab import anonymity, federated, membership, privacy, private_sgd
from bigmodel_lab.sharing import sealing

# %% [markdown]
# The table has 4,454 people who once asked for credit, to buy something. We leave out those of
# whom one of the five is unknown.

# %%
known = ["Age", "Marital", "Home", "Job", "Seniority"]
people = lab.datasets.credit_applications().dropna(subset=known)
people = people.reset_index(drop=True)
print(f"{len(people):,} people")
people[[*known, "Income", "Debt", "Status"]].head(4)

# %% [markdown]
# ## Derive it: a crowd to hide in
#
# Nothing here is a name. But what a neighbor, an employer or a social network knows about you
# is in the table, too: such columns are *quasi-identifiers*. Take all rows that have the same
# values in them. If you are one of *k* such rows, nobody can tell by these columns which of them
# is yours. A table hides people as well as its smallest crowd does:
#
# $$
# k = \min_{g} |g|, \qquad g = \text{all rows with the same quasi-identifiers}
# $$
#
# Such a table is called *k-anonymous* (Sweeney, 2002).

# %% [markdown]
# ### Exercise 1: how many look alike
#
# *Easy · 5 minutes*
#
# A table is to be given away, and a neighbor knows some of its columns: age, job, town.
# Among how many people does each one hide at least?


# %%
def smallest_group(table, columns):
    """Return k: how many people the smallest group of a table has.

    table is a pandas table: a row for each person, with a column "name" and others.
    columns is a list: the names of the columns that somebody else may know, too. The
    people who agree in all of these are a group. A table is k-anonymous if each group
    that there is has k people or more: returned is the largest such k, a whole number.

    Source: Sweeney (2002), "k-anonymity: a model for protecting privacy"
    """
    ...


lab.check("sharing.smallest_group", smallest_group)

# %% [markdown]
# ## From scratch: how many are alone
#
# `lab.anonymity` counts it. **How many of the 4,446 are the only one of their kind, if you
# know the age alone? If you know all five?**

# %%
rows = {}
for count in range(1, len(known) + 1):
    crowds = anonymity.crowd(people, known[:count])
    rows[", ".join(known[:count])] = {
        "alone, %": 100 * (crowds == 1).mean(),
        "k": anonymity.k_anonymity(people, known[:count]),
    }
pd.DataFrame(rows).T.round(1)

# %% [markdown]
# By the age alone nobody is found: even the rarest is shared by two. All five single out half of
# the people. So "remove the names" does not make a table anonymous, and no single column is to
# blame.
#
# ### Wider bands
#
# The remedy is to say less: an age of "20–39" instead of 27, no marital status at all. Rows
# that are alone even so can be left out. **How wide must the bands be until everybody is one of
# five?**


# %%
def released(width, columns):
    """Return the people with ages and seniorities in bands, and some columns gone."""
    table = people.drop(columns=[name for name in known if name not in columns])
    for name in {"Age", "Seniority"} & set(columns):
        table[name] = anonymity.bands(table[name], width)
    return table


# %%
plans = {
    "as it is": (1, known),
    "bands of 5": (5, known),
    "bands of 10": (10, known),
    "bands of 20": (20, known),
    "20, three columns": (20, ["Age", "Home", "Job"]),
    "20, two columns": (20, ["Age", "Job"]),
}
tables = {name: (released(*plan), plan[1]) for name, plan in plans.items()}

# %% [markdown]
# And what is a table worth after that? A lender wants to know who will not pay back (Status
# "bad"). We train a logistic regression on each version, with the columns that are left, and
# take its AUC: how often a bad credit gets a higher score than a good one, on people that it
# has not seen (three folds).


# %%
def usefulness(table):
    """Return the AUC of a model of who will not pay back, over three folds."""
    text = table.drop(columns="Status").select_dtypes(exclude="number")
    numbers = table.select_dtypes("number")
    numbers = numbers.fillna(numbers.median())
    numbers = (numbers - numbers.mean()) / numbers.std()
    inputs = pd.concat([numbers, pd.get_dummies(text, dtype=float)], axis=1)
    model = LogisticRegression(max_iter=1000)
    return cross_val_score(
        model, inputs, table["Status"] == "bad", cv=3, scoring="roc_auc"
    ).mean()


# %%
rows = {}
for name, (table, columns) in tables.items():
    crowds = anonymity.crowd(table, columns)
    rows[name] = {
        "k": crowds.min(),
        "alone, %": 100 * (crowds == 1).mean(),
        "in crowds of 5, %": 100 * (crowds >= 5).mean(),
        "AUC": str(lab.about(usefulness(table), 0.003)),
    }
pd.DataFrame(rows).T.map(lambda x: x if isinstance(x, str) else f"{x:.3g}")

# %% [markdown]
# In bands of 20 nearly everybody has a crowd, and the table is hardly worth less. What would it
# be worth without the five columns?

# %%
print(f"AUC {lab.about(usefulness(released(1, [])), 0.003)}")

# %% [markdown]
# A tenth of what the five columns add is lost. And yet *k* stays at 1 until two columns
# are left: there is always somebody who is like nobody else. Such people have to be left out,
# and then the table says nothing of those who are unusual.

# %% [markdown]
# ### All of them the same
#
# You are one of ten who look alike. All ten did not pay back their credit. Then whoever finds
# the crowd knows that you did not, and need not find you (*homogeneity attack*). A crowd hides
# a secret only if it has several:

# %% [markdown]
# ### Exercise 2: what a group gives away
#
# *Medium · 8 minutes*
#
# If all who look like you have the same illness, nobody needs to find your row. How
# many different secrets are there in a group, at the least?


# %%
def fewest_secrets(table, columns, secret):
    """Return l: how many different secrets there are in a group of a table, at least.

    table is a pandas table with a row for each person. columns is a list: the names of
    the columns that somebody else may know, too; the people who agree in all of these
    are a group. secret is the name of another column. Returned is a whole number: how
    many different values of `secret` there are in the group that has the fewest.

    Source: Machanavajjhala and others (2007), "l-diversity: privacy beyond k-anonymity"
    """
    ...


lab.check("sharing.fewest_secrets", fewest_secrets)

# %%
table, columns = tables["bands of 20"]
hidden = anonymity.keep_crowds(table, columns, k=5)
same = hidden.groupby(columns)["Status"].transform("nunique") == 1
print(f"k = {anonymity.k_anonymity(hidden, columns)}, {len(hidden):,} rows are left")
print(f"l = {anonymity.l_diversity(hidden, columns, 'Status')}")
print(f"in crowds of one status: {same.sum()} people, such as")
hidden[same][[*columns, "Status"]].value_counts(sort=False).head(3)

# %% [markdown]
# Each of them hides among five and more, and each one's credit is known for sure.
#
# ### A register beside it
#
# Now the attack. A register has names, and lacks what is secret: a list of members, a social
# network, an earlier leak. Here it is made of a thousand of the same people, whom you happen
# to know.

# %%
lab.drawings.linkage()

# %% [markdown]
# ### Exercise 3: who is found
#
# *Medium · 10 minutes*
#
# The table has no names, and a register has no secrets. Somebody lays one beside the
# other. Of how many people in the register is the row in the table known?


# %%
def matched_share(register, table, columns):
    """Return the share of a register's people whom exactly one row of a table matches.

    register and table are pandas tables: the register has a row for each person, with a
    column "name"; the table has no names. columns is a list: names of columns that both
    have, which describe a person. They may have other columns of the same name, which
    do not. A row matches a person if both agree in all of `columns`. Whether others in
    the register match the same row does not matter. Returned is a number from 0 to 1.
    """
    ...


lab.check("sharing.matched_share", matched_share)

# %%
register = people[known].sample(1000, random_state=1)
register["name"] = [f"person {number}" for number in register.index]

found = anonymity.link(register, people, known)
right = (found["register"] == found["table"]).mean()
print(f"{len(found)} of 1,000 are found, {right:.0%} of them rightly")

# %%
first = found.iloc[:3]
who = register.loc[first["register"], "name"].reset_index(drop=True)
theirs = people.loc[first["table"], ["Income", "Debt", "Status"]]
pd.concat([who, theirs.reset_index(drop=True)], axis=1)

# %% [markdown]
# More than half of them are found, with income, debts, and whether they paid. Was your guess
# higher? The other columns of the table were not even used.
#
# This is what is wrong with D3's <span lang="zh">去标识化(D) = R(D)</span>: *R* is a function of
# the data alone. Whether it protects anybody depends on what else is known about them, today
# and in ten years. (It happened with the health records of a governor of Massachusetts, who was
# found by a voters' list, and with films rated on Netflix, by those rated elsewhere.)
#
# **And with wider bands, what is left of the attack?**

# %%
for name, (table, columns) in tables.items():
    seen = table.loc[register.index, columns].assign(name=register["name"])
    found = anonymity.link(seen, table, columns)
    print(f"{name}: {len(found)} of 1,000")

# %% [markdown]
# A crowd of five helps against this attacker, who knows five columns. Another one may know the
# price of what you bought, and its month. A table in which *every* column may be known to
# somebody has no quasi-identifiers to choose: that is why this method has gone out of favor
# with those who know it, and why the second half of this chapter does something else.

# %% [markdown]
# ## Sealed: what a cipher hides, and what not
#
# D3's other formula is encryption, <span lang="zh">加密(D, K) = E_K(D)</span>: from the data and
# a key, something that nobody can read without the key. AES does so with 16 bytes at a time. As
# the formula says, it is a function: the same 16 bytes give the same ciphertext, always. **Is
# that a fault? Here are digits of chapter 05, encrypted in this way. Can a program that has not
# got the key read them?**

# %%
X, y, X_test, y_test = lab.datasets.mnist()
pixels = (255 * X[:1000]).to(torch.uint8).numpy()
key = bytes(range(32))  # so that you see what we see: a real one is Seal.new_key()

repeated = sealing.repeating_cipher(key, pixels.tobytes())
sealed = lab.Seal(key).seal(pixels.tobytes(), nonce=bytes(12))
print(f"{pixels.nbytes:,} bytes; repeating {len(repeated):,}, sealed {len(sealed):,}")

# %% [markdown]
# `sealed` is made by the same AES in another way (GCM): it has a *nonce*, a random number that
# is used once and sent along, and a tag. Both look like noise. But in the first one, some blocks
# of 16 bytes occur again and again. Where is the commonest of them?

# %%
blocks = sealing.blocks(repeated)  # (49,000, 16)
kinds, counts = np.unique(blocks, axis=0, return_counts=True)
common = (blocks == kinds[counts.argmax()]).all(axis=1).reshape(-1, 49)
figure = lab.plots.image_rows(
    {
        "digits": pixels[:8] / 255,
        "repeating": blocks.reshape(-1, 28, 28)[:8] / 255,
        "other blocks": 1.0 - common[:8].repeat(16, axis=1).reshape(-1, 28, 28),
    },
    title="A cipher that repeats itself shows where there is ink",
)
lab.plots.show(
    figure,
    alt=(
        "Eight digits; their bytes under the repeating cipher, which look like noise; and "
        "the blocks of these bytes that are not the commonest one: rough shapes of the "
        "eight digits."
    ),
)

# %% [markdown]
# The commonest block is empty paper, sixteen white pixels. All others have ink: a rough picture
# of each digit, of 49 bricks, without any key. We give it to a linear classifier, and the sealed
# bytes to another one:

# %%
noise = np.frombuffer(sealed[12:-16], np.uint8).reshape(-1, 784) / 255

for name, images in {"repeating": common, "sealed": noise}.items():
    right = cross_val_score(RidgeClassifier(), images, y[:1000], cv=5).mean()
    print(f"{name}: {lab.about(100 * right, 4, unit='%')} of the digits are read")

# %% [markdown]
# Three of four digits are read from a ciphertext that nobody can decrypt, by a program that does
# not even try. Of the sealed ones as many as by guessing. So *E* must not be a function of data
# and key alone: it needs the nonce.
#
# ### With the library: seal and open
#
# `lab.Seal` is a few lines around the package *cryptography*. This is the one thing in this
# workbook that we do not build from scratch, and neither should you: what is wrong with it does
# not show.

# %% tags=["nbval-ignore-output"]
seal = lab.Seal(lab.Seal.new_key())
message = b"person 2996: bad"
first, second = seal.seal(message), seal.seal(message)
print(first.hex()[:48], "…")
print(second.hex()[:48], "…")
print(f"{len(message)} bytes, sealed {len(first)}: 12 of nonce, 16 of tag")
seal.open(first).decode()

# %% [markdown]
# The tag tells whether anything was changed, a single bit or the label that it was sealed with.
# **What happens in each of these cases?**

# %%
changed = first[:20] + bytes([first[20] ^ 1]) + first[21:]
attempts = {
    "a bit changed": lambda: seal.open(changed),
    "cut short": lambda: seal.open(first[:10]),
    "another key": lambda: lab.Seal(lab.Seal.new_key()).open(first),
    "another label": lambda: seal.open(seal.seal(message, "2025"), "2026"),
    "a short key": lambda: lab.Seal(b"password"),
    "a nonce again": lambda: seal.seal(message, nonce=first[:12]),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except lab.SealError as error:
        print(f"{name}: {error}")

# %% [markdown]
# Why is a nonce that was used already refused? GCM makes a stream of random bytes from key and
# nonce, and adds it to the text, bit by bit (XOR). The same two give the same stream.

# %% [markdown]
# ### Exercise 4: the same nonce twice
#
# *Medium · 8 minutes*
#
# Two texts were encrypted with the same key and the same nonce. You know the first one,
# as one knows a greeting. What does the second one say?


# %%
def one_pad_twice(first, second, known):
    """Return the second text, as bytes.

    All are bytes, equally many: first and second are what two texts became, known is
    the first text. Each byte of a text was XORed (`^`) with a byte of a key stream that
    nobody can guess, and the stream was the same for both.
    """
    ...


lab.check("sharing.one_pad_twice", one_pad_twice)

# %% [markdown]
# ### What it does not protect
#
# Encryption protects data on the way and in store, as D1 §9.4 says: from everybody who has not
# got the key. Whoever trains a model has the key. In the moment in which the data are of any use
# they are open, and what is made of them (a table, a model) is not encrypted any more. Nor does
# it hide how long the data are, and who sends them to whom.
#
# ## Access: who may read what
#
# D3's third point is access control (<span lang="zh">权限控制</span>). `lab.DataRoom` is a small
# one: a table, roles, and for each role the columns that it may read. Who shows a *token* is let
# in. A token is a note, signed by the room (a JSON Web Token, by the package PyJWT): who, in
# which role, until when.

# %%
now = [1_800_000_000.0]  # seconds since 1970: a clock that we can put forward
room = lab.DataRoom(
    people,
    roles={"analyst": ["Age", "Job", "Status"], "auditor": ["Status"]},
    clock=lambda: now[0],
)
token = room.token("Ana", "analyst", minutes=30)
print(jwt.decode(token, options={"verify_signature": False}))
room.read(token, ["Age", "Status"]).head(2)

# %% [markdown]
# Anybody can read a token, as we did: it is signed, not encrypted. But a change would be noticed.
# **What does the room say to each of these?**

# %%
late = room.token("Bo", "auditor", minutes=1)
now[0] += 120
claims = {"sub": "Ana", "role": "analyst", "exp": 2e9}
forged = jwt.encode(claims, "x" * 32, "HS256")
unsigned = jwt.encode(claims, None, "none")
attempts = {
    "a column too many": (token, ["Age", "Income"]),
    "expired": (late, ["Status"]),
    "signed by another": (forged, ["Age"]),
    "signed by nobody": (unsigned, ["Age"]),
}
for name, (shown, wanted) in attempts.items():
    try:
        room.read(shown, wanted)
    except lab.AccessDenied as error:
        print(f"{name}: {error}")

# %% [markdown]
# All of it is written down, granted or refused. Each row of the log holds the hash of the one
# before, so that one cannot be changed without all after it:

# %%
room.log[["user", "role", "columns", "granted"]]

# %%
log = room.log
print("first changed row:", lab.DataRoom.first_changed_row(log))
log.loc[2, "user"] = "somebody else"
print("first changed row:", lab.DataRoom.first_changed_row(log))

# %% [markdown]
# Here access control ends: a copy that was read is a copy. The log says who had it. It cannot
# say who has it now, and it does not know the models that were trained on it.

# %% [markdown]
# ## The model leaks, too
#
# A table stays in the room, a network is trained on it, and only the network is given away. It
# has weights, not people. **Can it be told from the outside who was in its training data?**
#
# Here 500 digits are the people. The network has learned them by heart:

# %%
chance = torch.Generator().manual_seed(0)
order = torch.randperm(len(X), generator=chance)
members, others, pool = order.split([500, 1000, 2500])


def network(seed, hidden=64):
    """Return a new network for digits: 784 pixels, `hidden` units, 10 logits."""
    torch.manual_seed(seed)
    layers = nn.Linear(784, hidden), nn.Tanh(), nn.Linear(hidden, 10)
    return nn.Sequential(nn.Flatten(), *layers)


# %%
def fit(model, X, y, epochs, learning_rate, noise=None, batch_size=128, seed=0):
    """Train by SGD, privately if there is a noise; return the training."""
    kind, extra = lab.Training, {"epochs": epochs, "batch_size": batch_size}
    if noise is not None:
        kind, extra = lab.PrivateTraining, extra | {"noise": noise}
    optimizer = torch.optim.SGD(model.parameters(), learning_rate)
    loss = nn.functional.cross_entropy
    return kind(model, loss, optimizer, (X, y), seed=seed, **extra).finish()


# %%
def percent(model, X, y):
    """Return the accuracy of a network in percent."""
    return 100 * lab.accuracy(y, lab.predict(model, X, batch_size=500))


# %%
overfitted = fit(network(0, 256), X[members], y[members], 100, 0.5).model
for name, rows in {"members": members, "others": others}.items():
    print(f"{name}: {lab.about(percent(overfitted, X[rows], y[rows]), 2, unit='%')}")

# %% [markdown]
# What it has seen, it is sure of. So take an example's loss, and say "member" if it is small. The
# attacker needs a digit and its label, and the network's answer.

# %%
own = [membership.losses(overfitted, X[rows], y[rows]) for rows in (members, others)]
scores = [membership.scores(losses) for losses in own]
print(f"AUC {lab.about(membership.area(*scores), 0.05)}")

# %% [markdown]
# An AUC of 0.6: of a member and another digit, the member has the smaller loss six times of ten.
# Is that bad? It is an average, and an attacker does not have to judge everybody: it is enough to
# be sure of *some*. So ask for that. Allow one false alarm in a hundred others; how many of the
# members are caught?

# %% [markdown]
# ### Exercise 5: caught without false alarms
#
# *Medium · 10 minutes*
#
# An attack says who was in the training data. How many of them does it find, if it may
# hardly ever be wrong about others?


# %%
def caught(scores_members, scores_others, false_alarms=0.01):
    """Return the share of the members that an attack catches, from 0 to 1.

    scores_members is an array (M,), scores_others one (N,): how sure the attack is that
    somebody was in the training data, for those who were and for others. No two scores
    are the same. Whoever has a score above a threshold is taken for a member.
    false_alarms is a number: at most this share of the others may be above the
    threshold, and it is as low as that allows.

    Source: Carlini and others (2022), "Membership inference attacks from first
    principles"
    """
    ...


lab.check("sharing.caught", caught)

# %%
print(f"caught: {lab.about(100 * membership.caught(*scores), 2, unit='%')}")

# %% [markdown]
# Hardly more than by guessing, which catches one in a hundred. The smallest losses are those of *easy* digits, which
# any network is sure of, member or not. A better attacker knows that, and trains some networks on
# other digits, to see how hard each one is (*reference models*; Carlini and others, 2022):

# %%
reference = []
for seed in range(7):
    chance.manual_seed(seed)
    rows = pool[torch.randperm(len(pool), generator=chance)[:500]]
    model = fit(network(100 + seed, 256), X[rows], y[rows], 100, 0.5, seed=seed).model
    reference.append(
        [membership.losses(model, X[part], y[part]) for part in (members, others)]
    )

# %%
compared = [
    membership.scores(own[place], np.stack([pair[place] for pair in reference]))
    for place in (0, 1)
]
print(f"AUC {lab.about(membership.area(*compared), 0.05)}")
print(f"caught: {lab.about(100 * membership.caught(*compared), 3, unit='%')}")

# %%
alarms = np.geomspace(0.001, 1, 50)[:-1]
attempts = {"loss": scores, "loss against references": compared}
lines = {
    name: (100 * alarms, [100 * membership.caught(*pair, rate) for rate in alarms])
    for name, pair in attempts.items()
}
lab.plots.curves(
    lines | {"guessing": (100 * alarms, 100 * alarms)},
    title="At few false alarms the two attacks are far apart",
    xlabel="others who are accused, %",
    ylabel="members who are caught, %",
    xscale="log",
    yscale="log",
    ylim=(0.05, 110),
    alt=(
        "Members caught over false alarms, both logarithmic, from 0.1 to 100 percent. "
        "The loss alone follows the line of guessing up to some percent. Compared with "
        "reference models it lies several times above it."
    ),
)

# %% [markdown]
# Digits are harmless, and nearly all alike. In real data there is what fits no rule: wrong labels,
# rare names. A network can get these right only by learning them by heart. We draw a fifth of the
# labels anew, those of members and others alike, and do the same again, over five seeds
# (`benchmarks/privacy.py`):

# %%
stored = lab.results.load("privacy")
attacks = pd.DataFrame(stored["members"]["rows"])


def over_seeds(rows, columns):
    """Return a table of models: mean ± deviation over the seeds."""
    grouped = rows.groupby("model", sort=False)[columns]
    return grouped.agg(lambda values: str(lab.about(values.tolist())))


columns = ["train", "test", "caught loss", "caught references"]
before = attacks["model"].isin(["after 5 epochs", "after 100 epochs", "weight decay"])
pd.concat(
    {
        name: over_seeds(attacks[before & (attacks["wrong"] == wrong)], columns)
        for name, wrong in {"right labels": 0, "a fifth wrong": 0.2}.items()
    }
)

# %% [markdown]
# With right labels, 6 % of the members are caught, six times as many as by guessing. With a
# fifth of the labels wrong it is one in five, of those whom the loss alone does not find at
# all. Weight decay hardly helps. Stopping early does: after 5 epochs 3 % are caught, and
# the network reads more of the test digits (76 % against 69 %), since it has not learned
# wrong labels by heart. But that is the result of one attack. Nothing says what the next
# one will find.
#
# So an overfitted model is a leak: it is about you that it knows what it does not know
# about others.

# %% [markdown]
# ## Noise that promises something
#
# All so far was a race: somebody hides, somebody else finds. *Differential privacy* is a promise
# that holds against every attack, also one that nobody has thought of yet, and whatever else the
# attacker knows. It does not say that nothing is learned about you. It says that hardly anything
# is learned that would not be learned without you:
#
# $$
# P(\text{model} \in S \mid \text{with you}) \le e^{\varepsilon}\,
# P(\text{model} \in S \mid \text{without you}) + \delta \qquad \text{for every } S
# $$
#
# With $\varepsilon$ = 0.1 nothing gets more than 1.1 times as likely through you, and with
# $\varepsilon$ = 10 it may get 22,000 times as likely. $\delta$ is what the promise leaves
# to chance: it has to be far below one over the number of people.
#
# For that, the training must be drawn by lot: with you and without you, the same model must be
# possible. **How does one train so that no single example decides?** In two moves
# (Abadi and others, 2016):

# %%
lab.drawings.clipped_and_noisy()

# %% [markdown]
# First, no example may pull more than others: each one's gradient $g_i$ is shortened to a length of
# at most *C*. Then you can move the sum by *C* and no more, and noise a few times as wide hides you:
#
# $$
# g = \frac{1}{B} \left( \sum_{i} g_i \min\left(1, \frac{C}{|g_i|}\right) + \sigma C\, z \right),
# \qquad z \sim \mathcal{N}(0, 1)
# $$

# %% [markdown]
# ### Exercise 6: nobody pulls harder than that
#
# *Medium · 8 minutes*
#
# A single example must not change the network much. Limit what each of them adds to the
# gradient.


# %%
def clipped(gradients, limit):
    """Return the sum (P,) of the examples' gradients, each at most `limit` long.

    gradients is a tensor (N, P): the gradient of each example's own loss, none of them
    0. limit is a number. A gradient that is longer (the root of the sum of its squares)
    is shortened to this length and keeps its direction; a shorter one stays as it is.

    Source: Abadi and others (2016), "Deep learning with differential privacy"
    """
    ...


lab.check("sharing.clipped", clipped)

# %% [markdown]
# ### Exercise 7: noise for a step
#
# *Medium · 8 minutes*
#
# Each example adds a gradient of limited length. Add noise that hides any one of them,
# and make it a step for the optimizer.


# %%
def private_gradient(clipped_sum, limit, noise, batch_size, normal):
    """Return the gradient (P,) that the optimizer gets in DP-SGD.

    clipped_sum is a tensor (P,): the sum of a batch's gradients, each at most `limit`
    long. To it comes noise whose standard deviation is `noise` times what one example
    can change in the sum by coming or going; then it is divided by batch_size, the
    expected one. normal is a tensor (P,) of standard normal numbers, to make the noise
    of; the others are numbers.

    Source: Abadi and others (2016), "Deep learning with differential privacy"
    """
    ...


lab.check("sharing.private_gradient", private_gradient)

# %% [markdown]
# ### From scratch: lengths without gradients
#
# A gradient for each example: for a batch of 256 and a network of 51,000 weights these are 13
# million numbers, and a backward pass does not give them: it adds them up. But we want only
# their *lengths*. In a linear layer, an example's gradient is an outer product, of what the layer read
# ($a$) and of the gradient at its output ($\delta$). **How long is an outer product?**

# %% [markdown]
# ### Exercise 8: how long is a gradient
#
# *Hard · 15 minutes*
#
# To shorten a gradient one must know its length. A gradient for each example takes much
# memory. For a linear layer, the length alone takes none: what is it?


# %%
def example_norms(inputs, deltas):
    """Return the length (N,) of each example's gradient in a linear layer.

    inputs is a tensor (N, in): what the layer reads. deltas is a tensor (N, out): the
    gradient of each example's own loss with respect to the layer's outputs. The layer
    computes W a + b for each input a. An example's gradient has one number for each
    weight and each bias; its length is the root of the sum of the squares of all.

    Source: Goodfellow (2015), "Efficient per-example gradient computations"
    """
    ...


lab.check("sharing.example_norms", example_norms)

# %% [markdown]
# `lab.private_sgd.clipped_sum` does it for a whole network: one pass forward, one backward, the
# lengths, and two products of matrices. Is it right? Here are the gradients one by one, each from
# a backward pass of its own:

# %%
model, batch = network(0), (X[:64], y[:64])
loss = nn.functional.cross_entropy
by_hand, _ = private_sgd.clipped_sum(model, loss, *batch, limit=1.0)

# %%
total = [torch.zeros_like(weights) for weights in model.parameters()]
lengths = []
for x, digit in zip(*batch, strict=True):
    model.zero_grad()
    loss(model(x[None]), digit[None]).backward()
    gradient = [weights.grad for weights in model.parameters()]
    length = torch.cat([part.flatten() for part in gradient]).norm()
    lengths.append(float(length))
    for part, g in zip(total, gradient, strict=True):
        part += g * min(1, 1 / length)

# %%
apart = max((a - b).abs().max() for a, b in zip(by_hand, total, strict=True))
print(f"lengths from {min(lengths):.1f} to {max(lengths):.1f}")
print(f"largest difference {lab.about(float(apart), 1e-5)}")

# checked on every run
assert apart < 1e-4

# %%
times = stored["cost"]["ms"]
pd.Series(
    {name: f"{np.median(rounds):.2f} ms" for name, rounds in times.items()},
    name="a step of 256 digits",
).to_frame()

# %% [markdown]
# The lengths alone cost a third more than plain SGD. With each example's gradient stored
# (by PyTorch's `vmap`), a step took seventy times as long.
#
# ### What it promises
#
# How large is $\varepsilon$ after *T* steps, if each example is in a batch with probability *q*?
# The accountant adds up a *cost* that is made for adding (Rényi's divergence at an order
# $\alpha$), and turns it into $\varepsilon$ at the end:
#
# $$
# \rho_\alpha = \frac{1}{\alpha - 1} \ln \sum_{k=0}^{\alpha} \binom{\alpha}{k}
# (1 - q)^{\alpha - k} q^k e^{(k^2 - k) / 2 \sigma^2}, \qquad
# \varepsilon = \min_\alpha \left( T \rho_\alpha + \ln \frac{\alpha - 1}{\alpha} -
# \frac{\ln (\alpha \delta)}{\alpha - 1} \right)
# $$

# %% [markdown]
# ### Exercise 9: what many steps cost
#
# *Hard · 12 minutes*
#
# Each step gives a little away. What can one promise after all of them?


# %%
def total_epsilon(rdp, steps, orders, delta):
    """Return epsilon after all steps, a number.

    rdp is an array (A,): the Rényi divergence of one step at each of the orders, an
    array (A,) of numbers above 1. The divergences of steps add up, at each order by
    itself. steps and delta are numbers. If R is the divergence of all steps at order a,
    then for this delta the promise holds with

        epsilon = R + log((a - 1) / a) - (log(delta) + log(a)) / (a - 1)

    with natural logarithms. It holds so for each order: the best promise is returned.

    Source: Balle and others (2020), "Hypothesis testing interpretations and Rényi
    differential privacy"
    """
    ...


lab.check("sharing.total_epsilon", total_epsilon)

# %%
rate = 256 / 3200
steps = 12 * math.ceil(1 / rate)  # 12 epochs
noises = (0.6, 1, 2, 4, 8, 16)
promised = {noise: privacy.epsilon(rate, noise, steps) for noise in noises}
print("  ".join(f"noise {n}: {e:.2f}" for n, e in promised.items()))

# %% [markdown]
# The sum for $\rho_\alpha$ is four lines in `lab.privacy`. The library opacus finds the same at the
# same orders, to nine digits (a test says so), and a little less at orders between whole numbers.
#
# ### What it costs
#
# **Without noise and clipping, the network reads 91 % of the digits. How many with clipping alone?
# How many with noise?** We try two learning rates, and measure on 800 digits that are kept back.

# %%
train, kept = (X[:3200], y[:3200]), (X[3200:], y[3200:])
rows = {}
for noise in (None, 0, 1, 4):
    found = {}
    for learning_rate in (0.5, 2):
        run = fit(network(0), *train, 12, learning_rate, noise, batch_size=256)
        right = lab.about(percent(run.model, *kept), 4, unit="%")
        found[f"rate {learning_rate}"] = str(right)
    rows["plain" if noise is None else f"clipped, noise {noise}"] = found
pd.DataFrame(rows).T

# %% [markdown]
# Look at the two columns. At the plain network's rate of 0.5, clipping alone seems to cost
# five points. But look at the lengths above: from 3.5 to 6.3, and all of them were cut to a
# length of one. The steps became four times as short. With a rate of 2 the clipped network
# is as good as the plain one. Noise wants the opposite, short steps. So each setting has to
# be judged at a rate of its own. Over five seeds and five rates, from 0.25 to 4:

# %%
costs = pd.DataFrame(stored["price"]["rows"])
names = ["plain", "clipped", *(f"noise {noise:g}" for noise in noises)]
table = [
    {
        "epsilon": f"{row['epsilon']:.2f}",
        "at rate 0.5, %": str(lab.about(row["kept back"]["0.5"])),
        "at its best, %": str(lab.about(row["kept back"][f"{row['rate']:g}"])),
        "best rate": f"{row['rate']:g}",
    }
    for _, row in costs.iterrows()
]
pd.DataFrame(table, index=names)

# %% [markdown]
# At its best rate, clipping costs nothing that could be measured. What costs is the noise:
# two points at an epsilon of 8, five at 2.5, eight at 1. At one rate for all, clipping
# looks like most of the price, and noise like a trifle.
#
# Two things to keep in mind. The epsilon is for *one* training: who tries five rates on
# people's data has looked at them five times, and has to count that, or to choose the rate
# on other data. And the 800 digits that chose it were not protected by anything.

# %%
noisy = costs[costs["noise"] > 0]
best = [row["kept back"][f"{row['rate']:g}"] for _, row in noisy.iterrows()]
half = [row["kept back"]["0.5"] for _, row in noisy.iterrows()]
lab.plots.over_data(
    {
        "each noise at its best rate": (noisy["epsilon"], np.transpose(best)),
        "all at a rate of 0.5": (noisy["epsilon"], np.transpose(half)),
    },
    title="Privacy costs accuracy, and a wrong rate costs more",
    xlabel="epsilon (delta 0.00001)",
    ylabel="accuracy, %",
    alt=(
        "Accuracy over epsilon, logarithmic, from 0.2 to 25, five dots each. With each noise "
        "at its best rate it climbs from 60 percent at 0.2 to 83 at 1 and 91 at 25. With "
        "0.5 for all it climbs from 51 to 83 at 1 and 86 at 25."
    ),
)

# %% [markdown]
# ### The attack again
#
# **The network that knew its 500 digits by heart, 20 % of them with wrong labels, gave away a fifth
# of them. And with noise?**

# %%
rows = attacks[attacks["wrong"] == 0.2]
after = over_seeds(rows, ["test", "caught references"])
epsilons = rows.groupby("model", sort=False)["epsilon"].first()
after["epsilon"] = epsilons.map("{:.1f}".format)
after["promised at most"] = [
    f"{100 * privacy.most_caught(epsilon, 1e-5, 0.01):.0f} %" for epsilon in epsilons
]
after

# %% [markdown]
# With noise 2, 3 % are caught instead of 19 %, and the network reads 74 % of the test
# digits instead of 69 %: it *cannot* learn single wrong labels by heart. (Stopping early
# did as well against this attack.)
#
# Now read the last column. It says what the promise allows: at an epsilon of 7.2, an
# attacker with 1 % false alarms may catch everybody, since $e^{7.2}$ is above 1,000. This
# attack catches 3 %. Only the epsilon of 1.4 rules out that anybody catches more than 4 %,
# and it costs nearly half of the accuracy: 500 examples are few to hide among. Between what
# is promised and what the attack finds is a wide gap, and nobody knows how much of it
# better attacks will fill. If somebody tells you that a model is differentially private,
# ask for the epsilon, for one person or for one photo of a person, and for the delta.

# %% [markdown]
# ### A number instead of a model
#
# Many who ask for a table want a few numbers from it. A count changes by one through you, so
# noise of some $1/\varepsilon$ hides you (Dwork and others, 2006): drawn from the *Laplace*
# distribution, it promises $\varepsilon$ with $\delta$ = 0.

# %% [markdown]
# ### Exercise 10: a count with noise
#
# *Medium · 10 minutes*
#
# How many of them have the illness? The answer is to be published, and whether you are
# among them must hardly show.


# %%
def noisy_count(count, epsilon, uniform):
    """Return a count with Laplace noise, a number, not rounded.

    All are numbers: one person more or less changes the count by 1. The noise is larger
    than x in size with the probability exp(-epsilon x). It is made of `uniform`, a
    random number between -1/2 and 1/2: the noise has its sign, and a probability of
    2 |uniform| to be smaller in size than it is.

    Source: Dwork and others (2006), "Calibrating noise to sensitivity in private data
    analysis"
    """
    ...


lab.check("sharing.noisy_count", noisy_count)

# %%
chance = np.random.default_rng(0)
count = (people["Status"] == "bad").sum()
for promise in (0.01, 0.1, 1):
    noisy = count + chance.laplace(scale=1 / promise, size=5)
    print(f"epsilon {promise}: {', '.join(f'{n:,.0f}' for n in noisy)}")

# %% [markdown]
# With 0.1 the count is off by some ten, which is enough for most questions, and whether person
# 2996 is among them makes hardly any number likelier than before. But each answer costs its
# $\varepsilon$: a hundred of 0.1 add up to 10. Who answers without counting gives all away in
# the end. (Like our generator, these numbers are drawn from a known seed: real ones must not be.)

# %% [markdown]
# ## Data that stay where they are
#
# Ten hospitals cannot put their records on one heap. *Federated learning* turns it around: not the
# data travel, but the model. D1 §9.4 counts it among what protects privacy, D4 §8.4 hopes for it
# <span lang="zh">在保护数据隐私的前提下</span>, "under the condition that privacy is protected".

# %%
lab.drawings.federated_round()

# %% [markdown]
# If each client takes a single step with all of its data, and the server averages, then the
# gradients are averaged, too: it is the step that one computer would take with everything. The
# average has to be weighted. **By what?**

# %% [markdown]
# ### Exercise 11: one model of many
#
# *Easy · 5 minutes*
#
# Each client has trained the same network on data of its own, some on much, some on
# little. What is the network of all?


# %%
def average_model(weights, sizes):
    """Return the weights (P,) of the model that a server makes of its clients': FedAvg.

    weights is an array (K, P): a row for each client's model. sizes is an array (K,):
    how many examples each has. An example counts as much as any other, whoever has it.

    Source: McMahan and others (2017), "Communication-efficient learning of deep
    networks from decentralized data"
    """
    ...


lab.check("sharing.average_model", average_model)

# %%
clients = federated.shards(y[:3200], clients=10, per_client=2, seed=2)
digits = [sorted(set(y[rows].tolist())) for rows in clients]
print("digits of the first four clients:", *digits[:4])

# %%
central = network(0)
loss(central(X[:3200]), y[:3200]).backward()
states = []
for rows in clients:
    model = network(0)
    loss(model(X[rows]), y[rows]).backward()
    with torch.no_grad():
        states.append({n: w - 0.1 * w.grad for n, w in model.named_parameters()})

# %%
average = federated.weighted_average(states, [len(rows) for rows in clients])
with torch.no_grad():
    apart = max(
        (average[name] - (w - 0.1 * w.grad)).abs().max()
        for name, w in central.named_parameters()
    )
print(f"apart from one computer's step by {lab.about(float(apart), 1e-6)}")

# checked on every run
assert apart < 1e-5

# %% [markdown]
# So federated learning *can* be exact. But then the model travels at every step. FedAvg (McMahan
# and others, 2017) lets each client go through its data once or more, and averages after that:
# fewer rounds, and no longer the same step. Two kinds of clients: with digits at random, and with
# two kinds of digits each, as hospitals have their own kinds of patients. **What does that do?**

# %%
shares = {
    "mixed": federated.equal_shares(3200, clients=10),
    "two kinds each": clients,
}


def together(name, learning_rate, rounds=10, epochs=1, clients_per_round=10):
    """Train with ten clients; return the training, whose rounds are its steps."""
    return lab.FederatedTraining(
        network(0),
        loss,
        clients=[(X[rows], y[rows]) for rows in shares[name]],
        validation=kept,
        metrics={"accuracy": lab.accuracy},
        rounds=rounds,
        local_epochs=epochs,
        clients_per_round=clients_per_round,
        learning_rate=learning_rate,
    ).finish()


# %%
runs = {
    "mixed, all ten": together("mixed", 0.3),
    "two kinds each, all ten": together("two kinds each", 0.3),
    "two kinds each, three of ten": together(
        "two kinds each", 0.3, clients_per_round=3
    ),
}
lab.plots.curves(
    {name: 100 * run.history["accuracy"] for name, run in runs.items()},
    title="Clients of two kinds of digits pull the model to and fro",
    xlabel="rounds",
    ylabel="accuracy, %",
    alt=(
        "Accuracy over ten rounds. With mixed clients it climbs from 74 to 90 percent. With two "
        "kinds of digits each and all ten clients it lies below that all the way, at the end "
        "at 84. With three of ten it goes up and down, from 29 to 67 percent."
    ),
)

# %%
sent = runs["mixed, all ten"].bytes_sent
print(f"{sent / 1e6:.0f} MB were sent; the digits are {3200 * 784 / 1e6:.1f} MB")

# %% [markdown]
# The model is larger than the data here, and it travels twenty times for each client. For a
# hospital's scans it would be the other way around.
#
# That was one run each. Over five seeds, each setting at the best of its learning rates
# (`benchmarks/federated.py`):

# %%
rounds = pd.DataFrame(lab.results.load("federated")["rows"]).query("proximal == 0")


def best_rate(rows):
    """Return the row whose rate was best after 20 rounds, by the digits kept back."""
    return max(
        (row for _, row in rows.iterrows()),
        key=lambda row: np.mean(row["kept"], axis=0)[-1],
    )


table = {}
settings = ["dealt", "together", "local_epochs"]
who = {0: "each alone", 1: "one computer", 3: "three of ten", 10: "all ten"}
for (dealt, number, epochs), rows in rounds.groupby(settings, sort=False):
    row = best_rate(rows)
    kept_back = np.array(row["kept"])
    table[dealt, who[number], epochs] = {
        "after 10 rounds, %": str(lab.about(kept_back[:, 9])),
        "after 20, %": str(lab.about(kept_back[:, 19])),
        "best rate": f"{row['learning_rate']:g}",
    }
pd.DataFrame(table).T.rename_axis(["digits", "who trains", "epochs a round"])

# %% [markdown]
# One computer with all digits reaches 94 %. A client alone reaches 86 % with mixed digits, and
# 23 % with two kinds: it has never seen the others. Together, mixed clients come to within two
# points of one computer, also with three of ten. With two kinds each they lose six points with
# all ten, and twenty with three of ten: there, one round undoes what another one did. More
# epochs in a round help at first.

# %% [markdown]
# ### Do the data really stay?
#
# What travels is the model, or its gradient: "no raw data". **A client sends the gradient of a
# single picture. What can the server see?** Row *j* of the first layer's gradient is
# $\delta_j x^\top$, and that of its bias is $\delta_j$:

# %% [markdown]
# ### Exercise 12: the picture in the gradient
#
# *Hard · 12 minutes*
#
# A client keeps its picture and sends only the gradient. What does the server see?


# %%
def picture_from_gradient(weight_gradient, bias_gradient):
    """Return the picture (in,) that a gradient was computed from.

    weight_gradient is a tensor (out, in), bias_gradient one (out,): the gradients of
    the weights W and the biases b of a network's first layer, for the loss of one
    picture x. The layer computes W x + b. Where a unit did not fire, its gradients are
    exactly 0: some are so, not all.

    Source: Geiping and others (2020), "Inverting gradients: how easy is it to break
    privacy in federated learning?"
    """
    ...


lab.check("sharing.picture_from_gradient", picture_from_gradient)


# %%
def first_gradients(images, digits):
    """Return the gradients of a network's first layer: of weights and of biases."""
    model = network(0)
    loss(model(images), digits).backward()
    return model[1].weight.grad, model[1].bias.grad


# %%
weights, biases = first_gradients(X[:1], y[:1])
row = biases.abs().argmax()
seen = weights[row] / biases[row]
apart_by = (seen - X[0].flatten()).abs().max()
print(f"every pixel, with an error of at most {lab.about(float(apart_by), 1e-4)}")

# checked on every run
assert apart_by < 1e-3

# %%
seen = {}
for count in (1, 2, 4, 32):
    weights, biases = first_gradients(X[:count], y[:count])
    rows = biases.abs().argsort(descending=True, stable=True)[:6]
    pictures = (weights[rows] / biases[rows, None]).reshape(-1, 28, 28)
    seen[f"from {count} at once"] = pictures.clamp(0, 1)
seen["the digits"] = X[:4, 0]

# %%
figure = lab.plots.image_rows(seen, title="A gradient of few pictures shows them")
lab.plots.show(
    figure,
    alt=(
        "Rows of pictures read back from gradients, six units each. From one picture: the "
        "same digit six times, exactly. From two and four: mixtures in which single digits "
        "can be told. From 32: a gray blur. Below, the digits themselves."
    ),
)

# %% [markdown]
# From one picture, the whole picture; from some, mixtures; from 32, a blur, for this simplest of
# attacks (better ones invert batches, too: Geiping and others, 2020). So "the data stay" is true,
# and it does not mean that nothing can be read.
#
# ### A sum that nobody sees the parts of
#
# The server needs only the *sum*. Each two clients agree on a mask of random numbers: one adds it,
# the other subtracts it. What each of them sends looks like noise, and in the sum all masks are gone
# (*secure aggregation*; Bonawitz and others, 2017).

# %%
lab.drawings.masks()

# %% [markdown]
# ### Exercise 13: a sum behind masks
#
# *Hard · 12 minutes*
#
# Each client adds masks to its numbers, and each mask is taken off again by another
# client. The server sees noise. What is the sum?


# %%
def unmasked_sum(masked, modulus_bits=32):
    """Return the sum (P,) of the clients' numbers.

    masked is an array (K, P) of whole numbers, a row for each client. Before, each
    client had P numbers, negative ones among them, and wrote each as a whole number of
    steps of 2⁻¹⁶. To these it added its masks, and sent the rest of a division by
    2^modulus_bits, which is from 0 to 2^modulus_bits - 1. All clients' masks add up to
    0. The sum is smaller in size than half of 2^modulus_bits steps.

    Source: Bonawitz and others (2017), "Practical secure aggregation for
    privacy-preserving machine learning"
    """
    ...


lab.check("sharing.unmasked_sum", unmasked_sum)

# %%
updates = [network(seed)[1].weight.detach().flatten() for seed in range(4)]
sent = [
    federated.masked(federated.to_whole(update), client, clients=4, round=0)
    for client, update in enumerate(updates)
]
alike = np.corrcoef(sent[0], updates[0])[0, 1]
print(f"sent and true numbers of a client: correlation {lab.about(alike, 0.01)}")

# %%
total = torch.as_tensor(federated.from_whole(sum(sent)))
error = float((total - sum(updates)).abs().max())
print(f"the sum is off by {lab.about(error, 5e-5)}")

# checked on every run
assert error < 1e-4

# %% [markdown]
# **One of the four loses its connection after the masks were agreed on. What does the server get?**

# %%
left, wanted = sum(sent[:3]), sum(updates[:3])
mend = federated.missing_masks([3], clients=4, length=len(wanted))
for name, whole in {"as it is": left, "with their masks": left + mend}.items():
    found = federated.from_whole(whole)
    off = float((torch.as_tensor(found) - wanted).abs().max())
    print(f"{name}: off by {lab.about(off, max(5e-5, 0.01 * off))}")


# %% [markdown]
# Noise: the masks that the three share with the fourth are still in there. So they have to tell the
# server these masks, and a real protocol makes sure that they can, even if more clients drop out,
# and that nobody's masks and update are both told.
#
# Secure aggregation hides who said what, not what was said together: the model that comes out leaks
# like any other. For a promise about people, the clients must clip and add noise, too. The library
# for real clients is Flower (`flwr`); our average is the same as its (a test asks it).

# %% [markdown]
# ## On real data: what would you give away?
#
# All was measured on digits kept back. Now those of the test, once, by the networks of five seeds
# for each row:

# %%
tested = {}
for name, (_, row) in zip(names, costs.iterrows(), strict=True):
    tested[f"one computer, {name}"] = row["test"], row["epsilon"]
for dealt in ("equal", "two digits"):
    rows = rounds.query("dealt == @dealt and together == 10 and local_epochs == 1")
    last = np.array(best_rate(rows)["test"])[:, -1]
    tested[f"ten clients, {dealt}"] = last, math.inf
pd.DataFrame(
    {
        name: {"accuracy, %": str(lab.about(right)), "epsilon": f"{epsilon:.1f}"}
        for name, (right, epsilon) in tested.items()
    }
).T

# %% [markdown]
# What would you give away: 82 % with an epsilon of 1, 88 % with one of 8, or 91 % without a
# promise? That is no question of mathematics, but now it is one with numbers. (The ten clients
# have a network of 128 units instead of 64, so their rows compare with each other only. Their
# epsilon is infinite, too: data that stay promise nothing by that alone.)

# %% [markdown]
# ## Turn the knobs
#
# ### Ten clients
#
# **With digits mixed, how many rounds do you need? And with two kinds each? What do more epochs at
# each client do, what fewer clients? Press Stop when you have seen enough.**


# %%
def federated_training(learning_rate, rounds=20, epochs=1, clients=10, kinds=2):
    """Train with ten clients that have so many kinds of digits each (10: all)."""
    shares = (
        federated.equal_shares(3200, clients=10)
        if kinds == 10
        else federated.shards(y[:3200], clients=10, per_client=kinds, seed=2)
    )
    return lab.FederatedTraining(
        network(0),
        loss,
        clients=[(X[rows], y[rows]) for rows in shares],
        validation=kept,
        metrics={"accuracy": lab.accuracy},
        rounds=rounds,
        local_epochs=epochs,
        clients_per_round=clients,
        one_class=kinds == 1,
        learning_rate=learning_rate,
    )


# %%
panel = lab.TuningPanel(
    federated_training,
    question="How few rounds are enough?",
    learning_rate=0.1,
    rounds=(5, 40),
    epochs=1,
    clients=(1, 10),
    kinds=[1, 2, 3, 10],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# At a rate of 0.1, mixed clients reach 89 % in 20 rounds, and 90 % in 10 with five epochs
# at each: fewer rounds for more work at home. With two kinds each 85 % are left; more
# epochs do not help, since each client runs farther in its own direction. With three of ten
# each round the curve jumps, by ten points and more: the model forgets the digits of those
# who were not asked. One kind each is hardly worse than two, if all take part. A rate of 1
# is best for mixed clients (93 %), and breaks the others.
#
# </details>
#
# ### How much noise?
#
# The two hills: what a step's sum may be without you, and with you, if your gradient has the full
# length *C*. **At which noise can they hardly be told apart? What is then left of the accuracy?**


# %%
price = costs.set_index("noise")
sums = np.linspace(-30, 30, 121)


def hidden(noise=1, epochs=12):
    """Return what a noise promises and costs, in words, and the sum's two hills."""
    promise = privacy.epsilon(rate, noise, epochs * math.ceil(1 / rate))
    words = (
        f"one step with you and one without: the hills<br>"
        f"{epochs} epochs: epsilon <b>{promise:.2f}</b><br>"
        f"whoever accuses 1 % wrongly catches at most "
        f"{100 * privacy.most_caught(promise, 1e-5, 0.01):.1f} %"
    )
    if epochs == 12:
        right = price.loc[noise]
        words += f"<br>accuracy <b>{np.mean(right['kept back'][f'{right.rate:g}']):.1f} %</b>"
    hill = {
        name: (sums, np.exp(-((sums - middle) ** 2) / (2 * noise**2)))
        for name, middle in {"without you": 0, "with you": 1}.items()
    }
    return words, hill


# %%
lab.Explorer(
    hidden,
    question="How much noise hides you?",
    axes={"sum of gradients, in C": (-10, 10), "chance of it": (0, 1.05)},
    noise=list(noises),
    epochs=[3, 12, 48, 192],
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# At a noise of 1 the hills are two; from 4 on you hardly tell them apart in a single step.
# Epsilon grows with the epochs, but slower than they do: with noise 4, 12 epochs promise
# 1.07, and 48 promise 2.25. An epsilon of 1 allows an attacker with 1 % false alarms to
# catch 3 %, one of 8 everybody. Accuracy is lost from a noise of 2 on, and at 16 a third of
# it is gone.
#
# </details>
#
# ### Am I in the table?
#
# **Choose somebody you know: how many rows are left? Which columns give most away?**


# %%
def looked_up(age=30, marital="any", home="any", job="any", seniority="any", width=1):
    """Return how many people of the table look like this, in words."""
    rows = people[people["Age"] // width == age // width]
    if seniority != "any":
        rows = rows[rows["Seniority"] // width == seniority // width]
    for name, value in {"Marital": marital, "Home": home, "Job": job}.items():
        if value != "any":
            rows = rows[rows[name] == value]
    words = f"<b>{len(rows)}</b> of {len(people):,} look like this"
    if len(rows) == 1:
        one = rows.iloc[0]
        words += f": income {one['Income']:.0f}, debt {one['Debt']:.0f}, credit {one['Status']}"
    elif len(rows) and rows["Status"].nunique() == 1:
        words += f", and the credit of all is {rows['Status'].iloc[0]}"
    return words


# %%
lab.Explorer(
    looked_up,
    question="Am I in the table?",
    age=(18, 68),
    marital=["any", *people["Marital"].unique()],
    home=["any", *people["Home"].unique()],
    job=["any", *people["Job"].unique()],
    seniority=["any", *range(41)],
    width=[1, 5, 10, 20],
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# 156 people are 30 years old; 32 of these are single, 8 separated. With home, job and
# seniority you are down to one or two, whose income and credit are there to read. In bands
# of 10 most have company, and the unusual still have none: take somebody over 60 who is not
# married. Seniority gives most away, since nearly everybody knows how long somebody has had
# the same job.
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("sharing")

# %% tags=["nbval-ignore-output"]
lab.solved("sharing")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | "encrypt sensitive data, to make storage and transfer safe"<br><span lang="zh">对敏感数据进行加密处理，确保数据在传输和存储过程中安全</span> | D1 §9.4, D3 §3 | [sealed data are noise, and every change is noticed](#With-the-library:-seal-and-open); [not if the cipher repeats itself](#Sealed:-what-a-cipher-hides,-and-what-not), and [nothing of it protects the model](#What-it-does-not-protect) | half true |
# | "encryption(*D*, *K*) = *E* (*D*) with the key *K*"<br><span lang="zh">加密(D, K) = E_K(D)</span> | D3 §4 | [a function of data and key repeats itself: three of four digits are read](#Sealed:-what-a-cipher-hides,-and-what-not); the nonce is missing | fails |
# | "de-identification(*D*) = *R*(*D*)"<br><span lang="zh">去标识化(D) = R(D)</span> | D3 §4 | [what it hides depends on the other table, which *R* does not know](#A-register-beside-it) | fails |
# | "remove what identifies a person, to protect privacy"<br><span lang="zh">去除数据中的个人标识信息，保护数据隐私</span> | D3 §3, D1 §9.4 | [half of the people are alone without a name](#From-scratch:-how-many-are-alone), and [found by a register](#A-register-beside-it) | fails |
# | "anonymize the data, to lower the risk of a leak"<br><span lang="zh">对数据匿名化处理，降低数据泄露的风险</span> | D1 §9.4 | lower it is: [15 of 1,000 are found instead of 545](#A-register-beside-it), if the attacker knows these columns only; [a crowd of one status hides nothing](#All-of-them-the-same) | half true |
# | "set rights of access, to make sharing reasonable and safe"<br><span lang="zh">设置数据访问权限，确保数据共享的合理性和安全性</span> | D3 §3 | [what was not allowed was refused, and written down; what was read is out](#Access:-who-may-read-what) | half true |
# | "exchange data by an interface"<br><span lang="zh">通过数据接口实现数据的高效交换和共享</span> | D3 §3 | [by columns, with a token](#Access:-who-may-read-what); how efficiently, we did not measure | not tested |
# | "an agreement sets extent, rights and duties"<br><span lang="zh">制定数据共享协议，明确数据共享的范围、权限和责任</span> | D3 §9 Q4 | that is for lawyers: no cell can show it | not tested |
# | "training may touch sensitive data"<br><span lang="zh">大模型在训练过程中可能涉及敏感数据</span> | D1 §3.4 | [it does, and a model gives one of five members away, where labels are wrong](#The-model-leaks,-too) | holds |
# | "differential privacy" protects privacy<br><span lang="zh">研究并采用隐私保护算法，如差分隐私、联邦学习等</span> | D1 §9.4 | [it is a promise, as good as its epsilon](#What-it-promises), [and it has a price](#What-it-costs) | holds |
# | so does federated learning<br><span lang="zh">在保护数据隐私的前提下，实现大模型在分布式环境下的训练和推理</span> | D1 §9.4, D4 §8.4 | the data stay, and [a picture is read back from its gradient](#Do-the-data-really-stay?); [masks hide the parts](#A-sum-that-nobody-sees-the-parts-of), not the sum | half true |
# | "how to make data safe and private is an important problem"<br><span lang="zh">如何确保数据安全和隐私，防止数据泄露和滥用，是一个重要议题</span> | D2 §8.2, D0 §8.3 | [more than half of a register found](#A-register-beside-it) with two lines of code | holds |
#
# ## Going further
#
# **Limits.** One table, one attacker who knows five columns, and a register without errors: real
# ones have some, and more columns. 500 and 3,200 digits are few to hide among: the same epsilon
# costs far less with millions. The attacks are of a simple kind, and what they do not find is not
# thereby safe. Our generator's seed is known, which voids every promise of this notebook's
# noise: opacus has a mode for real secrets. Noise made of floating-point numbers leaks a little
# by its last bits (Mironov, 2012). Nothing here is a judgment on what the law calls
# anonymous.
#
# **Try next.** Take another five columns, with *Price* among them, and link again. Let the attacker
# know wrong ages, off by one. Train privately with 70,000 digits (`lab.datasets.mnist(full=True)`).
# Let one client of ten send a wrong update on purpose, and take the median instead of the mean.
#
# **Read.** Sweeney (2002) on *k*-anonymity; Narayanan and Shmatikov (2008), who found the Netflix
# users; Dwork and Roth, *The Algorithmic Foundations of Differential Privacy* (2014); Abadi and
# others (2016); Carlini and others (2022) on membership; McMahan and others (2017); Kairouz and
# others (2021), all that is open in federated learning.
