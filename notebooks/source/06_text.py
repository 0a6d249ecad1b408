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
# - find the faults in a text classifier, even the silent one, and fix them one by one,
# - judge a classifier with many classes: precision, recall, F1, macro and micro,
# - build an embedding bag, a text CNN and an LSTM, and say when a linear model beats
#   them,
# - see what gives the answer away: signatures, quotes, the same thread in training and
#   test.
#
# **Time:** 5 hours. **Judges:** D1 §3.2, §3.3, §5.4; D4 §4.3 (D0 to D4 are [the five
# articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 01](01_preprocessing.ipynb) for words, ids and tf-idf; [chapter
# 02](02_losses.ipynb) for cross-entropy.

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
lab.solved("text")

# %% [markdown]
# ## What the articles say
#
# 20 Newsgroups holds posts from 1993 to twenty discussion groups: the older 60 % for
# training, the newer 40 % for testing. Our copy has them as words, without headers.
# Here we take six of the topics; three of them are about religion. **Which will be hard
# to tell apart?**

# %%
import textwrap
import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

TOPICS = [
    "alt.atheism",
    "comp.graphics",
    "sci.med",
    "sci.space",
    "soc.religion.christian",
    "talk.religion.misc",
]


def numbers(labels):
    """Return categories as integers (N,) on the device, in alphabetical order."""
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
# Here is D1 §5.2, shortened (Keras):
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
# **Six things in it are wrong. Five of them stop it. Which one does not?** We gave the
# program to Keras, fixed one fault after the other (`benchmarks/text.py`), and noted
# what Keras said:

# %%
measured = lab.results.load("text")
said = measured["faults"]["said"]


def show(what, result):
    """Print a name and, indented below it, at most two lines of a result."""
    print(f"{what}:")
    margin = {"initial_indent": "    ", "subsequent_indent": "    "}
    print(textwrap.fill(result, 88, max_lines=2, **margin))


for fix, message in said.items():
    show(fix, message or "no error, it trains")
print("\ndata sets in Keras:", ", ".join(measured["faults"]["datasets"]))
assert [m is None for m in said.values()] == [False] * 5 + [True]

# %% [markdown]
# There are five errors: the import; `maxlen`; one distribution for each of 199 places
# instead of one for the text; a loss that expects a row of ten columns for each label
# but gets an integer; and ten units for twenty topics. Then it trains. **What does it
# learn?** Look at what goes in: tf-idf weights go into a layer that takes ids. PyTorch
# refuses:

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
# Keras is more obliging: it turns the weights into integers. **Which ids come out?**

# %%
ids = tf_idf.long()  # what Keras's Embedding does
print(f"of {ids.numel():,} ids, {(ids != 0).sum()} are not 0")
before, after = (len({row.tobytes() for row in X.numpy()}) for X in (tf_idf, ids))
print(f"different texts: {before:,} before, {after} after")
difference = measured["faults"]["largest_difference_between_texts"]
print("Keras: largest difference between the outputs of 100 texts:", difference)
assert difference == 0

# %% [markdown]
# A tf-idf weight is below 1 and becomes 0. Every text becomes word 0, a thousand times
# over (except a text with a single known word, whose weight is 1), and the network
# gives the same answer to all of them. This is the worst of the six faults, because
# nothing fails.
#
# ### Fixed, one by one
#
# Now we do the same in PyTorch, on one post from each topic. The ids are those of the
# 1,000 most frequent words, in the order of the text, cut or padded to 100 (D1's
# missing `maxlen`). **In what order will the errors come?**

# %%
frequent = lab.text.Vocabulary(documents, size=1000)


def first_words(documents, vocabulary, length=100):
    """Return the ids (N, length) of the first words of each document."""
    rows = [vocabulary.encode(words[:length]) for words in documents]
    return lab.text.pad(rows, length).to(device)


ids = first_words(documents[:20], frequent).cpu()  # (20, 100)
by_five = nn.MaxPool1d(5)  # D1's: one number for every five places


def whole_text(features):
    """Return the largest value of all places: (N, 128, places) -> (N, 128, 1)."""
    return features.amax(2, keepdim=True)


