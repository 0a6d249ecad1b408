# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 6 · Text: from a program that cannot run to one worth running
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/06_text.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/06_text.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - find the faults of a text classifier, the silent one too, and mend them one by one,
# - judge a classifier of many topics: precision, recall, F1, macro and micro,
# - build an embedding bag, a text CNN and an LSTM, and say when a linear model beats
#   them,
# - see what gives the answer away: signatures, quotes, the same thread in training and
#   test.
#
# **Time:** 2 hours. **Mirrors:** D1 §5 (a CNN on 20 Newsgroups), D1 §3.2.4 (precision,
# recall, F1), D1 §3.2.5 (regularization, dropout), D4 §4.3 (sentiment with an LSTM).
# **Before it:** [chapter 01](01_preprocessing.ipynb) for words, ids and tf-idf;
# [chapter 02](02_losses.ipynb) for cross-entropy.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("06_text", version="0.1", small_models=False)

# %% [markdown]
# ## As the documents have it
#
# 20 Newsgroups: posts of 1993 to twenty discussion groups, the older 60 % to learn from, the
# newer 40 % to be tested on. Our copy has them as words, without headers. Here we take six of
# the topics; three of them are about religion. **Which will be hard to tell apart?**

# %%
import textwrap
import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab import text
from bigmodel_lab.models import EmbeddingBagClassifier, TextCNN, TextLSTM

TOPICS = [
    "alt.atheism",
    "comp.graphics",
    "sci.med",
    "sci.space",
    "soc.religion.christian",
    "talk.religion.misc",
]


def numbers(labels):
    """Return categories as whole numbers (N,) on the device, in alphabetical order."""
    return torch.tensor(labels.cat.codes.to_numpy("int64"), device=device)


train = lab.datasets.newsgroups("train", TOPICS)
test = lab.datasets.newsgroups("test", TOPICS)
y, y_test = numbers(train["topic"]), numbers(test["topic"])
documents = [post.split() for post in train["text"]]
test_documents = [post.split() for post in test["text"]]
print(textwrap.fill(" ".join(documents[3][:40]), 88), "…\n")
pd.DataFrame(
    {
        "to learn from": train["topic"].value_counts(sort=False),
        "to be tested on": test["topic"].value_counts(sort=False),
        "median words": train["text"]
        .str.split()
        .str.len()
        .groupby(train["topic"], observed=True)
        .median()
        .astype(int),
    }
)

# %% [markdown]
# D1 §5.2 in short (Keras):
#
# ```python
# from tensorflow.keras.datasets import twenty_newsgroups
# (train_data, train_labels), (test_data, test_labels) = twenty_newsgroups.load_data()
# vectorizer = TfidfVectorizer(max_features=1000)
# X_train = vectorizer.fit_transform(train_data)
# model.add(Embedding(input_dim=1000, output_dim=64, input_length=maxlen))
# model.add(Conv1D(filters=128, kernel_size=5, activation='relu'))
# model.add(MaxPooling1D(pool_size=5))
# model.add(Dense(units=10, activation='softmax'))
# model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
# model.fit(X_train, train_labels, epochs=10, batch_size=32, validation_split=0.2)
# ```
#
# **Six things in it are wrong. Five stop it. Which one does not?** We gave the program to
# Keras, mended one fault after the other (`benchmarks/text.py`), and noted what it said:

# %%
measured = lab.results.load("text")
said = measured["faults"]["said"]


def show(what, result):
    """Print a name and, indented below it, at most two lines of a result."""
    print(f"{what}:")
    margin = {"initial_indent": "    ", "subsequent_indent": "    "}
    print(textwrap.fill(result, 88, max_lines=2, **margin))


for mended, message in said.items():
    show(mended, message or "no error, it trains")
print("\ndata sets in Keras:", ", ".join(measured["faults"]["datasets"]))
assert [m is None for m in said.values()] == [False] * 5 + [True]

# %% [markdown]
# Five errors: the import, `maxlen`, one distribution for each of 199 places instead of one for
# the text, a loss that wants ten columns a label where there is a whole number, and ten units
# for twenty topics. Then it trains. **What does it learn?** Look at what goes in: tf-idf
# weights, into a layer that takes ids. PyTorch will not have it:

# %%
from sklearn.feature_extraction.text import TfidfVectorizer

vectorizer = TfidfVectorizer(max_features=1000)
tf_idf = torch.tensor(
    vectorizer.fit_transform(train["text"]).toarray(), dtype=torch.float32
)  # (3226, 1000)
labels = torch.arange(20)  # a post of each of the 20 topics D1 has


def attempt(what, function):
    """Print what `function` gives, or the first line of its error."""
    try:
        result = f"works, loss {function().item():.1f}"
    except Exception as error:
        result = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    show(what, result)


attempt("tf-idf into an embedding", lambda: nn.Embedding(1000, 64)(tf_idf))

# %% [markdown]
# Keras is more obliging: it turns the weights into whole numbers. **Which ids come out?**

# %%
ids = tf_idf.long()  # what Keras's Embedding does
print(f"of {ids.numel():,} ids, {(ids != 0).sum()} are not 0")
before, after = (len({row.tobytes() for row in X.numpy()}) for X in (tf_idf, ids))
print(f"different texts: {before:,} before, {after} after")
difference = measured["faults"]["largest_difference_between_texts"]
print("Keras: largest difference between the outputs of 100 texts:", difference)
assert difference == 0

# %% [markdown]
# A tf-idf weight is below 1 and becomes 0. Every text is a thousand times word 0 (a text with a
# single known word, whose weight is 1, excepted), and the network says the same to all. This is
# the worst of the six faults, because nothing fails.
#
# ### Mended, one by one
#
# In PyTorch, on a post of each topic. The ids are those of the 1,000 most frequent words, in
# the order of the text, cut or padded to 100 (D1's missing `maxlen`). **In what order will the
# errors come?**

# %%
frequent = text.Vocabulary(documents, size=1000)


def first_words(documents, vocabulary, length=100):
    """Return the ids (N, length) of the first words of each document."""
    rows = [vocabulary.encode(words[:length]) for words in documents]
    return text.pad(rows, length).to(device)


ids = first_words(documents[:20], frequent).cpu()  # (20, 100)
by_five = nn.MaxPool1d(5)  # D1's: one number for every five places


def whole_text(features):
    """Return the largest of all places: (N, 128, places) -> (N, 128, 1)."""
    return features.amax(2, keepdim=True)


def loss_of_d1(inputs, pool=by_five, units=10, squeeze=False):
    """Return the loss of D1's network, with PyTorch's layers, at its start."""
    embedded = nn.Embedding(1000, 64)(inputs)  # (N, L, 64)
    features = nn.Conv1d(64, 128, 5)(embedded.transpose(1, 2)).relu()  # (N, 128, L-4)
    logits = nn.Linear(128, units)(pool(features).transpose(1, 2))  # (N, places, units)
    return F.cross_entropy(logits.squeeze(1) if squeeze else logits, labels)