def loss_of_d1(inputs, pool=by_five, units=10, squeeze=False):
    """Return the loss of D1's network, untrained, with PyTorch's layers."""
    embedded = nn.Embedding(1000, 64)(inputs)  # (N, L, 64)
    features = nn.Conv1d(64, 128, 5)(embedded.transpose(1, 2)).relu()  # (N, 128, L-4)
    logits = nn.Linear(128, units)(pool(features).transpose(1, 2))  # (N, places, units)
    return F.cross_entropy(logits.squeeze(1) if squeeze else logits, labels)


torch.manual_seed(0)
for fix, function in {
    "tf-idf weights": lambda: loss_of_d1(tf_idf[:20]),
    "ids": lambda: loss_of_d1(ids),
    "+ the maximum over the whole text": lambda: loss_of_d1(
        ids, whole_text, squeeze=True
    ),
    "+ 20 units": lambda: loss_of_d1(ids, whole_text, 20, squeeze=True),
}.items():
    attempt(fix, function)
one_hot = F.one_hot(labels, 20).float()
logits = torch.randn(20, 20)
same = torch.allclose(F.cross_entropy(logits, labels), F.cross_entropy(logits, one_hot))
print("PyTorch takes a label as a number or as a row of 0 and 1:", same)

# %% [markdown]
# The faults were weights in place of ids, places in place of a text, and 10 units in
# place of 20. The type of the labels, which stops Keras, does not trouble PyTorch. And
# the softmax is part of PyTorch's loss ([chapter
# 05](05_mnist.ipynb#Softmax-once,-not-twice)).

# %% [markdown]
# ### Exercise 1: one vocabulary for both parts
#
# *Medium · 15 minutes*
#
# Turn words into ids. Which documents may decide what a word's id is?


# %%
def encode_both(train, test, min_count):
    """Return (ids of train, ids of test): a list of ids for each document.

    train and test are lists of documents, a document a list of words. A word that
    occurs at least min_count (a number) times in train has an id from 2 on: the most
    frequent first, equally frequent ones in alphabetical order. Any other word is 1.
    """
    ...


lab.check("text.encode_both", encode_both)

# %% [markdown]
# ### The fixed network learns
#
# Now the fixed network learns our six topics. **Are three quarters right a good
# result?** What would you have to know to say?


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


def found_by(model, X):
    """Return the classes (N,) that a model finds for ids X (N, L)."""
    return lab.predict(model, X).argmax(1).numpy()


torch.manual_seed(0)
d1 = lab.models.TextCNN(1000, len(TOPICS), filters=128, widths=[5], dropout=0)
d1.to(device)
X, X_test = (first_words(part, frequent) for part in (documents, test_documents))
start = time.perf_counter()
trained(d1, X, y, 0.001, epochs=5, batch_size=32)
seconds = {"D1's CNN, mended": time.perf_counter() - start}
truth = y_test.cpu().numpy()
read_as = {"D1's CNN, mended": found_by(d1, X_test)}
scores = {name: (found == truth).mean() for name, found in read_as.items()}
print("more than 70 % right:", scores["D1's CNN, mended"] > 0.7)

# %% [markdown]
# ## Baselines first
#
# You would have to know how well the simplest methods do. Naive Bayes counts the words
# of each topic. Logistic regression is one layer, with a weight for each word and topic
# (so is the linear SVM below, with a different loss). Both take the tf-idf weights as
# they are. **Which of these beats the fixed network?** (± is the standard error with
# 2,147 test posts.)

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
# All but the first. Naive Bayes needs no gradient and only a fraction of a second, and
# it is far ahead; three quarters of its lead come from the larger vocabulary, since D1
# keeps only 1,000 words. A result means something only next to a baseline.

# %% [markdown]
# ### Exercise 2: naive Bayes
#
# *Hard · 20 minutes*
#
# Write the classifier from the days before neural networks, in four lines of NumPy. It
# asks which topic makes a text likeliest: how common the topic is, P(topic), and how
# probable each of the text's words is among the topic's words, as if every word were
# drawn by itself. Add one to each count.


# %%
def naive_bayes(counts, labels, new):
    """Return log P(topic) + log P(words | topic), (M, C): multinomial naive Bayes.

    All are arrays: counts (N, V) says how often each word occurs in each training
    document, labels (N,) are topics 0 to C - 1, each of which occurs, and new (M, V)
    counts the words of M other documents. P(word | topic) is smoothed: one is added to
    each word's count in the topic. In how many orders the words could come is left out
    of P(words | topic).
    """
    ...


lab.check("text.naive_bayes", naive_bayes)

# %% [markdown]
# ## Derive it
#
# ### Four numbers for a classifier
#
# D1 §3.2.4 names accuracy, precision, recall and F1, for *positive* samples. **Which
# topic is positive when there are six?** Each takes its turn. We compute from the table
# of counts $n_{tp}$ (posts on topic $t$ that are read as topic $p$):
#
# $$\text{precision}_k = \frac{n_{kk}}{\sum_t n_{tk}} \qquad
# \text{recall}_k = \frac{n_{kk}}{\sum_p n_{kp}} \qquad
# F_{1,k} = \frac{2\,\text{precision}_k\,\text{recall}_k}{\text{precision}_k + \text{recall}_k}$$
#
# *Macro* is the mean over the topics. *Micro* first adds up the counts of all topics.
# **Which of the two equals the accuracy, and why?**

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
# Micro does: every wrong post is a wrong guess for one topic and a miss for another, so
# the two sums are equal. Macro is lower: there the smallest topic,
# `talk.religion.misc`, counts as much as the others, and more than a third of its posts
# are missed. Publishing the accuracy alone would hide that.

# %% [markdown]
# ### Exercise 3: precision and recall
#
# *Medium · 10 minutes*
#
# Compute the two numbers of D1 §3.2.4 for each topic by itself. One topic is never
# predicted.


# %%
def precision_recall(labels, predictions, topics):
    """Return (precision, recall), two arrays (topics,): D1 §3.2.4, topic by topic.

    labels (N,) and predictions (N,) are arrays of topics 0 to topics - 1; topics is a
    number. The precision of a topic that was never predicted is 0, and so is the recall
    of one that never occurs.
    """
    ...


lab.check("text.precision_recall", precision_recall)

# %% [markdown]
# ### Exercise 4: macro-F1
#
# *Medium · 10 minutes*
#
# Every topic counts the same, however rare it is. Do not use a ready-made function.


# %%
def macro_f1(labels, predictions):
    """Return the macro-F1, a number: the mean F1 of the topics that occur in labels.

    labels (N,) and predictions (N,) are arrays of topics. Every topic counts the same,
    and the F1 of one without a hit is 0.
    """
    ...


lab.check("text.macro_f1", macro_f1)

# %% [markdown]
# ## From scratch
#
# ### A bag of word vectors is what D1 wanted
#
# Multiply a tf-idf row by a matrix: each word of the text adds its row of the matrix,
# times its weight. The zeros add nothing. So a dense layer on tf-idf *is* an embedding
# whose vectors are summed with weights: the embedding gets the ids, and the weights
# come in addition to them, not instead of them. **Do both give the same result?**

# %%
torch.manual_seed(0)
different = [list(dict.fromkeys(words)) for words in documents[:200]]  # each word once
weights, columns = lab.text.tf_idf(different)  # (200, V): see chapter 01
vocabulary = lab.text.Vocabulary(different)
bag_ids = lab.text.pad([vocabulary.encode(words) for words in different])  # (200, L)
bag = lab.models.EmbeddingBagClassifier(
    len(vocabulary), 6, word_weights=lab.text.idf(bag_ids, len(vocabulary))
).double()
matrix = bag.vectors.weight[vocabulary.encode(columns)]  # (V, 6)
by_hand = torch.from_numpy(weights) @ matrix + bag.bias
torch.testing.assert_close(bag(bag_ids), by_hand, rtol=1e-5, atol=1e-6)
print(
    f"equal: {weights.shape[1]:,} columns, {np.count_nonzero(weights):,} of "
    f"{weights.size:,} not 0; the longest text has {bag_ids.shape[1]} ids"
)

# %% [markdown]
# They are equal, and the bag multiplies only what is there. With as many numbers per
# word as there are topics, a vector holds the word's *votes*: this is logistic
# regression. With more numbers, followed by a ReLU and a dense layer, it is a network.

# %% [markdown]
# ### Exercise 5: a text as the mean of its words
#
# *Medium · 10 minutes*
#
# The rows of `ids` are filled up with zeros. These are not words.


# %%
def mean_embedding(embeddings, ids):
    """Return the mean embedding (N, D) of each text's words, without the padding.

    embeddings (V, D) and ids (N, L) are tensors; id 0 is padding and 1 an unknown word,
    which is a word like any other. Every text has a word. Row 0 of embeddings need not
    be 0.
    """
    ...