torch.manual_seed(0)
for mended, function in {
    "tf-idf weights": lambda: loss_of_d1(tf_idf[:20]),
    "ids": lambda: loss_of_d1(ids),
    "+ the maximum over the whole text": lambda: loss_of_d1(
        ids, whole_text, squeeze=True
    ),
    "+ 20 units": lambda: loss_of_d1(ids, whole_text, 20, squeeze=True),
}.items():
    attempt(mended, function)
one_hot = F.one_hot(labels, 20).float()
logits = torch.randn(20, 20)
same = torch.allclose(F.cross_entropy(logits, labels), F.cross_entropy(logits, one_hot))
print("PyTorch takes a label as a number or as a row of 0 and 1:", same)

# %% [markdown]
# Weights for ids; places for a text; 10 for 20. The type of label, which stops Keras, is no
# trouble in PyTorch. And the softmax is in PyTorch's loss
# ([chapter 05](05_mnist.ipynb#Softmax-once,-not-twice)).
#
# Now the mended network learns our six topics. **Is three quarters right a good result?** What would you have to
# know?


# %%
def trained(model, X, y, learning_rate, epochs, batch_size=64, seed=0):
    """Return the model, trained by Adam on ids X (N, L) and labels y (N,)."""
    lab.Training(
        model,
        nn.CrossEntropyLoss(),
        torch.optim.Adam(model.parameters(), lr=learning_rate),
        train=(X, y),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    ).finish()
    return model


@torch.inference_mode()
def predict(model, X):
    """Return the classes (N,) that a model gives to ids X (N, L)."""
    model.eval()
    return torch.cat([model(batch).argmax(1) for batch in X.split(500)]).cpu().numpy()


def accuracy(model, X, y):
    """Return the share of the texts whose class is found."""
    return (predict(model, X) == y.cpu().numpy()).mean()


torch.manual_seed(0)
d1 = TextCNN(1000, len(TOPICS), filters=128, widths=[5], dropout=0).to(device)
X, X_test = (first_words(part, frequent) for part in (documents, test_documents))
start = time.perf_counter()
trained(d1, X, y, 0.001, epochs=5, batch_size=32)
seconds = {"D1's CNN, mended": time.perf_counter() - start}
truth = y_test.cpu().numpy()
read_as = {"D1's CNN, mended": predict(d1, X_test)}
scores = {name: (found == truth).mean() for name, found in read_as.items()}
print("more than 70 % right:", scores["D1's CNN, mended"] > 0.7)

# %% [markdown]
# ## Baselines first
#
# You would have to know what the simplest methods do. Naive Bayes counts the words of each
# topic; logistic regression is one layer, with a weight for each word and topic (a linear SVM, below, is one too, with another loss). Both take the
# tf-idf weights as they are. **Which of these beats the mended network?** (± is the standard
# error that 2,147 test posts leave.)

# %%
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

baselines = {
    "most frequent topic": (DummyClassifier(), {}),
    "naive Bayes, 1,000 words": (
        MultinomialNB(alpha=0.01),
        {"vocabulary": frequent.words[2:]},  # D1's words, without padding and unknown
    ),
    "naive Bayes": (MultinomialNB(alpha=0.01), {}),
    "logistic regression": (
        LogisticRegression(C=10, max_iter=1000),
        {"sublinear_tf": True, "min_df": 2},
    ),
}


def on_test_posts(share):
    """Return an accuracy in %, with the standard error of that many test posts."""
    return lab.about(100 * share, 100 * (share * (1 - share) / len(truth)) ** 0.5, "%")


linear = {}
for name, (model, options) in baselines.items():
    start = time.perf_counter()
    linear[name] = make_pipeline(TfidfVectorizer(**options), model)
    linear[name].fit(train["text"], y.cpu().numpy())
    seconds[name] = time.perf_counter() - start
    read_as[name] = linear[name].predict(test["text"])
    scores[name] = (read_as[name] == truth).mean()
    print(f"{name}: {on_test_posts(scores[name])}")
gap = scores["naive Bayes"] - scores["D1's CNN, mended"]
print("naive Bayes is ahead of the mended network by more than 5 points:", gap > 0.05)
assert gap > 0.05

# %% [markdown]
# All but the first. Naive Bayes needs no gradient and a fraction of a second, and it is far
# ahead; three quarters of the lead are due to the words, of which D1 keeps 1,000. A result means
# something only beside a baseline.
#
# ## Derive it
#
# ### Four numbers for a classifier
#
# D1 §3.2.4 names accuracy, precision, recall and F1, for *positive* samples. **Which topic is
# positive when there are six?** Each in its turn. From the table of counts $n_{tp}$ (is topic $t$,
# read as topic $p$):
#
# $$\text{precision}_k = \frac{n_{kk}}{\sum_t n_{tk}} \qquad
# \text{recall}_k = \frac{n_{kk}}{\sum_p n_{kp}} \qquad
# F_{1,k} = \frac{2\,\text{precision}_k\,\text{recall}_k}{\text{precision}_k + \text{recall}_k}$$
#
# *Macro* is the mean over topics. *Micro* adds up the counts of all topics first. **Which of the
# two equals the accuracy, and why?**

# %%
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

found = read_as["naive Bayes"]
counts = np.zeros((6, 6), int)  # is, read as
np.add.at(counts, (truth, found), 1)
right = counts.diagonal()
precision, recall = right / counts.sum(0), right / counts.sum(1)  # (6,) each
f1 = 2 * precision * recall / (precision + recall)
micro = right.sum() / counts.sum()  # precision, recall and F1 alike

assert (counts == confusion_matrix(truth, found)).all()
theirs = precision_recall_fscore_support(truth, found)
np.testing.assert_allclose([precision, recall, f1], theirs[:3])
for average, ours in {"macro": f1.mean(), "micro": micro}.items():
    theirs = precision_recall_fscore_support(truth, found, average=average)
    assert np.isclose(ours, theirs[2])
assert np.isclose(micro, scores["naive Bayes"])
print(
    f"macro-F1 {f1.mean():.3f}, micro-F1 = accuracy {micro:.3f}; by scikit-learn the same"
)
pd.DataFrame(
    {"precision": precision, "recall": recall, "F1": f1, "posts": counts.sum(1)}, TOPICS
).round(3)

# %% [markdown]
# Micro: every wrong post is a wrong guess for one topic and a miss for another, so that the sums
# of both are alike. Macro is lower: the smallest topic, `talk.religion.misc`, counts as much as
# the others there, and of its posts more than a third are missed. To publish the accuracy alone would
# hide that.