lab.check("text.mean_embedding", mean_embedding)

# %% [markdown]
# ### A filter over words
#
# A text CNN (Kim 2014) lays a filter on $k$ neighboring word vectors, slides it along
# the text, and keeps the largest answer, wherever it was. It is the convolution of
# [chapter 05](05_mnist.ipynb#A-convolution-is-a-small-dense-layer,-used-everywhere)
# with one dimension less:
#
# $$h_f = \max_u \; \text{ReLU}\Big(b_f + \sum_{i<k} w_{f,i} \cdot e_{u+i}\Big)$$

# %%
torch.manual_seed(0)
cnn = lab.models.TextCNN(20, 6, dimensions=8, filters=16, widths=[3]).double().eval()
ids = torch.randint(1, 20, (4, 30))  # (N, L)
words, filters = cnn.vectors(ids), cnn.convolutions[0]  # words: (N, L, D)
windows = words.unfold(1, 3, 1)  # (N, L - 2, D, 3)
z = torch.einsum("nudi,fdi->nuf", windows, filters.weight) + filters.bias
by_hand = z.relu().amax(1)  # (N, 16)
torch.testing.assert_close(cnn.linear(by_hand), cnn(ids))
print("equal, in the shape", tuple(by_hand.shape), "whatever the text's length")

# %% [markdown]
# ### Exercise 6: features of a text CNN
#
# *Medium · 10 minutes*
#
# Take a convolution, ReLU, and the maximum over the whole text; `F.conv1d` is allowed.
# A text of any length becomes F numbers.


# %%
def text_cnn_features(x, weight, bias):
    """Return the features (N, F) of a text CNN (Kim 2014): the maximum over time.

    All are tensors: x (N, L, D) holds the embedded words of N texts, weight (F, k, D)
    filters over k words, bias is (F,). No padding: a filter has L - k + 1 places in a
    text. Then ReLU, then the largest value over all places.
    """
    ...


lab.check("text.text_cnn_features", text_cnn_features)

# %% [markdown]
# ### A step of an LSTM
#
# D4 §4.3 uses an LSTM for sentiment and gives no formula. An LSTM reads one word $x$ at
# a time, and it has a state $h$ and a memory $c$. Three *gates* between 0 and 1 decide
# what to let in, what to keep and what to pass on:
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
# ### Exercise 7: the state after the last word
#
# *Easy · 5 minutes*
#
# In a batch, short texts are filled up with padding, and the LSTM has read that too.
# Pick the state that each text had before the padding.


# %%
def last_state(states, lengths):
    """Return the states (N, H) at the last real word of each text.

    states (N, L, H), a tensor, are the outputs of an LSTM at every place; lengths (N,)
    is a tensor, too: text i has lengths[i] words, one or more, and padding after them.
    """
    ...


lab.check("text.last_state", last_state)

# %% [markdown]
# ### Exercise 8: texts in batches
#
# *Medium · 10 minutes*
#
# Read all batches with one LSTM: `output, (h, c) = lstm(x)` gives the states at all
# words, and the state and the memory after the last one. What may it remember from one
# batch to the next?


# %%
def read_batches(lstm, batches):
    """Return the hidden state after the last word of every text, (texts, H).

    lstm is an nn.LSTM of one layer with batch_first=True; batches is a list of tensors
    (n, L, D) of unrelated texts, without padding. The texts stay in their order.
    """
    ...


lab.check("text.read_batches", read_batches)

# %% [markdown]
# ## On real data
#
# ### Networks and the baselines
#
# We compare the networks in `lab.models`: softmax regression and the embedding bag on
# the different words of a post; a text CNN and an LSTM on its first 100 words, in
# order; and, to be fair, the bag again on those 100 words. The LSTM answers with its
# state after the last word, as in D4, or with the largest value that each unit had
# after any word. **Rank them before you run the cell. Which will be last?**

# %%
vocabulary = lab.text.Vocabulary(documents, min_count=3)  # of the training posts only


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
rarity = lab.text.idf(bags[0].cpu(), len(vocabulary))
size = len(vocabulary), len(TOPICS)


def embedding_bag(dimensions=64):
    """Return a network that knows which words are in a text, not their order."""
    return lab.models.EmbeddingBagClassifier(*size, dimensions, rarity)