# %% [markdown]
# ## From scratch
#
# ### A bag of word vectors is what D1 wanted
#
# A tf-idf row times a matrix: each word of the text adds its row of the matrix, times its
# weight. The zeros add nothing. So a dense layer on tf-idf *is* an embedding, whose vectors are
# summed with weights: ids for the embedding, and the weights beside them, not in their place.
# **Do both give the same?**

# %%
torch.manual_seed(0)
different = [list(dict.fromkeys(words)) for words in documents[:200]]  # each word once
weights, columns = text.tf_idf(different)  # (200, V): as TfidfVectorizer, chapter 01
vocabulary = text.Vocabulary(different)
bag_ids = text.pad([vocabulary.encode(words) for words in different])  # (200, L)
bag = EmbeddingBagClassifier(
    len(vocabulary), 6, word_weights=text.idf(bag_ids, len(vocabulary))
).double()
matrix = bag.vectors.weight[vocabulary.encode(columns)]  # (V, 6)
by_hand = torch.from_numpy(weights) @ matrix + bag.bias
torch.testing.assert_close(bag(bag_ids), by_hand, rtol=1e-5, atol=1e-6)
print(
    f"equal: {weights.shape[1]:,} columns, {np.count_nonzero(weights):,} of "
    f"{weights.size:,} not 0; the longest text has {bag_ids.shape[1]} ids"
)

# %% [markdown]
# Equal, and the bag multiplies only what is there. With as many numbers a word as there are
# topics, a vector holds the word's *votes*: this is logistic regression. With more, and a ReLU and a
# dense layer after, it is a network.
#
# ### A filter over words
#
# A text CNN (Kim 2014) lays a filter on $k$ neighboring word vectors, slides it along the text,
# and keeps the largest answer, wherever it was. The convolution of
# [chapter 05](05_mnist.ipynb#A-convolution-is-a-small-dense-layer,-used-everywhere) with one dimension less:
#
# $$h_f = \max_u \; \text{ReLU}\Big(b_f + \sum_{i<k} w_{f,i} \cdot e_{u+i}\Big)$$

# %%
torch.manual_seed(0)
cnn = TextCNN(20, 6, dimensions=8, filters=16, widths=[3]).double().eval()
ids = torch.randint(1, 20, (4, 30))  # (N, L)
words, filters = cnn.vectors(ids), cnn.convolutions[0]  # words: (N, L, D)
windows = words.unfold(1, 3, 1)  # (N, L - 2, D, 3)
z = torch.einsum("nudi,fdi->nuf", windows, filters.weight) + filters.bias
by_hand = z.relu().amax(1)  # (N, 16)
torch.testing.assert_close(cnn.linear(by_hand), cnn(ids))
print("equal, in the shape", tuple(by_hand.shape), "whatever the text's length")

# %% [markdown]
# ### A step of an LSTM
#
# D4 §4.3 takes an LSTM for sentiment and gives no formula. It reads a word $x$ at a time, and
# has a state $h$ and a memory $c$. Three *gates* between 0 and 1 decide what to let in, what to
# keep and what to tell:
#
# $$i, f, o = \sigma(W_{i,f,o}\,x + U_{i,f,o}\,h + b_{i,f,o}) \qquad g = \tanh(W_g x + U_g h + b_g)$$
#
# $$c \leftarrow f \odot c + i \odot g \qquad h \leftarrow o \odot \tanh c$$


# %%
def lstm_states(words, lstm):
    """Return the states (N, L, H) of a one-layer nn.LSTM for words (N, L, D)."""
    h = c = words.new_zeros(len(words), lstm.hidden_size)  # (N, H), new for each text
    states = []
    for x in words.unbind(1):  # (N, D)
        z = x @ lstm.weight_ih_l0.T + lstm.bias_ih_l0 + h @ lstm.weight_hh_l0.T
        i, f, g, o = (z + lstm.bias_hh_l0).chunk(4, dim=1)  # (N, H) each
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        states.append(h)
    return torch.stack(states, 1)


lstm = nn.LSTM(8, 16, batch_first=True).double()
words = words.detach()
states, _ = lstm(words)
torch.testing.assert_close(lstm_states(words, lstm), states)
ours = torch.autograd.grad(lstm_states(words, lstm)[:, -1].sum(), lstm.parameters())
torchs = torch.autograd.grad(states[:, -1].sum(), lstm.parameters())
for one, other in zip(ours, torchs, strict=True):
    torch.testing.assert_close(one, other)
print("states and all", len(ours), "gradients = nn.LSTM's")

# %% [markdown]
# ## On real data
#
# ### Networks and the baselines
#
# The networks of `lab.models`: softmax regression and the embedding bag on the different words
# of a post; a text CNN and an LSTM on its first 100 words, in order, and to be fair the bag once
# more, on those 100 words. The LSTM answers with its state after the last word, as in D4, or
# with the largest value that each unit had after any word. **Put them in order before you run
# the cell. Which will be last?**

# %%
vocabulary = text.Vocabulary(documents, min_count=3)  # of the training posts only


def different_words(documents, vocabulary, length=300):
    """Return the ids (N, length) of the different words of each document."""
    return first_words(
        [list(dict.fromkeys(words)) for words in documents], vocabulary, length
    )


bags, ordered = (
    [make(part, vocabulary) for part in (documents, test_documents)]
    for make in (different_words, first_words)
)
beginnings = ([words[:100] for words in part] for part in (documents, test_documents))
same_words = [different_words(part, vocabulary) for part in beginnings]
rarity = text.idf(bags[0].cpu(), len(vocabulary))
size = len(vocabulary), len(TOPICS)
networks = {
    "softmax regression": (
        lambda: EmbeddingBagClassifier(*size, word_weights=rarity),
        bags,
        0.03,
        2,
    ),
    "embedding bag": (lambda: EmbeddingBagClassifier(*size, 64, rarity), bags, 0.01, 3),
    "embedding bag, 100 words": (
        lambda: EmbeddingBagClassifier(*size, 64, rarity),
        same_words,
        0.01,
        3,
    ),
    "TextCNN": (lambda: TextCNN(*size), ordered, 0.003, 4),
    "LSTM, last state": (lambda: TextLSTM(*size), ordered, 0.003, 4),
    "LSTM, maximum": (lambda: TextLSTM(*size, pool="max"), ordered, 0.003, 4),
}
models = {"D1's CNN, mended": d1}
for name, (make, (X, X_test), learning_rate, epochs) in networks.items():
    torch.manual_seed(0)
    start = time.perf_counter()
    models[name] = trained(make().to(device), X, y, learning_rate, epochs)
    seconds[name] = time.perf_counter() - start
    read_as[name] = predict(models[name], X_test)
    scores[name] = (read_as[name] == truth).mean()
best_linear = max(scores["naive Bayes"], scores["logistic regression"])
print(
    "the embedding bag is within 2 points of the best baseline:",
    abs(scores["embedding bag"] - best_linear) < 0.02,
)
print(
    "on the same 100 words it is ahead of the TextCNN by more than a point:",
    scores["embedding bag, 100 words"] - scores["TextCNN"] > 0.01,
)
print(
    "the LSTM's last state is right on less than two thirds:",
    scores["LSTM, last state"] < 0.67,
)
print(
    "its maximum is better by more than 10 points:",
    scores["LSTM, maximum"] - scores["LSTM, last state"] > 0.1,
)
assert scores["TextCNN"] < scores["embedding bag, 100 words"]

# %%
order = sorted(scores, key=scores.get)
READING = ("TextCNN", "LSTM, last state", "LSTM, maximum", "D1's CNN, mended")
figure, axes = plt.subplots(figsize=(6.4, 3.8))
for row, name in enumerate(order):
    color = lab.plots.COLORS[1 if name.startswith(READING) else 0]
    axes.barh(row, 100 * scores[name], color=color)
kinds = ("words counted or summed", "words read in order")
for color, kind in zip(lab.plots.COLORS, kinds, strict=False):
    axes.barh(0, 0, color=color, label=kind)
axes.set_yticks(range(len(order)), order)
axes.set(
    title="Counting words beats reading them in order",
    xlabel="test accuracy on six topics (%)",
    xlim=(0, 100),
)
axes.legend(loc="lower right")
lab.plots.show(
    figure,
    alt="Bars of test accuracy. The most frequent topic is near 19 %, the LSTM's last state at 30 "
    "to 50 %, D1's mended network and naive Bayes with 1,000 words below 80 %; the TextCNN and "
    "the LSTM's maximum at 80 to 85 %, the bag on 100 words near 87 %; naive Bayes, logistic "
    "regression and the embedding bag at 88 %.",
)

# %% [markdown]
# And what do they cost? The seconds are your machine's, after the words have become ids (or,
# for the first four, with counting them).

# %% tags=["nbval-ignore-output"]
from sklearn.metrics import f1_score


def parameters(name):
    """Return how many numbers a model has learned."""
    if name in models:
        return sum(p.numel() for p in models[name].parameters())
    model = linear[name][-1]
    return getattr(
        model, "coef_", getattr(model, "feature_log_prob_", np.empty(0))
    ).size


pd.DataFrame(
    {
        name: {
            "seconds": round(seconds[name], 1),
            "parameters": f"{parameters(name):,}",
            "accuracy (%)": round(100 * scores[name], 1),
            "macro-F1 (%)": round(
                100 * f1_score(truth, read_as[name], average="macro"), 1
            ),
        }
        for name in reversed(order)
    }
).T

# %% [markdown]
# Logistic regression, the bag and naive Bayes share the lead; then comes what reads in order, and
# D4's LSTM is last. A part of the lead is text: on the same 100 words the bag has 87 %, and the
# TextCNN 84 %. The rest is order, which has to be learned from 3,226 posts.
#
# Is the LSTM treated fairly? Four epochs are few for it: with fifteen it reached some 58 % when we
# tried, and was still last. Our guess is that a state which is told one word after the other
# lets go of the first ones; the maximum, which can take its answer from any place, does better.
#
# ### Who is mistaken for whom?
#
# The topics in the order of the alphabet, so that relatives are not side by side. We put the
# three on religion together. **Where do the errors of logistic regression lie, and where the
# TextCNN's?**

# %%
related = [0, 4, 5, 1, 2, 3]  # the three on religion, then the others
titles = {
    "logistic regression": "Logistic regression: among relatives",
    "TextCNN": "TextCNN: more, and everywhere",
}
figure, places = plt.subplots(1, 2, figsize=(9.6, 4.6), sharey=True)
for axes, name in zip(places, titles, strict=True):
    matrix = confusion_matrix(truth, read_as[name])[np.ix_(related, related)]
    errors = matrix - np.diag(matrix.diagonal())
    axes.imshow(errors, cmap="Oranges", vmax=90)
    for row, column in np.ndindex(6, 6):
        axes.text(column, row, matrix[row, column], ha="center", va="center")
    among = errors[:3, :3].sum() / errors.sum()
    print(f"{name}: more than half of the errors are within religion:", among > 0.5)
    axes.set(title=titles[name], xlabel="read as", xticks=range(6))
    axes.set_xticklabels([TOPICS[k] for k in related], rotation=30, ha="right")
    axes.grid(visible=False)
places[0].set(ylabel="is", yticks=range(6), yticklabels=[TOPICS[k] for k in related])
lab.plots.show(
    figure,
    alt="Two 6 by 6 tables of counts. In both the errors crowd in the upper left corner, where "
    "the three topics on religion meet; most posts of talk.religion.misc that are misread are "
    "read as another one on religion. The TextCNN has more errors in all, and a smaller part "
    "of them in that corner.",
)

# %% [markdown]
# Relatives are mixed up. Of logistic regression's errors more than half are within religion, of the
# TextCNN's some four in ten: it has more of them, and more that no reader would make. The accuracy does
# not know which error is the smaller one.
#
# ### All twenty topics
#
# With all 11,293 posts and three seeds each, by `benchmarks/text.py`; the bags hold a post's first
# 400 different words, what reads in order has its first 200. Seconds are those from the
# texts to the model, on two cores. **How much time does the last point of accuracy cost? Will
# a network win, with more than three times the posts?**

# %%
LOOP = "embedding bag, plain loop"  # the same network without `lab.Training`
runs = pd.DataFrame(measured["runs"])
programs = runs.groupby("program", sort=False)
summary = pd.DataFrame(
    {
        "seconds": programs["seconds"].median().round(1),
        "parameters": programs["parameters"].first(),
        "accuracy (%)": 100 * programs["accuracy"].mean().round(4),
        "± sd": (100 * programs["accuracy"].std()).round(2),
        "macro-F1 (%)": 100 * programs["macro_f1"].mean().round(4),
    }
).sort_values("accuracy (%)", ascending=False, kind="stable")
print(measured["machine"])
assert summary.index[0] == "linear SVM, words and pairs"
summary