networks = {
    "softmax regression": (lambda: embedding_bag(None), bags, 0.03, 2),
    "embedding bag": (embedding_bag, bags, 0.01, 3),
    "embedding bag, 100 words": (embedding_bag, same_words, 0.01, 3),
    "TextCNN": (lambda: lab.models.TextCNN(*size), ordered, 0.003, 4),
    "LSTM, last state": (lambda: lab.models.TextLSTM(*size), ordered, 0.003, 4),
    "LSTM, maximum": (
        lambda: lab.models.TextLSTM(*size, pool="max"),
        ordered,
        0.003,
        4,
    ),
}
models = {"D1's CNN, mended": d1}
for name, (make, (X, X_test), learning_rate, epochs) in networks.items():
    torch.manual_seed(0)
    start = time.perf_counter()
    models[name] = trained(make().to(device), X, y, learning_rate, epochs)
    seconds[name] = time.perf_counter() - start
    read_as[name] = found_by(models[name], X_test)
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
# And what do they cost? The seconds are those of your machine, from ids to the trained
# model (for the baselines, counting the words is included).

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
# Logistic regression, the bag and naive Bayes share the lead; then come the models that
# read in order, and of the trained ones D4's LSTM is last. Part of the lead comes from
# having more text: on the same 100 words the bag reaches 87 % and the TextCNN 84 %. The
# rest comes from order, which has to be learned from 3,226 posts.
#
# Is the LSTM treated fairly? Four epochs are few for it: with fifteen it reached about
# 58 % when we tried, and it was still last. Our guess is that a state that is fed one
# word after another forgets the first ones; the maximum, which can take its answer from
# any place, does better.
#
# ### Which topic is mistaken for which?
#
# The topics come in alphabetical order, so related topics are not side by side. We put
# the three on religion together. **Where do the errors of logistic regression lie, and
# where do those of the TextCNN?**

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
# Related topics get mixed up. More than half of logistic regression's errors are within
# religion, and about four in ten of the TextCNN's: it makes more errors, and more that
# no reader would make. Accuracy does not know which error is the smaller one.
#
# ### All twenty topics
#
# Now we take all 11,293 posts, with three seeds for each model, measured by
# `benchmarks/text.py`. The bags hold a post's first 400 different words; the models
# that read in order get its first 200 words. The seconds count from the texts to the
# model, on two cores. **How much time does the last point of accuracy cost? Will a
# network win, with more than three times as many posts?**

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
# The last 0.8 points, from 85.6 to 86.4 %, cost 8 more seconds: 11 instead of 3. And no
# network wins. The strongest model is a linear SVM on words and pairs of words, with
# 86.4 %; on words alone it reaches 85.6 %, and an embedding bag 85.3 %. Five bags that
# vote reach 86.1 %, in three times the SVM's time: with 7,528 test posts the standard
# error is 0.4 points, so that is a draw. The models that read in order stay behind: 80
# % for the TextCNN, 76 % for the LSTM with its maximum, 41 % with its last state. And
# D1's network, once fixed, reaches 64 to 65 %, in Keras as in PyTorch: naive Bayes with
# the same 1,000 words has 67 %, in a second and a half.
#
# ### What gives the answer away
#
# Which words decide? Logistic regression has a weight for each word and topic. Here are
# the heaviest. **Look for words that have nothing to do with their topic.**

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
# The computers `athos` and `rutgers` and the initials `clh` belong to the moderator of
# the group on Christianity; somebody writes about medicine from `pitt`, a university.
# The classifier recognizes people. **What does it make of posts about space with three
# words of the moderator's signature added?**

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
# Three words turn one post in ten; repeated three times, they turn four in ten. Such
# words help as long as the same people write: the score is real, but worth nothing for
# anyone else's posts. Our copy has no headers, but signatures and quotes are still in
# it. `benchmarks/text.py` measured on the raw posts of all 20 topics how much each part
# gives away. **How many points is that?**

# %%
raw = pd.DataFrame(measured["raw"]["runs"])
print("accuracy (%), measured on", measured["raw"]["from"])
(100 * raw.pivot(index="removed", columns="program", values="accuracy")).round(1).loc[
    raw["removed"].unique(), raw["program"].unique()
]

# %% [markdown]
# Headers give two to five points; signatures and quotes give twelve or thirteen more. A
# quote is the text of another post in the same thread: a model that was trained on that
# post has seen the answer. If so, it should matter *which* posts are held back for
# testing. **What accuracy will five random fifths of the training posts show, compared
# with the later posts?**

# %%
from sklearn.model_selection import cross_val_score

fifths = cross_val_score(linear["naive Bayes"], train["text"], y.cpu(), cv=5)
later = scores["naive Bayes"]
print(f"random fifths: {fifths.mean():.1%}, the worst {fifths.min():.1%};", end=" ")
print(f"later posts: {later:.1%}")
assert fifths.min() > later + 0.03

# %% [markdown]
# It is six points more, from the same model. For one thing, a random split has the same
# threads and authors on both sides; for another, what people write about changes over
# time. The split by date answers the question that matters: how will the model do on
# posts that are yet to come? If you compare scores on 20 Newsgroups, first ask which
# posts were held back.

# %% [markdown]
# ## Sentiment: does the order of words count?
#
# D4 §4.3 describes an embedding, an LSTM and a dense layer for a text that is positive
# or negative. We try this on 6,824 sentences from movie reviews, half of which have 18
# words or fewer, with two seeds for the LSTM. And what does the LSTM really "encode"?
# We test it a second time with the *words of every sentence shuffled*. **What will that
# cost naive Bayes, and what will it cost the LSTM?**