# %%
NAMED = {  # program -> where its name stands
    "naive Bayes": (0, -14),
    "linear SVM, words and pairs": (-20, 8),
    "D1's 1,000 words, naive Bayes": (6, -12),
    **dict.fromkeys(READING, (-4, -14)),
}
figure, axes = plt.subplots(figsize=(7.2, 4.2))
for name, row in summary.drop(index=["most frequent topic", LOOP]).iterrows():
    reads, bag = name.startswith(READING), "bag" in name
    color = lab.plots.COLORS[1 if reads else 2 if bag else 0]
    axes.plot(row["seconds"], row["accuracy (%)"], "o", color=color)
    if name in NAMED:
        axes.annotate(
            name,
            (row["seconds"], row["accuracy (%)"]),
            xytext=NAMED[name],
            textcoords="offset points",
            ha="right" if reads else "left",
            color=color,
        )
kinds = ("counted words, one layer", "networks that read in order", "embedding bags")
for color, kind in zip(lab.plots.COLORS, kinds, strict=False):
    axes.plot([], [], "o", color=color, label=kind)
axes.set(
    title="Reading in order takes longer and finds less",
    xlabel="seconds from texts to model (logarithmic)",
    ylabel="test accuracy on 20 topics (%)",
    xscale="log",
    ylim=(35, 92),
)
axes.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
axes.minorticks_off()
axes.legend(loc="lower left")
lab.plots.show(
    figure,
    alt="Accuracy against seconds on a logarithmic axis. Models of one layer, in blue, take 1 to "
    "20 seconds and reach 84 to 86 %, with 1,000 words 67 %. The embedding bags are beside them. "
    "CNNs and LSTMs take 30 seconds to a minute and reach 40 to 80 %.",
)

# %% [markdown]
# From 85.6 to 86.4 % the time grows from 3 to 11 seconds. And no network wins. The strongest is a linear SVM on words and pairs of words, 86.4 %; on words alone it
# has 85.6 %, and an embedding bag 85.3 %. Five bags that vote reach 86.1 %, for thrice the SVM's
# time: with an error of 0.4 points, which 7,528 test posts leave, that is a draw. What reads in
# order stays behind: 80 % for the TextCNN, 76 % for the LSTM with its maximum, 41 % for its last
# state. And D1's network, mended, has 64 to 65 %, in Keras as in PyTorch: naive Bayes with the same 1,000
# words has 67 %, in a second and a half.
#
# ### What gives the answer away
#
# Which words decide? Logistic regression has a weight for each word and topic. **Look for words
# that have nothing to do with their topic.**

# %%
vectorizer, regression = linear["logistic regression"]
names = vectorizer.get_feature_names_out()
heaviest = (-regression.coef_).argsort(axis=1, kind="stable")  # (6, V)
for topic, columns in zip(TOPICS, heaviest, strict=True):
    print(f"{topic:>22}:", *names[columns[:11]])

# %%
for word in ("clh", "athos", "pitt", "keith", "benedikt"):
    holds = train["text"].str.contains(rf"\b{word}\b")
    of = train["topic"][holds].value_counts(sort=False)
    print(f"{word!r} stands in {of.sum()} posts; {of.max()} of them are {of.idxmax()}")

# %% [markdown]
# The computers `athos` and `rutgers` and the initials `clh` belong to the moderator of the group on
# Christianity; somebody writes on medicine from `pitt`, a university. The classifier knows persons. **What does it
# make of posts about space with three words of that signature added?**

# %%
space = test["text"][test["topic"] == "sci.space"]
for added in (
    "",
    " orbit shuttle moon",
    " clh athos rutgers",
    " clh athos rutgers" * 3,
):
    found = linear["logistic regression"].predict(space + added)
    print(f"{added.strip() or 'as they are'}:", end=" ")
    christian = found == TOPICS.index("soc.religion.christian")
    print(f"{christian.mean():.0%} are read as Christianity")

# %% [markdown]
# Three words turn one post in ten, said three times four in ten. Such words help as long as the same
# people write: the score is real, and worth nothing to anyone else. Our copy has no headers, but signatures and quotes are in it.
# On the raw posts `benchmarks/text.py` measured what each part gives away, on all 20 topics.
# **How many points are it?**

# %%
raw = pd.DataFrame(measured["raw"]["runs"])
print("accuracy (%), measured on", measured["raw"]["from"])
(100 * raw.pivot(index="removed", columns="program", values="accuracy")).round(1).loc[
    raw["removed"].unique(), raw["program"].unique()
]

# %% [markdown]
# Headers give two to five points; signatures and quotes twelve or thirteen more. A quote is the text of
# another post of the same thread: whoever has learned from that one has seen the answer. If so,
# it should matter *which* posts are kept for testing. **What will five random fifths of the
# training posts say, against the later posts?**

# %%
from sklearn.model_selection import cross_val_score

fifths = cross_val_score(linear["naive Bayes"], train["text"], y.cpu(), cv=5)
later = scores["naive Bayes"]
print(f"random fifths: {fifths.mean():.1%}, the worst {fifths.min():.1%};", end=" ")
print(f"later posts: {later:.1%}")
assert fifths.min() > later + 0.03

# %% [markdown]
# Six points more, from the same model. In a random split threads and authors are on both sides, for
# one; and what people write about moves on.
# The split by date asks what you want to know, how it will do on posts that are yet to come. Whoever
# compares scores on 20 Newsgroups must first ask which posts were kept.

# %% [markdown]
# ## Sentiment: does the order of words count?
#
# D4 §4.3: embedding, LSTM, dense layer, for a text that is positive or negative. Here on 6,824
# sentences from movie reviews, half of them of 18 words or fewer; two seeds for the LSTM. And what
# is it that the LSTM "encodes"? We test it a second time with the *words of every sentence
# shuffled*. **What will that cost a naive Bayes, and what the LSTM?**

# %%
reviews, test_reviews = lab.datasets.movie_reviews()
sentiment, test_sentiment = (
    numbers(reviews["sentiment"]),
    numbers(test_reviews["sentiment"]),
)
sentences, test_sentences = (
    [text.english_words(line) for line in part["text"]]
    for part in (reviews, test_reviews)
)
rng = np.random.default_rng(0)
mixed = [list(rng.permutation(words)) for words in test_sentences]
for words in (test_sentences[0], mixed[0]):
    print(textwrap.shorten(" ".join(words), 88))

counting = make_pipeline(TfidfVectorizer(analyzer=list), MultinomialNB())
counting.fit(sentences, reviews["sentiment"])
by_counting = counting.score(test_sentences, test_reviews["sentiment"])
assert np.isclose(counting.score(mixed, test_reviews["sentiment"]), by_counting)
print(f"naive Bayes: {by_counting:.1%}, with the words shuffled the same")

movie_words = text.Vocabulary(sentences, min_count=2)
S, S_test, S_mixed = (
    first_words(part, movie_words, 40) for part in (sentences, test_sentences, mixed)
)
readers, rows = [], []
for seed in range(2):
    torch.manual_seed(seed)
    reader = TextLSTM(len(movie_words), 2).to(device)
    readers.append(trained(reader, S, sentiment, 0.003, epochs=3, seed=seed))
    rows.append([accuracy(reader, part, test_sentiment) for part in (S_test, S_mixed)])