# %%
reviews, test_reviews = lab.datasets.movie_reviews()
sentiment, test_sentiment = (
    numbers(reviews["sentiment"]),
    numbers(test_reviews["sentiment"]),
)
sentences, test_sentences = (
    [lab.text.english_words(line) for line in part["text"]]
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

movie_words = lab.text.Vocabulary(sentences, min_count=2)
S, S_test, S_mixed = (
    first_words(part, movie_words, 40) for part in (sentences, test_sentences, mixed)
)
readers, rows = [], []
for seed in range(2):
    torch.manual_seed(seed)
    reader = lab.models.TextLSTM(len(movie_words), 2).to(device)
    readers.append(trained(reader, S, sentiment, 0.003, epochs=3, seed=seed))
    found = [lab.predict(reader, part) for part in (S_test, S_mixed)]
    rows.append([lab.accuracy(test_sentiment, part) for part in found])
in_order, shuffled = np.mean(rows, 0)
print("the LSTM is behind naive Bayes:", in_order < by_counting)
print("shuffled, it loses less than 4 points:", in_order - shuffled < 0.04)
assert in_order < by_counting

# %% [markdown]
# Little is lost in sentences of this length. The LSTM *can* see order, but what it
# learned from 6,824 sentences is mostly which words are good and which are bad, and
# that can be counted. Learning that "not bad" is praise takes many more examples. Here
# are the results on 19,921 IMDB reviews of about two hundred words each
# (`benchmarks/text.py`, three seeds):

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
# With longer reviews, and three times as many, the LSTM's maximum is ahead of naive
# Bayes, but still behind logistic regression, which needs a sixteenth of the LSTM's
# time.
#
# ### By heart, and what helps
#
# With 7,810 words and 6,824 sentences, a network can learn the sentences by heart. D1
# §3.2.5 names regularization and dropout against that. We train the embedding bag
# again, on 5,460 sentences, with 1,364 for validation, and try three remedies: dropout
# of 80 %, weight decay, and stopping when the validation loss rises. **What will each
# do to the loss, and what to the accuracy?**

# %%
fit = S[:5460], sentiment[:5460]
held_out = S[5460:], sentiment[5460:]
rare = lab.text.idf(fit[0].cpu(), len(movie_words))


def movie_bag(dropout, weight_decay, seed):
    """Return the training of an embedding bag on 5,460 sentences, six epochs."""
    torch.manual_seed(seed)
    model = lab.models.EmbeddingBagClassifier(len(movie_words), 2, 64, rare, dropout)
    model.to(device)
    return lab.Training(
        model,
        nn.CrossEntropyLoss(),
        torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=weight_decay),
        train=fit,
        validation=held_out,
        epochs=6,
        batch_size=128,
        metrics={"accuracy": lab.accuracy},
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
# All three keep the loss down, and the accuracy hardly moves. What the untreated
# network loses is its modesty: it is right as often as before, but sure of itself when
# it is wrong. The loss sees that; the accuracy does not. Stopping early saves most of
# the epochs: you know as soon as the loss has risen. (Here the same sentences chose the
# epoch and judged it, which flatters a little.) A weight decay of 2 is large: times the
# learning rate, it takes 2 % off every weight at each step ([chapter
# 03](03_optimizers.ipynb)).

# %% [markdown]
# ### Exercise 9: early stopping
#
# *Medium · 15 minutes*
#
# You have the losses of a long training run. When would you have stopped, and with
# which weights?


# %%
def early_stopping(validation_losses, patience):
    """Return (epoch whose weights are kept, number of epochs trained).

    validation_losses is the list of those of a training that never stops early; epochs
    count from 1. Training ends after `patience` (a number) epochs in a row without a
    new lowest loss, or with the last epoch; the weights of the lowest loss are kept.
    """
    ...


lab.check("text.early_stopping", early_stopping)

# %% [markdown]
# ### Exercise 10: sentiment in Chinese
#
# *Hard · 20 minutes*
#
# These are real reviews of hotels, books and laptops: 10,000 to learn from, the same at
# every check. Reach an accuracy of 0.80 on 2,000 others that your model has not seen.
# Any model will do (scikit-learn's are welcome; import what you need); a check takes
# about ten seconds.
#
# The labels come from the star ratings in the shops, and each line of a review got the
# review's label: of 40 that we read, 4 were wrong and 3 could be either. So 100 % is
# out of reach, and a model that got there would have learned something else.


# %%
def chinese_sentiment(train_texts, train_labels, test_texts):
    """Return the label of each test text, as your model predicts it.

    The texts are lists of Chinese reviews, each a string; a label is 0 (negative) or 1
    (positive), and train_labels is an array (N,) of them. Any model will do.
    """
    ...


lab.check("text.chinese_sentiment", chinese_sentiment)

# %% [markdown]
# ## Turn the knobs
#
# We return to sentiment, on the 5,460 sentences, with the network of your choice.


# %%
def sentiment_training(learning_rate, epochs, dropout=0.5, network="TextCNN"):
    """Train a network on 5,460 sentences from movie reviews."""
    torch.manual_seed(0)
    model = {
        "embedding bag": lambda: lab.models.EmbeddingBagClassifier(
            len(movie_words), 2, 64, rare, dropout
        ),
        "TextCNN": lambda: lab.models.TextCNN(len(movie_words), 2, dropout=dropout),
        "LSTM": lambda: lab.models.TextLSTM(len(movie_words), 2, dropout=dropout),
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
        metrics={"accuracy": lab.accuracy},
    )


history = sentiment_training(0.003, 1, network="embedding bag").finish().history
print(
    "an epoch of the embedding bag brings it above 70 %:",
    history["accuracy"].iloc[-1] > 0.7,
)

# %% [markdown]
# **In which epoch is the validation loss lowest for each network? Does a different
# learning rate change how low it gets, or only when?**

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
# <details><summary>What you should have seen</summary>
#
# At 0.003 all three networks are best in the second epoch; then the loss rises and the
# accuracy stays between 72 and 75 %. At 0.01 the best epoch is the first or second; at
# 0.0003 it is not reached in five epochs. From 0.001 to 0.01 the *lowest* loss, 0.50 to
# 0.55, hardly depends on the rate; only the embedding bag at 0.03 gets just below 0.5,
# in its first epoch. Dropout of 0.8 delays the rise for the TextCNN and the bag, but
# does not lower the lowest point.
#
# </details>
#
# ### Classify your own text
#
# Here the embedding bag of the six topics reads your own words. Blue words speak for
# the topic, orange ones against it. To measure a word's influence, we leave it out and
# see how much the log-odds, ln(p / (1 - p)), change (+1 makes the odds 2.7 times
# better). **Write a post on space that the network takes for medicine. What does it
# make of D1's "This is a new article about AI."?**


# %%
def topic_probabilities(documents):
    """Return the probabilities (N, 6) of the topics, for lists of words."""
    ids = different_words(documents, vocabulary)
    return lab.predict(models["embedding bag"], ids).softmax(1)


def words_of_posts(line):
    """Return the words of a text as the posts have them: without apostrophes."""
    return lab.text.english_words(line.replace("'", " ").replace("’", " "))


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
# <details><summary>What you should have seen</summary>
#
# "headache" and "doctor" pull a post on space toward medicine, and once you remove the
# words about space it is read as medicine. D1's article gets "sci.med", mainly because
# of the word "ai"; but so do most texts that the network knows nothing about. None of
# the six topics fits, and it must name one. And three words of a signature outvote a
# shuttle and its orbit.
#
# </details>
#
# Next come the two LSTMs trained on the sentences, averaged. **Can you find a sentence
# in which "not" reverses their verdict?**


# %%
def sentiment_probabilities(documents):
    """Return the probabilities (N, 2) of both sentiments, for lists of words."""
    X = first_words(documents, movie_words, 40)
    shares = [lab.predict(reader, X).softmax(1) for reader in readers]
    return sum(shares) / len(shares)


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
# <details><summary>What you should have seen</summary>
#
# "not" moves the verdict a little but rarely reverses it: "not bad at all" stays
# negative, and "no masterpiece" is praise. Order does count in the two examples about
# acting and story: they have the same words, yet one is read as praise and the other is
# not. Is "but" the reason? Replace it with "and": nothing changes. The word near the
# end weighs more, because the state is read there. (And what about "I like it."?)
#
# </details>
#
# ### When the input is bad
#
# **Which of these should be an error, and which should not?**

# %%
TRIES = {
    "an empty text": lambda: lab.text.english_words("  "),
    "no letters": lambda: lab.text.english_words("!!! ???"),
    "a Chinese text": lambda: lab.text.english_words("这部电影很好看"),
    "a topic that is none": lambda: lab.datasets.newsgroups("train", ["sci.biology"]),
    "unknown words": lambda: movie_words.encode(["qwertz", "film"]),
    "too long a text": lambda: tuple(first_words([["film"] * 1000], movie_words).shape),
    "too short for a filter": lambda: lab.models.TextCNN(10, 2)(
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
# A text without words has no class, and the error says so. Unknown words and long texts
# are everyday business: unknown words get id 1, and only the first words of a long text
# are read.

# %% [markdown]
# ## Quiz

# %%
lab.quiz("text")

# %% tags=["nbval-ignore-output"]
lab.solved("text")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | the program classifies 20 Newsgroups "with a certain accuracy", with "room for improvement" (E7) | D1 §5.4 | [it stops at its first line and at four later ones; the version that finally runs sees the same text in all posts](#What-the-articles-say) | fails |
# | once fixed, it does | D1 §5.4 | [above 70 % on six topics, far behind naive Bayes](#Baselines-first); [64 to 65 % on twenty](#All-twenty-topics) | half true |
# | precision, recall and F1, of "positive samples" | D1 §3.2.4 | [as defined; with six topics, each takes its turn as the positive one, and then comes a mean, macro or micro](#Four-numbers-for-a-classifier) | holds |
# | CNNs suit images, RNNs suit sequences | D1 §3.2.2 | [on these texts, trained from scratch for a few epochs, a CNN does better than an LSTM](#All-twenty-topics) | half true |
# | RNN or LSTM "encodes the sequence" | D4 §4.3 | [it loses next to nothing when the words are shuffled](#Sentiment:-does-the-order-of-words-count?) | half true |
# | regularization and dropout prevent overfitting | D1 §3.2.5 | [they keep the loss down; the accuracy hardly moves](#By-heart,-and-what-helps) | half true |
# | large models need no handmade features | D1 §3.3.1 | [the small networks here need none either, and counted words are as good or better](#All-twenty-topics) | not tested |
# | large models are hard to explain | D1 §3.3.2 | [the small ones here show which word counted, but not why](#Classify-your-own-text) | not tested |
#
# ## Going further
#
# **Limits.** These are posts from 1993, in English, by few authors; our copy has lost
# punctuation, numbers and headers. No model here brought knowledge from other texts:
# word vectors or a model trained on billions of words would change the picture, but
# they need those words. There are three seeds, and with 7,528 test posts an accuracy
# has a standard error of 0.4 points. And we broke our own rule: the networks' settings
# (learning rates, the starting size of the word vectors) were tried with the test
# scores in sight. That flatters the networks but not naive Bayes: the verdict stands,
# and their scores are a little too good.
#
# **Try next.** `lab.datasets.newsgroups("train")` without topics gives all twenty;
# `lab.datasets.movie_reviews("imdb")` gives long reviews, and `raw=True` the posts as
# they were sent. To measure everything again: `python benchmarks/text.py`.
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