in_order, shuffled = np.mean(rows, 0)
print("the LSTM is behind naive Bayes:", in_order < by_counting)
print("shuffled, it loses less than 4 points:", in_order - shuffled < 0.04)
assert in_order < by_counting

# %% [markdown]
# Little is lost in sentences of this length. The LSTM *can* see order; what it learned from 6,824 sentences is, almost, which
# words are good and which are bad, and that can be counted. That "not bad" is praise takes many
# more examples to learn. On 19,921 reviews of IMDB, some two hundred words
# each (`benchmarks/text.py`, three seeds):

# %%
imdb = pd.DataFrame(measured["imdb"]).groupby("program", sort=False)
pd.DataFrame(
    {
        "seconds": imdb["seconds"].median().round(1),
        "accuracy (%)": 100 * imdb["accuracy"].mean().round(4),
        "± sd": (100 * imdb["accuracy"].std()).round(2),
    }
)

# %% [markdown]
# With long reviews and three times as many, the LSTM's maximum is ahead of naive Bayes, and still
# behind logistic regression, which needs a sixteenth of its time.
#
# ### By heart, and what helps
#
# 7,810 words, 6,824 sentences: a network can learn them by heart. D1 §3.2.5 names
# regularization and dropout against that. The embedding bag again, on 5,460 sentences; 1,364
# validate. Three remedies: dropout of 80 %, weight decay, and stopping when the validation loss
# rises. **What will each do to the loss, and what to the accuracy?**


# %%
def share_right(y, logits):
    """Return the share of the texts whose class is found."""
    return (logits.argmax(1) == y).mean()


fit = S[:5460], sentiment[:5460]
held_out = S[5460:], sentiment[5460:]
rare = text.idf(fit[0].cpu(), len(movie_words))


def movie_bag(dropout, weight_decay, seed):
    """Return the training of an embedding bag on 5,460 sentences, six epochs."""
    torch.manual_seed(seed)
    model = EmbeddingBagClassifier(len(movie_words), 2, 64, rare, dropout).to(device)
    return lab.Training(
        model,
        nn.CrossEntropyLoss(),
        torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=weight_decay),
        train=fit,
        validation=held_out,
        epochs=6,
        batch_size=128,
        metrics={"accuracy": share_right},
        seed=seed,
    )


REMEDIES = {
    "nothing": (0.0, 0.0),
    "dropout 0.8": (0.8, 0.0),
    "weight decay 2": (0.0, 2.0),
}
figure, axes = plt.subplots(figsize=(6.4, 3.6))
rows = []
for color, (name, settings) in zip(lab.plots.COLORS, REMEDIES.items(), strict=False):
    for seed in range(2):
        history = movie_bag(*settings, seed).finish().history
        losses = history["validation_loss"]
        axes.plot(history["epoch"], losses, color=color, label=None if seed else name)
        rows.append((name, losses.iloc[-1], history["accuracy"].iloc[-1]))
        if name == "nothing":
            best = losses.idxmin()
            rows.append(("stopped early", losses[best], history["accuracy"][best]))
            axes.plot(best + 1, losses[best], "o", color=color, mfc="none", ms=9)
axes.plot([], [], "ok", mfc="none", ms=9, label="stopped early: keep these weights")
axes.set(
    title="Untreated, the validation loss doubles",
    xlabel="epoch",
    ylabel="validation loss (nats)",
    ylim=(0.4, None),
)
axes.legend()
lab.plots.show(
    figure,
    alt="Validation loss against epoch, two seeds each. Untreated it rises from 0.5 in the first "
    "epoch to above 1 in the sixth; with dropout 0.8 and with weight decay it ends below "
    "0.6. Circles mark the lowest loss of the untreated, in the first or second epoch.",
)
result = (
    pd.DataFrame(rows, columns=["remedy", "loss", "accuracy"]).groupby("remedy").mean()
)
untreated = result.loc["nothing"]
for name in ("dropout 0.8", "weight decay 2", "stopped early"):
    treated = result.loc[name]
    print(
        f"{name}: loss below two thirds of the untreated: {treated.loss < untreated.loss * 2 / 3};",
        end=" ",
    )
    print(
        f"accuracy within 3 points: {abs(treated.accuracy - untreated.accuracy) < 0.03}"
    )
    assert treated.loss < untreated.loss * 2 / 3

# %% [markdown]
# All three keep the loss down, and the accuracy hardly moves. What the untreated network
# loses is its modesty: it is as often right as before, but sure of itself when it is wrong. The
# loss sees that, the accuracy does not. Stopping early saves most of the epochs: you know when
# the loss has risen. (Here the same sentences chose the epoch and judged it, which flatters a
# little.) A weight decay of 2 is large: times the learning rate it takes 2 % off every weight in
# a step ([chapter 03](03_optimizers.ipynb)).

# %% [markdown]
# ## Turn the knobs
#
# Sentiment once more, on the 5,460 sentences, with the network of your choice.


# %%
def sentiment_training(learning_rate, epochs, dropout=0.5, network="TextCNN"):
    """Train a network on 5,460 sentences from movie reviews."""
    torch.manual_seed(0)
    model = {
        "embedding bag": lambda: EmbeddingBagClassifier(
            len(movie_words), 2, 64, rare, dropout
        ),
        "TextCNN": lambda: TextCNN(len(movie_words), 2, dropout=dropout),
        "LSTM": lambda: TextLSTM(len(movie_words), 2, dropout=dropout),
    }[network]()
    model.to(device)
    return lab.Training(
        model,
        nn.CrossEntropyLoss(),
        torch.optim.Adam(model.parameters(), lr=learning_rate),
        train=fit,
        validation=held_out,
        epochs=epochs,
        batch_size=64,
        metrics={"accuracy": share_right},
    )


history = sentiment_training(0.003, 1, network="embedding bag").finish().history
print(
    "an epoch of the embedding bag brings it above 70 %:",
    history["accuracy"].iloc[-1] > 0.7,
)

# %% [markdown]
# **In which epoch is the validation loss lowest, for each network? Does another learning rate
# change how low it gets, or only when?**

# %%
panel = lab.TuningPanel(
    sentiment_training,
    question="In which epoch is the validation loss lowest? Can you get it below 0.5?",
    learning_rate=0.003,
    epochs=5,
    dropout=(0.0, 0.9, 0.1),
    network=["TextCNN", "LSTM", "embedding bag"],
)
panel

# %% [markdown]
# **What you should have seen:** at 0.003 all three networks are best in the second epoch; then the
# loss rises and the accuracy stays, between 72 and 75 %. At 0.01 the best epoch is the first or
# second, at 0.0003 it is not reached in five. From 0.001 to 0.01 the *lowest* loss hardly
# depends on the rate, 0.50 to 0.55; only the embedding bag at 0.03 gets just below 0.5, in its first
# epoch. Dropout of 0.8 puts the rise off for the TextCNN and the bag, and does not lower the
# lowest point.
#
# ### Classify your own text
#
# The embedding bag of the six topics, and your own words. Blue words speak for the topic, orange
# ones against it: each word is left out, and what that changes in the log-odds, ln(p / (1 - p)), is
# its influence (+1 makes the odds 2.7 times better). **Write a post on space that it takes for medicine. What does it say to D1's "This is
# a new article about AI."?**


# %%
def topic_probabilities(documents):
    """Return the probabilities (N, 6) of the topics, for lists of words."""
    model = models["embedding bag"].eval()
    with torch.inference_mode():
        return model(different_words(documents, vocabulary)).softmax(1).cpu()


def words_of_posts(line):
    """Return the words of a text as the posts have them: without apostrophes."""
    return text.english_words(line.replace("'", " ").replace("’", " "))


own_post = lab.TextExplorer(
    topic_probabilities,
    TOPICS,
    cut=words_of_posts,
    vocabulary=vocabulary,
    question="Can you write a post on space that the network takes for medicine?",
    examples={
        "D1's new article": "This is a new article about AI.",
        "a post on space": "The crew of the space station had a bad headache after "
        "the launch, and the doctor on the ground gave them medicine.",
        "a signature": "The shuttle will reach its orbit tomorrow. clh@athos.rutgers.edu",
    },
)
own_post

# %% [markdown]
# **What you should have seen:** "headache" and "doctor" pull a post on space toward medicine, and
# without words of space it is there. D1's article gets "sci.med", on the strength of the word "ai"; but so
# do most texts of which it knows nothing. None of the six topics fits, and it must name one. And three words of a signature outvote a shuttle and its
# orbit.
#
# And the two LSTMs of the sentences, averaged. **Can you find a sentence in which "not" turns its judgment
# round?**


# %%
def sentiment_probabilities(documents):
    """Return the probabilities (N, 2) of both sentiments, for lists of words."""
    X = first_words(documents, movie_words, 40)
    with torch.inference_mode():
        shares = [reader.eval()(X).softmax(1) for reader in readers]
    return (sum(shares) / len(shares)).cpu()


own_review = lab.TextExplorer(
    sentiment_probabilities,
    ["negative", "positive"],
    vocabulary=movie_words,
    limit=40,
    question='Can you make "not" turn the judgment round?',
    examples={
        "praise": "A warm, funny and moving film.",
        "praise, denied": "Not a warm, funny or moving film.",
        "not bad": "This film is not bad at all.",
        "dull at its end": "The acting is great but the story is dull.",
        "great at its end": "The story is dull but the acting is great.",
        "and, not but": "The acting is great and the story is dull.",
    },
)
own_review

# %% [markdown]
# **What you should have seen:** "not" moves the judgment a little, and rarely turns it: "not bad at
# all" stays negative, "no masterpiece" is praise. Order does count in the two examples on acting and
# story: the same words, and one is praise and one is not. Is that "but"? Put "and" in its place: it
# stays so. The word near the end weighs more, because the state is read there. (And "I like it."?)
#
# ### When the input is bad
#
# **Which of these should be an error, and which should not?**

# %%
TRIES = {
    "an empty text": lambda: text.english_words("  "),
    "no letters": lambda: text.english_words("!!! ???"),
    "a Chinese text": lambda: text.english_words("这部电影很好看"),
    "a topic that is none": lambda: lab.datasets.newsgroups("train", ["sci.biology"]),
    "unknown words": lambda: movie_words.encode(["qwertz", "film"]),
    "too long a text": lambda: tuple(first_words([["film"] * 1000], movie_words).shape),
    "too short for a filter": lambda: TextCNN(10, 2)(
        torch.ones(1, 2, dtype=torch.int64)
    ),
}
for name, function in TRIES.items():
    try:
        print(f"{name}: works,", function())
    except Exception as error:
        message = textwrap.shorten(f"{type(error).__name__}: {error}", 170)
        print(textwrap.fill(f"{name}: {message}", 88, subsequent_indent="    "))

# %% [markdown]
# A text without words has no class, and says so; unknown words and long texts are everyday
# business: id 1 for the one, the first words only for the other.

# %% [markdown]
# ## Exercises
#
# Write your answer in place of the `...` and run the cell. `lab.hint("text.…")` helps, step
# by step.
#
# ### Exercise 1: one vocabulary for both parts
#
# Turn words into ids. Which documents may decide what a word's id is?


# %%
def encode_both(train, test, min_count):
    """Return (ids of train, ids of test): a list of ids for each document.

    train and test are lists of documents, a document a list of words. A word that
    occurs at least min_count times in train has an id from 2 on: the most frequent
    first, equally frequent ones in alphabetical order. Any other word is 1.
    """
    ...


lab.check("text.encode_both", encode_both)

# %% [markdown]
# ### Exercise 2: precision and recall
#
# D1 §3.2.4, for each topic by itself. One topic is never predicted.


# %%
def precision_recall(labels, predictions, topics):
    """Return (precision, recall), two arrays (topics,): D1 §3.2.4, topic by topic.

    labels (N,) and predictions (N,) are arrays of topics 0 to topics - 1. The precision
    of a topic that was never predicted is 0, and so is the recall of one that never
    occurs.
    """
    ...


lab.check("text.precision_recall", precision_recall)

# %% [markdown]
# ### Exercise 3: macro-F1
#
# Every topic counts the same, however rare it is. Do not use a ready-made one.


# %%
def macro_f1(labels, predictions):
    """Return the macro-F1: the mean of the F1 of each topic that occurs in labels.

    labels (N,) and predictions (N,) are arrays of topics. Every topic counts the same,
    and the F1 of one without a hit is 0.
    """
    ...


lab.check("text.macro_f1", macro_f1)

# %% [markdown]
# ### Exercise 4: a text as the mean of its words
#
# The rows of `ids` are filled up with zeros. These are no words.


# %%
def mean_embedding(embeddings, ids):
    """Return the mean embedding (N, D) of each text's words, without the padding.

    embeddings is (V, D); ids is (N, L), where 0 is padding and 1 an unknown word, which
    is a word like any other. Every text has a word. Row 0 of embeddings need not be 0.
    """
    ...


lab.check("text.mean_embedding", mean_embedding)

# %% [markdown]
# ### Exercise 5: features of a text CNN
#
# Convolution, ReLU, the maximum over the whole text; `F.conv1d` is allowed. A text of any
# length becomes F numbers.


# %%
def text_cnn_features(x, weight, bias):
    """Return the features (N, F) of a text CNN (Kim 2014): the maximum over time.

    x (N, L, D) holds the embedded words of N texts, weight (F, k, D) filters over k
    words, bias is (F,). No padding: a filter has L - k + 1 places in a text. Then ReLU,
    then the largest value over all places.
    """
    ...


lab.check("text.text_cnn_features", text_cnn_features)

# %% [markdown]
# ### Exercise 6: the state after the last word
#
# The LSTM has read the padding, too. Pick the state that each text had before that.


# %%
def last_state(states, lengths):
    """Return the states (N, H) at the last real word of each text.

    states (N, L, H) are the outputs of an LSTM at every place; text i has lengths[i]
    words, one or more, and padding after them.
    """
    ...


lab.check("text.last_state", last_state)

# %% [markdown]
# ### Exercise 7: texts in batches
#
# Read all batches with one LSTM. What may it remember from one batch to the next?


# %%
def read_batches(lstm, batches):
    """Return the hidden state after the last word of every text, (texts, H).

    lstm is an nn.LSTM of one layer with batch_first=True; batches are tensors
    (n, L, D) of unrelated texts, without padding. The texts stay in their order.
    """
    ...


lab.check("text.read_batches", read_batches)

# %% [markdown]
# ### Exercise 8: early stopping
#
# The losses of a long training are given. When would you have stopped, and with which
# weights?


# %%
def early_stopping(validation_losses, patience):
    """Return (epoch whose weights are kept, number of epochs trained).

    validation_losses are those of a training that never stops early; epochs count from
    1. Training ends after `patience` epochs in a row without a new lowest loss, or with
    the last epoch; the weights of the lowest loss are kept.
    """
    ...


lab.check("text.early_stopping", early_stopping)

# %% [markdown]
# ### Exercise 9: naive Bayes
#
# The classifier from before neural networks, in four lines of NumPy. Add one to each count.


# %%
def naive_bayes(counts, labels, new):
    """Return log P(topic) + log P(words | topic), (M, C): multinomial naive Bayes.

    counts (N, V) says how often each word occurs in each training document, labels (N,)
    are topics 0 to C - 1, each of which occurs, and new (M, V) counts the words of M
    other documents. P(word | topic) is smoothed: one is added to each word's count in
    the topic. In how many orders the words could come is left out of P(words | topic).
    """
    ...


lab.check("text.naive_bayes", naive_bayes)

# %% [markdown]
# ### Exercise 10: sentiment in Chinese
#
# Real reviews of hotels, books and laptops, a new draw at every check: reach an accuracy of
# 0.80 on 2,000 of them that your model has not seen. Any model will do (scikit-learn's are
# welcome; import what you need); a check takes some ten seconds.
#
# The labels are the shops' stars, cut into lines: of 40 that we read, 4 were wrong and 3 could
# be either. So 100 % is out of reach, and a model that got there would have learned something
# else.


# %%
def chinese_sentiment(train_texts, train_labels, test_texts):
    """Return the label of each test text, as your model predicts it.

    The texts are lists of Chinese reviews; a label is 0 (negative) or 1 (positive), and
    train_labels is an array of them. Any model will do.
    """
    ...


lab.check("text.chinese_sentiment", chinese_sentiment)

# %% [markdown]
# ### Quiz

# %%
lab.quiz("text")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | the program classifies 20 Newsgroups "with a certain accuracy", with "room for improvement" (E7) | D1 §5.4 | [it stops at its first line, and at four later ones; what then runs sees the same text in all posts](#As-the-documents-have-it) | fails |
# | mended, it does | D1 §5.4 | [above 70 % on six topics, far behind naive Bayes](#Baselines-first); [64 to 65 % on twenty](#All-twenty-topics) | half true |
# | precision, recall and F1, of "positive samples" | D1 §3.2.4 | [as defined; with six topics each is positive in its turn, then comes a mean, macro or micro](#Four-numbers-for-a-classifier) | holds |
# | CNNs suit images, RNNs suit sequences | D1 §3.2.2 | [on these texts, from nothing and in a few epochs, a CNN does better than an LSTM](#All-twenty-topics) | half true |
# | RNN or LSTM "encodes the sequence" | D4 §4.3 | [it loses next to nothing when the words are shuffled](#Sentiment:-does-the-order-of-words-count?) | half true |
# | regularization and dropout prevent overfitting | D1 §3.2.5 | [they keep the loss down; the accuracy hardly moves](#By-heart,-and-what-helps) | half true |
# | large models need no features made by hand | D1 §3.3.1 | [the small networks here need none either, and counted words are as good or better](#All-twenty-topics) | not tested |
# | large models are hard to explain | D1 §3.3.2 | [the small ones here tell which word counted, not why](#Classify-your-own-text) | not tested |
#
# ## Going further
#
# **Limits.** Posts of 1993, in English, by few authors; the words of our copy have lost
# punctuation, numbers and headers. Nobody here brought knowledge from other texts: word vectors
# or a model trained on billions of words change the picture, and need them. Three seeds; the test set of 7,528
# posts gives an accuracy an error of 0.4 points. And we broke our own rule: the networks' settings
# (learning rates, the starting size of the word vectors) were tried with test scores in sight. That
# flatters them and not naive Bayes: the verdict stands, their scores are a little too good.
#
# **Try next.** `lab.datasets.newsgroups("train")` without topics gives all twenty;
# `lab.datasets.movie_reviews("imdb")` long reviews; `raw=True` the posts as they were sent. To
# measure all again: `python benchmarks/text.py`.
#
# **References.** 20 Newsgroups: Lang (1995), *NewsWeeder: learning to filter netnews*. Text CNN:
# Kim (2014), arXiv 1408.5882. fastText: Joulin and others (2016), arXiv 1607.01759. LSTM:
# Hochreiter and Schmidhuber (1997), *Long short-term memory*. Sentences from movie reviews: Pang
# and Lee (2005), *Seeing stars*. IMDB: Maas and others (2011), *Learning word vectors for
# sentiment analysis*. Strong baselines: Wang and Manning (2012), *Baselines and bigrams*. Words
# left out: Robnik-Šikonja and Kononenko (2008), *Explaining classifications for individual
# instances*.
#
# **D1 §7.3 corrected (E20).** *Unsupervised representation learning with deep convolutional
# generative adversarial networks* is by Radford, Metz and Chintala (2015), arXiv 1511.06434, not by
# Brock (2019). "A Systematic Comparison of Various Neural Network Architectures for Natural
# Language Processing" (Zhou, 2016) and "Learning Representations for Visual Recognition with
# Large-Scale Data" (Krizhevsky, 2012) could not be found.
